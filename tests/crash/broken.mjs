// The service with one promise taken out of it: a copy of its sources, patched and built outside the
// tree. What the test's own build compiled is used again where nothing changed.
import {execFile} from 'node:child_process';
import {cpSync, existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {ROOT} from '../lib/flow.mjs';

const sh = promisify(execFile);
const SOURCES = ['Makefile', 'openapi.yaml', 'service', 'include', 'migrations', 'docs/recipes', 'docs/setup-apps.md', 'tests/sandbox', 'tests/tools'];

/** Throws when a patch does not fit the sources as they are. */
export async function checkBroken(name) {
  await sh('patch', ['-p0', '--dry-run', '--force', '-i', join(ROOT, 'tests/crash/broken', `${name}.patch`)], {cwd: ROOT});
}

/** {binary, remove}: `name` is a file of broken/ without its .patch. */
export async function buildBroken(name) {
  const dir = mkdtempSync(join(tmpdir(), `workbot-${name}-`));
  const remove = () => rmSync(dir, {recursive: true, force: true});
  try {
    const keep = {recursive: true, preserveTimestamps: true};
    for (const part of SOURCES) cpSync(join(ROOT, part), join(dir, part), keep);
    const built = dirname(resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot')));
    for (const part of ['obj/service', 'flags', 'sources']) if (existsSync(join(built, part))) cpSync(join(built, part), join(dir, 'build', part), keep);
    await sh('patch', ['-p0', '-i', join(ROOT, 'tests/crash/broken', `${name}.patch`)], {cwd: dir});
    const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/^(MAKE|MFLAGS|BUILD|SAN)/.test(k)));
    await sh('make', ['-j2', 'CC=gcc', 'BUILD=build', 'build/workbot'], {cwd: dir, env, maxBuffer: 1 << 26});
    return {binary: join(dir, 'build/workbot'), remove};
  } catch (e) {
    remove();
    throw new Error(`${name} does not build: ${e.message}\n${e.stdout ?? ''}${e.stderr ?? ''}`);
  }
}
