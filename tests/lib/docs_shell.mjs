// A shell in which a test types what the manual says, and a door of the API that hears what it sends.
//
//   const door = await openDoor(world.url);
//   const shell = new Shell({env: world.env, samples: {'https://workbot.example.com': door.url}});
//   const {out, calls} = await shell.run(pages.block('api PUT'), {with: {'"..."': '"sample"'}});
//
// Blocks share one bash, since the manual defines things in one and uses them in the next.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {ROOT, place} from './docs.mjs';

const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
const PATIENCE_MS = 180000; // a deadline for what hangs: a try of a recipe begins a whole demo

/** Every `from` must stand there: a sample that the page does not hold any more is a fault of the test. */
function filled(text, values) {
  for (const [from, to] of Object.entries(values)) {
    assert.ok(text.includes(from), `"${from}" stands in:\n${text}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export class Shell {
  #done = 0;

  /** `samples`: what stands for the reader's own values, wherever it occurs. `door`: whose calls `run` hands back. */
  constructor({env = {}, cwd = ROOT, samples = {}, door}) {
    Object.assign(this, {cwd, samples, door});
    this.dir = mkdtempSync(join(tmpdir(), 'workbot-docs-'));
    mkdirSync(join(this.dir, 'bin'));
    symlinkSync(WORKBOT, join(this.dir, 'bin/workbot'));
    symlinkSync(join(ROOT, 'tests/lib/docs_docker.sh'), join(this.dir, 'bin/docker'));
    this.child = spawn('/bin/bash', ['--noprofile', '--norc'], {cwd, stdio: ['pipe', 'ignore', 'inherit'], detached: true,
      env: {PATH: `${join(this.dir, 'bin')}:${process.env.PATH}`, HOME: this.dir, ...env}});
    this.ended = once(this.child, 'exit');
  }

  /** The command as the page says it, but for the samples; `exit`: the status it must end with. */
  async run(code, {with: values = {}, exit = 0} = {}) {
    let text = filled(code.text ?? code, values);
    for (const [from, to] of Object.entries(this.samples)) text = text.replaceAll(from, to);
    const file = join(this.dir, `command-${++this.#done}`), before = this.door?.calls.length;
    writeFileSync(file, text + '\n');
    // not in `if` or behind `||`: there -e would not hold inside it. What is to fail runs beside the others
    const body = `. ${file} >${file}.out 2>&1 </dev/null`;
    this.child.stdin.write(exit === 0 ? `set -e; trap 'echo $? >${file}.last' EXIT; ${body}; set +e; echo 0 >${file}.rc\n`
      : `(set -e; ${body}); echo $? >${file}.rc\n`);
    const status = await this.#status(file);
    const out = readFileSync(`${file}.out`, 'utf8');
    assert.equal(status, exit, `${code.file ? place(code) : code} ended with ${status}; it was run as\n${text}\nand said\n${out}`);
    return {out, calls: this.door ? this.door.calls.slice(before) : []};
  }

  async #status(file) {
    const read = name => {
      try {
        return readFileSync(name, 'utf8').trim();
      } catch {
        return '';
      }
    };
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      if (read(`${file}.rc`)) return Number(read(`${file}.rc`));
      if (this.child.exitCode !== null) return Number(read(`${file}.last`) || this.child.exitCode);
      assert.ok(Date.now() < end, `a command does not end: ${readFileSync(file, 'utf8')}\n${read(`${file}.out`)}`);
      await new Promise(done => setTimeout(done, 10));
    }
  }

  /** Ends it, and what was left running in it. */
  async close() {
    if (this.child.exitCode === null && !this.child.signalCode) process.kill(-this.child.pid, 'SIGTERM');
    this.child.stdin.destroy();
    await this.ended;
    rmSync(this.dir, {recursive: true, force: true});
  }
}

/** A shell of one test. */
export function shellFor(t, options) {
  const shell = new Shell(options);
  t.after(() => shell.close());
  return shell;
}

/** Before the service at `target`: passes calls on and keeps them, with body and answer, for `judge`. */
export async function openDoor(target, openapi) {
  const calls = [];
  const server = http.createServer(async (req, res) => {
    const parts = [];
    for await (const part of req) parts.push(part);
    const raw = Buffer.concat(parts);
    const {host: _, connection: __, ...headers} = req.headers;
    const answer = await fetch(target + req.url, {method: req.method, headers, redirect: 'manual', body: raw.length ? raw : undefined});
    const text = await answer.text();
    const json = value => { try { return JSON.parse(value); } catch { return undefined; } };
    calls.push({method: req.method, path: req.url, body: json(raw.toString()), sent: raw.length > 0, status: answer.status, text,
      json: json(text), headers: Object.fromEntries(answer.headers)});
    res.writeHead(answer.status, {'content-type': answer.headers.get('content-type') ?? 'text/plain'}).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    calls, url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.closeAllConnections(); server.close(); },
    /** The one call of a command: described in openapi.yaml, body and answer; and answered with this status. */
    judge([call, ...others], status = [200, 201, 202, 204]) {
      assert.ok(call && others.length === 0, `one call, not ${others.length + (call ? 1 : 0)}`);
      const what = `${call.method} ${call.path}`, operation = openapi.find(call.method, call.path);
      assert.ok(operation, `${what} is described`);
      assert.ok([status].flat().includes(call.status), `${what}: ${call.status} ${call.text}`);
      assert.deepEqual(openapi.faults(operation, call), [], what);
      if (operation.operation.requestBody && call.sent) {
        const fits = openapi.body(operation);
        assert.ok(fits(call.body), `${what}: ${JSON.stringify(fits.errors)}`);
      }
      return call.json;
    },
  };
}
