// Cards as wide as a phone, drawn by the official adaptivecards: what asks before it acts opens under its button, and
// nothing stands beyond the edge; a result as its owner sees it, beside what all see.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {after, before, test} from 'node:test';
import {OPPORTUNITY, cardOf, labels, start} from '../lib/flow.mjs';
import {inFront} from './support.mjs';

const LIBRARY = createRequire(import.meta.url).resolve('adaptivecards/dist/adaptivecards.js');
const PHONE = 320;
const SHOTS = process.env.TEAMS_SHOTS; // a folder for pictures of them

let w, stage, page, ana, list, help, apps, done, own;
before(async () => {
  w = await start({teams: 'only'});
  ana = w.teamsPerson('ana');
  await ana.connect();
  list = cardOf(await ana.ask('connections', m => labels(m).includes('Disconnect')));
  help = cardOf(await ana.ask('help salesforce', m => labels(m).includes('Create an opportunity')));
  apps = cardOf(await ana.ask('help', m => labels(m).includes('Personal accounts')));
  await ana.say(`@Workbot ${OPPORTUNITY}`, {place: 'deals'});
  const result = await ana.sees(/Created Acme renewal/, {place: 'deals'});
  done = cardOf(result);
  own = JSON.parse((await ana.shows(result)).answer).value;
  stage = await inFront({sandbox: 'http://127.0.0.1:9', stop: () => {}});
  page = await (await stage.browser()).newPage();
  await page.setContent(`<main id="card" style="width:${PHONE}px"></main>`);
  await page.addScriptTag({path: LIBRARY});
  await page.evaluate(() => {
    window.draw = card => {
      const read = new AdaptiveCards.AdaptiveCard();
      window.pressed = [];
      read.onExecuteAction = a => window.pressed.push([a.getJsonTypeName(), a.title, a.data]);
      read.parse(card);
      document.getElementById('card').replaceChildren(read.render());
    };
  });
});
after(async () => {
  await stage?.close();
  await w?.stop();
});

const draw = card => page.evaluate(c => window.draw(c), card);
const text = () => page.evaluate(() => document.getElementById('card').innerText);
const picture = async name => SHOTS && (await page.locator('#card').screenshot({path: `${SHOTS}/${name}.png`}));
/** What of the drawn card reaches over the edge. */
const beyond = () => page.evaluate(width => [...document.querySelectorAll('#card *')].filter(e => e.getBoundingClientRect().right > width + 9 && e.offsetParent)
  .map(e => `${e.tagName} ${e.innerText.slice(0, 40)}`), PHONE);
const shownButtons = title => page.locator('#card button:visible', {hasText: title});

test('a button that asks opens its question under it; the press is the one below', async () => {
  await draw(list);
  await picture('connections');
  assert.deepEqual(await beyond(), []);
  const before = await shownButtons('Disconnect').count();
  assert.doesNotMatch(await text(), /\?/);
  await shownButtons('Disconnect').first().click();
  await picture('connections-asks');
  assert.match(await text(), /Disconnect.*\?/s);
  assert.equal(await shownButtons('Disconnect').count(), before + 1);
  assert.deepEqual(await beyond(), []);
  assert.deepEqual(await page.evaluate(() => window.pressed.filter(([type]) => type !== 'Action.ShowCard')), [], 'nothing is pressed by asking');
  await shownButtons('Disconnect').nth(1).click();
  const [[type, , data]] = await page.evaluate(() => window.pressed.filter(([kind]) => kind !== 'Action.ShowCard'));
  assert.equal(type, 'Action.Execute');
  assert.equal(data.wb.a, 'disconnect');
});

test('help: words do not run under a button, and a line is wide enough to read', async () => {
  for (const [name, card] of Object.entries({help, apps})) {
    await draw(card);
    await picture(name);
    assert.deepEqual(await beyond(), []);
    const close = await page.evaluate(() => {
      const box = e => e.getBoundingClientRect(), range = document.createRange();
      const shown = [...document.querySelectorAll('#card button')].filter(e => e.offsetParent);
      const texts = [...document.querySelectorAll('#card .ac-richTextBlock, #card .ac-textBlock')].filter(e => e.offsetParent && e.innerText.trim());
      const words = e => (range.selectNodeContents(e), [...range.getClientRects()]);
      const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      return texts.filter(e => box(e).width < 130 || words(e).some(r => shown.some(b => meets(r, box(b))))).map(e => e.innerText);
    });
    assert.deepEqual(close, [], name);
  }
});

test('a result for all, and as its owner sees it', async () => {
  await draw(done);
  await picture('result-for-all');
  assert.doesNotMatch(await text(), /acme\.example|WB-/);
  assert.deepEqual(await beyond(), []);
  await draw(own);
  await picture('result-own');
  assert.match(await text(), /ana@acme\.example \(Acme/);
  assert.match(await text(), /Why: your own connection/);
  assert.deepEqual(await beyond(), []);
});
