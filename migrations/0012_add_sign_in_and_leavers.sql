-- Signing in at the chat platform before an app is asked, and people who leave.

alter table oauth_state add column proven boolean not null default false;
comment on column oauth_state.proven is
    'The browser of this state has signed in at the chat platform as the user of its login.';
comment on column oauth_state.verifier is
    'Sealed: the PKCE verifier of a trip to an app, the nonce of one to the chat platform.';

alter table connection add column owner text;
comment on column connection.owner is
    'Of a default connection''s own tokens: the admin whose leaving ends them; null: the installer.';

alter table chat_user add column changed_at timestamptz;
comment on column chat_user.changed_at is
    'When the platform last changed what it says of the person: an older word is no news.';

alter table workspace add column reconcile_at timestamptz;
comment on column workspace.reconcile_at is
    'When its people are next compared with what the platform says of them; null: not planned yet.';
