// P9: a parked run continues by itself exactly once after login, outside the browser's request; or
// it expires or is superseded, with a notice. A login prompt is never a dead end.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {labels, start, words} from '../lib/flow.mjs';

let w, ana;
before(async () => {
  w = await start();
  ana = w.person('ana');
});
after(() => w?.stop());

test('P9 the command continues once after the code, not in the callback, and the prompt becomes its result', async () => {
  const prompt = await ana.prompt();
  assert.match(words(prompt), /Log in to Salesforce/);
  assert.deepEqual(labels(prompt), ['Log in to Salesforce', 'Back']);
  assert.equal((await w.records()).length, 0);
  const code = await ana.browse(prompt);
  await w.idle();
  assert.equal((await w.records()).length, 0, 'nothing runs before the code');
  await ana.ask(code, /Salesforce is connected/);
  const result = await ana.sees(/Created Acme renewal/);
  assert.equal(result.ts, prompt.ts, 'in place of the prompt');
  await w.idle();
  const records = await w.records();
  assert.equal(records.length, 1);
  assert.equal(records[0].owner, 'ana@acme.example');
});
