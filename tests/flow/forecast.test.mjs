// The end of a connection, where it is known: shown, told once before, put off with one press; and kept off by itself
// where an admin wants that. Box ends what rests for 60 days, ServiceNow everything after 100.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const BOX = {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret', assurance: 'code', account_match: 'off'};
const SNOW = {client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'};
const PATH = `/workspaces/${ACME}/connections`;
const DAY = 86400000;
const day = (days, from = Date.now()) => new Date(from + days * DAY).toISOString().slice(0, 10);
const MINE = {ana: 'U0ANA0001', ben: 'U0BEN0001', cleo: 'U0CLEO001'};

const recipe = (name, app, action, inputs) => ({name, title: name, command: `${app} ${name}`, allow: 'everyone',
  connections: {it: {use: `acme-${app}`, verify_user_access: true}}, steps: [{id: 'one', connection: 'it', action, with: inputs}],
  reply: {text: `Looked with ${name}.`}});

describe('the end of a connection is told before', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await start({replicas: 2});
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.putConnection(ACME, 'acme-box', {app: 'box', host: w.hosts.box, ...BOX});
    await w.putConnection(ACME, 'acme-servicenow', {app: 'servicenow', host: w.hosts.servicenow, ...SNOW});
    await w.authorize(ACME, 'acme-servicenow', 'ben');
    await w.putRecipe(ACME, recipe('look', 'box', 'list_folder', {folder_id: '0'}));
    await w.putRecipe(ACME, recipe('peek', 'servicenow', 'my_incidents', {}));
    await connect(ana, 'box', 'ana@acme.example');
    await connect(ana, 'servicenow', 'ana');
  });
  after(() => w?.stop());

  async function connect(person, app, username) {
    const prompt = await person.prompt(`connect acme-${app}`);
    await person.ask(await person.browse(prompt, username), /is connected/);
    await w.idle();
  }

  const row = (user, app) => w.one(`select id, state, generation::int, refresh_expires_at as ends, warn_at, keep_at from connection
    where user_id = $1 and default_name = $2`, [user, `acme-${app}`]);
  /** Its end is so many days away, and it is time to say so. */
  const near = (user, app, days = 5) => w.query(`update connection set refresh_expires_at = date_trunc('second', now()) + make_interval(days => $3),
    refresh_since = now() - interval '90 days',
    warn_at = now() where user_id = $1 and default_name = $2`, [user, `acme-${app}`, days]);
  const told = (user, app) => until('the note to be written', async () => (await row(user, app)).warn_at === null).then(() => w.idle());
  const notes = async (person, what) => (await person.messages()).filter(m => m.is_bot && what.test(words(m)));
  const renewals = async app => (await w.calls({peer: app})).filter(e => /token/.test(e.path) && !/revoke/.test(e.path) && e.args?.grant_type === 'refresh_token').length;
  const in_days = at => Math.round((at - Date.now()) / DAY);

  test('connections, whoami and the API show the end where it is known', async () => {
    const list = words(await ana.ask('connections', /Expires/));
    assert.ok(list.includes(`${day(60)}, if it is not used before`), list);
    assert.ok(list.includes(day(100)), list);
    const me = words(await ana.ask('whoami', /Who you are here/));
    assert.match(me, new RegExp(`as ana@acme\\.example \\(Acme Corporation\\), until ${day(60)}`));
    const mine = (await w.must('GET', `/workspaces/${ACME}/personal-connections?user=${MINE.ana}`)).items;
    assert.deepEqual(mine.map(c => [c.app, c.expires.slice(0, 10)]).sort(), [['box', day(60)], ['servicenow', day(100)]]);
    const own = await w.must('GET', `${PATH}/acme-servicenow`);
    assert.deepEqual([own.expires.slice(0, 10), own.keep_alive], [day(100), false]);
    assert.equal((await w.must('GET', `${PATH}/acme-box`)).expires, null, 'nobody has logged it in');
  });

  test('Salesforce ends the oldest of five logins: the list and the prompt after that say so', async () => {
    await ana.connect();
    const list = words(await ana.ask('connections', /Salesforce/));
    assert.match(list, /Never, until you disconnect, or somebody logs in with that account 5 more times/);
    await w.query("update connection set state = 'needs_login', reason = 'ended_at_app', tokens = null where user_id = $1 and default_name = 'acme-salesforce'", [MINE.ana]);
    assert.match(words(await ana.ask('connections', /ended at the app/)), /keeps 5 logins of one account/);
    assert.match(words(await ana.prompt('connect salesforce')), /Salesforce keeps 5 logins of one account to this app, and one more ends the oldest/);
  });

  test('what rests is told of once, whatever the number of replicas, and Keep it begins its days anew', async () => {
    const what = /Your connection to Box ends on/;
    await near(MINE.ana, 'box');
    const note = await ana.sees(what);
    await told(MINE.ana, 'box');
    assert.match(words(note), new RegExp(`ends on ${day(5)}`));
    assert.deepEqual(labels(note), ['Keep it']);
    assert.equal((await notes(ana, what)).length, 1);
    assert.equal((await notes(ben, what)).length, 0);
    assert.ok(labels(await ana.ask('connections', /if it is not used before/)).includes('Keep it'), 'the list has the button, too');

    const [had, was] = [await row(MINE.ana, 'box'), await renewals('box')];
    const shown = await ben.ask('help', /What can I do for you/);
    await ben.forge(shown, 'keep', had.id);
    await w.idle();
    assert.equal((await row(MINE.ana, 'box')).generation, had.generation, 'nobody else can');

    await ana.press(note, 'Keep it');
    const kept = await ana.sees(/Kept\. Your connection to Box is good until/);
    assert.equal(kept.ts, note.ts, 'in the same message');
    assert.match(words(kept), new RegExp(day(60)));
    assert.deepEqual(labels(kept), []);
    assert.equal(await renewals('box') - was, 1);
    const now = await row(MINE.ana, 'box');
    assert.deepEqual([now.generation, in_days(now.ends), in_days(now.warn_at)], [had.generation + 1, 60, 53]);
    await ana.ask('box look', /Looked with look/);
  });

  test('a use puts the end of what rests off, and it is told of again when it rests again', async () => {
    const what = /Your connection to Box ends on/, had = (await notes(ana, what)).length;
    await near(MINE.ana, 'box', 6);
    await told(MINE.ana, 'box');
    assert.equal((await notes(ana, what)).length, had + 1);
    await w.query("update connection set access_expires_at = now() where default_name = 'acme-box'");
    await ana.ask('box look', /Looked with look/);
    assert.equal(in_days((await row(MINE.ana, 'box')).ends), 60);
  });

  test('apps_expiry_fixed: a renewal of ServiceNow gains no days, is not told of again, and a login gains a hundred', async () => {
    const what = /Your connection to ServiceNow ends on/;
    await near(MINE.ana, 'servicenow');
    const note = await ana.sees(what);
    await told(MINE.ana, 'servicenow');
    assert.deepEqual(labels(note), ['Log in again']);
    const [had, was] = [await row(MINE.ana, 'servicenow'), await renewals('servicenow')];
    await w.query("update connection set access_expires_at = now() where default_name = 'acme-servicenow'");
    await ana.ask('servicenow peek', /Looked with peek/);
    const now = await row(MINE.ana, 'servicenow');
    assert.equal(await renewals('servicenow') - was, 1);
    assert.deepEqual([now.generation, now.ends, now.warn_at], [had.generation + 1, had.ends, null]);
    assert.equal((await notes(ana, what)).length, 1);

    await ana.press(note, 'Log in again');
    const prompt = await ana.sees(m => m.ts === note.ts && loginUrl(m));
    await ana.ask(await ana.browse(prompt, 'ana'), /is connected/);
    await w.idle();
    const renewed = await row(MINE.ana, 'servicenow');
    assert.deepEqual([renewed.state, in_days(renewed.ends), in_days(renewed.warn_at)], ['active', 100, 93]);
  });

  test('of the default connection\'s own login the admins are told, and an admin keeps it', async () => {
    await near('', 'servicenow');
    const plain = await ben.sees(/connection acme-servicenow: its own login, as .*, ends on/);
    assert.deepEqual(labels(plain), [], 'it is logged in again by the API');
    assert.match(words(plain), /Please log it in again before/);
    await w.authorize(ACME, 'acme-box', 'ben@acme.example');
    await near('', 'box');
    const note = await ben.sees(/connection acme-box: its own login, as .*, ends on/);
    assert.deepEqual(labels(note), ['Keep it']);
    await told('', 'box');
    assert.equal((await notes(ana, /its own login/)).length, 0);
    await ben.press(note, 'Keep it');
    await ben.sees(/Kept\. Your connection to Box is good until/);
    assert.equal(in_days((await row('', 'box')).ends), 60);
  });

  test('who has left, and whose connection has ended, are told nothing', async () => {
    await connect(cleo, 'box', 'cleo@acme.example');
    const had = (await notes(cleo, /./)).length;
    await w.query("update chat_user set standing = 'deactivated' where user_id = $1", [MINE.cleo]);
    await near(MINE.cleo, 'box');
    await told(MINE.cleo, 'box');
    await w.query("update chat_user set standing = 'member' where user_id = $1", [MINE.cleo]);
    await near(MINE.cleo, 'box', -1);
    await told(MINE.cleo, 'box');
    await w.query("update connection set state = 'needs_login', reason = 'ended_at_app' where user_id = $1 and default_name = 'acme-box'", [MINE.cleo]);
    await near(MINE.cleo, 'box');
    await near(MINE.ana, 'box', 4);
    await told(MINE.ana, 'box'); // looked at again by then
    assert.equal((await notes(cleo, /./)).length, had);
  });

  test('keep_alive is off until an admin switches it on, and renews what rests, one at a time, and nothing that has ended', async () => {
    const due = () => w.query("update connection set keep_at = now() - interval '1 hour' where default_name = 'acme-box'");
    await due();
    const [had, ended, was] = [await row(MINE.ana, 'box'), await row(MINE.cleo, 'box'), await renewals('box')];
    const shared = await row('', 'box');
    // another one that is wanted shows that the clock has come by
    await w.putConnection(ACME, 'other-box', {app: 'box', host: w.hosts.box, ...BOX, keep_alive: true});
    await w.authorize(ACME, 'other-box', 'ben@acme.example');
    const other = () => w.one("select generation::int, keep_at from connection where default_name = 'other-box'");
    const before = await other();
    await w.query("update connection set keep_at = now() - interval '1 hour' where default_name = 'other-box'");
    await until('the wanted one to be renewed', async () => (await other()).generation === before.generation + 1);
    await w.idle();
    assert.equal((await row(MINE.ana, 'box')).generation, had.generation, 'off by default');
    assert.equal(await renewals('box') - was, 1);

    const on = await w.must('PUT', `${PATH}/acme-box`, {keep_alive: true});
    assert.deepEqual([on.keep_alive, (await w.must('GET', `${PATH}/acme-box`)).keep_alive], [true, true]);
    const audit = (await w.one("select detail from audit where action = 'default_connection.changed' order by id desc limit 1")).detail;
    assert.deepEqual(audit.changed, ['keep_alive']);
    await until('both to be renewed', async () => (await row(MINE.ana, 'box')).generation > had.generation && (await row('', 'box')).generation > shared.generation);
    await w.idle();
    const now = await row(MINE.ana, 'box');
    assert.deepEqual([now.generation, in_days(now.ends)], [had.generation + 1, 60]);
    assert.ok(now.keep_at > Date.now() + 20 * DAY && now.keep_at < Date.now() + 30 * DAY, 'before half of its days are over');
    assert.equal((await row(MINE.cleo, 'box')).generation, ended.generation);
    assert.equal(await renewals('box') - was, 3);
    assert.match(words(await ana.ask('connections', /Expires/)), new RegExp(`${day(60)}, and I renew it before`));
    assert.equal((await w.must('PUT', `${PATH}/acme-box`, {keep_alive: null})).keep_alive, false);
    assert.equal((await w.api('PUT', `${PATH}/acme-box`, {keep_alive: 'yes'})).status, 422);
  });

  test('Keep it where the app is away says so, and where the login has ended it asks for a new one', async () => {
    await near(MINE.ana, 'box');
    const note = await ana.sees(m => m.is_bot && /ends on/.test(words(m)) && button(m, 'Keep it'));
    await told(MINE.ana, 'box');
    const {id} = await row(MINE.ana, 'box');
    await w.query("update connection set state = 'needs_login', reason = 'ended_at_app', tokens = null where id = $1", [id]);
    await ana.press(note, 'Keep it');
    const over = await ana.sees(/There is nothing to keep any more\. Box: Needs a new login/);
    assert.deepEqual(labels(over), ['Log in again']);
    await ana.press(over, 'Log in again');
    await ana.sees(m => m.ts === over.ts && loginUrl(m));
  });
});
