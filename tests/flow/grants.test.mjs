// What ends a grant and what does not: lost answers, refused tokens, and a first grant without what would keep it.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, afterEach, before, describe, test} from 'node:test';
import {ACME, ROOT, loginUrl, start, until, words} from '../lib/flow.mjs';

const FIND = 'salesforce find opportunity name: zzz';
const FIND_ONCE = 'once find opportunity name: zzz';
const CLIENT = '3MVG9sampleAcme0001';

describe('grants', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, ana, ben, cleo;
  before(async () => {
    const demo = file => JSON.parse(readFileSync(join(ROOT, 'tests/demo/acme', file), 'utf8').replace('@SALESFORCE_HOST@', w.salesforceHost));
    const app = JSON.parse(readFileSync(join(ROOT, 'service/apps/definitions/salesforce.json'), 'utf8'));
    Object.assign(app, {name: 'once', title: 'Once', token: {...app.token, single_use_refresh: true}});
    writeFileSync(join(dir, 'once.json'), JSON.stringify(app));
    w = await start({env: {WORKBOT_APPS_DIR: dir}});
    await w.putConnection(ACME, 'acme-once', {...demo('connections/acme-salesforce.json'), app: 'once', account_match: 'off'});
    await allowRedirects();
    await w.putRecipe(ACME, {...demo('recipes/find-opportunities.json'), name: 'once', command: 'once find opportunity',
      connections: {salesforce: {use: 'acme-once', verify_user_access: true}}});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await ana.connect();
    await ana.ask(await ana.browse(await ana.prompt('connect once')), /is connected/);
    await w.idle();
  });
  afterEach(() => w.sandbox('DELETE', '/_faults'));
  after(async () => {
    await w?.stop();
    rmSync(dir, {recursive: true});
  });

  /** Both apps are the same client of one peer. */
  const allowRedirects = () => w.sandbox('PUT', '/_config', {salesforce: {clients: {[CLIENT]: {redirect_uris: w.clientRedirects[CLIENT]}}}});
  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };
  const row = name => w.one("select state, reason from connection where user_id = 'U0ANA0001' and default_name = $1", [name]);
  const refreshes = async () => (await w.tokenCalls('refresh_token')).map(c => c.args.refresh_token);
  const queries = async () => (await w.calls({peer: 'salesforce'})).filter(c => /\/query/.test(c.path));
  const answer = (said, fits) => until(`an answer that fits ${fits}`, async () => {
    await later();
    return (await ana.messages()).find(m => m.is_bot && m.ts > said.ts && fits.test(words(m)));
  });

  test('failure_04_answer_lost apps_trap_04_lost the answer is lost after the token was rotated: the old one is tried once, and where it still works nobody is asked', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'once'}});
    const was = (await refreshes()).length;
    await w.fault('token_expired', {path: '/query'});
    await w.fault('lost', {path: 'oauth2/token'});
    await answer(await ana.say(FIND), /0 found/);
    const used = (await refreshes()).slice(was);
    assert.deepEqual([used.length, new Set(used).size], [2, 1]);
    assert.equal((await row('acme-salesforce')).state, 'active');
    assert.equal(await w.count('login', "user_id = 'U0ANA0001' and state = 'open'"), 0);
  });

  test('apps_trap_04_dead it is tried once, and worth nothing: dead, in words, and the command goes on behind the login', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'never'}});
    const was = (await refreshes()).length;
    await w.fault('token_expired', {path: '/query'});
    await w.fault('lost', {path: 'oauth2/token'});
    const prompt = await answer(await ana.say(FIND), /Log in to Salesforce again: the login you had there has ended/);
    const used = (await refreshes()).slice(was);
    assert.deepEqual([used.length, new Set(used).size], [2, 1]);
    assert.deepEqual(await row('acme-salesforce'), {state: 'needs_login', reason: 'ended_at_app'});
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
  });

  const expire = () => w.query("update connection set access_expires_at = now() - interval '1 minute' where user_id = 'U0ANA0001' and default_name = 'acme-once'");
  const cools = () => w.one("select greatest(0, extract(epoch from cool_until - now()))::int as s, tokens is not null as tokens, state, reason from connection where user_id = 'U0ANA0001' and default_name = 'acme-once'");

  for (const [kind, fault, more] of [['an app that is down', '5xx', {status: 503}], ['a gateway that does not reach the app', 'html', {status: 502}], ['a page of maintenance', 'html', {status: 200}]]) {
    test(`apps_trap_04_outage P7 ${kind} answers for the token endpoint, again and again: no answer is lost, and nobody is disconnected`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'never'}});
      const was = (await refreshes()).length, logins = await w.count('login', "user_id = 'U0ANA0001'");
      await expire();
      await w.fault(fault, {path: 'oauth2/token', times: 4, ...more});
      await answer(await ana.say(FIND_ONCE), /0 found/);
      assert.equal((await refreshes()).length - was, 5);
      assert.deepEqual(await row('acme-once'), {state: 'active', reason: null});
      assert.equal(await w.count('login', "user_id = 'U0ANA0001'"), logins, 'nobody was asked to log in');
    });
  }

  for (const status of [504, 524]) {
    test(`apps_trap_04_gateway P6 P7 a gateway that waited in vain answers ${status} for the app, which may have rotated: the token is sent once more, minutes later, and never a third time`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'never'}});
      let was = (await refreshes()).length;
      await expire();
      await w.fault('html', {path: 'oauth2/token', status});
      const said = await ana.say(FIND_ONCE);
      await until('the refresh to fail', async () => (await cools()).s > 0);
      const {s} = await cools();
      assert.ok(s >= 290 && s <= 300, `${s} s`);
      await answer(said, /0 found/);
      assert.equal((await refreshes()).length - was, 2);
      assert.deepEqual(await row('acme-once'), {state: 'active', reason: null});

      was = (await refreshes()).length;
      await expire();
      await w.fault('html', {path: 'oauth2/token', status, times: 2});
      const prompt = await answer(await ana.say(FIND_ONCE), /Log in to Once again: its answers to renewing your login were lost/);
      const used = (await refreshes()).slice(was);
      assert.deepEqual([used.length, new Set(used).size], [2, 1]);
      assert.deepEqual({...await cools(), s: 0}, {s: 0, tokens: true, state: 'needs_attention', reason: 'refresh_lost'});
      await ana.say(await ana.browse(prompt));
      await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
    });
  }

  test('apps_trap_04_cool P7 an answer that never came is asked for again a minute later, what an app asks for is waited for ten minutes at most', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'once'}});
    for (const [fault, more, least, most] of [['lost', {}, 55, 130], ['5xx', {status: 503, retry_after: 86400}, 590, 600]]) {
      await expire();
      await w.fault(fault, {path: 'oauth2/token', ...more});
      const said = await ana.say(FIND_ONCE);
      await until('the refresh to fail', async () => (await cools()).s > 0);
      const {s} = await cools();
      assert.ok(s >= least && s <= most, `${fault}: ${s} s`);
      await answer(said, /0 found/);
    }
  });

  test('apps_trap_04_twice P6 P7 both answers of a token of single use are lost: no third try; its tokens are kept, and who needs it is asked to log in', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'once'}});
    const was = (await refreshes()).length;
    await w.fault('token_expired', {path: '/query'});
    await w.fault('lost', {path: 'oauth2/token', times: 2});
    const prompt = await answer(await ana.say(FIND_ONCE), /Log in to Once again: its answers to renewing your login were lost/);
    const used = (await refreshes()).slice(was);
    assert.deepEqual([used.length, new Set(used).size], [2, 1]);
    assert.deepEqual({...await cools(), s: 0}, {s: 0, tokens: true, state: 'needs_attention', reason: 'refresh_lost'});
    await ana.ask('connections', /Needs attention: the answers to renewing it were lost\. Please log in again/);
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
    assert.deepEqual(await row('acme-once'), {state: 'active', reason: null});
  });

  test('apps_trap_04_crashed P6 P7 two processes that died while they renewed count as two lost answers; an access token that still lives is used', async () => {
    const was = (await refreshes()).length;
    const {id, generation} = await w.one("select id, generation::int from connection where user_id = 'U0ANA0001' and default_name = 'acme-once'");
    for (const attempt of [1, 2]) await w.query('insert into refresh_attempt (workspace, connection_id, generation, attempt) values ($1, $2, $3, $4)', [ACME, id, generation, attempt]);
    await w.query("update connection set access_expires_at = now() + interval '40 seconds' where id = $1", [id]);
    await ana.ask(FIND_ONCE, /0 found/);
    assert.deepEqual(await row('acme-once'), {state: 'needs_attention', reason: 'refresh_lost'});
    await ana.ask(FIND_ONCE, /0 found/);
    await expire();
    const prompt = await ana.ask(FIND_ONCE, /Log in to Once again: its answers to renewing your login were lost/);
    assert.equal((await cools()).tokens, true);
    assert.equal((await refreshes()).length, was, 'no refresh was sent');
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
  });

  test('apps_trap_07_once a fresh token is refused as well: one refresh, one repeat, and an answer', async () => {
    const [was, calls] = [(await refreshes()).length, (await queries()).length];
    await w.fault('token_expired', {path: '/query', times: -1});
    await ana.ask(FIND, /does not accept your login\. Disconnect and connect again/);
    assert.equal((await refreshes()).length - was, 1);
    assert.equal((await queries()).length - calls, 2);
    assert.equal((await row('acme-salesforce')).state, 'active');
  });

  test('apps_trap_07_forbidden 403 refreshes nothing', async () => {
    const [was, calls] = [(await refreshes()).length, (await queries()).length];
    await w.fault('5xx', {path: '/query', status: 403});
    await ana.ask(FIND, /did not work/);
    assert.equal((await refreshes()).length - was, 0);
    assert.equal((await queries()).length - calls, 1);
    assert.equal((await row('acme-salesforce')).state, 'active');
  });

  test('failure_07_no_refresh_token apps_trap_02_first a first grant without a refresh token is refused with the reason, and given back', async () => {
    await w.must('PUT', `/workspaces/${ACME}/connections/acme-once`, {app: 'once', host: w.salesforceHost, client_id: CLIENT, scopes: ['api', 'openid'], assurance: 'code', account_match: 'off'});
    const revoked = async () => (await w.calls({peer: 'salesforce'})).filter(c => /oauth2\/revoke/.test(c.path)).length;
    const was = await revoked();
    const prompt = await cleo.prompt('connect once');
    await cleo.browser.logIn(loginUrl(prompt), 'cleo@acme.example');
    assert.equal(cleo.browser.code, null);
    assert.match(cleo.browser.text, /You would not stay connected.*gave Workbot no refresh token/);
    const told = await cleo.sees(m => m.ts === prompt.ts && /You were not connected to Once/.test(words(m)));
    assert.match(words(told), /without a refresh token, so it would have ended within hours\. An admin of Workbot must see to it/);
    await until('the admins to be told', async () => (await ben.messages()).some(m => /acme-once.*came without a refresh token/.test(words(m))));
    await until('the token to be given back', async () => await revoked() === was + 1);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
  });
});
