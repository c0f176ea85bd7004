//! The own account: name, password, second factor, passkeys.

use askama::Template;
use axum::Json;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Response};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;
use serde_json::Value;

use crate::api::problem::Problem;
use crate::app::context::App;
use crate::app::passkey::{Ceremony, PasskeyView};
use crate::app::totp::Offer;
use crate::error::AppError;
use crate::web::confirm;
use crate::web::filters;
use crate::web::frame::{Frame, Here};
use crate::web::invitation::password_hint;
use crate::web::moment::Moments;
use crate::web::problems::Problems;
use crate::web::respond::{Answer, Done, Failure, page};
use crate::web::routes::{Access, Area};
use crate::web::sign_in::again;

const SECURITY: &str = "/account/security";

/// The tabs of the account.
pub const TABS: [(&str, &str); 4] =
    [("/account", "Account"), (SECURITY, "Security"), ("/account/sessions", "Sessions"), ("/account/tokens", "API tokens")];

/// The routes.
#[must_use]
pub fn area() -> Area {
    Area::default()
        .get("/account", Access::SignedIn, show)
        .post("/account", Access::SignedIn, rename)
        .get(SECURITY, Access::SignedIn, show_security)
        .get("/account/password", Access::SignedIn, show_password)
        .post("/account/password", Access::SignedIn, change_password)
        .get("/account/totp", Access::SignedIn, show_totp)
        .post("/account/totp", Access::SignedIn, switch_totp_on)
        .post("/account/totp/off", Access::SignedIn, switch_totp_off)
        .post("/account/recovery-codes", Access::SignedIn, renew_codes)
        .get("/account/passkeys/new", Access::SignedIn, show_new_passkey)
        .post("/account/passkeys/options", Access::SignedIn, passkey_options)
        .post("/account/passkeys", Access::SignedIn, add_passkey)
        .post("/account/passkeys/{credential}/rename", Access::SignedIn, rename_passkey)
        .post("/account/passkeys/{credential}/remove", Access::SignedIn, remove_passkey)
}

#[derive(Template)]
#[template(path = "account/show.html")]
struct AccountPage {
    frame: Frame,
    tabs: [(&'static str, &'static str); 4],
    /// The name, as it was typed.
    typed: String,
    email: String,
    technician: String,
    client: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "account/security.html")]
struct SecurityPage {
    frame: Frame,
    tabs: [(&'static str, &'static str); 4],
    moments: Moments,
    has_password: bool,
    has_totp: bool,
    codes_left: i64,
    has_passkeys: bool,
    passkeys: Vec<PasskeyView>,
    single: String,
}

#[derive(Template)]
#[template(path = "account/password.html")]
struct PasswordPage {
    frame: Frame,
    email: String,
    advice: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "account/totp.html")]
struct TotpPage {
    frame: Frame,
    offer: Offer,
    /// The square of dots, as SVG.
    square: String,
    problems: Problems,
}

#[derive(Template)]
#[template(path = "account/codes.html")]
struct CodesPage {
    frame: Frame,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "account/new_passkey.html")]
struct NewPasskeyPage {
    frame: Frame,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

#[derive(Deserialize)]
struct FirstCode {
    #[serde(default)]
    carried: String,
    #[serde(default)]
    code: String,
}

impl TotpPage {
    /// The secret in groups of four, as it is typed.
    fn grouped(&self) -> String {
        let letters: Vec<char> = self.offer.secret.chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }
}

async fn account_page(app: &App, here: &Here, problems: Problems) -> Result<AccountPage, Failure> {
    let actor = here.actor();
    let user = app.run(move |app| app.own_user(&actor)).await?;
    let client = user.client_id.map(|id| app.client_name(id)).unwrap_or_default();
    let frame = here.frame(app, "account", "Account");
    Ok(AccountPage { frame, tabs: TABS, typed: user.name, email: user.email, technician: user.technician, client, problems })
}

async fn show(State(app): State<App>, here: Here) -> Answer<AccountPage> {
    page(account_page(&app, &here, Problems::default()).await?)
}

async fn rename(State(app): State<App>, here: Here, Form(form): Form<Name>) -> Result<Response, Failure> {
    let (actor, typed) = (here.actor(), form.name.clone());
    match app.run(move |app| app.change_own_name(&actor, &form.name)).await {
        Ok(()) => Ok(Done::at("/account").saying("The name is changed").into_response()),
        Err(error) => {
            let fresh = account_page(&app, &here, Problems::default()).await?;
            Ok(again(error, |problems| AccountPage { problems, typed, ..fresh }))
        }
    }
}

async fn show_security(State(app): State<App>, here: Here) -> Answer<SecurityPage> {
    let actor = here.actor();
    let (user, codes_left, passkeys) =
        app.run(move |app| Ok((app.own_user(&actor)?, app.recovery_codes_left(&actor)?, app.own_passkeys(&actor)?))).await?;
    let linked = user.oidc_subject.is_some();
    page(SecurityPage {
        frame: here.frame(&app, "account", "Security"),
        tabs: TABS,
        moments: Moments::of(&app),
        has_password: user.password_hash.is_some(),
        has_totp: user.totp_sealed.is_some(),
        codes_left,
        has_passkeys: app.has_passkeys(),
        passkeys,
        single: app.settings.oidc.as_ref().filter(|_| linked).map(|oidc| oidc.label.clone()).unwrap_or_default(),
    })
}

fn password_page(app: &App, here: &Here, email: String, problems: Problems) -> PasswordPage {
    PasswordPage { frame: here.frame(app, "account", "New password"), email, advice: password_hint(), problems }
}

async fn show_password(State(app): State<App>, here: Here) -> Response {
    if let Some(first) = confirm::needed(&app, &here, "/account/password") {
        return first;
    }
    let actor = here.actor();
    match app.run(move |app| app.own_user(&actor)).await {
        Ok(user) => page(password_page(&app, &here, user.email, Problems::default())).into_response(),
        Err(error) => Failure(error).into_response(),
    }
}

async fn change_password(State(app): State<App>, here: Here, Form(form): Form<NewPassword>) -> Response {
    if let Some(first) = confirm::needed(&app, &here, "/account/password") {
        return first;
    }
    let actor = here.actor();
    let changed = app
        .run(move |app| {
            if form.password != form.again {
                return Err(AppError::field("again", "the two are not the same"));
            }
            app.change_own_password(&actor, &form.password)
        })
        .await;
    match changed {
        Ok(()) => Done::at(SECURITY).saying("The password is changed. You are signed out everywhere else").into_response(),
        Err(error) => again(error, |problems| password_page(&app, &here, String::new(), problems)),
    }
}

fn totp_page(app: &App, here: &Here, offer: Offer, problems: Problems) -> Result<TotpPage, AppError> {
    let square = square(&offer.url)?;
    Ok(TotpPage { frame: here.frame(app, "account", "Set up an authenticator app"), offer, square, problems })
}

/// A square of dots that a phone reads.
fn square(text: &str) -> Result<String, AppError> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).map_err(AppError::fault)?;
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(220, 220)
        .dark_color(svg::Color("#000"))
        .light_color(svg::Color("#fff"))
        .build();
    // It stands inside a page, where it needs no head of its own.
    Ok(svg.find("<svg").and_then(|at| svg.get(at..)).unwrap_or_default().to_owned())
}

async fn show_totp(State(app): State<App>, here: Here) -> Response {
    if let Some(first) = confirm::needed(&app, &here, "/account/totp") {
        return first;
    }
    let actor = here.actor();
    let offered = app.run(move |app| app.offer_totp(&actor)).await;
    match offered.and_then(|offer| totp_page(&app, &here, offer, Problems::default())) {
        Ok(found) => page(found).into_response(),
        Err(AppError::Conflict { message, .. }) => Done::at(SECURITY).saying(message).into_response(),
        Err(error) => Failure(error).into_response(),
    }
}

async fn switch_totp_on(State(app): State<App>, here: Here, Form(form): Form<FirstCode>) -> Response {
    if let Some(first) = confirm::needed(&app, &here, "/account/totp") {
        return first;
    }
    let (actor, carried) = (here.actor(), form.carried.clone());
    match app.run(move |app| app.switch_totp_on(&actor, &form.carried, &form.code)).await {
        Ok(codes) => page(CodesPage { frame: here.frame(&app, "account", "Recovery codes"), codes }).into_response(),
        Err(error) => {
            let actor = here.actor();
            let offered = app.run(move |app| app.same_offer(&actor, &carried)).await;
            match offered.and_then(|offer| totp_page(&app, &here, offer, Problems::default())) {
                Ok(fresh) => again(error, |problems| TotpPage { problems, ..fresh }),
                Err(_) => Done::at("/account/totp").saying("That took too long. Here is a new code to scan").into_response(),
            }
        }
    }
}

async fn switch_totp_off(State(app): State<App>, here: Here) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, SECURITY) {
        return Ok(first);
    }
    let actor = here.actor();
    app.run(move |app| app.switch_totp_off(&actor)).await?;
    Ok(Done::at(SECURITY).saying("The authenticator app is removed").into_response())
}

async fn renew_codes(State(app): State<App>, here: Here) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, SECURITY) {
        return Ok(first);
    }
    let actor = here.actor();
    let codes = app.run(move |app| app.renew_recovery_codes(&actor)).await?;
    Ok(page(CodesPage { frame: here.frame(&app, "account", "Recovery codes"), codes }).into_response())
}

async fn show_new_passkey(State(app): State<App>, here: Here) -> Response {
    if let Some(first) = confirm::needed(&app, &here, "/account/passkeys/new") {
        return first;
    }
    if !app.has_passkeys() {
        return Done::at(SECURITY).saying("Passkeys need a public address with a name and TLS").into_response();
    }
    page(NewPasskeyPage { frame: here.frame(&app, "account", "Add a passkey") }).into_response()
}

fn proved(app: &App, here: &Here) -> Result<(), AppError> {
    if app.is_proved(&here.visit) { Ok(()) } else { Err(AppError::user("you signed in a while ago", "load this page again")) }
}

async fn passkey_options(State(app): State<App>, here: Here) -> Result<Json<Ceremony>, Problem> {
    proved(&app, &here)?;
    let actor = here.actor();
    Ok(Json(app.run(move |app| app.begin_adding_passkey(&actor)).await?))
}

#[derive(Deserialize)]
struct Made {
    #[serde(default)]
    name: String,
    #[serde(default)]
    carried: String,
    credential: Value,
}

async fn add_passkey(State(app): State<App>, here: Here, Json(made): Json<Made>) -> Result<Response, Problem> {
    proved(&app, &here)?;
    let actor = here.actor();
    let name = if made.name.trim().is_empty() { "Passkey".to_owned() } else { made.name };
    let said = format!("{} is added", name.trim());
    app.run(move |app| app.add_passkey(&actor, &made.carried, &name, made.credential)).await?;
    Ok(Done::at(SECURITY).saying(said).as_json())
}

async fn rename_passkey(State(app): State<App>, here: Here, Path(id): Path<String>, Form(form): Form<Name>) -> Result<Done, Failure> {
    let actor = here.actor();
    app.run(move |app| app.rename_passkey(&actor, &id, &form.name)).await?;
    Ok(Done::at(SECURITY).saying("The passkey has a new name"))
}

async fn remove_passkey(State(app): State<App>, here: Here, Path(id): Path<String>) -> Result<Response, Failure> {
    if let Some(first) = confirm::needed(&app, &here, SECURITY) {
        return Ok(first);
    }
    let actor = here.actor();
    app.run(move |app| app.remove_passkey(&actor, &id)).await?;
    Ok(Done::at(SECURITY).saying("The passkey is removed").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_is_svg_without_a_head() {
        let svg = square("otpauth://totp/A:b?secret=ABC&issuer=A").expect("a square");
        assert!(svg.starts_with("<svg") && !svg.contains("style="), "{svg}");
    }
}
