// P5: tokens and secrets are sealed and never in a log, a chat, a page, an error, a metric or an API
// answer. Canaries are planted, everything is made to fail once, and then all of these are searched.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, SIGNING_SECRET, loginUrl, start, until, words} from '../lib/flow.mjs';

const PG_DUMP = ['/usr/lib/postgresql/15/bin/pg_dump', '/usr/bin/pg_dump'].find(existsSync) || 'pg_dump';

/** The ways in which a secret may stand in a text. */
const spellings = secret => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(0, -1), Buffer.from(secret).toString('hex')];

describe('P5 secrets', () => {
  let w, ana, cleo;
  const pages = [], answers = [], canaries = new Map();
  const plant = (what, secret) => assert.ok(secret && secret.length >= 6, what) ?? canaries.set(what, secret);

  before(async () => {
    w = await start({sandbox: {salesforce: {rotation: true}}});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    plant('Slack signing secret', SIGNING_SECRET);
    plant('Slack client secret', 'sample-slack-client-secret');
    plant('bot token', 'xoxb-sample-acme-0001');
    plant('OAuth client secret', 'sample-acme-consumer-secret');
    plant('operator token', ADMIN_TOKEN);
    plant('encryption key', w.env.WORKBOT_ENCRYPTION_KEYS.slice(3));
    plant('database password', new URL(w.databaseUrl).password);

    // a login, each page on the way kept
    const prompt = await ana.prompt('salesforce create opportunity name: Canary in the coal mine close: 2026-12-31');
    const url = loginUrl(prompt);
    plant('login handle', new URL(url).pathname.slice('/login/'.length));
    const browser = new Browser();
    await browser.get(url);
    pages.push(browser.page.html.replaceAll(canaries.get('login handle'), ''));
    await browser.logIn(url, 'ana@acme.example', {stop: '/oauth/callback/'});
    const back = new URL(browser.page.location);
    plant('state', back.searchParams.get('state'));
    plant('authorization code', back.searchParams.get('code'));
    await browser.request('GET', back.href);
    plant('typed code', browser.code);
    pages.push(browser.page.html.replaceAll(browser.code, '').replaceAll(canaries.get('login handle'), ''));
    await ana.ask(browser.code, /is connected/);
    await ana.sees(/Created Canary/);

    // everything fails once: expired, refused, lost, broken
    const retried = async fault => {
      await until(`${fault} to have happened`, async () => await w.fired(fault) >= 1);
      await until('the command to have been put off', () => w.count('job', "kind = 'run' and state = 'queued' and error_code is not null"));
      await w.query('update connection set cool_until = now()');
      await w.query("update job set run_at = now() where state = 'queued'");
      await w.idle();
    };
    for (const fault of ['5xx', 'html', '429']) {
      await w.fault(fault, {path: '/query'});
      await ana.say('salesforce find opportunity name: Canary');
      await retried(fault);
      await w.sandbox('DELETE', '/_faults');
    }
    await w.fault('token_expired', {path: '/query'});
    await ana.ask('salesforce find opportunity name: Canary', /1 found/);
    await w.fault('token_expired', {path: '/query'});
    await w.fault('html', {path: 'oauth2/token'});
    await ana.say('salesforce find opportunity name: Canary');
    await retried('html');
    await w.fault('token_expired', {path: '/query'});
    await w.fault('client_secret_refused', {path: 'oauth2/token'});
    await ana.ask('salesforce find opportunity name: Canary', /sign-in data/);
    await w.query('update connection set cool_until = now()');
    await w.fault('lost', {method: 'POST', path: '/sobjects/'});
    await ana.ask('salesforce create opportunity name: Canary lost close: 2026-12-31', /may have happened/);
    // a login whose exchange fails, one that waits for its code, one that is open
    const second = await cleo.prompt('connect salesforce');
    await w.fault('html', {path: 'oauth2/token'});
    await cleo.browser.logIn(loginUrl(second), 'cleo@acme.example');
    pages.push(cleo.browser.page.html.replaceAll(new URL(loginUrl(second)).pathname.slice(7), ''));
    const again = new Browser();
    await again.logIn(loginUrl(second), 'cleo@acme.example');
    plant('a typed code that waits', again.code);
    plant('a handle that is open', new URL(loginUrl(second)).pathname.slice('/login/'.length));
    // wrong callbacks and broken doors
    for (const path of [`/oauth/callback/x?state=${canaries.get('state')}&code=${canaries.get('authorization code')}`, back.pathname + back.search, `/login/${canaries.get('login handle')}x`]) {
      const r = await fetch(w.url + path);
      pages.push(await r.text());
    }
    await w.signed('/slack/events', 'broken', {secret: 'not-the-secret-at-all'});
    await w.api('PUT', `/workspaces/${ACME}`, `{"bot_token":"xoxb-sample-acme-0001"`);
    answers.push((await w.api('PUT', `/workspaces/${ACME}/connections/acme-salesforce`, {app: 'nothing', client_secret: 'sample-acme-consumer-secret'})).text);

    // every token that the sandbox ever issued
    let n = 0;
    for (const c of await w.calls({peer: 'salesforce'})) {
      for (const from of [c.answer, c.args]) {
        for (const key of ['access_token', 'refresh_token', 'code_verifier']) if (typeof from?.[key] === 'string') plant(`${key} ${++n}`, from[key]);
      }
    }
    assert.ok(n >= 8, `tokens were seen: ${n}`);
    for (const path of ['', '/connections', '/connections/acme-salesforce', '/recipes', '/recipes/create-opportunity', '/runs', '/personal-connections', '/people', '/audit']) {
      const r = await w.must('GET', `/workspaces/${ACME}${path}`);
      answers.push(r.text);
    }
    for (const {id} of await w.query('select id from run')) answers.push((await w.must('GET', `/workspaces/${ACME}/runs/${id}`)).text);
  });
  after(() => w?.stop());

  function search(where, text, except = []) {
    assert.ok(text.length > 20, `${where} is there`);
    for (const [what, secret] of canaries) {
      if (except.includes(what)) continue;
      for (const s of secret.length > 10 ? spellings(secret) : [secret]) {
        const at = text.indexOf(s);
        // six digits stand in many numbers: they count as a word of their own only
        const alone = secret.length > 10 || new RegExp(`(?<![\\w.-])${secret}(?![\\w.-])`).test(text);
        assert.ok(at < 0 || !alone, `${what} in ${where}: ...${text.slice(Math.max(0, at - 80), at)}[here]`);
      }
    }
  }

  test('apps_trap_18_log P5 not in the log, though it tells everything', () => {
    const log = w.log();
    assert.match(log, /"level":"debug"/);
    assert.match(log, /a login came to nothing/);
    for (const [what, secret] of canaries) assert.throws(() => search('a leak', `padding, so that it is long enough: ${secret}`), undefined, what);
    search('the log', log);
  });

  test('apps_trap_18_api P5 not in any answer of the API', () => search('API answers', answers.join('\n')));
  test('apps_trap_18_pages P5 not in a page', () => search('pages', pages.join('\n')));
  test('apps_trap_18_metrics P5 not in the metrics', async () => search('metrics', await (await fetch(w.replicas[0].opsUrl + '/metrics')).text()));

  test('apps_trap_18_chat P5 not in the chat, but for the login link in its private prompt', async () => {
    const calls = (await w.calls({peer: 'slack'})).filter(c => /\/api\/(chat|views|conversations)/.test(c.path) || /\/response\//.test(c.path));
    assert.ok(calls.length > 10);
    search('chat', calls.map(c => JSON.stringify(c.args)).join('\n'), ['login handle', 'a handle that is open', 'bot token']);
    const posted = calls.filter(c => JSON.stringify(c.args).includes(canaries.get('a handle that is open')));
    assert.ok(posted.length > 0 && posted.every(c => /^D0/.test(c.args.channel)), 'the link stands in a DM alone');
  });

  test('apps_trap_18_dump P5 not in a dump of the database: the handle as a hash alone, message bodies and inputs sealed', async () => {
    const dump = execFileSync(PG_DUMP, ['--inserts', w.databaseUrl], {encoding: 'utf8', maxBuffer: 1 << 28});
    assert.match(dump, /INSERT INTO public\.login/);
    search('the dump', dump);
    assert.ok(!dump.includes('Canary'), 'neither what was typed nor what was answered');
    assert.ok(!dump.includes(Buffer.from('Canary').toString('hex')), 'nor as bytes');
  });

  test('apps_trap_18_moved P5 every sealed value is bound to its row: swapped tokens open nowhere', async () => {
    await cleo.ask(canaries.get('a typed code that waits'), /is connected/);
    await w.idle();
    await w.query(`update connection set tokens = (select tokens from connection where user_id = 'U0ANA0001') where user_id = 'U0CLEO001'`);
    const said = await cleo.say('salesforce create opportunity name: Swapped close: 2026-12-31');
    const told = await until('the run to be given up', async () => {
      await w.query("update job set run_at = now() where state = 'queued'");
      return (await cleo.messages()).find(m => m.ts > said.ts && /did not work|went wrong/.test(words(m)));
    });
    assert.match(words(told), /WB-/);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Swapped').length, 0);
  });
});
