// P4: the person in the browser is proven to be the person in the chat, by a code that the browser
// shows and the chat takes, before the connection is usable.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

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

  test('failure_08_forwarded_link apps_trap_09_forwarded P4 a forwarded link: what Ben completed in his browser is unusable until Ana types the code', async () => {
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
    assert.match(words(page), /If you did not log in just now, somebody else used your link: press Back and type no code\./);
    assert.ok(button(page, 'Back'), JSON.stringify(labels(page)));
  });

  test('apps_trap_09_wrong_codes P4 three wrong codes end it: counted over two replicas, tokens revoked upstream', async () => {
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

  test('apps_trap_08_other_browser P4 a callback in another browser is refused and spends nothing', async () => {
    const prompt = await cleo.prompt('connect salesforce');
    const mine = new Browser(), other = new Browser();
    const {location} = await mine.logIn(loginUrl(prompt), 'cleo@acme.example', {stop: '/oauth/callback/'});
    assert.equal((await other.request('GET', location)).status, 410);
    assert.match(other.text, /another browser/);
    assert.equal((await other.request('HEAD', location)).status, 405);
    const host = new URL(location).hostname;
    const [name, value] = [...mine.cookies(host)].find(([n]) => n.includes('wb_state_'));
    other.cookies(host).set(name, value.replace(/^[^~]*/, secret => 'x'.repeat(secret.length)));
    assert.equal((await other.request('GET', location)).status, 410, 'nor with a cookie that somebody has planted there');
    assert.equal((await mine.request('GET', location)).status, 200, 'the browser that began it goes on');
  });

  test('apps_trap_08_once apps_trap_10_path P4 a state works once, and only on the path of its own connection', async () => {
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
    w = await start({env: {WORKBOT_TTL_CODE: '4s'}}); // the set-up confirms a code of its own
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('apps_trap_09_ran_out P4 a code that ran out connects nothing, and the tokens are given back', async () => {
    const prompt = await ana.prompt();
    const code = await ana.browse(prompt);
    await ana.sees(m => m.ts === prompt.ts && /expired|has ended/.test(words(m)));
    await ana.say(code);
    await w.idle();
    assert.equal(await w.count('connection', "user_id = 'U0ANA0001'"), 0);
    assert.equal((await w.records()).length, 0);
    assert.deepEqual((await w.grants()).filter(g => g.alive).map(g => g.username), ['ben@acme.example']);
  });

  test('P4 an admin\'s login that nobody confirms in time is revoked at the app', async () => {
    const {login_url} = await w.must('POST', `/workspaces/${ACME}/connections/acme-salesforce/login`, {});
    const code = await new Browser().codeOf(login_url, 'cleo@acme.example');
    await until('the login to expire', () => w.count('login', "user_id = '' and state = 'expired' and provisional is null"));
    await until('its grant to be revoked', async () => !(await w.grants()).some(g => g.alive && g.username === 'cleo@acme.example'));
    const late = await w.api('POST', `/workspaces/${ACME}/connections/acme-salesforce/login/confirm`, {code});
    assert.equal(late.status, 409, late.text);
    const now = await w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`);
    assert.deepEqual([now.state, now.account.name], ['active', 'ben@acme.example'], 'what was connected before stays');
  });
});

describe('P4 account_match', () => {
  const SCOPES = ['chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read'];
  const NOTE = /Another e-mail than in your chat profile/;
  let w, ana, ben, cleo;
  before(async () => {
    w = await start({sandbox: {slack: {scopes: [...SCOPES, 'users:read.email']}}});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    for (const p of [ana, ben]) await p.ask('help', /What can I do/);
  });
  after(() => w?.stop());

  const match = account_match => w.must('PUT', `/workspaces/${ACME}/connections/acme-salesforce`,
    {app: 'salesforce', host: w.salesforceHost, client_id: '3MVG9sampleAcme0001', assurance: 'code', account_match});
  const grants = async name => (await w.grants()).filter(g => g.alive && g.username === name).length;
  const disconnect = async person => {
    await person.ask('disconnect salesforce', /Your connections/);
    await w.idle();
  };

  for (const [setting, username, noted] of [['off', 'cleo@acme.example', false], ['warn', 'cleo@acme.example', true], ['warn', 'ana@acme.example', false], ['require', 'ana@acme.example', false]]) {
    test(`P4 ${setting}: ${username} for Ana ${noted ? 'is noted on the page, and connects' : 'connects without a word about it'}`, async () => {
      await match(setting);
      const prompt = await ana.prompt('connect salesforce');
      const browser = new Browser();
      const code = await ana.browse(prompt, username, browser);
      assert.equal(NOTE.test(browser.text), noted, browser.text);
      const asked = await ana.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)));
      assert.doesNotMatch(words(asked), /@/, 'nothing of the account in the chat before the code');
      const told = words(await ana.ask(code, new RegExp(`is connected\\S* as ${username}`)));
      assert.equal(/Its e-mail is not the one of your chat profile/.test(told), noted, told);
      await disconnect(ana);
    });
  }

  test('failure_22_which_account apps_trap_13_another_account P4 another account than last time is named in the notice, and "Not me" ends it at once, also at the app', async () => {
    await match('off');
    const connected = async (asked, username) => ana.ask(await ana.browse(await ana.prompt(asked), username, new Browser()), new RegExp(`is connected\\S* as ${username}`));
    const before = /Until now you were connected there as/;
    await connected('connect salesforce', 'ana@acme.example');
    const same = await connected('connect salesforce again', 'ana@acme.example');
    assert.doesNotMatch(words(same), before);
    assert.deepEqual(labels(same), ['Not me']);
    const other = await connected('connect salesforce again', 'cleo@acme.example');
    assert.match(words(other), /Until now you were connected there as ana@acme\.example \(Acme Corporation\)\./);
    assert.equal(await grants('cleo@acme.example'), 1);
    // the button of the account before does nothing to the one that took its place
    await ana.press(same, 'Not me');
    await ana.sees(m => m.ts === same.ts && /That account was replaced already: cleo@acme\.example \(Acme Corporation\) took its place at Salesforce, and stays as it is\..*press Disconnect/s.test(words(m)));
    await w.idle();
    assert.deepEqual(await w.one("select state, account_name from connection where user_id = 'U0ANA0001'"), {state: 'active', account_name: 'cleo@acme.example'});
    assert.equal(await grants('cleo@acme.example'), 1);
    await ana.press(other, 'Not me');
    await ana.sees(m => m.ts === other.ts && /cleo@acme\.example.*is not connected any more.*You were connected as ana@acme\.example \(Acme Corporation\) before\. That had ended when cleo.*took its place, so it does not come back by itself.*Salesforce · Disconnected/s.test(words(m)));
    await w.idle();
    assert.equal(await grants('cleo@acme.example'), 0);
    assert.equal((await w.one("select state from connection where user_id = 'U0ANA0001'")).state, 'disconnected');
    const seen = await w.query("select detail ->> 'account' as account, detail ->> 'account_before' as before from audit where action = 'connection.connected' and actor = 'user:U0ANA0001' order by id desc limit 1");
    assert.deepEqual(seen, [{account: 'cleo@acme.example', before: 'ana@acme.example'}]);
    const told = words(await connected('connect salesforce', 'ana@acme.example'));
    assert.match(told, /Until now you were connected there as cleo@acme/, 'also over a time without any');
    // of an account that has ended, and of a connection that was deleted
    const [second, third] = [await connected('connect salesforce again', 'ana@acme.example'), await connected('connect salesforce again', 'ana@acme.example')];
    await disconnect(ana);
    await ana.press(second, 'Not me');
    const list = await ana.sees(m => m.ts === second.ts && /That account was ended already: nothing was changed/.test(words(m)));
    await ana.press(list, 'Delete');
    await ana.sees(m => m.ts === second.ts && /Salesforce · Not connected/.test(words(m)));
    await ana.press(third, 'Not me');
    await ana.sees(m => m.ts === third.ts && /That connection was deleted meanwhile, so there is nothing to change.*Salesforce · Not connected/s.test(words(m)));
    await w.idle();
  });

  test('P4 require: another account is refused, nothing of it is stored, it is revoked, and the right one still may', async () => {
    await match('require');
    const prompt = await ana.prompt();
    const browser = new Browser();
    await browser.logIn(loginUrl(prompt), 'cleo@acme.example');
    assert.equal(browser.page.status, 403);
    assert.equal(browser.code, null);
    assert.match(browser.text, /another person's account/);
    assert.doesNotMatch(browser.text, /ana@acme/, 'whose link it is stays unsaid');
    const told = await ana.sees(m => m.ts === prompt.ts && /e-mail is not the one of your chat profile/.test(words(m)));
    assert.deepEqual(labels(told), ['Try again', 'Back']);
    assert.doesNotMatch(words(told), /cleo/i);
    await w.idle();
    assert.equal(await grants('cleo@acme.example'), 0);
    assert.deepEqual(await w.query("select state, provisional is null as bare from login where user_id = 'U0ANA0001' and state in ('open', 'code')"), [{state: 'open', bare: true}]);
    assert.equal(await w.count('connection', "state not in ('active', 'disconnected') or account_name like 'cleo%' and state = 'active'"), 0);
    assert.equal((await w.records()).length, 0);
    await ana.say(await ana.browse(told, 'ana@acme.example', new Browser()));
    await ana.sees(m => m.ts === prompt.ts && /Created Acme renewal/.test(words(m)));
    assert.equal((await w.records())[0].owner, 'ana@acme.example');
  });

  test('P4 require and warn that were set after the code was shown count for it: another account is refused and given back', async () => {
    await disconnect(ana);
    const typed = async (from, to, username) => {
      await match(from);
      const code = await ana.browse(await ana.prompt('connect salesforce'), username, new Browser());
      await match(to);
      await ana.say(code);
    };
    await typed('off', 'require', 'cleo@acme.example');
    const told = await ana.sees(/This login has ended.*takes by now only an account whose e-mail is the one of your chat profile\. Salesforce was not connected/s);
    assert.deepEqual(labels(told), ['New login']);
    assert.doesNotMatch(words(told), /cleo/i);
    await w.idle();
    assert.deepEqual(await w.one("select state, reason, provisional is null as wiped from login where user_id = 'U0ANA0001' order by created_at desc limit 1"), {state: 'refused', reason: 'account_differs', wiped: true});
    assert.deepEqual([await grants('cleo@acme.example'), (await w.one("select state from connection where user_id = 'U0ANA0001'")).state], [0, 'disconnected']);
    await typed('off', 'warn', 'cleo@acme.example');
    await ana.sees(/is connected\S* as cleo.*Its e-mail is not the one of your chat profile/s);
    await disconnect(ana);
    await typed('require', 'require', 'ana@acme.example');
    await ana.sees(/is connected\S* as ana/);
    await disconnect(ana);
    await match('require');
  });

  test('P4 require, and the chat tells no e-mail: nobody is connected, and the admins learn why', async () => {
    await w.sandbox('PUT', '/_config', {slack: {scopes: SCOPES}});
    const prompt = await cleo.prompt('connect salesforce');
    await cleo.browser.logIn(loginUrl(prompt), 'cleo@acme.example');
    assert.equal(cleo.browser.page.status, 502, cleo.browser.text);
    await cleo.sees(m => m.ts === prompt.ts && /set up wrong/.test(words(m)));
    await ben.sees(/acme-salesforce.*users:read\.email/);
    await w.idle();
    assert.equal(await grants('cleo@acme.example'), 0);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001'"), 0);
    // the same when it is demanded after the code was shown
    await match('off');
    const code = await cleo.browse(await cleo.prompt('connect salesforce'), 'cleo@acme.example', new Browser());
    await match('require');
    const notices = async () => (await ben.messages()).filter(m => /users:read\.email/.test(words(m))).length;
    const before = await notices();
    await w.query("delete from notice where key like 'acme-salesforce:%'");
    await cleo.ask(code, /This login has ended.*compares e-mails by now, and this chat does not tell me yours\. The admins have been told/s);
    await until('the admins to be told', async () => (await notices()) === before + 1);
    await w.idle();
    assert.equal(await grants('cleo@acme.example'), 0);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001'"), 0);
  });
});
