-- A chat platform that is reached where its events say: its servers for a conversation have an address,
-- and people have, beside the id that stays, another one by which the bot writes to them.

create table conversation (
    workspace text not null references workspace (workspace) on delete cascade,
    channel   text not null,
    address   text not null,
    kind      text not null check (kind in ('personal', 'group', 'channel', 'shared')),
    gone      boolean not null default false,
    primary key (workspace, channel)
);
comment on column conversation.address is
    'Of the newest event from there; before each call it is held against the allowed hosts.';
comment on column conversation.kind is
    'channel: of one organisation, by its type for ever; shared: of several, or it was not said.';
comment on column conversation.gone is
    'The bot was taken out of it: nothing is sent there until something comes from there.';

alter table chat_user
    add column address text,
    add column seen_in text;
comment on column chat_user.address is 'The platform''s other id of the person, for this bot alone.';
comment on column chat_user.seen_in is 'The conversation that the person last did something in.';

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice', 'purge', 'check', 'teams_activity', 'teams_invoke')) not valid;
alter table job validate constraint job_kind_check;
