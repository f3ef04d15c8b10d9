// Whose words they are: a user id is one person's together with the team that Slack names for it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {create, start} from '../lib/flow.mjs';

const FORM = {type: 'application/x-www-form-urlencoded'};

describe('Slack: the same user id from another team', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  const row = () => w.one("select * from chat_user where user_id = 'U0ANA0001'");
  const made = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const mention = (name, team) => {
    const ts = `${Math.floor(Date.now() / 1000)}.000${Math.floor(100 + Math.random() * 899)}`;
    return {...w.dm('x'), is_ext_shared_channel: true,
      event: {type: 'app_mention', user: 'U0ANA0001', ...team, channel: 'C0SHARED1', text: `<@U0BOTACME> ${create(name)}`, ts, event_ts: ts}};
  };
  const payload = p => new URLSearchParams({payload: JSON.stringify({api_app_id: 'A0WORKBOT', user: {id: 'U0ANA0001', team_id: 'T0GLOBEX1'}, team: {id: 'T0ACME001'}, trigger_id: `${Date.now()}.1.x`, ...p})}).toString();
  const refused = async (what, send) => {
    const before = await row(), rows = await w.rows('login', 'run', 'connection', 'message');
    const r = await send();
    assert.equal(r.status, 200);
    await w.idle();
    assert.deepEqual(await row(), before, `${what}: the real person's row`);
    assert.deepEqual(await w.rows('login', 'run', 'connection', 'message'), rows, what);
    return r;
  };

  for (const member of ['user_team', 'source_team']) {
    test(`failure_30_partner_company P2 words whose ${member} is another company's act as nobody`, async () => {
      await refused(member, () => w.signed('/slack/events', mention(`By ${member}`, {[member]: 'T0GLOBEX1'})));
      assert.equal(await made(`By ${member}`), 0);
      assert.match(w.log(), /another team than the chat names for this id/);
    });
  }

  test('P2 nor does a button, a shortcut or a form of that team', async () => {
    const value = JSON.stringify({command: 'salesforce create opportunity', inputs: {name: 'Pressed', close: '2026-12-31'}});
    await refused('a button', () => w.signed('/slack/interactions', payload({type: 'block_actions', channel: {id: 'C0SHARED1'}, container: {type: 'message', message_ts: '1.1', channel_id: 'C0SHARED1'},
      actions: [{type: 'button', action_id: 'wb:run:1', block_id: 'wb:x:1', action_ts: `${Date.now() / 1000}`, value}]}), FORM));
    assert.equal(await made('Pressed'), 0);
    await refused('a shortcut', () => w.signed('/slack/interactions', payload({type: 'shortcut', callback_id: 'wb:connections', action_ts: `${Date.now() / 1000}`}), FORM));
    const r = await refused('a form', () => w.signed('/slack/interactions', payload({type: 'view_submission', view: {id: 'V0FOREIGN1', hash: 'h1', callback_id: 'wb:inputs',
      app_installed_team_id: 'T0ACME001', private_metadata: '00000000-0000-4000-8000-000000000000', blocks: [], state: {values: {}}}}), FORM));
    assert.match(r.text, /only work for members/);
  });

  test('P2 the person herself is served as before, without a question more', async () => {
    const asked = async () => (await w.calls({peer: 'slack'})).filter(e => /users\.info/.test(e.path)).length;
    const before = await asked();
    await w.signed('/slack/events', mention('Her own', {user_team: 'T0ACME001', source_team: 'T0ACME001'}));
    await w.idle();
    assert.equal(await made('Her own'), 1);
    assert.equal(await asked(), before);
  });
});
