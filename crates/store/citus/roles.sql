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
    terms, closings, statements, invoices, ledger_entries,
    users, invitations, sessions, recovery_codes, passkeys, api_tokens, audit_entries,
    timers, tickets, notes, kept_back, comparisons, questions, receivables, payments, credit_notes, files, templates,
    jobs, job_inputs, webhooks, deliveries, idempotency_keys, schema_migrations
from public, quarterhour_app;

grant select, insert, update on
    providers, counters, holds, users, api_tokens, questions, receivables,
    jobs
to quarterhour_app;
grant select, insert, update, delete on
    clients, devices, agreements, time_entries, invitations, sessions, recovery_codes, passkeys, timers,
    tickets, comparisons, files, templates, webhooks, deliveries, idempotency_keys
to quarterhour_app;
grant select, insert, delete on notes, kept_back, job_inputs to quarterhour_app;

-- Append-only: no update, no delete, no truncate.
grant select, insert on
    terms, closings, statements, invoices, ledger_entries, audit_entries, payments, credit_notes
to quarterhour_app;

grant select on schema_migrations to quarterhour_app;

commit;
