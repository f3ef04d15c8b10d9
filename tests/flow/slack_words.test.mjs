// The words a user can type, and that what is shown always fits: help, connections, pending,
// history, whoami and why; all of it readable by that user alone.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, button, buttons, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const recipe = (name, more = {}) => ({
  name, title: `Title of ${name}`, command: `salesforce ${name.replace(/-/g, ' ')}`, allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [],
  steps: [{id: 'find', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id FROM Opportunity LIMIT 1', values: {}}}],
  reply: {text: 'Found'}, ...more});

describe('words', () => {
  let w, ana, ben, cleo;
  before(async () => {
    w = await start();
    [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => w.person(n));
    await ana.connect();
  });
  after(() => w?.stop());

  // --- help ---

  test('B12 help asks which app, a row per app that has commands, and the utilities with Personal accounts', async () => {
    const all = await ana.ask('help', /What can I do/);
    assert.match(words(all), /Which app do you want to use\?[\s\S]*Salesforce · 2 commands[\s\S]*More commands · 1 command\b[\s\S]*Utilities/);
    assert.deepEqual(labels(all), ['Salesforce', 'More commands', 'Personal accounts', 'Pending', 'History', 'Who am I']);
    for (const word of ['connections', 'pending', 'history', 'whoami', 'cancel', 'why', 'connect', 'disconnect']) assert.match(words(all), new RegExp(`\\b${word}\\b`));
    await ana.press(all, 'More commands');
    await ana.sees(m => m.ts === all.ts && /Note|team note/.test(words(m)));
  });

  test('B9 help of a command lists its inputs with kinds, hints and samples', async () => {
    const told = words(await ana.ask('help salesforce create opportunity', /Create an opportunity/));
    assert.match(told, /name · any text · Deal name, e\.g\. Acme renewal/);
    assert.match(told, /amount · a number, may be left out · What it is worth, e\.g\. 5000/);
    assert.match(told, /stage · one of these, may be left out · Where it stands: Prospecting/);
    assert.match(told, /For example: salesforce create opportunity name: Acme renewal close: 2026-12-31/);
    const some = await ana.ask('help salesforce create', /salesforce create/);
    assert.deepEqual(labels(some), ['Create an opportunity']);
    await ana.ask('help Salesforce', /Find an opportunity/);
  });

  test('B11 hidden commands are nowhere, but run', async () => {
    await w.putRecipe(ACME, recipe('secret-handshake', {hidden: true}));
    for (const text of ['help', 'salesforce', 'help salesforce', 'help salesforce secret handshake', 'salesforce secret handshak', 'help salesforce secret']) {
      const m = await ana.ask(text, m => m.is_bot);
      assert.ok(!labels(m).includes('Title of secret-handshake') && !/Title of secret/.test(words(m)), `${text}: ${words(m)}`);
    }
    await ana.ask('salesforce secret handshake', /Found/);
  });

  test('commands that a user may not run say what is missing, and have no button', async () => {
    await w.putRecipe(ACME, recipe('for-ben', {allow: {users: ['U0BEN0001']}}));
    await w.putRecipe(ACME, recipe('for-sales', {allow: {channels: ['C0SALES01']}}));
    await w.putConnection(ACME, 'half-made', {app: 'salesforce', host: w.salesforceHost, client_id: 'half-made-client', client_secret: 'sample-secret'});
    await w.putRecipe(ACME, recipe('not-ready', {connections: {salesforce: {use: 'half-made', verify_user_access: false}}}));
    const list = await ana.ask('salesforce', /Title of not-ready/);
    const text = words(list);
    assert.match(text, /Title of for-ben .*\nNot for you: an admin of Workbot can allow it/);
    assert.match(text, /Title of for-sales .*\nIt works only in <#C0SALES01>/);
    assert.match(text, /Title of not-ready .*\nNot set up yet: an admin must log in the Salesforce connection half-made/);
    assert.ok(!labels(list).some(l => /for-ben|for-sales|not-ready/.test(l)), JSON.stringify(labels(list)));
    const hers = await cleo.ask('salesforce', /Create an opportunity/);
    assert.match(words(hers), /Create an opportunity .*\n.*\nNeeds your Salesforce login: I ask for it when you run it/);
    assert.ok(labels(hers).includes('Create an opportunity'));
    const sales = await ana.ask('@workbot salesforce', /Title of for-sales/, {place: 'sales'});
    assert.ok(labels(sales).includes('Title of for-sales'));
    assert.match(words(await ana.ask('salesforce for sales', /not for this place/)), /It works only in <#C0SALES01>/);
    for (const name of ['for-ben', 'for-sales', 'not-ready', 'secret-handshake']) await w.must('DELETE', `/workspaces/${ACME}/recipes/${name}`);
    await w.must('DELETE', `/workspaces/${ACME}/connections/half-made`);
  });

  test('B13 unknown words get "did you mean"; a dead button says so', async () => {
    const m = await ana.ask('salesforce creat oportunity', /I do not know that command/);
    assert.match(words(m), /Did you mean one of these/);
    await ana.forge(m, 'long_gone', 'x');
    await ana.sees(/That button does nothing any more/, {after: m.ts});
  });

  test('B3 the words of a command match in any order', async () => {
    await ana.ask('find opportunity salesforce name: none', /found, as ana@acme/);
  });

  // --- whoami, why, history ---

  test('D14 whoami tells standing, role and what acts in each app, to that user alone', async () => {
    const hers = words(await ana.ask('whoami', /Who you are here/));
    assert.match(hers, /Name\s+Ana[\s\S]*Workspace\s+Acme[\s\S]*Standing\s+member[\s\S]*Role\s+user/);
    assert.match(hers, /Salesforce\nCommands that ask for your own account: as ana@acme\.example \(Acme Corporation\)\.\nCommands that do not ask for your own account: as the shared account, ben@acme\.example/);
    const his = words(await ben.ask('whoami', /Who you are here/));
    assert.match(his, /Role\s+installer and admin/);
    assert.match(his, /Salesforce · acme-salesforce\n[\s\S]*ask for your own account: as the default connection, ben@acme\.example \(Acme Corporation\), because you installed Workbot/);
    assert.match(words(await cleo.ask('whoami', /Who you are here/)), /I ask you to log in first/);
    await ana.ask('@workbot whoami', /Who you are here/, {place: 'sales'});
    assert.doesNotMatch(await cleo.reads('sales'), /Who you are here|ana@acme/);
  });

  test('D14 why tells rule, connection, account, what is missing and whether it is allowed here', async () => {
    assert.match(words(await ana.ask('why salesforce create opportunity', /Create an opportunity/)),
      /You may run it here\.[\s\S]*Salesforce: as ana@acme\.example \(Acme Corporation\)\nWhy: your own connection, since the command asks for it\./);
    assert.match(words(await ben.ask('why salesforce create opportunity name: x', /Create an opportunity/)), /the default connection, ben@acme\.example[\s\S]*Rule installer, connection acme-salesforce/);
    assert.match(words(await ana.ask('why team note', /You may run it/)), /the shared account, ben@acme\.example[\s\S]*does not ask for your own account there\./);
    // names of connections and rules are an admin's words
    for (const text of ['whoami', 'why salesforce create opportunity', 'why team note']) assert.doesNotMatch(words(await ana.ask(text, /Salesforce/)), /acme-salesforce|\brule\b|default connection/i, text);
    const hers = await cleo.ask('why salesforce create opportunity', /your login is missing/);
    assert.deepEqual(labels(hers), ['Connect Salesforce']);
    await ana.ask('why nothing of the kind', /I do not know that command/);
  });

  test('D15 history tells title, result, when, as whom, reference and record; why takes a reference', async () => {
    await ana.ask(create('Told'), /Created Told/);
    await ana.ask('@workbot team note text: Aloud', /Noted: Aloud, as the shared account/, {place: 'sales'});
    const list = await ana.ask('history', /Your last commands/);
    assert.match(words(list), /done\ntext: Aloud · as the shared account, ben@acme\.example in Salesforce · WB-/);
    const mine = words(list).match(/Create an opportunity · done\nname: Told · as ana@acme\.example in Salesforce · (WB-[A-Z0-9]{8})\n<!date\^(\d+)\^\{date_short_pretty\}, \{time\}\|\d{4}-\d\d-\d\dT[\d:]+Z>/);
    assert.ok(mine, words(list));
    assert.ok(Math.abs(Date.now() / 1000 - Number(mine[2])) < 600, 'Slack shows it in the reader\'s own time zone');
    assert.match(button(list, 'Open').url, /\/006xx|\/00T/);
    assert.match(words(await ana.ask(`why ${mine[1].toLowerCase()}`, /Create an opportunity/)), /as ana@acme\.example\nWhy: your own connection, since the command asks for it\.$/m);
    assert.doesNotMatch(words(await ana.ask('why', /does not ask for your own account/)), /acme-salesforce|\brule\b/i);
    await ben.ask(create('His'), /Created His/);
    await ben.ask('why', /Rule installer, connection acme-salesforce/);
    await cleo.ask(`why ${mine[1]}`, /You have no command with that reference/);
    await cleo.ask('history', /You have run no command yet/);
  });

  test('history is paged', async () => {
    for (let i = 0; i < 11; i++) await ana.say('salesforce find opportunity name: none');
    await w.idle();
    const list = await ana.ask('history', /Your last commands/);
    assert.equal(words(list).match(/WB-/g).length, 10);
    await ana.press(list, 'More');
    const older = await ana.sees(m => m.ts === list.ts && button(m, 'Previous'));
    assert.match(words(older), /Create an opportunity · done/);
    await ana.press(list, 'Previous');
    await ana.sees(m => m.ts === list.ts && !button(m, 'Previous') && button(m, 'More'));
  });

  // --- pending ---

  test('pending is kept true by each press and by cancel', async () => {
    await cleo.prompt(create('Parked'));
    await cleo.ask('salesforce create opportunity name: Asked', /Enter close/);
    const list = await cleo.ask('pending', /Waiting for you/);
    assert.match(words(list), /Create an opportunity asks for an input[\s\S]*Create an opportunity waits for a login/);
    assert.deepEqual(labels(list), ['Go on', 'Cancel it', 'Log in', 'Cancel it']);
    await cleo.press(list, 'Go on');
    await cleo.modal(/close/);
    await cleo.closes();
    await cleo.press(list, buttons(list)[1].action);
    const fewer = await cleo.sees(m => m.ts === list.ts && /Cancelled: Create an opportunity/.test(words(m)));
    assert.match(words(fewer), /waits for a login/);
    assert.doesNotMatch(words(fewer), /asks for an input/);
    await cleo.ask('cancel', /Cancelled: Create an opportunity/);
    await cleo.sees(m => m.ts === list.ts && /Nothing waits for you/.test(words(m)));
  });

  test('what waits without an input is told apart: when, where and with which words it was typed', async () => {
    await cleo.ask('salesforce create opportunity', /Enter name/);
    await w.query("update run set created_at = created_at - interval '20 seconds' where state = 'asking'");
    await cleo.ask('@workbot salesforce create opportunity', /private message/, {place: 'sales'});
    await cleo.ask('salesforce create opportunity close: someday', /Enter name/);
    const list = words(await cleo.ask('pending', /Waiting for you/));
    assert.match(list, /close\s+someday\s+Typed (just now|\d seconds ago) · reference WB-/);
    assert.match(list, /Typed (just now|\d seconds ago) in <#C0SALES01> · reference WB-/);
    assert.match(list, /Typed 2\d seconds ago · reference WB-/);
    const first = await cleo.ask('cancel', /Cancelled: Create an opportunity/);
    assert.match(words(first), /close\s+someday\s+Typed (just now|\d seconds ago) · reference WB-/);
    assert.match(words(first), /Still waiting: Create an opportunity \(typed (just now|\d seconds ago)\), Create an opportunity \(typed 2\d seconds ago\)\. Type cancel again/);
    await cleo.ask('salesforce create opportunity name: Named', /Enter close/);
    await cleo.ask('salesforce create opportunity', /Enter name/);
    assert.match(words(await cleo.ask('cancel', /Cancelled/)), /Still waiting: Create an opportunity \(name: Named\), /);
    for (let n = 0; n < 3; n++) await cleo.ask('cancel', /Cancelled/);
    await cleo.ask('pending', /Nothing waits for you/);
  });

  test('one cancel answers once: what stood above only says that it is over, and its buttons go', async () => {
    const prompt = await cleo.prompt(create('Above'));
    const question = await cleo.ask('salesforce create opportunity', /Enter name/);
    for (const [above, input] of [[question, ''], [prompt, 'Above']]) {
      const told = await cleo.ask('cancel', /Cancelled: Create an opportunity\. Nothing was done/);
      assert.match(words(told), new RegExp(input));
      const over = await cleo.sees(m => m.ts === above.ts && !/Enter|Log in/.test(words(m)));
      assert.equal(words(over), 'Create an opportunity was cancelled.');
      assert.deepEqual(labels(over), []);
    }
    await w.idle();
    assert.equal((await cleo.messages()).filter(m => m.ts >= prompt.ts && /Nothing was done/.test(words(m))).length, 2, 'one for each');
    // a prompt that stands elsewhere than its command
    const elsewhere = await cleo.prompt(`@workbot ${create('In sales')}`, {place: 'sales'});
    await cleo.ask('cancel', /Cancelled: Create an opportunity/);
    const gone = await cleo.sees(m => m.ts === elsewhere.ts && !loginUrl(m));
    assert.match(words(gone), /Nothing waits for this login any more/);
    assert.deepEqual(labels(gone), []);
    await cleo.sees(/Cancelled: Create an opportunity/, {place: 'sales'});
  });

  test('D8 disconnecting asks first when a command waits that needs it', async () => {
    await ana.ask('salesforce create opportunity name: Waits', /Enter close/);
    const asked = await ana.ask('disconnect salesforce', /Shall I disconnect Salesforce\? A command of yours that waits needs it, and will ask/);
    await ana.press(asked, 'Keep it');
    // a list stands for long, and what its button asks must still be true then: it counts nothing
    const list = await ana.sees(m => m.ts === asked.ts && /Salesforce · Connected/.test(words(m)));
    const asks = /Commands that act as you in Salesforce, also those that wait now, then ask you to log in again/;
    assert.match(JSON.stringify(list.blocks), asks);
    assert.doesNotMatch(JSON.stringify(list.blocks), /of yours that wait/);
    await ana.ask('cancel', /Cancelled/);
    assert.match(JSON.stringify((await ana.ask('connections', /Connected/)).blocks), asks);
  });

  test('D13 connect of what is connected says as whom, begins no login, and leads on', async () => {
    const before = await w.count('login');
    for (const text of ['connect salesforce', 'connect acme-salesforce', 'connect']) {
      const told = await ana.ask(text, /You are already connected to Salesforce as ana@acme\.example \(Acme Corporation\)\. You logged in there (just now|a minute ago|\d+ minutes ago)\./);
      assert.deepEqual(labels(told), ['Log in again', 'Add another account', 'Disconnect']);
      assert.match(JSON.stringify(told.blocks), /Keep it.*Disconnect Salesforce\?/);
    }
    // for her alone
    const shared = await ana.ask('@workbot connect salesforce', /already connected to Salesforce/, {place: 'sales'});
    assert.ok(shared.ephemeral);
    assert.doesNotMatch(await cleo.reads('sales'), /already connected|ana@acme/);
    await w.idle();
    assert.equal(await w.count('login'), before, 'no login was begun');
    // a new one only when it is asked for, and until it is done the one there is works
    const [told, too] = [await ana.ask('connect salesforce', /already connected/), await ana.ask('connect salesforce', /already connected/)];
    await ana.press(told, 'Log in again', {times: 3});
    const prompt = await ana.sees(m => m.ts === told.ts && loginUrl(m));
    // pressed in another message it goes on there: one prompt, in the newest place, with the link that it had
    await ana.press(too, 'Log in again');
    const same = await ana.sees(m => m.ts === too.ts && loginUrl(m));
    assert.equal(loginUrl(same), loginUrl(prompt));
    const old = await ana.sees(m => m.ts === prompt.ts && /A newer login prompt has taken the place/.test(words(m)));
    assert.deepEqual([loginUrl(old) ?? null, labels(old)], [null, []], 'a second button would stay there, dead');
    await w.idle();
    assert.equal(await w.count('login'), before + 1, 'however often it is pressed');
    const replaced = /You are connected there as ana@acme\.example \(Acme Corporation\)\. The account that you log in with now takes its place\./;
    assert.match(JSON.stringify(prompt.blocks), replaced);
    await ana.ask(create('While it waits'), /Created While it waits, as ana@acme/);
    const code = await ana.browse(prompt, 'ana@acme.example', new Browser());
    await ana.ask(create('With a code waiting'), /Created With a code waiting, as ana@acme/);
    await ana.ask(code, /is connected/);
    assert.match(JSON.stringify((await ana.prompt('connect salesforce again')).blocks), replaced);
    const other = await ana.prompt('connect again');
    await ana.press(other, 'Back');
    await ana.sees(m => m.ts === other.ts && /Your connections/.test(words(m)));
    const last = await ana.ask('connect Salesforce', /already connected/);
    await ana.press(last, 'Disconnect');
    await ana.sees(m => m.ts === last.ts && /Salesforce · Disconnected/.test(words(m)));
    await w.idle();
    assert.doesNotMatch(JSON.stringify((await ana.prompt('connect salesforce')).blocks), /takes its place/);
    await ana.connect();
  });

  test('a command that waits for its next try says when, and can be cancelled', async () => {
    await w.fault('5xx', {path: '/query', times: 50});
    const told = await ana.ask('salesforce find opportunity name: Busy', /Still working on/);
    assert.match(words(told), /cannot be reached at the moment\. I try again in (a moment|\d+ seconds|a minute); cancel stops it/);
    assert.doesNotMatch(words(told), /Please try again/);
    await until('cancel to reach it', async () => /Cancelled: Find an opportunity/.test(words(await ana.ask('cancel', m => m.is_bot))));
    await ana.sees(m => m.ts === told.ts && /was cancelled/.test(words(m)));
    await w.sandbox('DELETE', '/_faults').catch(() => {});
    await w.sandbox('PUT', '/_faults', {peer: 'salesforce', fault: 'none', times: 0}).catch(() => {});
  });

  // --- words that lead on ---

  test('P4 digits that are no code are told so, and use no try up', async () => {
    await cleo.ask('12345', /no login of yours waits for one/);
    const code = await cleo.browse(await cleo.prompt(create('Coded')));
    await cleo.ask(code.slice(0, 5), /has six digits.*No try was used up/);
    await cleo.ask(code, /is connected/);
    await cleo.ask(code, /no login of yours waits for one/);
    await w.idle();
    await cleo.ask('disconnect salesforce', /Your connections/);
  });

  test('C6 after "Not me" the prompt says that the command waits, and Back cancels it, asking first', async () => {
    const prompt = await cleo.prompt(create('Not mine'));
    const browser = new Browser();
    await browser.codeOf(loginUrl(prompt), 'ana@acme.example');
    await browser.submit(/not_me|Not me/).catch(() => browser.press?.('Not me'));
    const told = await cleo.sees(m => m.ts === prompt.ts && /said not to be yours/.test(words(m)));
    assert.match(words(told), /What you typed still waits/);
    assert.deepEqual(labels(told), ['New login', 'Back']);
    assert.match(JSON.stringify(told.blocks), /This cancels Create an opportunity \(name: Not mine\)\./);
    await cleo.press(told, 'Back');
    await cleo.sees(m => m.ts === prompt.ts && /Cancelled: Create an opportunity/.test(words(m)));
    await cleo.ask('pending', /Nothing waits for you/);
  });

  // --- whatever there is, it fits ---

  test('text of others mentions nobody and links nowhere: record names, inputs, unknown words', async () => {
    const hostile = '<!channel> <@U0BEN0001> <http://evil.example|bank.com> `x` *y*';
    await ana.ask(`@workbot ${create(hostile.replace(/</g, '&lt;').replace(/>/g, '&gt;'))}`, /Created/, {place: 'sales', raw: true}).catch(() => {});
    await ana.say(`zz ${hostile}`);
    await w.idle();
    const sent = (await w.calls({peer: 'slack'})).filter(e => /chat\.|views\.|response/.test(e.path)).map(e => JSON.stringify(e.args)).join('\n');
    assert.doesNotMatch(sent, /<!channel|<@U0BEN|<http:\/\/evil/);
  });

  test('P11 a command that is not set up says so at once, with whom to ask, before any question or form', async () => {
    await w.putConnection(ACME, 'half-made', {app: 'salesforce', host: w.salesforceHost});
    await w.putRecipe(ACME, recipe('half-ready', {inputs: [{name: 'about', required: true}], connections: {salesforce: {use: 'half-made', verify_user_access: true}}}));
    const says = /Title of half-ready cannot run yet\. The Salesforce connection is not set up yet\. An admin must finish it\.\nYou can ask <@U0BEN0001>\./;
    const before = (await ben.say('pending')).ts;
    assert.match(words(await ana.ask('salesforce half ready', /half-ready/)), says);
    await ben.sees(/connection half-made: a command needs it, and it is not finished/, {after: before});
    const after = (await ana.say('pending')).ts;
    await ana.command('salesforce half ready');
    await ana.sees(m => m.ephemeral && says.test(words(m)), {after});
    await ana.shortcut('wb_use', {message: await ana.ask('whoami', /Who you are/)});
    await ana.modal(/Use in a command/);
    const sent = await ana.submit({Command: 'Title of half-ready'});
    assert.match(JSON.stringify(sent.errors), /The Salesforce connection is not set up yet/);
    await ana.closes();
    await w.idle();
    assert.equal(await w.count('run', "recipe = 'half-ready'"), 0, 'nothing was begun');
    // one that needs no answer is a run that can be found
    assert.match(words(await ana.ask('salesforce half ready about: x', /did not work/)), /The Salesforce connection is not set up yet\.[^]*WB-/);
    assert.match(words(await ana.ask('history', /Your last commands/)), /did not work: The app connection is not set up yet/);
    await w.putConnection(ACME, 'half-made', {app: 'salesforce', host: w.salesforceHost, client_id: 'half-made-client', client_secret: 'sample-secret'});
    await ana.ask('salesforce half ready', /Enter about/);
    await ana.ask('cancel', /Cancelled/);
    await w.putRecipe(ACME, recipe('half-ready', {inputs: [{name: 'about', required: true}], connections: {salesforce: {use: 'half-made'}}}));
    await ana.ask('salesforce half ready', /half-ready cannot run yet\. The Salesforce connection that this command uses is not logged in/);
    await w.must('DELETE', `/workspaces/${ACME}/recipes/half-ready`);
    await w.must('DELETE', `/workspaces/${ACME}/connections/half-made`);
    await w.idle();
  });

  test('P11 who is sent to an admin is told whom to ask: two at most, in private alone, and never himself', async () => {
    await w.putRecipe(ACME, recipe('for-cleo', {allow: {users: ['U0CLEO001']}}));
    await w.putRecipe(ACME, recipe('shared-note', {connections: {salesforce: {use: 'acme-salesforce'}}}));
    const refused = (who, text = 'salesforce for cleo') => who.ask(text, /You may not run/).then(words);
    const admins = changes => w.must('PUT', `/workspaces/${ACME}`, changes);
    const {installer, admins: before} = await w.must('GET', `/workspaces/${ACME}`);
    const state = tokens => w.query("update connection set state = $1 where user_id = '' and default_name = 'acme-salesforce'", [tokens]);
    try {
      assert.match(await refused(ana), /Ask an admin of Workbot[^]*You can ask <@U0BEN0001>\.$/);
      assert.match(await refused(ana, 'why salesforce for cleo'), /You can ask <@U0BEN0001>\./);
      assert.doesNotMatch(await refused(ben), /You can ask/);
      await admins({admins: ['U0CLEO001', 'U0BEN0001', 'U0EVE00001']});
      assert.match(await refused(ana), /You can ask <@U0BEN0001> or <@U0CLEO001>\.$/);
      await state('needs_login'); // what a command says where others read it calls nobody
      assert.match(words(await ana.ask('salesforce shared note', /did not work/)), /You can ask <@U0BEN0001> or/);
      assert.doesNotMatch(words(await ana.ask('@workbot salesforce shared note', /did not work/, {place: 'sales'})), /<@U0BEN0001>|You can ask/);
      await admins({installer: null, admins: []});
      assert.match(await refused(ana), /Ask an admin of Workbot to allow you\.$/);
    } finally {
      await state('active');
      await admins({installer, admins: before});
      for (const name of ['for-cleo', 'shared-note']) await w.must('DELETE', `/workspaces/${ACME}/recipes/${name}`);
    }
  });

  test('300 commands and 200 connections are paged, on every surface', async () => {
    const acme = {app: 'salesforce', host: w.salesforceHost, client_id: 'sample-client', client_secret: 'sample-secret'};
    for (let n = 1; n < 200; n++) await w.must('PUT', `/workspaces/${ACME}/connections/org-${String(n).padStart(3, '0')}`, acme);
    await w.query(`insert into recipe_version (workspace, name, version, body, created_by)
      select workspace, 'many-' || n, 1, replace(replace(body, 'salesforce find opportunity', 'salesforce many ' || n), 'find-opportunities', 'many-' || n), created_by
        from recipe_version, generate_series(1, 300) n where name = 'find-opportunities'`);
    await w.query(`insert into recipe (workspace, name, version, command, enabled, hidden)
      select workspace, 'many-' || n, 1, 'salesforce many ' || n, true, false from recipe, generate_series(1, 300) n where name = 'find-opportunities'`);
    const list = await ana.ask('connections', /1 to 10 of 200/);
    await ana.press(list, 'More');
    await ana.sees(m => m.ts === list.ts && /11 to 20 of 200/.test(words(m)));
    const help = await ana.ask('salesforce', /1 to 18 of 302/);
    assert.ok(help.blocks.length <= 50);
    await ana.press(help, 'More');
    await ana.sees(m => m.ts === help.ts && /19 to 36 of 302/.test(words(m)));
    await ana.opensHome();
    const home = await ana.home(v => button(v, 'All 200 connections'));
    assert.ok(home.blocks.length <= 100);
    await ana.pressIn('home', 'All 200 connections');
    await ana.home(/1 to 10 of 200/);
    await ana.pressIn('home', 'More');
    await ana.home(/11 to 20 of 200/);
    await ana.ask('whoami', /1 to 12 of 200/);
    const refused = (await w.calls({peer: 'slack'})).filter(e => /invalid_blocks|msg_too_long|view_too_large/.test(JSON.stringify(e)));
    assert.deepEqual(refused, []);
  });
});
