// Cards of much: whatever is too long, what a card says and what it leads on to stay.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {TEAMS_ACME, button, cardInputs, cardOf, labels, start, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const write = fields => [{id: 'opp', connection: 'salesforce', action: 'create_record',
  with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}}];
const NOTES = Array.from({length: 12}, (_, i) => ({name: `note${i}`, multiline: true}));
const LONG = {name: 'long', title: 'Long', command: 'salesforce long', allow: 'everyone', connections: SALESFORCE,
  inputs: [...NOTES, {name: 'deal', required: true}, {name: 'close', type: 'date', required: true}],
  steps: write({Name: '{{inputs.deal}}', Description: '{{inputs.note0}}/{{inputs.note11}}'}), reply: {text: 'Made {{inputs.deal}}'}};
const BUTTONS = {name: 'next', title: 'Next', command: 'salesforce next', allow: 'everyone', connections: SALESFORCE,
  inputs: [{name: 'deal', required: true}, {name: 'note', multiline: true}], steps: write({Name: '{{inputs.deal}}'}),
  reply: {text: 'Made {{inputs.deal}}', buttons: Array.from({length: 7}, (_, i) => ({title: `Next ${i}`, command: 'salesforce next', inputs: {deal: 'x', note: '{{inputs.note}}'}}))}};

describe('cards of much in Teams', () => {
  let w, ana;
  before(async () => {
    w = await start({teams: 'only'});
    ana = w.teamsPerson('ana');
    await ana.connect();
    for (const recipe of [LONG, BUTTONS]) await w.putRecipe(TEAMS_ACME, recipe);
  });
  after(() => w?.stop());

  const notes = (count, text) => Array.from({length: count}, (_, i) => `note${i}: ${text}`).join(' ');
  const small = m => assert.ok(Buffer.byteLength(JSON.stringify(cardOf(m))) < 25 * 1024);

  test('a result whose buttons stand for much shows all of them', async () => {
    const done = await ana.ask(`salesforce next deal: Buttoned note: ${'detail '.repeat(240)}`, m => labels(m).includes('Next 0'));
    assert.match(words(done), /Made Buttoned, as ana/i);
    assert.doesNotMatch(words(done), /more than fits/);
    assert.equal(labels(done).length, 7);
    small(done);
    await ana.press(done, 'Next 6');
    await ana.sees(/Made x/);
  });

  test('a question asks, however long what was given; a value is shown by its beginning and runs whole', async () => {
    const given = 'とても長い言葉 '.repeat(180).trim();
    const q = await ana.ask(`salesforce long deal: Asked ${notes(5, given)}`, m => labels(m).includes('Fill in a form'));
    assert.match(words(q), /Enter close/);
    assert.ok(!words(q).includes(given) && words(q).includes(`${given.slice(0, 300)}…`));
    small(q);
    await ana.ask('2026-12-31', /Made Asked/);
    assert.equal((await w.records()).find(r => r.fields.Name === 'Asked').fields.Description, `${given}/`);
  });

  test('every row of what waits can be pressed', async () => {
    for (let i = 0; i < 6; i++) {
      await ana.ask(`salesforce long deal: Row ${i} ${notes(2, 'very long words '.repeat(200))}`, m => labels(m).includes('Fill in a form'));
    }
    const list = await ana.ask('pending', /Waiting for you/);
    assert.equal(labels(list).filter(l => l === 'Cancel it').length, 6);
    assert.doesNotMatch(words(list), /more than fits/);
    small(list);
    for (let i = 0; i < 6; i++) await ana.ask('cancel', /Cancelled: Long/);
  });

  test('a form that is shown anew holds what it can, and of what was right nothing is lost', async () => {
    const text = i => `${i} ${'words and so '.repeat(220)}`.slice(0, 2800).trim();
    const q = await ana.ask('salesforce long', m => labels(m).includes('Fill in a form'));
    await ana.press(q, 'Fill in a form');
    const first = cardOf(await ana.modal()).actions[0].data;
    const notes = Object.fromEntries(NOTES.map((_, i) => [`in_note${i}`, text(i)]));
    const sends = (data, more) => ana.sends('invoke', {activity: {name: 'task/submit', value: {data: {...data, ...more}}}});
    const wrong = await sends(first, {...notes, in_deal: 'Much', in_close: '2026-02-30'});
    assert.ok(Buffer.byteLength(wrong.answer) <= 28 * 1024, `${Buffer.byteLength(wrong.answer)} bytes`);
    assert.match(wrong.answer, /there is no 30 February 2026/);
    const card = JSON.parse(wrong.answer).task.value.card.content;
    const inputs = cardInputs({card}), shown = Object.fromEntries(inputs.map(i => [i.id, i.value]));
    assert.equal(shown.in_deal, 'Much');
    assert.equal(shown.in_note0, text(0));
    assert.ok(!('in_note11' in shown));
    assert.match(words({card}), /note11 stays as you typed it: 2,?\d+ characters/);
    await sends(card.actions[0].data, {...Object.fromEntries(Object.entries(shown).filter(([, v]) => v)), in_close: '2026-03-30'});
    await ana.sees(/Made Much/);
    const record = (await w.records()).find(r => r.fields.Name === 'Much');
    assert.equal(record.fields.Description, [0, 11].map(text).join('/'));
  });

  test('a form with all that a recipe can say opens', async () => {
    for (const letter of ['h', 'あ']) {
      const inputs = Array.from({length: 30}, (_, i) => ({name: `field_number_${i}`, required: true, hint: letter.repeat(letter === 'h' ? 190 : 66), sample: letter.repeat(letter === 'h' ? 190 : 66),
        ...(i < 10 ? {options: Array.from({length: 20}, (_, k) => ({label: `choice number ${k} of ${i}`, value: `v${i}_${k}`}))} : {})}));
      await w.putRecipe(TEAMS_ACME, {name: 'full', title: 'Full', command: 'salesforce full', allow: 'everyone', connections: SALESFORCE, inputs,
        steps: write({Name: '{{inputs.field_number_12}}'}), reply: {text: 'Made'}});
      const q = await ana.ask('salesforce full', m => labels(m).includes('Fill in a form'));
      const opened = await ana.sends('invoke', {activity: {name: 'task/fetch', value: {data: button(q, 'Fill in a form').value}}});
      assert.ok(Buffer.byteLength(opened.answer) <= 28 * 1024, `${Buffer.byteLength(opened.answer)} bytes`);
      assert.equal(cardInputs({card: JSON.parse(opened.answer).task.value.card.content}).length, 30);
      await ana.ask('cancel', /Cancelled: Full/);
    }
  });

  test('a write whose answer got lost asks with its buttons', async () => {
    await w.fault('lost', {path: '/sobjects/', times: 1});
    const text = `salesforce long deal: Unsure close: 2026-12-31 ${notes(10, 'words and so on '.repeat(170))}`;
    const question = await ana.ask(text, /may have happened or not/);
    assert.match(words(question), /look there before you choose/);
    assert.ok(labels(question).includes('It happened'), labels(question).join());
    small(question);
  });
});
