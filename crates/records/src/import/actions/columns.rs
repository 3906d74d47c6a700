//! Which job does each line of `gh run view --log` belong to?
//!
//! In: the stream. Out: its bytes, job by job, each until a line names another
//! job. Holds the start of one line, however long the line is.

use std::io::{self, BufRead, Read};

use backstory_syntax::log::lines;

/// How much of a line is looked at for its columns.
const HEAD: usize = 1 << 10;

/// A stream of lines with columns.
pub(super) struct Columns<R> {
    inner: R,
    /// The start of a line that was looked at and not given out yet.
    head: Vec<u8>,
    given: usize,
    /// Whether the rest of a line follows in `inner`.
    within: bool,
    job: Option<Vec<u8>>,
}

impl<R: BufRead> Columns<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, head: Vec::new(), given: 0, within: false, job: None }
    }

    /// Goes on to the next job; `None` at the end.
    pub(super) fn next_job(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.given == self.head.len() {
            self.look()?;
        }
        self.job = job_of(&self.head);
        Ok((!self.head.is_empty()).then(|| self.job.clone().unwrap_or_default()))
    }

    /// Looks at the start of the next line.
    fn look(&mut self) -> io::Result<()> {
        (self.given, self.within) = (0, false);
        self.head.clear();
        while self.head.len() < HEAD {
            let available = self.inner.fill_buf()?;
            if available.is_empty() {
                return Ok(());
            }
            let available = &available[..available.len().min(HEAD - self.head.len())];
            let end = memchr::memchr(b'\n', available).map(|at| at + 1);
            let used = end.unwrap_or(available.len());
            self.head.extend_from_slice(&available[..used]);
            self.inner.consume(used);
            if end.is_some() {
                return Ok(());
            }
        }
        self.within = true;
        Ok(())
    }

    /// Gives out the rest of a long line.
    fn rest(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.inner.fill_buf()?;
        let available = &available[..available.len().min(buffer.len())];
        let end = memchr::memchr(b'\n', available).map(|at| at + 1);
        let used = end.unwrap_or(available.len());
        buffer[..used].copy_from_slice(&available[..used]);
        self.within = end.is_none() && used > 0;
        self.inner.consume(used);
        Ok(used)
    }
}

impl<R: BufRead> Read for Columns<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.given == self.head.len() {
            if self.within {
                let given = self.rest(buffer)?;
                if given > 0 {
                    return Ok(given);
                }
            }
            self.look()?;
            // A line without columns goes on with the print before it.
            let other = job_of(&self.head).is_some_and(|job| Some(&job) != self.job.as_ref());
            if self.head.is_empty() || other {
                return Ok(0);
            }
        }
        let length = buffer.len().min(self.head.len() - self.given);
        buffer[..length].copy_from_slice(&self.head[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

fn job_of(head: &[u8]) -> Option<Vec<u8>> {
    let line = lines(head).next()?;
    line.job.map(|job| head[job].to_vec())
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read as _};

    use super::Columns;

    #[test]
    fn every_job_gets_its_lines_whatever_their_length() {
        let time = "2026-03-01T10:00:00.1234567Z";
        let long = "x".repeat(5_000);
        let first = format!("a\ts\t\u{feff}{time} one\na\tt\t{time} {long}\nno columns\n");
        let second = format!("b\ts\t{time} two");
        let both = format!("{first}{second}");
        for size in [1, 7, 4096] {
            let mut columns = Columns::new(BufReader::with_capacity(size, both.as_bytes()));
            let mut told = Vec::new();
            while let Some(job) = columns.next_job().expect("memory does not fail") {
                let mut text = String::new();
                columns.read_to_string(&mut text).expect("memory does not fail");
                told.push((job, text));
            }
            assert_eq!(told, [(b"a".to_vec(), first.clone()), (b"b".to_vec(), second.clone())]);
        }
    }
}
