// One service for a test file, whose every answer is held against openapi.yaml and searched for
// planted secrets.
import assert from 'node:assert/strict';
import {loadOpenapi} from '../lib/openapi.mjs';

export const openapi = loadOpenapi();
export const W = '/v1/workspaces/slack:T0ACME001';

// Secrets that go in and must never come out, in an answer or in the log.
export const CANARIES = {
  botToken: 'xoxb-sample-canary-bot-token-4711', clientSecret: 'sample-canary-client-secret-4711',
};

const seen = new Map(); // operationId -> Set of statuses

export function judge(service, secrets = []) {
  const planted = [...Object.values(CANARIES), ...secrets];
  // Sends a request and holds its answer against the description. `expected`: the status, or several.
  const call = async (expected, method, path, body, {headers = {}, token = service.token} = {}) => {
    const operation = openapi.find(method, path);
    assert.ok(operation, `${method} ${path} is described`);
    const answer = await service.request({method, path, body,
      headers: {...(token ? {Authorization: 'Bearer ' + token} : {}), ...headers}});
    assert.deepEqual(openapi.faults(operation, answer), []);
    assert.ok([expected].flat().includes(answer.status), `${answer.status}, not ${expected}: ${method} ${path}: ${answer.text.slice(0, 600)}`);
    for (const secret of planted) assert.ok(!answer.text.includes(secret), `${method} ${path} tells a secret`);
    if (!seen.has(operation.id)) seen.set(operation.id, new Set());
    seen.get(operation.id).add(String(answer.status));
    if (answer.status >= 400) {
      assert.equal(answer.json.status, answer.status);
      assert.equal(answer.json.type, 'urn:workbot:problem:' + answer.json.code);
      assert.ok(answer.json.detail.length > 0);
    }
    return answer;
  };
  // A 422 with exactly the faults at these paths.
  const refused = async (paths, method, path, body) => {
    const answer = await call(422, method, path, body);
    assert.equal(answer.json.code, 'invalid');
    assert.deepEqual([...new Set(answer.json.errors.map(e => e.path))].sort(), [...paths].sort(), answer.text);
    return answer;
  };
  const audit = async action =>
    (await call(200, 'GET', W + '/audit?limit=100')).json.items.filter(i => !action || i.action === action);
  const silent = () => {
    for (const secret of [...planted, service.token]) assert.ok(!service.log().includes(secret), 'the log tells a secret');
  };
  return {call, refused, audit, silent};
}

// Statuses of /v1 that openapi.yaml describes and no call of this file has met. A fault of ours is to be met by none.
export function unmet() {
  return openapi.operations.filter(o => o.path.startsWith('/v1/'))
    .flatMap(o => o.statuses.filter(s => s !== '500' && !seen.get(o.id)?.has(s)).map(s => `${o.id} ${s}`));
}
