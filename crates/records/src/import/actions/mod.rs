//! What did a job of GitHub Actions print?
//!
//! In: the log of a job, what `gh run view --log` prints of a run, or a file of
//! the archive of a run. Out: each log as it is, and its record. A log names no
//! run; the job is the one the user named, or one that is made for the commit.

mod columns;

use std::io;

use backstory_model::RecordId;
use backstory_syntax::log::lines;

use self::columns::Columns;
use super::home::home;
use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::{LogName, RecordsError};

/// How many lines at the start of a file are looked at.
const FIRST_LINES: usize = 3;

/// Logs of GitHub Actions.
pub(super) struct ActionsLog;

impl Dialect for ActionsLog {
    fn name(&self) -> &'static str {
        "GitHub Actions log"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        lines(head).take(FIRST_LINES).any(|line| line.time.is_some())
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let head = input.reader.fill_buf().unwrap_or_default();
        if lines(head).take(FIRST_LINES).any(|line| line.job.is_some()) {
            return each_job(input, sink);
        }
        let (job, step) = match archived(input.name) {
            Some(archived) => (Some(archived.job.to_owned()), archived.step),
            None => (None, None),
        };
        let name = input.name.to_owned();
        store(&mut *input.reader, job.as_deref(), step, name, sink)
    }
}

/// Stores the log of every job of a run.
fn each_job(input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
    let mut columns = Columns::new(&mut *input.reader);
    loop {
        match columns.next_job() {
            Ok(Some(job)) => {
                let job = String::from_utf8_lossy(&job).into_owned();
                store(&mut columns, Some(&job), None, job.clone(), sink)?;
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                sink.broken(Position::Whole, format!("the file is cut: {error}"));
                return Ok(());
            }
        }
    }
}

fn store(
    log: &mut dyn io::Read,
    job: Option<&str>,
    step: Option<u64>,
    name: String,
    sink: &mut Sink<'_>,
) -> Result<(), RecordsError> {
    let job: Option<RecordId> = home(sink, job)?;
    let observed_at = sink.options().observed_at.clone();
    let named = LogName { job, step, name: Some(name.clone()), complete: false, observed_at };
    let mut log = Told { inner: log, broken: None };
    let stored = sink.log(&mut log, &named, if step.is_some() { ends } else { is_whole })?;
    if let Some(error) = log.broken {
        sink.broken(Position::Byte(stored.bytes), format!("the log is cut here: {error}"));
    }
    if stored.bytes == 0 {
        sink.broken(Position::Named(name), "the log is empty");
    }
    Ok(())
}

/// A log whose end is where it cannot be read on.
struct Told<'r> {
    inner: &'r mut dyn io::Read,
    broken: Option<io::Error>,
}

impl io::Read for Told<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.broken = Some(error);
                Ok(0)
            }
            read => read,
        }
    }
}

/// The last lines of a job on GitHub's runners; a log without them may be cut.
fn is_whole(tail: &[u8]) -> bool {
    memchr::memmem::find(tail, b"Cleaning up orphan processes").is_some()
}

fn ends(tail: &[u8]) -> bool {
    tail.ends_with(b"\n")
}

/// What the name of a file in the archive of a run says.
struct Archived<'n> {
    job: &'n str,
    step: Option<u64>,
}

/// Reads `3_build.txt` and `build/2_Run tests.txt`.
fn archived(name: &str) -> Option<Archived<'_>> {
    let (folder, file) = match name.rsplit_once('/') {
        Some((folder, file)) => (Some(folder), file),
        None => (None, name),
    };
    let (number, rest) = file.strip_suffix(".txt")?.split_once('_')?;
    let number: u64 = number.parse().ok()?;
    let folder = folder.map(|folder| folder.rsplit('/').next().unwrap_or(folder));
    let is_archive = |folder: &&str| {
        std::path::Path::new(folder).extension().is_some_and(|ending| ending == "zip")
    };
    Some(match folder.filter(|folder| !is_archive(folder)) {
        Some(job) => Archived { job, step: Some(number) },
        None => Archived { job: rest, step: None },
    })
}
