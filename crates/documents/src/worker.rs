//! Documents in, PDFs out, over two streams.
//!
//! It starts no process: the program that wants a worker does, and ends it when
//! a document takes too long.
//!
//! In: one [`Request`] as JSON per line, such as `{"comparison": {…}}`; an
//! [`InvoiceDocument`] may also stand alone. Out, for each: the line
//! `ok <length>` and that many bytes, or the line `error <message>`.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use crate::comparison::ComparisonPaper;
use crate::document::InvoiceDocument;
use crate::error::DocumentError;
use crate::renderer::Renderer;

/// Longer lines end the worker: the sender cannot be trusted any more.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// A document of a kind that it names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// An invoice or a credit note.
    Invoice(Box<InvoiceDocument>),
    /// A comparison of programs.
    Comparison(Box<ComparisonPaper>),
}

impl Request {
    /// Reads a line. Only a named kind makes it anything but an invoice, so
    /// that the reason against a bad invoice stays exact.
    fn read(line: &[u8]) -> serde_json::Result<Self> {
        let first_key = line.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        let is_named = |name: &[u8]| first_key.is_some_and(|key| key.starts_with(name));
        if is_named(b"\"comparison\"") || is_named(b"\"invoice\"") {
            return serde_json::from_slice(line);
        }
        serde_json::from_slice(line).map(|document| Self::Invoice(Box::new(document)))
    }

    /// Renders the document.
    ///
    /// # Errors
    ///
    /// As for [`Renderer::render`] and [`Renderer::render_comparison`].
    pub fn render(&self, renderer: &Renderer) -> Result<Vec<u8>, DocumentError> {
        match self {
            Self::Invoice(document) => renderer.render(document),
            Self::Comparison(paper) => renderer.render_comparison(paper),
        }
    }
}

/// Serves documents with the bundled fonts until the input ends.
///
/// # Errors
///
/// Fails when a stream does, or when a line is longer than 64 MiB. A bad
/// document is an answer, not a failure.
pub fn serve(input: impl BufRead, output: impl Write) -> io::Result<()> {
    serve_with(&Renderer::new(), input, output)
}

/// Serves documents with a renderer of the caller's until the input ends.
///
/// # Errors
///
/// As for [`serve`].
pub fn serve_with(renderer: &Renderer, mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        if length as u64 == LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
        }
        if !line.trim_ascii().is_empty() {
            answer(renderer, &line, &mut output)?;
        }
    }
}

fn answer(renderer: &Renderer, line: &[u8], output: &mut impl Write) -> io::Result<()> {
    let pdf = Request::read(line)
        .map_err(|error| format!("the document cannot be read: {error}"))
        .and_then(|request| request.render(renderer).map_err(|error| error.to_string()));
    match pdf {
        Ok(pdf) => {
            writeln!(output, "ok {}", pdf.len())?;
            output.write_all(&pdf)?;
        }
        Err(message) => writeln!(output, "error {}", message.replace(['\n', '\r'], " "))?,
    }
    output.flush()
}
