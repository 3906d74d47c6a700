//! What does a stored log hold?
//!
//! In: the folder of the records and the record of a log. Out: the end of the
//! log, if it is there and is what its record says, else what is wrong with it.
//! Holds that end in memory, however long the log is.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use backstory_model::{LogRefRecord, Sha256};
use sha2::{Digest as _, Sha256 as Hasher};

/// How much of the end of a log is kept.
const KEPT: usize = 4 << 20;
/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTail {
    /// Where the bytes begin in the stored log.
    pub start: u64,
    /// The bytes from there to the end.
    pub bytes: Vec<u8>,
}

/// Why a log that has a record tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogGap {
    /// Its file is not there.
    NoFile,
    /// Its file cannot be read, or holds other bytes than its record names.
    Damaged,
}

impl LogGap {
    /// Returns the reason, in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFile => "its file is not in the folder",
            Self::Damaged => "its file is damaged",
        }
    }
}

/// Reads the end of a log that lies below a folder of records.
///
/// A log that is not there, cannot be read, or holds other bytes than its record
/// names is no evidence.
pub fn read_log(folder: &Path, log: &LogRefRecord) -> Result<LogTail, LogGap> {
    let digest = log.sha256.as_str();
    let place = folder.join("logs").join(&digest[..2]).join(format!("{digest}.zst"));
    let file = File::open(place).map_err(|error| match error.kind() {
        ErrorKind::NotFound => LogGap::NoFile,
        _ => LogGap::Damaged,
    })?;
    let packed = zstd::Decoder::new(file).map_err(|_| LogGap::Damaged)?;
    // One byte more, so that a longer file does not pass for the log.
    let most = log.bytes.checked_add(1).ok_or(LogGap::Damaged)?;
    tail(packed.take(most), &log.sha256).ok_or(LogGap::Damaged)
}

fn tail(mut log: impl Read, digest: &Sha256) -> Option<LogTail> {
    let mut hasher = Hasher::new();
    let mut tail = LogTail { start: 0, bytes: Vec::new() };
    let mut piece = vec![0; PIECE];
    loop {
        let read = log.read(&mut piece).ok()?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        tail.bytes.extend_from_slice(&piece[..read]);
        if tail.bytes.len() > 2 * KEPT {
            forget(&mut tail);
        }
    }
    forget(&mut tail);
    (Sha256::from_digest(&hasher.finalize()) == *digest).then_some(tail)
}

/// Drops all but the last bytes.
fn forget(tail: &mut LogTail) {
    let surplus = tail.bytes.len().saturating_sub(KEPT);
    tail.bytes.drain(..surplus);
    tail.start += surplus as u64;
}

#[cfg(test)]
mod tests {
    use super::{Hasher, KEPT, LogTail, Sha256, tail};
    use sha2::Digest as _;

    #[test]
    fn a_long_log_is_known_by_its_end() {
        let log: Vec<u8> = (0..251).cycle().take(3 * KEPT + 17).collect();
        let digest = Sha256::from_digest(&Hasher::digest(&log));
        let LogTail { start, bytes } = tail(&log[..], &digest).unwrap();
        assert_eq!(start, (2 * KEPT + 17) as u64);
        assert_eq!(bytes, log[2 * KEPT + 17..]);
        assert_eq!(tail(&log[1..], &digest), None, "other bytes are no evidence");
    }
}
