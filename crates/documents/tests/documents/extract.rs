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

/// A page as boxes around its words.
pub struct Boxes {
    wide: f64,
    high: f64,
    words: Vec<(String, [f64; 4])>,
}

/// The boxes of the pages of a PDF that [`text`] has kept.
pub fn boxes(name: &str) -> Vec<Boxes> {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pdf"));
    let output = std::process::Command::new("pdftotext").arg("-bbox").arg(&path).arg("-").output().expect("pdftotext was there");
    let html = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |line: &str, name: &str| -> f64 {
        let rest = line.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().parse().expect("a number")
    };
    let mut pages = Vec::new();
    for line in html.lines().map(str::trim) {
        if line.starts_with("<page ") {
            pages.push(Boxes { wide: number(line, "width"), high: number(line, "height"), words: Vec::new() });
        } else if let (true, Some(page)) = (line.starts_with("<word "), pages.last_mut()) {
            let word = line.split_once('>').map_or("", |(_, rest)| rest).trim_end_matches("</word>").to_owned();
            page.words.push((word, ["xMin", "yMin", "xMax", "yMax"].map(|name| number(line, name))));
        }
    }
    pages
}

impl Boxes {
    /// Looks whether all words are on the paper, and none covers another.
    pub fn check(&self, name: &str) {
        let inner: Vec<(&str, [f64; 4])> = self.words.iter().map(|(word, edges)| (word.as_str(), inner(*edges))).collect();
        for (index, (word, [left, top, right, bottom])) in inner.iter().enumerate() {
            let is_on_paper = *left > 40.0 && *top > 30.0 && *right < self.wide - 40.0 && *bottom < self.high - 20.0;
            assert!(is_on_paper, "{name}: `{word}` is off the page");
            for (other, [begin, high, end, low]) in &inner[index + 1..] {
                let is_apart = right <= begin || end <= left || bottom <= high || low <= top;
                assert!(is_apart, "{name}: `{word}` and `{other}` cover each other at {left:.0}, {top:.0}");
            }
        }
    }
}

/// What a word really covers: the boxes hold the room above and below the letters too.
fn inner([left, top, right, bottom]: [f64; 4]) -> [f64; 4] {
    let high = bottom - top;
    [left + 0.3, top + high * 0.27, right - 0.3, bottom - high * 0.22]
}
