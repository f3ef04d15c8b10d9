// A PostgreSQL of its own as docker/ sets one up: its superuser is `postgres`, its secrets are those of make-secrets.sh,
// and docker/postgres-init.sql makes the roles and the database.
//
//   const shipped = shippedCluster();
//   const w = await start({shipped});   // migrated by the owner, served by the other role
//   shipped.drop();
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ROOT, source} from './docs.mjs';

/** URLs of the database: `superuser`, `owner` (migrates), `service` (serves); `init`: what is run instead of the shipped file. */
export function shippedCluster({init = source('docker/postgres-init.sql')} = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'workbot-shipped-')), secrets = join(dir, 'secrets');
  const postgres = command => execFileSync(join(ROOT, 'tests/tools/postgres.sh'), [command, join(dir, 'pg')],
    {encoding: 'utf8', env: {...process.env, POSTGRES_SUPERUSER: 'postgres'}}).trim();
  const drop = () => {
    postgres('drop');
    rmSync(dir, {recursive: true, force: true});
  };
  try {
    const samples = {SLACK_CLIENT_SECRET: 'sample', SLACK_SIGNING_SECRETS: 'sample'};
    execFileSync(join(ROOT, 'docker/make-secrets.sh'), [secrets], {stdio: 'ignore', env: {PATH: process.env.PATH, ...samples}});
    const secret = name => readFileSync(join(secrets, name), 'utf8').trim();
    const server = new URL(postgres('start'));
    // where compose.yaml puts the secrets, and how the image of PostgreSQL runs the file
    const files = {service_password: 'workbot_service_password'};
    const sql = init.replaceAll(/\/run\/secrets\/(\w+)/g, (_, name) => join(secrets, files[name] ?? name));
    execFileSync('psql', ['-v', 'ON_ERROR_STOP=1', '--no-psqlrc', '-q', '-f', '-', server.href], {input: sql});
    const here = text => Object.assign(new URL(text), {host: server.host}).href;
    return {dir, secret, drop, server: server.href, superuser: Object.assign(new URL(server), {pathname: '/workbot'}).href,
      owner: here(secret('database_url')), service: here(secret('workbot_service_url'))};
  } catch (e) {
    drop();
    throw e;
  }
}
