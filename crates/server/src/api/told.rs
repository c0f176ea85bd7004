//! Answers of the risk crate as the API describes them: the fields of each by hand, since that crate knows no API. A test holds
//! the description against what is sent.

use std::borrow::Cow;
use std::sync::Arc;

use quarterhour_risk::backtest::Backtest;
use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, ArrayItems, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::app::risk::comparison::Report;
use crate::app::risk::forecast::Forecast;
use crate::app::risk::provider_side::ProviderSide;
use crate::app::risk::staffing::Staffing;

/// Something that is sent as the commands print it with `--json`.
#[derive(Debug)]
pub struct Told<V>(pub Arc<V>);

/// What a field holds.
#[derive(Clone, Copy)]
pub enum Holds {
    /// Text.
    Text,
    /// Text or null.
    MaybeText,
    /// A number.
    Number,
    /// A number or null.
    MaybeNumber,
    /// A whole number.
    Count,
    /// An object.
    Object,
    /// An object or null.
    MaybeObject,
    /// A list of texts.
    Texts,
    /// A list.
    List,
    /// A list or null.
    MaybeList,
}

/// A field: its name, what it holds, and what that means.
type Field = (&'static str, Holds, &'static str);

/// What can be told.
pub trait Described: Serialize {
    /// Its name in the description.
    const NAME: &'static str;
    /// A sentence about it.
    const TEXT: &'static str;
    /// Its fields.
    const FIELDS: &'static [Field];
}

impl<V: Described> Serialize for Told<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<V: Described> PartialSchema for Told<V> {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new().description(Some(V::TEXT));
        for (name, holds, text) in V::FIELDS {
            object = object.property(*name, property(*holds, text)).required(*name);
        }
        RefOr::T(Schema::Object(object.build()))
    }
}

impl<V: Described> ToSchema for Told<V> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(V::NAME)
    }
}

fn property(holds: Holds, text: &str) -> Schema {
    use Holds as H;
    let typed =
        |schema_type: SchemaType| Schema::Object(ObjectBuilder::new().schema_type(schema_type).description(Some(text)).build());
    let maybe = |one: Type| SchemaType::from_iter([one, Type::Null]);
    let list = |items: Object| ArrayBuilder::new().items(ArrayItems::RefOrSchema(Box::new(items.into()))).description(Some(text));
    match holds {
        H::Text => typed(Type::String.into()),
        H::MaybeText => typed(maybe(Type::String)),
        H::Number => typed(Type::Number.into()),
        H::MaybeNumber => typed(maybe(Type::Number)),
        H::Count => typed(Type::Integer.into()),
        H::Object => typed(Type::Object.into()),
        H::MaybeObject => typed(maybe(Type::Object)),
        H::Texts => Schema::Array(list(Object::with_type(Type::String)).build()),
        H::List => Schema::Array(list(Object::with_type(SchemaType::AnyValue)).build()),
        H::MaybeList => Schema::Array(list(Object::with_type(SchemaType::AnyValue)).schema_type(maybe(Type::Array)).build()),
    }
}

impl Described for Report {
    const NAME: &'static str = "Comparison";
    const TEXT: &'static str = "A client's year under each program, with all that is needed to repeat it. Estimates are objects of \
                                `value` and `error`, its standard error.";
    const FIELDS: &'static [Field] = &[
        ("client", Holds::Text, "The client's code."),
        ("client_name", Holds::Text, "Its name."),
        ("provider", Holds::Text, "The provider's name."),
        ("currency", Holds::Text, "What money is in: whole units, as numbers."),
        ("question", Holds::Object, "What was asked, with all that was left out."),
        ("plan", Holds::Object, "How it was computed: seed, months, precision, courses."),
        ("courses", Holds::Count, "Simulated years."),
        ("seats", Holds::Object, "What the client has on its network."),
        ("allowance_minutes", Holds::Count, "Minutes a workstation a month of the use-it-or-lose-it program."),
        ("knowledge", Holds::Object, "What is known of its needs, and how surely."),
        ("prior", Holds::Object, "What was assumed before anything was seen."),
        ("window", Holds::MaybeList, "The months that were looked at: first and last; null without work on record."),
        ("month_hours", Holds::List, "Hours of one month: pairs of share and hours."),
        ("past_hours", Holds::List, "The same hours in the client's own months: pairs of period and hours."),
        (
            "contenders",
            Holds::List,
            "The programs, today's agreement behind them: `name`, `figures`, `density`, `text`, `pros`, `cons`, `replay`.",
        ),
        ("curve", Holds::List, "A year's cost by contender at several levels of demand."),
        ("break_evens", Holds::List, "Where one program overtakes another."),
        ("tickets", Holds::Number, "Expected tickets a month."),
        (
            "evidence",
            Holds::MaybeObject,
            "What the client's past says by itself: averages with intervals, dispersion, fitted laws of hours.",
        ),
        ("redrawn", Holds::MaybeObject, "A year drawn anew from the client's own months; null with too few of them."),
        ("scenarios", Holds::List, "What a year costs if something happens."),
        ("facts", Holds::Object, "What the books say beside the figures."),
        ("program_advice", Holds::MaybeObject, "Which program suits at the provider's margin."),
        ("advice", Holds::MaybeObject, "Which ratio of minutes a workstation suits."),
        ("advice_sentences", Holds::Texts, "The same in sentences."),
        ("client_advice", Holds::Texts, "What of the advice a client is told: nothing of the provider's margin."),
        ("assumed", Holds::Texts, "What is assumed of the client that is not so today."),
        ("sentences", Holds::Texts, "The result in sentences."),
        ("questions", Holds::List, "What should be asked before signing, with answers where there are any."),
        ("assumptions", Holds::Texts, "What the figures rest on."),
        ("yardsticks", Holds::List, "Usual prices with their sources."),
    ];
}

impl Described for Forecast {
    const NAME: &'static str = "Forecast";
    const TEXT: &'static str = "Where a client's running month will end. Hours are those that count: billable time times weight.";
    const FIELDS: &'static [Field] = &[
        ("client", Holds::Text, "The client's code."),
        ("agreement", Holds::MaybeText, "The agreement in force; null: work by the rate card."),
        ("period", Holds::Text, "The month."),
        ("on", Holds::Text, "The day on whose morning it is told."),
        ("business_days", Holds::Number, "Business days of the month, or of the agreement's part of it."),
        ("days_left", Holds::Number, "Those that are left, that day among them."),
        ("hours", Holds::Number, "Hours so far that count against the agreement."),
        ("available", Holds::MaybeNumber, "Hours in pools for the month; null where nothing is drawn."),
        (
            "can_buy",
            Holds::Number,
            "Hours of blocks that the agreement can still buy by itself in the month; overage begins beyond them.",
        ),
        ("mean", Holds::Number, "Hours at the month's end, on average."),
        ("quantiles", Holds::List, "Hours at the month's end: pairs of share and hours."),
        ("overage_chance", Holds::MaybeNumber, "The chance of overage."),
        ("overage_hours", Holds::MaybeNumber, "Hours of overage, on average."),
        ("unused_hours", Holds::MaybeNumber, "Hours that end unused, on average."),
        ("used_up_on", Holds::MaybeText, "The first day on which the hours are as likely used up as not."),
        ("used_up_early", Holds::MaybeText, "The first day on which the chance of that is one in ten."),
        ("corrected_by", Holds::Count, "How many past forecasts the intervals were corrected by."),
    ];
}

impl Described for Backtest {
    const NAME: &'static str = "Backtest";
    const TEXT: &'static str = "How good forecasts would have been in every month that is over, each from what was known then.";
    const FIELDS: &'static [Field] = &[
        ("forecasts", Holds::Count, "Forecasts that were made."),
        ("months", Holds::Count, "Months that were forecast."),
        ("clients", Holds::Count, "Clients with at least one forecast."),
        (
            "coverage",
            Holds::List,
            "For each interval: its `share`, how many of the outcomes it `held`, and its mean `width` in hours.",
        ),
        ("crps", Holds::Number, "Mean continuous ranked probability score, hours."),
        ("pinball", Holds::List, "Mean pinball loss at 0.5 and 0.9."),
        ("baselines", Holds::List, "The same of simple forecasts: `name`, `crps`, `pinball`."),
        ("places", Holds::List, "Outcomes by tenths of their forecasts: even if all is well."),
    ];
}

impl Described for ProviderSide {
    const NAME: &'static str = "Portfolio";
    const TEXT: &'static str = "A year of all clients under today's agreements: what is left after the staff's hours, and whether \
                                the staff can do it. Money is whole units of `currency`, as numbers.";
    const FIELDS: &'static [Field] = &[
        ("plan", Holds::Object, "How it was computed: `seed`, `first` month, `courses`, `shock`, `hour_cost`, `staff_hours`."),
        ("currency", Holds::Text, "What money is in."),
        (
            "figures",
            Holds::Object,
            "All together and by client, the thinnest margin first: `revenue`, `mean`, `spread`, `p5`, `p1`, `loss_chance`, `density`, `month_hours`, `short_month`, `short_year`, `clients`.",
        ),
        (
            "promised",
            Holds::Object,
            "Promised ahead and not worked yet: `block_hours`, `block_money`, `allowance_hours`, `storm_cost`.",
        ),
        ("left_out", Holds::Texts, "Clients that pay in another currency."),
    ];
}

impl Described for Staffing {
    const NAME: &'static str = "Staffing";
    const TEXT: &'static str = "The least technicians of each tier that take up tickets in time, and what one more or less changes.";
    const FIELDS: &'static [Field] = &[
        ("question", Holds::Object, "What the desk sees, and what was asked."),
        ("weeks_seen", Holds::Number, "Weeks of the past behind it."),
        ("tickets_seen", Holds::Count, "Tickets in them."),
        (
            "plan",
            Holds::Object,
            "The staffings to choose from: `options`, one of them `recommended`, each with cost, waits and utilisation.",
        ),
        ("currency", Holds::Text, "What money is in."),
    ];
}
