-- Why: a comparison of programs that was shown to a client can be looked at again, repeated from its inputs, and shared in the portal.

create table comparisons (
    provider_id {uuid} not null,
    client_id {uuid} not null,
    comparison_id {uuid} not null,
    question_json {text} not null,
    paper_json {text} not null,
    is_shared {bool} not null,
    made_by {text} not null,
    made_at {timestamp} not null,
    constraint comparisons_pk primary key (provider_id, comparison_id),
    constraint comparisons_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

create index comparisons_by_client on comparisons (provider_id, client_id, comparison_id);
