// A command that asks in its middle: a task, a message that waits for a press, and another task which
// says what was pressed. In the one-to-one chat and in a channel, where a second person may press, too.
import {setTimeout as pause} from 'node:timers/promises';
import {button, labels, words} from '../../lib/flow.mjs';
import {CHANNELS, attended, command, pressed, task, typed} from './common.mjs';

const THINK_MS = 1500; // above WORKBOT_TTL_STALE_WRITE: a late press is asked about once more
const CHOICES = {'Go on': 'go', 'Leave it': 'leave'};
const [GO, LEAVE] = Object.keys(CHOICES);
const asks = (m, run) => words(m).includes(`Go on with ${run.name}?`);
/** Of these messages: the words that they say were pressed. */
const told = (messages, run) => messages.filter(m => asks(m, run)).flatMap(m => [...words(m).matchAll(/(Go on|Leave it) by \w+/g)]).map(([, title]) => CHOICES[title]);

/** The way of this run: both buttons at the same instant (in a channel by two people), one press, a double click. */
function clicksOf(n, [one, other], [this_, that]) {
  return [[[one, this_], [other, that]], [[other, this_]], [[one, this_, 2]]][n % 3];
}

async function live(day, people, rng, kind) {
  const n = day.runs.filter(r => r.kind === kind && r.chat === people[0].chat).length, [person] = people, place = n % 2 === 0 ? 'dm' : CHANNELS[person.chat].place;
  const clicks = clicksOf(n, place === 'dm' ? [person, person] : people, rng.of([[GO, LEAVE], [LEAVE, GO]]));
  const think = rng.between(0, THINK_MS), run = await typed(day, person, kind, {place});
  await attended(day, run, {person, place, async act({dm, here}) {
    const open = here.find(m => asks(m, run) && button(m, GO));
    const late = dm.find(m => words(m).includes(run.name) && button(m, 'Run it now'));
    if (open && !run.read) await pause(think);
    run.read ||= Boolean(open); // from here on a question is about the second task
    // once one of them says what was pressed, another that has its buttons is the one that nobody knows
    if (open && told(here, run).length === 0) await pressed(run, open, clicks);
    if (late) await pressed(run, late, [[person, 'Run it now', rng.of([1, 2])]]);
  }});
}

/** The word that the message says, and the commands that follow it: one for all that was pressed. */
function faults(run, {there, seen}) {
  const asked = seen.filter(m => asks(m, run)), open = asked.filter(m => labels(m).length > 0);
  const says = told(seen, run), done = Object.values(CHOICES).filter(word => there[word]), out = [];
  if (asked.length === 0 && (run.how === 'done' || done.length > 0)) out.push(['unasked', 'nobody was asked']);
  if (asked.length > 0 && says.length !== 1) out.push(['pressed twice', `its message says that ${says.join(' and ')} was pressed`]);
  if (done.length > 1) out.push(['pressed twice', 'both buttons count']);
  if (done.length === 1 && says.some(word => word !== done[0])) out.push(['pressed wrongly', `its message says "${says}"`]);
  // a post may stand twice where the bot may not read, once for each death: the one that it knows loses its buttons
  if (open.length > (run.place === 'dm' ? 0 : run.kills)) out.push(['buttons', `${open.length} of ${asked.length} messages have their buttons still`]);
  const ended = seen.map(m => new RegExp(`Ended ${run.name}: (\\w*)`).exec(words(m))).filter(Boolean);
  if (ended.some(e => e[1] !== done[0])) out.push(['pressed wrongly', `the result says "${ended[0][1]}"`]);
  if (run.place === 'dm' && ended.length > 1) out.push(['repeated', `${ended.length} results`]);
  return out;
}

export const hold = {live, faults,
  owed: (run, {seen}) => ['first', ...new Set(told(seen, run))],
  doubt: (run, there) => (run.read ? Object.values(CHOICES).find(word => there[word]) : there.first && 'first'),
  recipes: [command('hold', [task('first', '{{inputs.name}}: first'),
    {id: 'ok', wait: {text: 'Go on with {{inputs.name}}?', from: 'everyone here', buttons: Object.entries(CHOICES).map(([title, value]) => ({title, value}))}},
    task('second', '{{inputs.name}}: {{steps.ok.value}}')], 'Ended {{inputs.name}}: {{steps.ok.value}}')]};
