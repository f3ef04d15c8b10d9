// ServiceNow, whole: connected in chat as the person who types, every action as that person, and its traps.
import assert from 'node:assert/strict';
import {after, before, beforeEach, describe, test} from 'node:test';
import {ACME, buttons, labels, loginUrl, start, until, words} from '../lib/flow.mjs';

const CLIENT = '5a5e0001acme4c1e0001000000000001';
const ANA = 'a0000000000000000000000000000001', BEN = 'b0000000000000000000000000000002', CLEO = 'c0000000000000000000000000000003';
const DESK = '91000000000000000000000000000001', NETWORK = '91000000000000000000000000000002', LAPTOP = '5c000000000000000000000000000001';
const MINE = '1c000000000000000000000000000001', MAIL = '1c000000000000000000000000000002';
const APPROVAL = 'e1000000000000000000000000000001', APPROVAL_OF_BEN = 'e1000000000000000000000000000002';

// action: [what is typed, its inputs, what the reply says]
const ACTIONS = {
  create_incident: ['create incident', ['short_description', 'description', 'urgency', 'impact', 'category', 'assignment_group', 'caller_id'], 'Made {{steps.one.number}}'],
  get_incident: ['incident', ['number'], '{{steps.one.number}} {{steps.one.short_description}} is {{steps.one.state}}, with {{steps.one.assigned_to}}'],
  my_incidents: ['my incidents', [], 'Yours: {{steps.one.first.number}} {{steps.one.records.1.number}}'],
  find_incidents: ['find', ['text'], 'Found: {{steps.one.first.number}} {{steps.one.records.1.number}}'],
  update_incident: ['change incident', ['id', 'short_description', 'state', 'hold_reason', 'assigned_to', 'assignment_group', 'urgency', 'impact'], 'Changed {{steps.one.number}}: {{steps.one.state}} {{steps.one.assigned_to}}'],
  add_comment: ['comment', ['id', 'comments'], 'Commented on {{steps.one.number}}'],
  add_work_note: ['note', ['id', 'work_notes'], 'Noted on {{steps.one.number}}'],
  resolve_incident: ['resolve', ['id', 'close_code', 'close_notes'], 'Resolved {{steps.one.number}}'],
  my_approvals: ['my approvals', [], 'Waiting: {{steps.one.first.sysapproval.display_value}} {{steps.one.first.sys_id.value}} at {{steps.one.records.0.url}}'],
  approve: ['approve', ['id', 'comments'], 'It is {{steps.one.state}}'],
  reject: ['reject', ['id', 'comments'], 'It is {{steps.one.state}}'],
  create_change: ['create change', ['short_description', 'description', 'justification', 'assignment_group', 'type', 'start_date', 'end_date'], 'Made {{steps.one.number}}'],
  search_catalog: ['catalog', ['text'], 'There is {{steps.one.first.name}}'],
  order_item: ['order', ['item', 'memory'], 'Ordered {{steps.one.number}}'],
  search_knowledge: ['knowledge', ['text'], 'Read {{steps.one.first.number}}: {{steps.one.first.title}}'],
  my_requests: ['my requests', [], 'Ordered: {{steps.one.first.number}} {{steps.one.first.short_description}}'],
  my_tasks: ['my tasks', [], 'To do: {{steps.one.first.number}}'],
};

function recipeOf(action) {
  const [command, inputs, text] = ACTIONS[action];
  const given = Object.fromEntries(inputs.map(name => [name, `{{inputs.${name}}}`]));
  const {memory, ...rest} = given;
  return {name: action.replaceAll('_', '-'), title: command, command: `snow ${command}`, allow: 'everyone',
    connections: {servicenow: {use: 'acme-servicenow', verify_user_access: true}}, inputs: inputs.map(name => ({name})),
    steps: [{id: 'one', connection: 'servicenow', action, with: {...rest, ...(memory ? {variables: {memory}} : {})}}],
    reply: {text, link: {label: 'Open', url: '{{steps.one.url}}'}}};
}

async function world(options = {}) {
  const w = await start(options);
  try {
    await w.putConnection(ACME, 'acme-servicenow', {app: 'servicenow', host: w.hosts.servicenow, client_id: CLIENT,
      client_secret: 'sample-acme-servicenow-secret', assurance: 'code', account_match: 'off'});
    await w.authorize(ACME, 'acme-servicenow', 'ben');
    for (const action of Object.keys(ACTIONS)) await w.putRecipe(ACME, recipeOf(action));
  } catch (e) {
    await w.stop().catch(() => {});
    throw e;
  }
  return w;
}

const settings = (w, servicenow) => w.sandbox('PUT', '/_config', {servicenow});
const fault = (w, name, more = {}) => w.fault(name, {peer: 'servicenow', ...more});
const state = w => w.sandbox('GET', '/_state/servicenow');
const rows = async (w, table, fits = () => true) => (await state(w)).records.filter(r => r.table === table && r.instance === 'acme').map(r => r.fields).filter(fits);
const incident = async (w, id) => (await rows(w, 'incident', r => r.sys_id === id))[0];
const called = async (w, path) => (await w.calls({peer: 'servicenow'})).filter(e => e.path.includes(path));
const tokens = (w, grant) => called(w, '/oauth_token.do').then(all => all.filter(e => e.args?.grant_type === grant));

async function connect(person, username = person.name) {
  const prompt = await person.prompt('connect servicenow');
  const code = await person.browse(prompt, username);
  const told = await person.ask(code, /is connected/);
  await person.world.idle();
  return told;
}
const openButton = m => buttons(m).find(b => b.label === 'Open')?.url;

describe('servicenow', () => {
  let w, ana;
  before(async () => {
    w = await world();
    ana = w.person('ana');
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  test('connected as Ana, and known by instance and sys_id', async () => {
    const told = await connect(ana);
    assert.match(words(told), /\bana\b/);
    const {account_key} = await w.one("select account_key from connection where user_id = 'U0ANA0001' and state = 'active'");
    assert.equal(account_key, `${w.hosts.servicenow}:${ANA}`);
    const [exchange] = (await tokens(w, 'authorization_code')).slice(-1);
    assert.equal(exchange.path, '/oauth_token.do', 'nothing in the query');
    assert.ok(exchange.args.code_verifier && exchange.args.client_secret);
  });

  test('an incident is made by Ana and for her, with a key of its own, and the link opens it', async () => {
    const told = await ana.ask('snow create incident short_description: VPN down urgency: 1', /Made INC001/);
    const [made] = await rows(w, 'incident', r => r.short_description === 'VPN down');
    assert.deepEqual([made.opened_by, made.caller_id, made.urgency, made.contact_type, made.correlation_display], [ANA, ANA, '1', 'chat', 'workbot']);
    assert.match(made.correlation_id, /\S{8}/);
    assert.ok(words(told).includes(made.number));
    const page = await fetch(openButton(told));
    assert.equal(page.status, 200);
    assert.match(await page.text(), /VPN down/);
  });

  test('an incident for somebody else', async () => {
    await ana.ask(`snow create incident short_description: Screen broken caller_id: ${CLEO}`, /Made INC001/);
    const [made] = await rows(w, 'incident', r => r.short_description === 'Screen broken');
    assert.deepEqual([made.opened_by, made.caller_id], [ANA, CLEO]);
  });

  test('looked up by number, in the words of ServiceNow', async () => {
    await ana.ask('snow incident number: INC0000002', /INC0000002 Mail does not arrive is New, with Ana Alvarez/);
    await ana.ask('snow incident number: INC0999999', /no incident of this number, or this account may not see it/);
    await ana.ask('snow incident number: INC1^ORnumber=INC0000002', /a number like INC0010001/);
  });

  test('her own, and those with these words', async () => {
    await ana.ask('snow my incidents', /Yours: INC\d+ INC\d+/);
    await ana.ask('snow find text: Printer', /Found: INC0000001/);
  });

  test('changed, assigned, commented on, resolved', async () => {
    await ana.ask(`snow change incident id: ${MINE} state: 2 assigned_to: ${BEN} assignment_group: ${DESK} urgency: 2`, new RegExp(`Changed INC0000001: 2 ${BEN}`));
    const changed = await incident(w, MINE);
    assert.deepEqual([changed.state, changed.assigned_to, changed.assignment_group, changed.urgency], ['2', BEN, DESK, '2']);
    await ana.ask(`snow comment id: ${MINE} comments: New paper is on its way`, /Commented on INC0000001/);
    await ana.ask(`snow note id: ${MINE} work_notes: The cupboard is empty`, /Noted on INC0000001/);
    assert.deepEqual((await rows(w, 'sys_journal_field', r => r.element_id === MINE)).map(r => [r.element, r.value, r.sys_created_by]),
      [['comments', 'New paper is on its way', 'ana'], ['work_notes', 'The cupboard is empty', 'ana']]);
    const told = await ana.ask(`snow resolve id: ${MINE} close_code: Solved close_notes: Paper is in`, /Resolved INC0000001/);
    assert.match(openButton(told), new RegExp(`/nav_to\\.do\\?uri=incident\\.do%3Fsys_id%3D${MINE}$`));
    const over = await incident(w, MINE);
    assert.deepEqual([over.state, over.close_code, over.close_notes], ['6', 'Solved', 'Paper is in']);
  });

  test('what a data policy demands is said', async () => {
    await ana.ask(`snow change incident id: ${MAIL} state: 3`, /ServiceNow needs a field that was left empty/);
    assert.equal((await incident(w, MAIL)).state, '1');
  });

  test('her approvals, and her decision; what was decided stays, and so does what others decide', async () => {
    await ana.ask('snow my approvals', new RegExp(`Waiting: CHG0000001 ${APPROVAL} at https?://\\S+sysapproval_approver\\.do%3Fsys_id%3D${APPROVAL}\\b`));
    const approval = async id => (await rows(w, 'sysapproval_approver', r => r.sys_id === id))[0].state;
    await ana.ask(`snow approve id: ${APPROVAL_OF_BEN} comments: For Ben`, /This ServiceNow account may not change that record/);
    assert.equal(await approval(APPROVAL_OF_BEN), 'requested');
    await ana.ask(`snow approve id: ${APPROVAL} comments: Good`, /It is approved/);
    assert.equal(await approval(APPROVAL), 'approved');
    const sent = (await called(w, '/sysapproval_approver/')).filter(c => c.method === 'PATCH').length;
    await ana.ask(`snow reject id: ${APPROVAL} comments: Changed my mind`, /This was approved in ServiceNow already/);
    assert.equal(await approval(APPROVAL), 'approved');
    assert.equal((await called(w, '/sysapproval_approver/')).filter(c => c.method === 'PATCH').length, sent, 'nothing was sent');
  });

  for (const [title, inputs] of [['Approve', {}], ['Reject', {comments: 'Too late'}]]) {
    test(`a message whose approval was decided in ServiceNow itself closes when ${title} is pressed`, async () => {
      await w.putRecipe(ACME, {name: 'show-approval', title: 'Show an approval', command: 'snow show approval', allow: 'everyone', connections: {servicenow: {use: 'acme-servicenow'}}, inputs: [],
        steps: [{id: 'one', connection: 'servicenow', action: 'my_approvals', with: {}}],
        reply: {text: 'Waits for a decision', buttons: [{title, command: `snow ${title.toLowerCase()}`, decides: 'decided', inputs: {id: APPROVAL, ...inputs}}]}});
      const m = await ana.ask('snow show approval', x => labels(x).includes(title));
      await ana.press(m, title);
      const now = await ana.sees(x => x.ts === m.ts && /Already approved in ServiceNow by Ana Alvarez, /.test(words(x)));
      assert.ok(!labels(now).includes(title));
      assert.match(words(now), /This was approved in ServiceNow already/);
      await w.idle();
    });
  }

  test('a change, the catalog, an order, knowledge, her requests and tasks', async () => {
    const change = await ana.ask('snow create change short_description: New cable type: emergency', /Made CHG001/);
    const [made] = await rows(w, 'change_request', r => r.short_description === 'New cable');
    assert.deepEqual([made.type, made.opened_by], ['emergency', ANA]);
    assert.match(openButton(change), new RegExp(`change_request\\.do%3Fsys_id%3D${made.sys_id}$`));
    await ana.ask('snow catalog text: laptop', /There is Standard laptop/);
    await ana.ask(`snow order item: ${LAPTOP} memory: 32`, /Ordered REQ001/);
    const [ordered] = await rows(w, 'sc_req_item');
    assert.deepEqual([ordered.opened_by, ordered.quantity, ordered.variables], [ANA, '1', '{"memory":"32"}']);
    await ana.ask(`snow order item: ${LAPTOP}`, /The catalog item needs a variable that was left empty/);
    await ana.ask('snow knowledge text: vpn', /Read KB0000001: How to reset your VPN/);
    await ana.ask('snow my requests', /Ordered: RITM0010001 Standard laptop/);
    await ana.ask('snow my tasks', /To do: INC0000002/);
  });

  test('each row of a list has the link to its record', async () => {
    const told = async (action, text) => {
      const [, inputs] = ACTIONS[action];
      await w.putRecipe(ACME, {name: `rows-${action.replaceAll('_', '-')}`, title: action, command: `snow rows ${action}`, allow: 'everyone', connections: {servicenow: {use: 'acme-servicenow', verify_user_access: true}},
        inputs: inputs.map(name => ({name})), steps: [{id: 'one', connection: 'servicenow', action, with: Object.fromEntries(inputs.map(n => [n, `{{inputs.${n}}}`]))}],
        reply: {text: 'Rows', fields: [0, 1].map(n => ({label: `Row ${n}`, value: `{{steps.one.records.${n}.url}}`})).concat({label: 'First', value: '{{steps.one.first.url}}'})}});
      const links = words(await ana.ask(`snow rows ${action} ${text}`, /Rows/)).match(/https?:\/\/[^\s,|>]+/g) ?? [];
      assert.equal(links[0], links.at(-1), 'first is the first row');
      return links.slice(0, -1);
    };
    for (const [action, text, pattern, count] of [['my_incidents', '', /uri=incident\.do%3Fsys_id%3D[0-9a-f]{32}$/, 2], ['find_incidents', 'text: VPN', /uri=incident\.do%3Fsys_id%3D[0-9a-f]{32}$/, 1],
      ['search_catalog', 'text: laptop', new RegExp(`servicecatalog_cat_item_view\\.do%3Fv%3D1%26sysparm_id%3D${LAPTOP}$`), 1],
      ['search_knowledge', 'text: vpn', /kb_view\.do\?sysparm_article=KB0000001$/, 1], ['my_requests', '', /uri=sc_req_item\.do%3Fsys_id%3D[0-9a-f]{32}$/, 1], ['my_tasks', '', /uri=task\.do%3Fsys_id%3D[0-9a-f]{32}$/, 1]]) {
      const links = await told(action, text);
      assert.ok(links.length >= count, `${action}: ${links}`);
      for (const link of links) assert.match(link, pattern, action);
      if (links.length && /nav_to/.test(links[0]) && !/catalog/.test(links[0])) assert.equal((await fetch(links[0])).status, 200, `${action}: the link opens the record`);
    }
  });

  test('a date and time that is typed by her clock reaches a change and an order in UTC, as ServiceNow writes it', async () => {
    const timed = (name, action, given) => w.putRecipe(ACME, {name, title: name, command: `snow ${name}`, allow: 'everyone', connections: {servicenow: {use: 'acme-servicenow', verify_user_access: true}},
      inputs: [{name: 'from', type: 'date_time', required: true}, {name: 'until', type: 'date_time'}],
      steps: [{id: 'one', connection: 'servicenow', action, with: given}], reply: {text: `Timed {{steps.one.number}}`}});
    const utc = name => `{{inputs.${name} | date("utc")}}`;
    await w.query("update chat_user set time_zone = 'Europe/Zurich' where user_id = 'U0ANA0001'");
    await timed('timed-change', 'create_change', {short_description: 'Timed', start_date: utc('from'), end_date: utc('until')});
    await timed('timed-order', 'order_item', {item: LAPTOP, variables: {memory: '8', needed: utc('from')}});
    await timed('untimed-change', 'create_change', {short_description: 'Untimed', start_date: '{{inputs.from}}'});
    const told = await ana.ask('snow timed-change from: 2026-12-31 14:30 until: 2027-01-01T09:00:00+09:00', /Timed CHG001/);
    assert.doesNotMatch(words(told), /did not take/);
    const dates = r => [r.start_date, r.end_date];
    assert.deepEqual((await rows(w, 'change_request', r => r.short_description === 'Timed')).map(dates), [['2026-12-31 13:30:00', '2027-01-01 00:00:00']]);
    await ana.ask('snow timed-change from: 2026-12-31 15:00', /Timed CHG001/);
    assert.deepEqual((await rows(w, 'change_request', r => r.short_description === 'Timed')).map(dates).sort()[1], ['2026-12-31 14:00:00', undefined]);
    await ana.ask('snow timed-order from: 2026-07-01 09:05', /Timed REQ001/);
    assert.ok((await rows(w, 'sc_req_item')).some(r => r.variables === '{"memory":"8","needed":"2026-07-01 07:05:00"}'));
    await ana.ask('snow untimed-change from: 2026-12-31 14:30', /a date and time in UTC, like 2026-12-31 13:30:00/);
    assert.equal((await rows(w, 'change_request', r => r.short_description === 'Untimed')).length, 0);
  });

  test('P10 the answer to a new incident or change is lost: it is found by its key, and there is one', async () => {
    for (const [text, table, path] of [['snow create incident short_description: Lost once', 'incident', '/table/incident'],
      ['snow create change short_description: Lost once', 'change_request', '/sn_chg_rest/']]) {
      await fault(w, 'lost', {method: 'POST', path});
      await ana.ask(text, /Made (INC|CHG)001/);
      await w.idle();
      assert.equal(await w.fired('lost'), 1);
      assert.equal((await rows(w, table, r => r.short_description === 'Lost once')).length, 1);
      await w.sandbox('DELETE', '/_faults');
      await fault(w, 'cut', {method: 'POST', path});
      await ana.ask(text.replace('Lost once', 'Cut once'), /Made (INC|CHG)001/);
      assert.equal((await rows(w, table, r => r.short_description === 'Cut once')).length, 1);
      await w.sandbox('DELETE', '/_faults');
    }
  });

  test('P10 an order whose answer is lost is not sent again: Ana is asked', async () => {
    const orders = async () => (await rows(w, 'sc_request')).length;
    const before = await orders();
    await fault(w, 'lost', {method: 'POST', path: 'order_now'});
    const asked = await ana.ask(`snow order item: ${LAPTOP} memory: 64`, /may have happened or not/);
    assert.deepEqual(labels(asked), ['It happened', 'It did not: run it again']);
    await ana.press(asked, 'It happened');
    await w.idle();
    assert.equal(await orders(), before + 1);
  });

  test('the instance has a limit: the command waits as long as it says, and goes on', async () => {
    await fault(w, '429', {path: '/table/incident', retry_after: 1});
    await ana.ask('snow incident number: INC0000002', /Mail does not arrive/);
    assert.equal(await w.fired('429'), 1);
  });

  test('the token is used to its end: near it a refresh gives the same one, and would be asked for again and again', async () => {
    await settings(w, {access_ttl_ms: 60000});
    try {
      await fault(w, 'token_expired', {path: '/table/incident'});
      await ana.ask('snow incident number: INC0000002', /Mail does not arrive/);
      const before = (await tokens(w, 'refresh_token')).length;
      for (let i = 0; i < 3; i++) await ana.ask('snow incident number: INC0000002', /Mail does not arrive/);
      assert.equal((await tokens(w, 'refresh_token')).length, before);
    } finally {
      await settings(w, {access_ttl_ms: 1800000});
    }
  });

  test('disconnecting ends both tokens, the lasting one first', async () => {
    await ana.say('disconnect servicenow');
    const ends = await until('both to be revoked', async () => {
      const all = await called(w, '/oauth_revoke_token.do');
      return all.length === 2 && all;
    });
    const grant = (await state(w)).grants.find(g => g.username === 'ana');
    assert.deepEqual(ends.map(e => [e.method, e.status, e.args.token.slice(0, 2), e.args.client_secret]), [['POST', 200, 'r1', undefined], ['POST', 200, 'a1', undefined]]);
    assert.deepEqual([grant.alive, grant.access_token], [false, null]);
  });
});

describe('servicenow: traps', () => {
  let w, ana, cleo;
  before(async () => {
    w = await world();
    [ana, cleo] = ['ana', 'cleo'].map(name => w.person(name));
    await connect(ana);
  });
  after(() => w?.stop());
  beforeEach(() => w.sandbox('DELETE', '/_faults'));

  const FIND = 'snow incident number: INC0000002';
  const stateOf = async user => (await w.one('select state from connection where user_id = $1', [user])).state;
  const soon = () => w.query("update job set run_at = now() where state = 'queued' and run_at > now()");

  test('apps_trap_05_dead 401 server_error/access_denied to a refresh is a dead grant: one prompt, and the command goes on behind the login', async () => {
    await fault(w, 'token_expired', {path: '/table/incident'});
    await fault(w, 'grant_revoked', {path: '/oauth_token.do'});
    const prompt = await ana.ask(FIND, m => m.is_bot && loginUrl(m));
    assert.equal(await stateOf('U0ANA0001'), 'needs_login');
    const code = await ana.browse(prompt, 'ana');
    await ana.say(code);
    await ana.sees(/INC0000002 Mail does not arrive/);
  });

  test('apps_trap_06_sleeping a sleeping instance answers 200 with a page: a read waits and goes on, nobody is disconnected', async () => {
    await fault(w, 'asleep', {path: '/table/incident'});
    const said = await ana.say(FIND);
    await until('the page to have come', async () => await w.fired('asleep') === 1);
    await until('the command to go on', async () => {
      await soon();
      return (await ana.messages()).some(m => m.ts > said.ts && /Mail does not arrive/.test(words(m)));
    });
    assert.equal(await stateOf('U0ANA0001'), 'active');
  });

  test('apps_trap_06_sleeping_write what the sleeping instance was to write is written when it is awake, once, and nobody is asked', async () => {
    await fault(w, 'asleep', {method: 'POST', path: '/table/incident'});
    const said = await ana.say('snow create incident short_description: Slept over');
    await until('the page to have come', async () => await w.fired('asleep') === 1);
    await until('the command to go on', async () => {
      await soon();
      return (await ana.messages()).some(m => m.ts > said.ts && /Made INC001/.test(words(m)));
    });
    assert.equal((await rows(w, 'incident', r => r.short_description === 'Slept over')).length, 1);
    assert.equal(await w.count('run', "state = 'unknown'"), 0);
  });

  test('apps_trap_06_sleeping_order an order has no key to look for, and yet nobody is asked: a sleeping instance did nothing', async () => {
    await fault(w, 'asleep', {path: 'order_now'});
    const said = await ana.say(`snow order item: ${LAPTOP} memory: 16`);
    await until('the page to have come', async () => await w.fired('asleep') === 1);
    await until('the command to go on', async () => {
      await soon();
      const answers = (await ana.messages()).filter(m => m.ts > said.ts);
      assert.ok(!answers.some(m => /may have happened or not/.test(words(m))), 'Ana is asked');
      return answers.some(m => /Ordered REQ001/.test(words(m)));
    });
    assert.equal((await rows(w, 'sc_request')).length, 1);
  });

  test('apps_trap_06_refresh a refresh meets the page: the connection stays', async () => {
    await fault(w, 'token_expired', {path: '/table/incident'});
    await fault(w, 'asleep', {path: '/oauth_token.do'});
    const said = await ana.say(FIND);
    await until('the page to have come', async () => await w.fired('asleep') === 1);
    await until('the command to go on', async () => {
      await w.query('update connection set cool_until = now() where cool_until is not null');
      await soon();
      return (await ana.messages()).some(m => m.ts > said.ts && /Mail does not arrive/.test(words(m)));
    });
    assert.equal(await w.count('login', "state = 'open'"), 0, 'nobody is asked to log in');
  });

  test('apps_trap_06_login a login meets the page: it says so and connects nothing', async () => {
    const prompt = await cleo.prompt('connect servicenow');
    await fault(w, 'asleep', {path: '/table/sys_user'});
    await cleo.browser.logIn(loginUrl(prompt), 'cleo');
    assert.equal(cleo.browser.code, null, cleo.browser.text);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
  });

  for (const [what, set] of [['the query is ignored', () => fault(w, 'query_ignored', {path: '/table/sys_user'})],
    ['the instance forbids scripts in queries', () => settings(w, {javascript_in_queries: false})]]) {
    test(`apps_trap_15_who_am_i who am I, and ${what}: several rows come, and nobody is taken`, async () => {
        const prompt = await cleo.prompt('connect servicenow');
      await set();
      try {
        await cleo.browser.logIn(loginUrl(prompt), 'cleo');
      } finally {
        await settings(w, {javascript_in_queries: true});
      }
      assert.equal(cleo.browser.code, null, cleo.browser.text);
      assert.match(cleo.browser.text, /did not say who you are/);
      await cleo.sees(m => m.ts === prompt.ts && /You were not connected to ServiceNow: .*does not say whose login that is/.test(words(m)));
      assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
      const [probe] = (await called(w, '/table/sys_user')).slice(-1);
      assert.equal(probe.answer.result.length, 2);
    });
  }

  test('apps_trap_15_who_am_i who am I, and the one row that comes is somebody else: nobody is taken for Ana', async () => {
    const prompt = await cleo.prompt('connect servicenow');
    await settings(w, {only_visible_user: 'ana'});
    await fault(w, 'query_ignored', {path: '/table/sys_user'});
    try {
      await cleo.browser.logIn(loginUrl(prompt), 'cleo');
    } finally {
      await settings(w, {only_visible_user: null});
    }
    const [probe] = (await called(w, '/table/sys_user')).slice(-1);
    assert.deepEqual(probe.answer.result.map(r => r.user_name), ['ana']);
    assert.equal(cleo.browser.code, null, cleo.browser.text);
    assert.match(cleo.browser.text, /did not say who you are/);
    assert.equal(await w.count('connection', "user_id = 'U0CLEO001' and state = 'active'"), 0);
  });

  test('apps_trap_15_who_am_i an instance that does not know the second question has no say in it', async () => {
    const prompt = await cleo.prompt('connect servicenow');
    await settings(w, {no_current_user: true});
    const code = await cleo.browse(prompt, 'cleo').finally(() => settings(w, {no_current_user: false}));
    await cleo.ask(code, /is connected/);
    assert.equal((await called(w, '/ui/user/current_user')).at(-1).status, 400);
    await cleo.ask('disconnect servicenow', /Your connections/);
    await w.idle();
  });

  test('apps_trap_15_caret a caret or a script in what a user types stays text', async () => {
    await ana.ask('snow find text: printer^ORnumber=INC0000002', /Found: *, as ana/);
    await ana.ask('snow find text: printer^NQactive=true', /Found: *, as ana/);
    await ana.ask('snow find text: javascript:gs.getUserID()', /Found: *, as ana/);
    const queries = (await called(w, '/table/incident?')).map(e => new URL(e.path, 'http://x').searchParams.get('sysparm_query')).filter(q => q?.startsWith('short_descriptionLIKE'));
    assert.ok(queries.length >= 3);
    for (const q of queries) assert.match(q, /^[^^]*\^ORDERBYDESCsys_created_on$/);
  });

  test('apps_trap_15_silent_drop a field that ServiceNow drops without a word is a refusal, and the old value stays', async () => {
    await connect(cleo);
    await cleo.ask('snow create incident short_description: Mouse is dead', /Made INC001/);
    const [own] = await rows(w, 'incident', r => r.short_description === 'Mouse is dead');
    await cleo.ask(`snow change incident id: ${own.sys_id} state: 2`, /ServiceNow did not take: state\. This account may not set that there/);
    await cleo.ask(`snow change incident id: ${own.sys_id} assigned_to: ${CLEO}`, /ServiceNow did not take: assigned to\./);
    await cleo.ask(`snow resolve id: ${own.sys_id} close_code: Solved close_notes: New mouse`, /ServiceNow kept the old state: this account may not resolve/);
    assert.deepEqual([(await incident(w, own.sys_id)).state, (await incident(w, own.sys_id)).assigned_to ?? ''], ['1', '']);
    await cleo.ask(`snow change incident id: ${own.sys_id} urgency: 1`, /Changed INC001/);
    await cleo.ask(FIND, /no incident of this number, or this account may not see it/);
  });

  // what each writing action sends that ServiceNow may leave out: two values of each, so that one differs from what stands there
  const SENT = {
    create_incident: {typed: 'snow create incident', done: /Made INC001/,
      fields: {short_description: ['Left out'], description: ['At length'], urgency: ['1'], impact: ['2'], category: ['network'], assignment_group: [DESK], caller_id: [CLEO]}},
    update_incident: {typed: `snow change incident id: ${MAIL}`, done: /Changed INC0000002/,
      fields: {short_description: ['Other words', 'More words'], state: ['1', '2'], hold_reason: ['4', '5'], assigned_to: [BEN, ANA],
        assignment_group: [DESK, NETWORK], urgency: ['1', '2'], impact: ['1', '2']}},
    resolve_incident: {typed: `snow resolve id: ${MAIL}`, done: /Resolved INC0000002/,
      fields: {close_code: ['One code', 'Other code'], close_notes: ['These notes', 'Other notes']}},
    create_change: {typed: 'snow create change', done: /Made CHG001/,
      fields: {short_description: ['Left out'], description: ['At length'], justification: ['It must be'], assignment_group: [DESK], start_date: ['2026-12-31 13:30:00'], end_date: ['2026-12-31 15:30:00']}},
  };
  const NO_WORD = /did not take|does not show/;
  const differing = async fields => {
    const stands = await incident(w, MAIL);
    return Object.fromEntries(Object.entries(fields).map(([name, [one, two = one]]) => [name, stands[name] === one ? two : one]));
  };
  const typed = async action => `${SENT[action].typed} ${Object.entries(await differing(SENT[action].fields)).map(([k, v]) => `${k}: ${v}`).join(' ')}`;

  for (const [action, {fields, done}] of Object.entries(SENT)) {
    test(`apps_trap_15_taken ${action}: all taken, and nothing is said`, async () => {
      assert.doesNotMatch(words(await ana.ask(await typed(action), done)), NO_WORD);
    });

    test(`apps_trap_15_taken ${action}: each field that is left out is named, alone, and the rest counts`, async () => {
      try {
        for (const field of Object.keys(fields)) {
          await settings(w, {fields_not_taken: [field]});
          const told = words(await ana.ask(await typed(action), done));
          assert.match(told, new RegExp(`ServiceNow did not take: ${field.replaceAll('_', ' ')}\\. This account may not set that there`), field);
        }
      } finally {
        await settings(w, {fields_not_taken: []});
      }
    });

    test(`apps_trap_15_taken ${action}: what no answer shows is not called left out`, async () => {
      const [field] = Object.keys(fields);
      await settings(w, {fields_hidden: [field]});
      try {
        const told = words(await ana.ask(await typed(action), done));
        assert.match(told, new RegExp(`ServiceNow does not show whether it took: ${field.replaceAll('_', ' ')}\\.`));
        assert.doesNotMatch(told, /did not take/);
      } finally {
        await settings(w, {fields_hidden: []});
      }
    });
  }

  test('apps_trap_15_taken a change of which nothing was taken did not happen', async () => {
    await settings(w, {fields_not_taken: ['urgency', 'impact']});
    try {
      await ana.ask(`snow change incident id: ${MAIL} urgency: 3 impact: 3`, /did not work[^]*ServiceNow did not take: urgency, impact\./);
    } finally {
      await settings(w, {fields_not_taken: []});
    }
  });

  test('apps_trap_15_detail_null a refusal with detail null is understood', async () => {
    await ana.ask(`snow order item: ${LAPTOP}`, /The catalog item needs a variable that was left empty/);
    const [refused] = (await called(w, 'order_now')).slice(-1);
    assert.deepEqual([refused.status, refused.answer.error.detail], [400, null]);
  });

  test('apps_trap_15_change a change is made with 200, and that is success', async () => {
    await ana.ask('snow create change short_description: Two hundred', /Made CHG001/);
    const [made] = (await called(w, '/sn_chg_rest/')).slice(-1);
    assert.equal(made.status, 200);
  });

  test('apps_trap_15_rejection a rejection without a comment is never sent', async () => {
    await w.putRecipe(ACME, {...recipeOf('reject'), inputs: [{name: 'id'}, {name: 'comments'}]});
    const sent = (await called(w, '/sysapproval_approver/')).length;
    await ana.ask(`snow reject id: ${APPROVAL}`, /"comments"/);
    assert.equal((await called(w, '/sysapproval_approver/')).length, sent);
    await ana.ask(`snow reject id: ${APPROVAL} comments: Too early`, /It is rejected/);
    assert.equal((await rows(w, 'sysapproval_approver', r => r.sys_id === APPROVAL))[0].state, 'rejected');
  });

  test('apps_trap_15_state the state of every login is letters and digits', async () => {
    const states = (await called(w, '/oauth_auth.do')).map(e => new URL(e.path, 'http://x').searchParams.get('state'));
    assert.ok(states.length >= 3);
    for (const s of states) assert.match(s, /^[A-Za-z0-9]{20,}$/);
  });
});
