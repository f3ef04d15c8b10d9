-- Of arrays, those of text alone hold what people can read: numbers name nobody, and no word is put in
-- their place.

create or replace function readable_columns() returns table (tab text, col text, type text, content boolean)
    language sql stable as $$
    select c.table_name, c.column_name, c.data_type,
           c.table_name <> all ('{workspace,recipe,recipe_version,hook,default_connection,user_group,api_token}')
      from information_schema.columns c
      join information_schema.columns k on k.table_schema = c.table_schema and k.table_name = c.table_name
       and k.column_name = 'workspace'
     where c.table_schema = current_schema() and c.column_name <> 'workspace'
       and (c.data_type in ('text', 'json', 'jsonb') or c.udt_name = '_text')
     order by 1, 2
$$;
