// Microsoft Teams: what comes twice, what the platform refuses, and where others read.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {OPPORTUNITY, TEAMS_ACME, TEAMS_PEOPLE, button, buttons, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const OPP = name => OPPORTUNITY.replace('Acme renewal', name);
const at = text => `@Workbot ${text}`;

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const opportunities = async name => (await w.records()).filter(r => JSON.stringify(r).includes(name)).length;

/** A recipe whose reply has a button that runs another command. */
const WITH_BUTTON = {
  name: 'deal', title: 'A deal', command: 'salesforce deal', allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
  inputs: [{name: 'name', required: true}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record',
    with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
  reply: {text: 'Made {{inputs.name}}', buttons: [{title: 'Another', command: 'salesforce deal', inputs: {name: '{{inputs.name}} again'}}]},
};

before(async () => {
  w = await start({teams: 'only'});
  await w.putRecipe(TEAMS_ACME, WITH_BUTTON);
  await person('ana').connect();
});
after(() => w?.stop());

describe('P1 once', () => {
  test('teams_gotcha_01_a_press_that_comes_again_with_a_new_id_is_one_effect', async () => {
    const ana = person('ana');
    const done = await ana.ask('salesforce deal name: Press', m => m.is_bot && labels(m).includes('Another'));
    await ana.press(done, 'press', {times: 3, new_ids: true});
    await ana.sees(/Made Press again/, {after: done.ts});
    await w.idle();
    assert.equal(await opportunities('Press again'), 1);
  });

  test('P11 who presses again is heard, a few seconds later, on a card that stays as it is', async () => {
    const ana = person('ana');
    const done = await ana.ask('salesforce deal name: Twice', m => m.is_bot && labels(m).includes('Another'));
    const tokenOf = async () => button((await ana.messages()).find(m => m.ts === done.ts), 'Another').value.wb.t;
    const first = await tokenOf();
    await ana.press(done, 'press');
    await ana.sees(/Made Twice again/, {after: done.ts});
    await until('the card to be sent anew', async () => await tokenOf() !== first);
    await w.idle();
    // the same press once more, under a new id: not on the card as it is now
    await ana.forge(done, 'Another', {t: first});
    await w.idle();
    assert.equal(await opportunities('Twice again'), 1);
    await ana.press(done, 'press', {activity: {timestamp: new Date(Date.now() + 10000).toISOString()}});
    await until('the second one', async () => await opportunities('Twice again') === 2);
    await w.idle();
    assert.equal((await ana.messages()).filter(m => m.ts === done.ts).length, 1);
    assert.match(words((await ana.messages()).find(m => m.ts === done.ts)), /Made Twice/, 'it reads as before');
  });

  test('teams_gotcha_24_an_edited_message_does_not_run_again', async () => {
    const ana = person('ana');
    const said = await ana.say('salesforce deal name: Edited');
    await ana.sees(/Made Edited/);
    await ana.act('/_edit', {place: 'dm', message: said.id, text: 'salesforce deal name: Edited twice'});
    await ana.act('/_edit', {place: 'dm', message: said.id, delete: true});
    await w.idle();
    assert.equal(await opportunities('Edited'), 1);
  });

  test('teams_gotcha_03_what_does_not_mention_the_bot_is_not_for_it', async () => {
    const ana = person('ana');
    const said = await ana.say(OPP('Overheard'), {place: 'deals', rsc: true});
    assert.equal(said.delivered, true);
    await w.idle();
    assert.equal(await opportunities('Overheard'), 0);
    assert.equal((await ana.messages('deals')).filter(m => m.is_bot).length, 0);
  });

  test('a mention in the middle, twice, with entities and breaks, is the command', async () => {
    const ana = person('ana');
    await ana.say('\r\n<at>Workbot</at>&nbsp;salesforce deal <at>Workbot</at> name: Spaced\r\n', {place: 'deals', raw: true,
      entities: [{type: 'mention', mentioned: {id: '28:22222222-aaaa-4bbb-8ccc-222222222222', name: 'Workbot'}, text: '<at>Workbot</at>'}]});
    await ana.sees(/Made Spaced, as Ana/, {place: 'deals'});
  });
});

describe('P8 where others read', () => {
  test('a group chat: the result by name, what is private in the one-to-one chat', async () => {
    const ana = person('ana');
    await ana.say(at('salesforce deal name: Group'), {place: 'renewals'});
    await ana.sees(/Made Group, as Ana Alvarez/, {place: 'renewals'});
    const before = await ana.messages();
    await ana.say(at('connections'), {place: 'renewals'});
    await ana.sees(/one-to-one chat/, {place: 'renewals'});
    await ana.sees(/ana@acme\.example/, {after: before.at(-1).ts});
    assert.doesNotMatch(await ana.reads('renewals'), /ana@acme\.example|\/login\//);
  });

  test('who is of another organisation and joins a group chat reads no result from then on', async () => {
    const ana = person('ana');
    const moves = who => w.sandbox('POST', '/_place', {chat: 'teams', user: 'ana', place: 'renewals', deliver: true, ...who});
    await ana.say(at('salesforce deal name: Before the join'), {place: 'renewals'});
    await ana.sees(/Made Before the join/, {place: 'renewals'});
    await moves({join: ['sid']});
    await ana.say(at('salesforce deal name: After the join'), {place: 'renewals'});
    await until('the second one', async () => await opportunities('After the join') === 1);
    await w.idle();
    assert.doesNotMatch(await ana.reads('renewals'), /After the join, as/);
    await moves({leave: ['sid']});
    await ana.say(at('salesforce deal name: Among us'), {place: 'renewals'});
    await ana.sees(/Made Among us/, {place: 'renewals'});
  });

  for (const [status, error] of [[400, 'BadArgument'], [413, 'MessageSizeTooBig']]) {
    test(`P9 a card that Teams did not let become the prompt (${error}): the next press brings it`, async () => {
      const cleo = person('cleo');
      const list = await cleo.ask('connections', m => m.is_bot && labels(m).includes('Connect'));
      await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error, status, method: 'PUT', times: 1});
      await cleo.press(list, 'Connect');
      await w.idle();
      assert.equal((await cleo.messages()).some(m => m.ts >= list.ts && loginUrl(m)), false);
      // the same sending of the card: within two minutes that may be a press that comes twice, later it is another one
      await cleo.sends('message', {activity: {text: null, value: {wb: {...button(list, 'Connect').value.wb, t: `later${status}`}}, replyToId: list.ts}});
      await cleo.sees(m => m.ts >= list.ts && loginUrl(m));
      await cleo.ask('cancel', /Cancelled|nothing/i);
      await w.idle();
    });
  }

  test('a button under somebody else\'s result acts as whoever presses it', async () => {
    const ana = person('ana'), ben = person('ben');
    await ana.say(at('salesforce deal name: Shared'), {place: 'deals'});
    const done = await ana.sees(m => m.is_bot && /Made Shared, as Ana/.test(words(m)), {place: 'deals'});
    await ben.press(done, 'press');
    const prompt = await ben.sees(m => m.is_bot && loginUrl(m));
    assert.equal(await opportunities('Shared again'), 0);
    await ben.ask(await ben.browse(prompt), /is connected/);
    const again = await ben.sees(m => m.is_bot && /Made Shared again, as Ben/.test(words(m)), {place: 'deals'});
    assert.equal(again.root, done.root, 'in the same thread');
    assert.match(words((await ana.messages('deals')).find(m => m.ts === done.ts)), /as Ana/, 'the other result stands');
  });

  test('a press that names no message is none of a message that one person alone reads', async () => {
    const ana = person('ana');
    await ana.say(at('salesforce deal name: Unnamed'), {place: 'deals'});
    const done = await ana.sees(m => m.is_bot && /Made Unnamed/.test(words(m)), {place: 'deals'});
    await ana.press(done, 'press', {place: 'deals', activity: {replyToId: null}});
    await ana.sees(m => m.is_bot && /Made Unnamed again/.test(words(m)), {place: 'deals'});
    assert.equal(await w.count('message', 'ephemeral'), 0);
  });

  test('teams_gotcha_09_a_code_is_not_taken_where_others_read', async () => {
    const cleo = person('cleo');
    const prompt = await cleo.prompt(OPP('Code'));
    const code = await cleo.browse(prompt);
    await cleo.say(at(code), {place: 'deals'});
    await cleo.sees(/did not use that code/);
    await w.idle();
    assert.equal(await w.count('connection', `user_id = '${TEAMS_PEOPLE.cleo}' and state = 'active'`), 0);
    assert.equal(await opportunities('Code'), 0);
    const ana = person('ana');
    await ana.say(code); // somebody else's
    await w.idle();
    assert.equal(await w.count('connection', `user_id = '${TEAMS_PEOPLE.cleo}' and state = 'active'`), 0);
  });
});

describe('what the platform refuses', () => {
  test('teams_gotcha_16_a_conversation_without_the_bot_gets_nothing_until_the_bot_is_there_again', async () => {
    const ana = person('ana');
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error: 'BotNotInConversationRoster', status: 403, method: 'POST', times: 1, path: 'acmesales000deals'});
    await ana.say(at('salesforce deal name: Gone'), {place: 'deals'});
    await until('the conversation to be marked', () => w.count('conversation', "gone and channel like '19:acmesales000deals%'"));
    await w.idle();
    assert.equal(await w.count('job', "kind = 'send' and state = 'queued'"), 0, 'it is not tried for ever');
    await ana.say(at('salesforce deal name: Back'), {place: 'deals'});
    await ana.sees(/Made Back, as Ana/, {place: 'deals'});
    assert.equal(await w.count('conversation', "gone and channel like '19:acmesales000deals%'"), 0);
  });

  test('too many at once: each waits for its turn, and all arrive, each once', async () => {
    const ana = person('ana');
    await w.sandbox('PUT', '/_config', {teams: {limits: {send: {count: 2, window_ms: 1000}}}});
    const before = (await ana.messages()).at(-1).ts;
    for (let i = 1; i <= 5; i++) await ana.say(`salesforce deal name: Burst ${i}`);
    await until('five results', async () => (await ana.messages()).filter(m => m.is_bot && m.ts > before && /Made Burst \d/.test(words(m))).length === 5, 20000);
    await w.sandbox('PUT', '/_config', {teams: {limits: {}}});
    const order = (await ana.messages()).filter(m => m.is_bot && m.ts > before && /Made Burst (\d)/.test(words(m))).map(m => words(m).match(/Burst (\d)/)[1]);
    assert.deepEqual(order.sort(), ['1', '2', '3', '4', '5']);
    assert.equal(await w.count('message', "state = 'failed' and created_at > now() - interval '30 seconds'"), 0);
  });

  test('a platform that is away for a while loses no answer', async () => {
    const ana = person('ana');
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: '5xx', times: 2, path: '/activities'});
    await ana.ask('salesforce deal name: Patience', /Made Patience/);
    assert.equal(await opportunities('Patience'), 1);
  });

  test('what is to be said while the workspace is broken waits until it works again', async () => {
    const ana = person('ana');
    const send = () => w.one("select state, error_code from job where kind = 'send' and state <> 'dead'");
    await w.fault('5xx', {peer: 'teams', method: 'POST', path: '/activities', times: -1});
    const said = await ana.say('whoami');
    await until('the answer to wait', async () => (await send())?.error_code === 'chat_busy');
    await w.query("update workspace set state = 'broken' where workspace = $1", [TEAMS_ACME]);
    await w.sandbox('DELETE', '/_faults');
    await w.query("update job set run_at = now() where kind = 'send'");
    await until('it to wait on', async () => ['running/chat_busy', 'queued/chat_busy'].indexOf(Object.values(await send() ?? {}).join('/')) < 0);
    assert.deepEqual(await send(), {state: 'queued', error_code: 'workspace_broken'});
    await w.query("update workspace set state = 'active' where workspace = $1", [TEAMS_ACME]);
    await w.query("update job set run_at = now() where kind = 'send'");
    await ana.sees(m => m.is_bot && m.ts > said.ts && /Who you are here/.test(words(m)));
    await w.idle();
  });

  const repeated = async () => Number(/^workbot_posts_repeated_total (\d+)/m.exec(await (await fetch(w.replicas[0].opsUrl + '/metrics')).text())?.[1] ?? 0);
  const given = () => w.query("select error_code from job where kind = 'send' and state = 'dead'");

  test('a post whose answer is lost stands there twice, and is not sent a third time', async () => {
    const ana = person('ana');
    const counted = await repeated();
    const before = await w.fired('lost');
    await w.fault('lost', {peer: 'teams', method: 'POST', path: '/activities', times: 3});
    const said = await ana.say('whoami');
    await until('it to be given up', async () => (await given()).some(j => j.error_code === 'chat_unsure'), 20000);
    await w.idle();
    assert.equal(await w.fired('lost') - before, 2);
    await w.sandbox('DELETE', '/_faults');
    assert.equal((await ana.messages()).filter(m => m.is_bot && m.ts > said.ts && /Who you are here/.test(words(m))).length, 2);
    assert.equal(await repeated() - counted, 1);
    await ana.ask('help', m => m.is_bot);
  });

  test('who asked where others read is told that the private answer may not have arrived', async () => {
    const ana = person('ana');
    await w.fault('lost', {peer: 'teams', method: 'POST', path: 'conversations/a', times: 2});
    const said = await ana.say('@Workbot whoami', {place: 'deals'});
    await ana.sees(m => m.is_bot && m.ts > said.ts && /my private message to you may not have arrived/.test(words(m)), {place: 'deals', ms: 20000});
    await w.sandbox('DELETE', '/_faults');
  });

  test('servers that say they are away keep a message waiting, however often', async () => {
    const ana = person('ana');
    const dead = (await given()).length;
    await w.fault('5xx', {peer: 'teams', method: 'POST', path: '/activities', times: 4});
    const said = await ana.say('whoami');
    await ana.sees(m => m.is_bot && m.ts > said.ts && /Who you are here/.test(words(m)), {ms: 30000});
    await w.idle();
    assert.equal((await ana.messages()).filter(m => m.is_bot && m.ts > said.ts).length, 1);
    assert.equal((await given()).length, dead);
  });

  test('teams_gotcha_16_what_Teams_calls_no_message_is_not_sent_again_and_holds_nothing_up', async () => {
    const ana = person('ana');
    const refused = async () => (await w.calls({peer: 'teams', direction: 'in'}))
      .filter(c => c.method === 'POST' && (c.status === 400 || c.status === 413)).length;
    for (const [status, error] of [[413, 'MessageSizeTooBig'], [400, 'BadSyntax']]) {
      const before = await refused();
      await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error, status, method: 'POST', times: 1, path: '/activities'});
      const said = await ana.say('whoami');
      await ana.sees(m => m.is_bot && m.ts > said.ts && /this chat does not take/.test(words(m)));
      await w.idle();
      assert.equal(await refused() - before, 1, 'asked once');
    }
    // refused, too, is the line that says so: nothing more comes of it
    const before = await refused();
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error: 'BadSyntax', status: 400, method: 'POST', times: 2, path: '/activities'});
    await ana.say('whoami');
    await until('both to be refused', async () => await refused() - before === 2);
    await ana.ask('connections', /Your connections/);
    await w.idle();
    assert.equal(await refused() - before, 2);
  });

  test('whose message a channel does not take reads so in the one-to-one chat', async () => {
    const ana = person('ana');
    const said = await ana.say('whoami');
    await ana.sees(m => m.is_bot && m.ts > said.ts && /Who you are/.test(words(m)));
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error: 'BadSyntax', status: 400, method: 'POST', times: -1, path: 'deals'});
    await ana.say(at('salesforce deal name: No message'), {place: 'deals'});
    await ana.sees(m => m.is_bot && m.ts > said.ts && /this chat does not take/.test(words(m)));
    await w.sandbox('DELETE', '/_faults');
    await w.idle();
    assert.equal(await opportunities('No message'), 1);
  });

  test('a refused token is asked for anew, once, and the message arrives', async () => {
    const ana = person('ana');
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'token_expired', times: 1, path: '/activities'});
    await ana.ask('salesforce deal name: Fresh token', /Made Fresh token/);
  });

  test('a card that was deleted is posted anew', async () => {
    const ana = person('ana');
    const list = await ana.ask('connections', m => buttons(m).some(b => b.action === 'disconnect'));
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', error: 'ActivityNotFoundInConversation', status: 404, method: 'PUT', times: 1});
    await ana.press(list, 'disconnect');
    await ana.sees(m => m.is_bot && m.ts > list.ts && /Disconnected|Reconnect|Connect/.test(words(m) + labels(m)));
  });
});
