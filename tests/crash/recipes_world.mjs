// The world of the crash test with two more apps, the recipes of all kinds of runs, and apps and files
// that take their time.
import {setTimeout as pause} from 'node:timers/promises';
import {ACME, TEAMS_ACME, loginUrl} from '../lib/flow.mjs';
import {KINDS, SHIFTS} from './kinds.mjs';
import {STOCK} from './kinds/commands.mjs';
import {CHANNELS} from './kinds/common.mjs';
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
  teamsCrew = ['ana', 'cleo', 'dan', 'eva'];

  async addPeople() {
    await this.sandbox('PUT', '/_config', {slack: {scopes: SCOPES}});
    await super.addPeople();
  }

  async begin() {
    await super.begin();
    this.crew = {slack: this.people.filter(p => p.own && p.workspace === 'T0ACME001'), teams: this.people.filter(p => p.chat === 'teams')};
    await this.putConnection(ACME, 'acme-box', {...BOX, host: this.hosts.box});
    this.hooks = {slack: await this.prepare('slack', ACME), teams: await this.prepare('teams', TEAMS_ACME)};
    const [ana] = this.crew.slack, prompt = await ana.ask('connect acme-box', m => m.is_bot && loginUrl(m));
    await ana.ask(await ana.browse(prompt, ana.username), /is connected/);
    for (const name of STOCK) await ana.ask(`deal add name: ${name} stage: Prospecting close: 2026-12-31`, new RegExp(`Created ${name}`));
    await this.idle();
    for (const slow of SLOW) await this.sandbox('PUT', '/_faults', {...slow, fault: 'slow', times: -1});
  }

  /** What the runs in this chat need; gives the hook by which events come there. */
  async prepare(chat, workspace) {
    await this.putConnection(workspace, 'acme-servicenow', {...SNOW, host: this.hosts.servicenow});
    await this.authorize(workspace, 'acme-servicenow', 'ben');
    const kinds = new Set(SHIFTS.filter(s => s.chat === chat).flatMap(s => s.kinds));
    const recipes = new Map(Object.values(KINDS).filter(kind => kinds.has(kind)).flatMap(kind => kind.recipes).map(r => [r.name, r]));
    for (const r of recipes.values()) await this.putRecipe(workspace, {...r, ...(r.post ? {post: {channel: CHANNELS[chat].id}} : {})});
    return this.must('PUT', `/workspaces/${workspace}/hooks/events`, {kind: 'json', event_id: {path: 'id'}});
  }

  /** Nobody is logged in there any more; a replica may die while it is asked. */
  async logOut(person) {
    const path = `/workspaces/${person.chat}:${person.workspace}/personal-connections`;
    for (;; await pause(100)) {
      const mine = await this.api('GET', path).then(r => r.items?.filter(c => c.user === person.id), () => undefined);
      if (mine?.length === 0) return;
      for (const c of mine ?? []) await this.api('DELETE', `${path}/${c.id}?forget=true`).catch(() => {});
    }
  }

  /** Something of theirs has begun and has not ended. */
  async waits(person) {
    return await this.count('run', `user_id = '${person.id}' and state not in ('done', 'failed', 'cancelled', 'expired', 'superseded')`) > 0;
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
    const q = new URLSearchParams({chat: person.chat, user: person.name, place, workspace: person.workspace, limit: '40'});
    return (await this.sandbox('GET', `/_messages?${q}`)).messages.filter(m => m.is_bot).map(m => ({chat: person.chat, ...m})).reverse();
  }
}
