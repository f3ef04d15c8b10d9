// Two peers that nobody here wrote judge our Slack routes. This one: the official verifier and receiver of @slack/bolt
// get the same bytes as we do, some hundred good and bad requests, and must come to the same answer, but for the
// differences below: each is on purpose, has its reason, and must really be one.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {once} from 'node:events';
import net from 'node:net';
import {dirname, join} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {SLACK, startService} from '../lib/service.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const EVENTS = '/slack/events', INTERACTIONS = '/slack/interactions', COMMANDS = '/slack/commands', OPTIONS = '/slack/options';
const JSON_TYPE = 'application/json', FORM = 'application/x-www-form-urlencoded';

// what, our status, Bolt's status (0: it never answers), why ours is right
const DIFFERENCES = {
  future: [401, 200, 'Slack: the timestamp differs by at most five minutes, both ways; Bolt refuses old ones alone'],
  timestampForm: [401, 200, 'a timestamp is decimal text as it was signed; Bolt converts it to a number first'],
  signatureTail: [401, 200, 'a signature is v0= and 64 hex digits; Bolt ignores what stands behind a second ='],
  charset: [200, 400, 'a Content-Type may carry a charset; Bolt compares the whole header'],
  typeIsRoute: [200, 400, 'our route says what a body is, not its Content-Type'],
  notOurRoute: [400, 200, 'interactions and commands are forms; Bolt takes JSON anywhere'],
  formAsEvent: [400, 200, 'an event is a JSON object; Bolt takes any form anywhere'],
  otherApp: [403, 200, 'api_app_id must be ours: one Slack app a deployment'],
  noObject: [400, 200, 'a body that is no object is malformed; Bolt hands it on'],
  nullBody: [400, 0, 'Bolt fails outside of its handler and never answers'],
  payloadTwice: [400, 200, 'a payload given twice is malformed; Bolt takes the fields as they are'],
  payloadMissing: [400, 200, 'a form without its payload is malformed'],
  badEscape: [400, 200, 'a broken percent escape is malformed; Bolt keeps it as text'],
  duplicateKey: [400, 200, 'a JSON member given twice is malformed: who reads the first and who the last?'],
  nul: [400, 200, 'a NUL in a text is malformed: C strings and PostgreSQL end there'],
  deep: [400, 200, 'nesting has a bound'],
  rawBytes: [400, 401, 'we sign raw bytes and find broken UTF-8 after that; Bolt decodes first and refuses the signature'],
  challenge: [400, 200, 'a challenge that is no short text cannot be given back'],
  sslElsewhere: [401, 200, 'ssl_check is for command URLs alone; elsewhere every body is signed'],
  sslType: [200, 401, 'the probe is known by its one field; an empty 200 tells nobody anything'],
  method: [405, 404, 'the path is there, the method is not'],
  size: [413, 200, 'our bound is 1 MiB; Slack sends far less'],
};

let service, bolt, boltPort;
const now = () => Math.floor(Date.now() / 1000);
const sign = (body, timestamp, secret = SLACK.signingSecret) =>
  'v0=' + createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');

before(async () => {
  service = await startService({});
  bolt = spawn(process.execPath, [join(here, 'bolt_receiver.mjs'), SLACK.signingSecret], {stdio: ['ignore', 'pipe', 'inherit']});
  boltPort = Number(String((await once(bolt.stdout, 'data'))[0]));
});
after(async () => {
  bolt?.kill();
  if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null});
});

/** The bytes of a request: what both get. */
function bytes({path, method = 'POST', body, type = JSON_TYPE, headers}) {
  const head = [`${method} ${path} HTTP/1.1`, 'Host: bot.example', ...(type === null ? [] : [`Content-Type: ${type}`]), ...headers,
    `Content-Length: ${body.length}`, 'Connection: close', '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** Sends them; {status: 0} when nothing comes. */
function send(port, data, wait = 4000) {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1');
    const parts = [];
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      const [head, ...rest] = Buffer.concat(parts).toString().split('\r\n\r\n');
      const type = /^content-type: *([^;\r\n]*)/im.exec(head);
      let text = rest.join('\r\n\r\n');
      if (/^transfer-encoding: *chunked/im.test(head)) text = text.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '').trim();
      done({status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] || 0), type: type && type[1], text});
    };
    const timer = setTimeout(end, wait);
    socket.on('data', d => parts.push(d));
    socket.on('end', end);
    socket.on('error', end);
    socket.on('connect', () => socket.write(data));
  });
}

const headersOf = (timestamp, signature) => [`X-Slack-Request-Timestamp: ${timestamp}`, `X-Slack-Signature: ${signature}`];
/** A request of Slack's, changed by `more`. */
function request(path, body, more = {}) {
  const raw = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const timestamp = more.timestamp ?? now();
  return {path, body: raw, type: path === EVENTS ? JSON_TYPE : FORM,
    headers: headersOf(timestamp, sign(raw, more.signedAs ?? timestamp, more.secret)), ...more};
}

const event = (over = {}) => JSON.stringify({type: 'event_callback', team_id: 'T9NOBODY1', api_app_id: SLACK.appId, event_id: 'Ev' + Math.random().toString(36).slice(2), event_time: now(),
  authorizations: [{team_id: 'T9NOBODY1', user_id: 'U9BOT', is_bot: true}], event: {type: 'message', channel_type: 'im', channel: 'D9', user: 'U9', text: 'help naïve “quotes”', ts: '1700000000.000100'}, ...over});
const payload = (over = {}) => JSON.stringify({type: 'block_actions', api_app_id: SLACK.appId, team: {id: 'T9NOBODY1', domain: 'x'}, user: {id: 'U9', team_id: 'T9NOBODY1'}, trigger_id: '1.2.3',
  container: {type: 'message', message_ts: '1.2', channel_id: 'D9'}, channel: {id: 'D9', name: 'directmessage'}, actions: [{type: 'button', action_id: 'x', action_ts: '1.1', value: 'a+b c&d'}], ...over});
const form = fields => new URLSearchParams(fields).toString();
const command = (over = {}) => form({team_id: 'T9NOBODY1', user_id: 'U9', channel_id: 'D9', command: '/workbot', text: 'help a+b %2B ü', api_app_id: SLACK.appId, is_enterprise_install: 'false', trigger_id: '1.2.3', ...over});

const GOOD = [
  ...[event(), event({event: {type: 'app_uninstalled'}}), event({event: {type: 'message', subtype: 'message_changed', hidden: true}}), event({type: 'app_rate_limited'}), event({type: 'never_heard_of'}),
    JSON.stringify({type: 'url_verification', token: 'x', challenge: 'abc123'}), '{}'].map(body => [EVENTS, body]),
  ...[payload(), payload({type: 'view_closed'}), payload({type: 'shortcut', callback_id: 'x'}), payload({type: 'never_heard_of'}), payload({team: null, is_enterprise_install: true, enterprise: {id: 'E9', name: 'x'}})]
    .map(p => [INTERACTIONS, form({payload: p})]),
  [INTERACTIONS, form({payload: payload({type: 'view_submission', view: {id: 'V9', type: 'modal', callback_id: 'wb:x', hash: '1.a', private_metadata: '', app_installed_team_id: 'T9NOBODY1', state: {values: {}}}})})],
  [OPTIONS, form({payload: payload({type: 'block_suggestion', action_id: 'x', block_id: 'y', value: 'z', container: {type: 'view', view_id: 'V9'}})})],
  ...[command(), command({text: ''}), command({text: 'two\nlines'}), 'command=%2Fworkbot&text=a%2Bb+c&user_id=U9&channel_id=D9&team_id=T9NOBODY1'].map(body => [COMMANDS, body]),
];

const cases = [];
/** name; the request made at the moment it is sent; the name of a difference. */
const add = (name, make, difference) => cases.push({name, make, difference});

for (const [i, [path, body]] of GOOD.entries()) {
  const it = `${path} #${i}`;
  add(`${it}: good`, () => request(path, body));
  for (const num of [1, 2, 3]) add(`${it}: retry ${num}`, () => { const r = request(path, body); r.headers.push(`X-Slack-Retry-Num: ${num}`, 'X-Slack-Retry-Reason: http_timeout'); return r; });
  const signature = (what, change, difference) => add(`${it}: signature ${what}`, () => {
    const t = now(), s = sign(Buffer.from(body), t);
    return request(path, body, {headers: change(t, s)});
  }, difference);
  signature('in upper case', (t, s) => headersOf(t, s.slice(0, 3) + s.slice(3).toUpperCase()));
  signature('of another version', (t, s) => headersOf(t, s.replace('v0', 'v1')));
  signature('with V0', (t, s) => headersOf(t, s.replace('v0', 'V0')));
  signature('without version', (t, s) => headersOf(t, s.slice(3)));
  signature('cut', (t, s) => headersOf(t, s.slice(0, -1)));
  signature('too long', (t, s) => headersOf(t, s + '0'));
  signature('empty', t => headersOf(t, ''));
  signature('v0= alone', t => headersOf(t, 'v0='));
  signature('changed', (t, s) => headersOf(t, s.slice(0, -1) + (s.endsWith('0') ? '1' : '0')));
  signature('missing', t => headersOf(t, '').slice(0, 1));
  signature('twice the same', (t, s) => [...headersOf(t, s), `X-Slack-Signature: ${s}`]);
  signature('twice, first good', (t, s) => [...headersOf(t, s), 'X-Slack-Signature: v0=00']);
  signature('twice, last good', (t, s) => ['X-Slack-Signature: v0=00', ...headersOf(t, s)]);
  signature('with a tail', (t, s) => headersOf(t, s + '=x'), 'signatureTail');
  signature('in another case of its header', (t, s) => [`x-SLACK-request-TIMESTAMP: ${t}`, `x-slack-signature: ${s}`]);
  signature('of another secret', t => headersOf(t, sign(Buffer.from(body), t, 'sample-other-secret')));
  signature('of another body', t => headersOf(t, sign(Buffer.from(body + ' '), t)));
  signature('without any header', () => []);
  const timestamp = (what, make, difference) => add(`${it}: timestamp ${what}`, () => request(path, body, make()), difference);
  timestamp('295 s old', () => ({timestamp: now() - 295}));
  timestamp('305 s old', () => ({timestamp: now() - 305}));
  timestamp('a day old', () => ({timestamp: now() - 86400}));
  timestamp('295 s ahead', () => ({timestamp: now() + 295}));
  timestamp('310 s ahead', () => ({timestamp: now() + 310}), 'future');
  timestamp('of another moment than signed', () => ({signedAs: now() - 10}));
  timestamp('no number', () => ({timestamp: 'now'}));
  timestamp('empty', () => ({timestamp: ''}));
  timestamp('negative', () => ({timestamp: -now()}));
  timestamp('in milliseconds', () => ({timestamp: Date.now()}), 'future');
  timestamp('with a sign', () => ({timestamp: '+' + now(), signedAs: now()}), 'timestampForm');
  timestamp('with a fraction', () => ({timestamp: now() + '.0', signedAs: now()}), 'timestampForm');
  timestamp('with zeros before', () => ({timestamp: '0' + now(), signedAs: now()}), 'timestampForm');
  timestamp('in hexadecimal', () => ({timestamp: '0x' + now().toString(16), signedAs: now()}), 'timestampForm');
  add(`${it}: timestamp missing`, () => request(path, body, {headers: headersOf(now(), sign(Buffer.from(body), now())).slice(1)}));
  add(`${it}: timestamp twice`, () => { const t = now(); return request(path, body, {headers: [...headersOf(t, sign(Buffer.from(body), t)), `X-Slack-Request-Timestamp: ${t}`]}); });
}

// what stands in a good signature's body
const bodies = (path, list, difference) => list.forEach(body => add(`${path}: body ${String(body).slice(0, 40)}`, () => request(path, body), difference));
bodies(EVENTS, ['', '{', '{"type":', '[', 'type=event_callback', '\ufeff{}', "{'a':1}", '{}{}', 'nul', '{"a":tru}', '<xml/>', '\0']);
bodies(EVENTS, ['[]', '"x"', '1', 'true', '[{"type":"event_callback"}]'], 'noObject');
bodies(EVENTS, ['null', ' null '], 'nullBody');
bodies(EVENTS, ['{"type":"a","type":"b"}'], 'duplicateKey');
bodies(EVENTS, ['{"type":"a\\u0000b"}'], 'nul');
bodies(EVENTS, ['{"a":'.repeat(5000) + '1' + '}'.repeat(5000)], 'deep');
bodies(EVENTS, [Buffer.from('{"type":"\xff"}', 'latin1'), Buffer.from('{"type":"caf\xe9"}', 'latin1')], 'rawBytes');
bodies(EVENTS, ['{"type":"url_verification"}', '{"type":"url_verification","challenge":7}', `{"type":"url_verification","challenge":"${'x'.repeat(1001)}"}`], 'challenge');
bodies(EVENTS, [event({api_app_id: 'A0OTHER00'})], 'otherApp');
bodies(EVENTS, [event({x: 'x'.repeat(900000)})]);
bodies(EVENTS, [event({x: 'x'.repeat(1100000)})], 'size');
bodies(INTERACTIONS, ['payload=', 'payload=%7B', 'payload=x', 'payload=%EF%BB%BF%7B%7D']);
for (const path of [INTERACTIONS, OPTIONS]) bodies(path, ['', 'text=x', 'payloads=%7B%7D'], 'payloadMissing');
bodies(INTERACTIONS, ['payload=1', 'payload=%22x%22', 'payload=%5B%5D', 'payload=true'], 'noObject');
bodies(INTERACTIONS, ['payload=null'], 'nullBody');
bodies(INTERACTIONS, ['payload=%7B%7D&payload=%7B%7D', 'payload=%7B%7D&p%61yload=%7B%7D'], 'payloadTwice');
bodies(INTERACTIONS, ['payload=%7B%7D%']);
bodies(INTERACTIONS, ['payload=%7B%22a%22:%22%zz%22%7D'], 'badEscape');
bodies(INTERACTIONS, [form({payload: payload({api_app_id: 'A0OTHER00'})})], 'otherApp');
bodies(INTERACTIONS, [form({payload: '{"a":1,"a":2}'})], 'duplicateKey');
bodies(COMMANDS, ['text=%zz&user_id=U9', 'text=100%&user_id=U9'], 'badEscape');
bodies(COMMANDS, [command({api_app_id: 'A0OTHER00'})], 'otherApp');
bodies(COMMANDS, ['', 'x', '&&&', '=', 'text=+%2B+']);

// the type of a body
const typed = (path, body, type, difference) => add(`${path}: Content-Type ${type}`, () => request(path, body, {type}), difference);
for (const type of [JSON_TYPE, 'application/json; charset=utf-8', 'text/plain', null, 'application/octet-stream', 'APPLICATION/JSON']) typed(EVENTS, event(), type);
typed(EVENTS, event(), FORM);
typed(EVENTS, 'type=event_callback', FORM, 'formAsEvent');
for (const type of [FORM + '; charset=utf-8', FORM + ';charset=UTF-8', 'Application/X-WWW-Form-Urlencoded']) {
  typed(INTERACTIONS, form({payload: payload()}), type, 'charset');
  typed(COMMANDS, command(), type, 'charset');
}
for (const type of ['text/plain', null]) typed(COMMANDS, command(), type, 'typeIsRoute');
typed(INTERACTIONS, payload(), JSON_TYPE, 'notOurRoute');

// the probe of command URLs, unsigned
const probe = (path, body, more, difference) => add(`${path}: unsigned ${body} ${more.type || ''}`, () => request(path, body, {headers: [], ...more}), difference);
for (const body of ['ssl_check=1', 'ssl_check=1&token=x', 'ssl_check=1&payload=%7B%22type%22%3A%22block_actions%22%7D', 'ssl_check=1&command=%2Fworkbot&text=disconnect', 'token=x&ssl_check=1', 'ssl%5Fcheck=1']) {
  probe(COMMANDS, body, {type: FORM});
  probe(INTERACTIONS, body, {type: FORM}, 'sslElsewhere');
  probe(EVENTS, body, {type: FORM}, 'sslElsewhere');
}
for (const body of ['ssl_check=0', 'ssl_check=true', 'ssl_check=', 'ssl_check=11', 'ssl_check=1&ssl_check=1', 'ssl_check=1&ssl_check=0', 'ssl_check=+1', 'SSL_CHECK=1', 'x=ssl_check=1', '']) {
  for (const path of [COMMANDS, INTERACTIONS]) probe(path, body, {type: FORM});
}
probe(COMMANDS, 'ssl_check=1', {type: JSON_TYPE}, 'sslType');
probe(COMMANDS, 'ssl_check=1', {type: FORM + '; charset=utf-8'}, 'sslType');
add('a signed probe', () => request(COMMANDS, 'ssl_check=1'));

for (const path of [EVENTS, INTERACTIONS, COMMANDS, OPTIONS]) {
  for (const method of ['PUT', 'DELETE', 'PATCH']) add(`${method} ${path}`, () => request(path, '{}', {method}), 'method');
  add(`${path}x`, () => request(path + 'x', '{}'));
  add(`${path}?x=1`, () => request(path + '?x=1', path === EVENTS ? event() : path === COMMANDS ? command() : form({payload: payload()})));
}
add('compressed', () => { const r = request(EVENTS, Buffer.from('1f8b0800000000000003', 'hex')); r.headers.push('Content-Encoding: gzip'); return r; }, 'rawBytes');

// one byte changed anywhere after signing: always the same numbers
let seed = 20260601;
const random = n => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
for (let i = 0; i < 150; i++) {
  const [path, body] = GOOD[random(GOOD.length)];
  const at = random(Buffer.byteLength(body)), to = 32 + random(95);
  add(`byte ${at} of ${path} #${i} becomes ${to}`, () => {
    const r = request(path, body), changed = Buffer.from(r.body);
    changed[at] = changed[at] === to ? to ^ 1 : to;
    return {...r, body: changed};
  });
}

test('Bolt and Workbot give the same answer to the same bytes, but for the listed differences', {timeout: 240000}, async () => {
  const used = new Set(), wrong = [];
  const tally = {};
  for (let i = 0; i < cases.length; i += 8) {
    await Promise.all(cases.slice(i, i + 8).map(async ({name, make, difference}) => {
      const data = bytes(make());
      const [mine, other] = await Promise.all([send(service.port, data), send(boltPort, data, difference === 'nullBody' ? 600 : 4000)]);
      const [ours, theirs] = difference ? DIFFERENCES[difference] : [mine.status, mine.status];
      if (difference) used.add(difference);
      if (mine.status !== ours || other.status !== theirs || mine.status === 0 || mine.status >= 500) {
        wrong.push(`${name}: ours ${mine.status}, Bolt ${other.status}${difference ? `, listed as ${difference}` : ''}`);
      }
      tally[mine.status] = (tally[mine.status] || 0) + 1;
    }));
  }
  assert.deepEqual(wrong, [], `${wrong.length} of ${cases.length}`);
  assert.deepEqual(Object.keys(DIFFERENCES).filter(d => !used.has(d)), [], 'a listed difference that no request shows');
  assert.ok(cases.length > 500, `${cases.length} requests`);
  assert.ok(tally[200] > 80 && tally[401] > 300, JSON.stringify(tally));
});

test('both give the challenge back', async () => {
  for (const challenge of ['abc123', '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P', 'a"b\\c', 'ü€😀']) {
    const data = bytes(request(EVENTS, JSON.stringify({type: 'url_verification', token: 'x', challenge})));
    const [mine, other] = await Promise.all([send(service.port, data), send(boltPort, data)]);
    const read = r => (r.type === JSON_TYPE ? JSON.parse(r.text).challenge : r.text);
    assert.deepEqual([mine.status, read(mine), read(other)], [200, challenge, challenge]);
  }
});

test('what Bolt and we answer at once is empty', async () => {
  for (const [path, body] of GOOD.filter(([p, b]) => p !== OPTIONS && !/url_verification|view_submission/.test(b))) {
    const data = bytes(request(path, body));
    const [mine, other] = await Promise.all([send(service.port, data), send(boltPort, data)]);
    assert.deepEqual([mine.status, mine.text, other.text], [200, '', ''], body);
  }
});
