// Forms in Teams: a button asks for one and its answer is the dialog; errors come with the form as it was filled in.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {TEAMS_ACME, button, cardInputs, cardOf, labels, start, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const write = fields => [{id: 'opp', connection: 'salesforce', action: 'create_record',
  with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}}];
const KINDS = {name: 'kinds', title: 'All kinds of inputs in one form', command: 'salesforce all kinds', hint: 'Tries them all', allow: 'everyone', connections: SALESFORCE,
  inputs: [{name: 'deal', required: true, hint: 'Deal name', sample: 'Acme renewal'}, {name: 'amount', type: 'number', required: true},
    {name: 'close', type: 'date', required: true}, {name: 'stage', required: true, options: [{label: 'Early', value: 'Prospecting'}, {label: 'Late', value: 'Closed Won'}]},
    {name: 'urgent', type: 'boolean', required: true}, {name: 'note', multiline: true},
    {name: 'city', options: Array.from({length: 400}, (_, i) => ({label: `City number ${i}`, value: `c${i}`}))}],
  steps: write({Name: '{{inputs.deal}}', Amount: '{{inputs.amount}}', CloseDate: '{{inputs.close}}', Description: '{{inputs.urgent}}/{{inputs.stage}}/{{inputs.city}}/{{inputs.note}}'}),
  reply: {text: 'Made {{inputs.deal}}'}};

describe('forms in Teams', () => {
  let w, ana;
  before(async () => {
    w = await start({teams: 'only'});
    ana = w.teamsPerson('ana');
    await ana.connect();
    await w.putRecipe(TEAMS_ACME, KINDS);
  });
  after(() => w?.stop());

  const record = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name));
  const asks = (text = 'salesforce all kinds', more) => ana.ask(text, m => labels(m).includes('Fill in a form'), {see: 'dm', ...more});
  const opened = async (text, more) => {
    const question = await asks(text, more);
    const pressed = await ana.press(question, 'Fill in a form');
    assert.equal(pressed.status, 200, JSON.stringify(pressed));
    return ana.modal();
  };
  const input = (dialog, name) => cardInputs(dialog).find(i => i.id === `in_${name}`);

  test('a command with missing inputs is asked for in words; its button opens the form, with what was given', async () => {
    const dialog = await opened('salesforce all kinds deal: Half given close: 2026-11-30');
    assert.equal(dialog.title, KINDS.title);
    assert.match(words(dialog), /Tries them all/);
    const kinds = Object.fromEntries(cardInputs(dialog).map(i => [i.id, i.type]));
    assert.deepEqual(kinds, {in_deal: 'Input.Text', in_amount: 'Input.Number', in_close: 'Input.Date', in_stage: 'Input.ChoiceSet',
      in_urgent: 'Input.Toggle', in_note: 'Input.Text', in_city: 'Input.Text'});
    assert.equal(input(dialog, 'deal').value, 'Half given');
    assert.equal(input(dialog, 'close').value, '2026-11-30');
    assert.equal(input(dialog, 'amount').value, undefined);
    assert.equal(input(dialog, 'deal').required, true);
    assert.equal(input(dialog, 'note').element.isMultiline, true);
    const sends = cardOf(dialog).actions[0].data.wb;
    assert.equal(sends.p, (await w.one("select id from run where recipe = 'kinds' order by created_at desc limit 1")).id, 'nothing but the id of the run');
    await ana.closes();
    await ana.ask('cancel', /Cancelled: All kinds/);
  });

  test('what was sent runs, with the types and values of the recipe', async () => {
    await opened();
    const sent = await ana.submit({in_deal: 'From a form', in_amount: '12.5', in_close: '2026-10-31', in_stage: 'Late', in_urgent: true, in_note: 'one\ntwo', in_city: 'city NUMBER 142'});
    assert.equal(sent.closed, true, JSON.stringify(sent));
    await ana.sees(/Made From a form/);
    const [r] = await record('From a form');
    assert.deepEqual([Number(r.fields.Amount), r.fields.CloseDate, r.fields.Description], [12.5, '2026-10-31', 'true/Closed Won/c142/one\ntwo']);
  });

  test('what is wrong stands under its field, and what was entered stays', async () => {
    await opened();
    const bad = await ana.submit({in_deal: 'Nearly **right**', in_amount: '1', in_close: '2026-02-30', in_stage: 'Early', in_urgent: false, in_city: 'number 39'}, {force: true});
    assert.equal(bad.status, 200, JSON.stringify(bad));
    assert.ok(!bad.closed, JSON.stringify(bad));
    const again = await ana.modal(/there is no 30 February 2026/);
    assert.equal(input(again, 'deal').value, 'Nearly **right**');
    assert.equal(input(again, 'stage').value, 'Prospecting');
    const body = cardOf(again).body;
    const at = body.findIndex(n => n.id === 'in_close');
    assert.match(body[at + 1].inlines[0].text, /30 February/);
    assert.equal(body[at + 1].inlines[0].color, 'Attention');
    // of the long list those are offered that are named so
    assert.deepEqual(input(again, 'city').element.choices.map(c => c.title), ['City number 39', ...Array.from({length: 10}, (_, i) => `City number 39${i}`)]);
    assert.equal((await record('Nearly **right**')).length, 0);
    const good = await ana.submit({in_close: '2026-03-30', in_city: 'City number 391'});
    assert.equal(good.closed, true, JSON.stringify(good));
    await ana.sees(/Made Nearly/);
    const [r] = await record('Nearly **right**');
    assert.equal(r.fields.Description, 'false/Prospecting/c391/');
  });

  test('what waits goes on in its form', async () => {
    await asks();
    const list = await ana.ask('pending', m => labels(m).includes('Go on'));
    await ana.press(list, 'Go on');
    await ana.modal(/Tries them all/);
    await ana.submit({in_deal: 'From the list', in_amount: 3, in_close: '2026-10-31', in_stage: 'Early'});
    await ana.sees(/Made From the list/);
    assert.equal((await record('From the list')).length, 1);
  });

  test('the form sent twice is one run', async () => {
    await opened();
    const values = {in_deal: 'Twice sent', in_amount: 3, in_close: '2026-10-31', in_stage: 'Early'};
    await ana.submit(values, {times: 2});
    await ana.sees(/Made Twice sent/);
    assert.equal((await record('Twice sent')).length, 1);
  });

  test('typed in a channel, the form opens in the one-to-one chat and the result stands in the thread', async () => {
    const said = await ana.say('@Workbot salesforce all kinds', {place: 'deals'});
    const question = await ana.sees(m => labels(m).includes('Fill in a form') && m.ts > said.id);
    await ana.press(question, 'Fill in a form');
    await ana.modal();
    await ana.submit({in_deal: 'Channel form', in_amount: 3, in_close: '2026-10-31', in_stage: 'Early'});
    await ana.sees(m => m.is_bot && m.root === said.id && /Made Channel form/.test(words(m)), {place: 'deals'});
    assert.equal((await record('Channel form')).length, 1);
  });

  test('a form that came too late says so: gone, cancelled, somebody else', async () => {
    const question = await asks();
    await ana.ask('cancel', /Cancelled: All kinds/);
    // cancelling took the button away: a client that has not redrawn the card sends it all the same
    const {type, label: title, value: data} = button(question, 'Fill in a form');
    const pressed = await ana.press(question, 'Fill in a form', {force: true, forge: {type, title, data}});
    assert.equal(pressed.status, 200);
    const screen = (await ana.screen()).task;
    assert.ok(!screen || cardInputs(screen).length === 0, JSON.stringify(screen));
    await ana.sees(/cancelled|cancel/i);

    await opened();
    await ana.say('cancel');
    await ana.sees(/Cancelled: All kinds/, {after: ana.seen});
    const sent = await ana.submit({in_deal: 'Too late', in_amount: 3, in_close: '2026-10-31', in_stage: 'Early'});
    assert.ok(!sent.closed, JSON.stringify(sent));
    await ana.modal(/cancelled\. Nothing was done/);
    assert.equal((await record('Too late')).length, 0);
    await ana.closes();
  });

  test('when there is no time for a form, plain words come before Teams gives up, and nothing is done', async () => {
    const question = await asks();
    const {id} = await w.one("select id from run where recipe = 'kinds' order by created_at desc limit 1");
    const lock = await w.hold('select 1 from run where id = $1 for update', [id]);
    const begun = Date.now();
    await ana.press(question, 'Fill in a form');
    const took = Date.now() - begun;
    await lock.release();
    assert.ok(took > 5000 && took < 10000, `${took} ms`);
    const late = await w.calls({peer: 'teams', direction: 'out'}).then(c => JSON.stringify(c.at(-1)));
    assert.match(late, /takes too long/);
    await w.idle();
    await ana.press(question, 'Fill in a form');
    await ana.modal(/Tries them all/);
    await ana.closes();
    await ana.ask('cancel', /Cancelled: All kinds/);
  });

  test('a form of somebody else is refused', async () => {
    const dialog = await opened();
    const sends = cardOf(dialog).actions[0].data;
    await ana.closes();
    const ben = w.teamsPerson('ben');
    await ben.ask('help', /Salesforce/);
    const r = await ben.sends('invoke', {activity: {name: 'task/submit', value: {data: {...sends, in_deal: 'Not his', in_amount: '3', in_close: '2026-10-31', in_stage: 'Prospecting'}}}});
    assert.equal(r.status, 200, JSON.stringify(r));
    assert.match(JSON.stringify(r), /not yours/);
    assert.equal((await record('Not his')).length, 0);
    const pressed = await ben.sends('invoke', {activity: {name: 'task/fetch', value: {data: {msteams: {type: 'task/fetch'}, wb: {a: 'resume', v: sends.wb.p}}}}});
    assert.match(JSON.stringify(pressed), /nothing to fill in/i);
    assert.doesNotMatch(JSON.stringify(pressed), /Input\./);
    await ana.ask('cancel', /Cancelled: All kinds/);
  });

  test('a form that the client made up chooses no place: nothing is run, made or said there', async () => {
    const board = '19:acmeboard0general@thread.tacv2', deals = '19:acmesales000deals@thread.tacv2';
    for (const [name, channel] of [['boards', board], ['dealers', deals]]) {
      await w.putRecipe(TEAMS_ACME, {name, title: `For ${name}`, command: `salesforce ${name}`, allow: {channels: [channel]},
        connections: {salesforce: {use: 'acme-salesforce'}}, inputs: [{name: 'deal'}], steps: write({Name: 'By forgery'}), reply: {text: 'Made by forgery'}});
      const before = (await ana.messages('deals')).length;
      for (const p of [JSON.stringify({channel}), JSON.stringify({channel, thread: '1790000000001'}), channel]) {
        const wb = {f: 'use', p, l: ['command', 'text']};
        const r = await ana.sends('invoke', {activity: {name: 'task/submit', value: {data: {wb, in_command: name, in_text: 'By forgery'}}}});
        assert.equal(r.status, 200, JSON.stringify(r));
        assert.doesNotMatch(JSON.stringify(r), /Input\./, 'no form of a command that is not for here');
      }
      await w.idle();
      assert.equal(await w.one('select 1 from run where recipe = $1', [name]), undefined, 'no run');
      assert.equal((await record('By forgery')).length, 0);
      assert.equal((await ana.messages('deals')).length, before, 'nothing was said where the form said');
    }
  });

  const fetches = (wb, more) => ana.sends('invoke', {activity: {name: 'task/fetch', value: {data: {msteams: {type: 'task/fetch'}, wb}}, ...more}});

  test('no button but one that opens a form is pressed by asking for a form', async () => {
    const call = {command: 'salesforce all kinds', inputs: {deal: 'By fetch', amount: '1', close: '2026-12-31', stage: 'Prospecting', urgent: 'yes'}};
    const runs = await w.count('run'), said = (await ana.messages()).length;
    for (const wb of [{a: 'run', v: JSON.stringify(call)}, {a: 'late', v: 'connections'}, {a: 'words', v: 'connections'}, {a: 'connect', v: 'acme-salesforce'},
      {a: 'disconnect', v: 'acme-salesforce'}, {a: 'page', v: 'x'}]) {
      const r = await fetches(wb);
      assert.equal(r.status, 200, JSON.stringify(r));
      assert.match(r.answer, /nothing to fill in/i, JSON.stringify(wb));
    }
    await w.idle();
    assert.equal(await w.count('run'), runs);
    assert.equal((await ana.messages()).length, said);
    assert.equal((await record('By fetch')).length, 0);
  });

  test('a button that begins a command in a form begins it once, however often its press comes', async () => {
    const said = await ana.ask('salesforce all kinds of what', m => labels(m).includes('Fill in a form'));
    const {value} = button(said, 'Fill in a form');
    assert.equal(value.wb.a, 'run');
    const runs = await w.count('run'), id = `f:${crypto.randomUUID()}`;
    const sent = await Promise.all([fetches(value.wb, {id}), fetches(value.wb, {id}), fetches(value.wb)]);
    const form = r => /"p":"([0-9a-f-]{36})"/.exec(r.answer)?.[1];
    assert.ok(form(sent[0]), JSON.stringify(sent[0]));
    assert.deepEqual(sent.map(form), Array(3).fill(form(sent[0])), 'the same form each time');
    assert.equal(await w.count('run'), runs + 1);
    const task = JSON.parse(sent[0].answer).task.value.card.content.actions[0].data;
    const done = await ana.sends('invoke', {activity: {name: 'task/submit', value: {data: {...task, in_deal: 'Once only', in_amount: '3', in_close: '2026-10-31', in_stage: 'Prospecting'}}}});
    assert.equal(done.status, 200, JSON.stringify(done));
    await ana.sees(/Made Once only/);
    assert.match((await fetches(value.wb, {id})).answer, /nothing to fill in/i, 'it was over when it came once more');
    assert.equal(await w.count('run'), runs + 1);
    assert.equal((await record('Once only')).length, 1);
  });
});
