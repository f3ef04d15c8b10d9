// Microsoft Teams: what comes in at the door and goes out with the bot's token, when the platform, its keys or
// its logins are not as they should be. The sandbox signs with code of its own.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {start, until, words} from '../lib/flow.mjs';

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const damage = body => w.sandbox('PUT', '/_jwt', {chat: 'teams', times: 1, ...body});
const clear = () => w.sandbox('PUT', '/_jwt', {chat: 'teams', clear: true});
const fault = (fault, more) => w.fault(fault, {peer: 'teams', ...more});
const jobs = () => w.count('job', "kind in ('teams_activity', 'teams_invoke')");
const fetched = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /\.well-known\/keys/.test(c.path)).length;
const tokens = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /oauth2\/v2\.0\/token/.test(c.path));
const sends = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /\/v3\/conversations/.test(c.path) && c.method !== 'GET');
const key = t => t.headers?.authorization ?? t.headers?.Authorization;

describe('who may hand us activities', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  // what Microsoft's libraries answer instead stands in the fact sheet: 200, 500, 401 for all
  const statuses = {
    no_header: 401, blank: 401, basic: 401, bearer_lower: 401, two_spaces: 401, no_scheme: 401, third_part: 401, garbage: 401, two_headers: 401,
    kid_unknown: 401, kid_missing: 401, kid_path: 401, key_foreign: 401, key_not_rsa: 401, signature: 401, alg_none: 401, hs256: 401, ps256: 401, rs384: 401, rs512: 401,
    crit: 401, endorse_other: 403, endorse_none: 403, large: 401, iss: 401, iss_missing: 401, exp: 401, exp_missing: 401, exp_text: 401, nbf: 401,
    aud_other: 401, aud_array: 401, aud_api: 401, serviceurl_other: 401, serviceurl_missing: 401, serviceurl_camel: 401, serviceurl_slash: 200, serviceurl_case: 401,
    emulator: 401, duplicate: 401, no_service_url: 400, channel_empty: 400, channel_missing: 400, channel_other: 403,
  };

  test('every damage that a token or activity can have has its status, and leaves nothing behind', async () => {
    const ana = person('ana');
    await ana.ask('help', /Salesforce/);
    const {known} = await clear();
    assert.deepEqual([...known].sort(), Object.keys(statuses).sort());
    for (const [name, status] of Object.entries(statuses)) {
      await clear();
      await w.idle();
      const stood = await jobs();
      await damage({damage: name});
      const said = await ana.say('whoami');
      assert.equal(said.attempts[0].status, status, name);
      assert.equal(await jobs(), stood + (status === 200 ? 1 : 0), name);
    }
    await clear();
  });

  test('teams_gotcha_15_clocks_that_differ_by_four_minutes', async () => {
    const ana = person('ana');
    for (const [seconds, status] of [[-240, 200], [240, 200]]) {
      await damage({clock_s: seconds});
      assert.equal((await ana.say('whoami')).attempts[0].status, status, String(seconds));
    }
    // the token is an hour long: six minutes ahead is not yet, an hour and six minutes ago is over
    await damage({clock_s: 3600 + 400});
    assert.equal((await ana.say('whoami')).attempts[0].status, 401);
    await damage({clock_s: -3900 - 400});
    assert.equal((await ana.say('whoami')).attempts[0].status, 401);
  });

  test('teams_gotcha_14_new_keys_need_no_restart', async () => {
    const ana = person('ana');
    w.replicas[0].child.kill('SIGTERM'); // so that nothing was tried before
    await w.replicas[0].child.ended;
    await w.startReplica(0);
    await ana.ask('help', /Salesforce/);
    const before = await fetched();
    await w.sandbox('POST', '/_keys', {chat: 'teams'});
    await ana.ask('whoami', /Ana/);
    assert.equal(await fetched(), before + 1);
    // away: what is known goes on
    await fault('5xx', {path: '.well-known', times: -1});
    await ana.ask('whoami', /Ana/);
    await w.sandbox('DELETE', '/_faults');
  });

  test('what came while no keys could be had is sent again by the platform, and is one command', async () => {
    const ana = person('ana');
    await w.sandbox('PUT', '/_config', {teams: {retries: [{after_ms: 200, new_id: false}, {after_ms: 6000, new_id: false}]}});
    w.replicas[0].child.kill('SIGTERM');
    await w.replicas[0].child.ended;
    await fault('5xx', {path: '.well-known', times: -1});
    await w.startReplica(0);
    const stood = await jobs();
    const said = await ana.say('history');
    assert.equal(said.attempts[0].status, 503);
    assert.equal(await jobs(), stood);
    await w.sandbox('DELETE', '/_faults');
    await until('the activity to come again', async () => await jobs() === stood + 1, 20000);
    await ana.sees(m => m.is_bot && /history|nothing|yet/i.test(words(m)));
    await w.sandbox('PUT', '/_config', {teams: {retries: []}});
  });
});

describe('keys and then the database', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('a form that waited for keys first gets its words in time like any other', async () => {
    const ana = person('ana');
    await ana.ask('help', /Salesforce/);
    await w.idle();
    w.replicas[0].child.kill('SIGTERM');
    await w.replicas[0].child.ended;
    await w.startReplica(0);
    const before = await fetched();
    const lock = await w.hold('lock table workspace in access exclusive mode');
    const r = await ana.sends('invoke', {activity: {name: 'task/fetch', value: {data: {msteams: {type: 'task/fetch'}, wb: {a: 'resume', v: '00000000-0000-4000-8000-000000000000'}}}}});
    await lock.release();
    assert.equal(await fetched(), before + 1);
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.match(JSON.stringify(r), /takes too long/);
  });
});

describe("the bot's own token", () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('one token for all calls; one that is refused is renewed once, and the answer comes once', async () => {
    const ana = person('ana');
    await ana.ask('help', /Salesforce/);
    await person('ben').ask('help', /Salesforce/);
    assert.equal((await tokens()).length, 1);
    const heard = (await ana.messages()).filter(m => m.is_bot).length;
    await fault('token_expired', {path: '/v3/conversations'});
    await ana.ask('whoami', /Ana/);
    await w.idle();
    assert.equal(await w.fired('token_expired'), 1);
    assert.equal((await tokens()).length, 2);
    assert.equal((await ana.messages()).filter(m => m.is_bot).length, heard + 1);
    await w.sandbox('DELETE', '/_faults');
  });

  test('teams_gotcha_16_asked_to_slow_down_or_away_it_is_tried_again', async () => {
    const ana = person('ana');
    await fault('429', {path: '/v3/conversations', retry_after: 1});
    await ana.ask('whoami', /Ana/);
    await fault('error', {path: '/v3/conversations', error: 'PreconditionFailed', status: 412});
    await ana.ask('whoami', /Ana/);
    for (const status of [502, 503, 504]) {
      await fault('5xx', {path: '/v3/conversations', status});
      await ana.ask('whoami', /Ana/);
    }
    assert.equal(await w.fired('429'), 1);
    await w.sandbox('DELETE', '/_faults');
  });

  test('teams_gotcha_11_a_redirect_is_not_followed', async () => {
    const ana = person('ana');
    const before = (await w.calls({})).length;
    await fault('redirect', {path: '/v3/conversations', error: `${w.sandboxUrl}/elsewhere`, times: -1});
    await ana.say('whoami');
    await until('the redirect to be met', async () => await w.fired('redirect') > 0);
    await w.idle();
    await w.sandbox('DELETE', '/_faults');
    const since = (await w.calls({})).slice(before);
    assert.ok(!since.some(c => c.path.startsWith('/elsewhere')), 'the token went elsewhere');
  });

  test('teams_gotcha_11_a_stored_address_that_is_not_listed_is_not_called', async () => {
    const ana = person('ana');
    const token = (await sends()).map(key).find(Boolean);
    assert.ok(token, 'a call with a token was seen');
    await w.idle();
    const before = (await w.calls({direction: 'in'})).length;
    await w.query("create function poison() returns trigger language plpgsql as 'begin new.address := ''http://127.0.0.1:9/teams/emea/''; return new; end'");
    await w.query('create trigger poison before insert or update on conversation for each row execute function poison()');
    await w.query("update conversation set address = 'x'");
    await ana.say('whoami');
    await w.idle();
    await w.query('drop trigger poison on conversation');
    const since = (await w.calls({direction: 'in'})).slice(before).filter(c => /\/v3\//.test(c.path) && c.method !== 'GET');
    assert.deepEqual(since.map(c => c.path), []);
    assert.match(w.log(), /"chat_address"/);
    await ana.ask('whoami', /Ana/);
  });

  test('that the secret is refused is told now and then, not by each message at each try', async () => {
    const ana = person('ana');
    const waits = later => w.count('job', `state = 'queued' and error_code = 'chat_client'${later ? " and run_at > now() + interval '5 seconds'" : ''}`);
    const told = () => w.log().split('\n').filter(l => /"level":"error".*refuses the app's own credential/.test(l)).length;
    await w.idle();
    const before = told();
    await w.sandbox('PUT', '/_config', {teams: {app: {secret: 'another-sample-secret'}}});
    await fault('token_expired', {times: -1});
    await ana.say('whoami');
    for (let i = 0; i < 5; i++) {
      await until('what is to be sent to wait', () => waits(true), 20000);
      await w.query("update job set run_at = now() where state = 'queued' and error_code = 'chat_client'");
      await until('it to be tried again', async () => await waits(true) === await waits(false), 20000);
    }
    assert.equal(told(), before + 1);
    await w.sandbox('DELETE', '/_faults');
    await w.sandbox('PUT', '/_config', {teams: {app: {secret: 'sample-teams-app-secret'}}});
  });

  test('no secret of the bot stands in the log', () => {
    assert.doesNotMatch(w.log(), /sample-teams-app-secret|Bearer ey|eyJ/);
  });
});
