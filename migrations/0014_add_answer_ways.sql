-- How a message reaches one reader: by the address that a click or a slash command came with, as long
-- as that is good, and from where it was asked for.

alter table message add column response_adds boolean not null default false;
alter table message add column response_until timestamptz;
alter table message add column from_channel text;
alter table message add column from_thread text;
comment on column message.response_adds is
    'response_url makes a new private message; else it replaces the one that was clicked in.';
comment on column message.response_until is 'response_url is not tried after this.';
comment on column message.from_channel is
    'Where its reader asked for it, when that is not where it is sent: told when it cannot arrive.';

create table response_use (
    workspace text not null references workspace (workspace) on delete cascade,
    key       text not null,
    uses      integer not null default 1,
    until     timestamptz not null,
    primary key (workspace, key)
);
create index response_use_age on response_use (until);
comment on table response_use is
    'How often each response_url was used: the platform takes five answers. key is its digest.';
