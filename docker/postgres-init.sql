-- Runs once, when the data volume is empty. The service's role owns its database and nothing else.
\set password `cat /run/secrets/database_password`
create role workbot login password :'password';
create database workbot owner workbot;
revoke all on database workbot from public;
