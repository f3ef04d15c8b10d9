// The sandbox by itself: every refusal, every fault, deliveries to a small bot in this process.
import assert from 'node:assert/strict';
import {createHash, createHmac} from 'node:crypto';
import {describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {CALLBACK, CHALLENGE, CLIENT, CLIENT_SECRET, SECRET, TOKEN, VERIFIER, actions, api, authorizeUrl, base, bot, botServer, button, deal, exchange, fault, formPost, get, json, login, logs, post, refresh, requestOf, rest, say, section, sf, soql, tokens, until} from './harness.mjs';

describe('signatures', () => {
  const sign = (secret, ts, body) => 'v0=' + createHmac('sha256', secret).update(`v0:${ts}:${body}`).digest('hex');
  test('the page\'s vector A comes out of a delivery', async () => {
    const body = 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    await json('POST', '/_deliver', {path: '/slack/commands', type: 'application/x-www-form-urlencoded', body, secret: '8f742231b10e8888abcd99yyyzzz85a5', timestamp: '1531420618'});
    assert.equal(bot.calls[0].body, body);
    assert.equal(bot.calls[0].headers['x-slack-signature'], 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503');
  });
  test('UTF-8 and the empty body', async () => {
    const secret = '8f742231b10e8888abcd99yyyzzz85a5';
    await json('POST', '/_deliver', {body: '{"text":"naïve “quotes”"}', secret, timestamp: '1700000000'});
    await json('POST', '/_deliver', {body: '', secret, timestamp: '1700000000'});
    assert.equal(bot.calls[0].headers['x-slack-signature'], 'v0=26b591316b914869e191ee83664eef66a3cec3102b403dc521ac17962f4a80f1');
    assert.equal(bot.calls[1].headers['x-slack-signature'], 'v0=e32114b39f9a22e4b8d8778478b39e6ed0677e5562e5474c3104b4074f1917e2');
  });
  test('events and clicks are signed over the raw body, now', async () => {
    await say({});
    const c = bot.calls[0];
    const ts = c.headers['x-slack-request-timestamp'];
    assert.ok(Math.abs(Date.now() / 1000 - Number(ts)) < 5);
    assert.equal(c.headers['x-slack-signature'], sign(SECRET, ts, c.body));
  });
  test('hostile deliveries: bad, missing and old signatures', async () => {
    await json('POST', '/_deliver', {event: {type: 'message'}, bad_signature: true});
    await json('POST', '/_deliver', {event: {type: 'message'}, no_signature: true});
    await json('POST', '/_deliver', {event: {type: 'message'}, timestamp_offset_s: -301});
    const [bad, none, old] = bot.calls;
    assert.notEqual(bad.headers['x-slack-signature'], sign(SECRET, bad.headers['x-slack-request-timestamp'], bad.body));
    assert.equal(none.headers['x-slack-signature'], undefined);
    assert.ok(Date.now() / 1000 - Number(old.headers['x-slack-request-timestamp']) > 299);
  });
});

describe('deliveries', () => {
  test('a DM is a message event with a full envelope', async () => {
    const said = await say({text: 'find <b> & co @workbot mail ana@acme.example https://x.com/?a=1&b=2'});
    const e = JSON.parse(bot.calls[0].body);
    assert.equal(bot.calls[0].path, '/slack/events');
    assert.equal(e.type, 'event_callback');
    assert.equal(e.team_id, 'T0ACME001');
    assert.equal(e.api_app_id, 'A0WORKBOT');
    assert.equal(e.event_id, said.event_id);
    assert.deepEqual(e.authorizations, [{enterprise_id: null, team_id: 'T0ACME001', user_id: 'U0BOTACME', is_bot: true, is_enterprise_install: false}]);
    assert.equal(e.event.type, 'message');
    assert.equal(e.event.channel_type, 'im');
    assert.equal(e.event.channel, 'D0ANA0001');
    assert.equal(e.event.ts, said.ts);
    assert.equal(e.event.text, 'find &lt;b&gt; &amp; co <@U0BOTACME> mail <mailto:ana@acme.example|ana@acme.example> <https://x.com/?a=1&amp;b=2>');
    assert.equal(said.status, 200);
  });
  test('a channel tells the bot of mentions only', async () => {
    assert.equal((await say({place: 'sales', text: 'lunch?'})).delivered, false);
    const said = await say({place: 'sales', text: '@workbot help'});
    assert.equal(said.delivered, true);
    const e = JSON.parse(bot.calls[0].body).event;
    assert.equal(e.type, 'app_mention');
    assert.equal(e.channel_type, undefined);
    assert.equal((await say({place: 'random', text: '@workbot help'})).delivered, false);
  });
  test('raw text, threads, other workspaces', async () => {
    const first = await say({place: 'sales', text: '<@U0BOTACME> a', raw: true});
    await say({place: 'sales', text: '<@U0BOTACME> b', raw: true, thread_ts: first.ts});
    await say({workspace: 'globex', user: 'gina'});
    const [a, b, c] = bot.calls.map(x => JSON.parse(x.body));
    assert.equal(a.event.text, '<@U0BOTACME> a');
    assert.equal(b.event.thread_ts, first.ts);
    assert.equal(c.team_id, 'T0GLOBEX1');
    assert.equal(c.event.user, 'U0ANA0001');
  });
  test('a failing bot sees the retries, with number and reason', async () => {
    bot.answer = () => ({status: 500});
    const said = await say({});
    assert.equal(said.status, 500);
    await until('three retries', () => bot.calls.length === 4);
    assert.deepEqual(bot.calls.map(c => c.headers['x-slack-retry-num']), [undefined, '1', '2', '3']);
    assert.equal(bot.calls[1].headers['x-slack-retry-reason'], 'http_error');
    assert.equal(new Set(bot.calls.map(c => JSON.parse(c.body).event_id)).size, 1);
    await pause(120);
    assert.equal(bot.calls.length, 4);
  });
  test('X-Slack-No-Retry ends it; a success ends it', async () => {
    bot.answer = () => ({status: 500, headers: {'X-Slack-No-Retry': '1'}});
    await say({});
    await pause(120);
    assert.equal(bot.calls.length, 1);
    bot.answer = () => ({status: bot.calls.length === 2 ? 500 : 200});
    await say({});
    await until('one retry', () => bot.calls.length === 3);
    await pause(120);
    assert.equal(bot.calls.length, 3);
  });
  test('a slow bot is a timeout and is retried', async () => {
    await json('PUT', '/_config', {slack: {timeout_ms: 100}});
    bot.answer = async () => (bot.calls.length === 1 && await pause(400), {status: 200});
    const said = await say({});
    assert.equal(said.status, 0);
    assert.equal(said.attempts[0].failure, 'http_timeout');
    await until('retry', () => bot.calls.length === 2);
    assert.equal(bot.calls[1].headers['x-slack-retry-reason'], 'http_timeout');
  });
  test('duplicates: same id, other ids, at once', async () => {
    const same = await say({repeat: 3});
    const other = await say({repeat: 3, new_event_ids: true, together: true});
    assert.equal(new Set(same.event_ids).size, 1);
    assert.equal(new Set(other.event_ids).size, 3);
    assert.equal(bot.calls.length, 6);
    assert.equal(new Set(bot.calls.slice(3).map(c => JSON.parse(c.body).event.ts)).size, 1);
  });
  test('crafted events', async () => {
    const sent = await json('POST', '/_deliver', {event: {type: 'message', channel: 'D0ANA0001', user: 'U0ANA0001', text: 'x', ts: '1700000000.000100'}, envelope: {team_id: 'T0OTHER'}, duplicate: 2, retry_num: 1});
    assert.equal(sent.attempts.length, 2);
    const e = JSON.parse(bot.calls[0].body);
    assert.equal(e.team_id, 'T0OTHER');
    assert.equal(e.authorizations[0].team_id, 'T0ACME001');
    assert.equal(bot.calls[0].headers['x-slack-retry-num'], '1');
    await json('POST', '/_deliver', {path: '/slack/interactions', type: 'application/x-www-form-urlencoded', body: {type: 'x'}});
    assert.equal(bot.calls[2].body, 'payload=%7B%22type%22%3A%22x%22%7D');
  });
  test('url_verification', async () => {
    bot.answer = c => ({status: 200, body: JSON.parse(c.body).challenge});
    assert.equal((await json('POST', '/_verify', {})).verified, true);
    bot.answer = () => ({status: 200});
    assert.equal((await json('POST', '/_verify', {})).verified, false);
  });
  test('the bot hears its own DM posts and edits, as Slack does', async () => {
    await json('PUT', '/_config', {slack: {echo_bot_messages: true}});
    const m = await post({});
    await until('echo', () => bot.calls.length === 1);
    const e = JSON.parse(bot.calls[0].body).event;
    assert.equal(e.bot_id, 'B0BOTACME');
    assert.equal(e.subtype, undefined);
    await api('chat.update', {channel: 'D0ANA0001', ts: m.ts, text: 'y'});
    await until('edit', () => bot.calls.length === 2);
    assert.equal(JSON.parse(bot.calls[1].body).event.subtype, 'message_changed');
  });
  test('a person changes; a slash command', async () => {
    await json('POST', '/_user', {user: 'cleo', set: {deleted: true}});
    await until('user_change', () => bot.calls.length === 1);
    assert.equal(JSON.parse(bot.calls[0].body).event.user.deleted, true);
    assert.equal((await say({user: 'cleo'})).error, 'user_disabled');
    await json('POST', '/_command', {user: 'ana', place: 'sales', text: 'help'});
    const form = new URLSearchParams(bot.calls[1].body);
    assert.equal(form.get('command'), '/workbot');
    assert.equal(form.get('channel_id'), 'C0SALES01');
  });
  test('scripts that make no sense are refused', async () => {
    assert.equal((await say({user: 'nobody'})).error, 'unknown_user');
    assert.equal((await say({place: 'nowhere'})).error, 'unknown_place');
    assert.equal((await say({user: 'cleo', place: 'board'})).error, 'not_in_channel');
    assert.equal((await json('POST', '/_say', {chat: 'fax'})).error, 'unknown_chat');
    assert.equal((await json('PUT', '/_faults', {peer: 'slack', fault: 'nope'})).error, 'invalid_fault');
    assert.equal((await json('PUT', '/_faults', {peer: 'nope', fault: 'slow'})).error, 'invalid_fault');
    assert.equal((await json('GET', '/_nope')).http, 404);
  });
});

describe('Slack Web API', () => {
  test('tokens', async () => {
    assert.equal((await post({}, {token: null})).error, 'not_authed');
    assert.equal((await post({}, {token: 'xoxb-other'})).error, 'invalid_auth');
    assert.equal((await api('nope')).error, 'unknown_method');
    assert.equal((await api('auth.revoke', {}, {form: true})).revoked, true);
    assert.equal((await post({})).error, 'token_revoked');
  });
  test('a token in a JSON body or the query does not count', async () => {
    assert.equal((await api('auth.test', {token: TOKEN}, {token: null})).error, 'not_authed');
    assert.equal((await (await fetch(base + '/slack/api/auth.test?token=' + TOKEN)).json()).error, 'not_authed');
    assert.equal((await api('auth.test', {token: TOKEN}, {token: null, form: true})).user_id, 'U0BOTACME');
  });
  test('scopes', async () => {
    const r = await api('conversations.info', {channel: 'D0ANA0001'}, {form: true});
    assert.deepEqual([r.error, r.needed], ['missing_scope', 'im:read']);
    assert.match(r.provided, /chat:write/);
    await json('PUT', '/_config', {slack: {scopes: ['users:read']}});
    const p = await post({});
    assert.deepEqual([p.error, p.needed, p.provided, p.scopes], ['missing_scope', 'chat:write', 'users:read', 'users:read']);
  });
  test('bodies', async () => {
    const raw = (body, type) => fetch(base + '/slack/api/chat.postMessage', {method: 'POST', body, headers: {'Content-Type': type, Authorization: 'Bearer ' + TOKEN}}).then(r => r.json());
    assert.equal((await raw('{', 'application/json')).error, 'invalid_json');
    assert.equal((await raw('[]', 'application/json')).error, 'json_not_object');
    assert.equal((await raw('{"channel":"D0ANA0001","text":"x"}', 'application/json')).warning, 'missing_charset');
    assert.equal((await raw('x', 'text/plain')).error, 'invalid_post_type');
    assert.equal((await api('users.info', {user: 'U0ANA0001'})).error, 'invalid_arguments', 'users.info takes no JSON');
  });
  test('channels', async () => {
    for (const [channel, error] of [['C0NOPE', 'channel_not_found'], ['C0RANDOM1', 'not_in_channel'], ['C0BOARD01', 'channel_not_found'], ['C0OLDCHN1', 'is_archived'], ['C0SALESG1', 'channel_not_found']]) {
      assert.equal((await post({channel})).error, error, channel);
    }
    assert.equal((await post({channel: 'U0BEN0001'})).channel, 'D0BEN0001');
  });
  test('text', async () => {
    assert.equal((await post({text: ''})).error, 'no_text');
    assert.equal((await post({text: 'é'.repeat(40000)})).ok, true);
    assert.equal((await post({text: 'x'.repeat(40001)})).error, 'msg_too_long');
    assert.equal((await post({thread_ts: '1.000001'})).error, 'invalid_thread_ts');
  });
  const plain = (text, extra) => ({type: 'plain_text', text, ...extra});
  const bad = {
    '51 blocks': Array(51).fill({type: 'divider'}),
    'text of 3001': [section('x'.repeat(3001))],
    'empty text': [section('')],
    'unknown block': [{type: 'video2'}],
    'unknown property': [{...section('x'), colour: 'red'}],
    'section without text': [{type: 'section'}],
    '11 fields': [{type: 'section', fields: Array(11).fill(plain('x'))}],
    'field of 2001': [{type: 'section', fields: [plain('x'.repeat(2001))]}],
    'header of 151': [{type: 'header', text: plain('x'.repeat(151))}],
    'header in mrkdwn': [{type: 'header', text: {type: 'mrkdwn', text: 'x'}}],
    '26 elements': [actions(...Array.from({length: 26}, (_, i) => button({action_id: 'a' + i})))],
    'no elements': [actions()],
    '11 context elements': [{type: 'context', elements: Array(11).fill(plain('x'))}],
    'button value of 2001': [actions(button({value: 'x'.repeat(2001)}))],
    'button text of 76': [actions(button({text: plain('x'.repeat(76))}))],
    'button url of 3001': [actions(button({url: 'https://' + 'x'.repeat(2993)}))],
    'button url without scheme': [actions(button({url: 'javascript:alert(1)'}))],
    'button style': [actions(button({style: 'blue'}))],
    'duplicate action_id': [actions(button(), button())],
    'duplicate block_id': [{type: 'divider', block_id: 'a'}, {type: 'divider', block_id: 'a'}],
    'action_id of 256': [actions(button({action_id: 'x'.repeat(256)}))],
    'confirm title of 101': [actions(button({confirm: {title: plain('x'.repeat(101)), text: plain('x'), confirm: plain('y'), deny: plain('n')}}))],
    'confirm without deny': [actions(button({confirm: {title: plain('x'), text: plain('x'), confirm: plain('y')}}))],
    'option value of 76': [actions({type: 'static_select', action_id: 's', options: [{text: plain('x'), value: 'x'.repeat(76)}]})],
    '101 options': [actions({type: 'static_select', action_id: 's', options: Array(101).fill({text: plain('x'), value: 'x'})})],
    'button in context': [{type: 'context', elements: [button()]}],
    'input element in actions': [actions({type: 'plain_text_input', action_id: 'i'})],
  };
  for (const [name, blocks] of Object.entries(bad)) {
    test('invalid_blocks: ' + name, async () => {
      const r = await post({blocks});
      assert.equal(r.error, 'invalid_blocks');
      assert.match(r.response_metadata.messages[0], /^\[ERROR\] .* \[json-pointer:\/blocks/);
    });
  }
  test('the limits themselves pass', async () => {
    const blocks = [section('é'.repeat(3000)), {type: 'header', text: plain('x'.repeat(150))}, actions(...Array.from({length: 25}, (_, i) => button({action_id: 'a' + i, value: 'x'.repeat(2000), text: plain('x'.repeat(75))}))),
      ...Array(47).fill({type: 'divider'})];
    const r = await post({blocks}, {form: true});
    assert.equal(r.error, undefined);
    assert.equal(r.message.blocks.length, 50);
    assert.ok(r.message.blocks.every(b => b.block_id));
    assert.equal((await post({blocks: '{'}, {form: true})).error, 'invalid_blocks_format');
    assert.equal((await post({blocks: {}})).error, 'invalid_blocks_format');
  });
  test('metadata and history', async () => {
    assert.equal((await post({metadata: 'x'})).error, 'invalid_metadata_format');
    assert.equal((await post({metadata: {event_type: 'x'}})).error, 'invalid_metadata_schema');
    await post({text: 'one', metadata: {event_type: 'wb', event_payload: {id: '7'}}}, {form: true});
    await post({text: 'two'});
    await api('chat.postEphemeral', {channel: 'D0ANA0001', user: 'U0ANA0001', text: 'hidden'});
    const h = await api('conversations.history', {channel: 'D0ANA0001', limit: '2', include_all_metadata: 'true'}, {form: true});
    assert.deepEqual(h.messages.map(m => m.text), ['two', 'one']);
    assert.deepEqual(h.messages[1].metadata, {event_type: 'wb', event_payload: {id: '7'}});
    const page = await api('conversations.history', {channel: 'D0ANA0001', limit: '1'}, {form: true});
    assert.equal(page.has_more, true);
    const rest = await api('conversations.history', {channel: 'D0ANA0001', cursor: page.response_metadata.next_cursor}, {form: true});
    assert.deepEqual(rest.messages.map(m => [m.text, m.metadata]), [['one', undefined]]);
    assert.equal((await api('conversations.history', {channel: 'C0SALES01'}, {form: true})).needed, 'channels:history');
  });
  test('update and delete', async () => {
    const m = await post({blocks: [actions(button())]});
    const u = await api('chat.update', {channel: 'D0ANA0001', ts: m.ts, text: 'done'});
    assert.equal(u.message.blocks, undefined, 'text without blocks removes them');
    assert.equal((await json('GET', '/_messages?user=ana&place=dm')).messages[0].edited_count, 1);
    assert.equal((await api('chat.update', {channel: 'D0ANA0001', ts: m.ts, text: 'x'.repeat(4001)})).error, 'msg_too_long');
    assert.equal((await api('chat.update', {channel: 'U0ANA0001', ts: m.ts, text: 'x'})).error, 'channel_not_found');
    assert.equal((await api('chat.update', {channel: 'D0ANA0001', ts: '1.000001', text: 'x'})).error, 'message_not_found');
    const said = await say({});
    assert.equal((await api('chat.update', {channel: 'D0ANA0001', ts: said.ts, text: 'x'})).error, 'cant_update_message');
    assert.equal((await api('chat.delete', {channel: 'D0ANA0001', ts: said.ts})).error, 'cant_delete_message');
    assert.equal((await api('chat.delete', {channel: 'D0ANA0001', ts: m.ts})).ok, true);
    assert.equal((await api('chat.delete', {channel: 'D0ANA0001', ts: m.ts})).error, 'message_not_found');
  });
  test('ephemerals', async () => {
    const e = await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0ANA0001', text: 'psst'});
    assert.ok(e.message_ts);
    assert.equal((await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0SID0001', text: 'x'})).error, 'user_not_in_channel');
    assert.equal((await api('chat.postEphemeral', {channel: 'C0RANDOM1', user: 'U0ANA0001', text: 'x'})).error, 'not_in_channel');
    assert.equal((await api('chat.update', {channel: 'C0SALES01', ts: e.message_ts, text: 'x'})).error, 'message_not_found');
    const sees = async user => (await json('GET', `/_messages?user=${user}&place=sales`)).messages.map(m => [m.text, m.ephemeral]);
    assert.deepEqual(await sees('ana'), [['psst', true]]);
    assert.deepEqual(await sees('cleo'), []);
  });
  test('people and conversations', async () => {
    const info = async user => (await api('users.info', {user}, {form: true}));
    assert.equal((await info('U0NOPE')).error, 'user_not_found');
    assert.equal((await info('U0GUS0001')).user.is_restricted, true);
    assert.equal((await info('U0SID0001')).user.is_stranger, true);
    assert.equal((await info('U0SID0001')).user.team_id, 'T0OTHERCO');
    assert.equal((await info('U0DORA001')).user.deleted, true);
    assert.equal((await info('U0ANA0001')).user.profile.email, undefined, 'needs users:read.email');
    const open = users => api('conversations.open', {users}, {form: true});
    assert.equal((await open('U0ANA0001')).channel.id, 'D0ANA0001');
    assert.match((await open('U0SID0001')).channel.id, /^D0/);
    assert.equal((await open('U0DORA001')).error, 'user_disabled');
    assert.equal((await open('U0NOPE')).error, 'user_not_found');
    assert.equal((await open('U0ANA0001,U0BEN0001')).needed, 'mpim:write');
    const shared = await api('conversations.info', {channel: 'C0SHARED1'}, {form: true});
    assert.equal(shared.channel.is_ext_shared, true);
    assert.equal((await api('conversations.info', {channel: 'C0BOARD01'}, {form: true})).error, 'channel_not_found');
    assert.equal((await api('users.info', {user: 'U0ANA0001'}, {form: true, token: 'xoxb-sample-globex-0001'})).user.real_name, 'Gina Globe');
  });
  test('views', async () => {
    const view = {type: 'modal', title: plain('Hi'), blocks: [section('x')]};
    const m = await post({blocks: [actions(button())]});
    const click = await json('POST', '/_click', {user: 'ana', message: m.ts, action: 'go'});
    assert.equal((await api('views.open', {trigger_id: '1.2.3', view})).error, 'invalid_trigger_id');
    assert.equal((await api('views.open', {trigger_id: click.trigger_id, view: {...view, title: plain('x'.repeat(25))}})).error, 'invalid_arguments');
    const opened = await api('views.open', {trigger_id: click.trigger_id, view});
    assert.ok(opened.view.id);
    assert.equal((await api('views.open', {trigger_id: click.trigger_id, view})).error, 'exchanged_trigger_id');
    assert.equal((await api('views.update', {view_id: opened.view.id, hash: 'old', view})).error, 'hash_conflict');
    assert.equal((await api('views.update', {view_id: opened.view.id, hash: opened.view.hash, view})).ok, true);
    await json('PUT', '/_config', {slack: {trigger_ttl_ms: 0}});
    const late = await json('POST', '/_click', {user: 'ana', message: m.ts, action: 'go'});
    await pause(5);
    assert.equal((await api('views.open', {trigger_id: late.trigger_id, view})).error, 'expired_trigger_id');
    assert.equal((await api('views.publish', {user_id: 'U0ANA0001', view: {type: 'home', blocks: [section('x')]}})).ok, true);
    assert.equal((await api('views.publish', {user_id: 'U0ANA0001', view: {type: 'home', blocks: Array(101).fill({type: 'divider'})}})).error, 'invalid_arguments');
    assert.equal((await api('views.publish', {user_id: 'U0ANA0001', view: {type: 'home', private_metadata: 'x'.repeat(256000), blocks: []}})).error, 'view_too_large');
  });
});

describe('clicks and response_url', () => {
  const payload = i => JSON.parse(new URLSearchParams(bot.calls[i].body).get('payload'));
  const respond = (url, body, type = 'application/json') => fetch(url, {method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: {'Content-Type': type}});
  const click = body => json('POST', '/_click', {chat: 'slack', user: 'ana', action: 'go', ...body});
  test('block_actions of a message', async () => {
    const m = await post({blocks: [actions(button({style: 'primary'}))]});
    const c = await click({message: m.ts, action: 'Go'});
    assert.equal(c.status, 200);
    const p = payload(0);
    assert.equal(bot.calls[0].path, '/slack/interactions');
    assert.equal(p.type, 'block_actions');
    assert.deepEqual(p.user, {id: 'U0ANA0001', username: 'ana', name: 'ana', team_id: 'T0ACME001'});
    assert.deepEqual(p.container, {type: 'message', message_ts: m.ts, channel_id: 'D0ANA0001', is_ephemeral: false});
    assert.equal(p.message.ts, m.ts);
    assert.equal(p.actions[0].value, 'v');
    assert.equal(p.response_url, c.response_url);
    assert.equal(p.trigger_id, c.trigger_id);
  });
  test('an ephemeral hands no message back', async () => {
    const e = await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0ANA0001', text: 'x', blocks: [actions(button())]});
    await click({message: e.message_ts});
    assert.equal(payload(0).message, undefined);
    assert.equal(payload(0).container.is_ephemeral, true);
    assert.equal((await click({message: e.message_ts, user: 'cleo'})).error, 'not_visible');
  });
  test('what a person cannot see or does not exist cannot be pressed; force forges', async () => {
    const m = await post({blocks: [actions(button())]});
    assert.equal((await click({message: m.ts, user: 'cleo'})).error, 'not_visible');
    assert.equal((await click({message: '1.000001'})).error, 'message_not_found');
    assert.equal((await click({message: m.ts, action: 'nope'})).error, 'action_not_found');
    assert.equal((await click({message: m.ts, user: 'cleo', force: true, value: 'stolen'})).status, 200);
    assert.equal(payload(0).user.id, 'U0CLEO001');
    assert.equal(payload(0).actions[0].value, 'stolen');
  });
  test('double click, url buttons, selects', async () => {
    const m = await post({blocks: [actions(button({url: 'http://127.0.0.1:9/x'}), {type: 'static_select', action_id: 's', options: [{text: {type: 'plain_text', text: 'One'}, value: '1'}]})]});
    const c = await click({message: m.ts, times: 2});
    assert.equal(c.url, 'http://127.0.0.1:9/x');
    assert.notEqual(payload(0).actions[0].action_ts, payload(1).actions[0].action_ts);
    await click({message: m.ts, action: 's', option: 'One'});
    assert.equal(payload(2).actions[0].selected_option.value, '1');
  });
  test('response_url: ephemeral by default, replace, delete, five uses', async () => {
    const m = await post({channel: 'C0SALES01', blocks: [actions(button())]});
    const url = (await click({message: m.ts})).response_url;
    const sees = async user => (await json('GET', `/_messages?user=${user}&place=sales`)).messages;
    assert.deepEqual(await (await respond(url, {text: 'only you'})).json(), {ok: true});
    assert.equal((await sees('ana')).length, 2);
    assert.equal((await sees('cleo')).length, 1);
    await respond(url, {text: 'all', response_type: 'in_channel'});
    assert.equal((await sees('cleo')).length, 2);
    await respond(url, {text: 'new', replace_original: true});
    assert.equal((await sees('cleo'))[0].text, 'new');
    assert.equal((await (await respond(url, {text: 'x', blocks: [{type: 'x'}]})).json()).error, 'invalid_blocks');
    await respond(url, {delete_original: true});
    assert.equal((await sees('cleo')).length, 1);
    const sixth = await respond(url, {text: 'x'});
    assert.deepEqual([sixth.status, await sixth.json()], [404, {ok: false, error: 'used_url'}]);
  });
  test('response_url: an ephemeral is replaced in place', async () => {
    const e = await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0ANA0001', text: 'x', blocks: [actions(button())]});
    const url = (await click({message: e.message_ts})).response_url;
    await respond(url, {text: 'done', replace_original: true});
    const seen = (await json('GET', '/_messages?user=ana&place=sales')).messages;
    assert.deepEqual(seen.map(m => [m.text, m.ephemeral]), [['done', true]]);
  });
  test('response_url: expired, foreign, malformed', async () => {
    const m = await post({blocks: [actions(button())]});
    const url = (await click({message: m.ts})).response_url;
    assert.equal((await respond(url, 'x', 'text/plain')).status, 400);
    assert.equal((await respond(url.replace('T0ACME001', 'T0GLOBEX1'), {text: 'x'})).status, 404);
    assert.equal((await fetch(url)).status, 405);
    await json('PUT', '/_config', {slack: {response_url_ttl_ms: 0}});
    await pause(5);
    assert.equal((await (await respond(url, {text: 'x'})).json()).error, 'expired_url');
  });
});

describe('Slack install', () => {
  const query = over => new URLSearchParams({client_id: '1000000001.2000000002', scope: 'chat:write,im:write', redirect_uri: 'http://127.0.0.1:9/slack', state: 's1', ...over});
  const install = async decision => {
    const r = await formPost(base + '/slack/oauth/v2/authorize?' + query(), {installer: 'T0ACME001/U0ANA0001', decision});
    return new URL(r.headers.get('location')).searchParams;
  };
  const access = (fields, headers) => formPost(base + '/slack/api/oauth.v2.access', fields, headers).then(r => r.json());
  const basic = secret => ({Authorization: 'Basic ' + Buffer.from('1000000001.2000000002:' + secret).toString('base64')});
  test('code, token, once', async () => {
    assert.equal((await get(base + '/slack/oauth/v2/authorize?' + query())).status, 200);
    const back = await install('allow');
    assert.equal(back.get('state'), 's1');
    const fields = {code: back.get('code'), redirect_uri: 'http://127.0.0.1:9/slack'};
    assert.equal((await access(fields, basic('wrong'))).error, 'bad_client_secret');
    assert.equal((await access({...fields, client_id: 'x'})).error, 'invalid_client_id');
    assert.equal((await access({...fields, redirect_uri: 'http://127.0.0.1:9/other'}, basic('sample-slack-client-secret'))).error, 'bad_redirect_uri');
    const t = await access(fields, basic('sample-slack-client-secret'));
    assert.equal(t.team.id, 'T0ACME001');
    assert.equal(t.authed_user.id, 'U0ANA0001');
    assert.equal((await api('auth.test', {}, {token: t.access_token})).bot_id, 'B0BOTACME');
    assert.equal((await access(fields, basic('sample-slack-client-secret'))).error, 'invalid_code');
  });
  test('denied, and pages for what may not go back', async () => {
    assert.equal((await install('deny')).get('error'), 'access_denied');
    assert.equal((await get(base + '/slack/oauth/v2/authorize?' + query({client_id: 'x'}))).status, 400);
    assert.equal((await get(base + '/slack/oauth/v2/authorize?' + query({redirect_uri: 'http://127.0.0.1:9/slackx'}))).status, 400);
  });
});

describe('Salesforce login', () => {
  test('the PKCE vector of RFC 7636 is what this file uses', () => {
    assert.equal(createHash('sha256').update(VERIFIER).digest('base64url'), CHALLENGE);
  });
  test('from the chooser to tokens', async () => {
    const l = await login();
    assert.equal(l.state, 'abc123');
    assert.match(l.code, /==$/);
    assert.match(l.page, /Manage user data via APIs \(api\)/);
    const t = await exchange(l.code);
    assert.equal(t.http, 200);
    assert.equal(t.instance_url, sf);
    assert.equal(t.id, sf + '/id/00Dxx0000000001EAA/005xx000000ANA1AAO');
    assert.equal(t.token_type, 'Bearer');
    assert.equal(t.expires_in, undefined);
    assert.match(t.issued_at, /^\d{13}$/);
    assert.equal(t.signature, createHmac('sha256', CLIENT_SECRET).update(t.id + t.issued_at).digest('base64'));
    const who = await fetch(sf + '/services/oauth2/userinfo', {headers: {Authorization: 'Bearer ' + t.access_token}}).then(r => r.json());
    assert.deepEqual([who.user_id, who.organization_id, who.email], ['005xx000000ANA1AAO', '00Dxx0000000001EAA', 'ana@acme.example']);
    const id = await fetch(t.id, {headers: {Authorization: 'Bearer ' + t.access_token}}).then(r => r.json());
    assert.equal(id.username, 'ana@acme.example');
  });
  test('the same below a path, where the org is named', async () => {
    const root = base + '/salesforce/acme';
    const l = await login('ben@acme.example', {root});
    const t = await exchange(l.code, {}, {}, root);
    assert.equal(t.instance_url, root);
    assert.equal((await rest('POST', '/sobjects/Opportunity/', t.access_token, deal, root)).http, 201);
    assert.equal((await rest('POST', '/sobjects/Opportunity/', t.access_token, deal, base + '/salesforce/globex')).http, 401, 'a foreign org');
    assert.equal((await get(authorizeUrl({}, base + '/salesforce/globex'))).status, 400, 'a foreign client');
  });
  test('own error page: client and redirect_uri', async () => {
    for (const over of [{client_id: 'x'}, {redirect_uri: CALLBACK + '/'}, {redirect_uri: null}]) {
      const r = await get(authorizeUrl(over));
      assert.equal(r.status, 400);
      assert.match(await r.text(), /error=(invalid_client_id|redirect_uri_mismatch)/);
    }
    assert.equal((await get(authorizeUrl() + '&state=twice')).status, 400);
  });
  test('errors that go back', async () => {
    const back = async over => new URL((await get(authorizeUrl(over))).headers.get('location')).searchParams;
    assert.equal((await back({scope: 'api full'})).get('error'), 'invalid_scope');
    assert.equal((await back({response_type: 'token'})).get('error'), 'unsupported_response_type');
    assert.equal((await back({code_challenge: null})).get('error'), 'invalid_request');
    assert.equal((await back({code_challenge_method: 'plain'})).get('error'), 'invalid_request');
    assert.equal((await back({scope: 'full'})).get('state'), 'abc123');
    const denied = await login('ana@acme.example', {decision: 'deny'});
    assert.deepEqual([denied.error, denied.code, denied.state], ['access_denied', null, 'abc123']);
  });
  test('another browser cannot consent; an unknown account cannot log in', async () => {
    const request = requestOf(await (await get(authorizeUrl())).text());
    assert.equal((await formPost(sf + '/login/choose', {request, username: 'eve@acme.example'})).status, 400);
    await formPost(sf + '/login/choose', {request, username: 'ana@acme.example'});
    assert.equal((await formPost(sf + '/login/consent', {request, decision: 'allow'})).status, 403);
    const other = await login('cleo@acme.example');
    assert.equal((await formPost(sf + '/login/consent', {request, decision: 'allow'}, {cookie: other.cookie})).status, 403);
    assert.equal((await formPost(sf + '/login/choose', {request: 'f00', username: 'ana@acme.example'})).status, 400);
  });
  test('a signed-in browser that approved before goes straight back; prompt asks again', async () => {
    const l = await login();
    const again = await get(authorizeUrl({state: 'two'}), l.cookie);
    assert.equal(again.status, 302);
    assert.ok(new URL(again.headers.get('location')).searchParams.get('code'));
    assert.equal((await get(authorizeUrl({prompt: 'select_account'}), l.cookie)).status, 200);
    assert.equal((await get(authorizeUrl({prompt: 'consent'}), l.cookie)).status, 303);
  });
  test('iss when switched on', async () => {
    await json('PUT', '/_config', {salesforce: {send_iss: true}});
    assert.equal((await login()).url.searchParams.get('iss'), sf);
  });
});

describe('Salesforce tokens', () => {
  test('refusals of the code exchange', async () => {
    const refused = async (over, error, description) => {
      const r = await exchange((await login()).code, over);
      assert.deepEqual([r.http, r.error], [400, error]);
      if (description) assert.equal(r.error_description, description);
    };
    await refused({client_secret: 'wrong'}, 'invalid_client', 'invalid client credentials');
    await refused({client_id: 'x'}, 'invalid_client_id');
    await refused({redirect_uri: CALLBACK + '/'}, 'redirect_uri_mismatch');
    await refused({code_verifier: VERIFIER.replace('d', 'e')}, 'invalid_request', 'invalid code verifier');
    await refused({code_verifier: null}, 'invalid_grant');
    await refused({code: 'nope'}, 'invalid_grant', 'invalid authorization code');
    await refused({grant_type: 'password'}, 'unsupported_grant_type');
    await refused({client_id: '3MVG9sampleGlobex01', client_secret: 'sample-globex-consumer-secret'}, 'invalid_grant');
    await json('PUT', '/_config', {salesforce: {code_ttl_ms: -1}});
    await refused({}, 'invalid_grant', 'expired authorization code');
  });
  test('client authentication: Basic or body, not both', async () => {
    const basic = {Authorization: 'Basic ' + Buffer.from(CLIENT + ':' + CLIENT_SECRET).toString('base64')};
    assert.equal((await exchange((await login()).code, {client_id: null, client_secret: null}, basic)).http, 200);
    assert.equal((await exchange((await login()).code, {}, basic)).error, 'invalid_request');
    assert.equal((await fetch(sf + '/services/oauth2/token')).status, 405);
    assert.equal((await fetch(sf + '/services/oauth2/token', {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}})).status, 400);
  });
  test('a code used twice takes back what it gave', async () => {
    const {code} = await login();
    const t = await exchange(code);
    assert.equal((await soql(t.access_token, 'SELECT Id FROM Opportunity')).http, 200);
    assert.equal((await exchange(code)).error, 'invalid_grant');
    assert.equal((await soql(t.access_token, 'SELECT Id FROM Opportunity')).http, 401);
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
  });
  test('refresh keeps the refresh token unless it rotates', async () => {
    const t = await tokens();
    const r = await refresh(t.refresh_token);
    assert.deepEqual([r.http, r.refresh_token], [200, undefined]);
    assert.notEqual(r.access_token, t.access_token);
    await fault({peer: 'salesforce', fault: 'refresh_rotated'});
    const rotated = await refresh(t.refresh_token);
    assert.ok(rotated.refresh_token);
    assert.equal((await refresh(rotated.refresh_token)).http, 200);
    const reused = await refresh(t.refresh_token);
    assert.deepEqual([reused.http, reused.error, reused.error_description], [400, 'invalid_grant', 'expired access/refresh token']);
    assert.equal((await refresh(rotated.refresh_token)).error, 'invalid_grant', 'reuse ends the family');
    const state = await json('GET', '/_state/salesforce');
    assert.deepEqual([state.grants[0].alive, state.grants[0].refreshes, state.counts.refresh_token], [false, 3, 5]);
  });
  test('grace for the previous refresh token, once', async () => {
    await json('PUT', '/_config', {salesforce: {rotation: true, previous_refresh_token: 'once'}});
    const t = await tokens();
    assert.ok((await refresh(t.refresh_token)).refresh_token);
    const second = await refresh(t.refresh_token);
    assert.equal(second.http, 200);
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
  });
  test('the sixth approval ends the first', async () => {
    const all = [];
    for (let i = 0; i < 6; i++) all.push(await tokens('cleo@acme.example'));
    assert.equal((await refresh(all[0].refresh_token)).error, 'invalid_grant');
    assert.equal((await refresh(all[1].refresh_token)).http, 200);
    assert.equal((await refresh(all[5].refresh_token)).http, 200);
  });
  test('revoke', async () => {
    const revoke = token => formPost(sf + '/services/oauth2/revoke', {token});
    const t = await tokens();
    assert.equal((await revoke(t.refresh_token)).status, 200);
    const second = await revoke(t.refresh_token);
    assert.deepEqual([second.status, await second.json()], [400, {error: 'invalid_token', error_description: 'invalid token'}]);
    assert.equal((await soql(t.access_token, 'SELECT Id FROM Case')).http, 401);
    const other = await tokens();
    assert.equal((await revoke(other.access_token)).status, 200);
    assert.equal((await refresh(other.refresh_token)).http, 200, 'the refresh token outlives its access token');
  });
  test('introspect, userinfo without a good token', async () => {
    const t = await tokens();
    const look = token => formPost(sf + '/services/oauth2/introspect', {token, client_id: CLIENT, client_secret: CLIENT_SECRET}).then(r => r.json());
    assert.deepEqual([(await look(t.access_token)).active, (await look('x')).active], [true, false]);
    const bad = await fetch(sf + '/services/oauth2/userinfo', {headers: {Authorization: 'Bearer x'}});
    assert.deepEqual([bad.status, await bad.text()], [403, 'Bad_OAuth_Token']);
  });
});

describe('Salesforce data', () => {
  test('a record belongs to the token\'s user', async () => {
    const ana = await tokens();
    const made = await rest('POST', '/sobjects/Opportunity/', ana.access_token, deal);
    assert.deepEqual([made.http, made.body.success, made.body.errors], [201, true, []]);
    assert.match(made.body.id, /^006\w{15}$/);
    const state = await json('GET', '/_state/salesforce');
    const record = state.records.find(r => r.id === made.body.id);
    assert.deepEqual([record.owner, record.creator, record.fields.Amount], ['ana@acme.example', 'ana@acme.example', 5000]);
    assert.equal(state.counts.writes, 1);
    assert.equal((await get(sf + '/' + made.body.id)).status, 200);
    assert.equal((await get(sf + '/006xx0000999999AAA')).status, 404);
    assert.match(await (await get(base + '/salesforce/acme/lightning/r/Opportunity/' + made.body.id + '/view')).text(), /Acme renewal/);
  });
  test('a deal without a stage gets the org\'s default', async () => {
    const {access_token: t} = await tokens();
    const {id} = (await rest('POST', '/sobjects/Opportunity', t, {Name: 'x', CloseDate: '2026-12-31'})).body;
    assert.equal((await rest('GET', '/sobjects/Opportunity/' + id, t)).body.StageName, 'Prospecting');
  });
  test('faults of the body', async () => {
    const t = (await tokens()).access_token;
    const refused = async (body, code, http = 400) => {
      const r = await rest('POST', '/sobjects/Opportunity', t, body);
      assert.deepEqual([r.http, r.body[0].errorCode], [http, code]);
      return r.body[0];
    };
    assert.deepEqual((await refused({Name: 'x'}, 'REQUIRED_FIELD_MISSING')).fields, ['CloseDate']);
    assert.equal((await refused({...deal, Nope: 1}, 'INVALID_FIELD')).message, "No such column 'Nope' on sobject of type Opportunity");
    await refused({...deal, CloseDate: '31.12.2026'}, 'JSON_PARSER_ERROR');
    await refused({...deal, CloseDate: '2026-02-30'}, 'JSON_PARSER_ERROR');
    await refused({...deal, Amount: 'many'}, 'JSON_PARSER_ERROR');
    await refused({...deal, Name: 'x'.repeat(121)}, 'STRING_TOO_LONG');
    await refused({...deal, AccountId: 'x'}, 'MALFORMED_ID');
    await refused({...deal, OwnerId: '005xx000000GIN1AAO'}, 'INVALID_CROSS_REFERENCE_KEY');
    await refused({...deal, Id: 'x'}, 'INVALID_FIELD_FOR_INSERT_UPDATE');
    assert.equal((await rest('POST', '/sobjects/Nope', t, {})).body[0].errorCode, 'NOT_FOUND');
    assert.equal((await rest('GET', '/sobjects/Opportunity/006xx0000999999AAA', t)).http, 404);
    assert.equal((await rest('GET', '/sobjects/Opportunity/short', t)).body[0].errorCode, 'MALFORMED_ID');
    assert.equal((await rest('PUT', '/sobjects/Opportunity', t, {})).http, 405);
    const raw = (body, type) => fetch(sf + '/services/data/v67.0/sobjects/Opportunity', {method: 'POST', body, headers: {Authorization: 'Bearer ' + t, 'Content-Type': type}});
    assert.equal((await raw('{', 'application/json')).status, 400);
    assert.equal((await raw('{}', 'text/plain')).status, 415);
    assert.equal((await fetch(sf + '/services/data/v9.0/limits', {headers: {Authorization: 'Bearer ' + t}})).status, 404);
    assert.ok((await (await fetch(sf + '/services/data/')).json()).some(v => v.version === '67.0'));
  });
  test('read, change, delete', async () => {
    const t = (await tokens()).access_token;
    const {id} = (await rest('POST', '/sobjects/Case', t, {Subject: 'VPN'})).body;
    const read = await rest('GET', `/sobjects/Case/${id}?fields=CaseNumber,Subject`, t);
    assert.match(read.body.CaseNumber, /^\d{8}$/);
    assert.equal((await rest('PATCH', '/sobjects/Case/' + id.slice(0, 15), t, {Status: 'Closed'})).http, 204);
    assert.equal((await rest('GET', '/sobjects/Case/' + id, t)).body.Status, 'Closed');
    assert.equal((await rest('DELETE', '/sobjects/Case/' + id, t)).http, 204);
    assert.equal((await rest('GET', '/sobjects/Case/' + id, t)).http, 404);
  });
  test('upsert by external id', async () => {
    const t = (await tokens()).access_token;
    const path = '/sobjects/Opportunity/Workbot_Key__c/k%2F1';
    const first = await rest('PATCH', path, t, deal);
    const second = await rest('PATCH', path, t, deal);
    assert.deepEqual([first.http, first.body.created, second.http, second.body.created], [201, true, 200, false]);
    assert.equal(first.body.id, second.body.id);
    assert.equal((await rest('PATCH', path, t, {...deal, Workbot_Key__c: 'k'})).http, 400);
    assert.equal((await rest('PATCH', '/sobjects/Opportunity/Workbot_Key__c/none?updateOnly=true', t, deal)).http, 404);
    assert.equal((await rest('PATCH', '/sobjects/Opportunity/Name/x', t, deal)).http, 404);
    await rest('POST', '/sobjects/Opportunity', t, {...deal, Workbot_Key__c: 'k/1'});
    assert.equal((await rest('PATCH', path, t, deal)).http, 300);
    assert.equal((await json('GET', '/_state/salesforce')).record_counts.Opportunity, 2);
  });
  test('queries and their escapes', async () => {
    const t = (await tokens()).access_token;
    const names = ["O'Brien \\ Co", 'Beta', 'Alpha'];
    for (const Name of names) await rest('POST', '/sobjects/Account', t, {Name});
    const select = async where => (await soql(t, 'SELECT Name FROM Account ' + where)).body.records.map(r => r.Name);
    assert.deepEqual(await select("WHERE Name = 'O\\'Brien \\\\ Co'"), [names[0]]);
    assert.deepEqual(await select("WHERE Name LIKE '%eta' AND Owner.Username = 'ana@acme.example'"), ['Beta']);
    assert.deepEqual(await select("WHERE Name IN ('Alpha', 'Beta') ORDER BY Name DESC LIMIT 1"), ['Beta']);
    assert.deepEqual(await select("WHERE Name != 'Northwind Traders' ORDER BY CreatedDate DESC"), ['Alpha', 'Beta', names[0]], 'made within one second');
    assert.equal((await soql(t, 'SELECT COUNT() FROM Account')).body.totalSize, 4);
    const bad = async (q, code) => assert.equal((await soql(t, q)).body[0].errorCode, code, q);
    await bad("SELECT Name FROM Account WHERE Name = 'O'Brien'", 'MALFORMED_QUERY');
    await bad("SELECT Name FROM Account WHERE Name = 'x' OR Name != 'x'", 'MALFORMED_QUERY');
    await bad('SELECT Nope FROM Account', 'INVALID_FIELD');
    await bad('SELECT Id FROM Nope', 'INVALID_TYPE');
    const own = (await soql(t, 'SELECT Name,IsSandbox,Id FROM Organization LIMIT 1')).body;
    assert.deepEqual([own.totalSize, own.records[0].Name, own.records[0].IsSandbox, own.records[0].Id], [1, 'Acme Corporation', false, '00Dxx0000000001EAA']);
    await bad('SELECT OwnerId FROM Organization', 'INVALID_FIELD');
    assert.equal((await rest('GET', '/sobjects/Organization/' + own.records[0].Id, t)).http, 404, 'only queries see it');
    assert.equal((await rest('POST', '/sobjects/Organization', t, {Name: 'x'})).http, 404, 'read only');
    await bad('DROP TABLE x', 'MALFORMED_QUERY');
    await bad('', 'MALFORMED_QUERY');
  });
  test('sessions', async () => {
    const gone = await rest('GET', '/limits', 'nope');
    assert.deepEqual([gone.http, gone.body], [401, [{message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID'}]]);
    assert.equal((await rest('GET', '/limits', null)).http, 401);
    const narrow = await tokens('ana@acme.example', {over: {scope: 'openid'}});
    assert.equal(narrow.refresh_token, undefined);
    assert.equal((await rest('GET', '/limits', narrow.access_token)).http, 401);
    const t = await tokens();
    await json('PUT', '/_config', {salesforce: {access_ttl_ms: -1}});
    assert.equal((await rest('GET', '/limits', t.access_token)).http, 401);
  });
});

describe('faults', () => {
  test('slow, 429, 5xx, html, cut on Slack', async () => {
    await fault({peer: 'slack', fault: 'slow', delay_ms: 150});
    const begin = Date.now();
    assert.equal((await post({})).ok, true);
    assert.ok(Date.now() - begin >= 150);
    await fault({peer: 'slack', fault: '429', retry_after: 7});
    const limited = await post({});
    assert.deepEqual([limited.http, limited.error, limited.retryAfter], [429, 'ratelimited', '7']);
    await fault({peer: 'slack', fault: '5xx', status: 500});
    assert.equal((await post({})).http, 500);
    await fault({peer: 'slack', fault: 'html'});
    const page = await fetch(base + '/slack/api/auth.test', {method: 'POST'});
    assert.match(page.headers.get('content-type'), /text\/html/);
    await fault({peer: 'slack', fault: 'cut'});
    await assert.rejects(post({}));
    assert.equal((await json('GET', '/_messages?user=ana&place=dm')).messages.length, 1, 'only the slow one happened');
  });
  test('lost: the effect happened, the answer did not come', async () => {
    await fault({peer: 'slack', fault: 'lost', path: 'chat.postMessage'});
    assert.equal((await api('auth.test')).ok, true, 'another path is not hit');
    await assert.rejects(post({text: 'lost one'}));
    assert.equal((await json('GET', '/_messages?user=ana&place=dm')).messages[0].text, 'lost one');
    const entry = (await logs('path=chat.postMessage'))[0];
    assert.deepEqual([entry.status, entry.fault, entry.args.text], [0, 'lost', 'lost one']);
    const t = await tokens();
    await fault({peer: 'salesforce', fault: 'lost', method: 'POST', path: '/sobjects/'});
    await assert.rejects(rest('POST', '/sobjects/Opportunity', t.access_token, deal));
    assert.equal((await json('GET', '/_state/salesforce')).record_counts.Opportunity, 1);
  });
  test('Salesforce: limit, expired, revoked, busy, secret', async () => {
    const t = await tokens();
    await fault({peer: 'salesforce', fault: '429'});
    const limited = await rest('GET', '/limits', t.access_token);
    assert.deepEqual([limited.http, limited.body[0].errorCode], [403, 'REQUEST_LIMIT_EXCEEDED']);
    await fault({peer: 'salesforce', fault: '5xx'});
    assert.equal((await refresh(t.refresh_token)).http, 503);
    await fault({peer: 'salesforce', fault: 'token_expired'});
    assert.equal((await rest('GET', '/limits', t.access_token)).http, 401);
    assert.equal((await rest('GET', '/limits', t.access_token)).http, 401, 'it stays dead');
    const fresh = (await refresh(t.refresh_token)).access_token;
    assert.equal((await rest('GET', '/limits', fresh)).http, 200);
    await fault({peer: 'salesforce', fault: 'refresh_busy'});
    assert.equal((await refresh(t.refresh_token)).error_description, 'token request is already being processed');
    await fault({peer: 'salesforce', fault: 'client_secret_refused'});
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_client');
    assert.equal((await refresh(t.refresh_token)).http, 200);
    await fault({peer: 'salesforce', fault: 'grant_revoked'});
    assert.equal((await rest('GET', '/limits', fresh)).http, 401);
    assert.equal((await refresh(t.refresh_token)).error, 'invalid_grant');
    assert.equal((await json('GET', '/_state/salesforce')).grants[0].ended_by, 'revoked by an administrator');
  });
  test('Slack: token_expired, grant_revoked', async () => {
    await fault({peer: 'slack', fault: 'token_expired'});
    assert.equal((await post({})).error, 'token_expired');
    await fault({peer: 'slack', fault: 'grant_revoked'});
    assert.equal((await post({})).error, 'token_revoked');
    assert.equal((await post({})).error, 'token_revoked');
  });
  test('times, skip, list, clear', async () => {
    await fault({peer: 'slack', fault: '429', times: 2, skip: 1});
    assert.deepEqual([(await post({})).http, (await post({})).http, (await post({})).http, (await post({})).http], [200, 429, 429, 200]);
    await fault({peer: 'slack', fault: '429', times: -1});
    await post({});
    assert.equal((await json('GET', '/_faults')).faults[1].fired, 1);
    await json('DELETE', '/_faults');
    assert.equal((await post({})).http, 200);
  });
  test('preview_bot visits each link, button URLs too, HEAD and GET', async () => {
    const here = bot.calls;
    const link = `http://127.0.0.1:${botServer.address().port}/login/`;
    await post({text: link + 'quiet', blocks: [actions(button({url: link + 'button'}))]});
    await pause(50);
    assert.equal(here.length, 0, 'without the fault nobody comes');
    await fault({peer: 'slack', fault: 'preview_bot'});
    await post({text: link + 'text', blocks: [actions(button({url: link + 'button?a=1&b=2'}))]});
    await until('visits', () => here.length === 4);
    assert.deepEqual(here.map(c => c.method + ' ' + c.path), ['HEAD /login/text', 'GET /login/text', 'HEAD /login/button?a=1&b=2', 'GET /login/button?a=1&b=2']);
    assert.match(here[0].headers['user-agent'], /^Slackbot-LinkExpanding 1\.0/);
  });
});

describe('the journal and the rest', () => {
  test('order, both directions, filters, waiting', async () => {
    await say({});
    await post({text: 'with a secret'});
    const all = await json('GET', '/_log?since=0');
    assert.deepEqual(all.entries.map(e => [e.direction, e.status]), [['out', 200], ['in', 200]]);
    assert.ok(all.entries[0].seq < all.entries[1].seq);
    assert.equal(all.entries[1].headers.authorization, 'Bearer ' + TOKEN);
    assert.equal(all.entries[1].args.text, 'with a secret');
    assert.equal(all.entries[1].answer.ok, true);
    assert.equal((await logs('direction=out')).length, 1);
    const waiting = json('GET', `/_log?since=${all.next}&wait_ms=5000&path=users.info`);
    await post({});
    await api('users.info', {user: 'U0ANA0001'}, {form: true});
    assert.deepEqual((await waiting).entries.map(e => e.args.user), ['U0ANA0001']);
    const begin = Date.now();
    assert.equal((await json('GET', `/_log?since=999999&wait_ms=100`)).entries.length, 0);
    assert.ok(Date.now() - begin >= 95);
  });
  test('reset keeps settings and forgets the rest', async () => {
    await post({});
    await tokens();
    await json('POST', '/_reset');
    assert.equal((await json('GET', '/_messages?user=ana&place=dm')).messages.length, 0);
    assert.equal((await json('GET', '/_state/salesforce')).grants.length, 0);
    assert.equal((await say({})).status, 200);
  });
  test('too large, malformed, unknown', async () => {
    const r = await fetch(base + '/_say', {method: 'POST', body: 'x'.repeat(17 * 1024 * 1024)});
    assert.equal(r.status, 413);
    assert.equal((await fetch(base + '/_say', {method: 'POST', body: '[]'})).status, 400);
    assert.equal((await fetch(base + '/slack/api/auth.test?a=%zz', {method: 'POST'})).status, 400);
    assert.equal((await fetch(base + '/healthz')).status, 200);
    assert.match(await (await fetch(base + '/')).text(), /<title>Workbot sandbox<\/title>/);
    assert.equal((await json('GET', '/_chat')).workspaces[0].people[0].name, 'ana');
  });
  test('many at once', async () => {
    const results = await Promise.all(Array.from({length: 300}, (_, i) => i % 3 ? post({text: 'm' + i}) : say({text: 's' + i})));
    assert.ok(results.every(r => r.ok));
    assert.equal((await json('GET', '/_messages?user=ana&place=dm')).messages.length, 300);
    assert.equal(bot.calls.length, 100);
  });
  test('a thousand slow answers need no thread each', async () => {
    await fault({peer: 'slack', fault: 'slow', delay_ms: 400, times: -1});
    const begin = Date.now();
    await Promise.all(Array.from({length: 1000}, () => post({})));
    assert.ok(Date.now() - begin < 8000);
  });
});
