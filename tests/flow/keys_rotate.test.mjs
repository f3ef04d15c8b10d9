// `workbot keys rotate` is killed half way, while people work, and run again: it goes on where it was, says how far
// it is, and in the end every sealed value opens with the new key alone.
import assert from 'node:assert/strict';
import {execFile, spawn, spawnSync} from 'node:child_process';
import {createDecipheriv, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {hostname} from 'node:os';
import {after, before, describe, test} from 'node:test';
import {ACME, create, start, until} from '../lib/flow.mjs';

const WORKBOT = process.env.WORKBOT_BIN || 'build/workbot';
const PAGE = 500, HOOKS = 600; // a page is what is sealed at once
const key = id => `${id}:${randomBytes(32).toString('base64')}`;
const hook = n => `h${String(n).padStart(4, '0')}`;
const sealedWith = id => `substr(secrets, 3, get_byte(secrets, 1)) = '${id}'::bytea`;

describe('keys rotate', () => {
  let w, ana, k1, k2;
  const env = keys => ({PATH: process.env.PATH, ...w.env, WORKBOT_ENCRYPTION_KEYS: keys});
  const workbot = (keys, ...args) => spawnSync(WORKBOT, args, {encoding: 'utf8', env: env(keys)});
  const rotated = keys => new Promise(done => execFile(WORKBOT, ['keys', 'rotate'], {env: env(keys)},
    (fault, stdout, stderr) => done({status: fault ? fault.code : 0, stdout, stderr})));
  const silentFor = (id, time) => w.query(`update encryption_key set sealed_at = now() - $2::interval where id = $1`, [id, time]);

  before(async () => {
    w = await start({replicas: 2});
    [ana, k1, k2] = [w.person('ana'), w.env.WORKBOT_ENCRYPTION_KEYS, key('k2')];
    await ana.connect();
    await ana.ask(create('Before'), /Created Before/);
    for (let n = 0; n < HOOKS; n += 20) {
      await Promise.all(Array.from({length: 20}, (_, i) => w.must('PUT', `/workspaces/${ACME}/hooks/${hook(n + i)}`,
        {kind: 'box', primary_key: `sample-primary-${n + i}`, secondary_key: 'sample-secondary'})));
    }
  });
  after(() => w?.stop());

  test('who seals with another key is named, and until when it counts as alive', async () => {
    const end = async () => (await w.one("select ceil(extract(epoch from sealed_at) + 180)::int as at from encryption_key where id = 'k1'")).at;
    const first = await end(), refused = workbot(`${k2},${k1}`, 'keys', 'rotate'), checked = workbot(`${k2},${k1}`, 'check'), last = await end();
    assert.equal(refused.status, 1);
    const [, pid, host, at] = /^nothing was sealed anew: process (\d+) on (\S+) seals with the key k1, was alive \d+ s ago.* at (\S+Z), if/m.exec(refused.stdout) || assert.fail(refused.stdout);
    assert.ok(w.replicas.some(r => r.child.pid === Number(pid)), `${pid} is one of ${w.replicas.map(r => r.child.pid)}`);
    assert.equal(host, hostname());
    assert.ok([first, last].includes(Date.parse(at) / 1000), `${at}: ${first} or ${last}`);
    assert.match(checked.stdout, new RegExp(`^process \\d+ on ${hostname()}, which seals with the key k1, was alive \\d+ s ago: .* at \\S+Z at the earliest$`, 'm'));
  });

  test('P5 killed half way under load, run again: it ends what is left, and the old key may go', async t => {
    await w.restart({WORKBOT_ENCRYPTION_KEYS: `${k2},${k1}`});
    await silentFor('k1', '6 minutes');
    let stop = false, orders = 0;
    const load = (async () => {
      for (; !stop; orders++) await ana.ask(create(`Load${orders}`), new RegExp(`Created Load${orders}`), {ms: 40000});
    })();
    t.after(() => {
      stop = true;
      return load.catch(() => {});
    });

    // the first page of the hooks is held for so long that it says how far it is; behind it the second page waits
    const one = await w.hold('select from hook where name = $1 for update', [hook(1)]);
    const two = await w.hold('select from hook where name = $1 for update', [hook(PAGE + 1)]);
    const child = spawn(WORKBOT, ['keys', 'rotate'], {env: env(`${k2},${k1}`), stdio: ['ignore', 'pipe', 'inherit']});
    const ended = once(child, 'exit'), lines = [];
    createInterface({input: child.stdout}).on('line', l => lines.push(l));
    const waits = "datname = current_database() and wait_event_type = 'Lock' and query like 'update hook %'";
    await until('the first page of the hooks to take long', () => w.count('pg_stat_activity', `${waits} and now() - query_start > interval '5.1 s'`));
    await one.release();
    const half = `hook.secrets (column 14 of 15): ${PAGE} values read so far, ${PAGE} sealed anew`;
    await until(() => `it to say how far it is, after:\n${lines.join('\n')}`, () => lines.includes(half));
    await until('the second page to wait', () => w.count('pg_stat_activity', waits));
    child.kill('SIGKILL');
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    assert.equal(lines.at(-1), half);
    assert.ok(lines.some(l => /^connection\.tokens \(column 5 of 15\): \d+ values read, [1-9]\d* sealed anew$/.test(l)), lines.join('\n'));
    await w.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${waits}`);
    await until('what it had sent to be dropped', async () => await w.count('pg_stat_activity', waits) === 0);
    await two.release();
    assert.deepEqual([await w.count('hook', sealedWith('k2')), await w.count('hook', sealedWith('k1'))], [PAGE, HOOKS - PAGE]);

    // to take the old key away now is refused, with a count of what it still seals
    const early = workbot(k2, 'check');
    assert.equal(early.status, 1);
    assert.match(early.stderr, /does not hold the key k1, which is in use/);
    const left = Number(/^k1 +(\d+) values: this key is not in WORKBOT_ENCRYPTION_KEYS$/m.exec(early.stdout)?.[1]);
    assert.ok(left >= HOOKS - PAGE, early.stdout);

    // a second run seals the rest alone
    const again = await rotated(`${k2},${k1}`);
    assert.equal(again.status, 0, again.stdout + again.stderr);
    assert.match(again.stdout, new RegExp(`^hook\\.secrets \\(column 14 of 15\\): ${HOOKS} values read, ${HOOKS - PAGE} sealed anew$`, 'm'));
    assert.doesNotMatch(again.stdout, /^connection\.tokens/m, 'what was done is passed over');
    assert.ok(Number(/^(\d+) values were sealed anew with the key k2$/m.exec(again.stdout)?.[1]) <= left, `${left} were left:\n${again.stdout}`);
    assert.match(again.stdout, /^k1 +0 values$/m);
    assert.match(again.stdout, /^the key k1 seals nothing any more: it may leave WORKBOT_ENCRYPTION_KEYS$/m);
    stop = true;
    await load;
    assert.ok(orders > 0);

    // without the old key everything opens, and nobody has lost anything
    assert.equal(workbot(k2, 'check').status, 0);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: k2});
    await ana.ask(create('After'), /Created After/, {ms: 40000});
    await w.idle();
    assert.ok(await opened() > HOOKS);
    const names = (await w.records()).map(r => r.fields.Name).sort();
    assert.deepEqual(names, ['After', 'Before', ...Array.from({length: orders}, (_, i) => `Load${i}`)].sort());
  });

  /** Opens each sealed value with k2 and the place where it stands: how many there are. */
  async function opened() {
    const secret = Buffer.from(k2.split(':')[1], 'base64');
    const part = text => Buffer.concat([Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer).swap32(), Buffer.from(text)]);
    const columns = await w.query(`select c.table_name as t, c.column_name as c,
        (select coalesce(string_agg(a.attname, $$ || '/' || $$ order by k.n) filter (where a.attname <> 'workspace'), 'workspace')
           from pg_index i, unnest(i.indkey) with ordinality k (at, n), pg_attribute a
          where i.indrelid = c.table_name::regclass and i.indisprimary and a.attrelid = i.indrelid and a.attnum = k.at) as row
      from information_schema.columns c where c.table_schema = 'public' and c.data_type = 'bytea'`);
    let values = 0;
    for (const {t, c, row} of columns) {
      for (const v of await w.query(`select workspace, (${row})::text as row, ${c} as sealed from ${t} where ${c} is not null`)) {
        const at = 2 + v.sealed[1], gcm = createDecipheriv('aes-256-gcm', secret, v.sealed.subarray(at, at + 12));
        gcm.setAAD(Buffer.concat([v.sealed.subarray(0, at), ...[t, v.workspace, v.row, c].map(part)])).setAuthTag(v.sealed.subarray(-16));
        gcm.update(v.sealed.subarray(at + 12, -16));
        assert.doesNotThrow(() => gcm.final(), `${t}.${c} of ${v.row}, sealed with ${v.sealed.subarray(2, at)}`);
        values++;
      }
    }
    return values;
  }
});
