-- Logins of admins who have left: looked for all the time, and hardly ever there.

create index connection_owner_left on connection (cool_until)
    where user_id = '' and state = 'needs_attention';
create index workspace_reconcile on workspace (reconcile_at) where state = 'active';
