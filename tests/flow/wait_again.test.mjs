// A step's message that its user alone sees is gone when Slack is reloaded: `pending` shows it again, and of its copies
// one press counts.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, button, labels, start, words} from '../lib/flow.mjs';

const SHIP = {name: 'ship', title: 'Ship', command: 'salesforce ship', allow: 'everyone',
  connections: {salesforce: {use: 'acme-salesforce', verify_user_access: true}}, inputs: [{name: 'name', required: true}],
  steps: [
    {id: 'ok', wait: {text: 'Ship {{inputs.name}}?', buttons: [{title: 'Ship it', value: 'ship'}, {title: 'Keep it', value: 'keep'}]}},
    {id: 'opp', connection: 'salesforce', action: 'create_record',
      with: {object: 'Opportunity', fields: {Name: '{{inputs.name}}', StageName: 'Prospecting', CloseDate: '2026-12-31', Description: '{{steps.ok.value}}'}}}],
  reply: {text: '{{inputs.name}}: {{steps.ok.value}}'}};
const AWAY = 'random'; // the bot is no member there

describe('a step that waits in a message of one person alone', () => {
  let w, ana;
  before(async () => {
    w = await start();
    ana = w.person('ana');
    await ana.connect();
    await w.putRecipe(ACME, SHIP);
  });
  after(() => w?.stop());

  const newest = async place => (await ana.messages(place)).at(-1)?.ts || '0';
  const command = async (text, fits, place = AWAY) => {
    const since = await newest(place);
    await ana.command(text, {place});
    const m = await ana.sees(fits, {place, after: since});
    await w.idle();
    return m;
  };
  const asks = async name => {
    const m = await command(`salesforce ship name: ${name}`, new RegExp(`Ship ${name}\\?`));
    assert.ok(m.ephemeral);
    return m;
  };
  const listed = place => command('pending', /Ship waits for a press of its buttons/, place);
  const shownAgain = async (list, name, place = AWAY) => {
    const since = await newest(place);
    await ana.press(list, 'Show it again');
    const m = await ana.sees(x => new RegExp(`Ship ${name}\\?`).test(words(x)) && labels(x).includes('Ship it'), {place, after: since});
    await w.idle();
    return m;
  };
  const made = async name => (await w.idle(), (await w.records()).filter(r => r.fields.Name === name).map(r => r.fields.Description));
  /** As a client does that still shows the message as it was. */
  const pressLate = (m, title) => ana.press(m, button(m, title).action, {force: true, value: button(m, title).value});

  test('it is shown again beside the list, and pressed there; the copy from before does nothing more', async () => {
    const old = await asks('Again'), again = await shownAgain(await listed(), 'Again');
    assert.ok(again.ephemeral);
    assert.notEqual(again.ts, old.ts);
    assert.deepEqual(labels(again), ['Ship it', 'Keep it']);
    await ana.press(again, 'Ship it');
    await ana.sees(/Again: ship/, {place: AWAY});
    await pressLate(old, 'Keep it');
    await ana.sees(/does nothing any more|Nothing is left to do here/, {place: AWAY});
    assert.deepEqual(await made('Again'), ['ship']);
  });

  test('the copy from before is as good, and then it is the newer one that does nothing more', async () => {
    const old = await asks('Older'), again = await shownAgain(await listed(), 'Older');
    await ana.press(old, 'Keep it');
    await ana.sees(/Older: keep/, {place: AWAY});
    const since = await newest(AWAY);
    await pressLate(again, 'Ship it');
    await ana.sees(/does nothing any more|Nothing is left to do here/, {place: AWAY, after: since});
    assert.deepEqual(await made('Older'), ['keep']);
  });

  test('both at once: one counts', async () => {
    const old = await asks('Both'), again = await shownAgain(await listed(), 'Both');
    await Promise.all([pressLate(old, 'Keep it'), pressLate(again, 'Ship it')]);
    await ana.sees(/Both: (ship|keep)/, {place: AWAY});
    assert.equal((await made('Both')).length, 1);
  });

  test('asked for in the one-to-one chat it moves there: the copy from before is dead', async () => {
    const old = await asks('Moved');
    const list = await ana.ask('pending', /Ship waits for a press of its buttons/);
    const again = await shownAgain(list, 'Moved', 'dm');
    assert.ok(!again.ephemeral);
    await pressLate(old, 'Keep it');
    await ana.sees(/does nothing any more/, {place: AWAY});
    assert.deepEqual(await made('Moved'), []);
    assert.deepEqual(labels(await ana.ask('pending', /Ship waits for a press/)).includes('Show it again'), false, 'it stays there');
    await ana.press(again, 'Ship it');
    await ana.sees(/Moved: ship/);
    assert.deepEqual(await made('Moved'), ['ship']);
  });

  test('once it has been pressed, or is somebody else\'s, nothing is shown', async () => {
    const old = await asks('Over'), list = await listed();
    const ben = w.person('ben');
    await ben.say('help');
    const bens = await ben.sees(m => m.is_bot && labels(m).length > 0);
    await ben.forge(bens, 'show_again', button(list, 'Show it again').value);
    await w.idle();
    assert.doesNotMatch(await ben.reads('dm', AWAY), /Ship Over/);
    await ana.press(old, 'Keep it');
    await ana.sees(/Over: keep/, {place: AWAY});
    const since = await newest(AWAY);
    await pressLate(list, 'Show it again');
    await w.idle();
    assert.equal((await ana.messages(AWAY)).some(m => m.ts > since && /Ship Over\?/.test(words(m))), false);
    assert.deepEqual(await made('Over'), ['keep']);
  });
});
