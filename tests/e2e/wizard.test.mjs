// The set-up in a real browser, from an empty database to the first command in the chat, with the wrong turns on the way.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, afterEach, before, describe, test} from 'node:test';
import {ADMIN_TOKEN, ROOT} from '../lib/flow.mjs';
import {accessible, atSalesforce, codeOf, leftOut, openWorld} from './support.mjs';

const ACME = 'slack:T0ACME001';
const ORGANIZATION = '00D0000000ACME1EAG';
const CLIENT = '3MVG9sampleAcme0001', SECRET = 'sample-acme-consumer-secret';
const SLACK = ['WORKBOT_SLACK_APP_ID', 'WORKBOT_SLACK_CLIENT_ID', 'WORKBOT_SLACK_CLIENT_SECRET', 'WORKBOT_SLACK_SIGNING_SECRETS'];

let stage, w, page, slack;
const heading = (text, at = page) => at.getByRole('heading', {name: text, level: 1}).waitFor();
const redirects = uris => w.sandbox('PUT', '/_config', {salesforce: {clients: {[CLIENT]: {redirect_uris: uris}}}});
/** The page as it is, but still: one that looks again by itself would go away under axe. */
const still = async what => {
  const live = page.url();
  await page.goto(live.replace(/[?#].*$/, '') + '?watch=0');
  await accessible(page, what);
  await page.goto(live.replace(/[?#].*$/, ''));
};
/** The login that the wizard opens in a tab of its own, at the app's page. */
const authorise = async () => {
  const [tab] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', {name: 'Authorise in Salesforce'}).click()]);
  await tab.locator('main form button').first().click();
  return tab;
};

before(async () => {
  stage = await openWorld({empty: true});
  ({world: w} = stage);
  await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
  slack = Object.fromEntries(SLACK.map(name => [name, w.env[name]]));
  await w.restart(Object.fromEntries(SLACK.map(name => [name, ''])));
  page = await (await stage.browser()).newPage();
});
after(() => stage?.close());
afterEach(() => assert.deepEqual(stage.complaints.splice(0), [], 'a page complained in the console'));

describe('the chat', () => {
  test('the front page leads there, and an operator token is asked for', async () => {
    await page.goto(w.url);
    await accessible(page, 'the front page');
    await page.getByRole('link', {name: 'Set up'}).click();
    await heading('Sign in to the console');
    await accessible(page, 'the door');
    await page.getByLabel('Operator token').fill('some-other-token-that-nobody-has-given-out');
    await page.getByRole('button', {name: 'Sign in as operator'}).click();
    await page.getByRole('alert').getByText('not an operator token').waitFor();
    await page.getByLabel('Operator token').fill(ADMIN_TOKEN);
    await page.getByRole('button', {name: 'Sign in as operator'}).click();
    await heading('The chat');
    await page.getByText('Nothing is installed yet.').waitFor();
    await accessible(page, 'the chat, nothing set');
  });

  test('it says what is missing, and its link holds the manifest', async () => {
    const table = page.getByRole('region', {name: 'Settings for Slack'});
    assert.equal(await table.getByText('Missing').count(), 5);
    assert.equal(await page.getByRole('link', {name: 'Install in Slack'}).count(), 0);
    const link = new URL(await page.getByRole('link', {name: 'Create the Slack app'}).getAttribute('href'));
    assert.equal(link.origin + link.pathname, 'https://api.slack.com/apps');
    const manifest = JSON.parse(link.searchParams.get('manifest_json'));
    assert.equal(manifest.settings.event_subscriptions.request_url, `${w.url}/slack/events`);
    assert.equal(await page.getByRole('link', {name: /Teams package/}).count(), 0);
    assert.equal((await page.request.get(`${w.url}/console/setup/workbot-teams.zip`)).status(), 404);

    await w.restart(slack);
    await page.reload();
    await table.getByRole('row', {name: /WORKBOT_ALLOWED_WORKSPACES.*slack:T0ACME00001.*Missing/}).waitFor();
    assert.equal(await table.getByText('Set', {exact: true}).count(), 4);
    assert.equal(await page.getByRole('link', {name: 'Install in Slack'}).count(), 0, 'nobody may install');
    await w.restart({WORKBOT_ALLOWED_WORKSPACES: 'slack:T0OTHER01'});
    await page.reload();
    assert.equal(await table.getByText('Missing').count(), 0);
    assert.equal(await table.getByText('Set', {exact: true}).count(), 5);
  });

  test('it looks again where it is read', async () => {
    await page.goto(`${w.url}/console/setup`);
    for (const y of [300, 500]) {
      await page.evaluate(to => scrollTo(0, to), y);
      await page.waitForEvent('load');
      await page.waitForFunction(to => scrollY === to, y);
    }
    await page.getByRole('link', {name: 'Stop that'}).click();
    await page.getByRole('link', {name: 'Look again'}).click();
    await page.getByText('looks again every').waitFor();
  });

  test('a workspace that is not listed cannot install', async () => {
    await still('the chat, all set');
    const [tab] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', {name: 'Install in Slack'}).click()]);
    await tab.getByLabel('Workspace and person').selectOption('T0ACME001/U0BEN0001');
    await tab.getByRole('button', {name: 'Allow'}).click();
    await heading('This Workbot is not open to your workspace', tab);
    await tab.close();
    await page.getByText('Nothing is installed yet.').waitFor();
  });

  test('the sign-in is tried before it is switched on: what is wrong stands there, and then that it works', async () => {
    const toSlack = () => page.getByRole('button', {name: /Try it\s*: Sign in with Slack/}).click();
    await page.locator('#sign_in_slack').getByText('Not tried').waitFor();
    await toSlack();
    await page.getByText('redirect_uri did not match').waitFor();
    await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: ['/slack/oauth/callback', '/identity/slack/callback'].map(path => w.url + path)}}});
    await page.goto(`${w.url}/console/setup`);
    await toSlack();
    await page.locator('button[value="T0ACME001/U0BEN0001"]').click();
    await page.getByRole('button', {name: 'Cancel'}).click();
    await heading('Sign in with Slack');
    await page.getByRole('alert').getByText('cancelled at Slack').waitFor();
    await accessible(page, 'a sign-in that was cancelled');
    await page.getByRole('button', {name: 'Try it again'}).click();
    await page.getByRole('button', {name: 'Allow'}).click();
    await page.getByRole('status').getByText('It works').waitFor();
    await page.getByText('Workbot is not in that place yet').waitFor();
    await accessible(page, 'a sign-in that works');
    await page.getByRole('link', {name: 'Back to the set-up'}).click();
    await page.locator('#sign_in_slack').getByText('Works, is off').waitFor();
    await still('the chat, with a sign-in that works');
  });

  test('the installation shows by itself, and then the first message', async () => {
    await w.restart({WORKBOT_ALLOWED_WORKSPACES: ACME});
    await page.goto(`${w.url}/console/setup`);
    const [tab] = await Promise.all([page.waitForEvent('popup'), page.getByRole('link', {name: 'Install in Slack'}).click()]);
    await tab.getByLabel('Workspace and person').selectOption('T0ACME001/U0BEN0001');
    await tab.getByRole('button', {name: 'Allow'}).click();
    await heading('Workbot is installed in Acme', tab);
    await tab.close();
    await page.getByText('Waits for a message').waitFor();
    await page.getByText('Event Subscriptions, the Request URL must say Verified').waitFor();
    await still('the chat, installed');
    await w.person('ben').ask('help', /./);
    await page.getByText('Messages arrive').waitFor();
    assert.equal(await page.getByText('looks again every').count(), 0, 'nothing is left to wait for');
    await page.getByRole('link', {name: /Next: an app/}).click();
    await heading('An app');
  });
});

describe('an app', () => {
  test('a host that is not the app\'s is refused, and a draft has its redirect URI', async () => {
    await accessible(page, 'which app');
    await page.getByLabel('App', {exact: true}).selectOption('salesforce');
    await page.getByLabel('Host').fill('evil.example');
    await page.getByRole('button', {name: 'Go on'}).click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByLabel('Host').inputValue(), 'evil.example');
    await accessible(page, 'a host that was refused');
    await page.getByLabel('Host').fill(w.hosts.salesforce);
    await page.getByRole('button', {name: 'Go on'}).click();
    await heading('Salesforce');
    await accessible(page, 'a client to make');
    const {redirect_uri} = await w.must('GET', `/workspaces/${ACME}/connections/salesforce`);
    assert.equal(await page.locator('#redirect').textContent(), redirect_uri);
    for (const scope of ['api', 'refresh_token', 'openid']) assert.ok(await page.getByText(scope, {exact: true}).isVisible(), scope);
    const back = page.url();
    await page.goto(`${w.url}/console/workspaces`);
    await page.getByText('The set-up is not finished. Next: an app.').waitFor();
    await accessible(page, 'workspaces, of which one is not set up');
    await page.getByRole('link', {name: 'Acme'}).click();
    await page.getByText('One thing needs somebody: Default connection salesforce.').waitFor();
    await accessible(page, 'recipes, where the set-up is not finished');
    await page.getByRole('link', {name: 'What to do'}).click();
    await heading('Health');
    await page.goto(back);
  });

  test('a redirect URI that the app does not have: the page says which it must be', async () => {
    await redirects(['https://elsewhere.example/callback']);
    await page.getByLabel('Client id').fill(CLIENT);
    await page.getByLabel('Client secret').fill('a-secret-that-was-cut');
    await page.getByRole('button', {name: 'Save the client'}).click();
    await page.getByRole('heading', {name: 'Log in with an account'}).waitFor();
    assert.ok(!(await page.content()).includes('a-secret-that-was-cut'), 'a secret is shown again');
    await still('a login to begin');
    const tab = await authorise();
    await tab.getByText(/redirect_uri/).first().waitFor();
    await tab.close();
    const {redirect_uri} = await w.must('GET', `/workspaces/${ACME}/connections/salesforce`);
    await page.getByText('A login was begun').waitFor();
    await page.getByText(redirect_uri).waitFor();
    await redirects([redirect_uri]);
  });

  test('a wrong client secret: the page says so by itself', async () => {
    const tab = await authorise();
    await atSalesforce(tab, 'Ben Baker');
    await heading('The app and Workbot do not agree', tab);
    assert.equal(await tab.getByRole('link', {name: 'Back to the set-up'}).getAttribute('href'), new URL(page.url()).pathname);
    await tab.close();
    assert.match(stage.complaints.splice(0).join(), /^[^,]*status of 502[^,]*$/);
    await page.getByRole('alert').getByText(/its id or its secret is not what the app has/).waitFor();
    assert.equal(await page.getByText('A login was begun').count(), 0, 'what is over is not waited for');
    await still('a login that came to nothing');
    await page.getByRole('link', {name: 'Change the client'}).click();
    await page.getByLabel('Client secret').fill(SECRET);
    await accessible(page, 'a client to change');
    await page.getByRole('button', {name: 'Save the client'}).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
  });

  test('the login\'s code is asked for by itself, and the test says as whom it acts', async () => {
    const tab = await authorise();
    await atSalesforce(tab, 'Ben Baker');
    const code = await codeOf(tab);
    await tab.getByText('the page of the set-up or of the console there asks for it').waitFor();
    assert.equal(await tab.getByText('direct message').count(), 0, 'this code is for no chat');
    await tab.close();
    await page.getByLabel(/The code of the login/).fill(String((Number(code) + 1) % 1000000).padStart(6, '0'));
    await page.getByRole('button', {name: 'Confirm'}).click();
    await page.getByRole('alert').getByText('not the code').waitFor();
    await accessible(page, 'a code');
    await page.getByLabel(/The code of the login/).fill(code);
    await page.getByRole('button', {name: 'Confirm'}).click();
    await page.getByRole('heading', {name: 'It acts'}).waitFor();
    await page.getByRole('button', {name: 'Test it'}).click();
    await page.getByRole('status').getByText(/Salesforce answers: it is ben@acme\.example/).waitFor();
    await accessible(page, 'an app that acts');
    await w.fault('grant_revoked');
    await page.getByRole('button', {name: 'Test it'}).click();
    await page.getByRole('alert').getByText('Authorise again.').waitFor();
    await accessible(page, 'an app that ended the login');
    await page.getByRole('list', {name: 'Set-up'}).getByRole('link', {name: 'A recipe'}).click();
    await heading('A recipe');
  });
});

describe('a recipe', () => {
  test('what lacks a connection leads to it; what has one is switched on', async () => {
    await accessible(page, 'ready recipes');
    const incident = page.getByRole('region', {name: 'Report an incident in ServiceNow'});
    await incident.getByRole('link', {name: 'connect ServiceNow'}).waitFor();
    assert.equal(await incident.getByRole('button').count(), 0);
    await page.getByRole('button', {name: /Switch it on\s*: Create an opportunity/}).click();
    await heading('Try it: Create an opportunity');
    await page.getByText('Nobody has typed it yet.').waitFor();
    const {items} = await w.must('GET', `/workspaces/${ACME}/recipes`);
    assert.deepEqual(items.map(r => r.name).sort(), ['create-opportunity', 'create-task']);
    for (const [, text] of readFileSync(join(ROOT, 'docs/recipes/create-opportunity.md'), 'utf8').matchAll(/^```json\n([\s\S]*?)^```/gm)) {
      const worked = JSON.parse(text), stored = await w.must('GET', `/workspaces/${ACME}/recipes/${worked.name}`);
      assert.equal(stored.connections.salesforce.use, 'salesforce');
      for (const key of ['title', 'command', 'inputs', 'steps', 'reply']) assert.deepEqual(stored[key], worked[key], `${worked.name}.${key}`);
    }
    await still('what to type');
  });

  test('typed in the chat, it shows here as it comes and as it ends', async () => {
    const ana = w.person('ana');
    const prompt = await ana.prompt(await page.locator('#example').textContent());
    await page.getByText("waits for its user's login").waitFor();
    await still('a run that waits');
    await ana.ask(await ana.browse(prompt), /is connected/);
    await ana.sees(/Created Acme renewal/);
    await page.getByText('You are set up.').waitFor();
    await accessible(page, 'a run that is done');
    assert.equal(await page.getByText('looks again every').count(), 0);
    await w.idle();
    assert.equal((await w.records()).filter(r => r.fields.Name === 'Acme renewal').length, 1);
    assert.equal(await page.getByText('It ran on the default connection').count(), 0, 'it ran as Ana');
    await w.authorize(ACME, 'salesforce', 'ben@acme.example'); // whose grant was revoked above
    const ben = w.person('ben');
    await ben.ask(await page.locator('#example').textContent(), /Created Acme renewal/);
    await page.reload();
    await page.getByText('It ran on the default connection').waitFor();
    await page.getByText('Let a colleague type it').waitFor();
    await accessible(page, 'what the installer did');
  });

  test('an approval: its channel, the address where its events come in, and the event that came', async () => {
    const NAME = 'An opportunity\'s approval, decided in the chat';
    await page.goto(`${w.url}/console/workspaces/${ACME}/setup/recipes`);
    const ready = page.getByRole('region', {name: NAME});
    await ready.getByLabel('Channel that is told').fill('#sales');
    await ready.getByRole('button', {name: /Switch it on/}).click();
    await page.getByRole('alert').getByText('That is no channel.').waitFor();
    assert.equal(await ready.getByLabel('Channel that is told').inputValue(), '#sales');
    assert.deepEqual((await w.must('GET', `/workspaces/${ACME}/recipes`)).items.filter(r => /opportunity-/.test(r.name) && r.name !== 'create-opportunity'), []);
    await accessible(page, 'no channel');
    await ready.getByLabel('Channel that is told').fill('https://acme.slack.com/archives/C0SALES01');
    await ready.getByRole('button', {name: /Switch it on/}).click();
    await heading('Its events: A deal waits for approval');
    for (const [, text] of readFileSync(join(ROOT, 'docs/recipes/opportunity-approval.md'), 'utf8').matchAll(/^```json\n([\s\S]*?)^```/gm)) {
      const worked = JSON.parse(text), stored = await w.must('GET', `/workspaces/${ACME}/recipes/${worked.name}`);
      assert.equal(stored.connections.salesforce.use, 'salesforce');
      assert.deepEqual(stored.post ?? null, worked.post ? {...worked.post, channel: 'C0SALES01'} : null);
      for (const key of ['title', 'trigger', 'inputs', 'steps', 'reply'].filter(k => worked[k])) assert.deepEqual(stored[key], worked[key], `${worked.name}.${key}`);
    }

    await accessible(page, 'an address to make');
    await page.getByLabel('Organization ID').fill('acme');
    await page.getByRole('button', {name: 'Make the address'}).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Organization ID').fill(ORGANIZATION);
    await page.getByRole('button', {name: 'Make the address'}).click();
    await page.getByText('Copy this now: it is shown this once.').waitFor();
    await accessible(page, 'an address that was made');
    const url = await page.locator('#address').textContent();
    await page.getByRole('link', {name: 'It is entered: wait for an event'}).click();
    await page.getByText('No event came yet.').waitFor();
    assert.ok(!(await page.content()).includes(url.slice(-20)), 'the secret is shown again');
    await still('an event to come');

    await w.sandbox('PUT', '/_config', {salesforce: {approvals: {acme: {approvers: ['cleo@acme.example'], tell: [{url, organization_id: ORGANIZATION}]}}}});
    const deal = (await w.records()).find(r => r.fields.Name === 'Acme renewal');
    await w.sandbox('POST', '/_happen', {event: 'submit_for_approval', record: deal.id});
    await page.getByText('An event came, and its message is in the chat.').waitFor();
    await accessible(page, 'an event that came');
    assert.equal(await page.getByText('looks again every').count(), 0);
    await w.person('cleo').sees(/Approval of Acme renewal/, {place: 'sales'});
  });

  test('an approval of ServiceNow: the script is the manual\'s, with this address', async () => {
    await w.putConnection(ACME, 'servicenow', {app: 'servicenow', host: w.hosts.servicenow, client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret'});
    await page.goto(`${w.url}/console/workspaces/${ACME}/setup/recipes`);
    const ready = page.getByRole('region', {name: 'A change\'s approval, decided in the chat'});
    await ready.getByLabel('Channel that is told').fill('C0SALES01');
    await ready.getByRole('button', {name: /Switch it on/}).click();
    await page.getByRole('button', {name: 'Make the address'}).click();
    const url = await page.locator('#address').textContent(), secret = await page.locator('#secret').textContent();
    await accessible(page, 'a script');
    const manual = readFileSync(join(ROOT, 'docs/hooks.md'), 'utf8').match(/Script:\n\n {3}```js\n((?: {3}.*\n)+?) {3}```/)[1].replace(/^ {3}/gm, '');
    assert.equal(await page.locator('#script').textContent(), manual.trimEnd().replace('https://workbot.example.com/hooks/...', url));
    await page.getByRole('link', {name: 'It is entered: wait for an event'}).click();
    assert.ok(!(await page.content()).includes(secret), 'the secret is shown again');
    const event = {id: 'one:1', approval: 'a1', state: 'requested', approver_email: 'ana@acme.example', number: 'CHG0000007', text: 'New switch'};
    const r = await fetch(url, {method: 'POST', headers: {'content-type': 'application/json', 'x-workbot-secret': secret}, body: JSON.stringify(event)});
    assert.equal(r.status, 200);
    await page.getByText('An event came, and its message is in the chat.').waitFor();
    await page.getByRole('link', {name: 'A recipe', exact: true}).first().click();
    await page.getByRole('region', {name: 'A change\'s approval'}).getByRole('link', {name: /Its events/}).waitFor();
  });

  test('another workspace\'s pages and another session\'s forms are refused', async () => {
    const stranger = await (await stage.browser()).newPage();
    for (const path of ['/console/setup', `/console/workspaces/${ACME}/setup`, `/console/workspaces/${ACME}/setup/apps/salesforce`, `/console/workspaces/${ACME}/setup/recipes`]) {
      await stranger.goto(w.url + path);
      await heading('Sign in to the console', stranger);
    }
    for (const path of ['/setup', '/setup/apps/salesforce', '/setup/apps/salesforce/test', '/setup/recipes', '/setup/recipes/opportunity-approval', '/setup/admin-link']) {
      const r = await page.request.post(`${w.url}/console/workspaces/${ACME}${path}`, {form: {form_key: 'x', do: 'login', file: 'box-folder.md'}, headers: {origin: w.url}});
      assert.equal(r.status(), 403, path);
    }
  });
});

test('axe has seen every page of the set-up', () => assert.deepEqual(leftOut(import.meta.url), []));
