-- Who has looked at the bot's home page: it is kept up to date from then on.

alter table chat_user add column home_opened_at timestamptz;
comment on column chat_user.home_opened_at is
    'When this user last opened the home page; null: never, and none is published.';
comment on column job.key1 is
    'The platform''s event id; key2: place and time of the message; key3: the client''s message id. '
    'Of a home page that waits to be published: whose it is. Two rows never share one.';
