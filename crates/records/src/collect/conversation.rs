//! What did the forge say, now or before?
//!
//! In: questions, always in the same order for the same answers. Out: the answers:
//! from the journal as far as it reaches, then from the forge, each put into the
//! journal before it is used. So a killed collection goes on with the question it
//! was killed at, and asks none twice.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::Path;

use backstory_model::LogRefRecord;
use backstory_store::fs::NewFile;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CollectError;
use super::client::{Answer, Client};
use super::journal::{Entry, Journal};
use super::report::{Collected, Gap, Part};
use crate::{LogName, RecordFolder, RecordsError};

/// How many questions in a row a forge may fail to answer.
const FAILURES: u32 = 3;

/// The talk with one forge about one repository.
pub(crate) struct Conversation<'a> {
    client: Client<'a>,
    journal: Journal,
    folder: &'a RecordFolder,
    refused: BTreeSet<Part>,
    failed: u32,
    /// How many gaps must be asked for again.
    pub(crate) open: u64,
    /// What came of it so far.
    pub(crate) told: Collected,
}

impl<'a> Conversation<'a> {
    /// Begins a talk, or goes on with one; returns the plan it began with.
    ///
    /// The plan holds all that later questions depend on besides the answers.
    pub(crate) fn begin<P: Serialize + DeserializeOwned>(
        client: Client<'a>,
        journal: Journal,
        folder: &'a RecordFolder,
        plan: P,
    ) -> Result<(Self, P), CollectError> {
        let (refused, told) = (BTreeSet::new(), Collected::default());
        let mut talk = Self { client, journal, folder, refused, failed: 0, open: 0, told };
        let asked = "plan";
        let wrong = |source| RecordsError::Json { id: asked.to_owned(), source };
        if let Some(entry) = talk.recalled(asked)? {
            let before = serde_json::from_slice(&entry.answer.body).map_err(wrong)?;
            return Ok((talk, before));
        }
        let body = serde_json::to_vec(&plan).map_err(wrong)?;
        let answer = Answer { body, ..Answer::default() };
        talk.journal.append(&Entry { asked: asked.to_owned(), answer, log: None })?;
        Ok((talk, plan))
    }

    /// Asks for a page. Statuses that say that there is none come back as they are.
    pub(crate) fn page(&mut self, path: &str, etag: Option<&str>) -> Result<Answer, CollectError> {
        let answer = if let Some(entry) = self.recalled(path)? {
            entry.answer
        } else {
            let answer = self.client.page(path, etag)?;
            self.spare(path, &answer)?;
            self.keep(path, answer, None)?.answer
        };
        if self.told.asked_at.is_none() {
            self.told.asked_at.clone_from(&answer.date);
        }
        self.told.unchanged += u64::from(answer.status == 304);
        Ok(answer)
    }

    /// Asks for a log; its bytes go to the records folder.
    pub(crate) fn log(
        &mut self,
        path: &str,
        named: &LogName,
    ) -> Result<(Answer, Option<LogRefRecord>), CollectError> {
        let entry = if let Some(entry) = self.recalled(path)? {
            entry
        } else {
            let folder = self.folder;
            let take = |bytes: &mut dyn Read| Ok(folder.store_log(bytes, named)?);
            let (answer, mut log) = self.client.file(path, take)?;
            self.spare(path, &answer)?;
            if let Some(log) = &mut log {
                log.observed_at.clone_from(&answer.date);
            }
            self.keep(path, answer, log)?
        };
        if let Some(log) = &entry.log {
            self.told.logs += 1;
            self.told.bytes += log.bytes;
        }
        Ok((entry.answer, entry.log))
    }

    /// Asks for a file, which is put in this place.
    pub(crate) fn file(&mut self, path: &str, place: &Path) -> Result<Answer, CollectError> {
        if let Some(entry) = self.recalled(path)? {
            return Ok(entry.answer);
        }
        let take = |bytes: &mut dyn Read| {
            let mut file = NewFile::create(place)?;
            io::copy(bytes, &mut file).map_err(RecordsError::write(place))?;
            Ok(file.commit()?)
        };
        let (answer, _) = self.client.file(path, take)?;
        self.spare(path, &answer)?;
        Ok(self.keep(path, answer, None)?.answer)
    }

    /// Ends the collection when the forge fails again and again; it will go on here.
    fn spare(&mut self, path: &str, answer: &Answer) -> Result<(), CollectError> {
        let failed = answer.status >= 500;
        self.failed = if failed { self.failed + 1 } else { 0 };
        if self.failed > FAILURES {
            let url = self.client.address(path);
            return Err(CollectError::Status { url, status: answer.status });
        }
        Ok(())
    }

    /// Returns true where the right for a part is known to be missing.
    pub(crate) fn is_refused(&self, part: Part) -> bool {
        self.refused.contains(&part)
    }

    /// Notes what is missing, as the status of its answer says. Returns true when
    /// the next collection should ask again.
    pub(crate) fn missing(&mut self, part: Part, path: &str, answer: &Answer) -> bool {
        let gap = match answer.status {
            410 => Gap::Expired(part),
            404 if matches!(part, Part::Logs | Part::Artifacts) => Gap::Expired(part),
            403 => {
                self.refused.insert(part);
                Gap::Refused(part)
            }
            500.. => Gap::Failed(part),
            _ => Gap::Absent(part),
        };
        self.gap(gap, path, None)
    }

    /// Notes what is missing. Returns true when the next collection should ask again.
    pub(crate) fn gap(&mut self, gap: Gap, path: &str, why: Option<String>) -> bool {
        let open = gap.is_open();
        self.open += u64::from(open);
        let missing = self.told.gaps.entry(gap).or_default();
        if missing.count == 0 {
            path.clone_into(&mut missing.first);
            missing.why = why;
        }
        missing.count += 1;
        open
    }

    /// Ends the talk; returns the account and the journal.
    pub(crate) fn end(mut self) -> (Collected, Journal) {
        self.told.requests = self.client.requests;
        (self.told, self.journal)
    }

    fn keep(
        &mut self,
        path: &str,
        answer: Answer,
        log: Option<LogRefRecord>,
    ) -> Result<Entry, CollectError> {
        let entry = Entry { asked: path.to_owned(), answer, log };
        self.journal.append(&entry)?;
        Ok(entry)
    }

    fn recalled(&mut self, asked: &str) -> Result<Option<Entry>, CollectError> {
        let Some(entry) = self.journal.next_entry()? else { return Ok(None) };
        if entry.asked != asked {
            return Err(CollectError::Journal {
                path: self.journal.path().to_owned(),
                found: entry.asked,
                asked: asked.to_owned(),
            });
        }
        self.told.resumed += u64::from(asked != "plan");
        Ok(Some(entry))
    }
}
