// The demo's world (tests/tools/demo.sh) for scripts: started, looked at, stopped.
import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ROOT, buttons, until} from './flow.mjs';

/** Starts demo.sh on free ports with a database of its own; `stop()` leaves nothing behind. */
export async function startDemo() {
  const dir = await mkdtemp(join(tmpdir(), 'workbot-demo-'));
  const env = {...process.env, DEMO_DIR: dir, DEMO_PORTS: 'any', DEMO_QUIET: '1'};
  delete env.RESET;
  if (process.env.WORKBOT_TEST_PG) env.DEMO_POSTGRES = process.env.WORKBOT_TEST_PG;
  const child = spawn(join(ROOT, 'tests/tools/demo.sh'), {cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  let code = null;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => (output += text));
  const ended = new Promise(done => child.on('close', status => done((code = status ?? -1))));
  // not `rm dir`: a cluster in it belongs to another user when this runs as root
  const forget = () => new Promise(done => {
    if (env.DEMO_POSTGRES) return done();
    spawn(join(ROOT, 'tests/tools/postgres.sh'), ['drop', join(dir, 'pg')], {cwd: ROOT, stdio: 'ignore'}).on('close', done);
  }).then(() => rm(dir, {recursive: true, force: true}));
  const stop = async () => {
    if (code === null) child.kill('SIGTERM');
    const status = await ended;
    await forget();
    if (status !== 0) throw new Error(`demo.sh ended with ${status}:\n${output}`);
  };
  let world;
  try {
    world = await until('the demo to be ready', async () => {
      if (code !== null) return {failed: true};
      return JSON.parse(await readFile(join(dir, 'demo.json'), 'utf8').catch(() => 'null'));
    }, 60000);
    if (world.failed) throw new Error(`demo.sh ended with ${code}:\n${output}`);
  } catch (e) {
    if (code === null) child.kill('SIGTERM');
    await ended;
    await forget();
    throw e;
  }
  return {...world, dir, stop, log: () => readFile(join(dir, 'workbot.log'), 'utf8')};
}

/** What scripts do in the demo's world. `demo` is the answer of startDemo(). */
export class World {
  constructor(demo, workspace = 'Acme') {
    this.demo = demo;
    this.workspace = workspace;
  }

  async json(method, url, body, headers = {}) {
    const answer = await fetch(url, {method, headers, body: body === undefined ? undefined : JSON.stringify(body)});
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A call of Workbot's API below its workspace. */
  api(method, path, body) {
    const url = `${this.demo.workbot}/v1/workspaces/slack:T0ACME001${path}`;
    return this.json(method, url, body, {authorization: `Bearer ${this.demo.token}`, 'content-type': 'application/json'});
  }

  sandbox(method, path, body) {
    return this.json(method, this.demo.sandbox + path, body);
  }

  say(user, text, place = 'dm') {
    return this.sandbox('POST', '/_say', {workspace: this.workspace, user, place, text});
  }

  click(user, message, action) {
    return this.sandbox('POST', '/_click', {workspace: this.workspace, user, message: message.ts, action});
  }

  async messages(user, place = 'dm') {
    const q = new URLSearchParams({workspace: this.workspace, user, place});
    return (await this.sandbox('GET', `/_messages?${q}`)).messages;
  }

  /** The newest message of the bot that `user` sees and that holds `text` (a string or RegExp). */
  sees(user, text, place = 'dm') {
    return until(`${user} to see ${text}`, async () => {
      const list = (await this.messages(user, place)).filter(m => m.is_bot);
      return list.reverse().find(m => (text instanceof RegExp ? text.test(words(m)) : words(m).includes(text)));
    });
  }

  async records(object) {
    const all = (await this.sandbox('GET', '/_state/salesforce')).records;
    return all.filter(r => r.object === object);
  }
}

/** What a person reads in a message, without its buttons. */
export function words(message) {
  if (!message.is_bot || !message.blocks) return message.typed || message.text;
  const out = [];
  for (const b of message.blocks) {
    if (b.text) out.push(b.text.text);
    for (const f of b.fields || []) out.push(f.text.replace(/\n/g, ' '));
    if (b.type === 'context') for (const e of b.elements) out.push(e.text);
  }
  return out.join('\n').replace(/<(https?:[^|>]*)\|([^>]*)>/g, '$2').replace(/[*`]/g, '')
    .replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

/** The address behind a message's button. */
export function link(message, label) {
  const found = buttons(message).find(b => b.label === label);
  if (!found || !found.url) throw new Error(`no link "${label}" in: ${words(message)}`);
  return found.url;
}
