// `make try`: a recipe against the stand-ins, told by what it prints.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ROOT} from '../lib/flow.mjs';

/** {status, out} of the script, which runs as `make try` does. */
const tries = (...args) => new Promise(done => {
  const child = spawn(process.execPath, [join(ROOT, 'tests/tools/try.mjs'), ...args], {cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe']});
  let out = '';
  for (const s of [child.stdout, child.stderr]) s.on('data', text => (out += text));
  child.on('close', status => done({status, out}));
});
const page = name => join(ROOT, 'docs/recipes', `${name}.md`);

describe('a recipe is tried', () => {
  let dir;
  const file = (name, value) => {
    const path = join(dir, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  before(() => (dir = mkdtempSync(join(tmpdir(), 'workbot-try-'))));
  after(() => rmSync(dir, {recursive: true, force: true}));

  test('two apps, a step that is skipped, and the reply; no token is printed', async () => {
    const {status, out} = await tries(page('deal-with-folder'), '--type', 'deal start name: Northwind & Co amount: 12000 close: 2026-12-31');
    assert.equal(status, 0, out);
    assert.match(out, /box: POST \/2\.0\/folders\S* -> 201\n\s+\{\n\s+"name": "Deal Northwind & Co"/);
    assert.match(out, /salesforce: POST \/services\/data\/\S+\/sobjects\/Opportunity -> 201[\s\S]*"Amount": 12000/);
    assert.match(out, /folder: done\n\s+shared: done\n\s+invited: skipped\n\s+deal: done/);
    assert.match(out, /Northwind & Co is in Salesforce, and its folder in Box, as ana@acme\.example[\s\S]*\[Open the deal\]/);
    assert.doesNotMatch(out, /Bearer|secret|access_token/i);
  });

  test('an event starts it: the message with its buttons, in the channel', async () => {
    const event = file('event.json', {object: {type: 'Opportunity', id: '006xx0000000001AAA', Name: 'Acme renewal', Amount: '1200.0'}});
    const {status, out} = await tries(page('opportunity-approval'), '--event', event);
    assert.equal(status, 0, out);
    assert.match(out, /salesforce: GET \S*\/query\/?\?q=SELECT Id, CreatedDate, [^\n]* FROM ProcessInstanceWorkitem[^\n]*006xx0000000001AAA/);
    assert.match(out, /Approval of Acme renewal/);
  });

  test('what the app refuses is said, with its status; a fault of the recipe, and a connection of no stand-in', async () => {
    const recipe = {name: 'odd', title: 'Odd', command: 'odd one', connections: {crm: {use: 'acme-salesforce', verify_user_access: true}},
      steps: [{id: 'made', connection: 'crm', action: 'create_record', with: {object: 'Opportunity', fields: {Name: 'No date'}}}], reply: {text: 'Done'}};
    const refused = await tries(file('odd.json', recipe));
    assert.equal(refused.status, 1);
    assert.match(refused.out, /sobjects\/Opportunity -> 400[\s\S]*made: failed[\s\S]*Salesforce needs these fields/);
    const fault = await tries(file('fault.json', {...recipe, steps: [{...recipe.steps[0], action: 'fly'}]}));
    assert.equal(fault.status, 1);
    assert.match(fault.out, /fly/);
    const nobody = await tries(file('nobody.json', {...recipe, connections: {crm: {use: 'acme-jira'}}}));
    assert.equal(nobody.status, 1);
    assert.match(nobody.out, /the name of the connection "acme-jira" must hold/);
  });
});
