// P1: a worker that dies with a job is no failure of the job: the job comes back when its lease
// ends, and only one that outlives none of its workers is given up. What the queue sees of a
// death is a lease that nobody renews; the test takes the lease away.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {start, until} from '../lib/flow.mjs';

const FIND = 'salesforce find opportunity name: Anything';

describe('P1 workers that die', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  beforeEach(() => w.sandbox('DELETE', '/_faults'));
  after(() => w?.stop());

  /** Takes the run's lease from its worker, once the `n`-th slow call is under way. */
  async function die(n, more = '') {
    await until(`slow call ${n}`, async () => await w.fired('slow') >= n);
    const taken = await w.query(`update job set lease_token = gen_random_uuid(), lease_until = now() - interval '1 second' ${more} where kind = 'run' and state = 'running' returning id`);
    assert.equal(taken.length, 1, 'one run is under way');
  }

  test('P1 after several lost workers a failure waits as long as a first one', async () => {
    await w.fault('slow', {path: '/query', times: 5, delay_ms: 4000});
    await w.fault('5xx', {path: '/query', skip: 5});
    const said = await ana.say(FIND);
    for (let i = 1; i <= 5; i++) await die(i);
    await ana.sees(/0 found/, {after: said.ts, ms: 20000}); // after six failures it would wait 32 s
    assert.equal(await w.fired('5xx'), 1);
  });

  test('P1 a job that no worker outlives is given up, and its user is told', async () => {
    await w.fault('slow', {path: '/query', times: -1, delay_ms: 4000});
    const said = await ana.say(FIND);
    await die(1, ', lost = 11'); // the twelfth
    const told = await ana.sees(/Reference WB-/, {after: said.ts});
    const reference = /WB-\w+/.exec(JSON.stringify(told.blocks))[0];
    const run = await w.one('select state, error_code from run where reference = $1', [reference]);
    assert.deepEqual(run, {state: 'failed', error_code: 'worker_lost'});
    await w.idle();
    assert.equal(await w.count('job', "state = 'dead'"), 0, 'it ended as failed runs end');
  });

  test('P1 a job whose run has gone ends; nothing else ends with it', async () => {
    await w.fault('5xx', {path: '/query', times: 1});
    await ana.say(FIND);
    await until('the run to wait', () => w.count('job', "kind = 'run' and state = 'queued' and error_code is not null"));
    await w.query("delete from run where state = 'running'");
    await w.query("update job set run_at = now() where kind = 'run'");
    await w.idle();
    await ana.ask('help', /What can I do/);
    assert.equal(w.replicas[0].child.signalCode, null);
  });

  test('P1 a replica that cannot listen says why and ends in order, whatever its workers have begun', async () => {
    for (let i = 0; i < 5; i++) {
      const said = await ana.say(FIND);
      assert.deepEqual(await w.startInVain({WORKBOT_LISTEN: `127.0.0.1:${w.replicas[0].port}`, WORKBOT_OPS_LISTEN: '127.0.0.1:0'}), {code: 1, signal: null});
      await ana.sees(/0 found/, {after: said.ts});
    }
    assert.match(w.log(), /cannot listen on 127\.0\.0\.1:\d+: Address already in use/);
    assert.doesNotMatch(w.log(), /DEADLYSIGNAL/);
  });
});

describe('P11 with leases that last', () => {
  let w, ana;
  before(async () => {
    w = await start({env: {WORKBOT_TTL_LEASE: '5m'}});
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  test('P11 whoever gives a job up tells its user at once', async () => {
    await w.fault('5xx', {path: '/query', times: -1});
    const said = await ana.say(FIND);
    await until('the run to wait', () => w.count('job', "kind = 'run' and state = 'queued' and error_code is not null"));
    await w.query("update job set lost = 12, run_at = now() where kind = 'run'");
    await ana.sees(/Reference WB-/, {after: said.ts}); // not when a lease would have ended
    await w.idle();
  });
});
