// A browser as small as tests need it: cookies, redirects and forms, no scripts.
import assert from 'node:assert/strict';

const unescapeHtml = text => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#0?39;/g, "'").replace(/&amp;/g, '&');

/** Cookies by host name (ports share them, as in life), forms out of pages, redirects by hand. */
export class Browser {
  #jar = new Map();
  /** What it takes; null: it says nothing, as programs do, which get problem+json where a person gets a page. */
  accept = null;

  /** Another tab: the cookies of now, a page of its own. */
  tab() {
    const other = Object.assign(new Browser(), {accept: this.accept});
    for (const [name, jar] of this.#jar) other.#jar.set(name, new Map(jar));
    return other;
  }

  cookies(name) {
    const jar = this.#jar.get(name) || this.#jar.set(name, new Map()).get(name);
    return jar;
  }

  /** One request, no redirect followed. */
  async request(method, url, form) {
    const at = new URL(url);
    const jar = this.cookies(at.hostname);
    const headers = this.accept ? {accept: this.accept} : {};
    if (jar.size) headers.cookie = [...jar].map(([k, v]) => `${k}=${v}`).join('; ');
    if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
    const r = await fetch(url, {method, redirect: 'manual', headers, body: form ? new URLSearchParams(form).toString() : undefined});
    for (const line of r.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const cut = pair.indexOf('=');
      if (attributes.some(a => /^ *max-age=0$/i.test(a))) jar.delete(pair.slice(0, cut));
      else jar.set(pair.slice(0, cut), pair.slice(cut + 1));
    }
    const html = await r.text();
    const to = r.headers.get('location');
    this.page = {url, status: r.status, html, headers: r.headers, location: to && new URL(to, url).href};
    return this.page;
  }

  /** Follows redirects, but not past `stop` (a part of an address). */
  async follow(stop = '\0') {
    for (let i = 0; this.page.location && i < 10; i++) {
      if (this.page.location.includes(stop)) return this.page;
      await this.request('GET', this.page.location);
    }
    return this.page;
  }

  async get(url, stop) {
    await this.request('GET', url);
    return this.follow(stop);
  }

  /** The page's n-th form with its hidden fields, and more. */
  form(more = {}, n = 0) {
    const forms = [...this.page.html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)];
    assert.ok(forms[n], `no form ${n} in ${this.page.status} ${this.page.html}`);
    const action = /action="([^"]*)"/.exec(forms[n][1]);
    const fields = {};
    for (const [, input] of forms[n][2].matchAll(/<input\b([^>]*)>/g)) {
      const name = /name="([^"]*)"/.exec(input), value = /value="([^"]*)"/.exec(input);
      if (name) fields[unescapeHtml(name[1])] = unescapeHtml(value ? value[1] : '');
    }
    return {url: new URL(action ? unescapeHtml(action[1]) : this.page.url, this.page.url).href, fields: {...fields, ...more}};
  }

  async submit(more, {n = 0, stop} = {}) {
    const {url, fields} = this.form(more, n);
    await this.request('POST', url, fields);
    return this.follow(stop);
  }

  get text() {
    return unescapeHtml(this.page.html.replace(/<(style|head|svg)\b[\s\S]*?<\/\1>/g, ' ').replace(/<wbr>/g, '').replace(/<[^>]+>/g, ' ')).replace(/\s+/g, ' ').trim();
  }

  get code() {
    const found = /id="code"[^>]*>\s*(\d+)/.exec(this.page.html);
    return found && found[1];
  }

  /**
   * From a login link to the page after the callback (or to just before it), as `username`. On the way the chat may ask
   * who sits here: `slack`, "T…/U…", or `teams`, "tenant/object id"; Slack does not ask a browser that is signed in.
   */
  async logIn(url, username, {decision = 'allow', slack, teams, stop} = {}) {
    await this.get(url);
    assert.equal(this.page.status, 200, this.text);
    await this.submit({}, {stop});
    await this.signIn(slack ?? teams, {stop});
    for (let i = 0; i < 3 && /name="request"/.test(this.page.html) && !this.page.location; i++) {
      const consent = /name="decision"/.test(this.page.html);
      await this.submit(consent ? {decision} : {username}, {stop});
    }
    return this.page;
  }

  /** Past the pages of the chat's sign-in, as `who` ("T…/U…", "tenant/object id"); nothing when the page is another one. */
  async signIn(who, {decision = 'allow', stop} = {}) {
    for (let i = 0; i < 3 && /name="(slack|entra)_request"/.test(this.page.html) && !this.page.location; i++) {
      const consent = /name="decision"/.test(this.page.html);
      assert.ok(consent || who, 'the chat asks who sits here');
      await this.submit(consent ? {decision} : {who}, {stop});
    }
    return this.page;
  }

  /** The same to its end: the code that the last page shows. */
  async codeOf(url, username, more) {
    await this.logIn(url, username, more);
    assert.ok(this.code, `no code on: ${this.page.status} ${this.text}`);
    return this.code;
  }
}
