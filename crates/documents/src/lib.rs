//! Turns an issued invoice into a PDF that can be sent and kept, and a
//! comparison of programs into one that can be handed over.
//!
//! It is not a place for rules: every amount, price and reason arrives ready
//! made. There is no input, output, clock or network here, so that the same
//! [`InvoiceDocument`] or [`ComparisonPaper`] always gives the same bytes.
//!
//! ```
//! use quarterhour_documents::{InvoiceDocument, Renderer};
//!
//! let document: InvoiceDocument = serde_json::from_str(r#"{
//!     "status": { "issued": { "number": "2026-0173" } },
//!     "provider": { "name": "Northgate IT Support" },
//!     "client": { "name": "Acme Optics" },
//!     "issued_on": "2026-04-01",
//!     "period": { "name": "2026-03", "first_day": "2026-03-01", "last_day": "2026-03-31" },
//!     "currency": "EUR",
//!     "program": "ad-hoc",
//!     "lines": [],
//!     "amounts": { "net": "0.00", "total": "0.00" }
//! }"#)?;
//! let pdf = Renderer::new().render(&document)?;
//! assert!(pdf.starts_with(b"%PDF-1.7"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod annex;
mod annex_view;
mod chart;
mod comparison;
mod comparison_axis;
mod comparison_chart;
mod comparison_replay;
mod comparison_view;
mod comparison_words;
mod document;
mod error;
mod fonts;
mod format;
mod renderer;
mod text;
mod view;
pub mod worker;
mod world;

pub use annex::{BurnDown, BurnPoint, Device, EntryPart, OverageStep, ReserveStatement, Statement, TimeEntry, TimeStatement};
pub use comparison::{
    AllowanceLine, BreakEven, ComparisonPaper, Contender, DemandCurve, FanMonth, ProviderQuestion, ReplayedMonths, TradeYardstick,
};
pub use document::{Amounts, DocumentStatus, InvoiceDocument, InvoiceLine, Logo, LogoFormat, Paper, Party, Period, TaxLine};
pub use error::DocumentError;
pub use renderer::Renderer;
