// Every operation of /v1 with every status that openapi.yaml describes, against the real program.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {Browser} from '../lib/browser.mjs';
import {SALESFORCE, startSandbox} from '../lib/sandbox.mjs';
import {startService, until} from '../lib/service.mjs';
import {judge, openapi, unmet, W, CANARIES} from './support.mjs';

let service, sandbox, call, refused, audit, silent;
const TENANT = 'teams:0190c0de-0000-7000-8000-000000000002';
const C = W + '/connections/acme-salesforce';
const codeOf = (url, username = 'ben@acme.example') => new Browser().codeOf(url, username);
const workspace = {name: 'Acme', installer: 'U0BEN0001', admins: ['U0BEN0001'], bot_token: 'xoxb-sample-acme-0001', bot_user_id: 'U0BOTACME'};
const connection = (more = {}) => ({app: 'salesforce', host: sandbox.salesforceHost, client_id: SALESFORCE.clientId,
  client_secret: SALESFORCE.clientSecret, ...more});
const recipe = (more = {}) => ({
  title: 'Create an opportunity', command: 'salesforce create opportunity', allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
  inputs: [{name: 'name', required: true}, {name: 'close', type: 'date', required: true}],
  steps: [{id: 'opp', connection: 'salesforce', action: 'create_record',
    with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', CloseDate: '{{inputs.close}}', StageName: 'Prospecting'}}}],
  reply: {text: 'Created {{inputs.name}}'}, ...more});

before(async () => {
  sandbox = await startSandbox();
  // addresses of its callers are told by the test: each has its own wrong tries
  service = await startService({env: {...sandbox.settings, WORKBOT_TRUSTED_PROXIES: '127.0.0.1',
    WORKBOT_TEAMS_APP_ID: '22222222-aaaa-4bbb-8ccc-222222222222', WORKBOT_TEAMS_APP_SECRET: 'sample-teams-app-secret',
    WORKBOT_TEAMS_TENANT_ID: TENANT.slice('teams:'.length)}});
  ({call, refused, audit, silent} = judge(service, [workspace.bot_token, SALESFORCE.clientSecret]));
  await sandbox.json('PUT', '/_config', {bot_url: service.url, public_url: service.url});
});
after(async () => {
  if (service) assert.deepEqual(await service.stop(), {code: 0, signal: null});
  await sandbox?.stop();
});

/** The workspace when Slack has been asked about its bot token. */
const settled = () => until('Slack to be asked', async () => {
  const now = (await call(200, 'GET', W)).json;
  return now.bot_token_state === 'unchecked' ? null : now;
});

test('the service hands out the very description that these tests judge by', async () => {
  const served = await service.request({path: '/openapi.yaml'});
  assert.equal(served.headers['content-type'], 'application/yaml');
  assert.ok(served.text === readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'), 'another text');
});

test('a workspace is made, replaced, read', async () => {
  await call(404, 'GET', W);
  const first = (await call(201, 'PUT', W, workspace)).json;
  assert.equal(first.bot_token_state, 'unchecked', 'nobody has asked Slack yet');
  const made = await settled();
  assert.deepEqual({...first, bot_token_state: 'ok', bot_id: 'B0BOTACME', url: made.url}, made);
  assert.equal(made.has_bot_token, true);
  assert.equal(made.installer_uses, 'default');
  assert.equal(made.guests, 'refuse');
  assert.equal(made.state, 'active');
  const {bot_token, ...settings} = workspace;
  assert.ok(bot_token);
  assert.deepEqual((await call(200, 'PUT', W, settings)).json, made, 'an absent secret is kept');
  assert.deepEqual((await call(200, 'PUT', W, workspace)).json, made);
  assert.equal((await audit('workspace.created')).length, 1);
  assert.equal((await audit('workspace.changed')).length, 0, 'nothing changed, nothing to tell');
  assert.deepEqual((await call(200, 'GET', W)).json, made);
  const other = (await call(200, 'PUT', W, {...settings, guests: 'allow', installer_uses: 'personal'})).json;
  assert.deepEqual([other.guests, other.installer_uses, other.has_bot_token], ['allow', 'personal', true]);
  const bare = (await call(200, 'PUT', W, {...settings, bot_token: null})).json;
  assert.deepEqual([bare.has_bot_token, bare.state, bare.bot_token_state], [false, 'draft', 'none'], 'null removes, and without a token it is a draft');
  await call(200, 'PUT', W, workspace);
  const changes = (await audit('workspace.changed')).map(a => a.detail.changed);
  assert.deepEqual(changes, [['bot_token', 'state'], ['bot_token', 'state'], ['installer_uses', 'guests']]);
  for (const row of await audit()) assert.match(row.actor, /^token:[0-9a-f]{8}/);
});

test('the audit names who became an admin and who is none any more, and what stood before', async () => {
  const before = (await call(200, 'GET', W)).json, last = async () => (await audit('workspace.changed'))[0].detail;
  await call(200, 'PUT', W, {admins: ['U0OLD0002', 'U0OLD0001'], installer: 'U0FIRST01', installer_uses: 'default', guests: 'refuse', acting: 'off'});
  await call(200, 'PUT', W, {admins: ['U0NEW0001', 'U0OLD0001'], installer: 'U0TAKEN01', installer_uses: 'personal', guests: 'allow', acting: 'on'});
  assert.deepEqual(await last(), {changed: ['installer', 'admins', 'installer_uses', 'guests', 'acting'],
    admins_added: ['U0NEW0001'], admins_added_count: 1, admins_removed: ['U0OLD0002'], admins_removed_count: 1,
    installer_before: 'U0FIRST01', installer: 'U0TAKEN01', installer_uses_before: 'default', installer_uses: 'personal',
    guests_before: 'refuse', guests: 'allow', acting_before: 'off', acting: 'on'});
  await call(200, 'PUT', W, {installer: null});
  assert.deepEqual(await last(), {changed: ['installer'], installer_before: 'U0TAKEN01', installer: null});
  await call(200, 'PUT', W, Object.fromEntries(['admins', 'installer', 'installer_uses', 'guests', 'acting'].map(k => [k, before[k]])));
});

test('a member that a PUT leaves out is kept, null removes it', async () => {
  await settled();
  const whole = (await call(200, 'PUT', W, {...workspace, installer_uses: 'personal', guests: 'allow'})).json;
  assert.deepEqual((await call(200, 'PUT', W, {})).json, whole, 'nothing is said, nothing changes');
  const named = (await call(200, 'PUT', W, {name: 'Acme Inc'})).json;
  assert.deepEqual({...named, updated: whole.updated}, {...whole, name: 'Acme Inc'});
  const bare = (await call(200, 'PUT', W, {name: null, installer: null, admins: null, installer_uses: null, guests: null, bot_user_id: null})).json;
  assert.deepEqual([bare.name, bare.installer, bare.admins, bare.installer_uses, bare.guests, bare.bot_user_id, bare.has_bot_token],
    ['', null, [], 'default', 'refuse', null, true]);
  await call(200, 'PUT', W, workspace);

  const path = W + '/connections/kept';
  const full = {app: 'salesforce', host: 'acme.my.salesforce.com', client_id: 'sample', client_secret: CANARIES.clientSecret,
    scopes: ['api'], account_match: 'warn'};
  const made = (await call(201, 'PUT', path, full)).json;
  assert.deepEqual((await call(200, 'PUT', path, {})).json, made);
  const one = (await call(200, 'PUT', path, {account_match: null})).json;
  assert.deepEqual({...one, updated: made.updated}, {...made, account_match: 'off'});
  await refused(['client_secret'], 'PUT', path, {host: null});
  await refused(['app'], 'PUT', path, {app: null});
  const moved = (await call(200, 'PUT', path, {host: null, scopes: null, client_secret: null})).json;
  assert.deepEqual([moved.host, moved.client_id, moved.scopes, moved.state], ['login.salesforce.com', 'sample', [], 'draft']);
  const {client_id: was} = (await call(200, 'PUT', path, {client_id: 'moved-away', client_secret: CANARIES.clientSecret})).json;
  assert.equal(was, 'moved-away');
  const [there, gone] = (await audit('default_connection.changed')).map(a => a.detail);
  assert.deepEqual([gone.host_before, gone.host, 'client_id' in gone], ['acme.my.salesforce.com', 'login.salesforce.com', false]);
  assert.deepEqual([there.client_id_before, there.client_id, 'host' in there], ['sample', 'moved-away', false]);
  const began = (await audit('default_connection.created'))[0].detail;
  assert.deepEqual([began.host_before, began.host, began.client_id_before, began.client_id], ['', 'acme.my.salesforce.com', null, 'sample']);
  await call(200, 'PUT', path, {client_id: 'sample', client_secret: null});
  await call(202, 'DELETE', path);
});

test('all faults of a workspace come at once', async () => {
  await refused(['name', 'installer', 'admins[0]', 'admins[2]', 'installer_uses', 'guests', 'bot_token', 'wrong', 'route'], 'PUT', W,
    {name: 5, installer: 'a b', admins: [1, 'U1', 'U1'], installer_uses: 'x', guests: true, bot_token: '', wrong: 1, route: 'x'});
  await refused(['workspace'], 'PUT', '/v1/workspaces/slack:nope', {});
  await refused([''], 'PUT', W, []);
  assert.equal((await call(400, 'PUT', W, '{')).json.code, 'bad_json');
  assert.equal((await call(400, 'PUT', W)).json.code, 'bad_json');
});

test('a default connection grows from a draft', async () => {
  const path = W + '/connections/grown';
  const draft = (await call(201, 'PUT', path, {app: 'salesforce'})).json;
  assert.equal(draft.state, 'draft');
  assert.equal(draft.host, 'login.salesforce.com');
  assert.equal((await call(409, 'POST', path + '/login')).json.code, 'draft');
  const id = (await call(200, 'PUT', path, {app: 'salesforce', client_id: 'sample'})).json;
  assert.equal(id.state, 'draft');
  const whole = (await call(200, 'PUT', path, {app: 'salesforce', client_id: 'sample', client_secret: CANARIES.clientSecret})).json;
  assert.equal(whole.state, 'needs_login');
  assert.equal(whole.redirect_uri, draft.redirect_uri, 'made once');
  assert.match(whole.redirect_uri, /\/oauth\/callback\/[0-9a-f]{16}\.[0-9a-f]{24}$/);
  const before = (await audit()).length;
  assert.deepEqual((await call(200, 'PUT', path, {app: 'salesforce', client_id: 'sample', name: 'grown'})).json, whole);
  assert.equal((await audit()).length, before);
  for (const moved of [{host: 'test.salesforce.com'}, {client_id: 'other'}, {client_id: null}]) {
    await refused(['client_secret'], 'PUT', path, {app: 'salesforce', client_id: 'sample', ...moved});
  }
  assert.deepEqual((await call(200, 'GET', path)).json, whole, 'a refused change changes nothing');
  assert.equal((await call(200, 'PUT', path, {app: 'salesforce', client_id: 'sample', client_secret: null})).json.state, 'draft');
  assert.deepEqual((await call(202, 'DELETE', path)).json, {connections: 0, revoking: 0});
  await call(404, 'GET', path);
  await call(404, 'DELETE', path);
});

test('all faults of a default connection come at once', async () => {
  await refused(['app', 'host', 'client_id', 'client_secret', 'scopes[1]', 'assurance', 'account_match', 'name', 'callback_key'], 'PUT', C,
    {host: 5, client_id: 'a\nb', client_secret: {}, scopes: ['api', 'a b'], assurance: 'none', account_match: 1, name: 'other', callback_key: 'x'});
  await refused(['app'], 'PUT', C, {app: 'nope'});
  for (const host of ['evil.example', 'https://acme.my.salesforce.com', '127.0.0.1:1', '169.254.169.254', 'my.salesforce.com.evil.example']) {
    await refused(['host'], 'PUT', C, {app: 'salesforce', host});
  }
  await refused(['assurance'], 'PUT', C, {app: 'salesforce', assurance: 'sign_in'});
  for (const name of ['Upper', '-x', 'a'.repeat(64), 'a_b', 'a%20b']) await refused(['name'], 'PUT', `${W}/connections/${name}`, {app: 'salesforce'});
  await call(404, 'GET', C);
});

test('an admin authorises it: link, code, confirm', async () => {
  const made = (await call(201, 'PUT', C, connection())).json;
  await sandbox.json('PUT', '/_config', {salesforce: {clients: {[SALESFORCE.clientId]: {redirect_uris: [made.redirect_uri]}}}});
  const confirm = (status, code) => call(status, 'POST', C + '/login/confirm', {code});
  const link = async () => (await call(200, 'POST', C + '/login')).json.login_url;
  assert.equal((await confirm(409, '000000')).json.code, 'no_code_waiting');
  const wrong = code => code.replace(/./, d => (Number(d) + 1) % 10);

  const spent = await codeOf(await link());
  assert.equal((await confirm(422, wrong(spent))).json.tries_left, 2);
  assert.equal((await confirm(422, wrong(spent))).json.tries_left, 1);
  assert.equal((await confirm(410, wrong(spent))).json.code, 'code_spent');
  assert.equal((await confirm(409, spent)).json.code, 'no_code_waiting', 'the right code is too late');
  await until('the spent grant to be revoked', async () => (await sandbox.grants()).every(g => !g.alive));

  const replaced = await codeOf(await link());
  const url = await link();
  await confirm(409, replaced);
  const right = await codeOf(url);
  await refused(['code'], 'POST', C + '/login/confirm', {code: '12345'});
  await refused(['code'], 'POST', C + '/login/confirm');
  await refused(['x'], 'POST', C + '/login', {x: 1});
  const done = (await confirm(200, right)).json;
  assert.deepEqual(done, {state: 'active', account: {name: 'ben@acme.example', email: 'ben@acme.example', organization: 'Acme Corporation', sandbox: false}});
  await confirm(409, right);
  const now = (await call(200, 'GET', C)).json;
  assert.deepEqual([now.state, now.account], ['active', done.account]);
  assert.equal((await audit('connection.connected')).length, 1);
  await until('one grant alive', async () => (await sandbox.grants()).filter(g => g.alive).length === 1);
});

test('connections are listed by name, in pages', async () => {
  await call(201, 'PUT', W + '/connections/zz', {app: 'salesforce'});
  const one = (await call(200, 'GET', W + '/connections?limit=1')).json;
  assert.deepEqual([one.items.map(i => i.name), one.next], [['acme-salesforce'], 'acme-salesforce']);
  const two = (await call(200, 'GET', W + '/connections?limit=1&cursor=' + one.next)).json;
  assert.deepEqual([two.items.map(i => i.name), two.next], [['zz'], null]);
  await call(202, 'DELETE', W + '/connections/zz');
  for (const query of ['limit=0', 'limit=101', 'limit=x', 'limit=1&limit=2', 'cursor=%ff']) await call(400, 'GET', W + '/connections?' + query);
});

test('a recipe: versions, faults, list', async () => {
  const path = W + '/recipes/create-opportunity';
  await call(404, 'GET', path);
  await call(404, 'DELETE', path);
  const made = (await call(201, 'PUT', path, recipe())).json;
  assert.equal(made.version, 1);
  assert.equal((await call(200, 'PUT', path, recipe({name: 'create-opportunity'}))).json.version, 1, 'the same body');
  assert.equal((await call(200, 'PUT', path, recipe({hint: 'Adds a deal'}))).json.version, 2);
  assert.equal((await audit('recipe.changed')).length, 1);
  assert.deepEqual((await call(200, 'GET', path)).json.steps, recipe().steps);
  const versions = (await call(200, 'GET', path + '/versions')).json;
  assert.deepEqual([versions.items.map(v => [v.version, v.current, /^token:/.test(v.by), v.recipe]), versions.next], [[[2, true, true, undefined], [1, false, true, undefined]], null]);
  const newest = (await call(200, 'GET', path + '/versions?limit=1')).json;
  assert.equal((await call(200, 'GET', path + '/versions?limit=1&cursor=' + newest.next)).json.items[0].version, 1);
  const first = (await call(200, 'GET', path + '/versions/1')).json;
  assert.deepEqual([first.version, first.current, first.recipe.hint], [1, false, recipe().hint]);
  for (const none of ['3', '0', '-1', 'x', '99999999999999999999']) await call(404, 'GET', path + '/versions/' + none);
  await call(404, 'GET', W + '/recipes/never/versions');
  await call(400, 'GET', path + '/versions?cursor=x');
  const body = openapi.body(openapi.find('PUT', path));
  assert.ok(body(recipe()), JSON.stringify(body.errors));
  await refused(['command'], 'PUT', W + '/recipes/other', recipe());
  await refused(['command'], 'PUT', W + '/recipes/other', recipe({command: 'Salesforce  CREATE'}));
  for (const command of ['help me', 'admin', 'Admin users']) await refused(['command'], 'PUT', W + '/recipes/other', recipe({command}));
  await refused(['connections.salesforce.use', 'command', 'nope', 'name', 'inputs[0].type', 'steps[0].connection', 'reply.text'], 'PUT', W + '/recipes/other',
    recipe({name: 'x', command: 'connections', nope: 1, connections: {salesforce: {use: 'gone'}}, inputs: [{name: 'a', type: 'tree'}],
      steps: [{id: 'opp', connection: 'box', action: 'x', with: {}}]}));
  const typo = recipe({command: 'salesforce make opportunity', steps: [{...recipe().steps[0], with: {object: 'Opportunity', fields: {Name: '{{inputs.nmae}}'}}}]});
  const {json} = await refused(['steps[0].with.fields.Name'], 'PUT', W + '/recipes/other', typo);
  assert.match(json.errors[0].text, /"\{\{inputs\.nmae\}\}": this recipe has no input "nmae"/);
  await call(201, 'PUT', W + '/recipes/other', recipe({command: 'salesforce make opportunity', hidden: true, enabled: false}));
  const list = (await call(200, 'GET', W + '/recipes?limit=1')).json;
  assert.deepEqual([list.items.map(i => i.name), list.next], [['create-opportunity'], 'create-opportunity']);
  assert.equal((await call(200, 'GET', W + '/recipes?cursor=' + list.next)).json.items[0].hidden, true);
  for (const name of ['a-z', 'ab']) await call(201, 'PUT', W + '/recipes/' + name, recipe({name, command: 'salesforce make ' + name}));
  const names = [];
  for (let next = ''; next !== null;) {
    const page = (await call(200, 'GET', W + '/recipes?limit=1' + next)).json;
    names.push(...page.items.map(i => i.name));
    next = page.next && '&cursor=' + page.next;
  }
  assert.deepEqual(names, ['a-z', 'ab', 'create-opportunity', 'other'], 'page by page, whatever the language of the database');
  for (const name of ['other', 'a-z', 'ab']) await call(204, 'DELETE', W + '/recipes/' + name);
  assert.equal((await call(201, 'PUT', W + '/recipes/other', recipe({command: 'salesforce make opportunity'}))).json.version, 2, 'versions count on');
  await call(204, 'DELETE', W + '/recipes/other');
});

test('a recipe is checked without being stored: what is wrong with line and column, and what would not work', async () => {
  const dry = W + '/recipes/dry', rows = async () => (await audit()).length, before = await rows();
  const check = async text => (await call(200, 'POST', dry + '/check', Buffer.from(text))).json;
  const good = JSON.stringify(recipe({command: 'salesforce dry run'}), null, 2);
  assert.deepEqual(await check(good), {faults: [], warnings: []});
  const faulty = good.replace('"steps"', '"stepz"'), at = faulty.split('\n').findIndex(l => l.includes('"stepz"')) + 1;
  const {faults, warnings} = await check(faulty);
  assert.deepEqual(faults.filter(f => f.path === 'stepz').map(f => [f.line, f.column]), [[at, 3]]);
  assert.deepEqual(warnings, []);
  const bound = JSON.stringify({title: 'Told', trigger: {hook: 'no-such-hook'}, post: {channel: 'C024BE91L'}, reply: {text: 'Told'}}, null, 2);
  const told = await check(bound);
  assert.deepEqual(told.faults, []);
  assert.deepEqual(told.warnings.map(f => [f.path, f.line, f.column]), [['trigger.hook', 4, 5]]);
  assert.equal((await call(400, 'POST', dry + '/check', Buffer.from('{"title": '))).json.code, 'bad_json');
  await refused([''], 'POST', dry + '/check', Buffer.from('[]'));
  const {faults: [named]} = (await call(200, 'POST', W + '/recipes/Dry/check', recipe())).json;
  assert.equal(named.path, 'name');
  await call(404, 'GET', dry);
  assert.equal(await rows(), before, 'nobody is told');
});

test('a recipe that cannot work as the workspace stands is stored with warnings', async () => {
  const path = W + '/recipes/warned', button = command => ({title: 'Go', command});
  const body = (more = {}) => recipe({command: 'salesforce warned', ...more});
  const warnings = async b => (await call([200, 201], 'PUT', path, b)).json.warnings;
  const reply = {text: 'Done', buttons: [button('salesforce warned'), button('salesforce gone for good')]};
  const [one, ...more] = await warnings(body({reply}));
  assert.deepEqual(more, []);
  assert.equal(one.path, 'reply.buttons[1].command');
  assert.match(one.text, /No enabled recipe of this workspace has the command "salesforce gone for good"/);
  assert.deepEqual(await warnings(body({reply})), [one], 'the same body says it again');
  assert.equal((await call(200, 'GET', path)).json.warnings, undefined);
  assert.deepEqual(await warnings(body()), []);
  // typing mistakes: inputs that the button's command does not have, a hook that is not there
  const named = more => ({text: 'Done', buttons: [button('salesforce warned'), {...button('salesforce warned'), ...more}]});
  const [typed, ...rest] = await warnings(body({reply: named({inputs: {name: 'x', nmae: 'y'}})}));
  assert.deepEqual([typed.path, rest], ['reply.buttons[1].inputs.nmae', []]);
  assert.match(typed.text, /"salesforce warned" has no input "nmae"/);
  const [asked, ...no] = await warnings(body({reply: named({ask: ['name', 'coment']})}));
  assert.deepEqual([asked.path, no], ['reply.buttons[1].ask[1]', []]);
  assert.match(asked.text, /"salesforce warned" has no input "coment"/);
  const hooked = {title: 'Told', trigger: {hook: 'no-such-hook'}, post: {channel: 'C024BE91L'}, reply: {text: 'Told'}};
  const told = W + '/recipes/told';
  const [hook, ...others] = (await call(201, 'PUT', told, hooked)).json.warnings;
  assert.deepEqual([hook.path, others], ['trigger.hook', []]);
  assert.match(hook.text, /There is no hook "no-such-hook"/);
  await call(201, 'PUT', W + '/hooks/no-such-hook', {kind: 'json', event_id: {path: 'id'}});
  assert.deepEqual((await call(200, 'PUT', told, hooked)).json.warnings, []);
  const listed = (await call(200, 'GET', W + '/recipes')).json.items.find(r => r.name === 'told');
  assert.equal(listed.command ?? null, null, 'nobody types it');
  await call(204, 'DELETE', told);
  await call(204, 'DELETE', W + '/hooks/no-such-hook');
  // connections: a draft is usable by nobody, one that is not logged in not by itself
  await call(201, 'PUT', W + '/connections/half', {app: 'salesforce', host: sandbox.salesforceHost});
  const by = (use, verify_user_access) => body({connections: {salesforce: {use, verify_user_access}}});
  for (const verify of [true, false]) {
    const [draft] = await warnings(by('half', verify));
    assert.equal(draft.path, 'connections.salesforce.use');
    assert.match(draft.text, /"half" is a draft/);
  }
  await call(200, 'PUT', W + '/connections/half', connection({client_id: 'half-client'}));
  assert.deepEqual(await warnings(by('half', true)), []);
  assert.match((await warnings(by('half', false)))[0].text, /"half", which acts here, is not logged in/);
  const refusal = (await call(409, 'DELETE', W + '/connections/half')).json;
  assert.equal(refusal.code, 'connection_in_use');
  assert.match(refusal.detail, new RegExp(`Used by 1 recipe: ${path.split('/').at(-1)}\\.`));
  await call(409, 'DELETE', W + '/connections/half?force=false');
  assert.equal((await call(400, 'DELETE', W + '/connections/half?force=yes')).json.code, 'query');
  await call(202, 'DELETE', W + '/connections/half?force=true');
  await call(201, 'PUT', W + '/connections/half', {app: 'salesforce', host: sandbox.salesforceHost});
  await call(204, 'DELETE', path);
  await call(202, 'DELETE', W + '/connections/half');
});

test('workbot recipe check says the same without a server', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-recipe-'));
  const check = body => {
    writeFileSync(join(dir, 'r.json'), JSON.stringify({name: 'r', ...body}));
    return spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['recipe', 'check', join(dir, 'r.json')], {encoding: 'utf8', env: {}});
  };
  assert.equal(check(recipe()).status, 0);
  const faulty = check(recipe({reply: {text: 'Created {{steps.oop.id}}'}}));
  assert.equal(faulty.status, 1);
  assert.match(faulty.stdout, /r\.json:1:\d+: reply\.text: "\{\{steps\.oop\.id\}\}": this recipe has no step "oop"/);
  writeFileSync(join(dir, 'r.json'), JSON.stringify({name: 'r', ...recipe({hint: 7})}, null, 2));
  const placed = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['recipe', 'check', join(dir, 'r.json')], {encoding: 'utf8', env: {}});
  const line = JSON.stringify({name: 'r', ...recipe({hint: 7})}, null, 2).split('\n').findIndex(l => l.includes('"hint": 7')) + 1;
  assert.match(placed.stdout, new RegExp(`r\\.json:${line}:3: hint: `), 'line and column of the fault');
  writeFileSync(join(dir, 'r.json'), '{');
  const broken = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['recipe', 'check', join(dir, 'r.json')], {encoding: 'utf8', env: {}});
  assert.match(broken.stdout, /r\.json:1:1: not JSON/, 'no empty place before it');
  rmSync(dir, {recursive: true});
});

test('workbot check names a setting once', () => {
  const {stderr} = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: {}});
  assert.match(stderr, /^WORKBOT_DATABASE_URL: This is required: set it, or WORKBOT_DATABASE_URL_FILE/m);
  const wrong = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env: {WORKBOT_TEAMS_CLOUD: 'moon'}});
  assert.match(wrong.stderr, /^WORKBOT_TEAMS_CLOUD must be public, /m);
  assert.equal(wrong.stderr.match(/WORKBOT_TEAMS_CLOUD/g).length, 1);
});

test('workbot check names both chat platforms where none is set', () => {
  const env = {WORKBOT_DATABASE_URL: 'postgresql://127.0.0.1:1/none', WORKBOT_PUBLIC_URL: 'https://workbot.example.com',
    WORKBOT_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`};
  const {stdout} = spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env});
  assert.match(stdout, /nobody can type a command: set WORKBOT_SLACK_APP_ID or WORKBOT_TEAMS_APP_ID\n/);
});

test('workbot check names the apps of WORKBOT_APPS_DIR, what it passes over there, and how to see more than 50 faults', () => {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const env = {WORKBOT_DATABASE_URL: 'postgresql://127.0.0.1:1/none', WORKBOT_PUBLIC_URL: 'https://workbot.example.com',
    WORKBOT_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`, WORKBOT_APPS_DIR: dir};
  const check = () => spawnSync(process.env.WORKBOT_BIN || 'build/workbot', ['check'], {encoding: 'utf8', env});
  assert.match(check().stdout, /^apps from WORKBOT_APPS_DIR: none$/m);
  const figma = JSON.parse(readFileSync('service/apps/definitions/figma.json', 'utf8'));
  const put = (file, more) => writeFileSync(join(dir, file), JSON.stringify({...figma, ...more}));
  for (const name of ['second', 'first']) put(`${name}.json`, {name});
  put('Third.JSON', {name: 'third'});
  put('.hidden', {});
  writeFileSync(join(dir, 'README'), 'words');
  const said = check();
  assert.match(said.stdout, /^apps from WORKBOT_APPS_DIR: first, second$/m);
  assert.deepEqual(said.stderr.match(/^WORKBOT_APPS_DIR: .*/gm).sort(), ['README', 'Third.JSON'].map(f =>
    `WORKBOT_APPS_DIR: ${f} is passed over: a definition's file is NAME.json`));
  put('first.json', {name: 'first', ...Object.fromEntries(Array.from({length: 51}, (_, i) => [`unknown_${i}`, 1]))});
  assert.match(check().stderr, /^and 1 more: they are shown when some of these are mended$/m);
  rmSync(dir, {recursive: true});
});

test('runs: as whom, why, which steps, and no inputs', async () => {
  const line = 'salesforce create opportunity name: Canary Input Deal close: 2026-12-31';
  await sandbox.say('ben', line);
  const run = await until('the run to end', async () =>
    (await call(200, 'GET', W + '/runs?user=U0BEN0001&state=done')).json.items[0]);
  assert.deepEqual(run.apps, [{alias: 'salesforce', app: 'salesforce', rule: 'installer', connection: 'acme-salesforce', account: 'ben@acme.example'}]);
  assert.equal(run.steps.length, 1);
  assert.equal(run.steps[0].state, 'done');
  assert.ok(run.steps[0].record && run.steps[0].url.endsWith(run.steps[0].record));
  assert.ok(run.steps[0].took_ms >= 0 && run.steps[0].took_ms < 60000, 'how long it took');
  const [wrote] = await audit('run.wrote');
  assert.deepEqual([wrote.actor, wrote.subject, wrote.detail], ['user:U0BEN0001', run.reference, {
    run: run.id, recipe: 'create-opportunity', version: 2, step: 'opp', action: 'create_record', app: 'salesforce',
    connection: 'acme-salesforce', rule: 'installer', account: 'ben@acme.example',
    record: run.steps[0].record, url: run.steps[0].url, outcome: 'done'}], 'a write is on record: who, as whom, what');
  assert.deepEqual([run.recipe, run.version, run.error], ['create-opportunity', 2, null]);
  assert.deepEqual((await call(200, 'GET', W + '/runs/' + run.id)).json, run);
  assert.deepEqual((await call(200, 'GET', W + '/runs?reference=' + run.reference)).json, {items: [run], next: null});
  await sandbox.say('ana', line);
  const parked = await until('the run to wait', async () =>
    (await call(200, 'GET', W + '/runs?state=parked&recipe=create-opportunity')).json.items[0]);
  assert.equal(parked.user, 'U0ANA0001');
  const page = (await call(200, 'GET', W + '/runs?limit=1')).json;
  assert.deepEqual([page.items[0].id, page.next], [parked.id, parked.id], 'newest first');
  assert.equal((await call(200, 'GET', W + '/runs?limit=1&cursor=' + page.next)).json.items[0].id, run.id);
  assert.ok(!JSON.stringify([run, parked, await audit()]).includes('Canary Input'));
  assert.ok(!service.log().includes('Canary Input'));
  const listed = async query => (await call(200, 'GET', W + '/runs?' + query)).json.items.map(r => r.id);
  const day = new Date().toISOString().slice(0, 10), next = new Date(Date.now() + 86400e3).toISOString().slice(0, 10);
  assert.deepEqual(await listed(`since=${day}&until=${next}`), [parked.id, run.id]);
  assert.deepEqual(await listed(`since=${run.created}&recipe=create-opportunity&state=done`), [run.id]);
  assert.deepEqual([await listed(`since=${next}`), await listed(`until=${day}`)], [[], []]);
  for (const query of ['state=nope', 'cursor=x', 'user=a&user=b', 'since=yesterday', 'until=2026-02-30', 'since=']) await call(400, 'GET', W + '/runs?' + query);
  await call(404, 'GET', W + '/runs/' + parked.id.replace(/.$/, d => (d === '0' ? '1' : '0')));
  await call(404, 'GET', W + '/runs/none');
  assert.deepEqual((await call(200, 'GET', W + "/runs?recipe='%20or%20'1'='1")).json.items, []);
});

test('personal connections: list, disconnect, forget', async () => {
  const P = W + '/personal-connections';
  const login = async () => {
    const find = async () => (await sandbox.messages('ana')).flatMap(m => m.blocks || []).flatMap(b => b.elements || [])
      .map(x => x.url).filter(u => u && u.includes('/login/')).pop();
    const code = await codeOf(await until('the prompt', find), 'ana@acme.example');
    await sandbox.say('ana', code);
    return until('the connection', async () => (await call(200, 'GET', P + '?user=U0ANA0001&app=salesforce')).json.items.find(i => i.state === 'active'));
  };
  const mine = await login();
  assert.deepEqual([mine.connection, mine.account.name, mine.assurance], ['acme-salesforce', 'ana@acme.example', 'code']);
  const one = (await call(200, 'GET', P + '?limit=1')).json;
  // the command that waited for it runs at this moment
  assert.deepEqual(one, {items: [{...mine, last_used: one.items[0].last_used}], next: null}, 'the default connection has its own tokens, which are nobody\'s');
  const person = (await service.database.query("select name from chat_user where user_id = 'U0ANA0001'"))[0].name;
  const listed = async query => (await call(200, 'GET', `${P}?${query}`)).json.items.length;
  for (const query of ['state=active', 'connection=acme-salesforce', 'begins=ANA%40', `begins=${encodeURIComponent(person.slice(0, 2).toUpperCase())}`,
    'app=salesforce&state=active&connection=acme-salesforce&begins=ana&user=U0ANA0001']) assert.equal(await listed(query), 1, query);
  for (const query of ['app=box', 'state=disconnected', 'connection=acme', 'begins=acme', 'begins=%25', 'begins=ana&state=needs_login']) assert.equal(await listed(query), 0, query);
  for (const query of ['user=', 'state=draft', 'state=', 'connection=', 'begins=']) await call(400, 'GET', `${P}?${query}`);
  const mineAlive = async () => (await sandbox.grants()).some(g => g.username === 'ana@acme.example' && g.alive);
  assert.equal(await mineAlive(), true);
  assert.deepEqual((await call(202, 'DELETE', `${P}/${mine.id}`)).json, {connections: 1, revoking: 1});
  await until('the grant to end at Salesforce', async () => !await mineAlive());
  assert.equal((await call(200, 'GET', P)).json.items[0].state, 'disconnected');
  assert.deepEqual((await call(202, 'DELETE', `${P}/${mine.id}`)).json, {connections: 1, revoking: 0});
  assert.equal((await audit('connection.disconnected')).length, 1, 'told once');
  await call(400, 'DELETE', `${P}/${mine.id}?forget=yes`);
  for (const query of ['', '?user=', '?app=', '?app=&user=U0ANA0001']) await call(400, 'DELETE', P + query);
  assert.deepEqual((await call(202, 'DELETE', P + '?user=U0BEN0001&forget=true')).json, {connections: 0, revoking: 0});
  assert.deepEqual((await call(202, 'DELETE', P + '?user=U0ANA0001&app=box&forget=true')).json, {connections: 0, revoking: 0});
  assert.deepEqual((await call(202, 'DELETE', P + '?app=box&forget=true')).json, {connections: 0, revoking: 0});
  assert.deepEqual((await call(202, 'DELETE', P + '?user=U0ANA0001&forget=true')).json, {connections: 1, revoking: 0});
  assert.deepEqual((await call(202, 'DELETE', P + '?app=salesforce&forget=true')).json, {connections: 0, revoking: 0});
  assert.deepEqual((await call(200, 'GET', P)).json.items, []);
  await call(404, 'DELETE', `${P}/${mine.id}?forget=true`);
  const [{id}] = await service.database.query("select id from connection where user_id = ''");
  await call(404, 'DELETE', `${P}/${id}`);
  assert.equal((await call(200, 'GET', C)).json.state, 'active', 'the default connection\'s own tokens stay');
});

test('a change of client ends every grant at the old place', async () => {
  const alive = async () => (await sandbox.grants()).filter(g => g.alive).length;
  const code = await codeOf((await call(200, 'POST', C + '/login')).json.login_url);
  assert.equal(await alive(), 2, 'one is in use, one waits for its code');
  const secret = 'sample-globex-consumer-secret';
  const moved = (await call(200, 'PUT', C, connection({client_id: '3MVG9sampleGlobex01', client_secret: secret}))).json;
  assert.deepEqual([moved.state, moved.reason], ['needs_login', 'client_changed']);
  await until('the old grants to be revoked', async () => await alive() === 0);
  assert.equal((await audit('default_connection.changed'))[0].detail.revoking, 2);
  await call(409, 'POST', C + '/login/confirm', {code});
  assert.equal((await call(200, 'GET', C)).json.state, 'needs_login', 'a code of the old client opens nothing');
});

test('the catalogue', async () => {
  const {items} = (await call(200, 'GET', '/v1/apps')).json;
  assert.ok(items.some(a => a.name === 'salesforce' && a.title === 'Salesforce' && a.actions.length > 0));
});

// typed from what is known of the apps, not read from their definitions: whoever proves one of them takes its row out, too
const UNVERIFIED = {
  box: [/PKCE/, /external_id/, /recent_similar_comment/],
  figma: [/90 days/, /403/, /refresh token that has ended/],
  github: [/without a refresh token/, /Bad credentials/],
  gitlab: [],
  google: [],
  hubspot: [/newer token address/],
  jira: [/PKCE/, /no address at which an app may end a grant/],
  linear: [/PKCE/, /issue's id/, /client authentication the revocation/],
  microsoft: [],
  notion: [/PKCE/, /Refresh tokens are newer/],
  quickbooks: [/PKCE/, /five years/],
  salesforce: [/Bad_OAuth_Token/, /ALREADY_PROCESSED/, /ReviewedById/, /Assigned status/, /inactive_user.*ip restricted/, /204/],
  servicenow: [/401 with server_error/, /cuts a long call/, /authorization code lives/, /never lengthens/, /gives a new refresh token/,
    /revocation endpoint/, /PKCE/, /government clouds/, /6, 7 and 8/, /catalog order/, /electronic signature/],
};

test('what nobody has proven of an app is marked, fact by fact', async () => {
  const {items} = (await call(200, 'GET', '/v1/apps')).json;
  const built_in = items.filter(a => a.name in UNVERIFIED);
  assert.deepEqual(built_in.map(a => a.name), Object.keys(UNVERIFIED));
  for (const {name, unverified = []} of built_in) {
    assert.equal(unverified.length, UNVERIFIED[name].length, `${name}: ${unverified.join(' | ')}`);
    for (const [i, fact] of UNVERIFIED[name].entries()) assert.match(unverified[i], fact, name);
  }
});

test('workspaces are listed by key, in pages', async () => {
  const unlisted = 'teams:0190c0de-0000-7000-8000-000000000003';
  await call(201, 'PUT', '/v1/workspaces/slack:T0', {name: 'Zeta'});
  for (const key of [unlisted, TENANT]) await call(201, 'PUT', '/v1/workspaces/' + key, {});
  const all = [{workspace: 'slack:T0', name: 'Zeta', state: 'draft', served: true},
    {workspace: W.split('/').pop(), name: 'Acme', state: 'active', served: true},
    {workspace: TENANT, name: '', state: 'active', served: true}, {workspace: unlisted, name: '', state: 'active', served: false}];
  assert.deepEqual((await call(200, 'GET', '/v1/workspaces')).json, {items: all, next: null});
  const items = [];
  for (let next = ''; next !== null;) {
    const page = (await call(200, 'GET', '/v1/workspaces?limit=1' + next)).json;
    items.push(...page.items);
    next = page.next && '&cursor=' + encodeURIComponent(page.next);
  }
  assert.deepEqual(items, all, 'page by page');
  for (const query of ['limit=0', 'limit=101', 'limit=1&limit=2', 'cursor=%ff']) await call(400, 'GET', '/v1/workspaces?' + query);
  for (const key of ['slack:T0', unlisted, TENANT]) await call(202, 'DELETE', '/v1/workspaces/' + key);
});

test('a link by which somebody becomes an admin of a workspace of Teams', async () => {
  const T = '/v1/workspaces/' + TENANT, links = T + '/admin-links';
  await call(404, 'POST', links);
  await call(201, 'PUT', T, {name: 'Acme'});
  const made = (await call(201, 'POST', links)).json;
  assert.match(made.url, new RegExp(`^${service.url}/setup/[0-9a-f]{16}\\.[0-9a-f]{48}$`));
  await call(201, 'POST', links, {});
  await refused(['user'], 'POST', links, {user: 'UANA'});
  assert.equal((await call(409, 'POST', W + '/admin-links')).json.code, 'admin_by_installation');
  await call(204, 'DELETE', links);
  await call(204, 'DELETE', links);
  const {items} = (await call(200, 'GET', T + '/audit')).json;
  assert.deepEqual(items.map(i => i.action).slice(0, 4), ['admin_link.ended', 'admin_link.made', 'admin_link.made', 'workspace.created']);
  assert.ok(items.every(i => !JSON.stringify(i).includes(made.url.split('.').pop())));
  await refused(['admins[1]', 'installer'], 'PUT', T, {installer: 'UANA', admins: ['AAAA0000-0000-4000-8000-000000000001', 'ana@acme.example']});
  assert.deepEqual((await call(200, 'PUT', T, {admins: ['AAAA0000-0000-4000-8000-000000000001']})).json.admins, ['aaaa0000-0000-4000-8000-000000000001']);
  await call(202, 'DELETE', T);
});

test('groups: the whole list each time, in order; the audit tells who came and went', async () => {
  const G = W + '/groups/sales';
  assert.equal((await call(404, 'GET', G)).json.code, 'no_group');
  const made = (await call(201, 'PUT', G, {users: ['U2', 'U1', 'U2']})).json;
  assert.deepEqual([made.name, made.count, made.users], ['sales', 2, ['U1', 'U2']]);
  assert.deepEqual((await call(200, 'GET', G)).json, made);
  assert.deepEqual((await call(200, 'PUT', G, {name: 'sales', users: ['U2', 'U1']})).json, made, 'the same people: nothing changed');
  assert.deepEqual((await call(200, 'PUT', G, {users: ['U3', 'U2']})).json.users, ['U2', 'U3']);
  assert.deepEqual((await audit('group.changed')).map(a => [a.subject, a.detail]),
    [['sales', {added: ['U3'], added_count: 1, removed: ['U1'], removed_count: 1}]]);
  const many = Array.from({length: 5000}, (_, i) => `U${String(i).padStart(10, '0')}`);
  assert.equal((await call(201, 'PUT', W + '/groups/all', {users: many})).json.count, 5000);
  await refused(['users'], 'PUT', W + '/groups/more', {users: [...many, 'U1']});
  await refused(['users'], 'PUT', W + '/groups/none', {});
  await refused(['name', 'also', 'users[0]', 'users[1]', 'users[2]'], 'PUT', W + '/groups/none', {name: 'else', also: 1, users: [7, '', 'U 1']});
  await refused(['name'], 'PUT', W + '/groups/No', {users: []});
  assert.equal((await call(201, 'PUT', W + '/groups/empty', {users: []})).json.count, 0);
  const page = (await call(200, 'GET', W + '/groups?limit=2')).json;
  assert.deepEqual(page.items.map(g => [g.name, g.count, 'users' in g]), [['all', 5000, false], ['empty', 0, false]]);
  assert.deepEqual((await call(200, 'GET', W + '/groups?cursor=' + page.next)).json.items.map(g => g.name), ['sales']);
  await call(204, 'DELETE', W + '/groups/all');
  await call(404, 'DELETE', W + '/groups/all');
  assert.deepEqual((await audit('group.deleted')).map(a => [a.subject, a.detail]), [['all', {count: 5000}]]);
});

test('hooks: the secret is shown once, kept, rotated; faults come at once', async () => {
  const H = W + '/hooks/deals';
  await call(404, 'GET', H);
  const made = (await call(201, 'PUT', H, {kind: 'json', event_id: {path: 'event.id'}})).json;
  assert.match(made.secret, /^[0-9a-f]{64}$/);
  assert.match(made.url, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/[0-9a-f]{16}\.[0-9a-f]{32}$/);
  assert.deepEqual(made.verify, {by: 'secret', header: 'X-Workbot-Secret', prefix: ''});
  const {secret, ...shown} = made;
  assert.deepEqual((await call(200, 'GET', H)).json, shown);
  assert.deepEqual((await call(200, 'PUT', H, {})).json, shown, 'nothing is said, nothing changes');
  const signed = (await call(200, 'PUT', H, {verify: {by: 'hmac', header: 'X-Sum', timestamp_header: 'X-Time'}, enabled: false})).json;
  assert.equal(signed.verify.signed, '{timestamp}.{body}');
  assert.deepEqual([signed.enabled, signed.event_id, 'secret' in signed], [false, {path: 'event.id'}, false]);
  assert.deepEqual((await call(200, 'PUT', H, {verify: null, event_id: null, enabled: true})).json,
    {...shown, event_id: null, updated: (await call(200, 'GET', H)).json.updated}, 'null puts back the default');
  assert.equal((await call(200, 'PUT', H, {secret: 'sample-secret-of-the-sender'})).json.secret, 'sample-secret-of-the-sender');
  const rotated = (await call(200, 'POST', H + '/rotate')).json;
  assert.notEqual(rotated.secret, secret);
  assert.ok(Math.abs(Date.parse(rotated.old_secret_until) - Date.now() - 86400e3) < 60e3);
  const given = (await call(200, 'POST', H + '/rotate', {overlap_s: 0, secret: 'another-sample-secret-of-theirs'})).json;
  assert.deepEqual([given.secret, given.old_secret_until], ['another-sample-secret-of-theirs', null]);
  const {etag} = (await call(200, 'GET', H)).headers;
  const twice = await Promise.all([1, 2].map(() => call([200, 412], 'POST', H + '/rotate', undefined, {headers: {'If-Match': etag}})));
  assert.deepEqual(twice.map(r => r.status).sort(), [200, 412], 'sent twice, it is one new secret');
  const once = twice.find(r => r.status === 200);
  assert.equal(once.headers.etag, (await call(200, 'GET', H)).headers.etag);
  await call(412, 'POST', H + '/rotate', undefined, {headers: {'If-None-Match': '*'}});

  const S = W + '/hooks/salesforce-deals', B = W + '/hooks/box-files';
  await refused(['organization_id'], 'PUT', S, {kind: 'salesforce_outbound'});
  const outbound = (await call(201, 'PUT', S, {kind: 'salesforce_outbound', organization_id: '00Dx0000000BV7zEAG'})).json;
  assert.match(outbound.url, /\/hooks\/[0-9a-f]{16}\.[0-9a-f]{32}\.[0-9a-f]{64}$/);
  assert.ok(!('secret' in outbound));
  assert.equal((await call(200, 'GET', S)).json.url, null, 'the address is the secret');
  const moved = (await call(200, 'POST', S + '/rotate', {overlap_s: 3600})).json;
  assert.equal(moved.url.slice(0, -64), outbound.url.slice(0, -64));
  assert.notEqual(moved.url, outbound.url);
  await refused(['secret'], 'POST', S + '/rotate', {secret: 'another-sample-secret-of-theirs'});
  await refused(['overlap_s', 'also'], 'POST', H + '/rotate', {overlap_s: -1, also: 1});
  await refused(['primary_key'], 'PUT', B, {kind: 'box'});
  const box = (await call(201, 'PUT', B, {kind: 'box', primary_key: 'sample-canary-box-primary-key'})).json;
  assert.deepEqual([box.has_primary_key, box.has_secondary_key], [true, false]);
  assert.equal((await call(200, 'PUT', B, {secondary_key: 'sample-canary-box-secondary-key'})).json.has_secondary_key, true);
  assert.equal((await call(200, 'PUT', B, {primary_key: null})).json.has_primary_key, false);
  await refused(['primary_key'], 'PUT', B, {secondary_key: null});
  assert.equal((await call(409, 'POST', B + '/rotate')).json.code, 'hook_keys');
  const N = W + '/hooks/new';
  await refused(['kind'], 'PUT', N, {});
  await refused(['kind'], 'PUT', N, {kind: 'pigeon'});
  await refused(['kind'], 'PUT', H, {kind: 'box'});
  await refused(['name', 'other', 'secret', 'primary_key', 'organization_id'], 'PUT', N,
    {kind: 'json', name: 'else', other: 1, secret: 'short', primary_key: 'sample-sample-sample', organization_id: '00Dx0000000BV7z'});
  await refused(['verify', 'secret'], 'PUT', B, {verify: {by: 'secret'}, secret: 'sample-sample-sample'});
  await refused(['verify.header', 'verify.algorithm', 'event_id'], 'PUT', H, {verify: {by: 'hmac', algorithm: 'md5'}, event_id: {}});
  await refused(['secret'], 'PUT', H, {secret: null});
  const page = (await call(200, 'GET', W + '/hooks?limit=2')).json;
  assert.deepEqual(page.items.map(h => h.name), ['box-files', 'deals']);
  assert.deepEqual((await call(200, 'GET', W + '/hooks?cursor=' + page.next)).json.items.map(h => h.name), ['salesforce-deals']);
  await call(204, 'DELETE', B);
  await call(404, 'DELETE', B);
  assert.deepEqual((await audit('hook.deleted')).map(a => [a.subject, a.detail])[0], ['box-files', {kind: 'box'}]);
  assert.equal((await audit('hook.created')).filter(a => a.subject !== 'no-such-hook').length, 3);
  assert.equal((await audit('hook.secret_rotated')).length, 4);
  assert.ok((await audit('hook.changed')).some(a => a.detail.changed.includes('secrets')));
  for (const row of await audit()) for (const word of [rotated.secret, given.secret, once.json.secret, moved.url]) assert.ok(!JSON.stringify(row).includes(word));
});

// What is put, as one body and as another that is also valid, and what a DELETE of it answers.
const put = () => [
  [W + '/recipes/tagged', recipe({command: 'salesforce tagged'}), recipe({command: 'salesforce tagged', hint: 'Other'}), 204],
  [W + '/connections/tagged', {app: 'salesforce', client_id: 'sample'}, {account_match: 'warn'}, 202],
  [W + '/hooks/tagged', {kind: 'servicenow'}, {enabled: false}, 204],
  [W + '/groups/tagged', {users: ['U0BEN0001']}, {users: []}, 204],
  ['/v1/workspaces/slack:TTAGGED', {name: 'Tagged'}, {guests: 'allow'}, 202]];

test('a change that names what it read is done to that, or not at all', async () => {
  const on = headers => ({headers});
  for (const [path, first, other, gone] of put()) {
    const nope = async (method, body, headers) => assert.equal((await call(412, method, path, body, on(headers))).json.code, 'precondition', path);
    await nope('PUT', first, {'If-Match': '*'});
    await call(404, 'GET', path);
    await call(404, 'DELETE', path, undefined, on({'If-Match': '*'}));
    const made = await call(201, 'PUT', path, first, on({'If-None-Match': '*'})), tag = made.headers.etag;
    assert.match(tag, /^"[0-9a-f]{32}"$/);
    assert.equal((await call(200, 'GET', path)).headers.etag, tag, `${path}: PUT answers the tag of GET`);
    assert.equal((await call(200, 'PUT', path, first)).headers.etag, tag, 'nothing changed');
    await nope('PUT', other, {'If-None-Match': '*'});
    await nope('PUT', other, {'If-None-Match': `"none", W/${tag}`});
    for (const wrong of ['"none"', tag.slice(1, -1), `W/${tag}`, '', `"none" ${tag}`, `*, ${tag}`, '"open']) await nope('PUT', other, {'If-Match': wrong});
    await nope('PUT', {nonsense: 1}, {'If-Match': '"none"'}); // before the body is looked at
    assert.equal((await call(200, 'GET', path)).headers.etag, tag, 'a refused change changes nothing');
    const changed = await call(200, 'PUT', path, other, on({'If-Match': `"none",, ${tag} , "more"`}));
    assert.notEqual(changed.headers.etag, tag);
    await nope('PUT', first, {'If-Match': tag});
    await nope('DELETE', undefined, {'If-Match': tag});
    await nope('DELETE', undefined, {'If-None-Match': '*'});
    await call(200, 'PUT', path, other, on({'If-Match': '*', 'If-None-Match': tag}));
    await call(gone, 'DELETE', path, undefined, on({'If-Match': changed.headers.etag}));
    await call(404, 'GET', path);
  }
});

test('a secret that changes is another tag, though it is never shown', async () => {
  const path = W + '/connections/secretly';
  const tag = async (status, client_secret) => (await call(status, 'PUT', path, {app: 'salesforce', client_id: 'sample', client_secret})).headers.etag;
  const one = await tag(201, CANARIES.clientSecret), two = await tag(200, CANARIES.clientSecret + '-2'), same = await tag(200, CANARIES.clientSecret + '-2');
  assert.notEqual(one, two);
  assert.equal(same, two);
  await call(202, 'DELETE', path);
});

test('of writers at once who have read the same, one is let through', async () => {
  const bodies = {recipes: n => recipe({command: 'salesforce tagged', title: `Of ${n}`}), connections: n => ({scopes: ['s' + n]}),
    hooks: n => ({secret: 'sample-secret-of-writer-' + n}), groups: n => ({users: ['U0WRITER' + n]}), slack: n => ({name: 'Of ' + n})};
  for (const [path, first, , gone] of put()) {
    const body = bodies[path.split('/').at(-2)] ?? bodies.slack;
    const made = await Promise.all([1, 2, 3, 4].map(() => call([201, 412], 'PUT', path, first, {headers: {'If-None-Match': '*'}})));
    assert.deepEqual(made.map(a => a.status).sort(), [201, 412, 412, 412], path);
    for (let round = 0; round < 5; round++) {
      const tag = (await call(200, 'GET', path)).headers.etag;
      const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(n =>
        call([200, 412], 'PUT', path, body(`${round}${n}`), {headers: {'If-Match': tag}})));
      assert.deepEqual(answers.map(a => a.status).sort(), [200, 412, 412, 412, 412, 412], path);
      assert.equal((await call(200, 'GET', path)).headers.etag, answers.find(a => a.status === 200).headers.etag);
    }
    await call(gone, 'DELETE', path);
  }
  const raced = W + '/recipes/raced'; // and who names nothing is done after the other
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(n => call([200, 201], 'PUT', raced, recipe({command: 'salesforce race', title: `Of ${n}`}))));
  assert.deepEqual(answers.map(a => a.json.version).sort(), [1, 2, 3, 4, 5, 6]);
  await call(204, 'DELETE', raced);
});

test('a back-end acts for who allowed it', async () => {
  await call(200, 'PUT', W, {acting: 'on'});
  const {token} = (await call(201, 'POST', W + '/api-tokens', {name: 'back-end', role: 'act'})).json;
  const body = {user: 'U0BEN0001', recipe: 'create-opportunity', inputs: {name: 'By a back-end', close: '2026-12-31'}, idempotency_key: 'one'};
  assert.equal((await call(403, 'POST', W + '/act', body, {token})).json.code, 'act_not_allowed');
  await sandbox.say('ben', 'allow back-end');
  const {id} = await until('ben to have allowed it', async () => (await call([202, 403], 'POST', W + '/act', body, {token})).json);
  await until('it to be allowed', async () => (await call([202, 403], 'POST', W + '/act', body, {token})).status === 202);
  assert.ok(id === undefined || id === (await call(202, 'POST', W + '/act', body, {token})).json.id);
  await call(409, 'POST', W + '/act', {...body, inputs: {...body.inputs, name: 'Another'}}, {token});
  const missing = await call(422, 'POST', W + '/act', {...body, inputs: {}, idempotency_key: 'two'}, {token});
  assert.deepEqual(missing.json.errors.map(f => f.path), ['inputs.name', 'inputs.close']);
  await call(204, 'DELETE', W + '/api-tokens/back-end');
  await call(200, 'PUT', W, {acting: null});
});

test('how a workspace does, in numbers: by hour and by day, of the last 31 days', async () => {
  const S = W + '/stats', ago = days => new Date(Date.now() - days * 86400e3).toISOString().replace(/\.\d+/, '');
  const insert = (id, state, at) => service.database.query(`insert into run (workspace, id, reference, recipe, version, user_id, state, inputs, place, channel, created_at)
    values ('slack:T0ACME001', '${id}', 'WB-STAT-${id.slice(-4)}', 'counted', 1, 'U', '${state}', '', 'dm', 'D', '${at}')`);
  const idAt = (at, n) => { const ms = Date.parse(at).toString(16).padStart(12, '0'); return `${ms.slice(0, 8)}-${ms.slice(8)}-7000-8000-00000000000${n}`; };
  const day = ago(3).slice(0, 10), at = `${day}T10:20:00Z`;
  for (const [n, state] of ['done', 'done', 'failed', 'expired', 'parked', 'unknown'].entries()) await insert(idAt(at, n), state, at);
  await service.database.query(`insert into queue_age values ('slack:T0ACME001', '${day}T10:00:00Z', 75), ('slack:T0ACME001', '${day}T11:00:00Z', 190)`);
  const hours = (await call(200, 'GET', S + '?since=' + day)).json;
  assert.deepEqual([hours.by, hours.since], ['hour', `${day}T00:00:00Z`]);
  assert.deepEqual(hours.periods[10], {from: `${day}T10:00:00Z`, queue_oldest_seconds: 75,
    runs: {done: 2, failed: 1, unknown: 1, cancelled: 0, expired: 1, superseded: 0, open: 1}});
  assert.deepEqual([hours.periods[9].runs.done, hours.periods[11].queue_oldest_seconds], [0, 190]);
  const days = (await call(200, 'GET', `${S}?by=day&since=${day}`)).json;
  assert.equal(days.periods.length, 4);
  assert.deepEqual([days.periods[0].runs.done, days.periods[0].queue_oldest_seconds], [2, 190]);
  assert.equal((await call(200, 'GET', S)).json.periods.length, 24);
  assert.equal((await call(200, 'GET', S + '?by=day')).json.periods.length, 31);
  for (const query of ['by=week', 'since=soon', 'since=' + ago(32), 'since=' + ago(-1), 'until=' + day]) await call(400, 'GET', `${S}?${query}`);
  await service.database.query("insert into job (workspace, id, kind, behind, run_at) values ('slack:T0ACME001', gen_random_uuid(), 'run', true, now() - interval '90 seconds'), ('slack:T0ACME001', gen_random_uuid(), 'run', true, now() + interval '1 hour')");
  const {queue} = (await call(200, 'GET', S)).json, whole = (await call(200, 'GET', '/v1/deployment')).json;
  assert.equal(queue.waiting, 1, 'what is due');
  assert.ok(queue.oldest_seconds >= 90 && queue.oldest_seconds < 600, String(queue.oldest_seconds));
  assert.ok(whole.queue.oldest_seconds >= 90);
  await service.database.query("delete from job where behind and kind = 'run'");
  await service.database.query("delete from run where recipe = 'counted'");
});

test('the deployment: is it ready, and which keys it has, by their ids alone', async () => {
  const {keys, ...rest} = (await call(200, 'GET', '/v1/deployment')).json;
  assert.deepEqual([rest.ready, rest.checks, rest.reason], [true, {database: 'ok', draining: 'ok'}, null]);
  assert.match(rest.version, /^\d+\.\d+\.\d+$/);
  const [own] = keys;
  assert.deepEqual([keys.length, own.seals, own.present, own.in_use, own.noted_by], [1, true, true, true, rest.process]);
  await service.database.query("insert into encryption_key (id, sealed_by) values ('later', 'process 1 on elsewhere')");
  const both = (await call(200, 'GET', '/v1/deployment')).json;
  const later = both.keys.find(k => k.id === 'later');
  assert.deepEqual([both.ready, later.seals, later.present, later.in_use], [true, false, false, true], 'a key that came later is another replica\'s news');
  await service.database.query("update encryption_key set since = now() - interval '1 day' where id = 'later'");
  const not = (await call(200, 'GET', '/v1/deployment')).json;
  assert.deepEqual([not.ready, not.checks.database], [false, 'keys_wrong']);
  assert.match(not.reason, /does not hold the key later/);
  await service.database.query("delete from encryption_key where id = 'later'");
  assert.equal((await call(200, 'GET', '/v1/deployment')).json.ready, true);
});

test('people: a list by pages and by how a name or id begins, and one of them', async () => {
  const P = W + '/people', other = '/v1/workspaces/slack:TPEOPLE';
  await call(201, 'PUT', other, {});
  await service.database.query(`insert into chat_user (workspace, user_id, name, email, standing) values
    ('slack:T0ACME001', 'U0GUS00001', 'Gus Green', 'gus@acme.example', 'guest'), ('slack:T0ACME001', 'U0GWEN0001', 'gwen', null, 'deactivated'),
    ('slack:TPEOPLE', 'U0GUS00001', 'Gus of another', null, 'bot'), ('slack:TPEOPLE', 'U0ZOE00001', 'Zoe', null, 'member')`);
  const all = (await call(200, 'GET', P)).json.items, ids = list => list.map(p => p.user);
  const {created, ...gus} = all.find(p => p.user === 'U0GUS00001');
  assert.deepEqual(gus, {user: 'U0GUS00001', name: 'Gus Green', standing: 'guest', admin: false, installer: false, connections: 0, last_run: null, erasing: false}, 'no e-mail');
  assert.ok(Date.parse(created) <= Date.now());
  const ana = all.find(p => p.user === 'U0ANA0001');
  assert.deepEqual([ana.standing, typeof ana.last_run], ['member', 'string']);
  const paged = [];
  for (let next = ''; next !== null;) {
    const page = (await call(200, 'GET', `${P}?limit=1${next && '&cursor=' + encodeURIComponent(next)}`)).json;
    paged.push(...page.items);
    ({next} = page);
  }
  assert.ok(all.length > 2);
  assert.deepEqual(paged, all);
  for (const [begins, found] of [['g', ['U0GUS00001', 'U0GWEN0001']], ['GUS', ['U0GUS00001']], ['u0gw', ['U0GWEN0001']], ['green', []], ['%', []], ['_', []], ['zoe', []]]) {
    assert.deepEqual(ids((await call(200, 'GET', `${P}?begins=${encodeURIComponent(begins)}`)).json.items), found, begins);
  }
  await call(200, 'PUT', C, connection());
  await service.database.query(`insert into connection (workspace, id, default_name, state, owner, tokens) values
    ('slack:T0ACME001', gen_random_uuid(), 'acme-salesforce', 'needs_login', 'U0GWEN0001', 'x')
    on conflict (workspace, default_name, user_id) do update set owner = excluded.owner, tokens = excluded.tokens`);
  assert.deepEqual((await call(200, 'GET', P + '/U0GWEN0001')).json.default_connections, ['acme-salesforce']);
  await service.database.query("delete from connection where user_id = ''");
  assert.deepEqual((await call(200, 'GET', P + '/U0GUS00001')).json, {created, ...gus, default_connections: []});
  assert.equal((await call(404, 'GET', P + '/U0ZOE00001')).json.code, 'no_person', 'of another workspace');
  assert.deepEqual(ids((await call(200, 'GET', other + '/people')).json.items), ['U0GUS00001', 'U0ZOE00001']);
  for (const query of ['limit=0', 'unknown=1', 'begins=']) await call(400, 'GET', `${P}?${query}`);
  await service.database.query("delete from chat_user where user_id in ('U0GUS00001', 'U0GWEN0001')");
  await call(202, 'DELETE', other);
});

test('a person is erased: not while others depend on them, nor while something is under way', async () => {
  const P = W + '/people/';
  assert.equal((await call(409, 'DELETE', P + workspace.installer)).json.code, 'person_installs');
  await service.database.query("insert into chat_user (workspace, user_id, name) values ('slack:T0ACME001', 'U0DORA0001', 'Dora Doe')");
  await service.database.query("insert into job (workspace, id, kind, lane, run_at) values ('slack:T0ACME001', gen_random_uuid(), 'notice', 'U0DORA0001', now() + interval '1 day')");
  const first = (await call(202, 'DELETE', P + 'U0DORA0001')).json;
  assert.deepEqual([first.erased, first.waiting, first.rows], [false, 1, 0]);
  assert.equal((await call(200, 'GET', P + 'U0DORA0001')).json.erasing, true);
  await service.database.query("delete from job where lane = 'U0DORA0001'");
  const done = (await call(200, 'DELETE', P + 'U0DORA0001')).json;
  assert.deepEqual([done.erased, done.pseudonym, done.proof.found], [true, first.pseudonym, 0]);
  assert.equal((await audit('person.erased'))[0].subject, done.pseudonym);
  assert.equal((await call(404, 'DELETE', P + 'U0DORA0001')).json.code, 'no_person');
});

test('deleting a connection and a workspace revokes upstream; the audit stays', async () => {
  await call(200, 'PUT', C, connection());
  const code = await codeOf((await call(200, 'POST', C + '/login')).json.login_url);
  await call(200, 'POST', C + '/login/confirm', {code});
  const alive = async () => (await sandbox.grants()).filter(g => g.alive).length;
  assert.equal(await alive(), 1);
  assert.deepEqual((await call(202, 'DELETE', W)).json, {connections: 1, revoking: 1});
  await until('the grant to be revoked', async () => await alive() === 0);
  await call(404, 'GET', W);
  await call(404, 'DELETE', W);
  assert.equal((await audit())[0].action, 'workspace.deleted');
  await call(404, 'GET', '/v1/workspaces/slack:TNEVER/audit');
});

// A path of this operation, with names that stand for nothing.
const pathOf = operation => operation.path.replace('{workspace}', 'slack:TNEVER').replace('{name}', 'none').replace('{user}', 'U0NOBODY01').replace('{id}', '0190c0de-0000-7000-8000-000000000001') +
  (operation.id === 'deletePersonalConnections' ? '?app=salesforce' : '');
const bodies = {putConnection: {app: 'salesforce'}, confirmConnectionLogin: {code: '000000'}, putRecipe: {}, checkRecipe: {}, putWorkspace: {}, putHook: {}, putGroup: {},
  makeApiToken: {name: 'none', role: 'read'}, actForUser: {user: 'U0NOBODY01', recipe: 'none', idempotency_key: 'k'}};
const operations = openapi.operations.filter(o => o.path.startsWith('/v1/'));

test('refusals that every operation shares', async () => {
  const own = '/v1/workspaces/slack:TACT', tokens = own + '/api-tokens';
  await call(201, 'PUT', own, {});
  const {token} = (await call(201, 'POST', tokens, {name: 'none', role: 'act'})).json;
  await call(409, 'POST', tokens, {name: 'none', role: 'read'});
  await call(200, 'GET', tokens);
  for (const o of operations) await call(o.id === 'getRun' ? 404 : 403, o.method, pathOf(o).replace('slack:TNEVER', 'slack:TACT'), bodies[o.id], {token});
  await call(403, 'GET', '/v1/apps', undefined, {token});
  await call(404, 'PUT', '/v1/workspaces/slack:TNEVER', {}, {token});
  await call(204, 'DELETE', tokens + '/none');
  await refused(['name', 'role', 'expires_in_days', 'token'], 'POST', tokens, {name: '-', role: 'owner', expires_in_days: 0, token: 'x'});
  await refused(['name', 'role'], 'POST', tokens, {});
  await call(202, 'DELETE', own);
  const many = Object.fromEntries(Array.from({length: 120}, (_, i) => ['X-Filler-' + i, 'x']));
  for (const [i, o] of operations.entries()) {
    const path = pathOf(o);
    await call(400, o.method, path, bodies[o.id], {headers: many});
    await call(401, o.method, path, bodies[o.id], {token: null, headers: {'X-Forwarded-For': '10.0.0.' + i}});
    await call(413, o.method, path, Buffer.alloc(1024 * 1024, ' '));
    if (o.statuses.includes('404') && o.id !== 'putWorkspace') await call(404, o.method, path, bodies[o.id]);
  }
});

test('without a database every operation says so, and works again after', async () => {
  const other = await startService();
  const {call: ask} = judge(other);
  try {
    await other.database.refuse();
    for (const o of operations.filter(x => x.id !== 'listApps')) {
      const answer = await ask(503, o.method, pathOf(o), bodies[o.id]);
      assert.match(answer.headers['retry-after'], /^\d+$/);
    }
    await other.database.allow();
    await until('the database to be back', async () => (await other.api('GET', '/v1/workspaces/slack:TNEVER')).status === 404);
  } finally {
    await other.stop();
  }
});

test('ten wrong tokens from one address: then 429 for all operations, and the right token still passes', async () => {
  const other = await startService();
  const {call: ask} = judge(other);
  try {
    for (let i = 0; i < 10; i++) await ask(401, 'GET', '/v1/apps', undefined, {token: 'wrong-' + i});
    for (const o of operations) {
      const answer = await ask(429, o.method, pathOf(o), bodies[o.id], {token: 'wrong'});
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
    await ask(200, 'GET', '/v1/apps');
    await ask(429, 'GET', '/v1/apps', undefined, {token: 'wrong'});
  } finally {
    await other.stop();
  }
});

test('every described status was met', () => {
  // the catalogue needs no database: its 503 is a full queue, which no test can fill on purpose
  assert.deepEqual(unmet(), ['listApps 503']);
});

test('no secret is in the log', () => silent());
