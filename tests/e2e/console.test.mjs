// The console in a real browser: the way in, each page clicked, and each page for axe in light, dark and on a phone.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import {OPPORTUNITY, button, create} from '../lib/flow.mjs';
import {accessible, atSalesforce, codeOf, leftOut, openWorld} from './support.mjs';

const ACME = 'slack:T0ACME001';
const HOME = `/console/workspaces/${ACME}`;

let stage, w, page;
const at = path => page.goto(w.url + path);
const heading = text => page.getByRole('heading', {name: text, level: 1}).waitFor();
const menu = name => page.getByRole('navigation', {name: 'Console'}).getByRole('link', {name}).click();

before(async () => {
  stage = await openWorld();
  ({world: w} = stage);
  await w.must('PUT', `/workspaces/${ACME}/groups/sales`, {users: ['U0ANA0001']});
  const ana = w.person('ana');
  await ana.connect();
  await ana.ask(OPPORTUNITY, /Created Acme renewal/);
  await w.person('cleo').prompt(create('Waits for a login'));
  // its switch goes off and on here: who may write with the default connection's rights is said beforehand
  const {title, command, hint, connections, inputs, steps, reply} = await w.must('GET', `/workspaces/${ACME}/recipes/create-opportunity`);
  await w.must('PUT', `/workspaces/${ACME}/recipes/create-opportunity`, {title, command, hint, connections, inputs, steps, reply, allow: 'everyone'});
  page = await (await stage.browser()).newPage();
});
after(() => stage?.close());
afterEach(() => assert.deepEqual(stage.complaints.splice(0), [], 'a page complained in the console'));

describe('the way in', () => {
  test('an admin opens the link, sends the code in the chat, and is in', async () => {
    const ben = w.person('ben');
    await at('/console');
    await heading('Sign in to the console');
    await accessible(page, 'the door');
    await page.goto(button(await ben.ask('console', /The console for/), 'Open the console').url);
    await heading(/Sign in as Ben/);
    await accessible(page, 'the link');
    await page.getByRole('button', {name: 'Show my code'}).click();
    await accessible(page, 'the code');
    const code = await codeOf(page);
    await page.getByRole('button', {name: 'Go on'}).click();
    await heading('Your code has not arrived');
    await accessible(page, 'too early');
    await ben.ask(`console ${code}`, /That browser is yours/);
    await page.getByRole('button', {name: 'Go on'}).click();
    await heading('Recipes');
    assert.equal(new URL(page.url()).pathname, HOME);
    await accessible(page, 'recipes');
  });
});

describe('its pages', () => {
  test('Recipe > Settings: the switch by keyboard, saved and said', async () => {
    await at(HOME);
    await page.getByRole('link', {name: /Create an opportunity/}).click();
    await heading('Create an opportunity');
    await accessible(page, 'a recipe');
    await page.getByRole('link', {name: 'Settings', exact: true}).click();
    const verify = page.getByRole('switch', {name: 'Verify user access at runtime'});
    await verify.waitFor();
    await accessible(page, 'settings');
    assert.equal(await verify.isChecked(), true);
    await verify.focus();
    await page.keyboard.press('Space');
    assert.equal(await verify.isChecked(), false);
    await page.getByRole('button', {name: 'Save settings'}).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    assert.equal(await verify.isChecked(), false);
    await verify.check();
    await page.getByRole('radio', {name: /Only these/}).check();
    await page.getByRole('checkbox', {name: 'sales'}).check();
    await page.getByRole('button', {name: 'Save settings'}).click();
    await page.getByRole('status').waitFor();
    assert.equal(await page.getByRole('checkbox', {name: 'sales'}).isChecked(), true);
    await page.getByRole('checkbox', {name: 'sales'}).uncheck();
    await page.getByRole('button', {name: 'Save settings'}).click();
    await page.getByRole('alert').waitFor();
    await accessible(page, 'settings that were refused');
  });

  test('by keyboard alone: past the menu or into it, to the switch, and saved', async () => {
    const focused = () => page.locator(':focus').evaluate(e => `${e.labels?.[0]?.textContent ?? ''} ${e.getAttribute('aria-label') ?? ''} ${e.textContent}`.replace(/\s+/g, ' ').trim()).catch(() => 'nothing');
    const tabTo = async text => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        if ((await focused()).includes(text)) {
          const ring = await page.locator(':focus').evaluate(e => getComputedStyle(e).outlineStyle);
          assert.notEqual(ring, 'none', `the focus cannot be seen at "${text}"`);
          return i + 1;
        }
      }
      return assert.fail(`Tab never came to "${text}", but to "${await focused()}"`);
    };
    await at(`${HOME}/runs`);
    assert.equal(await tabTo('Skip to the page'), 1, 'it is the first thing');
    await tabTo('Recipes');
    await page.keyboard.press('Enter');
    await heading('Recipes');
    await tabTo('Skip to the page');
    await page.keyboard.press('Enter');
    assert.ok(await tabTo('Create an opportunity') < 8, 'the menu, which has more, is behind');
    await page.keyboard.press('Enter');
    await heading('Create an opportunity');
    await tabTo('Settings');
    await page.keyboard.press('Enter');
    const verify = page.getByRole('switch', {name: 'Verify user access at runtime'});
    await verify.waitFor();
    const was = await verify.isChecked();
    for (const now of [!was, was]) {
      await tabTo('Verify user access at runtime');
      await page.keyboard.press('Space');
      await tabTo('Save settings');
      await page.keyboard.press('Enter');
      await page.getByRole('status').getByText('Saved.').waitFor();
      assert.equal(await verify.isChecked(), now);
      await at(`${HOME}/recipes/create-opportunity/settings`);
    }
  });

  test('on a phone the menu is one line: the open page stands first in it, and the last one is reached by Tab', async () => {
    await page.setViewportSize({width: 360, height: 740});
    await at(`${HOME}/audit`);
    const nav = page.getByRole('navigation', {name: 'Console'}), last = nav.getByRole('link').last();
    const box = async what => (await what.boundingBox());
    assert.ok((await box(nav)).height < 80, `${(await box(nav)).height} px`);
    const here = await box(nav.getByRole('link', {name: 'Audit'}));
    assert.ok(here.x >= 0 && here.x + here.width <= 360, 'the page that is open is seen');
    assert.ok((await box(last)).x > 360, 'the last one is not');
    for (let i = 0; i < 30 && !(await last.evaluate(a => a === document.activeElement)); i++) await page.keyboard.press('Tab');
    const reached = await box(last);
    assert.ok(reached.x >= 0 && reached.x + reached.width <= 361, `Tab brings it into sight: ${JSON.stringify(reached)}`);
    await page.keyboard.press('Enter');
    await heading('An app');
    await page.setViewportSize({width: 1280, height: 900});
    assert.ok((await box(page.getByRole('navigation', {name: 'Console'}))).height > 300, 'elsewhere it is a list');
  });

  test('pages that say no: not there, of another sign-in, a dead link', async () => {
    await at(`${HOME}/recipes/not-there`);
    await heading('This page does not exist');
    await accessible(page, 'a page that is not there');
    await at(`${HOME}/groups/sales`);
    await page.locator('main input[name=form_key]').first().evaluate(input => { input.value = 'f'.repeat(64); });
    await page.getByRole('button', {name: 'Save'}).click();
    await heading('Please open this page again');
    await accessible(page, 'a form of another sign-in');
    await page.getByRole('link', {name: 'Open the console'}).click();
    await heading('Recipes');
    const dead = button(await w.person('ben').ask('console', /The console for/), 'Open the console').url;
    await w.query("update console_session set link_expires_at = now() - interval '1 second' where token_hash is null");
    assert.equal((await page.goto(dead)).status(), 410);
    await heading('This link lets nobody in');
    await accessible(page, 'a dead link');
    await at(HOME);
  });

  test('a recipe is made from its text, and removed when that is meant', async () => {
    await at(HOME);
    await page.getByRole('link', {name: 'Make a recipe'}).click();
    await heading('A new recipe');
    await accessible(page, 'a new recipe');
    await page.getByLabel('Name').fill('remind-me');
    const text = page.getByLabel('The recipe, as JSON');
    await text.fill((await text.inputValue()).replace('words to type', 'salesforce remind me'));
    await page.getByRole('button', {name: 'Check and make it'}).click();
    await page.getByRole('status').getByText('Made.').waitFor();
    await at(`${HOME}/recipes/remind-me`);
    await accessible(page, 'a recipe and its end');
    await page.getByRole('checkbox', {name: /Yes, remove/}).check();
    await page.getByRole('button', {name: 'Remove'}).click();
    await page.getByRole('status').getByText('Removed.').waitFor();
  });

  test('a recipe is edited as its text', async () => {
    await at(`${HOME}/recipes/create-task`);
    await page.getByRole('navigation', {name: 'This recipe'}).getByRole('link', {name: 'Edit'}).click();
    await accessible(page, 'the editor');
    const text = page.getByLabel('The recipe, as JSON');
    await text.fill((await text.inputValue()).replace('"steps"', '"stepz"'));
    await page.getByRole('button', {name: 'Check and save'}).click();
    await page.getByRole('alert').getByText(/line \d+, column/).first().waitFor();
    await accessible(page, 'the editor with faults');
    await text.fill((await text.inputValue()).replace('"stepz"', '"steps"'));
    await page.getByRole('button', {name: 'Check and save'}).click();
    await page.getByRole('status').waitFor();
  });

  test('a recipe is checked while it is typed: what is wrong, and that it is no more', async () => {
    const api = `/workspaces/${ACME}/recipes/create-task`, {version} = await w.must('GET', api);
    await at(`${HOME}/recipes/create-task/edit`);
    const text = page.getByLabel('The recipe, as JSON'), said = page.locator('#checked'), good = await text.inputValue();
    const typed = key => text.fill(good.replace('"steps"', `"${key}"`));
    await typed('stepz');
    await said.getByText(/line \d+, column 3: stepz/).waitFor();
    await accessible(page, 'the editor that says what is wrong');
    await text.fill(good.slice(0, -3));
    await said.getByText(/it is no JSON at line \d+, column \d+/).waitFor();
    await text.fill(good);
    await said.getByText('Nothing is wrong with it.').waitFor();
    await accessible(page, 'the editor with which nothing is wrong');
    // an answer that comes late is of a text that is gone
    let held;
    await page.evaluate(() => {
      window.seen = [];
      new MutationObserver(() => window.seen.push(document.getElementById('checked').textContent)).observe(document.getElementById('checked'), {childList: true});
    });
    await page.route('**/recipe-check', route => {
      if (held) return route.continue();
      held = route;
    });
    const first = page.waitForRequest('**/recipe-check');
    await typed('late');
    await first;
    await typed('newer');
    await said.getByText(/column 3: newer/).waitFor();
    const answered = page.waitForResponse('**/recipe-check').then(r => r.finished());
    await held.continue();
    await answered;
    await typed('newest');
    await said.getByText(/column 3: newest/).waitFor();
    assert.deepEqual((await page.evaluate(() => window.seen)).filter(t => t.includes('late')), []);
    await page.unroute('**/recipe-check');
    assert.equal((await w.must('GET', api)).version, version, 'nothing is stored by that');
    // of a recipe that has no name yet
    await at(`${HOME}/recipes`);
    await text.fill((await text.inputValue()).replace('words to type', 'salesforce typed').replace('"steps"', '"stepz"'));
    await said.getByText(/column 3: stepz/).waitFor();
    await accessible(page, 'a new recipe that says what is wrong');
  });

  test('a default connection is made, given its client, and logged in with the code of its last page', async () => {
    const {host} = await w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`);
    await menu('Default connections');
    await heading('Default connections');
    await accessible(page, 'default connections');
    await page.getByLabel('Name').fill('second');
    await page.getByLabel('App').selectOption('salesforce');
    await page.getByLabel('Host').fill(host);
    await page.getByRole('button', {name: 'Make it'}).click();
    await heading('second');
    await page.getByText('It is a draft').waitFor();
    await accessible(page, 'a draft');

    await menu('Default connections');
    await page.getByRole('link', {name: /acme-salesforce/}).click();
    await heading('acme-salesforce');
    await accessible(page, 'a default connection');
    await page.getByLabel('New client secret').fill('sample-acme-consumer-secret');
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('status').waitFor();
    await page.getByRole('button', {name: 'Log in to Salesforce'}).click();
    await page.locator('main form button').first().click();
    await atSalesforce(page, 'Ben Baker');
    const code = await codeOf(page);
    await at(`${HOME}/connections/acme-salesforce`);
    await page.getByLabel(/The code of its last page/).fill(String((Number(code) + 1) % 1000000).padStart(6, '0'));
    await page.getByRole('button', {name: 'Confirm'}).click();
    await page.getByRole('alert').getByText('not the code').waitFor();
    await page.getByLabel(/The code of its last page/).fill(code);
    await page.getByRole('button', {name: 'Confirm'}).click();
    await page.getByRole('status').getByText('Logged in').waitFor();
  });

  test('a hook is made, its secret shown once, renewed, and removed when that is meant', async () => {
    await at(HOME);
    await menu('Hooks');
    await heading('Hooks');
    await accessible(page, 'no hooks');
    await page.getByRole('link', {name: /Anything else/}).click();
    await accessible(page, 'a new hook');
    await page.getByLabel('Name').fill('shop');
    await page.getByRole('button', {name: 'Make it'}).click();
    await page.getByRole('status').getByText('shown this once').waitFor();
    await accessible(page, 'a hook with its secret');
    const first = await page.locator('#secret_shown').textContent();
    await menu('Hooks');
    await page.getByRole('link', {name: /shop/}).click();
    await heading('shop');
    assert.ok(!(await page.content()).includes(first));
    await accessible(page, 'a hook');
    await page.getByRole('button', {name: 'Make a new secret'}).click();
    await page.getByRole('status').getByText('shown this once').waitFor();
    assert.notEqual(await page.locator('#secret_shown').textContent(), first);
    await page.getByRole('button', {name: 'Remove'}).click();
    await page.getByRole('alert').getByText('tick the box').waitFor();
    await page.getByRole('checkbox', {name: /Yes, remove shop/}).check();
    await page.getByRole('button', {name: 'Remove'}).click();
    await page.getByRole('status').getByText('Removed.').waitFor();
  });

  test('people are found, and one is disconnected and erased when that is meant', async () => {
    await w.query("insert into chat_user (workspace, user_id, name, standing) select $1, 'U0AZ' || lpad(n::text, 5, '0'), 'Zed ' || n, 'guest' from generate_series(1, 55) n", [ACME]);
    await menu('People');
    await heading('People');
    await accessible(page, 'people');
    await page.getByRole('link', {name: 'More people'}).click();
    await page.getByRole('link', {name: 'Zed 55', exact: true}).waitFor();
    await page.getByLabel('Name or id begins').fill('zed 55');
    await page.getByRole('button', {name: 'Search'}).click();
    await page.getByRole('link', {name: 'Show all'}).waitFor();
    assert.equal(await page.getByRole('listitem').filter({hasText: 'Zed'}).count(), 1);
    await page.getByRole('link', {name: 'Zed 55', exact: true}).click();
    await heading('Zed 55');
    await accessible(page, 'a person');
    await page.getByRole('button', {name: 'Erase'}).click();
    await page.getByRole('alert').getByText('tick the box').waitFor();
    await accessible(page, 'a person, not erased');
    await page.getByRole('checkbox', {name: /Yes, disconnect Zed 55/}).check();
    await page.getByRole('button', {name: 'Disconnect all'}).click();
    await page.getByRole('status').getByText('Ended here.').waitFor();
    await page.getByRole('checkbox', {name: /Yes, erase Zed 55/}).check();
    await page.getByRole('button', {name: 'Erase'}).click();
    await heading('Erased');
    await page.getByText(/columns and \d+ sealed values were searched/).waitFor();
    await accessible(page, 'a person, erased');
    await w.query("delete from chat_user where user_id like 'U0AZ%'");
    await menu('People');
    await page.getByLabel('Name or id begins').fill('Ben');
    await page.getByRole('button', {name: 'Search'}).click();
    await page.getByRole('link', {name: 'Ben', exact: true}).click();
    await page.getByText('nobody can erase themselves').waitFor();
    await accessible(page, 'a person who cannot be erased yet');
  });

  test('admins, what proves people, and a group', async () => {
    await menu('Admins and groups');
    await heading('Admins and groups');
    await accessible(page, 'admins and groups');
    await page.getByRole('form', {name: 'What proves people at acme-salesforce'}).getByLabel('Another e-mail').selectOption('warn');
    await page.getByRole('button', {name: 'Save the proof of acme-salesforce'}).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    assert.equal((await w.must('GET', `/workspaces/${ACME}/connections/acme-salesforce`)).account_match, 'warn');
    await page.getByRole('link', {name: /sales/}).first().click();
    await heading('sales');
    await accessible(page, 'a group');
    await page.getByLabel(/People, one id/).fill('U0ANA0001\n' + 'x'.repeat(101));
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('alert').waitFor();
    await accessible(page, 'a group that was refused');
  });

  test('a token of the API is made, shown once, and removed when that is meant', async () => {
    await menu('API tokens');
    await heading('API tokens');
    await accessible(page, 'no tokens');
    await page.getByLabel('Name').fill('reports');
    await page.getByRole('radio', {name: /Operate/}).check();
    await page.getByRole('button', {name: 'Make it'}).click();
    await page.getByRole('status').getByText('shown this once').waitFor();
    await accessible(page, 'a new token');
    await menu('API tokens');
    await page.getByText('operate', {exact: true}).waitFor();
    assert.equal(await page.locator('#token_shown').count(), 0);
    await page.getByText('Remove…').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', {name: /whatever uses reports/}).check();
    await accessible(page, 'the question');
    await page.getByRole('button', {name: 'Remove reports now'}).click();
    await page.getByRole('status').getByText('Removed.').waitFor();
    const acting = page.getByRole('switch', {name: 'Programs may start recipes for people'});
    assert.equal(await acting.isChecked(), false);
    await acting.check();
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    assert.equal(await acting.isChecked(), true);
    await accessible(page, 'tokens that may act');
  });

  test('runs are searched, and one is read step by step', async () => {
    await at(HOME);
    await menu('Runs');
    await heading('Runs');
    await accessible(page, 'runs');
    await page.getByLabel('State').selectOption('done');
    await page.getByRole('button', {name: 'Search'}).click();
    const rows = page.getByRole('row').filter({hasText: 'WB-'});
    assert.equal(await rows.count(), 1);
    await rows.getByRole('link').click();
    await page.getByText('Begun by Ana').waitFor();
    await page.getByText(/as that person/).waitFor();
    await page.getByText('opp', {exact: true}).waitFor();
    await accessible(page, 'a run');
    await page.getByRole('navigation', {name: 'Console'}).getByRole('link', {name: 'Runs'}).click();
    await page.getByLabel('State').selectOption('failed');
    await page.getByRole('button', {name: 'Search'}).click();
    await page.getByText('No run fits that.').waitFor();
    await accessible(page, 'no runs');
  });

  test('health: a chart with its table, how far back, and what needs somebody', async () => {
    await at(HOME);
    await menu('Health');
    await heading('Health');
    await page.getByRole('img', {name: /Runs begun in the last 24 hours: 1 done/}).waitFor();
    await accessible(page, 'health');
    await page.getByText('The numbers as a table').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('columnheader', {name: 'Longest wait'}).waitFor();
    await accessible(page, 'health with its table');
    await w.query("insert into queue_age select $1, date_trunc('hour', now()) - d * interval '1 day', 40 + 30 * d from generate_series(0, 6) d", [ACME]);
    await w.query("update connection set state = 'needs_attention' where workspace = $1 and user_id = ''", [ACME]);
    await page.getByRole('navigation', {name: 'How far back'}).getByRole('link', {name: '31 days'}).click();
    await page.getByRole('img', {name: /The longest wait that was seen in the last 31 days/}).waitFor();
    assert.equal(await page.getByRole('link', {name: '31 days'}).getAttribute('aria-current'), 'page');
    await accessible(page, 'health that needs somebody');
    await w.query("update connection set state = 'active' where workspace = $1 and user_id = ''", [ACME]);
  });

  test('the audit is searched', async () => {
    await menu('Audit');
    await heading('Audit');
    await accessible(page, 'the audit');
    const was = page.viewportSize();
    await page.setViewportSize({width: 1000, height: 720});
    assert.ok(await page.getByRole('region', {name: 'Audit'}).evaluate(r => r.scrollWidth <= r.clientWidth), 'it stands there whole');
    await page.setViewportSize(was);
    await page.getByLabel('Action').fill('recipe');
    await page.getByRole('button', {name: 'Search'}).click();
    await page.getByRole('cell', {name: 'recipe.changed'}).first().waitFor();
    assert.equal(await page.getByRole('cell', {name: 'console.signed_in'}).count(), 0);
    assert.ok(await page.getByRole('cell', {name: /^Ben/}).count() > 0, 'people are named');
  });

  test('a personal connection is disconnected, and then forgotten', async () => {
    await menu('Personal connections');
    await heading('Personal connections');
    await accessible(page, 'personal connections');
    await page.getByRole('button', {name: 'Disconnect all'}).click();
    await page.getByRole('alert').getByText('tick the box').waitFor();
    await page.getByRole('button', {name: /Disconnect Ana/}).click();
    await page.getByRole('status').waitFor();
    await page.getByLabel('State').selectOption('disconnected');
    await page.getByRole('button', {name: 'Search'}).click();
    await page.getByText('Forget…').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', {name: /Ana starts anew/}).check();
    await accessible(page, 'the question before one is forgotten');
    await page.getByRole('button', {name: /Forget Ana/}).click();
    await page.getByRole('status').waitFor();
    assert.equal(await page.getByRole('button', {name: /Ana/}).count(), 0);
    await w.idle();
    assert.equal(await w.count('connection', "user_id = 'U0ANA0001'"), 0);
  });

  test('who is signed in, and out again', async () => {
    await menu('Who is signed in');
    await heading('Who is signed in');
    await page.getByText('This browser').waitFor();
    await accessible(page, 'sessions');
    await page.getByRole('button', {name: 'Sign out', exact: true}).click();
    await heading('Sign in to the console');
    await at(HOME);
    await heading('Sign in to the console');
  });

  test('an operator chooses a workspace', async () => {
    const {ADMIN_TOKEN} = await import('../lib/flow.mjs');
    await at('/console');
    await page.getByLabel('Operator token').fill(ADMIN_TOKEN);
    await page.getByRole('button', {name: 'Sign in as operator'}).click();
    await heading('Workspaces');
    await accessible(page, 'workspaces');
    await page.getByRole('link', {name: 'Keys and health'}).click();
    await heading('Keys and health');
    await page.getByText('What is stored now is sealed with it.').waitFor();
    await accessible(page, 'keys and health');
    await w.query("insert into encryption_key (id, since, sealed_by) values ('k0', now() - interval '1 day', 'process 1 on web-1')");
    await page.reload();
    await page.getByRole('alert').getByText('This process is not ready:').waitFor();
    await accessible(page, 'not ready');
    await w.query("delete from encryption_key where id = 'k0'");
    await page.getByRole('link', {name: 'Workspaces'}).first().click();
    await page.getByRole('link', {name: /Acme/}).click();
    await heading('Recipes');
  });
});

test('axe has seen every page of the console', () => assert.deepEqual(leftOut(import.meta.url), []));
