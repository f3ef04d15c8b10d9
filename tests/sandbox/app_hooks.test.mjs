// What apps send of their own accord: what they write, what they take for an answer, when they try again.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {describe, test} from 'node:test';
import {bot, botServer, json} from './harness.mjs';

const ACK = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';
const url = () => `http://127.0.0.1:${botServer.address().port}/hooks/x`;
const answers = list => { bot.calls.length = 0; bot.answer = () => list.length > 1 ? list.shift() : list[0]; };
const xml = (body, status = 200) => ({status, headers: {'Content-Type': 'text/xml'}, body});

describe('what apps tell of their own accord', () => {
  test('an outbound message is acknowledged in one form alone', async () => {
    const notifications = [{id: '04l1', fields: {Name: 'A & <B>', Next: null, Amount: 2}}];
    for (const wrong of [{status: 200}, xml(ACK.replace('true', 'false')), xml(ACK, 202), {...xml(ACK), headers: {'Content-Type': 'application/json'}}, xml(ACK + '\n')]) {
      answers([wrong]);
      assert.equal((await json('POST', '/_hook', {kind: 'salesforce_outbound', url: url(), attempts: 1, notifications})).taken, false);
    }
    answers([{status: 503}, xml('no'), xml('<?xml version="1.0" encoding="UTF-8"?>' + ACK)]);
    const r = await json('POST', '/_hook', {kind: 'salesforce_outbound', url: url(), wait_ms: 5, notifications});
    assert.deepEqual([r.taken, r.attempts.map(a => a.taken)], [true, [false, false, true]]);
    const {headers, body} = bot.calls[0];
    assert.equal(headers.soapaction, '""');
    assert.match(headers['content-type'], /^text\/xml/);
    for (const part of ['<Id>04l1</Id>', 'xsi:type="sf:Opportunity"', '<sf:Name>A &amp; &lt;B&gt;</sf:Name>', '<sf:Next xsi:nil="true"/>', '<sf:Amount>2</sf:Amount>']) assert.ok(body.includes(part), body);
  });

  test('Box signs body and time with both keys, and anew at each try', async () => {
    answers([{status: 500}, {status: 204}]);
    const r = await json('POST', '/_hook', {kind: 'box', url: url(), wait_ms: 5, primary_key: 'SamplePrimaryKey', secondary_key: 'SampleSecondaryKey'});
    assert.equal(r.taken, true);
    const [one, two] = bot.calls;
    assert.notEqual(one.headers['box-delivery-id'], two.headers['box-delivery-id']);
    for (const {headers: h, body} of [one, two]) {
      const sum = key => createHmac('sha256', key).update(body).update(h['box-delivery-timestamp']).digest('base64');
      assert.equal(h['box-signature-primary'], sum('SamplePrimaryKey'));
      assert.equal(h['box-signature-secondary'], sum('SampleSecondaryKey'));
      assert.ok(Math.abs(Date.parse(h['box-delivery-timestamp']) - Date.now()) < 60e3);
    }
  });

  test('scripts and programs prove themselves as they were told, and try once', async () => {
    answers([{status: 503}]);
    const r = await json('POST', '/_hook', {kind: 'servicenow', url: url(), secret: 's', header: 'Authorization', prefix: 'Bearer '});
    assert.deepEqual([r.taken, r.attempts.length, bot.calls[0].headers.authorization], [false, 1, 'Bearer s']);
    answers([{status: 202}]);
    assert.equal((await json('POST', '/_hook', {kind: 'plain', url: url(), times: 3, body: 'text', type: 'text/plain', hmac: {secret: 'k', prefix: 'v1=', timestamp_header: 'X-Time'}})).attempts.length, 3);
    const {headers, body} = bot.calls[0];
    assert.equal(headers['x-signature'], 'v1=' + createHmac('sha256', 'k').update(headers['x-time'] + '.' + body).digest('hex'));
    assert.equal(headers['content-type'], 'text/plain');
    assert.equal((await json('POST', '/_hook', {kind: 'pigeon', url: url()})).error, 'unknown_kind');
  });

  test('a deal is submitted at Salesforce and a change raised at ServiceNow: the records are there, and each who is set is told', async () => {
    for (const [app, event] of [['salesforce', 'submit_for_approval'], ['servicenow', 'raise_change']]) {
      const refused = await json('POST', '/_happen', {event, record: '006xx0000000000AAA'});
      assert.equal(refused.ok, false, `${app} has nobody set who approves`);
    }
    assert.equal((await json('POST', '/_happen', {event: 'rain'})).ok, false);
    const tell = [{url: url(), secret: 'sample', organization_id: '00Dxx0000000001EAA'}, {url: url() + 'y', secret: 'sample'}];
    await json('PUT', '/_config', {servicenow: {approvals: {acme: {by: 'ben', approver: 'ana', tell}}}});
    answers([{status: 200}]);
    const r = await json('POST', '/_happen', {event: 'raise_change', text: 'A new rack'});
    assert.deepEqual([r.ok, r.told, r.of], [true, 2, 2]);
    const event = JSON.parse(bot.calls[1].body);
    assert.deepEqual([bot.calls[1].headers['x-workbot-secret'], event.number, event.text, event.approver_email, event.approval], ['sample', r.made.number, 'A new rack', 'ana@acme.example', r.made.approval]);
    const {records} = await json('GET', '/_state/servicenow');
    assert.equal(records.find(x => x.sys_id === r.made.approval).fields.state, 'requested');
    assert.equal(records.find(x => x.fields.number === r.made.number).fields.short_description, 'A new rack');
  });
});
