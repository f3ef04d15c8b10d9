// A host of an app that a test writes itself: it listens, remembers what was asked of it, and can keep a call waiting.
import {once} from 'node:events';
import http from 'node:http';

export class AppHost {
  calls = [];
  #held = null;

  /** To be written by each: what it answers. `ask` is {path, form, text, url, req}, `send` (status, body, headers?). */
  async answer(_ask, _send) {
    throw new Error('a host needs an answer');
  }

  async start() {
    this.server = http.createServer((req, res) => this.#serve(req, res)).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.name = `127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }

  of(path) { return this.calls.filter(c => c.path === path); }

  /** The next call there: `came` is when it is here, and it waits for `release(refuse)`; refused is 401. */
  hold(path) {
    const held = {path};
    held.ended = new Promise(done => { held.release = done; });
    held.came = new Promise(here => { held.here = here; });
    return this.#held = held;
  }

  async #serve(req, res) {
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(req.url, 'http://host');
    const form = Object.fromEntries(new URLSearchParams(text));
    const path = form.grant_type === 'refresh_token' ? 'refresh' : url.pathname.split('/').at(-1);
    const send = (status, body, headers = {}) => res.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(body));
    this.calls.push({path, form, token: req.headers.authorization});
    const held = this.#held;
    if (held?.path === path) {
      this.#held = null;
      held.here();
      if (await held.ended) return send(401, {error: 'invalid_token'});
    }
    return this.answer({path, form, text, url, req}, send);
  }
}
