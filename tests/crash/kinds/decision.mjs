// An app's event makes an incident and a message with two deciding buttons; a command of one of them
// writes. Two people press one each at the same instant (`decision`), or one of them has no login yet
// (`newcomer`): their press waits for it, replicas die, they log in, and it goes on by itself.
import {Browser, button, labels, loginUrl, words} from '../../lib/flow.mjs';
import {CHANNELS, answered, command, incident, pressed, task, until, used} from './common.mjs';

const PRESS_AGAIN_MS = 5000; // no chat sends a click again for long: a person to whom nothing happened does
const WORDS = ['agreed', 'refused'];
const decides = (title, word) => ({title, command: `crew ${word}`, inputs: {name: '{{hook.data.name}}'}, decides: word});
const NOTICE = {name: 'notice', title: 'Something is to be decided', trigger: {hook: 'events'}, connections: used('servicenow'),
  steps: [incident('told', '{{hook.data.name}}: told')], post: {channel: CHANNELS.slack.id},
  reply: {text: 'To be decided: {{hook.data.name}}.', buttons: [decides('Agree', 'agreed'), decides('Refuse', 'refused')]}};
const isOf = (m, run) => words(m).includes(`To be decided: ${run.name}.`);

/** The event is told and taken; nothing when no replica took it. */
async function told(day, person, kind) {
  const run = day.open(kind, person, {place: CHANNELS[person.chat].place}), hook = day.w.hooks[person.chat];
  const sent = await day.w.sandbox('POST', '/_hook', {kind: 'plain', url: hook.url, secret: hook.secret, attempts: 100, wait_ms: 50, body: {id: run.name, name: run.name}});
  run.taken = sent.taken;
  if (!sent.taken) day.ended(run, 'refused');
  return run.taken ? run : undefined;
}

/** What everybody reads, what each of them reads besides, and the word that was decided. What a press in a channel comes to is
 * for the presser's eyes alone, there or in the one-to-one chat. */
async function look(day, run, people) {
  const shown = (await day.w.look(people[0], run.place)).filter(m => isOf(m, run));
  const own = await Promise.all(people.map(async p => [...await day.w.look(p, run.place), ...await day.w.look(p, 'dm')]));
  for (const [i, p] of people.entries()) await answered(day, run, p, own[i]);
  run.word = shown.map(m => /(Agreed|Refused) by (\w+)/.exec(words(m))).find(Boolean)?.[1].toLowerCase();
  return {own, open: shown.find(m => button(m, 'Agree'))};
}

/** Until two people who press at once have decided on the message. */
async function live(day, people, rng, kind) {
  const run = await told(day, people[0], kind);
  return run && until(day, run, async () => {
    const {open} = await look(day, run, people);
    if (run.word) return 'done';
    if (open) await pressed(run, open, people.map((p, i) => [p, i === 0 ? 'Agree' : 'Refuse']), PRESS_AGAIN_MS);
    return undefined;
  });
}

/** Through the browser, which may die with a replica, and types the code. */
async function logIn(person, url) {
  const browser = new Browser(), page = await browser.logIn(url, person.username).catch(() => null);
  const code = page && browser.code;
  if (code) await person.say(code);
  return Boolean(code);
}

/** When the other one decides: never, at the instant of the login, or before it. */
const OTHERS = ['never', 'meanwhile', 'before'];

/** Until it is decided and nothing of the newcomer's waits any more. */
async function liveNew(day, [other, late], rng, kind) {
  await day.w.logOut(late);
  const run = await told(day, other, kind);
  if (!run) return;
  const when = OTHERS[day.runs.filter(r => r.kind === kind && r.chat === other.chat).length % OTHERS.length], old = new Set((await look(day, run, [late])).own[0].map(m => m.ts));
  const otherPresses = open => open && pressed(run, open, [[other, 'Refuse']], PRESS_AGAIN_MS);
  let url, typedAt = 0; // the link leads on as long as it waits, also where its message asks for a code by now
  await until(day, run, async () => {
    const {own: [, mine], open} = await look(day, run, [other, late]);
    const prompt = mine.find(m => loginUrl(m) && !old.has(m.ts)), again = mine.find(m => words(m).includes(run.name) && button(m, 'Run it now'));
    if (prompt) [url, run.promptedAt] = [loginUrl(prompt), run.promptedAt ?? Date.now()];
    if (run.word && run.promptedAt && !(await day.w.waits(late))) return 'done';
    if (again) return void await pressed(run, again, [[late, 'Run it now']], PRESS_AGAIN_MS);
    if (open && !run.promptedAt) return void await pressed(run, open, [[late, 'Agree']], PRESS_AGAIN_MS);
    if (when === 'before' && run.promptedAt && !run.word) return void await otherPresses(open);
    const killed = day.over() || day.kills.some(at => at > run.promptedAt);
    if (!url || !killed || Date.now() < typedAt + PRESS_AGAIN_MS) return undefined;
    run.loginAt ??= Date.now();
    const [came] = await Promise.all([logIn(late, url), when === 'meanwhile' && otherPresses(open)]);
    if (came) typedAt = Date.now();
    return undefined;
  });
  if (run.how === 'silent') run.faults.push(['stuck', `${late.name} reads ${(await day.w.look(late, 'dm')).slice(0, 3).map(m => `${words(m)} ${labels(m)}`).join(' / ')}`]);
}

function faults(run, {there, seen, decided}) {
  const said = WORDS.filter(word => there[word]), out = [];
  const open = seen.filter(m => isOf(m, run) && labels(m).some(label => label === 'Agree' || label === 'Refuse'));
  if (said.length > 1) out.push(['decided twice', 'both have decided']);
  if (run.how === 'done' && said[0] !== run.word) out.push(['decided wrongly', `the message says "${run.word}"`]);
  // a post may stand twice where the bot may not read, once for each death: the one that it knows loses its buttons
  if (run.how === 'done' && (open.length > run.kills || open.some(m => decided.has(m.ts)))) out.push(['buttons', `${open.length} messages have their buttons still`]);
  return out;
}

const shared = {faults, owed: () => ['told'], doubt: (run, there) => WORDS.find(word => there[word]),
  recipes: [...[['agreed', 'You agreed on'], ['refused', 'You refused']]
    .map(([word, says]) => command(word, [task('said', `{{inputs.name}}: ${word}`)], `${says} {{inputs.name}}`, {connections: used('salesforce')})), NOTICE]};
/** Of the two words one comes after what is owed here. */
export const decision = {...shared, live}, newcomer = {...shared, live: liveNew};
