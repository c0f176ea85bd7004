//! A comparison as the document that a provider hands over. It computes nothing.

use jiff::civil::Date;
use quarterhour_documents as documents;
use quarterhour_documents::worker::Request;
use quarterhour_risk::curve::BreakEven;
use quarterhour_risk::number::float_i64;

use crate::app::body::{Party, provider_party};
use crate::app::context::Context;
use crate::app::invoice_pdf::logo;
use crate::app::money::{exact, rounded};
use crate::app::paper::party;
use crate::app::pdf::render_once;
use crate::app::risk::comparison::{Contender, Detail, Report, compare};
use crate::app::risk::office::Office;
use crate::app::risk::question::Question;
use crate::app::risk::{rests_on, words};
use crate::dates;
use crate::error::AppError;

/// What the document shows beside the report.
pub struct Letterhead {
    /// The provider.
    pub provider: Party,
    /// Its logo.
    pub logo: Option<documents::Logo>,
    /// The day on which it was made.
    pub made_on: Date,
}

/// The document of a report.
#[must_use]
pub fn paper(report: &Report, head: Letterhead) -> documents::ComparisonPaper {
    documents::ComparisonPaper {
        paper: documents::Paper::of_country(&head.provider.country),
        provider: party(&head.provider),
        logo: head.logo,
        client_name: report.client_name.clone(),
        title: "Which support program fits?".to_owned(),
        made_on: head.made_on,
        currency: report.currency.clone(),
        summary: report.sentences.clone(),
        contenders: report.contenders.iter().map(|it| contender(it, &report.currency)).collect(),
        month_fan: fan(report),
        months_past: report.past_hours.len().min(MONTHS_PAST),
        allowance: Some(report.allowance_hours())
            .filter(|hours| *hours > 0.0)
            .map(|hours| documents::AllowanceLine { label: format!("Use-it-or-lose-it: {hours:.1} h"), hours }),
        curve: curve(report),
        break_evens: break_evens(report),
        replay: replay(report),
        advice: report.client_advice.clone(),
        questions: report
            .questions
            .iter()
            .map(|it| documents::ProviderQuestion { question: it.question.clone(), why: it.why.clone(), answer: it.answer.clone() })
            .collect(),
        assumptions: report.assumptions.iter().cloned().chain(rests_on::redrawn(report)).collect(),
        yardsticks: report
            .yardsticks
            .iter()
            .map(|it| documents::TradeYardstick { what: it.what.clone(), value: it.value.clone(), source: it.source.clone() })
            .collect(),
        uncertainty: report.uncertainty(),
        seed_line: format!(
            "To compute this again: seed {}, {} simulated years from {}, client {}{}. The same books and questions give the same figures.",
            report.question.seed,
            report.courses,
            report.plan.first,
            report.client,
            if report.assumed.is_empty() { String::new() } else { format!("; assumed: {}", report.assumed.join("; ")) }
        ),
    }
}

fn contender(it: &Contender, currency: &str) -> documents::Contender {
    let figures = &it.figures;
    let density = it.density.iter().flat_map(|density| {
        (0_i64..).zip(&density.values).map(|(number, value)| (density.from + density.step * float_i64(number), *value))
    });
    documents::Contender {
        name: it.name.clone(),
        program_line: words::program_line(&it.program).to_owned(),
        price_line: it.because.clone(),
        mean: rounded(figures.mean.value),
        mean_range: it.mean_range_text(),
        median: rounded(figures.median.value),
        p90: rounded(figures.p90.value),
        p95: rounded(figures.p95.value),
        tail95: rounded(figures.tail_mean95.value),
        worst_month: rounded(figures.worst_month_p95.value),
        overage_chance: words::overage(it, words::chance),
        lost_hours: words::lost_hours(figures),
        lost_money: rounded(figures.lost_money),
        per_hour: figures.price_per_hour.map_or(String::new(), |price| exact(price, currency)),
        per_seat: figures.price_per_seat.map_or(String::new(), |price| exact(price, currency)),
        carried_by_client: figures.carried_by_client.map_or(String::new(), |share| format!("{:.0}\u{a0}%", share.max(0.0) * 100.0)),
        carried_share: figures.carried_by_client.map(|share| share.clamp(0.0, 1.0)),
        mean_value: figures.mean.value,
        p50_value: figures.median.value,
        p95_value: figures.p95.value,
        density: density.collect(),
        pros: it.pros.clone(),
        cons: it.cons.clone(),
        is_today: it.is_today(),
    }
}

/// Months that were, at most so many.
const MONTHS_PAST: usize = 12;
/// Months to come.
const MONTHS_AHEAD: usize = 6;

/// The last months as they were, each with all hours alike, then the months ahead.
fn fan(report: &Report) -> Vec<documents::FanMonth> {
    let hours: Vec<f64> = report.month_hours.iter().map(|(_, hours)| *hours).collect();
    let [p5, p10, p25, p50, p75, p90, p95] = hours[..] else { return Vec::new() };
    let past = report.past_hours.iter().rev().take(MONTHS_PAST).rev().map(|(period, hours)| {
        let (label, hours) = (dates::month_short(*period), *hours);
        documents::FanMonth { label, p5: hours, p10: hours, p25: hours, p50: hours, p75: hours, p90: hours, p95: hours }
    });
    let ahead = (0..).take(MONTHS_AHEAD).map(|number| {
        let label = dates::month_short(report.plan.first.plus(number));
        documents::FanMonth { label, p5, p10, p25, p50, p75, p90, p95 }
    });
    past.chain(ahead).collect()
}

fn curve(report: &Report) -> documents::DemandCurve {
    let costs = |at: usize| report.curve.iter().filter_map(|point| point.costs.get(at)).copied().collect();
    documents::DemandCurve {
        tickets: report.curve.iter().map(|point| point.tickets).collect(),
        costs: (0..report.contenders.len()).map(costs).collect(),
        expected: Some(report.tickets),
    }
}

/// So many points are told.
const BREAK_EVENS: usize = 5;

/// Where another program becomes the cheapest of all, then where today's agreement is overtaken, then those nearest to what is
/// expected; the chosen ones by their tickets.
fn break_evens(report: &Report) -> Vec<documents::BreakEven> {
    let cheapest = words::crossings(report);
    let is_today = |name: &str| report.contenders.iter().any(|it| it.is_today() && it.name == name);
    let rank = |it: &BreakEven| {
        let matters = if cheapest.iter().any(|(_, own)| own.is_some_and(|own| own == it)) { 0 } else { 2 };
        matters - i32::from(matters > 0 && (is_today(&it.below) || is_today(&it.above)))
    };
    let far = |it: &BreakEven| (it.tickets - report.tickets).abs();
    let mut chosen: Vec<&BreakEven> = report.break_evens.iter().collect();
    chosen.sort_by(|one, other| rank(one).cmp(&rank(other)).then(far(one).total_cmp(&far(other))));
    // The others stand behind: the document says how many they are.
    let told = chosen.len().min(BREAK_EVENS);
    chosen.get_mut(..told).unwrap_or_default().sort_by(|one, other| one.tickets.total_cmp(&other.tickets));
    let said = |it: &BreakEven| documents::BreakEven {
        sentence: format!(
            "Below {} a month ({:.1} hours of work) {} is cheaper, above it {}.",
            words::tickets(it.tickets),
            it.hours,
            it.below,
            it.above
        ),
        tickets: Some(it.tickets),
        contender: report.contenders.iter().position(|contender| contender.name == it.below),
    };
    chosen.into_iter().map(said).collect()
}

fn replay(report: &Report) -> documents::ReplayedMonths {
    let all: Option<Vec<_>> = report.contenders.iter().map(|contender| contender.replay.as_ref()).collect();
    let Some(all) = all else { return documents::ReplayedMonths::default() };
    let minor = report.minor();
    let costs: Vec<Vec<f64>> =
        all.iter().map(|replay| replay.months.iter().map(|month| float_i64(month.cost.net) / minor).collect()).collect();
    documents::ReplayedMonths {
        months: all
            .first()
            .map(|replay| replay.months.iter().map(|month| month.period.first_day().date().strftime("%b %Y").to_string()).collect())
            .unwrap_or_default(),
        texts: costs.iter().map(|costs| costs.iter().map(|cost| rounded(*cost)).collect()).collect(),
        total_values: all.iter().map(|replay| float_i64(replay.total) / minor).collect(),
        totals: all.iter().map(|replay| rounded(float_i64(replay.total) / minor)).collect(),
        costs,
    }
}

/// A report as a PDF, by a process of its own: for commands.
///
/// # Errors
///
/// Fails when no process can be started, or the document cannot be rendered.
pub fn render(office: &Office, report: &Report) -> Result<Vec<u8>, AppError> {
    render_once(&Request::Comparison(Box::new(headed(office, report, None))))
}

fn headed(office: &Office, report: &Report, logo: Option<documents::Logo>) -> documents::ComparisonPaper {
    let provider = provider_party(&office.setup, &office.setup.provider.country);
    paper(report, Letterhead { provider, logo, made_on: office.today.date() })
}

impl Context {
    /// A client's comparison as a PDF.
    ///
    /// # Errors
    ///
    /// Fails as [`compare`] does, or when the PDF cannot be made.
    pub fn comparison_pdf(&self, code: &str, question: &Question) -> Result<Vec<u8>, AppError> {
        let office = self.office()?;
        let report = compare(&office, code, question, &[], Detail::Whole)?;
        let paper = self.comparison_paper(&office, &report)?;
        self.pdfs.render_any(&Request::Comparison(Box::new(paper)))
    }

    /// The document of a report, with the provider's letterhead and logo.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn comparison_paper(&self, office: &Office, report: &Report) -> Result<documents::ComparisonPaper, AppError> {
        let provider = self.provider()?;
        let logo = self.store.read(|tx| logo(tx, provider))?;
        Ok(headed(office, report, logo))
    }
}
