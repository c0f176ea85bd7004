//! `serve`: the web application, with settings from flags, environment and one file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use quarterhour_server::app::clock::Clock;
use quarterhour_server::app::context::App;
use quarterhour_server::app::keys::Keys;
use quarterhour_server::app::settings::{OidcSettings, Settings};
use quarterhour_server::error::AppError;
use quarterhour_server::serve;
use quarterhour_store::Store;
use serde::Deserialize;

use crate::args::{LogFormat, ServeArguments};
use crate::session::Session;

/// The variable with the key that seals secrets, where it is not in a file.
const SECRET_KEY: &str = "QUARTERHOUR_SECRET_KEY";
/// Where the server listens unless told.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// The settings of a file. The names are those of the flags.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    db: Option<String>,
    listen: Option<SocketAddr>,
    public_url: Option<String>,
    trust_proxy: bool,
    key_file: Option<PathBuf>,
    session_hours: Option<u32>,
    requests_a_minute: Option<u32>,
    oidc_issuer: Option<String>,
    oidc_client_id: Option<String>,
    oidc_client_secret: Option<String>,
    oidc_label: Option<String>,
    metrics_token: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
    assets_dir: Option<PathBuf>,
}

/// Runs the command until it is told to stop.
///
/// # Errors
///
/// Fails when a setting is wrong, the database cannot be opened, or the address is taken.
pub fn run(session: &Session, arguments: ServeArguments) -> Result<(), AppError> {
    let (arguments, db) = with_file(session, arguments)?;
    let store = Store::open(&db)?;
    let keys = keys(&db, arguments.key_file.as_deref())?;
    let settings = settings(&arguments)?;
    begin_log(&arguments)?;
    let app = App::new(store, Clock::Machine, keys, settings);
    serve_app(session, &app)
}

/// Serves an application and says where.
///
/// # Errors
///
/// Fails when the address is taken.
pub fn serve_app(session: &Session, app: &App) -> Result<(), AppError> {
    let place = app.store.place().to_owned();
    serve::serve(app, |address| {
        let public = app.settings.public_url.as_str().trim_end_matches('/').to_owned();
        session.say(&format!("Quarterhour serves {place} at {public} (listening on {address}). Ctrl-C stops it."));
        if let Ok(Some(code)) = app.setup_code() {
            session.say(&format!("Open {public}/setup to set up the company. From elsewhere it asks for the setup code {code}"));
        }
    })
}

fn with_file(session: &Session, arguments: ServeArguments) -> Result<(ServeArguments, String), AppError> {
    let Some(path) = arguments.config.clone() else { return Ok((arguments, session.db.clone())) };
    let text = std::fs::read_to_string(&path).map_err(|error| AppError::file("read", &path, error))?;
    let file: File = toml::from_str(&text).map_err(|error| {
        let sentence = error.to_string();
        AppError::user(
            format!("{}: {}", path.display(), sentence.trim()),
            "the names are those of `quarterhour serve --help`, with underscores",
        )
    })?;
    let log_format = match file.log_format.as_deref() {
        None => None,
        Some("text") => Some(LogFormat::Text),
        Some("json") => Some(LogFormat::Json),
        Some(other) => {
            return Err(AppError::user(format!("{}: log_format `{other}`", path.display()), "expected \"text\" or \"json\""));
        }
    };
    // The default of --db is what nobody asked for, so the file wins over that alone.
    let asked = session.db != crate::args::DB_DEFAULT;
    let db = file.db.filter(|_| !asked).unwrap_or_else(|| session.db.clone());
    let merged = ServeArguments {
        config: arguments.config,
        listen: arguments.listen.or(file.listen),
        public_url: arguments.public_url.or(file.public_url),
        trust_proxy: arguments.trust_proxy || file.trust_proxy,
        key_file: arguments.key_file.or(file.key_file),
        session_hours: arguments.session_hours.or(file.session_hours),
        requests_a_minute: arguments.requests_a_minute.or(file.requests_a_minute),
        oidc_issuer: arguments.oidc_issuer.or(file.oidc_issuer),
        oidc_client_id: arguments.oidc_client_id.or(file.oidc_client_id),
        oidc_client_secret: arguments.oidc_client_secret.or(file.oidc_client_secret),
        oidc_label: arguments.oidc_label.or(file.oidc_label),
        metrics_token: arguments.metrics_token.or(file.metrics_token),
        log: arguments.log.or(file.log),
        log_format: arguments.log_format.or(log_format),
        assets_dir: arguments.assets_dir.or(file.assets_dir),
    };
    Ok((merged, db))
}

/// The key of the environment, of the file that was named, or of the file beside the database.
pub fn keys(db: &str, file: Option<&Path>) -> Result<Keys, AppError> {
    if let Ok(text) = std::env::var(SECRET_KEY) {
        return Keys::parse(&text);
    }
    if let Some(path) = file {
        return Keys::of_file(path);
    }
    if db.contains("://") {
        let message = "a database on a server needs a key that seals secrets";
        return Err(AppError::user(message, format!("name a file with --key-file, or set {SECRET_KEY}: openssl rand -base64 32")));
    }
    Keys::of_file(Path::new(&format!("{db}.key")))
}

fn settings(arguments: &ServeArguments) -> Result<Settings, AppError> {
    let mut settings = Settings::new(arguments.listen.unwrap_or(LISTEN), arguments.public_url.as_deref())?;
    settings.trust_proxy = arguments.trust_proxy;
    settings.session_hours = arguments.session_hours.unwrap_or(settings.session_hours).clamp(1, 24 * 365);
    settings.requests_a_minute = arguments.requests_a_minute.unwrap_or(settings.requests_a_minute);
    settings.metrics_token.clone_from(&arguments.metrics_token);
    settings.assets_dir.clone_from(&arguments.assets_dir);
    settings.oidc = match (&arguments.oidc_issuer, &arguments.oidc_client_id, &arguments.oidc_client_secret) {
        (None, None, None) => None,
        (Some(issuer), Some(client_id), Some(client_secret)) => Some(OidcSettings {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            label: arguments.oidc_label.clone().unwrap_or_else(|| "Single sign-on".to_owned()),
        }),
        _ => {
            let message = "OpenID Connect needs an issuer, a client id and a client secret";
            return Err(AppError::user(
                message,
                "give all three of --oidc-issuer, --oidc-client-id and --oidc-client-secret, or none",
            ));
        }
    };
    Ok(settings)
}

fn begin_log(arguments: &ServeArguments) -> Result<(), AppError> {
    let level = arguments.log.as_deref().unwrap_or("info");
    let json = arguments.log_format == Some(LogFormat::Json);
    serve::begin_log(level, json)
        .map_err(|error| AppError::user(format!("--log {level}: {error}"), "expected error, warn, info or debug"))
}
