-- A workspace that installs the bot by itself: what its grant holds, a token that rotates, and what is
-- wrong with either. A draft has no token yet.

alter table workspace
    add column bot_id            text,
    add column bot_scopes        text[] not null default '{}',
    add column missing_scopes    text[] not null default '{}',
    add column bot_refresh       bytea,
    add column bot_expires_at    timestamptz,
    add column bot_generation    bigint not null default 0,
    add column bot_refresh_until timestamptz,
    add column bot_refresh_tries integer not null default 0,
    add column bot_fault         text,
    add column organization      text,
    add column org_wide          boolean not null default false,
    add column url               text,
    add column installed_at      timestamptz,
    add column ended_at          timestamptz;
comment on column workspace.bot_refresh is 'Sealed; null for a token that never expires.';
comment on column workspace.bot_generation is 'Compare-and-set counter of bot tokens.';
comment on column workspace.bot_refresh_until is
    'Lease of the one refresher; after a failure, when the next may try.';
comment on column workspace.bot_refresh_tries is
    'Refreshes with this very token whose answers are not known.';
comment on column workspace.bot_fault is 'Why the token cannot be used, or soon will not be.';
comment on column workspace.missing_scopes is 'Scopes that a call or the installation lacked.';
comment on column workspace.organization is 'The platform''s id of the organisation it belongs to.';
comment on column workspace.installed_at is 'Of the grant that stands; what happened before it ends nothing.';
comment on column workspace.ended_at is 'Since when it is removed.';

alter table workspace drop constraint workspace_state_check;
alter table workspace add constraint workspace_state_check
    check (state in ('draft', 'active', 'broken', 'removed')) not valid;
alter table workspace validate constraint workspace_state_check;
create index workspace_removed on workspace (ended_at) where state = 'removed';

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice')) not valid;
alter table job validate constraint job_kind_check;
