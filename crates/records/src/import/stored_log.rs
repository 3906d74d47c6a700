//! What do the logs of another records folder hold?
//!
//! In: a file that lies at `AB/SHA256.zst`, as logs lie in a records folder. Out: the
//! same log in this folder; its record stands in a record file. A log whose bytes
//! do not have the digest it is named by is damaged, and said to be.

use backstory_model::Sha256;

use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::RecordsError;

/// Logs of a records folder.
pub(super) struct StoredLog;

/// Returns the digest a path names, if a stored log lies there.
fn named(path: &str) -> Option<Sha256> {
    let (folder, name) = path.rsplit_once('/')?;
    let digest = name.strip_suffix(".zst")?;
    let below = folder.rsplit('/').next()?;
    let digest = Sha256::new(digest).ok()?;
    digest.as_str().starts_with(below).then_some(digest).filter(|_| below.len() == 2)
}

impl Dialect for StoredLog {
    fn name(&self) -> &'static str {
        "backstory log"
    }

    fn recognizes(&self, name: &str, _: &[u8]) -> bool {
        named(name).is_some()
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let Some(digest) = named(input.name) else { return Ok(()) };
        let found = sink.stored_log(input.reader)?;
        if found != digest {
            sink.broken(Position::Whole, format!("the log is damaged: its digest is {found}"));
        }
        Ok(())
    }
}
