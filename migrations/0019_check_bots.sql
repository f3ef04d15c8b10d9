-- A workspace whose bot token was refused, or is new and was never asked about, is looked at again.

alter table workspace
    add column bot_check_at timestamptz,
    add column bot_checks   integer not null default 0;
comment on column workspace.bot_check_at is
    'When the platform is asked next about the bot token; null: it has taken it.';
comment on column workspace.bot_checks is 'Times it was asked in vain: for the back-off.';
create index workspace_check on workspace (bot_check_at)
    where state = 'broken' or bot_check_at is not null;

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice', 'purge', 'check')) not valid;
alter table job validate constraint job_kind_check;
