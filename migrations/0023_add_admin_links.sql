-- Where nobody installs the bot, an operator makes the first admin by a link: whoever opens it is shown a
-- code, and is an admin once that code was sent to the bot in the chat.

create table admin_link (
    workspace       text not null references workspace (workspace) on delete cascade,
    id              uuid not null,
    handle_hash     text not null,
    made_by         text not null,
    codes           integer not null default 0,
    code_hash       text,
    code_tries      integer not null default 0,
    code_expires_at timestamptz,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    used_at         timestamptz,
    ended_at        timestamptz,
    primary key (workspace, id),
    unique (workspace, handle_hash)
);
create index admin_link_age on admin_link (expires_at);
comment on table admin_link is 'Who was made an admin by one stands in the audit alone.';
comment on column admin_link.codes is 'How many it has shown; only the newest is good.';
comment on column admin_link.code_tries is 'Wrong ones that were typed while this code was shown.';
comment on column admin_link.ended_at is 'When the operator took it back.';
