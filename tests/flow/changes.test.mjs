// What an admin changes while other things go on: changes are made one after the other, no stored secret
// or token meets a new place (P5), and no grant stays alive at the app that nobody here can use (P12).
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import {ACME, Browser, loginUrl, start, until, words} from '../lib/flow.mjs';

const CRM = `/workspaces/${ACME}/connections/acme-salesforce`;
const NEW = {client_id: 'sample-new-client', client_secret: 'sample-new-client-secret'};

describe('an admin changes a default connection', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {[NEW.client_id]: {secret: NEW.client_secret}}}});
  });
  after(() => w?.stop());

  /** Sends these calls while nobody can write the rows that `sql` locks: all have read what they can. */
  async function together(sql, ...calls) {
    const lock = await w.hold(sql);
    const answers = [];
    for (const call of calls) {
      answers.push(call());
      await lock.waiting(answers.length);
    }
    await lock.release();
    return Promise.all(answers);
  }

  test('P5 two changes at once: the secret of one never meets the client of the other', async () => {
    const old = await w.must('GET', CRM);
    const [moved, other] = await together('select 1 from default_connection for update',
      () => w.api('PUT', CRM, {app: 'salesforce', host: w.salesforceHost, ...NEW}),
      () => w.api('PUT', CRM, {app: 'salesforce', host: w.salesforceHost, client_id: old.client_id, account_match: 'warn'}));
    assert.equal(moved.status, 200, moved.text);
    assert.equal(other.status, 422, other.text);
    assert.deepEqual(other.errors.map(f => f.path), ['client_secret']);
    const now = await w.must('GET', CRM);
    assert.deepEqual([now.client_id, now.account_match], [NEW.client_id, 'off']);
    await w.putConnection(ACME, 'acme-salesforce', {app: 'salesforce', client_id: old.client_id, client_secret: 'sample-acme-consumer-secret'});
  });

  test('two changes of a workspace at once: both stand', async () => {
    const [a, b] = await together('select 1 from workspace for update',
      () => w.api('PUT', `/workspaces/${ACME}`, {name: 'Acme Inc'}), () => w.api('PUT', `/workspaces/${ACME}`, {guests: 'allow'}));
    assert.deepEqual([a.status, b.status], [200, 200], a.text + b.text);
    const now = await w.must('GET', `/workspaces/${ACME}`);
    assert.deepEqual([now.name, now.guests, now.installer], ['Acme Inc', 'allow', 'U0BEN0001']);
  });

  test('apps_trap_10_client P5 the client changes while a browser comes back: what the old one got is given back', async () => {
    const browser = new Browser();
    const {location} = await browser.logIn(loginUrl(await ana.prompt('connect salesforce')), 'ana@acme.example', {stop: '/oauth/callback/'});
    await w.fault('slow', {path: 'oauth2/token', delay_ms: 1500});
    const page = browser.get(location);
    await until('the exchange to be under way', async () => await w.fired('slow') === 1);
    await w.putConnection(ACME, 'acme-salesforce', {app: 'salesforce', ...NEW});
    assert.equal((await page).status, 410, browser.text);
    assert.equal(browser.code, null);
    assert.equal(await w.count('login', 'provisional is not null'), 0);
    await w.idle();
    await until('its grant to be revoked', async () => (await w.grants()).every(g => !g.alive));
  });
});

describe('an admin removes a default connection', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('P9 what waited for its login ends with a plain message', async () => {
    const here = await ana.prompt();
    const shared = await ana.say('@workbot salesforce create opportunity name: Shared close: 2026-12-31', {place: 'sales'});
    await until('both runs to wait', async () => await w.count('run', "state = 'parked'") === 2);
    await w.must('DELETE', CRM + '?force=true');
    await ana.sees(m => m.ts === here.ts && !loginUrl(m) && /did not work[^]*An admin has removed the connection[^]*Reference WB-/.test(words(m)));
    await ana.sees(m => m.ts > shared.ts && /did not work[^]*removed the connection/.test(words(m)), {place: 'sales'});
    await w.idle();
    const {items} = await w.must('GET', `/workspaces/${ACME}/runs`);
    assert.deepEqual(items.map(r => [r.state, r.error.code]), [['failed', 'connection_removed'], ['failed', 'connection_removed']]);
    await ana.ask('pending', /Nothing waits for you/);
    await ana.ask('salesforce create opportunity name: Later close: 2026-12-31', /connection that this command uses is gone/);
  });
});

describe('a recipe holds what only the next release knows', () => {
  let w, ana;
  const NAME = 'create-opportunity';
  /** As an admin stores it through a new replica: the old ones cannot read it. */
  const stored = () => w.query(`with n as (insert into recipe_version (workspace, name, version, body, created_at, created_by)
    select v.workspace, v.name, v.version + 1, jsonb_set(v.body::jsonb, '{of_the_next_release}', 'true')::text, v.created_at, v.created_by
      from recipe_version v join recipe r using (workspace, name, version) where name = $1 and workspace = $2)
    update recipe set version = version + 1 where name = $1 and workspace = $2`, [NAME, ACME]);
  const takenBack = async () => {
    const theirs = "body like '%of_the_next_release%'";
    await w.query(`update recipe r set version = r.version - 1 from recipe_version v
      where (v.workspace, v.name, v.version) = (r.workspace, r.name, r.version) and v.${theirs}`);
    await w.query(`delete from recipe_version where ${theirs}`);
  };
  before(async () => {
    w = await start();
    ana = w.person('ana');
  });
  after(() => w?.stop());
  afterEach(takenBack);

  test('P9 a command that waits for a login stops alone: the login itself is confirmed', async () => {
    const prompt = await ana.prompt();
    const code = await ana.browse(prompt);
    await stored();
    await ana.ask(code, /is connected/);
    await ana.sees(/Create an opportunity did not work[^]*set up wrong/);
    await takenBack();
    await ana.ask('salesforce create opportunity name: After close: 2026-12-31', /Created After/);
  });

  test('P10 a write that waited long is asked for again, as nobody here can tell that it writes', async () => {
    const cleo = w.person('cleo');
    const prompt = await cleo.prompt('salesforce create opportunity name: Late close: 2026-12-31');
    const code = await cleo.browse(prompt);
    await w.query("update run set parked_at = parked_at - interval '1 day' where state = 'parked'");
    await stored();
    await cleo.ask(code, /is connected/);
    const again = await cleo.sees(/Shall I still run create-opportunity/);
    await takenBack();
    await cleo.press(again, 'Run it now');
    await cleo.createdOnce('Late');
  });

  test('P9 its open question keeps no other word from its person, and goes on when it can be read', async () => {
    await ana.ask('salesforce create opportunity name: Halted', /Enter close/);
    await stored();
    await ana.ask('2026-12-31', /create-opportunity cannot take its close now[^]*set up wrong/);
    await ana.ask('pending', /create-opportunity asks for an input[^]*Halted/);
    await ana.ask('help', /What can I do/);
    await takenBack();
    await ana.ask('2026-12-31', /Created Halted/);
    await ana.ask('salesforce create opportunity name: Dropped', /Enter close/);
    await stored();
    await ana.ask('cancel', /Cancelled: create-opportunity/);
  });
});

describe('the database is away when a grant is to be stored', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('P12 the grant is ended at the app at once', async () => {
    const browser = new Browser();
    const {location} = await browser.logIn(loginUrl(await ana.prompt('connect salesforce')), 'ana@acme.example', {stop: '/oauth/callback/'});
    const alive = async () => (await w.grants()).filter(g => g.alive).length;
    const before = await alive();
    await w.fault('slow', {path: 'oauth2/token', delay_ms: 1500});
    const page = browser.get(location);
    await until('the exchange to be under way', async () => await w.fired('slow') === 1);
    await w.admin.query(`alter database ${w.database} with allow_connections false`);
    try {
      await w.admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [w.database]);
      assert.ok((await page).status >= 500, browser.text);
      assert.ok((await w.tokenCalls('authorization_code')).some(c => c.status === 200), 'the app gave a grant');
      assert.equal(await alive(), before, 'and has taken it back');
    } finally {
      await w.admin.query(`alter database ${w.database} with allow_connections true`);
    }
    const metrics = await (await fetch(w.replicas[0].opsUrl + '/metrics')).text();
    assert.match(metrics, /workbot_revokes_total\{result="revoked"\} 1/);
    assert.match(w.log(), /a new grant was revoked at once/);
    // the person is not stuck: the same prompt works again
    await until('the service to take events again', async () => (await w.signed('/slack/events', w.dm('help'))).status === 200);
    await ana.connect();
  });
});
