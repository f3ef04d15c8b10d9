// The console in the tests' small browser: the way in, and its pages by the description of the API.
import assert from 'node:assert/strict';
import {ADMIN_TOKEN, Browser, button} from './flow.mjs';
import {loadOpenapi} from './openapi.mjs';

export const openapi = loadOpenapi();
/** The ways in and out: nobody is signed in there, or wants to be out. */
const DOOR = /^\/console(\/operator|\/sign-out|\/sign-in\/.*)?$/;
export const consoleRoutes = method => openapi.operations.filter(o => o.method === method && o.path.startsWith('/console') && !DOOR.test(o.path));

/** A path of the table with its parameters; one that is not known here is a page that nobody probes. */
export const filled = (path, values) => path.replace(/([a-z-]+)\/\{(\w+)\}/g, (_, list, key) =>
  `${list}/${values[`${list}/${key}`] ?? values[list] ?? assert.fail(`${path}: which ${key} of ${list}?`)}`);

export const linkOf = m => button(m, 'Open the console').url;

/** Link, code, chat: this browser is signed in as the person, who is an admin. */
export async function signIn(person, browser = new Browser()) {
  await browser.get(linkOf(await person.ask('console', /The console for/)));
  await browser.submit();
  await person.ask(`console ${browser.code}`, /That browser is yours/);
  await browser.submit();
  assert.match(browser.page.url, /\/console\/workspaces\//, browser.text);
  assert.equal(browser.page.status, 200, browser.text);
  return browser;
}

/** The same for whoever has a token of the deployment. */
export async function operator(world, token = ADMIN_TOKEN) {
  const browser = new Browser();
  await browser.get(`${world.url}/console`);
  await browser.submit({token});
  assert.equal(browser.page.status, 200, browser.text);
  return browser;
}

/** What stands in the forms of this browser's pages. */
export async function formKey(world, browser, path) {
  await browser.get(world.url + path);
  const {form_key} = browser.form({}, 1).fields;
  assert.match(form_key, /^[0-9a-f]{64}$/);
  return form_key;
}
