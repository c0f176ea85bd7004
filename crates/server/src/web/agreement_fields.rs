//! The clauses of an agreement's form as fields to be drawn. What a field means is decided elsewhere.

use askama::Template;
use quarterhour_billing::DeviceClass;
use quarterhour_billing::agreement::Program;

use crate::app::agreement_form::AgreementForm;
use crate::app::agreement_start::Vocabulary;
use crate::app::agreement_text::{CLAUSES, is_offered};
use crate::app::agreement_words::title;
use crate::web::filters;
use crate::web::problems::Problems;

/// Values with what people read.
type Options = &'static [(&'static str, &'static str)];

const COUNTS: Options =
    &[("first-day", "on the first day"), ("last-day", "on the last day"), ("peak", "at their most"), ("average", "on the average")];
const PRORATIONS: Options = &[("none", "whole, however few days"), ("daily", "its share by days")];

/// How a field is drawn.
#[derive(Clone, Debug)]
pub enum Kind {
    /// One line, with a unit or a currency beside it.
    Line,
    /// A date.
    Date,
    /// One of a few.
    Select(Options),
    /// Boxes to tick, and a line for words that are not among them.
    Words(Vec<(String, bool)>),
    /// Boxes to tick.
    Ticks(Vec<(String, bool)>),
}

/// A field.
#[derive(Clone, Debug, Template)]
#[template(path = "agreement/field.html")]
pub struct Field {
    name: String,
    label: &'static str,
    value: String,
    before: String,
    after: &'static str,
    hint: &'static str,
    problem: String,
    attrs: &'static str,
    kind: Kind,
}

/// One way out of several, with fields of its own.
#[derive(Clone, Debug)]
pub struct Way {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    is_chosen: bool,
    fields: Vec<Field>,
}

/// Several ways.
#[derive(Clone, Debug)]
pub struct Ways {
    name: &'static str,
    label: &'static str,
    ways: Vec<Way>,
}

/// Rows of fields.
#[derive(Clone, Debug)]
pub struct Rows {
    prefix: &'static str,
    add: &'static str,
    hint: &'static str,
    rows: Vec<Row>,
    /// A row for the script to copy, numbered `__n__`.
    blank: Row,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    problem: String,
    fields: Vec<Field>,
}

/// A clause.
#[derive(Clone, Debug, Template)]
#[template(path = "agreement/clause.html")]
pub struct Clause {
    key: &'static str,
    title: &'static str,
    about: &'static str,
    is_on: bool,
    /// The program is not what its name says without it.
    is_required: bool,
    problem: String,
    ways: Vec<Ways>,
    fields: Vec<Field>,
    rows: Vec<Rows>,
    /// Fields that few need.
    more: Vec<Field>,
    more_open: bool,
}

impl Clause {
    /// The names under which it shows problems.
    pub fn names(&self) -> Vec<String> {
        let ways = self.ways.iter().flat_map(|group| &group.ways).flat_map(|way| &way.fields);
        let rows = self.rows.iter().flat_map(|group| &group.rows).flat_map(|row| &row.fields);
        let fields = ways.chain(rows).chain(&self.fields).chain(&self.more).map(|field| field.name.clone());
        fields.chain([self.key.to_owned()]).collect()
    }
}

/// What the fields are made from.
pub struct Source<'a> {
    /// The values.
    pub form: &'a AgreementForm,
    /// What is wrong with them.
    pub problems: &'a Problems,
    /// Tiers and work types to choose from.
    pub vocabulary: &'a Vocabulary,
    /// The currency's code.
    pub currency: &'a str,
    /// A template has no dates.
    pub is_template: bool,
}

/// The clauses that a form's program may have, as they stand.
#[must_use]
pub fn clauses(source: &Source<'_>) -> Vec<Clause> {
    let program = source.form.get("program");
    let offered = CLAUSES.into_iter().filter(|clause| is_offered(program, clause));
    offered.map(|key| source.clause(key)).collect()
}

/// When an edit applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// A new agreement.
    New,
    /// An edit in place, or a new version, as asked for.
    Either,
    /// A new version only: statements were issued under this one.
    NewVersion,
}

/// The name and the dates of an agreement, as a clause of its own.
#[must_use]
pub fn dates(source: &Source<'_>, applies: Applies) -> Clause {
    let mut clause = source.empty("dates", "Dates", "An agreement is never edited backwards: a new version starts on a day.");
    clause.is_required = true;
    let line = |name: &str, label, hint| Field { hint, ..source.field(name, label, Kind::Line) };
    let date = |name: &str, label, hint| Field { hint, ..source.field(name, label, Kind::Date) };
    let starts = date("starts", "In force from", "");
    let ends = date("ends", "Until", "The first day no longer in force; empty: it goes on.");
    let version = vec![
        date("from", "From", "The version before ends on that day: its blocks go on, its other hours are lost."),
        line("new_name", "Name of the version", ""),
    ];
    match applies {
        Applies::New => clause.fields.extend([line("name", "Name", "Once for all clients, such as acme-2026."), starts, ends]),
        Applies::NewVersion => clause.fields.extend(version.into_iter().chain([ends])),
        Applies::Either => {
            let place = vec![starts, ends];
            let ways = vec![
                ("version", "As a new version, from a day on", "What was worked before stays as it was agreed.", version),
                ("place", "In place", "As if it had been so from its first day. Nothing of it is issued yet.", place),
            ];
            clause.ways.push(source.ways("apply", "This edit applies", ways));
        }
    }
    clause
}

impl Source<'_> {
    fn empty(&self, key: &'static str, title: &'static str, about: &'static str) -> Clause {
        let problem = self.problems.of(key).to_owned();
        let (ways, fields, rows, more) = Default::default();
        Clause { key, title, about, is_on: true, is_required: false, problem, ways, fields, rows, more, more_open: false }
    }

    fn clause(&self, key: &'static str) -> Clause {
        let program = Program::parse(self.form.get("program"));
        let is_required = key == "rounding" || program.and_then(Program::required_clause) == Some(key);
        let is_on = is_required || self.form.has(key);
        let mut clause = Clause { is_on, is_required, ..self.empty(key, title(key), about(key)) };
        match key {
            "fee" => self.fee(&mut clause),
            "allowance" => self.allowance(&mut clause),
            "block" => clause.rows.push(self.blocks()),
            "auto_replenish" => self.auto_replenish(&mut clause),
            "reserve" => self.reserve(&mut clause),
            "included" => self.included(&mut clause),
            "overage" => self.overage(&mut clause),
            "rounding" => self.rounding(&mut clause),
            "weights" => self.weights(&mut clause),
            "prices" => self.prices(&mut clause),
            "service" => clause.rows.push(self.services()),
            "internal" => {
                clause.fields.push(self.words("internal.tiers", "Tiers that the client's own staff keep", &self.vocabulary.tiers))
            }
            _ => self.guard(&mut clause),
        }
        clause.more_open = clause.more.iter().any(|field| !field.problem.is_empty());
        clause
    }

    fn field(&self, name: impl Into<String>, label: &'static str, kind: Kind) -> Field {
        let name = name.into();
        let (value, problem) = (self.form.get(&name).to_owned(), self.problems.of(&name).to_owned());
        Field { name, label, value, before: String::new(), after: "", hint: "", problem, attrs: "", kind }
    }

    fn money(&self, name: impl Into<String>, label: &'static str) -> Field {
        Field { before: self.currency.to_owned(), attrs: "inputmode=\"decimal\"", ..self.field(name, label, Kind::Line) }
    }

    fn number(&self, name: impl Into<String>, label: &'static str, after: &'static str) -> Field {
        Field { after, attrs: "inputmode=\"decimal\"", ..self.field(name, label, Kind::Line) }
    }

    fn select(&self, name: impl Into<String>, label: &'static str, options: Options) -> Field {
        self.field(name, label, Kind::Select(options))
    }

    fn tier(&self, name: impl Into<String>) -> Field {
        Field { attrs: "list=\"tiers\"", ..self.field(name, "Tier", Kind::Line) }
    }

    fn words(&self, name: &str, label: &'static str, known: &[String]) -> Field {
        let chosen = self.form.words(name);
        let ticks = known.iter().map(|word| (word.clone(), chosen.contains(word))).collect();
        let more: Vec<&str> = chosen.iter().filter(|word| !known.contains(word)).map(String::as_str).collect();
        let value = more.join(", ");
        Field { value, ..self.field(name, label, Kind::Words(ticks)) }
    }

    /// A field for each class of devices.
    fn by_class(&self, table: &str, make: impl Fn(String, &'static str) -> Field) -> Vec<Field> {
        DeviceClass::ALL.map(|class| make(format!("{table}.{}", class.name()), class_label(class))).into()
    }

    fn ways(
        &self,
        name: &'static str,
        label: &'static str,
        ways: Vec<(&'static str, &'static str, &'static str, Vec<Field>)>,
    ) -> Ways {
        let value = self.form.get(name);
        let known = ways.iter().any(|(other, ..)| *other == value);
        let chosen = |index: usize, other: &str| if known { other == value } else { index == 0 };
        let ways = ways.into_iter().enumerate().map(|(index, (value, label, hint, fields))| Way {
            value,
            label,
            hint,
            is_chosen: chosen(index, value),
            fields,
        });
        Ways { name, label, ways: ways.collect() }
    }

    /// The filled rows numbered anew, and one to be filled.
    fn rows(&self, prefix: &'static str, add: &'static str, hint: &'static str, make: impl Fn(&str) -> Vec<Field>) -> Rows {
        let mut rows: Vec<Row> = Vec::new();
        for row in self.form.rows(prefix) {
            let path = format!("{prefix}.{row}");
            rows.push(Row { problem: self.problems.of(&path).to_owned(), fields: make(&path) });
        }
        if rows.is_empty() {
            rows.push(Row { problem: String::new(), fields: make(&format!("{prefix}.0")) });
        }
        let blank = make(&format!("{prefix}.__n__"));
        Rows { prefix, add, hint, rows, blank: Row { problem: String::new(), fields: blank } }
    }

    fn fee(&self, clause: &mut Clause) {
        let per_device = self.by_class("fee.per_device", |name, label| self.money(name, label));
        clause.ways.push(self.ways(
            "fee.basis",
            "What it is made of",
            vec![
                ("flat", "One price", "The same each month.", vec![self.money("fee.flat", "A month")]),
                ("per_device", "A price for each device", "It follows the count both ways. Leave out what is free.", per_device),
            ],
        ));
        clause.fields.push(self.select("fee.billed", "Billed", &[("advance", "in advance"), ("arrears", "at the month's end")]));
        clause.more.push(self.select("fee.count", "Devices are counted", COUNTS));
        clause.more.push(self.select("fee.proration", "A part of a month costs", PRORATIONS));
    }

    fn rollover(&self, clause: &str) -> [Field; 2] {
        let periods = Field {
            hint: "0: it is lost at the month's end.",
            ..self.number(format!("{clause}.rollover.periods"), "Unused rolls on for", "months")
        };
        let cap = Field {
            hint: "Of the month's grant; empty for all of it.",
            ..self.number(format!("{clause}.rollover.cap_percent"), "At most", "%")
        };
        [periods, cap]
    }

    fn allowance(&self, clause: &mut Clause) {
        let minutes = self.by_class("allowance.minutes", |name, label| self.number(name, label, "min"));
        clause.ways.push(self.ways(
            "allowance.size",
            "How much",
            vec![
                ("stable", "Stable environment", "15 minutes a month for each workstation.", Vec::new()),
                ("heavy", "Heavy users", "30 minutes a month for each workstation.", Vec::new()),
                ("minutes", "Minutes by class", "As many as you say for each device.", minutes),
                (
                    "fixed_minutes",
                    "A fixed time",
                    "Whatever the devices.",
                    vec![self.number("allowance.fixed_minutes", "A month", "min")],
                ),
            ],
        ));
        clause.fields.extend(self.rollover("allowance"));
        clause.fields.push(self.words("allowance.excludes", "Work that never draws on it", &self.vocabulary.work_types));
        clause.more.push(self.select("allowance.count", "Devices are counted", COUNTS));
        clause.more.push(Field {
            hint: "3: billed monthly, settled over a quarter.",
            ..self.number("allowance.settle_months", "Settled over", "months")
        });
        clause.more.push(self.select("allowance.proration", "A part of a month grants", PRORATIONS));
    }

    fn blocks(&self) -> Rows {
        let make = |row: &str| {
            let mut fields = vec![
                self.number(format!("{row}.hours"), "Hours", "h"),
                self.money(format!("{row}.price"), "Price"),
                self.number(format!("{row}.expires_months"), "Expires after", "months"),
            ];
            if !self.is_template {
                fields.insert(0, self.field(format!("{row}.bought"), "Bought on", Kind::Date));
            }
            fields
        };
        self.rows("block", "Add a block", "Without months it never expires.", make)
    }

    fn auto_replenish(&self, clause: &mut Clause) {
        clause.fields.push(self.number("auto_replenish.hours", "Hours", "h"));
        clause.fields.push(self.money("auto_replenish.price", "Price"));
        clause.fields.push(self.number("auto_replenish.max_per_period", "At most", "a month"));
    }

    fn reserve(&self, clause: &mut Clause) {
        let mut minutes = self.by_class("reserve.minutes", |name, label| self.number(name, label, "min"));
        minutes.push(self.money("reserve.rate", "At an hour"));
        clause.ways.push(self.ways(
            "reserve.size",
            "How much",
            vec![
                ("minutes", "Minutes by class, at a rate", "It follows the count.", minutes),
                ("fixed_amount", "One amount", "The same each month.", vec![self.money("reserve.fixed_amount", "A month")]),
            ],
        ));
        clause.fields.extend(self.rollover("reserve"));
        clause.fields.push(self.words("reserve.excludes", "Work that is never taken from it", &self.vocabulary.work_types));
        clause.more.push(self.select("reserve.count", "Devices are counted", COUNTS));
        clause.more.push(self.select("reserve.proration", "A part of a month sets aside", PRORATIONS));
    }

    fn included(&self, clause: &mut Clause) {
        let chosen = self.form.words("included.classes");
        let ticks = DeviceClass::ALL.map(|class| (class.name().to_owned(), chosen.iter().any(|other| other == class.name())));
        clause.fields.push(self.field("included.classes", "Work on these devices is included", Kind::Ticks(ticks.into())));
        clause.fields.push(self.words("included.excludes.work_types", "But not this work", &self.vocabulary.work_types));
        clause.fields.push(self.words("included.excludes.tiers", "And not these tiers", &self.vocabulary.tiers));
    }

    fn overage(&self, clause: &mut Clause) {
        clause.fields.push(Field { hint: "Empty: the usual rate.", ..self.money("overage.rate", "An hour") });
        let make = |row: &str| vec![self.tier(format!("{row}.tier")), self.money(format!("{row}.rate"), "An hour")];
        clause.rows.push(self.rows("overage.tiers", "Add a tier", "Tiers with a rate of their own.", make));
    }

    fn rounding(&self, clause: &mut Clause) {
        clause.fields.push(self.number("rounding.increment", "Rounded up to", "min"));
        clause.fields.push(Field { hint: "Empty: one step.", ..self.number("rounding.minimum", "At least", "min") });
        let scopes: Options =
            &[("entry", "each entry"), ("ticket-day", "a ticket's work of a day"), ("ticket", "a ticket's work of a month")];
        clause.fields.push(self.select("rounding.scope", "What is rounded", scopes));
    }

    fn weights(&self, clause: &mut Clause) {
        clause.fields.push(Field { hint: "2: an hour burns two.", ..self.number("weights.after_hours", "After hours", "times") });
        let make = |row: &str| vec![self.tier(format!("{row}.tier")), self.number(format!("{row}.weight"), "Burns", "times")];
        clause.rows.push(self.rows("weights.tiers", "Add a tier", "Where several apply, the highest counts.", make));
    }

    fn prices(&self, clause: &mut Clause) {
        clause.fields.push(Field {
            hint: "1: as in business hours.",
            ..self.number("prices.after_hours_price", "After hours", "times the rate")
        });
        let make = |row: &str| {
            vec![
                self.tier(format!("{row}.tier")),
                Field { attrs: "list=\"work-types\"", ..self.field(format!("{row}.work_type"), "Work type", Kind::Line) },
                self.money(format!("{row}.hourly"), "An hour"),
                self.money(format!("{row}.per_ticket"), "A ticket"),
                self.number(format!("{row}.includes_minutes"), "With", "min in it"),
            ]
        };
        clause.rows.push(self.rows(
            "prices.rate",
            "Add a rate",
            "The most specific rate wins; what is not here is in the rate card.",
            make,
        ));
    }

    fn services(&self) -> Rows {
        const UNITS: Options = &[
            ("workstation", "workstation"),
            ("server", "server"),
            ("firewall", "firewall"),
            ("switch", "switch"),
            ("printer", "printer"),
            ("other", "other device"),
            ("user", "user"),
            ("site", "site"),
            ("flat", "flat"),
        ];
        let make = |row: &str| {
            vec![
                self.field(format!("{row}.name"), "What", Kind::Line),
                self.select(format!("{row}.unit"), "For each", UNITS),
                self.money(format!("{row}.price"), "A month"),
                self.number(format!("{row}.count"), "How many", ""),
            ]
        };
        self.rows(
            "service",
            "Add a service",
            "Devices are counted on the first day unless you say how many; users always need a number.",
            make,
        )
    }

    fn guard(&self, clause: &mut Clause) {
        clause.fields.push(Field {
            attrs: "",
            hint: "Of the month's hours, such as 75, 90, 100.",
            ..self.number("guard.thresholds", "Notices at", "%")
        });
        clause.fields.push(Field { hint: "Empty: no cap.", ..self.money("guard.cap.amount", "Most overage a month") });
        let ways: Options = &[("hold", "is held until the client approves"), ("bill", "is billed all the same")];
        clause.fields.push(self.select("guard.cap.on_cap", "What is past it", ways));
    }
}

fn class_label(class: DeviceClass) -> &'static str {
    match class {
        DeviceClass::Workstation => "Workstation",
        DeviceClass::Server => "Server",
        DeviceClass::Firewall => "Firewall",
        DeviceClass::Switch => "Switch",
        DeviceClass::Printer => "Printer",
        DeviceClass::Other => "Other device",
    }
}

/// What a clause is for.
fn about(clause: &str) -> &'static str {
    match clause {
        "fee" => "What is paid each month, whatever is worked.",
        "allowance" => "Hours that each month grants.",
        "block" => "Hours bought in advance.",
        "auto_replenish" => "The next block is bought when every pool is dry.",
        "reserve" => "Money set aside each month, taken by work.",
        "included" => "Work that the fixed rate covers.",
        "overage" => "What work costs that no pool covered.",
        "rounding" => "How worked minutes become billable ones.",
        "weights" => "How fast work burns prepaid hours. It never touches money.",
        "prices" => "Rates of this agreement's own.",
        "service" => "Lines for each device, user or site.",
        "internal" => "Work that is shown and never charged.",
        _ => "Warnings before the hours are gone, and a cap on overage.",
    }
}
