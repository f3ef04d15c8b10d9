// What the measurements share: programs that are started and stopped, figures of processes.
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {closeSync, openSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {freePort} from '../lib/ports.mjs';
import {createDatabase, request, run, SLACK, until} from '../lib/service.mjs';

export const ROOT = resolve(import.meta.dirname, '../..');
export const DIR = process.env.BENCH_DIR;
const TOKEN = 'sample-operator-token-for-the-measurements';
const WORKBOT = process.env.WORKBOT_BIN;

export const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
export const pause = ms => new Promise(done => setTimeout(done, ms));

const running = new Set();

/** Starts a program, its output in DIR/NAME.log; `stop()` ends it and waits. */
export function start(name, program, args, env = process.env) {
  const log = openSync(join(DIR, name + '.log'), 'w');
  const child = spawn(program, args, {env, stdio: ['ignore', log, log]});
  closeSync(log);
  running.add(child);
  let over = false;
  const ended = new Promise(done => {
    child.on('error', done);
    child.on('close', done);
  }).then(() => {
    over = true;
    running.delete(child);
  });
  return {
    pid: child.pid,
    alive: () => !over,
    stop: async (signal = 'SIGTERM') => {
      if (!over) child.kill(signal);
      await ended;
    },
    log: () => readFileSync(join(DIR, name + '.log'), 'utf8'),
  };
}

/** Runs a program to its end and answers its standard output. */
export async function output(program, args, env = process.env) {
  const child = spawn(program, args, {env, stdio: ['ignore', 'pipe', 'inherit']});
  running.add(child);
  let text = '';
  child.stdout.on('data', part => { text += part; });
  const code = await new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  running.delete(child);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return text;
}

export function stopAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** A memory figure of /proc/PID/status in MiB: VmRSS now, VmHWM at most so far. */
export function memory(pid, name = 'VmRSS') {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib[1]) / 1024;
}

/** CPU seconds of a process so far. */
export function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** CPU seconds of the sessions of a database, on this machine. They stay open while it is measured. */
export async function databaseCpu(database) {
  const rows = await database.query(
    "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
  return rows.reduce((sum, row) => {
    try {
      return sum + cpu(row.pid);
    } catch {
      return sum; // it has just ended
    }
  }, 0);
}

/** A migrated database of its own, and the settings of services on it. */
export async function prepare(env = {}) {
  const database = await createDatabase('');
  const [port, opsPort] = [await freePort(), await freePort()];
  const settings = {
    PATH: process.env.PATH,
    WORKBOT_DATABASE_URL: database.url,
    WORKBOT_PUBLIC_URL: 'http://127.0.0.1:' + port,
    WORKBOT_LISTEN: '127.0.0.1:' + port,
    WORKBOT_OPS_LISTEN: '127.0.0.1:' + opsPort,
    WORKBOT_ENCRYPTION_KEYS: 'k1:' + randomBytes(32).toString('base64'),
    WORKBOT_ADMIN_TOKENS: TOKEN,
    WORKBOT_SLACK_APP_ID: SLACK.appId,
    WORKBOT_SLACK_CLIENT_ID: SLACK.clientId,
    WORKBOT_SLACK_CLIENT_SECRET: SLACK.clientSecret,
    WORKBOT_SLACK_SIGNING_SECRETS: SLACK.signingSecret,
    ...env,
  };
  const migrated = await run(['migrate'], settings);
  if (migrated.code !== 0) throw new Error('workbot migrate: ' + migrated.out);
  return {database, port, opsPort, settings, url: settings.WORKBOT_PUBLIC_URL};
}

export const ready = opsPort => request(opsPort, {path: '/readyz'}).then(r => r.status === 200, () => false);

/** `workbot serve` on a prepared database, once it is ready. */
export async function serve(prepared, args = []) {
  const service = start('workbot', WORKBOT, ['serve', ...args], prepared.settings);
  await until('the service to be ready', () => {
    if (!service.alive()) throw new Error('workbot ended:\n' + service.log());
    return ready(prepared.opsPort);
  });
  return service;
}

/** A call of the API; fails unless the answer is 2xx. */
export async function api(prepared, method, path, body) {
  const r = await request(prepared.port, {method, path: '/v1' + path, body, headers: {Authorization: 'Bearer ' + TOKEN}});
  if (r.status < 200 || r.status > 299) throw new Error(`${method} ${path}: ${r.status} ${r.text}`);
  return r.json;
}

/** intake_load against a URL: its figures. */
export async function load(url, {connections = 64, seconds, users = 1000, workspaces = 1, rate}) {
  const args = [url, SLACK.signingSecret, connections, seconds, users, workspaces, SLACK.appId];
  const text = await output(join(DIR, 'intake_load'), [...args, ...(rate ? [rate] : [])].map(String));
  const figures = JSON.parse(text);
  if (figures.refused > 0 || figures.lost > 0) throw new Error('not everything was acknowledged: ' + text);
  return figures;
}
