// The same list for every app: a login, commands, and all that a provider may do to them. The peer behind each
// app knows from tests/lib/app_table.mjs what its provider expects, and takes nothing else.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {OauthPeer} from '../lib/oauth_peer.mjs';
import {TABLE} from '../lib/app_table.mjs';
import {ACME, ROOT, buttons, loginUrl, start, until, words} from '../lib/flow.mjs';

const APPS = Object.keys(TABLE);
const WAIT_S = 240;
/** No more than this is read of an answer, and the buffers of two sockets with it; no call takes longer. */
const READ_MAX = (4 + 28) * 1024 * 1024;
const CALL_MS = 15000;

describe('apps: conformance', () => {
  let w;
  const peers = {};

  before(async () => {
    for (const name of APPS) peers[name] = await new OauthPeer(name, TABLE[name]).start();
    w = await start({trusted: Object.values(peers).map(p => p.host)});
    for (const name of APPS) await setUp(name);
  });
  after(async () => {
    await w?.stop();
    for (const p of Object.values(peers)) await p.stop();
  });

  const connection = name => `c-${name}`;

  async function setUp(name) {
    const [peer, row] = [peers[name], TABLE[name]];
    const made = await w.must('PUT', `/workspaces/${ACME}/connections/${connection(name)}`, {app: name, host: peer.host, client_id: peer.client.id,
      client_secret: peer.client.secret, assurance: 'code', account_match: 'off', ...(row.vars ? {vars: row.vars} : {})});
    peer.client.redirects = [made.redirect_uri];
    if (row.refresh.doubtful) await w.authorizeAt(ACME, connection(name)).finally(() => assert.deepEqual(peer.faults, []));
    for (const kind of ['read', 'write']) {
      await w.putRecipe(ACME, {name: `${name}-${kind}`, title: `${row.title} ${kind}`, command: `${name} ${kind}`, allow: 'everyone',
        connections: {it: {use: connection(name), verify_user_access: true}}, inputs: [],
        steps: [{id: 'it', connection: 'it', action: row[kind].action, with: row[kind].with}], reply: {text: row[kind].text}});
    }
  }

  test('every provider says what it granted, and a scope is needed; or it never does, and the table says why', () => {
    for (const [name, row] of Object.entries(TABLE)) {
      assert.ok(row.untold ? !row.needed && row.token.scopes === null : row.needed && row.token.scopes !== null, name);
    }
  });

  for (const name of APPS) {
    describe(TABLE[name].title, () => list(name));
  }

  /** The clock of retries and cool-downs moves on. */
  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };
  const escaped = text => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));

  test('every app at once slower than the time of a call: each attempt ends by then as an outage, and goes on where it was', async () => {
    const ana = w.person('ana');
    const answered = async (name, since) => (await ana.messages()).some(m => m.ts > since && m.is_bot && escaped(TABLE[name].read.shows).test(words(m)));
    for (const name of APPS) {
      await ana.ask(await ana.browse(await ana.prompt(`connect ${connection(name)}`)), /is connected/);
      peers[name].forget();
      Object.assign(peers[name], {faults: [], hungUp: []});
    }
    await w.idle();
    const said = {};
    for (const name of APPS) {
      peers[name].next('read', 'endless');
      said[name] = (await ana.say(`${name} read`)).ts;
    }
    const outages = new Map(); // by job; each is seen waiting before it is tried again
    await until('all of them to be given up', async () => {
      for (const {id, error_code} of await w.query("select id, error_code from job where kind = 'run' and state = 'queued' and error_code is not null")) outages.set(id, error_code);
      return outages.size === APPS.length;
    }, 4 * CALL_MS);
    assert.deepEqual([...outages.values()], APPS.map(() => 'upstream_timeout'));
    for (const name of APPS) {
      const [ms] = peers[name].hungUp;
      assert.ok(peers[name].hungUp.length === 1 && ms > CALL_MS - 1000 && ms < 2 * CALL_MS, `${name}: given up after ${ms} ms`);
    }
    await until('all of them to be answered', async () => {
      await later();
      return (await Promise.all(APPS.map(name => answered(name, said[name])))).every(Boolean);
    });
    await w.idle();
    for (const name of APPS) {
      assert.deepEqual([peers[name].count('read'), peers[name].count('refresh'), peers[name].faults], [2, 0, []], name);
      assert.equal((await w.one("select state from connection where default_name = $1 and user_id = 'U0ANA0001'", [connection(name)])).state, 'active', name);
    }
  });

  function list(name) {
    const row = TABLE[name];
    /** Where dead cannot be told from a wrong secret, the default connection is refreshed to see. */
    const doubt = row.refresh.doubtful ? 1 : 0;
    const rotates = row.refresh.brings === 'new' && !row.refresh.oldLives;
    let peer, ana;
    before(() => {
      peer = peers[name];
      ana = w.person('ana');
    });

    // --- what is looked at ---

    const state = async () => (await w.one("select state from connection where default_name = $1 and user_id = 'U0ANA0001'", [connection(name)]))?.state;
    const waiting = () => w.one("select extract(epoch from run_at - now())::float8 as due_s, error_code from job where kind = 'run' and state = 'queued'");

    /** The command is answered with what the app gave, however often it must wait. */
    async function works(kind, said) {
      const since = said ?? await ana.say(`${name} ${kind}`);
      await until(() => `${name} ${kind}; ${peer.faults.join('\n')}`, async () => {
        await later();
        return (await ana.messages()).some(m => m.ts > since.ts && m.is_bot && escaped(row[kind].shows).test(words(m)));
      });
      await w.idle();
    }

    async function logIn(prompt) {
      await ana.browser.get(loginUrl(prompt));
      await ana.browser.submit();
      return ana.browser;
    }

    async function connect(expected = row.account) {
      const prompt = await ana.prompt(`connect ${connection(name)}`);
      const browser = await logIn(prompt);
      assert.ok(browser.code, `no code on: ${browser.page.status} ${browser.text}\n${peer.faults.join('\n')}`);
      const told = await ana.ask(browser.code, /is connected/);
      assert.match(words(told), escaped(expected));
      await w.idle();
    }

    /** Exactly this many calls of that kind, and nothing that the provider does not know. */
    function spent(counts) {
      for (const [where, n] of Object.entries(counts)) assert.equal(peer.count(where), n, `calls of ${where}`);
      assert.deepEqual(peer.faults, []);
      assert.ok(peer.spent, 'the fault was met');
    }

    const check = (what, work) => test(`${name}: ${what}`, async () => {
      peer.forget();
      peer.faults = [];
      await work();
    });

    // --- the list ---

    check('the login leads to the provider\'s own page, and every other call to its own hosts', async () => {
      const real = `real-${name}`;
      await w.must('PUT', `/workspaces/${ACME}/connections/${real}`, {app: name, ...(row.site ? {host: row.site} : {}), client_id: peer.client.id, client_secret: peer.client.secret,
        assurance: 'code', account_match: 'off', ...(row.vars ? {vars: row.vars} : {})});
      const prompt = await ana.prompt(`connect ${real}`);
      await ana.browser.get(loginUrl(prompt));
      await ana.browser.submit({}, {stop: 'https://'});
      const to = new URL(ana.browser.page.location);
      assert.equal(to.origin + to.pathname, row.authorize.url);
      await w.must('DELETE', `/workspaces/${ACME}/connections/${real}?force=true`);
      await w.idle();

      // a peer on loopback stands for all hosts, so the other addresses are compared as they are written
      const written = JSON.parse(readFileSync(join(ROOT, 'service/apps/definitions', `${name}.json`), 'utf8'));
      const values = {host: row.site ?? written.hosts.default, client_id: peer.client.id, realm_id: row.authorize.callback?.realmId, cloud_id: row.lookup?.answer[0].id, ...row.vars};
      const fill = url => url?.replace(/\{(\w+)\}/g, (slot, v) => values[v] ?? slot);
      assert.equal(fill(written.token.url), row.token.url);
      assert.equal(fill(written.refresh?.url), row.refresh.url);
      assert.equal(fill(written.revoke?.url)?.replace(/\{token\}$/, ''), row.revoke?.url);
      assert.equal(/\{token\}$/.test(written.revoke?.url ?? ''), !!row.revoke?.tokenInPath);
      const base = fill(written.api.base);
      for (const kind of row.captured ? [] : ['read', 'write']) assert.ok(row[kind].url.startsWith(`${base}/`), `${row[kind].url} lies below ${base}`);
      const asked = written.identity.url ? fill(written.identity.url) : row.captured ? row.identity.url : base + written.identity.path.split(/[{?]/)[0];
      assert.ok([row.identity.url, row.identityToo?.url].includes(asked), asked);
      assert.deepEqual((written.lookup || []).map(l => fill(l.url)), row.lookup ? [row.lookup.url] : []);
    });

    check('a login, a command that reads and one that writes', async () => {
      await connect();
      await works('read');
      await works('write');
      assert.equal(await state(), 'active');
      spent({code: 1, refresh: 0, read: 1, write: 1});
    });

    check('a command that the login does not allow (RFC 6750 section 3.1): plain words, and the login stays', async () => {
      const lacks = {status: 403, headers: {'www-authenticate': 'Bearer error="insufficient_scope", scope="sample.more"'}, body: row.api.refusal.body};
      peer.next('write', 'error', {answer: lacks});
      const told = await ana.ask(`${name} write`, /did not work/); // in an app's own words where its definition has some
      assert.doesNotMatch(words(told), /Log in to|something went wrong/i);
      await w.idle();
      assert.equal(await state(), 'active');
      spent({write: 1, refresh: 0});
      await works('read');
    });

    check('expired: refreshed once, repeated once, answered', async () => {
      peer.expire();
      await works('read');
      assert.equal(await state(), 'active');
      spent({refresh: 1, read: 2});
    });

    check('rotated: what the refresh brought is what the next one uses', async () => {
      peer.expire();
      await works('write');
      peer.expire();
      await works('read');
      spent({refresh: 2, write: 2, read: 2});
      const sent = peer.calls.filter(c => c.where === 'refresh').map(c => peer.fields(c).refresh_token);
      assert.equal(new Set(sent).size, row.refresh.brings === 'new' ? 2 : 1);
      assert.equal(await state(), 'active');
    });

    check('refused again right after a refresh: one refresh, no loop, and the user reads it', async () => {
      peer.next('read', 'error', {answer: row.api.unauthentic, times: 2});
      await ana.ask(`${name} read`, /did not work/);
      await w.idle();
      spent({refresh: 1, read: 2});
      assert.equal(await state(), 'active');
    });

    /** Another secret than ours is right at the provider while `work` runs; every call with ours is refused in its own words. */
    async function withWrongSecret(work) {
      const right = peer.client.secret;
      peer.client.secret = 'sample-secret-that-nobody-told-us';
      await work().finally(() => { peer.client.secret = right; });
      assert.ok(peer.faults.length > 0 && peer.faults.every(f => /^token: the client is not in /.test(f)), peer.faults.join('\n'));
      peer.faults = [];
    }

    check('our secret is wrong: nobody is disconnected or asked to log in, the admins hear of it once, and it goes on when it is mended', async () => {
      const ben = w.person('ben');
      await w.query('delete from notice');
      const told = async () => (await ben.messages()).filter(m => words(m).includes(`connection ${connection(name)}:`) && /client id or secret/.test(words(m))).length;
      const [before, logins] = [await told(), await w.count('login')];
      await withWrongSecret(async () => {
        for (let i = 0; i < 2; i++) {
          await later();
          peer.expire();
          const answer = await ana.ask(`${name} read`, /did not work/);
          assert.match(words(answer), /An admin must .*your own login is untouched/s);
          assert.equal(await state(), 'active');
        }
        await w.idle();
      });
      assert.equal(await told() - before, 1, 'one notice for both');
      assert.equal(await w.count('login'), logins, 'nobody was asked to log in');
      await later();
      await works('read');
      assert.equal(await state(), 'active');
      assert.deepEqual(peer.faults, []);
    });

    check('our secret is wrong at a login: nobody is connected, and it is said to be an admin\'s matter', async () => {
      const cleo = w.person('cleo');
      const prompt = await cleo.prompt(`connect ${connection(name)}`);
      await withWrongSecret(async () => {
        await cleo.browser.get(loginUrl(prompt));
        await cleo.browser.submit();
        assert.deepEqual([cleo.browser.page.status, cleo.browser.code], [502, null], cleo.browser.text);
        assert.match(cleo.browser.text, /An admin must look at this/);
        await cleo.sees(m => m.ts === prompt.ts && /You were not connected to .*An admin of Workbot must look at it/s.test(words(m)));
        await w.idle();
      });
      assert.equal(await w.count('connection', `user_id = 'U0CLEO001' and state = 'active' and default_name = '${connection(name)}'`), 0);
      assert.equal(peer.count('code'), 1);
    });

    for (const [way, after] of [['in seconds', () => String(WAIT_S)], ['as a date', () => new Date(Date.now() + WAIT_S * 1000).toUTCString()]]) {
      check(`429 ${way}: the command waits that long, and goes on`, async () => {
        peer.next('read', 'throttled', {after: after()});
        const said = await ana.say(`${name} read`);
        const due = await until('the command to wait', async () => peer.count('read') === 1 && waiting());
        assert.ok(due.due_s > WAIT_S - 30 && due.due_s <= WAIT_S + 5, `the next attempt is in ${due.due_s} s`);
        assert.equal(due.error_code, 'app_limit');
        assert.equal(await state(), 'active');
        await works('read', said);
        spent({refresh: 0, read: 2});
      });
    }

    check('an HTML page with 200: the command waits, and goes on', async () => {
      peer.next('read', 'html');
      await works('read');
      assert.equal(await state(), 'active');
      spent({refresh: 0, read: 2});
    });

    check('slow, but within the time of a call: answered all the same', async () => {
      peer.expire();
      peer.next('refresh', 'slow');
      peer.next('read', 'slow', {times: 2});
      await works('read');
      assert.equal(await state(), 'active');
      spent({refresh: 1});
    });

    check('cut: the command is sent again', async () => {
      peer.next('read', 'cut');
      await works('read');
      assert.equal(await state(), 'active');
      spent({refresh: 0, read: 2});
    });

    check('huge: broken off at the bound, the user reads that it did not work, and nothing else happens', async () => {
      peer.next('read', 'huge');
      await ana.ask(`${name} read`, /did not work/);
      await w.idle();
      assert.equal(await state(), 'active');
      spent({refresh: 0, read: 1});
      assert.ok(peer.poured > 0 && peer.poured < READ_MAX, `${peer.poured} bytes were taken`);
    });

    check('a refusal: the user reads it in plain words', async () => {
      peer.next('read', 'error', {answer: row.api.refusal});
      const told = await ana.ask(`${name} read`, /did not work/);
      await w.idle();
      assert.match(words(told), escaped(row.title.split(' ')[0]));
      assert.doesNotMatch(words(told), /HTTP|json|\{/i);
      assert.equal(await state(), 'active');
      spent({refresh: 0, read: 1});
    });

    /** Answers of 2xx that are none: this app's own refusal, the ones that many apps have, a list, and nothing. */
    const ok = kind => row[kind].status ?? 200;
    const hollow = kind => ({
      'its own error': {status: ok(kind), body: row.api.refusal.body},
      'an error': {status: ok(kind), body: {error: {code: 'x', message: 'no'}}},
      'ok: false': {status: ok(kind), body: {ok: false, error: 'nope'}},
      'a list of errors': {status: ok(kind), body: [{message: 'no', errorCode: 'UNKNOWN'}]},
      nothing: {status: ok(kind)},
    });

    for (const [what, answer] of Object.entries(hollow('read'))) {
      check(`${ok('read')} with ${what}: a read did not work, and says so`, async () => {
        peer.next('read', 'error', {answer, times: 2});
        const told = await ana.ask(`${name} read`, /did not work/);
        await w.idle();
        assert.doesNotMatch(words(told), /cannot be reached/);
        assert.ok(peer.count('read') <= 2, 'no outage that is waited for');
        assert.deepEqual(peer.faults, []);
        assert.equal(await state(), 'active');
      });
    }

    for (const [what, answer] of Object.entries(hollow('write'))) {
      check(`${ok('write')} with ${what}: a write is not told as done`, async () => {
        peer.next('write', 'error', {answer, times: 99});
        const said = await ana.say(`${name} write`);
        const told = await until(`an end of ${name} write`, async () => {
          await later();
          return (await ana.messages()).find(m => m.ts >= said.ts && m.is_bot && /did not work|may have happened or not|Made|Said/.test(words(m)));
        });
        assert.match(words(told), /did not work|may have happened or not/);
        await w.idle();
        assert.equal(await state(), 'active');
        // who looked there says so, and is asked no more
        peer.coming = [];
        if (buttons(told).length) await ana.press(told, 'It happened').catch(() => {});
        await w.idle();
      });
    }

    for (const what of ['html', '5xx', 'huge']) {
      check(`refreshing meets ${what}: the connection stays, the command goes on`, async () => {
        peer.expire();
        peer.next('refresh', what);
        await works('read');
        assert.equal(await state(), 'active');
        spent({refresh: 2});
      });
    }

    check(`the answer of a refresh is cut off: ${rotates ? 'one more try, then a login' : 'one more try, and on'}`, async () => {
      peer.expire();
      peer.next('refresh', 'cut');
      const said = await ana.say(`${name} read`);
      if (rotates) {
        await goesOnAfterLogin(said);
        assert.deepEqual(peer.faults, ['a refresh token was used twice']);
        assert.equal(peer.count('refresh'), 2);
        return;
      }
      await works('read', said);
      spent({refresh: 2});
      assert.equal(await state(), 'active');
    });

    /** The user is asked once, and what was typed goes on by itself. */
    async function goesOnAfterLogin(said) {
      let prompt;
      await until(() => `a login to be asked for\n${peer.faults.join('\n')}`, async () => {
        await later();
        prompt = (await ana.messages()).find(m => m.ts > said.ts && m.is_bot && loginUrl(m));
        return prompt;
      });
      await w.idle();
      assert.equal(await state(), 'needs_login');
      assert.equal((await ana.messages()).filter(m => m.ts > said.ts && m.is_bot && loginUrl(m)).length, 1, 'asked once');
      const browser = await logIn(prompt);
      assert.ok(browser.code, `no code on: ${browser.page.status} ${browser.text}\n${peer.faults.join('\n')}`);
      const code = await ana.say(browser.code);
      await until('the command to go on', async () => (await ana.messages()).some(m => m.is_bot && m.ts >= said.ts && escaped(row.read.shows).test(words(m))));
      await w.idle();
      assert.equal(await state(), 'active');
      return code;
    }

    check('revoked at the app: asked to log in once, and the command goes on after it', async () => {
      peer.revoked();
      await goesOnAfterLogin(await ana.say(`${name} read`));
      spent({refresh: 1 + doubt, code: 1});
    });

    check('dead, said with 200: the same; and a login whose answer has no expires_in is used until it is refused', async () => {
      peer.expire();
      peer.next('refresh', 'error', {answer: row.refresh.doubtful ? row.refresh.dead : {status: 200, body: row.refresh.dead.body}});
      peer.next('code', 'short', {without: ['expires_in']});
      peer.says = {iss: 'https://issuer.example'};
      await goesOnAfterLogin(await ana.say(`${name} read`));
      peer.says = {};
      spent({refresh: 1 + doubt, code: 1});
      assert.equal((await w.one("select access_expires_at from connection where default_name = $1 and user_id = 'U0ANA0001'", [connection(name)])).access_expires_at, null);
      peer.expire();
      await works('read');
      spent({refresh: 2 + doubt});
    });

    check(`disconnected: ${row.revoke ? 'ended at the app' : 'removed here, and said so'}`, async () => {
      // the default connection that is refreshed to see acts by the same account: it would keep the grant alive
      if (doubt) await w.query("update connection set state = 'needs_login' where default_name = $1 and user_id = ''", [connection(name)]);
      const {id, ends} = await w.one("select id, extract(epoch from access_expires_at)::int as ends from connection where default_name = $1 and user_id = 'U0ANA0001'", [connection(name)]);
      const lives = row.revoke?.leavesAccess;
      const told = await ana.ask(`disconnect ${connection(name)}`, !row.revoke ? /Disconnected here only: .* offers no way/ : lives ? /has ended the login\. / : /has ended the login too/);
      await w.idle();
      spent({revoke: row.revoke ? row.revoke.calls ?? 1 : 0});
      assert.equal(await state(), 'disconnected');
      if (row.revoke) assert.ok(peer.grant.over, 'the grant is over at the app');
      // the receipt, the audit and the app say the same of the last access token
      const [{detail}, ...more] = await w.query("select detail from audit where action = 'connection.revoked' and subject = $1", [id]);
      assert.deepEqual(more, []);
      assert.equal(detail.result, row.revoke ? 'revoked' : 'not_offered');
      assert.equal(detail.access_until && Date.parse(detail.access_until) / 1000, lives ? ends : undefined);
      assert.equal(/lives on there for a short while/.test(words(told)), !!lives, words(told));
      if (lives) {
        assert.ok(JSON.stringify(told).includes(`<!date^${ends}^`), 'when it runs out, by the clock of who reads it');
        assert.equal(peer.works(), true, 'an access token that is still good');
      } else if (row.revoke) assert.equal(peer.works(), false, 'no token that is still good');
      for (const token of [peer.grant.refresh, peer.grant.lastAccess]) assert.equal(w.log().includes(token), false, 'no token is in a log');
    });

    if (row.revoke?.token === 'access') {
      for (const known of [true, false]) {
        check(`disconnected after its access token has run out${known ? '' : ', which nobody knew'}: another one ends it at the app`, async () => {
          await connect();
          peer.expire();
          if (known) await w.query("update connection set access_expires_at = now() - interval '1 hour' where default_name = $1 and user_id = 'U0ANA0001'", [connection(name)]);
          await ana.ask(`disconnect ${connection(name)}`, /has ended the login too/);
          await w.idle();
          spent({refresh: 1, revoke: known ? 1 : 2});
          assert.ok(peer.grant.over, 'the grant is over at the app');
        });
      }
    }

    check(`a login without a refresh token: ${row.token.optional ? 'taken' : 'refused with the reason'}`, async () => {
      peer.next('code', 'short', {without: ['refresh_token']});
      if (row.token.optional) {
        await connect();
        await works('read');
        spent({code: 1});
        await ana.ask(`disconnect ${connection(name)}`, /./);
        await w.idle();
        return;
      }
      await notConnected(/set up wrong/);
    });

    if (row.needed) {
      check('a login that grants less than the app needs: refused, and it is said what is missing', async () => {
        const rest = row.authorize.scopes.filter(s => s !== row.needed);
        peer.next('code', 'short', {scopes: rest.length ? rest : ['something_else']});
        await w.query('delete from notice');
        const {ts: after} = await notConnected(/not all was allowed that your commands need/, /did not allow what Workbot needs/);
        const seen = m => m.is_bot && m.ts > after && words(m).includes(`connection ${connection(name)}: a login there does not allow all`);
        const told = await w.person('ben').sees(seen, {ms: 5000});
        assert.ok(words(told).includes(`(${row.needed})`), words(told));
        await w.idle();
        assert.equal((await w.person('ben').messages()).filter(seen).length, 1, 'once');
      });
    }

    if (name === 'servicenow') {
      check('scopes that an admin made, instead of its own: taken, and useraccount is not missed', async () => {
        const own = ['incident_desk'];
        const {app, host, client_id} = await w.must('GET', `/workspaces/${ACME}/connections/${connection(name)}`);
        const put = scopes => w.must('PUT', `/workspaces/${ACME}/connections/${connection(name)}`, {app, host, client_id, client_secret: peer.client.secret, scopes, assurance: 'code', account_match: 'off'});
        const was = row.authorize.scopes;
        await put(own);
        row.authorize.scopes = own;
        await connect();
        await works('read');
        spent({code: 1, read: 1});
        await ana.ask(`disconnect ${connection(name)}`, /./);
        await w.idle();
        await put([]);
        row.authorize.scopes = was;
      });
    }

    if (row.untold) {
      check('a login that grants less than was asked for, which this app never says: a command that lacks it asks for consent, once', async () => {
        await connect();
        const asked = row.authorize.scopes.at(-1);
        const lacks = {status: 403, headers: {'www-authenticate': `Bearer error="insufficient_scope"${asked ? `, scope="${asked}"` : ''}`}, body: row.api.refusal.body};
        peer.next('write', 'error', {answer: lacks});
        const said = await ana.say(`${name} write`);
        if (!asked) { // there is nothing that a person could consent to
          await ana.sees(m => m.ts > said.ts && m.is_bot && /did not work/.test(words(m)));
        } else {
          const prompt = await ana.sees(m => m.ts > said.ts && m.is_bot && loginUrl(m));
          assert.match(words(prompt), /needs your consent to more/);
          await w.idle();
          assert.equal(await state(), 'active');
          await ana.say((await logIn(prompt)).code);
          await ana.sees(m => m.ts >= said.ts && m.is_bot && escaped(row.write.shows).test(words(m)));
        }
        await w.idle();
        spent({code: asked ? 2 : 1, refresh: 0, write: asked ? 2 : 1});
        await ana.ask(`disconnect ${connection(name)}`, /./);
        await w.idle();
      });
    }

    const said = {401: row.api.unauthentic, 403: {status: 403, body: row.api.refusal.body}, 404: {status: 404, body: row.api.refusal.body},
      'without the key': {status: 200, body: {}}, empty: {status: 200}};
    for (const [what, answer] of Object.entries(said)) {
      check(`whose login it is, answered ${what}: an admin is needed, and the admins are told what was asked`, async () => {
        await w.query('delete from notice');
        peer.next('identity', 'error', {answer});
        const {ts: after} = await notConnected(/does not say whose login that is/, /did not say who you are/);
        const told = await w.person('ben').sees(m => m.is_bot && words(m).includes(`connection ${connection(name)}: the app lets people in`), {after, ms: 5000});
        assert.match(words(told), /Its definition asks (GET|POST) .* for .*\w/);
      });
    }

    check('whose login it is, met by an outage: away, and the admins have no part in it', async () => {
      await w.query('delete from notice');
      peer.next('identity', '5xx');
      const prompt = await ana.prompt(`connect ${connection(name)}`);
      const browser = await logIn(prompt);
      assert.match(browser.text, /The app did not answer/);
      assert.equal(browser.page.status, 503);
      await w.idle();
      assert.deepEqual(await w.query('select 1 from notice'), []);
    });

    if (!row.refresh.doubtful) {
      check('a code that is too old: said as that, and the next try is one', async () => {
        await w.query('delete from notice');
        peer.next('code', 'error', {answer: row.token.badCode});
        const prompt = await ana.prompt(`connect ${connection(name)}`);
        const browser = await logIn(prompt);
        assert.equal(browser.page.status, 410);
        assert.match(browser.text, /did not take this login.*may have taken too long.*Try again/s);
        await w.idle();
        assert.deepEqual(await w.query('select 1 from notice'), []);
        assert.notEqual(await state(), 'active');
      });
    }

    check('a code refused in a way nobody knows: the admins are told of a login, not of a renewal', async () => {
      await w.query('delete from notice');
      peer.next('code', 'error', {answer: {status: 400, body: {error: 'something_new', error_description: 'x'}}});
      const {ts: after} = await notConnected(/set up wrong/);
      const told = await w.person('ben').sees(m => m.is_bot && words(m).includes(`connection ${connection(name)}: the app did not take a login`), {after, ms: 5000});
      assert.doesNotMatch(words(told), /renew|tokens are kept/);
    });

    /** A login that comes to nothing: no code is shown, and the prompt (and the page) say why. */
    async function notConnected(why, onPage = /./) {
      const prompt = await ana.prompt(`connect ${connection(name)}`);
      const browser = await logIn(prompt);
      assert.equal(browser.code, null, browser.text);
      assert.match(browser.text, onPage);
      const told = await ana.sees(m => m.ts === prompt.ts && /You were not connected to/.test(words(m)));
      assert.match(words(told), why);
      await w.idle();
      assert.notEqual(await state(), 'active');
      spent({code: 1});
      return prompt;
    }
  }
});
