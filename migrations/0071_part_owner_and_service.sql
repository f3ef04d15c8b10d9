-- Whoever serves need not own the tables (docs/decisions/0035). Such a role adds lines and seals to the audit and
-- changes nothing of either; what else must happen to them these functions do, as whoever owns them. `workbot
-- migrate` is told which role serves, and gives it its rights each time.
--
-- An older release does all this by itself; beside this schema it needs what it needed before.

-- For how long at least the audit is kept where its owner does not serve; written by `workbot migrate`.
create table ops.audit_keep (seconds bigint not null);
insert into ops.audit_keep values (400 * 86400);

-- In seconds: what the service asks for, or what the owner has said, if that is longer.
create function audit_kept(asked bigint) returns bigint language sql stable security definer as $$
    select case when pg_has_role(session_user, current_user, 'member') then asked
                else greatest(asked, (select seconds from ops.audit_keep)) end
$$;

-- Whether the seal of it is right only the service can say, as it alone has the key (workbot check --audit).
create function retire_audit_day(key text, over date, at timestamptz, sealed text) returns void
    language sql security definer as $$
    update audit_seal set retired_at = at, retired_seal = sealed
     where workspace = key and day = over and retired_at is null
       and day < utc_day(now() - make_interval(secs => audit_kept(0)))
$$;

-- Lines of days that have been retired, a row for each that left. None before its time, whoever wrote the mark.
create function sweep_audit(asked bigint, most bigint) returns setof uuid language sql security definer as $$
    delete from audit where ctid = any (array(
        select a.ctid from audit a
          join audit_seal s on s.workspace = a.workspace and s.day = utc_day(a.at)
         where s.retired_at is not null
           and a.at < utc_day(now() - make_interval(secs => audit_kept(asked)))::timestamp at time zone 'UTC'
         limit most))
    returning id
$$;

-- Of workspaces that are gone and have no line any more.
create function forget_audit_chains() returns void language sql security definer as $$
    with gone as (
        select c.workspace from audit_chain c
         where not exists (select from workspace w where w.workspace = c.workspace)
           and not exists (select from audit a where a.workspace = c.workspace) limit 10),
    seals as (delete from audit_seal s using gone g where s.workspace = g.workspace)
    delete from audit_chain c using gone g where c.workspace = g.workspace
$$;

-- A pseudonym takes the place of these words in these lines, and nothing else of them changes; another line says so,
-- in the same breath (docs/decisions/0026). digests and seals: as erased_digest and erased_seal, in the order of
-- lines. Answers how many lines have changed.
create function erase_in_audit(key text, note uuid, by text, pseudonym text, words text[], deleted bigint,
                               changed bigint, lines uuid[], digests text[], seals text[])
    returns bigint language plpgsql security definer as $$
declare
    pattern text := words_pattern(words);
    n bigint;
begin
    if pseudonym !~ '^erased-[0-9a-f]{8}$' or exists (select from unnest(words) w where length(w) < 3) then
        raise exception 'only a pseudonym may take a person''s place' using errcode = 'insufficient_privilege';
    end if;
    update audit a
       set actor = regexp_replace(a.actor, pattern, pseudonym, 'g'),
           subject = regexp_replace(a.subject, pattern, pseudonym, 'g'),
           detail = regexp_replace(a.detail::text, pattern, pseudonym, 'g')::json,
           erased_at = now(), erased_digest = l.digest, erased_seal = l.seal
      from unnest(lines, digests, seals) l (id, digest, seal)
     where a.workspace = key and a.id = l.id
       and (a.actor ~ pattern or a.subject ~ pattern or a.detail::text ~ pattern);
    get diagnostics n = row_count;
    insert into audit (workspace, id, actor, action, subject, detail)
    values (key, note, by, 'person.erased', pseudonym,
            json_build_object('rows', deleted, 'values', changed, 'lines', n));
    return n;
end $$;

-- With the audit, its seals and its chain, which hold no word of a person but what the function above changes.
create or replace function words_replace(key text, ids text[], names text[], by text) returns bigint
    language plpgsql as $$
declare
    c record;
    n bigint;
    total bigint := 0;
begin
    for c in select r.*, case r.type when 'ARRAY' then 'text[]' else r.type end as cast_to
               from readable_columns() r where r.tab <> all ('{audit,audit_seal,audit_chain}') loop
        execute format('update %I set %I = regexp_replace(%2$I::text, $2, $3, ''g'')::%s'
                       ' where workspace = $1 and %2$I::text ~ $2', c.tab, c.col, c.cast_to)
          using key, words_pattern(case when c.content then ids || names else ids end), by;
        get diagnostics n = row_count;
        total := total + n;
    end loop;
    return total;
end $$;

-- Names are looked up where the tables are, and nobody may call but whom `workbot migrate` lets: a role that was
-- given the service's rights by hand before is one of those.
do $$
declare
    f regprocedure;
    service regrole;
begin
    for f in select oid from pg_proc where pronamespace = current_schema()::regnamespace
                and proname in ('audit_kept', 'retire_audit_day', 'sweep_audit', 'forget_audit_chains',
                                'erase_in_audit') loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', f, current_schema());
        execute format('revoke all on function %s from public', f);
        for service in select distinct a.grantee from pg_class c, aclexplode(c.relacl) a
                        where c.oid = 'audit'::regclass and a.privilege_type = 'INSERT'
                          and a.grantee not in (0, c.relowner) loop
            execute format('grant execute on function %s to %s', f, service);
        end loop;
    end loop;
end $$;

-- What the role that serves may do: read and write every table, add to the audit and its seals, and call what does
-- the rest there. named: null is nobody; whoever was named before gets what new tables need. Answers what is wrong
-- with that role. Called by whoever migrates; where that is not the owner, nothing of it is theirs to give.
create function ops.give_rights(named text, keep bigint) returns text language plpgsql as $$
declare
    here regnamespace;
    owner regrole;
    role regrole := (select oid from pg_roles where rolname = named);
    service regrole;
    x record;
begin
    select relnamespace, relowner into here, owner from pg_class where oid = 'audit'::regclass;
    if not pg_has_role(current_user, owner, 'usage') then
        return null;
    elsif named is not null and role is null then
        return format('there is no role %s in the database: create it first', named);
    elsif pg_has_role(role, owner, 'member') then
        return format('the role %s has the rights of the one that owns the tables: name another', role);
    elsif has_schema_privilege(role, here, 'create') then
        return format('the role %s may make tables: revoke create on schema %s from public', role, here);
    end if;
    update ops.audit_keep set seconds = keep;
    for x in select oid::regprocedure as name from pg_proc where pronamespace = here and proowner = owner and prosecdef loop
        execute format('revoke all on function %s from public', x.name); -- a restore may have forgotten
    end loop;
    for service in select role where role is not null
                   union select a.grantee from pg_proc p, aclexplode(p.proacl) a
                          where p.pronamespace = here and p.proowner = owner
                            and p.proname = 'sweep_audit' and a.grantee not in (0, owner) loop
        execute format('grant usage on schema %s, ops to %s', here, service);
        execute format('grant select on all tables in schema ops to %s', service);
        for x in select 'execute on function' as what, oid::regprocedure::text as name from pg_proc
                  where pronamespace = here and proowner = owner and prosecdef
                  union all
                 select case relkind when 'S' then 'select, usage on sequence'
                                     else 'select, insert, update, delete on' end, oid::regclass::text
                   from pg_class where relnamespace = here and relowner = owner and relkind in ('r', 'p', 'S')
                    and relname not in ('audit', 'audit_seal', 'audit_chain') loop
            execute format('grant %s %s to %s', x.what, x.name, service);
        end loop;
        if service = role then
            execute format('revoke all on audit, audit_seal, audit_chain from %s', service);
            execute format('grant select, insert on audit, audit_seal, audit_chain to %s', service);
            execute format('grant update on audit_chain to %s', service);
        end if;
    end loop;
    return null;
end $$;
