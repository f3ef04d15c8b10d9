// Two things at the same moment. A lock or a gate in the database makes the moment as long as it has to
// be, and the test goes on when the service waits at it: no pause decides who is first.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {DatabaseDoor} from '../lib/database_door.mjs';
import {ACME, Browser, OPPORTUNITY, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const LOGIN_OF_ANA = "select 1 from login where user_id = 'U0ANA0001' and state in ('open', 'code') for update";

describe('races', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start({replicas: 2});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.ask('help', /What can I do/);
  });
  after(() => w?.stop());

  /** Accounts that are logged in at the app, the admin's default connection left out. */
  const alive = async () => (await w.grants()).filter(g => g.alive).map(g => g.username).filter(name => name !== 'ben@acme.example').sort();
  const connections = () => w.query("select user_id, state, account_name from connection where user_id <> ''");
  /** Through the provider, to just before the callback. */
  const returning = async (prompt, username = 'ana@acme.example') => {
    const browser = new Browser();
    const {location} = await browser.logIn(loginUrl(prompt), username, {stop: '/oauth/callback/'});
    return {browser, location};
  };
  const back = async prompt => {
    await ana.press(prompt, 'Back');
    await w.idle();
  };

  test('apps_trap_08_twice P4 the same callback twice at once: one code, one grant', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const {browser, location} = await returning(prompt);
    const tabs = [browser, browser.tab(), browser.tab(), browser.tab()];
    const exchanges = (await w.tokenCalls('authorization_code')).length;
    await Promise.all(tabs.map(tab => tab.request('GET', location)));
    assert.deepEqual(tabs.map(tab => tab.page.status).sort(), [200, 410, 410, 410]);
    assert.equal((await w.tokenCalls('authorization_code')).length, exchanges + 1, 'the code was sent once');
    assert.deepEqual(await alive(), ['ana@acme.example']);
    await back(prompt);
    assert.deepEqual(await alive(), []);
  });

  test('P4 two tabs of one login return at once: one grant is kept, the other is revoked', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const tabs = [await returning(prompt, 'cleo@acme.example'), await returning(prompt)];
    const lock = await w.hold(LOGIN_OF_ANA);
    const pages = tabs.map(({browser, location}) => browser.request('GET', location));
    await lock.waiting(2);
    assert.deepEqual(await alive(), ['ana@acme.example', 'cleo@acme.example'], 'both have exchanged their codes');
    await lock.release();
    assert.deepEqual((await Promise.all(pages)).map(page => page.status), [200, 200]);
    await w.idle();
    const [kept, ...more] = await alive();
    assert.deepEqual(more, []);
    // the code of the login that is kept connects that account, the other one nothing
    const codes = tabs.map(({browser}) => browser.code);
    const right = kept === 'cleo@acme.example' ? 0 : 1;
    await ana.ask(codes[1 - right], /not the code/);
    await ana.ask(codes[right], /is connected/);
    assert.deepEqual(await connections(), [{user_id: 'U0ANA0001', state: 'active', account_name: kept}]);
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    assert.deepEqual(await alive(), []);
  });

  for (const first of ['the callback', 'Back']) {
    test(`P9 Back while the browser returns, ${first} first: nothing is connected, nothing stays alive at the app`, async () => {
      const prompt = await ana.prompt();
      const {browser, location} = await returning(prompt);
      const lock = await w.hold(LOGIN_OF_ANA);
      let page;
      const acts = [() => (page = browser.request('GET', location)), () => ana.press(prompt, 'Back')];
      for (const [n, act] of (first === 'Back' ? acts.reverse() : acts).entries()) {
        const acting = act();
        if (acting !== page) await acting;
        await lock.waiting(n + 1);
      }
      await lock.release();
      await page;
      await w.idle();
      assert.equal(browser.page.status, first === 'Back' ? 410 : 200, browser.text);
      assert.deepEqual(await alive(), []);
      await ana.sees(m => m.ts === prompt.ts && /Cancelled: .*Nothing was done/.test(words(m)));
      if (browser.code) {
        await ana.say(browser.code);
        await w.idle();
      }
      assert.equal(await w.count('connection', "state in ('active', 'provisional') and user_id <> ''"), 0);
      assert.equal((await w.records()).length, 0);
    });
  }

  test('P9 a command parks while the code is typed: it continues', async () => {
    const code = await ana.browse(await ana.prompt('connect salesforce'));
    await w.idle();
    const finished = () => w.count('login', "user_id = 'U0ANA0001' and state = 'done'");
    const before = await finished();
    const gate = await w.gate('parking', 'update', 'run', "new.state = 'parked'");
    await ana.say(OPPORTUNITY);
    await gate.waiting(1);
    await ana.say(code);
    // the code waits for the parking, or it has overtaken it
    await until('the code to be read', async () => await finished() > before
      || await w.count('pg_stat_activity', "datname = current_database() and wait_event_type = 'Lock'") > 1);
    await gate.release();
    await ana.sees(/Salesforce is connected/);
    await ana.sees(/Created Acme renewal/);
    await w.idle();
    assert.equal((await w.records()).length, 1);
    assert.equal(await w.count('run', "state = 'parked'"), 0);
  });

  test('apps_trap_13_stored P12 Disconnect while a refresh stores a rotated token: that one is revoked too', async () => {
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true}});
    await w.query("update connection set access_expires_at = now() - interval '1 minute' where user_id = 'U0ANA0001'");
    await w.fault('slow', {path: 'oauth2/token', delay_ms: 700});
    const {generation} = await w.one("select generation from connection where user_id = 'U0ANA0001'");
    const gate = await w.gate('revoking', 'insert', 'job', "new.kind = 'revoke'");
    await ana.say('salesforce find opportunity name: torn');
    await until('the refresh to be under way', async () => await w.fired('slow') === 1);
    await ana.say('disconnect salesforce');
    await gate.waiting(1);
    // the new tokens wait for the disconnect, or they were stored behind its back
    await until('the refresh to come back', async () => (await w.one("select generation from connection where user_id = 'U0ANA0001'")).generation !== generation
      || await w.count('pg_stat_activity', "datname = current_database() and wait_event_type = 'Lock'") > 1);
    await gate.release();
    await ana.sees(/Disconnected: Salesforce has ended the login too/);
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m) && /goes on by itself/.test(words(m)));
    await w.idle();
    await until('every grant to be ended', async () => (await alive()).length === 0);
    assert.deepEqual((await connections()).map(c => c.state), ['disconnected']);
    assert.equal((await w.grants()).find(g => g.username === 'ana@acme.example' && g.rotations === 1)?.alive, false, 'also the one that had rotated');
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: false}});
    await back(prompt);
  });

  test('P9 an old link renewed several times at once: one live link', async () => {
    const prompt = await cleo.prompt('salesforce create opportunity name: Renewed close: 2026-12-31');
    const old = loginUrl(prompt);
    await w.query("update login set expires_at = now() - interval '1 s' where user_id = 'U0CLEO001'");
    await cleo.sees(m => m.ts === prompt.ts && /This login has expired/.test(words(m)));
    const lock = await w.hold("select 1 from login where user_id = 'U0CLEO001' for update");
    const pages = [1, 2, 3].map(async () => {
      const browser = new Browser();
      await browser.get(old);
      await browser.submit();
      return browser.page.status;
    });
    await lock.waiting(3);
    await lock.release();
    assert.deepEqual(await Promise.all(pages), [200, 200, 200]);
    await w.idle();
    assert.equal(await w.count('login', "user_id = 'U0CLEO001' and state in ('open', 'code')"), 1);
    const links = new Set((await cleo.messages()).map(loginUrl).filter(Boolean));
    assert.equal(links.size, 1, 'and one is all that Cleo can see');
    const [fresh] = links;
    assert.notEqual(fresh, old);
    assert.equal((await fetch(fresh)).status, 200);
    await cleo.say(await new Browser().codeOf(fresh, 'cleo@acme.example'));
    await cleo.sees(/Created Renewed/);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Renewed').length, 1);
  });

  test('P9 a command begins to wait for a login whose browser returns just then: neither undoes the other', async () => {
    const prompt = await ana.prompt('connect salesforce');
    const {browser, location} = await returning(prompt);
    const lock = await w.hold("select 1 from chat_user where user_id = 'U0ANA0001' for no key update");
    const page = browser.request('GET', location);
    await lock.waiting(1);
    await ana.say('salesforce create opportunity name: Meanwhile close: 2026-12-31');
    await lock.waiting(2);
    await lock.release();
    assert.equal((await page).status, 200);
    await ana.say(browser.code);
    await ana.sees(/Created Meanwhile/);
    await w.idle();
    assert.doesNotMatch(w.log(), /deadlock/);
    await ana.ask('disconnect salesforce', /Disconnected/);
    await w.idle();
    assert.ok(!(await alive()).includes('ana@acme.example'), 'each grant of hers is ended');
  });
});

describe('a press while the answer to its message\'s post is stored', () => {
  let w;
  const door = new DatabaseDoor();
  before(async () => {
    w = await start();
    await w.restart({WORKBOT_DATABASE_URL: await door.open(w.databaseUrl)});
  });
  after(() => w?.stop().finally(() => door.close()));

  test('P9 the platform\'s id comes on record just then: the press is taken', async () => {
    const ana = w.person('ana');
    const list = await ana.ask('connections', m => labels(m).includes('Connect'));
    await w.idle();
    const stored = id => w.query('update message set platform_id = $1 where platform_id is not distinct from $2', id);
    await stored([null, list.ts]);
    const looked = door.behind('message_');
    const pressed = ana.press(list, 'Connect');
    const behind = await looked;
    await stored([list.ts, null]);
    behind.release();
    await pressed;
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m));
    assert.equal(prompt.ts, list.ts, 'the pressed message itself became the prompt');
    assert.equal(await w.count('message', `platform_id = '${list.ts}'`), 1, 'and no other row stands for it');
  });
});
