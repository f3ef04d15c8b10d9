// What a person reads when a login or a command goes another way: cancelled, wrong code, code in
// the wrong place, result far above. Promises P4, P8, P9, P11.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, button, labels, loginUrl, start, words} from '../lib/flow.mjs';

const create = (name, more = '') => `salesforce create opportunity name: ${name} close: 2026-12-31${more}`;
const wrong = (code, n) => String((Number(code) + n) % 1000000).padStart(6, '0');

describe('conversation', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.putConnection('slack:T0ACME001', 'second-salesforce', {app: 'salesforce', host: w.salesforceHost,
      client_id: '3MVG9sampleGlobex01', client_secret: 'sample-globex-consumer-secret', assurance: 'code'});
  });
  after(() => w?.stop());

  const open = async user => w.count('login', `state in ('open', 'code') and user_id = '${user}'`);
  const stateOf = user => w.one('select state from connection where user_id = $1', [user]);
  const page = async url => {
    const browser = new Browser();
    await browser.get(url);
    return browser;
  };

  // --- cancel ---

  test('P9 cancel ends a login begun with connect: its prompt and its link\'s page say so', async () => {
    const prompt = await ana.prompt('connect acme-salesforce');
    await ana.ask('cancel', /Cancelled: the login to Salesforce/);
    const over = await ana.sees(m => m.ts === prompt.ts && /Cancelled: the login to Salesforce/.test(words(m)));
    assert.deepEqual(labels(over), ['New login']);
    await w.idle();
    assert.equal(await open('U0ANA0001'), 0);
    const browser = await page(loginUrl(prompt));
    assert.equal(browser.page.status, 410);
    assert.match(browser.text, /This login was cancelled/);
    assert.doesNotMatch(browser.text, /too old|run out/);
    await ana.ask('cancel', /nothing to cancel/);
    // and there is a way on
    await ana.press(over, 'New login');
    const again = await ana.sees(m => m.ts === over.ts && loginUrl(m));
    await ana.press(again, 'Back');
    await ana.sees(m => m.ts === over.ts && /Your connections/.test(words(m)));
  });

  test('P9 cancel while a code is awaited gives the tokens back', async () => {
    const alive = (await w.grants()).filter(g => g.alive).length;
    const prompt = await ana.prompt('connect acme-salesforce');
    const code = await ana.browse(prompt);
    await ana.ask('cancel', /Cancelled: the login to Salesforce/);
    await w.idle();
    assert.equal((await w.grants()).filter(g => g.alive).length, alive);
    await ana.say(code);
    await w.idle();
    assert.equal(await stateOf('U0ANA0001'), undefined);
  });

  test('P9 with several waiting, cancel names what it ended and what still waits', async () => {
    await ana.prompt('connect second-salesforce');
    const waits = await ana.prompt(create('First in line'));
    await ana.ask('salesforce create opportunity name: Asked', /Enter close/);
    const one = await ana.ask('cancel', /Cancelled: Create an opportunity/);
    assert.match(words(one), /Asked/);
    assert.match(words(one), /Still waiting: Create an opportunity \(name: First in line\), the login to Salesforce/);
    const two = await ana.ask('cancel', /Cancelled: Create an opportunity/);
    assert.match(words(two), /First in line/);
    assert.match(words(two), /Still waiting: the login to Salesforce/);
    await ana.sees(m => m.ts === waits.ts && /^Create an opportunity was cancelled\.$/.test(words(m)));
    const three = await ana.ask('cancel', /Cancelled: the login to Salesforce/);
    assert.doesNotMatch(words(three), /Still waiting/);
    await w.idle();
    assert.equal(await open('U0ANA0001'), 0);
  });

  test('P9 Back in the private prompt of a channel\'s command takes its buttons away', async () => {
    const prompt = await ana.prompt(`@workbot ${create('Public back')}`, {place: 'sales'});
    await ana.press(prompt, 'Back');
    const over = await ana.sees(m => m.ts === prompt.ts && /Cancelled: Create an opportunity/.test(words(m)));
    assert.deepEqual(labels(over), []);
    await ana.sees(/Cancelled: Create an opportunity/, {place: 'sales'});
  });

  test('D12 connect asks which where there are several, by the names that the list shows', async () => {
    const asked = await ana.ask('connect', /Which one shall I connect\?/);
    assert.deepEqual(labels(asked), ['Salesforce, acme-salesforce', 'Salesforce, second-salesforce']);
    await ana.press(asked, 'Salesforce, second-salesforce');
    const prompt = await ana.sees(m => m.ts === asked.ts && loginUrl(m));
    await ana.press(prompt, 'Back');
    assert.match(words(await ana.sees(m => m.ts === asked.ts && /Your connections/.test(words(m)))), /Salesforce, second-salesforce/);
  });

  test('P9 a replaced link, an undone login and an old link each say what they are', async () => {
    const first = await ana.prompt('connect acme-salesforce');
    const second = await ana.prompt('connect acme-salesforce');
    assert.match((await page(loginUrl(first))).text, /There is a newer link[\s\S]*the newest of your private messages from Workbot/);
    const told = await ana.sees(m => m.ts === first.ts && /newer login prompt/.test(words(m)));
    assert.deepEqual(labels(told), []);
    await ana.browse(second);
    await ana.browser.submit();
    assert.match((await page(loginUrl(second))).text, /This login was undone/);
    await w.idle();
    const third = await ana.prompt('connect acme-salesforce');
    await w.query("update login set expires_at = now() - interval '1 s' where state = 'open'");
    await ana.sees(m => m.ts === third.ts && /has expired/.test(words(m)));
    assert.match((await page(loginUrl(third))).text, /This link has run out/);
  });

  test('an admin\'s login of a default connection has pages of its own words, while it is open and after', async () => {
    const path = `/workspaces/${ACME}/connections/second-salesforce/login`;
    const {login_url: first} = await w.must('POST', path, {});
    const shown = (await page(first)).text;
    assert.match(shown, /Shared commands act as the account that you log in with/);
    assert.match(shown, /You get a six-digit code here and confirm it where you asked for this login/);
    assert.match(shown, /Commands that do not ask for people's own accounts run as that account/);
    assert.doesNotMatch(shown, /in the chat|type connections|run as you|type it in Slack/);
    await w.must('POST', path, {});
    const over = (await page(first)).text;
    assert.match(over, /Ask for a new link where you asked for this one/);
    assert.doesNotMatch(over, /type connect|private messages/);
  });

  // --- the code ---

  test('P4 P8 a code in a channel is not taken, is no try, and works in the direct message', async () => {
    const prompt = await ana.prompt('connect acme-salesforce');
    const code = await ana.browse(prompt);
    for (const text of [code, wrong(code, 1), `my code is ${code}`]) {
      const told = await ana.ask(`@workbot ${text}`, /direct message/, {place: 'sales'});
      assert.ok(told.ephemeral, 'for her alone');
      assert.ok(!words(told).includes(code));
    }
    await w.idle();
    assert.equal((await stateOf('U0ANA0001')).state, 'provisional');
    assert.equal((await w.one("select code_tries from login where state = 'code'")).code_tries, 0);
    await ana.ask(code, /is connected/);
    await ana.ask('disconnect acme-salesforce', /Your connections/);
    await w.idle();
  });

  for (const say of [c => `code is ${c}`, c => `my code: ${c.slice(0, 3)} ${c.slice(3)}`, c => `"${c}".`, c => `The code that I see there is ${c.slice(0, 3)}-${c.slice(3)}!`]) {
    test(`P4 a code in words is understood: ${say('123456')}`, async () => {
      const prompt = await cleo.prompt('connect acme-salesforce');
      await cleo.ask(say(await cleo.browse(prompt, 'cleo@acme.example', new Browser())), /is connected/);
      await cleo.ask('disconnect acme-salesforce', /Your connections/);
      await w.idle();
    });
  }

  test('P4 a command that holds six digits is that command while a code is awaited', async () => {
    const prompt = await cleo.prompt(create('Waits for 1'));
    await cleo.browse(prompt, 'cleo@acme.example', new Browser());
    await cleo.ask('salesforce find opportunity name: 123456', /waits for the Salesforce code/);
    await w.idle();
    assert.equal((await w.one("select code_tries from login where state = 'code'")).code_tries, 0);
    for (let i = 0; i < 2; i++) await cleo.ask('cancel', /Cancelled/);
  });

  test('P4 three wrong codes are told once, with the reason and the way on; the page says the same', async () => {
    const prompt = await cleo.prompt(create('Third time'));
    const browser = new Browser();
    const code = await cleo.browse(prompt, 'cleo@acme.example', browser);
    await browser.request('GET', browser.page.url);
    assert.match(browser.text, /still works/, 'a reload while the code is awaited');
    for (const n of [1, 2]) await cleo.ask(wrong(code, n), /not the code/);
    const told = await cleo.ask(`code ${wrong(code, 3)}`, /This login has ended: that was the third wrong code\. Salesforce was not connected/);
    assert.match(words(told), /What you typed still waits/);
    await w.idle();
    const all = (await cleo.messages()).filter(m => m.ts >= prompt.ts && /has ended|third wrong/.test(words(m)));
    assert.deepEqual(all.map(m => m.ts), [told.ts], 'once');
    const above = await cleo.sees(m => m.ts === prompt.ts);
    assert.deepEqual(labels(above), []);
    await browser.request('GET', browser.page.url);
    assert.match(browser.text, /Three wrong codes ended this login/);
    assert.doesNotMatch(browser.text, /still works/);
    assert.match((await page(loginUrl(prompt))).text, /Three wrong codes ended this login/);
    // the way on stands where it was asked for, and becomes the result
    await cleo.press(told, 'New login');
    const again = await cleo.sees(m => m.ts === told.ts && loginUrl(m));
    await cleo.say(await cleo.browse(again, 'cleo@acme.example', new Browser()));
    await cleo.sees(m => m.ts === told.ts && /Created Third time/.test(words(m)));
    await cleo.ask('disconnect acme-salesforce', /Your connections/);
    await w.idle();
  });

  test('P4 an open question gives no further tries', async () => {
    const prompt = await cleo.prompt('connect acme-salesforce');
    const code = await cleo.browse(prompt, 'cleo@acme.example', new Browser());
    await cleo.ask('salesforce create opportunity name: Guesses', /Enter close/);
    for (const n of [1, 2]) await cleo.ask(wrong(code, n), /That is not the code/);
    await cleo.ask(wrong(code, 3), /This login has ended: that was the third wrong code/);
    await cleo.say(code);
    await w.idle();
    assert.equal((await stateOf('U0CLEO001')).state, 'disconnected');
    await cleo.ask('cancel', /Cancelled/);
  });

  test('P4 P8 a mistyped code is never the answer to a question, least of all to one whose result others read', async () => {
    const posted = async () => (await ben.messages('sales')).filter(m => /Noted/.test(words(m))).length;
    const before = await posted();
    await cleo.ask('@workbot team note', /private message/, {place: 'sales'});
    const question = await cleo.sees(/Enter text/);
    assert.match(words(question), /You began this in <?#(C0SALES01|sales)>?; the result is posted there/);
    const code = await cleo.browse(await cleo.prompt('connect acme-salesforce'), 'cleo@acme.example', new Browser());
    const told = await cleo.ask(wrong(code, 1), /That is not the code that your browser shows\. Two tries are left/);
    assert.deepEqual(labels(told), ['Use it as text of Leave a note for the sales team']);
    for (const n of [2, 3]) await cleo.ask(wrong(code, n), /not the code|has ended/);
    await w.idle();
    assert.equal(await posted(), before, 'nothing was posted');
    // no login waits any more: asked back
    const asked = await cleo.ask('296412', /Is 296412 the text of Leave a note for the sales team, or a login code\?/);
    assert.deepEqual(labels(asked), ['It is the text', 'Cancel it']);
    await w.idle();
    assert.equal(await posted(), before, 'still nothing');
    await cleo.press(asked, 'It is the text', {times: 2});
    await cleo.sees(/Noted: 296412/, {place: 'sales'});
    await cleo.sees(/Running it: the result comes in/);
    await w.idle();
    assert.equal(await posted(), before + 1);
    // and the button under the wrong code says the same
    await cleo.ask('team note', /Enter text/);
    const again = await cleo.browse(await cleo.prompt('connect acme-salesforce'), 'cleo@acme.example', new Browser());
    const third = await cleo.ask(wrong(again, 1), /Two tries are left/);
    await cleo.press(third, 'Use it as text of Leave a note for the sales team');
    await cleo.sees(new RegExp(`Noted: ${wrong(again, 1)}`));
    await cleo.ask('cancel', /Cancelled: the login/);
    await cleo.ask('team note', /Enter text/);
    await cleo.ask('296412', /Noted: 296412/);
    await w.idle();
  });

  test('P11 pending and connections say "type the code" while one is awaited', async () => {
    await cleo.browse(await cleo.prompt('connect acme-salesforce'), 'cleo@acme.example', new Browser());
    for (const [text, fits] of [['pending', /The login to Salesforce waits for your code: type the 6-digit code that your browser shows/], ['connections', /Salesforce, acme-salesforce: type the 6-digit code that your browser shows/]]) await cleo.ask(text, fits);
    await cleo.ask('cancel', /Cancelled/);
    await cleo.browse(await cleo.prompt(create('Pending code')), 'cleo@acme.example', new Browser());
    const list = await cleo.ask('pending', /Create an opportunity waits for your code: type the 6-digit code/);
    assert.deepEqual(labels(list), ['New login', 'Cancel it']);
    await cleo.press(list, 'Cancel it');
    await cleo.sees(m => m.ts === list.ts && /Cancelled: Create an opportunity/.test(words(m)));
    await w.idle();
    assert.equal(await open('U0CLEO001'), 0);
  });

  test('P9 pending lists a login begun with connect, and cancels it', async () => {
    const prompt = await cleo.prompt('connect acme-salesforce');
    const list = await cleo.ask('pending', /The login to Salesforce waits for you/);
    assert.equal(button(list, 'Log in').url, loginUrl(prompt));
    await cleo.press(list, 'Cancel it');
    await cleo.sees(m => m.ts === list.ts && /Cancelled: the login to Salesforce/.test(words(m)));
    await cleo.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    await cleo.ask('pending', /Nothing waits/);
  });

  // --- where the result is ---

  test('P9 the notice that the app is connected tells what became of what waited', async () => {
    const prompt = await cleo.prompt(create('Far above'));
    await cleo.ask(`@workbot ${create('In the channel')}`, /private message/, {place: 'sales'});
    const told = await cleo.ask(await cleo.browse(prompt, 'cleo@acme.example', new Browser()), /Salesforce is connected/);
    const done = await cleo.sees(m => m.ts === told.ts && (words(m).match(/is done/g) || []).length === 2);
    assert.match(words(done), /Your command Create an opportunity \(name: Far above\) is done: see above\./);
    assert.match(words(done), /Your command Create an opportunity \(name: In the channel\) is done: see <#C0SALES01>\./);
    await cleo.sees(m => m.ts === prompt.ts && /Created Far above/.test(words(m)));
    await w.idle();
    assert.equal((await cleo.messages()).filter(m => /Created Far above/.test(words(m))).length, 1, 'the result itself stands once');
  });

  test('P9 that notice tells commands typed in the bot\'s own chat with a slash apart, and names no raw id', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    for (const name of ['Slash one', 'Slash two']) await cleo.command(create(name));
    await w.idle();
    const told = await cleo.ask(await cleo.browse(await cleo.sees(loginUrl), 'cleo@acme.example', new Browser()), /Salesforce is connected/);
    const done = await cleo.sees(m => m.ts === told.ts && (words(m).match(/is done/g) || []).length === 2);
    for (const name of ['Slash one', 'Slash two']) assert.match(words(done), new RegExp(`Your command Create an opportunity \\(name: ${name}\\) is done: look in this chat\\.`));
    assert.doesNotMatch(words(done), /D0CLEO/);
    await w.idle();
  });

  test('P10 the private question of a channel\'s command loses its buttons with the answer', async () => {
    for (const [press, says] of [['It happened', /Noted: it had happened/], ['It did not: run it again', /Running it again/]]) {
      await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
      const asked = await cleo.ask(`@workbot ${create(`Lost, ${press.slice(0, 6)}`)}`, /may have happened or not/, {place: 'sales', see: 'dm'});
      await cleo.press(asked, press, {times: 2});
      const over = await cleo.sees(m => m.ts === asked.ts && says.test(words(m)));
      assert.deepEqual(labels(over), []);
      await w.idle();
    }
  });

  // --- other words ---

  test('P11 the installer is told why nothing is disconnected, and who can', async () => {
    const told = await ben.ask('disconnect acme-salesforce', /no Salesforce connection of your own/);
    assert.match(words(told), /default connection acme-salesforce/);
    assert.match(words(told), /whoever operates Workbot for Acme/);
    assert.doesNotMatch(words(told), /not connected/);
  });

  test('P11 after "Deny" the chat says that the command still waits', async () => {
    const prompt = await ana.prompt(create('Denied'));
    const browser = new Browser();
    await browser.logIn(loginUrl(prompt), 'ana@acme.example', {decision: 'deny'});
    await ana.sees(m => m.ts === prompt.ts && /declined there[\s\S]*What you typed still waits/.test(words(m)));
    await ana.ask('cancel', /Cancelled/);
    const other = await ana.prompt('connect acme-salesforce');
    const second = new Browser();
    await second.logIn(loginUrl(other), 'ana@acme.example', {decision: 'deny'});
    await ana.sees(m => m.ts === other.ts && /declined there[\s\S]*Nothing was changed/.test(words(m)));
    await ana.ask('cancel', /Cancelled/);
  });
});
