// Row 3: resident memory of an idle service, and the time from exec to ready; beside the Bolt app.
import {median, memory, pause, prepare, ready, start} from './parts.mjs';
import {startBolt} from './intake.mjs';

const QUIET_MS = 1000;

async function once(p) {
  const began = performance.now();
  const service = start('workbot', process.env.WORKBOT_BIN, ['serve'], p.settings);
  while (!(await ready(p.opsPort))) {
    if (!service.alive()) throw new Error('workbot ended:\n' + service.log());
  }
  const ready_ms = performance.now() - began;
  await pause(QUIET_MS);
  const rss = memory(service.pid);
  await service.stop();
  return {ready_ms, rss};
}

export async function measureStart({rounds}) {
  const p = await prepare();
  const ours = [];
  const bolts = [];
  for (let i = 0; i < rounds; i++) {
    ours.push(await once(p));
    const app = await startBolt();
    await pause(QUIET_MS);
    bolts.push({ready_ms: app.ready_ms, rss: memory(app.pid)});
    await app.stop();
  }
  await p.database.drop();
  const of = (list, name) => median(list.map(x => x[name]));
  return {ready_ms: of(ours, 'ready_ms'), rss: of(ours, 'rss'), bolt_ready_ms: of(bolts, 'ready_ms'), bolt_rss: of(bolts, 'rss')};
}
