// Installs, rotating tokens, organisations and what happens to people and places, as the sandbox's Slack tells it.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {setTimeout as pause} from 'node:timers/promises';
import {api, base, bot, fault, formPost, get, json, section, TOKEN, until} from './harness.mjs';

const CLIENT = '1000000001.2000000002', BACK = 'http://127.0.0.1:9/slack/callback', ORG = 'xoxb-sample-acmeorg-0001', LABS = 'xoxb-sample-orglabs-0001';
const authorize = (over = {}) => `${base}/slack/oauth/v2/authorize?` + new URLSearchParams({client_id: CLIENT, scope: 'commands,chat:write', redirect_uri: BACK, state: 's1', ...over});
const access = async (fields, secret = 'sample-slack-client-secret') =>
  (await formPost(base + '/slack/api/oauth.v2.access', {client_id: CLIENT, client_secret: secret, ...fields})).json();
const install = body => json('POST', '/_install', {user: 'nina', workspace: 'T0NEWCO01', url: authorize(), ...body});
const installed = async (body = {}) => access({code: (await install(body)).code, redirect_uri: BACK});
const refresh = token => access({grant_type: 'refresh_token', refresh_token: token});
const rotation = value => json('PUT', '/_config', {slack: {rotation: value}});
const last = () => JSON.parse(bot.calls.at(-1).body);
const types = () => bot.calls.map(c => JSON.parse(c.body).event.type);
const alive = async token => { const r = await api('auth.test', {}, {token, form: true}); return r.ok || r.error; };

describe('install', () => {
  test('the page lists workspaces and organisations; the form leads back', async () => {
    const html = await (await get(authorize({team: 'T0NEWCO01'}))).text();
    assert.match(html, /value="T0NEWCO01\/U0NINA001" selected/);
    assert.match(html, /value="E0ACMEORG\/U0OLGA001"/);
    assert.ok(!html.includes('E0ACMEORG/U0OMAR001'), 'only admins install for an organisation');
    assert.ok(!html.includes('U0GUS0001'), 'guests do not');
    const r = await formPost(authorize(), {installer: 'T0NEWCO01/U0NINA001', decision: 'allow', scopes: 'commands'});
    const to = new URL(r.headers.get('location'));
    assert.equal(to.searchParams.get('state'), 's1');
    const t = await access({code: to.searchParams.get('code'), redirect_uri: BACK});
    assert.deepEqual([t.scope, t.team.id, t.enterprise, t.is_enterprise_install, t.authed_user.id, t.refresh_token], ['commands', 'T0NEWCO01', null, false, 'U0NINA001', undefined]);
    assert.equal((await access({code: to.searchParams.get('code'), redirect_uri: BACK})).error, 'invalid_code', 'a code works once');
    assert.equal((await get(authorize({scope: 'commands,openid'}))).status, 400);
  });
  test('nothing reaches the bot before, and something after', async () => {
    const say = () => json('POST', '/_say', {user: 'nina', workspace: 'T0NEWCO01', place: 'dm', text: 'help'});
    assert.equal((await say()).delivered, false);
    const t = await installed();
    assert.equal(await alive(t.access_token), true);
    assert.equal((await say()).delivered, true);
    assert.equal((await api('chat.postMessage', {channel: 'D0NINA001', text: 'x'}, {token: t.access_token})).ok, true);
  });
  test('denied; begun on Slack\'s side without state; people who may not', async () => {
    const denied = new URL((await install({decision: 'deny'})).location);
    assert.deepEqual([denied.searchParams.get('error'), denied.searchParams.get('state'), denied.searchParams.get('code')], ['access_denied', 's1', null]);
    const bare = await json('POST', '/_install', {user: 'nina', workspace: 'T0NEWCO01'});
    assert.deepEqual([...new URL(bare.location).searchParams.keys()], ['code']);
    assert.equal((await access({code: bare.code})).ok, true);
    assert.equal((await json('POST', '/_install', {user: 'gus', url: authorize()})).error, 'unknown_user');
    assert.equal((await json('POST', '/_install', {user: 'nina', workspace: 'T0NEWCO01', url: authorize({redirect_uri: 'http://evil.example/'})})).error, 'invalid_authorize_url');
  });
  test('a second approval adds scopes and keeps the first token', async () => {
    const first = await installed();
    const second = await installed({url: authorize({scope: 'users:read'})});
    assert.equal(second.scope, 'commands,chat:write,users:read');
    assert.deepEqual([await alive(first.access_token), await alive(second.access_token)], [true, true]);
  });
  test('an organisation: team null, enterprise set', async () => {
    const t = await installed({user: 'U0OLGA001', workspace: 'E0ACMEORG'});
    assert.deepEqual([t.ok, t.team, t.enterprise, t.is_enterprise_install, t.bot_user_id], [true, null, {id: 'E0ACMEORG', name: 'Acme Org'}, true, 'U0BOTORG1']);
    const bad = await installed({user: 'olga', workspace: 'T0ORGONE1'});
    assert.equal(bad.error, 'cannot_install_an_org_installed_app');
    const own = await installed({user: 'omar', workspace: 'T0ORGLABS'});
    assert.deepEqual([own.team.id, own.enterprise.id, own.is_enterprise_install], ['T0ORGLABS', 'E0ACMEORG', false]);
    assert.equal((await install({user: 'U0OMAR001', workspace: 'E0ACMEORG'})).error, 'unknown_user');
  });
});

describe('rotation', () => {
  test('12 hours, a refresh token works once, two access tokens live', async () => {
    await rotation(true);
    const one = await installed();
    assert.match(one.access_token, /^xoxe\.xoxb-1-/);
    assert.match(one.refresh_token, /^xoxe-1-/);
    assert.equal(one.expires_in, 43200);
    const two = await refresh(one.refresh_token);
    assert.deepEqual([two.ok, two.team.id, two.authed_user, two.expires_in], [true, 'T0NEWCO01', undefined, 43200]);
    assert.equal((await refresh(one.refresh_token)).error, 'invalid_refresh_token');
    assert.equal(await alive(one.access_token), true, 'refreshing does not end the old token at once');
    const three = await refresh(two.refresh_token);
    assert.deepEqual([await alive(one.access_token), await alive(two.access_token), await alive(three.access_token)], ['token_revoked', true, true]);
    assert.equal((await refresh('xoxe-1-nope')).error, 'invalid_refresh_token');
    assert.equal((await access({grant_type: 'refresh_token', refresh_token: three.refresh_token}, 'wrong')).error, 'bad_client_secret');
    assert.equal((await access({grant_type: 'password'})).error, 'invalid_grant_type');
    assert.equal((await json('GET', '/_state/slack')).installs.T0NEWCO01.refreshes, 2);
    await rotation(false);
  });
  test('grace, expiry, exchange of a token that did not rotate, revoking one', async () => {
    await rotation({expires_in: 1, grace_ms: 60000});
    const one = await installed();
    const [a, b] = [await refresh(one.refresh_token), await refresh(one.refresh_token)];
    assert.ok(a.ok && b.ok && a.refresh_token !== b.refresh_token, 'within the grace a lost answer can be asked for again');
    await until('expiry', async () => (await alive(b.access_token)) === 'token_expired');
    await rotation({expires_in: 600});
    const c = await refresh(b.refresh_token);
    assert.equal((await api('auth.revoke', {}, {token: c.access_token, form: true})).revoked, true);
    assert.equal(await alive(c.access_token), 'token_revoked');
    assert.equal((await refresh(c.refresh_token)).ok, true, 'with rotation revoking ends one token alone');
    const exchange = async () => (await formPost(base + '/slack/api/oauth.v2.exchange', {client_id: CLIENT, client_secret: 'sample-slack-client-secret', token: TOKEN})).json();
    const e = await exchange();
    assert.deepEqual([e.ok, e.expires_in, e.team.id], [true, 600, 'T0ACME001']);
    assert.equal((await exchange()).ok, false, 'once per token');
    await rotation(false);
  });
});

describe('organisations', () => {
  test('events: outer team and enterprise, the authorization of the organisation', async () => {
    await json('POST', '/_say', {user: 'olga', workspace: 'T0ORGTWO1', place: 'dm', text: 'help'});
    const e = last();
    assert.deepEqual([e.team_id, e.enterprise_id, e.event.channel, e.event.user], ['T0ORGTWO1', 'E0ACMEORG', 'D0OLGA001', 'U0OLGA001']);
    assert.deepEqual(e.authorizations, [{enterprise_id: 'E0ACMEORG', team_id: null, user_id: 'U0BOTORG1', is_bot: true, is_enterprise_install: true}]);
    await json('POST', '/_say', {user: 'omar', workspace: 'T0ORGLABS', place: 'dm', text: 'help'});
    assert.deepEqual(last().authorizations, [{enterprise_id: 'E0ACMEORG', team_id: 'T0ORGLABS', user_id: 'U0BOTORG1', is_bot: true, is_enterprise_install: false}], 'a workspace of it with an install of its own');
  });
  test('interactions: team null; commands: the string "true"', async () => {
    await json('POST', '/_shortcut', {user: 'olga', workspace: 'T0ORGTWO1', callback_id: 'c'});
    const p = JSON.parse(new URLSearchParams(bot.calls.at(-1).body).get('payload'));
    assert.deepEqual([p.team, p.enterprise, p.is_enterprise_install, p.user.team_id], [null, {id: 'E0ACMEORG', name: 'Acme Org'}, true, 'T0ORGONE1']);
    await json('POST', '/_command', {user: 'olga', workspace: 'T0ORGTWO1', place: 'cases', text: 'help'});
    const f = Object.fromEntries(new URLSearchParams(bot.calls.at(-1).body));
    assert.deepEqual([f.team_id, f.enterprise_id, f.enterprise_name, f.is_enterprise_install], ['T0ORGTWO1', 'E0ACMEORG', 'Acme Org', 'true']);
    await json('POST', '/_shortcut', {user: 'omar', workspace: 'T0ORGLABS', callback_id: 'c'});
    const own = JSON.parse(new URLSearchParams(bot.calls.at(-1).body).get('payload'));
    assert.deepEqual([own.team.id, own.team.enterprise_id, own.is_enterprise_install], ['T0ORGLABS', 'E0ACMEORG', false]);
  });
  test('one token serves the workspaces that it was added to', async () => {
    const post = (channel, token) => api('chat.postMessage', {channel, text: 'x'}, {token});
    for (const channel of ['C0ORGONEA', 'C0ORGTWOA', 'C0ORGWIDE', 'D0ODA0001']) assert.equal((await post(channel, ORG)).ok, true, channel);
    assert.equal((await post('C0ORGLABS', ORG)).error, 'team_access_not_granted');
    assert.equal((await post('C0ORGLABS', LABS)).ok, true);
    const {user} = await api('users.info', {user: 'U0OLGA001'}, {token: ORG, form: true});
    assert.deepEqual([user.team_id, user.enterprise_user.enterprise_id, user.enterprise_user.teams], ['T0ORGONE1', 'E0ACMEORG', ['T0ORGONE1', 'T0ORGTWO1', 'T0ORGLABS']]);
    const me = await api('auth.test', {}, {token: ORG, form: true});
    assert.deepEqual([me.enterprise_id, me.is_enterprise_install], ['E0ACMEORG', true]);
    const {teams} = await api('auth.teams.list', {}, {token: ORG, form: true});
    assert.deepEqual(teams.map(t => t.id), ['T0ORGONE1', 'T0ORGTWO1']);
    const {trigger_id} = await json('POST', '/_shortcut', {user: 'oda', workspace: 'T0ORGTWO1', callback_id: 'c'});
    assert.equal((await api('views.open', {trigger_id, view: {type: 'modal', title: {type: 'plain_text', text: 'x'}, blocks: [section('x')]}}, {token: ORG})).ok, true);
    assert.equal((await api('views.publish', {user_id: 'W0ODA0001', view: {type: 'home', blocks: [section('x')]}}, {token: ORG})).ok, true);
    const shared = await api('conversations.info', {channel: 'C0ORGWIDE'}, {token: ORG, form: true});
    assert.deepEqual([shared.channel.is_org_shared, shared.channel.is_ext_shared, shared.channel.is_shared], [true, false, true]);
  });
  test('a workspace is added and taken away again', async () => {
    const grant = granted => json('POST', '/_grant', {workspace: 'T0ORGLABS', granted});
    assert.equal((await grant(true)).status, 200);
    assert.deepEqual([last().event.type, last().event.team_ids, last().authorizations[0].is_enterprise_install], ['team_access_granted', ['T0ORGLABS'], true]);
    assert.equal((await api('chat.postMessage', {channel: 'C0ORGLABS', text: 'x'}, {token: ORG})).ok, true);
    await json('POST', '/_say', {user: 'omar', workspace: 'T0ORGLABS', place: 'dm', text: 'help'});
    assert.equal(last().authorizations[0].is_enterprise_install, true);
    await grant(false);
    assert.equal(last().event.type, 'team_access_revoked');
    assert.equal((await api('chat.postMessage', {channel: 'C0ORGLABS', text: 'x'}, {token: ORG})).error, 'team_access_not_granted');
    assert.equal((await json('POST', '/_grant', {workspace: 'T0ACME001'})).error, 'no_org_install');
  });
  test('a person of two installations changes: each hears of it once', async () => {
    await json('POST', '/_user', {user: 'olga', workspace: 'T0ORGTWO1', set: {deleted: true}});
    await until('two events', () => bot.calls.length === 2);
    assert.deepEqual(bot.calls.map(c => JSON.parse(c.body).authorizations[0].is_enterprise_install).sort(), [false, true]);
    assert.equal((await json('GET', '/_state/slack')).workspaces.T0ORGONE1.users.U0OLGA001.deleted, true, 'everywhere');
  });
});

describe('ends and changes', () => {
  test('uninstalled: both events, in either order, late; the token is dead', async () => {
    const r = await json('POST', '/_uninstall', {workspace: 'T0ACME001'});
    assert.deepEqual([r.status, types()], [200, ['app_uninstalled', 'tokens_revoked']]);
    assert.deepEqual([last().event.tokens, last().authorizations], [{bot: ['U0BOTACME']}, undefined]);
    assert.equal(await alive(TOKEN), 'token_revoked');
    assert.equal((await json('POST', '/_say', {user: 'ana', place: 'dm', text: 'help'})).delivered, false);
    bot.calls.length = 0;
    await json('POST', '/_uninstall', {workspace: 'T0GLOBEX1', order: ['tokens_revoked', 'app_uninstalled'], event_time: 1700000000});
    assert.deepEqual(types(), ['tokens_revoked', 'app_uninstalled']);
    assert.equal(last().event_time, 1700000000);
    bot.calls.length = 0;
    await json('POST', '/_uninstall', {workspace: 'E0ACMEORG', order: ['app_uninstalled']});
    assert.deepEqual([last().enterprise_id, await alive(ORG), await alive(LABS)], ['E0ACMEORG', 'token_revoked', true]);
    const again = await installed({user: 'ben', workspace: 'T0ACME001'});
    assert.equal(again.scope, 'commands,chat:write', 'revoking is what takes scopes away');
    await json('POST', '/_uninstall', {workspace: 'T0ACME001', order: ['tokens_revoked'], end: false});
    assert.equal(await alive(again.access_token), true, 'an event that lies');
  });
  test('a private conversation gets another id', async () => {
    const {channel} = await api('conversations.info', {channel: 'G0DEALS01'}, {form: true});
    assert.equal(channel.is_private, true);
    const r = await json('POST', '/_channel', {channel: 'G0DEALS01', id: 'C0DEALS01', set: {is_ext_shared: true}});
    assert.equal(r.status, 200);
    assert.deepEqual([last().event.type, last().event.old_channel_id, last().event.new_channel_id], ['channel_id_changed', 'G0DEALS01', 'C0DEALS01']);
    assert.equal((await api('chat.postMessage', {channel: 'G0DEALS01', text: 'x'})).error, 'channel_not_found');
    assert.equal((await api('chat.postMessage', {channel: 'C0DEALS01', text: 'x'})).ok, true);
    assert.equal((await json('POST', '/_channel', {channel: 'nope', id: 'C1'})).error, 'unknown_place');
  });
  test('people: status bursts, guests, newcomers, the forgotten', async () => {
    await json('POST', '/_user', {user: 'ana', burst: 20});
    await until('20 events', () => bot.calls.length === 20);
    const seen = bot.calls.map(c => JSON.parse(c.body).event.user);
    assert.equal(new Set(seen.map(u => u.profile.status_text)).size, 20);
    assert.ok(seen.every(u => u.id === 'U0ANA0001' && u.deleted === false));
    bot.calls.length = 0;
    await json('POST', '/_user', {user: 'ana', set: {is_restricted: true}});
    await until('one', () => bot.calls.length === 1);
    assert.deepEqual([last().event.type, last().event.user.is_restricted], ['user_change', true]);
    await json('POST', '/_join', {person: {id: 'U0NEW0001', name: 'neo', real_name: 'Neo New', email: 'neo@acme.example'}});
    await until('two', () => bot.calls.length === 2);
    assert.deepEqual([last().event.type, last().event.user.name, last().event.user.profile.email], ['team_join', 'neo', undefined]);
    assert.equal((await json('POST', '/_say', {user: 'neo', place: 'dm', text: 'help'})).status, 200);
    await json('POST', '/_user', {user: 'neo', set: {deleted: true, is_forgotten: true}, deliver: false});
    const {user} = await api('users.info', {user: 'U0NEW0001'}, {form: true});
    assert.deepEqual([user.deleted, user.is_forgotten], [true, true]);
  });
  test('places: a DM between two people, a group DM', async () => {
    assert.equal((await json('POST', '/_say', {user: 'ana', place: 'D0ANABEN1', text: 'hi'})).delivered, false);
    assert.equal((await json('POST', '/_command', {user: 'ana', place: 'D0ANABEN1', text: 'help'})).status, 200);
    assert.equal((await api('chat.postEphemeral', {channel: 'D0ANABEN1', user: 'U0ANA0001', text: 'x'})).error, 'channel_not_found');
    assert.equal((await json('POST', '/_say', {user: 'ana', place: 'G0MPDM001', text: '@workbot help'})).event_type, 'app_mention');
    assert.equal((await api('conversations.info', {channel: 'G0MPDM001'}, {form: true})).needed, 'mpim:read');
  });
});

describe('limits', () => {
  const limits = value => json('PUT', '/_config', {slack: {limits: value}});
  test('per method and conversation, per method and workspace', async () => {
    await limits({'chat.postMessage': {count: 1, window_ms: 1000, by: 'channel'}, 'users.info': {count: 2, window_ms: 60000}});
    const post = (channel, token) => api('chat.postMessage', {channel, text: 'x'}, token ? {token} : {});
    assert.equal((await post('D0ANA0001')).ok, true);
    const again = await post('D0ANA0001');
    assert.deepEqual([again.http, again.error, again.retryAfter], [429, 'ratelimited', '1']);
    assert.equal((await post('C0SALES01')).ok, true, 'another conversation');
    assert.equal((await api('chat.postEphemeral', {channel: 'C0SALES01', user: 'U0ANA0001', text: 'x'})).ok, true, 'another method');
    await pause(1050);
    assert.equal((await post('D0ANA0001')).ok, true);
    const info = token => api('users.info', {user: 'U0ANA0001'}, {form: true, token});
    assert.deepEqual([(await info(TOKEN)).ok, (await info(TOKEN)).ok, (await info(TOKEN)).http, (await info('xoxb-sample-globex-0001')).ok], [true, true, 429, true]);
    await limits({});
    assert.equal((await info(TOKEN)).ok, true);
  });
  test('the fault "error" is any error of the platform', async () => {
    await fault({peer: 'slack', fault: 'error', error: 'fatal_error', path: 'chat.postMessage'});
    assert.equal((await api('users.info', {user: 'U0ANA0001'}, {form: true})).ok, true);
    assert.equal((await api('chat.postMessage', {channel: 'D0ANA0001', text: 'x'})).error, 'fatal_error');
    assert.equal((await api('chat.postMessage', {channel: 'D0ANA0001', text: 'x'})).ok, true);
  });
});
