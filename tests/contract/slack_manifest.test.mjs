// `workbot manifest slack`: what it prints is what Slack accepts and what the service uses.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {describe, test} from 'node:test';
import {loadOpenapi} from '../lib/openapi.mjs';
import {ROOT} from '../lib/flow.mjs';
import {manifestFaults} from '../lib/slack_manifest.mjs';

const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
const PUBLIC = 'https://workbot.example.com';
const print = (args = [], env = {}) => spawnSync(WORKBOT, ['manifest', 'slack', ...args],
  {encoding: 'utf8', env: {PATH: process.env.PATH, WORKBOT_PUBLIC_URL: PUBLIC, ...env}});
const manifest = env => {
  const r = print([], env);
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout);
};

/** The sample of the platform's own reference, on another host. */
const SAMPLE = {
  _metadata: {major_version: 2, minor_version: 1},
  display_information: {name: 'Workbot', description: 'Run Salesforce, ServiceNow and Box commands as yourself', background_color: '#1a3a5c'},
  features: {
    app_home: {home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false},
    bot_user: {display_name: 'Workbot', always_online: true},
    slash_commands: [{command: '/workbot', url: 'https://bot.example.com/slack/commands', description: 'Run a Workbot command',
      usage_hint: 'help | connect <app> | disconnect <app> | <command>', should_escape: true}],
    shortcuts: [{name: 'Workbot connections', type: 'global', callback_id: 'wb_connections', description: 'View and manage your personal connections'}],
  },
  oauth_config: {
    redirect_urls: ['https://bot.example.com/slack/oauth/callback', 'https://bot.example.com/identity/slack/callback'],
    scopes: {bot: ['commands', 'chat:write', 'app_mentions:read', 'im:history', 'im:write', 'users:read', 'channels:read', 'groups:read']},
  },
  settings: {
    event_subscriptions: {request_url: 'https://bot.example.com/slack/events',
      bot_events: ['message.im', 'app_mention', 'app_home_opened', 'app_uninstalled', 'tokens_revoked', 'user_change', 'team_join',
        'member_joined_channel', 'team_access_granted', 'team_access_revoked', 'channel_id_changed']},
    interactivity: {is_enabled: true, request_url: 'https://bot.example.com/slack/interactions', message_menu_options_url: 'https://bot.example.com/slack/options'},
    org_deploy_enabled: true, socket_mode_enabled: false, token_rotation_enabled: true,
  },
};

/** One damage each, and what must be said of it. */
const DAMAGED = [
  ['a name of 36 characters', m => m.display_information.name = 'W'.repeat(36), /display_information\/name must NOT have more than 35/],
  ['an unknown key', m => m.settings.is_hosted = true, /additional properties \(is_hosted\)/],
  ['no display_information', m => delete m.display_information, /required property 'display_information'/],
  ['a description of 141 characters', m => m.display_information.description = 'x'.repeat(141), /description must NOT have more than 140/],
  ['a shortcut name of 25 characters', m => m.features.shortcuts[0].name = 'x'.repeat(25), /shortcuts\/0\/name must NOT have more than 24/],
  ['a command without its slash', m => m.features.slash_commands[0].command = 'workbot', /slash_commands\/0\/command must match pattern/],
  ['a shortcut of no type', m => delete m.features.shortcuts[0].type, /required property 'type'/],
  ['an optional scope that is not asked for', m => m.oauth_config.scopes.bot_optional = ['users:read.email'], /users:read.email is not in bot/],
  ['events without an address', m => delete m.settings.event_subscriptions.request_url, /event_subscriptions requires a request_url/],
  ['interactivity without an address', m => delete m.settings.interactivity.request_url, /interactivity requires a request_url/],
  ['an event without its scope', m => m.oauth_config.scopes.bot = m.oauth_config.scopes.bot.filter(s => s !== 'im:history'), /message.im needs the scope im:history/],
  ['a messages tab that nobody can type in', m => m.features.app_home.messages_tab_read_only_enabled = true, /read-only/],
  ['a redirect URL by http', m => m.oauth_config.redirect_urls.push('http://bot.example.com/x'), /redirect_urls\/2 must match pattern/],
  ['a colour by name', m => m.display_information.background_color = 'navy', /background_color must match pattern/],
];

describe('the manifest', () => {
  test('the rules take the reference\'s own sample', () => assert.deepEqual(manifestFaults(SAMPLE), []));

  for (const [what, damage, said] of DAMAGED) {
    test(`the rules refuse ${what}`, () => {
      const m = structuredClone(SAMPLE);
      damage(m);
      const faults = manifestFaults(m);
      assert.equal(faults.length, 1, faults.join('\n'));
      assert.match(faults[0], said);
    });
  }

  test('what is printed keeps the rules', () => {
    assert.deepEqual(manifestFaults(manifest()), []);
    assert.deepEqual(manifestFaults(manifest({WORKBOT_SLACK_SIGN_IN: 'on'})), []);
  });

  test('every address in it is one of our routes', () => {
    const openapi = loadOpenapi();
    const m = manifest();
    const routes = [
      ['POST', m.settings.event_subscriptions.request_url], ['POST', m.settings.interactivity.request_url],
      ['POST', m.settings.interactivity.message_menu_options_url], ['POST', m.features.slash_commands[0].url],
      ...m.oauth_config.redirect_urls.map(u => ['GET', u])];
    for (const [method, address] of routes) {
      assert.ok(address.startsWith(PUBLIC + '/'), address);
      assert.ok(openapi.find(method, new URL(address).pathname), `${method} ${address} is described`);
    }
    assert.deepEqual(m.oauth_config.redirect_urls.map(u => new URL(u).pathname), ['/slack/oauth/callback', '/identity/slack/callback']);
  });

  test('openid is asked for where this app signs people in, and nowhere else', () => {
    assert.equal(manifest().oauth_config.scopes.user, undefined);
    assert.deepEqual(manifest({WORKBOT_SLACK_SIGN_IN: 'on'}).oauth_config.scopes.user, ['openid']);
    const second = {WORKBOT_SLACK_SIGN_IN: 'on', WORKBOT_SLACK_SIGN_IN_CLIENT_ID: '1.2', WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: 'sample-secret'};
    assert.equal(manifest(second).oauth_config.scopes.user, undefined);
  });

  test('the link is the manifest, and the README has it', () => {
    const link = print(['--link']).stdout.trim();
    const url = new URL(link);
    assert.equal(url.origin + url.pathname, 'https://api.slack.com/apps');
    assert.equal(url.searchParams.get('new_app'), '1');
    assert.deepEqual(JSON.parse(url.searchParams.get('manifest_json')), manifest());
    assert.ok(readFileSync(join(ROOT, 'README.md'), 'utf8').includes(`(${link})`), 'README.md holds another link: take that of `workbot manifest slack --link`');
  });

  test('it needs the public URL alone, and says so', () => {
    const without = print([], {WORKBOT_PUBLIC_URL: ''});
    assert.equal(without.status, 1);
    assert.match(without.stderr, /^WORKBOT_PUBLIC_URL: /);
    assert.equal(without.stdout, '');
    const local = print([], {WORKBOT_PUBLIC_URL: 'http://127.0.0.1:8080'});
    assert.equal(local.status, 0);
    assert.match(local.stderr, /https addresses only/);
    assert.equal(spawnSync(WORKBOT, ['manifest'], {encoding: 'utf8'}).status, 2);
  });
});
