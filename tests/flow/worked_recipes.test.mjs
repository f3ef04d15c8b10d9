// The worked recipes of docs/recipes, as they stand there: loaded from the page and run, in Slack and in Teams.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, ROOT, TEAMS_ACME, button, create, labels, loginUrl, start, words} from '../lib/flow.mjs';

const ORGANIZATION = '00D0000000ACME1EAG';
const CLEO_AT_SALESFORCE = '005xx000000CLE1AAO';
const APPS = {servicenow: {client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret', as: 'ben'},
  box: {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret', as: 'ben@acme.example'}};
// those of a file, too
const SCOPES = ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read', 'files:read'];
const FOLDER = join(ROOT, 'docs/recipes');
const PAGES = readdirSync(FOLDER).sort();
const textOf = page => readFileSync(join(FOLDER, page), 'utf8');
/** The recipes of one page, for this channel. */
const worked = (page, channel) => [...textOf(page).matchAll(/^```json\n([\s\S]*?)^```/gm)]
  .map(m => JSON.parse(m[1].replace('C024BE91L', channel)));

test('there are eight pages, each with what it needs, its recipes, what people see and what to change; recipes.md leads to each', () => {
  assert.deepEqual(PAGES, ['box-folder.md', 'box-review.md', 'create-opportunity.md', 'deal-with-folder.md', 'log-meeting.md', 'opportunity-approval.md', 'servicenow-change-approval.md', 'servicenow-incident.md']);
  const manual = readFileSync(join(ROOT, 'docs/recipes.md'), 'utf8');
  const names = PAGES.flatMap(page => {
    assert.ok(manual.includes(`(recipes/${page})`), `docs/recipes.md does not lead to ${page}`);
    assert.deepEqual([...textOf(page).matchAll(/^## (.*)$/gm)].map(m => m[1].replace(/s$/, '')), ['What it need', 'The recipe', 'What people see', 'To change it'], page);
    return worked(page, 'C024BE91L').map(r => r.name);
  });
  assert.equal(new Set(names).size, names.length, 'a name stands on two pages');
});

test('a worked recipe that verifies names nobody who may write with a shared account', () => {
  // else one press of its switch in the console lets everybody write as whoever logged the default connection in
  for (const page of PAGES) for (const r of worked(page, 'C024BE91L')) {
    if (Object.values(r.connections ?? {}).some(c => c.verify_user_access)) assert.equal(r.allow, undefined, r.name);
  }
});

test('the page about opportunities shows what the demo loads', () => {
  for (const r of worked('create-opportunity.md', '')) {
    assert.deepEqual(r, JSON.parse(readFileSync(join(ROOT, `tests/demo/acme/recipes/${r.name}.json`), 'utf8')), r.name);
  }
});

for (const chat of ['slack', 'teams']) {
  describe(`worked recipes in ${chat}`, () => {
    let w, ana, cleo;
    const teams = chat === 'teams';
    const [workspace, place, channel] = teams ? [TEAMS_ACME, 'deals', '19:acmesales000deals@thread.tacv2'] : [ACME, 'sales', 'C0SALES01'];
    before(async () => {
      w = await start({teams: teams ? 'only' : false, sandbox: {slack: {scopes: SCOPES}}});
      [ana, cleo] = ['ana', 'cleo'].map(n => (teams ? w.teamsPerson(n) : w.person(n)));
      // Teams says where it takes messages when the app is added
      if (teams) await w.teamsPerson('ben').installs('General');
      for (const [app, {as, ...client}] of Object.entries(APPS)) {
        await w.putConnection(workspace, `acme-${app}`, {app, host: w.hosts[app], ...client, assurance: 'code', account_match: 'off'});
        await w.authorize(workspace, `acme-${app}`, as);
      }
      for (const page of PAGES) for (const r of worked(page, channel)) await w.putRecipe(workspace, r);
      await w.putRecipe(workspace, {name: 'submit', title: 'Submit', command: 'submit deal', connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
        inputs: [{name: 'id', required: true}], reply: {text: 'Submitted'},
        steps: [{id: 's', connection: 'salesforce', action: 'submit_for_approval', with: {record: '{{inputs.id}}', approver: CLEO_AT_SALESFORCE}}]});
    });
    after(() => w?.stop());

    /** Connects an app of Ana's in her chat, unless she has. */
    const connected = new Set();
    const connects = async (person, app, username) => {
      if (connected.has(person.name + app)) return;
      connected.add(person.name + app);
      const prompt = await person.prompt(`connect ${app}`);
      await person.ask(await person.browse(prompt, username), /is connected/);
      await w.idle();
    };
    /** What a notification shows of it. */
    const noticed = m => (teams ? m.summary : m.text);
    const form = async (person, message, title, values) => {
      await person.press(message, title);
      await person.modal();
      // dialogs of Teams know inputs by their names with a mark before them
      const sent = await person.submit(teams ? Object.fromEntries(Object.entries(values).map(([k, v]) => [`in_${k}`, v])) : values);
      assert.equal(sent.closed, true, JSON.stringify(sent));
    };
    const url = m => button(m, labels(m).find(l => /^Open/.test(l))).url;
    const rows = async (app, fits) => (await w.sandbox('GET', `/_state/${app}`)).records.filter(fits);

    test('create an opportunity, and a task on it by the button', async () => {
      await connects(ana, 'salesforce');
      const made = await ana.ask('salesforce create opportunity name: By the page amount: 5000 close: 2026-12-31', /Created By the page, as ana@acme\.example/);
      assert.match(words(made), /Owner:?\s+ana@acme\.example/);
      const [deal] = (await w.records()).filter(r => r.fields.Name === 'By the page');
      assert.deepEqual([deal.owner, deal.fields.Amount, deal.fields.CloseDate], ['ana@acme.example', 5000, '2026-12-31']);
      assert.ok(url(made).endsWith(deal.id), url(made));
      await form(ana, made, 'Add a task', {subject: 'Call them back'});
      await ana.sees(/Added the task Call them back/);
      const [task] = await w.records('Task');
      assert.deepEqual([task.fields.Subject, task.fields.WhatId, task.owner], ['Call them back', deal.id, 'ana@acme.example']);
    });

    test('report an incident in ServiceNow, and comment on it by the button', async () => {
      await connects(ana, 'servicenow', 'ana');
      const said = await ana.ask('servicenow report incident what: The printer jams details: Since noon urgency: High', /Reported as INC\d+: The printer jams, as/);
      const incident = async () => (await rows('servicenow', r => r.table === 'incident' && r.fields.short_description === 'The printer jams'))[0];
      const {fields, creator} = await incident();
      assert.match(words(said), new RegExp(fields.number));
      assert.deepEqual([fields.urgency, fields.description], ['1', 'Since noon']);
      assert.match(creator, /^ana|^a0/);
      assert.ok(url(said).includes(fields.sys_id), url(said));
      await form(ana, said, 'Add a comment', {comment: 'Tray 2, too'});
      await ana.sees(new RegExp(`Added to ${fields.number}`));
      const notes = await rows('servicenow', r => r.table === 'sys_journal_field' && r.fields.element_id === fields.sys_id);
      assert.deepEqual(notes.map(n => n.fields.value), ['Tray 2, too']);
    });

    test('a folder in Box with its link; once more it is the same folder', async () => {
      await connects(ana, 'box');
      let first = null;
      for (let i = 0; i < 2; i++) {
        const said = await ana.ask('box create folder name: By the page', /Your folder By the page is ready, as ana@acme\.example/);
        const made = (await w.sandbox('GET', '/_state/box')).items.filter(x => x.name === 'By the page');
        assert.equal(made.length, 1);
        assert.equal(made[0].shared_link?.access, 'company', JSON.stringify(made[0]));
        assert.match(words(said), /Link to share:?\s+https?:\/\//);
        assert.ok(url(said).endsWith(made[0].id), url(said));
        first ??= made[0].id;
        assert.equal(made[0].id, first);
      }
    });

    test('a deal with its folder: each login that is missing is asked for in turn, and nothing is made before both are there', async () => {
      for (const app of ['salesforce', 'box']) {
        await connects(ana, app); // and is so again at the end
        await ana.ask(`disconnect ${app}`, /Disconnected/);
      }
      await w.idle();
      const folders = async () => (await w.sandbox('GET', '/_state/box')).items.filter(x => x.name === 'Deal Northwind');
      let m = await ana.prompt('deal start name: Northwind amount: 12000 close: 2026-12-31 invite: cleo@acme.example');
      for (const first of [true, false]) {
        assert.equal((await folders()).length, 0);
        await ana.say(await ana.browse(m));
        const {ts} = m, link = loginUrl(m);
        m = await ana.sees(x => x.is_bot && (first ? loginUrl(x) && loginUrl(x) !== link && x.ts >= ts : /Northwind is in Salesforce, and its folder in Box/.test(words(x))));
      }
      assert.equal((await folders()).length, 1);
      const [deal] = (await w.records()).filter(r => r.fields.Name === 'Northwind');
      assert.deepEqual([deal.owner, deal.fields.Amount], ['ana@acme.example', 12000]);
      assert.match(deal.fields.Description, /^Folder: https?:\/\//);
      assert.match(words(m), /Invited:?\s+cleo@acme\.example/);
      assert.ok(words(m).includes(deal.fields.Description.slice('Folder: '.length)));
      assert.ok(url(m).endsWith(deal.id), url(m));
      const {id: folder} = (await folders())[0];
      const list = words(await ana.ask('history', /Your last commands/));
      assert.match(list, new RegExp(`name: Northwind [^\\n]* · records [^\\n, ]*/folder/${folder}, [^\\n, ]*${deal.id}\\n`), list);
      const alone = await ana.ask('deal start name: Alone close: 2026-12-31', /Alone is in Salesforce, and its folder in Box/);
      assert.doesNotMatch(words(alone), /Invited/, 'a step that was skipped says nothing');
    });

    test('a meeting at a time by the clock of who types it, with its notes where the chat takes files', async () => {
      for (const app of ['salesforce', 'box']) await connects(ana, app);
      const meeting = async subject => (await w.records('Event')).find(r => r.fields.Subject === subject);
      const said = await ana.ask('meeting log subject: By the page starts: 2026-12-01 14:30', /Logged By the page, as/);
      const plain = await meeting('By the page');
      assert.deepEqual([plain.fields.StartDateTime, plain.fields.DurationInMinutes, plain.fields.Description, plain.owner], ['2026-12-01T13:30:00Z', 30, undefined, 'ana@acme.example']);
      assert.match(words(said), /Starts/);
      assert.doesNotMatch(words(said), /Notes/);
      assert.ok(url(said).endsWith(plain.id), url(said));
      if (teams) return; // its forms take no files
      await ana.command('meeting log subject: With notes');
      await ana.modal();
      const sent = await ana.submit({starts: Date.parse('2026-12-02T09:00:00Z') / 1000, notes: {file: {name: 'agenda.txt', content: 'First the price.'}}});
      assert.equal(sent.closed, true, JSON.stringify(sent));
      const told = await ana.sees(/Logged With notes, as/);
      const {fields} = await meeting('With notes'), [file] = (await w.sandbox('GET', '/_state/box')).items.filter(i => i.name === 'agenda.txt');
      assert.deepEqual([fields.StartDateTime, fields.Description.endsWith(file.id)], ['2026-12-02T09:00:00Z', true]);
      assert.match(words(told), new RegExp(`Notes:?\\s+\\S+/${file.id}`));
    });

    test('a review of a file in Box: login first, then it is decided for all; never over what Box has already', async () => {
      await connects(ana, 'box');
      const keys = {primary_key: 'sample-box-primary-key', secondary_key: 'sample-box-secondary-key'};
      const made = await w.must('PUT', `/workspaces/${workspace}/hooks/box-reviews`, {kind: 'box', ...keys});
      const step = (id, action, withs) => ({name: `box-${id}`, title: id, command: `review ${id}`, connections: {box: {use: 'acme-box', verify_user_access: true}},
        inputs: Object.keys(withs).map(name => ({name})), steps: [{id: 's', connection: 'box', action, with: Object.fromEntries(Object.keys(withs).map(n => [n, `{{inputs.${n}}}`]))}],
        reply: {text: `Id {{steps.s.${withs[Object.keys(withs)[0]]}}}`}});
      await w.putRecipe(workspace, step('task', 'create_task', {message: 'task_id', file_id: 0, due: 0}));
      await w.putRecipe(workspace, step('give', 'assign_task', {task_id: 'assignment_id', login: 0}));
      const assignment = async id => (await w.sandbox('GET', '/_state/box')).assignments.find(a => a.id === id);
      /** Ana asks Cleo in Box, which tells of it: the id, and the message. */
      const asks = async (message, who, at) => {
        const idOf = m => /Id (\d+)/.exec(words(m))[1];
        const task = idOf(await ana.ask(`review task message: "${message}" file_id: 8018809384 due: 2027-01-31T12:00:00Z`, /Id \d+/));
        const id = idOf(await ana.ask(`review give task_id: ${task} login: cleo@acme.example`, m => /Id \d+/.test(words(m)) && !words(m).includes(`Id ${task}`)));
        const source = {id, type: 'task_assignment', item: {id: '8018809384', type: 'file', name: 'contract.pdf'}, message, completed_at: null, assigned_at: '2026-11-20T09:00:00-08:00', reminded_at: null, resolution_state: 'incomplete',
          assigned_by: {id: '2000000001', type: 'user', name: 'Ana Alvarez', login: 'ana@acme.example'}, assigned_to: {id: '2000000003', type: 'user', name: 'Cleo Chen', login: 'cleo@acme.example'}};
        const r = await w.sandbox('POST', '/_hook', {kind: 'box', url: made.url, ...keys, times: 2, body: {type: 'webhook_event', id: `event-${id}`, trigger: 'TASK_ASSIGNMENT.CREATED', created_at: '2026-11-20T09:00:00-08:00', created_by: {type: 'user', id: '2000000001', name: 'Ana Alvarez', login: 'ana@acme.example'}, source}});
        assert.ok(r.taken, JSON.stringify(r));
        return [id, await who.sees(m => m.is_bot && labels(m).includes('Approve') && words(m).includes(message), at)];
      };
      const privately = (who, pattern) => (teams ? who.sees(pattern) : who.sees(pattern, {place}));
      const [id, m] = await asks('Read it', ana, {place});
      assert.match(words(m), /^Review of contract\.pdf[^]*Cleo Chen[^]*Ana Alvarez[^]*20 Nov 2026[^]*Due[^]*31 Jan 2027[^]*Owner of the file[^]*\w+ \w+/);
      assert.match(url(m), /^https:\/\/app\.box\.com\/file\/8018809384$/);
      await ana.press(m, 'Approve');
      await privately(ana, /waits for somebody else: your Box account may not decide it/);
      await cleo.press(m, 'Approve');
      const prompt = await (teams ? cleo.sees(x => x.is_bot && loginUrl(x)) : cleo.sees(x => x.is_bot && loginUrl(x), {place}));
      assert.equal((await assignment(id)).resolution_state, 'incomplete');
      await cleo.say(await cleo.browse(prompt));
      const now = await ana.sees(x => x.ts === m.ts && /^Approved by Cleo[^]*Review of contract/.test(words(x)), {place});
      assert.match(noticed(now), /^Approved by Cleo( Chen)?: Review of contract\.pdf$/);
      assert.ok(!labels(now).includes('Approve'));
      assert.equal((await assignment(id)).resolution_state, 'approved');
      await w.idle();
      // a client that has not drawn the message anew, of somebody who had not pressed before
      const {type, action, value} = button(m, 'Approve'), ben = teams ? w.teamsPerson('ben') : w.person('ben');
      if (teams) await ben.ask('help', /What can I do for you/);
      await ben.press(m, 'Approve', {force: true, ...(teams ? {forge: {type, verb: action, data: value}} : {action, value})});
      await privately(ben, /Nothing is left to do here[^]*Approved by Cleo/);

      const [other, told] = await asks('Read this too', cleo); // who is known by now
      assert.match(words(told), /Owner of the file/);
      assert.doesNotMatch(words(told), /Due/, 'of two tasks Box does not say which one it is');
      await cleo.ask(`box review assignment: ${other} decision: rejected`, /contract\.pdf is rejected/);
      await cleo.press(told, 'Approve');
      const shut = await cleo.sees(x => x.ts === told.ts && /^Already rejected in Box by Cleo Chen[,\n]/.test(words(x)));
      assert.ok(!labels(shut).includes('Approve'));
      assert.equal((await assignment(other)).resolution_state, 'rejected', 'it stays what it was');
    });

    const deal = async name => {
      await connects(ana, 'salesforce');
      await connects(cleo, 'salesforce');
      await ana.ask(create(name), new RegExp(`Created ${name}`));
      return (await w.records()).find(r => r.fields.Name === name).id;
    };
    let hook;
    const told = async (id, note, name) => {
      hook ??= await w.must('PUT', `/workspaces/${workspace}/hooks/opportunity-approvals`, {kind: 'salesforce_outbound', organization_id: ORGANIZATION});
      const r = await w.sandbox('POST', '/_hook', {kind: 'salesforce_outbound', url: hook.url, organization_id: ORGANIZATION, notifications: [{id: note, record: id, fields: {Name: name, Amount: '1200.5'}}]});
      assert.ok(r.taken, JSON.stringify(r));
      return cleo.sees(m => m.is_bot && labels(m).includes('Approve') && words(m).includes(name), {place});
    };

    test('an opportunity approval of an approval process', async () => {
      const id = await deal('By process');
      await ana.ask(`submit deal id: ${id}`, /Submitted/);
      const m = await told(id, '04lprocess', 'By process');
      assert.match(words(m), /^Approval of By process[^]*Amount[^]*1200\.5[^]*Close date[^]*31 Dec 2026[^]*Submitted by[^]*Ana Alvarez[^]*Submitted[^]*20\d\d/);
      assert.ok(url(m).endsWith(id), url(m));
      await cleo.press(m, 'Approve');
      await ana.sees(x => x.ts === m.ts && /^Approved by Cleo[^]*Approval of By process/.test(words(x)), {place});
      assert.deepEqual((await w.records('ProcessInstance')).filter(r => r.fields.TargetObjectId === id).map(r => r.fields.Status), ['Approved']);
    });

    test('an opportunity approval of a flow, rejected with a comment', async () => {
      const id = await deal('By flow');
      await w.sandbox('PUT', '/_config', {salesforce: {approval_work_items: [{org: 'acme', to: 'cleo@acme.example', record: id}]}});
      const m = await told(id, '04lflow', 'By flow');
      assert.match(words(m), /^Approval of By flow[^]*Close date[^]*31 Dec 2026[^]*Submitted by[^]*Ana Alvarez[^]*Submitted[^]*20\d\d/);
      await form(cleo, m, 'Reject', {comment: 'Too dear'});
      await ana.sees(x => x.ts === m.ts && /^Rejected by Cleo[^]*Approval of By flow/.test(words(x)), {place});
      assert.equal((await w.records('ApprovalWorkItem'))[0].fields.Status, 'Rejected');
    });

    test('a change approval of ServiceNow, told to its approver alone', async () => {
      const APPROVAL = 'e1000000000000000000000000000001';
      await connects(ana, 'servicenow', 'ana');
      const made = await w.must('PUT', `/workspaces/${workspace}/hooks/change-approvals`, {kind: 'servicenow'});
      const event = {id: `${APPROVAL}:0`, approval: APPROVAL, state: 'requested', approver_email: 'ana@acme.example', number: 'CHG0000001', text: 'New switch in the server room',
        risk: 'Moderate', starts: '2026-12-05T21:00:00Z', ends: '', requested_by: 'Ben Baker', url: 'https://acme.service-now.com/change_request.do?sys_id=c8'};
      for (let i = 0; i < 2; i++) {
        const r = await fetch(made.url, {method: 'POST', headers: {'content-type': 'application/json', 'x-workbot-secret': made.secret}, body: JSON.stringify(event)});
        assert.equal(r.status, 200);
      }
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Approve') && /CHG0000001/.test(words(x)));
      assert.match(words(m), /^Approval of CHG0000001[^]*New switch[^]*Risk[^]*Moderate[^]*Planned start[^]*Requested by[^]*Ben Baker/);
      assert.doesNotMatch(words(m), /Planned end/);
      assert.equal(url(m), 'https://acme.service-now.com/change_request.do?sys_id=c8');
      await form(ana, m, 'Approve', {});
      const now = await ana.sees(x => x.ts === m.ts && /^Approved by Ana[^]*Approval of CHG0000001/.test(words(x)));
      assert.ok(!labels(now).includes('Approve'));
      await w.idle();
      assert.equal((await ana.messages()).filter(x => /Approval of CHG0000001/.test(words(x))).length, 1, 'told once');
      assert.deepEqual((await rows('servicenow', r => r.table === 'sysapproval_approver' && r.fields.sys_id === APPROVAL)).map(r => r.fields.state), ['approved']);
    });
  });
}
