//! How is a foreign file read line by line without trusting its lines?
//!
//! In: any reader. Out: its lines, each within a size limit; a longer one is
//! skipped and said to be too long. Holds one line in memory at a time.

use std::io::{self, BufRead};

/// One line, without its line feed.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'b> {
    /// The whole line.
    Whole(&'b [u8]),
    /// The line is longer than the limit.
    TooLong,
}

/// Reads lines of at most `limit` bytes.
#[derive(Debug)]
pub struct LineReader<R> {
    reader: R,
    buffer: Vec<u8>,
    limit: usize,
}

impl<R: BufRead> LineReader<R> {
    /// Reads from the start of `reader`.
    pub fn new(reader: R, limit: usize) -> Self {
        Self { reader, buffer: Vec::new(), limit }
    }

    /// Returns the next line, `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', available);
            let part = &available[..end.unwrap_or(available.len())];
            too_long |= self.buffer.len() + part.len() > self.limit;
            if !too_long {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(&self.buffer)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, LineReader};
    use std::io::BufReader;

    fn lines(bytes: &[u8], limit: usize) -> Vec<Option<Vec<u8>>> {
        let mut reader = LineReader::new(BufReader::with_capacity(3, bytes), limit);
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line().expect("memory does not fail") {
            lines.push(match line {
                Line::Whole(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
        }
        lines
    }

    #[test]
    fn the_last_line_may_lack_its_end() {
        assert_eq!(
            lines(b"ab\n\ncd", 9),
            [Some(b"ab".to_vec()), Some(vec![]), Some(b"cd".to_vec())]
        );
        assert_eq!(lines(b"", 9), []);
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_and_the_next_is_read() {
        assert_eq!(lines(b"12345\n1234\n12345", 4), [None, Some(b"1234".to_vec()), None]);
    }
}
