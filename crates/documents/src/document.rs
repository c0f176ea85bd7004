//! The invoice as the renderer takes it: who, when, what and how much.
//!
//! Amounts are text that the caller made. Nothing here is added up or rounded.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::annex::{BurnDown, Device, Statement, TimeEntry};

/// One invoice with its annex, ready to be typeset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceDocument {
    /// The size of the sheets.
    #[serde(default)]
    pub paper: Paper,
    /// Draft, issued under a number, or a credit note for an invoice.
    pub status: DocumentStatus,
    /// Who sends the invoice.
    pub provider: Party,
    /// Who pays it.
    pub client: Party,
    /// The provider's logo, shown instead of its name at the top.
    #[serde(default)]
    pub logo: Option<Logo>,
    /// The day of issue. For a draft: the day of the preview.
    pub issued_on: Date,
    /// The day by which the invoice is to be paid.
    #[serde(default)]
    pub due_on: Option<Date>,
    /// The billing period.
    pub period: Period,
    /// The currency's ISO 4217 code, such as `USD`.
    pub currency: String,
    /// The agreement's name; absent for work without one.
    #[serde(default)]
    pub agreement: Option<String>,
    /// The program's name, such as `use-it-or-lose-it`.
    pub program: String,
    /// What is billed, in the order to print.
    pub lines: Vec<InvoiceLine>,
    /// The sums below the lines.
    pub amounts: Amounts,
    /// How to pay: account, reference, days. May have several lines.
    #[serde(default)]
    pub payment_terms: Option<String>,
    /// Anything else to say below the sums. May have several lines.
    #[serde(default)]
    pub terms: Option<String>,
    /// The client's period on one page. Without it the annex has no first part.
    #[serde(default)]
    pub statement: Option<Statement>,
    /// The chart of the pool over the period.
    #[serde(default)]
    pub burn_down: Option<BurnDown>,
    /// The devices behind the count.
    #[serde(default)]
    pub devices: Vec<Device>,
    /// Every time entry of the period, in the order to print.
    #[serde(default)]
    pub time_entries: Vec<TimeEntry>,
}

/// Whether the invoice may still change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentStatus {
    /// A preview. It says on every page that it is one.
    Draft,
    /// Issued for good under this number.
    Issued {
        /// The invoice number as the client sees it.
        number: String,
    },
    /// A credit note: it takes its total off an invoice.
    Credit {
        /// The credit note's own number.
        number: String,
        /// The number of the credited invoice.
        invoice: String,
    },
}

/// The provider's or the client's block of names and addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The company's name.
    pub name: String,
    /// The client's short code; a provider has none.
    #[serde(default)]
    pub code: Option<String>,
    /// The address, line by line.
    #[serde(default)]
    pub address: Vec<String>,
    /// The tax or VAT number.
    #[serde(default)]
    pub tax_id: Option<String>,
    /// The address for questions about the invoice.
    #[serde(default)]
    pub email: Option<String>,
}

/// A provider's logo as the bytes of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// What the bytes are.
    pub format: LogoFormat,
    /// The picture. In JSON it is base64 text. At most 1 MiB.
    #[serde(with = "crate::format::base64_bytes")]
    pub bytes: Vec<u8>,
    /// What the logo shows, for readers who cannot see it. The provider's
    /// name when absent.
    #[serde(default)]
    pub alt: Option<String>,
}

/// The picture formats that a logo may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoFormat {
    /// Scalable vector graphics. Text in it must be outlines.
    Svg,
    /// Portable network graphics, at most 4096 pixels a side.
    Png,
}

/// The size of the sheets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 8.5 by 11 inches, as in North America.
    Letter,
}

impl Paper {
    /// The size that a country uses, by its two letters.
    #[must_use]
    pub fn of_country(country: &str) -> Self {
        let is_american = ["US", "CA", "MX", "CL", "CO", "PH"].iter().any(|code| country.eq_ignore_ascii_case(code));
        if is_american { Self::Letter } else { Self::A4 }
    }

    /// Its name for the typesetter.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::A4 => "a4",
            Self::Letter => "us-letter",
        }
    }
}

/// The billing period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The period's name, such as `2026-03`.
    pub name: String,
    /// Its first day.
    pub first_day: Date,
    /// Its last day, which belongs to it.
    pub last_day: Date,
}

/// One billed line. Quantity, price and amount are decimals as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLine {
    /// The kind: fee, service, block, ticket, time, overage, reserve, late or
    /// adjustment.
    pub kind: String,
    /// What the client reads.
    pub text: String,
    /// How many, such as `12.75`.
    pub quantity: String,
    /// Of what, such as `h` or `month`.
    pub unit: String,
    /// The price of one.
    pub price: String,
    /// The line's amount.
    pub amount: String,
}

/// The sums of an invoice, as text in the digits of the currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amounts {
    /// The sum of the lines.
    pub net: String,
    /// The tax, one entry per tax category.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    /// What is to be paid.
    pub total: String,
}

/// One tax category's part of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxLine {
    /// What the tax is called, such as `VAT`. Printed as `Tax` when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The rate in percent, such as `19`.
    pub percent: String,
    /// The net amount that this category covers.
    pub net: String,
    /// The tax on it.
    pub tax: String,
}
