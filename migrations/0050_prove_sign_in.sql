-- Operators try the chat platform's sign-in once before logins depend on it.

create table sign_in_try (
    state_hash   text primary key,
    session_hash text not null references operator_session (token_hash) on delete cascade,
    cookie_hash  text not null,
    platform     text not null,
    client_id    text not null,
    redirect_uri text not null,
    expires_at   timestamptz not null
);
create index sign_in_try_session on sign_in_try (session_hash);
comment on table sign_in_try is
    'Global: one way of an operator''s browser to a sign-in page and back. Gone when it is used.';

create table sign_in_proof (
    platform     text primary key,
    client_id    text not null,
    redirect_uri text not null,
    place        text not null,
    actor        text not null,
    proven_at    timestamptz not null default now()
);
comment on table sign_in_proof is
    'Global: the client and the address with which somebody has signed in. Others than these are not proven.';
comment on column sign_in_proof.place is 'The workspace or tenant that was signed in to.';
comment on column sign_in_proof.actor is 'The operator who tried it; never the person who signed in.';
