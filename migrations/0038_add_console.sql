-- The console in the browser: how admins get in by a link and a code, and who is signed in.

create table console_session (
    workspace       text not null references workspace (workspace) on delete cascade
                    deferrable initially immediate,
    id              uuid not null,
    user_id         text not null,
    link_hash       text not null,
    link_expires_at timestamptz not null,
    browser_hash    text,
    codes           integer not null default 0,
    code_hash       text,
    code_tries      integer not null default 0,
    code_expires_at timestamptz,
    proven_at       timestamptz,
    token_hash      text,
    opened_at       timestamptz,
    last_used_at    timestamptz,
    expires_at      timestamptz,
    ended_at        timestamptz,
    created_at      timestamptz not null default now(),
    primary key (workspace, id),
    unique (workspace, link_hash),
    unique (workspace, token_hash)
);
create index console_session_user on console_session (workspace, user_id);
create index console_session_age on console_session (created_at);
comment on table console_session is
    'One sign-in of one admin: the link, the code that proves who opened it, and the session.';
comment on column console_session.browser_hash is 'Of the cookie of the browser that the link was used in.';
comment on column console_session.proven_at is 'When its admin sent the code in the chat.';
comment on column console_session.token_hash is 'Of the cookie of the session; null: not signed in yet.';

create table operator_session (
    token_hash   text primary key,
    actor        text not null,
    opened_at    timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null
);
comment on table operator_session is
    'Global: operators of the deployment in the console. It holds for as long as their token does.';
