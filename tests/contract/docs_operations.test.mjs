// docs/operations.md, done to a service at work: what it says is typed, and it has the effect that the page promises.
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import pg from 'pg';
import {manual, source} from '../lib/docs.mjs';
import {deploymentFor} from '../lib/docs_deployment.mjs';
import {openDoor, shellFor} from '../lib/docs_shell.mjs';
import {ACME, ADMIN_TOKEN, create, start, until} from '../lib/flow.mjs';
import {freePort} from '../lib/ports.mjs';
import {createDatabase} from '../lib/service.mjs';
import {shippedCluster} from '../lib/shipped.mjs';
import {openapi} from './support.mjs';

const pages = manual('docs/operations.md');
const ANA = 'U0ANA0001';
const SAMPLES = {'slack:T0ACME001': ACME, U024BE7LH: ANA};
const rowsOf = async (url, sql) => {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  return client.query(sql).then(r => r.rowCount).finally(() => client.end());
};
const key = id => `${id}:${randomBytes(32).toString('base64')}`;

describe('docs/operations.md', () => {
  let w, door, ana;
  /** A shell beside the service, with its settings and what else is given. */
  const beside = (t, env = {}, more = {}) => shellFor(t, {door, samples: SAMPLES,
    env: {...w.env, WORKBOT_OPS_LISTEN: `127.0.0.1:${w.replicas[0].ops}`, TOKEN: ADMIN_TOKEN, URL: door.url, ...env}, ...more});
  /** The SQL of the page, in psql, as a superuser. */
  const sql = (t, code, options) => beside(t).run({...code, text: `psql -v ON_ERROR_STOP=1 -q '${w.databaseUrl}' <<'SQL'\n${code.text};\nSQL`}, options);
  before(async () => {
    w = await start();
    door = await openDoor(w.url, openapi);
    ana = w.person('ana');
    await ana.connect();
  });
  after(async () => {
    door?.close();
    await w?.stop();
  });

  test('start, stop, check: the table of commands', async t => {
    const shell = beside(t);
    assert.match((await shell.run(pages.span('workbot check'))).out, /ok|no fault|keys/i);
    assert.match((await shell.run('workbot check --reference')).out, /WORKBOT_DATABASE_URL/);
    await shell.run(pages.span('workbot migrate'));
    await shell.run(pages.span('workbot health'));
    await shell.run(pages.span('workbot health --ready'));
    await shell.run(pages.span('workbot recipe check FILE...'), {with: {'FILE...': 'tests/demo/acme/recipes/*.json'}});
    const env = 'WORKBOT_PUBLIC_URL=https://workbot.example.com WORKBOT_TEAMS_APP_ID=22222222-aaaa-4bbb-8ccc-222222222222 ';
    JSON.parse((await shell.run({...pages.span('workbot manifest slack'), text: env + 'workbot manifest slack'})).out);
    await shell.run({...pages.span('workbot manifest teams --out FOLDER'), text: env + 'workbot manifest teams --out FOLDER'}, {with: {FOLDER: shell.dir}});
    assert.ok(existsSync(join(shell.dir, 'workbot-teams.zip')));
    await shell.run(env + `workbot manifest teams --out ${shell.dir} --version 1.0.1 --replace`);
  });

  test('SIGTERM ends `workbot serve` with 0, in each of its roles', async t => {
    for (const role of ['all', 'web', 'worker']) {
      const [listen, ops] = [await freePort(), await freePort()];
      const there = beside(t, {WORKBOT_LISTEN: `127.0.0.1:${listen}`, WORKBOT_OPS_LISTEN: `127.0.0.1:${ops}`});
      await there.run({...pages.span('workbot serve'), text: `workbot serve --role ${role} & server=$!`});
      await until('it to be ready', () => fetch(`http://127.0.0.1:${ops}/readyz`).then(r => r.ok, () => false));
      await there.run('kill $server; wait $server');
    }
  });

  test('the package of the Teams app', async t => {
    const there = beside(t, {}, {cwd: deploymentFor(t, {}).dir});
    await there.run(pages.block('workbot manifest teams --out teams'), {with: {'WORKBOT_TEAMS_APP_ID=...': 'WORKBOT_TEAMS_APP_ID=22222222-aaaa-4bbb-8ccc-222222222222'}});
    assert.ok(existsSync(join(there.cwd, 'teams/workbot-teams.zip')));
  });

  test('backup and restore with the keys: whoever was connected still is, and what waited does not run', async t => {
    const deployment = deploymentFor(t, {WORKBOT_PUBLIC_URL: 'https://workbot.example.com'});
    const there = beside(t, {}, {cwd: deployment.dir});
    await there.run(pages.block('pg_dump -Fc -f'));
    const restored = await createDatabase('');
    t.after(() => restored.drop());
    const anew = beside(t, {WORKBOT_DATABASE_URL: restored.url}, {cwd: deployment.dir});
    await anew.run(pages.block('pg_restore --exit-on-error --no-owner -d "$'));
    const wrong = beside(t, {WORKBOT_DATABASE_URL: restored.url, WORKBOT_ENCRYPTION_KEYS: key('k1')});
    assert.match((await wrong.run('workbot check', {exit: 1})).out, /do not open what is stored/);
    const missing = beside(t, {WORKBOT_DATABASE_URL: restored.url, WORKBOT_ENCRYPTION_KEYS: key('k9')});
    assert.match((await missing.run('workbot check', {exit: 1})).out, /k1/);
    await restored.query("update job set state = 'queued', ended_at = null, run_at = now() + interval '1 day' where kind = 'slack_event'"); // waits
    const block = pages.block('update job set state');
    const waiting = async () => (await restored.query("select count(*)::int as n from job where state = 'queued'"))[0].n;
    assert.ok(await waiting() > 0);
    await anew.run({...block, text: `psql -v ON_ERROR_STOP=1 -q "$WORKBOT_DATABASE_URL" <<'SQL'\n${block.text}\nSQL`});
    assert.equal(await waiting(), 0);
    const was = w.env.WORKBOT_DATABASE_URL;
    await w.restart({WORKBOT_DATABASE_URL: restored.url});
    await ana.ask(create('After the restore'), /Created After the restore/);
    await w.restart({WORKBOT_DATABASE_URL: was});
  });

  test('the same with Docker', async t => {
    const deployment = deploymentFor(t, {});
    const there = beside(t, {SLACK_CLIENT_SECRET: 'sample', SLACK_SIGNING_SECRETS: 'sample', TEAMS_APP_SECRET: 'sample'}, {cwd: deployment.dir});
    await there.run('cp docker/sample.env docker/.env; docker/make-secrets.sh; chmod u+w docker/secrets/*');
    const secret = (name, value) => writeFileSync(join(deployment.dir, 'docker/secrets', name), value);
    secret('database_url', w.databaseUrl);
    secret('encryption_keys', w.env.WORKBOT_ENCRYPTION_KEYS);
    await there.run(pages.block('exec -T postgres pg_dump'));
    const shipped = shippedCluster(); // the volume is new
    t.after(() => shipped.drop());
    secret('database_url', shipped.owner);
    await there.run(pages.block('exec -T postgres pg_restore'));
    assert.equal(await rowsOf(shipped.service, "select from connection where state = 'active'"), await w.count('connection', "state = 'active'"));
    await there.run(pages.block('up -d --build'));
    await there.run(pages.span('docker compose -f docker/compose.yaml --profile metrics up -d'));
  });

  test('keys rotate, in the steps of the page, and the old key may go', async t => {
    const k1 = w.env.WORKBOT_ENCRYPTION_KEYS, k2 = key('k2');
    await w.restart({WORKBOT_ENCRYPTION_KEYS: `${k1},${k2}`});
    await w.restart({WORKBOT_ENCRYPTION_KEYS: `${k2},${k1}`});
    const there = beside(t);
    assert.match((await there.run(pages.span('workbot keys rotate'), {exit: 1})).out, /nothing was sealed anew: process \d+ on \S+ seals with the key k1/);
    await w.query("update encryption_key set sealed_at = now() - interval '6 minutes' where id = 'k1'"); // that it is over
    const {out} = await there.run(pages.span('workbot keys rotate'));
    // the words of the page, with the figures of this run
    const shape = line => line.replace(/\b\d+\b/g, 'N').replace(/ +/g, ' ');
    const sample = source('docs/operations.md').split('```text\n')[1].split('```')[0].trim().split('\n');
    const said = out.split('\n').map(shape);
    for (const line of [sample[0], ...sample.slice(-4)]) assert.ok(said.includes(shape(line)), `${line}, not\n${out}`);
    assert.match((await there.run(pages.span('workbot keys'))).out, /^k1 +0 values$/m);
    await w.restart({WORKBOT_ENCRYPTION_KEYS: k2});
    await ana.ask(create('After the rotation'), /Created After the rotation/);
    await sql(t, pages.span("update encryption_key set emptied_at = now() where id = 'k1'"));
  });

  test('tokens of the API, acting for people, and two writers', async t => {
    const there = beside(t);
    const block = pages.block('"role":"read"');
    const made = door.judge((await there.run(block)).calls);
    assert.ok(made.token);
    const print = (await beside(t, {FOUND: made.token}).run(pages.span('printf %s "$FOUND" | sha256sum'))).out;
    assert.ok(print.startsWith(made.fingerprint) && createHash('sha256').update(made.token).digest('hex').startsWith(made.fingerprint));
    await w.must('PUT', `/workspaces/${ACME}`, {acting: 'on'});
    const {token} = await w.must('POST', `/workspaces/${ACME}/api-tokens`, {name: 'orders', role: 'act'});
    const back = beside(t, {ACT_TOKEN: token}), act = pages.block('/act"');
    assert.equal(door.judge((await back.run(act)).calls, 403).code, 'act_not_allowed');
    await ana.press(await ana.sees(/orders wants to run commands for you/), 'Allow');
    await w.idle();
    door.judge((await back.run(act)).calls, 202);
    await ana.sees(/Created Acme renewal/);
    const group = pages.block('If-None-Match');
    door.judge((await there.run(group)).calls, 201);
    door.judge((await there.run(group)).calls, 412);
  });

  test('people are compared with the chat now', async t => {
    await sql(t, pages.span("update workspace set reconcile_at = now() where workspace = 'slack:T...'"), {with: {'slack:T...': ACME}});
    await until('the comparison to be planned anew', async () => (await w.one('select reconcile_at > now() as later from workspace where workspace = $1', [ACME])).later);
  });

  /** What stands in place of one role: may serve, and can change neither tables nor audit. */
  const serves = async (t, url) => {
    const there = beside(t, {WORKBOT_DATABASE_URL: url});
    assert.match((await there.run(pages.span('workbot check'))).out, /are in order/);
    for (const sql of ["update audit set actor = 'x'", 'alter table audit disable trigger all']) {
      assert.match((await there.run(`psql '${url}' -c "${sql}"`, {exit: 1})).out, /permission denied|must be owner/);
    }
    await there.run(`psql '${url}' -c "insert into audit select * from audit where false"`);
  };

  test('roles of the database: from one to two', async t => {
    const name = `workbot_service_${randomBytes(4).toString('hex')}`, samples = {...SAMPLES, workbot_service: name};
    const there = beside(t, {WORKBOT_DATABASE_URL: w.databaseUrl}, {samples});
    t.after(() => w.query(`drop owned by ${name}; drop role ${name}`));
    const made = pages.block('create role workbot_service login;');
    await there.run({...made, text: `psql -v ON_ERROR_STOP=1 -q '${w.databaseUrl}' <<'SQL'\n${made.text}\nSQL`});
    await there.run(pages.block('WORKBOT_DATABASE_SERVICE_ROLE=workbot_service workbot migrate'));
    await w.query(`alter role ${name} password 'sample-password'`);
    await serves(t, Object.assign(new URL(w.databaseUrl), {username: name, password: 'sample-password'}).href);
  });

  test('the same with Docker, where a release before this one has made the volume', async t => {
    const init = source('docker/postgres-init.sql').split('\n').filter(line => !line.includes('service')).join('\n');
    const shipped = shippedCluster({init}), deployment = deploymentFor(t, {});
    t.after(() => shipped.drop());
    const docker = join(deployment.dir, 'docker'), secrets = join(docker, 'secrets');
    writeFileSync(join(docker, '.env'), source('docker/sample.env').split('\n').filter(line => !line.includes('SERVICE_ROLE')).join('\n'));
    for (const [secret, value] of Object.entries({database_url: shipped.owner, database_password: 'sample', encryption_keys: w.env.WORKBOT_ENCRYPTION_KEYS,
      slack_client_secret: 'sample', slack_signing_secrets: 'sample'})) writeFileSync(join(secrets, secret), value);
    const there = beside(t, {DOCKER_POSTGRES: shipped.server}, {cwd: deployment.dir});
    await there.run('docker/make-secrets.sh && rm docker/secrets/workbot_service_*'); // which that release did not know
    // the line that upgrades: one role goes on, without a step
    const up = 'docker compose -f docker/compose.yaml';
    await there.run(`${up} -f docker/compose.slack.yaml up -d --build && ${up} run --rm migrate`);
    await there.run(pages.block('exec -T postgres psql -U postgres'));
    await there.run(`${up} run --rm migrate`); // as `up` does it
    const password = readFileSync(join(secrets, 'workbot_service_password'), 'utf8').trim();
    assert.equal(readFileSync(join(secrets, 'workbot_service_url'), 'utf8').trim(), `postgresql://workbot_service:${password}@postgres:5432/workbot`);
    await serves(t, Object.assign(new URL(shipped.owner), {username: 'workbot_service', password}).href);
  });

  test('the audit is checked, of all and of one', async t => {
    const there = beside(t);
    await until('a worker to begin the audit of the workspace', () => w.count('audit_chain'), 60000);
    await there.run(pages.span('workbot check --audit'));
    assert.match((await there.run(pages.span('workbot check --audit [WORKSPACE]'), {with: {'[WORKSPACE]': ACME}})).out, new RegExp(`^${ACME}: .* days sealed`, 'm'));
  });

  test('a person is erased', async t => {
    const there = beside(t), forget = pages.block('workbot forget');
    await until('her logins to be ended', async () => {
      const {out} = await there.run({...forget, text: `${forget.text.trim()} || true`}); // 1 while it is not done
      return !/not yet/.test(out);
    });
    assert.equal(await w.count('connection', `user_id = '${ANA}'`), 0);
  });

  test('each alert is on the page, with whom it wakes', () => {
    const rules = [...source('docker/alerts.yml').matchAll(/- alert: (\w+)[\s\S]*?severity: (\w+)/g)].map(([, name, severity]) => `${name} ${severity}`);
    const told = [...source('docs/operations.md').matchAll(/^\| `(Workbot\w+)` \| (\w+) \|/gm)].map(([, name, severity]) => `${name} ${severity}`);
    assert.ok(rules.length > 10);
    assert.deepEqual(told.sort(), rules.sort());
  });

  test('every command of this page was run', () => pages.allRun());
});
