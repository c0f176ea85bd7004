//! A CSV file as blocks that end where a record ends, so that cores may read them apart.
//! It checks nothing: a file that is not CSV may be cut anywhere, and reading one of its blocks fails.

use std::io::{self, Read};

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 4 << 20;

/// Reads a file block by block.
#[derive(Debug)]
pub struct Blocks<R> {
    source: R,
    /// The beginning of a record whose end is not read yet.
    rest: Vec<u8>,
    is_over: bool,
}

impl<R: Read> Blocks<R> {
    /// Reads `source` from where it stands.
    pub fn new(source: R) -> Self {
        Self { source, rest: Vec::new(), is_over: false }
    }

    /// The next block; empty when nothing is left.
    fn read_block(&mut self) -> io::Result<Vec<u8>> {
        let mut block = Vec::with_capacity(self.rest.len() + BLOCK_BYTES);
        block.append(&mut self.rest);
        while !self.is_over {
            // A record longer than a block makes blocks grow, twice as long each time.
            let length = block.len().max(BLOCK_BYTES);
            let read = self.source.by_ref().take(length as u64).read_to_end(&mut block)?;
            self.is_over = read < length;
            if let Some(end) = last_record_end(&block).filter(|_| !self.is_over) {
                self.rest.extend_from_slice(block.get(end..).unwrap_or(&[]));
                block.truncate(end);
                break;
            }
        }
        Ok(block)
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = self.read_block();
        self.is_over |= block.is_err();
        if block.as_ref().is_ok_and(Vec::is_empty) { None } else { Some(block) }
    }
}

/// The last end of a record in bytes that begin with one.
///
/// In RFC 4180 a line end is a record's end where the quotes before it are even in number.
fn last_record_end(bytes: &[u8]) -> Option<usize> {
    let mut quotes = memchr::memchr_iter(b'"', bytes).count();
    let mut before = bytes;
    while let Some(at) = memchr::memrchr2(b'"', b'\n', before) {
        if before.get(at) == Some(&b'"') {
            quotes -= 1;
        } else if quotes.is_multiple_of(2) {
            return Some(at + 1);
        }
        before = before.get(..at)?;
    }
    None
}
