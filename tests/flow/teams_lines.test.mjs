// What stands in a place of Teams that others read, while the rest of it stands in somebody's one-to-one chat: true words.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {OPPORTUNITY, ROOT, TEAMS_ACME, TEAMS_PEOPLE, cardOf, labels, loginUrl, start, words} from '../lib/flow.mjs';

const at = text => `@Workbot ${text}`;
const deal = name => at(OPPORTUNITY.replace('Acme renewal', name));

describe('lines that point to the one-to-one chat', () => {
  let w;
  before(async () => {
    w = await start({teams: 'only'});
    const recipe = JSON.parse(readFileSync(join(ROOT, 'tests/demo/acme/recipes/create-opportunity.json'), 'utf8'));
    recipe.reply.buttons.push({title: 'Call back', command: 'salesforce create task', inputs: {about: '{{steps.opp.id}}', subject: 'Call them back'}});
    await w.putRecipe(TEAMS_ACME, recipe);
  });
  after(() => w?.stop());
  const person = name => w.teamsPerson(name);
  const after_ = async (who, said, place = 'dm') => {
    await w.idle();
    return (await who.messages(place)).filter(m => m.is_bot && m.ts > said.ts);
  };

  test('who has not added the app is told so in the line that promised the answer, and no second one is posted', async () => {
    const noa = person('noa');
    const said = await noa.say(at('connections'), {place: 'renewals'});
    const line = await noa.sees(/did not arrive/, {place: 'renewals', after: said.ts});
    assert.match(words(line), /^Noa[^,]*, my private message to you did not arrive/);
    assert.match(words(line), /add me as an app, then send it to me there/);
    assert.doesNotMatch(words(line), /pending|answered you/, 'nothing waits');
    assert.equal((await after_(noa, said, 'renewals')).length, 1);
  });

  test('so it is with a command, for whom it is asked, too; what waits is said to wait', async () => {
    const noa = person('noa');
    const said = await noa.say(deal('Unreached deal'), {place: 'renewals'});
    const line = await noa.sees(/did not arrive/, {place: 'renewals', after: said.ts});
    assert.match(words(line), /add me as an app/);
    assert.match(words(line), /`?pending/);
    const lines = await after_(noa, said, 'renewals');
    assert.deepEqual(lines.map(m => m.ts), [line.ts], 'one line');
    assert.doesNotMatch(words(lines[0]), /one-to-one chat\. It goes on|I sent you/);
    assert.ok(!cardOf(lines[0]).refresh, 'and nobody sees another one in its place');
    const [run] = await w.query('select state from run where user_id = $1', [TEAMS_PEOPLE.noa]);
    assert.equal(run.state, 'parked');
  });

  test('P9 a prompt that did not arrive is not open: the next command sends another one, and is true about it', async () => {
    const noa = person('noa');
    const second = await noa.say(deal('Second deal'), {place: 'renewals'});
    const line = await noa.sees(/did not arrive/, {place: 'renewals', after: second.ts});
    assert.match(words(line), /add me as an app/);
    await noa.installs();
    await w.idle();
    assert.equal((await noa.messages()).some(m => loginUrl(m)), false, 'nothing has arrived so far');
    const third = await noa.say(deal('Third deal'), {place: 'renewals'});
    await noa.sees(/I sent you a private message/, {place: 'renewals', after: third.ts});
    await w.idle();
    const prompts = (await noa.messages()).filter(m => loginUrl(m));
    assert.equal(prompts.length, 1);
    const waits = words(await noa.ask('pending', /Waiting/));
    for (const name of ['Unreached deal', 'Second deal', 'Third deal']) assert.match(waits, new RegExp(name));
    const [login] = await w.query("select count(*)::int as n from login where user_id = $1 and state = 'open'", [TEAMS_PEOPLE.noa]);
    assert.equal(login.n, 1);
    await noa.uninstalls();
  });

  test('a question of a command in a channel stands once in the one-to-one chat, and the line calls it one', async () => {
    const cleo = person('cleo');
    await cleo.ask('help', /Salesforce/);
    const said = await cleo.say(at('salesforce create opportunity'), {place: 'deals'});
    await cleo.sees(/Enter name/, {after: said.ts});
    assert.equal((await after_(cleo, said)).length, 1, 'the question alone');
    const lines = await after_(cleo, said, 'deals');
    assert.deepEqual(lines.map(words), ['Cleo Chen, I asked you for the rest in our one-to-one chat.']);
    await cleo.ask('cancel', /Cancelled/);
  });

  test('thanks are answered once, where they stand', async () => {
    const cleo = person('cleo');
    const said = await cleo.say(at('thanks'), {place: 'deals'});
    await cleo.sees(/You are welcome/, {place: 'deals', after: said.ts});
    assert.deepEqual((await after_(cleo, said, 'deals')).map(words), ['You are welcome. Type help to see what I can do for you.']);
    assert.deepEqual(await after_(cleo, said), []);
  });

  test('a login asked for in a channel stands once in the one-to-one chat, and the line says so', async () => {
    const cleo = person('cleo');
    const said = await cleo.say(at('connect salesforce'), {place: 'deals'});
    await cleo.sees(m => m.is_bot && loginUrl(m), {after: said.ts});
    assert.equal((await after_(cleo, said)).length, 1);
    assert.deepEqual((await after_(cleo, said, 'deals')).map(words), ['Cleo Chen, I asked you to log in in our one-to-one chat.']);
    await cleo.ask('cancel', /Cancelled/);
  });

  test('a command that was cancelled stands there by name without its reference, which its own person sees', async () => {
    const cleo = person('cleo');
    const said = await cleo.say(deal('Cancelled deal'), {place: 'deals'});
    await cleo.sees(m => m.is_bot && loginUrl(m), {after: said.ts});
    await cleo.ask('cancel', /Cancelled: Create an opportunity/);
    const [line] = (await after_(person('ben'), said, 'deals'));
    assert.equal(words(line), 'Cleo Chen cancelled Create an opportunity.');
    assert.doesNotMatch(await person('ben').reads('deals'), /WB-/);
    const own = JSON.parse((await cleo.shows(line)).answer).value;
    assert.match(words({card: own}), /Cancelled: Create an opportunity\. Nothing was done/);
    assert.match(words({card: own}), /WB-/);
  });

  test("P8 somebody else's button answers whoever presses it, in the answer to the press: no line in the place, until the result", async () => {
    const [ben, cleo] = [person('ben'), person('cleo')];
    await ben.connect();
    await ben.ask('help', /Salesforce/);
    await cleo.ask('help', /Salesforce/);
    const asked = await ben.say(deal('Pressed on'), {place: 'deals'});
    const done = await ben.sees(/Created Pressed on/, {place: 'deals', after: asked.ts});
    await w.idle();
    const before = {deals: (await cleo.messages('deals')).length, dm: (await cleo.messages()).length};
    const answer = JSON.parse((await cleo.press(done, 'Call back')).answer);
    assert.equal(answer.type, 'application/vnd.microsoft.activity.message');
    assert.equal(answer.value, 'Working on it. What is for you alone comes in our one-to-one chat.');
    const prompt = await cleo.sees(m => m.is_bot && loginUrl(m));
    await w.idle();
    assert.equal((await cleo.messages('deals')).length, before.deals, 'not a line for all');
    const own = (await cleo.messages()).slice(before.dm).filter(m => m.is_bot);
    assert.deepEqual(own.map(m => m.ts), [prompt.ts], own.map(words).join('\n'));
    await cleo.ask(await cleo.browse(prompt), /is connected/);
    await cleo.sees(/Call them back/, {place: 'deals'});
    await w.idle();
    assert.equal((await cleo.messages('deals')).length, before.deals + 1, 'the result alone');
    assert.match(words((await cleo.messages('deals')).at(-1)), /as Cleo Chen/);
    // what else is needed is asked for in a form, and the result comes there as well
    await cleo.press(done, 'Add a task');
    await cleo.modal();
    await cleo.submit({in_subject: 'And once more'});
    await cleo.sees(/And once more/, {place: 'deals'});
  });

  test('P8 what a press in a place began and nobody there was told of ends in private, too', async () => {
    const ana = person('ana');
    await ana.ask('help', /Salesforce/);
    const [done] = (await ana.messages('deals')).filter(m => m.is_bot && labels(m).includes('Add a task'));
    const before = (await ana.messages('deals')).length;
    await ana.press(done, 'Call back');
    await ana.sees(m => m.is_bot && loginUrl(m));
    await w.idle();
    await w.query("update run set expires_at = now() - interval '1 s' where state = 'parked' and user_id = $1", [TEAMS_PEOPLE.ana]);
    await ana.sees(/The time for the login is over\. Nothing was done/);
    await w.idle();
    assert.equal((await ana.messages('deals')).length, before, 'not a line for all');
  });
});
