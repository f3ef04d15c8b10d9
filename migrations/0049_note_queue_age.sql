-- How long work has waited, for the chart of the console. Once a minute a worker looks which
-- workspaces have work that is due, and keeps the longest wait of each hour: where nothing waits
-- nothing is written.
create table queue_age (
    workspace text not null references workspace (workspace) on delete cascade,
    hour      timestamptz not null,
    oldest_s  bigint not null,
    primary key (workspace, hour)
);
create index queue_age_hour on queue_age (hour);
comment on table queue_age is 'The longest that the oldest due job of a workspace was seen waiting, by the hour. Kept for 32 days.';
