-- Why: distributes the books over the nodes of Citus, all rows of a provider together.
-- Run it once on the coordinator, after the program set up the schema there, as the
-- owner of the tables: psql --set ON_ERROR_STOP=1 --file citus.sql
-- A test compares it with the migrations. Tables of later migrations are distributed
-- in the same way: drop their foreign keys, distribute parents first, add the keys.

begin;

-- A foreign key and its tables are changed in one transaction only node by node.
set local citus.multi_shard_modify_mode to 'sequential';

-- Citus allows no triggers on distributed tables; roles.sql takes their place.
drop trigger if exists closings_no_change on closings;
drop trigger if exists terms_no_change on terms;
drop trigger if exists statements_no_change on statements;
drop trigger if exists invoices_no_change on invoices;
drop trigger if exists ledger_entries_no_change on ledger_entries;
drop trigger if exists audit_entries_no_change on audit_entries;
drop trigger if exists payments_no_change on payments;
drop trigger if exists credit_notes_no_change on credit_notes;
drop function if exists refuse_change();

-- A local table may not refer to a distributed one, so the keys are added again below.
alter table clients drop constraint clients_provider_fk;
alter table devices drop constraint devices_client_fk;
alter table agreements drop constraint agreements_client_fk;
alter table counters drop constraint counters_provider_fk;
alter table terms drop constraint terms_provider_fk;
alter table closings drop constraint closings_client_fk;
alter table statements drop constraint statements_client_fk;
alter table invoices drop constraint invoices_client_fk;
alter table ledger_entries drop constraint ledger_entries_client_fk;
alter table holds drop constraint holds_client_fk;
alter table users drop constraint users_provider_fk;
alter table users drop constraint users_client_fk;
alter table invitations drop constraint invitations_user_fk;
alter table sessions drop constraint sessions_user_fk;
alter table recovery_codes drop constraint recovery_codes_user_fk;
alter table passkeys drop constraint passkeys_user_fk;
alter table api_tokens drop constraint api_tokens_user_fk;
alter table timers drop constraint timers_user_fk;
alter table timers drop constraint timers_client_fk;
alter table tickets drop constraint tickets_client_fk;
alter table notes drop constraint notes_client_fk;
alter table kept_back drop constraint kept_back_client_fk;
alter table comparisons drop constraint comparisons_client_fk;
alter table questions drop constraint questions_client_fk;
alter table receivables drop constraint receivables_client_fk;
alter table payments drop constraint payments_receivable_fk;
alter table credit_notes drop constraint credit_notes_receivable_fk;
alter table files drop constraint files_provider_fk;
alter table templates drop constraint templates_provider_fk;
alter table jobs drop constraint jobs_provider_fk;
alter table job_inputs drop constraint job_inputs_job_fk;
alter table webhooks drop constraint webhooks_provider_fk;
alter table deliveries drop constraint deliveries_webhook_fk;
alter table idempotency_keys drop constraint idempotency_keys_provider_fk;

select create_distributed_table('providers', 'provider_id');
select create_distributed_table('clients', 'provider_id', colocate_with => 'providers');
select create_distributed_table('devices', 'provider_id', colocate_with => 'providers');
select create_distributed_table('agreements', 'provider_id', colocate_with => 'providers');
select create_distributed_table('time_entries', 'provider_id', colocate_with => 'providers');
select create_distributed_table('counters', 'provider_id', colocate_with => 'providers');
select create_distributed_table('terms', 'provider_id', colocate_with => 'providers');
select create_distributed_table('closings', 'provider_id', colocate_with => 'providers');
select create_distributed_table('statements', 'provider_id', colocate_with => 'providers');
select create_distributed_table('invoices', 'provider_id', colocate_with => 'providers');
select create_distributed_table('ledger_entries', 'provider_id', colocate_with => 'providers');
select create_distributed_table('holds', 'provider_id', colocate_with => 'providers');
select create_distributed_table('users', 'provider_id', colocate_with => 'providers');
select create_distributed_table('invitations', 'provider_id', colocate_with => 'providers');
select create_distributed_table('sessions', 'provider_id', colocate_with => 'providers');
select create_distributed_table('recovery_codes', 'provider_id', colocate_with => 'providers');
select create_distributed_table('passkeys', 'provider_id', colocate_with => 'providers');
select create_distributed_table('api_tokens', 'provider_id', colocate_with => 'providers');
select create_distributed_table('audit_entries', 'provider_id', colocate_with => 'providers');
select create_distributed_table('timers', 'provider_id', colocate_with => 'providers');
select create_distributed_table('tickets', 'provider_id', colocate_with => 'providers');
select create_distributed_table('notes', 'provider_id', colocate_with => 'providers');
select create_distributed_table('kept_back', 'provider_id', colocate_with => 'providers');
select create_distributed_table('comparisons', 'provider_id', colocate_with => 'providers');
select create_distributed_table('questions', 'provider_id', colocate_with => 'providers');
select create_distributed_table('receivables', 'provider_id', colocate_with => 'providers');
select create_distributed_table('payments', 'provider_id', colocate_with => 'providers');
select create_distributed_table('credit_notes', 'provider_id', colocate_with => 'providers');
select create_distributed_table('files', 'provider_id', colocate_with => 'providers');
select create_distributed_table('templates', 'provider_id', colocate_with => 'providers');
select create_distributed_table('jobs', 'provider_id', colocate_with => 'providers');
select create_distributed_table('job_inputs', 'provider_id', colocate_with => 'providers');
select create_distributed_table('webhooks', 'provider_id', colocate_with => 'providers');
select create_distributed_table('deliveries', 'provider_id', colocate_with => 'providers');
select create_distributed_table('idempotency_keys', 'provider_id', colocate_with => 'providers');

alter table clients add constraint clients_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table devices add constraint devices_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table agreements add constraint agreements_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table counters add constraint counters_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table terms add constraint terms_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table closings add constraint closings_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table statements add constraint statements_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table invoices add constraint invoices_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table ledger_entries add constraint ledger_entries_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table holds add constraint holds_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table users add constraint users_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table users add constraint users_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table invitations add constraint invitations_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table sessions add constraint sessions_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table recovery_codes add constraint recovery_codes_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table passkeys add constraint passkeys_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table api_tokens add constraint api_tokens_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table timers add constraint timers_user_fk
    foreign key (provider_id, user_id) references users (provider_id, user_id);
alter table timers add constraint timers_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table tickets add constraint tickets_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table notes add constraint notes_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table kept_back add constraint kept_back_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table comparisons add constraint comparisons_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table questions add constraint questions_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table receivables add constraint receivables_client_fk
    foreign key (provider_id, client_id) references clients (provider_id, client_id);
alter table payments add constraint payments_receivable_fk
    foreign key (provider_id, number) references receivables (provider_id, number);
alter table credit_notes add constraint credit_notes_receivable_fk
    foreign key (provider_id, number) references receivables (provider_id, number);
alter table files add constraint files_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table templates add constraint templates_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table jobs add constraint jobs_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table job_inputs add constraint job_inputs_job_fk
    foreign key (provider_id, job_id) references jobs (provider_id, job_id);
alter table webhooks add constraint webhooks_provider_fk
    foreign key (provider_id) references providers (provider_id);
alter table deliveries add constraint deliveries_webhook_fk
    foreign key (provider_id, webhook_id) references webhooks (provider_id, webhook_id) on delete cascade;
alter table idempotency_keys add constraint idempotency_keys_provider_fk
    foreign key (provider_id) references providers (provider_id);

commit;
