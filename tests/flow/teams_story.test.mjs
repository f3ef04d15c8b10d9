// Microsoft Teams: the stories that Slack's people live through, in a personal chat, in channels and in groups.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {OPPORTUNITY, TEAMS_ACME, TEAMS_GLOBEX, TEAMS_PEOPLE, buttons, cardOf, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const OPP = name => OPPORTUNITY.replace('Acme renewal', name);
const at = text => `@Workbot ${text}`;

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
/** Bodies of what the service sent to Teams. */
const sent = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /\/activities/.test(c.path));

describe('a personal chat', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('help, connections, a command that waits for its login, the typed code, the result, the list', async () => {
    const ana = person('ana');
    assert.ok(cardOf(await ana.ask('help', /Salesforce/)), 'an Adaptive Card');
    await ana.ask('connections', /Connect/i);
    const prompt = await ana.prompt(OPP('Acme renewal'));
    assert.equal((await w.records()).length, 0, 'nothing is called before the login');
    const code = await ana.browse(prompt);
    await ana.ask(code, /is connected/);
    await ana.sees(/Created Acme renewal/);
    const records = await w.records();
    assert.equal(records.length, 1);
    assert.match(JSON.stringify(records[0]), /ana/i, 'as Ana, not as the admin');
    const list = await ana.ask('connections', /ana@acme\.example/);
    assert.ok(labels(list).includes('Disconnect'), JSON.stringify(labels(list)));
  });

  test('a message that comes again, with the same id and together, is one command', async () => {
    const ana = person('ana');
    const before = (await w.records()).length;
    await ana.say(OPP('Once only'), {repeat: 3, together: true});
    await ana.sees(/Created Once only/);
    await w.idle();
    assert.equal((await w.records()).length, before + 1);
  });

  test('a button changes its own card in place', async () => {
    const ana = person('ana');
    const active = () => w.count('connection', `workspace = '${TEAMS_ACME}' and user_id = '${TEAMS_PEOPLE.ana}' and state = 'active'`);
    const list = await ana.ask('connections', m => labels(m).includes('Disconnect'));
    const pressed = await ana.press(list, 'disconnect');
    assert.equal(pressed.status, 200);
    await ana.sees(m => m.ts === list.ts && !buttons(m).some(b => b.action === 'disconnect'));
    await ana.sees(/has ended the login too/);
    assert.equal(await active(), 0);
    assert.equal((await ana.messages()).filter(m => m.is_bot && m.ts > list.ts).length, 1, 'nothing else was posted');
  });

  test('teams_gotcha_20_after_uninstalling_what_the_person_had_ends_and_nothing_is_sent', async () => {
    const ana = person('ana');
    await ana.connect();
    await ana.uninstalls();
    await until('the connection to be ended', async () => await w.count('connection', `workspace = '${TEAMS_ACME}' and user_id = '${TEAMS_PEOPLE.ana}' and state = 'active'`) === 0);
    await w.idle();
    const calls = (await sent()).length;
    assert.equal(await w.count('conversation', "channel like 'a:1ana%'"), 0);
    const audit = await w.one("select actor, detail from audit where action = 'person.left' order by at desc limit 1");
    assert.equal(audit.detail.why, 'uninstalled');
    assert.equal((await sent()).length, calls);
    await ana.installs();
    await ana.ask('connections', /Connect/i);
    assert.equal((await w.one("select gone from conversation where channel like 'a:1ana%'")).gone, false);
  });

  test('while the platform refuses the secret of the app, nothing is lost: it is sent when that is mended', async () => {
    const ben = person('ben');
    const waits = () => w.count('job', "kind in ('send', 'teams_activity') and state = 'queued' and error_code = 'chat_client'");
    await ben.ask('help', /Salesforce/);
    await w.sandbox('PUT', '/_config', {teams: {app: {secret: 'another-sample-secret'}}});
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'token_expired', times: 100});
    const said = await ben.say('whoami');
    await until('what is to be sent to wait', waits);
    assert.equal(await w.count('message', "state = 'failed'"), 0);
    await w.sandbox('DELETE', '/_faults');
    await w.sandbox('PUT', '/_config', {teams: {app: {secret: 'sample-teams-app-secret'}}});
    await until('it to arrive', async () => {
      await w.query("update job set run_at = now() where state = 'queued' and error_code = 'chat_client'");
      return (await ben.messages()).some(m => m.is_bot && m.ts > said.ts && /Ben/.test(words(m)));
    }, 20000);
    assert.equal(await waits(), 0);
  });

  test('a guest is refused', async () => {
    await person('gus').ask('help', /guest/i);
    assert.equal(await w.count('run', `user_id = '${TEAMS_PEOPLE.gus}'`), 0);
  });

  test('teams_gotcha_12_the_address_of_the_newest_message_is_where_things_are_sent', async () => {
    const ben = person('ben');
    await ben.ask('help', /Salesforce/);
    await w.sandbox('PUT', '/_config', {teams: {region: 'amer'}});
    await ben.ask('help', /Salesforce/);
    const last = (await sent()).at(-1);
    assert.match(last.path, /^\/teams\/amer\//);
    assert.match((await w.one("select address from conversation where channel like 'a:1ben%'")).address, /\/teams\/amer\/$/);
    await w.sandbox('PUT', '/_config', {teams: {region: 'emea'}});
  });
});

describe('channels and groups', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('in a channel: the prompt goes to the one-to-one chat, the result into the thread, no link into the channel', async () => {
    const cleo = person('cleo');
    const said = await cleo.say(at(OPP('Channel deal')), {place: 'deals'});
    const line = await cleo.sees(m => m.is_bot && m.root === said.id, {place: 'deals'});
    const prompt = await cleo.sees(m => m.is_bot && loginUrl(m));
    const code = await cleo.browse(prompt);
    await cleo.ask(code, /is connected/);
    const done = await cleo.sees(m => m.is_bot && m.root === said.id && /Created Channel deal/.test(words(m)), {place: 'deals'});
    assert.match(words(done), /as Cleo/);
    assert.equal(done.ts, line.ts, 'the line became the result');
    const open = await cleo.reads('deals');
    assert.doesNotMatch(open, /\/login\//);
    assert.doesNotMatch(open, /cleo@acme\.example/);
  });

  test('teams_gotcha_22_no_login_link_reaches_a_place_that_others_read', async () => {
    const apart = c => /conversations\/a(%3A|:)/i.test(c.path);
    await person('ben').say(at(OPP('Linkless')), {place: 'deals'});
    await until('a link to be sent', async () => (await sent()).some(c => JSON.stringify(c).includes('/login/')));
    await w.idle();
    for (const c of await sent()) if (!apart(c)) assert.doesNotMatch(JSON.stringify(c), /\/login\//, c.path);
    assert.ok((await sent()).some(c => apart(c) && JSON.stringify(c).includes('/login/')));
  });

  test('what is private is answered in the one-to-one chat, and a line says so', async () => {
    const cleo = person('cleo');
    const said = await cleo.say(at('connections'), {place: 'deals'});
    await cleo.sees(/cleo@acme\.example/);
    const line = await cleo.sees(m => m.is_bot && m.root === said.id, {place: 'deals'});
    assert.match(words(line), /one-to-one chat/);
    assert.doesNotMatch(await cleo.reads('deals'), /cleo@acme\.example/);
  });

  test('teams_gotcha_21_who_has_not_added_the_app_is_told_in_the_place_what_to_do_and_nothing_private', async () => {
    const noa = person('noa');
    await noa.say(at('connections'), {place: 'renewals'});
    const line = await noa.sees(/did not arrive/, {place: 'renewals'});
    assert.match(words(line), /add me as an app/);
    assert.deepEqual(labels(line), []);
    for (const c of await w.calls({peer: 'teams', direction: 'in'})) assert.doesNotMatch(`${c.path} ${c.query ?? ''}`, /isTargetedActivity/);
    assert.equal(await w.count('job', "state = 'queued' and kind = 'send'"), 0, 'nothing is tried for ever');
  });

  test('where people of other organisations read, a neutral line alone stands', async () => {
    const ana = person('ana');
    await ana.connect();
    const said = await ana.say(at(OPP('Secret deal')), {place: 'partners'});
    await ana.sees(/Created Secret deal/);
    await w.idle();
    const open = (await ana.messages('partners')).filter(m => m.is_bot && m.ts > said.ts);
    assert.ok(open.length > 0 && open.every(m => m.root === said.id), `a line in its thread: ${JSON.stringify(open)}`);
    assert.doesNotMatch(await ana.reads('partners').then(t => t.replaceAll(said.text ?? '\u0000', '')), /Created Secret deal/);
  });

  test('teams_gotcha_23_a_guest_and_the_same_person_at_home_are_two_users', async () => {
    await person('gus').ask('help', /guest/i);
    await person('gus', 'Globex').ask('whoami', /Gus Guest/);
    const rows = await w.query("select workspace, user_id, standing from chat_user where name = 'Gus Guest' order by standing");
    assert.deepEqual(rows.map(r => [r.workspace, r.standing]), [[TEAMS_ACME, 'guest'], [TEAMS_GLOBEX, 'member']]);
    assert.notEqual(rows[0].user_id, rows[1].user_id);
  });

  test('teams_gotcha_23_a_stranger_in_a_shared_channel_is_nobody', async () => {
    const sid = person('sid');
    await sid.say(at(OPP('Not his')), {place: 'partners'});
    await w.idle();
    assert.equal(await w.count('run', `user_id = '${TEAMS_PEOPLE.sid}'`), 0);
    assert.equal((await w.one(`select standing from chat_user where user_id = '${TEAMS_PEOPLE.sid}'`)).standing, 'stranger');
  });

  test('an anonymous person of a meeting is nobody', async () => {
    const annie = person('annie');
    const said = await annie.say(at('help'), {place: 'standup'});
    assert.equal(said.status, 200);
    await w.idle();
    assert.equal(await w.count('chat_user', "user_id like '%anon%'"), 0);
  });

  test('who is taken out of a team is asked about in the one-to-one chat, and stays', async () => {
    const cleo = person('cleo');
    await w.sandbox('POST', '/_place', {chat: 'teams', user: 'ben', place: 'deals', leave: ['cleo']});
    await w.idle();
    assert.equal(await w.count('connection', `user_id = '${TEAMS_PEOPLE.cleo}' and state = 'active'`), 1);
  });

  test('who has left the organisation is off-boarded by the nightly comparison', async () => {
    await w.sandbox('POST', '/_user', {chat: 'teams', user: 'cleo', set: {disabled: true}});
    await w.query('update workspace set reconcile_at = now() where workspace = $1', [TEAMS_ACME]);
    await until('the connection to be ended', async () => await w.count('connection', `user_id = '${TEAMS_PEOPLE.cleo}' and state = 'active'`) === 0, 30000);
    assert.equal((await w.one(`select standing from chat_user where user_id = '${TEAMS_PEOPLE.cleo}'`)).standing, 'deactivated');
  });
});

describe('tenants', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('an allowed tenant begins with the first thing that is done there, and has no admin by that', async () => {
    assert.equal(await w.count('workspace', `workspace = '${TEAMS_GLOBEX}'`), 0);
    const gina = person('gina', 'Globex');
    await gina.installs();
    await gina.ask('help', /help/i);
    const row = await w.one('select state, installer, admins, bot_token from workspace where workspace = $1', [TEAMS_GLOBEX]);
    assert.deepEqual([row.state, row.installer, row.admins, row.bot_token], ['active', null, [], null]);
    const again = await w.must('PUT', `/workspaces/${TEAMS_GLOBEX}`, {name: 'Globex', admins: [TEAMS_PEOPLE.otto]});
    assert.equal(again.state, 'active');
    assert.equal((await w.api('PUT', `/workspaces/${TEAMS_GLOBEX}`, {bot_token: 'xoxb-sample-token'})).status, 422);
    await gina.ask('whoami', /Gina/);
  });

  test('another tenant is dropped: nothing is stored of it, and nothing sent', async () => {
    await w.restart({WORKBOT_TEAMS_ALLOWED_TENANTS: 'AC3E0000-0000-4000-8000-000000000001'});
    const rows = await w.rows('job', 'chat_user', 'message');
    const said = await person('gina', 'Globex').say('help');
    assert.equal(said.status, 200);
    await w.idle();
    assert.deepEqual(await w.rows('job', 'chat_user', 'message'), rows);
    await person('ana').ask('help', /Salesforce/);
  });
});
