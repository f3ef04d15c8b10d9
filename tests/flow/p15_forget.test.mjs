// P15: a person is erased, with proof. She is planted wherever the service keeps something, erased, and then
// looked for in a dump of the database and in every sealed value, which this test opens by itself.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {createDecipheriv} from 'node:crypto';
import {existsSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {signIn} from '../lib/console.mjs';
import {ACME, create, start, until} from '../lib/flow.mjs';

const PG_DUMP = ['/usr/lib/postgresql/15/bin/pg_dump', '/usr/bin/pg_dump'].find(existsSync) || 'pg_dump';
const ANA = 'U0ANA0001', MAIL = 'ana@acme.example', IN_URL = 'ana%40acme.example';

describe('P15 a person is erased', () => {
  let w, ana, ben, cleo, name, channel, inConsole;
  const HOME = `/console/workspaces/${ACME}`;
  const people = `/workspaces/${ACME}/people/`;
  const workbot = (...args) => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', args, {encoding: 'utf8', env: {PATH: process.env.PATH, ...w.env}});
  const past = sql => w.query(`begin; set local session_replication_role = replica; ${sql}; commit`);
  const sealed = () => until('every day to be sealed', async () => await w.count('audit_chain', "sealed_to < utc_day(now() - interval '1 hour') - 1") === 0, 60000);
  /** AES-256-GCM without its proof: what anybody with the key reads. */
  const open = value => {
    const id = value.subarray(2, 2 + value[1]).toString(), at = 2 + value[1];
    const key = w.env.WORKBOT_ENCRYPTION_KEYS.split(',').map(k => k.split(':')).find(k => k[0] === id)[1];
    const plain = createDecipheriv('aes-256-ctr', Buffer.from(key, 'base64'), Buffer.concat([value.subarray(at, at + 12), Buffer.from([0, 0, 0, 2])]));
    return plain.update(value.subarray(at + 12, -16)).toString();
  };
  /** Every place that holds one of these words: tables of a dump, and columns that are sealed. */
  const find = async (...words) => {
    const found = new Set(), fits = text => words.some(word => text.includes(word));
    const dump = execFileSync(PG_DUMP, ['--inserts', '--data-only', w.databaseUrl], {encoding: 'utf8', maxBuffer: 1 << 28});
    for (const line of dump.split('\n')) if (fits(line)) found.add(/^INSERT INTO (\S+)/.exec(line)?.[1] ?? line);
    const columns = await w.query("select table_name as t, column_name as c from information_schema.columns where table_schema = 'public' and data_type = 'bytea'");
    let values = 0;
    for (const {t, c} of columns) {
      for (const row of await w.query(`select ${c} as value from ${t} where ${c} is not null`)) {
        values++;
        if (fits(open(row.value))) found.add(`${t}.${c}`);
      }
    }
    assert.ok(columns.length > 12 && values > 1);
    return [...found].sort();
  };
  const erase = async user => {
    for (let n = 0; n < 60; n++) {
      const answer = await w.api('DELETE', people + user);
      assert.ok([200, 202].includes(answer.status), answer.text);
      assert.equal(answer.erased, answer.status === 200);
      if (answer.erased) return answer;
      await w.idle();
    }
    assert.fail('never erased');
  };

  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.stopReplica(0);
    await w.query(`insert into audit (workspace, id, at, actor, action, subject, detail)
      select $1, gen_random_uuid(), (utc_day(now()) - d)::timestamp at time zone 'UTC' + n * interval '5 hours',
             case n when 2 then 'user:${ANA}' else 'user:U0BEN0001' end, 'run.wrote', 'WB-' || n, json_build_object('account', case n when 2 then '${MAIL}' end, 'rule', 'personal',
               'note', case n when 2 then E'Hello\\n${MAIL}' end, 'link', case n when 2 then 'https://acme.example/?u=${IN_URL}&v=1' end)
        from generate_series(3, 5) d, generate_series(1, 3) n`, [ACME]);
    await past(`delete from audit_chain where workspace = '${ACME}'`);
    await w.startReplica(0);
    await sealed();
    await ana.connect();
    await cleo.connect();
    await ana.command(create('Of Ana'));
    await ana.command(create('In public'), {place: '#sales'}).catch(() => {});
    await ana.ask('salesforce create opportunity name: Half', /close/i);
    await ana.opensHome?.();
    await w.idle();
    ({name, dm_channel: channel} = await w.one('select name, dm_channel from chat_user where user_id = $1', [ANA]));
    assert.ok(name && channel);
    name = 'Ana "A" \\ Diaz'; // as JSON and arrays write it, too
    await w.query('update chat_user set name = $2, checked_at = now() where user_id = $1', [ANA, name]);
    await w.must('PUT', `/workspaces/${ACME}/groups/sales`, {users: [ANA, 'U0CLEO001']});
    // she was an admin once, and is one again: named, dropped, the installer for a while; in the console, with tokens that she made
    const was = await w.must('GET', `/workspaces/${ACME}`);
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [...was.admins, ANA]});
    await signIn(ana);
    await w.must('PUT', `/workspaces/${ACME}`, {admins: was.admins, installer: ANA});
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [...was.admins, ANA], installer: was.installer});
    inConsole = await signIn(ana);
    await inConsole.get(w.url + HOME + '/api-tokens');
    await inConsole.submit({do: 'make', name: 'hers', role: 'admin', expires_in_days: '30'}, {n: 1});
    assert.match(inConsole.text, /Copy hers now/);
    await cleo.command(create(`Call ${MAIL} or ${name} for <@${ANA}>`));
    const recipe = await w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity`);
    await w.query("update recipe_version set body = $2 || substr(body, 2) where workspace = $1 and name = 'create-opportunity'", [ACME, `{"allow": {"users": ["${ANA}", "U0CLEO001"]}, `]);
    assert.ok(recipe.name);
    await w.idle();
    await w.query("update run set pressed = jsonb_build_object('said', $1::text) where user_id = 'U0CLEO001'", [`Hello\n${MAIL}\t“${name}”, ${name}’s, ${MAIL.toUpperCase()}, ${ANA.slice(1)}`]);
  });
  after(() => w?.stop());

  test('P15 the installer and whoever logged a default connection in are refused, with what to do first', async () => {
    assert.deepEqual([(await w.api('DELETE', people + 'U0BEN0001')).status, (await w.api('DELETE', people + 'U0BEN0001')).code], [409, 'person_installs']);
    await w.must('PUT', `/workspaces/${ACME}`, {installer: 'U0CLEO001'});
    assert.equal((await w.api('DELETE', people + 'U0CLEO001')).code, 'person_installs');
    await w.query("update connection set owner = 'U0BEN0001' where user_id = ''"); // who logged it in, as the console notes it
    const owns = await w.api('DELETE', people + 'U0BEN0001');
    assert.deepEqual([owns.status, owns.code], [409, 'person_owns']);
    assert.match(owns.detail, /log it in as another admin/);
    await w.must('PUT', `/workspaces/${ACME}`, {installer: 'U0BEN0001'});
    assert.equal((await w.api('DELETE', people + 'U0NOBODY01')).code, 'no_person');
    assert.equal((await w.api('DELETE', '/workspaces/slack:TNEVER/people/' + ANA)).code, 'no_workspace');
    assert.ok(await w.count('connection', `user_id = '${ANA}'`) > 0, 'and nothing was ended');
  });

  test('P15 she is everywhere, then nowhere; the audit says a pseudonym and holds', async () => {
    const was = await find(ANA, MAIL, IN_URL, MAIL.toUpperCase(), name, 'Diaz', channel);
    for (const place of ['public.audit', 'public.chat_user', 'public.connection', 'public.login', 'public.run', 'public.run_connection', 'public.job',
      'public.message', 'public.user_group', 'public.workspace', 'public.console_session', 'public.api_token', 'public.recipe_version', 'run.inputs', 'message.body']) assert.ok(was.includes(place), place + ' is planted: ' + was);
    const lines = await w.count('audit'), others = await w.count('connection', "user_id = 'U0CLEO001'");
    assert.equal((await inConsole.get(w.url + HOME)).status, 200);
    assert.match(inConsole.text, /Recipes/);
    const done = await erase(ANA);
    await inConsole.get(w.url + HOME);
    assert.match(inConsole.text, /Sign in to the console/, 'her session is dead');
    assert.match(done.pseudonym, /^erased-[0-9a-f]{8}$/);
    assert.deepEqual([done.waiting, done.proof.found, done.proof.unopened, done.proof.places], [0, 0, 0, []]);
    assert.ok(done.rows > 5 && done.values >= 2 && done.audit_lines > 3, JSON.stringify(done));
    assert.ok(done.proof.columns > 80 && done.proof.sealed_values > 5);
    for (const word of [ANA, MAIL, name, channel]) assert.ok(done.proof.words.includes(word), `${word}: ${JSON.stringify(done.proof)}`);
    assert.deepEqual(await find(ANA, MAIL, IN_URL, MAIL.toUpperCase(), name, 'Diaz', channel), []);
    const p = done.pseudonym;
    assert.deepEqual((await w.query("select distinct pressed ->> 'said' as said from run where user_id = 'U0CLEO001' and pressed is not null")).map(r => r.said),
      [`Hello\n${p}\t“${p}”, ${p}’s, ${p}, ${ANA.slice(1)}`], 'behind ends of lines, in quotes, in capitals; no part of a word');
    assert.deepEqual((await w.query("select distinct detail ->> 'note' as note, detail ->> 'link' as link from audit where detail ->> 'note' is not null")),
      [{note: `Hello\n${p}`, link: `https://acme.example/?u=${p}&v=1`}], 'in sealed days, too');
    assert.equal((await w.grants()).filter(g => g.alive && g.username === MAIL).length, 0, 'and the app has ended her login');
    assert.ok(await w.count('audit') >= lines, 'no line is taken away');
    assert.ok(await w.count('audit', `actor = 'user:${done.pseudonym}'`) > 3);
    const of = async action => (await w.query('select detail from audit where workspace = $1 and action = $2 order by id', [ACME, action])).map(r => r.detail);
    const changes = await of('workspace.changed');
    for (const key of ['admins_added', 'admins_removed']) assert.ok(changes.some(d => d[key]?.includes(done.pseudonym)), `${key}: ${JSON.stringify(changes)}`);
    for (const key of ['installer', 'installer_before']) assert.ok(changes.some(d => d[key] === done.pseudonym), key);
    assert.equal((await w.must('GET', `/workspaces/${ACME}/api-tokens`)).items[0].made_by, `user:${done.pseudonym}`);
    assert.equal(await w.count('audit', `action = 'person.erased' and subject = '${done.pseudonym}'`), 1);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001'"), others, 'others keep theirs');
    const [run] = (await w.must('GET', `/workspaces/${ACME}/runs?limit=100`)).items.filter(r => r.user === 'U0CLEO001');
    assert.ok(run, 'and their runs');
    const inputs = await w.query("select inputs from run where user_id = 'U0CLEO001'");
    assert.ok(inputs.some(r => open(r.inputs).includes(`Call ${done.pseudonym} or ${done.pseudonym} for `)), 'in which the pseudonym stands');
    assert.deepEqual((await w.must('GET', `/workspaces/${ACME}/groups/sales`)).users, ['U0CLEO001']);
    assert.deepEqual((await w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity`)).allow, {users: [done.pseudonym, 'U0CLEO001']});
    await cleo.command(create('After it'));
    assert.equal(await cleo.createdOnce('After it').then(() => 'made'), 'made', 'and the recipe goes on to work');
    const said = workbot('check', '--audit', ACME);
    assert.equal(said.status, 0, said.stdout + said.stderr);
    assert.match(said.stdout, /in 3 of these lines a pseudonym stands for a person who was erased/);
    assert.equal((await w.api('DELETE', people + ANA)).code, 'no_person', 'nothing is left to erase');
  });

  test('P15 nobody without the key can erase somebody from a sealed day', async () => {
    await assert.rejects(w.query("update audit set actor = 'x'"), e => e.code === '42501');
    await assert.rejects(w.query("update audit set erased_at = now(), action = 'x'"), e => e.code === '42501');
    const {id} = await w.one("select id from audit where actor = 'user:U0BEN0001' and action = 'run.wrote' and erased_at is null order by at limit 1");
    const {erased_digest, erased_seal} = await w.one('select erased_digest, erased_seal from audit where erased_seal is not null limit 1');
    for (const [digest, seal] of [[null, null], ['0'.repeat(64), '0'.repeat(64)], [erased_digest, erased_seal]]) {
      const before = await w.one('select actor, erased_at::text, erased_digest, erased_seal from audit where id = $1', [id]);
      await w.query("update audit set actor = 'user:erased-00000000', erased_at = now(), erased_digest = $2, erased_seal = $3 where id = $1", [id, digest, seal]);
      const said = workbot('check', '--audit', ACME);
      assert.equal(said.status, 1, said.stdout);
      assert.match(said.stdout, /a line was changed/);
      await past(`update audit set actor = '${before.actor}', erased_at = null, erased_digest = null, erased_seal = null where id = '${id}'`);
    }
    assert.equal(workbot('check', '--audit', ACME).status, 0);
  });

  test('P15 workbot forget says the proof, goes on where it was interrupted, and refuses with the reason', async () => {
    const refused = workbot('forget', ACME, 'U0BEN0001');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /installer/);
    // interrupted: her login is ended, and the app does not answer
    await w.sandbox('PUT', '/_faults', {peer: 'salesforce', fault: '5xx', times: 2, path: 'revoke'});
    const first = await w.api('DELETE', people + 'U0CLEO001');
    assert.ok([200, 202].includes(first.status), first.text);
    const said = workbot('forget', ACME, 'U0CLEO001');
    if (first.status === 202) {
      assert.match(said.stdout, new RegExp(`say ${first.pseudonym}|not yet`), 'the same pseudonym');
      assert.equal(said.status, /not yet/.test(said.stdout) ? 1 : 0, said.stdout + said.stderr);
      await until('her grant to end and the rest to follow', async () => { // the app is asked again after a while
        workbot('forget', ACME, 'U0CLEO001');
        return await w.count('person_erasure') === 0;
      });
    }
    assert.equal(await w.count('person_erasure'), 0);
    assert.deepEqual(await find('U0CLEO001', 'cleo@acme.example'), []);
    assert.equal(workbot('forget', ACME, 'U0CLEO001').status, 1);
    assert.equal(workbot('forget', ACME).status, 2);
    // what is no person takes nothing away
    const kept = await w.count('connection', 'tokens is not null');
    assert.equal(workbot('forget', ACME, '').status, 2);
    for (const word of ['create-opportunity', 'active', 'salesforce']) assert.equal((await w.api('DELETE', people + word)).code, 'no_person', word);
    assert.equal(await w.count('connection', 'tokens is not null'), kept);
  });
});
