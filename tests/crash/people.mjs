// What the people do while replicas die. Each goes from one conversation to the next, waits for the
// answers as a person does, and writes into the ledger what is now owed to them: an entry for every
// record that Salesforce must hold in the end, with what was done last to ask for it.
import {setTimeout as pause} from 'node:timers/promises';
import {Browser, button, labels, loginUrl, viewWords, words} from '../lib/flow.mjs';
import {CHANNELS, saidBy} from './kinds/common.mjs';

const LOOK_MS = 60;
const AT_ONCE = 8; // commands that somebody types before they wait for answers: else a slow machine's queue grows all day
const GIVEN_UP_MS = 10000; // by then Slack has given up what was never acknowledged

export class Ledger {
  items = [];
  gaps = []; // {kind, from, to}: acknowledged, effect not there yet
  complaints = [];
  presses = 0;

  open(person, what, text, more = {}) {
    const item = {name: text, what, user: person.name, workspace: person.workspace, place: 'dm', complete: false, dropped: false, ...more};
    this.items.push(item);
    return item;
  }

  complain(kind, text) {
    this.complaints.push({kind, text});
  }
}

const RESULT = {
  Opportunity: name => `Created ${name}`,
  Task: name => `Added the task ${name}`,
  Note: name => `Noted: ${name}`,
  Look: name => `found for ${name}`,
};
export const resultOf = item => RESULT[item.what](item.name);
/** Of the first line only: what a task is about stands in its question by the first line of that one's result. */
export const shows = (message, item) => words(message).split('\n')[0].includes(resultOf(item) + ', as ');
export const asksFor = (message, item) => message.is_bot && words(message).split('\n').includes(item.name) && button(message, 'It happened') && button(message, 'It did not: run it again');

/** One person's day. `day` holds ledger, points, patience_ms and `over`. */
export class Busy {
  constructor(person, day, rng) {
    Object.assign(this, {person, day, rng, ledger: day.ledger, count: 0, mine: []});
  }

  name(kind) {
    return `${kind}-${this.person.name}-${this.person.workspace.slice(2, 4)}-${++this.count}z`;
  }

  async look(place, limit) {
    const {name, chat, workspace, world} = this.person, q = new URLSearchParams({chat, user: name, place, workspace, limit: String(limit)});
    return (await world.sandbox('GET', `/_messages?${q}`)).messages.map(m => ({chat, ...m}));
  }

  /** The newest message that fits, or nothing when patience is at its end. */
  async sees(fits, {place = 'dm', ms = this.day.patience_ms, unless = () => false} = {}) {
    const end = Date.now() + ms;
    for (let i = 1; ; i++) {
      const last = Date.now() > end || unless();
      // now and then all of them: what was said meanwhile may have pushed it far up
      const found = (await this.look(place, last || i % 10 === 0 ? 5000 : 60)).reverse().find(fits);
      if (found || last) return found;
      await pause(LOOK_MS);
    }
  }

  /** Some messages come twice: the same event again, or in Slack another event about the same message. */
  async say(text, place = 'dm') {
    const twice = this.rng.below(4) === 0 ? {repeat: 2, together: this.rng.below(2) === 0, new_event_ids: this.rng.below(2) === 0} : {};
    if (this.person.chat === 'teams') delete twice.new_event_ids;
    const began = Date.now();
    const said = await this.person.say(text, {place, ...twice});
    return {...saidBy(this.person, said), at: Date.now(), text, began, acked: said.status === 200};
  }

  /** A command with all that it needs: its record is owed from here on. */
  async command(item, text, place) {
    item.said = await this.say(text, place);
    item.complete = true;
    if (item.said.acked && item.what !== 'Look') this.day.points.tell('command', item.said);
  }

  /** `gone`: the message has no such button any more, so an earlier press has come through. */
  async press(message, label) {
    const times = this.rng.below(3) === 0 ? {times: 2} : {};
    const click = await this.person.press(message, label, times).catch(e => (/action_not_found/.test(e.message) ? {gone: true} : Promise.reject(e)));
    const [acked, at] = [click.status === 200, Date.now()];
    if (acked) {
      this.ledger.presses++;
      this.day.points.tell('click', this);
    }
    return {acked, gone: click.gone, at};
  }

  /** Slack does not send a click again; a person to whom nothing happened presses again. */
  async pressUntil(message, label, fits, look = ms => this.sees(fits, {ms})) {
    for (let i = 0; i < 5; i++) {
      const {acked, gone, at} = await this.press(message, label);
      const arrived = acked || (gone && i > 0);
      const seen = await look(arrived ? this.day.patience_ms : 500);
      if (seen && acked) this.ledger.gaps.push({kind: 'click', from: at, to: Number(seen.edited?.ts ?? seen.ts) * 1000});
      if (!seen && arrived) this.ledger.complain('silence', `${this.person.name} pressed ${label} of ${message.ts} at ${new Date(at).toISOString()}, which arrived, and nothing came of it`);
      if (seen || arrived) return seen;
    }
    return null; // never acknowledged
  }

  /** What was said is answered; if not, the judge asks whether it was acknowledged. */
  async answered(said, fits, what, place = 'dm') {
    const seen = await this.sees(fits, {place, unless: () => this.refused(said)});
    if (!seen) this.blame(said, what);
    return seen;
  }

  /** Slack has given up on it. */
  refused(said) {
    return Date.now() > said.at + GIVEN_UP_MS && !this.day.acknowledged(said);
  }

  blame(said, what) {
    this.day.unanswered.push({...said, user: this.person.name, workspace: this.person.workspace, what});
  }

  ended(item) {
    return m => m.is_bot && (shows(m, item) || asksFor(m, item));
  }

  /** Everything typed without waiting has its answer now, or was never acknowledged; else it is told. */
  settled() {
    this.settling = (this.settling ?? Promise.resolve()).then(() => this.settle());
    return this.settling;
  }

  async settle() {
    let owed = this.mine.splice(0);
    const end = Date.now() + this.day.patience_ms;
    while (owed.length > 0 && Date.now() < end) {
      const seen = (await this.look('dm', 5000)).reverse();
      owed = owed.filter(item => !this.refused(item.said) && !seen.some(this.ended(item)));
      await pause(LOOK_MS * 3);
    }
    for (const item of owed) this.blame(item.said, `a result for ${item.name}`);
    return owed.length === 0;
  }

  // --- conversations ---

  /** Commands with all their inputs, one after the other without waiting. */
  async burst() {
    for (let i = this.rng.between(1, 4); i > 0; i--) {
      const item = this.ledger.open(this.person, 'Opportunity', this.name('deal'));
      await this.command(item, `deal add name: ${item.name} stage: Prospecting close: 2026-12-31`);
      this.mine.push(item);
    }
  }

  async note() {
    const item = this.ledger.open(this.person, 'Note', this.name('note'), {place: this.rng.below(2) === 0 ? 'dm' : CHANNELS[this.person.chat].place});
    await this.command(item, `${item.place === 'dm' ? '' : '@workbot '}crew note text: ${item.name}`, item.place);
    await this.answered(item.said, m => this.ended(item)(m) || (m.is_bot && /I need your word/.test(words(m))), `a result for ${item.name}`, item.place);
  }

  async ask() {
    const item = this.ledger.open(this.person, 'Look', this.name('look'));
    await this.command(item, `deal look name: ${item.name}`);
    await this.answered(item.said, m => m.is_bot && shows(m, item), `a result for ${item.name}`);
  }

  /** Asked for the stage (buttons) and for the day; then, now and then, a task on what was made. */
  async dialogue() {
    const item = this.ledger.open(this.person, 'Opportunity', this.name('talk'));
    const first = await this.say(`deal add name: ${item.name}`);
    const stage = await this.answered(first, m => m.is_bot && m.ts > first.ts && /Enter stage/.test(words(m)), 'the question for the stage');
    if (!stage) return this.drop(item);
    const gap = {kind: 'dialogue', from: Date.now()};
    const close = await this.chooseStage(stage, m => m.is_bot && m.ts > first.ts && /Enter close/.test(words(m)));
    if (close) await this.command(item, '2027-01-31');
    this.ledger.gaps.push({...gap, to: Date.now()});
    if (!close) return this.drop(item);
    const result = await this.answered(item.said, this.ended(item), `a result for ${item.name}`);
    if (result && shows(result, item) && this.rng.below(2) === 0) await this.task(result);
    return undefined;
  }

  /** The question was read and is not answered yet: here aimed kills find their people. */
  async chooseStage(stage, isClose) {
    await this.day.points.pass('dialogue', this);
    const types = this.rng.below(4) === 0 && this.day.points.wanted !== 'click';
    if (types) return this.answered(await this.say('Closed Won'), isClose, 'the question for the day');
    await this.day.points.pass('click', this);
    return this.pressUntil(stage, 'Won', isClose);
  }

  /** A press opens a form, or the question comes when its three seconds were over with a replica. */
  async task(result) {
    const item = this.ledger.open(this.person, 'Task', this.name('task'));
    const fits = m => m.is_bot && m.ts > result.ts && /Enter subject/.test(words(m));
    await this.person.closes({all: true}).catch(() => {});
    const asked = await this.pressUntil(result, 'Add a task', fits, ms => this.formOr(fits, ms));
    if (!asked) return this.drop(item);
    if (asked.form) return this.fillIn(item);
    await this.command(item, item.name);
    await this.answered(item.said, this.ended(item), `a result for ${item.name}`);
    return undefined;
  }

  async form() {
    const {modal} = await this.person.screen();
    return modal?.blocks.some(b => b.block_id === 'subject') ? modal : null;
  }

  async formOr(fits, ms) {
    for (const end = Date.now() + ms; ; ) {
      if (await this.form()) return {form: true, ts: String(Date.now() / 1000)};
      const found = await this.sees(fits, {ms: 0});
      if (found || Date.now() > end) return found;
      await pause(LOOK_MS);
    }
  }

  /** Slack does not send a form again; its person presses again until it closes or says that it is done. */
  async fillIn(item) {
    item.known = true;
    for (const end = Date.now() + this.day.patience_ms; Date.now() < end; await pause(LOOK_MS * 3)) {
      const sent = await this.person.submit({subject: item.name}).catch(() => ({}));
      item.complete = Boolean(sent.closed);
      if (sent.closed || !(await this.form())) break;
    }
    const {modal} = await this.person.screen();
    item.complete ||= Boolean(modal) && /under way|has run/.test(viewWords(modal));
    if (!item.complete) return this.drop(item);
    if (!(await this.sees(this.ended(item)))) this.ledger.complain('silence', `${item.name} was taken from a form and has no result`);
    return undefined;
  }

  /** Whatever waits is cancelled: the ledger demands at most one record then. The word reaches commands
   * that wait for their next try, too, so those of the pulse have ended before it is typed. */
  async drop(item) {
    item.dropped = true;
    this.still = true;
    try {
      await this.saying;
      await this.settled();
      const said = await this.say('cancel');
      await this.answered(said, m => m.is_bot && m.ts > said.ts && /Cancelled|nothing to cancel/.test(words(m)), 'what became of cancel');
    } finally {
      this.still = false;
    }
  }

  /** Disconnected, a command, a login, "Run it now": the prompt's message becomes the result. What still
   * waits then would wait for that login, and be asked about behind it. */
  async relogin() {
    this.away = true; // for the pulse: without a login it may only leave notes
    try {
      await this.saying;
      if ((await this.settled()) && (await this.disconnect())) await (this.rng.below(4) === 0 ? this.reconnect() : this.logInAgain());
    } finally {
      this.away = this.lost === true;
    }
  }

  async logInAgain() {
    const item = this.ledger.open(this.person, 'Opportunity', this.name('login'), {known: true});
    const said = await this.say(`deal add name: ${item.name} stage: Prospecting close: 2026-12-31`);
    const prompt = await this.answered(said, m => m.is_bot && m.ts > said.ts && loginUrl(m), 'the login prompt');
    if (!prompt) {
      await this.drop(item);
      return;
    }
    item.ts = prompt.ts;
    if (!(await this.logIn(prompt))) {
      await this.drop(item);
      await this.reconnect();
      return;
    }
    const here = m => m.ts === item.ts;
    const now = await this.sees(m => here(m) && (this.ended(item)(m) || button(m, 'Run it now')));
    if (now && button(now, 'Run it now')) {
      const drop = this.rng.below(4) === 0;
      item.dropped = drop;
      const next = await this.pressUntil(now, drop ? 'Cancel it' : 'Run it now', m => here(m) && !button(m, 'Run it now'));
      item.dropped = drop || !next;
      item.refused = drop && Boolean(next);
      item.complete = Boolean(next) && !drop;
    } else {
      item.complete = Boolean(now);
    }
    if (item.complete && !(await this.sees(m => here(m) && this.ended(item)(m)))) {
      const shown = (await this.look('dm', 5000)).find(here);
      this.ledger.complain('silence', `${item.name} has no result in its message ${item.ts}, which shows: ${shown && words(shown)} ${JSON.stringify(shown && labels(shown))}`);
    }
    if (item.dropped) await this.reconnect();
  }

  async disconnect() {
    const said = await this.say('connections');
    const list = await this.answered(said, m => m.is_bot && m.ts > said.ts && /Your connections/.test(words(m)), 'the list of connections');
    if (!list || !labels(list).includes('Disconnect')) return Boolean(list);
    return Boolean(await this.pressUntil(list, 'Disconnect', m => m.ts === list.ts && labels(m).includes('Connect')));
  }

  /** Pages may die with a replica: a person begins again from the prompt. */
  async logIn(prompt) {
    for (let i = 0; i < 6; i++) {
      const now = (await this.look('dm', 5000)).find(m => m.ts === prompt.ts);
      const url = (now && loginUrl(now)) || loginUrl(prompt);
      const browser = new Browser();
      const page = await browser.logIn(url, this.person.username).catch(() => null);
      if (!page || !browser.code) {
        await pause(300);
        continue;
      }
      await pause(1100); // so that it has waited long enough to be asked about again
      const said = await this.say(browser.code);
      if (await this.sees(m => m.is_bot && m.ts > said.ts && /is connected/.test(words(m)))) return true;
    }
    return false;
  }

  /** By the Connect button, until it stands: the other conversations need it. */
  async reconnect() {
    for (let i = 0; i < 4; i++) {
      const said = await this.say('connections');
      const list = await this.answered(said, m => m.is_bot && m.ts > said.ts && /Your connections/.test(words(m)), 'the list of connections');
      if (list && labels(list).includes('Disconnect')) return;
      const prompt = list && (await this.pressUntil(list, 'Connect', m => m.is_bot && m.ts >= list.ts && loginUrl(m)));
      if (prompt && (await this.logIn(prompt))) return;
    }
    this.lost = true; // is connected no more: only what needs no login
  }

  /** Beside the conversations: a command every now and then, waited for at the end of the day. */
  async pulse() {
    while (!this.day.over) {
      await pause(this.rng.between(100, 700));
      if (this.mine.length >= AT_ONCE) await this.settled();
      if (this.still) continue;
      const item = this.ledger.open(this.person, this.away ? 'Note' : 'Opportunity', this.name('pulse'));
      this.saying = this.command(item, this.away ? `crew note text: ${item.name}` : `deal add name: ${item.name} stage: Prospecting close: 2026-12-31`);
      await this.saying;
      this.mine.push(item);
    }
  }

  async live() {
    await Promise.all([this.talk(), this.pulse()]);
    await this.settled();
  }

  async talk() {
    const own = [() => this.burst(), () => this.burst(), () => this.dialogue(), () => this.dialogue(), () => this.ask(), () => this.note()];
    const typed = [() => this.burst(), () => this.burst(), () => this.ask(), () => this.note()];
    const all = this.person.chat === 'teams' ? typed : this.person.own ? [...own, () => this.relogin(), () => this.relogin()] : own;
    while (!this.day.over) {
      const next = this.rng.of(all);
      await (this.lost ? this.note() : this.day.points.wanted && this.person.chat === 'slack' ? this.dialogue() : next());
      await pause(this.rng.between(20, 200));
    }
  }
}
