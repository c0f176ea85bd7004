//! The month overview and the run of a month: what each statement says, what changed, what to look at before issuing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use quarterhour_billing::{Currency, Period, TimeTotals};
use quarterhour_store::statements::hold;
use quarterhour_store::statements::kept_back::KeptBack;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::app::issued_cache::IssuedStatement;
use crate::app::job::Work;
use crate::app::keep_back::{KeptMonths, kept_words};
use crate::app::live::{OpenStatement, Summary};
use crate::app::money::minor;
use crate::error::AppError;

/// Money of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The currency.
    pub currency: Currency,
    /// Statements or invoices behind it.
    pub count: usize,
    /// Net, in minor units.
    pub net: i64,
    /// Tax, in minor units.
    pub tax: i64,
    /// Both.
    pub total: i64,
}

/// A month of the overview.
#[derive(Clone, Debug)]
pub struct Month {
    /// The period.
    pub period: Period,
    /// Is it over for every client?
    pub is_over: bool,
    /// Open statements.
    pub open: usize,
    /// Invoices.
    pub invoices: usize,
    /// What open statements come to, by currency.
    pub open_sums: Vec<Sum>,
    /// What was issued, by currency.
    pub issued_sums: Vec<Sum>,
}

/// Where a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunState {
    /// Not issued.
    Open,
    /// Issued, with the invoice's number where it has lines.
    Issued(Option<i64>),
}

/// A statement of a run.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// The client.
    pub client_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The agreement.
    pub agreement: Option<String>,
    /// The program.
    pub program: String,
    /// The currency.
    pub currency: Currency,
    /// Seconds.
    pub time: TimeTotals,
    /// Net, in minor units.
    pub net: i64,
    /// Tax, in minor units.
    pub tax: i64,
    /// Both.
    pub total: i64,
    /// What the statement of the month before came to.
    pub last: Option<i64>,
    /// Where it stands.
    pub state: RunState,
    /// What to look at.
    pub warnings: Vec<String>,
    /// Who keeps it back from issuing, and why.
    pub kept_back: Option<KeptBack>,
}

impl RunRow {
    /// Is it open and not kept back?
    #[must_use]
    pub fn is_due(&self) -> bool {
        !self.is_issued() && self.kept_back.is_none()
    }

    /// Seconds that were in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.time.available()
    }

    /// What the total changed by since the month before.
    #[must_use]
    pub fn change(&self) -> Option<i64> {
        self.last.map(|last| self.total - last)
    }

    /// The change in percent of the month before, rounded towards zero; none from nothing.
    #[must_use]
    pub fn change_percent(&self) -> Option<i64> {
        let last = self.last.filter(|last| *last != 0)?;
        // To the nearest percent, halves away from zero.
        let (change, last) = (i128::from(self.total - last) * 200, i128::from(last.abs()));
        i64::try_from((change + change.signum() * last) / (2 * last)).ok()
    }

    /// Is it issued?
    #[must_use]
    pub fn is_issued(&self) -> bool {
        matches!(self.state, RunState::Issued(_))
    }
}

/// Warnings of one kind.
#[derive(Clone, Debug)]
pub struct WarningGroup {
    /// What they are about.
    pub title: &'static str,
    /// Code and text.
    pub warnings: Vec<(String, String)>,
}

impl WarningGroup {
    /// How many clients they are about.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.warnings.iter().map(|(code, _)| code).collect::<HashSet<_>>().len()
    }
}

/// A month's run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The period.
    pub period: Period,
    /// Is it over for every client?
    pub is_over: bool,
    /// By client and agreement.
    pub rows: Vec<RunRow>,
    /// Of all statements, by currency.
    pub sums: Vec<Sum>,
    /// What to look at, by kind.
    pub groups: Vec<WarningGroup>,
    /// Earlier months with open statements, which are issued first.
    pub earlier: Vec<(Period, usize)>,
    /// Held overage of the month that waits for a decision.
    pub held: usize,
}

impl Run {
    /// Open statements that a run would issue.
    #[must_use]
    pub fn due(&self) -> usize {
        self.rows.iter().filter(|row| row.is_due()).count()
    }

    /// Open statements.
    #[must_use]
    pub fn open(&self) -> usize {
        self.rows.iter().filter(|row| !row.is_issued()).count()
    }

    /// Can the open ones be issued now?
    #[must_use]
    pub fn can_issue(&self) -> bool {
        self.is_over && self.earlier.is_empty() && self.due() > 0
    }
}

impl Context {
    /// The months with anything open or issued, the latest first.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn billing_months(&self, actor: &Actor) -> Result<Vec<Month>, AppError> {
        actor.require(Permission::SeeBilling)?;
        let summaries = self.summaries()?;
        let mut months: BTreeMap<Period, Month> = BTreeMap::new();
        for issued in self.issued_totals()?.iter() {
            let month = months.entry(issued.period).or_insert_with(|| Month::new(issued.period, &summaries));
            month.invoices += issued.invoices;
            let (currency, count, net, total) = (issued.currency, issued.invoices, issued.net, issued.total);
            month.issued_sums.push(Sum { currency, count, net, tax: total - net, total });
        }
        for summary in &summaries {
            for open in &summary.open {
                let month = months.entry(open.period).or_insert_with(|| Month::new(open.period, &summaries));
                month.open += 1;
                let (net, tax, total) = amounts(open);
                add(&mut month.open_sums, summary.currency, (net, tax, total));
            }
        }
        Ok(months.into_values().rev().collect())
    }

    /// The run of a month.
    ///
    /// # Errors
    ///
    /// Refuses who may not see billing.
    pub fn run_of(&self, actor: &Actor, period: Period) -> Result<Run, AppError> {
        actor.require(Permission::SeeBilling)?;
        let summaries = self.summaries()?;
        let mut rows = self.rows(&summaries, period)?;
        let before = self.rows(&summaries, period.previous())?;
        compare(&mut rows, &before);
        rows.sort_by(|one, other| (&one.code, &one.agreement).cmp(&(&other.code, &other.agreement)));
        let text = period.to_string();
        let holds = self.store.read(|tx| hold::list_open(tx, actor.provider))?;
        let held = holds.iter().filter(|row| row.state == "held" && row.period == text).count();
        let mut earlier: BTreeMap<Period, usize> = BTreeMap::new();
        let kept = self.kept_months(actor)?;
        for row in &mut rows {
            row.kept_back = kept.of(row.client_id, period).filter(|_| !row.is_issued()).cloned();
        }
        for summary in &summaries {
            let of_client = summary.open.iter().filter(|open| open.period < period);
            for open in of_client.filter(|open| !summary.waits(&kept, open.period)) {
                *earlier.entry(open.period).or_default() += 1;
            }
        }
        Ok(Run {
            period,
            is_over: is_over(&summaries, period),
            sums: sums(rows.iter()),
            groups: groups(&rows),
            earlier: earlier.into_iter().collect(),
            held,
            rows,
        })
    }

    fn rows(&self, summaries: &[Arc<Summary>], period: Period) -> Result<Vec<RunRow>, AppError> {
        let closed = summaries.iter().filter(|summary| summary.issued.is_some_and(|issued| issued >= period)).count();
        let by_id: HashMap<Uuid, &Arc<Summary>> = summaries.iter().map(|summary| (summary.client_id, summary)).collect();
        let issued = self.issued_statements(period, closed)?;
        let issued = issued.iter().filter_map(|issued| Some(issued_row(by_id.get(&issued.client_id)?, issued)));
        let mut rows: Vec<RunRow> = issued.collect();
        for summary in summaries {
            let mut open: Vec<RunRow> =
                summary.open.iter().filter(|open| open.period == period).map(|open| open_row(summary, open)).collect();
            let warnings = summary.warnings.iter().filter(|warning| warning.period == period).map(|warning| warning.text.clone());
            // They are about the client's month; the first statement carries them.
            if let Some(first) = open.first_mut() {
                first.warnings = warnings.collect();
            }
            rows.append(&mut open);
        }
        Ok(rows)
    }

    /// Orders the issue of a month for all clients (no codes) or for these; returns the job.
    ///
    /// # Errors
    ///
    /// Refuses months that are not over, months before which others are open, and odd dates.
    pub fn order_issue(&self, actor: &Actor, period: Period, clients: &[String], issued_on: Date) -> Result<Uuid, AppError> {
        actor.require(Permission::Bill)?;
        let summaries = self.summaries()?;
        let wanted = |summary: &&Arc<Summary>| clients.is_empty() || clients.contains(&summary.code);
        if let Some(unknown) = clients.iter().find(|code| !summaries.iter().any(|summary| summary.code == **code)) {
            return Err(AppError::field("client", format!("there is no client `{unknown}`")));
        }
        if !is_over(&summaries, period) {
            let last = period.end().previous();
            return Err(AppError::conflict(format!("{period} is not over: it runs until {last}"), "issue it when it is over"));
        }
        let open = summaries.iter().filter(wanted).flat_map(|summary| summary.open.iter().map(move |open| (summary, open)));
        let kept = self.kept_months(actor)?;
        let named = summaries.iter().filter(|summary| clients.contains(&summary.code));
        if let Some((summary, kept)) = named.filter_map(|it| Some((it, kept.of(it.client_id, period)?))).next() {
            return Err(AppError::conflict(kept_words(&summary.code, kept), "release it first"));
        }
        let waits = |summary: &Summary, open: &OpenStatement| clients.is_empty() && summary.waits(&kept, open.period);
        let earliest =
            open.filter(|(summary, open)| open.period < period && !waits(summary, open)).min_by_key(|(_, open)| open.period);
        if let Some((summary, open)) = earliest {
            let message = format!("client {}: {} is not issued yet", summary.code, open.period);
            return Err(AppError::conflict(message, format!("issue {} first", open.period)));
        }
        if issued_on < period.first_day().date() || issued_on > self.today() {
            let expected = format!("expected a day from {} until today", period.first_day());
            return Err(AppError::field("issued_on", expected));
        }
        self.order_job(actor, &Work::Issue { period, clients: clients.to_vec(), issued_on })
    }
}

impl Summary {
    /// Is a month of it kept back, or does it wait behind one that is? It stops nobody else.
    fn waits(&self, kept: &KeptMonths, period: Period) -> bool {
        self.open.iter().any(|open| open.period <= period && kept.of(self.client_id, open.period).is_some())
    }
}

impl Month {
    fn new(period: Period, summaries: &[Arc<Summary>]) -> Self {
        let (open_sums, issued_sums) = Default::default();
        Self { period, is_over: is_over(summaries, period), open: 0, invoices: 0, open_sums, issued_sums }
    }
}

fn is_over(summaries: &[Arc<Summary>], period: Period) -> bool {
    summaries.iter().all(|summary| period < summary.running)
}

fn amounts(open: &OpenStatement) -> (i64, i64, i64) {
    let amount = |text: &str| minor(text).unwrap_or(0);
    (amount(&open.report.net), amount(&open.report.tax), amount(&open.report.total))
}

fn add(sums: &mut Vec<Sum>, currency: Currency, (net, tax, total): (i64, i64, i64)) {
    match sums.iter_mut().find(|sum| sum.currency == currency) {
        Some(sum) => {
            sum.count += 1;
            sum.net += net;
            sum.tax += tax;
            sum.total += total;
        }
        None => sums.push(Sum { currency, count: 1, net, tax, total }),
    }
}

/// Sums of statements by currency.
pub fn sums<'a>(rows: impl Iterator<Item = &'a RunRow>) -> Vec<Sum> {
    let mut sums = Vec::new();
    for row in rows {
        add(&mut sums, row.currency, (row.net, row.tax, row.total));
    }
    sums.sort_by_key(|sum| sum.currency.code());
    sums
}

fn open_row(summary: &Summary, open: &OpenStatement) -> RunRow {
    let (net, tax, total) = amounts(open);
    RunRow {
        client_id: summary.client_id,
        code: summary.code.clone(),
        name: summary.name.clone(),
        agreement: open.report.agreement.clone(),
        program: open.report.program.to_string(),
        currency: summary.currency,
        time: open.report.time,
        net,
        tax,
        total,
        last: None,
        state: RunState::Open,
        kept_back: None,
        warnings: Vec::new(),
    }
}

fn issued_row(summary: &Summary, issued: &IssuedStatement) -> RunRow {
    RunRow {
        client_id: issued.client_id,
        code: summary.code.clone(),
        name: summary.name.clone(),
        agreement: issued.agreement.clone(),
        program: issued.program.clone(),
        currency: issued.currency,
        time: issued.time,
        net: issued.net,
        tax: issued.tax,
        total: issued.total,
        last: None,
        state: RunState::Issued(issued.number),
        kept_back: None,
        warnings: Vec::new(),
    }
}

/// Sets what each statement came to a month before: under the same agreement, or where both months have one statement of
/// the client.
fn compare(rows: &mut [RunRow], before: &[RunRow]) {
    let mut by_client: HashMap<Uuid, Vec<&RunRow>> = HashMap::new();
    for row in before {
        by_client.entry(row.client_id).or_default().push(row);
    }
    let mut statements: HashMap<Uuid, usize> = HashMap::new();
    for row in rows.iter() {
        *statements.entry(row.client_id).or_default() += 1;
    }
    for row in rows {
        let is_only = statements.get(&row.client_id) == Some(&1);
        let own = by_client.get(&row.client_id).map_or(&[][..], Vec::as_slice);
        let same = own.iter().find(|other| other.agreement == row.agreement);
        let only = own.first().filter(|_| own.len() == 1 && is_only);
        row.last = same.or(only).filter(|other| other.currency == row.currency).map(|other| other.total);
    }
}

/// The kinds of warnings, by words that they have.
const KINDS: [(&str, &str); 8] = [
    ("priced by the rate card, whose", "Prices in another currency"),
    ("held for approval", "Held overage"),
    ("late time of", "Late time"),
    ("no agreement", "No agreement"),
    ("device count went", "Device counts that jumped"),
    ("no devices to count", "No devices to count"),
    ("without ticket", "Entries without ticket"),
    ("not on the list", "Devices that are not listed"),
];

fn groups(rows: &[RunRow]) -> Vec<WarningGroup> {
    let mut groups: Vec<WarningGroup> = Vec::new();
    for (row, text) in rows.iter().flat_map(|row| row.warnings.iter().map(move |text| (row, text))) {
        let title = KINDS.iter().find(|(words, _)| text.contains(words)).map_or("Other", |(_, title)| title);
        let warning = (row.code.clone(), text.clone());
        match groups.iter_mut().find(|group| group.title == title) {
            Some(group) => group.warnings.push(warning),
            None => groups.push(WarningGroup { title, warnings: vec![warning] }),
        }
    }
    groups.sort_by_key(|group| KINDS.iter().position(|(_, title)| *title == group.title));
    groups
}
