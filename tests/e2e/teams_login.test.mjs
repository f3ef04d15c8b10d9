// Logins in a window of Teams, with Microsoft's own library: our pages in a window that the client
// opened, and what the client makes of what the last one says.
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {accessible, atSalesforce, codeOf, openWorld} from './support.mjs';
import {TeamsHost} from '../lib/teams_host.mjs';
import {TEAMS_ACME, buttons, create, labels, loginUrl, windowUrl} from '../lib/flow.mjs';

const PHONE = {width: 390, height: 844};
const SHOTS = process.env.TEAMS_SHOTS; // a folder for pictures
let stage, w;
before(async () => {
  stage = await openWorld({teams: 'only'});
  w = stage.world;
});
after(() => stage?.close());
beforeEach(async () => {
  const at = `/workspaces/${TEAMS_ACME}/personal-connections`;
  for (const c of (await w.must('GET', at)).items) await w.must('DELETE', `${at}/${c.id}?forget=true`);
});
afterEach(t => stage.calm(t));

const SIGN_IN = 'Log in to Salesforce';
const states = async () => (await w.query("select user_id, state from connection where user_id <> ''")).map(c => c.state);
const byHand = page => page.getByRole('heading', {name: 'Type this code in Teams'});
const byClient = page => page.getByRole('heading', {name: 'Going back to Teams'});

/** A prompt for a command, and the window that its button opens: {person, host, page, window}. */
async function pressed(name, command, {host: how, ...browser} = {}) {
  const person = w.teamsPerson(name);
  const prompt = await person.prompt(command);
  const {url, window} = await person.press(prompt, SIGN_IN);
  assert.equal(url, windowUrl(prompt));
  const host = await TeamsHost.open(await stage.browser(browser), how);
  return {person, prompt, host, window, page: await host.signIn(url)};
}
async function through(page, account, decision) {
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, account, decision);
}
/** The code that Teams was given; it closes the window then. */
async function handed(host) {
  const said = await host.outcome();
  assert.match(String(said), /^[0-9a-f]{32}$/);
  if (!host.window.isClosed()) await host.window.waitForEvent('close');
  return said;
}

test('P4 P9 the same person: the window closes, Teams says who it was, and what waited is done', async () => {
  const {person, host, page, window} = await pressed('ana', create('In a window'));
  await page.getByRole('heading', {name: 'Connect Salesforce to Teams'}).waitFor();
  await accessible(page, 'landing page in a window');
  await through(page, /ana@acme\.example/);
  const code = await handed(host);
  assert.deepEqual(await states(), ['provisional'], 'nothing is connected before Teams said so');
  assert.equal((await host.told()).filter(m => /success|failure/.test(m.func)).length, 1);
  const r = await person.window(code, {window});
  assert.equal(r.status, 200);
  await person.sees(/Salesforce is connected as ana@acme\.example/);
  await person.createdOnce('In a window');
  assert.deepEqual(await states(), ['active']);
});

test('the button is in sight when the window opens, on a phone too; what is read stays above it', async () => {
  const {page} = await pressed('ana', create('In sight'));
  const button = page.getByRole('button', {name: 'Continue to Salesforce'});
  await button.waitFor();
  for (const [name, size] of Object.entries({window: {width: 600, height: 640}, phone: PHONE})) {
    await page.setViewportSize(size);
    await page.evaluate(() => scrollTo(0, 0));
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      if (SHOTS) await page.screenshot({path: `${SHOTS}/${name}-${colorScheme}.png`});
    }
    const at = await button.boundingBox(), warning = await page.getByRole('note').boundingBox();
    assert.ok(at.y + at.height <= size.height && at.x >= 0 && at.x + at.width <= size.width, `${name}: ${JSON.stringify(at)}`);
    assert.ok(warning.y + warning.height <= at.y, `${name}: the warning is covered`);
    const hit = await page.evaluate(({x, y, width, height}) => document.elementFromPoint(x + width / 2, y + height / 2).textContent, at);
    assert.equal(hit, 'Continue to Salesforce');
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const last = await page.locator('ol li').last().boundingBox(), end = await button.boundingBox();
    assert.ok(last.y + last.height <= end.y, `${name}: the last step is covered at the end`);
  }
});

test('P4 another person followed the link in his own Teams: nobody is connected, and his code is none to type', async () => {
  const ana = w.teamsPerson('ana'), cleo = w.teamsPerson('cleo');
  const prompt = await ana.prompt(create('Forwarded in Teams'));
  const host = await TeamsHost.open(await stage.browser());
  const page = await host.signIn(windowUrl(prompt));
  assert.match(await page.locator('main').innerText(), /Ana Alvarez[\s\S]*Only go on if this is you/);
  await through(page, /cleo@acme\.example/);
  const code = await handed(host);
  assert.notEqual((await cleo.window(code)).status, 200, 'her Teams hands it over in her name');
  const said = await ana.say(code); // somebody talks Ana into typing what a window said
  await w.idle();
  assert.ok(!(await ana.messages()).some(m => m.is_bot && m.ts > said.ts && /is connected/.test(JSON.stringify(m))));
  assert.deepEqual(await states(), ['provisional']);
  assert.equal((await w.records()).filter(r => r.fields.Name === 'Forwarded in Teams').length, 0);
});

test('P11 denied: the window closes, and the chat says it and leads on', async () => {
  const {person, prompt, host, page} = await pressed('ana', create('Denied in a window'));
  await through(page, /ana@acme\.example/, 'Deny');
  assert.deepEqual(await host.outcome(), {failure: 'not_connected'});
  const now = await person.sees(m => m.ts === prompt.ts && labels(m).includes('Try again'));
  const again = await TeamsHost.open(await stage.browser());
  await through(await again.signIn(windowUrl(now)), /ana@acme\.example/);
  assert.equal((await person.window(await handed(again))).status, 200);
  await person.createdOnce('Denied in a window');
});

test('P9 a window that is closed on the way: the prompt stands, and its link is as good as before', async () => {
  const {person, prompt, host, page, window} = await pressed('ana', create('Closed once'));
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await page.getByRole('button', {name: /ana@acme\.example/}).waitFor();
  await page.close();
  assert.equal(await host.outcome(), null);
  assert.equal((await person.window('', {outcome: 'cancelled', window})).status, 200);
  await person.sees(/You closed the window/);
  const next = await TeamsHost.open(await stage.browser());
  await through(await next.signIn(windowUrl(prompt)), /ana@acme\.example/);
  assert.equal((await person.window(await handed(next))).status, 200);
  await person.createdOnce('Closed once');
});

test('P4 no opener: the digits are there at once, and typed they are good', async () => {
  const {person, host, page} = await pressed('ana', create('No opener'), {host: {opener: false}});
  await through(page, /ana@acme\.example/);
  await byHand(page).waitFor({timeout: 4000});
  assert.equal(await byClient(page).isVisible(), false);
  assert.equal(await host.outcome(300), null);
  await accessible(page, 'code in a window');
  await page.setViewportSize(PHONE);
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false);
  const code = await codeOf(page), address = page.url();
  await page.reload();
  await byHand(page).waitFor({timeout: 4000});
  assert.deepEqual([await codeOf(page), page.url()], [code, address]);
  await page.goBack();
  await page.goForward();
  assert.equal(await codeOf(page), code, 'back and on again');
  await person.ask(code, /is connected/);
  await person.createdOnce('No opener');
  await page.reload();
  await page.getByRole('heading', {name: 'Already connected'}).waitFor();
  await accessible(page, 'used code in a window');
});

test('P4 the library does not come, or is another one: the digits are there at once', async () => {
  const {page} = await pressed('ana', create('No library'), {host: {library: false}});
  await through(page, /ana@acme\.example/);
  await byHand(page).waitFor({timeout: 4000});
  assert.equal(stage.complaints.splice(0).filter(c => !/ERR_FAILED/.test(c)).length, 0);
  // other bytes at the same address: the hash keeps them out
  await page.context().route('https://res.cdn.office.net/teams-js/2*/**', route =>
    route.fulfill({body: 'window.planted = 1', contentType: 'text/javascript', headers: {'access-control-allow-origin': '*'}}));
  await page.reload();
  await byHand(page).waitFor({timeout: 4000});
  assert.equal(await page.evaluate('window.planted'), undefined);
  assert.ok(stage.complaints.splice(0).some(c => /integrity/.test(c)));
});

test('a library that does not come in time: first the page says what happens, after five seconds the digits', async () => {
  const context = await stage.browser();
  const host = await TeamsHost.open(context);
  const prompt = await w.teamsPerson('ana').prompt(create('Silent'));
  await context.route('https://res.cdn.office.net/teams-js/2*/**', () => {});
  const page = await host.signIn(windowUrl(prompt));
  await page.clock.install({time: 0});
  await page.clock.pauseAt(1000);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await page.getByRole('button', {name: /ana@acme\.example/}).click();
  await page.getByRole('button', {name: 'Allow', exact: true}).click({noWaitAfter: true});
  await byClient(page).waitFor();
  assert.equal(await page.locator('#code').isVisible(), false);
  assert.equal(await page.getByText('Give this code to nobody').isVisible(), false);
  await page.clock.fastForward(4900);
  assert.equal(await page.locator('#code').isVisible(), false);
  await page.clock.fastForward(200);
  await byHand(page).waitFor();
  assert.equal(await page.locator('#code').isVisible(), true);
  assert.equal(await byClient(page).isVisible(), false);
});

test('in the browser, from the button beside it: no script, the digits at once', async () => {
  const person = w.teamsPerson('ana');
  const prompt = await person.prompt(create('In the browser'));
  assert.deepEqual(labels(prompt).slice(0, 2), [SIGN_IN, 'In the browser']);
  assert.equal(buttons(prompt)[1].type, 'Action.OpenUrl');
  const page = await (await stage.browser({javaScriptEnabled: false})).newPage();
  await page.goto(loginUrl(prompt));
  await through(page, /ana@acme\.example/);
  await byHand(page).waitFor();
  assert.equal(await page.locator('script').count(), 0);
  await person.ask(await codeOf(page), /is connected/);
  await person.createdOnce('In the browser');
});

test('"Not me" in the window undoes it; what was handed over is worth nothing then', async () => {
  const {person, host, page} = await pressed('ana', create('Undone'), {host: {opener: false}});
  await through(page, /ana@acme\.example/);
  await byHand(page).waitFor();
  const code = await page.locator('#teams').getAttribute('data-code');
  await page.getByRole('button', {name: 'Not me: undo this login'}).click();
  await page.getByRole('heading', {name: 'Undone'}).waitFor();
  await accessible(page, 'undone in a window');
  assert.notEqual((await person.window(code)).status, 200);
  assert.ok(!(await states()).includes('active'));
  assert.equal(await host.outcome(300), null);
});
