// Cards that others read, too: what of them one person sees alone, and who may press what. (Teams' user-specific views.)
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {OPPORTUNITY, TEAMS_ACME, TEAMS_PEOPLE, cardOf, labels, loginUrl, start, words} from '../lib/flow.mjs';

const deal = name => `@Workbot ${OPPORTUNITY.replace('Acme renewal', name)}`;
const DEALS = '19:acmesales000deals@thread.tacv2';

describe('cards that others read', () => {
  let w, cleo, ben, line, prompt, said;
  before(async () => {
    w = await start({teams: 'only'});
    cleo = w.teamsPerson('cleo');
    ben = w.teamsPerson('ben');
    await ben.ask('help', /Salesforce/);
    said = await cleo.say(deal('Viewed deal'), {place: 'deals'});
    line = await cleo.sees(m => m.is_bot && m.root === said.id, {place: 'deals'});
    prompt = await cleo.sees(m => m.is_bot && loginUrl(m));
  });
  after(() => w?.stop());

  const execute = (person, wb, {trigger = 'manual', verb = wb.a, place = 'deals', ...more} = {}) => person.sends('invoke', {place, activity: {name: 'adaptiveCard/action',
    value: {action: {type: 'Action.Execute', verb, data: {wb}}, trigger}, ...more}});
  const answer = r => JSON.parse(r.answer);
  const run = name => w.one("select id, state from run where user_id = $1 order by created_at desc limit 1", [TEAMS_PEOPLE[name]]);
  const inDeals = async person => (await person.messages('deals')).filter(m => m.is_bot);
  /** The words of a card in an answer. */
  const shown = r => words({card: answer(r).value});

  test('the line for all names nobody but its person, and only that one is asked to look again', async () => {
    const {refresh} = cardOf(line);
    assert.deepEqual(refresh.userIds, [(await w.one('select address from chat_user where user_id = $1', [TEAMS_PEOPLE.cleo])).address]);
    assert.equal(refresh.action.type, 'Action.Execute');
    assert.deepEqual(Object.keys(refresh.action.data.wb).sort(), ['a', 'm']);
    assert.match(words(line), /I sent you a private message/);
    assert.equal((await ben.shows(line)).sent, false, 'nobody else is asked for');
  });

  test('history tells when in the reader\'s own time zone: clients put it in', async () => {
    const list = await ben.ask('history', /Your last commands|You have run no command/);
    assert.match(words(list), /no command yet/);
    await ben.ask('team note text: Timed', /Noted: Timed/);
    const told = await ben.ask('history', /Your last commands/);
    const times = JSON.stringify(cardOf(told)).match(/\{\{TIME\((\d{4}-\d\d-\d\dT[\d:]+Z)\)\}\}, \{\{DATE\(\1, SHORT\)\}\}/);
    assert.ok(times, JSON.stringify(cardOf(told)));
    assert.ok(Math.abs(Date.now() - Date.parse(times[1])) < 600e3);
    assert.doesNotMatch(words(told), /just now|ago/);
  });

  test('its owner sees how it stands, and no link', async () => {
    const r = await cleo.shows(line);
    assert.equal(answer(r).type, 'application/vnd.microsoft.card.adaptive', r.answer);
    assert.match(shown(r), /waits for your login to Salesforce/);
    assert.match(shown(r), /WB-/);
    assert.doesNotMatch(r.answer, /\/login\/|http:\/\/127/);
    assert.ok(answer(r).value.refresh, 'and is asked again next time');
    const own = (await cleo.messages('deals')).find(m => m.ts === line.ts);
    assert.match(words(own), /waits for your login/);
    const others = (await ben.messages('deals')).find(m => m.ts === line.ts);
    assert.match(words(others), /I sent you a private message/);
    assert.doesNotMatch(words(others), /WB-/);
  });

  test('teams_gotcha_10_a_button_of_somebody_else_is_refused_in_the_answer_and_nowhere_else', async () => {
    const {id} = await run('cleo');
    const before = {deals: (await inDeals(ben)).length, dm: (await ben.messages()).length};
    for (const a of ['drop', 'run_now', 'resume', 'unknown_again', 'unknown_done']) {
      for (const v of [id, `${id}@list`]) {
        const r = await execute(ben, {a, v, n: 1, t: `t${a}`}, {replyToId: line.ts});
        assert.equal(r.status, 200, r.answer);
        assert.equal(answer(r).type, 'application/vnd.microsoft.activity.message');
        assert.match(answer(r).value, /belongs to somebody else/);
      }
    }
    await w.idle();
    assert.equal((await run('cleo')).state, 'parked');
    assert.deepEqual({deals: (await inDeals(ben)).length, dm: (await ben.messages()).length}, before, 'not a line anywhere');
    // as a message, from a client that does not know the other way: still no line in the place
    const version = () => w.one('select version from message where platform_id = $1', [line.ts]);
    const stood = await version();
    const old = await ben.sends('message', {place: 'deals', activity: {text: null, value: {wb: {a: 'drop', v: id}}, replyToId: line.ts}});
    assert.equal(old.status, 200);
    await ben.sees(/belongs to somebody else/);
    await w.idle();
    assert.equal((await inDeals(ben)).length, before.deals);
    assert.deepEqual(await version(), stood, 'and no mark of an edit at what stands there');
    assert.equal((await run('cleo')).state, 'parked');
  });

  test('teams_gotcha_10_a_card_that_draws_itself_anew_presses_nothing', async () => {
    const {id} = await run('cleo');
    for (const more of [{trigger: 'automatic'}, {verb: 'refresh'}, {trigger: 'Automatic', verb: 'refresh'}]) {
      const r = await execute(cleo, {a: 'drop', v: id, n: 1, t: 'tauto'}, more);
      assert.equal(answer(r).type, 'application/vnd.microsoft.activity.message', r.answer);
    }
    await w.idle();
    assert.equal((await run('cleo')).state, 'parked');
  });

  test('a view is given in its own conversation alone, and a private message is none', async () => {
    const looks = (person, m, place) => execute(person, {a: 'refresh', m}, {trigger: 'automatic', place});
    const [{id: neutral}] = await w.query("select id from message where platform_id = $1", [line.ts]);
    const [{id: secret}] = await w.query("select id from message where platform_id = $1", [prompt.ts]);
    assert.match(shown(await looks(cleo, neutral, 'deals')), /waits for your login/);
    for (const [person, m, place] of [[cleo, neutral, 'dm'], [cleo, neutral, 'renewals'], [ben, secret, 'deals'], [cleo, secret, 'dm'], [cleo, secret, 'deals'],
      [cleo, '7b29acd3-0178-46e0-88c4-13367a176293', 'deals'], [cleo, 'none', 'deals']]) {
      const r = await looks(person, m, place);
      assert.equal(answer(r).type, 'application/vnd.microsoft.activity.message', r.answer);
      assert.doesNotMatch(r.answer, /\/login\/|waits for your/);
    }
    // whoever asks for it without being asked gets what stands there
    const theirs = await looks(ben, neutral, 'deals');
    assert.match(shown(theirs), /I sent you a private message/);
    assert.doesNotMatch(theirs.answer, /WB-/);
    assert.deepEqual(answer(theirs).value.refresh.userIds, cardOf(line).refresh.userIds);
  });

  test('a result stands there for all by name, and for its owner with account, organisation and why', async () => {
    const code = await cleo.browse(prompt);
    assert.match(cleo.browser.text, /in your one-to-one chat within/);
    assert.doesNotMatch(cleo.browser.text, /direct message/);
    await cleo.ask(code, /is connected/);
    const done = await cleo.sees(m => m.ts === line.ts && /Created Viewed deal, as Cleo/.test(words(m)), {place: 'deals'});
    assert.doesNotMatch(JSON.stringify(done), /cleo@acme\.example/);
    const r = await cleo.shows(done);
    assert.match(shown(r), /cleo@acme\.example \(Acme/);
    assert.match(shown(r), /Why: your own connection/);
    assert.match(shown(r), /Reference WB-[^.]*\. Only you see/);
    assert.deepEqual(labels({card: answer(r).value}), labels(done), 'the same buttons');
    assert.doesNotMatch(await ben.reads('deals'), /cleo@acme\.example|WB-/);
    const stored = await w.one('select body from message where platform_id = $1', [line.ts]);
    assert.doesNotMatch(stored.body.toString('latin1'), /cleo@/, 'sealed as all of it is');
  });

  test('a press that is taken there is on record before it is answered, and is one however often it comes', async () => {
    await w.putRecipe(TEAMS_ACME, {name: 'pressed', title: 'Pressed', command: 'salesforce pressed', allow: 'everyone',
      connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}},
      steps: [{id: 'opp', connection: 'salesforce', action: 'create_record', with: {object: 'Opportunity', fields: {Name: 'Pressed deal', StageName: 'Prospecting', CloseDate: '2026-12-31'}}}],
      reply: {text: 'Made by a press'}});
    const id = `f:${crypto.randomUUID()}`, wb = {a: 'words', v: 'salesforce pressed', n: 1, t: 'tpress'};
    const all = await Promise.all([1, 2, 3].map(() => execute(cleo, wb, {id, replyToId: line.ts})));
    for (const r of all) assert.match(answer(r).value, /Working on it/);
    assert.ok(await w.count('job', "kind = 'teams_invoke'") > 0);
    await cleo.sees(/Made by a press/, {place: 'deals'});
    await w.idle();
    assert.equal((await w.records()).filter(x => x.fields.Name === 'Pressed deal').length, 1);
  });

  test('while nothing can be stored a press is told so, and does nothing', async () => {
    const lock = await w.hold('lock table job in access exclusive mode', []);
    const r = await execute(cleo, {a: 'words', v: 'whoami', n: 1, t: 'tlate'}, {replyToId: line.ts});
    await lock.release();
    assert.equal(r.status, 200);
    assert.match(answer(r).value, /did nothing/);
    await w.idle();
    assert.equal(await w.count('job', `kind = 'teams_invoke' and key2 is not null and ended_at is null`), 0);
  });

  test('a file without a word is answered; one that comes with words changes nothing of them', async () => {
    const file = {contentType: 'application/vnd.microsoft.teams.file.download.info', name: 'deals.xlsx', content: {}};
    const html = {contentType: 'text/html', content: '<div>whoami</div>'};
    const messages = activity => cleo.sends('message', {activity: {textFormat: 'plain', ...activity}});
    await messages({text: null, attachments: [file]});
    await cleo.sees(/I cannot take files/);
    const before = (await cleo.messages()).filter(m => m.is_bot).length;
    await messages({text: '', attachments: [html]});
    await messages({text: 'whoami', attachments: [file, html]});
    await cleo.sees(/You are .*Cleo|Cleo/);
    await w.idle();
    assert.equal((await cleo.messages()).filter(m => m.is_bot).length, before + 1, 'one answer, to the words');
  });

  test('teams_gotcha_22_no_answer_and_no_message_holds_a_login_link_where_others_read', async () => {
    for (const c of await w.calls({peer: 'teams'})) {
      const text = JSON.stringify(c);
      if (text.includes(DEALS) && !/conversations\/a(%3A|:)/i.test(c.path ?? '')) assert.doesNotMatch(text, /\/login\/[A-Za-z0-9]/, c.path);
    }
  });
});
