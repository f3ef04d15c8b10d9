// The sandbox's chat page by itself: what a person has at Slack besides messages.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, afterEach, before, test} from 'node:test';
import {accessible, column, open, type} from './support.mjs';

let stage;
before(async () => (stage = await open()));
after(() => stage?.close());
afterEach(t => stage.calm(t));

async function chatPage(options) {
  const page = await (await stage.browser(options)).newPage();
  const failed = [];
  page.on('response', r => r.status() >= 400 && failed.push(`${r.status()} ${r.url()}`));
  await page.goto(stage.demo.sandbox);
  return {page, failed};
}
const plain = text => ({type: 'plain_text', text});
const input = (id, label, element, more) => ({type: 'input', block_id: id, label: plain(label), element: {action_id: id, ...element}, ...more});

test('no tab is cut off at 1280 px, nothing is missing, and a guest can be played', async () => {
  const {page, failed} = await chatPage();
  const ana = column(page, 'Ana Alvarez');
  await ana.getByRole('tab', {name: 'Group chat'}).waitFor();
  for (const tab of await page.getByRole('tab').all()) {
    const cut = await tab.evaluate(t => {
      const box = t.getBoundingClientRect(), around = t.closest('.person').getBoundingClientRect();
      return box.right > around.right || box.left < around.left || t.scrollWidth > t.clientWidth;
    });
    assert.equal(cut, false, await tab.innerText());
  }
  await column(page, 'Cleo Chen').getByLabel('Play another person').selectOption({label: 'Gus Guest'});
  const gus = column(page, 'Gus Guest');
  await gus.getByRole('textbox', {name: 'Message as Gus Guest'}).fill('help');
  await gus.getByRole('textbox', {name: 'Message as Gus Guest'}).press('Enter');
  await gus.getByText('APP').waitFor();
  await accessible(page, 'chat page');
  assert.deepEqual(failed, []);
});

const box = async node => (await node.boundingBox()) ?? assert.fail('not shown');

for (const [look, viewport] of [['desk', {width: 1280, height: 900}], ['phone', {width: 390, height: 844}]]) {
  test(`everything is read whole and nothing lies on something else: ${look}`, async () => {
    const {page} = await chatPage({viewport});
    const top = await box(page.locator('header.top h1')), toggle = await box(page.locator('#toggle'));
    assert.ok(toggle.y < top.y + top.height, 'the buttons stand in the row of the title');
    const ana = column(page, 'Ana Alvarez'), words = ana.getByRole('textbox', {name: 'Message as Ana Alvarez'});
    for (const tab of await ana.getByRole('tab').all()) {
      if (await tab.innerText() === 'Home') continue;
      await tab.click();
      const hidden = await words.evaluate(t => t.scrollHeight - t.clientHeight);
      assert.ok(hidden <= 0, `${await words.getAttribute('placeholder')}: ${hidden} px are hidden`);
    }
    await ana.getByRole('tab', {name: '# sales'}).click();
    await type(page, 'Ana Alvarez', '@Workbot salesforce create opportunity name: Placed');
    await ana.getByText('Only visible to you').last().waitFor();
    await ana.getByRole('tab', {name: 'Workbot'}).click();
    await type(page, 'Ana Alvarez', 'help');
    const answer = ana.locator('article', {hasText: 'What can I do for you?'}).last();
    await answer.hover();
    const covers = await answer.evaluate(m => { // both at once: another answer may come in between
      const [badge, tools] = ['.app', '.tools'].map(c => m.querySelector(c).getBoundingClientRect());
      return tools.bottom > badge.top && tools.left < badge.right;
    });
    assert.equal(covers, false, 'the tools cover the badge');
    await ana.getByRole('tab', {name: 'Home'}).click();
    await ana.getByText('#sales', {exact: true}).first().waitFor();
    // at once: the page is drawn anew when news come, and what was looked up before is no part of it then
    const gaps = await ana.evaluate(column => [...column.querySelectorAll('.home .head')].slice(1).map(head =>
      [head.innerText, head.getBoundingClientRect().top - head.previousElementSibling.getBoundingClientRect().bottom]));
    for (const [head, gap] of gaps) assert.ok(gap >= 16, `${head}: ${gap} px below what stands above it`);
    assert.ok(gaps.length > 0, 'no heads are shown');
    await stage.say('ana', 'cancel');
  });
}

test('the records of Salesforce stay in their panel', async () => {
  await stage.say('ben', 'salesforce create opportunity name: No amount close: 2026-12-31');
  const {page} = await chatPage();
  await page.locator('.record', {hasText: 'No amount'}).waitFor();
  for (const line of await page.locator('.record .line').all()) assert.ok(await line.evaluate(l => l.scrollWidth <= l.clientWidth), await line.innerText());
});

test('the home page, a slash command, a shortcut and a thread', async () => {
  const {page} = await chatPage();
  const ana = column(page, 'Ana Alvarez');
  await ana.getByRole('tab', {name: 'Home'}).click();
  await ana.getByText('Your connections').waitFor();
  await accessible(page, 'home tab');
  await ana.getByRole('tab', {name: '# sales'}).click();
  const box = ana.getByRole('textbox', {name: 'Message as Ana Alvarez'});
  await box.fill('/workbot help');
  await box.press('Enter');
  await ana.getByText('Only visible to you').first().waitFor();
  await box.fill('a word to answer');
  await box.press('Enter');
  const said = ana.locator('article', {hasText: 'a word to answer'});
  await said.hover();
  await said.getByRole('button', {name: 'Reply in thread'}).click();
  await box.fill('@Workbot team note text: in the thread');
  await box.press('Enter');
  await ana.locator('article.reply', {hasText: 'in the thread'}).first().waitFor();
  await ana.locator('article.reply', {hasText: 'Noted'}).waitFor();
  await ana.getByRole('button', {name: 'Leave'}).click();
  await ana.getByLabel('Shortcuts of Ana Alvarez').click();
  await ana.getByRole('button', {name: 'Workbot connections'}).waitFor();
});

test('a modal of every kind of input: errors stand at their fields, and it is sent', async () => {
  const {page} = await chatPage();
  const ask = (path, body) => stage.json('POST', stage.demo.sandbox + path, body);
  const {trigger_id} = await ask('/_shortcut', {user: 'cleo', callback_id: 'unknown-here'});
  const view = {type: 'modal', callback_id: 'unknown-here', title: plain('A form'), submit: plain('Save'), blocks: [
    input('name', 'Name', {type: 'plain_text_input'}), input('amount', 'Amount', {type: 'number_input', is_decimal_allowed: false}),
    input('close', 'Close date', {type: 'datepicker'}), input('stage', 'Stage', {type: 'static_select', options: [{text: plain('Won'), value: 'won'}]}),
    input('flags', 'Flags', {type: 'checkboxes', options: [{text: plain('Urgent'), value: 'true'}]}, {optional: true})]};
  const opened = await stage.json('POST', stage.demo.sandbox + '/slack/api/views.open', {trigger_id, view}, {authorization: 'Bearer xoxb-sample-acme-0001', 'content-type': 'application/json; charset=utf-8'});
  assert.equal(opened.ok, true, JSON.stringify(opened));
  const form = column(page, 'Cleo Chen').getByRole('dialog', {name: 'A form'});
  await form.getByLabel('Amount').fill('1.5');
  await form.getByRole('button', {name: 'Save'}).click();
  await form.getByText('Please enter a whole number.').waitFor();
  assert.equal(await form.getByText('Please complete this required field.').count(), 3);
  await accessible(page, 'modal');
  await form.getByLabel('Name').fill('Acme');
  await form.getByLabel('Amount').fill('15');
  await form.getByLabel('Close date').fill('2026-12-31');
  await form.getByLabel('Stage').selectOption('won');
  await form.getByLabel('Urgent').check();
  await form.getByRole('button', {name: 'Save'}).click();
  const sent = () => stage.json('GET', stage.demo.sandbox + '/_log?path=/slack/interactions&direction=out&wait_ms=5000').then(r => r.entries.map(e => JSON.parse(e.args.payload)).find(p => p.type === 'view_submission'));
  let got;
  for (let i = 0; i < 100 && !got; i++) got = await sent();
  const values = got.view.state.values;
  assert.deepEqual([values.name.name.value, values.amount.amount.value, values.close.close.selected_date, values.stage.stage.selected_option.value, values.flags.flags.selected_options.length],
    ['Acme', '15', '2026-12-31', 'won', 1]);
});

/** The form that a slash command without its inputs opens for Ben. */
async function formOf(page, recipe) {
  await stage.api('PUT', `/recipes/${recipe.name}`, {allow: 'everyone', ...recipe});
  const words = column(page, 'Ben Baker').getByRole('textbox', {name: 'Message as Ben Baker'});
  await words.fill(`/workbot ${recipe.command}`);
  await words.press('Enter');
  const form = column(page, 'Ben Baker').getByRole('dialog', {name: recipe.title});
  await form.waitFor();
  return form;
}

test('a day with a time is picked by the clock of the browser, and the instant goes out', async () => {
  const {page} = await chatPage({timezoneId: 'Europe/Berlin'});
  const form = await formOf(page, {name: 'page-call', title: 'Plan a call', command: 'page call', connections: {salesforce: {use: 'acme-salesforce'}},
    inputs: [{name: 'when', type: 'date_time', required: true}, {name: 'back', type: 'date_time', default: '2026-12-31T13:30:00Z'}],
    steps: [{id: 'note', connection: 'salesforce', action: 'create_record', with: {object: 'Task', fields: {Subject: 'Call'}}}],
    reply: {text: 'The call is at {{inputs.when | date("utc")}}, and back at {{inputs.back | date("utc")}}'}});
  assert.equal(await form.getByLabel('Back').inputValue(), '2026-12-31T14:30');
  await form.locator('footer .primary').click();
  await form.getByText('Please complete this required field.').waitFor();
  await form.getByLabel('When').fill('2026-07-01T09:15');
  await accessible(page, 'a date with a time');
  await form.locator('footer .primary').click();
  await column(page, 'Ben Baker').getByText('The call is at 2026-07-01 07:15:00, and back at 2026-12-31 13:30:00').waitFor();
});

test('a file is chosen on the page, stays through an error, and lies at Box as it was', async () => {
  const {page} = await chatPage();
  const form = await formOf(page, {name: 'page-deed', title: 'Upload a deed', command: 'page deed', connections: {box: {use: 'acme-box'}},
    inputs: [{name: 'deed', type: 'file', required: true, endings: ['pdf']}, {name: 'title', required: true}],
    steps: [{id: 'up', connection: 'box', action: 'upload_file', with: {file: '{{inputs.deed}}', folder_id: '0'}}],
    reply: {text: 'Uploaded {{steps.up.name}}: {{inputs.title}}, {{inputs.deed.size}} bytes, {{inputs.deed.mime}}'}});
  const buffer = Buffer.from([...Array(256).keys(), 0, 13, 10, 255]);
  assert.equal(await form.getByLabel('Deed').getAttribute('accept'), '.pdf');
  await form.getByLabel('Deed').setInputFiles({name: 'deed.pdf', mimeType: 'application/pdf', buffer});
  await form.locator('footer .primary').click();
  await form.getByText('Please complete this required field.').waitFor();
  await form.getByText('deed.pdf').waitFor();
  await accessible(page, 'a file');
  await form.getByLabel('Title').fill('The deed');
  await form.locator('footer .primary').click();
  await column(page, 'Ben Baker').getByText('Uploaded deed.pdf: The deed, 260 bytes, application/pdf').waitFor();
  const {items} = await stage.sandbox('GET', '/_state/box');
  assert.equal(items.find(i => i.name === 'deed.pdf').sha1, createHash('sha1').update(buffer).digest('hex'));
});

test('"Open Slack" leads to the conversation on the page; on a phone one person fits', async () => {
  const {page} = await chatPage();
  await page.goto(stage.demo.sandbox + '/slack/app_redirect?channel=D0CLEO001&team=T0ACME001');
  await column(page, 'Cleo Chen').waitFor();
  assert.equal(await page.getByRole('region').first().getAttribute('aria-label'), 'Cleo Chen');
  const phone = (await chatPage({viewport: {width: 390, height: 780}})).page;
  await column(phone, 'Ana Alvarez').waitFor();
  assert.equal(await phone.locator('.person').count(), 1);
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing to scroll sideways');
});
