// P12: disconnect revokes upstream and says what happened there; the row stays for one-click
// reconnect, Delete forgets it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const alive = async w => (await w.grants()).filter(g => g.alive && g.username === 'ana@acme.example').length;
const row = w => w.one("select id, state, tokens is null as bare, account_name from connection where user_id = 'U0ANA0001'");

describe('P12 disconnect', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  test('failure_23_still_authorised P12 Disconnect in the list revokes at the app, says so, and the list shows it at once', async () => {
    const {id} = await row(w);
    const list = await ana.ask('connections', /Connected/);
    await ana.press(list, 'Disconnect', {times: 2});
    const now = await ana.sees(m => m.ts === list.ts && /Disconnected/.test(words(m)));
    assert.ok(button(now, 'Connect') && button(now, 'Delete'), JSON.stringify(labels(now)));
    await ana.sees(/Disconnected: Salesforce has ended the login too/);
    await w.idle();
    assert.equal(await alive(w), 0);
    assert.deepEqual(await row(w), {id, state: 'disconnected', bare: true, account_name: 'ana@acme.example'});
    assert.equal(await w.count('audit', "action = 'connection.disconnected'"), 1);
  });

  test('failure_21_second_account P12 reconnect keeps the row; the list flips back', async () => {
    const {id} = await row(w);
    const list = await ana.ask('connections', /Disconnected/);
    await ana.press(list, 'Connect');
    const prompt = await ana.sees(m => m.ts === list.ts && loginUrl(m));
    await ana.say(await ana.browse(prompt));
    const back = await ana.sees(m => m.ts === list.ts && /Connected/.test(words(m)) && button(m, 'Disconnect'));
    assert.match(words(back), /ana@acme\.example/);
    assert.equal((await row(w)).id, id);
    await w.idle();
    assert.equal(await alive(w), 1);
  });

  test('apps_trap_13_revoke_down P12 the revoke endpoint is down: removed here at once, revoked there later', async () => {
    await w.fault('5xx', {path: 'oauth2/revoke', times: -1});
    const list = await ana.ask('disconnect salesforce', /Your connections/);
    assert.match(words(list), /Disconnected/);
    assert.deepEqual([(await row(w)).state, (await row(w)).bare], ['disconnected', true]);
    assert.equal(await alive(w), 1, 'not yet there');
    const receipt = await ana.sees(/Salesforce does not answer at the moment.*It will be tried again/s);
    assert.doesNotMatch(words(receipt), /I am telling/);
    await until('the revocation to have been tried more often', async () => {
      await w.query("update job set run_at = now() where kind = 'revoke' and state = 'queued'");
      return await w.fired('5xx') >= 3;
    });
    await w.sandbox('DELETE', '/_faults');
    await until('the revocation to be done', async () => {
      await w.query("update job set run_at = now() where kind = 'revoke' and state = 'queued'");
      return await alive(w) === 0;
    });
    await ana.sees(m => m.ts === receipt.ts && /Disconnected: Salesforce has ended the login too/.test(words(m)));
    await w.idle();
    assert.equal(await w.count('job', "kind = 'revoke'"), 0, 'the sealed tokens leave with the job');
  });

  test('apps_trap_13_never_revoked P12 the app never revokes: removed here, and the user is told to end it there too', async () => {
    await ana.connect();
    await w.fault('5xx', {path: 'oauth2/revoke', times: -1});
    const said = await ana.say('disconnect salesforce');
    await until('the revocation to be tried', () => w.count('job', "kind = 'revoke' and state = 'queued' and attempts > 0"));
    await w.query("update job set attempts = 30, run_at = now() where kind = 'revoke'"); // as after hours
    const told = await ana.sees(/did not confirm that it ended the login/, {after: said.ts});
    assert.match(words(told), /Salesforce.*end it in its own settings too/);
    await w.idle();
    assert.doesNotMatch(await ana.reads('dm'), /I am telling Salesforce/, 'nothing is left open');
    assert.deepEqual([(await row(w)).state, (await row(w)).bare], ['disconnected', true]);
    assert.equal(await w.count('job', "kind = 'revoke'"), 0, 'the sealed tokens leave with the job');
    await w.sandbox('DELETE', '/_faults');
    // Ana does as she was told
    const {token} = (await w.calls({peer: 'salesforce', path: 'oauth2/revoke'})).at(-1).args;
    await fetch(`http://${w.salesforceHost}/services/oauth2/revoke`, {method: 'POST', body: new URLSearchParams({token})});
    assert.equal(await alive(w), 0);
  });

  test('P12 Delete forgets the row', async () => {
    const list = await ana.ask('connections', /Disconnected/);
    await ana.press(list, 'Delete');
    await ana.sees(m => m.ts === list.ts && /Not connected/.test(words(m)));
    await w.idle();
    assert.equal(await row(w), undefined);
    assert.equal(await w.count('audit', "action = 'connection.forgotten'"), 1);
  });

  test('apps_trap_13_refreshing P12 disconnect while a refresh runs: the new tokens do not survive', async () => {
    await ana.connect();
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: true}});
    await w.fault('token_expired', {path: '/sobjects/'});
    await w.fault('slow', {path: 'oauth2/token', delay_ms: 1500});
    await ana.say('salesforce create opportunity name: Torn close: 2026-12-31');
    await until('the refresh to be under way', async () => await w.fired('slow') === 1);
    await ana.ask('disconnect salesforce', /Your connections/);
    assert.equal((await row(w)).state, 'disconnected');
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m) && /goes on by itself/.test(words(m)));
    await w.idle();
    await until('every grant to be ended', async () => await alive(w) === 0);
    // where tokens are revoked one by one, the new one is not left out
    const brought = (await w.tokenCalls('refresh_token')).at(-1).answer.refresh_token;
    await until('the new token to be given back', async () => (await w.calls({peer: 'salesforce', path: 'oauth2/revoke'})).some(c => c.args.token === brought));
    assert.deepEqual([(await row(w)).state, (await row(w)).bare], ['disconnected', true]);
    assert.equal((await w.records()).length, 0);
    await ana.press(prompt, 'Back');
    await w.idle();
    await w.sandbox('PUT', '/_config', {salesforce: {rotation: false}});
  });

  test('P12 the API disconnects and forgets a personal connection, and revokes upstream', async () => {
    await ana.connect();
    const {id} = await row(w);
    assert.equal((await w.api('DELETE', `/workspaces/${ACME}/personal-connections/${id}`)).status, 202);
    await until('the grant to end', async () => await alive(w) === 0);
    assert.equal((await row(w)).state, 'disconnected');
    assert.ok([202, 204].includes((await w.api('DELETE', `/workspaces/${ACME}/personal-connections/${id}?forget=true`)).status));
    await w.idle();
    assert.equal(await row(w), undefined);
  });

  test('P12 Disconnect and Delete also end a login that waits for its code, with its grant', async () => {
    await ana.connect();
    const prompt = await ana.prompt('connect salesforce again');
    const code = await ana.browse(prompt, 'ana@acme.example', new Browser());
    assert.equal(await alive(w), 2, 'the one that works, and the one that waits');
    const list = await ana.ask('connections', m => button(m, 'Disconnect'));
    await ana.press(list, 'Disconnect');
    await ana.sees(m => m.ts === prompt.ts && /This login to Salesforce has ended: you disconnected it/.test(words(m)));
    await ana.sees(/Disconnected: Salesforce has ended the login too/, {after: list.ts});
    await w.idle();
    assert.equal(await alive(w), 0);
    assert.equal(await w.count('login', "state in ('open', 'code')"), 0);
    const page = new Browser();
    await page.get(loginUrl(prompt));
    assert.deepEqual([page.page.status, /This login was ended.*disconnected in the chat/s.test(page.text)], [410, true], page.text);
    await ana.ask(code, /no login of yours waits for one/);
    assert.equal((await row(w)).state, 'disconnected');

    // the same for the row that is disconnected, by Delete
    await ana.browse(await ana.prompt('connect salesforce'), 'ana@acme.example', new Browser());
    const ended = (await ana.messages()).find(m => m.ts === list.ts);
    await ana.press(ended, 'Delete');
    await w.idle();
    assert.deepEqual([await alive(w), await row(w), await w.count('login', "state in ('open', 'code')")], [0, undefined, 0]);
  });

  test('P12 disconnect typed before the first code ends that login; a command that waits asks anew', async () => {
    const prompt = await ana.prompt('salesforce create opportunity name: Unproven close: 2026-12-31');
    const code = await ana.browse(prompt, 'ana@acme.example', new Browser());
    const asked = await ana.ask('disconnect salesforce', /Shall I disconnect/);
    await ana.press(asked, 'Disconnect');
    const again = await ana.sees(m => m.ts === prompt.ts && /What you typed still waits/.test(words(m)));
    await w.idle();
    assert.deepEqual([await alive(w), await row(w)], [0, undefined]);
    assert.equal(await w.count('audit', "action = 'connection.disconnected' and detail->>'user' = 'U0ANA0001'"),
      await w.count('audit', "action = 'connection.disconnected'"));
    await ana.ask(code, /no login of yours waits for one/);
    await ana.press(again, 'New login');
    const fresh = await ana.sees(m => m.ts === prompt.ts && loginUrl(m) && loginUrl(m) !== loginUrl(prompt));
    await ana.say(await ana.browse(fresh));
    await ana.createdOnce('Unproven');
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
  });

  test('P12 deleting the default connection revokes every tokens under it', async () => {
    await ana.connect();
    assert.equal((await w.api('DELETE', `/workspaces/${ACME}/connections/acme-salesforce?force=true`)).status, 202);
    await until('every grant to end', async () => (await w.grants()).every(g => !g.alive));
    assert.equal(await w.count('connection'), 0);
  });
});
