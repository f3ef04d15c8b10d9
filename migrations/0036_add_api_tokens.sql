-- Tokens of the API that belong to one workspace. What is stored of a token is its digest.
--
-- When a team becomes part of its organisation, its tokens go with its workspace: an admin of the team is
-- none of the organisation.

create table api_token (
    workspace    text not null references workspace (workspace) on delete cascade,
    name         text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    role         text not null check (role in ('read', 'operate', 'admin', 'act')),
    digest       text not null check (digest ~ '^[0-9a-f]{64}$'),
    begins       text not null,
    made_by      text not null,
    expires_at   timestamptz,
    last_used_at timestamptz,
    created_at   timestamptz not null default now(),
    primary key (workspace, name),
    unique (workspace, digest)
);
comment on column api_token.begins is 'What can be searched for where a token may have leaked to.';
comment on column api_token.made_by is 'As the audit names it.';
comment on column api_token.expires_at is 'Null: never.';
