// Tries a recipe in a throw-away world: Workbot itself, and the sandbox in place of the chat and the apps. Prints each
// request that the apps got, what became of each step, and what people read. Nothing leaves this machine.
import {readFileSync} from 'node:fs';
import {World, link, startDemo, words} from '../lib/demo.mjs';
import {Browser, buttons, until} from '../lib/flow.mjs';

const USAGE = 'usage: try.mjs FILE... [--type TEXT | --event FILE] [--as ana|ben|cleo]\n'
  + 'FILE is a recipe, or a page with recipes; the first one is run, the others are what its buttons run.\n';
const PEERS = ['salesforce', 'servicenow', 'box'];
const TITLES = {salesforce: 'Salesforce', servicenow: 'ServiceNow', box: 'Box'};
const ENDED = ['done', 'failed', 'unknown', 'parked'];
const LOGIN = {salesforce: name => `${name}@acme.example`, box: name => `${name}@acme.example`, servicenow: name => name};
const CHANNEL = 'C0SALES01';

function options(argv) {
  const o = {files: [], as: 'ana'};
  for (let i = 0; i < argv.length; i++) {
    const name = /^--(type|event|as)$/.exec(argv[i])?.[1];
    if (name) o[name] = argv[++i];
    else o.files.push(argv[i]);
  }
  return o.files.length && !o.files.some(f => f.startsWith('--')) ? o : null;
}

/** The recipes of a file: it is one, or it shows some. */
const recipesOf = file => {
  const text = readFileSync(file, 'utf8');
  return (file.endsWith('.md') ? [...text.matchAll(/^```json\n([\s\S]*?)^```/gm)].map(m => m[1]) : [text]).map(t => JSON.parse(t));
};

/** Its connections are the sandbox's, by the app that their names tell; its channel is #sales. */
function atHome(recipe) {
  for (const c of Object.values(recipe.connections || {})) {
    const app = PEERS.find(p => c.use.toLowerCase().includes(p));
    if (!app) throw new Error(`${recipe.name}: the sandbox plays ${PEERS.join(', ')}: the name of the connection "${c.use}" must hold one of these words`);
    c.use = `acme-${app}`;
  }
  if (recipe.post) recipe.post.channel = CHANNEL;
  return recipe;
}

const indent = text => text.split('\n').map(l => '    ' + l).join('\n');
const shown = m => indent(words(m)) + (buttons(m).length ? '\n    ' + buttons(m).map(b => `[${b.label}]`).join(' ') : '');

async function connect(w, user, app) {
  await w.say(user, `connect ${app}`);
  const prompt = await w.sees(user, `Log in to ${TITLES[app]}`);
  const url = link(prompt, `Log in to ${TITLES[app]}`);
  await w.say(user, await new Browser().codeOf(url, LOGIN[app](user)));
  await w.sees(user, `${TITLES[app]} is connected as`);
}

const plain = path => {
  try {
    return decodeURIComponent(path.replaceAll('+', ' '));
  } catch {
    return path; // as it was sent
  }
};

/** What the apps were asked; headers, where tokens stand, are left out. */
async function requests(w, since) {
  const {entries} = await w.sandbox('GET', `/_log?since=${since}&limit=100000&direction=in`);
  return entries.filter(e => PEERS.includes(e.peer) && !/oauth|login|userinfo/i.test(e.path))
    .map(e => `  ${e.peer}: ${e.method} ${plain(e.path)} -> ${e.status}` + (e.args && Object.keys(e.args).length ? '\n' + indent(JSON.stringify(e.args, null, 2)) : ''));
}

async function tried(w, recipe, o) {
  const hook = recipe.trigger?.hook;
  const personal = new Set(Object.values(recipe.connections || {}).filter(c => c.verify_user_access).map(c => c.use.slice('acme-'.length)));
  for (const app of hook ? [] : personal) await connect(w, o.as, app);
  let said = '0';
  const {next} = await w.sandbox('GET', '/_log?since=0&limit=1000000');
  if (hook) {
    await w.api('DELETE', `/hooks/${hook}`).catch(() => {}); // the demo may have one of that name
    const {url, secret} = await w.api('PUT', `/hooks/${hook}`, {kind: 'json'});
    await w.json('POST', url, JSON.parse(readFileSync(o.event, 'utf8')), {'content-type': 'application/json', 'x-workbot-secret': secret});
  } else {
    said = (await w.say(o.as, o.type ?? recipe.command)).ts;
  }
  // without a run it was a question or a refusal, and a run that failed by an event tells the admins alone
  const end = await until('an answer', async () => {
    const [run] = (await w.api('GET', '/runs')).items.filter(r => r.recipe === recipe.name);
    if (run && !ENDED.includes(run.state)) return null;
    const answer = (await w.messages(o.as, hook ? 'sales' : 'dm')).filter(m => m.is_bot && m.ts > said).pop();
    return answer || (hook && run && run.state !== 'done') ? {run, answer} : null;
  });
  return {...end, asked: await requests(w, next)};
}

async function main() {
  const o = options(process.argv.slice(2));
  if (!o) {
    process.stderr.write(USAGE);
    return 2;
  }
  const all = o.files.flatMap(recipesOf).map(atHome), [recipe] = all;
  if (recipe.trigger?.hook && !o.event) throw new Error(`${recipe.name} is started by an event: give it with --event FILE`);
  const demo = await startDemo();
  try {
    const w = new World(demo);
    for (const r of all) {
      const {warnings = []} = await w.api('PUT', `/recipes/${r.name}`, r);
      for (const x of warnings) console.log(`${r.name}: ${x.at ?? ''} ${x.text ?? JSON.stringify(x)}`);
    }
    const {run, answer, asked} = await tried(w, recipe, o);
    console.log(`\n${recipe.name}, ${recipe.trigger?.hook ? 'by an event' : `typed by ${o.as}: ${o.type ?? recipe.command}`}\n`);
    console.log(`What the apps were asked (the sandbox answered):\n${asked.join('\n') || '  nothing'}\n`);
    const {steps = []} = run ? await w.api('GET', `/runs/${run.id}`) : {};
    console.log(`Steps:\n${steps.map(s => `  ${s.step ?? s.id}: ${s.state}`).join('\n') || '  none was run'}\n`);
    console.log(`What is read:\n${answer ? shown(answer) : '    nothing; its admins are told'}`);
    return run && run.state === 'done' ? 0 : 1;
  } finally {
    await demo.stop();
  }
}

process.exitCode = await main().catch(e => {
  console.error(`try: ${e.message}`);
  return 1;
});
