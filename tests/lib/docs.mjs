// The manual as its reader meets it: which commands stand in a page, and which of them this test has run. A page belongs
// to the test file that says `manual(...)` of it; `allRun()` names the commands of its pages that nothing ran or vouched for.
//
//   const pages = manual('docs/setup.md');
//   await shell.run(pages.block('api PUT'));   // the block that holds these words, as it is written
//   pages.allRun();
import assert from 'node:assert/strict';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const source = path => readFileSync(join(ROOT, path), 'utf8');

const below = folder => readdirSync(join(ROOT, folder), {recursive: true}).map(name => join(folder, name)).filter(name => name.endsWith('.md'));
/** Every page that a reader is led to; decisions tell of the past, and the sandbox's page is for its makers. */
export const PAGES = ['README.md', 'CONTRIBUTING.md', ...below('docs').filter(name => !name.startsWith('docs/decisions/')), ...below('docker')].sort();

/** What a fenced block may be; what is typed into a shell or a database is run. */
export const LANGUAGES = {sh: true, bash: true, sql: true, chat: true, json: false, text: false, js: false};

const PROGRAMS = 'make|workbot|docker|curl|psql|pg_dump|pg_restore|createdb|openssl|printf|echo|cat|git|npm|install|mkdir|sudo|apt|apt-get|kubectl|helm|podman|systemctl|journalctl|wget|node|python3|dropdb|createuser|pg_basebackup|promtool|api';
const COMMANDS = [
  new RegExp(`^(?:[A-Z_]+=\\S* )*(?:${PROGRAMS}) \\S`),
  /^make$/,
  /^(?:[A-Z_]+=\S* )*(?:tests|docker|\.ci)\/\S+\.sh(?: |$)/,
  /^(?:[A-Z_]+=\S* )*(?:tests\/tools\/node\.sh|build\/\S+) \S/,
  /^(?:begin;|select|update|insert into|delete from|create role|grant|revoke|alter) ?.* /i,
];

/** Blocks and spans of code of a page: {file, line, kind: 'block' | 'span', language, text}. */
export function codeOf(file) {
  const lines = source(file).split('\n'), found = [];
  let prose = '', fence = null;
  for (const [i, line] of lines.entries()) {
    const mark = /^( *)```(\S*)\s*$/.exec(line);
    if (mark && !fence) fence = {file, line: i + 1, kind: 'block', language: mark[2], indent: mark[1].length, body: []};
    else if (mark) {
      const {body, indent, ...block} = fence;
      found.push({...block, text: body.map(l => l.slice(Math.min(indent, l.search(/\S|$/)))).join('\n')});
      fence = null;
    } else if (fence) fence.body.push(line);
    prose += (mark || fence ? '' : line) + '\n';
  }
  assert.equal(fence, null, `${file}: a block does not end`);
  for (const m of prose.matchAll(/(?<!`)(`+)([\s\S]*?[^`])\1(?!`)/g)) {
    found.push({file, line: prose.slice(0, m.index).split('\n').length, kind: 'span', language: '', text: m[2].replace(/\s+/g, ' ').trim()});
  }
  return found.sort((a, b) => a.line - b.line);
}

export const isCommand = code => (code.kind === 'block' ? LANGUAGES[code.language] === true : COMMANDS.some(c => c.test(code.text)));
export const place = code => `${code.file}:${code.line}: ${code.text.split('\n')[0]}`;

/** The commands of these pages, to be ticked off one by one. */
export function manual(...files) {
  for (const file of files) assert.ok(existsSync(join(ROOT, file)), file);
  const open = files.flatMap(codeOf).filter(isCommand);
  assert.ok(open.length > 0, `no command stands in ${files}`);
  const done = new Set();
  const those = (kind, fits, what) => {
    const all = open.filter(c => c.kind === kind && fits(c));
    assert.ok(all.length > 0, `${files}: no ${kind} ${what}; there are:\n${open.filter(c => c.kind === kind).map(place).join('\n')}`);
    all.forEach(c => done.add(c));
    return all;
  };
  return {
    /** The one block that holds these words. */
    block(words) {
      const all = those('block', c => c.text.includes(words), `holds ${words}`);
      assert.equal(all.length, 1, `"${words}" stands in several blocks: ${all.map(place)}`);
      return all[0];
    },
    /** The command in a line of text, wherever these pages say it. */
    span: text => those('span', c => c.text === text, `says ${text}`)[0],
    /** Each command in a line of text that fits. */
    spans: pattern => those('span', c => pattern.test(c.text), `fits ${pattern}`),
    /** Another suite does this: `file` holds `words`, which do it. */
    elsewhere(text, file, words) {
      those('span', c => c.text === text, `says ${text}`);
      assert.ok(source(file).includes(words), `${file} does not hold "${words}", which is to do: ${text}`);
    },
    allRun() {
      const left = open.filter(c => !done.has(c)).map(place);
      assert.ok(left.length === 0, `no test runs these commands:\n${left.join('\n')}`);
    },
  };
}
