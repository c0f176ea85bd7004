//! What a fault of PostgreSQL or of the way to it means to an operator.
//! Decides by SQLSTATE, never by table or constraint name, which Citus leaves out.

use std::error::Error as _;

use tokio_postgres::Error;

use crate::error::StoreError;

/// The oldest major version we support.
const OLDEST_VERSION: u32 = 15;

/// The code our append-only triggers raise.
pub(crate) const APPEND_ONLY_CODE: &str = "QH001";

/// Puts a fault of a statement into words.
pub(crate) fn explain(place: &str, error: &Error) -> StoreError {
    let place = place.to_owned();
    let Some(fault) = error.as_db_error() else {
        return match error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()) {
            Some(_) => StoreError::ConnectionLost { place },
            None if error.is_closed() => StoreError::ConnectionLost { place },
            None => StoreError::Database { place, detail: with_cause(error) },
        };
    };
    let detail = match fault.detail() {
        Some(more) => format!("{}: {more}", fault.message()),
        None => fault.message().to_owned(),
    };
    match fault.code().code() {
        APPEND_ONLY_CODE => StoreError::AppendOnly { place },
        "23505" => StoreError::Duplicate { detail },
        "25006" => StoreError::ReadOnly { place },
        "28P01" => StoreError::WrongPassword { place },
        "28000" | "42501" => StoreError::NotAllowed { place, detail },
        "3D000" => StoreError::NoSuchDatabase { place },
        "40001" | "40P01" => StoreError::Conflict { place },
        "53100" => StoreError::DiskFull { place },
        "55P03" => StoreError::Busy { place },
        "57P01" | "57P02" | "57P05" => StoreError::ConnectionLost { place },
        "53300" | "57P03" => StoreError::Unreachable { place, detail },
        "58030" | "XX001" | "XX002" => StoreError::Damaged { place, detail },
        code if code.starts_with("08") => StoreError::ConnectionLost { place },
        code if code.starts_with("23") => StoreError::Refused { detail },
        _ => StoreError::Database { place, detail },
    }
}

/// Puts a fault of a commit into words: a lost connection leaves its end unknown,
/// and Citus reports a failed serialisable commit as XX000.
pub(crate) fn explain_commit(place: &str, error: &Error) -> StoreError {
    if error.code().is_some_and(|code| code.code() == "XX000") {
        return StoreError::Conflict { place: place.to_owned() };
    }
    match explain(place, error) {
        StoreError::ConnectionLost { place } => StoreError::CommitUnknown { place },
        other => other,
    }
}

/// Puts a fault of connecting into words.
pub(crate) fn explain_connect(place: &str, error: &Error) -> StoreError {
    if error.as_db_error().is_some() {
        return explain(place, error);
    }
    let (place, detail) = (place.to_owned(), with_cause(error));
    if detail.contains("password missing") {
        return StoreError::WrongPassword { place };
    }
    StoreError::Unreachable { place, detail }
}

/// Turns a server away that is older than we support.
pub(crate) fn refuse_old_server(place: &str, version: &str) -> Result<(), StoreError> {
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    if major.parse::<u32>().is_ok_and(|major| major >= OLDEST_VERSION) {
        return Ok(());
    }
    Err(StoreError::OldServer { place: place.to_owned(), found: version.to_owned() })
}

fn with_cause(error: &Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_older_than_fifteen_is_turned_away() {
        for version in ["14.19 (Debian 14.19-1)", "9.6.24", "unknown", ""] {
            let error = refuse_old_server("postgres://db/books", version);
            assert!(error.is_err_and(|it| it.to_string().contains("15 or newer is needed")), "{version}");
        }
        for version in ["15.14 (Debian 15.14-0+deb12u1)", "18.1", "19beta2"] {
            assert!(refuse_old_server("postgres://db/books", version).is_ok(), "{version}");
        }
    }
}
