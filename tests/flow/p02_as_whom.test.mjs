// P2: the presser or typer acts, by their own connection and no other; the reply says as whom.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, afterEach, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, TEAMS_PEOPLE, button, buttons, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const workspace = {name: 'Acme', installer: 'U0BEN0001', admins: ['U0BEN0001'], bot_user_id: 'U0BOTACME'};

describe('P2 who acts', () => {
  let w, ana, ben, cleo, gina;
  before(async () => {
    w = await start({globex: true});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    gina = w.person('gina', 'T0GLOBEX1');
    await ana.connect();
    await cleo.connect();
  });
  after(() => w?.stop());

  const record = async name => {
    await w.idle();
    const found = (await w.records()).filter(r => r.fields.Name === name);
    assert.equal(found.length, 1, name);
    return found[0];
  };

  test('P2 the record belongs to whoever typed, and the private reply names the account', async () => {
    const reply = await ana.ask(create('By Ana'), /Created By Ana/);
    assert.match(words(reply), /as ana@acme\.example/);
    assert.equal((await record('By Ana')).owner, 'ana@acme.example');
    await cleo.ask(create('By Cleo'), /Created By Cleo, as cleo@acme\.example/);
    assert.equal((await record('By Cleo')).owner, 'cleo@acme.example');
  });

  test('P2 in a channel the reply says the chat name, and no account and no organisation', async () => {
    const reply = await ana.ask(`@workbot ${create('In public')}`, /Created In public/, {place: 'sales'});
    assert.match(words(reply), /as Ana\b/);
    assert.equal((await record('In public')).owner, 'ana@acme.example');
    for (const who of [ana, ben, cleo]) {
      const seen = await who.reads('sales');
      assert.doesNotMatch(seen, /acme\.example/);
      assert.doesNotMatch(seen, /00Dxx|Acme Corporation|Salesforce org/);
    }
  });

  test('P2 as whom is always to be read: a name that nobody sees, and names and values that turn the line', async () => {
    const named = name => w.sandbox('POST', '/_user', {user: 'U0ANA0001', workspace: 'T0ACME001', set: {display_name: name, real_name: name}, deliver: true}).then(() => w.idle());
    for (const [name, shown] of [[' ', 'ana'], ['\u3164', 'ana'], ['\u200B\u2060', 'ana'], ['Ana\u202E neB', 'Ana neB']]) {
      await named(name);
      const reply = await w.person('U0ANA0001').ask(`@workbot ${create('Straight \u2066name')}`, /Created Straight name/, {place: 'sales'});
      assert.ok(words(reply).includes(`, as ${shown}`), words(reply));
    }
    await named('Ana');
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Straight \u2066name').length, 4, 'the value itself is as typed');
  });

  test('P2 the installer runs on the default connection, and the reply says so', async () => {
    const reply = await ben.ask(create('By the installer'), /Created By the installer/);
    assert.match(words(reply), /the default connection/);
    const {runs} = await w.must('GET', `/workspaces/${ACME}/runs`).then(r => ({runs: r.items || r.runs || r.data}));
    assert.ok(Array.isArray(runs), 'runs are listed');
    const rule = await w.one("select rule from run_connection c join run r on r.id = c.run_id where r.user_id = 'U0BEN0001' order by r.created_at desc limit 1");
    assert.equal(rule.rule, 'installer');
    const list = await ben.ask('connections', /Your connections/);
    assert.match(words(list), /You installed Workbot/);
    assert.deepEqual(labels(list).filter(l => /connect/i.test(l)), [], 'read-only');
    await ben.ask('connect salesforce', /nothing to connect/);
  });

  test('P2 with installer_uses personal the installer needs a connection of their own', async () => {
    await w.must('PUT', `/workspaces/${ACME}`, {...workspace, installer_uses: 'personal'});
    const prompt = await ben.prompt(create('Installer as person'));
    assert.ok(loginUrl(prompt));
    await ben.press(prompt, 'Back');
    await ben.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    await w.must('PUT', `/workspaces/${ACME}`, workspace);
  });

  test('P2 a recipe without verified users runs on the default connection for everybody, and says so', async () => {
    await ana.ask('team note text: From the team', /Noted: From the team, as ben@acme\.example \(the shared account\)/);
    await w.idle();
    assert.equal((await w.records('Task')).find(r => r.fields.Subject === 'From the team').owner, 'ben@acme.example');
    await ana.ask('@workbot team note text: Aloud', /Noted: Aloud, as the shared account/, {place: 'sales'});
  });

  test('P2 user ids in the text select nobody', async () => {
    await ana.ask(create('For <@U0CLEO001> U0BEN0001'), /Created For/);
    await ana.ask(`${create('As Ben')} user_id: U0BEN0001`, /did not run|no input|not a date/i);
    await w.idle();
    for (const r of (await w.records()).filter(r => /For /.test(r.fields.Name))) assert.equal(r.owner, 'ana@acme.example');
    assert.equal((await w.records()).filter(r => /As Ben/.test(r.fields.Name)).length, 0);
  });

  test('P2 forged button values of another user\'s things do nothing', async () => {
    const connection = await w.one("select id from connection where user_id = 'U0CLEO001'");
    const list = await ana.ask('connections', /Your connections/);
    for (const action of ['disconnect', 'forget']) {
      await ana.forge(list, action, connection.id);
    }
    await w.idle();
    assert.equal((await w.one("select state from connection where user_id = 'U0CLEO001'")).state, 'active');
    // runs that ask, wait or are uncertain
    const asked = await cleo.ask('salesforce create opportunity name: Cleo asks', /Enter close/);
    const run = await w.one("select id, state from run where user_id = 'U0CLEO001' order by created_at desc limit 1");
    for (const action of ['drop', 'run_now', 'unknown_done', 'unknown_again']) await ana.forge(list, action, run.id);
    await ana.forge(list, 'answer', JSON.stringify({run: run.id, input: 'close', value: '2026-12-31'}));
    await w.idle();
    assert.equal((await w.one('select state from run where id = $1', [run.id])).state, 'asking');
    // the button of somebody else's message
    await ana.forge(asked, 'drop', run.id);
    await w.idle();
    assert.equal((await w.one('select state from run where id = $1', [run.id])).state, 'asking');
    await cleo.ask('cancel', /Cancelled/);
  });

  test('P2 forged login ids: nobody but their owner goes back, renews or is told the link', async () => {
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await cleo.prompt();
    const login = await w.one("select id from login where user_id = 'U0CLEO001' and state = 'open'");
    const list = await ana.ask('connections', /Your connections/);
    for (const action of ['back', 'renew', 'login']) await ana.forge(list, action, login.id);
    await w.idle();
    assert.equal((await w.one('select state from login where id = $1', [login.id])).state, 'open');
    assert.equal(await w.count('run', "state = 'parked' and user_id = 'U0CLEO001'"), 1);
    assert.ok(!(await ana.reads('dm', 'sales')).includes(loginUrl(prompt)));
    await cleo.press(prompt, 'Back');
    await cleo.sees(m => m.ts === prompt.ts && /Cancelled/.test(words(m)));
    await cleo.connect();
  });

  test('P2 a recipe button in a channel runs as whoever presses it', async () => {
    const posted = await ana.ask(`@workbot ${create('Shared button')}`, /Created Shared button/, {place: 'sales'});
    assert.ok(button(posted, 'Add a task'), JSON.stringify(buttons(posted)));
    await cleo.press(posted, 'Add a task');
    await cleo.modal(v => v.blocks.some(b => b.block_id === 'subject'));
    assert.equal((await cleo.submit({subject: 'Pressed by Cleo'})).closed, true);
    await cleo.sees(/Added the task Pressed by Cleo/, {place: 'sales'});
    await w.idle();
    assert.equal((await w.records('Task')).find(r => r.fields.Subject === 'Pressed by Cleo').owner, 'cleo@acme.example');
  });

  test('apps_trap_12_same_id P2 the same user id in another workspace is another person', async () => {
    const list = await gina.ask('connections', /Your connections/);
    assert.match(words(list), /Not connected/);
    assert.doesNotMatch(words(list), /acme/i);
    const prompt = await gina.prompt('salesforce create lead name: Miller company: Initech');
    await gina.say(await gina.browse(prompt, 'gina@globex.example'));
    await gina.sees(/Created the lead Miller/);
    await w.idle();
    assert.equal((await w.records('Lead'))[0].owner, 'gina@globex.example');
    await gina.ask('disconnect salesforce', /Your connections/);
    await ana.ask(create('Still connected'), /Created Still connected/);
    assert.equal((await record('Still connected')).owner, 'ana@acme.example');
    await gina.ask(create('Not her command'), /do not know that command/);
  });

  test('failure_31_bare_user_id apps_trap_12_same_names P2 nor is it the same connection where both workspaces name theirs alike', async () => {
    const host = w.salesforceHost;
    for (const [at, client_id, client_secret] of [['slack:T0ACME001', '3MVG9sampleAcme0001', 'sample-acme-consumer-secret'],
      ['slack:T0GLOBEX1', '3MVG9sampleGlobex01', 'sample-globex-consumer-secret']]) {
      await w.putConnection(at, 'crm', {app: 'salesforce', host, client_id, client_secret, assurance: 'code', account_match: 'off'});
      await w.putRecipe(at, {name: 'crm-task', title: 'Task', command: 'crm task', allow: 'everyone', inputs: [],
        connections: {it: {use: 'crm', verify_user_access: true}},
        steps: [{id: 'one', connection: 'it', action: 'create_record', with: {object: 'Task', fields: {Subject: 'Alike'}}}], reply: {text: 'Alike'}});
    }
    await ana.ask(await ana.browse(await ana.prompt('crm task')), /is connected/);
    await ana.sees(/Alike, as ana@acme\.example/);
    const prompt = await gina.prompt('crm task');
    await w.idle();
    const owners = async () => (await w.records('Task')).filter(r => r.fields.Subject === 'Alike').map(r => r.owner).sort();
    assert.deepEqual(await owners(), ['ana@acme.example']);
    await gina.say(await gina.browse(prompt, 'gina@globex.example'));
    await gina.sees(/Alike, as gina@globex\.example/);
    await w.idle();
    assert.deepEqual(await owners(), ['ana@acme.example', 'gina@globex.example']);
    await gina.ask('disconnect crm', /Your connections/);
    await ana.ask('crm task', /Alike, as ana@acme\.example/);
  });
});

describe('P2 the same person in Slack and in Teams', () => {
  let w, slack, teams;
  before(async () => {
    w = await start({teams: true});
    [slack, teams] = [w.person('ana'), w.teamsPerson('ana')];
  });
  after(() => w?.stop());

  const owners = async name => {
    await w.idle();
    return (await w.records()).filter(r => r.fields.Name === name).map(r => r.owner).sort();
  };
  const rows = () => w.query("select workspace, state from connection where user_id <> '' order by workspace");

  test('apps_trap_12_slack_and_teams P2 what she connected in Slack acts for nobody in Teams, not even where both ids were the same', async () => {
    await slack.connect();
    for (const ids of ['as they are', 'the same']) {
      if (ids === 'the same') await w.query('update connection set user_id = $1 where workspace = $2 and user_id = $3', [TEAMS_PEOPLE.ana, ACME, 'U0ANA0001']);
      const list = await teams.ask('connections', /Your connections/);
      assert.match(words(list), /Not connected/, ids);
      assert.doesNotMatch(words(list), /ana@acme/, ids);
      await teams.prompt(create('Asked in Teams'));
      assert.deepEqual(await owners('Asked in Teams'), [], ids);
      await teams.say('cancel');
      await w.idle();
    }
    await w.query('update connection set user_id = $1 where workspace = $2 and user_id = $3', ['U0ANA0001', ACME, TEAMS_PEOPLE.ana]);
  });

  test('apps_trap_12_each_her_own P2 connected in both, each ends by itself', async () => {
    await teams.ask(await teams.browse(await teams.prompt('connect salesforce'), 'cleo@acme.example'), /is connected/);
    await teams.ask(create('From Teams'), /Created From Teams/);
    await slack.ask(create('From Slack'), /Created From Slack/);
    assert.deepEqual([await owners('From Teams'), await owners('From Slack')], [['cleo@acme.example'], ['ana@acme.example']]);
    await teams.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    assert.deepEqual(await rows(), [{workspace: ACME, state: 'active'}, {workspace: TEAMS_ACME, state: 'disconnected'}]);
    await slack.ask(create('Still in Slack'), /Created Still in Slack/);
    assert.deepEqual(await owners('Still in Slack'), ['ana@acme.example']);
  });
});

describe('P2 never the default connection instead', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  /** Nothing was written by Ben, whose tokens the default connection holds. */
  const nothingByDefault = async () => {
    await w.idle();
    assert.deepEqual((await w.records()).filter(r => r.owner !== 'ana@acme.example'), []);
    assert.equal(await w.count('run_connection', "rule <> 'personal'"), 0);
  };

  test('apps_trap_19_ended P2 the grant ended at the app: a login is asked for', async () => {
    await w.fault('grant_revoked');
    const prompt = await ana.prompt(create('After the end'));
    await nothingByDefault();
    assert.equal((await w.records()).length, 0);
    await ana.say(await ana.browse(prompt));
    await ana.sees(/Created After the end, as ana@acme\.example/);
    await nothingByDefault();
  });

  test('apps_trap_19_disconnected P2 disconnected: a login is asked for', async () => {
    await ana.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    const prompt = await ana.prompt(create('After disconnect'));
    await nothingByDefault();
    await ana.say(await ana.browse(prompt));
    await ana.sees(/Created After disconnect, as ana@acme\.example/);
  });

  test('apps_trap_19_attention P2 refreshes fail, or the connection needs attention: the run waits or fails', async () => {
    await w.query("update connection set state = 'needs_attention', reason = 'refresh_refused', access_expires_at = now(), cool_until = now() + interval '1 h' where user_id = 'U0ANA0001'");
    await ana.ask(create('Attention'), /did not work|needs attention/);
    await nothingByDefault();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Attention').length, 0);
    await w.query("update connection set state = 'active', reason = null, cool_until = null where user_id = 'U0ANA0001'");
  });

  test('P2 the app is down: the run waits, and goes on as the same person', async () => {
    await w.fault('5xx', {times: 2, path: '/query'});
    await ana.say('salesforce find opportunity name: After');
    await ana.sees(/found, as ana@acme\.example/);
    await until('the faults to be used up', async () => await w.fired('5xx') === 2);
    await nothingByDefault();
  });
});

describe('P2 who may', () => {
  let w;
  before(async () => {
    w = await start();
  });
  after(() => w?.stop());

  test('P2 guests and strangers are refused politely and privately, and nothing of a run is stored', async () => {
    const gus = w.person('gus'), sid = w.person('sid'), ana = w.person('ana');
    await gus.ask(create('By a guest'), /only work for members of Acme/);
    const line = await gus.ask(`@workbot ${create('By a guest')}`, /only work for members/, {place: 'sales'});
    assert.ok(line.ephemeral, 'only the guest reads it');
    const stranger = await sid.ask(`@workbot ${create('By a stranger')}`, /only work for members/, {place: 'acme-otherco'});
    assert.ok(stranger.ephemeral);
    await w.idle();
    assert.doesNotMatch(await ana.reads('sales', 'acme-otherco'), /only work for members/);
    assert.equal(await w.count('run'), 0);
    assert.equal(await w.count('login', "user_id <> ''"), 0);
    assert.equal((await w.records()).length, 0);
  });

  test('P2 a deactivated person and another team get nothing', async () => {
    const said = await w.signed('/slack/events', w.dm(create('Ghost'), {user: 'U0DORA001', channel: 'D0DORA001'}));
    assert.equal(said.status, 200);
    const foreign = await w.signed('/slack/events', w.dm(create('Foreign'), {team: 'T0NOTHERE'}));
    assert.ok([200, 403, 404].includes(foreign.status), String(foreign.status));
    await w.idle();
    assert.equal(await w.count('run'), 0);
    assert.equal(await w.count('chat_user', "workspace <> 'slack:T0ACME001' or user_id = 'U0DORA001' and standing <> 'deactivated'"), 0);
    assert.equal(await w.count('message', "workspace <> 'slack:T0ACME001'"), 0);
    assert.equal((await w.calls({peer: 'slack', path: 'chat.post'})).filter(c => JSON.stringify(c.args).includes('D0DORA001')).length, 0);
  });

  test('P2 guests may when the workspace opens to them', async () => {
    await w.must('PUT', `/workspaces/${ACME}`, {...workspace, guests: 'allow'});
    const gus = w.person('gus');
    const prompt = await gus.prompt(create('By an allowed guest'));
    assert.ok(loginUrl(prompt));
    assert.equal((await w.records()).length, 0);
  });
});

describe('P2 what an admin takes away is taken from what waits, too', () => {
  const stored = name => JSON.parse(readFileSync(new URL(`../demo/acme/recipes/${name}.json`, import.meta.url)));
  const NOT_HERS = {...stored('create-opportunity'), allow: {users: ['U0BEN0001']}};
  let w, ana, cleo;
  before(async () => {
    w = await start();
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.connect();
  });
  after(() => w?.stop());
  afterEach(async () => {
    await w.sandbox('DELETE', '/_faults');
    for (const name of ['create-opportunity', 'find-opportunities', 'team-note']) await w.putRecipe(ACME, stored(name));
  });

  const written = async (object, field, value) => {
    await w.idle();
    return (await w.records(object)).filter(r => r.fields[field] === value).length;
  };
  /** The newest run ended because the recipe does not allow this person any more. */
  const refused = async (who, said, recipe = 'create-opportunity') => {
    await who.sees(m => m.ts >= said.ts && /You may not run this command/.test(words(m)));
    await w.idle();
    assert.deepEqual(await w.one('select recipe, state, error_code from run order by created_at desc limit 1'), {recipe, state: 'failed', error_code: 'not_allowed'});
  };

  test('P2 `allow` while a form is open: what is sent is refused', async () => {
    await ana.command('salesforce create opportunity name: Open form', {place: 'sales'});
    await ana.modal(v => v.blocks.some(b => b.block_id === 'close'));
    await w.putRecipe(ACME, NOT_HERS);
    const {answer} = await ana.submit({close: '2026-12-31'});
    assert.match(JSON.stringify(answer), /You may not run this command any more/);
    assert.equal(await written('Opportunity', 'Name', 'Open form'), 0);
    await ana.ask('cancel', /Cancelled/);
  });

  test('P2 `allow` while a question is open: its answer does nothing', async () => {
    await ana.ask('salesforce create opportunity name: Open question', /Enter close/);
    await w.putRecipe(ACME, NOT_HERS);
    await refused(ana, await ana.say('2026-12-31'));
    assert.equal(await written('Opportunity', 'Name', 'Open question'), 0);
  });

  test('P2 `allow` while a login is awaited: the command ends after it', async () => {
    const prompt = await cleo.prompt(create('Awaits a login'));
    await w.putRecipe(ACME, NOT_HERS);
    const code = await cleo.browse(prompt);
    await cleo.say(code);
    await refused(cleo, prompt);
    assert.equal(await written('Opportunity', 'Name', 'Awaits a login'), 0);
  });

  const group = (...users) => w.must('PUT', `/workspaces/${ACME}/groups/sales`, {users});
  const SALES = {...stored('create-opportunity'), allow: {groups: ['sales']}};

  test('P2 a group lets in who stands in it, and one that is not there lets in nobody', async () => {
    const {warnings} = await w.must('PUT', `/workspaces/${ACME}/recipes/create-opportunity`, SALES);
    assert.deepEqual(warnings.map(f => f.path).filter(p => p.startsWith('allow')), ['allow.groups[0]']);
    await ana.ask(create('No group'), /may not run/);
    await group('U0BEN0001', 'U0ANA0001');
    await ana.ask(create('In the group'), /Created In the group/);
    await cleo.ask(create('Outside'), /may not run/);
    assert.equal(await written('Opportunity', 'Name', 'In the group'), 1);
    assert.equal(await written('Opportunity', 'Name', 'Outside'), 0);
    await ana.ask('why salesforce create opportunity', /You may run it here/);
    await cleo.ask('why salesforce create opportunity', /You may not run it/);
    await w.must('DELETE', `/workspaces/${ACME}/groups/sales`);
    await ana.ask(create('Gone group'), /may not run/);
  });

  test('P2 a group changes while a form is open: what is sent is refused', async () => {
    await w.putRecipe(ACME, SALES);
    await group('U0ANA0001');
    await ana.command('salesforce create opportunity name: Group form', {place: 'sales'});
    await ana.modal(v => v.blocks.some(b => b.block_id === 'close'));
    await group('U0CLEO001');
    const {answer} = await ana.submit({close: '2026-12-31'});
    assert.match(JSON.stringify(answer), /You may not run this command any more/);
    assert.equal(await written('Opportunity', 'Name', 'Group form'), 0);
    await ana.ask('cancel', /Cancelled/);
  });

  test('P2 a group changes while a question is open: its answer does nothing', async () => {
    await w.putRecipe(ACME, SALES);
    await group('U0ANA0001');
    await ana.ask('salesforce create opportunity name: Group question', /Enter close/);
    await group('U0CLEO001');
    await refused(ana, await ana.say('2026-12-31'));
    assert.equal(await written('Opportunity', 'Name', 'Group question'), 0);
  });

  test('P2 `allow` while an app is busy: the next try is not made', async () => {
    await w.fault('5xx', {path: '/query'});
    const gate = await w.gate('gate_again', 'update', 'run', "new.state = 'queued' and old.state = 'running'");
    const said = await ana.say('salesforce find opportunity name: Busy');
    await gate.waiting(1);
    await w.putRecipe(ACME, {...stored('find-opportunities'), allow: {users: ['U0BEN0001']}});
    await gate.release();
    await refused(ana, said, 'find-opportunities');
  });

  test('P2 inputs, steps and reply stay those that the run began with, under an `allow` that still holds', async () => {
    await ana.ask('salesforce create opportunity name: As it began', /Enter close/);
    await w.putRecipe(ACME, {...stored('create-opportunity'), allow: {users: ['U0ANA0001']}, inputs: [{name: 'other', required: true}], reply: {text: 'Of another version'},
      steps: [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Task', fields: {Subject: '{{inputs.other}}'}}}]});
    await ana.say('2026-12-31');
    await ana.sees(/Created As it began/);
    assert.equal(await written('Opportunity', 'Name', 'As it began'), 1);
  });

  test('P2 `verify_user_access` switched on while a question is open: nobody acts on the shared account any more', async () => {
    const note = stored('team-note');
    const own = {...note, connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}};
    await cleo.ask('disconnect salesforce', /Your connections/);
    await w.idle();
    await cleo.ask('team note', /Enter text/);
    await w.putRecipe(ACME, own);
    const prompt = await cleo.ask('Verified now', m => m.is_bot && loginUrl(m));
    assert.equal(await written('Task', 'Subject', 'Verified now'), 0);
    await cleo.say(await cleo.browse(prompt));
    await cleo.sees(/Noted: Verified now, as cleo@acme\.example/);
    assert.deepEqual((await w.records('Task')).filter(r => r.fields.Subject === 'Verified now').map(r => r.owner), ['cleo@acme.example']);
  });

  test('P2 `verify_user_access` switched off while a question is open: what began as the person stays theirs', async () => {
    await ana.ask('salesforce create opportunity name: Still hers', /Enter close/);
    await w.putRecipe(ACME, {...stored('create-opportunity'), allow: 'everyone', connections: {salesforce: {use: 'acme-salesforce'}}});
    await ana.say('2026-12-31');
    await ana.sees(/Created Still hers, as ana@acme\.example/);
    assert.equal(await written('Opportunity', 'Name', 'Still hers'), 1);
  });
});
