-- The audit is written once. What stands there cannot be changed, and it leaves only when its day
-- has been retired; each night the day before is sealed with a key that the database cannot read
-- (docs/operations.md, "The audit").
--
-- An older release beside this schema adds lines as before. Its sweep of old lines, and its move of
-- a workspace, wait for this one.

create function utc_day(at timestamptz) returns date language sql immutable parallel safe
    return (at at time zone 'UTC')::date;

create index audit_by_day on audit (workspace, at, id);

-- Outlives its workspace, as the audit does.
create table audit_chain (
    workspace  text primary key,
    key        bytea,
    began      date not null,
    sealed_to  date not null,
    held_to    timestamptz,
    lines      bigint not null default 0,
    digest     text not null default '',
    read_us    bigint not null default 0,
    read_id    uuid not null default '00000000-0000-0000-0000-000000000000'
);
create index audit_chain_due on audit_chain (sealed_to);
comment on column audit_chain.key is 'Sealed; null: not made yet.';
comment on column audit_chain.sealed_to is 'The last day with a seal; the day before began: none.';
insert into audit_chain (workspace, began, sealed_to)
select workspace, min(utc_day(at)), min(utc_day(at)) - 1 from audit group by workspace;
comment on column audit_chain.held_to is 'It could not go on, and is not tried before.';
comment on column audit_chain.lines is 'With the next three: how far the next day has been read.';

create table audit_seal (
    workspace    text not null,
    day          date not null,
    lines        bigint not null,
    digest       text not null,
    sealed_at    timestamptz not null,
    previous     text not null,
    seal         text not null,
    retired_at   timestamptz,
    retired_seal text,
    primary key (workspace, day),
    check ((retired_at is null) = (retired_seal is null))
);
create index audit_seal_age on audit_seal (day) where retired_at is null;
comment on table audit_seal is 'A row for each day (UTC), also for one without lines: none can be left out.';
comment on column audit_seal.seal is 'HMAC of the row and of the seal before it.';
comment on column audit_seal.retired_at is 'Since then the lines of the day may leave.';

-- Names are looked up where the table is: a temporary table of the same name is none of ours.
create function audit_line_stays() returns trigger language plpgsql as $$
declare
    retired boolean := false;
begin
    if tg_op = 'DELETE' then
        execute format('select exists (select from %I.audit_seal where workspace = $1'
                       ' and day = %1$I.utc_day($2) and retired_at is not null)', tg_table_schema)
           into retired using old.workspace, old.at;
    end if;
    if not retired then
        raise exception 'the audit is written once: no line is changed, and none leaves before its day is retired'
            using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

create function audit_seal_stays() returns trigger language plpgsql as $$
declare
    gone boolean := false;
begin
    if tg_op = 'UPDATE' then
        if old.retired_at is null and new.retired_at is not null
           and (old.workspace, old.day, old.lines, old.digest, old.sealed_at, old.previous, old.seal)
             = (new.workspace, new.day, new.lines, new.digest, new.sealed_at, new.previous, new.seal) then
            return new;
        end if;
    elsif old.retired_at is not null or old.lines = 0 then
        execute format('select not exists (select from %I.workspace where workspace = $1)',
                       tg_table_schema)
           into gone using old.workspace;
    end if;
    if not gone then
        raise exception 'the seals of the audit are written once'
            using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;

create function audit_is_not_emptied() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is written once: % is not emptied', tg_table_name
        using errcode = 'insufficient_privilege';
end $$;

create trigger audit_stays before update or delete on audit
    for each row execute function audit_line_stays();
create trigger audit_stays_whole before truncate on audit
    for each statement execute function audit_is_not_emptied();
create trigger audit_seal_stays before update or delete on audit_seal
    for each row execute function audit_seal_stays();
create trigger audit_seal_stays_whole before truncate on audit_seal
    for each statement execute function audit_is_not_emptied();
create trigger audit_chain_stays_whole before truncate on audit_chain
    for each statement execute function audit_is_not_emptied();
