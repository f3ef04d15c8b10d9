// P7: a provider's outage or our own wrong client secret disconnects nobody; only the provider's word
// that this grant is dead does.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {Browser, start, until, words} from '../lib/flow.mjs';

const FIND = 'salesforce find opportunity name: zzz';

describe('P7 outages', () => {
  let w, ana, ben;
  before(async () => {
    w = await start();
    [ana, ben] = ['ana', 'ben'].map(n => w.person(n));
    await ana.connect();
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };
  const state = async () => (await w.one("select state from connection where user_id = 'U0ANA0001'")).state;

  for (const [fault, more] of [['5xx', {}], ['html', {}], ['html', {status: 200}], ['cut', {}], ['429', {}]]) {
    test(`failure_05_hiccup P7 refreshing meets ${fault} ${JSON.stringify(more)}: the connection stays, the command waits and goes on`, async () => {
      await w.fault('token_expired', {path: '/query'});
      await w.fault(fault, {path: 'oauth2/token', ...more});
      const said = await ana.say(FIND);
      await until('the refresh to have failed', async () => await w.fired(fault) === 1);
      await until('its end on record', async () => await w.count('refresh_attempt', 'ended_at is null') === 0);
      assert.equal(await state(), 'active');
      await until('the command to go on', async () => {
        await later();
        return (await ana.messages()).some(m => m.ts > said.ts && /0 found/.test(words(m)));
      });
      assert.equal(await state(), 'active');
      assert.equal(await w.count('login', "state = 'open'"), 0, 'nobody is asked to log in');
    });
  }

  for (const fault of ['5xx', 'html', 'cut']) {
    test(`P7 a call meets ${fault}: the command waits and goes on`, async () => {
      await w.fault(fault, {path: '/query'});
      await ana.ask(FIND, /0 found/);
      assert.equal(await w.fired(fault), 1);
      assert.equal(await state(), 'active');
    });
  }

  test('P7 a call is told to come again tomorrow: the user hears of it at once, and the wait is minutes', async () => {
    await w.fault('5xx', {path: '/query', retry_after: 86400});
    const told = await ana.ask(FIND, /Still working on/);
    const {due_s, attempts} = await w.one("select extract(epoch from run_at - now())::float8 as due_s, attempts::int from job where kind = 'run' and state = 'queued'");
    assert.equal(attempts, 1);
    assert.ok(due_s > 500 && due_s <= 600, `the next attempt is in ${due_s} s`);
    await later();
    await ana.sees(m => m.ts === told.ts && /0 found/.test(words(m)));
  });

  test('P7 the chat asks to slow down: nothing was posted, so nothing is looked for or counted as repeated', async () => {
    const repeated = async () => Number(/^workbot_posts_repeated_total (\d+)/m.exec(await (await fetch(w.replicas[0].opsUrl + '/metrics')).text())?.[1] ?? 0);
    const looks = async () => (await w.calls({peer: 'slack'})).filter(c => /conversations\.(history|replies)/.test(c.path)).length;
    await w.idle();
    for (const place of ['dm', 'sales']) {
      const [counted, looked] = [await repeated(), await looks()];
      const fired = await w.fired('429');
      await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: '429', path: 'chat.postMessage', times: 2, retry_after: 1});
      await ana.ask(place === 'dm' ? FIND : `@workbot ${FIND}`, /0 found/, {place});
      await w.idle();
      assert.equal(await w.fired('429') - fired, 2);
      assert.equal(await repeated() - counted, 0, place);
      assert.equal(await looks() - looked, 0, place);
    }
  });

  test('failure_06_our_secret_is_wrong P7 the client secret is refused: nobody is disconnected, the user is told, the admins once', async () => {
    await w.fault('client_secret_refused', {path: 'oauth2/token', times: -1});
    for (let i = 0; i < 3; i++) {
      await w.fault('token_expired', {path: '/query'});
      await later();
      const told = await ana.ask(FIND, /did not work/);
      assert.match(words(told), /does not accept Workbot's own sign-in data/);
      assert.match(words(told), /your own login is untouched/);
      assert.match(words(told), /WB-/);
    }
    assert.equal(await state(), 'active');
    await w.idle();
    const notices = (await ben.messages()).filter(m => /client id or secret/.test(words(m)));
    assert.equal(notices.length, 1, 'one notice for three failures');
    assert.match(words(notices[0]), /acme-salesforce/);
    assert.doesNotMatch(await w.person('cleo').reads('dm', 'sales'), /client id or secret/);
    await w.sandbox('DELETE', '/_faults');
    await later();
    await ana.ask(FIND, /0 found/);
  });

  test('failure_19_says_connected P7 the grant is dead: the user is asked to log in, and the command goes on after it', async () => {
    await w.fault('grant_revoked', {path: '/query'});
    const prompt = await ana.prompt(FIND);
    assert.equal(await state(), 'needs_login');
    const list = await ana.ask('connections', /Needs a new login/);
    assert.match(words(list), /ended at the app/);
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
    assert.equal(await state(), 'active');
  });

  test('P7 "already being processed" at the token endpoint is no refusal', async () => {
    await w.fault('refresh_busy', {path: 'oauth2/token'});
    await w.fault('token_expired', {path: '/query'});
    const said = await ana.say(FIND);
    await until('the command to go on', async () => {
      await later();
      return (await ana.messages()).some(m => m.ts > said.ts && /0 found/.test(words(m)));
    });
    assert.equal(await state(), 'active');
  });

  test('failure_18_exchange_fails_once P7 the exchange of a login meets an outage: the same prompt works afterwards', async () => {
    const cleo = w.person('cleo');
    for (const fault of ['5xx', 'html', 'cut']) {
      await w.fault(fault, {path: 'oauth2/token'});
      const prompt = await cleo.prompt('connect salesforce');
      await cleo.browser.logIn(prompt.blocks.flatMap(b => b.elements || []).find(e => e.url).url, 'cleo@acme.example');
      assert.equal(cleo.browser.page.status, 503, cleo.browser.text);
      assert.match(cleo.browser.text, /still works/);
      await cleo.ask(await cleo.browse(prompt), /is connected/);
      await cleo.ask('disconnect salesforce', /Your connections/);
      await w.idle();
    }
  });

  test('P7 the secret is refused at the exchange: an admin must look, and the admins are told', async () => {
    const cleo = w.person('cleo');
    await w.query('delete from notice');
    await w.fault('client_secret_refused', {path: 'oauth2/token'});
    const prompt = await cleo.prompt('connect salesforce');
    await cleo.browser.logIn(prompt.blocks.flatMap(b => b.elements || []).find(e => e.url).url, 'cleo@acme.example');
    assert.equal(cleo.browser.page.status, 502);
    await cleo.sees(m => m.ts === prompt.ts && /set up wrong/.test(words(m)));
    await w.idle();
    assert.equal((await ben.messages()).filter(m => /client id or secret/.test(words(m))).length, 2);
  });

  test('failure_25_not_let_in P7 the app lets nobody in before an admin allows it: nobody is asked in vain, the admins read what to do', async () => {
    const cleo = w.person('cleo'), browser = new Browser();
    await w.query('delete from notice');
    const told = async () => (await ben.messages()).filter(m => /Connected Apps OAuth Usage/.test(words(m))).length;
    const before = await told();
    const prompt = await cleo.prompt('connect salesforce');
    await browser.get(prompt.blocks.flatMap(b => b.elements || []).find(e => e.url).url);
    assert.match(browser.text, /Does Salesforce show an error in place of its login\? .*Connected Apps OAuth Usage/, 'Salesforce shows a page of its own then, and sends nobody back');
    await browser.submit({}, {stop: '/services/oauth2/authorize'});
    const asked = new URL(browser.page.location).searchParams;
    const back = new URLSearchParams({error: 'invalid_client', error_description: 'app must be installed into org', state: asked.get('state')});
    await browser.request('GET', `${asked.get('redirect_uri')}?${back}`);
    assert.equal(browser.page.status, 502);
    assert.match(browser.text, /An admin must look at this/);
    await cleo.sees(m => m.ts === prompt.ts && /set up wrong/.test(words(m)));
    await w.idle();
    assert.equal(await told(), before + 1, 'once, to the one admin');
  });
});
