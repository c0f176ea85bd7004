//! Agreements of a client: versions with dates, written, changed, ended and taken back. What is issued stays as it was.

use quarterhour_billing::agreement::{Agreement, Agreements, Prepaid};
use quarterhour_billing::{Day, Period, Words};
use quarterhour_books::{BookClient, setup};
use quarterhour_store::Tx;
use quarterhour_store::statements::{agreement, audit, closing, counter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::agreement_form::AgreementForm;
pub use crate::app::agreement_version::{AgreementView, Standing, Version, Versions};
use crate::app::agreement_words::{self, ClauseWords, Reading};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::keys::token_hash;
use crate::app::stored::{BOOKS_VERSION, StoredBooks};
use crate::app::time_entry::hold_client;
use crate::error::{AppError, FieldProblem};

const KIND: &str = "agreement";
/// The longest name of an agreement.
const NAME_MAX: usize = 60;

/// An agreement as the audit log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    client: String,
    name: String,
    text: String,
}

/// One row to write.
enum Edit {
    Insert { name: String, text: String },
    Update { name: String, text: String },
    Delete { name: String },
}

/// Is a change kept, or only tried, to see what is wrong with it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is saved.
    Keep,
    /// Nothing is written.
    Try,
}

/// A client that is held while its agreements change.
struct Held<'a> {
    books: &'a StoredBooks,
    code: &'a str,
    client_id: Uuid,
    first_open: Option<Day>,
    rows: Vec<agreement::Agreement>,
    words: Words,
}

impl Context {
    /// The versions of a client's agreements.
    ///
    /// # Errors
    ///
    /// Refuses who may not read agreements; fails for an unknown client.
    pub fn agreements_of(&self, actor: &Actor, code: &str) -> Result<Versions, AppError> {
        actor.require(Permission::SeeAgreements)?;
        let books = self.books()?;
        let (client_id, client) = client_at(&books, code)?;
        let today = self.clock.today(&client.client.clock);
        let first_open = self.first_open_day(client_id)?;
        let mut versions = Vec::new();
        for it in client.client.agreements.as_slice().iter().rev() {
            let last = self.store.read(|tx| audit::list_of_subject(tx, books.provider_id, KIND, &it.name, 1))?.pop();
            versions.push(Version {
                name: it.name.clone(),
                program: it.program.name(),
                starts: it.starts,
                ends: it.ends,
                standing: standing(it, today),
                is_locked: is_locked(it, first_open),
                changed: last.map(|last| (last.actor_name, last.at)),
            });
        }
        let name = client.row.field("name").to_owned();
        let currency = client.client.currency;
        Ok(Versions { client_id, code: code.to_owned(), client: name, currency, today, first_open, versions })
    }

    /// The first day of a client that is not issued; none: everything is open.
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn first_open_day(&self, client_id: Uuid) -> Result<Option<Day>, AppError> {
        let provider = self.provider()?;
        let closed = self.store.read(|tx| closing::find_last(tx, provider, client_id))?;
        Ok(closed.and_then(|row| Period::parse(&row.period)).map(Period::end))
    }

    /// Is a name taken by any agreement of the provider?
    ///
    /// # Errors
    ///
    /// Fails when the database does.
    pub fn is_agreement_name_taken(&self, name: &str) -> Result<bool, AppError> {
        Ok(self.books()?.agreement_texts.contains_key(name))
    }

    /// One agreement of a client.
    ///
    /// # Errors
    ///
    /// Refuses who may not read agreements; fails for an unknown name.
    pub fn agreement(&self, actor: &Actor, code: &str, name: &str) -> Result<AgreementView, AppError> {
        let versions = self.agreements_of(actor, code)?;
        let books = self.books()?;
        let (_, client) = client_at(&books, code)?;
        let found = client.client.agreements.as_slice().iter().find(|agreement| agreement.name == name);
        let agreement = found.ok_or_else(|| AppError::not_found("agreement"))?;
        let version = versions.version(name).cloned().ok_or_else(|| AppError::not_found("agreement"))?;
        let text = books.agreement_texts.get(name).cloned().unwrap_or_default();
        let takes_blocks = !agreement.program.refused_clauses().contains(&"block") && !matches!(agreement.prepaid, Prepaid::Money(_));
        Ok(AgreementView {
            version,
            seen: token_hash(&text),
            text,
            clauses: agreement_words::clauses(reading(&books, client, agreement, &books.setup.words, versions.today)),
            form: AgreementForm::of(agreement, &books.setup.words, code, client.client.currency),
            takes_blocks,
        })
    }

    /// The sentences of the agreement that a client is under on a day, or will be next.
    ///
    /// # Errors
    ///
    /// Fails for an unknown client.
    pub fn agreement_sentences(&self, client_id: Uuid) -> Result<Option<(Version, Vec<ClauseWords>)>, AppError> {
        let books = self.books()?;
        let position = books.positions.get(&client_id).copied();
        let client = position.and_then(|position| books.setup.clients.get(position)).ok_or_else(|| AppError::not_found("client"))?;
        let today = self.clock.today(&client.client.clock);
        let first_open = self.first_open_day(client_id)?;
        let next = || client.client.agreements.as_slice().iter().find(|agreement| agreement.starts > today);
        let found = client.client.agreements.on(today).map(|(_, agreement)| agreement).or_else(next);
        Ok(found.map(|it| {
            let version = Version {
                name: it.name.clone(),
                program: it.program.name(),
                starts: it.starts,
                ends: it.ends,
                standing: standing(it, today),
                is_locked: is_locked(it, first_open),
                changed: None,
            };
            (version, agreement_words::clauses(reading(&books, client, it, &books.setup.words, today)))
        }))
    }

    /// Adds an agreement. It may start in open periods only, and never while another is in force.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; nothing is saved then.
    pub fn add_agreement(&self, actor: &Actor, code: &str, name: &str, text: &str, mode: Mode) -> Result<(), AppError> {
        self.change_agreements(actor, code, mode, |held| {
            held.check_name(name)?;
            let agreement = held.read(name, text)?;
            held.check_open("starts", agreement.starts)?;
            Ok(vec![Edit::Insert { name: name.to_owned(), text: text.to_owned() }])
        })
    }

    /// Replaces an agreement's text in place, as long as nothing of it is issued. `seen` is the text that the editor began with.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; refuses when a period was issued under it.
    pub fn change_agreement(
        &self,
        actor: &Actor,
        code: &str,
        (name, seen): (&str, &str),
        text: &str,
        mode: Mode,
    ) -> Result<(), AppError> {
        self.change_agreements(actor, code, mode, |held| {
            let before = held.current(name, seen)?;
            held.check_unlocked(&before)?;
            let agreement = held.read(name, text)?;
            held.check_open("starts", agreement.starts)?;
            Ok(vec![Edit::Update { name: name.to_owned(), text: text.to_owned() }])
        })
    }

    /// Ends an agreement on the day that a new version of it starts, and adds the new version.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field; refuses days of issued periods.
    pub fn revise_agreement(
        &self,
        actor: &Actor,
        code: &str,
        (name, seen): (&str, &str),
        (new_name, text): (&str, &str),
        mode: Mode,
    ) -> Result<(), AppError> {
        self.change_agreements(actor, code, mode, |held| {
            let before = held.current(name, seen)?;
            held.check_name(new_name)?;
            let after = held.read(new_name, text)?;
            held.check_open("starts", after.starts)?;
            if after.starts <= before.starts || !before.in_force_on(after.starts) {
                let message =
                    format!("`{name}` is not in force on {}; expected a day after {} on which it is", after.starts, before.starts);
                return Err(AppError::field("starts", message));
            }
            let old = held.text_until(&before, Some(after.starts));
            let text = text.to_owned();
            Ok(vec![Edit::Update { name: name.to_owned(), text: old }, Edit::Insert { name: new_name.to_owned(), text }])
        })
    }

    /// Sets the first day on which an agreement is no longer in force; none lets it go on.
    ///
    /// # Errors
    ///
    /// Refuses days of issued periods, and days before it starts.
    pub fn end_agreement(&self, actor: &Actor, code: &str, name: &str, ends: Option<Day>) -> Result<(), AppError> {
        self.change_agreements(actor, code, Mode::Keep, |held| {
            let before = held.current(name, "")?;
            let changing = [before.ends, ends].into_iter().flatten();
            for day in changing {
                held.check_open("ends", day)?;
            }
            if let Some(day) = ends.filter(|day| *day <= before.starts) {
                return Err(AppError::field("ends", format!("{day}; expected a day after {}, on which it starts", before.starts)));
            }
            if let (Some(day), Prepaid::Time(pools)) = (ends, &before.prepaid)
                && let Some(block) = pools.blocks.iter().find(|block| block.bought >= day)
            {
                return Err(AppError::field("ends", format!("a block is bought on {}; expected a later day", block.bought)));
            }
            Ok(vec![Edit::Update { name: name.to_owned(), text: held.text_until(&before, ends) }])
        })
    }

    /// Adds a block that was bought under an agreement. It touches open days only.
    ///
    /// # Errors
    ///
    /// Lists what is wrong by field.
    pub fn sell_block(&self, actor: &Actor, code: &str, name: &str, block: &[(String, String)]) -> Result<(), AppError> {
        self.change_agreements(actor, code, Mode::Keep, |held| {
            let before = held.current(name, "")?;
            let mut form = held.form(&before);
            let row = form.rows("block").last().map_or(0, |last| last + 1);
            form.switch_on("block");
            for (key, value) in block {
                form.set(format!("block.{row}.{key}"), value.trim());
            }
            let (after, text) = form.read(name, &mut held.words).map_err(|problems| {
                let own = format!("block.{row}.");
                let named =
                    |it: FieldProblem| FieldProblem::new(it.field.strip_prefix(&own).unwrap_or(&it.field).to_owned(), it.message);
                AppError::Invalid(problems.into_iter().map(named).collect())
            })?;
            let blocks = |agreement: &Agreement| match &agreement.prepaid {
                Prepaid::Time(pools) => pools.blocks.len(),
                _ => 0,
            };
            if blocks(&after) != blocks(&before) + 1 {
                return Err(AppError::field("bought", "missing; expected the day on which the block was bought"));
            }
            if let Some(day) = form.get(&format!("block.{row}.bought")).parse().ok().map(Day::from_date) {
                held.check_open("bought", day)?;
            }
            Ok(vec![Edit::Update { name: name.to_owned(), text }])
        })
    }

    /// Takes out a block that was sold by mistake, as long as the month in which it was bought is open. Of several that were
    /// bought on a day with the same hours it is the last.
    ///
    /// # Errors
    ///
    /// Refuses a block of an issued month, and one that is not there.
    pub fn take_back_block(&self, actor: &Actor, code: &str, name: &str, (bought, hours): (&str, &str)) -> Result<(), AppError> {
        self.change_agreements(actor, code, Mode::Keep, |held| {
            let before = held.current(name, "")?;
            let mut form = held.form(&before);
            let is_it =
                |row: &usize| form.get(&format!("block.{row}.bought")) == bought && form.get(&format!("block.{row}.hours")) == hours;
            let row = form.rows("block").into_iter().rfind(is_it).ok_or_else(|| AppError::not_found("block"))?;
            held.check_open("bought", Day::from_date(bought.parse().map_err(|_| AppError::not_found("block"))?))?;
            form.remove_row(&format!("block.{row}"));
            if form.rows("block").is_empty() {
                form.switch_off("block");
            }
            let (_, text) = form.read(name, &mut held.words).map_err(AppError::Invalid)?;
            Ok(vec![Edit::Update { name: name.to_owned(), text }])
        })
    }

    /// Takes out an agreement under which nothing is issued. The one before it, if it ended on that day, goes on in its place.
    ///
    /// # Errors
    ///
    /// Refuses when a period was issued under it.
    pub fn delete_agreement(&self, actor: &Actor, code: &str, name: &str, seen: &str) -> Result<(), AppError> {
        self.change_agreements(actor, code, Mode::Keep, |held| {
            let gone = held.current(name, seen)?;
            held.check_unlocked(&gone)?;
            let mut edits = vec![Edit::Delete { name: name.to_owned() }];
            if let Some(before) = held.others(name)?.into_iter().find(|other| other.ends == Some(gone.starts)) {
                edits.push(Edit::Update { name: before.name.clone(), text: held.text_until(&before, gone.ends) });
            }
            Ok(edits)
        })
    }

    /// Brings a deleted agreement back; the one in force on its first day ends there again.
    ///
    /// # Errors
    ///
    /// Fails when it was not deleted, or does not fit any more.
    pub fn restore_agreement(&self, actor: &Actor, code: &str, name: &str) -> Result<(), AppError> {
        let lost = || AppError::not_found("deleted agreement");
        let provider = self.provider()?;
        let last = self.store.read(|tx| audit::list_of_subject(tx, provider, KIND, name, 1))?.pop().ok_or_else(lost)?;
        let before = last.before_json.filter(|_| last.action == "deleted").ok_or_else(lost)?;
        let kept: Kept = serde_json::from_str(&before).map_err(|_| lost())?;
        if kept.client != code {
            return Err(lost());
        }
        self.change_agreements(actor, code, Mode::Keep, |held| {
            held.check_name(name)?;
            let back = held.read(name, &kept.text)?;
            held.check_open("starts", back.starts)?;
            let mut edits = vec![Edit::Insert { name: name.to_owned(), text: kept.text.clone() }];
            if let Some(other) = held.others(name)?.into_iter().find(|it| it.starts < back.starts && it.in_force_on(back.starts)) {
                edits.push(Edit::Update { name: other.name.clone(), text: held.text_until(&other, Some(back.starts)) });
            }
            Ok(edits)
        })
    }

    /// Holds the client, plans the edits, makes them, and checks that all its agreements still fit together.
    fn change_agreements(
        &self,
        actor: &Actor,
        code: &str,
        mode: Mode,
        plan: impl FnOnce(&mut Held<'_>) -> Result<Vec<Edit>, AppError>,
    ) -> Result<(), AppError> {
        actor.require(Permission::EditAgreements)?;
        let books = self.books()?;
        let (client_id, _) = client_at(&books, code)?;
        if mode == Mode::Try {
            return self.store.read(|tx| {
                let mut held = Held::of(tx, &books, code, client_id)?;
                for edit in plan(&mut held)? {
                    held.take(edit);
                }
                held.check_together()
            });
        }
        let version = self.store.write(|tx| {
            let version = hold_client(tx, &books, client_id)?;
            let mut held = Held::of(tx, &books, code, client_id)?;
            for edit in plan(&mut held)? {
                self.make(tx, actor, &mut held, edit)?;
            }
            held.check_together()?;
            counter::next_number(tx, books.provider_id, BOOKS_VERSION)?;
            self.emit_client(tx, code, "agreements")?;
            Ok::<_, AppError>(version)
        })?;
        self.books_changed();
        self.client_changed(client_id, version);
        Ok(())
    }

    /// Writes one edit with its audit row.
    fn make(&self, tx: &mut Tx, actor: &Actor, held: &mut Held<'_>, edit: Edit) -> Result<(), AppError> {
        let provider = held.books.provider_id;
        let kept = |name: &str, text: &str| Kept { client: held.code.to_owned(), name: name.to_owned(), text: text.to_owned() };
        let change = |action, name: &str| Change::new(action, KIND, name).of_client(held.client_id);
        match edit {
            Edit::Insert { name, text } => {
                if agreement::find_by_name(tx, provider, &name)?.is_some() {
                    return Err(AppError::field("name", format!("`{name}` is taken; each agreement has a name of its own")));
                }
                let starts_on = setup::read_agreement(&name, &text, &mut held.words.clone()).map(|it| it.starts.date());
                let starts_on = starts_on.map_err(|problems| by_field(&problems))?;
                let (agreement_id, client_id) = (Uuid::now_v7(), held.client_id);
                let change = change("created", &name).after(&kept(&name, &text));
                let row = agreement::Agreement { agreement_id, client_id, name, starts_on, source_toml: text };
                agreement::insert(tx, provider, &row)?;
                self.record(tx, actor, change)?;
                held.rows.push(row);
            }
            Edit::Update { name, text } => {
                let agreement =
                    setup::read_agreement(&name, &text, &mut held.words.clone()).map_err(|problems| by_field(&problems))?;
                let change = change("changed", &name);
                let before = held.rows.iter().find(|row| row.name == name).ok_or_else(|| AppError::not_found("agreement"))?;
                let change = change.before(&kept(&name, &before.source_toml)).after(&kept(&name, &text));
                let row = agreement::Agreement { starts_on: agreement.starts.date(), source_toml: text, ..before.clone() };
                agreement::update(tx, provider, &row)?;
                self.record(tx, actor, change)?;
                held.rows.retain(|other| other.name != name);
                held.rows.push(row);
            }
            Edit::Delete { name } => {
                let row = held.rows.iter().find(|row| row.name == name).ok_or_else(|| AppError::not_found("agreement"))?;
                let change = change("deleted", &name).before(&kept(&name, &row.source_toml));
                agreement::delete(tx, provider, row.agreement_id)?;
                self.record(tx, actor, change)?;
                held.rows.retain(|other| other.name != name);
            }
        }
        Ok(())
    }
}

impl<'a> Held<'a> {
    fn of(tx: &mut Tx, books: &'a StoredBooks, code: &'a str, client_id: Uuid) -> Result<Held<'a>, AppError> {
        let closed = closing::find_last(tx, books.provider_id, client_id)?;
        let first_open = closed.and_then(|row| Period::parse(&row.period)).map(Period::end);
        let rows = agreement::list_of_client(tx, books.provider_id, client_id)?;
        Ok(Held { books, code, client_id, first_open, rows, words: books.setup.words.clone() })
    }
}

impl Held<'_> {
    /// The agreement of a name as it is now; a conflict when it is no longer what the editor saw.
    fn current(&mut self, name: &str, seen: &str) -> Result<Agreement, AppError> {
        let row = self.rows.iter().find(|row| row.name == name).ok_or_else(|| AppError::not_found("agreement"))?;
        if !seen.is_empty() && token_hash(&row.source_toml) != seen {
            return Err(AppError::conflict(
                format!("`{name}` was changed by somebody else"),
                "open it again and make the change anew",
            ));
        }
        setup::read_agreement(name, &row.source_toml, &mut self.words).map_err(|problems| by_field(&problems))
    }

    /// Takes an edit as if it were written.
    fn take(&mut self, edit: Edit) {
        match edit {
            Edit::Delete { name } => self.rows.retain(|row| row.name != name),
            Edit::Insert { name, text } | Edit::Update { name, text } => {
                self.rows.retain(|row| row.name != name);
                let (agreement_id, starts_on) = (Uuid::nil(), jiff::civil::Date::ZERO);
                self.rows.push(agreement::Agreement { agreement_id, client_id: self.client_id, name, starts_on, source_toml: text });
            }
        }
    }

    fn others(&mut self, name: &str) -> Result<Vec<Agreement>, AppError> {
        let words = &mut self.words;
        let others = self.rows.iter().filter(|row| row.name != name);
        others.map(|row| setup::read_agreement(&row.name, &row.source_toml, words).map_err(|problems| by_field(&problems))).collect()
    }

    /// Reads a text that must be about this client.
    fn read(&mut self, name: &str, text: &str) -> Result<Agreement, AppError> {
        let agreement = setup::read_agreement(name, text, &mut self.words).map_err(|problems| by_field(&problems))?;
        let client = toml::from_str::<toml::Table>(text).ok().and_then(|table| Some(table.get("client")?.as_str()?.to_owned()));
        if client.as_deref() != Some(self.code) {
            return Err(AppError::field("client", format!("expected `{}`, whose agreement this is", self.code)));
        }
        Ok(agreement)
    }

    fn check_name(&self, name: &str) -> Result<(), AppError> {
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(fits_name) || name.starts_with('.') || name == "new" {
            return Err(AppError::field("name", "expected a name of letters, digits, `-`, `_` and `.`"));
        }
        Ok(())
    }

    fn check_open(&self, field: &str, day: Day) -> Result<(), AppError> {
        match self.first_open.filter(|first| day < *first) {
            Some(first) => {
                let message = format!("{day} is in an issued period, which stays as it is; expected {first} or later");
                Err(AppError::field(field, message))
            }
            None => Ok(()),
        }
    }

    fn check_unlocked(&self, agreement: &Agreement) -> Result<(), AppError> {
        if is_locked(agreement, self.first_open) {
            let message = format!("statements were issued under `{}`, so it stays as it is", agreement.name);
            return Err(AppError::conflict(message, "let a new version of it start on an open day"));
        }
        Ok(())
    }

    fn form(&self, agreement: &Agreement) -> AgreementForm {
        let currency = self.books.setup.client(self.code).map_or(self.books.setup.provider.currency, |(_, it)| it.client.currency);
        AgreementForm::of(agreement, &self.words, self.code, currency)
    }

    /// The text of an agreement with another end; blocks bought later are left out, they belong to what follows.
    fn text_until(&self, agreement: &Agreement, ends: Option<Day>) -> String {
        let mut form = self.form(agreement);
        form.set("ends", ends.map(|day| day.to_string()).unwrap_or_default());
        if let Some(ends) = ends {
            form.keep_blocks(|bought| bought < ends);
        }
        form.to_text().text().to_owned()
    }

    /// No two agreements may be in force on one day.
    fn check_together(&mut self) -> Result<(), AppError> {
        let all = self.others("")?;
        Agreements::new(all).map(drop).map_err(|overlaps| {
            let problems = overlaps.into_iter().map(|overlap| {
                let message = format!("{overlap}; end `{}` on or before the day `{}` starts", overlap.first, overlap.second);
                FieldProblem::new("starts", message)
            });
            AppError::Invalid(problems.collect())
        })
    }
}

impl AgreementForm {
    /// Takes out the blocks whose purchase date is not wanted.
    pub fn keep_blocks(&mut self, is_wanted: impl Fn(Day) -> bool) {
        for row in self.rows("block") {
            let row = format!("block.{row}");
            let bought = self.get(&format!("{row}.bought")).parse().ok().map(Day::from_date);
            if bought.is_some_and(|day| !is_wanted(day)) {
                self.remove_row(&row);
            }
        }
    }
}

/// The client of a code, with its id.
///
/// # Errors
///
/// Fails for an unknown code.
pub fn client_at<'a>(books: &'a StoredBooks, code: &str) -> Result<(Uuid, &'a BookClient), AppError> {
    let found = books.setup.client(code).and_then(|(position, client)| {
        let id = books.client_ids.get(usize::try_from(position).ok()?)?;
        Some((*id, client))
    });
    found.ok_or_else(|| AppError::not_found("client"))
}

/// What reading an agreement aloud needs.
#[must_use]
pub fn reading<'a>(
    books: &'a StoredBooks,
    client: &'a BookClient,
    agreement: &'a Agreement,
    words: &'a Words,
    on: Day,
) -> Reading<'a> {
    Reading { agreement, words, client: &client.client, terms: &books.setup.provider.terms, on }
}

/// May a letter stand in the name of an agreement? Names are in file names and links.
pub fn fits_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

fn standing(agreement: &Agreement, today: Day) -> Standing {
    if agreement.starts > today {
        Standing::Future
    } else if agreement.in_force_on(today) {
        Standing::InForce
    } else {
        Standing::Ended
    }
}

fn is_locked(agreement: &Agreement, first_open: Option<Day>) -> bool {
    first_open.is_some_and(|first| agreement.starts < first)
}

/// Problems of a text, each at the key that it names.
#[must_use]
pub fn by_field(problems: &[quarterhour_books::Problem]) -> AppError {
    let named = |problem: &quarterhour_books::Problem| {
        let key = problem.column.as_deref().and_then(|column| column.split('`').nth(1)).unwrap_or_default();
        let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        FieldProblem::new(key.to_owned(), format!("{line}{}", problem.message))
    };
    AppError::Invalid(problems.iter().map(named).collect())
}
