// Two roles of the database, as docker/ ships them: one owns the tables and migrates, the other serves. The whole story
// goes by the second, which can change neither the tables nor what stands in the audit (docs/decisions/0035).
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import pg from 'pg';
import {ACME, ROOT, create, start, until} from '../lib/flow.mjs';
import {shippedCluster} from '../lib/shipped.mjs';

const PG_DUMP = ['/usr/lib/postgresql/15/bin/pg_dump', '/usr/bin/pg_dump'].find(existsSync) || 'pg_dump';
const ANA = 'U0ANA0001', BEN = 'user:U0BEN0001', SERVICE = 'workbot_service', DAY = 86400e3;
const denied = e => e.code === '42501';
/** What a role lacks of what it needs here, or has of what it must not have: a line each. */
const RIGHTS = `
  with here as (select relnamespace as id from pg_class where oid = 'public.audit'::regclass),
  wanted (name, kind, may) as (values ('audit', 'r', '{SELECT,INSERT}'::text[]), ('audit_seal', 'r', '{SELECT,INSERT}'), ('audit_chain', 'r', '{SELECT,INSERT,UPDATE}')),
  things as (select c.oid, n.nspname || '.' || c.relname as name, c.relkind, case when n.nspname = 'ops' then '{SELECT}'::text[]
      when c.relkind = 'S' then '{SELECT,USAGE}' else coalesce(w.may, '{SELECT,INSERT,UPDATE,DELETE}') end as may
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join wanted w on w.name = c.relname
   where n.nspname in ('public', 'ops') and c.relkind in ('r', 'p', 'S', 'v', 'm'))
  select t.name || case when has then ' may be ' else ' may not be ' end || p as text
    from things t, unnest(case relkind when 'S' then '{SELECT,USAGE,UPDATE}'::text[] else '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}' end) p,
         lateral (select case relkind when 'S' then has_sequence_privilege($1, oid, p) else has_table_privilege($1, oid, p) end as has) h
   where h.has <> (p = any (t.may))
  union all
  select p.oid::regprocedure || ': ' || case when not p.prosecdef then 'may not be called' when p.proconfig is null then 'has no fixed search_path'
      when not has_function_privilege($1, p.oid, 'execute') then 'may not be called' else 'may be called by everybody' end
    from pg_proc p, here where p.pronamespace = here.id and (not has_function_privilege($1, p.oid, 'execute')
      or (p.prosecdef and (p.proconfig is null or p.proconfig[1] not like 'search_path=pg_catalog, %, pg_temp'
          or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0))))
  order by 1`;

describe('two roles of the database', () => {
  let shipped, w, ana, service, days;
  const workbot = (args, env = {}) => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', args, {encoding: 'utf8', env: {PATH: process.env.PATH, ...w.env, ...env}});
  const fine = said => {
    assert.equal(said.status, 0, said.stdout + said.stderr);
    return said.stdout;
  };
  const migrate = env => fine(workbot(['migrate'], {WORKBOT_DATABASE_URL: shipped.owner, ...env}));
  /** As the role that serves, undone afterwards. */
  const as = async sql => {
    await service.query('begin');
    try {
      return (await [sql].flat().reduce((before, each) => before.then(() => service.query(each)), Promise.resolve())).rows;
    } finally {
      await service.query('rollback');
    }
  };
  const rights = async role => (await w.query(RIGHTS, [role])).map(r => r.text);

  before(async () => {
    shipped = shippedCluster();
    w = await start({shipped});
    ana = w.person('ana');
    service = new pg.Client({connectionString: shipped.service});
    await service.connect();
  });
  after(async () => {
    await service?.end();
    await w?.stop();
    shipped?.drop();
  });

  test('the story: a command, a login, its record, the audit', async () => {
    const users = await w.query("select distinct usename as name from pg_stat_activity where usename like 'workbot%'");
    assert.deepEqual(users.map(u => u.name), [SERVICE], 'nothing serves as the owner');
    await ana.connect();
    await ana.ask(create('By the service'), /Created By the service/);
    await ana.createdOnce('By the service');
    assert.equal(await w.count('audit', "action = 'run.wrote'"), 1);
    assert.match(fine(workbot(['check'])), /are in order/);
    assert.doesNotMatch(w.log(), /permission denied/);
  });

  test('every table, sequence and function has its rights, and no others', async () => {
    assert.deepEqual(await rights(SERVICE), []);
    execFileSync(PG_DUMP, ['-Fc', shipped.service], {maxBuffer: 1 << 26}); // and a backup
  });

  test('a new table has them with the migration that makes it, whoever forgets to say who serves', async () => {
    const owner = new pg.Client({connectionString: shipped.owner});
    await owner.connect();
    await owner.query("create table planted (workspace text primary key, seq bigint generated by default as identity)");
    assert.deepEqual(await rights(SERVICE), [...['DELETE', 'INSERT', 'SELECT', 'UPDATE'].map(p => `public.planted may not be ${p}`),
      ...['SELECT', 'USAGE'].map(p => `public.planted_seq_seq may not be ${p}`)]);
    migrate();
    assert.deepEqual(await rights(SERVICE), []);
    await owner.query('drop table planted; grant execute on function sweep_audit(bigint, bigint) to public'); // as a restore without rights leaves it
    assert.deepEqual(await rights(SERVICE), ['sweep_audit(bigint,bigint): may be called by everybody']);
    migrate();
    assert.deepEqual(await rights(SERVICE), []);
    await owner.end();
  });

  test('F12 it can change neither the audit nor the tables', async () => {
    await as("insert into audit (workspace, id, actor, action) values ('slack:T0ACME001', gen_random_uuid(), 'system', 'test')");
    const refused = ["update audit set actor = 'x'", 'update audit set erased_at = now()', 'delete from audit', 'truncate audit', 'delete from audit_seal', 'truncate audit_seal',
      "update audit_seal set retired_at = now(), retired_seal = 'x'", 'delete from audit_chain', 'truncate audit_chain', 'truncate job', 'alter table audit disable trigger all',
      'alter table audit_seal disable trigger audit_seal_stays', 'alter table run add column more text', 'drop trigger audit_stays on audit', 'drop table audit', 'drop function audit_line_stays() cascade',
      'create or replace function audit_line_stays() returns trigger language plpgsql as $x$ begin return old; end $x$', 'create trigger mine before update on job execute function audit_is_not_emptied()',
      'create table more (id int)', 'create temp table audit_seal (id int)', 'create function more() returns int language sql as $x$ select 1 $x$', 'create schema more', 'create rule mine as on insert to audit do instead nothing',
      'alter table audit owner to workbot_service', 'set session_replication_role = replica', 'set role workbot', 'set session authorization workbot', 'update ops.audit_keep set seconds = 1',
      "insert into ops.migration (name, checksum) values ('x', 'x')", 'alter function audit_kept(bigint) owner to workbot_service', 'lock table audit in access exclusive mode',
      'create role more', "copy job to program 'true'"];
    for (const sql of refused) await assert.rejects(as(sql), denied, sql);
    // PostgreSQL only warns of what nobody can give
    assert.deepEqual(await as([`grant update on audit to ${SERVICE}`, "select has_table_privilege('audit', 'update') as may"]), [{may: false}]);
  });

  test('F12 what is done for it as the owner is no way around that', async () => {
    const today = await service.query("select utc_day(now())::text as day");
    const gone = sql => as(sql).then(rows => rows.length);
    await w.query(`insert into audit_seal (workspace, day, lines, digest, sealed_at, previous, seal) values ('${ACME}', '2026-01-01', 0, '', now(), '', 'x')
      on conflict do nothing`);
    const retired = async day => (await as([`select retire_audit_day('${ACME}', '${day}', now(), 'x')`, `select from audit_seal where workspace = '${ACME}' and day = '${day}' and retired_at is not null`])).length;
    assert.equal(await retired('2026-01-01'), 0, 'no day is retired before its time');
    assert.equal(await retired(today.rows[0].day), 0);
    await w.query(`begin; set local session_replication_role = replica; delete from audit_seal where day = '2026-01-01'; commit`);
    assert.equal(await gone('select sweep_audit(0, 1000)'), 0, 'no line leaves whose day is not retired');
    assert.equal(await gone(["insert into audit_seal (workspace, day, lines, digest, sealed_at, previous, seal, retired_at, retired_seal) select distinct workspace, utc_day(at), 0, '', now(), '', 'x', now(), 'x' from audit",
      'select sweep_audit(-999999, 1000)']), 0, 'nor one whose day was made to look so');
    const rewrite = (actor, {words = ANA, by = 'erased-00000000'} = {}) => `select erase_in_audit('${ACME}', gen_random_uuid(), 'operator', '${by}', '{${words}}', 0, 0, array_agg(id), array_agg('${actor}'::text),
      array_agg(subject), array_agg(detail::text), array_agg(null::text), array_agg(null::text)) as n from audit where actor = 'user:${ANA}'`;
    assert.ok(await w.count('audit', `actor = 'user:${ANA}'`) > 0);
    await assert.rejects(as(rewrite('user:U0BEN0001', {by: 'U0BEN0001'})), denied, 'nobody takes the place of somebody');
    await assert.rejects(as(rewrite('user:erased-00000000', {words: 'a'})), denied);
    for (const actor of ['user:U0BEN0001', 'user:erased-00000001', 'erased-00000000', 'user:erased-00000000.', 'system']) await assert.rejects(as(rewrite(actor)), denied, actor);
    await assert.rejects(as(rewrite('user:erased-00000000', {words: 'U0BEN0001'})), denied, 'nor that of another word');
    const [{told}] = await as([rewrite('user:erased-00000000'), `select detail ->> 'lines' as told from audit where action = 'person.erased'`]);
    assert.ok(Number(told) > 0, 'who does so is told of in the same breath');
    // names of its own making stand before none of ours
    await assert.rejects(as('create function pg_temp.words_pattern(text[]) returns text language sql as $x$ select 1 $x$'), denied);
  });

  test('F12, P15 days are sealed and leave, but none before the owner has said so', async () => {
    await w.stopReplica(0);
    await w.query(`insert into audit (workspace, id, at, actor, action, subject, detail)
      select $1, gen_random_uuid(), (utc_day(now()) - d)::timestamp at time zone 'UTC' + n * interval '5 hours', case n when 2 then 'user:${ANA}' else '${BEN}' end, 'recipe.changed', 'deal-' || n, '{"version": 1}'
        from generate_series(3, 8) d, generate_series(1, 3) n`, [ACME]);
    await w.query(`begin; set local session_replication_role = replica; delete from audit_chain; delete from audit_seal; commit`);
    days = (await w.query("select distinct utc_day(at)::text as day from audit where action = 'recipe.changed' order by 1")).map(r => r.day);
    w.env.WORKBOT_TTL_AUDIT = `${Math.round((Date.now() - Date.parse(days[2])) / 1000) - 3600}s`; // the first two days are over for longer
    assert.match(fine(workbot(['check'])), /the audit is kept for 400 days/);
    await w.startReplica(0);
    await until('every day to be sealed', async () => await w.count('audit_chain') === 1 && await w.count('audit_chain', "sealed_to < utc_day(now() - interval '1 hour') - 1") === 0, 60000);
    migrate({WORKBOT_DATABASE_SERVICE_ROLE: SERVICE});
    assert.equal(await w.count('audit_seal', 'retired_at is not null'), 0, 'the owner had said 400 days until now');
    // a process looks at once, then every half minute
    await w.restart();
    await until('the old days to be retired', async () => await w.count('audit_seal', 'retired_at is not null') === 2, 60000);
    await w.restart();
    await until('the old lines to leave', async () => await w.count('audit', `utc_day(at) <= '${days[1]}'`) === 0, 60000);
    assert.equal(await w.count('audit', `utc_day(at) = '${days[2]}'`), 3, 'no line leaves before its time');
    assert.doesNotMatch(fine(workbot(['check'])), /is kept for/);
    assert.match(fine(workbot(['check', '--audit', ACME])), /2 of them retired.*: whole/);
  });

  test('P15 a person is erased through the API, and the audit holds', async () => {
    const lines = await w.count('audit', `actor = 'user:${ANA}'`);
    assert.ok(lines > 3);
    const done = await until('her to be erased', async () => {
      const answer = await w.api('DELETE', `/workspaces/${ACME}/people/${ANA}`);
      assert.ok([200, 202].includes(answer.status), answer.text);
      await w.idle();
      return answer.status === 200 && answer;
    });
    assert.ok(done.audit_lines >= lines && done.proof.found === 0, done.text);
    assert.equal(await w.count('audit', `actor = 'user:${ANA}'`), 0);
    const {detail} = await w.one("select detail from audit where action = 'person.erased' and subject = $1", [done.pseudonym]);
    assert.deepEqual(detail, {rows: done.rows, values: done.values, lines: done.audit_lines});
    assert.match(fine(workbot(['check', '--audit', ACME])), /in 4 of these lines a pseudonym stands/);
  });

  test('P5 keys rotate', async () => {
    const old = w.env.WORKBOT_ENCRYPTION_KEYS, fresh = `k2:${randomBytes(32).toString('base64')}`;
    await w.restart({WORKBOT_ENCRYPTION_KEYS: `${fresh},${old}`});
    await w.query("update encryption_key set sealed_at = now() - interval '10 minutes' where id = 'k1'");
    assert.match(fine(workbot(['keys', 'rotate'])), /k1 may|the key k1 seals nothing any more/);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: fresh});
    assert.match(fine(workbot(['check', '--audit', ACME])), /: whole$/m);
    const cleo = w.person('cleo');
    await cleo.connect();
    await cleo.ask(create('After all'), /Created After all/);
    await w.idle();
    assert.doesNotMatch(w.log(), /permission denied|a chore failed/);
  });

  describe('whoever is named', () => {
    const named = (role, env = {}) => workbot(['migrate'], {WORKBOT_DATABASE_URL: shipped.owner, WORKBOT_DATABASE_SERVICE_ROLE: role, ...env});
    test('must be there, own nothing, and make no tables', async () => {
      for (const [role, words] of [['nobody', /there is no role nobody/], ['workbot', /has the rights of the one that owns the tables/], ['postgres', /has the rights/]]) {
        const said = named(role);
        assert.equal(said.status, 1);
        assert.match(said.stderr, words);
      }
      await w.query('grant create on schema public to public');
      const said = named(SERVICE);
      await w.query('revoke create on schema public from public');
      assert.equal(said.status, 1);
      assert.match(said.stderr, /the role workbot_service may make tables: revoke create on schema public from public/);
      fine(named(SERVICE));
    });

    test('who serves may say `migrate` too, which does nothing then', () => {
      fine(workbot(['migrate']));
    });
  });

  describe('an installation from before', () => {
    /** A database of one role, at the schema of the release before. */
    const older = async (name, owner) => {
      await w.query(`create database ${name} owner ${owner}`);
      const url = Object.assign(new URL(shipped.owner), {pathname: `/${name}`}).href;
      const client = new pg.Client({connectionString: url});
      await client.connect();
      await client.query('create schema ops; create table ops.migration (name text primary key, checksum text not null, applied_at timestamptz not null default now())');
      for (const file of readdirSync(join(ROOT, 'migrations')).sort().filter(f => f < '0071')) {
        const sql = readFileSync(join(ROOT, 'migrations', file));
        await client.query(`begin; ${sql}; commit`);
        await client.query('insert into ops.migration (name, checksum) values ($1, $2)', [file.replace('.sql', ''), createHash('sha256').update(sql).digest('hex')]);
      }
      return {url, client};
    };

    test('with one role goes on by itself: that role keeps the audit for as long as it says', async () => {
      const {url, client} = await older('one_role', 'workbot');
      fine(workbot(['migrate'], {WORKBOT_DATABASE_URL: url}));
      assert.equal((await client.query('select audit_kept(10)::int as s')).rows[0].s, 10);
      await client.query(`insert into audit (workspace, id, at, actor, action) values ('${ACME}', gen_random_uuid(), now() - interval '9 days', 'x', 'x');
        insert into audit_seal (workspace, day, lines, digest, sealed_at, previous, seal) values ('${ACME}', utc_day(now() - interval '9 days'), 1, '', now(), '', 'x');
        select retire_audit_day('${ACME}', utc_day(now() - interval '9 days'), now(), 'x')`);
      assert.equal((await client.query('select from sweep_audit(86400, 10)')).rowCount, 1);
      await client.end();
    });

    test('with two roles by hand, as the manual said it then, goes on too', async () => {
      const {url, client} = await older('two_roles', 'workbot');
      await client.query(`grant usage on schema public, ops to ${SERVICE}; grant select on ops.migration to ${SERVICE};
        grant select, insert, update, delete on all tables in schema public to ${SERVICE};
        grant usage on all sequences in schema public to ${SERVICE}; revoke update on audit from ${SERVICE}`);
      fine(workbot(['migrate'], {WORKBOT_DATABASE_URL: url}));
      const there = new pg.Client({connectionString: Object.assign(new URL(shipped.service), {pathname: '/two_roles'}).href});
      await there.connect();
      for (const sql of ['select audit_kept(1)', 'select from sweep_audit(1, 1)', 'select from forget_audit_chains()', 'select from ops.migration',
        "delete from audit where false" /* as its release before does it */]) await there.query(sql);
      fine(workbot(['migrate'], {WORKBOT_DATABASE_URL: url, WORKBOT_DATABASE_SERVICE_ROLE: SERVICE}));
      await assert.rejects(there.query('delete from audit where false'), denied);
      await there.end();
      await client.end();
    });
  });
});
