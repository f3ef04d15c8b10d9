// The console: who gets in, who does not, and what the settings of a recipe change.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, GLOBEX, OPPORTUNITY, button, labels, start, until, words} from '../lib/flow.mjs';
import {linkOf, signIn as enter} from '../lib/console.mjs';

const HOME = `/console/workspaces/${ACME}`;
const SETTINGS = `${HOME}/recipes/create-opportunity/settings`;
const ANA = 'U0ANA0001', BEN = 'U0BEN0001';
const SECOND_TOKEN = 'sample-second-operator-token-of-this-file';

let w, ben;
const asked = async (person = ben) => linkOf(await person.ask('console', /The console for/));
const audit = action => w.query('select actor, subject from audit where workspace = $1 and action = $2 order by id', [ACME, action]);
const sessions = (where = 'true') => w.count('console_session', `token_hash is not null and ended_at is null and ${where}`);
const admins = (...list) => w.must('PUT', `/workspaces/${ACME}`, {admins: list});
/** A path of the table with its parameters; one that is not known here is a page that nobody probes. */
const filled = (path, values) => path.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? assert.fail(`${path}: no ${key}`));
const page = (browser, path) => browser.get(w.url + path);

/** Every page of a workspace by the table, where `names` says which of each list. */
async function consolePages(names) {
  const {openapi} = await import('../contract/support.mjs');
  const found = openapi.operations.filter(o => o.method === 'GET' && o.path.startsWith('/console/workspaces/{workspace}'));
  assert.ok(found.length >= 12);
  return found.map(o => {
    const one = names[o.path.match(/([a-z-]+)\/\{(?:name|id)\}/)?.[1]];
    return filled(o.path, {workspace: ACME, name: one, id: one});
  });
}

const signIn = (person = ben, browser = new Browser()) => enter(person, browser);

before(async () => {
  w = await start({globex: true, replicas: 2, env: {WORKBOT_ADMIN_TOKENS: `${ADMIN_TOKEN},${SECOND_TOKEN}`}});
  ben = w.person('ben');
  await admins(BEN);
});
after(() => w?.stop());

describe('signing in', () => {
  test('`console` is for admins; others are told who they are', async () => {
    const said = await w.person('ana').ask('console', /The console is for admins of Workbot here/);
    assert.match(words(said), /You can ask/);
    assert.equal(button(said, 'Open the console'), undefined);
    await w.person('ana').ask('console 123456', /for admins/);
    assert.equal(await w.count('console_session'), 0);
  });

  test('P3, P4: the link changes nothing by GET; its code, sent by that admin, lets that browser in, once', async () => {
    const url = await asked(), browser = new Browser();
    for (const method of ['GET', 'HEAD', 'GET']) assert.equal((await browser.request(method, url)).status, 200);
    await browser.get(url);
    assert.match(browser.text, /Sign in as Ben/);
    assert.equal(await w.count('console_session', 'codes > 0'), 0, 'a preview spends nothing');
    await browser.submit();
    const code = browser.code;
    assert.ok(code, browser.text);

    await browser.submit(); // "Go on", too early
    assert.match(browser.text, /Your code has not arrived/);
    assert.equal(await sessions(), 0);
    const told = await ben.ask(`console ${code}`, /That browser is yours/);
    assert.doesNotMatch(JSON.stringify(told), /\u2217|\*\*/, 'its bold words are bold');
    await browser.request('POST', `${url}/enter`);
    assert.equal(browser.page.status, 303);
    assert.equal(new URL(browser.page.location).pathname, HOME);
    await browser.follow();
    assert.match(browser.text, /Create an opportunity/);
    assert.deepEqual((await audit('console.signed_in')).map(a => a.actor), [`user:${BEN}`]);

    for (const again of [browser, new Browser()]) {
      assert.equal((await again.request('POST', `${url}/enter`)).status, 410, 'it works once');
      assert.equal((await again.request('POST', url)).status, 410);
      assert.equal((await again.request('GET', url)).status, 410);
    }
    const dump = JSON.stringify([...await w.query('select * from console_session'), ...await w.query('select * from audit')]);
    const cookie = [...browser.cookies('127.0.0.1').values(), ...browser.cookies('localhost').values()];
    for (const secret of [url.split('/').at(-1), code, ...cookie]) assert.ok(!dump.includes(secret), 'only digests are stored');
    assert.ok(!w.log().includes(url.split('/').at(-1)));
  });

  test('P4: a forwarded link gives whoever opens it nothing, and its owner no way in by it either', async () => {
    const url = await asked(), other = new Browser(), own = new Browser();
    await other.get(url);
    assert.match(other.text, /Go on only if you are Ben/);
    await other.submit();
    const code = other.code;
    await w.person('ana').ask(`console ${code}`, /for admins/);
    await admins(BEN, ANA);
    await w.person('ana').ask(`console ${code}`, /No page of yours waits for a code/);
    await admins(BEN);
    await other.submit();
    assert.match(other.text, /has not arrived/, 'nobody has sent it');
    // the browser that came second has no code of it, and cannot take the first one's place
    await own.get(url);
    assert.equal((await own.request('POST', url)).status, 410);
    assert.equal((await own.request('POST', `${url}/enter`)).status, 410);
    // the right code proves the browser that showed it, not one that only has the link
    await ben.ask(`console ${code}`, /That browser is yours/);
    assert.equal((await own.request('POST', `${url}/enter`)).status, 410);
    const before = await sessions();
    const out = await ben.ask('console sign out', /You are signed out of the console|signed in to the console nowhere/);
    assert.doesNotMatch(JSON.stringify(out), /\u2217|\*\*/);
    assert.equal((await other.request('POST', `${url}/enter`)).status, 410, 'and its admin has ended it');
    assert.ok(await sessions() <= before);
  });

  test('three wrong codes end a link; a new link ends the one before; where others read no code is taken', async () => {
    const url = await asked(), browser = new Browser();
    await browser.get(url);
    await browser.submit();
    const wrong = String((Number(browser.code) + 1) % 1000000).padStart(6, '0');
    await ben.ask(`@Workbot console ${browser.code}`, /I did not use that code/, {place: 'deals'});
    await ben.ask(`console ${wrong}`, /not the code that your page shows/);
    await ben.ask(`console ${wrong}`, /not the code that your page shows/);
    await ben.ask(`console ${wrong}`, /third wrong code/);
    await ben.ask(`console ${browser.code}`, /No page of yours waits/);
    assert.equal((await browser.request('POST', url)).status, 410);
    const first = await asked(), second = await asked();
    assert.equal((await browser.request('GET', first)).status, 410);
    assert.equal((await browser.request('GET', second)).status, 200);
  });

  test('links and sessions end by the clock', async () => {
    const url = await asked(), late = new Browser();
    await w.query("update console_session set link_expires_at = now() - interval '1 second' where token_hash is null");
    assert.equal((await late.request('GET', url)).status, 410);
    const browser = await signIn();
    await w.query("update console_session set last_used_at = now() - interval '31 minutes' where token_hash is not null");
    await page(browser, HOME);
    assert.match(browser.text, /Sign in to the console/, 'idle');
    const second = await signIn();
    await w.query("update console_session set expires_at = now() - interval '1 second' where token_hash is not null");
    await page(second, HOME);
    assert.match(second.text, /Sign in to the console/, 'over');
  });

  test('a session is a new secret, whatever cookie the browser had before', async () => {
    const browser = new Browser(), host = new URL(w.url).hostname;
    browser.cookies(host).set('console', 'planted-by-somebody-else');
    browser.cookies(host).set('console_link', 'planted-too');
    await signIn(ben, browser);
    assert.notEqual(browser.cookies(host).get('console'), 'planted-by-somebody-else');
    const planted = new Browser();
    planted.cookies(host).set('console', 'planted-by-somebody-else');
    await page(planted, HOME);
    assert.match(planted.text, /Sign in to the console/);
  });

  test('pages say how they may be used: no scripts, no frames, no copies', async () => {
    const browser = await signIn();
    await page(browser, SETTINGS);
    const csp = browser.page.headers.get('content-security-policy');
    assert.match(csp, /default-src 'none'/);
    assert.match(csp, /frame-ancestors 'none'/);
    assert.doesNotMatch(csp, /script-src|unsafe/);
    assert.equal(browser.page.headers.get('cache-control'), 'no-store');
    const url = await asked(), r = await fetch(url, {method: 'POST'});
    assert.match(r.headers.getSetCookie()[0], /HttpOnly; SameSite=Lax/);
  });
});

describe('who stays in', () => {
  test('signing out ends this session, and "everywhere" all of them', async () => {
    const one = await signIn(), two = await signIn();
    await page(one, HOME);
    await one.submit(); // the bar's "Sign out"
    await page(one, HOME);
    assert.match(one.text, /Sign in to the console/);
    await page(two, `${HOME}/sessions`);
    assert.match(two.text, /This browser/);
    const three = await signIn();
    await page(two, `${HOME}/sessions`);
    const key = two.form({}, 1).fields.form_key;
    assert.equal((await two.request('POST', `${w.url}${HOME}/sessions`, {form_key: key, id: 'all'})).status, 303);
    for (const b of [two, three]) {
      await page(b, HOME);
      assert.match(b.text, /Sign in to the console/);
    }
    const four = await signIn();
    await ben.ask('console sign out', /You are signed out of the console/);
    await page(four, HOME);
    assert.match(four.text, /Sign in to the console/);
  });

  test('one session is ended by its id from another one, which lives on; the audit says who did it', async () => {
    const one = await signIn(), two = await signIn();
    const mine = b => /<li class="row">(?:(?!<\/li>).)*This browser(?:(?!<\/li>).)*name="id" value="([^"]*)"/s.exec(b.page.html)[1];
    await page(two, `${HOME}/sessions`);
    const id = mine(two);
    await page(one, `${HOME}/sessions`);
    assert.notEqual(mine(one), id);
    assert.ok(one.page.html.includes(`name="id" value="${id}"`), 'it is listed there, too');
    const {form_key} = one.form({}, 1).fields, end = more => one.request('POST', `${w.url}${HOME}/sessions`, {form_key, ...more});
    await end({id: '01900000-0000-7000-8000-000000000000'});
    assert.equal(one.page.status, 303, 'one that is none ends none');
    await page(two, HOME);
    assert.match(two.text, /Recipes/);
    const before = (await audit('console.signed_out')).length;
    await end({id});
    assert.equal(one.page.status, 303);
    assert.equal(new URL(one.page.location).pathname, `${HOME}/sessions`);
    await one.follow();
    assert.match(one.text, /Signed out\./);
    assert.ok(!one.page.html.includes(id));
    await page(two, HOME);
    assert.match(two.text, /Sign in to the console/);
    assert.deepEqual((await audit('console.signed_out')).slice(before), [{actor: `user:${BEN}`, subject: id}]);
    await end({id: 'not-an-id'});
    assert.equal(one.page.status, 400);
  });

  test('a change that waits behind the one that takes its doer\'s right away is not made', async () => {
    const browser = await signIn(), path = `/workspaces/${ACME}`, {installer} = await w.must('GET', path);
    await page(browser, `${HOME}/api-tokens`);
    const {form_key} = browser.form({}, 1).fields;
    const behind = async (first, second) => {
      const lock = await w.hold('select from workspace where workspace = $1 for update', [ACME]);
      const one = first();
      await lock.waiting(1);
      const two = second();
      await lock.waiting(2);
      await lock.release();
      return [(await one).status, (await two).status];
    };
    assert.deepEqual(await behind(() => w.api('PUT', path, {admins: [], installer: null}),
      () => browser.request('POST', `${w.url}${HOME}/api-tokens`, {form_key, do: 'make', name: 'by-ben', role: 'admin'})), [200, 403]);
    for (const [method, rest, body] of [['POST', '/api-tokens', {name: 'by-leaked', role: 'admin'}], ['PUT', '', {name: 'Taken'}],
      ['DELETE', `/people/${ANA}`], ['DELETE', '/personal-connections?app=salesforce'], ['DELETE', '/personal-connections/0190c0de-0000-7000-8000-000000000001'],
      ['POST', '/connections/acme-salesforce/login', {}], ['POST', '/connections/acme-salesforce/login/confirm', {code: '123456'}]]) {
      const {token} = await w.must('POST', `${path}/api-tokens`, {name: 'leaked', role: 'admin'});
      const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/json'};
      assert.deepEqual(await behind(() => w.api('DELETE', `${path}/api-tokens/leaked`),
        () => fetch(`${w.url}/v1${path}${rest}`, {method, headers, body: JSON.stringify(body)})), [204, 401]);
    }
    assert.deepEqual((await w.must('GET', `${path}/api-tokens`)).items.filter(t => t.name.startsWith('by-')), []);
    await w.must('PUT', path, {admins: [BEN], installer});
  });

  test('who is no admin any more is signed out, and stays so when named again', async () => {
    await admins(BEN, ANA);
    const ana = w.person('ana'), browser = await signIn(ana);
    await admins(BEN);
    await admins(BEN, ANA);
    await page(browser, HOME);
    assert.match(browser.text, /Sign in to the console/);
    const again = await signIn(ana);
    await page(again, SETTINGS);
    const {fields} = again.form({}, 1);
    await w.query('update workspace set admins = $2 where workspace = $1', [ACME, [BEN]]); // while the page is open
    const before = await w.count('recipe_version');
    const r = await again.request('POST', w.url + SETTINGS, fields);
    assert.equal(r.status, 303);
    assert.equal(new URL(r.location).pathname, '/console');
    assert.equal(await w.count('recipe_version'), before, 'nothing was stored');
    assert.equal(await sessions(`user_id = '${ANA}'`), 0);
  });

  test('an operator signs in with the token, sees all workspaces, and wrong ones are slowed down', async () => {
    const browser = new Browser();
    await page(browser, '/console');
    await browser.submit({token: 'not-the-operator-token-of-this-deployment'});
    assert.equal(browser.page.status, 401);
    assert.match(browser.text, /not an operator token/);
    await browser.submit({token: ADMIN_TOKEN});
    assert.equal(browser.page.status, 200, browser.text);
    assert.match(browser.text, /Slack · slack:T0ACME001.*Slack · slack:T0GLOBEX1/);
    for (const workspace of [ACME, GLOBEX]) {
      await page(browser, `/console/workspaces/${workspace}`);
      assert.equal(browser.page.status, 200);
    }
    const {form_key} = (await page(browser, `${HOME}/admins`), browser.form({}, 1).fields);
    for (const none of ['slack:T0NOWHERE', '%22%3E', 'a%0D%0AX-Made: 1'.replace(' ', '%20')]) {
      const path = `/console/workspaces/${none}/sessions`, id = '01900000-0000-7000-8000-000000000000';
      assert.equal((await browser.request('POST', w.url + path, {form_key, id})).status, 404, none);
    }
    assert.ok(!JSON.stringify(await w.query('select * from operator_session')).includes(browser.cookies(new URL(w.url).hostname).get('console')));
    let status = 0;
    for (let i = 0; i < 25 && status !== 429; i++) ({status} = await new Browser().request('POST', `${w.url}/console/operator`, {token: 'wrong'}));
    assert.equal(status, 429);
    await page(browser, HOME);
    await browser.submit();
    await page(browser, HOME);
    assert.match(browser.text, /Sign in to the console/);
  });

  describe('operators', () => {
    const operator = async (token = ADMIN_TOKEN) => {
      const browser = new Browser();
      await page(browser, '/console');
      await browser.submit({token});
      assert.equal(browser.page.status, 200, browser.text);
      return browser;
    };
    const isIn = async browser => {
      await page(browser, '/console/deployment');
      return /Keys and health/.test(browser.text) || (assert.match(browser.text, /Sign in to the console/), false);
    };
    const mark = token => `token:${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
    const logged = message => w.log().split('\n').filter(l => l.includes(`"${message}"`)).map(l => JSON.parse(l));

    test('each is listed and can be signed out by another; the log says who came, from where, and who sent them away', async () => {
      await w.query('delete from operator_session');
      const one = await operator(), two = await operator(SECOND_TOKEN);
      const cookie = two.cookies(new URL(w.url).hostname).get('console');
      assert.ok(await isIn(one));
      assert.match(one.text, new RegExp(`${mark(ADMIN_TOKEN)} This browser`));
      assert.match(one.text, new RegExp(`${mark(SECOND_TOKEN)} Signed in`));
      const ids = [...one.page.html.matchAll(/name="id" value="([0-9a-f]{32})"/g)].map(m => m[1]);
      assert.equal(ids.length, 2);
      const digest = createHash('sha256').update(cookie).digest('hex'), id = ids.find(i => digest.startsWith(i)), {form_key} = one.form({}, 1).fields;
      assert.ok(id && !one.page.html.includes(digest), 'an id names a session; the digest itself stands nowhere');
      for (const wrong of ['', '0', '%', '_'.repeat(32), id.slice(1), id.slice(0, 31)]) {
        assert.equal((await one.request('POST', `${w.url}/console/deployment`, {form_key, id: wrong})).status, 303);
        assert.ok(await isIn(two), `"${wrong}" is no session`);
      }
      assert.equal((await one.request('POST', `${w.url}/console/deployment`, {form_key: 'f'.repeat(64), id})).status, 403);
      assert.equal((await one.request('POST', `${w.url}/console/deployment`, {form_key, id})).status, 303);
      assert.equal(await isIn(two), false);
      assert.ok(await isIn(one));
      await one.submit(); // the bar's "Sign out"
      assert.equal(await isIn(one), false);
      const came = logged('an operator signed in to the console').slice(-2), went = logged('an operator was signed out of the console').slice(-2);
      assert.deepEqual(came.map(l => [l.actor, l.address]), [[mark(ADMIN_TOKEN), '127.0.0.1'], [mark(SECOND_TOKEN), '127.0.0.1']]);
      assert.deepEqual(went.map(l => [l.actor, l.session_of, l.address]), [[mark(ADMIN_TOKEN), mark(SECOND_TOKEN), '127.0.0.1'], [mark(ADMIN_TOKEN), mark(ADMIN_TOKEN), '127.0.0.1']]);
      for (const secret of [ADMIN_TOKEN, SECOND_TOKEN, cookie, digest]) assert.ok(!w.log().includes(secret));
    });

    test('a session ends when nothing is done in it, when its time is over, and with its token', async () => {
      for (const [why, sql] of [['idle', "last_used_at = now() - interval '31 minutes'"], ['over', "expires_at = now() - interval '1 second'"]]) {
        const browser = await operator();
        assert.ok(await isIn(browser));
        await w.query(`update operator_session set ${sql}`);
        assert.equal(await isIn(browser), false, why);
        await w.query('delete from operator_session');
      }
      const gone = await operator(SECOND_TOKEN), stays = await operator();
      assert.ok(await isIn(gone));
      const {form_key} = gone.form({}, 1).fields;
      await w.restart({WORKBOT_ADMIN_TOKENS: ADMIN_TOKEN});
      const r = await gone.request('POST', `${w.url}/console/deployment`, {form_key, id: 'x'});
      assert.deepEqual([r.status, new URL(r.location).pathname], [303, '/console']);
      assert.equal(await isIn(gone), false);
      assert.ok(await isIn(stays));
      assert.ok(!stays.text.includes(mark(SECOND_TOKEN)), 'and is listed no more');
    });
  });

  test('an admin of another workspace finds none of its pages, and changes nothing there', async () => {
    const {openapi} = await import('../contract/support.mjs');
    const browser = await signIn(w.person('otto', 'T0GLOBEX1')), own = await signIn();
    const key = async (of, workspace) => (await page(of, `/console/workspaces/${workspace}/admins`), of.form({}, 1).fields.form_key);
    const keys = [await key(browser, GLOBEX), await key(own, ACME)]; // also the form of a page that an admin there has open
    await w.must('PUT', `/workspaces/${ACME}/groups/canary-group`, {users: [ANA]});
    await w.must('PUT', `/workspaces/${ACME}/hooks/canary-hook`, {kind: 'json'});
    await w.must('POST', `/workspaces/${ACME}/api-tokens`, {name: 'canary-token', role: 'read'});
    const run = (await w.one('select id from run where workspace = $1 limit 1', [ACME]))?.id ?? '01900000-0000-7000-8000-000000000000';
    const session = (await w.one('select id from console_session where workspace = $1 limit 1', [ACME])).id;
    const names = {recipes: 'create-opportunity', connections: 'acme-salesforce', apps: 'acme-salesforce', hooks: 'canary-hook', groups: 'canary-group', runs: run, people: ANA};
    // what each page's buttons say, by the forms of that page as its own admin reads it: a page that comes later is probed by itself
    const routes = openapi.operations.filter(o => o.path.startsWith('/console/workspaces/{workspace}'));
    const where = (path, workspace) => filled(path, {workspace, name: names[path.match(/([a-z-]+)\/\{name\}/)?.[1]], id: names[path.match(/([a-z-]+)\/\{id\}/)?.[1]]});
    const forms = new Map();
    for (const o of routes.filter(x => x.method === 'GET')) {
      for (const query of ['', '?change=1']) {
        await page(own, where(o.path, ACME) + query);
        assert.ok(own.page.status === 200 || o.path.includes('/runs/{id}'), `${o.path}: ${own.page.status}`);
        for (let n = 0, form; (form = (() => { try { return own.form({}, n); } catch { return null; } })()); n++) {
          const at = new URL(form.url).pathname;
          if (at.startsWith(HOME)) forms.set(at, [...(forms.get(at) ?? []), {...form.fields, sure: 'on', name: form.fields.name || 'canary-token', id: session, enabled: 'on', text: '{}', users: 'U0OTTO001', admins: 'U0OTTO001'}]);
        }
      }
    }
    const tables = ['workspace', 'default_connection', 'connection', 'recipe', 'recipe_version', 'hook', 'user_group', 'api_token', 'login', 'run', 'audit', 'job', 'message'];
    const dump = async () => JSON.stringify(await Promise.all(tables.map(t => w.query(`select md5(coalesce(string_agg(x::text, E'\n' order by x::text), '')) as rows from ${t} x where workspace = $1`, [ACME]))));
    await w.idle();
    const before = await dump(), pressed = new Set();
    for (const o of routes) {
      const answers = [], sent = o.method === 'GET' ? [undefined] : [{}, ...(forms.get(where(o.path, ACME)) ?? [])];
      for (const workspace of [ACME, 'slack:T0NOWHERE']) {
        for (const fields of sent) {
          for (const form_key of fields ? keys : [undefined]) {
            const r = await browser.request(o.method, w.url + where(o.path, workspace), fields && {...fields, form_key});
            assert.equal(r.status, 404, `${o.method} ${where(o.path, workspace)}: ${r.status}`);
            assert.ok(!/canary|acme-salesforce|create-opportunity/i.test(r.html), `${o.path} tells a name`);
            answers.push([workspace, r.html.replace(/[0-9a-f]{8}-[0-9a-f]{8}/g, '') + JSON.stringify([...r.headers].filter(([k]) => k !== 'date'))]);
            if (fields?.do) pressed.add(fields.do);
          }
        }
      }
      assert.equal(new Set(answers.map(a => a[1])).size, 1, `${o.path} tells whether there is such a workspace`);
    }
    for (const act of ['save', 'remove', 'rotate', 'login', 'prove', 'group', 'make']) assert.ok(pressed.has(act), `no form "${act}" was sent`);
    for (const o of openapi.operations.filter(x => x.path.startsWith('/console/') && !x.path.includes('{') && x.method === 'GET')) {
      await browser.get(w.url + o.path);
      assert.ok(!/Acme|T0ACME|canary/.test(browser.text), `${o.path} names another workspace`);
    }
    assert.equal(await dump(), before, 'nothing of it has changed');
    await page(own, HOME);
    assert.equal(own.page.status, 200);
    assert.match(own.text, /Sign out/, 'and nobody of it is signed out');
    for (const path of ['groups/canary-group', 'hooks/canary-hook', 'api-tokens/canary-token']) await w.api('DELETE', `/workspaces/${ACME}/${path}`);
  });

  test('a form counts only from a page of the same session, and from no other site', async () => {
    const one = await signIn(), two = await signIn();
    await page(one, SETTINGS);
    await page(two, SETTINGS);
    const {fields} = two.form({}, 1);
    const before = await w.count('recipe_version');
    for (const bad of [{...fields}, {...fields, form_key: ''}, {...fields, form_key: 'f'.repeat(64)}, Object.fromEntries(Object.entries(fields).filter(([k]) => k !== 'form_key'))]) {
      assert.equal((await one.request('POST', w.url + SETTINGS, bad)).status, 403);
    }
    await page(one, SETTINGS);
    const cookie = [...one.cookies(new URL(w.url).hostname)].map(([k, v]) => `${k}=${v}`).join('; ');
    const own = one.form({}, 1).fields;
    const r = await fetch(w.url + SETTINGS, {method: 'POST', redirect: 'manual',
      headers: {cookie, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site'}, body: new URLSearchParams(own)});
    assert.equal(r.status, 403);
    assert.equal(await w.count('recipe_version'), before);
  });
});

describe('Recipe > Settings', () => {
  const recipe = () => w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity`);

  test('the switch "Verify user access at runtime" decides as whom the next command runs', async () => {
    const browser = await signIn(), ana = w.person('ana');
    assert.equal((await recipe()).connections.salesforce.verify_user_access, true);
    await page(browser, SETTINGS);
    assert.match(browser.text, /Verify user access at runtime/);
    assert.match(browser.text, /Everyone who runs it logs in to Salesforce once/);
    assert.match(browser.page.html, /name="verify_salesforce" value="on" checked/);
    await ana.prompt(OPPORTUNITY);
    await ana.ask('cancel', /.*/);

    const off = browser.form({allow: 'everyone'}, 1);
    delete off.fields.verify_salesforce;
    await browser.request('POST', off.url, off.fields);
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.match(browser.text, /Saved\. It holds from the next command on/);
    assert.doesNotMatch(browser.page.html, /name="verify_salesforce" value="on" checked/);
    assert.equal((await recipe()).connections.salesforce.verify_user_access, false);
    const said = await audit('recipe.changed');
    assert.equal(said.at(-1).actor, `user:${BEN}`);
    await ana.ask(OPPORTUNITY.replace('Acme renewal', 'By the default'), /Created By the default/);

    await browser.request('POST', w.url + SETTINGS, {...browser.form({}, 1).fields, verify_salesforce: 'on', allow: 'everyone', enabled: 'on'});
    assert.equal((await recipe()).connections.salesforce.verify_user_access, true);
    await ana.prompt(OPPORTUNITY);
    await ana.ask('cancel', /.*/);
  });

  test('what the API refuses is said on the page, and nothing is stored', async () => {
    const browser = await signIn();
    await page(browser, SETTINGS);
    const form = browser.form({allow: 'listed', users: '', channels: ''}, 1);
    const before = (await recipe()).version;
    await browser.request('POST', form.url, form.fields);
    assert.equal(browser.page.status, 422, browser.text);
    assert.match(browser.text, /This was not saved.*allow/);
    assert.equal((await recipe()).version, before);
    await browser.request('POST', form.url, {...form.fields, tag: '', users: ANA, allow: 'listed'});
    assert.equal(browser.page.status, 412);
    assert.equal((await recipe()).version, before);
  });

  test('of two admins who opened the page the second one overwrites nothing, and keeps what was chosen', async () => {
    const one = await signIn(), two = await signIn();
    for (const b of [one, two]) await page(b, SETTINGS);
    const was = await recipe();
    const first = one.form({}, 1), second = two.form({}, 1);
    await one.request('POST', first.url, {...first.fields, allow: 'everyone', enabled: ''});
    assert.equal(one.page.status, 303, one.text);
    await two.request('POST', second.url, {...second.fields, enabled: 'on', allow: 'listed', users: ANA});
    assert.equal(two.page.status, 412);
    assert.match(two.text, /was changed since you opened the page, and nothing was saved/);
    assert.deepEqual([(await recipe()).version, (await recipe()).enabled], [was.version + 1, false]);
    assert.match(two.page.html, new RegExp(`<textarea id="users"[^>]*>${ANA}`), 'what was chosen still stands there');
    assert.match(two.page.html, /name="enabled" value="on" checked/);
    await two.request('POST', second.url, {...second.fields, tag: two.form({}, 1).fields.tag, enabled: 'on', allow: 'everyone', users: ''});
    assert.equal(two.page.status, 303, 'who has read it saves it');
    assert.deepEqual([(await recipe()).enabled, (await recipe()).allow], [true, 'everyone']);
  });

  test('who may run it, and whether it is on', async () => {
    const browser = await signIn();
    await page(browser, SETTINGS);
    const form = browser.form({allow: 'listed', users: `${ANA} Ana Alvarez\n`, channels: '', verify_salesforce: 'on'}, 1);
    assert.match(browser.text, /Copy member ID.*There is no group yet: make one/);
    delete form.fields.enabled;
    await browser.request('POST', form.url, form.fields);
    assert.equal(browser.page.status, 303, browser.text);
    const now = await recipe();
    assert.deepEqual([now.allow, now.enabled], [{users: [ANA]}, false]);
    await page(browser, SETTINGS);
    assert.match(browser.page.html, new RegExp(`${ANA} Ana`));
    const listed = (await page(browser, HOME), [...browser.page.html.matchAll(/\/recipes\/[^"]+"><span class="grow"><strong>([^<]+)[^]*?>Switched (on|off)</g)]);
    assert.deepEqual(listed.map(m => m[1]), listed.map(m => m[1]).sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1), 'in the order of their titles');
    assert.equal(listed.find(m => m[1] === 'Create an opportunity')[2], 'off');
    await page(browser, SETTINGS);
    await browser.request('POST', form.url, {...browser.form({}, 1).fields, allow: 'everyone', verify_salesforce: 'on', enabled: 'on'});
    assert.deepEqual([(await recipe()).allow, (await recipe()).enabled], ['everyone', true]);
  });
});

describe('many of them', () => {
  const recipe = () => w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity`);
  const ticked = b => [...b.page.html.matchAll(/name="group_([^"]+)" value="on" checked/g)].map(m => m[1]).sort();
  /** The form as a browser sends it: a box that is not ticked is not sent. */
  const settings = (b, more) => {
    const {url, fields} = b.form({}, 1), boxes = [...b.page.html.matchAll(/<input type="checkbox"[^>]* name="([^"]+)" value="on"( checked)?/g)];
    for (const [, name, on] of boxes) if (!on) delete fields[name];
    return b.request('POST', url, {...fields, allow: 'listed', users: '', channels: '', ...more});
  };

  test('a group that stands behind the hundredth, and one that was removed, are lost by no save', async () => {
    const browser = await signIn(), api = `/workspaces/${ACME}`;
    const names = Array.from({length: 101}, (_, i) => `g-${String(i).padStart(3, '0')}`), last = 'g-100';
    for (const name of [...names, 'g-removed']) await w.must('PUT', `${api}/groups/${name}`, {users: [ANA]});
    const made = await recipe(), {recipe: body} = await w.must('GET', `${api}/recipes/create-opportunity/versions/${made.version}`);
    await w.must('PUT', `${api}/recipes/create-opportunity`, {...body, allow: {groups: ['g-000', last, 'g-removed']}});
    await page(browser, SETTINGS);
    assert.deepEqual(ticked(browser), ['g-000', last, 'g-removed']);
    assert.doesNotMatch(browser.text, /no group of that name/);
    await w.api('DELETE', `${api}/groups/g-removed`); // while the page is open
    await settings(browser, {});
    assert.equal(browser.page.status, 303, browser.text);
    assert.deepEqual((await recipe()).allow, {groups: ['g-000', last, 'g-removed']}, 'nothing was unticked, and nothing is lost');
    await page(browser, SETTINGS);
    assert.deepEqual(ticked(browser), ['g-000', last, 'g-removed']);
    assert.match(browser.text, /g-removed There is no group of that name any more: it lets nobody in/);
    const box = {[`group_${last}`]: undefined, 'group_g-removed': undefined, 'group_g-099': 'on'};
    const {url, fields} = browser.form({}, 1);
    const sent = Object.fromEntries(Object.entries({...fields, ...box, allow: 'listed'}).filter(([k, v]) => v !== undefined && (!k.startsWith('group_') || k in box || k === 'group_g-000')));
    await browser.request('POST', url, sent);
    assert.equal(browser.page.status, 303, browser.text);
    assert.deepEqual((await recipe()).allow, {groups: ['g-000', 'g-099']}, 'what was unticked is gone');
    await page(browser, SETTINGS);
    assert.doesNotMatch(browser.text, /g-removed/);
    await w.must('PUT', `${api}/recipes/create-opportunity`, body);
    for (const name of names) await w.api('DELETE', `${api}/groups/${name}`);
  });

  test('what stands behind the hundredth is listed, has its title and can be chosen', async () => {
    const browser = await signIn(), api = `/workspaces/${ACME}`, made = await recipe(), at = [ACME, made.version], shows = (text, what) => assert.ok(browser.page.html.includes(text), what);
    await w.query("insert into user_group (workspace, name, users) select $1, 'many-' || i, '{}' from generate_series(100, 204) i", [ACME]);
    await w.query("insert into default_connection (workspace, name, app, host, callback_key) select $1, 'many-' || i, 'salesforce', 'many.my.salesforce.com', 'many' || i from generate_series(100, 204) i", [ACME]);
    await w.query("insert into recipe (workspace, name, version, command) select $1, 'many-' || i, $2, 'many ' || i from generate_series(100, 204) i", at);
    await w.query(`insert into recipe_version (workspace, name, version, body, created_by)
      select $1, 'many-' || i, v, (jsonb_set(body::jsonb, '{connections,salesforce,use}', '"many-204"') || jsonb_build_object('name', 'many-' || i, 'title', 'Title ' || i))::text, 'system'
      from recipe_version, generate_series(100, 204) i, generate_series($2::int, $2::int + case i when 204 then 60 else 0 end) v where workspace = $1 and name = 'create-opportunity' and version = $2::int`, at);
    await w.query("update recipe set version = version + 60 where workspace = $1 and name = 'many-204'", [ACME]);
    await page(browser, `${HOME}/admins`);
    shows(`href="${HOME}/groups/many-204"`, 'a group');
    shows('aria-label="Save the proof of many-204"', 'what proves people at a connection');
    await page(browser, `${HOME}/runs`);
    assert.match(browser.page.html, /<option value="many-204"[^>]*>Title 204</);
    await page(browser, `${HOME}/personal-connections`);
    assert.match(browser.page.html, /<option value="many-204"/);
    await page(browser, HOME);
    shows(`href="${HOME}/connections/many-204"`, 'a default connection');
    await page(browser, `${HOME}/health`);
    assert.match(browser.text, /Default connection many-204/);
    await page(browser, `${HOME}/recipes/many-204`);
    assert.match(browser.text, /Salesforce/, 'its app is known');
    await page(browser, `${HOME}/recipes/many-204/edit`);
    assert.doesNotMatch(browser.page.html, new RegExp(`version=${made.version}"`));
    await page(browser, `${HOME}/recipes/many-204/edit${/href="(\?cursor=[^"]+)">Older versions/.exec(browser.page.html)[1]}`);
    assert.match(browser.page.html, new RegExp(`version=${made.version}"`), 'the oldest one can be opened');
    await w.query("delete from recipe where workspace = $1 and name like 'many-%'", [ACME]);
    await w.query("delete from default_connection where workspace = $1 and name like 'many-%'", [ACME]);
    await w.query("delete from user_group where workspace = $1 and name like 'many-%'", [ACME]);
    await w.query("delete from recipe_version where workspace = $1 and name like 'many-%'", [ACME]);

    // a group that is too long to be shown: who comes, and who goes
    const ids = Array.from({length: 501}, (_, i) => `U${String(i).padStart(10, '0')}`), users = async () => (await w.must('GET', `${api}/groups/many`)).users;
    await w.must('PUT', `${api}/groups/many`, {users: ids});
    await page(browser, `${HOME}/groups/many`);
    assert.match(browser.text, /It has 501 people: too many to show here/);
    await browser.submit({comes: `${BEN} Ben\n${ids[1]}\n`, goes: ids[0]}, {n: 1});
    assert.match(browser.text, /Saved\./);
    assert.deepEqual(await users(), [...ids.slice(1), BEN]);
    for (const [status, comes, goes] of [[422, 'U'.repeat(300), ids[2]], [409, 'U0NEW', `${ids[2]}\n${ids[0]}`]]) {
      await page(browser, `${HOME}/groups/many`);
      await browser.submit({comes, goes}, {n: 1});
      assert.equal(browser.page.status, status, browser.text);
      assert.match(browser.page.html, new RegExp(`${comes}</textarea>[^]*${goes}</textarea>`), 'what was typed stands there');
      assert.deepEqual(await users(), [...ids.slice(1), BEN]);
    }
    await w.api('DELETE', `${api}/groups/many`);
  });

  test('a thousand ids are taken, or refused with what was typed', async () => {
    const browser = await signIn(), ids = n => Array.from({length: n}, (_, i) => `U${String(i).padStart(10, '0')} Somebody With A Name`).join('\n');
    const last = 'U0000000999';
    await page(browser, SETTINGS);
    await settings(browser, {users: ids(1000), enabled: 'on', verify_salesforce: 'on'});
    assert.equal(browser.page.status, 422, browser.text.slice(0, 500));
    assert.match(browser.text, /This was not saved.*allow\.users/);
    assert.ok(browser.page.html.includes(last), 'what was typed still stands there');
    await settings(browser, {users: ids(500), enabled: 'on', verify_salesforce: 'on'});
    assert.equal(browser.page.status, 303, browser.text.slice(0, 500));
    assert.equal((await recipe()).allow.users.length, 500);
    await page(browser, SETTINGS);
    await settings(browser, {allow: 'everyone', enabled: 'on', verify_salesforce: 'on'});
    assert.deepEqual([(await recipe()).allow, browser.page.status], ['everyone', 303]);

    const path = `${w.url}${HOME}/admins`, was = await w.must('GET', `/workspaces/${ACME}`);
    await page(browser, `${HOME}/admins`);
    const {form_key} = browser.form({}, 1).fields;
    await browser.request('POST', path, {form_key, do: 'save', admins: `${BEN}\n${ids(1000)}`, installer: was.installer ?? '', installer_uses: 'default'});
    assert.equal(browser.page.status, 422, browser.text.slice(0, 500));
    assert.ok(browser.page.html.includes(last));
    await browser.request('POST', path, {form_key, do: 'group', name: 'many', users: ids(1000)});
    assert.equal(browser.page.status, 303, browser.text.slice(0, 500));
    assert.equal((await w.must('GET', `/workspaces/${ACME}/groups/many`)).count, 1000);
    await w.api('DELETE', `/workspaces/${ACME}/groups/many`);
  });
});

describe('runs, the audit, personal connections', () => {
  test('filters are those of the API; what it does not take is said on the page', async () => {
    const browser = await signIn();
    await page(browser, `${HOME}/runs?recipe=create-opportunity&state=&user=&reference=&since=&until=`);
    assert.equal(browser.page.status, 200, browser.text);
    assert.match(browser.text, /WB-\w+ Create an opportunity create-opportunity/, 'by its title, with the name that the API takes');
    await page(browser, `${HOME}/runs?since=yesterday`);
    assert.equal(browser.page.status, 200, browser.text);
    assert.match(browser.text, /"since" must be a time/);
    await page(browser, `${HOME}/runs?cursor=nonsense`);
    assert.equal(browser.page.status, 200, browser.text);
    for (const [query, fits] of [['action=console', a => a.action.startsWith('console.')], [`actor=user:${BEN}`, a => a.actor === `user:${BEN}`],
      ['subject=create-opportunity', a => a.subject === 'create-opportunity'], ['since=2020-01-01&until=2020-01-02', () => false]]) {
      const {items} = await w.must('GET', `/workspaces/${ACME}/audit?${query}`);
      assert.ok(items.every(fits), query);
      assert.equal(items.length > 0, !query.startsWith('since'), query);
      await page(browser, `${HOME}/audit?${query}`);
      assert.equal(browser.page.status, 200, browser.text);
      assert.doesNotMatch(browser.text, /: null/, 'what was not there is left out');
    }
    assert.equal((await w.api('GET', `/workspaces/${ACME}/audit?since=soon`)).status, 400);
  });

  test('a run says who began it: its person, a program for them, or an app', async () => {
    const browser = await signIn(), ana = w.person('ana'), api = `/workspaces/${ACME}`;
    const {token, fingerprint} = await w.must('POST', `${api}/api-tokens`, {name: 'deal-sync', role: 'act'});
    await w.must('PUT', api, {acting: 'on'});
    await ana.ask('allow deal-sync', /deal-sync may run commands for you/);
    const r = await fetch(`${w.url}/v1${api}/act`, {method: 'POST', headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({user: ANA, recipe: 'create-opportunity', inputs: {name: 'By a program', close: '2026-12-31'}, idempotency_key: 'console-1'})});
    const {id} = await r.json(), path = `${HOME}/runs/${id}`;
    assert.ok(r.ok && id, r.status);
    await page(browser, path);
    assert.match(browser.text, /Create an opportunity create-opportunity ?, version/);
    assert.match(browser.text, new RegExp(`, for Ana .*Begun by deal-sync \\(token:${fingerprint}\\) for Ana `));
    await w.api('DELETE', `${api}/api-tokens/deal-sync`);
    await page(browser, path);
    assert.match(browser.text, new RegExp(`Begun by token:${fingerprint} for Ana `), 'its token is none any more');
    await w.idle();
    const [typed] = (await w.must('GET', `${api}/runs?user=${ANA}&limit=100`)).items.filter(one => !one.started_by);
    await page(browser, `${HOME}/runs/${typed.id}`);
    assert.match(browser.text, /, for Ana .*Begun by Ana [^f]/);
    await w.query("update run set user_id = '' where id = $1", [typed.id]); // as an app's event begins one
    await page(browser, `${HOME}/runs/${typed.id}`);
    assert.match(browser.text, /Begun by an app's event /);
    assert.doesNotMatch(browser.text, /, for /);
    await w.query('update run set user_id = $2 where id = $1', [typed.id, ANA]);
    await w.must('PUT', api, {acting: 'off'});
  });

  test('P5: no token and nothing that was typed stands on any page; ends are in the audit with their doer', async () => {
    const browser = await signIn(), ana = w.person('ana');
    await ana.connect();
    await ana.ask(OPPORTUNITY.replace('Acme renewal', 'Typed in private').replace('5000', '98765'), /Created Typed in private/);
    const run = await w.one("select id from run where workspace = $1 and state = 'done' order by id desc limit 1", [ACME]);
    let all = '';
    await w.must('PUT', `/workspaces/${ACME}/groups/probed`, {users: [ANA]});
    await w.must('PUT', `/workspaces/${ACME}/hooks/canary`, {kind: 'json', secret: 'sample-acme-canary-hook-secret'});
    for (const path of await consolePages({hooks: 'canary', groups: 'probed', connections: 'acme-salesforce', recipes: 'create-opportunity', apps: 'acme-salesforce', runs: run.id, people: ANA})) {
      await page(browser, path);
      assert.equal(browser.page.status, 200, `${path}: ${browser.text}`);
      all += browser.page.html;
    }
    for (const secret of ['98765', 'Typed in private', 'sample-acme', 'xoxb-']) assert.ok(!all.includes(secret), secret);
    const [mine] = (await w.must('GET', `/workspaces/${ACME}/personal-connections?user=${ANA}`)).items;
    await page(browser, `${HOME}/personal-connections`);
    const {fields} = browser.form({}, 2);
    assert.equal(fields.id, mine.id, browser.text);
    await browser.request('POST', `${w.url}${HOME}/personal-connections`, {...fields, id: '', app: 'salesforce'});
    assert.equal(browser.page.status, 422, 'all of an app only when it was ticked');
    await browser.request('POST', `${w.url}${HOME}/personal-connections`, fields);
    assert.equal(browser.page.status, 303, browser.text);
    await w.idle();
    assert.equal((await w.must('GET', `/workspaces/${ACME}/personal-connections?user=${ANA}`)).items[0].state, 'disconnected');
    assert.equal((await audit('connection.disconnected')).at(-1).actor, `user:${BEN}`);
  });
});

describe('the editor', () => {
  test('what is wrong is told with line and column, what was written stays, and an old version can be stored again', async () => {
    const browser = await signIn(), path = `${HOME}/recipes/create-task/edit`, api = `/workspaces/${ACME}/recipes/create-task`;
    await page(browser, path);
    const {fields} = browser.form({}, 1), was = await w.must('GET', api);
    const text = JSON.stringify((await w.must('GET', `${api}/versions/${was.version}`)).recipe, null, 2);
    const send = more => browser.request('POST', w.url + path, {...fields, ...more});
    await send({text: '{\r\n  "title": "Cut\r\n'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /no JSON at line 2, column/);
    const faulty = text.replace('"steps"', '"stepz"');
    await send({text: faulty});
    assert.equal(browser.page.status, 422, browser.text);
    const line = faulty.split('\n').findIndex(l => l.includes('"stepz"')) + 1;
    assert.match(browser.text, new RegExp(`This was not saved:.*line ${line}, column 3: stepz`));
    assert.ok(browser.page.html.includes('&quot;stepz&quot;'), 'what was written is still there');
    assert.equal((await w.must('GET', api)).version, was.version);
    await send({text: text.replace(/"title": "[^"]*"/, '"title": "<b>Another</b> title"')});
    assert.equal(browser.page.status, 303, browser.text);
    const now = await w.must('GET', api);
    assert.deepEqual([now.version, now.title], [was.version + 1, '<b>Another</b> title']);
    await send({text});
    assert.equal(browser.page.status, 412, 'the page is of an older version');
    assert.match(browser.text, /was changed since you opened the page. Your text still stands below/);
    assert.ok(browser.page.html.includes(`&quot;title&quot;: &quot;${was.title}&quot;`) && !browser.page.html.includes('&lt;b&gt;Another&lt;/b&gt; title&quot;,'), 'what was typed is kept');
    assert.equal((await w.must('GET', api)).version, now.version);
    await page(browser, `${path}?version=${was.version}`);
    assert.ok(!browser.page.html.includes('<b>Another'));
    await browser.request('POST', w.url + path, {...browser.form({}, 1).fields, text});
    assert.equal(browser.page.status, 303, browser.text);
    assert.deepEqual([(await w.must('GET', api)).version, (await w.must('GET', api)).title], [was.version + 2, was.title]);
    await page(browser, `${path}?version=99`);
    assert.equal(browser.page.status, 404);
  });
});

describe('the text of a recipe that is being written', () => {
  const api = `/workspaces/${ACME}/recipes/told`, path = `${HOME}/recipes/told/edit`;
  const body = {title: 'Told', trigger: {hook: 'no-such-hook'}, post: {channel: 'C024BE91L'}, reply: {text: 'Told'}};
  const shown = browser => /<textarea[^>]*>\n?([\s\S]*?)<\/textarea>/.exec(browser.page.html)[1].replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  const signOut = () => w.query('update console_session set ended_at = now() where token_hash is not null');
  before(() => w.must('PUT', api, body));
  after(() => w.must('DELETE', api));

  test('what will not work is said after it was saved, and on each of its pages until it is mended', async () => {
    const browser = await signIn(), missing = /will not work until this is mended:.*trigger\.hook There is no hook "no-such-hook"/;
    await page(browser, path);
    await browser.request('POST', w.url + path, {...browser.form({}, 1).fields, text: JSON.stringify({...body, title: 'Told again'})});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.match(browser.text, /Saved\./);
    assert.match(browser.text, missing);
    for (const tab of ['', '/settings', '/edit']) {
      await page(browser, `${HOME}/recipes/told${tab}`);
      assert.match(browser.text, missing, tab);
    }
    await page(browser, `${HOME}/recipes`);
    const {form_key} = browser.form({}, 1).fields;
    await browser.request('POST', `${w.url}${HOME}/recipes`, {form_key, name: 'told-too', text: JSON.stringify({...body, title: 'Made'})});
    await browser.follow();
    assert.match(browser.text, /Made\./);
    assert.match(browser.text, missing);
    await w.must('DELETE', `/workspaces/${ACME}/recipes/told-too`);
    await w.must('PUT', `/workspaces/${ACME}/hooks/no-such-hook`, {kind: 'json'});
    for (const tab of ['', '/settings', '/edit']) {
      await page(browser, `${HOME}/recipes/told${tab}`);
      assert.doesNotMatch(browser.text, /will not work/, tab);
    }
    await w.must('DELETE', `/workspaces/${ACME}/hooks/no-such-hook`);
  });

  test('the check while it is typed stores nothing, and is for pages of the same session alone', async () => {
    const browser = await signIn(), check = `${w.url}${HOME}/recipe-check`;
    await page(browser, path);
    const csp = browser.page.headers.get('content-security-policy');
    assert.match(csp, /script-src 'self'; connect-src 'self';/);
    assert.doesNotMatch(browser.page.html, /<script(?![^>]* src="\/assets\/console_check\.js)/);
    const {fields} = browser.form({}, 1), rows = () => w.count('audit', `workspace = '${ACME}'`);
    const before = await rows(), {version} = await w.must('GET', api);
    const ask = async more => JSON.parse((await browser.request('POST', check, {...fields, ...more})).html);
    const text = JSON.stringify(body, null, 2);
    assert.deepEqual(await ask({text: '{\n  "title": "Cut\n'}), {tone: 'bad', words: 'This cannot be saved: it is no JSON at line 2, column 15.', points: []});
    const faulty = await ask({text: text.replace('"reply"', '"replies"')});
    assert.deepEqual([faulty.tone, faulty.words], ['bad', 'This cannot be saved:']);
    assert.ok(faulty.points.some(p => p.path === 'replies' && /^line \d+, column 3$/.test(p.place)), JSON.stringify(faulty));
    const warned = await ask({text});
    assert.deepEqual([warned.tone, warned.points.map(p => [p.path, p.place])], ['warn', [['trigger.hook', 'line 4, column 5']]]);
    const task = `/workspaces/${ACME}/recipes/create-task`, now = await w.must('GET', task);
    const {recipe} = await w.must('GET', `${task}/versions/${now.version}`);
    const unnamed = await ask({text: JSON.stringify({...recipe, name: undefined, command: 'told it'}), name: ''});
    assert.deepEqual(unnamed, {tone: 'good', words: 'Nothing is wrong with it.', points: []});
    assert.equal((await w.must('GET', api)).version, version);
    assert.equal(await rows(), before);
    await browser.request('POST', check, {...fields, form_key: 'f'.repeat(64), text});
    assert.equal(browser.page.status, 403);
    await new Browser().request('POST', check, {...fields, text});
    const stranger = new Browser();
    assert.equal((await stranger.request('POST', check, {...fields, text})).status, 303);
    assert.match(stranger.page.location, /\/console$/);
  });

  test('a text that is refused for its length, or is long and faulty, is not lost', async () => {
    const browser = await signIn();
    await page(browser, path);
    const {fields} = browser.form({}, 1), {version} = await w.must('GET', api);
    const long = (bytes, more = {}) => JSON.stringify({...body, hint: 'It says "so" & <so>. '.repeat(bytes / 21), ...more}, null, 2);
    for (const text of [long(300 * 1024), long(200 * 1024, {stepz: []})]) {
      await browser.request('POST', w.url + path, {...fields, text});
      assert.equal(browser.page.status, 422, browser.text.slice(0, 300));
      assert.equal(shown(browser), text);
    }
    await browser.request('POST', w.url + path, {...fields, text: long(300 * 1024)});
    assert.match(browser.text, /This was not saved: it has \d+ bytes, and a recipe has 262144 at most/);
    await browser.request('POST', `${w.url}${HOME}/recipes`, {...fields, name: 'longer', text: long(300 * 1024)});
    assert.equal(browser.page.status, 422);
    assert.equal(shown(browser), long(300 * 1024));
    assert.equal((await w.must('GET', api)).version, version);
  });

  test('whoever is signed out while they write keeps the text: signed in again they see it, and save it', async () => {
    const browser = await signIn();
    await page(browser, path);
    const {fields} = browser.form({}, 1), text = JSON.stringify({...body, title: 'Half an <hour>'}, null, 2);
    await signOut();
    await browser.request('POST', w.url + path, {...fields, text});
    assert.equal(browser.page.status, 401);
    assert.match(browser.text, /You are signed out Nothing was saved/);
    assert.equal(shown(browser), text);
    assert.match(browser.page.html, /<a href="\/console" target="_blank" rel="noopener">/);
    assert.doesNotMatch(browser.text, /Acme|recipes/, 'nothing of the workspace stands on it');
    const {version} = await w.must('GET', api), kept = browser.form({text}, 0).fields;
    await browser.request('POST', w.url + path, kept);
    assert.equal(browser.page.status, 401, 'and again, until they have signed in');
    await w.must('PUT', api, {...body, title: 'Meanwhile'});
    await signIn(ben, browser);
    await browser.request('POST', w.url + path, kept);
    assert.equal(browser.page.status, 403);
    assert.match(browser.text, /You have signed in again .* nothing was saved yet/);
    assert.equal(shown(browser), text);
    const own = browser.form({text}, 1).fields;
    assert.notEqual(own.form_key, fields.form_key);
    await browser.request('POST', w.url + path, own);
    assert.equal(browser.page.status, 412, 'what the first page had shown is what counts');
    await browser.request('POST', w.url + path, browser.form({text}, 1).fields);
    assert.equal(browser.page.status, 303, browser.text);
    assert.deepEqual(await w.must('GET', api).then(r => [r.version, r.title]), [version + 2, 'Half an <hour>']);
    await signOut();
    await browser.request('POST', `${w.url}${HOME}/recipes`, {form_key: own.form_key, name: 'half-an-hour', text});
    assert.equal(browser.page.status, 401);
    const made = browser.form({text}, 0).fields;
    assert.equal(made.name, 'half-an-hour');
    await signIn(ben, browser);
    await browser.request('POST', `${w.url}${HOME}/recipes`, made);
    assert.equal(browser.page.status, 403);
    assert.equal((await w.api('GET', `/workspaces/${ACME}/recipes/half-an-hour`)).status, 404);
  });
});

describe('personal connections of the workspace', () => {
  const at = `${HOME}/personal-connections`, rows = browser => [...browser.page.html.matchAll(/<li class="row"><span class="grow"><strong>([^<]*)<\/strong>/g)].map(m => m[1]);
  const forms = browser => [...browser.page.html.matchAll(/<form method="post" action="([^"]*personal-connections[^"]*)"/g)].map(m => m[1].replaceAll('&amp;', '&'));
  const alive = async () => (await w.grants()).filter(g => g.alive && /^(ana|cleo)@/.test(g.username)).length;
  let browser;
  before(async () => {
    await w.must('DELETE', `/workspaces/${ACME}/personal-connections?app=salesforce&forget=true`);
    await w.idle();
    for (const name of ['ana', 'cleo']) await w.person(name).connect();
    browser = await signIn();
  });

  test('each filter finds what it says, and stays when one of them is ended; forgetting is asked', async () => {
    await w.query("update connection set state = 'needs_attention', reason = 'refresh_refused' where workspace = $1 and user_id = 'U0CLEO001'", [ACME]);
    for (const [query, found] of [['app=salesforce', ['Ana', 'Cleo']], ['app=box', []], ['connection=acme-salesforce', ['Ana', 'Cleo']], ['state=active', ['Ana']],
      ['state=needs_attention', ['Cleo']], [`user=${ANA}`, ['Ana']], ['begins=CLE', ['Cleo']], ['begins=ana%40acme', ['Ana']], ['begins=acme', []], ['begins=c&state=active', []]]) {
      await page(browser, `${at}?${query}`);
      assert.deepEqual(rows(browser).map(n => n.split(' ')[0]).sort(), found, query);
    }
    await page(browser, `${at}?state=odd`);
    assert.match(browser.text, /"state" is none that a connection has/);
    await page(browser, `${at}?state=needs_attention`);
    assert.match(browser.text, /The app refuses to renew it\./);
    assert.match(browser.text, /proven by a code/);
    await w.query("update connection set state = 'active', reason = null where workspace = $1 and user_id = 'U0CLEO001'", [ACME]);
    await page(browser, `${at}?begins=cleo&state=`);
    const [action] = forms(browser), {fields} = browser.form({}, 2);
    await browser.request('POST', w.url + action, fields);
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.match(browser.text, /Ended here/);
    assert.match(browser.page.url, /begins=cleo/);
    assert.deepEqual(rows(browser).map(n => n.split(' ')[0]), ['Cleo'], 'what was searched for stands there still');
    const forget = browser.form({}, 2);
    assert.equal(forget.fields.do, 'forget');
    delete forget.fields.sure;
    await browser.request('POST', forget.url, forget.fields);
    assert.equal(browser.page.status, 422, 'it is final, and asked');
    assert.match(browser.text, /Nothing was done: tick the box/);
    assert.deepEqual(rows(browser).map(n => n.split(' ')[0]), ['Cleo']);
    await browser.request('POST', forget.url, {...forget.fields, sure: 'on'});
    await browser.follow();
    assert.match(browser.text, /Forgotten: nothing of it is kept here but the audit/);
    assert.deepEqual(rows(browser), []);
    await w.person('cleo').connect();
  });

  test('all of an app are disconnected at once, when that is ticked: at the app, too, and in the audit by whom', async () => {
    assert.equal(await alive(), 2);
    await page(browser, at);
    const n = [...browser.page.html.matchAll(/<form\b/g)].length - 1, all = browser.form({app: 'salesforce'}, n);
    assert.equal(all.fields.id, undefined);
    const before = (await audit('connection.disconnected')).length;
    await browser.request('POST', all.url, all.fields.sure ? Object.fromEntries(Object.entries(all.fields).filter(([k]) => k !== 'sure')) : all.fields);
    assert.equal(browser.page.status, 422);
    await browser.request('POST', all.url, {...all.fields, sure: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    await until('both grants to end at the app', async () => await alive() === 0);
    const states = await w.query("select user_id, state from connection where workspace = $1 and user_id in ('U0ANA0001', 'U0CLEO001') order by 1", [ACME]);
    assert.deepEqual(states, [{user_id: ANA, state: 'disconnected'}, {user_id: 'U0CLEO001', state: 'disconnected'}]);
    const said = (await audit('connection.disconnected')).slice(before);
    assert.deepEqual(said.map(a => a.actor), [`user:${BEN}`, `user:${BEN}`]);
    const own = await w.one("select count(*)::int as n from connection where workspace = $1 and user_id = '' and state = 'active'", [ACME]);
    assert.equal(own.n, 1, 'the default connection stays');
  });
});

describe('default connections', () => {
  const field = (browser, n) => browser.form({}, n).fields;
  const one = name => w.must('GET', `/workspaces/${ACME}/connections/${name}`);

  test('one is made once; what the API refuses is said; a secret goes in and never comes out', async () => {
    const browser = await signIn(), {host} = await one('acme-salesforce');
    await page(browser, `${HOME}/connections`);
    const make = field(browser, 1);
    await browser.request('POST', `${w.url}${HOME}/connections`, {...make, name: 'acme-salesforce', app: 'salesforce', host});
    assert.equal(browser.page.status, 412, 'making one changes none');
    await browser.request('POST', `${w.url}${HOME}/connections`, {...make, name: 'Not A Name', app: 'salesforce', host});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /This was not done.*name/);
    await browser.request('POST', `${w.url}${HOME}/connections`, {...make, name: 'second', app: 'salesforce', host});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.match(browser.text, /It is a draft/);
    const path = `${w.url}${HOME}/connections/second`, secret = 'sample-second-secret-0815';
    await browser.request('POST', path, {...field(browser, 1), do: 'save', host, client_id: 'sample-client', client_secret: secret, assurance: 'code', account_match: 'warn', scopes: ''});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.ok(!browser.page.html.includes(secret));
    assert.deepEqual([(await one('second')).client_id, (await one('second')).has_client_secret], ['sample-client', true]);
    const moved = {...field(browser, 3), do: 'save', host, client_id: 'another-client', client_secret: '', assurance: 'code', account_match: 'warn', scopes: ''};
    await browser.request('POST', path, moved);
    assert.equal(browser.page.status, 422, 'no stored secret goes to another client');
    assert.match(browser.text, /client_secret/);
    assert.equal((await audit('default_connection.created')).at(-1).actor, `user:${BEN}`);
    assert.ok(!w.log().includes(secret));
  });

  test('a login begins at our own page, and its code is confirmed here', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/connections/acme-salesforce`;
    await page(browser, `${HOME}/connections/acme-salesforce`);
    const {form_key} = field(browser, 1);
    await browser.request('POST', path, {form_key, do: 'login'});
    assert.equal(browser.page.status, 303, browser.text);
    assert.match(browser.page.location, new RegExp(`^${w.url}/login/`));
    const code = await new Browser().codeOf(browser.page.location, 'ben@acme.example');
    await browser.request('POST', path, {form_key, do: 'confirm', code: String((Number(code) + 1) % 1000000).padStart(6, '0')});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /not the code that the page shows/);
    await browser.request('POST', path, {form_key, do: 'confirm', code});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.request('POST', path, {form_key, do: 'confirm', code});
    assert.equal(browser.page.status, 409);
    await browser.request('POST', path, {form_key, do: 'something'});
    assert.equal(browser.page.status, 400);
    assert.equal((await one('acme-salesforce')).state, 'active');
    assert.equal((await one('acme-salesforce')).owner, BEN);
  });

  test('whose login it is, why it does not act, and how one of somebody who has left is taken over', async () => {
    const browser = await signIn(), at = `${HOME}/connections/acme-salesforce`;
    const set = (...of) => w.query("update connection set state = $3, reason = $4 where workspace = $1 and default_name = $2 and user_id = ''", [ACME, 'acme-salesforce', ...of]);
    await page(browser, at);
    assert.match(browser.text, /Acts as ben@acme\.example .*Logged in by Ben /);
    assert.doesNotMatch(browser.text, /who has left|Why it does not act|take over/);
    await set('needs_attention', 'refresh_refused');
    await page(browser, at);
    assert.match(browser.text, /Why it does not act The app refuses to renew it\. /);
    await set('needs_attention', 'owner_left');
    await page(browser, at);
    assert.match(browser.text, /Logged in by Ben, who has left Why it does not act Whose login it is has left\. To take it over, type take over acme-salesforce to Workbot, or log it in below/);
    await set('active', null);
  });

  test('a new client secret takes the place of the old one, and the next refresh uses it at the app', async () => {
    const browser = await signIn(), at = `${HOME}/connections/acme-salesforce`, fresh = 'sample-renewed-consumer-secret';
    const was = await one('acme-salesforce'), peer = secret => w.sandbox('PUT', '/_config', {salesforce: {clients: {[was.client_id]: {secret}}}});
    const refreshes = () => w.tokenCalls('refresh_token'), before = (await refreshes()).length;
    await page(browser, at);
    assert.match(browser.text, /One is stored; it is never shown/);
    const save = field(browser, 3);
    await peer(fresh);
    await browser.request('POST', w.url + at, {...save, host: was.host, client_id: was.client_id, client_secret: fresh, scopes: was.scopes.join('\n')});
    assert.equal(browser.page.status, 303, browser.text);
    assert.equal((await one('acme-salesforce')).state, 'active', 'nobody logs in again for it');
    await w.fault('token_expired', {path: '/query'});
    await ben.say('salesforce find opportunity name: zzz');
    await until('the refresh', async () => (await refreshes()).length > before);
    await w.idle();
    const made = (await refreshes()).slice(before);
    assert.deepEqual(made.map(r => [r.status, r.args.client_secret]), [[200, fresh]]);
    assert.equal((await w.one('select state from run where workspace = $1 and user_id = $2 order by id desc limit 1', [ACME, BEN])).state, 'done');
    await peer('sample-acme-consumer-secret');
    await w.must('PUT', `/workspaces/${ACME}/connections/acme-salesforce`, {client_secret: 'sample-acme-consumer-secret'});
  });

  test('one is removed when that is meant, and not while a recipe uses it', async () => {
    const browser = await signIn();
    const remove = async (name, more) => {
      await page(browser, `${HOME}/connections/${name}`);
      const {fields} = browser.form({}, /It is a draft/.test(browser.text) ? 2 : 4);
      assert.equal(fields.do, 'remove');
      delete fields.sure;
      return browser.request('POST', `${w.url}${HOME}/connections/${name}`, {...fields, ...more});
    };
    await w.must('PUT', `/workspaces/${ACME}/connections/third`, {app: 'salesforce'});
    await remove('third');
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /tick the box/);
    assert.equal((await one('third')).state, 'draft');
    await remove('acme-salesforce', {sure: 'on'});
    assert.equal(browser.page.status, 409);
    assert.match(browser.text, /Nothing was removed\. Used by \d recipes: create-opportunity.*Give each another connection/);
    assert.equal((await one('acme-salesforce')).state, 'active');
    await remove('third', {sure: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.follow();
    assert.match(browser.text, /Removed\./);
    assert.equal((await w.api('GET', `/workspaces/${ACME}/connections/third`)).status, 404);
    assert.deepEqual((await audit('default_connection.deleted')).at(-1), {actor: `user:${BEN}`, subject: 'third'});
  });
});

describe('hooks', () => {
  const one = name => w.must('GET', `/workspaces/${ACME}/hooks/${name}`);
  const secretOf = browser => /id="secret_shown">([^<]*)</.exec(browser.page.html)?.[1];

  test('one is made, and its secret shown that once; a new one takes its place; what it started is listed', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/hooks`;
    await page(browser, `${HOME}/hooks?kind=json`);
    const {form_key} = browser.form({}, 1).fields;
    await browser.request('POST', path, {form_key, kind: 'json', name: 'Not A Name'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /This was not done.*name/);
    await browser.request('POST', path, {form_key, kind: 'json', name: 'shop'});
    assert.equal(browser.page.status, 201, browser.text);
    assert.match(browser.text, /Copy this now: it is shown this once/);
    assert.equal(browser.page.headers.get('cache-control'), 'no-store');
    const first = secretOf(browser), {url} = await one('shop');
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.ok(browser.page.html.includes(url));
    await browser.request('POST', path, {form_key, kind: 'box', name: 'shop', primary_key: 'sample-box-primary-key'});
    assert.equal(browser.page.status, 412, 'making one changes none');
    assert.equal((await one('shop')).kind, 'json');
    for (const seen of ['/hooks', '/hooks/shop']) {
      await page(browser, HOME + seen);
      assert.ok(!browser.page.html.includes(first), `${seen} shows it again`);
    }
    const told = async (secret, id) => (await fetch(url, {method: 'POST', headers: {'X-Workbot-Secret': secret, 'content-type': 'application/json'}, body: JSON.stringify({id})})).status;
    assert.equal(await told(first, 'one'), 200);

    await browser.request('POST', `${path}/shop`, {form_key, do: 'rotate', overlap_s: '0'});
    assert.equal(browser.page.status, 200, browser.text);
    const second = secretOf(browser);
    assert.notEqual(second, first);
    assert.deepEqual([await told(first, 'two'), await told(second, 'three')], [401, 200]);
    const dump = JSON.stringify([...await w.query('select * from audit'), ...await w.query('select * from hook')]);
    for (const secret of [first, second]) assert.ok(!dump.includes(secret) && !w.log().includes(secret));
    assert.deepEqual((await audit('hook.secret_rotated')).at(-1), {actor: `user:${BEN}`, subject: 'shop'});
  });

  test('its settings are those of the API; what is refused is said; it is removed only when that is meant', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/hooks/shop`;
    await page(browser, `${HOME}/hooks/shop`);
    const {form_key} = browser.form({}, 1).fields;
    const save = more => browser.request('POST', path, {form_key, do: 'save', enabled: 'on', by: 'hmac', header: 'X-Signature', algorithm: 'sha512', encoding: 'base64', event_place: 'path', event_at: 'event.id', ...more});
    await save({timestamp_header: 'X-Time', signed: '{body}'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /This was not done.*signed/);
    await save({timestamp_header: 'X-Time', within_s: 'soon'});
    assert.equal(browser.page.status, 422);
    await save({timestamp_header: 'X-Time', within_s: '60'});
    assert.equal(browser.page.status, 303, browser.text);
    const now = await one('shop');
    assert.deepEqual(now.verify, {by: 'hmac', header: 'X-Signature', prefix: '', algorithm: 'sha512', encoding: 'base64', signed: '{timestamp}.{body}', timestamp_header: 'X-Time', within_s: 60});
    assert.deepEqual(now.event_id, {path: 'event.id'});
    await browser.follow();
    assert.match(browser.page.html, /value="sha512" selected/);
    await save({enabled: '', by: 'secret', event_place: ''});
    assert.deepEqual([(await one('shop')).enabled, (await one('shop')).verify, (await one('shop')).event_id], [false, {by: 'secret', header: 'X-Signature', prefix: ''}, null]);
    await browser.request('POST', path, {form_key, do: 'remove'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /Nothing was done: tick the box/);
    await one('shop');
    await browser.request('POST', path, {form_key, do: 'remove', sure: 'on'});
    assert.equal(browser.page.status, 303);
    await browser.follow();
    assert.match(browser.text, /Removed\./);
    assert.equal((await w.api('GET', `/workspaces/${ACME}/hooks/shop`)).status, 404);
    assert.deepEqual((await audit('hook.deleted')).at(-1), {actor: `user:${BEN}`, subject: 'shop'});
    await browser.request('POST', path, {form_key, do: 'remove', sure: 'on'});
    assert.equal(browser.page.status, 404);
  });
});

describe('admins and groups', () => {
  const workspace = () => w.must('GET', `/workspaces/${ACME}`);
  const path = () => `${w.url}${HOME}/admins`;

  test('admins, installer and guests are saved; leaving oneself out is asked first, and signs out', async () => {
    const browser = await signIn(), was = await workspace();
    await page(browser, `${HOME}/admins`);
    assert.match(browser.page.html, new RegExp(`${BEN} Ben`), 'ids are named');
    const {form_key} = browser.form({}, 1).fields, installer = was.installer ?? '';
    const save = more => browser.request('POST', path(), {form_key, do: 'save', admins: `${BEN} Ben\r\n${ANA}\r\n`, installer, installer_uses: 'default', ...more});
    await save({admins: `${BEN}\n${BEN}`});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /This was not done.*admins\[1\]/);
    await save({guests: 'on', installer_uses: 'personal'});
    assert.equal(browser.page.status, 303, browser.text);
    const now = await workspace();
    assert.deepEqual([now.admins, now.guests, now.installer_uses, now.installer], [[BEN, ANA], 'allow', 'personal', was.installer]);
    assert.equal((await audit('workspace.changed')).at(-1).actor, `user:${BEN}`);
    await save({admins: ANA, installer: ANA});
    assert.equal(browser.page.status, 409, 'who leaves themselves out is asked');
    assert.match(browser.text, /you would be no admin any more.*I leave myself out on purpose/);
    assert.deepEqual((await workspace()).admins, [BEN, ANA]);
    await save({admins: ANA, installer: ANA, sure: 'on'});
    assert.equal(browser.page.status, 303);
    await page(browser, `${HOME}/admins`);
    assert.match(browser.text, /Sign in to the console/);
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN], installer: was.installer, guests: was.guests, installer_uses: was.installer_uses});
  });

  test('a page that was opened before another admin changed something puts nothing back', async () => {
    const was = await workspace(), one = await signIn(), two = await signIn();
    await w.must('PUT', `/workspaces/${ACME}/groups/shared`, {users: [ANA, BEN]});
    await w.must('PUT', `/workspaces/${ACME}/hooks/shared`, {kind: 'json', enabled: true});
    await admins(BEN, ANA);
    const connection = () => w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`), asked = await connection();
    const match = account_match => w.must('PUT', `/workspaces/${ACME}/connections/acme-salesforce`, {account_match});
    const formOf = (browser, act) => Array.from({length: 8}, (_, n) => { try { return browser.form({}, n).fields; } catch { return {}; } })
      .find(f => f.do === act) ?? assert.fail(`no form "${act}" on ${browser.page.url}: ${browser.text}`);
    const there = async what => (await w.api('GET', `/workspaces/${ACME}/${what}`)).status;
    const {recipe: body} = await w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity/versions/1`);
    const recipe = more => w.must('PUT', `/workspaces/${ACME}/recipes/shared`, {...body, name: 'shared', command: 'shared command', ...more});
    await recipe();
    const all = [
      ['/admins', () => admins(BEN), {admins: `${BEN}\n${ANA}`, installer: was.installer ?? '', installer_uses: was.installer_uses, guests: ''},
        async () => (await workspace()).admins, [BEN]],
      ['/groups/shared', () => w.must('PUT', `/workspaces/${ACME}/groups/shared`, {users: [BEN]}), {users: `${ANA}\n${BEN}`},
        async () => (await w.must('GET', `/workspaces/${ACME}/groups/shared`)).users, [BEN]],
      ['/hooks/shared', () => w.must('PUT', `/workspaces/${ACME}/hooks/shared`, {enabled: false}), {enabled: 'on', by: 'secret'},
        async () => (await w.must('GET', `/workspaces/${ACME}/hooks/shared`)).enabled, false],
      ['/connections/acme-salesforce', () => match('require'),
        {scopes: asked.scopes.join('\n'), assurance: asked.assurance, account_match: 'off'}, async () => (await connection()).account_match, 'require'],
      ['/admins', () => match('warn'), {assurance: asked.assurance, account_match: 'off'}, async () => (await connection()).account_match, 'warn', 'prove'],
      ['/setup/apps/acme-salesforce', () => match('require'), {client_secret: 'sample-secret-of-the-page', host: 'login.salesforce.com'},
        async () => (await connection()).host, asked.host, 'save', '?change=1'],
      ['/hooks/shared', () => w.must('PUT', `/workspaces/${ACME}/hooks/shared`, {enabled: false}), {overlap_s: '3600'},
        async () => (await w.must('GET', `/workspaces/${ACME}/hooks/shared`)).old_secret_until, null, 'rotate'],
      ['/hooks/shared', () => w.must('PUT', `/workspaces/${ACME}/hooks/shared`, {enabled: true}), {sure: 'on'}, () => there('hooks/shared'), 200, 'remove'],
      ['/groups/shared', () => w.must('PUT', `/workspaces/${ACME}/groups/shared`, {users: [ANA]}), {sure: 'on'}, () => there('groups/shared'), 200, 'remove'],
      ['/recipes/shared', () => recipe({hint: 'Another hint'}), {sure: 'on'}, () => there('recipes/shared'), 200, 'remove'],
    ];
    for (const [path, change, typed, stands, now, act = 'save', query = ''] of all) {
      await page(one, HOME + path + query);
      const fields = formOf(one, act);
      await change();
      await one.request('POST', w.url + HOME + path, {...fields, ...typed});
      assert.equal(one.page.status, 412, `${path}: ${one.text}`);
      assert.match(one.text, /somebody changed this since you opened the page/);
      assert.deepEqual(await stands(), now, path);
      const {tag} = formOf(one, act);
      const again = query ? fields : {...fields, ...typed};
      await two.request('POST', w.url + HOME + path, {...again, form_key: (await page(two, HOME + path), two.form({}, 1).fields.form_key), tag});
      assert.equal(two.page.status, act === 'rotate' ? 200 : 303, `who has read it saves it: ${path}: ${two.text}`);
    }
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN], installer: was.installer, guests: was.guests, installer_uses: was.installer_uses});
    for (const path of ['groups/shared', 'hooks/shared', 'recipes/shared']) assert.equal(await there(path), 404, 'removed by whoever had read it');
    await w.must('PUT', `/workspaces/${ACME}/connections/acme-salesforce`, {account_match: asked.account_match});
  });

  test('what proves a person is chosen for each connection, and nothing else of it changes', async () => {
    const browser = await signIn(), one = () => w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`);
    await page(browser, `${HOME}/admins`);
    const {form_key} = browser.form({}, 1).fields, was = await one();
    await browser.request('POST', path(), {form_key, do: 'prove', connection: 'acme-salesforce', assurance: 'code', account_match: 'require'});
    assert.equal(browser.page.status, 303, browser.text);
    const now = await one();
    assert.equal(now.account_match, 'require');
    for (const key of ['app', 'host', 'client_id', 'has_client_secret', 'scopes', 'state', 'redirect_uri', 'assurance']) assert.deepEqual(now[key], was[key], key);
    await browser.request('POST', path(), {form_key, do: 'prove', connection: 'acme-salesforce', assurance: 'sign_in', account_match: was.account_match});
    assert.equal(browser.page.status, 422, 'sign-in is switched off in this deployment');
    assert.match(browser.text, /assurance/);
    await browser.request('POST', path(), {form_key, do: 'prove', connection: 'not-there', assurance: 'code', account_match: 'off'});
    assert.equal(browser.page.status, 412);
    assert.equal((await w.api('GET', `/workspaces/${ACME}/connections/not-there`)).status, 404);
    await browser.request('POST', path(), {form_key, do: 'prove', connection: 'acme-salesforce', assurance: was.assurance, account_match: was.account_match});
    assert.equal((await audit('default_connection.changed')).at(-1).actor, `user:${BEN}`);
  });

  test('a group is made once, changed, and removed when that is meant', async () => {
    const browser = await signIn(), one = () => w.api('GET', `/workspaces/${ACME}/groups/deals`), users = async () => (await w.must('GET', `/workspaces/${ACME}/groups/deals`)).users;
    await page(browser, `${HOME}/admins`);
    const {form_key} = browser.form({}, 1).fields, at = `${w.url}${HOME}/groups/deals`;
    await browser.request('POST', at, {form_key, do: 'save', users: ANA});
    assert.equal(browser.page.status, 404, 'a change makes none');
    await browser.request('POST', path(), {form_key, do: 'group', name: 'deals', users: `${ANA} Ana\n`});
    assert.equal(browser.page.status, 303, browser.text);
    await browser.request('POST', path(), {form_key, do: 'group', name: 'deals', users: BEN});
    assert.equal(browser.page.status, 412);
    assert.deepEqual(await users(), [ANA]);
    await browser.request('POST', at, {form_key, do: 'save', users: `${ANA} Ana\n${'x'.repeat(101)}`});
    assert.equal(browser.page.status, 422);
    assert.match(browser.page.html, /x{101}<\/textarea>/, 'what was typed stays');
    await browser.request('POST', at, {form_key, do: 'save', users: `${BEN}\n${ANA}`});
    assert.equal(browser.page.status, 303);
    assert.deepEqual((await users()).sort(), [ANA, BEN]);
    await browser.request('POST', at, {form_key, do: 'remove'});
    assert.equal(browser.page.status, 422);
    await browser.request('POST', at, {form_key, do: 'remove', sure: 'on'});
    assert.equal(browser.page.status, 303);
    assert.equal((await one()).status, 404);
    assert.deepEqual((await audit('group.deleted')).at(-1), {actor: `user:${BEN}`, subject: 'deals'});
  });
});

describe('API tokens', () => {
  test('one is made with role and end, shown once, listed without it, and removed when that is meant', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/api-tokens`;
    await page(browser, `${HOME}/api-tokens`);
    const {form_key} = browser.form({}, 1).fields;
    const send = more => browser.request('POST', path, {form_key, do: 'make', name: 'reports', role: 'read', expires_in_days: '30', ...more});
    await send({role: 'everything'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /This was not done.*role/);
    await send({});
    assert.equal(browser.page.status, 201, browser.text);
    const token = /id="token_shown">([^<]*)</.exec(browser.page.html)?.[1];
    assert.match(token, /^wbt_/);
    const asked = method => fetch(`${w.url}/v1/workspaces/${ACME}/groups/x`, {method, headers: {authorization: `Bearer ${token}`}}).then(r => r.status);
    assert.deepEqual([await asked('GET'), await asked('DELETE')], [404, 403], 'it reads, and no more');
    await send({});
    assert.equal(browser.page.status, 409, 'names are given once');
    await page(browser, `${HOME}/api-tokens`);
    assert.ok(!browser.page.html.includes(token));
    assert.match(browser.text, /reports read .*by Ben/);
    assert.deepEqual((await audit('api_token.made')).at(-1), {actor: `user:${BEN}`, subject: 'reports'});
    assert.ok(!JSON.stringify(await w.query('select * from api_token')).includes(token) && !w.log().includes(token));
    await browser.request('POST', path, {form_key, do: 'remove', name: 'reports'});
    assert.equal(browser.page.status, 422);
    assert.equal(await asked('GET'), 404);
    await browser.request('POST', path, {form_key, do: 'remove', name: 'reports', sure: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    assert.ok([401, 429].includes(await asked('GET')), 'it is refused, as any wrong token');
    assert.deepEqual((await audit('api_token.revoked')).at(-1), {actor: `user:${BEN}`, subject: 'reports'});
  });

  test('tokens of the role "act" start nothing until that is switched on here; who switched it stands in the audit', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/api-tokens`, api = `/workspaces/${ACME}`;
    const {token} = await w.must('POST', `${api}/api-tokens`, {name: 'back-end', role: 'act'});
    const acts = () => fetch(`${w.url}/v1${api}/act`, {method: 'POST', headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({user: ANA, recipe: 'create-opportunity', inputs: {}, idempotency_key: 'switch-1'})}).then(r => r.json()).then(r => r.code);
    const form = async () => {
      await page(browser, `${HOME}/api-tokens`);
      return browser.form({}, 3).fields; // behind the way out, the end of the token and the new one
    };
    const first = await form();
    assert.deepEqual([first.do, await acts()], ['acting', 'act_off']);
    assert.match(browser.text, /in the chat\. Switched off here at this time:/);
    assert.doesNotMatch(browser.page.html, /name="acting" value="on" checked/);
    await browser.request('POST', path, {...first, acting: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    assert.equal(await acts(), 'act_not_allowed', 'it is on, and Ana has allowed nothing');
    const told = "select actor, detail from audit where workspace = $1 and action = 'workspace.changed' order by id desc limit 1";
    const {actor, detail} = await w.one(told, [ACME]);
    assert.deepEqual([actor, detail], [`user:${BEN}`, {changed: ['acting'], acting_before: 'off', acting: 'on'}]);
    const {acting, ...off} = first;
    await browser.request('POST', path, off);
    assert.equal(browser.page.status, 412, 'a page of before puts nothing back');
    assert.match(browser.page.html, /name="acting" value="on" checked/);
    const now = await form();
    assert.doesNotMatch(browser.text, /Switched off here/);
    delete now.acting;
    await browser.request('POST', path, now);
    assert.deepEqual([browser.page.status, await acts()], [303, 'act_off']);
    await w.must('DELETE', `${api}/api-tokens/back-end`);
  });
});

describe('API tokens of who is an admin no more', () => {
  const tokens = `/workspaces/${ACME}/api-tokens`, NOTE = /is no admin here any more\. API tokens that they made still work/;
  const lines = async () => (await w.query("select actor, subject from audit where workspace = $1 and action = 'api_token.maker_left' order by id", [ACME])).map(r => [r.actor, r.subject]);
  const notes = async () => (await ben.messages()).filter(m => m.is_bot && NOTE.test(words(m)));

  test('they go on, and the others are told once which they are: of who made them, and of what these made', async () => {
    await admins(BEN, ANA);
    const browser = await signIn(w.person('ana'));
    await page(browser, `${HOME}/api-tokens`);
    const {form_key} = browser.form({}, 1).fields, send = more => browser.request('POST', `${w.url}${HOME}/api-tokens`, {form_key, do: 'make', ...more});
    await send({name: 'of-ana', role: 'admin', expires_in_days: '30'});
    const token = /id="token_shown">([^<]*)</.exec(browser.page.html)[1];
    const r = await fetch(`${w.url}/v1${tokens}`, {method: 'POST', headers: {authorization: `Bearer ${token}`, 'content-type': 'application/json'},
      body: JSON.stringify({name: 'made-by-it', role: 'read', expires_in_days: 1})});
    assert.equal(r.status, 201);
    await send({name: 'over', role: 'read', expires_in_days: '30'});
    await w.query("update api_token set expires_at = now() where name = 'over'");
    await w.must('POST', tokens, {name: 'of-operator', role: 'read'});
    assert.ok((await w.must('GET', tokens)).items.every(t => !t.orphaned));
    await admins(BEN);
    const said = words(await ben.sees(NOTE));
    assert.match(said, /^Ana is no admin here/);
    assert.match(said, /made-by-it.*\(read\).*of-ana.*\(admin\)/s);
    assert.doesNotMatch(said, /of-operator|over/);
    assert.equal((await lines()).length, 1);
    assert.equal((await lines())[0][1], ANA);
    await admins(BEN);
    await w.idle();
    assert.equal((await notes()).length, 1, 'once');
    const list = Object.fromEntries((await w.must('GET', tokens)).items.map(t => [t.name, t.orphaned]));
    assert.deepEqual(list, {'made-by-it': true, 'of-ana': true, 'of-operator': false, over: true});
    const own = await signIn();
    await page(own, `${HOME}/api-tokens`);
    assert.match(own.text, /by Ana, who is no admin any more/);
    assert.match(own.text, /, a token of somebody who is no admin any more/);
    assert.equal((await fetch(`${w.url}/v1/workspaces/${ACME}`, {headers: {authorization: `Bearer ${token}`}})).status, 200, 'it goes on');
  });

  test('who leaves as an admin is told of in the same way; who made none, or is an admin again, is not', async () => {
    await admins(BEN, ANA);
    assert.ok((await w.must('GET', tokens)).items.every(t => !t.orphaned), 'an admin again');
    const before = (await notes()).length;
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN, ANA, 'U0CLEO001']});
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN, ANA]});
    assert.equal((await lines()).length, 1, 'she had made none');
    // more than are named
    await w.query(`insert into api_token (workspace, name, role, digest, begins, made_by, expires_at)
      select workspace, name || '-' || n, role, encode(sha256((name || n)::bytea), 'hex'), begins, made_by, expires_at from api_token, generate_series(1, 21) n where name = 'of-ana'`);
    await w.sandbox('POST', '/_user', {user: 'ana', set: {deleted: true}});
    await until('the others to be told', async () => (await notes()).length === before + 1);
    assert.match(words((await notes()).at(-1)), /and 3 more/);
    await w.query("delete from api_token where name like 'of-ana-%'");
    assert.deepEqual((await lines()).at(-1), ['system', ANA]);
    await w.sandbox('POST', '/_user', {user: 'ana', set: {deleted: false}});
    for (const t of (await w.must('GET', tokens)).items) await w.api('DELETE', `${tokens}/${t.name}`);
  });
});

describe('a recipe, new and gone', () => {
  test('one is made from its text, once, and removed when that is meant', async () => {
    const browser = await signIn(), path = `${w.url}${HOME}/recipes`, api = `/workspaces/${ACME}/recipes`;
    await page(browser, `${HOME}/recipes`);
    const {form_key} = browser.form({}, 1).fields;
    assert.match(browser.page.html, /acme-salesforce/, 'the beginning names a connection that is there');
    const [, shown] = /<textarea[^>]*>([\s\S]*?)<\/textarea>/.exec(browser.page.html);
    const text = shown.replaceAll('&quot;', '"').replaceAll('words to type', 'salesforce remind me');
    const make = more => browser.request('POST', path, {form_key, name: 'remind-me', text, ...more});
    await make({text: '{\r\n  "title": "Cut\r\n'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /no JSON at line 2, column/);
    await make({text: text.replace('"steps"', '"stepz"')});
    assert.equal(browser.page.status, 422);
    assert.match(browser.page.html, /&quot;stepz&quot;/, 'what was written is still there');
    await make({});
    assert.equal(browser.page.status, 303, browser.text);
    const now = await w.must('GET', `${api}/remind-me`);
    assert.deepEqual([now.version, now.enabled], [1, false]);
    await make({text: text.replace('remind me', 'remind you')});
    assert.equal(browser.page.status, 412, 'making one changes none');
    assert.equal((await w.must('GET', `${api}/remind-me`)).version, 1);
    await browser.request('POST', `${path}/remind-me`, {form_key, do: 'remove'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /Nothing was done: tick the box/);
    await browser.request('POST', `${path}/remind-me`, {form_key, do: 'remove', sure: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    assert.equal((await w.api('GET', `${api}/remind-me`)).status, 404);
    assert.deepEqual([(await audit('recipe.created')).at(-1), (await audit('recipe.deleted')).at(-1)], Array(2).fill({actor: `user:${BEN}`, subject: 'remind-me'}));
  });
});

describe('lists that are longer than a page', () => {
  test('"Older" and "More" lead through all of them, and each stands there once', async () => {
    const browser = await signIn(), many = Array.from({length: 55}, (_, i) => `many-${String(i).padStart(2, '0')}`), api = `/workspaces/${ACME}`;
    const body = {title: 'Many', trigger: {hook: 'many-00'}, post: {channel: 'C024BE91L'}, reply: {text: 'Many'}};
    for (const name of many) {
      await w.must('PUT', `${api}/hooks/${name}`, {kind: 'json'});
      await w.must('PUT', `${api}/recipes/${name}`, body);
      await w.must('PUT', `${api}/connections/${name}`, {app: 'box'});
    }
    const copies = (table, where, change) => w.query(`insert into ${table} select (jsonb_populate_record(x, jsonb_build_object('id', gen_random_uuid(), ${change}))).*
      from ${table} x, generate_series(1, 55) n where x.workspace = $1 and x.id = (select id from ${table} where workspace = $1 and ${where} limit 1)`, [ACME]);
    await copies('run', "state = 'done'", "'reference', 'WB-MANY' || n");
    await copies('connection', "user_id <> ''", "'user_id', 'U0MANY' || n, 'resting_of', null, 'state', 'disconnected', 'tokens', null");
    const lists = [['', /<a class="row" href="[^"]*\/recipes\/([^"]+)"/g, 'recipe'], ['/connections', /<a class="row" href="[^"]*\/connections\/([^"]+)"/g, 'default_connection'],
      ['/hooks', /<a class="row" href="[^"]*\/hooks\/([^"]+)"/g, 'hook'], ['/runs', /href="[^"]*\/runs\/([^"]+)"/g, 'run'], ['/audit', /<tr>\s*(<td[\s\S]*?)<\/tr>/g, 'audit'],
      ['/personal-connections', /name="id" value="([^"]+)"/g, "connection where user_id <> '' and workspace"]];
    for (const [path, row, table] of lists) {
      const seen = [];
      let pages = 0;
      for (let query = ''; query !== undefined; pages++) {
        await page(browser, HOME + path + query);
        assert.equal(browser.page.status, 200, `${path}${query}`);
        const html = path === '' ? browser.page.html.split('<h2>Default connections')[0] : browser.page.html;
        seen.push(...[...html.matchAll(row)].map(m => m[1]));
        query = /<a class="button plain small" href="(\?[^"]*)">(?:Older|More)</.exec(browser.page.html)?.[1].replaceAll('&amp;', '&');
      }
      const [{n}] = await w.query(`select count(*)::int as n from ${table.includes(' where ') ? `${table} = $1` : `${table} where workspace = $1`}`, [ACME]);
      assert.ok(pages > 1, `${path} has one page for ${n}`);
      assert.equal(seen.length, n, path);
      if (path !== '/audit') assert.equal(new Set(seen).size, n, path);
    }
  });
});
