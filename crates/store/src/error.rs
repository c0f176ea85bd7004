//! What can go wrong in the store, in sentences an operator can act on.
//! Not the place that knows a driver: each driver maps its own faults.

/// A fault of the store.
///
/// Each message says what happened and what to do about it. None carries a
/// password: a place is shown as a path or as `postgres://user@host:port/name`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The text that names the database cannot be understood.
    #[error(
        "the location of the database cannot be understood: {reason}. Give the path of a file, or postgres://user:password@host:5432/name with special characters of the password percent-encoded ('@' as %40)"
    )]
    BadLocation {
        /// What is wrong, without the text itself, which may hold a password.
        reason: &'static str,
    },
    /// There is no such file.
    #[error("there is no database at {place}. Check the path, or set one up first")]
    Missing {
        /// Where we looked.
        place: String,
    },
    /// The file cannot be opened at all.
    #[error("{place} cannot be opened ({detail}). Check that its folder exists and that this user may read and write there")]
    CannotOpen {
        /// The file.
        place: String,
        /// What the driver said.
        detail: String,
    },
    /// Another process holds the lock.
    #[error("{place} is in use: another process is writing to it and did not finish in time. Wait until it is done, then try again")]
    Busy {
        /// The database.
        place: String,
    },
    /// The schema is newer than this program.
    #[error(
        "{place} was written by a newer version of this program (schema {found}; this version knows {known}). Use the newer version, or restore an older backup"
    )]
    NewerSchema {
        /// The database.
        place: String,
        /// The highest migration applied there.
        found: i64,
        /// The highest migration of this program.
        known: i64,
    },
    /// An applied migration is not the one this program holds.
    #[error(
        "the schema of {place} is not the one this program made (migration {name} differs). Use the version of the program that made it, or restore a backup"
    )]
    ChangedSchema {
        /// The database.
        place: String,
        /// The migration that differs.
        name: String,
    },
    /// No room on the disk.
    #[error("the disk of {place} is full; nothing was saved. Free some space, then try again")]
    DiskFull {
        /// The database.
        place: String,
    },
    /// The file or server does not accept writes.
    #[error(
        "{place} is read-only; nothing was saved. Give this user write permission to the file and its folder, or connect to the primary server"
    )]
    ReadOnly {
        /// The database.
        place: String,
    },
    /// The file is something else.
    #[error("{place} is not a database of this program. Check the path; the file was left as it is")]
    NotADatabase {
        /// The file.
        place: String,
    },
    /// The file is damaged, or the disk below it.
    #[error("{place} is damaged or its disk failed ({detail}). Stop using it and restore the last backup")]
    Damaged {
        /// The database.
        place: String,
        /// What the driver said.
        detail: String,
    },
    /// No server answers.
    #[error(
        "the PostgreSQL server of {place} cannot be reached ({detail}). Check host and port, that the server runs, and that no firewall is between"
    )]
    Unreachable {
        /// The database.
        place: String,
        /// What the network said.
        detail: String,
    },
    /// The connection broke before the commit.
    #[error("the connection to {place} was lost; nothing of this step was saved. Try again")]
    ConnectionLost {
        /// The database.
        place: String,
    },
    /// The connection broke during the commit.
    #[error(
        "the connection to {place} was lost while saving, so it is unknown whether the last step was saved. Look before you run it again"
    )]
    CommitUnknown {
        /// The database.
        place: String,
    },
    /// The server does not accept the user.
    #[error(
        "{place} does not accept this user or password. Check both; special characters of a password must be percent-encoded ('@' as %40)"
    )]
    WrongPassword {
        /// The database.
        place: String,
    },
    /// The user lacks a right, or the server turns this host away.
    #[error("{place} refused: {detail}. Ask its administrator for the missing right")]
    NotAllowed {
        /// The database.
        place: String,
        /// What the server said.
        detail: String,
    },
    /// The server has no database of that name.
    #[error("the server of {place} has no database of that name. Create it first: createdb NAME")]
    NoSuchDatabase {
        /// The database.
        place: String,
    },
    /// The server is too old.
    #[error("the server of {place} is PostgreSQL {found}, and 15 or newer is needed. Upgrade the server")]
    OldServer {
        /// The database.
        place: String,
        /// The version the server told.
        found: String,
    },
    /// Another transaction got in between.
    #[error("another process changed the same rows of {place} at the same moment; nothing of this step was saved. Try again")]
    Conflict {
        /// The database.
        place: String,
    },
    /// A row with this key is there already.
    #[error("a row with the same key exists already ({detail})")]
    Duplicate {
        /// What the database said.
        detail: String,
    },
    /// A row breaks a rule of the schema, a missing parent for one.
    #[error("the database refused a row that breaks a rule of its schema ({detail})")]
    Refused {
        /// What the database said.
        detail: String,
    },
    /// An issued document, a payment or an audit entry was to be changed.
    #[error(
        "issued documents are kept for ever, as are payments and the audit log, so {place} refused to change or delete one. Correct it with a later one"
    )]
    AppendOnly {
        /// The database.
        place: String,
    },
    /// A text holds a byte that PostgreSQL does not keep.
    #[error("a text holds a zero byte, which no text has; nothing was saved. Type it anew")]
    ZeroByte,
    /// A row that must be there is not.
    #[error("{what} is not in the database")]
    NotFound {
        /// Which row, in words.
        what: String,
    },
    /// A stored value cannot be read.
    #[error("a stored value cannot be read ({detail}). The database was changed by another program")]
    BadValue {
        /// Which column, and why.
        detail: String,
    },
    /// Anything else a database can say.
    #[error("{place} reported: {detail}")]
    Database {
        /// The database.
        place: String,
        /// What the driver said.
        detail: String,
    },
}

impl StoreError {
    /// Whether the same step may succeed when it is simply run again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::ConnectionLost { .. } | Self::Busy { .. })
    }

    /// A row that must be there is not.
    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }
}
