// P8: whatever holds a link, an account or a list of connections is readable by its user alone,
// wherever the command was typed.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, OPPORTUNITY, loginUrl, start, words} from '../lib/flow.mjs';

const SECRETS = /\/login\/|acme\.example|00Dxx|Log in to|Not connected|Your connections/;

describe('P8 private', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start();
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
  });
  after(() => w?.stop());

  /** Nothing in what Cleo can read, nor in anything that was ever posted where others read. */
  const nothingPublic = async () => {
    await w.idle();
    assert.doesNotMatch(await cleo.reads('dm', 'sales'), SECRETS);
    const posted = (await w.calls({peer: 'slack'})).filter(c => /chat\.(postMessage|update)$/.test(c.path) && /^C/.test(c.args?.channel || ''));
    for (const c of posted) assert.doesNotMatch(JSON.stringify(c.args), SECRETS);
  };

  test('failure_10_public_prompt P8 a command in a channel: a neutral line there, the prompt in the DM, the result in the line\'s place', async () => {
    const prompt = await ana.prompt(`@workbot ${OPPORTUNITY}`, {place: 'sales'});
    assert.ok(loginUrl(prompt));
    const line = await ana.sees(/I sent you a private message/, {place: 'sales'});
    assert.ok(!line.ephemeral, 'it stands for the run');
    await nothingPublic();
    await ana.say(await ana.browse(prompt));
    const result = await ana.sees(m => m.ts === line.ts && /Created Acme renewal/.test(words(m)), {place: 'sales'});
    assert.match(words(result), /as Ana/);
    await nothingPublic();
  });

  test('P8 the list, help and pending in a channel are seen by the asker alone', async () => {
    for (const [text, fits] of [['connections', /Your connections/], ['help', /What can I do/], ['pending', /Nothing waits/], ['personal accounts', /Your connections/], ['gibberish', /do not know/]]) {
      const m = await ana.ask(`@workbot ${text}`, fits, {place: 'sales'});
      assert.ok(m.ephemeral, `${text} is ephemeral`);
    }
    await nothingPublic();
  });

  test('failure_09_link_in_a_thread P8 in a thread the neutral line and the answer stay in the thread, the prompt in the DM', async () => {
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const root = await cleo.say('Shall we?', {place: 'sales'});
    const prompt = await ana.prompt(`@workbot salesforce create opportunity name: Threaded close: 2026-12-31`, {place: 'sales', thread_ts: root.ts});
    const line = await ana.sees(m => m.is_bot && /private message/.test(words(m)) && m.thread_ts === root.ts, {place: 'sales'});
    await nothingPublic();
    await ana.say(await ana.browse(prompt));
    const result = await ana.sees(m => m.ts === line.ts && /Created Threaded/.test(words(m)), {place: 'sales'});
    assert.equal(result.thread_ts, root.ts);
    await nothingPublic();
  });

  test('P8 connect and disconnect in a channel: told privately, done in the DM', async () => {
    const list = await ana.ask('@workbot disconnect salesforce', /Your connections/, {place: 'sales'});
    assert.ok(list.ephemeral);
    await w.idle();
    const before = (await ana.messages()).at(-1).ts;
    const told = await ana.ask('@workbot connect salesforce', /sent you a private message/, {place: 'sales'});
    assert.ok(told.ephemeral);
    const prompt = await ana.sees(m => m.ts > before && m.is_bot && loginUrl(m));
    await nothingPublic();
    await ana.say(await ana.browse(prompt));
    await ana.sees(/is connected/);
    await nothingPublic();
  });

  test('P8 questions about missing inputs go to the DM', async () => {
    await ana.ask('@workbot salesforce create opportunity name: Asked in private', /Enter close/, {place: 'sales', see: 'dm'});
    await ana.say('2026-12-31');
    await ana.sees(/Created Asked in private, as Ana/, {place: 'sales'});
    await nothingPublic();
  });

  for (const [place, channel] of [['the bot is not in the channel', 'C0RANDOM1'], ['the bot cannot see the channel', 'C0BOARD01'], ['the channel is archived', 'C0OLDCHN1']]) {
    test(`failure_11_no_prompt_at_all P8 the private way fails (${place}): it comes by DM`, async () => {
      const before = (await ana.messages()).at(-1).ts;
      const body = w.dm('<@U0BOTACME> connections', {channel, type: 'app_mention', channel_type: 'channel'});
      assert.equal((await w.signed('/slack/events', body)).status, 200);
      const list = await ana.sees(/Your connections/, {after: before});
      assert.match(words(list), /ana@acme\.example/);
      await nothingPublic();
    });
  }

  const result = name => m => m.is_bot && new RegExp(`Created ${name}`).test(words(m)) && /meant for the channel where you typed it/.test(words(m));

  test('P8 the bot cannot write where the command was typed: the result comes by DM and says where it was meant for', async () => {
    const body = w.dm('<@U0BOTACME> salesforce create opportunity name: From outside close: 2026-12-31', {channel: 'C0RANDOM1', type: 'app_mention', channel_type: 'channel'});
    assert.equal((await w.signed('/slack/events', body)).status, 200);
    await ana.sees(result('From outside'));
    await w.idle();
    assert.equal((await ana.messages()).filter(result('From outside')).length, 1);
    assert.equal((await w.records()).filter(r => r.fields.Name === 'From outside').length, 1);
  });

  test('P8 a result that is ready while the line before it is being refused is not lost', async () => {
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    await w.fault('slow', {peer: 'slack', path: 'chat.postMessage', times: 2, delay_ms: 5000}); // the answer, not the effect
    const after = (await ana.messages()).at(-1).ts;
    const body = w.dm('<@U0BOTACME> salesforce create opportunity name: Ready early close: 2026-12-31', {channel: 'C0RANDOM1', type: 'app_mention', channel_type: 'channel'});
    assert.equal((await w.signed('/slack/events', body)).status, 200);
    const prompt = await ana.sees(loginUrl, {after});
    await ana.say(await ana.browse(prompt));
    await ana.sees(result('Ready early'));
    await w.idle();
    assert.equal((await ana.messages()).filter(result('Ready early')).length, 1);
  });

  test('P8 the bot was removed from the channel meanwhile: the result comes by DM', async () => {
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await ana.prompt('@workbot salesforce create opportunity name: Removed close: 2026-12-31', {place: 'sales'});
    const line = await ana.sees(/I sent you a private message/, {place: 'sales', after: ana.seen});
    await w.idle();
    // as if that line stood where the bot is no member
    await w.query("update message set channel = 'C0RANDOM1' where platform_id = $1", [line.ts]);
    await ana.say(await ana.browse(prompt));
    await ana.sees(result('Removed'));
    await w.idle();
    assert.equal((await ana.messages()).filter(result('Removed')).length, 1);
    await nothingPublic();
  });

  test('P8 the person is not in the channel any more: it comes by DM', async () => {
    const body = w.dm('<@U0BOTACME> connections', {user: 'U0CLEO001', channel: 'C0SHARED1', type: 'app_mention', channel_type: 'channel'});
    assert.equal((await w.signed('/slack/events', body)).status, 200);
    await cleo.sees(/Your connections/);
  });

  test('P8 an account that is not proven yet is shown to nobody: not to who asked, not by the API', async () => {
    const STRANGE = /cleo@acme|Cleo Chen|005xx000000CLE1AAO/;
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await ana.prompt('connect salesforce');
    await cleo.browse(prompt, 'cleo@acme.example');
    const looks = async () => {
      for (const [text, fits] of [['connections', /Your connections/], ['pending', /./], ['salesforce', /./], ['salesforce find opportunity name: x', /waits for the Salesforce code|Log in/]]) {
        await ana.ask(text, fits);
      }
      await w.idle();
      const api = await Promise.all(['/personal-connections', '/people', '/audit', '/runs', '/connections/acme-salesforce'].map(path => w.must('GET', `/workspaces/${ACME}${path}`)));
      for (const text of [await ana.reads('dm', 'sales'), ...api.map(a => a.text)]) assert.doesNotMatch(text, STRANGE);
    };
    await looks();
    const asked = await ana.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)));
    await ana.press(asked, 'Back'); // a command has come to wait for this login since: it is asked about
    await ana.press(await ana.sees(/Cancel what waits for this login, too\?/), 'Back');
    await ana.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    await looks();
    assert.match(words(await ana.ask('connections', /Your connections/)), /ana@acme\.example/, 'her own of before is there');
  });
});
