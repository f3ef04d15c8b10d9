// Box, whole: connected in chat as the person who types, every action as that person, and its traps.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, buttons, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const CLIENT = {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret'};
const FILE = '8018809384', FOLDER = '160000001', BOARD = '160000002';

// action: [what is typed, its inputs, what the reply says]
const ACTIONS = {
  create_folder: ['folder', ['name', 'folder_id'], 'Folder {{steps.one.name}} is {{steps.one.id}}, already: {{steps.one.already}}.'],
  upload_file: ['upload', ['name', 'content', 'folder_id'], 'Uploaded {{steps.one.name}} {{steps.one.sha1}}, already: {{steps.one.already}}.'],
  upload_version: ['replace', ['id', 'etag', 'content'], 'Replaced {{steps.one.name}}, now {{steps.one.etag}} {{steps.one.sha1}}'],
  share_link: ['share', ['type', 'id', 'access', 'until'], 'Shared with {{steps.one.access}}: {{steps.one.link}}'],
  search: ['find', ['query', 'type'], 'Found {{steps.one.total}}: {{steps.one.first.name}}'],
  list_folder: ['list', ['folder_id'], 'There are {{steps.one.first.name}} and {{steps.one.records.1.name}}.'],
  file_info: ['file', ['id'], '{{steps.one.name}}, {{steps.one.size}} bytes, by {{steps.one.modified_by.name}}'],
  comment: ['comment', ['id', 'message'], 'Commented: {{steps.one.message}}, already: {{steps.one.already}}.'],
  create_task: ['task', ['file_id', 'message', 'action', 'due'], 'Task {{steps.one.task_id}}: {{steps.one.message}}'],
  assign_task: ['assign', ['task_id', 'login'], 'Assigned to {{steps.one.assignee}} as {{steps.one.assignment_id}}'],
  list_tasks: ['tasks', ['file_id'], 'Tasks: {{steps.one.total}}, first: {{steps.one.first.message}}'],
  decide_task: ['decide', ['assignment_id', 'decision', 'message'], '{{steps.one.file}} is {{steps.one.state}}'],
  invite: ['invite', ['id', 'login', 'role', 'type'], 'Invited {{steps.one.login}} as {{steps.one.role}}, already: {{steps.one.already}}.'],
  request_signature: ['sign', ['file_id', 'folder_id', 'email'], 'The request is {{steps.one.state}}'],
};

const COPY = {name: 'copy', title: 'copy', command: 'box copy', allow: 'everyone', connections: {box: {use: 'acme-box', verify_user_access: true}},
  inputs: [{name: 'id'}, {name: 'folder_id'}],
  steps: [{id: 'one', connection: 'box', action: 'download_file', with: {id: '{{inputs.id}}'}},
    {id: 'two', connection: 'box', action: 'upload_file', with: {file: '{{steps.one.file}}', folder_id: '{{inputs.folder_id}}'}}],
  reply: {text: 'Copied {{steps.two.name}}, {{steps.one.size}} bytes, already: {{steps.two.already}}.', link: {label: 'Open', url: '{{steps.two.url}}'}}};

/** What the step is given; a file is made of its name and text. */
function withOf(action, inputs) {
  const {name, content, ...given} = Object.fromEntries(inputs.map(i => [i, `{{inputs.${i}}}`]));
  if (content) return {...given, file: {name: name ?? 'new.txt', content}};
  return name ? {name, ...given} : given;
}

function recipeOf(action) {
  const [command, inputs, text] = ACTIONS[action];
  return {name: action.replaceAll('_', '-'), title: command, command: `box ${command}`, allow: 'everyone',
    connections: {box: {use: 'acme-box', verify_user_access: true}}, inputs: inputs.map(name => ({name})),
    steps: [{id: 'one', connection: 'box', action, with: withOf(action, inputs)}],
    reply: {text, link: {label: 'Open', url: '{{steps.one.url}}'}}};
}

async function world(options = {}) {
  const w = await start(options);
  try {
    await w.putConnection(ACME, 'acme-box', {app: 'box', host: w.hosts.box, ...CLIENT, assurance: 'code', account_match: 'off'});
    await w.putRecipe(ACME, COPY);
    for (const action of Object.keys(ACTIONS)) await w.putRecipe(ACME, recipeOf(action));
  } catch (e) {
    await w.stop().catch(() => {});
    throw e;
  }
  return w;
}

const settings = (w, box) => w.sandbox('PUT', '/_config', {box});
const fault = (w, name, more = {}) => w.fault(name, {peer: 'box', ...more});
const state = w => w.sandbox('GET', '/_state/box');
const later = w => w.query("update job set run_at = now() where state = 'queued' and run_at > now()");
const open = m => buttons(m).find(b => b.label === 'Open').url;

async function connect(person, username) {
  const prompt = await person.prompt('connect acme-box');
  await person.ask(await person.browse(prompt, username), /is connected/);
  await person.world.idle();
}

describe('Box in chat', () => {
  let w, ana, cleo;
  before(async () => {
    w = await world();
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await connect(ana);
  });
  after(() => w?.stop());
  beforeEach(async () => {
    await w.sandbox('DELETE', '/_faults');
    await settings(w, {code_ttl_ms: 30000, access_ttl_ms: 3600000, previous_refresh_token: 'never'});
  });

  const items = async name => (await state(w)).items.filter(i => i.name === name);

  // --- every action, as the person ---

  test('the login shows the account and the company', async () => {
    const shown = await ana.ask('connections', /ana@acme\.example/);
    assert.match(words(shown), /Acme Corporation/);
    assert.deepEqual((await state(w)).grants.map(g => [g.username, g.alive]), [['ana@acme.example', true]]);
  });

  test('apps_trap_16_a_code_older_than_30_seconds: a new link, and nothing is kept', async () => {
    await settings(w, {code_ttl_ms: -1});
    const prompt = await cleo.prompt('connect acme-box');
    await cleo.browser.logIn(loginUrl(prompt), 'cleo@acme.example');
    assert.doesNotMatch(cleo.browser.page.html, /id="code"/);
    assert.equal(cleo.browser.page.status, 410);
    assert.match(cleo.browser.text, /did not take this login.*may have taken too long.*Try again/s);
    assert.equal((await state(w)).grants.some(g => g.username === 'cleo@acme.example'), false);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001'"), 0);
    await settings(w, {code_ttl_ms: 30000});
    await cleo.ask('cancel', /Cancelled|nothing to cancel/);
    await connect(cleo);
  });

  test('create_folder: made once, with a link', async () => {
    const done = await ana.ask(`box folder name: Offers folder_id: ${FOLDER}`, /Folder Offers is \d+/);
    const [made] = await items('Offers');
    assert.deepEqual([made.owner, made.parent], ['2000000001', FOLDER]);
    assert.equal(open(done), `http://${w.hosts.box}/folder/${made.id}`, 'on a stand-in its own address, else app.box.com');
    assert.match(await (await fetch(open(done))).text(), /Offers/);
  });

  const sha1 = text => createHash('sha1').update(text).digest('hex');

  test('apps_trap_16_multipart_order: upload_file and upload_version, attributes first and with their sum', async () => {
    const done = await ana.ask(`box upload name: offer.txt content: "First words" folder_id: ${FOLDER}`, m => words(m).includes(`Uploaded offer.txt ${sha1('First words')}`));
    const [made] = await items('offer.txt');
    assert.equal(open(done), `http://${w.hosts.box}/file/${made.id}`);
    const [call] = (await w.calls({peer: 'box'})).filter(e => e.path.startsWith('/api/2.0/files/content'));
    assert.equal(call.headers['content-md5'], sha1('First words'));
    assert.ok(call.request.indexOf('name="attributes"') < call.request.indexOf('name="file"'));
    await ana.ask(`box replace id: ${made.id} etag: 0 content: "Second words"`, m => words(m).includes(`now 1 ${sha1('Second words')}`));
    await ana.ask(`box replace id: ${made.id} etag: 0 content: "Third words"`, /Someone has changed this file in Box meanwhile/);
    assert.equal((await items('offer.txt'))[0].sha1, sha1('Second words'));
  });

  test('apps_trap_16_conflicts_array_vs_object: the same file is there already, another one is not overwritten', async () => {
    await ana.ask(`box upload name: same.txt content: "The same" folder_id: ${FOLDER}`, /Uploaded same\.txt \w+, already: ,/);
    await ana.ask(`box upload name: SAME.txt content: "The same" folder_id: ${FOLDER}`, /Uploaded same\.txt \w+, already: true/);
    await ana.ask(`box upload name: same.txt content: "Another" folder_id: ${FOLDER}`, /something else with this name/);
    assert.deepEqual((await items('same.txt')).map(i => [i.sha1, i.versions]), [[sha1('The same'), 1]]);
  });

  for (const kind of ['5xx_after', 'lost']) {
    test(`apps_trap_16_503_after_a_stored_write: a file and a version, ${kind}`, async () => {
      const name = `stored-${kind === 'lost' ? 'lost' : 'busy'}.txt`;
      const told = async (text, fits) => {
        await w.sandbox('DELETE', '/_faults');
        await fault(w, kind, {method: 'POST', path: '/content'});
        const said = await ana.say(text);
        await until('the command to be done', async () => {
          await later(w);
          return (await ana.messages()).some(m => m.is_bot && m.ts > said.ts && fits.test(words(m)));
        });
        assert.equal(await w.fired(kind), 1);
      };
      await told(`box upload name: ${name} content: "One" folder_id: ${FOLDER}`, /Uploaded stored-\w+\.txt \w+, already: true/);
      const [made] = await items(name);
      await told(`box replace id: ${made.id} etag: 0 content: "Two"`, /Replaced stored-\w+\.txt, now 1/);
      const [now] = await items(name);
      assert.deepEqual([now.sha1, now.versions], [sha1('Two'), 2]);
    });
  }

  test('file_info, list_folder, search', async () => {
    const info = await ana.ask(`box file id: ${FILE}`, /contract\.pdf, 26 bytes, by Ana Alvarez/);
    assert.equal(open(info), `http://${w.hosts.box}/file/${FILE}`);
    await ana.ask(`box list folder_id: ${FOLDER}`, /contract\.pdf/);
    await ana.ask('box find query: CONTRACT type: file', /Found 1: contract\.pdf/);
    await ana.ask('box find query: nothing-like-it', /Found 0/);
    const rows = {name: 'rows', title: 'rows', command: 'box rows', allow: 'everyone', connections: {box: {use: 'acme-box', verify_user_access: true}}, inputs: [{name: 'folder_id'}, {name: 'query'}],
      steps: [{id: 'in', connection: 'box', action: 'list_folder', with: {folder_id: '{{inputs.folder_id}}'}}, {id: 'by', connection: 'box', action: 'search', with: {query: '{{inputs.query}}'}}],
      reply: {text: 'In {{steps.in.records.0.url}}, by {{steps.by.first.type}} {{steps.by.first.url}}'}};
    await w.putRecipe(ACME, rows);
    const file = await ana.ask(`box rows folder_id: ${FOLDER} query: contract`, /In http/);
    assert.match(words(file), new RegExp(`In http://${w.hosts.box}/(file|folder)/\\d+, by`));
    const [, type, at] = /by (\w+) http:\/\/[^/]+\/(\w+)\//.exec(words(file));
    assert.equal(at, type, 'a folder is linked as one, and a file as one');
  });

  test('apps_trap_16_302_download: a file goes on to the next step, and the token to nobody', async () => {
    const copied = await ana.ask(`box copy id: ${FILE} folder_id: ${FOLDER}`, /Copied contract\.pdf, 26 bytes, already: true/);
    assert.equal(open(copied), `http://${w.hosts.box}/file/${FILE}`);
    await ana.ask(`box upload name: source.txt content: "Word for word" folder_id: ${FOLDER}`, /Uploaded source\.txt/);
    const [source] = await items('source.txt');
    await ana.ask(`box copy id: ${source.id}`, /Copied source\.txt, 13 bytes, already: ,/);
    assert.deepEqual((await items('source.txt')).map(i => i.sha1), [sha1('Word for word'), sha1('Word for word')]);
    const {counts} = await state(w);
    assert.equal(counts.token_leaks ?? 0, 0);
    const fetched = (await w.calls({peer: 'box'})).filter(e => e.path.startsWith('/dl/'));
    assert.deepEqual([fetched.length, fetched.some(e => 'authorization' in e.headers)], [2, false]);
    assert.doesNotMatch(w.log(), /\/dl\//, 'an address that opens a file by itself is in no log');
  });

  test('a file that Box has not got ready is waited for', async () => {
    await fault(w, 'not_ready', {path: '/content', retry_after: 1});
    await ana.ask(`box copy id: ${FILE} folder_id: ${FOLDER}`, /Copied contract\.pdf/);
    assert.equal(await w.fired('not_ready'), 1);
  });

  test('share_link: the address, again the same', async () => {
    const first = await ana.ask(`box share id: ${FILE} access: company`, /Shared with company: http/);
    const url = /http\S+/.exec(words(first))[0];
    await ana.ask(`box share id: ${FILE} access: open until: 2027-01-31T00:00:00Z`, m => words(m).includes(`Shared with open: ${url}`));
    assert.equal((await items('contract.pdf'))[0].shared_link.unshared_at, '2027-01-31T00:00:00Z');
  });

  test('comment, then a task, assigned and approved by the one it is for', async () => {
    await ana.ask(`box comment id: ${FILE} message: Looks good`, /Commented: Looks good/);
    const made = await ana.ask(`box task file_id: ${FILE} message: Please check`, /Task \d+: Please check/);
    const task = /Task (\d+)/.exec(words(made))[1];
    const given = await ana.ask(`box assign task_id: ${task} login: cleo@acme.example`, /Assigned to Cleo Chen as \d+/);
    const assignment = /as (\d+)/.exec(words(given))[1];
    await ana.ask(`box tasks file_id: ${FILE}`, /Tasks: 1, first: Please check/);
    await ana.ask(`box decide assignment_id: ${assignment} decision: approved`, /waits for somebody else: your Box account may not decide it/);
    await cleo.ask(`box decide assignment_id: ${assignment} decision: completed`, /does not accept one of the values/);
    const decided = await cleo.ask(`box decide assignment_id: ${assignment} decision: approved message: fine`, /contract\.pdf is approved/);
    assert.equal(open(decided), `http://${w.hosts.box}/file/${FILE}`);
    await cleo.ask(`box decide assignment_id: ${assignment} decision: rejected`, /approved in Box already[^]*Already approved in Box by Cleo Chen[,\n]/);
    assert.deepEqual((await state(w)).assignments.map(a => [a.user, a.resolution_state, a.message]), [['2000000003', 'approved', 'fine']]);
    await cleo.ask(`box decide assignment_id: ${assignment} decision: incomplete`, /contract\.pdf is incomplete/);
    await cleo.ask(`box decide assignment_id: ${assignment} decision: rejected`, /contract\.pdf is rejected/);
  });

  test('invite and request_signature', async () => {
    await ana.ask(`box invite id: ${FOLDER} login: eve@other.example role: editor`, /Invited eve@other\.example as editor/);
    await ana.ask(`box sign file_id: ${FILE} folder_id: ${FOLDER} email: eve@other.example`, /The request is created/);
    const made = (await state(w)).sign_requests;
    assert.equal(made.length, 1);
    assert.ok(made[0].external_id, 'a key by which a lost answer is found again');
  });

  test('what Box refuses reads in plain words', async () => {
    await ana.ask(`box file id: ${BOARD}`, /Box has no such item, or this account may not see it/);
    await ana.ask('box folder name: ..', /Box does not take this name/);
    await ana.ask('box file id: x1', /the id of a file/);
  });

  // --- traps ---

  test('apps_trap_16_409_is_success_for_a_folder: the list of conflicts names it', async () => {
    const first = await ana.ask('box folder name: Twice', /Folder Twice is \d+, already: ,/);
    const again = await ana.ask('box folder name: twice', /Folder Twice is \d+, already: true/);
    assert.equal(open(again), open(first));
    assert.equal((await items('Twice')).length, 1);
  });

  test('apps_trap_16_recent_similar_comment: already there', async () => {
    await ana.ask(`box comment id: ${FILE} message: Only once`, /Commented: Only once, already: ,/);
    await ana.ask(`box comment id: ${FILE} message: Only once`, /Commented: Only once, already: true/);
    assert.equal((await state(w)).comments.filter(c => c.message === 'Only once').length, 1);
  });

  test('apps_trap_16_user_already_collaborator: already there', async () => {
    await ana.ask(`box invite id: ${FOLDER} login: ida@other.example`, /as viewer, already: ,/);
    await ana.ask(`box invite id: ${FOLDER} login: ida@other.example`, /already: true/);
    assert.equal((await state(w)).collaborations.filter(c => c.login === 'ida@other.example').length, 1);
  });

  test('apps_trap_16_name_temporarily_reserved: waited for, then done once', async () => {
    await fault(w, 'error', {error: 'name_temporarily_reserved', status: 409, method: 'POST', path: '/folders'});
    const said = await ana.say('box folder name: Reserved');
    await until('the folder', async () => {
      await later(w);
      return (await items('Reserved')).length === 1;
    });
    await ana.sees(/Folder Reserved is \d+, already: ,/, {after: said.ts});
    assert.equal(await w.fired('error'), 1);
  });

  for (const [name, typed, fits, found] of [
    ['a_folder', 'box folder name: Stored', /Folder Stored is \d+, already: true/, async s => s.items.filter(i => i.name === 'Stored')],
    ['a_task', `box task file_id: ${FILE} message: Stored task`, /Task \d+: Stored task/, async s => s.tasks.filter(t => t.message === 'Stored task')],
    ['a_signature', `box sign file_id: ${FILE} folder_id: ${FOLDER} email: stored@other.example`, /The request is created/,
      async s => s.sign_requests.filter(r => r.signers[0].email === 'stored@other.example')],
    ['an_invitation', `box invite id: ${FOLDER} login: stored@other.example`, /already: true/, async s => s.collaborations.filter(c => c.login === 'stored@other.example')],
  ]) {
    for (const kind of ['5xx_after', 'lost']) {
      test(`apps_trap_16_503_after_a_stored_write: ${name}, ${kind}`, async () => {
        const text = kind === 'lost' ? typed.replace('Stored', 'Lost').replace('stored@', 'lost@') : typed;
        await fault(w, kind, {method: 'POST'});
        const said = await ana.say(text);
        const want = new RegExp(fits.source.replace('Stored', kind === 'lost' ? 'Lost' : 'Stored'));
        await until('the command to be done', async () => {
          await later(w);
          return (await ana.messages()).some(m => m.is_bot && m.ts > said.ts && want.test(words(m)));
        });
        await w.idle();
        assert.equal(await w.fired(kind), 1);
        const s = JSON.parse(JSON.stringify(await state(w)).replaceAll('Lost', 'Stored').replaceAll('lost@', 'stored@'));
        assert.equal((await found(s)).length, kind === 'lost' ? 2 : 1, 'each of the two once');
      });
    }
  }

  test('apps_trap_16_503_after_a_stored_write: a comment is put to the user, and Box knows it', async () => {
    await fault(w, '5xx_after', {method: 'POST', path: '/comments'});
    const asked = await ana.ask(`box comment id: ${FILE} message: Stored note`, /may have happened or not/);
    assert.deepEqual(labels(asked), ['It happened', 'It did not: run it again']);
    await ana.press(asked, 'It did not: run it again');
    await ana.sees(m => m.ts === asked.ts && /Commented: Stored note, already: true/.test(words(m)));
    assert.equal((await state(w)).comments.filter(c => c.message === 'Stored note').length, 1);
  });

  test('apps_trap_06_401_with_an_empty_body: one refresh, one repeat', async () => {
    const before = (await state(w)).grants.find(g => g.username === 'ana@acme.example');
    await fault(w, 'token_expired', {path: '/2.0/files'});
    await ana.ask(`box file id: ${FILE}`, /contract\.pdf/);
    const after = (await state(w)).grants.find(g => g.username === 'ana@acme.example');
    assert.equal(after.refreshes, before.refreshes + 1);
    assert.notEqual(after.refresh_token, before.refresh_token);
  });

  test('apps_trap_06_html_with_200: waited for, nobody is disconnected', async () => {
    await fault(w, 'html', {status: 200, path: '/2.0/files'});
    const said = await ana.say(`box file id: ${FILE}`);
    await until('the command to go on', async () => {
      await later(w);
      return (await ana.messages()).some(m => m.ts > said.ts && /contract\.pdf/.test(words(m)));
    });
  });

  test('429 says when: waited for', async () => {
    await fault(w, '429', {retry_after: 1, path: '/2.0/folders'});
    const said = await ana.say('box folder name: After a while');
    await ana.sees(/Folder After a while is \d+/, {after: said.ts});
    assert.equal((await items('After a while')).length, 1);
  });

  // --- tokens that work once ---

  test('apps_trap_03_ten_commands_with_an_expired_token: one refresh, nobody is asked', async () => {
    const grant = async () => (await state(w)).grants.find(g => g.username === 'ana@acme.example' && g.alive);
    const before = await grant();
    await w.query("update connection set access_expires_at = now() - interval '1 minute' where user_id = 'U0ANA0001'");
    const said = await ana.say('box find query: contract type: file');
    await Promise.all(Array.from({length: 9}, () => ana.say('box find query: contract type: file')));
    await until('ten answers', async () => (await ana.messages()).filter(m => m.is_bot && m.ts >= said.ts && /Found 1: contract\.pdf/.test(words(m))).length >= 10);
    const now = await grant();
    assert.equal(now.refreshes, before.refreshes + 1);
    assert.equal(now.refused_refreshes, 0);
  });

  test('apps_trap_05_a_refresh_token_that_is_spent: dead, asked once, and the command goes on', async () => {
    const grant = (await state(w)).grants.find(g => g.username === 'ana@acme.example' && g.alive);
    const r = await fetch(`http://${w.hosts.box}/oauth2/token`, {method: 'POST',
      body: new URLSearchParams({grant_type: 'refresh_token', refresh_token: grant.refresh_token, ...CLIENT})});
    assert.equal(r.status, 200, 'someone else has used it');
    const prompt = await ana.prompt(`box file id: ${FILE}`);
    await ana.ask(await ana.browse(prompt), /is connected/);
    await ana.sees(m => m.ts === prompt.ts && /contract\.pdf/.test(words(m)));
    await w.idle();
  });

  test('disconnect revokes both tokens at Box', async () => {
    const mine = async () => (await state(w)).grants.filter(g => g.username === 'cleo@acme.example' && g.alive).length;
    assert.equal(await mine(), 1);
    await cleo.ask('disconnect acme-box', m => m.is_bot && labels(m).length > 0 || /disconnected/i.test(words(m)));
    const asked = (await cleo.messages()).filter(m => m.is_bot).at(-1);
    const yes = labels(asked).find(l => /disconnect/i.test(l));
    if (yes) await cleo.press(asked, yes);
    await until('the grant to end', async () => await mine() === 0);
    assert.equal((await state(w)).grants.find(g => g.username === 'cleo@acme.example').ended_by, 'revoked by the client');
  });
});
