// What holds for every page of the console, by its table: no form counts without the key of its session, no page is framed,
// copied or scripted, and a name or id of another workspace is one that is not there - in the console and in /v1 alike.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, GLOBEX, OPPORTUNITY, ROOT, start} from '../lib/flow.mjs';
import {consoleRoutes, filled, formKey, openapi, operator, signIn} from '../lib/console.mjs';

const ANA = 'U0ANA0001', BEN = 'U0BEN0001';
const POLICY = (targets = '', more = '') => `default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'${targets}${more}; frame-ancestors 'none'; base-uri 'none'`;
/** Pages that may have a script of our own, and what it may do. */
const SCRIPTED = ['getConsoleEdit', 'getConsoleRecipes'], SCRIPT = POLICY('', "; script-src 'self'; connect-src 'self'");
/** Pages with a form that goes on to the chat, whose sign-in is tried there. */
const LEAVES = ['getConsoleSetup'];
/** Of those in a workspace's path: what operators alone may do there. */
const OPERATORS = ['postSetupAdminLink'];
const NOBODY = '01900000-0000-7000-8000-000000000000';
/** Each word that a button of some page has, by the pages themselves; and none. */
const PAGES = join(ROOT, 'service/web/templates');
const WORDS = [...new Set(readdirSync(PAGES).flatMap(f => [...readFileSync(join(PAGES, f), 'utf8').matchAll(/name="do" value="(\w+)"/g)].map(m => m[1]))), ''];
/** A recipe that would use such a connection. */
const using = of => ({title: 'Probe', command: 'probe it', steps: [{id: 'one', connection: 'salesforce', action: 'create_record', with: {object: 'Task', fields: {}}}],
  reply: {text: 'Done'}, connections: {salesforce: {use: of.connections, verify_user_access: true}}, allow: {groups: [of.groups]}}); // names last: columns are told
/** What the forms of a workspace's own pages name by themselves; none: they only make something in it. */
const NAMED = {
  postConsolePersonal: of => ({id: of['personal-connections']}), postConsoleSessions: of => ({id: of.sessions}),
  postConsoleApiTokens: of => ({do: 'remove', name: of['api-tokens']}), postConsoleAdmins: of => ({do: 'prove', connection: of.connections, assurance: 'code'}),
  postConsoleRecipeCheck: of => ({name: of.recipes, text: JSON.stringify(using(of))}),
  postConsoleRecipes: null, postConsoleConnections: null, postConsoleHooks: null, postSetupApps: null, postSetupRecipes: null, postSetupAdminLink: null,
};

let w, ben, otto, theirs;
/** Names and ids of Acme, by the list that they stand in, and what is there of none. */
const unknown = {connections: 'not-there', apps: 'not-there', recipes: 'not-there', hooks: 'not-there', groups: 'not-there', 'api-tokens': 'not-there',
  runs: NOBODY, 'personal-connections': NOBODY, sessions: NOBODY, people: 'U0NOWHERE', 'versions/version': '1'};
const fields = (of, more) => ({sure: 'on', id: of.sessions, name: of['api-tokens'], connection: of.connections, recipe: of.recipes, use: of.connections,
  app: 'salesforce', tag: '*', text: '{}', users: ANA, admins: BEN, role: 'admin', enabled: 'on', allow: 'everyone', code: '123456', ...more});

/** Every row of Acme, but for when somebody looked. */
async function rowsOf(workspace) {
  const tables = ['workspace', 'default_connection', 'connection', 'login', 'recipe', 'recipe_version', 'hook', 'user_group', 'api_token', 'run', 'run_step',
    'run_connection', 'console_session', 'admin_link', 'act_permission', 'audit'];
  const rows = {};
  for (const t of tables) rows[t] = await w.query(`select * from ${t} where workspace = $1 order by 1, 2, 3`, [workspace]);
  assert.ok(rows.recipe.length > 1 && rows.connection.length > 1 && rows.run.length > 0 && rows.console_session.length > 0 && rows.hook.length > 0);
  return rows;
}
/** What the clock alone changes: when somebody looked, and when the service looks next. */
const CLOCK = ['last_used_at', 'reconcile_at', 'bot_check_at', 'warn_at', 'keep_at'];
const strip = rows => JSON.parse(JSON.stringify(rows, (key, value) => (CLOCK.includes(key) ? undefined : value)));

before(async () => {
  w = await start({globex: true});
  const ana = w.person('ana');
  await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN]});
  await w.must('PUT', `/workspaces/${ACME}/groups/acme-sales`, {users: [ANA]});
  await w.must('PUT', `/workspaces/${ACME}/hooks/acme-shop`, {kind: 'json'});
  await w.must('POST', `/workspaces/${ACME}/api-tokens`, {name: 'acme-reports', role: 'read'});
  await ana.connect();
  await ana.ask(OPPORTUNITY, /Created Acme renewal/);
  await w.idle();
  [ben, otto] = [await signIn(w.person('ben')), await signIn(w.person('otto', 'T0GLOBEX1'))];
  for (const browser of [ben, otto]) browser.accept = 'text/html';
  await w.idle(); // nothing of Acme's changes from here on
  const id = async (table, where) => (await w.one(`select id from ${table} where workspace = $1 and ${where} order by id desc limit 1`, [ACME])).id;
  theirs = {connections: 'acme-salesforce', apps: 'acme-salesforce', recipes: 'create-opportunity', hooks: 'acme-shop', groups: 'acme-sales', 'api-tokens': 'acme-reports',
    runs: await id('run', "state = 'done'"), 'personal-connections': await id('connection', `user_id = '${ANA}'`),
    sessions: await id('console_session', 'token_hash is not null and ended_at is null'), people: ANA, 'versions/version': '1'};
});
after(() => w?.stop());

/** It names something of the workspace, whatever the parameter is called. */
const owned = o => /\{workspace\}.*\{\w+\}/.test(o.path);

describe('every page of the console', () => {
  /** Routes come from openapi.yaml, which tests/guard/routes holds against the router's table: a new one is probed by itself,
   * or fails here until it is said what its form names. */
  test('what is said of routes above is of routes that there are', () => {
    const ids = [...consoleRoutes('GET'), ...consoleRoutes('POST')].map(o => o.id);
    for (const id of [...SCRIPTED, ...LEAVES, ...OPERATORS, ...Object.keys(NAMED)]) assert.ok(ids.includes(id), id);
    const doors = openapi.operations.filter(o => o.path.startsWith('/console') && !ids.includes(o.id)).map(o => o.id).sort();
    assert.deepEqual(doors, ['enterConsole', 'getConsole', 'getConsoleLink', 'postConsoleLink', 'postConsoleOperator', 'postConsoleSignOut', 'signInAtChat'],
      'these alone are for whoever is not signed in');
    assert.ok(WORDS.length > 10, WORDS.join());
  });

  test('a form counts by the key of its session alone: a wrong one changes nothing and leaves no line', async () => {
    const boss = await operator(w), key = await formKey(w, ben, `/console/workspaces/${ACME}/sessions`);
    const routes = consoleRoutes('POST'), before = await rowsOf(ACME), all = await w.count('audit'), operators = await w.count('operator_session');
    assert.ok(routes.length > 15, String(routes.length));
    for (const o of routes) {
      const url = w.url + filled(o.path, {...theirs, workspaces: ACME});
      for (const browser of o.path.includes('{workspace}') ? [ben, boss] : [boss]) {
        for (const form_key of browser === ben ? [undefined, key.slice(1), key.replace(/^./, c => (c === '0' ? '1' : '0'))] : ['', key]) {
          const body = fields(theirs, form_key === undefined ? {do: 'save'} : {do: 'save', form_key});
          const {status} = await browser.request('POST', url, body);
          assert.equal(status, browser === ben && OPERATORS.includes(o.id) ? 404 : 403, `${o.id} with the key ${form_key}`);
          assert.doesNotMatch(browser.text, /your chat/, 'nobody came by a link of the chat');
        }
      }
    }
    assert.deepEqual(strip(await rowsOf(ACME)), strip(before));
    assert.equal(await w.count('audit'), all, 'nothing was done, nothing to tell');
    assert.equal(await w.count('operator_session'), operators);
  });

  test('a page runs no script that is not ours, stands in no frame, is kept nowhere and has no opener', async () => {
    const boss = Object.assign(await operator(w), {accept: 'text/html'}), pages = consoleRoutes('GET').filter(o => !o.path.endsWith('.zip'));
    assert.ok(pages.length > 20, String(pages.length));
    const chat = POLICY(` ${new URL(w.sandboxUrl).origin}`);
    const judge = (what, id) => {
      const {headers} = boss.page, policy = headers.get('content-security-policy');
      assert.match(headers.get('content-type'), /^text\/html/, what);
      assert.ok(policy === POLICY() || (SCRIPTED.includes(id) && policy === SCRIPT) || (LEAVES.includes(id) && policy === chat), `${what}: ${policy}`);
      for (const [name, value] of [['x-frame-options', 'DENY'], ['cache-control', 'no-store'], ['cross-origin-opener-policy', 'same-origin'],
        ['referrer-policy', 'no-referrer'], ['x-content-type-options', 'nosniff']]) assert.equal(headers.get(name), value, `${what}: ${name}`);
      if (policy !== SCRIPT) assert.doesNotMatch(boss.page.html, /<script|\son\w+=/i, what);
    };
    for (const o of pages) {
      await boss.request('GET', w.url + filled(o.path, {...theirs, workspaces: ACME}));
      assert.equal(boss.page.status, 200, `${o.id}: ${boss.text}`);
      judge(o.id, o.id);
      await boss.request('GET', w.url + filled(o.path, {...unknown, workspaces: ACME}));
      judge(`${o.id} of nothing`, o.id);
      if (boss.page.status === 404) assert.doesNotMatch(boss.text, /your chat/, o.id);
    }
    for (const door of ['/console', '/console/sign-in/wrong', '/console/nowhere']) {
      boss.page = await Object.assign(new Browser(), {accept: 'text/html'}).request('GET', w.url + door);
      judge(door);
    }
    await boss.request('POST', `${w.url}/console/workspaces/${ACME}/sessions`, {form_key: 'f'.repeat(64)});
    assert.equal(boss.page.status, 403);
    assert.match(boss.text, /Please open this page again.*Nothing was done: open the console again.*Open the console Reference/);
    assert.match(boss.page.html, /href="\/console"/);
  });
});

/** What was asked for is said again, and each answer has a reference of its own. */
const same = text => [...new Set([...Object.values(theirs), ...Object.values(unknown)])].filter(v => v.length > 1)
  .reduce((t, value) => t.replaceAll(value, '*'), text).replace(/[0-9a-f]{8}-[0-9a-f]{8}/g, '')
  .replace(/"queue_oldest_seconds":\d+/g, ''); // its own, which grows where everything is slow

describe('what is Acme\'s, asked for under Globex\'s own path', () => {
  /** Both answers alike, and Acme as it was. */
  async function alike(ask, what) {
    const [real, none] = [await ask(theirs), await ask(unknown)];
    assert.deepEqual([real.status, real.text], [none.status, none.text], what);
    return real.status;
  }

  test('an admin in the console finds nothing by a real name or id, and ends nothing', async () => {
    const key = await formKey(w, otto, `/console/workspaces/${GLOBEX}/sessions`), before = await rowsOf(ACME), found = {};
    const asked = (o, method, body) => async of => {
      const r = await otto.request(method, w.url + filled(o.path, {...of, workspaces: GLOBEX}), body?.(of));
      return {status: r.status, text: same(`${r.location ?? ''} ${r.html}`)};
    };
    for (const o of consoleRoutes('GET').filter(owned)) {
      assert.equal(await alike(asked(o, 'GET'), o.id), 404, o.id);
    }
    for (const o of consoleRoutes('POST').filter(one => one.path.includes('{workspace}'))) {
      assert.ok(owned(o) || o.id in NAMED, `${o.id}: what does its form name?`);
      for (const word of owned(o) ? WORDS : NAMED[o.id] ? [''] : []) {
        const body = of => fields(of, {do: word, form_key: key, ...(owned(o) ? {} : NAMED[o.id](of))});
        const status = found[o.id] = await alike(asked(o, 'POST', body), `${o.id} ${word}`);
        if (owned(o)) assert.ok([400, 404, 412, 422].includes(status), `${o.id} ${word}: ${status}`);
      }
    }
    assert.deepEqual([found.postConsoleSessions, found.postConsolePersonal, found.postConsoleApiTokens, found.postConsoleAdmins], [303, 404, 404, 412]);
    assert.deepEqual(strip(await rowsOf(ACME)), strip(before));
    await ben.get(`${w.url}/console/workspaces/${ACME}`);
    assert.match(ben.text, /Create an opportunity/, 'and its session lives');
  });

  test('pages of the deployment are not there for an admin, the set-up and the package included', async () => {
    const key = await formKey(w, otto, `/console/workspaces/${GLOBEX}/sessions`), routes = [...consoleRoutes('GET'), ...consoleRoutes('POST')].filter(o => !o.path.includes('{workspace}'));
    assert.ok(routes.some(o => o.path === '/console/setup') && routes.some(o => o.path === '/console/setup/workbot-teams.zip'));
    for (const o of routes) {
      const r = await otto.request(o.method, w.url + o.path, o.method === 'POST' ? {form_key: key, id: 'x'} : undefined);
      assert.equal(r.status, 404, o.id);
      assert.match(otto.text, /This page does not exist/, o.id);
    }
  });

  test('a token of the API finds nothing by a real name or id, and changes nothing', async () => {
    const {token} = await w.must('POST', `/workspaces/${GLOBEX}/api-tokens`, {name: 'probe', role: 'admin'}), before = await rowsOf(ACME);
    const routes = openapi.operations.filter(o => o.path.startsWith('/v1/workspaces/{workspace}/'));
    assert.ok(routes.length > 30, String(routes.length));
    const met = new Set(), BODIES = {confirmConnectionLogin: () => ({code: '123456'}),
      actForUser: of => ({user: of.people, recipe: of.recipes, inputs: {}, idempotency_key: 'probe'})};
    BODIES.checkRecipe = using;
    const QUERIES = {listRuns: of => ({user: of.people}), listAudit: of => ({subject: of.recipes}), listPersonalConnections: of => ({user: of.people}), listPeople: of => ({begins: of.people}),
      deletePersonalConnections: of => ({user: of.people})};
    for (const o of routes) {
      const owns = /\{\w+\}.*\{\w+\}/.test(o.path), ask = async of => {
        const query = new URLSearchParams(QUERIES[o.id]?.(of));
        const body = BODIES[o.id]?.(of) ?? (['PUT', 'POST'].includes(o.method) ? {} : undefined);
        const r = await fetch(w.url + filled(o.path, {...of, workspaces: GLOBEX}) + (query.size ? `?${query}` : ''), {method: o.method, body: body && JSON.stringify(body),
          headers: {authorization: `Bearer ${token}`, ...(body && {'content-type': 'application/json'}), ...(o.method === 'PUT' && {'if-match': '*'})}});
        return {status: r.status, text: same(await r.text())};
      };
      const status = await alike(ask, o.id);
      met.add(status);
      if (owns) assert.ok([404, 412, ...(o.id === 'checkRecipe' ? [200] : [])].includes(status), `${o.id}: ${status}`); // that one stores nothing
    }
    assert.ok(met.has(404) && met.has(412) && met.has(200), [...met].join());
    assert.deepEqual(strip(await rowsOf(ACME)), strip(before));
  });
});
