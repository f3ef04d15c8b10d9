// docs/setup-teams.md, followed to the letter: what it says is typed, in its order, until the first command in Teams ends
// in its result.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {manual, source} from '../lib/docs.mjs';
import {deploymentFor} from '../lib/docs_deployment.mjs';
import {Shell, openDoor, shellFor} from '../lib/docs_shell.mjs';
import {ADMIN_TOKEN, Browser, TEAMS_ACME, TEAMS_PEOPLE, start, until} from '../lib/flow.mjs';
import {freePort} from '../lib/ports.mjs';
import {createDatabase} from '../lib/service.mjs';
import {openapi} from './support.mjs';

const pages = manual('docs/setup-teams.md');
const CLIENT = JSON.parse(source('tests/demo/acme/connections/acme-salesforce.json'));

describe('docs/setup-teams.md', () => {
  let w, door, shell, ana, ben;
  const api = async (code, options, status) => door.judge((await shell.run(code, options)).calls, status);
  before(async () => {
    w = await start({empty: true, teams: 'only'});
    door = await openDoor(w.url, openapi);
    shell = new Shell({door, samples: {'https://workbot.example.com': door.url, 'acme.my.salesforce.com': w.salesforceHost}});
    [ana, ben] = [w.teamsPerson('ana'), w.teamsPerson('ben')];
  });
  after(async () => {
    await shell?.close();
    door?.close();
    await w?.stop();
  });

  test('T3 and T4: a deployment with Docker, and the package of the app out of a container', async t => {
    const deployment = deploymentFor(t, {});
    const there = shellFor(t, {cwd: deployment.dir, env: deployment.env});
    assert.match((await there.run(pages.block('compose.teams.yaml'), {with: {'TEAMS_APP_SECRET=...': 'TEAMS_APP_SECRET=sample'}})).out, /checked: up -d --build/);
    await there.run(pages.block('docker run'));
    assert.match(execFileSync('unzip', ['-l', join(deployment.dir, 'teams/workbot-teams.zip')], {encoding: 'utf8'}), /manifest\.json/);
  });

  test('T3 and T4: without Docker: its settings are all that is needed, and the package of the app', async t => {
    const database = await createDatabase();
    t.after(() => database.drop());
    const [port, ops] = [await freePort(), await freePort()];
    const there = shellFor(t, {env: {WORKBOT_LISTEN: `127.0.0.1:${port}`, WORKBOT_OPS_LISTEN: `127.0.0.1:${ops}`}});
    const block = pages.block('WORKBOT_TEAMS_APP_SECRET_FILE');
    const secrets = join(there.dir, 'secrets');
    mkdirSync(secrets);
    for (const [name, command] of block.text.matchAll(/\/run\/secrets\/(\w+) +# ((?:echo|openssl) .*)$/gm).map(m => m.slice(1))) {
      await there.run(`${command} >${secrets}/${name}`);
    }
    writeFileSync(join(secrets, 'database_url'), database.url);
    writeFileSync(join(secrets, 'teams_app_secret'), 'sample-teams-secret');
    await there.run({...block, text: `set -a\n${block.text}\nset +a`}, {with: {'/run/secrets': secrets}});
    for (const name of ['migrate', 'check']) await there.run(pages.span(`workbot ${name}`));
    await there.run({...pages.span('workbot serve'), text: 'workbot serve & server=$!'});
    await until('/readyz to answer 200', () => fetch(`http://127.0.0.1:${ops}/readyz`).then(r => r.ok, () => false));
    await there.run('kill $server; wait $server');
    await there.run(`cd ${there.dir}`);
    await there.run(pages.block('mkdir teams && workbot'));
    assert.ok(readFileSync(join(there.dir, 'teams/workbot-teams.zip')).length > 1000);
  });

  test('T3: the operator\'s token; nothing is there yet', async () => {
    assert.deepEqual((await api(pages.block('TOKEN=...'), {with: {'TOKEN=...': `TOKEN=${ADMIN_TOKEN}`}})).items, []);
  });

  test('T4: before the steps below it answers that there are no commands', async () => {
    const [, quoted] = /answers \*([^*]+)\*/.exec(source('docs/setup-teams.md').replace(/\s+/g, ' '));
    await ben.ask('help', new RegExp(quoted.replaceAll('.', '\\.')));
  });

  test('T5: the first admin, by a link; links are taken back; an installer by the API', async () => {
    const {calls} = await shell.run(pages.block("/admin-links '{}'"));
    assert.equal(calls.length, 2);
    const [, {url}] = calls.map(call => door.judge([call]));
    const browser = new Browser();
    await browser.get(url);
    await browser.submit();
    await ben.ask(pages.block('admin 123456').text.trim().replace('123456', browser.code), /You are an admin of Workbot/);
    await browser.get(url);
    assert.match(browser.text, /This link has been used/);
    await api(pages.block('api DELETE'));
    const named = await api(pages.block('"installer"'));
    assert.deepEqual([named.installer, named.admins], [TEAMS_PEOPLE.ben, [TEAMS_PEOPLE.ben]]);
  });

  test('T6: a connection, its login and the recipes', async () => {
    const draft = await api(pages.block('W=/workspaces'));
    await w.sandbox('PUT', '/_config', {salesforce: {clients: {[CLIENT.client_id]: {redirect_uris: [draft.redirect_uri]}}}});
    await api(pages.block('"client_id": "..."'), {with: {'"client_id": "..."': `"client_id": "${CLIENT.client_id}"`, '"client_secret": "..."': `"client_secret": "${CLIENT.client_secret}"`}});
    const {login_url} = await api(pages.block("/login '{}'"));
    await api(pages.block('/login/confirm'), {with: {123456: await new Browser().codeOf(login_url, 'ben@acme.example')}});
    const {calls} = await shell.run(pages.block('recipes/create-opportunity'));
    assert.deepEqual(calls.map(call => door.judge([call]).warnings ?? []), [[], []]);
  });

  test('T6: whoami, help, and the first command, which asks for a login and ends in the result', async () => {
    await ben.ask('whoami', /Role\n.*admin/);
    await ben.ask('help salesforce', /Create an opportunity/);
    const command = pages.block('salesforce create opportunity').text.trim();
    const prompt = await ana.prompt(command);
    await ana.ask(await ana.browse(prompt), /is connected/);
    await ana.createdOnce('Acme renewal');
    assert.equal(await w.count('workspace', `workspace = '${TEAMS_ACME}' and state = 'active'`), 1);
  });

  test('every command of this page was run', () => pages.allRun());
});
