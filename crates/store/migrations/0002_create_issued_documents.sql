-- Why: what was issued is kept for ever, so these tables only grow.
-- holds is the exception: a hold is decided once, and billed once.

-- Texts of agreements and rate cards, as an issued period used them.
create table terms (
    provider_id {uuid} not null,
    hash {text} not null,
    content {text} not null,
    constraint terms_pk primary key (provider_id, hash),
    constraint terms_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

create table closings (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    period {text} not null,
    closed_at {timestamp} not null,
    carried_json {text} not null,
    terms_hash {text} not null,
    ledger_seq {int} not null,
    ledger_hash {text} not null,
    constraint closings_pk primary key (provider_id, client_id, period),
    constraint closings_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create table statements (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    period {text} not null,
    agreement {text} not null,
    body_json {text} not null,
    sha256 {text} not null,
    constraint statements_pk primary key (provider_id, client_id, period, agreement),
    constraint statements_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create index statements_by_period on statements (provider_id, period, client_id, agreement);

-- Amounts are minor units of the currency.
create table invoices (
    provider_id {uuid} not null,
    number {int} not null,
    client_id {uuid} not null,
    period {text} not null,
    agreement {text} not null,
    issued_on {date} not null,
    due_on {date} not null,
    currency {text} not null,
    net {int} not null,
    tax {int} not null,
    total {int} not null,
    body_json {text} not null,
    constraint invoices_pk primary key (provider_id, number),
    constraint invoices_period_unique unique (provider_id, client_id, period, agreement),
    constraint invoices_total_check check (total = net + tax),
    constraint invoices_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create index invoices_by_period on invoices (provider_id, period, client_id, agreement);

create table ledger_entries (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    seq {int} not null,
    fields {text} not null,
    kind {text} not null,
    period {text} not null,
    hash {text} not null,
    prev_hash {text} not null,
    constraint ledger_entries_pk primary key (provider_id, client_id, seq),
    constraint ledger_entries_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create table holds (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    hold_id {text} not null,
    period {text} not null,
    agreement {text} not null,
    entry_id {text} not null,
    state {text} not null,
    decided_by {text},
    decided_at {timestamp},
    reason {text},
    body_json {text} not null,
    billed_in {text},
    constraint holds_pk primary key (provider_id, client_id, hold_id),
    constraint holds_state_check check (state in ('held', 'released', 'written-off')),
    constraint holds_decided_check check (
        (state = 'held') = (decided_by is null) and (decided_by is null) = (decided_at is null)
    ),
    constraint holds_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

{append_only:closings}
{append_only:terms}
{append_only:statements}
{append_only:invoices}
{append_only:ledger_entries}
