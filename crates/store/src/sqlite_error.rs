//! What a fault of SQLite means to an operator.
//! Decides by result code, never by table or constraint name.

use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_TRIGGER, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::{Error, ErrorCode};

use crate::error::StoreError;

/// Puts a fault into words.
pub(crate) fn explain(place: &str, error: &Error) -> StoreError {
    let place = place.to_owned();
    let detail = error.to_string();
    let Some(fault) = error.sqlite_error() else {
        return StoreError::Database { place, detail };
    };
    match fault.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy { place },
        ErrorCode::DiskFull => StoreError::DiskFull { place },
        ErrorCode::ReadOnly => StoreError::ReadOnly { place },
        ErrorCode::NotADatabase => StoreError::NotADatabase { place },
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => StoreError::CannotOpen { place, detail },
        ErrorCode::DatabaseCorrupt | ErrorCode::SystemIoFailure => StoreError::Damaged { place, detail },
        ErrorCode::ConstraintViolation => match fault.extended_code {
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE => StoreError::Duplicate { detail },
            SQLITE_CONSTRAINT_TRIGGER => StoreError::AppendOnly { place },
            _ => StoreError::Refused { detail },
        },
        _ => StoreError::Database { place, detail },
    }
}
