// The Teams client around a sign-in window, for a browser under test: a page at
// https://teams.microsoft.com (the client library talks to such origins only) opens the window and
// answers the library's handshake; the library itself comes out of its npm package.
import {createRequire} from 'node:module';
import {join, dirname} from 'node:path';

const HOST = 'https://teams.microsoft.com/';
const PAGE = `<!DOCTYPE html><title>Teams</title><script>
  window.told = [];
  addEventListener('message', event => {
    const m = event.data;
    if (!m || typeof m.func !== 'string') return;
    const answer = args => event.source.postMessage({id: m.id, uuidAsString: m.uuidAsString, args}, event.origin);
    told.push({func: m.func, args: m.args, origin: event.origin});
    if (m.func === 'initialize') answer(['authentication', 'web', JSON.stringify({apiVersion: 2, supports: {}}), '2.0.1']);
  });
  window.start = url => { window.signIn = open(url, 'signin', 'popup,width=600,height=640'); };
</script>`;

/** MicrosoftTeams.min.js as its package has it: the bytes that a page's integrity attribute names. */
export const teamsLibrary = () => join(dirname(createRequire(import.meta.url).resolve('@microsoft/teams-js/package.json')), 'dist/umd/MicrosoftTeams.min.js');

export class TeamsHost {
  /** `opener: false`: the window has lost its opener, as behind a provider that cuts it. `library: false`: it cannot be fetched. */
  static async open(context, {opener = true, library = true} = {}) {
    const host = new TeamsHost();
    if (!opener) await context.addInitScript(() => { window.opener = null; });
    await context.route(HOST + '**', route => route.fulfill({contentType: 'text/html', body: PAGE}));
    const open = {'access-control-allow-origin': '*'};
    await context.route('https://res.cdn.office.net/teams-js/**', route =>
      library ? route.fulfill({path: teamsLibrary(), contentType: 'text/javascript', headers: open}) : route.abort());
    await context.route('https://res.cdn.office.net/teams-js/validDomains/**', route => route.fulfill({json: {validOrigins: ['teams.microsoft.com']}, headers: open}));
    host.page = await context.newPage();
    await host.page.goto(HOST);
    return host;
  }

  /** Opens the window of a sign-in button, as Teams does; the person walks through `window` (a page). */
  async signIn(url) {
    const opening = this.page.waitForEvent('popup');
    await this.page.evaluate(u => window.start(u), url);
    return (this.window = await opening);
  }

  /** What the window told Teams: [{func, args, origin}]. */
  told() {
    return this.page.evaluate(() => window.told);
  }

  /** The text of notifySuccess (or `{failure}`), once the window called it; null when it closed before. */
  async outcome(ms = 10000) {
    const closed = this.window.isClosed() ? Promise.resolve() : this.window.waitForEvent('close', {timeout: ms}).catch(() => {});
    const ends = /^authentication\.authenticate\.(success|failure)$/;
    const told = this.page.waitForFunction(() => window.told.find(m => /^authentication\.authenticate\.(success|failure)$/.test(m.func)), null, {timeout: ms}).catch(() => {});
    await Promise.race([closed, told]);
    const end = (await this.told()).find(m => ends.test(m.func));
    return !end ? null : end.func.endsWith('success') ? end.args[0] : {failure: end.args[0]};
  }
}
