// Sign-in with Entra, clicked: the way from our page over Microsoft's and Salesforce's back to ours, under the policy
// that our pages are sent with.
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {TEAMS_ACME, buttons, loginUrl} from '../lib/flow.mjs';
import {TeamsHost} from '../lib/teams_host.mjs';
import {accessible, atSalesforce, openWorld} from './support.mjs';

let stage, w;
before(async () => {
  stage = await openWorld({teams: 'only', env: {WORKBOT_TEAMS_SIGN_IN: 'on'}});
  w = stage.world;
  await w.sandbox('PUT', '/_config', {teams: {app: {redirect_uris: [`${w.url}/identity/teams/callback`]}}});
  await w.must('PUT', `/workspaces/${TEAMS_ACME}/connections/acme-salesforce`, {assurance: 'sign_in'});
});
after(() => stage?.close());
afterEach(t => stage.calm(t));

/** From the link to Entra's page; who sits at this browser; consent, when it is asked for. */
async function atEntra(page, link, name, answer = 'Accept') {
  if (link) await page.goto(link);
  await page.getByRole('button', {name: 'Continue to Teams'}).click();
  await page.getByRole('heading', {name: 'Pick an account'}).waitFor();
  await page.getByRole('button', {name}).click();
  const button = page.getByRole('button', {name: answer, exact: true});
  await Promise.race([button.waitFor(), page.waitForURL(url => !url.pathname.includes('/teams/login/'))]);
  if (await button.isVisible()) await button.click();
}

let ana;
beforeEach(async () => {
  ana = w.teamsPerson('ana');
  for (const {id} of await w.query("select id from connection where user_id <> ''")) await w.must('DELETE', `/workspaces/${TEAMS_ACME}/personal-connections/${id}?forget=true`);
});

test('P4: Ana signs in with Entra, logs in, and is connected without a code', async () => {
  const context = await stage.browser();
  const page = await context.newPage();
  await page.goto(loginUrl(await ana.prompt()));
  await accessible(page, 'landing page that signs in');
  await atEntra(page, page.url(), /Ana Alvarez/);
  await atSalesforce(page, /ana@acme\.example/);
  await page.getByRole('heading', {name: /Salesforce is connected/}).waitFor();
  assert.equal(await page.locator('#code').count(), 0, 'no code to type');
  await accessible(page, 'connected page');
  await ana.sees(/Created Acme renewal/);
});

test("P4: Ana's link in a browser of Ben's connects nothing, and leads on when Ana takes it over", async () => {
  const context = await stage.browser();
  const page = await context.newPage();
  await atEntra(page, loginUrl(await ana.prompt('connect salesforce')), /Ben Baker/);
  await page.getByRole('heading', {name: 'This login belongs to Ana Alvarez (Acme)'}).waitFor();
  await accessible(page, "somebody else's login");
  assert.equal(await w.count('connection', "user_id <> ''"), 0);
  await page.getByRole('link', {name: 'Try again'}).click();
  await atEntra(page, page.url(), /Ana Alvarez/);
  await atSalesforce(page, /ana@acme\.example/);
  await page.getByRole('heading', {name: /Salesforce is connected/}).waitFor();
});

test('an administrator must consent first: the page says so', async () => {
  const context = await stage.browser();
  const page = await context.newPage();
  await w.fault('admin_consent', {peer: 'teams'});
  await atEntra(page, loginUrl(await ana.prompt('connect salesforce')), /Cleo Chen/, 'Return to the application without granting consent');
  await page.getByRole('heading', {name: 'Your company must allow this first'}).waitFor();
  await accessible(page, 'consent is missing');
});

// --- in a window of the client ---

const windowUrl = prompt => buttons(prompt).map(b => b.url).find(url => /[?&]window=teams/.test(url || ''));
const botMessages = async () => (await ana.messages()).filter(m => m.is_bot).length;

test('P4: in a window of Teams all of it stands in the window, which tells the client that it is done and closes; that brings no word', async () => {
  const host = await TeamsHost.open(await stage.browser());
  const page = await host.signIn(windowUrl(await ana.prompt()));
  await atEntra(page, null, /Ana Alvarez/);
  await atSalesforce(page, /ana@acme\.example/);
  assert.equal(await host.outcome(), 'connected', 'no code, and nothing that is worth taking');
  await ana.sees(/Created Acme renewal/);
  await w.idle();
  const before = await botMessages();
  assert.equal((await ana.window('connected')).status, 200);
  await w.idle();
  assert.equal(await botMessages(), before);
});

test('P4: somebody else in the window: it tells the client nothing, stays, and leads on', async () => {
  const host = await TeamsHost.open(await stage.browser());
  const page = await host.signIn(windowUrl(await ana.prompt('connect salesforce')));
  await atEntra(page, null, /Ben Baker/);
  await page.getByRole('heading', {name: 'This login belongs to Ana Alvarez (Acme)'}).waitFor();
  assert.deepEqual((await host.told()).filter(m => /authenticate/.test(m.func)), []);
  await page.getByRole('link', {name: 'Try again'}).click();
  await atEntra(page, null, /Ana Alvarez/);
  await atSalesforce(page, /ana@acme\.example/);
  assert.equal(await host.outcome(), 'connected');
});
