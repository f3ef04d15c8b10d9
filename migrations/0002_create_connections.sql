-- A default connection is what an admin set up; a connection holds the tokens of one owner under
-- it: a user's personal connection, or with an empty user the default connection's own tokens.

create table default_connection (
    workspace      text not null references workspace (workspace) on delete cascade,
    name           text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    app            text not null,
    host           text not null default '',
    client_id      text,
    client_secret  bytea,
    client_version integer not null default 1,
    scopes         text[] not null default '{}',
    assurance      text not null default 'code' check (assurance in ('sign_in', 'code')),
    account_match  text not null default 'off' check (account_match in ('off', 'warn', 'require')),
    callback_key   text not null,
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now(),
    primary key (workspace, name),
    unique (workspace, callback_key)
);
comment on column default_connection.client_version is
    'Grows when app, host or client id change: tokens and logins of an earlier one are of no use.';

create table connection (
    workspace          text not null,
    id                 uuid not null,
    default_name       text not null,
    user_id            text not null default '',
    state              text not null check (state in
                       ('provisional', 'active', 'needs_attention', 'needs_login', 'disconnected')),
    reason             text,
    account_key        text,
    account_name       text,
    account_email      text,
    organization       text,
    sandbox            boolean not null default false,
    api_base           text,
    scopes             text[] not null default '{}',
    tokens             bytea,
    access_expires_at  timestamptz,
    refresh_expires_at timestamptz,
    generation         bigint not null default 0,
    refresh_until      timestamptz,
    cool_until         timestamptz,
    failures           integer not null default 0,
    assurance          text,
    connected_at       timestamptz,
    last_used_at       timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (workspace, id),
    unique (workspace, default_name, user_id),
    foreign key (workspace, default_name) references default_connection (workspace, name)
        on delete cascade
);
create index connection_by_user on connection (workspace, user_id);
create index connection_provisional on connection (updated_at) where state = 'provisional';
comment on column connection.tokens is 'Sealed JSON {access, refresh}; null when there is none.';
comment on column connection.generation is 'Compare-and-set counter of tokens.';

create table refresh_attempt (
    workspace     text not null,
    connection_id uuid not null,
    generation    bigint not null,
    attempt       integer not null,
    started_at    timestamptz not null default now(),
    ended_at      timestamptz,
    outcome       text,
    primary key (workspace, connection_id, generation, attempt),
    foreign key (workspace, connection_id) references connection (workspace, id) on delete cascade
);
comment on table refresh_attempt is
    'Written before each refresh call: an open row means an answer that never came.';

create table login (
    workspace        text not null,
    id               uuid not null,
    handle_hash      text not null,
    user_id          text not null default '',
    default_name     text not null,
    run_id           uuid,
    message_id       uuid,
    state            text not null default 'open' check (state in
                     ('open', 'code', 'done', 'cancelled', 'expired', 'refused')),
    reason           text,
    requested_by     text not null default '',
    code_hash        text,
    code_tries       integer not null default 0,
    code_expires_at  timestamptz,
    provisional      bytea,
    expires_at       timestamptz not null,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    primary key (workspace, id),
    unique (workspace, handle_hash),
    foreign key (workspace, default_name) references default_connection (workspace, name)
        on delete cascade
);
create index login_open on login (workspace, user_id, default_name) where state in ('open', 'code');
create index login_over on login (coalesce(code_expires_at, expires_at))
    where state in ('open', 'code');
create index login_age on login (updated_at);
comment on column login.code_expires_at is 'Set in state code only.';
comment on column login.provisional is
    'Sealed tokens and account between the callback and the proof of who is in the browser.';

create table oauth_state (
    workspace      text not null,
    state_hash     text not null,
    purpose        text not null check (purpose in ('app', 'identity', 'console', 'install')),
    login_id       uuid,
    default_name   text,
    client_version integer not null default 0,
    redirect_uri   text not null,
    verifier       bytea,
    cookie_hash    text not null,
    created_at     timestamptz not null default now(),
    expires_at     timestamptz not null,
    used_at        timestamptz,
    primary key (workspace, state_hash),
    foreign key (workspace, login_id) references login (workspace, id) on delete cascade
);
create index oauth_state_of_login on oauth_state (workspace, login_id);
create index oauth_state_age on oauth_state (expires_at);
