// What apps tell of their own accord, from the senders' side (P1, P13): the sandbox sends as Salesforce,
// ServiceNow and Box do, with their proofs, their retries, and what they take for an answer.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, ROOT, start, until} from '../lib/flow.mjs';

const ORGANIZATION = '00D0000000ACME1EAG';
const ROUNDS = process.env.WORKBOT_TEST_LONG ? 10 : 2;
const put = (w, name, body) => w.must('PUT', `/workspaces/${ACME}/hooks/${name}`, body);
const outbound = (w, name) => put(w, name, {kind: 'salesforce_outbound', organization_id: ORGANIZATION});
const notes = (prefix, count) => Array.from({length: count}, (_, i) => ({id: `${prefix}${i}`, fields: {Name: `Deal ${i} & Söhne`, Amount: 1200.5, NextStep: null}}));
const hook = (w, body) => w.sandbox('POST', '/_hook', body);
const events = async (w, key) => (await w.db.query("select state, payload from job where kind = 'hook_event' and key2 like $1", [`hook:%:${key}%`])).rows;
/** All with this key were acted on, each by one row. */
const acted = (w, key, count) => until(`${count} events ${key} to be acted on`, async () => {
  const rows = await events(w, key);
  assert.ok(rows.length <= count, `${rows.length} rows of ${key}, not ${count}`);
  return rows.length === count && rows.every(r => r.state === 'done');
});

describe('P1 apps', () => {
  let w, deals, box, plain;
  before(async () => {
    w = await start({replicas: 2, env: {WORKBOT_TTL_LEASE: '6s'}});
    deals = await outbound(w, 'deals');
    box = await put(w, 'box', {kind: 'box', primary_key: 'sample-box-primary-key', secondary_key: 'sample-box-secondary-key'});
    plain = await put(w, 'plain', {kind: 'json', event_id: {path: 'id'}});
  });
  after(() => w?.stop());

  test('apps_trap_17_repeated P1 a message of a hundred notifications, told again and again, acts once for each', async () => {
    const r = await hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: ORGANIZATION, session: true, times: 4, notifications: notes('04lmany', 100)});
    assert.equal(r.attempts.length, 4);
    assert.ok(r.attempts.every(a => a.taken), JSON.stringify(r.attempts.map(a => [a.status, a.answer])));
    await acted(w, '04lmany', 100);
    assert.ok((await events(w, '04lmany')).every(e => e.payload === null), 'what was done is kept no longer');
  });

  test('apps_trap_17_other_organization P1 a message of another organisation is never taken, however often it comes', async () => {
    const r = await hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: '00D0000000GLOBXEAG', attempts: 3, wait_ms: 10, notifications: notes('04lother', 1)});
    assert.deepEqual([r.taken, r.attempts.map(a => a.status)], [false, [401, 401, 401]]);
    assert.equal((await events(w, '04lother')).length, 0);
  });

  test('P1 the same message at both replicas in the same moment acts once', async () => {
    for (let i = 0; i < 5; i++) {
      const urls = w.replicas.flatMap(r => [r, r]).map(r => deals.url.replace(w.url, r.url));
      const answers = await Promise.all(urls.map(url => hook(w, {kind: 'salesforce_outbound', url, organization_id: ORGANIZATION, notifications: notes(`04lrace${i}-`, 20)})));
      assert.ok(answers.every(a => a.taken), JSON.stringify(answers));
    }
    for (let i = 0; i < 5; i++) await acted(w, `04lrace${i}-`, 20);
  });

  test('P1 a replica is killed again and again while Salesforce tries: each notification acts once', async () => {
    const sent = hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: ORGANIZATION, times: 30, attempts: 100, wait_ms: 30, notifications: notes('04lkilled', 10)});
    for (let i = 0; i < ROUNDS; i++) {
      await w.kill(i % 2);
      await w.startReplica(i % 2);
    }
    assert.equal((await sent).taken, true);
    await acted(w, '04lkilled', 10);
  });

  test('apps_trap_16_webhook_retried P1 Box tells an event again under a new delivery id and time: once', async () => {
    const body = {type: 'webhook_event', id: 'box-again', trigger: 'FILE.UPLOADED'};
    const r = await hook(w, {kind: 'box', url: box.url, primary_key: 'sample-box-primary-key', secondary_key: 'sample-box-secondary-key', times: 3, body});
    assert.deepEqual(r.attempts.map(a => a.status), [200, 200, 200]);
    for (const keys of [{primary_key: 'another-key', secondary_key: 'sample-box-secondary-key'}, {primary_key: 'sample-box-primary-key'}]) {
      assert.equal((await hook(w, {kind: 'box', url: box.url, body, ...keys})).taken, true, 'either key is enough');
    }
    await acted(w, 'box-again', 1);
    for (const wrong of [{primary_key: 'a', secondary_key: 'b'}, {primary_key: 'sample-box-primary-key', offset_s: -660}, {primary_key: 'sample-box-primary-key', offset_s: 660}]) {
      const refused = await hook(w, {kind: 'box', url: box.url, body: {...body, id: 'box-never'}, attempts: 2, wait_ms: 10, ...wrong});
      assert.deepEqual([refused.taken, refused.attempts.map(a => a.status)], [false, [401, 401]]);
    }
    assert.equal((await events(w, 'box-never')).length, 0);
  });

  test('P1 a flow, a script and a program of one\'s own', async () => {
    const flow = await put(w, 'flow', {kind: 'json', event_id: {path: 'id'}}), now = await put(w, 'now', {kind: 'servicenow'});
    const signed = await put(w, 'now-signed', {kind: 'servicenow', verify: {by: 'hmac', header: 'X-Signature', encoding: 'base64'}});
    const timed = await put(w, 'timed', {kind: 'json', event_id: {path: 'id'}, verify: {by: 'hmac', header: 'X-Signature', prefix: 'v1=', timestamp_header: 'X-Time'}});
    const sends = [{kind: 'flow', url: flow.url, secret: flow.secret}, {kind: 'servicenow', url: now.url, secret: now.secret},
      {kind: 'servicenow', url: signed.url, hmac: {secret: signed.secret, encoding: 'base64'}},
      {kind: 'plain', url: timed.url, body: {id: 'timed-1'}, hmac: {secret: timed.secret, prefix: 'v1=', timestamp_header: 'X-Time'}}];
    for (const send of sends) {
      for (let i = 0; i < 2; i++) assert.equal((await hook(w, send)).taken, true, JSON.stringify(send));
      assert.equal((await hook(w, {...send, secret: 'wrong', hmac: undefined})).attempts[0].status, 401);
    }
    await acted(w, '006D000000QOMqeIAH:', 1);
    await acted(w, 'e1000000000000000000000000000001:', 2);
    await acted(w, 'timed-1', 1);
  });

  test('P13 hooks whose look-up hangs keep no chat and no page back', async () => {
    const blocker = await w.db.connect();
    await blocker.query('begin');
    await blocker.query('lock table hook in access exclusive mode');
    const told = Promise.all(Array.from({length: 60}, (_, i) => fetch(plain.url, {method: 'POST', body: JSON.stringify({id: 'hung-' + i}),
      headers: {'Content-Type': 'application/json', 'X-Workbot-Secret': plain.secret}}).then(r => r.status)));
    await until('the look-ups to hang', async () => Number((await w.db.query("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")).rows[0].count) > 0);
    for (let i = 0; i < 10; i++) assert.equal((await w.signed('/slack/events', w.dm('help'))).status, 200);
    await w.must('GET', `/workspaces/${ACME}`);
    await blocker.query('rollback');
    blocker.release();
    for (const status of await told) assert.ok([200, 503].includes(status), String(status));
    for (let i = 0; i < 60; i++) {
      assert.equal((await hook(w, {kind: 'plain', url: plain.url, secret: plain.secret, attempts: 20, body: {id: 'hung-' + i}})).taken, true);
    }
    await acted(w, 'hung-', 60);
  });

  test('P1 no 2xx before the commit', async () => {
    const blocker = await w.db.connect();
    await blocker.query('begin');
    await blocker.query('lock table job in access exclusive mode');
    const sent = hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: ORGANIZATION, attempts: 100, wait_ms: 50, notifications: notes('04lblocked', 3)});
    const early = await Promise.race([sent.then(() => 'answered'), new Promise(done => setTimeout(() => done('waiting'), 400))]);
    await blocker.query('rollback');
    blocker.release();
    assert.equal(early, 'waiting');
    assert.equal((await sent).taken, true);
    await acted(w, '04lblocked', 3);
  });

  test('P1 what came while a hook was off is taken when it is on again, as long as the sender tries', async () => {
    await put(w, 'deals', {enabled: false});
    const sent = hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: ORGANIZATION, attempts: 100, wait_ms: 50, notifications: notes('04loff', 1)});
    await until('a refusal', async () => (await w.sandbox('GET', `/_log?peer=salesforce&direction=out`)).entries.some(e => e.status === 404));
    assert.equal((await events(w, '04loff')).length, 0);
    await put(w, 'deals', {enabled: true});
    assert.equal((await sent).taken, true);
    await acted(w, '04loff', 1);
  });
});

describe('P1 apps and one replica', () => {
  let w, deals, dir, postgres;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'workbot-flow-hooks-'));
    postgres = command => execFileSync(join(ROOT, 'tests/tools/postgres.sh'), [command, join(dir, 'pg')], {encoding: 'utf8'}).trim();
    w = await start({pg: postgres('start'), env: {WORKBOT_TTL_LEASE: '6s'}});
    deals = await outbound(w, 'deals');
  });
  after(async () => {
    await w?.stop().catch(() => {});
    postgres('drop');
    rmSync(dir, {recursive: true, force: true});
  });
  const send = more => hook(w, {kind: 'salesforce_outbound', url: deals.url, organization_id: ORGANIZATION, ...more});

  test('P1 kill -9 right after the acknowledgement: all of it still acts, once', async () => {
    for (let i = 0; i < ROUNDS; i++) {
      assert.equal((await send({notifications: notes(`04lafter${i}-`, 50)})).taken, true);
      await w.kill();
      await w.startReplica(0);
    }
    for (let i = 0; i < ROUNDS; i++) await acted(w, `04lafter${i}-`, 50);
  });

  test('P1 without a database nothing is acknowledged; Salesforce tries again and it acts once', async () => {
    postgres('stop');
    const sent = send({attempts: 100, wait_ms: 200, timeout_ms: 8000, notifications: notes('04laway', 5)});
    await until('a try in vain', async () => (await w.sandbox('GET', '/_log?peer=salesforce&direction=out')).entries.some(e => e.status === 503));
    postgres('start');
    const r = await sent;
    assert.equal(r.taken, true);
    assert.ok(r.attempts.slice(0, -1).every(a => a.status !== 200), 'nothing was acknowledged before');
    await acted(w, '04laway', 5);
  });

  test('P1 a power cut of the database after the acknowledgement loses nothing', async () => {
    assert.equal((await send({notifications: notes('04lcut', 20)})).taken, true);
    postgres('kill');
    postgres('start');
    await until('the database', () => w.db.query('select 1').then(() => true, () => false));
    await acted(w, '04lcut', 20);
  });
});
