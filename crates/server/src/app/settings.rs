//! How the program was started: addresses, limits, sign-in. Read once from flags, environment and a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use crate::error::AppError;

/// The settings of a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address that people type. Cookies, passkeys and links are made for it.
    pub public_url: Url,
    /// Take the visitor's address from `X-Forwarded-For`, which a proxy in front sets.
    pub trust_proxy: bool,
    /// Hours until a session ends by itself.
    pub session_hours: u32,
    /// Sign in by OpenID Connect.
    pub oidc: Option<OidcSettings>,
    /// Whoever shows this may read the metrics from elsewhere than this machine.
    pub metrics_token: Option<String>,
    /// Files of pages are read from here instead of the program, while one works on them.
    pub assets_dir: Option<PathBuf>,
    /// Requests a minute that one token or person may send to the API, and ten times what a stranger's address may; 0: no limit.
    pub requests_a_minute: u32,
}

/// An OpenID Connect provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, from which the rest is discovered.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: String,
    /// What the button says.
    pub label: String,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("OidcSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Settings for an address, everything else as usual.
    ///
    /// # Errors
    ///
    /// Fails when the public address is no web address.
    pub fn new(listen: SocketAddr, public_url: Option<&str>) -> Result<Self, AppError> {
        let address = public_url.map_or_else(|| format!("http://{listen}"), str::to_owned);
        let wrong = || AppError::user(format!("`{address}` is no web address"), "expected something like https://support.example.com");
        let public_url = Url::parse(&address).map_err(|_| wrong())?;
        if !matches!(public_url.scheme(), "http" | "https") || public_url.host_str().is_none() || public_url.path() != "/" {
            return Err(wrong());
        }
        Ok(Self {
            listen,
            public_url,
            trust_proxy: false,
            session_hours: 24 * 14,
            oidc: None,
            metrics_token: None,
            assets_dir: None,
            requests_a_minute: 60_000,
        })
    }

    /// Do people come over TLS?
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.public_url.scheme() == "https"
    }

    /// The session cookie's name. The prefix makes browsers keep it to this host and to TLS.
    #[must_use]
    pub fn cookie_name(&self) -> &'static str {
        if self.is_secure() { "__Host-quarterhour" } else { "quarterhour" }
    }

    /// A full address for a path.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{}", self.public_url.as_str().trim_end_matches('/'), path)
    }
}
