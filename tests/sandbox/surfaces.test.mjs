// Shortcuts, the home page, modals and slash commands of the sandbox's Slack.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {actions, api, bot, button, json, post, section} from './harness.mjs';

const plain = text => ({type: 'plain_text', text});
const option = value => ({text: plain(value.toUpperCase()), value});
const modal = (more = {}) => ({type: 'modal', callback_id: 'form', title: plain('Deal'), submit: plain('Save'), blocks: [section('x')], ...more});
const input = (id, element, more = {}) => ({type: 'input', block_id: id, label: plain(`Label ${id}`), element: {action_id: `a_${id}`, ...element}, ...more});
const payload = (i = -1) => JSON.parse(new URLSearchParams(bot.calls.at(i).body).get('payload'));
const script = (path, body = {}) => json('POST', path, {user: 'ana', ...body});
const shortcut = body => script('/_shortcut', {callback_id: 'connections', ...body});
const screen = (user = 'ana') => json('GET', `/_view?user=${user}`);
const open = async view => {
  const {trigger_id} = await shortcut();
  const opened = await api('views.open', {trigger_id, view});
  assert.equal(opened.ok, true, JSON.stringify(opened));
  return opened.view;
};
const answer = body => { bot.answer = () => ({status: 200, headers: {'content-type': 'application/json'}, body: JSON.stringify(body)}); };

const everyInput = [
  input('name', {type: 'plain_text_input', min_length: 3, max_length: 10}),
  input('amount', {type: 'number_input', is_decimal_allowed: false, min_value: '1'}),
  input('close', {type: 'datepicker'}),
  input('stage', {type: 'static_select', options: [option('won'), option('lost')], initial_option: option('lost')}),
  input('urgent', {type: 'checkboxes', options: [{text: plain('Urgent'), value: 'true'}]}, {optional: true}),
  input('team', {type: 'external_select', min_query_length: 1}, {optional: true}),
];

describe('shortcuts', () => {
  test('a global one has no channel, no response_url and no api_app_id', async () => {
    const r = await shortcut();
    assert.equal(r.status, 200);
    const p = payload();
    assert.equal(bot.calls.at(-1).path, '/slack/interactions');
    assert.deepEqual(Object.keys(p).sort(), ['action_ts', 'callback_id', 'enterprise', 'is_enterprise_install', 'team', 'token', 'trigger_id', 'type', 'user']);
    assert.deepEqual([p.type, p.callback_id, p.team.id, p.user.id], ['shortcut', 'connections', 'T0ACME001', 'U0ANA0001']);
  });
  test('one on a message carries it; ephemerals and foreign messages have no menu', async () => {
    const m = await api('chat.postMessage', {channel: 'C0SALES01', text: 'a deal'});
    const r = await shortcut({callback_id: 'use', message: m.ts});
    const p = payload();
    assert.deepEqual([p.type, p.message.text, p.message_ts, p.channel.id], ['message_action', 'a deal', m.ts, 'C0SALES01']);
    assert.equal(p.response_url, r.response_url);
    const e = await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0ANA0001', text: 'psst'});
    assert.equal((await shortcut({message: e.message_ts})).error, 'message_not_found');
    assert.equal((await script('/_shortcut', {user: 'gus', message: (await post()).ts})).error, 'message_not_found');
  });
  test('people of another company have neither shortcuts nor commands', async () => {
    assert.equal((await script('/_shortcut', {user: 'sid', callback_id: 'connections'})).error, 'not_installed_there');
    assert.equal((await script('/_command', {user: 'sid', place: 'acme-otherco', text: 'help'})).error, 'not_installed_there');
  });
});

describe('the home page', () => {
  const home = (...blocks) => ({type: 'home', blocks});
  test('opening tells the bot each time; the view comes along once it was published', async () => {
    const first = await script('/_open_home');
    assert.equal(first.status, 200);
    const {event} = JSON.parse(bot.calls[0].body);
    assert.deepEqual([event.type, event.user, event.channel, event.tab, event.view], ['app_home_opened', 'U0ANA0001', 'D0ANA0001', 'home', undefined]);
    assert.equal((await screen()).home, null);
    await api('views.publish', {user_id: 'U0ANA0001', view: home(section('mine'))});
    await script('/_open_home');
    assert.equal(JSON.parse(bot.calls[1].body).event.view.blocks[0].text.text, 'mine');
    await script('/_open_home', {tab: 'messages'});
    assert.deepEqual([JSON.parse(bot.calls[2].body).event.tab, JSON.parse(bot.calls[2].body).event.view], ['messages', undefined]);
    assert.equal((await screen()).home.blocks[0].text.text, 'mine');
    assert.equal((await screen('cleo')).home, null, 'a page of one person');
  });
  test('a press there names the view, and has neither channel nor response_url', async () => {
    const published = await api('views.publish', {user_id: 'U0ANA0001', view: home(actions(button()))});
    const r = await script('/_click', {in: 'home', action: 'Go'});
    assert.equal(r.status, 200);
    const p = payload();
    assert.deepEqual(p.container, {type: 'view', view_id: published.view.id});
    assert.deepEqual([p.view.type, p.view.app_installed_team_id, p.view.hash, p.actions[0].value], ['home', 'T0ACME001', published.view.hash, 'v']);
    assert.deepEqual([p.channel, p.response_url, p.message], [undefined, undefined, undefined]);
    assert.equal((await script('/_click', {in: 'home', action: 'nope'})).error, 'action_not_found');
    assert.equal((await script('/_click', {in: 'modal', action: 'go'})).error, 'view_not_found');
    const open = await api('views.open', {trigger_id: r.trigger_id, view: modal()});
    assert.equal(open.ok, true);
  });
  test('what is no home page is refused', async () => {
    const publish = view => api('views.publish', {user_id: 'U0ANA0001', view});
    assert.match((await publish({...home(section('x')), title: plain('x')})).response_metadata.messages[0], /invalid additional property: title/);
    assert.match((await publish(modal())).response_metadata.messages[0], /valid view type/);
    assert.equal((await publish({...home(section('x')), hash: 'x'})).error, 'invalid_arguments');
    assert.equal((await api('views.publish', {user_id: 'U0NOPE', view: home(section('x'))})).error, 'invalid_arguments');
    const {view} = await publish(home(section('x')));
    assert.equal((await api('views.publish', {user_id: 'U0ANA0001', hash: 'old', view: home(section('y'))})).error, 'hash_conflict');
    assert.equal((await api('views.publish', {user_id: 'U0ANA0001', hash: view.hash, view: home(section('y'))})).ok, true);
    await json('PUT', '/_config', {slack: {home_tab: false}});
    assert.equal((await publish(home(section('x')))).error, 'not_enabled');
    await json('PUT', '/_config', {slack: {home_tab: true}});
  });
});

describe('modals', () => {
  test('trigger: once, for 3 s, from its own workspace', async () => {
    const {trigger_id} = await shortcut();
    assert.equal((await api('views.open', {trigger_id, view: modal()}, {token: 'xoxb-sample-globex-0001'})).error, 'invalid_trigger_id');
    assert.equal((await api('views.open', {trigger_id, view: modal()})).ok, true);
    assert.equal((await api('views.open', {trigger_id, view: modal()})).error, 'exchanged_trigger_id');
  });
  test('every kind of input: what a person enters is in state.values', async () => {
    await open(modal({blocks: everyInput, private_metadata: 'mine'}));
    bot.answer = () => ({status: 200, headers: {'content-type': 'application/json'}, body: JSON.stringify({options: [option('red'), option('blue')]})});
    const offered = await script('/_suggest', {action: 'team', value: 're'});
    assert.equal(payload().type, 'block_suggestion');
    assert.equal(bot.calls.at(-1).path, '/slack/options');
    assert.deepEqual(offered.options.map(o => o.value), ['red', 'blue']);
    bot.answer = () => ({status: 200});
    const r = await script('/_submit', {values: {name: 'Acme', 'Label amount': 5000, a_close: '2026-12-31', stage: 'WON', urgent: true, team: 'red'}});
    assert.deepEqual([r.status, r.closed, r.errors, r.answer], [200, true, null, '']);
    const p = payload();
    assert.equal(p.type, 'view_submission');
    assert.deepEqual([p.view.callback_id, p.view.private_metadata, p.view.app_installed_team_id, p.view.bot_id, p.view.previous_view_id], ['form', 'mine', 'T0ACME001', 'B0BOTACME', null]);
    assert.equal(p.view.root_view_id, p.view.id);
    assert.deepEqual(p.response_urls, []);
    assert.deepEqual(p.view.state.values, {
      name: {a_name: {type: 'plain_text_input', value: 'Acme'}},
      amount: {a_amount: {type: 'number_input', value: '5000'}},
      close: {a_close: {type: 'datepicker', selected_date: '2026-12-31'}},
      stage: {a_stage: {type: 'static_select', selected_option: option('won')}},
      urgent: {a_urgent: {type: 'checkboxes', selected_options: [{text: plain('Urgent'), value: 'true'}]}},
      team: {a_team: {type: 'external_select', selected_option: option('red')}},
    });
    assert.ok(!JSON.stringify(p).includes('_offered'));
    assert.equal((await screen()).modal, null);
  });
  test('the client refuses by itself: nothing is sent', async () => {
    await open(modal({blocks: everyInput}));
    const before = bot.calls.length;
    const r = await script('/_submit', {values: {name: 'ab', amount: '1.5', close: '2026-13-01'}});
    assert.deepEqual([r.sent, r.status, r.closed], [false, null, false]);
    assert.deepEqual(Object.keys(r.errors), ['name', 'amount', 'close']);
    assert.equal(bot.calls.length, before);
    assert.equal((await screen()).modal.errors.amount, 'Please enter a whole number.');
    assert.equal((await script('/_submit', {values: {stage: 'nope'}})).error, 'value_not_found');
    assert.equal((await script('/_submit', {values: {nope: 'x'}})).error, 'input_not_found');
    const forced = await script('/_submit', {force: true});
    assert.equal(forced.status, 200);
    assert.equal(payload().view.state.values.close.a_close.selected_date, '2026-13-01');
  });
  test('an empty field is null; what was typed stays when the bot finds errors', async () => {
    await open(modal({blocks: [input('a', {type: 'plain_text_input'}), input('b', {type: 'plain_text_input'}, {optional: true})]}));
    answer({response_action: 'errors', errors: {a: 'Not this one.'}});
    const r = await script('/_submit', {values: {a: 'x', b: ''}});
    assert.deepEqual([r.closed, r.errors], [false, {a: 'Not this one.'}]);
    assert.equal(payload().view.state.values.b.a_b.value, null);
    const now = (await screen()).modal;
    assert.deepEqual([now.errors, now.state.values.a.a_a.value], [{a: 'Not this one.'}, 'x']);
    for (const wrong of [{response_action: 'errors', errors: {}}, {response_action: 'errors', errors: {nope: 'x'}}, {response_action: 'errors'}]) {
      answer(wrong);
      assert.equal((await script('/_submit')).refused, 'invalid_errors', JSON.stringify(wrong));
    }
    bot.answer = () => ({status: 200, body: 'OK', headers: {'content-type': 'text/plain'}});
    const stray = await script('/_submit');
    assert.deepEqual([stray.refused, stray.closed], ['invalid_body', false], 'a stray body keeps the modal open');
    bot.answer = () => ({status: 500});
    assert.equal((await script('/_submit')).refused, 'trouble_connecting');
    answer({response_action: 'shut'});
    assert.equal((await script('/_submit')).refused, 'invalid_response_action');
    answer({});
    assert.equal((await script('/_submit')).closed, false);
  });
  test('update, push, clear; three are the limit; a closed view is gone', async () => {
    const first = await open(modal({notify_on_close: true}));
    answer({response_action: 'update', view: modal({title: plain('Second')})});
    await script('/_submit');
    let now = (await screen()).modal;
    assert.deepEqual([now.id, now.title.text], [first.id, 'Second']);
    assert.notEqual(now.hash, first.hash);
    answer({response_action: 'push', view: modal({title: plain('On top'), blocks: [actions(button())]})});
    await script('/_submit');
    now = (await screen()).modal;
    assert.deepEqual([now.title.text, now.previous_view_id, now.root_view_id], ['On top', first.id, first.id]);
    bot.answer = () => ({status: 200});
    const pressed = await script('/_click', {in: 'modal', action: 'go'});
    assert.equal((await api('views.push', {trigger_id: pressed.trigger_id, view: modal()})).ok, true);
    const again = await shortcut();
    assert.equal((await api('views.push', {trigger_id: again.trigger_id, view: modal()})).error, 'invalid_trigger_id', 'must come from inside the modal');
    assert.equal((await screen()).stack.length, 3);
    answer({response_action: 'push', view: modal()});
    assert.deepEqual((await script('/_submit')).faults, ['push_limit_reached']);
    answer({response_action: 'update', view: {...modal(), title: plain('x'.repeat(25))}});
    assert.equal((await script('/_submit')).refused, 'invalid_view');
    answer({response_action: 'clear'});
    assert.equal((await script('/_submit')).closed, true);
    assert.deepEqual((await screen()).stack, []);
    assert.equal((await api('views.update', {view_id: first.id, view: modal()})).error, 'not_found');
  });
  test('closing tells the bot where asked', async () => {
    await open(modal());
    assert.deepEqual([(await script('/_close')).status, (await screen()).modal], [null, null]);
    await open(modal({notify_on_close: true}));
    assert.equal((await script('/_close')).status, 200);
    assert.deepEqual([payload().type, payload().is_cleared, payload().trigger_id], ['view_closed', false, undefined]);
    await open(modal({notify_on_close: true}));
    await script('/_close', {all: true});
    assert.equal(payload().is_cleared, true);
    assert.equal((await script('/_close')).error, 'no_modal');
    assert.equal((await script('/_submit')).error, 'no_modal');
  });
  test('update races and external ids', async () => {
    const view = await open(modal({external_id: 'one'}));
    assert.equal((await api('views.update', {view_id: view.id, hash: 'old', view: modal()})).error, 'hash_conflict');
    assert.equal((await api('views.update', {external_id: 'one', hash: view.hash, view: modal({external_id: 'one'})})).ok, true);
    const {trigger_id} = await json('POST', '/_shortcut', {user: 'ben', callback_id: 'connections'});
    assert.equal((await api('views.open', {trigger_id, view: modal({external_id: 'one'})})).error, 'duplicate_external_id');
  });
  test('a person of another company submits: team is theirs, the installed one stands in the view', async () => {
    const m = await api('chat.postMessage', {channel: 'C0SHARED1', text: 'x', blocks: [actions(button())]});
    const pressed = await script('/_click', {user: 'sid', message: m.ts, action: 'go'});
    assert.deepEqual([payload().team.id, payload().user.team_id], ['T0ACME001', 'T0OTHERCO']);
    assert.equal((await api('views.open', {trigger_id: pressed.trigger_id, view: modal()})).ok, true);
    await script('/_submit', {user: 'sid'});
    assert.deepEqual([payload().team.id, payload().user.team_id, payload().view.app_installed_team_id], ['T0OTHERCO', 'T0OTHERCO', 'T0ACME001']);
  });
  test('a double click is two submissions', async () => {
    await open(modal());
    const r = await script('/_submit', {times: 2});
    assert.equal(r.attempts.length, 2);
    assert.equal(bot.calls.filter(c => c.body.includes('view_submission')).length, 2);
  });
  const wrong = {
    'no submit': [{submit: undefined, blocks: [input('a', {type: 'plain_text_input'})]}, /`submit` is required/],
    'unknown key': [{hash: 'x'}, /invalid additional property: hash/],
    'initial option': [{blocks: [input('a', {type: 'static_select', options: [option('a')], initial_option: option('b')})]}, /must match an option exactly/],
    'initial options': [{blocks: [input('a', {type: 'checkboxes', options: [option('a')], initial_options: [option('b')]})]}, /must match an option exactly/],
    'date': [{blocks: [input('a', {type: 'datepicker', initial_date: '31.12.2026'})]}, /valid date/],
    'number': [{blocks: [input('a', {type: 'number_input'})]}, /missing required field: is_decimal_allowed/],
    'lengths': [{blocks: [input('a', {type: 'plain_text_input', min_length: 5, max_length: 4})]}, /min_length/],
    'option value': [{blocks: [input('a', {type: 'static_select', options: [option('x'.repeat(76))]})]}, /less than 76/],
    '101 options': [{blocks: [input('a', {type: 'static_select', options: Array.from({length: 101}, (_, i) => option(String(i)))})]}, /no more than 100/],
    'label': [{blocks: [{...input('a', {type: 'plain_text_input'}), label: {type: 'mrkdwn', text: 'x'}}]}, /plain_text/],
    'input in a row of buttons': [{blocks: [actions({type: 'plain_text_input', action_id: 'x'})]}, /unsupported type/],
    'private_metadata': [{private_metadata: 'x'.repeat(3001)}, /less than 3001/],
    'close': [{close: plain('x'.repeat(25))}, /less than 25/],
    '101 blocks': [{blocks: Array(101).fill({type: 'divider'})}, /no more than 100/],
  };
  for (const [name, [more, message]] of Object.entries(wrong)) {
    test('refused: ' + name, async () => {
      const {trigger_id} = await shortcut();
      const r = await api('views.open', {trigger_id, view: JSON.parse(JSON.stringify(modal(more)))});
      assert.equal(r.error, 'invalid_arguments');
      assert.match(r.response_metadata.messages.join(), message);
      assert.equal((await api('views.open', {trigger_id, view: modal()})).ok, true, 'a refused view spends no trigger');
    });
  }
});

describe('slash commands', () => {
  const sees = async (user, place) => (await json('GET', `/_messages?user=${user}&place=${place}`)).messages.map(m => [m.text, m.ephemeral]);
  const command = body => script('/_command', {place: 'random', text: 'help', ...body});
  test('the answer is shown: nothing, plain text, JSON; private unless it says otherwise', async () => {
    assert.deepEqual([(await command()).status, await sees('ana', 'random')], [200, []]);
    bot.answer = () => ({status: 200, headers: {'content-type': 'text/plain'}, body: 'OK'});
    await command();
    assert.deepEqual(await sees('ana', 'random'), [['OK', true]], 'a stray OK is what the person reads');
    answer({response_type: 'ephemeral', text: 'psst'});
    await command();
    answer({response_type: 'in_channel', text: 'loud'});
    await command();
    assert.deepEqual(await sees('ana', 'random'), [['OK', true], ['psst', true], ['loud', false]]);
    assert.deepEqual(await sees('ben', 'random'), [['loud', false]]);
    answer({text: 'x', blocks: [{type: 'nope'}]});
    assert.equal((await command()).refused.error, 'invalid_blocks');
  });
  test('its fields; a trigger opens a modal; its response_url works where the bot is not', async () => {
    const r = await command({text: 'say <hi> & bye'});
    const f = Object.fromEntries(new URLSearchParams(bot.calls[0].body));
    assert.deepEqual([f.team_id, f.user_id, f.channel_id, f.command, f.is_enterprise_install, f.enterprise_id], ['T0ACME001', 'U0ANA0001', 'C0RANDOM1', '/workbot', 'false', undefined]);
    assert.equal(f.text, 'say &lt;hi&gt; &amp; bye');
    assert.equal((await api('views.open', {trigger_id: r.trigger_id, view: modal()})).ok, true);
    assert.equal((await api('chat.postEphemeral', {channel: 'C0RANDOM1', user: 'U0ANA0001', text: 'x'})).error, 'not_in_channel');
    await fetch(r.response_url, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({text: 'later'})});
    assert.deepEqual(await sees('ana', 'random'), [['later', true]]);
    assert.equal((await command({user: 'sid', place: 'acme-otherco'})).error, 'not_installed_there');
    assert.equal((await command({user: 'gus'})).error, 'not_in_channel');
  });
});
