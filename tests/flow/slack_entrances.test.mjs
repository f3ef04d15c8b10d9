// Every entrance of Slack leads to the same words and rules, and no body that Slack may send breaks it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const FORM = 'application/x-www-form-urlencoded';
const APP = 'A0WORKBOT';

describe('slack entrances', () => {
  let w, ana, cleo, gus, sid;
  before(async () => {
    w = await start();
    [ana, cleo, gus, sid] = ['ana', 'cleo', 'gus', 'sid'].map(n => w.person(n));
    await ana.connect();
  });
  after(() => w?.stop());

  const jobs = () => w.count('job', "kind like 'slack%'");
  const own = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const chatCalls = async path => (await w.calls({peer: 'slack', direction: 'in'})).filter(c => path.test(c.path));
  const typed = (fields, more = {}) => w.signed('/slack/commands', new URLSearchParams(
    {token: 'x', team_id: 'T0ACME001', channel_id: 'C0SALES01', channel_name: 'sales', user_id: 'U0ANA0001', command: '/workbot', api_app_id: APP,
      trigger_id: `1.2.${Math.random().toString(16).slice(2)}`, ...fields}).toString(), {type: FORM, ...more});
  const click = (payload, more = {}) => w.signed('/slack/interactions', new URLSearchParams({payload: JSON.stringify({type: 'block_actions', api_app_id: APP,
    user: {id: 'U0ANA0001', team_id: 'T0ACME001'}, team: {id: 'T0ACME001'}, enterprise: null, is_enterprise_install: false, ...payload})}).toString(), {type: FORM, ...more});
  const event = (event, envelope = {}) => w.signed('/slack/events', {...w.dm('x'), event, ...envelope});

  test('slack_gotcha_04_a_slash_command_is_answered_with_an_empty_body', async () => {
    const r = await typed({text: 'help'});
    assert.deepEqual(r, {status: 200, text: ''});
    const seen = await ana.command('help', {place: 'random'});
    assert.equal(seen.answer ?? '', '');
    await w.idle();
    for (const m of await cleo.messages('random')) assert.doesNotMatch(m.text, /help|OK/i);
  });

  test('slack_gotcha_05_an_ssl_check_is_answered_and_nothing_in_it_is_processed', async () => {
    const before = await jobs();
    const payload = JSON.stringify({type: 'block_actions', user: {id: 'U0ANA0001'}, team: {id: 'T0ACME001'}, actions: [{action_id: 'wb:words:1', value: 'connections', action_ts: '1.1'}]});
    const post = body => fetch(`${w.url}/slack/commands`, {method: 'POST', headers: {'content-type': FORM}, body});
    for (const body of ['ssl_check=1&token=x', `ssl_check=1&payload=${encodeURIComponent(payload)}`, 'ssl_check=1&command=%2Fworkbot&text=connections&team_id=T0ACME001&user_id=U0ANA0001&channel_id=C0SALES01']) {
      const r = await post(body);
      assert.equal(r.status, 200, body);
      assert.equal(await r.text(), '');
    }
    for (const body of ['ssl_check=0', 'ssl_check=true', 'ssl_check=1&ssl_check=1', 'ssl_check=']) assert.equal((await post(body)).status, 401, body);
    assert.equal((await fetch(`${w.url}/slack/interactions`, {method: 'POST', headers: {'content-type': FORM}, body: 'ssl_check=1'})).status, 401);
    assert.equal(await jobs(), before);
  });

  test('slack_gotcha_07_absent_and_null_members_are_read_for_what_they_are', async () => {
    const before = (await ana.messages()).at(-1).ts;
    const dm = w.dm('help');
    for (const [name, body] of [
      ['authorizations absent', {...dm, authorizations: undefined, event_id: 'EvA1', event: {...dm.event, ts: '1795000001.000100'}}],
      ['enterprise null, user an object', {...dm, enterprise_id: null, event_id: 'EvA2', event: {...dm.event, ts: '1795000002.000100', user: {id: 'U0ANA0001', team_id: 'T0ACME001'}, channel: {id: 'D0ANA0001'}}}],
    ]) assert.equal((await w.signed('/slack/events', body)).status, 200, name);
    await ana.sees(/only now|What can I do/, {after: before}); // an old ts: it is offered, not run
    const actions = [{type: 'button', action_id: 'wb:words:1', block_id: 'b', value: 'whoami', action_ts: `${Math.floor(Date.now() / 1000)}.1`}];
    assert.equal((await click({actions, container: {type: 'view', view_id: 'V1'}, view: {id: 'V1', type: 'home'}})).status, 200, 'no channel: a home page');
    await until('the click to be done', async () => await w.count('job', "key1 like 'act:U0ANA0001:%:wb:words:1' and state = 'done'") === 1);
    for (const payload of [{team: null, actions}, {team: null, user: {id: 'U0ANA0001', team_id: 'T0ACME001'}, actions}, {user: null, actions}, {actions: null}, {actions: [{}]}]) {
      assert.equal((await click(payload)).status, 200, JSON.stringify(payload));
    }
    for (const e of [null, [], {type: 'user_change', user: null}, {type: 'user_change', user: {}}, {type: 'app_home_opened', tab: 'home'}, {type: 'member_joined_channel'},
      {type: 'channel_id_changed'}, {type: 'tokens_revoked', tokens: null}]) assert.equal((await event(e)).status, 200, JSON.stringify(e));
    await w.idle();
    assert.equal(await w.count('job', "state = 'dead'"), 0);
  });

  test('failure_29_strangers_click slack_gotcha_09_a_stranger_presses: refused, privately, and nothing changes', async () => {
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
    await ana.prompt(`@workbot ${create('Not hers')}`, {place: 'sales'});
    const line = await ana.sees(/private message/, {place: 'sales', after: ana.seen});
    await w.idle();
    const run = await w.one("select id from run where state = 'parked'");
    const before = await w.rows('run', 'login', 'connection');
    await cleo.forge(line, 'drop', run.id);
    const refusal = await cleo.sees(/belongs to somebody else/, {place: 'sales'});
    assert.ok(refusal.ephemeral);
    await cleo.forge(line, 'run_now', run.id);
    await w.idle();
    assert.deepEqual(await w.rows('run', 'login', 'connection'), before);
    assert.doesNotMatch(await ana.reads('sales'), /belongs to somebody else/);
    // one of another company in a shared channel presses, too
    const shared = await ana.ask('@workbot help', /What can I do/, {place: 'acme-otherco'});
    assert.ok(shared.ephemeral);
    await w.idle();
    await ana.say('cancel');
    await w.idle();
  });

  test('slack_gotcha_12_an_ephemeral_is_never_updated_by_its_ts, and a message never by a user id', async () => {
    const list = await ana.ask('@workbot connections', /Your connections/, {place: 'sales'});
    await ana.press(list, 'Connect');
    const prompt = await ana.sees(m => m.ts === list.ts && loginUrl(m), {place: 'sales'});
    assert.ok(prompt.ephemeral, 'the click\'s own address changed it');
    await ana.press(prompt, 'Back');
    await ana.sees(m => m.ts === list.ts && /Your connections/.test(words(m)), {place: 'sales'});
    await w.idle();
    const updates = await chatCalls(/chat\.update/);
    for (const c of updates) {
      assert.equal(c.answer?.ok, true, JSON.stringify(c.args));
      assert.match(c.args.channel, /^[DCG]/);
    }
    assert.ok(!updates.some(c => c.args.ts === list.ts));
  });

  test('slack_gotcha_14_commands_do_not_exist_in_threads_but_mentions_do: all of it stays there', async () => {
    const root = await cleo.say('Shall we?', {place: 'sales'});
    await w.idle();
    const prompt = await ana.prompt(`@workbot ${create('In a thread')}`, {place: 'sales', thread_ts: root.ts});
    const line = await ana.sees(m => /private message/.test(words(m)) && m.thread_ts === root.ts, {place: 'sales'});
    const list = await ana.ask('@workbot connections', /Your connections/, {place: 'sales', thread_ts: root.ts});
    assert.deepEqual([list.ephemeral, list.thread_ts], [true, root.ts]);
    await ana.say(await ana.browse(prompt));
    const result = await ana.sees(m => m.ts === line.ts && /Created In a thread/.test(words(m)), {place: 'sales'});
    assert.equal(result.thread_ts, root.ts);
    // where no thread has begun, nobody would see an ephemeral in it
    const top = await ana.ask('@workbot help', /What can I do/, {place: 'sales'});
    assert.deepEqual([top.ephemeral, top.thread_ts], [true, undefined]);
  });

  for (const place of ['G0MPDM001', 'sales', 'G0DEALS01', 'acme-otherco']) {
    test(`slack_gotcha_15_a_login_asked_for_in_${place}_is_never_asked_in_place`, async () => {
      await ana.ask('disconnect salesforce', /Your connections|are not connected/);
      await w.idle();
      const prompt = await ana.prompt(`@workbot ${create(`P ${place}`)}`, {place});
      assert.ok(loginUrl(prompt));
      const line = await ana.sees(/private message/, {place, after: ana.seen});
      await w.idle();
      assert.equal(loginUrl(line), undefined);
      const others = (await w.calls({peer: 'slack', direction: 'in'})).filter(c => /chat\.(postMessage|update)/.test(c.path) && /^[CG]/.test(c.args?.channel || ''));
      for (const c of others) assert.doesNotMatch(JSON.stringify(c.args), /\/login\/|Log in to/);
      await ana.say(await ana.browse(prompt));
      await ana.sees(/is connected/, {after: prompt.ts});
      await w.idle();
    });
  }

  test('slack_gotcha_26_forms_are_decoded_once_and_broken_ones_refused', async () => {
    const before = (await ana.messages('sales')).at(-1).ts;
    const raw = text => w.signed('/slack/commands', `team_id=T0ACME001&channel_id=C0SALES01&user_id=U0ANA0001&api_app_id=${APP}&command=%2Fworkbot&response_url=&trigger_id=1.2.${Math.random().toString(16).slice(2)}&text=${text}`, {type: FORM});
    assert.equal((await raw('zz+a%2Bb+c%20d')).status, 200);
    assert.match(words(await ana.sees(/do not know/, {place: 'sales', after: before})), /zz a\+b c d/);
    assert.equal((await raw('')).status, 200, 'an empty text is help');
    await ana.sees(/What can I do/, {place: 'sales', after: before});
    assert.equal((await w.signed('/slack/commands', `team_id=T0ACME001&channel_id=C0SALES01&user_id=U0ANA0001&api_app_id=${APP}`, {type: `${FORM}; charset=utf-8`})).status, 200);
    const rows = await jobs();
    for (const text of ['%FF', '%00', '%', '%zz', 'a&text=b']) assert.equal((await raw(text)).status, 400, text);
    for (const body of ['payload=%7B%7D&payload=%7B%7D', 'payload=%5B%5D', 'payload=7', 'payload=%7B%22a%22%3A%22%FF%22%7D', 'payload=%00', 'payload=', 'x=1', '']) {
      assert.equal((await w.signed('/slack/interactions', body, {type: FORM})).status, 400, body);
    }
    assert.equal(await jobs(), rows);
  });

  test('slack_gotcha_28_a_channel_gets_another_id: what waits there follows, and its recipe', async () => {
    await w.putRecipe(ACME, {name: 'deals-only', title: 'For the deals channel', command: 'salesforce deals only', allow: {channels: ['G0DEALS01']},
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [{name: 'name', required: true}],
      steps: [{id: 'a', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', CloseDate: '2026-12-31', StageName: 'Prospecting'}}}],
      reply: {text: 'Created {{inputs.name}}'}});
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
    const prompt = await ana.prompt('@workbot salesforce deals only name: Moves', {place: 'G0DEALS01'});
    const line = await ana.sees(/private message/, {place: 'G0DEALS01', after: ana.seen});
    await w.idle();
    const moved = await w.sandbox('POST', '/_channel', {workspace: 'T0ACME001', channel: 'G0DEALS01', id: 'C0DEALS02'});
    assert.ok(moved.ok, JSON.stringify(moved));
    await until('it to be known', async () => await w.count('audit', "action = 'channel.moved'") === 1);
    assert.equal(await w.count('run', "channel = 'G0DEALS01' and ended_at is null"), 0);
    assert.equal(await w.count('message', "channel = 'G0DEALS01'"), 0);
    assert.deepEqual((await w.must('GET', `/workspaces/${ACME}/recipes/deals-only`)).allow, {channels: ['C0DEALS02']});
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === line.ts && /Created Moves/.test(words(m)), {place: 'C0DEALS02'});
    assert.equal(await own('Moves'), 1);
  });

  test('slack_gotcha_28_channel_not_found_on_a_stored_id: the result comes by DM', async () => {
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
    const prompt = await ana.prompt(`@workbot ${create('Lost place')}`, {place: 'G0MPDM001'});
    await ana.sees(/private message/, {place: 'G0MPDM001', after: ana.seen});
    await w.idle();
    await w.query("update message set channel = 'G0GONE001' where channel = 'G0MPDM001'");
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => /Created Lost place/.test(words(m)) && /meant for the channel/.test(words(m)));
  });

  test('slack_gotcha_28_a_stored_id_of_the_DM_that_leads_nowhere: it is opened anew', async () => {
    await w.query("update chat_user set dm_channel = 'D0GONE001' where user_id = 'U0ANA0001'");
    const before = (await ana.messages()).at(-1).ts;
    await ana.say('@workbot salesforce create opportunity name: Stale', {place: 'sales'});
    await ana.sees(/Enter close/, {after: before});
    await w.idle();
    assert.equal((await w.one("select dm_channel from chat_user where user_id = 'U0ANA0001'")).dm_channel, 'D0ANA0001');
    await ana.say('cancel');
    await w.idle();
  });

  // --- who is not of this workspace ---------------------------------------------------------------

  test('guests and people of another company are refused politely, privately, at every entrance', async () => {
    const refused = /only work for members of Acme/;
    const before = await w.count('run');
    assert.ok(!(await gus.ask('help', refused)).ephemeral, 'in his own DM');
    assert.ok((await gus.ask('@workbot help', refused, {place: 'sales'})).ephemeral);
    const asked = (await gus.messages('sales')).at(-1).ts;
    await gus.command(create('Guest'), {place: 'sales'});
    assert.ok((await gus.sees(refused, {place: 'sales', after: asked})).ephemeral);
    assert.ok((await sid.ask(`@workbot ${create('Stranger')}`, refused, {place: 'acme-otherco'})).ephemeral);
    assert.equal((await w.sandbox('POST', '/_command', {chat: 'slack', user: 'sid', workspace: 'T0ACME001', place: 'acme-otherco', text: 'help'})).error, 'not_installed_there');
    const actions = [{type: 'button', action_id: 'wb:words:1', block_id: 'b', value: create('Pressed'), action_ts: `${Math.floor(Date.now() / 1000)}.1`}];
    assert.equal((await click({actions, user: {id: 'U0SID0001', team_id: 'T0OTHERCO'}, channel: {id: 'C0SHARED1'}, container: {type: 'message', message_ts: '1.1', channel_id: 'C0SHARED1'}})).status, 200);
    assert.equal((await event({type: 'app_home_opened', tab: 'home', user: 'U0SID0001', channel: 'D0SID0001'})).status, 200);
    await w.idle();
    assert.equal(await w.count('run'), before);
    const shared = (await chatCalls(/chat\.postMessage/)).filter(c => c.args?.channel === 'C0SHARED1');
    for (const c of shared) assert.match(c.args.text, /^Ana, I sent you a private message/, 'a shared channel gets neutral lines alone');
  });

  // --- the bot comes to a channel -----------------------------------------------------------------

  test('the bot is added to a channel: one short hello, once', async () => {
    const join = (user, channel, more = {}) => event({type: 'member_joined_channel', user, channel, channel_type: 'C', team: 'T0ACME001', inviter: 'U0ANA0001', event_ts: `${Date.now() / 1000}`}, {event_id: `Ev${Math.random()}`.slice(0, 12), ...more});
    for (let i = 0; i < 3; i++) assert.equal((await join('U0BOTACME', 'C0SALES01')).status, 200);
    assert.equal((await join('U0CLEO001', 'C0SALES01')).status, 200);
    await cleo.sees(/Hello\. Mention me with help/, {place: 'sales'});
    await w.idle();
    assert.equal((await cleo.messages('sales')).filter(m => /Hello\. Mention me/.test(words(m))).length, 1);
  });

  test('a status that changes all the time costs one job a minute', async () => {
    const change = (n, more = {}) => event({type: 'user_change', user: {id: 'U0CLEO001', team_id: 'T0ACME001', name: 'cleo', deleted: false, profile: {display_name: 'Cleo', status_text: `status ${n}`}, ...more}},
      {event_id: `EvU${n}`, event_time: 1795000000});
    const before = await jobs();
    for (let i = 0; i < 20; i++) assert.equal((await change(i)).status, 200);
    assert.equal(await jobs() - before, 1);
    assert.equal((await change(20, {is_restricted: true})).status, 200, 'but this is news');
    assert.equal(await jobs() - before, 2);
    await w.idle();
  });

  test('the same command, click and shortcut sent twice act once', async () => {
    const fields = {text: create('Once only'), trigger_id: '13.37.abcdef'};
    for (let i = 0; i < 2; i++) assert.equal((await typed(fields)).status, 200);
    await until('the run to end', async () => await own('Once only') === 1);
    await w.idle();
    assert.equal(await own('Once only'), 1);
    assert.equal(await w.count('job', "key1 = 'cmd:13.37.abcdef'"), 1);
  });

  test('should_escape: mentions, channels, links and entities in a command are decoded like those of a message', async () => {
    await ana.command('zz <@U0CLEO001|cleo> in <#C0SALES01|> see <https://x.example/?a=1&amp;b=2> &amp; “more”', {place: 'random', raw: true});
    const m = await ana.sees(/do not know/, {place: 'random'});
    assert.match(words(m), /zz @U0CLEO001 in #C0SALES01 see https:\/\/x\.example\/\?a=1&b=2 & "more"/);
    assert.ok(labels(m).includes('Help'));
    assert.equal(button(m, 'Help').value, 'help');
  });

  test('a slash command where Workbot is not installed is told so, by its own address', async () => {
    const nina = w.person('nina', 'T0NEWCO01');
    await nina.command('help', {place: 'C0NEWCO01'});
    const told = await nina.sees(/not set up in this workspace/, {place: 'C0NEWCO01'});
    assert.ok(told.ephemeral);
    await w.idle();
    assert.equal(await w.count('job', "workspace = 'slack:T0NEWCO01'"), 0);
  });

  test('a slash command in an organisation with an org-wide install', async () => {
    await w.must('PUT', '/workspaces/slack:E0ACMEORG', {name: 'Acme Org', bot_token: 'xoxb-sample-acmeorg-0001', bot_user_id: 'U0BOTORG1'});
    const olga = w.person('olga', 'T0ORGTWO1');
    await olga.command('help', {place: 'C0ORGTWOA'});
    assert.ok((await olga.sees(/What can I do/, {place: 'C0ORGTWOA'})).ephemeral);
  });

  test('an address that is not the platform\'s is not called', async () => {
    const before = (await ana.messages('sales')).at(-1).ts;
    assert.equal((await typed({text: 'connections', response_url: 'https://evil.example/commands/T1/1/x'})).status, 200);
    assert.ok((await ana.sees(/Your connections/, {place: 'sales', after: before})).ephemeral, 'the next way');
    assert.doesNotMatch(w.log(), /evil\.example/);
  });

  test('a button of a channel that was shared with another company since: the answer is private', async () => {
    const result = await ana.ask(`@workbot ${create('Before it was shared')}`, /Created Before/, {place: 'sales'});
    assert.ok(!result.ephemeral);
    await w.restart({}); // what Slack said of a place holds for two minutes
    assert.ok((await w.sandbox('POST', '/_channel', {workspace: 'T0ACME001', channel: 'C0SALES01', set: {is_ext_shared: true}})).ok);
    await ana.press(result, 'Add a task');
    await ana.modal(/subject/i);
    await w.idle();
    const run = await w.one("select place from run where state = 'asking'");
    assert.equal(run.place, 'shared');
    await ana.say('cancel');
    await w.idle();
    await w.sandbox('POST', '/_channel', {workspace: 'T0ACME001', channel: 'C0SALES01', set: {is_ext_shared: false}});
  });

  test('a question\'s buttons go with the first click, a second one does nothing', async () => {
    await w.putRecipe(ACME, {name: 'pick', title: 'Pick a stage', command: 'salesforce pick', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
      inputs: [{name: 'stage', required: true, options: [{label: 'Won', value: 'Closed Won'}, {label: 'Lost', value: 'Closed Lost'}]}],
      steps: [{id: 'a', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: 'Picked', CloseDate: '2026-12-31', StageName: '{{inputs.stage}}'}}}],
      reply: {text: 'Picked {{inputs.stage}}'}});
    const question = await ana.ask('salesforce pick', /Enter stage/);
    await ana.press(question, 'Won', {times: 2});
    const answered = await ana.sees(m => m.ts === question.ts && /stage: Won/.test(words(m)));
    assert.deepEqual(labels(answered), []);
    await ana.sees(/Picked Closed Won/);
    await w.idle();
    assert.equal(await own('Picked'), 1);
  });
});
