// What a provider, a browser or an admin does to a login and to a connection in use. The other traps of business
// apps stand where their promise is tested: `grep -rn apps_trap_ tests`.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, ROOT, SIGNING_SECRET, WORKBOT, create, loginUrl, start, until, words} from '../lib/flow.mjs';

const FIND = 'salesforce find opportunity name: zzz';
const ISSUER = 'https://login.sample.example';
const CLIENT = {client_id: '3MVG9sampleAcme0001', client_secret: 'sample-acme-consumer-secret'};
const ANA = "user_id = 'U0ANA0001' and default_name = 'acme-salesforce'";

describe('traps of business apps', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const heard = []; // by the host that the admin moves the app to
  let w, ana, cleo, other;

  before(async () => {
    const app = JSON.parse(readFileSync(join(ROOT, 'service/apps/definitions/salesforce.json'), 'utf8'));
    Object.assign(app, {name: 'issued', title: 'Issued', authorize: {...app.authorize, issuer: ISSUER, issuer_required: true}});
    writeFileSync(join(dir, 'issued.json'), JSON.stringify(app));
    other = http.createServer((q, s) => {
      heard.push(q.url);
      s.writeHead(400).end();
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    w = await start({between: true, trusted: [hostOf(other)], env: {WORKBOT_APPS_DIR: dir}});
    await w.putConnection(ACME, 'acme-issued', {app: 'issued', host: w.salesforceHost, ...CLIENT, assurance: 'code', account_match: 'off'});
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {[CLIENT.client_id]: {redirect_uris: w.clientRedirects[CLIENT.client_id]}}}});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.connect();
  });
  after(async () => {
    await w?.stop();
    other?.closeAllConnections();
    other?.close();
    rmSync(dir, {recursive: true});
  });
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  const hostOf = server => `127.0.0.1:${server.address().port}`;
  const row = () => w.one(`select id, state, generation::int, tokens is null as bare from connection where ${ANA}`);
  const refreshes = async () => (await w.tokenCalls('refresh_token')).map(c => c.args.refresh_token);
  const exchanges = async () => (await w.tokenCalls('authorization_code')).length;
  const rotation = on => w.sandbox('PUT', '/_config', {salesforce: {rotation: on}});
  /** Through the provider, to just before the callback. */
  const returning = async (prompt, username = 'cleo@acme.example') => {
    const browser = new Browser();
    const {location} = await browser.logIn(loginUrl(prompt), username, {stop: '/oauth/callback/'});
    return {browser, location};
  };

  // --- refreshes ---

  test('apps_trap_02_kept a refresh that brings no refresh token keeps the old one, one that brings another takes it', async () => {
    for (const [on, different] of [[false, 1], [true, 3]]) {
      await rotation(on);
      const was = (await refreshes()).length;
      for (let i = 0; i < 3; i++) {
        await w.fault('token_expired', {path: '/query'});
        await ana.ask(FIND, /0 found/);
      }
      const used = (await refreshes()).slice(was);
      assert.deepEqual([used.length, new Set(used).size], [3, different], `rotation ${on}`);
      assert.equal((await row()).state, 'active');
    }
    await rotation(false);
  });

  test('apps_trap_03_read_again the app calls a token dead that another replica has replaced meanwhile: the new one is used, nobody is asked', async () => {
    const {generation} = await row();
    await w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${ANA}`);
    w.answers.hold(/oauth2\/token/);
    const said = await ana.say(FIND);
    await until('the refresh to be answered', () => w.answers.held() === 1);
    // the other replica's word: it was faster, and what it stored lives
    await w.query(`update connection set generation = generation + 1, access_expires_at = now() + interval '1 hour', refresh_until = null where ${ANA}`);
    w.answers.release({status: 400, body: {error: 'invalid_grant', error_description: 'expired access/refresh token'}});
    await ana.sees(/0 found/, {after: said.ts});
    await w.idle();
    assert.deepEqual(await row().then(r => [r.state, r.generation]), ['active', generation + 1]);
    assert.equal(await w.count('login', "user_id = 'U0ANA0001' and state = 'open'"), 0);
  });

  // --- callbacks ---

  const without = (location, ...names) => {
    const url = new URL(location);
    for (const name of names) url.searchParams.delete(name);
    return url.href;
  };
  const exchanged = code => location => without(location, 'code') + `&code=${code}`;

  for (const [what, changed, status, says, again] of [
    ['error=access_denied', l => `${without(l, 'code')}&error=access_denied`, 200, /declined|not connected/i],
    ['an error and a code', l => `${l}&error=access_denied`, 200, /declined|not connected/i],
    ['an error that nobody knows', l => `${l}&error=%3Cscript%3E&error_description=%3Cscript%3E`, 502, /Nothing was connected/],
    ['no code', l => without(l, 'code'), 410, /./],
    ['an empty code', exchanged(''), 410, /./],
    ['a second state', l => `${l}&state=other`, 400, /./, true],
    ['a second code', l => `${l}&code=other`, 400, /./, true],
    ['a second error', l => `${l}&error=a&error=b`, 400, /./, true],
    ['a state that is not there', l => without(l, 'state'), 410, /./, true],
    ['a state that was cut', l => l.replace(/(state=[^&]+)[^&]{2}/, '$1'), 410, /./, true],
    ['the path of another app', l => l.replace(/\/oauth\/callback\/[^?]+/, `/oauth/callback/${'0'.repeat(32)}`), 410, /./, true],
  ]) {
    test(`apps_trap_08_list a callback with ${what}: no code is exchanged, nothing is connected${again ? ', and the right one still works' : ''}`, async () => {
      const prompt = await cleo.prompt('connect acme-salesforce');
      const {browser, location} = await returning(prompt);
      const was = await exchanges();
      const page = await browser.request('GET', changed(location));
      assert.equal(page.status, status, browser.text);
      assert.match(browser.text, says);
      assert.doesNotMatch(page.html, /<script>/);
      assert.equal(await exchanges(), was);
      assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state <> 'disconnected'"), 0);
      if (again) assert.equal((await browser.request('GET', location)).status, 200, browser.text);
      await cleo.say('cancel');
      await w.idle();
    });
  }

  for (const [what, sql, end] of [
    ['the state', "update oauth_state set expires_at = now() - interval '1 s' where used_at is null", null],
    ['the login', "update login set expires_at = now() - interval '1 s' where user_id = 'U0CLEO001' and state = 'open'", /This login has expired/],
  ]) {
    test(`apps_trap_08_expired ${what} has expired when the browser comes back: no code is exchanged, nothing is connected, and another login works`, async () => {
      const prompt = await cleo.prompt('connect acme-salesforce');
      const {browser, location} = await returning(prompt);
      const was = await exchanges();
      assert.equal((await w.query(`${sql} returning 1`)).length, 1);
      if (end) await cleo.sees(m => m.ts === prompt.ts && end.test(words(m)));
      for (const time of ['first', 'again']) {
        assert.equal((await browser.request('GET', location)).status, 410, `${time}: ${browser.text}`);
        assert.equal(browser.code, null);
      }
      assert.equal(await exchanges(), was);
      assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state <> 'disconnected'"), 0);
      const next = end ? await cleo.prompt('connect acme-salesforce') : prompt;
      await cleo.ask(await cleo.browse(next, 'cleo@acme.example', new Browser()), /is connected/);
      await cleo.ask('disconnect acme-salesforce', /Your connections/);
      await w.idle();
    });
  }

  test('apps_trap_08_long a code of 8 KB connects nothing, and the same prompt works', async () => {
    const prompt = await cleo.prompt('connect acme-salesforce');
    const {browser, location} = await returning(prompt);
    await browser.request('GET', exchanged('c'.repeat(8192))(location));
    assert.ok(browser.page.status >= 400 && browser.page.status < 600 && browser.code === null, `${browser.page.status} ${browser.text}`);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
    await cleo.ask(await cleo.browse(prompt, 'cleo@acme.example', new Browser()), /is connected/);
    await cleo.ask('disconnect acme-salesforce', /Your connections/);
    await w.idle();
  });

  for (const [what, iss, right] of [['the right one', ISSUER, true], ['another one', 'https://evil.example'], ['one with a slash more', `${ISSUER}/`], ['none', null]]) {
    test(`apps_trap_08_issuer an app that always names its issuer names ${what}: ${right ? 'connected' : 'no code is exchanged'}`, async () => {
      const prompt = await cleo.prompt('connect acme-issued');
      const {browser, location} = await returning(prompt);
      const was = await exchanges();
      await browser.request('GET', location + (iss ? `&iss=${encodeURIComponent(iss)}` : ''));
      assert.equal(await exchanges(), was + (right ? 1 : 0));
      assert.equal(browser.code !== null, right ?? false, browser.text);
      assert.doesNotMatch(browser.text, /evil\.example/);
      await cleo.say('cancel');
      await w.idle();
    });
  }

  test('apps_trap_10_host an admin moves the app while a browser is there: its code goes nowhere', async () => {
    const prompt = await cleo.prompt('connect acme-salesforce');
    const {browser, location} = await returning(prompt);
    const was = await exchanges();
    const mine = {app: 'salesforce', ...CLIENT, assurance: 'code', account_match: 'off'};
    await w.putConnection(ACME, 'acme-salesforce', {...mine, host: hostOf(other)});
    assert.equal((await browser.request('GET', location)).status, 410, browser.text);
    assert.equal(browser.code, null);
    assert.equal(await exchanges(), was);
    assert.deepEqual(heard, [], 'neither a code nor a token');
    await w.putConnection(ACME, 'acme-salesforce', {...mine, host: w.salesforceHost});
    await cleo.say('cancel');
    await w.idle();
    await ana.connect();
  });

  // --- in use ---

  test('apps_trap_13_acting disconnected while the app is at work: what it did is told, and nothing is done after it', async () => {
    const {id} = await row();
    w.answers.hold(/sobjects\//);
    const said = await ana.say(create('In the middle'));
    await until('the app to have done it', () => w.answers.held() === 1);
    await ana.ask('disconnect salesforce', /Your connections/);
    assert.deepEqual(await row().then(r => [r.id, r.state, r.bare]), [id, 'disconnected', true]);
    const was = (await refreshes()).length;
    w.answers.release();
    await ana.sees(/Created In the middle/, {after: said.ts});
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'In the middle').length, 1);
    assert.equal((await refreshes()).length, was);
    assert.equal((await row()).state, 'disconnected');
    await until('the grant to be ended', async () => !(await w.grants()).some(g => g.alive && g.username === 'ana@acme.example'));
    await ana.connect();
  });

  test('failure_24_five_grants apps_trap_14_sixth_grant connected again and again: the grant before is ended each time, so that none is ended for being one too many', async () => {
    for (let i = 0; i < 6; i++) {
      await ana.ask(await ana.browse(await ana.prompt('connect salesforce again'), 'ana@acme.example', new Browser()), /is connected/);
      await w.idle();
    }
    await until('one grant to be left', async () => (await w.grants()).filter(g => g.alive && g.username === 'ana@acme.example').length === 1);
    await ana.ask(FIND, /0 found/);
  });

  // --- secrets ---

  test('apps_trap_18_process no secret stands in the arguments of the process', () => {
    const args = readFileSync(`/proc/${w.replicas[0].child.pid}/cmdline`, 'utf8');
    assert.match(args, /serve/);
    const secrets = [SIGNING_SECRET, ADMIN_TOKEN, CLIENT.client_secret, new URL(w.databaseUrl).password, w.env.WORKBOT_ENCRYPTION_KEYS.slice(3)];
    for (const secret of secrets) assert.ok(secret.length > 5 && !args.includes(secret));
  });

  /** Dies of a signal that writes a core where that is allowed: the files that are there then. */
  const dumped = async child => {
    const cwd = readlinkSync(`/proc/${child.pid}/cwd`);
    const cores = () => readdirSync(cwd).filter(name => /^core(\.\d+)?$/.test(name));
    assert.deepEqual(cores(), [], `left in ${cwd}`);
    execFileSync('prlimit', ['--core=unlimited', '--pid', String(child.pid)]);
    const ended = once(child, 'exit');
    child.kill('SIGABRT');
    assert.equal((await ended)[1], 'SIGABRT');
    const found = cores();
    for (const name of found) rmSync(join(cwd, name));
    return found;
  };

  test('apps_trap_18_core the other commands hold the keys too: none may leave a core', async () => {
    const silent = net.createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const WORKBOT_DATABASE_URL = `postgresql://workbot@127.0.0.1:${silent.address().port}/workbot?sslmode=disable`;
    try {
      for (const args of ['keys rotate', `forget ${ACME} U0ANA0001`, 'check', 'migrate']) {
        const asked = once(silent, 'connection');
        const child = spawn(WORKBOT, args.split(' '), {cwd: dir, stdio: 'ignore', env: {...w.env, WORKBOT_DATABASE_URL}});
        const [socket] = await Promise.race([asked, once(child, 'exit').then(([code]) => assert.fail(`${args} asked for no database: exit ${code}`))]);
        assert.deepEqual(await dumped(child), [], args);
        socket.destroy();
      }
    } finally {
      silent.close();
    }
  });

  test('apps_trap_18_core a replica that dies of a signal leaves no core with its keys', async t => {
    const usual = spawn('sleep', ['60'], {cwd: dir, stdio: 'ignore'});
    await once(usual, 'spawn');
    if ((await dumped(usual)).length === 0) return t.skip('this machine puts no core beside any program');
    const {child} = await w.startReplica(1);
    try {
      assert.deepEqual(await dumped(child), []);
    } finally {
      child.kill('SIGKILL');
      w.replicas.pop();
    }
  });
});
