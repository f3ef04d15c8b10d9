// A browser without scripts: cookies, forms, redirects one by one.
export class Browser {
  #jar = new Map();

  async #send(method, url, form) {
    const headers = {cookie: [...this.#jar].map(([k, v]) => `${k}=${v}`).join('; ')};
    const body = form && new URLSearchParams(form);
    const answer = await fetch(url, {method, headers, body, redirect: 'manual'});
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      if (attributes.some(a => /^\s*max-age=0$/i.test(a))) this.#jar.delete(pair.slice(0, at));
      else this.#jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    this.url = url;
    this.status = answer.status;
    this.headers = answer.headers;
    this.html = await answer.text();
    return answer;
  }

  async #follow(answer) {
    for (let hops = 0; answer.status >= 300 && answer.status < 400; hops++) {
      if (hops === 10) throw new Error(`too many redirects at ${this.url}`);
      answer = await this.#send('GET', new URL(answer.headers.get('location'), this.url).href);
    }
    return this;
  }

  async get(url) {
    return this.#follow(await this.#send('GET', url));
  }

  async head(url) {
    await this.#send('HEAD', url);
    return this;
  }

  /** Sends the page's form (its first), with more fields. */
  async submit(more = {}) {
    const form = this.html.match(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/);
    if (!form) throw new Error(`no form at ${this.url}: ${this.text()}`);
    const fields = {};
    for (const [, name, value] of form[2].matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
      fields[unescape(name)] = unescape(value);
    }
    return this.#follow(await this.#send('POST', new URL(unescape(form[1]), this.url).href, {...fields, ...more}));
  }

  title() {
    return unescape((this.html.match(/<h1[^>]*>([\s\S]*?)<\/h1>/) || ['', ''])[1]).trim();
  }

  code() {
    return (this.html.match(/id="code"[^>]*>([^<]*)</) || [])[1];
  }

  text() {
    return unescape(this.html.replace(/<(style|head|svg)[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
  }
}

function unescape(text) {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#0?39;/g, "'").replace(/&amp;/g, '&');
}

/** From a login link to its last page, as `username` at Salesforce: the browser that stands there. */
export async function logIn(loginUrl, username, decision = 'allow') {
  const browser = new Browser();
  await browser.get(loginUrl);
  await browser.submit();
  await browser.submit({username});
  return browser.submit({decision});
}
