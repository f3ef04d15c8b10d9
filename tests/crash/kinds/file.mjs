// A file chosen in a form and laid into Box, and a task that tells of it. Each second time its name is taken
// in Box by the file before, with other bytes: its person reads so, and the other file stays as it was.
import {createHash, randomBytes} from 'node:crypto';
import {labels, viewWords, words} from '../../lib/flow.mjs';
import {attended, command, pressed, task, typed, used} from './common.mjs';

const FOLDER = '160000001', OWNER = '2000000001'; // Ana's, at Box
const PRESS_AGAIN_MS = 3000; // a form opens by then, or its trigger has died with a replica
const FORM = /^(Fill in a form|Open the form)$/;
const BYTES_MAX = 48000; // what the stand-in takes in one piece
const sha1 = data => createHash('sha1').update(data).digest('hex');

/** The form on the screen is filled in once. Sent again it is as it was: what was chosen lies at Slack. */
async function sendForm(run, person, {modal}) {
  if (!modal) return;
  if (/under way|has run|waits already|has ended/.test(viewWords(modal))) {
    await person.closes({all: true}).catch(() => {}); // it was taken, and its answer lost
  } else if (modal.blocks.some(b => b.block_id === 'deed')) {
    const chosen = run.chosen ? {} : {deed: {file: {name: run.file, base64: run.data.toString('base64'), mimetype: 'application/octet-stream'}}};
    run.chosen = true;
    await person.submit(chosen).catch(() => {});
  }
}

async function live(day, [person], rng, kind) {
  const before = day.runs.findLast(r => r.kind === kind), taken = before?.how === 'done'; // every second one
  await person.closes({all: true}).catch(() => {});
  const run = await typed(day, person, kind, {taken, data: randomBytes(rng.between(1, BYTES_MAX))});
  run.file = taken ? before.file : `${run.name}.bin`;
  await attended(day, run, {person, async act({dm}) {
    const mine = dm.filter(m => m.ts > run.said.ts);
    const failed = mine.find(m => /To file did not work/.test(words(m)));
    if (failed) {
      run.told = words(failed);
      return taken ? 'refused' : 'failed';
    }
    const screen = await person.screen();
    if (screen.modal) await sendForm(run, person, screen);
    const question = mine.find(m => labels(m).some(label => FORM.test(label)));
    if (question && !screen.modal && !run.chosen) await pressed(run, question, [[person, labels(question).find(label => FORM.test(label))]], PRESS_AGAIN_MS);
    return undefined;
  }});
}

function faults(run, {items}) {
  const there = items.filter(i => i.type === 'file' && i.name === run.file);
  if (run.taken && run.how !== 'refused') return [['refused', `a file of another's name ended ${run.how}`]];
  // whoever takes a refused step over knows that it was refused, and not in which words
  if (run.taken) return run.kills > 0 || /something else with this name/.test(run.told) ? [] : [['unsaid', `its person reads no reason: ${run.told}`]];
  if (there.length === 0) return []; // lost or not: by its writes
  const bytes = sha1(run.data), wrong = there.filter(i => i.sha1 !== bytes || i.owner !== OWNER || i.parent !== FOLDER);
  return wrong.map(i => ['bytes', `at Box lies ${i.sha1} of ${i.owner} in ${i.parent}, and not the ${run.data.length} bytes ${bytes}`]);
}

/** A file that is there already is known by its bytes, so that only the task can be in doubt. */
export const file = {live, faults, owed: run => (run.taken ? [] : ['file', 'noted']), doubt: (run, there) => there.noted && 'noted',
  recipes: [command('file', [{id: 'up', connection: 'box', action: 'upload_file', with: {file: '{{inputs.deed}}', folder_id: FOLDER}},
    task('noted', '{{inputs.name}}: noted')], 'Ended {{inputs.name}}: {{inputs.deed.size}} bytes',
  {connections: used('box', 'salesforce'), inputs: [{name: 'name', required: true}, {name: 'deed', type: 'file', required: true}]})]};
