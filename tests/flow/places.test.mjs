// P13: while an app lets its callers wait, events and messages find a worker all the same.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {start, until} from '../lib/flow.mjs';

describe('P13 places', () => {
  let w, people;
  before(async () => {
    w = await start({globex: true, env: {WORKBOT_WORKERS: '4'}});
    people = ['ana', 'cleo'].map(n => w.person(n));
    for (const p of people) await p.connect();
  });
  after(() => w?.stop());

  test('P13 more slow runs than workers: everybody else is answered meanwhile', async () => {
    const gina = w.person('gina', 'T0GLOBEX1');
    await gina.ask('help', /What can I do/);
    await w.fault('slow', {path: '/query', times: -1, delay_ms: 20000});
    const runs = () => w.count('run', "state in ('queued', 'running')");
    const earlier = await runs();
    for (let i = 0; i < 4; i++) for (const p of people) await p.say(`salesforce find opportunity name: slow ${i}`);
    await until('all runs to be queued', async () => await runs() >= earlier + 8);
    await until('a slow call to be under way', async () => await w.fired('slow') >= 1);
    for (const p of [gina, ...people]) await p.ask('help', /What can I do/);
    assert.ok(await w.fired('slow') <= 2, 'half of four workers are for what does not wait for an app');
    assert.equal(await runs(), earlier + 8, 'none of the slow runs has ended yet');
    await w.sandbox('DELETE', '/_faults');
    await until('all runs to be done', async () => await runs() === 0, 60000);
  });
});
