//! What a client's open statements would be under an agreement that is still being written. It saves nothing.

use quarterhour_billing::agreement::{Agreement, Agreements};
use quarterhour_billing::{Currency, Day, Period, TimeTotals, Words};
use quarterhour_books::{BookClient, setup};

use crate::app::actor::{Actor, Permission};
use crate::app::agreement::{client_at, reading};
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_words::{self, ClauseWords};
use crate::app::context::Context;
use crate::app::live::ClientLive;
use crate::app::money;
use crate::app::outcome::{Outcome, RunResult};
use crate::error::AppError;

/// With fewer entries than this, a month that has just begun says little.
const FEW_ENTRIES: usize = 8;

/// Open statements as they are, and as they would be.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The agreement in plain words, with the devices of today.
    pub clauses: Vec<ClauseWords>,
    /// The months that were billed anew, the one that says most first.
    pub months: Vec<Month>,
    /// The currency.
    pub currency: Currency,
}

/// A month as it is and as it would be.
#[derive(Clone, Debug)]
pub struct Month {
    /// The month.
    pub period: Period,
    /// Does it run today?
    pub is_running: bool,
    /// The day within it on which the draft comes into force; none: as if from its first day.
    pub from: Option<Day>,
    /// Its entries.
    pub entries: usize,
    /// As it is.
    pub before: Side,
    /// As it would be.
    pub after: Side,
    /// The printed lines of both, those of one kind and text beside each other.
    pub lines: Vec<LinePair>,
}

/// The numbers of a month.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Seconds, all statements of the month together.
    pub time: TimeTotals,
    /// Does anything draw on pools of time?
    pub draws_time: bool,
    /// Minor units before tax.
    pub net: i64,
}

impl Side {
    /// Seconds that were or are in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.time.available()
    }

    /// Seconds in pools now.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.available() - self.time.used
    }
}

/// A printed line on one side, the other, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePair {
    /// What it says.
    pub text: String,
    /// Its amount as it is, in minor units.
    pub before: Option<i64>,
    /// Its amount as it would be.
    pub after: Option<i64>,
}

impl Preview {
    /// An amount without its currency.
    #[must_use]
    pub fn money(&self, amount: &i64) -> String {
        money::shown(*amount, self.currency).replacen(&format!("{} ", self.currency.code()), "", 1)
    }

    /// An amount without its currency; nothing for a line that is not there.
    #[must_use]
    pub fn amount(&self, amount: &Option<i64>) -> String {
        amount.as_ref().map(|amount| self.money(amount)).unwrap_or_default()
    }
}

impl Month {
    /// The hours that say something on either side: what they are, as it is, as it would be.
    #[must_use]
    pub fn hours(&self) -> Vec<(&'static str, i64, i64)> {
        let (before, after) = (&self.before, &self.after);
        let of = |label, pick: fn(&Side) -> i64| (label, pick(before), pick(after));
        let all = [
            of("Hours available", Side::available),
            of("Used", |side| side.time.used),
            of("Left", Side::left),
            of("Lost if it ended now", |side| side.time.forfeited),
            of("Rolls on", |side| side.time.closing),
            of("Overage", |side| side.time.overage),
            of("Held", |side| side.time.held),
            of("Charged", |side| side.time.charged),
            of("Included", |side| side.time.included),
            of("Own staff", |side| side.time.internal),
        ];
        all.into_iter().filter(|(_, before, after)| *before != 0 || *after != 0).collect()
    }

    /// The lines that are other than they were.
    pub fn changed_lines(&self) -> impl Iterator<Item = &LinePair> {
        self.lines.iter().filter(|line| line.before != line.after)
    }

    /// How many lines stay as they are, and what they add up to.
    #[must_use]
    pub fn same_lines(&self) -> Option<(usize, i64)> {
        let same: Vec<i64> = self.lines.iter().filter(|line| line.before == line.after).filter_map(|line| line.after).collect();
        (!same.is_empty()).then(|| (same.len(), same.iter().sum()))
    }

    /// What the client would pay more, before tax, in minor units.
    #[must_use]
    pub fn difference(&self) -> i64 {
        self.after.net - self.before.net
    }
}

impl Context {
    /// Bills a client's open months as if a draft had been in force from their first day, or from the day within them
    /// on which it really starts.
    /// `replacing` names the agreement that is being edited.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn preview_agreement(
        &self,
        actor: &Actor,
        code: &str,
        form: &AgreementForm,
        replacing: Option<&str>,
    ) -> Result<Preview, AppError> {
        actor.require(Permission::EditAgreements)?;
        let books = self.books()?;
        let (client_id, _) = client_at(&books, code)?;
        let live = self.client_live(client_id)?;
        let client = live.client()?;
        let mut words = live.words().clone();
        let today = self.clock.today(&client.client.clock);
        let (spoken, _) = as_of(form, code, live.running.first_day()).read("draft", &mut words).map_err(AppError::Invalid)?;
        let clauses = agreement_words::clauses(reading(&live.books, client, &spoken, &words, today));
        let is_version = replacing.is_some() && form.get("apply") != "place";
        let begins = form.get(if is_version { "from" } else { "starts" }).parse().ok().map(Day::from_date);
        let mut months = Vec::new();
        for period in months_of(&live) {
            let within = begins.filter(|day| day.period() == period && *day > period.first_day());
            let from = within.unwrap_or_else(|| period.first_day());
            let (draft, _) = as_of(form, code, from).read("draft", &mut words).map_err(AppError::Invalid)?;
            let changed = with_draft(client, draft, (replacing, is_version), from)?;
            let after = live.bill(&changed, live.entries(), &words)?;
            months.push(compare(&live, &after, period, within));
        }
        Ok(Preview { clauses, months, currency: client.client.currency })
    }

    /// The clauses of a template in plain words, with no devices behind them.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn preview_template(&self, form: &AgreementForm) -> Result<Vec<ClauseWords>, AppError> {
        let books = self.books()?;
        let mut words = books.setup.words.clone();
        let (agreement, _) = form.read_template(&mut words).map_err(AppError::Invalid)?;
        Ok(self.speak_template(&books.setup, &agreement, &words))
    }

    fn speak_template(&self, setup: &setup::Setup, agreement: &Agreement, words: &Words) -> Vec<ClauseWords> {
        let clock = quarterhour_billing::LocalClock::new("UTC", &jiff::tz::TimeZone::UTC);
        let client = quarterhour_billing::Client {
            code: String::new(),
            currency: setup.provider.currency,
            tax_percent: quarterhour_billing::Decimal::ZERO,
            devices: Vec::new(),
            agreements: Agreements::default(),
            clock: std::sync::Arc::new(clock),
        };
        let on = self.clock.today(&client.clock);
        let terms = &setup.provider.terms;
        agreement_words::clauses(agreement_words::Reading { agreement, words, client: &client, terms, on })
    }
}

/// A form as if its agreement began on a day and went on for ever. A block that is bought on its first day comes along.
fn as_of(form: &AgreementForm, code: &str, day: Day) -> AgreementForm {
    let mut form = form.clone();
    let starts = form.get("starts").to_owned();
    for row in form.rows("block") {
        let field = format!("block.{row}.bought");
        if form.get(&field) == starts && !form.is_blank(&format!("block.{row}")) {
            form.set(field, day.to_string());
        }
    }
    form.keep_blocks(|bought| bought >= day);
    form.set("client", code);
    form.set("starts", day.to_string());
    form.set("ends", "");
    form
}

/// The months to bill anew: the running one, and the one before it while it is open and says more.
fn months_of(live: &ClientLive) -> Vec<Period> {
    let before = live.running.previous();
    let entries = entries_in(live, live.running);
    let is_open = !live.is_issued(before) && live.outcomes(before).next().is_some();
    if is_open && entries < FEW_ENTRIES { vec![before, live.running] } else { vec![live.running] }
}

fn entries_in(live: &ClientLive, period: Period) -> usize {
    live.outcomes(period).filter_map(|outcome| outcome.body.as_ref()).map(|body| body.entries.len()).sum()
}

/// The client with a draft in force from a day on, in place of whatever would be.
fn with_draft(
    client: &BookClient,
    mut draft: Agreement,
    (replacing, is_version): (Option<&str>, bool),
    from: Day,
) -> Result<BookClient, AppError> {
    let mut kept = Vec::new();
    let stays = |agreement: &&Agreement| {
        agreement.starts < from && (is_version || replacing != Some(agreement.name.as_str()) || from == from.period().first_day())
    };
    for agreement in client.client.agreements.as_slice().iter().filter(stays) {
        let mut agreement = agreement.clone();
        agreement.ends = Some(agreement.ends.map_or(from, |ends| ends.min(from)));
        if let quarterhour_billing::agreement::Prepaid::Time(pools) = &mut agreement.prepaid {
            pools.blocks.retain(|block| block.bought < from);
        }
        kept.push(agreement);
    }
    // Its own name, unless the version under that name stays before it.
    let name = replacing.unwrap_or("draft");
    draft.name = if kept.iter().any(|agreement| agreement.name == name) { format!("{name}, edited") } else { name.to_owned() };
    kept.push(draft);
    let agreements = Agreements::new(kept).map_err(|overlaps| {
        AppError::Invalid(overlaps.iter().map(|overlap| crate::error::FieldProblem::new("starts", overlap.to_string())).collect())
    })?;
    let mut client = client.clone();
    client.client.agreements = agreements;
    Ok(client)
}

fn compare(live: &ClientLive, after: &RunResult, period: Period, from: Option<Day>) -> Month {
    let of = |result: &RunResult| result.outcomes.iter().filter(|outcome| outcome.period == period).cloned().collect::<Vec<_>>();
    let (before, after) = (of(&live.result), of(after));
    Month {
        period,
        is_running: period == live.running,
        from,
        entries: entries_in(live, period),
        lines: pair_lines(&before, &after),
        before: side(&before),
        after: side(&after),
    }
}

fn side(outcomes: &[Outcome]) -> Side {
    let mut side = Side::default();
    for outcome in outcomes {
        let (sum, time) = (&mut side.time, &outcome.report.time);
        sum.opening += time.opening;
        sum.granted += time.granted;
        sum.restored += time.restored;
        sum.used += time.used;
        sum.forfeited += time.forfeited;
        sum.closing += time.closing;
        sum.overage += time.overage;
        sum.charged += time.charged;
        sum.included += time.included;
        sum.internal += time.internal;
        sum.courtesy += time.courtesy;
        sum.held += time.held;
        sum.actual += time.actual;
        sum.billable += time.billable;
        side.draws_time |= outcome.body.as_ref().is_some_and(|body| body.draws_time);
        side.net += money::minor(&outcome.report.net).unwrap_or(0);
    }
    side
}

fn pair_lines(before: &[Outcome], after: &[Outcome]) -> Vec<LinePair> {
    let mut pairs: Vec<LinePair> = Vec::new();
    for (outcomes, is_after) in [(before, false), (after, true)] {
        for line in outcomes.iter().flat_map(|outcome| &outcome.report.lines) {
            let amount = money::minor(&line.amount).unwrap_or(0);
            let position = pairs.iter().position(|pair| pair.text == line.text).unwrap_or_else(|| {
                pairs.push(LinePair { text: line.text.clone(), before: None, after: None });
                pairs.len() - 1
            });
            if let Some(pair) = pairs.get_mut(position) {
                let slot = if is_after { &mut pair.after } else { &mut pair.before };
                *slot = Some(slot.unwrap_or(0) + amount);
            }
        }
    }
    pairs
}
