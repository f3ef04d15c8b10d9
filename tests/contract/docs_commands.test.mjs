// What stands in the pages that no docs_*.test.mjs beside this one follows: their commands are run, or the suite that runs
// them is named. And what holds in every page: blocks say what they are, links lead somewhere, calls and settings exist.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {describe, test} from 'node:test';
import {LANGUAGES, PAGES, ROOT, codeOf, manual, place, source} from '../lib/docs.mjs';
import {shellFor} from '../lib/docs_shell.mjs';
import {startService} from '../lib/service.mjs';
import {openapi} from './support.mjs';

const followed = readdirSync(import.meta.dirname).filter(name => /^docs_(?!commands)\w+\.test\.mjs$/.test(name))
  .flatMap(name => [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/= manual\(([^)]+)\)/g)].flatMap(([, list]) => list.match(/[\w./-]+\.md/g)));
const pages = manual(...PAGES.filter(page => !followed.includes(page)));
const BUILD = dirname(resolve(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot')));
const makefile = source('Makefile');

describe('the commands of the other pages', () => {
  test('what make does: every target is there, and the suite that runs the same', async t => {
    const shell = shellFor(t, {});
    const {out} = await shell.run(pages.span('make help'));
    const targets = pages.spans(/^make [a-z-]+$/).map(c => c.text.slice('make '.length));
    const block = pages.block('make demo');
    targets.push(...block.text.split('\n').map(line => /^make ([a-z-]+)/.exec(line)[1]));
    for (const target of targets) assert.match(out, new RegExp(`^ +make ${target} `, 'm'), `make help tells of ${target}`);
    await shell.run(`make -n ${[...new Set(targets)].filter(name => name !== 'help').join(' ')} >${shell.dir}/dry`);
    pages.elsewhere('make', 'tests/tools/run_tests.sh', '"$make" -k "$jobs"');
    pages.elsewhere('make smoke', 'tests/tools/run_tests.sh', 'check smoke/story tests/tools/smoke.sh');
    pages.elsewhere('make demo', 'tests/lib/demo.mjs', 'tests/tools/demo.sh');
    pages.elsewhere('make format', 'tests/tools/run_tests.sh', '"$make" format-check');
    for (const name of ['demo', 'smoke']) assert.ok(makefile.includes(`tests/tools/${name}.sh`));
  });

  test('what make takes: its variables mean something', async t => {
    const shell = shellFor(t, {});
    assert.match((await shell.run({...pages.span('make demo RESET=1'), text: 'make -n demo RESET=1'})).out, /tests\/tools\/demo\.sh/);
    assert.match(source('tests/tools/demo.sh'), /\$\{RESET[:-]/);
    const first = (await shell.run(`make -n demo BUILD=${shell.dir}/none`)).out;
    assert.match(first, /^echo 'Building (\d+) files: about \d+ minutes the first time .*\n[\s\S]*CC '1\/\1 [\s\S]*CC '\1\/\1 [\s\S]*tests\/tools\/demo\.sh$/m, 'how long it takes, and where it stands');
    const fuzz = pages.span('make fuzz T=slack_body S=600');
    assert.match((await shell.run({...fuzz, text: fuzz.text.replace('make', 'make -n')})).out, /fuzz\.sh "600" "slack_body"/);
    assert.ok(existsSync(join(ROOT, 'tests/fuzz/fuzz_slack_body.c')));
    const san = pages.span('make SAN=address');
    assert.match((await shell.run({...san, text: san.text.replace('make', 'make -n')})).out, /-fsanitize=address.* -o build\/address\/workbot/);
  });

  test('a recipe is tried, as the page says it', async t => {
    const shell = shellFor(t, {env: {WORKBOT_BIN: join(BUILD, 'workbot'), SANDBOX_BIN: join(BUILD, 'sandbox'), WORKBOT_TEST_PG: process.env.WORKBOT_TEST_PG}});
    const block = pages.block('make try RECIPE=');
    const commands = [];
    for (const line of block.text.trim().split('\n')) {
      const {out} = await shell.run({...block, text: line.replace('make', 'make -n')});
      commands.push(out.trim().split('\n').at(-1));
    }
    const [typed, event] = commands;
    assert.match((await shell.run(typed.replace(/^BUILD=\S+/, `BUILD=${BUILD}`))).out, /Northwind is in Salesforce/);
    // an event begins a second demo: tests/flow does that, by the same script
    assert.match(event, /^BUILD=\S+ tests\/tools\/try\.sh won\.json win\.json +--event "event\.json"$/);
    assert.ok(source('tests/flow/try_recipe.test.mjs').includes("tries(page('opportunity-approval'), '--event', event)"));
    assert.ok(source('tests/tools/try.sh').includes('tests/tools/try.mjs "$@"'));
  });

  test('the suites by name, and the crash test by hand', async t => {
    const suites = [...source('tests/tools/run_tests.sh').matchAll(/^ *suite (\S+) run_/gm)].map(([, name]) => name);
    const block = pages.block('tests/tools/run_tests.sh short build crash');
    const lines = [...block.text.trim().split('\n'), ...pages.spans(/^tests\/tools\/run_tests\.sh /).map(c => c.text)].map(line => line.replace(/ +#.*/, ''));
    const [named, byHand] = [lines.filter(l => l.includes('run_tests.sh')), lines.filter(l => !l.includes('run_tests.sh'))];
    for (const line of named) {
      const [, mode, ...names] = line.replace(/^[A-Z_]+=\S+ /, '').split(' ');
      assert.ok(['short', 'long'].includes(mode) && names.every(name => suites.includes(name)), line);
    }
    const shell = shellFor(t, {});
    for (const line of byHand) { // it takes these options, and refuses the one behind them
      assert.match((await shell.run(`${line} --nothing-like-it`, {exit: 1})).out, /Unknown option '--nothing-like-it'/, line);
    }
    assert.equal(byHand.length, 2);
    pages.elsewhere('tests/tools/gotchas.sh [NN...]', 'tests/tools/run_tests.sh', 'tests/tools/gotchas.sh $how');
    pages.elsewhere('make bench', 'Makefile', 'tests/bench/run.sh');
    pages.elsewhere('tests/bench/run.sh ROW...', 'Makefile', 'tests/bench/run.sh');
  });

  test('a database to try things on', async t => {
    const shell = shellFor(t, {}), dir = mkdtempSync(join(tmpdir(), 'workbot-docs-pg-'));
    const begin = pages.span('tests/tools/postgres.sh start');
    await shell.run({...begin, text: `${begin.text} ${dir}`});
    t.after(() => execFileSync(join(ROOT, 'tests/tools/postgres.sh'), ['drop', dir]));
    const psql = pages.span('psql "$(tests/tools/postgres.sh url)"');
    assert.match((await shell.run({...psql, text: `${psql.text.replace(' url', ` url ${dir}`)} -c 'select 41 + 1 as answer'`})).out, /42/);
  });

  test('secrets that are made by hand are taken; check, keys, migrate', async t => {
    const shell = shellFor(t, {});
    const value = async text => (await shell.run(pages.span(text))).out.trim();
    assert.match(await value('openssl rand -hex 24'), /^[0-9a-f]{48}$/);
    const settings = {WORKBOT_ENCRYPTION_KEYS: await value('echo "k1:$(openssl rand -base64 32)"'), WORKBOT_ADMIN_TOKENS: await value('openssl rand -hex 32')};
    const service = await startService({env: settings});
    t.after(() => service.stop());
    const beside = shellFor(t, {env: service.settings});
    for (const command of ['workbot check', 'workbot migrate', 'workbot keys rotate', 'workbot check --audit']) await beside.run(pages.span(command));
    pages.elsewhere('docker/make-secrets.sh', 'tests/docker/check.test.mjs', 'makeSecrets(SLACK)');
    pages.elsewhere('workbot forget', 'tests/contract/docs_operations.test.mjs', "forget = pages.block('workbot forget')");
  });

  test('what needs neither service nor database', async t => {
    const shell = shellFor(t, {env: {WORKBOT_PUBLIC_URL: 'https://workbot.example.com', WORKBOT_TEAMS_APP_ID: '22222222-aaaa-4bbb-8ccc-222222222222'}});
    assert.match((await shell.run(pages.span('workbot manifest slack --link'))).out, /^https:\/\/api\.slack\.com\/apps/);
    await shell.run(pages.span('workbot manifest teams --out FOLDER'), {with: {FOLDER: shell.dir}});
    const recipes = PAGES.flatMap(codeOf).filter(c => c.language === 'json' && /^\{\s+"name"[\s\S]*"steps"/.test(c.text));
    const files = recipes.map(({text}, n) => {
      writeFileSync(join(shell.dir, `${n}.json`), text);
      return join(shell.dir, `${n}.json`);
    });
    assert.ok(files.length > 10);
    await shell.run(pages.span('workbot recipe check FILE...'), {with: {'FILE...': files.join(' ')}});
  });

  test('every command of these pages was run', () => pages.allRun());
});

describe('every page', () => {
  const code = PAGES.flatMap(codeOf);

  test('a page with commands is followed by one test', () => {
    assert.equal(new Set(followed).size, followed.length, `twice: ${followed}`);
    for (const page of followed) assert.ok(PAGES.includes(page), page);
  });

  test('a block says what it is, and none is made by indenting alone, which no test would see', () => {
    for (const c of code.filter(c => c.kind === 'block')) assert.ok(c.language in LANGUAGES, `${place(c)}: \`\`\`${c.language} is none of ${Object.keys(LANGUAGES)}`);
    for (const page of PAGES) assert.doesNotMatch(source(page).replace(/^ *```[\s\S]*?^ *```/gm, ''), /^(?![ *-]*[*-] ).*\n\n {4,}\S/m, page);
  });

  test('JSON is JSON', () => {
    for (const c of code.filter(c => c.language === 'json')) assert.doesNotThrow(() => JSON.parse(c.text), place(c));
  });

  test('a part of a recipe is one that openapi.yaml describes', () => {
    const whole = {title: 'Sample', command: 'sample', allow: 'everyone', connections: {}, reply: {text: 'Done'}};
    const parts = codeOf('docs/recipes.md').filter(c => c.language === 'json').map(c => [c, JSON.parse(c.text)]);
    const fits = openapi.body(openapi.find('PUT', '/v1/workspaces/x/recipes/x'));
    assert.ok(parts.length >= 7);
    for (const [c, part] of parts) {
      const body = part.title ? part : part.steps ? {...whole, ...part} : {...whole, steps: [part]};
      assert.ok(fits(body), `${place(c)}: ${JSON.stringify(fits.errors)}`);
    }
  });

  test('a call of the API is one that openapi.yaml describes', () => {
    const calls = code.filter(c => c.kind === 'span' && /^(GET|HEAD|PUT|POST|DELETE) \S/.test(c.text) && !c.text.includes('/_'));
    assert.ok(calls.length > 20);
    for (const c of calls) {
      const [method, path] = c.text.replace(/ \{.*/, '').replace(/\{\w+\}/g, 'x').split(' ');
      const whole = [path, `/v1${path}`, path.replace(/^\.\.\.\//, '/v1/workspaces/x/'), path.replace(/^\.\.\.\//, '/v1/')];
      assert.ok(whole.some(p => openapi.find(method, p)), place(c));
    }
  });

  test('a setting that is set in a line of text exists', () => {
    const tools = ['tests/tools', 'tests/bench', 'tests/crash', 'docker'].flatMap(folder => readdirSync(join(ROOT, folder)).filter(n => /\.(sh|mjs)$/.test(n)).map(n => join(folder, n)));
    const known = ['Makefile', 'service/config/config.c', 'tests/lib/flow.mjs', 'tests/sandbox/README.md', ...tools].map(source).join('\n');
    const names = code.filter(c => c.kind === 'span').flatMap(c => [...c.text.matchAll(/(?:^| )([A-Z][A-Z0-9_]{2,})=/g)].map(([, name]) => [name, c]));
    assert.ok(names.length > 10);
    for (const [name, c] of names) assert.match(known, new RegExp(`\\b${name.replace(/_FILE$/, '')}\\b`), place(c));
  });

  test('a link leads to a file and a heading that are there', () => {
    const anchor = heading => heading.toLowerCase().replace(/[`*]/g, '').replace(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-');
    for (const page of PAGES) {
      for (const [, to] of source(page).replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path, id] = to.split('#'), file = path ? join(dirname(page), path) : page;
        assert.ok(existsSync(join(ROOT, file)), `${page}: ${to}`);
        const headings = id ? [...source(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading)) : [];
        assert.ok(!id || headings.includes(id), `${page}: no heading ${to}; there are ${headings}`);
      }
    }
  });
});
