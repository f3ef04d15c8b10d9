// P4 with Entra: before the app is called, the browser's person and tenant must be those of whoever asked in Teams.
// No code is typed then.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, beforeEach, describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {ACME, Browser, TEAMS_ACME, TEAMS_ACME_TENANT, TEAMS_APP, TEAMS_GLOBEX_TENANT, TEAMS_PEOPLE, loginUrl, start, until, words} from '../lib/flow.mjs';

const at = (name, tenant = TEAMS_ACME_TENANT) => `${tenant}/${TEAMS_PEOPLE[name]}`;
const SLACK_ANA = 'T0ACME001/U0ANA0001';
const CONNECTION = `/workspaces/${TEAMS_ACME}/connections/acme-salesforce`;
const BACK = '/identity/teams/callback', SLACK_BACK = '/identity/slack/callback';
const AUTHORIZE = 'oauth2/v2.0/authorize', PROVIDER = '/services/oauth2/authorize';

async function world({env = {}, ...more} = {}) {
  const w = await start({teams: 'only', ...more, env: {WORKBOT_TEAMS_SIGN_IN: 'on', ...env}});
  await w.sandbox('PUT', '/_config', {teams: {app: {redirect_uris: [w.url + BACK]}}, slack: {app: {redirect_uris: [w.url + SLACK_BACK]}}});
  await w.must('PUT', CONNECTION, {assurance: 'sign_in'});
  return w;
}

/** Up to the chat's answer, which is not followed: its address. */
async function answerOf(browser, prompt, who, back = BACK) {
  await browser.get(loginUrl(prompt));
  await browser.submit({}, {stop: back});
  await browser.signIn(who, {stop: back});
  return browser.page.location;
}

/** Comes back with this address: true when that leads on to the provider, where it stops; else the last page stands. */
async function goesOn(browser, back) {
  await browser.get(back, PROVIDER);
  return !!browser.page.location?.includes(PROVIDER);
}

const connections = (w, name) => w.one('select state, account_name, assurance, tokens is not null as tokens from connection where user_id = $1', [TEAMS_PEOPLE[name]]);

describe('P4 sign in with Entra', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await world();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.teamsPerson(n));
    await ben.ask('help', /Salesforce/); // an admin whom a notice reaches
  });
  after(() => w?.stop());

  const codes = async () => (await w.tokenCalls('authorization_code')).length;
  const audits = action => w.query('select actor, subject, detail from audit where action = $1 order by id', [action]);
  const logIn = (prompt, who = at('ana'), browser = ana.browser) => browser.logIn(loginUrl(prompt), 'ana@acme.example', {teams: who});

  /** Ends what is open or connected of anybody. */
  beforeEach(async () => {
    await w.sandbox('DELETE', '/_faults');
    for (const {id} of await w.query("select id from connection where user_id <> ''")) await w.must('DELETE', `/workspaces/${TEAMS_ACME}/personal-connections/${id}?forget=true`);
    for (let n = await w.count('login', "state in ('open', 'code')"); n > 0; n--) await ana.ask('cancel', /Cancelled|nothing to cancel/);
    await w.idle();
    ana.browser = new Browser();
  });

  test('P4 the person who asked: straight on to the app, no code, and the command goes on by itself', async () => {
    const prompt = await ana.prompt();
    await ana.browser.get(loginUrl(prompt));
    assert.match(ana.browser.text, /You sign in to Teams, so we know that it is you/);
    assert.doesNotMatch(ana.browser.text, /six-digit/);
    await logIn(prompt);
    assert.equal(ana.browser.page.status, 200);
    assert.match(ana.browser.text, /Salesforce is connected.*ana@acme\.example/);
    assert.ok(!ana.browser.code, 'no code is asked for');
    await ana.sees(/Created Acme renewal/);
    await ana.sees(/Salesforce is connected as ana@acme\.example/);
    assert.deepEqual(await connections(w, 'ana'), {state: 'active', account_name: 'ana@acme.example', assurance: 'sign_in', tokens: true});
    await w.idle();
    assert.deepEqual((await w.records()).map(r => r.creator), ['ana@acme.example'], 'once, as her');
    const [line] = (await audits('connection.connected')).slice(-1);
    assert.deepEqual([line.actor, line.detail.assurance], [`user:${TEAMS_PEOPLE.ana}`, 'sign_in']);
    assert.equal(await w.count('login', `state = 'done' and user_id = '${TEAMS_PEOPLE.ana}'`), 1);
  });

  test("P4 the authorize request: the workspace's tenant, openid and profile, our state and nonce, and which account is asked", async () => {
    const prompt = await ana.prompt('connect salesforce');
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit({}, {stop: AUTHORIZE});
    const url = new URL(ana.browser.page.location), q = Object.fromEntries(url.searchParams);
    assert.equal(ana.browser.page.status, 303);
    assert.equal(url.href.split('?')[0], `${w.sandboxUrl}/teams/login/${TEAMS_ACME_TENANT}/${AUTHORIZE}`);
    assert.deepEqual([q.response_type, q.response_mode, q.scope, q.client_id, q.redirect_uri, q.prompt],
      ['code', 'query', 'openid profile', TEAMS_APP, w.url + BACK, 'select_account']);
    assert.match(q.nonce, /^[0-9a-f]{64}$/);
    assert.ok(q.state.length >= 64 && q.state !== q.nonce);
    const rows = await w.query('select state_hash, expires_at - now() as left from oauth_state where used_at is null and purpose = $1', ['identity']);
    assert.equal(rows.length, 1);
    assert.ok(rows[0].left.minutes >= 8 && rows[0].left.minutes < 10 && !rows[0].state_hash.includes(q.state.slice(-20)));
  });

  test('P4 a forwarded link: Ben completes it as himself; nothing is stored, Salesforce never called, Ana is told', async () => {
    const prompt = await ana.prompt();
    const before = await codes(), grants = (await w.grants()).length;
    await ben.browser.logIn(loginUrl(prompt), 'ben@acme.example', {teams: at('ben')});
    assert.equal(ben.browser.page.status, 403);
    assert.match(ben.browser.text, /This login belongs to Ana Alvarez \(Acme\)/);
    assert.match(ben.browser.text, /somebody else is signed in to Teams/);
    assert.equal(await codes(), before, 'the provider is not called');
    assert.equal((await w.grants()).length, grants);
    assert.equal(await connections(w, 'ana'), undefined);
    assert.equal(await connections(w, 'ben'), undefined);
    assert.doesNotMatch(words(await ana.sees(/Somebody else opened your login link/)), /Ben/, 'not who');
    const [line] = (await audits('login.other_person')).slice(-1);
    assert.deepEqual([line.actor, line.detail], ['system',
      {connection: 'acme-salesforce', user: TEAMS_PEOPLE.ana, signed_in_user: TEAMS_PEOPLE.ben, signed_in_team: TEAMS_ACME_TENANT}]);
    // Ana in Ben's browser: Entra asks which account is meant, though his session is there
    await ben.browser.logIn(loginUrl(prompt), 'ana@acme.example', {teams: at('ana')});
    assert.match(ben.browser.text, /Salesforce is connected/);
    await ana.sees(/Created Acme renewal/);
  });

  test("P4 a person of another tenant, by another tenant's page: Entra's answer proves nobody here", async () => {
    const prompt = await ana.prompt('connect salesforce');
    const before = await codes(), gina = new Browser();
    await gina.get(loginUrl(prompt));
    await gina.submit({}, {stop: AUTHORIZE});
    await gina.get(gina.page.location.replace(TEAMS_ACME_TENANT, TEAMS_GLOBEX_TENANT));
    await gina.signIn(at('gina', TEAMS_GLOBEX_TENANT));
    assert.equal(gina.page.status, 403);
    assert.match(gina.text, /Nothing was connected/);
    assert.equal(await codes(), before);
    assert.equal(await connections(w, 'ana'), undefined);
  });

  for (const [fault, detail] of [
    ['tid', {signed_in_user: TEAMS_PEOPLE.ana, signed_in_team: '07e40000-0000-4000-8000-000000000003'}],
    ['oid', {signed_in_user: '0bad0000-0000-4000-8000-00000000bad0', signed_in_team: TEAMS_ACME_TENANT}],
  ]) {
    test(`P4 a token of somebody else: ${fault}`, async () => {
      const prompt = await ana.prompt('connect salesforce');
      const before = await codes();
      await w.fault(`id_token_${fault}`, {peer: 'teams'});
      await logIn(prompt);
      assert.equal(ana.browser.page.status, 403);
      assert.match(ana.browser.text, /This login belongs to Ana/);
      assert.equal(await codes(), before);
      assert.equal(await connections(w, 'ana'), undefined);
      assert.deepEqual((await audits('login.other_person')).at(-1).detail, {connection: 'acme-salesforce', user: TEAMS_PEOPLE.ana, ...detail});
    });
  }

  test("P4 a guest signs in as this tenant's guest, not as whoever that is at home", async () => {
    const gus = w.teamsPerson('gus');
    await w.must('PUT', `/workspaces/${TEAMS_ACME}`, {guests: 'allow'});
    try {
      const prompt = await gus.prompt('connect salesforce');
      await gus.browser.get(loginUrl(prompt));
      await gus.browser.submit({}, {stop: AUTHORIZE});
      await gus.browser.get(gus.browser.page.location.replace(TEAMS_ACME_TENANT, TEAMS_GLOBEX_TENANT));
      await gus.browser.signIn(`${TEAMS_GLOBEX_TENANT}/99990000-0000-4000-8000-000000000010`);
      assert.equal(gus.browser.page.status, 403, 'the account at home');
      await gus.browser.logIn(loginUrl(prompt), 'cleo@acme.example', {teams: at('gus')});
      assert.match(gus.browser.text, /Salesforce is connected/);
      assert.equal((await connections(w, 'gus')).state, 'active');
    } finally {
      await w.must('PUT', `/workspaces/${TEAMS_ACME}`, {guests: 'refuse'});
    }
  });

  test('P4 another browser of the same person passes', async () => {
    const prompt = await ana.prompt('connect salesforce');
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit({}, {stop: AUTHORIZE});
    const telephone = new Browser();
    await logIn(prompt, at('ana'), telephone);
    assert.match(telephone.text, /Salesforce is connected/);
    assert.equal((await connections(w, 'ana')).state, 'active');
  });

  test("P4 Entra's answer in another browser, or a second time, does nothing", async () => {
    const prompt = await ana.prompt('connect salesforce');
    const back = await answerOf(ana.browser, prompt, at('ana'));
    const proven = () => w.count('oauth_state', "purpose = 'app' and used_at is null and proven");
    const thief = new Browser(), before = await codes(), earlier = await proven();
    assert.equal(await goesOn(thief, back), false);
    assert.equal(thief.page.status, 410);
    assert.equal(await proven(), earlier);
    assert.ok(await goesOn(ana.browser, back), 'the right browser was not hindered');
    const on = new URL(ana.browser.page.location);
    assert.equal(await goesOn(ana.browser, back), false, 'a state is good once');
    assert.equal(ana.browser.page.status, 410);
    // a new state does not bring the code back to life
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit({}, {stop: AUTHORIZE});
    const fresh = new URL(ana.browser.page.location).searchParams.get('state');
    const code = new URL(back).searchParams.get('code');
    assert.equal(await goesOn(ana.browser, `${w.url}${BACK}?state=${fresh}&code=${encodeURIComponent(code)}`), false, 'a code is good once');
    assert.equal(ana.browser.page.status, 403);
    // the app's state of this browser is of no use in another one
    const other = new Browser();
    await other.request('GET', `${on.searchParams.get('redirect_uri')}?state=${on.searchParams.get('state')}&code=x`);
    assert.equal(other.page.status, 410);
    assert.equal(await codes(), before);
  });

  test('P4 a state of one purpose is refused on the path of the other', async () => {
    const unspent = () => w.count('oauth_state', "purpose = 'app' and used_at is null and proven");
    const prompt = await ana.prompt('connect salesforce');
    const back = new URL(await answerOf(ana.browser, prompt, at('ana'))), earlier = await unspent();
    const {redirect_uri} = await w.must('GET', CONNECTION);
    assert.equal(await goesOn(ana.browser, `${redirect_uri}${back.search}`), false);
    assert.equal(ana.browser.page.status, 410);
    assert.ok(await goesOn(ana.browser, back.href));
    const app = new URL(ana.browser.page.location);
    assert.equal(await goesOn(ana.browser, `${w.url}${BACK}?state=${app.searchParams.get('state')}&code=x`), false);
    assert.equal(ana.browser.page.status, 410);
    assert.equal(await unspent(), earlier + 1, 'nothing is spent on the wrong path');
  });

  for (const fault of ['nonce', 'no_nonce', 'aud', 'iss', 'expired', 'alg_none', 'kid', 'key', 'signature', 'no_oid']) {
    test(`P4 an id token that proves nobody: ${fault}`, async () => {
      const prompt = await ana.prompt('connect salesforce');
      const before = await codes();
      await w.fault(`id_token_${fault}`, {peer: 'teams'});
      await logIn(prompt);
      assert.equal(ana.browser.page.status, fault === 'kid' ? 503 : 403, ana.browser.text);
      assert.match(ana.browser.text, /Nothing was connected/);
      assert.equal(await codes(), before);
      assert.equal(await connections(w, 'ana'), undefined);
      // the link is as good as before
      await logIn(prompt);
      assert.match(ana.browser.text, /Salesforce is connected/);
    });
  }

  test('P4 a new key of Entra is learnt, and one that went is forgotten', async () => {
    await w.sandbox('POST', '/_keys', {chat: 'teams', drop_old: true});
    const prompt = await ana.prompt('connect salesforce');
    await until('the new key to be known', async () => {
      await pause(700); // one link is followed only so often, and the set is asked for only so often
      await logIn(prompt);
      return /Salesforce is connected/.test(ana.browser.text);
    });
  });

  /** As somebody who has consented to nothing before. */
  async function atConsent(prompt, decision) {
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit();
    await ana.browser.signIn(at('cleo'), {decision});
  }

  test('P4 declined at Entra: said so, and the link stays good', async () => {
    const prompt = await ana.prompt('connect salesforce');
    await atConsent(prompt, 'deny');
    assert.equal(ana.browser.page.status, 200);
    assert.match(ana.browser.text, /Not connected.*You did not sign in to your chat/);
    await ana.sees(/signing in to this chat was declined/);
    await logIn(prompt);
    assert.match(ana.browser.text, /Salesforce is connected/);
  });

  test('P4 an administrator must consent first: the person reads that, the admins are told how, and the link stays good', async () => {
    const prompt = await ana.prompt('connect salesforce'), before = await codes();
    await w.fault('admin_consent', {peer: 'teams'});
    await atConsent(prompt, 'barred');
    assert.equal(ana.browser.page.status, 403);
    assert.match(ana.browser.text, /Your company must allow this first/);
    await ana.sees(/an administrator of your company must allow people to sign in first/);
    await ben.sees(/an administrator of the directory must allow that once.*Grant admin consent/s);
    assert.equal(await codes(), before);
    assert.equal(await connections(w, 'ana'), undefined);
    await logIn(prompt);
    assert.match(ana.browser.text, /Salesforce is connected/);
  });

  test("P4 Entra does not accept our secret: nobody is connected, an admin hears of it, the link stays good", async () => {
    const prompt = await ana.prompt('connect salesforce');
    await w.fault('client_secret_refused', {peer: 'teams'});
    await logIn(prompt);
    assert.equal(ana.browser.page.status, 502);
    assert.match(ana.browser.text, /An admin must look at this/);
    await ben.sees(/signing in to this chat does not work/);
    assert.match(w.log(), /"reason":"chat_client","why":"[^"]*AADSTS7000215"/, "Entra's own number is what an operator looks up");
    await logIn(prompt);
    assert.match(ana.browser.text, /Salesforce is connected/);
  });

  test('P3 a preview or a mail scanner that follows everything spends nothing', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const before = await w.rows('login', 'oauth_state', 'connection', 'audit');
    for (let i = 0; i < 3; i++) await new Browser().get(loginUrl(prompt));
    await new Browser().get(`${w.url}${BACK}?code=x&state=${'0'.repeat(80)}`);
    await new Browser().get(`${w.url}${BACK}`);
    assert.deepEqual(await w.rows('login', 'oauth_state', 'connection', 'audit'), before);
  });

  test("P4 the default connection is an admin's: its login shows a code as before", async () => {
    const {login_url} = await w.must('POST', `${CONNECTION}/login`, {});
    const code = await new Browser().codeOf(login_url, 'ben@acme.example');
    await w.must('POST', `${CONNECTION}/login/confirm`, {code});
    assert.equal((await audits('connection.connected')).at(-1).detail.assurance, 'code');
  });

  test('P4 a new connection that says nothing demands the sign-in', async () => {
    const made = await w.must('PUT', `/workspaces/${TEAMS_ACME}/connections/second`, {app: 'salesforce', host: w.salesforceHost});
    assert.equal(made.assurance, 'sign_in');
    await w.must('DELETE', `/workspaces/${TEAMS_ACME}/connections/second`);
  });

  test("P5 nothing of Entra's sign-in is kept or logged", async () => {
    const prompt = await ana.prompt('connect salesforce');
    const back = new URL(await answerOf(ana.browser, prompt, at('ana')));
    await ana.browser.get(back.href);
    assert.ok((await w.calls({peer: 'teams'})).some(e => /oauth2\/v2\.0\/token/.test(e.path) && e.args?.grant_type === 'authorization_code'));
    const log = w.log();
    for (const secret of [back.searchParams.get('code'), back.searchParams.get('state'), 'eyJ', 'sample-teams-app-secret']) assert.ok(!log.includes(secret), secret.slice(0, 4));
  });
});

describe('P4 sign in with Entra, otherwise set up', () => {
  test('a state of one chat is refused on the path of the other, and nothing is spent there', async () => {
    const w = await world({teams: true, env: {WORKBOT_SLACK_SIGN_IN: 'on'}});
    try {
      await w.must('PUT', `/workspaces/${ACME}/connections/acme-salesforce`, {assurance: 'sign_in'});
      const cases = [[w.teamsPerson('ana'), at('ana'), BACK, SLACK_BACK], [w.person('ana'), SLACK_ANA, SLACK_BACK, BACK]];
      for (const [ana, who, path, other] of cases) {
        const back = new URL(await answerOf(ana.browser, await ana.prompt('connect salesforce'), who, path));
        const before = await w.rows('oauth_state', 'login');
        assert.equal(await goesOn(ana.browser, w.url + other + back.search), false, other);
        assert.equal(ana.browser.page.status, 410, other);
        assert.deepEqual(await w.rows('oauth_state', 'login'), before);
        assert.ok(await goesOn(ana.browser, back.href), path);
      }
    } finally {
      await w.stop();
    }
  });

  test('P4 a code that was shown before the sign-in was demanded proves too little by then: in both chats, typed or handed over', async () => {
    const w = await world({teams: true, env: {WORKBOT_SLACK_SIGN_IN: 'on'}});
    const alive = async () => (await w.grants()).filter(g => g.alive).length;
    try {
      const grants = await alive();
      for (const [who, user, at, slack] of [[w.teamsPerson('ana'), TEAMS_PEOPLE.ana, CONNECTION], [w.person('ana'), 'U0ANA0001', `/workspaces/${ACME}/connections/acme-salesforce`, SLACK_ANA]]) {
        const {assurance} = await w.must('GET', at);
        for (const typed of slack ? [true] : [true, false]) {
          await w.must('PUT', at, {assurance: 'code'});
          const others = new Browser(), code = await others.codeOf(loginUrl(await who.prompt('connect salesforce')), 'ben@acme.example');
          await w.must('PUT', at, {assurance: 'sign_in'});
          if (typed) await who.say(code);
          else assert.equal((await who.window(code)).status, 412);
          await who.sees(/This login has ended.*asks by now that you sign in to this chat first.*Salesforce was not connected/s);
          await w.idle();
          assert.deepEqual(await w.query('select 1 from connection where user_id = $1', [user]), []);
          assert.deepEqual(await w.one('select state, reason, provisional is null as wiped from login where user_id = $1 order by created_at desc limit 1', [user]), {state: 'refused', reason: 'sign_in_required', wiped: true});
          assert.equal(await alive(), grants, 'the grant is given back');
        }
        await who.browser.logIn(loginUrl(await who.prompt('connect salesforce')), 'ana@acme.example', slack ? {slack} : {teams: `${TEAMS_ACME_TENANT}/${user}`});
        assert.match(who.browser.text, /Salesforce is connected/);
        await w.must('PUT', at, {assurance});
        for (const {id} of await w.query('select id from connection where user_id = $1', [user])) await w.must('DELETE', `${at.split('/connections/')[0]}/personal-connections/${id}?forget=true`);
        await w.idle();
      }
    } finally {
      await w.stop();
    }
  });

  test('demanded while it is off: a fault of the PUT and of `workbot check`; switched off later, no login is proven more weakly', async () => {
    const w = await world();
    const check = () => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: w.env});
    try {
      const ana = w.teamsPerson('ana');
      await w.teamsPerson('ben').ask('help', /Salesforce/);
      const prompt = await ana.prompt('connect salesforce');
      assert.equal(check().status, 0, check().stderr);
      await w.restart({WORKBOT_TEAMS_SIGN_IN: 'off'});
      const refused = await w.api('PUT', CONNECTION, {assurance: 'sign_in'});
      assert.equal(refused.status, 422);
      assert.match(refused.text, /switched off here/);
      const checked = check();
      assert.deepEqual([checked.status, checked.stderr.includes(`${TEAMS_ACME} has a connection with assurance sign_in`)], [1, true], checked.stderr);
      await ana.browser.get(loginUrl(prompt));
      await ana.browser.submit();
      assert.equal(ana.browser.page.status, 502);
      assert.match(ana.browser.text, /An admin must look at this/);
      await w.teamsPerson('ben').sees(/asks people to sign in to this chat first, and that is switched off/);
      assert.equal(await w.count('oauth_state', "purpose = 'app' and used_at is null"), 0);
      await w.must('PUT', CONNECTION, {assurance: 'code'});
      assert.ok(await ana.browse(prompt));
    } finally {
      await w.stop();
    }
  });

  test('the keys cannot be had: try again, and the link is unspent', async () => {
    const w = await world();
    try {
      const ana = w.teamsPerson('ana');
      const prompt = await ana.prompt('connect salesforce');
      await w.fault('5xx', {peer: 'teams', path: 'discovery/v2.0/keys', times: 1});
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {teams: at('ana')});
      assert.equal(ana.browser.page.status, 503);
      assert.match(ana.browser.text, /Your chat did not answer.*Try again/);
      assert.equal((await w.tokenCalls('authorization_code')).length, 1, "the default connection's own alone");
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {teams: at('ana')});
      assert.match(ana.browser.text, /Salesforce is connected/);
      // whoever signs in after that needs no fetch
      const fetched = async () => (await w.calls({peer: 'teams'})).filter(e => /discovery\/v2\.0\/keys/.test(e.path)).length;
      const before = await fetched(), cleo = w.teamsPerson('cleo');
      await cleo.browser.logIn(loginUrl(await cleo.prompt('connect salesforce')), 'cleo@acme.example', {teams: at('cleo')});
      assert.match(cleo.browser.text, /Salesforce is connected/);
      assert.equal(await fetched(), before);
    } finally {
      await w.stop();
    }
  });

  test('P4 two replicas: one begins, the other goes on, and a state is good once over both', async () => {
    const w = await world({replicas: 2});
    try {
      const ana = w.teamsPerson('ana');
      const prompt = await ana.prompt();
      const back = new URL(await answerOf(ana.browser, prompt, at('ana')));
      // the same answer to both at once: one goes on
      const tabs = w.replicas.map(r => [ana.browser.tab(), r.url]);
      const went = await Promise.all(tabs.map(([tab, url]) => goesOn(tab, url + back.pathname + back.search)));
      assert.deepEqual([...went].sort(), [false, true], 'one of two');
      const on = tabs[went.indexOf(true)][0];
      assert.equal(await w.count('oauth_state', "purpose = 'app' and used_at is null and proven"), 1);
      // a replica that dies takes nothing with it
      await w.kill(0);
      await w.startReplica(0);
      await on.get(on.page.location);
      for (let i = 0; i < 3 && /name="request"/.test(on.page.html); i++) await on.submit(/name="decision"/.test(on.page.html) ? {decision: 'allow'} : {username: 'ana@acme.example'});
      assert.match(on.text, /Salesforce is connected/);
      await ana.createdOnce('Acme renewal');
    } finally {
      await w.stop();
    }
  });
});
