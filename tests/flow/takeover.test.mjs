// When the owner of a default connection leaves: admins are told, commands on it stop with the reason, and another
// admin takes it over in the chat, with one login. The same in Slack and in Teams.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, TEAMS_ACME, TEAMS_PEOPLE, button, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const NAME = 'acme-salesforce';
const recipe = {name: 'shared-find', title: 'Find shared', command: 'salesforce shared find', allow: 'everyone', connections: {sf: {use: NAME}},
  inputs: [{name: 'stage'}], steps: [{id: 'a', connection: 'sf', action: 'query', with: {soql: 'select Id, Name from Opportunity'}}], reply: {text: 'Found'}};
const CHATS = [
  {chat: 'Slack', options: {}, workspace: ACME, ids: {ana: 'U0ANA0001', ben: 'U0BEN0001', cleo: 'U0CLEO001'},
    person: (w, name) => w.person(name), leaves: w => w.sandbox('POST', '/_user', {user: 'ben', set: {deleted: true}})},
  {chat: 'Teams', options: {teams: 'only'}, workspace: TEAMS_ACME, ids: TEAMS_PEOPLE, person: (w, name) => w.teamsPerson(name),
    leaves: async w => {
      await w.sandbox('POST', '/_user', {chat: 'teams', user: 'ben', set: {disabled: true}});
      await w.query('update workspace set reconcile_at = now()');
    }},
];

for (const {chat, options, workspace, ids, person, leaves} of CHATS) {
  describe(`${chat}: a default connection is taken over`, () => {
    let w, ana, ben, cleo, noticed;
    const own = () => w.one("select state, reason, owner, account_name from connection where user_id = '' and default_name = $1", [NAME]);
    const open = () => w.query("select id, requested_by, state from login where user_id = '' and state in ('open', 'code')");
    const admins = (...names) => w.must('PUT', `/workspaces/${workspace}`, {admins: names.map(n => ids[n])});
    const alive = async name => (await w.grants()).filter(g => g.alive && g.username === `${name}@acme.example`).length;
    const path = `/workspaces/${workspace}/connections/${NAME}`;
    const isPrompt = m => m.is_bot && loginUrl(m) && /to take over/.test(words(m));
    const LEFT = {state: 'needs_attention', reason: 'owner_left'};
    const stillLeft = async () => {
      const {state, reason} = await own();
      assert.deepEqual({state, reason}, LEFT);
    };

    before(async () => {
      w = await start(options);
      [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(n => person(w, n));
      await admins('ben', 'cleo', 'ana');
      await w.putRecipe(workspace, recipe);
      for (const p of [ana, ben, cleo]) await p.ask('help', /What can I do/);
      await w.authorize(workspace, NAME, 'ben@acme.example');
      await w.query("update connection set owner = $1 where user_id = ''", [ids.ben]);
    });
    after(() => w?.stop());

    test('who logged in and is there: nothing is to be taken over', async () => {
      await ana.ask('salesforce shared find', /Found/);
      const no = await cleo.ask(`take over ${NAME}`, /nothing to take over.*works as ben@acme\.example/s);
      assert.match(words(no), /Ben.* logged it in/);
      await cleo.ask('take over', /no connection whose login has ended/);
      assert.deepEqual(await open(), []);
    });

    test('he leaves: every admin is told with a button, commands stop with the reason', async () => {
      await leaves(w);
      for (const p of [ana, cleo]) {
        const notice = await p.sees(new RegExp(`has left.*${NAME}.*stop now`, 's'));
        assert.deepEqual(labels(notice), ['Take over']);
        if (p === ana) noticed = notice;
      }
      await stillLeft();
      for (let i = 1; i <= 6; i++) await ana.ask(`salesforce shared find stage: Late ${i}`, /login of somebody who has left/);
      await ana.ask('salesforce shared find stage: Prospecting', /login of somebody who has left/);
    });

    test('whoever is no admin at the moment of the press may not, by the button or in words', async () => {
      await admins('cleo');
      await ana.press(noticed, 'Take over');
      await ana.sees(/Only an admin of Workbot can take a connection over/);
      await ana.ask(`take over ${NAME}`, /Only an admin/);
      await w.idle();
      assert.deepEqual(await open(), []);
      await admins('cleo', 'ana');
    });

    test('two at the same instant: one is at it, the other is told who, and may when that was cancelled or expired', async () => {
      const notice = await cleo.sees(/stop now/);
      await Promise.all([cleo.press(notice, 'Take over'), ana.say(`take over ${NAME}`)]);
      await w.idle();
      const [login, ...more] = await open();
      assert.deepEqual(more, []);
      const [first, second] = login.requested_by === `user:${ids.cleo}` ? [cleo, ana] : [ana, cleo];
      const name = first === cleo ? 'Cleo' : 'Ana';
      const prompt = await first.sees(isPrompt);
      assert.match(words(prompt), /Until now they acted as ben@acme\.example/);
      const busy = await second.sees(new RegExp(`${name}.* is logging in Salesforce, connection ${NAME}, at this moment`));
      assert.equal((await second.messages()).filter(isPrompt).length, 0, 'the link is its admin\'s alone');
      await first.ask('pending', /The login to Salesforce waits for you/);
      // cancelled
      await first.press(prompt, 'Back');
      await first.sees(m => m.ts === prompt.ts && /was not taken over/.test(words(m)) && button(m, 'Take over'));
      await second.press(busy, 'Try again');
      const next = await second.sees(isPrompt);
      const [{id}] = await open();
      const wait = await first.ask(`take over ${NAME}`, /is logging in/);
      // expired, and not yet swept or just so
      await w.query("update login set expires_at = now() - interval '1 second' where id = $1", [id]);
      await first.press(wait, 'Try again');
      const again = await first.sees(isPrompt, {after: prompt.ts});
      await second.sees(m => m.ts === next.ts && /expired/.test(words(m)) && button(m, 'Take over'));
      await first.say('cancel');
      await first.sees(m => m.ts === again.ts && /Cancelled/.test(words(m)));
      await w.idle();
      assert.deepEqual(await open(), []);
      await stillLeft();
    });

    test('typed once more, the newest link counts; a login by the API ends the one of the chat, and says so there', async () => {
      const prompt = await cleo.ask('take over', isPrompt);
      const newer = await cleo.ask('take over salesforce', isPrompt);
      await cleo.sees(m => m.ts === prompt.ts && /newer login prompt/.test(words(m)));
      assert.equal((await new Browser().request('GET', loginUrl(prompt))).status, 410);
      await w.must('POST', `${path}/login`, {});
      await cleo.sees(m => m.ts === newer.ts && /by the console or the API/.test(words(m)));
      await cleo.ask('take over', /whoever operates Workbot is logging in/);
      await w.query("update login set expires_at = now() - interval '1 second' where state = 'open'");
      await w.idle();
    });

    test('P4 a forwarded link: what another browser did is nothing until its admin types the code', async () => {
      const grants = await alive('ana');
      const prompt = await cleo.ask('take over', isPrompt);
      const browser = new Browser();
      await browser.get(loginUrl(prompt));
      assert.match(browser.text, /Cleo/, 'the page says who asks');
      const code = await browser.codeOf(loginUrl(prompt), 'ana@acme.example');
      assert.match(browser.text, /It lets Cleo/);
      await ana.say(code);
      await w.idle();
      await stillLeft();
      const told = await cleo.sees(m => m.ts === prompt.ts && /6-digit code/.test(words(m)));
      assert.match(words(told), /somebody else used your link: press Back/);
      // nor does the API take it
      assert.equal((await w.api('POST', `${path}/login/confirm`, {code})).status, 409);
      await cleo.press(told, 'Back');
      await cleo.sees(m => m.ts === prompt.ts && /was not taken over/.test(words(m)));
      await until('the grant to end', async () => await alive('ana') === grants);
      await cleo.ask(code, /not|no login/i);
      await stillLeft();
    });

    test('an admin who was removed between gets nowhere: not with the link, and not with the code', async () => {
      const grants = await alive('cleo');
      const prompt = await cleo.ask('take over', isPrompt);
      const code = await cleo.browse(prompt);
      await admins('ana');
      const page = new Browser();
      assert.equal((await page.request('GET', loginUrl(prompt))).status, 403);
      await cleo.ask(code, /for admins of Workbot here, and you are none any more/);
      await until('the grant to end', async () => await alive('cleo') === grants);
      await stillLeft();
      await admins('ana', 'cleo');
      // removed while the browser is at the app
      const next = await cleo.ask('take over', isPrompt);
      const browser = new Browser();
      const {location} = await browser.logIn(loginUrl(next), 'cleo@acme.example', {stop: '/oauth/callback/'});
      await admins('ana');
      assert.equal((await browser.request('GET', location)).status, 403);
      await cleo.sees(m => m.ts === next.ts && /you are no admin of Workbot here any more/.test(words(m)));
      await stillLeft();
      // one who is none any more keeps nobody waiting
      const mine = await ana.ask('take over', isPrompt);
      await ana.press(mine, 'Back');
      await admins('ana', 'cleo');
      await w.idle();
    });

    test('the whole login: new tokens, new owner, commands run as that account, everybody concerned hears of it', async () => {
      // it all was some time ago: what is pressed within seconds of the command itself would be the same wish
      await w.query("update connection set connected_at = now() - interval '1 hour' where user_id = ''");
      await w.query("update run set created_at = created_at - interval '10 minutes', asked_at = asked_at - interval '10 minutes'");
      const prompt = await cleo.ask('take over', isPrompt);
      const code = await cleo.browse(prompt);
      assert.match(cleo.browser.text, new RegExp(`Type this code in ${chat}`));
      const wrong = String((Number(code) + 1) % 1000000).padStart(6, '0');
      await cleo.ask(wrong, /not the code/);
      await cleo.say(code);
      await cleo.sees(m => m.ts === prompt.ts && new RegExp(`You have taken over.*${NAME}.*as cleo@acme\\.example`, 's').test(words(m)));
      assert.deepEqual(await own(), {state: 'active', reason: null, owner: ids.cleo, account_name: 'cleo@acme.example'});
      await ana.sees(new RegExp(`Cleo.* has taken over.*${NAME}.*works again`, 's'));
      await until('the old login to end', async () => await alive('ben') === 0);
      // whose command had stopped is told, and runs it again with what was typed
      const told = await ana.sees(/works again for commands that stopped because somebody had left.*Find shared \(stage: Prospecting\) stopped, and did nothing/s);
      assert.match(words(told), /And 2 more: history shows them/);
      await ana.press(told, 'Run Find shared again');
      await ana.sees(/Found/, {after: told.ts});
      await ana.ask('salesforce shared find', /Found/);
      await w.idle();
      const acted = await w.one("select c.account from run_connection c join run r using (workspace) where r.id = c.run_id order by r.created_at desc limit 1");
      assert.match(acted.account, /cleo@acme\.example/);
      const rows = await w.query("select actor, subject, detail from audit where action = 'default_connection.taken_over'");
      assert.deepEqual(rows.map(r => [r.actor, r.subject, r.detail.account, r.detail.owner_before]), [[`user:${ids.cleo}`, NAME, 'cleo@acme.example', ids.ben]]);
      // a late press, and the code once more
      await ana.ask(`take over ${NAME}`, /nothing to take over.*Cleo.* logged it in/s);
      assert.deepEqual(await open(), []);
      assert.equal(await w.count('connection', `user_id in ('${ids.cleo}', '${ids.ana}')`), 0, 'nobody got a personal connection by it');
    });
  });
}
