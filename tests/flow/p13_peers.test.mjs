// P13: one provider that is slow or dead keeps no other app and no other workspace waiting. Salesforce stands behind a
// door of this test's own (`between`), which counts what comes and holds, or drops, as many answers as it likes.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, GLOBEX, loginUrl, start, until, words} from '../lib/flow.mjs';

const BOX = {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret'};
const FILE = '8018809384';
const FINDS = ['a', 'b', 'c', 'd']; // of one command at most four at once run for one person
const WORKERS = 16, SHARE = 10; // of 14 that run commands; one workspace alone may have 12
const IN_A_ROW = 8, REST_MS = 2000; // so many calls without an answer, and it rests so long at first

/** Acme with Ana in Salesforce and Cleo in Box; Globex with Gina. */
async function world() {
  const w = await start({between: true, globex: true, env: {WORKBOT_WORKERS: String(WORKERS)}});
  try {
    await w.putConnection(ACME, 'acme-box', {app: 'box', host: w.hosts.box, ...BOX, assurance: 'code', account_match: 'off'});
    await w.putRecipe(ACME, {name: 'box-file', title: 'A file', command: 'box file', allow: 'everyone',
      connections: {box: {use: 'acme-box', verify_user_access: true}}, inputs: [{name: 'id'}],
      steps: [{id: 'one', connection: 'box', action: 'file_info', with: {id: '{{inputs.id}}'}}], reply: {text: 'It is {{steps.one.name}}'}});
    for (const n of FINDS) {
      await w.putRecipe(ACME, {name: `find-${n}`, title: `Find ${n}`, command: `find ${n}`, allow: 'everyone',
        connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [{name: 'name'}],
        steps: [{id: 'one', connection: 'salesforce', action: 'query',
          with: {soql: 'SELECT Id, Name FROM Opportunity WHERE Name LIKE :name LIMIT 5', values: {name: '{{inputs.name}}'}}}], reply: {text: '{{steps.one.total}} found'}});
    }
    const [ana, cleo, gina] = [w.person('ana'), w.person('cleo'), w.person('gina', 'T0GLOBEX1')];
    await ana.connect();
    const prompt = await cleo.prompt('connect acme-box');
    await cleo.ask(await cleo.browse(prompt), /is connected/);
    await gina.ask('help', /What can I do/);
    await w.idle();
    return {w, ana, cleo, gina};
  } catch (e) {
    await w.stop().catch(() => {});
    throw e;
  }
}

const held = async (w, reason) => {
  const text = await (await fetch(w.replicas[0].opsUrl + '/metrics')).text();
  return Number(new RegExp(`^workbot_upstream_held_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
};
/** All that waits is tried at once, as often as anybody likes. */
const later = w => w.query("update job set run_at = now(), attempts = 0 where state = 'queued' and run_at > now()");
const FOUND = "state = 'done' and recipe like 'find-_'";
const unfinished = w => w.count('run', "state in ('queued', 'running')");

let typed = 0; // no two messages of one second have one ts: the second would be the first one again

async function commands(w, count) {
  const at = Math.floor(Date.now() / 1000);
  for (let i = 0; i < count; i++) {
    const {status} = await w.signed('/slack/events', w.dm(`find ${FINDS[i % FINDS.length]} name: many${i}`, {ts: `${at}.${300000 + typed++}`}));
    assert.equal(status, 200);
  }
}

async function othersAreServed({ana, cleo, gina}) {
  await cleo.ask(`box file id: ${FILE}`, /It is contract\.pdf/);
  await gina.ask('help', /What can I do/);
  await ana.ask('help', /What can I do/);
}

const allDone = w => until('all commands to be done', async () => {
  await later(w);
  return await unfinished(w) === 0;
}, 60000);

describe('P13 a slow provider', () => {
  const COMMANDS = 40;
  let all, w;
  before(async () => {
    all = await world();
    w = all.w;
  });
  after(() => w?.stop());

  test('P13 a provider that does not answer holds its share of the workers, and the rest serve others', async () => {
    w.answers.hold(/\/query/);
    await commands(w, COMMANDS);
    await until('its share of the workers to wait for it', () => w.answers.held() === SHARE);
    await until('one more to be told no', async () => await held(w, 'full') > 0);
    await othersAreServed(all);
    assert.equal(w.answers.held(), SHARE, 'that while all of them waited, and no more of them than that');
    assert.equal(await held(w, 'rests'), 0, 'a peer that is only slow does not rest');
    w.answers.release();
    await allDone(w);
    assert.equal(await w.count('run', FOUND), COMMANDS);
  });

  test('P11 a command that was old when it was first looked at says once that it still waits', async () => {
    await w.query(`create function old() returns trigger language plpgsql as $$ begin new.created_at := now() - interval '1 minute'; return new; end $$;
      create trigger old before insert on job for each row when (new.kind = 'run') execute function old()`);
    w.answers.hold(/\/query/);
    await commands(w, COMMANDS);
    await all.ana.sees(/^Still working on Find [a-d]\.[^]*I try again in 10 seconds/);
    const full = await held(w, 'full');
    await until('all that wait to look again', async () => {
      await later(w);
      return await held(w, 'full') >= full + 3 * COMMANDS;
    });
    assert.equal(await w.count("message m join run r on r.message_id = m.id and r.state in ('queued', 'running')", 'm.version > 1'), 0);
    w.answers.release();
    await w.query('drop trigger old on job');
    await allDone(w);
  });
});

describe('P13 a dead provider', () => {
  const COMMANDS = 12;
  let all, w;
  before(async () => {
    all = await world();
    w = all.w;
  });
  after(() => w?.stop());

  test('P13 a provider that is dead rests, is tried by one call alone, and is well again', async () => {
    const came = w.answers.die();
    await commands(w, COMMANDS);
    await until('it to rest', async () => await held(w, 'rests') > 0);
    const first = came.length;
    assert.ok(first >= IN_A_ROW && first <= COMMANDS, `${first} calls found out`);

    // everything is tried again all the time, and still it is asked once a rest, each longer than the last
    await until('two calls to try it', async () => {
      await later(w);
      return came.length >= first + 2;
    });
    const [tried, again] = [came[first] - came[first - 1], came[first + 1] - came[first]];
    assert.ok(tried >= REST_MS - 100, `tried after ${tried} ms`);
    assert.ok(again >= 2 * REST_MS - 100, `again after ${again} ms`);
    await othersAreServed(all);
    assert.equal(came.length, first + 2, 'it was not asked meanwhile');

    // it lives again, and one call alone finds out, however long that takes
    w.answers.hold(/\/query/);
    w.answers.live();
    const before = await held(w, 'rests');
    await until('one call to try it', async () => {
      await later(w);
      return w.answers.held() === 1;
    });
    await until('others to be told that it rests', async () => {
      await later(w);
      return await held(w, 'rests') >= before + COMMANDS;
    });
    await othersAreServed(all);
    assert.equal(w.answers.held(), 1);
    assert.equal(came.length, first + 2);

    w.answers.release();
    await allDone(w);
    assert.equal(await w.count('run', FOUND), COMMANDS);
    const rested = await held(w, 'rests');
    await all.ana.ask('find a name: after', m => /0 found/.test(words(m)));
    assert.equal(await held(w, 'rests'), rested, 'and all calls go through');
  });
});

/** An app of our own, at one host for all: it gives tokens to everybody, and no answer to those in `cut`. */
async function sharedApp() {
  const cut = new Set(), cuts = [];
  const server = http.createServer((req, res) => {
    const url = new URL(req.url, 'http://app');
    const send = (body, status = 200, headers = {}) => res.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body));
    req.resume().on('end', () => {
      if (url.pathname === '/auth') send({}, 302, {location: `${url.searchParams.get('redirect_uri')}?code=one&state=${url.searchParams.get('state')}`});
      else if (url.pathname === '/token') send({access_token: randomBytes(6).toString('hex'), refresh_token: 'sample-refresh', token_type: 'bearer', expires_in: 3600});
      else if (url.pathname === '/me') send({sub: 'one', name: 'One', email: 'one@example.com'});
      else if (!cut.has(req.headers.authorization)) send({name: 'there', by: req.headers.authorization});
      else {
        cuts.push(Date.now());
        res.destroy();
      }
      if (url.pathname === '/data') server.last = req.headers.authorization;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {server, cut, cuts, host: `127.0.0.1:${server.address().port}`};
}

const SHARED = {
  name: 'shared', title: 'Shared', hosts: {names: ['shared.example']}, client_auth: 'post',
  authorize: {url: 'https://{host}/auth', scopes: [{name: 'openid', words: 'See who you are'}]},
  token: {url: 'https://{host}/token'}, revoke: {url: 'https://{host}/revoke', token: 'refresh', auth: 'client'},
  identity: {path: '/me', key: [{path: 'sub'}], name: 'name', email: 'email'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}},
  actions: {look: {title: 'Look', inputs: {}, requests: [{path: '/data', success: [200]}], output: {name: 'answer.name'}}},
};

describe('P13 a host that several workspaces use', () => {
  const COMMANDS = 12, LOOKS = 6;
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  let w, ana, gina, app;
  before(async () => {
    app = await sharedApp();
    writeFileSync(join(dir, 'shared.json'), JSON.stringify(SHARED));
    w = await start({globex: true, trusted: [app.host], env: {WORKBOT_APPS_DIR: dir, WORKBOT_WORKERS: String(WORKERS)}});
    [ana, gina] = [w.person('ana'), w.person('gina', 'T0GLOBEX1')];
    for (const [workspace, person] of [[ACME, ana], [GLOBEX, gina]]) {
      await w.putConnection(workspace, 'shared', {app: 'shared', host: app.host, client_id: 'workbot', client_secret: 'sample-secret', assurance: 'code', account_match: 'off'});
      for (const n of FINDS) {
        await w.putRecipe(workspace, {name: `look-${n}`, title: 'Look', command: `look ${n}`, allow: 'everyone', inputs: [],
          connections: {it: {use: 'shared', verify_user_access: true}}, steps: [{id: 'one', connection: 'it', action: 'look', with: {}}],
          reply: {text: 'It is {{steps.one.name}}'}});
      }
      const prompt = await person.prompt('connect shared');
      await person.browser.get(loginUrl(prompt));
      await person.browser.submit();
      await person.ask(person.browser.code, /is connected/);
    }
    await w.idle();
  });
  after(async () => {
    await w?.stop();
    app?.server.closeAllConnections();
    app?.server.close();
    rmSync(dir, {recursive: true});
  });

  test('P13 calls that fail for one workspace rest for it alone, and a rest uses up no attempt', async () => {
    await ana.ask('look a', /It is there/);
    app.cut.add(app.server.last);
    const at = Math.floor(Date.now() / 1000);
    for (let i = 0; i < COMMANDS; i++) {
      await w.signed('/slack/events', w.dm(`look ${FINDS[i % FINDS.length]}`, {ts: `${at}.${400000 + i}`}));
    }
    await until('her calls to rest', async () => await held(w, 'rests') > 0);
    await gina.ask('look a', /It is there/);
    const [before, cuts] = [await held(w, 'rests'), app.cuts.length];
    await until('many to be told so', async () => {
      await w.query("update job set run_at = now() where kind = 'run' and state = 'queued' and run_at > now()");
      return await held(w, 'rests') >= before + LOOKS * COMMANDS;
    });
    const tried = app.cuts.length - cuts; // each by one call, which is an attempt
    const {most} = await w.one("select max(attempts)::int as most from job where kind = 'run'");
    assert.ok(most <= 2 + tried, `${most} attempts, and it was asked ${tried} times`);
    await gina.ask('look b', /It is there/);
    assert.equal(await w.count('run', "state = 'failed'"), 0);
    app.cut.clear();
    await until('all commands to be done', async () => {
      await w.query("update job set run_at = now() where kind = 'run' and state = 'queued' and run_at > now()");
      return await unfinished(w) === 0;
    }, 60000);
    assert.equal(await w.count('run', "state = 'done' and recipe like 'look-_'"), COMMANDS + 3);
  });
});
