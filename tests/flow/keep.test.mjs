// "Keep it": a login that ends for want of use begins its days anew by one press, from wherever its button stands, and
// by its owner alone. Told on both chats; the home page is Slack's.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, TEAMS_ACME, TEAMS_PEOPLE, button, labels, start, until, words} from '../lib/flow.mjs';

const BOX = {client_id: 'samplebox0acme0client000000000001', client_secret: 'sample-box-acme-secret', assurance: 'code', account_match: 'off'};
const DAYS = 86400000;

for (const chat of ['slack', 'teams']) {
  describe(`Keep it in ${chat}`, () => {
    const workspace = chat === 'slack' ? ACME : TEAMS_ACME;
    const user = chat === 'slack' ? 'U0ANA0001' : TEAMS_PEOPLE.ana;
    const what = /Your connection to Box ends on/;
    let w, ana, cleo;
    before(async () => {
      w = await start({teams: chat === 'teams' ? 'only' : false});
      [ana, cleo] = ['ana', 'cleo'].map(n => (chat === 'slack' ? w.person(n) : w.teamsPerson(n)));
      await w.putConnection(workspace, 'acme-box', {app: 'box', host: w.hosts.box, ...BOX});
      await ana.ask(await ana.browse(await ana.prompt('connect acme-box'), 'ana@acme.example'), /is connected/);
      await w.idle();
    });
    after(() => w?.stop());

    const row = () => w.one(`select id, state, generation::int, refresh_expires_at as ends from connection where user_id = $1 and default_name = 'acme-box'`, [user]);
    const daysLeft = async () => Math.round(((await row()).ends - Date.now()) / DAYS);
    const renewals = async () => (await w.calls({peer: 'box'})).filter(e => /token/.test(e.path) && e.args?.grant_type === 'refresh_token').length;
    /** Its end is near, and it is (or is not) time to say so. */
    const near = (says = true) => w.query(`update connection set refresh_expires_at = date_trunc('second', now()) + interval '5 days',
      refresh_since = now() - interval '55 days', warn_at = ${says ? 'now()' : 'null'} where user_id = $1 and default_name = 'acme-box'`, [user]);
    /** The note that it tells of it now. */
    const note = async () => {
      const had = new Set((await ana.messages()).filter(m => what.test(words(m))).map(m => m.ts));
      await near();
      const m = await ana.sees(x => !had.has(x.ts) && what.test(words(x)) && button(x, 'Keep it'));
      await w.idle();
      return m;
    };

    test('its owner keeps it by one press, and the answer takes the place of the note', async () => {
      const [told, had, was] = [await note(), await row(), await renewals()];
      await ana.press(told, 'Keep it');
      const kept = await ana.sees(m => m.ts === told.ts && /Kept\. Your connection to Box is good until/.test(words(m)));
      assert.deepEqual(labels(kept), []);
      await w.idle();
      assert.deepEqual([(await row()).generation, await daysLeft(), await renewals() - was], [had.generation + 1, 60, 1]);
    });

    if (chat === 'slack') {
      test('on the home page: the page says that it is under way, the chat how it went', async () => {
        await ana.opensHome();
        await ana.home(v => /Box/.test(words(v)) && !button(v, 'Keep it'));
        await near(false);
        await ana.opensHome();
        await ana.home(v => button(v, 'Keep it'));
        const [had, was] = [await row(), await renewals()];
        await ana.pressIn('home', 'Keep it');
        await ana.home(/I am renewing your connection to Box, and tell you in our direct message how it went/);
        await w.idle();
        assert.equal((await ana.messages()).filter(m => /Kept\. Your connection to Box is good until/.test(words(m))).length, 2, 'one more than by the note');
        assert.deepEqual([(await row()).generation, await daysLeft(), await renewals() - was], [had.generation + 1, 60, 1]);
        await ana.opensHome();
        await ana.home(v => /Box/.test(words(v)) && !button(v, 'Keep it'));
      });
    }

    test('P2 somebody else\'s press renews nothing and tells nothing, whoever presses whatever', async () => {
      const told = await note();
      const [had, was] = [await row(), await renewals()];
      const any = await cleo.ask('connections', m => m.is_bot && button(m, 'Connect'));
      const hers = words(told);
      if (chat === 'slack') await cleo.forge(any, 'keep', had.id);
      else await cleo.forge(any, 'Connect', {a: 'keep', v: had.id});
      await w.idle();
      assert.deepEqual([await row(), await renewals()], [had, was]);
      assert.equal(await w.count('job', "kind = 'keep' and state <> 'done'"), 0);
      assert.doesNotMatch(await cleo.reads('dm'), /Kept|Renewing|ana@acme/);
      assert.equal(words((await ana.messages()).find(m => m.ts === told.ts)), hers, 'the note stands');
      await ana.press(told, 'Keep it');
      await ana.sees(m => m.ts === told.ts && /Kept\./.test(words(m)));
    });

    test('P7 P11 while Box is away it is tried again, then said, and nobody is disconnected; a press after that keeps it', async () => {
      const told = await note(), had = await row();
      await w.fault('5xx', {peer: 'box', path: '/token', times: -1});
      await ana.press(told, 'Keep it');
      await ana.sees(m => m.ts === told.ts && /Renewing your connection to Box/.test(words(m)));
      let tries = 0;
      const over = await until('it to be given up', async () => {
        tries = Math.max(tries, ...(await w.query("select attempts::int as n from job where kind = 'keep' and state = 'queued'")).map(j => j.n));
        await w.query("update job set run_at = now() where kind = 'keep' and state = 'queued' and run_at > now()");
        return (await ana.messages()).find(m => m.ts === told.ts && !/Renewing/.test(words(m)) && !what.test(words(m)));
      }, 40000);
      assert.match(words(over), /^Your Box connection could not be renewed in time\. Please try again/);
      assert.deepEqual(labels(over), ['Keep it']);
      assert.ok(await w.fired('5xx') > 0);
      assert.ok(tries > 1, `tried again, ${tries} times`);
      const now = await row();
      assert.deepEqual([now.state, now.generation], ['active', had.generation]);
      await w.sandbox('DELETE', '/_faults');
      await w.idle();
      await w.query("update connection set refresh_until = now() where id = $1 and refresh_until > now()", [now.id]); // what it rests is over
      await ana.press(over, 'Keep it');
      await ana.sees(m => m.ts === told.ts && /Kept\./.test(words(m)), {ms: 30000});
      assert.equal(await daysLeft(), 60);
    });

    test('P12 a press after it was disconnected renews nothing, and says how it stands', async () => {
      const told = await note();
      await ana.ask('disconnect acme-box', /disconnected/i);
      await w.idle();
      const [had, was] = [await row(), await renewals()];
      assert.equal(had.state, 'disconnected');
      await ana.press(told, 'Keep it');
      const over = await ana.sees(m => m.ts === told.ts && /There is nothing to keep any more\. Box: /.test(words(m)));
      assert.deepEqual(labels(over), ['Log in again']);
      await w.idle();
      assert.deepEqual([await row(), await renewals()], [had, was]);
    });
  });
}
