//! Payments: in, too much, given back, and taken back when recorded by mistake. The record only grows.

use jiff::civil::Date;
use quarterhour_billing::Currency;
use quarterhour_store::statements::{payment, receivable};
use quarterhour_store::{ProviderId, Tx};
use serde::Serialize;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::money;
use crate::app::paper::number_text;
use crate::app::wall_clock;
use crate::app::webhook;
use crate::error::{AppError, FieldProblem};

const KIND: &str = "payment";
const INVOICE: &str = "invoice";
/// How a payment is taken back is written into its method.
const REVERSAL: &str = "reversal";

/// Money that came in or went back, as somebody writes it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPayment {
    /// Made by the one who writes, so that sending it twice records it once.
    pub id: Uuid,
    /// The day on which it came.
    pub received_on: Date,
    /// Minor units, more than none.
    pub amount: i64,
    /// Such as `transfer` or `card`.
    pub method: String,
    /// Such as the bank's own number.
    pub reference: String,
}

/// Does money come in or go back?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    In,
    /// To the client: what was paid too much.
    Back,
}

/// What is left to pay of an invoice; below zero: paid too much.
#[must_use]
pub fn balance(row: &receivable::Receivable) -> i64 {
    row.total - row.paid - row.credited
}

/// The receivable of an invoice.
///
/// # Errors
///
/// Fails for an unknown number.
pub fn load(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<receivable::Receivable, AppError> {
    receivable::find(tx, provider, number)?.ok_or_else(|| AppError::not_found("invoice"))
}

/// The receivable of an invoice, held until the commit: two who change its balance at once take turns.
///
/// # Errors
///
/// Fails for an unknown number.
pub fn hold(tx: &mut Tx, provider: ProviderId, number: i64) -> Result<receivable::Receivable, AppError> {
    load(tx, provider, number)?;
    Ok(receivable::apply(tx, provider, number, 0, 0)?)
}

/// The currency of a receivable.
///
/// # Errors
///
/// Fails for a code that the database should not have.
pub fn currency_of(code: &str) -> Result<Currency, AppError> {
    Currency::parse(code).ok_or_else(|| AppError::fault(format!("`{code}` is no currency")))
}

impl Context {
    /// Records money that came in, part of the invoice, all of it or more, or a refund of what was paid too much.
    ///
    /// # Errors
    ///
    /// Refuses what is not allowed or not right; nothing is recorded then.
    pub fn record_payment(
        &self,
        actor: &Actor,
        number: i64,
        new: &NewPayment,
        direction: Direction,
    ) -> Result<receivable::Receivable, AppError> {
        actor.require(Permission::Bill)?;
        check(new, self.today())?;
        let (sign, kind) = match direction {
            Direction::In => (1, "payment"),
            Direction::Back => (-1, "refund"),
        };
        let (after, is_new) = self.store.write(|tx| {
            let before = hold(tx, actor.provider, number)?;
            if let Some(known) = payment::find(tx, actor.provider, new.id)? {
                let same = (known.number, known.amount) == (number, sign * new.amount);
                return if same { Ok((before, false)) } else { Err(other_payment()) };
            }
            if direction == Direction::Back && new.amount > -balance(&before) {
                let most = money::shown((-balance(&before)).max(0), currency_of(&before.currency)?);
                return Err(AppError::field("amount", format!("more than was paid too much; expected at most {most}")));
            }
            let after = receivable::apply(tx, actor.provider, number, sign * new.amount, 0)?;
            let row = self.payment_row(actor, &after, new, sign * new.amount, kind);
            payment::insert(tx, actor.provider, &row)?;
            let change = Change::new("recorded", KIND, new.id.to_string()).of_client(after.client_id);
            self.record(tx, actor, change.after(&PaymentRecord::of(&row, &after.currency)))?;
            if balance(&before) > 0 && balance(&after) <= 0 {
                self.emit(tx, webhook::INVOICE_PAID, &PaidData::of(&after, self.client_code(after.client_id))?)?;
            }
            Ok::<_, AppError>((after, true))
        })?;
        if is_new {
            self.tell_client(after.client_id);
        }
        Ok(after)
    }

    /// Takes back a payment or refund that was recorded by mistake, by one of the opposite amount.
    ///
    /// # Errors
    ///
    /// Fails for one that is taken back already; nothing is recorded then.
    pub fn reverse_payment(&self, actor: &Actor, payment_id: Uuid, reason: &str) -> Result<receivable::Receivable, AppError> {
        actor.require(Permission::Bill)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > 200 {
            return Err(AppError::field("reason", "expected a reason of at most 200 letters"));
        }
        let after = self.store.write(|tx| {
            let mistaken = payment::find(tx, actor.provider, payment_id)?.ok_or_else(|| AppError::not_found("payment"))?;
            if mistaken.kind == REVERSAL {
                return Err(AppError::conflict("this takes a payment back itself", "record the payment anew instead"));
            }
            hold(tx, actor.provider, mistaken.number)?;
            let rows = payment::list_of_invoice(tx, actor.provider, mistaken.number)?;
            if rows.iter().any(|row| reverses(row) == Some(payment_id)) {
                return Err(AppError::conflict("this payment was taken back already", "the list below the invoice shows it"));
            }
            let new = NewPayment {
                id: Uuid::now_v7(),
                received_on: self.today(),
                amount: mistaken.amount.abs(),
                method: mistaken.method.clone(),
                reference: format!("{payment_id} {reason}"),
            };
            let after = receivable::apply(tx, actor.provider, mistaken.number, -mistaken.amount, 0)?;
            let row = self.payment_row(actor, &after, &new, -mistaken.amount, REVERSAL);
            payment::insert(tx, actor.provider, &row)?;
            let change = Change::new("reversed", KIND, payment_id.to_string()).of_client(after.client_id);
            self.record(
                tx,
                actor,
                change.before(&PaymentRecord::of(&mistaken, &after.currency)).after(&PaymentRecord::of(&row, &after.currency)),
            )?;
            Ok::<_, AppError>(after)
        })?;
        self.tell_client(after.client_id);
        Ok(after)
    }

    /// Notes that an invoice was sent, and when; none: that it was not.
    ///
    /// # Errors
    ///
    /// Refuses days to come.
    pub fn mark_sent(&self, actor: &Actor, number: i64, on: Option<Date>) -> Result<(), AppError> {
        actor.require(Permission::Bill)?;
        if on.is_some_and(|on| on > self.today()) {
            return Err(AppError::field("sent_on", "in the future; expected the day on which it was sent"));
        }
        let zone = wall_clock::zone(&self.provider_zone());
        let client_id = self.store.write(|tx| {
            let before = hold(tx, actor.provider, number)?;
            let sent_at = on.map(|on| on.to_zoned(zone.clone())).transpose().map_err(AppError::fault)?.map(|at| at.timestamp());
            receivable::mark_sent(tx, actor.provider, number, sent_at.map(|at| (at, actor.name.as_str())))?;
            let action = if on.is_some() { "sent" } else { "not sent" };
            let change = Change::new(action, INVOICE, number_text(number)).of_client(before.client_id);
            let change = change.before(&before.sent_at).after(&on.map(|on| on.to_string()));
            self.record(tx, actor, change)?;
            Ok::<_, AppError>(before.client_id)
        })?;
        self.tell_client(client_id);
        Ok(())
    }

    fn payment_row(&self, actor: &Actor, of: &receivable::Receivable, new: &NewPayment, amount: i64, kind: &str) -> payment::Payment {
        payment::Payment {
            payment_id: new.id,
            number: of.number,
            client_id: of.client_id,
            received_on: new.received_on,
            amount,
            kind: kind.to_owned(),
            method: new.method.trim().to_owned(),
            reference: new.reference.trim().to_owned(),
            recorded_by: actor.name.clone(),
            recorded_at: self.clock.now(),
        }
    }

    /// Today at the provider.
    pub fn today(&self) -> Date {
        self.clock.now().to_zoned(wall_clock::zone(&self.provider_zone())).date()
    }

    /// Tells open pages that something about a client's money changed.
    pub fn tell_client(&self, client_id: Uuid) {
        let code = self.client_code(client_id);
        self.events.tell(crate::app::events::Event::Client { client_id, code });
    }
}

fn other_payment() -> AppError {
    AppError::conflict("another payment was recorded from this form already", "open the invoice again and look at its payments")
}

/// The payment that a row takes back.
#[must_use]
pub fn reverses(row: &payment::Payment) -> Option<Uuid> {
    let id = row.reference.split(' ').next().filter(|_| row.kind == REVERSAL)?;
    Uuid::parse_str(id).ok()
}

fn check(new: &NewPayment, today: Date) -> Result<(), AppError> {
    let mut problems = Vec::new();
    if new.amount <= 0 {
        problems.push(FieldProblem::new("amount", "expected more than nothing"));
    }
    if new.received_on > today {
        problems.push(FieldProblem::new("received_on", "in the future; expected the day on which the money moved"));
    }
    for (field, text) in [("method", &new.method), ("reference", &new.reference)] {
        if text.chars().count() > 200 {
            problems.push(FieldProblem::new(field, "expected at most 200 letters"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(AppError::Invalid(problems)) }
}

/// What webhooks are told of a paid invoice.
#[derive(Serialize)]
struct PaidData {
    number: String,
    client: String,
    currency: String,
    total: String,
    paid: String,
    credited: String,
}

impl PaidData {
    fn of(row: &receivable::Receivable, client: String) -> Result<Self, AppError> {
        let currency = currency_of(&row.currency)?;
        let (total, paid, credited) = (currency.format(row.total), currency.format(row.paid), currency.format(row.credited));
        Ok(Self { number: number_text(row.number), client, currency: row.currency.clone(), total, paid, credited })
    }
}

/// What the audit log keeps of a payment.
#[derive(Serialize)]
struct PaymentRecord<'a> {
    invoice: String,
    received_on: String,
    currency: &'a str,
    amount: i64,
    kind: &'a str,
    method: &'a str,
    reference: &'a str,
}

impl<'a> PaymentRecord<'a> {
    fn of(row: &'a payment::Payment, currency: &'a str) -> Self {
        Self {
            invoice: number_text(row.number),
            received_on: row.received_on.to_string(),
            currency,
            amount: row.amount,
            kind: &row.kind,
            method: &row.method,
            reference: &row.reference,
        }
    }
}
