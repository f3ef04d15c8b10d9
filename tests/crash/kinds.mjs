// The kinds of runs that recipes.mjs kills, by name, and who has which of them all day.
import {copy, fan, span} from './kinds/commands.mjs';
import {decision, newcomer} from './kinds/decision.mjs';
import {file} from './kinds/file.mjs';
import {hold} from './kinds/hold.mjs';

const named = kinds => Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, Object.assign(kind, {name})]));
export const KINDS = named({fan, copy, span, decision, newcomer, hold, file});

/** {chat, kinds, people}: so many people, who have one run of these kinds after the other; `newcomer`: and one who has no login.
 * The first in Slack is Ana, who has a login at Box. */
export const SHIFTS = [
  {chat: 'slack', kinds: [file], people: 1}, {chat: 'slack', kinds: [decision], people: 2}, {chat: 'slack', kinds: [hold], people: 2},
  {chat: 'slack', kinds: [newcomer], people: 1, newcomer: true}, ...Array(3).fill({chat: 'slack', kinds: [fan, copy, span], people: 1}),
  {chat: 'teams', kinds: [fan, copy, span], people: 1}, {chat: 'teams', kinds: [decision, hold], people: 2}, {chat: 'teams', kinds: [newcomer], people: 1, newcomer: true},
];
