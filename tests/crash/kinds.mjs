// The kinds of runs that recipes.mjs kills, by name, and who has which of them all day.
import {copy, fan, span} from './kinds/commands.mjs';
import {decision} from './kinds/decision.mjs';
import {file} from './kinds/file.mjs';
import {hold} from './kinds/hold.mjs';

const named = kinds => Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, Object.assign(kind, {name})]));
export const KINDS = named({fan, copy, span, decision, hold, file});

/** {kinds, people}: so many people, who have one run of these kinds after the other. The first is Ana, who has a login at Box. */
export const SHIFTS = [
  {kinds: [file], people: 1}, {kinds: [decision], people: 2}, {kinds: [hold], people: 2},
  ...Array(4).fill({kinds: [fan, copy, span], people: 1}),
];
