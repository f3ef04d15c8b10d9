// Sign in with Slack as the sandbox plays it: sessions, consent, the token and its faults.
import assert from 'node:assert/strict';
import {createHash, createPublicKey, verify} from 'node:crypto';
import {describe, test} from 'node:test';
import {api, base, fault, get, formPost, json} from './harness.mjs';

const CLIENT = '1000000001.2000000002', BACK = 'http://127.0.0.1:9/slack/back';
const ANA = 'T0ACME001/U0ANA0001', BEN = 'T0ACME001/U0BEN0001', GINA = 'T0GLOBEX1/U0ANA0001';
const root = () => base + '/slack';
const url = (over = {}) => `${root()}/openid/connect/authorize?` + new URLSearchParams(Object.entries({response_type: 'code', scope: 'openid',
  client_id: CLIENT, redirect_uri: BACK, state: 's1', nonce: 'n1', team: 'T0ACME001', ...over}).filter(([, v]) => v !== null));
const setUp = () => json('PUT', '/_config', {slack: {app: {redirect_uris: ['http://127.0.0.1:9/slack', BACK]}}});
const requestOf = html => /name="slack_request" value="([^"]+)"/.exec(html)[1];

/** Through the pages as who; gives the redirect back and the cookie. */
async function signIn(who, {over, cookie, decision = 'allow'} = {}) {
  let r = await get(url(over), cookie);
  let html = r.status === 200 ? await r.text() : '';
  if (/name="who"/.test(html)) {
    assert.ok(html.includes(`value="${who}"`), `${who} can be chosen`);
    const chosen = await formPost(root() + '/openid/connect/choose', {slack_request: requestOf(html), who}, cookie ? {cookie} : {});
    assert.equal(chosen.status, 303);
    cookie = chosen.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    r = await get(chosen.headers.get('location'), cookie);
    html = r.status === 200 ? await r.text() : '';
  }
  if (r.status === 200) r = await formPost(root() + '/openid/connect/consent', {slack_request: requestOf(html), decision}, {cookie});
  assert.equal(r.status, 302);
  const to = new URL(r.headers.get('location'));
  return {to, cookie, code: to.searchParams.get('code')};
}
const token = async (code, over = {}, headers = {}) => {
  const r = await formPost(root() + '/api/openid.connect.token', {client_id: CLIENT, client_secret: 'sample-slack-client-secret',
    grant_type: 'authorization_code', redirect_uri: BACK, code, ...over}, headers);
  return r.json();
};
const part = text => JSON.parse(Buffer.from(text, 'base64url'));
async function open(idToken) {
  const [head, body, signature] = idToken.split('.');
  const {keys} = await (await get(root() + '/openid/connect/keys')).json();
  const header = part(head), jwk = keys.find(k => k.kid === header.kid);
  const good = !!jwk && signature !== '' && verify('sha256', Buffer.from(`${head}.${body}`), createPublicKey({key: jwk, format: 'jwk'}), Buffer.from(signature, 'base64url'));
  return {header, good, claims: part(body)};
}

describe('Sign in with Slack', () => {
  test('discovery and keys', async () => {
    const d = await (await get(root() + '/.well-known/openid-configuration')).json();
    assert.deepEqual([d.issuer, d.jwks_uri, d.token_endpoint], [base, root() + '/openid/connect/keys', root() + '/api/openid.connect.token']);
    const {keys} = await (await get(d.jwks_uri)).json();
    assert.deepEqual([keys[0].kty, keys[0].alg, keys[0].use, keys[0].e], ['RSA', 'RS256', 'sig', 'AQAB']);
  });
  test('who is in the browser stands in a signed token', async () => {
    await setUp();
    const {to, code} = await signIn(ANA);
    assert.deepEqual([to.origin + to.pathname, to.searchParams.get('state')], [BACK, 's1']);
    const t = await token(code);
    assert.equal(t.ok, true, JSON.stringify(t));
    const {header, good, claims} = await open(t.id_token);
    assert.deepEqual([header.alg, good], ['RS256', true]);
    const {exp, iat, auth_time, ...rest} = claims;
    assert.deepEqual(rest, {iss: base, sub: 'U0ANA0001', aud: CLIENT, nonce: 'n1', 'https://slack.com/user_id': 'U0ANA0001', 'https://slack.com/team_id': 'T0ACME001',
      at_hash: createHash('sha256').update(t.access_token).digest().subarray(0, 16).toString('base64url')});
    assert.ok(exp - iat === 300 && Math.abs(iat - Date.now() / 1000) < 5 && auth_time <= iat);
    const info = await api('openid.connect.userInfo', {}, {token: t.access_token, form: true});
    assert.deepEqual([info['https://slack.com/user_id'], info['https://slack.com/team_id'], info.email], ['U0ANA0001', 'T0ACME001', 'ana@acme.example']);
    assert.equal((await api('openid.connect.userInfo', {}, {form: true})).error, 'missing_scope');
  });
  test('a session and a consent are remembered; another team asks again', async () => {
    await setUp();
    const {cookie} = await signIn(ANA);
    const again = await get(url(), cookie);
    assert.equal(again.status, 302, 'neither asked who nor for consent');
    const other = await signIn(GINA, {over: {team: 'T0GLOBEX1'}, cookie});
    assert.equal((await open((await token(other.code)).id_token)).claims['https://slack.com/team_id'], 'T0GLOBEX1');
    const first = await get(url(), cookie);
    assert.equal(first.status, 302, 'still signed in at the first');
    assert.match(await (await get(url({team: null}), cookie)).text(), /name="who"/, 'without a hint two sessions are a question');
    const ben = await signIn(BEN);
    assert.equal((await open((await token(ben.code)).id_token)).claims.sub, 'U0BEN0001', 'another browser is another person');
  });
  test('denied', async () => {
    await setUp();
    const {to} = await signIn(ANA, {decision: 'deny'});
    assert.deepEqual([to.searchParams.get('error'), to.searchParams.get('state'), to.searchParams.get('code')], ['access_denied', 's1', null]);
  });
  test('what may not go back is a page', async () => {
    await setUp();
    for (const over of [{client_id: '1.2'}, {redirect_uri: BACK + '/deeper'}, {redirect_uri: null}, {response_type: 'token'}, {scope: 'openid chat:write'}, {scope: 'email'}]) {
      assert.equal((await get(url(over))).status, 400, JSON.stringify(over));
    }
    const html = await (await get(url())).text();
    assert.ok(!html.includes('Dora') && !html.includes('Sid') && !html.includes('Gina'), 'only this workspace, and nobody who left');
    assert.equal((await formPost(root() + '/openid/connect/choose', {slack_request: requestOf(html), who: 'T0ACME001/U0DORA001'})).status, 403);
    assert.equal((await formPost(root() + '/openid/connect/consent', {slack_request: requestOf(html), decision: 'allow'})).status, 403, 'nobody is signed in');
    assert.equal((await formPost(root() + '/openid/connect/consent', {slack_request: 'x', decision: 'allow'})).status, 400);
  });
  test('refusals of the exchange', async () => {
    await setUp();
    const {code} = await signIn(ANA);
    assert.equal((await token(code, {client_id: '1.2'})).error, 'invalid_client_id');
    assert.equal((await token(code, {client_secret: 'x'})).error, 'bad_client_secret');
    assert.equal((await token(code, {redirect_uri: BACK + '/x'})).error, 'bad_redirect_uri');
    assert.equal((await token(code, {grant_type: 'password'})).error, 'invalid_grant_type');
    assert.equal((await token('nope')).error, 'invalid_code');
    const basic = 'Basic ' + Buffer.from(`${CLIENT}:sample-slack-client-secret`).toString('base64');
    assert.equal((await token(code, {client_id: '', client_secret: ''}, {authorization: basic})).ok, true);
    assert.equal((await token(code)).error, 'invalid_code', 'once');
  });
  test('a second app for sign-in alone', async () => {
    await setUp();
    await json('PUT', '/_config', {slack: {openid: {clients: {'7.8': {secret: 'sample-sign-in-secret', redirect_uris: [BACK]}}}}});
    const {code} = await signIn(ANA, {over: {client_id: '7.8'}});
    assert.equal((await token(code)).error, 'invalid_code', 'a code belongs to its client');
    const t = await token(code, {client_id: '7.8', client_secret: 'sample-sign-in-secret'});
    assert.equal((await open(t.id_token)).claims.aud, '7.8');
  });
  const faults = {
    id_token_nonce: o => assert.notEqual(o.claims.nonce, 'n1'),
    id_token_no_nonce: o => assert.equal(o.claims.nonce, undefined),
    id_token_aud: o => assert.notEqual(o.claims.aud, CLIENT),
    id_token_iss: o => assert.notEqual(o.claims.iss, base),
    id_token_expired: o => assert.ok(o.good && o.claims.exp < Date.now() / 1000 - 300),
    id_token_alg_none: o => assert.deepEqual([o.header.alg, o.good], ['none', false]),
    id_token_kid: o => assert.equal(o.good, false),
    id_token_key: o => assert.equal(o.good, false),
    id_token_signature: o => assert.equal(o.good, false),
  };
  for (const [name, check] of Object.entries(faults)) {
    test('fault ' + name, async () => {
      await setUp();
      await fault({peer: 'slack', fault: name, times: 1});
      check(await open((await token((await signIn(ANA)).code)).id_token));
      const after = await open((await token((await signIn(ANA)).code)).id_token);
      assert.deepEqual([after.good, after.claims.nonce], [true, 'n1'], 'once');
    });
  }
  test('a new key signs, and stands in the set', async () => {
    await setUp();
    const before = await open((await token((await signIn(ANA)).code)).id_token);
    assert.equal((await json('POST', '/_keys', {})).ok, true);
    const after = await open((await token((await signIn(ANA)).code)).id_token);
    assert.ok(after.good && after.header.kid !== before.header.kid);
  });
});
