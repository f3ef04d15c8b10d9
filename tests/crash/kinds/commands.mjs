// Commands of several writes: a loop whose turns ServiceNow can be asked about, one whose turns only a
// person can look up, and one that spans both apps.
import {words} from '../../lib/flow.mjs';
import {attended, command, incident, task, typed} from './common.mjs';

export const STOCK = ['Stock 1', 'Stock 2', 'Stock 3'];
const find = {id: 'found', connection: 'salesforce', action: 'query', with: {soql: 'SELECT Id, Name FROM Opportunity WHERE Name LIKE :name ORDER BY Name LIMIT 9', values: {name: 'Stock%'}}};
const each = {each: '{{steps.found.records}}'};
const THREE = ['first', 'second', 'third'];

async function live(day, [person], rng, kind) {
  await attended(day, await typed(day, person, kind), {person});
}

/** What the question is about it must say itself. */
function itemOf(run, there, asked) {
  const [, number, item] = /It is about item (\d) of 3: (Stock \d)\./.exec(words(asked)) ?? [];
  if (item === undefined || STOCK[number - 1] !== item) run.faults.push(['unnamed', `its question names no item: ${words(asked).replaceAll('\n', ' / ')}`]);
  return there[item] ? item : undefined;
}

export const fan = {live, owed: () => STOCK, doubt: (run, there) => STOCK.findLast(text => there[text]),
  recipes: [command('fan', [find, incident('made', '{{inputs.name}}: {{item.Name}}', each)], 'Ended {{inputs.name}}: {{steps.made.count}}')]};

export const copy = {live, owed: () => STOCK, doubt: itemOf,
  recipes: [command('copy', [find, task('made', '{{inputs.name}}: {{item.Name}}', each)], 'Ended {{inputs.name}}: {{steps.made.count}}')]};

/** Which of the two tasks is in doubt: the first, unless there is something after it. */
export const span = {live, owed: () => THREE, doubt: (run, there) => (there.second ? (there.third ? 'third' : undefined) : there.first ? 'first' : undefined),
  recipes: [command('span', [task('first', '{{inputs.name}}: first'), incident('second', '{{inputs.name}}: second'),
    task('third', '{{inputs.name}}: third', {when: {path: 'steps.second.number', is: 'not_empty'}})], 'Ended {{inputs.name}}: all')]};
