-- Why: the books a provider keeps, from which every statement is computed.
-- provider_id leads every key, so that the tables can be distributed by it.

create table providers (
    provider_id {uuid} not null,
    name {text} not null,
    settings_toml {text} not null,
    created_at {timestamp} not null,
    constraint providers_pk primary key (provider_id)
){table_end};

create table clients (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    code {text} not null,
    name {text} not null,
    email {text} not null,
    currency {text} not null,
    time_zone {text} not null,
    tax_percent {text} not null,
    street {text} not null,
    city {text} not null,
    postcode {text} not null,
    region {text} not null,
    country {text} not null,
    tax_id {text} not null,
    constraint clients_pk primary key (provider_id, client_id),
    constraint clients_code_unique unique (provider_id, code),
    constraint clients_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

create table devices (
    provider_id {uuid} not null,
    device_id {uuid} not null,
    client_id {uuid} not null,
    name {text} not null,
    class {text} not null,
    in_service_on {date} not null,
    retired_on {date},
    serial {text} not null,
    site {text} not null,
    constraint devices_pk primary key (provider_id, device_id),
    constraint devices_name_unique unique (provider_id, client_id, name, in_service_on),
    constraint devices_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create table agreements (
    provider_id {uuid} not null,
    agreement_id {uuid} not null,
    client_id {uuid} not null,
    name {text} not null,
    starts_on {date} not null,
    source_toml {text} not null,
    constraint agreements_pk primary key (provider_id, agreement_id),
    constraint agreements_name_unique unique (provider_id, name),
    constraint agreements_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

-- Revision 0 is the entry as it came; corrections of issued periods follow it.
-- No foreign key to clients: PostgreSQL would check it row by row, which makes an import
-- of a million rows several times slower. The statements check the client instead.
create table time_entries (
    provider_id {uuid} not null,
    entry_id {text} not null,
    revision {int} not null,
    client_id {uuid} not null,
    ticket {text} not null,
    technician {text} not null,
    started_at {int} not null,
    minutes {int} not null,
    tier {text} not null,
    work_type {text} not null,
    device {text} not null,
    billable {bool} not null,
    cause {text} not null,
    note {text} not null,
    late_for {text},
    billed_in {text},
    constraint time_entries_pk primary key (provider_id, entry_id, revision),
    constraint time_entries_revision_check check (revision >= 0)
){table_end};

create index time_entries_by_client on time_entries (provider_id, client_id, started_at);

create index time_entries_late_unbilled on time_entries (provider_id, client_id, entry_id, revision)
    where late_for is not null and billed_in is null;

create index time_entries_billed_late on time_entries (provider_id, client_id, billed_in)
    where billed_in is not null;

-- A counter is also a lock: whoever raises it holds it until the commit.
create table counters (
    provider_id {uuid} not null,
    name {text} not null,
    value {int} not null,
    constraint counters_pk primary key (provider_id, name),
    constraint counters_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};
