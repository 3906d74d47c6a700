//! What is in an archive of logs or of an artifact?
//!
//! In: a zip file that nobody trusts. Out: its members, each read as if it were
//! a file named `ARCHIVE/MEMBER`. Nothing is unpacked to disk: names are only
//! names. Limits the number of members, their size, and how far they unpack.

use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use backstory_store::fs;
use zip::ZipArchive;

use super::sink::{Position, Sink};
use super::{HEAD, Input, dialect_of};
use crate::RecordsError;

/// The most members that are read.
const MOST_MEMBERS: usize = 100_000;

/// The most bytes that the members of one archive may have together.
const MOST_BYTES: u64 = 16 << 30;

/// How many times its size a member may unpack to, beyond [`FREE_BYTES`].
const MOST_RATIO: u64 = 200;

/// How much every member may unpack to.
const FREE_BYTES: u64 = 16 << 20;

/// Returns true for the start of a zip file.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Returns the name of the archive that a member lies in, without its ending.
pub(super) fn archive_of(member: &str) -> Option<&str> {
    let (archive, _) = member.split_once(".zip/")?;
    archive.rsplit('/').next().filter(|name| !name.is_empty())
}

/// Reads every member of an archive.
pub(super) fn read(name: &str, path: &Path, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
    let file = BufReader::with_capacity(HEAD, fs::open(path)?);
    let mut archive = match ZipArchive::new(file) {
        Ok(archive) => archive,
        Err(error) => {
            sink.broken(Position::Whole, format!("the archive cannot be read: {error}"));
            return Ok(());
        }
    };
    let count = archive.len();
    if count > MOST_MEMBERS {
        let why = format!("the archive has {count} members; {MOST_MEMBERS} are read");
        sink.broken(Position::Whole, why);
    }
    let mut left = MOST_BYTES;
    for at in 0..count.min(MOST_MEMBERS) {
        let mut member = match archive.by_index(at) {
            Ok(member) => member,
            Err(error) => {
                sink.broken(Position::Named(format!("{name}, member {}", at + 1)), error);
                continue;
            }
        };
        if member.is_dir() {
            continue;
        }
        let called = format!("{name}/{}", String::from_utf8_lossy(member.name_raw()));
        let room = FREE_BYTES.saturating_add(member.compressed_size().saturating_mul(MOST_RATIO));
        let limit = room.min(left);
        let mut limited = Limited { inner: &mut member, left: limit, over: false };
        read_member(&called, &mut limited, sink)?;
        if limited.over {
            sink.broken(
                Position::Named(called),
                "it unpacks to more than is read; the rest is left out",
            );
        }
        left = left.saturating_sub(limit - limited.left);
    }
    Ok(())
}

fn read_member(name: &str, member: &mut dyn Read, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
    let mut head = Vec::new();
    if let Err(error) = Read::take(&mut *member, HEAD as u64).read_to_end(&mut head) {
        sink.broken(Position::Named(name.to_owned()), error);
        return Ok(());
    }
    let Some(dialect) = dialect_of(name, &head) else {
        sink.other(if is_zip(&head) { "archive within an archive" } else { "unknown file" });
        return Ok(());
    };
    let mut reader = BufReader::with_capacity(HEAD, Cursor::new(head).chain(member));
    sink.set_member(Some(name));
    let read = dialect.read(&mut Input { name, reader: &mut reader }, sink);
    sink.set_member(None);
    read
}

/// A stream that ends where it has given enough.
struct Limited<'r> {
    inner: &'r mut dyn Read,
    left: u64,
    over: bool,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            self.over |= self.inner.read(&mut buffer[..1])? > 0;
            return Ok(0);
        }
        let read = self.inner.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}
