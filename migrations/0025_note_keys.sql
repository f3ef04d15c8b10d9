-- Which encryption keys seal what is stored: a key may leave the settings when none of its values is
-- left. A row is made when a process begins to seal with its key; `emptied_at` is set when
-- `workbot keys rotate` has found none of its values, and goes again when somebody seals with it.
-- Keys are the deployment's: this table has no workspace.
create table encryption_key (
    id         text primary key check (length(id) between 1 and 16),
    since      timestamptz not null default now(),
    sealed_at  timestamptz not null default now(),
    emptied_at timestamptz
);

-- what stands there already: bytes of a sealed value are 1, the length of the key's id, the id
insert into encryption_key (id)
select distinct convert_from(substring(v from 3 for get_byte(v, 1)), 'SQL_ASCII')
  from (select bot_token from workspace union all
        select client_secret from default_connection union all
        select tokens from connection) sealed (v)
 where length(v) > 18 and get_byte(v, 0) = 1 and get_byte(v, 1) between 1 and 16;
