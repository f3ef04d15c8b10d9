// A token of the role "act" that got into wrong hands names whom it likes: what the chat is asked for it, what is kept of
// whom it names, and what its answers tell.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, start, words} from '../lib/flow.mjs';

const ANA = 'U0ANA0001', BEN = 'U0BEN0001', CLEO = 'U0CLEO001';
const GUEST = 'U0GUS0001', STRANGER = 'U0SID0001', LEFT = 'U0DORA001', NOBODY = 'U0NOBODY99';

describe('a token that names whom it likes', () => {
  let w, ana, ben, cleo, keys = 0;
  const api = `/workspaces/${ACME}`;
  const make = async name => (await w.must('POST', `${api}/api-tokens`, {name, role: 'act'})).token;
  const act = (token, user) => w.api('POST', `${api}/act`, {user, recipe: 'create-opportunity', inputs: {name: 'x', close: '2026-12-31'}, idempotency_key: `key-${++keys}`}, {token});
  /** Whom the chat was asked about since `from` calls, in order. */
  const lookedUp = async (from = 0) => (await w.calls({peer: 'slack', path: 'users.info'})).map(c => c.args.user).slice(from);
  const refused = async (token, user) => {
    const {status, code, title, detail, type} = await act(token, user);
    assert.deepEqual([status, code], [403, 'act_not_allowed'], user);
    return JSON.stringify({title, detail, type});
  };
  const questions = async (person, name) => (await person.messages()).filter(m => m.is_bot && new RegExp(`${name} wants to run commands for you`).test(words(m)));
  const people = async () => (await w.query('select user_id from chat_user order by 1')).map(r => r.user_id);
  const allow = async who => {
    const {title, command, hint, connections, inputs, steps, reply} = await w.must('GET', `${api}/recipes/create-opportunity`);
    await w.must('PUT', `${api}/recipes/create-opportunity`, {title, command, hint, connections, inputs, steps, reply, allow: who});
  };
  /** As if that were so long ago. */
  const minutesAgo = n => w.query(`update act_permission set looked_at = looked_at - interval '${n} minutes'`);

  before(async () => {
    w = await start({replicas: 2});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.must('PUT', api, {acting: 'on'});
  });
  after(() => w?.stop());

  test('whoever is not asked is looked up once an hour, and nothing of the answer is kept or told', async () => {
    const token = await make('curious'), was = await people(), before = (await lookedUp()).length;
    await allow({users: [ANA]});
    const answers = [];
    for (let i = 0; i < 2; i++) for (const user of [GUEST, STRANGER, LEFT, NOBODY, CLEO]) answers.push(await refused(token, user));
    assert.equal(new Set(answers).size, 1);
    assert.deepEqual(await lookedUp(before), [GUEST, STRANGER, LEFT, NOBODY, CLEO]);
    assert.deepEqual(await people(), was, 'nobody is stored');
    await minutesAgo(61);
    assert.equal(await refused(token, NOBODY), answers[0]);
    assert.deepEqual(await lookedUp(before + 5), [NOBODY]);
    await allow('everyone');
  });

  test('who cannot be asked now, as we know, is not looked up', async () => {
    await ben.ask('whoami', /Who you are here/);
    await cleo.ask('whoami', /Who you are here/);
    await allow({users: [BEN]});
    await w.query("update chat_user set standing = 'guest' where user_id = $1", [BEN]);
    await w.query("update chat_user set checked_at = now() - interval '1 day'");
    const token = await make('knowing'), before = (await lookedUp()).length;
    await refused(token, BEN);
    await refused(token, CLEO);
    assert.deepEqual(await lookedUp(before), []);
    await w.query("update chat_user set standing = 'member' where user_id = $1", [BEN]);
    await refused(token, BEN);
    await ben.sees(/knowing wants to run commands for you/);
    await w.query("update chat_user set checked_at = now() - interval '1 day'");
    await minutesAgo(61);
    await refused(token, BEN);
    assert.deepEqual(await lookedUp(before), [BEN], 'asked today');
    await allow('everyone');
  });

  test('a chat that does not answer is told to who has allowed it alone, and takes no question away', async () => {
    const token = await make('deal-sync');
    await cleo.ask('allow deal-sync', /deal-sync may run commands for you/);
    await w.query("update chat_user set checked_at = now() - interval '1 day'");
    await w.fault('5xx', {peer: 'slack', path: 'users.info', times: -1});
    const [away, nobody] = [await refused(token, ANA), await refused(token, NOBODY)];
    assert.equal(away, nobody);
    assert.equal((await act(token, CLEO)).status, 503);
    const before = (await lookedUp()).length;
    await refused(token, ANA);
    assert.deepEqual(await lookedUp(before), [], 'nor is it asked again at once');
    await w.sandbox('DELETE', '/_faults');
    assert.equal((await questions(ana, 'deal-sync')).length, 0);
    await minutesAgo(61);
    await refused(token, ANA);
    await ana.sees(/deal-sync wants to run commands for you/);
    assert.equal((await act(token, CLEO)).status, 202);
  });

  const madeUp = n => `U0MADEUP${String(n).padStart(3, '0')}`;

  test('the chat is asked about two hundred people in an hour and no more', async () => {
    const token = await make('stolen'), before = (await lookedUp()).length;
    for (let n = 0; n < 210; n += 7) await Promise.all(Array.from({length: 7}, (_, i) => refused(token, madeUp(n + i))));
    assert.equal((await lookedUp(before)).length, 200);
    await refused(token, ANA);
    await w.idle();
    assert.equal((await questions(ana, 'stolen')).length, 0);
    assert.equal(await w.count('chat_user', "user_id like 'U0MADEUP%'"), 0);
    await minutesAgo(61);
    await refused(token, madeUp(300));
    assert.equal((await lookedUp(before)).length, 201);
  });

  test('the last place of that hour is one person\'s, also of two at once on two replicas', async () => {
    const token = await make('twofold'), before = (await lookedUp()).length;
    await w.query(`insert into act_permission (workspace, id, user_id, token, looked_at)
      select workspace, gen_random_uuid(), 'U0FILLED' || n, digest, now() from api_token, generate_series(1, 199) n where name = 'twofold'`);
    const gate = await w.gate('act_look', 'insert', 'act_permission', "new.user_id like 'U0MADEUP%'");
    const both = [1, 2].map(n => refused(token, madeUp(n)));
    await gate.waiting(2);
    await gate.release();
    await Promise.all(both);
    assert.equal((await lookedUp(before)).length, 1);
  });
});
