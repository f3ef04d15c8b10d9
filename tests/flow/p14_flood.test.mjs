// P14: what strangers and apps send takes a bounded part of the process, before and after it is whole.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {after, before, describe, test} from 'node:test';
import {ACME, words} from '../lib/flow.mjs';
import {startPlain} from '../lib/plain_app.mjs';

const skip = (process.env.ASAN_OPTIONS || process.env.TSAN_OPTIONS) && 'a sanitizer keeps what was freed';

describe('P14 floods', () => {
  let world, w, app;
  before(async () => {
    ({w, app} = world = await startPlain());
    await w.idle();
  });
  after(() => world?.stop());

  const proc = name => `/proc/${w.replicas[0].child.pid}/${name}`;
  /** A figure of the service's process in MB. */
  const figure = name => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(proc('status'), 'utf8'))[1]) / 1024;
  /** From now on: how many MB more it held at most, by the function that is given back. */
  function grown() {
    writeFileSync(proc('clear_refs'), '5'); // VmHWM begins anew
    const before = figure('VmRSS');
    return () => figure('VmHWM') - before;
  }

  /** Hundredths of a second that it has worked. */
  const used = () => readFileSync(proc('stat'), 'utf8').replace(/^.*\) /, '').split(' ').slice(11, 13).reduce((sum, x) => sum + Number(x), 0);

  /** A POST of which `part` bytes are sent at once, and the rest of `length` by `finish`, which gives the status. */
  function post(path, length, part, fill = 'x', headers = '') {
    const socket = net.connect(w.replicas[0].port, '127.0.0.1');
    let text = '';
    const status = new Promise((done, fail) => {
      socket.on('data', d => {
        text += d;
        if (text.includes('\r\n\r\n')) done(Number(text.split(' ')[1]));
      }).on('error', fail).on('close', () => fail(new Error(`closed with ${JSON.stringify(text)}`)));
    });
    status.catch(() => {});
    const sent = new Promise(done => socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${headers}\r\n` + fill.repeat(part), done));
    const finish = async () => {
      socket.write(fill.repeat(length - part));
      try { return await status; } finally { socket.destroy(); }
    };
    return {sent, finish};
  }

  test('120 bodies that do not end hold no more than the budget, and an event gets through', {skip}, async () => {
    const growth = grown();
    const flood = Array.from({length: 120}, () => post('/slack/events', 960 * 1024, 950 * 1024));
    await Promise.all(flood.map(x => x.sent));
    assert.equal((await w.signed('/slack/events', w.dm('help'))).status, 200);
    const answers = await Promise.all(flood.map(x => x.finish()));
    const took = growth();
    assert.ok(took < 80, `it took ${took} MB`);
    assert.ok(answers.every(s => s === 401 || s === 503), answers.join());
    assert.ok(answers.includes(503), 'not all of them fit');
    assert.equal((await w.signed('/slack/events', w.dm('help'))).status, 200);
  });

  test('an editor\'s form of nobody takes little more than its size, whatever stands in it', {skip}, async () => {
    const length = 780 * 1024, form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    for (const [what, fill, status] of [['empty pairs', '&', 400], ['one long name', 'x', 401]]) {
      const growth = grown(), cpu = used();
      const answers = await Promise.all(Array.from({length: 8}, () => post('/console/workspaces/x/recipes', length, 0, fill, form).finish()));
      const took = growth();
      assert.ok(took < 80, `${what} took ${took} MB`);
      assert.ok(used() - cpu < 100, `${what} took ${used() - cpu} hundredths of a second`);
      assert.deepEqual(answers, Array(8).fill(status), what);
    }
  });

  test('an app\'s answer of four megabytes of nothing is not made into anything, good or refused', {skip}, async () => {
    await w.putRecipe(ACME, {name: 'who', title: 'Who', command: 'plain who', allow: 'everyone', inputs: [], connections: {it: {use: 'my-plain', verify_user_access: true}},
      steps: [{id: 'who', connection: 'it', action: 'who', with: {}}], reply: {text: 'You are {{steps.who.name}}'}});
    const ana = w.person('ana');
    await app.login(ana, 'ana');
    for (const status of [200, 400]) {
      Object.assign(app, {status, extra: {rows: Array(1.3e6).fill({})}});
      const growth = grown();
      const reply = words(await ana.ask('plain who', /did not work|You are ana/));
      const took = growth();
      assert.ok(took < 60, `${status} took ${took} MB`);
      assert.match(reply, status === 200 ? /in a way that I do not understand/ : /did not work/);
    }
  });

  test('a large answer within the bound stands once, in its output', {skip}, async () => {
    Object.assign(app, {status: 200, extra: {rows: Array.from({length: 6500}, (_, i) => ({attributes: {type: 'Opportunity', url: `/services/data/v60.0/sobjects/Opportunity/${i}`},
      ...Object.fromEntries(Array.from({length: 20}, (_, k) => [`f${k}`, k]))}))}});
    const growth = grown();
    await w.person('ana').ask('plain who', /You are ana/);
    const took = growth();
    assert.ok(took < 100, `it took ${took} MB`);
  });

  const recipe = (action, steps) => w.putRecipe(ACME, {name: 'who', title: 'Who', command: 'plain who', allow: 'everyone', inputs: [], connections: {it: {use: 'my-plain', verify_user_access: true}},
    steps: Array.from({length: steps}, (_, i) => ({id: `s${i}`, connection: 'it', action, with: {}})), reply: {text: 'You are {{steps.s0.name}}'}});

  test('what the steps of a run hold has a bound, and what they only read is given back', {skip}, async () => {
    const ana = w.person('ana');
    for (const [action, reply] of [['who', /answer more to this command than one may hold/], ['touch', /You are ana/]]) {
      await recipe(action, 10);
      const growth = grown();
      assert.match(words(await ana.ask('plain who', /did not work|You are ana/)), reply);
      const took = growth();
      assert.ok(took < 150, `${action} took ${took} MB`);
    }
  });

  test('a write whose result is more than a run may hold is done, and the run says so and stops', async () => {
    await recipe('touch', 6);
    Object.assign(app, {status: 200, extra: {name: 'x'.repeat(4e6)}, calls: []});
    const said = words(await w.person('ana').ask('plain who', /did not work/));
    assert.match(said, /answer more to this command than one may hold/);
    assert.equal(app.writes().length, 5);
    const {items: [{id}]} = await w.must('GET', `/workspaces/${ACME}/runs?limit=1`);
    const run = await w.must('GET', `/workspaces/${ACME}/runs/${id}`);
    assert.deepEqual([run.state, ...run.steps.map(s => s.state)], ['failed', ...Array(5).fill('done')]);
  });
});
