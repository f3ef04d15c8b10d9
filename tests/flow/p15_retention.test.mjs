// P15: each setting keeps what docs/configuration.md says of it, and nothing else. Rows of four ages are planted in every
// table that is swept, while nothing runs; then the process comes and does it by itself.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';
import {ACME, ROOT, start, until} from '../lib/flow.mjs';

const KEPT = {WORKBOT_TTL_EVENTS: '3d', WORKBOT_TTL_RUNS: '10d', WORKBOT_TTL_AUDIT: '30d'};
/** In days: below each of these times, between them, above them all. */
const AGES = [2, 5, 20, 40];
const BY = {events: [2], runs: [2, 5], audit: [2, 5, 20], chart: [2, 5, 20], hour: []};

/** table: [what keeps it, the column that says how old a row is, other columns, their values]; a row's `n` is its age. */
const TABLES = {
  job: ['events', 'ended_at', 'id, kind, state', "gen_random_uuid(), 'slack_event', 'done'"],
  response_use: ['events', 'until', 'key', "'k' || n"],
  admin_link: ['events', 'expires_at', 'id, handle_hash, made_by', "gen_random_uuid(), 'h' || n, 'token:x'"],
  console_session: ['events', 'created_at', 'id, user_id, link_hash, link_expires_at', "gen_random_uuid(), 'U0ANA0001', 'h' || n, now() - interval '1 hour'"],
  operator_session: ['events', 'expires_at', 'token_hash, actor', "'h' || n, 'token:x'"],
  message: ['runs', 'updated_at', 'id, channel, body, state', "gen_random_uuid(), 'C0SALES01', '', 'sent'"],
  run: ['runs', 'created_at', 'id, reference, recipe, version, user_id, state, inputs, place, channel', "gen_random_uuid(), 'WB-' || n, 'create-opportunity', 1, 'U0ANA0001', 'done', '', 'dm', 'D0ANA0001'"],
  login: ['runs', 'updated_at', 'id, handle_hash, default_name, state, expires_at', "gen_random_uuid(), 'h' || n, 'acme-salesforce', 'done', now()"],
  decision: ['runs', 'updated_at', 'message_id, state', "gen_random_uuid(), 'decided'"],
  audit: ['audit', 'at', 'id, actor, action', "gen_random_uuid(), 'system', 'x'"],
  act_permission: ['hour', 'looked_at', 'id, user_id, token', "gen_random_uuid(), 'U0' || n, (select digest from api_token)"],
  queue_age: ['chart', 'hour', 'oldest_s', '1'],
};

describe('P15 what is over its time leaves', () => {
  let w;
  /** The ages of what is there still of `table`, but for what the test's own start has made. */
  const ages = async table => {
    const [, at] = TABLES[table];
    const rows = await w.query(`select round(extract(epoch from now() - ${at}) / 86400)::int as n from ${table} where ${at} < now() - interval '1 day' order by n`);
    return rows.map(r => r.n);
  };
  const again = async () => {
    await w.stopReplica(0);
    await w.startReplica(0);
  };

  before(async () => {
    w = await start({env: KEPT});
    await w.must('POST', `/workspaces/${ACME}/api-tokens`, {name: 'deal-sync', role: 'act'});
    await w.idle();
    await w.stopReplica(0);
    for (const [table, [, at, columns, values]] of Object.entries(TABLES)) {
      const own = table === 'operator_session' ? ['', ''] : ['workspace, ', `'${ACME}', `];
      await w.query(`insert into ${table} (${own[0]}${columns}, ${at}) select ${own[1]}${values}, now() - n * interval '1 day' from unnest($1::int[]) n`, [AGES]);
      assert.deepEqual(await ages(table), AGES, table);
    }
    // the audit's days are over, and nothing of them is sealed yet
    await w.query(`begin; set local session_replication_role = replica; delete from audit_chain where workspace = '${ACME}'; commit`);
    await w.startReplica(0);
  });
  after(() => w?.stop());

  test('every table that is swept is planted here', () => {
    const swept = [...readFileSync(join(ROOT, 'service/store/retention.c'), 'utf8').matchAll(/"(?:delete from |select from sweep_)(\w+)/g)].map(m => m[1]);
    assert.deepEqual(swept.sort(), Object.keys(TABLES).sort());
  });

  for (const [table, [by]] of Object.entries(TABLES).filter(([name]) => name !== 'audit')) {
    test(`${table}: by the time of ${by}`, async () => {
      let left;
      await until(() => `${table} to be swept; there are rows of ${left} days`, async () => (left = await ages(table)).length <= BY[by].length);
      assert.deepEqual(await ages(table), BY[by]);
    });
  }

  test('audit: whole days by the time of audit, once they are sealed and retired', async () => {
    const seals = where => w.count('audit_seal', `workspace = '${ACME}' and ${where}`);
    await until('the days to be sealed', async () => await seals("day >= utc_day(now() - interval '3 days')") > 0);
    await again();
    await until('the oldest day to be retired', async () => await seals('retired_at is not null') > 0);
    await again();
    await until('its lines to leave', async () => !(await ages('audit')).includes(40));
    assert.deepEqual(await ages('audit'), BY.audit);
  });
});
