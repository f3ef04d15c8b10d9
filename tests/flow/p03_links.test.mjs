// P3: no GET or HEAD of a link that we hand out changes anything; callbacks act only with a fresh
// state and its cookie.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Browser, loginUrl, start, until} from '../lib/flow.mjs';

const TABLES = ['login', 'oauth_state', 'connection', 'run', 'message', 'job', 'audit', 'chat_user', 'notice', 'default_connection', 'refresh_attempt'];

describe('P3 links', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('failure_12_preview_bot apps_trap_11_preview_bot P3 a preview bot that fetches every link spends nothing', async () => {
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'preview_bot', times: -1});
    const prompt = await ana.prompt();
    const path = new URL(loginUrl(prompt)).pathname;
    await until('the preview bot to have fetched the link', async () => await w.fired('preview_bot') > 0);
    await w.idle();
    await w.sandbox('DELETE', '/_faults');
    assert.equal(await w.count('oauth_state', "login_id is not null and login_id in (select id from login where user_id <> '')"), 0);
    assert.equal((await w.one("select state from login where user_id = 'U0ANA0001'")).state, 'open');
    assert.ok(path.startsWith('/login/'));
  });

  test('apps_trap_11_by_hand P3 GET and HEAD by hand, twenty times, leave every row as it was, and the link works', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const url = loginUrl(prompt);
    await w.idle();
    const before = await w.rows(...TABLES);
    for (let i = 0; i < 20; i++) {
      const method = i % 2 ? 'HEAD' : 'GET';
      const r = await fetch(url, {method, redirect: 'manual', headers: {'user-agent': 'Slackbot-LinkExpanding 1.0'}});
      assert.equal(r.status, 200, `${method} ${r.status}`);
      assert.equal(r.headers.getSetCookie().length, 0, 'no cookie is set by a look');
      assert.match(r.headers.get('cache-control'), /no-store/);
      await r.text();
    }
    await w.idle();
    assert.deepEqual(await w.rows(...TABLES), before);
    const code = await ana.browse(prompt);
    await ana.ask(code, /is connected/);
  });

  test('apps_trap_08_unknown P3 a callback without state, with a made-up state, or without its cookie changes nothing', async () => {
    const cleo = w.person('cleo');
    const prompt = await cleo.prompt('connect salesforce');
    const {callback_key: key} = await w.one('select callback_key from default_connection limit 1');
    const browser = new Browser();
    const there = await browser.logIn(loginUrl(prompt), 'cleo@acme.example', {stop: '/oauth/callback/'});
    const callback = there.location;
    const state = new URL(callback).searchParams.get('state');
    await w.idle();
    const before = await w.rows(...TABLES);
    const grants = (await w.grants()).length;
    const at = `${w.url}/oauth/callback/${key}`;
    for (const url of [at, `${at}?code=x`, `${at}?state=`, `${at}?state=abc&code=x`, `${at}?state=${'0'.repeat(state.length)}&code=x`,
      `${at}?state=${state.slice(0, -1)}0&code=x`, `${at}?state=${state.slice(0, 16)}&code=x`, `${at}?error=access_denied`]) {
      const r = await fetch(url, {redirect: 'manual'});
      assert.ok(r.status >= 400 && r.status < 500, `${url}: ${r.status}`);
    }
    assert.deepEqual(await w.rows(...TABLES), before);
    // the real state without its cookie: not even the state is spent
    for (const [method, status] of [['GET', 410], ['HEAD', 405]]) assert.equal((await fetch(callback, {method, redirect: 'manual'})).status, status);
    assert.equal((await w.grants()).length, grants, 'no code was exchanged');
    assert.deepEqual(await w.rows(...TABLES), before);
    // a HEAD with both: a browser's look ahead may not act in its place
    const cookie = [...browser.cookies(new URL(w.url).hostname)].map(([k, v]) => `${k}=${v}`).join('; ');
    const head = await fetch(callback, {method: 'HEAD', redirect: 'manual', headers: {cookie}});
    assert.deepEqual([head.status, head.headers.get('allow')], [405, 'GET']);
    assert.deepEqual(await w.rows(...TABLES), before);
    await browser.request('GET', callback);
    await cleo.ask(browser.code, /is connected/);
  });

  test('apps_trap_11_admin P3 the admin\'s login link is not spent by a look either', async () => {
    const {login_url} = await w.must('POST', '/workspaces/slack:T0ACME001/connections/acme-salesforce/login', {});
    await w.idle();
    const before = await w.rows(...TABLES);
    for (let i = 0; i < 5; i++) assert.equal((await fetch(login_url, {method: i % 2 ? 'HEAD' : 'GET'})).status, 200);
    assert.deepEqual(await w.rows(...TABLES), before);
    const browser = new Browser();
    await browser.logIn(login_url, 'ben@acme.example');
    assert.ok(browser.code);
  });
});
