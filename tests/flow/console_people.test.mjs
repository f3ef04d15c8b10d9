// The console's people: found, disconnected and erased, by whom the API lets do it and with its words.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {ACME, GLOBEX, OPPORTUNITY, start, until} from '../lib/flow.mjs';
import {operator, signIn} from '../lib/console.mjs';

const HOME = `/console/workspaces/${ACME}`, ANA = 'U0ANA0001', BEN = 'U0BEN0001', CLEO = 'U0CLEO001';

describe('people in the console', () => {
  let w, ana, ben;
  const page = (browser, path) => browser.get(w.url + path);
  const person = user => `${HOME}/people/${user}`;
  const known = user => w.count('chat_user', `workspace = '${ACME}' and user_id = '${user}'`);
  const audit = action => w.query('select actor, subject from audit where workspace = $1 and action = $2 order by id', [ACME, action]);
  /** A button of the person's page. */
  const press = async (browser, user, fields) => {
    await page(browser, person(user));
    const {form_key} = browser.form({}, 1).fields;
    return browser.request('POST', w.url + person(user), {form_key, ...fields});
  };

  before(async () => {
    w = await start({globex: true});
    [ana, ben] = [w.person('ana'), w.person('ben')];
    await w.must('PUT', `/workspaces/${ACME}`, {admins: [BEN]});
    await ana.connect();
    await ana.ask(OPPORTUNITY, /Created Acme renewal/);
    await w.person('cleo').ask('whoami', /Cleo/);
    await w.idle();
  });
  after(() => w?.stop());

  test('they are searched by the beginning of name or id, page by page, each with connections and runs', async () => {
    const browser = await signIn(ben);
    await page(browser, `${HOME}/people`);
    assert.match(browser.text, /Ana U0ANA0001 ?, last ran a command \d.*1 connection Runs/);
    for (const path of [`/people/${ANA}`, `/personal-connections?user=${ANA}`, `/runs?user=${ANA}`]) assert.ok(browser.page.html.includes(`href="${HOME}${path}"`), path);
    assert.doesNotMatch(browser.page.html, /@acme\.example/, 'no address stands there');
    for (const begins of ['an', 'u0ana']) {
      await page(browser, `${HOME}/people?begins=${begins}`);
      assert.match(browser.text, /Ana U0ANA0001/);
      assert.doesNotMatch(browser.text, /Cleo/, begins);
    }
    await page(browser, `${HOME}/people?begins=otto`);
    assert.match(browser.text, /Nobody fits that/, "another workspace's people are nobody");
    await w.query("insert into chat_user (workspace, user_id, name, standing) select $1, 'U0AZ' || n, 'Zed <b>' || n, 'guest' from generate_series(100, 159) n", [ACME]);
    await page(browser, `${HOME}/people?begins=zed`);
    assert.match(browser.text, /Guest U0AZ100/);
    assert.ok(browser.page.html.includes('Zed &lt;b&gt;100') && !browser.page.html.includes('U0AZ150'));
    await page(browser, `${HOME}/people${/href="(\?begins=zed&amp;cursor=[^"]*)"/.exec(browser.page.html)[1].replace('&amp;', '&')}`);
    assert.ok(browser.page.html.includes('U0AZ159') && !browser.page.html.includes('U0AZ149'), browser.text);
    await w.query("delete from chat_user where user_id like 'U0AZ%'");
  });

  test('all connections of a person end when that is meant, at the app too, and by the name of who did it', async () => {
    const browser = await signIn(ben), state = async () => (await w.must('GET', `/workspaces/${ACME}/personal-connections?user=${ANA}`)).items.map(c => c.state);
    await press(browser, ANA, {do: 'disconnect'});
    assert.equal(browser.page.status, 422);
    assert.deepEqual(await state(), ['active'], browser.text);
    await press(browser, ANA, {do: 'disconnect', sure: 'on'});
    assert.equal(browser.page.status, 303, browser.text);
    assert.equal(new URL(browser.page.location, w.url).pathname, person(ANA));
    assert.deepEqual(await state(), ['disconnected']);
    assert.equal((await audit('connection.disconnected')).at(-1).actor, `user:${BEN}`);
    await browser.request('POST', w.url + person(ANA), {do: 'disconnect', sure: 'on'});
    assert.equal(browser.page.status, 403, 'not without the key of a page');
  });

  test('P15 what stands in the way of an erasure is said before, and said again by the API', async () => {
    const browser = await signIn(ben), {installer} = await w.must('GET', `/workspaces/${ACME}`);
    const set = who => w.must('PUT', `/workspaces/${ACME}`, {installer: who});
    await page(browser, person(ANA));
    const {form_key} = browser.form({}, 1).fields;
    const blocked = async (user, said, words) => {
      await page(browser, person(user));
      assert.match(browser.text, said);
      assert.doesNotMatch(browser.page.html, /value="erase"/, 'no button that cannot work');
      await browser.request('POST', w.url + person(user), {form_key, do: 'erase', sure: 'on'});
      assert.equal(browser.page.status, 409, browser.text);
      assert.match(browser.text, words);
      assert.match(browser.page.html, /<div class="notice bad" role="alert"><p>(Nobody|This person|The login)/, 'as an error');
      assert.equal(await known(user), 1);
    };
    await set(CLEO);
    await w.query("update connection set owner = $2 where workspace = $1 and user_id = ''", [ACME, ANA]);
    await blocked(CLEO, /They are the installer: name another one under Admins and groups first/, /This person is the installer/);
    await blocked(ANA, /The login of acme-salesforce is theirs/, /The login of the connection acme-salesforce is this person/);
    await blocked(BEN, /That is you\. .* nobody can erase themselves/, /Nobody can erase themselves/);
    await w.query("update connection set owner = null where workspace = $1 and user_id = ''", [ACME]);
    await set(installer);
    assert.equal(await w.count('person_erasure'), 0);
  });

  test('P15 a person is erased: by which words is said before; while something is under way it is said, then the proof is shown', async () => {
    const browser = await signIn(ben), words = /Searched for: "D0ANA0001", "U0ANA0001", "ana@acme\.example", .* Not searched for, as others have them, too, or they mean nobody: "Ana"\. Where these stand, they stay\./;
    await w.query("insert into chat_user (workspace, user_id, name) values ($1, 'U0AZ100', 'Ana')", [ACME]);
    await page(browser, person(ANA));
    const [before] = words.exec(browser.text) ?? assert.fail(browser.text);
    assert.equal(await w.count('person_erasure'), 0, 'that keeps nothing');
    await press(browser, ANA, {do: 'erase'});
    assert.equal(browser.page.status, 422);
    assert.match(browser.text, /Nothing was done: tick the box/);
    assert.equal(await w.count('person_erasure'), 0);
    await w.query("insert into job (workspace, id, kind, lane, run_at) values ($1, gen_random_uuid(), 'notice', $2, now() + interval '1 day')", [ACME, ANA]);
    await press(browser, ANA, {do: 'erase', sure: 'on'});
    assert.equal(browser.page.status, 200, browser.text);
    assert.match(browser.text, /Not erased yet\. Their logins and runs are ended; (1 job or run of theirs is|\d+ jobs or runs of theirs are) under way still/);
    assert.equal(await known(ANA), 1);
    await page(browser, `${HOME}/people?begins=ana`);
    assert.match(browser.text, /Being erased/);
    await w.query('delete from job where lane = $1', [ANA]);
    const done = await until('Ana to be erased', async () => {
      await press(browser, ANA, {do: 'erase', sure: 'on'});
      return /Erased Nothing that Workbot stores/.test(browser.text) && browser.text;
    });
    const [line] = await audit('person.erased');
    assert.equal(line.actor, `user:${BEN}`);
    assert.match(done, new RegExp(`${line.subject}.*Rows deleted [1-9]\\d*.*\\d+ columns and \\d+ sealed values were searched for them, and nothing was found`));
    assert.ok(done.includes(before), `${before}\n${done}`);
    assert.equal(await known(ANA), 0);
    await page(browser, person(ANA));
    assert.equal(browser.page.status, 404);
  });

  test('operators may, of any workspace; who is no admin may not', async () => {
    const boss = await operator(w), browser = await signIn(ben);
    await page(boss, `/console/workspaces/${GLOBEX}/people`);
    assert.match(boss.text, /People Whom Workbot knows here/);
    await page(browser, `/console/workspaces/${GLOBEX}/people`);
    assert.equal(browser.page.status, 404);
    await press(boss, CLEO, {do: 'erase', sure: 'on'});
    assert.match(boss.text, /Erased Nothing that Workbot stores/);
    assert.match((await audit('person.erased')).at(-1).actor, /^token:/);
    await w.person('cleo').ask('whoami', /Cleo/);
    await w.idle();
    await page(boss, person(CLEO));
    const [, words] = /(Searched for: "[^<]*)<\/p>/.exec(boss.page.html.replaceAll('&quot;', '"')) ?? assert.fail(boss.text);
    const forget = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['forget', ACME, CLEO], {encoding: 'utf8', env: w.env});
    assert.equal(forget.status, 0, forget.stderr);
    assert.ok(forget.stdout.toLowerCase().includes(words.toLowerCase()), `${words}\n${forget.stdout}`);
  });
});
