// P10: a write whose answer was lost is not repeated blindly; the user is asked.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, labels, start, words} from '../lib/flow.mjs';

const create = name => `salesforce create opportunity name: ${name} close: 2026-12-31`;

describe('P10 lost answers', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  const named = async name => (await w.records()).filter(r => r.fields.Name === name).length;
  const lose = async (name, fault = 'lost') => {
    await w.fault(fault, {method: 'POST', path: '/sobjects/', times: 1});
    return ana.ask(create(name), /may have happened or not/);
  };

  test('P10 the answer is lost after the effect: one record, the run is unknown, two buttons', async () => {
    const asked = await lose('Lost once');
    assert.deepEqual(labels(asked), ['It happened', 'It did not: run it again']);
    assert.match(words(asked), /Lost once/);
    const [, reference] = /(WB-\w+)/.exec(words(asked));
    await w.idle();
    assert.equal(await named('Lost once'), 1);
    const run = (await w.must('GET', `/workspaces/${ACME}/runs?reference=${reference}`));
    assert.match(run.text, /"state":"unknown"/);
    // "It happened", twice: noted, nothing more
    await ana.press(asked, 'It happened', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Noted: it had happened/.test(words(m)));
    await w.idle();
    assert.equal(await named('Lost once'), 1);
    await ana.forge(asked, 'unknown_again', button(asked, 'It happened').value);
    await w.idle();
    assert.equal(await named('Lost once'), 1, 'the other button afterwards does nothing');
  });

  test('P10 the call never arrived: "run it again", twice, makes one record', async () => {
    const asked = await lose('Never arrived', 'cut');
    assert.equal(await named('Never arrived'), 0);
    await ana.press(asked, 'It did not: run it again', {times: 2});
    await ana.sees(m => m.ts === asked.ts && /Created Never arrived/.test(words(m)));
    await w.idle();
    assert.equal(await named('Never arrived'), 1);
  });

  test('P10 an app that says it did not begin is asked again, and its user is not', async () => {
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 2, retry_after: 1});
    await ana.ask(create('Busy for a while'), /Created Busy for a while/);
    await w.idle();
    assert.equal(await named('Busy for a while'), 1);
    assert.equal(await w.fired('5xx'), 2);
    assert.equal(await w.count('run', "state = 'unknown'"), 0);
  });

  test('P10 a gateway between us and the app proves nothing: the user is asked', async () => {
    await w.sandbox('DELETE', '/_faults');
    await w.fault('5xx', {method: 'POST', path: '/sobjects/', times: 1, status: 502, retry_after: 1});
    const asked = await ana.ask(create('Behind a gateway'), /may have happened or not/);
    await ana.press(asked, 'It did not: run it again');
    await ana.sees(m => m.ts === asked.ts && /Created Behind a gateway/.test(words(m)));
  });

  test('P10 in a channel the question is private', async () => {
    await w.fault('lost', {method: 'POST', path: '/sobjects/'});
    const asked = await ana.ask(`@workbot ${create('Lost in public')}`, /may have happened or not/, {place: 'sales', see: 'dm'});
    await ana.sees(/I need your word/, {place: 'sales'});
    await ana.press(asked, 'It happened');
    await w.idle();
    assert.equal(await named('Lost in public'), 1);
    assert.equal(await w.count('run', "state = 'unknown'"), 0);
  });

  test('P10 a read whose answer was lost is simply repeated', async () => {
    await w.fault('lost', {path: '/query', times: 1});
    await ana.ask('salesforce find opportunity name: Lost', /\d found/);
  });
});
