// Steps that run once for each item of a list, or not at all: each turn is a write of its own (P10).
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {ACME, labels, start, until, words} from '../lib/flow.mjs';

const SNOW = {app: 'servicenow', client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret',
  assurance: 'code', account_match: 'off'};
const connections = {salesforce: {use: 'acme-salesforce', verify_user_access: true}, servicenow: {use: 'acme-servicenow', verify_user_access: true}};
const find = {id: 'found', connection: 'salesforce', action: 'query',
  with: {soql: 'SELECT Id, Name, Amount FROM Opportunity WHERE Name LIKE :name ORDER BY Name LIMIT 50', values: {name: '{{inputs.name}}%'}}};
const deal = (id, Name, more) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name, CloseDate: '2026-12-31'}}, ...more});
const incident = more => ({id: 'made', connection: 'servicenow', action: 'create_incident', each: '{{steps.found.records}}',
  with: {short_description: '{{inputs.prefix}}: {{item.Name}} ({{item_index}})'}, ...more});

describe('P10 turns', () => {
  let w, ana;
  const recipe = (name, steps, reply, inputs = [{name: 'name', required: true}, {name: 'prefix'}]) => w.putRecipe(ACME,
    {name, title: name, command: `turns ${name}`, allow: 'everyone', connections, inputs, steps, reply: {text: reply}});
  const incidents = async prefix => (await w.sandbox('GET', '/_state/servicenow')).records
    .filter(r => r.table === 'incident' && r.fields.short_description.startsWith(`${prefix}: `)).map(r => r.fields.short_description).sort();
  const deals = async name => (await w.records()).filter(r => r.fields.Name.startsWith(name)).map(r => r.fields.Name).sort();
  const rows = () => w.query(`select s.step, s.turn, s.state, s.error_code, s.ended_at is not null as over from run_step s join run r on r.workspace = s.workspace and r.id = s.run_id
    where r.created_at = (select max(created_at) from run) order by s.position % 100, s.position`);
  const states = async () => (await rows()).map(r => `${r.step}${r.turn > 0 ? `.${r.turn}` : ''} ${r.state}`);
  const run = async () => {
    const {items} = await w.must('GET', `/workspaces/${ACME}/runs`);
    return w.must('GET', `/workspaces/${ACME}/runs/${items[0].id}`);
  };

  before(async () => {
    w = await start({env: {WORKBOT_TTL_LEASE: '2s'}});
    await w.putConnection(ACME, 'acme-servicenow', {...SNOW, host: w.hosts.servicenow});
    await w.authorize(ACME, 'acme-servicenow', 'ben');
    ana = w.person('ana');
    await ana.connect();
    const prompt = await ana.prompt('connect servicenow');
    await ana.ask(await ana.browse(prompt, 'ana'), /is connected/);
    await recipe('deals', [deal('one', '{{inputs.name}} 1'), deal('two', '{{inputs.name}} 2'), deal('three', '{{inputs.name}} 3')], 'Made three');
    await recipe('incidents', [find, incident()], 'Made {{steps.made.count}}, first {{steps.made.items.0.number}} {{steps.made.items.0.id}}, last {{steps.made.items.2.number}}');
    await ana.ask('turns deals name: Turn', /Made three/);
  });
  beforeEach(() => w.sandbox('DELETE', '/_faults'));
  after(() => w?.stop());

  test('P10 a step runs once for each item, each with its own row, intent and outcome', async () => {
    const told = await ana.ask('turns incidents name: Turn prefix: All', /Made 3, first INC\d+ [0-9a-f]{32}, last INC\d+/);
    assert.deepEqual(await incidents('All'), ['All: Turn 1 (0)', 'All: Turn 2 (1)', 'All: Turn 3 (2)']);
    assert.deepEqual(await states(), ['found done', 'made done', 'made.1 done', 'made.2 done', 'made.3 done']);
    const {steps} = await run();
    assert.deepEqual(steps.map(s => [s.id, s.turn, s.state, Boolean(s.record)]).slice(1), [['made', null, 'done', false],
      ['made', 1, 'done', true], ['made', 2, 'done', true], ['made', 3, 'done', true]]);
    const keys = await w.query("select distinct idempotency_key from run_step where step = 'made' and turn > 0");
    assert.equal(keys.length, 3, 'each turn has a key of its own');
    assert.match(words(told), /first INC/);
    const list = words(await ana.ask('history', /Your last commands/));
    assert.match(list, /name: Turn [^\n]* · records http\S+, http\S+, http\S+ and 1 more\n/, 'the deal that was found, and three incidents');
  });

  test('P10 what a later step would refuse, and is known before the first, ends the command before anything is written', async () => {
    const change = (id, more) => ({id: 'late', connection: 'salesforce', action: 'update_record', with: {object: 'Opportunity', id, fields: {Name: 'x'}}, ...more});
    const inputs = [{name: 'name', required: true}, {name: 'about'}];
    const first = deal('one', 'Foreseen {{inputs.name}}'), says = /did not work[^]*"id" as it is: This must be a record's id[^]*It comes from "about" of this command\. Nothing was changed\./;
    await recipe('late', [first, change('{{inputs.about | trim}}')], 'Made {{steps.one.id}}', inputs);
    const told = await ana.ask('turns late name: A about: not an id', says);
    assert.match(words(told), /Reference WB-/);
    assert.doesNotMatch(words(told), /Made before that/);
    assert.match(words(await ana.ask('turns late name: B', /did not work/)), /"id" as it is: it is empty\. It comes from "about"/, 'required, and left out');
    assert.deepEqual(await deals('Foreseen'), []);
    assert.equal((await run()).error.code, 'bad_input');
    assert.equal((await run()).steps.length, 0);
    assert.match(words(await ana.ask('why', /did not work/)), /as ana@acme\.example/, 'who would have acted is on record');
    // what is not known yet, or is not to happen, hinders nothing
    await recipe('late', [first, change('{{steps.one.id}}'), change('{{inputs.about}}', {id: 'not', when: {path: 'inputs.about', is: 'not_empty'}})], 'Made {{steps.one.id}}', inputs);
    await ana.ask('turns late name: C', /Made 006/);
    assert.deepEqual(await deals('x'), ['x']);
    await ana.ask('turns late name: D about: no id either', says);
    assert.deepEqual(await deals('Foreseen'), []);
    // of a condition that an earlier step decides, only its turn tells
    await recipe('late', [first, change('{{inputs.about}}', {when: {path: 'steps.one.id', is: 'empty'}})], 'Made {{steps.one.id}}', inputs);
    await ana.ask('turns late name: E about: no id', /Made 006/);
    // a list that is known only later
    await recipe('late', [find, first, change('{{inputs.about}}', {each: '{{steps.found.records}}'})], 'Went on {{steps.late.count}}', inputs);
    await ana.ask('turns late name: Nothing at all about: no id', /Went on 0/);
  });

  test('P10 an empty list, and one that is not there, run no turn', async () => {
    await ana.ask('turns incidents name: Nothing at all prefix: None', /Made 0, first {2}, last/);
    assert.deepEqual(await states(), ['found done', 'made done']);
    await recipe('absent', [{...find, when: {path: 'inputs.prefix', is: 'equal', value: 'never'}}, incident()], 'Made {{steps.made.count}}, of {{steps.found.total}}.');
    await ana.ask('turns absent name: Turn prefix: None', /Made 0, of /);
    assert.deepEqual(await states(), ['found skipped', 'made done']);
    assert.deepEqual(await incidents('None'), []);
  });

  test('P10 the answer of one turn is lost: that turn alone is looked up, and none is done twice', async () => {
    await w.fault('lost', {peer: 'servicenow', method: 'POST', path: '/table/incident', skip: 1, times: 1});
    const before = (await w.calls({peer: 'servicenow'})).length;
    await ana.ask('turns incidents name: Turn prefix: Lost', /Made 3, first INC/);
    assert.equal(await w.fired('lost'), 1);
    assert.deepEqual(await incidents('Lost'), ['Lost: Turn 1 (0)', 'Lost: Turn 2 (1)', 'Lost: Turn 3 (2)']);
    const calls = (await w.calls({peer: 'servicenow'})).slice(before).filter(c => c.path.includes('/table/incident'));
    // ServiceNow is asked by the turn's own key: before each write, and once more for the one that was lost
    const keys = calls.filter(c => c.method === 'GET').map(c => /correlation_id(?:=|%3D)([0-9a-f-]+)/.exec(JSON.stringify(c))?.[1]);
    assert.equal(calls.filter(c => c.method === 'POST').length, 3);
    assert.deepEqual([keys.length, new Set(keys).size, keys[1] === keys[2]], [4, 3, true]);
    await w.sandbox('DELETE', '/_faults');
    await w.fault('cut', {peer: 'servicenow', method: 'POST', path: '/table/incident', skip: 2, times: 1});
    await ana.ask('turns incidents name: Turn prefix: Cut', /Made 3, first INC/);
    assert.deepEqual(await incidents('Cut'), ['Cut: Turn 1 (0)', 'Cut: Turn 2 (1)', 'Cut: Turn 3 (2)']);
  });

  test('P10 a turn that nobody can look up: the user is asked, and "run it again" goes on with that turn', async () => {
    await recipe('copies', [find, deal('copy', 'Copy of {{item.Name}}', {each: '{{steps.found.records}}'})], 'Copied {{steps.copy.count}}: {{steps.copy.items.2.id}}');
    await w.fault('cut', {method: 'POST', path: '/sobjects/', skip: 1, times: 1});
    const asked = await ana.ask('turns copies name: Turn', /may have happened or not/);
    assert.deepEqual(labels(asked), ['It happened', 'It did not: run it again']);
    assert.match(words(asked), /It is about item 2 of 3: Turn 2\./, 'the question names the item: its number and what it is called');
    assert.match(words(asked), /Those after it are not done yet\. Say that it happened, and I go on with them\./);
    assert.deepEqual(await states(), ['found done', 'copy unknown', 'copy.1 done', 'copy.2 unknown']);
    assert.deepEqual(await deals('Copy of'), ['Copy of Turn 1']);
    await ana.press(asked, 'It did not: run it again', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Copied 3: 006/.test(words(m)));
    await w.idle();
    assert.deepEqual(await deals('Copy of'), ['Copy of Turn 1', 'Copy of Turn 2', 'Copy of Turn 3']);
    assert.deepEqual(await states(), ['found done', 'copy done', 'copy.1 done', 'copy.2 done', 'copy.3 done']);
  });

  test('P10 "It happened" of one turn: it counts as done, and the run goes on with the next one', async () => {
    await recipe('happened', [find, deal('copy', 'Happened {{item.Name}}', {each: '{{steps.found.records}}'}), deal('sum', 'Happened sum {{steps.copy.count}}')], 'Copied {{steps.copy.count}}');
    await w.fault('lost', {method: 'POST', path: '/sobjects/', skip: 1, times: 1});
    const asked = await ana.ask('turns happened name: Turn', /may have happened or not/);
    assert.match(words(asked), /Those after it are not done yet\. Say that it happened, and I go on with them\./);
    assert.deepEqual(await deals('Happened'), ['Happened Turn 1', 'Happened Turn 2']);
    await ana.press(asked, 'It happened', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Copied 3/.test(words(m)));
    await w.idle();
    assert.deepEqual(await deals('Happened'), ['Happened Turn 1', 'Happened Turn 2', 'Happened Turn 3', 'Happened sum 3']);
    assert.deepEqual(await states(), ['found done', 'copy done', 'copy.1 done', 'copy.2 done', 'copy.3 done', 'sum done']);
    const {state, error, reference} = await run();
    assert.deepEqual([state, error ?? null], ['done', null]);
    assert.deepEqual((await w.query("select detail->>'said' as said from audit where subject = $1 and action = 'run.settled'", [reference])).map(a => a.said), ['it_happened']);
  });

  test('P10 "It happened" where a later step needs the answer that got lost: it stops there, and says so', async () => {
    await recipe('wanted', [find, deal('copy', 'Wanted {{item.Name}}', {each: '{{steps.found.records}}'}),
      deal('link', 'x', {with: {object: 'Opportunity', fields: {Name: 'Wanted by {{steps.copy.items.0.id}}', CloseDate: '2026-12-31'}}})], 'Copied {{steps.copy.count}}');
    await w.fault('lost', {method: 'POST', path: '/sobjects/', skip: 1, times: 1});
    const asked = await ana.ask('turns wanted name: Turn', /may have happened or not/);
    assert.match(words(asked), /Those after it are not done, and need the answer that got lost\. Say that it happened, and they stay so\./);
    await ana.press(asked, 'It happened');
    await ana.sees(m => m.ts === asked.ts && /Noted: it had happened\. I stop here: what comes after it needs the app's answer, which nobody has\./.test(words(m)));
    await w.idle();
    assert.deepEqual(await deals('Wanted'), ['Wanted Turn 1', 'Wanted Turn 2']);
    assert.equal((await run()).state, 'done');
  });

  test('P10 "It happened" of a step that runs once: the steps after it are done by the same rule', async () => {
    await w.fault('lost', {method: 'POST', path: '/sobjects/', skip: 1, times: 1});
    const asked = await ana.ask('turns deals name: Once', /may have happened or not/);
    assert.match(words(asked), /The steps after it are not done yet\. Say that it happened, and I go on with them\./);
    await ana.press(asked, 'It happened');
    await ana.sees(m => m.ts === asked.ts && /Made three/.test(words(m)));
    assert.deepEqual(await deals('Once'), ['Once 1', 'Once 2', 'Once 3']);
    assert.deepEqual(await states(), ['one done', 'two done', 'three done']);
    // the last one has nothing after it
    await w.sandbox('DELETE', '/_faults');
    await w.fault('lost', {method: 'POST', path: '/sobjects/', skip: 2, times: 1});
    const last = await ana.ask('turns deals name: Last', /may have happened or not/);
    assert.doesNotMatch(words(last), /after it/);
    await ana.press(last, 'It happened');
    await ana.sees(m => m.ts === last.ts && /I do nothing more/.test(words(m)));
  });

  test('P10 the question names an item without a name by its first short value, and says nothing of what comes after the last', async () => {
    const inputs = [{name: 'name', required: true}];
    const asks = async (name, soql, values) => {
      await recipe(name, [{...find, with: {soql, values}}, deal('copy', `${name} {{item_index}}`, {each: '{{steps.found.records}}'})], 'Copied', inputs);
      await w.sandbox('DELETE', '/_faults');
      await w.fault('cut', {method: 'POST', path: '/sobjects/', skip: 2, times: 1});
      const asked = await ana.ask(`turns ${name} name: Turn`, /may have happened or not/);
      await ana.press(asked, 'It happened');
      await ana.sees(m => m.ts === asked.ts && /Copied/.test(words(m)));
      return words(asked);
    };
    const last = await asks('last', find.with.soql, find.with.values);
    assert.match(last, /It is about item 3 of 3: Turn 3\./);
    assert.doesNotMatch(last, /after it/);
    const nameless = await asks('nameless', 'SELECT Id FROM Opportunity WHERE Name LIKE :name ORDER BY Name LIMIT 3', {name: '{{inputs.name}}%'});
    assert.match(nameless, /It is about item 3 of 3: 006\w+\./, 'without a name it is its first short value');
  });

  test('P10 a process that dies in a turn: whoever takes the run over goes on with that turn', async () => {
    await w.fault('slow', {peer: 'servicenow', method: 'POST', path: '/table/incident', skip: 1, times: 1, delay_ms: 3000});
    const said = await ana.say('turns incidents name: Turn prefix: Killed');
    await until('the second turn to be under way', async () => await w.fired('slow') === 1);
    await w.kill();
    assert.deepEqual(await states(), ['found done', 'made started', 'made.1 done', 'made.2 started']);
    await w.startReplica(0);
    await ana.sees(/Made 3, first INC/, {after: said.ts});
    await w.idle();
    assert.deepEqual(await incidents('Killed'), ['Killed: Turn 1 (0)', 'Killed: Turn 2 (1)', 'Killed: Turn 3 (2)']);
    assert.deepEqual(await states(), ['found done', 'made done', 'made.1 done', 'made.2 done', 'made.3 done']);
  });

  test('P10 killed at five points of a loop: every turn exactly once', async () => {
    for (const wait of [40, 110, 180, 260, 340]) {
      await w.fault('slow', {peer: 'servicenow', path: '/table/incident', times: -1, delay_ms: 40});
      const said = await ana.say(`turns incidents name: Turn prefix: After ${wait} ms`);
      await pause(wait);
      await w.kill();
      await w.sandbox('DELETE', '/_faults');
      await w.startReplica(0);
      await ana.sees(/Made 3, first INC/, {after: said.ts});
      await w.idle();
      assert.deepEqual(await incidents(`After ${wait} ms`), [1, 2, 3].map(n => `After ${wait} ms: Turn ${n} (${n - 1})`));
      assert.deepEqual(await states(), ['found done', 'made done', 'made.1 done', 'made.2 done', 'made.3 done']);
    }
  });

  test('P10 a turn that is refused ends the run, and what the turns before it made is told', async () => {
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', skip: 2, status: 400, times: -1});
    const told = await ana.ask('turns copies name: Turn', /did not work/);
    assert.match(words(told), /Made before that, and still there: http\S+, http\S+$/m, 'what was only found is not among it');
    assert.deepEqual(await states(), ['found done', 'copy failed', 'copy.1 done', 'copy.2 done', 'copy.3 failed']);
  });

  test('P11 killed between a refusal and its notice: whoever takes the run over tells the app\'s own reason', async () => {
    await recipe('refused', [find, deal('copy', '{{item.Name}}', {each: '{{steps.found.records}}', with: {object: 'Opportunity', fields: {StageName: '{{item.Name}}'}}})], 'Copied');
    const reason = m => /did not work\.\n(.+)\n/.exec(words(m))[1];
    const told = reason(await ana.ask('turns refused name: Turn', /did not work/));
    assert.match(told, /needs these fields: Name, CloseDate/, 'the app\'s own words');
    const gate = await w.gate('refusal_told', 'update', 'run', "new.state = 'failed'");
    const said = await ana.say('turns refused name: Turn');
    await gate.waiting(1);
    await w.kill();
    assert.deepEqual(await states(), ['found done', 'copy failed', 'copy.1 failed']);
    const [{sealed}] = await w.query("select encode(output, 'escape') as sealed from run_step where turn = 1 and run_id = (select id from run order by created_at desc limit 1)");
    await gate.release();
    await w.startReplica(0);
    assert.equal(reason(await ana.sees(/did not work/, {after: said.ts})), told);
    assert.doesNotMatch(sealed, /CloseDate|needs/, 'and nobody reads them there');
  });

  test('P10 a login that ends between two turns: the run goes on with the next turn after it', async () => {
    await w.fault('token_expired', {method: 'POST', path: '/sobjects/', skip: 1});
    await w.fault('grant_revoked', {path: 'oauth2/token'});
    await recipe('again', [find, deal('copy', 'Again {{item.Name}}', {each: '{{steps.found.records}}'})], 'Copied {{steps.copy.count}}');
    const prompt = await ana.prompt('turns again name: Turn');
    await w.idle();
    assert.deepEqual(await states(), ['found done', 'copy started', 'copy.1 done']);
    await w.sandbox('DELETE', '/_faults');
    const code = await ana.browse(prompt);
    await ana.say(code);
    await ana.sees(m => m.ts === prompt.ts && /Copied 3|Run it now/.test(words(m) + labels(m)));
    const now = await ana.sees(m => m.ts === prompt.ts);
    if (labels(now).includes('Run it now')) await ana.press(now, 'Run it now');
    await ana.sees(/Copied 3/, {after: '0'});
    assert.deepEqual(await deals('Again'), ['Again Turn 1', 'Again Turn 2', 'Again Turn 3']);
    assert.deepEqual(await states(), ['found done', 'copy done', 'copy.1 done', 'copy.2 done', 'copy.3 done']);
  });

  test('P10 dropped between two turns: what is there is told, and nothing is in doubt', async () => {
    await w.fault('token_expired', {method: 'POST', path: '/sobjects/', skip: 1});
    await w.fault('grant_revoked', {path: 'oauth2/token'});
    const prompt = await ana.prompt('turns again name: Turn');
    await ana.press(prompt, 'Back');
    const told = await ana.sees(m => m.ts === prompt.ts && /Cancelled: again/.test(words(m)));
    assert.match(words(told), /Made before that, and still there: http\S+/);
    assert.doesNotMatch(words(told), /may have|not know/);
    await w.sandbox('DELETE', '/_faults');
    await ana.connect();
  });

  test('P14 more items than at_most: the run fails before its first write, in plain words', async () => {
    await recipe('many', [find, deal('before', 'Before {{inputs.prefix}}'), incident({at_most: 2})], 'Made {{steps.made.count}}');
    const told = await ana.ask('turns many name: Turn prefix: Many', /goes through at most 2 items at once, and there are 3\. Nothing was changed/);
    assert.doesNotMatch(words(told), /still there/);
    assert.deepEqual(await states(), ['found done']);
    assert.deepEqual(await deals('Before Many'), []);
    assert.deepEqual(await incidents('Many'), []);
    const {error} = await run();
    assert.equal(error.code, 'too_many_items');
    await recipe('no-list', [deal('one', 'No list {{inputs.name}}'), incident({each: '{{inputs.name}}'})], 'Made');
    await ana.ask('turns no-list name: Turn prefix: x', /is no list/);
    assert.deepEqual(await deals('No list'), []);
  });

  test('a step whose condition does not hold is skipped, and its values are absent', async () => {
    const when = {path: 'inputs.prefix', is: 'equal', value: 'yes'};
    await recipe('choice', [deal('one', 'Choice {{inputs.name}}', {when}), deal('two', 'After {{inputs.name}}{{steps.one.id}}', {when: {not: {path: 'inputs.name', is: 'empty'}}}),
      deal('three', 'Only with one {{inputs.name}}', {when: {path: 'steps.one.id', is: 'not_empty'}})], 'One is [{{steps.one.id}}]');
    await ana.ask('turns choice name: skipped', /One is \[\]/);
    assert.deepEqual(await states(), ['one skipped', 'two done', 'three skipped']);
    assert.deepEqual([...await deals('Choice'), ...await deals('After'), ...await deals('Only')], ['After skipped']);
    const {steps} = await run();
    assert.deepEqual(steps.map(s => [s.state, s.started === null, s.ended === null]), [['skipped', false, false], ['done', false, false], ['skipped', false, false]]);
    await ana.ask('turns choice name: taken prefix: yes', /One is \[006\w+\]/);
    assert.deepEqual(await states(), ['one done', 'two done', 'three done']);
  });

  test('a condition of a step with items is asked for each of them', async () => {
    await recipe('some', [find, incident({when: {path: 'item.Name', is: 'one_of', value: ['Turn 1', 'Turn 3']}})], 'Made {{steps.made.count}}: {{steps.made.items.1.number}}');
    await ana.ask('turns some name: Turn prefix: Some', /Made 2: INC\d+/);
    assert.deepEqual(await incidents('Some'), ['Some: Turn 1 (0)', 'Some: Turn 3 (2)']);
    assert.deepEqual(await states(), ['found done', 'made done', 'made.1 done', 'made.2 skipped', 'made.3 done']);
  });
});
