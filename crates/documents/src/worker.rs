//! Documents in, PDFs out, over two streams.
//!
//! It starts no process: the program that wants a worker does, and ends it when
//! a document takes too long.
//!
//! In: one [`InvoiceDocument`] as JSON per line. Out, for each: the line
//! `ok <length>` and that many bytes, or the line `error <message>`.

use std::io::{self, BufRead, Read, Write};

use crate::document::InvoiceDocument;
use crate::renderer::Renderer;

/// Longer lines end the worker: the sender cannot be trusted any more.
const LINE_BYTES_MAX: u64 = 64 << 20;

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
    let document = serde_json::from_slice::<InvoiceDocument>(line);
    let pdf = document
        .map_err(|error| format!("the document cannot be read: {error}"))
        .and_then(|document| renderer.render(&document).map_err(|error| error.to_string()));
    match pdf {
        Ok(pdf) => {
            writeln!(output, "ok {}", pdf.len())?;
            output.write_all(&pdf)?;
        }
        Err(message) => writeln!(output, "error {}", message.replace(['\n', '\r'], " "))?,
    }
    output.flush()
}
