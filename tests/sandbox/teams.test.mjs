// The sandbox's Teams without the service: tokens, the connector's refusals, what people send and
// see. node:crypto checks the tokens, so that no code of the sandbox judges itself.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {base, bot, json, logs, until} from './harness.mjs';
import {ACME, ANA, ANA_ADDRESS, APP, BOT, DEALS, DM, GLOBEX, act, at, call, card, cardMessage, decode, execute, inboundToken, keyOf, last,
  message, messages, say, send, submit, token, tokenOf} from './teams_harness.mjs';

describe('inbound activities', () => {
  test('a typed message comes as Teams sends it, with a token of the published key', async () => {
    const said = await say('help');
    assert.equal(said.status, 200);
    const activity = last();
    assert.equal(bot.calls[0].path, '/teams/messages');
    assert.equal(activity.type, 'message');
    assert.equal(activity.text, 'help');
    assert.equal(activity.id, said.id);
    assert.equal(activity.channelId, 'msteams');
    assert.equal(activity.serviceUrl, base + '/teams/emea/');
    assert.deepEqual(activity.from, {id: ANA_ADDRESS, name: 'Ana Alvarez', aadObjectId: ANA});
    assert.deepEqual(activity.recipient, {id: BOT, name: 'Workbot'});
    assert.deepEqual(activity.conversation, {conversationType: 'personal', id: DM, tenantId: ACME});
    const t = await inboundToken();
    assert.ok(t.good);
    assert.deepEqual([t.scheme, t.header.alg, t.claims.iss, t.claims.aud, t.claims.serviceurl],
      ['Bearer', 'RS256', t.metadata.issuer, APP, activity.serviceUrl]);
    assert.equal(t.claims.exp - t.claims.nbf, 3900);
    assert.ok(t.key.endorsements.includes('msteams'));
  });

  test('in a channel only mentions are told, with the markup, the entity and the thread', async () => {
    assert.equal((await say('hello', {place: 'deals'})).delivered, false);
    assert.equal(bot.calls.length, 0);
    const said = await say('@Workbot help @Ben Baker', {place: 'deals'});
    const activity = last();
    assert.equal(activity.text, '<at>Workbot</at> help <at>Ben Baker</at>');
    const mentions = activity.entities.filter(e => e.type === 'mention');
    assert.deepEqual(mentions.map(m => m.mentioned.id), [BOT, '29:1BenAcme-k83xQ_0002']);
    assert.equal(activity.attachments[0].contentType, 'text/html');
    assert.equal(activity.conversation.id, `${DEALS};messageid=${said.id}`);
    assert.equal(activity.conversation.isGroup, true);
    assert.equal(activity.channelData.team.id, '19:acmesales0general@thread.tacv2');
    assert.equal(activity.channelData.channel.name, 'deals');
    await say('@Workbot again', {place: 'deals', thread: said.id});
    assert.equal(last().conversation.id, `${DEALS};messageid=${said.id}`);
    await say('@Workbot hi', {place: 'General'});
    assert.equal(last().channelData.channel.name, null);
    assert.equal((await say('x', {place: 'deals', rsc: true})).delivered, true);
  });

  test('guests, strangers and anonymous people look as they do in life', async () => {
    await say('hi', {user: 'gus'});
    assert.equal(last().from.aadObjectId, '99990000-0000-4000-8000-000000000004');
    await say('hi', {user: 'gus', workspace: 'Globex'});
    assert.equal(last().conversation.tenantId, GLOBEX);
    assert.equal(last().from.aadObjectId, '99990000-0000-4000-8000-000000000010');
    await say('@Workbot hi', {user: 'sid', place: 'partners'});
    assert.equal(last().conversation.tenantId, ACME);
    assert.equal(last().channelData.channel.type, 'shared');
    await say('@Workbot hi', {user: 'annie', place: 'standup'});
    assert.equal('aadObjectId' in last().from, false);
    assert.ok(last().channelData.meeting.id);
    assert.equal((await say('hi', {user: 'dora'})).error, 'user_disabled');
    assert.equal((await say('hi', {user: 'noa'})).error, 'not_installed');
    assert.equal((await say('hi', {user: 'sid', place: 'deals'})).error, 'not_in_conversation');
  });

  test('every part of an activity can be changed or left out', async () => {
    await say('hi', {activity: {channelData: null, from: {aadObjectId: null}, conversation: {tenantId: null}, text: null, extra: {x: 1}}});
    const a = last();
    assert.deepEqual([a.channelData, a.from.aadObjectId, a.conversation.tenantId, a.text, a.extra.x], [undefined, undefined, undefined, undefined, 1]);
    await say('<at>Workbot</at>&nbsp;help', {raw: true, place: 'deals', entities: [{type: 'mention', mentioned: {id: BOT, name: 'Workbot'}}]});
    assert.equal(last().text, '<at>Workbot</at>&nbsp;help');
    assert.equal(last().entities.at(-1).text, undefined);
  });

  test('what is not answered in time or with 5xx comes again: a message as it was, an invoke with a new id, too', async () => {
    const four = async send => {
      bot.calls.length = 0;
      bot.answer = () => ({status: bot.calls.length < 4 ? 503 : 200});
      await send();
      await until('four deliveries', () => bot.calls.length === 4);
      return bot.calls.map(c => JSON.parse(c.body).id);
    };
    const said = await four(async () => assert.equal((await say('help')).status, 503));
    assert.equal(new Set(said).size, 1);
    const ids = await four(() => act('/_event', {name: 'tab/fetch', value: {}}));
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[1], ids[2]);
    assert.equal(ids[2], ids[3]);
    bot.calls.length = 0;
    bot.answer = () => ({status: 401});
    await say('help');
    bot.answer = () => ({status: 501});
    await act('/_event', {name: 'tab/fetch', value: {}});
    assert.equal((await logs('peer=teams&direction=out')).filter(e => e.status === 401 || e.status === 501).length, 2);
    assert.equal(bot.calls.length, 2);
  });

  test('repeats: the same id, or new ones, together', async () => {
    const said = await say('help', {repeat: 3, together: true});
    assert.equal(said.attempts.length, 3);
    assert.equal(new Set(bot.calls.map(c => JSON.parse(c.body).id)).size, 1);
    await say('help', {repeat: 3, new_ids: true});
    assert.equal(new Set(bot.calls.slice(3).map(c => JSON.parse(c.body).id)).size, 3);
    assert.equal((await messages()).length, 2);
  });
});

describe('damaged tokens', () => {
  const damaged = async damage => {
    bot.calls.length = 0;
    const said = await say('x', {damage});
    assert.equal(said.ok, true, JSON.stringify(said));
    return bot.calls[0];
  };
  const parts = c => c.headers.authorization.split(' ')[1].split('.');

  test('the header line', async () => {
    assert.equal((await damaged('no_header')).headers.authorization, undefined);
    assert.equal((await damaged('blank')).headers.authorization, '');
    assert.match((await damaged('basic')).headers.authorization, /^Basic /);
    assert.match((await damaged('bearer_lower')).headers.authorization, /^bearer ey/);
    assert.match((await damaged('two_spaces')).headers.authorization, /^Bearer {2}ey/);
    assert.match((await damaged('no_scheme')).headers.authorization, /^ey/);
    assert.equal((await damaged('garbage')).headers.authorization, 'Bearer garbage');
    assert.ok((await damaged('large')).headers.authorization.length > 8192);
  });

  test('key and signature', async () => {
    for (const [damage, alg] of [['alg_none', 'none'], ['hs256', 'HS256'], ['ps256', 'PS256'], ['rs384', 'RS384'], ['rs512', 'RS512']]) {
      assert.equal(decode(parts(await damaged(damage))[0]).alg, alg);
    }
    const {keys} = await keyOf();
    const kidOf = async damage => decode(parts(await damaged(damage))[0]).kid;
    const unknown = await kidOf('kid_unknown');
    assert.ok(unknown && !keys.some(k => k.kid === unknown));
    assert.equal(await kidOf('kid_missing'), undefined);
    for (const [damage, endorsements] of [['endorse_other', ['webchat']], ['endorse_none', undefined]]) {
      await damaged(damage);
      const t = await inboundToken();
      assert.ok(t.good, damage);
      assert.deepEqual(t.key.endorsements, endorsements);
    }
    for (const damage of ['signature', 'key_foreign']) {
      await damaged(damage);
      const t = await inboundToken();
      assert.ok(t.key && !t.good, damage);
    }
    assert.equal(keys.find(k => k.kid === 'sample-not-rsa').kty, 'EC');
    assert.deepEqual(decode(parts(await damaged('crit'))[0]).crit, ['exp']);
  });

  test('claims, times and the activity', async () => {
    const claims = async damage => decode(parts(await damaged(damage))[1]);
    const now = Math.floor(Date.now() / 1000);
    assert.notEqual((await claims('iss')).iss, 'https://api.botframework.com');
    assert.equal((await claims('exp_missing')).exp, undefined);
    assert.ok(Math.abs((await claims('exp')).exp - (now - 301)) <= 2);
    assert.ok(Math.abs((await claims({damage: 'exp', seconds: 290})).exp - (now - 290)) <= 2);
    assert.ok(Math.abs((await claims('nbf')).nbf - (now + 400)) <= 2);
    assert.deepEqual((await claims('aud_array')).aud, [APP]);
    assert.equal((await claims('serviceurl_missing')).serviceurl, undefined);
    assert.equal((await claims('serviceurl_slash')).serviceurl, base + '/teams/emea');
    assert.match((await claims('emulator')).iss, /^https:\/\/sts\.windows\.net\//);
    const raw = Buffer.from(parts(await damaged('duplicate'))[1], 'base64url').toString();
    assert.equal(raw.match(/"iss"/g).length, 2);
    assert.equal('serviceUrl' in JSON.parse((await damaged('no_service_url')).body), false);
    assert.equal(JSON.parse((await damaged('channel_empty')).body).channelId, '');
    assert.equal((await claims({claims: {jti: 'x'}, header: {typ: null}})).jti, 'x');
    assert.equal((await damaged({method: 'PUT'})).method, 'PUT');
  });

  test('PUT /_jwt damages the next delivery, and only that', async () => {
    assert.equal((await json('PUT', '/_jwt', {chat: 'teams', damage: 'nonsense'})).error, 'invalid_damage');
    assert.equal((await json('PUT', '/_jwt', {chat: 'teams', damage: 'alg_none'})).waiting.length, 1);
    await say('x');
    await say('y');
    assert.deepEqual(bot.calls.map(c => decode(parts(c)[0]).alg), ['none', 'RS256']);
  });

  test('keys rotate on command', async () => {
    await say('x');
    const before = (await inboundToken()).header.kid;
    await json('POST', '/_keys', {chat: 'teams'});
    await say('y');
    const t = await inboundToken();
    assert.ok(t.good);
    assert.notEqual(t.header.kid, before);
    assert.ok((await keyOf(before)).key);
    await json('POST', '/_keys', {chat: 'teams', drop_old: true});
    assert.equal((await keyOf(before)).key, undefined);
  });
});

describe('the token endpoint', () => {
  test('gives a token for the app, in its home tenant', async () => {
    const t = await tokenOf();
    assert.equal(t.http, 200);
    assert.deepEqual([t.token_type, t.expires_in], ['Bearer', 3599]);
    const claims = decode(t.access_token.split('.')[1]);
    assert.deepEqual([claims.aud, claims.appid, claims.tid], ['https://api.botframework.com', APP, ACME]);
  });

  test('refuses with its own error numbers', async () => {
    const refused = async (fields, tenant) => {
      const r = await tokenOf(fields, tenant);
      assert.match(r.error_description, new RegExp('^AADSTS' + r.error_codes[0]));
      return [r.http, r.error, r.error_codes[0]];
    };
    assert.deepEqual(await refused({client_secret: 'x'}), [401, 'invalid_client', 7000215]);
    assert.deepEqual(await refused({client_id: 'x'}), [400, 'unauthorized_client', 700016]);
    assert.deepEqual(await refused({scope: 'x'}), [400, 'invalid_scope', 70011]);
    assert.deepEqual(await refused({}, GLOBEX), [401, 'invalid_client', 7000229]);
    assert.deepEqual(await refused({}, 'botframework.com'), [400, 'unauthorized_client', 700016]);
    assert.deepEqual(await refused({}, 'nowhere'), [400, 'invalid_request', 90002]);
    assert.deepEqual(await refused({grant_type: 'password'}), [400, 'unsupported_grant_type', 70003]);
    await json('PUT', '/_faults', {peer: 'teams', fault: 'client_secret_refused'});
    assert.deepEqual(await refused({}), [401, 'invalid_client', 7000215]);
    await json('PUT', '/_config', {teams: {app: {multi_tenant: true}}});
    assert.equal((await tokenOf({}, 'botframework.com')).http, 200);
  });
});

describe('the connector', () => {
  test('sends, updates and deletes; everybody there sees it', async () => {
    const sent = await send({text: 'hello'});
    assert.equal(sent.http, 201);
    assert.ok(sent.headers.get('x-correlating-operationid'));
    assert.equal((await messages()).at(-1).text, 'hello');
    const put = await call('PUT', at(DM, '/activities/' + sent.id), message({text: 'changed'}));
    assert.deepEqual([put.http, put.id], [200, sent.id]);
    const seen = (await messages()).at(-1);
    assert.deepEqual([seen.text, seen.edited_count, seen.is_bot], ['changed', 1, true]);
    assert.equal((await call('DELETE', at(DM, '/activities/' + sent.id))).http, 200);
    assert.equal((await messages()).length, 0);
    assert.equal((await call('PUT', at(DM, '/activities/' + sent.id), message({text: 'x'}))).error.code, 'ActivityNotFoundInConversation');
  });

  test('threads: by the conversation id, by the activity answered, and new ones', async () => {
    const said = await say('@Workbot x', {place: 'deals'});
    await send({text: 'one'}, `${DEALS};messageid=${said.id}`);
    await call('POST', at(DEALS, '/activities/' + said.id), message({text: 'two'}));
    await send({text: 'three', replyToId: said.id}, DEALS);
    await send({text: 'new'}, DEALS);
    const roots = (await messages('deals')).map(m => [m.text, m.root === said.id]);
    assert.deepEqual(roots.slice(1), [['one', true], ['two', true], ['three', true], ['new', false]]);
    const made = await call('POST', '/conversations', {isGroup: true, bot: {id: BOT}, channelData: {channel: {id: DEALS}}, activity: {type: 'message', text: 'top'}});
    assert.equal(made.id, `${DEALS};messageid=${made.activityId}`);
    assert.equal((await send({}, `${DEALS};messageid=1`)).error.code, 'ConversationNotFound');
  });

  test('a chat with one person is made, once, where the person can be reached', async () => {
    const create = (user, tenant = ACME, more = {}) => call('POST', '/conversations',
      {bot: {id: BOT}, members: [{id: user}], isGroup: false, tenantId: tenant, channelData: {tenant: {id: tenant}}, ...more});
    assert.deepEqual(await create(ANA_ADDRESS).then(r => [r.http, r.id]), [201, DM]);
    assert.equal((await create('29:1NoaAcme-k83xQ_0007')).error.code, 'BotNotInConversationRoster');
    assert.equal((await create('29:1SidOther-k83xQ_0005')).http, 403);
    assert.equal((await create('29:1AnnieAnon-k83xQ_0011')).http, 403);
    assert.equal((await create(ANA)).error.code, 'BadSyntax');
    assert.equal((await create('29:nobody')).error.code, 'BadSyntax');
    assert.equal((await create(ANA_ADDRESS, GLOBEX)).http, 403);
    assert.equal((await create(ANA_ADDRESS, ACME, {members: [{id: ANA_ADDRESS}, {id: '29:1BenAcme-k83xQ_0002'}]})).error.code, 'BadSyntax');
    assert.equal((await create(ANA_ADDRESS, ACME, {isGroup: true})).error.code, 'BadSyntax');
    // in a team with the bot, without the app: a new chat
    await act('/_user', {user: 'noa', set: {}});
    await act('/_place', {user: 'noa', place: 'deals', join: ['noa']});
    const made = await create('29:1NoaAcme-k83xQ_0007');
    assert.match(made.id, /^a:1/);
    assert.equal((await create('29:1NoaAcme-k83xQ_0007')).id, made.id);
    assert.equal((await send({}, made.id)).http, 201);
  });

  test('members, pages of them, teams and channels', async () => {
    const member = async (id, place = DEALS) => call('GET', at(place, '/members/' + encodeURIComponent(id)));
    assert.deepEqual(await member(ANA_ADDRESS).then(m => [m.aadObjectId, m.userRole, m.tenantId, m.givenName]), [ANA, 'user', ACME, 'Ana']);
    assert.equal((await member(ANA)).id, ANA_ADDRESS);
    assert.equal((await member('29:1GusGuest-k83xQ_0004')).userRole, 'guest');
    assert.equal((await member('29:1SidOther-k83xQ_0005', '19:acmesales0partner@thread.tacv2')).tenantId, '07e40000-0000-4000-8000-000000000003');
    assert.equal((await member('29:1SidOther-k83xQ_0005')).http, 404);
    assert.equal((await member('29:1DoraAcme-k83xQ_0006', 'a:1dora-acme-8Xk3pQ0006')).http, 404);
    const page = await call('GET', at(DEALS, '/pagedmembers?pageSize=50'));
    assert.equal(page.members.length, 4);
    assert.equal(page.continuationToken, undefined);
    const team = '/teams/' + encodeURIComponent('19:acmesales0general@thread.tacv2');
    assert.equal((await call('GET', team)).name, 'Sales');
    assert.deepEqual((await call('GET', team + '/conversations')).conversations.map(c => c.name), [null, 'deals', 'partners']);
  });

  test('refuses who has no good token, and places where the bot is not', async () => {
    assert.deepEqual(await send({}, DM, {bearer: null}).then(r => [r.http, r.message]), [401, 'Authorization has been denied for this request.']);
    assert.equal((await send({}, DM, {bearer: 'x'})).http, 401);
    await json('PUT', '/_faults', {peer: 'teams', fault: 'token_expired'});
    assert.equal((await send({})).http, 401);
    assert.equal((await send({})).http, 201);
    await json('PUT', '/_config', {teams: {token_ttl_s: 0}});
    assert.equal((await send({}, DM, {bearer: (await tokenOf()).access_token})).http, 401);
    assert.equal((await send({}, '19:acmegroupwithout01@thread.v2')).error.code, 'BotNotInConversationRoster');
    assert.equal((await send({}, 'a:nowhere')).error.code, 'ConversationNotFound');
    await act('/_place', {set: {blocked: true}});
    assert.equal((await send({})).error.code, 'ConversationBlockedByUser');
    await act('/_place', {set: {blocked: null}, tenant: {disabled_by_admin: true}});
    assert.equal((await send({})).error.code, 'BotDisabledByAdmin');
    await act('/_place', {tenant: {disabled_by_admin: null}});
    await act('/_uninstall', {});
    assert.equal((await send({})).error.code, 'BotNotInConversationRoster');
    await act('/_install', {});
    assert.equal((await send({})).http, 201);
  });

  test('refuses what Teams would not take', async () => {
    const bad = async (more, code = 'BadSyntax') => {
      const r = await send(more);
      assert.equal(r.error?.code, code, JSON.stringify([more, r.text]).slice(0, 300));
    };
    await bad({text: ''});
    await bad({from: {id: '28:another'}});
    await bad({type: 'event'});
    await bad({text: 'hi <at>Ana</at>', entities: [{type: 'mention', mentioned: {id: ANA_ADDRESS}, text: '<at>Ben</at>'}]});
    await bad({text: 'x'.repeat(30000)}, 'MessageSizeTooBig');
    const t = {type: 'TextBlock', text: 'x'};
    await bad(cardMessage([t], undefined, {version: '1.6'}));
    await bad(cardMessage([{type: 'Nonsense'}]));
    await bad(cardMessage([{type: 'TextBlock'}]));
    await bad(cardMessage([t], [{type: 'Action.Execute', title: 'Go'}]));
    await bad(cardMessage([{type: 'Input.Text', id: 'a'}, {type: 'Input.Number', id: 'a'}]));
    await bad(cardMessage([{type: 'Input.ChoiceSet', id: 'a', choices: [{title: 'x'}]}]));
    await bad(cardMessage([{type: 'FactSet', facts: [{title: 'x'}]}]));
    await bad(cardMessage([t], [{type: 'Action.OpenUrl', url: 'javascript:alert(1)'}]));
    await bad(cardMessage([t], undefined, {refresh: {action: submit('x')}}));
    assert.equal((await send(cardMessage([t], [execute('Go', 'go')]))).http, 201);
    const raw = await fetch(`${base}/teams/emea/v3/conversations/${DM}/activities`, {method: 'POST', headers: {authorization: 'Bearer ' + token}, body: '{}'});
    assert.equal(raw.status, 400);
  });

  test('text and a card in one activity become two messages without an id', async () => {
    const r = await send({text: 'both', attachments: [card([{type: 'TextBlock', text: 'card'}])]});
    assert.deepEqual([r.http, r.id], [201, undefined]);
    assert.equal((await messages()).length, 2);
  });

  test('limits and faults answer in the forms that Teams has', async () => {
    await json('PUT', '/_config', {teams: {limits: {send: {count: 2, window_ms: 60000}}}});
    await send({});
    await send({});
    const limited = await send({});
    assert.deepEqual([limited.http, limited.error.code, limited.headers.get('retry-after')], [429, 'Throttled', '1']);
    await json('PUT', '/_config', {teams: {limits: {}}});
    const told = async fault => {
      await json('PUT', '/_faults', {peer: 'teams', ...fault});
      return send({});
    };
    assert.deepEqual(await told({fault: 'error', error: 'PreconditionFailed', status: 412}).then(r => [r.http, r.error.code]), [412, 'PreconditionFailed']);
    const blocked = await told({fault: 'error', error: 'MessageWritesBlocked'});
    assert.equal(JSON.parse(blocked.message).subCode, 'MessageWritesBlocked');
    assert.equal((await told({fault: 'error', error: 'empty', status: 502})).text, '');
    assert.equal((await told({fault: '5xx', status: 500})).error.code, 'ServiceError');
    assert.match((await told({fault: 'html'})).text, /<html>/);
    const redirect = await told({fault: 'redirect', error: 'https://evil.example/'});
    assert.deepEqual([redirect.http, redirect.headers.get('location')], [307, 'https://evil.example/']);
    await json('PUT', '/_faults', {peer: 'teams', fault: 'lost'});
    await assert.rejects(send({text: 'lost but there'}));
    assert.equal((await messages()).at(-1).text, 'lost but there');
  });

  test('targeted messages have one reader', async () => {
    const GROUP = '19:acmegroupanabenbot01@thread.v2';
    const sent = await call('POST', at(GROUP, '/activities?isTargetedActivity=true'), message({text: 'only you', recipient: {id: ANA_ADDRESS, isTargeted: true}}));
    assert.equal(sent.http, 201);
    assert.equal((await messages('renewals')).length, 1);
    assert.equal((await messages('renewals', 'ben')).length, 0);
    assert.equal((await call('POST', at(GROUP, '/activities?isTargetedActivity=true'), message({text: 'x'}))).error.code, 'Bad argument');
    assert.equal((await call('PUT', at(GROUP, '/activities/' + sent.id), message({text: 'x'}))).error.code, 'INVALID_TARGETED_MESSAGE_ID');
  });
});
