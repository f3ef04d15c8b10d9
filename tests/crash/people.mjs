// What the people do while replicas die. Each goes from one conversation to the next, waits for the
// answers as a person does, and writes into the ledger what is now owed to them: an entry for every
// record that Salesforce must hold in the end, with what was done last to ask for it.
import {setTimeout as pause} from 'node:timers/promises';
import {Browser, button, labels, loginUrl, words} from '../lib/flow.mjs';

const LOOK_MS = 60;
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
/** The lead of the first line, so that no name is taken for the beginning of another. */
export const shows = (message, item) => words(message).includes(resultOf(item) + ', as ');
export const asksFor = (message, item) => message.is_bot && words(message).includes(item.name) && button(message, 'It happened') && button(message, 'It did not: run it again');

/** One person's day. `day` holds ledger, rng, patience_ms and `over`. */
export class Busy {
  constructor(person, day, rng) {
    Object.assign(this, {person, day, rng, ledger: day.ledger, count: 0, mine: []});
  }

  name(kind) {
    return `${kind}-${this.person.name}-${this.person.workspace.slice(2, 4)}-${++this.count}z`;
  }

  async look(place, limit) {
    const q = new URLSearchParams({user: this.person.name, place, workspace: this.person.workspace, limit: String(limit)});
    return (await this.person.world.sandbox('GET', `/_messages?${q}`)).messages;
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

  /** Some messages come twice: the same event again, or another event about the same message. */
  async say(text, place = 'dm') {
    const twice = this.rng.below(4) === 0 ? {repeat: 2, together: this.rng.below(2) === 0, new_event_ids: this.rng.below(2) === 0} : {};
    const said = await this.person.say(text, {place, ...twice});
    return {channel: said.channel, ts: said.ts, at: Date.now(), text};
  }

  /** Slack does not send a click again; a person to whom nothing happened presses again. */
  async press(message, label) {
    const click = await this.person.press(message, label, this.rng.below(3) === 0 ? {times: 2} : {});
    const acked = click.status === 200;
    if (acked) this.ledger.presses++;
    return {acked, at: Date.now()};
  }

  async pressUntil(message, label, fits) {
    for (let i = 0; i < 5; i++) {
      const pressed = await this.press(message, label);
      const seen = await this.sees(fits, {ms: pressed.acked ? this.day.patience_ms : 500});
      if (seen && pressed.acked) this.ledger.gaps.push({kind: 'click', from: pressed.at, to: Number(seen.edited?.ts ?? seen.ts) * 1000});
      if (seen || pressed.acked) {
        if (!seen) this.ledger.complain('silence', `${this.person.name} pressed ${label} of ${message.ts} at ${new Date(pressed.at).toISOString()}, which was acknowledged, and nothing came of it`);
        return seen;
      }
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

  /** Everything typed without waiting has its answer now, or was never acknowledged. */
  async settled() {
    let owed = this.mine.splice(0);
    const end = Date.now() + this.day.patience_ms;
    while (owed.length > 0 && Date.now() < end) {
      const seen = (await this.look('dm', 5000)).reverse();
      owed = owed.filter(item => !this.refused(item.said) && !seen.some(this.ended(item)));
      await pause(LOOK_MS * 3);
    }
    for (const item of owed) this.blame(item.said, `a result for ${item.name}`);
  }

  // --- conversations ---

  /** Commands with all their inputs, one after the other without waiting. */
  async burst() {
    for (let i = this.rng.between(1, 4); i > 0; i--) {
      const item = this.ledger.open(this.person, 'Opportunity', this.name('deal'));
      item.complete = true;
      item.said = await this.say(`deal add name: ${item.name} stage: Prospecting close: 2026-12-31`);
      this.mine.push(item);
    }
  }

  async note() {
    const item = this.ledger.open(this.person, 'Note', this.name('note'), {place: this.rng.below(2) === 0 ? 'dm' : 'sales'});
    item.complete = true;
    item.said = await this.say(`${item.place === 'dm' ? '' : '@workbot '}crew note text: ${item.name}`, item.place);
    await this.answered(item.said, m => this.ended(item)(m) || (m.is_bot && /I need your word/.test(words(m))), `a result for ${item.name}`, item.place);
  }

  async ask() {
    const item = this.ledger.open(this.person, 'Look', this.name('look'));
    item.complete = true;
    item.said = await this.say(`deal look name: ${item.name}`);
    await this.answered(item.said, m => m.is_bot && shows(m, item), `a result for ${item.name}`);
  }

  /** Asked for the stage (buttons) and for the day; then, now and then, a task on what was made. */
  async dialogue() {
    const item = this.ledger.open(this.person, 'Opportunity', this.name('talk'));
    const began = Date.now();
    const first = await this.say(`deal add name: ${item.name}`);
    const after = m => m.is_bot && m.ts > first.ts;
    const stage = await this.answered(first, m => after(m) && /Enter stage/.test(words(m)), 'the question for the stage');
    if (!stage) return this.drop(item);
    const isClose = m => after(m) && /Enter close/.test(words(m));
    const close = this.rng.below(4) === 0 ? await this.answered(await this.say('Closed Won'), isClose, 'the question for the day') : await this.pressUntil(stage, 'Won', isClose);
    if (!close) return this.drop(item);
    item.said = await this.say('2027-01-31');
    item.complete = true;
    this.ledger.gaps.push({kind: 'dialogue', from: began, to: Date.now()});
    const result = await this.answered(item.said, this.ended(item), `a result for ${item.name}`);
    if (result && shows(result, item) && this.rng.below(2) === 0) await this.task(result);
    return undefined;
  }

  async task(result) {
    const item = this.ledger.open(this.person, 'Task', this.name('task'));
    const question = await this.pressUntil(result, 'Add a task', m => m.is_bot && m.ts > result.ts && /Enter subject/.test(words(m)));
    if (!question) return this.drop(item);
    item.said = await this.say(item.name);
    item.complete = true;
    await this.answered(item.said, this.ended(item), `a result for ${item.name}`);
    return undefined;
  }

  /** Whatever waits is cancelled: the ledger demands at most one record then. */
  async drop(item) {
    item.dropped = true;
    const said = await this.say('cancel');
    await this.answered(said, m => m.is_bot && m.ts > said.ts && /Cancelled|nothing to cancel/.test(words(m)), 'what became of cancel');
  }

  /** Disconnected, a command, a login, "Run it now": the prompt's message becomes the result. */
  async relogin() {
    this.away = true; // for the pulse: without a login it may only leave notes
    try {
      await this.saying;
      await this.settled();
      if (await this.disconnect()) await (this.rng.below(4) === 0 ? this.reconnect() : this.logInAgain());
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
    if (item.complete && !(await this.sees(m => here(m) && this.ended(item)(m)))) this.ledger.complain('silence', `${item.name} has no result in its message ${item.ts}`);
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
      const item = this.ledger.open(this.person, this.away ? 'Note' : 'Opportunity', this.name('pulse'));
      this.saying = this.say(this.away ? `crew note text: ${item.name}` : `deal add name: ${item.name} stage: Prospecting close: 2026-12-31`);
      item.said = await this.saying;
      item.complete = true;
      this.mine.push(item);
    }
  }

  async live() {
    await Promise.all([this.talk(), this.pulse()]);
    await this.settled();
  }

  async talk() {
    const own = [() => this.burst(), () => this.burst(), () => this.dialogue(), () => this.dialogue(), () => this.ask(), () => this.note()];
    const all = this.person.own ? [...own, () => this.relogin(), () => this.relogin()] : own;
    while (!this.day.over) {
      await (this.lost ? this.note() : this.rng.of(all)());
      await pause(this.rng.between(20, 200));
    }
  }
}
