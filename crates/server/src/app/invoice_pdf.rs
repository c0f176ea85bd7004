//! Invoices and drafts as PDFs: from the frozen text of the statement, by the worker processes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use quarterhour_billing::Period;
use quarterhour_documents as documents;
use quarterhour_store::statements::{file, invoice};
use quarterhour_store::{ProviderId, Tx};

use crate::app::actor::Actor;
use crate::app::body::StatementBody;
use crate::app::context::Context;
use crate::app::credit_note::invoice_body;
use crate::app::invoice::may_see;
use crate::app::output::add_days;
use crate::app::paper::{self, Issue};
use crate::error::AppError;

/// The place of the logo among the files.
pub const LOGO: &str = "logo";
/// How many PDFs are kept: those that were looked at last.
const KEPT_MAX: usize = 12;

/// PDFs that were made a moment ago, by number and logo.
#[derive(Default)]
pub struct Kept(Mutex<VecDeque<Entry>>);

struct Entry {
    number: i64,
    logo: usize,
    pdf: Arc<Vec<u8>>,
}

impl Kept {
    fn find(&self, number: i64, logo: usize) -> Option<Arc<Vec<u8>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = kept.iter().position(|entry| (entry.number, entry.logo) == (number, logo))?;
        let entry = kept.remove(position)?;
        let pdf = Arc::clone(&entry.pdf);
        kept.push_back(entry);
        Some(pdf)
    }

    fn keep(&self, number: i64, logo: usize, pdf: &Arc<Vec<u8>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(Entry { number, logo, pdf: Arc::clone(pdf) });
        if kept.len() > KEPT_MAX {
            kept.pop_front();
        }
    }
}

/// The provider's logo, when it is one that documents can show.
///
/// # Errors
///
/// Fails when the database does.
pub fn logo(tx: &mut Tx, provider: ProviderId) -> Result<Option<documents::Logo>, AppError> {
    let Some(row) = file::find(tx, provider, LOGO)? else { return Ok(None) };
    let format = match row.media_type.as_str() {
        "image/png" => documents::LogoFormat::Png,
        "image/svg+xml" => documents::LogoFormat::Svg,
        _ => return Ok(None),
    };
    Ok(Some(documents::Logo { format, bytes: row.content, alt: None }))
}

impl Context {
    /// An invoice as a PDF, for the provider's people and the client's own.
    ///
    /// # Errors
    ///
    /// Fails for an unknown number, one of another client, or when the PDF cannot be made.
    pub fn invoice_pdf(&self, actor: &Actor, number: i64) -> Result<Arc<Vec<u8>>, AppError> {
        let (row, body, logo) = self.store.read(|tx| {
            let row = invoice::find_by_number(tx, actor.provider, number)?.ok_or_else(|| AppError::not_found("invoice"))?;
            may_see(actor, row.client_id, "invoice")?;
            let body = invoice_body(tx, actor.provider, &row)?;
            Ok::<_, AppError>((row, body, logo(tx, actor.provider)?))
        })?;
        let logo_mark = logo.as_ref().map_or(0, |logo| logo.bytes.len());
        if let Some(pdf) = self.pdfs.kept.find(number, logo_mark) {
            return Ok(pdf);
        }
        let issue = Issue { number: Some(number), issued_on: row.issued_on, due_on: row.due_on };
        let mut document = paper::document(&body, &issue);
        document.logo = logo;
        let pdf = Arc::new(self.pdfs.render(document)?);
        self.pdfs.kept.keep(number, logo_mark, &pdf);
        Ok(pdf)
    }

    /// A statement that is not issued as the PDF that it would become, marked as a draft.
    ///
    /// # Errors
    ///
    /// Fails when there is no such open statement, or the PDF cannot be made.
    pub fn draft_pdf(&self, actor: &Actor, code: &str, period: Period, agreement: &str) -> Result<Vec<u8>, AppError> {
        let live = self.client_live(self.client_by_code(code)?)?;
        let of = |body: &&StatementBody| body.statement.agreement.as_deref().unwrap_or("") == agreement;
        let body = live.outcomes(period).filter_map(|outcome| outcome.body.as_ref()).find(of);
        let body = body.ok_or_else(|| AppError::not_found("open statement"))?;
        let today = self.today();
        let issue = Issue { number: None, issued_on: today, due_on: add_days(today, body.payment_days) };
        let mut document = paper::document(body, &issue);
        document.logo = self.store.read(|tx| logo(tx, actor.provider))?;
        self.pdfs.render(document)
    }
}
