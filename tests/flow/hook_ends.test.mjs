// How a run ends that an app's event began, and so nobody: a write whose answer was lost is put to the admins with both
// choices (P10), and what failed is told with a button that runs it again. Nothing is dropped in silence.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, labels, start, until, words} from '../lib/flow.mjs';

const NAME = 'acme-salesforce', CHANNEL = 'C0SALES01';
const recipe = (name, more) => ({name, title: `Keep ${name}`, trigger: {hook: 'deals'}, connections: {sf: {use: NAME}}, post: {channel: CHANNEL},
  steps: [{id: 'kept', connection: 'sf', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{hook.data.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
  reply: {text: 'Kept {{hook.data.name}}'}, ...more});

describe('hooks: how a run of nobody ends', () => {
  let w, ana, ben, cleo, hook;
  const named = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const tell = async name => {
    assert.equal((await w.sandbox('POST', '/_hook', {kind: 'plain', url: hook.url, secret: hook.secret, body: {id: name, name}})).taken, true);
    await w.idle();
  };
  const posted = async text => (await ana.messages('sales')).filter(m => m.is_bot && words(m).includes(text)).length;
  const onRecord = async action => (await w.query('select actor, subject, detail from audit where action = $1 order by id', [action])).map(a => [a.actor, a.detail.said ?? 'again']);
  const states = async () => (await w.query("select state from run where user_id = '' order by id")).map(r => r.state);
  const questions = async p => (await p.messages()).filter(m => m.is_bot && labels(m).includes('It happened'));

  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0BEN0001', 'U0CLEO001']});
    await w.authorize(ACME, NAME, 'ben@acme.example');
    hook = await w.must('PUT', `/workspaces/${ACME}/hooks/deals`, {kind: 'json', event_id: {path: 'id'}});
    await w.putRecipe(ACME, recipe('deal'));
    for (const p of [ana, ben, cleo]) await p.ask('help', /What can I do|can do/);
  });
  after(() => w?.stop());

  test('P10 a write whose answer was lost: every admin is asked, and nobody else; the first press counts', async () => {
    await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Lost once');
    const mine = await ben.sees(/Keep deal may have happened or not/), hers = await cleo.sees(/Keep deal may have happened or not/);
    assert.deepEqual(labels(mine), ['It happened', 'It did not: run it again']);
    assert.match(words(mine), /recipe deal/);
    assert.deepEqual(await states(), ['unknown']);
    // somebody who is no admin has no such button, and forges one
    assert.deepEqual(await questions(ana), []);
    const own = await ana.ask('connections', m => labels(m).length > 0);
    await ana.forge(own, 'unknown_again', button(mine, 'It happened').value);
    await ana.sees(/Only an admin of Workbot can decide this/);
    await w.idle();
    assert.deepEqual([await states(), await named('Lost once')], [['unknown'], 1]);
    await ben.press(mine, 'It happened', {times: 2});
    await ben.sees(m => m.ts === mine.ts && /Noted: it had happened/.test(words(m)) && labels(m).length === 0);
    await cleo.press(hers, 'It did not: run it again');
    await cleo.sees(m => m.ts === hers.ts && /Ben.* was first/.test(words(m)) && labels(m).length === 0);
    await w.idle();
    assert.deepEqual([await states(), await named('Lost once'), await posted('Kept Lost once')], [['done'], 1, 0]);
    assert.deepEqual(await onRecord('run.settled'), [['user:U0BEN0001', 'it_happened']]);
  });

  test('P10 several of them: one question at a time, and none is lost; "run it again" does it once', async () => {
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 2});
    for (const name of ['Cut 1', 'Cut 2']) {
      await tell(name);
      await until(`${name} to be unknown`, async () => (await states()).at(-1) === 'unknown');
    }
    await w.idle();
    assert.equal((await questions(ben)).length, 1);
    const first = await cleo.sees(m => labels(m).includes('It happened'));
    await cleo.press(first, 'It did not: run it again');
    await cleo.sees(m => m.ts === first.ts && /Running it again/.test(words(m)));
    const second = await cleo.sees(m => labels(m).includes('It happened') && m.ts > first.ts);
    await w.idle();
    assert.deepEqual([await named('Cut 1'), await posted('Kept Cut 1'), await named('Cut 2')], [1, 1, 0]);
    await cleo.press(second, 'It did not: run it again', {times: 2});
    await w.idle();
    assert.deepEqual([await named('Cut 2'), await posted('Kept Cut 2')], [1, 1]);
    assert.deepEqual((await questions(cleo)).length, 0);
    // and the next one is asked about at once
    await w.fault('cut', {method: 'POST', path: '/sobjects/', times: 1});
    await tell('Cut 3');
    const third = await ben.sees(m => labels(m).includes('It happened') && m.ts > second.ts);
    await ben.press(third, 'It happened');
    await w.idle();
    assert.ok((await states()).every(s => s === 'done'));
  });
});
