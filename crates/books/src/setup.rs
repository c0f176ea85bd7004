//! Everything of a folder but the time entries: provider, clients, devices and agreements, put together.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use quarterhour_billing::agreement::{Agreement, Agreements};
use quarterhour_billing::{Client, Currency, Device, LocalClock, Words};

use crate::agreement::{self, AgreementFile};
use crate::problem::{Problem, Problems, shown};
use crate::provider::{self, Provider};
use crate::rows::{self, CLIENT_COLUMNS, ClientRow, ClientTerms, DEVICE_COLUMNS};
use crate::section::Document;
use crate::table::{Table, decode};

/// The bytes of the files.
#[derive(Clone, Debug, Default)]
pub struct SetupFiles {
    /// `provider.toml`.
    pub provider: Vec<u8>,
    /// `clients.csv`.
    pub clients: Vec<u8>,
    /// `devices.csv`.
    pub devices: Vec<u8>,
    /// Name without ending and content of each file of `agreements/`.
    pub agreements: Vec<(String, Vec<u8>)>,
}

/// One client of the books.
#[derive(Clone, Debug)]
pub struct BookClient {
    /// Its row.
    pub row: ClientRow,
    /// What the engine bills.
    pub client: Client,
}

/// The position of each client's code among the clients. Each time entry looks here, so its hash is a quick one.
pub type Positions = HashMap<String, u32, RandomState>;

/// Books without their time entries.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The provider.
    pub provider: Provider,
    /// Tiers and work types.
    pub words: Words,
    /// Clients by code.
    pub clients: Vec<BookClient>,
    /// The position of each code in the clients.
    pub positions: Positions,
}

/// Reads provider, clients, devices and agreements.
///
/// # Errors
///
/// Lists what is wrong in any of the files.
pub fn read(files: &SetupFiles) -> Result<Setup, Vec<Problem>> {
    let mut words = Words::default();
    let mut list = Vec::new();
    let provider = read_provider(&files.provider, &mut words, &mut list);
    let mut clients = read_clients(&files.clients, &mut list);
    clients.sort_by(|(one, ..), (other, ..)| one.code.cmp(&other.code));
    let positions: Positions = (0..).zip(&clients).map(|(position, (row, _))| (row.code.clone(), position)).collect();
    let mut of_agreements = Vec::new();
    let (devices, agreements) = rayon::join(
        || read_devices(&files.devices, &positions, &mut list),
        || read_agreements(&files.agreements, &positions, &mut words, &mut of_agreements),
    );
    list.append(&mut of_agreements);
    let (Some(provider), true) = (provider, list.is_empty()) else { return Err(list) };
    let mut assembly = Assembly { provider: &provider, clocks: HashMap::new() };
    let parts = clients.into_iter().zip(devices).zip(agreements);
    let clients = parts.map(|(((row, terms), devices), agreements)| assembly.client(row, &terms, devices, agreements)).collect();
    Ok(Setup { provider, words, clients, positions })
}

/// Reads a provider's file by itself.
///
/// # Errors
///
/// Lists what is wrong in it.
pub fn read_provider_text(text: &str, words: &mut Words) -> Result<Provider, Vec<Problem>> {
    let mut list = Vec::new();
    match read_provider(text.as_bytes(), words, &mut list) {
        Some(provider) if list.is_empty() => Ok(provider),
        _ => Err(list),
    }
}

/// Reads one agreement file by itself.
///
/// # Errors
///
/// Lists what is wrong in it.
pub fn read_agreement(name: &str, text: &str, words: &mut Words) -> Result<Agreement, Vec<Problem>> {
    let problems = Problems::default();
    let file = format!("agreements/{name}.toml");
    let read = agreement::read(Document { file: &file, text, problems: &problems }, name, words);
    match read {
        Some(read) if problems.is_empty() => Ok(read.agreement),
        _ => Err(problems.into_list()),
    }
}

fn read_provider(bytes: &[u8], words: &mut Words, list: &mut Vec<Problem>) -> Option<Provider> {
    let file = "provider.toml";
    let text = decode(file, bytes).map_err(|problem| list.push(problem)).ok()?;
    let problems = Problems::default();
    let provider = provider::read(Document { file, text, problems: &problems }, words);
    list.extend(problems.into_list());
    provider
}

fn read_clients(bytes: &[u8], list: &mut Vec<Problem>) -> Vec<(ClientRow, ClientTerms)> {
    let file = "clients.csv";
    let mut clients = Vec::new();
    let problems = Problems::default();
    let text = decode(file, bytes).map_err(|problem| problems.add(problem)).unwrap_or_default();
    let mut lines: HashMap<String, usize> = HashMap::new();
    if let Some(table) = problems.is_empty().then(|| Table::open(file, CLIENT_COLUMNS, text, &problems)).flatten() {
        table.rows(table.body, table.first_line, &problems, |row| {
            let client = rows::client(row);
            if let Some(line) = lines.insert(client.0.code.clone(), row.line) {
                row.problem(0, format!("{} is already in line {line}; expected each code once", shown(&client.0.code)));
            }
            clients.push(client);
        });
    }
    list.extend(problems.into_list());
    clients
}

/// The devices of each client, sorted by name and date.
fn read_devices(bytes: &[u8], positions: &Positions, list: &mut Vec<Problem>) -> Vec<Vec<Device>> {
    let file = "devices.csv";
    let mut devices: Vec<Vec<(Device, usize)>> = vec![Vec::new(); positions.len()];
    let problems = Problems::default();
    let text = decode(file, bytes).map_err(|problem| problems.add(problem)).unwrap_or_default();
    if let Some(table) = problems.is_empty().then(|| Table::open(file, DEVICE_COLUMNS, text, &problems)).flatten() {
        table.rows(table.body, table.first_line, &problems, |row| {
            let Some((code, device)) = rows::device(row) else { return };
            let position = positions.get(&code).and_then(|position| usize::try_from(*position).ok());
            match position.and_then(|position| devices.get_mut(position)) {
                Some(own) => own.push((device, row.line)),
                None => row.problem(0, format!("{}; expected a code of clients.csv", shown(&code))),
            }
        });
    }
    for own in &mut devices {
        own.sort_by(|(one, _), (other, _)| (&one.name, one.in_service).cmp(&(&other.name, other.in_service)));
        for pair in own.windows(2) {
            if let [(one, line), (other, again)] = pair
                && one.name == other.name
                && one.retired.is_none_or(|retired| retired > other.in_service || one.in_service == other.in_service)
            {
                let message =
                    format!("{} is in service twice at once, see line {line}; expected the first to be retired", shown(&other.name));
                problems.add(Problem { file: file.to_owned(), line: Some(*again), column: Some("name".to_owned()), message });
            }
        }
    }
    list.extend(problems.into_list());
    devices.into_iter().map(|own| own.into_iter().map(|(device, _)| device).collect()).collect()
}

/// The agreements of each client.
fn read_agreements(files: &[(String, Vec<u8>)], positions: &Positions, words: &mut Words, list: &mut Vec<Problem>) -> Vec<Agreements> {
    let mut by_client: Vec<Vec<Agreement>> = vec![Vec::new(); positions.len()];
    for (name, bytes) in files {
        let file = format!("agreements/{name}.toml");
        let problems = Problems::default();
        let text = decode(&file, bytes).map_err(|problem| problems.add(problem)).unwrap_or_default();
        let document = Document { file: &file, text, problems: &problems };
        let read = if problems.is_empty() { agreement::read(document, name, words) } else { None };
        if let Some(AgreementFile { client, client_at, agreement }) = read {
            let position = positions.get(&client).and_then(|position| usize::try_from(*position).ok());
            match position.and_then(|position| by_client.get_mut(position)) {
                Some(own) => own.push(agreement),
                None => document.add(client_at, "client", format!("{}; expected a code of clients.csv", shown(&client))),
            }
        }
        list.extend(problems.into_list());
    }
    let ordered = by_client.into_iter().map(|own| {
        Agreements::new(own).unwrap_or_else(|overlaps| {
            list.extend(overlaps.into_iter().map(|overlap| Problem {
                file: format!("agreements/{}.toml", overlap.second),
                line: None,
                column: None,
                message: format!("{overlap}; end `{}` on or before the day `{}` starts", overlap.first, overlap.second),
            }));
            Agreements::default()
        })
    });
    ordered.collect()
}

struct Assembly<'p> {
    provider: &'p Provider,
    clocks: HashMap<String, Arc<LocalClock>>,
}

impl Assembly<'_> {
    fn client(&mut self, row: ClientRow, terms: &ClientTerms, devices: Vec<Device>, agreements: Agreements) -> BookClient {
        let zone = terms.time_zone.as_deref().unwrap_or(&self.provider.time_zone);
        let clock = self.clocks.entry(zone.to_owned()).or_insert_with(|| {
            let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
            Arc::new(LocalClock::new(zone, &time_zone))
        });
        let currency: Currency = terms.currency.unwrap_or(self.provider.currency);
        let (code, clock, tax_percent) = (row.code.clone(), Arc::clone(clock), terms.tax_percent);
        BookClient { row, client: Client { code, currency, clock, tax_percent, devices, agreements } }
    }
}

impl Setup {
    /// The client of a code, with its position.
    #[must_use]
    pub fn client(&self, code: &str) -> Option<(u32, &BookClient)> {
        let position = *self.positions.get(code)?;
        Some((position, self.clients.get(usize::try_from(position).ok()?)?))
    }
}
