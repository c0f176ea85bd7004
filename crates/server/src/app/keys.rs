//! Secrets: random tokens, their hashes, and the key under which secrets are sealed in the database.
//! Nothing here is ever logged.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::error::AppError;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// The key of this installation.
#[derive(Clone)]
pub struct Keys {
    key: [u8; KEY_BYTES],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys")
    }
}

/// Random bytes from the operating system.
///
/// # Errors
///
/// Fails when the system has none.
pub fn random<const N: usize>() -> Result<[u8; N], AppError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AppError::fault(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// A token of 32 random bytes, as text that may stand in a URL.
///
/// # Errors
///
/// Fails when the system has no random bytes.
pub fn new_token() -> Result<String, AppError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Random groups of five letters that are hard to confuse when they are read or typed: 25 bits each.
///
/// # Errors
///
/// Fails when the system has no random bytes.
pub fn readable(groups: usize) -> Result<String, AppError> {
    const LETTERS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '2', '3',
        '4', '5', '6', '7', '8', '9', '0',
    ];
    let group = || Ok(random::<5>()?.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 31))).collect::<String>());
    (0..groups).map(|_| group()).collect::<Result<Vec<_>, AppError>>().map(|groups| groups.join("-"))
}

/// What is kept of a token: its SHA-256, as text.
#[must_use]
pub fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// The HMAC-SHA-256 of a message, as hexadecimal digits.
#[must_use]
pub fn hmac_hex(key: &[u8], message: &[u8]) -> String {
    let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(key) else { return String::new() };
    mac.update(message);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Keys {
    /// The key of 32 bytes that a text in base64 or hexadecimal digits holds.
    ///
    /// # Errors
    ///
    /// Says what was expected, without the text.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let text = text.trim();
        let bytes = from_hex(text).or_else(|| STANDARD.decode(text).ok()).or_else(|| URL_SAFE_NO_PAD.decode(text).ok());
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        key.map(|key| Self { key }).ok_or_else(|| {
            AppError::user(
                "the secret key cannot be read",
                "expected 32 bytes as base64 or as 64 hexadecimal digits: openssl rand -base64 32",
            )
        })
    }

    /// A key that is forgotten at the end, for steps that seal nothing.
    ///
    /// # Errors
    ///
    /// Fails when the system has no random bytes.
    pub fn fresh() -> Result<Self, AppError> {
        Ok(Self { key: random()? })
    }

    /// The key of a file, which is made when it is missing; only its owner may read it.
    ///
    /// # Errors
    ///
    /// Fails when the file cannot be read or made.
    pub fn of_file(path: &Path) -> Result<Self, AppError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let keys = Self::fresh()?;
                write_private(path, (STANDARD.encode(keys.key) + "\n").as_bytes())
                    .map_err(|error| AppError::file("write", path, error))?;
                Ok(keys)
            }
            Err(error) => Err(AppError::file("read", path, error)),
        }
    }

    /// Seals a secret; `purpose` is bound to it, so that it opens for nothing else.
    ///
    /// # Errors
    ///
    /// Fails when the system has no random bytes.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> Result<Vec<u8>, AppError> {
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: purpose.as_bytes() });
        let sealed = sealed.map_err(|_| AppError::fault("a secret cannot be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed for the same purpose.
    ///
    /// # Errors
    ///
    /// Fails when it was sealed by another key or for something else.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Vec<u8>, AppError> {
        let wrong = || {
            AppError::user(
                "a stored secret cannot be opened with this key",
                "start with the key file or QUARTERHOUR_SECRET_KEY that this database was used with",
            )
        };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(wrong)?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: purpose.as_bytes() }).map_err(|_| wrong())
    }

    /// A signature of this installation, for what a browser keeps for us.
    #[must_use]
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        hmac_hex(&self.key, format!("{purpose}\n{text}").as_bytes())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key.into())
    }
}

/// Are two texts the same? Takes as long for any two of one length.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
    one.len() == other.len() && differences == 0
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.len() == KEY_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if digits { (0..text.len()).step_by(2).map(pair).collect() } else { None }
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::parse(&"0f".repeat(32)).expect("a key")
    }

    #[test]
    fn what_was_sealed_opens_for_its_purpose_only() {
        let sealed = keys().seal("totp", b"secret").expect("sealed");
        assert_eq!(keys().open("totp", &sealed).expect("opened"), b"secret");
        assert!(keys().open("webhook", &sealed).is_err());
        let other = Keys::parse(&"00".repeat(32)).expect("a key");
        assert!(other.open("totp", &sealed).is_err());
        assert!(keys().open("totp", b"short").is_err());
    }

    #[test]
    fn a_key_that_cannot_be_read_is_not_repeated() {
        let said = Keys::parse("hunter2").expect_err("no key").to_string();
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let path = std::env::temp_dir().join(format!("{}.key", uuid::Uuid::now_v7()));
        let one = Keys::of_file(&path).expect("made");
        let other = Keys::of_file(&path).expect("read");
        assert_eq!(one.key, other.key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(path).expect("removed");
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd") && !same("abc", "ab") && !same("", "a"));
    }
}
