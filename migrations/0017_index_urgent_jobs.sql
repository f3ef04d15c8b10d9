-- Work that holds a trigger of a chat has three seconds. Where thousands of jobs of many workspaces
-- wait, it is found by this index, without going round all of them.

create index job_urgent on job (workspace, run_at, seq)
    where state = 'queued' and not behind and priority = 1;
