// The door of Teams from outside: tokens made by npm `jose`, keys served over HTTP, the whole service
// behind it. Every row of the table of statuses: what Microsoft's libraries answer is told beside
// ours where they let something through.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import net from 'node:net';
import {after, before, test} from 'node:test';
import * as jose from 'jose';
import {startService, until} from '../lib/service.mjs';

const APP = '22222222-aaaa-4bbb-8ccc-222222222222';
const TENANT = '44444444-0000-4000-8000-000000000001';
const ADDRESS = 'https://smba.trafficmanager.net/emea/';
const ISSUER = 'https://api.botframework.com';
const now = () => Math.floor(Date.now() / 1000);

let keys, service, n = 0;

// Metadata and key set; `gate` holds answers back until it is opened.
async function startKeys() {
  const page = {asked: 0, begun: 0, status: 200, gate: null, set: {keys: []}};
  const server = http.createServer(async (req, res) => {
    const here = `http://127.0.0.1:${server.address().port}`;
    if (req.url === '/keys') page.asked++;
    if (req.url === '/openid') page.begun++;
    if (page.gate) await page.gate;
    const body = req.url === '/openid' ? {issuer: ISSUER, jwks_uri: here + '/keys'} : req.url === '/keys' ? page.set : null;
    res.writeHead(body ? page.status : 404, {'Content-Type': 'application/json'});
    res.end(JSON.stringify(body));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  page.host = `127.0.0.1:${server.address().port}`;
  page.close = () => { server.closeAllConnections(); server.close(); };
  return page;
}

async function makeKey(kid, endorsements, alg = 'RS256', options = {}) {
  const pair = await jose.generateKeyPair(alg, {extractable: true, ...options});
  const jwk = {...await jose.exportJWK(pair.publicKey), use: 'sig', kid, x5t: kid, x5c: ['sample']};
  return {...pair, kid, jwk: endorsements === undefined ? jwk : {...jwk, endorsements}};
}

let good, next, other, bare, rs384;
before(async () => {
  keys = await startKeys();
  good = await makeKey('good', ['msteams', 'webchat']);
  other = await makeKey('other', ['webchat', 'directline']);
  bare = await makeKey('bare');
  rs384 = await makeKey('good', ['msteams'], 'RS384');
  next = await makeKey('next', ['msteams']);
  keys.set = {keys: [good.jwk, other.jwk, bare.jwk]};
  service = await startService({env: {
    WORKBOT_TEAMS_APP_ID: APP, WORKBOT_TEAMS_APP_SECRET: 'sample-teams-secret', WORKBOT_TEAMS_TENANT_ID: TENANT,
    WORKBOT_TEAMS_OPENID_URL: `http://${keys.host}/openid`, WORKBOT_TEAMS_LOGIN_URL: `http://${keys.host}/login`,
    WORKBOT_TRUSTED_HTTP_HOSTS: keys.host,
  }});
});
after(async () => {
  if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null});
  keys?.close();
});

const claims = changes => ({aud: APP, iss: ISSUER, serviceurl: ADDRESS, nbf: now() - 60, exp: now() + 3600, ...changes});
const clean = o => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined));
const tokenOf = (changes = {}, key = good, header = {}) =>
  new jose.SignJWT(clean(claims(changes))).setProtectedHeader(clean({typ: 'JWT', alg: 'RS256', kid: key.kid, x5t: key.kid, ...header})).sign(key.privateKey);
const part = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signedBy = (key, hash, header, payload) => {
  const text = part(header) + '.' + part(payload);
  return text + '.' + crypto.sign(hash, Buffer.from(text), crypto.KeyObject.from(key.privateKey)).toString('base64url');
};

const activity = (changes = {}) => clean({
  type: 'message', id: String(1790000000000 + ++n), timestamp: new Date().toISOString(), channelId: 'msteams', serviceUrl: ADDRESS,
  from: {id: '29:1Ana', name: 'Ana', aadObjectId: '33333333-0000-4000-8000-000000000001'}, recipient: {id: '28:' + APP, name: 'Workbot'},
  conversation: {conversationType: 'personal', tenantId: TENANT, id: 'a:1ana'}, textFormat: 'plain', text: 'help',
  channelData: {tenant: {id: TENANT}}, ...changes,
});
const post = (token, body = activity(), headers) => service.request({
  method: 'POST', path: '/teams/messages', headers: headers || (token === null ? {} : {Authorization: 'Bearer ' + token}),
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))});
const count = async () => Number((await service.database.query('select count(*) n from job where kind like \'teams%\''))[0].n);

async function gets(status, token, body, headers) {
  const before = await count();
  const answer = await post(token, body, headers);
  assert.equal(answer.status, status, answer.text);
  if (status === 200 || status === 401) assert.equal(answer.text, '');
  assert.equal(await count(), before + (status === 200 ? 1 : 0));
  assert.ok(!token || token.length < 40 || !service.log().includes(token), 'the log tells a token');
}

test('a key that must be fetched holds nobody up, and then the message is taken', async () => {
  let open;
  keys.gate = new Promise(done => { open = done; });
  const first = post(await tokenOf());
  await until('the door to ask for keys', () => keys.begun === 1);
  for (let i = 0; i < 20; i++) assert.equal((await service.request({path: '/privacy'})).status, 200);
  assert.equal(await count(), 0);
  open();
  keys.gate = null;
  assert.equal((await first).status, 200);
  assert.equal(await count(), 1);
  assert.equal(keys.asked, 1);
});

test('a valid token, and what it may add', async () => {
  await gets(200, await tokenOf());
  await gets(200, await tokenOf({nbf: undefined, jti: 'x', more: {a: 1}}));
  await gets(200, await tokenOf({serviceurl: ADDRESS.slice(0, -1)}));
});

test('no header, other schemes, several headers', async () => {
  const token = await tokenOf();
  for (const value of ['', 'Basic dTpw', 'bearer ' + token, 'Bearer  ' + token, 'Bearer ' + token + ' x', token, 'garbage']) {
    await gets(401, undefined, undefined, {Authorization: value}); // teams.apps: 200 for a token without scheme
  }
  await gets(401, null);
  await gets(401, undefined, undefined, {Authorization: ['Bearer ' + token, 'Bearer ' + token]});
  await gets(401, await tokenOf({pad: 'x'.repeat(8192)}));
});

test('issuers, audiences and addresses', async () => {
  for (const iss of ['https://sts.windows.net/' + TENANT + '/', 'https://login.microsoftonline.com/' + TENANT + '/v2.0', ISSUER + '/', 'https://api.botframework.us', undefined]) {
    await gets(401, await tokenOf({iss, appid: APP, azp: APP, ver: '1.0', tid: TENANT}));
  }
  for (const aud of ['other', [APP], [APP, 'x'], 'api://' + APP, 'api://botid-' + APP, undefined]) await gets(401, await tokenOf({aud})); // teams.apps: 200
  for (const serviceurl of ['https://smba.trafficmanager.net/amer/', ADDRESS.toUpperCase(), ADDRESS + '/', undefined]) await gets(401, await tokenOf({serviceurl}));
  await gets(401, await tokenOf({serviceurl: undefined, serviceUrl: ADDRESS}));
  for (const url of ['https://evil.example/', 'https://evil-smba.trafficmanager.net/', 'https://smba.trafficmanager.net.evil.com/', 'http://smba.trafficmanager.net/emea/', 'https://u@smba.trafficmanager.net/']) {
    await gets(401, await tokenOf({serviceurl: url}), activity({serviceUrl: url}));
  }
  assert.ok(service.log().includes('names an address that is not listed'));
});

test('times', async () => {
  await gets(200, await tokenOf({exp: now() - 290}));
  await gets(401, await tokenOf({exp: now() - 310}));
  await gets(200, await tokenOf({nbf: now() + 290}));
  await gets(401, await tokenOf({nbf: now() + 400})); // botbuilder: 500
  await gets(401, await tokenOf({exp: undefined})); // botbuilder and teams.apps: 200
  await gets(401, signedBy(good, 'sha256', {alg: 'RS256', kid: 'good'}, claims({exp: String(now() + 3600)})));
});

test('signatures and algorithms', async () => {
  const token = await tokenOf();
  const [head, body, signature] = token.split('.');
  await gets(401, [head, body, signature.startsWith('A') ? 'B' + signature.slice(1) : 'A' + signature.slice(1)].join('.'));
  await gets(401, [head, part(claims({exp: now() + 9999})), signature].join('.'));
  await gets(401, await tokenOf({}, {...next, kid: 'good'})); // another key under a known name
  await gets(401, new jose.UnsecuredJWT(claims()).encode()); // botbuilder: 500
  await gets(401, part({alg: 'none', kid: 'good'}) + '.' + part(claims()) + '.');
  await gets(401, part({alg: 'none', kid: 'good'}) + '.' + part(claims()) + '.AA');
  await gets(401, await tokenOf({}, rs384, {alg: 'RS384'})); // botbuilder: 200
  await gets(401, signedBy(good, 'sha384', {alg: 'RS384', kid: 'good'}, claims()));
  await gets(401, signedBy(good, 'sha512', {alg: 'RS256', kid: 'good'}, claims()));
  const pem = new TextEncoder().encode(await jose.exportSPKI(good.publicKey));
  await gets(401, await new jose.SignJWT(claims()).setProtectedHeader({alg: 'HS256', kid: 'good'}).sign(pem));
  await gets(401, await tokenOf({}, {...await makeKey('good', ['msteams'], 'PS256')}, {alg: 'PS256'}));
  await gets(401, signedBy(good, 'sha256', {alg: 'RS256', kid: 'good', crit: ['exp']}, claims()));
  await gets(401, signedBy(good, 'sha256', '{"alg":"RS256","kid":"good","alg":"RS256"}', claims()));
  await gets(401, signedBy(good, 'sha256', {alg: 'RS256', kid: 'good'}, JSON.stringify(claims()).replace('{', '{"aud":"other",')));
  await gets(401, signedBy(good, 'sha256', {alg: 'RS256', kid: 'good'}, '[]'));
  for (const text of ['a.b', 'a.b.c.d', '..', 'x', head + '.' + body + '.' + signature + '=', head + '.' + body + '.']) await gets(401, text);
});

test('keys that do not speak for Teams', async () => {
  await gets(403, await tokenOf({}, other)); // teams.apps: 200
  await gets(403, await tokenOf({}, bare)); // botbuilder for JavaScript: 200
  await gets(403, await tokenOf(), activity({channelId: 'webchat'}));
  await gets(403, await tokenOf(), activity({channelId: 'emulator'}));
});

test('bodies', async () => {
  const token = await tokenOf();
  for (const changes of [{type: ''}, {type: undefined}, {channelId: ''}, {channelId: undefined}, {serviceUrl: undefined}, {serviceUrl: ''}, {conversation: undefined},
    {conversation: {}}, {from: undefined}, {from: {id: 7}}]) await gets(400, token, activity(changes)); // botbuilder: 200 or 500
  for (const body of ['', '[]', 'null', '{', '{"type":"message","type":"invoke"}']) await gets(400, token, body);
  await gets(200, token, JSON.stringify(activity({text: 'x'.repeat(200 * 1024)})));
  await gets(413, token, JSON.stringify(activity({text: 'x'.repeat(256 * 1024)})));
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) assert.equal((await service.request({method, path: '/teams/messages'})).status, 405);
});

test('of two faults at once the first is told, and nothing of a body to somebody who has proven nothing', async () => {
  const token = await tokenOf(), forged = await tokenOf({}, {...next, kid: 'good'}), late = await tokenOf({exp: now() - 9999});
  const elsewhere = activity({serviceUrl: 'https://evil.example/'}), huge = '['.repeat(300 * 1024);
  for (const body of ['', '{', '{}', '[[[', elsewhere, activity({channelId: 'webchat'})]) {
    for (const bad of [null, 'x', forged, late]) await gets(401, bad, body); // botbuilder: 400 or 500 for the body
  }
  await gets(413, null, huge);
  await gets(413, forged, huge);
  await gets(413, token, huge);
  for (const body of ['{', '{}', activity({type: ''})]) await gets(400, await tokenOf({serviceurl: undefined}, other), body);
  await gets(403, await tokenOf({}, other), elsewhere);
  await gets(403, token, {...elsewhere, channelId: 'webchat'});
  await gets(401, token, elsewhere);
  assert.equal((await service.request({method: 'PUT', path: '/teams/messages', body: '{'})).status, 405);
});

test('other organisations get a polite nothing', async () => {
  const foreign = '44444444-0000-4000-8000-000000000002';
  const before = await count();
  for (const changes of [{conversation: {id: 'a:2', tenantId: foreign}, channelData: {tenant: {id: foreign}}}, {channelData: {tenant: {id: foreign}}},
    {conversation: {id: 'a:2'}, channelData: undefined}, {from: {id: '29:2'}}, {type: 'messageUpdate'}, {type: 'somethingNew'}]) {
    const answer = await post(await tokenOf(), activity(changes));
    assert.deepEqual([answer.status, answer.text], [200, '']);
  }
  assert.equal(await count(), before);
});

test('invokes', async () => {
  const press = {action: {type: 'Action.Execute', id: '', verb: 'go', data: {wb: {a: 'go', v: '', m: 'x', n: 1, t: 'tok'}}}, trigger: 'manual'};
  const token = await tokenOf();
  const before = await count();
  const answer = await post(token, activity({type: 'invoke', name: 'adaptiveCard/action', value: press}));
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(answer.json, {statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Working on it.'});
  assert.equal(await count(), before + 1);
  // the platform sends it again under a new id within a minute
  assert.equal((await post(token, activity({type: 'invoke', name: 'adaptiveCard/action', value: press}))).status, 200);
  assert.equal(await count(), before + 1);
  const unknown = await post(token, activity({type: 'invoke', name: 'composeExtension/query', value: {}}));
  assert.deepEqual([unknown.status, unknown.text], [501, '']);
  assert.equal((await post(token, activity({type: 'invoke', name: 'adaptiveCard/action', value: undefined}))).status, 400);
  assert.equal(await count(), before + 1);
});

test('the same activity is stored once', async () => {
  const body = activity();
  const before = await count();
  const answers = await Promise.all(Array.from({length: 8}, async () => post(await tokenOf(), body)));
  assert.deepEqual(answers.map(a => a.status), Array(8).fill(200));
  assert.equal(await count(), before + 1);
});

test('a flood of unknown keys is bounded, and a rotated key is taken', async () => {
  const asked = keys.asked;
  keys.set = {keys: [next.jwk]};
  await gets(200, await tokenOf({}, next));
  assert.equal(keys.asked, asked + 1);
  const statuses = await Promise.all(Array.from({length: 100}, async (_, i) => (await post(await tokenOf({}, {...good, kid: 'unknown-' + i}))).status));
  assert.ok(statuses.every(s => s === 401 || s === 503), String(statuses));
  assert.ok(statuses.includes(401), String(statuses));
  assert.ok(keys.asked <= asked + 4, `${keys.asked - asked} fetches`);
  await gets(401, await tokenOf({}, {...good, kid: 'unknown'}));
  await gets(401, await tokenOf({}, good));
  // and it goes on while there is nothing to fetch
  keys.status = 500;
  await gets(200, await tokenOf({}, next));
});

test('two headers, as bytes', async () => {
  const token = await tokenOf({}, next);
  const body = JSON.stringify(activity());
  const raw = lines => new Promise((done, fail) => {
    const socket = net.connect(service.port, '127.0.0.1', () => socket.end(['POST /teams/messages HTTP/1.1', 'Host: x', 'Connection: close', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')));
    let text = '';
    socket.on('data', d => { text += d; });
    socket.on('end', () => done(Number(text.split(' ')[1])));
    socket.on('error', fail);
  });
  assert.equal(await raw(['Authorization: Bearer ' + token, 'authorization: Bearer ' + token]), 401);
  assert.equal(await raw(['Authorization: Bearer ' + token, 'AUTHORIZATION: Basic dTpw']), 401);
  assert.equal(await raw(['Authorization: Bearer ' + token]), 200);
});

test('while there are no keys the log says so now and then, however often anybody asks', async () => {
  const broken = await startKeys();
  broken.status = 500;
  const blind = await startService({env: {
    WORKBOT_TEAMS_APP_ID: APP, WORKBOT_TEAMS_APP_SECRET: 'sample-teams-secret', WORKBOT_TEAMS_TENANT_ID: TENANT,
    WORKBOT_TEAMS_OPENID_URL: `http://${broken.host}/openid`, WORKBOT_TRUSTED_HTTP_HOSTS: broken.host,
  }});
  try {
    const began = Date.now(), token = await tokenOf();
    for (let i = 0; i < 60; i++) {
      const answer = await blind.request({method: 'POST', path: '/teams/messages', headers: {Authorization: 'Bearer ' + token}, body: activity()});
      assert.equal(answer.status, 503);
    }
    const lines = blind.log().split('\n').filter(l => /"message":"request failed"/.test(l));
    assert.ok(lines.length >= 1 && lines.length <= 1 + Math.ceil((Date.now() - began) / 10000), `${lines.length} lines`);
    assert.match(lines[0], /"code":"teams_no_keys"/);
  } finally {
    await blind.stop();
    broken.close();
  }
});

test('keys that never come: 503 in time, nothing kept, and the service still ends as it should', async () => {
  const hung = await startKeys();
  hung.gate = new Promise(() => {});
  const away = await startService({env: {
    WORKBOT_TEAMS_APP_ID: APP, WORKBOT_TEAMS_APP_SECRET: 'sample-teams-secret', WORKBOT_TEAMS_TENANT_ID: TENANT,
    WORKBOT_TEAMS_OPENID_URL: `http://${hung.host}/openid`, WORKBOT_TRUSTED_HTTP_HOSTS: hung.host,
  }});
  try {
    const send = async () => away.request({method: 'POST', path: '/teams/messages', headers: {Authorization: 'Bearer ' + await tokenOf()}, body: activity()});
    const began = Date.now();
    const answers = await Promise.all(Array.from({length: 12}, send));
    assert.deepEqual(answers.map(a => a.status), Array(12).fill(503));
    assert.ok(answers.every(a => Number(a.headers['retry-after']) > 0));
    assert.ok(Date.now() - began < 9000, 'within what Teams waits');
    assert.equal(hung.begun, 1);
    assert.equal(Number((await away.database.query('select count(*) n from job'))[0].n), 0);
    await until('it to be tried again', async () => { send().catch(() => {}); return hung.begun === 2; });
  } finally {
    assert.deepEqual(await away.stop(), {code: 0, signal: null}); // while one waits
    hung.close();
  }
});
