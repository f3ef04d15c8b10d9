-- A run that has written for a message holds its decision while it waits, too: for a press, an
-- answer or another login.

alter table decision add column steps integer[] not null default '{}';
comment on column decision.steps is
    'Positions of the writing steps that run_id has claimed the decision with; of a run that waits, those that are started, done or unknown hold it.';
comment on table decision is
    'Of one message one deciding run may act. deciding: run_id does, as long as that run is queued, running or unknown, or waits and has written; decided without a run: in the app itself.';
