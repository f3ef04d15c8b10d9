// The life of people: whoever is deactivated, becomes a guest or leaves otherwise acts here no more,
// by an event, when asked at use, or by the comparison at night. P12 with its evidence.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, button, labels, start, until, words} from '../lib/flow.mjs';

describe('people who leave', () => {
  let w, ana, ben, cleo;
  const audits = (action, subject) => w.query('select actor, subject, detail from audit where action = $1 and ($2::text is null or subject = $2) order by id', [action, subject]);
  const user = id => w.one('select * from chat_user where user_id = $1', [id]);
  let n = 0; // of changes in one second that tell the same, one is enough
  const set = (name, changes, deliver = true) => w.sandbox('POST', '/_user', {user: name, set: {real_name: `${name} ${++n}`, ...changes}, deliver}).then(r => assert.ok(r.ok, JSON.stringify(r)));
  const alive = async name => (await w.grants()).filter(g => g.alive && g.username === `${name}@acme.example`).length;
  const asked = async () => (await w.calls({peer: 'slack'})).filter(e => /users\.info/.test(e.path));
  const gone = id => audits('person.left', id).then(rows => rows.length);
  const left = (id, n = 1) => until(`${id} to be off-boarded`, async () => (await audits('person.left', id)).length >= n && (await audits('person.left', id)).at(-1));
  const connect = async (p, name = 'acme-salesforce') => {
    await p.ask(await p.browse(await p.prompt(`connect ${name} again`)), /is connected/);
    await w.idle();
  };
  const reconcile = () => w.query('update workspace set reconcile_at = now() where workspace = $1', [ACME]);

  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    const made = await w.putConnection(ACME, 'second', {app: 'salesforce', host: w.salesforceHost, client_id: '3MVG9sampleAcme0001', client_secret: 'sample-acme-consumer-secret', assurance: 'code'});
    const first = await w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`);
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {[made.client_id]: {redirect_uris: [first.redirect_uri, made.redirect_uri]}}}});
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  test('P12 deactivated: revoked at Salesforce, purged here, one line in the audit and what came of it', async () => {
    await connect(ana);
    await ana.prompt('connect second');
    await ana.ask('salesforce create opportunity name: Half', /close/i);
    await w.idle();
    const [{id}] = await w.query("select id from connection where user_id = 'U0ANA0001' and state = 'active'");
    assert.equal(await alive('ana'), 1);
    await set('ana', {deleted: true});
    const {actor, detail} = await left('U0ANA0001');
    assert.equal(actor, 'system');
    assert.deepEqual({...detail, connections: detail.connections.filter(c => c.revoking)}, {why: 'deactivated', logins: 1, runs: 1, rights: [], default_connections: [],
      connections: [{id, connection: 'acme-salesforce', account: 'ana@acme.example', state: 'active', revoking: true}]});
    await w.idle();
    assert.equal(await alive('ana'), 0);
    assert.equal(await w.count('connection', "user_id = 'U0ANA0001'"), 0);
    assert.equal(await w.count('login', "user_id = 'U0ANA0001' and state in ('open', 'code')"), 0);
    assert.equal(await w.count('run', "user_id = 'U0ANA0001' and ended_at is null"), 0);
    assert.deepEqual((await audits('connection.revoked', id)).map(a => a.detail), [{connection: 'acme-salesforce', user: 'U0ANA0001', result: 'revoked'}]);
    const row = await user('U0ANA0001');
    assert.deepEqual([row.standing, row.email, row.time_zone, row.dm_channel, row.home_opened_at], ['deactivated', null, null, null, null]);
    assert.equal((await audits('person.left', 'U0ANA0001')).length, 1);
  });

  test('P11 P12 what she has written stays said when she leaves in the midst of a command', async () => {
    await set('ana', {deleted: false});
    const salesforce = (id, name) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: name, StageName: 'Prospecting', CloseDate: '2026-12-31'}}});
    await w.putRecipe(ACME, {name: 'two', title: 'Two', command: 'salesforce two', allow: 'everyone', connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [], reply: {text: 'Both'},
      steps: [salesforce('one', 'One of two'), {id: 'ok', wait: {text: 'Go on?', buttons: [{title: 'Ship it', value: 'ship'}]}}, salesforce('three', 'Two of two')]});
    const was = (await audits('person.left', 'U0ANA0001')).length;
    await connect(ana);
    const m = await ana.ask('@Workbot salesforce two', x => x.is_bot && labels(x).includes('Ship it'), {place: 'sales', see: 'sales'});
    await w.idle();
    await set('ana', {deleted: true});
    await left('U0ANA0001', was + 1);
    await w.idle();
    const told = words((await ben.messages('sales')).find(x => x.ts === m.ts));
    assert.match(told, /Cancelled: \*{0,2}Two\*{0,2}\. Made before that, and still there: http/);
    assert.doesNotMatch(told, /Nothing was done/);
  });

  test('slack_gotcha_30_a_deactivated_users_live_button_does_nothing', async () => {
    if ((await user('U0ANA0001'))?.standing === 'deactivated') {
      await set('ana', {deleted: false});
      await until('her to be back', async () => (await user('U0ANA0001')).standing !== 'deactivated');
    }
    const old = await ana.ask('connections', /Your connections/);
    await set('ana', {deleted: true});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'deactivated');
    await w.idle();
    const before = await w.rows('login', 'run', 'connection', 'message'), calls = (await asked()).length;
    const b = button(old, 'Connect') || button(old, labels(old)[0]);
    assert.ok(b, JSON.stringify(labels(old)));
    const payload = {type: 'block_actions', api_app_id: 'A0WORKBOT', user: {id: 'U0ANA0001', team_id: 'T0ACME001'}, team: {id: 'T0ACME001'},
      channel: {id: 'D0ANA0001'}, container: {type: 'message', message_ts: old.ts, channel_id: 'D0ANA0001'}, message: {ts: old.ts}, trigger_id: '1.2.x',
      actions: [{type: 'button', action_id: b.action, block_id: 'b', value: b.value, action_ts: `${Date.now() / 1000}`}]};
    const r = await w.signed('/slack/interactions', new URLSearchParams({payload: JSON.stringify(payload)}).toString(), {type: 'application/x-www-form-urlencoded'});
    assert.equal(r.status, 200);
    assert.equal((await w.signed('/slack/events', w.dm('connect salesforce'))).status, 200);
    await w.idle();
    assert.deepEqual(await w.rows('login', 'run', 'connection', 'message'), before, 'not by what was known before the event');
    assert.equal((await asked()).length, calls, 'nor need anybody be asked');
  });

  test('back again: fresh standing, and everything is connected anew', async () => {
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
    assert.ok((await audits('person.returned', 'U0ANA0001')).length >= 1);
    await ana.ask('connections', /Not connected/);
    await connect(ana);
    assert.equal(await alive('ana'), 1);
  });

  test('an older word that comes late is no news', async () => {
    await w.query("update chat_user set changed_at = to_timestamp(1800000000) where user_id = 'U0ANA0001'");
    await set('ana', {deleted: true});
    await w.idle();
    assert.equal((await user('U0ANA0001')).standing, 'member');
    assert.equal(await alive('ana'), 1);
    await w.query("update chat_user set changed_at = null where user_id = 'U0ANA0001'");
    await set('ana', {deleted: false});
    await w.idle();
  });

  test('a guest is off-boarded, and told so when asking; where guests are welcome, stays', async () => {
    await connect(cleo);
    await w.must('PUT', `/workspaces/${ACME}`, {guests: 'allow'});
    await set('cleo', {is_restricted: true});
    await until('her standing', async () => (await user('U0CLEO001')).standing === 'guest');
    await w.idle();
    assert.equal(await alive('cleo'), 1, 'guests may');
    await w.must('PUT', `/workspaces/${ACME}`, {guests: 'refuse'});
    assert.equal((await left('U0CLEO001')).detail.why, 'guest');
    await w.idle();
    assert.equal(await alive('cleo'), 0);
    await cleo.ask('connections', /I only work for members of Acme/);
    await set('cleo', {is_restricted: false});
    await connect(cleo);
    await set('cleo', {is_restricted: true});
    await left('U0CLEO001', 2);
    await w.idle();
    assert.equal(await alive('cleo'), 0);
    await set('cleo', {is_restricted: false});
    await w.idle();
  });

  test('another name and e-mail are learnt', async () => {
    await set('ana', {display_name: 'Ana Maria', email: 'ana.maria@acme.example'});
    await until('her name', async () => (await user('U0ANA0001')).name === 'Ana Maria');
    await set('ana', {display_name: 'Ana', email: 'ana@acme.example'});
    await until('her name', async () => (await user('U0ANA0001')).name === 'Ana');
  });

  test('people whom nobody here knows leave nothing', async () => {
    const before = await w.rows('chat_user', 'audit', 'message'), calls = (await asked()).length;
    const event = (type, u) => ({...w.dm(''), event: {type, user: u, event_ts: '1700000000.000100'}});
    for (const u of [{id: 'U0NEW0001', team_id: 'T0ACME001', deleted: false, is_restricted: false, name: 'new'}, {id: 'U0NEW0002', deleted: true}, {id: 'U0NEW0003', is_stranger: true}]) {
      for (const type of ['team_join', 'user_change']) assert.equal((await w.signed('/slack/events', event(type, u))).status, 200);
    }
    await w.idle();
    assert.deepEqual(await w.rows('chat_user', 'audit', 'message'), before);
    assert.equal((await asked()).length, calls);
  });

  test('slack_gotcha_16_bursts_of_user_change_are_cheap_and_absent_fields_harmless', async () => {
    if (!await alive('ana')) await connect(ana);
    const earlier = (await audits('person.left', 'U0ANA0001')).length;
    const jobs = await w.count('job', "kind = 'slack_event'"), calls = (await asked()).length;
    const member = {id: 'U0ANA0001', team_id: 'T0ACME001', name: 'ana', deleted: false, is_restricted: false, is_ultra_restricted: false};
    const event = (u, more = {}) => ({...w.dm(''), event_time: 1760000000, event: {type: 'user_change', user: u, event_ts: '1760000000.000100', ...more}});
    const answers = await Promise.all(Array.from({length: 100}, (_, i) => w.signed('/slack/events', event({...member, profile: {status_text: `lunch ${i}`, display_name: 'Ana'}}))));
    assert.deepEqual([...new Set(answers.map(a => a.status))], [200]);
    await w.idle();
    assert.ok(await w.count('job', "kind = 'slack_event'") - jobs <= 1, 'one of that second is enough');
    assert.equal((await asked()).length, calls, 'nobody is asked');
    assert.equal(await alive('ana'), 1);
    // absent fields: neither a crash nor an off-boarding by guess; Slack is asked
    for (const u of [{id: 'U0ANA0001'}, {id: 'U0ANA0001', profile: null}, {id: 'U0ANA0001', deleted: null, team_id: 'T0ACME001'}]) {
      assert.equal((await w.signed('/slack/events', event(u))).status, 200);
    }
    assert.equal((await w.signed('/slack/events', {...w.dm(''), event: {type: 'user_change'}})).status, 200);
    assert.equal((await w.signed('/slack/events', {...w.dm(''), event: {type: 'user_change', user: 'U0ANA0001'}})).status, 200);
    await w.idle();
    assert.deepEqual([(await user('U0ANA0001')).standing, (await user('U0ANA0001')).name, await alive('ana')], ['member', 'Ana', 1]);
    // nor by the word of an event that Slack itself does not confirm
    for (const u of [{id: 'U0ANA0001', deleted: true}, {id: 'U0ANA0001', team_id: 'T0GLOBEX1', deleted: true}, {id: 'U0ANA0001', team_id: 'T0GLOBEX1', deleted: false, is_restricted: true}]) {
      assert.equal((await w.signed('/slack/events', event(u))).status, 200);
    }
    await w.idle();
    assert.deepEqual([(await user('U0ANA0001')).standing, (await audits('person.left', 'U0ANA0001')).length, await alive('ana')], ['member', earlier, 1]);
    // and in the same minute as all of that, the one change that matters
    await set('ana', {deleted: true}, false);
    await w.signed('/slack/events', event({id: 'U0ANA0001', deleted: true}));
    await left('U0ANA0001', earlier + 1);
    await w.idle();
    assert.equal(await alive('ana'), 0);
    assert.equal((await user('U0ANA0001')).name, 'Ana', 'what the event left out stands');
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
  });

  test('found out at use: the answer of the platform off-boards as an event does', async () => {
    await connect(ana);
    const seen = await gone('U0ANA0001');
    await set('ana', {deleted: true}, false);
    await w.query("update chat_user set checked_at = now() - interval '1 day' where user_id = 'U0ANA0001'");
    await w.signed('/slack/events', w.dm('connections'));
    await left('U0ANA0001', seen + 1);
    await w.idle();
    assert.equal(await alive('ana'), 0);
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
  });

  test('the comparison at night finds what events missed, and asks only after those who hold something', async () => {
    await connect(ana);
    await connect(cleo);
    const seen = await gone('U0ANA0001');
    await set('ana', {deleted: true}, false);
    const before = (await asked()).length;
    await reconcile();
    const {detail} = await left('U0ANA0001', seen + 1);
    assert.equal(detail.why, 'deactivated');
    await w.idle();
    assert.deepEqual((await asked()).slice(before).map(e => e.args.user).sort(), ['U0ANA0001', 'U0BEN0001', 'U0CLEO001'], 'two with connections and an admin');
    assert.deepEqual([await alive('ana'), await alive('cleo')], [0, 1]);
    const {next} = await w.one("select extract(epoch from reconcile_at)::bigint % 86400 as next from workspace where workspace = $1 and reconcile_at > now()", [ACME]);
    assert.ok(next >= 0 && next < 6 * 3600, 'the next one at night, at an hour of its own');
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
  });

  test('the comparison goes on after a crash, and waits when Slack says so', async () => {
    await connect(ana);
    const seen = await gone('U0ANA0001');
    await set('ana', {deleted: true}, false);
    await w.fault('slow', {peer: 'slack', path: 'users.info', delay_ms: 3000, times: 1});
    await reconcile();
    await until('the comparison to be under way', async () => await w.fired('slow') === 1);
    await w.kill(0);
    await w.fault('429', {peer: 'slack', path: 'users.info', times: 1, retry_after: 1});
    await w.startReplica(0);
    await left('U0ANA0001', seen + 1);
    assert.equal(await w.fired('429'), 1);
    await until('the comparison to end', async () => await w.count('job', "kind = 'reconcile'") === 0);
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
  });

  /** One comparison from its beginning to its end. */
  const compared = async () => {
    const calls = (await asked()).length;
    await reconcile();
    await until('the comparison to have asked', async () => (await asked()).length > calls);
    await until('the comparison to end', async () => await w.count('job', "kind = 'reconcile' and state <> 'done'") === 0);
    await w.idle();
  };

  for (const error of ['no_permission', 'ekm_access_denied', 'user_not_visible', 'is_archived']) {
    test(`P12 off-boarding needs a clear word: ${error} ends nobody, at night or at use`, async () => {
      if (!await alive('ana')) await connect(ana);
      const [left, grants] = [(await audits('person.left')).length, (await w.grants()).filter(g => g.alive).length];
      await w.fault('error', {peer: 'slack', path: 'users.info', error, times: -1});
      await reconcile();
      await until('Slack to have been asked', async () => await w.fired('error') > 0);
      await w.query("update chat_user set checked_at = now() - interval '1 day' where user_id = 'U0ANA0001'");
      const said = await ana.say('whoami');
      await until('the command to wait', () => w.count('job', "kind = 'slack_event' and state = 'queued' and attempts > 0"));
      // a change that does not say enough to end anything by: Slack is asked, and does not say
      await w.signed('/slack/events', {...w.dm(''), event_time: 0, event: {type: 'user_change', user: {id: 'U0CLEO001', team_id: 'T0ACME001', deleted: null}}});
      await until('that to wait, too', async () => await w.count('job', "kind = 'slack_event' and state = 'queued' and attempts > 0") >= 2);
      assert.deepEqual([(await audits('person.left')).length, (await w.grants()).filter(g => g.alive).length], [left, grants]);
      await w.sandbox('DELETE', '/_faults');
      await ana.sees(/Who you are here/, {after: said.ts});
      await w.query("update job set run_at = now() where kind in ('reconcile', 'slack_event') and state = 'queued'");
      await w.idle();
      assert.deepEqual([(await audits('person.left')).length, (await w.grants()).filter(g => g.alive).length], [left, grants]);
      await w.sandbox('DELETE', '/_faults');
    });
  }

  test('P12 one of whom Slack does not tell keeps nobody else from being off-boarded', async () => {
    await connect(ana);
    const seen = await gone('U0CLEO001');
    if (!await alive('cleo')) await connect(cleo);
    await set('cleo', {deleted: true}, false);
    await w.fault('error', {peer: 'slack', path: 'users.info', error: 'user_not_visible', times: 1}); // Ana, who comes first
    await reconcile();
    await left('U0CLEO001', seen + 1);
    await w.idle();
    assert.ok(await alive('ana') >= 1);
    await set('cleo', {deleted: false});
    await until('her standing', async () => (await user('U0CLEO001')).standing === 'member');
  });

  test('P12 when most people of a comparison are gone nobody is off-boarded, admins are told, and it looks again', async () => {
    if (!await alive('ana')) await connect(ana);
    await connect(cleo);
    const before = (await audits('person.left')).length;
    await w.fault('error', {peer: 'slack', path: 'users.info', error: 'user_not_found', times: -1});
    await compared();
    assert.equal((await audits('person.left')).length, before);
    assert.ok(await alive('ana') && await alive('cleo'));
    await ben.sees(/off-boarded nobody tonight.*3 of 3 people/s);
    assert.match(w.log(), /most people of a page are gone/);
    const told = (await ben.messages()).length;
    await compared();
    assert.equal((await audits('person.left')).length, before, 'nor the second time');
    assert.equal((await ben.messages()).length, told, 'once a night is enough');
    await w.sandbox('DELETE', '/_faults');
    const seen = await gone('U0CLEO001');
    await set('cleo', {deleted: true}, false);
    await compared();
    assert.equal(await gone('U0CLEO001'), seen + 1, 'one of three is no doubt');
    await set('cleo', {deleted: false});
    await until('her standing', async () => (await user('U0CLEO001')).standing === 'member');
    await connect(cleo);
  });

  test('P12 an app that never revokes: the audit says so', async () => {
    await connect(ana);
    const seen = await gone('U0ANA0001');
    await w.fault('5xx', {path: 'oauth2/revoke', times: -1});
    await set('ana', {deleted: true});
    await left('U0ANA0001', seen + 1);
    await until('the revocation to be tried', () => w.count('job', "kind = 'revoke' and state = 'queued' and attempts > 0"));
    await w.query("update job set attempts = 30, run_at = now() where kind = 'revoke'"); // as after hours
    await until('the evidence', async () => (await audits('connection.revoked')).at(-1)?.detail.result === 'failed');
    await w.sandbox('DELETE', '/_faults');
    await set('ana', {deleted: false});
    await until('her standing', async () => (await user('U0ANA0001')).standing === 'member');
  });

  test('an installer who leaves: rights end, admins are told, commands on that login stop with the reason', async () => {
    await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0BEN0001', 'U0CLEO001']});
    const recipe = {name: 'shared-find', title: 'Find shared', command: 'salesforce shared find', allow: 'everyone', connections: {sf: {use: 'acme-salesforce'}},
      inputs: [], steps: [{id: 'a', connection: 'sf', action: 'query', with: {soql: 'select Id, Name from Opportunity'}}], reply: {text: 'Found'}};
    const put = await w.api('PUT', `/workspaces/${ACME}/recipes/shared-find`, recipe);
    assert.ok(put.status < 300, put.text);
    await ana.ask('salesforce shared find', /Found/);
    const own = () => w.one("select state, reason, tokens is not null as tokens, owner from connection where user_id = '' and default_name = 'acme-salesforce'");
    const grants = await alive('ben');
    await set('ben', {deleted: true});
    const {detail} = await left('U0BEN0001');
    assert.deepEqual([detail.rights, detail.default_connections], [['installer', 'admin'], ['acme-salesforce']]);
    await cleo.sees(/Ben has left and was the installer of Workbot here.*acme-salesforce.*stop now/s);
    const workspace = await w.must('GET', `/workspaces/${ACME}`);
    assert.deepEqual([workspace.installer, workspace.admins], [null, ['U0CLEO001']]);
    assert.deepEqual(await own(), {state: 'needs_attention', reason: 'owner_left', tokens: true, owner: 'U0BEN0001'});
    await ana.ask('salesforce shared find', /ran on the Salesforce login of somebody who has left/);
    assert.equal(await alive('ben'), grants, 'kept, so that another admin can look');
    // a personal command of others is not touched
    await cleo.ask('salesforce create opportunity name: Mine close: 2026-12-31', /Created Mine/);
    // 7 days later
    await w.query("update connection set cool_until = now() - interval '1 second' where reason = 'owner_left'");
    await until('the tokens to go', async () => !(await own()).tokens);
    assert.deepEqual(await own(), {state: 'needs_login', reason: 'owner_left', tokens: false, owner: 'U0BEN0001'});
    await until('the grant to end', async () => await alive('ben') === grants - 1);
    await until('the evidence', async () => (await audits('connection.revoked')).some(a => a.detail.user === 'U0BEN0001' && a.detail.result === 'revoked'));
    // another admin takes over
    await w.authorize(ACME, 'acme-salesforce', 'cleo@acme.example');
    assert.deepEqual({...await own(), owner: undefined}, {state: 'active', reason: null, tokens: true, owner: undefined});
    await ana.ask('salesforce shared find', /Found/);
  });

  test('another admin takes over before the time is over: the old login ends at once', async () => {
    await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0CLEO001', 'U0ANA0001']});
    assert.equal((await w.one("select owner from connection where user_id = '' and default_name = 'acme-salesforce'")).owner, 'U0CLEO001', 'the only admin');
    const grants = await alive('cleo');
    await set('cleo', {deleted: true});
    await left('U0CLEO001', 3);
    await w.idle();
    await ana.ask('salesforce shared find', /somebody who has left/);
    await w.authorize(ACME, 'acme-salesforce', 'ana@acme.example');
    await until('both logins of Cleo to end', async () => await alive('cleo') === 0);
    assert.ok(grants >= 2);
    await ana.ask('salesforce shared find', /Found/);
  });
});
