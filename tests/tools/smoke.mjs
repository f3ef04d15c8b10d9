// The story of the demo, told by its own transcript: what was typed, what was seen, what was checked.
import assert from 'node:assert/strict';
import {World, link, startDemo, words} from '../lib/demo.mjs';
import {Browser, buttons, until} from '../lib/flow.mjs';

const COMMAND = 'salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31';
let steps = 0;

const print = (who, text) => {
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) console.log(`${(i === 0 ? who : '').padStart(12)}  ${line}`);
};
const heading = text => console.log(`\n${String(++steps).padStart(2)}. ${text}`);
const seen = (who, message) => {
  print(who, words(message));
  const labels = buttons(message).map(b => `[${b.label}]`).join(' ');
  if (labels) print('', labels);
};
const title = browser => (/<h1[^>]*>([^<]*)<\/h1>/.exec(browser.page.html) || ['', ''])[1];
const page = browser => print('browser', `${browser.page.status} ${title(browser)}${browser.code ? '  ' + browser.code : ''}`);

async function step(text, run) {
  heading(text);
  await run();
}

async function story(demo) {
  const w = new World(demo);
  const browser = new Browser();
  const personal = async () => (await w.api('GET', '/personal-connections')).items;
  let prompt, url, code, before;

  const type = async (user, text, place) => {
    print(user, text);
    const sent = await w.say(user, text, place);
    assert.equal(sent.status, 200, 'Slack got no 200 for its event');
  };
  const answered = async (user, text, place) => {
    const message = await w.sees(user, text, place);
    seen('Workbot', message);
    return message;
  };

  await step('Ana is connected to nothing.', async () => {
    await type('ana', 'connections');
    const list = await answered('ana', 'Salesforce · Not connected');
    assert.deepEqual(buttons(list).map(b => b.label), ['Connect', 'Connect', 'Connect'], 'Box, Salesforce, ServiceNow');
    assert.deepEqual(await personal(), []);
  });

  await step('She types a command and is asked to log in; nothing was called.', async () => {
    await type('ana', COMMAND);
    prompt = await answered('ana', 'Log in to Salesforce to go on');
    url = link(prompt, 'Log in to Salesforce');
    assert.ok(buttons(prompt).some(b => b.label === 'Back'));
    assert.deepEqual(await w.records('Opportunity'), []);
  });

  await step('The link is looked at, twice and by HEAD: that changes nothing.', async () => {
    before = await w.api('GET', '/audit');
    await browser.get(url);
    assert.equal(browser.page.status, 200);
    page(browser);
    const shown = browser.text;
    for (const part of ['Ana (Acme on Slack)', 'Salesforce', 'Create an opportunity', 'Only go on if this is you']) {
      assert.ok(shown.includes(part), `the landing page does not say "${part}": ${shown}`);
    }
    await browser.request('HEAD', url);
    print('browser', `HEAD ${browser.page.status}`);
    assert.equal(browser.page.status, 200);
    await new Browser().get(url);
    await browser.get(url);
    assert.ok(browser.text === shown, 'the second look shows another page');
    assert.deepEqual(await w.api('GET', '/audit'), before);
    assert.deepEqual(await personal(), []);
  });

  await step('She presses Continue and chooses her account at Salesforce.', async () => {
    await browser.submit();
    page(browser);
    assert.match(title(browser), /^Log in to Acme Corporation/);
    await browser.submit({username: 'ana@acme.example'});
    page(browser);
    assert.equal(title(browser), 'Allow access?');
    assert.ok(browser.text.includes('ana@acme.example'));
  });

  await step('She allows it; the last page shows who she is and a code.', async () => {
    await browser.submit({decision: 'allow'});
    page(browser);
    code = browser.code;
    assert.match(code, /^\d{6}$/);
    assert.ok(browser.text.includes('ana@acme.example'));
    assert.match(browser.page.headers.get('content-security-policy'), /default-src 'none'/);
  });

  await step('Without the code nothing is usable.', async () => {
    const [one] = await personal();
    print('api', `personal connection: ${one.state}`);
    assert.equal(one.state, 'provisional');
    assert.deepEqual(await w.records('Opportunity'), []);
  });

  await step('She types the code; the same message becomes the result.', async () => {
    await type('ana', code);
    const result = await answered('ana', 'Created Acme renewal, as ana@acme.example');
    assert.equal(result.ts, prompt.ts, 'the result is another message than the prompt');
    assert.deepEqual(buttons(result).map(b => b.label), ['Open', 'Add a task']);
  });

  await step('She is told that she is connected, and what next.', async () => {
    const notice = await answered('ana', 'Salesforce is connected');
    assert.match(words(notice), /help salesforce/);
    assert.notEqual(notice.ts, prompt.ts);
  });

  await step('In Salesforce there is one opportunity, and it is hers.', async () => {
    const found = await w.records('Opportunity');
    assert.equal(found.length, 1);
    const {owner, creator, fields} = found[0];
    print('salesforce', `${fields.Name}, ${fields.Amount}, ${fields.StageName}, closes ${fields.CloseDate}, owner ${owner}`);
    assert.deepEqual([owner, creator], ['ana@acme.example', 'ana@acme.example']);
    assert.deepEqual([fields.Name, fields.Amount, fields.CloseDate], ['Acme renewal', 5000, '2026-12-31']);
  });

  await step('Her next command runs at once.', async () => {
    await type('ana', 'salesforce find opportunity name: renewal');
    const result = await answered('ana', '1 found, as ana@acme.example');
    assert.match(words(result), /Owner Ana Alvarez/);
  });

  await step('The result\'s button asks for what it lacks, and runs.', async () => {
    const result = await w.sees('ana', 'Created Acme renewal');
    print('ana', '[Add a task]');
    await w.click('ana', result, 'Add a task');
    const form = await until('the form', async () => (await w.sandbox('GET', '/_view?' + new URLSearchParams({workspace: 'Acme', user: 'ana'}))).modal);
    print('form', form.title.text);
    const sent = await w.sandbox('POST', '/_submit', {workspace: 'Acme', user: 'ana', values: {subject: 'Call them back'}});
    assert.ok(sent.closed, JSON.stringify(sent));
    await answered('ana', 'Added the task Call them back, as ana@acme.example');
    const [task] = await w.records('Task');
    const [opportunity] = await w.records('Opportunity');
    assert.deepEqual([task.owner, task.fields.WhatId], ['ana@acme.example', opportunity.id]);
  });

  await step('Ben installed Workbot: he acts as the default connection, without a login.', async () => {
    await type('ben', COMMAND.replace('Acme renewal', 'Ben renewal'));
    await answered('ben', /Created Ben renewal, as ben@acme\.example.*default connection/);
    const found = (await w.records('Opportunity')).find(r => r.fields.Name === 'Ben renewal');
    assert.equal(found.owner, 'ben@acme.example');
    const {items} = await w.api('GET', '/runs');
    const run = items.find(r => r.user === 'U0BEN0001');
    print('api', `run ${run.reference}: rule ${run.apps[0].rule}, connection ${run.apps[0].connection}`);
    assert.deepEqual([run.state, run.apps[0].rule], ['done', 'installer']);
    const hers = items.filter(r => r.user === 'U0ANA0001');
    assert.ok(hers.length >= 3 && hers.every(r => r.apps[0].rule === 'personal'), 'a run of Ana was not personal');
  });

  await step('A command that verifies nobody runs as the default connection for Cleo.', async () => {
    await type('cleo', '@workbot team note text: Northwind asked for a demo', 'sales');
    await answered('cleo', 'Noted: Northwind asked for a demo, as the shared account', 'sales');
  });

  await step('Ben submits his deal in Salesforce, and the channel is told, with buttons.', async () => {
    const {id} = (await w.records('Opportunity')).find(r => r.fields.Name === 'Ben renewal');
    const happened = await w.sandbox('POST', '/_happen', {event: 'submit_for_approval', record: id});
    print('salesforce', `${happened.told} of ${happened.of} hooks took the outbound message`);
    assert.deepEqual([happened.told, happened.of], [2, 2]);
    const told = await answered('cleo', 'Approval of Ben renewal', 'sales');
    assert.deepEqual(buttons(told).map(b => b.label), ['Open in Salesforce', 'Approve', 'Reject']);
  });

  await step('Cleo presses Approve, logs in, and it is approved with her name for all.', async () => {
    const told = await w.sees('cleo', 'Approval of Ben renewal', 'sales');
    print('cleo', '[Approve]');
    await w.click('cleo', told, 'Approve');
    const asked = await answered('cleo', 'Log in to Salesforce to go on', 'sales');
    assert.ok(!(await w.messages('ana', 'sales')).some(m => words(m).includes('Log in to Salesforce')), 'others see her prompt');
    await type('cleo', await new Browser().codeOf(link(asked, 'Log in to Salesforce'), 'cleo@acme.example'));
    const over = await answered('ana', /^Approved by Cleo[\s\S]*Approval of Ben renewal/, 'sales');
    assert.equal(over.ts, told.ts);
    assert.deepEqual(buttons(over).map(b => b.label), ['Open in Salesforce']);
    const [process] = await w.records('ProcessInstance');
    print('salesforce', `the approval is ${process.fields.Status}`);
    assert.equal(process.fields.Status, 'Approved');
  });

  await step('Ana\'s list shows who she is there.', async () => {
    await type('ana', 'connections');
    const list = await answered('ana', 'Salesforce · Connected');
    for (const part of ['Account ana@acme.example', 'Kind Production', 'Connected', 'Last used']) {
      assert.ok(words(list).includes(part), `the list does not say "${part}"`);
    }
    assert.deepEqual(buttons(list).map(b => b.label).filter(l => l !== 'Connect'), ['Disconnect', 'Add another account']);
    print('ana', '[Disconnect]');
    await w.click('ana', list, 'Disconnect');
  });

  await step('Disconnected, here and at Salesforce, with a receipt.', async () => {
    const receipt = await answered('ana', /Salesforce.*(revoked|forgot|forgotten|ended)/i);
    assert.ok(receipt);
    await answered('ana', 'Salesforce · Disconnected');
    const [one] = await personal();
    assert.equal(one.state, 'disconnected');
    const {counts} = await w.sandbox('GET', '/_state/salesforce');
    print('salesforce', `${counts.revoke} grant revoked`);
    assert.equal(counts.revoke, 1);
  });

  await step('The command asks her to log in again.', async () => {
    await type('ana', COMMAND);
    const again = await answered('ana', 'Log in to Salesforce to go on');
    assert.notEqual(again.ts, prompt.ts);
    assert.notEqual(link(again, 'Log in to Salesforce'), url);
    assert.equal((await w.records('Opportunity')).length, 2);
  });

  await step('She picks a colleague\'s account by mistake: the page and the notice say so.', async () => {
    const again = await w.sees('ana', 'Log in to Salesforce to go on');
    const other = new Browser();
    code = await other.codeOf(link(again, 'Log in to Salesforce'), 'cleo@acme.example');
    page(other);
    assert.match(other.text, /Another e-mail than in your chat profile/);
    await type('ana', code);
    const notice = await answered('ana', 'Salesforce is connected as cleo@acme.example');
    assert.match(words(notice), /Its e-mail is not the one of your chat profile\. If this is not the account you meant, press Not me/);
  });

  await step('No token, code or secret is in the log.', async () => {
    const log = await demo.log();
    for (const secret of [code, demo.token, 'sample-acme-consumer-secret', 'xoxb-sample-acme-0001', url.split('/').pop()]) {
      assert.ok(!log.includes(secret), 'a secret is in the log');
    }
    print('log', `${log.split('\n').length} lines, clean`);
  });
}

const demo = await startDemo();
let failure;
try {
  await story(demo);
} catch (e) {
  failure = e;
  console.log(`\nsmoke: step ${steps} differs: ${e.message}\n${e.stack}\n--- end of the service's log ---`);
  console.log((await demo.log()).split('\n').slice(-25).join('\n'));
}
await demo.stop();
if (failure) process.exit(1);
console.log(`\nsmoke: ${steps} steps, all as expected`);
