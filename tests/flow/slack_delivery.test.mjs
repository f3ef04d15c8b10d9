// What Slack does to those who answer late, twice, to themselves or too fast.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, create, loginUrl, start, until, words} from '../lib/flow.mjs';

describe('Slack delivers', () => {
  let w, ana;
  before(async () => {
    w = await start({globex: true});
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  test('slack_gotcha_01_acknowledged_before_the_work_is_done', async () => {
    await w.fault('slow', {method: 'POST', path: '/sobjects/', delay_ms: 4000}); // Slack gives 3 s
    const said = await ana.say(create('Slow work'));
    assert.equal(said.status, 200, JSON.stringify(said));
    assert.equal(said.attempts.length, 1, 'Slack had no reason to send it again');
    await until('the slow call to be under way', async () => await w.fired('slow') === 1);
    await ana.createdOnce('Slow work');
  });

  test('slack_gotcha_02_same_event_same_message_edited_mention_run_once', async () => {
    await ana.say(create('Same event'), {repeat: 3});
    await ana.say(create('Same message'), {repeat: 3, new_event_ids: true});
    await ana.createdOnce('Same event');
    await ana.createdOnce('Same message');
    const said = await ana.say(`<@U0BOTACME> ${create('Edited')}`, {place: 'sales', raw: true});
    await ana.sees(/Created Edited/, {place: 'sales'});
    const mention = {type: 'app_mention', channel: 'C0SALES01', user: 'U0ANA0001', text: `<@U0BOTACME> ${create('Edited')}`,
      ts: said.ts, event_ts: said.ts, team: 'T0ACME001', user_team: 'T0ACME001'};
    for (const edited of [{user: 'U0ANA0001', ts: said.ts}, undefined]) {
      assert.equal((await w.sandbox('POST', '/_deliver', {event: {...mention, edited}})).status, 200);
    }
    // Slack gives an edited mention a new event id; a new ts, too, must not make it a new command
    assert.equal((await w.sandbox('POST', '/_deliver', {event: {...mention, ts: `${Number(said.ts) + 5}`, edited: {user: 'U0ANA0001', ts: said.ts}}})).status, 200);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Edited').length, 1);
  });

  test('slack_gotcha_03_own_words_other_bots_and_link_previews_are_no_commands', async () => {
    const at = n => `${Math.floor(Date.now() / 1000)}.${300000 + n}`;
    const dm = {type: 'message', channel_type: 'im', channel: 'D0ANA0001', team: 'T0ACME001'};
    const bodies = [
      {...dm, user: 'U0BOTACME', bot_id: 'B0BOTACME', text: create('Own words'), ts: at(1), event_ts: at(1)},
      {...dm, user: 'U0OTHERBT', bot_id: 'B0OTHERBT', text: create('Other bot'), ts: at(2), event_ts: at(2)},
      {...dm, user: 'U0ANA0001', bot_id: 'B0OTHERBT', text: create('In her name'), ts: at(3), event_ts: at(3)},
      {...dm, subtype: 'bot_message', bot_id: 'B0OTHERBT', text: create('Old bot'), ts: at(4), event_ts: at(4)},
      {...dm, subtype: 'message_changed', hidden: true, ts: at(5), event_ts: at(5),
        message: {type: 'message', user: 'U0ANA0001', text: create('Preview'), ts: at(6), attachments: [{from_url: 'https://example.com'}]},
        previous_message: {type: 'message', user: 'U0ANA0001', text: create('Preview'), ts: at(6)}},
    ];
    const before = await w.count('run');
    for (const event of bodies) assert.equal((await w.sandbox('POST', '/_deliver', {event})).status, 200);
    await w.idle();
    assert.equal(await w.count('run'), before);
    assert.equal((await w.records()).filter(r => /Own words|Other bot|In her name|Old bot|Preview/.test(r.fields.Name)).length, 0);
  });

  test('slack_gotcha_19_a_429_rests_its_own_turn_and_keeps_the_order', async () => {
    const cleo = w.person('cleo'), gina = w.person('gina', 'T0GLOBEX1');
    await cleo.ask('help', /What can I do/);
    await gina.ask('help', /What can I do/);
    const limited = () => w.calls({peer: 'slack', path: 'chat.postMessage'}).then(list => list.filter(c => c.status === 429));
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: '429', path: 'chat.postMessage', times: 1, retry_after: 8});
    const began = Date.now();
    const said = [];
    for (const text of ['first unknown', 'second unknown', 'third unknown']) said.push(await ana.say(text));
    await until('Slack to have said 429', async () => (await limited()).length === 1);
    // others of the workspace, and other workspaces, are answered meanwhile
    await cleo.ask('help', /What can I do/);
    await gina.ask('help', /What can I do/);
    assert.ok(Date.now() - began < 8000, 'before the time that Slack asked for was over');
    await ana.sees(/third unknown/, {after: said[2].ts});
    assert.ok(Date.now() - began >= 8000, 'Ana\'s answers waited as long as Slack asked for');
    assert.equal((await limited()).length, 1, 'Slack was left alone meanwhile');
    const answers = (await ana.messages()).filter(m => m.is_bot && m.ts > said[0].ts).map(m => /(first|second|third) unknown/.exec(words(m))?.[1]);
    assert.deepEqual(answers, ['first', 'second', 'third'], 'in order, each once');
    assert.equal(await w.count('job', `workspace = '${ACME}' and state = 'dead'`), 0);
  });

  test('P1 what waits for its turn uses up no attempt: the last of many messages arrives', async () => {
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: '429', path: 'chat.postMessage', times: 2, retry_after: 1});
    const said = await ana.say('once more unknown');
    const waiting = "kind = 'send' and state = 'queued' and error_code = 'chat_limit'";
    await until('the answer to wait', async () => await w.count('job', waiting) === 1);
    await w.query(`update job set attempts = 19 where ${waiting}`); // as if it had been limited nineteen times
    await ana.sees(/once more unknown/, {after: said.ts});
  });
});

// What Slack may say of a place where the bot may not speak; the last one is of a Slack of tomorrow.
const REFUSALS = ['restricted_action', 'restricted_action_read_only_channel', 'cannot_reply_to_message', 'external_channel_migrating',
  'access_denied', 'a_word_that_nobody_knows'];

describe('Slack refuses to deliver', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.opensHome();
    await ana.home(/Not connected/);
  });
  after(() => w?.stop());

  const refuse = (path, error, times = -1) => w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'error', path, error, times});
  const allow = () => w.sandbox('DELETE', '/_faults');
  const last = async place => (await ana.messages(place)).at(-1)?.ts || '0';

  for (const error of REFUSALS) {
    test(`P8 P11 ${error}: a prompt, a list and the result of a finished write go on to the DM`, async () => {
      await ana.ask('disconnect salesforce', /Your connections|are not connected/);
      await w.idle();
      const before = {dm: await last('dm'), sales: await last('sales'), dead: await w.count('job', "state = 'dead'")};
      await refuse('chat.postEphemeral', error);
      await ana.say('@workbot connect salesforce', {place: 'sales'});
      const prompt = await ana.sees(loginUrl, {after: before.dm});
      await ana.say(await ana.browse(prompt));
      await ana.sees(/is connected/, {after: prompt.ts});

      await ana.say('@workbot connections', {place: 'sales'});
      const list = await ana.sees(/Your connections[^]*ana@acme\.example/, {after: prompt.ts});
      assert.ok(!list.ephemeral);

      await refuse('chat.postMessage', error, 1);
      await ana.say(`@workbot ${create(`R ${error}`)}`, {place: 'sales'});
      await ana.sees(m => words(m).includes(`Created R ${error}`) && /meant for the channel/.test(words(m)), {after: list.ts});
      await w.idle();
      assert.equal((await w.records()).filter(r => r.fields.Name === `R ${error}`).length, 1);
      assert.equal(await w.count('job', "state = 'dead'"), before.dead);
      assert.deepEqual((await ana.messages('sales')).filter(m => m.is_bot && m.ts > before.sales && !m.ephemeral).map(words), []);
      await allow();
    });

    test(`P8 P11 ${error} in the DM, too: a line without details stands where it was asked for`, async () => {
      const before = await last('sales');
      await refuse('chat.postEphemeral', error);
      await refuse('chat.postMessage', error, 1);
      await ana.say('@workbot connections', {place: 'sales'});
      const line = await ana.sees(/did not arrive/, {place: 'sales', after: before});
      assert.ok(!line.ephemeral);
      assert.doesNotMatch(words(line), /acme\.example|Salesforce/);
      await allow();
    });
  }

  test('P8 a result that may stand nowhere is told on the home page, without its words', async () => {
    await w.idle();
    await refuse('chat.postMessage', 'restricted_action');
    await ana.say(`@workbot ${create('Nowhere')}`, {place: 'sales'});
    await ana.home(/private message to you did not arrive/);
    await ana.home(/Create an opportunity · done/);
    await w.idle();
    await allow();
  });

  test('P8 Connect on the home page while the Messages tab is off: the page says what came of it', async () => {
    await ana.ask('disconnect salesforce', /Your connections|are not connected/);
    await w.idle();
    await refuse('chat.postMessage', 'messages_tab_disabled');
    await ana.opensHome();
    await ana.home(v => /Disconnected/.test(words(v)) && !/did not arrive/.test(words(v)));
    await ana.pressIn('home', 'Connect');
    const page = await ana.home(/did not arrive/);
    assert.doesNotMatch(words(page), /I sent you a private message/);
    assert.match(words(page), /\/workbot pending/);
    const before = await last('sales');
    await ana.command('pending', {place: 'sales'});
    assert.ok(loginUrl(await ana.sees(loginUrl, {place: 'sales', after: before})), 'the way that it names leads to the login');
    await w.idle();
    await allow();
    await ana.say('cancel');
    await w.idle();
  });

  test('P8 a prompt whose DM is not there any more is posted once, in the one that is', async () => {
    await w.query("update chat_user set dm_channel = 'D0GONE001' where user_id = 'U0ANA0001'");
    const before = await last('dm');
    await ana.say(`@workbot ${create('Stale')}`, {place: 'sales'});
    await ana.sees(loginUrl, {after: before});
    await w.idle();
    assert.equal((await ana.messages()).filter(m => m.ts > before && loginUrl(m)).length, 1);
    assert.equal((await w.one("select dm_channel from chat_user where user_id = 'U0ANA0001'")).dm_channel, 'D0ANA0001');
  });
});
