// What a run that decides for all has written counts, however it ends; what it has not written decides nothing (P2, P10, P11).
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, create, labels, start, until, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const step = (id, action, withs, more) => ({id, connection: 'salesforce', action, with: withs, ...more});
const needed = name => ({name, required: true});
const recipe = (name, inputs, steps, text, buttons) => ({name, title: `To ${name}`, command: `deal ${name}`, allow: 'everyone', connections: SALESFORCE,
  inputs, steps, reply: {text, ...(buttons ? {buttons} : {})}});
const wait = text => ({id: 'ok', wait: {text, buttons: [{title: 'Yes', value: 'yes'}, {title: 'No', value: 'no'}]}});
const update = (id, stage, more) => step(id, 'update_record', {object: 'Opportunity', id: '{{inputs.item}}', fields: {StageName: stage}}, more);
const make = (id, name, more) => step(id, 'create_record', {object: 'Opportunity', fields: {Name: name, StageName: 'Prospecting', CloseDate: '2026-12-31'}}, more);
const decides = (title, name, word) => ({title, command: `deal ${name}`, inputs: {item: '{{inputs.item}}'}, decides: word});
const FIND = step('q', 'query', {soql: 'SELECT Id FROM Opportunity LIMIT 1'});
const OK = {when: {path: 'steps.ok.value', is: 'equal', value: 'yes'}};
const item = [needed('item')];
const APPROVE = step('a', 'approve', {work_item: '{{inputs.item}}'});
const RECIPES = [
  recipe('submit', [needed('id'), needed('approver')], [step('s', 'submit_for_approval', {record: '{{inputs.id}}', approver: '{{inputs.approver}}'})], 'Submitted'),
  recipe('win', item, [update('u', 'Closed Won'), wait('Tell the team?'), FIND], 'It is won'),
  recipe('lose', item, [update('u', 'Closed Lost')], 'It is lost'),
  recipe('okay', item, [APPROVE, wait('Tell the team?'), FIND], 'Okayed'),
  recipe('sure', item, [wait('Are you sure?'), {...APPROVE, ...OK}], 'You said {{steps.ok.value}}'),
  recipe('noted', item, [make('n', 'Note on {{inputs.item}}'), wait('Are you sure?'), {...APPROVE, ...OK}], 'You said {{steps.ok.value}}'),
  recipe('two', item, [make('n', 'Two {{inputs.item}}'), update('u', 'No such stage, and far too long '.repeat(20))], 'Both'),
  recipe('one', item, [make('n', 'One {{inputs.item}}')], 'It is made'),
  recipe('look', item, [FIND], 'Looked'),
];
const OFFERS = [
  recipe('offer', item, [FIND], 'Decide {{inputs.item}}', [decides('Win', 'win', 'won'), decides('Lose', 'lose', 'lost')]),
  recipe('ask', item, [FIND], 'Decide {{inputs.item}}', [decides('Approve', 'okay', 'approved')]),
  recipe('surely', item, [FIND], 'Decide {{inputs.item}}', [decides('Approve', 'sure', 'approved')]),
  recipe('notes', item, [FIND], 'Decide {{inputs.item}}', [decides('Approve', 'noted', 'approved')]),
  recipe('twice', item, [FIND], 'Decide {{inputs.item}}', [decides('Do both', 'two', 'done')]),
  recipe('once', item, [FIND], 'Decide {{inputs.item}}', [decides('Do it', 'one', 'done')]),
];

for (const chat of ['slack', 'teams']) {
  describe(`what a deciding run has written counts, in ${chat}`, () => {
    let w, ana, ben, cleo;
    const teams = chat === 'teams';
    const workspace = teams ? TEAMS_ACME : ACME;
    const OPEN = teams ? 'deals' : 'sales'; // a channel of all three
    before(async () => {
      w = await start({teams: teams ? 'only' : false});
      [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => (teams ? w.teamsPerson(n) : w.person(n)));
      for (const r of [...RECIPES, ...OFFERS]) await w.putRecipe(workspace, r);
      await ana.connect();
      await cleo.connect();
    });
    after(() => w?.stop());

    const records = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name));
    const deal = async name => {
      await ana.ask(create(name), new RegExp(`Created ${name}`));
      return (await records(name))[0].id;
    };
    const stage = async id => (await w.records()).find(r => r.id === id).fields.StageName;
    /** A deal that waits for Cleo: {item, status()}. */
    const waiting = async name => {
      const id = await deal(name);
      await ana.ask(`deal submit id: ${id} approver: 005xx000000CLE1AAO`, /Submitted/);
      const {id: process} = (await w.records('ProcessInstance')).find(r => r.fields.TargetObjectId === id);
      return {item: (await w.records('ProcessInstanceWorkitem')).find(r => r.fields.ProcessInstanceId === process).id,
        status: async () => (await w.records('ProcessInstance')).find(r => r.id === process).fields.Status};
    };
    const offer = async (name, about) => {
      const said = await ana.say(`@Workbot deal ${name} item: ${about}`, {place: OPEN});
      const m = await ana.sees(x => x.is_bot && labels(x).length > 0 && words(x).includes(`Decide ${about}`), {place: OPEN, after: said.ts});
      await w.idle();
      return m;
    };
    const shown = async m => (await w.idle(), (await ana.messages(OPEN)).find(x => x.ts === m.ts));
    const press = async (who, m, title) => (await who.press(m, title), w.idle());
    const place = teams ? 'dm' : OPEN; // where what is for one person alone stands
    const asked = async (who, pattern) => who.sees(x => x.is_bot && labels(x).includes('Yes') && pattern.test(words(x)), {place});
    const last = name => w.one("select id, state, error_code from run where recipe = $1 order by created_at desc limit 1", [name]);

    test('P10 one that has written and waits for a press still has the decision', async () => {
      const id = await deal('Won once');
      const m = await offer('offer', id);
      await press(ana, m, 'Win');
      assert.deepEqual([(await last('win')).state, await stage(id)], ['parked', 'Closed Won']);
      await press(cleo, m, 'Lose');
      await cleo.sees(/Ana[\s\S]* is just deciding this/, {place});
      assert.equal(await stage(id), 'Closed Won', 'the other one wrote nothing');
      assert.equal(await w.count('run', "recipe = 'lose'"), 0);
      await press(ana, await asked(ana, /Tell the team/), 'Yes');
      await ana.sees(/It is won/, {place});
      const now = await shown(m);
      assert.match(words(now), /Won by Ana/);
      assert.deepEqual(labels(now), []);
    });

    test('P2 P11 where the approval was skipped nobody has approved, and the message stays as it was', async () => {
      const {item, status} = await waiting('Said no');
      const m = await offer('surely', item);
      await press(cleo, m, 'Approve');
      await press(cleo, await asked(cleo, /Are you sure/), 'No');
      await cleo.sees(/You said no/, {place});
      const now = await shown(m);
      assert.equal(await status(), 'Pending');
      assert.doesNotMatch(words(now), /Approved/);
      assert.ok(labels(now).includes('Approve'));
      await press(ana, m, 'Approve');
      await press(ana, await asked(ana, /Are you sure/), 'Yes');
      await ana.sees(/waits for somebody else/, {place});
      assert.ok(labels(await shown(m)).includes('Approve'), 'others could go on');
    });

    test('P2 where a recipe approves, nothing else that it writes is an approval', async () => {
      const {item, status} = await waiting('Noted only');
      const m = await offer('notes', item);
      await press(cleo, m, 'Approve');
      assert.equal((await last('noted')).state, 'parked');
      await press(cleo, (await cleo.messages(place)).findLast(x => labels(x).includes('No') && /Are you sure/.test(words(x))), 'No');
      assert.equal((await last('noted')).state, 'done');
      assert.equal((await records(`Note on ${item}`)).length, 1);
      assert.equal(await status(), 'Pending');
      assert.doesNotMatch(words(await shown(m)), /Approved/);
      assert.ok(labels(await shown(m)).includes('Approve'));
    });

    for (const [how, end] of [
      ['cancelled', async () => { await cleo.say('cancel'); }],
      ['expired', async () => { await w.query("update run set expires_at = now() - interval '1 second' where recipe = 'okay' and state = 'parked'"); }],
    ]) {
      test(`P10 an approval stands when its run is ${how} afterwards`, async () => {
        const {item, status} = await waiting(`It is ${how}`);
        const m = await offer('ask', item);
        await press(cleo, m, 'Approve');
        assert.deepEqual([(await last('okay')).state, await status()], ['parked', 'Approved']);
        await end();
        await until(how, async () => (await last('okay')).state === how);
        const now = await shown(m);
        assert.match(words(now), /Approved by Cleo/);
        assert.deepEqual(labels(now), []);
      });
    }

    test('P10 an approval stands when its run expires and nobody can be told', async () => {
      const {item, status} = await waiting('It is untold');
      const m = await offer('ask', item);
      await press(cleo, m, 'Approve');
      assert.deepEqual([(await last('okay')).state, await status()], ['parked', 'Approved']);
      await w.query("update message set body = '\\x00' where id = (select message_id from run where recipe = 'okay' and state = 'parked')");
      await w.query("update run set expires_at = now() - interval '1 second' where recipe = 'okay' and state = 'parked'");
      await until('its end', async () => (await last('okay')).state === 'expired');
      const runs = await w.count('run', "recipe = 'okay'");
      await press(ana, m, 'Approve');
      await ana.sees(/Nothing is left to do here:[\s\S]*Approved by Cleo/, {place});
      assert.equal(await w.count('run', "recipe = 'okay'"), runs, 'nothing is begun');
    });

    test('P10 of two writes the second fails: the first counts, and nobody makes it again', async () => {
      const id = await deal('Half');
      const m = await offer('twice', id);
      await w.fault('5xx', {method: 'PATCH', path: '/sobjects/', times: 1, status: 400});
      await press(cleo, m, 'Do both');
      assert.equal((await last('two')).state, 'failed');
      assert.equal((await records(`Two ${id}`)).length, 1);
      const now = await shown(m);
      assert.match(words(now), /Done by Cleo/);
      assert.deepEqual(labels(now), []);
      await cleo.sees(/Made before that, and still there/, {place});
    });

    test('a command that writes nothing decides nothing, and its author is told', async () => {
      const put = await w.putRecipe(workspace, recipe('idle', item, [FIND], 'Decide {{inputs.item}}', [decides('Seen', 'look', 'seen'), decides('Lose', 'lose', 'lost')]));
      assert.match(put.text, /reply\.buttons\[0\]\.decides[\s\S]*writes nothing/);
      assert.doesNotMatch(put.text, /reply\.buttons\[1\]/);
      const id = await deal('Only seen');
      const m = await offer('idle', id);
      await press(cleo, m, 'Seen');
      assert.equal((await last('look')).state, 'done');
      assert.doesNotMatch(words(await shown(m)), /Seen by/);
      await press(cleo, m, 'Lose');
      assert.match(words(await shown(m)), /Lost by Cleo/);
    });

    if (!teams) {
      const leaves = async who => {
        await w.sandbox('POST', '/_user', {user: who, workspace: 'T0ACME001', set: {deleted: true}, deliver: true});
        await w.idle();
      };

      test('P10 of a leaver whose answer was lost the next one reads before the press that it may have happened', async () => {
        const id = await deal('Left unknown');
        const m = await offer('once', id);
        await w.fault('lost', {method: 'POST', path: '/sobjects/', times: 1});
        await press(cleo, m, 'Do it');
        await until('the answer to be given up', async () => (await last('one')).state === 'unknown');
        await w.idle();
        await press(ana, m, 'Do it');
        await ana.sees(/Cleo[\s\S]* is just deciding this/, {place});
        assert.equal((await records(`One ${id}`)).length, 1);
        await leaves('U0CLEO001');
        await until('the end', async () => (await last('one')).state === 'cancelled');
        const now = await shown(m);
        assert.match(words(now), /Cleo[\s\S]* pressed[\s\S]*Do it[\s\S]*the answer got lost: it may have happened/);
        assert.ok(labels(now).includes('Do it'), 'somebody who has looked goes on');
      });

      test('P10 of a leaver who had approved the approval stands', async () => {
        const id = await deal('Left won');
        const m = await offer('offer', id);
        await press(ana, m, 'Win');
        assert.equal((await last('win')).state, 'parked');
        await leaves('U0ANA0001');
        await until('the end', async () => (await last('win')).state === 'cancelled');
        await w.idle();
        const now = (await ben.messages(OPEN)).find(x => x.ts === m.ts);
        assert.match(words(now), /Won by Ana/);
        assert.deepEqual(labels(now), []);
      });
    }
  });
}
