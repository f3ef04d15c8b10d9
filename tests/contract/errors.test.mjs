// docs/errors.md names every code that the source can set.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
const sources = readdirSync(join(root, 'service'), {recursive: true})
  .filter(f => f.endsWith('.c') && f !== join('base', 'err.c')) // the names of the kinds themselves
  .map(f => readFileSync(join(root, 'service', f), 'utf8'));
const KIND = /\bERR_[A-Z_]+\s*,\s*"([a-z0-9_]+)"/g; // the kind, then the code: err_set() and tables alike
const documented = new Set([...page.matchAll(/`([a-z0-9_]+)`/g)].map(m => m[1]));

test('every code stands on the page', () => {
  const codes = new Set(sources.flatMap(s => [...s.matchAll(KIND)].map(m => m[1])));
  assert.ok(codes.size > 60, `${codes.size} codes found`);
  // rows of tables that go on in their own words: outcomes of a refresh
  const outcomes = ['dead', 'refused'];
  assert.deepEqual([...codes].filter(c => !documented.has(c) && !outcomes.includes(c)).sort(), []);
});

test('every code of a table row is one of the source', () => {
  const headers = ['include', 'service'].flatMap(dir => readdirSync(join(root, dir), {recursive: true}).filter(f => f.endsWith('.h')).map(f => readFileSync(join(root, dir, f), 'utf8')));
  const text = [...sources, ...headers].join('\n') + readdirSync(join(root, 'migrations')).map(f => readFileSync(join(root, 'migrations', f), 'utf8')).join('\n');
  const rows = page.split('\n').filter(l => l.startsWith('| `')).flatMap(l => [...l.split('|')[1].matchAll(/`([a-z0-9_]+)`/g)].map(m => m[1]));
  assert.ok(rows.length > 60);
  assert.deepEqual(rows.filter(code => !text.includes(`"${code}"`) && !text.includes(`'${code}'`)), []);
});
