// Row 1: signed events durably acknowledged per second, beside single-row inserts by pgbench and a
// Bolt app that stores nothing. Three rounds of each, one after the other, so that what else the
// machine does falls on all of them; each figure is the median.
import {join} from 'node:path';
import {freePort} from '../lib/ports.mjs';
import {SLACK, until, request} from '../lib/service.mjs';
import {cpu, DIR, load, median, output, prepare, ROOT, serve, start} from './parts.mjs';

const CLIENTS = 64;

// The intake alone: with --role web nothing works on what was stored, as nothing does for pgbench.
async function workbot(p, seconds) {
  await p.database.query('truncate job');
  await p.database.query('checkpoint');
  const service = await serve(p, ['--role', 'web']);
  const before = cpu(service.pid);
  const figures = await load(p.url + '/slack/events', {connections: CLIENTS, seconds});
  const used = cpu(service.pid) - before;
  const [{n, payload}] = await p.database.query(
    'select count(*)::int as n, round(avg(octet_length(payload)))::int as payload from job');
  await service.stop();
  if (n < figures.acknowledged) throw new Error(`${figures.acknowledged} were acknowledged, ${n} are stored`);
  return {...figures, payload, cpu_us: used / figures.acknowledged * 1e6};
}

async function pgbench(p, seconds, payload) {
  await p.database.query('drop table if exists bench_job');
  await p.database.query('create table bench_job (like job including all)');
  await p.database.query('alter table bench_job set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)');
  await p.database.query('checkpoint');
  const text = await output(process.env.PGBENCH, ['-n', '-M', 'prepared', '-c', CLIENTS, '-j', 2, '-T', seconds,
    '-D', 'i=0', '-D', 'payload=' + 'x'.repeat(payload), '-f', join(ROOT, 'tests/bench/pgbench.sql'), p.database.url].map(String));
  const [{n}] = await p.database.query('select count(*)::int as n from bench_job');
  await p.database.query('drop table bench_job');
  const tps = Number(/^tps = ([\d.]+)/m.exec(text)[1]);
  const said = Number(/^number of transactions actually processed: (\d+)/m.exec(text)[1]);
  if (n !== said) throw new Error(`pgbench counted ${said} inserts, but there are ${n} rows`);
  return tps;
}

export async function startBolt() {
  const port = await freePort();
  const began = performance.now();
  const app = start('bolt', process.execPath, [join(ROOT, 'tests/bench/bolt.mjs'), port, SLACK.signingSecret],
    {...process.env, NODE_ENV: 'production'});
  await until('Bolt', () => {
    if (!app.alive()) throw new Error('Bolt ended:\n' + app.log());
    return request(port, {path: '/'}).then(() => true, () => false);
  });
  return {...app, port, ready_ms: performance.now() - began};
}

async function bolt(seconds) {
  const app = await startBolt();
  const url = `http://127.0.0.1:${app.port}/slack/events`;
  await load(url, {connections: CLIENTS, seconds: 2}); // let it compile
  const before = cpu(app.pid);
  const figures = await load(url, {connections: CLIENTS, seconds});
  const used = cpu(app.pid) - before;
  await app.stop();
  return {...figures, cpu_us: used / figures.acknowledged * 1e6};
}

export async function measureIntake({seconds, rounds}) {
  const p = await prepare();
  const all = {workbot: [], pgbench: [], bolt: []};
  for (let i = 0; i < rounds; i++) {
    const ours = await workbot(p, seconds);
    all.workbot.push(ours);
    all.pgbench.push(await pgbench(p, seconds, ours.payload));
    all.bolt.push(await bolt(seconds));
    console.error(`  intake: workbot ${ours.acks_per_s}/s, pgbench ${Math.round(all.pgbench.at(-1))}/s, Bolt ${all.bolt.at(-1).acks_per_s}/s`);
  }
  await p.database.drop();
  const of = (list, name) => median(list.map(x => x[name]));
  return {
    acks: of(all.workbot, 'acks_per_s'), p99_ms: of(all.workbot, 'p99_ms'), cpu_us: of(all.workbot, 'cpu_us'), payload: all.workbot[0].payload,
    pgbench: median(all.pgbench), bolt: of(all.bolt, 'acks_per_s'), bolt_p99_ms: of(all.bolt, 'p99_ms'), bolt_cpu_us: of(all.bolt, 'cpu_us'),
    pgbench_ratio: median(all.workbot.map((w, i) => w.acks_per_s / all.pgbench[i])),
    bolt_ratio: median(all.workbot.map((w, i) => w.acks_per_s / all.bolt[i].acks_per_s)),
  };
}
