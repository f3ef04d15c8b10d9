// P10: a write whose answer was lost is not repeated blindly; the user is asked.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

describe('P10 lost answers', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  const named = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const onRecord = async reference => (await w.query('select actor, action, detail from audit where subject = $1 order by id', [reference]))
    .map(a => [a.actor, a.action, a.detail.outcome ?? a.detail.said]);
  const lose = async (name, fault = 'lost') => {
    await w.fault(fault, {method: 'POST', path: '/sobjects/', times: 1});
    return ana.ask(create(name), /may have happened or not/);
  };

  test('P10 the answer is lost after the effect: one record, the run is unknown, two buttons', async () => {
    const asked = await lose('Lost once');
    assert.deepEqual(labels(asked), ['It happened', 'It did not: run it again']);
    assert.match(words(asked), /Lost once/);
    const [, reference] = /(WB-\w+)/.exec(words(asked));
    await w.idle();
    assert.equal(await named('Lost once'), 1);
    const run = (await w.must('GET', `/workspaces/${ACME}/runs?reference=${reference}`));
    assert.match(run.text, /"state":"unknown"/);
    // "It happened", twice: noted, nothing more
    await ana.press(asked, 'It happened', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Noted: it had happened/.test(words(m)));
    await w.idle();
    assert.equal(await named('Lost once'), 1);
    await ana.forge(asked, 'unknown_again', button(asked, 'It happened').value);
    await w.idle();
    assert.equal(await named('Lost once'), 1, 'the other button afterwards does nothing');
    assert.deepEqual(await onRecord(reference), [
      ['user:U0ANA0001', 'run.wrote', 'unknown'], ['user:U0ANA0001', 'run.settled', 'it_happened']]);
  });

  test('P10 the call never arrived: "run it again", twice, makes one record', async () => {
    const asked = await lose('Never arrived', 'cut');
    assert.equal(await named('Never arrived'), 0);
    await ana.press(asked, 'It did not: run it again', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Created Never arrived/.test(words(m)));
    await w.idle();
    assert.equal(await named('Never arrived'), 1);
    const [, reference] = /(WB-\w+)/.exec(words(asked));
    assert.deepEqual((await onRecord(reference)).map(([, action, came]) => [action, came]), [
      ['run.wrote', 'unknown'], ['run.settled', 'run_it_again'], ['run.wrote', 'done']]);
  });

  test('P10 an app that says it did not begin is asked again, and its user is not', async () => {
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 2, retry_after: 1});
    await ana.ask(create('Busy for a while'), /Created Busy for a while/);
    await w.idle();
    assert.equal(await named('Busy for a while'), 1);
    assert.equal(await w.fired('5xx'), 2);
    assert.equal(await w.count('run', "state = 'unknown'"), 0);
  });

  test('P10 a gateway between us and the app proves nothing: the user is asked', async () => {
    await w.sandbox('DELETE', '/_faults');
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 502, retry_after: 1});
    const asked = await ana.ask(create('Behind a gateway'), /may have happened or not/);
    await ana.press(asked, 'It did not: run it again');
    await ana.sees(m => m.ts === asked.ts && /Created Behind a gateway/.test(words(m)));
  });

  test('P10 in a channel the question is private', async () => {
    await w.fault('lost', {method: 'POST', path: '/sobjects/'});
    const asked = await ana.ask(`@workbot ${create('Lost in public')}`, /may have happened or not/, {place: 'sales', see: 'dm'});
    await ana.sees(/I need your word/, {place: 'sales'});
    await ana.press(asked, 'It happened');
    await w.idle();
    assert.equal(await named('Lost in public'), 1);
    assert.equal(await w.count('run', "state = 'unknown'"), 0);
  });

  test('P10 a read whose answer was lost is simply repeated', async () => {
    await w.fault('lost', {path: '/query', times: 1});
    await ana.ask('salesforce find opportunity name: Lost', /\d found/);
  });

  test('P10 "run it again" repeats the step in doubt alone, not those that are done', async () => {
    const step = (id, Name) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name, CloseDate: '2026-12-31'}}});
    await w.putRecipe(ACME, {name: 'two', title: 'Two deals', command: 'salesforce create two', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [],
      steps: [step('one', 'First of two'), step('two', 'Second of two')], reply: {text: 'Created two'}});
    await w.fault('cut', {method: 'POST', path: '/sobjects/', skip: 1});
    const asked = await ana.ask('salesforce create two', /may have happened or not/);
    assert.deepEqual([await named('First of two'), await named('Second of two')], [1, 0]);
    await ana.press(asked, 'It did not: run it again');
    await ana.sees(m => m.ts === asked.ts && /Created two/.test(words(m)));
    assert.deepEqual([await named('First of two'), await named('Second of two')], [1, 1]);
  });

  test('P10 a write that may be repeated and loses each answer: longer and longer waits, then the user is asked', async () => {
    await w.sandbox('DELETE', '/_faults');
    await ana.ask(create('To rename'), /Created To rename/);
    const {id} = (await w.records()).find(r => r.fields.Name === 'To rename');
    await w.putRecipe(ACME, {name: 'rename', title: 'Rename a deal', command: 'salesforce rename', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [{name: 'name', required: true}],
      steps: [{id: 'one', connection: 'salesforce', action: 'update_record', with: {object: 'Opportunity', id, fields: {Name: '{{inputs.name}}'}}}],
      reply: {text: 'Renamed to {{inputs.name}}'}});
    await w.fault('cut', {path: '/sobjects', times: -1});
    const said = await ana.say('salesforce rename name: Cut again');
    const attempt = n => until(`attempt ${n} to have lost its answer`, () => w.one(`select extract(epoch from run_at - now())::float8 as due_s
      from job where kind = 'run' and state = 'queued' and error_code is not null and attempts = ${n}`));
    const now = (more = '') => w.query(`update job set run_at = now()${more} where kind = 'run' and state = 'queued'`);
    for (const [n, wait_s] of [[1, 2], [2, 4], [3, 8], [4, 16]]) {
      const {due_s} = await attempt(n);
      assert.ok(due_s <= wait_s && (n === 1 || due_s > wait_s / 2), `attempt ${n} is followed by a wait of ${due_s} s`);
      await now();
    }
    await attempt(5);
    await now(', attempts = 9');
    const asked = await ana.sees(/may have happened or not/, {after: said.ts});
    await w.idle();
    assert.equal(await w.fired('cut'), 6);
    assert.equal(await w.count('job', "kind = 'run' and state = 'queued'"), 0);
    await w.sandbox('DELETE', '/_faults');
    await ana.press(asked, 'It did not: run it again');
    await ana.sees(m => m.ts === asked.ts && /Renamed to Cut again/.test(words(m)));
    assert.equal(await named('Cut again'), 1);
  });

  test('P10 what an earlier step made is told when the run ends without the rest', async () => {
    const ended = async (fault, how, what) => {
      await w.sandbox('DELETE', '/_faults');
      const before = await named('First of two');
      await w.fault(fault.name, {method: 'POST', path: '/sobjects/', skip: 1, ...fault.more});
      if (how) await w.fault('grant_revoked', {path: 'oauth2/token'});
      const waits = await ana.ask('salesforce create two', how ? m => loginUrl(m) : what);
      if (how) await how(waits);
      const end = how ? await ana.sees(m => m.ts === waits.ts && what.test(words(m))) : waits;
      assert.equal(await named('First of two'), before + 1);
      assert.doesNotMatch(words(end), /Nothing was done/i);
      assert.match(words(end), /Made before that, and still there: http\S+/);
      await w.sandbox('DELETE', '/_faults');
    };
    const expired = {name: 'token_expired'};
    await ended({name: '5xx', more: {status: 400, times: -1}}, null, /did not work/);
    await ended(expired, prompt => ana.press(prompt, 'Back'), /Cancelled: Two deals/);
    await ana.connect();
    await ended(expired, () => w.query("update run set expires_at = now() - interval '1 minute' where state = 'parked'"), /time for the login is over/);
  });
});

// The write happened, nobody but the app knows, and the run cannot go on: it is not simply "did not work".
describe('P10 lost answers of runs that cannot go on', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  const MINE = "user_id = 'U0ANA0001'", DEFAULT = "user_id = ''";
  const recipe = async (name, change) => {
    const {status, text, version, updated, ...now} = await w.must('GET', `/workspaces/${ACME}/recipes/${name}`);
    await w.putRecipe(ACME, {...now, ...change});
  };
  const count = async subject => (await Promise.all(['Opportunity', 'Task'].map(o => w.records(o)))).flat()
    .filter(r => [r.fields.Name, r.fields.Subject].includes(subject)).length;
  /** What happens between the lost answer and the run's next attempt, and what is put right after it. */
  const cases = {
    'Workbot\'s client secret is refused': {
      meanwhile: async () => {
        await w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${MINE}`);
        await w.fault('client_secret_refused', {times: -1, path: 'oauth2/token'});
      },
      after: () => w.query('update connection set cool_until = null'),
    },
    'the recipe is switched off': {
      meanwhile: () => recipe('create-opportunity', {enabled: false}),
      after: () => recipe('create-opportunity', {enabled: true}),
    },
    'the recipe is deleted': {
      meanwhile: () => w.must('DELETE', `/workspaces/${ACME}/recipes/team-note`),
      command: name => `team note text: ${name}`,
      after: () => w.load('acme', ACME, 'ben@acme.example'),
    },
    'the default connection has lost its tokens': {
      meanwhile: () => w.query(`update connection set state = 'needs_login', tokens = null where ${DEFAULT}`),
      command: name => `team note text: ${name}`,
      after: () => w.authorize(ACME, 'acme-salesforce', 'ben@acme.example'),
    },
    'the person may not run it any more': {
      meanwhile: () => recipe('create-opportunity', {allow: {users: ['U0CLEO001']}}),
      after: () => recipe('create-opportunity', {allow: 'everyone'}),
    },
    'all attempts are used up': {
      meanwhile: async () => {
        await w.query(`create table kept as select tokens from connection where ${MINE}`);
        await w.query(`update connection set tokens = '\\x00' where ${MINE}`);
        await w.query("update job set attempts = 12 where kind = 'run' and state = 'queued'");
      },
      after: () => w.query(`update connection set tokens = kept.tokens from kept where ${MINE}`),
    },
    'the login has ended at the app': {
      meanwhile: async () => {
        await w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${MINE}`);
        await w.fault('grant_revoked', {path: 'oauth2/token'});
      },
      after: async () => {},
    },
  };

  for (const [what, {meanwhile, command, after}] of Object.entries(cases)) {
    test(`P10 ${what} meanwhile: the user is asked`, async () => {
      const name = `Lost while ${what}`.replaceAll("'", '');
      await w.fault('lost', {method: 'POST', path: '/sobjects/'});
      const said = await ana.say(command ? command(name) : create(name));
      await until('the answer to be lost', async () => await count(name) === 1
        && w.count('job', "kind = 'run' and state = 'queued' and error_code is not null"));
      await meanwhile();
      await w.query("update job set run_at = now() where kind = 'run' and state = 'queued'");
      const asked = await ana.sees(/may have happened or not|did not work|Log in to/, {after: said.ts});
      await w.idle();
      await w.sandbox('DELETE', '/_faults');
      await after();
      assert.match(words(asked), /may have happened or not/);
      assert.equal(await w.count('run', "state = 'unknown'"), 1);
      await ana.press(asked, 'It happened');
      await ana.sees(m => m.ts === asked.ts && /Noted: it had happened/.test(words(m)));
      await w.idle();
      assert.equal(await count(name), 1);
    });
  }
});
