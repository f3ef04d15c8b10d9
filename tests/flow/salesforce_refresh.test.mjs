// What Salesforce may say when a login of it is renewed: that the org has another address, another refresh token, or
// nothing that can be believed. A host of our own plays it, behind the built-in definition.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {AppHost} from '../lib/app_host.mjs';
import {ACME, loginUrl, start, until, words} from '../lib/flow.mjs';

const CLIENT = {client_id: 'sample-client', client_secret: 'sample-secret-of-a-client'};
const FIND = 'soql';

class Salesforce extends AppHost {
  where = null;    // instance_url of a refresh; null: its own
  rotation = false;
  more = {};       // members of a refresh's answer, over the others
  lost = 0;        // so many refreshes are taken, whatever they send, and their answers never come
  alive = null;    // the refresh token that is taken
  #made = 0;

  #tokens(answer) {
    this.access = `sample-access-${++this.#made}`;
    return {access_token: this.access, token_type: 'Bearer', scope: 'api refresh_token openid', ...answer};
  }
  #refresh({form, req}, send) {
    if (this.lost-- > 0) {
      if (this.rotation) this.alive = `sample-refresh-${++this.#made}`;
      return req.socket.destroy();
    }
    if (form.refresh_token !== this.alive) return send(400, {error: 'invalid_grant', error_description: 'expired access/refresh token'});
    const fresh = this.rotation ? {refresh_token: this.alive = `sample-refresh-${++this.#made}`} : {};
    const answer = this.#tokens({instance_url: this.where ?? `http://${this.name}`, ...fresh, ...this.more});
    return send(200, answer);
  }
  async answer(ask, send) {
    const {path, url, req} = ask;
    if (path === 'authorize') return send(302, {}, {location: `${url.searchParams.get('redirect_uri')}?${new URLSearchParams({code: 'one', state: url.searchParams.get('state')})}`});
    if (path === 'token') return send(200, this.#tokens({refresh_token: this.alive = `sample-refresh-${++this.#made}`, instance_url: `http://${this.name}`}));
    if (path === 'refresh') return this.#refresh(ask, send);
    if (path === 'revoke') return send(200, {});
    if (req.headers.authorization !== `Bearer ${(this.of_org ?? this).access}`) return send(401, [{message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID'}]);
    if (path === 'userinfo') return send(200, {sub: 'x', user_id: '005x00000012Q9P', organization_id: '00Dx0000000BV7z', preferred_username: 'ana@acme.example', email: 'ana@acme.example'});
    return send(200, {totalSize: 0, done: true, records: []});
  }
}

describe('Salesforce renews a login', () => {
  const login = new Salesforce(), renamed = new Salesforce();
  let w, ana, ben;
  before(async () => {
    await login.start();
    await renamed.start();
    renamed.of_org = login;
    w = await start({trusted: [login.name, renamed.name]});
    await w.must('PUT', `/workspaces/${ACME}/connections/own-salesforce`, {app: 'salesforce', host: login.name, ...CLIENT, assurance: 'code', account_match: 'off'});
    await w.putRecipe(ACME, {name: FIND, title: 'Search', command: FIND, allow: 'everyone', inputs: [], connections: {it: {use: 'own-salesforce', verify_user_access: true}},
      steps: [{id: 'all', connection: 'it', action: 'query', with: {soql: 'SELECT Id FROM Lead'}}], reply: {text: '{{steps.all.total}} found'}});
    [ana, ben] = ['ana', 'ben'].map(n => w.person(n));
    await logIn(await ana.prompt('connect own-salesforce'));
    await w.idle();
  });
  beforeEach(() => Object.assign(login, {where: null, rotation: false, more: {}, lost: 0, calls: []}));
  after(async () => {
    await w?.stop();
    for (const host of [login, renamed]) host.stop();
  });

  const ANA = "user_id = 'U0ANA0001'";
  const row = () => w.one(`select state, reason, api_base from connection where ${ANA}`);
  const expire = () => w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${ANA}`);
  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };
  const sent = () => login.of('refresh').map(c => c.form.refresh_token);
  const notices = async fits => (await ben.messages()).filter(m => fits.test(words(m)));
  async function logIn(prompt) {
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit();
    await ana.say(ana.browser.code);
    await until('the login to be taken', async () => (await row())?.state === 'active');
  }

  test('apps_trap_10_moved the org has another address since: it stands with the new tokens, and is called', async () => {
    login.where = `http://${renamed.name}`;
    renamed.calls = [];
    await expire();
    await ana.ask(FIND, /0 found/);
    assert.deepEqual([login.of('refresh').length, login.of('query').length, renamed.of('query').length], [1, 0, 1]);
    assert.equal((await row()).api_base, `http://${renamed.name}`);
    await ana.ask(FIND, /0 found/);
    assert.deepEqual([login.of('refresh').length, renamed.of('query').length], [1, 2]);
  });

  test('apps_trap_10_moved_outside an address that is not Salesforce\'s: the old one stays, the rotated token survives, the admins hear of it once', async () => {
    Object.assign(login, {where: 'https://evil.example', rotation: true});
    const was = (await row()).api_base;
    for (let i = 0; i < 2; i++) {
      await expire();
      await ana.ask(FIND, /0 found/);
    }
    assert.equal(new Set(sent()).size, 2, 'the second one used what the first one brought');
    assert.deepEqual(await row(), {state: 'active', reason: null, api_base: was});
    await w.idle();
    const told = await notices(/address outside its own hosts/);
    assert.equal(told.length, 1);
    assert.match(words(told[0]), /own-salesforce/);
    assert.doesNotMatch(await ana.reads('dm'), /outside its own hosts/);
  });

  test('a refresh that says no address changes none', async () => {
    login.more = {instance_url: undefined};
    const was = (await row()).api_base;
    await expire();
    await ana.ask(FIND, /0 found/);
    assert.equal((await row()).api_base, was);
  });

  test('apps_trap_04_learned P6 the org has switched rotation on: one refresh shows it, and two lost answers are all that a token is worth', async () => {
    login.rotation = true;
    await expire();
    await ana.ask(FIND, /0 found/);
    login.calls = [];
    login.lost = 2;
    await expire();
    const said = await ana.say(FIND);
    const prompt = await until('Ana to be asked', async () => {
      await later();
      return (await ana.messages()).find(m => m.is_bot && m.ts > said.ts && /Log in to Salesforce again: its answers to renewing your login were lost/.test(words(m)));
    });
    assert.deepEqual([sent().length, new Set(sent()).size], [2, 1]);
    assert.deepEqual(await row().then(r => [r.state, r.reason]), ['needs_attention', 'refresh_lost']);
    await later();
    const again = await ana.ask(FIND, /waits for the Salesforce login that I asked you for already/);
    assert.equal(sent().length, 2, 'nor at any later command');
    await logIn(prompt);
    await ana.sees(m => m.ts === again.ts && /0 found/.test(words(m)));
  });

  test('apps_trap_04_kept P7 rotation is off: an answer may be lost as often as it likes, and nobody is asked', async () => {
    await w.query(`update connection set rotates = false where ${ANA}`);
    login.lost = 3;
    await expire();
    const said = await ana.say(FIND);
    await until('the command to go on', async () => {
      await later();
      return (await ana.messages()).some(m => m.ts > said.ts && /0 found/.test(words(m)));
    });
    assert.deepEqual([sent().length, new Set(sent()).size], [4, 1]);
  });

  test('failure_06_not_our_secret P7 the login host\'s name leads to a private address: told as that and as nothing else, and nobody is disconnected', async () => {
    const host = name => w.query("update default_connection set host = $1 where name = 'own-salesforce'", [name]);
    await host('login.inside.localhost');
    await later();
    await expire();
    const told = await ana.ask(FIND, /did not work/);
    assert.match(words(told), /at an address that Workbot may not call.*your own login is untouched/s);
    assert.deepEqual(await row().then(r => [r.state, r.reason]), ['active', null]);
    await w.idle();
    assert.equal((await notices(/only public ones may/)).length, 1);
    assert.equal((await notices(/client id or secret/)).length, 0);
    assert.equal((await w.one('select outcome from refresh_attempt order by started_at desc limit 1')).outcome, 'misconfigured');
    await host(login.name);
    await later();
    await ana.ask(FIND, /0 found/);
  });

  test('apps_trap_20_of_another a renewal with the tokens of another account: used for nothing, told, and good again by the next one that is right', async () => {
    const id = person => `https://login.salesforce.com/id/00Dx0000000BV7zAAH/${person}AAU`;
    login.more = {id: id('005x00000012Q9Q')};
    await later();
    await expire();
    const calls = () => login.of('query').length + renamed.of('query').length;
    const before = calls();
    const answer = await ana.ask(FIND, /did not work/);
    assert.match(words(answer), /renewed your connection with another account/);
    assert.equal(calls(), before, 'nothing is asked with it');
    assert.deepEqual(await row().then(r => [r.state, r.reason]), ['needs_attention', 'token_of_another']);
    await w.idle();
    assert.equal((await notices(/tokens of another account/)).length, 1);
    login.more = {id: id('005x00000012Q9P')};
    await later();
    await ana.ask(FIND, /0 found/);
    assert.deepEqual(await row().then(r => [r.state, r.reason]), ['active', null]);
  });

  for (const rotation of [true, false]) {
    test(`apps_trap_04_unsigned P6 P7 an answer whose signature does not fit (rotation ${rotation ? 'on' : 'off'}): no access by it, the admins are told, and the next try is as good as any`, async () => {
      await w.query('delete from notice');
      const told = (await notices(/not signed with the client's secret/)).length;
      Object.assign(login, {rotation, more: {id: 'x', issued_at: '1278448101416', signature: 'c2FtcGxl'}});
      await later();
      await expire();
      const asked = login.of('query').length;
      const answer = await ana.ask(FIND, /did not work/);
      assert.match(words(answer), /not signed as it should be.*your own login is untouched/s);
      assert.equal(login.of('query').length + renamed.of('query').filter(c => c.token === `Bearer ${login.access}`).length, asked, 'its access token is used for nothing');
      assert.deepEqual(await row().then(r => [r.state, r.reason]), ['active', null]);
      assert.equal((await w.one('select outcome from refresh_attempt order by started_at desc limit 1')).outcome, 'unsigned');
      await w.idle();
      assert.equal((await notices(/not signed with the client's secret/)).length, told + 1);
      assert.equal((await notices(/client id or secret/)).length, 0);
      Object.assign(login, {more: {}});
      await later();
      await ana.ask(FIND, /0 found/);
      assert.deepEqual([sent().length, new Set(sent()).size], [2, rotation ? 2 : 1]);
      assert.equal(await w.count('login', `${ANA} and state = 'open'`), 0, 'nobody is asked to log in');
    });
  }
});
