// The commands that Teams offers while somebody types, as the manifest says them: Workbot knows each.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ROOT, start, words} from '../lib/flow.mjs';

const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
let w;
let lists;
const titles = scope => lists.find(l => l.scopes.includes(scope)).commands.map(c => c.title);

describe('the commands of the manifest', () => {
  before(async () => {
    w = await start({teams: 'only'});
    const out = mkdtempSync(join(tmpdir(), 'workbot-manifest-'));
    const env = {PATH: process.env.PATH, WORKBOT_PUBLIC_URL: 'https://workbot.example.com', ...w.teamsEnv()};
    const r = spawnSync(WORKBOT, ['manifest', 'teams', '--out', out], {encoding: 'utf8', env});
    assert.equal(r.status, 0, r.stderr);
    lists = JSON.parse(readFileSync(join(out, 'manifest.json'))).bots[0].commandLists;
    rmSync(out, {recursive: true});
  });
  after(() => w?.stop());

  test('each is answered in the one-to-one chat', async () => {
    const ana = w.teamsPerson('ana');
    assert.ok(titles('personal').length > 1);
    for (const title of titles('personal')) {
      const answer = await ana.ask(title, m => m.is_bot);
      assert.doesNotMatch(words(answer), /I do not know that command|Did you mean/, title);
    }
    assert.match(words(await ana.ask('no such thing', m => m.is_bot)), /I do not know that command/, 'what it says of others');
  });

  test('each of a team\'s is answered there, and nothing of it is private', async () => {
    const ana = w.teamsPerson('ana');
    for (const title of titles('team')) {
      const said = await ana.say(`@Workbot ${title}`, {place: 'deals'});
      const answer = await ana.sees(m => m.is_bot && m.ts > said.ts, {place: 'deals'});
      assert.match(words(answer), /one-to-one chat/, title);
    }
  });
});
