// The world of the crash test: a PostgreSQL of its own (it is killed too), two replicas behind a
// balancer as small as one can be, people in Slack and in Teams who are logged in already, and a
// Salesforce that takes its time.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, mkdtempSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {promisify} from 'node:util';
import {ACME, ADMIN_TOKEN, GLOBEX, Person, ROOT, SIGNING_SECRET, TEAMS_ACME, TEAMS_ACME_TENANT, TEAMS_PEOPLE, TeamsPerson, World, loginUrl} from '../lib/flow.mjs';
import {freePort} from '../lib/ports.mjs';

const sh = promisify(execFile);
const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
const SANDBOX = resolve(process.env.SANDBOX_BIN || join(ROOT, 'build/sandbox'));
const MORE_PEOPLE = ['dan', 'eva', 'finn', 'greta', 'hal', 'ida', 'jon'];
const NEWCOMERS = {slack: 'kim', teams: 'lou'}; // have no login yet
const RETRIES_MS = [0, 1000, 6000]; // Slack's shape: at once, a little later, much later; Teams' is not written anywhere
// At the real one five: but Ana and Cleo have one account in both chats, and a replica that dies between a grant and its
// storing leaves the grant alive. The sixth would end the other chat's connection, which tests/flow/grants.test.mjs looks at.
const GRANTS = 50;
// How long answers take; the effect is there at once, so that a kill can fall between the two.
const APP_CALL_MS = 120;
const POST_MS = 60;

/** Numbers that are the same for the same seed. */
export function seeded(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {next, below: n => Math.floor(next() * n), between: (low, high) => low + Math.floor(next() * (high - low)), of: list => list[Math.floor(next() * list.length)]};
}

const TEAMS_IDS = {...TEAMS_PEOPLE, ...Object.fromEntries([...MORE_PEOPLE, ...Object.values(NEWCOMERS)].map((name, i) => [name, `c4e30000-0000-4000-8000-${String(i).padStart(12, '0')}`]))};

// --- what the people can do ----------------------------------------------------------------------

const recipes = connection => {
  const app = verify => ({salesforce: {use: connection, verify_user_access: verify}});
  const create = (object, fields) => [{id: 'made', connection: 'salesforce', action: 'create_record', with: {object, fields}}];
  return [
    {name: 'deal', title: 'Add a deal', command: 'deal add', allow: 'everyone', connections: app(true),
      inputs: [{name: 'name', required: true}, {name: 'stage', required: true, options: [{label: 'Prospecting', value: 'Prospecting'}, {label: 'Won', value: 'Closed Won'}]}, {name: 'close', type: 'date', required: true}],
      steps: create('Opportunity', {Name: '{{inputs.name}}', StageName: '{{inputs.stage}}', CloseDate: '{{inputs.close}}'}),
      reply: {text: 'Created {{inputs.name}}', buttons: [{title: 'Add a task', command: 'job add', inputs: {about: '{{steps.made.id}}'}}]}},
    {name: 'task', title: 'Add a task', command: 'job add', allow: 'everyone', connections: app(true),
      inputs: [{name: 'about', required: true}, {name: 'subject', required: true}],
      steps: create('Task', {WhatId: '{{inputs.about}}', Subject: '{{inputs.subject}}'}), reply: {text: 'Added the task {{inputs.subject}}'}},
    {name: 'crew', title: 'Leave a note for the crew', command: 'crew note', allow: 'everyone', connections: app(false),
      inputs: [{name: 'text', required: true}], steps: create('Task', {Subject: '{{inputs.text}}'}), reply: {text: 'Noted: {{inputs.text}}'}},
    {name: 'look', title: 'Look a deal up', command: 'deal look', allow: 'everyone', connections: app(true), inputs: [{name: 'name', required: true}],
      steps: [{id: 'found', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id, Name FROM Opportunity WHERE Name LIKE :name LIMIT 5', values: {name: '{{inputs.name}}%'}}}],
      reply: {text: '{{steps.found.total}} found for {{inputs.name}}'}},
  ];
};

// --- the balancer --------------------------------------------------------------------------------

/** Bytes from each new connection to the next replica, to the other when that one is not there. */
function passOn(client, ports, turn) {
  const attempt = left => {
    const up = net.connect(ports[(turn + left) % ports.length], '127.0.0.1');
    up.setNoDelay(true);
    const refused = e => (e.code === 'ECONNREFUSED' && left > 0 ? attempt(left - 1) : client.destroy());
    up.once('error', refused);
    up.once('connect', () => {
      up.off('error', refused);
      up.on('error', () => client.destroy());
      client.on('error', () => up.destroy());
      client.on('close', () => up.destroy());
      up.on('close', () => client.destroy());
      client.pipe(up);
      up.pipe(client);
    });
  };
  client.on('error', () => {});
  attempt(ports.length - 1);
}

// --- the world -----------------------------------------------------------------------------------

export class CrashWorld extends World {
  people = [];
  teamsCrew = ['ana', 'cleo'];
  connections = new Set();

  async postgres(...command) {
    const {stdout} = await sh(join(ROOT, 'tests/tools/postgres.sh'), [...command, this.cluster], {cwd: ROOT});
    return stdout.trim();
  }

  async balance(port) {
    let turn = 0;
    this.balancer = net.createServer(client => {
      this.connections.add(client);
      client.on('close', () => this.connections.delete(client));
      client.setNoDelay(true);
      passOn(client, this.replicas.map(r => r.port), turn++);
    }).listen(port, '127.0.0.1');
    this.balancer.closeAllConnections = () => this.connections.forEach(c => c.destroy());
    await once(this.balancer, 'listening');
  }

  /** More people than the demo has, at both chats and at Salesforce. */
  async addPeople() {
    const {slack, teams, salesforce} = await this.sandbox('GET', '/_config');
    const acme = slack.workspaces.find(t => t.id === 'T0ACME001'), tenant = teams.tenants.find(t => t.id === TEAMS_ACME_TENANT);
    const org = salesforce.orgs.acme;
    for (const name of [...MORE_PEOPLE, ...Object.values(NEWCOMERS)]) {
      const upper = name.toUpperCase(), title = upper[0] + name.slice(1), email = `${name}@acme.example`;
      const user = `U0${upper}`.padEnd(9, '0'), dm = `D0${upper}`.padEnd(9, '0');
      acme.users.push({id: user, name, display_name: title, real_name: `${title} Crew`, email});
      acme.channels.push({id: dm, kind: 'im', user});
      acme.channels.find(c => c.id === 'C0SALES01').members.push(user);
      tenant.users.push({id: TEAMS_IDS[name], address: `29:1${title}Crew`, name, real_name: `${title} Crew`, email, installed: true});
      tenant.teams.find(t => t.name === 'Sales').members.push(name);
      tenant.chats.push({id: `a:1${name}-crew`, kind: 'personal', user: name});
      org.users.push({id: `005xx000000${upper}`.padEnd(15, '0') + 'AAO', username: email, name: `${title} Crew`, email});
    }
    await this.sandbox('PUT', '/_config', {slack: {workspaces: slack.workspaces, retry_delays_ms: RETRIES_MS},
      teams: {tenants: teams.tenants, retries: RETRIES_MS.map(after_ms => ({after_ms, new_id: after_ms > 0}))}, salesforce: {orgs: {acme: org}, grants_per_user: GRANTS}});
    const {http} = await this.sandbox('POST', '/_reset');
    assert.equal(http, 200);
  }

  async begin() {
    for (const program of [WORKBOT, SANDBOX]) assert.ok(existsSync(program), `there is no ${program}: make, or name it by WORKBOT_BIN and SANDBOX_BIN`);
    this.dir = mkdtempSync(join(tmpdir(), 'workbot-crash-'));
    this.logFile = join(this.dir, 'workbot.log');
    this.cluster = join(ROOT, '.run', `crash-pg-${process.pid}`);
    const ports = new Set(); // none of those that outgoing connections get while a replica is dead
    while (ports.size < 5) ports.add(await freePort());
    const [port, ...pairs] = ports;
    this.url = `http://127.0.0.1:${port}`;
    this.replicas = [0, 1].map(n => ({n, port: pairs[2 * n], ops: pairs[2 * n + 1], child: {exitCode: 0}}));
    const server = await this.postgres('start');
    await Promise.all([this.makeDatabase(server), this.startSandbox({})]);
    await this.admin.end(); // it would not outlive the power cut
    this.admin = null;
    await this.addPeople();
    this.env = {
      WORKBOT_DATABASE_URL: this.databaseUrl, WORKBOT_PUBLIC_URL: this.url, WORKBOT_ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      WORKBOT_ADMIN_TOKENS: ADMIN_TOKEN, WORKBOT_SLACK_APP_ID: 'A0WORKBOT', WORKBOT_SLACK_CLIENT_ID: '1000000001.2000000002',
      WORKBOT_SLACK_CLIENT_SECRET: 'sample-slack-client-secret', WORKBOT_SLACK_SIGNING_SECRETS: SIGNING_SECRET,
      WORKBOT_SLACK_URL: `${this.sandboxUrl}/slack`, WORKBOT_TRUSTED_HTTP_HOSTS: [new URL(this.sandboxUrl).host, this.salesforceHost, this.hosts.servicenow, this.hosts.box].join(','),
      WORKBOT_TTL_LEASE: '2s', WORKBOT_TTL_STALE_WRITE: '1s', WORKBOT_WORKERS: '6', ...this.teamsEnv()};
    await sh(WORKBOT, ['migrate'], {env: {PATH: process.env.PATH, ...this.env}});
    await this.startReplica(0);
    await this.startReplica(1);
    await this.balance(port);
    await this.load('acme', ACME, 'ben@acme.example');
    await this.load('globex', GLOBEX, 'otto@globex.example');
    await this.load('acme', TEAMS_ACME, 'ben@acme.example', {name: 'Acme', admins: [TEAMS_PEOPLE.ben]});
    for (const w of [ACME, TEAMS_ACME]) for (const r of recipes('acme-salesforce')) await this.putRecipe(w, r);
    for (const r of recipes('globex-salesforce')) await this.putRecipe(GLOBEX, r);
    await this.logIn();
    await this.sandbox('PUT', '/_faults', {peer: 'salesforce', fault: 'slow', delay_ms: APP_CALL_MS, times: -1});
    await this.sandbox('PUT', '/_faults', {peer: 'slack', fault: 'slow', path: 'chat.postMessage', delay_ms: POST_MS, times: -1});
  }

  /** Ben and Otto installed Workbot and act by the default connection; the others by their own. */
  async logIn() {
    const add = (name, team, org, own) => this.people.push(Object.assign(new Person(this, name, team), {username: `${name}@${org}.example`, own}));
    for (const name of ['ana', 'cleo', ...MORE_PEOPLE]) add(name, 'T0ACME001', 'acme', true);
    add('ben', 'T0ACME001', 'acme', false);
    add('gina', 'T0GLOBEX1', 'globex', true);
    add('otto', 'T0GLOBEX1', 'globex', false);
    for (const name of this.teamsCrew) this.people.push(Object.assign(new TeamsPerson(this, name), {username: `${name}@acme.example`, own: true}));
    for (const p of this.people.filter(p => p.own)) {
      const prompt = await p.ask('connect salesforce', m => m.is_bot && loginUrl(m));
      await p.ask(await p.browse(prompt, p.username), /is connected/);
    }
    await this.idle();
    const [kim, lou] = [new Person(this, NEWCOMERS.slack), new TeamsPerson(this, NEWCOMERS.teams)];
    this.newcomers = {slack: Object.assign(kim, {username: 'kim@acme.example', id: 'U0KIM0000'}), teams: Object.assign(lou, {username: 'lou@acme.example', id: TEAMS_IDS.lou})};
  }

  async end() {
    try {
      await this.stop();
    } finally {
      await this.postgres('drop');
    }
  }
}
