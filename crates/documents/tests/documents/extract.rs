//! Reads the text of a PDF back, with `pdftotext` from poppler.

/// The text of a PDF, or nothing where `pdftotext` is not installed. The PDF
/// stays in the target folder, to be looked at.
pub fn text(name: &str, pdf: &[u8]) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pdf"));
    std::fs::write(&path, pdf).expect("the target folder can be written");
    let Ok(output) = std::process::Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output() else {
        eprintln!("skipped: pdftotext is not installed");
        return None;
    };
    assert!(output.status.success(), "pdftotext cannot read {}", path.display());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The pages of a text.
pub fn pages(text: &str) -> Vec<&str> {
    text.split('\u{C}').filter(|page| !page.trim().is_empty()).collect()
}
