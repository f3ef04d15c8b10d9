// What all kinds of runs share: steps that write, people who look until a run has ended, and the
// answer to the question what became of a write. A kind of run is {recipes, owed, doubt, live, faults?, may?}:
//   recipes   what it puts into the workspace
//   owed      of a run: the texts of its writes in their order
//   doubt     of a run and what stands at the apps: the text of the write that its question is about,
//             if it stands there
//   live      one run, to its end: (day, people, rng)
//   faults    what is wrong with a run beside its writes: (run, {there, items, seen, decided}) gives [kind, text]s; `decided`: the
//             messages on record that were, by the chat's own ids
import {setTimeout as pause} from 'node:timers/promises';
import {button, words} from '../../lib/flow.mjs';

/** Where all read what is told, by chat: its id, and its name for people. */
export const CHANNELS = {slack: {id: 'C0SALES01', place: 'sales'}, teams: {id: '19:acmesales000deals@thread.tacv2', place: 'deals'}};
const LOOK_MS = 60;
const PATIENCE_MS = 40000;
const QUESTION = /may have happened or not/;

const as = (verify, use) => ({use, verify_user_access: verify});
export const connections = {salesforce: as(true, 'acme-salesforce'), servicenow: as(false, 'acme-servicenow'), box: as(true, 'acme-box')};
export const used = (...names) => Object.fromEntries(names.map(name => [name, connections[name]]));
export const incident = (id, text, more) => ({id, connection: 'servicenow', action: 'create_incident', with: {short_description: text}, ...more});
export const task = (id, text, more) => ({id, connection: 'salesforce', action: 'create_record', with: {object: 'Task', fields: {Subject: text}}, ...more});
export const command = (name, steps, text, more) => ({name, title: `To ${name}`, command: `crew ${name}`, allow: 'everyone', connections: used('salesforce', 'servicenow'),
  inputs: [{name: 'name', required: true}], steps, reply: {text}, ...more});

const isAsked = (m, run) => QUESTION.test(words(m)) && words(m).includes(run.name) && button(m, 'It happened');

/** The question of what became of a write, if it stands among these messages: its user looks into the apps, as it asks for. */
export async function answered(day, run, person, seen) {
  const asked = seen.find(m => isAsked(m, run));
  if (!asked) return false;
  const doubt = run.kind.doubt(run, await day.w.written(run.name), asked);
  run.asked = (run.asked ?? 0) + 1;
  run.question = asked.ts;
  run.settled = doubt; // a press that was not acknowledged may have arrived all the same: the message tells
  await person.press(asked, doubt ? 'It happened' : 'It did not: run it again').catch(() => {});
  return true;
}

/** Looks again and again; `look` gives how the run has ended, once it has. */
export async function until(day, run, look) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_MS)) {
    const how = await look();
    if (how) return day.ended(run, how);
  }
  return day.ended(run, 'silent');
}

/** What one person typed, until it has ended; `act` is what it needs of people besides, and may end it. */
export function attended(day, run, {person, place = 'dm', act = () => undefined}) {
  return until(day, run, async () => {
    const dm = await day.w.look(person, 'dm');
    const here = place === 'dm' ? dm : await day.w.look(person, place);
    if (here.some(m => words(m).includes(`Ended ${run.name}:`))) return 'done';
    if (run.settled && dm.some(m => m.ts === run.question && /Noted: it had happened\. I (do nothing more|stop here)/.test(words(m)))) return 'settled';
    return (await answered(day, run, person, dm)) ? undefined : act({dm, here});
  });
}

/** By what the chat's journal knows it again: in Teams a message's id alone. */
export const saidBy = (person, {channel, ts}) => ({channel: person.chat === 'teams' ? 'teams' : channel, ts});

/** Says a command; the run is judged by whether Slack got its 200 for it. */
export async function typed(day, person, kind, {place = 'dm', ...more} = {}) {
  const run = day.open(kind, person, {place, ...more});
  const said = await person.say(`${place === 'dm' ? '' : '@workbot '}crew ${kind.name} name: ${run.name}`, {place});
  run.said = saidBy(person, said);
  return run;
}

/** All of these [person, label, times] at the same instant; `run.pressed` has how many clicks were acknowledged. Slack sends
 * none again: what was not acknowledged is pressed again by whoever looks next, what was only when `again_ms` have gone. */
export async function pressed(run, message, clicks, again_ms = Infinity) {
  run.pressed ??= new Map();
  const key = `${message.ts} ${clicks[0][1]}`, last = run.pressed.get(key);
  if (last?.count > 0 && Date.now() < last.at + again_ms) return;
  const sent = await Promise.all(clicks.map(([person, label, times = 1]) => person.press(message, label, {times}).catch(() => ({attempts: []}))));
  run.pressed.set(key, {at: Date.now(), count: sent.flatMap(s => s.attempts).filter(a => a.status === 200).length});
}
