// P14: what p14_shapes shows by single injections, with values that a seed makes of signs that mean something somewhere.
// The judges are parsers of others: the stand-ins of Salesforce and ServiceNow, the URL of browsers, @slack/types and
// adaptivecards. SHAPES_SEED=N repeats a run; the seed is printed.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, buttons, cardOf, start, words} from '../lib/flow.mjs';
import {sentViews, typecheck} from '../lib/slack_types.mjs';

const AC = createRequire(import.meta.url)('adaptivecards/dist/adaptivecards.js');
const LONG = process.env.WORKBOT_TEST_LONG === '1'; // the long form draws a seed
const VALUES = LONG ? 60 : 15;
const SEED = Number(process.env.SHAPES_SEED) || (LONG ? Math.floor(Math.random() * 1e6) : 983011);
const PARTS = ["'", '\\', '"', '%27', '..', '/', '?', '#', '&', '=', '@', '//', '{{', '}}', '{', '[', ']', '](https://evil.example)', '![x]', ',', '^', '^OR', '^NQ', '^ORDERBY',
  'active=true', 'LIKE', 'ISNOTEMPTY', 'javascript:gs.getUserID()', ' OR ', '--', '<', '>', '<!channel>', '<@U0BEN0001>', '<#C0SALES01|x>', '<!date^1^{date}|x>', '|', '*', '_', '~', '`', '> ',
  '{{DATE(2026-01-01T00:00:00Z)}}', '{{TIME(', '{{inputs.name}}', '<at>ben</at>', '&lt;!here&gt;', '&amp;', '\\u0022', 'null', ';', 'ü', '😀', 'a', '0', ' '];

/** Numbers that are the same for the same seed (a linear congruence is random enough here). */
const seeded = seed => n => Math.floor(((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296) * n);
// a letter before it, since what a line of a chat begins with is its own; and a number, so that no value comes twice
// (of a bar in what it takes for an address Slack's stand-in makes a label; p14_shapes has bars)
const partsOf = chat => PARTS.filter(part => chat !== 'slack' || !part.includes('|'));
const valueOf = (parts, pick, i) => `v${i}x${Array.from({length: 1 + pick(9)}, () => parts[pick(parts.length)]).join('')}`.trim();

const outline = calls => calls.map(c => `${c.peer} ${c.method} ${c.path.split('?')[0].replace(/[0-9a-f]{32}|006\w+/g, 'ID')}`);
/** ServiceNow reads "^" as the end of a condition: one condition and the order of the list, whatever was typed. */
function judgeQuery(call) {
  const query = new URL(call.path + (call.query ? `?${call.query}` : ''), 'https://x.example').searchParams.get('sysparm_query') ?? call.args?.sysparm_query;
  assert.match(query, /^short_descriptionLIKE[^^]*\^ORDERBYDESCsys_created_on$/);
  assert.doesNotMatch(query, /LIKEjavascript:/i);
}
function judgeLink(url, value) {
  const u = new URL(url);
  assert.deepEqual([u.protocol, u.host, u.username, [...u.searchParams.keys()], u.hash], ['https:', 'app.example', '', ['q', 'done'], '#top']);
  assert.equal(u.searchParams.get('q'), value);
}
/** All signs of Slack's own stand between "<" and ">", and none of ours may hold what was typed. */
function judgeSlack(message, plain, value) {
  assert.deepEqual(message.blocks.map(b => b.type), plain.blocks.map(b => b.type));
  assert.doesNotMatch(JSON.stringify(message.blocks), /[<>]/, 'neither mention nor link nor date');
  const field = message.blocks.flatMap(b => b.fields ?? []).map(f => f.text).find(t => t.startsWith('*Name*'));
  const unescaped = field.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/[\u200b\u2060]/g, '');
  assert.ok(unescaped.includes(value) || /[*_~`>]/.test(value), `${value} is not in ${unescaped}`);
}
function judgeTeams(message, value) {
  const context = new AC.SerializationContext(), card = new AC.AdaptiveCard();
  card.parse(cardOf(message), context);
  assert.equal(context.eventCount, 0, JSON.stringify(context.getEventAt(0)));
  const kinds = JSON.stringify(cardOf(message)).match(/"type":"[A-Za-z.]+"/g);
  assert.ok(!kinds.includes('"type":"Image"') && !kinds.includes('"type":"Media"'));
  const texts = [];
  JSON.stringify(cardOf(message), (key, x) => {
    if (x?.type === 'TextBlock') texts.push(x.text);
    if (x?.type === 'FactSet') texts.push(...x.facts.flatMap(f => [f.title, f.value]));
    return x;
  });
  // markdown and functions are read in these alone: what holds their signs goes into a RichTextBlock, or is escaped
  for (const text of texts) assert.doesNotMatch(text, /\{\{(DATE|TIME)\(|(?<!\\)\]\(|<at>/, 'nothing of it is read');
  assert.ok(words(message).includes(value.replace(/[*`\\]/g, '').slice(0, 1)));
}

for (const chat of ['slack', 'teams']) {
  describe(`P14 values made of signs, in ${chat}, seed ${SEED}`, () => {
    let w, ana, plain;
    const workspace = chat === 'slack' ? ACME : TEAMS_ACME;

    async function told(value) {
      const from = (await w.calls()).length;
      // clients of Teams write what is typed as HTML; the stand-in takes it as it is given
      const typed = chat === 'slack' ? value : value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
      const message = await ana.ask(`signs name: ${typed}`, /Looked: |did not work/);
      await w.idle();
      const all = (await w.calls()).slice(from), calls = all.filter(c => ['salesforce', 'servicenow'].includes(c.peer));
      return {message, all, calls, record: (await w.records()).at(-1), link: buttons(message).find(b => b.label === 'Open')?.url};
    }

    before(async () => {
      w = await start({teams: chat === 'teams' ? 'only' : false});
      await w.putConnection(workspace, 'acme-servicenow', {app: 'servicenow', host: w.hosts.servicenow, client_id: '5a5e0001acme4c1e0001000000000001',
        client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'});
      await w.authorize(workspace, 'acme-servicenow', 'ben');
      ana = chat === 'slack' ? w.person('ana') : w.teamsPerson('ana');
      await w.putRecipe(workspace, {name: 'signs', title: 'Signs', command: 'signs', allow: 'everyone', connections: {salesforce: {use: 'acme-salesforce'}, servicenow: {use: 'acme-servicenow'}},
        inputs: [{name: 'name', required: true}],
        steps: [
          {id: 'found', connection: 'salesforce', action: 'query', with: {soql: "SELECT Id FROM Opportunity WHERE Name = :name AND StageName != 'x' LIMIT 5", values: {name: '{{inputs.name}}'}}},
          {id: 'incidents', connection: 'servicenow', action: 'find_incidents', with: {text: 'no such {{inputs.name}}'}},
          {id: 'made', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', CloseDate: '2026-12-31', StageName: 'Prospecting'}}}],
        reply: {text: 'Looked: {{steps.found.total}}', fields: [{label: 'Incidents', value: '{{steps.incidents.records | count}}'}, {label: 'Name', value: '{{inputs.name}}'}],
          link: {label: 'Open', url: 'https://app.example/find/{{inputs.name}}/all?q={{inputs.name}}&done=1#top'}}});
      plain = await told('vplain words');
      assert.match(words(plain.message), /Looked: 0/);
    });
    after(() => w?.stop());

    test(`${VALUES} values change no request and no message`, async t => {
      const pick = seeded(SEED), sent = [];
      t.diagnostic(`SHAPES_SEED=${SEED}`);
      for (let i = 0; i < VALUES; i++) {
        const value = valueOf(partsOf(chat), pick, i), {message, all, calls, record, link} = await told(value);
        const read = chat === 'slack' ? value : value.replace(/ +/g, ' '); // in HTML two blanks in a row are one
        try {
          assert.deepEqual(outline(calls), outline(plain.calls), 'the same requests');
          assert.match(words(message), /Looked: 0/, 'nothing else is found');
          assert.deepEqual([Object.keys(record.fields).sort(), record.fields.StageName, record.fields.CloseDate], [Object.keys(plain.record.fields).sort(), 'Prospecting', '2026-12-31']);
          assert.equal(record.fields.Name, read);
          judgeQuery(calls.find(c => c.peer === 'servicenow'));
          judgeLink(link, read);
          if (chat === 'slack') judgeSlack(message, plain.message, value);
          else judgeTeams(message, read);
        } catch (e) {
          e.message = `${JSON.stringify(value)}, number ${i} of seed ${SEED}: ${e.message}`;
          throw e;
        }
        sent.push(...sentViews(all));
      }
      if (chat !== 'slack') return;
      assert.ok(sent.length >= VALUES);
      assert.deepEqual([...(await typecheck(sent)).values()], [], 'the types of @slack/types');
    });
  });
}
