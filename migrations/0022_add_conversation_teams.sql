-- Which team of the platform a conversation belongs to, as all of a team's end together; and when something
-- was last heard from it, so that what comes late does not undo what came after it.

alter table conversation
    add column team     text,
    add column heard_at timestamptz;
comment on column conversation.team is 'The platform''s id of the team that it is a channel of; null: of none, or not said.';
comment on column conversation.heard_at is 'When the newest event from there was made, to the minute.';
create index conversation_team on conversation (workspace, team) where team is not null;

comment on table response_use is
    'What may be done so often and no oftener: uses of a response_url (key is its digest), hellos in a minute.';
