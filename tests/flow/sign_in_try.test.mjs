// The chat's sign-in is tried before logins depend on it: in the set-up, by an operator, whether it is switched on or
// not. It proves a client and an address; it signs nobody in, connects nothing, and is no login.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, TEAMS_ACME, TEAMS_ACME_TENANT, TEAMS_APP, TEAMS_PEOPLE, loginUrl, start} from '../lib/flow.mjs';

const BEN = 'T0ACME001/U0BEN0001', ANA = 'T0ACME001/U0ANA0001', CLEO = 'T0ACME001/U0CLEO001';
const T_BEN = `${TEAMS_ACME_TENANT}/${TEAMS_PEOPLE.ben}`;
const BACK = {slack: '/identity/slack/callback', teams: '/identity/teams/callback'};
const CLIENT = '1000000001.2000000002';
const SETUP = '/console/setup', TRY = '/console/setup/sign-in';
const CONNECTION = `/workspaces/${ACME}/connections/acme-salesforce`;

let w;
const proof = platform => w.one('select client_id, redirect_uri, place, actor from sign_in_proof where platform = $1', [platform]);
const tries = () => w.count('sign_in_try');
const audits = () => w.query("select workspace, actor, subject, detail from audit where action = 'sign_in.proven' order by id");
const page = (b, path) => b.get(w.url + path);

async function operator() {
  const b = new Browser();
  await page(b, '/console');
  await b.submit({token: ADMIN_TOKEN});
  assert.equal(b.page.status, 200, b.text);
  return b;
}

/** The block of one platform on the set-up page. */
async function block(b, platform) {
  await page(b, SETUP);
  const [html] = new RegExp(`<section id="sign_in_${platform}">[\\s\\S]*?</section>`).exec(b.page.html) ?? assert.fail(b.text);
  return html.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

/** Presses "Try it", and goes as far as the platform's page. */
async function press(b, platform) {
  await page(b, SETUP);
  const form_key = /name="form_key" value="([^"]+)"/.exec(b.page.html)[1];
  await b.request('POST', w.url + TRY, {form_key, platform});
  assert.equal(b.page.status, 303, b.text);
  return new URL(b.page.location);
}

/** The address with which the platform sends the browser back, which is not followed. */
async function answer(b, platform, who, more) {
  await press(b, platform);
  await b.follow(BACK[platform]);
  await b.signIn(who, {...more, stop: BACK[platform]});
  assert.ok(b.page.location?.includes(BACK[platform]), `${b.page.status} ${b.text}`);
  return b.page.location;
}

async function tried(b, platform, who, more) {
  await b.get(await answer(b, platform, who, more));
  return b.page.status;
}

const forget = () => w.query('delete from sign_in_proof');

before(async () => {
  w = await start({teams: true});
  await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [w.url + BACK.slack]}}, teams: {app: {redirect_uris: [w.url + BACK.teams]}}});
});
after(() => w?.stop());
beforeEach(async () => {
  await w.sandbox('DELETE', '/_faults');
  await forget();
});

describe('Sign in with Slack, switched off', () => {
  test('it works: the page says who that was and what is next; it is recorded, and nobody is signed in or connected', async () => {
    const b = await operator();
    assert.match(await block(b, 'slack'), /Not tried.*It is off/);
    const rows = await w.rows('connection', 'login', 'oauth_state', 'console_session', 'chat_user', 'job', 'message');
    const earlier = (await audits()).length;
    const at = await press(b, 'slack');
    const q = Object.fromEntries(at.searchParams);
    assert.deepEqual([q.response_type, q.scope, q.client_id, q.redirect_uri, q.team], ['code', 'openid', CLIENT, w.url + BACK.slack, undefined]);
    assert.match(q.nonce, /^[0-9a-f]{64}$/);
    const policy = (await page(b, SETUP)).headers.get('content-security-policy');
    assert.ok(policy.includes(`form-action 'self' ${new URL(w.sandboxUrl).origin}`), policy);
    assert.equal(await tried(b, 'slack', BEN), 200, b.text);
    assert.match(b.text, /It works: Slack has said who sits in this browser/);
    assert.match(b.page.html, /id="tried_user">U0BEN0001</);
    assert.match(b.page.html, /id="tried_team">T0ACME001</);
    assert.match(b.text, /Set WORKBOT_SLACK_SIGN_IN=on and start Workbot again/);
    assert.match(b.text, /connections of slack:T0ACME001.*acme-salesforce A code, typed in the chat/);
    const token = (await w.query('select actor from operator_session limit 1'))[0].actor;
    assert.deepEqual(await proof('slack'), {client_id: CLIENT, redirect_uri: w.url + BACK.slack, place: 'T0ACME001', actor: token});
    const [line, ...more] = (await audits()).slice(earlier);
    assert.deepEqual([line, more], [{workspace: ACME, actor: token, subject: 'slack', detail: {client_id: CLIENT, signed_in_user: 'U0BEN0001', signed_in_team: 'T0ACME001'}}, []]);
    assert.deepEqual(await w.rows('connection', 'login', 'oauth_state', 'console_session', 'chat_user', 'job', 'message'), rows);
    assert.match(await block(b, 'slack'), /Works, is off.*Tried \d+ \w+ \d+, \d\d:\d\d by token:[0-9a-f]{8}, signed in to T0ACME001/);
    await page(b, `/console/workspaces/${ACME}/admins`);
    assert.match(b.text, /Sign in with Slack: Works, is off/);
    const stored = JSON.stringify([await w.query('select * from sign_in_proof'), await w.query('select * from sign_in_try')]);
    assert.ok(!stored.includes('U0BEN0001'), 'who signed in stands in the audit alone');
  });

  test('P4 a second time, in another browser, in another session: nothing is proven, and the right one is not hindered', async () => {
    const b = await operator(), other = await operator(), back = await answer(b, 'slack', BEN);
    await other.request('GET', back);
    assert.equal(other.page.status, 410);
    assert.match(other.text, /begun in another browser/);
    await new Browser().request('GET', back); // whom nobody knows
    // the state's cookie alone, without the session that began it
    const cookies = [...b.cookies('127.0.0.1')], stolen = await operator();
    for (const [name, value] of cookies) if (/wb_try_/.test(name)) stolen.cookies('127.0.0.1').set(name, value);
    await stolen.request('GET', back);
    assert.equal(stolen.page.status, 410);
    // and the session without the cookie
    const tab = b.tab();
    for (const [name] of cookies) if (/wb_try_/.test(name)) tab.cookies('127.0.0.1').delete(name);
    await tab.request('GET', back);
    assert.equal(tab.page.status, 410);
    assert.equal(await proof('slack'), undefined);
    await b.request('GET', back);
    assert.equal(b.page.status, 200, b.text);
    await forget();
    for (const [name, value] of cookies) b.cookies('127.0.0.1').set(name, value);
    await b.request('GET', back);
    assert.equal(b.page.status, 410, 'a try is good once');
    assert.equal(await proof('slack'), undefined);
  });

  test('P4 ten minutes, the session that began it, and twenty at a time', async () => {
    const b = await operator(), back = await answer(b, 'slack', BEN);
    const [{left}] = await w.query('select max(extract(epoch from expires_at - now()))::int as left from sign_in_try');
    assert.ok(left > 500 && left <= 600, String(left));
    await w.query("update sign_in_try set expires_at = now() - interval '1 second'");
    await b.request('GET', back);
    assert.equal(b.page.status, 410);
    const second = await answer(b, 'slack', BEN);
    await b.request('POST', `${w.url}/console/sign-out`, {});
    await b.request('GET', second);
    assert.equal(b.page.status, 303);
    assert.match(b.page.location, /\/console\?next=setup$/);
    assert.equal(await proof('slack'), undefined);
    const c = await operator();
    await w.query('delete from sign_in_try');
    await page(c, SETUP);
    const form_key = /name="form_key" value="([^"]+)"/.exec(c.page.html)[1];
    const statuses = [];
    for (let i = 0; i < 21; i++) statuses.push((await c.request('POST', w.url + TRY, {form_key, platform: 'slack'})).status);
    assert.deepEqual([statuses.filter(s => s === 303).length, statuses.at(-1)], [20, 429]);
    assert.equal(await tries(), 20);
    await c.request('POST', `${w.url}/console/sign-out`, {});
    assert.equal(await tries(), 0, 'they go with the session');
  });

  for (const [fault, says] of [['nonce', /belongs to another try/], ['no_nonce', /What came back/], ['aud', /for another client/], ['expired', /clock of this machine/], ['alg_none', /proves nobody/], ['signature', /proves nobody/]]) {
    test(`P4 an id token that proves nobody: ${fault}`, async () => {
      const b = await operator();
      await w.fault(`id_token_${fault}`, {peer: 'slack'});
      assert.equal(await tried(b, 'slack', BEN), 409, b.text);
      assert.match(b.text, /It was not proven/);
      assert.match(b.text, says);
      assert.match(b.text, /What came back: jwt_/);
      assert.equal(await proof('slack'), undefined);
    });
  }

  test('declined at Slack, and an error of its own', async () => {
    const b = await operator();
    assert.equal(await tried(b, 'slack', CLEO, {decision: 'deny'}), 409);
    assert.match(b.text, /cancelled at Slack.*What came back: denied access_denied/);
    const state = (await press(b, 'slack')).searchParams.get('state');
    await b.request('GET', `${w.url}${BACK.slack}?state=${state}&error=invalid_scope&error_description=%3Cb%3Ecall+0800%3C/b%3E`);
    assert.equal(b.page.status, 409);
    assert.match(b.text, /User Token Scopes.*What came back: provider_error invalid_scope/);
    assert.doesNotMatch(b.page.html, /0800/);
    const second = (await press(b, 'slack')).searchParams.get('state');
    await b.request('GET', `${w.url}${BACK.slack}?state=${second}&error=%3Cb%3Ecall+0800%3C/b%3E`);
    assert.equal(b.page.status, 409);
    assert.doesNotMatch(b.page.html, /0800/);
    assert.equal(await proof('slack'), undefined);
  });

  test('a wrong secret and a wrong client: what to change, and where', async () => {
    const b = await operator();
    await w.restart({WORKBOT_SLACK_CLIENT_SECRET: 'cut'});
    assert.equal(await tried(b, 'slack', BEN), 409);
    assert.match(b.text, /Slack does not take the client.*Basic Information > App Credentials/);
    assert.match(b.text, /What came back: chat_client .*bad_client_secret/);
    assert.ok(b.text.includes(`${w.url}${BACK.slack}`), 'which redirect URL must stand there');
    assert.equal(await proof('slack'), undefined);
    assert.ok(!b.page.html.includes('>cut<') && !w.log().includes('"cut"'));
    await w.restart({WORKBOT_SLACK_CLIENT_SECRET: 'sample-slack-client-secret'});
    assert.equal(await tried(b, 'slack', BEN), 200, b.text);
  });

  test('another client id, or another public address, is not proven; nor is a try that began before', async () => {
    const b = await operator(), second = '1000000001.7000000007';
    assert.equal(await tried(b, 'slack', BEN), 200);
    const back = await answer(b, 'slack', BEN);
    await w.sandbox('PUT', '/_config', {slack: {openid: {clients: {[second]: {secret: 'sample-second-secret', redirect_uris: [w.url + BACK.slack]}}}}});
    await w.restart({WORKBOT_SLACK_SIGN_IN_CLIENT_ID: second, WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: 'sample-second-secret'});
    assert.match(await block(b, 'slack'), /Not tried/);
    await b.get(back);
    assert.equal(b.page.status, 409);
    assert.match(b.text, /settings were changed meanwhile/);
    assert.equal((await proof('slack')).client_id, CLIENT, 'the other client is as proven as it was');
    assert.equal(await tried(b, 'slack', BEN), 200);
    assert.equal((await proof('slack')).client_id, second);
    await w.restart({WORKBOT_SLACK_SIGN_IN_CLIENT_ID: '', WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: ''});
    assert.match(await block(b, 'slack'), /Not tried/);
    assert.equal(await tried(b, 'slack', BEN), 200);
    await w.query("update sign_in_proof set redirect_uri = 'https://before.example/identity/slack/callback'");
    assert.match(await block(b, 'slack'), /Not tried/);
  });

  test('operators alone, by a form of their own page', async () => {
    const b = await operator(), stranger = new Browser();
    for (const form of [{platform: 'slack'}, {platform: 'slack', form_key: 'x'}]) {
      await b.request('POST', w.url + TRY, form);
      assert.equal(b.page.status, 403);
    }
    await stranger.request('POST', w.url + TRY, {platform: 'slack'});
    assert.deepEqual([stranger.page.status, new URL(stranger.page.location).pathname], [303, '/console']);
    await page(b, SETUP);
    const form_key = /name="form_key" value="([^"]+)"/.exec(b.page.html)[1];
    await b.request('POST', w.url + TRY, {platform: 'nobody', form_key});
    assert.equal(b.page.status, 400);
    assert.equal((await b.request('GET', w.url + TRY)).status, 405);
  });

  test("P5 nothing of what came back is kept or logged", async () => {
    const b = await operator(), back = new URL(await answer(b, 'slack', BEN));
    const cookie = [...b.cookies('127.0.0.1')].find(([name]) => /wb_try_/.test(name))[1];
    await b.get(back.href);
    const log = w.log(), rows = JSON.stringify([await w.query('select * from sign_in_try'), await w.query('select * from sign_in_proof'), await audits()]);
    for (const secret of [back.searchParams.get('code'), back.searchParams.get('state'), cookie, 'eyJ', 'xoxp-']) {
      assert.ok(!log.includes(secret) && !rows.includes(secret), secret.slice(0, 4));
    }
  });
});

describe('Sign in with Slack, switched on', () => {
  before(async () => {
    await w.restart({WORKBOT_SLACK_SIGN_IN: 'on'});
    await w.must('PUT', CONNECTION, {assurance: 'sign_in'});
  });
  after(async () => {
    await w.must('PUT', CONNECTION, {assurance: 'code'});
    await w.restart({WORKBOT_SLACK_SIGN_IN: 'off'});
  });

  test('never tried: the set-up, Admins and groups and Health say so, and logins work as before; then no more', async () => {
    const b = await operator(), health = `/console/workspaces/${ACME}/health`;
    assert.match(await block(b, 'slack'), /Never tried.*nobody has tried it with this client/);
    await page(b, `/console/workspaces/${ACME}/admins`);
    assert.match(b.text, /Sign in with Slack: Never tried/);
    await page(b, health);
    assert.match(b.text, /Sign in with Slack It is on, and nobody has tried it.*Never tried/);
    const ana = w.person('ana'), prompt = await ana.prompt('connect salesforce');
    await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
    assert.match(ana.browser.text, /Salesforce is connected/);
    assert.equal(await proof('slack'), undefined, 'a login is no try');
    assert.equal(await tried(b, 'slack', BEN), 200, b.text);
    assert.match(b.text, /It is switched on/);
    assert.match(b.text, /acme-salesforce Sign in with Slack/);
    assert.match(await block(b, 'slack'), /Works, is on/);
    await page(b, health);
    assert.doesNotMatch(b.text, /Never tried/);
  });

  test("P4 a try's state ends no login, and a login's proves no try", async () => {
    const b = await operator(), cleo = w.person('cleo'), prompt = await cleo.prompt('connect salesforce');
    const unspent = () => w.count('oauth_state', 'used_at is null');
    // one browser has both: what it brings back says which it is
    await b.get(loginUrl(prompt));
    await b.submit({}, {stop: BACK.slack});
    await b.signIn(CLEO, {stop: BACK.slack});
    const login = new URL(b.page.location), back = new URL(await answer(b, 'slack', CLEO)), open = await unspent();
    const [state, code] = [login, back].map(u => u.searchParams.get('state')), stateTry = back.searchParams.get('state');
    assert.match(stateTry, /^try[0-9a-f]{64}$/);
    assert.doesNotMatch(state, /^try/);
    // each state under the other's cookie
    const jar = b.cookies('127.0.0.1'), cookieOf = prefix => [...jar].find(([name]) => name.startsWith(prefix));
    const mixed = b.tab().cookies('127.0.0.1');
    assert.ok(cookieOf('wb_try_') && cookieOf('wb_state_'), [...jar.keys()].join());
    const {redirect_uri} = await w.must('GET', CONNECTION);
    const crossed = b.tab();
    for (const [name, value] of mixed) if (/^wb_(try|state)_/.test(name)) crossed.cookies('127.0.0.1').set(name.replace(/^wb_(try|state)_/, m => m === 'wb_try_' ? 'wb_state_' : 'wb_try_'), value);
    for (const url of [`${redirect_uri}${back.search}`, `${w.url}${BACK.slack}?state=try${state}&code=${code}`, `${w.url}${BACK.slack}?state=${stateTry.slice(3)}&code=${code}`,
      `${w.url}${BACK.slack}?state=try${state.slice(16)}&code=${code}`, `${w.url}${BACK.teams}${back.search}`, `${w.url}${BACK.teams}${login.search}`]) {
      await crossed.request('GET', url);
      assert.equal(crossed.page.status, 410, url);
    }
    assert.equal(await proof('slack'), undefined);
    assert.equal(await unspent(), open, 'nothing is spent');
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
    // the login's own way: it goes on, and proves nothing of the kind
    await b.request('GET', login.href);
    assert.equal(b.page.status, 303);
    assert.equal(await proof('slack'), undefined);
    await b.request('GET', back.href);
    assert.equal(b.page.status, 200, b.text);
    assert.equal((await proof('slack')).place, 'T0ACME001');
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
  });
});

describe('Sign in with Entra', () => {
  test('it works, with PKCE, at the tenant that is served', async () => {
    const b = await operator(), at = await press(b, 'teams'), q = Object.fromEntries(at.searchParams);
    assert.ok(at.pathname.includes(TEAMS_ACME_TENANT), at.pathname);
    assert.deepEqual([q.client_id, q.redirect_uri, q.scope, q.code_challenge_method], [TEAMS_APP, w.url + BACK.teams, 'openid profile', 'S256']);
    assert.match(q.code_challenge, /^[\w-]{43}$/);
    assert.equal(await tried(b, 'teams', T_BEN), 200, b.text);
    assert.match(b.page.html, new RegExp(`id="tried_user">${TEAMS_PEOPLE.ben}<`));
    assert.match(b.text, /Set WORKBOT_TEAMS_SIGN_IN=on/);
    assert.equal((await proof('teams')).place, TEAMS_ACME_TENANT);
    assert.equal((await audits()).at(-1).workspace, TEAMS_ACME);
    assert.match(await block(b, 'teams'), /Works, is off/);
    assert.match(await block(b, 'slack'), /Not tried/);
  });

  test("P4 a code of another try is worth nothing: PKCE and nonce are this browser's", async () => {
    const b = await operator(), other = await operator();
    const first = new URL(await answer(b, 'teams', T_BEN)), second = new URL(await answer(other, 'teams', T_BEN));
    first.searchParams.set('code', second.searchParams.get('code'));
    await b.request('GET', first.href);
    assert.equal(b.page.status, 409, b.text);
    assert.equal(await proof('teams'), undefined);
  });

  test("barred by the directory, a wrong secret, another tenant's token, a state on Slack's path", async () => {
    const b = await operator();
    const state = (await press(b, 'teams')).searchParams.get('state');
    await b.request('GET', `${w.url}${BACK.teams}?state=${state}&error=consent_required&error_description=AADSTS90094%3A+an+administrator+must+consent`);
    assert.equal(b.page.status, 409);
    assert.match(b.text, /Grant admin consent/);
    const wrong = (await press(b, 'teams')).searchParams.get('state');
    await b.request('GET', `${w.url}${BACK.slack}?state=${wrong}&code=x`);
    assert.equal(b.page.status, 410);
    await w.fault('id_token_tid', {peer: 'teams'});
    assert.equal(await tried(b, 'teams', T_BEN), 409);
    assert.match(b.text, /Somebody of another tenant came back/);
    await w.sandbox('DELETE', '/_faults');
    await w.restart({WORKBOT_TEAMS_APP_SECRET: 'the-secret-id-instead'});
    assert.equal(await tried(b, 'teams', T_BEN), 409);
    assert.match(b.text, /Entra does not take the client.*not the Secret ID.*What came back: chat_client/);
    assert.equal(await proof('teams'), undefined);
  });
});
