-- What a user's pages show beside what is stored elsewhere.

alter table chat_user add column home_said bytea;
alter table chat_user add column pending_message uuid;
comment on column chat_user.home_said is
    'Sealed: what the last press on the home page brought about; shown there until it is opened again.';
comment on column chat_user.pending_message is
    'The last list of what waits for this user, so that it can be kept true.';
