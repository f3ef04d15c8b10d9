// Encryption keys over several replicas: a new key on its way loses no event, and a replica whose keys
// do not open what is stored says so.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {start, until} from '../lib/flow.mjs';

const key = id => `${id}:${randomBytes(32).toString('base64')}`;
const SENTENCE = /the encryption keys do not open what is stored/;

describe('keys', () => {
  let w, old;
  before(async () => {
    w = await start({replicas: 2});
    old = w.env.WORKBOT_ENCRYPTION_KEYS;
    await w.person('ana').ask('help', /What can I do/);
    await w.idle();
  });
  after(() => w?.stop());

  test('P1 an event sealed with a key that the other replica lacks is not lost', async () => {
    await w.stopReplica(0);
    w.env.WORKBOT_ENCRYPTION_KEYS = `${key('k2')},${old}`;
    await w.startReplica(0);
    await until('the replica without the key to meet an event of the other', async () => {
      assert.equal((await w.signed('/slack/events', w.dm('help'), {url: w.replicas[0].url})).status, 200);
      return /jobs are left to other replicas/.test(w.log());
    });
    assert.equal(await w.count('job', "state = 'dead'"), 0);
    await w.stopReplica(1);
    await w.startReplica(1);
    await until('every job to be done', async () => await w.count('job', "state in ('queued', 'running')") === 0, 40000);
    assert.equal(await w.count('job', "state = 'dead'"), 0);
  });

  test('P1 a job that needs a row sealed with a key that its replica lacks waits for one that has it', async () => {
    const both = w.env.WORKBOT_ENCRYPTION_KEYS, ana = w.person('ana');
    await ana.connect();
    assert.equal(await w.count('connection', "user_id <> '' and substr(tokens, 3, 2) = 'k2'"), 1);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: old});
    await ana.say('salesforce create opportunity name: Patient close: 2026-12-31');
    const left = until('the run to be left to others', () => w.count('job', "kind = 'run' and error_code = 'key_missing' and state = 'queued'"));
    await left;
    // as if it had been tried so often that the next failure were the last
    await w.query("update job set attempts = 11, run_at = now() where kind = 'run'");
    const metric = async () => (await Promise.all(w.replicas.map(r => fetch(r.opsUrl + '/metrics').then(a => a.text())))).join('');
    await until('it to be tried again', async () => /a job is left to a replica that has the key.*"attempt":12/.test(w.log()));
    assert.match(await metric(), /workbot_jobs_total\{result="left"\} [1-9]/);
    assert.match(w.log(), /sealed with the unknown key k2/);
    assert.equal(await w.count('run', "state = 'failed'"), 0);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: both});
    await ana.sees(/Created Patient/, {ms: 40000});
  });

  test('a replica with a wrong key of the same id says so, in check and in readyz', async () => {
    const env = {PATH: process.env.PATH, ...w.env};
    const check = keys => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: {...env, WORKBOT_ENCRYPTION_KEYS: keys}});
    assert.equal(check(old).status, 0);
    for (const wrong of [key('k1'), key('k9')]) {
      const said = check(wrong);
      assert.equal(said.status, 1);
      assert.match(said.stderr, SENTENCE);
    }
    await w.stopReplica(0);
    const right = w.env.WORKBOT_ENCRYPTION_KEYS;
    w.env.WORKBOT_ENCRYPTION_KEYS = key('k1');
    const starting = w.startReplica(0).catch(() => 'never ready');
    const answer = await until('the replica to answer', () => fetch(w.replicas[0].opsUrl + '/readyz').catch(() => null));
    assert.equal(answer.status, 503);
    const body = await answer.json();
    assert.equal(body.checks.database, 'keys_wrong');
    assert.match(body.reason, SENTENCE);
    await w.stopReplica(0);
    assert.equal(await starting, 'never ready');
    w.env.WORKBOT_ENCRYPTION_KEYS = right;
    await w.startReplica(0);
  });
});
