//! The comparison as the template takes it: ready-made words, in order.
//!
//! Every piece of text from outside is cleaned and shortened here, and nowhere
//! else; places on charts come from `comparison_chart.rs`.

use serde::Serialize;

use crate::comparison::{BreakEven, ComparisonPaper, Contender, ProviderQuestion, TradeYardstick};
use crate::comparison_axis::is_drawable;
use crate::comparison_chart::{
    CurveChart, FanChart, HillChart, IntervalChart, curve_chart, fan_chart, hill_chart, interval_chart, is_steady,
};
use crate::comparison_replay::{ReplayView, replay_view};
use crate::comparison_words::{Listed, Shortener};
use crate::document::Party;
use crate::error::DocumentError;
use crate::format::long_date;
use crate::text::Cleaner;
use crate::view::{LogoView, PartyView, cut, logo_view, party_view};

/// More than these do not fit beside each other.
const CONTENDERS_MAX: usize = 10;
/// More than any chart or replay has; each takes time and memory.
const SERIES_MAX: usize = 5_000;
/// Lines of the provider's address, the e-mail among them.
const ADDRESS_LINES_MAX: usize = 5;
/// Sentences beside the curve.
const BREAK_EVENS_MAX: usize = 5;
const RANGE_MAX: usize = 32;
/// Characters of names, by how wide their place is.
const TITLE_MAX: usize = 110;
const CLIENT_MAX: usize = 120;
const NAME_MAX: usize = 44;
const LABEL_MAX: usize = 26;
/// Characters of a chance and of a share.
const CHANCE_MAX: usize = 26;
const SHARE_MAX: usize = 10;
/// Characters of sentences in tables and charts.
const LINE_MAX: usize = 100;
const POINT_MAX: usize = 110;
const PRICE_MAX: usize = 160;
const QUESTION_MAX: usize = 130;
/// Characters of sentences that stand alone.
const SENTENCE_MAX: usize = 340;
const ASSUMPTION_MAX: usize = 330;
const UNCERTAINTY_MAX: usize = 600;

#[derive(Debug, Serialize)]
pub(crate) struct ComparisonView {
    paper: &'static str,
    families: Vec<String>,
    /// What the PDF calls itself.
    document_title: String,
    footer: String,
    provider: PartyView,
    logo: Option<LogoView>,
    title: String,
    client: String,
    made_on: String,
    currency: String,
    summary: Listed,
    programs: Vec<ProgramView>,
    intervals: IntervalChart,
    intervals_alt: String,
    hills: HillChart,
    fan: Option<FanChart>,
    has_shares: bool,
    curve: Option<CurveChart>,
    break_evens: Listed,
    replay: Option<ReplayView>,
    advice: Listed,
    questions: Vec<QuestionView>,
    questions_more: String,
    assumptions: Listed,
    yardsticks: Vec<[String; 3]>,
    yardsticks_more: String,
    uncertainty: String,
    seed_line: String,
}

#[derive(Debug, Serialize)]
struct ProgramView {
    name: String,
    /// The name where it is a label or the head of a narrow column.
    label: String,
    line: String,
    price: String,
    today: bool,
    mean: String,
    range: String,
    median: String,
    p90: String,
    p95: String,
    tail95: String,
    worst_month: String,
    overage: String,
    lost_hours: String,
    lost_money: String,
    /// What an hour and a seat come to.
    rates: String,
    carried: String,
    share: Option<f64>,
    hill_alt: String,
    pros: Vec<String>,
    cons: Vec<String>,
}

#[derive(Debug, Serialize)]
struct QuestionView {
    question: String,
    why: String,
    answer: String,
}

/// Puts a comparison into words.
pub(crate) fn comparison_view(
    paper: &ComparisonPaper,
    cleaner: Cleaner<'_>,
    families: Vec<String>,
) -> Result<ComparisonView, DocumentError> {
    check_sizes(paper)?;
    check_values(paper)?;
    let short = Shortener::new(cleaner, &paper.currency);
    let title = short.or(&paper.title, TITLE_MAX, "Program comparison");
    let client = short.or(&paper.client_name, CLIENT_MAX, "you");
    let provider = provider_view(&paper.provider, cleaner, short);
    let labels: Vec<String> = paper.contenders.iter().map(|it| short.label(&it.name, LABEL_MAX)).collect();
    let told: Vec<&BreakEven> = paper.break_evens.iter().filter(|it| !it.sentence.trim().is_empty()).collect();
    let sentences: Vec<String> = told.iter().map(|it| it.sentence.clone()).collect();
    Ok(ComparisonView {
        paper: paper.paper.name(),
        families,
        document_title: format!("{title}: {client}"),
        footer: format!("{}  ·  Program comparison for {}", cut(&provider.name), cut(&client)),
        logo: paper.logo.as_ref().map(|logo| logo_view(logo, &provider.name, cleaner)),
        provider,
        title,
        made_on: long_date(paper.made_on),
        currency: short.text(&paper.currency, 12),
        summary: short.list(&paper.summary, 6, SENTENCE_MAX),
        programs: paper.contenders.iter().zip(&labels).map(|(it, label)| program_view(it, label, short)).collect(),
        intervals: interval_chart(&paper.contenders),
        intervals_alt: intervals_alt(&paper.contenders, short),
        hills: hill_chart(&paper.contenders),
        fan: fan_chart((&paper.month_fan, paper.months_past), paper.allowance.as_ref(), short),
        has_shares: paper.contenders.iter().any(|it| it.carried_share.is_some()),
        curve: curve_chart(paper, told.get(..BREAK_EVENS_MAX).unwrap_or(&told), &labels),
        break_evens: short.list(&sentences, BREAK_EVENS_MAX, POINT_MAX),
        replay: replay_view(&paper.replay, &labels, short),
        advice: short.list(&paper.advice, 4, SENTENCE_MAX),
        questions: paper.questions.iter().take(8).map(|it| question_view(it, short)).collect(),
        questions_more: short.more(paper.questions.len(), 8),
        assumptions: short.list(&paper.assumptions, 9, ASSUMPTION_MAX),
        yardsticks: paper.yardsticks.iter().take(6).map(|it| yardstick_view(it, short)).collect(),
        yardsticks_more: short.more(paper.yardsticks.len(), 6),
        uncertainty: short.text(&paper.uncertainty, UNCERTAINTY_MAX),
        seed_line: short.text(&paper.seed_line, SENTENCE_MAX),
        client,
    })
}

/// Only the name, the address and the e-mail: a prospect pays nothing yet.
fn provider_view(party: &Party, cleaner: Cleaner<'_>, short: Shortener<'_>) -> PartyView {
    let known = Party { name: party.name.clone(), address: party.address.clone(), email: party.email.clone(), ..Party::default() };
    let mut view = party_view(&known, cleaner);
    view.name = short.text(&party.name, CLIENT_MAX);
    view.block.retain(|line| !line.is_empty());
    view.block.truncate(ADDRESS_LINES_MAX);
    view.block.iter_mut().for_each(|line| *line = cut(line));
    view
}

fn program_view(it: &Contender, label: &str, short: Shortener<'_>) -> ProgramView {
    let points = |texts: &[String]| texts.iter().take(3).map(|text| short.text(text, POINT_MAX)).collect();
    let rates = [(&it.per_hour, "a billable hour"), (&it.per_seat, "a seat a month")];
    let rates = rates.into_iter().filter(|(amount, _)| !amount.trim().is_empty());
    let rates: Vec<String> = rates.map(|(amount, what)| format!("{} {what}", short.amount(amount))).collect();
    ProgramView {
        name: short.text(&it.name, NAME_MAX),
        label: label.to_owned(),
        line: short.text(&it.program_line, LINE_MAX),
        price: short.text(&it.price_line, PRICE_MAX),
        today: it.is_today,
        mean: short.amount(&it.mean),
        range: short.cell(&it.mean_range, RANGE_MAX),
        median: short.amount(&it.median),
        p90: short.amount(&it.p90),
        p95: short.amount(&it.p95),
        tail95: short.amount(&it.tail95),
        worst_month: short.amount(&it.worst_month),
        overage: short.cell(&it.overage_chance, CHANCE_MAX),
        lost_hours: short.amount(&it.lost_hours),
        lost_money: short.amount(&it.lost_money),
        rates: rates.join(", "),
        carried: short.cell(&it.carried_by_client, SHARE_MAX),
        share: it.carried_share.map(|share| share.clamp(0.0, 1.0)),
        hill_alt: hill_alt(it, short),
        pros: points(&it.pros),
        cons: points(&it.cons),
    }
}

fn hill_alt(it: &Contender, short: Shortener<'_>) -> String {
    let (name, median, bad) = (short.text(&it.name, NAME_MAX), short.amount(&it.median), short.amount(&it.p95));
    if is_steady(it) {
        return format!("{name}: every year costs {median}.");
    }
    format!("Density of a year's cost under {name}: the middle year at {median}, a bad year at {bad}.")
}

fn intervals_alt(contenders: &[Contender], short: Shortener<'_>) -> String {
    let row = |it: &Contender| {
        let (name, mean) = (short.text(&it.name, NAME_MAX), short.amount(&it.mean));
        format!(
            "{name}: {mean} on average, from {} in a middle year to {} in a bad one",
            short.amount(&it.median),
            short.amount(&it.p95)
        )
    };
    let rows: Vec<String> = contenders.iter().map(row).collect();
    format!("Chart of a year's cost under each program. {}.", rows.join("; "))
}

fn question_view(it: &ProviderQuestion, short: Shortener<'_>) -> QuestionView {
    QuestionView {
        question: short.text(&it.question, QUESTION_MAX),
        why: short.text(&it.why, QUESTION_MAX),
        answer: short.text(it.answer.as_deref().unwrap_or_default(), SENTENCE_MAX),
    }
}

fn yardstick_view(it: &TradeYardstick, short: Shortener<'_>) -> [String; 3] {
    [short.text(&it.what, 70), short.text(&it.value, 50), short.text(&it.source, POINT_MAX)]
}

fn check_sizes(paper: &ComparisonPaper) -> Result<(), DocumentError> {
    let density = paper.contenders.iter().map(|it| it.density.len()).max().unwrap_or(0);
    let (curve, replay) = (&paper.curve, &paper.replay);
    let sizes = [
        ("programs", paper.contenders.len(), CONTENDERS_MAX),
        ("programs on the curve", curve.costs.len(), CONTENDERS_MAX),
        ("programs in the replay", replay.costs.len().max(replay.texts.len()).max(replay.totals.len()), CONTENDERS_MAX),
        ("points of a density", density, SERIES_MAX),
        ("months ahead", paper.month_fan.len(), SERIES_MAX),
        ("levels of demand", curve.tickets.len(), SERIES_MAX),
        ("months of replay", replay.months.len(), SERIES_MAX),
    ];
    match sizes.into_iter().find(|(_, found, most)| found > most) {
        Some((what, found, most)) => Err(DocumentError::TooLarge { what, found, most }),
        None => Ok(()),
    }
}

/// Refuses numbers that no chart can show.
fn check_values(paper: &ComparisonPaper) -> Result<(), DocumentError> {
    let contenders = paper.contenders.iter().flat_map(|it| {
        let figures = [it.mean_value, it.p50_value, it.p95_value, it.carried_share.unwrap_or(0.0)];
        figures.into_iter().chain(it.density.iter().flat_map(|(cost, density)| [*cost, *density]))
    });
    let fan = paper.month_fan.iter().flat_map(|it| [it.p5, it.p10, it.p25, it.p50, it.p75, it.p90, it.p95]);
    let curve = paper.curve.tickets.iter().chain(paper.curve.costs.iter().flatten()).chain(&paper.curve.expected);
    let replay = paper.replay.costs.iter().flatten();
    let lines = paper.allowance.iter().map(|it| it.hours).chain(paper.break_evens.iter().filter_map(|it| it.tickets));
    let charts: [(&str, Box<dyn Iterator<Item = f64> + '_>); 4] = [
        ("a year's cost", Box::new(contenders)),
        ("the months ahead", Box::new(fan.chain(lines))),
        ("cost against demand", Box::new(curve.copied())),
        ("the months replayed", Box::new(replay.copied())),
    ];
    for (chart, mut values) in charts {
        if values.any(|value| !is_drawable(value)) {
            return Err(DocumentError::ChartValue(chart));
        }
    }
    Ok(())
}
