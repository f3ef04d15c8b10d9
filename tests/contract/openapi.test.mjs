// openapi.yaml tells all: each JSON body and answer has an example that fits its schema, and each problem the codes that it may
// carry, which are those of docs/errors.md. That no other code is answered is judged where answers are (support.mjs, outside.test.mjs).
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {openapi} from './support.mjs';

const read = path => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const follow = value => value?.$ref ? value.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], openapi.doc) : value;
const examplesOf = media => [media.example, ...Object.values(media.examples ?? {}).map(e => follow(e).value)].filter(e => e !== undefined);

/** Every answer that is described: {operation, status, described, type, media}. */
const answers = openapi.operations.flatMap(operation => operation.statuses.flatMap(status => {
  const described = follow(operation.operation.responses[status]);
  return Object.entries(described.content ?? {}).map(([type, media]) => ({operation, status, described, type, media}));
}));
const json = answers.filter(a => a.type.endsWith('json')), problems = json.filter(a => a.type === 'application/problem+json');

/** Code to its status, where the page's table has one. */
const documented = new Map();
for (const [, cell, status] of read('docs/errors.md').matchAll(/^\| (`[^|]+) \|(?: (\d{3}) \|)?/gm)) {
  for (const [, code] of cell.matchAll(/`(\w+)`/g)) documented.set(code, status);
}
const codesIn = (value, found = []) => {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (key === 'code' && inner.enum) found.push(...inner.enum);
    else if (typeof inner === 'object') codesIn(inner, found);
  }
  return found;
};
/** What this problem may say: its schema's enumeration, and the words of its description that are codes. */
const named = a => [...codesIn(a.media.schema), ...[...a.described.description.matchAll(/`(\w+)`/g)].map(m => m[1]).filter(code => documented.has(code))];

test('every JSON body and answer has an example, and each fits its schema', () => {
  const bodies = openapi.operations.filter(o => o.operation.requestBody?.content['application/json']);
  assert.ok(bodies.length > 10 && json.length > 200, `${bodies.length} bodies, ${json.length} answers`);
  for (const o of bodies) {
    const examples = examplesOf(o.operation.requestBody.content['application/json']), check = openapi.body(o);
    assert.ok(examples.length > 0, `${o.id}: a body without an example`);
    for (const example of examples) assert.ok(check(example), `${o.id}: ${JSON.stringify(check.errors)}`);
  }
  for (const {operation, status, type, media} of json) {
    const examples = examplesOf(media);
    assert.ok(examples.length > 0, `${operation.id} ${status}: an answer without an example`);
    for (const example of examples) {
      assert.deepEqual(openapi.faults(operation, {status, headers: {'content-type': type}, text: JSON.stringify(example), json: example}), []);
    }
  }
});

test('the example of a problem is one: its type, and the status of an answer that it stands for', () => {
  const statuses = Map.groupBy(problems, a => a.described);
  for (const [described, of] of statuses) {
    for (const example of examplesOf(of[0].media)) {
      assert.equal(example.type, 'urn:workbot:problem:' + example.code);
      assert.ok(of.some(a => a.status === String(example.status)), `${described.description}: ${example.status}`);
      assert.ok(documented.has(example.code), example.code);
    }
  }
});

test('a problem names its codes: each is documented with this status, and none is left out', () => {
  const told = new Map(); // code to the statuses of the answers that name it
  for (const a of problems) {
    const codes = named(a);
    assert.ok(codes.length > 0, `${a.operation.id} ${a.status} names no code`);
    for (const code of codes) told.set(code, (told.get(code) ?? new Set()).add(a.status));
  }
  for (const [code, statuses] of told) {
    assert.ok(documented.has(code), `${code} is not in docs/errors.md`);
    if (documented.get(code)) assert.ok(statuses.has(documented.get(code)), `${code} is ${documented.get(code)} in docs/errors.md, and stands under ${[...statuses]}`);
  }
  // a 401 of a webhook has no body, and 405 is that of no operation
  const untold = [...documented].filter(([code, status]) => status && status !== '405' && !(status === '401' && /^(slack|teams|hook)_/.test(code)) && !told.has(code));
  assert.deepEqual(untold.map(([code]) => code), []);
});

test('whatever works for an answer may fail for a fault of ours, and says so', () => {
  const inline = [...read('service/web/router.c').matchAll(/ROUTE_INLINE, .*"(\w+)", \w+\},/g)].map(m => m[1]);
  assert.ok(inline.length > 5);
  assert.deepEqual(openapi.operations.filter(o => !o.statuses.includes('500')).map(o => o.id).sort(), inline.sort());
});
