// A back-end starts recipes for people, by a token of the role "act": off by default, for who allowed it in the
// chat, as that person and as if they had typed it, and for nobody else.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, GLOBEX, TEAMS_ACME, TEAMS_PEOPLE, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const ANA = 'U0ANA0001', BEN = 'U0BEN0001', CLEO = 'U0CLEO001';

describe('acting for people', () => {
  let w, ana, ben, cleo, token, made, keys = 0;
  const api = `/workspaces/${ACME}`;
  const ask = (method, path, body, by = token) => fetch(w.url + '/v1' + path, {method, headers: {Authorization: 'Bearer ' + by, 'Content-Type': 'application/json'},
    body: body && JSON.stringify(body)}).then(async r => ({status: r.status, json: await r.json()}));
  const act = (user, name, more = {}, by = token) => ask('POST', `${api}/act`, {user, recipe: 'create-opportunity',
    inputs: {name, close: '2026-12-31'}, idempotency_key: `key-${++keys}`, ...more}, by);
  const refused = async (status, code, answer) => {
    const {status: is, json} = await answer;
    assert.deepEqual([is, json.code], [status, code], JSON.stringify(json));
    return json;
  };
  const make = async (name, role = 'act', workspace = ACME) => (await w.must('POST', `/workspaces/${workspace}/api-tokens`, {name, role}));
  const questions = async person => (await person.messages()).filter(m => m.is_bot && /deal-sync wants to run commands for you/.test(words(m)));
  const put = async change => {
    const {title, command, hint, allow, connections, inputs, steps, reply} = await w.must('GET', `${api}/recipes/create-opportunity`);
    await w.must('PUT', `${api}/recipes/create-opportunity`, {title, command, hint, allow, connections, inputs, steps, reply, ...change});
  };
  const ended = id => until('the run to end', async () => {
    const {json} = await ask('GET', `${api}/runs/${id}`);
    return ['done', 'failed', 'cancelled'].includes(json.state) && json;
  });
  const records = async name => (await w.records()).filter(r => r.fields.Name === name);

  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    made = await make('deal-sync');
    token = made.token;
    await ana.ask('whoami', /Who you are here/);
  });
  after(() => w?.stop());

  test('it is off, until an admin switches it on, which the audit tells', async () => {
    await refused(403, 'act_off', act(ANA, 'Off'));
    await ana.ask('allow deal-sync', /There is no program/);
    assert.equal((await questions(ana)).length, 0);
    await w.must('PUT', api, {acting: 'on'});
    const line = (await w.must('GET', `${api}/audit?action=workspace.changed`)).items[0];
    assert.deepEqual(line.detail.changed, ['acting']);
  });

  test('who has not allowed it is asked in private, once a day, and nothing runs', async () => {
    for (let i = 0; i < 3; i++) await refused(403, 'act_not_allowed', act(ANA, 'Too early'));
    const asked = await ana.sees(/deal-sync wants to run commands for you.*Create an opportunity/s);
    await w.idle();
    assert.deepEqual([(await questions(ana)).length, labels(asked)], [1, ['Allow', 'Not now']]);
    await ana.press(asked, 'Not now');
    await ana.sees(/nothing is allowed/);
    await refused(403, 'act_not_allowed', act(ANA, 'Too early'));
    await w.idle();
    assert.equal((await questions(ana)).length, 0, 'asked and answered');
    await w.query("update act_permission set asked_at = now() - interval '25 hours', looked_at = now() - interval '25 hours'");
    await refused(403, 'act_not_allowed', act(ANA, 'Too early'));
    await ana.sees(/wants to run commands for you/);
    assert.equal(await w.count('run'), 0);
  });

  test('the question is the asked person\'s alone', async () => {
    const [asked] = await questions(ana), {value} = button(asked, 'Allow');
    const own = await ben.ask('whoami', /Who you are here/);
    await ben.forge(own, 'act_allow', value);
    await ben.sees(/That question is over/);
    assert.equal(await w.count('act_permission', 'allowed_at is not null'), 0);
  });

  test('allowed: a login that is missing is asked of the person, then it runs as that person', async () => {
    const [asked] = await questions(ana);
    await ana.press(asked, 'Allow');
    await ana.sees(/deal-sync may run commands for you from now on/);
    const {status, json} = await act(ANA, 'Synced deal', {idempotency_key: 'order-1'});
    assert.equal(status, 202, JSON.stringify(json));
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m));
    assert.equal((await until('it to be parked', async () => (r => r.state === 'parked' && r)((await ask('GET', `${api}/runs/${json.id}`)).json))).reference, json.reference);
    const again = await act(ANA, 'Synced deal', {idempotency_key: 'order-1'});
    assert.deepEqual([again.status, again.json.id], [202, json.id], 'the same key, the same run');
    await ana.ask(await ana.browse(prompt), /is connected|Created Synced deal/);
    const run = await ended(json.id);
    assert.equal(run.state, 'done', JSON.stringify(run));
    assert.deepEqual([run.user, run.apps[0].rule, run.apps[0].account, run.started_by], [ANA, 'personal', null, 'token:' + made.fingerprint]);
    const told = await ana.sees(/Created Synced deal/);
    assert.match(words(told), /Begun for you by deal-sync/);
    assert.deepEqual((await records('Synced deal')).map(r => r.owner ?? r.fields.OwnerId).length, 1);
    const whole = await w.must('GET', `${api}/runs/${json.id}`);
    assert.equal(whole.apps[0].account, 'ana@acme.example');
    const audit = (await w.must('GET', `${api}/audit?limit=100`)).items;
    assert.deepEqual(audit.filter(a => a.action === 'act.started').map(a => [a.actor, a.subject, a.detail.user]), [['token:' + made.fingerprint, json.reference, ANA]]);
    const wrote = audit.find(a => a.action === 'run.wrote' && a.subject === json.reference);
    assert.deepEqual([wrote.actor, wrote.detail.started_by], [`user:${ANA}`, 'token:' + made.fingerprint]);
  });

  test('a key begins one run, also of two at once, and another body with it is a mistake', async () => {
    const both = await Promise.all([1, 2, 3].map(() => act(ANA, 'At once', {idempotency_key: 'order-2'})));
    assert.deepEqual([both.map(b => b.status), new Set(both.map(b => b.json.id)).size], [[202, 202, 202], 1]);
    await ended(both[0].json.id);
    assert.equal((await records('At once')).length, 1);
    await refused(409, 'act_key_used', act(ANA, 'Another', {idempotency_key: 'order-2'}));
  });

  test('inputs that are missing or wrong are named, all at once', async () => {
    const json = await refused(422, 'invalid', act(ANA, 'x', {inputs: {close: 'one day', amount: 'many', nope: 1, stage: ['x']}}));
    assert.deepEqual(json.errors.map(e => e.path).sort(), ['inputs.amount', 'inputs.close', 'inputs.name', 'inputs.nope', 'inputs.stage']);
    const paths = async inputs => (await refused(422, 'invalid', act(ANA, 'x', {inputs: {close: '2026-12-31', ...inputs}}))).errors.map(e => e.path);
    assert.deepEqual(await paths({name: 'One', Name: 'Other'}), ['inputs.Name'], 'none of the two is dropped');
    assert.deepEqual(await paths({name: null}), ['inputs.name'], 'null is no text');
    assert.deepEqual((await refused(422, 'invalid', ask('POST', `${api}/act`, {user: 5, inputs: [], more: 1}))).errors.map(e => e.path).sort(),
      ['idempotency_key', 'inputs', 'more', 'recipe', 'user']);
    await refused(404, 'no_recipe', act(ANA, 'x', {recipe: 'none-such'}));
  });

  test('who may run it is asked of the recipe, now and when it runs', async () => {
    await put({allow: {users: [BEN]}});
    await refused(403, 'act_recipe', act(ANA, 'Not hers'));
    await put({allow: 'everyone'});
  });

  test('a token reads the runs that it began, and can do nothing else', async () => {
    const other = (await make('other-sync')).token;
    await ana.ask('whoami', /Programs that may run commands for you: deal-sync/);
    const {json} = await act(ANA, 'Whose run');
    await ended(json.id);
    await refused(404, 'no_run', ask('GET', `${api}/runs/${json.id}`, undefined, other));
    await refused(403, 'token_role', ask('GET', `${api}/runs`));
    await refused(403, 'act_not_allowed', act(ANA, 'By another', {}, other));
    const [mine] = (await w.must('GET', `${api}/runs?user=${ANA}&limit=1`)).items;
    await w.must('PUT', `/workspaces/${GLOBEX}`, {name: 'Globex', acting: 'on'});
    await refused(404, 'no_workspace', act(ANA, 'x', {}, (await make('theirs', 'act', GLOBEX)).token));
    await refused(403, 'act_token', act(ANA, 'x', {}, w.env.WORKBOT_ADMIN_TOKENS));
    await refused(403, 'token_role', act(ANA, 'x', {}, (await make('admins', 'admin')).token));
    assert.ok(mine);
  });

  test('guests, strangers, those who left and who is not there are answered alike, and asked nothing', async () => {
    await cleo.ask('allow deal-sync', /deal-sync may run commands for you/);
    await w.query("update chat_user set standing = 'guest', checked_at = now() where user_id = $1", [CLEO]);
    const bodies = [await refused(403, 'act_not_allowed', act(CLEO, 'Guest'))];
    for (const standing of ['stranger', 'deactivated', 'bot']) {
      await w.query('update chat_user set standing = $2, checked_at = now() where user_id = $1', [CLEO, standing]);
      bodies.push(await refused(403, 'act_not_allowed', act(CLEO, 'Nobody')));
    }
    bodies.push(await refused(403, 'act_not_allowed', act('U0NOBODY99', 'Nobody')));
    assert.equal(new Set(bodies.map(({request_id, ...b}) => JSON.stringify(b))).size, 1);
    assert.equal((await questions(cleo)).length, 0);
    await w.query("update chat_user set standing = 'member', checked_at = now() where user_id = $1", [CLEO]);
  });

  test('who may not run a recipe is not asked about it, and one that is not there says nothing of a person', async () => {
    await put({allow: {users: [ANA]}});
    await ben.ask('whoami', /Who you are here/);
    await refused(403, 'act_not_allowed', act(BEN, 'Not his'));
    await put({allow: 'everyone'});
    assert.equal(await w.count('act_permission', `user_id = '${BEN}'`), 0);
    for (const user of [ANA, BEN, 'U0NOBODY99']) await refused(404, 'no_recipe', act(user, 'x', {recipe: 'none-such'}));
    await w.query("update chat_user set standing = 'guest', checked_at = now() where user_id = $1", [BEN]);
    await refused(404, 'no_recipe', act(BEN, 'x', {recipe: 'none-such'}));
    await w.query("update chat_user set standing = 'member', checked_at = now() where user_id = $1", [BEN]);
  });

  test('one token has two hundred people asked in an hour and no more', async () => {
    await w.query(`insert into act_permission (workspace, id, user_id, token, looked_at)
      select workspace, gen_random_uuid(), 'U0FILLED' || n, token, now() from act_permission, generate_series(1, 200) n where user_id = $1`, [ANA]);
    await refused(403, 'act_not_allowed', act(BEN, 'One too many'));
    await w.idle();
    assert.equal((await questions(ben)).length, 0);
    await w.query("delete from act_permission where user_id like 'U0FILLED%'");
    await refused(403, 'act_not_allowed', act(BEN, 'In time'));
    await ben.sees(/deal-sync wants to run commands for you/);
  });

  test('what a token has begun ends with the token, and while acting is off', async () => {
    const waits = async (name, by) => {
      const {json} = await act(CLEO, name, {}, by);
      assert.ok(json.id, JSON.stringify(json));
      await until('it to wait for the login', async () => (await w.must('GET', `${api}/runs/${json.id}`)).state === 'parked');
      return json.id;
    };
    const leaked = (await make('leaked')).token;
    await cleo.ask('allow leaked', /leaked may run commands for you/);
    const ids = [await waits('By the leaked one', leaked), await waits('While it is off', token)];
    const own = await cleo.ask('salesforce create opportunity name: Her own close: 2026-12-31', /log in|Log in|waits/i);
    await w.must('DELETE', `${api}/api-tokens/leaked`);
    await w.must('PUT', api, {acting: 'off'});
    const prompt = (await cleo.messages()).filter(m => m.is_bot && loginUrl(m)).at(-1) ?? own;
    await cleo.ask(await cleo.browse(prompt), /is connected|Created Her own/);
    for (const id of ids) {
      const run = await until('the run to end', async () => (r => ['done', 'failed'].includes(r.state) && r)(await w.must('GET', `${api}/runs/${id}`)));
      assert.deepEqual([run.state, run.error?.code], ['failed', 'act_ended']);
    }
    await cleo.sees(/Created Her own/);
    assert.deepEqual([(await records('By the leaked one')).length, (await records('While it is off')).length, (await records('Her own')).length], [0, 0, 1]);
    await w.must('PUT', api, {acting: 'on'});
    await cleo.ask('disconnect salesforce', /disconnect/i);
  });

  test('a program fills half of what may wait for a person, whose own commands still begin', async () => {
    await w.query(`insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, place, channel, expires_at)
      select workspace, gen_random_uuid(), 'FILL-' || n, recipe, version, user_id, 'asking', inputs, 'dm', channel, now() + interval '1 day'
        from (select * from run where user_id = $1 limit 1) r, generate_series(1, 500) n`, [ANA]);
    await refused(429, 'act_too_many', act(ANA, 'One too many'));
    await ana.ask('salesforce create opportunity name: Her own close: 2026-12-31', /Created Her own/);
    await w.query("delete from run where reference like 'FILL-%'");
  });

  test('a key that runs of two people are given at once begins one; the other is told as a mistake', async () => {
    const gate = await w.gate('act_key', 'insert', 'run', "new.act_key = 'of-two'");
    const both = [ANA, CLEO].map(who => act(who, 'Of two', {idempotency_key: 'of-two'}));
    await gate.waiting(2);
    await gate.release();
    const [one, other] = (await Promise.all(both)).sort((a, b) => a.status - b.status);
    assert.deepEqual([one.status, other.status, other.json.code], [202, 409, 'act_key_used'], JSON.stringify(other.json));
    assert.equal(await w.count('run', "act_key = 'of-two'"), 1);
    if ((await ask('GET', `${api}/runs/${one.json.id}`)).json.user === CLEO) await cleo.ask('cancel', /./);
  });

  test('taken back, it ends at once, with what waits', async () => {
    const {json} = await act(CLEO, 'Never');
    assert.ok(json.id, JSON.stringify(json));
    await cleo.sees(m => m.is_bot && loginUrl(m));
    const who = await cleo.ask('whoami', /Programs that may run commands for you: deal-sync/);
    await cleo.press(who, 'Stop allowing deal-sync');
    await cleo.sees(/deal-sync may not run commands for you any more.*1 that waited is cancelled/s);
    assert.equal((await until('the run to end', async () => (r => r.state === 'cancelled' && r)(await w.must('GET', `${api}/runs/${json.id}`)))).id, json.id);
    const unknown = await refused(404, 'no_run', ask('GET', `${api}/runs/0190c0de-0000-7000-8000-000000000001`));
    const closed = await refused(404, 'no_run', ask('GET', `${api}/runs/${json.id}`));
    assert.deepEqual({...closed, request_id: ''}, {...unknown, request_id: ''}, 'as if it had never been');
    await refused(403, 'act_not_allowed', act(CLEO, 'Never'));
    const {id} = await w.one("select id from run where user_id = $1 and act_token is not null order by id desc limit 1", [ANA]);
    assert.equal((await ask('GET', `${api}/runs/${id}`)).status, 200);
    await ana.ask('disallow deal-sync', /may not run commands for you any more/);
    await refused(404, 'no_run', ask('GET', `${api}/runs/${id}`));
    await refused(403, 'act_not_allowed', act(ANA, 'Never'));
    await w.idle();
    assert.equal((await questions(ana)).length, 0, 'who said no is not asked again at once');
    assert.equal((await records('Never')).length, 0);
    const lines = (await w.must('GET', `${api}/audit?limit=100`)).items.map(a => a.action);
    for (const action of ['act.asked', 'act.allowed', 'act.ended']) assert.ok(lines.includes(action), action);
  });

  test('a token that is revoked takes what was allowed with it, and its name gives nothing to another', async () => {
    await ana.ask('allow deal-sync', /may run commands for you/);
    await w.must('DELETE', `${api}/api-tokens/deal-sync`);
    assert.equal((await act(ANA, 'Revoked')).status, 401);
    token = (await make('deal-sync')).token;
    await refused(403, 'act_not_allowed', act(ANA, 'Of another'));
  });

  test('forgetting a person takes it along', async () => {
    await ana.ask('allow deal-sync', /may run commands for you/);
    await until('ana to be erased', async () => (await w.api('DELETE', `${api}/people/${ANA}`)).erased);
    assert.equal(await w.count('act_permission', `user_id = '${ANA}'`), 0);
    assert.equal(await w.count('run', `user_id = '${ANA}'`), 0);
  });
});

test('in Teams: an id in other letters is that person, and who never wrote to the bot is answered as all others', async () => {
  const w = await start({teams: 'only'});
  try {
    const ana = w.teamsPerson('ana'), api = `/workspaces/${TEAMS_ACME}`;
    await w.must('PUT', api, {acting: 'on'});
    const {token} = await w.must('POST', `${api}/api-tokens`, {name: 'deal-sync', role: 'act'});
    const act = async user => {
      const r = await fetch(`${w.url}/v1${api}/act`, {method: 'POST', headers: {Authorization: `Bearer ${token}`, 'Content-Type': 'application/json'},
        body: JSON.stringify({user, recipe: 'create-opportunity', inputs: {name: 'Synced', close: '2026-12-31'}, idempotency_key: 'one'})});
      return {status: r.status, json: await r.json()};
    };
    await ana.ask('allow deal-sync', /deal-sync may run commands for you/);
    const whole = await act(TEAMS_PEOPLE.ana.toUpperCase());
    assert.equal(whole.status, 202, JSON.stringify(whole.json));
    assert.deepEqual(await act(TEAMS_PEOPLE.ana).then(r => [r.status, r.json.id]), [202, whole.json.id]);
    const nobody = await act('0b0dd000-0000-4000-8000-00000000beef');
    assert.deepEqual([nobody.status, nobody.json.code], [403, 'act_not_allowed'], JSON.stringify(nobody.json));
    assert.equal((await act('ana@acme.example')).status, 422);
  } finally {
    await w.stop();
  }
});
