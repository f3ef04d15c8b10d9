// Encryption keys over several replicas: a new key on its way loses no event, and a replica whose keys
// do not open what is stored says so.
import assert from 'node:assert/strict';
import {execFile, spawnSync} from 'node:child_process';
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

  test('failure_20_look_up_error P1 a job that needs a row sealed with a key that its replica lacks waits for one that has it', async () => {
    const both = w.env.WORKBOT_ENCRYPTION_KEYS, ana = w.person('ana');
    await ana.connect();
    assert.equal(await w.count('connection', "user_id <> '' and substr(tokens, 3, 2) = 'k2'"), 1);
    // as if the key had been freed a moment before it sealed once more: else nobody would begin without it
    await w.stopReplica(0);
    await w.stopReplica(1);
    await w.query("update encryption_key set emptied_at = now() where id = 'k2'");
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
    assert.equal(check(w.env.WORKBOT_ENCRYPTION_KEYS).status, 0);
    for (const wrong of [key('k1'), key('k9'), old]) {
      const said = check(wrong);
      assert.equal(said.status, 1);
      assert.match(said.stderr, SENTENCE);
    }
    await w.stopReplica(0);
    const right = w.env.WORKBOT_ENCRYPTION_KEYS, before = w.log().length;
    const said = () => w.log().slice(before).split('\n').filter(l => l.startsWith('{')).map(l => JSON.parse(l)).filter(l => /^(not )?ready/.test(l.message));
    w.env.WORKBOT_ENCRYPTION_KEYS = key('k1');
    const starting = w.startReplica(0).catch(() => 'never ready');
    const answer = await until('the replica to answer', () => fetch(w.replicas[0].opsUrl + '/readyz').catch(() => null));
    assert.equal(answer.status, 503);
    const body = await answer.json();
    assert.equal(body.checks.database, 'keys_wrong');
    assert.match(body.reason, SENTENCE);
    // its log says the same, once; and again when the reason is another
    const says = async (...codes) => {
      await until('the log to say why', () => said().length >= codes.length);
      assert.deepEqual(said().map(l => [l.level, l.message, l.code]), codes.map(code => ['warn', 'not ready yet', code]));
    };
    await says('keys_wrong');
    assert.match(said()[0].text, SENTENCE);
    await w.query("update ops.migration set name = 'away' where name like '0001%'");
    await says('keys_wrong', 'migrations_missing');
    await w.stopReplica(0);
    assert.equal(await starting, 'never ready');
    // and it says ready no sooner than it is
    w.env.WORKBOT_ENCRYPTION_KEYS = right;
    const mended = w.startReplica(0);
    await says('keys_wrong', 'migrations_missing', 'migrations_missing');
    await w.query("update ops.migration set name = '0001_create_workspaces' where name = 'away'");
    await mended;
    assert.equal((await until('the log to say so', () => said()[3])).message, 'ready');
  });

  const workbot = (env, ...args) => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', args, {encoding: 'utf8', env: {PATH: process.env.PATH, ...env}});
  const SEALED = [
    ['workspace', 'bot_token'], ['workspace', 'bot_refresh'], ['chat_user', 'home_said'], ['default_connection', 'client_secret'],
    ['connection', 'tokens'], ['login', 'provisional'], ['oauth_state', 'verifier'], ['run', 'inputs'], ['run', 'result'],
    ['run_step', 'output'], ['job', 'payload'], ['message', 'body'], ['message', 'response_url'],
  ];
  const sealedBy = async id => (await Promise.all(SEALED.map(([table, column]) =>
    w.count(table, `${column} is not null and substr(${column}, 3, get_byte(${column}, 1)) = '${id}'::bytea`)))).reduce((a, b) => a + b);

  test('failure_32_key_is_out P5 keys rotate seals everything anew beside a service at work, and frees the old key', async () => {
    const before = w.env.WORKBOT_ENCRYPTION_KEYS, ana = w.person('ana');
    const fresh = key('k3'), all = `${fresh},${before}`;
    await w.restart({WORKBOT_ENCRYPTION_KEYS: all});
    const counted = await sealedBy('k1');
    assert.ok(counted > 0, `${counted} values under k1`);

    // a replica that sealed with another key may still live, and might not open what k3 seals: nothing is touched
    await w.query("update encryption_key set sealed_at = now() - interval '1 minute', emptied_at = null where id = 'k1'");
    const refused = workbot({...w.env}, 'keys', 'rotate');
    assert.equal(refused.status, 1, refused.stdout + refused.stderr);
    assert.match(refused.stdout, /nothing was sealed anew: process \d+ on \S+ seals with the key k[12], was alive \d+ s ago.*Restart every process.*180 s after/);
    assert.match(workbot({...w.env}, 'check').stdout, /process \d+ on \S+, which seals with the key k[12], was alive \d+ s ago: .* at 2\S+Z at the earliest/);
    assert.ok(await sealedBy('k1') > 0);
    // one that died without a word counts for three minutes
    await w.query("update encryption_key set sealed_at = now() - interval '181 seconds' where id <> 'k3'");

    // while it walks, people work: each writes rows that the walk may have read a moment before
    const work = (async () => {
      for (let i = 0; i < 5; i++) {
        await ana.say(`salesforce create opportunity name: Turning${i} close: 2026-12-31`);
        await ana.sees(new RegExp(`Created Turning${i}`), {ms: 40000});
      }
    })();
    const first = await new Promise(done => execFile(process.env.WORKBOT_BIN || 'build/workbot', ['keys', 'rotate'],
      {env: {PATH: process.env.PATH, ...w.env}}, (fault, stdout, stderr) => done({stdout, stderr})));
    await work;
    assert.equal(first.stderr, '');
    assert.match(first.stdout, /values were sealed anew with the key k3/);
    await w.query("update encryption_key set sealed_at = now() - interval '6 minutes' where id <> 'k3'");
    const said = workbot({...w.env}, 'keys', 'rotate');
    assert.equal(said.status, 0, said.stdout + said.stderr);
    assert.match(said.stdout, /the key k1 seals nothing any more: it may leave WORKBOT_ENCRYPTION_KEYS/);
    assert.match(said.stdout, /^k3 +[1-9]\d* values, seals$/m);
    assert.match(said.stdout, /^k1 +0 values$/m);
    assert.equal(await sealedBy('k1') + await sealedBy('k2'), 0);

    // the old keys are gone, and nobody has lost anything
    await w.restart({WORKBOT_ENCRYPTION_KEYS: fresh});
    await ana.say('salesforce create opportunity name: After close: 2026-12-31');
    await ana.sees(/Created After/, {ms: 40000});
  });

  test('a key that still seals something is missed, with a count', async () => {
    const env = {...w.env, WORKBOT_ENCRYPTION_KEYS: key('k4')};
    const said = workbot(env, 'check');
    assert.equal(said.status, 1);
    assert.match(said.stderr, /keys do not open what is stored/);
    assert.match(said.stdout, /^k3 +[1-9]\d* values: this key is not in WORKBOT_ENCRYPTION_KEYS$/m);
    const rotated = workbot(env, 'keys', 'rotate');
    assert.equal(rotated.status, 1);
    assert.match(rotated.stdout, /^k3 +[1-9]\d* values: this key is not in WORKBOT_ENCRYPTION_KEYS$/m);
    assert.equal(await w.count('encryption_key', "id = 'k3' and emptied_at is null"), 1);
    assert.equal(await w.count('encryption_key', "id = 'k4'"), 0, 'a rotation that seals nothing brings no key into use');
  });

  for (const role of ['web', 'worker', 'all']) {
    test(`a process of the role ${role} says which key it seals with before it seals anything`, async () => {
      const settings = w.env.WORKBOT_ENCRYPTION_KEYS, id = `k-${role}`;
      await w.stopReplica(1);
      w.env.WORKBOT_ENCRYPTION_KEYS = `${key(id)},${settings}`;
      await w.startReplica(1, '--role', role);
      assert.equal(await w.count('encryption_key', `id = '${id}' and emptied_at is null`), 1, 'when it is ready');
      const without = await until('a process that begins after that to miss it', () => // by the second
        [workbot({...w.env, WORKBOT_ENCRYPTION_KEYS: settings}, 'check')].find(r => r.status === 1));
      assert.match(without.stderr, new RegExp(`does not hold the key ${id}, which is in use`));
      await w.stopReplica(1);
      await w.query('delete from encryption_key where id = $1', [id]); // as it was
      w.env.WORKBOT_ENCRYPTION_KEYS = settings;
      await w.startReplica(1);
    });
  }

  test('a damaged value is left as it is, counted, and keeps no key in use', async () => {
    const both = `${key('k5')},${w.env.WORKBOT_ENCRYPTION_KEYS}`;
    const [{id, body}] = await w.query("select id, encode(body, 'hex') as body from message order by id limit 1");
    const broken = body.slice(0, -2) + (body.endsWith('00') ? '01' : '00');
    await w.query(`update message set body = decode('${broken}', 'hex') where id = '${id}'`);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: both});
    await w.query("update encryption_key set sealed_at = now() - interval '6 minutes' where id <> 'k5'");
    const said = workbot({...w.env}, 'keys', 'rotate');
    assert.equal(said.status, 0, said.stdout + said.stderr);
    assert.match(said.stdout, /^1 values do not open with the key that they name/m);
    assert.match(said.stdout, /^k3 +0 values$/m);
    assert.equal(await w.count('message', `id = '${id}' and body = decode('${broken}', 'hex')`), 1);
  });
});
