// Inputs of type date_time: an instant, typed by the clock of who types, picked in a form, given to apps in UTC.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, cardInputs, labels, start, viewWords, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const VISIT = {name: 'visit', title: 'Plan a visit', command: 'salesforce plan visit', allow: 'everyone', connections: SALESFORCE,
  inputs: [{name: 'who', required: true}, {name: 'when', type: 'date_time', required: true}, {name: 'until', type: 'date_time'}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity',
    fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', Name: '{{inputs.who}}', NextStep: '{{inputs.when}}', Description: '{{inputs.until}}'}}}],
  reply: {text: 'Planned {{inputs.who}}', fields: [{label: 'Begins', value: '{{inputs.when}}'}]}};
const LATER = {...VISIT, name: 'later', title: 'Plan a call', command: 'salesforce plan call',
  inputs: [{name: 'who', required: true}, {name: 'when', type: 'date_time', default: '2026-12-24 18:00'}, {name: 'until', type: 'date_time', default: '2026-12-24T19:00:00+01:00'}]};
const BUTTONS = {name: 'visits', title: 'Visits', command: 'salesforce visits', allow: 'everyone', connections: SALESFORCE, inputs: [],
  steps: [{id: 'found', connection: 'salesforce', action: 'query', with: {soql: "SELECT Id FROM Opportunity WHERE Name = 'nobody'"}}],
  reply: {text: 'Choose', buttons: [{title: 'Bound', command: VISIT.command, inputs: {who: 'From a button', when: '2026-12-01T14:00:00.000+0000'}}]}};

// [zone, what is typed, the instant]: winter, summer, half an hour, unknown
const CLOCKS = [
  ['Europe/Zurich', '2026-12-01 14:00', '2026-12-01T13:00:00Z'], ['Europe/Zurich', '2026-07-01T9:05', '2026-07-01T07:05:00Z'],
  ['Europe/Zurich', '2026-03-29 01:59:59', '2026-03-29T00:59:59Z'], ['Europe/Zurich', '2026-03-29 03:00', '2026-03-29T01:00:00Z'],
  ['America/New_York', '2026-12-01 14:00', '2026-12-01T19:00:00Z'], ['America/New_York', '2026-07-01 20:30', '2026-07-02T00:30:00Z'],
  ['Asia/Kolkata', '2026-12-01 14:00', '2026-12-01T08:30:00Z'], ['Asia/Kolkata', '2027-01-01 03:00', '2026-12-31T21:30:00Z'],
  ['Asia/Kolkata', '2026-12-01 14:00 Z', '2026-12-01T14:00:00Z'], ['America/New_York', '2026-12-01T14:00:00.250+0530', '2026-12-01T08:30:00Z'],
];

const record = async (w, name) => (await w.idle(), (await w.records()).find(r => r.fields.Name === name))?.fields;
const put = async (w, workspace) => { for (const recipe of [VISIT, LATER, BUTTONS]) await w.putRecipe(workspace, recipe); };

describe('date_time in Slack', () => {
  let w, ana;
  const lives = zone => w.query('update chat_user set time_zone = $1 where workspace = $2', [zone, ACME]);
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
    await put(w, ACME);
  });
  after(() => w?.stop());

  test('what is typed is read by the clock of who types it', async () => {
    for (const [i, [zone, typed, instant]] of CLOCKS.entries()) {
      await lives(zone);
      await ana.ask(`salesforce plan visit who: Clock ${i} when: ${typed}`, new RegExp(`Planned Clock ${i}\\b`));
      assert.equal((await record(w, `Clock ${i}`)).NextStep, instant, `${typed} in ${zone}`);
    }
  });

  test('the reply shows it by the clock of who reads', async () => {
    await lives('Europe/Zurich');
    const m = await ana.ask('salesforce plan visit who: Shown when: 2026-12-01 14:00', /Planned Shown/);
    assert.match(JSON.stringify(m.blocks), /Begins\*\\n<!date\^1796130000\^\{date_short_pretty\}, \{time\}\|2026-12-01T13:00:00Z>/);
  });

  test('an hour that does not exist or comes twice is asked for again, with what would do', async () => {
    await lives('Europe/Zurich');
    const gap = await ana.ask('salesforce plan visit who: Turned when: 2026-03-29 02:30', /does not exist/);
    assert.match(words(gap), /02:30 does not exist on 2026-03-29 in Europe\/Zurich: clocks are put forward there\. Say 01:30 or 03:30\./);
    assert.match(words(gap), /The time is read in your time zone \(Europe\/Zurich\)\./);
    const fold = await ana.ask('2026-10-25 02:30', /comes twice/);
    assert.match(words(fold), /Say 2026-10-25 02:30\+02:00 for the first, or 2026-10-25 02:30\+01:00 for the second\./);
    await ana.ask('2026-10-25 02:30+01:00', /Planned Turned/);
    assert.equal((await record(w, 'Turned')).NextStep, '2026-10-25T01:30:00Z');
    await lives('America/New_York');
    await ana.ask('salesforce plan visit who: West when: 2026-03-08 02:30', /Say 01:30 or 03:30/);
    await ana.ask('2026-11-01 01:30', /Say 2026-11-01 01:30-04:00 for the first, or 2026-11-01 01:30-05:00 for the second/);
    await ana.ask('cancel', /Cancelled/);
  });

  test('without a known zone it is UTC, and that is said', async () => {
    for (const [i, zone] of [null, 'Mars/Olympus'].entries()) {
      await lives(zone);
      const said = await ana.say(`salesforce plan visit who: Nowhere ${i} when: 2026-12-01 14:00`);
      await ana.sees(/I read the time in UTC, as I do not know your time zone\./, {after: said.ts});
      await ana.sees(new RegExp(`Planned Nowhere ${i}`), {after: said.ts});
      assert.equal((await record(w, `Nowhere ${i}`)).NextStep, '2026-12-01T14:00:00Z');
    }
    await ana.ask('salesforce plan visit who: Asked', /The time is read in UTC, as I do not know your time zone\./);
    await ana.ask('soon', /That is not a date and time\. Write it like 2026-12-31 14:30\./);
    await ana.ask('2026-12-31', /The time is missing/);
    await ana.ask('2026-12-31 24:00', /That is not a date and time/);
    await ana.ask('2026-12-31 14:30', /Planned Asked/);
    assert.equal((await record(w, 'Asked')).NextStep, '2026-12-31T14:30:00Z');
  });

  test('the form picks an instant, whatever zone it is picked in', async () => {
    await lives('Asia/Kolkata');
    await ana.command('salesforce plan visit when: 2026-12-01 14:00');
    const view = await ana.modal(/Plan a visit/);
    const input = name => view.blocks.find(b => b.block_id === name);
    assert.deepEqual([input('when').element.type, input('when').element.initial_date_time], ['datetimepicker', 1796113800]);
    assert.equal(input('until').element.initial_date_time, undefined);
    assert.equal((await ana.submit({who: 'Picked', when: 1796130000})).closed, true);
    await ana.sees(/Planned Picked/);
    const fields = await record(w, 'Picked');
    assert.deepEqual([fields.NextStep, fields.Description ?? null], ['2026-12-01T13:00:00Z', null]);
  });

  test('a form says at the field which typed time does not exist', async () => {
    await lives('Europe/Zurich');
    await ana.command('salesforce plan visit who: Gap when: 2026-03-29 02:30');
    const view = await ana.modal(/Plan a visit/);
    const when = view.blocks.find(b => b.block_id === 'when');
    assert.equal(when.element.initial_date_time, undefined);
    assert.match(when.hint.text, /02:30 does not exist on 2026-03-29/);
    assert.equal((await ana.submit({when: 1796130000})).closed, true);
    await ana.sees(/Planned Gap/);
  });

  test('defaults and buttons: read as what is typed', async () => {
    await lives('America/New_York');
    await ana.ask('salesforce plan call who: Default', /Planned Default/);
    const fields = await record(w, 'Default');
    assert.deepEqual([fields.NextStep, fields.Description], ['2026-12-24T23:00:00Z', '2026-12-24T18:00:00Z']);
    const card = await ana.ask('salesforce visits', m => labels(m).includes('Bound'));
    await ana.press(card, 'Bound');
    await ana.sees(/Planned From a button/);
    assert.equal((await record(w, 'From a button')).NextStep, '2026-12-01T14:00:00Z');
  });

  test('a recipe that cannot be is refused where it is written', async () => {
    const bad = {...VISIT, inputs: [{name: 'when', type: 'date_time', default: 'noon'}, {name: 'who', type: 'date_time', options: [{label: 'Now', value: '2026-12-01 14:00'}]}]};
    const answer = await w.api('PUT', `/workspaces/${ACME}/recipes/visit`, bad);
    assert.equal(answer.status, 422);
    const {text} = answer;
    assert.match(text, /That is not a date and time/);
    assert.match(text, /A date and time has no options/);
  });
});

describe('date_time in Teams', () => {
  let w, ana;
  const lives = async zone => w.sandbox('PUT', '/_config', {teams: {time_zone: zone}});
  before(async () => {
    w = await start({teams: 'only'});
    ana = w.teamsPerson('ana');
    await ana.connect();
    await put(w, TEAMS_ACME);
  });
  after(() => w?.stop());
  const opened = async text => {
    const question = await ana.ask(text, m => labels(m).includes('Fill in a form'));
    assert.equal((await ana.press(question, 'Fill in a form')).status, 200);
    return ana.modal();
  };
  const value = (dialog, id) => cardInputs(dialog).find(i => i.id === id)?.value;

  test('what is typed is read by the clock of who types it, as Teams tells it', async () => {
    for (const [i, [zone, typed, instant]] of CLOCKS.entries()) {
      await lives(zone);
      await ana.ask(`salesforce plan visit who: Clock ${i} when: ${typed}`, new RegExp(`Planned Clock ${i}\\b`));
      assert.equal((await record(w, `Clock ${i}`)).NextStep, instant, `${typed} in ${zone}`);
    }
    assert.equal((await w.one("select time_zone from chat_user where workspace = $1 and time_zone <> ''", [TEAMS_ACME])).time_zone, CLOCKS.at(-1)[0]);
  });

  test('the form has a day and a time, by that clock, and says so', async () => {
    await lives('Asia/Kolkata');
    const dialog = await opened('salesforce plan visit when: 2026-12-01 14:00');
    assert.deepEqual(['in_when', 'in_when-time', 'in_until', 'in_until-time'].map(id => cardInputs(dialog).find(i => i.id === id).type),
      ['Input.Date', 'Input.Time', 'Input.Date', 'Input.Time']);
    assert.deepEqual([value(dialog, 'in_when'), value(dialog, 'in_when-time')], ['2026-12-01', '14:00']);
    assert.match(words(dialog), /The time is read in your time zone \(Asia\/Kolkata\)\./);
    const half = await ana.submit({in_who: 'Formed', in_until: '2026-12-02'});
    assert.equal(half.closed, false, JSON.stringify(half));
    assert.match(words(await ana.modal()), /The time is missing/);
    assert.equal((await ana.submit({'in_until-time': '09:30'})).closed, true);
    const shown = await ana.sees(/Planned Formed/);
    const fields = await record(w, 'Formed');
    assert.deepEqual([fields.NextStep, fields.Description], ['2026-12-01T08:30:00Z', '2026-12-02T04:00:00Z']);
    assert.match(JSON.stringify(shown), /\{\{TIME\(2026-12-01T08:30:00Z\)\}\}/);
  });

  test('an hour that comes twice stays what it was where the field is left alone, and is refused where it is entered', async () => {
    await lives('Europe/Zurich');
    const dialog = await opened('salesforce plan visit when: 2026-10-25 02:30+01:00');
    assert.deepEqual([value(dialog, 'in_when'), value(dialog, 'in_when-time')], ['2026-10-25', '02:30']);
    const twice = await ana.submit({in_who: 'Twice', in_until: '2026-10-25', 'in_until-time': '02:45'});
    assert.equal(twice.closed, false);
    assert.match(words(await ana.modal()), /02:45 comes twice on 2026-10-25 in Europe\/Zurich/);
    assert.equal((await ana.submit({in_until: '2026-10-25', 'in_until-time': '03:15'})).closed, true);
    await ana.sees(/Planned Twice/);
    const fields = await record(w, 'Twice');
    assert.deepEqual([fields.NextStep, fields.Description], ['2026-10-25T01:30:00Z', '2026-10-25T02:15:00Z']);
  });

  test('without a known zone it is UTC, and that is said', async () => {
    await lives('Mars/Olympus');
    const dialog = await opened('salesforce plan visit who: Martian');
    assert.match(words(dialog), /The time is read in UTC, as I do not know your time zone\./);
    assert.equal((await ana.submit({in_when: '2026-12-01', 'in_when-time': '14:00'})).closed, true);
    await ana.sees(/Planned Martian/);
    assert.equal((await record(w, 'Martian')).NextStep, '2026-12-01T14:00:00Z');
  });
});
