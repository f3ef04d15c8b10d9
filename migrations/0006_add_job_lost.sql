-- An attempt that ended with its worker is not a failure of the job: it is counted apart.

alter table job add column lost integer not null default 0;
comment on column job.lost is
    'Workers in a row that died, or lost the lease, while they had the job. Its attempts are without these.';
