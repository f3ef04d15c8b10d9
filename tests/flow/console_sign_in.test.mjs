// The console's door with the chat's own sign-in: whoever signs in must be the very admin whose link it is.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, Browser, TEAMS_ACME, TEAMS_ACME_TENANT, TEAMS_PEOPLE, button, loginUrl, start} from '../lib/flow.mjs';

const BEN = 'T0ACME001/U0BEN0001', ANA = 'T0ACME001/U0ANA0001';
const BACK = '/identity/slack/callback', T_BACK = '/identity/teams/callback';
const CONNECTION = `/workspaces/${ACME}/connections/acme-salesforce`;

let w, ben;
const asked = async (person = ben) => button(await person.ask('console', /The console for/), 'Open the console').url;
const sessions = () => w.count('console_session', 'token_hash is not null and ended_at is null');
const audits = action => w.query('select workspace, actor, detail from audit where action = $1 order by id', [action]);

before(async () => {
  w = await start({teams: true, env: {WORKBOT_SLACK_SIGN_IN: 'on', WORKBOT_TEAMS_SIGN_IN: 'on'}});
  await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [w.url + BACK]}}, teams: {app: {redirect_uris: [w.url + T_BACK]}}});
  ben = w.person('ben');
  await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0BEN0001']});
});
after(() => w?.stop());
beforeEach(async () => {
  await w.sandbox('DELETE', '/_faults');
  await w.query('update console_session set ended_at = now() where ended_at is null');
});

/** Presses the link page's sign-in, up to the platform's answer, which is not followed: its address. */
async function answer(browser, url, who, back = BACK, more = {}) {
  await browser.get(url);
  await browser.submit({}, {stop: back});
  await browser.signIn(who, {...more, stop: back});
  assert.ok(browser.page.location?.includes(back), `${browser.page.status} ${browser.text}`);
  return browser.page.location;
}

describe('P4 the console by Sign in with Slack', () => {
  test('the admin whose link it is is let in, once, and types nothing', async () => {
    const url = await asked(), browser = new Browser();
    await browser.get(url);
    assert.match(browser.text, /Sign in with Slack/);
    assert.match(browser.text, /Show my code/);
    const policy = browser.page.headers.get('content-security-policy');
    assert.ok(policy.includes(`form-action 'self' ${new URL(w.sandboxUrl).origin}`), policy);
    const back = await answer(browser, url, BEN);
    await browser.get(back);
    assert.equal(new URL(browser.page.url).pathname, `/console/workspaces/${ACME}`, browser.text);
    assert.equal(browser.page.status, 200);
    assert.equal(await sessions(), 1);
    assert.deepEqual((await audits('console.signed_in')).at(-1), {workspace: ACME, actor: 'user:U0BEN0001', detail: {by: 'sign_in'}});
    for (const again of [browser, new Browser()]) {
      assert.equal((await again.request('GET', back)).status, 410, 'a state is good once');
      assert.equal((await again.request('GET', url)).status, 410, 'and so is the link');
      assert.equal((await again.request('POST', `${url}/chat`)).status, 410);
    }
    const dump = JSON.stringify(await w.query('select * from console_session'));
    for (const secret of [new URL(back).searchParams.get('state'), ...browser.cookies('127.0.0.1').values()]) {
      if (secret) assert.ok(!dump.includes(secret) && !w.log().includes(secret), 'only digests are stored');
    }
  });

  test('somebody else is let in nowhere, it is on record, and the link stays good for its owner', async () => {
    const url = await asked(), thief = new Browser(), back = await answer(thief, url, ANA), jar = [...thief.cookies('127.0.0.1')];
    await thief.get(back);
    assert.equal(thief.page.status, 403);
    assert.match(thief.text, /another person is signed in.*still works for its owner/);
    for (const [name, value] of jar) thief.cookies('127.0.0.1').set(name, value);
    assert.equal((await thief.request('GET', back)).status, 410, 'spent, whoever came');
    assert.equal(await sessions(), 0);
    assert.deepEqual((await audits('console.other_person')).at(-1).detail, {user: 'U0BEN0001', signed_in_user: 'U0ANA0001', signed_in_team: 'T0ACME001'});
    const own = new Browser();
    await own.get(await answer(own, url, BEN));
    assert.equal(own.page.status, 200, own.text);
    assert.equal(await sessions(), 1);
  });

  test("the answer in another browser, and what another browser has begun, lets nobody in", async () => {
    const url = await asked(), browser = new Browser(), thief = new Browser();
    const back = await answer(browser, url, BEN);
    await thief.request('GET', back);
    assert.equal(thief.page.status, 410);
    // the address that the thief has begun, opened by the owner, who is signed in at Slack
    await thief.get(url);
    await thief.submit({}, {stop: 'openid/connect/authorize'});
    await browser.get(thief.page.location, BACK);
    await browser.signIn(BEN, {stop: BACK});
    const lured = browser.page.location;
    assert.equal((await browser.request('GET', lured)).status, 410);
    assert.equal((await thief.request('GET', new URL(lured).href.replace(/code=[^&]*/, 'code=x'))).status, 503, 'a code that is none');
    assert.equal(await sessions(), 0);
    await browser.get(back);
    assert.equal(browser.page.status, 200, `what the thief did voided nothing: ${browser.text}`);
    assert.equal(await sessions(), 1);
  });

  test('whoever else has the link voids neither its code nor its sign-in, and does not use it up', async () => {
    const thief = new Browser(), press = async (url, times) => {
      for (let i = 0; i < times; i++) {
        await thief.get(url);
        await thief.submit({}, {stop: 'openid/connect/authorize'});
      }
    };
    const url = await asked(), browser = new Browser();
    await press(url, 6);
    await browser.get(url);
    await browser.submit({}, {n: 1}); // Show my code
    const {code} = browser;
    assert.ok(code, browser.text);
    await press(url, 6);
    await ben.ask(`console ${code}`, /That browser is yours/);
    await browser.submit();
    assert.equal(new URL(browser.page.url).pathname, `/console/workspaces/${ACME}`, browser.text);
    // nor where the thief was the first to show a code: that claims the link's code, and not the sign-in
    const other = await asked(), own = new Browser();
    await thief.get(other);
    await thief.submit({}, {n: 1});
    assert.ok(thief.code, thief.text);
    await own.get(other);
    assert.equal((await own.request('POST', other)).status, 410);
    const back = await answer(own, other, BEN);
    await press(other, 6);
    await own.get(back);
    assert.equal(new URL(own.page.url).pathname, `/console/workspaces/${ACME}`, own.text);
    assert.equal(await sessions(), 2);
    assert.equal((await thief.request('POST', `${other}/enter`)).status, 410);
  });

  test('a link keeps twenty sign-ins that were begun, however often somebody begins one', async () => {
    const url = await asked(), browser = new Browser();
    for (let i = 0; i < 25; i++) assert.equal((await browser.request('POST', `${url}/chat`)).status, 303);
    assert.deepEqual((await w.one('select cardinality(sign_ins) as kept from console_session where token_hash is null and ended_at is null')).kept, 20);
    await browser.get(await answer(browser, url, BEN));
    assert.equal(browser.page.status, 200, browser.text);
  });

  for (const fault of ['nonce', 'aud', 'signature']) {
    test(`an id token that proves nobody: ${fault}`, async () => {
      const url = await asked(), browser = new Browser();
      await w.fault(`id_token_${fault}`, {peer: 'slack'});
      await browser.get(await answer(browser, url, BEN));
      assert.equal(browser.page.status, 503);
      assert.match(browser.text, /Nobody was let in|nobody was let in/);
      assert.equal(await sessions(), 0);
    });
  }

  test('declined at Slack; who is no admin any more; ten minutes; the code goes on to work', async () => {
    const url = await asked(), browser = new Browser();
    await browser.get(url);
    const state = new URL((await browser.submit({}, {stop: 'openid/connect/authorize'})).location).searchParams.get('state');
    await browser.request('GET', `${w.url}${BACK}?state=${state}&error=access_denied`);
    assert.match(browser.text, /You are not signed in/);
    const back = await answer(browser, url, BEN);
    await w.query("update console_session set link_expires_at = now() - interval '1 second' where token_hash is null");
    assert.equal((await browser.request('GET', back)).status, 410);
    const second = await answer(browser, await asked(), BEN);
    await w.must('PUT', `/workspaces/${ACME}`, {installer: 'U0ANA0001', admins: []});
    assert.equal((await browser.request('GET', second)).status, 410);
    await w.must('PUT', `/workspaces/${ACME}`, {installer: 'U0BEN0001', admins: []});
    assert.equal(await sessions(), 0);
    const next = await asked();
    await browser.get(next);
    await browser.submit({}, {n: 1});
    await ben.ask(`console ${browser.code}`, /That browser is yours/);
    await browser.submit();
    assert.equal(new URL(browser.page.url).pathname, `/console/workspaces/${ACME}`, browser.text);
    assert.equal(await sessions(), 1);
  });

  test("no state of a login, a try or the door passes for another's", async () => {
    const url = await asked(), browser = new Browser();
    const door = new URL(await answer(browser, url, BEN)), state = door.searchParams.get('state');
    assert.match(state, /^way[0-9a-f]{80}$/);
    await w.must('PUT', CONNECTION, {assurance: 'sign_in'});
    const prompt = await w.person('ana').prompt('connect salesforce');
    await browser.get(loginUrl(prompt));
    await browser.submit({}, {stop: BACK});
    await browser.signIn(BEN, {stop: BACK});
    const login = new URL(browser.page.location).searchParams.get('state');
    const jar = browser.cookies('127.0.0.1');
    for (const [name, value] of [...jar]) {
      for (const prefix of ['wb_state_', 'wb_try_', 'wb_way_']) if (/^wb_(state|way)_/.test(name)) jar.set(name.replace(/^wb_(state|way)_/, prefix), jar.get(name.replace(/^wb_(state|way)_/, prefix)) ?? value);
    }
    for (const bad of [state.slice(3), `try${state.slice(3)}`, `way${login}`, `try${login}`]) {
      await browser.request('GET', `${w.url}${BACK}?state=${bad}&code=x`);
      assert.ok([303, 410].includes(browser.page.status), `${bad}: ${browser.page.status}`);
      if (browser.page.status === 303) assert.match(browser.page.location, /\/console\?next=setup$/, 'a try, of nobody');
    }
    assert.equal((await browser.request('GET', `${w.url}${T_BACK}?state=${state}&code=x`)).status, 410, "on the other platform's path");
    assert.equal(await sessions(), 0);
    assert.equal(await w.count('connection', "user_id = 'U0ANA0001' and state = 'active'"), 0);
    await browser.get(door.href);
    assert.equal(browser.page.status, 200, browser.text);
    assert.equal(await sessions(), 1, 'nothing of it was spent');
  });
});

test('P4 the console by Entra: the very person at the very tenant', async () => {
  const tben = w.teamsPerson('ben');
  const url = await asked(tben), browser = new Browser(), who = name => `${TEAMS_ACME_TENANT}/${TEAMS_PEOPLE[name]}`;
  await browser.get(url);
  assert.match(browser.text, /Sign in with Microsoft/);
  const thief = new Browser();
  await thief.get(await answer(thief, url, who('ana'), T_BACK));
  assert.equal(thief.page.status, 403, thief.text);
  await browser.get(await answer(browser, url, who('ben'), T_BACK));
  assert.equal(new URL(browser.page.url).pathname, `/console/workspaces/${TEAMS_ACME}`, browser.text);
});
