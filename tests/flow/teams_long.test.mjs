// Cards of much: whatever is too long, what a card says and what it leads on to stay.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {TEAMS_ACME, cardOf, labels, start, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const write = fields => [{id: 'opp', connection: 'salesforce', action: 'create_record',
  with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}}];
const NOTES = Array.from({length: 12}, (_, i) => ({name: `note${i}`, multiline: true}));
const LONG = {name: 'long', title: 'Long', command: 'salesforce long', allow: 'everyone', connections: SALESFORCE,
  inputs: [...NOTES, {name: 'deal', required: true}, {name: 'close', type: 'date', required: true}],
  steps: write({Name: '{{inputs.deal}}', Description: '{{inputs.note0}}'}), reply: {text: 'Made {{inputs.deal}}'}};
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

  test('a result whose buttons carry much says what was made and as whom', async () => {
    const done = await ana.ask(`salesforce next deal: Buttoned note: ${'detail '.repeat(240)}`, m => labels(m).includes('Next 0'));
    assert.match(words(done), /Made Buttoned, as ana/i);
    assert.match(words(done), /more than fits/);
    small(done);
  });

  test('a question asks, however long what was given; a value is shown by its beginning and runs whole', async () => {
    const given = 'とても長い言葉 '.repeat(180).trim();
    const q = await ana.ask(`salesforce long deal: Asked ${notes(5, given)}`, m => labels(m).includes('Fill in a form'));
    assert.match(words(q), /Enter close/);
    assert.ok(!words(q).includes(given) && words(q).includes(`${given.slice(0, 300)}…`));
    small(q);
    await ana.ask('2026-12-31', /Made Asked/);
    assert.equal((await w.records()).find(r => r.fields.Name === 'Asked').fields.Description, given);
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

  test('a write whose answer got lost asks with its buttons', async () => {
    await w.fault('lost', {path: '/sobjects/', times: 1});
    const text = `salesforce long deal: Unsure close: 2026-12-31 ${notes(10, 'words and so on '.repeat(170))}`;
    const question = await ana.ask(text, /may have happened or not/);
    assert.match(words(question), /look there before you choose/);
    assert.ok(labels(question).includes('It happened'), labels(question).join());
    small(question);
  });
});
