//! The time entries of a client's period with where each second went and why. It bills nothing.

use std::collections::{HashMap, HashSet};

use quarterhour_billing::{DAY_SECONDS, Day, Period, WorkedOn};
use quarterhour_books::csv::write_record;
use quarterhour_store::statements::{statement, time_entry};
use uuid::Uuid;

use crate::app::bill_store::read_body;
use crate::app::body::{EntryBody, PartBody, StatementBody};
use crate::app::context::Context;
use crate::app::live::ClientLive;
use crate::error::AppError;

/// What is worth a look at an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// It names no ticket.
    NoTicket,
    /// It began on a day without an agreement.
    NoAgreement,
    /// Its device is not on the list.
    Unlisted,
    /// It came after its period was issued.
    Late,
    /// Some of it is overage.
    Overage,
    /// Some of it waits for the client's approval.
    Held,
}

impl Flag {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::NoTicket, Self::NoAgreement, Self::Unlisted, Self::Late, Self::Overage, Self::Held];

    /// Its name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoTicket => "no-ticket",
            Self::NoAgreement => "no-agreement",
            Self::Unlisted => "unlisted",
            Self::Late => "late",
            Self::Overage => "overage",
            Self::Held => "held",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoTicket => "Without a ticket",
            Self::NoAgreement => "Without an agreement",
            Self::Unlisted => "Device not on the list",
            Self::Late => "Late time",
            Self::Overage => "Overage",
            Self::Held => "Held",
        }
    }

    /// The flag of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.name() == name)
    }
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// One period; none: all that are open.
    pub period: Option<Period>,
    /// Those with a flag.
    pub flag: Option<Flag>,
    /// Those that have this in ticket, technician, note, device, tier or work type.
    pub text: String,
}

/// An entry of a list.
#[derive(Clone, Debug)]
pub struct ListedEntry {
    /// The entry with its parts.
    pub entry: EntryBody,
    /// The period of the statement it is on.
    pub period: Period,
    /// The agreement of that statement.
    pub agreement: Option<String>,
    /// The device that it names.
    pub device: String,
    /// Is that statement issued?
    pub is_issued: bool,
    /// What is worth a look.
    pub flags: Vec<Flag>,
}

/// Sums over entries, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntrySums {
    /// Worked.
    pub actual: i64,
    /// After rounding.
    pub billable: i64,
    /// Taken from pools.
    pub burn: i64,
    /// Beyond them, held ones among them.
    pub beyond: i64,
    /// Charged by rates.
    pub charged: i64,
}

/// Entries with their sums.
#[derive(Clone, Debug, Default)]
pub struct ClientEntries {
    /// By start, the latest first.
    pub entries: Vec<ListedEntry>,
    /// Over all of them.
    pub sums: EntrySums,
}

impl Context {
    /// The entries of a client, the latest first.
    ///
    /// # Errors
    ///
    /// Fails when a stored statement makes no sense, or the database or the engine fails.
    pub fn client_entries(&self, client_id: Uuid, filter: &EntryFilter) -> Result<ClientEntries, AppError> {
        let live = self.client_live(client_id)?;
        let mut entries = Vec::new();
        match filter.period.filter(|period| live.is_issued(*period)) {
            Some(period) => {
                let rows = self
                    .store
                    .read(|tx| statement::list_of_client_period(tx, live.books.provider_id, client_id, &period.to_string()))?;
                for row in rows {
                    collect(read_body(&row)?, true, &mut entries);
                }
            }
            None => {
                let wanted = live.result.outcomes.iter().filter(|it| filter.period.is_none_or(|period| it.period == period));
                wanted.filter_map(|outcome| outcome.body.clone()).for_each(|body| collect(body, false, &mut entries));
            }
        }
        self.name_devices(&live, &mut entries)?;
        flag(&live, &mut entries);
        let text = filter.text.trim().to_lowercase();
        entries.retain(|it| filter.flag.is_none_or(|flag| it.flags.contains(&flag)) && (text.is_empty() || matches(it, &text)));
        entries.sort_by(|one, other| (other.entry.started_at, &other.entry.id).cmp(&(one.entry.started_at, &one.entry.id)));
        let mut sums = EntrySums::default();
        for listed in &entries {
            sums.add(&listed.entry);
        }
        Ok(ClientEntries { entries, sums })
    }

    /// Statements do not name the device of an entry; the entries do.
    fn name_devices(&self, live: &ClientLive, entries: &mut [ListedEntry]) -> Result<(), AppError> {
        let starts = entries.iter().map(|it| it.entry.started_at);
        let (Some(from), Some(until)) = (starts.clone().min(), starts.max()) else { return Ok(()) };
        let mut devices: HashMap<String, String> = HashMap::new();
        self.store.read(|tx| {
            let client = [live.client_id];
            time_entry::each_between(tx, live.books.provider_id, Some(&client), from..until + 1, |row| {
                if !row.device.is_empty() {
                    devices.insert(row.entry_id, row.device);
                }
                Ok::<_, AppError>(())
            })?;
            for row in time_entry::list_late_unbilled_of_client(tx, live.books.provider_id, live.client_id)? {
                devices.insert(row.entry_id, row.device);
            }
            Ok::<_, AppError>(())
        })?;
        for listed in entries {
            listed.device = devices.get(&listed.entry.id).cloned().unwrap_or_default();
        }
        Ok(())
    }
}

fn collect(body: StatementBody, is_issued: bool, entries: &mut Vec<ListedEntry>) {
    let (period, agreement) = (body.period, body.statement.agreement);
    entries.extend(body.entries.into_iter().map(|entry| ListedEntry {
        entry,
        period,
        agreement: agreement.clone(),
        device: String::new(),
        is_issued,
        flags: Vec::new(),
    }));
}

fn flag(live: &ClientLive, entries: &mut [ListedEntry]) {
    let open: HashSet<&str> = live.entries().iter().filter(|it| it.device == WorkedOn::Unlisted).map(|it| it.id.as_str()).collect();
    let client = live.client().ok();
    let has_agreements = client.is_some_and(|client| !client.client.agreements.as_slice().is_empty());
    let listed = |name: &str| client.is_some_and(|client| client.client.devices.iter().any(|device| device.name == name));
    for it in entries {
        let has = |fate: &str| it.entry.parts.iter().any(|part| part.fate == fate);
        let unlisted = if it.is_issued { !it.device.is_empty() && !listed(&it.device) } else { open.contains(it.entry.id.as_str()) };
        let flags = [
            (Flag::NoTicket, it.entry.ticket.is_empty()),
            (Flag::NoAgreement, it.agreement.is_none() && has_agreements),
            (Flag::Unlisted, unlisted),
            (Flag::Late, it.entry.late_for.is_some()),
            (Flag::Overage, has("overage")),
            (Flag::Held, has("held")),
        ];
        it.flags = flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag).collect();
    }
}

fn matches(listed: &ListedEntry, text: &str) -> bool {
    let entry = &listed.entry;
    let fields = [&entry.ticket, &entry.technician, &entry.note, &listed.device, &entry.tier, &entry.work_type, &entry.id];
    fields.iter().any(|field| field.to_lowercase().contains(text))
}

impl EntrySums {
    fn add(&mut self, entry: &EntryBody) {
        self.actual += entry.actual;
        self.billable += entry.billable;
        for part in &entry.parts {
            self.burn += part.burn;
            match part.fate.as_str() {
                "overage" | "held" => self.beyond += part.seconds,
                "charged" => self.charged += part.seconds,
                _ => {}
            }
        }
    }
}

/// The beginning of a day in UTC.
#[must_use]
pub fn seconds_of(day: Day) -> i64 {
    day.since(Day::of_local(0)) * DAY_SECONDS
}

/// A part in words: `0:15 drawn from the allowance`.
#[must_use]
pub fn part_words(part: &PartBody) -> String {
    format!("{} {}", crate::hours::hours(part.seconds).trim_end_matches(" h"), part.why)
}

/// Free text that a spreadsheet would take for a formula gets an apostrophe in front.
#[must_use]
pub fn plain_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}

/// Entries as CSV, one line for each.
#[must_use]
pub fn csv(entries: &ClientEntries) -> String {
    let mut out = String::new();
    let head = [
        "id",
        "statement",
        "agreement",
        "late_for",
        "started",
        "ticket",
        "technician",
        "tier",
        "work_type",
        "device",
        "actual_minutes",
        "billable_minutes",
        "drawn_minutes",
        "overage_minutes",
        "held_minutes",
        "charged_minutes",
        "where",
        "note",
    ];
    write_record(&mut out, &head);
    for listed in &entries.entries {
        let entry = &listed.entry;
        let minutes = |seconds: i64| minutes(seconds);
        let sum = |fate: &str| minutes(entry.parts.iter().filter(|part| part.fate == fate).map(|part| part.seconds).sum());
        let fates: Vec<String> = entry.parts.iter().map(part_words).collect();
        let fields = [
            plain_cell(&entry.id),
            listed.period.to_string(),
            plain_cell(listed.agreement.as_deref().unwrap_or_default()),
            entry.late_for.map(|period| period.to_string()).unwrap_or_default(),
            entry.started_local.to_string(),
            plain_cell(&entry.ticket),
            plain_cell(&entry.technician),
            plain_cell(&entry.tier),
            plain_cell(&entry.work_type),
            plain_cell(&listed.device),
            minutes(entry.actual),
            minutes(entry.billable),
            minutes(entry.parts.iter().map(|part| part.burn).sum()),
            sum("overage"),
            sum("held"),
            sum("charged"),
            fates.join("; "),
            plain_cell(&entry.note),
        ];
        write_record(&mut out, &fields.each_ref().map(String::as_str));
    }
    out
}

/// Minutes as a decimal with as many digits as it needs, at most two: spreadsheets add them up.
fn minutes(seconds: i64) -> String {
    let hundredths = (seconds * 100 + 30 * seconds.signum()) / 60;
    let (whole, rest) = (hundredths / 100, hundredths.abs() % 100);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}").trim_end_matches('0').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_decimals_that_add_up() {
        assert_eq!([0, 60, 90, 100, 61, 6].map(minutes), ["0", "1", "1.5", "1.67", "1.02", "0.1"]);
    }

    #[test]
    fn formulas_do_not_reach_a_spreadsheet() {
        assert_eq!(plain_cell("=1+1"), "'=1+1");
        assert_eq!(plain_cell("T-12"), "T-12");
    }
}
