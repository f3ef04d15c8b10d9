// An OAuth2 server that nobody here wrote (npm oidc-provider: PKCE demanded, refresh tokens of single use whose reuse
// ends the grant, revocation) works by a definition file alone.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import Provider from 'oidc-provider';
import {ACME, loginUrl, start, until, words} from '../lib/flow.mjs';

const CLIENT = {client_id: 'workbot', client_secret: 'sample-secret-of-an-oauth-client:+%25'};
const REFRESHES = 12;

const definition = issuer => ({
  name: 'anyone', title: 'Anyone',
  hosts: {names: ['oauth.anyone.example']},
  client_auth: 'basic',
  authorize: {url: 'https://{host}/auth', params: {prompt: 'consent'}, issuer, issuer_required: true,
    scopes: [{name: 'openid', words: 'See who you are'}, {name: 'email', words: 'See your e-mail address'},
      {name: 'offline_access', words: 'Stay connected until you disconnect'}]},
  token: {url: 'https://{host}/token', single_use_refresh: true},
  revoke: {url: 'https://{host}/token/revocation', token: 'refresh', auth: 'client'},
  identity: {path: '/me', key: [{path: 'sub'}], name: 'name', email: 'email'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}},
  actions: {look: {title: 'Look', inputs: {id: {words: 'a name'}, note: {words: 'a note'}}, output: {name: 'answer.name'},
    requests: [{path: '/things/{id}', query: {text: '{note}'}, headers: {'X-Note': '{note}'}, success: [200]}]},
    who: {title: 'Who am I', inputs: {}, requests: [{path: '/me', success: [200]}], output: {name: 'answer.name'}}},
});

describe('any OAuth2 server by its definition', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const asked = []; // what came to the token endpoints: {path, form, status, answer}
  let w, ana, server, host;

  before(async () => {
    server = http.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${server.address().port}`;
    writeFileSync(join(dir, 'anyone.json'), JSON.stringify(definition(`http://${host}`)));
    w = await start({env: {WORKBOT_APPS_DIR: dir}, trusted: [host]});
    const {redirect_uri} = await w.must('PUT', `/workspaces/${ACME}/connections/acme-anyone`, {app: 'anyone', host, ...CLIENT, assurance: 'code', account_match: 'off'});
    await w.putRecipe(ACME, {name: 'who', title: 'Who am I', command: 'anyone who', allow: 'everyone', inputs: [],
      connections: {it: {use: 'acme-anyone', verify_user_access: true}}, steps: [{id: 'me', connection: 'it', action: 'who', with: {}}],
      reply: {text: 'You are {{steps.me.name}}'}});
    await w.putRecipe(ACME, {name: 'look', title: 'Look', command: 'anyone look', allow: 'everyone', inputs: [{name: 'id', required: true}, {name: 'note'}],
      connections: {it: {use: 'acme-anyone', verify_user_access: true}}, steps: [{id: 'me', connection: 'it', action: 'look', with: {id: '{{inputs.id}}', note: '{{inputs.note}}'}}],
      reply: {text: 'Looked'}});
    await w.putRecipe(ACME, {name: 'later', title: 'Later', command: 'anyone later', allow: 'everyone', inputs: [{name: 'id', required: true}],
      connections: {it: {use: 'acme-anyone', verify_user_access: true}}, reply: {text: 'Looked'}, steps: [{id: 'first', connection: 'it', action: 'who', with: {}},
        {id: 'then', connection: 'it', action: 'look', with: {id: '{{inputs.id}}', note: '{{steps.first.name}}'}}]});
    server.on('request', provider(redirect_uri).callback());
    ana = w.person('ana');
  });
  after(async () => {
    await w?.stop();
    server?.closeAllConnections();
    server?.close();
    rmSync(dir, {recursive: true});
  });

  function provider(redirect_uri) {
    const p = new Provider(`http://${host}`, {
      clients: [{...CLIENT, redirect_uris: [redirect_uri], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_basic'}],
      pkce: {required: () => true},
      rotateRefreshToken: true,
      features: {revocation: {enabled: true}, devInteractions: {enabled: true}},
      claims: {openid: ['sub', 'name'], email: ['email']},
      findAccount: (_, id) => ({accountId: id, claims: () => ({sub: id, name: `${id} of Anyone`, email: `${id}@acme.example`})}),
      cookies: {keys: ['sample-cookie-key']},
      ttl: {AccessToken: 600, AuthorizationCode: 60, Grant: 86400, IdToken: 600, Interaction: 600, RefreshToken: 86400, Session: 3600},
    });
    p.use(async (ctx, next) => {
      await next();
      if (ctx.path.startsWith('/token')) asked.push({path: ctx.path, form: {...ctx.oidc?.body}, status: ctx.status, answer: ctx.body, auth: ctx.get('authorization')});
    });
    return p;
  }

  const row = () => w.one("select state, reason, generation::int from connection where user_id = 'U0ANA0001'");
  const refreshes = () => asked.filter(a => a.form.grant_type === 'refresh_token');
  const newest = () => asked.findLast(a => a.answer?.refresh_token).answer.refresh_token;
  const expire = () => w.query("update connection set access_expires_at = now() - interval '1 minute' where user_id = 'U0ANA0001'");

  /** From the prompt through the pages of the provider, to what it sends back. */
  async function through(prompt, {deny = false} = {}) {
    const b = ana.browser;
    await b.get(loginUrl(prompt));
    await b.submit();
    if (/name="login"/.test(b.page.html)) await b.submit({login: 'ana', password: 'any'});
    if (deny) return b.get(new URL(/href="([^"]*\/abort)"/.exec(b.page.html)[1], b.page.url).href);
    if (/\/interaction\//.test(b.page.url)) await b.submit();
    return b.page;
  }
  async function connects(prompt) {
    await through(prompt);
    assert.ok(ana.browser.code, `no code on: ${ana.browser.page.status} ${ana.browser.text}`);
    await ana.say(ana.browser.code);
  }

  test('a person who declines is told so, and the same prompt works after it', async () => {
    const prompt = await ana.prompt('anyone who');
    await through(prompt, {deny: true});
    assert.match(ana.browser.text, /declined|said no|not connected/i);
    assert.notEqual((await row())?.state, 'active');
    await connects(prompt);
    await ana.sees(m => m.ts === prompt.ts && /You are ana of Anyone/.test(words(m)));
  });

  test('the code came with PKCE, and the client proved itself as RFC 6749 section 2.3.1 has it', () => {
    const [first] = asked.filter(a => a.form.grant_type === 'authorization_code');
    assert.equal(first.status, 200);
    assert.ok(first.form.code_verifier.length >= 43);
    assert.match(first.auth, /^Basic /);
    assert.equal(first.form.client_secret, undefined);
  });

  test('it is used, and refreshed many times: each time with the token that the last one brought', async () => {
    const had = (await row()).generation;
    for (let i = 0; i < REFRESHES; i++) {
      await expire();
      await ana.ask('anyone who', /You are ana of Anyone/);
      await w.idle();
    }
    const used = refreshes().map(a => a.form.refresh_token);
    assert.equal(used.length, REFRESHES);
    assert.equal(new Set(used).size, REFRESHES);
    assert.ok(refreshes().every(a => a.status === 200));
    assert.deepEqual(await row(), {state: 'active', reason: null, generation: had + REFRESHES});
  });

  for (const [what, typed, told] of [
    ['a segment that leads elsewhere', 'anyone look id: ..', /Anyone cannot use "id" as it is: it may not be "\." or "\.\." where it stands in an address/],
    ['a segment that leads nowhere', 'anyone look id: .', /Anyone cannot use "id" as it is/],
    ['a header of two lines', 'anyone look id: one note: two\nX-Evil: 1', /Anyone cannot use "note" as it is: it must be one line/],
    ['more than an address holds', `anyone look id: one note: ${'é'.repeat(3000)}`, /Anyone cannot use "note" as it is: it is too long/],
  ]) {
    test(`P11 ${what} is told as what was typed, with its name, and nothing is sent`, async () => {
      const m = await ana.ask(typed, told);
      assert.doesNotMatch(words(m), /went wrong here/);
    });
  }

  test('P11 what an address of a later step would not hold is said before the first one acts', async () => {
    await ana.ask('anyone later id: ..', /Anyone cannot use "id" as it is: it may not be "\." or "\.\."[^]*It comes from "id" of this command\. Nothing was changed\./);
  });

  test('a token of single use that is used again ends the grant there: its user is asked, once, and the command goes on', async () => {
    const [old] = refreshes().map(a => a.form.refresh_token);
    const replay = () => fetch(`http://${host}/token`, {method: 'POST', body: new URLSearchParams({grant_type: 'refresh_token', refresh_token: old}),
      headers: {authorization: 'Basic ' + Buffer.from([CLIENT.client_id, encodeURIComponent(CLIENT.client_secret)].join(':')).toString('base64')}});
    assert.deepEqual(await replay().then(async r => [r.status, (await r.json()).error]), [400, 'invalid_grant']);
    const [was, logins] = [refreshes().length, await w.count('login')];
    const prompt = await ana.prompt('anyone who');
    assert.match(words(prompt), /Log in to Anyone again/);
    assert.equal(refreshes().length - was, 1, 'one refresh for one 401');
    assert.deepEqual(await row().then(r => [r.state, r.reason]), ['needs_login', 'ended_at_app']);
    assert.equal(await w.count('login') - logins, 1);
    await connects(prompt);
    await ana.sees(m => m.ts === prompt.ts && /You are ana of Anyone/.test(words(m)));
  });

  test('disconnected, it is revoked there', async () => {
    const last = newest();
    await ana.ask('disconnect anyone', /Your connections/);
    await w.idle();
    const revoked = await until('the revocation', () => asked.find(a => a.path === '/token/revocation' && a.form.token === last));
    assert.equal(revoked.status, 200);
    const r = await fetch(`http://${host}/token`, {method: 'POST', body: new URLSearchParams({grant_type: 'refresh_token', refresh_token: last}),
      headers: {authorization: 'Basic ' + Buffer.from([CLIENT.client_id, encodeURIComponent(CLIENT.client_secret)].join(':')).toString('base64')}});
    assert.deepEqual([r.status, (await r.json()).error], [400, 'invalid_grant']);
    assert.equal((await row()).state, 'disconnected');
  });

  test('and connected again', async () => {
    await connects(await ana.prompt('connect anyone'));
    await ana.ask('anyone who', /You are ana of Anyone/);
    assert.equal((await row()).state, 'active');
  });
});
