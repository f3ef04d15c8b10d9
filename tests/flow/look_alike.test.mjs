// P7 at an app that says the same of a dead grant and of a wrong client secret: a refresh of the default
// connection with the same client decides; if that cannot, nobody is disconnected.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, afterEach, before, describe, test} from 'node:test';
import {ACME, ROOT, start, until, words} from '../lib/flow.mjs';

const FIND = 'lookalike find opportunity name: zzz';

describe('P7 look-alikes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, ana, ben;
  before(async () => {
    const app = JSON.parse(readFileSync(join(ROOT, 'service/apps/definitions/salesforce.json'), 'utf8'));
    app.name = 'lookalike';
    app.title = 'Lookalike';
    app.token.errors = [{code: 'invalid_grant', grant: 'refresh', means: 'dead', unless_client_refused: true},
      {code: 'invalid_client', grant: 'refresh', means: 'dead', unless_client_refused: true}];
    writeFileSync(join(dir, 'lookalike.json'), JSON.stringify(app));
    w = await start({env: {WORKBOT_APPS_DIR: dir}});
    const demo = file => JSON.parse(readFileSync(join(ROOT, 'tests/demo/acme', file), 'utf8').replace('@SALESFORCE_HOST@', w.salesforceHost));
    await w.putConnection(ACME, 'acme-lookalike', {...demo('connections/acme-salesforce.json'), name: undefined, app: 'lookalike', account_match: 'off'});
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {'3MVG9sampleAcme0001': {redirect_uris: w.clientRedirects['3MVG9sampleAcme0001']}}}});
    await w.putRecipe(ACME, {...demo('recipes/find-opportunities.json'), name: 'look', command: 'lookalike find opportunity',
      connections: {salesforce: {use: 'acme-lookalike', verify_user_access: true}}});
    [ana, ben] = ['ana', 'ben'].map(n => w.person(n));
    await w.authorize(ACME, 'acme-lookalike', 'ben@acme.example');
    await ana.ask(await ana.browse(await ana.prompt('connect lookalike')), /is connected/);
    await w.idle();
  });
  afterEach(() => w.sandbox('DELETE', '/_faults'));
  after(async () => {
    await w?.stop();
    rmSync(dir, {recursive: true});
  });

  const later = async () => {
    await w.query('update connection set cool_until = now() where cool_until is not null');
    await w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
  };
  const OWN = "user_id = '' and default_name = 'acme-lookalike'", ANA = "user_id = 'U0ANA0001'";
  const row = who => w.one(`select state, reason, generation::int from connection where ${who}`);
  const notices = async () => (await ben.messages()).filter(m => /does not say whether/.test(words(m)));
  const expire = () => w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${ANA}`);

  test('apps_trap_05_wrong_secret P7 the secret is refused and it looks like a dead grant: nobody is disconnected, the admins are told once', async () => {
    await w.fault('client_secret_refused', {path: 'oauth2/token', times: -1});
    for (let i = 0; i < 2; i++) {
      await later();
      await expire();
      const told = await ana.ask(FIND, /did not work/);
      assert.match(words(told), /An admin must look; your own login is untouched/);
    }
    await w.idle();
    assert.equal((await row(ANA)).state, 'active');
    assert.equal((await row(OWN)).state, 'active');
    assert.equal((await notices()).length, 1);
    assert.match(words((await notices())[0]), /acme-lookalike.*Nobody was disconnected/s);
    await w.sandbox('DELETE', '/_faults');
    await later();
    await ana.ask(FIND, /0 found/);
  });

  test('apps_trap_05_not_known P7 the deciding refresh meets an outage: nothing is known, the command waits and goes on', async () => {
    await w.fault('client_secret_refused', {path: 'oauth2/token'});
    await w.fault('5xx', {path: 'oauth2/token', skip: 1});
    await expire();
    const fired = await w.fired('5xx');
    const said = await ana.say(FIND);
    await until('the deciding refresh to have met it', async () => await w.fired('5xx') > fired);
    await until('the command to go on', async () => {
      await later();
      return (await ana.messages()).some(m => m.ts > said.ts && /0 found/.test(words(m)));
    });
    assert.equal((await row(ANA)).state, 'active');
    assert.equal(await w.count('login', `${ANA} and state = 'open'`), 0);
  });

  test('apps_trap_05_dead P7 the default connection refreshes with the same client: the grant is dead, and its user is asked', async () => {
    const own = (await row(OWN)).generation;
    await w.fault('grant_revoked', {path: '/query'});
    const prompt = await ana.prompt(FIND);
    assert.deepEqual(await row(ANA).then(r => [r.state, r.reason]), ['needs_login', 'ended_at_app']);
    assert.deepEqual(await row(OWN).then(r => [r.state, r.generation]), ['active', own + 1], 'by a refresh of its own');
    await ana.say(await ana.browse(prompt));
    await ana.sees(m => m.ts === prompt.ts && /0 found/.test(words(m)));
    assert.equal((await notices()).length, 1, 'no admin hears of that');
  });

  test('apps_trap_05_none P7 nothing can decide: a configuration fault, nobody is disconnected', async () => {
    await w.query(`delete from connection where ${OWN}`);
    await w.query('delete from notice');
    await w.fault('grant_revoked', {path: '/query'});
    const told = await ana.ask(FIND, /did not work/);
    assert.match(words(told), /does not say whether your login there has ended or Workbot's own sign-in data are wrong/);
    assert.equal((await row(ANA)).state, 'active');
    await until('the admins to be told', async () => (await notices()).length === 2);
    await later();
    await ana.ask('disconnect lookalike', /Your connections/);
    await ana.ask(await ana.browse(await ana.prompt('connect lookalike')), /is connected/);
    await ana.ask(FIND, /0 found/);
  });
});
