//! The comparison of programs as the renderer takes it: four pages that a provider hands to a prospect.
//!
//! Words and amounts are text that the caller made; plain numbers are for the
//! charts only. Nothing here is simulated, added up or rounded.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::document::{Logo, Paper, Party};

/// Several programs beside each other for one client, ready to be typeset.
///
/// Page 1 has the answer, page 2 the risk, page 3 the details, page 4 what to
/// ask and what the figures rest on. It is four pages always: long texts are
/// shortened with an ellipsis, long lists end with how much was left out, and a
/// page that is too full is set smaller.
///
/// Amounts need no currency: it is printed once. Where an amount begins with
/// [`currency`](Self::currency) all the same, the tables leave that out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparisonPaper {
    /// The size of the sheets.
    #[serde(default)]
    pub paper: Paper,
    /// Who made the comparison. Its name, address and e-mail are shown.
    pub provider: Party,
    /// The provider's logo, shown at the top.
    #[serde(default)]
    pub logo: Option<Logo>,
    /// Whom the comparison is for.
    pub client_name: String,
    /// The heading, such as `Which support program fits you?`.
    pub title: String,
    /// The day on which it was made.
    pub made_on: Date,
    /// The currency's ISO 4217 code, such as `USD`.
    pub currency: String,
    /// The answer in three to five sentences; the first page has them in large type.
    pub summary: Vec<String>,
    /// The programs, in the order to print. At most ten.
    pub contenders: Vec<Contender>,
    /// The hours of months that were, all alike in each, and how many each of the coming months may need.
    #[serde(default)]
    pub month_fan: Vec<FanMonth>,
    /// How many of them were.
    #[serde(default)]
    pub months_past: usize,
    /// The hours that a month includes, as a line over the months.
    #[serde(default)]
    pub allowance: Option<AllowanceLine>,
    /// What a year costs when there are fewer or more tickets.
    #[serde(default)]
    pub curve: DemandCurve,
    /// Where one program overtakes another, the most telling first.
    #[serde(default)]
    pub break_evens: Vec<BreakEven>,
    /// What the client's own months would have cost.
    #[serde(default)]
    pub replay: ReplayedMonths,
    /// What the provider suggests, in sentences.
    #[serde(default)]
    pub advice: Vec<String>,
    /// What the client should ask before it signs.
    #[serde(default)]
    pub questions: Vec<ProviderQuestion>,
    /// What the figures rest on, in sentences.
    #[serde(default)]
    pub assumptions: Vec<String>,
    /// Figures of the trade to measure by.
    #[serde(default)]
    pub yardsticks: Vec<TradeYardstick>,
    /// How far off the figures may be, in a few sentences.
    #[serde(default)]
    pub uncertainty: String,
    /// How to repeat the computation.
    #[serde(default)]
    pub seed_line: String,
}

/// One program, or an agreement, and what it comes to. A text may be empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contender {
    /// What it is called.
    pub name: String,
    /// What it is, in one short sentence.
    pub program_line: String,
    /// How it is priced, in one short sentence.
    pub price_line: String,
    /// A year's cost on average.
    pub mean: String,
    /// Where the average year lies for all that is not known of the client's needs, such as `19,100 to 24,300`.
    #[serde(default)]
    pub mean_range: String,
    /// Half of the years cost less.
    pub median: String,
    /// Nine of ten years cost less.
    pub p90: String,
    /// Nineteen of twenty years cost less.
    pub p95: String,
    /// The average of the dearest twentieth of the years.
    pub tail95: String,
    /// What the dearest month of a bad year costs.
    pub worst_month: String,
    /// How likely a month with overage is, such as `1 year in 4`.
    pub overage_chance: String,
    /// The hours that end unused in an average year.
    pub lost_hours: String,
    /// What those hours had cost.
    pub lost_money: String,
    /// The cost of an hour worked.
    pub per_hour: String,
    /// The cost of a seat a month.
    pub per_seat: String,
    /// The client's share of the risk, such as `63 %`.
    pub carried_by_client: String,
    /// The same share from 0 to 1, for the bar; none where nothing swings.
    #[serde(default)]
    pub carried_share: Option<f64>,
    /// A year's cost on average, for the charts.
    pub mean_value: f64,
    /// The middle year's cost, for the charts.
    pub p50_value: f64,
    /// The cost that one year in twenty exceeds, for the charts.
    pub p95_value: f64,
    /// How likely each cost of a year is: cost and density, by cost. It may be
    /// empty, or a single peak, where every year costs the same.
    #[serde(default)]
    pub density: Vec<(f64, f64)>,
    /// What speaks for it.
    #[serde(default)]
    pub pros: Vec<String>,
    /// What speaks against it.
    #[serde(default)]
    pub cons: Vec<String>,
    /// Whether the client has it today.
    #[serde(default)]
    pub is_today: bool,
}

/// The hours that one month may need: in a share of all cases it needs less.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FanMonth {
    /// The month, short, such as `Jan`.
    pub label: String,
    /// 5 in 100 cases need less.
    pub p5: f64,
    /// 10 in 100 cases need less.
    pub p10: f64,
    /// 25 in 100 cases need less.
    pub p25: f64,
    /// Half of the cases need less.
    pub p50: f64,
    /// 75 in 100 cases need less.
    pub p75: f64,
    /// 90 in 100 cases need less.
    pub p90: f64,
    /// 95 in 100 cases need less.
    pub p95: f64,
}

/// The hours that a month includes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllowanceLine {
    /// What the line is called, such as `Allowance 20 h`.
    pub label: String,
    /// The hours of a month.
    pub hours: f64,
}

/// A year's cost at several levels of demand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandCurve {
    /// Tickets a month, from few to many.
    pub tickets: Vec<f64>,
    /// For each contender, a year's cost at each of these levels.
    pub costs: Vec<Vec<f64>>,
    /// The tickets a month that are expected, marked on the chart.
    #[serde(default)]
    pub expected: Option<f64>,
}

/// Where two programs cost the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakEven {
    /// Which is cheaper on which side, in one sentence.
    pub sentence: String,
    /// Tickets a month at that point. A number on the chart leads to the sentence.
    #[serde(default)]
    pub tickets: Option<f64>,
    /// The place, in the list of contenders, of one of the two: the point lies on its line.
    #[serde(default)]
    pub contender: Option<usize>,
}

/// The client's own months under each program. Without months there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayedMonths {
    /// The months, the oldest first. Of more than 14 the last 12 are printed.
    pub months: Vec<String>,
    /// For each contender, what each month would have cost; tells the cheapest.
    pub costs: Vec<Vec<f64>>,
    /// The same as text.
    pub texts: Vec<Vec<String>>,
    /// For each contender, all months together as text, those not printed among them.
    #[serde(default)]
    pub totals: Vec<String>,
    /// The same as numbers, to see which is the cheapest; the sums of the months where there are none.
    #[serde(default)]
    pub total_values: Vec<f64>,
}

/// A question for the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderQuestion {
    /// The question.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// The answer, where there is one; else there is a line to write it on.
    #[serde(default)]
    pub answer: Option<String>,
}

/// A figure of the trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeYardstick {
    /// What is measured.
    pub what: String,
    /// Its usual value.
    pub value: String,
    /// Where that is from.
    pub source: String,
}
