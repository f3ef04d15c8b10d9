// The stand-in for Slack and Salesforce.
// From the environment: SANDBOX_BIN.
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {until} from './service.mjs';

const BIN = process.env.SANDBOX_BIN || 'build/sandbox';

export const SALESFORCE = {clientId: '3MVG9sampleAcme0001', clientSecret: 'sample-acme-consumer-secret'};

export async function startSandbox() {
  const dir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  const files = {main: join(dir, 'main'), salesforce: join(dir, 'salesforce')};
  const child = spawn(BIN, ['--port', '0', '--port-file', files.main, '--salesforce-port', '0',
    '--salesforce-port-file', files.salesforce], {stdio: 'ignore'});
  let failure = null;
  const ended = new Promise(done => child.on('close', done));
  child.on('error', error => { failure = error; });
  await until('the sandbox', () => {
    if (failure) throw failure;
    return existsSync(files.main) && existsSync(files.salesforce);
  });
  const url = 'http://127.0.0.1:' + readFileSync(files.main, 'utf8').trim();
  const salesforceHost = '127.0.0.1:' + readFileSync(files.salesforce, 'utf8').trim();
  const json = async (method, path, body) => {
    const r = await fetch(url + path, {method, body: body === undefined ? undefined : JSON.stringify(body)});
    return {http: r.status, ...(await r.json())};
  };
  return {
    url, salesforceHost, json,
    // what a service needs to know to meet it
    settings: {
      WORKBOT_SLACK_URL: url + '/slack',
      WORKBOT_TRUSTED_HTTP_HOSTS: [new URL(url).host, salesforceHost].join(','),
    },
    say: (user, text, more = {}) => json('POST', '/_say', {chat: 'slack', user, place: 'dm', text, ...more}),
    messages: async (user, place = 'dm') => (await json('GET', `/_messages?user=${user}&place=${place}`)).messages,
    grants: async () => (await json('GET', '/_state/salesforce')).grants,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, {recursive: true, force: true});
    },
  };
}
