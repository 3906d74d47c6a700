//! How are the secrets of a stream replaced that does not fit in memory?
//!
//! In: any reader. Out: its bytes without secrets. Holds a quarter of a MiB; a
//! secret that lies across the edges of reads is found all the same.

use std::io::{self, Read};

use super::{BEFORE, LONGEST, Redactor};

const PIECE: usize = 128 << 10;

/// Reads on without secrets.
pub struct RedactingReader<'r, R> {
    redactor: &'r Redactor,
    reader: R,
    /// Context, then what is not redacted yet.
    text: Vec<u8>,
    done: usize,
    out: Vec<u8>,
    given: usize,
    ended: bool,
    count: u64,
    piece: usize,
}

impl<'r, R: Read> RedactingReader<'r, R> {
    /// Wraps a reader.
    pub fn new(redactor: &'r Redactor, reader: R) -> Self {
        Self::with_pieces(redactor, reader, PIECE)
    }

    pub(super) fn with_pieces(redactor: &'r Redactor, reader: R, piece: usize) -> Self {
        let (text, out) = (Vec::new(), Vec::new());
        Self { redactor, reader, text, done: 0, out, given: 0, ended: false, count: 0, piece }
    }

    /// Returns how many secrets were replaced so far.
    pub fn redactions(&self) -> u64 {
        self.count
    }

    /// Reads one more piece and redacts what can be judged.
    fn advance(&mut self) -> io::Result<()> {
        let wanted = (self.piece + LONGEST) as u64;
        let read = self.reader.by_ref().take(wanted).read_to_end(&mut self.text)?;
        self.ended = (read as u64) < wanted;
        self.out.clear();
        self.given = 0;
        let (done, count) = self.redactor.pass(&self.text, self.done, self.ended, &mut self.out);
        self.count += count;
        if self.ended {
            self.out.extend_from_slice(&self.text[done..]);
            self.text.clear();
            self.done = 0;
            return Ok(());
        }
        let kept = done.saturating_sub(BEFORE);
        self.text.drain(..kept);
        self.done = done - kept;
        Ok(())
    }
}

impl<R: Read> Read for RedactingReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.out.len() {
            if self.ended {
                return Ok(0);
            }
            self.advance()?;
        }
        let ready = &self.out[self.given..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.given += count;
        Ok(count)
    }
}
