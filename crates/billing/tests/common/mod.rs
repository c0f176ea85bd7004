//! Books from texts and bill runs over them, for all tests of the engine. It checks nothing.

use std::collections::BTreeMap;

use quarterhour_billing::{BilledPeriod, BillingError, Carried, LateBatch, Period, Statement, TimeEntry, bill_period};
use quarterhour_books::{BookClient, EntryBook, Problem, Setup, SetupFiles, entries, setup};

/// The provider of all tests: easy prices, two offices' hours, one holiday.
pub const PROVIDER: &str = include_str!("../cases/provider.toml");

/// The files of a folder as texts.
#[derive(Clone, Debug)]
pub struct Files {
    pub provider: String,
    pub clients: String,
    pub devices: String,
    /// Name and content.
    pub agreements: Vec<(String, String)>,
    pub entries: String,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            provider: PROVIDER.to_owned(),
            clients: "code,name\nacme,Acme\n".to_owned(),
            devices: "client,name,class,in_service,retired\n".to_owned(),
            agreements: Vec::new(),
            entries: "id,client,ticket,started_at,minutes,tier,work_type,device,billable,cause\n".to_owned(),
        }
    }
}

impl Files {
    /// Adds an agreement of the one client.
    pub fn agreement(mut self, name: &str, clauses: &str) -> Self {
        self.agreements.push((name.to_owned(), format!("client = \"acme\"\n{clauses}")));
        self
    }
}

/// Books that were read.
#[derive(Debug)]
pub struct Books {
    pub setup: Setup,
    pub entries: EntryBook,
}

/// Reads books as the command line does.
pub fn read(files: &Files) -> Result<Books, Vec<Problem>> {
    let agreements = files.agreements.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
    let setup = setup::read(&SetupFiles {
        provider: files.provider.clone().into_bytes(),
        clients: files.clients.clone().into_bytes(),
        devices: files.devices.clone().into_bytes(),
        agreements,
    })?;
    let entries = entries::read(&setup, files.entries.as_bytes())?;
    Ok(Books { setup, entries })
}

impl Books {
    /// The one client.
    pub fn client(&self) -> &BookClient {
        self.setup.clients.first().unwrap()
    }

    /// The period in which an entry of the one client starts.
    pub fn period_of(&self, entry: &TimeEntry) -> Period {
        self.client().client.clock.day(entry.started_at).period()
    }

    /// The entries of the one client, by period, each in order of start and id.
    pub fn by_period(&self) -> BTreeMap<Period, Vec<TimeEntry>> {
        let mut periods: BTreeMap<Period, Vec<TimeEntry>> = BTreeMap::new();
        for entry in self.entries.by_client.first().unwrap() {
            periods.entry(self.period_of(entry)).or_default().push(entry.clone());
        }
        periods
    }

    /// Bills one period of the one client.
    pub fn bill(
        &self,
        period: Period,
        carried: Carried,
        entries: &[TimeEntry],
        late: &[LateBatch<'_>],
    ) -> Result<BilledPeriod, BillingError> {
        let Setup { provider, .. } = &self.setup;
        bill_period(&provider.terms, &self.entries.words, &self.client().client, period, carried, entries, late)
    }

    /// Bills from one period to another, all entries in time.
    #[allow(dead_code, clippy::allow_attributes, reason = "not every test file bills several periods")]
    pub fn bill_all(&self, from: Period, until: Period) -> Vec<(Period, Vec<Statement>)> {
        let (mut carried, mut billed, mut period) = (Carried::default(), Vec::new(), from);
        let entries = self.by_period();
        while period <= until {
            let own = entries.get(&period).map_or(&[][..], Vec::as_slice);
            let result = self.bill(period, carried, own, &[]).unwrap();
            billed.push((period, result.statements));
            carried = result.carried;
            period = period.next();
        }
        billed
    }
}

/// What was carried on, written as JSON and read back.
#[allow(dead_code, clippy::allow_attributes, reason = "not every test file stores what is carried on")]
pub fn through_json(carried: &Carried) -> Carried {
    let text = serde_json::to_string(carried).unwrap();
    serde_json::from_str(&text).unwrap()
}
