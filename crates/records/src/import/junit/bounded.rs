//! How much may a reader take in before it must have found something?
//!
//! In: a stream. Out: the same bytes, until a piece is over the limit; then an
//! error, so that no piece of foreign XML fills the memory.

use std::io::{self, BufRead, Read};

/// A stream that is cut where a piece is too long.
pub(super) struct Bounded<R> {
    inner: R,
    limit: usize,
    left: usize,
}

impl<R: BufRead> Bounded<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self { inner, limit, left: limit }
    }

    /// Begins another piece.
    pub(super) fn begin(&mut self) {
        self.left = self.limit;
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let why = format!("a piece is longer than {} MiB", self.limit >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let available = self.inner.fill_buf()?;
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount;
        self.inner.consume(amount);
    }
}
