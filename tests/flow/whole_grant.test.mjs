// Apps that end all that a person ever granted to the client, when asked to end one login (GitHub, Google): a login
// that comes to nothing, and a disconnect, take nothing from who acts by the same account.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import pg from 'pg';
import {AppHost} from '../lib/app_host.mjs';
import {ACME, Browser, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const ORG = 'slack:E0ACMEORG', LABS = 'slack:T0ORGLABS';

/** An app: a revocation ends every token of its person; `DELETE .../grant` is GitHub's. */
class Host extends AppHost {
  live = new Map(); // token -> whose
  who = 'ana';
  life = 3600;
  extra = {}; // in the callback
  nobody = false; // it does not say who
  closed = false; // for revocations

  end(token) {
    const who = this.live.get(token);
    for (const [t, whose] of this.live) if (whose === who) this.live.delete(t);
  }

  answer({path, form, text, url, req}, send) {
    if (path === 'authorize') {
      const q = new URLSearchParams({code: 'one', state: url.searchParams.get('state'), ...this.extra});
      return send(302, {}, {location: `${url.searchParams.get('redirect_uri')}?${q}`});
    }
    if (path === 'refresh' && !this.live.has(form.refresh_token)) return send(400, {error: 'invalid_grant'});
    if (path === 'access_token' || path === 'refresh') {
      const [access_token, refresh_token] = ['access', 'refresh'].map(kind => `${kind}-sample-${randomBytes(6).toString('hex')}`);
      for (const t of [access_token, refresh_token]) this.live.set(t, this.who);
      return send(200, {access_token, refresh_token, token_type: 'bearer', expires_in: this.life, scope: url.pathname.startsWith('/login/') ? 'repo,user:email' : 'openid'});
    }
    if (path === 'revoke' || path === 'grant') {
      if (this.closed) return send(503, {});
      this.end(path === 'grant' ? JSON.parse(text).access_token : form.token);
      return send(200, {});
    }
    const who = this.live.get((req.headers.authorization || '').slice(7));
    if (who === undefined) return send(401, {error: 'invalid_token'});
    if (path === 'sites') return send(200, [{id: 'north'}, {id: 'south'}]);
    return this.nobody ? send(200, {}) : send(200, {id: who, login: who, email: `${who}@acme.example`, number: 1, title: 't', state: 'open', html_url: 'https://x.example'});
  }
}

const definition = (name, more = {}) => ({
  name, title: name, hosts: {names: [`oauth.${name}.example`]}, client_auth: 'post',
  authorize: {url: 'https://{host}/authorize', scopes: [{name: 'openid', words: 'See who you are'}]},
  token: {url: 'https://{host}/access_token'}, revoke: {url: 'https://{host}/revoke', token: 'refresh', auth: 'client'},
  identity: {path: '/me', key: [{path: 'id'}], name: 'login', email: 'email'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}},
  actions: {who: {title: 'Who', inputs: {}, requests: [{path: '/data', success: [200]}], output: {name: 'answer.login'}}}, ...more,
});
/** Its token endpoint wants what the callback brought, and its revocation an access token that lives. */
const realm = definition('realm', {
  vars: {realm: {from: 'callback', pattern: '^[0-9]{1,60}$', words: 'the realm'}}, callback: {capture: {realm: 'realmId'}},
  token: {url: 'https://{host}/access_token', params: {context: 'stores/{realm}'}},
  revoke: {url: 'https://{host}/revoke', token: 'access', auth: 'client'},
});
/** One grant is for all sites of its person. */
const wide = definition('wide', {
  vars: {site: {from: 'lookup', pattern: '^[a-z]{1,20}$', words: 'the site'}},
  lookup: [{url: 'https://{host}/sites', set: {site: 'id'}, label: 'id'}],
  identity: {path: '/me', key: [{var: 'site'}, {path: 'id'}], name: 'login', email: 'email'},
});
const recipe = (app, command) => ({name: command.replace(' ', '-'), title: 'Who', command, allow: 'everyone', inputs: [],
  connections: {it: {use: `my-${app}`, verify_user_access: true}}, steps: [{id: 'one', connection: 'it', action: 'who', with: {}}],
  reply: {text: 'You are {{steps.one.name}}'}});
const connection = (app, host, more = {}) => ({app, host: host.name, client_id: 'workbot', client_secret: 'sample-secret',
  assurance: 'code', account_match: 'off', ...more});

async function prompt(person, name) {
  const m = await person.ask(`connect ${name}`, x => x.is_bot && (loginUrl(x) || labels(x).includes('Log in again')));
  if (loginUrl(m)) return m;
  await person.press(m, 'Log in again');
  return person.sees(x => x.is_bot && x.ts >= m.ts && loginUrl(x));
}
async function through(p) {
  const b = new Browser();
  await b.get(loginUrl(p));
  await b.submit();
  return b.code;
}

describe('an app that ends all grants of a person at once', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, ana, cleo, host;

  before(async () => {
    host = await new Host().start();
    writeFileSync(join(dir, 'plain.json'), JSON.stringify(definition('plain')));
    writeFileSync(join(dir, 'realm.json'), JSON.stringify(realm));
    writeFileSync(join(dir, 'wide.json'), JSON.stringify(wide));
    w = await start({env: {WORKBOT_APPS_DIR: dir}, trusted: [host.name]});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    for (const app of ['plain', 'realm', 'wide', 'github']) await put(app);
    for (const app of ['plain', 'realm', 'wide']) await w.putRecipe(ACME, recipe(app, `${app} who`));
    await w.putRecipe(ACME, {...recipe('github', 'github look'), reply: {text: 'Looked'},
      steps: [{id: 'one', connection: 'it', action: 'get_issue', with: {owner: 'o', repo: 'r', number: '1'}}]});
  });
  after(async () => {
    await w?.stop();
    host?.stop();
    rmSync(dir, {recursive: true});
  });
  beforeEach(async () => {
    await w.idle();
    Object.assign(host, {who: 'ana', life: 3600, extra: {}, nobody: false, closed: false});
    await w.query("update login set state = 'cancelled', provisional = null where state in ('open', 'code')");
    await w.query("update connection set state = 'disconnected', tokens = null where state <> 'disconnected'");
    host.live.clear();
    host.calls.length = 0;
  });

  const put = (app, more) => w.must('PUT', `/workspaces/${ACME}/connections/my-${app}`, connection(app, host, more));
  async function connect(person, app) {
    await person.ask(await through(await prompt(person, `my-${app}`)), /is connected/);
    await w.idle();
  }
  const kept = () => w.query(`select detail from audit where action = 'connection.grant_kept' order by at`).then(r => r.map(a => a.detail));
  const revoked = () => host.of('revoke').length + host.of('grant').length;
  const expire = () => w.query("update login set code_expires_at = now() - interval '1 minute', expires_at = now() - interval '1 minute' where state = 'code'");
  const ended = () => until('the login to end', async () => await w.count('login', "state in ('open', 'code')") === 0, 90000);
  async function mistype(person, code) {
    for (let i = 0; i < 3; i++) {
      await person.say(code === '000000' ? '111111' : '000000');
      await w.idle();
    }
  }
  async function acts(person = ana, command = 'plain who', says = /You are ana/) {
    await w.idle();
    await person.ask(command, says);
  }

  test('P12 a link walked through twice: the second code connects, and its tokens live', async () => {
    const p = await prompt(ana, 'my-plain');
    await through(p);
    const code = await through(p);
    await w.idle();
    assert.equal(revoked(), 0);
    await ana.ask(code, /is connected/);
    await acts();
    const detail = (await kept()).at(-1);
    assert.deepEqual(detail, {connection: 'my-plain', user: 'U0ANA0001', acts: 'my-plain', why: 'same_account'});
  });

  test('P12 a code typed between the two looks for who holds the grant: its tokens live', async () => {
    await connect(ana, 'plain');
    const of = "default_name = 'my-plain' and user_id = 'U0ANA0001'";
    const {account_key: key} = await w.one(`select account_key from connection where ${of}`);
    await w.query(`update connection set state = 'disconnected', tokens = null where ${of}`);
    await w.query(`create function later() returns trigger language plpgsql as $$ begin new.run_at := now() + interval '1 hour'; return new; end $$;
      create trigger later before insert on job for each row when (new.kind = 'revoke') execute function later()`);
    const p = await prompt(ana, 'my-plain');
    await through(p);
    await through(p); // the grant of before is taken back, later
    await w.query('drop trigger later on job; drop function later');
    const typing = new pg.Client({connectionString: w.databaseUrl});
    await typing.connect();
    try {
      await typing.query('begin; lock table login in access exclusive mode');
      await w.query("update job set run_at = now() where kind = 'revoke' and state = 'queued'");
      await until('one look to be over or to wait', () => w.count('pg_stat_activity', "wait_event_type = 'Lock' and query like '%l.provisional from login l join default_connection%'"));
      await typing.query("update login set state = 'done', provisional = null where state = 'code'");
      await typing.query(`update connection set state = 'active', tokens = '\\x00', account_key = $1 where ${of}`, [key]);
      await typing.query('commit');
    } finally {
      await typing.end();
    }
    await w.idle();
    assert.equal(await w.count('job', "kind = 'revoke' and state = 'queued'"), 0);
    assert.equal(revoked(), 0);
  });

  test('P12 the same at GitHub, and logged in again there, the code never typed', async () => {
    const p = await prompt(ana, 'my-github');
    await through(p);
    await ana.ask(await through(p), /is connected/);
    await acts(ana, 'github look', /Looked/);
    await through(await prompt(ana, 'my-github'));
    await expire();
    await ended();
    await acts(ana, 'github look', /Looked/);
    assert.equal(revoked(), 0);
  });

  test('P12 a connection that acts outlives a login again: expired, or three wrong codes', async () => {
    await connect(ana, 'plain');
    await through(await prompt(ana, 'my-plain'));
    await expire();
    await ended();
    await acts();
    await mistype(ana, await through(await prompt(ana, 'my-plain')));
    await acts();
    assert.equal(revoked(), 0);
  });

  test('P12 a connection that acts outlives a login that its account_match refuses, or of which the app does not say whose it is', async () => {
    host.who = 'otto';
    await connect(ana, 'plain');
    const code = await through(await prompt(ana, 'my-plain'));
    await put('plain', {account_match: 'require'});
    await ana.ask(code, /This login has ended/);
    await put('plain');
    await acts(ana, 'plain who', /You are otto/);
    host.nobody = true;
    await through(await prompt(ana, 'my-plain'));
    host.nobody = false;
    await acts(ana, 'plain who', /You are otto/);
    assert.equal(revoked(), 0);
  });

  test("P12 somebody else's link, walked through by Ana and never finished, takes nothing from her", async () => {
    await connect(ana, 'plain');
    await mistype(cleo, await through(await prompt(cleo, 'my-plain')));
    await acts();
    assert.equal(revoked(), 0);
  });

  test('P12 of an account that nobody else acts by, a login that comes to nothing is revoked', async () => {
    await connect(ana, 'plain');
    host.who = 'cleo';
    await mistype(cleo, await through(await prompt(cleo, 'my-plain')));
    await w.idle();
    assert.equal(revoked(), 1);
    assert.ok(![...host.live.values()].includes('cleo'));
    host.who = 'ana';
    await acts();
  });

  test('P12 disconnected while the shared connection acts by the account: it stays, and the receipt says so', async () => {
    const {login_url} = await w.must('POST', `/workspaces/${ACME}/connections/my-plain/login`, {});
    const b = new Browser();
    await b.get(login_url);
    await b.submit();
    await w.must('POST', `/workspaces/${ACME}/connections/my-plain/login/confirm`, {code: b.code});
    await connect(ana, 'plain');
    await ana.say('disconnect my-plain');
    const receipt = await ana.sees(/keeps one login for each account/);
    assert.match(words(receipt), /Disconnected.* here\. plain keeps one login for each account, and the shared connection still acts by it/);
    await w.idle();
    assert.equal(revoked(), 0);
    assert.ok(host.live.size > 0);
  });

  test('P12 a revocation that had to wait does not end the connection that was made meanwhile', async () => {
    await connect(ana, 'plain');
    host.closed = true;
    await ana.say('disconnect my-plain');
    await until('a try', () => revoked() > 0);
    const waits = () => w.one("select run_at > now() as later from job where kind = 'revoke' and state = 'queued'");
    await until('it to wait', async () => (await waits())?.later);
    await ana.ask(await through(await prompt(ana, 'my-plain')), /is connected/);
    host.closed = false;
    await w.query("update job set run_at = now() where kind = 'revoke' and state = 'queued'");
    await ana.sees(/another connection here still acts by it/);
    await acts();
  });

  test('P12 of two sites that one grant is for, leaving one ends nothing at the other', async () => {
    const choose = async (p, site) => {
      const m = await ana.ask(await through(p), /Which wide site/);
      await ana.press(m, site);
      await ana.sees(/is connected/, {after: m.ts});
    };
    await choose(await prompt(ana, 'my-wide'), 'north');
    const offered = await ana.ask('connect my-wide', x => labels(x).includes('Add another account'));
    await ana.press(offered, 'Add another account');
    await choose(await ana.sees(x => x.is_bot && x.ts >= offered.ts && loginUrl(x)), 'south');
    const [{id}] = await w.query("select id from connection where default_name = 'my-wide' and resting_of is not null");
    await w.must('DELETE', `/workspaces/${ACME}/personal-connections/${id}`);
    await w.idle();
    assert.equal(revoked(), 0);
    await acts(ana, 'wide who');
  });

  test('P12 nor of a login whose site is to be chosen', async () => {
    await w.query("delete from connection where default_name = 'my-wide' and user_id <> ''");
    const m = await ana.ask(await through(await prompt(ana, 'my-wide')), /Which wide site/);
    await ana.press(m, 'north');
    await ana.sees(/is connected/, {after: m.ts});
    host.closed = true;
    await ana.say('disconnect my-wide');
    await until('a try', () => revoked() > 0);
    await until('it to wait', async () => (await w.one("select run_at > now() as later from job where kind = 'revoke' and state = 'queued'"))?.later);
    const p = await prompt(ana, 'my-wide');
    await w.query("update connection set vars = '{}' where default_name = 'my-wide'");
    const asked = await ana.ask(await through(p), /Which wide site/);
    host.closed = false;
    await w.query("update job set run_at = now() where kind = 'revoke' and state = 'queued'");
    await until('it to end', async () => await w.count('job', "kind = 'revoke' and state = 'queued'") === 0);
    await ana.press(asked, 'south');
    await ana.sees(/is connected/, {after: asked.ts});
    await acts(ana, 'wide who');
  });

  test('P7 the database is away when a further login comes: nobody can say who acts, and nothing is revoked', async () => {
    await connect(ana, 'plain');
    const p = await prompt(ana, 'my-plain');
    const going = host.hold('access_token');
    const browser = new Browser();
    await browser.get(loginUrl(p));
    const submitted = browser.submit();
    await going.came;
    await w.admin.query(`alter database ${w.database} with allow_connections false`);
    try {
      await w.admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [w.database]);
      going.release();
      await submitted;
      assert.ok(browser.page.status >= 500, browser.text);
      assert.equal(revoked(), 0);
    } finally {
      await w.admin.query(`alter database ${w.database} with allow_connections true`);
    }
    await until('the service to take events again', async () => (await w.signed('/slack/events', w.dm('help'))).status === 200);
    await acts();
  });

  test('P12 disconnect revokes where a renewal before it needs what the callback brought', async () => {
    Object.assign(host, {extra: {realmId: '77'}, life: 20});
    await connect(ana, 'realm');
    await ana.say('disconnect my-realm');
    await ana.sees(/realm has ended the login too/);
    assert.equal(host.of('refresh').at(-1).form.context, 'stores/77');
    assert.equal(revoked(), 1);
    assert.equal(host.live.size, 0);
  });

  test('P12 a process dies while it renews before a revocation: that the app takes the token no more is not "revoked"', async () => {
    Object.assign(host, {extra: {realmId: '77'}, life: 20});
    await connect(ana, 'realm');
    const going = host.hold('refresh');
    const asked = await ana.say('disconnect my-realm');
    await going.came;
    const sent = host.of('refresh').at(-1).form.refresh_token, tries = host.of('refresh').length;
    await w.kill();
    going.release(); // it rotates, and nobody hears of it
    await until('the token to be spent', () => host.live.size === 4 && host.live.delete(sent));
    await w.startReplica(0);
    await w.query("update job set lease_until = now() where kind = 'revoke' and state = 'running'");
    await until('the next try', () => host.of('refresh').length > tries);
    await w.idle();
    const said = (await ana.messages()).filter(m => m.is_bot && m.ts > asked.ts).map(words).join('\n');
    assert.match(said, /did not confirm that it ended the login/);
    assert.equal(host.live.size, 3, 'the grant lives there');
  });
});

describe('a team joins its organisation', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, host;

  before(async () => {
    host = await new Host().start();
    writeFileSync(join(dir, 'plain.json'), JSON.stringify(definition('plain')));
    w = await start({env: {WORKBOT_APPS_DIR: dir, WORKBOT_ALLOWED_WORKSPACES: '*'}, trusted: [host.name]});
    await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
  });
  after(async () => {
    await w?.stop();
    host?.stop();
    rmSync(dir, {recursive: true});
  });

  async function install(installer) {
    const b = new Browser();
    await b.get(`${w.url}/slack/install`);
    await b.submit({installer, decision: 'allow'});
    assert.equal(b.page.status, 200, b.text);
    await w.idle();
  }

  test('P12 of two connections of one account the one that is kept goes on to act', async () => {
    host.who = 'omar';
    const places = [[ORG, 'E0ACMEORG/U0OLGA001', 'T0ORGONE1', 'plain who'], [LABS, 'T0ORGLABS/U0OMAR001', 'T0ORGLABS', 'lab who']];
    for (const [, installer] of places) await install(installer);
    for (const [workspace, , team, command] of places) {
      await w.must('PUT', `/workspaces/${workspace}`, {installer_uses: 'personal'});
      await w.must('PUT', `/workspaces/${workspace}/connections/my-plain`, connection('plain', host));
      await w.putRecipe(workspace, recipe('plain', command));
      const omar = w.person('omar', team);
      const p = await omar.ask(command, m => m.is_bot && loginUrl(m));
      await omar.ask(await through(p), /is connected/);
      await w.idle();
    }
    await w.sandbox('POST', '/_grant', {workspace: 'T0ORGLABS', granted: true});
    await until('it to have moved', async () => await w.count('workspace', `workspace = '${LABS}'`) === 0);
    await w.idle();
    assert.equal(host.of('revoke').length, 0);
    await w.person('omar', 'T0ORGONE1').ask('plain who', /You are omar/);
    assert.equal(await w.count('audit', "action = 'connection.grant_kept'"), 1);
  });
});
