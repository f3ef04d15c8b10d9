-- When people were last told something, so that one fault that a hundred runs meet is one message.

create table notice (
    workspace text not null references workspace (workspace) on delete cascade,
    key       text not null,
    told_at   timestamptz not null default now(),
    primary key (workspace, key)
);
