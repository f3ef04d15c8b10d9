alter table run_connection add column account_hash text;
comment on column run_connection.account_hash is
    'Digest of the run and the key of the account that acts; null: not known.';
