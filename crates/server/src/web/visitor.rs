//! What a browser shows when somebody signs in there, and the cookies that it keeps for us.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;

use crate::app::carried::CARRIED_SECONDS;
use crate::app::context::App;
use crate::app::known_device::KNOWN_SECONDS;
use crate::app::session::Origin;
use crate::app::sign_in::{Browser, Next};
use crate::web::respond::Done;

/// A browser before anybody signed in.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    /// What it shows.
    pub browser: Browser,
    /// What it carries between two steps.
    pub carried: String,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let jar = CookieJar::from_headers(&parts.headers);
        let value = |name: &str| jar.get(name).map(|cookie| cookie.value().to_owned());
        let browser = Browser {
            origin: parts.extensions.get::<Origin>().cloned().unwrap_or_default(),
            devices: value(&device_cookie(app)).unwrap_or_default(),
            session: value(app.settings.cookie_name()),
        };
        Ok(Self { browser, carried: value(&step_cookie(app)).unwrap_or_default() })
    }
}

fn device_cookie(app: &App) -> String {
    format!("{}-device", app.settings.cookie_name())
}

fn step_cookie(app: &App) -> String {
    format!("{}-step", app.settings.cookie_name())
}

/// The cookie with a word about what was done.
#[must_use]
pub fn flash_cookie(app: &App) -> String {
    format!("{}-flash", app.settings.cookie_name())
}

/// A cookie for this host alone, out of the reach of scripts, as the whole value of `Set-Cookie`.
#[must_use]
pub fn cookie(app: &App, name: &str, value: &str, seconds: i64) -> String {
    let secure = if app.settings.is_secure() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// The cookie that carries something to the next step.
#[must_use]
pub fn carrying(app: &App, carried: &str) -> String {
    cookie(app, &step_cookie(app), carried, CARRIED_SECONDS)
}

/// The cookie that ends a session in the browser.
#[must_use]
pub fn no_session(app: &App) -> String {
    cookie(app, app.settings.cookie_name(), "", 0)
}

/// Goes on after a step of signing in: in, or to the second factor.
#[must_use]
pub fn go_on(app: &App, next: Next, to: &str) -> Done {
    match next {
        Next::In { session, devices, home } => {
            let to = if to == "/" { home } else { to };
            let age = i64::from(app.settings.session_hours) * 3600;
            Done::at(to)
                .with_cookie(cookie(app, app.settings.cookie_name(), &session, age))
                .with_cookie(cookie(app, &device_cookie(app), &devices, KNOWN_SECONDS))
                .with_cookie(cookie(app, &step_cookie(app), "", 0))
        }
        Next::SecondFactor(carried) => Done::at(with_next("/sign-in/code", to)).with_cookie(carrying(app, &carried)),
    }
}

/// A path that says where to go on afterwards.
#[must_use]
pub fn with_next(path: &str, next: &str) -> String {
    if next == "/" {
        return path.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// A path of this site to go on to; anything else leads to the start page.
#[must_use]
pub fn safe_next(next: &str) -> String {
    let local =
        next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && next.bytes().all(|byte| byte.is_ascii_graphic());
    // Signing in once more, or out, is no place to go on to.
    let place = !next.starts_with("/sign-") && !next.starts_with("/setup") && !next.starts_with("/confirm");
    if local && place { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_on_to() {
        assert_eq!(safe_next("/clients?x=1"), "/clients?x=1");
        for wrong in ["", "clients", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/sign-out"] {
            assert_eq!(safe_next(wrong), "/", "{wrong}");
        }
    }
}
