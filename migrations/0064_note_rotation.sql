-- Whether an app gives another refresh token with a refresh may be a setting of the customer's there
-- (Salesforce): it is known when it has done so once. From then on such a token is one of single use.
-- A replica of the release before leaves it as it is, and knows of it by the app's definition alone.
alter table connection add column rotates boolean not null default false;
comment on column connection.rotates is
    'A refresh once brought another refresh token. Until the client of its default connection changes.';
