// docs/hooks.md: its calls make the hooks, each of its bodies is one that a PUT takes, and what it sends by hand is an
// event, once.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {codeOf, manual} from '../lib/docs.mjs';
import {openDoor, shellFor} from '../lib/docs_shell.mjs';
import {startService} from '../lib/service.mjs';
import {W, openapi} from './support.mjs';

const pages = manual('docs/hooks.md');
const bodies = codeOf('docs/hooks.md').filter(c => /^\{"kind"/.test(c.text));
const SAMPLES = {'"00D..."': '"00Dx0000000BV7zEAG"', '"primary_key": "..."': '"primary_key": "sample-primary-key"', '"secondary_key": "..."': '"secondary_key": "sample-secondary-key"'};

describe('docs/hooks.md', () => {
  let service, door;
  const beside = (t, env = {}) => shellFor(t, {door, env: {TOKEN: service.token, ...env}, samples: {'https://workbot.example.com': door.url}});
  const put = async (name, body) => {
    const {status, json, text} = await service.api('PUT', `${W}/hooks/${name}`, body);
    assert.equal(status, 201, text);
    return json;
  };
  /** The status that a curl of the page prints, with this hook's address and secret. */
  const send = async (t, words, {url, secret}) => {
    const {out} = await beside(t, {HOOK_URL: url, HOOK_SECRET: secret}).run(pages.block(words));
    return Number(out.trim().split('\n').at(-1).slice(-3));
  };
  const events = async () => (await service.database.query("select count(*)::int as n from job where kind = 'hook_event'"))[0].n;
  before(async () => {
    service = await startService();
    door = await openDoor(service.url, openapi);
    assert.equal((await service.api('PUT', W, {name: 'Acme'})).status, 201);
  });
  after(async () => {
    door?.close();
    await service?.stop();
  });

  test('a hook is made, and its secret rotated; what is sent by hand is an event', async t => {
    const there = beside(t);
    const made = door.judge((await there.run(pages.block('"kind": "servicenow"'))).calls);
    const rotated = door.judge((await there.run(pages.block('"overlap_s"'))).calls);
    const hook = {url: made.url, secret: made.secret};
    assert.notEqual(rotated.secret, made.secret);
    assert.deepEqual([await send(t, 'X-Workbot-Secret', hook), await events()], [200, 1]);
    assert.deepEqual([await send(t, 'X-Workbot-Secret', {...hook, secret: rotated.secret}), await events()], [200, 1], 'the same id');
    assert.equal(await send(t, 'X-Workbot-Secret', {...hook, secret: 'wrong'}), 401);
  });

  test('a signed message: the HMAC of the page is the one that is wanted', async t => {
    const body = JSON.parse(bodies.find(b => b.text.includes('X-Hub-Signature-256')).text);
    const hook = await put('signed', body), before = await events();
    assert.deepEqual([await send(t, 'openssl dgst', {url: hook.url, secret: body.secret}), await events()], [200, before + 1]);
    assert.deepEqual([await send(t, 'openssl dgst', {url: hook.url, secret: body.secret}), await events()], [200, before + 1], 'it does nothing again');
    assert.equal(await send(t, 'openssl dgst', {url: hook.url, secret: 'another'}), 401);
  });

  for (let [n, {line, text}] of bodies.entries()) {
    test(`docs/hooks.md:${line}: a PUT takes ${text.split('\n')[0]}`, () => {
      for (const [from, to] of Object.entries(SAMPLES)) text = text.replaceAll(from, to);
      return put(`sample-${n}`, JSON.parse(text));
    });
  }

  test('every command of this page was run', () => pages.allRun());
});
