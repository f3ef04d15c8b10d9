// P1: an acknowledged webhook is never lost and never acted on twice: not by retries, other event ids
// for the same message, double clicks, two replicas, kill -9 or a restart of PostgreSQL. The long
// form (WORKBOT_TEST_LONG=1) kills 50 times, and shows the test failing on broken services. P10: each write of a recipe
// exactly once, or put to its user, whoever dies where.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, test} from 'node:test';
import {promisify} from 'node:util';
import {buildBroken, checkBroken} from './broken.mjs';
import {killRecipes} from './recipes.mjs';
import {crash} from './run.mjs';

const LONG = process.env.WORKBOT_TEST_LONG === '1';
const SEED = Number(process.env.CRASH_SEED) || (LONG ? Math.floor(Math.random() * 1e6) : 1);
const KILLS = LONG ? 50 : 8;
const RUNS = LONG ? 200 : 20;

/** The judge's report on another program. */
async function reportOn(binary, program, ...options) {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-crash-report-'));
  const file = join(dir, 'report.json');
  try {
    const args = [join(import.meta.dirname, program), ...options, '--seed', String(SEED), '--report', file];
    const {stdout} = await promisify(execFile)(process.execPath, args, {env: {...process.env, WORKBOT_BIN: binary}, maxBuffer: 1 << 26, timeout: 240000});
    console.log(stdout);
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

describe('P1 crash', () => {
  test(`P1 replicas killed ${KILLS} times under load: nothing acknowledged is lost, nothing is done twice`, async () => {
    const {figures, violations} = await crash({kills: KILLS, seed: SEED});
    assert.deepEqual(violations, []);
    assert.equal(figures.kills, KILLS);
    assert.equal(figures.databaseRestarts, 1);
    assert.ok(figures.killsBetween * 2 >= KILLS, `only ${figures.killsBetween} kills fell between acknowledgement and effect`);
    assert.ok(figures.killsInDialogue > 0, 'no kill fell into a question dialogue');
    assert.ok(figures.messagesTwice > 0, 'no message was delivered twice');
    assert.ok(figures.inTeams > 0, 'no command was typed in Teams');
    assert.ok(figures.killsAfterClick > 0, 'no kill fell between a click and its effect');
    assert.ok(!LONG || figures.known > 0, 'no result had a known message');
  });

  test(`P10 ${RUNS} runs of loops, several apps, app's events, presses and files, each met by a kill: every write exactly once or put to its user, every decision and press exactly once`, async () => {
    const {figures, violations} = await killRecipes({runs: RUNS, seed: SEED});
    assert.deepEqual(violations, []);
    assert.ok(figures.runs >= RUNS, `only ${figures.runs} runs were met by a kill`);
    assert.ok(Object.values(figures.kinds).every(n => n > 0), `a kind of run was met by none: ${JSON.stringify(figures.kinds)}`);
    assert.ok(figures.teams > 0, 'no run in Teams was met by a kill');
    assert.ok(figures.loggedInLate > 0, 'nobody whose press waited for a login logged in after a kill');
    assert.ok(figures.takenOver > 0, 'no run was taken over by another process');
    // of twenty, no kill need fall between a write and its answer; what does is judged either way
    assert.ok(!LONG || figures.unknown > 0, 'no user was asked what became of a write');
    assert.ok(!LONG || figures.pressedTwice > 0, 'no two presses of one message arrived');
    assert.ok(!LONG || figures.refused > 0, 'no file had a name that was taken');
  });

  const shownFailing = {skip: LONG ? false : 'the long form builds broken services (WORKBOT_TEST_LONG=1)'};
  const everything = ['run.mjs', '--kills', '6', '--patience', '8000'], recipes = ['recipes.mjs', '--runs', '30'];
  for (const [name, kind, program, says] of [
    ['acknowledge-first', 'lost', everything, 'acknowledging before the commit loses commands'],
    ['no-dedupe-keys', 'double', everything, 'without its dedupe keys commands are done twice'],
    ['loops-start-anew', 'double', recipes, 'a loop that begins at its first item after a takeover does items twice'],
    ['claims-hold-nobody', 'decided twice', recipes, 'a claim that does not hold lets two people decide'],
    ['buttons-stay', 'buttons', recipes, 'a message that was decided keeps its buttons'],
    ['any-press-counts', 'pressed twice', recipes, 'a step that waits for a press takes a second one'],
    ['names-suffice', 'refused', recipes, "a file that is known by its name alone is another's"],
  ]) {
    test(`P1 ${name} can still be made of the sources`, () => checkBroken(name));
    test(`P1 the test sees it: ${says}`, shownFailing, async () => {
      const broken = await buildBroken(name);
      try {
        const {figures, violations} = await reportOn(broken.binary, ...program);
        const found = violations.filter(v => v.kind === kind);
        assert.ok(found.length > 0, `the ${name} service passed: ${JSON.stringify(figures)}`);
      } finally {
        broken.remove();
      }
    });
  }
});
