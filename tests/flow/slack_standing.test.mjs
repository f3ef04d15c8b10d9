// P12: whoever may not use Workbot (any more) connects nothing: not by an old link that is renewed in the browser, not by
// one that is open, not by a browser that comes back or a code that is typed in the moment of the off-boarding.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import {ACME, Browser, button, loginUrl, start, until, words} from '../lib/flow.mjs';

const CONNECTION = `/workspaces/${ACME}/connections/acme-salesforce`;
const ANA = 'T0ACME001/U0ANA0001';
const CLOSED = /Workbot is not open to you here.*ask an admin of Workbot/s;

describe('who may not use Workbot connects nothing', () => {
  let w, ana;
  before(async () => {
    w = await start({env: {WORKBOT_SLACK_SIGN_IN: 'on'}});
    await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/identity/slack/callback`]}}});
    ana = w.person('ana');
  });
  after(() => w?.stop());

  const user = () => w.one("select standing from chat_user where user_id = 'U0ANA0001'").then(u => u.standing);
  let n = 0;
  const set = changes => w.sandbox('POST', '/_user', {user: 'ana', workspace: 'T0ACME001', set: {real_name: `Ana ${++n}`, ...changes}, deliver: true}).then(r => assert.ok(r.ok, JSON.stringify(r)));
  const becomes = async (changes, standing) => {
    await set(changes);
    await until('her standing', async () => await user() === standing);
    await w.idle();
  };
  /** What is known changes by another transaction, which a test may hold open. */
  const STANDING = standing => `update chat_user set standing = '${standing}', checked_at = now() where user_id = 'U0ANA0001'`;
  const alive = async () => (await w.grants()).filter(g => g.alive && g.username === 'ana@acme.example').length;
  const mine = () => w.query("select state from connection where user_id = 'U0ANA0001'").then(rows => rows.map(r => r.state));
  const audits = action => w.query('select actor, subject, detail from audit where action = $1 order by id', [action]);
  const assurance = how => w.must('PUT', CONNECTION, {assurance: how});
  const post = async (link, what, browser = new Browser()) => {
    await browser.request('POST', link, {do: what});
    return browser;
  };
  const closed = browser => {
    assert.equal(browser.page.status, 403, browser.text);
    assert.match(browser.text, CLOSED);
    assert.doesNotMatch(browser.text, /Ana|guest|deactivated|Salesforce/, 'whoever holds the link learns nothing of anybody');
    assert.doesNotMatch(browser.page.html, /<form/, 'and nothing is offered');
  };
  const nothing = async () => {
    await w.idle();
    assert.deepEqual([await mine(), await alive()], [[], 0]);
  };

  /** Ana is a member again, with nothing of hers left. */
  afterEach(async () => {
    for (const lock of w.held) await lock.release();
    await w.sandbox('DELETE', '/_faults');
    await w.must('PUT', `/workspaces/${ACME}`, {guests: 'refuse'});
    await w.query(STANDING('unknown'));
    await becomes({deleted: false, is_restricted: false}, 'member');
    for (const {id} of await w.query("select id from connection where user_id <> ''")) await w.must('DELETE', `/workspaces/${ACME}/personal-connections/${id}?forget=true`);
    for (let n = await w.count('login', "user_id <> '' and state in ('open', 'code')"); n > 0; n--) await ana.ask('cancel', /Cancelled|nothing to cancel/);
    await w.idle();
  });

  for (const [who, changes, standing] of [['deactivated', {deleted: true}, 'deactivated'], ['turned guest', {is_restricted: true}, 'guest']]) {
    for (const how of ['code', 'sign_in']) {
      test(`P12 an old link of somebody ${who}, ${how}: shown, renewed and started in vain`, async () => {
        await assurance(how);
        const link = loginUrl(await ana.prompt('connect salesforce'));
        await becomes(changes, standing);
        const before = await w.rows('login', 'message', 'oauth_state', 'connection');
        const shown = new Browser();
        await shown.get(link);
        closed(shown);
        for (const what of ['renew', 'start', 'renew']) closed(await post(link, what));
        await w.idle();
        assert.deepEqual(await w.rows('login', 'message', 'oauth_state', 'connection'), before);
        await nothing();
      });
    }
  }

  test('P12 a link that is still open: nobody is sent to the app, and guests who are welcome are', async () => {
    await assurance('code');
    const link = loginUrl(await ana.prompt('connect salesforce'));
    const browser = new Browser();
    const {location} = await browser.logIn(link, 'ana@acme.example', {stop: '/oauth/callback/'});
    await w.query(STANDING('guest')); // and no event has ended the login
    closed(await post(link, 'start'));
    const exchanges = (await w.tokenCalls('authorization_code')).length;
    await browser.request('GET', location);
    closed(browser);
    assert.equal((await w.tokenCalls('authorization_code')).length, exchanges, 'the app is not asked for tokens');
    const [line] = (await audits('login.not_allowed')).slice(-1);
    assert.deepEqual([line.actor, line.detail], ['system', {connection: 'acme-salesforce', user: 'U0ANA0001'}]);
    await ana.sees(/I only work for members of Acme/);
    await nothing();
    await w.must('PUT', `/workspaces/${ACME}`, {guests: 'allow'});
    assert.ok(await new Browser().codeOf(link, 'ana@acme.example'));
  });

  for (const how of ['code', 'sign_in']) {
    test(`P12 off-boarded while the browser comes back, ${how}: the new grant is given back`, async () => {
      await assurance(how);
      const link = loginUrl(await ana.prompt('connect salesforce'));
      const browser = new Browser();
      const {location} = await browser.logIn(link, 'ana@acme.example', {slack: how === 'sign_in' ? ANA : undefined, stop: '/oauth/callback/'});
      // between the exchange and the commit: another transaction says that she may not, and is not yet done
      const lock = await w.hold(STANDING('guest'));
      const page = browser.request('GET', location);
      await lock.waiting(1);
      assert.equal(await alive(), 1, 'the code has been exchanged');
      await lock.release();
      await page;
      closed(browser);
      await nothing();
      assert.deepEqual((await audits('login.not_allowed')).at(-1).detail, {connection: 'acme-salesforce', user: 'U0ANA0001'});
    });

    test(`P12 off-boarded while the browser comes back, ${how}, the browser first: what it stored is purged`, async () => {
      await assurance(how);
      const link = loginUrl(await ana.prompt('connect salesforce'));
      const browser = new Browser();
      const {location} = await browser.logIn(link, 'ana@acme.example', {slack: how === 'sign_in' ? ANA : undefined, stop: '/oauth/callback/'});
      const gate = await w.gate('gate_standing', 'insert', 'connection', 'true');
      const page = browser.request('GET', location);
      await gate.waiting(1);
      await set({deleted: true});
      await gate.waiting(2);
      assert.equal(await user(), 'member', 'off-boarding waits for it');
      await gate.release();
      await page;
      assert.equal(browser.page.status, 200, browser.text);
      await until('her standing', async () => await user() === 'deactivated');
      await nothing();
    });
  }

  test('P12 off-boarded while the code is typed: nothing is connected', async () => {
    await assurance('code');
    const code = await ana.browse(await ana.prompt('connect salesforce'));
    const lock = await w.hold(STANDING('guest'));
    await ana.say(code);
    await lock.waiting(1);
    await lock.release();
    await w.idle();
    assert.ok(!(await mine()).includes('active'), 'the code connects nobody');
    await set({is_restricted: true});
    await nothing();
  });

  test('P12 off-boarded while `connect` is read: no prompt, and told so', async () => {
    await assurance('code');
    await ana.ask('whoami', /Who you are here/);
    const lock = await w.hold(STANDING('guest'));
    const said = await ana.say('connect salesforce');
    await lock.waiting(1);
    await lock.release();
    await ana.sees(/I only work for members of Acme/, {after: said.ts});
    await w.idle();
    assert.equal(await w.count('login', "user_id = 'U0ANA0001' and state in ('open', 'code')"), 0);
  });

  test('P12 off-boarded while the form of a shortcut is read, or a command that lacks an input: neither leaves a run behind', async () => {
    const open = () => w.count('run', "user_id = 'U0ANA0001' and ended_at is null");
    const shared = await ana.say('Words for a command', {place: 'sales'});
    await ana.shortcut('wb_use', {message: shared});
    await ana.modal(v => v.blocks.some(b => b.block_id === 'command'));
    let lock = await w.hold(STANDING('guest'));
    const sent = ana.submit({command: 'Create an opportunity'});
    await lock.waiting(1);
    await lock.release();
    assert.match(JSON.stringify((await sent).answer), /I only work for members/);
    assert.equal(await open(), 0, 'of the form');
    await w.query(STANDING('member'));
    lock = await w.hold(STANDING('guest'));
    const said = await ana.say('salesforce create opportunity name: Half');
    await lock.waiting(1);
    await lock.release();
    await ana.sees(/I only work for members of Acme/, {after: said.ts});
    await w.idle();
    assert.equal(await open(), 0, 'of the command');
  });

  test('P12 off-boarded between two steps of a command: the second one is not begun', async () => {
    const task = subject => ({connection: 'sf', action: 'create_record', with: {object: 'Task', fields: {Subject: subject}}});
    await w.putRecipe(ACME, {name: 'two-notes', title: 'Two notes', command: 'note twice', allow: 'everyone', connections: {sf: {use: 'acme-salesforce'}},
      inputs: [], steps: [{id: 'a', ...task('First')}, {id: 'b', ...task('Second')}], reply: {text: 'Noted twice'}});
    const gate = await w.gate('gate_step', 'update', 'run_step', "new.state = 'done'");
    const said = await ana.say('note twice');
    await gate.waiting(1);
    await w.query(STANDING('guest'));
    await gate.release();
    await ana.sees(/You may not run this command/, {after: said.ts});
    await w.idle();
    assert.deepEqual((await w.records('Task')).map(r => r.fields.Subject), ['First']);
    assert.deepEqual(await w.query("select state, error_code from run where recipe = 'two-notes'"), [{state: 'failed', error_code: 'not_allowed'}]);
  });

  test('P12 one order of locks: a press on the home page and a browser that comes back wait, and neither fails', async () => {
    await assurance('code');
    await ana.opensHome();
    const link = loginUrl(await ana.prompt('connect salesforce'));
    await ana.home(v => button(v, 'Cancel it'));
    const browser = new Browser();
    const {location} = await browser.logIn(link, 'ana@acme.example', {stop: '/oauth/callback/'});
    const lock = await w.hold("select 1 from login where user_id = 'U0ANA0001' and state = 'open' for update");
    await ana.pressIn('home', 'Cancel it');
    await lock.waiting(1);
    const page = browser.request('GET', location);
    await lock.waiting(2);
    await lock.release();
    await page;
    assert.equal(browser.page.status, 410, browser.text);
    await nothing();
    assert.doesNotMatch(w.log(), /deadlock|db_retry/);
  });

  test('P12 an old link where the bot was taken away: no new prompt', async () => {
    await assurance('code');
    const link = loginUrl(await ana.prompt('connect salesforce'));
    await ana.ask('cancel', /Cancelled/);
    const {state} = await w.one('select state from workspace where workspace = $1', [ACME]);
    await w.query("update workspace set state = 'removed' where workspace = $1", [ACME]);
    try {
      const before = await w.rows('login', 'message');
      closed(await post(link, 'renew'));
      assert.deepEqual(await w.rows('login', 'message'), before);
    } finally {
      await w.query('update workspace set state = $2 where workspace = $1', [ACME, state]);
    }
  });

  test('P12 a command that needs a login anew in the moment of the off-boarding leaves no prompt behind', async () => {
    await assurance('code');
    await ana.connect();
    await w.query("update connection set state = 'needs_login' where user_id = 'U0ANA0001'");
    const lock = await w.hold(STANDING('guest'));
    await ana.say('salesforce create opportunity name: Late close: 2026-12-31');
    await lock.waiting(1);
    await lock.release();
    await until('the command to end', async () => await w.count('run', "user_id = 'U0ANA0001' and ended_at is null") === 0);
    assert.deepEqual(await w.one("select state, error_code from run where user_id = 'U0ANA0001' order by created_at desc limit 1"), {state: 'failed', error_code: 'not_allowed'});
    assert.equal(await w.count('login', "user_id = 'U0ANA0001' and state in ('open', 'code')"), 0);
    assert.ok(!(await ana.messages()).some(m => /Late/.test(words(m)) && loginUrl(m)));
  });
});
