//! Colours, where they are wanted.

use std::io::IsTerminal;
use std::sync::OnceLock;

use crate::args::Colour;

static ENABLED: OnceLock<bool> = OnceLock::new();

/// Decides once whether standard output gets colours.
pub fn choose(colour: Colour) {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let enabled = match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => !plain && std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    };
    let _ = ENABLED.set(enabled);
}

fn paint(code: &str, text: &str) -> String {
    if ENABLED.get().copied().unwrap_or(false) { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// A heading.
pub fn bold(text: &str) -> String {
    paint("1", text)
}

/// Something of less weight.
pub fn dim(text: &str) -> String {
    paint("2", text)
}

/// Something that wants a look.
pub fn warn(text: &str) -> String {
    paint("33", text)
}

/// Something that is well.
pub fn good(text: &str) -> String {
    paint("32", text)
}
