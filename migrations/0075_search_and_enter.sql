-- People and their accounts are searched by how a name, an id or an address begins. Byte by byte, so
-- that any collation will do.
create index chat_user_name on chat_user (workspace, lower(name) text_pattern_ops);
create index chat_user_id on chat_user (workspace, lower(user_id) text_pattern_ops);
create index connection_account_name on connection (workspace, lower(account_name) text_pattern_ops);
create index connection_account_email on connection (workspace, lower(account_email) text_pattern_ops);

-- Whoever has a link of the console may begin to sign in at the chat by it, and spends nothing of its
-- owner's by that: each attempt stands for itself, beside the code that a page shows.
alter table console_session add column sign_ins text[] not null default '{}'
    check (cardinality(sign_ins) <= 20);
comment on column console_session.sign_ins is
    'Digests of the newest attempts to sign in at the chat that have not come back.';
