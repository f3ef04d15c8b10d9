// The approval story, clicked, in Slack and in Teams: a deal is submitted in the app, a channel is told, and whoever may
// decides as themselves; the message then says so to all who read it.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';
import {until} from '../lib/flow.mjs';
import {accessible, atSalesforce, codeOf, column, open, type} from './support.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
/** A question that anybody may answer who can change the deal. */
const OFFER = [
  {name: 'win', title: 'Win a deal', command: 'deal win', hidden: true, connections: SALESFORCE, inputs: [{name: 'id', required: true}],
    steps: [{id: 'u', connection: 'salesforce', action: 'update_record', with: {object: 'Opportunity', id: '{{inputs.id}}', fields: {StageName: 'Closed Won'}}}], reply: {text: 'It is won'}},
  {name: 'offer', title: 'Ask whether a deal is won', command: 'deal ask', connections: SALESFORCE, inputs: [{name: 'id', required: true}],
    steps: [{id: 'deal', connection: 'salesforce', action: 'get_record', with: {object: 'Opportunity', id: '{{inputs.id}}', fields: 'Id,Name'}}],
    reply: {text: 'Is it won? {{steps.deal.Name}}', buttons: [{title: 'Won', command: 'deal win', decides: 'won', inputs: {id: '{{inputs.id}}'}}]}},
];
const CHATS = {
  slack: {label: 'Acme', person: name => name, tab: '# sales', key: 'slack:T0ACME001', login: 'Log in to Salesforce', again: 'Try again', now: 'Log in to ServiceNow'},
  teams: {label: 'Acme in Teams', person: name => `${name} in Teams`, tab: '# deals', key: 'teams:ac3e0000-0000-4000-8000-000000000001', login: 'In the browser', again: 'In the browser', now: 'In the browser'},
};
/** What sends a form. */
const SEND = /^(Run|Send|Submit)$/;
const [ANA, BEN, CLEO] = ['Ana Alvarez', 'Ben Baker', 'Cleo Chen'];

for (const [kind, chat] of Object.entries(CHATS)) {
  describe(`an approval in ${kind}`, () => {
    let stage, context, page, people;
    before(async () => {
      stage = await open();
      for (const r of OFFER) {
        await stage.json('PUT', `${stage.demo.workbot}/v1/workspaces/${chat.key}/recipes/${r.name}`, r, {authorization: `Bearer ${stage.demo.token}`, 'content-type': 'application/json'});
      }
      context = await stage.browser();
      page = await context.newPage();
      await page.goto(stage.demo.sandbox);
      await page.getByLabel('Workspace', {exact: true}).selectOption({label: chat.label});
      people = Object.fromEntries([ANA, BEN, CLEO].map(n => [n, column(page, chat.person(n))]));
      for (const p of Object.values(people)) await p.getByRole('tab', {name: chat.tab}).click();
    });
    after(() => stage?.close());
    afterEach(() => assert.deepEqual(stage.complaints.splice(0), [], 'a page complained in the console'));

    const tab = (name, title) => people[name].getByRole('tab', {name: title}).click();
    /** The app's own record of a deal in the panel, made by Ben's default connection or by somebody who is connected. */
    const deal = async (name, owner = 'ben') => {
      await stage.sandbox('POST', '/_say', {chat: kind, workspace: 'Acme', user: owner, place: 'dm', text: `salesforce create opportunity name: ${name} amount: 12500 close: 2026-12-31`});
      const record = page.locator('.record', {hasText: name});
      await record.waitFor();
      return {record, id: (await stage.records('Opportunity')).find(r => r.fields.Name === name).id};
    };
    const submitted = async (name, owner) => {
      const {record, id} = await deal(name, owner);
      await record.getByRole('button', {name: 'Submit for approval'}).click();
      await record.getByText('Pending').waitFor();
      for (const p of Object.values(people)) await p.locator('article', {hasText: `Approval of ${name}`}).getByRole('button', {name: 'Approve'}).waitFor();
      return id;
    };
    const message = (who, words) => people[who].locator('article', {hasText: words}).first();
    const press = (who, name, button) => message(who, `Approval of ${name}`).getByRole('button', {name: button}).click();
    /** Everybody reads who decided, and nobody can press any more. */
    const over = async (name, words) => {
      for (const who of [ANA, BEN, CLEO]) {
        const m = message(who, name);
        await m.getByText(words).waitFor();
        assert.equal(await m.getByRole('button', {name: /^(Approve|Reject|Won)$/}).count(), 0, `${who} can still press`);
      }
    };
    const still = async name => {
      for (const who of [ANA, BEN, CLEO]) await message(who, `Approval of ${name}`).getByRole('button', {name: 'Approve'}).waitFor();
    };
    /** What one person alone reads: in the channel at Slack, in the chat with the bot in Teams. */
    const privately = async (who, words) => {
      if (kind === 'teams') await tab(who, 'Workbot');
      const m = people[who].locator('article', {hasText: words}).last();
      await m.waitFor();
      return m;
    };
    const back = async who => kind === 'teams' && tab(who, chat.tab);
    const toApp = async (prompt, app = chat.login) => {
      const [login] = await Promise.all([context.waitForEvent('page'), prompt.getByRole('link', {name: app}).click()]);
      await login.getByRole('button', {name: /^Continue to/}).click();
      return login;
    };
    const types = async (who, words) => {
      await tab(who, 'Workbot');
      await type(page, chat.person(who), words);
      await tab(who, chat.tab);
    };
    const status = async id => (await stage.records('ProcessInstance')).filter(r => r.fields.TargetObjectId === id).map(r => r.fields.Status);

    test('Cleo, who must log in, presses Back: nothing was done. She denies at Salesforce: it still waits. She logs in: approved by Cleo, for all', async () => {
      const id = await submitted('Northwind rollout');
      await accessible(page, 'the channel that was told');
      await press(CLEO, 'Northwind rollout', 'Approve');
      let prompt = await privately(CLEO, 'Log in to Salesforce to go on');
      assert.equal(await people[ANA].getByText('Log in to Salesforce to go on').count(), 0, 'Ana sees the prompt of Cleo');
      await prompt.getByRole('button', {name: 'Back'}).click();
      await (kind === 'slack' ? page.locator('#confirm-yes') : prompt.getByRole('button', {name: 'Back'}).nth(1)).click(); // the question before it
      await people[CLEO].getByText(/Cancelled|Nothing was done/).first().waitFor();
      await back(CLEO);
      await still('Northwind rollout');

      await press(CLEO, 'Northwind rollout', 'Approve');
      prompt = await privately(CLEO, 'Log in to Salesforce to go on');
      const refused = await toApp(prompt);
      await atSalesforce(refused, /cleo@acme\.example/, 'Deny');
      await refused.getByRole('heading', {name: 'Not connected'}).waitFor();
      await refused.close();
      prompt = await privately(CLEO, /still waits/);
      await back(CLEO);
      await still('Northwind rollout');
      if (kind === 'teams') await tab(CLEO, 'Workbot');
      assert.deepEqual(await status(id), ['Pending']);

      const login = await toApp(prompt, chat.again);
      await atSalesforce(login, /cleo@acme\.example/);
      const code = await codeOf(login);
      await login.close();
      await types(CLEO, code);
      await over('Northwind rollout', /Approved by Cleo/);
      assert.deepEqual(await status(id), ['Approved']);
      await page.locator('.record', {hasText: 'Northwind rollout'}).getByText('Approved').waitFor();
    });

    test('Cleo, who is connected, rejects with a comment in a form', async () => {
      const id = await submitted('Too dear');
      await press(CLEO, 'Too dear', 'Reject');
      const form = people[CLEO].getByRole('dialog');
      await form.waitFor();
      await accessible(page, 'the form for a comment');
      await form.getByLabel(/comment/i).fill('Not at this price');
      await form.getByRole('button', {name: SEND}).click();
      await over('Too dear', /Rejected by Cleo/);
      assert.deepEqual(await status(id), ['Rejected']);
    });

    test('Ana has no right: Salesforce says so to her alone, and the message waits for Cleo, who approves with one press', async () => {
      await types(ANA, 'connect salesforce');
      await tab(ANA, 'Workbot');
      const login = await toApp(people[ANA].locator('article', {hasText: 'Salesforce'}).last());
      await atSalesforce(login, /ana@acme\.example/);
      const code = await codeOf(login);
      await login.close();
      await types(ANA, code);
      await until('Ana to be connected', async () => (await stage.json('GET', `${stage.demo.workbot}/v1/workspaces/${chat.key}/personal-connections`, undefined,
        {authorization: `Bearer ${stage.demo.token}`})).items.filter(c => c.state === 'active').length === 2);

      const id = await submitted('Not hers');
      await press(ANA, 'Not hers', 'Approve');
      await privately(ANA, 'waits for somebody else');
      await back(ANA);
      for (const other of [BEN, CLEO]) assert.equal(await people[other].getByText('waits for somebody else').count(), 0, `${other} reads Ana's refusal`);
      await still('Not hers');
      await press(CLEO, 'Not hers', 'Approve');
      await over('Not hers', /Approved by Cleo/);
      assert.deepEqual(await status(id), ['Approved']);
    });

    test('what was decided in Salesforce meanwhile is said to all', async () => {
      const id = await submitted('Decided there');
      const process = (await stage.records('ProcessInstance')).find(r => r.fields.TargetObjectId === id);
      const item = (await stage.records('ProcessInstanceWorkitem')).find(r => r.fields.ProcessInstanceId === process.id).id;
      await types(CLEO, `salesforce approve item: ${item}`);
      await page.locator('.record', {hasText: 'Decided there'}).getByText('Approved').waitFor();
      await press(CLEO, 'Decided there', 'Approve');
      await over('Decided there', /Already approved in Salesforce by Cleo/);
    });

    test('Ben, who installed Workbot, decides with the default connection, by name', async () => {
      await stage.sandbox('PUT', '/_config', {salesforce: {approvals: {acme: {approvers: ['ben@acme.example']}}}});
      const id = await submitted('For Ben', 'ana');
      await press(BEN, 'For Ben', 'Approve');
      await over('For Ben', /Approved by Ben/);
      assert.deepEqual(await status(id), ['Approved']);
    });

    test('Ana and Cleo press at the same instant: one of them decides, and Salesforce is asked once', async () => {
      const {id} = await deal('At once');
      await stage.sandbox('POST', '/_say', {chat: kind, workspace: 'Acme', user: 'ben', place: chat.tab.slice(2), text: `@Workbot deal ask id: ${id}`});
      const buttons = [ANA, CLEO].map(who => message(who, 'Is it won? At once').getByRole('button', {name: 'Won', exact: true}));
      for (const b of buttons) await b.waitFor();
      await page.evaluate(all => all.forEach(b => b.click()), await Promise.all(buttons.map(b => b.elementHandle())));
      await over('Is it won? At once', /Won by (Ana|Cleo)/);
      const calls = await stage.json('GET', `${stage.demo.sandbox}/_log?since=0&limit=100000&peer=salesforce&direction=in`);
      assert.equal(calls.entries.filter(e => e.method === 'PATCH' && e.path.includes(id)).length, 1);
    });

    test('a change is raised in ServiceNow; Ana presses Approve, logs in there, and it is hers', async () => {
      await page.getByRole('button', {name: 'Raise a change'}).click();
      const told = people[ANA].locator('article', {hasText: 'Approval of CHG'});
      await told.getByRole('button', {name: 'Approve'}).click();
      const form = people[ANA].getByRole('dialog');
      await form.getByLabel(/comments/i).fill('Go ahead');
      await form.getByRole('button', {name: SEND}).click();
      const prompt = await privately(ANA, 'Log in to ServiceNow to go on');
      const login = await toApp(prompt, chat.now);
      await login.getByRole('button', {name: /Ana/}).click();
      await login.getByRole('button', {name: 'Allow', exact: true}).click();
      const code = await codeOf(login);
      await login.close();
      await types(ANA, code);
      for (const who of [ANA, BEN, CLEO]) await people[who].locator('article', {hasText: 'Approval of CHG'}).getByText(/Approved by Ana/).waitFor();
      const {records} = await stage.sandbox('GET', '/_state/servicenow');
      const change = records.find(r => r.table === 'change_request' && r.fields.number === 'CHG0010001');
      assert.deepEqual(records.filter(r => r.table === 'sysapproval_approver' && r.fields.sysapproval === change.sys_id).map(r => r.fields.state), ['approved']);
    });
  });
}
