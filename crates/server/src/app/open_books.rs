//! What a bill run needs of a database: the open entries, the late ones, the held ones and the terms of issued periods.

use std::collections::{BTreeMap, HashMap};

use quarterhour_billing::agreement::{Agreement, Prepaid};
use quarterhour_billing::{Band, Carried, Credit, HourlyPrice, LateBatch, Period, Returned, Terms, TimeEntry, Words};
use quarterhour_books::{BookClient, EntryReader, entries, setup};
use quarterhour_store::Tx;
use quarterhour_store::statements::{closing, hold, statement, terms, time_entry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::body::{Details, EntryBody, EntryDetail, PartBody, Released, StatementBody, wall_clock};
use crate::app::money::price;
use crate::app::run::OpenClient;
use crate::app::stored::{self, StoredBooks, entry_row};
use crate::error::AppError;

/// The texts that an issued period was billed by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TermsText {
    /// `provider.toml`.
    pub provider: String,
    /// The client's agreements by name.
    pub agreements: BTreeMap<String, String>,
}

/// Held overage, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldPart {
    /// The tier.
    pub tier: String,
    /// The work type.
    pub work_type: String,
    /// The band.
    pub band: Band,
    /// The price an hour.
    pub hourly: HourlyPrice,
    /// Seconds.
    pub seconds: i64,
}

/// Late time of one issued period and agreement of a client.
pub struct LateSet {
    period: Period,
    terms: Terms,
    agreement: Option<Agreement>,
    draws_time: bool,
    before: Vec<TimeEntry>,
    entries: Vec<TimeEntry>,
    credits: Vec<Credit>,
    returned: Returned,
    released: Vec<Credit>,
    written_off: Vec<Credit>,
}

/// What one client's next statement takes, to be marked once it is issued.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Late rows: entry and revision.
    pub rows: Vec<(String, i64)>,
    /// Decided holds.
    pub holds: Vec<String>,
}

/// One client's open books.
#[derive(Default)]
pub struct ClientBooks {
    /// Entries of open periods, by start and id.
    pub entries: Vec<TimeEntry>,
    late: Vec<LateSet>,
    /// What the first open statement takes.
    pub taken: Taken,
}

/// The open books of one client.
#[derive(Default)]
pub struct OneClient {
    /// Its entries and late time.
    pub client: ClientBooks,
    /// All tiers and work types.
    pub words: Words,
    /// Words of the entries.
    pub details: Details,
}

/// The open books of all clients.
#[derive(Default)]
pub struct OpenBooks {
    /// By client, in the order of the setup.
    pub clients: Vec<ClientBooks>,
    /// All tiers and work types.
    pub words: Words,
    /// Words of the entries.
    pub details: Details,
}

/// Reads everything that bills up to `until`.
///
/// # Errors
///
/// Fails when a stored row makes no sense, or the database fails.
pub fn read(tx: &mut Tx, books: &StoredBooks, until: Period, only: Option<&[Uuid]>) -> Result<OpenBooks, AppError> {
    let mut reader = EntryReader::new(&books.setup);
    let mut details = Details::default();
    let mut clients: Vec<ClientBooks> = Vec::new();
    clients.resize_with(books.client_ids.len(), ClientBooks::default);
    let day = quarterhour_billing::DAY_SECONDS;
    let all_closed = books.closed.iter().map(|closed| closed.as_ref().map(|closed| closed.period)).min().flatten();
    let from = all_closed.map_or(i64::MIN, |period| seconds_of(period.end()) - 2 * day);
    // Client by client, the index leads straight to the span; over all clients it would be read whole.
    let clients_wanted = only.unwrap_or(&books.client_ids);
    time_entry::each_between(tx, books.provider_id, Some(clients_wanted), from..seconds_of(until.end()) + 2 * day, |row| {
        let Some((position, entry)) = books.entry(&mut reader, &row) else { return Ok(()) };
        let Some(client) = books.setup.clients.get(position) else { return Ok(()) };
        let period = client.client.clock.day(entry.started_at).period();
        let issued = books.closed.get(position).and_then(Option::as_ref).is_some_and(|closed| period <= closed.period);
        if !issued && period <= until {
            details.insert(row.entry_id.clone(), EntryDetail::new(row.technician, row.note));
            if let Some(own) = clients.get_mut(position) {
                own.entries.push(entry);
            }
        }
        Ok::<(), AppError>(())
    })?;
    for client in &mut clients {
        entries::sort(&mut client.entries);
    }
    let mut open = OpenBooks { clients, words: reader.words.clone(), details };
    let (rows, holds) = (time_entry::list_late_unbilled(tx, books.provider_id)?, hold::list_open(tx, books.provider_id)?);
    LateReader::new(books, reader, &mut open).read(tx, rows, holds)?;
    Ok(open)
}

/// Reads everything that bills one client up to `until`; `closed` is its last issued period.
///
/// # Errors
///
/// Fails when a stored row makes no sense, or the database fails.
pub fn read_client(
    tx: &mut Tx,
    books: &StoredBooks,
    position: usize,
    closed: Option<&stored::Closed>,
    until: Period,
) -> Result<OneClient, AppError> {
    let (id, day) = (books.provider_id, quarterhour_billing::DAY_SECONDS);
    let (Some(client), Some(client_id)) = (books.setup.clients.get(position), books.client_ids.get(position).copied()) else {
        return Err(AppError::not_found("client"));
    };
    let mut reader = EntryReader::new(&books.setup);
    let mut open = OpenBooks::default();
    open.clients.resize_with(books.client_ids.len(), ClientBooks::default);
    let from = closed.map_or(i64::MIN, |closed| seconds_of(closed.period.end()) - 2 * day);
    let mut own = Vec::new();
    time_entry::each_between(tx, id, Some(&[client_id]), from..seconds_of(until.end()) + 2 * day, |row| {
        let Some((_, entry)) = books.entry(&mut reader, &row) else { return Ok(()) };
        let period = client.client.clock.day(entry.started_at).period();
        if period <= until && closed.is_none_or(|closed| closed.period < period) {
            open.details.insert(row.entry_id, EntryDetail::new(row.technician, row.note));
            own.push(entry);
        }
        Ok::<(), AppError>(())
    })?;
    entries::sort(&mut own);
    open.words = reader.words.clone();
    let rows = time_entry::list_late_unbilled_of_client(tx, id, client_id)?;
    let holds = hold::list_of_client(tx, id, client_id)?;
    LateReader::new(books, reader, &mut open).read(tx, rows, holds)?;
    let mut client = open.clients.get_mut(position).map(std::mem::take).unwrap_or_default();
    client.entries = own;
    Ok(OneClient { client, words: open.words, details: open.details })
}

/// What was billed of each entry, by id: its last version, with what was released of it since.
fn billed_last(entries: impl Iterator<Item = EntryBody>) -> HashMap<String, EntryBody> {
    let mut billed: HashMap<String, EntryBody> = HashMap::new();
    for entry in entries {
        match billed.get_mut(&entry.id).filter(|_| entry.released) {
            Some(before) => before.parts.extend(entry.parts),
            None => {
                billed.insert(entry.id.clone(), entry);
            }
        }
    }
    billed
}

/// The beginning of a day in UTC: local days are at most a day off.
fn seconds_of(day: quarterhour_billing::Day) -> i64 {
    day.since(quarterhour_billing::Day::of_local(0)) * quarterhour_billing::DAY_SECONDS
}

type SetKey = (usize, Period, Option<String>);

struct LateReader<'a> {
    books: &'a StoredBooks,
    reader: EntryReader<'a>,
    sets: HashMap<SetKey, LateSet>,
    /// The rate card and agreements of issued periods, by client and period.
    terms: HashMap<(usize, Period), (Terms, Vec<Agreement>)>,
    /// What corrected clients were billed last for each entry.
    billed: HashMap<Uuid, HashMap<String, EntryBody>>,
    open: &'a mut OpenBooks,
}

impl<'a> LateReader<'a> {
    fn new(books: &'a StoredBooks, reader: EntryReader<'a>, open: &'a mut OpenBooks) -> Self {
        let (sets, terms, billed) = Default::default();
        Self { books, reader, sets, terms, billed, open }
    }

    fn read(mut self, tx: &mut Tx, rows: Vec<time_entry::TimeEntry>, holds: Vec<hold::Hold>) -> Result<(), AppError> {
        self.read_rows(tx, rows)?;
        self.read_holds(tx, holds)?;
        self.finish();
        Ok(())
    }

    fn read_rows(&mut self, tx: &mut Tx, rows: Vec<time_entry::TimeEntry>) -> Result<(), AppError> {
        for row in rows {
            let Some((position, entry)) = self.books.entry(&mut self.reader, &row) else { continue };
            let period = row.late_for.as_deref().and_then(Period::parse).ok_or_else(|| bad_row("time_entries", &row.entry_id))?;
            let key = self.set(tx, position, period, entry.started_at)?;
            let replaces = if row.revision > 0 { self.take_back(tx, &key, &row)? } else { None };
            let detail = EntryDetail { replaces, ..EntryDetail::of(&entry_row(&row, "")) };
            self.open.details.insert(row.entry_id.clone(), detail);
            if let Some(set) = self.sets.get_mut(&key) {
                set.entries.push(entry);
            }
            if let Some(client) = self.open.clients.get_mut(position) {
                client.taken.rows.push((row.entry_id, row.revision));
            }
        }
        Ok(())
    }

    fn read_holds(&mut self, tx: &mut Tx, holds: Vec<hold::Hold>) -> Result<(), AppError> {
        for row in holds {
            if row.state == "held" || row.billed_in.is_some() {
                continue;
            }
            let held: Option<HeldPart> = serde_json::from_str(&row.body_json).ok();
            let (Some(period), Some(held)) = (Period::parse(&row.period), held) else { return Err(bad_row("holds", &row.hold_id)) };
            let Some(position) = self.books.positions.get(&row.client_id).copied() else { continue };
            let key = (position, period, Some(row.agreement.clone()).filter(|name| !name.is_empty()));
            self.ensure(tx, &key)?;
            let credit = Credit {
                tier: self.reader.words.intern(&held.tier),
                work_type: self.reader.words.intern(&held.work_type),
                band: held.band,
                hourly: held.hourly,
                seconds: held.seconds,
            };
            let is_released = row.state == "released";
            if is_released {
                self.keep_released(tx, position, (&row, period, &held))?;
            }
            if let Some(set) = self.sets.get_mut(&key) {
                if is_released { &mut set.released } else { &mut set.written_off }.push(credit);
            }
            if let Some(client) = self.open.clients.get_mut(position) {
                client.taken.holds.push(row.hold_id);
            }
        }
        Ok(())
    }

    /// Keeps what the statement says of a released piece: the work that was held, and who released it.
    fn keep_released(
        &mut self,
        tx: &mut Tx,
        position: usize,
        (row, period, held): (&hold::Hold, Period, &HeldPart),
    ) -> Result<(), AppError> {
        let Some(client) = self.books.setup.clients.get(position).map(|it| &it.client) else { return Ok(()) };
        let clock = &client.clock;
        let day = row.decided_at.map(|at| format!(" on {}", crate::dates::full(&clock.day(at.as_second()).date())));
        let by = row.decided_by.as_deref().map(|by| format!(" by {by}"));
        let reason = row.reason.as_deref().map(|reason| format!(" ({reason})"));
        let [day, by, reason] = [day, by, reason].map(Option::unwrap_or_default);
        let code = client.currency.code();
        let at = format!("{code} {} an hour", price(&held.hourly.to_string(), code));
        let part = PartBody {
            fate: "overage".to_owned(),
            why: format!("overage held in {}, released{by}{day}{reason}, at {at}", crate::dates::month(period)),
            band: held.band,
            seconds: held.seconds,
            burn: 0,
            hourly: Some(held.hourly),
        };
        let agreement = Some(row.agreement.clone()).filter(|name| !name.is_empty());
        let same = |it: &&mut Released| {
            *it.client == *client.code && it.agreement == agreement && it.entry.late_for == Some(period) && it.entry.id == row.entry_id
        };
        let released = &mut self.open.details.released;
        if let Some(before) = released.iter_mut().find(same) {
            before.entry.parts.push(part);
            return Ok(());
        }
        let entry = time_entry::list_revisions(tx, self.books.provider_id, &row.entry_id)?.pop();
        let entry = entry.ok_or_else(|| bad_row("holds", &row.hold_id))?;
        let entry = EntryBody {
            late_for: Some(period),
            released: true,
            replaces: None,
            tier: held.tier.clone(),
            work_type: held.work_type.clone(),
            started_at: entry.started_at,
            started_local: wall_clock(clock, entry.started_at),
            id: entry.entry_id,
            ticket: entry.ticket,
            technician: entry.technician,
            note: entry.note,
            actual: 0,
            billable: 0,
            parts: vec![part],
        };
        released.push(Released { client: client.code.to_string(), agreement, entry });
        Ok(())
    }

    /// The set that an entry of an issued period belongs to.
    fn set(&mut self, tx: &mut Tx, position: usize, period: Period, started_at: i64) -> Result<SetKey, AppError> {
        let day = self.books.setup.clients.get(position).map(|client| client.client.clock.day(started_at));
        let (_, agreements) = self.terms_of(tx, position, period)?;
        let agreement = agreements.iter().find(|agreement| day.is_some_and(|day| agreement.in_force_on(day)));
        let key = (position, period, agreement.map(|agreement| agreement.name.clone()));
        self.ensure(tx, &key)?;
        Ok(key)
    }

    /// Makes sure that there is a set for an agreement by name.
    fn ensure(&mut self, tx: &mut Tx, key: &SetKey) -> Result<(), AppError> {
        if !self.sets.contains_key(key) {
            let (terms, agreements) = self.terms_of(tx, key.0, key.1)?;
            let agreement = agreements.iter().find(|agreement| Some(&agreement.name) == key.2.as_ref()).cloned();
            let terms = terms.clone();
            let set = self.new_set(tx, key.0, key.1, terms, agreement)?;
            self.sets.insert(key.clone(), set);
        }
        Ok(())
    }

    /// The rate card and agreements by which a period was issued, read once.
    fn terms_of(&mut self, tx: &mut Tx, position: usize, period: Period) -> Result<&(Terms, Vec<Agreement>), AppError> {
        if !self.terms.contains_key(&(position, period)) {
            let terms = self.read_terms(tx, position, period)?;
            self.terms.insert((position, period), terms);
        }
        self.terms.get(&(position, period)).ok_or_else(|| bad_row("terms", &period.to_string()))
    }

    fn read_terms(&mut self, tx: &mut Tx, position: usize, period: Period) -> Result<(Terms, Vec<Agreement>), AppError> {
        let id = self.client_id(position);
        let what = || bad_row("closings", &period.to_string());
        let closing = match closing::find(tx, self.books.provider_id, id, &period.to_string())? {
            Some(closing) => closing,
            None => self.closing_after(tx, id, period)?.ok_or_else(what)?,
        };
        let content = terms::load(tx, self.books.provider_id, &closing.terms_hash)?.content;
        let text: TermsText = serde_json::from_str(&content).map_err(|_| bad_row("terms", &closing.terms_hash))?;
        let words = &mut self.reader.words;
        let provider = setup::read_provider_text(&text.provider, words).map_err(database_problems)?;
        let agreements =
            text.agreements.iter().map(|(name, text)| setup::read_agreement(name, text, words).map_err(database_problems));
        Ok((provider.terms, agreements.collect::<Result<_, _>>()?))
    }

    /// The close that took an empty period with it: the first one after.
    fn closing_after(&self, tx: &mut Tx, client_id: Uuid, period: Period) -> Result<Option<closing::Closing>, AppError> {
        let later = closing::list_all(tx, self.books.provider_id)?.into_iter().filter(|row| row.client_id == client_id);
        Ok(later
            .filter(|row| Period::parse(&row.period).is_some_and(|closed| closed > period))
            .min_by(|one, other| one.period.cmp(&other.period)))
    }

    fn client_id(&self, position: usize) -> Uuid {
        self.books.client_ids.get(position).copied().unwrap_or_default()
    }

    fn new_set(
        &mut self,
        tx: &mut Tx,
        position: usize,
        period: Period,
        terms: Terms,
        agreement: Option<Agreement>,
    ) -> Result<LateSet, AppError> {
        let id = self.client_id(position);
        let name = agreement.as_ref().map_or("", |agreement| agreement.name.as_str());
        let closing = closing::find(tx, self.books.provider_id, id, &period.to_string())?;
        let carried = closing.map(|row| stored::read_closing(&row)).transpose()?.map(|closed| closed.carried).unwrap_or_default();
        let received = carried.agreements.get(name).is_some_and(|state| state.received_blocks);
        let draws_time = received || agreement.as_ref().is_some_and(|it| matches!(it.prepaid, Prepaid::Time(_)));
        let before = self.before(tx, position, period, agreement.as_ref())?;
        let (entries, credits, released, written_off) = Default::default();
        Ok(LateSet {
            period,
            terms,
            agreement,
            draws_time,
            before,
            entries,
            credits,
            returned: Returned::default(),
            released,
            written_off,
        })
    }

    /// What the period and later statements have billed of it already.
    fn before(
        &mut self,
        tx: &mut Tx,
        position: usize,
        period: Period,
        agreement: Option<&Agreement>,
    ) -> Result<Vec<TimeEntry>, AppError> {
        let (id, client_id, day) = (self.books.provider_id, self.client_id(position), quarterhour_billing::DAY_SECONDS);
        let span = seconds_of(period.first_day()) - 2 * day..seconds_of(period.end()) + 2 * day;
        let clock = self.books.setup.clients.get(position).map(|client| &client.client.clock);
        let mut latest: BTreeMap<String, TimeEntry> = BTreeMap::new();
        let mut rows = Vec::new();
        time_entry::each_between(tx, id, Some(&[client_id]), span, |row| {
            rows.push(row);
            Ok::<(), AppError>(())
        })?;
        rows.extend(time_entry::list_late_billed(tx, id, client_id, &period.to_string())?);
        for row in rows {
            let Some((_, entry)) = self.books.entry(&mut self.reader, &row) else { continue };
            let Some(day) = clock.map(|clock| clock.day(entry.started_at)) else { continue };
            let in_period = row.late_for.is_some() || day.period() == period;
            if in_period && agreement.is_none_or(|agreement| agreement.in_force_on(day)) {
                latest.insert(row.entry_id, entry);
            }
        }
        let mut before: Vec<TimeEntry> = latest.into_values().collect();
        entries::sort(&mut before);
        Ok(before)
    }

    /// Takes back what the revision before was billed, and says what it had counted.
    fn take_back(&mut self, tx: &mut Tx, key: &SetKey, row: &time_entry::TimeEntry) -> Result<Option<Returned>, AppError> {
        if !self.billed.contains_key(&row.client_id) {
            let rows = statement::list_of_client(tx, self.books.provider_id, row.client_id)?;
            let bodies = rows.iter().filter_map(|row| serde_json::from_str::<StatementBody>(&row.body_json).ok());
            self.billed.insert(row.client_id, billed_last(bodies.flat_map(|body| body.entries)));
        }
        let billed = self.billed.get_mut(&row.client_id).and_then(|entries| entries.remove(&row.entry_id));
        let (Some(billed), Some(set)) = (billed, self.sets.get_mut(key)) else { return Ok(None) };
        let burn = billed.parts.iter().map(|part| part.burn).sum();
        let replaces = Returned { burn, actual: billed.actual, billable: billed.billable };
        set.returned += replaces;
        set.before.retain(|entry| entry.id != row.entry_id);
        for part in billed.parts {
            let charged = matches!(part.fate.as_str(), "overage" | "charged");
            if let Some(hourly) = part.hourly.filter(|_| charged) {
                let words = &mut self.reader.words;
                let (tier, work_type) = (words.intern(&billed.tier), words.intern(&billed.work_type));
                set.credits.push(Credit { tier, work_type, band: part.band, hourly, seconds: part.seconds });
            }
        }
        Ok(Some(replaces))
    }

    fn finish(self) {
        let Self { sets, open, reader, .. } = self;
        let mut sets: Vec<(SetKey, LateSet)> = sets.into_iter().collect();
        sets.sort_by(|(one, _), (other, _)| one.cmp(other));
        for ((position, ..), mut set) in sets {
            entries::sort(&mut set.entries);
            if let Some(client) = open.clients.get_mut(position) {
                client.late.push(set);
            }
        }
        open.words = reader.words;
    }
}

fn bad_row(table: &str, id: &str) -> AppError {
    AppError::user(format!("row {id} of table {table} makes no sense"), "restore the database from a backup")
}

fn database_problems(problems: Vec<quarterhour_books::Problem>) -> AppError {
    AppError::Books { folder: "the database".to_owned(), problems }
}

impl ClientBooks {
    /// What the engine takes.
    pub fn open<'a>(&'a self, books: &'a StoredBooks, position: usize) -> Option<OpenClient<'a>> {
        Some(self.open_for(books.setup.clients.get(position)?, books.closed.get(position)?.as_ref(), &self.entries))
    }

    /// What the engine takes, with these entries: the own ones, or others to see what they would change.
    pub fn open_for<'a>(
        &'a self,
        client: &'a BookClient,
        closed: Option<&stored::Closed>,
        entries: &'a [TimeEntry],
    ) -> OpenClient<'a> {
        OpenClient {
            client,
            carried: closed.map_or_else(Carried::default, |closed| closed.carried.clone()),
            first_open: closed.map(|closed| closed.period.next()),
            entries,
            late: self.late.iter().map(LateSet::batch).collect(),
        }
    }

    /// Is there late time for the first open statement?
    pub fn has_late(&self) -> bool {
        !self.late.is_empty()
    }
}

impl LateSet {
    fn batch(&self) -> LateBatch<'_> {
        LateBatch {
            period: self.period,
            terms: &self.terms,
            agreement: self.agreement.as_ref(),
            draws_time: self.draws_time,
            before: &self.before,
            entries: &self.entries,
            credits: &self.credits,
            returned: self.returned,
            released: &self.released,
            written_off: &self.written_off,
        }
    }
}
