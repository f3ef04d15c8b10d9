-- What differs from one default connection, or from one account, to another in the addresses of an app: a
-- tenant, a company, a site.

alter table default_connection
    add column vars jsonb not null default '{}' check (jsonb_typeof(vars) = 'object');
alter table connection
    add column vars jsonb not null default '{}' check (jsonb_typeof(vars) = 'object');
comment on column default_connection.vars is 'What an admin sets: name -> text, as the app''s definition declares them.';
comment on column connection.vars is 'What the app told of this account at its login.';
