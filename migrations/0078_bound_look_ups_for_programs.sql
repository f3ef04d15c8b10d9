-- A token of the role "act" has the chat asked who a person is before that person has allowed anything: each time is
-- noted and counted, so that one in wrong hands has few people looked up in an hour.
alter table act_permission add column looked_at timestamptz;
comment on column act_permission.looked_at is
    'When the person, who had not allowed it, was last to be looked up and asked for this token: once an hour at most.';
drop index act_permission_token;
create index act_permission_looked on act_permission (workspace, token, looked_at);
create index act_permission_swept on act_permission (looked_at) where allowed_at is null and asked_at is null;
