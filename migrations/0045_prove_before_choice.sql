-- One login may reach several sites of an app (Jira: one grant for all sites of a person). Whose it
-- is is proven first, as ever; then its person chooses the site, and only then does anything act.
--
-- What is kept meanwhile stands, sealed, where it stood before: in provisional, with what there is to
-- choose from, and the state stays 'code'. So a replica of the release before ends, expires, moves
-- and erases such a login as any other. It cannot finish one: the hash of its code is made otherwise
-- than for a login without a choice, and a code that it is given is wrong there.

alter table login add column proven text;
alter table login add constraint login_proven_check
    check (proven is null or proven in ('code', 'sign_in')) not valid;
alter table login validate constraint login_proven_check;
comment on column login.proven is
    'In state code: how it is proven whose login it is, while that person has yet to choose a site; null: a code is awaited.';
comment on column login.provisional is
    'Sealed tokens and account, and the sites to choose from, until the code was typed and a site chosen.';
