// P2: a run names one account for each of its connections. Whoever logs in as another one in its midst ends it where it
// has written, and it goes on as the new one where it has only read.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, labels, words} from '../lib/flow.mjs';
import {startPlain} from '../lib/plain_app.mjs';

const step = (id, action) => ({id, connection: 'it', action, with: {}});
const recipe = (name, first) => ({name, title: `Two by ${name}`, command: `plain ${name}`, allow: 'everyone', inputs: [],
  connections: {it: {use: 'my-plain', verify_user_access: true}},
  steps: [step('one', first), {id: 'ok', wait: {text: 'Go on?', buttons: [{title: 'Ship it', value: 'ship'}]}}, step('three', 'make')],
  reply: {text: 'First {{steps.one.name}}, then {{steps.three.name}}'}});

describe('another account in the midst of a run', () => {
  let world, w, ana, app;
  before(async () => {
    ({w, app} = world = await startPlain());
    ana = w.person('ana');
    for (const name of ['make', 'touch', 'who']) await w.putRecipe(ACME, recipe(name, name));
  });
  after(() => world?.stop());
  beforeEach(async () => {
    await app.login(ana, 'ana');
    app.calls.length = 0;
  });

  const asks = async (name, place = 'dm') => {
    const m = await ana.ask(place === 'dm' ? `plain ${name}` : `@Workbot plain ${name}`, x => x.is_bot && labels(x).includes('Ship it'), {place, see: place});
    await w.idle();
    return m;
  };
  const pressed = async (m, place = 'dm') => {
    await ana.press(m, 'Ship it');
    await w.idle();
    const {id} = await w.one('select id from run order by created_at desc limit 1');
    return {told: words((await ana.messages(place)).findLast(x => x.is_bot)), run: await w.must('GET', `/workspaces/${ACME}/runs/${id}`)};
  };
  const accounts = run => run.apps.map(a => a.account);

  test('P2 P11 what has written as one account stops, says as whom it began and what stands, and its record says the same', async () => {
    const m = await asks('make');
    await app.login(ana, 'otto');
    const {told, run} = await pressed(m);
    assert.deepEqual(app.writes(), ['ana'], 'nothing is written as the other one');
    assert.match(told, /It began as ana, and it would go on as otto/);
    assert.match(told, /nothing more was done/);
    assert.match(told, /Made before that, and still there: made-\d+/);
    assert.equal(run.state, 'failed');
    assert.equal(run.error.code, 'account_changed');
    assert.deepEqual(accounts(run), ['ana']);
    const {detail} = await w.one("select detail from audit where action = 'run.wrote' order by at desc limit 1");
    assert.equal(detail.account, 'ana');
  });

  test('P8 where others read, it says so without the names of accounts', async () => {
    const m = await asks('make', 'sales');
    await app.login(ana, 'otto');
    const {run} = await pressed(m, 'sales');
    const told = (await ana.messages('sales')).filter(x => x.ts >= m.ts).map(words).join('\n');
    assert.equal(run.error?.code, 'account_changed');
    assert.match(told, /as another account than the one that is logged in now/);
    assert.match(told, /Made before that, and still there/);
    assert.doesNotMatch(told, /\bana\b|otto/);
    assert.deepEqual(app.writes(), ['ana']);
  });

  test('P11 what was written without a record of its own is not called nothing', async () => {
    const m = await asks('touch');
    await app.login(ana, 'otto');
    const {told} = await pressed(m);
    assert.match(told, /What it did in the app before that stays done/);
    await app.login(ana, 'ana');
    const again = await asks('touch');
    await ana.say('cancel');
    await w.idle();
    const cancelled = (await ana.messages()).filter(x => x.ts >= again.ts).map(words).join('\n');
    assert.doesNotMatch(cancelled, /Nothing was done/);
    assert.match(cancelled, /stays done/);
  });

  test('a login of the same account is no other one', async () => {
    const m = await asks('make');
    await app.login(ana, 'ana');
    const {told, run} = await pressed(m);
    assert.match(told, /First ana, then ana, as ana/);
    assert.equal(run.state, 'done');
    assert.deepEqual(app.writes(), ['ana', 'ana']);
  });

  test('what has only read goes on as the new one, and its record says so', async () => {
    const m = await asks('who');
    await app.login(ana, 'otto');
    const {told, run} = await pressed(m);
    assert.match(told, /First ana, then otto, as otto/);
    assert.equal(run.state, 'done');
    assert.deepEqual(app.writes(), ['otto']);
    assert.deepEqual(accounts(run), ['otto']);
  });

  test('what was begun before its account was kept goes on as before', async () => {
    const m = await asks('make');
    await w.query('update run_connection set account_hash = null');
    await app.login(ana, 'otto');
    const {run} = await pressed(m);
    assert.equal(run.state, 'done');
  });
});
