// P9 a login prompt is never a dead end: Connect leads on in the message where it is pressed, whatever
// prompt stands elsewhere, and there is one prompt with a link all the time.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {Browser, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

for (const chat of ['Slack', 'Teams']) {
  const [sales, at] = chat === 'Slack' ? ['sales', '@workbot '] : ['renewals', '@Workbot '];

  describe(chat, () => {
    let w, ana, ben, list;
    before(async () => {
      w = await start({teams: chat === 'Teams' ? 'only' : false});
      [ana, ben] = ['ana', 'ben'].map(n => (chat === 'Teams' ? w.teamsPerson(n) : w.person(n)));
    });
    after(() => w?.stop());

    const connections = (more = {}) => ana.ask(`${more.place ? at : ''}connections`, m => m.is_bot && labels(m).includes('Connect'), {...more});
    const logins = () => w.count('login', "user_id <> '' and state = 'open'");
    const linked = async (...places) => (await Promise.all(places.map(p => ana.messages(p)))).flat().filter(m => loginUrl(m)).map(m => m.ts);

    /** The prompt stands in this message by now, nowhere else, and its link is the one that is given. */
    const standsIn = async (message, url, place = 'dm') => {
      const prompt = await ana.sees(m => m.ts === message.ts && loginUrl(m), {place});
      await w.idle();
      assert.equal(loginUrl(prompt), url);
      assert.deepEqual(await linked('dm', sales), [message.ts], 'one prompt');
      assert.equal(await logins(), 1, 'one login');
      return prompt;
    };
    const retired = async message => {
      const old = (await ana.messages()).find(m => m.ts === message.ts);
      assert.match(words(old), /A newer login prompt has taken the place of this one: use the button there/);
      assert.deepEqual(labels(old), []);
    };

    test('P9 Connect brings the prompt of a waiting command to where it is pressed, and a browser that is under way arrives', async () => {
      const waits = await ana.prompt(create('Waits'));
      const url = loginUrl(waits), browser = new Browser();
      await browser.get(url);
      const one = await connections(), two = await connections();
      await ana.press(one, 'Connect', {times: 2});
      assert.match(words(await standsIn(one, url)), /Create an opportunity \(name: Waits\) waits for this/);
      await retired(waits);
      await ana.press(two, 'Connect');
      await standsIn(two, url);
      await retired(one);
      list = two;
      await ana.ask(await ana.browse({...two, ...await standsIn(two, url)}, 'ana@acme.example', browser), /is connected/);
      await ana.createdOnce('Waits');
      const connected = await ana.sees(m => m.ts === two.ts && /Salesforce · Connected/.test(words(m)));
      assert.equal(loginUrl(connected), undefined);
      assert.deepEqual(await linked('dm', sales), []);
    });

    test('P9 so it does from a list that was asked for where others read, for this person\'s eyes alone', async () => {
      await ana.press(list, 'Disconnect');
      await ana.sees(m => m.ts === list.ts && /Salesforce · Disconnected/.test(words(m)));
      await ana.press(list, 'Connect');
      const url = loginUrl(await ana.sees(m => m.ts === list.ts && loginUrl(m)));
      const place = chat === 'Slack' ? sales : 'dm';
      const shared = await connections({place: sales, see: place});
      await ana.press(shared, 'Connect', {place});
      await standsIn(shared, url, place);
      await retired(list);
      assert.doesNotMatch(await ben.reads(sales), /\/login\//);
      // what one person alone is shown there goes with the window: the next press brings one that stays
      const next = await connections();
      await ana.press(next, 'Connect');
      await standsIn(next, loginUrl(await ana.sees(m => m.ts === next.ts && loginUrl(m))));
    });

    test('P9 a login that comes back while its prompt moves goes on where that is by then', async () => {
      const began = await ana.prompt('connect salesforce');
      await w.fault('slow', {path: 'oauth2/token', delay_ms: 2500});
      const code = ana.browse(began);
      await until('the exchange to be under way', async () => await w.fired('slow') === 1);
      const moved = await connections();
      await ana.press(moved, 'Connect');
      await standsIn(moved, loginUrl(began));
      await ana.sees(m => m.ts === moved.ts && /Type the 6-digit code/.test(words(m)));
      await retired(began);
      await ana.ask(await code, /is connected/);
      await ana.sees(m => m.ts === moved.ts && /Salesforce · Connected/.test(words(m)));
    });
  });
}
