// Row 2: a thousand app calls of two seconds in flight in one process. 500 events a second come in
// (what keeps 1,000 such calls busy), each is a whole command: recipe, connection, token, the app's
// slow call, the reply. Both peers are one small program (peer.c), for the sandbox checks and writes
// down every call, and that would be what is measured.
import {request, until} from '../lib/service.mjs';
import {cpu, databaseCpu, load, memory, pause, serve} from './parts.mjs';
import {makeWorkspace, prepareWithPeer, stats} from './peer.mjs';

const RECIPE = {
  name: 'create-opportunity', title: 'Create an opportunity', command: 'salesforce create opportunity', allow: 'everyone',
  connections: {salesforce: {use: 'crm', verify_user_access: false}},
  inputs: [{name: 'name', required: true}, {name: 'amount', type: 'number'}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record',
    with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', Amount: '{{inputs.amount}}'}}}],
  reply: {text: 'Created {{inputs.name}}', link: {label: 'Open', url: '{{steps.opp.url}}'}},
};

// Figures of the seconds between `warm` and the end of the load.
async function watch(service, port, {warm, seconds}) {
  await pause(warm * 1000);
  const from = await stats(port);
  let calls = 0;
  let samples = 0;
  for (const end = Date.now() + (seconds - warm) * 1000 - 200; Date.now() < end; samples++) {
    await pause(100);
    calls += (await stats(port)).in_flight;
  }
  const to = await stats(port);
  const commands = (to.posts - from.posts);
  return {
    commands_per_s: commands / (to.at_ms - from.at_ms) * 1000, in_flight: calls / samples, in_flight_max: to.in_flight_max,
    calls_per_s: (to.answered - from.answered) / (to.at_ms - from.at_ms) * 1000,
    rss: memory(service.pid), rss_max: memory(service.pid, 'VmHWM'),
  };
}

export async function measureInFlight({seconds, warm, rate = 500, workspaces = 20, users = 2000, delay = 2000, env = {}}) {
  const {p, peer, port} = await prepareWithPeer(delay, {WORKBOT_WORKERS: 1100, ...env});
  const service = await serve(p);
  for (let n = 0; n < workspaces; n++) await makeWorkspace(p, peer, n, RECIPE);
  // everybody has said something before, and the database knows its tables, as it does after a minute
  const early = await load(p.url + '/slack/events', {connections: 16, seconds: 8, users, workspaces, rate: users / 8 + 1});
  await until('the first commands to be answered', async () => (await stats(port)).posts >= early.acknowledged, 60000);
  await p.database.query('analyze');
  const [cpuFrom, dbFrom] = [cpu(service.pid), await databaseCpu(p.database)];
  const [figures, watched] = await Promise.all([
    load(p.url + '/slack/events', {connections: 64, seconds, users, workspaces, rate}),
    watch(service, port, {warm, seconds}),
  ]);
  const metrics = (await request(p.opsPort, {path: '/metrics'})).text;
  await until('all commands to be answered', async () => (await stats(port)).posts >= early.acknowledged + figures.acknowledged, 60000);
  // all of the load's commands are over: what was left to do then counts as well
  const cpu_ms = (cpu(service.pid) - cpuFrom) / figures.acknowledged * 1000;
  const db_cpu_ms = (await databaseCpu(p.database) - dbFrom) / figures.acknowledged * 1000;
  await service.stop();
  await peer.stop();
  const runs = await p.database.query('select state, count(*)::int as n from run group by state');
  await p.database.drop();
  return {...watched, cpu_ms, db_cpu_ms, offered: rate, acks_per_s: figures.acks_per_s, acknowledged: figures.acknowledged, ack_p99_ms: figures.p99_ms,
    ack_p50_ms: figures.p50_ms, runs: Object.fromEntries(runs.map(r => [r.state, r.n])), metrics};
}
