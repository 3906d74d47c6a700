//! Where does each object of a dump begin and end?
//!
//! In: a stream of JSON: one array, arrays one after another, arrays of arrays,
//! objects one after another or one a line. Out: the bytes of every object with
//! its offset, within a size limit. Where an object is only the wrapping of a long
//! list, the objects of the list come one by one. Holds one object in memory at a
//! time, and does not judge it.

mod scan;

use std::io::{self, BufRead};

pub(crate) use self::scan::first_names;
use self::scan::{Ends, Names, Nobody, Scan};

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
    /// An object nested deeper than [`DEEPEST`]; skipped.
    TooDeep {
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

/// How deep an object may be nested: readers that call themselves for every level
/// stop near 128, and a record puts its object one level deeper.
pub const DEEPEST: u32 = 120;

/// Where a list stands inside an object: the names on the way to it.
pub type ListPath = [&'static str];

/// One piece of a stream whose objects may wrap lists.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'b> {
    /// A list begins; what follows are its objects, until the next `Opened` or `Rest`.
    Opened {
        /// Which list.
        list: &'static ListPath,
        /// The object around it up to here, with everything closed.
        around: &'b [u8],
    },
    /// An object: of the open list, or one that stands for itself.
    Item(Item<'b>),
    /// The object around the lists, with the lists empty.
    Rest {
        /// Where it begins.
        offset: u64,
        /// Its bytes.
        bytes: &'b [u8],
    },
}

/// Splits a stream of JSON into objects.
#[derive(Debug)]
pub struct JsonItems<R> {
    reader: R,
    limit: usize,
    offset: u64,
    buffer: Vec<u8>,
    around: Option<Around>,
    shown: Vec<u8>,
}

/// An object around lists, as far as it was read.
#[derive(Debug)]
struct Around {
    offset: u64,
    scan: Scan,
    names: Names,
    held: Vec<u8>,
    too_long: bool,
    opened: bool,
}

impl<R: BufRead> JsonItems<R> {
    /// Reads objects of at most `limit` bytes.
    pub fn new(reader: R, limit: usize) -> Self {
        Self { reader, limit, offset: 0, buffer: Vec::new(), around: None, shown: Vec::new() }
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

    /// Returns the next piece, where some lists inside objects are given out one by one.
    ///
    /// Ask a stream either for items or for pieces.
    pub fn next_piece(
        &mut self,
        lists: &'static [&'static ListPath],
    ) -> io::Result<Option<Piece<'_>>> {
        self.buffer.clear();
        if self.around.is_some() {
            return self.in_list().map(Some);
        }
        match self.skip_between()? {
            None => Ok(None),
            Some(b'{') => {
                self.around = Some(Around {
                    offset: self.offset,
                    scan: Scan::default(),
                    names: Names::new(lists),
                    held: Vec::new(),
                    too_long: false,
                    opened: false,
                });
                self.go_on_around().map(Some)
            }
            Some(_) => {
                let offset = self.offset;
                self.skip_stray()?;
                Ok(Some(Piece::Item(Item::Stray { offset })))
            }
        }
    }

    /// Returns the next object of the open list, or what follows the list.
    fn in_list(&mut self) -> io::Result<Piece<'_>> {
        loop {
            let available = fill(&mut self.reader)?;
            let between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let found = available.iter().position(|byte| !between(byte));
            let byte = found.map(|at| available[at]);
            let used = found.unwrap_or(available.len());
            let ended = available.is_empty();
            self.consume(used);
            match byte {
                // The object around the list is cut, and goes on to say so.
                None if ended => return self.go_on_around(),
                None => {}
                Some(b']') => return self.go_on_around(),
                Some(b'{') => return self.object().map(Piece::Item),
                Some(_) => {
                    let offset = self.offset;
                    self.skip_value()?;
                    return Ok(Piece::Item(Item::Stray { offset }));
                }
            }
        }
    }

    /// Skips a list, text, number or word inside a list.
    fn skip_value(&mut self) -> io::Result<()> {
        let mut scan = Scan::default();
        scan.depth = 1;
        let mut watch = Ends;
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(());
            }
            if let Some(end) = scan.run(available, &mut watch) {
                let sign = available[end - 1];
                // The sign behind the value belongs to the list.
                let of_list = sign == b',' || (sign == b']' && scan.depth == 0);
                self.consume(if of_list { end - 1 } else { end });
                return Ok(());
            }
            let used = available.len();
            self.consume(used);
        }
    }

    /// Reads on in the object around lists, up to the next list or its end.
    fn go_on_around(&mut self) -> io::Result<Piece<'_>> {
        let Some(mut around) = self.around.take() else {
            return Ok(Piece::Item(Item::Cut { offset: self.offset }));
        };
        around.names.found = None;
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(Piece::Item(Item::Cut { offset: around.offset }));
            }
            let end = around.scan.run(available, &mut around.names);
            let used = end.unwrap_or(available.len());
            around.too_long |= around.held.len() + used > self.limit;
            if !around.too_long {
                around.held.extend_from_slice(&available[..used]);
            }
            self.consume(used);
            if end.is_some() {
                break;
            }
        }
        if around.scan.depth > 0 {
            let list = around.names.found.unwrap_or_default();
            return Ok(self.open(around, list));
        }
        let offset = around.offset;
        self.buffer = around.held;
        Ok(match (around.opened, around.too_long, around.scan.deepest > DEEPEST) {
            (_, true, _) => Piece::Item(Item::TooLong { offset }),
            (_, false, true) => Piece::Item(Item::TooDeep { offset }),
            (true, false, false) => Piece::Rest { offset, bytes: &self.buffer },
            (false, false, false) => Piece::Item(Item::Whole { offset, bytes: &self.buffer }),
        })
    }

    fn open(&mut self, mut around: Around, list: &'static ListPath) -> Piece<'_> {
        around.opened = true;
        self.shown.clone_from(&around.held);
        self.shown.push(b']');
        self.shown.extend(list.iter().map(|_| b'}'));
        self.around = Some(around);
        Piece::Opened { list, around: &self.shown }
    }

    fn object(&mut self) -> io::Result<Item<'_>> {
        let offset = self.offset;
        let (mut scan, mut too_long) = (Scan::default(), false);
        loop {
            let available = fill(&mut self.reader)?;
            if available.is_empty() {
                return Ok(Item::Cut { offset });
            }
            let end = scan.run(available, &mut Nobody);
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
        if scan.deepest > DEEPEST {
            return Ok(Item::TooDeep { offset });
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
mod tests;
