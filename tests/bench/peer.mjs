// What the measurements of whole commands share: the peer that plays Slack and Salesforce (peer.c), and
// workspaces whose default connection is logged in there.
import {join} from 'node:path';
import {Browser} from '../lib/browser.mjs';
import {freePort} from '../lib/ports.mjs';
import {request, until} from '../lib/service.mjs';
import {api, DIR, prepare, start} from './parts.mjs';

export const stats = port => request(port, {path: '/_stats'}).then(r => r.json);

/** Starts the peer, whose app answers after `delay` ms, and prepares a database and settings that point to it. */
export async function prepareWithPeer(delay, env = {}) {
  const port = await freePort();
  const host = '127.0.0.1:' + port;
  const peer = start('peer', join(DIR, 'peer'), [String(port), String(delay)]);
  await until('the peer', () => stats(port).catch(() => false));
  const p = await prepare({WORKBOT_SLACK_URL: `http://${host}/slack`, WORKBOT_TRUSTED_HTTP_HOSTS: host, ...env});
  return {p, port, peer: {...peer, host}};
}

// The default connection's own login, as its admin.
async function authorize(p, path) {
  const {login_url} = await api(p, 'POST', `${path}/login`, {});
  const browser = new Browser();
  await browser.get(login_url);
  await browser.submit(); // the peer consents by itself
  if (!browser.code) throw new Error('no code on the last page: ' + browser.page.html.slice(0, 500));
  await api(p, 'POST', `${path}/login/confirm`, {code: browser.code});
}

/** Workspace number `n` of the load, with the connection `crm` and a recipe. */
export async function makeWorkspace(p, peer, n, recipe) {
  const path = `/workspaces/slack:T${n}`;
  await api(p, 'PUT', path, {name: 'Team ' + n, installer: 'U0INSTALLER', bot_token: 'xoxb-sample-T' + n, bot_user_id: 'UBOT'});
  await api(p, 'PUT', `${path}/connections/crm`,
    {app: 'salesforce', host: peer.host, client_id: 'sample-client', client_secret: 'sample-secret', assurance: 'code'});
  await authorize(p, `${path}/connections/crm`);
  await api(p, 'PUT', `${path}/recipes/${recipe.name}`, recipe);
}
