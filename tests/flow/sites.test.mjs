// One login reaches several sites of an app, and its person says in the chat which of them is meant: after the code,
// by a press or in words, once; and nothing is called, and nothing connected, before that.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, Browser, TEAMS_ACME, TEAMS_PEOPLE, buttons, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const DEFINITION = {
  name: 'trak', title: 'Trak', hosts: {names: ['id.trak.example']}, client_auth: 'post',
  vars: {site: {from: 'lookup', pattern: '^[a-z0-9-]{1,20}$', words: 'the id of your site'}},
  authorize: {url: 'https://{host}/auth', scopes: [{name: 'openid', words: 'See who you are'}]},
  token: {url: 'https://{host}/token'}, revoke: {url: 'https://{host}/revoke', token: 'refresh', auth: 'client', ends_one_grant: true},
  lookup: [{url: 'https://{host}/sites', set: {site: 'id'}, label: 'name', host: 'url'}],
  identity: {path: '/me', key: [{var: 'site'}, {path: 'sub'}], name: 'name', email: 'email'},
  api: {base: 'https://{host}/at/{site}', error: {code: ['error']}},
  actions: {look: {title: 'Look', inputs: {}, requests: [{path: '/data', success: [200]}], output: {site: 'answer.site'}}},
};
const site = (id, name = id) => ({id, name, url: `https://${id}.trak.example/home`});
const TWO = [site('acme', 'Acme'), site('acme-labs', 'Acme Labs'), site('acme', 'Acme')]; // one is listed twice
const SECRET = 'sample-client-secret';
const WHICH = /Which Trak site should Workbot use for you\?/;
const CHOSEN = /Trak is connected/;

/** Whoever comes is Ana; `refuses`: sites that do not say who she is. */
class Trak {
  sites = TWO;
  refuses = [];
  calls = []; // sites whose data was asked for
  revoked = [];

  async start() {
    this.server = http.createServer((req, res) => this.#serve(req, res)).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.host = `127.0.0.1:${this.server.address().port}`;
    return this;
  }
  async #serve(req, res) {
    let body = '';
    for await (const part of req) body += part;
    const url = new URL(req.url, 'http://host');
    const send = (status, what, headers = {}) => res.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(what));
    if (url.pathname === '/auth') return send(302, {}, {location: `${url.searchParams.get('redirect_uri')}?${new URLSearchParams({code: 'one', state: url.searchParams.get('state')})}`});
    if (url.pathname === '/token') return send(200, {access_token: `a${randomBytes(8).toString('hex')}`, refresh_token: `r${randomBytes(8).toString('hex')}`, token_type: 'bearer', expires_in: 3600});
    if (url.pathname === '/revoke') {
      this.revoked.push(new URLSearchParams(body).get('token'));
      return send(200, {});
    }
    if (url.pathname === '/sites') return send(200, this.sites);
    const [, at, what] = /^\/at\/([a-z0-9-]+)\/(\w+)$/.exec(url.pathname) || [];
    if (what === 'me') return this.refuses.includes(at) ? send(403, {error: 'no'}) : send(200, {sub: 'ana', name: 'Ana Alvarez', email: 'ana@acme.example'});
    if (what !== 'data') return send(404, {error: 'nothing'});
    this.calls.push(at);
    return send(200, {site: at});
  }
}

/** A world in which Trak is known, `my-trak` its connection, and `trak look` a command. `stop()` ends all of it. */
async function begin({workspace = ACME, env = {}, ...connection} = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const trak = await new Trak().start();
  let w = null;
  const stop = async () => {
    await w?.stop();
    trak.server.closeAllConnections();
    trak.server.close();
    rmSync(dir, {recursive: true});
  };
  try {
    writeFileSync(join(dir, 'trak.json'), JSON.stringify(DEFINITION));
    w = await start({env: {WORKBOT_APPS_DIR: dir, ...env}, trusted: [trak.host], teams: workspace === TEAMS_ACME ? 'only' : false});
    await w.must('PUT', `/workspaces/${workspace}/connections/my-trak`, {app: 'trak', host: trak.host, client_id: 'c', client_secret: SECRET, assurance: 'code', account_match: 'off', ...connection});
    await w.putRecipe(workspace, {name: 'look', title: 'Look', command: 'trak look', allow: 'everyone', inputs: [],
      connections: {it: {use: 'my-trak', verify_user_access: true}}, steps: [{id: 'at', connection: 'it', action: 'look', with: {}}], reply: {text: 'Looked at {{steps.at.site}}'}});
  } catch (e) {
    await stop();
    throw e;
  }
  return {w, trak, stop};
}

for (const chat of ['slack', 'teams']) {
  describe(`several sites, in ${chat}`, () => {
    const workspace = chat === 'slack' ? ACME : TEAMS_ACME;
    const user = chat === 'slack' ? 'U0ANA0001' : TEAMS_PEOPLE.ana;
    let trak, w, stop, ana, cleo;

    before(async () => {
      ({trak, w, stop} = await begin({workspace}));
      ana = chat === 'slack' ? w.person('ana') : w.teamsPerson('ana');
      cleo = chat === 'slack' ? w.person('cleo') : w.teamsPerson('cleo');
    });
    after(() => stop?.());
    /** Nobody has a connection, a login or a run. */
    beforeEach(async () => {
      await w.idle();
      for (const table of ['run', 'connection', 'login']) await w.query(`delete from ${table} where user_id <> ''`);
      Object.assign(trak, {sites: TWO, refuses: [], calls: [], revoked: []});
      await w.query(`update default_connection set vars = '{}' where name = 'my-trak'`);
    });

    const row = () => w.one(`select state, vars ->> 'site' as site, organization, assurance, reason from connection where workspace = '${workspace}' and coalesce(resting_of, user_id) = '${user}' order by created_at desc limit 1`);
    const login = () => w.one(`select id, state, proven, reason, provisional is null as wiped from login where workspace = '${workspace}' and user_id = '${user}' order by created_at desc, id desc limit 1`);
    /** Through the app's page, which asks nothing: the code that is shown then, or the page without one. */
    async function returns(prompt) {
      const b = new Browser();
      await b.get(loginUrl(prompt));
      await b.submit();
      return b;
    }
    /** From what is typed to the question. */
    async function asked(typed = 'trak look') {
      const prompt = await ana.prompt(typed);
      return ana.ask((await returns(prompt)).code, WHICH);
    }
    const offered = m => labels(m).filter(l => l !== 'Back');
    const is_untouched = async () => {
      await w.idle();
      assert.deepEqual([(await row())?.state, (await login()).state, (await login()).proven], ['provisional', 'code', 'code']);
      assert.deepEqual(trak.calls, [], 'nothing was called');
    };

    test('P2 P9 she presses one: her command goes on there, and the notice says whom and where', async () => {
      const m = await asked();
      assert.deepEqual(offered(m), ['Acme (acme.trak.example)', 'Acme Labs (acme-labs.trak.example)']);
      assert.ok(!JSON.stringify(buttons(m).map(b => b.value ?? {})).includes('acme-labs'), 'a button names a row, never a site');
      await is_untouched();
      await ana.press(m, 'Acme Labs (acme-labs.trak.example)');
      const told = await ana.sees(CHOSEN, {after: m.ts});
      assert.match(words(told), /connected as Ana Alvarez.*Acme Labs/);
      await ana.sees(/Looked at acme-labs/);
      await ana.sees(x => x.ts === m.ts && /You have chosen Acme Labs \(acme-labs\.trak\.example\)/.test(words(x)) && labels(x).length === 0);
      await w.idle();
      assert.deepEqual(trak.calls, ['acme-labs'], 'once');
      assert.deepEqual(await row(), {state: 'active', site: 'acme-labs', organization: 'Acme Labs', assurance: 'code', reason: null});
      assert.deepEqual(await login(), {id: (await login()).id, state: 'done', proven: null, reason: null, wiped: true});
      assert.deepEqual(trak.revoked, []);
    });

    for (const typed of ['acme labs', 'acme-labs.trak.example', 'Acme Labs (acme-labs.trak.example)']) {
      test(`she types ${typed}`, async () => {
        await asked();
        await ana.ask(typed, CHOSEN);
        await ana.sees(/Looked at acme-labs/);
        assert.equal((await row()).site, 'acme-labs');
      });
    }

    test('namesakes are told apart by a button alone, and other words are none of it', async () => {
      trak.sites = [site('one', 'Acme'), site('two', 'Acme')];
      const m = await asked('connect my-trak');
      await ana.ask('Acme', /Several sites have that name/);
      await ana.ask('Umbrella', x => x.is_bot && x.ts > m.ts && !/Several sites/.test(words(x)));
      await is_untouched();
      await ana.press(m, 'Acme (two.trak.example)');
      await ana.sees(CHOSEN, {after: m.ts});
      assert.equal((await row()).site, 'two');
    });

    test('a site that bears the name of another shows its own host', async () => {
      trak.sites = [site('acme', 'Acme'), site('evil', `Acme (acme.trak.example)${'.'.repeat(40)}`)];
      const m = await asked('connect my-trak');
      const [real, other] = offered(m);
      assert.equal(real, 'Acme (acme.trak.example)');
      assert.match(other, /^Acme \(acme\.trak\.example\)[.]+… \(evil\.trak\.example\)$/);
      await ana.ask('cancel', /Cancelled/);
    });

    for (const how of ['cancel', 'Back']) {
      test(`P12 ${how} ends it, and revokes what was got`, async () => {
        const m = await asked('connect my-trak');
        if (how === 'cancel') await ana.ask('cancel', /Cancelled: the login to Trak/);
        else await ana.press(m, 'Back');
        await until('the grant to be revoked', () => trak.revoked.length === 1);
        await w.idle();
        await ana.sees(x => x.ts === m.ts && !offered(x).some(l => /trak\.example/.test(l)));
        assert.deepEqual([(await login()).state, (await login()).wiped, await row()], ['cancelled', true, undefined]);
        const stale = buttons(m).find(b => /acme-labs/.test(b.label));
        if (chat === 'slack') await ana.forge(m, 'site', stale.value);
        await w.idle();
        assert.equal(await row(), undefined, 'a press that came late connects nothing');
      });
    }

    test('P2 another person\'s press is nothing, whatever button it is laid on', async () => {
      const m = await asked('connect my-trak');
      const real = buttons(m).find(b => /acme-labs/.test(b.label));
      const hers = await cleo.ask('connections', /Your connections/);
      const mark = labels(hers)[0];
      if (chat === 'slack') await cleo.forge(hers, 'site', real.value);
      else {
        const own = buttons(hers).find(b => b.label === mark);
        await cleo.press(hers, mark, {force: true, forge: {type: real.type, verb: real.action, data: {...real.value, wb: {...real.value.wb, m: own.value.wb.m}}}});
      }
      await cleo.ask('Acme Labs', x => x.is_bot);
      await is_untouched();
      assert.doesNotMatch(await cleo.reads('dm'), /Ana Alvarez|trak\.example/, 'and she reads nothing of it');
      await ana.press(m, real.label);
      await ana.sees(CHOSEN, {after: m.ts});
    });

    test('P1 the first press counts, and a second one of either button does nothing', async () => {
      const m = await asked();
      const [one, two] = buttons(m).filter(b => /trak\.example/.test(b.label));
      await Promise.all([ana.press(m, one.label), ana.press(m, one.label)]);
      await ana.sees(CHOSEN, {after: m.ts});
      await w.idle();
      if (chat === 'slack') await ana.forge(m, 'site', two.value);
      await w.idle();
      assert.deepEqual([(await row()).site, trak.calls], ['acme', ['acme']]);
      assert.equal((await ana.messages()).filter(x => x.ts > m.ts && CHOSEN.test(words(x))).length, 1);
      assert.equal(await w.count('audit', `workspace = '${workspace}' and action = 'connection.connected' and detail ->> 'connection' = 'my-trak' and at > now() - interval '1 minute' and subject = (select id::text from connection where workspace = '${workspace}' and user_id = '${user}')`), 1);
    });

    test('P9 it expires with its login: revoked, told, and the way on stands there', async () => {
      const m = await asked('connect my-trak');
      await w.query("update login set code_expires_at = now() - interval '1 second', expires_at = now() - interval '1 second'");
      await ana.sees(/This login has expired: no site was chosen in time/);
      await ana.sees(x => x.ts === m.ts && /No site was chosen/.test(words(x)) && labels(x).length === 0);
      await until('the grant to be revoked', () => trak.revoked.length === 1);
      assert.deepEqual([(await login()).state, (await login()).wiped, await row()], ['expired', true, undefined]);
    });

    test('P7 the service is started anew between code and press', async () => {
      const m = await asked();
      await w.idle();
      await w.restart();
      await ana.press(m, 'Acme (acme.trak.example)');
      await ana.sees(CHOSEN, {after: m.ts});
      await w.idle();
      assert.deepEqual([(await row()).site, trak.calls], ['acme', ['acme']]);
    });

    test('logging in again is for the same site, without a question; after Not me it asks', async () => {
      const m = await asked('connect my-trak');
      await ana.press(m, 'Acme Labs (acme-labs.trak.example)');
      await ana.sees(CHOSEN, {after: m.ts});
      await w.query("update connection set state = 'needs_login', reason = 'ended_at_app' where user_id <> ''");
      const prompt = await ana.prompt('trak look');
      const told = await ana.ask((await returns(prompt)).code, CHOSEN);
      await ana.sees(/Looked at acme-labs/);
      assert.equal((await row()).site, 'acme-labs');
      await ana.press(told, 'Not me');
      await until('it to have ended', async () => (await row()).state === 'disconnected');
      await w.idle();
      const again = await asked('connect my-trak');
      await ana.press(again, 'Acme (acme.trak.example)');
      await ana.sees(CHOSEN, {after: again.ts});
      assert.equal((await row()).site, 'acme');
    });

    test('a new trip of the browser asks anew, and gives back what the earlier one got; the old question is over', async () => {
      const prompt = await ana.prompt('connect my-trak');
      const old = await ana.ask((await returns(prompt)).code, WHICH);
      trak.sites = [site('acme-labs', 'Acme Labs'), site('zeta', 'Zeta')];
      const {code} = await returns(prompt);
      await until('the first grant to be revoked', () => trak.revoked.length === 1);
      await ana.press(old, 'Acme (acme.trak.example)');
      await w.idle();
      assert.deepEqual([(await row()).state, (await login()).proven], ['provisional', null], 'a code is awaited again');
      const m = await ana.ask(code, WHICH);
      assert.notEqual(m.ts, old.ts);
      assert.deepEqual(offered(m), ['Acme Labs (acme-labs.trak.example)', 'Zeta (zeta.trak.example)']);
      if (chat === 'slack') await ana.forge(m, 'site', buttons(old).find(b => /acme-labs/.test(b.label)).value);
      await w.idle();
      assert.equal((await row()).state, 'provisional', 'a row of the old list is none of the new one');
      await ana.press(m, 'Zeta (zeta.trak.example)');
      await ana.sees(CHOSEN, {after: m.ts});
      assert.equal((await row()).site, 'zeta');
    });

    test('P5 what there is to choose from is sealed, and pending says what waits', async () => {
      await asked();
      const dump = await w.one(`select convert_from(provisional, 'SQL_ASCII') as text from login where proven = 'code'`).catch(() => ({text: ''}));
      assert.ok(!dump.text.includes('Acme'));
      assert.match(words(await ana.ask('pending', /Look/)), /waits for your choice of a site: press one/);
      assert.match(words(await ana.ask('connections', /Your connections/)), /Waiting for your choice of a site|waits for your choice of a site/);
      await ana.ask('cancel', /Cancelled/);
    });

    test('a site that does not say who she is is none to choose; the only one left needs no question', async () => {
      trak.refuses = ['acme'];
      const prompt = await ana.prompt('connect my-trak');
      await ana.ask((await returns(prompt)).code, CHOSEN);
      assert.deepEqual([(await row()).site, (await row()).organization], ['acme-labs', 'Acme Labs']);
    });

    test('an admin who has pinned one decides, and nobody is asked', async () => {
      await w.must('PUT', `/workspaces/${workspace}/connections/my-trak`, {vars: {site: 'acme'}, client_secret: SECRET});
      const prompt = await ana.prompt('connect my-trak');
      await ana.ask((await returns(prompt)).code, CHOSEN);
      assert.equal((await row()).site, 'acme');
      await w.must('PUT', `/workspaces/${workspace}/connections/my-trak`, {vars: {}, client_secret: SECRET});
    });

    test('26 are refused, with the words for an admin; 25 are asked', async () => {
      trak.sites = Array.from({length: 26}, (_, i) => site(`s${i}`));
      const prompt = await ana.prompt('connect my-trak');
      const b = await returns(prompt);
      await ana.sees(/your login reaches several places there, and an admin of Workbot must set which of them is meant/);
      if (chat === 'slack') assert.match(b.text, /has 26 to choose from[^]*An admin must set which, in "vars" of the default connection: "site", the id of your site/);
      assert.equal(b.code, null);
      await until('the grant to be revoked', () => trak.revoked.length === 1);
      trak.sites = trak.sites.slice(1);
      const m = await ana.ask((await returns(prompt)).code, WHICH);
      assert.equal(offered(m).length, 25);
      await ana.press(m, 's25 (s25.trak.example)');
      await ana.sees(CHOSEN, {after: m.ts});
      assert.equal((await row()).site, 's25');
    });
  });
}

describe('several sites, otherwise proven', () => {
  test('P4 whom the chat\'s own sign-in proves is asked without a code, and what waited goes on', async () => {
    const {w, stop} = await begin({env: {WORKBOT_SLACK_SIGN_IN: 'on'}, assurance: 'sign_in'});
    try {
      await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/identity/slack/callback`]}}});
      const ana = w.person('ana'), b = new Browser();
      await b.get(loginUrl(await ana.prompt('trak look')));
      await b.submit();
      await b.signIn('T0ACME001/U0ANA0001');
      assert.match(b.text, /One step left Choose a site in your chat/);
      assert.equal(b.code, null);
      const m = await ana.sees(WHICH);
      await ana.press(m, 'Acme (acme.trak.example)');
      await ana.sees(/Looked at acme, as/);
      assert.deepEqual(await w.one("select state, assurance, vars ->> 'site' as site from connection where user_id = 'U0ANA0001'"), {state: 'active', assurance: 'sign_in', site: 'acme'});
    } finally {
      await stop();
    }
  });

  test('an admin\'s login of the default connection is refused: a set variable says which', async () => {
    const {w, trak, stop} = await begin();
    try {
      const b = new Browser();
      await b.get((await w.must('POST', `/workspaces/${ACME}/connections/my-trak/login`, {})).login_url);
      await b.submit();
      assert.match(b.text, /has 2 to choose from[^]*An admin must set which/);
      await until('the grant to be revoked', () => trak.revoked.length === 1);
      await w.must('PUT', `/workspaces/${ACME}/connections/my-trak`, {vars: {site: 'acme'}, client_secret: SECRET});
      await w.authorizeAt(ACME, 'my-trak');
    } finally {
      await stop();
    }
  });
});
