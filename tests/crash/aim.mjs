// Kills that do not rest on luck. An aimed kill holds the world still where it must fall: the person
// it waits for stops where they are, and a lock on the table of runs keeps every command from its
// effect, and every answer that moves a run, until the replica is dead. Then all goes on.
import {setTimeout as pause} from 'node:timers/promises';
import pg from 'pg';

const PATIENCE_MS = 20000;
const WHERE = {dialogue: 'nobody was in a question dialogue', click: 'nobody was about to answer by a click'};

/** Where people pass by. Whoever comes to the point that is asked for waits there. */
export class Points {
  /** The point that is asked for: people do next what leads there. */
  wanted = null;

  /** `who` is at `point`; resolves at once unless it is asked for. */
  async pass(point, who) {
    if (this.wanted !== point) return;
    this.wanted = null;
    this.held = who;
    await new Promise(go => {
      this.go = go;
      this.arrived();
    });
  }

  /** Resolves when somebody waits at `point`. */
  async somebodyAt(point) {
    const arrival = new Promise(done => (this.arrived = done));
    this.wanted = point;
    await within(arrival, WHERE[point]);
  }

  release() {
    this.wanted = null;
    this.go?.();
    this.go = null;
  }

  /** Resolves with the first thing of this kind that is told from now on and fits. */
  told(kind, fits = () => true) {
    return within(new Promise(done => (this.listener = {...this.listener, [kind]: what => fits(what) && done(what)})), `no ${kind} was acknowledged`);
  }

  tell(kind, what) {
    this.listener?.[kind]?.(what);
  }
}

async function within(promise, complaint) {
  const end = new AbortController();
  const late = pause(PATIENCE_MS, null, {signal: end.signal}).then(() => {
    throw new Error(`aimed in vain: ${complaint} within ${PATIENCE_MS} ms`);
  });
  late.catch(() => {});
  return Promise.race([promise, late]).finally(() => end.abort());
}

/** While `work` is done no run begins, moves or ends. */
async function holdingRuns(databaseUrl, work) {
  const c = new pg.Client({connectionString: databaseUrl});
  await c.connect();
  try {
    await c.query('begin');
    await c.query('lock table run in share mode');
    return await work(Date.now());
  } finally {
    await c.end(); // and with it the lock
  }
}

/** What each aim waits for; `kill` is called in the same turn in which the last of it is known. */
const AIMS = {
  /** Somebody has read a question and has not answered; a command is acknowledged and not begun. */
  async dialogue(points, since, kill) {
    await points.told('command', said => said.began >= since);
    return kill();
  },
  /** Somebody has pressed, it is acknowledged, and what it asks for has not been done. */
  async click(points, since, kill) {
    const [pressed, command] = [points.told('click', by => by === points.held), points.told('command', said => said.began >= since)];
    command.catch(() => {}); // it is awaited second
    points.release();
    await pressed;
    await command;
    return kill();
  },
};
export const AIMED_AT = Object.keys(AIMS);

/** Kills where `aim` says; `kill` begins to kill before it first waits. */
export async function aimed(w, points, aim, kill) {
  try {
    await points.somebodyAt(aim);
    await holdingRuns(w.databaseUrl, since => AIMS[aim](points, since, kill));
  } finally {
    points.release();
  }
}
