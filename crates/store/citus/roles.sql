-- Why: the program's daily role can add issued documents but never change them.
-- Run it on the coordinator (or any PostgreSQL) as the owner of the tables, once after
-- each upgrade of the schema; the owner itself only runs upgrades. Then let a user of
-- your own log in with it: create user books_app password '…' in role quarterhour_app;

begin;

do $$ begin
    if not exists (select 1 from pg_roles where rolname = 'quarterhour_app') then
        create role quarterhour_app nologin;
    end if;
end $$;

revoke all on
    providers, clients, devices, agreements, time_entries, counters, holds,
    terms, closings, statements, invoices, ledger_entries, schema_migrations
from public, quarterhour_app;

grant select, insert, update on providers, clients, devices, agreements, counters, holds to quarterhour_app;
grant select, insert, update, delete on time_entries to quarterhour_app;

-- Append-only: no update, no delete, no truncate.
grant select, insert on terms, closings, statements, invoices, ledger_entries to quarterhour_app;

grant select on schema_migrations to quarterhour_app;

commit;
