// The world of the crash test with two more apps, the recipes of all kinds of runs, and apps and files
// that take their time.
import {ACME, loginUrl} from '../lib/flow.mjs';
import {KINDS} from './kinds.mjs';
import {STOCK} from './kinds/commands.mjs';
import {CrashWorld} from './world.mjs';

const SNOW = {app: 'servicenow', client_id: '5a5e0001acme4c1e0001000000000001', client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'};
const BOX = {app: 'box', client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret', assurance: 'code', account_match: 'off'};
// those of the manifest, and the optional one for files
const SCOPES = ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read', 'files:read'];
// the effect is there at once, so that a kill can fall between the two
const SLOW = [{peer: 'servicenow', delay_ms: 60}, {peer: 'box', path: '/files/content', delay_ms: 120}, {peer: 'slack', path: '/files-pri/', delay_ms: 60}];

/** How often each text of this run stands at the apps: {text: n}; its file as "file". */
export function writtenIn(apps, name) {
  const mine = [];
  for (const r of [...apps.salesforce.records, ...apps.servicenow.records]) {
    const text = r.fields.Subject ?? r.fields.short_description;
    if (text?.startsWith(`${name}: `)) mine.push(text.slice(name.length + 2));
  }
  for (const i of apps.box.items) if (i.name === `${name}.bin`) mine.push('file');
  return Object.fromEntries(mine.map(text => [text, mine.filter(t => t === text).length]));
}

export class RecipesWorld extends CrashWorld {
  async addPeople() {
    await this.sandbox('PUT', '/_config', {slack: {scopes: SCOPES}});
    await super.addPeople();
  }

  async begin() {
    await super.begin();
    this.crew = this.people.filter(p => p.own && p.workspace === 'T0ACME001');
    await this.putConnection(ACME, 'acme-servicenow', {...SNOW, host: this.hosts.servicenow});
    await this.authorize(ACME, 'acme-servicenow', 'ben');
    await this.putConnection(ACME, 'acme-box', {...BOX, host: this.hosts.box});
    this.hook = await this.must('PUT', `/workspaces/${ACME}/hooks/events`, {kind: 'json', event_id: {path: 'id'}});
    for (const r of Object.values(KINDS).flatMap(kind => kind.recipes)) await this.putRecipe(ACME, r);
    const [ana] = this.crew, prompt = await ana.ask('connect acme-box', m => m.is_bot && loginUrl(m));
    await ana.ask(await ana.browse(prompt, ana.username), /is connected/);
    for (const name of STOCK) await ana.ask(`deal add name: ${name} stage: Prospecting close: 2026-12-31`, new RegExp(`Created ${name}`));
    await this.idle();
    for (const slow of SLOW) await this.sandbox('PUT', '/_faults', {...slow, fault: 'slow', times: -1});
  }

  async apps() {
    const names = ['salesforce', 'servicenow', 'box'], states = await Promise.all(names.map(app => this.sandbox('GET', `/_state/${app}`)));
    return Object.fromEntries(names.map((name, i) => [name, states[i]]));
  }

  async written(name) {
    return writtenIn(await this.apps(), name);
  }

  // lists grow with the day: the newest alone are asked for
  async look(person, place) {
    const q = new URLSearchParams({user: person.name, place, workspace: person.workspace, limit: '40'});
    return (await this.sandbox('GET', `/_messages?${q}`)).messages.filter(m => m.is_bot).reverse();
  }
}
