// Microsoft Teams: what the platform says of people and of the bot's places, and what follows from it and what not.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {OPPORTUNITY, TEAMS_ACME, TEAMS_GLOBEX, TEAMS_PEOPLE, start, until, words} from '../lib/flow.mjs';

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const active = name => w.count('connection', `workspace = '${TEAMS_ACME}' and user_id = '${TEAMS_PEOPLE[name]}' and state = 'active'`);
const row = name => w.one('select standing, dm_channel, seen_in, address from chat_user where workspace = $1 and user_id = $2', [TEAMS_ACME, TEAMS_PEOPLE[name]]);
/** The nightly comparison, now; done when nothing is left of it. */
const compare = async () => {
  await w.query('update workspace set reconcile_at = now() where workspace = $1', [TEAMS_ACME]);
  await until('the comparison to begin', () => w.count('workspace', `workspace = '${TEAMS_ACME}' and reconcile_at > now()`));
  await until('the comparison to end', async () => await w.count('job', "kind = 'reconcile' and state in ('queued', 'running')") === 0);
};

describe('who has left', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());

  test('a one-to-one chat that Teams does not know any more is opened anew, and its person has not left', async () => {
    const ana = person('ana');
    await ana.connect();
    const {dm_channel: dm} = await row('ana');
    await w.query("update conversation set channel = 'a:1of-old' where channel = $1", [dm]);
    await w.query("update chat_user set dm_channel = 'a:1of-old', seen_in = 'a:1of-old' where user_id = $1", [TEAMS_PEOPLE.ana]);
    await compare();
    assert.equal(await active('ana'), 1);
    assert.deepEqual([(await row('ana')).standing, (await row('ana')).dm_channel], ['member', dm]);
  });

  test('refusals that do not say that there is nobody end nothing', async () => {
    for (const [status, error] of [[404, 'ConversationNotFound'], [404, 'empty'], [403, 'ConversationBlockedByUser'], [405, 'SomethingNew'], [500, 'ServiceError']]) {
      await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', status, error, path: '/v3/conversations', times: 50});
      await compare();
      await w.sandbox('DELETE', '/_faults');
      assert.equal(await active('ana'), 1, `${status} ${error}`);
    }
    assert.equal(await w.count('audit', "action = 'person.left'"), 0);
  });
});

describe('of whom the bot can ask nowhere any more', () => {
  before(async () => {
    w = await start({teams: 'only'});
    await w.must('PUT', `/workspaces/${TEAMS_ACME}`, {admins: [TEAMS_PEOPLE.noa]});
    await w.query("update connection set owner = $1 where user_id = ''", [TEAMS_PEOPLE.noa]); // as if she had logged it in
  });
  after(() => w?.stop());
  const shared = async () => [(await w.one('select admins from workspace where workspace = $1', [TEAMS_ACME])).admins,
    await w.query("select default_name, state, reason, owner from connection where user_id = '' order by default_name")];
  const endings = () => w.query("select detail from audit where action = 'person.left' and subject = $1 order by at, id", [TEAMS_PEOPLE.noa])
    .then(rows => rows.map(({detail: d}) => [d.why, d.logins, d.connections.length, d.rights, d.default_connections]));

  test('P12: an admin who is taken out of the only group with the bot keeps rights and default connections', async () => {
    const noa = person('noa');
    await noa.say('@Workbot connect salesforce', {place: 'renewals'});
    await until('a login', () => w.count('login', `user_id = '${TEAMS_PEOPLE.noa}' and state = 'open'`));
    const before = await shared();
    assert.ok(before[1].length > 0 && before[1].every(c => c.owner === TEAMS_PEOPLE.noa));
    await w.sandbox('POST', '/_place', {chat: 'teams', user: 'ana', place: 'renewals', leave: ['noa']});
    await until('what was personal to end', async () => (await endings()).length > 0);
    assert.deepEqual(await endings(), [['uninstalled', 1, 0, [], []]]);
    assert.deepEqual(await shared(), before);
    assert.equal((await row('noa')).standing, 'unknown');
    await noa.installs();
    await noa.ask('whoami', /Role\nadmin/);
  });

  test('P12: nor does the comparison of the night take them away', async () => {
    await person('noa').connect('cleo@acme.example');
    const before = await shared();
    await w.sandbox('PUT', '/_faults', {peer: 'teams', fault: 'error', status: 403, error: 'BotNotInConversationRoster', path: '/v3/conversations', times: 50});
    await compare();
    await w.sandbox('DELETE', '/_faults');
    assert.equal(await active('noa'), 0);
    assert.deepEqual((await endings()).at(-1), ['uninstalled', 0, 1, [], []]);
    assert.deepEqual(await shared(), before);
  });

  test('P11: who was taken for gone is asked about at the next word, and not at each', async () => {
    const cleo = person('cleo');
    const asked = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /members\//.test(c.path)).length;
    const disabled = on => w.sandbox('POST', '/_user', {chat: 'teams', user: 'cleo', set: {disabled: on}});
    const ghost = () => w.sandbox('POST', '/_deliver', {chat: 'teams', user: 'cleo', place: 'dm', type: 'message', over: {text: 'help', textFormat: 'plain'}});
    await cleo.ask('help', /What can I do for you/);
    await disabled(true);
    await w.query("update chat_user set standing = 'deactivated', checked_at = now() - interval '6 seconds' where user_id = $1", [TEAMS_PEOPLE.cleo]);
    const before = await asked();
    for (let i = 0; i < 3; i++) await ghost();
    await w.idle();
    const during = await asked() - before;
    assert.ok(during >= 1 && during <= 2, `asked ${during} times`); // in the chat, and in the one that is opened
    assert.equal((await row('cleo')).standing, 'deactivated');
    assert.deepEqual(await w.query("select kind, error_code from job where state = 'dead' and kind like 'teams%'"), []);
    await disabled(false);
    await w.query("update chat_user set checked_at = now() - interval '6 seconds' where user_id = $1", [TEAMS_PEOPLE.cleo]);
    await cleo.ask('whoami', /Cleo/);
    assert.equal((await row('cleo')).standing, 'member');
  });
});

describe('the places of a team', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());
  const gone = () => w.query("select channel from conversation where channel like '19:acmesales%' and gone order by channel").then(r => r.length);
  const rosters = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /pagedmembers/.test(c.path)).length;

  test('teams_gotcha_20_out_of_a_team_is_out_of_all_its_channels_and_back_in_all', async () => {
    const ana = person('ana'), ben = person('ben');
    for (const place of ['General', 'deals']) await ana.ask('@Workbot help', /one-to-one chat/, {place});
    await ben.uninstalls('General');
    await until('both channels to be gone', async () => await gone() === 2);
    await ben.installs('General');
    await until('both channels to be back', async () => await gone() === 0);
    await ben.sends('conversationUpdate', {place: 'General', activity: {channelData: {eventType: 'teamDeleted'}}});
    await until('both channels to be gone', async () => await gone() === 2);
  });

  test('teams_gotcha_20_nothing_is_sent_there_also_if_the_platform_would_take_it', async () => {
    const ben = person('ben'), cleo = person('cleo');
    const there = async () => (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /acmesales/.test(c.path) && /activities/.test(c.path)).length;
    await ben.installs('General');
    await until('both channels to be back', async () => await gone() === 0);
    await cleo.connect();
    await w.fault('slow', {method: 'POST', path: '/sobjects/', delay_ms: 6000});
    await cleo.say(`@Workbot ${OPPORTUNITY}`, {place: 'deals'});
    await until('Salesforce to be asked', async () => await w.fired('slow') > 0);
    await ben.sends('installationUpdate', {place: 'General', activity: {action: 'remove'}});
    await until('the channels to be gone', async () => await gone() >= 2);
    const before = await there();
    await w.idle();
    assert.equal(await there(), before);
    await cleo.sees(/Created Acme renewal/);
  });

  test('what a channel once said of who reads it holds: no roster is asked, and nothing is forgotten', async () => {
    const ana = person('ana');
    await ana.ask('@Workbot whoami', /one-to-one chat/, {place: 'deals'});
    const before = await rosters();
    await ana.ask('@Workbot whoami', /one-to-one chat/, {place: 'deals', activity: {channelData: {channel: {type: null}}}});
    assert.equal(await rosters(), before);
    assert.equal((await w.one("select kind from conversation where channel like '19:acmesales000deals%'")).kind, 'channel');
  });

  test('a shared channel says that it is one: no roster is asked, which might leave the others out', async () => {
    const ana = person('ana'), before = await rosters();
    await ana.ask('@Workbot whoami', /one-to-one chat/, {place: 'partners'});
    assert.equal(await rosters(), before);
    assert.equal((await w.one("select kind from conversation where channel like '19:acmesales0partner%'")).kind, 'shared');
  });
});

describe('who takes the app out of the one-to-one chat', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());
  /** An activity of somebody's installation, made so many seconds before now. */
  const installation = (name, action, ago, activity = {}) => person(name).sends('installationUpdate',
    {activity: {action, timestamp: new Date(Date.now() - ago * 1000).toISOString(), ...activity}});

  test('an older removal that comes after the app was added again ends nothing', async () => {
    const ana = person('ana');
    await ana.connect();
    await installation('ana', 'add', 0);
    await w.idle();
    await installation('ana', 'remove', 30);
    await w.idle();
    assert.equal(await active('ana'), 1);
    assert.equal(await w.count('conversation', "kind = 'personal' and gone"), 0);
    await ana.ask('whoami', /Ana/);
  });

  test('a removal that comes late does not end what was connected since', async () => {
    const cleo = person('cleo');
    await installation('cleo', 'add', 40);
    await w.idle();
    await cleo.connect(); // removed 20 s ago, added 15 s ago, and both are still on the way
    await installation('cleo', 'remove', 20);
    await w.idle();
    assert.equal(await active('cleo'), 1);
    assert.equal(await w.count('conversation', "channel like 'a:1cleo%' and gone"), 0);
  });

  test('of one second the later one counts, in whatever order they come', async () => {
    const ana = person('ana'), second = Math.floor(Date.now() / 1000) * 1000 + 10000;
    for (const [action, ms] of [['add', 900], ['remove', 100]]) {
      await ana.sends('installationUpdate', {activity: {action, timestamp: new Date(second + ms).toISOString()}});
      await w.idle();
    }
    assert.equal(await active('ana'), 1);
    assert.equal(await w.count('conversation', "channel like 'a:1ana%' and gone"), 0);
  });

  test('an admin who takes it out for somebody loses nothing', async () => {
    const ben = person('ben');
    await ben.connect();
    await installation('ana', 'remove', -60, {from: {id: '29:1BenAcme-k83xQ_0002', aadObjectId: TEAMS_PEOPLE.ben}});
    await w.idle();
    assert.equal(await active('ben'), 1);
    assert.equal(await w.count('conversation', "channel like 'a:1ana%' and gone"), 1, 'and nothing is sent there');
  });

  test('P12 P15: what the person had ends, and no id of hers stays', async () => {
    const cleo = person('cleo');
    assert.equal(await active('cleo'), 1);
    await cleo.uninstalls();
    await until('the connection to be ended', async () => await active('cleo') === 0);
    await w.idle();
    assert.deepEqual(await row('cleo'), {standing: 'unknown', dm_channel: null, seen_in: null, address: null});
    assert.equal(await w.count('conversation', "channel like 'a:1cleo%'"), 0);
    assert.equal((await w.one('select state from workspace where workspace = $1', [TEAMS_ACME])).state, 'active');
  });
});

describe('several people and many', () => {
  before(async () => (w = await start({teams: 'only'})));
  after(() => w?.stop());
  const greeted = like => w.count('message', `channel like '${like}'`);

  test('of several who are taken out of a team at once each is asked about', async () => {
    for (const name of ['ben', 'cleo']) await person(name).connect();
    await w.sandbox('POST', '/_user', {chat: 'teams', user: 'cleo', set: {disabled: true}});
    await person('ben').sends('conversationUpdate', {place: 'General', activity: {channelData: {eventType: 'teamMemberRemoved'},
      membersRemoved: ['ben', 'noa', 'cleo'].map(name => ({id: `29:1${name}`, aadObjectId: TEAMS_PEOPLE[name]}))}});
    await until('the connection to be ended', async () => await active('cleo') === 0);
    assert.equal(await active('ben'), 1);
    assert.equal(await w.count('chat_user', `user_id = '${TEAMS_PEOPLE.noa}'`), 0, 'whom nobody here knows leaves nothing behind');
  });

  test('who got the app from an admin is not written to unasked', async () => {
    const noa = person('noa');
    await noa.sends('installationUpdate', {activity: {action: 'add', from: {aadObjectId: null}}});
    await w.idle();
    assert.equal((await noa.messages()).filter(m => m.is_bot).length, 0);
  });

  test('of an app that is given to everybody at once not everybody is greeted', async () => {
    for (let i = 0; i < 45; i++) {
      const id = `b0000000-0000-4000-8000-0000000000${10 + i}`;
      await person('ben').sends('installationUpdate', {activity: {action: 'add', conversation: {id: `a:1push-${i}`}, from: {id: `29:1push-${i}`, aadObjectId: id}}});
    }
    await w.idle();
    const hellos = await greeted('a:1push-%'); // two minutes at most
    assert.ok(hellos >= 20 && hellos <= 40, `${hellos} of 45`);
  });

  test('a stranger is told once in a while, in the place, where to the one-to-one chat there is no way', async () => {
    const sid = person('sid');
    const lines = async () => (await sid.messages('partners')).filter(m => m.is_bot);
    await sid.ask('@Workbot help', /I only work for members/, {place: 'partners'});
    await sid.say('@Workbot help', {place: 'partners'});
    await w.idle();
    assert.deepEqual((await lines()).map(m => /one-to-one/.test(words(m))), [false]);
    assert.equal(await w.count('message', `user_id = '${TEAMS_PEOPLE.sid}'`), 0);
  });

  test('what ends, or is nothing, begins no workspace', async () => {
    const gina = person('gina', 'Globex');
    const here = () => w.count('workspace', `workspace = '${TEAMS_GLOBEX}'`);
    await gina.sends('installationUpdate', {activity: {action: 'remove'}});
    await gina.sends('installationUpdate', {activity: {action: 'add-upgrade'}});
    await gina.sends('conversationUpdate', {activity: {membersRemoved: [{id: '29:1otto', aadObjectId: TEAMS_PEOPLE.otto}]}});
    await w.idle();
    assert.equal(await here(), 0);
    assert.equal(await w.count('audit', `workspace = '${TEAMS_GLOBEX}'`), 0);
    await gina.ask('help', /What can I do for you/);
    assert.equal(await here(), 1);
  });

  test('where an admin has blocked the app nothing more is sent until something comes from there', async () => {
    const ben = person('ben');
    const there = () => w.count('conversation', "channel like 'a:1ben%' and gone");
    const block = on => w.sandbox('POST', '/_place', {chat: 'teams', user: 'ben', place: 'dm', tenant: {disabled_by_admin: on}});
    await block(true);
    await ben.say('whoami');
    await until('the chat to be marked', there);
    await block(false);
    await ben.ask('whoami', /Ben/);
    assert.equal(await there(), 0);
  });
});
