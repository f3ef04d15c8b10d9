// Several accounts of one person at one app: one of them is used, which one is the person's word alone, and nothing
// else ever acts. Told on both chats.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, TEAMS_ACME, TEAMS_PEOPLE, buttons, create, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const WORK = 'ana@acme.example', OTHER = 'cleo@acme.example';
const YOURS = /Your connections/;

for (const chat of ['slack', 'teams']) {
  describe(`accounts in ${chat}`, () => {
    const workspace = chat === 'slack' ? ACME : TEAMS_ACME;
    const user = chat === 'slack' ? 'U0ANA0001' : TEAMS_PEOPLE.ana;
    let w, ana;
    before(async () => {
      w = await start({teams: chat === 'teams' ? 'only' : false, between: true});
      ana = chat === 'slack' ? w.person('ana') : w.teamsPerson('ana');
    });
    after(() => w?.stop());

    const mine = () => w.query(`select id, coalesce(resting_of, user_id) as whose, resting_of is null as chosen, account_email as account, state
      from connection where workspace = '${workspace}' and coalesce(resting_of, user_id) = '${user}' order by created_at, id`);
    const grants = async name => (await w.grants()).filter(g => g.alive && g.username === name).length;
    const owner = async name => {
      const list = (await w.records()).filter(r => r.fields.Name === name);
      assert.equal(list.length, 1, `one record ${name}`);
      return list[0].created_by ?? list[0].owner ?? JSON.stringify(list[0]);
    };
    /** Types it, and says as whom it ran. */
    const runsAs = async (name, username) => {
      await ana.ask(create(name), new RegExp(`Created ${name}`));
      await w.idle();
      assert.match(await owner(name), new RegExp(username.split('@')[0], 'i'), `${name} was made as ${username}`);
    };
    const addPrompt = async () => {
      const offered = await ana.ask('connect salesforce', /already connected/);
      assert.ok(labels(offered).includes('Add another account') && labels(offered).includes('Log in again'), JSON.stringify(labels(offered)));
      await ana.press(offered, 'Add another account');
      return ana.sees(m => m.ts >= offered.ts && loginUrl(m) && /account that you want to add/.test(words(m)));
    };
    const add = async username => ana.ask(await ana.browse(await addPrompt(), username, new Browser()), new RegExp(`Salesforce.*${username}`));
    const list = () => ana.ask('connections', YOURS);

    test('D12 connect says who is connected and offers another account; the new one is used, the earlier one stays, and the notice says both', async () => {
      await ana.connect(WORK);
      await runsAs('First', WORK);
      const told = await add(OTHER);
      assert.match(words(told), /Salesforce is connected as cleo@acme\.example/);
      assert.match(words(told), /Your commands use this account from now on\. You stay connected as ana@acme\.example/);
      assert.doesNotMatch(words(told), /Until now you were connected/, 'nothing was replaced');
      assert.ok(labels(told).some(l => /^Use ana@acme/.test(l)), JSON.stringify(labels(told)));
      assert.deepEqual((await mine()).map(r => [r.account, r.chosen, r.state]), [[WORK, false, 'active'], [OTHER, true, 'active']]);
      assert.equal(await grants(WORK), 1, 'the earlier grant lives');
      await runsAs('Second', OTHER);
    });

    test('D12 P8 the list shows each account under its app, which one is used, and a press chooses', async () => {
      const shown = await list();
      assert.match(words(shown), /Your commands use this account/);
      assert.match(words(shown), /Salesforce, as ana@acme\.example.* · Connected, not used/);
      assert.equal(labels(shown).filter(l => l === 'Use this one').length, 1);
      assert.ok(labels(shown).filter(l => l === 'Disconnect').length >= 2, 'of each'); // Teams asks first in a card of its own
      const which = await ana.ask('disconnect salesforce', YOURS);
      assert.match(words(which), /Nothing has ended yet: you are connected with 2 accounts of Salesforce/);
      assert.deepEqual((await mine()).map(r => r.state), ['active', 'active']);
      await ana.press(shown, 'Use this one');
      await ana.sees(m => m.ts === shown.ts && /Salesforce, as cleo@acme\.example.* not used/.test(words(m)));
      await runsAs('Third', WORK);
      assert.deepEqual((await mine()).map(r => r.chosen), [true, false]);
      const seen = await w.one(`select detail ->> 'account' as account from audit where workspace = '${workspace}' and action = 'connection.chosen'`);
      assert.equal(seen.account, WORK);
      assert.match(words(await ana.ask('whoami', /Who you are here/)), /Of your 2 accounts there it is the one that is used/);
      assert.match(words(await ana.ask('why salesforce create opportunity', /Why/)), /as ana@acme\.example/);
    });

    test('D12 failure 21: adding an account that is there renews its row, and does not change which one is used', async () => {
      const rows = await mine();
      const told = await add(OTHER);
      assert.match(words(told), /your login as cleo@acme\.example.* is renewed/);
      assert.match(words(told), /Your commands go on as ana@acme\.example/);
      const now = await mine();
      assert.deepEqual(now.map(r => [r.id, r.chosen]), rows.map(r => [r.id, r.chosen]), 'the same two rows');
      await runsAs('Fourth', WORK);
      await ana.press(told, labels(told).find(l => /^Use cleo/.test(l)));
      await until('it to be chosen', async () => (await mine())[1].chosen);
      await runsAs('Fifth', OTHER);
    });

    test('D12 P2 "Log in again" as an account that rests uses that one, and loses neither', async () => {
      const rows = await mine();
      const told = await ana.ask(await ana.browse(await ana.prompt('connect salesforce again'), WORK, new Browser()), /is connected/);
      assert.match(words(told), /You stay connected as cleo@acme\.example/);
      assert.deepEqual((await mine()).map(r => [r.id, r.chosen]), [[rows[0].id, true], [rows[1].id, false]]);
      assert.equal(await grants(OTHER) > 0, true);
    });

    test('D12 P9 a choice is of no matter to a run that is under way; the next one goes by it', async () => {
      w.answers.hold(/sobjects\/Opportunity/);
      const said = await ana.say(create('Held'));
      await until('the call to be under way', () => w.answers.held() === 1);
      const shown = await list();
      await ana.press(shown, 'Use this one');
      await until('the other one to be chosen', async () => (await mine())[1].chosen);
      w.answers.release();
      await ana.sees(/Created Held/, {after: said.ts});
      await w.idle();
      assert.match(await owner('Held'), /ana/i);
      await runsAs('After', OTHER);
    });

    test('P2 nobody chooses for another: the id in a button selects only what is the presser\'s', async () => {
      const rows = await mine(), [rests, used] = [rows.find(r => !r.chosen), rows.find(r => r.chosen)];
      assert.equal(rests.state, 'active', 'there is something to choose');
      const forge = (who, shown, label, id) => (chat === 'slack' ? who.forge(shown, 'choose', id) : who.forge(shown, label, {a: 'choose', v: id}));
      const cleo = chat === 'slack' ? w.person('cleo') : w.teamsPerson('cleo');
      const hers = await cleo.ask('connections', YOURS), real = buttons(await list()).find(b => b.label === 'Use this one');
      if (chat === 'slack') await forge(cleo, hers, 'Connect', rests.id);
      else { // the button as it stands on the other's card, of a card of her own
        const {m} = buttons(hers).find(b => b.label === 'Connect').value.wb;
        await cleo.press(hers, 'Connect', {force: true, forge: {type: real.type, verb: real.action, data: {...real.value, wb: {...real.value.wb, m}}}});
      }
      await w.idle();
      assert.deepEqual(await mine(), rows);
      assert.doesNotMatch(await cleo.reads('dm'), /ana@acme|cleo@acme/, 'and reads nothing of it');
      // the same press is a choice where it is one's own
      for (const row of [rests, used]) {
        await forge(ana, await list(), 'Use this one', row.id);
        await until('it to be chosen', async () => (await mine()).find(r => r.id === row.id).chosen);
        await w.idle();
      }
      assert.deepEqual(await mine(), rows);
    });

    test('D12 P2 P12 when the used one is disconnected no other takes its place: a command asks, and goes on as the one that is chosen then', async () => {
      const before = await grants(WORK);
      const shown = await list();
      await ana.press(shown, 'Disconnect'); // the first: that of the one that is used
      const over = await ana.sees(m => m.ts === shown.ts && /None of your accounts there is used now/.test(words(m)));
      assert.equal(labels(over).filter(l => l === 'Use this one').length, 1);
      const receipt = await ana.sees(/Disconnected cleo@acme\.example.*: Salesforce has ended the login too/, {after: shown.ts});
      assert.match(words(receipt), /You stay connected as ana@acme\.example.*, which your commands use only when you choose it/);
      await w.idle();
      assert.equal(await grants(WORK), before, 'the other one lives');
      const rows = await mine();
      const none = await ana.ask('disconnect salesforce', YOURS);
      assert.match(words(none), /Nothing has ended now: your login to Salesforce as cleo@acme\.example.* was over before/);
      assert.match(words(none), /You stay connected as ana@acme\.example/);
      await w.idle();
      assert.deepEqual(await mine(), rows);
      assert.deepEqual((await mine()).map(r => [r.chosen, r.state]), [[false, 'active'], [true, 'disconnected']]);
      const records = (await w.records()).length;
      const prompt = await ana.prompt(create('Asked'));
      assert.match(words(prompt), /None of your accounts there is used now/);
      const use = labels(prompt).find(l => /^Use ana@acme/.test(l));
      assert.ok(use, JSON.stringify(labels(prompt)));
      await w.idle();
      assert.equal((await w.records()).length, records, 'nothing was called');
      assert.match(words(await ana.ask('whoami', /Who you are here/)), /I ask you first which of your accounts to use/);
      assert.match(words(await ana.ask('why salesforce create opportunity', /Why/)), /none of your accounts there is used now/);
      await ana.press(prompt, use);
      await ana.createdOnce('Asked');
      assert.match(await owner('Asked'), /ana/i);
      assert.equal(await w.count('login', "state in ('open', 'code')"), 0, 'the login that it waited for has ended');
    });

    test('D12 five accounts are all: a sixth is refused with words before anything is asked, and at the app\'s return, where its grant ends', async () => {
      // rows that were connected once, as many as fit
      await w.query(`insert into connection (workspace, id, default_name, user_id, resting_of, state, account_key, account_name, connected_at)
        select '${workspace}', i.id, 'acme-salesforce', i.id::text, '${user}', 'disconnected', i.n, i.n, now()
          from (select gen_random_uuid() as id, 'spare-' || n as n from generate_series(1, 2) n) i`);
      const prompt = await addPrompt();
      await w.query(`insert into connection (workspace, id, default_name, user_id, resting_of, state, account_key, account_name, connected_at)
        select '${workspace}', i.id, 'acme-salesforce', i.id::text, '${user}', 'disconnected', 'spare-3', 'spare-3', now()
          from (select gen_random_uuid() as id) i`);
      const browser = new Browser();
      await browser.logIn(loginUrl(prompt), 'ben@acme.example');
      assert.match(browser.text, /all the accounts there is room for/);
      await ana.sees(m => m.ts === prompt.ts && /there is room for no more/.test(words(m)));
      await w.idle();
      assert.equal((await mine()).length, 5);
      const offered = await ana.ask('connect salesforce', /already connected/);
      await ana.press(offered, 'Add another account');
      await ana.sees(/You have connected 5 accounts of Salesforce, and there is room for no more/, {after: prompt.ts});
      await w.query("delete from connection where account_key like 'spare-%'");
      await ana.ask('cancel', /Cancelled/);
    });

    test('D12 the API shows which one is chosen; off-boarding and forgetting reach all of them', async () => {
      const {items} = await w.must('GET', `/workspaces/${workspace}/personal-connections?user=${user}`);
      assert.deepEqual(items.map(i => [i.user, i.account.email, i.chosen]).sort(), [[user, WORK, true], [user, OTHER, false]].sort());
      const resting = items.find(i => !i.chosen);
      assert.equal((await w.api('DELETE', `/workspaces/${workspace}/personal-connections/${resting.id}?forget=true`)).status, 202);
      assert.deepEqual((await mine()).map(r => [r.account, r.chosen]), [[WORK, true]], 'the used one stands');
      await add(OTHER);
      const r = await w.api('DELETE', `/workspaces/${workspace}/personal-connections?app=salesforce&forget=true`);
      assert.equal(r.status, 202, r.text);
      await w.idle();
      assert.deepEqual(await mine(), []);
      for (const name of [WORK, OTHER]) assert.equal(await grants(name), 0, `nothing of ${name} lives`);
    });
  });
}
