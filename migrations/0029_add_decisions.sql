-- Buttons that stand for what is stored with their message, and what a press on one of them decides
-- for all who read it.

alter table run add column pressed jsonb;
comment on column run.pressed is
    'Of the press that began it: {message, handle, bound: inputs that nobody may change, ask, decides, title}; null: it was typed, or its button belongs to nothing.';

create table decision (
    workspace  text not null references workspace (workspace) on delete cascade
               deferrable initially immediate,
    message_id uuid not null,
    state      text not null default 'open' check (state in ('open', 'deciding', 'decided')),
    run_id     uuid,
    user_id    text,
    word       text,
    app        text,
    decided_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (workspace, message_id)
);
create index decision_age on decision (updated_at);
create index decision_run on decision (workspace, run_id) where run_id is not null;
comment on table decision is
    'Of one message one deciding run may act. deciding: run_id does, as long as that run is queued, running or unknown; decided without a run: in the app itself.';
