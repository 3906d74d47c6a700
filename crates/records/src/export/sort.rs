//! How are more lines put in order than fit in memory?
//!
//! In: keyed lines in any order. Out: the same lines by key, repeated ones once.
//! Holds at most [`HELD`] bytes of lines, and one line of every sorted piece while
//! pieces are merged; a piece lies in an unnamed file of the given folder.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::path::{Path, PathBuf};

/// How many bytes of lines are held in memory.
const HELD: usize = 32 << 20;

/// How many pieces lie open at a time.
const MOST_PIECES: usize = 64;

/// One line with what it is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Keyed {
    pub(super) key: Vec<u8>,
    pub(super) line: Vec<u8>,
}

/// Puts lines in order.
pub(super) struct Sorter {
    folder: PathBuf,
    held: Vec<Keyed>,
    bytes: usize,
    most_held: usize,
    pieces: Vec<File>,
    repeated: u64,
}

impl Sorter {
    /// Sorts with pieces in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self::holding(folder, HELD)
    }

    fn holding(folder: &Path, most_held: usize) -> Self {
        let (held, pieces) = (Vec::new(), Vec::new());
        Self { folder: folder.to_owned(), held, bytes: 0, most_held, pieces, repeated: 0 }
    }

    /// Takes one line.
    pub(super) fn push(&mut self, keyed: Keyed) -> io::Result<()> {
        self.bytes += keyed.key.len() + keyed.line.len() + size_of::<Keyed>();
        self.held.push(keyed);
        if self.bytes > self.most_held { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let held = self.sorted_held();
        let piece = written(&self.folder, |out| held.iter().try_for_each(|one| put(one, out)))?;
        self.pieces.push(piece);
        if self.pieces.len() >= MOST_PIECES {
            let pieces = std::mem::take(&mut self.pieces);
            let repeated = &mut self.repeated;
            let merged = written(&self.folder, |out| {
                *repeated += merge(pieces, Vec::new(), |one| put(one, out))?;
                Ok(())
            })?;
            self.pieces.push(merged);
        }
        Ok(())
    }

    fn sorted_held(&mut self) -> Vec<Keyed> {
        let mut held = std::mem::take(&mut self.held);
        self.bytes = 0;
        held.sort_unstable();
        let before = held.len();
        held.dedup();
        self.repeated += (before - held.len()) as u64;
        held
    }

    /// Hands out every line once, in order; returns how many were there already.
    pub(super) fn finish(mut self, take: impl FnMut(&Keyed) -> io::Result<()>) -> io::Result<u64> {
        let held = self.sorted_held();
        let repeated = merge(self.pieces, held, take)?;
        Ok(self.repeated + repeated)
    }
}

/// Writes a piece to an unnamed file and turns back to its start.
fn written(
    folder: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<File> {
    let mut out = BufWriter::new(tempfile::tempfile_in(folder)?);
    write(&mut out)?;
    let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok(file)
}

fn put(keyed: &Keyed, out: &mut dyn Write) -> io::Result<()> {
    for part in [&keyed.key, &keyed.line] {
        out.write_all(&(part.len() as u64).to_le_bytes())?;
        out.write_all(part)?;
    }
    Ok(())
}

/// Lines in order: of a piece on disk, or held in memory.
enum Ordered {
    Piece(BufReader<File>),
    Held(std::vec::IntoIter<Keyed>),
}

impl Ordered {
    fn next(&mut self) -> io::Result<Option<Keyed>> {
        match self {
            Self::Held(lines) => Ok(lines.next()),
            Self::Piece(reader) => {
                let Some(key) = part(reader)? else { return Ok(None) };
                let line = part(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
                Ok(Some(Keyed { key, line }))
            }
        }
    }
}

fn part(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match reader.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = Vec::new();
    reader.take(u64::from_le_bytes(length)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Hands out the lines of all pieces in order, repeated ones once; returns how many were.
fn merge(
    pieces: Vec<File>,
    held: Vec<Keyed>,
    mut take: impl FnMut(&Keyed) -> io::Result<()>,
) -> io::Result<u64> {
    let mut sources: Vec<Ordered> =
        pieces.into_iter().map(|piece| Ordered::Piece(BufReader::new(piece))).collect();
    sources.push(Ordered::Held(held.into_iter()));
    let mut heads = BinaryHeap::new();
    for (index, source) in sources.iter_mut().enumerate() {
        heads.extend(source.next()?.map(|keyed| Reverse((keyed, index))));
    }
    let (mut last, mut repeated): (Option<Keyed>, u64) = (None, 0);
    while let Some(mut head) = heads.peek_mut() {
        let index = head.0.1;
        let keyed = match sources[index].next()? {
            Some(next) => std::mem::replace(&mut head.0.0, next),
            None => PeekMut::pop(head).0.0,
        };
        if last.as_ref() == Some(&keyed) {
            repeated += 1;
            continue;
        }
        take(&keyed)?;
        last = Some(keyed);
    }
    Ok(repeated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Keyed, Sorter};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_on_disk_change_nothing(lines: Vec<(u8, u8)>, most_held in 0_usize..2_000) {
            let folder = tempfile::tempdir().expect("a folder");
            let mut sorter = Sorter::holding(folder.path(), most_held);
            let keyed = |(key, line): &(u8, u8)| Keyed { key: vec![*key], line: vec![*line; 3] };
            for line in &lines {
                sorter.push(keyed(line)).expect("room on the disk");
            }
            let mut found = Vec::new();
            let repeated = sorter.finish(|one| { found.push(one.clone()); Ok(()) });
            let mut wanted: Vec<Keyed> = lines.iter().map(keyed).collect();
            wanted.sort();
            wanted.dedup();
            prop_assert_eq!(repeated.expect("room"), (lines.len() - wanted.len()) as u64);
            prop_assert_eq!(found, wanted);
        }
    }
}
