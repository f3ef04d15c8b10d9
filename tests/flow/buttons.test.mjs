// Buttons of a reply: what one does is stored with its message, and nobody can make it up or change it.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, button, buttons, cardInputs, inputs, labels, start, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const step = fields => [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {StageName: 'Prospecting', CloseDate: '2026-12-31', ...fields}}}];
const DEAL = {name: 'offer', title: 'An offer', command: 'salesforce offer', allow: 'everyone', connections: SALESFORCE, inputs: [{name: 'name', required: true}],
  steps: step({Name: '{{inputs.name}}'}),
  reply: {text: 'Made {{inputs.name}}', buttons: [
    {title: 'Note it', command: 'salesforce note', inputs: {about: '{{inputs.name}}'}, style: 'primary'},
    {title: 'Remark', command: 'salesforce note', inputs: {about: '{{inputs.name}}'}, ask: ['remark'], style: 'danger', confirm: 'This cannot be taken back.'},
    {title: 'Full note', command: 'salesforce full note', inputs: {about: '{{inputs.name}}'}}]}};
const MENU = {...DEAL, name: 'menu', title: 'A menu', command: 'salesforce menu', reply: {text: 'Listed {{inputs.name}}', menu: {title: 'What next', options: [
  {title: 'Note down', command: 'salesforce note', inputs: {about: '{{inputs.name}}'}},
  {title: 'In full', command: 'salesforce full note', inputs: {about: '{{inputs.name}}'}}]}}};
const noted = more => ({allow: 'everyone', connections: SALESFORCE, steps: step({Name: 'Note {{inputs.about}}', Description: '{{inputs.remark}}'}),
  reply: {text: 'Noted {{inputs.about}}'}, ...more});
const NOTE = noted({name: 'note', title: 'A note', command: 'salesforce note', inputs: [{name: 'about', required: true}, {name: 'remark'}, {name: 'other'}]});
const FULL = noted({name: 'full-note', title: 'A full note', command: 'salesforce full note', inputs: [{name: 'about', required: true}, {name: 'remark', required: true}]});
const PRICE = noted({name: 'price', title: 'A price', command: 'salesforce price', inputs: [{name: 'about', required: true}, {name: 'amount', type: 'number'}], steps: step({Name: 'Note {{inputs.about}}', Amount: '{{inputs.amount}}'})});
const UNFIT = {...DEAL, name: 'unfit', title: 'An unfit offer', command: 'salesforce unfit', reply: {text: 'Unfit {{inputs.name}}', buttons: [
  {title: 'Price it', command: 'salesforce price', inputs: {about: '{{inputs.name}}', amount: '1.200,50 EUR'}},
  {title: 'Decide it', command: 'salesforce price', inputs: {about: '{{inputs.name}}', amount: '1.200,50 EUR'}, decides: 'priced'},
  {title: 'Say nothing', command: 'salesforce note', inputs: {about: ''}}]}};

for (const chat of ['slack', 'teams']) {
  describe(`buttons of a reply in ${chat}`, () => {
    let w, ana, ben;
    const teams = chat === 'teams';
    const workspace = teams ? TEAMS_ACME : ACME;
    before(async () => {
      w = await start({teams: teams ? 'only' : false});
      [ana, ben] = ['ana', 'ben'].map(n => (teams ? w.teamsPerson(n) : w.person(n)));
      await ana.connect();
      for (const r of [NOTE, FULL, DEAL, MENU, PRICE, UNFIT]) await w.putRecipe(workspace, r);
    });
    after(() => w?.stop());

    const made = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name));
    const offered = name => ana.ask(`salesforce offer name: ${name}`, m => m.is_bot && labels(m).includes('Note it'));
    const fields = form => (teams ? cardInputs(form).map(i => i.id.replace(/^in_/, '')) : inputs(form).map(i => i.label));
    const forged = (message, title, value) => (teams ? ana.forge(message, title, {v: value}) : ana.forge(message, 'press', value));

    test('what is pressed is stored with its message: the chat holds a handle and no input', async () => {
      const m = await offered('Bound');
      for (const b of buttons(m)) assert.doesNotMatch(JSON.stringify(b), /Bound|salesforce note/, 'neither command nor inputs');
      await ana.press(m, 'Note it');
      await ana.sees(/Noted Bound/);
      assert.equal((await made('Note Bound')).length, 1);
    });

    test('as many buttons as a recipe may have are all drawn, and the last one runs', async () => {
      const twenty_five = Array.from({length: 25}, (_, i) => ({title: `Note ${i + 1}`, command: 'salesforce note', inputs: {about: `${i + 1} of {{inputs.name}}`}}));
      await w.putRecipe(workspace, {...DEAL, name: 'many', title: 'Many offers', command: 'salesforce many', reply: {text: 'Many {{inputs.name}}', buttons: twenty_five}});
      const m = await ana.ask('salesforce many name: Kinds', x => x.is_bot && words(x).includes('Many Kinds'));
      assert.deepEqual(labels(m).filter(l => /^Note \d/.test(l)), twenty_five.map(b => b.title));
      await ana.press(m, 'Note 25');
      await ana.sees(/Noted 25 of Kinds/);
      assert.equal((await made('Note 25 of Kinds')).length, 1);
    });

    const menuOf = m => m.blocks.flatMap(b => b.elements ?? []).find(e => e.type === 'static_select');
    const listed = name => ana.ask(`salesforce menu name: ${name}`, m => m.is_bot && words(m).includes(`Listed ${name}`));
    const choose = (m, title) => ana.press(m, teams ? title : menuOf(m).action_id, teams ? {} : {option: title});

    test('a menu offers commands under one title, and a choice runs as a press does', async () => {
      const m = await listed('Menued');
      if (teams) assert.deepEqual(labels(m), ['What next', 'Note down', 'In full']);
      else assert.deepEqual([menuOf(m).placeholder.text, ...menuOf(m).options.map(o => o.text.text)], ['What next', 'Note down', 'In full']);
      assert.doesNotMatch(JSON.stringify(teams ? buttons(m) : menuOf(m)), /Menued|salesforce note/, 'neither command nor inputs');
      await choose(m, 'Note down');
      await ana.sees(/Noted Menued/);
      assert.equal((await made('Note Menued')).length, 1);
    });

    test('a choice whose command needs more opens the form', async () => {
      const m = await listed('Unfolded');
      await choose(m, 'In full');
      assert.deepEqual(fields(await ana.modal()), ['remark']);
      await ana.submit(teams ? {in_remark: 'Whole'} : {remark: 'Whole'});
      await ana.sees(/Noted Unfolded/);
      assert.equal((await made('Note Unfolded'))[0].fields.Description, 'Whole');
    });

    test('a menu whose command nobody has is stored with a warning', async () => {
      const r = await w.putRecipe(workspace, {...MENU, reply: {text: 'x', menu: {title: 'T', options: [{title: 'Gone', command: 'salesforce gone'}]}}});
      assert.match(JSON.stringify(r.warnings), /reply\.menu\.options\[0\]\.command/);
    });

    test('a made-up handle, and one of another message, get nothing', async () => {
      const one = await offered('First'), two = await offered('Second');
      const handle = b => (teams ? b.value.wb.v : b.value);
      const runs = await w.count('run');
      for (const value of [handle(button(one, 'Note it')), handle(button(two, 'Note it')).replace(/\d+$/, '7'), '0', '', 'x'.repeat(300), '{"command":"salesforce note"}']) {
        await forged(two, 'Note it', value);
        await w.idle();
      }
      assert.equal(await w.count('run'), runs, 'nothing was begun');
      assert.equal((await made('Note First')).length + (await made('Note Second')).length, 0);
      assert.match(words((await ana.messages()).at(-1)), /does nothing any more/);
    });

    test('a button asks for an input in a form, and what it gives itself cannot be changed there', async () => {
      const m = await offered('Asked');
      await ana.press(m, 'Remark');
      const form = await ana.modal();
      assert.deepEqual(fields(form), ['remark'], 'neither what is bound nor what is not asked for');
      if (teams) {
        const sent = await ana.submit({in_remark: 'Fine', in_about: 'Forged'}, {force: true});
        assert.equal(sent.closed, true, JSON.stringify(sent));
      } else {
        const sent = await ana.submit({remark: 'Fine'});
        assert.equal(sent.closed, true, JSON.stringify(sent));
      }
      await ana.sees(/Noted Asked/);
      const [r] = await made('Note Asked');
      assert.equal(r.fields.Description, 'Fine');
      assert.equal((await made('Note Forged')).length, 0);
    });

    test('a button whose command needs more opens the form', async () => {
      const m = await offered('More');
      await ana.press(m, 'Full note');
      assert.deepEqual(fields(await ana.modal()), ['remark']);
      await ana.submit(teams ? {in_remark: 'All of it'} : {remark: 'All of it'});
      await ana.sees(/Noted More/);
      assert.equal((await made('Note More'))[0].fields.Description, 'All of it');
    });

    test('a button shows its style and asks before it is pressed', async () => {
      const text = JSON.stringify(await offered('Looks'));
      assert.match(text, teams ? /"style":"positive"/ : /"style":"primary"/);
      assert.match(text, teams ? /"style":"destructive"/ : /"style":"danger"/);
      assert.match(text, /This cannot be taken back\./);
    });

    test('a button that was sent before buttons were bound still works, as the chat vouches for it', async () => {
      const m = await offered('Older');
      const call = JSON.stringify({command: 'salesforce note', inputs: {about: 'Older'}});
      if (teams) {
        await ana.forge(m, 'Note it', {a: 'run', v: call});
        await w.idle();
        assert.equal((await made('Note Older')).length, 0, 'Teams signs nothing of it: its message must say the same');
      } else {
        await ana.forge(m, 'run', call);
        await ana.sees(/Noted Older/);
        assert.equal((await made('Note Older')).length, 1);
      }
    });

    test('a button whose own value its command cannot take says so, and nothing waits', async () => {
      const m = await ana.ask('salesforce unfit name: Odd', x => x.is_bot && labels(x).includes('Price it'));
      for (const [title, said] of [['Price it', /Price it[\s\S]*1\.200,50 EUR[\s\S]*does not fit[\s\S]*admin/], ['Decide it', /Decide it[\s\S]*does not fit/], ['Say nothing', /Say nothing[\s\S]*about[\s\S]*does not fit/]]) {
        await ana.press(m, title);
        await ana.sees(said);
        const s = await ana.screen();
        assert.equal(s.modal ?? s.task ?? null, null, 'no form opens that nobody could fill in');
        assert.equal((await w.one("select count(*)::int as n from run where recipe in ('price', 'note') and state = 'asking'")).n, 0);
      }
      assert.ok(labels((await ana.messages()).find(x => x.ts === m.ts)).includes('Decide it'), 'the message stays as it was');
      assert.equal((await made('Note Odd')).length, 0);
    });

    test('a form of before whose button does not fit is answered with a page, never with an error that stands nowhere', async () => {
      const m = await ana.ask('salesforce offer name: Parked', x => x.is_bot && labels(x).includes('Full note'));
      await ana.press(m, 'Full note');
      await ana.modal();
      await w.db.query("update run set pressed = jsonb_set(pressed, '{bound}', '[\"about\", \"remark\"]') where recipe = 'full-note' and state = 'asking'");
      const answer = await ana.submit(teams ? {in_remark: 'Mine'} : {remark: 'Mine'});
      assert.doesNotMatch(JSON.stringify(answer ?? null), /"errors":\{\}/);
      const s = await ana.screen();
      assert.match(JSON.stringify(s.modal ?? s.task ?? answer), /does not fit/);
      await ana.closes();
      await ana.say('cancel');
      await w.idle();
    });

    test('a command that was typed, and a button that runs the same a moment later, are two', async () => {
      const m = await offered('Both');
      await ana.ask('salesforce note about: Both', /Noted Both/);
      await ana.press(m, 'Note it');
      await w.idle();
      assert.equal((await made('Note Both')).length, 2);
    });

    test('somebody else who presses where all read runs it as himself', async () => {
      if (teams) await ben.connect(); // there he is no installer
      const said = await ana.say('@Workbot salesforce offer name: Open', {place: 'deals'});
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Note it') && words(x).includes('Made Open'), {place: 'deals', after: said.ts});
      await ben.press(m, 'Note it');
      await ben.sees(/Noted Open/, {place: 'deals'});
      const run = await w.one("select user_id from run where recipe = 'note' order by created_at desc limit 1");
      const {user_id} = await w.one('select user_id from chat_user where name ilike $1', ['ben%']);
      assert.equal(run.user_id, user_id);
    });
  });
}
