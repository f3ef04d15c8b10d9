// The stand-in for Slack and Salesforce, and a person's way through the login pages without a browser.
// From the environment: SANDBOX_BIN.
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {until} from './service.mjs';

const BIN = process.env.SANDBOX_BIN || 'build/sandbox';

export const SALESFORCE = {clientId: '3MVG9sampleAcme0001', clientSecret: 'sample-acme-consumer-secret'};

export async function startSandbox() {
  const dir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  const files = {main: join(dir, 'main'), salesforce: join(dir, 'salesforce')};
  const child = spawn(BIN, ['--port', '0', '--port-file', files.main, '--salesforce-port', '0',
    '--salesforce-port-file', files.salesforce], {stdio: 'ignore'});
  let failure = null;
  const ended = new Promise(done => child.on('close', done));
  child.on('error', error => { failure = error; });
  await until('the sandbox', () => {
    if (failure) throw failure;
    return existsSync(files.main) && existsSync(files.salesforce);
  });
  const url = 'http://127.0.0.1:' + readFileSync(files.main, 'utf8').trim();
  const salesforceHost = '127.0.0.1:' + readFileSync(files.salesforce, 'utf8').trim();
  const json = async (method, path, body) => {
    const r = await fetch(url + path, {method, body: body === undefined ? undefined : JSON.stringify(body)});
    return {http: r.status, ...(await r.json())};
  };
  return {
    url, salesforceHost, json,
    // what a service needs to know to meet it
    settings: {
      WORKBOT_SLACK_URL: url + '/slack',
      WORKBOT_TRUSTED_HTTP_HOSTS: [new URL(url).host, salesforceHost].join(','),
    },
    say: (user, text, more = {}) => json('POST', '/_say', {chat: 'slack', user, place: 'dm', text, ...more}),
    messages: async (user, place = 'dm') => (await json('GET', `/_messages?user=${user}&place=${place}`)).messages,
    grants: async () => (await json('GET', '/_state/salesforce')).grants,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, {recursive: true, force: true});
    },
  };
}

// Cookies of one browser, for all hosts of a test: they differ by port only, which cookies do not see.
export function browser() {
  const jar = new Map();
  const go = async (url, options = {}) => {
    const cookie = [...jar].map(([k, v]) => `${k}=${v}`).join('; ');
    const r = await fetch(url, {redirect: 'manual', ...options, headers: {accept: 'text/html', ...(cookie ? {cookie} : {}), ...options.headers}});
    for (const line of r.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return {status: r.status, headers: r.headers, location: r.headers.get('location'), html: await r.text(), url};
  };
  return {
    get: url => go(url),
    post: (url, fields) => go(url, {method: 'POST', body: new URLSearchParams(fields)}),
    cookies: jar,
  };
}

const unescape = text => text.replace(/&(amp|lt|gt|quot|#39|#x27);/g,
  (_, name) => ({amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'"}[name]));

// The first form of a page that has all these fields: {action, fields}.
export function formOf(page, ...needed) {
  for (const [, attributes, inside] of page.html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const action = /action="([^"]*)"/.exec(attributes);
    const fields = {};
    for (const [tag] of inside.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(tag);
      const value = /value="([^"]*)"/.exec(tag);
      if (name) fields[unescape(name[1])] = value ? unescape(value[1]) : '';
    }
    if (needed.every(n => n in fields)) return {action: new URL(action ? unescape(action[1]) : '', page.url).href, fields};
  }
  throw new Error('no such form on the page: ' + page.status + ' ' + page.html.slice(0, 500));
}

// From Salesforce's authorize page to the redirect back; decision: allow or deny.
export async function salesforceConsent(b, authorizeUrl, {username, decision = 'allow'}) {
  const root = new URL(authorizeUrl).origin;
  const first = await b.get(authorizeUrl);
  const chosen = await b.post(root + '/login/choose', {request: formOf(first, 'request').fields.request, username});
  const consent = await b.get(chosen.location);
  const back = await b.post(root + '/login/consent', {request: formOf(consent, 'request').fields.request, decision});
  if (back.status !== 302) throw new Error('consent answered ' + back.status + ' ' + back.html.slice(0, 300));
  return back.location;
}

// A login link to its end: the page with the code. Answers {browser, page, code}.
export async function walkLogin(loginUrl, {username, decision, browser: b = browser()}) {
  const landing = await b.get(loginUrl);
  const form = formOf(landing);
  const away = await b.post(form.action, form.fields);
  if (away.status !== 303) throw new Error('the landing page answered ' + away.status + ' ' + away.html.slice(0, 500));
  const page = await b.get(await salesforceConsent(b, away.location, {username, decision}));
  const code = /id="code"[^>]*>\s*(\d+)/.exec(page.html);
  return {browser: b, landing, page, code: code && code[1]};
}
