// The story of the seed: an approval arrives in a chat, somebody presses Approve, logs in once, and it carries their name.
import assert from 'node:assert/strict';
import {after, before, describe, test} from 'node:test';
import {ACME, Browser, SLOWNESS, TEAMS_ACME, button, create, labels, loginUrl, start, until, viewWords, words} from '../lib/flow.mjs';

const SALESFORCE = {salesforce: {use: 'acme-salesforce', verify_user_access: true}};
const step = (id, action, withs) => ({id, connection: 'salesforce', action, with: withs});
const recipe = (name, command, inputs, steps, text, buttons) => ({name, title: `To ${command}`, command, allow: 'everyone', connections: SALESFORCE,
  inputs, steps, reply: {text, ...(buttons ? {buttons} : {})}});
const needed = name => ({name, required: true});
const APPROVERS = {ana: '005xx000000ANA1AAO', cleo: '005xx000000CLE1AAO', ben: '005xx000000BEN1AAO'};
const decides = (title, command, word, more) => ({title, command, inputs: {item: '{{inputs.item}}', ...(command === 'approve deal' ? {record: '{{inputs.record}}'} : {})}, decides: word, ...more});
const RECIPES = [
  recipe('submit', 'submit deal', [needed('id'), needed('approver')], [step('s', 'submit_for_approval', {record: '{{inputs.id}}', approver: '{{inputs.approver}}'})], 'Submitted'),
  recipe('approve', 'approve deal', [needed('item'), {name: 'comment'}, {name: 'record'}], [step('a', 'approve', {work_item: '{{inputs.item}}', comment: '{{inputs.comment}}', record: '{{inputs.record}}'})], 'You said yes'),
  recipe('reject', 'reject deal', [needed('item'), needed('comment')], [step('a', 'reject', {work_item: '{{inputs.item}}', comment: '{{inputs.comment}}'})], 'You said no'),
  recipe('show', 'show approval', [needed('item'), needed('name'), {name: 'record'}], [step('q', 'query', {soql: 'SELECT Id FROM Opportunity LIMIT 1'})], 'For a decision: {{inputs.name}}',
    [decides('Approve', 'approve deal', 'approved', {style: 'primary'}), decides('Reject', 'reject deal', 'rejected', {style: 'danger'})]),
  {...recipe('stand-in', 'stand in', [needed('item')], [step('a', 'approve', {work_item: '{{inputs.item}}'})], 'You said yes'), shared_approver: true,
    connections: {salesforce: {...SALESFORCE.salesforce, verify_user_access: false}}},
  recipe('ask-all', 'ask all', [needed('item'), needed('name')], [step('q', 'query', {soql: 'SELECT Id FROM Opportunity LIMIT 1'})], 'For anybody: {{inputs.name}}',
    [decides('Approve', 'stand in', 'approved')]),
  recipe('win', 'win deal', [needed('item')], [step('u', 'update_record', {object: 'Opportunity', id: '{{inputs.item}}', fields: {StageName: 'Closed Won'}})], 'It is won'),
  recipe('offer', 'offer deal', [needed('item')], [step('q', 'query', {soql: 'SELECT Id FROM Opportunity LIMIT 1'})], 'Is it won? {{inputs.item}}',
    [decides('Won', 'win deal', 'won')]),
];

for (const chat of ['slack', 'teams']) {
  describe(`approvals in ${chat}`, () => {
    let w, ana, ben, cleo;
    const teams = chat === 'teams';
    const workspace = teams ? TEAMS_ACME : ACME;
    const OPEN = teams ? 'deals' : 'sales'; // a channel of all three
    const person = name => (teams ? w.teamsPerson(name) : w.person(name));
    before(async () => {
      w = await start({teams: teams ? 'only' : false, replicas: 2});
      [ana, ben, cleo] = ['ana', 'ben', 'cleo'].map(person);
      for (const r of RECIPES) await w.putRecipe(workspace, r);
      await ana.connect();
    });
    after(() => w?.stop());

    /** A deal that waits for an approver: {id, item, process}. */
    const waiting = async (name, approver = APPROVERS.cleo) => {
      await ana.ask(create(name), new RegExp(`Created ${name}`));
      const {id} = (await w.records()).find(r => r.fields.Name === name);
      await ana.ask(`submit deal id: ${id} approver: ${approver}`, /Submitted/);
      const process = (await w.records('ProcessInstance')).find(r => r.fields.TargetObjectId === id);
      return {id, process: process.id, item: (await w.records('ProcessInstanceWorkitem')).find(r => r.fields.ProcessInstanceId === process.id).id};
    };
    const status = async process => (await w.records('ProcessInstance')).find(r => r.id === process).fields.Status;
    /** The message with its buttons, where all read it. */
    const shown = async (name, item, place = OPEN, more = '') => {
      const said = await ana.say(`${place === 'dm' ? '' : '@Workbot '}show approval item: ${item} name: ${name}${more}`, {place});
      return ana.sees(m => m.is_bot && labels(m).includes('Approve') && words(m).includes(name), {place, after: said.ts});
    };
    const decided = (who, m, pattern, place = OPEN) => who.sees(x => x.ts === m.ts && pattern.test(words(x)), {place});
    const privately = (who, fits) => (teams ? who.sees(fits) : who.sees(fits, {place: OPEN}));
    /** As a client does that has not drawn the message anew. */
    const pressStale = (who, m, title) => {
      const {type, action, value} = button(m, title);
      return who.press(m, title, {force: true, ...(teams ? {forge: {type, verb: action, data: value}} : {action, value})});
    };
    const calls = async path => (await w.calls({peer: 'salesforce'})).filter(c => path.test(c.path));

    test('somebody who must log in first is asked in private; then the message carries that name, for all, without buttons', async () => {
      const {item, process} = await waiting('Login first');
      const m = await shown('Login first', item);
      await cleo.press(m, 'Approve');
      const prompt = await privately(cleo, x => x.is_bot && loginUrl(x));
      assert.equal((await ana.messages(OPEN)).filter(x => loginUrl(x)).length, 0, 'nobody else sees the prompt');
      assert.ok(labels((await ana.messages(OPEN)).find(x => x.ts === m.ts)).includes('Approve'), 'a login that may never come blocks nobody');
      const code = await cleo.browse(prompt);
      await cleo.say(code);
      const now = await decided(ana, m, /Approved by Cleo/);
      assert.match(words(now), /For a decision: Login first/);
      assert.deepEqual(labels(now).filter(l => l === 'Approve' || l === 'Reject'), []);
      assert.equal(await status(process), 'Approved');
      const run = await w.one("select user_id, state from run where recipe = 'approve' order by created_at desc limit 1");
      assert.equal(run.state, 'done');
      assert.match(run.user_id, teams ? /^cccc/ : /CLEO/);
      await privately(cleo, /You said yes/);
      assert.doesNotMatch((await Promise.all((await ana.messages(OPEN)).map(words))).join('\n'), /You said yes/, 'the answer is the presser\'s');
    });

    test('somebody who is connected approves with one press, and whoever comes second is told who was first', async () => {
      const {item, process} = await waiting('Connected');
      const m = await shown('Connected', item);
      await cleo.press(m, 'Approve');
      await decided(ana, m, /Approved by Cleo/);
      const before = await calls(/process\/approvals/);
      await pressStale(ana, m, 'Approve');
      await w.idle();
      await privately(ana, /Nothing is left to do here[^]*Approved by Cleo/);
      assert.equal((await calls(/process\/approvals/)).length, before.length);
      assert.equal(await status(process), 'Approved');
    });

    const approved = async item => (await calls(/process\/approvals/)).filter(c => c.request.includes('"Approve"') && c.request.includes(item)).length;

    test('failure_28_two_approvals P1 a double press of an Approve that writes at once is one call; so is a press while the app is slow', async () => {
      const twice = await waiting('Twice', APPROVERS.ana);
      const m = await shown('Twice', twice.item);
      await ana.press(m, 'Approve', {times: 2});
      await decided(ana, m, /Approved by Ana/);
      await w.idle();
      assert.deepEqual([await approved(twice.item), await status(twice.process)], [1, 'Approved']);
      const {item, process} = await waiting('Impatient', APPROVERS.ana);
      const slow = await shown('Impatient', item);
      await w.idle();
      await w.fault('slow', {path: '/process/approvals', delay_ms: 3000 * SLOWNESS, times: 1});
      await ana.press(slow, 'Approve');
      await until('the app to be at work', async () => await w.fired('slow') === 1);
      await w.query("update run set asked_at = asked_at - interval '1 minute', created_at = created_at - interval '1 minute' where recipe = 'approve' and state = 'running'"); // no double click
      await ana.press(slow, 'Approve');
      await decided(ana, slow, /Approved by Ana/);
      await w.idle();
      assert.deepEqual([await approved(item), await status(process)], [1, 'Approved']);
      await privately(ana, /You are deciding this already/);
      await w.sandbox('DELETE', '/_faults');
    });

    test('failure_29_first_press_after_a_restart does what the button says', async () => {
      const {item, process} = await waiting('Restarted', APPROVERS.ana);
      const m = await shown('Restarted', item);
      await w.idle();
      await w.restart();
      await ana.press(m, 'Approve');
      await decided(ana, m, /Approved by Ana/);
      await w.idle();
      assert.deepEqual([await approved(item), await status(process)], [1, 'Approved']);
    });

    test('posted twice, as its answer was lost: whichever copy is pressed, it is decided once', async () => {
      const {item, process} = await waiting('Copied');
      await w.idle();
      await w.fault('lost', {peer: chat, times: 1, ...(teams ? {method: 'POST', path: '/activities'} : {path: 'chat.postMessage'})});
      await ana.say(`@Workbot show approval item: ${item} name: Copied`, {place: OPEN});
      const copies = await until('both copies', async () => {
        const found = (await ana.messages(OPEN)).filter(m => m.is_bot && labels(m).includes('Approve') && words(m).includes('Copied'));
        return found.length === 2 && found;
      });
      await w.idle();
      const known = new Set((await w.query('select platform_id from message where platform_id is not null')).map(m => m.platform_id));
      const lost = copies.find(c => !known.has(c.ts)), kept = copies.find(c => known.has(c.ts));
      await cleo.press(lost, 'Approve');
      await decided(ana, kept, /Approved by Cleo/);
      const before = await calls(/process\/approvals/);
      await ana.press(lost, 'Approve', {force: true});
      await privately(ana, /Nothing is left to do here[^]*Approved by Cleo/);
      assert.equal((await calls(/process\/approvals/)).length, before.length);
      assert.equal(await status(process), 'Approved');
    });

    test('a comment that is needed is asked for in a form', async () => {
      const {item, process} = await waiting('Too dear');
      const m = await shown('Too dear', item);
      await cleo.press(m, 'Reject');
      await cleo.modal();
      const sent = await cleo.submit(teams ? {in_comment: 'Too dear'} : {comment: 'Too dear'});
      assert.equal(sent.closed, true, JSON.stringify(sent));
      await decided(ana, m, /Rejected by Cleo/);
      assert.equal(await status(process), 'Rejected');
    });

    test('what a button carries is told by what its message says, with its link, and never by ids: in the form, the prompt, lists, and before it runs late', async () => {
      const {item, process} = await waiting('By its name');
      await w.putRecipe(workspace, {...RECIPES[3], name: 'show-linked', command: 'linked approval', reply: {...RECIPES[3].reply, link: {label: 'Open the deal', url: 'https://deals.example/1'}}});
      const said = await ana.say(`@Workbot linked approval item: ${item} name: By its name`, {place: OPEN});
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('By its name'), {place: OPEN, after: said.ts});
      const ABOUT = /For a decision: By its name/;
      const told = (what, text) => {
        assert.match(text, ABOUT, what);
        assert.doesNotMatch(text, new RegExp(item), `${what} shows an id`);
      };
      await cleo.press(m, 'Reject');
      const form = await cleo.modal();
      told('the form', teams ? words(form) : viewWords(form));
      assert.ok(JSON.stringify(form).includes('https://deals.example/1'), 'the form leads to the record');
      const before = (await cleo.say('cancel')).ts;
      await cleo.sees(x => x.ts > before && /Cancelled: \*?\*?To reject deal/.test(words(x)));
      await cleo.ask('disconnect salesforce', /Disconnected|not connected/);
      await cleo.press(m, 'Approve');
      const prompt = await privately(cleo, x => x.is_bot && loginUrl(x) && ABOUT.test(words(x)));
      told('the prompt', words(prompt));
      assert.match(JSON.stringify(prompt.blocks ?? prompt.attachments ?? prompt), /This takes back your press: [^"]*For a decision: By its name[^"]*Nothing is decided by it, and the buttons stay/);
      assert.match(words(prompt), /Back takes back your press\./);
      await cleo.press(prompt, 'Back');
      assert.doesNotMatch(words(await privately(cleo, x => /your press is taken back, and decides nothing/.test(words(x)))), new RegExp(item));
      assert.ok(labels((await ana.messages(OPEN)).find(x => x.ts === m.ts)).includes('Approve'), 'others may press');
      await w.idle();
      const {ts} = await cleo.say('hello');
      await cleo.press(m, 'Approve');
      const again = await privately(cleo, x => x.is_bot && x.ts > ts && loginUrl(x) && ABOUT.test(words(x)));
      told('the list', words(await cleo.ask('pending', /To approve deal/)));
      await w.query("update run set parked_at = now() - interval '1 hour' where state = 'parked'");
      await cleo.say(await cleo.browse(again));
      const late = await privately(cleo, x => /Shall I still run/.test(words(x)));
      told('what runs late', words(late));
      assert.equal(button(late, 'Open the deal').url, 'https://deals.example/1');
      await cleo.press(late, 'Run it now');
      await decided(ana, m, /^Approved by Cleo/);
      assert.equal(await status(process), 'Approved');
      told('the history', words(await cleo.ask('history', /Your last commands/)));
    });

    test('whoever has no right is told so by the app, alone, and the message stays open for others', async () => {
      const {item, process} = await waiting('Not hers');
      const m = await shown('Not hers', item);
      await ana.press(m, 'Approve');
      await privately(ana, /waits for somebody else/);
      assert.ok(labels((await ana.messages(OPEN)).find(x => x.ts === m.ts)).includes('Approve'));
      await cleo.press(m, 'Approve');
      await decided(ana, m, /Approved by Cleo/);
      assert.equal(await status(process), 'Approved');
    });

    test('what was decided in the app meanwhile is shown as such', async () => {
      const {item} = await waiting('In the app');
      const m = await shown('In the app', item);
      await cleo.ask(`approve deal item: ${item}`, /You said yes/);
      await cleo.press(m, 'Approve');
      const now = await decided(ana, m, /Already decided in Salesforce/);
      assert.ok(!labels(now).includes('Approve'));
    });

    describe('who decided it there before', () => {
      const objects = errors => w.sandbox('PUT', '/_config', {salesforce: {object_errors: errors}});
      /** Cleo decides in Salesforce, then ana presses: what all read, and what she alone does. */
      const late = async (name, between = async () => {}) => {
        const {item, id} = await waiting(name);
        const m = await shown(name, item, OPEN, ` record: ${id}`);
        await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        await between(id);
        await ana.press(m, 'Approve');
        const now = await decided(ana, m, /Already (decided|approved) in Salesforce/);
        assert.ok(!labels(now).includes('Approve'));
        return {now: words(now), item, id};
      };

      test('is said to all on the message, with the time, and to whoever pressed or typed', async () => {
        const {now, item, id} = await late('Said who');
        assert.match(now, /Already approved in Salesforce by Cleo Chen[,\n]/);
        await privately(ana, /decided already, or taken back[^]*Already approved in Salesforce by Cleo Chen[,\n]/);
        const said = await ana.say(`approve deal item: ${item} record: ${id}`);
        await ana.sees(m => m.ts > said.ts && /decided already, or taken back[^]*Already approved in Salesforce by Cleo Chen[,\n]/.test(words(m)));
        const [asked] = (await calls(/ProcessInstanceStep/)).slice(-1);
        assert.equal(asked.status, 200);
      });

      test('is not said where the presser may not read it', async () => {
        await objects({ProcessInstanceStep: 'INSUFFICIENT_ACCESS'});
        try {
          const {now} = await late('May not read');
          assert.match(now, /Already decided in Salesforce\./);
          assert.doesNotMatch(now, /Cleo/);
        } finally {
          await objects({ProcessInstanceStep: null});
        }
      });

      test('is not said where the look-up fails', async () => {
        const {now} = await late('Look-up fails', () => w.fault('cut', {path: '/query', times: -1}));
        assert.match(now, /Already decided in Salesforce\./);
        assert.ok(await w.fired('cut') > 0);
        await w.sandbox('DELETE', '/_faults');
      });

      test('is not guessed where the record was decided more than once', async () => {
        const {now} = await late('Decided twice', async id => {
          await ana.ask(`submit deal id: ${id} approver: ${APPROVERS.cleo}`, /Submitted/);
          const open = (await w.records('ProcessInstance')).find(r => r.fields.TargetObjectId === id && r.fields.Status === 'Pending');
          const {id: item} = (await w.records('ProcessInstanceWorkitem')).find(r => r.fields.ProcessInstanceId === open.id);
          await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        });
        assert.match(now, /Already decided in Salesforce\./);
      });
    });

    describe('a refusal that may mean a want of rights', () => {
      const crossed = on => w.sandbox('PUT', '/_config', {salesforce: {approval_gone_is_cross_reference: on}});
      before(() => crossed(true));
      after(() => crossed(false));
      const staysOpen = async m => {
        await cleo.press(m, 'Approve');
        await privately(cleo, /does not wait for your decision/);
        await w.idle();
        assert.ok(labels((await ana.messages(OPEN)).find(x => x.ts === m.ts)).includes('Approve'));
      };

      test('is told to the presser alone where nothing says which, and closes the message for nobody', async () => {
        const {item} = await waiting('Crossed');
        const m = await shown('Crossed', item);
        await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        await staysOpen(m);
      });

      test('closes it where nothing of the record waits any more, and says who it was', async () => {
        const {item, id} = await waiting('Crossed and over');
        const m = await shown('Crossed and over', item, OPEN, ` record: ${id}`);
        await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        await ana.press(m, 'Approve');
        const now = await decided(cleo, m, /Already approved in Salesforce by Cleo Chen[,\n]/);
        assert.ok(!labels(now).includes('Approve'));
        await privately(ana, /does not wait for a decision any more[^]*Already approved in Salesforce by Cleo Chen/);
      });

      test('closes nothing while the record waits, or where its approvals may not be read', async () => {
        const {item, id} = await waiting('Crossed, again');
        const m = await shown('Crossed, again', item, OPEN, ` record: ${id}`);
        await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        await w.sandbox('PUT', '/_config', {salesforce: {object_errors: {ProcessInstance: 'INSUFFICIENT_ACCESS'}}});
        await staysOpen(m);
        await w.sandbox('PUT', '/_config', {salesforce: {object_errors: {ProcessInstance: null}}});
        await ana.ask(`submit deal id: ${id} approver: ${APPROVERS.cleo}`, /Submitted/);
        await staysOpen(m);
      });
    });

    test('what was decided in the engine of flows meanwhile is shown as such, with who it was', async () => {
      const {id} = await waiting('By flow');
      await w.sandbox('PUT', '/_config', {salesforce: {approval_work_items: [{org: 'acme', to: 'cleo@acme.example', record: id}]}});
      const {id: item} = (await w.records('ApprovalWorkItem')).find(r => r.fields.RelatedRecordId === id);
      const m = await shown('By flow', item);
      await ana.press(m, 'Approve');
      await privately(ana, /waits for somebody else/);
      await cleo.ask(`reject deal item: ${item} comment: No`, /You said no/);
      await cleo.press(m, 'Approve');
      const now = await decided(ana, m, /Already rejected in Salesforce by Cleo Chen[,\n]/);
      assert.ok(!labels(now).includes('Approve'));
      assert.equal((await w.records('ApprovalWorkItem')).find(r => r.id === item).fields.Status, 'Rejected');
    });

    test('in the one-to-one chat the message itself becomes prompt and result; Back brings its buttons back, and a login that was denied still waits', async () => {
      const who = ana;
      const {item} = await waiting('Own');
      await ana.ask('disconnect salesforce', /Disconnected/);
      await w.putRecipe(workspace, {...RECIPES[3], name: 'show-own', command: 'my approval', connections: {salesforce: {use: 'acme-salesforce'}}});
      const m = await who.ask(`my approval item: ${item} name: Own`, x => labels(x).includes('Approve'));
      await who.press(m, 'Approve');
      const prompt = await who.sees(x => x.ts === m.ts && loginUrl(x));
      assert.ok(!labels(prompt).includes('Approve'));
      await who.press(prompt, labels(prompt).find(l => /Back/.test(l)));
      const back = await who.sees(x => x.ts === m.ts && labels(x).includes('Approve'));
      assert.match(words(back), /For a decision: Own/);
      assert.match(words(back), /Nothing was done: your press is taken back, and decides nothing/);
      await w.idle();
      await who.press(back, 'Approve');
      const again = await who.sees(x => x.ts === m.ts && loginUrl(x));
      await w.idle();
      await new Browser().logIn(loginUrl(again), 'ana@acme.example', {decision: 'deny'});
      const denied = await who.sees(x => x.ts === m.ts && /still waits/.test(words(x)));
      await w.idle();
      await who.say(await who.browse(denied));
      await who.sees(x => x.ts === m.ts && /waits for somebody else/.test(words(x)) && labels(x).includes('Approve'));
    });

    test('with shared_approver the app records the shared account, and the message says so', async () => {
      const {item, process} = await waiting('For anybody', APPROVERS.ben); // whose login the default connection is
      const said = await ana.say(`@Workbot ask all item: ${item} name: It`, {place: OPEN});
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('For anybody: It'), {place: OPEN, after: said.ts});
      await cleo.press(m, 'Approve');
      await decided(ana, m, /Approved by Cleo[^,\n]*, with the shared account[,\n]/);
      assert.equal(await status(process), 'Approved');
      const [step] = (await w.records('ProcessInstanceStep')).filter(r => r.fields.ProcessInstanceId === process && r.fields.StepStatus === 'Approved');
      assert.equal(step.fields.ActorId, APPROVERS.ben);
      assert.equal((await w.one("select rule from run_connection c join run r on r.id = c.run_id where r.recipe = 'stand-in'")).rule, 'default');
      await w.idle();
      await pressStale(ana, m, 'Approve');
      await privately(ana, /Nothing is left to do here[^]*Approved by Cleo[^,\n]*, with the shared account/);
    });

    test('two who press at the same instant, at two replicas: one call of the app, and one of them is told', async () => {
      await ana.ask(create('At once'), /Created At once/);
      const {id} = (await w.records()).find(r => r.fields.Name === 'At once');
      const said = await ana.say(`@Workbot offer deal item: ${id}`, {place: OPEN});
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Won'), {place: OPEN, after: said.ts});
      await Promise.all([ana.press(m, 'Won'), cleo.press(m, 'Won')]);
      const now = await decided(ana, m, /Won by (Ana|Cleo)/);
      assert.ok(!labels(now).includes('Won'));
      await w.idle();
      const runs = await w.query("select state, error_code from run where recipe = 'win'");
      assert.deepEqual(runs.map(r => r.state).sort(), runs.length === 2 ? ['done', 'failed'] : ['done']);
      if (runs.length === 2) assert.equal(runs.find(r => r.state === 'failed').error_code, 'decision_taken');
      const wrote = (await w.calls({peer: 'salesforce'})).filter(c => c.method === 'PATCH' && c.path.includes(id));
      assert.equal(wrote.length, 1, 'exactly one');
    });

    test('two who may both approve, at the same instant, at two replicas: one call of the app\'s own approval', async () => {
      const {item, process} = await waiting('Both may', APPROVERS.ben);
      const said = await ana.say(`@Workbot ask all item: ${item} name: Both`, {place: OPEN});
      const m = await ana.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('For anybody: Both'), {place: OPEN, after: said.ts});
      await w.idle();
      await w.fault('slow', {path: '/process/approvals', delay_ms: 2000 * SLOWNESS, times: 1}); // whoever is first is still at it
      await Promise.all([ana.press(m, 'Approve'), cleo.press(m, 'Approve')]);
      const now = await decided(ben, m, /Approved by (Ana|Cleo)/);
      await w.idle();
      await w.sandbox('DELETE', '/_faults');
      assert.deepEqual([await approved(item), await status(process)], [1, 'Approved']);
      const [first, second] = /by Ana/.test(words(now)) ? ['Ana', cleo] : ['Cleo', ana];
      await privately(second, new RegExp(`${first}[^]* is just deciding this|Nothing is left to do here[^]*Approved by ${first}`));
    });

    describe('an event of the app starts it', () => {
      let hook, OPEN_CHANNEL;
      const notice = (name, more) => ({name, title: 'A deal waits for approval', trigger: {hook: 'approvals'}, connections: {salesforce: {use: 'acme-salesforce'}},
        steps: [{id: 'deal', connection: 'salesforce', action: 'get_record', with: {object: 'Opportunity', id: '{{hook.data.object.TargetId}}', fields: 'Id,Name'}}],
        post: {channel: OPEN_CHANNEL},
        reply: {text: 'Waits for approval: {{steps.deal.Name}}', fields: [{label: 'Amount', value: '{{hook.data.object.Amount}}'}],
          buttons: [['Approve', 'approve deal', 'approved', {style: 'primary', confirm: 'Approve it?'}], ['Reject', 'reject deal', 'rejected', {style: 'danger', ask: ['comment']}]]
            .map(([title, command, decides, more]) => ({title, command, inputs: {item: '{{hook.data.object.Item}}'}, decides, ...more}))}, ...more});
      const tell = (id, fields) => w.sandbox('POST', '/_hook', {kind: 'salesforce_outbound', url: hook.url, organization_id: '00D0000000ACME1EAG', notifications: [{id, fields}]});
      const waits = name => ana.sees(m => m.is_bot && labels(m).includes('Approve') && words(m).includes(`Waits for approval: ${name}`), {place: OPEN});
      const sent = () => until('all messages to be sent', async () => await w.count('job', "kind = 'send' and state in ('queued', 'running')") === 0);
      const toHer = () => w.putRecipe(workspace, notice('approval-news', {post: {channel: OPEN_CHANNEL, person: {app: 'salesforce', email: '{{hook.data.object.Approver}}'}}}));
      const eventOf = async name => {
        const x = await waiting(name);
        return {...x, fields: {TargetId: x.id, Item: x.item, Amount: '5000'}};
      };

      before(async () => {
        hook = await w.must('PUT', `/workspaces/${workspace}/hooks/approvals`, {kind: 'salesforce_outbound', organization_id: '00D0000000ACME1EAG'});
        OPEN_CHANNEL = (await w.one("select channel from run where place = 'private' order by created_at limit 1")).channel;
        await w.putRecipe(workspace, notice('approval-news'));
      });

      test('a channel is told once, however often the app tells; whoever presses Approve does it as themselves', async () => {
        const {process, fields} = await eventOf('By an event');
        for (let i = 0; i < 3; i++) assert.ok((await tell('04lone', fields)).taken);
        const m = await waits('By an event');
        assert.match(words(m), /Amount[\s\S]*5000/);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Waits for approval: By an event')).length, 1);
        await cleo.press(m, 'Approve');
        await decided(ana, m, /Approved by Cleo/);
        assert.equal(await status(process), 'Approved');
        const run = await w.one("select user_id, state, place from run where recipe = 'approval-news'");
        assert.deepEqual([run.user_id, run.state, run.place], ['', 'done', 'post']);
      });

      test('a person is told by the account that the event names, and nobody else; without one the channel is', async () => {
        await toHer();
        const {process, fields} = await eventOf('For her');
        await tell('04ltwo', {...fields, Approver: 'CLEO@acme.example'});
        const m = await cleo.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('For her'));
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('For her')).length, 0);
        await cleo.press(m, 'Approve');
        const now = await cleo.sees(x => x.ts === m.ts && /Approved by Cleo/.test(words(x)));
        assert.match(words(now), /Waits for approval: For her[\s\S]*You said yes/, 'the message is the result');
        assert.ok(!labels(now).includes('Approve'));
        assert.equal(await status(process), 'Approved');
        const other = await eventOf('For nobody');
        await tell('04lthree', {...other.fields, Approver: 'nobody@acme.example'});
        await waits('For nobody');
      });

      test('by the id that the app itself uses, as its events bring it: one person, and of somebody else\'s the channel', async () => {
        const to = key => w.putRecipe(workspace, notice('approval-news', {post: {channel: OPEN_CHANNEL, person: {app: 'salesforce', key}}}));
        await to('{{hook.data.object.ApproverId}}');
        for (const [i, [name, id, hers]] of [['Of 18', APPROVERS.cleo, true], ['Of 15', APPROVERS.cleo.slice(0, 15), true], ['Of the end', APPROVERS.cleo.slice(4, 15), false],
          ['Of nobody', '005xx000000ZZZ1AAO', false]].entries()) {
          const {fields} = await eventOf(name);
          await tell(`04lkey${i}`, {...fields, ApproverId: id});
          await (hers ? cleo.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes(name)) : waits(name));
          assert.equal((await ana.messages(OPEN)).some(x => words(x).includes(name)), !hers, name);
        }
        await w.putRecipe(workspace, notice('approval-news'));
      });

      test('P8 a person to whom it may have come, as only its answers were lost: nobody else reads it, or has its buttons', async () => {
        await toHer();
        const {fields} = await eventOf('Unsure');
        if (teams) await ben.say('hello');
        await w.idle();
        await w.fault('lost', {peer: chat, times: teams ? 2 : 1, ...(teams ? {method: 'POST', path: '/activities'} : {path: 'chat.postMessage'})});
        await tell('04lunsure', {...fields, Approver: 'cleo@acme.example'});
        await cleo.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('Unsure'));
        if (teams) assert.match(words(await ben.sees(/approval-news[\s\S]*\(chat_unsure\)/)), /may not have arrived[\s\S]*Nobody else was told/);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Unsure')).length, 0);
      });

      test('P8 nor where the one-to-one chat to which it may have come leads nowhere after that, and no other opens', async () => {
        await toHer();
        const {fields} = await eventOf('Reopened');
        await ben.ask('hello', /Hello/);
        await sent();
        const post = teams ? {peer: 'teams', method: 'POST', path: '/activities'} : {peer: 'slack', path: 'chat.postMessage'};
        await w.fault('lost', {...post, times: 1});
        await w.fault('error', {...post, times: 1, skip: 1, ...(teams ? {error: 'ConversationNotFound', status: 404} : {error: 'channel_not_found'})});
        if (!teams) await w.fault('error', {peer: 'slack', error: 'channel_not_found', path: 'conversations.history', times: 1});
        await w.fault('error', teams ? {peer: 'teams', method: 'POST', path: '/v3/conversations', error: 'BotNotInConversationRoster', status: 403, times: 1, skip: 1}
          : {peer: 'slack', error: 'user_disabled', path: 'conversations.open', times: 1});
        await tell('04lreopened', {...fields, Approver: 'cleo@acme.example'});
        assert.match(words(await ben.sees(x => /approval-news/.test(words(x)) && (teams ? /chat_gone/ : /chat_target/).test(words(x)) && /Nobody else was told/.test(words(x)))), /may not have arrived/);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Reopened')).length, 0);
        await w.sandbox('DELETE', '/_faults');
        await cleo.ask('help', /What can I do/);
      });

      // Slack is asked for hours before such a message is given up
      if (teams) test('what the chat takes for no message stands nowhere, and nobody is told that it does', async () => {
        await toHer();
        const {fields} = await eventOf('No message');
        await ben.ask('hello', /Hello/);
        await sent();
        await w.fault('error', {peer: 'teams', error: 'BadSyntax', status: 400, method: 'POST', path: '/activities'});
        await tell('04lnone', {...fields, Approver: 'cleo@acme.example'});
        await cleo.sees(x => x.is_bot && /a message for you that this chat does not take/.test(words(x)));
        const notice = words(await ben.sees(/approval-news[^]*was refused by the chat \(chat_payload\)/));
        assert.match(notice, /nobody has read it/);
        assert.doesNotMatch(notice, /instead|may not have arrived/);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('No message')).length, 0);
      });

      test('a person whom the chat does not let it reach: the channel reads it, once, can decide, and the admins know', async () => {
        await toHer();
        const {process, fields} = await eventOf('Unreached');
        if (teams) await ben.say('hello'); // the admin, who can be written to from then on
        await w.idle();
        for (const f of teams ? [{peer: 'teams', error: 'BotNotInConversationRoster', status: 403, path: '/v3/'}]
          : [{peer: 'slack', error: 'channel_not_found', path: 'chat.postMessage'}, {peer: 'slack', error: 'user_disabled', path: 'conversations.open'}]) await w.fault('error', f);
        await tell('04lunreached', {...fields, Approver: 'cleo@acme.example'});
        const m = await waits('Unreached');
        assert.match(words(await ben.sees(/approval-news[\s\S]*did not arrive[\s\S]*It goes to[\s\S]*instead/)), teams ? /tells Cleo/ : /tells <@U0CLEO001>/);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Unreached')).length, 1);
        await cleo.press(m, 'Approve');
        await decided(ana, m, /Approved by Cleo/);
        assert.equal(await status(process), 'Approved');
      });

      test('what does not wait any more is not told', async () => {
        const open = {path: 'steps.open.records', is: 'not_empty'};
        const more = notice('approval-news', {post: {channel: OPEN_CHANNEL, when: open}});
        more.steps.push({id: 'open', connection: 'salesforce', action: 'query',
          with: {soql: 'SELECT Id FROM ProcessInstanceWorkitem WHERE ProcessInstance.TargetObjectId = :deal LIMIT 1', values: {deal: '{{hook.data.object.TargetId}}'}}});
        await w.putRecipe(workspace, more);
        const {item, fields} = await eventOf('Late');
        await tell('04lintime', fields);
        await waits('Late');
        await cleo.ask(`approve deal item: ${item}`, /You said yes/);
        await tell('04llate', fields);
        await until('its run to end', async () => await w.count('run', "recipe = 'approval-news' and state = 'done' and message_id is null") === 1);
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Waits for approval: Late')).length, 1);
        await w.putRecipe(workspace, notice('approval-news'));
      });

      test('where an app has several default connections the person is looked for under the named one alone', async () => {
        await w.putConnection(workspace, 'partner-salesforce', {app: 'salesforce', host: w.salesforceHost, client_id: '3MVG9.sample.partner', client_secret: 'sample-partner-secret', account_match: 'off'});
        const tells = (id, Approver, fields) => tell(id, {...fields, Approver});
        const to = connection => notice('approval-news', {post: {channel: OPEN_CHANNEL, person: {app: 'salesforce', email: '{{hook.data.object.Approver}}', connection}}});
        const warned = async r => JSON.stringify((await w.putRecipe(workspace, r)).warnings);
        assert.match(await warned(to(undefined)), /post\.person\.connection.*several default connections/);
        const one = await eventOf('Of which');
        await tells('04lwhich', 'cleo@acme.example', one.fields);
        await waits('Of which'); // in the channel, where nobody is told what may be another's
        assert.match(await warned(to('gone-salesforce')), /post\.person\.connection.*gone-salesforce/);
        assert.doesNotMatch(await warned(to('partner-salesforce')), /post\.person/);
        const two = await eventOf('Of the partner');
        await tells('04lpartner', 'cleo@acme.example', two.fields);
        await waits('Of the partner');
        assert.doesNotMatch(await warned(to('acme-salesforce')), /post\.person/);
        const three = await eventOf('Of her own');
        await tells('04lown', 'cleo@acme.example', three.fields);
        await cleo.sees(x => x.is_bot && labels(x).includes('Approve') && words(x).includes('Of her own'));
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Of her own')).length, 0);
        assert.match(JSON.stringify(await w.api('DELETE', `/workspaces/${workspace}/connections/acme-salesforce`)), /approval-news/, 'it is in use');
        await w.must('DELETE', `/workspaces/${workspace}/connections/partner-salesforce`);
      });

      test('a link that a chat would refuse is left out, and its message still arrives', async () => {
        const links = ['https://ok.example/a?b=<x>|y', 'https://ok.example/\nnext', 'https://acme.example@evil.example/', 'https://ok.example/a b', 'https://'];
        await w.putRecipe(workspace, notice('approval-news', {reply: {...notice('x').reply, link: {label: 'Open it', url: '{{hook.data.object.Link}}'}}}));
        const {fields} = await eventOf('Linked');
        for (const [i, Link] of [...links, 'https://ok.example/a?b=c#d@e'].entries()) await tell(`04llink${i}`, {...fields, Link});
        await w.idle();
        const seen = await until('all to be told', async () => {
          const all = (await ana.messages(OPEN)).filter(x => words(x).includes('Linked') && labels(x).includes('Approve'));
          return all.length === links.length + 1 && all;
        });
        assert.deepEqual(seen.map(x => labels(x).includes('Open it')).sort(), [...links.map(() => false), true]);
        await w.putRecipe(workspace, notice('approval-news'));
      });

      test('a recipe that is off tells nothing; what goes wrong is told to the admins, once', async () => {
        await w.putRecipe(workspace, notice('approval-news', {enabled: false}));
        const {fields} = await eventOf('Silent');
        await tell('04lfour', fields);
        await w.idle();
        assert.equal((await ana.messages(OPEN)).filter(x => words(x).includes('Silent')).length, 0);
        await w.putRecipe(workspace, notice('approval-news'));
        for (const id of ['04lfive', '04lsix']) await tell(id, {...fields, TargetId: '006xx0000000000AAA'});
        await ben.sees(/approval-news[\s\S]*did not work/);
        await w.idle();
        assert.equal((await ben.messages()).filter(x => /approval-news[\s\S]*did not work/.test(words(x))).length, 1);
        assert.equal(await w.count('run', "recipe = 'approval-news' and state = 'failed'"), 2);
      });

      test('where the bot is not, the admins are told to add it', async () => {
        await w.putRecipe(workspace, notice('approval-news', {post: {channel: teams ? '19:nowhere0000000000@thread.tacv2' : 'C0NOWHERE'}}));
        const {fields} = await eventOf('Nowhere');
        await tell('04lseven', fields);
        await ben.sees(/approval-news[\s\S]*did not arrive[\s\S]*add me/);
      });
    });

    if (!teams) {
      test('the installer decides with the default connection, by name', async () => {
        const {item, process} = await waiting('By the installer', APPROVERS.ben);
        const m = await shown('By the installer', item);
        await ben.press(m, 'Approve');
        await decided(ana, m, /Approved by Ben/);
        assert.equal(await status(process), 'Approved');
        assert.equal((await w.one("select rule from run_connection c join run r on r.id = c.run_id where r.recipe = 'approve' order by r.created_at desc limit 1")).rule, 'installer');
      });
    }
  });
}
