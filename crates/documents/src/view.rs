//! The invoice as the template takes it: ready-made words, in order.
//!
//! Every piece of text from outside passes the [`Cleaner`] here, and nowhere
//! else.

use serde::Serialize;

use crate::annex_view::{AnnexView, annex_view};
use crate::document::{Amounts, DocumentStatus, InvoiceDocument, InvoiceLine, Logo, LogoFormat, Party, TaxLine};
use crate::error::DocumentError;
use crate::format::{date_range, long_date};
use crate::text::Cleaner;

/// Words longer than this many characters may break, by how wide their place is.
pub(crate) const WIDE: usize = 34;
pub(crate) const MEDIUM: usize = 18;
pub(crate) const NARROW: usize = 11;
/// In the columns of addresses: an invisible break in an e-mail address would be copied with it.
const ADDRESS: usize = 30;
/// At most this many characters of a name go into the footer.
const FOOTER_MAX: usize = 40;

/// A label and what it labels.
pub(crate) type Fact = (String, String);

#[derive(Debug, Serialize)]
pub(crate) struct DocumentView {
    paper: &'static str,
    families: Vec<String>,
    draft: bool,
    heading: &'static str,
    title: String,
    footer: String,
    provider: PartyView,
    client: PartyView,
    logo: Option<LogoView>,
    facts: Vec<Fact>,
    lines: Vec<[String; 6]>,
    sums: Vec<Fact>,
    total: String,
    call: String,
    payment_terms: String,
    terms: String,
    /// What stands above the terms.
    terms_title: &'static str,
    annex: Option<AnnexView>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PartyView {
    pub(crate) name: String,
    pub(crate) block: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct LogoView {
    format: LogoFormat,
    alt: String,
}

/// Puts a document into words.
pub(crate) fn document_view(
    document: &InvoiceDocument,
    cleaner: Cleaner<'_>,
    families: Vec<String>,
) -> Result<DocumentView, DocumentError> {
    let number = match &document.status {
        DocumentStatus::Draft => None,
        DocumentStatus::Issued { number } | DocumentStatus::Credit { number, .. } => Some(cleaner.line(number, MEDIUM)),
    };
    let heading = match document.status {
        DocumentStatus::Draft => "Draft invoice",
        DocumentStatus::Issued { .. } => "Invoice",
        DocumentStatus::Credit { .. } => "Credit note",
    };
    let period = cleaner.line(&document.period.name, MEDIUM);
    let provider = cleaner.line(&document.provider.name, MEDIUM);
    let name = number.clone().unwrap_or_else(|| format!("for {period}"));
    Ok(DocumentView {
        paper: document.paper.name(),
        families,
        draft: number.is_none(),
        heading,
        title: format!("{heading} {name}"),
        footer: format!("{}  ·  {heading} {}", cut(&provider), cut(&name)),
        logo: document.logo.as_ref().map(|logo| logo_view(logo, &provider, cleaner)),
        provider: party_view(&document.provider, cleaner),
        client: party_view(&document.client, cleaner),
        facts: facts(document, number, cleaner),
        lines: document.lines.iter().map(|line| line_view(line, cleaner)).collect(),
        sums: sums(&document.amounts, cleaner),
        total: money(document, cleaner),
        call: call(document, cleaner),
        payment_terms: block(document.payment_terms.as_deref(), cleaner),
        terms: block(document.terms.as_deref(), cleaner),
        terms_title: if matches!(document.status, DocumentStatus::Credit { .. }) { "Reason" } else { "Terms" },
        annex: annex_view(document, cleaner)?,
    })
}

/// The beginning of a text, short enough for a footer.
pub(crate) fn cut(text: &str) -> String {
    let short: String = text.chars().take(FOOTER_MAX).collect();
    if short.len() == text.len() { short } else { format!("{short}…") }
}

pub(crate) fn block(text: Option<&str>, cleaner: Cleaner<'_>) -> String {
    cleaner.block(text.unwrap_or_default(), WIDE)
}

fn money(document: &InvoiceDocument, cleaner: Cleaner<'_>) -> String {
    let currency = cleaner.line(&document.currency, NARROW);
    let total = cleaner.line(&document.amounts.total, MEDIUM);
    format!("{currency}\u{A0}{total}")
}

/// What the client is asked to do.
fn call(document: &InvoiceDocument, cleaner: Cleaner<'_>) -> String {
    match (&document.status, document.due_on) {
        (DocumentStatus::Credit { invoice, .. }, _) => format!("Credited to invoice {}", cleaner.line(invoice, MEDIUM)),
        (DocumentStatus::Draft, _) => "Preview. Nothing is due yet.".to_owned(),
        (DocumentStatus::Issued { .. }, Some(due_on)) => format!("Due by {}", long_date(due_on)),
        (DocumentStatus::Issued { .. }, None) => String::new(),
    }
}

pub(crate) fn party_view(party: &Party, cleaner: Cleaner<'_>) -> PartyView {
    let labelled = |label: &str, text: &Option<String>| {
        text.iter().map(|text| format!("{label}{}", cleaner.line(text, ADDRESS))).collect::<Vec<_>>()
    };
    let mut block: Vec<String> = party.address.iter().map(|line| cleaner.line(line, ADDRESS)).collect();
    block.extend(labelled("Tax no. ", &party.tax_id));
    block.extend(labelled("", &party.email));
    block.extend(labelled("Client no. ", &party.code));
    PartyView { name: cleaner.line(&party.name, MEDIUM), block }
}

pub(crate) fn logo_view(logo: &Logo, provider: &str, cleaner: Cleaner<'_>) -> LogoView {
    let alt = logo.alt.as_deref().map_or(provider.to_owned(), |alt| cleaner.line(alt, WIDE));
    LogoView { format: logo.format, alt }
}

fn facts(document: &InvoiceDocument, number: Option<String>, cleaner: Cleaner<'_>) -> Vec<Fact> {
    let period = &document.period;
    let fact = |label: &str, text: String| (label.to_owned(), text);
    let mut facts = Vec::new();
    let issued = if number.is_some() { "Issued" } else { "Previewed" };
    let credited = match &document.status {
        DocumentStatus::Credit { invoice, .. } => Some(cleaner.line(invoice, MEDIUM)),
        DocumentStatus::Draft | DocumentStatus::Issued { .. } => None,
    };
    let label = if credited.is_some() { "Credit note no." } else { "Invoice no." };
    facts.extend(number.map(|number| fact(label, number)));
    facts.extend(credited.map(|invoice| fact("For invoice", invoice)));
    facts.push(fact(issued, long_date(document.issued_on)));
    facts.extend(document.due_on.map(|due_on| fact("Due", long_date(due_on))));
    facts.push(fact("Period", date_range(period.first_day, period.last_day)));
    let agreement = document.agreement.as_deref();
    facts.extend(agreement.map(|name| fact("Agreement", cleaner.line(name, MEDIUM))));
    facts.push(fact("Program", cleaner.line(&document.program, MEDIUM)));
    facts
}

fn line_view(line: &InvoiceLine, cleaner: Cleaner<'_>) -> [String; 6] {
    [
        capitalised(&cleaner.line(&line.kind, NARROW)),
        cleaner.block(&line.text, WIDE),
        cleaner.line(&line.quantity, MEDIUM),
        cleaner.line(&line.unit, NARROW),
        cleaner.line(&line.price, MEDIUM),
        cleaner.line(&line.amount, MEDIUM),
    ]
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

fn sums(amounts: &Amounts, cleaner: Cleaner<'_>) -> Vec<Fact> {
    let net = ("Net".to_owned(), cleaner.line(&amounts.net, MEDIUM));
    let tax = |tax: &TaxLine| {
        let name = cleaner.line(tax.name.as_deref().unwrap_or("Tax"), MEDIUM);
        let percent = cleaner.line(&tax.percent, NARROW);
        let of = cleaner.line(&tax.net, MEDIUM);
        (format!("{name} {percent}% of {of}"), cleaner.line(&tax.tax, MEDIUM))
    };
    std::iter::once(net).chain(amounts.taxes.iter().map(tax)).collect()
}
