// docs/setup-apps.md, followed for ServiceNow and Box; and what it says of each app is what the program asks of it.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ROOT, manual, source} from '../lib/docs.mjs';
import {Shell, openDoor} from '../lib/docs_shell.mjs';
import {operator} from '../lib/console.mjs';
import {ACME, ADMIN_TOKEN, Browser, start} from '../lib/flow.mjs';
import {openapi} from './support.mjs';

const pages = manual('docs/setup-apps.md');
const page = source('docs/setup-apps.md');
const CLIENT = JSON.parse(source('tests/demo/acme/connections/acme-servicenow.json'));
/** `api` of setup.md, which this page uses. */
const [definition] = /^api\(\) \{[\s\S]*?^\}/m.exec(source('docs/setup.md'));

describe('docs/setup-apps.md', () => {
  let w, door, shell;
  const api = async (code, options) => door.judge((await shell.run(code, options)).calls);
  before(async () => {
    w = await start();
    door = await openDoor(w.url, openapi);
    shell = new Shell({door, env: {TOKEN: ADMIN_TOKEN}, samples: {'https://workbot.example.com': door.url, T0ACME00001: 'T0ACME001',
      'acme.service-now.com': w.hosts.servicenow}});
    await shell.run(definition);
  });
  after(async () => {
    await shell?.close();
    door?.close();
    await w?.stop();
  });

  test('a draft, its client, its login; then people connect', async () => {
    const {calls} = await shell.run(pages.block('{"app": "box"}'));
    const [servicenow, box] = calls.map(call => door.judge([call]));
    assert.ok(box.redirect_uri && box.redirect_uri !== servicenow.redirect_uri);
    await w.sandbox('PUT', '/_config', {servicenow: {clients: {[CLIENT.client_id]: {redirect_uris: [servicenow.redirect_uri]}}}});
    await api(pages.block('"client_secret": "..."'), {with: {'"client_id": "..."': `"client_id": "${CLIENT.client_id}"`, '"client_secret": "..."': `"client_secret": "${CLIENT.client_secret}"`}});
    const {login_url} = await api(pages.block("/login '{}'"));
    await api(pages.block('/login/confirm'), {with: {123456: await new Browser().codeOf(login_url, 'ben')}});
    assert.equal((await api(pages.span('api GET /workspaces/slack:T0ACME00001/connections/acme-servicenow'))).state, 'active');
    const ana = w.person('ana');
    const prompt = await ana.prompt('connect servicenow');
    await ana.ask(await ana.browse(prompt, 'ana'), /is connected/);
  });

  const apps = readdirSync(join(ROOT, 'service/apps/definitions')).map(name => JSON.parse(source(`service/apps/definitions/${name}`)));
  for (const {name, title, authorize: {scopes = []}, vars = {}, hosts} of apps) {
    test(`${title}: its scopes and variables, and a draft`, async () => {
      const told = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0];
      assert.ok(told, `${title} is on the page`);
      const named = /Scopes?: ((?:`[^`]+`[,\s]*)+)/.exec(told)?.[1].match(/`[^`]+`/g).map(scope => scope.slice(1, -1)) ?? [];
      assert.deepEqual(named, scopes.map(scope => scope.name));
      const vouched = Object.entries(vars).filter(([, v]) => v.from === 'connection').map(([variable]) => variable);
      for (const variable of vouched) assert.ok(told.includes(`"vars": {"${variable}": `), variable);
      for (const [sample] of told.matchAll(/"vars": \{"\w+": "\.\.\."\}|"host": "[^"]+"/g)) {
        const body = {app: name, ...JSON.parse(`{${sample.replace('"..."', '"acme"')}}`)};
        assert.equal((await w.api('PUT', `/workspaces/${ACME}/connections/with-${name}`, body)).status, 201, sample);
      }
      const made = await w.api('PUT', `/workspaces/${ACME}/connections/draft-${name}`, {app: name, ...(hosts.default ? {} : {host: w.hosts[name]})});
      assert.equal(made.status, 201, made.text);
    });
  }

  test('its numbered steps are those that the console leads through, for each app', async () => {
    const boss = await operator(w);
    for (const {name, title} of apps) {
      const steps = page.split(`\n## ${title}\n`)[1].split('\n## ')[0].split(/\n(?=\d\. )/).slice(1).map(step => step.split('\n\n')[0].slice(3).replace(/\s+/g, ' ').trim());
      await boss.get(`${w.url}/console/workspaces/${ACME}/setup/apps/draft-${name}`);
      const shown = /<h2>In [^<]+<\/h2>\s*<ol>(.*?)<\/ol>/s.exec(boss.page.html)[1];
      assert.deepEqual([...shown.matchAll(/<li>(.*?)<\/li>/gs)].map(m => m[1].replaceAll('&gt;', '>').replaceAll('&amp;', '&').replaceAll('&#39;', "'")), steps, title);
      assert.ok(steps.length >= 2 && steps.length <= 6 && steps.some(step => /paste (the redirect URI|it)/i.test(step)), `${title}: ${steps.join(' | ')}`);
    }
  });

  test('every command of this page was run', () => pages.allRun());
});
