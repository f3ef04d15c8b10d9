// /v1 from outside: whoever knows openapi.yaml, an address and an operator's token finds no answer that is not described, and
// none of 500 and above. Requests are drawn from the document (tests/lib/drawn.mjs): those that fit it, those at its bounds, and
// broken ones, in an order that makes things before it reads, changes and removes them. OUTSIDE_SEED=N repeats a run; the seed
// is printed, and the long form draws one.
//
// Two judges. Redocly's Respect, which comes with @redocly/cli, is handed the requests that an Arazzo document can say, sends
// them itself and holds status, content type and body against the document. It cannot send what is not well formed, stops at
// the first fault of a workflow, and does not know which codes are documented; so ajv judges every answer of the walk.
// Others were left out: specmatic wants Java; Prism's proxy checks schemas of 3.1 as draft-07 (its issue 2797), and says
// nothing at all when it cannot read one (2442); the fuzzers for OpenAPI that are kept are Python's.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {Drawn} from '../lib/drawn.mjs';
import {ACME, ADMIN_TOKEN, GLOBEX, OPPORTUNITY, TEAMS_ACME, start} from '../lib/flow.mjs';
import {loadOpenapi} from '../lib/openapi.mjs';
import {request} from '../lib/service.mjs';

const LONG = process.env.WORKBOT_TEST_LONG === '1';
const SEED = Number(process.env.OUTSIDE_SEED) || (LONG ? Math.floor(Math.random() * 1e6) : 530053);
const ROUNDS = LONG ? 12 : 2, EACH = 24; // requests of an operation in a round
const openapi = loadOpenapi();
const CODES = new Set(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').match(/^\| `[^|]+/gm).flatMap(cell => cell.match(/[a-z][a-z_0-9]+/g)));
const operations = openapi.operations.filter(o => o.path.startsWith('/v1/'));

let w, port;
const drawn = new Drawn(openapi.doc, SEED), met = new Map(), plain = [];

before(async () => {
  w = await start({globex: true, teams: true});
  port = w.replicas[0].port;
  const [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
  await ana.connect();
  await cleo.connect();
  await ben.ask(OPPORTUNITY, /Created/);
  await ana.ask(OPPORTUNITY, /Created/);
  await w.must('DELETE', `/workspaces/${ACME}/recipes/create-opportunity`); // its command is that of the document's example
  await w.must('PUT', `/workspaces/${ACME}/groups/sales`, {users: ['U0ANA0001']});
  await w.must('PUT', `/workspaces/${GLOBEX}/hooks/deals`, {kind: 'json'});
  for (const role of ['read', 'operate', 'admin', 'act']) await w.must('POST', `/workspaces/${ACME}/api-tokens`, {name: 'its-' + role, role});
});
after(() => w?.stop());

/** What is wrong with an answer, as sentences. */
function faults(operation, answer) {
  const list = openapi.faults(operation, answer), {json} = answer;
  if (answer.status >= 500) list.push(`${answer.status} is ours`);
  for (const [name, header] of Object.entries(operation.operation.responses[answer.status]?.headers ?? {})) {
    if (header && answer.headers[name.toLowerCase()] === undefined) list.push(`${answer.status} has no ${name}`);
  }
  return answer.status < 400 ? list : [...list, ...problemFaults(answer.status, answer.headers, json)];
}

function problemFaults(status, headers, json) {
  if (!/^application\/problem\+json/.test(headers['content-type'])) return [`${status} is no problem+json`];
  return [json.status === status || `status ${json.status} in a ${status}`, json.type === 'urn:workbot:problem:' + json.code || `type ${json.type} of ${json.code}`,
    CODES.has(json.code) || `the code ${json.code} is not in docs/errors.md`, json.detail?.length > 0 || 'no detail'].filter(x => x !== true);
}

async function send(drawnOne) {
  const {method, path, headers, sent} = drawnOne;
  return request(port, {method, path, headers, body: sent});
}

const shown = one => `${one.method} ${one.path.slice(0, 300)} ${JSON.stringify(one.headers).slice(0, 300)} ${String(one.sent).slice(0, 2000)}`;

async function ask(operation, how) {
  const one = drawn.request(operation, {token: ADMIN_TOKEN, ...how});
  const answer = await send(one).catch(e => assert.fail(`OUTSIDE_SEED=${SEED} ${operation.id} has no answer: ${e.message}: ${shown(one)}\n${w.log().slice(-1500)}`));
  const wrong = faults(operation, answer);
  assert.deepEqual(wrong, [], `OUTSIDE_SEED=${SEED} ${operation.id}: ${shown(one)}\n${answer.status} ${answer.text.slice(0, 600)}`);
  if (!met.has(operation.id)) met.set(operation.id, new Set());
  met.get(operation.id).add(answer.status);
  drawn.learn(operation, one, answer);
  if (how.plain) plain.push({operation, one});
  return answer;
}

// Lists tell what there is; then what makes, what reads, what ends (one before all of its kind), and a whole workspace last.
const rank = o => [o.method === 'GET' && /^list/.test(o.id), o.method === 'PUT', o.method === 'POST', o.method === 'GET', o.id !== 'deleteWorkspace', true].indexOf(true);
const ordered = [...operations].sort((a, b) => (rank(a) - rank(b)) || (a.method === 'DELETE' ? -1 : 1) * (a.path.length - b.path.length));

test('no request that can be drawn from openapi.yaml has an answer that is not described there', {timeout: LONG ? 3600e3 : 600e3}, async t => {
  t.diagnostic(`OUTSIDE_SEED=${SEED}`);
  drawn.known.set('/v1/workspaces', [ACME, GLOBEX, TEAMS_ACME]);
  // first, as a workspace whose bot token is put and refused loses those of its people
  for (const id of ['listPersonalConnections', 'deletePersonalConnection']) await ask(operations.find(o => o.id === id), {plain: true, within: ACME});
  for (let round = 0; round < ROUNDS; round++) {
    for (const o of ordered) {
      const last = round === ROUNDS - 1, ends = o.method === 'DELETE', whole = o.id === 'deleteWorkspace';
      for (const within of o.path.includes('{workspace}') ? [ACME, GLOBEX, TEAMS_ACME] : [undefined]) {
        await ask(o, {plain: true, fresh: ends && !last, within: whole && !last ? undefined : within});
      }
      for (let n = 0; n < EACH; n++) await ask(o, {fresh: whole || (ends && !last)}); // what is there ends in the last round
    }
  }
  const never = operations.filter(o => ![...met.get(o.id)].some(s => s < 300)).map(o => o.id);
  // a code of a login's last page, and a word of a person in the chat, stand in no document
  assert.deepEqual(never.sort(), ['actForUser', 'confirmConnectionLogin'], 'every other one has done its work');
  for (const status of [400, 401, 403, 404, 409, 412, 422]) {
    assert.ok([...met.values()].some(s => s.has(status)), `nothing was answered ${status}`);
  }
});

test('other methods of a path that is described are 405, and say which it takes', async () => {
  const paths = Map.groupBy(operations, o => o.path);
  for (const [path, own] of paths) {
    const takes = new Set(own.map(o => o.method).flatMap(m => m === 'GET' ? ['GET', 'HEAD'] : [m]));
    const at = drawn.request(own[0], {plain: true}).path.split('?')[0];
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'].filter(m => !takes.has(m))) {
      const answer = await request(port, {method, path: at, headers: {Authorization: 'Bearer ' + ADMIN_TOKEN}});
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.deepEqual(answer.headers.allow.split(', ').sort(), [...takes].sort(), `${method} ${path}`);
      if (method !== 'HEAD') assert.deepEqual(problemFaults(405, answer.headers, answer.json), [], `${method} ${path}`);
    }
  }
});

// --- Respect ---

// It reads "$" and what stands in braces behind it as an expression, and takes no path that must be escaped.
const sayable = ({one}) => !JSON.stringify([one.path, one.body ?? null]).includes('$') && /^[\w/:.-]+(\?\w+=\w+(&\w+=\w+)*)?$/.test(one.path);

function step({operation, one}, i) {
  const [path, query] = one.path.split('?'), segments = path.split('/');
  const of = operation.path.split('/').flatMap((s, n) => s.startsWith('{') ? [{in: 'path', name: s.slice(1, -1), value: segments[n]}] : []);
  for (const [name, value] of new URLSearchParams(query)) of.push({in: 'query', name, value});
  return {stepId: `s${i}-${operation.id}`, operationId: `$sourceDescriptions.workbot.${operation.id}`,
    parameters: [{in: 'header', name: 'Authorization', value: 'Bearer ' + ADMIN_TOKEN}, ...of],
    ...(one.body === undefined ? {} : {requestBody: {contentType: 'application/json', payload: one.body}}), successCriteria: [{condition: '$statusCode < 500'}]};
}

/** Each request is a workflow: its first fault ends it. */
async function respect(description, list) {
  const dir = mkdtempSync(join(tmpdir(), 'outside-'));
  try {
    writeFileSync(join(dir, 'openapi.json'), JSON.stringify(description));
    writeFileSync(join(dir, 'drawn.arazzo.json'), JSON.stringify({arazzo: '1.0.1', info: {title: 'Drawn', version: '1'},
      sourceDescriptions: [{name: 'workbot', type: 'openapi', url: './openapi.json'}],
      workflows: list.map((p, i) => ({workflowId: `w${i}`, steps: [step(p, i)]}))}));
    const cli = new URL('../node_modules/@redocly/cli/bin/cli.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [cli, 'respect', join(dir, 'drawn.arazzo.json'), '-S', `workbot=http://127.0.0.1:${port}`, '-J', join(dir, 'said.json')],
      {env: {...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true'}, stdio: ['ignore', 'pipe', 'pipe']});
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', d => { out += d; });
    const code = await new Promise(done => child.on('close', done));
    const [said] = Object.values(JSON.parse(readFileSync(join(dir, 'said.json'), 'utf8')).files);
    const steps = said.executedWorkflows.flatMap(f => f.executedSteps);
    const failed = steps.flatMap(s => s.checks.filter(c => !c.passed).map(c => `${s.stepId}: ${s.response?.statusCode}: ${c.name}: ${c.message}`.slice(0, 500)));
    return {code, out, asked: said.totalRequests, failed, checks: new Set(steps.flatMap(s => s.checks.map(c => c.name)))};
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

test('Respect finds every answer to what is said plainly as described', async () => {
  const list = plain.filter(sayable);
  assert.ok(new Set(list.map(p => p.operation.id)).size === operations.length, 'every operation is among them');
  const {code, out, asked, failed, checks} = await respect(openapi.doc, list);
  assert.deepEqual(failed, [], `OUTSIDE_SEED=${SEED}`);
  assert.equal(code, 0, out.slice(-2000));
  assert.equal(asked, list.length);
  for (const name of ['status code check', 'content-type check', 'schema check']) assert.ok(checks.has(name), name);
});

test('both judges see an answer that is not described', async () => {
  const other = structuredClone(openapi.doc), list = operations.find(o => o.id === 'listApps');
  delete other.paths['/v1/apps'].get.responses['200'];
  const one = [{operation: list, one: drawn.request(list, {plain: true, token: ADMIN_TOKEN})}];
  assert.match((await respect(other, one)).failed.join(), /status code check/);
  const narrow = structuredClone(openapi.doc);
  narrow.paths['/v1/apps'].get.responses['200'] = {description: 'x', content: {'application/json': {schema: {type: 'object', required: ['unheard'], properties: {unheard: {type: 'string'}}}}}};
  assert.match((await respect(narrow, one)).failed.join(), /schema check/);

  const problem = (status, code) => ({status, headers: {'content-type': 'application/problem+json'}, text: '{}',
    json: {type: 'urn:workbot:problem:' + code, title: 'x', status, code, detail: 'x', request_id: 'x'}});
  const get = operations.find(o => o.id === 'getWorkspace');
  assert.deepEqual(faults(get, problem(404, 'no_workspace')), []);
  assert.match(faults(get, problem(404, 'unheard_of')).join(), /not in docs\/errors\.md/);
  assert.match(faults(get, problem(418, 'no_workspace')).join(), /does not describe 418/);
  assert.match(faults(get, {...problem(503, 'busy'), headers: {...problem(503, 'busy').headers, 'retry-after': '1'}}).join(), /503 is ours/);
  assert.match(faults(get, {...problem(404, 'no_workspace'), headers: {'content-type': 'application/json'}}).join(), /not application\/problem\+json/);
  assert.match(faults(get, {status: 200, headers: {'content-type': 'application/json'}, text: '{}', json: {}}).join(), /required/);
});

test('what was drawn has left the service as it was: it answers, and its log has no fault of ours', async () => {
  assert.equal((await request(port, {path: '/v1/apps', headers: {Authorization: 'Bearer ' + ADMIN_TOKEN}})).status, 200);
  assert.doesNotMatch(w.log(), /"kind":"internal"|"status":5\d\d/);
});
