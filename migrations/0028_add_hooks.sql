-- Where an app tells of its own events: each is a job from the start, as a chat's are.

create table hook (
    workspace  text not null references workspace (workspace) on delete cascade,
    name       text not null check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    kind       text not null check (kind in ('salesforce_outbound', 'servicenow', 'box', 'json')),
    handle     text not null,
    enabled    boolean not null default true,
    rules      jsonb not null default '{}',
    secrets    bytea,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (workspace, name),
    unique (workspace, handle)
);
comment on column hook.handle is 'Of its public address, behind the key of the route.';
comment on column hook.rules is 'How a message is proven and known again; holds no secret.';
comment on column hook.secrets is
    'Sealed JSON: the secret, and the one before it with the time until which it is taken.';

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice', 'purge', 'check', 'teams_activity', 'teams_invoke', 'keep',
     'hook_event')) not valid;
alter table job validate constraint job_kind_check;
