// Microsoft Teams: the window of a login closes and hands its code over (signin/verifyState). Over two replicas: what
// one of them knows the other does.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {TEAMS_ACME, TEAMS_GLOBEX_TENANT, TEAMS_PEOPLE, create, start, until, windowUrl, words} from '../lib/flow.mjs';

const wrong = (code, by = 1) => String((Number(code) + by) % 1000000).padStart(6, '0');

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const connection = name => w.one('select state, assurance from connection where workspace = $1 and user_id = $2', [TEAMS_ACME, TEAMS_PEOPLE[name]]);
const login = name => w.one('select id, state, code_tries as tries from login where workspace = $1 and user_id = $2 order by created_at desc, id desc limit 1', [TEAMS_ACME, TEAMS_PEOPLE[name]]);
/** The bot's words to this person since a message. */
const told = async (who, since, place) => (await who.messages(place)).filter(m => m.is_bot && m.ts > since).map(words);
/** Status of the invoke, once nothing is left to be done for it. */
const status = async sent => {
  const r = await sent;
  await w.idle();
  return r.status;
};

before(async () => (w = await start({teams: 'only', replicas: 2})));
after(() => w?.stop());

/** A login of this person whose page has shown its code. */
async function shown(name, command = 'connect salesforce') {
  const who = person(name);
  const prompt = await who.prompt(command);
  const code = await who.browse(prompt);
  await w.idle();
  const now = await who.messages();
  return {who, prompt, code, since: now.at(-1).ts};
}

/** The same in the window: what its last page hands over, too, and does not show. */
async function inWindow(name, command = 'connect salesforce') {
  const who = person(name);
  const prompt = await who.prompt(command);
  const digits = await who.browser.codeOf(windowUrl(prompt), `${name}@acme.example`);
  const own = /data-code="([0-9a-f]{32})"/.exec(who.browser.page.html)[1];
  await w.idle();
  return {who, prompt, digits, own, since: (await who.messages()).at(-1).ts};
}

/** Nobody has a connection, a login or anything that was told once. */
beforeEach(async () => {
  await w.idle();
  await w.query("delete from run where user_id <> ''");
  await w.query("delete from connection where user_id <> ''");
  await w.query("delete from login where user_id <> ''");
  await w.query('delete from notice');
});

describe('P4 the three ends of a window', () => {
  test('teams_gotcha_09_the_person_who_began_it_is_connected_and_what_waited_runs', async () => {
    const {who, code} = await shown('ana', create('By window'));
    const sent = await who.window(code);
    assert.deepEqual([sent.status, sent.answer ?? '', sent.refused], [200, '', undefined]);
    await who.sees(/Salesforce is connected/);
    await who.createdOnce('By window');
    assert.deepEqual(await connection('ana'), {state: 'active', assurance: 'code'});
  });

  test('teams_gotcha_09_another_persons_window_connects_nobody_and_spends_no_try', async () => {
    const {who, code} = await shown('ana');
    const ben = person('ben');
    await ben.ask('help', /Salesforce/);
    const since = (await ben.messages()).at(-1).ts;
    assert.equal(await status(ben.window(code)), 404, 'nothing of Ben\'s waits');
    assert.deepEqual([(await connection('ana')).state, await connection('ben'), (await login('ana')).tries], ['provisional', undefined, 0]);
    assert.match((await told(ben, since)).join(), /no login of yours waits/);
    assert.equal(await status(who.window(code)), 200, 'it is still good for Ana');
  });

  test('teams_gotcha_09_another_tenant_is_another_person', async () => {
    const {who, code} = await shown('ana');
    const gina = person('gina', TEAMS_GLOBEX_TENANT);
    await gina.ask('help', /Workbot/i);
    assert.equal(await status(gina.window(code)), 404);
    // the same object id, in another tenant
    const forged = {from: {aadObjectId: TEAMS_PEOPLE.ana}};
    assert.notEqual(await status(gina.window(code, {activity: forged})), 200);
    assert.equal((await connection('ana')).state, 'provisional');
    assert.equal((await login('ana')).tries, 0);
    assert.equal(await status(who.window(code)), 200);
  });

  for (const mobile of [false, true]) {
    test(`teams_gotcha_09_closed${mobile ? '_on_a_phone' : ''}_it_is_said_once_and_the_login_stays`, async () => {
      const {who, code, since} = await shown('cleo');
      assert.equal(await status(who.window('', {outcome: 'cancelled', mobile})), 200);
      assert.equal(await status(who.window('', {outcome: 'cancelled', mobile, times: 2})), 200);
      const words = await told(who, since);
      assert.equal(words.length, 1, words.join());
      assert.match(words[0], /You closed the window, so Salesforce is not connected yet/);
      assert.match(words[0], /type it here/);
      assert.deepEqual([(await login('cleo')).state, (await login('cleo')).tries], ['code', 0]);
      await who.ask(code, /is connected/);
      const now = (await who.messages()).at(-1).ts;
      assert.equal(await status(who.window('', {outcome: 'cancelled', mobile})), 200);
      assert.deepEqual(await told(who, now), [], 'it was done meanwhile: nothing is to be said');
    });
  }

  test('closed before anything was done there', async () => {
    const cleo = person('cleo');
    const prompt = await cleo.prompt('connect salesforce');
    assert.equal(await status(cleo.window('', {outcome: 'cancelled'})), 200);
    assert.match((await told(cleo, prompt.ts)).join(), /Nothing was changed/);
    assert.equal((await login('cleo')).state, 'open');
  });

  for (const typed of [false, true]) {
    test(`closed ${typed ? 'at its code' : 'before anything was done there'}, with a connection that works: that stays as it is, and its person reads so`, async () => {
      const ana = person('ana');
      await ana.connect();
      const prompt = await ana.prompt('connect salesforce again');
      const code = typed ? await ana.browse(prompt) : null;
      assert.equal(await status(ana.window('', {outcome: 'cancelled'})), 200);
      const [said, ...more] = await told(ana, prompt.ts);
      assert.deepEqual(more, []);
      assert.match(said, /You closed the window\. You stay connected to Salesforce as ana@acme\.example .*, as before/);
      assert.match(said, typed ? /type it here/ : /Nothing was changed/);
      await ana.ask(create('Goes on'), /Created Goes on/);
      if (typed) await ana.ask(code, /is connected/);
    });
  }

  test('a window that failed tells nobody: its page has said why', async () => {
    const {who, since} = await shown('cleo');
    assert.equal(await status(who.window('denied', {outcome: 'failure'})), 200);
    assert.deepEqual(await told(who, since), []);
    assert.equal((await login('cleo')).state, 'code');
  });
});

describe('P4 what is not the code', () => {
  test('teams_gotcha_09_wrong_codes_are_three_tries_each_told_once', async () => {
    const alive = async () => (await w.grants()).filter(g => g.alive).length;
    const grants = await alive();
    const {who, code, since} = await shown('ana');
    assert.equal(await status(who.window(wrong(code), {times: 3})), 412);
    assert.equal(await status(who.window(wrong(code))), 412, 'under a new id');
    assert.equal((await login('ana')).tries, 1, 'one wrong code is one try, however often it comes');
    assert.deepEqual((await told(who, since)).length, 1);
    assert.match((await told(who, since))[0], /not the code.*Two tries/);
    assert.equal(await status(who.window(wrong(code, 2))), 412);
    assert.equal(await status(who.window(wrong(code, 3))), 412);
    assert.match((await told(who, since)).join(), /third wrong code/);
    assert.deepEqual([(await login('ana')).state, await connection('ana')], ['refused', undefined]);
    assert.equal(await status(who.window(code)), 412, 'the right one is too late');
    assert.equal(await connection('ana'), undefined);
    assert.equal(await alive(), grants, 'its grant is given back');
  });

  test('teams_gotcha_09_guesses_under_one_id_are_tries_each', async () => {
    const {who, code} = await shown('ana');
    const id = 'f:11111111-2222-4333-8444-555555555555';
    assert.equal(await status(who.window(wrong(code), {activity: {id}})), 412);
    assert.equal(await status(who.window(wrong(code), {activity: {id}})), 412);
    assert.equal((await login('ana')).tries, 1, 'the same once more');
    for (const by of [2, 3]) assert.equal(await status(who.window(wrong(code, by), {activity: {id}})), 412);
    assert.equal((await login('ana')).state, 'refused');
    assert.equal(await status(who.window(code, {activity: {id}})), 412, 'the right one is too late');
    assert.equal(await connection('ana'), undefined);
  });

  test('teams_gotcha_09_a_code_whose_time_is_over', async () => {
    const {who, code, since} = await shown('ana');
    await w.query("update login set code_expires_at = now() - interval '1 second' where state = 'code'");
    assert.equal(await status(who.window(code)), 412);
    assert.equal(await status(who.window(code)), 412);
    assert.equal(await connection('ana'), undefined);
    assert.equal((await login('ana')).state, 'expired');
    assert.ok((await told(who, since)).length <= 2, 'said once, and perhaps that it expired by itself');
  });

  test('teams_gotcha_09_with_no_login_at_all_it_is_nothing_and_answers_no_question', async () => {
    const {who, code} = await shown('ana');
    assert.equal(await status(who.window(code)), 200);
    const question = await who.ask('salesforce create opportunity amount: 5', /name/i);
    await w.query("update login set updated_at = now() - interval '1 hour'");
    assert.equal(await status(who.window('424242')), 404);
    assert.equal(await status(who.window('424242')), 404);
    const run = await w.one("select state, inputs is not null as inputs from run where state = 'asking'");
    assert.equal(run.state, 'asking', 'the question is still open');
    const said = await told(who, question.ts);
    assert.equal(said.length, 1, said.join());
    assert.match(said[0], /no login of yours waits/);
    assert.equal((await w.records()).filter(r => /424242/.test(JSON.stringify(r))).length, 0);
    await who.say('cancel');
  });

  test('teams_gotcha_09_states_that_are_no_code_spend_no_try', async () => {
    const {who, code, since} = await shown('ana');
    for (const state of ['', 'abc', '12345', '1234567', '0'.repeat(31), {deeper: {code}}, {}, 'connect salesforce']) {
      assert.equal(await status(who.window('', {state})), 412, JSON.stringify(state));
    }
    for (const state of [7, null, [code], true]) assert.equal(await status(who.window('', {state})), 400, JSON.stringify(state));
    assert.equal(await status(who.window('0123456789abcdef0123456789abcdef')), 412, 'another login\'s window');
    assert.equal((await login('ana')).tries, 0);
    const said = await told(who, since);
    assert.equal(said.length, 2, said.join('\n'));
    assert.match(said[0], /did not reach me/);
    assert.match(said[1], /you did not begin that login here, or it is over/);
    assert.equal(await status(who.window(code)), 200);
  });

  test('a window that says itself that all is done says nothing more', async () => {
    const {who, since} = await shown('ana');
    assert.equal(await status(who.window('connected')), 200);
    assert.deepEqual(await told(who, since), []);
    assert.equal((await login('ana')).state, 'code');
  });

  test('teams_gotcha_09_a_code_that_comes_from_a_channel_is_not_taken', async () => {
    const {who, code, since} = await shown('ana');
    const before = (await who.messages('deals')).length;
    assert.equal(await status(who.window(code, {place: 'deals'})), 412);
    assert.equal((await connection('ana')).state, 'provisional');
    assert.equal((await login('ana')).tries, 0);
    assert.match((await told(who, since)).join(), /send it here, in our one-to-one chat/);
    assert.equal((await who.messages('deals')).length, before, 'nothing is said where nobody has seen it');
    assert.equal(await status(who.window(code)), 200);
  });

  test('guests and people without an id', async () => {
    assert.equal(await status(person('gus').window('123456')), 404);
    const {who, code} = await shown('ana');
    assert.equal(await status(who.window(code, {activity: {from: {aadObjectId: null}}})), 404);
    assert.equal((await connection('ana')).state, 'provisional');
  });
});

describe('P4 the window\'s own code', () => {
  const active = async name => (await connection(name))?.state === 'active';

  for (const mobile of [false, 'result', 'anything']) {
    test(`teams_gotcha_09_of_the_person_who_began_it_it_connects${mobile ? `_as_an_object_under_${mobile}` : ''}`, async () => {
      const {who, own, digits} = await inWindow('ana', create(`Own ${mobile}`));
      assert.equal(await status(who.window(own, {mobile})), 200);
      await who.createdOnce(`Own ${mobile}`);
      assert.deepEqual(await connection('ana'), {state: 'active', assurance: 'code'});
      const now = (await who.messages()).at(-1).ts;
      for (const again of [own, digits]) assert.equal(await status(who.window(again)), 200, 'once more, and what the page showed');
      assert.deepEqual(await told(who, now), []);
    });
  }

  test('teams_gotcha_09_typed_it_is_nothing', async () => {
    const {who, own} = await inWindow('ana');
    await who.say(own);
    await who.say(`the code is ${own}`);
    await w.idle();
    assert.deepEqual([await active('ana'), (await login('ana')).tries], [false, 0]);
    assert.equal(await status(who.window(own)), 200);
  });

  test('teams_gotcha_09_of_another_person_it_connects_nobody', async () => {
    const {who, own} = await inWindow('ana');
    const ben = person('ben');
    await ben.ask('help', /Salesforce/);
    const since = (await ben.messages()).at(-1).ts;
    assert.equal(await status(ben.window(own)), 404);
    assert.match((await told(ben, since)).join(), /you did not begin that login here/);
    const his = await inWindow('ben');
    assert.equal(await status(ben.window(own)), 412, 'also while a login of his own waits');
    assert.deepEqual([(await login('ben')).tries, (await login('ana')).tries], [0, 0], 'it is no guess');
    assert.equal(await status(who.window(his.own)), 412);
    assert.deepEqual([await active('ana'), await active('ben')], [false, false]);
    assert.equal(await status(ben.window(his.own)), 200);
    assert.equal(await status(who.window(own)), 200);
  });

  test('teams_gotcha_09_of_an_earlier_window_or_over_or_after_the_typed_code', async () => {
    const {who, prompt, own} = await inWindow('ana');
    await who.browser.codeOf(windowUrl(prompt), 'ana@acme.example');
    const newer = /data-code="([0-9a-f]{32})"/.exec(who.browser.page.html)[1];
    assert.equal(await status(who.window(own)), 412);
    assert.equal((await login('ana')).tries, 0);
    await w.query("update login set code_expires_at = now() - interval '1 second' where state = 'code'");
    assert.equal(await status(who.window(newer)), 412);
    assert.equal(await active('ana'), false);
    const typed = await inWindow('ana');
    await who.ask(typed.digits, /is connected/);
    assert.equal(await status(who.window(typed.own)), 200);
  });
});

describe('P1 it comes again', () => {
  test('teams_gotcha_09_replayed_it_is_taken_once_and_harms_no_other_login', async () => {
    await w.putConnection(TEAMS_ACME, 'second-salesforce', {app: 'salesforce', host: w.salesforceHost,
      client_id: '3MVG9sampleAcme0001', client_secret: 'sample-acme-consumer-secret', assurance: 'code'});
    const connected = () => w.count('audit', "action = 'connection.connected' and actor like 'user:%'");
    const before = await connected();
    const other = await shown('ana', 'connect second-salesforce');
    const {who, code, since} = await shown('ana', 'connect acme-salesforce');
    assert.equal(await status(who.window(code, {times: 3})), 200);
    for (let i = 0; i < 4; i++) assert.equal(await status(who.window(code)), 200, 'under a new id');
    const rows = await w.query('select default_name, state from connection where user_id = $1 order by default_name', [TEAMS_PEOPLE.ana]);
    assert.deepEqual(rows, [{default_name: 'acme-salesforce', state: 'active'}, {default_name: 'second-salesforce', state: 'provisional'}]);
    assert.deepEqual(await w.one("select code_tries as tries from login where state = 'code'"), {tries: 0});
    assert.equal((await told(who, since)).length, 1, 'told once');
    assert.equal(await connected(), before + 1);
    assert.equal(await status(who.window(other.code)), 200);
    await w.must('DELETE', `/workspaces/${TEAMS_ACME}/connections/second-salesforce`);
  });

  test('teams_gotcha_26_at_both_replicas_at_once', async () => {
    const {who, code} = await shown('ana', create('At once'));
    const sent = await Promise.all([1, 2, 3, 4].map(() => who.window(code)));
    assert.deepEqual(sent.map(s => s.status), [200, 200, 200, 200]);
    await who.createdOnce('At once');
  });

  test('what could not be done in time is not done, and may be sent again', async () => {
    const {who, code} = await shown('ana');
    await w.sandbox('PUT', '/_config', {teams: {retries: []}});
    const lock = await w.hold("select 1 from login where user_id = $1 and state = 'code' for update", [TEAMS_PEOPLE.ana]);
    const began = Date.now();
    const sent = await who.window(code);
    assert.equal(sent.status, 503);
    assert.ok(Date.now() - began < 14000, 'before Teams gives up');
    await lock.release();
    await w.idle();
    await until('the late one to give up', async () => await w.count('pg_stat_activity', "datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()") === 0);
    assert.equal((await connection('ana')).state, 'provisional');
    assert.equal(await status(who.window(code)), 200);
    assert.equal((await connection('ana')).state, 'active');
    await w.sandbox('PUT', '/_config', {teams: {retries: [{after_ms: 0, new_id: false}]}});
  });
});
