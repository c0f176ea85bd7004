//! A strict reader of RFC 4180 CSV over text in memory, without a copy where no quote is escaped.
//! It refuses what lenient readers repair in silence: a quote inside a plain field, text behind a
//! closing quote, a quote that never closes. It knows nothing of columns.

const QUOTE_IN_FIELD: &str = "expected a field with a quote in it to be quoted, and the quote doubled";
const QUOTE_OPEN: &str = "expected a closing quote before the end of the file; is the file cut off?";
const TEXT_BEHIND_QUOTE: &str = "expected a comma or the end of the line behind a field";

/// A record that is not CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvError {
    /// The line, from 1.
    pub line: usize,
    /// The field, from 1.
    pub field: usize,
    /// What is wrong.
    pub message: &'static str,
}

/// The fields of one record. It is filled again and again, so that reading allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    text: &'a str,
    fields: Vec<Field>,
    /// Fields with doubled quotes, one behind the other, with single quotes.
    unescaped: String,
    has_controls: bool,
}

/// The bytes of a field in the text, or in what was unescaped.
#[derive(Clone, Copy, Debug)]
struct Field {
    from: usize,
    to: usize,
    unescaped: bool,
}

impl<'a> Record<'a> {
    /// How many fields it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Has it no field?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Is there a control character in any of its fields?
    #[must_use]
    pub fn has_controls(&self) -> bool {
        self.has_controls
    }

    /// A field by its position.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&str> {
        let field = self.fields.get(position)?;
        let text = if field.unescaped { self.unescaped.as_str() } else { self.text };
        text.get(field.from..field.to)
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    fn clear(&mut self, text: &'a str) {
        self.text = text;
        self.fields.clear();
        self.unescaped.clear();
        self.has_controls = false;
    }
}

/// Reads records one after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    marks: Marks<'a>,
}

impl<'a> Reader<'a> {
    /// Reads `text`, whose first line has the number `line`.
    #[must_use]
    pub fn new(text: &'a str, line: usize) -> Self {
        Self { text, at: 0, line, marks: Marks::from(text.as_bytes(), 0) }
    }

    /// The byte at which the next record begins.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The line at which the next record begins.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Reads the next record; empty lines are passed over. Returns its first line.
    ///
    /// # Errors
    ///
    /// Names the line and field; the reader goes on behind that line.
    pub fn next(&mut self, record: &mut Record<'a>) -> Option<Result<usize, CsvError>> {
        while let Some(byte @ (b'\r' | b'\n')) = self.byte(self.at) {
            self.line += usize::from(byte == b'\n');
            self.at += 1;
            self.marks.next();
        }
        if self.at >= self.text.len() {
            return None;
        }
        record.clear(self.text);
        let first_line = self.line;
        loop {
            match self.field(record) {
                Ok(true) => {}
                Ok(false) => return Some(Ok(first_line)),
                Err(message) => {
                    let field = record.len() + usize::from(message != TEXT_BEHIND_QUOTE);
                    let error = CsvError { line: self.line, field, message };
                    self.skip_line();
                    return Some(Err(error));
                }
            }
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn skip_line(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        self.at = memchr::memchr(b'\n', rest).map_or(self.text.len(), |end| self.at + end + 1);
        self.line += 1;
        self.marks = Marks::from(self.text.as_bytes(), self.at);
    }

    /// Reads one field and what ends it; returns whether another follows.
    fn field(&mut self, record: &mut Record<'a>) -> Result<bool, &'static str> {
        let from = self.at;
        loop {
            let mark = self.marks.next();
            let to = mark.unwrap_or(self.text.len());
            let goes_on = match self.byte(to) {
                Some(b'"') if to == from => {
                    self.quoted(record)?;
                    return self.behind_quoted();
                }
                Some(b'"') => return Err(QUOTE_IN_FIELD),
                end => self.end_field(to, end),
            };
            if let Some(goes_on) = goes_on {
                record.fields.push(Field { from, to, unescaped: false });
                return Ok(goes_on);
            }
            record.has_controls = true;
        }
    }

    /// Passes over the byte that ends a field, and says whether another field follows; nothing when the byte is no end.
    fn end_field(&mut self, at: usize, byte: Option<u8>) -> Option<bool> {
        let length = match byte {
            Some(b',') => {
                self.at = at + 1;
                return Some(true);
            }
            None => 0,
            Some(b'\n') => 1,
            Some(b'\r') if self.byte(at + 1) == Some(b'\n') => {
                self.marks.next();
                2
            }
            Some(_) => return None,
        };
        self.at = at + length;
        self.line += usize::from(length > 0);
        Some(false)
    }

    /// A quoted field, its opening quote read; a doubled quote in it is one quote.
    fn quoted(&mut self, record: &mut Record<'a>) -> Result<(), &'static str> {
        let mut from = self.at + 1;
        let (start, mut lines, mut has_controls) = (record.unescaped.len(), 0, false);
        loop {
            let to = self.marks.next().ok_or(QUOTE_OPEN)?;
            match self.byte(to) {
                Some(b'"') if self.byte(to + 1) == Some(b'"') => {
                    self.marks.next();
                    record.unescaped.push_str(self.text.get(from..=to).unwrap_or(""));
                    from = to + 2;
                }
                Some(b'"') => {
                    let field = if record.unescaped.len() == start {
                        Field { from, to, unescaped: false }
                    } else {
                        record.unescaped.push_str(self.text.get(from..to).unwrap_or(""));
                        Field { from: start, to: record.unescaped.len(), unescaped: true }
                    };
                    record.fields.push(field);
                    record.has_controls |= has_controls;
                    self.line += lines;
                    self.at = to + 1;
                    return Ok(());
                }
                Some(b',') => {}
                byte => {
                    lines += usize::from(byte == Some(b'\n'));
                    has_controls = true;
                }
            }
        }
    }

    /// The comma or line end that must stand right behind a closing quote.
    fn behind_quoted(&mut self) -> Result<bool, &'static str> {
        let end = self.byte(self.at);
        let marked = end.is_none() || self.marks.next() == Some(self.at);
        let goes_on = if marked { self.end_field(self.at, end) } else { None };
        goes_on.ok_or(TEXT_BEHIND_QUOTE)
    }
}

/// The places of commas, quotes and control characters (line ends among them), 64 bytes at a time.
#[derive(Clone, Debug)]
struct Marks<'a> {
    bytes: &'a [u8],
    /// Where the bytes behind the current ones begin.
    next_block: usize,
    /// A bit for each mark of the current bytes that is not read yet.
    bits: u64,
}

impl<'a> Marks<'a> {
    fn from(bytes: &'a [u8], at: usize) -> Self {
        let mut marks = Self { bytes, next_block: at, bits: 0 };
        marks.load();
        marks
    }

    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            if self.next_block >= self.bytes.len() {
                return None;
            }
            self.load();
        }
        let offset = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.next_block - 64 + offset)
    }

    fn load(&mut self) {
        let rest = self.bytes.get(self.next_block..).unwrap_or(&[]);
        self.bits = rest.first_chunk().map_or_else(|| mark_bits(&padded(rest)), mark_bits);
        self.next_block += 64;
    }
}

fn padded(rest: &[u8]) -> [u8; 64] {
    let mut block = [b' '; 64];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    block
}

/// A bit for each byte that is a mark. Written without branches, so that the compiler compares many bytes at once.
fn mark_bits(block: &[u8; 64]) -> u64 {
    /// Multiplied by this, the lowest bits of eight bytes come together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let flags = block.map(|byte| u8::from((byte < 0x20) | (byte == b',') | (byte == b'"') | (byte == 0x7f)));
    let (eights, _) = flags.as_chunks::<8>();
    let gather = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56;
    eights.iter().rev().fold(0, |bits, eight| bits << 8 | gather(eight))
}

/// Writes one record; fields are quoted where they must be.
pub fn write_record(out: &mut String, fields: &[&str]) {
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        if field.contains(['"', ',', '\n', '\r']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push('\n');
}
