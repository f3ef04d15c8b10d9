// P6 under load: two hundred commands of one person at once, over two replicas, with an expired token of single use.
// The app's answer is held back until both replicas have begun with forty of them; and with the refreshing process
// killed between that answer and its commit.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, ROOT, SLOWNESS, start, until, words} from '../lib/flow.mjs';

const ROUNDS = SLOWNESS > 1 ? 2 : process.env.WORKBOT_TEST_LONG ? 100 : 5;
/** An app's answer is awaited for 15 s: where a sanitizer makes everything slower the storm is a smaller one. */
const [COMMANDS, BEGUN, RECIPES] = SLOWNESS > 1 ? [60, 10, 15] : [200, 40, 50];
const ANA = "user_id = 'U0ANA0001'";

/** What a storm leaves behind makes the next ones slower: after a few of them everything begins anew. */
const A_WORLD = 5;
for (let from = 1; from <= ROUNDS; from += A_WORLD) describe(`P6 storms of refreshes, from the ${from}. on`, () => {
  let w, ana;
  before(async () => {
    w = await start({replicas: 2, between: true});
    for (const n of [0, 1]) { // each replica's sessions are known by their name
      await w.stopReplica(n);
      w.env.WORKBOT_DATABASE_URL = `${w.databaseUrl}?application_name=replica${n}`;
      await w.startReplica(n);
    }
    ana = w.person('ana');
    await ana.connect();
    // a person has few commands of one recipe under way at a time: many recipes make a storm
    const find = JSON.parse(readFileSync(join(ROOT, 'tests/demo/acme/recipes/find-opportunities.json'), 'utf8'));
    for (let i = 0; i < RECIPES; i++) await w.putRecipe(ACME, {...find, name: `storm-${i}`, command: `storm ${i}`});
    await w.query('create table begun (replica text, job uuid, primary key (replica, job))');
    await w.query(`create function note_begun() returns trigger language plpgsql as
      'begin insert into begun values (current_setting(''application_name''), new.id) on conflict do nothing; return new; end'`);
    // a replica that is slow to begin, as one that was just started, must find something left: no other takes its share
    await w.query(`create function leave_a_share() returns trigger language plpgsql as
      'begin
         if not exists (select from begun where job = new.id)
            and (select count(*) from begun where replica = current_setting(''application_name'')) >= ${COMMANDS - 2 * BEGUN}
            and (select count(*) from begun where replica <> current_setting(''application_name'')) < ${BEGUN} then return null; end if;
         return new;
       end'`);
    await w.query(`create trigger leave_a_share before update of state on job for each row
      when (new.kind = 'run' and new.state = 'running') execute function leave_a_share()`);
    await w.query(`create trigger note_begun after insert or update of state on job for each row
      when (new.kind = 'run' and new.state = 'running') execute function note_begun()`);
  });
  after(() => w?.stop());

  const done = () => w.count('run', "state = 'done'");
  const refreshes = async () => (await w.tokenCalls('refresh_token')).map(c => c.args.refresh_token);
  const prompts = async () => (await ana.messages()).filter(m => m.is_bot && /^Log in to Salesforce/.test(words(m)));
  const logins = () => w.count('login', ANA);
  const grant = async () => (await w.grants()).findLast(g => g.username === 'ana@acme.example');

  let typed = 0;
  /** All at once, half of them at each replica, with a token that has expired. */
  async function storm() {
    // a conversation's messages go out one after the other: those of the round before must not stand before these
    await within(120000, 'the round before to be over', async () => await w.count('job', "state <> 'done'") === 0);
    await w.query('truncate begun');
    await w.query(`update connection set access_expires_at = now() - interval '1 minute' where ${ANA}`);
    const answers = await Promise.all(Array.from({length: COMMANDS}, (_, i) => {
      const ts = `${Math.floor(Date.now() / 1000)}.${String(100000 + typed++).padStart(6, '0')}`;
      return w.signed('/slack/events', w.dm(`storm ${i % RECIPES} name: zzz${typed}`, {ts}), {url: w.replicas[i % 2].url});
    }));
    assert.deepEqual(answers.map(a => a.status), Array(COMMANDS).fill(200), 'taken');
  }

  /** What a wait in vain is understood from: how far the runs are, what their jobs wait for, and how the token stands. */
  const stand = async () => JSON.stringify({
    runs: await w.query('select state, count(*)::int as n from run group by state'),
    jobs: await w.query(`select kind, state, error_code, count(*)::int as n, min(run_at - now())::text as next from job
      where state <> 'done' group by kind, state, error_code`),
    connection: await w.query(`select state, generation, refresh_until > now() as held from connection where ${ANA}`),
    attempts: await w.query('select ended_at is null as open, count(*)::int as n from refresh_attempt group by 1'),
    begun: await w.query('select replica, count(*)::int as n from begun group by replica'),
  });
  const within = (ms, what, check) => until(what, check, ms).catch(async e => {
    throw new Error(`${e.message}: ${await stand()}`);
  });

  /** Both replicas have begun with that many, and the first refresh is under way still. */
  const begun = () => within(30000, `${BEGUN} commands to have begun on each replica`, async () => {
    const rows = await w.query('select replica, count(*)::int as n from begun group by replica');
    return rows.length === 2 && rows.every(r => r.n >= BEGUN);
  });

  /** What came of a refresh whose answer has come stands at a gate until the process that made it is dead. */
  async function killBetweenAnswerAndCommit() {
    const gate = await w.gate('storm_commit', 'update', 'connection', 'new.generation > old.generation');
    w.answers.release();
    await gate.waiting(1); // others may wait for a row that the one at the gate holds
    const {application_name: name} = await w.one(`select application_name from pg_stat_activity
      where datname = current_database() and wait_event = 'advisory' and application_name like 'replica%'`);
    const n = Number(name.at(-1));
    await w.kill(n);
    await w.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [name]);
    await gate.release();
    await w.query(`update connection set refresh_until = now() where ${ANA}`); // the lease of the dead one is over
    w.env.WORKBOT_DATABASE_URL = `${w.databaseUrl}?application_name=${name}`;
    await w.startReplica(n);
  }

  for (let round = from; round < from + A_WORLD && round <= ROUNDS; round++) {
    test(`failure_02_burst_at_expiry failure_01_one_use_token apps_trap_03_storm P6 one refresh for ${COMMANDS} commands at once, and all succeed (round ${round})`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'never'}});
      const [calls, was, asked] = [(await refreshes()).length, await done(), await logins()];
      w.answers.hold(/oauth2\/token/);
      try {
        await storm();
        await begun();
        assert.equal(w.answers.held(), 1, 'one refresh waits for its answer');
        assert.equal(await done(), was, 'nothing was done without it');
      } finally {
        w.answers.release();
      }
      await within(120000, 'all of them to be done', async () => await done() === was + COMMANDS);
      assert.equal((await refreshes()).length - calls, 1, 'one refresh reached the app');
      assert.equal((await grant()).refused_refreshes, 0, 'none was refused');
      assert.equal(await logins(), asked, 'nobody was asked to log in');
      assert.equal(await w.count('connection', `${ANA} and state = 'active'`), 1);
      assert.equal(await w.count('refresh_attempt', 'ended_at is null'), 0);
    });

    const gone = round % 2 === 0;
    test(`apps_trap_04_killed P6 P9 the refreshing process dies before it commits, the old token ${gone ? 'is worth nothing' : 'still works once'} (round ${round})`, async () => {
      await w.sandbox('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: gone ? 'never' : 'once'}});
      const [calls, was, asked, shown] = [(await refreshes()).length, await done(), await logins(), (await prompts()).length];
      w.answers.hold(/oauth2\/token/);
      try {
        await storm();
        await begun();
        await killBetweenAnswerAndCommit();
      } finally {
        w.answers.release();
      }
      if (gone) {
        await within(120000, 'all of them to wait for a login', async () => await w.count('run', "state = 'parked'") === COMMANDS);
        assert.equal(await logins() - asked, 1, 'asked once');
        const now = await within(120000, 'the prompt', async () => [await prompts()].find(list => list.length > shown));
        assert.equal(now.length - shown, 1, 'one prompt');
        assert.match(words(now.at(-1)), /Log in to Salesforce again: the login you had there has ended/);
        await ana.say(await ana.browse(now.at(-1)));
      }
      await within(120000, 'all of them to be done', async () => await done() === was + COMMANDS);
      const used = (await refreshes()).slice(calls);
      assert.equal(used.length, 2, 'the journalled one, and one more');
      assert.equal(new Set(used).size, 1, 'with the same token');
      assert.equal(await logins() - asked, gone ? 1 : 0, 'nobody was asked without need');
      assert.equal(await w.count('connection', `${ANA} and state = 'active'`), 1);
      assert.equal(await w.count('run', "state not in ('done', 'superseded')"), 0);
    });
  }
});
