// Row 4: what a step costs beyond the app's own time. Commands of one step and of eleven, one at a time,
// against an app that answers at once: the difference of their medians, divided by ten. A step's
// time holds its intent, the call, its outcome, and the proof that the run is still ours.
import {request, until} from '../lib/service.mjs';
import {load, median, serve} from './parts.mjs';
import {makeWorkspace, prepareWithPeer, stats} from './peer.mjs';

const MORE = 10;
const EACH_S = 5; // commands a second: each is over before the next one comes

const step = n => ({id: 's' + n, connection: 'salesforce', action: 'create_record',
  with: {object: 'Task', fields: {Subject: `{{inputs.name}} ${n}`, Before: n > 0 ? `{{steps.s${n - 1}.id}}` : 'none'}}});
const recipe = steps => ({
  name: 'steps', title: 'Steps', command: 'salesforce create opportunity', allow: 'everyone',
  connections: {salesforce: {use: 'crm', verify_user_access: false}},
  inputs: [{name: 'name', required: true}, {name: 'amount', type: 'number'}],
  steps: Array.from({length: steps}, (_, n) => step(n)),
  reply: {text: 'Made {{steps.s' + (steps - 1) + '.id}}'},
});

// Milliseconds from a run's beginning to its end, of commands that were all done.
async function runs(p, port, steps, seconds) {
  const before = await stats(port);
  const figures = await load(p.url + '/slack/events', {connections: 1, seconds, users: 1, rate: EACH_S});
  await until('all commands to be answered', async () => (await stats(port)).posts >= before.posts + figures.acknowledged, 60000);
  const rows = await p.database.query(
    `select state, extract(epoch from ended_at - created_at) * 1000 as ms from run order by created_at desc limit ${figures.acknowledged}`);
  const other = rows.find(r => r.state !== 'done');
  if (other) throw new Error('a command was not done but ' + other.state);
  const calls = (await stats(port)).calls - before.calls;
  if (calls !== steps * figures.acknowledged) throw new Error(`${figures.acknowledged} commands of ${steps} steps made ${calls} calls`);
  return median(rows.map(r => Number(r.ms)));
}

// The same call without Workbot: what the peer and the way to it take.
async function bare(port) {
  const times = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    await request(port, {method: 'POST', path: '/services/data/v64.0/sobjects/Task', body: {Subject: 'x'}});
    times.push(performance.now() - began);
  }
  return median(times);
}

export async function measureSteps({seconds}) {
  const {p, peer, port} = await prepareWithPeer(0);
  const service = await serve(p);
  await makeWorkspace(p, peer, 0, recipe(1));
  await runs(p, port, 1, 3); // the statements are prepared, the person is known
  await p.database.query('analyze');
  const one = await runs(p, port, 1, seconds);
  await makeWorkspace(p, peer, 0, recipe(1 + MORE));
  const many = await runs(p, port, 1 + MORE, seconds);
  const call_ms = await bare(port);
  await service.stop();
  await peer.stop();
  await p.database.drop();
  return {one_ms: one, many_ms: many, more: MORE, step_ms: (many - one) / MORE, call_ms};
}
