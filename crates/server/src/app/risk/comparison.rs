//! The comparison of programs for one client: the provider's books in, a report that can be repeated out. It saves nothing.

use quarterhour_billing::{Client, Currency, Device, DeviceClass, Period, Words};
use quarterhour_books::setup;
use quarterhour_risk::advice::{self, Advice};
use quarterhour_risk::candidate::{Candidate, Ground, MonthCost};
use quarterhour_risk::comparison::{Figures, Measure, Plan, Run};
use quarterhour_risk::curve::{BreakEven, CurvePoint, Density, break_evens, curve, densities};
use quarterhour_risk::demand::{Demand, Severe};
use quarterhour_risk::field::Field;
use quarterhour_risk::number::{float_i64, mean, minor_units, quantile_of_sorted, sorted};
use quarterhour_risk::portfolio::{Knowledge, Prior, Seats};
use quarterhour_risk::replay::{Replay, replay};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::standard::{Basis, Pricing, seats};
use serde::{Deserialize, Serialize};

use crate::app::risk::office::Office;
use crate::app::risk::words;
use crate::error::{AppError, FieldProblem};

/// What is asked: a client as it is, or as it might be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// All draws follow from it.
    pub seed: u64,
    /// Workstations; none: as many as today.
    pub workstations: Option<u32>,
    /// Servers; none: as many as today.
    pub servers: Option<u32>,
    /// Tickets a workstation, as a factor of what is expected.
    pub tickets: f64,
    /// Hours a ticket, as a factor.
    pub hours: f64,
    /// Server crashes, as a factor.
    pub crashes: f64,
    /// Viruses a year that reach every workstation.
    pub viruses: f64,
    /// Hours a workstation that one takes.
    pub virus_hours: f64,
    /// Growth of tickets a year, a share of one; below nought for shrinking.
    pub growth: f64,
    /// How programs are priced.
    pub pricing: Pricing,
    /// Standard error of every P95, as a share of it.
    pub precision: f64,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            seed: 1,
            workstations: None,
            servers: None,
            tickets: 1.0,
            hours: 1.0,
            crashes: 1.0,
            viruses: 0.02,
            virus_hours: 0.75,
            growth: 0.0,
            pricing: Pricing::default(),
            precision: 0.01,
        }
    }
}

impl Question {
    /// Refuses numbers that make no sense.
    ///
    /// # Errors
    ///
    /// Names each field, and what was expected.
    pub fn checked(&self) -> Result<(), AppError> {
        let mut problems = Vec::new();
        let mut within = |field: &str, value: f64, low: f64, high: f64| {
            if !(low..=high).contains(&value) {
                problems.push(FieldProblem::new(field, format!("{value} is not from {low} to {high}")));
            }
        };
        within("workstations", f64::from(self.workstations.unwrap_or(0)), 0.0, 20_000.0);
        within("servers", f64::from(self.servers.unwrap_or(0)), 0.0, 2_000.0);
        within("tickets", self.tickets, 0.0, 100.0);
        within("hours", self.hours, 0.01, 100.0);
        within("crashes", self.crashes, 0.0, 1_000.0);
        within("viruses", self.viruses, 0.0, 50.0);
        within("virus_hours", self.virus_hours, 0.01, 40.0);
        within("growth", self.growth, -0.9, 5.0);
        within("precision", self.precision, 0.0005, 0.5);
        if let Err(error) = self.pricing.checked() {
            problems.push(FieldProblem::new(error.field, format!("{} is not {}", error.value, error.expected)));
        }
        if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
    }
}

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
    /// Which ratio of minutes a workstation suits, and why.
    pub advice: Option<Advice>,
    /// The same in sentences.
    pub advice_sentences: Vec<String>,
    /// The result in sentences.
    pub sentences: Vec<String>,
    /// What should be asked before signing, with answers where the platform has them.
    pub questions: Vec<words::AskedQuestion>,
    /// What the figures rest on.
    pub assumptions: Vec<String>,
    /// Price yardsticks with their sources.
    pub yardsticks: Vec<words::Yardstick>,
}

impl Contender {
    /// Is it the agreement that the client has today?
    #[must_use]
    pub fn is_today(&self) -> bool {
        self.text.is_none()
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
    pub fn allowance_hours(&self) -> Option<f64> {
        self.allowance_minutes().map(|minutes| minutes * self.seats.workstations / 60.0)
    }

    /// Its minutes a workstation.
    #[must_use]
    pub fn allowance_minutes(&self) -> Option<f64> {
        let offer = self.contenders.iter().find(|it| it.name == MEASURE)?;
        let line = offer.text.as_deref()?.lines().find(|line| line.starts_with("minutes = { workstation = "))?;
        let digits: String = line.chars().skip_while(|letter| !letter.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    /// How far off the figures may be, in a sentence.
    #[must_use]
    pub fn uncertainty(&self) -> String {
        let relative =
            |figures: &Figures| if figures.p95.value.abs() > 0.0 { figures.p95.error / figures.p95.value.abs() } else { 0.0 };
        let worst = self.contenders.iter().map(|it| relative(&it.figures)).fold(0.0, f64::max);
        format!(
            "{} simulated years, each billed under every program. The simulation knows the P95 figures to about {:.1} %; what the client's needs will be is less sure: the true rate of tickets lies between {:.2} and {:.2} a workstation a month in eight of ten cases.",
            self.courses,
            worst * 100.0,
            self.knowledge.rate_interval.0,
            self.knowledge.rate_interval.1
        )
    }
}

/// An agreement that somebody drafted, beside the six programs.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// Its text, as in the books.
    pub text: String,
}

/// How much of a report is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All of it.
    Whole,
    /// Without the replay.
    Quick,
}

impl Detail {
    /// Levels of demand on the curve, and courses for each.
    fn curve(self) -> (&'static [f64], usize) {
        match self {
            Self::Whole => (&[0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0], 16),
            Self::Quick => (&[0.25, 0.5, 1.0, 1.5, 2.0], 8),
        }
    }
}

/// Compares the programs for a client.
///
/// # Errors
///
/// Fails for an unknown client, for numbers that make no sense, and for a draft that cannot be read.
pub fn compare(office: &Office, code: &str, question: &Question, drafts: &[Draft], detail: Detail) -> Result<Report, AppError> {
    question.checked()?;
    let (position, client) = office.client(code)?;
    let asked = Asked::new(office, position, client, question);
    let mut words = office.words.clone();
    let entrants = asked.entrants(&mut words, drafts)?;
    let ground = Ground { terms: &office.setup.provider.terms, words: &words };
    let candidates: Vec<Candidate> = entrants.iter().map(|entrant| entrant.candidate.clone()).collect();
    let plan = asked.plan(detail);
    let minor = minor_units(client.currency);
    let field = Field::new(ground, &asked.client, (&asked.demand, plan.first, plan.months), &candidates)?;
    let ran = field.run(plan)?;
    let hour = asked.basis().hour();
    let measure = Measure { minor, seats: asked.seats.endpoints, hour_cost: hour * question.pricing.cost_share, value: 0 };
    let figures = ran.figures(measure);
    let costs = ran.costs(minor);
    let points = curve(&field, (plan.seed, minor), detail.curve())?;
    let history = office.portfolio.histories().get(position);
    let window = history.and_then(|history| Some((history.months.first()?.period, history.months.last()?.period)));
    let densities = densities(&costs, 96);
    let advice = asked.advice(&ran, &candidates);
    let replays = match (detail, window, office.entries.get(position)) {
        (Detail::Whole, Some(window), Some(entries)) => Some(asked.replays(ground, &candidates, entries, (client, window))?),
        _ => None,
    };
    let past_hours = match (window, office.entries.get(position)) {
        (Some(window), Some(entries)) => asked.past_hours(ground, &candidates, entries, (client, window))?,
        _ => Vec::new(),
    };
    let contenders = entrants.into_iter().zip(figures).enumerate();
    let contenders: Vec<Contender> = contenders
        .map(|(at, (entrant, figures))| {
            let (pros, cons) = words::pros_and_cons(&entrant.program, &figures, client.currency);
            Contender {
                name: entrant.candidate.name,
                program: entrant.program,
                because: entrant.because,
                text: entrant.text,
                figures,
                density: densities.get(at).cloned(),
                pros,
                cons,
                replay: replays.as_ref().and_then(|all| all.get(at).cloned()),
            }
        })
        .collect();
    Ok(Report {
        client: client.code.clone(),
        client_name: office.setup.clients.get(position).map(|client| client.row.field("name").to_owned()).unwrap_or_default(),
        provider: office.setup.provider.name.clone(),
        currency: client.currency.code().to_owned(),
        question: question.clone(),
        courses: ran.count(),
        tickets: asked.tickets(),
        advice_sentences: words::advice(advice.as_ref(), client.currency),
        advice,
        seats: asked.seats,
        month_hours: month_hours(&ran, &contenders),
        past_hours,
        break_evens: break_evens(&points, &ran.names),
        sentences: words::sentences(&contenders, &asked.knowledge, asked.seats, client.currency),
        questions: words::questions(&contenders, &asked.knowledge),
        assumptions: words::assumptions(&asked.knowledge, question, &ran, office.until),
        yardsticks: words::yardsticks(),
        knowledge: asked.knowledge,
        prior: Prior::default(),
        window,
        plan,
        contenders,
        curve: points,
    })
}

struct Entrant {
    candidate: Candidate,
    program: String,
    because: String,
    text: Option<String>,
}

/// A question about one client, made ready.
struct Asked<'a> {
    office: &'a Office,
    question: &'a Question,
    client: Client,
    seats: Seats,
    demand: Demand,
    knowledge: Knowledge,
    first: Period,
}

impl<'a> Asked<'a> {
    fn new(office: &'a Office, position: usize, client: &Client, question: &'a Question) -> Self {
        let first = office.until.next();
        let client = as_it_might_be(client, question, first);
        let seats = seats(&client, first.first_day());
        let (demand, knowledge) = office.portfolio.demand(position, seats, MONTHS, &office.trade);
        let mut demand = demand.scaled(question.tickets, question.hours, question.crashes);
        for (number, frequency) in (0..).zip(&mut demand.usual.tickets) {
            let grown = (1.0 + question.growth).powf((f64::from(number) + 0.5) / 12.0);
            *frequency = quarterhour_risk::demand::more(*frequency, grown);
        }
        if question.viruses > 0.0 && seats.workstations > 0.0 {
            let mean = seats.workstations * question.virus_hours;
            let hours = Severity::Gamma { shape: 4.0, scale: mean / 4.0 };
            demand.severe.push(Severe { name: "Virus on every machine".to_owned(), a_year: question.viruses, hours });
        }
        Self { office, question, client, seats, demand, knowledge, first }
    }

    fn basis(&self) -> Basis<'_> {
        Basis {
            currency: self.client.currency,
            rates: &self.office.setup.provider.terms.rates,
            urn: &self.demand.urn,
            tickets: self.tickets(),
            severe_hours: self.demand.severe.iter().map(|severe| severe.a_year * severe.hours.mean()).sum::<f64>() / 12.0,
            seats: self.seats,
            pricing: self.question.pricing,
        }
    }

    /// Expected tickets a month.
    fn tickets(&self) -> f64 {
        mean(&self.demand.usual.tickets.iter().map(|frequency| frequency.mean()).collect::<Vec<_>>())
    }

    /// Which ratio suits, on the hours that the use-it-or-lose-it program counts.
    fn advice(&self, run: &Run, candidates: &[Candidate]) -> Option<Advice> {
        let position = candidates.iter().position(|candidate| candidate.name == MEASURE)?;
        let courses = run.courses.get(position)?.iter().map(|course| course.months.iter().map(counted).collect());
        let (basis, pricing) = (self.basis(), self.question.pricing);
        let hour = basis.hour();
        let terms = advice::Terms {
            workstations: self.seats.workstations,
            endpoints: self.seats.endpoints,
            committed_hour: hour * (1.0 - pricing.committed_discount),
            overage_hour: hour * (1.0 + pricing.overage_premium),
            hour_cost: hour * pricing.cost_share,
            margin: pricing.margin,
        };
        advice::advise(&courses.collect::<Vec<Vec<f64>>>(), terms)
    }

    fn plan(&self, detail: Detail) -> Plan {
        let courses_min = match detail {
            Detail::Whole => 256,
            Detail::Quick => 128,
        };
        Plan { precision: self.question.precision, courses_min, ..Plan::usual(self.first, self.question.seed) }
    }

    /// The six programs, the agreement in force, and the drafts.
    fn entrants(&self, words: &mut Words, drafts: &[Draft]) -> Result<Vec<Entrant>, AppError> {
        let day = self.first.first_day();
        let read = |name: &str, text: &str, words: &mut Words| {
            let whole = format!("client = \"{}\"\nstarts = {day}\n{text}", self.client.code);
            setup::read_agreement(name, &whole, words)
        };
        let mut entrants = Vec::new();
        for offer in self.basis().offers() {
            let agreement = read(&offer.name, &offer.text, words).map_err(|problems| unreadable(&offer.name, &problems))?;
            let candidate = Candidate { name: offer.name.clone(), agreement: Some(agreement) };
            entrants.push(Entrant { candidate, program: offer.name, because: offer.because, text: Some(offer.text) });
        }
        let in_force = self.client.agreements.as_slice().iter().rev().find(|agreement| agreement.in_force_on(day));
        if let Some(agreement) = in_force.or(self.client.agreements.as_slice().last()) {
            let candidate = Candidate::starting(&format!("today's: {}", agreement.name), agreement, day);
            let because = "The agreement that the client has today, begun anew on the first day.".to_owned();
            entrants.push(Entrant { candidate, program: agreement.program.name().to_owned(), because, text: None });
        }
        for draft in drafts {
            let text = drafted(&draft.text);
            let agreement = read(&draft.name, &text, words).map_err(|problems| unreadable(&draft.name, &problems))?;
            let program = agreement.program.name().to_owned();
            let candidate = Candidate::starting(&draft.name, &agreement, day);
            entrants.push(Entrant { candidate, program, because: "As drafted.".to_owned(), text: Some(text) });
        }
        Ok(entrants)
    }

    /// The client's own months as the use-it-or-lose-it program counts them.
    fn past_hours(
        &self,
        ground: Ground<'_>,
        candidates: &[Candidate],
        entries: &[quarterhour_billing::TimeEntry],
        (client, window): (&Client, (Period, Period)),
    ) -> Result<Vec<(Period, f64)>, AppError> {
        let measure: Vec<Candidate> = candidates.iter().filter(|candidate| candidate.name == MEASURE).cloned().collect();
        let replays = self.replays(ground, &measure, entries, (client, window))?;
        let months = replays.iter().flat_map(|replay| &replay.months);
        Ok(months.map(|month| (month.period, counted(&month.cost))).collect())
    }

    fn replays(
        &self,
        ground: Ground<'_>,
        candidates: &[Candidate],
        entries: &[quarterhour_billing::TimeEntry],
        (client, (first, until)): (&Client, (Period, Period)),
    ) -> Result<Vec<Replay>, AppError> {
        let day = first.first_day();
        let moved = |candidate: &Candidate| match &candidate.agreement {
            Some(agreement) => Candidate::starting(&candidate.name, agreement, day),
            None => candidate.clone(),
        };
        candidates.iter().map(|candidate| Ok(replay(ground, client, &moved(candidate), entries, (first, until))?)).collect()
    }
}

/// The candidate whose hours are the measure: the use-it-or-lose-it program.
const MEASURE: &str = "use-it-or-lose-it";

/// Quantiles of one month's hours as the use-it-or-lose-it program counts them.
fn month_hours(run: &Run, contenders: &[Contender]) -> Vec<(f64, f64)> {
    let Some(position) = contenders.iter().position(|it| it.name == MEASURE) else { return Vec::new() };
    let hours = sorted(run.months(position).map(counted).collect());
    let quantile = |share: f64| Some((share, quantile_of_sorted(&hours, share)?));
    [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95].into_iter().filter_map(quantile).collect()
}

/// Hours of a month that count: drawn from the allowance, or beyond it.
fn counted(month: &MonthCost) -> f64 {
    float_i64(month.granted - month.forfeited + month.overage) / 3_600.0
}

/// Months that are simulated.
const MONTHS: u32 = 12;

/// The client with other numbers of machines from the first simulated day on: machines are added or left out at the end of the list.
fn as_it_might_be(client: &Client, question: &Question, first: Period) -> Client {
    let day = first.first_day();
    let mut changed = client.clone();
    changed.devices.retain(|device| device.counts_on(day));
    for device in &mut changed.devices {
        device.retired = None;
    }
    for (class, wanted) in [(DeviceClass::Workstation, question.workstations), (DeviceClass::Server, question.servers)] {
        let Some(wanted) = wanted.and_then(|wanted| usize::try_from(wanted).ok()) else { continue };
        let mut seen = 0;
        changed.devices.retain(|device| {
            seen += usize::from(device.class == class);
            device.class != class || seen <= wanted
        });
        let more = (seen..wanted).map(|number| Device {
            name: format!("zz-{}-{number}", class.name()),
            class,
            in_service: day,
            retired: None,
            serial: String::new(),
            site: String::new(),
        });
        changed.devices.extend(more);
    }
    changed.devices.sort_by(|one, other| (&one.name, one.in_service).cmp(&(&other.name, other.in_service)));
    changed
}

/// A draft's text without its client and dates.
fn drafted(text: &str) -> String {
    let is_kept = |line: &&str| {
        let key = line.split('=').next().unwrap_or_default().trim();
        !matches!(key, "client" | "starts" | "ends")
    };
    text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

fn unreadable(name: &str, problems: &[quarterhour_books::Problem]) -> AppError {
    let list = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    AppError::user(format!("the agreement `{name}` cannot be compared: {list}"), "write it as in agreements/*.toml of the books")
}
