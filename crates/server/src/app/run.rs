//! Bills clients over periods, from wherever their entries come. It reads and writes nothing.

use quarterhour_billing::{BillingError, Carried, LateBatch, Period, Statement, Terms, TimeEntry, Words, bill_period};
use quarterhour_books::BookClient;

/// A client with what its open periods need.
pub struct OpenClient<'a> {
    /// The client.
    pub client: &'a BookClient,
    /// What the last issued period left.
    pub carried: Carried,
    /// The first period that is not issued; none: the first that has anything.
    pub first_open: Option<Period>,
    /// The entries of the open periods, by start and id.
    pub entries: &'a [TimeEntry],
    /// Late time for the first open period.
    pub late: Vec<LateBatch<'a>>,
}

/// One billed period of one client.
pub struct ClientPeriod<'c, 'e> {
    /// The period.
    pub period: Period,
    /// Its statements.
    pub statements: Vec<Statement>,
    /// Its entries, by start and id.
    pub entries: &'e [TimeEntry],
    /// What it carries on.
    pub carried: &'c Carried,
}

/// Bills a client from its first open period to `until`, and hands each period to `each`.
///
/// # Errors
///
/// Fails when a statement does not add up.
pub fn bill_open_periods<'e>(
    terms: &Terms,
    words: &Words,
    open: OpenClient<'e>,
    until: Period,
    mut each: impl FnMut(ClientPeriod<'_, 'e>),
) -> Result<(), BillingError> {
    let OpenClient { client, mut carried, first_open, entries, late } = open;
    let clock = &client.client.clock;
    let first_entry = entries.first().map(|entry| clock.day(entry.started_at).period());
    let first_agreement = client.client.agreements.as_slice().first().map(|agreement| agreement.starts.period());
    let earliest = [first_entry, first_agreement].into_iter().flatten().min();
    let Some(mut period) = first_open.or(earliest) else { return Ok(()) };
    let mut late = &late[..];
    let mut at = 0;
    while period <= until {
        let end = period.end();
        let rest = entries.get(at..).unwrap_or(&[]);
        let own = rest.get(..rest.partition_point(|entry| clock.day(entry.started_at) < end)).unwrap_or(&[]);
        let billed = bill_period(terms, words, &client.client, period, carried, own, std::mem::take(&mut late))?;
        carried = billed.carried;
        each(ClientPeriod { period, statements: billed.statements, entries: own, carried: &carried });
        at += own.len();
        period = period.next();
    }
    Ok(())
}
