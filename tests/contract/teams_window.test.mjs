// The pages of a sign-in window of Teams, as a browser without scripts gets them: which headers they
// have and which they must not have, what stands in their addresses, and who is shown what.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import {after, before, describe, test} from 'node:test';
import {Browser, TEAMS_ACME, TEAMS_ACME_TENANT, TEAMS_GLOBEX, TEAMS_GLOBEX_TENANT, TEAMS_PEOPLE, loginUrl, start, windowUrl} from '../lib/flow.mjs';
import {teamsLibrary} from '../lib/teams_host.mjs';
import {loadOpenapi} from '../lib/openapi.mjs';

const LIBRARY = 'https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js';
const ORIGINS = 'https://res.cdn.office.net/teams-js/validDomains/json/validDomains.json';
const openapi = loadOpenapi();
let w;
before(async () => (w = await start({teams: true})));
after(() => w?.stop());

/** A browser that keeps every page of ours on its way. */
class Watched extends Browser {
  pages = [];
  async request(method, url, form) {
    const page = await super.request(method, url, form);
    if (url.startsWith(w.url)) {
      this.pages.push({...page, method});
      const path = new URL(url).pathname, operation = openapi.find(method, path);
      assert.deepEqual(openapi.faults(operation, {status: page.status, text: page.html, headers: Object.fromEntries(page.headers)}), [], path);
    }
    return page;
  }
}
const opener = page => page.headers.get('cross-origin-opener-policy');
const policy = page => Object.fromEntries((page.headers.get('content-security-policy') || '').split('; ').map(d => [d.split(' ')[0], d.split(' ').slice(1)]));
const isHtml = page => /^text\/html/.test(page.headers.get('content-type') || '');
const data = page => /<div id="teams" hidden data-code="([^"]*)" data-failure="([^"]*)"><\/div>/.exec(page.html);

/** Every page of ours, and every answer that leads on, leaves the window its opener and takes no script but two. */
function inWindow(pages) {
  assert.ok(pages.length > 0);
  for (const page of pages) {
    const at = `${page.method} ${page.url}`;
    assert.equal(opener(page), null, at);
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer', at);
    assert.match(page.headers.get('cache-control'), /no-store/, at);
    if (!isHtml(page)) continue;
    const p = policy(page);
    assert.deepEqual([p['default-src'], p['script-src'], p['connect-src']], [["'none'"], ["'self'", LIBRARY], [ORIGINS]], at);
    assert.deepEqual([p['frame-ancestors'], p['base-uri'], p['style-src']], [["'none'"], ["'none'"], ["'self'"]], at);
    assert.deepEqual([page.headers.get('x-frame-options'), page.headers.get('x-content-type-options')], ['DENY', 'nosniff'], at);
    assert.ok(!/<script(?![^>]* src=)|\son\w+=|javascript:/i.test(page.html), `${at}: an inline script`);
    for (const [, attributes] of page.html.matchAll(/<a\b([^>]*)>/g)) { // what leads away leaves the window where it is
      if (!/href="\/login\//.test(attributes)) assert.match(attributes, /target="_blank" rel="noopener"/, at);
    }
    for (const [, to] of page.html.matchAll(/(?:action|href)="(\/login\/[^"]*)"/g)) assert.match(to, /\?window=teams$/, at);
  }
}
/** The same pages elsewhere. */
function alone(pages) {
  assert.ok(pages.length > 0);
  for (const page of pages.filter(isHtml)) {
    assert.equal(opener(page), 'same-origin', page.url);
    assert.deepEqual([policy(page)['script-src'], policy(page)['connect-src']], [undefined, undefined], page.url);
    assert.ok(!/<script/.test(page.html), page.url);
  }
}

const TABLES = ['login', 'connection', 'oauth_state', 'job', 'message', 'audit'];
/** A fresh prompt, whatever this person was connected to. */
async function asked(name = 'ana') {
  const at = `/workspaces/${TEAMS_ACME}/personal-connections`;
  for (const c of (await w.must('GET', at)).items.filter(i => i.user === TEAMS_PEOPLE[name])) await w.must('DELETE', `${at}/${c.id}?forget=true`);
  return w.teamsPerson(name).prompt('connect salesforce');
}

describe('a login in a window', () => {
  test('every page on its way keeps the opener; the last one holds what Teams takes, and its address nothing', async () => {
    const browser = new Watched();
    const ana = w.teamsPerson('ana');
    const prompt = await asked();
    const url = windowUrl(prompt);
    assert.deepEqual([...new URL(url).searchParams].map(([k, v]) => `${k}=${v}`), ['window=teams', 'width=600', 'height=640']);
    assert.equal(url.split('?')[0], loginUrl(prompt));
    await browser.logIn(url, 'ana@acme.example');
    inWindow(browser.pages);
    const kinds = browser.pages.map(p => `${p.method} ${p.status} ${new URL(p.url).pathname.replace(/[0-9a-f.]{20,}/, '…')}`);
    assert.deepEqual(kinds, ['GET 200 /login/…', 'POST 303 /login/…', 'GET 303 /oauth/callback/…', 'GET 200 /login/…/result']);
    const last = browser.pages.at(-1), at = new URL(last.url);
    assert.equal(at.search, '?window=teams');
    const [, code, failure] = data(last);
    assert.match(code, /^[0-9a-f]{32}$/);
    assert.equal(failure, '');
    assert.ok(browser.code && !code.includes(browser.code) && !last.url.includes(browser.code) && !last.url.includes(code));
    for (const p of browser.pages) assert.ok(!(p.location || '').includes(code) && !(p.location || '').startsWith(w.url + '/oauth'), p.location);
    const scripts = [...last.html.matchAll(/<script\b([^>]*)>/g)].map(m => m[1]);
    assert.equal(scripts.length, 2);
    assert.match(scripts[0], /^ src="\/assets\/teams_window\.js\?v=[0-9a-f]{8}"$/);
    const integrity = 'sha384-' + createHash('sha384').update(await readFile(teamsLibrary())).digest('base64');
    assert.equal(scripts[1], ` id="teams-library" async src="${LIBRARY}" integrity="${integrity}" crossorigin="anonymous"`);
    for (const before of browser.pages.slice(0, -1)) assert.ok(!/<script/.test(before.html), before.url);
    // the typed code stands beside it, and is good in the chat
    await ana.ask(browser.code, /is connected/);
    await browser.get(last.url);
    assert.match(browser.text, /Already connected/);
    assert.equal(data(browser.page), null);
    inWindow(browser.pages);
  });

  test('a reload shows the same, a look changes nothing, and without the cookie nothing is shown', async () => {
    const browser = new Watched();
    await browser.logIn(windowUrl(await asked('cleo')), 'cleo@acme.example');
    await w.idle();
    const rows = await w.rows(...TABLES), shown = browser.page;
    for (let i = 0; i < 3; i++) {
      await browser.request('GET', shown.url);
      assert.deepEqual([browser.page.status, browser.page.html], [200, shown.html]);
      assert.equal(browser.page.headers.getSetCookie().length, 0);
    }
    for (const [method, headers] of [['GET', {}], ['HEAD', {}], ['GET', {cookie: 'wb_result_000000000000=x'}]]) {
      const r = await fetch(shown.url, {method, headers});
      const text = await r.text();
      assert.equal(r.status, 410);
      assert.ok(!text.includes(browser.code) && !text.includes('cleo') && !/id="teams"|<script/.test(text), text);
    }
    assert.deepEqual(await w.rows(...TABLES), rows);
  });

  test('a cookie that was changed, of another login or too old shows nothing', async () => {
    const one = new Watched(), two = new Watched();
    await one.logIn(windowUrl(await asked('ana')), 'ana@acme.example');
    await two.logIn(windowUrl(await asked('cleo')), 'cleo@acme.example');
    const host = new URL(w.url).hostname;
    const result = browser => [...browser.cookies(host)].find(([name]) => name.startsWith('wb_result_'));
    const [name, value] = result(one), [, foreign] = result(two);
    const field = (n, to) => value.split('.').map((part, i) => (i === n ? to : part)).join('.');
    const bad = {
      'another code': field(2, '000000'), 'another window code': field(3, '0'.repeat(32)), 'later': field(6, '9999999999'), 'no signature': field(7, ''),
      'one part less': value.split('.').slice(1).join('.'), 'one part more': value + '.x', 'of another login': foreign, 'nothing': '', 'long': 'x.'.repeat(2000),
      'another end': field(0, 'connected'), 'twice': `${value}; ${name}=${value}`,
    };
    for (const [what, changed] of Object.entries(bad)) {
      const r = await fetch(one.page.url, {headers: {cookie: `${name}=${changed}`}});
      const text = await r.text();
      assert.equal(r.status, 410, what);
      assert.ok(!text.includes(one.code) && !text.includes('ana@'), what);
    }
    assert.equal((await fetch(one.page.url, {headers: {cookie: `${name}=${value}`}})).status, 200);
    assert.ok(!/http-?only/i.test(value));
    const set = one.pages.find(p => p.status === 303 && p.url.includes('/oauth/callback/')).headers.getSetCookie().find(c => c.startsWith(name));
    assert.match(set, /; Path=\/; HttpOnly; SameSite=Lax; Max-Age=(600|599)$/);
  });

  test('denied, and the callback once more: what was shown still holds', async () => {
    const browser = new Watched();
    await browser.logIn(windowUrl(await asked('ana')), 'ana@acme.example', {decision: 'deny'});
    assert.deepEqual(data(browser.page).slice(1), ['', 'not_connected']);
    const shown = browser.page.html, callback = browser.pages.find(p => p.status === 303 && p.location?.includes('/result'));
    await browser.get(callback.url);
    assert.equal(browser.page.html, shown);
    inWindow(browser.pages);
  });

  test('undone, a code that a newer one has replaced, and the callback once more', async () => {
    const ana = w.teamsPerson('ana'), browser = new Watched();
    const url = windowUrl(await asked('ana'));
    await browser.logIn(url, 'ana@acme.example');
    const first = browser.tab(), seen = browser.page.url, callback = browser.pages.find(p => p.status === 303 && p.location?.includes('/result'));
    assert.match(seen, /\/result\?window=teams$/);
    await browser.get(callback.url); // spent: what was shown still holds
    assert.equal(browser.page.url, seen);
    assert.ok(browser.code);
    const other = new Watched();
    await other.logIn(url, 'ana@acme.example');
    await first.get(seen);
    assert.equal(first.code, null, 'this code does not work any more');
    assert.ok(other.code);
    await other.submit({}, {n: 0}); // not me
    assert.match(other.text, /Undone/);
    assert.equal(data(other.page), null);
    await other.get(other.pages.find(p => /result/.test(p.url)).url);
    assert.match(other.text, /This login was undone/);
    inWindow([...browser.pages, ...other.pages]);
    await ana.sees(/said not to be yours/);
  });

  test('errors and dead ends, too; the word alone makes no window of anything else', async () => {
    const url = windowUrl(await asked('ana')).split('?')[0];
    const ask = async (path, init = {}) => {
      const r = await fetch(path.startsWith('http') ? path : w.url + path, {redirect: 'manual', ...init, headers: {accept: 'text/html', ...init.headers}});
      return {url: path, method: init.method || 'GET', status: r.status, headers: r.headers, html: await r.text()};
    };
    const form = {'content-type': 'application/x-www-form-urlencoded'};
    const dead = url.slice(0, -4) + '0000';
    const ends = {
      unknown: [404, `${dead}?window=teams`], 'unknown result': [404, `${dead}/result?window=teams`], 'no result': [410, `${url}/result?window=teams`],
      'another site': [403, `${url}?window=teams`, {method: 'POST', body: 'do=start', headers: {...form, 'sec-fetch-site': 'cross-site'}}],
      'a form that says nothing': [400, `${url}?window=teams`, {method: 'POST', body: 'do=dance', headers: form}],
      'too long': [413, `${url}?window=teams`, {method: 'POST', body: 'x'.repeat(200000), headers: form}],
    };
    for (const [what, [status, path, init]] of Object.entries(ends)) {
      const page = await ask(path, init);
      assert.equal(page.status, status, what);
      assert.equal(opener(page), null, what);
      if (status !== 404 && isHtml(page)) assert.deepEqual(policy(page)['script-src'], ["'self'", LIBRARY], what);
      assert.ok(isHtml(page) && !/<script/.test(page.html), what);
    }
    const slack = loginUrl(await w.person('ana').prompt('connect salesforce'));
    for (const path of [`${slack}?window=teams`, `${url}?window=slack`, url, `${url}?window=teams&window=teams`, '/?window=teams', '/privacy?window=teams', '/nothing?window=teams', `${url}/result`]) {
      alone([await ask(path)]);
    }
  });
});

test('P11 a link that whoever has it has used up says so on a page, for how long, and how to go on; connect is a new link', async () => {
  const cases = [['Teams', w.teamsPerson('ana'), asked, '?window=teams'], ['Teams', w.teamsPerson('ana'), asked, ''], ['Slack', w.person('cleo'), () => w.person('cleo').prompt('connect salesforce'), '']];
  for (const [chat, who, prompt, search] of cases) {
    const url = loginUrl(await prompt()) + search, headers = {'content-type': 'application/x-www-form-urlencoded'};
    for (let i = 0; i < 20; i++) assert.equal((await fetch(url, {method: 'POST', redirect: 'manual', headers, body: 'do=start'})).status, 303);
    const browser = new Watched();
    await browser.get(url);
    await browser.submit();
    const {page, text} = browser;
    assert.deepEqual([page.status, page.headers.get('content-type'), page.headers.get('retry-after')], [429, 'text/html; charset=utf-8', '600'], text);
    assert.match(text, /must rest for a while.*followed many times.*Nothing was connected.*in 10 minutes at the latest/);
    assert.match(text, new RegExp(`type connect and the app in ${chat}: that gives you a new link`));
    (search ? inWindow : alone)(browser.pages);
    await browser.logIn(loginUrl(await who.prompt('connect salesforce')) + search, 'ana@acme.example');
    await who.ask(browser.code, /is connected/);
  }
  const {login_url} = await w.must('POST', `/workspaces/${TEAMS_ACME}/connections/acme-salesforce/login`, {}), admin = new Watched();
  await admin.get(login_url);
  for (let i = 0; i <= 20; i++) await admin.request('POST', login_url, {do: 'start'});
  assert.equal(admin.page.status, 429);
  assert.match(admin.text, /To go on at once, ask for a new link\./);
});

test('in the browser, from the button beside it: the code at once, no script, and nothing for Teams', async () => {
  const browser = new Watched();
  const cleo = w.teamsPerson('cleo');
  await browser.logIn(loginUrl(await asked('cleo')), 'cleo@acme.example');
  alone(browser.pages);
  assert.equal(data(browser.page), null);
  assert.match(browser.page.url, /\/login\/[^/]+\/result$/);
  const {code} = browser;
  await cleo.ask(code, /is connected/);
});

test('Slack has no windows, and an admin\'s login is no window: the callback answers by itself', async () => {
  const slack = new Watched(), admin = new Watched();
  const ana = w.person('ana');
  await slack.logIn(loginUrl(await ana.prompt('connect salesforce')), 'ana@acme.example');
  const {login_url} = await w.must('POST', `/workspaces/${TEAMS_ACME}/connections/acme-salesforce/login`, {});
  await admin.logIn(login_url + '?window=teams', 'ben@acme.example');
  for (const browser of [slack, admin]) {
    assert.match(browser.page.url, /\/oauth\/callback\//);
    assert.ok(browser.code);
    alone(browser.pages);
  }
  const {n} = await w.one("select count(*)::int as n from login where user_id <> '' and workspace like 'slack:%' and provisional is not null");
  assert.equal(n, 1);
});

test('signed in to the chat in the window: it is told that all is done, and the client\'s word for that says nothing more', async () => {
  const first = w;
  w = await start({teams: 'only', env: {WORKBOT_TEAMS_SIGN_IN: 'on'}});
  try {
    await w.sandbox('PUT', '/_config', {teams: {app: {redirect_uris: [w.url + '/identity/teams/callback']}}});
    await w.must('PUT', `/workspaces/${TEAMS_ACME}/connections/acme-salesforce`, {assurance: 'sign_in'});
    const ana = w.teamsPerson('ana'), browser = new Watched(), other = new Watched();
    const prompt = await ana.prompt('connect salesforce');
    const teams = name => `${TEAMS_ACME_TENANT}/${TEAMS_PEOPLE[name]}`;
    await other.logIn(windowUrl(prompt), 'cleo@acme.example', {teams: teams('cleo')});
    assert.match(other.text, /This login belongs to Ana Alvarez/);
    assert.equal(data(other.page), null, 'it stays: the chat says nothing of it here');
    await browser.logIn(windowUrl(prompt), 'ana@acme.example', {teams: teams('ana')});
    inWindow([...browser.pages, ...other.pages]);
    assert.ok(browser.pages.some(p => p.url.includes('/identity/teams/callback')));
    assert.deepEqual(data(browser.page).slice(1), ['connected', '']);
    assert.match(browser.text, /Salesforce is connected/);
    const shown = browser.page.html;
    await browser.get(browser.page.url);
    assert.equal(browser.page.html, shown);
    await ana.sees(/Salesforce is connected/);
    await w.idle();
    const before = (await ana.messages()).length;
    assert.equal((await ana.window('connected')).status, 200);
    await w.idle();
    assert.equal((await ana.messages()).length, before);
  } finally {
    await w.stop();
    w = first;
  }
});

test('P8 the handle in a state\'s cookie is that browser\'s word alone: another login\'s tells nothing of it', async () => {
  const first = w;
  w = await start({teams: 'only', env: {WORKBOT_TEAMS_SIGN_IN: 'on'}});
  try {
    await w.sandbox('PUT', '/_config', {teams: {app: {redirect_uris: [w.url + '/identity/teams/callback']}}});
    await w.load('globex', TEAMS_GLOBEX, 'otto@globex.example', {name: 'Globex', admins: [TEAMS_PEOPLE.otto]});
    for (const at of [`${TEAMS_ACME}/connections/acme-salesforce`, `${TEAMS_GLOBEX}/connections/globex-salesforce`]) await w.must('PUT', `/workspaces/${at}`, {assurance: 'sign_in'});
    const anas = loginUrl(await w.teamsPerson('ana').prompt('connect salesforce')), handle = new URL(anas).pathname.split('/')[2];
    await new Browser().logIn(anas, 'ana@acme.example', {teams: `${TEAMS_ACME_TENANT}/${TEAMS_PEOPLE.ana}`});
    await w.idle();
    // with Ana's handle before the provider's answer, and before the chat's
    for (const [name, company, tenant, stop] of [['ben', 'acme', TEAMS_ACME_TENANT, '/oauth/callback/'], ['gina', 'globex', TEAMS_GLOBEX_TENANT, '/identity/']]) {
      const browser = new Watched(), who = w.teamsPerson(name, tenant);
      const more = {teams: `${tenant}/${TEAMS_PEOPLE[name]}`}, username = `${name}@${company}.example`;
      await browser.logIn(windowUrl(await who.prompt('connect salesforce')), username, {...more, stop});
      const jar = browser.cookies(new URL(w.url).hostname);
      for (const [key, value] of jar) if (key.startsWith('wb_state_')) jar.set(key, value.replace(/~[^~]*/, `~${handle}`));
      await browser.get(browser.page.location);
      if (stop === '/identity/') await browser.submit({username});
      if (/name="decision"/.test(browser.page.html)) await browser.submit({decision: 'allow'});
      assert.match(browser.text, new RegExp(`${name}@${company}`), 'the state says whose login it is');
      for (const page of browser.pages) assert.ok(!page.html.includes('ana@acme') && !(page.location || '').includes(handle), page.url);
      assert.ok(![...jar.keys()].some(key => key.startsWith('wb_result_')));
      await browser.get(`${anas}/result`);
      assert.equal(browser.page.status, 410);
      assert.ok(!browser.text.includes('ana@acme'), browser.text);
      await who.sees(/Salesforce is connected/);
    }
  } finally {
    await w.stop();
    w = first;
  }
});

test('the script of a window is ours and may be kept; it holds no secret and asks for none', async () => {
  const r = await fetch(`${w.url}/assets/teams_window.js`);
  const text = await r.text();
  assert.deepEqual([r.status, r.headers.get('content-type'), r.headers.get('cache-control')], [200, 'text/javascript; charset=utf-8', 'public, max-age=3600']);
  assert.equal(r.headers.get('x-content-type-options'), 'nosniff');
  assert.ok(!/innerHTML|eval\(|fetch\(|document\.cookie|location/.test(text), text);
});
