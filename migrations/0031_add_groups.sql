-- People that recipes let in by the name of their group.

create table user_group (
    workspace  text not null references workspace (workspace) on delete cascade
               deferrable initially immediate,
    name       text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    users      text[] not null check (cardinality(users) <= 5000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace, name)
);
create index user_group_users on user_group using gin (users);
comment on table user_group is
    'Who has left the workspace may stand here still: the standing of a person is asked first.';
