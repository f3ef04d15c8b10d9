// The pictures of docs/pictures, taken from the demo by walking through it:
//   tests/tools/node.sh tests/tools/pictures.mjs [FOLDER]
// A FOLDER gets more than the docs show: the same pages in the dark, on a phone, every page of the console, and what went
// wrong.
import {mkdir, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {small} from './png.mjs';
import {atSalesforce, codeOf, open} from '../e2e/support.mjs';

const COMMAND = 'salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31';
const ACME = 'slack:T0ACME001', GLOBEX = 'slack:T0GLOBEX1';
const CONSOLE = {width: 1000, height: 720};
const TALL = 1000; // a picture of the docs shows this much of a page at most
const folder = resolve(process.argv[2] || 'docs/pictures');
await mkdir(folder, {recursive: true});
const stage = await open();

async function picture(page, name, options = {}) {
  const path = join(folder, `${name}.png`);
  await page.mouse.move(0, 0); // nothing is pointed at
  const png = small(await page.screenshot(options));
  await writeFile(path, png);
  console.log(`${path}  ${Math.round(png.length / 1024)} KB`);
}
/** A page as a whole: in a window of its height, as what sticks to the window's end would lie in its middle. */
async function whole(page, name) {
  const {width, height} = page.viewportSize();
  await page.setViewportSize({width, height: await page.evaluate(() => document.documentElement.scrollHeight)});
  await picture(page, name);
  await page.setViewportSize({width, height});
}
/** A page of the console at this address; the docs show its beginning. */
async function pageOf(page, address, name) {
  await page.goto(stage.demo.workbot + address);
  if (process.argv[2]) return whole(page, name);
  const {width, height} = page.viewportSize();
  await page.setViewportSize({width, height: Math.min(TALL, await page.evaluate(() => document.documentElement.scrollHeight))});
  await picture(page, name);
  await page.setViewportSize({width, height});
}
const glance = process.argv[2] ? whole : async () => {};
const type = async (chat, name, text) => {
  const box = chat.getByRole('textbox', {name: `Message as ${name}`});
  await box.fill(text);
  await box.press('Enter');
};

async function logsIn() {
  const context = await stage.browser({viewport: {width: 1280, height: 800}, colorScheme: 'light'});
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  const ana = chat.getByRole('region', {name: 'Ana Alvarez', exact: true});
  await type(chat, 'Ana Alvarez', COMMAND);
  await ana.getByText('Log in to Salesforce to go on').waitFor();
  await picture(chat, '1-prompt');

  const opening = context.waitForEvent('page');
  await ana.getByRole('link', {name: 'Log in to Salesforce'}).click();
  const page = await opening;
  await page.setViewportSize({width: 720, height: 900});
  await page.getByRole('button', {name: 'Continue to Salesforce'}).waitFor();
  await whole(page, '2-landing');
  await page.emulateMedia({colorScheme: 'dark'});
  await glance(page, '2-landing-dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 360, height: 740});
  await glance(page, '2-landing-phone');
  await page.setViewportSize({width: 720, height: 900});
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await page.getByRole('button', {name: /ana@acme/}).click();
  await page.getByRole('heading', {name: 'Allow access?'}).waitFor();
  await glance(page, '3-consent');
  await page.getByRole('button', {name: 'Allow', exact: true}).click();
  await page.locator('#code').waitFor();
  await whole(page, '3-code');

  await type(chat, 'Ana Alvarez', await codeOf(page));
  await ana.getByText('Created Acme renewal').waitFor();
  await ana.getByText('Salesforce is connected').waitFor();
  await type(chat, 'Ben Baker', COMMAND.replace('Acme renewal', 'Northwind rollout').replace('5000', '12000'));
  await chat.getByText('Created Northwind rollout').waitFor();
  await chat.getByRole('region', {name: 'Salesforce records'}).or(chat.getByRole('complementary')).getByText('ana@acme.example').first().waitFor();
  await picture(chat, '4-result');
  await type(chat, 'Ana Alvarez', 'connections');
  await ana.getByText('Last used').waitFor();
  await type(chat, 'Ben Baker', 'connections');
  await chat.getByText('You installed Workbot').waitFor();
  await chat.setViewportSize({width: 1280, height: 960});
  await picture(chat, '5-connections', {clip: {x: 0, y: 62, width: 667, height: 898}});

  // the same Ana in Teams, beside her Slack: the button opens a window
  const both = await context.newPage();
  await both.goto(stage.demo.sandbox + '/?show=both');
  const inTeams = both.getByRole('region', {name: 'Ana Alvarez in Teams', exact: true});
  await type(both, 'Ana Alvarez in Teams', COMMAND.replace('Acme renewal', 'Spring campaign').replace('5000', '8000'));
  const popup = context.waitForEvent('page');
  await inTeams.getByRole('button', {name: 'Log in to Salesforce'}).click();
  const signIn = await popup;
  await signIn.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(signIn, /ana@acme/, 'Allow');
  await signIn.locator('#code').waitFor({timeout: 15000}); // no client of Teams takes it here: it shows after five seconds
  await inTeams.getByRole('textbox', {name: 'Code of the sign-in window'}).fill(await codeOf(signIn));
  await inTeams.getByRole('button', {name: 'Send code'}).click();
  await inTeams.getByText('Created Spring campaign').waitFor();
  await inTeams.getByText('Salesforce is connected').waitFor();
  await signIn.close();
  await picture(both, '6-teams');

  // for the eye only: what a denied login looks like, in page and chat
  const url = await stage.loginLink('cleo', COMMAND);
  await page.goto(url);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /cleo@acme/, 'Deny');
  await page.getByRole('heading', {name: 'Not connected'}).waitFor();
  await glance(page, '6-denied');
  await glance(chat, '6-denied-chat');
  await page.goto(url.slice(0, -4) + '0000');
  await glance(page, '7-unknown');
}

/** A deal is submitted at Salesforce, #sales is told, Cleo approves it as herself. */
async function approves() {
  const context = await stage.browser({viewport: {width: 1280, height: 800}, colorScheme: 'light'});
  const chat = await context.newPage();
  await chat.goto(stage.demo.sandbox);
  const people = ['Ana Alvarez', 'Ben Baker', 'Cleo Chen'].map(name => chat.getByRole('region', {name, exact: true}));
  const [, ben, cleo] = people;
  await type(chat, 'Ben Baker', COMMAND.replace('Acme renewal', 'Contoso licences').replace('5000', '7500'));
  await ben.getByText('Created Contoso licences').waitFor();
  for (const p of people) await p.getByRole('tab', {name: '# sales'}).click();
  await chat.locator('.record', {hasText: 'Contoso licences'}).getByRole('button', {name: 'Submit for approval'}).click();
  for (const p of people) await p.getByRole('button', {name: 'Approve'}).waitFor();
  const shown = {clip: {x: 334, y: 62, width: 946, height: 470}};
  await picture(chat, '7-approval', shown);
  await cleo.getByRole('button', {name: 'Approve'}).click();
  const [login] = await Promise.all([context.waitForEvent('page'), cleo.getByRole('link', {name: 'Log in to Salesforce'}).click()]);
  await login.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(login, /cleo@acme/, 'Allow');
  await cleo.getByRole('tab', {name: 'Workbot'}).click();
  await type(chat, 'Cleo Chen', await codeOf(login));
  await cleo.getByText('Salesforce is connected').waitFor();
  await cleo.getByRole('tab', {name: '# sales'}).click();
  for (const p of people) await p.getByText(/Approved by Cleo/).waitFor();
  await chat.locator('.record', {hasText: 'Contoso licences'}).getByText('Approved', {exact: true}).waitFor();
  await picture(chat, '8-approved', shown);
}

async function looksAtConsole(page) {
  const base = `/console/workspaces/${ACME}`;
  const show = (path, name) => pageOf(page, base + path, name);
  const eye = (path, name) => process.argv[2] && show(path, name);
  await show('', '9-console');
  await eye('/recipes/create-opportunity', '10-recipe');
  await eye('/recipes', '10-recipe-new');
  await show('/recipes/create-opportunity/settings', '10-settings');
  await show('/recipes/create-opportunity/edit', '11-edit');
  await show('/connections', '12-connections');
  await eye('/connections/acme-salesforce', '12-connection');
  await eye('/personal-connections', '12-personal');
  await eye('/hooks', '13-hooks');
  await show('/hooks/opportunity-approvals', '13-hook');
  await eye('/runs', '14-runs');
  await page.goto(`${stage.demo.workbot}${base}/runs`);
  await show(new URL(await page.locator('tbody a').first().getAttribute('href'), page.url()).pathname.slice(base.length), '14-run');
  await show('/health', '15-health');
  await eye('/people', '16-people');
  await eye('/admins', '16-admins');
  await eye('/api-tokens', '16-tokens');
  await eye('/sessions', '16-sessions');
  await show('/audit', '16-audit');
  if (process.argv[2]) for (const [path, name] of [['/console/workspaces', '16-workspaces'], ['/console/deployment', '16-deployment']]) await pageOf(page, path, name);
}

/** Globex has less than Acme, which leaves something to set up. */
async function setsUp(page) {
  const base = `/console/workspaces/${GLOBEX}/setup`;
  await pageOf(page, '/console/setup', '17-set-up-chat');
  await page.goto(stage.demo.workbot + base);
  await glance(page, '18-set-up-which');
  await page.getByLabel('App', {exact: true}).selectOption('salesforce');
  await page.getByLabel('Host').fill('globex.my.salesforce.com');
  await page.getByRole('button', {name: 'Go on'}).click();
  await pageOf(page, `${base}/apps/salesforce`, '18-set-up-app');
  await pageOf(page, `${base}/recipes`, '19-set-up-recipe');
  if (process.argv[2]) for (const [name, of] of [['opportunity', 'opportunity'], ['change', 'servicenow']]) await pageOf(page, `/console/workspaces/${ACME}/setup/recipes/${name}-approval?watch=0`, `19-set-up-events-${of}`);
}

/** The console as an operator sees it, and some of its pages in the dark and on a phone. */
async function administers() {
  const page = await (await stage.browser({viewport: CONSOLE, colorScheme: 'light'})).newPage();
  await page.goto(`${stage.demo.workbot}/console`);
  await glance(page, '9-door');
  await page.getByLabel('Operator token').fill(stage.demo.token);
  await page.getByRole('button', {name: 'Sign in as operator'}).click();
  await page.getByRole('heading', {level: 1}).waitFor();
  await looksAtConsole(page);
  await setsUp(page);
  await page.emulateMedia({colorScheme: 'dark'});
  await pageOf(page, `/console/workspaces/${ACME}/health`, '20-health-dark');
  if (process.argv[2]) await pageOf(page, `/console/workspaces/${ACME}`, '20-console-dark');
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize({width: 390, height: 844});
  await pageOf(page, `/console/workspaces/${ACME}`, '21-console-phone');
  if (process.argv[2]) {
    for (const [path, name] of [['/recipes/create-opportunity/settings', 'settings'], ['/health', 'health'], ['/setup/recipes', 'set-up'], ['/runs', 'runs'], ['/people', 'people'], ['/admins', 'admins']]) {
      await pageOf(page, `/console/workspaces/${ACME}${path}`, `21-${name}-phone`);
    }
  }
}

try {
  await logsIn();
  await approves();
  await administers();
} finally {
  await stage.close();
}
