//! Billing: periods issued as jobs, invoices with their payments and credit notes, and what is owed.

use axum::extract::State;
use jiff::civil::Date;
use quarterhour_billing::Currency;
use quarterhour_store::statements::{credit_note, payment};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::answer::{Accepted, All, Answer, Created, Listed, Nothing, Pdf};
use crate::api::endpoints::{Endpoints, PREFIX, named};
use crate::api::extract::{Body, Caller, Params, Segment};
use crate::api::page::{Page, cursor};
use crate::api::problem::Problem;
use crate::api::words::{amount, date, period, text};
use crate::app::actor::{Actor, Permission};
use crate::app::aging::{Aging as AgingView, AgingRow};
use crate::app::context::App;
use crate::app::credit_note::{Extent, NewCreditNote as NewNote, credit_number_text};
use crate::app::invoice::{InvoiceFilter, InvoiceRow, InvoiceView, Standing};
use crate::app::job::{JobView, Work};
use crate::app::paper::number_text;
use crate::app::payment::{Direction, NewPayment};
use crate::error::AppError;
use crate::web::respond::Download;
use crate::web::routes::Access;

/// The operations.
pub fn endpoints() -> Endpoints {
    let (see, bill) = (Access::May(Permission::SeeBilling), Access::May(Permission::Bill));
    let jobs = Endpoints::of("Jobs", "Long work that goes on by itself.")
        .post("/periods/{period}/issue", bill, named("issuePeriod", "Issue a period for all clients or for some"), issue)
        .post("/ledger/verification", bill, named("orderVerification", "Check every ledger, statement and invoice, as a job"), verify)
        .get("/jobs", see, named("listJobs", "List the latest jobs"), jobs)
        .get("/jobs/{job}", see, named("getJob", "Read how far a job is, and what came of it"), job);
    let invoices = Endpoints::of("Invoices", "What was issued, what was paid, what was credited.")
        .get("/invoices", see, named("listInvoices", "List invoices, the newest first"), list)
        .get("/invoices/{number}", see, named("getInvoice", "Read an invoice with its payments and credit notes"), show)
        .get("/invoices/{number}/pdf", see, named("getInvoicePdf", "Read an invoice as a PDF"), pdf)
        .post("/invoices/{number}/sent", bill, named("markInvoiceSent", "Note that an invoice was sent"), sent)
        .delete("/invoices/{number}/sent", bill, named("markInvoiceUnsent", "Note that it was not sent after all"), unsent)
        .post("/invoices/{number}/payments", bill, named("recordPayment", "Record a payment or a refund"), pay)
        .post(
            "/payments/{payment}/reverse",
            bill,
            named("reversePayment", "Take back a payment that was recorded by mistake"),
            reverse,
        )
        .post(
            "/invoices/{number}/credit-notes",
            bill,
            named("creditInvoice", "Credit an invoice in full, by line or by amount"),
            credit,
        )
        .get("/credit-notes/{credit}/pdf", see, named("getCreditNotePdf", "Read a credit note as a PDF"), credit_pdf)
        .get("/aging", see, named("listAging", "List what clients owe today, by currency"), aging);
    jobs.and(invoices)
}

/// A job.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Job {
    /// Its id.
    id: Uuid,
    /// What it does, for people.
    title: String,
    /// issue, try-import, import or verify.
    kind: String,
    /// queued, running, done or failed.
    state: String,
    /// Steps done.
    done: i64,
    /// Steps in all; 0 while that is not known.
    total: i64,
    /// What was done, in sentences.
    said: Vec<String>,
    /// What is wrong.
    faults: Vec<String>,
    /// Why it failed.
    fault: Option<String>,
    /// Who ordered it.
    created_by: String,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

impl Job {
    fn new(it: JobView) -> Self {
        let (title, kind) = (it.title(), it.work.kind().to_owned());
        let (said, faults) = it.outcome.map(|it| (it.said, it.faults)).unwrap_or_default();
        Self {
            id: it.id,
            title,
            kind,
            state: it.state,
            done: it.done,
            total: it.total,
            said,
            faults,
            fault: it.fault,
            created_by: it.created_by,
            created_at: it.created_at.to_string(),
            finished_at: it.finished_at.map(|at| at.to_string()),
        }
    }
}

/// What to issue.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueOrder {
    /// Codes of clients; empty or left out: all.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    clients: Vec<String>,
    /// The date on the invoices; left out: today.
    #[serde(default)]
    #[schema(format = Date)]
    issued_on: Option<String>,
}

pub async fn accepted(app: &App, actor: Actor, id: Uuid) -> Result<Accepted<Job>, Problem> {
    let job = app.run(move |app| app.job(&actor, id)).await?;
    Ok(Accepted { at: format!("{PREFIX}/jobs/{id}"), view: Job::new(job) })
}

async fn issue(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(of): Segment<String>,
    Body(body): Body<IssueOrder>,
) -> Result<Accepted<Job>, Problem> {
    let of = period("period", &of).map_err(|_| Problem::not_found("period of this name"))?;
    let on = body.issued_on.as_deref().map(|text| date("issued_on", text)).transpose()?;
    body.clients.iter().try_for_each(|code| text("clients", code, 200))?;
    let by = actor.clone();
    let id = app.run(move |app| app.order_issue(&by, of, &body.clients, on.unwrap_or_else(|| app.today()))).await?;
    accepted(&app, actor, id).await
}

async fn verify(State(app): State<App>, Caller(actor): Caller) -> Result<Accepted<Job>, Problem> {
    let by = actor.clone();
    let id = app.run(move |app| app.order_job(&by, &Work::Verify)).await?;
    accepted(&app, actor, id).await
}

async fn jobs(State(app): State<App>, Caller(actor): Caller) -> Result<All<Job>, Problem> {
    Ok(All(app.run(move |app| app.recent_jobs(&actor)).await?.into_iter().map(Job::new).collect()))
}

async fn job(State(app): State<App>, Caller(actor): Caller, Segment(id): Segment<Uuid>) -> Result<Answer<Job>, Problem> {
    Ok(Answer(Job::new(app.run(move |app| app.job(&actor, id)).await?)))
}

/// An invoice of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invoice {
    /// The number, without its letters.
    number: i64,
    /// The number as it is printed.
    #[schema(example = "INV-000012")]
    name: String,
    /// The client's code.
    client: String,
    #[schema(example = "2026-10")]
    period: String,
    /// The agreement's name; empty: the rate card.
    agreement: String,
    #[schema(format = Date)]
    issued_on: String,
    #[schema(format = Date)]
    due_on: String,
    currency: String,
    net: String,
    tax: String,
    total: String,
    /// Paid, less what went back.
    paid: String,
    /// Taken off by credit notes.
    credited: String,
    /// Left to pay; negative: paid too much.
    balance: String,
    /// open, overdue, paid, credited, in-credit or nothing.
    state: String,
    /// Days past due; 0 when nothing is.
    days_overdue: i64,
    /// When it was last sent.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
}

impl Invoice {
    fn new(it: &InvoiceRow) -> Self {
        let money = |minor: i64| it.currency.format(minor);
        let (invoice, receivable) = (&it.invoice, &it.receivable);
        Self {
            number: invoice.number,
            name: number_text(invoice.number),
            client: it.code.clone(),
            period: invoice.period.clone(),
            agreement: invoice.agreement.clone(),
            issued_on: invoice.issued_on.to_string(),
            due_on: invoice.due_on.to_string(),
            currency: it.currency.code().to_owned(),
            net: money(invoice.net),
            tax: money(invoice.tax),
            total: money(invoice.total),
            paid: money(receivable.paid),
            credited: money(receivable.credited),
            balance: money(it.balance()),
            state: it.standing.name().to_owned(),
            days_overdue: if let Standing::Overdue(days) = it.standing { days } else { 0 },
            sent_at: receivable.sent_at.map(|at| at.to_string()),
        }
    }
}

/// Money that came in or went back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Payment {
    id: Uuid,
    #[schema(format = Date)]
    received_on: String,
    /// Negative for a refund or a payment taken back.
    amount: String,
    /// payment, refund or reversal.
    kind: String,
    method: String,
    reference: String,
    recorded_by: String,
}

/// A credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNote {
    /// The number, without its letters.
    number: i64,
    /// The number as it is printed.
    #[schema(example = "CN-000003")]
    name: String,
    /// The number of the invoice.
    invoice: i64,
    #[schema(format = Date)]
    issued_on: String,
    currency: String,
    net: String,
    tax: String,
    total: String,
    reason: String,
    issued_by: String,
}

fn money(currency: &str, minor: i64) -> String {
    Currency::parse(currency).map_or_else(|| minor.to_string(), |currency| currency.format(minor))
}

impl CreditNote {
    fn new(it: &credit_note::CreditNote) -> Self {
        Self {
            number: it.credit_number,
            name: credit_number_text(it.credit_number),
            invoice: it.number,
            issued_on: it.issued_on.to_string(),
            currency: it.currency.clone(),
            net: money(&it.currency, it.net),
            tax: money(&it.currency, it.tax),
            total: money(&it.currency, it.total),
            reason: it.reason.clone(),
            issued_by: it.issued_by.clone(),
        }
    }
}

/// An invoice with everything around it. Its lines are on the statement of its period.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceDetail {
    /// The invoice.
    invoice: Invoice,
    /// In order.
    payments: Vec<Payment>,
    /// In order.
    credit_notes: Vec<CreditNote>,
}

impl InvoiceDetail {
    fn new(it: &InvoiceView) -> Self {
        let payment = |row: &payment::Payment| Payment {
            id: row.payment_id,
            received_on: row.received_on.to_string(),
            amount: it.row.currency.format(row.amount),
            kind: row.kind.clone(),
            method: row.method.clone(),
            reference: row.reference.clone(),
            recorded_by: row.recorded_by.clone(),
        };
        Self {
            invoice: Invoice::new(&it.row),
            payments: it.payments.iter().map(payment).collect(),
            credit_notes: it.credit_notes.iter().map(CreditNote::new).collect(),
        }
    }
}

/// Which invoices.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    /// Invoices on the page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9_-]*$")]
    after: Option<String>,
    /// Of this client.
    client: Option<String>,
    /// open (overdue ones too), overdue, paid, credited, in-credit or nothing.
    state: Option<String>,
}

/// A page of the invoices that the caller may see.
///
/// # Errors
///
/// Refuses a limit or cursor that is none.
pub async fn page_of(app: &App, actor: Actor, page: &Page, filter: InvoiceFilter) -> Result<Listed<Invoice>, Problem> {
    let limit = page.limit()?;
    let wrong = || Problem::malformed("`after` is a cursor of another list");
    let before = page.after()?.map(|key| key.parse::<i64>().map_err(|_| wrong())).transpose()?;
    let mut rows = app
        .run(move |app| {
            let mut filter = InvoiceFilter { before, ..filter };
            let mut rows = Vec::new();
            while rows.len() <= limit {
                let page = app.invoices(&actor, &filter)?;
                rows.extend(page.rows);
                match page.next {
                    Some(next) => filter.before = Some(next),
                    None => break,
                }
            }
            Ok(rows)
        })
        .await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| cursor(&last.invoice.number.to_string()));
    Ok(Listed { items: rows.iter().map(Invoice::new).collect(), next })
}

async fn list(State(app): State<App>, Caller(actor): Caller, Params(query): Params<InvoiceQuery>) -> Result<Listed<Invoice>, Problem> {
    let page = Page::of(query.limit, query.after.as_ref());
    let state = query.state.unwrap_or_default();
    if !matches!(state.as_str(), "" | "open" | "overdue" | "paid" | "credited" | "in-credit" | "nothing") {
        return Err(Problem::malformed("`state`; expected open, overdue, paid, credited, in-credit or nothing"));
    }
    page_of(&app, actor, &page, InvoiceFilter { state, client: query.client.unwrap_or_default(), ..InvoiceFilter::default() }).await
}

/// An invoice that the caller may see.
pub async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
) -> Result<Answer<InvoiceDetail>, Problem> {
    Ok(Answer(InvoiceDetail::new(&app.run(move |app| app.invoice(&actor, number)).await?)))
}

/// An invoice that the caller may see, as a PDF.
pub async fn pdf(State(app): State<App>, Caller(actor): Caller, Segment(number): Segment<i64>) -> Result<Pdf, Problem> {
    let content = app.run(move |app| app.invoice_pdf(&actor, number)).await?;
    let name = format!("{}.pdf", number_text(number));
    Ok(Pdf(Download::pdf(name, content.to_vec())))
}

pub async fn credit_pdf(State(app): State<App>, Caller(actor): Caller, Segment(number): Segment<i64>) -> Result<Pdf, Problem> {
    let content = app.run(move |app| app.credit_note_pdf(&actor, number)).await?;
    let name = format!("{}.pdf", credit_number_text(number));
    Ok(Pdf(Download::pdf(name, content)))
}

/// When an invoice was sent.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    /// The day; left out: today.
    #[serde(default)]
    #[schema(format = Date)]
    on: Option<String>,
}

async fn sent(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<Sending>,
) -> Result<Answer<InvoiceDetail>, Problem> {
    let on = body.on.as_deref().map(|text| date("on", text)).transpose()?;
    let view = app
        .run(move |app| {
            app.mark_sent(&actor, number, Some(on.unwrap_or_else(|| app.today())))?;
            app.invoice(&actor, number)
        })
        .await?;
    Ok(Answer(InvoiceDetail::new(&view)))
}

async fn unsent(State(app): State<App>, Caller(actor): Caller, Segment(number): Segment<i64>) -> Result<Nothing, Problem> {
    app.run(move |app| app.mark_sent(&actor, number, None)).await?;
    Ok(Nothing)
}

/// A payment or a refund to be recorded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentBody {
    /// In the invoice's currency, more than none.
    #[schema(example = "1250.00", max_length = 30)]
    amount: String,
    /// The day on which it came; left out: today.
    #[serde(default)]
    #[schema(format = Date)]
    received_on: Option<String>,
    /// Such as transfer or card.
    #[serde(default)]
    #[schema(example = "transfer", max_length = 100)]
    method: String,
    /// Such as the bank's own number.
    #[serde(default)]
    #[schema(max_length = 200)]
    reference: String,
    /// Did money go back to the client?
    #[serde(default)]
    refund: bool,
}

async fn currency_of(app: &App, actor: Actor, number: i64) -> Result<(Currency, usize), Problem> {
    let view = app.run(move |app| app.invoice(&actor, number)).await?;
    Ok((view.row.currency, view.credit_notes.len()))
}

async fn pay(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<NewPaymentBody>,
) -> Result<Created<InvoiceDetail>, Problem> {
    let (currency, _) = currency_of(&app, actor.clone(), number).await?;
    let amount = amount("amount", &body.amount, currency)?;
    let on: Option<Date> = body.received_on.as_deref().map(|text| date("received_on", text)).transpose()?;
    text("method", &body.method, 100)?;
    text("reference", &body.reference, 200)?;
    let direction = if body.refund { Direction::Back } else { Direction::In };
    let view = app
        .run(move |app| {
            let received_on = on.unwrap_or_else(|| app.today());
            let new = NewPayment { id: Uuid::now_v7(), received_on, amount, method: body.method, reference: body.reference };
            app.record_payment(&actor, number, &new, direction)?;
            app.invoice(&actor, number)
        })
        .await?;
    Ok(Created { at: format!("{PREFIX}/invoices/{number}"), view: InvoiceDetail::new(&view) })
}

/// Why a payment is taken back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reversal {
    /// Why.
    #[schema(min_length = 1, max_length = 150)]
    reason: String,
}

async fn reverse(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(id): Segment<Uuid>,
    Body(body): Body<Reversal>,
) -> Result<Answer<InvoiceDetail>, Problem> {
    text("reason", &body.reason, 150)?;
    let view = app
        .run(move |app| {
            let after = app.reverse_payment(&actor, id, &body.reason)?;
            app.invoice(&actor, after.number)
        })
        .await?;
    Ok(Answer(InvoiceDetail::new(&view)))
}

/// A credit note to be written: with `lines`, with `amount`, or with neither for all that is left.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCreditNote {
    /// Why; the client reads it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// An amount with its tax in it.
    #[serde(default)]
    #[schema(example = "100.00", max_length = 30)]
    amount: Option<String>,
    /// Net amounts of lines.
    #[serde(default)]
    #[schema(max_items = 1000)]
    lines: Vec<CreditLine>,
}

/// A net amount of a line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditLine {
    /// The line's position on the invoice, from 0.
    line: u16,
    /// Net.
    #[schema(example = "100.00", max_length = 30)]
    net: String,
}

async fn credit(
    State(app): State<App>,
    Caller(actor): Caller,
    Segment(number): Segment<i64>,
    Body(body): Body<NewCreditNote>,
) -> Result<Created<CreditNote>, Problem> {
    text("reason", &body.reason, 500)?;
    let (currency, after) = currency_of(&app, actor.clone(), number).await?;
    let extent = match (&body.amount, body.lines.is_empty()) {
        (Some(_), false) => return Err(Problem::field("amount", "beside lines; expected one of them")),
        (Some(text), true) => Extent::Amount(amount("amount", text, currency)?),
        (None, true) => Extent::Full,
        (None, false) => Extent::Lines(
            body.lines
                .iter()
                .map(|it| Ok((usize::from(it.line), amount("lines", &it.net, currency)?)))
                .collect::<Result<_, Problem>>()?,
        ),
    };
    let note = app.run(move |app| app.credit(&actor, number, &NewNote { extent, reason: body.reason, after })).await?;
    Ok(Created { at: format!("{PREFIX}/credit-notes/{}/pdf", note.credit_number), view: CreditNote::new(&note) })
}

/// What the clients of one currency owe.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Aging {
    currency: String,
    /// Who owes most for longest comes first.
    clients: Vec<AgingOfClient>,
    /// The sum of all.
    sum: AgingOfClient,
}

/// What one client owes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgingOfClient {
    /// The client's code; empty in the sum.
    client: String,
    /// Open invoices.
    invoices: usize,
    not_due: String,
    days_1_to_30: String,
    days_31_to_60: String,
    days_61_to_90: String,
    days_over_90: String,
    /// Everything owed.
    owed: String,
    /// What the client has in its favour.
    in_credit: String,
}

impl AgingOfClient {
    fn new(row: &AgingRow, currency: Currency) -> Self {
        let [not_due, to_30, to_60, to_90, over] = row.buckets.map(|minor| currency.format(minor));
        Self {
            client: row.code.clone(),
            invoices: row.invoices,
            not_due,
            days_1_to_30: to_30,
            days_31_to_60: to_60,
            days_61_to_90: to_90,
            days_over_90: over,
            owed: currency.format(row.owed()),
            in_credit: currency.format(row.in_credit),
        }
    }
}

async fn aging(State(app): State<App>, Caller(actor): Caller) -> Result<All<Aging>, Problem> {
    let view = |it: AgingView| Aging {
        currency: it.currency.code().to_owned(),
        clients: it.rows.iter().map(|row| AgingOfClient::new(row, it.currency)).collect(),
        sum: AgingOfClient { client: String::new(), ..AgingOfClient::new(&it.sum, it.currency) },
    };
    let found: Result<Vec<AgingView>, AppError> = app.run(move |app| app.aging(&actor)).await;
    Ok(All(found?.into_iter().map(view).collect()))
}
