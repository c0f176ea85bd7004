//! The office around the demo's books: people who can sign in, payments, titles of tickets, notes and questions.

use fastrand::Rng;
use jiff::Timestamp;
use jiff::civil::Date;
use quarterhour_store::statements::client::{self, Client};
use quarterhour_store::statements::note::{self, Note};
use quarterhour_store::statements::payment::{self, Payment};
use quarterhour_store::statements::question::{self, Question};
use quarterhour_store::statements::receivable::{self, Receivable};
use quarterhour_store::statements::ticket::{self, Ticket};
use quarterhour_store::statements::user::{self, User};
use quarterhour_store::{ProviderId, Store, Tx};
use uuid::Uuid;

use crate::app::output::add_days;
use crate::app::{password, stored};
use crate::error::AppError;

/// The password of everybody in the demo.
pub const PASSWORD: &str = "quarter hour demo";

/// Somebody who can sign in.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// The role.
    pub role: &'static str,
    /// The name.
    pub name: &'static str,
    /// The address.
    pub email: &'static str,
    /// The client's code, for a client's person.
    pub client: Option<&'static str>,
}

/// Everybody who can sign in.
pub const LOGINS: [Login; 8] = [
    Login { role: "owner", name: "Olivia Grant", email: "olivia@northgate.example", client: None },
    Login { role: "book-keeper", name: "Ben Okafor", email: "books@northgate.example", client: None },
    Login { role: "dispatcher", name: "Farah Aziz", email: "desk@northgate.example", client: None },
    Login { role: "technician", name: "Ana", email: "ana@northgate.example", client: None },
    Login { role: "approver", name: "Carla Cedar", email: "carla@cedar.example", client: Some("cedar") },
    Login { role: "contact", name: "Chris Lane", email: "chris@cedar.example", client: Some("cedar") },
    Login { role: "approver", name: "Alan Alder", email: "alan@alder.example", client: Some("alder") },
    Login { role: "approver", name: "Hanna Hazel", email: "hanna@hazel.example", client: Some("hazel") },
];

const TITLES: [&str; 8] = [
    "Printer at the front desk",
    "New laptop",
    "Mail does not arrive",
    "Access from home",
    "Slow computer",
    "Monthly patches",
    "Backup check",
    "Wireless in the meeting room",
];

/// Fills the office of a demo that was imported and issued.
///
/// # Errors
///
/// Fails when the database does.
pub fn fill(store: &Store, today: Date, seed: u64) -> Result<(), AppError> {
    let hash = password::hash(PASSWORD)?;
    // The office is of the afternoon before: nothing of it lies ahead of anybody's clock.
    let now = at(today.yesterday().map_err(AppError::fault)?, 18);
    store.write(|tx| {
        let id = stored::provider(tx)?.provider_id;
        let clients = client::list_all(tx, id)?;
        for login in LOGINS {
            let client_id = login.client.and_then(|code| clients.iter().find(|client| client.code == code)).map(|it| it.client_id);
            user::insert(tx, id, &person(login, client_id, &hash, now))?;
        }
        pay(tx, id, today, seed)?;
        for client in &clients {
            papers(tx, id, client, now)?;
        }
        Ok(())
    })
}

fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

fn person(login: Login, client_id: Option<Uuid>, hash: &str, now: Timestamp) -> User {
    User {
        user_id: Uuid::now_v7(),
        client_id,
        email: login.email.to_owned(),
        email_key: login.email.to_lowercase(),
        name: login.name.to_owned(),
        technician: if client_id.is_some() { String::new() } else { login.name.split(' ').next().unwrap_or(login.name).to_owned() },
        role: login.role.to_owned(),
        password_hash: Some(hash.to_owned()),
        totp_sealed: None,
        totp_step_last: 0,
        oidc_subject: None,
        created_at: now,
        disabled_at: None,
    }
}

/// Most invoices are paid in time, some late, some in part, a few not yet.
fn pay(tx: &mut Tx, id: ProviderId, today: Date, seed: u64) -> Result<(), AppError> {
    let mut rng = Rng::with_seed(seed);
    let slow = receivable::list_open(tx, id)?.first().map(|row| row.client_id);
    for Receivable { number, client_id, issued_on, due_on, total, .. } in receivable::list_open(tx, id)? {
        let received_on = add_days(issued_on, rng.u32(2..16));
        let recent = add_days(due_on, 25) > today;
        let unpaid = received_on >= today || (recent && (rng.u32(0..9) == 0 || slow == Some(client_id)));
        if unpaid || total <= 0 {
            continue;
        }
        let amount = if recent && rng.u32(0..14) == 0 { total / 2 } else { total };
        let row = Payment {
            payment_id: Uuid::now_v7(),
            number,
            client_id,
            received_on,
            amount,
            kind: "payment".to_owned(),
            method: ["bank transfer", "card", "cheque"].get(rng.usize(0..3)).copied().unwrap_or("bank transfer").to_owned(),
            reference: String::new(),
            recorded_by: "Ben Okafor".to_owned(),
            recorded_at: at(received_on, 15),
        };
        payment::insert(tx, id, &row)?;
        receivable::apply(tx, id, number, amount, 0)?;
        receivable::mark_sent(tx, id, number, Some((at(issued_on, 16), "Ben Okafor")))?;
    }
    Ok(())
}

fn papers(tx: &mut Tx, id: ProviderId, client: &Client, now: Timestamp) -> Result<(), AppError> {
    let client_id = client.client_id;
    for (number, title) in (1..).zip(TITLES) {
        let row = Ticket { client_id, ticket: format!("{}-{number:05}", client.code), title: title.to_owned(), created_at: now };
        ticket::upsert(tx, id, &row)?;
    }
    if client.code == "cedar" {
        let body = "Carla wants a call before any work beyond the allowance.".to_owned();
        note::insert(tx, id, &Note { client_id, note_id: Uuid::now_v7(), body, author: "Farah Aziz".to_owned(), created_at: now })?;
        let question = Question {
            client_id,
            question_id: Uuid::now_v7(),
            topic: "devices".to_owned(),
            reference: String::new(),
            body: "cedar-ws012 went back to the leasing company last week. Is it still counted?".to_owned(),
            asked_by: "Carla Cedar".to_owned(),
            asked_at: now,
            answer: None,
            answered_by: None,
            answered_at: None,
        };
        question::insert(tx, id, &question)?;
    }
    Ok(())
}
