// The set-up without a script or a pointer: ServiceNow and Box from a draft to "Test it" (Salesforce's is walked in
// e2e/wizard), and the Teams package, which is the one that the command line makes.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {operator, signIn} from '../lib/console.mjs';
import {ACME, ROOT, start} from '../lib/flow.mjs';

/** The command makes no package for plain http, which Teams does not take; on loopback the sandbox stays trusted. */
const PUBLIC = 'https://localhost';
const PACKAGE = '/console/setup/workbot-teams.zip', SETUP = `/console/workspaces/${ACME}/setup`;
/** By the name of its definition; `scopes` as the page says them. */
const APPS = {
  servicenow: {title: 'ServiceNow', user: 'ben', account: /ServiceNow answers: it is .*ben/i, given: true, menu: 'Inbound integrations > New integration',
    ended: 'it says the same of both. Compare the client\'s id and secret with what the app has, and authorise again.'},
  box: {title: 'Box', user: 'ben@acme.example', account: /Box answers: it is ben@acme\.example/, given: false, menu: 'Configuration > OAuth 2.0 Redirect URIs',
    ended: 'The app has ended this login. Authorise again.'},
};
const definition = app => JSON.parse(readFileSync(join(ROOT, `service/apps/definitions/${app}.json`), 'utf8'));
const client = app => JSON.parse(readFileSync(join(ROOT, `tests/demo/acme/connections/acme-${app}.json`), 'utf8'));

let w, boss;
before(async () => {
  w = await start({teams: true});
  boss = await operator(w);
});
after(() => w?.stop());

/** The form that has this button, with more in its fields. */
async function press(browser, label, more) {
  const forms = [...browser.page.html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)].map(([form]) => form);
  const n = forms.findIndex(form => form.includes(`>${label}</button>`));
  assert.ok(n >= 0, `no button ${label}: ${browser.text}`);
  return browser.submit(more, {n});
}
const shown = id => new RegExp(`id="${id}">([^<]*)<`).exec(boss.page.html)?.[1];
const heading = () => /<h1>([^<]*)<\/h1>/.exec(boss.page.html)?.[1];
/** The login in a tab of its own, up to the code of its last page. */
async function codeOf(title, user) {
  const tab = Object.assign(boss.tab(), {page: boss.page});
  await press(tab, `Authorise in ${title}`);
  assert.match(tab.page.url, /\/login\//);
  return tab.codeOf(tab.page.url, user);
}

describe('an app in the set-up', () => {
  for (const [app, {title, user, account, given, menu, ended}] of Object.entries(APPS)) {
    const page = `${SETUP}/apps/${app}`;

    test(`${title}: a draft, with exactly what is to be entered there`, async () => {
      await boss.get(w.url + SETUP);
      await press(boss, 'Go on', {app, host: w.hosts[app]});
      assert.equal(boss.page.url, w.url + page, boss.text);
      assert.equal(heading(), title);
      const stored = await w.must('GET', `/workspaces/${ACME}/connections/${app}`);
      assert.deepEqual([stored.state, stored.host], ['draft', w.hosts[app]]);
      assert.equal(shown('redirect'), stored.redirect_uri);
      assert.ok(boss.text.includes(menu), menu);
      const facts = /<dt>Scopes<\/dt><dd>(.*?)<\/dd>/s.exec(boss.page.html)[1];
      const asked = (definition(app).authorize.scopes ?? []).map(scope => scope.name);
      assert.deepEqual([...facts.matchAll(/<code>([^<]*)<\/code>/g)].map(m => m[1]), asked);
      if (!asked.length) assert.equal(facts, "None to name: the client's own hold.");
      assert.equal(asked.length > 0, given);
    });

    test(`${title}: its client, a login and its code`, async () => {
      const {client_id, client_secret} = client(app);
      await w.sandbox('PUT', '/_config', {[app]: {clients: {[client_id]: {redirect_uris: [shown('redirect')]}}}});
      await press(boss, 'Save the client', {client_id, client_secret});
      assert.match(boss.text, /Log in with an account/);
      assert.ok(!boss.page.html.includes(client_secret), 'a secret is shown again');
      assert.match(boss.text, /Nobody has begun a login yet/);
      const code = await codeOf(title, user);
      await boss.get(w.url + page);
      assert.match(boss.text, /Enter the code/);
      await press(boss, 'Confirm', {code: String((Number(code) + 1) % 1000000).padStart(6, '0')});
      assert.match(boss.text, /not the code/);
      assert.equal((await w.must('GET', `/workspaces/${ACME}/connections/${app}`)).state, 'provisional');
      await press(boss, 'Confirm', {code});
      assert.match(boss.text, /It acts/);
      assert.equal((await w.must('GET', `/workspaces/${ACME}/connections/${app}`)).state, 'active');
    });

    test(`${title}: "Test it" asks the app itself`, async () => {
      const calls = async () => (await w.calls({peer: app})).length, before = await calls();
      await press(boss, 'Test it');
      assert.equal(boss.page.status, 200, boss.text);
      assert.match(boss.text, account);
      assert.ok(await calls() > before, 'the app was asked');
      await w.sandbox('PUT', '/_faults', {peer: app, fault: 'grant_revoked', times: 1});
      await press(boss, 'Test it');
      assert.ok(boss.text.includes(ended), boss.text);
    });
  }
});

test('of a recipe that is tried each state of its run has words, and one that is over is not watched', async () => {
  const run = state => w.query('update run set state = $1', [state]);
  const said = async () => {
    await boss.get(`${w.url}${SETUP}/recipes/create-opportunity`);
    const now = /role="status"><p>([^<]*)</.exec(boss.page.html)?.[1];
    assert.ok(now && now !== 'It came.', `${now}`);
    return boss.page.html.includes('class="quiet watch"');
  };
  await w.person('ana').prompt();
  for (const open of ['queued', 'running', 'asking', 'parked']) assert.equal(await run(open).then(said), true, open);
  for (const over of ['done', 'failed', 'unknown', 'cancelled', 'expired', 'superseded']) assert.equal(await run(over).then(said), false, over);
});

describe('the Teams package', () => {
  const fetched = browser => fetch(w.url + PACKAGE, {redirect: 'manual',
    headers: browser ? {cookie: [...browser.cookies(new URL(w.url).hostname)].map(([k, v]) => `${k}=${v}`).join('; ')} : {}});

  test('an admin and a stranger get none', async () => {
    const admin = await fetched(await signIn(w.person('ben')));
    assert.equal(admin.status, 404);
    const stranger = await fetched(null);
    assert.deepEqual([stranger.status, new URL(stranger.headers.get('location'), w.url).pathname], [303, '/console']);
  });

  test('an operator gets what `workbot manifest teams` makes, byte by byte', async () => {
    await w.restart({WORKBOT_PUBLIC_URL: PUBLIC});
    boss = await operator(w);
    await boss.get(`${w.url}/console/setup`);
    assert.ok(boss.page.html.includes(`href="${PACKAGE}"`), 'the page leads there');
    const r = await fetched(boss);
    assert.equal(r.status, 200);
    assert.deepEqual(['content-type', 'content-disposition', 'cache-control'].map(name => r.headers.get(name)),
      ['application/zip', 'attachment; filename="workbot-teams.zip"', 'no-store']);
    const out = mkdtempSync(join(tmpdir(), 'workbot-package-'));
    try {
      const made = spawnSync(resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot')), ['manifest', 'teams', '--out', out],
        {encoding: 'utf8', env: {PATH: process.env.PATH, WORKBOT_PUBLIC_URL: PUBLIC, WORKBOT_TEAMS_APP_ID: w.env.WORKBOT_TEAMS_APP_ID}});
      assert.equal(made.status, 0, made.stderr);
      assert.ok(readFileSync(join(out, 'workbot-teams.zip')).equals(Buffer.from(await r.arrayBuffer())), 'another package');
    } finally {
      rmSync(out, {recursive: true, force: true});
    }
  });
});
