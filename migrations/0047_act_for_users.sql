-- A trusted back-end starts recipes for people who allowed it in the chat.
--
-- A permission is one token's: it ends with the token, and another token of the same name has none.

alter table workspace add column acting boolean not null default false;
comment on column workspace.acting is 'Tokens of the role "act" may start recipes for people here who allowed it.';

create table act_permission (
    workspace  text not null references workspace (workspace) on delete cascade
               deferrable initially immediate,
    id         uuid not null,
    user_id    text not null,
    token      text not null,
    asked_at   timestamptz,
    allowed_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (workspace, id),
    unique (workspace, user_id, token),
    foreign key (workspace, token) references api_token (workspace, digest) on delete cascade
);
create index act_permission_token on act_permission (workspace, token);
comment on table act_permission is 'Which token may start recipes for which person.';
comment on column act_permission.token is 'Its digest.';
comment on column act_permission.asked_at is 'When the person was last asked, or said no: once a day at most.';
comment on column act_permission.allowed_at is 'Null: not allowed.';

alter table run
    add column act_token text,
    add column act_name text,
    add column act_key text;
create unique index run_act on run (workspace, act_token, act_key) where act_token is not null;
comment on column run.act_token is 'Digest of the token that began it for its user; null: the user did.';
comment on column run.act_name is 'The name of that token at the time.';
comment on column run.act_key is 'By which the token asks for it: the same one never begins two.';
