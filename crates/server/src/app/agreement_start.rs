//! What a new agreement begins with: a program's usual clauses, a template, or another agreement. And the words in use.

use std::collections::BTreeSet;

use quarterhour_billing::Word;
use quarterhour_billing::agreement::{Agreement, Prepaid, Program};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::agreement::client_at;
use crate::app::agreement_form::AgreementForm;
use crate::app::context::Context;
use crate::app::stored::StoredBooks;
use crate::error::AppError;

/// What a new agreement begins with.
#[derive(Clone, Debug)]
pub enum Start {
    /// The usual clauses of a program.
    Program(String),
    /// A template.
    Template(Uuid),
    /// Another agreement of the same client.
    Copy(String),
}

/// Tiers and work types in use, for lists to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// The tiers.
    pub tiers: Vec<String>,
    /// The work types.
    pub work_types: Vec<String>,
}

impl Vocabulary {
    /// The words of the rate card, of all agreements, and those that everybody has.
    #[must_use]
    pub fn of(books: &StoredBooks) -> Self {
        let words = &books.setup.words;
        let mut sets = (BTreeSet::new(), BTreeSet::new());
        for rate in &books.setup.provider.terms.rates.0 {
            sets.0.extend(rate.tier);
            sets.1.extend(rate.work_type);
        }
        for client in &books.setup.clients {
            client.client.agreements.as_slice().iter().for_each(|agreement| add_words(agreement, &mut sets));
        }
        let named = |set: BTreeSet<Word>, usual: [&str; 3]| {
            let names = set.into_iter().map(|word| words.name(word).to_owned());
            let own: BTreeSet<String> = names.filter(|name| !usual.contains(&name.as_str())).collect();
            usual.iter().map(|name| (*name).to_owned()).chain(own).collect()
        };
        Self { tiers: named(sets.0, ["helpdesk", "technician", "senior"]), work_types: named(sets.1, ["remote", "onsite", "project"]) }
    }
}

fn add_words(agreement: &Agreement, (tiers, work_types): &mut (BTreeSet<Word>, BTreeSet<Word>)) {
    for rate in &agreement.prices.rates.0 {
        tiers.extend(rate.tier);
        work_types.extend(rate.work_type);
    }
    tiers.extend(agreement.overage.tiers.iter().chain(&agreement.weights.tiers).map(|(tier, _)| *tier));
    tiers.extend(&agreement.internal_tiers);
    if let Some(included) = &agreement.included {
        tiers.extend(&included.excluded_tiers);
        work_types.extend(&included.excluded_work_types);
    }
    match &agreement.prepaid {
        Prepaid::Time(pools) => work_types.extend(pools.allowance.iter().flat_map(|it| &it.excludes)),
        Prepaid::Money(reserve) => work_types.extend(&reserve.excludes),
        Prepaid::Nothing => {}
    }
}

impl Context {
    /// The form with which a new agreement of a client begins, its dates and name filled in.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client, template or agreement.
    pub fn start_agreement(&self, actor: &Actor, code: &str, start: &Start) -> Result<AgreementForm, AppError> {
        actor.require(Permission::EditAgreements)?;
        let versions = self.agreements_of(actor, code)?;
        let books = self.books()?;
        let mut form = match start {
            Start::Program(program) => {
                let (_, client) = client_at(&books, code)?;
                let rate = &books.setup.provider.terms.rates.0;
                let default = rate.iter().find(|rate| rate.tier.is_none() && rate.work_type.is_none());
                let hourly =
                    default.filter(|_| client.client.currency == books.setup.provider.currency).map(|rate| rate.hourly.to_string());
                usual_form(program, &hourly.unwrap_or_default())
            }
            Start::Template(id) => self.template(actor, *id)?.1,
            Start::Copy(name) => {
                let mut form = self.agreement(actor, code, name)?.form;
                form.keep_blocks(|_| false);
                form
            }
        };
        // Right after the one in force, where that one ends; from the next period on otherwise.
        let ends = versions.versions.first().and_then(|latest| latest.ends).filter(|ends| *ends > versions.today);
        let starts = if versions.versions.is_empty() {
            versions.today.period().first_day()
        } else {
            ends.unwrap_or_else(|| versions.usual_start())
        };
        let starts = versions.first_open.map_or(starts, |first| first.max(starts));
        form.set("client", code);
        form.set("starts", starts.to_string());
        form.set("ends", "");
        form.set("name", versions.free_name(starts, |name| books.agreement_texts.contains_key(name)));
        for row in form.rows("block") {
            form.set(format!("block.{row}.bought"), starts.to_string());
        }
        Ok(form)
    }

    /// Tiers and work types in use.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn vocabulary(&self) -> Result<Vocabulary, AppError> {
        Ok(Vocabulary::of(&*self.books()?))
    }
}

/// The usual clauses of a program. `hourly` is the provider's own rate.
#[must_use]
pub fn usual_form(program: &str, hourly: &str) -> AgreementForm {
    let mut form = AgreementForm::default();
    form.set("program", program);
    let mut set = |clause: &str, fields: &[(&str, &str)]| {
        form.switch_on(clause);
        for (field, value) in fields {
            form.set(format!("{clause}.{field}"), *value);
        }
    };
    let flat = [("basis", "flat"), ("billed", "advance"), ("count", "first-day"), ("proration", "none")];
    set("rounding", &[("increment", "15"), ("minimum", "15"), ("scope", "entry")]);
    match Program::parse(program) {
        Some(Program::AdHoc) => set("prices", &[("after_hours_price", "1.5")]),
        Some(Program::BlockOfTime) => {
            set("block", &[("0.hours", "20"), ("0.expires_months", "12")]);
            set("overage", &[("rate", hourly)]);
        }
        Some(Program::UseItOrLoseIt) => {
            set("fee", &flat);
            set(
                "allowance",
                &[
                    ("size", "stable"),
                    ("count", "first-day"),
                    ("rollover.periods", "0"),
                    ("settle_months", "1"),
                    ("excludes", "project"),
                ],
            );
            set("overage", &[("rate", hourly)]);
            set("rounding", &[("scope", "ticket-day")]);
            set("guard", &[("thresholds", "75, 90, 100"), ("cap.on_cap", "hold")]);
        }
        Some(Program::Budget) => {
            set("fee", &flat);
            set("reserve", &[("size", "minutes"), ("minutes.workstation", "30"), ("minutes.server", "60"), ("rate", hourly)]);
            set("reserve", &[("rollover.periods", "2"), ("rollover.cap_percent", "100"), ("count", "first-day")]);
        }
        Some(Program::FixedRate) => {
            set("fee", &flat);
            set("fee", &[("basis", "per_device")]);
            set("included", &[("excludes.work_types", "project")]);
        }
        Some(Program::Customized) | None => set("service", &[("0.unit", "workstation")]),
    }
    if Program::parse(program) == Some(Program::FixedRate) {
        form.set_all("included.classes", ["workstation", "server", "firewall"].map(str::to_owned));
    }
    form
}
