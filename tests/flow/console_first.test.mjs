// What whoever runs a new Workbot reads on its first pages and in its log: what is next, and nothing that cannot be yet.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, start} from '../lib/flow.mjs';
import {operator} from '../lib/console.mjs';

const HOME = `/console/workspaces/${ACME}`;
const SETTINGS = {slack: ['WORKBOT_SLACK_APP_ID', 'WORKBOT_SLACK_CLIENT_ID', 'WORKBOT_SLACK_CLIENT_SECRET', 'WORKBOT_SLACK_SIGNING_SECRETS'],
  teams: ['WORKBOT_TEAMS_APP_ID', 'WORKBOT_TEAMS_APP_SECRET', 'WORKBOT_TEAMS_TENANT_ID', 'WORKBOT_TEAMS_ALLOWED_TENANTS', 'WORKBOT_TEAMS_OPENID_URL', 'WORKBOT_TEAMS_LOGIN_URL']};

let w, boss, stranger, all;
const show = async (browser, path) => {
  await browser.get(w.url + path);
  assert.equal(browser.page.status, 200, browser.text);
  return browser.text;
};
/** Restarts with these chats alone, and gives what the log says of the others. */
const withChats = async (...chats) => {
  const from = w.log().length;
  for (const [chat, names] of Object.entries(SETTINGS)) for (const name of names) w.env[name] = chats.includes(chat) ? all[name] : '';
  await w.restart();
  return w.log().slice(from).split('\n').filter(line => /_APP_ID/.test(line)).map(line => JSON.parse(line)).map(({level, message}) => [level, message]);
};

before(async () => {
  w = await start({empty: true, teams: true});
  all = {...w.env};
  stranger = new Browser();
});
after(() => w?.stop());

describe('where Workbot is in no chat yet', () => {
  test('its first page leads to the set-up, and does not send anybody to a bot', async () => {
    const text = await show(stranger, '/');
    assert.match(text, /It is in no chat yet\. Whoever runs it has to set it up first/);
    assert.doesNotMatch(text, /othing to do|Type help|signed in/);
    assert.equal(stranger.page.html.match(/href="\/console\/setup"/g).length, 2);
  });

  test('the door begins with the operator token and says why', async () => {
    for (const path of ['/console', '/console?next=setup']) {
      const text = await show(stranger, path);
      assert.match(text, /Workbot is in no chat yet\. Whoever runs this deployment signs in with an operator token.*Operator token.*Admins of a workspace come in another way, once the bot is there: they type console/);
      assert.match(text, /WORKBOT_ADMIN_TOKENS/);
      assert.doesNotMatch(text, /Are you an admin/);
      assert.ok(stranger.page.html.includes('<form method="post" action="/console/operator">'));
    }
    await stranger.submit({token: 'some-other-token-that-nobody-has-given-out'});
    assert.equal(stranger.page.status, 401);
    assert.match(stranger.text, /in no chat yet.*not an operator token/);
    boss = await operator(w);
    assert.match(boss.page.url, /\/console\/setup$/);
    assert.match(await show(boss, '/'), /It is in no chat yet.*You are signed in to the console, which says what is next/);
  });
});

describe('the log says which chats are not set up', () => {
  test('one of two is enough; that there is none is a warning', async () => {
    assert.deepEqual(await withChats(), [['warn', 'no chat is set up: neither WORKBOT_SLACK_APP_ID nor WORKBOT_TEAMS_APP_ID is set']]);
    assert.deepEqual(await withChats('teams'), [['info', 'Slack is not set up: WORKBOT_SLACK_APP_ID is not set']]);
    assert.deepEqual(await withChats('slack'), [['info', 'Teams is not set up: WORKBOT_TEAMS_APP_ID is not set']]);
    assert.deepEqual(await withChats('slack', 'teams'), []);
  });
});

describe('the address for the sign-in, in step 1', () => {
  const block = async platform => {
    await show(boss, '/console/setup');
    return new RegExp(`<section id="sign_in_${platform}">[\\s\\S]*?</section>`).exec(boss.page.html)[0].replace(/<[^>]+>/g, ' ').replaceAll('&#39;', "'").replace(/\s+/g, ' ');
  };

  test('the app of the manifest has it; another one is asked to have it', async () => {
    const there = `${w.url}/identity/slack/callback`;
    const link = /href="(https:\/\/api\.slack\.com\/apps[^"]*)"/.exec((await show(boss, '/console/setup'), boss.page.html))[1].replaceAll('&amp;', '&');
    assert.ok(JSON.parse(new URL(link).searchParams.get('manifest_json')).oauth_config.redirect_urls.includes(there), 'so it says the truth');
    assert.ok((await block('slack')).includes(`has the address for it already. To check, look in Slack's settings of the app &gt; OAuth &amp; Permissions &gt; Redirect URLs: ${there} must stand there. An app that was made in another way needs it: Add, then Save URLs.`), await block('slack'));
    assert.match(await block('teams'), /In Entra admin center.*Authentication &gt; Add a platform, Web, then Configure: \S*\/identity\/teams\/callback /);
    await w.restart({WORKBOT_SLACK_SIGN_IN: 'on', WORKBOT_SLACK_SIGN_IN_CLIENT_ID: '3000000003.4000000004', WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: 'sample-of-another-app'});
    assert.match(await block('slack'), /In Slack's settings of the app &gt; OAuth &amp; Permissions &gt; Redirect URLs &gt; Add, then Save URLs: \S*\/identity\/slack\/callback /);
    assert.doesNotMatch(await block('slack'), /already/);
    await w.restart({WORKBOT_SLACK_SIGN_IN: '', WORKBOT_SLACK_SIGN_IN_CLIENT_ID: '', WORKBOT_SLACK_SIGN_IN_CLIENT_SECRET: ''});
  });
});

describe('a workspace whose set-up is not finished', () => {
  const next = async (label, href) => {
    assert.match(await show(boss, '/console/workspaces'), new RegExp(`The set-up is not finished\\. Next: ${label} ?\\.`));
    assert.match(await show(boss, HOME), new RegExp(`The set-up is not finished\\. Next: ${label} ?\\.`));
    assert.ok(boss.page.html.includes(`Next: <a href="${href}">${label}</a>`), boss.page.html);
  };

  test('the operator reads which step is next, until the last is done', async () => {
    await w.must('PUT', `/workspaces/${ACME}`, {name: 'Acme'});
    await next('the chat', '/console/setup');
    assert.match(await show(stranger, '/'), /It is in no chat yet/, 'a draft has no bot');
    await w.load('acme', ACME, 'ben@acme.example');
    await w.query('update recipe set enabled = false');
    const {client_id} = await w.one('select client_id from default_connection where workspace = $1', [ACME]);
    await w.query('update default_connection set client_id = null');
    await next('an app', `${HOME}/setup`);
    assert.match(boss.text, /One thing needs somebody: Default connection acme-salesforce\. What to do/);
    await w.query('update default_connection set client_id = $1', [client_id]);
    await next('a recipe', `${HOME}/setup/recipes`);
    assert.doesNotMatch(boss.text, /needs? somebody/);
    await w.query("update recipe set enabled = true where name = 'create-opportunity'");
    for (const path of [HOME, '/console/workspaces']) assert.doesNotMatch(await show(boss, path), /not finished/);
  });

  test('who has run something is set up, whatever was ended since; what needs somebody is named first', async () => {
    const ana = w.person('ana');
    await ana.connect();
    await ana.ask('salesforce create opportunity name: Acme renewal amount: 5000 close: 2026-12-31', /Created Acme renewal/);
    await w.query('update default_connection set client_id = null');
    await w.query("update workspace set state = 'broken', missing_scopes = '{files:read}'");
    for (const n of [1, 2]) await w.putConnection(ACME, `box-${n}`, {app: 'box', host: w.hosts.box});
    const text = await show(boss, HOME);
    assert.doesNotMatch(text, /not finished/);
    assert.match(text, /Recipes 5 things need somebody: The bot, The bot, Default connection acme-salesforce and 2 more\. What to do/);
    assert.ok(boss.page.html.includes(`href="${HOME}/health#needs"`));
  });

  test('with a bot the door and the first page are as people know them', async () => {
    assert.match(await show(stranger, '/'), /You use it in your chat: type help to Workbot there/);
    assert.match(await show(stranger, '/console'), /Are you an admin of Workbot in your workspace\? Type console to Workbot.*Do you operate this deployment\?/);
  });
});
