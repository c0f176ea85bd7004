//! The time entries of the books and their corrections.
//! Not the rules of what is late or billed.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::ops::Range;

use uuid::Uuid;

use crate::error::StoreError;
use crate::provider_id::ProviderId;
use crate::sorted::Sorted;
use crate::sql::{Sql, sql};
use crate::statements::client;
use crate::tx::Tx;
use crate::value::{Param, Row};

/// A row of `time_entries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// The id of the entry in the books.
    pub entry_id: String,
    /// 0 as it came; corrections of issued periods follow it.
    pub revision: i64,
    /// The client.
    pub client_id: Uuid,
    /// The ticket.
    pub ticket: String,
    /// Who worked.
    pub technician: String,
    /// When the work began, in seconds since 1970.
    pub started_at: i64,
    /// How long it took.
    pub minutes: i64,
    /// The tier of the work.
    pub tier: String,
    /// The type of the work.
    pub work_type: String,
    /// The device, or empty.
    pub device: String,
    /// Whether it may be billed.
    pub billable: bool,
    /// What caused the work, or empty.
    pub cause: String,
    /// The note for the client.
    pub note: String,
    /// The issued period this row came too late for, as `2026-03`.
    pub late_for: Option<String>,
    /// The period whose statement took this late row.
    pub billed_in: Option<String>,
}

/// Which held entries are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOf {
    /// Those of one client.
    Client(Uuid),
    /// Those whose hold no statement has taken yet.
    Open,
    /// All.
    All,
}

const INSERT: Sql = sql!(
    "insert into time_entries (
        provider_id, entry_id, revision, client_id, ticket, technician, started_at, minutes,
        tier, work_type, device, billable, cause, note, late_for, billed_in
    ) values (
        $1, $2, $3, $4, $5, $6, $7, $8,
        $9, $10, $11, $12, $13, $14, $15, $16
    )"
);

/// Adds rows, a million in seconds, and says how many. Any order will do.
///
/// # Errors
///
/// Fails when a row exists already or its client is missing, or the database fails.
pub fn insert_many<R: Borrow<TimeEntry>>(
    tx: &mut Tx,
    provider: ProviderId,
    rows: impl IntoIterator<Item = R>,
) -> Result<u64, StoreError> {
    let clients: BTreeSet<Uuid> = client::list_ids(tx, provider)?.into_iter().collect();
    let mut unknown = None;
    let known = rows.into_iter().take_while(|row| {
        let row = row.borrow();
        unknown = (!clients.contains(&row.client_id)).then_some(row.client_id);
        unknown.is_none()
    });
    let by_id = |one: &R, other: &R| {
        let (one, other) = (one.borrow(), other.borrow());
        one.entry_id.cmp(&other.entry_id).then(one.revision.cmp(&other.revision))
    };
    let count = tx.insert_many(INSERT, provider, Sorted::new(known, by_id), params)?;
    unknown.map_or(Ok(count), |client_id| Err(unknown_client(client_id)))
}

/// Adds one row.
///
/// # Errors
///
/// Fails when the row exists already or its client is missing, or the database fails.
pub fn insert(tx: &mut Tx, provider: ProviderId, row: &TimeEntry) -> Result<(), StoreError> {
    if !client::exists(tx, provider, row.client_id)? {
        return Err(unknown_client(row.client_id));
    }
    tx.exec_one(INSERT, &params(&provider, row), "the time entry")
}

/// Replaces the fields of a row that no statement has taken as a late row, all but
/// its `billed_in`. Whether its own period is still open is for the caller to know.
///
/// # Errors
///
/// Fails when there is no such row, or the database fails.
pub fn update_open(tx: &mut Tx, provider: ProviderId, row: &TimeEntry) -> Result<(), StoreError> {
    let sql = sql!(
        "update time_entries set
            client_id = $4, ticket = $5, technician = $6, started_at = $7, minutes = $8,
            tier = $9, work_type = $10, device = $11, billable = $12, cause = $13,
            note = $14, late_for = $15
        where provider_id = $1 and entry_id = $2 and revision = $3 and billed_in is null"
    );
    if !client::exists(tx, provider, row.client_id)? {
        return Err(unknown_client(row.client_id));
    }
    let mut params = params(&provider, row);
    // The last column, billed_in, has its own way to change.
    params.pop();
    tx.exec_one(sql, &params, "an open time entry of this id and revision")
}

/// Removes an entry that came in time and has no corrections. Whether its own period is
/// still open is for the caller to know.
///
/// # Errors
///
/// Fails when there is no such entry, or the database fails.
pub fn delete_open(tx: &mut Tx, provider: ProviderId, entry_id: &str) -> Result<(), StoreError> {
    let sql = sql!(
        "delete from time_entries
        where provider_id = $1 and entry_id = $2 and revision = 0
            and late_for is null and billed_in is null"
    );
    let what = "an open time entry of this id without corrections";
    match list_revisions(tx, provider, entry_id)?.len() {
        1 => tx.exec_one(sql, &[&provider.0, &entry_id], what),
        _ => Err(StoreError::not_found(what)),
    }
}

/// Takes back a late row that no statement has taken yet.
///
/// # Errors
///
/// Fails when there is no such row, or the database fails.
pub fn delete_pending_revision(tx: &mut Tx, provider: ProviderId, entry_id: &str, revision: i64) -> Result<(), StoreError> {
    let sql = sql!(
        "delete from time_entries
        where provider_id = $1 and entry_id = $2 and revision = $3
            and late_for is not null and billed_in is null"
    );
    tx.exec_one(sql, &[&provider.0, &entry_id, &revision], "a pending revision of this time entry")
}

/// Notes the period whose statement took a late row.
///
/// # Errors
///
/// Fails when there is no such late row that is not yet billed.
pub fn mark_late_billed(tx: &mut Tx, provider: ProviderId, entry_id: &str, revision: i64, period: &str) -> Result<(), StoreError> {
    let sql = sql!(
        "update time_entries set billed_in = $4
        where provider_id = $1 and entry_id = $2 and revision = $3
            and late_for is not null and billed_in is null"
    );
    let what = "a late time entry of this id and revision that is not yet billed";
    tx.exec_one(sql, &[&provider.0, &entry_id, &revision, &period], what)
}

/// Streams the latest revision of every entry, by id: what an import compares with.
///
/// # Errors
///
/// Fails when the database or the closure does.
pub fn each_latest<E: From<StoreError>>(
    tx: &mut Tx,
    provider: ProviderId,
    mut each: impl FnMut(TimeEntry) -> Result<(), E>,
) -> Result<(), E> {
    let mut latest: Option<TimeEntry> = None;
    each_revision(tx, provider, |row| match latest.replace(row) {
        Some(before) if latest.as_ref().is_none_or(|it| it.entry_id != before.entry_id) => each(before),
        _ => Ok(()),
    })?;
    latest.map_or(Ok(()), each)
}

/// Streams all revisions of all entries, by id and revision.
///
/// # Errors
///
/// Fails when the database or the closure does.
pub fn each_revision<E: From<StoreError>>(
    tx: &mut Tx,
    provider: ProviderId,
    mut each: impl FnMut(TimeEntry) -> Result<(), E>,
) -> Result<(), E> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries where provider_id = $1 order by entry_id, revision"
    );
    tx.each(sql, &[&provider.0], |row| each(read(row)?))
}

/// All revisions of one entry, in their order.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_revisions(tx: &mut Tx, provider: ProviderId, entry_id: &str) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries where provider_id = $1 and entry_id = $2 order by entry_id, revision"
    );
    tx.list(sql, &[&provider.0, &entry_id], read)
}

/// Streams the entries that began in the span of seconds and came in time, of these
/// clients or of all, by client, start and id.
///
/// # Errors
///
/// Fails when the database or the closure does.
pub fn each_between<E: From<StoreError>>(
    tx: &mut Tx,
    provider: ProviderId,
    clients: Option<&[Uuid]>,
    span: Range<i64>,
    mut each: impl FnMut(TimeEntry) -> Result<(), E>,
) -> Result<(), E> {
    let of_all = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and started_at >= $2 and started_at < $3 and late_for is null
        order by client_id, started_at, entry_id, revision",
        scans = "the entries of all clients in a span are mostly all there are"
    );
    let of_one = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and started_at >= $2 and started_at < $3 and client_id = $4
            and late_for is null
        order by started_at, entry_id, revision"
    );
    let (from, until) = (span.start, span.end);
    let Some(clients) = clients else {
        return tx.each(of_all, &[&provider.0, &from, &until], |row| each(read(row)?));
    };
    let mut clients = clients.to_vec();
    clients.sort_unstable();
    clients.dedup();
    for client_id in clients {
        tx.each(of_one, &[&provider.0, &from, &until, &client_id], |row| each(read(row)?))?;
    }
    Ok(())
}

/// A client's rows of one period: those in time that began in the span of seconds,
/// and the late ones that the statement of the period took; by start, id, revision.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_period(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    period: &str,
    span: Range<i64>,
) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and client_id = $2
            and ((started_at >= $3 and started_at < $4 and late_for is null) or billed_in = $5)
        order by started_at, entry_id, revision"
    );
    tx.list(sql, &[&provider.0, &client_id, &span.start, &span.end, &period], read)
}

/// The latest rows of a client that began in the span of seconds, whether they came in
/// time or not, with all revisions; by start, id and revision, the last first.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_client_between(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    span: Range<i64>,
    limit: i64,
) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and client_id = $2 and started_at >= $3 and started_at < $4
        order by started_at desc, entry_id desc, revision desc limit $5"
    );
    tx.list(sql, &[&provider.0, &client_id, &span.start, &span.end, &limit], read)
}

/// The latest rows of a client's entries that began in the span of seconds, by start and id, from
/// behind an id at the beginning of the span on; of one technician where one is named.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_latest_after(
    tx: &mut Tx,
    provider: ProviderId,
    client_id: Uuid,
    span: Range<i64>,
    (after, technician): (&str, &str),
    limit: i64,
) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            e.entry_id, e.revision, e.client_id, e.ticket, e.technician, e.started_at, e.minutes, e.tier,
            e.work_type, e.device, e.billable, e.cause, e.note, e.late_for, e.billed_in
        from time_entries e
        where e.provider_id = $1 and e.client_id = $2 and e.started_at >= $3 and e.started_at < $4
            and (e.started_at > $3 or e.entry_id > $5) and ($6 = '' or e.technician = $6)
            and not exists (
                select 1 from time_entries r
                where r.provider_id = $1 and r.entry_id = e.entry_id and r.revision > e.revision
            )
        order by e.started_at, e.entry_id limit $7"
    );
    tx.list(sql, &[&provider.0, &client_id, &span.start, &span.end, &after, &technician, &limit], read)
}

/// What a technician's entries that began in the span of seconds are now: their latest
/// rows with the titles of their tickets (or nothing), by start and id.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_of_technician_between(
    tx: &mut Tx,
    provider: ProviderId,
    technician: &str,
    span: Range<i64>,
) -> Result<Vec<(TimeEntry, String)>, StoreError> {
    let sql = sql!(
        "select
            e.entry_id, e.revision, e.client_id, e.ticket, e.technician, e.started_at, e.minutes, e.tier,
            e.work_type, e.device, e.billable, e.cause, e.note, e.late_for, e.billed_in, coalesce(t.title, '') as title
        from time_entries e
        left join tickets t on t.provider_id = $1 and t.client_id = e.client_id and t.ticket = e.ticket
        where e.provider_id = $1 and e.technician = $2 and e.started_at >= $3 and e.started_at < $4
            and not exists (
                select 1 from time_entries r
                where r.provider_id = $1 and r.entry_id = e.entry_id and r.revision > e.revision
            )
        order by e.started_at, e.entry_id"
    );
    tx.list(sql, &[&provider.0, &technician, &span.start, &span.end], |row| Ok((read(row)?, row.next()?)))
}

/// What the entries that are held are now: those of one client, those that no statement took the decision of
/// yet, or all that ever were held. In no order; one that is held in several pieces comes several times.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_held(tx: &mut Tx, provider: ProviderId, held: HeldOf) -> Result<Vec<TimeEntry>, StoreError> {
    let of_client = sql!(
        "select
            e.entry_id, e.revision, e.client_id, e.ticket, e.technician, e.started_at, e.minutes, e.tier,
            e.work_type, e.device, e.billable, e.cause, e.note, e.late_for, e.billed_in
        from holds h
        join time_entries e on e.provider_id = $1 and e.entry_id = h.entry_id
        where h.provider_id = $1 and h.client_id = $2
            and not exists (
                select 1 from time_entries r
                where r.provider_id = $1 and r.entry_id = e.entry_id and r.revision > e.revision
            )"
    );
    let open = sql!(
        "select
            e.entry_id, e.revision, e.client_id, e.ticket, e.technician, e.started_at, e.minutes, e.tier,
            e.work_type, e.device, e.billable, e.cause, e.note, e.late_for, e.billed_in
        from holds h
        join time_entries e on e.provider_id = $1 and e.entry_id = h.entry_id
        where h.provider_id = $1 and h.billed_in is null
            and not exists (
                select 1 from time_entries r
                where r.provider_id = $1 and r.entry_id = e.entry_id and r.revision > e.revision
            )"
    );
    let all = sql!(
        "select
            e.entry_id, e.revision, e.client_id, e.ticket, e.technician, e.started_at, e.minutes, e.tier,
            e.work_type, e.device, e.billable, e.cause, e.note, e.late_for, e.billed_in
        from holds h
        join time_entries e on e.provider_id = $1 and e.entry_id = h.entry_id
        where h.provider_id = $1
            and not exists (
                select 1 from time_entries r
                where r.provider_id = $1 and r.entry_id = e.entry_id and r.revision > e.revision
            )",
        scans = "all holds of a provider are wanted"
    );
    match held {
        HeldOf::Client(client_id) => tx.list(of_client, &[&provider.0, &client_id], read),
        HeldOf::Open => tx.list(open, &[&provider.0], read),
        HeldOf::All => tx.list(all, &[&provider.0], read),
    }
}

/// The technicians that entries name, by name.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_technicians(tx: &mut Tx, provider: ProviderId) -> Result<Vec<String>, StoreError> {
    let sql = sql!(
        "select technician from time_entries
        where provider_id = $1 and technician > $2 order by technician limit 1"
    );
    // From one to the next by the index: there are few technicians and many entries.
    let mut found: Vec<String> = Vec::new();
    loop {
        let last = found.last().cloned().unwrap_or_default();
        match tx.opt(sql, &[&provider.0, &last], |row| row.next::<String>())? {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// The late rows of a client that no statement has taken yet, by id and revision.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_late_unbilled_of_client(tx: &mut Tx, provider: ProviderId, client_id: Uuid) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and client_id = $2 and late_for is not null and billed_in is null
        order by entry_id, revision"
    );
    tx.list(sql, &[&provider.0, &client_id], read)
}

/// The late rows that no statement has taken yet, by client, id and revision.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_late_unbilled(tx: &mut Tx, provider: ProviderId) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries where provider_id = $1 and late_for is not null and billed_in is null
        order by client_id, entry_id, revision"
    );
    tx.list(sql, &[&provider.0], read)
}

/// The late rows of one issued period of a client that a later statement has taken,
/// by id and revision.
///
/// # Errors
///
/// Fails when the database does.
pub fn list_late_billed(tx: &mut Tx, provider: ProviderId, client_id: Uuid, late_for: &str) -> Result<Vec<TimeEntry>, StoreError> {
    let sql = sql!(
        "select
            entry_id, revision, client_id, ticket, technician, started_at, minutes, tier,
            work_type, device, billable, cause, note, late_for, billed_in
        from time_entries
        where provider_id = $1 and client_id = $2 and late_for = $3 and billed_in is not null
        order by billed_in, entry_id, revision"
    );
    // In the order of the index; by id, the planner would read the whole table instead.
    let mut rows = tx.list(sql, &[&provider.0, &client_id, &late_for], read)?;
    rows.sort_by(|one, other| (&one.entry_id, one.revision).cmp(&(&other.entry_id, other.revision)));
    Ok(rows)
}

/// The table has no foreign key, so this is the check; see the migration.
fn unknown_client(client_id: Uuid) -> StoreError {
    StoreError::Refused { detail: format!("time_entries: there is no client {client_id}") }
}

fn params<'a>(provider: &'a ProviderId, row: &'a TimeEntry) -> Vec<&'a dyn Param> {
    vec![
        &provider.0,
        &row.entry_id,
        &row.revision,
        &row.client_id,
        &row.ticket,
        &row.technician,
        &row.started_at,
        &row.minutes,
        &row.tier,
        &row.work_type,
        &row.device,
        &row.billable,
        &row.cause,
        &row.note,
        &row.late_for,
        &row.billed_in,
    ]
}

fn read(row: &mut Row) -> Result<TimeEntry, StoreError> {
    Ok(TimeEntry {
        entry_id: row.next()?,
        revision: row.next()?,
        client_id: row.next()?,
        ticket: row.next()?,
        technician: row.next()?,
        started_at: row.next()?,
        minutes: row.next()?,
        tier: row.next()?,
        work_type: row.next()?,
        device: row.next()?,
        billable: row.next()?,
        cause: row.next()?,
        note: row.next()?,
        late_for: row.next()?,
        billed_in: row.next()?,
    })
}
