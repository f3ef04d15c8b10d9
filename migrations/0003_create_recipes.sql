create table recipe (
    workspace  text not null references workspace (workspace) on delete cascade,
    name       text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    version    integer not null,
    command    text,
    enabled    boolean not null default true,
    hidden     boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace, name),
    unique (workspace, command)
);
comment on column recipe.command is 'Case-folded, single spaces; null when a hook triggers it.';

create table recipe_version (
    workspace  text not null,
    name       text not null,
    version    integer not null,
    body       text not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    primary key (workspace, name, version)
);
comment on table recipe_version is 'A run goes on with the version it began with.';

create table run (
    workspace   text not null references workspace (workspace) on delete cascade,
    id          uuid not null,
    reference   text not null,
    recipe      text not null,
    version     integer not null,
    user_id     text not null,
    state       text not null check (state in
                ('queued', 'asking', 'parked', 'running', 'done', 'failed', 'unknown', 'cancelled',
                 'expired', 'superseded')),
    inputs      bytea not null,
    asking      text,
    place       text not null,
    channel     text not null,
    thread      text,
    message_id  uuid,
    login_id    uuid,
    confirmed   boolean not null default false,
    result      bytea,
    error_code  text,
    created_at  timestamptz not null default now(),
    parked_at   timestamptz,
    expires_at  timestamptz,
    ended_at    timestamptz,
    primary key (workspace, id),
    unique (workspace, reference)
);
create index run_open on run (workspace, user_id)
    where state in ('queued', 'asking', 'parked', 'running', 'unknown');
create index run_by_user on run (workspace, user_id, created_at desc);
create index run_age on run (created_at);
create index run_expiry on run (expires_at) where state in ('asking', 'parked');
comment on column run.place is 'dm, or channel for any place with other readers.';

create table run_connection (
    workspace     text not null,
    run_id        uuid not null,
    alias         text not null,
    default_name  text not null,
    app           text not null,
    rule          text not null check (rule in ('default', 'installer', 'personal')),
    connection_id uuid,
    account       text,
    primary key (workspace, run_id, alias),
    foreign key (workspace, run_id) references run (workspace, id) on delete cascade
);

create table run_step (
    workspace       text not null,
    run_id          uuid not null,
    position        integer not null,
    step            text not null,
    state           text not null check (state in ('started', 'done', 'failed', 'unknown')),
    idempotency_key uuid not null,
    output          bytea,
    record_id       text,
    record_url      text,
    error_code      text,
    started_at      timestamptz not null default now(),
    ended_at        timestamptz,
    primary key (workspace, run_id, position),
    foreign key (workspace, run_id) references run (workspace, id) on delete cascade
);
comment on table run_step is 'Written before the call (intent) and after it (outcome).';
