// The ServiceNow stand-in, driven without the service: each answer and each refusal as apps know them.
import assert from 'node:assert/strict';
import {beforeEach, describe, test} from 'node:test';
import {CALLBACK, CHALLENGE, VERIFIER, base, fault, formPost, get, json, requestOf} from './harness.mjs';

const CLIENT = '5a5e0001acme4c1e0001000000000001';
const SECRET = 'sample-acme-servicenow-secret';
const ANA = 'a0000000000000000000000000000001', BEN = 'b0000000000000000000000000000002', CLEO = 'c0000000000000000000000000000003';
const FIRST = '1c000000000000000000000000000001', APPROVAL = 'e1000000000000000000000000000001', CHANGE = 'c8000000000000000000000000000001';
const root = () => base + '/servicenow/acme';

const authorize = (over = {}) => root() + '/oauth_auth.do?' + new URLSearchParams(Object.entries({response_type: 'code', client_id: CLIENT,
  redirect_uri: CALLBACK, scope: 'useraccount', state: 'abc123', code_challenge: CHALLENGE, code_challenge_method: 'S256', ...over}).filter(([, v]) => v !== null));

async function login(username = 'ana', {decision = 'allow', over = {}} = {}) {
  const request = requestOf(await (await get(authorize(over))).text());
  const chosen = await formPost(root() + '/login.do', {request, username});
  const cookie = chosen.headers.get('set-cookie').split(';')[0];
  const page = await chosen.text();
  assert.match(page, /Allow/);
  const back = await formPost(root() + '/oauth_auth_check.do', {request: requestOf(page), decision}, {cookie});
  const url = new URL(back.headers.get('location'));
  return {cookie, code: url.searchParams.get('code'), state: url.searchParams.get('state'), error: url.searchParams.get('error')};
}
async function tokenCall(fields, {query = '', ...init} = {}) {
  const r = await fetch(root() + '/oauth_token.do' + query, {method: 'POST', body: new URLSearchParams(fields), ...init});
  return {http: r.status, ...(await r.json())};
}
const exchange = (code, over = {}, more) => tokenCall({grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: CLIENT,
  client_secret: SECRET, code_verifier: VERIFIER, ...over}, more);
const refresh = (token, over = {}) => tokenCall({grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT, client_secret: SECRET, ...over});
const tokens = async (username, options) => exchange((await login(username, options)).code);
async function api(method, path, token, body, headers = {}) {
  const r = await fetch(root() + path, {method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: {Accept: 'application/json', ...(body === undefined ? {} : {'Content-Type': 'application/json'}), ...(token ? {Authorization: 'Bearer ' + token} : {}), ...headers}});
  const text = await r.text();
  return {http: r.status, headers: r.headers, ...(text.startsWith('{') ? JSON.parse(text) : {text})};
}
const find = (token, table, query, more = '') => api('GET', `/api/now/table/${table}?sysparm_limit=50&sysparm_query=${encodeURIComponent(query)}${more}`, token);
const numbers = r => r.result.map(row => row.number).sort();
const incidents = async token => (await find(token, 'incident', '')).result;
const settings = servicenow => json('PUT', '/_config', {servicenow});
const DENIED = {http: 401, error: 'server_error', error_description: 'access_denied'};

beforeEach(() => settings({access_ttl_ms: 1800000, refresh_ttl_ms: 8640000000, state_required: true, body_only: true, require_pkce: false,
  javascript_in_queries: true, invalid_query_returns_no_rows: false, asleep: false, clients: {[CLIENT]: {redirect_uris: [CALLBACK]}}}));

describe('servicenow: login', () => {
  test('a code for whom the page was told, with the state of the request', async () => {
    const {code, state} = await login('ana');
    assert.equal(state, 'abc123');
    const t = await exchange(code);
    assert.deepEqual([t.http, t.scope, t.token_type, t.expires_in], [200, 'useraccount', 'Bearer', 1799]);
    assert.equal((await api('GET', '/api/now/ui/user/current_user', t.access_token)).result.user_sys_id, ANA);
  });

  test('deny', async () => {
    assert.deepEqual([(await login('ana', {decision: 'deny'})).error], ['access_denied']);
  });

  for (const [what, over, says] of [['no state', {state: null}, 'Missing State parameter in request.'], ['a state with a dash', {state: 'ab-cd'}, 'Invalid State'],
    ['a state with an underscore', {state: 'ab_cd'}, 'Invalid State'], ['an unknown client', {client_id: 'x'}, 'Invalid client_id'],
    ['another redirect_uri', {redirect_uri: CALLBACK + '/'}, 'Invalid redirect_uri'], ['another scope', {scope: 'api'}, 'Invalid scope'],
    ['another response_type', {response_type: 'token'}, 'Unsupported response_type']]) {
    test(`refused on a page of its own: ${what}`, async () => {
      const r = await get(authorize(over));
      assert.equal(r.status, 400);
      assert.match(await r.text(), new RegExp(says));
    });
  }

  test('a missing state is let pass only where the instance says so', async () => {
    await settings({state_required: false});
    assert.equal((await get(authorize({state: null}))).status, 200);
  });

  test('a browser that is signed in is asked for consent alone', async () => {
    const {cookie} = await login('ben');
    const page = await (await get(authorize(), cookie)).text();
    assert.match(page, /ben/);
    assert.match(page, /name="decision"/);
  });
});

describe('servicenow: tokens', () => {
  test('everything wrong looks alike', async () => {
    const wrong = [{client_secret: 'x'}, {client_id: 'x'}, {redirect_uri: CALLBACK + 'x'}, {code_verifier: 'x'.repeat(43)}, {code: 'nope'}];
    for (const over of wrong) assert.deepEqual(await exchange((await login()).code, over), DENIED, JSON.stringify(over));
    assert.deepEqual(await refresh('nope'), DENIED);
    const {code} = await login();
    await exchange(code);
    assert.deepEqual(await exchange(code), DENIED, 'a code works once');
  });

  test('the body alone, as a form', async () => {
    const t = await tokens();
    const fields = {grant_type: 'refresh_token', refresh_token: t.refresh_token, client_id: CLIENT, client_secret: SECRET};
    assert.equal((await tokenCall({}, {query: '?' + new URLSearchParams(fields)})).http, 400);
    assert.deepEqual(await tokenCall({}, {body: JSON.stringify(fields), headers: {'Content-Type': 'application/json'}}), DENIED);
    assert.deepEqual(await tokenCall({grant_type: 'refresh_token', refresh_token: t.refresh_token},
      {headers: {Authorization: 'Basic ' + Buffer.from(`${CLIENT}:${SECRET}`).toString('base64')}}), DENIED);
    assert.equal((await refresh(t.refresh_token)).http, 200);
  });

  test('the same access token with the seconds that are left, the same refresh token', async () => {
    await settings({access_ttl_ms: 1500});
    const first = await tokens('ana');
    const again = await tokens('ana');
    const refreshed = await refresh(first.refresh_token);
    for (const t of [again, refreshed]) {
      assert.deepEqual([t.access_token, t.refresh_token], [first.access_token, first.refresh_token]);
      assert.ok(t.expires_in <= first.expires_in);
    }
    assert.notEqual((await tokens('ben')).access_token, first.access_token);
    const end = Date.now() + 5000;
    let later = refreshed;
    while (later.access_token === first.access_token && Date.now() < end) later = await refresh(first.refresh_token);
    assert.notEqual(later.access_token, first.access_token);
    assert.equal(later.refresh_token, first.refresh_token);
    assert.equal((await api('GET', '/api/now/table/incident', first.access_token)).http, 401);
  });

  test('a refresh token has its days, and a refresh gives it none', async () => {
    await settings({refresh_ttl_ms: 0});
    assert.deepEqual(await refresh((await tokens()).refresh_token), DENIED);
  });

  test('revoke: each token alone, and by nobody in particular', async () => {
    const t = await tokens();
    const revoke = token => formPost(root() + '/oauth_revoke_token.do', {token});
    assert.equal((await revoke(t.refresh_token)).status, 200);
    assert.deepEqual(await refresh(t.refresh_token), DENIED);
    assert.equal((await api('GET', '/api/now/table/incident', t.access_token)).http, 200, 'the access token lives on');
    assert.equal((await revoke(t.access_token)).status, 200);
    assert.equal((await api('GET', '/api/now/table/incident', t.access_token)).http, 401);
    assert.equal((await revoke('nobody knows it')).status, 200);
  });

  test('faults: a dead grant, a wrong secret, an expired access token', async () => {
    const t = await tokens();
    await fault({peer: 'servicenow', fault: 'token_expired'});
    const r = await api('GET', '/api/now/table/incident', t.access_token);
    assert.deepEqual([r.http, r.error, r.status], [401, {message: 'User Not Authenticated', detail: 'Required to provide Auth information'}, 'failure']);
    assert.match(r.headers.get('www-authenticate'), /BEARER/);
    assert.notEqual((await refresh(t.refresh_token)).access_token, t.access_token);
    await fault({peer: 'servicenow', fault: 'client_secret_refused'});
    assert.deepEqual(await refresh(t.refresh_token), DENIED);
    assert.equal((await refresh(t.refresh_token)).http, 200);
    await fault({peer: 'servicenow', fault: 'grant_revoked'});
    assert.deepEqual(await refresh(t.refresh_token), DENIED);
    assert.deepEqual(await refresh(t.refresh_token), DENIED);
  });

  test('a narrower scope opens nothing else', async () => {
    const t = await tokens('ana', {over: {scope: 'knowledge_only'}});
    const r = await api('GET', '/api/now/table/incident', t.access_token);
    assert.deepEqual([r.http, r.error.message, r.error.detail], [403, 'Missing required api access scope', null]);
  });
});

describe('servicenow: tables', () => {
  let ana, cleo;
  beforeEach(async () => {
    ana = (await tokens('ana')).access_token;
    cleo = (await tokens('cleo')).access_token;
  });
  const create = (token, body, path = '/api/now/table/incident') => api('POST', path, token, body);
  const patch = (token, body, id = FIRST, table = 'incident') => api('PATCH', `/api/now/table/${table}/${id}`, token, body);

  test('who am I: one row; the query ignored: several; without javascript: several', async () => {
    const me = () => find(ana, 'sys_user', 'user_name=javascript:gs.getUserName()', '&sysparm_fields=sys_id,user_name,name,email');
    assert.deepEqual((await me()).result, [{sys_id: ANA, user_name: 'ana', name: 'Ana Alvarez', email: 'ana@acme.example'}]);
    await fault({peer: 'servicenow', fault: 'query_ignored'});
    assert.equal((await me()).result.length, 3);
    await settings({javascript_in_queries: false});
    assert.equal((await me()).result.length, 3);
    await settings({invalid_query_returns_no_rows: true});
    assert.equal((await me()).result.length, 0);
  });

  test('create: 201 with where it is, unknown fields and those one may not write left out', async () => {
    const r = await create(ana, {short_description: 'VPN down', caller_id: 'ana', urgency: '1', impact: '1', correlation_id: 'k-1', u_nothing: 'x', number: 'INC9'});
    assert.equal(r.http, 201);
    assert.match(r.headers.get('location'), /\/api\/now\/table\/incident\/[0-9a-f]{32}$/);
    assert.deepEqual([r.result.number, r.result.state, r.result.priority, r.result.caller_id.value, r.result.u_nothing],
      ['INC0010001', '1', '1', ANA, undefined]);
    assert.deepEqual(numbers(await find(ana, 'incident', 'correlation_id=k-1')), ['INC0010001']);
    const mine = await create(cleo, {short_description: 'Screen broken', assigned_to: ANA});
    assert.deepEqual([mine.http, mine.result.assigned_to], [201, '']);
  });

  test('writes need both types, and JSON', async () => {
    const before = (await incidents(ana)).length;
    assert.equal((await api('POST', '/api/now/table/incident', ana, {}, {'Content-Type': 'text/plain'})).http, 400);
    assert.equal((await api('POST', '/api/now/table/incident', ana, {}, {Accept: 'text/html'})).http, 400);
    assert.equal((await api('POST', '/api/now/table/incident', ana, [])).http, 400);
    assert.equal((await incidents(ana)).length, before);
  });

  test('encoded queries', async () => {
    const q = async text => numbers(await find(ana, 'incident', text));
    assert.deepEqual(await q('number=INC0000001'), ['INC0000001']);
    assert.deepEqual(await q('number=inc0000001^ORnumber=INC0000002'), ['INC0000001', 'INC0000002']);
    assert.deepEqual(await q('active=true^caller_id=javascript:gs.getUserID()'), ['INC0000001']);
    assert.deepEqual(await q('caller_id.user_name=ben'), ['INC0000002']);
    assert.deepEqual(await q('short_descriptionLIKEprinter^NQassigned_to=' + ANA), ['INC0000001', 'INC0000002']);
    assert.deepEqual(await q('numberININC0000001,INC0000009^ORDERBYDESCsys_created_on'), ['INC0000001']);
    assert.deepEqual(await q('nonsense=1'), ['INC0000001', 'INC0000002'], 'what makes no sense is ignored');
    assert.deepEqual(await q('number=INC0000009'), []);
    assert.equal((await api('GET', '/api/now/v1/table/incident?sysparm_query=number=INC0000009', ana)).http, 404);
    const sorted = await find(ana, 'incident', 'ORDERBYDESCnumber');
    assert.deepEqual(sorted.result.map(r => r.number), ['INC0000002', 'INC0000001']);
    assert.equal(sorted.headers.get('x-total-count'), '2');
    assert.deepEqual(numbers(await find(ana, 'task', 'number=CHG0000001')), ['CHG0000001'], 'every table that extends task');
  });

  test('display values, pairs and references', async () => {
    const row = more => find(ana, 'incident', 'number=INC0000002', '&sysparm_fields=assigned_to,state' + more).then(r => r.result[0]);
    assert.match((await row('')).assigned_to.link, /sys_user\/a0/);
    assert.deepEqual(await row('&sysparm_exclude_reference_link=true'), {assigned_to: ANA, state: '1'});
    assert.deepEqual(await row('&sysparm_display_value=true&sysparm_exclude_reference_link=true'), {assigned_to: 'Ana Alvarez', state: 'New'});
    assert.deepEqual((await row('&sysparm_display_value=all')).state, {display_value: 'New', value: '1'});
  });

  test('what one may not see is not there, what one may not write stays as it was', async () => {
    assert.deepEqual(numbers(await find(cleo, 'incident', '')), []);
    const hidden = await api('GET', `/api/now/table/incident/${FIRST}`, cleo);
    assert.deepEqual([hidden.http, hidden.error.message], [404, 'No Record found']);
    const {result: own} = await create(cleo, {short_description: 'Mine'});
    const r = await patch(cleo, {state: '2', short_description: 'Still mine'}, own.sys_id);
    assert.deepEqual([r.http, r.result.state, r.result.short_description], [200, '1', 'Still mine']);
    assert.deepEqual([(await patch(ana, {name: 'X'}, ANA, 'sys_user')).http, (await api('GET', '/api/now/table/nope', ana)).http], [403, 400]);
  });

  test('a data policy refuses, and nothing is changed', async () => {
    const r = await patch(ana, {state: '6', urgency: '1'});
    assert.deepEqual([r.http, r.error.message], [403, 'Operation Failed']);
    assert.match(r.error.detail, /Data Policy/);
    assert.equal((await api('GET', `/api/now/table/incident/${FIRST}`, ana)).result.urgency, '3');
    assert.equal((await patch(ana, {state: '6', close_code: 'Solved', close_notes: 'Paper'})).result.state, '6');
  });

  test('comments are written, and read elsewhere', async () => {
    assert.equal((await patch(ana, {comments: 'On my way'})).result.comments, '');
    await patch(ana, {comments: 'On my way'});
    const rows = await find(ana, 'sys_journal_field', `element_id=${FIRST}^element=comments`);
    assert.deepEqual(rows.result.map(r => r.value), ['On my way', 'On my way']);
  });

  test('approvals: by the approver, once', async () => {
    const mine = await find(ana, 'sysapproval_approver', `approver=${ANA}^state=requested`, '&sysparm_display_value=all');
    assert.deepEqual(mine.result.map(r => [r.sys_id.value, r.sysapproval.display_value]), [[APPROVAL, 'CHG0000001']]);
    const ben = (await tokens('ben')).access_token;
    assert.equal((await patch(ben, {state: 'approved'}, APPROVAL, 'sysapproval_approver')).http, 403);
    assert.equal((await patch(ana, {state: 'approved', comments: 'Good'}, APPROVAL, 'sysapproval_approver')).result.state, 'approved');
    assert.equal((await patch(ana, {state: 'rejected'}, APPROVAL, 'sysapproval_approver')).result.state, 'approved', 'decided is decided');
    assert.equal((await api('GET', `/api/now/table/change_request/${CHANGE}`, ana)).result.approval, 'approved');
  });

  test('changes: 200 with pairs; a rejection needs words', async () => {
    const r = await create(ana, {short_description: 'New cable', correlation_id: 'k-2'}, '/api/sn_chg_rest/change/normal');
    assert.deepEqual([r.http, r.result.state, r.result.type.value], [200, {display_value: 'New', value: '-5'}, 'normal']);
    const decide = body => api('PATCH', `/api/sn_chg_rest/change/${CHANGE}/approvals`, ana, body);
    assert.equal((await decide({state: 'rejected'})).http, 400);
    assert.equal((await decide({state: 'rejected', comments: 'Too early'})).result.state.value, 'rejected');
    assert.equal((await api('PATCH', `/api/sn_chg_rest/change/${CHANGE}/approvals`, cleo, {state: 'approved'})).http, 404);
  });

  test('catalog and knowledge', async () => {
    const {result: [laptop]} = await api('GET', '/api/sn_sc/servicecatalog/items?sysparm_text=laptop', ana);
    const order = body => create(ana, body, `/api/sn_sc/servicecatalog/items/${laptop.sys_id}/order_now`);
    assert.equal((await order({sysparm_quantity: '1'})).http, 400);
    const r = await order({sysparm_quantity: '1', variables: {memory: '32'}});
    assert.deepEqual([r.http, r.result.number, r.result.table], [200, r.result.request_number, 'sc_request']);
    assert.deepEqual(numbers(await find(ana, 'sc_req_item', `opened_by=${ANA}^active=true`)), ['RITM0010001']);
    await order({sysparm_quantity: '1', variables: {memory: '32'}});
    assert.equal((await find(ana, 'sc_request', '')).result.length, 2, 'each order is a new one');
    const found = await api('GET', '/api/sn_km_api/knowledge/articles?query=vpn&limit=5', ana);
    assert.deepEqual(found.result.articles.map(a => a.number), ['KB0000001']);
  });

  test('asleep: 200 and a page, whatever was asked; too many: 429 with when to come again', async () => {
    await fault({peer: 'servicenow', fault: 'asleep', times: 2});
    const r = await api('GET', '/api/now/table/incident', ana);
    assert.deepEqual([r.http, r.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
    assert.match(r.text, /hibernating/);
    assert.match((await create(ana, {short_description: 'Lost in sleep'})).text, /hibernating/);
    assert.equal((await incidents(ana)).length, 2);
    await fault({peer: 'servicenow', fault: '429', retry_after: 1700});
    const limited = await create(ana, {short_description: 'Too many'});
    assert.deepEqual([limited.http, limited.headers.get('retry-after'), limited.error.message], [429, '1700', 'Rate limit exceeded']);
    assert.equal((await incidents(ana)).length, 2);
  });

  test('a deep link opens the record', async () => {
    const page = await get(`${root()}/nav_to.do?uri=incident.do%3Fsys_id%3D${FIRST}`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /INC0000001[\s\S]*Ana Alvarez/);
    assert.equal((await get(`${root()}/nav_to.do?uri=incident.do%3Fsys_id%3D${BEN}`)).status, 404);
  });

  test('another instance knows no token of this one', async () => {
    const r = await fetch(base + '/servicenow/globex/api/now/table/incident', {headers: {Authorization: 'Bearer ' + ana, Accept: 'application/json'}});
    assert.equal(r.status, 401);
    assert.equal((await api('GET', '/api/now/table/sys_user/' + CLEO, ana)).result.user_name, 'cleo');
  });
});
