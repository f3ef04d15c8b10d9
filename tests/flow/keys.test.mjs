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
    }, 30000);
    assert.equal(await w.count('job', "state = 'dead'"), 0);
    await w.stopReplica(1);
    await w.startReplica(1);
    await w.idle(30000);
    assert.equal(await w.count('job', "state = 'dead'"), 0);
    assert.equal(await w.count('job', "state = 'queued'"), 0);
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
