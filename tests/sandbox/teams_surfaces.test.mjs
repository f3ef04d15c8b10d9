// The sandbox's Teams without the service: buttons, views, dialogs, sign-in windows, installations,
// and the pages of Entra.
import assert from 'node:assert/strict';
import {createPublicKey, verify} from 'node:crypto';
import {describe, test} from 'node:test';
import {base, bot, formPost, get, json, until, CHALLENGE, VERIFIER} from './harness.mjs';
import {ACME, ANA, ANA_ADDRESS, APP, BOT, CARD, DEALS, DM, GLOBEX, SECRET, act, at, call, card, cardMessage, decode, execute, last, message, messages,
  reply, say, send, submit} from './teams_harness.mjs';

const text = t => ({type: 'TextBlock', text: t, wrap: true});
const sent = (...args) => send(cardMessage(...args));
const click = (id, action, more) => act('/_click', {message: id, action, ...more});
const answered = (type, value, statusCode = 200) => reply({statusCode, type, value});
const cardAnswer = content => answered(CARD, content);
const view = async (user = 'ana') => json('GET', `/_view?chat=teams&user=${user}`);
const FORM = [text('Open a case'), {type: 'Input.Text', id: 'name', label: 'Name', isRequired: true, errorMessage: 'A name, please', maxLength: 10},
  {type: 'Input.Number', id: 'amount', label: 'Amount', min: 1}, {type: 'Input.Date', id: 'close', label: 'Close'},
  {type: 'Input.ChoiceSet', id: 'stage', label: 'Stage', choices: [{title: 'First', value: '1'}, {title: 'Second', value: '2'}]},
  {type: 'Input.ChoiceSet', id: 'tags', label: 'Tags', isMultiSelect: true, choices: [{title: 'A', value: 'a'}, {title: 'B', value: 'b'}]},
  {type: 'Input.Toggle', id: 'urgent', title: 'Urgent'}];
const dialog = (more, body = FORM, actions = [submit('Save', {form: 7})]) => reply({task: {type: 'continue',
  value: {title: 'A case', width: 'medium', height: 300, card: card(body, actions), ...more}}});

describe('buttons', () => {
  test('Action.Execute is an invoke, and its answer is this person\'s view until the message changes', async () => {
    const {id} = await send(cardMessage([text('Close?')], [execute('Yes', 'close', {t: 'one-time'})]), DEALS);
    bot.answer = cardAnswer(card([text('Closing')]).content);
    const r = await click(id, 'Yes');
    assert.deepEqual([r.status, r.refused], [200, undefined]);
    const a = last();
    assert.deepEqual([a.type, a.name, a.replyToId], ['invoke', 'adaptiveCard/action', id]);
    assert.deepEqual(a.value, {action: {type: 'Action.Execute', id: '', data: {t: 'one-time'}, verb: 'close'}, trigger: 'manual'});
    assert.match(a.id, /^f:/);
    assert.equal(a.conversation.id, `${DEALS};messageid=${id}`);
    const shown = async user => (await messages('deals', user)).at(-1).attachments[0].content.body[0].text;
    assert.deepEqual([await shown('ana'), await shown('ben')], ['Closing', 'Close?']);
    await call('PUT', at(DEALS, '/activities/' + id), message(cardMessage([text('Closed')])));
    assert.deepEqual([await shown('ana'), await shown('ben')], ['Closed', 'Closed']);
  });

  test('the answers that Teams does not take are shown as its errors', async () => {
    const {id} = await sent([text('x')], [execute('Go', 'go')]);
    const refused = async answer => {
      bot.answer = answer;
      return (await click(id, 'Go')).refused;
    };
    const content = card([text('x')]).content;
    assert.equal(await refused(() => ({status: 500})), 'unable_to_reach_app');
    assert.equal(await refused(() => ({status: 200})), 'something_went_wrong');
    assert.equal(await refused(reply(content)), 'something_went_wrong');
    assert.equal(await refused(reply({status: 200, body: {statusCode: 200, type: CARD, value: content}})), 'something_went_wrong');
    assert.equal(await refused(answered('application/vnd.microsoft.adaptive.card', content)), 'unexpected_response_type');
    assert.equal(await refused(reply({statusCode: 200, type: CARD, value: content}, 200, {'content-type': 'text/plain'})), 'something_went_wrong');
    assert.equal(await refused(cardAnswer({...content, version: '1.6'})), 'invalid_card');
    assert.equal(await refused(answered('application/vnd.microsoft.activity.message', {})), 'unexpected_response_type');
    assert.equal(await refused(answered('application/vnd.microsoft.activity.message', 'Not for you')), undefined);
    assert.equal(await refused(answered('application/vnd.microsoft.error', {code: 'BadRequest', message: 'no'}, 400)), undefined);
  });

  test('Action.Submit is a message with a value; old clients take the fallback', async () => {
    const {id} = await sent([text('x')], [{...execute('Go', 'go', {a: 1}), fallback: submit('Go', {old: 1})}, submit('Send', {b: 2}),
      submit('Ask', {msteams: {type: 'messageBack', text: 'the text', displayText: 'shown', value: {c: 3}}}), submit('Echo', {msteams: {type: 'imBack', value: 'help'}})]);
    await click(id, 'Send');
    assert.deepEqual([last().type, last().value, last().text, last().replyToId], ['message', {b: 2}, undefined, id]);
    await click(id, 'Go', {fallback: true});
    assert.deepEqual([last().type, last().value], ['message', {old: 1}]);
    await click(id, 'Ask');
    assert.deepEqual([last().text, last().value], ['the text', {c: 3}]);
    await click(id, 'Echo');
    assert.deepEqual([last().text, last().value], ['help', undefined]);
    assert.deepEqual((await messages()).slice(1).map(m => m.text), ['shown', 'help']);
    assert.equal((await click(id, 'Nothing')).error, 'action_not_found');
    // a question before the deed: the button behind it has the same name
    const asked = await sent([text('x')], [{type: 'Action.ShowCard', title: 'Delete', card: {type: 'AdaptiveCard', body: [text('Sure?')], actions: [submit('Delete', {d: 1})]}}]);
    await click(asked.id, 'Delete');
    assert.deepEqual(last().value, {d: 1});
    await click(id, '#2', {force: true, forge: {type: 'Action.Execute', verb: 'forged', data: {x: 1}}});
    assert.equal(last().value.action.verb, 'forged');
  });

  test('inputs go along as text, after the client looked at them', async () => {
    const {id} = await sent(FORM, [submit('Save', {k: 1}), {...submit('Skip', {k: 2}), associatedInputs: 'none'}]);
    const empty = await click(id, 'Save');
    assert.deepEqual([empty.sent, empty.errors], [false, {name: 'A name, please'}]);
    assert.equal(bot.calls.length, 0);
    const wrong = await click(id, 'Save', {inputs: {Name: 'far too long a name', Amount: 0, Stage: 'Third', Close: 'soon', nothing: 1}});
    assert.deepEqual(Object.keys(wrong.errors).sort(), ['amount', 'close', 'name', 'nothing', 'stage']);
    await click(id, 'Save', {inputs: {Name: 'Acme', Amount: 5000, Stage: 'Second', Tags: ['A', 'B'], Urgent: true, Close: '2026-12-31'}});
    assert.deepEqual(last().value, {k: 1, name: 'Acme', amount: '5000', stage: '2', tags: 'a,b', urgent: 'true', close: '2026-12-31'});
    await click(id, 'Skip');
    assert.deepEqual(last().value, {k: 2});
  });

  test('twice, by another person, and by nobody who can see it', async () => {
    const {id} = await send(cardMessage([text('x')], [execute('Go', 'go')]), DEALS);
    bot.answer = answered('application/vnd.microsoft.activity.message', 'ok');
    const r = await click(id, 'Go', {times: 2, user: 'ben'});
    assert.equal(r.attempts.length, 2);
    assert.equal(new Set(bot.calls.map(c => JSON.parse(c.body).id)).size, 2);
    assert.equal(last().from.id, '29:1BenAcme-k83xQ_0002');
    assert.equal((await click(id, 'Go', {user: 'noa'})).error, 'not_visible');
  });

  test('a refresh goes out for those whom the card names', async () => {
    const refresh = {action: execute('Refresh', 'refresh', {r: 1}), userIds: [ANA_ADDRESS]};
    const {id} = await send(cardMessage([text('for all')], undefined, {refresh}), DEALS);
    bot.answer = cardAnswer(card([text('for ana')], undefined, {refresh}).content);
    assert.equal((await act('/_refresh', {message: id, user: 'ben'})).sent, false);
    const r = await act('/_refresh', {message: id});
    assert.deepEqual([r.sent, r.status], [true, 200]);
    assert.deepEqual([last().value.trigger, last().value.action.verb], ['automatic', 'refresh']);
    assert.equal((await messages('deals')).at(-1).attachments[0].content.body[0].text, 'for ana');
    assert.equal((await messages('deals', 'ben')).at(-1).attachments[0].content.body[0].text, 'for all');
  });
});

describe('dialogs', () => {
  const open = async more => {
    const {id} = await sent([text('x')], [submit('Fill in', {msteams: {type: 'task/fetch'}, recipe: 'r'})]);
    bot.answer = dialog(more);
    return click(id, 'Fill in');
  };

  test('task/fetch opens one, task/submit sends it, the answer keeps, changes or closes it', async () => {
    const r = await open();
    assert.equal(r.refused, undefined);
    assert.deepEqual([last().name, last().value], ['task/fetch', {data: {msteams: {type: 'task/fetch'}, recipe: 'r'}, context: {theme: 'default'}}]);
    assert.equal((await view()).task.title, 'A case');
    const early = await act('/_submit', {values: {}});
    assert.deepEqual([early.sent, early.errors], [false, {name: 'A name, please'}]);
    bot.answer = dialog({title: 'Again'}, [text('That name is taken'), ...FORM]);
    await act('/_submit', {values: {Name: 'Acme'}});
    assert.deepEqual([last().name, last().value.data], ['task/submit', {form: 7, name: 'Acme', urgent: 'false'}]);
    assert.equal((await view()).task.title, 'Again');
    bot.answer = reply({task: {type: 'message', value: 'Saved'}});
    const done = await act('/_submit', {values: {Name: 'Acme'}});
    assert.deepEqual([done.message, done.closed], ['Saved', true]);
    assert.equal((await view()).task, null);
    await open();
    bot.answer = reply('');
    assert.equal((await act('/_submit', {values: {Name: 'Acme'}})).closed, true);
    assert.equal((await act('/_submit', {values: {}})).error, 'no_dialog');
  });

  test('a dialog stays in the thread in which it was opened', async () => {
    const said = await say('@Workbot x', {place: 'deals'});
    const {id} = await send(cardMessage([text('x')], [submit('Fill in', {msteams: {type: 'task/fetch'}})]), `${DEALS};messageid=${said.id}`);
    bot.answer = dialog();
    await click(id, 'Fill in');
    for (let i = 0; i < 2; i++) {
      await act('/_submit', {values: {Name: 'Acme'}});
      assert.deepEqual([last().name, last().conversation.id], ['task/submit', `${DEALS};messageid=${said.id}`]);
    }
  });

  test('what Teams would not open', async () => {
    assert.equal((await open({width: 'huge'})).refused, 'invalid_dialog');
    assert.equal((await open({card: {contentType: 'text/plain', content: {}}})).refused, 'invalid_dialog');
    const {id} = await sent([text('x')], [submit('Fill in', {msteams: {type: 'task/fetch'}})]);
    bot.answer = reply({}, 404);
    assert.equal((await click(id, 'Fill in')).refused, 'unable_to_reach_app');
    bot.answer = reply({task: {type: 'nonsense'}});
    assert.equal((await click(id, 'Fill in')).refused, 'something_went_wrong');
    await open();
    await act('/_close', {});
    assert.equal((await view()).task, null);
  });
});

describe('sign-in windows', () => {
  const prompt = () => sent([text('Sign in')], [submit('Sign in', {msteams: {type: 'signin', value: 'http://127.0.0.1:9/login/x?width=600&height=640'}})]);

  test('open by the button, and end with verifyState of the person who opened it', async () => {
    const {id} = await prompt();
    const r = await click(id, 'Sign in');
    assert.equal(r.url, 'http://127.0.0.1:9/login/x?width=600&height=640');
    assert.equal(bot.calls.length, 0);
    assert.equal((await view()).window.id, r.window);
    const done = await act('/_window', {code: '123456', window: r.window});
    assert.equal(done.status, 200);
    assert.deepEqual([last().name, last().value, last().from.aadObjectId, last().conversation.id], ['signin/verifyState', {state: '123456'}, ANA, DM]);
    assert.equal((await view()).window, null);
  });

  test('cancelled, failed, from a phone, and by another person', async () => {
    await act('/_window', {outcome: 'cancelled'});
    assert.deepEqual(last().value, {state: 'CancelledByUser'});
    await act('/_window', {outcome: 'failure', message: 'no'});
    assert.deepEqual([last().name, last().value.message], ['signin/failure', 'no']);
    for (const [answer, refused] of [[reply('', 412), undefined], [reply('', 404), undefined], [reply('', 501), 'unable_to_reach_app'], [reply({status: 200}), 'something_went_wrong']]) {
      bot.answer = answer;
      assert.equal((await act('/_window', {code: '123456'})).refused, refused);
    }
    bot.answer = reply('');
    await act('/_window', {outcome: 'cancelled', mobile: true});
    assert.deepEqual(last().value, {state: {result: 'CancelledByUser'}});
    await act('/_window', {code: '123456', mobile: true});
    assert.deepEqual(last().value, {state: {result: '123456'}});
    await act('/_window', {code: '123456', mobile: 'authCode'});
    assert.deepEqual(last().value, {state: {authCode: '123456'}});
    await act('/_window', {code: '123456', user: 'ben'});
    assert.equal(last().from.aadObjectId, 'bbbb0000-0000-4000-8000-000000000002');
    const {id} = await sent([text('x')], [submit('Bad', {msteams: {type: 'signin', value: 'http://evil.example/'}})]);
    assert.equal((await click(id, 'Bad')).refused, 'the address must be https');
  });
});

describe('installations', () => {
  const seen = () => bot.calls.map(c => JSON.parse(c.body)).map(a => [a.type, a.action || a.channelData.eventType || null]);

  test('in person: installationUpdate, and conversationUpdate the first time only', async () => {
    await act('/_install', {user: 'noa'});
    assert.deepEqual(seen(), [['conversationUpdate', null], ['installationUpdate', 'add']]);
    assert.equal(JSON.parse(bot.calls[0].body).membersAdded[0].id, BOT);
    await act('/_uninstall', {user: 'noa'});
    await act('/_install', {user: 'noa'});
    assert.deepEqual(seen().slice(2), [['installationUpdate', 'remove'], ['installationUpdate', 'add']]);
    assert.equal((await say('hi', {user: 'noa'})).delivered, true);
    await act('/_install', {user: 'noa', action: 'Add-Upgrade'});
    assert.deepEqual(seen().at(-1), ['installationUpdate', 'Add-Upgrade']);
  });

  test('in a team and in a chat', async () => {
    await act('/_install', {user: 'ben', place: 'board'});
    assert.deepEqual(seen(), [['conversationUpdate', 'teamMemberAdded'], ['installationUpdate', 'add']]);
    assert.equal(last().channelData.settings.selectedChannel.id, '19:acmeboard0general@thread.tacv2');
    await act('/_uninstall', {place: 'renewals'});
    assert.deepEqual(seen().slice(2), [['installationUpdate', 'remove'], ['conversationUpdate', null]]);
    assert.equal((await send({}, '19:acmegroupanabenbot01@thread.v2')).error.code, 'BotNotInConversationRoster');
  });

  test('people join and leave, messages are edited and deleted, invokes nobody knows', async () => {
    await act('/_place', {place: 'deals', join: ['noa'], leave: ['cleo']});
    assert.deepEqual(seen(), [['conversationUpdate', 'teamMemberAdded'], ['conversationUpdate', 'teamMemberRemoved']]);
    assert.equal(last().membersRemoved[0].aadObjectId, 'cccc0000-0000-4000-8000-000000000003');
    assert.equal((await call('GET', at(DEALS, '/members/' + encodeURIComponent('cccc0000-0000-4000-8000-000000000003')))).http, 404);
    const said = await say('helpp');
    await act('/_edit', {message: said.id, text: 'help'});
    assert.deepEqual([last().type, last().id, last().text, last().channelData.eventType], ['messageUpdate', said.id, 'help', 'editMessage']);
    await act('/_edit', {message: said.id, reaction: 'like'});
    assert.deepEqual([last().type, last().reactionsAdded], ['messageReaction', [{type: 'like'}]]);
    await act('/_edit', {message: said.id, delete: true});
    assert.deepEqual([last().type, (await messages()).length], ['messageDelete', 0]);
    await act('/_event', {name: 'composeExtension/query', value: {x: 1}});
    assert.deepEqual([last().type, last().name, last().value], ['invoke', 'composeExtension/query', {x: 1}]);
    await act('/_event', {name: 'task/submit'});
    assert.equal('value' in last(), false);
    const whole = await act('/_deliver', {activity: {type: 'message', serviceUrl: base + '/teams/x/', channelId: 'msteams'}, duplicate: 2});
    assert.deepEqual([whole.attempts.length, last().serviceUrl], [2, base + '/teams/x/']);
  });

  test('the region of serviceUrl changes', async () => {
    await json('PUT', '/_config', {teams: {region: 'amer'}});
    await say('hi');
    assert.equal(last().serviceUrl, base + '/teams/amer/');
    assert.equal((await send({}, DM, {region: 'amer'})).http, 201);
  });
});

describe('signing in with Entra', () => {
  const CALLBACK = 'http://127.0.0.1:9/identity';
  const authorize = (over = {}, tenant = ACME) => `${base}/teams/login/${tenant}/oauth2/v2.0/authorize?` + new URLSearchParams({client_id: APP, response_type: 'code',
    redirect_uri: CALLBACK, scope: 'openid profile', state: 's', nonce: 'n', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...over});
  const requestOf = html => /name="entra_request" value="([^"]+)"/.exec(html)[1];
  async function signIn(who = `${ACME}/${ANA}`, {tenant = ACME, decision = 'allow', over = {}} = {}) {
    const page = await (await get(authorize(over, tenant))).text();
    const chosen = await formPost(`${base}/teams/login/${tenant}/oauth2/v2.0/choose`, {entra_request: requestOf(page), who});
    if (chosen.status !== 303) return {http: chosen.status};
    const cookie = chosen.headers.get('set-cookie').split(';')[0];
    const next = await get(chosen.headers.get('location'), cookie);
    const consent = next.status === 200 ? await next.text() : null; // asked once per person
    const back = consent === null ? next : await formPost(`${base}/teams/login/${tenant}/oauth2/v2.0/consent`, {entra_request: requestOf(consent), decision}, {cookie});
    return {cookie, url: new URL(back.headers.get('location')), code: new URL(back.headers.get('location')).searchParams.get('code')};
  }
  async function redeem(code, over = {}, tenant = ACME) {
    const r = await formPost(`${base}/teams/login/${tenant}/oauth2/v2.0/token`, {grant_type: 'authorization_code', client_id: APP, client_secret: SECRET,
      redirect_uri: CALLBACK, code, code_verifier: VERIFIER, ...over});
    return {http: r.status, ...(await r.json())};
  }
  async function checked(idToken) {
    const [head, body, signature] = idToken.split('.');
    const header = decode(head);
    const {keys} = await (await get(`${base}/teams/login/${ACME}/discovery/v2.0/keys`)).json();
    const key = keys.find(k => k.kid === header.kid);
    return {header, claims: decode(body), good: !!key && verify('sha256', Buffer.from(`${head}.${body}`), createPublicKey({key, format: 'jwk'}), Buffer.from(signature, 'base64url'))};
  }

  test('an id_token tells tenant and person', async () => {
    const {code, url} = await signIn();
    assert.equal(url.searchParams.get('state'), 's');
    const token = await redeem(code);
    assert.equal(token.http, 200);
    const {claims, good} = await checked(token.id_token);
    assert.ok(good);
    assert.deepEqual([claims.oid, claims.tid, claims.aud, claims.nonce, claims.ver], [ANA, ACME, APP, 'n', '2.0']);
    const meta = await (await get(`${base}/teams/login/${ACME}/v2.0/.well-known/openid-configuration`)).json();
    assert.equal(claims.iss, meta.issuer);
    assert.equal((await redeem(code)).error, 'invalid_grant');
  });

  test('a guest signs in as the guest where that tenant is asked, and as at home there', async () => {
    const guest = await checked((await redeem((await signIn(`${ACME}/99990000-0000-4000-8000-000000000004`)).code)).id_token);
    const home = await checked((await redeem((await signIn(`${GLOBEX}/99990000-0000-4000-8000-000000000010`, {tenant: GLOBEX})).code, {}, GLOBEX)).id_token);
    assert.notEqual(guest.claims.oid, home.claims.oid);
    assert.deepEqual([guest.claims.tid, home.claims.tid], [ACME, GLOBEX]);
  });

  test('refuses what Entra refuses', async () => {
    for (const over of [{client_id: 'x'}, {redirect_uri: CALLBACK + '/more'}, {response_type: 'token'}, {scope: 'profile'}, {response_mode: 'fragment'}, {code_challenge_method: 'plain'}]) {
      assert.equal((await get(authorize(over))).status, 400, JSON.stringify(over));
    }
    assert.equal((await get(authorize({}, 'nowhere'))).status, 400);
    assert.equal((await signIn(`${ACME}/d04a0000-0000-4000-8000-000000000006`)).http, 403);
    assert.equal((await signIn(undefined, {decision: 'deny'})).url.searchParams.get('error'), 'access_denied');
    for (const [over, tenant] of [[{code_verifier: 'x'.repeat(43)}], [{redirect_uri: 'http://127.0.0.1:9/other'}], [{code: 'x'}], [{}, GLOBEX]]) {
      const {code} = await signIn();
      assert.equal((await redeem(code, over, tenant)).error, 'invalid_grant', JSON.stringify(over));
    }
    assert.equal((await redeem((await signIn()).code, {client_secret: 'x'})).error, 'invalid_client');
  });

  test('the faults spoil the next id_token', async () => {
    const spoiled = async fault => {
      await json('PUT', '/_faults', {peer: 'teams', fault});
      return checked((await redeem((await signIn()).code)).id_token);
    };
    assert.notEqual((await spoiled('id_token_tid')).claims.tid, ACME);
    assert.notEqual((await spoiled('id_token_oid')).claims.oid, ANA);
    assert.equal((await spoiled('id_token_no_oid')).claims.oid, undefined);
    assert.equal((await spoiled('id_token_nonce')).claims.nonce, 'another-nonce');
    assert.equal((await spoiled('id_token_alg_none')).header.alg, 'none');
    for (const fault of ['id_token_key', 'id_token_signature', 'id_token_kid']) assert.equal((await spoiled(fault)).good, false, fault);
    assert.equal((await checked((await redeem((await signIn()).code)).id_token)).good, true);
  });

  test('a browser that is signed in is not asked again, unless it is told to', async () => {
    const {cookie} = await signIn();
    assert.equal((await get(authorize(), cookie)).status, 302);
    assert.match(await (await get(authorize({prompt: 'select_account'}), cookie)).text(), /Pick an account/);
  });
});
