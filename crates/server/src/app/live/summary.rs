//! A client in numbers: what lists, timesheets and the dashboard show. It holds no words of entries.

use jiff::civil::Date;
use quarterhour_billing::{Day, Period, StatementReport, TimeTotals};
use uuid::Uuid;

use crate::app::body::StatementBody;
use crate::app::live::client::ClientLive;
use crate::app::live::fate::Fates;
use crate::app::live::forecast::{Forecast, Pace};
use crate::app::money::minor;
use crate::app::month_time::MonthTime;
use crate::app::outcome::Warning;
use crate::app::stored::StoredBooks;

/// A summary holds for so long: the forecast moves with the clock.
const FRESH_SECONDS: i64 = 900;

/// A client in numbers.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The client.
    pub client_id: Uuid,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it pays in.
    pub currency: quarterhour_billing::Currency,
    /// The period that runs today.
    pub running: Period,
    /// The local day.
    pub today: Day,
    /// The last issued period.
    pub issued: Option<Period>,
    /// The running period under the agreement of today.
    pub now: Option<OpenStatement>,
    /// Every statement that is not issued, the running ones last.
    pub open: Vec<OpenStatement>,
    /// How the running period is likely to end.
    pub forecast: Option<Forecast>,
    /// The same for a reserve of money, in minor units.
    pub reserve_forecast: Option<Forecast>,
    /// Days of the running period after today.
    pub days_left: i64,
    /// Business days of the running period after today.
    pub business_days_left: usize,
    /// What a person should look at.
    pub flags: Flags,
    /// What a book-keeper should look at.
    pub warnings: Vec<Warning>,
    /// Where the entries of open statements go.
    pub fates: Fates,
    version: i64,
    books_digest: u64,
    made_at: i64,
}

/// Open entries that need a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Entries of open periods.
    pub entries: usize,
    /// Without a ticket.
    pub without_ticket: usize,
    /// On days without an agreement.
    pub without_agreement: usize,
    /// On devices that are not listed.
    pub unlisted_device: usize,
    /// Late time of issued periods that no statement has taken.
    pub late: bool,
}

/// A statement that is not issued, in numbers.
#[derive(Clone, Debug)]
pub struct OpenStatement {
    /// The period.
    pub period: Period,
    /// The numbers as results have them.
    pub report: StatementReport,
    /// Does work draw on pools of time?
    pub draws_time: bool,
    /// The first day of the period.
    pub first_day: Date,
    /// Its prepaid time; of all the running statements together where it is that of today's agreement.
    pub month: MonthTime,
    /// A reserve of money instead of pools of time.
    pub reserve: Option<Reserve>,
}

/// A reserve of money as it stands, in minor units.
#[derive(Clone, Debug)]
pub struct Reserve {
    /// What was put into it, what was left from before among it.
    pub put: i64,
    /// What it paid.
    pub used: i64,
    /// What was charged once it was empty.
    pub beyond: i64,
}

impl Reserve {
    fn of(body: &StatementBody) -> Option<Self> {
        let report = body.statement.reserve.as_ref().filter(|_| !body.draws_time)?;
        Some(Self {
            put: body.reserve_put()?,
            used: minor(&report.used).unwrap_or(0),
            beyond: body.reserve_burn.last().map_or(0, |step| step.overage),
        })
    }

    /// What is left in it.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.put - self.used
    }

    /// What was charged of it, in percent; past 100 once it is empty.
    #[must_use]
    pub fn percent_used(&self) -> i64 {
        if self.put == 0 { 0 } else { (self.used + self.beyond) * 100 / self.put }
    }
}

impl OpenStatement {
    fn new(body: &StatementBody) -> Self {
        Self {
            period: body.period,
            report: body.statement.clone(),
            draws_time: body.draws_time,
            first_day: body.period.first_day().date(),
            month: MonthTime::of([body]),
            reserve: Reserve::of(body),
        }
    }

    /// The reserve, if anything was put into it.
    #[must_use]
    pub fn funded_reserve(&self) -> Option<&Reserve> {
        self.reserve.as_ref().filter(|reserve| reserve.put > 0)
    }

    /// Seconds.
    #[must_use]
    pub fn time(&self) -> &TimeTotals {
        &self.report.time
    }

    /// Seconds that were or are in pools.
    #[must_use]
    pub fn available(&self) -> i64 {
        self.month.available()
    }

    /// Seconds drawn from pools.
    #[must_use]
    pub fn used(&self) -> i64 {
        self.month.used
    }

    /// Seconds in pools now.
    #[must_use]
    pub fn left(&self) -> i64 {
        self.month.left
    }

    /// Seconds of the period's own work beyond the pools, held ones among them.
    #[must_use]
    pub fn beyond(&self) -> i64 {
        self.month.beyond()
    }

    /// What was used of the pools, in percent; past 100 with overage.
    #[must_use]
    pub fn percent_used(&self) -> i64 {
        let available = self.available();
        if available == 0 { 0 } else { (self.used() + self.beyond()) * 100 / available }
    }
}

impl Summary {
    /// Puts a client in numbers, as of an instant.
    #[must_use]
    pub fn new(live: &ClientLive, now: i64) -> Self {
        let open: Vec<OpenStatement> =
            live.result.outcomes.iter().filter_map(|outcome| outcome.body.as_ref()).map(OpenStatement::new).collect();
        let body = live.running_outcome().and_then(|outcome| outcome.body.as_ref());
        let mut running = body.map(OpenStatement::new);
        let clock = live.client().ok().map(|client| client.client.clock.clone());
        let pace = clock.as_ref().map(|clock| Pace::new(&live.books.setup.provider.terms.calendar, clock, live.running, now));
        let paced = body.zip(running.as_ref()).zip(pace.as_ref());
        // Without an agreement today there are no hours that could run out.
        let in_force = live.client().is_ok_and(|it| it.client.agreements.on(it.client.clock.day(now)).is_some());
        let forecast = paced.filter(|((body, _), _)| body.draws_time && in_force);
        let forecast = forecast.and_then(|((body, it), pace)| {
            let available = it.available() - it.month.ended;
            pace.forecast(available, it.used(), it.beyond(), &body.burn_down)
        });
        let reserve_forecast = paced.and_then(|((body, it), pace)| {
            let reserve = it.reserve.as_ref()?;
            pace.forecast(reserve.put, reserve.used, reserve.beyond, &body.reserve_burn)
        });
        if let Some(running) = &mut running {
            running.month = MonthTime::of(live.outcomes(live.running).filter_map(|outcome| outcome.body.as_ref()));
        }
        let client = live.client().ok();
        Self {
            client_id: live.client_id,
            code: client.map(|client| client.row.code.clone()).unwrap_or_default(),
            name: client.map(|client| client.row.field("name").to_owned()).unwrap_or_default(),
            currency: client.map_or(live.books.setup.provider.currency, |client| client.client.currency),
            running: live.running,
            today: clock.map_or_else(|| live.running.first_day(), |clock| clock.day(now)),
            issued: live.closed.as_ref().map(|closed| closed.period),
            now: running,
            forecast,
            reserve_forecast,
            days_left: pace.as_ref().map_or(0, Pace::days_left),
            business_days_left: pace.as_ref().map_or(0, Pace::business_days_left),
            flags: flags(live),
            warnings: live.result.warnings.clone(),
            fates: Fates::of(&live.result),
            version: live.version,
            books_digest: live.books.digest(live.client_id),
            made_at: now,
            open,
        }
    }

    pub(super) fn is_of(&self, books: &StoredBooks, version: i64, running: Period, now: i64) -> bool {
        let fresh = (self.made_at..self.made_at + FRESH_SECONDS).contains(&now);
        fresh && self.books_digest == books.digest(self.client_id) && self.version >= version && self.running == running
    }

    /// How the period of a statement is likely to end, if it is the running one of the agreement of today.
    #[must_use]
    pub fn forecast_of(&self, body: &StatementBody) -> Option<&Forecast> {
        let is_now = |now: &OpenStatement| now.period == body.period && now.report.agreement == body.statement.agreement;
        self.now.as_ref().filter(|now| is_now(now))?;
        if body.draws_time { self.forecast.as_ref() } else { self.reserve_forecast.as_ref() }
    }

    /// What the running period's statements come to until now, before tax, in minor units.
    #[must_use]
    pub fn running_net(&self) -> i64 {
        let running = self.open.iter().filter(|statement| statement.period == self.running);
        running.filter_map(|statement| minor(&statement.report.net)).sum()
    }

    /// What all open statements come to, before tax, in minor units.
    #[must_use]
    pub fn open_net(&self) -> i64 {
        self.open.iter().filter_map(|statement| minor(&statement.report.net)).sum()
    }

    /// Statements of periods that are over and not issued.
    pub fn unbilled(&self) -> impl Iterator<Item = &OpenStatement> {
        self.open.iter().filter(|statement| statement.period < self.running)
    }
}

fn flags(live: &ClientLive) -> Flags {
    let entries = live.entries();
    let unlisted = entries.iter().filter(|entry| entry.device == quarterhour_billing::WorkedOn::Unlisted);
    let client = live.client().ok().map(|client| &client.client);
    let uncovered = |started_at: i64| client.is_some_and(|client| client.agreements.on(client.clock.day(started_at)).is_none());
    // A client without any agreement is billed by the rate card on purpose.
    let has_agreements = client.is_some_and(|client| !client.agreements.as_slice().is_empty());
    Flags {
        entries: entries.len(),
        without_ticket: entries.iter().filter(|entry| entry.ticket.is_empty()).count(),
        without_agreement: if has_agreements { entries.iter().filter(|entry| uncovered(entry.started_at)).count() } else { 0 },
        unlisted_device: unlisted.count(),
        late: live.has_late(),
    }
}
