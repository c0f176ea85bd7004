//! A question about one client, made ready: its demand, the programs that meet, and what they need of the books.

use quarterhour_billing::agreement::{Agreement, Prepaid, TimePools};
use quarterhour_billing::{Client, Day, Device, DeviceClass, Period, TimeEntry, Words};
use quarterhour_books::setup;
use quarterhour_risk::advice::{self, Advice, ProgramAdvice};
use quarterhour_risk::candidate::{Candidate, Ground, MonthCost};
use quarterhour_risk::comparison::{Plan, Run};
use quarterhour_risk::demand::{Demand, Severe};
use quarterhour_risk::evidence::{fitted, quantile_of};
use quarterhour_risk::number::{float_i64, index, mean, quantile_of_sorted, sorted};
use quarterhour_risk::portfolio::{Knowledge, Seats};
use quarterhour_risk::replay::{Replay, replay};
use quarterhour_risk::severity::Severity;
use quarterhour_risk::standard::{Basis, Offer, seats};

use crate::app::risk::comparison::{Contender, Detail};
use crate::app::risk::office::Office;
use crate::app::risk::question::{Draft, HoursLaw, Question};
use crate::error::AppError;

/// A program on the way into a report.
pub(super) struct Entrant {
    pub(super) candidate: Candidate,
    /// The same on months that are over.
    pub(super) past: Candidate,
    pub(super) program: String,
    pub(super) because: String,
    pub(super) text: Option<String>,
}

/// A question about one client, made ready.
pub(super) struct Asked<'a> {
    office: &'a Office,
    position: usize,
    question: &'a Question,
    pub(super) client: Client,
    pub(super) seats: Seats,
    pub(super) demand: Demand,
    pub(super) knowledge: Knowledge,
    first: Period,
    /// The law that was asked for and cannot be fitted.
    unfitted: Option<HoursLaw>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(office: &'a Office, position: usize, client: &Client, question: &'a Question) -> Self {
        let first = office.until.next();
        let client = as_it_might_be(client, question, (office.today, first.first_day()));
        let seats = seats(&client, first.first_day());
        let (demand, knowledge) = office.portfolio.demand(position, seats, MONTHS, &office.trade);
        let mut demand = demand.scaled(question.tickets, question.hours, question.crashes);
        let seasons = office.portfolio.seasons().filter(|_| question.seasons);
        for (number, frequency) in (0..).zip(&mut demand.usual.tickets) {
            let grown = (1.0 + question.growth).powf((f64::from(number) + 0.5) / 12.0);
            let month = usize::try_from(first.plus(number).first_day().date().month() - 1).unwrap_or(0);
            let season = seasons.and_then(|seasons| seasons.get(month).copied()).unwrap_or(1.0);
            *frequency = frequency.times(grown * season);
        }
        let history = office.portfolio.histories().get(position);
        let law = question.law.zip(history).and_then(|(law, history)| fitted(history, law.family()));
        let unfitted = question.law.filter(|_| law.is_none());
        if let Some(law) = law {
            demand.urn = demand.urn.shaped(|_, share| quantile_of(law, share) * question.hours);
        }
        if let Some(longest) = question.longest {
            demand.urn = demand.urn.capped(longest);
        }
        demand.severe.extend(virus(seats, question));
        Self { office, position, question, client, seats, demand, knowledge, first, unfitted }
    }

    /// Refuses a law that cannot be fitted, and more tickets than can be simulated while somebody waits.
    ///
    /// # Errors
    ///
    /// Names the field, and how many there are.
    pub(super) fn checked(self) -> Result<Self, AppError> {
        if let Some(law) = self.unfitted {
            let said = format!("no {} law can be fitted to this client's tickets: choose another, or none", law.name());
            return Err(AppError::field("law", said));
        }
        let most = self.demand.usual.tickets.iter().map(|frequency| frequency.mean()).fold(0.0, f64::max);
        if most <= TICKETS_MAX {
            return Ok(self);
        }
        Err(AppError::field("tickets", format!("{most:.0} tickets a month are more than the {TICKETS_MAX:.0} that can be compared")))
    }

    /// The first simulated day.
    pub(super) fn first_day(&self) -> Day {
        self.first.first_day()
    }

    pub(super) fn basis(&self) -> Basis<'_> {
        Basis {
            currency: self.client.currency,
            rates: &self.office.setup.provider.terms.rates,
            urn: &self.demand.urn,
            tickets: self.tickets(),
            severe_hours: (self.severe_hours(DeviceClass::Server), self.severe_hours(DeviceClass::Workstation)),
            seats: self.seats,
            pricing: self.question.pricing,
        }
    }

    /// Expected hours a month of severe events on a class of devices.
    fn severe_hours(&self, on: DeviceClass) -> f64 {
        let own = self.demand.severe.iter().filter(|severe| severe.on == on);
        own.map(|severe| severe.a_year * severe.hours.mean()).sum::<f64>() / 12.0
    }

    /// What an hour of work costs the provider: its share of the price of the billable time that the hour becomes.
    pub(super) fn staff_hour(&self) -> f64 {
        self.basis().worked_hour() * self.question.pricing.cost_share
    }

    /// Expected tickets a month.
    pub(super) fn tickets(&self) -> f64 {
        mean(&self.demand.usual.tickets.iter().map(|frequency| frequency.mean()).collect::<Vec<_>>())
    }

    /// Which ratio suits at a margin, on the hours that the use-it-or-lose-it program counts.
    pub(super) fn advice(&self, run: &Run, candidates: &[Candidate], margin: f64) -> Option<Advice> {
        let position = candidates.iter().position(|candidate| candidate.name == MEASURE)?;
        let courses: Vec<Vec<f64>> =
            run.courses.get(position)?.iter().map(|course| course.months.iter().map(counted).collect()).collect();
        // Hours that count cost what the work behind them does.
        let a_year = mean(&courses.iter().map(|months| months.iter().sum::<f64>()).collect::<Vec<_>>());
        let hour_cost = if a_year > 0.0 { self.staff_hour() * run.hours.mean / a_year } else { 0.0 };
        let (basis, pricing) = (self.basis(), self.question.pricing);
        let hour = basis.hour();
        let terms = advice::Terms {
            workstations: self.seats.workstations,
            endpoints: self.seats.endpoints,
            committed_hour: hour * (1.0 - pricing.committed_discount),
            overage_hour: hour * (1.0 + pricing.overage_premium),
            hour_cost,
            margin,
        };
        advice::advise(&courses, terms, run)
    }

    /// Which of all programs suits, at the margin that the provider wants.
    pub(super) fn program_advice(&self, run: &Run, minor: f64) -> Option<ProgramAdvice> {
        advice::programs(run, (self.staff_hour(), self.question.pricing.margin, minor))
    }

    pub(super) fn plan(&self, detail: Detail) -> Plan {
        let usual = match detail {
            Detail::Whole => 256,
            Detail::Quick | Detail::Figures => 128,
        };
        // Years of thousands of tickets differ little from each other, and take long.
        let a_year = index(self.tickets() * f64::from(MONTHS)).max(1);
        let courses_min = (1_000_000 / a_year).clamp(64, usual);
        // Nobody waits at a slider for the last tenth of a percent: how sure the figures are stands beside them.
        let courses_max = if detail == Detail::Whole { 4_096 } else { 1_024 };
        let usual = Plan::usual(self.first, self.question.seed);
        // A slider is answered while it moves: where years are long there is no second round for the last tenths of a percent.
        let tickets_max = if detail == Detail::Quick { TICKETS_QUICK } else { usual.tickets_max };
        Plan { precision: self.question.precision, courses_min, courses_max, tickets_max, ..usual }
    }

    /// So many years of a side question: fewer where years are long.
    pub(super) fn few(&self, usual: usize) -> usize {
        (300_000 / index(self.tickets() * f64::from(MONTHS)).max(1)).max(4).min(usual)
    }

    /// The six programs; on months that are over, from the day `past` on.
    pub(super) fn offered(&self, words: &mut Words, past: Day) -> Result<Vec<Entrant>, AppError> {
        let one = |offer: Offer| {
            let whole = format!("client = \"{}\"\nstarts = {}\n{}", self.client.code, self.first_day(), offer.text);
            let agreement = setup::read_agreement(&offer.name, &whole, words).map_err(|problems| unpriced(&offer.name, &problems))?;
            let (candidate, past) = self.anew(&offer.name, &agreement, past);
            Ok(Entrant { candidate, past, program: offer.name, because: offer.because, text: Some(offer.text) })
        };
        self.basis().offers().into_iter().map(one).collect()
    }

    /// An agreement begun anew on the first simulated day, and on the day `past`.
    fn anew(&self, name: &str, agreement: &Agreement, past: Day) -> (Candidate, Candidate) {
        (Candidate::starting(name, agreement, self.first_day()), Candidate::starting(name, agreement, past))
    }

    /// The six programs, the agreement in force, and the drafts; on months that are over, from the day `past` on.
    pub(super) fn entrants(&self, words: &mut Words, drafts: &[Draft], past: Day) -> Result<Vec<Entrant>, AppError> {
        let mut entrants = self.offered(words, past)?;
        entrants.extend(self.todays(past)?);
        for draft in drafts {
            if entrants.iter().any(|entrant| entrant.candidate.name == draft.name) {
                let said = format!("two of the compared agreements are called `{}`", draft.name);
                return Err(AppError::user(said, "a draft is called as its file: rename it"));
            }
            let text = drafted(&draft.text);
            let (whole, added) = self.dated(&draft.text);
            let agreement =
                setup::read_agreement(&draft.name, &whole, words).map_err(|problems| unreadable(&draft.name, added, problems))?;
            let program = agreement.program.name().to_owned();
            let because = if agreement.ends.is_some() { "As drafted, and as if it did not end." } else { "As drafted." };
            let (candidate, past) = self.anew(&draft.name, &agreement, past);
            entrants.push(Entrant { candidate, past, program, because: because.to_owned(), text: Some(text) });
        }
        Ok(entrants)
    }

    /// What the client has today: the agreement in force, or work by the rate card if there was any.
    fn todays(&self, past: Day) -> Result<Option<Entrant>, AppError> {
        let Some(agreement) = self.office.in_force(&self.client) else {
            let candidate = Candidate { name: BY_RATE_CARD.to_owned(), agreement: None };
            let because = "No agreement: work by the rate card, as it is charged today.".to_owned();
            let has_work = self.office.entries.get(self.position).is_some_and(|entries| !entries.is_empty());
            let past = candidate.clone();
            return Ok(has_work.then(|| Entrant { candidate, past, program: "ad-hoc".to_owned(), because, text: None }));
        };
        let name = format!("today's: {}", agreement.name);
        let mut because = "The agreement that the client has today, going on.".to_owned();
        let left = self.office.blocks_left(self.position, agreement)?;
        if let Prepaid::Time(TimePools { blocks, .. }) = &agreement.prepaid
            && !blocks.is_empty()
        {
            because +=
                " What is left in its blocks counts at what was paid for it, and blocks of the last twelve months are bought again.";
        }
        Ok(Some(Entrant {
            candidate: Candidate::going_on(&name, agreement, self.first_day(), left),
            past: Candidate::since(&name, agreement, past),
            program: agreement.program.name().to_owned(),
            because,
            text: None,
        }))
    }

    /// A draft as an agreement of this client, with its own dates, or from the first simulated day on where it has none; and how many
    /// lines were added before it.
    fn dated(&self, text: &str) -> (String, usize) {
        let client = format!("client = \"{}\"\n", self.client.code);
        let has = |wanted: &str| text.lines().any(|line| key(line) == wanted);
        let starts = format!("starts = {}\n", self.first_day());
        let missing = [("client", &client), ("starts", &starts)].into_iter().filter(|(name, _)| !has(name));
        let added: Vec<&str> = missing.map(|(_, line)| line.as_str()).collect();
        let own = text.lines().map(|line| if key(line) == "client" { client.clone() } else { format!("{line}\n") });
        (added.iter().map(|line| (*line).to_owned()).chain(own).collect(), added.len())
    }

    /// The client's own months as the use-it-or-lose-it program counts them.
    pub(super) fn past_hours(
        &self,
        ground: Ground<'_>,
        (pasts, replays): (&[Candidate], Option<&[Replay]>),
        entries: &[TimeEntry],
        (client, window): (&Client, (Period, Period)),
    ) -> Result<Vec<(Period, f64)>, AppError> {
        let hours = |replay: &Replay| -> Vec<(Period, f64)> {
            replay.months.iter().map(|month| (month.period, counted(&month.cost))).collect()
        };
        if let Some(replay) = replays.and_then(|all| all.iter().find(|replay| replay.name == MEASURE)) {
            return Ok(hours(replay));
        }
        let measure: Vec<Candidate> = pasts.iter().filter(|candidate| candidate.name == MEASURE).cloned().collect();
        Ok(self.replays(ground, &measure, entries, (client, window))?.iter().flat_map(hours).collect())
    }

    pub(super) fn replays(
        &self,
        ground: Ground<'_>,
        pasts: &[Candidate],
        entries: &[TimeEntry],
        (client, (first, until)): (&Client, (Period, Period)),
    ) -> Result<Vec<Replay>, AppError> {
        pasts.iter().map(|candidate| Ok(replay(ground, client, candidate, entries, (first, until))?)).collect()
    }
}

/// What a client without an agreement has today.
pub(super) const BY_RATE_CARD: &str = "today's: rate card";

/// A virus on every machine, if any is expected and there are machines.
pub(super) fn virus(seats: Seats, question: &Question) -> Option<Severe> {
    let mean = seats.workstations * question.virus_hours;
    let hours = Severity::Gamma { shape: 4.0, scale: mean / 4.0 };
    let is_expected = question.viruses > 0.0 && seats.workstations > 0.0;
    is_expected.then(|| Severe::new("Virus on every machine", question.viruses, hours, DeviceClass::Workstation))
}

/// The candidate whose hours are the measure: the use-it-or-lose-it program.
pub(super) const MEASURE: &str = "use-it-or-lose-it";

/// Quantiles of one month's hours as the use-it-or-lose-it program counts them.
pub(super) fn month_hours(run: &Run, contenders: &[Contender]) -> Vec<(f64, f64)> {
    let Some(position) = contenders.iter().position(|it| it.name == MEASURE) else { return Vec::new() };
    let hours = sorted(run.months(position).map(counted).collect());
    let quantile = |share: f64| Some((share, quantile_of_sorted(&hours, share)?));
    [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95].into_iter().filter_map(quantile).collect()
}

/// Hours a month on average, as the use-it-or-lose-it program counts them.
pub(super) fn mean_hours(run: &Run, contenders: &[Contender]) -> Option<f64> {
    let position = contenders.iter().position(|it| it.name == MEASURE)?;
    Some(mean(&run.months(position).map(counted).collect::<Vec<_>>()))
}

/// Hours of a month that count: drawn from the allowance, or beyond it.
pub(super) fn counted(month: &MonthCost) -> f64 {
    float_i64(month.granted - month.forfeited + month.overage) / 3_600.0
}

/// At most so many tickets a month are simulated.
const TICKETS_MAX: f64 = 6_000.0;

/// With so many tickets drawn a slider is answered.
const TICKETS_QUICK: usize = 300_000;

/// Months that are simulated.
pub(super) const MONTHS: u32 = 12;

/// The client with today's machines from the first simulated day on, or with other numbers of them: machines are added or left out at
/// the end of the list.
pub(super) fn as_it_might_be(client: &Client, question: &Question, (today, day): (Day, Day)) -> Client {
    let mut changed = client.clone();
    changed.devices.retain(|device| device.counts_on(today));
    for device in &mut changed.devices {
        (device.in_service, device.retired) = (device.in_service.min(day), None);
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

/// The key of a line of a draft.
fn key(line: &str) -> &str {
    line.split('=').next().unwrap_or_default().trim()
}

/// A draft's text without its client and dates.
fn drafted(text: &str) -> String {
    let is_kept = |line: &&str| !matches!(key(line), "client" | "starts" | "ends");
    text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

/// An offer whose prices no agreement can have.
fn unpriced(name: &str, problems: &[quarterhour_books::Problem]) -> AppError {
    let list = problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ");
    let said = format!("the rate card and the chosen premiums lead to prices that `{name}` cannot have: {list}");
    AppError::user(said, "lower the rates, the premiums, or the tickets")
}

/// A draft that cannot be read; `added` lines were put before its first.
fn unreadable(name: &str, added: usize, problems: Vec<quarterhour_books::Problem>) -> AppError {
    let own = |problem: quarterhour_books::Problem| {
        let line = problem.line.map(|line| line.saturating_sub(added).max(1));
        quarterhour_books::Problem { file: format!("{name}.toml"), line, ..problem }.to_string()
    };
    let list = problems.into_iter().map(own).collect::<Vec<_>>().join("; ");
    AppError::user(format!("the agreement `{name}` cannot be compared: {list}"), "write it as in agreements/*.toml of the books")
}
