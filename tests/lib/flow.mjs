// A whole Workbot for one test file: its own database, the sandbox, one or more replicas of the
// service behind a small balancer, and people who type, press and browse. No test waits for luck:
// `until` looks again until a condition holds or a deadline fails it, and `idle` knows that every
// job that is due has been done.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createHmac, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, openSync, closeSync, readFileSync, rmSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {setTimeout as pause} from 'node:timers/promises';
import pg from 'pg';
import {Browser} from './browser.mjs';
import {freePort} from './ports.mjs';

export {Browser};
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
const SANDBOX = resolve(process.env.SANDBOX_BIN || join(ROOT, 'build/sandbox'));
/** How long a test waits for what must come: long, as a machine that is busy with other things is slow. */
const USUAL_MS = 30000;
/** Sanitizers make everything slower: WORKBOT_TEST_PATIENCE_MS makes every wait, and the stand-in's own, longer. */
export const SLOWNESS = (Number(process.env.WORKBOT_TEST_PATIENCE_MS) || USUAL_MS) / USUAL_MS;
const DEMO = join(ROOT, 'tests/demo');

export const ADMIN_TOKEN = 'sample-operator-token-for-the-flow-tests';
export const SIGNING_SECRET = 'sample-slack-signing-secret';
export const ACME = 'slack:T0ACME001';
export const GLOBEX = 'slack:T0GLOBEX1';
/** Teams: tenants, workspaces, object ids of the sandbox's people, the bot. */
export const TEAMS_ACME_TENANT = 'ac3e0000-0000-4000-8000-000000000001';
export const TEAMS_GLOBEX_TENANT = '910be000-0000-4000-8000-000000000002';
export const TEAMS_ACME = `teams:${TEAMS_ACME_TENANT}`;
export const TEAMS_GLOBEX = `teams:${TEAMS_GLOBEX_TENANT}`;
export const TEAMS_APP = '22222222-aaaa-4bbb-8ccc-222222222222';
export const TEAMS_SECRET = 'sample-teams-app-secret';
export const TEAMS_PEOPLE = {ana: 'aaaa0000-0000-4000-8000-000000000001', ben: 'bbbb0000-0000-4000-8000-000000000002',
  cleo: 'cccc0000-0000-4000-8000-000000000003', gus: '99990000-0000-4000-8000-000000000004', sid: '51d00000-0000-4000-8000-000000000005',
  dora: 'd04a0000-0000-4000-8000-000000000006', noa: '0a0a0000-0000-4000-8000-000000000007', gina: '91a00000-0000-4000-8000-000000000008',
  otto: '07700000-0000-4000-8000-000000000009'};
/** The command that makes a record of this name; `createdOnce` looks what came of it. */
export const create = name => `salesforce create opportunity name: ${name} close: 2026-12-31`;
export const OPPORTUNITY = 'salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31';

// --- waiting -------------------------------------------------------------------------------------

/** The first value of `check` that is not falsy; fails with `what` after the deadline. `ms` is for what is longer than
 * usual, or must come before something else would: nothing else is proved by a short one. */
export async function until(what, check, ms = USUAL_MS) {
  const end = Date.now() + ms * SLOWNESS;
  for (;;) {
    const value = await check();
    if (value) return value;
    assert.ok(Date.now() < end, `waited ${ms * SLOWNESS} ms in vain for ${typeof what === 'function' ? what() : what}`);
    await pause(15);
  }
}

// --- messages ------------------------------------------------------------------------------------

const unescapeMrkdwn = text => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

function texts(node, out = []) {
  if (Array.isArray(node)) node.forEach(n => texts(n, out));
  else if (node && typeof node === 'object') {
    if (typeof node.text === 'string' && node.type !== 'button') out.push(node.text);
    for (const [key, value] of Object.entries(node)) if (key !== 'text' || typeof value === 'object') texts(value, out);
  }
  return out;
}

/** The Adaptive Card of a message or a dialog in Teams, or undefined. */
export const cardOf = m => m.card || m.attachments?.find(a => a.contentType?.startsWith('application/vnd.microsoft.card'))?.content;
const CHILDREN = ['body', 'items', 'columns', 'rows', 'cells', 'actions', 'card', 'inlines', 'facts', 'buttons'];
/** Every node of a card in reading order. */
function nodes(card) {
  const below = CHILDREN.flatMap(k => (Array.isArray(card[k]) ? card[k] : card[k] ? [card[k]] : [])).filter(n => n && typeof n === 'object');
  return [card, ...below.flatMap(nodes)];
}
const ESCAPED = /\\([\\`*_{}[\]()<>#+\-.!~|])/g;
const plainMarkdown = text => unescapeMrkdwn(text.replace(/&nbsp;/g, ' ').replace(/&#(\d+);/g, (_, n) => String.fromCodePoint(n)).replace(/&quot;/g, '"'))
  .replace(ESCAPED, (_, c) => '\u0001' + c.charCodeAt(0) + ';').replace(/[*`]/g, '').replace(/\u0001(\d+);/g, (_, n) => String.fromCharCode(n));
/** A RichTextBlock reads as one text, and none of it is markdown. */
const richText = n => (n.type === 'RichTextBlock' ? n.inlines.map(i => i.text ?? i).join('').replace(/[\\*`_]/g, '\\$&') : null);
const cardWords = card => nodes(card).filter(n => !/^(Action\.|TextRun$)/.test(n.type || ''))
  .flatMap(n => [richText(n), n.title, n.label, typeof n.text === 'string' ? n.text : null, n.subtitle, 'title' in n && 'value' in n && !n.type ? n.value : null])
  .filter(t => typeof t === 'string' && t).map(plainMarkdown).join('\n');

/** Everything of a message that a person reads, as one text without its bold and code marks. */
export const words = m => (cardOf(m) ? cardWords(cardOf(m))
  : m.chat === 'teams' ? plainMarkdown(m.text || '')
  : unescapeMrkdwn(m.blocks?.length ? texts(m.blocks).join('\n') : m.text || '').replace(/[*`]/g, ''));
/** The same for a view: title, blocks with the labels, placeholders and values of inputs, buttons and errors. */
export const viewWords = v => [v.title?.text, words(v), ...labels(v), v.submit?.text, ...Object.values(v.errors || {})].filter(Boolean).join('\n');
/** The inputs of a view: [{label, type, block, action, optional, element}]. */
export const inputs = v => (v.blocks || []).filter(b => b.type === 'input')
  .map(b => ({label: b.label.text, type: b.element.type, block: b.block_id, action: b.element.action_id, optional: !!b.optional, element: b.element}));
/** Buttons of a card: `action` is the verb or id, `url` that of a link or of a sign-in window. */
const cardButtons = card => nodes(card).filter(n => /^Action\./.test(n.type || '') || (card.buttons || []).includes(n))
  .map(n => ({label: n.title, action: n.verb || n.id, value: n.data ?? n.value, type: n.type,
    url: n.url ?? (n.data?.msteams?.type === 'signin' ? n.data.msteams.value : n.type === 'signin' || n.type === 'openUrl' ? n.value : undefined)}));
/** The inputs of a card or dialog: [{id, label, type, value, required, element}]. */
export const cardInputs = m => nodes(cardOf(m)).filter(n => /^Input\./.test(n.type || ''))
  .map(n => ({id: n.id, label: n.label ?? n.title, type: n.type, value: n.value, required: !!n.isRequired, element: n}));
export const buttons = m => (cardOf(m) ? cardButtons(cardOf(m)) : blockButtons(m));
const blockButtons = m => (m.blocks || []).flatMap(b => (b.type === 'actions' ? b.elements : b.accessory ? [b.accessory] : []))
  .filter(e => e.type === 'button')
  .map(e => ({label: e.text.text, action: e.action_id, value: e.value, url: e.url}));
export const button = (m, label) => buttons(m).find(b => b.label === label || b.action === label);
export const labels = m => buttons(m).map(b => b.label);
const loginUrls = m => buttons(m).map(b => b.url).filter(url => url?.includes('/login/'));
/** The login link of a message that opens in the browser, and that of a sign-in window of Teams. */
export const loginUrl = m => loginUrls(m).find(url => !new URL(url).searchParams.has('window'));
export const windowUrl = m => loginUrls(m).find(url => new URL(url).searchParams.has('window'));

// --- people --------------------------------------------------------------------------------------

export class Person {
  chat = 'slack';

  constructor(world, name, workspace = 'T0ACME001') {
    Object.assign(this, {world, name, workspace, browser: new Browser(), seen: '0'});
  }

  async messages(place = 'dm') {
    const q = new URLSearchParams({chat: this.chat, user: this.name, place, workspace: this.workspace, limit: '500'});
    return (await this.world.sandbox('GET', `/_messages?${q}`)).messages;
  }

  async say(text, {place = 'dm', ...more} = {}) {
    const r = await this.world.sandbox('POST', '/_say', {chat: this.chat, user: this.name, workspace: this.workspace, place, text, ...more});
    this.seen = r.ts;
    return r;
  }

  /** A message that this person reads now and that fits; `after`: newer than that ts. */
  async sees(fits, {place = 'dm', after = '0', ms} = {}) {
    let now = [];
    const test = m => (fits instanceof RegExp ? m.is_bot && fits.test(words(m)) : fits(m));
    return until(() => `${this.name} to see ${fits}; there is:\n${now.slice(-6).map(m => `[${m.ts}] ${m.author}: ${words(m)} ${JSON.stringify(labels(m))}`).join('\n')}`,
      async () => (now = await this.messages(place)).filter(m => m.ts > after).reverse().find(test), ms);
  }

  /** Types, and gives the bot's message after it that fits. */
  async ask(text, fits, {place = 'dm', see = place, ...more} = {}) {
    const said = await this.say(text, {place, ...more});
    assert.equal(said.status, 200, JSON.stringify(said));
    return this.sees(fits, {place: see, after: said.ts});
  }

  async press(message, action, more = {}) {
    const r = await this.world.sandbox('POST', '/_click', {chat: this.chat, user: this.name, workspace: this.workspace, message: message.ts, action, ...more});
    assert.ok(r.ok, `${this.name} presses ${action}: ${JSON.stringify(r)}`);
    return r;
  }

  // --- commands, shortcuts, the home page and modals -------------------------------------------------

  /** One scripting call in this person's name. */
  async act(path, body = {}) {
    const r = await this.world.sandbox('POST', path, {chat: this.chat, user: this.name, workspace: this.workspace, ...body});
    assert.ok(r.ok, `${this.name}: ${path} ${JSON.stringify(body)}: ${JSON.stringify(r)}`);
    return r;
  }

  /** Types `/workbot text`; the answer holds what the service said at once, `trigger_id` and `response_url`. */
  async command(text, {place = 'dm', ...more} = {}) {
    const r = await this.act('/_command', {place, text, ...more});
    assert.equal(r.status, 200, JSON.stringify(r));
    return r;
  }

  /** A shortcut: global, or with `message` the one in the menu of that message. */
  async shortcut(callback_id, {message, ...more} = {}) {
    const r = await this.act('/_shortcut', {callback_id: callback_id || (message ? 'wb_use' : 'wb_connections'), ...(message ? {message: message.ts} : {}), ...more});
    assert.equal(r.status, 200, JSON.stringify(r));
    return r;
  }

  async opensHome(more = {}) {
    const r = await this.act('/_open_home', {tab: 'home', ...more});
    assert.equal(r.status, 200, JSON.stringify(r));
    return r;
  }

  /** What is on the screen now: {home, modal, stack}; a view holds its blocks, `state.values` and the `errors` shown. */
  screen() {
    return this.world.sandbox('GET', `/_view?${new URLSearchParams({chat: this.chat, user: this.name, workspace: this.workspace})}`);
  }

  #view(which, fits, ms) {
    let now = null;
    const test = v => (fits instanceof RegExp ? fits.test(viewWords(v)) : fits(v));
    return until(() => `${this.name} to see a ${which} that fits ${fits}; there is:\n${now ? viewWords(now) : 'none'}`,
      async () => (now = (await this.screen())[which]) && test(now) && now, ms);
  }

  /** The home page, once it fits: a pattern of its words or a function of the view. */
  home(fits = () => true, ms) {
    return this.#view('home', fits, ms);
  }

  /** The topmost modal, once it fits. */
  modal(fits = () => true, ms) {
    return this.#view('modal', fits, ms);
  }

  /** No modal is open any more. */
  noModal(ms) {
    return until(`${this.name}'s modal to close`, async () => (await this.screen()).modal === null, ms);
  }

  /** Presses a button, or chooses `option`, in the home page (or `in: 'modal'`) by its label or action id. */
  async pressIn(where, action, more = {}) {
    const r = await this.act('/_click', {in: where, action, ...more});
    assert.equal(r.status, 200, JSON.stringify(r));
    return r;
  }

  /**
   * Fills the open modal in by label, block id or action id and submits it: {status, answer, errors, closed, sent}.
   * Slack's client checks first (required, number, length): then `sent` is false. `force: true` skips that.
   */
  submit(values = {}, more = {}) {
    return this.act('/_submit', {values, ...more});
  }

  /** Closes the topmost modal (`all: true`: the whole stack). */
  closes(more = {}) {
    return this.act('/_close', more);
  }

  /** Presses a button that this message does not hold, or with another value. */
  async forge(message, action, value) {
    const r = await this.press(message, `wb:${action}:1`, {force: true, value});
    assert.equal(r.status, 200, JSON.stringify(r));
  }

  /** Types a command that needs a login; gives the prompt. */
  prompt(text = OPPORTUNITY, more = {}) {
    return this.ask(text, m => m.is_bot && loginUrl(m), {see: 'dm', ...more});
  }

  /** Through the browser as `username`; gives the code of the last page. */
  browse(prompt, username = `${this.name}@acme.example`, browser = this.browser) {
    return browser.codeOf(loginUrl(prompt), username);
  }

  /** A personal connection that is ready to use. */
  async connect(username) {
    const prompt = await this.prompt('connect salesforce');
    const code = await this.browse(prompt, username);
    await this.ask(code, /is connected/);
    await this.world.idle();
  }

  /** What `create(name)` asked for was done, and told, once. */
  async createdOnce(name) {
    await this.sees(new RegExp(`Created ${name}`));
    await this.world.idle();
    assert.equal((await this.world.records()).filter(r => r.fields.Name === name).length, 1, 'one record');
    assert.equal((await this.messages()).filter(m => m.is_bot && words(m).includes(`Created ${name}`)).length, 1, 'one answer');
  }

  /** Everything readable by this person in these places, as one text. */
  async reads(...places) {
    const out = [];
    for (const place of places) {
      for (const m of await this.messages(place)) out.push(JSON.stringify({text: m.text, blocks: m.blocks, attachments: m.attachments}));
    }
    return out.join('\n');
  }
}

/**
 * A person in Teams: the same methods, so that a story can be told on both chats. Places are `dm`, the name of a
 * channel or group chat, or an id; a thread is `thread: <first message's id>`. There are no slash commands, shortcuts
 * and home page there; a modal is a dialog (task module), whose `card` holds the inputs.
 */
export class TeamsPerson extends Person {
  chat = 'teams';

  constructor(world, name, workspace = TEAMS_ACME_TENANT) {
    super(world, name, workspace);
  }

  async messages(place = 'dm') {
    return (await super.messages(place)).map(m => ({chat: 'teams', ...m}));
  }

  async say(text, more) {
    const r = await super.say(text, more);
    this.seen = r.id;
    return {...r, ts: r.id};
  }

  /** Fills inputs of the card in (by id or label) and presses: {sent, status, shown?, url?, window?, errors?, refused?}. */
  press(message, action, {inputs, ...more} = {}) {
    return super.press(message, action, {...(inputs ? {inputs} : {}), ...more});
  }

  /** Presses a button whose data were changed: `changes` is laid over what Workbot put there. */
  forge(message, label, changes) {
    const real = buttons(message).find(b => b.label === label || b.action === label);
    assert.ok(real, `${label} is not on ${words(message)}`);
    const data = {...real.value, wb: {...real.value?.wb, ...changes}};
    return super.press(message, label, {force: true, forge: {type: real.type, verb: real.action, data}});
  }

  /** The client shows the card: Teams asks for this person's view if the card says so ({sent:false} if not). */
  shows(message, more = {}) {
    return this.act('/_refresh', {message: message.ts, ...more});
  }

  /** The open dialog (screen() gives {task, window}), once its words fit: {id, title, card}. */
  modal(fits = () => true, ms) {
    let now = null;
    const test = t => (fits instanceof RegExp ? fits.test(`${t.title}\n${words(t)}`) : fits(t));
    return until(() => `${this.name} to see a dialog that fits ${fits}; there is:\n${now ? words(now) : 'none'}`,
      async () => (now = (await this.screen()).task) && test(now) && now, ms);
  }

  noModal(ms) {
    return until(`${this.name}'s dialog to close`, async () => (await this.screen()).task === null, ms);
  }

  /**
   * The sign-in window calls notifySuccess(code): {status, answer}. `mobile: true`: the state comes as an object;
   * `outcome: 'cancelled'`: the person closes the window; `'failure'`: notifyFailure.
   */
  window(code, more = {}) {
    return this.act('/_window', {code, ...more});
  }

  /** The app is installed (removed) here: the person's own, or in the team or chat of `place`. */
  installs(place = 'dm', more = {}) {
    return this.act('/_install', {place, ...more});
  }

  uninstalls(place = 'dm', more = {}) {
    return this.act('/_uninstall', {place, ...more});
  }

  /** An activity of this person, made as Teams makes it and changed by `activity` (null removes a member). */
  sends(type, {place = 'dm', ...more} = {}) {
    return this.act('/_event', {type, place, ...more});
  }
}

// --- the service ---------------------------------------------------------------------------------

const bare = () => Object.fromEntries(['PATH', 'ASAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'].flatMap(k => (process.env[k] ? [[k, process.env[k]]] : [])));

function run(program, args, {env, log}) {
  const fd = openSync(log, 'a');
  // the thread sanitizer cannot place its shadow memory under address randomisation
  const [command, all] = process.env.TSAN_OPTIONS ? ['setarch', ['-R', program, ...args]] : [program, args];
  const child = spawn(command, all, {env: {...bare(), ...env}, stdio: ['ignore', fd, fd]});
  closeSync(fd);
  child.ended = once(child, 'exit').then(([code, signal]) => ({code, signal}));
  return child;
}

export class World {
  replicas = [];
  held = new Set();
  clientRedirects = {};
  databases = [];

  log() {
    return readFileSync(this.logFile, 'utf8');
  }

  async sandbox(method, path, body) {
    const r = await fetch(this.sandboxUrl + path, {method, body: body === undefined ? undefined : JSON.stringify(body)});
    const text = await r.text();
    return {http: r.status, ...JSON.parse(text)};
  }

  /** One call of /v1; `status` is in the answer. */
  async api(method, path, body, {token = ADMIN_TOKEN, ...headers} = {}) {
    const r = await fetch(`${this.url}/v1${path}`, {method, headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers},
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)});
    const text = await r.text();
    return {...(text ? JSON.parse(text) : {}), status: r.status, text};
  }

  async must(method, path, body) {
    const r = await this.api(method, path, body);
    assert.ok(r.status < 300, `${method} ${path}: ${r.status} ${r.text}`);
    return r;
  }

  async query(sql, values) {
    // a connection of the pool may have died with its server
    const again = e => (e.code === undefined || /^57P|^08|ECONN/.test(e.code) ? this.db.query(sql, values) : Promise.reject(e));
    return (await this.db.query(sql, values).catch(again).catch(again)).rows;
  }

  async one(sql, values) {
    return (await this.query(sql, values))[0];
  }

  count(table, where = 'true') {
    return this.one(`select count(*)::int as n from ${table} where ${where}`).then(r => r.n);
  }

  /** A lock that this test holds until `release()`. `waiting(n)`: n statements of others wait, for it or for one another. */
  async hold(sql, values) {
    const client = await this.db.connect();
    const lock = {
      // those that others make wait, as two jobs for one row, are none
      waiting: n => until(`${n} statements to wait for a lock`, async () => (await this.one(
        `with recursive behind as (select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))
           union select a.pid from pg_stat_activity a join behind b on b.pid = any (pg_blocking_pids(a.pid)))
         select count(*)::int as n from behind`, [client.processID])).n >= n),
      release: async () => {
        if (this.held.delete(lock)) await client.query('commit').finally(() => client.release());
      },
    };
    this.held.add(lock);
    await client.query('begin');
    await client.query(sql, values);
    return lock;
  }

  /** What changes a row of `table` so (`when` of a trigger) waits from now on while the test holds that gate. */
  async gate(name, event, table, when) {
    await this.query(`create or replace function wait_at_gate() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock(hashtext(tg_name)); return new; end'`);
    await this.query(`create trigger ${name} before ${event} on ${table} for each row when (${when}) execute function wait_at_gate()`);
    const lock = await this.hold('select pg_advisory_xact_lock(hashtext($1))', [name]);
    return {...lock, release: () => lock.release().then(() => this.query(`drop trigger ${name} on ${table}`))};
  }

  /** A digest of all rows of each of these tables: equal before and after means that nothing changed. */
  async rows(...tables) {
    const out = {};
    for (const t of tables) out[t] = (await this.one(`select count(*) || ' ' || md5(coalesce(string_agg(t::text, '' order by t::text), '')) as d from ${t} t`)).d;
    return out;
  }

  /** All jobs that are due have been done, and all deliveries of the sandbox have arrived. */
  async idle(ms) {
    const busy = `state = 'running' or (state = 'queued' and run_at < now() + interval '300 ms')`;
    let left = [];
    for (let calm = 0; calm < 3; calm++) {
      await until(() => `the service to be idle; waiting: ${JSON.stringify(left)}`, async () => {
        left = await this.query(`select kind, lane, state, attempts, error_code from job where ${busy}`);
        return left.length === 0;
      }, ms);
      await pause(20);
    }
  }

  async calls(filter = {}) {
    return (await this.sandbox('GET', `/_log?${new URLSearchParams({since: '0', limit: '100000', ...filter})}`)).entries;
  }

  /** Calls of the service to Salesforce: `token` grants by type, or records written. */
  async tokenCalls(grant) {
    return (await this.calls({peer: 'salesforce'})).filter(e => /oauth2\/token/.test(e.path) && (!grant || e.args?.grant_type === grant));
  }

  async records(object = 'Opportunity') {
    return (await this.sandbox('GET', '/_state/salesforce')).records.filter(r => r.object === object);
  }

  async grants() {
    return (await this.sandbox('GET', '/_state/salesforce')).grants;
  }

  fault(fault, more = {}) {
    return this.sandbox('PUT', '/_faults', {peer: 'salesforce', fault, times: 1, ...more});
  }

  async fired(fault) {
    return (await this.sandbox('GET', '/_faults')).faults.filter(f => f.fault === fault).reduce((n, f) => n + f.fired, 0);
  }

  person(name, workspace) {
    return new Person(this, name, workspace);
  }

  teamsPerson(name, tenant) {
    return new TeamsPerson(this, name, tenant);
  }

  /** A body signed as Slack signs it, to one replica or through the balancer. */
  async signed(path, body, {url = this.url, secret = SIGNING_SECRET, timestamp = Math.floor(Date.now() / 1000), type = 'application/json', headers = {}} = {}) {
    const raw = typeof body === 'string' ? body : JSON.stringify(body);
    const signature = 'v0=' + createHmac('sha256', secret).update(`v0:${timestamp}:${raw}`).digest('hex');
    const r = await fetch(url + path, {method: 'POST', body: raw,
      headers: {'content-type': type, 'x-slack-request-timestamp': String(timestamp), 'x-slack-signature': signature, ...headers}});
    return {status: r.status, text: await r.text()};
  }

  /** The envelope of a direct message, for `signed`. */
  dm(text, {user = 'U0ANA0001', channel = 'D0ANA0001', ts, event_id, client_msg_id, team = 'T0ACME001', ...event} = {}) {
    const at = ts || `${Math.floor(Date.now() / 1000)}.${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`;
    return {token: 'x', team_id: team, context_team_id: team, api_app_id: 'A0WORKBOT', type: 'event_callback', event_id: event_id || 'Ev' + randomBytes(5).toString('hex').toUpperCase(),
      event_time: Math.floor(Number(at)), authorizations: [{team_id: team, user_id: 'U0BOTACME', is_bot: true}],
      event: {type: 'message', channel_type: 'im', user, channel, text, ts: at, event_ts: at, team, ...(client_msg_id ? {client_msg_id} : {}), ...event}};
  }

  async startReplica(n = this.replicas.length, ...args) {
    const [port, ops] = this.replicas[n] ? [this.replicas[n].port, this.replicas[n].ops] : [this.ports.shift() ?? await freePort(), await freePort()];
    const child = run(WORKBOT, ['serve', ...args], {log: this.logFile, env: {...this.env, WORKBOT_LISTEN: `127.0.0.1:${port}`, WORKBOT_OPS_LISTEN: `127.0.0.1:${ops}`}});
    const replica = {n, port, ops, child, url: `http://127.0.0.1:${port}`, opsUrl: `http://127.0.0.1:${ops}`};
    this.replicas[n] = replica;
    await until(() => `replica ${n} to be ready:\n${this.log().slice(-3000)}`, async () => {
      assert.equal(child.exitCode, null, `the service ended:\n${this.log().slice(-3000)}`);
      return fetch(replica.opsUrl + '/readyz').then(r => r.ok, () => false);
    });
    return replica;
  }

  /** Every replica has its database back: until then it refuses what comes. */
  async allReady() {
    for (const r of this.replicas) {
      await until(`replica ${r.n} to be ready`, () => fetch(r.opsUrl + '/readyz').then(a => a.ok));
    }
  }

  /** How a replica ends that is started beside the others with these settings. */
  startInVain(env) {
    return run(WORKBOT, ['serve'], {log: this.logFile, env: {...this.env, ...env}}).ended;
  }

  /** kill -9, as a crash; `startReplica(n)` starts it again on the same ports. */
  async kill(n = 0) {
    this.replicas[n].child.kill('SIGKILL');
    await this.replicas[n].child.ended;
  }

  async stopReplica(n = 0) {
    const {child} = this.replicas[n];
    if (child.exitCode !== null || child.signalCode) return;
    child.kill('SIGTERM');
    const ended = await Promise.race([child.ended, pause(USUAL_MS * SLOWNESS, null, {ref: false})]);
    if (!ended) child.kill('SIGKILL');
    assert.deepEqual(ended, {code: 0, signal: null}, `SIGTERM drains and exits 0:\n${this.log().slice(-3000)}`);
  }

  /** Restarts with another environment. */
  async restart(env = {}) {
    Object.assign(this.env, env);
    for (const r of this.replicas) {
      await this.stopReplica(r.n);
      await this.startReplica(r.n);
    }
  }

  async stop() {
    try {
      for (const lock of this.held) await lock.release().catch(() => {});
      for (const r of this.replicas) await this.stopReplica(r.n);
    } finally {
      this.balancer?.closeAllConnections();
      this.balancer?.close();
      this.between?.closeAllConnections();
      this.between?.close();
      this.sandboxChild?.kill('SIGTERM');
      await this.sandboxChild?.ended;
      await this.db?.end();
      if (this.admin) await this.admin.query(`drop database if exists ${this.database} with (force)`);
      await this.admin?.end();
      if (!process.env.WORKBOT_TEST_KEEP) rmSync(this.dir, {recursive: true, force: true});
    }
  }

  // --- what it begins with ---

  teamsEnv() {
    return {WORKBOT_TEAMS_APP_ID: TEAMS_APP, WORKBOT_TEAMS_APP_SECRET: TEAMS_SECRET, WORKBOT_TEAMS_TENANT_ID: TEAMS_ACME_TENANT,
      WORKBOT_TEAMS_ALLOWED_TENANTS: `${TEAMS_ACME_TENANT},${TEAMS_GLOBEX_TENANT}`,
      WORKBOT_TEAMS_OPENID_URL: `${this.sandboxUrl}/teams/v1/.well-known/openidconfiguration`, WORKBOT_TEAMS_LOGIN_URL: `${this.sandboxUrl}/teams/login`};
  }

  async startSandbox(config) {
    const file = join(this.dir, 'sandbox.port'), sfFile = join(this.dir, 'salesforce.port');
    this.sandboxChild = run(SANDBOX, ['--port', '0', '--port-file', file, '--salesforce-port', '0', '--salesforce-port-file', sfFile, '--app-ports',
      '--bot-url', this.url],
      {log: join(this.dir, 'sandbox.log'), env: {}});
    const read = name => {
      try {
        return Number(readFileSync(name, 'utf8')) || 0;
      } catch {
        return 0;
      }
    };
    await until('the sandbox to listen', () => read(file) && read(sfFile));
    this.sandboxUrl = `http://127.0.0.1:${read(file)}`;
    this.salesforceHost = `127.0.0.1:${read(sfFile)}`;
    const slack = {timeout_ms: 3000 * SLOWNESS, trigger_ttl_ms: 3000 * SLOWNESS, ...config.slack};
    await this.sandbox('PUT', '/_config', {bot_url: this.url, ...config, slack});
    this.hosts = (await this.sandbox('GET', '/_config')).hosts; // of the apps: 127.0.0.1:PORT by name
  }

  async makeDatabase(server) {
    this.database = `flow_${process.pid}_${randomBytes(4).toString('hex')}`;
    this.admin = new pg.Client({connectionString: server});
    this.admin.on('error', () => {});
    await this.admin.connect();
    await this.admin.query(`create database ${this.database}`);
    const url = new URL(server);
    url.pathname = `/${this.database}`;
    this.useDatabase(url.href);
  }

  /** The test's own way into it. */
  useDatabase(url) {
    this.databaseUrl = url;
    this.db = new pg.Pool({connectionString: url, max: 4});
    this.db.on('error', () => {});
  }

  // what passes a stand-in of ours gets a connection of its own (agent: false): a kept one may be closed by its other end
  // at the moment at which it is used, and that would be an answer that never came

  /** Answers of Salesforce pass here, and wait while the test holds that path: `held()` of them do. */
  async putBetween() {
    const [host, waiting] = [this.salesforceHost, []];
    let holds = null, came = null;
    this.between = http.createServer((req, res) => {
      const out = http.request({agent: false, host: '127.0.0.1', port: host.split(':')[1], method: req.method, path: req.url, headers: req.headers}, back => {
        const pass = instead => {
          if (instead) {
            back.resume();
            res.writeHead(instead.status, {'content-type': 'application/json'}).end(JSON.stringify(instead.body));
            return;
          }
          res.writeHead(back.statusCode, back.headers);
          back.pipe(res);
        };
        if (holds?.test(req.url)) waiting.push(pass);
        else pass();
      });
      out.on('error', () => res.destroy());
      req.pipe(out);
    }).on('connection', socket => {
      came?.push(Date.now());
      if (came) socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(this.between, 'listening');
    this.salesforceHost = `127.0.0.1:${this.between.address().port}`;
    this.hosts = {...this.hosts, between: this.salesforceHost};
    this.answers = {
      hold: path => { holds = path; },
      held: () => waiting.length,
      /** Nobody who connects is heard, until `live`; gives the times at which they came, which grow. */
      die: () => {
        came = [];
        this.between.closeAllConnections();
        return came;
      },
      live: () => { came = null; },
      /** As they came, or this {status, body} in their place. */
      release: instead => {
        holds = null;
        waiting.splice(0).forEach(pass => pass(instead));
      },
    };
  }

  /** Two replicas have a balancer before them that gives each request to the next one. */
  async balance(port) {
    let turn = 0;
    this.balancer = http.createServer((req, res) => {
      const to = this.replicas[turn++ % this.replicas.length];
      const out = http.request({agent: false, host: '127.0.0.1', port: to.port, method: req.method, path: req.url, headers: req.headers}, back => {
        res.writeHead(back.statusCode, back.headers);
        back.pipe(res);
      });
      out.on('error', () => res.destroy());
      req.pipe(out);
    }).listen(port, '127.0.0.1');
    await once(this.balancer, 'listening');
  }

  /** The default connection logs in as its admin, through the API. */
  async authorize(workspace, name, username) {
    const path = `/workspaces/${workspace}/connections/${name}`;
    const {login_url} = await this.must('POST', `${path}/login`, {});
    await this.must('POST', `${path}/login/confirm`, {code: await new Browser().codeOf(login_url, username)});
  }

  /** The same where the peer asks nothing of its visitors. */
  async authorizeAt(workspace, name) {
    const path = `/workspaces/${workspace}/connections/${name}`;
    const {login_url} = await this.must('POST', `${path}/login`, {});
    const browser = new Browser();
    await browser.get(login_url);
    await browser.submit();
    assert.ok(browser.code, `no code on: ${browser.page.status} ${browser.text}`);
    await this.must('POST', `${path}/login/confirm`, {code: browser.code});
  }

  /** With a bot token that Slack was asked about. */
  async putWorkspace(workspace, body) {
    const made = await this.must('PUT', `/workspaces/${workspace}`, body);
    const there = await until(`Slack to be asked about the token of ${workspace}`,
      async () => [await this.must('GET', `/workspaces/${workspace}`)].find(r => r.bot_token_state !== 'unchecked'));
    assert.equal(there.bot_token_state, 'ok', there.text);
    return made;
  }

  async putConnection(workspace, name, body) {
    const r = await this.must('PUT', `/workspaces/${workspace}/connections/${name}`, body);
    // one client may serve connections of several workspaces
    const uris = this.clientRedirects[body.client_id] = [...new Set([...(this.clientRedirects[body.client_id] || []), r.redirect_uri])];
    await this.sandbox('PUT', '/_config', {[body.app]: {clients: {[body.client_id]: {redirect_uris: uris}}}});
    return r;
  }

  putRecipe(workspace, recipe) {
    return this.must('PUT', `/workspaces/${workspace}/recipes/${recipe.name}`, recipe);
  }

  /** The demo's workspace; `as`: another workspace's own settings with the demo's connection and recipes. */
  async load(demo, workspace, admin, as) {
    const read = file => JSON.parse(readFileSync(join(DEMO, demo, file), 'utf8').replace('@SALESFORCE_HOST@', this.salesforceHost));
    if (as) await this.must('PUT', `/workspaces/${workspace}`, as);
    else await this.putWorkspace(workspace, read('workspace.json'));
    // the bot of these tests has no scope to read e-mails, unless a test says so
    await this.putConnection(workspace, `${demo}-salesforce`, {...read(`connections/${demo}-salesforce.json`), account_match: 'off'});
    await this.authorize(workspace, `${demo}-salesforce`, admin);
    const recipes = demo === 'acme' ? ['create-opportunity', 'create-task', 'find-opportunities', 'team-note'] : ['new-lead'];
    for (const name of recipes) await this.putRecipe(workspace, read(`recipes/${name}.json`));
  }
}

/**
 * A running world with the demo's workspace Acme (and Globex if asked), stopped by `stop()`.
 * env: more settings; replicas: how many; sandbox: its settings; pg: URL of a server; teams: the same Acme in Teams,
 * too (`'only'`: without Slack's); between: the test can hold answers of Salesforce back (`answers`);
 * trusted: hosts of the test's own peers, reached by plain HTTP; empty: nothing is in its database yet;
 * shipped: a cluster of lib/shipped.mjs, whose owner migrates and whose other role serves.
 */
export async function start({env = {}, empty = false, replicas = 1, sandbox = {}, globex = false, teams = false, between = false, trusted = [], shipped, pg: server = process.env.WORKBOT_TEST_PG} = {}) {
  assert.ok(server, 'WORKBOT_TEST_PG must name a PostgreSQL (tests/tools/postgres.sh start)');
  const w = new World();
  w.dir = mkdtempSync(join(tmpdir(), 'workbot-flow-'));
  w.logFile = join(w.dir, 'workbot.log');
  try {
    const port = await freePort();
    w.url = `http://127.0.0.1:${port}`;
    w.ports = replicas > 1 ? [] : [port];
    await Promise.all([shipped ? w.useDatabase(shipped.superuser) : w.makeDatabase(server), w.startSandbox(sandbox)]);
    if (between) await w.putBetween();
    w.env = {
      WORKBOT_DATABASE_URL: shipped?.service ?? w.databaseUrl, WORKBOT_PUBLIC_URL: w.url, WORKBOT_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      WORKBOT_ADMIN_TOKENS: ADMIN_TOKEN, WORKBOT_SLACK_APP_ID: 'A0WORKBOT', WORKBOT_SLACK_CLIENT_ID: '1000000001.2000000002',
      WORKBOT_SLACK_CLIENT_SECRET: 'sample-slack-client-secret', WORKBOT_SLACK_SIGNING_SECRETS: SIGNING_SECRET,
      WORKBOT_SLACK_URL: `${w.sandboxUrl}/slack`, WORKBOT_TRUSTED_HTTP_HOSTS: [new URL(w.sandboxUrl).host, ...Object.values(w.hosts),
        w.hosts.box.replace('127.0.0.1', 'localhost'), ...trusted].join(',') /* where its files lie */,
      WORKBOT_LOG_LEVEL: 'debug', WORKBOT_TTL_LEASE: '3s', ...(teams ? w.teamsEnv() : {}), ...env};
    const asOwner = shipped && {WORKBOT_DATABASE_URL: shipped.owner, WORKBOT_DATABASE_SERVICE_ROLE: new URL(shipped.service).username};
    const migrate = run(WORKBOT, ['migrate'], {env: {...w.env, ...asOwner}, log: w.logFile});
    assert.deepEqual(await migrate.ended, {code: 0, signal: null}, w.log());
    for (let i = 0; i < replicas; i++) await w.startReplica();
    if (replicas > 1) await w.balance(port);
    if (teams !== 'only' && !empty) await w.load('acme', ACME, 'ben@acme.example');
    if (teams && !empty) await w.load('acme', TEAMS_ACME, 'ben@acme.example', {name: 'Acme', admins: [TEAMS_PEOPLE.ben]});
    if (globex) await w.load('globex', GLOBEX, 'otto@globex.example');
  } catch (e) {
    await w.stop().catch(() => {});
    throw e;
  }
  return w;
}
