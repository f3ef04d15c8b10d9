// A connection that allows less than is asked for by now: its person is asked for more when a command needs it, with
// the reason, once; what it does allow goes on. And a grant that is refused in an unknown way comes back by itself.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, labels, loginUrl, start, until, words} from '../lib/flow.mjs';
import {OauthPeer} from '../lib/oauth_peer.mjs';

const error = (status, code) => ({status, body: {error: code}});
/** The ways in which apps say that a token allows too little. */
const BY_HEADER = scope => ({status: 403, headers: {'www-authenticate': `Bearer realm="Deskly", ERROR = insufficient_scope, error_description="more, \\"please\\"", scope="${scope}"`}});
const BY_BODY = () => ({status: 403, body: {error: 'insufficient_scope', error_description: 'Ask for more'}});
const BY_ROW = () => ({status: 400, body: {error: 'MISSING_SCOPES', error_description: 'This needs more'}});

const row = () => ({
  title: 'Deskly',
  authorize: {url: 'https://deskly.example/oauth/authorize', params: {}, pkce: 'yes', separator: ' ', scopes: ['tickets.read']},
  token: {url: 'https://deskly.example/oauth/token', auth: 'post', format: 'form', lifetime_s: 3600, scopes: ' ', type: 'Bearer', badCode: error(400, 'invalid_grant'), badClient: error(401, 'invalid_client')},
  refresh: {brings: 'new', dead: error(400, 'invalid_grant')},
  revoke: null,
  identity: {url: 'https://deskly.example/me', answer: {id: 'd7', name: 'Ana of Deskly'}},
  api: {unauthentic: error(401, 'invalid_token'), refusal: error(404, 'not_found'), lacks: BY_HEADER},
  read: {url: 'https://deskly.example/ticket', answer: {id: 't7', title: 'A broken lamp'}},
  write: {method: 'POST', status: 201, scope: 'tickets.write', url: 'https://deskly.example/tickets', body: {title: 'A lamp'}, answer: {id: 't8'}},
});
const DEFINITION = {
  name: 'deskly', title: 'Deskly', hosts: {names: ['deskly.example']}, client_auth: 'post',
  authorize: {url: 'https://{host}/oauth/authorize', scopes: [{name: 'tickets.read', words: 'See tickets', required: true}, {name: 'tickets.write', words: 'Open tickets'}],
    covers: {'tickets.all': ['tickets.read', 'tickets.write']}},
  token: {url: 'https://{host}/oauth/token'},
  vars: {site: {from: 'callback', default: 'main', words: 'the site'}}, callback: {capture: {site: 'site'}},
  identity: {path: '/me', key: [{path: 'id'}], name: 'name'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}, errors: [{code: 'MISSING_SCOPES', means: 'scope'}]},
  actions: {
    look: {title: 'Look', inputs: {}, requests: [{path: '/ticket', success: [200]}], output: {title: 'answer.title'}},
    open: {title: 'Open', writes: true, inputs: {}, requests: [{method: 'POST', path: '/tickets', body: {title: 'A lamp'}, success: [201]}], output: {id: 'answer.id'}},
  },
};

describe('scopes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const peer = new OauthPeer('deskly', row());
  let w, ana, ben;

  before(async () => {
    await peer.start();
    writeFileSync(join(dir, 'deskly.json'), JSON.stringify(DEFINITION));
    w = await start({env: {WORKBOT_APPS_DIR: dir}, trusted: [peer.host]});
    peer.client.redirects = [(await asks('tickets.read')).redirect_uri];
    const step = action => ({id: action, connection: 'it', action, with: {}});
    const recipe = (name, steps, text) => w.putRecipe(ACME, {name, title: `Deskly ${name}`, command: `deskly ${name}`, allow: 'everyone', inputs: [],
      connections: {it: {use: 'acme-deskly', verify_user_access: true}}, steps: steps.map(step), reply: {text}});
    await recipe('look', ['look'], 'It is {{steps.look.title}}');
    await recipe('open', ['open'], 'Opened {{steps.open.id}}');
    await recipe('both', ['look', 'open'], 'After {{steps.look.title}} opened {{steps.open.id}}');
    [ana, ben] = ['ana', 'ben'].map(n => w.person(n));
    await connects(ana);
  });
  beforeEach(() => {
    peer.forget();
    peer.faults = [];
  });
  after(async () => {
    await w?.stop();
    await peer.stop();
    rmSync(dir, {recursive: true});
  });

  /** What an admin asks for from now on, and the peer expects in a login. */
  function asks(...scopes) {
    return asksWith({}, ...scopes);
  }
  function asksWith(more, ...scopes) {
    peer.row.authorize.scopes = scopes;
    return w.must('PUT', `/workspaces/${ACME}/connections/acme-deskly`, {app: 'deskly', host: peer.host, client_id: peer.client.id, client_secret: peer.client.secret,
      scopes, assurance: 'code', account_match: 'off', ...more});
  }
  async function logIn(person, prompt) {
    await person.browser.get(loginUrl(prompt));
    await person.browser.submit();
    assert.ok(person.browser.code, `no code on: ${person.browser.text}\n${peer.faults.join('\n')}`);
    return person.browser.code;
  }
  async function connects(person) {
    const asked = await person.ask('connect deskly', /Deskly/);
    if (labels(asked).includes('Log in again')) await person.press(asked, 'Log in again');
    const prompt = await person.sees(m => m.is_bot && loginUrl(m));
    await person.ask(await logIn(person, prompt), /is connected/);
    await w.idle();
  }
  const anas = () => w.one("select id, state, reason, scopes, generation::int, tokens is not null as kept from connection where user_id = 'U0ANA0001' and default_name = 'acme-deskly'");
  const prompts = () => w.count('login', "state = 'open'");
  const list = async (fits) => ana.ask('connections', fits);
  const told = fits => until(`the admins to be told ${fits}`, async () => (await ben.messages()).some(m => fits.test(words(m))));

  test('a scope that an admin adds stops nobody; the list says what is wanted, and offers the login', async () => {
    const was = await anas();
    await asks('tickets.read', 'tickets.write');
    assert.deepEqual(await anas(), was);
    await ana.ask('deskly look', /It is A broken lamp/);
    const shown = await list(/Deskly wants your consent to: Open tickets \(an admin added it\)/);
    assert.ok(labels(shown).includes('Log in again'), JSON.stringify(labels(shown)));
    assert.equal(await prompts(), 0);
  });

  test('the command that needs it waits behind a prompt with the reason, the rest goes on, and it continues after the login', async () => {
    const was = await anas();
    const prompt = await ana.prompt('deskly both');
    assert.match(words(prompt), /Deskly needs your consent to more: Open tickets \(an admin added it\)\..*You stay connected as Ana of Deskly, and everything else goes on/s);
    await w.idle();
    assert.equal(peer.count('refresh'), 0);
    assert.equal((await anas()).generation, was.generation);
    await ana.ask('deskly look', /It is A broken lamp/);
    await ana.say(await logIn(ana, prompt));
    await ana.sees(/After A broken lamp opened t8/);
    await w.idle();
    assert.deepEqual([peer.count('read'), peer.count('write')], [2, 2], 'no step that was done is done again');
    const now = await anas();
    assert.deepEqual([now.id, now.state, now.reason, now.scopes], [was.id, 'active', null, ['tickets.read', 'tickets.write']]);
    await ana.ask('deskly open', /Opened t8/);
    assert.doesNotMatch(words(await list(/Deskly/)), /wants your consent/);
    assert.deepEqual(peer.faults, []);
  });

  test('scopes that are taken away ask nobody', async () => {
    await asks('tickets.read');
    assert.doesNotMatch(words(await list(/Deskly/)), /wants your consent/);
    await ana.ask('deskly open', /Opened t8/);
    assert.equal(await prompts(), 0);
  });

  test('a scope that no login asks for is nothing to ask a person for: plain words, and the admins are told', async () => {
    await connects(ana); // with what is asked for by then
    await ana.ask('deskly open', /Deskly does not let Workbot do this with the login that it has: a permission is missing.*An admin of Workbot must look/);
    await told(/acme-deskly.*a login does not allow what a command needs/);
    assert.equal(await prompts(), 0);
    assert.equal(await w.count('run', "state = 'parked'"), 0);
    assert.equal((await anas()).state, 'active');
  });

  for (const [way, lacks] of [['in the body of a 403', BY_BODY], ['by a row of the definition', BY_ROW]]) {
    test(`the app may say it ${way}`, async () => {
      await asks('tickets.read');
      await connects(ana);
      await asks('tickets.read', 'tickets.write');
      peer.row.api.lacks = lacks;
      const prompt = await ana.prompt('deskly open');
      assert.match(words(prompt), /Deskly needs your consent to more: Open tickets/);
      await ana.say(await logIn(ana, prompt));
      await ana.sees(m => m.ts >= prompt.ts && /Opened t8/.test(words(m)));
      await w.idle();
      assert.equal(peer.count('refresh'), 0);
    });
  }

  test('no loop: what the new login lacks again is a failure in plain words, and the next command asks for nothing', async () => {
    peer.row.api.lacks = BY_HEADER;
    await asks('tickets.read');
    await connects(ana);
    await asks('tickets.read', 'tickets.write');
    await w.query("delete from notice where key like '%app_scope%'"); // an hour has passed
    peer.withheld = ['tickets.write'];
    const [before] = (await ben.messages()).map(m => m.ts).sort().slice(-1);
    const prompt = await ana.prompt('deskly open');
    await ana.say(await logIn(ana, prompt));
    await ana.sees(m => m.ts >= prompt.ts && /does not let Workbot do this/.test(words(m)));
    await until('the admins to be told', async () => (await ben.messages()).some(m => m.ts > before && /a login does not allow what a command needs[^]*It says that this needs tickets\.write \(Open tickets\)/.test(words(m))));
    assert.equal((await anas()).reason, 'scope_refused');
    await ana.ask('deskly open', /does not let Workbot do this/);
    assert.equal(await prompts(), 0);
    await ana.ask('deskly look', /It is A broken lamp/);
    peer.expire();
    await ana.ask('deskly look', /It is A broken lamp/);
    assert.equal((await anas()).reason, 'scope_refused', 'a refresh changes nothing about it');
    await list(/Connected: the app did not allow all that is asked for.*wants your consent to: Open tickets/s);
  });

  test('and a person who allows it at a login of their own has it', async () => {
    peer.withheld = [];
    const shown = await list(/wants your consent/);
    await ana.press(shown, 'Log in again');
    const prompt = await ana.sees(m => m.is_bot && loginUrl(m));
    assert.match(words(prompt), /Deskly needs your consent to more: Open tickets/);
    await ana.ask(await logIn(ana, prompt), /is connected/);
    await ana.ask('deskly open', /Opened t8/);
    assert.equal((await anas()).reason, null);
  });

  test('an app that does not name what it granted granted what was asked for', async () => {
    peer.row.token.scopes = null;
    await asks('tickets.read');
    await connects(ana);
    assert.deepEqual((await anas()).scopes, ['tickets.read']);
    await asks('tickets.read', 'tickets.write');
    await list(/wants your consent to: Open tickets/);
    const prompt = await ana.prompt('deskly open');
    await ana.say(await logIn(ana, prompt));
    await ana.sees(m => m.ts >= prompt.ts && /Opened t8/.test(words(m)));
    peer.row.token.scopes = ' ';
    await w.idle();
  });

  for (const [what, said, prepare] of [
    ['an account of another place', /This account is in another place.*choose that place/s, () => { peer.says = {site: 'elsewhere'}; }],
    ['no account', /The app did not say who you are.*allow all that the app asks you for/s, () => { peer.row.identity.answer = {odd: true}; }],
  ]) {
    test(`a login that leads to ${what}: the page says what to do, and nothing is connected`, async () => {
      const {says, row: {identity: {answer}}} = peer;
      await asksWith({vars: {site: 'main'}}, 'tickets.read', 'tickets.write');
      const was = await anas();
      prepare();
      const asked = await ana.ask('connect deskly', /Deskly/);
      if (labels(asked).includes('Log in again')) await ana.press(asked, 'Log in again');
      const prompt = await ana.sees(m => m.is_bot && m.ts >= asked.ts && loginUrl(m));
      await ana.browser.get(loginUrl(prompt));
      await ana.browser.submit();
      assert.match(ana.browser.text, said);
      peer.says = says;
      peer.row.identity.answer = answer;
      assert.deepEqual(await anas(), was);
      await asks('tickets.read', 'tickets.write');
      await ana.ask('cancel', /./);
      await connects(ana);
    });
  }

  test('who granted a scope that covers others is asked for none of them, and for what it does not cover', async () => {
    await asks('tickets.all');
    await connects(ana); // tickets.read, which is required, is in it
    assert.deepEqual((await anas()).scopes, ['tickets.all']);
    await asks('tickets.read', 'tickets.write');
    assert.doesNotMatch(words(await list(/Deskly/)), /wants your consent/);
    peer.grant.scopes = ['tickets.read', 'tickets.write']; // what the peer makes of it
    await ana.ask('deskly both', /After A broken lamp opened t8/);
    assert.equal(await prompts(), 0);
    await asks('tickets.read', 'tickets.close');
    await list(/Deskly wants your consent to: tickets\.close \(an admin added it\)/);
    await asks('tickets.read', 'tickets.write');
    await connects(ana);
  });

  test('two people whose logins bring less than the definition requires: each reads so in private, and the admins once', async () => {
    const cleo = w.person('cleo');
    const notices = async () => (await ben.messages()).filter(m => /acme-deskly.*does not allow all that the app's definition requires/s.test(words(m)));
    const mine = async person => (await person.messages()).filter(m => /You were not connected to Deskly: not all was allowed that your commands need/.test(words(m)));
    const lacking = async person => {
      const asked = await person.ask('connect deskly', /Deskly/);
      if (labels(asked).includes('Log in again')) await person.press(asked, 'Log in again');
      const prompt = await person.sees(m => m.is_bot && m.ts >= asked.ts && loginUrl(m));
      await person.browser.get(loginUrl(prompt));
      await person.browser.submit();
      assert.equal(person.browser.code, null);
      assert.match(person.browser.text, /tickets\.read|See tickets/, 'the page says what is missing');
      await person.sees(m => m.ts === prompt.ts && /You were not connected to Deskly: not all was allowed/.test(words(m)));
      await w.idle();
    };
    const was = await anas();
    peer.withheld = ['tickets.read'];
    await lacking(cleo);
    const [first, ...more] = await notices();
    assert.match(words(first), /Nobody was connected\. Please see to it that the client may ask for it/);
    assert.match(words(first), /tickets\.read/, 'it names what was not granted');
    assert.deepEqual([more.length, (await mine(cleo)).length, (await mine(ana)).length], [0, 1, 0]);
    await lacking(ana);
    assert.deepEqual([(await notices()).length, (await mine(cleo)).length, (await mine(ana)).length], [1, 1, 1]);
    assert.deepEqual(await anas(), was, 'who was connected before stays so');
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and default_name = 'acme-deskly' and tokens is not null"), 0);
    peer.withheld = [];
    await connects(cleo);
    await ana.ask('cancel', /./);
    await w.idle();
  });

  test('a refresh that is refused in an unknown way keeps the tokens, says why, tells the admins, and comes back by itself after its pause', async () => {
    peer.expire();
    peer.next('refresh', 'error', {answer: {status: 418, body: {error: 'odd_refusal'}}});
    await ana.ask('deskly look', /Your Deskly connection needs attention/);
    const {state, reason, kept} = await anas();
    assert.deepEqual([state, reason, kept], ['needs_attention', 'refresh_refused', true]);
    await told(/acme-deskly.*refuses to renew a login, in a way that I do not know/);
    await ana.ask('deskly look', /Deskly refuses to renew your connection without saying that it has ended/);
    await list(/Needs attention: the app refuses to renew it/);
    assert.equal(peer.count('refresh'), 1, 'nothing is asked for during the pause');
    await w.query("update connection set cool_until = now() - interval '1 second' where cool_until is not null");
    await ana.ask('deskly look', /It is A broken lamp/);
    assert.equal(peer.count('refresh'), 2);
    assert.deepEqual([(await anas()).state, (await anas()).reason], ['active', null]);
    assert.equal(await prompts(), 0);
    assert.deepEqual(peer.faults, []);
  });
});
