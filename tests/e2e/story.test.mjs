// The demo's story, clicked: the sandbox's chat page on one side, our pages on the other.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {COMMAND, accessible, atSalesforce, codeOf, column, open, type} from './support.mjs';

let stage;
before(async () => (stage = await open()));
after(() => stage?.close());
afterEach(t => stage.calm(t));


test('P2 P4 P9: Ana types a command, logs in, types the code, and the opportunity is hers', async () => {
  const context = await stage.browser();
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  const ana = column(chat, 'Ana Alvarez');

  await type(chat, 'Ana Alvarez', COMMAND);
  await ana.getByText('Log in to Salesforce to go on').waitFor();
  const prompt = ana.locator('article', {hasText: 'Log in to Salesforce to go on'});
  const ts = await prompt.getAttribute('data-ts');
  const opening = context.waitForEvent('page');
  await prompt.getByRole('link', {name: 'Log in to Salesforce'}).click();
  const page = await opening;

  await page.getByRole('heading', {name: 'Connect Salesforce to Slack'}).waitFor();
  assert.ok(await page.getByText('Only go on if this is you.').isVisible());
  await accessible(page, 'landing page');
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /ana@acme\.example/);

  await page.getByRole('heading', {name: 'Type this code in Slack'}).waitFor();
  assert.ok(await page.getByText('ana@acme.example').first().isVisible());
  await accessible(page, 'code page');
  assert.deepEqual(await stage.records('Opportunity'), [], 'it ran before the code was typed');

  await type(chat, 'Ana Alvarez', await codeOf(page));
  const result = ana.locator(`article[data-ts="${ts}"]`);
  await result.getByText('Created Acme renewal, as ana@acme.example').waitFor();
  await ana.getByText('Salesforce is connected').waitFor();
  const [record] = await stage.records('Opportunity');
  assert.equal(record.owner, 'ana@acme.example');

  // the page's button leads back to the conversation, the result's to the record
  assert.match(await page.getByRole('link', {name: 'Back to Slack'}).getAttribute('href'), /D0ANA0001/);
  const record_page = context.waitForEvent('page');
  await result.getByRole('link', {name: 'Open'}).click();
  await (await record_page).getByText('Acme renewal').first().waitFor();
  await chat.bringToFront();

  await type(chat, 'Ana Alvarez', 'connections');
  const list = ana.locator('article', {hasText: 'Your connections'}).last();
  await list.getByText('Last used').waitFor();
  await list.getByRole('button', {name: 'Disconnect'}).click();
  await chat.locator('#confirm-yes').click();
  await ana.getByText('Disconnected: Salesforce has ended the login too.').waitFor();
  await list.getByRole('button', {name: 'Connect', exact: true}).nth(2).waitFor(); // Salesforce's again, beside those of Box and ServiceNow

  // the link has done its work, and says so
  await page.goto(page.url());
  await accessible(page, 'spent page');
});

test('P2: Ben installed Workbot and runs on the default connection; Cleo in a channel without a login', async () => {
  const context = await stage.browser();
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  await type(chat, 'Ben Baker', COMMAND.replace('Acme', 'Ben'));
  await column(chat, 'Ben Baker').getByText('Created Ben renewal, as ben@acme.example (the default connection)').waitFor();
  const cleo = column(chat, 'Cleo Chen');
  await cleo.getByRole('tab', {name: '# sales'}).click();
  await type(chat, 'Cleo Chen', '@Workbot team note text: Hello');
  await cleo.getByText('Noted: Hello, as the shared account').waitFor();
});

test('P8: a command in a channel shows its login to its user alone', async () => {
  const context = await stage.browser();
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  const cleo = column(chat, 'Cleo Chen');
  await cleo.getByRole('tab', {name: '# sales'}).click();
  await type(chat, 'Cleo Chen', `@Workbot ${COMMAND}`);
  await cleo.getByText('I sent you a private message').waitFor();
  for (const user of ['ana', 'ben']) {
    const seen = JSON.stringify(await stage.messages(user, 'sales'));
    assert.ok(!seen.includes('/login/'), `${user} sees Cleo's link`);
  }
  await cleo.getByRole('tab', {name: 'Workbot'}).click();
  const prompt = cleo.locator('article', {hasText: 'Log in to Salesforce to go on'});
  const opening = context.waitForEvent('page');
  await prompt.getByRole('link', {name: 'Log in to Salesforce'}).click();
  const page = await opening;
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /cleo@acme\.example/);
  await type(chat, 'Cleo Chen', await codeOf(page));
  await cleo.getByText('Salesforce is connected as cleo@acme.example').waitFor();
  // in the shared place by her name in the chat, without account
  await cleo.getByRole('tab', {name: '# sales'}).click();
  await cleo.getByText(/Created Acme renewal, as Cleo/).waitFor();
  assert.ok(!JSON.stringify(await stage.messages('ana', 'sales')).includes('cleo@acme.example'));
});
