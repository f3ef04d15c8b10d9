// Logins that go another way: denied, forwarded, undone, too old, twice, backwards, by keyboard.
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {accessible, atSalesforce, codeOf, leftOut, open} from './support.mjs';
import {words} from '../lib/demo.mjs';

let stage;
before(async () => (stage = await open()));
after(() => stage?.close());
beforeEach(async () => {
  await stage.fresh('ana');
  await stage.fresh('cleo');
});
afterEach(t => stage.calm(t));

const command = name => `salesforce create opportunity name: ${name} close: 2026-12-31`;
const owned = async name => (await stage.records('Opportunity')).filter(r => r.fields.Name === name).map(r => r.owner);
const states = async () => (await stage.api('GET', '/personal-connections')).items.map(c => `${c.user} ${c.state}`);

async function landing(url, options) {
  const page = await (await stage.browser(options)).newPage();
  await page.goto(url);
  return page;
}
async function toCode(url, account, options) {
  const page = await landing(url, options);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, account);
  await page.locator('#code').waitFor();
  return page;
}

test('P11: denied at Salesforce: plain words in page and chat, and a way on', async () => {
  const url = await stage.loginLink('ana', command('Denied first'));
  const page = await landing(url);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /ana@acme\.example/, 'Deny');
  await page.getByRole('heading', {name: 'Not connected'}).waitFor();
  await accessible(page, 'denied page');
  await stage.sees('ana', /declined|denied|not connected/i);
  assert.deepEqual(await owned('Denied first'), []);
  // the page leads on with the same link, the waiting command goes on after all
  await page.getByRole('link', {name: 'Try again'}).click();
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /ana@acme\.example/);
  await stage.say('ana', await codeOf(page));
  await stage.sees('ana', 'Created Denied first, as ana@acme.example');
});

test('P4: a forwarded link completed by Cleo gives Ana nothing without the code, and Cleo nothing of Ana', async () => {
  const url = await stage.loginLink('ana', command('Forwarded'));
  const page = await landing(url);
  const shown = await page.locator('main').innerText();
  assert.match(shown, /Ana/, 'the page does not say who asked');
  assert.match(shown, /Only go on if this is you/);
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(page, /cleo@acme\.example/);
  const code = await codeOf(page);
  assert.ok(await page.getByText('Give this code to nobody.').isVisible());

  // Cleo types it in her own chat: it is not her code
  await stage.say('cleo', code);
  await stage.sees('cleo', 'no login of yours waits for one');
  assert.deepEqual(await states(), ['U0ANA0001 provisional']);
  assert.deepEqual(await owned('Forwarded'), []);

  // "Not me" undoes it
  await page.getByRole('button', {name: 'Not me: undo this login'}).click();
  await page.getByRole('heading', {name: 'Undone'}).waitFor();
  await accessible(page, 'undone page');
  await stage.say('ana', code);
  await stage.sees('ana', new RegExp(`no login of yours waits for one|This login has ended`));
  assert.ok(!(await states()).some(s => s.endsWith('active')), 'the undone login became usable');
  assert.deepEqual(await owned('Forwarded'), []);
  assert.equal((await stage.sandbox('GET', '/_state/salesforce')).counts.revoke > 0, true, 'Salesforce was not told');
});

test('P4: three wrong codes end the login', async () => {
  const url = await stage.loginLink('ana', command('Guessed'));
  const page = await toCode(url, /ana@acme\.example/);
  const code = await codeOf(page);
  const wrong = code === '000000' ? '111111' : '000000';
  await stage.say('ana', wrong);
  await stage.sees('ana', 'Two tries are left');
  await stage.say('ana', wrong);
  await stage.sees('ana', 'One try is left');
  await stage.say('ana', wrong);
  await stage.sees('ana', 'This login has ended');
  await stage.say('ana', code);
  await stage.sees('ana', 'no login of yours waits for one');
  assert.deepEqual(await owned('Guessed'), []);
  await page.reload();
  await page.getByRole('heading', {name: 'Three wrong codes ended this login'}).waitFor();
  await accessible(page, 'refused page');
});

test('P9: a cancelled, an unknown and a used link say what to do', async () => {
  const url = await stage.loginLink('ana', command('Withdrawn'));
  const page = await landing(url);
  await stage.say('ana', 'cancel');
  await stage.sees('ana', /Cancelled.*Withdrawn/s); // each test begins with a cancel: not that one's answer
  await page.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await page.getByRole('heading', {name: 'This login was cancelled'}).waitFor();
  await accessible(page, 'cancelled page');
  await page.getByRole('button', {name: 'Send me a new prompt'}).click();
  await page.getByRole('heading', {name: 'A new prompt is on its way'}).waitFor();
  await accessible(page, 'renewed page');
  await stage.sees('ana', 'Log in to Salesforce');

  await page.goto(url.slice(0, -4) + '0000');
  await page.getByRole('heading', {name: 'This link is not known'}).waitFor();
  await accessible(page, 'unknown page');
  for (const path of ['/', '/privacy', '/terms', '/no-such-page']) {
    const answer = await page.goto(stage.demo.workbot + path);
    assert.match(answer.headers()['content-type'], /^text\/html/, path);
    await accessible(page, path);
  }
});

test('P9: two tabs of one link: one login, one record', async () => {
  const url = await stage.loginLink('ana', command('Two tabs'));
  const context = await stage.browser();
  const [one, two] = [await context.newPage(), await context.newPage()];
  await one.goto(url);
  await two.goto(url);
  await one.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await two.getByRole('button', {name: 'Continue to Salesforce'}).click();
  await atSalesforce(two, /ana@acme\.example/);
  await two.locator('#code, h1').first().waitFor();
  await atSalesforce(one, /ana@acme\.example/);
  await one.locator('h1').waitFor();
  const codes = [];
  for (const page of [one, two]) {
    if (await page.locator('#code').count()) codes.push(await codeOf(page));
    else assert.ok(await page.locator('a, button').count() > 0, 'a dead end: ' + await page.locator('main').innerText());
  }
  assert.ok(codes.length > 0, 'no tab came to a code');
  for (const code of codes) await stage.say('ana', code);
  await stage.sees('ana', 'Created Two tabs, as ana@acme.example');
  assert.deepEqual(await owned('Two tabs'), ['ana@acme.example']);
});

test('P9: back and reload after the code page spend nothing and end nowhere', async () => {
  const url = await stage.loginLink('ana', command('Back button'));
  const page = await toCode(url, /ana@acme\.example/);
  const code = await codeOf(page);
  await page.reload();
  assert.match(await page.locator('h1').innerText(), /code is waiting to be typed/);
  await accessible(page, 'reloaded page');
  assert.ok(await page.getByRole('link').count() > 0);
  await page.goto(url);
  assert.match(await page.locator('h1').innerText(), /Connect Salesforce/);
  await page.goBack();
  // the code that was shown is still the one
  await stage.say('ana', code);
  await stage.sees('ana', 'Created Back button, as ana@acme.example');
  await page.goto(url);
  await page.getByRole('heading', {name: 'Already connected'}).waitFor();
  await accessible(page, 'already connected page');
  assert.deepEqual(await owned('Back button'), ['ana@acme.example']);
});

test('the policy of our pages stops what does not belong there, and these tests would hear of it', async () => {
  const page = await landing(await stage.loginLink('ana', command('Policy')));
  await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.planted = 1'}))`);
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<p style="position:fixed">planted</p>')`);
  assert.equal(await page.evaluate('window.planted'), undefined, 'a script ran');
  const heard = stage.complaints.splice(0);
  assert.equal(heard.filter(text => /Content Security Policy/.test(text)).length, 2, heard.join('\n'));
});

test('a login by keyboard alone, without scripts', async () => {
  const url = await stage.loginLink('ana', command('Keyboard'));
  const page = await landing(url, {javaScriptEnabled: false});
  const focused = () => page.evaluate('document.activeElement && document.activeElement.textContent.trim()');
  const tabTo = async text => {
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab');
      if ((await page.locator(':focus').allInnerTexts()).join(' ').includes(text)) return;
    }
    assert.fail(`Tab never came to "${text}", but to "${await focused()}"`);
  };
  await tabTo('Continue to Salesforce');
  const ring = await page.locator(':focus').evaluate(e => getComputedStyle(e).outlineStyle);
  assert.notEqual(ring, 'none', 'the focus cannot be seen');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', {name: 'Log in to Acme Corporation'}).waitFor();
  await tabTo('ana@acme.example');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', {name: 'Allow access?'}).waitFor();
  await tabTo('Deny');
  await tabTo('Allow');
  await page.keyboard.press('Enter');
  await page.locator('#code').waitFor();
  await stage.say('ana', await codeOf(page));
  const result = await stage.sees('ana', 'Created Keyboard, as ana@acme.example');
  assert.match(words(result), /Owner ana@acme\.example/);
});

test('axe has seen every page of these', () => assert.deepEqual(leftOut(import.meta.url), []));
