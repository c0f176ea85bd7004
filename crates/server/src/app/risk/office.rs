//! A provider's books as the risk crate reads them: every client's entries, and what they teach together.

use std::path::Path;
use std::sync::OnceLock;

use jiff::civil::Date;
use quarterhour_billing::agreement::{Agreement, Block, Prepaid};
use quarterhour_billing::{Carried, Client, Day, Period, Statement, TimeEntry, Words};
use quarterhour_books::{EntryReader, Setup, entries};
use quarterhour_risk::backtest::Backtest;
use quarterhour_risk::candidate::{Ground, blocks_left};
use quarterhour_risk::history::History;
use quarterhour_risk::outlook::Calibration;
use quarterhour_risk::portfolio::{Portfolio, Prior, Trade};
use quarterhour_store::Tx;
use quarterhour_store::statements::time_entry;
use rayon::prelude::*;

use crate::app::bill_books;
use crate::app::run::{OpenClient, bill_open_periods};
use crate::app::stored;
use crate::error::AppError;

/// At most so many months of the past are looked at.
const MONTHS_MAX: u32 = 60;

/// A provider's books with all entries, each in its last version.
pub struct Office {
    /// Provider, clients, devices, agreements.
    pub setup: Setup,
    /// Tiers and work types, those of the trade among them.
    pub words: Words,
    /// Entries by client, by start and id.
    pub entries: Vec<Vec<TimeEntry>>,
    /// What the clients teach together.
    pub portfolio: Portfolio,
    /// The words of the trade.
    pub trade: Trade,
    /// The last month that is looked at.
    pub until: Period,
    /// The day on which it is looked.
    pub today: Day,
    /// What past forecasts were, once somebody asks: forecasting every month that is over takes a while.
    pub(super) calibration: OnceLock<Calibration>,
    /// The measure of them, once somebody asks.
    pub(super) measured: OnceLock<Backtest>,
}

impl Office {
    /// Reads a folder of books.
    ///
    /// # Errors
    ///
    /// Lists what is wrong in it.
    pub fn from_folder(folder: &Path, today: Date) -> Result<Self, AppError> {
        let bill_books::Books { setup, entries, .. } = bill_books::read(folder)?;
        Ok(Self::new(setup, entries.words, entries.by_client, today))
    }

    /// Reads a database.
    ///
    /// # Errors
    ///
    /// Fails when nothing was imported, or the database fails.
    pub fn from_store(tx: &mut Tx, today: Date) -> Result<Self, AppError> {
        let books = stored::read(tx)?;
        let mut reader = EntryReader::new(&books.setup);
        let mut by_client: Vec<Vec<TimeEntry>> = Vec::new();
        by_client.resize_with(books.client_ids.len(), Vec::new);
        time_entry::each_latest(tx, books.provider_id, |row| {
            if let Some((position, entry)) = books.entry(&mut reader, &row)
                && let Some(own) = by_client.get_mut(position)
            {
                own.push(entry);
            }
            Ok::<(), AppError>(())
        })?;
        by_client.par_iter_mut().for_each(|own| entries::sort(own));
        let words = reader.words.clone();
        drop(reader);
        Ok(Self::new(books.setup, words, by_client, today))
    }

    fn new(setup: Setup, mut words: Words, entries: Vec<Vec<TimeEntry>>, today: Date) -> Self {
        let today = Day::from_date(today);
        let last = setup.clients.iter().zip(&entries).filter_map(|(client, own)| {
            let entry = own.last()?;
            Some(client.client.clock.day(entry.started_at).period())
        });
        // The running month is not over; without any work the month before it is as good as another.
        let over = today.period().previous();
        let until = last.max().map_or(over, |last| last.min(over));
        let trade = Trade::usual(&mut words);
        let histories: Vec<History> = setup
            .clients
            .par_iter()
            .zip(&entries)
            .map(|(client, own)| History::read(&client.client, own, until, MONTHS_MAX))
            .collect();
        let portfolio = Portfolio::learn(histories, Prior::default());
        let (calibration, measured) = Default::default();
        Self { setup, words, entries, portfolio, trade, until, today, calibration, measured }
    }

    /// The position and the books of a client.
    ///
    /// # Errors
    ///
    /// Fails when there is no such client.
    pub fn client(&self, code: &str) -> Result<(usize, &Client), AppError> {
        let found = self.setup.clients.iter().position(|client| client.client.code == code);
        let client = found.and_then(|position| Some((position, &self.setup.clients.get(position)?.client)));
        client
            .ok_or_else(|| AppError::user(format!("there is no client `{code}`"), "the codes are in the first column of clients.csv"))
    }

    /// What the books of a client hold, in a line: another line means that a comparison made from them may differ.
    ///
    /// # Errors
    ///
    /// Fails when there is no such client.
    pub fn mark(&self, code: &str) -> Result<String, AppError> {
        let (position, client) = self.client(code)?;
        let entries = self.entries.get(position).map_or(&[][..], Vec::as_slice);
        let minutes: u64 = entries.iter().map(|entry| u64::from(entry.minutes)).sum();
        let devices = client.devices.iter().filter(|device| device.counts_on(self.today)).count();
        let rates = self.setup.provider.terms.rates.0.iter().map(|rate| rate.hourly.to_string()).collect::<Vec<_>>().join(" ");
        Ok(format!(
            "months up to {}, {} time entries of {minutes} minutes, {devices} devices, {} agreements, rates {rates}",
            self.until,
            entries.len(),
            client.agreements.as_slice().len()
        ))
    }

    /// The agreement that a client has today.
    #[must_use]
    pub fn in_force<'c>(&self, client: &'c Client) -> Option<&'c Agreement> {
        client.agreements.as_slice().iter().rev().find(|agreement| agreement.in_force_on(self.today))
    }

    /// What is left in the blocks of an agreement of a client when the last month that is looked at is over.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up.
    pub fn blocks_left(&self, position: usize, agreement: &Agreement) -> Result<Vec<Block>, AppError> {
        let has_blocks =
            matches!(&agreement.prepaid, Prepaid::Time(pools) if !pools.blocks.is_empty() || pools.auto_replenish.is_some());
        let day = self.until.end();
        let statement = if has_blocks { self.statement(position, agreement, (self.until, day))? } else { None };
        Ok(statement.map_or(Vec::new(), |statement| blocks_left(&statement.pools, statement.currency, day)))
    }

    /// The statement of an agreement of a client for a month, from the work before a day; none where it has none.
    ///
    /// # Errors
    ///
    /// Fails when a statement does not add up.
    pub fn statement(
        &self,
        position: usize,
        agreement: &Agreement,
        (month, day): (Period, Day),
    ) -> Result<Option<Statement>, AppError> {
        let client = self.setup.clients.get(position);
        let (Some(client), Some(all)) = (client, self.entries.get(position)) else { return Ok(None) };
        let clock = &client.client.clock;
        let entries = all.get(..all.partition_point(|entry| clock.day(entry.started_at) < day)).unwrap_or(&[]);
        let open = OpenClient { client, carried: Carried::default(), first_open: None, entries, late: Vec::new() };
        let mut found = None;
        bill_open_periods(&self.setup.provider.terms, &self.words, open, month, |billed| {
            if billed.period == month {
                found = billed.statements.into_iter().find(|statement| statement.agreement.as_ref() == Some(&agreement.name));
            }
        })?;
        Ok(found)
    }

    /// The provider's terms and words.
    #[must_use]
    pub fn ground(&self) -> Ground<'_> {
        Ground { terms: &self.setup.provider.terms, words: &self.words }
    }
}
