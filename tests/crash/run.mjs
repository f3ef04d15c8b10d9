// One crash test: people work, replicas die. As a program it prints the table and, into the file of
// --report, what the judge found; exit 0 means that it ran to its end, not that all was well.
//   node run.mjs --kills N --seed N [--patience MS] [--report FILE]
import {writeFileSync} from 'node:fs';
import {setTimeout as pause} from 'node:timers/promises';
import {parseArgs} from 'node:util';
import {AIMED_AT, Points, aimed} from './aim.mjs';
import {answerUnknowns, judge, table} from './judge.mjs';
import {Busy, Ledger} from './people.mjs';
import {CrashWorld, seeded} from './world.mjs';

const DRAIN_MS = 60000;
const AWAY_TAIL_MS = 3000; // connections that were lost are noticed a little later

async function cutDatabase(w, day, rng) {
  const from = Date.now();
  await w.postgres('kill');
  await pause(rng.between(500, 1500));
  await w.postgres('start');
  day.databaseBack = Date.now();
  day.away.push([from - 100, day.databaseBack + AWAY_TAIL_MS]);
  day.databaseRestarts++;
}

/** Keeps up with the journals: what a chat got its answer for, so that people know when to wait no more. */
async function followAcknowledgements(w, day) {
  const known = new Set();
  day.acknowledged = said => known.has(`${said.channel}:${said.ts}`);
  const keys = {'/slack/events': e => e.args?.event && `${e.args.event.channel}:${e.args.event.ts}`, '/teams/messages': e => `teams:${e.args?.id}`};
  for (const since = {}; !day.ended; await pause(200)) {
    for (const [path, key] of Object.entries(keys)) {
      const {entries, next} = await w.sandbox('GET', `/_log?since=${since[path] ?? 0}&direction=out&path=${path}&limit=5000`);
      for (const e of entries) if (e.status >= 200 && e.status < 300) known.add(key(e));
      since[path] = next;
    }
  }
}

/**
 * One replica and the other, after pauses that the seed chooses; the database once, in the middle.
 * Every second kill falls where the pause ends, the others are aimed: at a dialogue and at a click
 * in turn, and each of them at a command as well.
 */
async function killAround(w, day, kills, rng) {
  for (let i = 0; i < kills; i++) {
    if (i === Math.floor(kills / 2)) await cutDatabase(w, day, rng);
    const wait = rng.between(150, 800), replica = (i + (i >> 2)) % 2;
    const aim = i % 2 === 0 ? AIMED_AT[(i / 2) % AIMED_AT.length] : null;
    const kill = () => {
      day.kills.push({at: Date.now(), replica, wait, aim});
      return w.kill(replica);
    };
    await pause(wait);
    await (aim ? aimed(w, day.points, aim, kill) : kill());
    await w.startReplica(replica);
  }
}

async function rest(w, day) {
  for (let round = 0; round < 5; round++) {
    await w.idle(DRAIN_MS);
    if ((await answerUnknowns(w, day)) === 0) return;
  }
  day.ledger.complain('restless', 'runs end unknown again and again, with nothing killed');
}

export async function crash({kills, seed, patience = 30000, log = console.log}) {
  const rng = seeded(seed);
  const day = {ledger: new Ledger(), points: new Points(), unanswered: [], kills: [], away: [], databaseRestarts: 0, over: false, patience_ms: patience};
  const w = new CrashWorld();
  const began = Date.now();
  try {
    await w.begin();
    const followed = followAcknowledgements(w, day);
    const busy = w.people.map((p, i) => new Busy(p, day, seeded(seed + 1 + i)).live().catch(e => day.ledger.complain('person', `${p.name}: ${e.stack}`)));
    await pause(500);
    await killAround(w, day, kills, rng);
    day.over = true;
    await Promise.all(busy);
    day.ended = true;
    await followed;
    await rest(w, day).catch(e => day.ledger.complain('restless', e.message));
    const report = await judge(w, day);
    report.took_s = Math.round((Date.now() - began) / 1000);
    report.seed = seed;
    report.waits = day.kills.map(k => `${k.wait}${k.aim ? `+${k.aim}` : ''}`);
    log(table(report, `crash test, seed ${seed}, ${report.took_s} s, replicas die after ms ${report.waits.join(' ')}`));
    return report;
  } finally {
    day.over = day.ended = true;
    await w.end();
  }
}

if (process.argv[1] === import.meta.filename) {
  const {values: v} = parseArgs({options: {kills: {type: 'string', default: '8'}, seed: {type: 'string', default: '1'}, patience: {type: 'string', default: '30000'}, report: {type: 'string'}}});
  const report = await crash({kills: Number(v.kills), seed: Number(v.seed), patience: Number(v.patience)});
  if (v.report) writeFileSync(v.report, JSON.stringify(report));
}
