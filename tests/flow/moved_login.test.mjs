// While a call is under way its connection moves on: another host, a login anew. Tokens go to nobody but who gave
// them, and nothing that acts now is revoked.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {AppHost} from '../lib/app_host.mjs';
import {ACME, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

class Host extends AppHost {
  who = 'ana';

  answer({path, url}, send) {
    if (path === 'auth') return send(302, {}, {location: `${url.searchParams.get('redirect_uri')}?code=one&state=${url.searchParams.get('state')}`});
    if (path === 'token' || path === 'refresh') {
      const [access_token, refresh_token] = ['access', 'refresh'].map(kind => `${kind}-${randomBytes(6).toString('hex')}`);
      this.given = {access_token, refresh_token, token_type: 'bearer', expires_in: 3600};
      return send(200, this.given);
    }
    return send(200, {sub: this.who, name: this.who, email: `${this.who}@acme.example`});
  }
}

const definition = (name, revoke) => ({
  name, title: name, hosts: {names: [`oauth.${name}.example`]}, client_auth: 'post',
  authorize: {url: 'https://{host}/auth', scopes: [{name: 'openid', words: 'See who you are'}]},
  token: {url: 'https://{host}/token'}, revoke: {url: 'https://{host}/revoke', token: 'refresh', auth: 'client', ...revoke},
  identity: {path: '/me', key: [{path: 'sub'}], name: 'name', email: 'email'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}},
  actions: {who: {title: 'Who', inputs: {}, requests: [{path: '/data', success: [200]}], output: {name: 'answer.name'}}},
});

describe('a connection that moves on', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, ana, first, second;
  before(async () => {
    [first, second] = await Promise.all([new Host().start(), new Host().start()]);
    writeFileSync(join(dir, 'whole.json'), JSON.stringify(definition('whole', {})));
    writeFileSync(join(dir, 'single.json'), JSON.stringify(definition('single', {ends_one_grant: true})));
    w = await start({env: {WORKBOT_APPS_DIR: dir}, trusted: [first.name, second.name]});
    ana = w.person('ana');
    for (const app of ['whole', 'single']) {
      await put(app, first);
      await w.putRecipe(ACME, {name: app, title: 'Who', command: `${app} who`, allow: 'everyone', inputs: [],
        connections: {it: {use: `my-${app}`, verify_user_access: true}}, steps: [{id: 'one', connection: 'it', action: 'who', with: {}}],
        reply: {text: 'You are {{steps.one.name}}'}});
    }
  });
  after(async () => {
    await w?.stop();
    [first, second].forEach(h => h?.stop());
    rmSync(dir, {recursive: true});
  });

  const put = (app, host) => w.must('PUT', `/workspaces/${ACME}/connections/my-${app}`,
    {app, host: host.name, client_id: 'workbot', client_secret: 'sample-secret', assurance: 'code', account_match: 'off'});
  /** A login as far as its code, which connects. */
  async function code(app) {
    const m = await ana.ask(`connect my-${app}`, x => x.is_bot && (loginUrl(x) || labels(x).includes('Log in again')));
    if (!loginUrl(m)) await ana.press(m, 'Log in again');
    const prompt = loginUrl(m) ? m : await ana.sees(x => x.is_bot && x.ts >= m.ts && loginUrl(x));
    await ana.browser.get(loginUrl(prompt));
    await ana.browser.submit();
    assert.ok(ana.browser.code, ana.browser.text);
    return ana.browser.code;
  }
  const connect = async app => {
    await ana.ask(await code(app), /is connected/);
    await w.idle();
  };
  const answerTo = said => until('the command to end', async () => {
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
    return (await ana.messages()).find(m => m.is_bot && m.ts > said.ts && /You are/.test(words(m)));
  });

  test('the host changes and is logged in anew while a call waits, which is then refused: the new tokens go to the new host alone', async () => {
    await connect('whole');
    const held = first.hold('data');
    const said = await ana.say('whole who');
    await held.came;
    await put('whole', second);
    second.who = 'moved';
    await ana.ask(await code('whole'), /is connected/);
    const before = first.calls.length;
    held.release(true);
    assert.match(words(await answerTo(said)), /You are moved/);
    const mine = second.given;
    const leaked = first.calls.slice(before).filter(c => JSON.stringify(c).includes(mine.access_token) || JSON.stringify(c).includes(mine.refresh_token));
    assert.deepEqual(leaked, []);
    assert.deepEqual(first.calls.slice(before).filter(c => c.path !== 'revoke'), [], 'and the command asks the old one nothing more');
    assert.equal(second.of('data').length, 1);
  });

  for (const [app, revoked] of [['whole', 0], ['single', 1]]) {
    test(`its owner logs in anew while it is refreshed: the tokens that come late ${revoked ? 'are revoked, which ends them alone' : 'are not revoked, for that would end the new login'}`, async () => {
      await put(app, first);
      await connect(app);
      const next = await code(app);
      await w.query("update connection set access_expires_at = now() - interval '1 minute' where default_name = $1 and user_id <> ''", [`my-${app}`]);
      const held = first.hold('refresh');
      const said = await ana.say(`${app} who`);
      await held.came;
      await ana.ask(next, /is connected/);
      const acts = first.given;
      const was = first.of('revoke').length;
      held.release(false);
      await until('the late tokens to come', () => first.given !== acts);
      const late = first.given;
      assert.match(words(await answerTo(said)), /You are ana/);
      await w.idle();
      const gone = first.of('revoke').slice(was).map(c => c.form.token);
      assert.equal(gone.filter(t => t === late.refresh_token).length, revoked);
      assert.ok(!gone.includes(acts.refresh_token));
      assert.equal(first.of('data').at(-1).token, `Bearer ${acts.access_token}`);
    });
  }

  test('P12 another account takes the place of the one that was there: its grant is ended, whatever else that app would end', async () => {
    await put('whole', first);
    first.who = 'ana';
    await connect('whole');
    const before = first.given;
    const was = first.of('revoke').length;
    first.who = 'other';
    await connect('whole');
    assert.deepEqual(first.of('revoke').slice(was).map(c => c.form.token), [before.refresh_token]);
    await connect('whole');
    assert.equal(first.of('revoke').length, was + 1, 'of the same account nothing is ended here');
  });

  test('P2 its owner logs in anew as another account while a call waits, which is then refused: the reply and the record name who acted', async () => {
    first.who = 'ana';
    await connect('whole');
    const next = (first.who = 'other', await code('whole'));
    first.who = 'ana';
    const held = first.hold('data');
    const said = await ana.say('whole who');
    await held.came;
    first.who = 'other';
    await ana.ask(next, /is connected/);
    held.release(true);
    const told = await answerTo(said);
    assert.match(words(told), /You are other, as other/);
    assert.equal((await w.one("select c.account from run_connection c join run r on r.id = c.run_id where r.recipe = 'whole' order by r.created_at desc limit 1")).account, 'other');
  });
});
