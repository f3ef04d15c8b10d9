// Requests drawn from an OpenAPI document, and from nothing else: valid ones, ones at the bounds, and broken ones. All of it
// hangs on one seed.

/** Numbers below n, the same for the same seed (a linear congruence is random enough here). */
export const seeded = seed => n => Math.floor(((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296) * n);

const SIGNS = ['a', 'Acme', 'Größe & <b>bold</b>', '日本語 🙂', 'o\'Neil "x"', '{{inputs.name}}', '{{', '${x}', '../..', '%00', '%ff', 'a\tb', 'two\nlines',
  ' ', '', '\u202eover', '\u0000', '\ufeff', '-1', 'null', 'U0BEN0001', 'https://127.0.0.1:1/', '\' or 1=1 --', '__proto__'];
const ODD = [null, true, -1, 0, 1.5, 2 ** 53, -(2 ** 63), 1e308, '', 'x', 'x'.repeat(5000), [], {}, [[]], [null], {a: {}}, {__proto__: null, constructor: 1}];
const RAW = ['', '{', '[1,', '{"a":1,"a":2}', 'null', '1', '"x"', '[]', '\ufeff{}', '{"a":"\\ud800"}', '{"a":"\\u0000"}', '{"a":1e999}', '{}{}', '{/**/}',
  '['.repeat(70) + ']'.repeat(70), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])];
const TYPES = [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x', 'application/json; charset=latin1',
  'application/merge-patch+json', 'nonsense', 'a'.repeat(2000)];
const TAGS = ['*', '"made-up"', 'W/"made-up"', 'garbage', '"', '', ', ,', '"a", "b" , *', '"' + 'x'.repeat(6000) + '"', '"\u00e9"'];
/** As they stand in a path. */
const SEGMENTS = ['%20', '%00', '%2F', '%2e%2e', '..', '.', '%zz', '%', '%ff', '%F0%9F%99%82', 'x'.repeat(200), 'x'.repeat(9000), 'UPPER', 'a_b', '-', '0',
  '999999999999999999999', '%7B%7D', 'slack:', 'teams:x', '0190c0de-0000-7000-8000-000000000001', '*'];

export class Drawn {
  constructor(doc, seed) {
    this.doc = doc;
    this.pick = seeded(seed);
    this.known = new Map(); // path of a list -> what stands there
    this.tags = new Map(); // path -> ETag
    this.tokens = [];
  }

  one(list) { return list[this.pick(list.length)]; }
  odd() { return structuredClone(this.one(ODD)); }
  once(n) { return this.pick(n) === 0; }

  resolve(schema) {
    while (schema?.$ref) schema = schema.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.doc);
    return schema;
  }

  // --- values that fit a schema ---

  value(given, depth = 0) {
    const s = this.resolve(given);
    if (s.examples?.length && this.once(2)) return structuredClone(this.one(s.examples));
    if ('const' in s) return s.const;
    if (s.enum) return this.one(s.enum);
    const choice = s.oneOf ?? s.anyOf;
    if (choice) return this.value(this.one(choice), depth);
    const type = this.one([s.type ?? (s.properties || s.allOf ? 'object' : 'string')].flat());
    if (type === 'object') return this.object(s, depth);
    if (type === 'array') return this.array(s, depth);
    if (type === 'integer' || type === 'number') return this.one([s.minimum ?? 0, s.maximum ?? 100, (s.minimum ?? 0) + this.pick(3)]);
    return {null: null, boolean: this.once(2), string: type === 'string' ? this.text(s) : ''}[type];
  }

  object(s, depth) {
    const made = Object.assign({}, ...(s.allOf ?? []).map(part => this.value(part, depth)));
    for (const [key, member] of Object.entries(s.properties ?? {})) {
      if (s.required?.includes(key) || (depth < 4 && this.once(2))) made[key] = this.value(member, depth + 1);
    }
    for (let n = s.additionalProperties?.type || s.additionalProperties?.$ref ? this.pick(3) : 0; n > 0; n--) {
      made[this.one(['a', 'salesforce', 'tenant', ...SIGNS])] = this.value(s.additionalProperties, depth + 1);
    }
    return made;
  }

  array(s, depth) {
    const most = Math.min(s.maxItems ?? 3, 120);
    const list = Array.from({length: this.one([s.minItems ?? 0, 1, 2, this.once(4) ? most : 1])}, () => this.value(s.items ?? {type: 'string'}, depth + 1));
    return s.uniqueItems ? [...new Map(list.map(v => [JSON.stringify(v), v])).values()] : list;
  }

  text({pattern, minLength = 0, maxLength}) {
    if (pattern) return this.matching(pattern);
    const word = this.once(6) && maxLength ? 'é'.repeat(maxLength) : this.one(SIGNS);
    return word.padEnd(minLength, 'x').slice(0, maxLength);
  }

  /** Patterns here are rows of classes with a count; another kind is to be learnt first. */
  matching(pattern) {
    const parts = [...pattern.matchAll(/\[([^\]]+)\](?:\{(\d+)(?:,(\d+))?\})?/g)];
    if ('^' + parts.map(p => p[0]).join('') + '$' !== pattern) throw new Error(`drawn.mjs cannot make what fits ${pattern}`);
    return parts.map(([, signs, least = 1, most = least]) => {
      const all = signs.replace(/(.)-(.)/g, (_, a, b) => Array.from({length: b.charCodeAt(0) - a.charCodeAt(0) + 1}, (__, i) => String.fromCharCode(a.charCodeAt(0) + i)).join(''));
      const length = Number(least) + this.pick(Number(most) - Number(least) + 1);
      return Array.from({length}, () => this.one([...all])).join('');
    }).join('');
  }

  // --- bodies ---

  body(operation, plain) {
    const content = operation.operation.requestBody?.content['application/json'];
    if (!content) return this.once(12) && !plain ? this.one(RAW) : undefined;
    if (!operation.operation.requestBody.required && this.once(3)) return undefined;
    const examples = [content.example, ...Object.values(content.examples ?? {}).map(e => e.value)].filter(e => e !== undefined);
    if (plain) return examples[0] ?? this.value(content.schema);
    if (this.once(8)) return this.one(RAW);
    const made = examples.length && this.once(2) ? structuredClone(this.one(examples)) : this.value(content.schema);
    for (let n = this.pick(3); n > 0; n--) this.bend(made);
    return made;
  }

  /** Something in it is not as it was. */
  bend(body) {
    let at = body;
    while (at !== null && typeof at === 'object') {
      const keys = Object.keys(at), key = this.one(keys.length ? keys : ['new']);
      if (at[key] !== null && typeof at[key] === 'object' && !this.once(3)) at = at[key];
      else return this.bendMember(at, key);
    }
  }

  bendMember(at, key) {
    const how = this.pick(5);
    if (how === 0) delete at[key];
    else if (how === 1) Array.isArray(at) ? at.push(this.odd()) : at[this.one(['unknown', '', 'a.b', 'constructor', 'ü', 'x'.repeat(300)])] = this.odd();
    else at[key] = how === 2 ? this.odd() : this.one(SIGNS);
  }

  // --- where and how ---

  note(list, what) {
    if (typeof what === 'string') this.known.set(list, [...new Set([...(this.known.get(list) ?? []), what])].slice(-8));
  }

  /** What stands below a path, as far as answers have said. */
  learn(operation, request, answer) {
    if (!(answer.status >= 200 && answer.status < 300)) return;
    const segments = operation.path.split('/'), [path] = request.path.split('?'), sent = path.split('/');
    for (const [i, s] of segments.entries()) {
      if (s.startsWith('{') && operation.method !== 'DELETE') this.note(sent.slice(0, i).join('/'), decodeURIComponent(sent[i]));
    }
    for (const item of answer.json?.items ?? []) {
      if (!path.endsWith('/people')) this.note(path, item.workspace ?? item.name ?? item.id ?? String(item.version ?? ''));
      this.note(sent.slice(0, 4).join('/') + '/people', item.user);
    }
    if (answer.json?.next) this.note('cursor', answer.json.next);
    if (answer.headers.etag) this.tags.set(path, answer.headers.etag);
    if (answer.json?.token) this.tokens.push(answer.json.token);
  }

  segment(list, parameter, {plain, fresh, whole, within}) {
    const known = this.known.get(list) ?? [];
    if (within && parameter.name === 'workspace') return within;
    const example = parameter.schema.examples?.[0] ?? (parameter.schema.pattern ? 'drawn-' + this.pick(3) : '0190c0de-0000-7000-8000-000000000001');
    if (fresh && parameter.name !== 'workspace') return example;
    if (fresh && whole) return 'slack:T0FRESH01';
    if (known.length && (plain || !this.once(5))) return encodeURIComponent(this.one(known)).replaceAll('%3A', ':');
    return plain || this.once(2) ? example : this.one(SEGMENTS);
  }

  query(parameters, place, plain) {
    const parts = [];
    for (const p of parameters.filter(x => x.in === 'query')) {
      const plainly = {app: 'salesforce', force: 'true', forget: 'true'}[p.name];
      if (plain ? !plainly : !this.once(3)) continue;
      const known = this.known.get({user: `${place}/people`, app: '/v1/apps', recipe: `${place}/recipes`, cursor: 'cursor'}[p.name]);
      const fits = known && this.once(2) ? this.one(known) : this.value(p.schema);
      const value = plain ? plainly : this.once(3) ? this.one([...SIGNS, 'x'.repeat(3000)]) : String(fits);
      parts.push(`${p.name}=${encodeURIComponent(value)}`);
      if (!plain && this.once(12)) parts.push(parts.at(-1));
    }
    if (!plain && this.once(16)) parts.push(this.one(['unknown=1', '=', '&', 'limit', 'limit=%zz', 'limit=1%00', '%ff=1', 'a'.repeat(3000)]));
    return parts.length ? '?' + parts.join('&') : '';
  }

  headers(parameters, path, plain) {
    const headers = {};
    for (const p of parameters.filter(x => x.in === 'header')) {
      if (!plain && this.once(3)) headers[p.name] = this.once(2) && this.tags.has(path) ? this.tags.get(path) : this.one(TAGS);
    }
    return headers;
  }

  /** plain: as the document shows it; fresh: of nothing that is there; within: of this workspace. */
  request(operation, {plain = false, fresh = false, within, token}) {
    const item = this.doc.paths[operation.path];
    const parameters = [...(item.parameters ?? []), ...(operation.operation.parameters ?? [])].map(p => this.resolve(p));
    const segments = operation.path.split('/');
    const whole = operation.path.endsWith('{workspace}');
    const path = segments.reduce((at, s) => `${at}/${s.startsWith('{') ? this.segment(at, parameters.find(p => p.in === 'path' && `{${p.name}}` === s), {plain, fresh, whole, within}) : s}`);
    const body = this.body(operation, plain), headers = this.headers(parameters, path, plain);
    const type = plain || !this.once(8) ? 'application/json' : this.one(TYPES);
    if (body !== undefined && type) headers['Content-Type'] = type;
    const by = plain || !this.once(8) ? token : this.one([undefined, 'wrong', 'é'.repeat(3), ...this.tokens]);
    if (by !== undefined) headers.Authorization = 'Bearer ' + by;
    return {method: operation.method, path: path + this.query(parameters, path.split('/').slice(0, 4).join('/'), plain), headers, plain, body, sent: typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body};
  }
}
