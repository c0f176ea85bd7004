//! From a form of an agreement to its file's text, and from the reader's problems back to the fields.
//! What is right is decided by the reader of the books, never here.

use quarterhour_billing::agreement::{Agreement, Program};
use quarterhour_billing::{DeviceClass, Words};
use quarterhour_books::{Problem, setup};

use crate::app::agreement_form::{AgreementForm, TEMPLATE_DAY};
use crate::app::toml_text::{TomlText, date, quoted, whole};
use crate::error::FieldProblem;

/// The clauses of an agreement in the order of its file.
pub const CLAUSES: [&str; 13] = [
    "fee",
    "allowance",
    "block",
    "auto_replenish",
    "reserve",
    "included",
    "overage",
    "rounding",
    "weights",
    "prices",
    "service",
    "internal",
    "guard",
];

/// May a program have a clause? An unknown program may have all, so that its form shows what was typed.
#[must_use]
pub fn is_offered(program: &str, clause: &str) -> bool {
    Program::parse(program).is_none_or(|program| !program.refused_clauses().contains(&clause))
}

/// A text with the field that each of its lines came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementText {
    toml: TomlText,
    /// What no text can say.
    problems: Vec<FieldProblem>,
}

impl AgreementForm {
    /// The text of a client's agreement.
    #[must_use]
    pub fn to_text(&self) -> AgreementText {
        let mut writer = AgreementText::default();
        writer.key("client", "client", &quoted(self.get("client")));
        writer.key("program", "program", &quoted(self.get("program")));
        writer.key("starts", "starts", &date(self.get("starts")));
        if !self.get("ends").is_empty() {
            writer.key("ends", "ends", &date(self.get("ends")));
        }
        writer.clauses(self);
        writer
    }

    /// The text of a template: an agreement without client and dates.
    #[must_use]
    pub fn to_template(&self) -> AgreementText {
        let mut writer = AgreementText::default();
        writer.key("program", "program", &quoted(self.get("program")));
        let mut form = self.clone();
        for row in form.rows("block").into_iter().filter(|row| !self.is_blank(&format!("block.{row}"))) {
            form.set(format!("block.{row}.bought"), TEMPLATE_DAY);
        }
        writer.clauses(&form);
        writer
    }

    /// Reads the form as an agreement of a name.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; an empty field stands for the whole form.
    pub fn read(&self, name: &str, words: &mut Words) -> Result<(Agreement, String), Vec<FieldProblem>> {
        let written = self.to_text();
        let agreement = written.read(name, &written.toml.text, 0, words)?;
        Ok((agreement, written.toml.text))
    }

    /// Reads the form as a template.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; an empty field stands for the whole form.
    pub fn read_template(&self, words: &mut Words) -> Result<(Agreement, String), Vec<FieldProblem>> {
        let written = self.to_template();
        let agreement = written.read("template", &template_as_agreement(written.text()), 2, words)?;
        Ok((agreement, written.toml.text))
    }
}

/// A template's text with a client and a day before it.
#[must_use]
pub fn template_as_agreement(text: &str) -> String {
    format!("client = \"template\"\nstarts = {TEMPLATE_DAY}\n{text}")
}

impl AgreementText {
    fn read(&self, name: &str, text: &str, lines_before: usize, words: &mut Words) -> Result<Agreement, Vec<FieldProblem>> {
        let read = setup::read_agreement(name, text, words);
        let mut problems = self.problems.clone();
        match read {
            Ok(agreement) if problems.is_empty() => return Ok(agreement),
            Ok(_) => {}
            Err(found) => problems.extend(found.iter().map(|problem| self.at_field(problem, lines_before))),
        }
        Err(problems)
    }

    /// A problem of the text at the field or the clause that it came from.
    fn at_field(&self, problem: &Problem, lines_before: usize) -> FieldProblem {
        let found = self.toml.at_field(problem, lines_before);
        match named_clause(&found.message).filter(|_| found.field.is_empty()) {
            Some(clause) => FieldProblem::new(clause, found.message),
            None => found,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.toml.text
    }

    fn key(&mut self, field: &str, key: &str, value: &str) {
        self.toml.key(field, key, value);
    }

    fn head(&mut self, field: &str, head: &str) {
        self.toml.head(field, head);
    }

    fn clauses(&mut self, form: &AgreementForm) {
        let program = form.get("program");
        for clause in CLAUSES.into_iter().filter(|clause| is_offered(program, clause) && form.has(clause)) {
            match clause {
                "fee" => self.fee(form),
                "allowance" => self.allowance(form),
                "block" => self.blocks(form),
                "auto_replenish" => self.auto_replenish(form),
                "reserve" => self.reserve(form),
                "included" => self.included(form),
                "overage" => self.overage(form),
                "rounding" => self.rounding(form),
                "weights" => self.weights(form),
                "prices" => self.prices(form),
                "service" => self.services(form),
                "internal" => self.internal(form),
                _ => self.guard(form),
            }
        }
    }

    /// A key whose value may be left out.
    fn maybe(&mut self, form: &AgreementForm, field: &str, write: fn(&str) -> String) {
        let value = form.get(field);
        if !value.is_empty() {
            self.key(field, field.rsplit('.').next().unwrap_or(field), &write(value));
        }
    }

    fn word_list(&mut self, form: &AgreementForm, field: &str) {
        let words: Vec<String> = form.words(field).iter().map(|word| quoted(word)).collect();
        if !words.is_empty() {
            self.key(field, field.rsplit('.').next().unwrap_or(field), &format!("[{}]", words.join(", ")));
        }
    }

    fn class_table(&mut self, form: &AgreementForm, table: &str, write: fn(&str) -> String) {
        self.head(table, &format!("[{table}]"));
        for class in DeviceClass::ALL {
            self.maybe(form, &format!("{table}.{}", class.name()), write);
        }
    }

    fn rollover(&mut self, form: &AgreementForm, clause: &str) {
        let (periods, cap) = (format!("{clause}.rollover.periods"), format!("{clause}.rollover.cap_percent"));
        if !form.get(&periods).is_empty() || !form.get(&cap).is_empty() {
            self.head(&periods, &format!("[{clause}.rollover]"));
            self.maybe(form, &periods, whole);
            self.maybe(form, &cap, decimal);
        }
    }

    fn fee(&mut self, form: &AgreementForm) {
        self.head("fee", "[fee]");
        let per_device = form.get("fee.basis") == "per_device";
        if !per_device {
            self.key("fee.flat", "flat", &decimal(form.get("fee.flat")));
        }
        for field in ["fee.billed", "fee.count", "fee.proration"] {
            self.maybe(form, field, quoted);
        }
        if per_device {
            self.class_table(form, "fee.per_device", decimal);
        }
    }

    fn allowance(&mut self, form: &AgreementForm) {
        self.head("allowance", "[allowance]");
        let size = form.get("allowance.size");
        match size {
            "stable" | "heavy" => self.key("allowance.size", "environment", &quoted(size)),
            "fixed_minutes" => self.key("allowance.fixed_minutes", "fixed_minutes", &whole(form.get("allowance.fixed_minutes"))),
            _ => {}
        }
        let settled = !matches!(form.get("allowance.settle_months"), "" | "1");
        let usual = |field: &str, value: &str| settled && form.get(field) == value;
        if !usual("allowance.count", "first-day") {
            self.maybe(form, "allowance.count", quoted);
        }
        self.maybe(form, "allowance.settle_months", whole);
        if !usual("allowance.proration", "none") {
            self.maybe(form, "allowance.proration", quoted);
        }
        self.word_list(form, "allowance.excludes");
        if !matches!(size, "stable" | "heavy" | "fixed_minutes") {
            self.class_table(form, "allowance.minutes", whole);
        }
        self.rollover(form, "allowance");
    }

    fn reserve(&mut self, form: &AgreementForm) {
        self.head("reserve", "[reserve]");
        let fixed = form.get("reserve.size") == "fixed_amount";
        if fixed {
            self.key("reserve.fixed_amount", "fixed_amount", &decimal(form.get("reserve.fixed_amount")));
        } else {
            self.key("reserve.rate", "rate", &decimal(form.get("reserve.rate")));
        }
        self.maybe(form, "reserve.count", quoted);
        self.maybe(form, "reserve.proration", quoted);
        self.word_list(form, "reserve.excludes");
        if !fixed {
            self.class_table(form, "reserve.minutes", whole);
        }
        self.rollover(form, "reserve");
    }

    /// The rows of a list of tables that are not blank.
    fn filled_rows(&self, form: &AgreementForm, prefix: &str) -> Vec<String> {
        let rows = form.rows(prefix).into_iter().map(|row| format!("{prefix}.{row}"));
        rows.filter(|row| !form.is_blank(row)).collect()
    }

    fn blocks(&mut self, form: &AgreementForm) {
        for row in self.filled_rows(form, "block") {
            self.head(&row, "[[block]]");
            self.maybe(form, &format!("{row}.bought"), date);
            self.maybe(form, &format!("{row}.hours"), decimal);
            self.maybe(form, &format!("{row}.price"), decimal);
            self.maybe(form, &format!("{row}.expires_months"), whole);
        }
    }

    fn auto_replenish(&mut self, form: &AgreementForm) {
        self.head("auto_replenish", "[auto_replenish]");
        self.maybe(form, "auto_replenish.hours", decimal);
        self.maybe(form, "auto_replenish.price", decimal);
        self.maybe(form, "auto_replenish.max_per_period", whole);
    }

    fn included(&mut self, form: &AgreementForm) {
        self.head("included", "[included]");
        let classes: Vec<String> = form.words("included.classes").iter().map(|class| quoted(class)).collect();
        self.key("included.classes", "classes", &format!("[{}]", classes.join(", ")));
        let (work_types, tiers) = ("included.excludes.work_types", "included.excludes.tiers");
        if !form.words(work_types).is_empty() || !form.words(tiers).is_empty() {
            self.head(work_types, "[included.excludes]");
            self.word_list(form, work_types);
            self.word_list(form, tiers);
        }
    }

    /// A table of tiers. A value without a tier cannot be written, so it is a problem of its own.
    fn tier_table(&mut self, form: &AgreementForm, table: &str, column: &str) {
        let rows = self.filled_rows(form, table);
        if rows.is_empty() {
            return;
        }
        self.head(table, &format!("[{table}]"));
        for row in rows {
            let (tier, value) = (form.get(&format!("{row}.tier")), format!("{row}.{column}"));
            if tier.is_empty() {
                self.problems.push(FieldProblem::new(format!("{row}.tier"), "missing; expected a tier"));
            } else {
                self.key(&value, tier, &decimal(form.get(&value)));
            }
        }
    }

    fn overage(&mut self, form: &AgreementForm) {
        self.head("overage", "[overage]");
        self.maybe(form, "overage.rate", decimal);
        self.tier_table(form, "overage.tiers", "rate");
    }

    fn rounding(&mut self, form: &AgreementForm) {
        self.head("rounding", "[rounding]");
        self.maybe(form, "rounding.increment", whole);
        self.maybe(form, "rounding.minimum", whole);
        self.maybe(form, "rounding.scope", quoted);
    }

    fn weights(&mut self, form: &AgreementForm) {
        self.head("weights", "[weights]");
        self.maybe(form, "weights.after_hours", decimal);
        self.tier_table(form, "weights.tiers", "weight");
    }

    fn prices(&mut self, form: &AgreementForm) {
        self.head("prices", "[prices]");
        self.maybe(form, "prices.after_hours_price", decimal);
        for row in self.filled_rows(form, "prices.rate") {
            self.head(&row, "[[prices.rate]]");
            self.maybe(form, &format!("{row}.tier"), quoted);
            self.maybe(form, &format!("{row}.work_type"), quoted);
            self.maybe(form, &format!("{row}.hourly"), decimal);
            self.maybe(form, &format!("{row}.per_ticket"), decimal);
            self.maybe(form, &format!("{row}.includes_minutes"), whole);
        }
    }

    fn services(&mut self, form: &AgreementForm) {
        let rows = form.rows("service").into_iter().map(|row| format!("service.{row}"));
        // A unit is always chosen, so it does not make a row.
        let said = |row: &String| ["name", "price", "count"].iter().any(|key| !form.get(&format!("{row}.{key}")).is_empty());
        for row in rows.filter(said).collect::<Vec<_>>() {
            self.head(&row, "[[service]]");
            self.maybe(form, &format!("{row}.name"), quoted);
            self.maybe(form, &format!("{row}.unit"), quoted);
            self.maybe(form, &format!("{row}.price"), decimal);
            self.maybe(form, &format!("{row}.count"), whole);
        }
    }

    fn internal(&mut self, form: &AgreementForm) {
        self.head("internal", "[internal]");
        let tiers: Vec<String> = form.words("internal.tiers").iter().map(|tier| quoted(tier)).collect();
        self.key("internal.tiers", "tiers", &format!("[{}]", tiers.join(", ")));
    }

    fn guard(&mut self, form: &AgreementForm) {
        self.head("guard", "[guard]");
        let texts = form.all("guard.thresholds").iter().flat_map(|text| text.split([',', ' ', '%']));
        let thresholds: Vec<String> = texts.filter(|text| !text.is_empty()).map(whole).collect();
        if !thresholds.is_empty() {
            self.key("guard.thresholds", "thresholds", &format!("[{}]", thresholds.join(", ")));
        }
        if !form.get("guard.cap.amount").is_empty() {
            self.head("guard.cap", "[guard.cap]");
            self.maybe(form, "guard.cap.amount", decimal);
            self.maybe(form, "guard.cap.on_cap", quoted);
        }
    }
}

/// The clause that a problem of the whole file is about: `` `[allowance]` ``.
fn named_clause(message: &str) -> Option<&'static str> {
    CLAUSES.into_iter().find(|clause| message.contains(&format!("`[{clause}]`")))
}

/// A decimal: as a text, so that no digit is lost and the reader can say what is wrong.
fn decimal(text: &str) -> String {
    quoted(text)
}
