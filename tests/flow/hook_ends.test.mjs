// How a run ends that an app's event began, and so nobody: a write whose answer was lost is put to the admins with both
// choices (P10), and what failed is told with a button that runs it again. Nothing is dropped in silence.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, labels, start, until, words} from '../lib/flow.mjs';

const NAME = 'acme-salesforce', CHANNEL = 'C0SALES01';
const recipe = (name, more) => ({name, title: `Keep ${name}`, trigger: {hook: 'deals'}, connections: {sf: {use: NAME}}, post: {channel: CHANNEL},
  steps: [{id: 'kept', connection: 'sf', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{hook.data.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
  reply: {text: 'Kept {{hook.data.name}}'}, ...more});

describe('hooks: how a run of nobody ends', () => {
  let w, ana, ben, cleo, hook;
  const named = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const tell = async name => {
    assert.equal((await w.sandbox('POST', '/_hook', {kind: 'plain', url: hook.url, secret: hook.secret, body: {id: name, name}})).taken, true);
    await w.idle();
  };
  const posted = async text => (await ana.messages('sales')).filter(m => m.is_bot && words(m).includes(text)).length;
  const onRecord = async action => (await w.query('select actor, subject, detail from audit where action = $1 order by id', [action])).map(a => [a.actor, a.detail.said ?? 'again']);
  const states = async () => (await w.query("select state from run where user_id = '' order by id")).map(r => r.state);
  const questions = async p => (await p.messages()).filter(m => m.is_bot && labels(m).includes('It happened'));

  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0BEN0001', 'U0CLEO001']});
    await w.authorize(ACME, NAME, 'ben@acme.example');
    hook = await w.must('PUT', `/workspaces/${ACME}/hooks/deals`, {kind: 'json', event_id: {path: 'id'}});
    await w.putRecipe(ACME, recipe('deal'));
    for (const p of [ana, ben, cleo]) await p.ask('help', /What can I do|can do/);
  });
  after(() => w?.stop());

  test('P10 a write whose answer was lost: every admin is asked, and nobody else; the first press counts', async () => {
    await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Lost once');
    const mine = await ben.sees(/Keep deal may have happened or not/), hers = await cleo.sees(/Keep deal may have happened or not/);
    assert.deepEqual(labels(mine), ['It happened', 'It did not: run it again']);
    assert.match(words(mine), /recipe deal/);
    assert.match(words(mine), /Its message is not posted yet\. Say that it happened, and I post it\./);
    assert.deepEqual(await states(), ['unknown']);
    // somebody who is no admin has no such button, and forges one
    assert.deepEqual(await questions(ana), []);
    const own = await ana.ask('connections', m => labels(m).length > 0);
    await ana.forge(own, 'unknown_again', button(mine, 'It happened').value);
    await ana.sees(/Only an admin of Workbot can decide this/);
    await w.idle();
    assert.deepEqual([await states(), await named('Lost once')], [['unknown'], 1]);
    await ben.press(mine, 'It happened', {times: 2});
    await ben.sees(m => m.ts === mine.ts && /Noted: it had happened\. I post the recipe's message\./.test(words(m)) && labels(m).length === 0);
    await cleo.press(hers, 'It did not: run it again');
    await cleo.sees(m => m.ts === hers.ts && /Ben.* was first/.test(words(m)) && labels(m).length === 0);
    await w.idle();
    assert.deepEqual([await states(), await named('Lost once'), await posted('Kept Lost once')], [['done'], 1, 1], 'the message comes, as when the step had answered');
    assert.deepEqual(await onRecord('run.settled'), [['user:U0BEN0001', 'it_happened']]);
  });

  test('P10 a question that another admin has answered says nothing of what became of the next try', async () => {
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Stale');
    const mine = await ben.sees(m => labels(m).includes('It happened')), old = await cleo.sees(m => labels(m).includes('It happened'));
    await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
    await ben.press(mine, 'It did not: run it again');
    const next = await ben.sees(m => labels(m).includes('It happened') && m.ts > mine.ts);
    await w.idle();
    assert.deepEqual([(await states()).at(-1), await named('Stale')], ['unknown', 1]);
    await cleo.press(old, 'It did not: run it again');
    await cleo.sees(m => m.ts === old.ts && /Ben.* was first/.test(words(m)) && labels(m).length === 0);
    await w.idle();
    assert.deepEqual([(await states()).at(-1), await named('Stale')], ['unknown', 1]);
    await ben.press(next, 'It happened');
    await ben.sees(m => m.ts === next.ts && /Noted: it had happened/.test(words(m)));
    await cleo.press(await cleo.sees(m => labels(m).includes('It happened')), 'It happened');
    await w.idle();
    assert.deepEqual([(await states()).at(-1), await named('Stale')], ['done', 1]);
  });

  test('P10 several of them: one question at a time, and none is lost; "run it again" does it once', async () => {
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 2});
    for (const name of ['Cut 1', 'Cut 2']) {
      await tell(name);
      await until(`${name} to be unknown`, async () => (await states()).at(-1) === 'unknown');
    }
    await w.idle();
    assert.equal((await questions(ben)).length, 1);
    const first = await cleo.sees(m => labels(m).includes('It happened'));
    await cleo.press(first, 'It did not: run it again');
    await cleo.sees(m => m.ts === first.ts && /Running it again/.test(words(m)));
    const second = await cleo.sees(m => labels(m).includes('It happened') && m.ts > first.ts);
    await w.idle();
    assert.deepEqual([await named('Cut 1'), await posted('Kept Cut 1'), await named('Cut 2')], [1, 1, 0]);
    await cleo.press(second, 'It did not: run it again', {times: 2});
    await w.idle();
    assert.deepEqual([await named('Cut 2'), await posted('Kept Cut 2')], [1, 1]);
    assert.deepEqual((await questions(cleo)).length, 0);
    // and the next one is asked about at once
    const answered = (await questions(ben)).map(m => m.ts);
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Cut 3');
    const third = await ben.sees(m => labels(m).includes('It happened') && !answered.includes(m.ts));
    await ben.press(third, 'It happened');
    await w.idle();
    assert.ok((await states()).every(s => s === 'done'));
  });

  const failed = () => w.count('run', "user_id = '' and state = 'failed'");

  test('what failed is told once an hour, counts the others, and one press runs all of it again, once', async () => {
    const old = await w.one("select max(id::text) as id from run");
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 3, status: 400});
    for (const name of ['Broken 1', 'Broken 2', 'Broken 3']) await tell(name);
    await until('three to fail', async () => await failed() === 3);
    const told = await ben.sees(/recipe deal, which an event of an app starts, did not work/);
    const hers = await cleo.sees(/recipe deal, which an event of an app starts, did not work/);
    assert.deepEqual(labels(told), ['Run again']);
    assert.equal((await ben.messages()).filter(m => /did not work/.test(words(m))).length, 1);
    // the next notice counts them
    await w.query("update notice set told_at = told_at - interval '2 hours'");
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 400});
    await tell('Broken 4');
    const next = await ben.sees(m => /failed so for 4 events that nobody has run again/.test(words(m)));
    assert.deepEqual(labels(next), ['Run all again']);
    await ana.forge(await ana.ask('connections', m => labels(m).length > 0), 'post_again', button(next, 'Run all again').value);
    await ana.sees(m => /Only an admin of Workbot can decide this/.test(words(m)));
    assert.equal(await failed(), 4);
    await ben.press(next, 'Run all again', {times: 2});
    await ben.sees(m => m.ts === next.ts && /Keep deal: 4 events run again now/.test(words(m)) && labels(m).length === 0);
    await w.idle();
    for (const n of [1, 2, 3, 4]) assert.deepEqual([await named(`Broken ${n}`), await posted(`Kept Broken ${n}`)], [1, 1], `Broken ${n}`);
    await cleo.press(hers, 'Run again');
    await cleo.sees(m => m.ts === hers.ts && /Ben.* was first/.test(words(m)));
    await w.idle();
    assert.equal((await w.records()).filter(r => /^Broken/.test(r.fields.Name)).length, 4);
    assert.deepEqual(await onRecord('run.again'), [1, 2, 3, 4].map(() => ['user:U0BEN0001', 'again']));
    assert.deepEqual((await w.query("select state, count(*)::int as n from run where id::text > $1 and user_id = '' group by state order by state", [old.id])).map(r => [r.state, r.n]),
      [['done', 4], ['superseded', 4]], 'each made anew, with a reference of its own');
  });

  test('what had written something before it failed is not run again', async () => {
    const two = recipe('deal').steps;
    await w.putRecipe(ACME, recipe('deal', {steps: [...two, {id: 'more', connection: 'sf', action: 'get_record', with: {object: 'Opportunity', id: '006000000000000AAA', fields: 'Id'}}]}));
    await tell('Halfway');
    await until('it to fail', async () => await failed() === 1);
    const told = await ben.sees(m => /did not work/.test(words(m)) && /still there|stays done/.test(words(m)));
    assert.deepEqual(labels(told), []);
    await ben.forge(told, 'post_again', (await w.one("select id from run where state = 'failed'")).id);
    await w.idle();
    assert.deepEqual([await named('Halfway'), await failed()], [1, 1]);
    await w.putRecipe(ACME, recipe('deal'));
  });

  /** Two steps, of which the second needs nothing of the first. */
  const two = more => recipe('deal', {steps: [...recipe('deal').steps, {id: 'more', connection: 'sf', action: 'create_record', with: {object: 'Task', fields: {Subject: '{{hook.data.name}}'}}}], ...more});
  const last = () => w.one("select id, state, error_code from run where user_id = '' order by created_at desc, id desc limit 1");
  const lostNow = async name => {
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 1});
    await tell(name);
    await until(`${name} to be unknown`, async () => (await last()).state === 'unknown');
    return [await ben.sees(m => labels(m).includes('It happened')), await cleo.sees(m => labels(m).includes('It happened'))];
  };
  const api = async id => w.must('GET', `/workspaces/${ACME}/runs/${id}`);
  const settled = async () => (await w.query("select detail from audit where action = 'run.settled' order by id desc limit 1"))[0].detail;

  test('P11 "It happened" where the recipe is off, gone or has faults by now: what is not done is said, and stands in run and audit', async () => {
    const off = {
      'is switched off': () => w.putRecipe(ACME, two({enabled: false})),
      'is gone': () => w.must('DELETE', `/workspaces/${ACME}/recipes/deal`),
      'has faults by now': () => w.query("update recipe_version v set body = '{}' from recipe r where r.workspace = v.workspace and r.name = v.name and r.version = v.version and r.name = 'deal'"),
    };
    for (const [is, take] of Object.entries(off)) {
      await w.putRecipe(ACME, two());
      const [mine, hers] = await lostNow(`Left ${is}`);
      await take();
      const {id} = await last(), code = is === 'has faults by now' ? 'recipe_faulty' : 'recipe_off';
      await ben.press(mine, 'It happened');
      const said = await ben.sees(m => m.ts === mine.ts && /Noted: it had happened/.test(words(m)));
      assert.match(words(said), new RegExp(`The recipe deal ${is}, so I do nothing more: ${code === 'recipe_off' ? 'the steps after it are not done, and its message is not posted. Please do the rest in the app' : 'what comes after it, if anything does, is not done. Please look'}`));
      assert.deepEqual(labels(said), []);
      await w.idle();
      const run = await api(id);
      assert.deepEqual([run.state, run.error, run.steps[0].state], ['failed', {code}, 'done'], is);
      assert.deepEqual([(await settled()).said, (await settled()).left], ['it_happened', code], is);
      await cleo.press(hers, 'It happened');
      assert.match(words(await cleo.sees(m => m.ts === hers.ts && /was first/.test(words(m)))), /What comes after it was not done: the recipe deal (was off or gone|had faults) then/);
      assert.deepEqual([await named(`Left ${is}`), await posted(`Kept Left ${is}`)], [0, 0]);
    }
  });

  test('P11 asked while its recipe is off: the question says that nothing more is done as long as it is', async () => {
    await w.putRecipe(ACME, recipe('deal'));
    const [first] = await lostNow('Asked 1');
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Asked 2');
    await until('both to be unknown', async () => await w.count('run', "user_id = '' and state = 'unknown'") === 2);
    await w.putRecipe(ACME, recipe('deal', {enabled: false}));
    await ben.press(first, 'It happened');
    await ben.sees(m => m.ts === first.ts && /is switched off, so I do nothing more: its message is not posted. Please tell whom it concerns/.test(words(m)));
    const next = await ben.sees(m => m.ts > first.ts && labels(m).includes('It happened'));
    assert.match(words(next), /recipe deal is switched off now: as long as it is, nothing more is done by it/);
    await w.putRecipe(ACME, recipe('deal'));
    await ben.press(next, 'It happened');
    await w.idle();
    assert.deepEqual([await posted('Kept Asked 1'), await posted('Kept Asked 2')], [0, 1]);
  });

  test('P11 a recipe that is switched off while a run of it waits behind a write of its own: the admins are told what is not done', async () => {
    await w.query("delete from notice");
    const halfway = more => recipe('deal', {steps: [...recipe('deal').steps, {id: 'read', connection: 'sf', action: 'query', with: {soql: 'SELECT Id FROM Opportunity LIMIT 1'}}], ...more});
    await w.putRecipe(ACME, halfway());
    await w.fault('5xx', {path: '/query', times: 4, status: 503});
    const sent = tell('Halfway off');
    await until('its second step to wait', async () => (await last()).state === 'queued');
    await w.putRecipe(ACME, halfway({enabled: false}));
    await sent;
    const told = await ben.sees(m => /recipe deal, which an event of an app starts, did not work/.test(words(m)) && /switched off or deleted while it was under way/.test(words(m)));
    assert.match(words(told), /please do the rest in the app.*Made before that, and still there/s);
    assert.deepEqual(labels(told).filter(l => l === 'Run again'), []);
    assert.deepEqual([(await last()).error_code, await named('Halfway off'), await posted('Kept Halfway off')], ['recipe_off', 1, 0]);
    await w.putRecipe(ACME, recipe('deal'));
  });

  test('P14 ten thousand runs of hooks wait: an event waits as well, and acts once there is room', async () => {
    await w.query(`insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, place, channel)
      select $1, gen_random_uuid(), 'WB-Q' || lpad(i::text, 7, '0'), 'other', 1, '', 'unknown', ''::bytea, 'post', 'C0SALES01' from generate_series(1, 10000) i`, [ACME]);
    await tell('Bounded');
    const waits = () => w.one("select id, state from job where kind = 'hook_event' and error_code = 'hook_runs' and state = 'queued'");
    await until('the event to wait', waits);
    assert.deepEqual([await named('Bounded'), await w.count('run', "user_id = '' and recipe = 'deal' and ended_at is null")], [0, 0]);
    await w.query("delete from run where reference = 'WB-Q0000001'");
    await w.query("update job set run_at = now() where kind = 'hook_event' and error_code = 'hook_runs'");
    await until('the event to act', async () => await posted('Kept Bounded') === 1);
    await w.idle();
    assert.deepEqual([await named('Bounded'), await posted('Kept Bounded')], [1, 1]);
    await w.query("delete from run where reference like 'WB-Q%'");
  });

  test('the owner of the connection leaves, an event comes, another admin takes over: the message is posted once', async () => {
    await w.query("update connection set owner = 'U0BEN0001', connected_at = now() - interval '1 hour' where user_id = ''");
    await w.sandbox('POST', '/_user', {user: 'ben', set: {deleted: true}});
    await cleo.sees(m => /has left/.test(words(m)) && labels(m).includes('Take over'));
    await tell('Orphan');
    await until('it to fail', async () => await w.count('run', "error_code = 'owner_left'") === 1);
    const prompt = await cleo.ask(`take over ${NAME}`, /to take over/);
    const told = cleo.ask(await cleo.browse(prompt), /can work again/);
    assert.deepEqual(labels(await told), ['Run again']);
    assert.equal(await posted('Kept Orphan'), 0, 'nothing runs by itself');
    await cleo.press(await told, 'Run again', {times: 2});
    await w.idle();
    assert.deepEqual([await named('Orphan'), await posted('Kept Orphan')], [1, 1]);
  });
});
