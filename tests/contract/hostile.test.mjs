// Hostile input to /v1: a clear 4xx, nothing left behind, no secret told.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import {after, before, test} from 'node:test';
import {startService} from '../lib/service.mjs';
import {CANARIES, judge, openapi, W} from './support.mjs';

let service, call, refused, silent;
const SECRET = 'sample-canary-hostile-4711';
const tables = ['workspace', 'default_connection', 'connection', 'recipe', 'recipe_version', 'login', 'job'];
const counts = async () => {
  // the bot token is asked about when that is due, whatever comes in
  const list = tables.map(t => `(select count(*) from ${t}${t === 'job' ? " where kind <> 'check'" : ''})`).join(', ');
  return Object.values((await service.database.query(`select array[${list}] as n`))[0].n);
};

before(async () => {
  service = await startService({env: {WORKBOT_TRUSTED_PROXIES: '127.0.0.1', WORKBOT_LOG_LEVEL: 'debug'}});
  ({call, refused, silent} = judge(service, [SECRET]));
  await call(201, 'PUT', W, {name: 'Acme', bot_token: CANARIES.botToken});
  await call(201, 'PUT', W + '/connections/acme', {app: 'salesforce', client_id: 'sample', client_secret: CANARIES.clientSecret});
});
after(async () => {
  if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null});
});

const puts = [W, W + '/connections/hostile', W + '/recipes/hostile'];

test('bodies that are no JSON object', async () => {
  const stood = await counts();
  const bodies = {
    'nothing': '', 'half': '{"name":', 'two': '{} {}', 'duplicate': '{"name":"a","name":"b"}', 'not UTF-8': Buffer.from('{"name":"\xff"}', 'latin1'),
    'NUL': '{"name":"a\\u0000b"}', 'NUL byte': '{"name":"a\0b"}', 'NUL key': '{"a\\u0000b":1}', 'lone surrogate': '{"name":"\\ud800"}',
    'deep': '['.repeat(5000) + ']'.repeat(5000), 'deep object': '{"a":'.repeat(65) + '1' + '}'.repeat(65), 'huge number': '{"name":1e999}', 'comment': '{/**/}',
    'form': 'name=Acme', 'with a secret': `{"bot_token":"${SECRET}"`,
  };
  for (const path of puts) {
    for (const [what, body] of Object.entries(bodies)) {
      assert.equal((await call(400, 'PUT', path, body)).json.code, 'bad_json', what);
    }
    for (const body of ['[]', '"x"', '1', 'null', 'true']) await refused([''], 'PUT', path, body);
  }
  assert.deepEqual(await counts(), stood);
});

test('a query may hold what openapi.yaml says, and nothing else', async () => {
  const operations = openapi.operations.filter(o => o.path.startsWith('/v1/'));
  for (const o of operations) {
    const path = o.path.replace('{workspace}', 'slack:TNEVER').replace('{name}', 'none').replace('{user}', 'U0NOBODY01')
      .replace('{id}', '0190c0de-0000-7000-8000-000000000001').replace('{version}', '1');
    const ask = async query => (await service.request({method: o.method, path: path + query, body: o.method === 'PUT' ? {} : undefined,
      headers: {Authorization: 'Bearer ' + service.token}})).json;
    for (const query of ['?nothing=1', '?Limit=1', '?nothing', '?=1', '?nothing=1&nothing=2']) {
      const refusal = await ask(query);
      assert.equal(refusal?.code, 'query', o.id + query);
      assert.match(refusal.detail, /There is no parameter "(nothing|Limit|)" here/);
    }
    for (const name of (o.operation.parameters ?? []).filter(p => p.in === 'query').map(p => p.name)) {
      assert.doesNotMatch((await ask(`?${name}=true`))?.detail ?? '', /There is no parameter/, o.id + ' takes ' + name);
    }
  }
});

test('a host that can be read in two ways', async () => {
  const {hostname, port} = new URL(service.url);
  const answer = await new Promise((done, fail) => {
    const s = net.connect(Number(port), hostname, () =>
      s.write(`GET ${W} HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nAuthorization: Bearer ${service.token}\r\nConnection: close\r\n\r\n`));
    let text = '';
    s.on('data', d => { text += d; }).on('end', () => done(text)).on('error', fail);
  });
  assert.match(answer, /^HTTP\/1\.1 400 [^]*"code":"framing"/);
});

test('bodies at and over the bound', async () => {
  const padded = size => '{"name":"Acme"' + ' '.repeat(size - 15) + '}';
  assert.equal(padded(100).length, 100);
  await call(200, 'PUT', W, padded(512 * 1024));
  assert.equal((await call(413, 'PUT', W, padded(512 * 1024 + 1))).json.code, 'too_large');
  await call(413, 'PUT', W + '/recipes/hostile', padded(256 * 1024 + 1));
  await call(413, 'POST', W + '/connections/acme/login', padded(16 * 1024 + 1));
  await call(413, 'GET', W, 'x');
  await call(413, 'DELETE', W, 'x');
});

test('every member of every body with every wrong type', async () => {
  const stood = await counts();
  const wrong = [0, -1, 1.5, true, [], {}, '', ' ', 'a\u0007b', '\u202e', 'x'.repeat(5000), [null], [[]], [{}], {a: {}}, "'; drop table workspace; --", '${jndi:x}', '{{inputs.x}}'];
  for (const path of puts) {
    const operation = openapi.find('PUT', path);
    const named = ({$ref}) => openapi.doc.components.schemas[$ref.split('/').pop()];
    const {properties, allOf} = named(operation.operation.requestBody.content['application/json'].schema);
    const members = Object.keys(properties ?? named(allOf[0]).properties);
    for (const member of [...members, 'nope', '__proto__', 'constructor']) {
      for (const value of wrong) {
        const body = `{"app":"salesforce",${JSON.stringify(member)}:${JSON.stringify(value)}}`;
        if (member === 'app') continue;
        const answer = await call([200, 201, 422], 'PUT', path, path === W ? body.replace('"app":"salesforce",', '') : body);
        if (answer.status === 422) assert.ok(answer.json.errors.every(e => /^[A-Z"].*[.]$/s.test(e.text)), answer.text);
      }
    }
  }
  await call([202, 404], 'DELETE', W + '/connections/hostile');
  assert.deepEqual(await counts(), stood);
});

test('many faults at once are bounded', async () => {
  const body = Object.fromEntries(Array.from({length: 2000}, (_, i) => ['unknown' + i, 1]));
  const answer = await call(422, 'PUT', W, body);
  assert.equal(answer.json.errors.length, 50);
  assert.match(answer.json.detail, /2000 faults/);
});

test('names that want to be more than a name', async () => {
  const names = ["x'--", 'x;select', 'x%0a', 'X', 'x%C3%A9', '%7B%7D', 'x'.repeat(64), 'x%20y', 'null%22', '*', '~', 'x.y'];
  for (const kind of ['connections', 'recipes']) {
    for (const name of names) {
      const answer = await call(422, 'PUT', `${W}/${kind}/${name}`, {app: 'salesforce'});
      assert.ok(answer.json.errors.some(e => e.path === 'name'), answer.text);
      await call(404, 'GET', `${W}/${kind}/${name}`);
      await call(404, 'DELETE', `${W}/${kind}/${name}`);
    }
  }
  for (const key of ['slack:T', 'slack:x1', 'SLACK:T1', 'slack:T1;', "slack:T1'", 'teams:x', 'slack:T' + 'A'.repeat(31), 'slack%3AT1%20', '*']) {
    await refused(['workspace'], 'PUT', '/v1/workspaces/' + key, {});
    await call(404, 'GET', '/v1/workspaces/' + key);
    await call(404, 'GET', `/v1/workspaces/${key}/runs`);
  }
  for (const id of ["1'", '0190c0de-0000-7000-8000-00000000000G', '%2A', 'x'.repeat(300)]) {
    await call(404, 'GET', `${W}/runs/${id}`);
    await call(404, 'DELETE', `${W}/personal-connections/${id}`);
  }
});

test('paths that want to be another path', async () => {
  const raw = path => service.request({path, headers: {Authorization: 'Bearer ' + service.token}});
  for (const path of [`${W}/connections/acme%2Flogin`, `${W}/connections/%00`, `${W}/connections/acme%00`, `${W}/connections/..`, `${W}/connections/%2e%2e`,
    `${W}/connections/../..`, `${W}/connections/.`, `${W}//connections`, `${W}/`, `/v1/workspaces//connections`, `${W}/connections/%`, `${W}/connections/%zz`,
    `${W}/connections/%ff`, `${W}/connections/%c0%ae`, '/v1/' + 'x/'.repeat(40)]) {
    const answer = await raw(path);
    assert.ok([400, 404].includes(answer.status), `${path} ${answer.status} ${answer.text}`);
    assert.equal(answer.headers['content-type'], 'application/problem+json', path);
  }
  assert.equal((await raw('/v1/nothing')).status, 404);
  const wrong = await service.api('POST', W, {});
  assert.equal(wrong.status, 405);
  assert.deepEqual(wrong.headers.allow.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PUT']);
});

test('nobody without a token gets in, however it is sent', async () => {
  const forms = [{}, {Authorization: 'Basic ' + service.token}, {Authorization: service.token}, {Authorization: 'Bearer'}, {Authorization: 'Bearer '},
    {Authorization: 'Bearer ' + service.token + 'x'}, {Authorization: 'Bearer ' + service.token.slice(0, -1)}, {Cookie: 'token=' + service.token}];
  for (const [i, headers] of forms.entries()) {
    const answer = await call(401, 'GET', W, undefined, {token: null, headers: {...headers, 'X-Forwarded-For': '10.1.0.' + i}});
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  const answer = await call(401, 'GET', `${W}/runs?access_token=${service.token}`, undefined, {token: null, headers: {'X-Forwarded-For': '10.1.1.1'}});
  assert.equal(answer.json.code, 'token');
  assert.equal((await service.api('GET', W, undefined, {Authorization: 'bearer ' + service.token})).status, 200, 'the scheme has no case');
});

test('a second line of X-Forwarded-For does not evade the limit of wrong tokens', async () => {
  const statuses = [];
  for (let i = 0; i < 14; i++) {
    const headers = {Authorization: 'Bearer wrong', 'X-Forwarded-For': [`198.51.100.${i}`, '203.0.113.77']};
    statuses.push(await new Promise((resolve, reject) =>
      http.get(service.url + W, {headers}, answer => resolve(answer.resume().statusCode)).on('error', reject)));
  }
  assert.equal(statuses[0], 401);
  assert.equal(statuses.at(-1), 429, 'all of them came from one address');
});

test('nothing of one workspace is seen from another', async () => {
  const other = '/v1/workspaces/slack:T0GLOBEX1';
  await call(201, 'PUT', other, {name: 'Globex'});
  await call(404, 'GET', other + '/connections/acme');
  assert.deepEqual((await call(200, 'GET', other + '/connections')).json, {items: [], next: null});
  await call(404, 'POST', other + '/connections/acme/login');
  const {next} = (await call(200, 'GET', W + '/audit?limit=1')).json;
  assert.ok(next, 'a cursor of the first workspace');
  for (const query of ['', '?cursor=' + next]) {
    const {items} = (await call(200, 'GET', other + '/audit' + query)).json;
    assert.ok(items.every(a => a.subject === 'slack:T0GLOBEX1'));
  }
  await call(202, 'DELETE', other);
});

test('no secret is told: not by the log at debug, not by the metrics, not by a dump of the tables', async () => {
  silent();
  const metrics = (await service.ops('/metrics')).text;
  const rows = JSON.stringify(await Promise.all([...tables, 'audit', 'oauth_state', 'message'].map(t => service.database.query(`select * from ${t}`))), (k, v) =>
    (v && v.type === 'Buffer' ? Buffer.from(v.data).toString('latin1') : v));
  for (const secret of [...Object.values(CANARIES), SECRET, service.token]) {
    assert.ok(!metrics.includes(secret), 'metrics');
    assert.ok(!rows.includes(secret), 'tables');
  }
});
