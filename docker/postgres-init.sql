-- Runs once, when the data volume is empty. `workbot` owns its database and nothing else, and migrates;
-- `workbot_service` serves: `workbot migrate` gives it what it needs there.
\set password `cat /run/secrets/database_password`
\set service_password `cat /run/secrets/service_password`
create role workbot login password :'password';
create role workbot_service login password :'service_password';
create database workbot owner workbot;
revoke all on database workbot from public;
grant connect on database workbot to workbot_service;
