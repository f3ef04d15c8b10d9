-- When a command was asked for, by the platform's clock: two presses of a button are one double click
-- by when they were made, not by when they were looked at.

alter table run add column asked_at timestamptz;
comment on column run.asked_at is
    'When its user typed or pressed it, as the platform says; null: of an earlier release.';
