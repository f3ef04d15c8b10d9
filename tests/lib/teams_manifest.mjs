// The rules of Teams' app manifest (schemas 1.16 to 1.29), as far as a bot meets them, those between
// its parts, and those of the package around it. `manifestFaults` and `packageFaults` say what is wrong.
import Ajv from 'ajv';

const text = (maxLength, more = {}) => ({type: 'string', minLength: 1, maxLength, ...more});
const url = text(2048, {pattern: '^https://[^\\s]+$'});
const guid = {type: 'string', pattern: '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$'};
const flag = {type: 'boolean'};
const object = (properties, required = []) => ({type: 'object', properties, required, additionalProperties: false});
const list = (items, maxItems, more = {}) => ({type: 'array', items, maxItems, uniqueItems: true, ...more});
const file = text(2048, {pattern: '^[^/\\\\]+$'});
const capability = {enum: ['tab', 'bot', 'connector']};
const number = version => Number(version.split('.')[1]);

/** What is a fault before its version: a property, a trigger, a scope. */
const SINCE = {supportsTargetedMessages: 29, triggers: 29, supportsChannelFeatures: 25, copilot: 21};

function schema(minor) {
  const since = (name, rule) => minor >= SINCE[name] ? {[name]: rule} : {};
  const scopes = list({enum: ['personal', 'team', 'groupChat', ...(minor >= SINCE.copilot ? ['copilot'] : [])]}, 4, {minItems: 1});
  const command = object({title: text(minor > 19 ? 128 : 32), description: text(minor > 19 ? 4000 : 128)}, ['title', 'description']);
  return object({
    $schema: {const: `https://developer.microsoft.com/en-us/json-schemas/teams/v1.${minor}/MicrosoftTeams.schema.json`},
    manifestVersion: {const: `1.${minor}`},
    version: text(256, {pattern: '^(0|[1-9][0-9]*)([.](0|[1-9][0-9]*)){2}$'}),
    id: guid,
    developer: object({name: text(32), websiteUrl: url, privacyUrl: url, termsOfUseUrl: url}, ['name', 'websiteUrl', 'privacyUrl', 'termsOfUseUrl']),
    name: object({short: text(30), full: text(100)}, ['short', 'full']),
    description: object({short: text(80), full: text(4000)}, ['short', 'full']),
    icons: object({color: file, outline: file}, ['color', 'outline']),
    accentColor: {type: 'string', pattern: '^#[0-9a-fA-F]{6}$'},
    bots: list(object({
      botId: guid, scopes, isNotificationOnly: flag, supportsFiles: flag, ...since('supportsTargetedMessages', flag),
      commandLists: list(object({scopes, ...since('triggers', list({enum: ['mention', 'slash']}, 2, {minItems: 1})),
        commands: list(command, minor >= 25 ? 12 : 10, {minItems: 1})}, ['scopes', 'commands']), 3),
    }, ['botId', 'scopes']), 1),
    permissions: list({enum: ['identity', 'messageTeamMembers']}, 2),
    validDomains: list(text(2048), minor >= 28 ? 100 : 16),
    webApplicationInfo: object({id: guid, resource: text(2048)}, ['id']),
    authorization: object({permissions: object({resourceSpecific: list(object({name: text(128), type: {enum: ['Application', 'Delegated']}}, ['name', 'type']), 16)})}),
    defaultInstallScope: {enum: ['personal', 'team', 'groupChat', 'meetings']},
    defaultGroupCapability: object({team: capability, groupchat: capability, meetings: capability}),
    ...since('supportsChannelFeatures', {enum: ['tier1']}),
  }, ['$schema', 'manifestVersion', 'version', 'id', 'developer', 'name', 'description', 'icons', 'accentColor']);
}

const checks = new Map();
function checkOf(minor) {
  if (!checks.has(minor)) checks.set(minor, new Ajv({allErrors: true, strict: true}).compile(schema(minor)));
  return checks.get(minor);
}

function* between(m) {
  const bot = m.bots?.[0];
  const host = new URL(m.developer.websiteUrl).host;
  const domains = m.validDomains ?? [];
  for (const d of domains) {
    if (d.includes('/')) yield `validDomains ${d} is no host`;
    if (d.includes('*')) yield `validDomains ${d} is anybody's below it`;
  }
  if (bot && !domains.includes(host)) yield `validDomains lacks ${host}, where a sign-in starts`;
  for (const key of ['privacyUrl', 'termsOfUseUrl']) {
    if (new URL(m.developer[key]).host !== host) yield `${key} is on another host`;
  }
  for (const l of bot?.commandLists ?? []) {
    for (const s of l.scopes) if (!bot.scopes.includes(s)) yield `commandLists has the scope ${s}, the bot has not`;
    if (l.triggers?.includes('slash') && !bot.supportsTargetedMessages) yield 'the trigger slash needs supportsTargetedMessages';
    const titles = l.commands.map(c => c.title);
    if (new Set(titles).size < titles.length) yield 'two commands of one title';
  }
  const listed = (bot?.commandLists ?? []).flatMap(l => l.scopes);
  if (new Set(listed).size < listed.length) yield 'two commandLists for one scope';
  const scope = m.defaultInstallScope;
  if (scope && bot && !bot.scopes.includes(scope)) yield `defaultInstallScope ${scope} is no scope of the bot`;
  if (m.icons.color === m.icons.outline) yield 'one icon for both';
}

export function manifestFaults(manifest) {
  const version = manifest.manifestVersion ?? '';
  if (!/^1[.](1[6-9]|2[0-9])$/.test(version)) return [`/manifestVersion ${version} is none that is known here`];
  const check = checkOf(number(version));
  const faults = check(manifest) ? [] : check.errors.map(e => `${e.instancePath} ${e.message}${e.params.additionalProperty ? ` (${e.params.additionalProperty})` : ''}`);
  return faults.length > 0 ? faults : [...between(manifest)];
}

/** One picture as a decoder gives it: `{width, height, pixels}`, four bytes a pixel. */
export function* colorFaults({width, height, pixels}) {
  if (width !== 192 || height !== 192) return yield `the colour icon has ${width} x ${height} pixels`;
  for (let i = 3; i < pixels.length; i += 4) if (pixels[i] !== 255) return yield 'the colour icon is not full to its edges';
  const ground = pixels.slice(0, 3).join();
  for (let y = 0; y < 192; y++) {
    for (let x = 0; x < 192; x++) {
      const inside = x >= 36 && x < 156 && y >= 36 && y < 156;
      const at = 4 * (y * 192 + x);
      if (!inside && pixels.slice(at, at + 3).join() !== ground) return yield `the mark leaves the middle at ${x}, ${y}`;
    }
  }
}

export function* outlineFaults({width, height, pixels}) {
  if (width !== 32 || height !== 32) return yield `the outline icon has ${width} x ${height} pixels`;
  let clear = 0;
  let full = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const [r, g, b, alpha] = pixels.slice(i, i + 4);
    clear += alpha === 0;
    full += alpha === 255;
    if (alpha > 0 && (r !== 255 || g !== 255 || b !== 255)) return yield 'the outline icon is not white';
  }
  if (clear === 0) yield 'the outline icon has no transparent ground';
  if (full === 0) yield 'the outline icon shows nothing';
}

/** `names` of the archive, in its order; `manifest` out of it. */
export function* packageFaults(names, manifest) {
  for (const n of ['manifest.json', manifest.icons.color, manifest.icons.outline]) if (!names.includes(n)) yield `${n} is not at the root of the zip`;
  for (const n of names) if (n.includes('/')) yield `${n} is in a folder`;
  if (new Set(names).size < names.length) yield 'one name twice';
}
