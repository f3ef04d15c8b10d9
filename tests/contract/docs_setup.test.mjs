// docs/setup.md, followed to the letter: what it says is typed, in its order, until the first command ends in its result.
// Then what docs/using.md says that people can type.
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {codeOf, manual, source} from '../lib/docs.mjs';
import {deploymentFor as made} from '../lib/docs_deployment.mjs';
import {Shell, openDoor, shellFor as opened} from '../lib/docs_shell.mjs';
import {ACME, ADMIN_TOKEN, Browser, SIGNING_SECRET, create, start, until, words} from '../lib/flow.mjs';
import {freePort} from '../lib/ports.mjs';
import {createDatabase} from '../lib/service.mjs';
import {openapi} from './support.mjs';

const pages = manual('docs/setup.md', 'docs/using.md');
/** Consumer key and secret as the sandbox's Salesforce knows them. */
const CLIENT = JSON.parse(source('tests/demo/acme/connections/acme-salesforce.json'));

describe('docs/setup.md', () => {
  let w, door, shell, ana, ben;
  const api = async (code, options, status) => door.judge((await shell.run(code, options)).calls, status);
  before(async () => {
    w = await start({empty: true});
    await w.sandbox('PUT', '/_config', {slack: {app: {redirect_uris: [`${w.url}/slack/oauth/callback`]}}});
    door = await openDoor(w.url, openapi);
    shell = new Shell({env: {TOKEN: ADMIN_TOKEN}, door, samples: {'https://workbot.example.com': door.url,
      T0ACME00001: 'T0ACME001', U0BEN000001: 'U0BEN0001', 'acme.my.salesforce.com': w.salesforceHost}});
    [ana, ben] = [w.person('ana'), w.person('ben')];
  });
  after(async () => {
    await shell?.close();
    door?.close();
    await w?.stop();
  });

  test('1: the Slack app, by its link and by its manifest, with the program and in a container', async t => {
    const lines = opened(t, {});
    const link = (await lines.run(pages.block('workbot manifest slack --link'))).out.trim();
    const manifest = JSON.parse(new URL(link).searchParams.get('manifest_json'));
    assert.equal(manifest.settings.event_subscriptions.request_url, 'https://workbot.example.com/slack/events');
    const env = 'WORKBOT_PUBLIC_URL=https://workbot.example.com ';
    assert.deepEqual(JSON.parse((await lines.run({...pages.span('workbot manifest slack'), text: env + 'workbot manifest slack'})).out), manifest);
    await lines.run(pages.block('docker build'));
    const contained = pages.spans(/^docker run /)[0];
    const said = await lines.run({...contained, text: contained.text + ' manifest slack --link'}, {with: {'...': 'https://workbot.example.com'}});
    assert.equal(said.out.trim(), link);
  });

  test('2: a deployment with Docker', async t => {
    const deployment = made(t, {WORKBOT_SLACK_APP_ID: 'A0WORKBOT', WORKBOT_SLACK_CLIENT_ID: '1000000001.2000000002'});
    const there = opened(t, {cwd: deployment.dir, env: deployment.env});
    const block = pages.block('compose.slack.yaml');
    const {out} = await there.run(block, {with: {'SLACK_CLIENT_SECRET=...': 'SLACK_CLIENT_SECRET=sample', 'SLACK_SIGNING_SECRETS=...': `SLACK_SIGNING_SECRETS=${SIGNING_SECRET}`}});
    assert.match(out, /checked: up -d --build/);
    const secret = name => readFileSync(join(deployment.dir, 'docker/secrets', name), 'utf8');
    assert.equal(secret('tls_certificate'), ['chain.pem', 'key.pem'].map(name => readFileSync(join(deployment.dir, name), 'utf8')).join(''));
    assert.ok(secret('admin_tokens').trim().length >= 32, 'the operator\'s token is where the page says');
    for (const command of pages.spans(/^docker compose .*restart proxy/)) await there.run(command);
  });

  test('2: without Docker: check, migrate, serve, and ready', async t => {
    const database = await createDatabase(), [port, ops] = [await freePort(), await freePort()];
    t.after(() => database.drop());
    const there = opened(t, {env: {...w.env, WORKBOT_DATABASE_URL: database.url, WORKBOT_LISTEN: `127.0.0.1:${port}`, WORKBOT_OPS_LISTEN: `127.0.0.1:${ops}`}});
    for (const name of ['check', 'migrate']) pages.spans(new RegExp(`^workbot ${name}$`)); // said before and after
    await there.run(pages.block('workbot serve'), {with: {'workbot serve': 'workbot serve & server=$!'}});
    await until('/readyz to answer 200', () => fetch(`http://127.0.0.1:${ops}/readyz`).then(r => r.ok, () => false));
    await there.run('kill $server; wait $server');
  });

  test('3: the workspace: a draft by the API, installed by a browser, and what a GET shows of it', async () => {
    const made = await api(pages.block('api() {'));
    assert.equal(made.state, 'draft');
    const browser = new Browser();
    await browser.get(`${w.url}/slack/install`);
    await browser.submit({installer: 'T0ACME001/U0BEN0001', decision: 'allow'});
    assert.match(browser.text, /Workbot is installed in Acme/);
    assert.deepEqual((await api(pages.span('api GET /workspaces'))).items.map(i => [i.workspace, i.state]), [[ACME, 'active']]);
    const there = await api(pages.span('api GET /workspaces/slack:T0ACME00001'));
    assert.deepEqual([there.state, there.installer, there.admins, there.bot_token_state], ['active', 'U0BEN0001', ['U0BEN0001'], 'ok']);
  });

  test('4: the connection to Salesforce', async () => {
    const block = pages.block('"app": "salesforce", "host"');
    const draft = await api(block);
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {[CLIENT.client_id]: {redirect_uris: [draft.redirect_uri]}}}});
    const besides = '"client_id": "...", "client_secret": "..."';
    assert.ok(source('docs/setup.md').includes(besides));
    const filled = besides.replace('...', CLIENT.client_id).replace('...', CLIENT.client_secret);
    await api({...block, text: block.text.replace('.com"}', `.com", ${filled}}`)});
    const {login_url} = await api(pages.block("/login '{}'"));
    const code = await new Browser().codeOf(login_url, 'ben@acme.example');
    await api(pages.block('/login/confirm'), {with: {123456: code}});
  });

  test('5: the recipes, and help in Slack shows the command', async () => {
    const {calls} = await shell.run(pages.block('recipes/create-opportunity'));
    assert.equal(calls.length, 2);
    for (const call of calls) assert.deepEqual((await door.judge([call])).warnings ?? [], [], 'in this order');
    await ben.ask('help salesforce', /Create an opportunity/);
  });

  test('the first command of the installer, and of somebody who must log in, ends in the result', async () => {
    await ben.ask(create('Of Ben'), /Created Of Ben/);
    const prompt = await ana.prompt(create('Of Ana'));
    await ana.ask(await ana.browse(prompt), /is connected/);
    await ana.createdOnce('Of Ana');
    assert.deepEqual((await w.records()).map(r => r.fields.Name).sort(), ['Of Ana', 'Of Ben']);
  });

  test('what make and the demo do is said where it is tested', () => {
    pages.elsewhere('make demo', 'tests/lib/demo.mjs', 'tests/tools/demo.sh');
    pages.elsewhere('tests/demo/load.sh', 'tests/tools/demo.sh', 'load.sh');
    pages.elsewhere('docker/make-secrets.sh', 'tests/docker/check.test.mjs', "makeSecrets(SLACK)");
    pages.elsewhere('make release', 'Makefile', 'release:');
  });

  // the table of words: nothing that it names is a stranger
  const table = source('docs/using.md').split('## Words')[1].split('\n## ')[0].split('\n').filter(l => l.startsWith('| `') && !l.includes('in Teams'));
  for (const row of table) {
    const typed = [...row.split('|')[1].matchAll(/`([^`]+)`/g)].map(([, text]) => text);
    test(`docs/using.md: ${typed.join(', ')}`, async () => {
      for (const text of typed) {
        const person = /^(console|take over)\b/.test(text) ? ben : ana;
        const answer = await person.ask(text, m => m.is_bot);
        assert.doesNotMatch(words(answer), /I do not know that command/, text);
      }
    });
  }

  test('docs/using.md: the words that mean others, and no answer to any of all these was that of a stranger', async () => {
    for (const text of ['?', 'menu', 'stop', 'quit', 'thanks', 'login', 'logout']) {
      assert.ok(codeOf('docs/using.md').some(c => c.text === text), text);
      await ana.ask(text, m => m.is_bot);
    }
    await w.idle();
    const said = [...await ana.messages(), ...await ben.messages()].filter(m => m.is_bot).map(words);
    assert.deepEqual(said.filter(text => text.includes('I do not know that command')), []);
  });

  test('every command of these pages was run', () => pages.allRun());
});
