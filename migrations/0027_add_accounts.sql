-- A person may have several accounts under one default connection; one of them is chosen, and
-- commands act by that one alone. The others rest: user_id, by which whoever acts looks for a
-- person's connection, is then the row's own id, and resting_of says whose it is.
--
-- The unique key (workspace, default_name, user_id) stays as it was. It is what makes the chosen one
-- the only one, in this release and in the one before: a replica of that finds by it the chosen row
-- or none, never a resting one, refreshes and revokes each row by its id as ever, and finishes a
-- login that was to add an account as one that replaces it, so that what acts then is what its
-- person has just logged in with. No later migration has to tighten anything.

alter table connection add column resting_of text;
alter table connection add constraint connection_resting_check
    check (resting_of is null or (resting_of <> '' and user_id = id::text)) not valid;
alter table connection validate constraint connection_resting_check;
create index connection_resting on connection (workspace, resting_of) where resting_of is not null;
comment on column connection.user_id is
    'For whom it acts; empty: the default connection''s own; the row''s id: it rests, for nobody.';
comment on column connection.resting_of is
    'Whose account rests here while another one of theirs is chosen; null: it is the chosen one.';

alter table login add column adds boolean not null default false;
comment on column login.adds is 'Asked for as one more account, beside the one that is connected.';
