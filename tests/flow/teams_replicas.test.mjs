// Microsoft Teams over two replicas: what is pending, spent or known lives in the database, whoever takes the request.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {TEAMS_ACME, TEAMS_PEOPLE, labels, start, until, words} from '../lib/flow.mjs';

let w;
const person = name => w.teamsPerson(name);
const opportunities = async name => (await w.records()).filter(r => JSON.stringify(r).includes(name)).length;
const active = name => w.count('connection', `workspace = '${TEAMS_ACME}' and user_id = '${TEAMS_PEOPLE[name]}' and state = 'active'`);

/** Its inputs can be filled in in a dialog, and its reply has a button that runs it again. */
const DEAL = {
  name: 'deal', title: 'A deal', command: 'salesforce deal', allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
  inputs: [{name: 'name', required: true}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record',
    with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
  reply: {text: 'Made {{inputs.name}}', buttons: [{title: 'Another', command: 'salesforce deal', inputs: {name: '{{inputs.name}} again'}}]},
};

describe('P1 two replicas, one of which is killed in between', () => {
  before(async () => {
    w = await start({teams: 'only', replicas: 2});
    await w.putRecipe(TEAMS_ACME, DEAL);
  });
  after(() => w?.stop());

  test('teams_gotcha_26_a_prompt_of_one_replica_is_gone_on_with_at_the_other', async () => {
    const ana = person('ana');
    const prompt = await ana.prompt('salesforce deal name: Parked');
    await w.kill(0);
    await w.startReplica(0);
    const code = await ana.browse(prompt);
    await w.kill(1);
    await w.startReplica(1);
    await ana.ask(code, /is connected/);
    await ana.sees(/Made Parked/);
    await w.idle();
    assert.equal(await opportunities('Parked'), 1);
    assert.equal(await active('ana'), 1);
  });

  test('teams_gotcha_26_the_same_message_and_the_same_press_at_both_are_one_effect', async () => {
    const ana = person('ana');
    await ana.say('salesforce deal name: Thrice', {repeat: 4, together: true});
    const done = await ana.sees(m => m.is_bot && labels(m).includes('Another') && /Made Thrice/.test(words(m)));
    await w.idle();
    assert.equal(await opportunities('Thrice'), 1);
    await ana.press(done, 'press', {times: 4, new_ids: true});
    await until('the second record', async () => await opportunities('Thrice again') > 0);
    await w.idle();
    assert.equal(await opportunities('Thrice again'), 1);
  });

  test('teams_gotcha_26_three_wrong_codes_are_three_whoever_reads_them', async () => {
    const ben = person('ben');
    const code = await ben.browse(await ben.prompt('salesforce deal name: Guessed'));
    const wrong = code === '000000' ? '111111' : '000000';
    for (let i = 0; i < 3; i++) {
      await ben.say(wrong);
      await w.idle();
      await w.kill(i % 2);
      await w.startReplica(i % 2);
    }
    await ben.say(code);
    await w.idle();
    assert.equal(await active('ben'), 0);
    assert.equal(await opportunities('Guessed'), 0);
  });
});
