// A set-up link in a real browser, as whoever is to be the first admin of a workspace of Teams sees it.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {ADMIN_TOKEN, TEAMS_ACME, TEAMS_PEOPLE} from '../lib/flow.mjs';
import {accessible, codeOf, openWorld} from './support.mjs';

let stage, world;
before(async () => {
  stage = await openWorld({teams: 'only'});
  world = stage.world;
});
after(() => stage?.close());
afterEach(t => stage.calm(t));

const NARROW = {width: 390, height: 844};
const link = async () => (await world.must('POST', `/workspaces/${TEAMS_ACME}/admin-links`, {})).url;
const admins = async () => (await world.must('GET', `/workspaces/${TEAMS_ACME}`)).admins;
/** Axe in all looks, and on a screen of 390 pixels nothing is cut or scrolls sideways. */
async function fits(page, what) {
  await accessible(page, what);
  const size = page.viewportSize();
  await page.setViewportSize(NARROW);
  const wide = await page.evaluate(`[...document.querySelectorAll('main *, main')].filter(n => n.getBoundingClientRect().right > ${NARROW.width}).map(n => n.outerHTML.slice(0, 80))`);
  assert.deepEqual(wide, [], `${what} at ${NARROW.width}`);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), NARROW.width, what);
  await page.setViewportSize(size);
}

test('P3: the page says what the link is, the code is sent in Teams, and the link is over', async () => {
  await world.must('PUT', `/workspaces/${TEAMS_ACME}`, {admins: []});
  const url = await link();
  const page = await (await stage.browser()).newPage();
  await page.goto(url);
  await page.getByRole('heading', {name: 'Become an admin of Workbot'}).waitFor();
  assert.ok(await page.getByText('Only go on if this was sent to you.').isVisible());
  await fits(page, 'page of a set-up link');
  await page.reload();
  assert.equal(await world.count('admin_link', 'codes > 0'), 0, 'looking at it shows no code');

  await page.getByRole('button', {name: 'Show my code'}).click();
  await page.getByRole('heading', {name: 'Send this to Workbot in Teams'}).waitFor();
  const first = await codeOf(page);
  assert.match(first, /^\d{6}$/);
  assert.match(await page.locator('.code').innerText(), new RegExp(`admin\\s+${first}`));
  await fits(page, 'page of its code');
  await page.getByRole('button', {name: 'Show a new code'}).click();
  await page.getByRole('heading', {name: 'Send this to Workbot in Teams'}).waitFor();
  const code = await codeOf(page);
  assert.notEqual(code, first);
  assert.deepEqual(await admins(), []);

  await world.teamsPerson('ana').ask(`admin ${code}`, /You are an admin of Workbot in Acme now/);
  assert.deepEqual(await admins(), [TEAMS_PEOPLE.ana]);
  await page.getByRole('button', {name: 'Show a new code'}).click();
  await page.getByRole('heading', {name: 'This link has been used'}).waitFor();
  await fits(page, 'page of a link that was used');
  await page.goto(url);
  await page.getByRole('heading', {name: 'This link has been used'}).waitFor();
});

test('taken back, or cut when it was copied: the page says so', async () => {
  const url = await link();
  await world.must('DELETE', `/workspaces/${TEAMS_ACME}/admin-links`);
  const page = await (await stage.browser()).newPage();
  assert.equal((await page.goto(url)).status(), 410);
  await page.getByRole('heading', {name: 'This link does nothing any more'}).waitFor();
  await fits(page, 'page of a link that was taken back');
  assert.equal((await page.goto(url.slice(0, -3))).status(), 404);
  await page.getByRole('heading', {name: 'This link is not known'}).waitFor();
  await fits(page, 'page of a cut link');
});

test('the set-up makes such a link for a workspace without an admin, shows it once, and sees that it was used', async () => {
  await world.must('PUT', `/workspaces/${TEAMS_ACME}`, {admins: []});
  const page = await (await stage.browser()).newPage();
  await page.goto(`${world.url}/console/setup`);
  await page.getByLabel('Operator token').fill(ADMIN_TOKEN);
  await page.getByRole('button', {name: 'Sign in as operator'}).click();
  const places = page.locator('#places');
  await places.getByText('Nobody is its admin yet').waitFor();
  await page.goto(`${world.url}/console/setup?watch=0`);
  await accessible(page, 'the chat without an admin');
  await page.getByRole('button', {name: /Make an admin link/}).click();
  await page.getByText('Copy this now: it is shown this once.').waitFor();
  await fits(page, 'a link for an admin');
  const url = await page.locator('#admin_link').textContent();
  await page.getByRole('link', {name: 'Back to the chat'}).click();
  await places.getByText('Nobody is its admin yet').waitFor();
  assert.ok(!(await page.content()).includes(url.split('.').pop()), 'the link is shown again');

  const other = await (await stage.browser()).newPage();
  await other.goto(url);
  await other.getByRole('button', {name: 'Show my code'}).click();
  await other.getByRole('heading', {name: 'Send this to Workbot in Teams'}).waitFor();
  await world.teamsPerson('ana').ask(`admin ${await codeOf(other)}`, /You are an admin of Workbot/);
  await places.getByText('Nobody is its admin yet').waitFor({state: 'detached'});
});
