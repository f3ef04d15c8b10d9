// The door of apps from outside: every sender's proof made here, by node alone, and every refusal.
// What is refused leaves nothing behind (P14); what is answered 2xx is committed (P1).
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import {after, before, test} from 'node:test';
import {openapi} from './support.mjs';
import {startService, until} from '../lib/service.mjs';

const W = '/v1/workspaces/slack:T0ACME001';
const ORGANIZATION = '00Dx0000000BV7z';
const KEYS = {primary: 'sample-box-primary-key', secondary: 'sample-box-secondary-key'};
const ACK = '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">' +
  '<soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';

let service, hooks = {}, n = 0;
const put = async (name, body) => {
  const answer = await service.api('PUT', `${W}/hooks/${name}`, body);
  assert.ok([200, 201].includes(answer.status), answer.text);
  return answer.json;
};
before(async () => {
  service = await startService({env: {WORKBOT_TRUSTED_PROXIES: '127.0.0.1'}});
  assert.equal((await service.api('PUT', W, {name: 'Acme', installer: 'U0BEN0001'})).status, 201);
  hooks.json = await put('plain', {kind: 'json', event_id: {path: 'id'}});
  hooks.nameless = await put('nameless', {kind: 'json'});
  hooks.hmac = await put('signed', {kind: 'json', secret: 'sample-hmac-secret-0001', event_id: {header: 'X-Event'},
    verify: {by: 'hmac', header: 'X-Sum', prefix: 'sha256=', timestamp_header: 'X-Time'}});
  hooks.servicenow = await put('now', {kind: 'servicenow'});
  hooks.box = await put('box', {kind: 'box', primary_key: KEYS.primary, secondary_key: KEYS.secondary});
  hooks.salesforce = await put('deals', {kind: 'salesforce_outbound', organization_id: ORGANIZATION + 'EAG'});
});
after(async () => {
  if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null});
});

const rows = async where => Number((await service.database.query(`select count(*) from job where kind = 'hook_event' and ${where || 'true'}`))[0].count);
const settled = () => until('the jobs to be done', async () => await rows("state <> 'done'") === 0);
const path = url => new URL(url).pathname;

/** One message; its answer is held against openapi.yaml. Each test may have a network of its own. */
async function send(url, body, headers = {}, {from = '10.1.0.1', method = 'POST'} = {}) {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const answer = await service.request({method, path: url.startsWith('http') ? path(url) : url, body: text,
    headers: {'Content-Type': 'application/json', 'X-Forwarded-For': from, ...headers}});
  const operation = openapi.find('POST', '/hooks/x');
  if (method === 'POST') assert.deepEqual(openapi.faults(operation, answer), []);
  return answer;
}
/** It is refused with this status and, but for 401, this code, and leaves no row. */
async function refused(status, code, ...message) {
  const before = await rows();
  const answer = await send(...message);
  assert.equal(answer.status, status, answer.text);
  if (status === 401) assert.equal(answer.text, '', 'who proves nothing learns nothing');
  else assert.equal(answer.json?.code, code);
  assert.equal(await rows(), before, 'nothing is stored');
  return answer;
}
const secret = (hook, value) => ({'X-Workbot-Secret': value ?? hook.secret});
const hmac = (body, {time = Math.floor(Date.now() / 1000), key = 'sample-hmac-secret-0001', event = 'e' + ++n} = {}) => ({
  'X-Time': String(time), 'X-Event': event,
  'X-Sum': 'sha256=' + crypto.createHmac('sha256', key).update(`${time}.${body}`).digest('hex')});
const boxHeaders = (body, {at = new Date(), primary = KEYS.primary, secondary = KEYS.secondary, version = '1', algorithm = 'HmacSHA256'} = {}) => {
  const time = at.toISOString().replace(/\.\d+Z$/, '-00:00');
  const sum = key => crypto.createHmac('sha256', key).update(body).update(time).digest('base64');
  return {'BOX-DELIVERY-ID': crypto.randomUUID(), 'BOX-DELIVERY-TIMESTAMP': time, 'BOX-SIGNATURE-VERSION': version,
    'BOX-SIGNATURE-ALGORITHM': algorithm, 'BOX-SIGNATURE-PRIMARY': sum(primary), 'BOX-SIGNATURE-SECONDARY': sum(secondary)};
};
const XML = {'Content-Type': 'text/xml; charset=UTF-8', SOAPAction: '""'};
const note = id => `<Notification><Id>${id}</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>006D000000QOMqeIAH</sf:Id><sf:Name>Acme</sf:Name></sObject></Notification>`;
const soap = (ids, organization = ORGANIZATION, before = '') => `<?xml version="1.0" encoding="UTF-8"?>${before}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organization}</OrganizationId><ActionId>04kx00000004CqU</ActionId><SessionId>sample-session</SessionId><EnterpriseUrl>https://acme.my.salesforce.com</EnterpriseUrl><PartnerUrl>https://acme.my.salesforce.com</PartnerUrl>${ids.map(note).join('')}</notifications></soapenv:Body></soapenv:Envelope>`;

test('a secret in a header: taken once, whoever tells it how often', async () => {
  for (let i = 0; i < 3; i++) {
    const answer = await send(hooks.json.url, {id: 'a-1', deal: 'Acme'}, secret(hooks.json));
    assert.deepEqual([answer.status, answer.json], [200, {received: true}]);
  }
  assert.equal(await rows("key2 like 'hook:%:a-1'"), 1);
  assert.equal((await send(hooks.servicenow.url, {id: 'sys-1', state: 'requested'}, secret(hooks.servicenow))).status, 200);
  assert.equal(await rows("key2 like 'hook:%:sys-1'"), 1);
  await settled();
  assert.equal(await rows('payload is not null'), 0, 'what was done is told to nobody any more');
});

test('the same id of two hooks is two events', async () => {
  const other = await put('plain-too', {kind: 'json', event_id: {path: 'id'}});
  for (const hook of [hooks.json, other]) assert.equal((await send(hook.url, {id: 'both'}, secret(hook))).status, 200);
  assert.equal(await rows("key2 like 'hook:%:both'"), 2);
});

test('without an id the same bytes are one event for a day', async () => {
  const before = await rows();
  for (const body of ['{"down":true}', '{"down":true}', '{"down":false}', '{"down":true} ']) {
    assert.equal((await send(hooks.nameless.url, body, secret(hooks.nameless))).status, 200);
  }
  assert.equal(await rows(), before + 3);
});

test('an HMAC over time and body', async () => {
  const body = '{"deal":"Acme"}';
  assert.equal((await send(hooks.hmac.url, body, hmac(body, {event: 'once'}))).status, 200);
  assert.equal((await send(hooks.hmac.url, body, hmac(body, {event: 'once'}))).status, 200);
  assert.equal(await rows("key2 like 'hook:%:once'"), 1);
  const now = Math.floor(Date.now() / 1000);
  await refused(401, null, hooks.hmac.url, body, hmac(body, {key: 'another'}));
  await refused(401, null, hooks.hmac.url, body + ' ', hmac(body));
  await refused(401, null, hooks.hmac.url, body, hmac(body, {time: now - 400}));
  await refused(401, null, hooks.hmac.url, body, hmac(body, {time: now + 400}));
  await refused(401, null, hooks.hmac.url, body, {...hmac(body), 'X-Time': String(now - 1)});
  await refused(401, null, hooks.hmac.url, body, {'X-Event': 'x'});
});

test('apps_trap_16_webhook_keys: Box is proven by either key, in ten minutes', async () => {
  const body = '{"type":"webhook_event","id":"eb0c4e06-751f-442c-86f8-fd5bb404dbec","trigger":"FILE.UPLOADED"}';
  for (const headers of [boxHeaders(body), boxHeaders(body, {primary: 'rotated-meanwhile'}), boxHeaders(body, {secondary: 'rotated-meanwhile'})]) {
    assert.equal((await send(hooks.box.url, body, headers)).status, 200);
  }
  assert.equal(await rows("key2 like 'hook:%:eb0c4e06%'"), 1, 'the delivery id is new each time, the event is not');
  const ago = ms => new Date(Date.now() - ms);
  for (const wrong of [{primary: 'a', secondary: 'b'}, {at: ago(11 * 60e3)}, {at: ago(-11 * 60e3)}, {version: '2'}, {algorithm: 'HmacSHA1'}]) {
    await refused(401, null, hooks.box.url, body, boxHeaders(body, wrong), {from: '10.1.0.2'});
  }
  await refused(401, null, hooks.box.url, body.replace('UPLOADED', 'DELETED'), boxHeaders(body), {from: '10.1.0.2'});
});

test('apps_trap_17_acknowledged: Salesforce is acknowledged byte by byte, and once for each notification', async () => {
  const ids = Array.from({length: 100}, (_, i) => '04lx0000000' + String(i).padStart(4, '0'));
  for (let i = 0; i < 2; i++) {
    const answer = await send(hooks.salesforce.url, soap(ids), XML);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'text/xml; charset=utf-8');
    assert.equal(answer.text, ACK);
  }
  assert.equal(await rows("key2 like 'hook:%:04lx0000000%'"), 100);
  // one of them again, together with a new one
  assert.equal((await send(hooks.salesforce.url, soap([ids[7], '04lnew']), XML)).text, ACK);
  assert.equal(await rows("key2 like 'hook:%:04l%'"), 101);
  await refused(400, 'hook_body', hooks.salesforce.url, soap([...ids, 'one-more']), XML);
  await refused(400, 'hook_body', hooks.salesforce.url, soap([]), XML);
  await refused(401, null, hooks.salesforce.url, soap(['x1'], '00Dx0000000EVIL'), XML);
});

test('apps_trap_17_bombs: document types, entities, depth and size of SOAP are refused', async () => {
  const bomb = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">' + Array.from({length: 20}, (_, i) => `<!ENTITY a${i} "&a;&a;&a;&a;&a;&a;&a;&a;">`).join('') + ']>';
  const began = Date.now();
  await refused(400, 'hook_body', hooks.salesforce.url, soap(['b1'], ORGANIZATION, bomb), XML);
  await refused(400, 'hook_body', hooks.salesforce.url, soap(['b1'], ORGANIZATION, '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/">'), XML);
  await refused(400, 'hook_body', hooks.salesforce.url, '<a>'.repeat(30000) + '</a>'.repeat(30000), XML);
  await refused(400, 'hook_body', hooks.salesforce.url, soap(['b1']).slice(0, -20), XML);
  await refused(413, 'too_large', hooks.salesforce.url, ' '.repeat(256 * 1024 + 1), XML);
  await refused(415, 'hook_type', hooks.salesforce.url, soap(['b1']), {'Content-Type': 'application/json'});
  assert.ok(Date.now() - began < 5000, 'none of it costs time');
});

test('JSON that is not, is too deep, too large or of another type', async () => {
  const key = secret(hooks.json);
  for (const body of ['', '7', '"text"', '{"a":1', '{"a":1,"a":2}', '['.repeat(80) + ']'.repeat(80), Buffer.from([0x22, 0xff, 0x22])]) {
    await refused(400, 'hook_body', hooks.json.url, body, key);
  }
  await refused(413, 'too_large', hooks.json.url, `{"a":"${'x'.repeat(256 * 1024)}"}`, key);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=iso-8859-1']) {
    await refused(415, 'hook_type', hooks.json.url, '{}', {...key, 'Content-Type': type});
  }
  assert.equal((await send(hooks.json.url, `{"id":"large","a":"${'x'.repeat(250 * 1024)}"}`, key)).status, 200);
});

test('who has not the address, or not the secret, learns nothing', async () => {
  const from = {from: '10.1.0.3'};
  const [route, handle] = path(hooks.json.url).slice('/hooks/'.length).split('.');
  const there = await refused(404, 'hook_unknown', `/hooks/${route}.${handle}.${'0'.repeat(64)}`, '{}', secret(hooks.json), from);
  const outbound = path(hooks.salesforce.url);
  for (const p of [`/hooks/${route}.${'0'.repeat(32)}`, `/hooks/${'0'.repeat(16)}.${handle}`, '/hooks/x', '/hooks/' + 'x'.repeat(3000), `/hooks/${route}.${handle}.`,
    `/hooks/${route}.${handle}0`, `/hooks/${route}.${handle.toUpperCase()}F`, outbound.slice(0, -65), outbound.slice(0, -1) + (outbound.endsWith('0') ? '1' : '0'), outbound + '0']) {
    const answer = await refused(404, 'hook_unknown', p, soap(['s1']), XML, from);
    assert.deepEqual({...answer.json, request_id: 0}, {...there.json, request_id: 0}, 'all alike: ' + p);
  }
  for (const wrong of ['', 'wrong', hooks.json.secret.slice(1), hooks.json.secret + '0', hooks.nameless.secret]) {
    await refused(401, null, hooks.json.url, '{}', secret(null, wrong), from);
  }
  await refused(401, null, hooks.json.url, '{}', {}, from);
  await refused(401, null, hooks.json.url, '{}', {'X-Workbot-Secret': [hooks.json.secret, hooks.json.secret]}, from);
  for (const method of ['GET', 'PUT', 'DELETE']) assert.equal((await send(hooks.json.url, '{}', {}, {method, ...from})).status, 405);
});

test('switched off, deleted, or of a workspace that is gone: 404 all alike', async () => {
  const from = {from: '10.1.0.4'}, made = await put('short-lived', {kind: 'json'});
  const say = (status, code) => status === 200
    ? send(made.url, {n: ++n}, secret(made), from).then(a => assert.equal(a.status, 200))
    : refused(status, code, made.url, {n: ++n}, secret(made), from);
  await say(200);
  await put('short-lived', {enabled: false});
  await say(404, 'hook_unknown');
  await put('short-lived', {enabled: true});
  await say(200);
  await service.database.query("update workspace set state = 'removed' where workspace = 'slack:T0ACME001'");
  await say(404, 'hook_unknown');
  await service.database.query("update workspace set state = 'active' where workspace = 'slack:T0ACME001'");
  await say(200);
  assert.equal((await service.api('DELETE', `${W}/hooks/short-lived`)).status, 204);
  await say(404, 'hook_unknown');
});

test('a rotated secret has an overlap, and an address has one too', async () => {
  const from = {from: '10.1.0.5'}, made = await put('turned', {kind: 'json'}), address = await put('turned-too', {kind: 'salesforce_outbound', organization_id: ORGANIZATION});
  const rotate = async (name, body) => (await service.api('POST', `${W}/hooks/${name}/rotate`, body)).json;
  const next = await rotate('turned'), moved = await rotate('turned-too');
  for (const key of [made.secret, next.secret]) assert.equal((await send(made.url, {n: ++n}, secret(null, key), from)).status, 200);
  for (const url of [address.url, moved.url]) assert.equal((await send(url, soap(['r' + ++n]), XML, from)).text, ACK);
  const last = await rotate('turned'), third = await rotate('turned-too', {overlap_s: 0});
  await refused(401, null, made.url, {n: ++n}, secret(null, made.secret), from);
  for (const key of [next.secret, last.secret]) assert.equal((await send(made.url, {n: ++n}, secret(null, key), from)).status, 200);
  for (const url of [address.url, moved.url]) await refused(404, 'hook_unknown', url, soap(['r' + ++n]), XML, from);
  assert.equal((await send(third.url, soap(['r' + ++n]), XML, from)).text, ACK);
  // its time is over: the row says so, whoever looks at it
  const short = await rotate('turned', {overlap_s: 1});
  await until('the overlap to end', async () => (await send(made.url, {n: ++n}, secret(null, last.secret), from)).status === 401);
  assert.equal((await send(made.url, {n: ++n}, secret(null, short.secret), from)).status, 200);
});

test('whoever guesses is slowed down, and the genuine sender of the same network is not', async () => {
  const from = {from: '10.1.0.6'};
  const key = secret(hooks.json);
  assert.equal((await send(hooks.json.url, {id: 'g0'}, key, from)).status, 200);
  const answers = [];
  for (let i = 0; i < 70; i++) answers.push((await send(hooks.nameless.url, '{}', secret(null, 'wrong-' + i), from)).status);
  assert.equal(answers.filter(s => s === 401).length, 60);
  assert.equal(answers.at(-1), 429);
  assert.ok(Number((await send(hooks.nameless.url, '{}', secret(null, 'wrong'), from)).headers['retry-after']) > 0);
  assert.equal((await send(hooks.json.url, {id: 'g1'}, key, from)).status, 200, 'it has proven itself');
  assert.equal((await send(hooks.nameless.url, {n: ++n}, secret(hooks.nameless), {from: '10.1.0.7'})).status, 200, 'another network');
});

test('of one hook so much a minute is taken', async () => {
  const busy = await put('busy', {kind: 'json', event_id: {path: 'id'}});
  const statuses = {};
  const one = async i => { const {status} = await send(busy.url, {id: 'm' + i % 50}, secret(busy), {from: '10.1.0.8'}); statuses[status] = (statuses[status] ?? 0) + 1; };
  for (let i = 0; i < 1300; i += 50) await Promise.all(Array.from({length: 50}, (_, k) => one(i + k)));
  assert.deepEqual(statuses, {200: 1200, 429: 100});
  assert.equal((await send(hooks.json.url, {id: 'other'}, secret(hooks.json))).status, 200, 'others are not kept back');
});

test('without a database nothing is acknowledged, and what is told again is taken once', async () => {
  await settled(); // a job whose commit is done, and whose answer is cut here, would be done and not counted
  await service.database.refuse();
  const answer = await send(hooks.json.url, {id: 'later'}, secret(hooks.json));
  assert.equal(answer.status, 503);
  assert.match(answer.headers['retry-after'], /^\d+$/);
  assert.equal((await send(hooks.salesforce.url, soap(['later-1']), XML)).status, 503);
  await service.database.allow();
  await until('it to be taken', async () => (await send(hooks.json.url, {id: 'later'}, secret(hooks.json))).status === 200);
  assert.equal(await rows("key2 like 'hook:%:later'"), 1);
});

test('a sender that hangs up, or sends half, stores nothing', async () => {
  const before = await rows();
  const cut = text => new Promise(done => {
    const socket = net.connect(service.port, '127.0.0.1', () => socket.write(text, () => socket.destroy()));
    socket.on('close', done);
    socket.on('error', done);
  });
  await cut(`POST ${path(hooks.json.url)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Workbot-Secret: ${hooks.json.secret}\r\nContent-Length: 100\r\n\r\n{"id":"half"`);
  assert.equal((await send(hooks.json.url, {id: 'whole'}, secret(hooks.json))).status, 200);
  assert.equal(await rows(), before + 1);
});

test('metrics tell what came and what was refused; the log tells no secret', async () => {
  await settled();
  const metrics = async () => {
    const {text} = await service.ops('/metrics');
    return line => Number(new RegExp('^' + line.replace(/[{}"]/g, '\\$&') + ' (\\d+)$', 'm').exec(text)?.[1] ?? 0);
  };
  // a job is done when its rows are, and counts after that
  const counted = async () => (await metrics())('workbot_hook_events_total{result="no_recipe"}');
  await until('each to be counted', async () => await counted() === await rows()).catch(async e => {
    throw new Error(`${e.message}: ${await counted()} of ${await rows()}`);
  });
  const value = await metrics();
  for (const kind of ['json', 'servicenow', 'box', 'salesforce_outbound']) assert.ok(value(`workbot_events_total{chat="hook",kind="${kind}"}`) > 0, kind);
  for (const reason of ['hook_unknown', 'hook_secret', 'signature', 'timestamp', 'organization', 'hook_type', 'body', 'hook_rate']) {
    assert.ok(value(`workbot_refused_total{reason="${reason}"}`) > 0, reason);
  }
  assert.ok(value('workbot_acks_total{chat="hook"}') > 200);
  assert.ok(value('workbot_duplicates_total{chat="hook"}') > 100);
  const log = service.log();
  assert.match(log, /a message of an app was refused/);
  for (const word of [hooks.json.secret, hooks.hmac.secret, 'sample-hmac-secret', KEYS.primary, hooks.salesforce.url.slice(-64), hooks.salesforce.url.slice(-97, -65), 'sample-session']) {
    assert.ok(!log.includes(word), 'the log tells a secret');
  }
});
