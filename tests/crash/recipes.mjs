// Recipes of several writes under kills (kinds.mjs: loops, two apps, decisions, presses, files). Each
// run is met by a kill at a random point of its life, or it does not count.
//   node recipes.mjs --runs N --seed N [--report FILE]
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {labels, words} from '../lib/flow.mjs';
import {acknowledgements, everythingSeen, logLines} from './judge.mjs';
import {KINDS, SHIFTS} from './kinds.mjs';
import {RecipesWorld, writtenIn} from './recipes_world.mjs';
import {seeded} from './world.mjs';

const WATCH_MS = 60;

// --- a day -----------------------------------------------------------------------------------------

class Day {
  runs = [];
  kills = [];
  complaints = [];

  constructor(w, wanted) {
    Object.assign(this, {w, wanted, count: 0});
  }

  /** `person` and `place`: who reads how it ends, and where. */
  open(kind, person, more = {}) {
    const run = {kind, user: person.name, chat: person.chat, workspace: person.workspace, name: `${kind.name}${++this.count}z`, from: Date.now(), place: 'dm', faults: [], ...more};
    this.runs.push(run);
    return run;
  }

  ended(run, how) {
    Object.assign(run, {to: Date.now(), how});
    run.kills = this.kills.filter(at => run.from <= at && at <= run.to).length;
  }

  complain(kind, text) {
    this.complaints.push({kind, text});
  }

  /** Runs that a kill met; the others are done and judged as well, and do not count. */
  met(kinds = Object.values(KINDS), chat) {
    return this.runs.filter(r => r.kills > 0 && kinds.includes(r.kind) && (chat ?? r.chat) === r.chat).length;
  }

  over() {
    const enough = this.met() >= this.wanted && Object.values(KINDS).every(kind => this.met([kind]) > 0) && SHIFTS.every(s => this.met(s.kinds, s.chat) > 0);
    return this.stopped || enough || this.runs.length >= this.wanted * 3 + 10;
  }

  /** Which processes work on which runs: the ones that die leave theirs to another. */
  async watch() {
    const of = new Map();
    for (; !this.stopped; await pause(WATCH_MS)) {
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
  const crew = Object.fromEntries(Object.entries(day.w.crew).map(([chat, people]) => [chat, [...people]]));
  const peopleOf = ({chat, people, newcomer}) => {
    assert.ok(crew[chat].length >= people, `there are too few people in ${chat}`);
    return [...crew[chat].splice(0, people), ...(newcomer ? [day.w.newcomers[chat]] : [])];
  };
  const shift = async ({kinds}, people, rng) => {
    while (!day.over()) {
      const kind = rng.of(kinds);
      await kind.live(day, people, rng, kind);
    }
  };
  const others = Promise.all([day.killAround(seeded(seed)), day.watch()]);
  const shifts = SHIFTS.map((s, i) => shift(s, peopleOf(s), seeded(seed + 1 + i)));
  // whoever kills must have ended before the world does, or what went wrong here is not what is told
  await Promise.all(shifts).finally(() => {
    day.stopped = true;
    return others.catch(() => {});
  });
  await others;
}

// --- the judge -------------------------------------------------------------------------------------

const lastOf = (run, {seen}) => JSON.stringify(seen.filter(m => words(m).includes(run.name)).slice(-3).map(m => `[${m.ts}] ${words(m)} ${labels(m)}`));

/** What is wrong with what one run left behind; `acknowledged`: the chat, or the sender of the event, got its 200. */
function faultsOf(run, left, acknowledged) {
  const {there} = left, faults = [];
  const wrong = (kind, text) => faults.push({kind, text: `${run.name}: ${text}; there is ${JSON.stringify(there)}`});
  for (const [text, n] of Object.entries(there)) if (n > 1) wrong('double', `"${text}" stands ${n} times`);
  if (!acknowledged) return faults;
  if (run.how === 'silent' || run.how === 'failed') wrong('silence', `${run.user} waited in vain, it is ${run.how} and shows ${lastOf(run, left)}`);
  // "It happened" ends a run whose rest needs the answer that got lost: what stands before the write in doubt is there, with it, and nothing after it
  const owed = run.kind.owed(run, left), until = run.how === 'settled' ? owed.indexOf(run.settled) + 1 : owed.length;
  for (const text of owed.slice(0, until)) if (!there[text]) wrong('lost', `"${text}" is missing`);
  for (const text of owed.slice(until)) if (there[text]) wrong('more', `"${text}" was done after the run had ended`);
  for (const [kind, text] of [...run.faults, ...(run.kind.faults?.(run, left) ?? [])]) wrong(kind, text);
  return faults;
}

async function judge(day) {
  const {w} = day, [acks, apps, seenBy] = [await acknowledgements(w), await w.apps(), await everythingSeen(w)];
  const decided = new Set((await w.query("select m.platform_id from decision d join message m on m.workspace = d.workspace and m.id = d.message_id where d.state = 'decided'")).map(m => m.platform_id));
  const violations = [...day.complaints], wrong = (kind, text) => violations.push({kind, text});
  for (const run of day.runs) {
    const left = {there: writtenIn(apps, run.name), items: apps.box.items, seen: seenBy(run), decided};
    violations.push(...faultsOf(run, left, run.said ? acks.at(run.said) !== undefined : run.taken));
  }
  const dead = await w.query("select kind, error_code from job where state = 'dead'");
  const failed = await w.query("select id, error_code from message where state = 'failed'");
  const moving = await w.query("select reference, recipe, state from run where state in ('queued', 'running', 'parked', 'unknown')");
  const {errors} = logLines(w, {away: [], databaseBack: Infinity});
  for (const [kind, list] of Object.entries({dead, failed, moving, error: errors})) if (list.length) wrong(kind, JSON.stringify(list.slice(0, 5)));
  return {violations, figures: {runs: day.met(), unmet: day.runs.length - day.met(), kills: day.kills.length, takenOver: day.takenOver,
    teams: day.met(undefined, 'teams'), loggedInLate: day.runs.filter(r => r.loginAt > r.promptedAt).length,
    kinds: Object.fromEntries(Object.values(KINDS).map(kind => [kind.name, day.met([kind])])), unknown: day.runs.filter(r => r.asked).length,
    settled: day.runs.filter(r => r.how === 'settled').length, pressedTwice: day.runs.filter(r => r.kind === KINDS.hold && r.pressed?.values().some(p => p.count > 1)).length,
    refused: day.runs.filter(r => r.kind === KINDS.file && r.how === 'refused').length, slowest: Math.max(...day.runs.map(r => r.to - r.from))}};
}

function table({figures: f, violations}, title) {
  const rows = [['runs that a kill met / of these in Teams / others', `${f.runs} / ${f.teams} / ${f.unmet}`], ['kill -9 of a replica', f.kills], ['  runs that another process took over', f.takenOver],
    ['of each kind', Object.entries(f.kinds).map(([k, n]) => `${n} ${k}`).join(', ')], ['put to the user as unknown / of these "It happened"', `${f.unknown} / ${f.settled}`],
    ['pressed twice or by two, and both acknowledged', f.pressedTwice], ['logins of a deciding press, after a kill', f.loggedInLate], ['files whose name was taken', f.refused],
    ['the longest life of a run', `${f.slowest} ms`], ['violations', violations.length]];
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(54)} ${value}`), ...violations.slice(0, 20).map(v => `  ! ${v.kind}: ${v.text}`)].join('\n');
}

export async function killRecipes({runs, seed, log = console.log}) {
  const w = new RecipesWorld(), day = new Day(w, runs), began = Date.now();
  try {
    await w.begin();
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
