//! The first run: the provider and its owner, once. Until then it is open to this machine, and to whoever knows the
//! code that the server prints at its start.

use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use quarterhour_billing::{Decimal, Words};
use quarterhour_books::setup::read_provider_text;
use quarterhour_store::ProviderId;
use quarterhour_store::statements::{counter, provider, user};
use uuid::Uuid;

use crate::app::actor::{Actor, Channel, Role};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::guard::Attempt;
use crate::app::keys::{readable, same};
use crate::app::session::Proof;
use crate::app::sign_in::{Browser, Next, email_key};
use crate::app::stored::BOOKS_VERSION;
use crate::app::user::{new_user, plain_email, plain_name};
use crate::error::{AppError, FieldProblem};

/// The days of the week, as the provider's file names them.
pub const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// How far the first run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is nothing.
    Nothing,
    /// The books were imported, but nobody can sign in.
    Books,
    /// It is done.
    Done,
}

/// What the first run remembers.
#[derive(Debug, Default)]
pub struct FirstRun {
    done: OnceLock<()>,
    code: OnceLock<String>,
    /// One at a time: there is no row yet that a second one could wait for.
    turn: Mutex<()>,
}

/// The provider as the form has it.
#[derive(Clone, Debug, Default)]
pub struct ProviderDraft {
    /// The company's name.
    pub name: String,
    /// Two letters.
    pub country: String,
    /// A code of three letters.
    pub currency: String,
    /// An IANA name.
    pub time_zone: String,
    /// The days on which it is open, such as `mon`.
    pub days: Vec<String>,
    /// When it opens, such as `08:00`.
    pub opens: String,
    /// When it closes.
    pub closes: String,
    /// The default rate of an hour.
    pub hourly: String,
}

/// The owner as the form has it.
#[derive(Clone, Debug, Default)]
pub struct OwnerDraft {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

impl Context {
    /// Is the first run known to be done? Quick, for every request.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.first_run.done.get().is_some()
    }

    /// How far the first run has come.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn stage(&self) -> Result<Stage, AppError> {
        if self.first_run.done.get().is_some() {
            return Ok(Stage::Done);
        }
        let Some(provider) = self.find_provider()? else { return Ok(Stage::Nothing) };
        let empty = self.store.read(|tx| user::list_all(tx, provider))?.is_empty();
        if !empty {
            self.first_run.done.get_or_init(|| ());
        }
        Ok(if empty { Stage::Books } else { Stage::Done })
    }

    /// The code that opens the first run to others than this machine; none when it is done.
    ///
    /// # Errors
    ///
    /// Fails when the database does, or the system has no random bytes.
    pub fn setup_code(&self) -> Result<Option<String>, AppError> {
        if self.stage()? == Stage::Done {
            return Ok(None);
        }
        let fresh = readable(4)?;
        Ok(Some(self.first_run.code.get_or_init(|| fresh).clone()))
    }

    /// Lets somebody at the first run: whoever sits at this machine, or knows the code.
    ///
    /// # Errors
    ///
    /// Refuses a wrong code, and tries that come too quickly.
    pub fn admit_to_setup(&self, near: bool, code: &str, browser: &Browser) -> Result<(), AppError> {
        if near {
            return Ok(());
        }
        let attempt = Attempt::new(format!("setup from {}", browser.origin.address), &browser.origin.address, None);
        self.login_guard.admit(&attempt, self.clock.now().as_second())?;
        let expected = self.setup_code()?.unwrap_or_default();
        if expected.is_empty() || !same(&expected, &code.trim().to_lowercase()) {
            return Err(AppError::field("code", "this is not the code that the server printed when it started"));
        }
        self.login_guard.succeeded(&attempt);
        Ok(())
    }

    /// Sets up the provider, unless the books were imported, and the owner, who is signed in.
    ///
    /// # Errors
    ///
    /// Says which field cannot be taken; refuses when it was done meanwhile.
    pub fn set_up(&self, books: Option<&ProviderDraft>, owner: &OwnerDraft, browser: &Browser) -> Result<Next, AppError> {
        let _turn = self.first_run.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut problems = Vec::new();
        let text = books.map(|draft| provider_text(draft).map_err(|list| problems.extend(list)).unwrap_or_default());
        let user = self.owner(owner, &mut problems);
        let (Some(user), true) = (user, problems.is_empty()) else { return Err(AppError::Invalid(problems)) };
        self.store.write(|tx| {
            let id = match (provider::find_first(tx)?, books.zip(text)) {
                (Some(row), _) => row.provider_id,
                (None, Some((draft, settings_toml))) => {
                    let provider_id = ProviderId(Uuid::now_v7());
                    let name = draft.name.trim().to_owned();
                    provider::insert(tx, &provider::Provider { provider_id, name, settings_toml, created_at: now })?;
                    counter::next_number(tx, provider_id, BOOKS_VERSION)?;
                    provider_id
                }
                (None, None) => return Err(done_meanwhile()),
            };
            counter::lock_provider(tx, id)?;
            if !user::list_all(tx, id)?.is_empty() {
                return Err(done_meanwhile());
            }
            user::insert(tx, id, &user)?;
            let actor = Actor::of_user(id, &user, Channel::Session(String::new()), &browser.origin).ok_or_else(done_meanwhile)?;
            self.record(tx, &actor, Change::new("set up", "provider", id.to_string()).after(&user.name))
        })?;
        self.books_changed();
        self.after_first_factor(&user, Proof::Setup, browser)
    }

    fn owner(&self, draft: &OwnerDraft, problems: &mut Vec<FieldProblem>) -> Option<user::User> {
        let mut user = new_user(self.clock.now());
        let mut take = |field: &str, read: Result<String, String>| read.map_err(|it| problems.push(FieldProblem::new(field, it))).ok();
        let (name, email) = (take("owner_name", plain_name(&draft.name)), take("email", plain_email(&draft.email)));
        user.email_key = email_key(email.as_deref().unwrap_or_default());
        match self.new_password(&user, &draft.password) {
            Ok(hash) => user.password_hash = Some(hash),
            Err(AppError::Invalid(list)) => problems.extend(list),
            Err(other) => problems.push(FieldProblem::new("password", other.to_string())),
        }
        Role::Owner.name().clone_into(&mut user.role);
        user.name = name?;
        user.technician.clone_from(&user.name);
        user.email = email?;
        Some(user)
    }
}

fn done_meanwhile() -> AppError {
    AppError::conflict("this was set up meanwhile", "sign in, or ask the owner for an invitation")
}

/// The text of `provider.toml`, checked by the reader of books.
///
/// # Errors
///
/// Lists the fields that cannot be taken.
pub fn provider_text(draft: &ProviderDraft) -> Result<String, Vec<FieldProblem>> {
    let quoted = |text: &str| toml::Value::String(text.trim().to_owned()).to_string();
    let mut problems = Vec::new();
    if let Err(message) = plain_name(&draft.name) {
        problems.push(FieldProblem::new("name", message));
    }
    let country = draft.country.trim().to_uppercase();
    if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        problems.push(FieldProblem::new("country", "expected two letters, such as US"));
    }
    let hourly = draft.hourly.trim().replace(',', "");
    if Decimal::parse(&hourly).is_err() {
        problems.push(FieldProblem::new("hourly", "expected an amount such as 125.00"));
    }
    let mut text = format!("name = {}\ncountry = {}\n", quoted(&draft.name), quoted(&country));
    let _ = writeln!(
        text,
        "currency = {}\ntime_zone = {}\nholidays = []\n\n[hours]",
        quoted(&draft.currency.to_uppercase()),
        quoted(&draft.time_zone)
    );
    let hours = format!("{}-{}", draft.opens.trim(), draft.closes.trim());
    for (day, _) in DAYS.iter().filter(|(day, _)| draft.days.iter().any(|other| other == day)) {
        let _ = writeln!(text, "{day} = {}", quoted(&hours));
    }
    let _ = writeln!(text, "\n[[rate]]\nhourly = {}", quoted(&hourly));
    if let Err(list) = read_provider_text(&text, &mut Words::default()) {
        for problem in list {
            let field = field_of(problem.column.as_deref().unwrap_or_default(), &problem.message);
            if !problems.iter().any(|other: &FieldProblem| other.field == field) {
                problems.push(FieldProblem::new(field, problem.message));
            }
        }
    }
    if problems.is_empty() { Ok(text) } else { Err(problems) }
}

/// The field that a place in the file comes from.
fn field_of(place: &str, message: &str) -> &'static str {
    let key = place.split('`').nth(1).unwrap_or_default();
    let fields = ["currency", "time_zone", "hourly", "country", "name"];
    let found = fields.into_iter().find(|field| key.ends_with(field));
    found.unwrap_or(if message.contains("default rate") { "hourly" } else { "opens" })
}

/// The names of time zones that a person chooses from.
#[must_use]
pub fn time_zones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
    names.retain(|name| name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("posix/") && !name.starts_with("right/"));
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ProviderDraft {
        ProviderDraft {
            name: "North \"gate\" IT\\".into(),
            country: "us".into(),
            currency: "usd".into(),
            time_zone: "America/New_York".into(),
            days: ["mon", "fri"].map(str::to_owned).to_vec(),
            opens: "08:00".into(),
            closes: "18:00".into(),
            hourly: "1,125.50".into(),
        }
    }

    #[test]
    fn the_form_becomes_a_provider_file() {
        let text = provider_text(&draft()).expect("a file");
        let provider = read_provider_text(&text, &mut Words::default()).expect("readable");
        assert_eq!((provider.name.as_str(), provider.country.as_str()), ("North \"gate\" IT\\", "US"));
        assert!(text.contains("mon = \"08:00-18:00\"") && !text.contains("tue"), "{text}");
    }

    #[test]
    fn each_field_is_blamed_for_itself() {
        let blamed = |change: fn(&mut ProviderDraft)| {
            let mut draft = draft();
            change(&mut draft);
            let list = provider_text(&draft).expect_err("a problem");
            list.into_iter().map(|it| it.field).collect::<Vec<_>>()
        };
        assert_eq!(blamed(|it| it.name.clear()), ["name"]);
        assert_eq!(blamed(|it| it.country = "USA".into()), ["country"]);
        assert_eq!(blamed(|it| it.currency = "XYZ1".into()), ["currency"]);
        assert_eq!(blamed(|it| it.time_zone = "Mars/Base".into()), ["time_zone"]);
        assert_eq!(blamed(|it| it.closes = "07:00".into()), ["opens"]);
        assert_eq!(blamed(|it| it.hourly = "ten".into()), ["hourly"]);
    }

    #[test]
    fn a_name_cannot_bring_settings_of_its_own() {
        let mut draft = draft();
        draft.name = "x\"\npayment_days = 3\n#".into();
        assert!(provider_text(&draft).is_err());
    }
}
