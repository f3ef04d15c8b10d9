-- One event a transaction. Keys have the length and the locality of ours (no colons: pgbench reads
-- them as variables); the payload has the size of a sealed event.
\set i :i + 1
\set n :client_id * 1000000000 + :i
insert into bench_job (workspace, id, kind, lane, priority, payload, key1, key2, key3) values ('slack.T0', lpad(:n::bigint::text, 32, '0')::uuid, 'slack_event', 'user.U0', 5, convert_to(:payload, 'UTF8'), 'ev.Ev' || :n::bigint, 'msg.D0.1700000000.' || :n::bigint, 'cmid.U0.c-' || :n::bigint) on conflict do nothing;
