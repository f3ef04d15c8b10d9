// How Workbot comes into a Slack workspace, and who it belongs to then.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, GLOBEX, start, words} from '../lib/flow.mjs';

const OTTO = 'T0GLOBEX1/U0OTTO001', GINA = 'T0GLOBEX1/U0ANA0001';
const TABLES = ['route', 'job', 'oauth_state', 'audit', 'message', 'chat_user', 'login'];

/** What an installation could change; not when people are next compared, which is planned in the background. */
const kept = async (w, ...tables) => ({...await w.rows(...tables), workspaces: await w.query(`select workspace, name, installer, admins, state, bot_generation, bot_fault,
  bot_scopes, missing_scopes, installed_at, encode(bot_token, 'hex') as token from workspace order by 1`)});

/** From /slack/install to Slack's page, and through it as `installer`. */
async function install(w, installer, {browser = new Browser(), decision = 'allow', stop, query = ''} = {}) {
  await browser.get(`${w.url}/slack/install${query}`);
  assert.match(browser.page.url, /\/slack\/oauth\/v2\/authorize\?/);
  await browser.submit({installer, decision}, {stop});
  return browser;
}

const redirects = w => w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});

describe('Slack: an installation by whoever may', () => {
  let w;
  before(async () => {
    w = await start({env: {WORKBOT_ALLOWED_WORKSPACES: GLOBEX}});
    await redirects(w);
  });
  after(() => w?.stop());

  test('P3 /slack/install stores nothing, and asks for the scopes of the manifest', async () => {
    const before = await kept(w, ...TABLES);
    const b = new Browser();
    const page = await b.request('GET', `${w.url}/slack/install?team=T0GLOBEX1`);
    assert.equal(page.status, 302);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    const to = new URL(page.location);
    assert.equal(to.origin + to.pathname, `${w.sandboxUrl}/slack/oauth/v2/authorize`);
    assert.equal(to.searchParams.get('scope'), 'commands,chat:write,app_mentions:read,im:history,im:write,users:read,channels:read,groups:read,users:read.email,files:read');
    assert.equal(to.searchParams.get('redirect_uri'), `${w.url}/slack/oauth/callback`);
    assert.equal(to.searchParams.get('team'), 'T0GLOBEX1');
    assert.match(to.searchParams.get('state'), /^[0-9a-f]{32}$/);
    assert.match(page.headers.getSetCookie()[0], /^wb_install_[0-9a-f]{12}=.*HttpOnly; SameSite=Lax; Max-Age=600/);
    assert.deepEqual(await kept(w, ...TABLES), before);
    const odd = await b.request('GET', `${w.url}/slack/install?team=${encodeURIComponent('T1&scope=admin')}`);
    assert.equal(new URL(odd.location).searchParams.get('team'), null);
  });

  test('the first who installs is installer and admin, is welcomed, and told what to do next', async () => {
    const b = await install(w, OTTO);
    assert.equal(b.page.status, 200, b.text);
    assert.match(b.text, /Workbot is installed in Globex.*You are its installer and an admin/);
    const guide = [/To set them up in a browser, [^]*type[^]*console/, new RegExp(`operates Workbot opens ${w.env.WORKBOT_PUBLIC_URL}/console/setup`)];
    for (const says of guide) assert.match(b.text, says);
    assert.match(b.page.html, /\/slack\/app_redirect\?app=A0WORKBOT&amp;team=T0GLOBEX1/);
    const there = await w.must('GET', `/workspaces/${GLOBEX}`);
    assert.deepEqual([there.state, there.name, there.installer, there.admins, there.bot_user_id, there.bot_id, there.missing_scopes],
      ['active', 'Globex', 'U0OTTO001', ['U0OTTO001'], 'U0BOTGLBX', 'B0BOTGLBX', []]);
    assert.ok(there.scopes.includes('chat:write') && there.installed);
    const otto = w.person('otto', 'T0GLOBEX1');
    const hello = words(await otto.sees(/Thank you for installing me in Globex[^]*You are my installer and an admin here/));
    const help = words(await otto.ask('help', /What can I do/));
    for (const says of guide) for (const text of [hello, help]) assert.match(text, says);
    const theirs = words(await w.person('gina', 'T0GLOBEX1').ask('help', /There are no commands here yet/));
    assert.match(theirs, /An admin of Workbot must have them set up\.\nYou can ask <@U0OTTO001>/);
    assert.doesNotMatch(theirs, /console/);
    for (const text of [help, theirs]) assert.doesNotMatch(text, /Which app/);
    const [made] = (await w.must('GET', `/workspaces/${GLOBEX}/audit`)).items.filter(a => a.action === 'workspace.installed');
    assert.deepEqual([made.actor, made.detail.first], ['user:U0OTTO001', true]);
  });

  test('a re-install by another person changes no installer, and its token takes over', async () => {
    const old = (await w.one('select bot_generation as n from workspace where workspace = $1', [GLOBEX])).n;
    await w.query("update workspace set state = 'broken', bot_fault = 'token_refused' where workspace = $1", [GLOBEX]);
    const b = await install(w, GINA);
    assert.match(b.text, /installed in Globex.*are as they were/);
    const there = await w.must('GET', `/workspaces/${GLOBEX}`);
    assert.deepEqual([there.installer, there.admins, there.state, there.bot_fault], ['U0OTTO001', ['U0OTTO001'], 'active', null]);
    assert.equal(Number((await w.one('select bot_generation as n from workspace where workspace = $1', [GLOBEX])).n), Number(old) + 1);
    await w.idle();
    const gina = w.person('gina', 'T0GLOBEX1');
    assert.ok(!(await gina.messages()).some(m => /Thank you for installing/.test(words(m))), 'only the installer is welcomed');
    await gina.ask('help', m => m.is_bot);
    const [last] = (await w.must('GET', `/workspaces/${GLOBEX}/audit`)).items.filter(a => a.action === 'workspace.installed');
    assert.deepEqual([last.actor, last.detail.first], ['user:U0ANA0001', false]);
  });

  test('a workspace that the API made may install without being listed', async () => {
    const b = await install(w, 'T0ACME001/U0CLEO001');
    assert.equal(b.page.status, 200, b.text);
    const there = await w.must('GET', `/workspaces/${ACME}`);
    assert.deepEqual([there.installer, there.admins.includes('U0CLEO001'), there.state], ['U0BEN0001', false, 'active']);
  });

  test('P2 a member who installs where the installer has left, or an admin set it up, gains nothing', async () => {
    for (const sql of ["update workspace set installer = null, admins = '{}' where workspace = $1",
      "update workspace set installer = null, admins = '{U0NINA001}', installed_at = null where workspace = $1"]) {
      await w.query(sql, [GLOBEX]);
      const b = await install(w, GINA);
      assert.equal(b.page.status, 200, b.text);
      const there = await w.must('GET', `/workspaces/${GLOBEX}`);
      assert.deepEqual([there.installer, there.admins.includes('U0ANA0001')], [null, false]);
      assert.match(b.text, /are as they were/);
    }
    await w.must('PUT', `/workspaces/${GLOBEX}`, {installer: 'U0OTTO001', admins: ['U0OTTO001']});
  });

  test('slack_gotcha_29_no_state, a foreign state, a refusal, a spent code: none exchanges or changes anything', async () => {
    const rows = await kept(w, 'route', 'audit');
    const exchanges = async () => (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).length;
    const before = await exchanges();

    const stopped = await install(w, OTTO, {stop: '/slack/oauth/callback'});
    const callback = stopped.page.location;
    const stateless = new URL(callback);
    stateless.searchParams.delete('state');
    const begun = await new Browser().request('GET', stateless.href);
    assert.deepEqual([begun.status, begun.location], [302, `${w.url}/slack/install`], 'begun on the side of Slack: begun again here');

    const foreign = await new Browser().get(callback);
    assert.deepEqual([foreign.status, /Please start again/.test(foreign.html)], [410, true], 'another browser');
    const twisted = new URL(callback);
    twisted.searchParams.set('state', '0'.repeat(32));
    assert.equal((await stopped.tab().get(twisted.href)).status, 410, 'a state that this browser was not given');

    const denied = await install(w, OTTO, {decision: 'deny'});
    assert.deepEqual([denied.page.status, /You declined, and nothing was changed/.test(denied.text)], [200, true]);
    assert.equal(await exchanges(), before, 'no code was spent');

    assert.equal((await new Browser().get(`${w.url}/slack/oauth/callback?code=x&state=%00`)).status, 400);
    assert.deepEqual(await kept(w, 'route', 'audit'), rows);

    const again = stopped.tab();
    await stopped.follow();
    assert.equal(stopped.page.status, 200, stopped.text);
    const after = await kept(w, 'route', 'audit');
    await again.get(callback);
    assert.deepEqual([again.page.status, /Please start again/.test(again.text)], [410, true], 'a code is good for once');
    assert.deepEqual(await kept(w, 'route', 'audit'), after);
  });

  test('P3 a cookie is good for its own state and time alone', async () => {
    const begun = async () => {
      const page = await new Browser().request('GET', `${w.url}/slack/install`);
      const [, name, issued, signature] = /^(wb_install_[0-9a-f]{12})=(\d+)\.([^;]+)/.exec(page.headers.getSetCookie()[0]);
      return {name, issued, signature, state: new URL(page.location).searchParams.get('state')};
    };
    const exchanges = async () => (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).length;
    const [one, other, before] = [await begun(), await begun(), await exchanges()];
    for (const value of [`${other.issued}.${other.signature}`, `${Number(one.issued) + 1}.${one.signature}`, `${one.issued}.${one.signature.slice(1)}`, `${one.issued}.`, one.issued]) {
      const r = await fetch(`${w.url}/slack/oauth/callback?code=1.junk&state=${one.state}`, {headers: {cookie: `${one.name}=${value}`}});
      assert.equal(r.status, 410, value);
    }
    assert.equal(await exchanges(), before, 'no code was spent');
    await fetch(`${w.url}/slack/oauth/callback?code=1.junk&state=${one.state}`, {headers: {cookie: `${one.name}=${one.issued}.${one.signature}`}});
    assert.equal(await exchanges(), before + 1, 'its own');
  });

  test('P14 a state is good for one exchange, and junk codes draw no limit of Slack upon others', async () => {
    const exchanges = async () => (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).length;
    const begin = async () => {
      const b = new Browser();
      await b.request('GET', `${w.url}/slack/install`);
      const state = new URL(b.page.location).searchParams.get('state');
      return {b, to: `${w.url}/slack/oauth/callback?code=1.junk&state=${state}`};
    };
    let before = await exchanges();
    const one = await begin(), tabs = Array.from({length: 20}, () => one.b.tab());
    const statuses = await Promise.all(tabs.map(t => t.request('GET', one.to).then(() => t.page.status)));
    assert.deepEqual([new Set(statuses), await exchanges()], [new Set([410]), before + 1]);

    before = await exchanges();
    const ends = [];
    for (let i = 0; i < 12; i++) {
      const {b, to} = await begin();
      await b.request('GET', to);
      ends.push(b.page.status);
    }
    assert.ok(await exchanges() - before < 10 && ends.at(-1) === 429 && ends[0] === 410, JSON.stringify(ends));

    for (const error of ['x', 'access_denied&error=x']) {
      const page = await new Browser().request('GET', `${w.url}/slack/oauth/callback?error=${error}`);
      assert.equal(page.status, 400, 'whoever says that something is wrong is no outage of ours');
    }
    await w.kill(w.replicas[0].n);
    await w.startReplica(w.replicas[0].n); // as a minute would, it forgets who tried
  });

  test('what Slack says instead of a token is told in plain words', async () => {
    const rows = await kept(w);
    for (const [fault, status, text] of [[{fault: '5xx'}, 503, /Slack did not answer/], [{fault: 'error', error: 'bad_client_secret'}, 502, /operator must look/],
      [{fault: 'error', error: 'cannot_install_an_org_installed_app'}, 409, /Your organisation has Workbot already/],
      [{fault: 'error', error: 'something_new'}, 502, /Slack did not install/]]) {
      await w.sandbox('PUT', '/_faults', {peer: 'slack', path: 'oauth.v2.access', times: 1, ...fault});
      const b = await install(w, OTTO);
      assert.deepEqual([b.page.status, text.test(b.text)], [status, true], b.text);
    }
    assert.deepEqual(await kept(w), rows);
  });

  test('slack_gotcha_21_scopes that were not given are told to the admins with name and link, once', async () => {
    await w.sandbox('POST', '/_uninstall', {workspace: 'T0GLOBEX1', deliver: false}); // scopes are additive
    const b = new Browser();
    await b.get(`${w.url}/slack/install`);
    await b.submit({installer: OTTO, decision: 'allow', scopes: 'chat:write,im:history,im:write,users:read,app_mentions:read,channels:read,commands'});
    assert.match(b.text, /These permissions were not given: groups:read\./);
    const otto = w.person('otto', 'T0GLOBEX1');
    const told = await otto.sees(m => m.is_bot && /I lack a permission here: the scope groups:read/.test(words(m)));
    assert.match(JSON.stringify(told.blocks), new RegExp(`${w.url}/slack/install\\?team=T0GLOBEX1`));
    assert.deepEqual((await w.must('GET', `/workspaces/${GLOBEX}`)).missing_scopes, ['groups:read'], 'an optional one is no lack');

    // its button leads there; the press itself is no news
    const before = (await otto.messages()).length;
    await otto.press(told, 'Install again');
    await w.idle();
    assert.deepEqual((await otto.messages()).slice(before).map(words), [], 'P11 a link that works is not called dead');

    // a call that lacks one is as good a witness
    await w.query("update chat_user set checked_at = now() - interval '1 hour'");
    await w.sandbox('PUT', '/_config', {slack: {scopes: ['chat:write', 'im:history', 'im:write', 'app_mentions:read', 'commands']}});
    await otto.say('help');
    await otto.sees(m => m.is_bot && /I lack a permission here: the scope users:read/.test(words(m)));
    assert.deepEqual((await w.must('GET', `/workspaces/${GLOBEX}`)).missing_scopes, ['groups:read', 'users:read']);
    await w.sandbox('PUT', '/_config', {slack: {scopes: []}});
    await install(w, OTTO);
    assert.deepEqual((await w.must('GET', `/workspaces/${GLOBEX}`)).missing_scopes, [], 'all were given now');
    await w.idle();
    assert.equal((await otto.messages()).filter(m => /I lack a permission/.test(words(m))).length, 2, 'each once a day');
  });
});

describe('Slack: an installation by whoever may not', () => {
  let w;
  before(async () => {
    w = await start();
    await redirects(w);
  });
  after(() => w?.stop());

  test('a draft is nothing yet; its installation makes it work', async () => {
    const made = await w.must('PUT', `/workspaces/${GLOBEX}`, {name: 'Globex Inc', admins: ['U0ANA0001']});
    assert.equal(made.state, 'draft');
    const gina = w.person('gina', 'T0GLOBEX1');
    assert.equal((await gina.say('help')).status, 200);
    await w.idle();
    assert.match(await (await fetch(`${w.replicas[0].opsUrl}/metrics`)).text(), /workbot_no_workspace_total\{reason="draft"\} 1/);
    const b = await install(w, OTTO);
    assert.equal(b.page.status, 200, b.text);
    const there = await w.must('GET', `/workspaces/${GLOBEX}`);
    assert.deepEqual([there.state, there.name, there.installer, there.admins], ['active', 'Globex Inc', null, ['U0ANA0001']],
      'who the API named decides, not who came first');
    assert.match(b.text, /Its installer and admins are those who were named before\. Next come a connection/);
    await w.person('otto', 'T0GLOBEX1').sees(/Thank you for installing me in Globex Inc\.[^]*those who were named before/);
    await gina.ask('help', m => m.is_bot);
  });

  test('the draft of the guide, with installer and admins: its first installation is greeted, each by what he is', async () => {
    for (const [installer, admins, says, page] of [
      ['U0OTTO001', ['U0OTTO001'], /You are my installer and an admin here/, /You are its installer and an admin\./],
      ['U0ANA0001', ['U0ANA0001', 'U0OTTO001'], /You are one of my admins here/, /You are one of its admins\./]]) {
      await w.query("update workspace set state = 'draft', installed_at = null, bot_token = null, bot_refresh = null where workspace = $1", [GLOBEX]);
      await w.must('PUT', `/workspaces/${GLOBEX}`, {installer, admins});
      const otto = w.person('otto', 'T0GLOBEX1'), after = (await otto.say('hello')).ts;
      const b = await install(w, OTTO);
      assert.match(b.text, page);
      assert.doesNotMatch(b.text, /are as they were/);
      await otto.sees(m => m.is_bot && /Thank you for installing me/.test(words(m)) && says.test(words(m)), {after});
      const there = await w.must('GET', `/workspaces/${GLOBEX}`);
      assert.deepEqual([there.installer, there.admins], [installer, admins]);
    }
  });

  test('who installs it anew where commands are is not told to set them up', async () => {
    const globex = file => JSON.parse(readFileSync(new URL(`../demo/globex/${file}`, import.meta.url)));
    await w.must('PUT', `/workspaces/${GLOBEX}/connections/globex-salesforce`, {...globex('connections/globex-salesforce.json'), host: w.salesforceHost});
    await w.must('PUT', `/workspaces/${GLOBEX}/recipes/new-lead`, globex('recipes/new-lead.json'));
    await w.query("update workspace set state = 'draft', installed_at = null, bot_token = null, bot_refresh = null where workspace = $1", [GLOBEX]);
    const otto = w.person('otto', 'T0GLOBEX1'), after = (await otto.say('hello')).ts;
    const b = await install(w, OTTO);
    assert.match(b.text, /Workbot is installed in/);
    assert.doesNotMatch(b.text, /Next come/);
    const hello = await otto.sees(m => m.is_bot && /Thank you for installing me/.test(words(m)), {after});
    assert.doesNotMatch(words(hello), /Next come/);
  });

  test('a token that Slack gave and then refuses, or that is another app\'s, is given back where nothing stands', async () => {
    const refusedBy = async (faults, status, text, stands) => {
      const since = (await w.calls()).at(-1).seq;
      for (const f of faults) await w.sandbox('PUT', '/_faults', {peer: 'slack', times: 1, ...f});
      const b = await install(w, OTTO);
      assert.equal(b.page.status, status, b.text);
      assert.match(b.text, text);
      const asked = (await w.calls({peer: 'slack', direction: 'in', since: String(since)})).map(c => c.path.split('/').at(-1)).filter(p => /uninstall|revoke/.test(p));
      assert.deepEqual(asked, stands);
      return b;
    };
    const no = {fault: 'error', error: 'account_inactive', path: 'auth.test'};
    await w.idle();
    const rows = await kept(w, ...TABLES);
    await refusedBy([no], 502, /Slack did not install Workbot.*Nothing was kept here/, []);
    await w.idle();
    assert.deepEqual(await kept(w, ...TABLES), rows, 'what stands there is left alone');

    await w.must('DELETE', `/workspaces/${GLOBEX}`);
    await w.must('PUT', `/workspaces/${GLOBEX}`, {name: 'Globex Inc'});
    const still = TABLES.filter(t => t !== 'job'), draft = await kept(w, ...still); // Slack tells of the end, too
    await refusedBy([{...no, error: 'a_new_word'}], 502, /Slack did not install Workbot.*Slack has removed it from your workspace again/, ['apps.uninstall']);
    const b = await refusedBy([no, {fault: 'error', error: 'no_permission', path: 'apps.uninstall'}, {fault: '5xx', path: 'auth.revoke'}],
      502, /Slack did not remove it from your workspace.*Remove it there yourself/, ['apps.uninstall', 'auth.revoke']);
    assert.match(b.page.html, /\/apps-manage\/T0GLOBEX1\/integrations\/profile\/A0WORKBOT"/);
    await w.sandbox('PUT', '/_config', {slack: {app: {app_id: 'A0ANOTHER'}}});
    await refusedBy([], 502, /operator must look.*Slack has removed it from your workspace again/, ['apps.uninstall']);
    await w.sandbox('PUT', '/_config', {slack: {app: {app_id: 'A0WORKBOT'}}});
    await w.idle();
    assert.deepEqual(await kept(w, ...still), draft);
  });

  const LISTED = /app\.slack\.com|\/manage\/E0ACMEORG\/integrations\/profile\/A0WORKBOT"/;

  /** Refused; what was asked of Slack then, and whether the installation still stands there. */
  async function refused(faults = []) {
    await w.idle();
    const rows = await kept(w, ...TABLES);
    const since = (await w.calls()).at(-1).seq;
    for (const f of faults) await w.sandbox('PUT', '/_faults', {peer: 'slack', times: 1, ...f});
    const b = await install(w, 'E0ACMEORG/U0OLGA001');
    assert.equal(b.page.status, 403, b.text);
    assert.match(b.text, /This Workbot is not open to your workspace.*Nothing was kept here.*send the key below/);
    assert.match(b.page.html, /Acme Org<\/dd>[\s\S]*<code>slack:E0ACMEORG<\/code>/, 'whom to let in is named');
    await w.idle();
    assert.deepEqual(await kept(w, ...TABLES), rows);
    const asked = (await w.calls({peer: 'slack', direction: 'in', since: String(since)})).map(c => c.path.split('/').at(-1)).filter(p => /uninstall|revoke/.test(p));
    return {b, asked};
  }

  test('a workspace that is not listed leaves nothing behind, and the app is removed from it', async () => {
    const {b, asked} = await refused();
    assert.deepEqual(asked, ['apps.uninstall']);
    assert.match(b.text, /Slack has removed it from your workspace again/);
    assert.doesNotMatch(b.page.html, LISTED);
  });

  test('an answer of Slack that was lost does not make it stand: it is gone', async () => {
    const {b, asked} = await refused([{fault: 'lost', path: 'apps.uninstall'}]);
    assert.deepEqual(asked, ['apps.uninstall', 'auth.revoke']);
    assert.match(b.text, /Slack has removed it from your workspace again/);
  });

  test('where Slack does not let the app remove itself, its token is revoked, and the page says what is left', async () => {
    const {b, asked} = await refused([{fault: 'error', error: 'no_permission', path: 'apps.uninstall'}]);
    assert.deepEqual(asked, ['apps.uninstall', 'auth.revoke']);
    assert.match(b.text, /the permission that you gave was taken back.*may go on listing it/);
    assert.match(b.page.html, LISTED);
  });

  test('where nothing can be taken back, nothing else is claimed: whoever installed it is told how to remove it', async () => {
    const no = {fault: 'error', error: 'no_permission', path: 'apps.uninstall'};
    for (const [faults, config] of [[[no, {fault: '5xx', path: 'auth.revoke'}], {}], [[no], {rotation: {expires_in: 43200, grace_ms: 0}}]]) {
      await w.sandbox('PUT', '/_config', {slack: config});
      const {b, asked} = await refused(faults);
      assert.deepEqual(asked, ['apps.uninstall', 'auth.revoke']);
      assert.doesNotMatch(b.text, /handed back|taken back|has removed/);
      assert.match(b.text, /Slack did not remove it from your workspace.*Remove it there yourself.*Manage.*Installed apps/);
      assert.match(b.page.html, LISTED);
    }
    await w.sandbox('PUT', '/_config', {slack: {rotation: false}});
  });
});
