//! The head of a client's pages: its name, the way back and the tabs.

use crate::app::actor::{Actor, Permission};
use crate::app::context::Context;
use crate::error::AppError;

/// The path of a client's page.
#[must_use]
pub fn client_path(code: &str) -> String {
    let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
    format!("/clients/{}", code.replace('+', "%20"))
}

/// A text as part of a query.
#[must_use]
pub fn in_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What the pages of one client have in common.
#[derive(Clone, Debug, Default)]
pub struct ClientHead {
    /// The client's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The path of its page.
    pub path: String,
    /// Path and text of each tab.
    pub tabs: Vec<(String, String)>,
    /// May the person change clients and devices?
    pub can_edit: bool,
    /// May the person see money?
    pub can_see_money: bool,
    /// May the person log time?
    pub can_log: bool,
    /// The provider's time zone, for moments.
    pub zone: String,
}

impl ClientHead {
    /// The head of a client by its code.
    ///
    /// # Errors
    ///
    /// Fails for an unknown code.
    pub fn of(app: &Context, actor: &Actor, code: &str) -> Result<Self, AppError> {
        let books = app.books()?;
        let (_, client) = books.setup.client(code).ok_or_else(|| AppError::not_found("client"))?;
        let path = client_path(code);
        let tabs = [
            (Permission::SeeClients, "", "Hours"),
            (Permission::SeeClients, "/entries", "Entries"),
            (Permission::SeeClients, "/devices", "Devices"),
            (Permission::SeeAgreements, "/agreements", "Agreements"),
            (Permission::SeeClients, "/tickets", "Tickets"),
            (Permission::SeeBilling, "/comparison", "Programs"),
        ];
        let allowed = tabs.into_iter().filter(|(permission, ..)| actor.may(*permission));
        Ok(Self {
            code: code.to_owned(),
            name: client.row.field("name").to_owned(),
            tabs: allowed.map(|(_, part, text)| (format!("{path}{part}"), text.to_owned())).collect(),
            path,
            can_edit: actor.may(Permission::EditClients),
            can_see_money: actor.may(Permission::SeeBilling),
            can_log: actor.may(Permission::LogTime),
            zone: books.setup.provider.time_zone.clone(),
        })
    }

    /// The way back to the list of clients.
    #[must_use]
    pub fn crumbs(&self) -> Vec<(String, String)> {
        vec![("/clients".to_owned(), "Clients".to_owned())]
    }

    /// The way back to the client.
    #[must_use]
    pub fn crumbs_below(&self) -> Vec<(String, String)> {
        vec![("/clients".to_owned(), "Clients".to_owned()), (self.path.clone(), self.name.clone())]
    }

    /// The path of one of the client's pages: `at("devices")`.
    #[must_use]
    pub fn at(&self, part: &str) -> String {
        format!("{}/{part}", self.path)
    }

    /// The words by which open pages hear of changes.
    #[must_use]
    pub fn live(&self) -> String {
        let plain = self.code.chars().all(|letter| !letter.is_whitespace());
        if plain { format!("client:{} books", self.code) } else { "clients books".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_with_anything_in_them_have_a_path() {
        assert_eq!(client_path("acme"), "/clients/acme");
        assert_eq!(client_path("a/b c?é"), "/clients/a%2Fb%20c%3F%C3%A9");
    }
}
