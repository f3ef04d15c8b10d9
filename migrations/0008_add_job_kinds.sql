-- More kinds of work: a typed slash command, a home page to publish, a form to open, people to look
-- after, a workspace to move. Validated apart, so that the table is not locked over a long scan.

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move')) not valid;
alter table job validate constraint job_kind_check;
