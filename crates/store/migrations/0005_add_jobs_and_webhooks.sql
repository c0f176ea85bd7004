-- Why: long work goes on when a tab closes, and other systems are told what happened.

-- state: queued, running, done or failed. Whoever runs a job renews its lease; a job whose lease is over is taken up again.
create table jobs (
    provider_id {uuid} not null,
    job_id {uuid} not null,
    kind {text} not null,
    arguments_json {text} not null,
    state {text} not null,
    done {int} not null,
    total {int} not null,
    result_json {text},
    fault {text},
    created_by {text} not null,
    created_at {timestamp} not null,
    leased_until {timestamp},
    finished_at {timestamp},
    constraint jobs_pk primary key (provider_id, job_id),
    constraint jobs_state_check check (state in ('queued', 'running', 'done', 'failed')),
    constraint jobs_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

create index jobs_open on jobs (provider_id, job_id) where finished_at is null;

-- Bytes that a job works on, such as an uploaded archive; removed when it is finished.
create table job_inputs (
    provider_id {uuid} not null,
    job_id {uuid} not null,
    name {text} not null,
    content {blob} not null,
    constraint job_inputs_pk primary key (provider_id, job_id, name),
    constraint job_inputs_job_fk foreign key (provider_id, job_id)
        references jobs (provider_id, job_id)
){table_end};

-- events are words between spaces.
create table webhooks (
    provider_id {uuid} not null,
    webhook_id {uuid} not null,
    url {text} not null,
    events {text} not null,
    secret_sealed {blob} not null,
    is_active {bool} not null,
    created_at {timestamp} not null,
    constraint webhooks_pk primary key (provider_id, webhook_id),
    constraint webhooks_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

-- state: waiting, delivered or given-up.
create table deliveries (
    provider_id {uuid} not null,
    delivery_id {uuid} not null,
    webhook_id {uuid} not null,
    event {text} not null,
    payload_json {text} not null,
    state {text} not null,
    attempts {int} not null,
    due_at {timestamp} not null,
    status {int},
    fault {text},
    created_at {timestamp} not null,
    delivered_at {timestamp},
    constraint deliveries_pk primary key (provider_id, delivery_id),
    constraint deliveries_state_check check (state in ('waiting', 'delivered', 'given-up')),
    constraint deliveries_webhook_fk foreign key (provider_id, webhook_id)
        references webhooks (provider_id, webhook_id) on delete cascade
){table_end};

create index deliveries_waiting on deliveries (provider_id, due_at, delivery_id) where state = 'waiting';

create index deliveries_by_webhook on deliveries (provider_id, webhook_id, delivery_id);

-- The answer to a write that named a key, so that sending it again does it once.
create table idempotency_keys (
    provider_id {uuid} not null,
    owner_id {uuid} not null,
    idempotency_key {text} not null,
    request_hash {text} not null,
    status {int} not null,
    answer {text} not null,
    created_at {timestamp} not null,
    constraint idempotency_keys_pk primary key (provider_id, owner_id, idempotency_key),
    constraint idempotency_keys_provider_fk foreign key (provider_id) references providers (provider_id)
){table_end};

create index idempotency_keys_by_age on idempotency_keys (provider_id, created_at);
