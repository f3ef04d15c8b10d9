// What must be true when everything has come to rest, taken from those who were there: Salesforce's
// records, Slack's journal of what it delivered and what was posted, the messages that people see,
// the database and the logs.
import {readFileSync} from 'node:fs';
import {words} from '../lib/flow.mjs';
import {CHANNELS} from './kinds/common.mjs';
import {asksFor, resultOf, shows} from './people.mjs';

const of = (map, key) => map.get(key) ?? map.set(key, []).get(key);

export async function journal(w, filter) {
  return (await w.sandbox('GET', `/_log?${new URLSearchParams({since: '0', limit: '200000', ...filter})}`)).entries;
}

/** When the chat first got its answer for the message at this place and time; undefined: never. */
export async function acknowledgements(w) {
  const first = new Map();
  let repeated = 0;
  for (const e of await journal(w, {direction: 'out', path: '/slack/events'})) {
    const event = e.args?.event;
    if (e.status !== 200 || event?.type === undefined || event.bot_id) continue;
    const key = `${event.channel}:${event.ts}`;
    if (first.has(key)) repeated++;
    else first.set(key, e.time_ms);
  }
  for (const e of await journal(w, {direction: 'out', path: '/teams/messages'})) {
    const key = `teams:${e.args?.id}`;
    if (e.status < 200 || e.status >= 300 || e.args?.type !== 'message') continue;
    if (first.has(key)) repeated++;
    else first.set(key, e.time_ms);
  }
  const after = ms => Math.min(...[...first.values()].filter(t => t >= ms)) - ms;
  return {after, at: said => said && first.get(`${said.channel}:${said.ts}`), count: first.size, repeated};
}

async function writes(w) {
  const begun = new Map();
  for (const e of await journal(w, {peer: 'salesforce', direction: 'in', path: '/sobjects/'})) {
    const name = e.args?.Name ?? e.args?.Subject;
    if (e.method === 'POST' && name && !begun.has(name)) begun.set(name, e.time_ms - e.took_ms);
  }
  return begun;
}

/** First posts by the id that they carry: how many came more than once. */
async function firstPosts(w) {
  const byId = new Map();
  for (const e of await journal(w, {peer: 'slack', direction: 'in', path: 'chat.postMessage'})) {
    const metadata = typeof e.args?.metadata === 'string' ? JSON.parse(e.args.metadata) : e.args?.metadata;
    const id = metadata?.event_payload?.id;
    if (e.answer?.ok && id) of(byId, id).push(e.answer.channel ?? e.args.channel);
  }
  const all = [...byId.values()];
  const looks = (await journal(w, {peer: 'slack', direction: 'in', path: 'conversations.'})).filter(e => /conversations\.(history|replies)/.test(e.path)).length;
  // Slack's ids of one-to-one chats begin with D; there the bot may read, so it need not guess
  const inDm = all.filter(list => list.length > 1 && list[0].startsWith('D')).length;
  return {looks, inDm, posts: all.length, twice: all.reduce((n, list) => n + list.length - 1, 0), most: Math.max(0, ...all.map(list => list.length))};
}

/** All that somebody reads of Workbot in one place. */
async function saw(w, p, place) {
  const q = new URLSearchParams({chat: p.chat, user: p.name, place, workspace: p.workspace, limit: '5000'});
  return (await w.sandbox('GET', `/_messages?${q}`)).messages.filter(m => m.is_bot).map(m => ({chat: p.chat, ...m}));
}

/** What each person reads in the end, of one item or run: by its workspace, user and place. */
export async function everythingSeen(w) {
  const seen = new Map();
  for (const p of w.people) {
    for (const place of ['dm', CHANNELS[p.chat].place]) {
      seen.set(`${p.workspace}:${p.name}:${place}`, await saw(w, p, place));
    }
  }
  return item => seen.get(`${item.workspace}:${item.user}:${item.place}`);
}

/** All that names it, for whoever must find out why its result is not there. */
const readOf = (seen, item) => JSON.stringify(seen.map(words).filter(text => text.includes(item.name)));

/** Lines of level error while the database was there; jobs that were begun with nothing to end them in, though it was back. */
export function logLines(w, {away, databaseBack}) {
  const errors = [], burnt = [];
  for (const line of readFileSync(w.logFile, 'utf8').split('\n')) {
    if (!/"level":"(error|fatal)"/.test(line)) continue;
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      continue; // cut off by kill -9
    }
    const at = Date.parse(entry.time);
    if (at >= databaseBack && /could not be settled/.test(entry.message) && entry.code === 'db_away') burnt.push(line);
    if (!away.some(([from, to]) => at >= from && at <= to)) errors.push(line);
  }
  return {errors, burnt};
}

/** {figures, violations}: `violations` is empty when every promise was kept. */
export async function judge(w, day) {
  const {ledger, kills} = day;
  const violations = [...ledger.complaints];
  const wrong = (kind, text) => violations.push({kind, text});
  const [acks, written, posts, seenBy, state] = [await acknowledgements(w), await writes(w), await firstPosts(w), await everythingSeen(w), await w.sandbox('GET', '/_state/salesforce')];
  const records = new Map();
  for (const r of state.records) of(records, r.fields.Name ?? r.fields.Subject).push(r);

  const f = {commands: 0, inTeams: 0, unacknowledged: 0, exactlyOne: 0, unknown: 0, none: 0, doubled: 0, lost: 0, known: 0, knownOnce: 0, firstShown: 0, dropped: 0, slowest: {ms: 0}};
  const waited = (item, answer) => {
    const from = acks.at(item.said), to = answer.chat === 'teams' ? Number(answer.ts) : Number(answer.ts) * 1000;
    return {ms: Math.round(to - from), kills: kills.filter(k => from <= k.at && k.at <= to).length, doneMs: written.has(item.name) ? Math.round(written.get(item.name) - from) : null};
  };
  const slower = (a, b) => (b.ms > a.ms ? b : a);
  for (const item of ledger.items) {
    const acked = item.known ? item.complete : item.complete && acks.at(item.said) !== undefined;
    const n = (records.get(item.name) ?? []).length;
    const shown = seenBy(item).filter(m => shows(m, item));
    if (n > 1) wrong('double', `${item.name} stands ${n} times in Salesforce`);
    f.doubled += n > 1;
    f.commands += acked;
    f.inTeams += acked && item.said?.channel === 'teams';
    f.dropped += item.dropped;
    f.unacknowledged += item.complete && !acked;
    if (item.unknown) f.unknown++;
    if (item.what !== 'Look') {
      f.exactlyOne += acked && n === 1;
      if (acked && n === 0) {
        f.lost++;
        wrong('lost', `${item.name} was acknowledged and is not in Salesforce; its user reads ${readOf(seenBy(item), item)}`);
      }
      if (item.refused && n > 0) wrong('double', `${item.name} was dropped by its user and is in Salesforce`);
    }
    if (!acked || item.noted) continue;
    if (shown.length === 0) wrong('unseen', `${item.user} does not see "${resultOf(item)}"; of it they read ${readOf(seenBy(item), item)}`);
    if (!item.ts && !item.unknown && shown.length > 0) f.slowest = slower(f.slowest, waited(item, shown[0]));
    if (item.ts) {
      f.known++;
      f.knownOnce += shown.length === 1 && shown[0].ts === item.ts;
      if (shown.length !== 1 || shown[0].ts !== item.ts) wrong('known', `${item.name} has its result in ${JSON.stringify(shown.map(m => m.ts))}, its message is ${item.ts}`);
    } else {
      f.firstShown += shown.length > 0;
    }
  }
  const answeredAt = u => {
    const item = ledger.items.find(i => i.said && i.said.ts === u.ts && i.said.channel === u.channel);
    const late = item && seenBy(item).find(m => shows(m, item) || asksFor(m, item) || words(m).includes(item.name));
    return late ? `there is one now: ${words(late).split('\n')[0]}, posted ${((Number(late.ts) - Number(u.ts)) / (late.chat === 'teams' ? 1000 : 1)).toFixed(1)} s after` : 'there is none now';
  };
  for (const u of day.unanswered) if (acks.at(u) !== undefined) wrong('silence', `${u.user} waited in vain for ${u.what} to "${u.text}", acknowledged at ${acks.at(u)}; ${answeredAt(u)}`);

  // who was killed between an acknowledgement and its effect
  const gaps = [...ledger.gaps];
  for (const item of ledger.items) {
    const from = acks.at(item.said), to = written.get(item.name);
    if (from !== undefined && to !== undefined) gaps.push({kind: 'command', from, to});
  }
  const fell = (k, kind) => gaps.some(g => g.kind === kind && g.from <= k.at && k.at <= g.to);
  const within = kind => kills.filter(k => fell(k, kind)).length;
  const aimed = kills.filter(k => k.aim);
  for (const k of aimed) for (const kind of [k.aim, 'command']) if (!fell(k, kind)) wrong('aim', `the kill at ${k.at}, aimed at a ${k.aim}, fell into no ${kind}`);

  if (posts.twice > kills.length) wrong('repeated', `${posts.twice} first posts came twice in ${kills.length} kills`);
  if (posts.inDm) wrong('repeated', `${posts.inDm} first posts came twice where the bot may look`);
  const dead = await w.query("select kind, error_code from job where state = 'dead'");
  const failed = await w.query("select id, error_code from message where state = 'failed'");
  const waiting = await w.query(`select kind, lane, behind, state, attempts, lost, error_code, created_at, run_at, lease_until,
    exists (select from job p where p.workspace = j.workspace and p.lane = j.lane and p.seq < j.seq and p.state in ('queued', 'running')) as follows
    from job j where state in ('queued', 'running') order by follows, seq`);
  const moving = await w.query("select reference, state from run where state in ('queued', 'running', 'unknown')");
  const {errors, burnt} = logLines(w, day);
  if (dead.length) wrong('dead', `jobs are dead: ${JSON.stringify(dead.slice(0, 5))}`);
  if (failed.length) wrong('failed', `messages failed: ${JSON.stringify(failed.slice(0, 5))}`);
  if (waiting.length) wrong('waiting', `${waiting.length} jobs still wait: ${JSON.stringify(waiting.slice(0, 5))}`);
  if (moving.length) wrong('moving', `runs are not at rest: ${JSON.stringify(moving.slice(0, 5))}`);
  for (const line of errors.slice(0, 5)) wrong('error', line);
  if (burnt.length) wrong('burnt', `${burnt.length} jobs were claimed for workers without a database: ${burnt[0]}`);
  const runs = Object.fromEntries((await w.query('select state, count(*)::int as n from run group by 1 order by 1')).map(r => [r.state, r.n]));

  return {
    violations,
    figures: {
      kills: kills.length, aimed: aimed.length, killsBetween: within('command'), killsInDialogue: within('dialogue'), killsAfterClick: within('click'),
      databaseRestarts: day.databaseRestarts, acknowledgesAgainMs: Math.round(acks.after(day.databaseBack)), messages: acks.count, messagesTwice: acks.repeated, presses: ledger.presses,
      ...f, posts: posts.posts, postsTwice: posts.twice, postsMost: posts.most, postsLookedFor: posts.looks, runs, dead: dead.length, failed: failed.length, errors: errors.length, burnt: burnt.length,
    },
  };
}

/** Runs that ended unknown: their users were asked, look into Salesforce, and say what they found. */
export async function answerUnknowns(w, day) {
  const runs = await w.query("select id, workspace, user_id, reference from run where state = 'unknown'");
  const {records} = runs.length ? await w.sandbox('GET', '/_state/salesforce') : {records: []};
  for (const run of runs) {
    let asked;
    for (const p of w.people.filter(q => `${q.chat}:${q.workspace}` === run.workspace)) {
      const both = [...(await saw(w, p, 'dm')), ...(await saw(w, p, CHANNELS[p.chat].place))];
      const message = both.find(m => JSON.stringify(m).includes(run.id) && day.ledger.items.some(i => asksFor(m, i)));
      if (message) asked = {p, message};
    }
    const item = asked && day.ledger.items.find(i => asksFor(asked.message, i));
    if (!item) {
      day.ledger.complain('unasked', `run ${run.reference} is unknown and its user was not asked`);
      continue;
    }
    const happened = records.some(r => (r.fields.Name ?? r.fields.Subject) === item.name);
    item.unknown = true;
    item.noted = happened;
    if (!happened && item.place === 'dm') item.ts = asked.message.ts; // it becomes the result
    await asked.p.press(asked.message, happened ? 'It happened' : 'It did not: run it again');
  }
  return runs.length;
}

export function table({figures: f, violations}, title) {
  const rows = [
    ['kill -9 of a replica / of these aimed', `${f.kills} / ${f.aimed}`], ['  between acknowledgement and effect of a command', f.killsBetween], ['  during a question dialogue', f.killsInDialogue],
    ['  between a click and its effect', f.killsAfterClick], ['power cuts of PostgreSQL', f.databaseRestarts],
    ['  acknowledged again after it was back', `${f.acknowledgesAgainMs} ms`],
    ['messages acknowledged / acknowledged again', `${f.messages} / ${f.messagesTwice}`], ['clicks acknowledged', f.presses],
    ['commands acknowledged / of these in Teams / never', `${f.commands} / ${f.inTeams} / ${f.unacknowledged}`], ['app writes: exactly one record', f.exactlyOne], ['  put to the user as unknown, then settled', f.unknown],
    ['  lost / doubled', `${f.lost} / ${f.doubled}`], ['given up by the user', f.dropped], ['results in a known message: exactly one', `${f.knownOnce} of ${f.known}`],
    ['results as first posts, seen', f.firstShown], ['  the slowest of them / the record of it / kills meanwhile', `${f.slowest.ms} ms / ${f.slowest.doneMs ?? '-'} ms / ${f.slowest.kills}`], ['first posts / appeared twice (at most one per kill)', `${f.posts} / ${f.postsTwice}`],
    ['  looked for in the history after a kill', f.postsLookedFor],
    ['runs', Object.entries(f.runs).map(([k, n]) => `${n} ${k}`).join(', ')], ['dead jobs / failed messages / errors in the log', `${f.dead} / ${f.failed} / ${f.errors}`],
    ['violations', violations.length],
  ];
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(54)} ${value}`), ...violations.slice(0, 20).map(v => `  ! ${v.kind}: ${v.text}`)].join('\n');
}
