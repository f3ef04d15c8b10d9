// P14: no template and no input changes the shape of a request or of a message. Each injection below is a test of its
// own; the judges are parsers of others: Salesforce's and ServiceNow's stand-ins, JSON.parse, the URL of browsers.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, buttons, start, words} from '../lib/flow.mjs';

const INJECTIONS = {
  'SOQL: a quote and a condition that always holds': "x' OR Name LIKE '%",
  'SOQL: a backslash before the closing quote': "x\\' OR Name != '",
  'SOQL: a backslash at the end': 'x\\',
  'SOQL: a comment and a subquery': "x') OR Id IN (SELECT Id FROM Contact) --",
  'SOQL: another name of a value': 'x :other',
  'encoded query: a second condition': 'x^ORactive=true',
  'encoded query: a new query': 'x^NQactive=true^ORDERBYnumber',
  'encoded query: a function': 'javascript:gs.getUserID()^x',
  'JSON: a quote and a member': 'x","StageName":"Closed Won","y":"',
  'JSON: braces and brackets': '{"Id":["006"]}}]',
  'JSON: what looks escaped': '\\u0022,\\"x\\":1',
  'URL: a query and a fragment': 'x?admin=1&id=2#top',
  'URL: a path upwards': '../../../services/data',
  'URL: an encoded path': '..%2f..%2Fx%00',
  'URL: another host': '//evil.example\\@evil.example/',
  'URL: a scheme': 'javascript:alert(1)//',
  'header: a line break in a value': 'x%0d%0aX-Injected: 1',
  'mrkdwn: everybody': '<!channel> <!everyone> x',
  'mrkdwn: a person and a channel': '<@U0BEN0001> <#C0SALES01> x',
  'mrkdwn: a link': '<https://evil.example|Log in here> x',
  'mrkdwn: bold, code and quote': '*x* `y` ~z~ > _q_',
  'card text: an image and a link': '![x](https://evil.example/x.png) [Log in](https://evil.example)',
  'card text: a date function': '{{DATE(2026-01-01T00:00:00Z)}} x',
  'template: a slot': '{{steps.found.total}} {{inputs.other}}',
  'template: half a slot': 'x {{ inputs.name | upper',
  'template: a function behind': 'x | json }} y',
};

describe('P14 shapes', () => {
  let w, ana, plain;
  const connections = {salesforce: {use: 'acme-salesforce', verify_user_access: true}, servicenow: {use: 'acme-servicenow', verify_user_access: true}};

  /** One command whose input goes everywhere; what each destination got of it. */
  async function told(value) {
    const before = (await w.calls()).length;
    const message = await ana.ask(`shapes name: ${value}`, /as ana@acme\.example|did not work/);
    await w.idle();
    const calls = (await w.calls()).slice(before).filter(c => ['salesforce', 'servicenow'].includes(c.peer));
    const record = (await w.records()).at(-1);
    return {message, calls, record, link: buttons(message).find(b => b.label === 'Open')?.url};
  }
  const outline = calls => calls.map(c => `${c.peer} ${c.method} ${c.path.split('?')[0].replace(/[0-9a-f]{32}|006\w+/g, 'ID')}`);
  const shape = url => {
    const u = new URL(url);
    return [u.protocol, u.host, u.username, u.pathname.split('/').length, [...u.searchParams.keys()], u.hash ? 'fragment' : ''];
  };

  before(async () => {
    w = await start();
    await w.putConnection(ACME, 'acme-servicenow', {app: 'servicenow', host: w.hosts.servicenow, client_id: '5a5e0001acme4c1e0001000000000001',
      client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'});
    await w.authorize(ACME, 'acme-servicenow', 'ben');
    ana = w.person('ana');
    await ana.connect();
    await ana.ask(await ana.browse(await ana.prompt('connect servicenow'), 'ana'), /is connected/);
    await w.putRecipe(ACME, {name: 'shapes', title: 'Shapes', command: 'shapes', allow: 'everyone', connections, inputs: [{name: 'name', required: true}],
      steps: [
        {id: 'found', connection: 'salesforce', action: 'query', with: {soql: "SELECT Id FROM Opportunity WHERE Name = :name AND StageName != 'x' LIMIT 5", values: {name: '{{inputs.name}}'}}},
        {id: 'incidents', connection: 'servicenow', action: 'find_incidents', with: {text: 'no such {{inputs.name}}'}},
        {id: 'made', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', CloseDate: '2026-12-31', StageName: 'Prospecting'}}}],
      reply: {text: 'Looked for {{inputs.name}}: {{steps.found.total}}', fields: [{label: 'Incidents', value: '{{steps.incidents.records | count}}'}, {label: 'Name', value: '{{inputs.name}}'}],
        link: {label: 'Open', url: 'https://app.example/find/{{inputs.name}}/all?q={{inputs.name}}&r={{run.reference}}&done=1#top'}}});
    plain = await told('Plain words');
    assert.match(words(plain.message), /Looked for Plain words: 0/);
  });
  after(() => w?.stop());

  for (const [what, value] of Object.entries(INJECTIONS)) {
    test(`P14 ${what}`, async () => {
      const {message, calls, record, link} = await told(value);
      assert.deepEqual(outline(calls), outline(plain.calls), 'the same requests');
      assert.match(words(message), /: 0, as ana@acme\.example/, 'nothing else is found');
      assert.equal(record.fields.Name, value);
      assert.equal(record.fields.StageName, 'Prospecting');
      assert.deepEqual(Object.keys(record.fields).sort(), Object.keys(plain.record.fields).sort());
      assert.deepEqual(shape(link), shape(plain.link));
      assert.equal(new URL(link).searchParams.get('q'), value);
      assert.equal(decodeURIComponent(new URL(link).pathname.split('/')[2]), value);
      assert.equal(message.blocks.length, plain.message.blocks.length);
      assert.deepEqual(message.blocks.map(b => b.type), plain.message.blocks.map(b => b.type));
      assert.doesNotMatch(JSON.stringify(message.blocks), /<[!@#h]/, 'no mention, no link');
      const asked = calls.find(c => c.peer === 'servicenow' && c.path.includes('incident'));
      const query = new URL(asked.path + (asked.query ? `?${asked.query}` : ''), 'https://x.example').searchParams.get('sysparm_query') ?? asked.args?.sysparm_query;
      assert.equal(query.split('^').length, 2, `one condition and its order: ${query}`);
    });
  }

  test('P14 URL: a dot segment, which no encoding makes a name: the link is left out', async () => {
    for (const value of ['.', '..']) assert.equal((await told(value)).link, undefined);
  });
});
