// How a workspace and the deployment do, as the console shows it: runs by result, how long work waited, what needs
// somebody, and the keys by their ids.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, describe, test} from 'node:test';
import {ACME, ADMIN_TOKEN, Browser, OPPORTUNITY, button, start, until} from '../lib/flow.mjs';

const HOME = `/console/workspaces/${ACME}`;
const HEALTH = `${HOME}/health`;

let w, ben, admin, operator;
const show = async (browser, path) => {
  await browser.get(w.url + path);
  assert.equal(browser.page.status, 200, browser.text);
  return browser.text;
};
/** The job of nobody's lane: it is due, and no worker takes it. */
const stuck = age => w.query("insert into job (workspace, id, kind, behind, run_at) values ($1, gen_random_uuid(), 'run', true, now() - $2::interval)", [ACME, age]);

before(async () => {
  w = await start();
  ben = w.person('ben');
  await w.must('PUT', `/workspaces/${ACME}`, {admins: ['U0BEN0001']});
  admin = new Browser();
  await admin.get(button(await ben.ask('console', /The console for/), 'Open the console').url);
  await admin.submit();
  await ben.ask(`console ${admin.code}`, /That browser is yours/);
  await admin.submit();
  operator = new Browser();
  await operator.get(w.url + '/console');
  await operator.submit({token: ADMIN_TOKEN});
});
after(() => w?.stop());

describe('health of a workspace', () => {
  test('where nothing ran and nothing waits, that is said', async () => {
    const text = await show(admin, HEALTH);
    assert.match(text, /Nothing: the bot, the default connections, the commands of recipes and what hooks started last all work/);
    assert.match(text, /No command was run in the last 24 hours/);
    assert.match(text, /Nothing waits now.*Nothing was seen waiting in the last 24 hours/);
    assert.doesNotMatch(admin.page.html, /<script|style=/);
  });

  test('runs stand in the chart and in the table as what came of them', async () => {
    const ana = w.person('ana');
    await ana.connect();
    await ana.ask(OPPORTUNITY, /Created Acme renewal/);
    await w.person('cleo').prompt(OPPORTUNITY);
    const text = await show(admin, HEALTH), {html} = admin.page;
    assert.match(text, /Begun in the last 24 hours: 1 done, 1 still under way\./);
    const chart = html.slice(html.indexOf('<svg viewBox="0 0 2400'), html.indexOf('</figure>'));
    assert.equal(chart.match(/<g>/g).length, 24);
    for (const part of ['done', 'open']) assert.match(chart, new RegExp(`<rect class="${part}" x="\\d+" y="\\d+" width="72" height="\\d+"/>`));
    assert.equal(html.match(/<th scope="row"/g).length, 24);
    const sums = [...html.matchAll(/<tr><th scope="row"[^>]*>[^<]*<\/th><td>(\d+)<\/td><td>(\d+)<\/td><td>\d+<\/td><td>\d+<\/td><td>(\d+)<\/td>/g)]
      .reduce((all, m) => all.map((n, i) => n + Number(m[i + 1])), [0, 0, 0]);
    assert.deepEqual(sums, [1, 0, 1], 'done, failed, under way');
    for (const [range, bars] of [['week', 7], ['month', 31], ['nonsense', 24]]) {
      await show(admin, `${HEALTH}?range=${range}`);
      assert.equal(admin.page.html.match(/<th scope="row"/g).length, bars, range);
    }
  });

  test('a worker notes what waits when it looks; the page says how long, and what is to be done', async () => {
    await stuck('150 seconds');
    await w.startReplica(); // its janitor looks at once
    const seen = await until('a worker to look', () => w.one('select oldest_s from queue_age where workspace = $1', [ACME]));
    assert.ok(Number(seen.oldest_s) >= 150, seen.oldest_s);
    await w.stopReplica(1);
    w.replicas.pop();
    const text = await show(admin, HEALTH);
    assert.match(text, /One piece of work waits, the oldest for \d+ min\. What to do stands below/);
    assert.match(text, /The longest wait that was seen, in the last 24 hours/);
    assert.match(admin.page.html, /<title>\d\d:00: \d+ min was the longest wait<\/title><rect class="wait"/);
    assert.match(text, /When the wait grows.*tell whoever runs this Workbot: it has too much to do at once/);
    assert.doesNotMatch(text, /WORKBOT_|workbot_/, 'settings are for operators');
    assert.match(await show(operator, HEALTH), /workbot_refused_total.*raise WORKBOT_WORKERS/);
    assert.match(await show(operator, '/console/deployment'), /One piece of work waits, the oldest for \d+ min/);
    await w.query('delete from job where behind');
    assert.match(await show(admin, HEALTH), /Nothing waits now.*The longest wait that was seen/);
    assert.match(await show(operator, '/console/deployment'), /Nothing waits/);
  });

  test('what needs somebody: a bot token that is refused, a connection, a hook whose last run failed', async () => {
    await w.must('PUT', `/workspaces/${ACME}/hooks/deals`, {kind: 'json', secret: 'sample-secret-of-the-deals-hook'});
    await w.must('PUT', `/workspaces/${ACME}/recipes/deal-news`, {title: 'A deal has news', trigger: {hook: 'deals'}, post: {channel: 'C024BE91L'}, reply: {text: 'News'}});
    const run = (state, id) => w.query(`insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, place, channel)
      select $1, $3, $4, 'deal-news', 1, '', $2, inputs, 'channel', 'C024BE91L' from run where workspace = $1 limit 1`, [ACME, state, id, 'WB-HEALTH' + id.at(-1)]);
    const idNow = n => { const ms = (Date.now() + n).toString(16).padStart(12, '0'); return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-00000000000${n}`; };
    const failed = idNow(1);
    await run('failed', failed);
    await w.query("update connection set state = 'needs_attention' where workspace = $1 and user_id = ''", [ACME]);
    await w.query("update workspace set state = 'broken', missing_scopes = '{files:read}' where workspace = $1", [ACME]);
    const text = await show(admin, HEALTH);
    assert.match(text, /The bot The chat does not take the bot's token any more.*Install Workbot again/);
    assert.match(text, /It lacks scopes.*files:read/);
    assert.match(text, /Default connection acme-salesforce The app does not take its login any more.*Needs attention/);
    assert.match(text, /Hook deals What it started last, deal-news \(WB-HEALTH1\), came to nothing/);
    for (const href of ['/slack/install', `${HOME}/connections/acme-salesforce`, `${HOME}/runs/${failed}`]) assert.ok(admin.page.html.includes(`href="${href}"`), href);
    await w.query("update connection set state = 'active' where workspace = $1 and user_id = ''", [ACME]);
    await w.query("update workspace set state = 'active', missing_scopes = '{}' where workspace = $1", [ACME]);
    await run('done', idNow(2));
    assert.match(await show(admin, HEALTH), /Nothing: the bot, the default connections/);
    await w.query("delete from run where recipe = 'deal-news'");
  });
});

describe('a recipe that was stored before its command became a word of Workbot itself', () => {
  test('Health, its own page and `workbot check` name it; switched off or renamed, none of them does', async () => {
    const check = () => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: w.env});
    const named = 'Its command "allow discount" collides with "allow", a word of Workbot itself, which goes first. Give it another command.';
    await w.must('PUT', `/workspaces/${ACME}/recipes/discount`, {title: 'A discount', command: 'grant discount', allow: 'everyone', connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
      steps: [{id: 'one', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id FROM Opportunity LIMIT 1'}}], reply: {text: 'Granted'}});
    assert.doesNotMatch(await show(admin, HEALTH), /discount/);
    assert.doesNotMatch(check().stderr, /discount/);
    // as an earlier release could
    await w.query("update recipe set command = 'allow discount' where name = 'discount'");
    await w.query("update recipe_version set body = replace(body, 'grant discount', 'allow discount') where name = 'discount'");
    const text = await show(admin, HEALTH);
    assert.ok(text.includes(`Recipe discount ${named}`), text);
    assert.ok(admin.page.html.includes(`href="${HOME}/recipes/discount/edit"`));
    const own = await show(admin, `${HOME}/recipes/discount`);
    assert.match(own, /will not work until this is mended: command "allow" is a word of Workbot itself\./);
    assert.ok(!own.includes(named), 'once is enough');
    const {status, stderr} = check();
    assert.equal(status, 0, 'the deployment is in order');
    assert.ok(stderr.includes(`${ACME}: the command "allow discount" of the recipe discount collides with "allow", a word of Workbot itself, which goes first: give it another command`), stderr);
    await w.query("update recipe set enabled = false where name = 'discount'");
    assert.doesNotMatch(await show(admin, HEALTH), /discount/);
    assert.doesNotMatch(check().stderr, /discount/);
    await w.must('DELETE', `/workspaces/${ACME}/recipes/discount`);
  });
});

describe('keys and health of the deployment', () => {
  test('it is for operators alone', async () => {
    await admin.get(w.url + '/console/deployment');
    assert.equal(admin.page.status, 404);
    assert.doesNotMatch(admin.text, /k1|ready/i);
    assert.equal((await fetch(w.url + '/console/deployment', {redirect: 'manual'})).status, 303);
    assert.doesNotMatch(await show(admin, HOME), /Keys and health/);
    assert.match(await show(operator, HOME), /Keys and health/);
  });

  test('keys by their ids, who noted last, whether it is ready and why not', async () => {
    const text = await show(operator, '/console/deployment');
    assert.match(text, /Ready Yes.*Version \d+\.\d+\.\d+.*Process process \d+ on/);
    assert.match(text, /k1 What is stored now is sealed with it\..*by process \d+ on.*Seals/);
    assert.ok(!operator.page.html.includes(w.env.WORKBOT_ENCRYPTION_KEYS.split(':')[1]));
    await w.query("insert into encryption_key (id, since, sealed_by) values ('k0', now() - interval '1 day', 'process 1 on <web>')");
    const not = await show(operator, '/console/deployment');
    assert.match(not, /This process is not ready: .*does not hold the key k0, which is in use/);
    assert.match(not, /k0 Something is sealed with it, and this process does not have it.*by process 1 on <web>.*Missing/);
    await w.query("update encryption_key set emptied_at = now() where id = 'k0'");
    assert.doesNotMatch(await show(operator, '/console/deployment'), /k0|not ready/);
  });
});
