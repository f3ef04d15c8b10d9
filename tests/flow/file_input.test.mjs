// A command that takes a file: chosen in Slack's form, fetched when its step runs, given to Box. Its
// bytes stand in no row, and only the person's own file, from Slack's own host, is taken.
import assert from 'node:assert/strict';
import {createHash, randomBytes} from 'node:crypto';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, labels, start, viewWords, words} from '../lib/flow.mjs';

const PG_DUMP = ['/usr/lib/postgresql/15/bin/pg_dump', '/usr/bin/pg_dump'].find(existsSync) || 'pg_dump';
const CLIENT = {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret'};
const FOLDER = '160000001';
const SCOPES = ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read'];
const BOX = {box: {use: 'acme-box', verify_user_access: true}};

const UPLOAD = {name: 'upload', title: 'Upload a contract', command: 'box contract', allow: 'everyone', connections: BOX,
  inputs: [{name: 'deed', type: 'file', required: true, hint: 'The signed contract', endings: ['txt', 'pdf']}, {name: 'folder', required: true}],
  steps: [{id: 'up', connection: 'box', action: 'upload_file', with: {file: '{{inputs.deed}}', folder_id: '{{inputs.folder}}'}}],
  reply: {text: 'Uploaded {{steps.up.name}} ({{inputs.deed.size}} bytes, {{inputs.deed.mime}}), already: {{steps.up.already}}.'}};
// the same file twice, behind a folder that is made first; the file may be left out
const BOTH = {name: 'both', title: 'File it', command: 'box file it', allow: 'everyone', connections: BOX,
  inputs: [{name: 'deed', type: 'file'}, {name: 'title', required: true}],
  steps: [{id: 'made', connection: 'box', action: 'create_folder', with: {name: '{{inputs.title}}', folder_id: FOLDER}},
    {id: 'up', connection: 'box', action: 'upload_file', when: {path: 'inputs.deed', is: 'not_empty'}, with: {file: '{{inputs.deed}}', folder_id: '{{steps.made.id}}'}}],
  reply: {text: 'Filed {{inputs.title}} with {{inputs.deed.name | default("nothing")}}.'}};
// a reply whose button would like to give a file
const ASKS = {name: 'asks', title: 'Ask for it', command: 'box ask', allow: 'everyone', connections: BOX, inputs: [{name: 'folder', required: true}],
  steps: [{id: 'one', connection: 'box', action: 'list_folder', with: {folder_id: '{{inputs.folder}}'}}],
  reply: {text: 'Listed.', buttons: [{title: 'Upload', command: 'box contract', inputs: {folder: '{{inputs.folder}}', deed: {id: 'F0FORGED01', name: 'a.txt', size: 1, mime: 'text/plain'}}}]}};

const sha1 = data => createHash('sha1').update(data).digest('hex');

describe('a file as input, in Slack', () => {
  let w, ana, cleo;
  before(async () => {
    w = await start({sandbox: {slack: {scopes: [...SCOPES, 'files:read']}}});
    [ana, cleo] = ['ana', 'cleo'].map(n => w.person(n));
    await w.putConnection(ACME, 'acme-box', {app: 'box', host: w.hosts.box, ...CLIENT, assurance: 'code', account_match: 'off'});
    for (const r of [UPLOAD, BOTH, ASKS]) await w.putRecipe(ACME, r);
    const prompt = await ana.prompt('connect acme-box');
    await ana.ask(await ana.browse(prompt), /is connected/);
    await w.idle();
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  const items = async name => (await w.idle(), (await w.sandbox('GET', '/_state/box')).items.filter(i => i.name === name));
  const opened = async (text = `box contract folder: ${FOLDER}`) => {
    await ana.command(text);
    return ana.modal(v => /contract|File it/.test(v.title.text));
  };
  const give = async (file, more = {}) => {
    await opened();
    return ana.submit({deed: {file: {name: 'contract.txt', content: 'We agree.', ...file}}, ...more});
  };
  const block = (view, id) => view.blocks.find(b => b.block_id === id);
  const refused = async (file, said) => {
    const name = `${Math.random().toString(36).slice(2)}.txt`;
    assert.equal((await give({name, ...file})).closed, true);
    const m = await ana.sees(m => said.test(words(m)));
    assert.deepEqual(await items(name), [], 'nothing is uploaded');
    assert.match(words(m), /\*?Upload a contract\*? did not work/);
    return m;
  };
  const later = () => w.query("update job set run_at = now() where state = 'queued' and run_at > now()");

  test('the form has a place for one file of the right kind, and what is chosen lies at Box as it was', async () => {
    const view = await opened();
    assert.deepEqual(block(view, 'deed').element, {type: 'file_input', action_id: 'deed', max_files: 1, filetypes: ['txt', 'pdf']});
    assert.equal(block(view, 'deed').optional, false);
    assert.equal(block(view, 'deed').hint.text, 'The signed contract');
    const data = Buffer.from([...Array(256).keys(), 0, 13, 10, 255]);
    const sent = await ana.submit({deed: {file: {name: 'bytes.pdf', base64: data.toString('base64'), mimetype: 'application/pdf'}}});
    assert.equal(sent.closed, true, JSON.stringify(sent));
    await ana.sees(/Uploaded bytes\.pdf \(260 bytes, application\/pdf\), already: ,/);
    const [there] = await items('bytes.pdf');
    assert.deepEqual([there.sha1, there.owner, there.parent], [sha1(data), '2000000001', FOLDER], 'as the person who gave it');
  });

  test('the bytes stand in no row, and no address either: id, name, size and type do, sealed', async () => {
    const secret = 'canary-of-the-signed-contract-7731';
    await give({name: 'canary.txt', content: secret.repeat(20)});
    await ana.sees(/Uploaded canary\.txt/);
    const dump = execFileSync(PG_DUMP, ['--inserts', w.databaseUrl], {maxBuffer: 1 << 28}).toString();
    for (const way of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret.repeat(20)).toString('base64').slice(0, 60), 'files-pri'])
      assert.equal(dump.includes(way), false, way);
    assert.equal(w.log().includes(secret), false);
  });

  test('a file of ten megabytes takes no more than seven times its size in memory', {skip: process.env.ASAN_OPTIONS && 'a sanitizer keeps what was freed'}, async () => {
    const figure = name => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${w.replicas[0].child.pid}/status`, 'utf8'))[1]) / 1024;
    const before = figure('VmRSS');
    await give({name: 'heavy.txt', bytes: 10 * 1024 * 1024});
    await ana.sees(/Uploaded heavy\.txt/, {timeout: 60000});
    const took = figure('VmHWM') - before;
    assert.ok(took > 10 && took < 70, `it took ${took} MB`);
  });

  test('ten megabytes go through, one byte more is refused at the field, and a lie about it when it is fetched', async () => {
    const max = 10 * 1024 * 1024;
    await give({name: 'large.txt', bytes: max});
    await ana.sees(/Uploaded large\.txt/, {timeout: 60000});
    assert.equal((await items('large.txt'))[0].sha1, sha1(Buffer.alloc(max, 'x')));
    const over = await give({name: 'larger.txt', bytes: max + 1});
    assert.match(over.errors.deed, /larger than 10 MB/);
    await ana.closes();
    await ana.ask('cancel', /Cancelled/);
    await refused({bytes: max + 1, size: 5}, /too large: I take 10 MB at most/);
  });

  test('another kind of file, or none, is refused at the field', async () => {
    const wrong = await give({name: 'macro.exe'});
    assert.match(wrong.errors.deed, /one of these kinds: \.txt, \.pdf/);
    const none = await ana.submit({deed: null}, {force: true});
    assert.match(none.errors.deed, /Please choose a file/);
    const good = await ana.submit({deed: {file: {name: 'UPPER.PDF', content: 'x'}}});
    assert.equal(good.closed, true, JSON.stringify(good));
    await ana.sees(/Uploaded UPPER\.PDF/);
  });

  test("somebody else's file is refused", async () => {
    await refused({user: 'U0CLEO001'}, /only take a file that you have shared yourself/);
  });

  test('P14 an address at another host gets neither a request nor the token', async () => {
    const before = (await w.sandbox('GET', '/_state/box')).counts?.token_leaks ?? 0;
    await refused({url_private_download: `http://${w.hosts.box}/dl/stolen`}, /link to a file somewhere else/);
    await refused({url_private_download: `http://user@${new URL(w.sandboxUrl).host}/slack/files-pri/x`}, /link to a file somewhere else/);
    await refused({is_external: true}, /link to a file somewhere else/);
    assert.equal((await w.sandbox('GET', '/_state/box')).counts?.token_leaks ?? 0, before);
    const asked = JSON.stringify(await w.sandbox('GET', '/_journal?limit=2000'));
    assert.equal(asked.includes('/dl/stolen'), false);
  });

  test('a page for signing in, or one that leads elsewhere, is no file', async () => {
    await refused({page: true}, /does not hand your file out/);
    await refused({url_private_download: `${w.sandboxUrl}/slack/app_redirect`}, /does not hand your file out/);
  });

  test('a file that was deleted meanwhile is said to be gone', async () => {
    await w.fault('error', {peer: 'slack', path: '/files.info', error: 'file_deleted', times: 1});
    await refused({}, /not in the chat any more/);
    await refused({mode: 'tombstone'}, /not in the chat any more/);
  });

  test('Slack away: tried again, and given once', async () => {
    await w.fault('5xx', {peer: 'slack', path: '/files.info', times: 1});
    await w.fault('5xx', {peer: 'slack', path: '/files-pri/', times: 1});
    await give({name: 'patient.txt'});
    for (let i = 0; i < 3; i++) await w.idle(), await later();
    await ana.sees(/Uploaded patient\.txt.*already: ,/);
    assert.equal((await items('patient.txt')).length, 1);
  });

  test('P10 an upload whose answer was lost is not there twice', async () => {
    await w.fault('lost', {peer: 'box', method: 'POST', path: '/files/content', times: 1});
    await give({name: 'once.txt', content: 'only once'});
    for (let i = 0; i < 3; i++) await w.idle(), await later();
    await ana.sees(/Uploaded once\.txt.*already: true/);
    const there = await items('once.txt');
    assert.deepEqual([there.length, there[0].sha1], [1, sha1('only once')]);
  });

  test('P6 the token ends as a file is sent: after one renewal the whole of it is sent again, and lies there once', async () => {
    const data = randomBytes(47000);
    await w.fault('token_expired', {peer: 'box', method: 'POST', path: '/files/content', times: 1});
    await give({name: 'again.pdf', base64: data.toString('base64'), mimetype: 'application/pdf'});
    await ana.sees(/Uploaded again\.pdf.*already: ,/);
    const there = await items('again.pdf');
    assert.deepEqual([there.length, there[0].sha1, there[0].size], [1, sha1(data), data.length]);
    const sent = (await w.calls({peer: 'box', direction: 'in', path: '/files/content'})).slice(-2);
    assert.deepEqual(sent.map(e => e.status), [401, 201]);
  });

  test('a folder is made first, the file goes into it; left out, nothing is', async () => {
    await opened('box file it');
    await ana.submit({title: 'Deal 7', deed: {file: {name: 'seven.png', content: 'seven'}}});
    await ana.sees(/Filed Deal 7 with seven\.png/);
    const [folder] = await items('Deal 7');
    assert.equal((await items('seven.png'))[0].parent, folder.id);
    await ana.ask('box file it title: Deal 8', /Filed Deal 8 with nothing/);
  });

  test('a file cannot be typed: the question leads to the form, and what waits is shown by name and size', async () => {
    const asked = await ana.ask(`box contract folder: ${FOLDER}`, /Choose deed \(The signed contract\) in the form/);
    assert.deepEqual(labels(asked), ['Fill in a form']);
    const again = await ana.ask('contract.pdf', /cannot be typed: choose it in the form/);
    await ana.press(again, 'Fill in a form');
    await ana.modal(v => block(v, 'deed'));
    await ana.submit({deed: {file: {name: 'chosen.txt', content: 'c'.repeat(2500)}}});
    await ana.sees(/Uploaded chosen\.txt/);
    const settled = await ana.sees(m => m.ts === asked.ts && /Filled in/.test(words(m)));
    assert.match(words(settled), /chosen\.txt \(2 kB\)/);
    assert.doesNotMatch(words(settled), /F0[A-Z0-9]{9}|mime/);
    await opened(`box contract deed: mine.txt folder: ${FOLDER}`);
    assert.match(viewWords(await ana.modal(() => true)), /mine\.txt cannot be typed: choose a file here/);
    await ana.closes();
    await ana.ask('cancel', /Cancelled/);
    const help = await ana.ask('help box contract', /deed/);
    assert.match(words(help), /a file.*It is chosen in a form/);
    assert.doesNotMatch(words(help), /For example: .*deed:/);
  });

  test('no button gives a file: its author is warned, and its form asks', async () => {
    const {warnings} = await w.must('PUT', `/workspaces/${ACME}/recipes/asks`, {...ASKS, name: undefined});
    assert.match(JSON.stringify(warnings), /reply\.buttons\[0\]\.inputs\.deed[\s\S]*is a file, which no button can give/);
    const m = await ana.ask(`box ask folder: ${FOLDER}`, /Listed/);
    await ana.press(m, 'Upload');
    const view = await ana.modal(v => block(v, 'deed'));
    assert.equal(block(view, 'folder'), undefined);
    await ana.submit({deed: {file: {name: 'pressed.txt', content: 'p'}}});
    await ana.sees(/Uploaded pressed\.txt/);
  });

  test('a bot that may not read files says so before it asks, and afterwards too', async () => {
    await w.sandbox('PUT', '/_config', {slack: {scopes: SCOPES}});
    await cleo.ask('cancel', /nothing to cancel|Cancelled/i);
    await cleo.command(`box contract folder: ${FOLDER}`);
    await cleo.sees(/needs a file for deed.*I may not read files in this workspace: an admin must install Workbot again and allow files:read/s);
    await w.idle();
    await cleo.ask(`box contract folder: ${FOLDER}`, /cannot run yet.*needs a file for "deed"/s);
    assert.match(words(await cleo.ask('help box contract', /deed/)), /may not read files/);
    await w.sandbox('PUT', '/_config', {slack: {scopes: [...SCOPES, 'files:read']}});
  });
});

describe('a file as input, in Teams', () => {
  let w, ana;
  before(async () => {
    w = await start({teams: 'only'});
    ana = w.teamsPerson('ana');
    await w.putConnection(TEAMS_ACME, 'acme-box', {app: 'box', host: w.hosts.box, ...CLIENT, assurance: 'code', account_match: 'off'});
  });
  after(() => w?.stop());

  const put = async ({name, ...r}) => (await w.must('PUT', `/workspaces/${TEAMS_ACME}/recipes/${name}`, r)).warnings;

  test('its author is warned, and whoever types the command reads it before anything is asked', async () => {
    assert.match(JSON.stringify(await put(UPLOAD)), /inputs\[0\]\.type[\s\S]*nobody can run this/);
    assert.match(JSON.stringify(await put(BOTH)), /always runs without one/);
    await ana.ask('box contract', /cannot run yet.*needs a file for "deed".*No file can be given in this chat/s);
    assert.equal(await w.count('run'), 0);
    assert.match(words(await ana.ask('help box contract', /deed/)), /No file can be given in this chat/);
  });

  test('a form leaves out a file that need not be given, and says so', async () => {
    const question = await ana.ask('box file it', m => labels(m).includes('Fill in a form'));
    await ana.press(question, 'Fill in a form');
    assert.match(words(await ana.modal()), /deed is left out: No file can be given in this chat/);
  });
});
