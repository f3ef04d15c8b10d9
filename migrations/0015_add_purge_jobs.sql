-- People lose what they had where the bot was uninstalled.

alter table job drop constraint job_kind_check;
alter table job add constraint job_kind_check check (kind in
    ('slack_event', 'slack_interaction', 'slack_command', 'run', 'send', 'revoke', 'home', 'form',
     'reconcile', 'move', 'notice', 'purge')) not valid;
alter table job validate constraint job_kind_check;
