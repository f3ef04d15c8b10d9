// The sandbox's Box, without the service: log-in, tokens, files, and each refusal.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {beforeEach, describe, test} from 'node:test';
import {base, fault, formPost, get, json, logs, requestOf} from './harness.mjs';

const ID = 'samplebox0acme0client000000000001', SECRET = 'sample-box-acme-secret', BACK = 'http://127.0.0.1:9/callback';
const ANA = 'ana@acme.example', BEN = 'ben@acme.example', CLEO = 'cleo@acme.example';
const FILE = '8018809384', FOLDER = '160000001';
const SETTINGS = {code_ttl_ms: 30000, access_ttl_ms: 3600000, refresh_ttl_ms: 5184000000, previous_refresh_token: 'never', previous_access_token_lives: false,
  similar_comment_ms: 60000, index_ms: 0, version_status: 200};
const box = () => base + '/box';
const set = settings => json('PUT', '/_config', {box: settings});
beforeEach(() => set({...SETTINGS, clients: {[ID]: {redirect_uris: [BACK]}}}));

const authorizeUrl = (over = {}) => box() + '/api/oauth2/authorize?' + new URLSearchParams(Object.entries({response_type: 'code', client_id: ID,
  redirect_uri: BACK, state: 'abc123', ...over}).filter(([, v]) => v !== null));
async function login(username = ANA, {decision = 'allow', cookie} = {}) {
  let page = await get(authorizeUrl(), cookie);
  if (page.status === 200) {
    const chosen = await formPost(box() + '/login/choose', {request: requestOf(await page.text()), username});
    cookie = chosen.headers.get('set-cookie').split(';')[0];
    page = chosen;
  }
  assert.equal(page.status, 303);
  const html = await (await get(page.headers.get('location'), cookie)).text();
  const back = await formPost(box() + '/login/consent', {request: requestOf(html), decision}, {cookie});
  assert.equal(back.status, 302);
  const url = new URL(back.headers.get('location'));
  return {html, cookie, code: url.searchParams.get('code'), state: url.searchParams.get('state'), error: url.searchParams.get('error')};
}
async function token(fields, headers = {}, path = '/oauth2/token') {
  const r = await formPost(box() + path, {client_id: ID, client_secret: SECRET, ...fields}, headers);
  const text = await r.text();
  return {http: r.status, text, ...(text ? JSON.parse(text) : {})};
}
const exchange = code => token({grant_type: 'authorization_code', code, redirect_uri: BACK});
const refresh = refresh_token => token({grant_type: 'refresh_token', refresh_token});
const tokens = async username => exchange((await login(username)).code);
async function api(method, path, t, body, headers = {}) {
  const r = await fetch(box() + path, {method, redirect: 'manual', headers: {...(t ? {authorization: 'Bearer ' + t} : {}),
    ...(body === undefined ? {} : {'content-type': 'application/json'}), ...headers}, body: body === undefined ? undefined : JSON.stringify(body)});
  const text = await r.text();
  return {http: r.status, headers: r.headers, text, body: text && /json/.test(r.headers.get('content-type')) ? JSON.parse(text) : null};
}
const sha1 = data => createHash('sha1').update(data).digest('hex');
async function upload(t, {name = 'a.txt', parent = FOLDER, data = 'some bytes', order = ['attributes', 'file'], headers = {}, to = '/api/2.0/files/content'} = {}) {
  const parts = {attributes: () => form.append('attributes', JSON.stringify({name, parent: {id: parent}})), file: () => form.append('file', new Blob([data]), name)};
  const form = new FormData();
  for (const part of order) parts[part]();
  const r = await fetch(box() + to, {method: 'POST', headers: {authorization: 'Bearer ' + t, ...headers}, body: form});
  return {http: r.status, body: await r.json()};
}
const state = () => json('GET', '/_state/box');

describe('Box login', () => {
  test('people to choose from, consent, code and state back; a browser that is signed in is not asked who it is', async () => {
    const page = await (await get(authorizeUrl())).text();
    for (const who of [ANA, BEN, CLEO]) assert.match(page, new RegExp(who));
    const first = await login();
    assert.match(first.html, /Workbot for Acme[\s\S]*ana@acme\.example/);
    assert.equal(first.state, 'abc123');
    assert.match((await login(BEN, {cookie: first.cookie})).html, /ana@acme\.example/, 'the account of the browser');
    assert.equal((await login(ANA, {decision: 'deny'})).error, 'access_denied');
  });
  test('a foreign client or address is an error page, the rest goes back', async () => {
    for (const over of [{client_id: 'other'}, {redirect_uri: BACK + '/'}, {redirect_uri: null}]) {
      assert.equal((await get(authorizeUrl(over))).status, 400, JSON.stringify(over));
    }
    assert.match((await get(authorizeUrl({response_type: 'token'}))).headers.get('location'), /error=unsupported_response_type/);
    const stranger = await formPost(box() + '/login/consent', {request: requestOf(await (await get(authorizeUrl())).text()), decision: 'allow'});
    assert.equal(stranger.status, 403, 'consent without a login');
  });
});

describe('Box tokens', () => {
  test('a pair, as Box words it; PKCE is neither asked for nor looked at', async () => {
    const t = await tokens();
    assert.equal(t.http, 200);
    assert.deepEqual(Object.keys(JSON.parse(t.text)).sort(), ['access_token', 'expires_in', 'refresh_token', 'restricted_to', 'token_type']);
    assert.equal(t.expires_in, 3600);
    assert.equal(t.token_type, 'bearer');
  });
  test('the client stands in the body', async () => {
    const {code} = await login();
    const basic = {authorization: 'Basic ' + btoa(`${ID}:${SECRET}`)};
    const r = await formPost(box() + '/oauth2/token', {grant_type: 'authorization_code', code, redirect_uri: BACK}, basic);
    assert.equal((await r.json()).error, 'invalid_client');
    assert.equal((await token({grant_type: 'authorization_code', code, client_secret: 'wrong'})).error, 'invalid_client');
    assert.equal((await exchange(code)).http, 200, 'the code was not spent by it');
  });
  test('a code dies after 30 seconds, and by its use', async () => {
    const {code} = await login();
    await set({code_ttl_ms: -1});
    assert.equal((await exchange(code)).error_description, 'The authorization code has expired');
    await set({code_ttl_ms: 30000});
    const second = (await login()).code;
    assert.equal((await exchange(second)).http, 200);
    assert.equal((await exchange(second)).error, 'invalid_grant');
  });
  test('every refresh rotates; the old pair is dead at once', async () => {
    const t = await tokens();
    const next = await refresh(t.refresh_token);
    assert.notEqual(next.refresh_token, t.refresh_token);
    assert.equal((await api('GET', '/2.0/users/me', t.access_token)).http, 401);
    assert.equal((await api('GET', '/2.0/users/me', next.access_token)).http, 200);
    const again = await refresh(t.refresh_token);
    assert.deepEqual([again.http, again.error, again.error_description], [400, 'invalid_grant', 'Refresh token has expired']);
    assert.equal((await refresh(next.refresh_token)).http, 200, 'the loser costs nobody the grant');
    const [grant] = (await state()).grants;
    assert.deepEqual([grant.username, grant.refreshes, grant.refused_refreshes], [ANA, 2, 1]);
  });
  test('previous_refresh_token once: the same new pair again, one time', async () => {
    await set({previous_refresh_token: 'once'});
    const t = await tokens();
    const next = await refresh(t.refresh_token);
    assert.equal((await refresh(t.refresh_token)).refresh_token, next.refresh_token);
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
  });
  test('the answer is lost after the rotation: the old token is dead', async () => {
    const t = await tokens();
    await fault({peer: 'box', fault: 'lost', path: '/oauth2/token'});
    await assert.rejects(refresh(t.refresh_token));
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
  });
  test('60 idle days, 60 minutes, revoked: either token ends both', async () => {
    const t = await tokens();
    await set({access_ttl_ms: -1});
    assert.equal((await api('GET', '/2.0/users/me', t.access_token)).http, 401);
    await set({access_ttl_ms: 3600000, refresh_ttl_ms: -1});
    assert.equal((await refresh(t.refresh_token)).error_description, 'Refresh token has expired');
    await set(SETTINGS);
    for (const kind of ['access_token', 'refresh_token']) {
      const u = await tokens();
      const r = await token({token: u[kind]}, {}, '/oauth2/revoke');
      assert.deepEqual([r.http, r.text], [200, '']);
      assert.equal((await api('GET', '/2.0/users/me', u.access_token)).http, 401, kind);
      assert.equal((await refresh(u.refresh_token)).error, 'invalid_grant', kind);
      assert.equal((await token({token: u[kind]}, {}, '/oauth2/revoke')).error, 'invalid_token');
    }
  });
  test('401 has no body, and says in its header why', async () => {
    const r = await api('GET', '/2.0/users/me', 'wrong');
    assert.deepEqual([r.http, r.text], [401, '']);
    assert.match(r.headers.get('www-authenticate'), /error="invalid_token"/);
  });
  test('faults: revoked, expired, busy, secret', async () => {
    const t = await tokens();
    await fault({peer: 'box', fault: 'token_expired'});
    assert.equal((await api('GET', '/2.0/users/me', t.access_token)).http, 401);
    await fault({peer: 'box', fault: '429', retry_after: 7});
    const busy = await api('GET', '/2.0/users/me', t.access_token);
    assert.deepEqual([busy.http, busy.headers.get('retry-after'), busy.body.code], [429, '7', 'rate_limit_exceeded']);
    await fault({peer: 'box', fault: '5xx'});
    assert.equal((await api('GET', '/2.0/users/me', t.access_token)).body.code, 'unavailable');
    await fault({peer: 'box', fault: 'client_secret_refused'});
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_client');
    await fault({peer: 'box', fault: 'grant_revoked', path: '/oauth2/token'});
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
    assert.equal((await state()).grants[0].ended_by, 'revoked by an administrator');
  });
});

describe('Box files', () => {
  let ana, ben, cleo;
  beforeEach(async () => {
    [ana, ben, cleo] = (await Promise.all([ANA, BEN, CLEO].map(tokens))).map(t => t.access_token);
  });

  test('who am I', async () => {
    const me = (await api('GET', '/2.0/users/me?fields=id,name,login,enterprise', ana)).body;
    assert.deepEqual(me, {type: 'user', id: '2000000001', name: 'Ana Alvarez', login: ANA, enterprise: {type: 'enterprise', id: '11446498', name: 'Acme Corporation'}});
  });
  test('a folder twice, in other letters: 409 with a list', async () => {
    const made = await api('POST', '/2.0/folders', ana, {name: 'Acme', parent: {id: '0'}});
    assert.deepEqual([made.http, made.body.etag, made.body.parent.id], [201, '0', '0']);
    const again = await api('POST', '/2.0/folders', ana, {name: 'ACME', parent: {id: '0'}});
    assert.deepEqual([again.http, again.body.code, again.body.context_info.conflicts[0].id], [409, 'item_name_in_use', made.body.id]);
    assert.equal((await api('POST', '/2.0/folders', ben, {name: 'Acme', parent: {id: '0'}})).http, 201, 'another root');
    for (const name of ['a/b', '..', 'x ', 'a\\b', '']) assert.equal((await api('POST', '/2.0/folders', ana, {name, parent: {id: '0'}})).body.code, 'item_name_invalid', name);
    assert.equal((await api('POST', '/2.0/folders', ana, {name: 'x'.repeat(256), parent: {id: '0'}})).body.code, 'item_name_too_long');
  });
  test('who may see and change what', async () => {
    const names = async t => (await api('GET', '/2.0/folders/0/items?fields=id,type,name', t)).body.entries.map(e => e.name);
    assert.deepEqual([await names(ana), await names(ben), await names(cleo)], [['Contracts'], ['Contracts', 'Board'], ['Contracts']]);
    assert.equal((await api('GET', '/2.0/folders/160000002', ana)).body.code, 'not_found');
    assert.equal((await api('PUT', '/2.0/files/' + FILE, cleo, {name: 'x.pdf'})).body.code, 'access_denied_insufficient_permissions');
    const info = (await api('GET', `/2.0/files/${FILE}?fields=name,size,modified_by,shared_link,path_collection`, cleo)).body;
    assert.deepEqual([info.name, info.size, info.modified_by.login, info.shared_link, info.path_collection.entries.map(e => e.name)],
      ['contract.pdf', 26, ANA, null, ['All Files', 'Contracts']]);
  });
  test('an upload: attributes first, the sum right, 409 with an object', async () => {
    const wrong = await upload(ana, {order: ['file', 'attributes']});
    assert.deepEqual([wrong.http, wrong.body.code], [400, 'metadata_after_file_contents']);
    assert.equal((await upload(ana, {headers: {'content-md5': sha1('other')}})).body.code, 'bad_digest');
    assert.equal((await upload(cleo)).body.code, 'access_denied_insufficient_permissions');
    const data = Buffer.from([0, 255, 13, 10, 45, 45, 7]);
    const made = await upload(ana, {data, headers: {'content-md5': sha1(data)}});
    assert.deepEqual([made.http, made.body.total_count, made.body.entries[0].sha1, made.body.entries[0].size], [201, 1, sha1(data), 7]);
    const again = await upload(ana, {name: 'A.TXT', data});
    assert.deepEqual([again.http, again.body.code, again.body.context_info.conflicts.sha1], [409, 'item_name_in_use', sha1(data)]);
    assert.equal(again.body.context_info.conflicts.id, made.body.entries[0].id);
    assert.equal((await api('OPTIONS', '/2.0/files/content', ana, {name: 'a.txt', parent: {id: FOLDER}, size: 7})).http, 409);
    assert.match((await api('OPTIONS', '/2.0/files/content', ana, {name: 'b.txt', parent: {id: FOLDER}, size: 7})).body.upload_url, /files\/content$/);
    for (const body of ['', 'x', '--b\r\n\r\n--b--']) {
      const r = await fetch(box() + '/api/2.0/files/content', {method: 'POST', body, headers: {authorization: 'Bearer ' + ana, 'content-type': 'multipart/form-data; boundary=b'}});
      assert.equal(r.status, 400, JSON.stringify(body));
    }
  });
  test('a new version needs the etag of the one it replaces', async () => {
    const to = `/api/2.0/files/${FILE}/content`;
    assert.equal((await upload(ana, {to, headers: {'if-match': '7'}})).body.code, 'precondition_failed');
    const made = await upload(ana, {to, data: 'second', headers: {'if-match': '0'}});
    assert.deepEqual([made.http, made.body.entries[0].etag, made.body.entries[0].sha1], [200, '1', sha1('second')]);
    await set({version_status: 201});
    assert.equal((await upload(ana, {to, data: 'third', headers: {'if-match': '1'}})).http, 201);
    assert.equal((await upload(ana, {to, headers: {'if-match': '1'}})).http, 412);
  });
  test('stored, and yet 503; reserved for a moment', async () => {
    await fault({peer: 'box', fault: '5xx_after', method: 'POST', path: '/files/content'});
    const lost = await upload(ana, {name: 'stored.txt'});
    assert.deepEqual([lost.http, lost.body.code], [503, 'unavailable']);
    assert.equal((await state()).items.filter(i => i.name === 'stored.txt').length, 1);
    await fault({peer: 'box', fault: 'error', error: 'name_temporarily_reserved', status: 409, path: '/files/content'});
    const held = await upload(ana, {name: 'held.txt'});
    assert.deepEqual([held.http, held.body.code], [409, 'name_temporarily_reserved']);
    assert.equal((await state()).items.filter(i => i.name === 'held.txt').length, 0);
  });
  test('a download leads to another host, which takes no token', async () => {
    const r = await api('GET', `/2.0/files/${FILE}/content`, ana);
    assert.equal(r.http, 302);
    const to = new URL(r.headers.get('location'));
    assert.notEqual(to.host, new URL(base).host);
    assert.equal(await (await fetch(to)).text(), 'The contract, first draft.');
    assert.equal((await fetch(to, {headers: {authorization: 'Bearer ' + ana}})).status, 400);
    assert.equal((await state()).counts.token_leaks, 1);
    await fault({peer: 'box', fault: 'not_ready', retry_after: 3});
    const later = await api('GET', `/2.0/files/${FILE}/content`, ana);
    assert.deepEqual([later.http, later.headers.get('retry-after')], [202, '3']);
  });
  test('a shared link keeps its address', async () => {
    const share = body => api('PUT', `/2.0/files/${FILE}?fields=shared_link`, ana, {shared_link: body});
    const first = (await share({access: 'company'})).body;
    assert.deepEqual(Object.keys(first).sort(), ['etag', 'id', 'shared_link', 'type']);
    assert.equal(first.shared_link.access, 'company');
    assert.equal((await share({access: 'open'})).body.shared_link.url, first.shared_link.url);
    assert.match(await (await fetch(first.shared_link.url)).text(), /contract\.pdf/);
    assert.equal((await share({access: 'world'})).http, 400);
    assert.equal((await share(null)).body.shared_link, null);
  });
  test('search, once it is indexed; copy and move', async () => {
    const search = async q => (await api('GET', '/2.0/search?query=' + q + '&type=file&fields=id,name', ana)).body;
    assert.deepEqual((await search('CONTR')).entries.map(e => e.name), ['contract.pdf']);
    await set({index_ms: 60000});
    await upload(ana, {name: 'contract two.pdf'});
    assert.equal((await search('contr')).total_count, 1);
    await set({index_ms: 0});
    assert.equal((await search('contr')).total_count, 2);
    assert.equal((await api('POST', `/2.0/files/${FILE}/copy`, ana, {parent: {id: '0'}})).http, 201);
    assert.equal((await api('PUT', `/2.0/files/${FILE}`, ana, {parent: {id: '0'}})).body.code, 'item_name_in_use');
  });

  test('comments: the same twice is 409', async () => {
    const say = (message, t = cleo) => api('POST', '/2.0/comments', t, {message, item: {type: 'file', id: FILE}});
    assert.equal((await say('Looks good')).http, 201);
    assert.deepEqual([(await say('Looks good')).body.code, (await say('Looks good', ana)).http, (await say('')).http], ['recent_similar_comment', 201, 400]);
  });
  test('a task, its assignment, the decision of the assignee alone', async () => {
    const task = (await api('POST', '/2.0/tasks', ana, {item: {type: 'file', id: FILE}, action: 'review', message: 'Please check'})).body;
    assert.equal(task.task_assignment_collection.total_count, 0);
    const assign = to => api('POST', '/2.0/task_assignments', ana, {task: {type: 'task', id: task.id}, assign_to: to});
    const one = await assign({login: BEN});
    assert.deepEqual([one.http, one.body.assigned_to.login, one.body.resolution_state], [201, BEN, 'incomplete']);
    assert.equal((await assign({id: '1'})).http, 500);
    assert.equal((await assign({login: 'nobody@acme.example'})).http, 404);
    assert.equal((await assign({login: BEN})).http, 400);
    const decide = (resolution_state, t = ben) => api('PUT', '/2.0/task_assignments/' + one.body.id, t, {resolution_state, message: 'ok'});
    assert.equal((await decide('approved', ana)).http, 403);
    assert.equal((await decide('completed')).http, 400, 'that is for tasks to complete');
    assert.equal((await decide('approved')).body.resolution_state, 'approved');
    assert.equal((await decide('approved')).http, 200, 'and again');
    const listed = (await api('GET', `/2.0/files/${FILE}/tasks`, ben)).body;
    assert.equal(listed.entries[0].task_assignment_collection.entries[0].resolution_state, 'approved');
    assert.equal((await api('GET', `/2.0/tasks/${task.id}/assignments`, ben)).body.total_count, 1);
  });
  test('an invitation twice is 400; a stranger is pending', async () => {
    const invite = (login, role = 'viewer') => api('POST', '/2.0/collaborations?notify=true', ana, {item: {type: 'file', id: FILE}, accessible_by: {type: 'user', login}, role});
    assert.equal((await invite('eve@other.example')).body.status, 'pending');
    assert.equal((await invite('eve@other.example')).body.code, 'user_already_collaborator');
    assert.equal((await invite(BEN, 'boss')).http, 400);
  });
  test('signatures: not into the root', async () => {
    const ask = folder => api('POST', '/2.0/sign_requests', ana, {signers: [{email: 'eve@other.example', role: 'signer'}], source_files: [{type: 'file', id: FILE}],
      parent_folder: {type: 'folder', id: folder}});
    assert.equal((await ask('0')).http, 400);
    assert.equal((await ask(FOLDER)).http, 201);
    const listed = (await api('GET', '/2.0/sign_requests', ana)).body.entries;
    assert.deepEqual(listed.map(e => [e.status, e.signers[0].email]), [['created', 'eve@other.example']]);
    assert.equal((await api('GET', '/2.0/sign_requests', ben)).body.entries.length, 0);
  });
  test('what is not there, and the journal', async () => {
    assert.equal((await api('GET', '/2.0/nothing', ana)).http, 404);
    assert.equal((await api('DELETE', '/2.0/files/' + FILE, ana)).http, 405);
    assert.equal((await api('GET', '/2.0/files/1', ana)).http, 404);
    assert.equal((await fetch(box() + '/file/' + FILE)).status, 200);
    assert.ok((await logs('peer=box')).some(e => e.path.endsWith('/2.0/nothing')));
  });
});
