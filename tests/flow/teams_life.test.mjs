// Microsoft Teams: the bot comes to places and leaves them, beside Slack in one deployment.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, OPPORTUNITY, TEAMS_ACME, TEAMS_PEOPLE, start, until, words} from '../lib/flow.mjs';

let w;
const person = (name, tenant) => w.teamsPerson(name, tenant);
const active = user => w.count('connection', `workspace = '${TEAMS_ACME}' and user_id = '${user}' and state = 'active'`);
const hellos = async (who, place) => (await who.messages(place)).filter(m => m.is_bot && /^Hello\./.test(words(m))).length;

before(async () => (w = await start({teams: true})));
after(() => w?.stop());

describe('both chats in one deployment', () => {
  test('the same person in Slack and in Teams are two users, each with connections of their own', async () => {
    const there = w.person('ana'), here = person('ana');
    await there.connect();
    assert.equal(await active(TEAMS_PEOPLE.ana), 0);
    assert.equal(await w.count('connection', `workspace = '${ACME}' and user_id <> '' and state = 'active'`), 1);
    const prompt = await here.prompt(OPPORTUNITY);
    assert.equal((await w.records()).length, 0);
    await here.ask(await here.browse(prompt), /is connected/);
    await here.sees(/Created Acme renewal/);
    assert.equal((await there.messages()).filter(m => m.is_bot && /Created/.test(words(m))).length, 0);
  });
});

describe('where the bot is', () => {
  test('a person who adds the app is greeted once', async () => {
    const noa = person('noa');
    await noa.installs();
    const hello = await noa.sees(/^Hello\. Send me help/);
    await noa.uninstalls();
    await noa.installs();
    await w.idle();
    assert.equal(await hellos(noa, 'dm'), 1);
    assert.ok(hello);
  });

  test('teams_gotcha_06_who_else_joins_a_team_is_not_greeted', async () => {
    const ben = person('ben');
    const before = await hellos(ben, 'General');
    await ben.act('/_place', {place: 'General', join: ['noa']});
    await w.idle();
    assert.equal(await hellos(ben, 'General'), before);
  });

  test('teams_gotcha_07_an_upgrade_of_the_app_takes_it_to_nobody_and_away_from_nobody', async () => {
    const ana = person('ana');
    const before = await hellos(ana, 'dm');
    for (const action of ['add-upgrade', 'REMOVE-UPGRADE']) {
      assert.ok((await ana.sends('installationUpdate', {activity: {action}})).ok);
    }
    await w.idle();
    assert.equal(await active(TEAMS_PEOPLE.ana), 1);
    assert.equal(await hellos(ana, 'dm'), before);
    assert.equal(await w.count('conversation', "channel like 'a:1ana%' and gone"), 0);
  });

  test('the app is taken out of a team: nothing is sent there any more, and nobody loses anything', async () => {
    const ana = person('ana'), ben = person('ben');
    await ana.say('@Workbot help', {place: 'General'});
    await until('the channel to be known', () => w.count('conversation', "channel like '19:acmesales0general%' and not gone"));
    await ben.uninstalls('General');
    await until('the channel to be gone', () => w.count('conversation', "channel like '19:acmesales0general%' and gone"));
    await w.idle();
    assert.equal(await active(TEAMS_PEOPLE.ana), 1);
    await ben.installs('General');
    await ana.ask('@Workbot help', /one-to-one chat/, {place: 'General'});
    assert.equal(await w.count('conversation', "channel like '19:acmesales0general%' and gone"), 0);
  });

  test('no event of an installation names an installer or admin', async () => {
    const row = await w.one('select installer, admins from workspace where workspace = $1', [TEAMS_ACME]);
    assert.deepEqual([row.installer, row.admins], [null, [TEAMS_PEOPLE.ben]]);
  });

  test('who is taken out of a team loses nothing while the one-to-one chat stands; who can be reached nowhere has left', async () => {
    const ana = person('ana');
    await w.sandbox('POST', '/_place', {chat: 'teams', user: 'ben', place: 'General', leave: ['ana']});
    await w.idle();
    assert.equal(await active(TEAMS_PEOPLE.ana), 1);
    await w.sandbox('POST', '/_user', {chat: 'teams', user: 'ana', set: {disabled: true}});
    await w.sandbox('POST', '/_place', {chat: 'teams', user: 'ben', place: 'renewals', leave: ['ana']});
    await until('the connection to be ended', async () => await active(TEAMS_PEOPLE.ana) === 0, 20000);
    const {detail} = await w.one("select detail from audit where action = 'person.left' and subject = $1 order by at desc limit 1", [TEAMS_PEOPLE.ana]);
    assert.equal(detail.why, 'deactivated');
    assert.ok(ana);
  });
});
