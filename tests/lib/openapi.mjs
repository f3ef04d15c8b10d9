// openapi.yaml as a judge of answers: is this status described for this operation, and does the body
// fit its schema?
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import Ajv from 'ajv/dist/2020.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const METHODS = ['get', 'put', 'post', 'delete'];
const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  uri: text => URL.canParse(text),
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
};

function read() {
  const dir = mkdtempSync(join(tmpdir(), 'openapi-'));
  const out = join(dir, 'openapi.json');
  try {
    execFileSync(process.execPath, [join(root, 'tests/node_modules/@redocly/cli/bin/cli.js'), 'bundle',
      join(root, 'openapi.yaml'), '--ext', 'json', '-o', out],
      {stdio: 'pipe', env: {...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true'}});
    return JSON.parse(readFileSync(out, 'utf8'));
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

const escape = key => key.replaceAll('~', '~0').replaceAll('/', '~1');

export function loadOpenapi() {
  const doc = read();
  const ajv = new Ajv({strict: false, allErrors: true, validateSchema: false});
  for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format);
  ajv.addSchema(doc, 'openapi.json');

  // follows "$ref" of what is no schema: {value, pointer}
  const follow = (value, pointer) => {
    while (value && value.$ref) {
      pointer = value.$ref.slice(1);
      value = pointer.slice(1).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], doc);
    }
    return {value, pointer};
  };

  const operations = [];
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of METHODS.filter(m => item[m])) {
      const pattern = path.split('/').map(s => s.startsWith('{') ? '[^/]+' : s.replace(/[.]/g, '\\.')).join('/');
      operations.push({id: item[method].operationId, method: method.toUpperCase(), path, pattern: new RegExp(`^${pattern}$`),
        statuses: Object.keys(item[method].responses), operation: item[method], pointer: `/paths/${escape(path)}/${method}`});
    }
  }

  const find = (method, path) => operations.find(o => o.method === method && o.pattern.test(path.split('?')[0]));
  const compiled = new Map();
  const validator = pointer => {
    if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({$ref: 'openapi.json#' + encodeURI(pointer)}));
    return compiled.get(pointer);
  };

  return {
    doc, operations, find,
    // the faults of an answer, as sentences; none: it is as described
    faults(operation, answer) {
      const described = operation.operation.responses[answer.status];
      if (!described) return [`${operation.id} does not describe ${answer.status}: ${answer.text.slice(0, 200)}`];
      const {value, pointer} = follow(described, `${operation.pointer}/responses/${answer.status}`);
      const types = Object.keys(value.content || {});
      if (types.length === 0) return answer.text === '' ? [] : [`${operation.id} ${answer.status} has a body`];
      const type = (answer.headers['content-type'] || '').split(';')[0];
      if (!types.includes(type)) return [`${operation.id} ${answer.status} is ${type}, not ${types}`];
      if (!type.endsWith('json')) return [];
      const check = validator(`${pointer}/content/${escape(type)}/schema`);
      return check(answer.json) ? [] : check.errors.map(e => `${operation.id} ${answer.status} ${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
    },
    body(operation) { // the validator of its request body
      return validator(`${operation.pointer}/requestBody/content/application~1json/schema`);
    },
  };
}
