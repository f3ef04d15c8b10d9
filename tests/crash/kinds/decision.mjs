// An app's event makes an incident and a message with two deciding buttons; two people press one each
// at the same instant, and a command of one of them writes.
import {button, words} from '../../lib/flow.mjs';
import {answered, command, incident, task, until, used} from './common.mjs';

const PRESS_AGAIN_MS = 5000; // Slack sends no click again: a person to whom nothing happened does
const WORDS = ['agreed', 'refused'];
const decides = (title, word) => ({title, command: `crew ${word}`, inputs: {name: '{{hook.data.name}}'}, decides: word});
const NOTICE = {name: 'notice', title: 'Something is to be decided', trigger: {hook: 'events'}, connections: used('servicenow'),
  steps: [incident('told', '{{hook.data.name}}: told')], post: {channel: 'C0SALES01'},
  reply: {text: 'To be decided: {{hook.data.name}}.', buttons: [decides('Agree', 'agreed'), decides('Refuse', 'refused')]}};

/** Until two people who press at once have decided on the message. */
async function live(day, people, rng, kind) {
  const run = day.open(kind, people.map(p => p.name).join(' and '));
  const sent = await day.w.sandbox('POST', '/_hook', {kind: 'plain', url: day.w.hook.url, secret: day.w.hook.secret, attempts: 100, wait_ms: 50, body: {id: run.name, name: run.name}});
  if (!sent.taken) return day.ended(run, 'refused');
  run.taken = true;
  let pressedAt = 0;
  return until(day, run, async () => {
    const shown = (await day.w.look(people[0], 'sales')).filter(m => words(m).includes(`To be decided: ${run.name}.`));
    const told = shown.map(m => /(Agreed|Refused) by (\w+)/.exec(words(m))).find(Boolean);
    if (told) {
      run.word = told[1].toLowerCase();
      return 'done';
    }
    // what a press in a channel comes to is for the presser's eyes alone, there or in the one-to-one chat
    for (const p of people) await answered(day, run, p, [...await day.w.look(p, 'sales'), ...await day.w.look(p, 'dm')]);
    const open = shown.find(m => button(m, 'Agree'));
    if (open && Date.now() >= pressedAt + PRESS_AGAIN_MS) {
      pressedAt = Date.now();
      await Promise.all(people.map((p, i) => p.press(open, i === 0 ? 'Agree' : 'Refuse').catch(() => {})));
    }
    return undefined;
  });
}

function faults(run, {there}) {
  const said = WORDS.filter(word => there[word]), out = [];
  if (said.length > 1) out.push(['decided twice', 'both have decided']);
  if (run.how === 'done' && said[0] !== run.word) out.push(['decided wrongly', `the message says "${run.word}"`]);
  return out;
}

/** Of the two words one comes after what is owed here. */
export const decision = {live, faults, owed: () => ['told'], doubt: (run, there) => WORDS.find(word => there[word]),
  recipes: [...[['agreed', 'You agreed on'], ['refused', 'You refused']]
    .map(([word, says]) => command(word, [task('said', `{{inputs.name}}: ${word}`)], `${says} {{inputs.name}}`, {connections: used('salesforce')})), NOTICE]};
