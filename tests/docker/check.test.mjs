// What can be known of docker/ without an engine: the files parse, agree with each other and with
// the program, and the proxy's configuration is one that the proxy takes.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = process.env.WORKBOT_BIN ?? join(root, 'build/workbot')
const read = (path) => readFileSync(join(root, path), 'utf8')
const scratch = mkdtempSync(join(tmpdir(), 'workbot-docker-'))
after(() => rmSync(scratch, { recursive: true }))

// YAML as the deployment tools read it: merge keys applied
function yaml(path) {
  const script = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'
  return JSON.parse(execFileSync('/usr/bin/python3', ['-c', script], { input: read(path), encoding: 'utf8' }))
}

// A file that is given after another adds to the services of it: settings by name, secrets as a list.
function beside(base, over) {
  const sum = structuredClone(base)
  for (const [name, { environment = {}, secrets = [], ...rest }] of Object.entries(over.services)) {
    assert.ok(sum.services[name], `${name} is a service of compose.yaml`)
    assert.deepEqual(rest, {}, 'a chat platform is settings and secrets')
    Object.assign(sum.services[name].environment, environment)
    sum.services[name].secrets = [...sum.services[name].secrets, ...secrets]
  }
  Object.assign(sum.secrets, over.secrets)
  return sum
}

const plain = yaml('docker/compose.yaml')
const slack = yaml('docker/compose.slack.yaml')
const teams = yaml('docker/compose.teams.yaml')
const compose = beside(beside(plain, slack), teams)
const services = Object.entries(compose.services)
const WAYS = { slack: beside(plain, slack), teams: beside(plain, teams), both: compose }
const dockerfile = read('docker/Dockerfile').replace(/\\\n/g, ' ')

// name -> type, out of the table of settings
function settings() {
  const rows = [...read('service/config/config.c').matchAll(/\{\s*"(WORKBOT_[A-Z0-9_]+)",\s*(CONFIG_[A-Z_]+)/g)]
  assert.ok(rows.length > 20, 'the table of settings is where it was')
  return new Map(rows.map(([, name, type]) => [name, type]))
}

function makeSecrets(env = {}, name = 'secrets') {
  const dir = join(scratch, name)
  const options = { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } }
  return { dir, ...spawnSync(join(root, 'docker/make-secrets.sh'), [dir], options) }
}
const SLACK = { SLACK_CLIENT_SECRET: 'sample-client-secret', SLACK_SIGNING_SECRETS: 'sample-signing-secret' }
const TEAMS = { TEAMS_APP_SECRET: 'sample-app-secret' }

// docker/.env, and what ${NAME:?words} and ${NAME:-default} become with it
const sampleEnv = Object.fromEntries(read('docker/sample.env').split('\n').filter((line) => /^\w+=/.test(line)).map((line) => line.split('=')))
function filled(text, env) {
  return text.replace(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name, how, rest) => {
    assert.ok(env[name] || how === '-', `${name}: ${rest}`)
    return env[name] || rest
  })
}

test('every environment name of the compose file and the image is a setting', () => {
  const known = settings()
  const names = services.flatMap(([, s]) => Object.keys(s.environment ?? {}))
  names.push(...[...dockerfile.matchAll(/\b(WORKBOT_[A-Z_]+)=/g)].map(([, name]) => name))
  const ours = names.filter((name) => name.startsWith('WORKBOT_'))
  assert.ok(ours.length > 10)
  for (const name of ours) assert.ok(known.has(name) || known.has(name.replace(/_FILE$/, '')), name)
})

// a secret of a service, short or long: what it is called in the container, and its file beside compose.yaml
const secretsOf = ({ secrets = [] }, env = sampleEnv) => new Map(secrets.map((secret) => {
  const { source = secret, target = source } = secret
  return [target, filled(compose.secrets[source].file, env)]
}))

test('a secret comes as a file under /run/secrets, never as a value', () => {
  const known = settings()
  let files = 0
  for (const [service, { environment = {}, ...rest }] of services) {
    const secrets = secretsOf(rest)
    for (const [name, value] of Object.entries(environment)) {
      const type = known.get(name) ?? ''
      assert.ok(!type.startsWith('CONFIG_SECRET'), `${service}: ${name} holds a secret itself`)
      assert.ok(!/PASSWORD$|SECRETS?$|TOKENS?$|KEYS?$/.test(name), `${service}: ${name} looks like a secret`)
      if (!name.endsWith('_FILE') && name !== 'TLS_PEM') continue
      const file = /^\/run\/secrets\/(\w+)$/.exec(value)?.[1]
      assert.ok(secrets.has(file), `${service}: ${name} names a secret that it is given`)
      files++
    }
    for (const file of secrets.values()) assert.match(file, /^\.\/secrets\/\w+$/)
  }
  assert.ok(files >= 11)
})

for (const [way, { services: { workbot } }] of Object.entries(WAYS)) {
  test(`the program takes the settings that the compose files give: ${way}`, () => {
    const given = { ...(way === 'teams' ? {} : SLACK), ...(way === 'slack' ? {} : TEAMS) }
    const { dir, status, stderr } = makeSecrets(given, `secrets-${way}`)
    assert.equal(status, 0, stderr)
    // what the other platform needs is in nobody's way
    const other = { slack: 'TEAMS', teams: 'SLACK' }[way] ?? 'NONE'
    const dotenv = Object.fromEntries(Object.entries(sampleEnv).filter(([name]) => !name.includes(other)))
    const env = { PATH: process.env.PATH }
    for (const [name, value] of Object.entries(workbot.environment)) {
      env[name] = filled(value, dotenv).replace(/^\/run\/secrets\/(\w+)$/, (_, target) => secretsOf(workbot).get(target).replace('./secrets', dir))
    }
    assert.match(readFileSync(env.WORKBOT_DATABASE_URL_FILE, 'utf8'), /^postgresql:\/\/workbot_service:/)
    assert.equal(Object.keys(env).some((name) => name.includes(other)), false)
    // nobody serves there: health says so, after it has read every setting
    env.WORKBOT_OPS_LISTEN = '127.0.0.1:1'
    const health = spawnSync(program, ['health'], { env, encoding: 'utf8' })
    assert.equal(health.stderr, 'health: /healthz on 127.0.0.1:1: nobody answers\n')
    assert.equal(health.status, 1)
    for (const file of secretsOf(workbot).values()) assert.ok(existsSync(file.replace('./secrets', dir)), file)
  })
}

test('a chat platform stands in its own file, and reaches only who serves it', () => {
  assert.doesNotMatch(JSON.stringify(plain), /SLACK|TEAMS|slack_|teams_/)
  assert.deepEqual(Object.keys(slack.services), ['workbot'])
  assert.deepEqual(Object.keys(teams.services), ['workbot'])
  // the migration shares the settings of the base, and needs no chat
  assert.deepEqual(plain.services.migrate.secrets, ['database_url', 'encryption_keys', 'admin_tokens'])
})

test('the owner of the tables migrates, and another role serves', () => {
  const { migrate, workbot } = compose.services
  const role = sampleEnv.WORKBOT_DATABASE_SERVICE_ROLE
  assert.equal(filled(migrate.environment.WORKBOT_DATABASE_SERVICE_ROLE, sampleEnv), role)
  assert.equal(secretsOf(migrate).get('database_url'), './secrets/database_url')
  assert.equal(secretsOf(workbot).get('database_url'), `./secrets/${role}_url`)
  assert.ok(![...secretsOf(workbot).values()].includes('./secrets/database_url'), 'who serves does not have the owner\'s')
  assert.match(read('docker/postgres-init.sql'), new RegExp(`create role ${role} login`))
})

test('an installation from before there were two roles goes on with its secrets and its .env', () => {
  const { WORKBOT_DATABASE_SERVICE_ROLE: _, ...before } = sampleEnv
  const { postgres, migrate, workbot } = compose.services
  for (const service of [migrate, workbot]) assert.equal(secretsOf(service, before).get('database_url'), './secrets/database_url')
  assert.deepEqual([...secretsOf(postgres, before).values()], ['postgres_password', 'database_password', 'database_password'].map((name) => `./secrets/${name}`))
  assert.equal(filled(migrate.environment.WORKBOT_DATABASE_SERVICE_ROLE, before), '', 'and nobody is given rights')
})

test('every container is hardened and bounded', () => {
  for (const [name, s] of services) {
    assert.equal(s.read_only, true, name)
    assert.deepEqual(s.cap_drop, ['ALL'], name)
    assert.ok(s.security_opt.includes('no-new-privileges:true'), name)
    assert.ok(s.tmpfs.some((t) => t.startsWith('/tmp')), name)
    const { memory, cpus, pids } = s.deploy.resources.limits
    assert.ok(memory && cpus && pids, name)
    assert.equal(s.pids_limit, undefined, `${name}: docker compose refuses it beside limits that do not repeat it`)
    assert.equal(s.privileged, undefined, name)
    assert.equal(s.cap_add, undefined, name)
  }
})

test('two replicas start after the migration, which starts after the database', () => {
  const { workbot, migrate, proxy, postgres } = compose.services
  assert.ok(workbot.deploy.replicas >= 2)
  assert.equal(workbot.depends_on.migrate.condition, 'service_completed_successfully')
  assert.equal(migrate.depends_on.postgres.condition, 'service_healthy')
  assert.equal(proxy.depends_on.workbot.condition, 'service_healthy')
  assert.deepEqual(migrate.command, ['migrate'])
  assert.ok(postgres.volumes.some((v) => v.startsWith('data:')) && 'data' in compose.volumes)
  assert.equal(compose.networks.data.internal, true)
  assert.equal(workbot.ports, undefined, 'only the proxy is reached from outside')
})

test('the proxy is whom the program believes', () => {
  const { subnet } = compose.networks.front.ipam.config[0]
  assert.equal(compose.services.workbot.environment.WORKBOT_TRUSTED_PROXIES, subnet)
  assert.match(read('docker/haproxy.cfg'), /del-header X-Forwarded-For[\s\S]*option forwardfor/)
})

test('docker compose takes the files', (t) => {
  if (spawnSync('docker', ['compose', 'version']).status !== 0) {
    return t.skip('there is no docker compose on this machine; the files were parsed and checked all the same')
  }
  for (const names of [['slack'], ['teams'], ['slack', 'teams']]) {
    const files = names.flatMap((name) => ['-f', `docker/compose.${name}.yaml`])
    const args = ['compose', '--env-file', 'docker/sample.env', '-f', 'docker/compose.yaml', ...files, 'config', '--quiet']
    execFileSync('docker', args, { cwd: root })
  }
})

test('the image holds the libraries that the program links, and no others', () => {
  const runtime = dockerfile.split(/^FROM /m).at(-1)
  const [, list] = /apt-get install -y --no-install-recommends\s+([^&]+)&&/.exec(runtime)
  const installed = new Set(list.trim().split(/\s+/))
  assert.ok(installed.delete('ca-certificates'))
  const dynamic = execFileSync('readelf', ['-d', program], { encoding: 'utf8' })
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name)
  assert.ok(needed.length > 5)
  // sanitizers belong to test builds
  const libraries = needed.filter((name) => !/^lib(asan|ubsan|tsan)\./.test(name))
  const owners = execFileSync('dpkg', ['-S', ...libraries.map((name) => `*/${name}`)], { encoding: 'utf8' })
  const packages = new Set([...owners.matchAll(/^([^:,\s]+):\S+: .*-linux-gnu\/[^/]+$/gm)].map(([, name]) => name))
  packages.delete('libc6')
  assert.deepEqual([...packages].sort(), [...installed].sort())
  assert.doesNotMatch(execFileSync('ldd', [program], { encoding: 'utf8' }), /not found/)
})

test('what the image copies is there, and the build context lets it in', () => {
  const ignore = read('.dockerignore').split('\n').filter((line) => line.startsWith('!'))
  for (const [, args] of dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)) {
    for (const path of args.trim().split(/\s+/).slice(0, -1)) {
      assert.ok(existsSync(join(root, path)), path)
      assert.ok(ignore.includes(`!${path}`), `${path} is in the context`)
    }
  }
  assert.match(dockerfile, /^USER 10001:10001$/m)
  assert.match(dockerfile, /^HEALTHCHECK .*\["\/usr\/local\/bin\/workbot", "health"\]$/m)
})

test('secrets are made once, for their readers only', () => {
  rmSync(join(scratch, 'secrets'), { recursive: true, force: true })
  const first = makeSecrets()
  assert.equal(first.status, 1, 'without the secrets of a chat platform it is not done')
  assert.match(first.stderr, /still missing: .*slack_client_secret[\s\S]*or for Teams: .*teams_app_secret/)
  const half = makeSecrets({ ...TEAMS, SLACK_CLIENT_SECRET: SLACK.SLACK_CLIENT_SECRET })
  assert.equal(half.status, 1, 'one of two secrets is none')
  assert.match(half.stderr, /^still missing: .*slack_signing_secrets .*\n$/)
  const second = makeSecrets(SLACK)
  assert.equal(second.status, 0)
  const wanted = Object.values(compose.secrets).map(({ file }) => filled(file, sampleEnv).replace('./secrets/', ''))
  assert.deepEqual(readdirSync(second.dir).sort(), wanted.sort())
  assert.equal(statSync(second.dir).mode & 0o777, 0o700)
  const content = () => readdirSync(second.dir).map((name) => readFileSync(join(second.dir, name), 'utf8'))
  const before = content()
  assert.match(readFileSync(join(second.dir, 'encryption_keys'), 'utf8'), /^k1:[A-Za-z0-9+/]{43}=\n$/)
  assert.equal(makeSecrets().status, 0)
  assert.deepEqual(content(), before, 'a second run touches nothing')
})

test('the proxy takes its configuration', () => {
  const { dir } = makeSecrets(SLACK)
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, TLS_PEM: join(dir, 'tls_certificate') }
  const check = spawnSync('haproxy', ['-c', '-f', join(root, 'docker/haproxy.cfg')], { env, encoding: 'utf8' })
  assert.equal(check.status, 0, check.stderr)
  assert.doesNotMatch(check.stderr, /WARNING/)
})

test('Prometheus and its alerts name metrics that exist', () => {
  const rules = yaml('docker/alerts.yml').groups.flatMap((group) => group.rules)
  const known = new Set([...read('include/base/metrics.h').matchAll(/"(workbot_[a-z_]+)"/g)].map(([, name]) => name))
  assert.ok(rules.length > 5 && known.size > 10)
  for (const { alert, expr, annotations } of rules) {
    assert.ok(annotations.summary, alert)
    for (const [name] of expr.matchAll(/workbot_[a-z_]+/g)) {
      assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), `${alert}: ${name}`)
    }
  }
  assert.deepEqual(yaml('docker/prometheus.yml').rule_files, ['alerts.yml'])
})
