// A small app of ours with an OAuth server: whoever `who` names logs in, and acts. Its answer to POST and GET /data is
// {name: who acts, ...extra}.
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ACME, Browser, labels, loginUrl, start} from './flow.mjs';

export const PLAIN = {
  name: 'plain', title: 'Plain', hosts: {names: ['oauth.plain.example']}, client_auth: 'post',
  authorize: {url: 'https://{host}/auth', scopes: [{name: 'openid', words: 'See who you are'}]},
  token: {url: 'https://{host}/token'}, revoke: {url: 'https://{host}/revoke', token: 'refresh', auth: 'client'},
  identity: {path: '/me', key: [{path: 'sub'}], name: 'name', email: 'email'},
  api: {base: 'https://{host}', error: {code: ['error'], message: 'error_description'}},
  actions: {
    make: {title: 'Make', writes: true, inputs: {}, requests: [{method: 'POST', path: '/data', success: [200]}], output: {name: 'answer.name'}, record_id: 'answer.id'},
    touch: {title: 'Touch', writes: true, inputs: {}, requests: [{method: 'POST', path: '/data', success: [200]}], output: {name: 'answer.name'}},
    who: {title: 'Who', inputs: {}, requests: [{path: '/data', success: [200]}], output: 'answer'},
  },
};

export class PlainApp {
  who = 'ana';
  extra = {};
  status = 200; // of /data
  calls = []; // to /data: {method, who}
  #tokens = new Map();
  #made = 0;

  async start() {
    this.server = http.createServer((req, res) => this.#serve(req, res)).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.host = `127.0.0.1:${this.server.address().port}`;
    return this;
  }
  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
  writes = () => this.calls.filter(c => c.method === 'POST').map(c => c.who);

  /** `person` (of flow.mjs) logs in as `who`, whoever was logged in before. */
  async login(person, who, how = 'Log in again') {
    this.who = who;
    const m = await person.ask('connect my-plain', x => x.is_bot && (loginUrl(x) || labels(x).includes(how)));
    if (!loginUrl(m)) await person.press(m, how);
    const prompt = loginUrl(m) ? m : await person.sees(x => x.is_bot && x.ts >= m.ts && loginUrl(x));
    const b = new Browser();
    await b.get(loginUrl(prompt));
    await b.submit();
    return person.ask(b.code, /is connected/);
  }

  #token(kind) {
    const text = `sample-${kind}-${randomBytes(8).toString('hex')}`;
    this.#tokens.set(text, this.who);
    return text;
  }
  async #serve(req, res) {
    for await (const _ of req);
    const url = new URL(req.url, 'http://host');
    const send = (status, body, headers = {}) => res.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body));
    if (url.pathname === '/auth') {
      const q = new URLSearchParams({code: 'one', state: url.searchParams.get('state')});
      return send(302, {}, {location: `${url.searchParams.get('redirect_uri')}?${q}`});
    }
    if (url.pathname === '/token') return send(200, {access_token: this.#token('access'), refresh_token: this.#token('refresh'), token_type: 'bearer', expires_in: 3600});
    if (url.pathname === '/revoke') return send(200, {});
    const who = this.#tokens.get((req.headers.authorization || '').slice('Bearer '.length));
    if (!who) return send(401, {error: 'invalid_token'});
    if (url.pathname === '/me') return send(200, {sub: who, name: who, email: `${who}@acme.example`});
    this.calls.push({method: req.method, who});
    return send(this.status, {name: who, id: `made-${++this.#made}`, ...this.extra});
  }
}

/** A world of flow.mjs in which that app is known and `my-plain` is its connection. `stop()` ends both. */
export async function startPlain() {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-apps-'));
  const app = await new PlainApp().start();
  writeFileSync(join(dir, 'plain.json'), JSON.stringify(PLAIN));
  const forget = () => {
    app.stop();
    rmSync(dir, {recursive: true});
  };
  const w = await start({env: {WORKBOT_APPS_DIR: dir}, trusted: [app.host]}).catch(e => {
    forget();
    throw e;
  });
  await w.must('PUT', `/workspaces/${ACME}/connections/my-plain`, {app: 'plain', host: app.host, client_id: 'workbot', client_secret: 'sample-secret', assurance: 'code', account_match: 'off'});
  return {w, app, stop: () => w.stop().finally(forget)};
}
