// Slack's own surfaces, clicked in a real browser: the installation, the slash command, a shared
// channel, the home page, a form, and Sign in with Slack.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {GLOBEX} from '../lib/flow.mjs';
import {COMMAND, accessible, atSalesforce, column, openWorld, type} from './support.mjs';

let stage, w;
before(async () => {
  stage = await openWorld({env: {WORKBOT_SLACK_SIGN_IN: 'on', WORKBOT_ALLOWED_WORKSPACES: GLOBEX}});
  w = stage.world;
  const uris = [`${w.url}/slack/oauth/callback`, `${w.url}/identity/slack/callback`];
  await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: uris}}});
  await w.must('PUT', '/workspaces/slack:T0ACME001/connections/acme-salesforce', {assurance: 'sign_in'});
});
after(() => stage?.close());
afterEach(t => stage.calm(t));

async function chat(context) {
  const page = await context.newPage();
  await page.goto(w.sandboxUrl);
  return page;
}
const opened = async (context, click) => {
  const [page] = await Promise.all([context.waitForEvent('page'), click()]);
  return page;
};
/** At Slack's sign-in page: who sits at this browser, and yes. */
async function atSlack(page, name) {
  await page.getByRole('button', {name}).click();
  const allow = page.getByRole('button', {name: 'Allow', exact: true});
  await Promise.race([allow.waitFor(), page.waitForURL(url => !url.pathname.includes('/openid/'))]);
  if (await allow.isVisible()) await allow.click();
}

test('Otto installs Workbot in Globex from a browser, and is welcomed in Slack', async () => {
  const context = await stage.browser();
  const page = await context.newPage();
  await page.goto(`${w.url}/slack/install`);
  await page.getByLabel('Workspace and person').selectOption({label: 'Globex: Otto Olsen'});
  await page.getByRole('button', {name: 'Allow', exact: true}).click();
  await page.getByRole('heading', {name: /Workbot is installed in Globex/}).waitFor();
  await accessible(page, 'installed page');
  const slack = await chat(context);
  await slack.getByLabel('Workspace', {exact: true}).selectOption({label: 'Globex'});
  await column(slack, 'Otto Olsen').getByText('Thank you for installing me').waitFor();
});

test('P4: Cleo types a command in a thread, signs in with Slack, logs in, and it goes on there without a code', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  const cleo = column(slack, 'Cleo Chen');
  await cleo.getByRole('tab', {name: '# sales'}).click();
  await type(slack, 'Cleo Chen', 'about the Acme deal');
  const said = cleo.locator('article', {hasText: 'about the Acme deal'}).first();
  await said.hover();
  await said.getByRole('button', {name: 'Reply in thread'}).click();
  await type(slack, 'Cleo Chen', `@Workbot ${COMMAND}`);
  await cleo.locator('article.reply', {hasText: 'private message'}).waitFor();
  await cleo.getByRole('tab', {name: 'Workbot'}).click();
  const prompt = cleo.locator('article', {hasText: 'Log in to Salesforce to go on'});
  const page = await opened(context, () => prompt.getByRole('link', {name: 'Log in to Salesforce'}).click());
  await page.getByRole('heading', {name: 'Connect Salesforce to Slack'}).waitFor();
  await accessible(page, 'landing page that signs in');
  await page.getByRole('button', {name: /^Continue/}).click();
  await atSlack(page, /Cleo/);
  await atSalesforce(page, /cleo@acme\.example/);
  await page.getByRole('heading', {name: /Salesforce is connected/}).waitFor();
  assert.equal(await page.locator('#code').count(), 0, 'no code to type');
  await accessible(page, 'connected page');
  await cleo.getByRole('tab', {name: '# sales'}).click();
  await cleo.locator('article.reply', {hasText: 'Created Acme renewal, as Cleo'}).waitFor();
});

test('P4: Ana\'s link in Cleo\'s browser connects nothing, and says so', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  await type(slack, 'Ana Alvarez', COMMAND);
  const prompt = column(slack, 'Ana Alvarez').locator('article', {hasText: 'Log in to Salesforce to go on'});
  const link = await prompt.getByRole('link', {name: 'Log in to Salesforce'}).getAttribute('href');
  const cleos = await (await stage.browser()).newPage();
  await cleos.goto(link);
  await cleos.getByRole('button', {name: /^Continue/}).click();
  await atSlack(cleos, /Cleo/);
  await cleos.getByRole('heading', {name: /This login belongs to Ana/}).waitFor();
  await accessible(cleos, 'page for another person');
  assert.equal(await w.count('connection', "user_id = 'U0ANA0001'"), 0);
  // the person who asked goes on with the same link
  const anas = await (await stage.browser()).newPage();
  await anas.goto(link);
  await anas.getByRole('button', {name: /^Continue/}).click();
  await atSlack(anas, /Ana/);
  await atSalesforce(anas, /ana@acme\.example/);
  await anas.getByRole('heading', {name: /Salesforce is connected/}).waitFor();
});

test('P8: /workbot in a channel shared with another company is answered to its user alone', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  const ana = column(slack, 'Ana Alvarez');
  await ana.getByRole('tab', {name: '# acme-otherco'}).click();
  await type(slack, 'Ana Alvarez', '/workbot connections');
  const answer = ana.locator('article.private', {hasText: 'Your connections'});
  await answer.getByText('ana@acme.example').first().waitFor();
  assert.ok(await answer.getByText('Only visible to you').isVisible());
  const others = JSON.stringify(await w.person('sid').messages('acme-otherco'));
  assert.ok(!others.includes('ana@acme.example') && !others.includes('Your connections'));
});

test('the home page shows what Ana has, and its buttons work there', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  const ana = column(slack, 'Ana Alvarez');
  await ana.getByRole('tab', {name: 'Home'}).click();
  await ana.getByText('ana@acme.example').first().waitFor();
  await ana.getByText('Create an opportunity').first().waitFor();
  await accessible(slack, 'home page');
  await ana.getByRole('button', {name: 'Disconnect'}).click();
  await slack.locator('#confirm-yes').click();
  await ana.getByText(/Disconnected/).first().waitFor();
  await ana.getByRole('button', {name: 'Connect', exact: true}).waitFor();
});

test('missing inputs are asked in a form: the fault stands at its field, and the result where it was asked', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  const ben = column(slack, 'Ben Baker'); // the installer: no login in the way
  await ben.getByRole('tab', {name: 'Workbot'}).click();
  await type(slack, 'Ben Baker', '/workbot salesforce create opportunity');
  const form = ben.getByRole('dialog', {name: /Create an opportunity/});
  await form.waitFor();
  await accessible(slack, 'a form');
  await form.getByRole('textbox', {name: /^name/i}).fill('From a form');
  await form.getByLabel(/amount/i).fill('many');
  await form.locator('input[type=date]').fill('2026-12-31');
  await form.locator('footer .primary').click();
  await form.getByRole('alert').filter({hasText: /number/i}).waitFor();
  await form.getByLabel(/amount/i).fill('4200');
  await form.locator('footer .primary').click();
  await form.waitFor({state: 'detached'});
  await ben.getByText('Created From a form').first().waitFor();
  const [record] = (await w.records()).filter(r => r.fields.Name === 'From a form');
  assert.deepEqual([record.owner, record.fields.Amount], ['ben@acme.example', 4200]);
});

test('the shortcut opens the connections anywhere', async () => {
  const context = await stage.browser();
  const slack = await chat(context);
  const cleo = column(slack, 'Cleo Chen');
  await cleo.getByLabel('Shortcuts of Cleo Chen').click();
  await cleo.getByRole('button', {name: 'Workbot connections'}).click();
  const view = cleo.getByRole('dialog');
  await view.getByText('cleo@acme.example').first().waitFor();
  await view.getByRole('button', {name: 'Close', exact: true}).first().click();
  await view.waitFor({state: 'detached'});
});
