//! What surrounds every page: title, navigation, the person, a running timer, a word about what was done.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use uuid::Uuid;

use crate::app::actor::{Actor, Permission};
use crate::app::context::App;
use crate::app::session::Visit;
use crate::error::AppError;
use crate::web::assets::asset;
use crate::web::respond::{Failure, Flash};
use crate::web::visitor::flash_cookie;

/// A signed-in person on a page. As an argument of a handler it refuses everybody else.
#[derive(Clone, Debug)]
pub struct Here {
    /// Who it is, since when, with which timer.
    pub visit: Visit,
    /// What was done by the request before.
    pub flash: Option<Flash>,
    /// The path with its query.
    pub path: String,
    /// The count of changes before anything was read for the page.
    pub told: u64,
}

impl Here {
    /// Who acts, to be moved into a step.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.visit.actor.clone()
    }

    /// The frame of a page. `section` is the entry of the navigation that is lit.
    #[must_use]
    pub fn frame(&self, app: &App, section: &'static str, title: impl Into<String>) -> Frame {
        let actor = &self.visit.actor;
        Frame {
            title: title.into(),
            provider: app.provider_name(),
            zone: app.provider_zone(),
            section,
            person: actor.name.clone(),
            role: actor.role.name(),
            is_client: actor.role.is_of_client(),
            entries: entries(actor),
            flash: self.flash.clone(),
            timer: self.visit.timer.as_ref().map(|timer| RunningTimer {
                client: app.client_code(timer.client_id),
                ticket: timer.ticket.clone(),
                note: timer.note.clone(),
                started_at: timer.started_at.as_second(),
                started: timer.started_at.to_string(),
                elapsed: elapsed(app.clock.now().as_second() - timer.started_at.as_second()),
            }),
            path: self.path.clone(),
            once: Uuid::now_v7(),
            told: self.told,
        }
    }
}

impl FromRequestParts<App> for Here {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let visit = parts.extensions.get::<Visit>().cloned().ok_or(Failure(AppError::SignedOut))?;
        let jar = CookieJar::from_headers(&parts.headers);
        let flash = jar.get(&flash_cookie(app)).and_then(|cookie| Flash::read(cookie.value()));
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { visit, flash, path, told: app.events.count() })
    }
}

impl OptionalFromRequestParts<App> for Here {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Failure> {
        Ok(<Self as FromRequestParts<App>>::from_request_parts(parts, app).await.ok())
    }
}

/// What surrounds a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The title.
    pub title: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's time zone.
    pub zone: String,
    /// The section that is lit.
    pub section: &'static str,
    /// The person's name.
    pub person: String,
    /// The person's role.
    pub role: &'static str,
    /// Is it a client's person, in the portal?
    pub is_client: bool,
    /// The navigation.
    pub entries: Vec<Entry>,
    /// A word about what was done.
    pub flash: Option<Flash>,
    /// The timer that runs.
    pub timer: Option<RunningTimer>,
    /// This page.
    pub path: String,
    /// A mark of this page: its forms that add something do it once, however often they are sent.
    pub once: Uuid,
    /// The count of changes before anything was read for the page.
    pub told: u64,
}

impl Frame {
    /// The path of a file of pages.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        asset(name)
    }

    /// The first letter of the person's name.
    #[must_use]
    pub fn initial(&self) -> String {
        self.person.chars().next().map(String::from).unwrap_or_default()
    }
}

/// An entry of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The section.
    pub section: &'static str,
    /// What it says.
    pub label: &'static str,
    /// Where it leads.
    pub path: &'static str,
}

impl Entry {
    /// The letter that follows `g` on the keyboard to go there.
    #[must_use]
    pub fn key(&self) -> String {
        self.label.chars().next().map(|letter| letter.to_lowercase().collect()).unwrap_or_default()
    }
}

/// The timer that runs.
#[derive(Clone, Debug)]
pub struct RunningTimer {
    /// The client's code.
    pub client: String,
    /// The ticket.
    pub ticket: String,
    /// The note.
    pub note: String,
    /// Since when, in Unix seconds.
    pub started_at: i64,
    /// Since when, as text for machines.
    pub started: String,
    /// How long it runs, as `0:42:07`.
    pub elapsed: String,
}

fn elapsed(seconds: i64) -> String {
    let seconds = seconds.max(0);
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn entries(actor: &Actor) -> Vec<Entry> {
    const ENTRIES: [(Permission, Entry); 11] = [
        (Permission::SeeClients, Entry { section: "dashboard", label: "Dashboard", path: "/" }),
        (Permission::SeeClients, Entry { section: "clients", label: "Clients", path: "/clients" }),
        (Permission::LogTime, Entry { section: "time", label: "Time", path: "/time" }),
        (Permission::SeeBilling, Entry { section: "billing", label: "Billing", path: "/billing" }),
        (Permission::SeeAgreements, Entry { section: "settings", label: "Settings", path: "/settings" }),
        (Permission::SeeOwnAccount, Entry { section: "portal", label: "Hours", path: "/portal" }),
        (Permission::SeeOwnAccount, Entry { section: "portal-statements", label: "Statements", path: "/portal/statements" }),
        (Permission::SeeOwnAccount, Entry { section: "portal-devices", label: "Devices", path: "/portal/devices" }),
        (Permission::SeeOwnAccount, Entry { section: "portal-programs", label: "Programs", path: "/portal/programs" }),
        (Permission::SeeOwnAccount, Entry { section: "portal-approvals", label: "Approvals", path: "/portal/approvals" }),
        (Permission::SeeOwnAccount, Entry { section: "portal-questions", label: "Questions", path: "/portal/questions" }),
    ];
    ENTRIES.into_iter().filter(|(permission, _)| actor.may(*permission)).map(|(_, entry)| entry).collect()
}
