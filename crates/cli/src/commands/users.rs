//! `users`: who can sign in, from the machine itself. It is the way back in when nobody has one any more.

use quarterhour_server::app::actor::Actor;
use quarterhour_server::app::clock::Clock;
use quarterhour_server::app::context::App;
use quarterhour_server::app::keys::Keys;
use quarterhour_server::app::settings::Settings;
use quarterhour_server::app::stored;
use quarterhour_server::app::user::UserDraft;
use quarterhour_server::error::AppError;

use crate::args::{PublicAddress, UsersAction};
use crate::commands::serve::LISTEN;
use crate::session::Session;
use crate::show::out::out;
use crate::show::table::{Align, Table, plain};

/// Runs the command.
///
/// # Errors
///
/// Fails when there is no such person, or a field cannot be taken.
pub fn run(session: &Session, action: Option<UsersAction>) -> Result<(), AppError> {
    match action {
        None => list(session),
        Some(UsersAction::Add { name, email, role, client, address }) => {
            let draft = UserDraft { name, email, role, client, technician: String::new() };
            let (app, actor) = open(session, &address)?;
            let (_, token) = app.invite(&actor, &draft)?;
            print(&app, session, &token)
        }
        Some(UsersAction::Link { email, reset_second_factor, address }) => {
            let (app, actor) = open(session, &address)?;
            let wanted = email.trim().to_lowercase();
            let found = app.people(&actor)?.into_iter().find(|person| person.email.to_lowercase() == wanted);
            let person = found
                .ok_or_else(|| AppError::user(format!("nobody here signs in with {email}"), "`quarterhour users` lists everybody"))?;
            if reset_second_factor {
                app.reset_second_factor(&actor, person.user_id)?;
            }
            print(&app, session, &app.renew_link(&actor, person.user_id)?)
        }
    }
}

/// The application without its secrets: nothing here is sealed or opened.
fn open(session: &Session, address: &PublicAddress) -> Result<(App, Actor), AppError> {
    let store = stored::open(&session.db)?;
    let app = App::new(store, Clock::Machine, Keys::fresh()?, Settings::new(LISTEN, address.public_url.as_deref())?);
    let actor = Actor::command_line(app.provider()?);
    Ok((app, actor))
}

fn print(app: &App, session: &Session, token: &str) -> Result<(), AppError> {
    session.say("This link works once, for seven days; earlier ones do not work any more:");
    out(&format!("{}\n", app.settings.link(&format!("/invitations/{token}"))))
}

fn list(session: &Session) -> Result<(), AppError> {
    let (app, actor) = open(session, &PublicAddress { public_url: None })?;
    let people = app.people(&actor)?;
    if people.is_empty() {
        return out("Nobody can sign in yet.\n");
    }
    let columns =
        [("e-mail", Align::Left), ("name", Align::Left), ("role", Align::Left), ("client", Align::Left), ("state", Align::Left)];
    let mut table = Table::new(&columns);
    for person in people {
        let cells = [person.email.as_str(), &person.name, person.role, &person.client, person.state.words()];
        table.row(cells.map(plain).to_vec());
    }
    out(&table.render())
}
