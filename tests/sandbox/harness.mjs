// A sandbox with a small bot in this process that records what it gets and answers as told.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHash, createHmac} from 'node:crypto';
import {mkdtempSync, readFileSync, existsSync, rmSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';

export const BIN = process.env.SANDBOX_BIN || 'build/sandbox';
export const SECRET = 'sample-slack-signing-secret';
export const TOKEN = 'xoxb-sample-acme-0001';
export const CLIENT = '3MVG9sampleAcme0001';
export const CLIENT_SECRET = 'sample-acme-consumer-secret';
export const CALLBACK = 'http://127.0.0.1:9/callback';
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'; // RFC 7636 appendix B
export const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

let child, dir;
export let base, sf;

export async function until(what, check, ms = 20000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    assert.ok(Date.now() < end, 'waited in vain for ' + what);
    await pause(10);
  }
}

// ---- a bot that records what it gets and answers as told ----
export const bot = {calls: [], answer: () => ({status: 200})};
export const botServer = http.createServer((req, res) => {
  const parts = [];
  req.on('data', d => parts.push(d));
  req.on('end', async () => {
    const call = {method: req.method, path: req.url, headers: req.headers, body: Buffer.concat(parts).toString(), at: Date.now()};
    bot.calls.push(call);
    const a = await bot.answer(call);
    res.writeHead(a.status, a.headers || {});
    res.end(a.body || '');
  });
});

export async function json(method, path, body) {
  const r = await fetch(base + path, {method, body: body === undefined ? undefined : JSON.stringify(body)});
  return {http: r.status, ...(await r.json())};
}
export const say = body => json('POST', '/_say', {chat: 'slack', user: 'ana', place: 'dm', text: 'help', ...body});
export const fault = body => json('PUT', '/_faults', body);
export const logs = async query => (await json('GET', '/_log?' + (query || ''))).entries;

export async function api(method, args = {}, {token = TOKEN, form = false} = {}) {
  const headers = token ? {Authorization: 'Bearer ' + token} : {};
  let body;
  if (form) {
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
    body = new URLSearchParams(Object.entries(args).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)])).toString();
  } else {
    headers['Content-Type'] = 'application/json; charset=utf-8';
    body = JSON.stringify(args);
  }
  const r = await fetch(base + '/slack/api/' + method, {method: 'POST', headers, body});
  return {http: r.status, retryAfter: r.headers.get('retry-after'), scopes: r.headers.get('x-oauth-scopes'), ...(await r.json())};
}
export const post = (args, options) => api('chat.postMessage', {channel: 'D0ANA0001', text: 'x', ...args}, options);
export const button = extra => ({type: 'button', action_id: 'go', value: 'v', text: {type: 'plain_text', text: 'Go'}, ...extra});
export const actions = (...elements) => ({type: 'actions', elements});
export const section = text => ({type: 'section', text: {type: 'mrkdwn', text}});

// ---- Salesforce ----
export const authorizeUrl = (over = {}, root = sf) => root + '/services/oauth2/authorize?' + new URLSearchParams(Object.entries({
  response_type: 'code', client_id: CLIENT, redirect_uri: CALLBACK, scope: 'api refresh_token openid', state: 'abc123',
  code_challenge: CHALLENGE, code_challenge_method: 'S256', ...over}).filter(([, v]) => v !== null));
export const get = (url, cookie) => fetch(url, {redirect: 'manual', headers: cookie ? {cookie} : {}});
export const formPost = (url, fields, headers = {}) => fetch(url, {method: 'POST', redirect: 'manual', body: new URLSearchParams(fields), headers});
export const requestOf = html => /name="request" value="([0-9a-f]+)"/.exec(html)[1];

export async function login(username = 'ana@acme.example', {decision = 'allow', over = {}, root = sf} = {}) {
  const request = requestOf(await (await get(authorizeUrl(over, root))).text());
  const chosen = await formPost(root + '/login/choose', {request, username});
  assert.equal(chosen.status, 303);
  const cookie = chosen.headers.get('set-cookie').split(';')[0];
  const page = await (await get(chosen.headers.get('location'), cookie)).text();
  const back = await formPost(root + '/login/consent', {request: requestOf(page), decision}, {cookie});
  assert.equal(back.status, 302);
  const url = new URL(back.headers.get('location'));
  return {url, cookie, page, code: url.searchParams.get('code'), state: url.searchParams.get('state'), error: url.searchParams.get('error')};
}
export async function tokenCall(fields, headers = {}, root = sf) {
  const r = await formPost(root + '/services/oauth2/token', Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null)), headers);
  return {http: r.status, ...(await r.json())};
}
export const exchange = (code, over = {}, headers, root) => tokenCall({grant_type: 'authorization_code', code, redirect_uri: CALLBACK,
  client_id: CLIENT, client_secret: CLIENT_SECRET, code_verifier: VERIFIER, ...over}, headers, root);
export const refresh = (token, over = {}) => tokenCall({grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT, client_secret: CLIENT_SECRET, ...over});
export const tokens = async (username, options) => exchange((await login(username, options)).code);
export async function rest(method, path, token, body, root = sf) {
  const r = await fetch(root + '/services/data/v67.0' + path, {method, headers: {...(token ? {Authorization: 'Bearer ' + token} : {}),
    ...(body === undefined ? {} : {'Content-Type': 'application/json'})}, body: body === undefined ? undefined : JSON.stringify(body)});
  const text = await r.text();
  return {http: r.status, body: text ? JSON.parse(text) : null};
}
export const deal = {Name: 'Acme renewal', StageName: 'Prospecting', CloseDate: '2026-12-31', Amount: 5000};
export const soql = (token, q) => rest('GET', '/query/?q=' + encodeURIComponent(q), token);

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  await new Promise(done => botServer.listen(0, '127.0.0.1', done));
  assert.ok(existsSync(BIN), `no ${BIN}: build it, or name it in SANDBOX_BIN`); // else nothing would ever exit
  child = spawn(BIN, ['--port', '0', '--port-file', join(dir, 'p'), '--salesforce-port', '0', '--salesforce-port-file', join(dir, 's')], {stdio: ['ignore', 'ignore', 'inherit']});
  await until('port files', () => existsSync(join(dir, 'p')) && existsSync(join(dir, 's')));
  base = 'http://127.0.0.1:' + readFileSync(join(dir, 'p'), 'utf8').trim();
  sf = 'http://127.0.0.1:' + readFileSync(join(dir, 's'), 'utf8').trim();
});
after(async () => {
  if (!child) return botServer.close();
  const ended = new Promise(done => child.on('exit', (code, signal) => done({code, signal})));
  const poll = fetch(base + '/_log?since=999999999&wait_ms=60000').catch(() => null); // stopping must not wait for it
  await pause(50);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, {code: 0, signal: null});
  await poll;
  botServer.closeAllConnections();
  botServer.close();
  rmSync(dir, {recursive: true});
});
beforeEach(async () => {
  bot.answer = () => ({status: 200});
  await json('PUT', '/_config', {bot_url: 'http://127.0.0.1:' + botServer.address().port,
    slack: {retry_delays_ms: [0, 30, 30], timeout_ms: 3000, echo_bot_messages: false, trigger_ttl_ms: 3000, response_url_ttl_ms: 1800000,
      rotation: false, limits: {}, app: {redirect_uris: ['http://127.0.0.1:9/slack']},
      scopes: ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read']},
    salesforce: {rotation: false, previous_refresh_token: 'never', require_pkce: true, send_iss: false, code_ttl_ms: 600000, access_ttl_ms: 7200000,
      clients: {[CLIENT]: {redirect_uris: [CALLBACK]}, '3MVG9sampleGlobex01': {redirect_uris: [CALLBACK]}}}});
  await json('POST', '/_reset');
  bot.calls.length = 0;
});
