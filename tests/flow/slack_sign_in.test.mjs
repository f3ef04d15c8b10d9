// P4 with Sign in with Slack: before the app is called, the browser's Slack user and workspace must
// be those of whoever asked in the chat. No code is typed then.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, beforeEach, describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {ACME, Browser, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const ANA = 'T0ACME001/U0ANA0001', BEN = 'T0ACME001/U0BEN0001', CLEO = 'T0ACME001/U0CLEO001', GINA = 'T0GLOBEX1/U0ANA0001';
const CONNECTION = `/workspaces/${ACME}/connections/acme-salesforce`;
const BACK = '/identity/slack/callback';

async function world(env = {}) {
  const w = await start({env: {WORKBOT_SLACK_SIGN_IN: 'on', ...env}});
  await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [w.url + BACK]}}});
  await w.must('PUT', CONNECTION, {assurance: 'sign_in'});
  return w;
}

const calledBack = page => page.location || page.url;

describe('P4 Sign in with Slack', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await world();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
  });
  after(() => w?.stop());

  const connection = user => w.one('select state, account_name, assurance, tokens is not null as tokens from connection where user_id = $1', [user]);
  const codes = async () => (await w.tokenCalls('authorization_code')).length;
  const audits = action => w.query('select actor, subject, detail from audit where action = $1 order by id', [action]);

  /** Ends what is open or connected of Ana. */
  beforeEach(async () => {
    await w.sandbox('DELETE', '/_faults');
    for (const {id} of await w.query("select id from connection where user_id <> ''")) await w.must('DELETE', `/workspaces/${ACME}/personal-connections/${id}?forget=true`);
    for (let n = await w.count('login', "state in ('open', 'code')"); n > 0; n--) await ana.ask('cancel', /Cancelled|nothing to cancel/);
    await w.idle();
    ana.browser = new Browser();
  });

  test('P4 the person who asked: straight on to the app, no code, and the command goes on by itself', async () => {
    const prompt = await ana.prompt();
    await ana.browser.get(loginUrl(prompt));
    assert.match(ana.browser.text, /You sign in to Slack, so we know that it is you/);
    assert.doesNotMatch(ana.browser.text, /six-digit/);
    const page = await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
    assert.equal(page.status, 200);
    assert.match(ana.browser.text, /Salesforce is connected.*ana@acme\.example/);
    assert.ok(!ana.browser.code, 'no code is asked for');
    await ana.sees(/Created Acme renewal/);
    await ana.sees(/Salesforce is connected as ana@acme\.example/);
    assert.deepEqual(await connection('U0ANA0001'), {state: 'active', account_name: 'ana@acme.example', assurance: 'sign_in', tokens: true});
    await w.idle();
    assert.deepEqual((await w.records()).map(r => r.creator), ['ana@acme.example'], 'once, as her');
    const [line] = (await audits('connection.connected')).slice(-1);
    assert.deepEqual([line.actor, line.detail.assurance, line.detail.account_match], ['user:U0ANA0001', 'sign_in', 'off']);
    // the page again: it says how it stands and does nothing
    await ana.browser.get(calledBack(page));
    assert.match(ana.browser.text, /Already connected/);
    assert.equal(await w.count('login', "state = 'done' and user_id = 'U0ANA0001'"), 1);
  });

  test('P4 the authorize request: openid alone, our state and nonce, the workspace as a hint', async () => {
    const prompt = await ana.prompt('connect salesforce');
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit({}, {stop: 'openid/connect/authorize'});
    const at = new URL(ana.browser.page.location), q = Object.fromEntries(at.searchParams);
    assert.equal(ana.browser.page.status, 303);
    assert.deepEqual([q.response_type, q.scope, q.client_id, q.team, q.redirect_uri], ['code', 'openid', '1000000001.2000000002', 'T0ACME001', w.url + BACK]);
    assert.match(q.nonce, /^[0-9a-f]{64}$/);
    assert.ok(q.state.length >= 64 && q.state !== q.nonce);
    const rows = await w.query('select purpose, state_hash, expires_at - now() as left from oauth_state where used_at is null and purpose = $1', ['identity']);
    assert.equal(rows.length, 1);
    assert.ok(rows[0].left.minutes >= 8 && rows[0].left.minutes < 10 && !rows[0].state_hash.includes(q.state.slice(-20)));
  });

  test('P4 a forwarded link: Ben completes it as himself; nothing is stored, Salesforce never called, Ana is told', async () => {
    const prompt = await ana.prompt();
    const before = await codes(), grants = (await w.grants()).length;
    const page = await ben.browser.logIn(loginUrl(prompt), 'ben@acme.example', {slack: BEN});
    assert.equal(page.status, 403);
    assert.match(ben.browser.text, /This login belongs to Ana \(Acme\)/);
    assert.match(ben.browser.text, /somebody else is signed in/);
    assert.equal(await codes(), before, 'the provider is not called');
    assert.equal((await w.grants()).length, grants);
    assert.equal(await connection('U0ANA0001'), undefined);
    assert.equal(await connection('U0BEN0001'), undefined);
    const told = await ana.sees(/Somebody else opened your login link/);
    assert.doesNotMatch(words(told), /Ben/, 'not who');
    const [line] = (await audits('login.other_person')).slice(-1);
    assert.deepEqual([line.actor, line.detail], ['system', {connection: 'acme-salesforce', user: 'U0ANA0001', signed_in_user: 'U0BEN0001', signed_in_team: 'T0ACME001'}]);
    // again and again: each is on record, and Ana is told once
    await ben.browser.logIn(loginUrl(prompt), 'ben@acme.example', {slack: BEN});
    await w.idle();
    assert.equal((await audits('login.other_person')).length, 2);
    assert.equal((await ana.messages()).filter(m => /Somebody else opened/.test(words(m))).length, 1);
    // and it stays open for her
    await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
    assert.match(ana.browser.text, /Salesforce is connected/);
    await ana.sees(/Created Acme renewal/);
    // the warning stands for good, and leads nowhere any more
    assert.deepEqual(labels(told), ['Log in to Salesforce', 'Back']);
    const over = await ana.sees(m => m.ts === told.ts && /That login is over now/.test(words(m)));
    assert.deepEqual(labels(over), []);
    assert.doesNotMatch(words(over), /still works/);
  });

  test('P4 the warning of a login that is cancelled loses its buttons', async () => {
    const after = (await ana.say('pending')).ts;
    const prompt = await ana.prompt('connect salesforce');
    await ben.browser.logIn(loginUrl(prompt), 'ben@acme.example', {slack: BEN});
    const told = await ana.sees(/Somebody else opened your login link/, {after});
    await ana.ask('cancel', /Cancelled: the login to Salesforce/);
    assert.deepEqual(labels(await ana.sees(m => m.ts === told.ts && /That login is over now/.test(words(m)))), []);
    // pressed there, Back ends the login and its prompt with it
    const second = await ana.prompt('connect salesforce');
    await ben.browser.logIn(loginUrl(second), 'ben@acme.example', {slack: BEN});
    const again = await ana.sees(m => m.is_bot && button(m, 'Back') && /Somebody else opened/.test(words(m)), {after: second.ts});
    await ana.press(again, 'Back');
    await ana.sees(m => m.ts === again.ts && /Your connections/.test(words(m)));
    await ana.sees(m => m.ts === second.ts && /Cancelled: the login to Salesforce/.test(words(m)) && !loginUrl(m));
    await w.idle();
  });

  test('P4 the same user id in another workspace is somebody else', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const gina = new Browser(), before = await codes();
    await gina.get(loginUrl(prompt));
    await gina.submit({}, {stop: 'openid/connect/authorize'});
    await gina.get(gina.page.location.replace('team=T0ACME001', 'team=T0GLOBEX1'));
    await gina.signIn(GINA);
    assert.equal(gina.page.status, 403);
    assert.match(gina.text, /This login belongs to Ana/);
    assert.equal(await codes(), before);
    assert.equal((await audits('login.other_person')).at(-1).detail.signed_in_team, 'T0GLOBEX1');
  });

  test('failure_33_returns P4 another browser of the same person passes', async () => {
    const prompt = await ana.prompt('connect salesforce');
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit({}, {stop: 'openid/connect/authorize'});
    const telephone = new Browser();
    await telephone.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
    assert.match(telephone.text, /Salesforce is connected/);
    assert.equal((await connection('U0ANA0001')).state, 'active');
  });

  /** Up to Slack's answer, which is not followed: its address. */
  async function answerOfSlack(browser, prompt) {
    await browser.get(loginUrl(prompt));
    await browser.submit({}, {stop: BACK});
    await browser.signIn(ANA, {stop: BACK});
    return browser.page.location;
  }

  test("P4 Slack's answer in another browser, or a second time, does nothing", async () => {
    const prompt = await ana.prompt('connect salesforce');
    const back = await answerOfSlack(ana.browser, prompt);
    const thief = new Browser(), before = await codes();
    await thief.request('GET', back);
    assert.equal(thief.page.status, 410);
    assert.equal(await w.count('oauth_state', "purpose = 'app' and used_at is null and proven"), 0);
    await ana.browser.request('GET', back);
    assert.equal(ana.browser.page.status, 303, 'the right browser was not hindered');
    const on = ana.browser.page.location;
    await ana.browser.request('GET', back);
    assert.equal(ana.browser.page.status, 410, 'a state is good once');
    // the app's state of this browser is of no use in another one
    const other = new Browser();
    const app = new URL(on);
    await other.request('GET', `${app.searchParams.get('redirect_uri')}?state=${app.searchParams.get('state')}&code=x`);
    assert.equal(other.page.status, 410);
    assert.equal(await codes(), before);
  });

  test('P4 a state of one purpose is refused on the path of the other', async () => {
    const unspent = () => w.count('oauth_state', "purpose = 'app' and used_at is null and proven");
    const prompt = await ana.prompt('connect salesforce');
    const back = new URL(await answerOfSlack(ana.browser, prompt)), earlier = await unspent();
    const {redirect_uri} = await w.must('GET', CONNECTION);
    await ana.browser.request('GET', `${redirect_uri}${back.search}`);
    assert.equal(ana.browser.page.status, 410);
    await ana.browser.request('GET', back.href);
    assert.equal(ana.browser.page.status, 303);
    const app = new URL(ana.browser.page.location);
    await ana.browser.request('GET', `${w.url}${BACK}?state=${app.searchParams.get('state')}&code=x`);
    assert.equal(ana.browser.page.status, 410);
    assert.equal(await unspent(), earlier + 1, 'nothing is spent on the wrong path');
  });

  for (const fault of ['nonce', 'no_nonce', 'aud', 'iss', 'expired', 'alg_none', 'kid', 'key', 'signature']) {
    test(`P4 an id token that proves nobody: ${fault}`, async () => {
      const prompt = await ana.prompt('connect salesforce');
      const before = await codes();
      await w.fault(`id_token_${fault}`, {peer: 'slack'});
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
      assert.equal(ana.browser.page.status, fault === 'kid' ? 503 : 403, ana.browser.text);
      assert.match(ana.browser.text, /Nothing was connected/);
      assert.equal(await codes(), before);
      assert.equal(await connection('U0ANA0001'), undefined);
      // the link is as good as before
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
      assert.match(ana.browser.text, /Salesforce is connected/);
    });
  }

  test('P4 a new key of Slack is learnt', async () => {
    await w.sandbox('POST', '/_keys', {});
    const prompt = await ana.prompt('connect salesforce');
    await until('the new key to be known', async () => {
      await pause(700); // one link is followed only so often, and the set is asked for only so often
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
      return /Salesforce is connected/.test(ana.browser.text);
    });
  });

  test('P4 declined at Slack: said so, and the link stays good', async () => {
    await w.sandbox('POST', '/_reset', {}); // nobody has consented before
    const prompt = await ana.prompt('connect salesforce');
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit();
    await ana.browser.signIn(ANA, {decision: 'deny'});
    assert.match(ana.browser.text, /Not connected.*You did not sign in to your chat/);
  });

  test('P3 a preview or a mail scanner that follows everything spends nothing', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const before = await w.rows('login', 'oauth_state', 'connection', 'audit');
    for (let i = 0; i < 3; i++) await new Browser().get(loginUrl(prompt));
    await new Browser().get(`${w.url}${BACK}?code=x&state=${'0'.repeat(80)}`);
    await new Browser().get(`${w.url}${BACK}`);
    assert.deepEqual(await w.rows('login', 'oauth_state', 'connection', 'audit'), before);
  });

  test('P4 the default connection is an admin\'s: its login shows a code as before', async () => {
    const {login_url} = await w.must('POST', `${CONNECTION}/login`, {});
    const code = await new Browser().codeOf(login_url, 'ben@acme.example');
    await w.must('POST', `${CONNECTION}/login/confirm`, {code});
    assert.equal((await audits('connection.connected')).at(-1).detail.assurance, 'code');
  });

  test('P4 a new connection that says nothing demands the sign-in', async () => {
    const made = await w.must('PUT', `/workspaces/${ACME}/connections/second`, {app: 'salesforce', host: w.salesforceHost});
    assert.equal(made.assurance, 'sign_in');
    assert.equal((await w.must('PUT', `/workspaces/${ACME}/connections/second`, {assurance: 'code'})).assurance, 'code');
    assert.equal((await w.must('PUT', `/workspaces/${ACME}/connections/second`, {scopes: []})).assurance, 'code', 'what was said stands');
    await w.must('DELETE', `/workspaces/${ACME}/connections/second`);
  });

  test('P5 nothing of Slack\'s sign-in is kept or logged', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const back = new URL(await answerOfSlack(ana.browser, prompt));
    await ana.browser.get(back.href);
    const answers = (await w.calls({peer: 'slack'})).filter(e => /openid\.connect\.token/.test(e.path));
    assert.ok(answers.length > 0);
    const log = w.log();
    for (const secret of [back.searchParams.get('code'), back.searchParams.get('state'), 'eyJ', 'xoxp-']) assert.ok(!log.includes(secret), secret.slice(0, 4));
  });

  describe('account_match', () => {
    after(() => w.must('PUT', CONNECTION, {account_match: 'off'}));
    const logIn = async username => {
      const prompt = await ana.prompt('connect salesforce again');
      await ana.browser.logIn(loginUrl(prompt), username, {slack: ANA});
      await w.idle();
      return (await audits('connection.connected')).at(-1).detail;
    };
    test('without the scope the chat tells no e-mail: the admins are told, and require connects nobody', async () => {
      await w.sandbox('PUT', '/_config', {slack: {scopes: ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read']}});
      await w.must('PUT', CONNECTION, {account_match: 'warn'});
      assert.equal((await logIn('ana@acme.example')).account_match, 'unknown');
      await ben.sees(/compares e-mail addresses.*users:read\.email/);
      await w.must('PUT', CONNECTION, {account_match: 'require'});
      const alive = (await w.grants()).filter(g => g.alive).length;
      await logIn('ana@acme.example');
      assert.match(ana.browser.text, /An admin must look at this/);
      await until('the grant to be revoked', async () => (await w.grants()).filter(g => g.alive).length === alive);
    });
    test('warn tells, require refuses, case does not matter', async () => {
      await w.sandbox('PUT', '/_config', {slack: {scopes: ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'users:read.email', 'channels:read', 'groups:read']}});
      await w.query("update chat_user set checked_at = now() - interval '1 day'");
      await w.must('PUT', CONNECTION, {account_match: 'warn'});
      assert.equal((await logIn('ana@acme.example')).account_match, 'same');
      ana.browser = new Browser();
      assert.equal((await logIn('ben@acme.example')).account_match, 'differs');
      assert.match(ana.browser.text, /Another e-mail than in your chat profile/);
      await ana.sees(/Its e-mail is not the one of your chat profile/);
      await w.must('PUT', CONNECTION, {account_match: 'require'});
      const n = (await audits('connection.connected')).length;
      ana.browser = new Browser();
      await logIn('ben@acme.example');
      assert.match(ana.browser.text, /another person's account/);
      assert.equal((await audits('connection.connected')).length, n);
      await w.query("update chat_user set email = 'Ana@ACME.Example' where user_id = 'U0ANA0001'");
      ana.browser = new Browser();
      assert.equal((await logIn('ana@acme.example')).account_match, 'same');
    });
  });
});

describe('P4 Sign in with Slack, otherwise set up', () => {
  test('demanded while it is off: a fault of the PUT; switched off later, no login is proven more weakly', async () => {
    const w = await world();
    try {
      const ana = w.person('ana');
      const prompt = await ana.prompt('connect salesforce');
      await w.restart({WORKBOT_SLACK_SIGN_IN: 'off'});
      const refused = await w.api('PUT', CONNECTION, {assurance: 'sign_in'});
      assert.equal(refused.status, 422);
      assert.match(refused.text, /switched off here/);
      const check = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: w.env});
      assert.deepEqual([check.status, /slack:T0ACME001 has a connection with assurance sign_in/.test(check.stderr)], [1, true], check.stderr);
      await ana.browser.get(loginUrl(prompt));
      await ana.browser.submit();
      assert.equal(ana.browser.page.status, 502);
      assert.match(ana.browser.text, /An admin must look at this/);
      await w.person('ben').sees(/asks people to sign in to this chat first, and that is switched off/);
      assert.equal(await w.count('oauth_state', "purpose = 'app' and used_at is null"), 0);
      await w.must('PUT', CONNECTION, {assurance: 'code'});
      assert.ok(await ana.browse(prompt));
    } finally {
      await w.stop();
    }
  });

  test('a second Slack app for the sign-in', async () => {
    const id = '1000000001.7000000007';
    const w = await start({env: {WORKBOT_SLACK_SIGN_IN: 'on', WORKBOT_SLACK_SIGN_IN_CLIENT_ID: id, WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: 'sample-second-secret'}});
    try {
      await w.sandbox('PUT', '/_config', {slack: {openid: {clients: {[id]: {secret: 'sample-second-secret', redirect_uris: [w.url + BACK]}}}}});
      await w.must('PUT', CONNECTION, {assurance: 'sign_in'});
      const cleo = w.person('cleo');
      const prompt = await cleo.prompt('connect salesforce');
      await cleo.browser.logIn(loginUrl(prompt), 'cleo@acme.example', {slack: CLEO});
      assert.match(cleo.browser.text, /Salesforce is connected/);
      assert.ok((await w.calls({peer: 'slack'})).some(e => /openid\.connect\.token/.test(e.path) && e.args.client_id === id));
      // its secret was changed there: nobody is connected, and an admin hears of it
      await w.sandbox('PUT', '/_config', {slack: {openid: {clients: {[id]: {secret: 'another', redirect_uris: [w.url + BACK]}}}}});
      const ana = w.person('ana');
      const second = await ana.prompt('connect salesforce');
      await ana.browser.logIn(loginUrl(second), 'ana@acme.example', {slack: ANA});
      assert.match(ana.browser.text, /An admin must look at this/);
      await w.person('ben').sees(/signing in to this chat does not work/);
    } finally {
      await w.stop();
    }
  });

  test('the keys cannot be had: try again, and the link is unspent', async () => {
    const w = await world();
    try {
      const ana = w.person('ana');
      const prompt = await ana.prompt('connect salesforce');
      await w.fault('5xx', {peer: 'slack', path: 'openid/connect/keys', times: 1});
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
      assert.equal(ana.browser.page.status, 503);
      assert.match(ana.browser.text, /Your chat did not answer.*Try again/);
      assert.equal((await w.tokenCalls('authorization_code')).length, 1, "the default connection's own alone");
      await ana.browser.logIn(loginUrl(prompt), 'ana@acme.example', {slack: ANA});
      assert.match(ana.browser.text, /Salesforce is connected/);
    } finally {
      await w.stop();
    }
  });

  test('people of an organisation: whichever of its workspaces they are signed in to', async () => {
    const w = await world();
    try {
      const ORG = 'slack:E0ACMEORG', LABS = 'slack:T0ORGLABS';
      for (const [key, bot_token] of [[ORG, 'xoxb-sample-acmeorg-0001'], [LABS, 'xoxb-sample-orglabs-0001']]) {
        await w.must('PUT', `/workspaces/${key}`, {name: key, installer: 'U0OLGA001', bot_token, bot_user_id: 'U0BOTORG1'});
        const made = await w.must('PUT', `/workspaces/${key}/connections/crm`, {app: 'salesforce', host: w.salesforceHost, client_id: '3MVG9sampleAcme0001', client_secret: 'sample-acme-consumer-secret'});
        assert.equal(made.assurance, 'sign_in');
        const known = (await w.sandbox('GET', '/_config')).salesforce.clients['3MVG9sampleAcme0001'].redirect_uris;
        await w.sandbox('PUT', '/_config', {salesforce: {clients: {'3MVG9sampleAcme0001': {redirect_uris: [...known, made.redirect_uri]}}}});
      }
      const active = key => w.count('connection', `workspace = '${key}' and user_id = 'U0OMAR001' and state = 'active'`);
      /** Signs in to another workspace than the link hints at. */
      const through = async (url, team, who) => {
        const b = new Browser();
        await b.get(url);
        await b.submit({}, {stop: 'openid/connect/authorize'});
        const at = new URL(b.page.location);
        if (team) at.searchParams.set('team', team);
        await b.get(at.href);
        await b.signIn(who);
        if (/name="request"/.test(b.page.html)) await b.submit({username: 'ana@acme.example'});
        if (/name="decision"/.test(b.page.html)) await b.submit({decision: 'allow'});
        return b;
      };
      // an installation of the whole organisation
      const omar = w.person('omar', 'T0ORGONE1');
      const prompt = await omar.prompt('connect salesforce');
      const otto = await through(loginUrl(prompt), 'T0GLOBEX1', 'T0GLOBEX1/U0OTTO001');
      assert.equal(otto.page.status, 403, otto.text);
      const olga = await through(loginUrl(prompt), 'T0ORGTWO1', 'T0ORGTWO1/U0OLGA001');
      assert.equal(olga.page.status, 403, 'a colleague is somebody else, too');
      assert.equal(await active(ORG), 0);
      const passed = await through(loginUrl(prompt), 'T0ORGLABS', 'T0ORGLABS/U0OMAR001');
      assert.match(passed.text, /Salesforce is connected/);
      assert.equal(await active(ORG), 1);
      await w.idle(); // one-to-one chats of an organisation show what both bots say
      // one of a single workspace of it
      const there = w.person('omar', 'T0ORGLABS');
      const second = await there.prompt('connect salesforce');
      const elsewhere = await through(loginUrl(second), 'T0ORGONE1', 'T0ORGONE1/U0OMAR001');
      assert.match(elsewhere.text, /Salesforce is connected/);
      assert.equal(await active(LABS), 1);
    } finally {
      await w.stop();
    }
  });
});
