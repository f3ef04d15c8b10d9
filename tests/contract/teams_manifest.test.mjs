// `workbot manifest teams`: what it writes is what Teams accepts and what the service uses.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {after, describe, test} from 'node:test';
import {chromium} from 'playwright-core';
import {loadOpenapi} from '../lib/openapi.mjs';
import {ROOT} from '../lib/flow.mjs';
import {colorFaults, manifestFaults, outlineFaults, packageFaults} from '../lib/teams_manifest.mjs';

const WORKBOT = resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot'));
const PUBLIC = 'https://workbot.example.com';
const BOT = '22222222-aaaa-4bbb-8ccc-222222222222';
const FILES = ['color.png', 'manifest.json', 'outline.png', 'workbot-teams.zip'];
const folders = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'workbot-manifest-')));
  return folders.at(-1);
};
after(() => folders.forEach(f => rmSync(f, {recursive: true, force: true})));

const run = (args, env = {}, more = {}) => spawnSync(WORKBOT, ['manifest', 'teams', ...args], {encoding: 'utf8', ...more,
  env: {PATH: process.env.PATH, WORKBOT_PUBLIC_URL: PUBLIC, WORKBOT_TEAMS_APP_ID: BOT, ...env}});
const write = (args = [], env = {}) => {
  const out = folder();
  const r = run(['--out', out, ...args], env);
  assert.equal(r.status, 0, r.stderr);
  return out;
};
const read = out => JSON.parse(readFileSync(join(out, 'manifest.json')));
const bytes = out => Object.fromEntries(readdirSync(out).sort().map(n => [n, readFileSync(join(out, n)).toString('base64')]));

/** Python's own zip library unpacks it, and checks each file's CRC. */
function unzip(path) {
  const code = 'import sys,zipfile,json,base64\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n'
    + 'print(json.dumps([[i.filename,i.compress_type,list(i.date_time),base64.b64encode(z.read(i)).decode()] for i in z.infolist()]))';
  const r = spawnSync('python3', ['-c', code, path], {encoding: 'utf8'});
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout).map(([name, method, date, data]) => ({name, method, date, data}));
}

/** The sample of the platform's own reference: another app, on another host. */
const SAMPLE = {
  $schema: 'https://developer.microsoft.com/en-us/json-schemas/teams/v1.29/MicrosoftTeams.schema.json',
  manifestVersion: '1.29', version: '1.0.0', id: '11111111-aaaa-4bbb-8ccc-111111111111',
  developer: {name: 'Example Corp', websiteUrl: 'https://bot.example.com', privacyUrl: 'https://bot.example.com/privacy', termsOfUseUrl: 'https://bot.example.com/terms'},
  name: {short: 'Workbot', full: 'Workbot for Salesforce, ServiceNow and Box'},
  description: {short: 'Run your business apps from chat with your own account.', full: 'Workbot runs commands in Salesforce, ServiceNow and Box.'},
  icons: {color: 'color.png', outline: 'outline.png'}, accentColor: '#2B579A',
  bots: [{
    botId: BOT, scopes: ['personal', 'team', 'groupChat'], isNotificationOnly: false, supportsFiles: false, supportsTargetedMessages: true,
    commandLists: [
      {scopes: ['personal'], commands: [{title: 'help', description: 'Show what I can do'}]},
      {scopes: ['team', 'groupChat'], triggers: ['mention', 'slash'], commands: [{title: 'help', description: 'Show what I can do'}]}],
  }],
  permissions: ['identity', 'messageTeamMembers'], validDomains: ['bot.example.com'],
  defaultInstallScope: 'personal', defaultGroupCapability: {team: 'bot', groupchat: 'bot'},
};

/** The same for a version: what it does not know yet is left out. */
function sampleOf(minor) {
  const m = JSON.parse(JSON.stringify(SAMPLE).replaceAll('1.29', `1.${minor}`));
  if (minor < 29) {
    delete m.bots[0].supportsTargetedMessages;
    delete m.bots[0].commandLists[1].triggers;
  }
  return m;
}

/** One damage each, and what must be said of it. */
const DAMAGED = [
  ['a short name of 31 characters', m => m.name.short = 'W'.repeat(31), /^\/name\/short must NOT have more than 30/],
  ['a developer of 33 characters', m => m.developer.name = 'E'.repeat(33), /^\/developer\/name must NOT have more than 32/],
  ['a short description of 81 characters', m => m.description.short = 'x'.repeat(81), /^\/description\/short must NOT have more than 80/],
  ['an unknown key', m => m.packageName = 'com.example.workbot', /additional properties \(packageName\)/],
  ['no terms', m => delete m.developer.termsOfUseUrl, /^\/developer must have required property 'termsOfUseUrl'/],
  ['privacy by http', m => m.developer.privacyUrl = 'http://bot.example.com/privacy', /^\/developer\/privacyUrl must match pattern/],
  ['a bot that is no GUID', m => m.bots[0].botId = 'workbot', /^\/bots\/0\/botId must match pattern/],
  ['two bots', m => m.bots.push({botId: SAMPLE.id, scopes: ['personal']}), /^\/bots must NOT have more than 1 items/],
  ['a scope in small letters', m => m.bots[0].scopes[2] = 'groupchat', /^\/bots\/0\/scopes\/2 must be equal to one of/],
  ['thirteen commands', m => m.bots[0].commandLists[0].commands = Array.from({length: 13}, (_, i) => ({title: `c${i}`, description: 'x'})), /commands must NOT have more than 12/],
  ['a version of two numbers', m => m.version = '1.0', /^\/version must match pattern/],
  ['a version with a zero before', m => m.version = '1.02.0', /^\/version must match pattern/],
  ['a colour by name', m => m.accentColor = 'indigo', /^\/accentColor must match pattern/],
  ['an icon in a folder', m => m.icons.color = 'icons/color.png', /^\/icons\/color must match pattern/],
  ['a domain with its scheme', m => m.validDomains.push('https://bot.example.com'), /is no host/],
  ['every domain below one', m => m.validDomains.push('*.example.com'), /anybody's below/],
  ['no domain for the sign-in', m => m.validDomains = ['other.example.com'], /lacks bot.example.com/],
  ['a list for a scope that the bot has not', m => m.bots[0].scopes = ['personal', 'team'], /scope groupChat, the bot has not/],
  ['two lists for one scope', m => m.bots[0].commandLists[0].scopes.push('team'), /two commandLists for one scope/],
  ['slash commands that cannot come', m => m.bots[0].supportsTargetedMessages = false, /slash needs supportsTargetedMessages/],
  ['an install scope that is none of the bot\'s', m => m.defaultInstallScope = 'meetings', /meetings is no scope/],
  ['a property that is newer than its version', m => {
    m.manifestVersion = '1.28';
    m.$schema = m.$schema.replace('1.29', '1.28');
    delete m.bots[0].commandLists[1].triggers;
  }, /additional properties \(supportsTargetedMessages\)/],
];

describe('the rules', () => {
  for (const minor of [16, 19, 25, 29]) test(`take the reference's own sample as 1.${minor}`, () => assert.deepEqual(manifestFaults(sampleOf(minor)), []));

  for (const [what, damage, said] of DAMAGED) {
    test(`refuse ${what}`, () => {
      const m = structuredClone(SAMPLE);
      damage(m);
      const faults = manifestFaults(m);
      assert.equal(faults.length, 1, faults.join('\n'));
      assert.match(faults[0], said);
    });
  }

  test('know a package whose files are elsewhere', () => {
    const names = ['manifest.json', 'color.png', 'outline.png'];
    assert.deepEqual([...packageFaults(names, SAMPLE)], []);
    assert.deepEqual([...packageFaults(names.map(n => `workbot/${n}`), SAMPLE)].length, 6);
    assert.deepEqual([...packageFaults([...names, 'color.png'], SAMPLE)], ['one name twice']);
  });
});

describe('the manifest', () => {
  test('what is written keeps the rules', () => {
    assert.deepEqual(manifestFaults(read(write())), []);
    assert.deepEqual(manifestFaults(read(write(['--version', '12.0.7'], {WORKBOT_TEAMS_SIGN_IN: 'on'}))), []);
  });

  test('every address in it is one of our routes, on the host that it calls valid', () => {
    const openapi = loadOpenapi();
    const m = read(write());
    for (const address of [m.developer.websiteUrl, m.developer.privacyUrl, m.developer.termsOfUseUrl]) {
      const url = new URL(address);
      assert.equal(url.origin, PUBLIC);
      assert.ok(openapi.find('GET', url.pathname), `${url.pathname} is described`);
    }
    assert.deepEqual(m.validDomains, ['workbot.example.com']);
    assert.deepEqual(read(write([], {WORKBOT_PUBLIC_URL: 'https://apps.example.com:8443'})).validDomains, ['apps.example.com:8443']);
  });

  test('it names the bot, and asks for nothing that the service does not use', () => {
    const m = read(write([], {WORKBOT_TEAMS_APP_ID: BOT.toUpperCase()}));
    assert.equal(m.id, BOT);
    assert.equal(m.bots[0].botId, BOT);
    assert.deepEqual(m.bots[0].scopes, ['personal', 'team', 'groupChat']);
    for (const key of ['webApplicationInfo', 'authorization', 'composeExtensions', 'staticTabs', 'devicePermissions']) assert.equal(m[key], undefined, key);
    assert.deepEqual([m.bots[0].supportsFiles, m.bots[0].supportsTargetedMessages], [false, undefined]);
  });

  test('sign-in by Entra is an ordinary page, and changes nothing in it', () => {
    assert.deepEqual(bytes(write()), bytes(write([], {WORKBOT_TEAMS_SIGN_IN: 'on'})));
  });

  test('its version says that it is another one', () => {
    const m = read(write());
    const {version, ...rest} = m;
    const digest = createHash('sha256').update(JSON.stringify(rest)).digest('hex').slice(0, 16);
    assert.deepEqual([version, digest], ['1.0.0', 'deb7a8bf383ba42f'],
      'the manifest has changed: raise TEAMS_MANIFEST_VERSION, and say here what it is now');
    assert.equal(read(write(['--version', '1.2.3'])).version, '1.2.3');
  });
});

describe('the package', () => {
  test('another program unpacks it, and finds the files that stand beside it', () => {
    const out = write();
    assert.deepEqual(readdirSync(out).sort(), FILES);
    const files = unzip(join(out, 'workbot-teams.zip'));
    assert.deepEqual([...packageFaults(files.map(f => f.name), read(out))], []);
    for (const f of files) {
      assert.equal(f.data, readFileSync(join(out, f.name)).toString('base64'), f.name);
      assert.deepEqual([f.method, f.date], [0, [1980, 1, 1, 0, 0, 0]]);
    }
  });

  test('the same settings make the same bytes', () => assert.deepEqual(bytes(write()), bytes(write())));

  test('a browser shows the icons as Teams wants them', async () => {
    const out = write();
    const chrome = await chromium.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});
    try {
      const page = await chrome.newPage();
      const decode = name => page.evaluate(async src => {
        const image = new Image();
        image.src = src;
        await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const c = canvas.getContext('2d');
        c.drawImage(image, 0, 0);
        const {width, height, data} = c.getImageData(0, 0, canvas.width, canvas.height);
        return {width, height, pixels: [...data]};
      }, `data:image/png;base64,${readFileSync(join(out, name)).toString('base64')}`);
      const color = await decode('color.png');
      const outline = await decode('outline.png');
      assert.deepEqual([...colorFaults(color)], []);
      assert.deepEqual([...outlineFaults(outline)], []);
      assert.deepEqual([...colorFaults(outline)], ['the colour icon has 32 x 32 pixels']);
      assert.deepEqual([...outlineFaults({width: 32, height: 32, pixels: color.pixels.slice(0, 4096)})].at(0), 'the outline icon is not white');
      // its ground is what the manifest calls the accent colour
      assert.equal('#' + color.pixels.slice(0, 3).map(v => v.toString(16).padStart(2, '0')).join('').toUpperCase(), read(out).accentColor);
    } finally {
      await chrome.close();
    }
  });
});

describe('the folder', () => {
  test('a second time nothing is written, and what is other is not overwritten unless asked', () => {
    const out = write();
    const first = bytes(out);
    const again = run(['--out', out]);
    assert.deepEqual([again.status, again.stdout.match(/unchanged/g).length], [0, 4]);

    writeFileSync(join(out, 'manifest.json'), '{"mine": true}\n');
    rmSync(join(out, 'color.png'));
    const refused = run(['--out', out]);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /manifest\.json: is there and holds something else: move it away, or say --replace\.\n$/);
    assert.equal(refused.stderr.trim().split('\n').length, 1);
    assert.equal(readFileSync(join(out, 'manifest.json'), 'utf8'), '{"mine": true}\n');
    assert.deepEqual(readdirSync(out).sort(), FILES.filter(f => f !== 'color.png'), 'nothing of it was written');

    const replaced = run(['--out', out, '--replace']);
    assert.equal(replaced.status, 0, replaced.stderr);
    assert.deepEqual(bytes(out), first);
  });

  test('all that are other are named at once', () => {
    const out = write();
    const other = run(['--out', out, '--version', '1.0.1']);
    assert.equal(other.status, 1);
    assert.deepEqual(other.stderr.match(/[a-z-]+[.](json|png|zip)(?=:)/g), ['manifest.json', 'workbot-teams.zip']);
  });

  test('what is no file is left alone', () => {
    const out = folder();
    const target = join(folder(), 'elsewhere');
    writeFileSync(target, 'theirs');
    symlinkSync(target, join(out, 'manifest.json'));
    mkdirSync(join(out, 'color.png'));
    const r = run(['--out', out, '--replace']);
    assert.equal(r.status, 1);
    assert.equal(r.stderr.match(/is there and is no ordinary file/g).length, 2);
    assert.equal(readFileSync(target, 'utf8'), 'theirs');
  });

  test('one that is missing, is none, or cannot be written is said, and leaves nothing behind', () => {
    const missing = run(['--out', join(folder(), 'not', 'there')]);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /not\/there: there is no such folder: make it first\.\n$/);

    const file = join(folder(), 'file');
    writeFileSync(file, '');
    assert.match(run(['--out', file]).stderr, /file: Not a directory\.\n$/);

    const closed = folder();
    chmodSync(closed, 0o555);
    // root may write everywhere: then as somebody else
    const who = process.getuid() === 0 ? {uid: 65534, gid: 65534} : {};
    const r = run(['--out', closed], {}, who);
    chmodSync(closed, 0o755);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /manifest\.json: cannot be written: Permission denied\.\n$/);
    assert.deepEqual(readdirSync(closed), []);
  });

  test('a disk that is full leaves what was there, and no half of a file', () => {
    const out = write();
    const before = bytes(out);
    const r = spawnSync('bash', ['-c', `ulimit -f 4; trap '' XFSZ; exec "$0" manifest teams --out "$1" --version 1.0.1 --replace`, WORKBOT, out],
      {encoding: 'utf8', env: {PATH: process.env.PATH, WORKBOT_PUBLIC_URL: PUBLIC, WORKBOT_TEAMS_APP_ID: BOT}});
    assert.equal(r.status, 1);
    assert.match(r.stderr, /workbot-teams\.zip: cannot be written: File too large\.\n$/);
    assert.deepEqual(bytes(out), before);
  });
});

describe('the command', () => {
  test('it needs the public URL and the bot alone, and says so', () => {
    const out = folder();
    for (const [env, said] of [
      [{WORKBOT_PUBLIC_URL: ''}, /^WORKBOT_PUBLIC_URL: /], [{WORKBOT_TEAMS_APP_ID: ''}, /^WORKBOT_TEAMS_APP_ID must be set/],
      [{WORKBOT_TEAMS_APP_ID: 'workbot'}, /^WORKBOT_TEAMS_APP_ID must be .*a GUID/]]) {
      const r = run(['--out', out], env);
      assert.equal(r.status, 1);
      assert.match(r.stderr, said);
      assert.equal(r.stderr.trim().split('\n').length, 1);
      assert.equal(r.stdout, '');
    }
    const local = run(['--out', out], {WORKBOT_PUBLIC_URL: 'http://127.0.0.1:8080', WORKBOT_TEAMS_APP_ID: ''});
    assert.equal(local.status, 1);
    assert.match(local.stderr, /^WORKBOT_PUBLIC_URL must be the https address .*\nWORKBOT_TEAMS_APP_ID must be set.*\n$/);
    assert.equal(run(['--out', out], {WORKBOT_PUBLIC_URL: 'http://localhost:8080'}).status, 1);
    assert.deepEqual(readdirSync(out), []);
  });

  test('called wrongly it says how, and does nothing', () => {
    const out = folder();
    const usage = /^manifest: (.+)\nusage: workbot manifest slack.*\n +workbot manifest teams --out FOLDER.*\n$/;
    for (const [args, said] of [[[], /^--out is missing/], [['--out'], /^--out wants a folder/], [['--out', ''], /^--out wants/], [['--version', '1.0.0'], /^--out is/],
      [[out], /is no option of it/], [['--out', out, '--link'], /^"--link" is no option/],
      ...[[], ['2'], ['1.0'], ['01.0.0'], ['1.0.0-beta']].map(v => [['--out', out, '--version', ...v], /^--version wants three numbers, such as 1[.]0[.]1$/])]) {
      const r = run(args);
      assert.equal(r.status, 2, args.join(' '));
      assert.match(r.stderr, usage, args.join(' '));
      assert.match(usage.exec(r.stderr)[1], said);
      assert.equal(r.stdout, '');
    }
    assert.deepEqual(readdirSync(out), []);
  });

  test('another platform is named, and to ask for help is no fault', () => {
    const manifest = (...args) => spawnSync(WORKBOT, ['manifest', ...args], {encoding: 'utf8', env: {PATH: process.env.PATH}});
    assert.match(manifest('discord').stderr, /^manifest: there is no chat platform "discord"\nusage: /);
    assert.match(manifest().stderr, /^manifest: say for which chat platform\nusage: /);
    assert.match(manifest('slack', '--lnk').stderr, /^manifest: "--lnk" is no option of it\nusage: /);
    for (const args of [['discord'], [], ['slack', '--lnk'], ['slack', '--link', 'x']]) assert.equal(manifest(...args).status, 2);
    for (const args of [['--help'], ['slack', '--help'], ['teams', '--help']]) {
      const r = manifest(...args);
      assert.deepEqual([r.status, r.stderr], [0, '']);
      assert.match(r.stdout, /^usage: workbot manifest slack/);
    }
  });
});
