//! The settings: an overview that leads to each of them.

use askama::Template;
use axum::extract::State;

use crate::app::actor::{Actor, Permission};
use crate::app::context::App;
use crate::web::frame::{Frame, Here};
use crate::web::respond::{Answer, page};
use crate::web::routes::{Access, Area};

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default().get("/settings", Access::May(Permission::SeeAgreements), show)
}

/// A way to one of the settings.
struct Tile {
    path: &'static str,
    label: &'static str,
    about: &'static str,
}

#[derive(Template)]
#[template(path = "settings/show.html")]
struct SettingsPage {
    frame: Frame,
    groups: Vec<(&'static str, Vec<Tile>)>,
}

const TILES: [(&str, Permission, Tile); 11] = [
    (
        "Company",
        Permission::ManageSettings,
        Tile { path: "/settings/company", label: "Company and logo", about: "Name, address, bank, terms: what invoices print." },
    ),
    (
        "Company",
        Permission::ManageSettings,
        Tile { path: "/settings/rates", label: "Rate card", about: "What an hour costs where the agreement does not say." },
    ),
    (
        "Company",
        Permission::ManageSettings,
        Tile { path: "/settings/calendar", label: "Hours and holidays", about: "When business hours are; the rest is after hours." },
    ),
    (
        "Company",
        Permission::SeeAgreements,
        Tile { path: "/settings/templates", label: "Templates", about: "Starting points for agreements." },
    ),
    ("People and access", Permission::ManageUsers, Tile { path: "/users", label: "People", about: "Who may do what; invitations." }),
    (
        "People and access",
        Permission::SeeClients,
        Tile { path: "/account", label: "Your account", about: "Password, passkeys, sessions and API tokens." },
    ),
    (
        "People and access",
        Permission::SeeAudit,
        Tile { path: "/audit", label: "Audit log", about: "Who changed what, when and from where." },
    ),
    (
        "Records",
        Permission::SeeBilling,
        Tile {
            path: "/billing/ledger",
            label: "Hour ledger",
            about: "The chain of every hour granted and used, and how it is checked.",
        },
    ),
    (
        "Records",
        Permission::ManageSettings,
        Tile { path: "/settings/import", label: "Import", about: "A folder of books, brought in as a whole." },
    ),
    (
        "Other systems",
        Permission::ManageSettings,
        Tile { path: "/settings/webhooks", label: "Webhooks", about: "Tell other systems what happened, with a signature." },
    ),
    (
        "Other systems",
        Permission::SeeClients,
        Tile { path: "/api", label: "JSON API", about: "The reference of everything that pages do." },
    ),
];

fn groups(actor: &Actor) -> Vec<(&'static str, Vec<Tile>)> {
    let mut groups: Vec<(&'static str, Vec<Tile>)> = Vec::new();
    for (group, permission, tile) in TILES {
        if !actor.may(permission) {
            continue;
        }
        match groups.last_mut() {
            Some((name, tiles)) if *name == group => tiles.push(tile),
            _ => groups.push((group, vec![tile])),
        }
    }
    groups
}

async fn show(State(app): State<App>, here: Here) -> Answer<SettingsPage> {
    let groups = groups(&here.actor());
    page(SettingsPage { frame: here.frame(&app, "settings", "Settings"), groups })
}
