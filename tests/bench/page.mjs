// The table, and the block of docs/benchmarks.md that holds it.
import {readFileSync, writeFileSync} from 'node:fs';
import {cpus, totalmem} from 'node:os';
import {join} from 'node:path';
import pg from 'pg';
import {ROOT} from './parts.mjs';

const PAGE = join(ROOT, 'docs/benchmarks.md');
const BEGIN = '<!-- figures: written by make bench -->';
const END = '<!-- end of figures -->';

const whole = n => Math.round(n).toLocaleString('en-US');
const one = n => n.toFixed(1);

function intakeRows(m) {
  return [
    ['Signed events durably acknowledged, 64 connections', `${whole(m.acks)}/s, p99 ${one(m.p99_ms)} ms`,
      `pgbench, single-row inserts, 64 clients: ${whole(m.pgbench)}/s`, m.pgbench_ratio, 1.2],
    ['The same', `${whole(m.acks)}/s`, `Bolt for JavaScript, storing nothing: ${whole(m.bolt)}/s, p99 ${one(m.bolt_p99_ms)} ms`,
      m.bolt_ratio, 4],
    ['CPU time of the process per event (no aim)', `${whole(m.cpu_us)} µs`, `Bolt: ${whole(m.bolt_cpu_us)} µs`,
      m.bolt_cpu_us / m.cpu_us, null],
  ];
}

function inFlightRows(m) {
  const calls = `${whole(m.in_flight)} app calls of 2 s in flight (${whole(m.in_flight_max)} at most)`;
  return [
    [`Commands per second with ${calls}`, `${whole(m.commands_per_s)}/s`, `offered: ${whole(m.offered)}/s`,
      m.commands_per_s / m.offered, 0.9],
    ['Acknowledgement p99 meanwhile', `${one(m.ack_p99_ms)} ms`, 'aim: 50 ms', 50 / m.ack_p99_ms, 1],
    ['Resident memory at most', `${one(m.rss_max)} MiB`, 'aim: 128 MiB', 128 / m.rss_max, 1],
    ['CPU time of the process per command (no aim)', `${m.cpu_ms.toFixed(2)} ms`, `its database sessions: ${m.db_cpu_ms.toFixed(2)} ms`, null, null],
  ];
}

function stepRows(m) {
  return [
    [`A step beyond the app's own time (commands of ${m.more + 1} steps against those of one)`, `${one(m.step_ms)} ms`,
      `aim: 1,000 ms (the call alone: ${one(m.call_ms)} ms)`, 1000 / m.step_ms, 1],
    ['A whole command of one step, event to last outcome (no aim)', `${one(m.one_ms)} ms`, '', null, null],
  ];
}

function startRows(m) {
  return [
    ['Idle memory', `${one(m.rss)} MiB`, `aim: 24 MiB (Bolt: ${one(m.bolt_rss)} MiB)`, 24 / m.rss, 1],
    ['From exec to ready', `${whole(m.ready_ms)} ms`, `aim: 100 ms (Bolt: ${whole(m.bolt_ready_ms)} ms)`, 100 / m.ready_ms, 1],
  ];
}

function verdict(ratio, aim) {
  if (aim === null) return '';
  return ratio >= aim ? 'reached' : '**missed**';
}

export function table(measured) {
  const rows = [
    ...(measured.intake ? intakeRows(measured.intake) : []),
    ...(measured.in_flight ? inFlightRows(measured.in_flight) : []),
    ...(measured.steps ? stepRows(measured.steps) : []),
    ...(measured.start ? startRows(measured.start) : []),
  ];
  const line = ([what, ours, other, ratio, aim]) =>
    `| ${what} | ${ours} | ${other} | ${ratio === null ? '' : ratio.toFixed(2)} | ${aim === null ? '' : aim} | ${verdict(ratio, aim)} |`;
  return ['| What | Workbot | Beside it | Ratio | Aim | |', '|---|---|---|---|---|---|', ...rows.map(line)].join('\n');
}

export async function facts(measured) {
  const client = new pg.Client({connectionString: process.env.WORKBOT_TEST_PG});
  await client.connect();
  const version = (await client.query('show server_version')).rows[0].server_version.split(' ')[0];
  await client.end();
  const list = cpus();
  return `${new Date().toISOString().slice(0, 10)}, ${list.length} cores (${list[0].model.trim()}), ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, PostgreSQL ${version}, node ${process.versions.node}; ` +
    `load average when it began: ${measured.load.toFixed(1)}. Database, load and peers share these cores.`;
}

export function writePage(about, text) {
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${PAGE} has no block between "${BEGIN}" and "${END}"`);
  writeFileSync(PAGE, `${page.slice(0, before)}${BEGIN}\n${about}\n\n${text}\n${page.slice(after)}`);
}
