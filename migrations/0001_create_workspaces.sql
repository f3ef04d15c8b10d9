-- Who is where. Every tenant table's keys lead with the workspace, so that the data can be spread
-- by that column; `route` is one of the two global tables (the other is the app catalogue, which
-- is files).

-- Times leave and enter as epoch seconds. PostgreSQL puts both in line with the query.

-- Never rounded into the future. `stable` as extract is: an immutable one would not be inlined.
create function epoch(at timestamptz) returns bigint language sql stable parallel safe
    return floor(extract(epoch from at))::bigint;

-- 0 is no time.
create function instant(seconds bigint) returns timestamptz language sql immutable parallel safe
    return to_timestamp(nullif(seconds, 0));

create table route (
    route      text primary key check (route ~ '^[0-9a-f]{16}$'),
    workspace  text not null
);
comment on table route is 'Global: the random routing key in public links, and the workspace it stands for.';

create table workspace (
    workspace      text primary key
                   check (workspace ~ '^(slack:[TE][A-Z0-9]{1,30}|teams:[0-9a-f-]{36})$'),
    route          text not null,
    name           text not null default '',
    installer      text,
    admins         text[] not null default '{}',
    installer_uses text not null default 'default' check (installer_uses in ('default', 'personal')),
    guests         text not null default 'refuse' check (guests in ('refuse', 'allow')),
    bot_user_id    text,
    bot_token      bytea,
    state          text not null default 'active' check (state in ('active', 'broken', 'removed')),
    created_at     timestamptz not null default now(),
    updated_at     timestamptz not null default now()
);
comment on column workspace.bot_token is 'Sealed.';

create table chat_user (
    workspace   text not null references workspace (workspace) on delete cascade,
    user_id     text not null,
    name        text not null default '',
    email       text,
    time_zone   text,
    standing    text not null default 'unknown'
                check (standing in ('unknown', 'member', 'guest', 'stranger', 'bot', 'deactivated')),
    dm_channel  text,
    checked_at  timestamptz,
    created_at  timestamptz not null default now(),
    primary key (workspace, user_id)
);
comment on column chat_user.standing is 'What the platform says of the person; unknown is refused.';

create table audit (
    workspace  text not null,
    id         uuid not null,
    at         timestamptz not null default now(),
    actor      text not null,
    action     text not null,
    subject    text not null default '',
    detail     json,
    primary key (workspace, id)
);
create index audit_age on audit (at);
comment on column audit.id is 'Sorts by the time it was made: pages go by it.';
comment on column audit.actor is 'user:U..., token:<fingerprint>, or system.';
