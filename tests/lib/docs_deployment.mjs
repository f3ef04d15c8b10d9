// A deployment's folder for the manual's commands of Docker: docker/ as a checkout has it, a certificate, and an editor
// that writes what its user would.
import {execFileSync} from 'node:child_process';
import {chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ROOT} from './docs.mjs';

/** Of one test; `settings`: what is written into docker/.env in place of the samples. */
export function deploymentFor(t, settings) {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-deployment-'));
  const made = ['.env', 'secrets'].map(name => join(ROOT, 'docker', name));
  cpSync(join(ROOT, 'docker'), join(dir, 'docker'), {recursive: true, filter: path => !made.includes(path)});
  mkdirSync(join(dir, 'docker/secrets'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'chain.pem')], {stdio: 'ignore'});
  const editor = join(dir, 'editor');
  const edits = Object.entries(settings).map(([name, value]) => `-e 's|^${name}=.*|${name}=${value}|'`).join(' ');
  writeFileSync(editor, `#!/bin/sh\nsed -i -e '' ${edits} "$1"\n`);
  chmodSync(editor, 0o755);
  t.after(() => rmSync(dir, {recursive: true, force: true}));
  return {dir, env: {EDITOR: editor}};
}
