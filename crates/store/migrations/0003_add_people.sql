-- Why: people sign in, with rights of their own, and every change says who made it.
-- Tokens and codes are kept as hashes only; secrets that must be read again are sealed.

-- client_id is set for people of a client, and for nobody else.
-- email_key is the address in lower case, by which a person signs in.
-- technician is the name that a person's time entries carry.
create table users (
    provider_id {uuid} not null,
    user_id {uuid} not null,
    client_id {uuid},
    email {text} not null,
    email_key {text} not null,
    name {text} not null,
    technician {text} not null,
    role {text} not null,
    password_hash {text},
    totp_sealed {blob},
    totp_step_last {int} not null,
    oidc_subject {text},
    created_at {timestamp} not null,
    disabled_at {timestamp},
    constraint users_pk primary key (provider_id, user_id),
    constraint users_email_unique unique (provider_id, email_key),
    constraint users_subject_unique unique (provider_id, oidc_subject),
    constraint users_role_check check (
        role in ('owner', 'book-keeper', 'dispatcher', 'technician', 'approver', 'contact')
    ),
    constraint users_side_check check ((client_id is not null) = (role in ('approver', 'contact'))),
    constraint users_provider_fk foreign key (provider_id) references providers (provider_id),
    constraint users_client_fk foreign key (provider_id, client_id)
        references clients (provider_id, client_id)
){table_end};

-- A link by which a person sets a first or a new password: once, and not for ever.
create table invitations (
    provider_id {uuid} not null,
    token_hash {text} not null,
    user_id {uuid} not null,
    created_at {timestamp} not null,
    expires_at {timestamp} not null,
    used_at {timestamp},
    constraint invitations_pk primary key (provider_id, token_hash),
    constraint invitations_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id)
){table_end};

create index invitations_by_user on invitations (provider_id, user_id);

-- strong says that a second factor or a passkey was shown; proved_at, when the person last proved who it is.
create table sessions (
    provider_id {uuid} not null,
    session_hash {text} not null,
    user_id {uuid} not null,
    created_at {timestamp} not null,
    seen_at {timestamp} not null,
    expires_at {timestamp} not null,
    proved_at {timestamp} not null,
    strong {bool} not null,
    address {text} not null,
    agent {text} not null,
    constraint sessions_pk primary key (provider_id, session_hash),
    constraint sessions_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id)
){table_end};

create index sessions_by_user on sessions (provider_id, user_id, created_at);

create index sessions_by_end on sessions (provider_id, expires_at);

create table recovery_codes (
    provider_id {uuid} not null,
    user_id {uuid} not null,
    code_hash {text} not null,
    used_at {timestamp},
    constraint recovery_codes_pk primary key (provider_id, user_id, code_hash),
    constraint recovery_codes_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id)
){table_end};

create table passkeys (
    provider_id {uuid} not null,
    user_id {uuid} not null,
    credential_id {text} not null,
    name {text} not null,
    passkey_json {text} not null,
    created_at {timestamp} not null,
    used_at {timestamp},
    constraint passkeys_pk primary key (provider_id, user_id, credential_id),
    constraint passkeys_credential_unique unique (provider_id, credential_id),
    constraint passkeys_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id)
){table_end};

-- scopes are words between spaces.
create table api_tokens (
    provider_id {uuid} not null,
    token_id {uuid} not null,
    token_hash {text} not null,
    user_id {uuid} not null,
    name {text} not null,
    scopes {text} not null,
    created_at {timestamp} not null,
    expires_at {timestamp} not null,
    used_at {timestamp},
    revoked_at {timestamp},
    constraint api_tokens_pk primary key (provider_id, token_id),
    constraint api_tokens_hash_unique unique (provider_id, token_hash),
    constraint api_tokens_user_fk foreign key (provider_id, user_id)
        references users (provider_id, user_id)
){table_end};

create index api_tokens_by_user on api_tokens (provider_id, user_id, created_at);

-- Who did what, when and from where, with what was before and after. It has no foreign keys: it outlives what it names.
create table audit_entries (
    provider_id {uuid} not null,
    audit_id {uuid} not null,
    at {timestamp} not null,
    actor_id {uuid},
    actor_name {text} not null,
    channel {text} not null,
    address {text} not null,
    action {text} not null,
    client_id {uuid},
    subject_kind {text} not null,
    subject_id {text} not null,
    before_json {text},
    after_json {text},
    constraint audit_entries_pk primary key (provider_id, audit_id)
){table_end};

create index audit_entries_by_subject on audit_entries (provider_id, subject_kind, subject_id, audit_id);

{append_only:audit_entries}
