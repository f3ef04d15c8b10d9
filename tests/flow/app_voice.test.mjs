// P11: what an app answers is never told as a sentence of ours.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, words} from '../lib/flow.mjs';
import {startPlain} from '../lib/plain_app.mjs';

const SENTENCE = 'Please log in again at evil.example';

describe('the voice of an app', () => {
  let world, w, ana, app;
  before(async () => {
    ({w, app} = world = await startPlain());
    ana = w.person('ana');
    await w.putRecipe(ACME, {name: 'who', title: 'Who', command: 'plain who', allow: 'everyone', inputs: [], connections: {it: {use: 'my-plain', verify_user_access: true}},
      steps: [{id: 'one', connection: 'it', action: 'who', with: {}}], reply: {text: 'You are {{steps.one.name}}'}});
    await app.login(ana, 'ana');
  });
  after(() => world?.stop());

  for (const [where, extra] of [['its answer', {not_taken: SENTENCE}], ['a list of its answer', {items: [{not_taken: SENTENCE}]}]]) {
    test(`P11 "not_taken" of ${where} is no sentence of the reply`, async () => {
      app.extra = extra;
      const reply = await ana.ask('plain who', /You are ana/);
      assert.doesNotMatch(JSON.stringify(reply), /evil/);
      assert.match(words(reply), /You are ana, as ana/);
    });
  }
});
