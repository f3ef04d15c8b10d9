// The sandbox's chat page as Teams: the official adaptivecards draws the cards, and what a person
// does in a browser reaches a bot that answers as told.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {base, bot, until} from '../sandbox/harness.mjs';
import {ANA_ADDRESS, CARD, DEALS, DM, at, call, card, cardMessage, execute, last, message, messages, reply, send, submit} from '../sandbox/teams_harness.mjs';
import {accessible, column, inFront, type} from './support.mjs';

let stage;
before(async () => (stage = await inFront({sandbox: base, stop: () => {}})));
after(() => stage?.close());
afterEach(t => stage.calm(t));

const ANA = 'Ana Alvarez in Teams';
const text = (t, more) => ({type: 'TextBlock', text: t, wrap: true, ...more});
const INPUTS = [{type: 'Input.Text', id: 'name', label: 'Name', isRequired: true, errorMessage: 'A name, please'},
  {type: 'Input.Number', id: 'amount', label: 'Amount'}, {type: 'Input.Date', id: 'close', label: 'Close date'},
  {type: 'Input.ChoiceSet', id: 'stage', label: 'Stage', choices: [{title: 'First', value: '1'}, {title: 'Second', value: '2'}]},
  {type: 'Input.ChoiceSet', id: 'tags', label: 'Tags', isMultiSelect: true, choices: [{title: 'Red', value: 'r'}, {title: 'Blue', value: 'b'}]},
  {type: 'Input.Toggle', id: 'urgent', title: 'Urgent'}];

async function page(choice = 'Acme in Teams') {
  const p = await (await stage.browser()).newPage();
  await p.goto(base);
  await p.getByLabel('Workspace').selectOption({label: choice});
  await column(p, ANA).waitFor();
  return {p, ana: column(p, ANA)};
}
async function fill(where) {
  await where.getByLabel('Name').fill('Acme renewal');
  await where.getByLabel('Amount').fill('5000');
  await where.getByLabel('Close date').fill('2026-12-31');
  await where.getByLabel('Stage').selectOption('Second');
  await where.getByLabel('Red').check();
  await where.getByLabel('Blue').check();
  await where.getByLabel('Urgent').check();
}
const FILLED = {name: 'Acme renewal', amount: '5000', close: '2026-12-31', stage: '2', tags: 'r,b', urgent: 'true'};

test('a person types, reads markdown and cards, and both chats stand side by side', async () => {
  const {p, ana} = await page('Acme in Slack and Teams');
  await column(p, 'Ana Alvarez').waitFor();
  await type(p, ANA, 'help');
  await ana.locator('article', {hasText: 'help'}).waitFor();
  await until('the bot to hear it', () => bot.calls.some(c => JSON.parse(c.body).text === 'help'));
  await send({text: 'Hello **Ana** \\*no\\* &lt;b&gt; [there](https://example.com)'});
  const said = ana.locator('article', {hasText: 'Hello'});
  assert.equal(await said.locator('.text').innerText(), 'Hello Ana *no* <b> there');
  assert.equal(await said.locator('.text b').innerText(), 'Ana');
  await send(cardMessage([text('A **card** with \\_escapes\\_ &lt;i&gt;x&lt;/i&gt;'), {type: 'FactSet', facts: [{title: 'Owner', value: 'Ana'}]}]));
  const drawn = ana.locator('.ac-adaptiveCard');
  await drawn.waitFor();
  assert.match(await drawn.innerText(), /A card with _escapes_ <i>x<\/i>\s+Owner\s+Ana/);
  await accessible(p, 'both chats');
});

test('inputs of a card are checked, then they and the action reach the bot; the answer shows', async () => {
  const {p, ana} = await page();
  await send(cardMessage(INPUTS, [execute('Run it', 'run', {k: 1}), submit('Later', {l: 1})]));
  await ana.getByRole('button', {name: 'Run it'}).click();
  await ana.getByText('A name, please').waitFor();
  assert.equal(bot.calls.length, 0);
  await fill(ana);
  bot.answer = reply({statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Working on it'});
  await ana.getByRole('button', {name: 'Run it'}).click();
  await ana.getByText('Working on it').waitFor();
  assert.deepEqual([last().name, last().value.action.verb, last().value.action.data], ['adaptiveCard/action', 'run', {k: 1, ...FILLED}]);
  bot.answer = () => ({status: 500});
  await fill(ana);
  await ana.getByRole('button', {name: 'Run it'}).click();
  await ana.getByText('Unable to reach app').waitFor();
  await accessible(p, 'a card with inputs');
});

test('what is left empty is not sent, a number neither; the word below a card goes with the card', async () => {
  const {ana} = await page();
  const posted = await send(cardMessage(INPUTS, [execute('Run it', 'run', {k: 1})]));
  await ana.getByLabel('Name').fill('Only a name');
  bot.answer = reply({statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: 'Working on it'});
  await ana.getByRole('button', {name: 'Run it'}).click();
  await ana.getByText('Working on it').waitFor();
  assert.deepEqual(last().value.action.data, {k: 1, name: 'Only a name', urgent: 'false'});
  await call('PUT', at(DM, `/activities/${posted.id}`), message(cardMessage([text('Done')])));
  await ana.getByText('Done').waitFor();
  assert.equal(await ana.getByText('Working on it').count(), 0);
});

test('a card of one\'s own: in the answer, and by a refresh', async () => {
  const {ana, p} = await page('Acme in Teams');
  const refresh = {action: execute('Refresh', 'refresh', {}), userIds: [ANA_ADDRESS]};
  bot.answer = reply({statusCode: 200, type: CARD, value: card([text('Only Ana reads this')]).content});
  await send(cardMessage([text('Everybody reads this')], undefined, {refresh}), DEALS);
  await ana.getByRole('tab', {name: '# deals'}).click();
  await ana.getByText('Only Ana reads this').waitFor();
  const ben = column(p, 'Ben Baker in Teams');
  await ben.getByRole('tab', {name: '# deals'}).click();
  await ben.getByText('Everybody reads this').waitFor();
  assert.equal(last().value.trigger, 'automatic');
});

test('a dialog opens, keeps what is wrong, and closes with a word', async () => {
  const {p, ana} = await page();
  await send(cardMessage([text('Missing')], [submit('Fill in', {msteams: {type: 'task/fetch'}, r: 1})]));
  const open = more => reply({task: {type: 'continue', value: {title: 'Create an opportunity', width: 'medium', height: 'medium', card: card([...more, ...INPUTS], [submit('Save', {f: 1})])}}});
  bot.answer = open([]);
  await ana.getByRole('button', {name: 'Fill in'}).click();
  const dialog = ana.getByRole('dialog', {name: 'Create an opportunity'});
  await dialog.getByLabel('Name').waitFor();
  await accessible(p, 'a dialog');
  await dialog.getByRole('button', {name: 'Save'}).click();
  await dialog.getByText('A name, please').waitFor();
  await fill(dialog);
  bot.answer = open([text('That name is taken', {color: 'Attention'})]);
  await dialog.getByRole('button', {name: 'Save'}).click();
  await dialog.getByText('That name is taken').waitFor();
  assert.deepEqual(last().value.data, {f: 1, ...FILLED});
  await dialog.getByLabel('Name').fill('Another');
  bot.answer = reply({task: {type: 'message', value: 'Saved it'}});
  await dialog.getByRole('button', {name: 'Save'}).click();
  await ana.getByText('Saved it').waitFor();
  await dialog.waitFor({state: 'detached'});
});

test('a sign-in button opens its window; the bar hands the code over, or closes it', async () => {
  const {p, ana} = await page();
  await send(cardMessage([text('Log in')], [submit('Sign in', {msteams: {type: 'signin', value: `${base}/healthz?width=500&height=560`}})]));
  for (const [button, state] of [['Send code', '123456'], ['Close window', 'CancelledByUser']]) {
    const [popup] = await Promise.all([p.waitForEvent('popup'), ana.getByRole('button', {name: 'Sign in'}).click()]);
    assert.match(popup.url(), /\/healthz\?width=500/);
    if (button === 'Send code') await ana.getByLabel('Code of the sign-in window').fill(state);
    await ana.getByRole('button', {name: button}).click();
    await ana.getByText('A sign-in window is open.').waitFor({state: 'detached'});
    const heard = await until('the bot to hear of it', () => bot.calls.map(c => JSON.parse(c.body)).find(a => a.value?.state === state));
    assert.equal(heard.name, 'signin/verifyState');
    await popup.close();
  }
});

test('a code that is typed instead: the bar goes, and comes with the next window', async () => {
  const {p, ana} = await page();
  await send(cardMessage([text('Log in')], [submit('Sign in', {msteams: {type: 'signin', value: `${base}/healthz?n=1`}})]));
  const open = async () => {
    const [popup] = await Promise.all([p.waitForEvent('popup'), ana.getByRole('button', {name: 'Sign in'}).click()]);
    await ana.getByText('A sign-in window is open.').waitFor();
    await popup.close();
  };
  await open();
  await type(p, ANA, 'create a task 12');
  await ana.locator('article', {hasText: 'create a task'}).waitFor();
  assert.equal(await ana.getByText('A sign-in window is open.').count(), 1);
  await type(p, ANA, '123456');
  await ana.locator('article', {hasText: '123456'}).waitFor();
  await ana.getByText('A sign-in window is open.').waitFor({state: 'detached'});
  await open();
});

test('threads in a channel, and the page without the package', async () => {
  const {p, ana} = await page();
  await ana.getByRole('tab', {name: '# deals'}).click();
  await type(p, ANA, '@Workbot help');
  const first = ana.locator('article', {hasText: '@Workbot help'});
  await first.hover();
  await first.getByRole('button', {name: 'Reply in thread'}).click();
  await type(p, ANA, '@Workbot more');
  await ana.locator('article.reply', {hasText: 'more'}).waitFor();
  const [a, b] = await messages('deals');
  assert.equal(b.root, a.id);

  await send(cardMessage([text('Which card it is')]), DEALS);
  const posted = ana.locator('article', {hasText: 'Which card it is'});
  await posted.hover();
  await posted.getByRole('button', {name: 'Reply in thread'}).click();
  await ana.getByText('Replying in the thread of “Which card it is”').waitFor();

  await send(cardMessage([text('A **plain** card'), text('{{TIME(2026-12-05T21:00:00Z)}}, {{DATE(2026-12-05T21:00:00Z, SHORT)}}'), ...INPUTS], [submit('Pass on', {k: 1})]));
  const bare = await (await stage.browser()).newPage({locale: 'en-US', timezoneId: 'UTC'});
  await bare.route('**/adaptivecards.js', route => route.fulfill({contentType: 'text/javascript', body: ''}));
  await bare.goto(base);
  await bare.getByLabel('Workspace').selectOption({label: 'Acme in Teams'});
  const plain = column(bare, ANA);
  await plain.getByText('A plain card').waitFor();
  await plain.getByText('21:00, Dec 5, 2026').waitFor();
  await plain.getByLabel('Name').fill('Acme');
  await plain.getByRole('button', {name: 'Pass on'}).click();
  const passed = await until('the press', () => bot.calls.map(c => JSON.parse(c.body).value).find(v => v?.k === 1));
  assert.equal(passed.name, 'Acme');
});
