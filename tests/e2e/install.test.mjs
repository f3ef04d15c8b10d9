// "Add to Slack" in a real browser, as the person who installs sees it.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {GLOBEX} from '../lib/flow.mjs';
import {accessible, openWorld} from './support.mjs';

let stage, world;
before(async () => {
  stage = await openWorld({env: {WORKBOT_ALLOWED_WORKSPACES: `${GLOBEX},slack:E0ACMEORG`}});
  world = stage.world;
  await world.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${world.url}/slack/oauth/callback`]}}});
});
after(() => stage?.close());

async function choose(page, installer, button = 'Allow') {
  await page.goto(`${world.url}/slack/install`);
  await page.getByRole('heading', {name: /Workbot is requesting permission/}).waitFor();
  await page.getByLabel('Workspace and person').selectOption(installer);
  await page.getByRole('button', {name: button}).click();
}

test('installed: the page says who the person is now and what comes next, and Slack greets', async () => {
  const page = await (await stage.browser()).newPage();
  await choose(page, 'T0GLOBEX1/U0OTTO001');
  await page.getByRole('heading', {name: 'Workbot is installed in Globex'}).waitFor();
  assert.ok(await page.getByText('You are its installer and an admin.').isVisible());
  await accessible(page, 'installed page');
  assert.match(await page.getByRole('link', {name: 'Open Workbot in Slack'}).getAttribute('href'), /app_redirect\?app=A0WORKBOT&team=T0GLOBEX1$/);
  await world.person('otto', 'T0GLOBEX1').sees(/Thank you for installing me in Globex/);

  await page.reload();
  await page.getByRole('heading', {name: 'Please start again'}).waitFor();
  await accessible(page, 'spent page');
  await page.getByRole('link', {name: 'Start again'}).click();
  await page.getByRole('heading', {name: /Workbot is requesting permission/}).waitFor();
});

test('an organisation: the next step is to choose its workspaces', async () => {
  const page = await (await stage.browser()).newPage();
  await choose(page, 'E0ACMEORG/U0OLGA001');
  await page.getByRole('heading', {name: 'Workbot is installed in Acme Org'}).waitFor();
  assert.match(await page.getByRole('link', {name: 'Choose workspaces'}).getAttribute('href'), /\/manage\/E0ACMEORG\/integrations\/profile\/A0WORKBOT\/workspaces\/add$/);
  await accessible(page, 'page of an organisation');
});

test('declined, or not allowed: nothing is kept, and the page says so', async () => {
  const page = await (await stage.browser()).newPage();
  await choose(page, 'T0GLOBEX1/U0OTTO001', 'Cancel');
  await page.getByRole('heading', {name: 'Workbot was not installed'}).waitFor();
  await accessible(page, 'declined page');
  await choose(page, 'T0NEWCO01/U0NINA001');
  await page.getByRole('heading', {name: 'This Workbot is not open to your workspace'}).waitFor();
  await accessible(page, 'page of a workspace that may not');
  assert.equal((await world.api('GET', '/workspaces/slack:T0NEWCO01')).status, 404);
  assert.deepEqual(stage.complaints, []);
});
