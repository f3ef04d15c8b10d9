// The stand-in for the Teams client around a sign-in window works with Microsoft's own library:
// what notifySuccess is given arrives, whoever closes the window before tells nothing.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import http from 'node:http';
import {after, afterEach, before, test} from 'node:test';
import {TeamsHost, teamsLibrary} from '../lib/teams_host.mjs';
import {inFront} from './support.mjs';

const URL_OF_LIBRARY = 'https://res.cdn.office.net/teams-js/2.58.0/js/MicrosoftTeams.min.js';
let stage, server, integrity;
const page = call => `<!DOCTYPE html><title>Done</title><body><p id="code">123456</p>
  <script src="${URL_OF_LIBRARY}" integrity="${integrity}" crossorigin="anonymous"></script>
  <script>microsoftTeams.app.initialize().then(() => ${call}).catch(e => { document.title = String(e); });</script>`;
const PAGES = {'/done': () => page("microsoftTeams.authentication.notifySuccess('123456')"), '/failed': () => page("microsoftTeams.authentication.notifyFailure('denied')"),
  '/waiting': () => '<!DOCTYPE html><title>Provider</title><a href="/done">go on</a>'};

before(async () => {
  integrity = 'sha384-' + createHash('sha384').update(await readFile(teamsLibrary())).digest('base64');
  server = http.createServer((req, res) => res.writeHead(200, {'content-type': 'text/html'}).end(PAGES[req.url]?.() || ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage = await inFront({sandbox: '', stop: () => {}});
});
after(async () => {
  server?.close();
  await stage?.close();
});
afterEach(t => stage.calm(t));
const at = path => `http://127.0.0.1:${server.address().port}${path}`;

test('notifySuccess hands its text over and the window closes', async () => {
  const host = await TeamsHost.open(await stage.browser());
  const window = await host.signIn(at('/waiting'));
  await window.getByRole('link', {name: 'go on'}).click();
  assert.equal(await host.outcome(), '123456');
  if (!window.isClosed()) await window.waitForEvent('close');
  assert.equal((await host.told())[0].func, 'initialize');
  assert.equal((await host.told())[0].origin, at(''));
});

test('notifyFailure tells why; a window that is closed tells nothing', async () => {
  const host = await TeamsHost.open(await stage.browser());
  await host.signIn(at('/failed'));
  assert.deepEqual(await host.outcome(), {failure: 'denied'});
  const other = await TeamsHost.open(await stage.browser());
  await (await other.signIn(at('/waiting'))).close();
  assert.equal(await other.outcome(), null);
});

test('without an opener nothing is told: the code on the page is all there is', async () => {
  const host = await TeamsHost.open(await stage.browser(), {opener: false});
  const window = await host.signIn(at('/done'));
  await window.waitForFunction(() => document.title !== 'Done'); // initialize was refused
  assert.deepEqual([await host.outcome(500), await window.locator('#code').textContent()], [null, '123456']);
});

test('the library is the one whose integrity our pages name', async () => {
  assert.equal(integrity, 'sha384-sMo/EOqQPa1OCup2/VBRum7oFeOS22kvs8WGDc45xK53tUVZzFR5WwFYDUYN1LO4');
});
