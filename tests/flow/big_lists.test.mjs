// P14 Lists of choices that are very long: what no recipe may hold is refused at the door, with what to do instead, and the
// longest recipe that is taken has forms that both chats take, where each list is searched by words.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, cardInputs, cardOf, labels, start, words} from '../lib/flow.mjs';

const BODY_MAX = 256 * 1024, LISTS = 11, ENTRIES = 500;
const options = (count, from = 0) => Array.from({length: count}, (_, i) => ({label: `City number ${i + from}`, value: `c${i + from}`}));
const recipe = inputs => ({name: 'trip', title: 'Plan a trip', command: 'trip plan', allow: 'everyone', inputs,
  connections: {sf: {use: 'acme-salesforce', verify_user_access: true}},
  steps: [{id: 'found', connection: 'sf', action: 'query', with: {soql: 'SELECT Id FROM Opportunity LIMIT 1'}}],
  reply: {text: `By way of ${inputs.map(i => `{{inputs.${i.name}}}`).join(' ')}`}});
const many = recipe(Array.from({length: LISTS}, (_, i) => ({name: `city${i}`, required: true, options: options(ENTRIES, i * 1000)})));

describe('P14 long lists of choices', () => {
  let w;
  before(async () => { w = await start({teams: true}); });
  after(() => w?.stop());
  const figure = name => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${w.replicas[0].child.pid}/status`, 'utf8'))[1]) / 1024;

  test('eight thousand in a body that is taken are refused with what to do instead, more with how many bytes are taken', async () => {
    const short = recipe([{name: 'city', options: Array.from({length: 8001}, (_, i) => ({label: `${i}`, value: `${i}`}))}]);
    assert.ok(JSON.stringify(short).length < BODY_MAX);
    for (const call of [['PUT', 'recipes/trip'], ['POST', 'recipes/trip/check']]) {
      const r = await w.api(call[0], `/workspaces/${ACME}/${call[1]}`, short);
      assert.deepEqual((r.errors ?? r.faults).map(({path, text}) => ({path, text})), [{path: 'inputs[0].options', text: 'This may have at most 500 entries. For a longer list ask for a text, and let a step look it up.'}], r.text.slice(0, 300));
    }
    for (const count of [10_001, 40_000]) {
      const r = await w.api('PUT', `/workspaces/${ACME}/recipes/trip`, recipe([{name: 'city', options: options(count)}]));
      assert.deepEqual([r.status, r.code, r.detail], [413, 'too_large', `This route takes ${BODY_MAX} bytes at most.`]);
    }
    assert.equal(await w.count('recipe', "name = 'trip'"), 0);
  });

  const picks = Array.from({length: LISTS}, (_, i) => i * 1000 + 499 - i);
  const went = new RegExp(`By way of ${picks.map(n => `c${n}`).join(' ')}`);

  test('Slack: the longest recipe that is taken: each list of its form is searched by words', async () => {
    const ana = w.person('ana');
    await ana.connect();
    const size = JSON.stringify(many).length;
    assert.ok(size > BODY_MAX * 0.9 && size < BODY_MAX, `${size}`);
    await w.putRecipe(ACME, many);
    const before = figure('VmRSS');
    await ana.command('trip plan');
    const view = await ana.modal();
    assert.deepEqual(view.blocks.filter(b => b.type === 'input').map(b => b.element.type), Array(LISTS).fill('external_select'));
    for (const [i, n] of picks.entries()) {
      assert.equal((await ana.act('/_suggest', {action: `city${i}`, value: ''})).options.length, 100);
      assert.deepEqual((await ana.act('/_suggest', {action: `city${i}`, value: `number ${n}`})).options.map(o => o.text.text).at(0), `City number ${n}`);
    }
    const sent = await ana.submit(Object.fromEntries(picks.map((n, i) => [`city${i}`, `City number ${n}`])));
    assert.equal(sent.closed, true, JSON.stringify(sent));
    await ana.sees(went);
    if (!process.env.ASAN_OPTIONS) assert.ok(figure('VmHWM') - before < 64, `it took ${figure('VmHWM') - before} MB`);
    // in words, one by one
    const asked = await ana.ask('trip plan', /city0/);
    assert.ok(words(asked).length < 4000, `${words(asked).length}`);
    await ana.ask('cancel', /Cancelled/);
  });

  test('Teams: the same form fits its 28 KB, what is typed is looked for, and what is named so is taken', async () => {
    const ana = w.teamsPerson('ana');
    await ana.connect();
    await w.putRecipe(TEAMS_ACME, many);
    const question = await ana.ask('trip plan', m => labels(m).includes('Fill in a form'));
    await ana.press(question, 'Fill in a form');
    const dialog = await ana.modal();
    assert.equal(cardInputs(dialog).length, LISTS);
    assert.ok(JSON.stringify(cardOf(dialog)).length < 28 * 1024);
    const values = Object.fromEntries(picks.map((n, i) => [`in_city${i}`, `city NUMBER ${n}`]));
    const bad = await ana.submit({...values, in_city3: 'number 30'}, {force: true});
    assert.ok(!bad.closed, JSON.stringify(bad));
    const again = await ana.modal();
    assert.ok(JSON.stringify(cardOf(again)).length < 28 * 1024);
    // what was right is kept, in a list of 500 as elsewhere
    assert.deepEqual(cardInputs(again).map(i => i.value).toSpliced(3, 1), picks.map(n => `City number ${n}`).toSpliced(3, 1));
    const good = await ana.submit({in_city3: `City number ${picks[3]}`});
    assert.equal(good.closed, true, JSON.stringify(good));
    await ana.sees(went);
  });
});
