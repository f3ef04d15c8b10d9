-- A step may run once for each item of a list, or not at all.

alter table run_step add column turn integer not null default 0;
comment on column run_step.turn is
    '0: a step that runs once. 1 and up: a turn of one that runs for each item of a list; that step itself is -1.';
-- The key stays: one position is one row. A turn stands at its step's place plus a hundred for each
-- turn, so that a process of the release before, which writes by position and knows no turns, never
-- writes about two rows at once.
comment on column run_step.position is 'The place of the step in its recipe, plus 100 times its turn.';

alter table run_step drop constraint run_step_state_check;
alter table run_step add constraint run_step_state_check check (state in
    ('started', 'done', 'failed', 'unknown', 'skipped')) not valid;
alter table run_step validate constraint run_step_state_check;
