-- Why: the daily work beside the books: timers, tickets, notes, questions, payments, credit notes.

-- One running timer a person.
create table timers (
    provider_id {uuid} not null,
    user_id {uuid} not null,
    client_id {uuid} not null,
    ticket {text} not null,
    tier {text} not null,
    work_type {text} not null,
    note {text} not null,
    started_at {timestamp} not null,
    constraint timers_pk primary key (provider_id, user_id),
    constraint timers_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id),
    constraint timers_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

-- A ticket is a reference with a title; its work is in the time entries that name it.
create table tickets (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    ticket {text} not null,
    title {text} not null,
    created_at {timestamp} not null,
    constraint tickets_pk primary key (provider_id, client_id, ticket),
    constraint tickets_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

-- What the provider's people tell each other about a client. The client never sees it.
create table notes (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    note_id {uuid} not null,
    body {text} not null,
    author {text} not null,
    created_at {timestamp} not null,
    constraint notes_pk primary key (provider_id, client_id, note_id),
    constraint notes_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

-- What a client asks from the portal. topic: devices, statement, invoice or other; reference names which.
create table questions (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    question_id {uuid} not null,
    topic {text} not null,
    reference {text} not null,
    body {text} not null,
    asked_by {text} not null,
    asked_at {timestamp} not null,
    answer {text},
    answered_by {text},
    answered_at {timestamp},
    constraint questions_pk primary key (provider_id, client_id, question_id),
    constraint questions_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create index questions_open on questions (provider_id, question_id) where answered_at is null;

-- What is still to be received for an invoice: a running balance beside the invoice, which never changes.
-- is_open: something is left to pay, or too much was paid.
create table receivables (
    provider_id {uuid} not null,
    number {int} not null,
    client_id {uuid} not null,
    issued_on {date} not null,
    due_on {date} not null,
    currency {text} not null,
    total {int} not null,
    paid {int} not null,
    credited {int} not null,
    is_open {bool} not null,
    sent_at {timestamp},
    sent_by {text},
    constraint receivables_pk primary key (provider_id, number),
    constraint receivables_open_check check (is_open = (paid + credited <> total)),
    constraint receivables_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

insert into receivables (
    provider_id, number, client_id, issued_on, due_on, currency, total, paid, credited, is_open, sent_at, sent_by
)
select
    provider_id, number, client_id, issued_on, due_on, currency, total, 0, 0, total <> 0, null, null
from invoices;

create index receivables_open on receivables (provider_id, due_on, number) where is_open;

create index receivables_by_client on receivables (provider_id, client_id, number);

-- amount is positive for a payment and negative for a refund or a payment taken back, in minor units.
create table payments (
    provider_id {uuid} not null,
    payment_id {uuid} not null,
    number {int} not null,
    client_id {uuid} not null,
    received_on {date} not null,
    amount {int} not null,
    kind {text} not null,
    method {text} not null,
    reference {text} not null,
    recorded_by {text} not null,
    recorded_at {timestamp} not null,
    constraint payments_pk primary key (provider_id, payment_id),
    constraint payments_kind_check check (kind in ('payment', 'refund', 'reversal')),
    constraint payments_receivable_fk foreign key (provider_id, number)
        references receivables (provider_id, number)
){table_end};

create index payments_by_invoice on payments (provider_id, number, payment_id);

-- Amounts are positive: what the client owes less. body_json is what the PDF is made from.
create table credit_notes (
    provider_id {uuid} not null,
    credit_number {int} not null,
    number {int} not null,
    client_id {uuid} not null,
    issued_on {date} not null,
    currency {text} not null,
    net {int} not null,
    tax {int} not null,
    total {int} not null,
    reason {text} not null,
    issued_by {text} not null,
    body_json {text} not null,
    constraint credit_notes_pk primary key (provider_id, credit_number),
    constraint credit_notes_total_check check (total = net + tax),
    constraint credit_notes_receivable_fk foreign key (provider_id, number)
        references receivables (provider_id, number)
){table_end};

create index credit_notes_by_invoice on credit_notes (provider_id, number, credit_number);

create index credit_notes_by_client on credit_notes (provider_id, client_id, credit_number);

-- A logo, kept small. name is its place: logo.
create table files (
    provider_id {uuid} not null,
    name {text} not null,
    media_type {text} not null,
    content {blob} not null,
    changed_at {timestamp} not null,
    constraint files_pk primary key (provider_id, name),
    constraint files_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

-- Starting points for agreements: the text of an agreement file without client and dates.
create table templates (
    provider_id {uuid} not null,
    template_id {uuid} not null,
    name {text} not null,
    summary {text} not null,
    source_toml {text} not null,
    constraint templates_pk primary key (provider_id, template_id),
    constraint templates_name_unique unique (provider_id, name),
    constraint templates_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

{append_only:payments}
{append_only:credit_notes}

create index holds_open on holds (provider_id, client_id, hold_id) where billed_in is null;

create index agreements_by_client on agreements (provider_id, client_id, name);
