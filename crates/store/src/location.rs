//! Where the books are kept: a file of SQLite or a PostgreSQL server.
//! Nothing here opens anything.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::config::{Config, Host, SslMode};

use crate::error::StoreError;

/// A parsed location.
pub(crate) enum Location {
    /// A file.
    File(PathBuf),
    /// A database on a server.
    Server(Box<Config>),
}

impl Location {
    /// Reads a path or a `postgres://` URL.
    ///
    /// # Errors
    ///
    /// Fails on an empty text, another scheme, or a URL that cannot be read. The
    /// message never repeats the text, since it may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return parse_url(text).map(|config| Self::Server(Box::new(config)));
        }
        if text.trim().is_empty() || text.contains('\0') {
            return Err(StoreError::BadLocation { reason: "it is empty or holds a zero byte" });
        }
        if text.contains("://") {
            return Err(StoreError::BadLocation { reason: "only postgres:// URLs and paths are known" });
        }
        // A leading "./" keeps names such as ":memory:" ordinary files.
        let path = PathBuf::from(text);
        Ok(Self::File(if path.is_absolute() { path } else { PathBuf::from(".").join(path) }))
    }

    /// The location as it may be shown: without the password.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::File(path) => path.strip_prefix(".").unwrap_or(path).display().to_string(),
            Self::Server(config) => server_place(config),
        }
    }
}

fn parse_url(text: &str) -> Result<Config, StoreError> {
    let mut config: Config = text.parse().map_err(|_| StoreError::BadLocation { reason: "the URL is not well-formed" })?;
    // A raw '@' in a password would move a part of it into the host or the name.
    let shifted = config.get_dbname().is_some_and(|name| name.contains('@'))
        || config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(name) if name.contains('@')));
    if shifted {
        return Err(StoreError::BadLocation { reason: "there is more than one '@' in the URL" });
    }
    if config.get_ssl_mode() == SslMode::Require {
        return Err(StoreError::BadLocation {
            reason: "sslmode=require is not supported; reach a distant server through a tunnel (ssh -L, WireGuard)",
        });
    }
    if config.get_hosts().is_empty() {
        config.host("localhost");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_application_name().is_none() {
        config.application_name("quarterhour");
    }
    Ok(config)
}

fn server_place(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                #[cfg(unix)]
                Host::Unix(path) => format!("[{}]:{port}", path.display()),
            }
        })
        .collect();
    let user = config.get_user().map_or_else(String::new, |user| format!("{user}@"));
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses(text: &str) {
        let error = Location::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("cannot be understood"), "{text}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_place_never_shows_the_password() {
        let place = Location::parse("postgres://anna:s3cret@db.example:6432/books").map(|it| it.place());
        assert_eq!(place.unwrap_or_default(), "postgres://anna@db.example:6432/books");
        let place = Location::parse("postgresql://anna@/books?password=s3cret&host=/run/pg").map(|it| it.place());
        assert_eq!(place.unwrap_or_default(), "postgres://anna@[/run/pg]:5432/books");
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_repeated() {
        refuses("postgres://anna:p@s3cret@db.example/books");
        refuses("postgres://anna:p@s3cret/x@db.example/books");
        refuses("mysql://anna:s3cret@db.example/books");
        refuses("postgres://anna:s3cret@db.example:port/books");
        refuses("postgres://anna:s3cret@db.example/books?sslmode=require");
        refuses("  ");
    }

    #[test]
    fn a_name_with_colons_is_a_file() {
        assert!(matches!(Location::parse(":memory:"), Ok(Location::File(path)) if path.ends_with(":memory:")));
    }
}
