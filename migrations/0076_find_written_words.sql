-- Where a person's words may stand is asked here; whether they do, and what stands there instead, one rule of the
-- program says, for readable and for sealed values alike (service/store/erase_words.c). Until now JSON was searched
-- as text, in which the n of a \n looked like the letter before a word: it was neither replaced nor found.
--
-- words_find, words_replace and erase_in_audit of ten arguments stay for the release before. words_pattern goes on
-- to be for the keys of jobs and notices.

-- A pattern of whatever may be one of the words: in capitals, escaped as JSON and addresses do, within a longer one.
create function words_written(words text[]) returns text language sql immutable parallel safe as $$
    select coalesce(string_agg(w.written, '|' order by w.word), '(?!)')
      from (select word, (select string_agg(case
                       when c ~ '[A-Za-z]' then '[' || lower(c) || upper(c) || ']'
                       when c ~ '[0-9_]' then c
                       when c ~ '[\u0001-\u007f]' then format('(?:\x%s|[%%+\\][%%\\0-9A-Za-z"]*)', lpad(to_hex(ascii(c)), 2, '0'))
                       else '(?:[^\u0001-\u007f]|[%\\][%\\0-9A-Za-z]*)' end, '' order by n)
                     from (select x collate "C", n from string_to_table(word, null) with ordinality t (x, n)) t (c, n))
                     as written
              from unnest(words) word) w
$$;

-- Values of a column that are to be looked at, and back with what they become. at: their row, in this transaction.
create function words_rows(key text, tab text, col text, type text, pattern text)
    returns table (at text, value text) language plpgsql stable as $$
begin
    return query execute format(
        'select t.at, t.value from (select ctid::text as at, %s as value from %I where workspace = $1) t'
        ' where t.value collate "C" ~ $2',
        format(case type when 'ARRAY' then 'array_to_json(%I)::text' else '%I::text' end, col), tab)
      using key, pattern;
end $$;

create function words_put(key text, tab text, col text, type text, ats text[], news text[]) returns void
    language plpgsql as $$
begin
    execute format('update %I t set %I = %s from unnest($2, $3) v (at, value)'
                   ' where t.workspace = $1 and t.ctid = v.at::tid', tab, col,
                   case type when 'ARRAY' then 'array(select json_array_elements_text(v.value::json))'
                             else 'v.value::' || type end)
      using key, ats, news;
end $$;

-- Is it the old text, but that the pseudonym stands where something of the pattern stood? (A number is in quotes then.)
create function erased_only(old text, new text, pseudonym text, pattern text) returns boolean
    language sql immutable parallel safe as $$
    select old = new or old collate "C" ~ ('^' || replace(
        regexp_replace(replace(new, '"' || pseudonym || '"', pseudonym), '([][\\.^$|(){}*+?])', '\\\1', 'g'),
        pseudonym, '"?(?:' || pseudonym || '|' || pattern || ')"?') || '$')
$$;

-- As that of 0071, for the texts that the program says: refused is what changes anything but words.
create function erase_in_audit(key text, note uuid, by text, pseudonym text, words text[], deleted bigint,
                               changed bigint, lines uuid[], actors text[], subjects text[], details text[],
                               digests text[], seals text[])
    returns bigint language plpgsql security definer as $$
declare
    pattern text := words_written(words);
    n bigint;
begin
    if pseudonym !~ '^erased-[0-9a-f]{8}$' or exists (select from unnest(words) w where length(w) < 3) then
        raise exception 'only a pseudonym may take a person''s place' using errcode = 'insufficient_privilege';
    end if;
    update audit a
       set actor = l.actor, subject = l.subject, detail = l.detail::json,
           erased_at = now(), erased_digest = l.digest, erased_seal = l.seal
      from unnest(lines, actors, subjects, details, digests, seals) l (id, actor, subject, detail, digest, seal)
     where a.workspace = key and a.id = l.id
       and (a.actor, a.subject, coalesce(a.detail::text, '')) <> (l.actor, l.subject, coalesce(l.detail, ''))
       and erased_only(a.actor, l.actor, pseudonym, pattern)
       and erased_only(a.subject, l.subject, pseudonym, pattern)
       and erased_only(coalesce(a.detail::text, ''), coalesce(l.detail, ''), pseudonym, pattern);
    get diagnostics n = row_count;
    if n <> coalesce(cardinality(lines), 0) then
        raise exception 'of a line only a person''s words may be taken' using errcode = 'insufficient_privilege';
    end if;
    insert into audit (workspace, id, actor, action, subject, detail)
    values (key, note, by, 'person.erased', pseudonym,
            json_build_object('rows', deleted, 'values', changed, 'lines', n));
    return n;
end $$;

-- As 0071 does for its functions.
do $$
declare
    f regprocedure;
    service regrole;
begin
    for f in select oid from pg_proc where pronamespace = current_schema()::regnamespace
                and proname = 'erase_in_audit' and pronargs = 13 loop
        execute format('alter function %s set search_path = pg_catalog, %I, pg_temp', f, current_schema());
        execute format('revoke all on function %s from public', f);
        for service in select distinct a.grantee from pg_class c, aclexplode(c.relacl) a
                        where c.oid = 'audit'::regclass and a.privilege_type = 'INSERT'
                          and a.grantee not in (0, c.relowner) loop
            execute format('grant execute on function %s to %s', f, service);
        end loop;
    end loop;
end $$;
