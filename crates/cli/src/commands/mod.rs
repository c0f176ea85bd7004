//! The commands: a use case, and its words on the terminal.

pub mod bill;
pub mod bill_store;
pub mod books;
pub mod check;
pub mod compare;
pub mod demo;
pub mod forecast;
pub mod held;
pub mod init;
pub mod portfolio;
pub mod serve;
pub mod staffing;
pub mod statement;
pub mod users;

use std::path::Path;

use quarterhour_server::error::AppError;

/// The variable that names font files for scripts that the built-in fonts lack, separated as in PATH.
const FONTS: &str = "QUARTERHOUR_FONTS";

/// Serves PDFs to another process of this program until its input ends.
///
/// # Errors
///
/// Fails when a font cannot be used, or a pipe breaks.
pub fn render_worker() -> Result<(), AppError> {
    let paths = std::env::var_os(FONTS).unwrap_or_default();
    let fonts = std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty());
    let fonts = fonts.map(|path| std::fs::read(&path).map_err(|error| AppError::file("read", &path, error)));
    let renderer = quarterhour_documents::Renderer::with_fonts(fonts.collect::<Result<_, _>>()?)
        .map_err(|error| AppError::user(error.to_string(), format!("{FONTS} names font files (TTF, OTF, TTC)")))?;
    let (input, output) = (std::io::stdin().lock(), std::io::BufWriter::new(std::io::stdout().lock()));
    let served = quarterhour_documents::worker::serve_with(&renderer, input, output);
    served.map_err(|error| AppError::file("read", Path::new("standard input"), error))
}
