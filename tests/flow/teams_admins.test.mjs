// Microsoft Teams: how a workspace gets its first admin, and the next one: the operator's set-up link.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, OPPORTUNITY, TEAMS_ACME, TEAMS_GLOBEX, TEAMS_GLOBEX_TENANT, TEAMS_PEOPLE, labels, start, until, words} from '../lib/flow.mjs';

const LINKS = `/workspaces/${TEAMS_ACME}/admin-links`;
const {ana: ANA, ben: BEN, cleo: CLEO, noa: NOA} = TEAMS_PEOPLE;
const WRONG = /not a code that a set-up page shows now/;

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const admins = async (workspace = TEAMS_ACME) => (await w.one('select admins from workspace where workspace = $1', [workspace])).admins;
const named = (...list) => w.must('PUT', `/workspaces/${TEAMS_ACME}`, {admins: list});
const link = async (workspace = TEAMS_ACME) => (await w.must('POST', `/workspaces/${workspace}/admin-links`, {})).url;
const audit = action => w.query('select actor, subject, detail from audit where workspace = $1 and action = $2 order by id', [TEAMS_ACME, action]);
/** A code of this link, in a browser of its own. */
async function shown(url, browser = new Browser()) {
  const page = await browser.get(url);
  assert.equal(page.status, 200, browser.text);
  assert.equal((await browser.submit()).status, 200, browser.text);
  return browser.code;
}
/** Six digits that are not these. */
const other = code => String((Number(code) + 1) % 1000000).padStart(6, '0');

before(async () => (w = await start({teams: true, replicas: 2})));
after(() => w?.stop());
beforeEach(() => w.must('DELETE', LINKS)); // of the test before

describe('a set-up link', () => {
  test('P3: opening it changes nothing; its code, sent in the one-to-one chat, makes an admin once', async () => {
    await named(BEN);
    const made = await w.must('POST', LINKS);
    assert.equal(made.status, 201);
    const day = Date.parse(made.expires) - Date.now();
    assert.ok(day > 23.9 * 3600e3 && day < 24.1 * 3600e3, made.expires);
    const url = made.url, browser = new Browser();
    const row = () => w.one('select codes, code_hash, used_at from admin_link order by id desc limit 1');
    for (const method of ['GET', 'HEAD', 'GET']) assert.equal((await browser.request(method, url)).status, 200);
    assert.deepEqual(await row(), {codes: 0, code_hash: null, used_at: null}, 'a preview spends nothing');
    const dump = JSON.stringify(await w.query('select * from admin_link'));
    assert.ok(!dump.includes(url.split('/').at(-1)), 'the link itself is stored nowhere');

    const code = await shown(url, browser);
    assert.ok(!JSON.stringify(await row()).includes(code));
    assert.deepEqual(await admins(), [BEN], 'nobody is an admin by the page alone');
    const ana = person('ana'), ben = person('ben');
    const before = (await ben.ask('whoami', /Role/)).ts; // who has never written cannot be written to
    const welcome = await ana.ask(`admin ${code}`, /You are an admin of Workbot in Acme now/);
    assert.doesNotMatch(words(welcome), /Next come a connection/, 'the commands are there');
    await ben.sees(/Ana Alvarez is an admin of Workbot here from now on, by a set-up link/, {after: before});
    assert.deepEqual(await admins(), [BEN, ANA]);
    assert.deepEqual((await audit('workspace.admin_added')).map(a => [a.actor, a.subject]), [['setup_link', ANA]]);
    assert.match((await audit('workspace.admin_added'))[0].detail.made_by, /^token:/);
    await ana.ask('whoami', /Role\nadmin/);

    assert.equal((await browser.get(url)).status, 410);
    assert.match(browser.text, /This link has been used.*tell whoever gave it to you at once/);
    assert.equal((await browser.request('POST', url)).status, 410);
    await person('cleo').ask(`admin ${code}`, WRONG);
    assert.deepEqual(await admins(), [BEN, ANA], 'its code is spent');
    await ana.ask(`admin ${code}`, /You are an admin here already/);
  });

  test('no secret of it stands in the log or in what the API says', async () => {
    await named(BEN);
    const url = await link();
    const code = await shown(url);
    await person('cleo').ask(`admin ${code}`, /You are an admin/);
    assert.ok(!w.log().includes(url.split('/').at(-1)));
    const said = (await w.must('GET', `/workspaces/${TEAMS_ACME}/audit?limit=100`)).text;
    for (const secret of [url.split('.').at(-1), code, ADMIN_TOKEN]) assert.ok(!said.includes(secret));
  });

  test('where others read it, a code is not used, and good no more', async () => {
    await named(BEN);
    const url = await link(), browser = new Browser();
    const code = await shown(url, browser);
    const ana = person('ana'), cleo = person('cleo');
    await ana.ask(`@Workbot admin ${code}`, /I did not use that code, and nobody can any more/, {place: 'General', see: 'dm'});
    await cleo.ask(`admin ${code}`, WRONG);
    assert.deepEqual(await admins(), [BEN]);
    await browser.submit();
    assert.notEqual(browser.code, code);
    await ana.ask(`Admin ${browser.code.slice(0, 3)} ${browser.code.slice(3)}`, /You are an admin/);
    assert.deepEqual(await admins(), [BEN, ANA]);
  });

  const PHRASES = [c => `admin: ${c}`, c => `admin code ${c}`, c => `admin ${c} please`, c => c, c => `my admin code is ${c}`, c => `hello admin ${c}`,
    c => `admin${c}`, c => `at 10, ${c.slice(0, 3)}-${c.slice(3)}!`];
  for (const [i, phrase] of PHRASES.entries()) {
    test(`where others read it, whatever stands around it: ${phrase('123456')}`, async () => {
      await named(BEN);
      const [code, kept] = [await shown(await link()), await shown(await link())];
      const ana = person('ana'), cleo = person('cleo'), place = i % 2 ? 'General' : 'renewals';
      const before = (await audit('admin_link.code_read')).length;
      await ana.ask(`@Workbot ${phrase(code)}`, /I did not use that code, and nobody can any more/, {place, see: 'dm'});
      await cleo.ask(`admin ${code}`, WRONG);
      assert.deepEqual(await admins(), [BEN]);
      assert.deepEqual((await audit('admin_link.code_read')).slice(before).map(a => a.actor), [`user:${ANA}`]);
      await cleo.ask(`admin ${kept}`, /You are an admin/); // of another link, which nobody has read
    });
  }

  for (const [name, place, refusal] of [['gus', 'General', /only work for members/], ['sid', 'partners', null]]) {
    test(`where others read it, it is good no more either when ${name}, who may not use Workbot, sends it in ${place}`, async () => {
      await named(BEN);
      const [code, kept] = [await shown(await link()), await shown(await link())];
      const who = person(name), cleo = person('cleo');
      const before = (await audit('admin_link.code_read')).length;
      const said = await who.say(`@Workbot admin ${code}`, {place});
      await w.idle();
      const told = [...await who.messages(), ...await who.messages(place)].filter(m => m.is_bot && m.ts > said.ts).map(words);
      assert.doesNotMatch(told.join(), /code|set-up/, 'refused as ever, and nothing is said of codes');
      if (refusal) assert.match(told.join(), refusal);
      assert.deepEqual((await audit('admin_link.code_read')).slice(before).map(a => a.actor), [`user:${TEAMS_PEOPLE[name]}`]);
      await cleo.ask(`admin ${code}`, WRONG);
      assert.deepEqual(await admins(), [BEN]);
      await who.say(`@Workbot admin ${other(kept)}`, {place});
      await w.idle();
      await cleo.ask(`admin ${kept}`, /You are an admin/); // of another link, which nobody has read
    });
  }

  test('other digits where others read them are no try, end nothing, and nothing is said of set-up', async () => {
    await named(BEN);
    const code = await shown(await link());
    const ana = person('ana');
    for (const text of [`my code is ${other(code)}`, other(code), `help ${other(code)}`]) {
      const said = await ana.say(`@Workbot ${text}`, {place: 'General'});
      await w.idle();
      const told = [...await ana.messages(), ...await ana.messages('General')].filter(m => m.is_bot && m.ts > said.ts).map(words);
      assert.doesNotMatch(told.join(), /nobody can any more|set-up/);
    }
    await ana.ask(`@Workbot admin ${other(code)}`, /I did not use that code/, {place: 'General', see: 'dm'});
    assert.equal((await w.one('select code_tries from admin_link order by id desc limit 1')).code_tries, 0);
    await ana.ask(`admin ${code}`, /You are an admin/);
  });

  test('three wrong codes, by whomever, end the code and not the link; who tried stands in the audit', async () => {
    await named(BEN);
    const url = await link(), browser = new Browser();
    const code = await shown(url, browser);
    const cleo = person('cleo'), ana = person('ana');
    for (const who of [cleo, ana, cleo]) await who.ask(`admin ${other(code)}`, WRONG);
    await ana.ask(`admin ${code}`, WRONG);
    assert.deepEqual(await admins(), [BEN]);
    assert.deepEqual((await audit('admin_link.code_spent')).map(a => a.actor), [`user:${CLEO}`]);
    await browser.submit();
    await ana.ask(`admin ${other(browser.code)}`, WRONG);
    await ana.ask(`admin ${browser.code}`, /You are an admin/);
  });

  test('a new code takes the place of the one before; after ten there are no more', async () => {
    await named(BEN);
    const url = await link(), browser = new Browser();
    const first = await shown(url, browser);
    await browser.submit();
    await person('ana').ask(`admin ${first}`, WRONG);
    for (let i = 2; i < 10; i++) assert.equal((await browser.request('POST', url)).status, 200);
    assert.equal((await browser.request('POST', url)).status, 410);
    assert.match(browser.text, /This link shows no more codes/);
    assert.deepEqual(await admins(), [BEN]);
  });

  test('of two who send one code at the same moment, at two replicas, one becomes an admin', async () => {
    await named(BEN);
    const code = await shown(await link());
    const row = await w.hold('select 1 from workspace where workspace = $1 for no key update', [TEAMS_ACME]);
    await Promise.all([person('ana').say(`admin ${code}`), person('cleo').say(`admin ${code}`)]);
    await row.waiting(2);
    await row.release();
    await until('both to be answered', async () => (await admins()).length === 2);
    await w.idle();
    assert.equal((await admins()).length, 2);
    assert.equal((await audit('workspace.admin_added')).filter(a => [ANA, CLEO].includes(a.subject)).length >= 1, true);
    assert.equal(await w.count('admin_link', 'used_at is not null and code_hash is not null'), 0);
  });

  test('two links at once make two admins, whoever typed which', async () => {
    await named(BEN);
    const [a, c] = [await shown(await link()), await shown(await link())];
    await person('cleo').ask(`admin ${a}`, /You are an admin/);
    await person('ana').ask(`admin ${c}`, /You are an admin/);
    assert.deepEqual((await admins()).sort(), [ANA, BEN, CLEO].sort());
  });

  test('the same message again, and all replicas killed in between, is one admin and one answer', async () => {
    await named(BEN);
    const url = await link();
    const code = await shown(url);
    const ana = person('ana');
    const before = (await audit('workspace.admin_added')).length;
    for (const r of w.replicas) r.child.kill('SIGKILL');
    await Promise.all(w.replicas.map(r => r.child.ended));
    w.replicas.length = 0;
    await w.startReplica();
    await w.startReplica();
    const said = await ana.say(`admin ${code}`, {repeat: 3, together: true});
    await ana.sees(/You are an admin/, {after: said.ts});
    await w.idle();
    assert.equal((await ana.messages()).filter(m => m.is_bot && m.ts > said.ts).length, 1);
    assert.equal((await audit('workspace.admin_added')).length, before + 1);
    assert.deepEqual(await admins(), [BEN, ANA]);
  });

  test('ten minutes for a code, a day for a link, and the operator can take all back', async () => {
    await named(BEN);
    const ana = person('ana'), browser = new Browser();
    const url = await link();
    const late = await shown(url, browser);
    await w.query("update admin_link set code_expires_at = now() - interval '1 second' where used_at is null");
    await ana.ask(`admin ${late}`, WRONG);
    await browser.submit();
    await w.query("update admin_link set expires_at = now() - interval '1 second' where used_at is null");
    await ana.ask(`admin ${browser.code}`, WRONG);
    assert.equal((await browser.get(url)).status, 410);
    assert.match(browser.text, /This link does nothing any more/);

    const second = await link(), ended = (await audit('admin_link.ended')).length;
    const code = await shown(second);
    assert.equal((await w.api('DELETE', LINKS)).status, 204);
    assert.equal((await w.api('DELETE', LINKS)).status, 204);
    await ana.ask(`admin ${code}`, WRONG);
    assert.equal((await browser.get(second)).status, 410);
    assert.equal((await audit('admin_link.ended')).length, ended + 1);
    assert.deepEqual(await admins(), [BEN]);
  });

  test('what it is not: no link, another path, a cut one, another site', async () => {
    const url = await link(), browser = new Browser();
    const [front, handle] = [url.slice(0, url.lastIndexOf('/')), url.split('/').at(-1)];
    for (const bad of ['nothing', handle.slice(0, -1), `${handle}a`, handle.replace(/.$/, c => (c === '0' ? '1' : '0')), '%00']) {
      assert.ok([400, 404].includes((await browser.request('GET', `${front}/${bad}`)).status), bad);
    }
    assert.equal((await browser.get(url.replace('/setup/', '/login/'))).status, 404);
    const answer = await fetch(url, {method: 'POST', headers: {'sec-fetch-site': 'cross-site'}});
    assert.equal(answer.status, 403);
    assert.equal((await w.one('select codes from admin_link order by id desc limit 1')).codes, 0);
    const page = await fetch(url);
    assert.match(page.headers.get('content-security-policy'), /form-action 'self'; frame-ancestors 'none'/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
  });
});

describe('who cannot become an admin', () => {
  test('a guest, also where guests are welcome; the code stays good for a member', async () => {
    await named(BEN);
    const code = await shown(await link());
    const gus = person('gus');
    await gus.ask(`admin ${code}`, /only work for members/);
    await w.must('PUT', `/workspaces/${TEAMS_ACME}`, {guests: 'allow'});
    await gus.ask(`admin ${code}`, /Only members of the organisation can become admins/);
    await gus.ask('admin 000000', /Only members of the organisation can become admins/);
    await w.must('PUT', `/workspaces/${TEAMS_ACME}`, {guests: 'refuse'});
    assert.deepEqual(await admins(), [BEN]);
    await person('ana').ask(`admin ${code}`, /You are an admin/);
  });

  test('somebody of another tenant, who has got the link: it is nothing there', async () => {
    await named(BEN);
    const otto = person('otto', TEAMS_GLOBEX_TENANT);
    await otto.ask('help', /./);
    const code = await shown(await link());
    await otto.ask(`admin ${code}`, WRONG);
    assert.deepEqual([await admins(), await admins(TEAMS_GLOBEX)], [[BEN], []]);
    assert.equal((await w.one('select code_tries from admin_link order by id desc limit 1')).code_tries, 0, 'no try of another tenant counts');
    await person('ana').ask(`admin ${code}`, /You are an admin/);
  });

  test('a workspace that began by itself has none before its link is used', async () => {
    assert.deepEqual(await admins(TEAMS_GLOBEX), []);
    const code = await shown(await link(TEAMS_GLOBEX));
    await person('otto', TEAMS_GLOBEX_TENANT).ask(`admin ${code}`, /You are an admin of Workbot in your organisation now/);
    assert.deepEqual(await admins(TEAMS_GLOBEX), [TEAMS_PEOPLE.otto]);
  });

  test('who has become a guest since is asked about anew, and so is who has become a member again', async () => {
    await named(BEN);
    const cleo = person('cleo'), is = role => w.sandbox('POST', '/_user', {chat: 'teams', user: 'cleo', set: {role}});
    await cleo.ask('whoami', /Role/);
    await w.idle();
    const code = await shown(await link());
    await is('guest');
    await cleo.ask(`admin ${code}`, /only work for members/);
    await w.idle();
    assert.deepEqual(await admins(), [BEN]);
    await is('user');
    await cleo.ask(`admin ${code}`, /You are an admin/);
    assert.deepEqual(await admins(), [BEN, CLEO]);
  });

  test('who was disabled since, while Teams could not say so: nothing is done before it can', async () => {
    await named(BEN);
    const noa = person('noa');
    await noa.installs();
    await noa.ask('help', /./);
    await w.idle();
    const code = await shown(await link());
    await w.fault('5xx', {peer: 'teams', method: 'GET', path: '/members/', status: 503, times: -1});
    await noa.say(`admin ${code}`);
    await until('Teams to be asked in vain', async () => await w.fired('5xx') > 0);
    await w.sandbox('POST', '/_user', {chat: 'teams', user: 'noa', set: {disabled: true}});
    await w.sandbox('DELETE', '/_faults');
    await until('Teams to be heard', async () => await w.count('job', "state in ('queued', 'running') and attempts > 0") === 0);
    await w.idle();
    assert.deepEqual(await admins(), [BEN]);
    assert.equal((await w.one('select code_hash is null as used from admin_link order by id desc limit 1')).used, false);
    await w.sandbox('POST', '/_user', {chat: 'teams', user: 'noa', set: {disabled: false}});
  });
});

describe('the word', () => {
  test('"admin" alone says how; a command that begins so is a command', async () => {
    const ana = person('ana');
    const how = await ana.ask('admin', /by a set-up link/);
    assert.match(words(how), /send me admin and the six digits/, 'the word is set as code, not with the marks of it');
    await ana.ask('admin 12345', /by a set-up link/);
    await ana.ask('admin please', m => m.is_bot && !/set-up link/.test(words(m)));
  });

  test('"admin" says whom to ask, and what an admin is already', async () => {
    await named(BEN);
    const member = words(await person('cleo').ask('admin', /by a set-up link/));
    assert.match(member, /Without one, ask whoever operates Workbot/);
    assert.match(member, /You can ask Ben/);
    assert.doesNotMatch(member, /has sent you/);
    const ben = person('ben');
    for (const typed of ['admin', 'admin 12345']) {
      const told = words(await ben.ask(typed, /You are an admin of Workbot here already\./));
      assert.doesNotMatch(told, /set-up link|six digits|You can ask/);
    }
    await ben.ask(OPPORTUNITY.replace(/ name: .*/, ''), /Enter name/);
    await ben.ask('admin', /You are an admin of Workbot here already\.[\s\S]*still waits: enter its name/);
    await ben.ask('cancel', /Cancelled/);
  });

  test('its digits alone are answered with it, and make nobody an admin', async () => {
    await named(BEN);
    const cleo = person('cleo'), ana = person('ana');
    const code = await shown(await link());
    const how = /no login of yours waits for one.*Does a set-up page show it\? Then send me admin and the six digits/s;
    await cleo.ask(code, how);
    await cleo.ask(other(code), how);
    assert.deepEqual(await admins(), [BEN]);
    await ana.ask(`admin ${code}`, /You are an admin/);
  });

  test('while something is asked it is that word, too, and no answer', async () => {
    const cleo = person('cleo');
    await cleo.ask(OPPORTUNITY.replace(/ name: .*/, ''), /Enter name/);
    await cleo.ask('admin', /by a set-up link/);
    await cleo.ask('admin 12345', /by a set-up link/);
    await cleo.ask('Admin deal', /Enter close/); // more than that word: it answers what is asked
    await cleo.ask('cancel', /Cancelled/);
  });

  test('while something is asked, that is left open and the answer says so; a button still makes it the answer', async () => {
    const cleo = person('cleo');
    await cleo.ask(OPPORTUNITY.replace(/ name: .*/, ''), /Enter name/);
    const how = await cleo.ask('admin', /by a set-up link/);
    assert.match(words(how), /Create an opportunity still waits: enter its name, or type cancel/);
    await cleo.press(how, 'Use it as name of Create an opportunity');
    await cleo.sees(/Enter close/, {after: how.ts});
    await cleo.ask('admin', m => /still waits: enter its close/.test(words(m)) && !labels(m).some(l => /Use it/.test(l)));
    await cleo.ask('cancel', /Cancelled/);
    assert.doesNotMatch(words(await cleo.ask('admin', /by a set-up link/)), /still waits/);
  });

  test('where the question lists it, it is the answer, by label or by value', async () => {
    const path = `/workspaces/${TEAMS_ACME}/recipes/add-role`, cleo = person('cleo');
    const options = [{label: 'Admin', value: 'adm'}, {label: 'Owner', value: 'ADMIN 1'}, {label: 'User', value: 'usr'}];
    await w.must('PUT', path, {name: 'add-role', title: 'Add a role', command: 'salesforce add role', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
      inputs: [{name: 'role', required: true, options}, {name: 'remark', required: true}],
      steps: [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{inputs.role}}', CloseDate: '2026-12-31', StageName: 'Prospecting'}}}],
      reply: {text: 'Added {{inputs.role}}'}});
    for (const typed of ['Admin', 'admin', 'admin 1']) {
      await cleo.ask('salesforce add role', /Enter role/);
      await cleo.ask(typed, /Enter remark/);
      await cleo.ask('cancel', /Cancelled/);
    }
    await cleo.ask('salesforce add role', /Enter role/);
    assert.match(words(await cleo.ask('admin 12', /by a set-up link/)), /Add a role still waits: enter its role/);
    await cleo.ask('cancel', /Cancelled/);
    await w.must('DELETE', path);
  });

  test('in Slack it is no word of ours, and its links are refused', async () => {
    const ana = w.person('ana');
    await ana.ask('admin 123456', m => m.is_bot && !/set-up/.test(words(m)));
    assert.doesNotMatch(words(await ana.ask('123456', /no login of yours waits for one/)), /set-up|admin/);
    const r = await w.api('POST', `/workspaces/${ACME}/admin-links`, {});
    assert.deepEqual([r.status, r.code], [409, 'admin_by_installation']);
  });
});

describe('the call', () => {
  test('only with the token, for a workspace that is there and served, and for twenty links at a time', async () => {
    assert.equal((await w.api('POST', LINKS, {}, {token: 'wrong-token-of-the-flow-tests-0123456789'})).status, 401);
    assert.equal((await w.api('POST', LINKS, {user: ANA})).status, 422);
    const unlisted = '/workspaces/teams:0190c0de-0000-7000-8000-000000000002';
    assert.equal((await w.api('POST', `${unlisted}/admin-links`, {})).status, 404);
    await w.must('PUT', unlisted, {});
    assert.equal((await w.api('POST', `${unlisted}/admin-links`, {})).code, 'not_served');
    await w.must('DELETE', unlisted);
    for (let i = 0; i < 20; i++) await link();
    const r = await w.api('POST', LINKS, {});
    assert.deepEqual([r.status, r.code], [429, 'too_many_links']);
    await w.must('DELETE', LINKS);
    await link();
  });
});

describe('ids of people in the API', () => {
  const PATH = `/workspaces/${TEAMS_ACME}`;

  test('are stored as events name them, and refused when they can be nobody\'s', async () => {
    const put = await w.must('PUT', PATH, {installer: ANA.toUpperCase(), admins: [BEN.toUpperCase()]});
    assert.deepEqual([put.installer, put.admins], [ANA, [BEN]]);
    await person('ana').ask('whoami', /Role\ninstaller and admin/);
    for (const body of [{admins: ['ben@acme.example']}, {installer: '29:1abc'}, {admins: [BEN, BEN.toUpperCase()]}]) {
      const r = await w.api('PUT', PATH, body);
      assert.deepEqual([r.status, r.code], [422, 'invalid'], JSON.stringify(body));
    }
    await w.must('PUT', PATH, {installer: null, admins: [BEN]});
  });

  test('also in allow.users of a recipe', async () => {
    const {version, updated, status, text, ...recipe} = await w.must('GET', `${PATH}/recipes/create-task`);
    const r = await w.must('PUT', `${PATH}/recipes/create-task`, {...recipe, allow: {users: [NOA.toUpperCase()]}});
    assert.deepEqual(r.allow, {users: [NOA]});
    const bad = await w.api('PUT', `${PATH}/recipes/create-task`, {...recipe, allow: {users: [NOA, 'noa']}});
    assert.deepEqual([bad.status, bad.errors.map(e => e.path)], [422, ['allow.users[1]']]);
    await w.must('PUT', `${PATH}/recipes/create-task`, recipe);
    assert.ok(version && updated && status && text);
  });
});

describe('allow.channels of a recipe', () => {
  const PATH = `/workspaces/${TEAMS_ACME}`;
  const DEALS = '19:acmesales000deals@thread.tacv2';
  const LINK = '19%3Aacmesales000deals%40thread.tacv2';
  let recipe;
  const put = channels => w.api('PUT', `${PATH}/recipes/create-task`, {...recipe, allow: {channels}});
  before(async () => {
    const {version, updated, status, text, ...rest} = await w.must('GET', `${PATH}/recipes/create-task`);
    assert.ok(version && updated && status && text);
    recipe = rest;
  });
  after(() => w.must('PUT', `${PATH}/recipes/create-task`, recipe));

  test('a conversation is what events name, also out of a link', async () => {
    for (const given of [DEALS, LINK, LINK.replace('%3A', '%3a'), `${DEALS};messageid=1772000000000`,
      `https://teams.microsoft.com/l/channel/${LINK}/deals?groupId=5a1e5000-0000-4000-8000-000000000021&tenantId=x`,
      `https://teams.microsoft.com/l/message/${DEALS}/1772000000000?tenantId=x`]) {
      const r = await put([given]);
      assert.deepEqual([r.status, r.allow], [200, {channels: [DEALS]}], given);
    }
    const chats = ['19:meeting_Zm9v@thread.v2', '19:aaaa0000_bbbb0000@unq.gbl.spaces', 'a:1ana-acme-8Xk3pQ0001'];
    assert.deepEqual((await put(chats)).allow, {channels: chats});
  });

  test('what can be none is refused in words', async () => {
    for (const bad of ['#sales', 'C0SALES01', 'deals', '19:deals', '19:@thread.tacv2', '19:a b@thread.tacv2', `${DEALS} `,
      'https://teams.microsoft.com/l/channel/deals', `https://teams.microsoft.com/l/team/${LINK}/conversations`, 'a:', '29:1abc']) {
      const r = await put([DEALS, bad]);
      assert.deepEqual([r.status, r.errors?.map(e => e.path)], [422, ['allow.channels[1]']], bad);
      assert.match(r.errors[0].text, /link that Teams copies/);
    }
  });

  test('who types it elsewhere reads of no other conversation', async () => {
    await put([DEALS]);
    const m = await w.teamsPerson('ben').ask(recipe.command, /not for this place/);
    assert.match(words(m), /It works only in the places that an admin chose\./);
  });
});

describe('a tenant that is not listed', () => {
  test('what is PUT before works as soon as it is listed; what is taken off the list is shown so', async () => {
    const tenant = '/workspaces/teams:0190c0de-0000-7000-8000-000000000003';
    const made = await w.must('PUT', tenant, {name: 'Soon'});
    assert.deepEqual([made.state, made.served, made.bot_token_state], ['active', false, 'not_needed']);
    const token = await w.api('PUT', tenant, {bot_token: 'xoxb-sample'});
    assert.deepEqual([token.status, token.errors[0].path], [422, 'bot_token']);
    const list = (await w.must('GET', '/workspaces')).items;
    assert.deepEqual(list.filter(i => !i.served).map(i => i.name), ['Soon']);
    assert.ok(list.some(i => i.workspace === TEAMS_ACME && i.served));
    assert.equal((await w.must('GET', PATH())).served, true);
    await w.must('DELETE', tenant);
  });
  const PATH = () => `/workspaces/${TEAMS_ACME}`;
});
