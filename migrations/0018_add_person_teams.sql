-- Which teams and organisations a person belongs to, as the chat said when it was last asked: an event
-- that names another one is not believed to be of the same person.

alter table chat_user add column teams text[] not null default '{}';
comment on column chat_user.teams is 'Ids of the platform; {}: not asked since, or not said.';
