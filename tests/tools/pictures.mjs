// The pictures of docs/pictures, taken from the demo by walking through it:
//   tests/tools/node.sh tests/tools/pictures.mjs [FOLDER]
// A FOLDER gets more than the docs show: the same pages in the dark, on a phone, and what went wrong.
import {mkdir, stat} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {atSalesforce, codeOf, open} from '../e2e/support.mjs';

const COMMAND = 'salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31';
const folder = resolve(process.argv[2] || 'docs/pictures');
await mkdir(folder, {recursive: true});
const stage = await open();

async function picture(page, name, options = {}) {
  const path = join(folder, `${name}.png`);
  await page.mouse.move(0, 0); // nothing is pointed at
  await page.screenshot({path, ...options});
  console.log(`${path}  ${Math.round((await stat(path)).size / 1024)} KB`);
}
/** A page as a whole: in a window of its height, as what sticks to the window's end would lie in its middle. */
async function whole(page, name) {
  const {width, height} = page.viewportSize();
  await page.setViewportSize({width, height: await page.evaluate(() => document.documentElement.scrollHeight)});
  await picture(page, name);
  await page.setViewportSize({width, height});
}
const glance = process.argv[2] ? whole : async () => {};
const type = async (chat, name, text) => {
  const box = chat.getByRole('textbox', {name: `Message as ${name}`});
  await box.fill(text);
  await box.press('Enter');
};

try {
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
} finally {
  await stage.close();
}
