// P9: a parked run continues by itself exactly once after login, outside the browser's request; or
// it expires or is superseded, with a notice. A login prompt is never a dead end.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Browser, OPPORTUNITY, button, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

describe('P9 resume', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    cleo = w.person('cleo');
  });
  after(() => w?.stop());

  test('failure_15_in_the_callback P9 the command continues once after the code, not in the callback, and the prompt becomes its result', async () => {
    const prompt = await ana.prompt();
    assert.match(words(prompt), /Log in to Salesforce/);
    assert.deepEqual(labels(prompt), ['Log in to Salesforce', 'Back']);
    assert.equal((await w.records()).length, 0);
    const code = await ana.browse(prompt);
    await w.idle();
    assert.equal((await w.records()).length, 0, 'nothing runs before the code');
    await ana.ask(code, /Salesforce is connected\S* as ana@acme\.example \(Acme Corporation\)/);
    const result = await ana.sees(/Created Acme renewal/);
    assert.equal(result.ts, prompt.ts, 'in place of the prompt');
    await w.idle();
    const records = await w.records();
    assert.equal(records.length, 1);
    assert.equal(records[0].owner, 'ana@acme.example');
    // the code again, and the browser's last page again, do nothing
    await ana.say(code);
    await ana.browser.request('GET', ana.browser.page.url);
    await w.idle();
    assert.equal((await w.records()).length, 1);
  });

  test('P9 Back cancels, says so, and the link in the browser is dead', async () => {
    const prompt = await cleo.prompt('salesforce create opportunity name: Backed out close: 2026-12-31');
    const url = loginUrl(prompt);
    await cleo.press(prompt, 'Back');
    const after = await cleo.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    assert.match(words(after), /Nothing was done/);
    assert.match(words(after), /WB-/);
    const browser = new Browser();
    assert.equal((await browser.get(url)).status, 410);
    await w.idle();
    assert.equal(await w.count('run', "state = 'cancelled'"), 1);
    assert.equal(await w.count('login', "state in ('open', 'code')"), 0);
  });

  test('P9 Back between callback and code gives the tokens back', async () => {
    const before = (await w.grants()).length;
    const prompt = await cleo.prompt('salesforce create opportunity name: Late back close: 2026-12-31');
    const code = await cleo.browse(prompt);
    const asked = await cleo.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)));
    await cleo.press(asked, 'Back');
    await cleo.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    await w.idle();
    const made = (await w.grants()).slice(before);
    assert.equal(made.length, 1);
    assert.equal(made[0].alive, false, 'revoked upstream');
    await cleo.say(code);
    await w.idle();
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001'"), 0);
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Late back').length, 0);
  });

  test('P9 a second command while a prompt is open waits behind it, and both run', async () => {
    const first = await cleo.prompt('salesforce create opportunity name: First close: 2026-12-31');
    const second = await cleo.ask('salesforce create opportunity name: Second close: 2026-12-31', /waits for the Salesforce login/);
    assert.equal(loginUrl(second), loginUrl(first), 'one prompt, one link');
    assert.equal(await w.count('login', "user_id = 'U0CLEO001' and state = 'open'"), 1);
    const code = await cleo.browse(second);
    await cleo.say(code);
    await cleo.sees(/Created First/);
    await cleo.sees(/Created Second/);
    await w.idle();
    const names = (await w.records()).filter(r => r.owner === 'cleo@acme.example').map(r => r.fields.Name).sort();
    assert.deepEqual(names, ['First', 'Second']);
  });

  test('P9 a prompt of connect names what waits, on its page too, and its Back asks first and tells what it cancelled', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    await cleo.prompt(create('Unnamed'));
    const prompt = await cleo.prompt('connect salesforce');
    assert.match(words(prompt), /Create an opportunity \(name: Unnamed\) waits for this and goes on by itself\. Back cancels it\./);
    assert.match(JSON.stringify(prompt.blocks), /"This cancels Create an opportunity \(name: Unnamed\)\."/);
    const page = new Browser();
    await page.get(loginUrl(prompt));
    assert.match(page.text, /Waiting for it Create an opportunity\b.*Your command runs/);
    assert.doesNotMatch(page.text, /Unnamed/, 'whoever has a link reads no inputs');
    // what came to wait after it was asked is asked about
    for (const name of ['Later', 'Later still', 'Last']) await cleo.ask(create(name), /waits for the Salesforce login/);
    await page.get(loginUrl(prompt));
    assert.match(page.text, /Create an opportunity, Create an opportunity, Create an opportunity and 1 more.*Your commands run/);
    await cleo.press(prompt, 'Back');
    const asked = await cleo.sees(/Cancel what waits for this login, too\?/);
    assert.match(words(asked), /with it: Create an opportunity \(name: Unnamed\), .*\(name: Later\), .*\(name: Later still\) and 1 more\./);
    await w.idle();
    assert.equal(await w.count('run', "user_id = 'U0CLEO001' and state = 'parked'"), 4, 'nothing is cancelled yet');
    assert.equal((await page.get(loginUrl(prompt))).status, 200);
    await cleo.press(asked, 'Back');
    await cleo.sees(m => m.ts === asked.ts && /Cancelled: Create an opportunity \(name: Unnamed\), .* and 1 more\./.test(words(m)));
    await cleo.sees(m => m.ts === prompt.ts && /Cancelled: the login to Salesforce/.test(words(m)) && !loginUrl(m));
    await cleo.ask('pending', /Nothing waits/);
    assert.equal((await page.get(loginUrl(prompt))).status, 410);
    // one that was named: what was asked is done
    await cleo.prompt(create('Named'));
    const other = await cleo.prompt('connect salesforce');
    await cleo.press(other, 'Back');
    await cleo.sees(m => m.ts === other.ts && /^Cancelled: Create an opportunity \(name: Named\)\./.test(words(m)));
    // and two that share a command's own prompt
    const own = await cleo.prompt(create('One'));
    await cleo.ask(create('Two'), /waits for the Salesforce login/);
    await cleo.press(own, 'Back');
    const both = await cleo.sees(/Cancel what waits for this login, too\?.*One\), .*Two\)/);
    await cleo.press(both, 'Back');
    await cleo.sees(m => m.ts === both.ts && /^Cancelled: .*One\), .*Two\)\./.test(words(m)));
    await cleo.sees(m => m.ts === own.ts && /Cancelled/.test(words(m)) && !loginUrl(m));
    await w.idle();
    await cleo.connect();
  });

  test('P9 declining at the provider is no dead end: it says so, and the same prompt works after it', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await cleo.prompt('salesforce create opportunity name: Denied once close: 2026-12-31');
    const browser = new Browser();
    await browser.logIn(loginUrl(prompt), 'cleo@acme.example', {decision: 'deny'});
    assert.match(browser.text, /Not connected/);
    const told = await cleo.sees(m => m.ts === prompt.ts && /declined/.test(words(m)));
    assert.deepEqual(labels(told), ['Try again', 'Back']);
    await cleo.say(await cleo.browse(told, 'cleo@acme.example', new Browser()));
    await cleo.sees(/Created Denied once/);
  });

  test('P9 the same command typed again supersedes the first, which says so; it runs once', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const text = 'salesforce create opportunity name: Twin close: 2026-12-31';
    const first = await cleo.prompt(text);
    const url = loginUrl(first);
    await cleo.say(text);
    await cleo.sees(m => m.ts === first.ts && /Replaced/.test(words(m)));
    const second = await cleo.sees(m => m.ts > first.ts && m.is_bot && loginUrl(m));
    assert.equal(loginUrl(second), url);
    await cleo.say(await cleo.browse(second, 'cleo@acme.example', new Browser()));
    await cleo.sees(m => m.ts === second.ts && /Created Twin/.test(words(m)));
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Twin').length, 1);
    assert.equal(await w.count('run', "state = 'superseded'"), 1);
  });

  test('P9 a link that has done its work renews nothing and ends nothing, whoever presses', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    const prompt = await cleo.prompt('connect salesforce');
    const spent = loginUrl(prompt);
    await cleo.ask(await cleo.browse(prompt, 'cleo@acme.example', new Browser()), /is connected/);
    const next = await cleo.prompt('connect salesforce again');
    const code = await cleo.browse(next, 'cleo@acme.example', new Browser());
    await w.idle();
    const before = await w.rows('login', 'oauth_state', 'message', 'connection', 'job');
    for (const act of ['renew', 'start', 'not_me', 'renew', 'renew']) {
      const r = await fetch(spent, {method: 'POST', redirect: 'manual', body: new URLSearchParams({do: act})});
      assert.ok([200, 409, 410].includes(r.status), `${act}: ${r.status}`);
      assert.doesNotMatch(await r.text(), /on its way|name="do"|Not done/, act);
    }
    const get = await fetch(spent);
    assert.equal(get.status, 200);
    const again = await get.text();
    assert.match(again, /Already connected: Salesforce[\s\S]*<code>connections<\/code>[\s\S]*class="button" href="[^"]*">Back to Slack/);
    assert.doesNotMatch(again, /cleo@acme/, 'the link may be in other hands by now');
    await w.idle();
    assert.deepEqual(await w.rows('login', 'oauth_state', 'message', 'connection', 'job'), before);
    await cleo.ask(code, /is connected/);
  });

  test('P9 a prompt\'s link lives seven days, longer than what waits for it', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await cleo.prompt('salesforce create opportunity name: Forgotten close: 2026-12-31');
    const ttl = await w.one("select extract(epoch from expires_at - created_at)::int as prompt from login where user_id = 'U0CLEO001' and state = 'open'");
    assert.ok(Math.abs(ttl.prompt - 7 * 86400) <= 2, `${ttl.prompt} s`);
    const waits = await w.one("select extract(epoch from expires_at - parked_at)::int as s from run where state = 'parked'");
    assert.ok(Math.abs(waits.s - 86400) <= 2, `${waits.s} s`);
    await w.query("update run set expires_at = now() - interval '1 s' where state = 'parked'");
    await cleo.sees(m => m.ts === prompt.ts && /The time for the login is over/.test(words(m)));
    await cleo.ask(await cleo.browse(prompt, 'cleo@acme.example', new Browser()), /is connected/);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Forgotten').length, 0, 'what has expired does not run');
  });
});

describe('P9 clocks', () => {
  let w, ana;
  before(async () => {
    w = await start({env: {WORKBOT_TTL_PARKED: '2s', WORKBOT_TTL_QUESTION: '1s', WORKBOT_TTL_STALE_WRITE: '1'}});
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('failure_17_yesterdays_command P9 a parked run expires with a notice, and a later login runs nothing', async () => {
    const prompt = await ana.prompt();
    const over = await ana.sees(m => m.ts === prompt.ts && /time for the login is over/.test(words(m)));
    assert.match(words(over), /WB-/);
    await w.idle();
    assert.equal(await w.count('run', "state = 'expired'"), 1);
    assert.equal((await w.records()).length, 0);
    // the prompt tells of the expiry now: the command typed again gets one with a link of its own
    const next = await ana.prompt();
    await ana.press(next, 'Back');
    await ana.sees(m => m.ts === next.ts && /Cancelled/.test(words(m)));
  });

  test('P9 a question expires with a notice', async () => {
    const asked = await ana.ask('salesforce create opportunity name: Unanswered', /Enter close/);
    const over = await ana.sees(/question has expired/);
    assert.match(words(over), /WB-/);
    await ana.ask('2026-12-31', /do not know that command/);
    assert.ok(asked);
  });

  test('P9 a write that waited long shows its inputs again, and runs only when it is told to', async () => {
    await w.restart({WORKBOT_TTL_PARKED: '1h'});
    const prompt = await ana.prompt('salesforce create opportunity name: Stale deal close: 2026-12-31');
    const code = await ana.browse(prompt);
    await w.query("update run set parked_at = parked_at - interval '5 s' where state = 'parked'");
    await ana.say(code);
    const again = await ana.sees(m => m.ts === prompt.ts && /Shall I still run/.test(words(m)));
    assert.match(words(again), /Stale deal/);
    await w.idle();
    assert.equal((await w.records()).length, 0);
    await ana.press(again, 'Run it now', {times: 2});
    await ana.sees(/Created Stale deal/);
    await w.idle();
    assert.equal((await w.records()).length, 1);
  });

  test('failure_13_old_link P9 a link that is too old offers a new prompt, and the waiting command runs by that', async () => {
    await ana.ask('disconnect salesforce', /Your connections|not connected/);
    await w.idle();
    await w.restart({WORKBOT_TTL_STALE_WRITE: '15m'});
    const prompt = await ana.prompt('salesforce create opportunity name: Renewed close: 2026-12-31');
    const old = loginUrl(prompt);
    await w.query("update login set expires_at = now() - interval '1 s' where state = 'open'");
    const told = await ana.sees(m => m.ts === prompt.ts && /This login has expired/.test(words(m)));
    assert.ok(button(told, 'New login'));
    const browser = new Browser();
    assert.equal((await browser.get(old)).status, 410);
    await browser.submit();
    assert.equal(browser.page.status, 200, browser.text);
    const fresh = await ana.sees(m => m.is_bot && loginUrl(m) && loginUrl(m) !== old);
    await ana.say(await ana.browse(fresh, 'ana@acme.example', new Browser()));
    await ana.sees(/Created Renewed/);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Renewed').length, 1);
  });

  test('P9 what is wrong with one run or login keeps no other from its end and its notice', async () => {
    const copies = 25; // more than one batch
    const cleo = w.person('cleo');
    await cleo.ask('salesforce create opportunity name: Copied', /Enter close/);
    await w.query(`insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, asking, place, channel, expires_at)
      select workspace, gen_random_uuid(), 'COPY-' || n, recipe, version, user_id, 'asking', ''::bytea, 'name', place, channel, now() - interval '1 h'
        from run, generate_series(1, $1) n where state = 'asking'`, [copies]);
    await cleo.sees(/question has expired/);
    await until('runs that do not open to expire', async () => await w.count('run', "state = 'expired' and reference like 'COPY-%'") === copies);
    await w.query("delete from run where reference like 'COPY-%'");
    // here the message that would tell of it does not open
    const lost = await cleo.prompt('salesforce create opportunity name: Untold close: 2026-12-31');
    await until('the prompt to be on record', async () => (await w.query("update message set body = '\\x00' where platform_id = $1 returning 1", [lost.ts])).length === 1);
    const told = await cleo.prompt('salesforce create opportunity name: Told close: 2026-12-31');
    await w.query("update login set expires_at = now() - interval '1 h' where state = 'open'");
    await w.query("update run set expires_at = created_at - interval '1 h' where state = 'parked'");
    await cleo.sees(m => m.ts === told.ts && /time for the login is over|login has expired/.test(words(m)));
    await until('all of them to be over', async () => await w.count('run', "state in ('asking', 'parked')") + await w.count('login', "state = 'open'") === 0);
    await until('the log to say what was not told', () => /without a notice/.test(w.log()));
    await w.query("delete from message where body = '\\x00'");
  });
});
