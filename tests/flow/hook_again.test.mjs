// What admins press under what they are told of an event's run, attacked: stale, forged and simultaneous presses, recipes
// and hooks that have changed since, deaths in between. What a run has written is never written again by such a press.
// The same in Slack and in Teams.
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, TEAMS_PEOPLE, button, labels, start, until, words} from '../lib/flow.mjs';

const NAME = 'acme-salesforce';
const CHATS = {
  slack: {workspace: ACME, channel: 'C0SALES01', place: 'sales', ids: {ana: 'U0ANA0001', ben: 'U0BEN0001', cleo: 'U0CLEO001'}},
  teams: {workspace: TEAMS_ACME, channel: '19:acmesales000deals@thread.tacv2', place: 'deals', ids: TEAMS_PEOPLE},
};
const kept = {id: 'kept', connection: 'sf', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{hook.data.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}};
const missing = {id: 'more', connection: 'sf', action: 'get_record', with: {object: 'Opportunity', id: '006000000000000AAA', fields: 'Id'}};
/** Fails at its second step, of some events after a write. */
const HALFWAY = [{...kept, when: {path: 'hook.data.half', is: 'not_empty'}}, missing];
const DID_NOT = /which an event of an app starts, did not work/;

let w;
before(async () => { w = await start({teams: true, replicas: 2, between: true}); });
after(() => w?.stop());

for (const [chat, {workspace, channel, place, ids}] of Object.entries(CHATS)) {
  describe(`what admins press, attacked in ${chat}`, () => {
    const teams = chat === 'teams', path = `/workspaces/${workspace}`;
    let ana, ben, cleo, hook, count = 0;
    const recipe = (name, more) => ({name, title: `Keep ${name}`, trigger: {hook: 'deals'}, connections: {sf: {use: NAME}}, post: {channel}, steps: [kept], reply: {text: 'Kept {{hook.data.name}}'}, ...more});
    const put = (name, more) => w.putRecipe(workspace, recipe(name, more));
    const makeHook = name => w.must('PUT', `${path}/hooks/${name}`, {kind: 'json', event_id: {path: 'id'}});
    const send = async (name, more, to = hook) => {
      const sent = await w.sandbox('POST', '/_hook', {kind: 'plain', url: to.url, secret: to.secret, body: {id: `${name} ${++count}`, name: `${chat} ${name}`, ...more}});
      assert.equal(sent.taken, true);
    };
    const named = async name => (await w.records()).filter(r => r.fields.Name === `${chat} ${name}`).length;
    const runs = (state, name) => w.count('run', `workspace = '${workspace}' and user_id = '' and state = '${state}' and recipe = '${name}'`);
    const onRecord = async (action, name) => (await w.query('select actor, detail from audit where workspace = $1 and action = $2 order by id', [workspace, action])).filter(a => a.detail.recipe === name);
    /** As a client does that has not drawn the message anew, or one that changed its value. */
    const forge = (who, m, action, value) => (teams ? who.forge(m, labels(m)[0], {a: action, v: value}) : who.forge(m, action, value));
    const valueOf = (m, label) => (teams ? button(m, label).value.wb.v : button(m, label).value);
    const pressStale = (who, m, label) => {
      const {type, action, value} = button(m, label);
      return who.press(m, label, {force: true, ...(teams ? {forge: {type, verb: action, data: value}} : {action, value})});
    };
    const here = (m, fits) => x => (x.ts === m.ts && (fits instanceof RegExp ? fits.test(words(x)) : fits(x)));
    const toldOf = name => m => m.is_bot && DID_NOT.test(words(m)) && words(m).includes(`The recipe ${name},`);
    /** One event of this recipe fails; both admins are told, and their messages are given. */
    const failsOnce = async (name, more) => {
      await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 400});
      await send(name, more);
      await until(`${name} to fail`, async () => await runs('failed', name) === 1);
      return [await ben.sees(toldOf(name)), await cleo.sees(toldOf(name))];
    };
    const asksOf = name => m => m.is_bot && labels(m).includes('It happened') && words(m).includes(`Keep ${name} may have`);
    const isLost = async (name, fault) => {
      await w.fault(fault, {method: 'POST', path: '/sobjects/', times: 1});
      await send(name);
      return [await ben.sees(asksOf(name)), await cleo.sees(asksOf(name))];
    };

    before(async () => {
      [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => (teams ? w.teamsPerson(n) : w.person(n)));
      for (const p of [ana, ben, cleo]) await p.ask('help', m => m.is_bot);
    });
    beforeEach(async () => {
      await w.must('PUT', path, {admins: [ids.ben, ids.cleo]});
      hook = await makeHook('deals');
    });
    /** No recipe of one test hears what the next one sends. */
    afterEach(async () => {
      await w.idle();
      await w.api('DELETE', `${path}/hooks/deals`);
      for (const {name} of await w.query("select name from recipe where workspace = $1 and command is null", [workspace])) await w.api('DELETE', `${path}/recipes/${name}`);
    });

    test('"Run the rest" gets behind a hundred that wrote something, for whoever presses; each event is done once', async () => {
      const five = m => toldOf('many')(m) && /failed so for 105 events/.test(words(m));
      await put('many', {steps: HALFWAY});
      await send('many 0');
      const old = await cleo.sees(toldOf('many'));
      for (let i = 0; i < 100; i += 10) await Promise.all(Array.from({length: 10}, (_, k) => send(`many half ${i + k}`, {half: 'yes'})));
      await until('a hundred to fail', async () => await runs('failed', 'many') === 101, 60000);
      for (let i = 1; i < 4; i++) await send(`many ${i}`);
      await until('three more to fail', async () => await runs('failed', 'many') === 104);
      await w.query("update notice set told_at = told_at - interval '2 hours'");
      await send('many 4');
      const mine = await ben.sees(five), hers = await cleo.sees(five);
      await put('many');
      await ben.press(mine, 'Run all again', {times: 2});
      const went = await ben.sees(here(mine, /1 event runs again now/));
      assert.match(words(went), /99 stay as they are: they had written something/);
      assert.deepEqual(labels(went), ['Run the rest']);
      // whoever was first may go on holiday
      await cleo.press(old, 'Run again');
      const late = await cleo.sees(here(old, /Ben.* was first/));
      assert.doesNotMatch(words(late), /Nothing is left/, 'four are');
      assert.deepEqual(labels(late), ['Run the rest']);
      await Promise.all([ben.press(went, 'Run the rest', {times: 2}), cleo.press(late, 'Run the rest')]);
      const ends = [await ben.sees(here(went, m => labels(m).length === 0)), await cleo.sees(here(late, m => labels(m).length === 0))];
      const ran = ends.map(m => Number(/(\d) events? runs? again now/.exec(words(m))?.[1] ?? 0));
      assert.equal(ran[0] + ran[1], 4, ends.map(words).join());
      await w.idle();
      // and one press more, of what was told then
      await cleo.press(hers, 'Run all again');
      await cleo.sees(here(hers, /Nothing is left to do here: (Ben|Cleo).* was first/));
      await w.idle();
      for (let i = 0; i < 5; i++) assert.equal(await named(`many ${i}`), 1, `many ${i}`);
      for (let i = 0; i < 100; i++) assert.equal(await named(`many half ${i}`), 1, `many half ${i}`);
      assert.deepEqual(await Promise.all(['failed', 'superseded', 'done'].map(s => runs(s, 'many'))), [100, 5, 5]);
      assert.equal((await onRecord('run.again', 'many')).length, 5);
    });

    test('what it wrote before it failed is told, and has no button; two admins at the same instant are one press', async () => {
      await put('pair', {steps: HALFWAY});
      await send('pair half', {half: 'yes'});
      const wrote = await ben.sees(toldOf('pair'));
      assert.match(words(wrote), /still there/);
      assert.deepEqual(labels(wrote), []);
      await w.query("update notice set told_at = told_at - interval '2 hours'");
      await send('pair');
      const both = [[ben, await ben.sees(m => toldOf('pair')(m) && /2 events/.test(words(m)))], [cleo, await cleo.sees(m => toldOf('pair')(m) && /2 events/.test(words(m)))]];
      await put('pair');
      await Promise.all(both.map(([who, m]) => who.press(m, 'Run all again', {times: 2})));
      const ends = await Promise.all(both.map(([who, m]) => who.sees(here(m, x => labels(x).length === 0))));
      assert.equal(ends.filter(m => /1 event runs again now.*1 stays as it is: it had written something/s.test(words(m))).length, 1, ends.map(words).join());
      assert.equal(ends.filter(m => /(Ben|Cleo).* was first/.test(words(m))).length, 1);
      await w.idle();
      assert.deepEqual([await named('pair'), await named('pair half'), await runs('failed', 'pair')], [1, 1, 1]);
    });

    test('a recipe that is off or gone, a hook that is off or gone: nothing is run, and the button waits', async () => {
      await put('away');
      const [mine] = await failsOnce('away');
      const nothing = async fits => {
        const {seen} = ben;
        await ben.press(mine, 'Run again');
        await ben.sees(m => m.ts !== mine.ts && m.ts > (seen > mine.ts ? seen : mine.ts) && fits.test(words(m)));
        await w.idle();
        assert.deepEqual([await runs('failed', 'away'), await named('away')], [1, 0]);
        assert.deepEqual(labels(await ben.sees(here(mine, DID_NOT))), ['Run again']);
        ben.seen = (await ben.messages()).at(-1).ts;
      };
      await put('away', {enabled: false});
      await nothing(/recipe away is off, gone or has faults: nothing was run/);
      await w.must('DELETE', `${path}/recipes/away`);
      await nothing(/recipe away is off, gone or has faults: nothing was run/);
      await put('away');
      await w.must('PUT', `${path}/hooks/deals`, {enabled: false});
      await nothing(/hook deals.* is off or gone: nothing was run/);
      await w.must('DELETE', `${path}/hooks/deals`);
      await nothing(/hook deals.* is off or gone: nothing was run/);
      hook = await makeHook('deals');
      await ben.press(mine, 'Run again');
      await until('it to be kept', async () => await named('away') === 1);
    });

    test('what another hook told is not put into a recipe that listens to this one by now', async () => {
      const other = await makeHook('tickets');
      await put('moved');
      const [mine] = await failsOnce('moved');
      await put('moved', {trigger: {hook: 'tickets'}});
      await ben.press(mine, 'Run again');
      await ben.sees(m => m.ts > mine.ts && /came by the hook deals, and the recipe moved listens to tickets now: nothing was run/.test(words(m)));
      // one of the new hook fails for the same reason: it alone is run by a press under it
      await w.query("update notice set told_at = told_at - interval '2 hours'");
      await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 400});
      await send('moved ticket', {}, other);
      const next = await cleo.sees(m => toldOf('moved')(m) && /2 events/.test(words(m)));
      await cleo.press(next, 'Run all again');
      const said = await cleo.sees(here(next, /1 event runs again now/));
      assert.match(words(said), /1 stays as it is: it came by another hook/);
      await w.idle();
      assert.deepEqual([await named('moved'), await named('moved ticket'), await runs('failed', 'moved')], [0, 1, 1]);
    });

    test('a value that the message does not hold is refused, whoever presses', async () => {
      await put('one');
      await put('two', {trigger: {hook: 'deals'}, steps: [{...kept, with: {object: 'Opportunity', fields: {...kept.with.fields, Name: '{{hook.data.name}} two'}}}]});
      await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 2, status: 400});
      await send('either');
      const one = await ben.sees(toldOf('one')), two = await ben.sees(toldOf('two'));
      const elsewhere = (await w.query("select id from run where user_id = '' and workspace <> $1 order by id limit 1", [workspace]))[0]?.id;
      const own = await ana.ask('connections', m => labels(m).length > 0);
      await forge(ana, own, 'post_again', valueOf(two, 'Run again'));
      await ana.sees(/Only an admin of Workbot can decide this/);
      await forge(ben, one, 'post_again', valueOf(two, 'Run again'));
      if (elsewhere) await forge(ben, one, 'post_again', elsewhere);
      await forge(ben, one, 'post_again', `${valueOf(one, 'Run again')}@rest`);
      await w.idle();
      assert.deepEqual([await runs('failed', 'one'), await runs('failed', 'two'), await named('either'), await named('either two')], [1, 1, 0, 0]);
      assert.deepEqual(await onRecord('run.again', 'two'), []);
      await ben.press(one, 'Run again');
      await until('it to be kept', async () => await named('either') === 1);
      await w.idle();
      assert.equal(await named('either two'), 0);
    });

    test('a run of their own gives nobody the runs of hooks, though its recipe was once a command', async () => {
      const {trigger, post, ...command} = recipe('once', {command: 'keep once', allow: 'everyone', inputs: [{name: 'name', required: true}],
        steps: [{...kept, with: {object: 'Opportunity', fields: {...kept.with.fields, Name: '{{inputs.name}}'}}}], reply: {text: 'Kept'}});
      await w.putRecipe(workspace, command);
      await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 400});
      await ana.ask('keep once name: hers', /did not work/);
      const her = await w.one('select id, error_code from run where workspace = $1 and user_id = $2 and recipe = $3', [workspace, ids.ana, 'once']);
      await put('once');
      await failsOnce('once');
      assert.equal((await w.one("select error_code from run where workspace = $1 and user_id = '' and recipe = 'once'", [workspace])).error_code, her.error_code);
      await forge(ana, await ana.ask('connections', m => labels(m).length > 0), 'post_again', her.id);
      await w.idle();
      assert.deepEqual([await runs('failed', 'once'), await named('once')], [1, 0]);
      assert.deepEqual(await onRecord('run.again', 'once'), []);
    });

    test('who is no admin any more presses in vain, also while the press waits', async () => {
      await put('left');
      const [mine, hers] = await failsOnce('left');
      const lock = await w.hold("select id from run where workspace = $1 and recipe = 'left' for update", [workspace]);
      await cleo.press(hers, 'Run again');
      await lock.waiting(1);
      await w.must('PUT', path, {admins: [ids.ben]});
      await lock.release();
      await cleo.sees(m => m.ts > hers.ts && /Only an admin of Workbot can decide this/.test(words(m)));
      await cleo.press(hers, 'Run again');
      await w.idle();
      assert.deepEqual([await runs('failed', 'left'), await named('left')], [1, 0]);
      await w.must('PUT', path, {admins: [ids.ben, ids.cleo]});
      await ben.press(mine, 'Run again');
      await until('it to be kept', async () => await named('left') === 1);
    });

    test('an event that fails while an admin presses is run with the others, or told', async () => {
      await put('late');
      const [mine] = await failsOnce('late');
      await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 400});
      w.answers.hold(/sobjects/);
      await send('late too');
      await until('its answer to be held', () => w.answers.held() === 1);
      // its end is under way, told or not, and not committed: the last that it does is to go from the queue
      const gate = await w.hold("select id from job where workspace = $1 and kind = 'run' and state = 'running' for key share", [workspace]);
      w.answers.release();
      await gate.waiting(1);
      await ben.press(mine, 'Run again');
      const pressed = () => w.one("select id from job where workspace = $1 and kind <> 'run' and state in ('queued', 'running')", [workspace]);
      await until('the press to wait for it, or to have passed it by', async () => !(await pressed()) || await w.count('pg_stat_activity', "datname = current_database() and wait_event_type = 'Lock'") >= 2);
      await gate.release();
      await w.idle();
      const told = (await ben.messages()).filter(m => toldOf('late')(m) && labels(m).length > 0);
      for (const m of told) await ben.press(m, labels(m)[0]);
      await w.idle();
      assert.deepEqual([await named('late'), await named('late too'), await runs('failed', 'late')], [1, 1, 0]);
    });

    test('a death between the press and its effect: every event is run again, once', async () => {
      await put('dead');
      const [mine] = await failsOnce('dead');
      const gate = await w.gate(`dead_${chat}`, 'insert', 'audit', "new.action = 'run.again'");
      await ben.press(mine, 'Run again');
      await gate.waiting(1);
      await Promise.all([w.kill(0), w.kill(1)]);
      await gate.release();
      await w.startReplica(0);
      await w.startReplica(1);
      await ben.sees(here(mine, /1 event runs again now/));
      await pressStale(ben, mine, 'Run again');
      await w.idle();
      assert.deepEqual([await named('dead'), await runs('superseded', 'dead'), await runs('done', 'dead')], [1, 1, 1]);
      assert.match(words(await ben.sees(here(mine, () => true))), /1 event runs again now/, 'the second press takes nothing back');
    });

    test('P10 what became of a write: two admins say two things at the same instant, and one of them counts', async () => {
      await put('torn');
      const [mine, hers] = await isLost('torn', 'cut');
      await Promise.all([ben.press(mine, 'It happened', {times: 2}), cleo.press(hers, 'It did not: run it again')]);
      await w.idle();
      const [said, ...more] = await onRecord('run.settled', 'torn');
      assert.deepEqual(more, []);
      const happened = said.detail.said === 'it_happened';
      assert.equal(said.actor, `user:${happened ? ids.ben : ids.cleo}`);
      assert.deepEqual([await runs('done', 'torn'), await named('torn')], [1, happened ? 0 : 1]);
      const [late, m] = happened ? [cleo, hers] : [ben, mine];
      assert.deepEqual(labels(await late.sees(here(m, happened ? /Ben.* was first/ : /Cleo.* was first/))), []);
    });

    test('P10 a question answers for its own try alone, and not for a recipe that is off', async () => {
      await put('asked');
      const [mine, hers] = await isLost('asked', 'cut');
      const {id} = await w.one("select id from run where workspace = $1 and recipe = 'asked'", [workspace]);
      await forge(ben, mine, 'unknown_again', id);
      await forge(ben, mine, 'unknown_done', id);
      await w.idle();
      assert.deepEqual([await runs('unknown', 'asked'), await named('asked')], [1, 0], 'no button of ours names the run alone');
      await put('asked', {enabled: false});
      await cleo.press(hers, 'It did not: run it again');
      await cleo.sees(m => m.ts > hers.ts && /recipe asked is off or gone: nothing was run/.test(words(m)));
      await w.idle();
      assert.deepEqual([await runs('unknown', 'asked'), await named('asked')], [1, 0]);
      await put('asked');
      await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
      await cleo.press(hers, 'It did not: run it again');
      const next = await ben.sees(m => asksOf('asked')(m) && m.ts > mine.ts);
      await ben.press(mine, 'It did not: run it again');
      await ben.sees(here(mine, /Cleo.* was first/));
      await w.idle();
      assert.deepEqual([await runs('unknown', 'asked'), await named('asked')], [1, 1]);
      await put('asked', {enabled: false});
      await ben.press(next, 'It happened');
      await ben.sees(here(next, /recipe asked is switched off, so I do nothing more: its message is not posted/));
      await until('it to be settled', async () => await runs('failed', 'asked') === 1);
      assert.equal(await named('asked'), 1);
    });
  });
}
