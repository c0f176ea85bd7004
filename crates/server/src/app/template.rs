//! Starting points for agreements: built-in ones that each provider changes as it likes, and its own.

use quarterhour_books::setup;
use quarterhour_store::Tx;
use quarterhour_store::statements::{counter, template};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::agreement::by_field;
use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_text::template_as_agreement;
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::seen::Seen;
use crate::error::AppError;

pub use quarterhour_store::statements::template::Template;

const KIND: &str = "template";
/// The counter that says that the built-in templates were put in once: what is deleted then stays deleted.
const SEEDED: &str = "templates-seeded";

/// A built-in starting point: name, summary, text.
type BuiltIn = (&'static str, &'static str, &'static str);

const BUILT_IN: [BuiltIn; 10] = [
    (
        "Level 1: Basic",
        "Monitoring and documentation for each device; work is charged by the hour.",
        "program = \"customized\"\n\n[[service]]\nname = \"Monitoring and documentation\"\nunit = \"workstation\"\nprice = \"9.00\"\n\n[[service]]\nname = \"Server monitoring\"\nunit = \"server\"\nprice = \"39.00\"\n\n[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n[prices]\nafter_hours_price = \"1.5\"\n",
    ),
    (
        "Level 2: Proactive",
        "Monitoring, patches and backup checks for each device, and a quarter of an hour a month for each workstation.",
        "program = \"customized\"\n\n[allowance]\nenvironment = \"stable\"\nexcludes = [\"project\"]\n\n[overage]\nrate = \"135.00\"\n\n[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n[prices]\nafter_hours_price = \"1.5\"\n\n[[service]]\nname = \"Monitoring, patches and documentation\"\nunit = \"workstation\"\nprice = \"38.00\"\n\n[[service]]\nname = \"Server care with backup checks\"\nunit = \"server\"\nprice = \"119.00\"\n\n[guard]\nthresholds = [75, 90, 100]\n",
    ),
    (
        "Level 3: Managed",
        "A fee for each listed device and unlimited work on it; projects are charged.",
        "program = \"fixed-rate\"\n\n[fee.per_device]\nworkstation = \"72.00\"\nserver = \"210.00\"\nfirewall = \"45.00\"\n\n[included]\nclasses = [\"workstation\", \"server\", \"firewall\"]\n\n[included.excludes]\nwork_types = [\"project\"]\n\n[rounding]\nincrement = 15\n\n[prices]\nafter_hours_price = \"1.5\"\n",
    ),
    (
        "Level 4: Customized",
        "Services by device and user, entry-level tickets at a fixed price; each clause as agreed.",
        "program = \"customized\"\n\n[rounding]\nincrement = 15\nscope = \"ticket\"\n\n[prices]\nafter_hours_price = \"1.5\"\n\n[[prices.rate]]\ntier = \"helpdesk\"\nhourly = \"75.00\"\nper_ticket = \"18.00\"\nincludes_minutes = 15\n\n[[service]]\nname = \"Managed workstation\"\nunit = \"workstation\"\nprice = \"24.00\"\n\n[[service]]\nname = \"Managed server\"\nunit = \"server\"\nprice = \"125.00\"\n\n[[service]]\nname = \"Security program\"\nunit = \"user\"\nprice = \"7.50\"\ncount = 10\n",
    ),
    (
        "Ad-hoc",
        "Each hour worked, in arrears.",
        "program = \"ad-hoc\"\n\n[rounding]\nincrement = 15\n\n[prices]\nafter_hours_price = \"1.5\"\n",
    ),
    (
        "Block of time",
        "Hours in advance at a lower rate; they keep for a year.",
        "program = \"block-of-time\"\n\n[[block]]\nbought = 2000-01-01\nhours = \"20\"\nprice = \"2200.00\"\nexpires_months = 12\n\n[overage]\nrate = \"125.00\"\n\n[rounding]\nincrement = 15\n",
    ),
    (
        "Use it or lose it, stable",
        "A fixed fee for a quarter of an hour a month for each workstation; unused hours are lost.",
        "program = \"use-it-or-lose-it\"\n\n[fee]\nflat = \"1250.00\"\n\n[allowance]\nenvironment = \"stable\"\nexcludes = [\"project\"]\n\n[overage]\nrate = \"150.00\"\n\n[overage.tiers]\nsenior = \"225.00\"\n\n[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n[weights]\nafter_hours = \"1.5\"\n\n[guard]\nthresholds = [75, 90, 100]\n",
    ),
    (
        "Use it or lose it, heavy",
        "A fixed fee for half an hour a month for each workstation; unused hours are lost.",
        "program = \"use-it-or-lose-it\"\n\n[fee]\nflat = \"2400.00\"\n\n[allowance]\nenvironment = \"heavy\"\nexcludes = [\"project\"]\n\n[overage]\nrate = \"150.00\"\n\n[overage.tiers]\nsenior = \"225.00\"\n\n[rounding]\nincrement = 15\nscope = \"ticket-day\"\n\n[weights]\nafter_hours = \"1.5\"\n\n[guard]\nthresholds = [75, 90, 100]\n",
    ),
    (
        "Budget",
        "A base fee and a reserve of money for half an hour for each workstation and an hour for each server; it rolls for two months.",
        "program = \"budget\"\n\n[fee]\nflat = \"400.00\"\n\n[reserve]\nrate = \"105.00\"\n\n[reserve.minutes]\nworkstation = 30\nserver = 60\n\n[reserve.rollover]\nperiods = 2\n\n[rounding]\nincrement = 15\n",
    ),
    (
        "Fixed rate",
        "A fee for each listed device, unlimited work on it.",
        "program = \"fixed-rate\"\n\n[fee.per_device]\nworkstation = \"62.00\"\nserver = \"190.00\"\n\n[included]\nclasses = [\"workstation\", \"server\", \"firewall\"]\n\n[included.excludes]\nwork_types = [\"project\"]\n\n[rounding]\nincrement = 15\n",
    ),
];

/// A template as somebody writes it.
#[derive(Clone, Debug, Default)]
pub struct TemplateDraft {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub summary: String,
    /// Its clauses.
    pub form: AgreementForm,
}

#[derive(Serialize)]
struct Kept<'a> {
    name: &'a str,
    summary: &'a str,
    text: &'a str,
}

impl<'a> Kept<'a> {
    fn of(row: &'a Template) -> Self {
        Self { name: &row.name, summary: &row.summary, text: &row.source_toml }
    }
}

impl Context {
    /// All templates by name; the built-in ones are put in the first time.
    ///
    /// # Errors
    ///
    /// Refuses who may not read agreements.
    pub fn templates(&self, actor: &Actor) -> Result<Vec<Template>, AppError> {
        actor.require(Permission::SeeAgreements)?;
        let read = |tx: &mut Tx| -> Result<_, quarterhour_store::StoreError> {
            let seeded = counter::find_last_number(tx, actor.provider, SEEDED)?.is_some();
            Ok((seeded, template::list_all(tx, actor.provider)?))
        };
        let (seeded, templates) = self.store.read(read)?;
        if seeded {
            return Ok(templates);
        }
        self.store.write(|tx| {
            // Whoever takes the first number puts them in; somebody else may have been quicker.
            if counter::next_number(tx, actor.provider, SEEDED)? == 1 {
                let taken: Vec<String> = template::list_all(tx, actor.provider)?.into_iter().map(|it| it.name).collect();
                for (name, summary, text) in BUILT_IN.iter().filter(|(name, ..)| !taken.iter().any(|other| other == name)) {
                    let (name, summary, source_toml) = ((*name).to_owned(), (*summary).to_owned(), (*text).to_owned());
                    template::insert(tx, actor.provider, &Template { template_id: Uuid::now_v7(), name, summary, source_toml })?;
                }
            }
            Ok(template::list_all(tx, actor.provider)?)
        })
    }

    /// A template with its form.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn template(&self, actor: &Actor, id: Uuid) -> Result<(Template, AgreementForm), AppError> {
        actor.require(Permission::SeeAgreements)?;
        let found = self.store.read(|tx| template::find(tx, actor.provider, id))?;
        let row = found.ok_or_else(|| AppError::not_found("template"))?;
        let form = self.form_of_template(&row.source_toml)?;
        Ok((row, form))
    }

    /// The form of a template's text, without client and dates.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn form_of_template(&self, text: &str) -> Result<AgreementForm, AppError> {
        let books = self.books()?;
        let mut words = books.setup.words.clone();
        let read = setup::read_agreement("template", &template_as_agreement(text), &mut words);
        let agreement = read.map_err(|problems| by_field(&problems))?;
        let mut form = AgreementForm::of(&agreement, &words, "", books.setup.provider.currency);
        for field in ["client", "starts", "ends"] {
            form.set(field, "");
        }
        for row in form.rows("block") {
            form.set(format!("block.{row}.bought"), "");
        }
        Ok(form)
    }

    /// Adds a template, or changes the one with this id.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn save_template(
        &self,
        actor: &Actor,
        id: Option<Uuid>,
        draft: &TemplateDraft,
        seen: Seen<'_, Template>,
    ) -> Result<Uuid, AppError> {
        actor.require(Permission::EditAgreements)?;
        let name = draft.name.trim().to_owned();
        let is_line = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
        if name.is_empty() || !is_line(&name, 80) {
            return Err(AppError::field("name", "expected a name of at most 80 characters"));
        }
        if !is_line(&draft.summary, 200) {
            return Err(AppError::field("summary", "expected at most 200 characters"));
        }
        let mut words = self.books()?.setup.words.clone();
        let (_, source_toml) = draft.form.read_template(&mut words).map_err(AppError::Invalid)?;
        let row =
            Template { template_id: id.unwrap_or_else(Uuid::now_v7), name, summary: draft.summary.trim().to_owned(), source_toml };
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            let others = template::list_all(tx, actor.provider)?;
            if others.iter().any(|other| other.name == row.name && other.template_id != row.template_id) {
                return Err(AppError::field("name", format!("`{}` is taken; expected another name", row.name)));
            }
            let change = Change::new(if id.is_some() { "changed" } else { "created" }, KIND, row.template_id.to_string())
                .after(&Kept::of(&row));
            match id {
                Some(id) => {
                    let before = template::find(tx, actor.provider, id)?.ok_or_else(|| AppError::not_found("template"))?;
                    seen(&before)?;
                    template::update(tx, actor.provider, &row)?;
                    self.record(tx, actor, change.before(&Kept::of(&before)))?;
                }
                None => {
                    template::insert(tx, actor.provider, &row)?;
                    self.record(tx, actor, change)?;
                }
            }
            Ok(row.template_id)
        })
    }

    /// Takes a template out. Agreements that began with it stay as they are.
    ///
    /// # Errors
    ///
    /// Fails for an unknown id.
    pub fn delete_template(&self, actor: &Actor, id: Uuid, seen: Seen<'_, Template>) -> Result<Template, AppError> {
        actor.require(Permission::EditAgreements)?;
        self.store.write(|tx| {
            counter::lock_provider(tx, actor.provider)?;
            let row = template::find(tx, actor.provider, id)?.ok_or_else(|| AppError::not_found("template"))?;
            seen(&row)?;
            template::delete(tx, actor.provider, id)?;
            self.record(tx, actor, Change::new("deleted", KIND, id.to_string()).before(&Kept::of(&row)))?;
            Ok(row)
        })
    }
}

#[cfg(test)]
mod tests {
    use quarterhour_billing::Words;

    use super::*;

    #[test]
    fn every_built_in_template_is_an_agreement_and_survives_its_form() {
        for (name, _, text) in BUILT_IN {
            let mut words = Words::default();
            let read = setup::read_agreement("t", &template_as_agreement(text), &mut words);
            let agreement = read.unwrap_or_else(|problems| unreachable!("{name}: {problems:?}"));
            let form = AgreementForm::of(&agreement, &words, "", quarterhour_billing::Currency::parse("USD").expect("a currency"));
            let (again, _) = form.read_template(&mut words).unwrap_or_else(|problems| unreachable!("{name}: {problems:?}"));
            let renamed = quarterhour_billing::agreement::Agreement { name: "t".to_owned(), ..again };
            assert_eq!(format!("{agreement:?}"), format!("{renamed:?}"), "{name}");
        }
    }
}
