// The official adaptivecards draws our cards in a browser, with the most eager markdown that a client could have: it
// takes HTML as it stands and makes links of addresses. Whatever people and apps wrote is shown and does nothing.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import {dirname, join, resolve} from 'node:path';
import {after, before, test} from 'node:test';
import {ROOT} from '../lib/flow.mjs';
import {inFront} from './support.mjs';

const LIBRARY = createRequire(import.meta.url).resolve('adaptivecards/dist/adaptivecards.js');
const PROGRAM = resolve(dirname(process.env.WORKBOT_BIN || join(ROOT, 'build/workbot')), 'tests/unit/chat/test_teams_limits');
const printed = spawnSync(PROGRAM, ['print', '150'], {encoding: 'utf8', maxBuffer: 1 << 28});

let stage, page;
before(async () => {
  assert.equal(printed.status, 0, `${PROGRAM}: make unit-programs: ${printed.stderr}`);
  stage = await inFront({sandbox: 'http://127.0.0.1:9', stop: () => {}});
  page = await (await stage.browser()).newPage();
  await page.setContent('<main id="card"></main>');
  await page.addScriptTag({path: LIBRARY});
  await page.evaluate(() => {
    AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
      result.outputHtml = text.replace(/!\[([^\]]*)\]\(([^)]*)\)/g, '<img alt="$1" src="data:,">').replace(/\[([^\]]*)\]\(([^)]*)\)/g, '<a href="$2">$1</a>')
        .replace(/(https?:\/\/[^\s<"]+)/g, '<a href="$1">$1</a>').replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>').replace(/[_*]([^_*]+)[_*]/g, '<em>$1</em>')
        .replace(/`([^`]+)`/g, '<code>$1</code>').replace(/~~([^~]+)~~/g, '<s>$1</s>').replace(/^#+ (.*)/gm, '<h1>$1</h1>').replace(/^(?:[-+*]|\d+[.)]) (.*)/gm, '<ul><li>$1</li></ul>');
      result.didProcess = true;
    };
    window.draw = card => {
      const read = new AdaptiveCards.AdaptiveCard();
      read.parse(card);
      const main = document.getElementById('card');
      main.replaceChildren(read.render() ?? '');
      const made = [...main.querySelectorAll('a, img, strong, em, b, i, code, s, h1, h2, h3, ul, ol, at, script, iframe')];
      return {text: main.innerText, made: made.map(e => e.outerHTML.slice(0, 200))};
    };
  });
});
after(() => stage?.close());

const draw = card => page.evaluate(c => window.draw(c), card);
const plain = body => ({type: 'AdaptiveCard', version: '1.5', body});

test('this client would be fooled: markdown in a TextBlock becomes links and styles', async () => {
  const {made} = await draw(plain([{type: 'TextBlock', text: '[x](https://evil.example) **b** <at>Bo</at> `c`'}, {type: 'FactSet', facts: [{title: '# h', value: '- l'}]}]));
  const dated = await draw(plain([{type: 'RichTextBlock', inlines: [{type: 'TextRun', text: 'On {{DATE(2026-01-01T00:00:00Z,SHORT)}}.'}]}]));
  assert.doesNotMatch(dated.text, /DATE/, 'dates are drawn, too');
  for (const tag of ['<a ', '<strong', '<at', '<code', '<h1', '<li']) assert.ok(made.some(m => m.includes(tag)), `${tag} of ${made}`);
});

test('teams_gotcha_18_nothing_that_others_wrote_is_drawn_as_more_than_text', async () => {
  let drawn = 0, dates = 0;
  for (const [i, line] of printed.stdout.trim().split('\n').entries()) {
    const {text, made} = await draw(JSON.parse(line));
    assert.deepEqual(made, [], `card ${i}`);
    // a question stands in a card of its own, which is not open yet
    const open = JSON.stringify(JSON.parse(line), (key, value) => (key === 'card' ? undefined : value));
    if (/"text":"[^"]*DATE\(2026-01-01T00:00:00Z,SHORT\)/.test(open)) {
      assert.match(text, /DATE\(2026-01-01T00:00:00Z,SHORT\)/, `card ${i}`);
      dates++;
    }
    drawn += text.length > 0;
  }
  assert.ok(drawn > 140 && dates > 40, `${drawn} cards with words, ${dates} with dates`);
});
