//! Credit notes: what a client owes less of an issued invoice, which itself never changes. Never more than is left of it.

use jiff::civil::Date;
use quarterhour_billing::{Currency, half_up};
use quarterhour_documents as documents;
use quarterhour_store::statements::{counter, credit_note, invoice, receivable, statement};
use quarterhour_store::{ProviderId, Tx};
use serde::{Deserialize, Serialize};

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::bill_store::read_body;
use crate::app::body::{Party, StatementBody};
use crate::app::context::Context;
use crate::app::money;
use crate::app::paper::{number_text, party};
use crate::app::payment::{currency_of, hold};
use crate::error::AppError;

const KIND: &str = "credit note";
const CREDIT_NOTES: &str = "credit-note";

/// What to credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All that is left.
    Full,
    /// Net amounts of lines, by their position on the invoice.
    Lines(Vec<(usize, i64)>),
    /// An amount with its tax in it, in minor units.
    Amount(i64),
}

/// A credit note to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCreditNote {
    /// What to credit.
    pub extent: Extent,
    /// Why: the client reads it.
    pub reason: String,
    /// How many credit notes the invoice had when the form was opened: sending it twice writes it once.
    pub after: usize,
}

/// What a credit note says, for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreditNoteBody {
    /// The credited invoice.
    pub invoice: i64,
    /// Its day of issue.
    pub invoice_issued_on: Date,
    /// Its period.
    pub period: quarterhour_billing::Period,
    /// Who bills.
    pub provider: Party,
    /// Who pays.
    pub client: Party,
    /// The agreement.
    pub agreement: Option<String>,
    /// The program.
    pub program: String,
    /// The tax in percent.
    pub tax_percent: String,
    /// What is credited.
    pub lines: Vec<CreditedLine>,
}

/// A line of a credit note.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreditedLine {
    /// The position of the invoice's line; none: not of one line.
    pub line: Option<usize>,
    /// What it is.
    pub text: String,
    /// Net, in minor units.
    pub net: i64,
}

/// Net and tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Net.
    pub net: i64,
    /// Tax.
    pub tax: i64,
}

impl Amounts {
    /// Net and tax together.
    #[must_use]
    pub fn total(self) -> i64 {
        self.net + self.tax
    }
}

/// A credit note's number as it is printed and named.
#[must_use]
pub fn credit_number_text(number: i64) -> String {
    format!("CN-{number:06}")
}

/// What is left to credit.
#[must_use]
pub fn left(invoice: &invoice::Invoice, notes: &[credit_note::CreditNote]) -> Amounts {
    Amounts {
        net: invoice.net - notes.iter().map(|note| note.net).sum::<i64>(),
        tax: invoice.tax - notes.iter().map(|note| note.tax).sum::<i64>(),
    }
}

/// Splits what is credited into net and tax: in the proportion of the invoice, half up; the last of it takes the rest.
fn amounts(extent: &Extent, whole: Amounts, left: Amounts) -> Result<Amounts, String> {
    let amounts = match extent {
        Extent::Full => left,
        Extent::Amount(total) if *total <= 0 => return Err("expected more than nothing".to_owned()),
        Extent::Amount(total) if *total > left.total() => return Err("more than is left of the invoice".to_owned()),
        Extent::Amount(total) if *total == left.total() => left,
        Extent::Amount(total) => {
            let tax = share(*total, whole.tax, whole.total()).clamp((total - left.net).max(0), left.tax.max(0).min(*total));
            Amounts { net: total - tax, tax }
        }
        Extent::Lines(lines) => {
            let net: i64 = lines.iter().map(|(_, net)| net).sum();
            let tax = if net == left.net { left.tax } else { share(net, whole.tax, whole.net).min(left.tax) };
            Amounts { net, tax }
        }
    };
    if amounts.total() <= 0 {
        return Err("expected more than nothing".to_owned());
    }
    if amounts.total() > left.total() || amounts.net > left.net {
        return Err("more than is left of the invoice".to_owned());
    }
    Ok(amounts)
}

/// `amount` x `part` / `whole`, half up.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    i64::try_from(half_up(i128::from(amount) * i128::from(part), i128::from(whole))).unwrap_or(0)
}

impl Context {
    /// Writes a credit note for an invoice, under the next number of its own series.
    ///
    /// # Errors
    ///
    /// Refuses more than is left of the invoice or of a line; nothing is written then.
    pub fn credit(&self, actor: &Actor, number: i64, new: &NewCreditNote) -> Result<credit_note::CreditNote, AppError> {
        actor.require(Permission::Bill)?;
        let reason = new.reason.trim();
        if reason.is_empty() || reason.chars().count() > 500 {
            return Err(AppError::field("reason", "expected a reason of at most 500 letters; the client reads it"));
        }
        let row = self.store.write(|tx| {
            hold(tx, actor.provider, number)?;
            let invoice = invoice::find_by_number(tx, actor.provider, number)?.ok_or_else(|| AppError::not_found("invoice"))?;
            let notes = credit_note::list_of_invoice(tx, actor.provider, number)?;
            if notes.len() != new.after {
                return Err(changed_meanwhile());
            }
            let body = invoice_body(tx, actor.provider, &invoice)?;
            let (amounts, lines) = checked(&invoice, &body, &notes, &new.extent)?;
            receivable::apply(tx, actor.provider, number, 0, amounts.total())?;
            let body = credit_body(&invoice, &body, lines);
            let row = credit_note::CreditNote {
                credit_number: counter::next_number(tx, actor.provider, CREDIT_NOTES)?,
                number,
                client_id: invoice.client_id,
                issued_on: self.today(),
                currency: invoice.currency.clone(),
                net: amounts.net,
                tax: amounts.tax,
                total: amounts.total(),
                reason: reason.to_owned(),
                issued_by: actor.name.clone(),
                body_json: serde_json::to_string(&body).map_err(AppError::fault)?,
            };
            credit_note::insert(tx, actor.provider, &row)?;
            let change = Change::new("issued", KIND, credit_number_text(row.credit_number)).of_client(row.client_id);
            self.record(tx, actor, change.after(&CreditRecord::of(&row)))?;
            Ok::<_, AppError>(row)
        })?;
        self.tell_client(row.client_id);
        Ok(row)
    }

    /// A credit note as a PDF, for the provider's people and the client's own.
    ///
    /// # Errors
    ///
    /// Fails for an unknown number, one of another client, or when the PDF cannot be made.
    pub fn credit_note_pdf(&self, actor: &Actor, credit_number: i64) -> Result<Vec<u8>, AppError> {
        let (row, logo) = self.store.read(|tx| {
            let row = credit_note::find(tx, actor.provider, credit_number)?;
            let row = row.ok_or_else(|| AppError::not_found("credit note"))?;
            Ok::<_, AppError>((row, crate::app::invoice_pdf::logo(tx, actor.provider)?))
        })?;
        crate::app::invoice::may_see(actor, row.client_id, "credit note")?;
        let body: CreditNoteBody = serde_json::from_str(&row.body_json).map_err(AppError::fault)?;
        let mut document = document(&row, &body)?;
        document.logo = logo;
        self.pdfs.render(document)
    }
}

fn changed_meanwhile() -> AppError {
    AppError::conflict(
        "another credit note was written for this invoice meanwhile",
        "open the invoice again: what is left of it changed",
    )
}

/// The statement behind an invoice.
///
/// # Errors
///
/// Fails when the database misses it.
pub fn invoice_body(tx: &mut Tx, provider: ProviderId, row: &invoice::Invoice) -> Result<StatementBody, AppError> {
    let statement = statement::find(tx, provider, row.client_id, &row.period, &row.agreement)?;
    let statement = statement.ok_or_else(|| AppError::fault(format!("invoice {} has no statement", row.number)))?;
    read_body(&statement)
}

/// Checks what is to be credited against what is left, and puts it into lines.
fn checked(
    invoice: &invoice::Invoice,
    body: &StatementBody,
    notes: &[credit_note::CreditNote],
    extent: &Extent,
) -> Result<(Amounts, Vec<CreditedLine>), AppError> {
    let currency = currency_of(&invoice.currency)?;
    let (whole, left) = (Amounts { net: invoice.net, tax: invoice.tax }, left(invoice, notes));
    let most = money::shown(left.total().max(0), currency);
    let amounts = amounts(extent, whole, left);
    let amounts = amounts.map_err(|message| AppError::field("amount", format!("{message}; expected at most {most}")))?;
    let lines = match extent {
        Extent::Full => vec![CreditedLine { line: None, text: "All that was left of the invoice".to_owned(), net: amounts.net }],
        Extent::Amount(_) => vec![CreditedLine { line: None, text: "Part of the invoice".to_owned(), net: amounts.net }],
        Extent::Lines(lines) => {
            let credited = credited_by_line(notes, body.statement.lines.len());
            let lines = lines.iter().map(|(line, net)| credited_line(body, &credited, *line, *net, currency));
            lines.collect::<Result<_, _>>()?
        }
    };
    Ok((amounts, lines))
}

/// What was credited of each line before, net.
#[must_use]
pub fn credited_by_line(notes: &[credit_note::CreditNote], lines: usize) -> Vec<i64> {
    let mut credited = vec![0; lines];
    let bodies = notes.iter().filter_map(|note| serde_json::from_str::<CreditNoteBody>(&note.body_json).ok());
    for line in bodies.flat_map(|body| body.lines) {
        if let Some(slot) = line.line.and_then(|line| credited.get_mut(line)) {
            *slot += line.net;
        }
    }
    credited
}

fn credited_line(body: &StatementBody, credited: &[i64], line: usize, net: i64, currency: Currency) -> Result<CreditedLine, AppError> {
    let field = format!("line-{line}");
    let Some(of) = body.statement.lines.get(line) else { return Err(AppError::field(field, "there is no such line")) };
    let most = money::minor(&of.amount).unwrap_or(0) - credited.get(line).copied().unwrap_or(0);
    if net <= 0 || net > most {
        return Err(AppError::field(field, format!("expected more than nothing and at most {}", money::shown(most.max(0), currency))));
    }
    Ok(CreditedLine { line: Some(line), text: of.text.clone(), net })
}

fn credit_body(invoice: &invoice::Invoice, body: &StatementBody, lines: Vec<CreditedLine>) -> CreditNoteBody {
    CreditNoteBody {
        invoice: invoice.number,
        invoice_issued_on: invoice.issued_on,
        period: body.period,
        provider: body.provider.clone(),
        client: body.client.clone(),
        agreement: body.statement.agreement.clone(),
        program: body.statement.program.to_string(),
        tax_percent: body.tax_percent.clone(),
        lines,
    }
}

/// The document of a credit note.
fn document(row: &credit_note::CreditNote, body: &CreditNoteBody) -> Result<documents::InvoiceDocument, AppError> {
    let currency = currency_of(&row.currency)?;
    let shown = |amount: i64| money::grouped(&currency.format(amount));
    let lines = body.lines.iter().map(|line| documents::InvoiceLine {
        kind: "credit".to_owned(),
        text: line.text.clone(),
        quantity: "1".to_owned(),
        unit: String::new(),
        price: shown(line.net),
        amount: shown(line.net),
    });
    let (net, tax) = (shown(row.net), shown(row.tax));
    let taxed = body.tax_percent != "0";
    let taxes = taxed.then(|| documents::TaxLine { name: None, percent: body.tax_percent.clone(), net: net.clone(), tax });
    let last_day = body.period.end().previous().date();
    Ok(documents::InvoiceDocument {
        paper: documents::Paper::of_country(&body.provider.country),
        status: documents::DocumentStatus::Credit { number: credit_number_text(row.credit_number), invoice: number_text(row.number) },
        provider: party(&body.provider),
        client: party(&body.client),
        logo: None,
        issued_on: row.issued_on,
        due_on: None,
        period: documents::Period { name: crate::dates::month(body.period), first_day: body.period.first_day().date(), last_day },
        currency: row.currency.clone(),
        agreement: body.agreement.clone(),
        program: body.program.clone(),
        lines: lines.collect(),
        amounts: documents::Amounts { net, taxes: taxes.into_iter().collect(), total: shown(row.total) },
        payment_terms: None,
        terms: Some(row.reason.clone()),
        statement: None,
        burn_down: None,
        devices: Vec::new(),
        time_entries: Vec::new(),
    })
}

/// What the audit log keeps of a credit note.
#[derive(Serialize)]
struct CreditRecord<'a> {
    invoice: String,
    currency: &'a str,
    net: i64,
    tax: i64,
    total: i64,
    reason: &'a str,
}

impl<'a> CreditRecord<'a> {
    fn of(row: &'a credit_note::CreditNote) -> Self {
        let (invoice, currency) = (number_text(row.number), row.currency.as_str());
        Self { invoice, currency, net: row.net, tax: row.tax, total: row.total, reason: &row.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Amounts = Amounts { net: 10_001, tax: 1_900 };

    #[test]
    fn parts_of_an_invoice_add_up_to_it_to_the_cent() {
        let mut left = WHOLE;
        for part in [33, 4_000, 1, 2_500] {
            let amounts = amounts(&Extent::Amount(part), WHOLE, left).expect("a part of what is left");
            assert_eq!(amounts.total(), part);
            left = Amounts { net: left.net - amounts.net, tax: left.tax - amounts.tax };
        }
        let rest = amounts(&Extent::Full, WHOLE, left).expect("the rest");
        assert_eq!(rest, left);
        assert_eq!(amounts(&Extent::Full, WHOLE, Amounts::default()), Err("expected more than nothing".to_owned()));
    }

    #[test]
    fn tax_follows_in_proportion_half_up() {
        let amounts = |extent| amounts(&extent, Amounts { net: 1_000, tax: 190 }, Amounts { net: 1_000, tax: 190 });
        assert_eq!(amounts(Extent::Lines(vec![(0, 250)])), Ok(Amounts { net: 250, tax: 48 }));
        assert_eq!(amounts(Extent::Amount(595)), Ok(Amounts { net: 500, tax: 95 }));
        assert_eq!(amounts(Extent::Amount(1_190)), Ok(Amounts { net: 1_000, tax: 190 }));
        assert!(amounts(Extent::Amount(1_191)).is_err());
        assert!(amounts(Extent::Lines(vec![(0, 600), (1, 401)])).is_err());
        assert!(amounts(Extent::Amount(0)).is_err());
        assert!(amounts(Extent::Amount(-5)).is_err());
    }
}
