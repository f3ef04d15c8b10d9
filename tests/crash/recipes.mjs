// Recipes of several writes under kills: a loop whose turns ServiceNow can be asked about, one whose
// turns only a person can look up, one that spans both apps, and an app's event whose message two
// people decide at once. Each run is met by a kill at a random point of its life, or it does not count.
//   node recipes.mjs --runs N --seed N [--report FILE]
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {ACME, button, words} from '../lib/flow.mjs';
import {acknowledgements, logLines} from './judge.mjs';
import {CrashWorld, seeded} from './world.mjs';

const LOOK_MS = 60;
const PATIENCE_MS = 40000;
const PRESS_AGAIN_MS = 5000; // Slack sends no click again: a person to whom nothing happened does
const STOCK = ['Stock 1', 'Stock 2', 'Stock 3'];
const SNOW = {app: 'servicenow', client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'};
const QUESTION = /may have happened or not/;

// --- the recipes, and what each of their runs owes -------------------------------------------------

const as = (verify, use) => ({use, verify_user_access: verify});
const connections = {salesforce: as(true, 'acme-salesforce'), servicenow: as(false, 'acme-servicenow')};
const find = {id: 'found', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id, Name FROM Opportunity WHERE Name LIKE :name ORDER BY Name LIMIT 9', values: {name: 'Stock%'}}};
const incident = (id, text, more) => ({id, connection: 'servicenow', action: 'create_incident', with: {short_description: text}, ...more});
const task = (id, text, more) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Task', fields: {Subject: text}}, ...more});
const command = (name, steps, text, used = connections) => ({name, title: `To ${name}`, command: `crew ${name}`, allow: 'everyone', connections: used,
  inputs: [{name: 'name', required: true}], steps, reply: {text}});
const each = {each: '{{steps.found.records}}'};
const decides = (title, word) => ({title, command: `crew ${word}`, inputs: {name: '{{hook.data.name}}'}, decides: word});
const RECIPES = [
  command('fan', [find, incident('made', '{{inputs.name}}: {{item.Name}}', each)], 'Ended {{inputs.name}}: {{steps.made.count}}'),
  command('copy', [find, task('made', '{{inputs.name}}: {{item.Name}}', each)], 'Ended {{inputs.name}}: {{steps.made.count}}'),
  command('span', [task('first', '{{inputs.name}}: first'), incident('second', '{{inputs.name}}: second'), task('third', '{{inputs.name}}: third', {when: {path: 'steps.second.number', is: 'not_empty'}})], 'Ended {{inputs.name}}: all'),
  command('agreed', [task('said', '{{inputs.name}}: agreed')], 'You agreed on {{inputs.name}}', {salesforce: connections.salesforce}),
  command('refused', [task('said', '{{inputs.name}}: refused')], 'You refused {{inputs.name}}', {salesforce: connections.salesforce}),
];
const NOTICE = {name: 'notice', title: 'Something is to be decided', trigger: {hook: 'events'}, connections: {servicenow: as(false, 'acme-servicenow')},
  steps: [incident('told', '{{hook.data.name}}: told')], post: {channel: 'C0SALES01'},
  reply: {text: 'To be decided: {{hook.data.name}}.', buttons: [decides('Agree', 'agreed'), decides('Refuse', 'refused')]}};
/** The writes of a run in their order; of a decision one of the two words comes after them. */
const OWED = {fan: STOCK, copy: STOCK, span: ['first', 'second', 'third'], decision: ['told']};
const WORDS = ['agreed', 'refused'];

class RecipesWorld extends CrashWorld {
  async begin() {
    await super.begin();
    await this.putConnection(ACME, 'acme-servicenow', {...SNOW, host: this.hosts.servicenow});
    await this.authorize(ACME, 'acme-servicenow', 'ben');
    for (const r of RECIPES) await this.putRecipe(ACME, r);
    this.hook = await this.must('PUT', `/workspaces/${ACME}/hooks/events`, {kind: 'json', event_id: {path: 'id'}});
    await this.putRecipe(ACME, NOTICE);
    this.crew = this.people.filter(p => p.own && p.workspace === 'T0ACME001');
    for (const name of STOCK) await this.crew[0].ask(`deal add name: ${name} stage: Prospecting close: 2026-12-31`, new RegExp(`Created ${name}`));
    await this.idle();
    await this.sandbox('PUT', '/_faults', {peer: 'servicenow', fault: 'slow', delay_ms: 60, times: -1});
  }

  /** How often each text of this run stands at the apps: {text: n}. */
  async written(name) {
    const [sf, sn] = await Promise.all(['salesforce', 'servicenow'].map(app => this.sandbox('GET', `/_state/${app}`)));
    const out = {};
    for (const r of [...sf.records, ...sn.records]) {
      const text = r.fields.Subject ?? r.fields.short_description;
      if (text?.startsWith(`${name}: `)) out[text.slice(name.length + 2)] = (out[text.slice(name.length + 2)] ?? 0) + 1;
    }
    return out;
  }

  // lists grow with the day: the newest alone are asked for
  async look(person, place) {
    const q = new URLSearchParams({user: person.name, place, workspace: person.workspace, limit: '40'});
    return (await this.sandbox('GET', `/_messages?${q}`)).messages.filter(m => m.is_bot).reverse();
  }
}

// --- the people ------------------------------------------------------------------------------------

/** Looks into the apps, as the question asks for, and says what is there. What a turn's question is about it must say itself. */
async function answer(day, run, person, asked) {
  const there = await day.w.written(run.name), owed = OWED[run.kind];
  let doubt = owed.findLast(text => there[text]);
  if (run.kind === 'copy') {
    const [, number, item] = /It is about item (\d) of 3: (Stock \d)\./.exec(words(asked)) ?? [];
    if (STOCK[number - 1] !== item || item === undefined) return day.complain('unnamed', `the question of ${run.name} names no item: ${words(asked).replaceAll('\n', ' / ')}`);
    doubt = there[item] ? item : undefined;
  } else if (run.kind === 'decision') {
    doubt = WORDS.find(word => there[word]);
  } else { // which of the two tasks it was: the first, unless there is something after it
    doubt = there.second ? (there.third ? 'third' : undefined) : there.first ? 'first' : undefined;
  }
  run.asked = (run.asked ?? 0) + 1;
  run.settled = doubt; // a press that was not acknowledged may have arrived all the same: the message tells
  await person.press(asked, doubt ? 'It happened' : 'It did not: run it again').catch(() => {});
  return undefined;
}

const isAsked = (m, run) => QUESTION.test(words(m)) && words(m).includes(run.name) && button(m, 'It happened');

/** One command of one person, to its end: {from, to} is its life. */
async function typed(day, person, kind) {
  const run = day.open(kind, person.name);
  const said = await person.say(`crew ${kind} name: ${run.name}`);
  run.said = {channel: said.channel, ts: said.ts};
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    const seen = await day.w.look(person, 'dm');
    if (seen.some(m => words(m).includes(`Ended ${run.name}:`))) return day.ended(run, 'done');
    if (run.settled && seen.some(m => m.ts === run.question && /Noted: it had happened/.test(words(m)))) return day.ended(run, 'settled');
    const asked = seen.find(m => isAsked(m, run));
    if (!asked) continue;
    run.question = asked.ts;
    await answer(day, run, person, asked);
  }
  return day.ended(run, 'silent');
}

/** An event of an app, until two people who press at once have decided on its message. */
async function decided(day, people) {
  const run = day.open('decision', people.map(p => p.name).join(' and '));
  const sent = await day.w.sandbox('POST', '/_hook', {kind: 'plain', url: day.w.hook.url, secret: day.w.hook.secret, attempts: 100, wait_ms: 50, body: {id: run.name, name: run.name}});
  if (!sent.taken) return day.ended(run, 'refused');
  run.taken = true;
  let pressedAt = 0;
  const mine = m => words(m).includes(`To be decided: ${run.name}.`);
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    const shown = (await day.w.look(people[0], 'sales')).filter(mine);
    const told = shown.map(m => /(Agreed|Refused) by (\w+)/.exec(words(m))).find(Boolean);
    if (told) return day.ended(Object.assign(run, {word: told[1].toLowerCase(), messages: shown.length}), 'done');
    for (const p of people) {
      // what a press in a channel comes to is for the presser's eyes alone, there or in the one-to-one chat
      const asked = [...await day.w.look(p, 'sales'), ...await day.w.look(p, 'dm')].find(m => isAsked(m, run));
      if (asked) await answer(day, run, p, asked);
    }
    const open = shown.find(m => button(m, 'Agree'));
    if (!open || Date.now() < pressedAt + PRESS_AGAIN_MS) continue;
    pressedAt = Date.now();
    await Promise.all(people.map((p, i) => p.press(open, i === 0 ? 'Agree' : 'Refuse').catch(() => {})));
  }
  return day.ended(run, 'silent');
}

// --- a day -----------------------------------------------------------------------------------------

class Day {
  runs = [];
  kills = [];
  complaints = [];

  constructor(w, wanted) {
    Object.assign(this, {w, wanted, count: 0});
  }

  open(kind, who) {
    const run = {kind, who, name: `${kind}${++this.count}z`, from: Date.now()};
    this.runs.push(run);
    return run;
  }

  ended(run, how) {
    Object.assign(run, {to: Date.now(), how});
    run.kills = this.kills.filter(at => run.from <= at && at <= run.to).length;
  }

  complain(kind, text) {
    if (!this.complaints.some(c => c.text === text)) this.complaints.push({kind, text});
  }

  /** Runs that a kill met; the others are done and judged as well, and do not count. */
  met() {
    return this.runs.filter(r => r.kills > 0).length;
  }

  over() {
    return this.stopped || this.met() >= this.wanted || this.runs.length >= this.wanted * 3 + 10;
  }

  /** Which processes work on which runs: the ones that die leave theirs to another. */
  async watch() {
    const of = new Map();
    for (; !this.stopped; await pause(LOOK_MS)) {
      for (const j of await this.w.query("select id, lease_owner from job where kind = 'run' and state = 'running'")) of.set(j.id, (of.get(j.id) ?? new Set()).add(j.lease_owner));
    }
    this.takenOver = [...of.values()].filter(owners => owners.size > 1).length;
  }

  async killAround(rng) {
    while (!this.over()) {
      await pause(rng.between(100, 900));
      const both = rng.below(4) === 0, first = rng.below(2);
      const dead = both ? [0, 1] : [first];
      this.kills.push(...dead.map(() => Date.now()));
      await Promise.all(dead.map(n => this.w.kill(n)));
      for (const n of dead) await this.w.startReplica(n);
    }
  }
}

async function work(day, seed) {
  const [one, other, ...crew] = day.w.crew;
  const kinds = ['fan', 'copy', 'span'];
  const alone = async (person, rng) => {
    while (!day.over()) await typed(day, person, rng.of(kinds));
  };
  const together = async () => {
    while (!day.over()) await decided(day, [one, other]);
  };
  const others = Promise.all([day.killAround(seeded(seed)), day.watch()]);
  await Promise.all([together(), ...crew.slice(0, 5).map((p, i) => alone(p, seeded(seed + 1 + i)))]).finally(() => { day.stopped = true; });
  await others;
}

// --- the judge -------------------------------------------------------------------------------------

/** What is wrong with what one run left behind; `acknowledged`: Slack, or the sender of the event, got its 200. */
function faultsOf(run, there, acknowledged) {
  const owed = OWED[run.kind], faults = [], wrong = (kind, text) => faults.push({kind, text: `${run.name}: ${text}; there is ${JSON.stringify(there)}`});
  for (const [text, n] of Object.entries(there)) if (n > 1) wrong('double', `"${text}" stands ${n} times`);
  if (!acknowledged) return faults;
  if (run.how === 'silent') wrong('silence', `${run.who} waited in vain`);
  // "It happened" ends a run: what stands before the write in doubt is there, with it, and nothing after it
  const until = run.how === 'settled' ? owed.indexOf(run.settled) + 1 : owed.length;
  for (const text of owed.slice(0, until)) if (!there[text]) wrong('lost', `"${text}" is missing`);
  for (const text of owed.slice(until)) if (there[text]) wrong('more', `"${text}" was done after the run had ended`);
  if (run.kind !== 'decision') return faults;
  const said = WORDS.filter(word => there[word]);
  if (said.length > 1) wrong('decided twice', 'both have decided');
  if (run.how === 'done' && said[0] !== run.word) wrong('decided wrongly', `the message says "${run.word}"`);
  return faults;
}

async function judge(day) {
  const {w} = day, acks = await acknowledgements(w), violations = [...day.complaints];
  const wrong = (kind, text) => violations.push({kind, text});
  for (const run of day.runs) violations.push(...faultsOf(run, await w.written(run.name), run.kind === 'decision' ? run.taken : acks.at(run.said) !== undefined));
  const dead = await w.query("select kind, error_code from job where state = 'dead'");
  const failed = await w.query("select id, error_code from message where state = 'failed'");
  const moving = await w.query("select reference, recipe, state from run where state in ('queued', 'running', 'unknown')");
  const {errors} = logLines(w, {away: [], databaseBack: Infinity});
  for (const [kind, list] of Object.entries({dead, failed, moving, error: errors})) if (list.length) wrong(kind, JSON.stringify(list.slice(0, 5)));
  const of = kind => day.runs.filter(r => r.kind === kind && r.kills > 0).length;
  return {violations, figures: {runs: day.met(), unmet: day.runs.length - day.met(), kills: day.kills.length, takenOver: day.takenOver, kinds: Object.fromEntries(Object.keys(OWED).map(k => [k, of(k)])),
    unknown: day.runs.filter(r => r.asked).length, settled: day.runs.filter(r => r.how === 'settled').length, slowest: Math.max(...day.runs.map(r => r.to - r.from))}};
}

function table({figures: f, violations}, title) {
  const rows = [['runs that a kill met / others', `${f.runs} / ${f.unmet}`], ['kill -9 of a replica', f.kills], ['  runs that another process took over', f.takenOver],
    ['of each kind', Object.entries(f.kinds).map(([k, n]) => `${n} ${k}`).join(', ')], ['put to the user as unknown / of these "It happened"', `${f.unknown} / ${f.settled}`],
    ['the longest life of a run', `${f.slowest} ms`], ['violations', violations.length]];
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(54)} ${value}`), ...violations.slice(0, 20).map(v => `  ! ${v.kind}: ${v.text}`)].join('\n');
}

export async function killRecipes({runs, seed, log = console.log}) {
  const w = new RecipesWorld(), day = new Day(w, runs), began = Date.now();
  try {
    await w.begin();
    assert.ok(w.crew.length >= 7);
    await work(day, seed);
    await w.idle(60000).catch(e => day.complain('restless', e.message));
    const report = {...await judge(day), seed, took_s: Math.round((Date.now() - began) / 1000)};
    log(table(report, `recipes under kills, seed ${seed}, ${report.took_s} s`));
    return report;
  } finally {
    day.stopped = true;
    await w.end();
  }
}

if (process.argv[1] === import.meta.filename) {
  const {values: v} = parseArgs({options: {runs: {type: 'string', default: '20'}, seed: {type: 'string', default: '1'}, report: {type: 'string'}}});
  const report = await killRecipes({runs: Number(v.runs), seed: Number(v.seed)});
  if (v.report) writeFileSync(v.report, JSON.stringify(report));
}
