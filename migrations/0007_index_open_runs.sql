-- A run that starts changes its state and nothing else. While a partial index named the state, that
-- wrote an entry into each of the table's indexes.

drop index run_open;
create index run_open on run (workspace, user_id) where ended_at is null;
drop index run_expiry;
create index run_expiry on run (expires_at) where expires_at is not null;
comment on column run.ended_at is 'Set with a final state, and with no other.';
comment on column run.expires_at is 'Of a run that asks or is parked; none has it else.';
