// A step that asks in the chat and waits for a press: who may press, who was first, and what becomes of the run.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, button, labels, start, until, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const deal = (id, fields) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}});
const wait = more => ({id: 'ok', wait: {text: 'Ship {{inputs.name}}?', fields: [{label: 'Deal', value: '{{inputs.name}}'}],
  buttons: [{title: 'Ship it', value: 'ship', style: 'primary'}, {title: 'Keep it', value: 'keep', confirm: 'Really?'}], ...more}});
const recipe = (word, more) => ({name: `ship-${word}`, title: `Ship ${word}`, command: `salesforce ship ${word}`, allow: 'everyone', connections: SALESFORCE,
  inputs: [{name: 'name', required: true}], reply: {text: '{{inputs.name}}: {{steps.ok.value}} by {{steps.ok.name}}'}, ...more});
const OWN = recipe('own', {steps: [wait(), deal('opp', {Name: '{{inputs.name}}', Description: '{{steps.ok.value}} {{steps.ok.user}}'})]});
const ALL = recipe('all', {steps: [wait({from: 'everyone here'}), deal('opp', {Name: '{{inputs.name}}', Description: '{{steps.ok.value}} {{steps.ok.user}}'})]});
const TWICE = recipe('twice', {steps: [deal('first', {Name: '{{inputs.name}} one'}), wait(), deal('opp', {Name: '{{inputs.name}} two'})]});
const ONCE = recipe('maybe', {steps: [wait(), {...deal('opp', {Name: '{{inputs.name}}'}), when: {path: 'steps.ok.value', is: 'equal', value: 'ship'}}]});

for (const chat of ['slack', 'teams']) {
  describe(`a step that waits for a press in ${chat}`, () => {
    let w, ana, ben, cleo;
    const teams = chat === 'teams';
    const PLACE = teams ? 'deals' : 'sales'; // all three read there
    const workspace = teams ? TEAMS_ACME : ACME;
    before(async () => {
      w = await start({teams: teams ? 'only' : false, replicas: 2});
      [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => (teams ? w.teamsPerson(n) : w.person(n)));
      await ana.connect();
      for (const r of [OWN, ALL, TWICE, ONCE]) await w.putRecipe(workspace, r);
    });
    after(() => w?.stop());

    const made = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name));
    const typed = (text, place) => (place === 'dm' ? text : `@Workbot ${text}`);
    const asks = async (word, name, place = 'dm') => {
      const m = await ana.ask(typed(`salesforce ship ${word} name: ${name}`, place), m => m.is_bot && labels(m).includes('Ship it') && words(m).includes(name), {place, see: place});
      await w.idle(); // the post's answer is stored: a press that names nothing else finds its message
      return m;
    };
    const run = () => w.one("select id, state, asking, user_id, reference from run where state <> 'superseded' order by created_at desc limit 1");
    const shown = async (who, m, place = 'dm') => (await who.messages(place)).find(x => x.ts === m.ts);
    /** As a client does that still shows the message as it was. */
    const pressLate = (who, m, title) => {
      const b = button(m, title);
      return who.press(m, teams ? title : b.action, {force: true, ...(teams ? {forge: {type: b.type, verb: b.action, data: b.value}} : {value: b.value})});
    };
    const offers = m => [...new Set(labels(m))]; // Teams asks back with a second button of the same name
    const idOf = async name => (await w.one('select user_id from chat_user where name ilike $1', [`${name}%`])).user_id;

    test('the press takes the buttons away, says who pressed, and the run goes on with it', async () => {
      const m = await asks('own', 'Alone');
      assert.deepEqual(offers(m), ['Ship it', 'Keep it']);
      assert.match(words(m), /Ship Alone\?/);
      assert.match(JSON.stringify(m.blocks ?? m), /Really\?/);
      await w.idle();
      assert.equal((await run()).state, 'parked');
      assert.equal((await made('Alone')).length, 0, 'nothing happens before');
      await ana.press(m, 'Ship it');
      await ana.sees(/Alone: ship by Ana/);
      const [r] = await made('Alone');
      assert.equal(r.fields.Description, `ship ${await idOf('ana')}`);
      const after = await shown(ana, m);
      assert.deepEqual(labels(after), []);
      assert.match(words(after), /Ship it by Ana/);
      const api = await w.must('GET', `/workspaces/${workspace}/runs/${(await run()).id}`);
      assert.deepEqual(api.steps.map(s => [s.id, s.state]), [['ok', 'done'], ['opp', 'done']]);
    });

    test('what was pressed decides what is run', async () => {
      const m = await asks('maybe', 'Kept');
      await ana.press(m, 'Keep it');
      await ana.sees(/Kept: keep by Ana/);
      assert.equal((await made('Kept')).length, 0);
    });

    test('a second press of the same person is told that it was pressed', async () => {
      const m = await asks('own', 'Double');
      await Promise.all([ana.press(m, 'Ship it'), pressLate(ana, m, 'Ship it')]);
      await ana.sees(/Double: ship by Ana/);
      if (!teams) await ana.sees(/Nothing is left to do here:[\s\S]* by you/); // there it is one press that came twice
      assert.equal((await made('Double')).length, 1);
    });

    test('where others read, only its user presses', async () => {
      const m = await asks('own', 'Mine', PLACE);
      const runs = await w.count('run', "state = 'parked'");
      await ben.press(m, 'Ship it');
      await w.idle();
      assert.equal(await w.count('run', "state = 'parked'"), runs, 'it waits still');
      assert.deepEqual(offers(await shown(ana, m, PLACE)), ['Ship it', 'Keep it']);
      await ana.press(m, 'Ship it');
      await ana.sees(/Mine: ship by Ana/, {place: PLACE});
      assert.equal((await made('Mine')).length, 1);
    });

    test('everyone here may press, the run stays its user\'s, and the second one hears who was first', async () => {
      const m = await asks('all', 'Ours', PLACE);
      await ben.press(m, 'Ship it');
      await ana.sees(/Ours: ship by Ben/, {place: PLACE});
      const [r] = await made('Ours');
      assert.equal(r.fields.Description, `ship ${await idOf('ben')}`);
      assert.equal((await run()).user_id, await idOf('ana'), 'run as Ana');
      assert.match(words(await shown(ana, m, PLACE)), /Ship it by Ben/);
      await pressLate(cleo, m, 'Ship it');
      await cleo.sees(x => x.is_bot && /Nothing is left to do here:[\s\S]*Ship it by Ben/.test(words(x)), {place: teams ? 'dm' : PLACE});
      assert.equal((await made('Ours')).length, 1);
    });

    test('of two who press at the same instant one is first, and the other is told so', async () => {
      const m = await asks('all', 'Race', PLACE);
      await w.idle();
      const {id} = await run();
      const lock = await w.hold('select from run where id = $1 for update', [id]);
      const pressed = [ben.press(m, 'Ship it'), cleo.press(m, 'Keep it')];
      await lock.waiting(2);
      await lock.release();
      await Promise.all(pressed);
      const end = await ana.sees(/Race: (ship by Ben|keep by Cleo)/, {place: PLACE});
      const [first, second] = /by Ben/.test(words(end)) ? ['Ben', cleo] : ['Cleo', ben];
      await second.sees(x => x.is_bot && new RegExp(`Nothing is left to do here:[\\s\\S]*by ${first}`).test(words(x)), {place: teams ? 'dm' : PLACE});
      assert.equal((await made('Race')).length, 1);
    });

    test('posted twice, as its answer was lost: either copy may be pressed, once, and the other says who was first', async () => {
      await w.idle();
      await w.fault('lost', {peer: chat, times: 1, ...(teams ? {method: 'POST', path: '/activities'} : {path: 'chat.postMessage'})});
      await ana.say(typed('salesforce ship all name: Copied', PLACE), {place: PLACE});
      const copies = await until('both copies', async () => {
        const found = (await ana.messages(PLACE)).filter(m => m.is_bot && labels(m).includes('Ship it') && words(m).includes('Copied'));
        return found.length === 2 && found;
      });
      await w.idle();
      const {known} = await w.one('select m.platform_id as known from run r join message m on m.workspace = r.workspace and m.id = r.message_id where r.id = $1', [(await run()).id]);
      const lost = copies.find(c => c.ts !== known), kept = copies.find(c => c.ts === known);
      await ben.press(lost, 'Ship it');
      await ana.sees(/Copied: ship by Ben/, {place: PLACE});
      assert.match(words(await shown(ana, kept, PLACE)), /Ship it by Ben/);
      assert.deepEqual(labels(await shown(ana, kept, PLACE)), []);
      await cleo.press(lost, 'Keep it', {force: true});
      await cleo.sees(x => x.is_bot && /Nothing is left to do here:[\s\S]*Ship it by Ben/.test(words(x)), {place: teams ? 'dm' : PLACE});
      assert.equal((await made('Copied')).length, 1);
    });

    test('who may not run the command may not press for everyone', async () => {
      await w.putRecipe(workspace, {...ALL, allow: {users: [await idOf('ana'), await idOf('ben')]}});
      const m = await asks('all', 'Closed', PLACE);
      await cleo.press(m, 'Ship it');
      await cleo.sees(/You may not press this/, {place: teams ? 'dm' : PLACE});
      await ben.press(m, 'Ship it');
      await ana.sees(/Closed: ship by Ben/, {place: PLACE});
      await w.putRecipe(workspace, ALL);
    });

    test('a made-up press does nothing', async () => {
      const m = await asks('own', 'Real'), other = await asks('own', 'Other');
      await w.idle();
      const before = await w.count('run', "state = 'parked'");
      const handle = b => (teams ? b.value.wb.v : b.value);
      for (const value of [handle(button(other, 'Ship it')), handle(button(m, 'Ship it')).replace(/\d$/, '7'), '', '0:0:0', 'x'.repeat(300)]) {
        if (teams) await ana.forge(m, 'Ship it', {v: value});
        else await ana.forge(m, 'choice', value);
        await w.idle();
      }
      assert.equal(await w.count('run', "state = 'parked'"), before);
      for (const x of [m, other]) await ana.press(x, 'Keep it');
      await ana.sees(/Other: keep/);
      await ana.sees(/Real: keep/);
    });

    test('pending shows it, and cancel ends it with its buttons', async () => {
      const m = await asks('twice', 'Stopped');
      const list = await ana.ask('pending', /Ship twice waits for a press of its buttons/);
      assert.equal(labels(list).includes('Log in'), false);
      await ana.ask('cancel', /Cancelled: [*]*Ship twice/);
      await w.idle();
      assert.deepEqual(labels(await shown(ana, m)), []);
      assert.equal((await made('Stopped one')).length, 1, 'what was made before stays');
      assert.equal((await made('Stopped two')).length, 0);
      const r = await run();
      assert.equal(r.state, 'cancelled');
      assert.deepEqual(await w.query('select step, state, error_code from run_step where run_id = $1 order by position', [r.id]),
        [{step: 'first', state: 'done', error_code: null}, {step: 'ok', state: 'failed', error_code: 'not_pressed'}]);
      await pressLate(ana, m, 'Ship it');
      await ana.sees(/does nothing any more/);
    });

    test('it expires with a notice, and its buttons go', async () => {
      const m = await asks('twice', 'Late');
      await w.idle();
      const {id} = await run();
      await w.query("update run set expires_at = now() - interval '1 second' where id = $1", [id]);
      const after = await until('the notice', async () => {
        const x = await shown(ana, m);
        return /Nobody pressed a button in time/.test(words(x)) && x;
      });
      assert.match(words(after), /Made before that, and still there/);
      assert.deepEqual(labels(after), []);
      assert.equal((await w.one('select state from run where id = $1', [id])).state, 'expired');
    });

    test('it expires also where its message cannot be told of it, and the step ends with it', async () => {
      await asks('twice', 'Untold');
      const {id} = await run();
      const [lost] = await w.query("update message m set body = '\\x00' from run r where r.id = $1 and m.workspace = r.workspace and m.id = r.message_id returning m.id", [id]);
      await w.query("update run set expires_at = now() - interval '1 second' where id = $1", [id]);
      await until('the run to be over', async () => (await run()).state === 'expired');
      assert.deepEqual(await w.query("select state, error_code, ended_at is not null as over from run_step where run_id = $1 and step = 'ok'", [id]),
        [{state: 'failed', error_code: 'not_pressed', over: true}]);
      const {steps} = await w.must('GET', `/workspaces/${workspace}/runs/${id}`);
      assert.deepEqual(steps.map(s => [s.id, s.state]), [['first', 'done'], ['ok', 'failed']]);
      await w.query('delete from message where id = $1', [lost.id]);
    });

    test('a write after a long wait shows its inputs again before it runs', async () => {
      const m = await asks('own', 'Stale');
      await w.idle();
      await w.query("update run set parked_at = now() - interval '1 hour' where id = $1", [(await run()).id]);
      await ana.press(m, 'Ship it');
      const again = await ana.sees(/This waited for a while\. Shall I still run/);
      assert.match(words(again), /Stale/);
      assert.equal((await made('Stale')).length, 0);
      await ana.press(again, 'Run it now');
      await ana.sees(/Stale: ship by Ana/);
      assert.equal((await made('Stale')).length, 1);
    });

    test('a default connection that is removed ends no run that waits for a press alone', async () => {
      const m = await asks('own', 'Unmoved');
      await w.idle();
      await w.putConnection(workspace, 'spare', {app: 'salesforce', host: w.salesforceHost});
      await w.must('DELETE', `/workspaces/${workspace}/connections/spare?force=true`);
      await w.idle();
      assert.equal((await run()).state, 'parked');
      await ana.press(m, 'Keep it');
      await ana.sees(/Unmoved: keep/);
    });

    test('failure_P1_P10 a process that dies between the press and what follows loses nothing and does nothing twice', async () => {
      const m = await asks('own', 'Survivor');
      await w.idle();
      const gate = await w.gate('goes_on', 'update', 'run', "old.state = 'queued' and new.state = 'running'");
      await ana.press(m, 'Ship it');
      await gate.waiting(1);
      assert.deepEqual(labels(await until('the buttons to go', async () => {
        const x = await shown(ana, m);
        return labels(x).length === 0 && x;
      })), []);
      await w.kill(0);
      await w.kill(1);
      await gate.release();
      await w.startReplica(0);
      await w.startReplica(1);
      await ana.sees(/Survivor: ship by Ana/, {ms: 90000});
      assert.equal((await made('Survivor')).length, 1);
    });
  });
}
