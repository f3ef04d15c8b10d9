-- When a team's workspace becomes part of its organisation's, parents and children move one after
-- the other in one transaction: it asks for the check at its end. Nobody else does.

alter table connection
    alter constraint connection_workspace_default_name_fkey deferrable initially immediate;
alter table refresh_attempt
    alter constraint refresh_attempt_workspace_connection_id_fkey deferrable initially immediate;
alter table login
    alter constraint login_workspace_default_name_fkey deferrable initially immediate;
alter table oauth_state
    alter constraint oauth_state_workspace_login_id_fkey deferrable initially immediate;
alter table run_connection
    alter constraint run_connection_workspace_run_id_fkey deferrable initially immediate;
alter table run_step
    alter constraint run_step_workspace_run_id_fkey deferrable initially immediate;
