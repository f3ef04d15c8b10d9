// Tokens of one workspace: what each role may do is what openapi.yaml says, and of another workspace they
// tell nothing, not even that it exists.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, test} from 'node:test';
import {startService} from '../lib/service.mjs';
import {judge, openapi} from './support.mjs';

const ACME = 'slack:T0ACME001', GLOBEX = 'slack:T0GLOBEX1', NOWHERE = 'slack:T0NOWHERE';
const ROLES = ['read', 'operate', 'admin', 'act'];
const RECIPE = {title: 'Canary recipe', command: 'canary command', allow: 'everyone', connections: {}, steps: [], reply: {text: 'Canary'}};
let service, call, made = {}, globex;
const W = workspace => '/v1/workspaces/' + workspace;
const make = (name, role, more = {}, options = {}) => call(201, 'POST', W(ACME) + '/api-tokens', {name, role, ...more}, options);

before(async () => {
  service = await startService({env: {WORKBOT_TRUSTED_PROXIES: '127.0.0.1'}});
  ({call} = judge(service));
  await call(201, 'PUT', W(ACME), {name: 'Acme'});
  await call(201, 'PUT', W(GLOBEX), {name: 'Globex canary', installer: 'U0CANARY01'});
  await call(201, 'PUT', W(GLOBEX) + '/groups/canary-group', {users: ['U0CANARY01']});
  await call(201, 'PUT', W(GLOBEX) + '/connections/canary-connection', {app: 'salesforce'});
  await call(201, 'PUT', W(GLOBEX) + '/hooks/canary-hook', {kind: 'json'});
  globex = (await call(201, 'POST', W(GLOBEX) + '/api-tokens', {name: 'canary-token', role: 'admin'})).json;
  for (const role of ROLES) made[role] = (await make('the-' + role, role)).json;
});
after(async () => { if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null}); });

const operations = openapi.operations.filter(o => o.path.startsWith('/v1/'));
const pathOf = (o, workspace, name = 'none') => o.path.replace('{workspace}', workspace).replace('{name}', name)
  .replace('{user}', 'U0NOBODY01').replace('{id}', '0190c0de-0000-7000-8000-000000000001').replace('{version}', '1')
  + (o.id === 'deletePersonalConnections' ? '?app=salesforce' : '');
// nothing that any of them could do: what a role lets in is refused for its body, or finds nothing
const bodyOf = o => o.method === 'PUT' || o.operation.requestBody?.required ? {nothing: 'like this'} : undefined;
const rolesOf = o => o.operation.security.flatMap(s => s.workspaceToken ?? []);

test('a token is shown once, and a digest is what is stored', async () => {
  const {token, ...shown} = made.read;
  assert.match(token, /^wbt_[0-9a-f]{16}_[0-9a-f]{48}$/);
  assert.equal(shown.fingerprint, createHash('sha256').update(token).digest('hex').slice(0, 8));
  assert.ok(token.startsWith(shown.begins) && shown.begins.length < 30, 'enough to search for, too little to guess by');
  const list = (await call(200, 'GET', W(ACME) + '/api-tokens')).json.items;
  assert.deepEqual(list.map(t => [t.name, t.role]), [['the-act', 'act'], ['the-admin', 'admin'], ['the-operate', 'operate'], ['the-read', 'read']]);
  assert.deepEqual(list.find(t => t.name === 'the-read'), shown);
  const page = (await call(200, 'GET', W(ACME) + '/api-tokens?limit=3')).json;
  assert.deepEqual((await call(200, 'GET', W(ACME) + '/api-tokens?cursor=' + page.next)).json.items.map(t => t.name), ['the-read']);
  const rows = await service.database.query('select t::text as line from api_token t');
  assert.equal(rows.length, 5);
  for (const row of rows) assert.ok(!row.line.includes(token.slice(-40)));
  const line = (await call(200, 'GET', W(ACME) + '/audit')).json.items.find(i => i.subject === 'the-read');
  assert.deepEqual([line.action, line.detail], ['api_token.made', {role: 'read', fingerprint: shown.fingerprint, expires: null}]);
});

test('each role may do what openapi.yaml says of it, on every route', async () => {
  const seen = {};
  for (const role of ROLES) {
    for (const o of operations) {
      const answer = await service.request({method: o.method, path: pathOf(o, ACME), body: bodyOf(o), headers: {Authorization: 'Bearer ' + made[role].token}});
      const may = answer.json?.code !== 'token_role';
      assert.deepEqual(openapi.faults(o, answer), [], o.id);
      assert.equal(answer.status === 403, !may);
      assert.equal(may, rolesOf(o).includes(role), `${role}: ${o.id} ${answer.status}`);
      (seen[role] ??= []).push(...may ? [o.id] : []);
    }
  }
  for (const alone of ['listWorkspaces', 'deleteWorkspace', 'makeAdminLink', 'endAdminLinks']) {
    assert.ok(!Object.values(seen).flat().includes(alone), alone + ' is the operator\'s alone');
  }
  assert.ok(seen.read.every(id => /^(get|list|check)/.test(id)), 'who may read changes nothing');
  assert.ok(seen.read.every(id => seen.operate.includes(id)) && seen.operate.every(id => seen.admin.includes(id)));
  assert.ok(!seen.operate.some(id => /ApiToken/.test(id)), 'only admins make tokens');
});

test('of another workspace it learns nothing, on any route, not even whether it is there', async () => {
  const dump = async () => (await service.database.query(`select t::text as line from (select g::text from user_group g where workspace = '${GLOBEX}'
    union all select d::text from default_connection d where workspace = '${GLOBEX}' union all select h::text from hook h where workspace = '${GLOBEX}'
    union all select a.name || a.digest from api_token a where workspace = '${GLOBEX}') t order by 1`)).map(r => r.line);
  const before = await dump();
  const bare = answer => {
    const {request_id, ...body} = answer.json;
    const {date, ...headers} = answer.headers;
    return JSON.stringify([answer.status, body, Object.keys(headers).sort()]);
  };
  let asked = 0;
  for (const role of ROLES) {
    const headers = {Authorization: 'Bearer ' + made[role].token};
    for (const o of operations.filter(x => x.path.includes('{workspace}'))) {
      for (const name of ['canary-group', 'canary-connection', 'canary-hook', 'canary-token']) {
        const body = bodyOf(o);
        const there = await service.request({method: o.method, path: pathOf(o, GLOBEX, name), body, headers});
        const nowhere = await service.request({method: o.method, path: pathOf(o, NOWHERE, name), body, headers});
        assert.equal(there.status, 404, o.id);
        assert.equal(there.json.code, 'no_workspace', o.id);
        assert.equal(bare(there), bare(nowhere), o.id);
        assert.ok(!/canary/i.test(there.text), o.id);
        asked++;
      }
    }
  }
  assert.ok(asked > 400);
  assert.equal((await call(404, 'PUT', W('slack:TNEW'), {name: 'x'}, {token: made.admin.token})).json.code, 'no_workspace');
  assert.equal((await call(404, 'PUT', W('nonsense'), {name: 'x'}, {token: made.admin.token})).json.code, 'no_workspace', 'not even how a key looks');
  assert.deepEqual(await dump(), before);
  assert.equal((await call(200, 'GET', W(GLOBEX), undefined, {token: globex.token})).json.name, 'Globex canary');
});

test('the audit says which token it was', async () => {
  await call(201, 'PUT', W(ACME) + '/groups/sales', {users: ['U0ANA0001']}, {token: made.operate.token});
  const line = (await call(200, 'GET', W(ACME) + '/audit', undefined, {token: made.read.token})).json.items.find(i => i.action === 'group.created');
  assert.equal(line.actor, 'token:' + made.operate.fingerprint);
  const used = (await call(200, 'GET', W(ACME) + '/api-tokens')).json.items;
  assert.ok(used.every(t => Math.abs(Date.now() - Date.parse(t.last_used)) < 120000));
});

test('an admin\'s token makes others, and none that ends later than itself', async () => {
  const short = (await make('short', 'admin', {expires_in_days: 2})).json;
  const by = {token: short.token};
  const child = (await make('child', 'admin', {expires_in_days: 1}, by)).json;
  assert.equal(child.made_by, 'token:' + short.fingerprint);
  for (const more of [{}, {expires_in_days: 3}]) {
    const answer = await call(422, 'POST', W(ACME) + '/api-tokens', {name: 'longer', role: 'read', ...more}, by);
    assert.deepEqual(answer.json.errors.map(f => f.path), ['expires_in_days']);
  }
  for (const role of ['read', 'operate', 'act']) await call(403, 'POST', W(ACME) + '/api-tokens', {name: 'x', role: 'read'}, {token: made[role].token});
  for (const name of ['short', 'child']) await call(204, 'DELETE', W(ACME) + '/api-tokens/' + name);
  assert.equal((await call(409, 'POST', W(ACME) + '/api-tokens', {name: 'the-read', role: 'admin'})).json.code, 'token_name');
  for (const body of [undefined, '', {}]) { // without a body it ended the process
    const answer = await call(422, 'POST', W(ACME) + '/api-tokens', body);
    assert.deepEqual(answer.json.errors.map(f => f.path), ['name', 'role']);
  }
});

test('a hundred are enough', async () => {
  const has = (await call(200, 'GET', W(ACME) + '/api-tokens?limit=100')).json.items.length;
  for (let i = has; i < 100; i++) await make('filler-' + i, 'read');
  assert.equal((await call(409, 'POST', W(ACME) + '/api-tokens', {name: 'more', role: 'read'})).json.code, 'too_many_tokens');
  await service.database.query("delete from api_token where name like 'filler-%'");
});

test('what is revoked, has ended, or went with its workspace is any wrong token', async () => {
  let from = 0;
  const wrong = async token => {
    const answer = await call(401, 'GET', W(ACME), undefined, {token, headers: {'X-Forwarded-For': '10.1.0.' + ++from}});
    return answer.json.detail;
  };
  const gone = (await make('gone', 'read')).json.token, ended = (await make('ended', 'read', {expires_in_days: 1})).json.token;
  await call(200, 'GET', W(ACME), undefined, {token: gone});
  await call(200, 'GET', W(ACME), undefined, {token: ended});
  await call(204, 'DELETE', W(ACME) + '/api-tokens/gone');
  await call(404, 'DELETE', W(ACME) + '/api-tokens/gone');
  await service.database.query("update api_token set expires_at = now() where name = 'ended'");
  const said = new Set([await wrong('wrong'), await wrong(gone), await wrong(ended), await wrong(gone.slice(0, -1) + (gone.endsWith('0') ? '1' : '0')),
    await wrong(gone.replace(/_[0-9a-f]{16}_/, '_0000000000000000_')), await wrong(gone + '0'), await wrong(gone.toUpperCase())]);
  assert.equal(said.size, 1, 'all alike');
  assert.equal((await call(200, 'GET', W(ACME) + '/api-tokens')).json.items.find(t => t.name === 'ended').state, 'expired');
  assert.ok((await call(200, 'GET', W(ACME) + '/audit')).json.items.some(i => i.action === 'api_token.revoked' && i.subject === 'gone'));
  await call(202, 'DELETE', W(GLOBEX));
  await wrong(globex.token);
  await call(201, 'PUT', W(GLOBEX), {name: 'Globex again'});
  await wrong(globex.token);
});

test('wrong ones are counted as an operator\'s are, and a right one passes', async () => {
  const headers = {'X-Forwarded-For': '10.2.0.1'};
  const wrong = i => 'wbt_' + '0'.repeat(16) + '_' + String(i).padStart(48, '0');
  for (let i = 0; i < 5; i++) {
    await call(401, 'GET', W(ACME), undefined, {token: wrong(i), headers});
    await call(401, 'GET', W(ACME), undefined, {token: 'wrong-' + i, headers});
  }
  for (const token of [wrong(9), 'wrong', made.read.token.replace(/_[0-9a-f]{16}_/, '_0000000000000000_')]) {
    const answer = await call(429, 'GET', W(ACME), undefined, {token, headers});
    assert.equal(answer.json.code, 'token_tries');
    assert.match(answer.headers['retry-after'], /^\d+$/);
  }
  await call(200, 'GET', W(ACME), undefined, {token: made.read.token, headers});
  await call(200, 'GET', W(ACME), undefined, {headers});
});

test('no token is in the log', () => {
  for (const token of [...Object.values(made).map(m => m.token), globex.token, service.token]) assert.ok(!service.log().includes(token));
});
