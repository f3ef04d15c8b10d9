// P13: a slow or failing app slows nobody else, and the webhook acknowledgement least of all.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {SLOWNESS, Browser, loginUrl, start, until, words} from '../lib/flow.mjs';

const SLOW_MS = process.env.WORKBOT_TEST_LONG ? 10000 : 5000;
// The app keeps five grants of one person: of more logins at once some find their own ended, while it is exchanged or
// when the app is asked whose it is.
const ENDS = [200, 410, 502, 503];

describe('P13 slow', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start({globex: true});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.connect();
    await cleo.connect();
  });
  after(() => w?.stop());

  test('P13 the app is slow for Ana: her next words and Cleo\'s commands are done before hers', async () => {
    await w.fault('slow', {path: '/query', delay_ms: SLOW_MS});
    const slow = await ana.say('salesforce find opportunity name: slow');
    await until('the slow call to be under way', async () => await w.fired('slow') === 1);
    const waiting = async () => !(await ana.messages()).some(m => m.ts > slow.ts && /found/.test(words(m)));
    for (let i = 0; i < 5; i++) {
      const said = await cleo.ask('salesforce find opportunity name: quick', /0 found/);
      assert.ok(said);
    }
    await ana.ask('help', /What can I do/);
    await ana.ask('salesforce create opportunity name: Meanwhile close: 2026-12-31', /Created Meanwhile/);
    const gus = await w.signed('/slack/events', w.dm('help'));
    assert.equal(gus.status, 200);
    assert.ok(await waiting(), 'all of that before the slow call ended');
    await ana.sees(m => m.ts > slow.ts && /0 found/.test(words(m)));
  });

  test('P13 many slow commands of one workspace leave the other one its turn', async () => {
    const gina = w.person('gina', 'T0GLOBEX1');
    await gina.ask('help', /What can I do/);
    await w.fault('slow', {path: '/query', times: 60, delay_ms: 2500});
    const at = Math.floor(Date.now() / 1000);
    await Promise.all(Array.from({length: 60}, (_, i) => w.signed('/slack/events', w.dm('salesforce find opportunity name: many', {ts: `${at}.${200000 + i}`}))));
    await until('as many as may run at once to be under way', async () => await w.fired('slow') >= 4);
    await gina.ask('help', /What can I do/);
    assert.ok(await w.count('run', "state in ('queued', 'running')") > 0, 'while the others still wait');
    await w.sandbox('DELETE', '/_faults');
    await until('all of them to be done', async () => await w.count('run', "state in ('queued', 'running')") === 0);
  });
});

describe('P13 urgent', () => {
  const COMMANDS = 30, MESSAGES = 5;
  let w, ana, cleo;
  before(async () => {
    w = await start({env: {WORKBOT_WORKERS: '1'}}); // what comes is more than can be done
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await ana.ask('help', /What can I do/);
    await cleo.ask('help', /What can I do/);
    await w.idle();
  });
  after(() => w?.stop());

  test('P13 many slash commands, which go first, leave the messages of their workspace a turn', async () => {
    const since = (await w.one('select now()::text as t')).t;
    const gate = await w.gate('nobody_claims', 'update', 'job', "new.state = 'running' and old.state = 'queued'");
    await Promise.all(Array.from({length: COMMANDS}, () => ana.command('help')));
    await Promise.all(Array.from({length: MESSAGES}, () => cleo.say('help')));
    await gate.release();
    const ended = () => w.query("select kind from job where kind in ('slack_command', 'slack_event') and state = 'done' and created_at > $1::timestamptz order by ended_at", [since]);
    await until('all of them to be done', async () => (await ended()).length === COMMANDS + MESSAGES, 30000);
    const order = (await ended()).map(j => j.kind);
    assert.ok(order.slice(0, 2).includes('slack_command'), 'commands go first: ' + order);
    const before = order.slice(0, order.lastIndexOf('slack_event')).filter(k => k === 'slack_command').length;
    assert.ok(before <= 3 * MESSAGES, `${before} commands went before the last message: ${order}`);
  });
});

describe('P13 slow forms', () => {
  const MANY = 24;
  let w, gina;
  before(async () => {
    w = await start({globex: true});
    gina = w.person('gina', 'T0GLOBEX1');
    await gina.ask('help', /What can I do/);
  });
  after(() => w?.stop());

  const form = async (user, team, i) => {
    const payload = {type: 'view_submission', user: {id: user, team_id: team}, team: {id: team},
      view: {id: `V${i}`, hash: `h${i}`, callback_id: 'wb:inputs', private_metadata: '00000000-0000-4000-8000-000000000000', blocks: [], state: {values: {}}}};
    const began = Date.now();
    const {status, text} = await w.signed('/slack/interactions', new URLSearchParams({payload: JSON.stringify(payload)}).toString(), {type: 'application/x-www-form-urlencoded'});
    return {status, text, took: Date.now() - began};
  };

  test('P13 Slack does not say who sent the forms of one workspace: another one\'s are answered', async () => {
    await w.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'slow', path: 'users.info', delay_ms: SLOW_MS, times: -1});
    const slow = Array.from({length: MANY}, (_, i) => form(`U0SLOW${i}`, 'T0ACME001', `s${i}`));
    await until('as many look-ups as may run at once to be under way', async () => await w.fired('slow') >= 4);
    assert.match((await form('U0ANA0001', 'T0GLOBEX1', 'g')).text, /not yours/);
    for (const {status, took} of await Promise.all(slow)) {
      assert.equal(status, 200);
      assert.ok(took < 3000 * SLOWNESS, `answered after ${took} ms`);
    }
    // nobody waits for those any more, and so no thread does
    await w.sandbox('DELETE', '/_faults');
    assert.match((await form('U0BEN0001', 'T0ACME001', 'b')).text, /not yours/);
  });
});

describe('P13 slow logins', () => {
  let w, ana;
  before(async () => {
    w = await start({globex: true});
    ana = w.person('ana');
  });
  after(() => w?.stop());

  test('P13 the app hangs at the code exchange: other pages and the API do not wait for it', async () => {
    const BROWSERS = 9; // more than there are request workers
    const url = loginUrl(await ana.prompt('connect salesforce'));
    const returning = [];
    for (let i = 0; i < BROWSERS; i++) {
      const browser = new Browser();
      const {location} = await browser.logIn(url, 'ana@acme.example', {stop: '/oauth/callback/'});
      returning.push({browser, location});
    }
    await w.fault('slow', {times: -1, delay_ms: SLOW_MS, path: 'oauth2/token'});
    let ended = 0;
    const pages = returning.map(async ({browser, location}) => {
      const {status} = await browser.get(location);
      ended++;
      return status;
    });
    await until('as many exchanges as may run at once to be under way', async () => await w.fired('slow') >= 4);
    assert.equal((await w.api('GET', '/apps')).status, 200);
    assert.equal((await fetch(url)).status, 200);
    assert.equal(ended, 0, 'all of that before the first exchange ended');
    await w.sandbox('DELETE', '/_faults');
    for (const status of await Promise.all(pages)) assert.ok(ENDS.includes(status), String(status));
  });

  test('P13 the app hangs at one workspace\'s code exchanges: a login of another one goes through', async () => {
    const BROWSERS = 12;
    const cleo = w.person('cleo'), gina = w.person('gina', 'T0GLOBEX1');
    const url = loginUrl(await cleo.prompt('connect salesforce'));
    const hers = loginUrl(await gina.prompt('connect salesforce'));
    const returning = [];
    for (let i = 0; i < BROWSERS; i++) {
      const browser = new Browser();
      const {location} = await browser.logIn(url, 'cleo@acme.example', {stop: '/oauth/callback/'});
      returning.push({browser, location});
    }
    const returns = new Browser();
    const {location} = await returns.logIn(hers, 'gina@globex.example', {stop: '/oauth/callback/'});
    await w.fault('slow', {times: 4, delay_ms: SLOW_MS, path: 'oauth2/token'}); // as many as one workspace may hold
    let ended = 0;
    const pages = returning.map(async ({browser, location: to}) => {
      const {status} = await browser.get(to);
      ended++;
      return status;
    });
    await until('as many exchanges as one workspace may hold to be under way', async () => await w.fired('slow') === 4);
    assert.equal((await returns.get(location)).status, 200);
    assert.equal(ended, 0, 'that before the first of the others ended');
    await w.sandbox('DELETE', '/_faults');
    for (const status of await Promise.all(pages)) assert.ok(ENDS.includes(status), String(status));
  });

  test('P13 an app that asks for a day of rest is asked again within ten minutes', async () => {
    await ana.connect();
    await w.fault('5xx', {path: 'oauth2/revoke', retry_after: 86400});
    await ana.say('disconnect salesforce');
    const waits = await until('the revocation to be put off', () => w.one("select extract(epoch from run_at - now())::int as s from job where kind = 'revoke' and attempts = 1 and state = 'queued'"));
    assert.ok(waits.s > 500 && waits.s <= 600, String(waits.s));
  });
});
