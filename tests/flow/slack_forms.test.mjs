// Forms: missing inputs in a modal where a trigger is at hand, errors at their fields, and nothing
// lost when the time for one is over, the service dies or the form is sent twice.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {SLOWNESS, button, labels, start, until, viewWords, words} from '../lib/flow.mjs';

const ACME = 'slack:T0ACME001';
const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const write = fields => [{id: 'opp', connection: 'salesforce', action: 'create_record',
  with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}}];
const LONG = 'A stage whose name is far longer than the seventy-five characters that a menu takes as a value, and then some';

const KINDS = {name: 'kinds', title: 'All kinds of inputs in one form', command: 'salesforce all kinds', hint: 'Tries them all', allow: 'everyone', connections: SALESFORCE,
  inputs: [{name: 'deal', required: true, hint: 'Deal name', sample: 'Acme renewal'}, {name: 'amount', type: 'number', required: true},
    {name: 'close', type: 'date', required: true}, {name: 'stage', required: true, options: [{label: 'Early', value: 'Prospecting'}, {label: 'Long', value: LONG}]},
    {name: 'urgent', type: 'boolean', required: true}, {name: 'note', multiline: true},
    {name: 'city', options: Array.from({length: 150}, (_, i) => ({label: `City ${i}`, value: `c${i}`}))}],
  steps: write({Name: '{{inputs.deal}}', Amount: '{{inputs.amount}}', CloseDate: '{{inputs.close}}', Description: '{{inputs.urgent}}/{{inputs.stage}}/{{inputs.city}}/{{inputs.note}}'}),
  reply: {text: 'Made {{inputs.deal}}'}};
const block = (view, id) => view.blocks.find(b => b.block_id === id);

describe('forms', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
    await w.putRecipe(ACME, KINDS);
  });
  after(() => w?.stop());

  const record = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name));
  const opened = async (text, title = /./) => {
    await ana.command(text);
    return ana.modal(v => title.test(v.title.text));
  };
  const run = async where => w.one(`select id, state, asking from run where ${where} order by created_at desc limit 1`);

  test('a slash command with missing inputs opens a form: each input by its kind, what was given filled in', async () => {
    const view = await opened('salesforce all kinds deal: Half given amount: lots close: 2026-11-30');
    assert.ok(view.title.text.length <= 24);
    assert.match(viewWords(view), /All kinds of inputs in one form/);
    assert.deepEqual(Object.keys(JSON.parse(JSON.stringify({m: view.private_metadata}))), ['m']);
    assert.equal(view.private_metadata, (await run("recipe = 'kinds'")).id, 'nothing but the id of the run');
    const kinds = Object.fromEntries(view.blocks.filter(b => b.type === 'input').map(b => [b.block_id, b.element.type]));
    assert.deepEqual(kinds, {deal: 'plain_text_input', amount: 'number_input', close: 'datepicker', stage: 'static_select', urgent: 'radio_buttons', note: 'plain_text_input', city: 'external_select'});
    assert.equal(block(view, 'deal').element.initial_value, 'Half given');
    assert.equal(block(view, 'deal').element.placeholder.text, 'Acme renewal');
    assert.equal(block(view, 'deal').hint.text, 'Deal name');
    assert.equal(block(view, 'amount').element.initial_value, undefined);
    assert.match(block(view, 'amount').hint.text, /lots does not fit\. That is not a number/);
    assert.equal(block(view, 'close').element.initial_date, '2026-11-30');
    assert.equal(block(view, 'note').element.multiline, true);
    assert.equal(block(view, 'note').optional, true);
    for (const required of ['deal', 'urgent']) assert.equal(block(view, required).optional, false, required);
    assert.ok(block(view, 'stage').element.options.every(o => o.value.length <= 75));
    await ana.closes();
    await ana.ask('cancel', /Cancelled: All kinds/);
  });

  test('what was sent runs, with the types and values of the recipe', async () => {
    await opened('salesforce all kinds');
    assert.equal((await ana.act('/_suggest', {action: 'city', value: ''})).options.length, 100);
    const cities = await ana.act('/_suggest', {action: 'city', value: 'city 14'});
    assert.deepEqual(cities.options.map(o => o.text.text), ['City 14', 'City 140', 'City 141', 'City 142', 'City 143', 'City 144', 'City 145', 'City 146', 'City 147', 'City 148', 'City 149']);
    const sent = await ana.submit({deal: 'From a form', amount: '12.5', close: '2026-10-31', stage: 'Long', urgent: 'yes', note: 'one\ntwo', city: 'City 142'});
    assert.equal(sent.closed, true, JSON.stringify(sent));
    assert.equal(sent.answer ?? '', '', 'an empty body closes it');
    await ana.sees(/Made From a form/);
    const [r] = await record('From a form');
    assert.deepEqual([Number(r.fields.Amount), r.fields.CloseDate, r.fields.Description], [12.5, '2026-10-31', `true/${LONG}/c142/one\ntwo`]);
  });

  test('errors stand at their fields, and the form stays open', async () => {
    await opened('salesforce all kinds');
    const bad = await ana.submit({deal: '  ', amount: '5k', close: '2026-02-30', stage: null, urgent: null}, {force: true});
    assert.equal(bad.status, 200);
    assert.deepEqual(Object.keys(bad.errors).sort(), ['amount', 'close', 'deal', 'stage']);
    assert.match(bad.errors.amount, /not a number/);
    assert.match(bad.errors.close, /there is no 30 February 2026/);
    assert.match(bad.errors.deal, /fill this in/);
    const good = await ana.submit({deal: 'Second try', amount: '5', close: '2026-02-28', stage: 'Early', urgent: 'no'});
    assert.equal(good.closed, true, JSON.stringify(good));
    await ana.sees(/Made Second try/);
    const [r] = await record('Second try');
    assert.equal(r.fields.Description.split('/')[0], 'false');
  });

  test('slack_gotcha_04 a form closes by an empty body, and whatever else is said is JSON that Slack knows', async () => {
    await opened('salesforce create opportunity');
    const bad = await ana.submit({name: 'Empty body', close: 'never'}, {force: true});
    assert.equal(JSON.parse(typeof bad.answer === 'string' ? bad.answer : JSON.stringify(bad.answer)).response_action, 'errors');
    const good = await ana.submit({name: 'Empty body', close: '2026-12-31'});
    assert.ok(!good.answer, JSON.stringify(good));
    assert.equal(good.refused, undefined);
    await ana.noModal();
  });

  test('an answer by a button stands in the question, whose buttons go; two of one title tell themselves apart', async () => {
    await w.putRecipe(ACME, {...KINDS, name: 'rate', title: 'Rate', command: 'salesforce rate', inputs: [KINDS.inputs[0], KINDS.inputs[3]],
      steps: write({Name: '{{inputs.deal}}', Description: '{{inputs.stage}}'})});
    const asked = await ana.ask('salesforce rate deal: First of two', /Rate[\s\S]*First of two[\s\S]*Enter stage/);
    await ana.ask('salesforce rate deal: Second of two', /Second of two/);
    await ana.press(asked, 'Early');
    await ana.sees(m => m.ts === asked.ts && /stage: Early/.test(words(m)) && labels(m).length === 0);
    await ana.sees(/Made First of two/);
    await ana.ask('cancel', /Cancelled: Rate/);
  });

  test('a name given twice is said to be', async () => {
    await ana.ask('salesforce create opportunity name: A name: B', /more than one value was given for: name/);
  });

  test('a button of a reply opens the form, and the result comes to where it was pressed', async () => {
    const made = await ana.ask('@workbot salesforce create opportunity name: Public close: 2026-12-31', /Created Public/, {place: 'sales'});
    await w.idle();
    await ana.press(made, button(made, 'Add a task').action);
    const view = await ana.modal(v => block(v, 'subject'));
    assert.equal(block(view, 'about'), undefined, 'what the button gives nobody changes');
    const blank = Object.fromEntries(view.blocks.filter(b => b.type === 'input' && !b.optional && !b.element.initial_value).map(b => [b.block_id, b.element.type === 'datepicker' ? '2026-12-01' : 'Call them']));
    const sent = await ana.submit(blank);
    assert.equal(sent.closed, true, JSON.stringify(sent));
    await w.idle();
    await ana.sees(m => m.is_bot && m.ts > made.ts && /task/i.test(words(m)), {place: 'sales'});
  });

  test('a typed message is asked question by question, with a button for the form', async () => {
    const asked = await ana.ask('salesforce create opportunity', /Enter name/);
    assert.deepEqual(labels(asked), ['Fill in a form']);
    await ana.press(asked, 'Fill in a form');
    await ana.modal(v => block(v, 'name'));
    assert.equal((await ana.submit({name: 'By the button', close: '2026-12-31'})).closed, true);
    await ana.sees(/Created By the button/);
    await w.idle();
    const over = await ana.sees(m => m.ts === asked.ts && /Filled in/.test(words(m)));
    assert.deepEqual(labels(over), [], 'it is done: there is nothing to fill in any more');
  });

  test('slack_gotcha_10_a trigger that has expired: asked in private, with a button that opens the form', async () => {
    for (const error of ['expired_trigger_id', 'trigger_expired', 'exchanged_trigger_id', 'trigger_exchanged', 'invalid_trigger_id']) {
      await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'error', error, path: 'views.open', times: 1});
      const from = (await ana.messages()).at(-1)?.ts ?? '0';
      await ana.command(`salesforce create opportunity name: ${error}`);
      const asked = await ana.sees(m => m.is_bot && labels(m).includes('Open the form'), {after: from});
      assert.match(words(asked), /Enter close/);
      await ana.press(asked, 'Open the form');
      await ana.modal(v => block(v, 'name')?.element.initial_value === error);
      assert.equal((await ana.submit({close: '2026-12-31'})).closed, true);
      assert.equal((await record(error)).length, 1);
    }
  });

  test('slack_gotcha_10_Slack is slow, broken or cuts the line: the same, and answers can be typed', async () => {
    for (const fault of ['5xx', 'cut', 'html']) {
      await w.sandbox('PUT', '/_faults', {peer: 'slack', fault, path: 'views.open', times: 1});
      const from = (await ana.messages()).at(-1)?.ts ?? '0';
      await ana.command(`salesforce create opportunity name: typed ${fault}`);
      await ana.sees(/Enter close/, {after: from});
      await ana.ask('2026-12-31', new RegExp('Created typed ' + fault));
    }
  });

  test('what is typed while a form is open is no answer to it; pending opens it again; closing it does no harm', async () => {
    await opened('salesforce create opportunity');
    await ana.ask('hello there', /do not know that command/);
    await ana.closes();
    const list = await ana.ask('pending', /Waiting for you/);
    await ana.press(list, 'Go on');
    await ana.modal(v => block(v, 'name'));
    assert.equal((await ana.submit({name: 'Opened again', close: '2026-12-31'})).closed, true);
    assert.equal((await record('Opened again')).length, 1);
  });

  test('a form survives a restart of the service and kill -9 after its commit: it runs exactly once', async () => {
    await opened('salesforce create opportunity');
    await w.restart();
    await w.fault('slow', {delay_ms: 1500, path: 'sobjects'});
    assert.equal((await ana.submit({name: 'Survivor', close: '2026-12-31'})).closed, true);
    await w.kill();
    await w.startReplica(0);
    await until('the run to end', async () => (await run("recipe = 'create-opportunity'")).state === 'done');
    assert.equal((await record('Survivor')).length, 1);
  });

  test('a form sent twice runs once', async () => {
    await opened('salesforce create opportunity');
    const sent = await ana.submit({name: 'Twice', close: '2026-12-31'}, {times: 2});
    assert.ok(sent.attempts.every(a => a.status === 200), JSON.stringify(sent));
    assert.equal((await record('Twice')).length, 1);
    assert.equal(await w.count('run', "recipe = 'create-opportunity' and state = 'asking'"), 0);
  });

  test('a form whose command was cancelled, has expired or has run says so', async () => {
    for (const [state, says] of [['cancelled', /was cancelled/], ['expired', /has expired/], ['done', /has run already/]]) {
      await opened('salesforce create opportunity');
      await w.query("update run set state = $1, ended_at = now(), expires_at = null where state = 'asking'", [state]);
      const sent = await ana.submit({name: `Never ${state}`, close: '2026-12-31'});
      assert.equal(sent.closed, false, JSON.stringify(sent));
      await ana.modal(says);
      assert.equal((await record(`Never ${state}`)).length, 0);
      await ana.closes({all: true});
    }
  });

  test('somebody else\'s form is refused', async () => {
    const view = await opened('salesforce create opportunity');
    await ana.closes();
    const payload = {type: 'view_submission', api_app_id: 'A0WORKBOT', team: {id: 'T0ACME001'}, user: {id: 'U0CLEO001', team_id: 'T0ACME001'},
      view: {...view, state: {values: {name: {name: {type: 'plain_text_input', value: 'Stolen'}}, close: {close: {type: 'datepicker', selected_date: '2026-12-31'}}}}}};
    const r = await w.signed('/slack/interactions', 'payload=' + encodeURIComponent(JSON.stringify(payload)), {type: 'application/x-www-form-urlencoded'});
    assert.equal(r.status, 200);
    assert.match(r.text, /not yours/);
    assert.equal((await record('Stolen')).length, 0);
    await ana.ask('cancel', /Cancelled/);
  });

  test('the result of a slash command\'s form is for its user alone; of a button in a thread it stands in the thread', async () => {
    const ben = w.person('ben');
    await ana.command('salesforce create opportunity name: For me alone', {place: 'sales'});
    await ana.modal(v => block(v, 'name')?.element.initial_value === 'For me alone');
    assert.equal((await ana.submit({close: '2026-12-31'})).closed, true);
    assert.ok((await ana.sees(/Created For me alone/, {place: 'sales'})).ephemeral);
    assert.ok(!(await ben.reads('sales')).includes('For me alone'));
    const asked = await ana.say('@workbot salesforce create opportunity name: Threaded close: 2026-12-31', {place: 'sales'});
    const made = await ana.sees(/Created Threaded/, {place: 'sales'});
    assert.equal(made.thread_ts, asked.ts);
    await w.idle();
    await ana.press(made, 'Add a task');
    await ana.modal(v => block(v, 'subject'));
    assert.equal((await ana.submit({subject: 'In the thread'})).closed, true);
    const task = await ana.sees(/Added the task In the thread/, {place: 'sales'});
    assert.equal(task.thread_ts, asked.ts);
    assert.ok(!task.ephemeral);
  });

  test('people of other organisations get no form taken, and learn nothing', async () => {
    const view = await opened('salesforce create opportunity');
    await ana.closes();
    const payload = {type: 'view_submission', api_app_id: 'A0WORKBOT', team: {id: 'T0OTHERCO'}, user: {id: 'U0SID0001', team_id: 'T0OTHERCO'}, view};
    const r = await w.signed('/slack/interactions', 'payload=' + encodeURIComponent(JSON.stringify(payload)), {type: 'application/x-www-form-urlencoded'});
    assert.equal(r.status, 200);
    assert.match(r.text, /only work for members/);
    assert.doesNotMatch(r.text, /opportunity/);
    await ana.ask('cancel', /Cancelled/);
  });

  test('the database away: an error at the form that says try again, in time, and nothing is lost', async () => {
    await opened('salesforce create opportunity');
    const lock = await w.hold("select * from run where state = 'asking' for update");
    const began = Date.now();
    const late = await ana.submit({name: 'Patience', close: '2026-12-31'});
    assert.ok(Date.now() - began < 3000 * SLOWNESS, `answered after ${Date.now() - began} ms`);
    assert.match(JSON.stringify(late.errors), /press the button again/);
    await lock.release();
    await w.idle();
    assert.equal((await record('Patience')).length, 0, 'nobody waited for it any more');
    assert.equal((await ana.submit({name: 'Patience', close: '2026-12-31'})).closed, true);
    assert.equal((await record('Patience')).length, 1);
  });

  test('the shortcut "connections" shows them as a page, and what is pressed there changes it', async () => {
    await ana.shortcut('wb_connections');
    const page = await ana.modal(/Your connections[\s\S]*Salesforce/);
    assert.ok(button(page, 'Disconnect'));
    await ana.pressIn('modal', 'Disconnect');
    await ana.modal(v => /Disconnected/.test(viewWords(v)) && button(v, 'Connect'));
    await ana.pressIn('modal', 'Connect');
    await ana.modal(v => button(v, 'Log in to Salesforce'));
    await ana.closes({all: true});
    await w.idle();
    await ana.connect();
  });

  test('the shortcut on a message: pick a command, its words go into the first text, then the form', async () => {
    const said = await ana.say('Big deal with <Acme & Co>', {place: 'sales'});
    await ana.shortcut('wb_use', {message: said});
    const pick = await ana.modal(v => block(v, 'command'));
    assert.equal(block(pick, 'text').element.initial_value, 'Big deal with <Acme & Co>');
    assert.ok(block(pick, 'command').element.options.some(o => o.text.text === 'Create an opportunity'));
    const next = await ana.submit({command: 'Create an opportunity'});
    assert.equal(next.closed, false, JSON.stringify(next));
    const form = await ana.modal(v => block(v, 'close'));
    assert.equal(block(form, 'name').element.initial_value, 'Big deal with <Acme & Co>');
    assert.equal((await ana.submit({close: '2026-12-31'})).closed, true);
    assert.equal((await record('Big deal with <Acme & Co>')).length, 1);
  });
});

describe('forms behind a backlog', () => {
  const WORKSPACES = 120, EACH = 20, HERE = 1000;
  let w, ana;
  before(async () => {
    w = await start({env: {WORKBOT_WORKERS: '2'}});
    ana = w.person('ana');
    await ana.connect();
    // they share one token, so Slack is not to say whose it is
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: '5xx', path: 'auth.test', times: -1});
    for (let i = 0; i < WORKSPACES; i++) {
      await w.must('PUT', `/workspaces/slack:T0CROWD${i}`, {name: `Crowd ${i}`, installer: 'U0GHOST0', bot_token: 'xoxb-sample-acme-0001', bot_user_id: 'U0BOTACME'});
    }
  });
  after(() => w?.stop());

  test('P13 thousands of jobs wait, here and in many workspaces: the form opens while its trigger lasts', async t => {
    // each of these asks Slack who that is, which takes a while: the queue stands
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'slow', path: 'users.info', delay_ms: 60, times: -1});
    const bodies = [];
    for (let i = 0; i < HERE; i++) bodies.push(w.dm('help', {user: `U0GHOST${i}`, channel: `D0GHOST${i}`}));
    for (let n = 0; n < EACH; n++) for (let i = 0; i < WORKSPACES; i++) bodies.push(w.dm('help', {user: `U0GHOST${n}`, channel: `D0GHOST${n}`, team: `T0CROWD${i}`}));
    for (let i = 0; i < bodies.length; i += 50) {
      const answers = await Promise.all(bodies.slice(i, i + 50).map(b => w.signed('/slack/events', b)));
      assert.ok(answers.every(a => a.status === 200), JSON.stringify(answers.find(a => a.status !== 200)));
    }
    const took = [];
    for (const n of [1, 2, 3]) {
      const began = Date.now();
      await ana.command(`salesforce create opportunity name: Overtakes ${n}`);
      await ana.modal(v => block(v, 'name')?.element.initial_value === `Overtakes ${n}`);
      took.push(Date.now() - began);
      await ana.closes();
    }
    const waiting = await w.count('job', "state = 'queued'");
    t.diagnostic(`opened after ${took.join(', ')} ms with ${waiting} jobs waiting`);
    assert.ok(waiting > 2000, `${waiting} jobs were waiting`);
    assert.ok(Math.max(...took) < 3000 * SLOWNESS, `opened after ${took} ms`);
    await w.sandbox('DELETE', '/_faults?peer=slack');
  });
});
