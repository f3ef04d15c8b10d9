// P4: the person in the browser is proven to be the person in the chat, by a code that the browser
// shows and the chat takes, before the connection is usable.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, loginUrl, start, words} from '../lib/flow.mjs';

const wrong = code => String((Number(code) + 1) % 1000000).padStart(6, '0');

describe('P4 the code', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await start({replicas: 2});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await ben.ask('help', /What can I do/);
  });
  after(() => w?.stop());

  const connectionOf = user => w.one('select state, tokens is not null as tokens, account_name, assurance from connection where user_id = $1', [user]);

  test('P4 a forwarded link: what Ben completed in his browser is unusable until Ana types the code', async () => {
    const prompt = await ana.prompt();
    const code = await ben.browse(prompt, 'ben@acme.example');
    await w.idle();
    assert.equal((await connectionOf('U0ANA0001')).state, 'provisional');
    assert.equal((await connectionOf('U0ANA0001')).tokens, false, 'no tokens where a command could find them');
    assert.equal((await w.records()).length, 0);
    // Ben's own chat is not Ana's
    await ben.say(code);
    await w.idle();
    assert.equal((await connectionOf('U0ANA0001')).state, 'provisional');
    assert.equal(await w.count('connection', "user_id = 'U0BEN0001'"), 0, 'and Ben got no connection of his own');
    assert.equal((await w.one("select code_tries from login where user_id = 'U0ANA0001'")).code_tries, 0, 'nor a try spent');
    assert.equal((await w.records()).length, 0);
    // a command typed meanwhile is not run on it either
    await ana.ask('salesforce create opportunity name: Meanwhile close: 2026-12-31', /waits for the Salesforce code/);
    await w.idle();
    assert.equal((await w.records()).length, 0);
    const page = await ana.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)));
    assert.ok(!words(page).includes(code), 'the chat does not show the code');
  });

  test('P4 three wrong codes end it: counted over two replicas, tokens revoked upstream', async () => {
    const grants = (await w.grants()).filter(g => g.alive).length;
    const {code_hash} = await w.one("select code_hash from login where user_id = 'U0ANA0001' and state = 'code'");
    assert.ok(code_hash);
    await ana.ask('000001', /not the code.*Two tries/);
    await ana.ask('000 002', /not the code.*One try/);
    await ana.ask('000-003', /login has ended/);
    await w.idle();
    assert.equal((await w.grants()).filter(g => g.alive).length, grants - 1, 'the grant is revoked at Salesforce');
    assert.equal(await connectionOf('U0ANA0001'), undefined);
    assert.equal((await w.records()).length, 0);
    assert.equal((await w.one("select state from login where user_id = 'U0ANA0001' order by created_at desc limit 1")).state, 'refused');
  });

  test('P4 tries at the same time on both replicas are still three in all', async () => {
    const prompt = await cleo.prompt('connect salesforce');
    const code = await cleo.browse(prompt);
    const bad = wrong(code);
    const send = text => w.dm(text, {user: 'U0CLEO001', channel: 'D0CLEO001'});
    await Promise.all(Array.from({length: 8}, (_, i) => w.signed('/slack/events', send(bad), {url: w.replicas[i % 2].url})));
    await w.idle();
    const login = await w.one("select state, code_tries from login where user_id = 'U0CLEO001' order by created_at desc limit 1");
    assert.equal(login.state, 'refused');
    assert.equal(login.code_tries, 3);
    await cleo.say(code);
    await w.idle();
    assert.equal(await connectionOf('U0CLEO001'), undefined, 'the right code comes too late');
  });

  test('P4 "not me" in the browser revokes, and the code is dead', async () => {
    const alive = (await w.grants()).filter(g => g.alive).length;
    const prompt = await cleo.prompt('connect salesforce');
    const code = await cleo.browse(prompt);
    assert.match(cleo.browser.text, /Cleo|cleo@acme\.example/);
    await cleo.browser.submit();
    assert.match(cleo.browser.text, /Undone/);
    await cleo.sees(m => m.ts === prompt.ts && /said not to be yours/.test(words(m)));
    await w.idle();
    assert.equal((await w.grants()).filter(g => g.alive).length, alive);
    await cleo.say(code);
    await w.idle();
    assert.equal(await connectionOf('U0CLEO001'), undefined);
  });

  test('P4 a callback in another browser is refused and spends nothing', async () => {
    const prompt = await cleo.prompt('connect salesforce');
    const mine = new Browser(), other = new Browser();
    const {location} = await mine.logIn(loginUrl(prompt), 'cleo@acme.example', {stop: '/oauth/callback/'});
    assert.equal((await other.request('GET', location)).status, 410);
    assert.match(other.text, /another browser/);
    assert.equal((await other.request('HEAD', location)).status, 410);
    assert.equal((await mine.request('GET', location)).status, 200, 'the browser that began it goes on');
  });

  test('P4 a state works once, and only on the path of its own connection', async () => {
    const other = await w.must('PUT', `/workspaces/${ACME}/connections/other-salesforce`, {app: 'salesforce', host: w.salesforceHost,
      client_id: '3MVG9sampleGlobex01', client_secret: 'sample-globex-consumer-secret', assurance: 'code'});
    const prompt = await cleo.prompt('connect acme-salesforce');
    const browser = new Browser();
    const {location} = await browser.logIn(loginUrl(prompt), 'cleo@acme.example', {stop: '/oauth/callback/'});
    const elsewhere = new URL(location);
    elsewhere.pathname = new URL(other.redirect_uri).pathname;
    assert.equal((await browser.request('GET', elsewhere.href)).status, 410);
    assert.equal((await browser.request('GET', location)).status, 410, 'spent by that');
    const again = new Browser();
    await again.logIn(loginUrl(prompt), 'cleo@acme.example');
    assert.ok(again.code, again.text);
    const tokens = (await w.tokenCalls('authorization_code')).length;
    assert.equal((await again.request('GET', again.page.url)).status, 410, 'the same callback again');
    assert.equal((await w.tokenCalls('authorization_code')).length, tokens, 'no second exchange');
    await w.must('DELETE', `/workspaces/${ACME}/connections/other-salesforce`);
    await cleo.say('cancel');
    await w.idle();
  });

  test('P4 the code in a shared place is not taken from somebody else, and the right person is', async () => {
    const prompt = await cleo.prompt('connect salesforce');
    const code = await cleo.browse(prompt, 'cleo@acme.example', new Browser());
    await ana.say(code);
    await ana.say(`@workbot ${code}`, {place: 'sales'});
    await w.idle();
    assert.equal((await connectionOf('U0CLEO001')).state, 'provisional');
    await cleo.ask(code, /is connected/);
    assert.equal((await connectionOf('U0CLEO001')).state, 'active');
    assert.equal((await connectionOf('U0CLEO001')).assurance, 'code');
  });
});

describe('P4 the clock', () => {
  let w, ana;
  before(async () => {
    w = await start({env: {WORKBOT_TTL_CODE: '1s'}});
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('P4 a code that ran out connects nothing, and the tokens are given back', async () => {
    const prompt = await ana.prompt();
    const code = await ana.browse(prompt);
    await ana.sees(m => m.ts === prompt.ts && /expired|has ended/.test(words(m)));
    await ana.say(code);
    await w.idle();
    assert.equal(await w.count('connection', "user_id = 'U0ANA0001'"), 0);
    assert.equal((await w.records()).length, 0);
    assert.deepEqual((await w.grants()).filter(g => g.alive).map(g => g.username), ['ben@acme.example']);
  });
});
