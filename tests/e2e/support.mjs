// Headless Chromium in front of the demo's world; every page is watched for errors.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import {chromium} from 'playwright-core';
import {World, link, startDemo} from '../lib/demo.mjs';
import {start, until} from '../lib/flow.mjs';
import {loadOpenapi} from '../lib/openapi.mjs';

export const COMMAND = 'salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31';
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PHONE = {width: 360, height: 740};
const DESK = {width: 1280, height: 900};

/** One Chromium in front of a world: the demo's, one of the flow tests (`start()`), or `{sandbox, stop}`. */
export async function inFront(world) {
  const chrome = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ARGS, headless: true,
  }).catch(async e => {
    await world.stop();
    throw e;
  });
  return new Stage(world, chrome);
}

/** One demo and one Chromium for a file of tests. */
export const open = async () => inFront(await startDemo());

/** The same with a world of the flow tests, which has its own settings: `stage.world`. */
export async function openWorld(options) {
  const world = await start(options);
  const stage = await inFront({sandbox: world.sandboxUrl, stop: () => world.stop()});
  return Object.assign(stage, {world});
}

/** A person's column on the sandbox's chat page. */
export const column = (page, name) => page.getByRole('region', {name, exact: true});

export async function type(page, name, text) {
  const box = page.getByRole('textbox', {name: `Message as ${name}`});
  await box.fill(text);
  await box.press('Enter');
}

export class Stage extends World {
  #contexts = [];
  complaints = [];

  constructor(demo, chrome) {
    super(demo);
    this.chrome = chrome;
  }

  async close() {
    await this.chrome.close();
    await this.demo.stop();
  }

  /** A person's browser: its own cookies, and an ear for what the console says. */
  async browser(options = {}) {
    const context = await this.chrome.newContext({viewport: DESK, ...options});
    context.setDefaultTimeout(30000);
    context.on('console', m => {
      // the answers 404 and 410 are meant, and Chromium reports them as errors of the network
      if (m.type() === 'error' && !/status of 4\d\d/.test(m.text())) this.complaints.push(m.text());
    });
    context.on('weberror', e => this.complaints.push(String(e.error())));
    this.#contexts.push(context);
    return context;
  }

  /** Ends all browsers of a test `t`; fails when a page complained. After a failure it prints what they showed. */
  async calm(t) {
    if (t.error) await this.#testify(t);
    await Promise.all(this.#contexts.splice(0).map(c => c.close()));
    assert.deepEqual(this.complaints.splice(0), [], 'a page complained in the console');
  }

  /** What a failure can be understood from where nothing else of the run is kept. */
  async #testify(t) {
    for (const page of this.#contexts.flatMap(c => c.pages())) {
      const seen = await page.locator('body').innerText({timeout: 2000}).catch(e => String(e));
      console.error(`# "${t.name}" failed; ${page.url()} showed:\n${seen.replace(/^/gm, '#   ')}`);
    }
    const log = await this.demo.log?.() ?? '';
    console.error(`# Workbot's last words:\n${log.trimEnd().split('\n').slice(-60).join('\n').replace(/^/gm, '#   ')}`);
  }

  /** The login link that `user` gets for a fresh command. */
  async loginLink(user, command = COMMAND) {
    const before = (await this.messages(user)).length;
    await this.say(user, command);
    return until(`a login link for ${user}`, async () => {
      const fresh = (await this.messages(user)).slice(before).reverse();
      for (const m of fresh) {
        try {
          return link(m, 'Log in to Salesforce');
        } catch { /* another message */ }
      }
      return null;
    });
  }

  /** Everybody as if they had just come: no connections, no open logins. */
  async fresh(user) {
    await this.say(user, 'cancel');
    const {items} = await this.api('GET', '/personal-connections');
    for (const c of items) await this.api('DELETE', `/personal-connections/${c.id}?forget=true`);
  }
}

/** At Salesforce's pages: chooses the account and allows or denies. */
export async function atSalesforce(page, name, decision = 'Allow') {
  await page.getByRole('button', {name}).click();
  await page.getByRole('button', {name: decision, exact: true}).click();
}

export const codeOf = page => page.locator('#code').textContent();

/** Where each page that a GET answers is shown to axe; null: among the pages of a login or an installation, whose tests do. */
const LOOKS = [
  [/^\/console\/(workspaces\/\{workspace\}\/)?setup(\/|$)/, 'wizard.test.mjs'],
  [/^\/console(\/|$)/, 'console.test.mjs'],
  [/^\/(privacy|terms|login\/\{handle\})?$/, 'logins.test.mjs'],
  [/^\/(login\/\{handle\}\/result|setup\/\{handle\}|slack\/|oauth\/|identity\/)/, null],
];
const looked = new Set();

/** At the end of a test file: no page of its own has been left out. A new page is in nobody's share until LOOKS says so. */
export function leftOut(url) {
  const pages = loadOpenapi().operations.filter(o => o.method === 'GET'
    && o.operation.responses['200']?.content?.['text/html'] && !o.path.startsWith('/v1/'));
  const shares = pages.map(o => [o, LOOKS.find(([fits]) => fits.test(o.path))]);
  assert.deepEqual(shares.filter(([, share]) => !share).map(([o]) => o.path), [], 'in whose share is it?');
  const own = shares.filter(([, [, file]]) => file === basename(new URL(url).pathname)).map(([o]) => o);
  assert.ok(own.length > 0);
  return own.filter(o => ![...looked].some(path => o.pattern.test(path))).map(o => o.path);
}

/** Every rule of axe, in light, in dark and on a phone. The page must still be the one under test. */
export async function accessible(page, what) {
  const looks = [
    ['light', {colorScheme: 'light'}, DESK],
    ['dark', {colorScheme: 'dark'}, DESK],
    ['phone', {colorScheme: 'light'}, PHONE],
  ];
  looked.add(decodeURIComponent(new URL(page.url()).pathname));
  for (const [look, media, size] of looks) {
    await page.emulateMedia(media);
    await page.setViewportSize(size);
    // through the debugger: the page's own policy lets no script in, and stays in force
    const found = await page.evaluate(`${AXE}; axe.run(document)`
      + `.then(r => ({passed: r.passes.length, wrong: r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))}))`);
    assert.deepEqual(found.wrong, [], `${what}, ${look}`);
    assert.ok(found.passed > 8, `${what}, ${look}: axe looked at nothing`);
    const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
    assert.equal(wide, false, `${what}, ${look}: scrolls sideways`);
  }
  await page.emulateMedia({colorScheme: null});
  await page.setViewportSize(DESK);
}
