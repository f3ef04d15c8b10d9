-- A person is erased, with proof: docs/decisions/0026.
--
-- A line of the audit may change in one way: a pseudonym takes the person's place, and the line says when.
-- Of a day that is sealed it also says what the chain held of it, sealed with the chain's key.

alter table audit
    add column erased_at     timestamptz,
    add column erased_digest text,
    add column erased_seal   text;
comment on column audit.erased_at is 'A pseudonym stands in place of a person since then.';
comment on column audit.erased_digest is 'What the chain of its day was behind the line as it was.';
comment on column audit.erased_seal is 'HMAC of that, of what was before it, and of the line as it is.';

create or replace function audit_line_stays() returns trigger language plpgsql as $$
declare
    retired boolean := false;
begin
    if tg_op = 'UPDATE' and new.erased_at is not null
       and (new.workspace, new.id, new.at, new.action) = (old.workspace, old.id, old.at, old.action) then
        return new;
    end if;
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

-- An erasure that is under way: what is looked for, as long as the rows that said so may be gone already.
create table person_erasure (
    workspace text not null references workspace (workspace) on delete cascade
              deferrable initially immediate,
    user_id   text not null,
    pseudonym text not null,
    ids       text[] not null,
    names     text[] not null,
    began_at  timestamptz not null default now(),
    primary key (workspace, user_id)
);

-- Whole words only: U1 is not found in U12.
create function words_pattern(words text[]) returns text language sql immutable parallel safe as $$
    select case when count(*) = 0 then '(?!)' else
           '(?<![[:alnum:]_])(' || string_agg(regexp_replace(w, '([][\\.^$|(){}*+?-])', '\\\1', 'g'),
                                              '|' order by length(w) desc) || ')(?![[:alnum:]_])' end
      from unnest(words) w
$$;

-- Every column of a workspace that holds readable text, by the catalogue. content: what people said and did;
-- the rest is what admins set up.
create function readable_columns() returns table (tab text, col text, type text, content boolean)
    language sql stable as $$
    select c.table_name, c.column_name, c.data_type,
           c.table_name <> all ('{workspace,recipe,recipe_version,hook,default_connection,user_group,api_token}')
      from information_schema.columns c
      join information_schema.columns k on k.table_schema = c.table_schema and k.table_name = c.table_name
       and k.column_name = 'workspace'
     where c.table_schema = current_schema() and c.column_name <> 'workspace'
       and c.data_type in ('text', 'json', 'jsonb', 'ARRAY')
     order by 1, 2
$$;

-- ids are looked for everywhere, names where people's own content is.
create function words_find(key text, ids text[], names text[])
    returns table (place text, hits bigint) language plpgsql stable as $$
declare
    c record;
begin
    for c in select * from readable_columns() loop
        place := c.tab || '.' || c.col;
        execute format('select count(*) from %I where workspace = $1 and %I::text ~ $2', c.tab, c.col)
           into hits using key, words_pattern(case when c.content then ids || names else ids end);
        return next;
    end loop;
end $$;

create function words_replace(key text, ids text[], names text[], by text) returns bigint
    language plpgsql as $$
declare
    c record;
    n bigint;
    total bigint := 0;
begin
    for c in select r.*, case r.type when 'ARRAY' then 'text[]' else r.type end as cast_to
               from readable_columns() r where r.tab <> 'audit' loop
        execute format('update %I set %I = regexp_replace(%2$I::text, $2, $3, ''g'')::%s'
                       ' where workspace = $1 and %2$I::text ~ $2', c.tab, c.col, c.cast_to)
          using key, words_pattern(case when c.content then ids || names else ids end), by;
        get diagnostics n = row_count;
        total := total + n;
    end loop;
    return total;
end $$;
