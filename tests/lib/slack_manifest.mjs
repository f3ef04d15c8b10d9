// The rules of Slack's app manifest (docs.slack.dev/reference/app-manifest, schema 2.1), as far as a
// bot over HTTP meets them, and those between its parts. `manifestFaults` says what is wrong.
import Ajv from 'ajv';

const text = (minLength, maxLength, more = {}) => ({type: 'string', minLength, maxLength, ...more});
const url = text(1, 3000, {pattern: '^https://[^#]+$'});
const flag = {type: 'boolean'};
const object = (properties, required = []) => ({type: 'object', properties, required, additionalProperties: false});
const list = (items, maxItems, more = {}) => ({type: 'array', items, maxItems, ...more});
const scopes = list(text(1, 100, {pattern: '^[a-z_]+(:[a-z_]+)*([.][a-z_]+)?$'}), 255, {uniqueItems: true});

const schema = object({
  _metadata: object({major_version: {type: 'integer', minimum: 1, maximum: 2}, minor_version: {type: 'integer', minimum: 0}}),
  display_information: object({name: text(1, 35), description: text(1, 140), long_description: text(175, 4000),
    background_color: text(4, 7, {pattern: '^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$'})}, ['name']),
  features: object({
    app_home: object({home_tab_enabled: flag, messages_tab_enabled: flag, messages_tab_read_only_enabled: flag}),
    bot_user: object({display_name: text(1, 80), always_online: flag}, ['display_name']),
    slash_commands: list(object({command: text(2, 32, {pattern: '^/[^\\s/]+$'}), url, description: text(1, 2000),
      usage_hint: text(0, 1000), should_escape: flag}, ['command', 'description']), 50),
    shortcuts: list(object({name: text(1, 24), type: {enum: ['global', 'message']}, callback_id: text(1, 255), description: text(1, 150)},
      ['name', 'type', 'callback_id', 'description']), 10),
    unfurl_domains: list(text(1, 255), 5),
  }),
  oauth_config: object({redirect_urls: list({...url, maxLength: 1000}, 1000),
    scopes: object({bot: scopes, user: scopes, bot_optional: scopes, user_optional: scopes}),
    token_management_enabled: flag, pkce_enabled: flag}),
  settings: object({
    event_subscriptions: object({request_url: url, bot_events: list(text(1, 100), 100, {uniqueItems: true}), user_events: list(text(1, 100), 100)}),
    interactivity: object({is_enabled: flag, request_url: url, message_menu_options_url: url}, ['is_enabled']),
    org_deploy_enabled: flag, socket_mode_enabled: flag, token_rotation_enabled: flag,
    allowed_ip_address_ranges: list(text(1, 50), 50),
  }),
}, ['display_information']);

/** Scopes that each event needs; none: it comes without. */
const EVENT_SCOPES = {'message.im': ['im:history'], app_mention: ['app_mentions:read'], app_home_opened: [], app_uninstalled: [], tokens_revoked: [],
  team_access_granted: [], team_access_revoked: [], user_change: ['users:read'], team_join: ['users:read'],
  member_joined_channel: ['channels:read', 'groups:read'], channel_id_changed: []};

const check = new Ajv({allErrors: true, strict: true}).compile(schema);

function* between(m) {
  const {bot = [], user = [], bot_optional = [], user_optional = []} = m.oauth_config?.scopes ?? {};
  for (const s of bot_optional) if (!bot.includes(s)) yield `bot_optional ${s} is not in bot`;
  for (const s of user_optional) if (!user.includes(s)) yield `user_optional ${s} is not in user`;
  const {request_url, bot_events = [], user_events = []} = m.settings?.event_subscriptions ?? {};
  if (bot_events.length + user_events.length > 0 && !request_url) yield 'event_subscriptions requires a request_url';
  if (user_events.length > 0) yield 'user_events deliver the installing person\'s own messages';
  for (const e of bot_events) {
    if (!(e in EVENT_SCOPES)) yield `${e} is no event that is known here`;
    for (const s of EVENT_SCOPES[e] ?? []) if (!bot.includes(s)) yield `${e} needs the scope ${s}`;
  }
  const {is_enabled, request_url: interactions} = m.settings?.interactivity ?? {};
  if (is_enabled && !interactions) yield 'interactivity requires a request_url';
  if ((m.features?.shortcuts ?? []).length > 0 && !is_enabled) yield 'shortcuts require interactivity';
  const commands = m.features?.slash_commands ?? [];
  if ((commands.length > 0 || (m.features?.shortcuts ?? []).length > 0) && !bot.includes('commands')) yield 'commands and shortcuts need the scope commands';
  for (const c of commands) if (!c.url) yield `${c.command} requires a url`;
  if (m.features?.app_home?.messages_tab_enabled && m.features.app_home.messages_tab_read_only_enabled !== false) yield 'the messages tab is read-only';
  if (m.settings?.org_deploy_enabled && bot.length === 0) yield 'org_deploy_enabled needs a bot scope';
  const ids = (m.features?.shortcuts ?? []).map(s => s.callback_id);
  if (new Set(ids).size < ids.length) yield 'two shortcuts of one callback_id';
}

export function manifestFaults(manifest) {
  const faults = check(manifest) ? [] : check.errors.map(e => `${e.instancePath} ${e.message}${e.params.additionalProperty ? ` (${e.params.additionalProperty})` : ''}`);
  return faults.length > 0 ? faults : [...between(manifest)];
}
