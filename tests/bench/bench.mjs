// bench.mjs [ROW...] : measures the rows one after the other, prints the table, writes the page.
import {loadavg} from 'node:os';
import {measureIntake} from './intake.mjs';
import {measureInFlight} from './in_flight.mjs';
import {measureStart} from './start.mjs';
import {measureSteps} from './steps.mjs';
import {stopAll} from './parts.mjs';
import {facts, table, writePage} from './page.mjs';

const quick = process.env.BENCH_QUICK === '1';
const rows = {
  start: () => measureStart({rounds: quick ? 1 : 5}),
  intake: () => measureIntake(quick ? {seconds: 3, rounds: 1} : {seconds: 8, rounds: 3}),
  steps: () => measureSteps({seconds: quick ? 3 : 12}),
  in_flight: () => measureInFlight(quick ? {seconds: 12, warm: 6} : {seconds: 30, warm: 12}),
};
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(rows);

process.on('exit', stopAll);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
const measured = {load: loadavg()[0]};
for (const name of wanted) {
  if (!rows[name]) throw new Error(`no row ${name}; there are ${Object.keys(rows).join(', ')}`);
  console.error(`${name} ...`);
  measured[name] = await rows[name]();
}
const about = await facts(measured);
const text = table(measured);
console.log(`${about}\n\n${text}`);
if (quick || wanted.length < Object.keys(rows).length) {
  console.log('\nA part or a quick run: docs/benchmarks.md stays as it is.');
} else {
  writePage(about, text);
}
