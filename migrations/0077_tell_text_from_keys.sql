-- A word that a person chose is replaced where people write, and nowhere else: docs/decisions/0038.

-- What a readable column holds. text: words stand in it. key: it is one id, state, kind or name of ours (or an array of
-- them), theirs when all of it is an id of theirs. account: of an app, theirs when all of it is an account of theirs.
-- JSON is text; a text column of tomorrow is a key until it is named here.
drop function readable_columns();
create function readable_columns() returns table (tab text, col text, type text, content boolean, kind text)
    language sql stable as $$
    select c.table_name, c.column_name, c.data_type,
           c.table_name <> all ('{workspace,recipe,recipe_version,hook,default_connection,user_group,api_token}'),
           case when c.data_type in ('json', 'jsonb')
                  or c.table_name || '.' || c.column_name
                     = any ('{chat_user.name,recipe_version.body,run_step.record_url,workspace.name}') then 'text'
                when c.table_name || '.' || c.column_name
                     = any ('{chat_user.email,connection.account_email,connection.account_key,connection.account_name,run_connection.account}')
                then 'account' else 'key' end
      from information_schema.columns c
      join information_schema.columns k on k.table_schema = c.table_schema and k.table_name = c.table_name
       and k.column_name = 'workspace'
     where c.table_schema = current_schema() and c.column_name <> 'workspace'
       and (c.data_type in ('text', 'json', 'jsonb') or c.udt_name = '_text')
     order by 1, 2
$$;

-- Words of ours, in small letters: states and kinds, columns, keys of JSON (of what is sealed, too: the last ones),
-- what admins gave names to, what actors and actions are called, and commands.
create function own_words(key text) returns table (word text) language sql stable as $$
    select lower(m[1]) from pg_constraint, regexp_matches(pg_get_constraintdef(oid), '''([^'']+)''::text', 'g') m
     where contype = 'c' and connamespace = current_schema()::regnamespace
    union select c.table_name from information_schema.columns c where c.table_schema = current_schema()
    union select c.column_name from information_schema.columns c where c.table_schema = current_schema()
    union select lower(name) from workspace where workspace = key
    union select lower(w) from recipe, unnest(array[name, command]) w where workspace = key
    union select m[1] from recipe_version, regexp_matches(body, '"([a-z][a-z0-9_-]*)"\s*:', 'g') m where workspace = key
    union select lower(w) from default_connection, unnest(array[name, app]) w where workspace = key
    union select name from hook where workspace = key
    union select name from user_group where workspace = key
    union select name from api_token where workspace = key
    union select w from run, unnest(array[lower(reference), id::text]) w where workspace = key
    union select id::text from connection where workspace = key
    union select subject from audit where workspace = key and subject ~ '^[0-9a-f-]{36}$'
    union select split_part(actor, ':', 1) from audit where workspace = key
    union select unnest(string_to_array(action, '.')) from audit where workspace = key
    union select m[1] from audit, regexp_matches(detail::text, '"([a-z][a-z0-9_-]*)"\s*:', 'g') m where workspace = key
    union select unnest('{title,text,note,stamp,divider,menu,row,field,fields,button,buttons,blocks,spans,bold,code,label,
        value,action,call,opens,window,style,primary,danger,link,user,channel,person,operator,system,true,false,null,
        yes,no,help,status,connect,connections,disconnect,accounts,cancel,retry,approve,reject,runs,history,recipes,admin,
        console,setup,workbot,slack,teams,http,https}'::text[])
$$;

-- An erasure that is under way also keeps which of its ids are the platform's, and which words of theirs are not
-- looked for.
alter table person_erasure
    add column keys   text[] not null default '{}',
    add column spared text[] not null default '{}';
comment on column person_erasure.keys is 'Of ids: those by which the platform knows the person.';
comment on column person_erasure.spared is 'Words of theirs that mean others, too, or nobody.';
