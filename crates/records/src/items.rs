//! Where does each object of a dump begin and end?
//!
//! In: a stream of JSON: one array, arrays one after another, arrays of arrays,
//! objects one after another or one a line. Out: the bytes of every object with
//! its offset, within a size limit. Holds one object in memory at a time, and
//! does not judge it.

use std::io::{self, BufRead};

/// One object of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'b> {
    /// A whole object.
    Whole {
        /// Where it begins.
        offset: u64,
        /// Its bytes.
        bytes: &'b [u8],
    },
    /// An object over the limit; skipped.
    TooLong {
        /// Where it begins.
        offset: u64,
    },
    /// The stream ends inside an object.
    Cut {
        /// Where the object begins.
        offset: u64,
    },
    /// Something else than an object, skipped to the next bracket.
    Stray {
        /// Where it begins.
        offset: u64,
    },
}

/// Splits a stream of JSON into objects.
#[derive(Debug)]
pub struct JsonItems<R> {
    reader: R,
    limit: usize,
    offset: u64,
    buffer: Vec<u8>,
}

/// Where the scan of an object stands.
#[derive(Clone, Copy, Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Goes on over `bytes`; returns the length up to the end of the object, if it ends here.
    fn run(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.in_string {
                if std::mem::take(&mut self.escaped) {
                    at += 1;
                    continue;
                }
                at += memchr::memchr2(b'"', b'\\', &bytes[at..])? + 1;
                self.in_string = bytes[at - 1] == b'\\';
                self.escaped = self.in_string;
                continue;
            }
            match bytes[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
            if self.depth == 0 {
                return Some(at);
            }
        }
        None
    }
}

impl<R: BufRead> JsonItems<R> {
    /// Reads objects of at most `limit` bytes.
    pub fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, offset: 0, buffer: Vec::new() }
    }

    /// Returns the next object, `None` at the end.
    pub fn next_item(&mut self) -> io::Result<Option<Item<'_>>> {
        self.buffer.clear();
        match self.skip_between()? {
            None => Ok(None),
            Some(b'{') => self.object().map(Some),
            Some(_) => {
                let offset = self.offset;
                self.skip_stray()?;
                Ok(Some(Item::Stray { offset }))
            }
        }
    }

    /// Skips what stands between objects; returns the first other byte.
    fn skip_between(&mut self) -> io::Result<Option<u8>> {
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(None);
            }
            let between = |byte: &u8| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b',' | b'[' | b']' | 0xef | 0xbb | 0xbf | 0x1e)
            };
            let found = available.iter().position(|byte| !between(byte));
            let used = found.unwrap_or(available.len());
            let byte = found.map(|at| available[at]);
            self.consume(used);
            if byte.is_some() {
                return Ok(byte);
            }
        }
    }

    fn object(&mut self) -> io::Result<Item<'_>> {
        let offset = self.offset;
        let (mut scan, mut too_long) = (Scan::default(), false);
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(Item::Cut { offset });
            }
            let end = scan.run(available);
            let used = end.unwrap_or(available.len());
            too_long |= self.buffer.len() + used > self.limit;
            if !too_long {
                self.buffer.extend_from_slice(&available[..used]);
            }
            self.consume(used);
            if end.is_some() {
                break;
            }
        }
        if too_long {
            return Ok(Item::TooLong { offset });
        }
        Ok(Item::Whole { offset, bytes: &self.buffer })
    }

    /// Skips to the next object, or the end of the line.
    fn skip_stray(&mut self) -> io::Result<()> {
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(());
            }
            let end = memchr::memchr3(b'{', b'\n', b'[', available);
            let used = end.unwrap_or(available.len());
            self.consume(used);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.offset += bytes as u64;
    }
}

fn fill(reader: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    reader.fill_buf()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::{Item, JsonItems};

    fn told(bytes: &[u8], limit: usize) -> Vec<String> {
        let mut items = JsonItems::new(BufReader::with_capacity(3, bytes), limit);
        let mut told = Vec::new();
        while let Some(item) = items.next_item().expect("memory does not fail") {
            told.push(match item {
                Item::Whole { offset, bytes } => {
                    format!("{offset} {}", String::from_utf8_lossy(bytes))
                }
                Item::TooLong { offset } => format!("{offset} too long"),
                Item::Cut { offset } => format!("{offset} cut"),
                Item::Stray { offset } => format!("{offset} stray"),
            });
        }
        told
    }

    #[test]
    fn objects_are_found_in_every_arrangement() {
        assert_eq!(told(br#"[{"a":1}, {"b":[{}]}]"#, 99), [r#"1 {"a":1}"#, r#"10 {"b":[{}]}"#]);
        assert_eq!(told(b"[{}][{}]\n[[{}]]", 99), ["1 {}", "5 {}", "11 {}"]);
        assert_eq!(told(b"\xef\xbb\xbf{}\n{}\n", 99), ["3 {}", "6 {}"]);
        assert_eq!(told(b"[]", 99), [""; 0]);
    }

    #[test]
    fn brackets_and_quotes_in_strings_are_text() {
        assert_eq!(told(br#"[{"a":"}\"]{\\"},{}]"#, 99), [r#"1 {"a":"}\"]{\\"}"#, "17 {}"]);
    }

    #[test]
    fn what_is_cut_too_long_or_no_object_is_said() {
        assert_eq!(told(br#"[{"a":1},{"b":"#, 99), [r#"1 {"a":1}"#, "9 cut"]);
        assert_eq!(told(br#"[{"a":111111},{}]"#, 5), ["1 too long", "14 {}"]);
        assert_eq!(told(b"not json\n{}", 99), ["0 stray", "9 {}"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_without_loss_of_place(bytes: Vec<u8>) {
            let mut items = JsonItems::new(bytes.as_slice(), 64);
            while let Some(item) = items.next_item().expect("memory does not fail") {
                if let Item::Whole { offset, bytes: found } = item {
                    let start = usize::try_from(offset).expect("small");
                    prop_assert_eq!(&bytes[start..start + found.len()], found);
                }
            }
        }
    }
}
