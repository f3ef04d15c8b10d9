// The home page of the bot: each user's own connections, what waits for him, his last commands;
// what is pressed there is answered there, and every change publishes it anew.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, OPPORTUNITY, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

describe('home', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
  });
  after(() => w?.stop());

  const publishes = async () => (await w.calls({peer: 'slack'})).filter(e => /views\.publish/.test(e.path));
  const secrets = page => assert.doesNotMatch(JSON.stringify(page), /\/login\/|xoxb-/, 'a page stands for long: no link of a login');

  test('slack_gotcha_27_home: the Messages tab publishes nothing; each look at the home tab does, for its user alone', async () => {
    await ana.opensHome({tab: 'messages'});
    await w.idle();
    assert.equal((await publishes()).length, 0);
    assert.equal((await ana.screen()).home, null);
    await ana.opensHome();
    const page = await ana.home(/Your connections/);
    assert.match(words(page), /Salesforce · Not connected[\s\S]*Nothing waits for you[\s\S]*You have run no command yet/);
    assert.ok(button(page, 'Connect'));
    await w.idle();
    assert.equal((await publishes()).length, 1);
    await ana.opensHome();
    await w.idle();
    assert.equal((await publishes()).length, 2);
    assert.equal((await cleo.screen()).home, null);
    assert.deepEqual(await ana.messages(), [], 'nothing is said in the chat');
  });

  test('Connect leads to a prompt in the one-to-one chat; each step of the login shows on the page', async () => {
    await ana.opensHome();
    await ana.home(/Not connected/);
    await ana.pressIn('home', 'Connect');
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m));
    const told = await ana.home(/I sent you a private message to log in to Salesforce/);
    secrets(told);
    assert.match(words(told), /The login to Salesforce waits for you/);
    for (let press = 2; press <= 3; press++) await ana.pressIn('home', 'Connect');
    const already = await ana.home(/I have sent you a private message to log in to Salesforce already/);
    secrets(already);
    await w.idle();
    assert.deepEqual([await w.count('login', "user_id <> ''"), (await ana.messages()).filter(m => m.is_bot).length], [1, 1], 'one login, one prompt');
    // who does not find it has it sent once more, as the newest message
    await ana.say('hm');
    await ana.pressIn('home', 'Send it again');
    const again = await ana.sees(m => m.is_bot && m.ts > prompt.ts && loginUrl(m));
    secrets(await ana.home(/A new login prompt is in our direct message/));
    await w.idle();
    assert.deepEqual((await ana.messages()).filter(m => loginUrl(m)).map(m => m.ts), [again.ts], 'one prompt');
    const code = await ana.browse(again, 'ana@acme.example');
    const asks = await ana.home(/type the 6-digit code/);
    secrets(asks);
    await ana.ask(code, /is connected/);
    const page = await ana.home(/Salesforce · Connected/);
    assert.match(words(page), /Account\s+ana@acme\.example[\s\S]*Organisation\s+Acme Corporation[\s\S]*Connected\s+just now/);
    assert.doesNotMatch(words(page), /Connected since just now/);
  });

  test('a command that was typed shows with its result, as whom and its record', async () => {
    await ana.ask(OPPORTUNITY, /Created Acme renewal/);
    const page = await ana.home(/Create an opportunity · done/);
    assert.match(words(page), /as ana@acme\.example in Salesforce · WB-[A-Z0-9]{8}\n<!date\^\d+\^/);
    assert.match(words(page), /WB-[A-Z0-9]{8}/);
    assert.match(button(page, 'Open').url, /\/006xx/);
  });

  test('what waits can be run, logged in for and dropped there; a second press is answered', async () => {
    await cleo.opensHome();
    await cleo.home(/Not connected/);
    const prompt = await cleo.prompt();
    const parked = await cleo.home(/Create an opportunity waits for a login/);
    secrets(parked);
    await cleo.pressIn('home', 'Log in');
    const again = await cleo.sees(m => m.is_bot && m.ts > prompt.ts && loginUrl(m));
    await cleo.home(/A new login prompt is in our direct message/);
    assert.notEqual(loginUrl(again), loginUrl(prompt));
    await cleo.home(/waits for a login/);
    await cleo.pressIn('home', 'Cancel it', {times: 2});
    await cleo.home(/Cancelled already: Create an opportunity[\s\S]*Nothing waits for you/);
    await cleo.opensHome();
    await cleo.home(v => !/Cancelled already/.test(words(v)) && /Create an opportunity · cancelled/.test(words(v)));
  });

  test('an old write is confirmed there', async () => {
    await w.restart({WORKBOT_TTL_STALE_WRITE: '1'});
    const prompt = await cleo.prompt(OPPORTUNITY.replace('Acme renewal', 'Late'));
    await new Promise(r => setTimeout(r, 2100));
    await cleo.ask(await cleo.browse(prompt, 'cleo@acme.example'), /is connected/);
    const page = await cleo.home(/waits for your word/);
    assert.match(words(page), /name\s+Late/);
    await cleo.pressIn('home', 'Run it now');
    await cleo.home(/Working on it/);
    await cleo.home(/Create an opportunity · done/);
    await cleo.sees(/Created Late/);
    await w.restart({WORKBOT_TTL_STALE_WRITE: '15m'});
  });

  test('lists asked for there stand there, page by page, and lead back', async () => {
    await cleo.opensHome();
    await cleo.home(v => button(v, 'Help'));
    await cleo.pressIn('home', 'Help');
    const help = await cleo.home(/What can I do for you/);
    assert.deepEqual(labels(help).slice(-1), ['Back to the overview']);
    const before = (await cleo.messages()).length;
    await cleo.pressIn('home', 'Who am I'.replace('Who am I', 'Personal accounts'));
    await cleo.home(v => /Your connections/.test(words(v)) && button(v, 'Back to the overview'));
    await cleo.pressIn('home', 'Back to the overview');
    await cleo.home(v => /Your last commands/.test(words(v)) && !button(v, 'Back to the overview'));
    assert.equal((await cleo.messages()).length, before, 'all of it was answered on the page');
  });

  test('disconnect and delete there; the page says what happened, at once', async () => {
    await cleo.opensHome();
    await cleo.home(v => button(v, 'Disconnect'));
    await cleo.pressIn('home', 'Disconnect');
    await cleo.home(/Salesforce · Disconnected/);
    await cleo.sees(/Disconnected: Salesforce has ended the login too/);
    await cleo.pressIn('home', 'Delete');
    await cleo.home(/Salesforce · Not connected/);
  });

  test('a login that the app ended shows as such, by a refresh, and by an admin', async () => {
    await cleo.connect();
    await cleo.opensHome();
    await cleo.home(/Salesforce · Connected/);
    const {items} = await w.must('GET', `/workspaces/${ACME}/personal-connections`);
    const mine = items.find(c => c.user === 'U0CLEO001');
    await w.must('DELETE', `/workspaces/${ACME}/personal-connections/${mine.id}`);
    await cleo.home(/Salesforce · Disconnected/);
    await cleo.connect();
    await cleo.home(/Salesforce · Connected/);
    await w.fault('grant_revoked', {path: '/'});
    await w.query("update connection set access_expires_at = now() - interval '1 hour' where user_id = 'U0CLEO001'");
    await cleo.prompt(OPPORTUNITY.replace('Acme renewal', 'Ended'));
    await cleo.home(/Salesforce · Needs a new login: ended at the app[\s\S]*Create an opportunity waits for a login/);
    await cleo.ask('cancel', /Cancelled/);
  });

  test('while a new login waits for its code, the account that has ended is not shown as connected; the code is asked for once', async () => {
    const count = (view, pattern) => (words(view).match(pattern) || []).length;
    const ended = view => {
      assert.match(words(view), /Account before\s+cleo@acme\.example[\s\S]*Was connected\s/);
      assert.doesNotMatch(words(view), /^(Account|Connected)$/m);
      assert.equal(count(view, /6-digit code/g), 1, words(view));
    };
    await cleo.ask('connections', /Salesforce · Needs a new login[\s\S]*Was connected/);
    await cleo.browse(await cleo.prompt('connect salesforce'), 'cleo@acme.example');
    const page = await cleo.home(/Salesforce · Waiting for the code from your browser[\s\S]*waits for your code: type the 6-digit code/);
    ended(page);
    const list = await cleo.ask('connections', /Salesforce: type the 6-digit code that your browser shows/);
    ended(list);
    assert.doesNotMatch(words(list), /Waiting for the code/);
    await cleo.ask('cancel', /Cancelled/);
    await cleo.ask('connections', /Salesforce · Disconnected: the last login was not finished[\s\S]*Was connected/);
  });

  test('the installer sees the default connections, read-only, with why', async () => {
    await ben.opensHome();
    const page = await ben.home(/You installed Workbot/);
    assert.match(words(page), /default connection acme-salesforce[\s\S]*ben@acme\.example/);
    assert.ok(!button(page, 'Disconnect') && !button(page, 'Connect'), JSON.stringify(labels(page)));
  });

  test('F8 guests and strangers get a page that says no, and nothing of it', async () => {
    const gus = w.person('gus');
    await gus.opensHome();
    const page = await gus.home(/I only work for members of Acme/);
    assert.match(words(page), /An admin of Workbot can open it to guests/);
    assert.deepEqual(labels(page), []);
    const {text, status, ...acme} = await w.must('GET', `/workspaces/${ACME}`);
    await w.must('PUT', `/workspaces/${ACME}`, {name: acme.name, installer: acme.installer, admins: acme.admins, guests: 'allow'});
    await gus.home(/Your connections/);
    await w.must('PUT', `/workspaces/${ACME}`, {name: acme.name, installer: acme.installer, admins: acme.admins, guests: 'refuse'});
    await gus.home(/I only work for members/);
  });

  test('a burst of changes is few pages, and a refusal of the page harms nothing', async () => {
    await w.idle();
    const before = (await publishes()).length;
    for (let i = 0; i < 12; i++) await ana.say('salesforce find opportunity name: Acme');
    await w.idle();
    await ana.home(v => (words(v).match(/Find an opportunity · done/g) || []).length >= 9);
    const count = (await publishes()).length - before;
    assert.ok(count <= 6, `${count} pages for 12 commands`);
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'error', error: 'not_enabled', path: '/api/views.publish', times: 1});
    await ana.opensHome();
    await w.idle();
    assert.equal(await w.count('job', "kind = 'home'"), 0);
    await ana.ask('whoami', /Who you are here/);
  });
});
