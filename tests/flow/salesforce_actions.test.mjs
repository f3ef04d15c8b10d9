// What a person does in Salesforce from chat, beyond records: approvals of both engines, search, Chatter, comments.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, buttons, create, start, words} from '../lib/flow.mjs';

const step = (id, action, withs) => ({id, connection: 'salesforce', action, with: withs});
const input = name => ({name, required: true, hint: name, sample: name});
const recipe = (name, command, inputs, steps, text) => ({name, title: name, command, allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: inputs.map(input), steps, reply: {text}});

const RECIPES = [
  recipe('submit', 'submit deal', ['id'], [step('s', 'submit_for_approval', {record: '{{inputs.id}}', approver: '005xx000000CLE1AAO', comment: 'please'})],
    'Submitted: {{steps.s.status}} already {{steps.s.already}}'),
  recipe('usual', 'submit as usual', ['id'], [step('s', 'submit_for_approval', {record: '{{inputs.id}}'})], 'Submitted: {{steps.s.status}} already {{steps.s.already}}'),
  recipe('mine', 'my approvals', [], [step('m', 'my_approvals', {})],
    'Waiting {{steps.m.total}}: {{steps.m.first.Id}} for {{steps.m.first.ProcessInstance.TargetObjectId}}'),
  recipe('approve', 'approve deal', ['item'], [step('a', 'approve', {work_item: '{{inputs.item}}', comment: 'fine'})],
    'Decided: {{steps.a.status}} for {{steps.a.work_item}}'),
  recipe('reject', 'reject deal', ['item'], [step('a', 'reject', {work_item: '{{inputs.item}}', comment: 'too dear'})],
    'Decided: {{steps.a.status}} for {{steps.a.work_item}}'),
  recipe('search', 'search accounts', ['text'], [step('f', 'search', {object: 'Account', text: '{{inputs.text}}'})], 'Found {{steps.f.first.Name}}'),
  recipe('post', 'post news', ['text'], [step('p', 'post_to_chatter', {text: '{{inputs.text}}'})], 'Posted {{steps.p.id}}'),
  recipe('case', 'open case', ['subject'], [step('c', 'create_record', {object: 'Case', fields: {Subject: '{{inputs.subject}}'}}),
    step('r', 'add_case_comment', {case: '{{steps.c.id}}', text: 'From chat'})], 'Case {{steps.r.id}} comment {{steps.r.comment}}'),
  recipe('number', 'show case', ['number'], [step('g', 'get_case', {number: '{{inputs.number}}'})], 'It is {{steps.g.Subject}}'),
  {...recipe('keyed', 'open keyed', ['subject'], [step('c', 'create_record', {object: 'Case', external_id_field: 'Bot_Key__c', fields: {Subject: '{{inputs.subject}}'}})],
    'Opened {{inputs.subject}}'), reply: {text: 'Opened {{inputs.subject}}', link: {label: 'Open', url: '{{steps.c.url}}'}}},
  recipe('numbered', 'open numbered', ['subject'], [step('c', 'create_record', {object: 'Case', external_id_field: 'Bot_Key__c', fields: {Subject: '{{inputs.subject}}'}}),
    step('n', 'get_record', {object: 'Case', id: '{{steps.c.id}}', fields: 'CaseNumber'})], 'Case {{steps.n.CaseNumber}}'),
  {...recipe('task', 'log keyed', ['subject'], [step('t', 'log_task', {subject: '{{inputs.subject}}', external_id_field: 'Bot_Key__c'})], ''),
    reply: {text: 'Logged {{inputs.subject}}', link: {label: 'Open', url: '{{steps.t.url}}'}}},
  recipe('list', 'list accounts', ['text'], [step('f', 'search', {object: 'Account', text: '{{inputs.text}}'})], 'Found {{steps.f.records.0.url}} {{steps.f.records.1.url}} {{steps.f.first.url}}'),
  recipe('waiting', 'list approvals', [], [step('m', 'my_approvals', {})], 'Classic {{steps.m.classic.0.url}} flow {{steps.m.flow.0.url}} first {{steps.m.first.url}}'),
  recipe('call', 'log call', ['about'], [step('t', 'log_task', {subject: 'Called', related: '{{inputs.about}}', status: 'Completed', due: '2026-12-31'})],
    'Logged {{steps.t.id}}'),
];

describe('Salesforce actions', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    cleo = w.person('cleo');
    await ana.connect();
    await cleo.connect();
    for (const r of RECIPES) await w.putRecipe(ACME, r);
  });
  after(() => w?.stop());

  const of = object => w.records(object);
  const deal = async name => {
    await ana.ask(create(name), new RegExp(`Created ${name}`));
    return (await of('Opportunity')).find(r => r.fields.Name === name).id;
  };
  /** A deal that waits for cleo: the id of its work item. */
  const waiting = async name => {
    const id = await deal(name);
    await ana.ask(`submit deal id: ${id}`, /Submitted: Pending/);
    const [process] = (await of('ProcessInstance')).filter(r => r.fields.TargetObjectId === id);
    return (await of('ProcessInstanceWorkitem')).find(r => r.fields.ProcessInstanceId === process.id).id;
  };
  const status = async name => {
    const id = (await of('Opportunity')).find(r => r.fields.Name === name).id;
    return (await of('ProcessInstance')).filter(r => r.fields.TargetObjectId === id).map(r => r.fields.Status);
  };

  test('apps_trap_14_by_work_item a record is submitted, shown to its approver and approved by them', async () => {
    const item = await waiting('To approve');
    const shown = await cleo.ask('my approvals', /Waiting 1/);
    assert.match(words(shown), new RegExp(item));
    await cleo.ask(`approve deal item: ${item}`, /Decided: Approved/);
    assert.deepEqual(await status('To approve'), ['Approved']);
  });

  for (const object of ['ProcessInstanceWorkitem', 'ApprovalWorkItem']) {
    const objects = errors => w.sandbox('PUT', '/_config', {salesforce: {object_errors: errors}});
    test(`apps_trap_14_composite_parts the part of ${object} fails with 200 outside: that is a failure, not "none"`, async () => {
      await objects({[object]: 'INSUFFICIENT_ACCESS'});
      try {
        const told = await cleo.ask('my approvals', /did not work/);
        assert.doesNotMatch(words(told), /Waiting/);
      } finally {
        await objects({[object]: null});
      }
    });

    test(`apps_trap_14_composite_parts an org without ${object} has none of them, and that is all`, async () => {
      const item = await waiting(`Without ${object}`);
      await objects({[object]: 'INVALID_TYPE'});
      try {
        const told = words(await cleo.ask('my approvals', /Waiting/));
        assert.equal(told.includes(item), object === 'ApprovalWorkItem', told);
      } finally {
        await objects({[object]: null});
      }
      await cleo.ask(`approve deal item: ${item}`, /Decided: Approved/);
    });
  }

  test('what is in process already counts as submitted', async () => {
    const id = await deal('Twice');
    await ana.ask(`submit as usual id: ${id}`, /Submitted: Pending/);
    await ana.ask(`submit as usual id: ${id}`, /Submitted:.*already true/);
    await ana.ask(`submit deal id: ${id}`, /Submitted:.*already true/);
    assert.deepEqual(await status('Twice'), ['Pending']);
  });

  for (const ok of [false, true]) {
    test(`apps_trap_14_already_decided refusals of approvals are told, whatever their status (${ok ? 200 : 400})`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {approval_refusals_with_200: ok}});
      const name = `Refused ${ok}`;
      const item = await waiting(name);
      await ana.ask(`approve deal item: ${item}`, /waits for somebody else/);
      assert.deepEqual(await status(name), ['Pending']);
      await cleo.ask(`reject deal item: ${item}`, /Decided: Rejected/);
      await cleo.ask(`approve deal item: ${item}`, /decided already, or taken back/);
      assert.deepEqual(await status(name), ['Rejected']);
      await w.sandbox('PUT', '/_config', {salesforce: {approval_refusals_with_200: false}});
    });
  }

  test('P10 the answer to a submission is lost: it is found, and nobody is asked', async () => {
    const id = await deal('Lost submission');
    await w.fault('lost', {method: 'POST', path: '/process/approvals', times: 1});
    await ana.ask(`submit deal id: ${id}`, /Submitted: Pending/);
    assert.deepEqual(await status('Lost submission'), ['Pending']);
  });

  test('P10 an approval that never arrived is sent again; one whose answer is lost is put to the user', async () => {
    const cut = await waiting('Cut');
    await w.fault('cut', {method: 'POST', path: '/process/approvals', times: 1});
    await cleo.ask(`approve deal item: ${cut}`, /Decided: Approved/);
    assert.deepEqual(await status('Cut'), ['Approved']);
    const lost = await waiting('Lost');
    await w.fault('lost', {method: 'POST', path: '/process/approvals', times: 1});
    await cleo.ask(`approve deal item: ${lost}`, /may have happened or not/);
    assert.deepEqual(await status('Lost'), ['Approved']);
  });

  test('P10 a token that ends before the look-up is refreshed once, and the look-up asked again', async () => {
    const id = await deal('Lost and expired');
    await w.fault('lost', {method: 'POST', path: '/process/approvals', times: 1});
    await w.fault('token_expired', {path: '/query', times: 1});
    await ana.ask(`submit deal id: ${id}`, /Submitted: Pending/);
    assert.equal(await w.fired('token_expired'), 1);
    assert.deepEqual(await status('Lost and expired'), ['Pending']);
  });

  test('records are found by words, and a case by its number', async () => {
    await ana.ask('search accounts text: northwind', /Found Northwind Traders/);
    const made = await ana.ask('open case subject: Printer on fire', /Case 500/);
    assert.match(words(made), /comment 00a/);
    const [one] = (await of('Case')).filter(r => r.fields.Subject === 'Printer on fire');
    const [comment] = await of('CaseComment');
    assert.deepEqual([comment.fields.ParentId, comment.fields.CommentBody, comment.fields.IsPublished], [one.id, 'From chat', false]);
    await ana.ask(`show case number: ${one.fields.CaseNumber}`, /It is Printer on fire/);
    await ana.ask('show case number: 99999999', /has no case with this number/);
  });

  describe('an upsert that answers without a body, for its first answer was lost', () => {
    before(() => w.sandbox('PUT', '/_config', {salesforce: {upsert_updates_without_body: true}}));
    after(() => w.sandbox('PUT', '/_config', {salesforce: {upsert_updates_without_body: false}}));
    const lose = object => w.fault('lost', {method: 'PATCH', path: `/sobjects/${object}/Bot_Key__c`, times: 1});
    const openButton = m => buttons(m).find(b => b.label === 'Open')?.url;
    const cases = async subject => (await of('Case')).filter(r => r.fields.Subject === subject);

    for (const [object, command, said, subject] of [['Case', 'open keyed', /Opened Read back/, r => r.fields.Subject], ['Task', 'log keyed', /Logged Read back/, r => r.fields.Subject]]) {
      test(`${command}: it is read back by its key, and has its link`, async () => {
        await lose(object);
        const told = await ana.ask(`${command} subject: Read back`, said);
        const made = (await of(object)).filter(r => subject(r) === 'Read back');
        assert.equal(made.length, 1);
        assert.ok(openButton(told)?.endsWith(`/${made[0].id}`), openButton(told));
        assert.doesNotMatch(words(told), /no link/);
      });
    }

    test('and the step behind it has the id, so the case has its number', async () => {
      await lose('Case');
      const told = await ana.ask('open numbered subject: Numbered', /Case \d{8}/);
      const [{fields: {CaseNumber}}] = await cases('Numbered');
      assert.ok(words(told).includes(CaseNumber));
    });

    for (const [how, fault, more] of [['is refused', '5xx', {status: 403}], ['fails', 'cut', {times: -1}], ['finds the app away', '5xx', {status: 503}]]) {
      test(`a read that ${how}: the case is made and said to be, without a link`, async () => {
        const subject = `Read ${how}`;
        await lose('Case');
        await w.fault(fault, {method: 'GET', path: '/sobjects/Case/Bot_Key__c', times: 1, ...more});
        const told = await ana.ask(`open keyed subject: ${subject}`, new RegExp(`Opened ${subject}`));
        assert.match(words(told), /It is done, but Salesforce did not say which record it is: no link could be had\./);
        assert.doesNotMatch(words(told), /did not work|may have happened/);
        assert.equal(openButton(told), undefined);
        assert.equal((await cases(subject)).length, 1);
        assert.ok(await w.fired(fault) > 0);
        await w.sandbox('DELETE', '/_faults');
      });
    }
  });

  test('each row that is found has its link, and each approval that of its record', async () => {
    const accounts = (await of('Account')).filter(r => /northwind/i.test(r.fields.Name));
    const told = words(await ana.ask('list accounts text: northwind', /Found/));
    const links = told.match(/https?:\/\/[^\s,]+/g).map(l => l.split('/').pop());
    assert.deepEqual(new Set(links), new Set(accounts.map(r => r.id)));
    assert.equal(links[0], links.at(-1), 'first is the first');
    const id = await deal('Linked');
    await ana.ask(`submit deal id: ${id}`, /Submitted: Pending/);
    const record = await deal('Linked by flow');
    await w.sandbox('PUT', '/_config', {salesforce: {approval_work_items: [{org: 'acme', to: 'cleo@acme.example', record}]}});
    const waits = words(await cleo.ask('list approvals', /Classic/));
    assert.match(waits, new RegExp(`Classic https?://\\S+/${id} flow https?://\\S+/${record} first https?://\\S+/${id}`));
  });

  test('a post and a call stand in the name of the person', async () => {
    await ana.ask('post news text: We won', /Posted 0D5/);
    const [post] = await of('FeedItem');
    assert.deepEqual([post.fields.Body, post.creator], ['We won', 'ana@acme.example']);
    const id = await deal('Called');
    await ana.ask(`log call about: ${id}`, /Logged 00T/);
    const [task] = (await of('Task')).filter(r => r.fields.WhatId === id);
    assert.deepEqual([task.fields.Subject, task.fields.Status, task.fields.ActivityDate], ['Called', 'Completed', '2026-12-31']);
  });

  test('apps_trap_14_both_engines what waits in the engine of flows is decided by its assignee alone', async () => {
    const record = await deal('By flow');
    await w.sandbox('PUT', '/_config', {salesforce: {approval_work_items: [{org: 'acme', to: 'cleo@acme.example', record}]}});
    const [item] = await of('ApprovalWorkItem');
    await ana.ask(`approve deal item: ${item.id}`, /waits for somebody else/);
    await cleo.ask(`approve deal item: ${item.id}`, new RegExp(`Decided:.*for ${item.id}`));
    assert.equal((await of('ApprovalWorkItem'))[0].fields.Status, 'Approved');
    await cleo.ask(`reject deal item: ${item.id}`, /decided already, or taken back/);
    assert.equal((await of('ApprovalWorkItem'))[0].fields.Status, 'Approved');
  });

  test('apps_trap_14_both_engines what waits in the engine of flows is rejected, in the words that its action wants', async () => {
    const record = await deal('By flow, no');
    await w.sandbox('PUT', '/_config', {salesforce: {approval_work_items: [{org: 'acme', to: 'cleo@acme.example', record}]}});
    const item = (await of('ApprovalWorkItem')).find(r => r.fields.RelatedRecordId === record);
    await cleo.ask(`reject deal item: ${item.id}`, new RegExp(`Decided:.*for ${item.id}`));
    assert.equal((await of('ApprovalWorkItem')).find(r => r.id === item.id).fields.Status, 'Rejected');
    const [sent] = (await w.calls({peer: 'salesforce'})).filter(c => /reviewApprovalWorkItem/.test(c.path)).slice(-1);
    assert.deepEqual(JSON.parse(sent.request).inputs, [{approvalWorkItemId: item.id, approvalDecision: 'reject', comments: 'too dear', channelType: 'InvocableAction'}]);
  });
});
