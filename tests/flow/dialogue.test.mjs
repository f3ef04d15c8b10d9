// The dialogue: missing inputs are asked one by one, text that begins a command is that command, and
// nothing that waits is lost.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {button, buttons, labels, loginUrl, start, words} from '../lib/flow.mjs';

describe('dialogue', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start();
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.connect();
    await w.putRecipe('slack:T0ACME001', {name: 'rate', title: 'Rate a deal', command: 'salesforce rate deal', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
      inputs: [{name: 'deal', required: true}, {name: 'stage', required: true, options: [{label: 'Early', value: 'Prospecting'}, {label: 'Won', value: 'Closed Won'}]}, {name: 'amount', required: true, type: 'number'}],
      steps: [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{inputs.deal}}', StageName: '{{inputs.stage}}', Amount: '{{inputs.amount}}', CloseDate: '2026-12-31'}}}],
      reply: {text: 'Rated {{inputs.deal}}'}});
  });
  after(() => w?.stop());

  const record = async name => (await w.records()).find(r => r.fields.Name === name);

  test('P9 missing inputs are asked one by one, with title, hint and sample; cancel stops', async () => {
    const first = await ana.ask('salesforce create opportunity', /Enter name/);
    assert.match(words(first), /Create an opportunity/);
    assert.match(words(first), /Type cancel to stop at any time/);
    assert.match(words(first), /Enter name \(Deal name, e\.g\. Acme renewal\):/);
    const second = await ana.ask('Asked for: everything', /Enter close/);
    assert.doesNotMatch(words(second), /Type cancel/);
    await ana.ask('2026-12-31', /Created Asked for: everything/);
    await ana.ask('salesforce create opportunity name: Stopped', /Enter close/);
    await ana.ask('CANCEL', /Cancelled: Create an opportunity\. Nothing was done/);
    await ana.ask('2026-12-31', /do not know that command/);
    await w.idle();
    assert.equal(await record('Stopped'), undefined);
    await ana.ask('cancel', /nothing to cancel/);
  });

  test('P9 a value that does not fit is asked again, and the reason is said', async () => {
    await ana.ask('salesforce create opportunity name: Fussy', /Enter close/);
    for (const bad of ['tomorrow', '2026-13-01', '31.12.2026']) await ana.ask(bad, /not a date.*like 2026-12-31[\s\S]*Enter close again/);
    await ana.ask('2026-12-31', /Created Fussy/);
  });

  test('P9 a refused answer names its command and leads on; a day that does not exist is named', async () => {
    await ana.ask('salesforce create opportunity name: Named', /Enter close/);
    const told = await ana.ask('2026-11-31', /Create an opportunity: That is not a date: there is no 31 November 2026\./);
    assert.deepEqual(labels(told), ['Fill in a form', 'Cancel it', 'Help']);
    await ana.press(told, 'Cancel it');
    await ana.sees(m => m.ts === told.ts && /Cancelled: Create an opportunity/.test(words(m)));
  });

  test('P9 words beside the words: help, cancel, greetings, rubbish behind a word, the beginning of a command', async () => {
    for (const text of ['?', 'menu', 'help me']) await ana.ask(text, /What can I do/);
    for (const [text, answer] of [['hi', /^Hello! Type help to see/], ['Hello!', /^Hello!/], ['thanks', /^You are welcome/], ['ok', /^All right/]]) await ana.ask(text, answer);
    for (const [text, answer] of [['login', /Type connect and an app's name to log in/], ['log in to it', /Type connect and/], ['login Salesforce', /Type connect salesforce to log in/], ['logout', /Type disconnect and an app's name to log out/]]) await ana.ask(text, answer);
    await ana.ask('help more commands', /More commands/);
    assert.match(words(await ana.ask('connections please', /Your connections/)), /I took that as connections/);
    await ana.ask('delete salesforce', /Your connections/);
    await ana.ask('@workbot team note', /private message/, {place: 'sales'});
    await ana.sees(/Enter text/);
    const begun = await ana.ask('salesforce create', /Commands that begin with salesforce create/);
    assert.deepEqual(labels(begun), ['Create an opportunity']);
    await ana.ask('stop', /Cancelled: Leave a note/);
    await ana.ask('quit', /nothing to cancel/);
    await ana.ask('team note', /Enter text/);
    await ana.ask('Hello', /Noted: Hello/);
  });

  test('P9 a wrong value in a command: the rest is kept, that value alone is asked for, and the reason is said', async () => {
    const asked = await ana.ask('salesforce create opportunity name: Kept amount: 7 close: tomorrow', /Enter close/);
    assert.match(words(asked), /Create an opportunity[\s\S]*close: tomorrow does not fit\. That is not a date\. Write it as year-month-day, like 2026-12-31\.\nEnter close \(/);
    await ana.ask('31.12.', /not a date[\s\S]*Enter close again/);
    await ana.ask('2026-12-31', /Created Kept/);
    await w.idle();
    assert.equal(Number((await record('Kept')).fields.Amount), 7);
    // two of them, the optional one first, as the recipe has it; nothing runs with either
    await ana.ask('salesforce create opportunity close: soon name: Two amount: lots', /amount: lots does not fit[\s\S]*not a number[\s\S]*Enter amount/);
    assert.doesNotMatch(words(await ana.ask('pending', /Enter amount/)), /lots/);
    await ana.ask('8', /close: soon does not fit[\s\S]*Enter close/);
    await w.idle();
    assert.equal(await record('Two'), undefined);
    await ana.ask('2026-12-31', /Created Two/);
    await w.idle();
    assert.equal(Number((await record('Two')).fields.Amount), 8);
  });

  test('P9 a wrong value typed in a channel is asked for in private; the result comes to the channel', async () => {
    const line = await ana.ask('@workbot salesforce create opportunity name: In public close: never', /One value does not fit/, {place: 'sales'});
    assert.ok(line.ephemeral);
    await ana.sees(/close: never does not fit/);
    await ana.say('2026-12-31');
    await ana.sees(/Created In public/, {place: 'sales'});
  });

  test('P9 an input without a hint is asked for in words that its type gives', async () => {
    await ana.ask('salesforce rate deal', /Enter deal \(any text\):/);
    await ana.ask('Plain', /Enter stage \(one of these\):/);
    await ana.ask('early', /Enter amount \(a number, e\.g\. 5000\):/);
    await ana.ask('cancel', /Cancelled: Rate a deal/);
  });

  test('P9 pending shows the inputs in the recipe\'s order', async () => {
    await ana.ask('salesforce create opportunity amount: 5 name: Ordered stage: Prospecting', /Enter close/);
    const list = await ana.ask('pending', /Waiting for you/);
    assert.match(words(list), /name\s*Ordered\s+amount\s*5\s+stage\s*Prospecting/);
    await ana.ask('cancel', /Cancelled/);
  });

  test('P9 options are buttons; a click or the words answer, a second click does not', async () => {
    await ana.ask('salesforce rate deal deal: Clicked', /Enter stage/);
    const asked = await ana.sees(/Enter stage/);
    assert.deepEqual(labels(asked), ['Early', 'Won', 'Fill in a form']);
    await ana.press(asked, 'Won', {times: 2});
    await ana.sees(/Enter amount/);
    await w.idle();
    assert.equal((await ana.messages()).filter(m => m.ts > asked.ts && /Enter amount/.test(words(m))).length, 1);
    await ana.ask('12.5', /Rated Clicked/);
    await w.idle();
    assert.equal((await record('Clicked')).fields.StageName, 'Closed Won');
    await ana.ask('salesforce rate deal deal: Typed', /Enter stage/);
    await ana.ask('nonsense', /Choose one of: Early, Won/);
    await ana.ask('early', /Enter amount/);
    await ana.ask('7', /Rated Typed/);
    await w.idle();
    assert.equal((await record('Typed')).fields.StageName, 'Prospecting');
  });

  test('failure_14_typed_meanwhile P9 a command typed during a question is that command; the question stays in pending and goes on', async () => {
    await ana.ask('salesforce create opportunity name: Interrupted', /Enter close/);
    await ana.ask('help', /What can I do/);
    await ana.ask('salesforce find opportunity name: Fussy', /1 found/);
    const list = await ana.ask('pending', /Waiting for you/);
    assert.match(words(list), /Create an opportunity asks for an input[\s\S]*Interrupted/);
    await ana.ask('2026-12-31', /Created Interrupted/);
    await ana.ask('pending', /Nothing waits for you/);
  });

  test('P9 pending drops what waits', async () => {
    await ana.ask('salesforce create opportunity name: Dropped', /Enter close/);
    const list = await ana.ask('pending', /Dropped/);
    await ana.press(list, 'Cancel it', {times: 2});
    await ana.sees(m => m.ts >= list.ts && /Cancelled/.test(words(m)));
    await w.idle();
    await ana.ask('pending', /Nothing waits/);
    const prompt = await cleo.prompt('salesforce create opportunity name: Waits close: 2026-12-31');
    const waiting = await cleo.ask('pending', /waits for a login/);
    assert.ok(button(waiting, 'Log in'));
    await cleo.press(waiting, 'Cancel it');
    await cleo.sees(m => m.ts === prompt.ts && /was cancelled/.test(words(m)));
    await w.idle();
    assert.equal(await w.count('login', "state in ('open', 'code')"), 0, 'a login that nothing waits for is not asked for');
  });

  test('P9 a restart between question and answer loses nothing', async () => {
    await ana.ask('salesforce create opportunity name: Restarted', /Enter close/);
    await w.kill();
    await w.startReplica(0);
    await ana.ask('2026-12-31', /Created Restarted/);
  });

  test('P11 unknown inputs are named and nothing runs', async () => {
    const told = await ana.ask('salesforce create opportunity nmae: Typo close: 2026-12-31', /did not run/);
    assert.match(words(told), /no input for: nmae/);
    assert.match(words(told), /It takes name, amount, stage, close/);
    const nameless = await ana.ask('salesforce create opportunity Acme renewal', /no input for: Acme renewal/);
    assert.match(words(nameless), /Write it like this: salesforce create opportunity name: Acme renewal/);
    await ana.press(nameless, 'Fill in a form');
    const form = await ana.modal(v => v.title.text === 'Create an opportunity');
    assert.equal(form.blocks.find(b => b.element?.initial_value)?.element.initial_value, 'Acme renewal');
    await ana.closes();
    await ana.ask('cancel', /Cancelled/);
    assert.doesNotMatch(words(told), /Write it like this/);
    await w.idle();
    assert.equal(await w.count('run', "state in ('asking', 'parked')"), 0);
  });

  test('P9 values hold spaces, colons and links, and names may come in any order and case', async () => {
    await ana.ask('Salesforce  CREATE   opportunity Close: 2026-12-31 NAME: Deal: 10:30 see https://acme.example/a:b AMOUNT: 12.50', /Created Deal: 10:30/);
    await w.idle();
    const found = (await w.records()).find(r => /10:30/.test(r.fields.Name));
    assert.match(found.fields.Name, /^Deal: 10:30 see <?https:\/\/acme\.example\/a:b>?$/);
    assert.equal(Number(found.fields.Amount), 12.5);
  });

  test('P9 a form that was sent takes the question\'s buttons away; pending is kept true by a run that ends and by a code', async () => {
    const asked = await ana.ask('salesforce create opportunity name: Formed', /Enter close/);
    const list = await ana.ask('pending', /Waiting for you/);
    await ana.press(asked, 'Fill in a form');
    await ana.modal(v => v.title.text === 'Create an opportunity');
    await ana.submit({close: '2026-12-31'});
    const over = await ana.sees(m => m.ts === asked.ts && /Filled in/.test(words(m)));
    assert.deepEqual(labels(over), []);
    assert.match(words(over), /Create an opportunity[\s\S]*Formed[\s\S]*2026-12-31/);
    await ana.sees(/Created Formed/);
    await ana.sees(m => m.ts === list.ts && /Nothing waits for you/.test(words(m)));
    // and by the code
    const prompt = await cleo.prompt('connect acme-salesforce');
    const code = await cleo.browse(prompt);
    const waits = await cleo.ask('pending', /waits for your code/);
    await cleo.ask(code, /is connected/);
    await cleo.sees(m => m.ts === waits.ts && /Nothing waits for you/.test(words(m)));
    await cleo.ask('disconnect acme-salesforce', /Your connections/);
    await w.idle();
  });

  test('P9 unknown text: did you mean, with buttons that work', async () => {
    const told = await ana.ask('salesforce make opportunity', /do not know that command/);
    assert.match(words(told), /Did you mean/);
    assert.ok(button(told, 'Create an opportunity'), JSON.stringify(buttons(told)));
    await ana.press(told, 'Find an opportunity');
    await ana.modal(v => v.title.text === 'Find an opportunity');
    await ana.closes();
    await ana.ask('cancel', /Cancelled/);
  });

  test('P9 help, help for an app, the app alone; hidden commands stay hidden', async () => {
    const all = await ana.ask('help', /What can I do/);
    assert.match(words(all), /Salesforce/);
    for (const text of ['help salesforce', 'salesforce', 'Help Salesforce']) {
      const one = await ana.ask(text, /salesforce create opportunity/);
      assert.ok(button(one, 'Create an opportunity'), JSON.stringify(labels(one)));
      assert.doesNotMatch(words(one), /create task/);
    }
    await ana.press(all, 'Personal accounts');
    const list = await ana.sees(m => m.ts === all.ts && /Your connections/.test(words(m)));
    assert.match(words(list), /Salesforce · Connected/);
    await ana.press(list, 'Disconnect');
    await ana.sees(m => m.ts === list.ts && /Disconnected/.test(words(m)));
    await w.idle();
  });

  test('P9 connect ahead of need: the prompt becomes the list again; several spellings of the list', async () => {
    const prompt = await ana.prompt('connect acme-salesforce');
    await ana.say(await ana.browse(prompt));
    const list = await ana.sees(m => m.ts === prompt.ts && /Your connections/.test(words(m)));
    assert.match(words(list), /Connected[\s\S]*ana@acme\.example[\s\S]*Production/);
    for (const text of ['connections', 'personal_connections', 'personal connections', 'Personal Accounts']) await ana.ask(text, /Your connections/);
    await ana.ask('connect teapot', /no app or connection called teapot/);
    await ana.ask('disconnect teapot', /no app or connection called teapot/);
    for (const pair of ['salesforce acme-salesforce', 'Salesforce, acme-salesforce']) await ana.ask('disconnect ' + pair, m => m.is_bot && !/no app or connection called/.test(words(m)));
  });

  test('P9 a second "connect" replaces the first prompt\'s link', async () => {
    const first = await cleo.prompt('connect salesforce');
    const second = await cleo.prompt('connect salesforce');
    assert.notEqual(loginUrl(first), loginUrl(second));
    assert.equal((await fetch(loginUrl(first))).status, 410);
    assert.equal((await fetch(loginUrl(second))).status, 200);
    await cleo.press(second, 'Back');
    await cleo.sees(m => m.ts === second.ts && /Your connections/.test(words(m)));
  });

  test('P9 a connection that is not set up has no button and is not offered; the one live connection is the one to end', async () => {
    await w.must('PUT', '/workspaces/slack:T0ACME001/connections/draft-one', {app: 'salesforce', host: w.salesforceHost});
    const prompt = await cleo.prompt('connect salesforce');
    await cleo.ask(await cleo.browse(prompt), /is connected/);
    const list = await cleo.ask('connections', /draft-one · Not set up yet: ask an admin\nYou can ask <@U0BEN0001>\./);
    assert.deepEqual(labels(list), ['Disconnect', 'Add another account']);
    assert.match(words(list), /Never, until you disconnect/);
    assert.match(JSON.stringify(list.blocks), /Keep it.*Disconnect Salesforce\?/);
    await cleo.ask('disconnect salesforce', /Disconnected/);
    await w.idle();
    await w.must('DELETE', '/workspaces/slack:T0ACME001/connections/draft-one');
  });
});
