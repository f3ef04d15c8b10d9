// The audit is written once: the database refuses a change, and a seal of each night shows one that was
// made past it. Whoever has the database and not the encryption keys is found out. What a role that owns nothing may do:
// roles.test.mjs.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {ACME, GLOBEX, start, until} from '../lib/flow.mjs';

describe('the audit', () => {
  let w, days;
  const workbot = (...args) => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', args, {encoding: 'utf8', env: {PATH: process.env.PATH, ...w.env}});
  const check = (...args) => workbot('check', '--audit', ...args);
  /** As somebody who is past the triggers: a superuser. */
  const past = sql => w.query(`begin; set local session_replication_role = replica; ${sql}; commit`);
  const refused = (sql, why) => assert.rejects(w.query(sql), e => e.code === '42501' && why.test(e.message), sql);
  const broken = (said, ...lines) => {
    assert.equal(said.status, 1, said.stdout + said.stderr);
    for (const line of lines) assert.ok(said.stdout.split('\n').includes(`${ACME}: ${line}`), `"${line}" in\n${said.stdout}`);
  };
  const whole = () => {
    const said = check();
    assert.equal(said.status, 0, said.stdout + said.stderr);
    assert.match(said.stdout, new RegExp(`^${ACME}: .*: whole$`, 'm'));
    return said.stdout;
  };
  const sealed = () => until('every day to be sealed', async () => await w.count('audit_chain', "sealed_to < utc_day(now() - interval '1 hour') - 1") === 0);
  const restored = () => past('delete from audit; insert into audit select * from kept.audit; delete from audit_seal; insert into audit_seal select * from kept.audit_seal;'
    + ' delete from audit_chain; insert into audit_chain select * from kept.audit_chain');

  before(async () => {
    w = await start({globex: true});
    await w.stopReplica(0);
    // six days of each three lines, the last of them three days ago
    for (const workspace of [ACME, GLOBEX]) {
      await w.query(`insert into audit (workspace, id, at, actor, action, subject, detail)
        select $1, gen_random_uuid(), (utc_day(now()) - d)::timestamp at time zone 'UTC' + n * interval '5 hours', 'user:U0ANA0001', 'recipe.changed', 'deal-' || n,
               json_build_object('version', n) from generate_series(3, 8) d, generate_series(1, 3) n`, [workspace]);
      await past('delete from audit_chain where workspace = \'' + workspace + "'");
    }
    days = (await w.query("select distinct utc_day(at)::text as day from audit where action = 'recipe.changed' order by 1")).map(r => r.day);
    await w.startReplica(0);
    await until('the chains', async () => await w.count('audit_chain') === 2, 40000);
    await sealed();
    await w.stopReplica(0);
    await past('create schema kept; create table kept.audit as select * from audit; create table kept.audit_seal as select * from audit_seal;'
      + ' create table kept.audit_chain as select * from audit_chain');
  });
  after(() => w?.stop());

  test('F12 each day is sealed, also one without a line, and the log names each seal', async () => {
    assert.equal(days.length, 6);
    const seals = await w.query('select day::text, lines::int from audit_seal where workspace = $1 order by day', [ACME]);
    assert.deepEqual(seals.slice(0, 7).map(s => s.lines), [3, 3, 3, 3, 3, 3, 0]);
    assert.equal(seals[0].day, days[0]);
    assert.match(whole(), /sealed later than the night after/, 'history from before is said to be');
    assert.match(w.log(), new RegExp(`"message":"audit sealed","workspace":"${ACME}","day":"${days[2]}","lines":3,"seal":"[0-9a-f]{64}"|audit sealed.*${days[2]}`));
    assert.equal(check(ACME).status, 0);
    assert.doesNotMatch(check(GLOBEX).stdout, new RegExp(ACME));
    assert.equal(check('slack:T0NOBODY1').status, 1);
    assert.equal(workbot('check', '--audit', ACME, 'more').status, 2);
  });

  test('F12 the database refuses to change a line or a seal, and to let one go before its time', async () => {
    const once = /the audit is written once/;
    await refused("update audit set actor = 'user:U0BEN0001'", once);
    await refused(`update audit set workspace = '${GLOBEX}' where workspace = '${ACME}'`, once);
    await refused('delete from audit', once);
    await refused('truncate audit', once);
    await refused('truncate audit_seal', once);
    await refused('truncate audit_chain', once);
    await refused('delete from audit_seal', /seals of the audit are written once/);
    await refused("update audit_seal set lines = 9", /seals of the audit are written once/);
    await refused("update audit_seal set retired_at = now(), retired_seal = 'x', lines = 9", /seals of the audit are written once/);
    // a table of the same name elsewhere on the way changes nothing
    await refused("create temp table audit_seal as select * from public.audit_seal; update audit_seal set retired_at = now(); delete from public.audit", once);
    whole();
  });

  describe('what was changed past the triggers', () => {
    const CHANGED = 'a line was changed, or put in another\'s place or time';
    const line = (day, n) => `workspace = '${ACME}' and utc_day(at) = '${day}' and subject = 'deal-${n}'`;
    const cases = [
      ['an actor', d => `update audit set actor = 'user:U0BEN0001' where ${line(d[1], 2)}`, d => [`${d[1]}: ${CHANGED}`]],
      ['an action', d => `update audit set action = 'recipe.created' where ${line(d[0], 1)}`, d => [`${d[0]}: ${CHANGED}`]],
      ['a subject', d => `update audit set subject = 'deal-9' where ${line(d[5], 3)}`, d => [`${d[5]}: ${CHANGED}`]],
      ['a detail, by one sign', d => `update audit set detail = '{"version": 2}' where ${line(d[1], 2)}`, d => [`${d[1]}: ${CHANGED}`]],
      ['a detail taken away', d => `update audit set detail = null where ${line(d[1], 2)}`, d => [`${d[1]}: ${CHANGED}`]],
      ['text moved from one column to the next', d => `update audit set actor = 'user:U0ANA0001r', action = 'ecipe.changed' where ${line(d[1], 2)}`, d => [`${d[1]}: ${CHANGED}`]],
      ['a time, by a microsecond', d => `update audit set at = at + interval '1 microsecond' where ${line(d[1], 2)}`, d => [`${d[1]}: ${CHANGED}`]],
      ['two lines in each other\'s place', d => `update audit set at = at + case when subject = 'deal-1' then 1 else -1 end * interval '5 hours' where workspace = '${ACME}' and utc_day(at) = '${d[2]}' and subject <> 'deal-3'`, d => [`${d[2]}: ${CHANGED}`]],
      ['a line taken away', d => `delete from audit where ${line(d[3], 2)}`, d => [`${d[3]}: 3 lines were sealed, and 2 are there`]],
      ['a line added', d => `insert into audit (workspace, id, at, actor, action) values ('${ACME}', gen_random_uuid(), '${d[3]}T12:00Z', 'system', 'x')`, d => [`${d[3]}: 3 lines were sealed, and 4 are there`]],
      ['a line in a day that had none', d => `insert into audit (workspace, id, at, actor, action) values ('${ACME}', gen_random_uuid(), '${d[5]}T12:00Z'::timestamptz + interval '1 day', 'system', 'x')`, d => [`${new Date(Date.parse(d[5]) + 86400e3).toISOString().slice(0, 10)}: 0 lines were sealed, and 1 are there`]],
      ['a line of another day', d => `update audit set at = at + interval '1 day' where ${line(d[0], 1)}`, d => [`${d[0]}: 3 lines were sealed, and 2 are there`, `${d[1]}: 3 lines were sealed, and 4 are there`]],
      ['a line of another workspace', d => `update audit set workspace = '${GLOBEX}' where ${line(d[4], 1)}`, d => [`${d[4]}: 3 lines were sealed, and 2 are there`]],
      ['a line before the first day', d => `insert into audit (workspace, id, at, actor, action) values ('${ACME}', gen_random_uuid(), '2001-01-01', 'system', 'x')`, d => [`before ${d[0]}: 1 lines stand before the first day`]],
      ['a line and its count in the seal', d => `delete from audit where ${line(d[3], 2)}; update audit_seal set lines = 2 where workspace = '${ACME}' and day = '${d[3]}'`, d => [`${d[3]}: the seal itself was changed`]],
      ['a day with its seal', d => `delete from audit where workspace = '${ACME}' and utc_day(at) = '${d[2]}'; delete from audit_seal where workspace = '${ACME}' and day = '${d[2]}'`, d => [`${d[2]}: the seal is missing`]],
      ['two days with their seals', d => `delete from audit where workspace = '${ACME}' and utc_day(at) in ('${d[2]}', '${d[3]}'); delete from audit_seal where workspace = '${ACME}' and day in ('${d[2]}', '${d[3]}')`, d => [`${d[2]} to ${d[3]}: the seals are missing`]],
      ['the first days with their seals, and the begin', d => `delete from audit where workspace = '${ACME}' and utc_day(at) < '${d[2]}'; delete from audit_seal where workspace = '${ACME}' and day < '${d[2]}'; update audit_chain set began = '${d[2]}' where workspace = '${ACME}'`, d => [`${d[2]}: it was sealed behind another seal than the one before it`]],
      ['the last days with their seals', d => `delete from audit where workspace = '${ACME}' and utc_day(at) >= '${d[4]}'; delete from audit_seal where workspace = '${ACME}' and day >= '${d[4]}'`, d => [`${d[4]} to ${d.to}: the seals are missing`]],
      ['the last days, their seals and how far it was sealed', d => `delete from audit where workspace = '${ACME}' and utc_day(at) >= '${d[4]}'; delete from audit_seal where workspace = '${ACME}' and day >= '${d[4]}'; update audit_chain set sealed_to = '${d[3]}' where workspace = '${ACME}'`, d => [`${d[3]}: nothing was sealed since; it should be sealed to ${d.to}. Is no worker running?`]],
      ['the seals of another workspace', () => `delete from audit_seal where workspace = '${ACME}'; update audit_seal set workspace = '${ACME}'`, d => [`${d[0]}: the seal itself was changed`]],
      ['the key of another workspace', () => `update audit_chain set key = (select key from audit_chain where workspace = '${GLOBEX}') where workspace = '${ACME}'`, () => []],
      ['all seals', () => `delete from audit_seal where workspace = '${ACME}'`, d => [`${d[0]} to ${d.to}: the seals are missing`]],
      ['the chain', () => `delete from audit_chain where workspace = '${ACME}'`, () => ['its chain and its key were taken away: nothing of it can be verified']],
      ['a day let go by somebody else', d => `update audit_seal set retired_at = now(), retired_seal = repeat('0', 64) where workspace = '${ACME}' and day = '${d[1]}'; delete from audit where workspace = '${ACME}' and utc_day(at) = '${d[1]}'`, d => [`${d[1]}: its lines were let go, and not by Workbot`]],
    ];
    for (const [name, sql, lines] of cases) {
      test(`F12 ${name} is found, with its day`, async () => {
        const d = [...days];
        d.to = (await w.one('select sealed_to::text as day from kept.audit_chain where workspace = $1', [ACME])).day;
        whole();
        await past(sql(d));
        const said = check(ACME);
        broken(said, ...lines(d));
        const told = said.stdout.split('\n').filter(l => l && !/BROKEN$|sealed later/.test(l));
        assert.ok(told.length >= 1, said.stdout);
        if (lines(d).length) assert.equal(told.length >= lines(d).length && (told.length === lines(d).length || /seals? of another|all seals|key/.test(name)), true, `nothing but that:\n${said.stdout}`);
        await restored();
      });
    }
  });

  test('F12 the seals outlive the rotation of the encryption keys', async () => {
    const old = w.env.WORKBOT_ENCRYPTION_KEYS, fresh = `k2:${randomBytes(32).toString('base64')}`;
    w.env.WORKBOT_ENCRYPTION_KEYS = `${fresh},${old}`;
    await w.startReplica(0);
    await w.stopReplica(0);
    await w.query("update encryption_key set sealed_at = now() - interval '10 minutes' where id = 'k1'");
    const rotated = workbot('keys', 'rotate');
    assert.equal(rotated.status, 0, rotated.stdout + rotated.stderr);
    w.env.WORKBOT_ENCRYPTION_KEYS = fresh;
    whole();
    await past('drop table kept.audit_chain; create table kept.audit_chain as select * from audit_chain');
  });

  test('F12, P15 old days leave whole, their seals stay, and the chain holds', async () => {
    const keep = Math.round((Date.now() - Date.parse(days[2])) / 1000) - 3600; // the first two days are over for longer
    w.env.WORKBOT_TTL_AUDIT = `${keep}s`;
    await w.startReplica(0);
    await until('the old lines to leave', async () => await w.count('audit', `utc_day(at) <= '${days[1]}'`) === 0, 90000);
    await w.stopReplica(0);
    assert.equal(await w.count('audit', `utc_day(at) = '${days[2]}'`), 6, 'no line leaves before its time');
    assert.match(whole(), new RegExp(`^${ACME}: \\d+ days sealed to .*, 2 of them retired`, 'm'));
    await past(`update audit_seal set retired_at = retired_at + interval '1 day' where workspace = '${ACME}' and day = '${days[0]}'`);
    broken(check(), `${days[0]}: its lines were let go, and not by Workbot`);
    await past(`update audit_seal set retired_at = retired_at - interval '1 day' where workspace = '${ACME}' and day = '${days[0]}'`);
    await past(`update audit_seal set lines = 1 where workspace = '${ACME}' and day = '${days[1]}'`);
    broken(check(), `${days[1]}: the seal itself was changed`);
    await past(`update audit_seal set lines = 3 where workspace = '${ACME}' and day = '${days[1]}'`);
    whole();
    await past('drop table kept.audit, kept.audit_seal, kept.audit_chain; create table kept.audit as select * from audit; create table kept.audit_seal as select * from audit_seal;'
      + ' create table kept.audit_chain as select * from audit_chain');
  });

  test('F12 days that were cut off and sealed anew say that they were sealed late', async () => {
    const before = /(\d+) of these days, the last of them/.exec(whole());
    await past(`delete from audit where workspace = '${ACME}' and utc_day(at) >= '${days[4]}'; delete from audit_seal where workspace = '${ACME}' and day >= '${days[4]}';`
      + ` update audit_chain set sealed_to = '${days[3]}' where workspace = '${ACME}'`);
    await w.startReplica(0);
    await sealed();
    await w.stopReplica(0);
    assert.ok(before);
    assert.match(whole(), new RegExp(`^${ACME}: \\d+ of these days, the last of them .*, were sealed later`, 'm'));
    await restored();
  });

  test('F12 a workspace whose seals are broken holds up no other', async () => {
    await past(`delete from audit_seal where day >= '${days[4]}'; update audit_chain set sealed_to = '${days[5]}' where workspace = '${ACME}'; update audit_chain set sealed_to = '${days[3]}' where workspace = '${GLOBEX}'`);
    await w.startReplica(0);
    await until('the other to be sealed', async () => await w.count('audit_chain', `workspace = '${GLOBEX}' and sealed_to >= '${days[5]}'`) === 1);
    await until('it to be logged', () => /the audit of a workspace cannot be sealed/.test(w.log()));
    await w.stopReplica(0);
    assert.equal(await w.count('audit_seal', `workspace = '${ACME}' and day > '${days[5]}'`), 0, 'nothing is sealed behind a hole');
    broken(check(), `${days[4]} to ${days[5]}: the seals are missing`);
    await restored();
  });

  test('a workspace that is gone is forgotten with its last line', async () => {
    await past(`delete from workspace where workspace = '${GLOBEX}'; delete from audit where workspace = '${GLOBEX}'; update audit_seal set retired_at = now(), retired_seal = 'x' where workspace = '${GLOBEX}'`);
    await w.startReplica(0);
    await until('its chain to go', async () => await w.count('audit_chain', `workspace = '${GLOBEX}'`) === 0 && await w.count('audit_seal', `workspace = '${GLOBEX}'`) === 0, 40000);
    await w.stopReplica(0);
    assert.equal(check(GLOBEX).status, 1);
  });
});
