// What the tests of the sandbox's Teams share: the bot's side of the connector, and the people.
import {createPublicKey, verify} from 'node:crypto';
import {beforeEach} from 'node:test';
import {base, bot, formPost, get, json} from './harness.mjs';

export const APP = '22222222-aaaa-4bbb-8ccc-222222222222', SECRET = 'sample-teams-app-secret', BOT = '28:' + APP;
export const ACME = 'ac3e0000-0000-4000-8000-000000000001', GLOBEX = '910be000-0000-4000-8000-000000000002';
export const ANA = 'aaaa0000-0000-4000-8000-000000000001', ANA_ADDRESS = '29:1AnaAcme-k83xQ_0001';
export const DM = 'a:1ana-acme-8Xk3pQ0001', DEALS = '19:acmesales000deals@thread.tacv2';
export const CARD = 'application/vnd.microsoft.card.adaptive';

export const decode = text => JSON.parse(Buffer.from(text, 'base64url').toString());
export const act = (path, body) => json('POST', path, {chat: 'teams', user: 'ana', place: 'dm', ...body});
export const say = (text, more) => act('/_say', {text, ...more});
export const last = () => JSON.parse(bot.calls.at(-1).body);
export const messages = async (place = 'dm', user = 'ana') => (await json('GET', `/_messages?${new URLSearchParams({chat: 'teams', user, place})}`)).messages;

export async function tokenOf(fields = {}, tenant = ACME) {
  const r = await formPost(`${base}/teams/login/${tenant}/oauth2/v2.0/token`,
    {grant_type: 'client_credentials', client_id: APP, client_secret: SECRET, scope: 'https://api.botframework.com/.default', ...fields});
  return {http: r.status, ...(await r.json())};
}
export let token;
export async function call(method, path, body, {bearer = token, region = 'emea', headers = {}} = {}) {
  const r = await fetch(`${base}/teams/${region}/v3${path}`, {method, redirect: 'manual', headers: {...(bearer ? {authorization: 'Bearer ' + bearer} : {}),
    ...(body === undefined ? {} : {'content-type': 'application/json; charset=utf-8'}), ...headers}, body: body === undefined ? undefined : JSON.stringify(body)});
  const text = await r.text();
  let answer = {};
  try { answer = text ? JSON.parse(text) : {}; } catch { /* HTML */ }
  return {http: r.status, headers: r.headers, text, ...answer};
}
export const at = (conversation, rest = '') => `/conversations/${encodeURIComponent(conversation)}${rest}`;
export const message = more => ({type: 'message', from: {id: BOT}, ...more});
export const send = (more, conversation = DM, options) => call('POST', at(conversation, '/activities'), message({text: 'hi', ...more}), options);
export const card = (body = [], actions, more) => ({contentType: CARD, content: {type: 'AdaptiveCard', version: '1.5', body: actions ? [...body, {type: 'ActionSet', actions}] : body, ...more}});
export const cardMessage = (...args) => ({text: undefined, attachments: [card(...args)]});
export const execute = (title, verb, data = {}) => ({type: 'Action.Execute', title, verb, data});
export const submit = (title, data) => ({type: 'Action.Submit', title, data});
export const reply = (body, status = 200, headers = {'content-type': 'application/json'}) => () => ({status, headers, body: typeof body === 'string' ? body : JSON.stringify(body)});

beforeEach(async () => {
  await json('PUT', '/_config', {teams: {region: 'emea', limits: {}, timeout_ms: 3000, token_ttl_s: 3599, endorsements: ['msteams', 'webchat'],
    retries: [{after_ms: 0, new_id: false}, {after_ms: 30, new_id: true}, {after_ms: 0, new_id: false}],
    app: {multi_tenant: false, redirect_uris: ['http://127.0.0.1:9/identity']}}});
  token = (await tokenOf()).access_token;
});

export async function keyOf(kid) {
  const metadata = await (await get(base + '/teams/v1/.well-known/openidconfiguration')).json();
  const {keys} = await (await get(metadata.jwks_uri)).json();
  return {metadata, key: keys.find(k => k.kid === kid), keys};
}
export async function inboundToken() {
  const authorization = bot.calls.at(-1).headers.authorization;
  const [scheme, jwt] = authorization.split(' ');
  const [head, body, signature] = jwt.split('.');
  const header = decode(head), claims = decode(body);
  const {key, metadata} = await keyOf(header.kid);
  const good = !!key && key.kty === 'RSA' && verify('sha256', Buffer.from(`${head}.${body}`), createPublicKey({key, format: 'jwk'}), Buffer.from(signature, 'base64url'));
  return {scheme, header, claims, key, good, metadata};
}
