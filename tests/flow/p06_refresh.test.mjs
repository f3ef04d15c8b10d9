// P6: one refresh at a time per connection over all replicas; a rotated token is stored before it is
// used; never two refreshes with one single-use token but one retry after an answer that never came.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {loginUrl, start, until, words} from '../lib/flow.mjs';

const FIND = 'salesforce find opportunity name: zzz';

describe('P6 refresh', () => {
  let w, ana;
  before(async () => {
    w = await start({replicas: 2});
    ana = w.person('ana');
    await ana.connect();
  });
  afterEach(() => w.sandbox('DELETE', '/_faults'));
  after(() => w?.stop());

  const refreshes = async () => (await w.tokenCalls('refresh_token')).length;
  const done = () => w.count('run', "state = 'done'");
  /** The clock of cool-downs and retries moves on. */
  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };

  let counter = 0;
  async function burst(n) {
    const answers = await Promise.all(Array.from({length: n}, (_, i) =>
      w.signed('/slack/events', w.dm(FIND, {ts: `${Math.floor(Date.now() / 1000)}.${String(100000 + counter++)}`}), {url: w.replicas[i % 2].url})));
    assert.deepEqual(answers.map(a => a.status), Array(n).fill(200), 'taken');
  }

  for (const rotation of [false, true]) {
    test(`P6 twenty commands at once over two replicas at expiry: one refresh, all succeed (rotation ${rotation ? 'on' : 'off'})`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {rotation}});
      for (let round = 0; round < 2; round++) {
        const [before, was] = [await refreshes(), await done()];
        await w.fault('token_expired', {path: '/query'});
        await w.fault('slow', {path: 'oauth2/token', delay_ms: 150});
        await burst(20);
        await until('all twenty to be done', async () => await done() === was + 20);
        assert.equal(await refreshes() - before, 1, 'one refresh for one expiry');
      }
      assert.equal(await w.count('connection', "user_id = 'U0ANA0001' and state = 'active'"), 1);
      assert.equal((await w.grants()).find(g => g.username === 'ana@acme.example').refused_refreshes, 0);
    });
  }

  test('P6 every refresh is journalled, and a stored token is the one that is used next', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true}});
    for (let i = 0; i < 3; i++) {
      await w.fault('token_expired', {path: '/query'});
      const was = await done();
      await burst(1);
      await until('the command to be done', async () => await done() === was + 1);
    }
    const calls = (await w.tokenCalls('refresh_token')).slice(-3).map(c => c.args.refresh_token);
    assert.equal(new Set(calls).size, 3, 'each refresh used the token that the last one brought');
    assert.equal(await w.count('refresh_attempt', 'ended_at is null'), 0);
  });

  test('P6 the database is away when a rotated token comes: it is stored as soon as the database is back', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true}});
    const row = () => w.one("select state, generation::int from connection where user_id = 'U0ANA0001'");
    const [was, calls, had] = [await done(), await refreshes(), await row()];
    await w.fault('token_expired', {path: '/query'});
    await w.fault('slow', {path: 'oauth2/token', delay_ms: 1000});
    const slow = await w.fired('slow');
    await burst(1);
    await until('the refresh to be under way', async () => await w.fired('slow') > slow);
    await w.admin.query(`alter database ${w.database} with allow_connections false`);
    await w.admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [w.database]);
    await until('the app to have answered', async () => await refreshes() > calls);
    await pause(2000); // so long the outage goes on
    await w.admin.query(`alter database ${w.database} with allow_connections true`);
    await until('the new token to be stored', async () => (await row()).generation === had.generation + 1);
    await until('the command to be done', async () => {
      await later();
      return await done() === was + 1;
    }, 40000);
    assert.equal((await row()).state, 'active');
    assert.equal(await refreshes() - calls, 1);
    assert.equal(await w.count('refresh_attempt', 'ended_at is null'), 0);
    await w.allReady();
  });

  test('failure_03_stuck_refresh P6 a command outlasts the lease of a refresh that another worker began', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: false}});
    const [before, was] = [await refreshes(), await done()];
    await w.query("update connection set refresh_until = now() + interval '15 seconds' where user_id = 'U0ANA0001'");
    await w.fault('token_expired', {path: '/query', times: -1});
    await burst(1);
    await until('the command to wait', async () => await w.count('job', "error_code = 'refreshing'") === 1);
    await w.sandbox('DELETE', '/_faults');
    await w.query("update connection set access_expires_at = now() where user_id = 'U0ANA0001'");
    await until('the command to be done', async () => await done() === was + 1);
    assert.equal(await refreshes() - before, 1, 'by itself, when the lease had ended');
  });

  test('P6 the answer of a refresh is lost, tokens not rotated: one more try, and the command goes on', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: false}});
    const [before, was] = [await refreshes(), await done()];
    await w.fault('token_expired', {path: '/query'});
    await w.fault('lost', {path: 'oauth2/token'});
    await burst(1);
    await until('the command to be done', async () => {
      await later();
      return await done() === was + 1;
    });
    assert.equal(await refreshes() - before, 2);
  });

  test('P6 the answer of a rotating refresh is lost: one more try with the old token at most, then a login', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true}});
    const before = await refreshes();
    await w.fault('token_expired', {path: '/query'});
    await w.fault('lost', {path: 'oauth2/token'});
    await burst(1);
    const prompt = await until('the user to be asked to log in', async () => {
      await later();
      return (await ana.messages()).find(m => m.is_bot && loginUrl(m) && /goes on by itself/.test(words(m)));
    });
    const calls = (await w.tokenCalls('refresh_token')).slice(before);
    assert.ok(calls.length <= 2, `${calls.length} calls`);
    assert.equal(new Set(calls.map(c => c.args.refresh_token)).size, 1);
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /found/.test(words(m)));
  });
});
