// P11: every failure reaches the user in plain words with a reference that finds the run; provider
// text never does unescaped; a look-up error is never answered as "not connected".
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, loginUrl, start, until, words} from '../lib/flow.mjs';

describe('P11 plain words', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
    const recipe = (name, command, object, fields) => w.putRecipe(ACME, {name, title: `Try ${name}`, command, allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [{name: 'name', required: true}],
      steps: [{id: 'one', connection: 'salesforce', action: 'create_record', with: {object, fields}}], reply: {text: 'Done {{inputs.name}}'}});
    await recipe('bad-field', 'salesforce bad field', 'Opportunity', {Nope__c: '{{inputs.name}}'});
    await recipe('missing-field', 'salesforce missing field', 'Opportunity', {Name: '{{inputs.name}}'});
    await recipe('bad-date', 'salesforce bad date', 'Opportunity', {Name: 'x', StageName: 'Prospecting', CloseDate: '{{inputs.name}}'});
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  /** The failure that a command ends in: its words, and the run that its reference finds. */
  async function failure(text, fits = /did not work/) {
    const m = await ana.ask(text, fits);
    const reference = /WB-[0-9A-Z]+/.exec(words(m));
    assert.ok(reference, words(m));
    const found = await w.must('GET', `/workspaces/${ACME}/runs?reference=${reference[0]}`);
    const [run] = Object.values(found).find(Array.isArray);
    assert.equal(run.reference, reference[0]);
    assert.equal(run.state, 'failed');
    assert.ok(run.error.code, JSON.stringify(run));
    return {m, raw: JSON.stringify([m.text, m.blocks]), run};
  }

  test('P11 a page says one thing: no "Not done" over what is done or was never asked for', async () => {
    const html = async path => (await fetch(w.url + path, {headers: {accept: 'text/html'}})).text();
    const {callback} = await w.one("select callback_key as callback from default_connection where workspace = $1 limit 1", [ACME]);
    for (const [path, title] of [[`/oauth/callback/${callback}?state=spent&code=spent`, /This page has done its work/], ['/nothing', /This page does not exist/], ['/login/none', /This link is not known/]]) {
      const page = await html(path);
      assert.match(page, title);
      assert.doesNotMatch(page, /Not done/, path);
    }
    const front = await html('/');
    assert.match(front, /run in your apps as you[\s\S]*help[\s\S]*href="\/privacy"[\s\S]*href="\/terms"[\s\S]*href="\/openapi\.yaml"/);
  });

  for (const command of ['salesforce bad field name: x', 'salesforce missing field name: x', 'salesforce bad date name: someday']) {
    test(`P11 the app refuses (${command}): its reason in plain words, with a reference`, async () => {
      const {m} = await failure(command);
      assert.doesNotMatch(words(m), /INVALID_|REQUIRED_FIELD|JSON|HTTP|\{|null|errorCode/);
      assert.ok(words(m).length > 40);
    });
  }

  test('P11 `why` says that it did not work, and why, with its reference: of the command, of the newest one and of a reference', async () => {
    const {m, run} = await failure('salesforce bad date name: someday');
    const [, reason] = /did not work\.\n(.+)\n/.exec(words(m));
    assert.ok(reason.length > 20, words(m));
    for (const [asked, whose] of [['salesforce bad date', 'Your last one, .+,'], ['', 'It'], [run.reference, 'It']]) {
      const told = words(await ana.ask(`why ${asked}`.trim(), /did not work/));
      assert.match(told, new RegExp(`${whose} did not work\\. `), asked);
      assert.ok(told.includes(reason), `${asked}: ${told}`);
      assert.match(told, new RegExp(`eference ${run.reference}`), asked);
    }
    // its answer is not there any more: what its code says, or where to look
    await w.query(`update run set message_id = null where id = '${run.id}'`);
    assert.match(words(await ana.ask('why', /did not work/)), /It did not work\. Its answer in this chat says why/);
    await ana.ask('salesforce find opportunity name: x', /found/);
    assert.doesNotMatch(words(await ana.ask('why salesforce find opportunity', /You may run it here/)), /did not work/);
  });

  test('P11 what the app repeats of the user\'s text is escaped: no mention, no markup', async () => {
    for (const nasty of ['<!channel> <!here>', '<script>alert(1)</script>', '<https://evil.example|click here>', '*bold* _it_ `code`', '&lt;!channel&gt;']) {
      await ana.say(`salesforce bad date name: ${nasty}`);
      await w.idle();
    }
    const sent = (await w.calls({peer: 'slack'})).filter(c => /chat\./.test(c.path)).map(c => JSON.stringify(c.args)).join('\n');
    assert.doesNotMatch(sent, /<!channel>|<!here>|<script>|<https:\/\/evil/);
  });

  test('P11 the user\'s own text in a reply is escaped too', async () => {
    const m = await ana.ask('salesforce create opportunity name: A <!channel> & <b>bold</b> deal close: 2026-12-31', /Created A/);
    const raw = JSON.stringify([m.text, m.blocks]);
    assert.doesNotMatch(raw, /<!channel>|<b>/);
    assert.match(raw, /&lt;!channel&gt; &amp; &lt;b&gt;/);
    await w.idle();
    assert.ok((await w.records()).some(r => /<!channel> & <b>bold<\/b> deal/.test(r.fields.Name)), 'and reaches the app as it was typed');
  });

  test('P11 an HTML page instead of an answer is never shown', async () => {
    await w.fault('html', {path: '/query', status: 400});
    const m = await ana.ask('salesforce find opportunity name: x', /did not work|found/);
    assert.doesNotMatch(JSON.stringify(m.blocks), /<html|&lt;html|DOCTYPE/i);
  });

  test('P11 a database error is never "not connected"', async () => {
    await w.query('alter table connection rename to connection_away');
    const before = (await ana.messages()).at(-1).ts;
    await ana.say('connections');
    await ana.say('salesforce create opportunity name: In the dark close: 2026-12-31');
    await until('a command to have met the error', () => w.count('job', "kind = 'slack_event' and state = 'queued' and attempts > 0 and error_code is not null"));
    const told = (await ana.messages()).filter(m => m.ts > before && m.is_bot).map(words).join('\n');
    assert.doesNotMatch(told, /not connected|Log in to|nothing to connect/i);
    await w.query('alter table connection_away rename to connection');
    await ana.ask('connections', /Connected[\s\S]*ana@acme\.example/);
    assert.equal(await w.count('login', "state in ('open', 'code')"), 0);
  });

  test('P11 a database error is never "this link is not known"', async () => {
    const url = loginUrl(await w.person('cleo').prompt('connect salesforce'));
    const page = async () => fetch(url, {headers: {accept: 'text/html'}}).then(async r => [r.status, await r.text()]);
    for (const table of ['route', 'workspace', 'login', 'default_connection', 'chat_user']) {
      await w.query(`alter table ${table} rename to ${table}_away`);
      const [status, html] = await page().finally(() => w.query(`alter table ${table}_away rename to ${table}`));
      assert.ok(status >= 500, `${table}: ${status}`);
      assert.doesNotMatch(html, /not known|is not for you/, table);
    }
    const [status, html] = await page();
    assert.equal(status, 200, html);
  });

  test('P11 switched off meanwhile, not allowed, set up wrong: each says what it is', async () => {
    const read = await w.must('GET', `/workspaces/${ACME}/recipes/bad-field`);
    const {status, text, ...body} = read;
    const recipe = body.recipe || body;
    await w.putRecipe(ACME, {name: 'not-you', title: 'Not you', command: 'salesforce not you', allow: {users: ['U0CLEO001']},
      connections: recipe.connections, inputs: [], steps: [{id: 'q', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id FROM Account'}}], reply: {text: 'x'}});
    await ana.ask('salesforce not you', /You may not run Not you\. Ask an admin/);
    await w.idle();
    assert.equal(await w.count('run', "recipe = 'not-you'"), 0);
  });
});
