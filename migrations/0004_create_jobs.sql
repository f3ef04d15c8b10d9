-- Work to do. An inbound event is a job from the start: acknowledging it is committing this row.

create table job (
    workspace   text not null,
    id          uuid not null,
    seq         bigint generated always as identity,
    kind        text not null check (kind in
                ('slack_event', 'slack_interaction', 'run', 'send', 'revoke')),
    lane        text,
    priority    smallint not null default 5,
    state       text not null default 'queued' check (state in ('queued', 'running', 'done', 'dead')),
    payload     bytea,
    key1        text,
    key2        text,
    key3        text,
    run_at      timestamptz not null default now(),
    attempts    integer not null default 0,
    lease_owner uuid,
    lease_token uuid,
    lease_until timestamptz,
    error_code  text,
    created_at  timestamptz not null default now(),
    ended_at    timestamptz,
    primary key (workspace, id),
    unique (workspace, key1),
    unique (workspace, key2),
    unique (workspace, key3)
);
create index job_due on job (workspace, priority, run_at) where state = 'queued';
create index job_lane on job (workspace, lane, seq) where state in ('queued', 'running');
create index job_lease on job (lease_until) where state = 'running';
create index job_ended on job (ended_at) where state in ('done', 'dead');
comment on column job.lane is 'Jobs of one lane run one after the other, in the order of seq.';
comment on column job.key1 is 'The platform''s event id; key2: place and time of the message; key3: the client''s message id. Two rows never share one.';

create table message (
    workspace       text not null,
    id              uuid not null,
    channel         text not null,
    thread          text,
    user_id         text,
    ephemeral       boolean not null default false,
    platform_id     text,
    response_url    bytea,
    body            bytea not null,
    version         integer not null default 1,
    sent_version    integer not null default 0,
    post_started_at timestamptz,
    state           text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    error_code      text,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (workspace, id)
);
create index message_by_platform_id on message (workspace, channel, platform_id);
create index message_age on message (updated_at);
comment on table message is
    'A chat message of ours as it should look; sending makes the platform agree with `version`.';
comment on column message.user_id is 'The only reader, for a private message.';
