// Packages that nobody here wrote judge what we send to Teams: adaptivecards (the renderer of Teams' own clients on the
// desktop) reads every card, strictly and as version 1.5; the models of botframework-connector take every activity as it
// is. The cards are random ones of the renderer's property test, and those of real stories.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {describe, test} from 'node:test';
import {OPPORTUNITY, ROOT, TEAMS_ACME, cardOf, labels, loginUrl, start} from '../lib/flow.mjs';

const require = createRequire(import.meta.url);
const AC = require('adaptivecards/dist/adaptivecards.js');
const models = require('botframework-connector/lib/connectorApi/models/mappers.js');
const teams = require('botframework-connector/lib/teams/models/mappers.js');
const {createSerializer} = createRequire(require.resolve('@azure/core-http-compat'))('@azure/core-client');
const serializer = createSerializer(models, false), teamsSerializer = createSerializer({...models, ...teams}, false);

// --- the judges ----------------------------------------------------------------------------------

const FRAME = new Set(['type', '$schema', 'version', 'fallback', 'msteams']);
const registered = type => AC.GlobalRegistry.defaultElements.findByName(type)?.objectType ?? AC.GlobalRegistry.defaultActions.findByName(type)?.objectType;
const EXTRA = {AdaptiveCard: AC.AdaptiveCard, Column: AC.Column, TextRun: AC.TextRun, Fact: AC.Fact, Choice: AC.Choice, refresh: AC.RefreshDefinition};
// what a type holds is read by code of the package, not by its schema
const HOLDS = {AdaptiveCard: ['body', 'actions'], RichTextBlock: ['inlines'], ActionSet: ['actions'], ColumnSet: ['columns'], Column: ['items'], Container: ['items'], 'Action.ShowCard': ['card']};
const known = new Map();
/** Members of a type up to version 1.5, as the package's schema of it says. */
function members(type) {
  if (!known.has(type)) {
    const made = EXTRA[type] ?? registered(type);
    if (!made) return null;
    const schema = new made().getSchema(), names = new Set(HOLDS[type]);
    for (let i = 0; i < schema.getCount(); i++) {
      const p = schema.getItemAt(i);
      if (p.targetVersion.compareTo(AC.Versions.v1_5) <= 0) names.add(p.name);
    }
    known.set(type, names);
  }
  return known.get(type);
}

const UNDER = {facts: 'Fact', choices: 'Choice', refresh: 'refresh'};
function strange(node, type, at, faults) {
  const names = members(type);
  if (!names) return faults.push(`${at}: there is no ${type} in 1.5`);
  for (const [key, value] of Object.entries(node)) {
    if (!names.has(key) && !FRAME.has(key)) faults.push(`${at}: ${type} has no ${key} in 1.5`);
    if (key === 'data' || key === 'msteams' || value === null || typeof value !== 'object') continue;
    for (const [i, child] of (Array.isArray(value) ? value : [value]).entries()) {
      if (child && typeof child === 'object') strange(child, child.type ?? UNDER[key] ?? '?', `${at}.${key}.${i}`, faults);
    }
  }
  return faults;
}

/** What is wrong with a card; [] when nothing is. */
function cardFaults(card) {
  const faults = strange(card, 'AdaptiveCard', 'card', []);
  const context = new AC.SerializationContext(AC.Versions.v1_5);
  const read = new AC.AdaptiveCard();
  read.parse(card, context);
  for (let i = 0; i < context.eventCount; i++) faults.push(`read: ${context.getEventAt(i).message}`);
  for (const e of read.validateProperties().validationEvents) faults.push(`valid: ${e.message}`);
  if (read.version?.toString() !== '1.5') faults.push(`version ${card.version}`);
  return faults;
}

/** The model takes it, and nothing of it is lost on the way. */
function modelFaults(model, body, by = serializer) {
  try {
    const taken = by.serialize(model, structuredClone(body), 'activity');
    assert.deepEqual(JSON.parse(JSON.stringify(taken)), body);
    return [];
  } catch (e) {
    return [e.message];
  }
}

// "Response format" of learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model
const ANSWERS = {
  'application/vnd.microsoft.card.adaptive': {status: [200], value: cardFaults},
  'application/vnd.microsoft.activity.message': {status: [200], value: v => (typeof v === 'string' && v ? [] : ['a message is a text'])},
  'application/vnd.microsoft.error': {status: [400, 500], value: v => (Object.keys(v ?? {}).sort().join() === 'code,message' ? [] : ['an error has code and message'])},
};
const TASKS = {continue: teams.TaskModuleContinueResponse, message: teams.TaskModuleMessageResponse};

/** What is wrong with the body that an invoke was answered with status 200. */
function answerFaults(name, body) {
  if (body === '' || body === '{}') return name === 'adaptiveCard/action' ? ['a press needs an answer'] : [];
  const answer = JSON.parse(body);
  if (name.startsWith('task/')) {
    const model = TASKS[answer.task?.type];
    if (!model || Object.keys(answer).join() !== 'task') return [`a task that is ${answer.task?.type}`];
    const card = answer.task.value.card;
    const kinds = card && card.contentType !== 'application/vnd.microsoft.card.adaptive' ? [`a card that is ${card.contentType}`] : [];
    return [...kinds, ...modelFaults(model, answer.task, teamsSerializer), ...(card ? cardFaults(card.content) : [])];
  }
  const rule = ANSWERS[answer.type];
  if (!rule || Object.keys(answer).sort().join() !== 'statusCode,type,value') return [`an answer that is ${answer.type} with ${Object.keys(answer)}`];
  return [...(rule.status.includes(answer.statusCode) ? [] : [`${answer.type} with ${answer.statusCode}`]), ...rule.value(answer.value)];
}

// --- can they say no? ----------------------------------------------------------------------------

const CARD = {type: 'AdaptiveCard', version: '1.5', body: [{type: 'RichTextBlock', inlines: [{type: 'TextRun', text: 'x'}]},
  {type: 'FactSet', facts: [{title: 'a', value: 'b'}]}, {type: 'Input.ChoiceSet', id: 'c', label: 'C', choices: [{title: 'a', value: 'b'}]},
  {type: 'ActionSet', actions: [{type: 'Action.Execute', title: 'Go', verb: 'go', data: {any: {thing: 1}}, fallback: {type: 'Action.Submit', title: 'Go'}}]}]};
const DAMAGED = [
  ['an element of no type', c => c.body[0].type = 'Text', /no Text in 1\.5/],
  ['an element of 1.6', c => c.body.push({type: 'Carousel', pages: []}), /Carousel/],
  ['a member that there is not', c => c.body[0].wrap = true, /RichTextBlock has no wrap/],
  ['a wrong value', c => c.body[0].inlines[0].weight = 'Bold', /weight/],
  ['an input without id', c => delete c.body[2].id, /id/],
  ['an input that is required without its words', c => c.body[2] = {...c.body[2], isRequired: true, label: undefined, errorMessage: undefined}, /required/i],
  ['a link without address', c => c.body[3].actions = [{type: 'Action.OpenUrl', title: 'x'}], /url/],
  ['six buttons in a row', c => c.body[3].actions = Array.from({length: 6}, () => ({type: 'Action.Submit', title: 'x'})), /actions/],
  ['a later version', c => c.version = '1.6', /version/],
];

describe('the judges', () => {
  test('a good card passes', () => assert.deepEqual(cardFaults(CARD), []));
  for (const [what, damage, says] of DAMAGED) {
    test(`refused: ${what}`, () => {
      const card = structuredClone(CARD);
      damage(card);
      assert.match(cardFaults(card).join('\n'), says);
    });
  }
  test('the models refuse what they do not know', () => {
    const good = {type: 'message', summary: 'x', from: {id: '28:x'}, attachments: [{contentType: 'x', content: {}}]};
    assert.deepEqual(modelFaults(models.Activity, good), []);
    for (const bad of [{type: 7}, {attachments: {}}, {sumary: 'x'}, {from: {id: '28:x', aad: 'y'}}]) {
      assert.equal(modelFaults(models.Activity, {...good, ...bad}).length, 1, JSON.stringify(bad));
    }
  });
});

describe('the judge of answers', () => {
  const say = (type, statusCode, value, more) => JSON.stringify({type, statusCode, value, ...more});
  const card = 'application/vnd.microsoft.card.adaptive', task = t => JSON.stringify({task: t});
  const dialog = {title: 'T', width: 'medium', height: 'large', card: {contentType: card, content: CARD}};
  const good = [['adaptiveCard/action', say(card, 200, CARD)], ['adaptiveCard/action', say('application/vnd.microsoft.activity.message', 200, 'x')],
    ['adaptiveCard/action', say('application/vnd.microsoft.error', 400, {code: 'BadRequest', message: 'x'})], ['task/submit', ''],
    ['task/submit', task({type: 'message', value: 'x'})], ['task/fetch', task({type: 'continue', value: dialog})]];
  const bad = [['adaptiveCard/action', ''], ['adaptiveCard/action', JSON.stringify(CARD)], ['adaptiveCard/action', JSON.stringify({status: 200, body: {type: card, statusCode: 200, value: CARD}})],
    ['adaptiveCard/action', say('application/vnd.microsoft.adaptive.card', 200, CARD)], ['adaptiveCard/action', say(card, 401, CARD)],
    ['adaptiveCard/action', say(card, 200, {...CARD, version: '1.6'})], ['adaptiveCard/action', say('application/vnd.microsoft.activity.message', 200, {text: 'x'})],
    ['task/fetch', task({type: 'carry on', value: dialog})], ['task/fetch', task({type: 'continue', value: {...dialog, titel: 'x'}})],
    ['task/fetch', task({type: 'continue', value: {...dialog, card: {contentType: card, content: {...CARD, body: [{type: 'Text'}]}}}})], ['task/submit', task({type: 'message', value: {}})]];
  test('takes what Teams takes', () => good.forEach(([name, body]) => assert.deepEqual(answerFaults(name, body), [], body)));
  test('refuses what Teams refuses', () => bad.forEach(([name, body]) => assert.notDeepEqual(answerFaults(name, body), [], body)));
});

// --- random cards --------------------------------------------------------------------------------

test('four hundred random cards and forms are cards to the official package', () => {
  const program = resolve(dirname(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot')), 'tests/unit/chat/test_teams_limits');
  assert.ok(existsSync(program), `${program}: make unit-programs`);
  const printed = spawnSync(program, ['print', '400'], {encoding: 'utf8', maxBuffer: 1 << 28});
  assert.equal(printed.status, 0, printed.stderr);
  const cards = printed.stdout.trim().split('\n').map(line => JSON.parse(line));
  assert.equal(cards.length, 400);
  const wrong = cards.map((card, i) => [i, cardFaults(card)]).filter(([, faults]) => faults.length);
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of 400`);
});

// --- real stories --------------------------------------------------------------------------------

const HOSTILE = '[x](https://evil.example) **b** <at>Ben Baker</at> <b>i</b> &amp; # `c` _i_ ~~s~~';
const DATED = `${HOSTILE} {{DATE(2026-01-01T00:00:00Z)}}`;
const RICH = {name: 'rich', title: `Rich ${HOSTILE}`, command: 'salesforce rich answer', hint: HOSTILE, allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
  inputs: [{name: 'deal', required: true, hint: HOSTILE, sample: 'Acme'}, {name: 'stage', options: [{label: HOSTILE.slice(0, 60), value: 'Prospecting'}]}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record',
    with: {object: 'Opportunity', fields: {Name: '{{inputs.deal}}', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
  reply: {text: `Made {{inputs.deal}} ${HOSTILE}`, fields: [{label: 'Deal', value: '{{inputs.deal}}'}, {label: 'Plain', value: 'Ana'}], link: {label: 'Open', url: '{{steps.opp.url}}'},
    buttons: [{title: 'Once more', command: 'salesforce rich answer', inputs: {deal: '{{inputs.deal}}'}}]}};

describe('real stories', () => {
  test('every activity that was sent, every card and every answer in place', {timeout: 120000}, async () => {
    const w = await start({teams: 'only'});
    try {
      await w.putRecipe(TEAMS_ACME, RICH);
      const ana = w.teamsPerson('ana');
      for (const text of ['help', 'help salesforce', 'connections', 'pending', 'history', 'whoami', 'why salesforce', 'hepl', 'salesforce', 'disconnect salesforce', 'cancel']) {
        await ana.ask(text, m => m.is_bot);
      }
      const prompt = await ana.prompt(OPPORTUNITY);
      assert.ok(loginUrl(prompt));
      await ana.ask('pending', m => m.is_bot);
      await ana.ask(await ana.browse(prompt), /is connected/);
      await ana.sees(/Created/);
      await ana.ask(`salesforce rich answer deal: ${DATED}`, m => labels(m).includes('Once more'));
      await ana.ask('connections', m => labels(m).includes('Disconnect'));
      const question = await ana.ask('salesforce rich answer', m => labels(m).includes('Fill in a form'));
      await ana.press(question, 'Fill in a form');
      const dialog = await ana.modal();
      const refused = await ana.submit({in_deal: '  '}, {force: true});
      const again = await ana.modal();
      await ana.submit({in_deal: DATED});
      await ana.say('@Workbot salesforce rich answer deal: In a channel', {place: 'deals'});
      const done = await ana.sees(/Made In a channel/, {place: 'deals'});
      const seen = await ana.shows(done), {value: own} = JSON.parse(seen.answer);
      assert.ok(own.refresh && JSON.stringify(own).includes('ana@acme.example'), seen.answer);
      const ben = w.teamsPerson('ben');
      await ben.ask('help', m => m.is_bot);
      const said = await ben.say(`@Workbot ${OPPORTUNITY}`, {place: 'deals'});
      const line = await ben.sees(m => m.is_bot && m.root === said.id, {place: 'deals'});
      await ben.shows(line);
      await ana.press(done, 'Once more');
      const [{id}] = await w.query("select id from run where state = 'parked'");
      const executes = (data, more) => ana.sends('invoke', {place: 'deals', activity: {name: 'adaptiveCard/action', replyToId: line.ts, value: {action: {type: 'Action.Execute', verb: 'x', data}, trigger: 'manual', ...more}}});
      for (const wb of [{a: 'drop', v: id}, {a: 'gone_by_now'}, {}]) await executes({wb});
      await executes({wb: {a: 'refresh', m: id}}, {trigger: 'automatic'});
      const noa = w.teamsPerson('noa');
      await noa.say('@Workbot help', {place: 'renewals'});
      await w.idle();

      const calls = (await w.calls({peer: 'teams', direction: 'in'})).filter(c => /\/v3\/conversations/.test(c.path) && (c.method === 'POST' || c.method === 'PUT'));
      const faults = [];
      let cards = 0, conversations = 0;
      for (const call of calls) {
        const body = call.args ?? call.body;
        assert.ok(body && typeof body === 'object', JSON.stringify(call).slice(0, 400));
        const make = /\/v3\/conversations\/?$/.test(call.path);
        conversations += make;
        faults.push(...modelFaults(make ? models.ConversationParameters : models.Activity, body));
        for (const a of body.attachments ?? []) {
          assert.equal(a.contentType, 'application/vnd.microsoft.card.adaptive');
          cards++;
          faults.push(...cardFaults(a.content));
        }
        if (!make) assert.ok(body.attachments?.length === 1 && !body.text, 'a card, and no text beside it');
        assert.ok(JSON.stringify(body).length < 28 * 1024);
      }
      // every answer to an invoke
      const told = await w.calls({peer: 'teams', direction: 'out'});
      const answers = told.map(c => [c.args?.name ?? c.body?.name, c]).filter(([name]) => name);
      const kinds = new Set();
      for (const [name, call] of answers) {
        const body = typeof call.answer === 'string' ? call.answer : call.answer === null || call.answer === undefined ? '' : JSON.stringify(call.answer);
        kinds.add(`${name} ${/"type":"([^"]*)"/.exec(body.replace(/^.*"type":"(application|continue|message)/, '"type":"$1'))?.[1] ?? 'empty'}`);
        faults.push(...answerFaults(name, body));
      }
      for (const kind of ['task/fetch continue', 'task/submit continue', 'task/submit empty', ...Object.keys(ANSWERS).map(k => `adaptiveCard/action ${k}`)]) {
        assert.ok(kinds.has(kind), `${kind} is not among ${[...kinds]}`);
      }
      for (const shown of [dialog, again]) faults.push(...cardFaults(cardOf(shown)));
      assert.deepEqual(faults, []);
      assert.ok(cards >= 18, `${cards} cards`);
      assert.ok(refused && conversations >= 0);
      const texts = JSON.stringify(calls.map(c => c.args ?? c.body));
      assert.ok(!texts.includes('"entities"'), 'nobody is mentioned');
      // a word of another chat says nothing here
      assert.doesNotMatch(texts + JSON.stringify(answers.map(([, c]) => c)), /direct message|home page|ephemeral|slash command/i);
      const notified = calls.map(c => (c.args ?? c.body).summary ?? '').join('\n');
      assert.doesNotMatch(notified, /https?:|\/login\/|19:|29:|\b[0-9a-f]{8}-[0-9a-f]{4}-/, 'a notification names no link, id or place');
      for (const call of calls.filter(c => !/conversations\/a(%3A|:)/i.test(c.path))) {
        assert.doesNotMatch((call.args ?? call.body).summary ?? '', /@acme\.example|WB-/, 'nor an account where others read');
      }
    } finally {
      await w.stop();
    }
  });
});
