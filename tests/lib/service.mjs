// A service of a test's own: fresh database, fresh keys, free ports. Nothing is shared with another
// test file, so they may run side by side.
//
//   const service = await startService({env: {WORKBOT_TRUSTED_HTTP_HOSTS: '127.0.0.1:5000'}});
//   const made = await service.api('PUT', '/v1/workspaces/slack:T0ACME001', {name: 'Acme'});
//   await service.stop();
//
// From the environment: WORKBOT_BIN (the program), WORKBOT_TEST_PG (a superuser's URL).
import {spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import http from 'node:http';
import {setTimeout as pause} from 'node:timers/promises';
import pg from 'pg';
import {freePort} from './ports.mjs';

const BIN = process.env.WORKBOT_BIN || 'build/workbot';
const BASE = process.env.WORKBOT_TEST_PG;
const READY_MS = 20000;
const STOP_MS = 30000;

export const SLACK = {
  appId: 'A0WORKBOT', clientId: '1000000001.2000000002',
  clientSecret: 'sample-slack-client-secret', signingSecret: 'sample-slack-signing-secret',
};

// Waits for a truth, never for a time.
export async function until(what, check, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error('waited in vain for ' + what);
    await pause(20);
  }
}

async function withClient(url, work) {
  const client = new pg.Client({connectionString: url});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

// A natural language's order, which is not that of bytes: what is meant to be ordered must say so.
const SHIFTED = "template template0 locale_provider icu icu_locale 'en-US-u-ka-shifted'";

// An empty database; drop() throws everybody out of it and removes it.
export async function createDatabase(options = SHIFTED) {
  if (!BASE) throw new Error('WORKBOT_TEST_PG is not set: tests/tools/postgres.sh start prints it');
  const name = 'wb_' + randomBytes(6).toString('hex');
  const url = new URL(BASE);
  url.pathname = '/' + name;
  await withClient(BASE, c => c.query(`create database ${name} ${options}`));
  return {
    name,
    url: url.href,
    query: (sql, params) => withClient(url.href, c => c.query(sql, params)).then(r => r.rows),
    // no session gets in or stays, as when the server is away; undone by allow()
    refuse: () => withClient(BASE, async c => {
      await c.query(`alter database ${name} with allow_connections false`);
      await c.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    }),
    allow: () => withClient(BASE, c => c.query(`alter database ${name} with allow_connections true`)),
    drop: () => withClient(BASE, c => c.query(`drop database if exists ${name} with (force)`)),
  };
}

// The test's own settings must not reach the program, and unknown ones are faults.
function cleanEnv(settings) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('WORKBOT_')));
  for (const [k, v] of Object.entries(settings)) if (v !== undefined && v !== null) env[k] = String(v);
  return env;
}

// Runs a command to its end: {code, out}.
export function run(args, settings) {
  return new Promise((done, fail) => {
    const child = spawn(BIN, args, {env: cleanEnv(settings), stdio: ['ignore', 'pipe', 'pipe']});
    let out = '';
    child.stdout.on('data', d => { out += d; });
    child.stderr.on('data', d => { out += d; });
    child.on('error', fail);
    child.on('close', code => done({code, out}));
  });
}

// One request as it is written: fetch() would tidy the path. body: text, Buffer or JSON value.
export function request(port, {method = 'GET', path, body, headers = {}, signal}) {
  return new Promise((done, fail) => {
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const data = raw ? body : JSON.stringify(body);
    const all = {...headers};
    if (data !== undefined) all['Content-Length'] = Buffer.byteLength(data);
    if (!raw) all['Content-Type'] = 'application/json';
    const req = http.request({host: '127.0.0.1', port, method, path, headers: all, agent: false, signal}, res => {
      const parts = [];
      res.on('data', d => parts.push(d));
      res.on('error', fail);
      res.on('end', () => {
        const text = Buffer.concat(parts).toString();
        let json;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        done({status: res.statusCode, headers: res.headers, text, json});
      });
    });
    req.on('error', fail);
    if (data !== undefined) req.write(data);
    req.end();
  });
}

// options: env (more settings), database (default: a new one, dropped by stop()), args (of serve).
export async function startService({env = {}, database, args = []} = {}) {
  const own = !database;
  const db = database || await createDatabase();
  const port = await freePort();
  const opsPort = await freePort();
  const token = env.WORKBOT_ADMIN_TOKENS || 'sample-operator-token-' + randomBytes(16).toString('hex');
  const settings = {
    WORKBOT_DATABASE_URL: db.url,
    WORKBOT_PUBLIC_URL: 'http://127.0.0.1:' + port,
    WORKBOT_LISTEN: '127.0.0.1:' + port,
    WORKBOT_OPS_LISTEN: '127.0.0.1:' + opsPort,
    WORKBOT_ENCRYPTION_KEYS: 'k1:' + randomBytes(32).toString('base64'),
    WORKBOT_ADMIN_TOKENS: token,
    WORKBOT_SLACK_APP_ID: SLACK.appId,
    WORKBOT_SLACK_CLIENT_ID: SLACK.clientId,
    WORKBOT_SLACK_CLIENT_SECRET: SLACK.clientSecret,
    WORKBOT_SLACK_SIGNING_SECRETS: SLACK.signingSecret,
    ...env,
  };
  const lines = [];
  let rest = '';
  const abandon = async why => {
    if (own) await db.drop();
    throw new Error(why + '\n' + lines.slice(-30).join('\n') + rest);
  };
  const migrated = await run(['migrate'], settings);
  if (migrated.code !== 0) await abandon('workbot migrate failed: ' + migrated.out);

  const child = spawn(BIN, ['serve', ...args], {env: cleanEnv(settings), stdio: ['ignore', 'pipe', 'pipe']});
  const take = chunk => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    lines.push(...parts);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise(done => child.on('close', (code, signal) => done({code, signal})));
  let gone = false;
  ended.then(() => { gone = true; });
  child.on('error', error => { gone = true; lines.push(error.message); });
  try {
    await until('the service to be ready', async () => {
      if (gone) throw new Error('workbot serve ended');
      return request(opsPort, {path: '/readyz'}).then(r => r.status === 200, () => false);
    }, READY_MS);
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    await abandon(error.message);
  }

  return {
    port, opsPort, token, settings,
    pid: child.pid,
    url: settings.WORKBOT_PUBLIC_URL,
    database: db,
    log: () => lines.join('\n') + '\n' + rest,
    entries: () => lines.flatMap(l => { try { return [JSON.parse(l)]; } catch { return []; } }),
    request: options => request(port, options),
    ops: path => request(opsPort, {path}),
    // with the operator's token; body is a JSON value
    api: (method, path, body, headers = {}) =>
      request(port, {method, path, body, headers: {Authorization: 'Bearer ' + token, ...headers}}),
    // SIGTERM: the way a platform ends it. Answers {code, signal}.
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.kill('SIGTERM');
      const end = await ended;
      clearTimeout(timer);
      if (own) await db.drop();
      return end;
    },
    kill: async () => { // as a power cut; the database stays
      child.kill('SIGKILL');
      return ended;
    },
  };
}
