-- Why: a book-keeper keeps a client's month back from issuing while something is unclear, with the reason on record.

create table kept_back (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    period {text} not null,
    reason {text} not null,
    kept_by {text} not null,
    kept_at {timestamp} not null,
    constraint kept_back_pk primary key (provider_id, client_id, period),
    constraint kept_back_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};
