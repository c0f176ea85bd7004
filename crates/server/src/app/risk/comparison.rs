//! The comparison of programs for one client: the provider's books in, a report that can be repeated out. It saves nothing.

use quarterhour_billing::{Currency, Period};
use quarterhour_risk::advice::{Advice, ProgramAdvice};
use quarterhour_risk::candidate::{Candidate, Ground};
use quarterhour_risk::comparison::{Figures, Measure, Plan};
use quarterhour_risk::curve::{BreakEven, CurvePoint, Density, break_evens, curve, densities};
use quarterhour_risk::estimate::Estimate;
use quarterhour_risk::evidence::{Evidence, evidence};
use quarterhour_risk::field::Field;
use quarterhour_risk::number::minor_units;
use quarterhour_risk::portfolio::{Knowledge, Prior, Seats};
use quarterhour_risk::replay::Replay;
use quarterhour_risk::standard::seats;
use serde::Serialize;

use crate::app::money::rounded;
use crate::app::risk::asked::{Asked, mean_hours, month_hours};
use crate::app::risk::facts::Facts;
use crate::app::risk::office::Office;
use crate::app::risk::question::{Draft, Question};
use crate::app::risk::questions::{AskedQuestion, questions};
use crate::app::risk::scenario::{Contest, Redrawn, Scenario, redrawn, scenarios};
use crate::app::risk::{rests_on, words};
use crate::error::{AppError, Shares};

/// A program in a report.
#[derive(Clone, Debug, Serialize)]
pub struct Contender {
    /// Its name: a program, or what the agreement is called.
    pub name: String,
    /// What it is sold as.
    pub program: String,
    /// How its prices were made.
    pub because: String,
    /// The agreement as the books write it, but for client and dates; none for one that is in the books.
    pub text: Option<String>,
    /// What it comes to.
    pub figures: Figures,
    /// The average year, between what the needs may be in eight of ten cases: low and high.
    pub mean_range: Option<(f64, f64)>,
    /// The density of a year's cost.
    pub density: Option<Density>,
    /// What speaks for and against it.
    pub pros: Vec<String>,
    /// What speaks against it.
    pub cons: Vec<String>,
    /// The client's own months under it.
    pub replay: Option<Replay>,
}

/// A comparison, with all that is needed to repeat it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The client's code.
    pub client: String,
    /// The client's name.
    pub client_name: String,
    /// The provider's name.
    pub provider: String,
    /// What money is in.
    pub currency: String,
    /// What was asked.
    pub question: Question,
    /// How it was computed.
    pub plan: Plan,
    /// Simulated years.
    pub courses: usize,
    /// What the client has on its network.
    pub seats: Seats,
    /// Minutes a workstation a month of the use-it-or-lose-it program.
    pub allowance_minutes: u32,
    /// What is known of its needs.
    pub knowledge: Knowledge,
    /// What was assumed before anything was seen.
    pub prior: Prior,
    /// The months that were looked at: first and last.
    pub window: Option<(Period, Period)>,
    /// Hours of one month: quantiles at 5, 10, 25, 50, 75, 90 and 95 percent.
    pub month_hours: Vec<(f64, f64)>,
    /// The same hours in the client's own months.
    pub past_hours: Vec<(Period, f64)>,
    /// The programs, in a fixed order, agreements of the books behind them.
    pub contenders: Vec<Contender>,
    /// Cost against demand.
    pub curve: Vec<CurvePoint>,
    /// Where one program overtakes another.
    pub break_evens: Vec<BreakEven>,
    /// Expected tickets a month.
    pub tickets: f64,
    /// What the client's past says by itself; whole reports only.
    pub evidence: Option<Evidence>,
    /// The client's own months drawn anew; whole reports only, none with too short a past.
    pub redrawn: Option<Redrawn>,
    /// What would happen if; whole reports only.
    pub scenarios: Vec<Scenario>,
    /// What the books say beside the figures.
    pub facts: Facts,
    /// Which program suits at the provider's margin.
    pub program_advice: Option<ProgramAdvice>,
    /// Which ratio of minutes a workstation suits, and why.
    pub advice: Option<Advice>,
    /// The same in sentences.
    pub advice_sentences: Vec<String>,
    /// What of it a client is told: nothing of the provider's margin.
    pub client_advice: Vec<String>,
    /// What is assumed of the client that is not so today.
    pub assumed: Vec<String>,
    /// The result in sentences.
    pub sentences: Vec<String>,
    /// What should be asked before signing, with answers where the platform has them.
    pub questions: Vec<AskedQuestion>,
    /// What the figures rest on.
    pub assumptions: Vec<String>,
    /// Price yardsticks with their sources.
    pub yardsticks: Vec<rests_on::Yardstick>,
}

impl Contender {
    /// Is it the agreement that the client has today?
    #[must_use]
    pub fn is_today(&self) -> bool {
        self.text.is_none()
    }

    /// Where its average year lies in eight of ten cases, for reading; empty where it is known.
    #[must_use]
    pub fn mean_range_text(&self) -> String {
        let range = self.mean_range.filter(|(low, high)| high - low >= 1.0);
        range.map_or(String::new(), |(low, high)| format!("{} to {}", rounded(low), rounded(high)))
    }
}

impl Report {
    /// Minor units of one unit of the currency.
    #[must_use]
    pub fn minor(&self) -> f64 {
        Currency::parse(&self.currency).map_or(100.0, minor_units)
    }

    /// Hours a month of the use-it-or-lose-it program.
    #[must_use]
    pub fn allowance_hours(&self) -> f64 {
        f64::from(self.allowance_minutes) * self.seats.workstations / 60.0
    }

    /// How far off the figures may be, in a sentence.
    #[must_use]
    pub fn uncertainty(&self) -> String {
        let worst = |of: fn(&Figures) -> Estimate| self.contenders.iter().map(|it| of(&it.figures).error).fold(0.0, f64::max);
        let money = |value: f64| format!("{} {}", self.currency, rounded(value.ceil()));
        format!(
            "{} simulated years, each billed under every program. Chance leaves an average year unsure by {} at most, and a bad one by {} (standard errors). What will be needed is less sure: the true rate of tickets lies between {:.2} and {:.2} {} in eight of ten cases, and the average year where the table says.",
            self.courses,
            money(worst(|figures| figures.mean)),
            money(worst(|figures| figures.p95)),
            self.knowledge.rate_interval.0,
            self.knowledge.rate_interval.1,
            rests_on::a_month(&self.knowledge)
        )
    }
}

/// How much of a report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Without replay, scenarios, months drawn anew and fitted laws.
    Quick,
    /// The figures alone.
    Figures,
}

impl Detail {
    /// Levels of demand on the curve beside the expected one, and courses for each.
    fn curve(self) -> (&'static [f64], usize) {
        match self {
            Self::Whole => (&[0.25, 0.5, 0.75, 1.25, 1.5, 2.0], 16),
            Self::Quick => (&[0.25, 0.5, 1.5, 2.0], 6),
            Self::Figures => (&[], 0),
        }
    }
}

/// Compares the programs for a client.
///
/// # Errors
///
/// Fails for an unknown client, for numbers that make no sense, and for a draft that cannot be read.
pub fn compare(office: &Office, code: &str, question: &Question, drafts: &[Draft], detail: Detail) -> Result<Report, AppError> {
    question.checked(Shares::Plain)?;
    let (position, client) = office.client(code)?;
    let asked = Asked::new(office, position, client, question).checked()?;
    let mut words = office.words.clone();
    let history = office.portfolio.histories().get(position);
    let window = history.and_then(|history| Some((history.months.first()?.period, history.months.last()?.period)));
    let past_day = window.map_or(asked.first_day(), |(first, _)| first.first_day());
    let entrants = asked.entrants(&mut words, drafts, past_day)?;
    let mut pasts: Vec<Candidate> = entrants.iter().map(|entrant| entrant.past.clone()).collect();
    // The own months are billed with the devices of those months, and so at prices for the devices of today.
    let today = seats(client, office.today);
    let is_moved = asked.seats != today;
    if is_moved {
        let as_it_is = question.with_todays_devices();
        let offered = Asked::new(office, position, client, &as_it_is).offered(&mut words, past_day)?;
        pasts.iter_mut().zip(offered).for_each(|(past, own)| *past = own.past);
    }
    let ground = Ground { terms: &office.setup.provider.terms, words: &words };
    let candidates: Vec<Candidate> = entrants.iter().map(|entrant| entrant.candidate.approved()).collect();
    let plan = asked.plan(detail);
    let minor = minor_units(client.currency);
    let field = Field::new(ground, &asked.client, (&asked.demand, plan.first, plan.months), &candidates)?;
    let ran = field.run(plan)?;
    let measure = Measure { minor, seats: asked.seats.endpoints, hour_cost: asked.staff_hour(), value: 0 };
    let figures = ran.figures(measure);
    let (levels, courses) = detail.curve();
    let mut points = curve(&field, (plan.seed, minor), (levels, asked.few(courses)))?;
    if detail != Detail::Figures {
        let costs = figures.iter().map(|figures| figures.mean.value).collect();
        let expected = CurvePoint { tickets: asked.tickets(), hours: ran.hours.mean / f64::from(plan.months), costs };
        points.insert(points.partition_point(|point| point.tickets < expected.tickets), expected);
    }
    let densities = if detail == Detail::Figures { Vec::new() } else { densities(&ran.costs(minor), 96) };
    let entries = office.entries.get(position);
    let replays = match (detail, window, entries) {
        (Detail::Whole, Some(window), Some(entries)) => Some(asked.replays(ground, &pasts, entries, (client, window))?),
        _ => None,
    };
    let past_hours = match (window, entries) {
        (Some(window), Some(entries)) if detail != Detail::Figures => {
            asked.past_hours(ground, (&pasts, replays.as_deref()), entries, (client, window))?
        }
        _ => Vec::new(),
    };
    let range = asked.knowledge.needs_range();
    let contenders = entrants.into_iter().zip(figures).enumerate();
    let contenders: Vec<Contender> = contenders
        .map(|(at, (entrant, figures))| {
            let (pros, mut cons) = words::pros_and_cons(&entrant.program, &figures, client.currency);
            if entrant.candidate.holds() {
                cons.insert(0, words::HELD.to_owned());
            }
            Contender {
                name: entrant.candidate.name,
                program: entrant.program,
                because: entrant.because,
                text: entrant.text,
                mean_range: between(&points, asked.tickets(), at, range)
                    .map(|(low, high)| (low.min(figures.mean.value), high.max(figures.mean.value))),
                figures,
                density: densities.get(at).cloned(),
                pros,
                cons,
                replay: replays.as_ref().and_then(|all| all.get(at).cloned()),
            }
        })
        .collect();
    let contest = Contest { office, position, client, ground, candidates: &candidates, plan, minor };
    let (scenarios, redrawn, evidence) = match detail {
        Detail::Quick | Detail::Figures => (Vec::new(), None, None),
        Detail::Whole => (
            scenarios(contest, question, &contenders.iter().map(|it| it.figures.mean.value).collect::<Vec<_>>())?,
            redrawn(contest, question, &asked)?,
            history.map(|history| evidence(history, question.seed)),
        ),
    };
    let facts = Facts::read(client, history, &asked);
    let at_margin = |margin: f64| asked.advice(&ran, &candidates, margin);
    let (advice, program_advice) = (at_margin(question.pricing.margin), asked.program_advice(&ran, minor));
    // A client is told of ratios at the prices that are offered to it.
    let mut client_advice = words::suggestion(&contenders);
    client_advice.extend(words::advice(at_margin(f64::NEG_INFINITY).as_ref(), client.currency));
    if advice.as_ref().is_some_and(|advice| advice.minutes_used.is_some()) {
        client_advice.push(words::RATIOS.to_owned());
    }
    let mut advice_sentences = words::program_advice(program_advice.as_ref(), client.currency);
    advice_sentences.extend(words::advice(advice.as_ref(), client.currency));
    let assumed = question.assumed(today);
    Ok(Report {
        client: client.code.clone(),
        client_name: office.setup.clients.get(position).map(|client| client.row.field("name").to_owned()).unwrap_or_default(),
        provider: office.setup.provider.name.clone(),
        currency: client.currency.code().to_owned(),
        question: question.clone(),
        courses: ran.count(),
        tickets: asked.tickets(),
        advice_sentences,
        client_advice,
        advice,
        program_advice,
        seats: asked.seats,
        allowance_minutes: asked.basis().allowance_minutes(),
        month_hours: month_hours(&ran, &contenders),
        past_hours,
        break_evens: break_evens(&points, &ran.names),
        sentences: words::sentences(
            &contenders,
            &asked.knowledge,
            words::Needs {
                tickets: asked.tickets(),
                hours: asked.demand.urn.mean(),
                worked: ran.hours.mean / f64::from(plan.months),
                count: mean_hours(&ran, &contenders),
                assumed: &assumed,
            },
            client.currency,
        ),
        assumed,
        questions: questions(&facts, &contenders, &asked.knowledge, &scenarios),
        assumptions: rests_on::assumptions(&asked.knowledge, (asked.seats, is_moved), question, &ran, office),
        yardsticks: rests_on::yardsticks(),
        knowledge: asked.knowledge,
        prior: Prior::default(),
        evidence,
        redrawn,
        scenarios,
        facts,
        window,
        plan,
        contenders,
        curve: points,
    })
}

/// The cost of a year on a contender's curve at both ends of a range of needs, as factors of the expected ones.
fn between(points: &[CurvePoint], expected: f64, contender: usize, (low, high): (f64, f64)) -> Option<(f64, f64)> {
    let at = |factor: f64| {
        let tickets = expected * factor;
        let after = points.partition_point(|point| point.tickets < tickets).clamp(1, points.len().checked_sub(1)?);
        let (from, to) = (points.get(after - 1)?, points.get(after)?);
        let share = if to.tickets > from.tickets { (tickets - from.tickets) / (to.tickets - from.tickets) } else { 0.0 };
        let (first, last) = (*from.costs.get(contender)?, *to.costs.get(contender)?);
        Some(first + (last - first) * share.clamp(0.0, 1.0))
    };
    let (one, other) = (at(low)?, at(high)?);
    Some((one.min(other), one.max(other)))
}
