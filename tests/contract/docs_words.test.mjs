// docs/troubleshooting.md goes by the words that people see: each sentence of a failure in the chat, and each heading of a
// page that says that something did not come about, can be found there as it is written in the program.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {ROOT, source} from '../lib/docs.mjs';

const LITERAL = '"(?:[^"\\\\]|\\\\.)*"';
const TEXT = `(${LITERAL}(?:\\s*${LITERAL})*)`;
/** A text as C has it, in pieces; what is filled in is … on the page. */
const joined = pieces => [...pieces.matchAll(new RegExp(LITERAL, 'g'))].map(([piece]) => piece.slice(1, -1))
  .join('').replace(/\\(?:x[0-9A-F]{2}|[nt])/gi, ' ').replace(/\\(.)/g, '$1').replaceAll('%s', '…');
const texts = (path, pattern) => [...source(path).matchAll(new RegExp(pattern.replaceAll('TEXT', TEXT), 'g'))].map(m => joined(m.at(-1)));
/** What is searched for: the first sentence. */
const beginning = text => text.split(/(?<=[.:]) /)[0].replace(/[.:]$/, '');

const CHAT = [...texts('service/bot/words.c', '\\{\\s*(?:"[a-z_0-9]+"|[A-Z_]+),\\s*TEXT\\}'), ...texts('service/bot/words.c', '\\[ERR_[A-Z_]+\\] = TEXT')];
const PAGES = [
  ...texts('service/web/callback_ends.c', '\\b\\d{3},\\s*(?:true|false),\\s*TEXT'),
  ...texts('service/web/errors.c', '\\(struct words\\)\\{\\s*TEXT'),
  ...texts('service/web/login_over.c', '[{]"[A-Z][a-z ]+", TEXT,'),
  ...texts('service/web/login_over.c', ' = \\{\\s*"[A-Z][a-z ]+", TEXT,'),
  ...texts('service/web/slack_installed.c', '\\d{3},\\s*(?:true|false),\\s*"Not installed",\\s*TEXT'),
  ...texts('service/web/setup_pages.c', '(?:410|404),\\s*TEXT'),
];
const page = source('docs/troubleshooting.md').replace(/\s+/g, ' ');

test('what a failure says in the chat is on the page', () => {
  assert.ok(CHAT.length >= 35, `the tables are where they were: ${CHAT.length}`);
  assert.deepEqual(CHAT.map(beginning).filter(text => !page.includes(text)), []);
});

test('what a page of a login or an installation says is on the page', () => {
  assert.ok(PAGES.length >= 45, `the tables are where they were: ${PAGES.length}`);
  assert.deepEqual([...new Set(PAGES.map(beginning))].filter(text => !page.includes(text)), []);
});

test('what the page quotes is said somewhere', () => {
  const said = ['bot', 'web', 'oauth'].flatMap(name => readdirSync(join(ROOT, 'service', name)).filter(file => file.endsWith('.c')).map(file => join('service', name, file)))
    .flatMap(file => texts(file, 'TEXT')).join('\n').replace(/[*`]/g, '').replace(/%[a-z]/g, '…');
  const quoted = source('docs/troubleshooting.md').split('\n').filter(line => /^\| (?:…|[A-Z])/.test(line) && !/^\| I(?:t says|ts heading)|^\| You see/.test(line))
    .flatMap(line => line.split(' | ')[0].slice(2).replace(/ \(.*\)$/, '').split(/, (?=[A-Z])/));
  assert.ok(quoted.length > 80);
  assert.deepEqual(quoted.filter(text => !said.includes(text.replace(/^… /, ''))), []);
});
