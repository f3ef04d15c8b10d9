// P8 on each surface of Slack: whatever holds a link, an account or a list goes to its user alone,
// by the first way that is open, and never to anybody else when a way is closed.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {button, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const SECRETS = /\/login\/|acme\.example|00Dxx|Log in to|Not connected|Your connections|6-digit/;
const PLACES = ['sales', 'G0DEALS01', 'G0MPDM001', 'acme-otherco', 'D0ANABEN1', 'random'];

describe('slack private', () => {
  let w, ana, ben, cleo, sid;
  before(async () => {
    w = await start();
    [ana, ben, cleo, sid] = ['ana', 'ben', 'cleo', 'sid'].map(n => w.person(n));
    await ana.connect();
  });
  after(() => w?.stop());

  /** What others read, and everything that was ever put where others could read it. */
  const nothingPublic = async () => {
    await w.idle();
    assert.doesNotMatch(await cleo.reads('dm', 'sales', 'random'), SECRETS);
    assert.doesNotMatch(await ben.reads('sales', 'G0DEALS01', 'G0MPDM001', 'D0ANABEN1', 'random'), SECRETS);
    assert.doesNotMatch(await sid.reads('acme-otherco'), SECRETS);
    const calls = (await w.calls({peer: 'slack', direction: 'in'})).filter(c => c.args);
    for (const c of calls.filter(c => /chat\.(postMessage|update)$/.test(c.path) && !/^D0ANA/.test(c.args.channel || ''))) {
      assert.doesNotMatch(JSON.stringify(c.args), SECRETS, c.path);
    }
    for (const c of calls.filter(c => /\/slack\/response\//.test(c.path))) assert.equal(c.args.response_type, 'ephemeral');
  };
  const logout = async () => {
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
  };
  const login = async prompt => {
    const code = await ana.browse(prompt);
    await ana.say(code);
  };
  const own = async name => (await w.records()).filter(r => r.fields.Name === name).length;

  // where a mention was typed · who reads the result
  const MENTIONS = [
    ['a public channel', 'sales', 'all'],
    ['a private channel', 'G0DEALS01', 'all'],
    ['a group message', 'G0MPDM001', 'all'],
    ['a shared channel', 'acme-otherco', 'ana'],
  ];
  for (const [name, place, readers] of MENTIONS) {
    test(`a mention in ${name}: the list is an ephemeral there, at once`, async () => {
      const list = await ana.ask('@workbot connections', /ana@acme\.example/, {place});
      assert.ok(list.ephemeral);
      assert.equal(list.thread_ts, undefined, 'nobody would see it in a thread that has not begun');
      await nothingPublic();
    });

    test(`a mention in ${name}: the result is read by ${readers}`, async () => {
      const result = await ana.ask(`@workbot ${create(`M ${place}`)}`, /Created M/, {place});
      assert.equal(!!result.ephemeral, readers === 'ana');
      assert.equal(/as ana@acme\.example|as Ana Alvarez/.test(words(result)), readers === 'ana', words(result));
      await nothingPublic();
    });

    test(`a mention in ${name} that needs a login: a line for all, the prompt in the DM, the result where it belongs`, async () => {
      await logout();
      const prompt = await ana.prompt(`@workbot ${create(`L ${place}`)}`, {place});
      const line = await ana.sees(/Ana, I sent you a private message/, {place, after: ana.seen});
      assert.ok(!line.ephemeral);
      assert.match(words(line), /direct messages/, 'it says where to look');
      assert.deepEqual(labels(line), []);
      await login(prompt);
      const result = await ana.sees(new RegExp(`Created L ${place}`), {place: readers === 'all' ? place : 'dm'});
      assert.equal(result.ts === line.ts, readers === 'all');
      assert.equal(await own(`L ${place}`), 1);
      if (readers === 'ana') assert.match(words(await ana.sees(m => m.ts === line.ts, {place})), /private message/, 'the line stays');
      await nothingPublic();
    });
  }

  for (const place of ['dm', ...PLACES]) {
    test(`a slash command in ${place}: list, result and refusals are ephemerals by its own address`, async () => {
      await w.sandbox('DELETE', '/_faults');
      const from = (await w.calls({peer: 'slack', direction: 'in'})).length;
      for (const [text, fits] of [['connections', /ana@acme\.example/], ['', /What can I do/], [create(`S ${place}`), /Created S .*as (ana@acme|Ana Alvarez)/s], ['gibberish', /do not know/]]) {
        const before = (await ana.messages(place)).at(-1)?.ts || '0';
        const r = await ana.command(text, {place});
        assert.equal(r.answer ?? '', '', 'nothing shows at once');
        const m = await ana.sees(fits, {place, after: before});
        assert.ok(m.ephemeral, text);
      }
      await nothingPublic();
      const calls = (await w.calls({peer: 'slack', direction: 'in'})).slice(from);
      assert.deepEqual(calls.filter(c => /chat\./.test(c.path)).map(c => c.path), []);
      assert.equal(await own(`S ${place}`), 1);
    });
  }

  for (const place of ['sales', 'D0ANABEN1']) {
    test(`a slash command that needs a login in ${place}: all of it happens in the ephemeral`, async () => {
      await logout();
      await ana.command(create(`SL ${place}`), {place});
      const prompt = await ana.sees(loginUrl, {place});
      assert.ok(prompt.ephemeral);
      await ana.press(prompt, button(prompt, 'Log in to Salesforce').action);
      const code = await ana.browse(prompt);
      const asked = await ana.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)), {place});
      assert.match(words(asked), /direct message/);
      await ana.command(code, {place});
      const result = await ana.sees(m => m.ephemeral && new RegExp(`Created SL ${place}`).test(words(m)), {place});
      assert.equal(result.ts, prompt.ts, 'the prompt became the result');
      assert.equal(await own(`SL ${place}`), 1);
      await nothingPublic();
    });
  }

  test('connect by a slash command: the prompt is an ephemeral, Back takes it away in its place', async () => {
    await logout();
    await ana.command('connect salesforce', {place: 'random'});
    const prompt = await ana.sees(loginUrl, {place: 'random'});
    await ana.press(prompt, 'Back', {times: 2});
    const list = await ana.sees(m => m.ts === prompt.ts && /Your connections/.test(words(m)), {place: 'random'});
    assert.equal(loginUrl(list), undefined);
    await ana.press(list, 'Connect');
    const again = await ana.sees(m => m.ts === list.ts && loginUrl(m), {place: 'random'});
    await login(again);
    await ana.sees(/is connected/);
    await nothingPublic();
  });

  // --- ways that are closed, one after the other -------------------------------------------------

  const refuse = (path, error, times = -1) => w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'error', path, error, times});
  const uses = async () => (await w.calls({peer: 'slack', direction: 'in'})).filter(c => /\/slack\/response\//.test(c.path)).length;

  test('slack_gotcha_11_the_sixth_use_of_an_address_is_not_tried', async () => {
    await logout();
    const after = (await ana.messages('sales')).at(-1).ts;
    const typed = await ana.command(create('Sixth'), {place: 'sales'});
    const prompt = await ana.sees(loginUrl, {place: 'sales', after});
    await w.idle();
    await w.query('update response_use set uses = 5');
    const code = await ana.browse(prompt);
    const asked = await ana.sees(/6-digit code/, {place: 'sales', after: prompt.ts});
    assert.ok(asked.ephemeral, 'the next way');
    await ana.say(code);
    await ana.sees(/Created Sixth/, {place: 'sales', after: prompt.ts});
    await w.idle();
    const path = new URL(typed.response_url).pathname;
    assert.equal((await w.calls({peer: 'slack', direction: 'in'})).filter(c => c.path === path).length, 1);
    assert.equal(await own('Sixth'), 1);
    await nothingPublic();
  });

  for (const [place, next] of [['sales', 'sales'], ['random', 'dm'], ['D0ANABEN1', 'dm']]) {
    test(`slack_gotcha_11_an_address_that_is_used_up_in_${place}_is_left_for_${next === 'dm' ? 'the DM' : 'an ephemeral'}`, async () => {
      await w.sandbox('PUT', '/_config', {slack: {response_url_ttl_ms: 0}});
      const before = {[place]: (await ana.messages(place)).at(-1)?.ts || '0', dm: (await ana.messages()).at(-1).ts};
      await ana.command('connections', {place});
      const list = await ana.sees(/Your connections/, {place: next, after: before[next]});
      assert.equal(!!list.ephemeral, next !== 'dm');
      await w.sandbox('PUT', '/_config', {slack: {response_url_ttl_ms: 1800000}});
      await nothingPublic();
    });
  }

  test('slack_gotcha_13_whoever_took_longer_than_the_address_lasts_is_answered_where_it_stays', async () => {
    await logout();
    const after = (await ana.messages('sales')).at(-1).ts;
    await ana.command(create('Took long'), {place: 'sales'});
    const prompt = await ana.sees(loginUrl, {place: 'sales', after});
    const code = await ana.browse(prompt);
    await w.idle();
    await w.query("update message set response_until = now() - interval '1 minute' where response_until is not null");
    const before = {calls: await uses(), ts: (await ana.messages()).at(-1).ts};
    await ana.say(code);
    const result = await ana.sees(/Created Took long/, {after: before.ts});
    assert.ok(!result.ephemeral, 'an ephemeral in the channel is seen by whoever looks there now, and by nobody later');
    assert.equal(await uses(), before.calls, 'an address that is over is not tried');
    assert.equal(await own('Took long'), 1);
    await nothingPublic();
  });

  test('the DM is closed, too: a line without details stands where it was asked for', async () => {
    await logout();
    await refuse('conversations.open', 'cannot_dm_bot');
    await w.query("update chat_user set dm_channel = null where user_id = 'U0ANA0001'");
    await ana.say(`@workbot ${create('No DM')}`, {place: 'sales'});
    const line = await ana.sees(/did not arrive/, {place: 'sales', after: ana.seen});
    assert.ok(!line.ephemeral);
    assert.match(words(line), /Ana/);
    await w.sandbox('DELETE', '/_faults');
    await nothingPublic();
    const again = await ana.ask('pending', /Create an opportunity|No DM/);
    assert.ok(again, 'what waits is found in the DM');
    await ana.say('cancel');
    await w.idle();
  });

  test('every way is closed where the bot is no member: nothing is said anywhere', async () => {
    const before = await w.count('message', "state = 'failed'");
    await refuse('conversations.open', 'cannot_dm_bot');
    await w.query("update chat_user set dm_channel = null where user_id = 'U0ANA0001'");
    await w.sandbox('PUT', '/_config', {slack: {response_url_ttl_ms: 0}});
    await ana.command('connections', {place: 'random'});
    await until('the message to be given up', async () => await w.count('message', "state = 'failed'") > before);
    await w.sandbox('PUT', '/_config', {slack: {response_url_ttl_ms: 1800000}});
    await w.sandbox('DELETE', '/_faults');
    await nothingPublic();
  });

  test('a prompt that was deleted in the chat: what becomes of it is posted anew', async () => {
    const prompt = await ana.prompt('connect salesforce');
    await refuse('chat.update', 'message_not_found', 1);
    await login(prompt);
    await ana.sees(/is connected/);
    await w.idle();
    assert.equal(await w.count('message', "state = 'failed' and error_code = 'chat_message_gone'"), 0);
  });

  test('one person\'s message that the platform takes ages for keeps nobody else\'s back', async () => {
    await w.idle();
    await w.fault('slow', {peer: 'slack', path: 'chat.postMessage', times: 1, delay_ms: 12000});
    await ana.say(`@workbot ${create('Slow one')}`, {place: 'sales'});
    await until('the slow post to be under way', async () => await w.fired('slow') === 1);
    const began = Date.now();
    await cleo.ask(`@workbot help`, /What can I do/, {place: 'sales'});
    const other = await cleo.ask(`@workbot team note`, m => m.is_bot, {place: 'sales'});
    assert.ok(other && Date.now() - began < 12000, 'while the slow one was under way');
    await w.idle();
  });
});

describe('slack channels that others read by now', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
  });
  after(() => w?.stop());

  const share = async (channel, more = {}) => assert.ok((await w.sandbox('POST', '/_channel', {workspace: 'T0ACME001', channel, ...more, set: {is_ext_shared: true}})).ok);
  const asked = async channel => (await w.calls({peer: 'slack', path: 'conversations.info'})).filter(c => c.args?.channel === channel).length;
  const last = async place => (await ana.messages(place)).at(-1)?.ts || '0';
  const own = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const nothingFor = async (channel, name) => {
    await w.idle();
    assert.equal(await own(name), 1);
    const open = (await w.calls({peer: 'slack', direction: 'in'})).filter(c => /chat\.(postMessage|update)$/.test(c.path) && c.args?.channel === channel);
    for (const c of open) assert.ok(!JSON.stringify(c.args).includes(name), c.args.text);
    for (const m of await ana.messages(channel)) assert.ok(!m.is_bot || m.ephemeral || !words(m).includes(name), words(m));
  };
  const logout = async () => {
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
  };
  const login = async prompt => ana.say(await ana.browse(prompt));
  /** A button of ours, pressed by a member of this company in a channel where Slack does not say who else reads. */
  const pressed = async (channel, name) => w.signed('/slack/interactions', new URLSearchParams({payload: JSON.stringify({
    type: 'block_actions', api_app_id: 'A0WORKBOT', trigger_id: `1.2.${name.length}`, user: {id: 'U0ANA0001', team_id: 'T0ACME001'}, team: {id: 'T0ACME001'},
    channel: {id: channel}, container: {type: 'message', message_ts: '1790000000.000100', channel_id: channel}, message: {ts: '1790000000.000100'},
    actions: [{action_id: 'wb:run:1', block_id: 'wb:00000000-0000-4000-8000-000000000000:1', action_ts: `${Math.floor(Date.now() / 1000)}.${name.length}`,
      value: JSON.stringify({command: 'salesforce create opportunity', inputs: {name, close: '2026-12-31'}})}]})}).toString(), {type: 'application/x-www-form-urlencoded'});

  test('P8 a run that waited for its login in a channel that was shared meanwhile: the result comes by DM', async () => {
    const before = await last('dm');
    const prompt = await ana.prompt(`@workbot ${create('Parked Falcon')}`, {place: 'sales'});
    await ana.sees(/private message/, {place: 'sales', after: ana.seen});
    await share('C0SALES01');
    await login(prompt);
    await ana.sees(/Created Parked Falcon, as ana@acme\.example/, {after: before});
    await nothingFor('C0SALES01', 'Parked Falcon');
  });

  test('P8 the same where Slack gives the channel another id', async () => {
    await logout();
    const before = await last('dm');
    const prompt = await ana.prompt(`@workbot ${create('Moved Falcon')}`, {place: 'G0DEALS01'});
    await ana.sees(/private message/, {place: 'G0DEALS01', after: ana.seen});
    await share('G0DEALS01', {id: 'C0DEALS99'});
    await until('its place to be known', async () => await w.count('run', "place = 'shared' and channel = 'C0DEALS99'") === 1);
    await login(prompt);
    await ana.sees(/Created Moved Falcon, as ana@acme\.example/, {after: before});
    await nothingFor('C0DEALS99', 'Moved Falcon');
  });

  test('P8 a member\'s press in a shared channel is answered to that member alone; Slack is asked once in a while', async () => {
    const before = await asked('C0SHARED1');
    for (const name of ['Pressed Falcon one', 'Pressed Falcon second']) {
      assert.equal((await pressed('C0SHARED1', name)).status, 200);
      await ana.sees(m => m.ephemeral && words(m).includes(`Created ${name}`), {place: 'acme-otherco'});
      await nothingFor('C0SHARED1', name);
    }
    assert.equal(await asked('C0SHARED1'), before + 1);
  });

  test('P8 what Slack does not say of a place is taken for shared', async () => {
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'error', path: 'conversations.info', error: 'missing_scope', times: -1});
    assert.equal((await pressed('G0MPDM001', 'Unknown Falcon')).status, 200);
    await ana.sees(m => m.ephemeral && words(m).includes('Created Unknown Falcon'), {place: 'G0MPDM001'});
    await nothingFor('G0MPDM001', 'Unknown Falcon');
    await w.sandbox('DELETE', '/_faults');
  });

  test('P13 a mention that is answered at once asks nothing: its envelope says who reads', async () => {
    const before = (await w.calls({peer: 'slack', path: 'conversations.info'})).length;
    await ana.ask(`@workbot ${create('At once')}`, /Created At once/, {place: 'G0MPDM001'});
    await w.idle();
    assert.equal((await w.calls({peer: 'slack', path: 'conversations.info'})).length, before);
  });
});
