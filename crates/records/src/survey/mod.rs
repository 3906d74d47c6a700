//! What does a records folder hold, and what is missing in it?
//!
//! In: a records folder. Out: for each kind how many records there are, in how many
//! versions and from when to when; references to records that are not there; runs
//! and jobs without what they should have; and logs that are gone or damaged. Reads
//! the folder twice and holds 16 bytes of each record.

mod absence;
mod references;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};
use std::path::Path;

use backstory_model::{LogRefRecord, Record, RecordId, Sha256};
use backstory_store::fs;
use backstory_store::lines::{Line, LineReader};
use serde::Serialize;
use sha2::{Digest as _, Sha256 as Hasher};

pub use self::absence::LogAbsence;
use self::references::{references, time_of};
use crate::folder::{log_place, record_files};
use crate::line::{canonical, record_of};
use crate::unpack::unpacked;
use crate::{LONGEST_ITEM, RecordsError};

/// How many findings are told one by one.
const MOST_FINDINGS: usize = 200;

/// What a folder holds of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// How many records, each counted once.
    pub records: u64,
    /// How many different versions of them.
    pub versions: u64,
    /// The earliest time a record speaks of.
    pub first: Option<String>,
    /// The latest.
    pub last: Option<String>,
}

/// What is wrong with a folder, or missing in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SurveyFinding {
    /// The kind of finding, e.g., `missing_log`.
    pub finding: &'static str,
    /// The record it is about, or the file and line.
    pub at: String,
    /// What exactly.
    pub detail: String,
}

/// What a records folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// The repositories its files name.
    pub repositories: BTreeSet<String>,
    /// What there is of each kind.
    pub kinds: BTreeMap<&'static str, KindCount>,
    /// How many findings there are of each kind.
    pub findings: BTreeMap<&'static str, u64>,
    /// The first findings.
    pub told: Vec<SurveyFinding>,
    /// Whether something is damaged, not only missing.
    pub damaged: bool,
}

impl Survey {
    fn find(&mut self, finding: &'static str, at: &str, detail: String) {
        *self.findings.entry(finding).or_default() += 1;
        self.damaged |= matches!(finding, "broken_line" | "missing_log" | "damaged_log");
        if self.told.len() < MOST_FINDINGS {
            self.told.push(SurveyFinding { finding, at: at.to_owned(), detail });
        }
    }
}

/// Names a record in eight bytes.
fn short(text: &[u8]) -> u64 {
    let digest = Hasher::digest(text);
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has more bytes"))
}

/// What the first pass leaves for the second.
#[derive(Default)]
struct Known {
    ids: BTreeSet<u64>,
    versions: BTreeSet<u64>,
    with_log: BTreeSet<u64>,
    with_tests: BTreeSet<u64>,
    with_jobs: BTreeSet<u64>,
}

/// Looks through a records folder.
pub fn survey(folder: &Path) -> Result<Survey, RecordsError> {
    let (mut survey, mut known) = (Survey::default(), Known::default());
    let files = record_files(folder)?;
    for (file, header) in &files {
        survey.repositories.extend(header.repo.clone());
        each_line(file, |number, line| match line {
            Ok((record, bytes)) => count(&record, &bytes, &mut survey, &mut known),
            Err(why) => {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                survey.find("broken_line", &format!("{name} line {number}"), why);
            }
        })?;
    }
    let mut seen = BTreeSet::new();
    for (file, _) in &files {
        each_line(file, |_, line| {
            let Ok((record, bytes)) = line else { return };
            if seen.insert(short(&bytes)) {
                judge(&record, folder, &known, &mut survey);
            }
        })?;
    }
    Ok(survey)
}

/// Hands out every line of a record file but the header, in canonical form.
fn each_line(
    path: &Path,
    mut take: impl FnMut(u64, Result<(Record, Vec<u8>), String>),
) -> Result<(), RecordsError> {
    let file = unpacked(fs::open(path)?).map_err(RecordsError::read(path))?;
    let mut lines = LineReader::new(BufReader::with_capacity(64 << 10, file), LONGEST_ITEM);
    let mut number = 0;
    loop {
        number += 1;
        let line = match lines.next_line() {
            Ok(Some(Line::Whole(line))) => line,
            Ok(Some(Line::TooLong)) => {
                take(number, Err(format!("longer than {} MiB", LONGEST_ITEM >> 20)));
                continue;
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                take(number, Err(format!("the file is cut: {error}")));
                return Ok(());
            }
        };
        if number == 1 || line.trim_ascii().is_empty() {
            continue;
        }
        let told = record_of(line).and_then(|record| {
            record.map(|record| canonical(line, &record).map(|bytes| (record, bytes))).transpose()
        });
        match told {
            Ok(Some(told)) => take(number, Ok(told)),
            Ok(None) => {}
            Err(why) => take(number, Err(why.to_string())),
        }
    }
}

fn count(record: &Record, line: &[u8], survey: &mut Survey, known: &mut Known) {
    let of_kind = survey.kinds.entry(record.kind()).or_default();
    of_kind.versions += u64::from(known.versions.insert(short(line)));
    of_kind.records += u64::from(known.ids.insert(short(record.id().as_str().as_bytes())));
    if let Some(time) = time_of(record) {
        if of_kind.first.as_ref().is_none_or(|first| time < first) {
            of_kind.first = Some(time.clone());
        }
        if of_kind.last.as_ref().is_none_or(|last| time > last) {
            of_kind.last = Some(time.clone());
        }
    }
    let id = |id: &RecordId| short(id.as_str().as_bytes());
    match record {
        Record::LogRef(log) => known.with_log.extend(log.job.as_ref().map(id)),
        Record::TestResult(test) => known.with_tests.extend(test.job.as_ref().map(id)),
        Record::CiJob(job) => {
            known.with_jobs.insert(id(&job.run));
            if job.log.is_some() {
                known.with_log.insert(id(&job.id));
            }
        }
        Record::Issue(_)
        | Record::Change(_)
        | Record::Review(_)
        | Record::Comment(_)
        | Record::Event(_)
        | Record::CiRun(_)
        | Record::Annotation(_) => {}
    }
}

/// Finds what a record refers to and is not there, and what it should have.
fn judge(record: &Record, folder: &Path, known: &Known, survey: &mut Survey) {
    let at = record.id().as_str();
    for (word, target) in references(record) {
        if !known.ids.contains(&short(target.as_str().as_bytes())) {
            survey.find("unknown_record", at, format!("`{word}` names `{target}`"));
        }
    }
    let id = short(at.as_bytes());
    match record {
        Record::CiRun(_) if !known.with_jobs.contains(&id) => {
            survey.find("run_without_jobs", at, "no job of it is in the records".to_owned());
        }
        Record::CiJob(job) if !known.with_log.contains(&id) => {
            let tests = if known.with_tests.contains(&id) { "its tests are" } else { "nor tests" };
            let end = job.finished_at.as_deref().unwrap_or("an unknown time");
            let why = LogAbsence::of(job);
            survey.find("job_without_log", at, format!("ended at {end}; {why}; {tests}"));
        }
        Record::LogRef(log) => judge_log(log, folder, survey),
        Record::CiRun(_)
        | Record::CiJob(_)
        | Record::Issue(_)
        | Record::Change(_)
        | Record::Review(_)
        | Record::Comment(_)
        | Record::Event(_)
        | Record::Annotation(_)
        | Record::TestResult(_) => {}
    }
}

fn judge_log(log: &LogRefRecord, folder: &Path, survey: &mut Survey) {
    let place = log_place(&folder.join("logs"), &log.sha256);
    let at = log.id.as_str();
    if !place.is_file() {
        survey.find("missing_log", at, "its file is not in the folder".to_owned());
        return;
    }
    match digest(&place) {
        Ok(found) if found == log.sha256 => {}
        Ok(found) => survey.find("damaged_log", at, format!("its digest is {found}")),
        Err(error) => survey.find("damaged_log", at, error.to_string()),
    }
}

fn digest(place: &Path) -> Result<Sha256, RecordsError> {
    let failed = |source| RecordsError::Read { path: place.to_owned(), source };
    let mut log = unpacked(fs::open(place)?).map_err(failed)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match log.read(&mut buffer).map_err(failed)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(Sha256::from_digest(&hasher.finalize()))
}
