-- When connections end, as far as that is known: who owns one is told before, and an admin may have
-- those that would end for want of use renewed in the background.

alter table default_connection add column keep_alive boolean not null default false;
comment on column default_connection.keep_alive is 'What rests under it is renewed before it ends.';
create index default_connection_keep on default_connection (workspace, name) where keep_alive;

alter table connection
    add column refresh_since timestamptz,
    add column warn_at       timestamptz,
    add column keep_at       timestamptz;
comment on column connection.refresh_since is
    'When its refresh token was first given; null: when it was connected.';
comment on column connection.warn_at is
    'When its owner is told of refresh_expires_at; null: never, or told already.';
comment on column connection.keep_at is
    'When it is renewed where keep_alive is on; null: a renewal would not put its end off.';
create index connection_warn on connection (warn_at)
    where state = 'active' and warn_at is not null;
create index connection_keep on connection (workspace, default_name, keep_at)
    where state = 'active' and keep_at is not null;

-- What stands there already, by what the definitions of before say: sixty days from the last renewal
-- of an access token that lasts an hour, and a hundred from the login.
with known as (
    select c.workspace, c.id, d.app,
           date_trunc('second', case d.app
               when 'box' then coalesce(c.access_expires_at, c.connected_at) + interval '60 days'
               else c.connected_at + interval '100 days' end) as ends_at
      from connection c join default_connection d
        on d.workspace = c.workspace and d.name = c.default_name
     where d.app in ('box', 'servicenow') and c.tokens is not null and c.refresh_expires_at is null)
update connection c
   set refresh_expires_at = k.ends_at, warn_at = k.ends_at - interval '7 days',
       keep_at = case when k.app = 'box' then k.ends_at - interval '33 days' end
  from known k where c.workspace = k.workspace and c.id = k.id;

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice', 'purge', 'check', 'teams_activity', 'teams_invoke',
     'keep')) not valid;
alter table job validate constraint job_kind_check;
