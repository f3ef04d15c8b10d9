/* The Teams side of the chat page. Cards are drawn by the official adaptivecards package when the
   sandbox has it (/adaptivecards.js), else by the few lines below. Loaded before the page's own
   script, whose helpers (el, safe, state, call) it uses when called. */
'use strict';

/* ---- text: Teams' markdown to nodes, never to HTML text ---- */
const decodeEntities = s => s.replace(/&nbsp;/g, ' ').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"')
  .replace(/&#(\d+);/g, (_, n) => String.fromCodePoint(Number(n))).replace(/&amp;/g, '&');
function markdown(text) {
  const out = [];
  const pattern = /\\([\\`*_{}[\]()<>#+\-.!~|])|<at>([^<]*)<\/at>|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<!\w)_([^_\n]+)_(?!\w)|`([^`\n]+)`|\r?\n/g;
  let at = 0, m;
  while ((m = pattern.exec(text))) {
    if (m.index > at) out.push(decodeEntities(text.slice(at, m.index)));
    if (m[1]) out.push(m[1]);
    else if (m[2] !== undefined) out.push(el('span', {class: 'mention'}, decodeEntities(m[2])));
    else if (m[3]) out.push(el('a', {href: safe(decodeEntities(m[4])), target: '_blank', rel: 'noopener'}, markdown(m[3])));
    else if (m[5]) out.push(el('b', {}, markdown(m[5])));
    else if (m[6] || m[7]) out.push(el('i', {}, markdown(m[6] || m[7])));
    else if (m[8]) out.push(el('code', {}, decodeEntities(m[8])));
    else out.push(el('br'));
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push(decodeEntities(text.slice(at)));
  return out;
}
const markdownHtml = text => el('div', {}, markdown(text)).innerHTML;

/* ---- actions, numbered in the order in which the sandbox counts them ---- */
const BELOW = ['body', 'items', 'columns', 'actions', 'rows', 'cells', 'images'], ONE_BELOW = ['selectAction', 'inlineAction', 'card'];
function numbered(card) {
  const copy = JSON.parse(JSON.stringify(card));
  let count = 0;
  (function walk(node) {
    if (!node || typeof node !== 'object') return;
    if (/^Action\./.test(node.type || '')) node.id = '#' + ++count;
    for (const key of BELOW) for (const child of node[key] || []) walk(child);
    for (const key of ONE_BELOW) walk(node[key]);
  })(copy);
  for (const button of copy.buttons || []) button.number = '#' + ++count;
  return copy;
}

/* ---- the official renderer ---- */
const colour = name => ({default: `var(${name})`, subtle: 'var(--soft)'});
const foreground = {default: colour('--ink'), dark: colour('--ink'), light: colour('--soft'), accent: colour('--brand'),
  good: colour('--ok'), warning: colour('--bad'), attention: colour('--bad')};
const HOST = {
  fontFamily: 'inherit', supportsInteractivity: true,
  fontSizes: {small: 13, default: 15, medium: 16, large: 18, extraLarge: 22},
  spacing: {small: 4, default: 8, medium: 12, large: 16, extraLarge: 22, padding: 12},
  separator: {lineThickness: 1, lineColor: 'var(--line)'},
  containerStyles: {default: {backgroundColor: 'transparent', foregroundColors: foreground}, emphasis: {backgroundColor: 'var(--hover)', foregroundColors: foreground}},
  actions: {maxActions: 20, spacing: 'default', buttonSpacing: 8, actionsOrientation: 'horizontal', actionAlignment: 'left', showCard: {actionMode: 'inline', inlineTopMargin: 8}},
  textBlock: {headingLevel: 3},
  factSet: {title: {wrap: true, weight: 'bolder', maxWidth: 160}, value: {wrap: true}, spacing: 12},
};
function officialCard(json, onAction) {
  const lib = AdaptiveCards;
  lib.AdaptiveCard.onProcessMarkdown = (text, result) => { result.outputHtml = markdownHtml(text); result.didProcess = true; };
  const card = new lib.AdaptiveCard();
  card.hostConfig = new lib.HostConfig(HOST);
  card.onExecuteAction = action => {
    const inputs = {};
    for (const input of card.getAllInputs()) {
      if (!input.isSet()) continue; /* the value of an empty number is NaN */
      inputs[input.id] = input.isMultiSelect ? input.value.split(',') : String(input.value);
    }
    onAction(action.id, inputs);
  };
  card.parse(json);
  return card.render();
}

/* ---- without it ---- */
function plainInput(n, reads) {
  const id = 'plain-' + Math.random().toString(36).slice(2);
  if (n.type === 'Input.ChoiceSet') {
    const box = el('select', {id, multiple: !!n.isMultiSelect}, n.isMultiSelect ? null : el('option', {value: ''}, n.placeholder || 'Choose'),
      (n.choices || []).map(c => el('option', {value: c.value, selected: (n.value || '').split(',').includes(c.value)}, c.title)));
    reads[n.id] = () => (n.isMultiSelect ? [...box.selectedOptions].map(o => o.value) : box.value);
    return [id, box];
  }
  if (n.type === 'Input.Toggle') {
    const box = el('input', {id, type: 'checkbox', checked: n.value === (n.valueOn || 'true')});
    reads[n.id] = () => box.checked;
    return [id, box];
  }
  const type = {'Input.Number': 'number', 'Input.Date': 'date', 'Input.Time': 'time'}[n.type] || 'text';
  const box = n.isMultiline ? el('textarea', {id, placeholder: n.placeholder}) : el('input', {id, type, placeholder: n.placeholder});
  box.value = n.value ?? '';
  reads[n.id] = () => box.value;
  return [id, box];
}
/* {{DATE(...)}} and {{TIME(...)}} of a TextBlock, by the reader's clock, as clients put them */
const SHOWN = {DATE: when => when.toLocaleDateString([], {year: 'numeric', month: 'short', day: 'numeric'}),
  TIME: when => when.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit', hour12: false})};
const dated = text => text.replace(/\{\{(DATE|TIME)\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?:, ?(?:SHORT|LONG|COMPACT))?\)\}\}/g,
  (_, part, at) => SHOWN[part](new Date(at)));
function plainNode(n, reads, onAction) {
  const list = (n.body || n.items || n.columns || n.rows || n.cells || n.actions || []).map(c => plainNode(c, reads, onAction));
  if (/^Action\./.test(n.type || '')) return el('button', {type: 'button', class: 'kit', on: {click: () => onAction(n.id, reads.all())}}, n.title);
  if (/^Input\./.test(n.type || '')) {
    const [id, box] = plainInput(n, reads);
    return el('div', {class: 'field'}, el('label', {for: id}, n.label || n.title || n.id), box);
  }
  if (n.type === 'TextBlock') return el('div', {class: n.weight === 'Bolder' ? 'block head' : 'block text'}, markdown(dated(n.text)));
  if (n.type === 'FactSet') return el('dl', {class: 'facts'}, n.facts.flatMap(f => [el('dt', {}, markdown(f.title)), el('dd', {}, markdown(f.value))]));
  if (n.type === 'RichTextBlock') return el('div', {class: 'block text'}, n.inlines.map(i => (typeof i === 'string' ? i : i.text)));
  return el('div', {class: n.type === 'ColumnSet' ? 'columns' : n.actions && n.type === 'ActionSet' ? 'block actions' : 'block'}, list);
}
function plainCard(json, onAction) {
  const reads = {};
  Object.defineProperty(reads, 'all', {value: () => Object.fromEntries(Object.entries(reads).map(([k, read]) => [k, read()]).filter(([, v]) => v !== ''))});
  return el('div', {}, plainNode(json, reads, onAction), json.body && json.actions ? el('div', {class: 'block actions'}, json.actions.map(a => plainNode(a, reads, onAction))) : null);
}

function drawCard(content, onAction) {
  const json = numbered(content);
  if (json.type !== 'AdaptiveCard') {
    return el('div', {class: 'card'}, json.title && el('div', {class: 'block head'}, json.title), json.text && el('div', {class: 'block text'}, markdown(json.text)),
      el('div', {class: 'block actions'}, (json.buttons || []).map(b => el('button', {type: 'button', class: 'kit', on: {click: () => onAction(b.number, {})}}, b.title))));
  }
  const node = typeof AdaptiveCards === 'object' ? officialCard(json, onAction) : plainCard(json, onAction);
  return el('div', {class: 'card'}, node);
}

/* ---- what a press leads to ---- */
const REFUSED = {unable_to_reach_app: 'Unable to reach app. Please try again.', something_went_wrong: 'Something went wrong. Please try again.'};
function told(answer) {
  if (!answer.ok) return answer.detail || answer.error;
  if (answer.refused) return REFUSED[answer.refused] || 'Something went wrong: ' + answer.refused;
  if (answer.errors) return Object.values(answer.errors).join(' ');
  const shown = answer.shown;
  if (shown && typeof shown.value === 'string') return shown.value;
  if (shown && shown.statusCode >= 400) return (shown.value && shown.value.message) || 'Something went wrong';
  return answer.message || '';
}
/* What a person types who read a code in the window: its bar has nothing left to do. */
const TYPED_CODE = /^(@\S+\s+)?(\w+\s+)?\d{6}$/;
/* The window of a sign-in button: its last page knows its code, or the person types it in. */
function openWindow(who, url, id) {
  const size = new URL(url).searchParams;
  window.open(url, 'signin-' + id, `popup,width=${size.get('width') || 600},height=${size.get('height') || 640}`);
}
function windowBar(who, open) {
  const box = el('input', {'aria-label': 'Code of the sign-in window', placeholder: 'Code', size: 8, inputmode: 'numeric', autocomplete: 'off'});
  const end = body => who.call('/_window', {window: open.id, ...body});
  return el('form', {class: 'thread signin', on: {submit: e => { e.preventDefault(); end({code: box.value.trim()}); }}},
    'A sign-in window is open.', box, el('button', {}, 'Send code'), el('button', {type: 'button', on: {click: () => end({outcome: 'cancelled'})}}, 'Close window'));
}

/* ---- messages and dialogs ---- */
const notes = new Map(); // message and person -> {words: what Teams showed below the card, card: as it stood then}
const drawnOf = m => JSON.stringify(m.attachments || []);
const refreshed = new Map();
async function pressCard(who, m, action, inputs) {
  const answer = await who.call('/_click', {message: m.id, action, inputs});
  if (answer.url && answer.window) openWindow(who, answer.url, answer.window);
  else if (answer.url) window.open(safe(answer.url), '_blank', 'noopener');
  notes.set(who.person.id + m.id, {words: told(answer), card: drawnOf(m)});
  who.redraw();
}
function refresh(who, m, card) {
  const due = card.refresh && (card.refresh.userIds || []).includes(who.person.address);
  const key = who.person.id + m.id, last = refreshed.get(key) || 0;
  if (!due || Date.now() - last < 60000) return;
  refreshed.set(key, Date.now());
  who.call('/_refresh', {message: m.id});
}
/* A card's first text. */
function firstWords(m) {
  const find = n => !n || typeof n !== 'object' ? '' : typeof n.text === 'string' ? n.text : n.inlines ? n.inlines.map(i => i.text ?? i).join('') :
    BELOW.flatMap(key => n[key] || []).map(find).find(Boolean) || '';
  return (m.attachments || []).map(a => find(a.content)).find(Boolean) || '';
}
function teamsBody(who, m) {
  const cards = (m.attachments || []).filter(a => /^application\/vnd\.microsoft\.card/.test(a.contentType || ''));
  const text = m.is_bot ? m.text : m.typed ?? m.text;
  const note = notes.get(who.person.id + m.id);
  if (cards.length && m.is_bot) refresh(who, m, cards[0].content);
  return [text ? el('div', {class: 'text'}, m.is_bot ? markdown(text) : text) : null,
    ...(m.is_bot ? cards : []).map(a => drawCard(a.content, (action, inputs) => pressCard(who, m, action, inputs))),
    note && note.words && note.card === drawnOf(m) ? el('div', {class: 'context', role: 'status'}, note.words) : null];
}
function teamsDialog(who, task) {
  const note = el('span', {class: 'warn', role: 'alert'});
  const close = () => who.call('/_close', {});
  const send = async (action, values) => {
    note.textContent = '';
    const answer = await who.call('/_submit', {action, values});
    note.textContent = answer.closed ? '' : told(answer);
    if (answer.closed && answer.message) who.say(answer.message);
  };
  const box = el('div', {class: 'modal'},
    el('header', {}, el('h3', {}, task.title), el('button', {type: 'button', 'aria-label': 'Close', on: {click: close}}, '✕')),
    el('div', {class: 'inside'}, drawCard(task.card, send)), el('footer', {}, note));
  box.addEventListener('keydown', event => { if (event.key === 'Escape') close(); });
  return el('div', {class: 'veil', role: 'dialog', 'aria-label': task.title}, box);
}
