//! Signing in through an OpenID Connect provider: code flow with PKCE, state and nonce. It knows people only who are
//! here already, by their subject or by an address that the other side has verified.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreProviderMetadata};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    TokenResponse as _,
};
use quarterhour_store::statements::user;
use serde::{Deserialize, Serialize};

use crate::app::actor::{Actor, Channel};
use crate::app::audit::Change;
use crate::app::context::Context;
use crate::app::guard::Attempt;
use crate::app::keys::same;
use crate::app::session::Proof;
use crate::app::settings::OidcSettings;
use crate::app::sign_in::{Browser, Next, email_key};
use crate::app::user::User;
use crate::error::AppError;

/// The path that the other side sends people back to.
pub const RETURN_PATH: &str = "/sign-in/oidc/return";
const PURPOSE: &str = "openid";
/// The longest wait for the other side.
const WAIT: Duration = Duration::from_secs(10);
/// How long what was discovered is believed.
const BELIEVED: Duration = Duration::from_secs(3600);
const BODY_MAX: u64 = 1 << 20;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// How long it is left alone after it did not answer.
const LEFT_ALONE: Duration = Duration::from_secs(20);

/// What was discovered of the other side, and when.
#[derive(Debug, Default)]
pub struct Discovered {
    held: Mutex<Option<(Instant, Arc<CoreProviderMetadata>)>>,
    failed: Mutex<Option<Instant>>,
    /// One asks at a time: those who would wait for a slow answer hold up everybody else.
    turn: Mutex<()>,
}

/// What the browser carries to the other side and back.
#[derive(Serialize, Deserialize)]
struct Journey {
    state: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    next: String,
}

/// Where somebody is sent, and what the browser carries until it is back.
#[derive(Debug)]
pub struct Departure {
    /// The address at the other side.
    pub url: String,
    /// For a cookie.
    pub carried: String,
}

fn unreachable_there(error: &dyn std::error::Error) -> AppError {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    tracing::warn!("the OpenID Connect provider does not answer as expected: {words}");
    AppError::user("single sign-on does not answer as expected", "sign in by password or passkey, or try again later")
}

fn refused() -> AppError {
    AppError::user("single sign-on did not let you in", "begin again; the account needs a verified address that is known here")
}

/// A request to the other side. Redirects are not followed: they could lead into the own network.
fn call(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(WAIT))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent("Quarterhour")
        .build()
        .into();
    let (parts, body) = request.into_parts();
    let answer = if body.is_empty() {
        agent.run(axum::http::Request::from_parts(parts, ()))?
    } else {
        agent.run(axum::http::Request::from_parts(parts, body))?
    };
    let (parts, mut body) = answer.into_parts();
    let bytes = body.with_config().limit(BODY_MAX).read_to_vec()?;
    Ok(HttpResponse::from_parts(parts, bytes))
}

impl Context {
    fn oidc(&self) -> Result<&OidcSettings, AppError> {
        self.settings.oidc.as_ref().ok_or_else(|| AppError::not_found("single sign-on"))
    }

    fn discover(&self) -> Result<Arc<CoreProviderMetadata>, AppError> {
        let held = self.discovered.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, metadata)) = held.filter(|(at, _)| at.elapsed() < BELIEVED) {
            return Ok(metadata);
        }
        let failed = *self.discovered.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(_turn) = self.discovered.turn.try_lock() else { return Err(AppError::TooMany { seconds: 2 }) };
        if failed.is_some_and(|at| at.elapsed() < LEFT_ALONE) {
            return Err(AppError::TooMany { seconds: LEFT_ALONE.as_secs() });
        }
        let found = self.ask_for_metadata();
        let mut failed = self.discovered.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = if found.is_err() { Some(Instant::now()) } else { None };
        let metadata = Arc::new(found?);
        *self.discovered.held.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    fn ask_for_metadata(&self) -> Result<CoreProviderMetadata, AppError> {
        let issuer = IssuerUrl::new(self.oidc()?.issuer.clone()).map_err(|error| unreachable_there(&error))?;
        let near = issuer.url().host_str().is_some_and(|host| host == "localhost" || host == "127.0.0.1");
        if issuer.url().scheme() != "https" && !near {
            return Err(AppError::fault("the OpenID Connect provider needs an address with https"));
        }
        CoreProviderMetadata::discover(&issuer, &call).map_err(|error| unreachable_there(&error))
    }

    fn oidc_client(&self) -> Result<Client, AppError> {
        let settings = self.oidc()?;
        let secret = Some(ClientSecret::new(settings.client_secret.clone()));
        let back = RedirectUrl::new(self.settings.link(RETURN_PATH)).map_err(AppError::fault)?;
        let metadata = self.discover()?.as_ref().clone();
        Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret).set_redirect_uri(back))
    }

    /// Sends somebody to the other side.
    ///
    /// # Errors
    ///
    /// Fails when the other side does not answer.
    pub fn begin_oidc(&self, next: &str) -> Result<Departure, AppError> {
        let client = self.oidc_client()?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let journey = Journey { state: state.into_secret(), nonce, verifier, next: next.to_owned() };
        Ok(Departure { url: url.to_string(), carried: self.carry(PURPOSE, &journey)? })
    }

    /// Somebody is back from the other side; returns what comes next, and where it was to go.
    ///
    /// # Errors
    ///
    /// Refuses what does not belong to the journey that this browser began, and people who are not known here.
    pub fn finish_oidc(&self, carried: &str, state: &str, code: &str, browser: &Browser) -> Result<(Next, String), AppError> {
        let carried = self.carried::<Journey>(PURPOSE, carried).ok_or_else(refused)?;
        if !same(&carried.content.state, state) || !self.use_up(&carried) {
            return Err(refused());
        }
        let attempt = Attempt::new(format!("single sign-on from {}", browser.origin.address), &browser.origin.address, None);
        self.login_guard.admit(&attempt, self.clock.now().as_second())?;
        let Journey { nonce, verifier, next, .. } = carried.content;
        let claims = self.claims(code, &nonce, verifier).inspect_err(|_| {
            // Its keys may have changed: they are fetched anew for the next one.
            *self.discovered.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
        })?;
        let user = self.user_of(&claims, browser)?;
        self.login_guard.succeeded(&attempt);
        Ok((self.after_first_factor(&user, Proof::OpenId, browser)?, next))
    }

    fn claims(&self, code: &str, nonce: &Nonce, verifier: PkceCodeVerifier) -> Result<CoreIdTokenClaims, AppError> {
        let client = self.oidc_client()?;
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(|error| unreachable_there(&error))?;
        let tokens = request.set_pkce_verifier(verifier).request(&call).map_err(|error| unreachable_there(&error))?;
        let id_token = tokens.id_token().ok_or_else(refused)?;
        let checker = client.id_token_verifier();
        let claims = id_token.claims(&checker, nonce).map_err(|error| unreachable_there(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(|error| unreachable_there(&error))?;
            let key = id_token.signing_key(&checker).map_err(|error| unreachable_there(&error))?;
            let actual =
                AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|error| unreachable_there(&error))?;
            if actual != *expected {
                return Err(refused());
            }
        }
        Ok(claims.clone())
    }

    /// The person whom the claims are about: by subject, else by verified address, whose subject is then kept.
    fn user_of(&self, claims: &CoreIdTokenClaims, browser: &Browser) -> Result<User, AppError> {
        let provider = self.provider()?;
        let subject = format!("{} {}", claims.issuer().as_str(), claims.subject().as_str());
        let email = claims.email().filter(|_| claims.email_verified() == Some(true)).map(|email| email_key(email.as_str()));
        self.store.write(|tx| {
            if let Some(user) = user::find_by_oidc_subject(tx, provider, &subject)? {
                return Ok(user);
            }
            let Some(email) = email else { return Err(refused()) };
            // Somebody with another subject got the address meanwhile: that is somebody else.
            let user = user::find_by_email_key(tx, provider, &email)?
                .filter(|user| user.oidc_subject.is_none() && user.disabled_at.is_none());
            let user = user.ok_or_else(refused)?;
            user::update_oidc_subject(tx, provider, user.user_id, Some(&subject))?;
            let actor = Actor::of_user(provider, &user, Channel::Session(String::new()), &browser.origin).ok_or_else(refused)?;
            self.record(tx, &actor, Change::new("linked single sign-on", "user", user.user_id.to_string()))?;
            Ok(user)
        })
    }
}
