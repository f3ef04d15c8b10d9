// The demo's story in Teams, clicked: a chat with the bot and a channel on one side, our pages on
// the other; the cards are drawn by the official adaptivecards.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {until} from '../lib/flow.mjs';
import {COMMAND, accessible, atSalesforce, codeOf, column, open, type} from './support.mjs';

let stage;
before(async () => (stage = await open()));
after(() => stage?.close());
afterEach(t => stage.calm(t));

const ANA = 'Ana Alvarez in Teams', BEN = 'Ben Baker in Teams', CLEO = 'Cleo Chen in Teams';
async function chatPage(context) {
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  await chat.getByLabel('Workspace').selectOption({label: 'Acme in Teams'});
  return chat;
}
const teamsMessages = (user, place) => stage.sandbox('GET', `/_messages?${new URLSearchParams({chat: 'teams', workspace: 'Acme', user, place})}`).then(r => r.messages);

/** What stands in the channel for `user`. Its author's client soon shows them a view of their own instead. */
const inChannel = (user, text) => until(`${user} to see "${text}" in the channel`, async () =>
  JSON.stringify(await teamsMessages(user, 'deals')).includes(text));

/** From the button of the newest login prompt to Salesforce's page. */
async function toLogin(context, person) {
  const prompt = person.locator('article', {hasText: 'Log in to Salesforce to go on'}).last();
  await prompt.waitFor();
  const opening = context.waitForEvent('page');
  await prompt.getByRole('link', {name: 'In the browser'}).click();
  return {prompt, page: await opening};
}

test('P2 P4 P9: Ana types a command, logs in, types the code, and the opportunity is hers', async () => {
  const context = await stage.browser();
  const chat = await chatPage(context);
  const ana = column(chat, ANA);
  await type(chat, ANA, COMMAND);
  const {prompt, page} = await toLogin(context, ana);
  const ts = await prompt.getAttribute('data-ts');
  await page.getByRole('heading', {name: 'Connect Salesforce to Teams'}).waitFor();
  await accessible(page, 'landing page');
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /ana@acme\.example/);
  await page.getByRole('heading', {name: 'Type this code in Teams'}).waitFor();
  await accessible(page, 'code page');
  assert.deepEqual(await stage.records('Opportunity'), [], 'it ran before the code was typed');

  await type(chat, ANA, await codeOf(page));
  const result = ana.locator(`article[data-ts="${ts}"]`);
  await result.getByText('Created Acme renewal, as ana@acme.example').waitFor();
  await ana.getByText('Salesforce is connected').waitFor();
  const [record] = await stage.records('Opportunity');
  assert.equal(record.owner, 'ana@acme.example');
  const opening = context.waitForEvent('page');
  await result.getByRole('link', {name: 'Open'}).click();
  await (await opening).getByText('Acme renewal').first().waitFor();
  await chat.bringToFront();

  await type(chat, ANA, 'connections');
  const list = ana.locator('article', {hasText: 'Your connections'}).last();
  await list.getByText('Last used').waitFor();
  await accessible(chat, 'the list as a card');
  const disconnect = list.getByRole('button', {name: 'Disconnect'});
  await disconnect.click();
  await disconnect.nth(1).click(); // the question's own button
  await ana.getByText('Disconnected: Salesforce has ended the login too.').waitFor();
  await list.getByRole('button', {name: 'Connect', exact: true}).nth(2).waitFor(); // Salesforce's again, beside those of Box and ServiceNow
});

test('P2: Ben runs on the default connection; Cleo in a channel without a login', async () => {
  const chat = await chatPage(await stage.browser());
  await type(chat, BEN, COMMAND.replace('Acme', 'Ben'));
  await column(chat, BEN).getByText('Created Ben renewal, as ben@acme.example (the default connection)').waitFor();
  const cleo = column(chat, CLEO);
  await cleo.getByRole('tab', {name: '# deals'}).click();
  await type(chat, CLEO, '@Workbot team note text: Hello');
  await inChannel('ben', 'Noted: Hello, as the shared account');
  await cleo.getByText('as the shared account, ben@acme.example (Acme Corporation)').waitFor();
});

test('P8: a command in a channel shows its login to its user alone, in the chat with the bot', async () => {
  const context = await stage.browser();
  const chat = await chatPage(context);
  const cleo = column(chat, CLEO);
  await cleo.getByRole('tab', {name: '# deals'}).click();
  await type(chat, CLEO, `@Workbot ${COMMAND.replace('Acme', 'Cleo')}`);
  await inChannel('ana', 'I sent you a private message');
  await cleo.getByText('waits for your login to Salesforce').waitFor();
  assert.ok(!JSON.stringify(await teamsMessages('ana', 'deals')).includes('/login/'));
  await cleo.getByRole('tab', {name: 'Workbot'}).click();
  const {page} = await toLogin(context, cleo);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /cleo@acme\.example/);
  await type(chat, CLEO, await codeOf(page));
  await cleo.getByRole('tab', {name: '# deals'}).click();
  await cleo.getByText('Created Cleo renewal, as Cleo Chen').waitFor();
});
