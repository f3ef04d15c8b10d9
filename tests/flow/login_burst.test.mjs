// P7, P9: whoever's login has ended is asked once, however many of his commands meet that at once.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {SLOWNESS, start, until, words} from '../lib/flow.mjs';

const BURST = SLOWNESS > 1 ? 60 : 500;
const ANA = "user_id = 'U0ANA0001'";

describe('P9 a burst behind a dead login', () => {
  let w, ana;
  before(async () => {
    w = await start({replicas: 2});
    ana = w.person('ana');
    await ana.connect();
  });
  after(() => w?.stop());

  test(`P9 ${BURST} commands at once over two replicas meet a dead grant: one prompt, and all go on behind it`, async () => {
    const [was, logins] = [await w.count('run', "state = 'done'"), await w.count('login', ANA)];
    await w.fault('grant_revoked', {path: '/query'});
    const answers = await Promise.all(Array.from({length: BURST}, (_, i) => w.signed('/slack/events',
      w.dm(`salesforce find opportunity name: zzz${i}`, {ts: `${Math.floor(Date.now() / 1000)}.${100000 + i}`}), {url: w.replicas[i % 2].url})));
    assert.deepEqual(answers.map(a => a.status), Array(BURST).fill(200), 'taken');
    await until('all of them to wait', async () => await w.count('run', "state = 'parked'") === BURST, 120000);
    assert.equal(await w.count('login', ANA) - logins, 1, 'one login');
    await w.idle(60000);
    const prompts = (await ana.messages()).filter(m => m.is_bot && /^Log in to Salesforce again/.test(words(m)));
    assert.equal(prompts.length, 1, 'one prompt');
    assert.equal(await w.count('connection', `${ANA} and state = 'needs_login'`), 1);
    await ana.say(await ana.browse(prompts[0]));
    await until('all of them to be done', async () => await w.count('run', "state = 'done'") === was + BURST, 120000);
    assert.equal(await w.count('login', ANA) - logins, 1, 'still one');
  });
});
