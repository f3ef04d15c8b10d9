// The life of an installation: it ends, it comes back, its events come late and in any order.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, OPPORTUNITY, start, until} from '../lib/flow.mjs';

const state = w => w.one('select state, bot_token is not null as token, bot_fault from workspace where workspace = $1', [ACME]);
const personal = w => w.count('connection', `workspace = '${ACME}' and user_id <> ''`);
const audit = async (w, action) => (await w.must('GET', `/workspaces/${ACME}/audit?limit=100`)).items.filter(a => a.action === action);
const now = () => Math.floor(Date.now() / 1000);

async function install(w, installer = 'T0ACME001/U0BEN0001') {
  const b = new Browser();
  await b.get(`${w.url}/slack/install`);
  await b.submit({installer, decision: 'allow'});
  assert.equal(b.page.status, 200, b.text);
  await w.idle();
}

/** The installation was some time ago: what is told from now on came after it. */
const age = w => w.query("update workspace set installed_at = installed_at - interval '1 minute'");

for (const order of [['app_uninstalled', 'tokens_revoked'], ['tokens_revoked', 'app_uninstalled']]) {
  describe(`Slack: uninstalled, ${order.join(' before ')}`, () => {
    let w, ana, cleo;
    before(async () => {
      w = await start();
      await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
      await install(w);
      [ana, cleo] = [w.person('ana'), w.person('cleo')];
    });
    after(() => w?.stop());

    test('P12 personal connections are revoked and forgotten, what waits is ended; what admins set up stays', async () => {
      await ana.connect();
      await cleo.prompt(OPPORTUNITY);
      await age(w);
      const alive = (await w.grants()).filter(g => g.alive).length;
      assert.equal(await personal(w), 1);
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order});
      await w.idle();
      assert.deepEqual(await state(w), {state: 'removed', token: false, bot_fault: null});
      assert.equal(await personal(w), 0);
      assert.equal((await w.grants()).filter(g => g.alive).length, alive - 1, "Ana's grant has ended at the app, the shared one has not");
      assert.equal(await w.count('login', "user_id <> '' and state in ('open', 'code')"), 0);
      assert.equal(await w.count('run', 'ended_at is null'), 0);
      assert.equal(await w.count('recipe'), 4);
      assert.equal((await audit(w, 'workspace.removed')).length, 1);
      assert.deepEqual((await audit(w, 'person.left')).map(a => a.subject).sort(), ['U0ANA0001', 'U0CLEO001']);
      assert.equal((await w.must('GET', `/workspaces/${ACME}`)).state, 'removed');
    });

    test('slack_gotcha_17_a_re_install finds what was set up, and events from before it end nothing', async () => {
      const then = now() - 5;
      await install(w, 'T0ACME001/U0CLEO001');
      const there = await w.must('GET', `/workspaces/${ACME}`);
      assert.deepEqual([there.state, there.installer], ['active', 'U0BEN0001']);
      await ana.connect();
      for (const at of [then, now() - 3600]) {
        await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order, event_time: at, end: false});
      }
      await w.idle();
      assert.equal((await state(w)).state, 'active');
      // the same second: only Slack itself knows
      const second = Math.floor(Number((await w.one('select extract(epoch from installed_at) as s from workspace where workspace = $1', [ACME])).s));
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order, event_time: second, end: false});
      await w.idle();
      assert.deepEqual([(await state(w)).state, await personal(w)], ['active', 1]);
      await ana.ask(OPPORTUNITY, /Created Acme renewal/);
    });

    test('tokens of a bot that goes on are no end', async () => {
      await age(w);
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order: ['tokens_revoked'], end: false});
      await w.idle();
      assert.equal((await state(w)).state, 'active', 'an old token of a rotation');
      await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: '5xx', path: 'auth.test', times: 1});
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order: ['tokens_revoked'], end: false});
      await until('it to be asked again', async () => await w.fired('5xx') === 1);
      await w.idle();
      assert.deepEqual([(await state(w)).state, await personal(w)], ['active', 1]);
    });

    test('P12 told that it is uninstalled while Slack still takes its token: nothing is ended', async () => {
      const asked = async () => (await w.calls({peer: 'slack'})).filter(e => /auth\.test/.test(e.path)).length;
      const before = await asked();
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order: ['app_uninstalled'], end: false});
      await w.idle();
      assert.deepEqual([(await state(w)).state, await personal(w)], ['active', 1]);
      assert.ok(await asked() > before, 'Slack was asked');
    });

    test('thirty days later what admins set up goes too, and its grants are revoked', async () => {
      await w.sandbox('POST', '/_uninstall', {workspace: 'T0ACME001', order});
      await w.idle();
      assert.equal((await state(w)).state, 'removed');
      await w.query("update workspace set ended_at = now() - interval '31 days'");
      await w.stopReplica(0);
      await w.startReplica(0);
      await until('it to be forgotten', async () => await w.count('workspace') === 0);
      await w.idle();
      assert.deepEqual([await w.count('recipe'), await w.count('connection'), (await w.grants()).filter(g => g.alive).length], [0, 0, 0]);
      assert.equal((await w.query("select 1 from audit where action = 'workspace.deleted'")).length, 1);
    });
  });
}
