// P14: every input has a bound at the door; hostile input gets a clear 4xx and leaves nothing behind.
import assert from 'node:assert/strict';
import net from 'node:net';
import {after, before, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, start, until} from '../lib/flow.mjs';

// not the workspace: a chore of the janitor plans its next comparison there
const TABLES = ['job', 'run', 'login', 'oauth_state', 'connection', 'message', 'chat_user', 'recipe', 'default_connection', 'audit'];
const now = () => Math.floor(Date.now() / 1000);

describe('P14 hostile input', () => {
  let w;
  before(async () => {
    w = await start();
    await w.idle();
  });
  after(() => w?.stop());

  /** Each request is refused with a 4xx (or one of `codes`), and no table changes. */
  async function refused(requests, codes) {
    const before = await w.rows(...TABLES);
    for (const [what, send] of requests) {
      const status = await send();
      const fits = codes ? codes.includes(status) : status >= 400 && status < 500;
      assert.ok(fits, `${what}: ${status}`);
    }
    await w.idle();
    assert.deepEqual(await w.rows(...TABLES), before);
    assert.equal((await fetch(w.replicas[0].opsUrl + '/readyz')).status, 200, 'and it still stands');
  }
  const post = (path, body, more) => () => w.signed(path, body, more).then(r => r.status);
  const form = body => 'payload=' + encodeURIComponent(typeof body === 'string' ? body : JSON.stringify(body));
  const FORM = {type: 'application/x-www-form-urlencoded'};

  test('P14 Slack\'s door: signatures and timestamps', async () => {
    const good = w.dm('help');
    await refused([
      ['another secret', post('/slack/events', good, {secret: 'wrong-wrong-wrong'})],
      ['an old timestamp', post('/slack/events', good, {timestamp: now() - 400})],
      ['a timestamp ahead', post('/slack/events', good, {timestamp: now() + 400})],
      ['a timestamp in words', post('/slack/events', good, {timestamp: 'now'})],
      ['a huge timestamp', post('/slack/events', good, {timestamp: '9'.repeat(40)})],
      ['a negative timestamp', post('/slack/events', good, {timestamp: -1})],
      ['an empty signature', post('/slack/events', good, {headers: {'x-slack-signature': ''}})],
      ['a signature of another version', post('/slack/events', good, {headers: {'x-slack-signature': 'v1=' + '0'.repeat(64)}})],
      ['a short signature', post('/slack/events', good, {headers: {'x-slack-signature': 'v0=00'}})],
      ['no signature at all', () => fetch(w.url + '/slack/events', {method: 'POST', body: JSON.stringify(good)}).then(r => r.status)],
      ['unsigned url_verification', () => fetch(w.url + '/slack/events', {method: 'POST', body: '{"type":"url_verification","challenge":"x"}'}).then(r => r.status)],
    ]);
  });

  test('P14 Slack\'s door: bodies', async () => {
    const foreign = {...w.dm('help'), api_app_id: 'A0OTHERAPP'};
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    await refused([
      ['another app', post('/slack/events', foreign)],
      ['no JSON', post('/slack/events', 'hello')],
      ['an empty body', post('/slack/events', '')],
      ['half of it', post('/slack/events', JSON.stringify(w.dm('help')).slice(0, 100))],
      ['an array', post('/slack/events', '[]')],
      ['too deep', post('/slack/events', deep)],
      ['half a character', post('/slack/events', '{"a":"\\ud800"}')],
      ['two megabytes', post('/slack/events', {...w.dm('x'.repeat(2e6))})],
      ['an interaction that is no form', post('/slack/interactions', '{"type":"block_actions"}')],
      ['an interaction without payload', post('/slack/interactions', 'x=1', FORM)],
      ['an interaction with a broken payload', post('/slack/interactions', form('{'), FORM)],
      ['broken percent signs', post('/slack/interactions', 'payload=%zz%', FORM)],
      ['an interaction of another app', post('/slack/interactions', form({type: 'block_actions', api_app_id: 'A0OTHERAPP', team: {id: 'T0ACME001'}, user: {id: 'U0ANA0001'}, actions: []}), FORM)],
    ]);
  });

  test('P14 an event of odd shape is taken or refused, and does nothing', async () => {
    const e = w.dm('help');
    for (const event of [{...e, event: null}, {...e, event: 'text'}, {...e, event: {type: 'message'}}, {...e, event: {...e.event, user: 5}}, {...e, event: {...e.event, text: null}},
      {...e, event: {...e.event, ts: {}}}, {...e, team_id: 7}, {...e, team_id: 'T' + 'X'.repeat(500)}, {...e, event_id: 'E'.repeat(5000)},
      {...e, event: {...e.event, user: "U'; drop table run; --"}}, {...e, event: {...e.event, channel: '../../etc/passwd'}}]) {
      const r = await w.signed('/slack/events', {...event, event_id: event.event_id === e.event_id ? 'Ev' + Math.random() : event.event_id});
      assert.ok(r.status === 200 || (r.status >= 400 && r.status < 500), `${JSON.stringify(event).slice(0, 200)}: ${r.status}`);
    }
    await w.idle();
    assert.equal(await w.count('run'), 0);
    assert.equal(await w.count('login', "user_id <> ''"), 0);
  });

  test('P14 a signed event of a team that has no workspace here leaves nothing', async () => {
    const body = w.dm('help', {team: 'T0NOBODY1', user: 'U0NOBODY1'});
    for (let i = 0; i < 2; i++) assert.equal((await w.signed('/slack/events', body)).status, 200);
    await until('it to be gone', async () => await w.count('job', "workspace = 'slack:T0NOBODY1'") === 0);
  });

  test('P14 pages: handles, callbacks, methods, paths', async () => {
    const get = (path, options) => () => fetch(w.url + path, {redirect: 'manual', ...options}).then(r => r.status);
    const {route} = await w.one('select route from workspace limit 1');
    await refused([
      ...['x', 'a.b', `${route}.`, `${route}.${'0'.repeat(48)}`, '0'.repeat(16) + '.' + '0'.repeat(48), 'a'.repeat(300), '%00', '%2e%2e%2fetc', `${route}.${'0'.repeat(48)}%27--`]
        .flatMap(h => [[`GET ${h}`, get(`/login/${h}`)], [`POST ${h}`, get(`/login/${h}`, {method: 'POST', body: new URLSearchParams({do: 'start'})})]]),
      ['a callback of nothing', get('/oauth/callback/x?state=y&code=z')],
      ['a callback with two states', get(`/oauth/callback/${route}.x?state=a&state=b`)],
      ['a callback with a huge state', get(`/oauth/callback/x?state=${'a'.repeat(9000)}`)],
      ['another method', get('/slack/events')],
      ['DELETE of a page', get('/login/x', {method: 'DELETE'})],
      ['no such page', get('/nowhere')],
      ['path tricks', get('/v1/../login/x')],
      ['encoded path tricks', get('/login/%2e%2e/v1/workspaces')],
      ['a double slash', get('//v1//apps')],
      ['ops on the public door', get('/metrics')],
      ['readiness on the public door', get('/readyz')],
    ]);
  });

  test('P14 a login form: other content types, huge and broken bodies, unknown acts', async () => {
    const ana = w.person('ana');
    const prompt = await ana.prompt('connect salesforce');
    const url = prompt.blocks.flatMap(b => b.elements || []).find(e => e.url).url;
    await w.idle();
    const send = (body, type = 'application/x-www-form-urlencoded', headers = {}) => () =>
      fetch(url, {method: 'POST', redirect: 'manual', body, headers: {'content-type': type, ...headers}}).then(r => r.status);
    await refused([
      ['JSON', send('{"do":"start"}', 'application/json')],
      ['an unknown act', send('do=destroy')],
      ['twice', send('do=start&do=not_me')],
      ['huge', send('do=' + 'x'.repeat(200000))],
      ['of another site, by fetch metadata', send('do=start', undefined, {'sec-fetch-site': 'cross-site'})],
    ]);
    assert.equal((await w.one("select state from login where user_id = 'U0ANA0001'")).state, 'open');
  });

  test('P14 the API: without a token, with a wrong one, broken bodies, odd names', async () => {
    const call = (method, path, body, options) => () => w.api(method, path, body, options).then(r => r.status);
    await refused([
      ['no token', () => fetch(`${w.url}/v1/workspaces/${ACME}`).then(r => r.status)],
      ['a wrong token', call('GET', `/workspaces/${ACME}`, undefined, {token: ADMIN_TOKEN.replace('s', 'S')})],
      ['a token\'s beginning', call('GET', `/workspaces/${ACME}`, undefined, {token: ADMIN_TOKEN.slice(0, -1)})],
    ], [401, 403]);
    await refused([
      ['no JSON', call('PUT', `/workspaces/${ACME}`, '{')],
      ['an array', call('PUT', `/workspaces/${ACME}`, '[]')],
      ['unknown keys', call('PUT', `/workspaces/${ACME}`, {name: 'Acme', color: 'red'})],
      ['a wrong type', call('PUT', `/workspaces/${ACME}`, {name: 5})],
      ['a workspace that is none', call('PUT', '/workspaces/discord:1', {name: 'x'})],
      ['a name with tricks', call('PUT', `/workspaces/${ACME}/recipes/..%2Fx`, {name: '../x'})],
      ['names that differ', call('PUT', `/workspaces/${ACME}/recipes/a`, {name: 'b'})],
      ['a recipe full of faults', call('PUT', `/workspaces/${ACME}/recipes/a`, {name: 'a', steps: 'none'})],
      ['a run that is no id', call('GET', `/workspaces/${ACME}/runs/1%20or%201=1`)],
      ['a huge body', call('PUT', `/workspaces/${ACME}`, {name: 'x'.repeat(3e6)})],
      ['a page of a million', call('GET', `/workspaces/${ACME}/runs?limit=1000000`)],
      ['a broken cursor', call('GET', `/workspaces/${ACME}/runs?cursor=%00%ff`)],
      ['a host inside', call('PUT', `/workspaces/${ACME}/connections/inside`, {app: 'salesforce', host: '169.254.169.254', client_id: 'x', client_secret: 'y'})],
      ['a host with a path', call('PUT', `/workspaces/${ACME}/connections/inside`, {app: 'salesforce', host: 'login.salesforce.com/evil', client_id: 'x', client_secret: 'y'})],
      ['a host that is not the app\'s', call('PUT', `/workspaces/${ACME}/connections/inside`, {app: 'salesforce', host: 'salesforce.com.evil.example', client_id: 'x', client_secret: 'y'})],
    ]);
  });

  test('P14 raw bytes at the door', async () => {
    const before = await w.rows(...TABLES);
    const {port} = w.replicas[0];
    for (const bytes of ['\0\0\0\0\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 'POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n',
      'GET /' + 'a'.repeat(100000) + ' HTTP/1.1\r\nHost: x\r\n\r\n', 'GET / HTTP/1.1\r\n' + 'X-A: b\r\n'.repeat(20000) + '\r\n', 'POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n']) {
      const answer = await new Promise(done => {
        let text = '';
        const socket = net.connect(port, '127.0.0.1', () => socket.end(bytes));
        socket.on('data', d => (text += d)).on('error', () => {}).on('close', () => done(text));
        socket.setTimeout(5000, () => socket.destroy());
      });
      assert.ok(answer === '' || /^HTTP\/1\.[01] [45]\d\d/.test(answer), answer.slice(0, 100));
    }
    assert.deepEqual(await w.rows(...TABLES), before);
    assert.equal((await fetch(w.replicas[0].opsUrl + '/readyz')).status, 200);
  });
});
