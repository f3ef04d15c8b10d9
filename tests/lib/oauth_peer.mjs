// A strict OAuth2 provider with its API, driven by a row of app_table.mjs: what differs from the row is
// refused in the provider's own shape and kept in `faults`. On command it expires, rotates, revokes,
// throttles, breaks off, and so on. One peer stands for all hosts of its app.
import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import http from 'node:http';
import {setTimeout as pause} from 'node:timers/promises';

const pathOf = url => new URL(url).pathname;
const parse = text => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
/** RFC 6749 section 2.3.1: each half form-encoded before base64. */
const formDecode = text => decodeURIComponent(text.replace(/\+/g, '%20'));
/** The answer has gone out, or broken off, in its own way. */
const SENT = Symbol('sent');
export const POUR_MAX = 128 * 1024 * 1024;
const secret = kind => `sample-${kind}-${randomBytes(12).toString('hex')}`;

export class OauthPeer {
  constructor(name, row) {
    Object.assign(this, {name, row, faults: [], codes: new Map(), grants: [], coming: [], calls: [],
      hungUp: [], // after how many ms the other side gave an endless answer up
      withheld: [], // scopes that nobody is granted, whatever they ask for
      client: {id: `sample-${name}-client`, secret: `sample-${name}+secret:%/=`, redirects: []}});
  }

  async start() {
    this.server = http.createServer((q, s) => this.#serve(q, s).catch(e => {
      this.faults.push(`the peer itself: ${e.stack}`);
      s.destroy();
    })).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.host = `127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  // --- commands --------------------------------------------------------------------------------------

  /** The next `times` calls of `where` (code, refresh, identity, read, write, revoke) meet this. */
  next(where, what, {times = 1, ...more} = {}) {
    this.coming.push({where, what, times, ...more});
  }

  /** Nothing that was ordered is left. */
  get spent() {
    return this.coming.every(f => f.times === 0);
  }

  /** Calls of this kind since the last `forget`. */
  count(where) {
    return this.calls.filter(c => c.where === where).length;
  }

  forget() {
    this.calls = [];
    this.coming = [];
  }

  get grant() {
    return this.grants.at(-1);
  }

  /** Access tokens run out, as time does it. */
  expire() {
    for (const g of this.grants) g.access = null;
  }

  /** The person of the last login ends it at the app: neither token works any more. */
  revoked() {
    Object.assign(this.grant, {access: null, over: true});
  }

  /** Is the access token that was given out last still taken? */
  works() {
    return !!this.grant.access && this.grant.access === this.grant.lastAccess;
  }

  // --- HTTP ------------------------------------------------------------------------------------------

  #fault(text) {
    this.faults.push(text);
    return text;
  }

  async #serve(q, s) {
    const chunks = [];
    for await (const c of q) chunks.push(c);
    const url = new URL(q.url, 'http://peer');
    const call = {method: q.method, path: url.pathname, query: Object.fromEntries(url.searchParams), url,
      headers: q.headers, text: Buffer.concat(chunks).toString()};
    call.where = this.#where(call);
    this.calls.push(call);
    const fault = this.coming.find(f => f.where === call.where && f.times > 0);
    if (fault) fault.times--;
    call.fault = fault?.what;
    const broken = await this.#broken(fault, call, s);
    if (broken !== SENT) this.#send(s, broken ?? this.#answer(call, fault));
  }

  #send(s, {status = 200, headers = {}, body}) {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? {} : body === undefined ? {} : {'content-type': 'application/json; charset=utf-8'};
    s.writeHead(status, {...type, ...headers, 'content-length': Buffer.byteLength(text)});
    s.end(text);
  }

  /** What is wrong with an answer whatever it says; undefined: a usual answer. */
  async #broken(fault, call, s) {
    switch (fault?.what) {
      case 'html':
        return {status: fault.status || 200, headers: {'content-type': 'text/html'}, body: '<!doctype html><title>Sign in</title><p>Back soon'};
      case '5xx':
        return {status: 503, headers: {'content-type': 'text/plain'}, body: 'unavailable'};
      case 'throttled':
        return this.#throttled(call, fault);
      case 'huge':
        s.writeHead(200, {'content-type': 'application/json'});
        await this.#pour(s);
        return SENT;
      case 'cut': {
        const {body} = this.#answer(call, fault);
        const text = JSON.stringify(body ?? {});
        s.writeHead(200, {'content-type': 'application/json', 'content-length': Buffer.byteLength(text) + 20});
        s.write(text.slice(0, text.length / 2), () => s.destroy());
        return SENT;
      }
      case 'lost':
        this.#answer(call, fault);
        s.destroy();
        return SENT;
      case 'slow': { // a drip: the head at once, the body bit by bit
        const {status = 200, headers = {}, body} = this.#answer(call, fault);
        s.writeHead(status, {'content-type': 'application/json', ...headers});
        for (const part of JSON.stringify(body)?.match(/[\s\S]{1,40}/g) ?? []) {
          s.write(part);
          await pause(fault.ms ?? 20);
        }
        s.end();
        return SENT;
      }
      case 'endless': { // a drip that never ends: it is the other side that hangs up
        const began = Date.now();
        const hangsUp = once(s, 'close');
        s.writeHead(200, {'content-type': 'application/json'});
        const drip = setInterval(() => s.write(' '), 100);
        await hangsUp;
        clearInterval(drip);
        this.hungUp.push(Date.now() - began);
        return SENT;
      }
      default:
        return undefined;
    }
  }

  /** As much as the other side takes before it hangs up; `poured` is how much that was. */
  async #pour(s) {
    const block = `{"filler":"${'x'.repeat(64 * 1024)}"},`;
    let gone = false;
    s.on('close', () => (gone = true));
    this.poured = s.write('[') ? 1 : 0;
    for (; !gone && this.poured < POUR_MAX; this.poured += block.length) {
      if (!s.write(block)) await Promise.race([once(s, 'drain'), once(s, 'close')]);
    }
    s.end('{}]');
  }

  #throttled(call, {after}) {
    const {status = 429, headers = {}, body} = this.row.api.throttled;
    const given = after === undefined ? {} : {'retry-after': after};
    return {status, headers: {...headers, ...given}, body};
  }

  // --- who is asked ----------------------------------------------------------------------------------

  #where(call) {
    const {row} = this;
    if (call.path === pathOf(row.authorize.url)) return 'authorize';
    const tokens = [row.token.url, row.refresh.url].filter(Boolean).map(pathOf);
    if (tokens.includes(call.path) && call.method === 'POST') {
      const body = this.fields(call);
      return body.grant_type === 'refresh_token' ? 'refresh' : 'code';
    }
    for (const kind of ['lookup', 'identity', 'identityToo', 'details', 'read', 'write']) {
      if (row[kind] && this.#meant(row[kind], call)) return kind;
    }
    if (row.revoke?.tokenInPath ? call.path.startsWith(pathOf(row.revoke.url)) && call.method === row.revoke.method
      : row.revoke && call.path === pathOf(row.revoke.url)) return 'revoke';
    return 'nothing';
  }

  /** An API call is known by method and path, and where all go to one path (GraphQL), by its body. */
  #meant({method = 'GET', url, marks, tokenInPath}, call) {
    const rest = tokenInPath && call.path.startsWith(pathOf(url)) ? call.path.slice(pathOf(url).length) : null;
    const there = tokenInPath ? this.grants.some(g => g.access === rest) : call.path === pathOf(url);
    return call.method === method && there && (!marks || call.text.includes(marks));
  }

  #answer(call, fault) {
    const by = {authorize: c => this.#authorize(c), code: c => this.#token(c, fault), refresh: c => this.#token(c, fault),
      revoke: c => this.#revoke(c), nothing: c => this.#nothing(c)};
    return (by[call.where] || (c => this.#api(c, fault)))(call);
  }

  #nothing(call) {
    this.#fault(`${this.name} has no ${call.method} ${call.path}`);
    return {status: 404, body: {message: 'Not Found'}};
  }

  // --- authorize -------------------------------------------------------------------------------------

  #authorize(call) {
    const {row, client} = this;
    const {authorize: a} = row;
    const q = {...call.query};
    const wrong = [];
    const must = (name, value) => {
      if (q[name] !== value) wrong.push(`${name} is ${q[name]}, not ${value}`);
      delete q[name];
    };
    const {redirect_uri: to, state, scope, code_challenge: challenge, code_challenge_method: method} = q;
    must('response_type', 'code');
    must('client_id', client.id);
    for (const [name, value] of Object.entries(a.params)) must(name, value);
    must('scope', a.scopes.length ? a.scopes.join(a.separator) : undefined);
    if (!client.redirects.includes(to)) wrong.push(`redirect_uri ${to} is not registered`);
    if (!/^[A-Za-z0-9]{32,}$/.test(state || '')) wrong.push(`state ${state} is not letters and digits`);
    if (a.pkce === 'yes' && (!/^[A-Za-z0-9_-]{43}$/.test(challenge || '') || method !== 'S256')) wrong.push('no PKCE with S256');
    if (a.pkce === 'no' && (challenge || method)) wrong.push('PKCE is not known here');
    if (challenge && method !== 'S256') wrong.push(`code_challenge_method is ${method}`);
    for (const name of ['redirect_uri', 'state', 'code_challenge', 'code_challenge_method']) delete q[name];
    for (const name of Object.keys(q)) wrong.push(`${name} was not expected`);
    if (wrong.length) return {status: 400, headers: {'content-type': 'text/html'}, body: `<p>${this.#fault(`authorize: ${wrong.join('; ')}`)}`};
    const code = `${secret('code')}/==`;
    const scopes = (scope ? scope.split(a.separator) : []).filter(s => !this.withheld.includes(s));
    this.codes.set(code, {to, challenge, scopes});
    const back = new URL(to);
    for (const [name, value] of Object.entries({code, state, ...a.callback, ...this.says})) back.searchParams.set(name, value);
    return {status: 302, headers: {location: back.href}};
  }

  // --- tokens ----------------------------------------------------------------------------------------

  /** The fields of a token call, form or JSON. */
  fields(call) {
    return (call.headers['content-type'] || '').startsWith('application/json') ? parse(call.text) || {} : Object.fromEntries(new URLSearchParams(call.text));
  }

  /** What is wrong with the client's proof; it is taken out of the fields. */
  #client(call, fields, way) {
    const {client} = this;
    const basic = /^Basic (.+)$/.exec(call.headers.authorization || '')?.[1];
    const wrong = [];
    if (way === 'basic') {
      const [id, word] = Buffer.from(basic || '', 'base64').toString().split(':').map(formDecode);
      if (id !== client.id || word !== client.secret) wrong.push('the client is not in Authorization: Basic');
      if ('client_secret' in fields) wrong.push('the secret is in the body, too');
      if ('client_id' in fields) wrong.push('client_id is in the body, too');
    } else if (way === 'post') {
      if (fields.client_id !== client.id || fields.client_secret !== client.secret) wrong.push('the client is not in the body');
      if (basic) wrong.push('Authorization: Basic is there, too');
    } else if (way === 'none' && (fields.client_secret || basic)) wrong.push('the client is not asked for');
    delete fields.client_id;
    delete fields.client_secret;
    return wrong;
  }

  #format(call, format) {
    const type = format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
    return (call.headers['content-type'] || '').startsWith(type) ? [] : [`the body is ${call.headers['content-type']}, not ${type}`];
  }

  #token(call, fault) {
    const {row} = this;
    const first = call.where === 'code';
    const fields = this.fields(call);
    const url = (!first && row.refresh.url) || row.token.url;
    const wrong = [...this.#format(call, row.token.format), ...this.#client(call, fields, row.token.auth)];
    if (call.path !== pathOf(url)) wrong.push(`sent to ${call.path}, not ${pathOf(url)}`);
    if (!/application\/json/.test(call.headers.accept || '')) wrong.push('Accept is not application/json');
    if (call.headers.authorization?.startsWith('Bearer')) wrong.push('a bearer token is there');
    const known = first ? ['grant_type', 'code', 'redirect_uri', 'code_verifier'] : ['grant_type', 'refresh_token'];
    const params = (first ? row.token.params : row.refresh.params) || {};
    for (const [name, value] of Object.entries(params)) if (fields[name] !== value) wrong.push(`${name} is ${fields[name]}, not ${value}`);
    for (const name of Object.keys(fields)) if (!known.includes(name) && !(name in params)) wrong.push(`${name} was not expected`);
    if (wrong.length) {
      this.#fault(`token: ${wrong.join('; ')}`);
      return row.token.badClient;
    }
    if (fault?.what === 'error') return fault.answer;
    return first ? this.#exchange(fields, fault) : this.#refresh(fields, fault);
  }

  #exchange(fields, fault) {
    const {row} = this;
    const kept = this.codes.get(fields.code);
    this.codes.delete(fields.code);
    const proof = kept?.challenge ? createHash('sha256').update(fields.code_verifier || '').digest('base64url') : undefined;
    if (!kept || kept.to !== fields.redirect_uri || proof !== (kept.challenge || undefined)) {
      this.#fault(kept ? 'the code came with another redirect_uri or verifier' : 'the code is not known');
      return row.token.badCode;
    }
    if (!kept.challenge && fields.code_verifier) this.#fault('a verifier without a challenge');
    const access = secret('access');
    const grant = {scopes: kept.scopes, access, lastAccess: access, refresh: secret('refresh'), spent: [], older: []};
    this.grants.push(grant);
    return {body: this.#reply(grant, {first: true, ...fault})};
  }

  #refresh(fields, fault) {
    const {row} = this;
    const grant = this.grants.find(g => [g.refresh, ...g.spent, ...g.older].includes(fields.refresh_token));
    if (!grant || grant.over || grant.spent.includes(fields.refresh_token)) {
      if (grant?.spent.includes(fields.refresh_token)) {
        grant.over = true; // RFC 9700 section 4.14: reuse ends the family
        this.#fault('a refresh token was used twice');
      }
      return row.refresh.dead;
    }
    grant.access = grant.lastAccess = secret('access');
    if (row.refresh.brings === 'new') {
      (row.refresh.oldLives ? grant.older : grant.spent).push(grant.refresh);
      grant.refresh = secret('refresh');
    }
    return {body: this.#reply(grant, fault)};
  }

  /** `without`: members that are left out; `scopes`: what was granted. */
  #reply(grant, {first = false, without = [], scopes = grant.scopes} = {}) {
    const {row} = this;
    const refresh = first || row.refresh.brings === 'new' ? {refresh_token: grant.refresh} : row.refresh.brings === 'same' ? {refresh_token: grant.refresh} : {};
    if (without.includes('refresh_token')) grant.untold = true;
    const told = row.token.scopes === null ? {} : {scope: scopes.join(row.token.scopes)};
    const extra = typeof row.token.answer === 'function' ? row.token.answer(this.host) : row.token.answer;
    const lifetime = row.token.lifetime_s === null ? {} : {expires_in: row.token.lifetime_s};
    const all = {access_token: grant.access, token_type: row.token.type ?? 'bearer', ...lifetime, ...refresh, ...told, ...(first || row.token.always ? extra : {})};
    return Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)));
  }

  #revoke(call) {
    const {row} = this;
    const {revoke} = row;
    const fields = revoke.format === 'query' ? {...call.query} : this.fields(call);
    const wrong = call.method === revoke.method ? [] : [`by ${call.method}`];
    if (revoke.tokenInPath) {
      if (call.text || call.url.search) wrong.push('the token stands in the path, and nothing elsewhere');
    } else if (revoke.format !== 'query') wrong.push(...this.#format(call, revoke.format));
    if (revoke.auth === 'bearer') {
      if (!this.grants.some(g => g.access && call.headers.authorization === `Bearer ${g.access}`)) wrong.push('not in the name of a token');
    } else wrong.push(...this.#client(call, fields, revoke.auth));
    const given = revoke.tokenInPath ? decodeURIComponent(call.path.slice(pathOf(revoke.url).length)) : fields[revoke.param];
    // who was told no refresh token can only hand the other one back
    const grant = this.grants.find(g => given && revoke.token !== 'access' && !g.untold && [g.refresh, ...g.spent].includes(given)) ||
      this.grants.find(g => given && (revoke.token !== 'refresh' || g.untold) && g.lastAccess === given);
    if (!grant) wrong.push(`${revoke.param} is no ${revoke.token} token`);
    for (const name of Object.keys(fields)) if (name !== revoke.param && name !== 'token_type_hint') wrong.push(`${name} was not expected`);
    if (wrong.length) {
      this.#fault(`revoke: ${wrong.join('; ')}`);
      return {status: 400, body: {error: 'invalid_request'}};
    }
    if (revoke.token === 'access' && grant.access !== given) return {status: 404, body: {message: 'Not Found'}}; // it has run out
    Object.assign(grant, {over: true, access: revoke.leavesAccess ? grant.access : null});
    return {status: revoke.status, body: revoke.answer};
  }

  // --- the API ---------------------------------------------------------------------------------------

  #api(call, fault) {
    const {row} = this;
    const rule = row[call.where];
    const wrong = [];
    for (const [name, shape] of Object.entries(row.api.headers || {})) {
      if (!shape.test(call.headers[name] || '')) wrong.push(`${name}: ${call.headers[name]}`);
    }
    for (const [name, shape] of Object.entries(rule.query || {})) if (!shape.test(call.query[name] || '')) wrong.push(`?${name}=${call.query[name]}`);
    for (const name of Object.keys(call.query)) if (!rule.query?.[name]) wrong.push(`?${name} was not expected`);
    if (rule.body) wrong.push(...this.#differs(rule.body, parse(call.text), 'body'));
    else if (call.text && !rule.marks) wrong.push('a body was not expected');
    if (wrong.length) {
      this.#fault(`${call.where}: ${wrong.join('; ')}`);
      return row.api.refusal;
    }
    const grant = this.grants.find(g => g.access && call.headers.authorization === `Bearer ${g.access}`);
    if (!grant) return row.api.unauthentic;
    if (fault?.what === 'error') return fault.answer;
    if (rule.scope && !grant.scopes.includes(rule.scope)) return row.api.lacks(rule.scope);
    return {status: rule.status ?? 200, body: rule.answer};
  }

  /** Where `is` is not what `shape` says: values, patterns, objects and lists of those, nothing more. */
  #differs(shape, is, at) {
    if (shape instanceof RegExp) return typeof is === 'string' && shape.test(is) ? [] : [`${at} is ${JSON.stringify(is)}`];
    if (shape === null || typeof shape !== 'object') return Object.is(shape, is) ? [] : [`${at} is ${JSON.stringify(is)}, not ${JSON.stringify(shape)}`];
    if (is === null || typeof is !== 'object') return [`${at} is ${JSON.stringify(is)}`];
    const names = new Set([...Object.keys(shape), ...Object.keys(is)]);
    return [...names].flatMap(name => (name in shape ? this.#differs(shape[name], is[name], `${at}.${name}`) : [`${at}.${name} was not expected`]));
  }
}
