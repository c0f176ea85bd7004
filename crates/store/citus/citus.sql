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

commit;
