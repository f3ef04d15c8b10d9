// What we sent to Slack, checked by the TypeScript compiler against the official @slack/types.
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';

const require = createRequire(import.meta.url);
const TSC = require.resolve('typescript/bin/tsc');
const TYPES = join(dirname(require.resolve('@slack/types/package.json')), 'dist/index.d.ts');
const CONFIG = {compilerOptions: {strict: true, noEmit: true, module: 'node16', moduleResolution: 'node16', target: 'es2022', types: [], paths: {'@slack/types': [TYPES]}}, files: ['sent.ts']};

const parse = value => (typeof value === 'string' ? JSON.parse(value) : value);

/** Everything with blocks in the journal of the sandbox, once each: [{type, value, from}]. */
export function sentViews(entries) {
  const found = new Map();
  const note = (type, value, from) => {
    const key = type + JSON.stringify(value);
    if (value && !found.has(key)) found.set(key, {type, value, from});
  };
  const take = (body, from) => {
    if (!body || typeof body !== 'object') return;
    if (body.blocks) note('KnownBlock[]', parse(body.blocks), from);
    const view = parse(body.view ?? 'null');
    if (view) note(view.type === 'home' ? 'HomeView' : 'ModalView', view, from);
    if (/options$/.test(from) && body.options) note('Option[]', body.options, from);
  };
  for (const e of entries.filter(e => e.peer === 'slack')) {
    if (e.direction === 'in') take(e.args, e.path);
    else if (/\/slack\/(interactions|commands|options)$/.test(e.path)) take(e.answer, e.path);
  }
  return [...found.values()];
}

/** Complaints of the compiler by the number of the value: Map(index -> [text]). */
export async function typecheck(values) {
  const dir = mkdtempSync(join(tmpdir(), 'slack-types-'));
  try {
    const lines = ["import type {HomeView, KnownBlock, ModalView, Option} from '@slack/types';"];
    // one value a line, so that a complaint's line tells which
    values.forEach(({type, value}, i) => lines.push(`export const sent${i}: ${type} = ${JSON.stringify(value)};`));
    writeFileSync(join(dir, 'sent.ts'), lines.join('\n') + '\n');
    writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify(CONFIG));
    const out = await new Promise(done => execFile(process.execPath, [TSC, '-p', dir, '--pretty', 'false'], {maxBuffer: 1 << 26}, (error, stdout) => done({code: error ? error.code : 0, stdout})));
    const complaints = new Map();
    const loose = [];
    for (const line of out.stdout.split('\n').filter(l => /error TS/.test(l))) {
      const at = /^.*sent\.ts\((\d+),\d+\): (.*)$/.exec(line);
      if (!at || at[1] === '1') loose.push(line);
      else complaints.set(at[1] - 2, [...(complaints.get(at[1] - 2) || []), at[2]]);
    }
    if (loose.length || (out.code !== 0 && complaints.size === 0)) throw new Error(`the compiler did not get so far: ${loose.join('\n') || out.stdout}`);
    return complaints;
  } finally {
    rmSync(dir, {recursive: true});
  }
}
