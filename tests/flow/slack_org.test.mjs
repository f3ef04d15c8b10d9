// Organisations (Enterprise Grid): one installation for many workspaces, and a workspace that had one of its own.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {Browser, loginUrl, start, until} from '../lib/flow.mjs';

const ORG = 'slack:E0ACMEORG', LABS = 'slack:T0ORGLABS';

async function install(w, installer) {
  const b = new Browser();
  await b.get(`${w.url}/slack/install`);
  await b.submit({installer, decision: 'allow'});
  assert.equal(b.page.status, 200, b.text);
  await w.idle();
  return b;
}

/** A connection to Salesforce and a recipe of the demo, as an admin sets them up. */
async function setUp(w, workspace, recipe = {}) {
  const client = {client_id: '3MVG9sampleAcme0001', client_secret: 'sample-acme-consumer-secret'};
  const made = await w.must('PUT', `/workspaces/${workspace}/connections/acme-salesforce`, {app: 'salesforce', host: w.salesforceHost, ...client});
  w.redirects = [...(w.redirects || []), made.redirect_uri];
  await w.sandbox('PUT', '/_config', {salesforce: {clients: {[client.client_id]: {redirect_uris: w.redirects}}}});
  await w.authorize(workspace, 'acme-salesforce', 'ben@acme.example');
  await w.putRecipe(workspace, {...JSON.parse(readFileSync(new URL('../demo/acme/recipes/create-opportunity.json', import.meta.url))), ...recipe});
}

const metric = async (w, line) => {
  const found = (await (await fetch(`${w.replicas[0].opsUrl}/metrics`)).text()).split('\n').find(l => l.startsWith(line + ' '));
  return found ? Number(found.split(' ').pop()) : 0;
};

describe('Slack: an organisation', () => {
  let w, omar, olga, page;
  before(async () => {
    w = await start({env: {WORKBOT_ALLOWED_WORKSPACES: '*'}});
    await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
    page = await install(w, 'E0ACMEORG/U0OLGA001');
    omar = w.person('omar', 'T0ORGONE1');
    olga = w.person('olga', 'T0ORGTWO1');
  });
  after(() => w?.stop());

  test('an org-wide installation is the organisation\'s, and the page leads on to its workspaces', async () => {
    assert.match(page.text, /Workbot is installed in Acme Org.*choose which ones get it.*Choose workspaces/);
    assert.match(page.page.html, /\/manage\/E0ACMEORG\/integrations\/profile\/A0WORKBOT\/workspaces\/add/);
    const there = await w.must('GET', `/workspaces/${ORG}`);
    assert.deepEqual([there.org_wide, there.organization, there.installer, there.state], [true, 'E0ACMEORG', 'U0OLGA001', 'active']);
    assert.equal(await w.count('workspace', "workspace like 'slack:T0ORG%'"), 0, 'no team of it is a workspace of its own');
  });

  test('slack_gotcha_24_people of any of its workspaces are served: by message, slash command and button', async () => {
    await omar.ask('help', m => m.is_bot);
    const said = await olga.ask('connections', m => m.is_bot);
    assert.ok(said);
    const typed = await w.sandbox('POST', '/_command', {user: 'omar', workspace: 'T0ORGONE1', place: 'dm', text: 'help'});
    assert.equal(typed.status, 200, JSON.stringify(typed));
    await w.idle();
    assert.equal(await metric(w, 'workbot_no_workspace_total{reason="unknown"}'), 0);
    assert.deepEqual((await w.query("select distinct workspace from chat_user where user_id in ('U0OMAR001', 'U0OLGA001')")).map(r => r.workspace), [ORG]);
  });

  test('P2 words from any workspace of a person are theirs, without a question each time; from another one they are nobody\'s', async () => {
    const authorizations = [{team_id: null, enterprise_id: 'E0ACMEORG', user_id: 'U0BOTORG1', is_bot: true, is_enterprise_install: true}];
    const at = Math.floor(Date.now() / 1000);
    let n = 0;
    const from = async user_team => {
      const ts = `${at}.000${200 + n++}`;
      const event = {type: 'message', channel_type: 'im', channel: 'D0OMAR001', user: 'U0OMAR001', user_team, text: 'whoami', ts, event_ts: ts};
      assert.equal((await w.sandbox('POST', '/_deliver', {workspace: 'T0ORGONE1', event, envelope: {team_id: 'T0ORGONE1', authorizations}})).status, 200);
      await w.idle();
    };
    const answers = async () => (await omar.messages()).filter(m => m.is_bot).length;
    const asked = async () => (await w.calls({peer: 'slack', path: 'users.info'})).length;
    const [before, questions] = [await answers(), await asked()];
    for (const team of ['T0ORGONE1', 'T0ORGLABS', 'E0ACMEORG']) await from(team);
    assert.deepEqual([await answers(), await asked()], [before + 3, questions]);
    await from('T0ORGTWO1'); // he is not in that one
    assert.deepEqual([await answers(), await asked()], [before + 3, questions + 1]);
  });

  test('an event of a team that has no installation goes to its organisation, once, however often and wherever it comes', async () => {
    const seen = (await omar.messages()).length;
    const event = {type: 'message', channel_type: 'im', channel: 'D0OMAR001', user: 'U0OMAR001', text: 'whoami', client_msg_id: 'org-once'};
    const by = (team_id, is_enterprise_install) => [{team_id, enterprise_id: 'E0ACMEORG', user_id: 'U0BOTORG1', is_bot: true, is_enterprise_install}];
    event.ts = event.event_ts = `${Math.floor(Date.now() / 1000)}.000100`;
    const send = envelope => w.sandbox('POST', '/_deliver', {workspace: 'T0ORGONE1', event, envelope, event_id: 'Ev0ORGONCE'});
    for (let i = 0; i < 2; i++) {
      assert.equal((await send({team_id: 'T0ORGONE1', authorizations: by('T0ORGONE1', false)})).status, 200);
      await w.idle();
    }
    await send({team_id: 'T0ORGONE1', authorizations: by(null, true)});
    await w.idle();
    assert.equal(await w.count('job', "key1 = 'ev:Ev0ORGONCE'"), 1);
    assert.deepEqual(await w.query("select workspace from job where key1 = 'ev:Ev0ORGONCE'"), [{workspace: ORG}]);
    assert.equal((await omar.messages()).length, seen + 1, 'one answer');
  });

  test('slack_gotcha_08_an event of nobody is acknowledged, dropped and counted, and leaves nothing', async () => {
    const rows = await w.rows('route', 'job', 'message', 'run', 'chat_user');
    const unknown = await metric(w, 'workbot_no_workspace_total{reason="unknown"}');
    const event = {type: 'message', channel_type: 'im', channel: 'D0NOBODY1', user: 'U0NOBODY1', text: 'help', ts: '1795000001.000100', event_ts: '1795000001.000100'};
    // the outer team is Acme's, as in a shared channel; the authorization is another company's
    const sent = await w.sandbox('POST', '/_deliver', {workspace: 'T0ACME001', event, envelope: {team_id: 'T0ACME001',
      authorizations: [{team_id: 'T0STRANGE1', enterprise_id: null, user_id: 'U0BOT', is_bot: true, is_enterprise_install: false}]}});
    assert.equal(sent.status, 200);
    await w.idle();
    assert.deepEqual(await w.rows('route', 'job', 'message', 'run', 'chat_user'), rows);
    assert.equal(await metric(w, 'workbot_no_workspace_total{reason="unknown"}'), unknown + 1);
    assert.match(w.log(), /events of places where the bot is not installed are dropped/);
  });

  const held = () => w.query(`select user_id from connection where workspace = '${ORG}' and user_id <> '' order by 1`).then(r => r.map(c => c.user_id));
  /** Slack says so, of that time, whatever it does. */
  const tells = async (type, team, age_s = 0) => {
    const at = Math.floor(Date.now() / 1000) - age_s;
    const authorizations = [{team_id: null, enterprise_id: 'E0ACMEORG', user_id: 'U0BOTORG1', is_bot: true, is_enterprise_install: true}];
    const sent = await w.sandbox('POST', '/_deliver', {workspace: 'T0ORGONE1', event: {type, team_ids: [team], event_ts: `${at}.000000`},
      envelope: {team_id: 'E0ACMEORG', enterprise_id: 'E0ACMEORG', event_time: at, authorizations}});
    assert.equal(sent.status, 200);
  };
  const told = (action, times) => until('it to be on record', async () => await w.count('audit', `action = 'workspace.${action}'`) === times);
  const unsure = kind => until('it to wait', async () => await w.count('job', `kind = '${kind}' and error_code = 'teams_unsure' and state = 'queued'`) === 1);
  const ended = kind => until('it to have ended', async () => await w.count('job', `kind = '${kind}'`) === 0);

  test('P12 a workspace that is said to be taken away: Slack\'s list decides, read again where the two differ', async () => {
    await setUp(w, ORG);
    const oda = w.person('oda', 'T0ORGTWO1');
    await omar.connect('ana@acme.example');
    await oda.connect('cleo@acme.example');
    const both = await held();
    assert.equal(both.length, 2);

    await tells('team_access_revoked', 'T0ORGTWO1', 3500); // and was given again since
    await told('access_revoked', 1);
    await ended('purge');
    assert.deepEqual(await held(), both, 'what comes late ends nothing');

    await tells('team_access_revoked', 'T0ORGTWO1');
    await unsure('purge');
    assert.deepEqual(await held(), both, 'the list still holds it: neither is believed');
    await w.sandbox('POST', '/_grant', {workspace: 'T0ORGTWO1', granted: false, deliver: false});
    await ended('purge');
    assert.deepEqual(await held(), ['U0OMAR001']);

    await w.sandbox('POST', '/_grant', {workspace: 'T0ORGTWO1', granted: true});
    await w.idle();
    await w.query("begin; set local session_replication_role = replica; delete from audit where action in ('workspace.access_revoked', 'person.left'); commit"); // past what keeps it
  });

  test('P12 a workspace that is said to be given: one that Slack does not list for the organisation stays its own', async () => {
    const ALONE = 'slack:T0ACME001', rows = () => w.one('select workspace, organization, state from workspace where workspace = $1', [ALONE]);
    const before = await rows();
    assert.ok(before);
    await tells('team_access_granted', 'T0ACME001');
    await unsure('move');
    assert.deepEqual(await rows(), before);
    await w.query("update job set created_at = created_at - interval '1 minute', run_at = now() where kind = 'move'"); // the time that passes
    await ended('move');
    assert.deepEqual(await rows(), before);

    await w.query('update workspace set organization = $1 where workspace = $2', ['E0OTHER001', ALONE]);
    const asked = (await w.calls({peer: 'slack', path: 'auth.teams.list'})).length;
    const granted = await w.count('audit', "action = 'workspace.access_granted'");
    await tells('team_access_granted', 'T0ACME001');
    await told('access_granted', granted + 1);
    await ended('move');
    assert.equal((await w.calls({peer: 'slack', path: 'auth.teams.list'})).length, asked, 'it is known to be another one\'s');
    await w.query('update workspace set organization = $1 where workspace = $2', [before.organization, ALONE]);
    assert.deepEqual(await rows(), before);
  });

  test('a workspace that is taken away: who is in no other one loses what they had', async () => {
    const oda = w.person('oda', 'T0ORGTWO1');
    const old = loginUrl(await oda.prompt('connect salesforce'));
    await oda.connect('cleo@acme.example');
    assert.equal((await held()).length, 2);
    await w.sandbox('POST', '/_grant', {workspace: 'T0ORGTWO1', granted: false});
    await w.idle();
    assert.deepEqual(await w.query(`select user_id from connection where workspace = '${ORG}' and user_id <> ''`), [{user_id: 'U0OMAR001'}]);
    const audit = (await w.must('GET', `/workspaces/${ORG}/audit?limit=100`)).items;
    assert.deepEqual(audit.filter(a => a.action === 'person.left').map(a => [a.subject, a.detail.why]), [['W0ODA0001', 'teams']]);
    assert.equal(audit.filter(a => a.action === 'workspace.access_revoked').length, 1);
    // nor is an old link a way back, until Slack says again who she is
    const browser = new Browser();
    await browser.request('POST', old, {do: 'renew'});
    assert.equal(browser.page.status, 403, browser.text);
    await w.idle();
    assert.equal(await w.count('login', "user_id = 'W0ODA0001' and state in ('open', 'code')"), 0);
    assert.equal((await w.one("select standing from chat_user where user_id = 'W0ODA0001'")).standing, 'unknown');
  });

  test('a team with its own installation joins: links, connections and a waiting run go on, of two connections one ends', async () => {
    const labs = w.person('omar', 'T0ORGLABS'), olgaLabs = w.person('olga', 'T0ORGLABS');
    await install(w, 'T0ORGLABS/U0OMAR001');
    assert.deepEqual([(await w.must('GET', `/workspaces/${LABS}`)).installer, (await w.must('GET', `/workspaces/${LABS}`)).organization], ['U0OMAR001', 'E0ACMEORG']);
    await w.must('PUT', `/workspaces/${LABS}`, {installer_uses: 'personal'});
    await setUp(w, LABS, {name: 'lab-opportunity', command: 'salesforce create lab'});
    await labs.connect('ben@acme.example');
    const prompt = await olgaLabs.prompt('salesforce create lab name: Lab amount: 5 close: 2026-12-31');
    const before = (await w.records()).length;
    const alive = (await w.grants()).filter(g => g.alive).length;

    await w.sandbox('POST', '/_grant', {workspace: 'T0ORGLABS', granted: true});
    await until('it to have moved', async () => await w.count('workspace', `workspace = '${LABS}'`) === 0);
    await w.idle();
    assert.equal((await w.api('GET', `/workspaces/${LABS}`)).status, 404);
    assert.equal(await w.count('connection', `workspace = '${ORG}' and user_id = 'U0OMAR001'`), 1, 'the one used last');
    assert.ok((await w.grants()).filter(g => g.alive).length < alive, 'the other one has ended at the app');
    await omar.sees(/I keep the connection that you used last and end the other one/);

    const code = await olgaLabs.browse(prompt, 'cleo@acme.example'); // the link was made before the move
    await w.person('olga', 'T0ORGONE1').ask(code, /is connected/);
    await until('the run to have gone on', async () => (await w.records()).length === before + 1);
    await w.idle();
    assert.equal((await w.records()).length, before + 1, 'once');
    assert.equal(await w.count('run', 'ended_at is null'), 0);
  });
});
