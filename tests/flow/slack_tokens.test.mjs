// The bot's own token: it rotates, expires and dies, and no command is lost or done twice by that.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Browser, GLOBEX, start, until, words} from '../lib/flow.mjs';

const row = w => w.one(`select bot_generation::int as generation, state, bot_fault, bot_refresh is not null as rotates,
  extract(epoch from bot_expires_at - now())::int as left_s, bot_refresh_tries as tries from workspace where workspace = $1`, [GLOBEX]);
const set = (w, what) => w.query(`update workspace set ${what} where workspace = '${GLOBEX}'`);
const refreshes = async w => (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).filter(c => c.args.grant_type === 'refresh_token');
const metric = async (w, line) => {
  let sum = 0;
  for (const r of w.replicas) {
    const found = (await (await fetch(`${r.opsUrl}/metrics`)).text()).split('\n').find(l => l.startsWith(line + ' '));
    sum += found ? Number(found.split(' ').pop()) : 0;
  }
  return sum;
};

async function install(w) {
  const b = new Browser();
  await b.get(`${w.url}/slack/install`);
  await b.submit({installer: 'T0GLOBEX1/U0OTTO001', decision: 'allow'});
  assert.equal(b.page.status, 200, b.text);
  await w.idle();
}

async function world(replicas) {
  const w = await start({replicas, env: {WORKBOT_ALLOWED_WORKSPACES: '*'}});
  await w.sandbox('PUT', '/_config', {slack: {rotation: {expires_in: 43200, grace_ms: 0}, app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
  return w;
}

describe('Slack: a bot token that rotates', () => {
  let w, gina, otto;
  before(async () => {
    w = await world(2);
    await install(w);
    [gina, otto] = [w.person('gina', 'T0GLOBEX1'), w.person('otto', 'T0GLOBEX1')];
  });
  after(() => w?.stop());

  test('a fresh one is used as it is', async () => {
    const now = await row(w);
    assert.deepEqual([now.rotates, now.left_s > 43000], [true, true]);
    await gina.ask('help', m => m.is_bot);
    assert.equal((await refreshes(w)).length, 0);
    assert.equal((await w.must('GET', `/workspaces/${GLOBEX}`)).bot_token_rotates, true);
  });

  test('slack_gotcha_18_of many that need a new one over two replicas one asks for it, and all go on', async () => {
    const {generation} = await row(w);
    await w.fault('slow', {peer: 'slack', path: 'oauth.v2.access', delay_ms: 700});
    await set(w, "bot_expires_at = now() + interval '1 second'");
    const said = [];
    for (let i = 0; i < 8; i++) said.push((i % 2 ? otto : gina).say('help ' + i));
    const first = (await Promise.all(said)).map(s => s.ts).sort()[0];
    const answers = async p => (await p.messages()).filter(m => m.is_bot && m.ts > first).length;
    for (const p of [gina, otto]) await until('each to be answered', async () => await answers(p) >= 4); // who met the refresh looks again in a second
    await w.idle();
    for (const p of [gina, otto]) assert.equal(await answers(p), 4, 'each was answered once');
    assert.equal((await refreshes(w)).length, 1);
    const now = await row(w);
    assert.deepEqual([now.generation, now.left_s > 43000, now.tries], [generation + 1, true, 0]);
    assert.equal(await w.count('job', "state = 'dead'"), 0);
  });

  test('one that ends within two hours is renewed ahead of time, and used meanwhile when that fails', async () => {
    const before = (await refreshes(w)).length, {generation} = await row(w);
    await set(w, "bot_expires_at = now() + interval '100 minutes'");
    await w.fault('5xx', {peer: 'slack', path: 'oauth.v2.access'});
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).generation], [before + 1, generation]);
    await gina.ask('help', m => m.is_bot); // it cools down
    assert.equal((await refreshes(w)).length, before + 1);
    await set(w, 'bot_refresh_until = null');
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).generation], [before + 2, generation + 1]);
  });

  test('one that Slack calls expired is renewed once, and the call made once more', async () => {
    const {generation} = await row(w);
    await w.fault('token_expired', {peer: 'slack', path: 'chat.postMessage'});
    const said = await gina.say('help');
    await gina.sees(m => m.is_bot, {after: said.ts});
    await w.idle();
    assert.equal((await gina.messages()).filter(m => m.is_bot && m.ts > said.ts).length, 1);
    assert.equal((await row(w)).generation, generation + 1);
  });

  test('P7 a gateway that answers for Slack, again and again, counts as no lost answer', async () => {
    const before = (await refreshes(w)).length, {generation} = await row(w);
    await w.fault('5xx', {peer: 'slack', path: 'oauth.v2.access', times: 3, status: 502});
    await set(w, "bot_expires_at = now() + interval '1 hour'");
    for (let n = 1; n <= 3; n++) {
      await gina.ask('help', m => m.is_bot);
      const now = await row(w);
      assert.deepEqual([(await refreshes(w)).length - before, now.tries, now.bot_fault, now.generation], [n, 0, null, generation]);
      await set(w, 'bot_refresh_until = null');
    }
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).generation], [before + 4, generation + 1]);
  });

  test('slack_gotcha_18_an answer that is lost, and a process that dies before it has stored the new pair', async () => {
    await w.sandbox('PUT', '/_config', {slack: {rotation: {expires_in: 43200, grace_ms: 60000}}});
    let before = (await refreshes(w)).length;
    await w.fault('lost', {peer: 'slack', path: 'oauth.v2.access'});
    await set(w, "bot_expires_at = now() + interval '1 hour'");
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).tries], [before + 1, 1], 'it is on record');
    await set(w, 'bot_refresh_until = null');
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).tries], [before + 2, 0], 'the same token once more, in its grace');

    before = (await refreshes(w)).length;
    await set(w, "bot_expires_at = now() + interval '1 hour'");
    const {generation} = await row(w);
    const gate = await w.gate('before_the_pair', 'update', 'workspace', 'new.bot_generation > old.bot_generation');
    await gina.say('help');
    await gate.waiting(1);
    for (const r of w.replicas) await w.kill(r.n);
    await gate.release();
    for (const r of w.replicas) await w.startReplica(r.n);
    assert.deepEqual([(await row(w)).generation, (await row(w)).tries], [generation, 1]);
    await set(w, 'bot_refresh_until = null'); // its lease, without the wait
    await otto.ask('help', m => m.is_bot);
    assert.deepEqual([(await row(w)).generation, (await row(w)).state, (await refreshes(w)).length], [generation + 1, 'active', before + 2]);
  });

  test('a refresh token that Slack does not know any more: admins are told while there is time, then the workspace is broken', async () => {
    await w.idle();
    await set(w, "bot_expires_at = now() + interval '1 hour', bot_refresh_until = null");
    const before = (await refreshes(w)).length;
    await w.fault('error', {peer: 'slack', error: 'invalid_refresh_token', path: 'oauth.v2.access'});
    await gina.ask('help', m => m.is_bot);
    const told = await otto.sees(m => m.is_bot && /I am about to fall silent/.test(words(m)));
    assert.match(JSON.stringify(told.blocks), /slack\/install\?team=T0GLOBEX1/);
    assert.deepEqual([(await row(w)).state, (await row(w)).bot_fault], ['active', 'refresh_refused']);
    await gina.ask('help', m => m.is_bot);
    assert.equal((await refreshes(w)).length, before + 1, 'no second try with it');

    await set(w, "bot_expires_at = now() - interval '1 second'");
    await gina.say('help');
    await until('the workspace to be broken', async () => (await row(w)).state === 'broken');
    await w.idle();
    assert.equal(await metric(w, 'workbot_bots_broken_total'), 1);
    const calls = (await w.calls({peer: 'slack', direction: 'in'})).length;
    await gina.say('help');
    await w.idle();
    assert.equal((await w.calls({peer: 'slack', direction: 'in'})).length, calls, 'nothing calls with it any more');
    assert.ok(await w.count('job', "state = 'queued' and error_code = 'workspace_broken'") >= 1, 'what was said waits');
    assert.match(w.log(), /a workspace is broken until the bot is installed again/);

    await install(w);
    const now = await row(w);
    assert.deepEqual([now.state, now.bot_fault], ['active', null]);
    await gina.ask('help', m => m.is_bot);
  });

  test('P13 a limit that strangers drew upon installations keeps no workspace from its new token', async () => {
    await w.fault('429', {peer: 'slack', path: 'oauth.v2.access', times: -1, retry_after: 300});
    for (let i = 0; i < 6; i++) {
      const b = new Browser();
      await fetch(`${w.url}/privacy`); // so that the exchange is the other replica's turn: each learns of it
      await b.get(`${w.url}/slack/install`);
      await b.submit({installer: 'T0GLOBEX1/U0OTTO001', decision: 'allow'});
      assert.equal(b.page.status, 503, b.text);
    }
    await w.sandbox('DELETE', '/_faults');
    await set(w, "bot_expires_at = now() + interval '1 second'");
    const {generation} = await row(w);
    await gina.ask('help', m => m.is_bot);
    assert.equal((await row(w)).generation, generation + 1);
  });

  test('the API takes a rotating pair, and it is renewed when it is first used', async () => {
    const {status, text} = await w.api('PUT', `/workspaces/${GLOBEX}`, {bot_refresh_token: 'xoxe-1-sample'});
    assert.deepEqual([status, /bot_refresh_token/.test(text)], [422, true], 'alone it belongs to nothing');
    const {access_token, refresh_token} = (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).at(-1).answer;
    await w.must('PUT', `/workspaces/${GLOBEX}`, {bot_token: null});
    await w.must('PUT', `/workspaces/${GLOBEX}`, {bot_token: access_token, bot_refresh_token: refresh_token});
    const before = (await refreshes(w)).length;
    await gina.ask('help', m => m.is_bot);
    assert.deepEqual([(await refreshes(w)).length, (await row(w)).left_s > 43000], [before + 1, true]);
    const kept = await row(w);
    await w.must('PUT', `/workspaces/${GLOBEX}`, {name: 'Globex Inc'});
    assert.deepEqual(await row(w), {...kept, left_s: (await row(w)).left_s}, 'other settings touch no token');
  });

  test('P5 neither token, nor the code that gave them, is in a log, the audit, a job or a message', async () => {
    const answers = (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).filter(c => c.answer?.ok);
    const secrets = answers.flatMap(c => [c.answer.access_token, c.answer.refresh_token, c.args.code]).filter(Boolean);
    assert.ok(secrets.length > 10);
    const rows = await w.query(`select coalesce(string_agg(query_to_xml(format('select * from %I', c.relname), false, true, '')::text, ' '), '') as all
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`);
    for (const text of [w.log(), rows[0].all]) {
      assert.ok(text.length > 1000);
      for (const secret of secrets) assert.ok(!text.includes(secret) && !text.includes(Buffer.from(secret).toString('hex')));
    }
  });
});

describe('Slack: a bot token that never expires', () => {
  let w, gina;
  before(async () => {
    w = await world(1);
    await w.sandbox('PUT', '/_config', {slack: {rotation: false}});
    await install(w);
    gina = w.person('gina', 'T0GLOBEX1');
  });
  after(() => w?.stop());

  test('one odd answer breaks nothing', async () => {
    assert.equal((await row(w)).rotates, false);
    for (const fault of ['invalid_auth', 'token_expired']) {
      await w.fault('error', {peer: 'slack', error: fault, path: 'chat.postMessage'});
      await gina.ask('help', m => m.is_bot);
      assert.equal((await row(w)).state, 'active', fault);
    }
    assert.equal((await refreshes(w)).length, 0);
  });

  test('P1 a token that seems to have expired while a lost post is looked for makes no second one', async () => {
    await w.fault('lost', {peer: 'slack', path: 'chat.postMessage'});
    await w.fault('token_expired', {peer: 'slack', path: 'conversations.history'});
    const said = await gina.say('whoami');
    await gina.sees(m => m.is_bot, {after: said.ts});
    await until('it to be looked for', async () => await w.fired('token_expired') === 1);
    await w.idle();
    assert.equal((await gina.messages()).filter(m => m.is_bot && m.ts > said.ts).length, 1);
  });

  /** Two answers of Slack that were wrong: of a method, and of the question that follows it. */
  async function breakIt() {
    await w.query("update chat_user set checked_at = now() - interval '1 hour'");
    for (const path of ['users.info', 'auth.test']) await w.fault('error', {peer: 'slack', path, error: 'invalid_auth', times: 1});
    const said = await gina.say('help 1');
    await until('the workspace to be broken', async () => (await row(w)).state === 'broken');
    return said;
  }
  const held = () => w.query("select attempts::int, extract(epoch from run_at - now())::int > 20 as later from job where state = 'queued' and error_code = 'workspace_broken'");

  test('P1 two wrong answers break nothing for good: what was said meanwhile waits, and a slash command hears why', async () => {
    const said = await breakIt();
    await gina.say('help 2');
    await until('the messages to be held', async () => (await held()).length === 2);
    assert.deepEqual((await held()).map(h => [h.attempts <= 1, h.later]), [[true, true], [true, true]], 'waiting uses up no attempt');
    await gina.command('help');
    const answer = JSON.stringify(await gina.sees(m => m.ephemeral && /I have lost my permission in this workspace/.test(words(m))));
    assert.match(answer, /slack\/install\?team=T0GLOBEX1/);

    assert.equal((await w.one(`select bot_check_at between now() and now() + interval '1 minute' as soon from workspace where workspace = '${GLOBEX}'`)).soon, true);
    const asked = (await w.calls({peer: 'slack', path: 'auth.test'})).length;
    await w.fault('error', {peer: 'slack', path: 'auth.test', error: 'invalid_auth', times: 1});
    for (const minutes of [1, 2]) {
      await set(w, 'bot_check_at = now()'); // the time that passes
      await until(`Slack to be asked, time ${minutes}`, async () => (await w.calls({peer: 'slack', path: 'auth.test'})).length === asked + minutes);
      await w.idle();
      if (minutes === 1) {
        const next = await w.one(`select state, round(extract(epoch from bot_check_at - now()) / 60)::int as minutes from workspace where workspace = '${GLOBEX}'`);
        assert.deepEqual(next, {state: 'broken', minutes: 1});
      }
    }
    assert.deepEqual([(await row(w)).state, (await row(w)).bot_fault], ['active', null]);
    await until('both to be answered', async () => (await gina.messages()).filter(m => m.is_bot && !m.ephemeral && m.ts > said.ts).length === 2);
    const [state] = (await w.must('GET', `/workspaces/${GLOBEX}/audit`)).items.filter(a => a.action === 'workspace.state');
    assert.deepEqual(state.detail, {state: 'active', reason: 'token_taken_again'});
  });

  test('what was held for long is offered, not run; after a day it is dropped and counted', async () => {
    await breakIt();
    await until('the message to be held', async () => (await held()).length === 1);
    await w.query("update job set created_at = created_at - interval '11 minutes' where error_code = 'workspace_broken'");
    await set(w, 'bot_check_at = now()');
    await gina.sees(m => m.is_bot && /This reached me only now, so I have not run it: help 1/.test(words(m)));

    await breakIt();
    await until('the message to be held', async () => (await held()).length === 1);
    const dropped = await metric(w, 'workbot_no_workspace_total{reason="broken"}');
    await w.query("update job set created_at = created_at - interval '25 hours', run_at = now() where error_code = 'workspace_broken'");
    await until('it to be dropped', async () => await metric(w, 'workbot_no_workspace_total{reason="broken"}') === dropped + 1);
    await set(w, 'bot_check_at = now()');
    await until('the workspace to work', async () => (await row(w)).state === 'active');
    await w.idle();
  });

  const sends = () => w.query("select state, error_code from job where kind = 'send' order by seq");
  const sayBroken = async () => {
    for (const path of ['chat.postMessage', 'auth.test']) await w.fault('error', {peer: 'slack', path, error: 'invalid_auth', times: 1});
    const said = await gina.say('help');
    await until('the answer to wait', async () => (await sends()).some(j => j.state !== 'running' && j.error_code));
    assert.equal((await row(w)).state, 'broken');
    assert.deepEqual(await sends(), [{state: 'queued', error_code: 'workspace_broken'}]);
    return said;
  };

  test('P1 what the bot was about to say waits for it as well, and is said once it works again', async () => {
    const said = await sayBroken();
    await w.query("update job set run_at = now() where kind = 'send'"); // still broken
    await until('it to be looked at', async () => w.one("select run_at > now() as later from job where kind = 'send' and state = 'queued'").then(j => j?.later));
    assert.deepEqual(await sends(), [{state: 'queued', error_code: 'workspace_broken'}]);
    await w.query("update job set run_at = now() + interval '1 hour' where kind = 'send'"); // it is woken, not lucky
    await set(w, 'bot_check_at = now()');
    const answers = async () => (await gina.messages()).filter(m => m.is_bot && !m.ephemeral && m.ts > said.ts).length;
    await until('the answer', async () => await answers() === 1);
    await w.idle();
    assert.deepEqual([await answers(), await sends()], [1, []]);
  });

  test('P1 what waits until Slack has said whose the token is waits on where that breaks the workspace', async () => {
    await set(w, "bot_check_at = now() + interval '1 hour'"); // not known to be its own
    const said = await gina.say('help');
    await until('the answer to wait', async () => (await sends()).some(j => j.error_code === 'chat_unchecked'));
    await set(w, "state = 'broken', bot_fault = 'token_of_another'");
    await w.query("update job set run_at = now() where kind = 'send'");
    await until('it to wait on', async () => (await sends()).some(j => j.state !== 'running' && j.error_code !== 'chat_unchecked'));
    assert.deepEqual(await sends(), [{state: 'queued', error_code: 'workspace_broken'}]);
    await w.must('PUT', `/workspaces/${GLOBEX}`, {bot_token: 'xoxb-sample-globex-0001'});
    await until('the answer', async () => (await gina.messages()).some(m => m.is_bot && !m.ephemeral && m.ts > said.ts));
    await w.idle();
  });

  test('it ends after a day, or where the bot was removed', async () => {
    const dead = async () => (await sends()).filter(j => j.state === 'dead').map(j => j.error_code);
    await sayBroken();
    await w.query("update job set created_at = created_at - interval '25 hours', run_at = now() where kind = 'send'");
    await until('it to be given up', async () => (await dead()).length === 1);
    await w.query("delete from job where kind = 'send'");
    await set(w, 'bot_check_at = now()');
    await until('the workspace to work', async () => (await row(w)).state === 'active');
    await w.idle();
    await sayBroken();
    await set(w, "state = 'removed'");
    await w.query("update job set run_at = now() where kind = 'send'");
    await until('it to be given up', async () => (await dead()).length === 1);
    assert.deepEqual(await dead(), ['chat_dead']);
    await w.query("delete from job where kind = 'send'");
    await set(w, "state = 'broken', bot_check_at = now()");
    await until('the workspace to work', async () => (await row(w)).state === 'active');
    await w.idle();
  });

  test('a dead one makes the workspace broken; a new one by the API mends it', async () => {
    await w.fault('error', {peer: 'slack', error: 'account_inactive', times: -1});
    await gina.say('help');
    await until('the workspace to be broken', async () => (await row(w)).state === 'broken');
    await w.sandbox('DELETE', '/_faults');
    assert.equal((await w.must('GET', `/workspaces/${GLOBEX}`)).bot_fault, 'token_refused');
    const [state] = (await w.must('GET', `/workspaces/${GLOBEX}/audit`)).items.filter(a => a.action === 'workspace.state');
    assert.deepEqual(state.detail, {state: 'broken', reason: 'token_refused'});
    const put = await w.must('PUT', `/workspaces/${GLOBEX}`, {bot_token: 'xoxb-sample-globex-0001'});
    assert.deepEqual([put.state, put.bot_fault, put.scopes], ['active', null, []]);
    await gina.ask('help', m => m.is_bot);
  });
});

describe('Slack: a bot token that the API was given', () => {
  const OWN = 'xoxb-sample-globex-0001', ORG = 'slack:E0ACMEORG';
  let w, gina;
  const put = body => w.must('PUT', `/workspaces/${GLOBEX}`, body);
  const now = (key = GLOBEX) => w.must('GET', `/workspaces/${key}`).then(r => [r.state, r.bot_token_state, r.bot_fault]);
  const settled = key => until('Slack to be asked', async () => (await now(key))[1] !== 'unchecked');
  const asked = async () => (await w.calls({peer: 'slack', path: 'auth.test'})).length;
  before(async () => {
    w = await start({globex: true});
    gina = w.person('gina', 'T0GLOBEX1');
  });
  after(() => w?.stop());

  test('one that Slack takes is ok, and who the bot is comes from Slack', async () => {
    assert.deepEqual(await now(), ['active', 'ok', null], 'the one of the beginning');
    await put({bot_token: null});
    assert.deepEqual(await now(), ['draft', 'none', null]);
    assert.equal((await put({bot_token: OWN, bot_user_id: 'U0MISTYPED'})).bot_token_state, 'unchecked');
    await settled();
    const there = await w.must('GET', `/workspaces/${GLOBEX}`);
    assert.deepEqual([there.state, there.bot_token_state, there.bot_user_id, there.bot_id], ['active', 'ok', 'U0BOTGLBX', 'B0BOTGLBX']);
    await w.idle();
    const times = await asked();
    assert.equal((await put({name: 'Globex Inc'})).bot_token_state, 'ok', 'another setting says nothing of the token');
    assert.equal((await put({bot_token: OWN})).bot_token_state, 'ok', 'nor does the same one again');
    await w.idle();
    assert.equal(await asked(), times);
  });

  test('a wrong one is not said to work: unchecked, then refused with the reason; the right one mends it', async () => {
    assert.equal((await put({bot_token: 'xoxb-sample-mistyped'})).bot_token_state, 'unchecked');
    await settled();
    assert.deepEqual(await now(), ['broken', 'refused', 'token_refused']);
    const [state] = (await w.must('GET', `/workspaces/${GLOBEX}/audit`)).items.filter(a => a.action === 'workspace.state');
    assert.deepEqual(state.detail, {state: 'broken', reason: 'token_refused'});
    assert.doesNotMatch(w.log(), /xoxb-sample-mistyped/);
    assert.equal((await put({bot_token: OWN})).bot_token_state, 'unchecked');
    await settled();
    assert.deepEqual(await now(), ['active', 'ok', null]);
    await gina.ask('help', m => m.is_bot);
  });

  test('while Slack is away nothing is known, and it is asked again', async () => {
    await w.fault('5xx', {peer: 'slack', path: 'auth.test', times: 2});
    await put({bot_token: null});
    await put({bot_token: OWN});
    await until('Slack to be asked in vain', async () => await w.fired('5xx') === 2);
    assert.deepEqual(await now(), ['active', 'unchecked', null]);
    await w.query("update job set run_at = now() where kind = 'check'"); // the time that passes
    await settled();
    assert.deepEqual(await now(), ['active', 'ok', null]);
  });

  const waiting = () => w.query("select attempts::int from job where state = 'queued' and error_code = 'chat_unchecked'");
  const said = async () => (await gina.messages()).filter(m => m.is_bot).length;

  test('P8 nothing is done with one before Slack has said whose it is; what people write waits for that', async () => {
    const FOREIGN = 'xoxb-sample-acme-0001';
    await gina.ask('help', m => m.is_bot);
    await w.idle();
    const since = (await w.calls()).at(-1).seq;
    await w.fault('slow', {peer: 'slack', path: 'auth.test', delay_ms: 3000, times: 1});
    await put({bot_token: FOREIGN});
    const asked = await gina.say('connections');
    await gina.command('connections', {place: 'dm'});
    await until('the message to wait', async () => (await waiting()).length > 0);
    assert.ok((await waiting()).every(j => j.attempts === 0), 'waiting uses up no attempt');
    await settled();
    assert.deepEqual(await now(), ['broken', 'refused', 'token_of_another']);
    await w.idle();
    const used = (await w.calls({peer: 'slack', direction: 'in', since: String(since)})).filter(c => c.headers.authorization === `Bearer ${FOREIGN}`);
    assert.deepEqual([...new Set(used.map(c => c.path.split('/').at(-1)))], ['auth.test']);
    await put({bot_token: OWN});
    await settled();
    assert.deepEqual(await now(), ['active', 'ok', null]);
    await until('the message to be answered', async () => (await gina.messages()).some(m => m.is_bot && !m.ephemeral && m.ts > asked.ts));
    await w.idle();
  });

  test('what was said while Slack did not answer is answered as soon as it has', async () => {
    await put({bot_token: null});
    await w.idle();
    const before = await said();
    await w.fault('5xx', {peer: 'slack', path: 'auth.test', times: 2});
    await put({bot_token: OWN});
    await gina.say('help');
    await until('the message to wait', async () => (await waiting()).length === 1);
    await until('Slack to be asked in vain', async () => await w.fired('5xx') >= 2);
    assert.equal(await said(), before);
    await w.query("update job set run_at = now() + interval '1 hour' where error_code = 'chat_unchecked'"); // it is woken, not lucky
    await until('the message to be answered', async () => await said() === before + 1);
    assert.deepEqual(await now(), ['active', 'ok', null]);
  });

  test('P2 one of another workspace, or of an organisation, is not taken for this one', async () => {
    await w.must('PUT', `/workspaces/${ORG}`, {name: 'Acme Org', bot_token: 'xoxb-sample-acmeorg-0001'});
    await settled(ORG);
    assert.deepEqual(await now(ORG), ['active', 'ok', null]);
    for (const [key, bot_token] of [[GLOBEX, 'xoxb-sample-acme-0001'], [GLOBEX, 'xoxb-sample-acmeorg-0001'], [ORG, 'xoxb-sample-orglabs-0001']]) {
      await w.must('PUT', `/workspaces/${key}`, {bot_token});
      await settled(key);
      assert.deepEqual(await now(key), ['broken', 'refused', 'token_of_another'], bot_token);
      const times = await asked();
      await w.query('update workspace set bot_check_at = now() where workspace = $1', [key]); // it is looked at again
      await until('Slack to be asked again', async () => await asked() > times);
      await w.idle();
      assert.deepEqual(await now(key), ['broken', 'refused', 'token_of_another'], 'and stays so');
    }
    const posts = async () => (await w.calls({peer: 'slack', path: 'chat.'})).length;
    const before = await posts();
    await gina.say('help');
    await w.idle();
    assert.equal(await posts(), before, 'nothing is said with it');
    await put({bot_token: OWN});
    await settled();
    assert.deepEqual(await now(), ['active', 'ok', null]);
  });

  test('a pair that rotates is renewed where its token has expired; one that cannot be renewed is refused', async () => {
    await w.sandbox('PUT', '/_config', {slack: {rotation: {expires_in: 43200, grace_ms: 60000}, app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
    await install(w);
    const pair = (await w.calls({peer: 'slack', path: 'oauth.v2.access'})).at(-1).answer;
    const body = {bot_token: pair.access_token, bot_refresh_token: pair.refresh_token};
    await put({bot_token: null});
    await w.fault('token_expired', {peer: 'slack', path: 'auth.test'});
    const before = (await refreshes(w)).length;
    await put(body);
    await settled();
    assert.deepEqual([await now(), (await refreshes(w)).length], [['active', 'ok', null], before + 1]);
    assert.ok((await row(w)).left_s > 43000);

    await put({bot_token: null});
    await w.fault('token_expired', {peer: 'slack', path: 'auth.test'});
    await put({...body, bot_refresh_token: 'xoxe-1-sample-mistyped'});
    await settled();
    assert.deepEqual(await now(), ['broken', 'refused', 'refresh_refused']);
  });
});
