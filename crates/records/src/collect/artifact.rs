//! Which test reports lie in the files that a run left behind?
//!
//! In: artifacts of runs. Out: the records that the importers read from them. A
//! file that no importer knows stays where it was put, beside the journals.

use std::path::{Path, PathBuf};

use backstory_model::{RecordId, RepoName};
use backstory_store::fs;
use serde::Deserialize;

use super::CollectError;
use super::list::Gathering;
use super::report::{Gap, Part};
use crate::{ImportOptions, RecordFolder, StoredFile, import};

/// No test report is larger.
const LARGEST: u64 = 256 << 20;

/// Words in the names of artifacts that may be test reports.
const REPORT_WORDS: [&str; 9] =
    ["junit", "test", "report", "result", "surefire", "nextest", "pytest", "jest", "xml"];

/// An artifact, as the forge lists it.
#[derive(Default, Deserialize)]
pub(crate) struct Artifact {
    /// Its number.
    #[serde(default)]
    pub(crate) id: Option<u64>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    size_in_bytes: u64,
    #[serde(default)]
    expired: bool,
}

impl Artifact {
    /// Returns true where the name and the size are those of a test report.
    pub(crate) fn may_be_a_report(&self) -> bool {
        let name = self.name.to_lowercase();
        self.size_in_bytes <= LARGEST && REPORT_WORDS.iter().any(|word| name.contains(word))
    }
}

/// What a report is about.
pub(crate) struct About {
    /// The repository.
    pub(crate) repo: RepoName,
    /// The commit.
    pub(crate) commit: Option<String>,
    /// The job, where only one can have written it.
    pub(crate) job: Option<RecordId>,
}

/// An artifact that lies in the folder.
pub(crate) struct Fetched {
    place: PathBuf,
    options: ImportOptions,
}

/// Fetches one artifact, unless the limit on bytes is reached; true when it must be asked for again.
pub(crate) fn take(
    gathering: &mut Gathering<'_>,
    full: bool,
    artifact: &Artifact,
    path: &str,
    about: About,
) -> Result<bool, CollectError> {
    let talk = &mut gathering.talk;
    if artifact.expired {
        return Ok(talk.gap(Gap::Expired(Part::Artifacts), path, None));
    }
    if talk.is_refused(Part::Artifacts) {
        return Ok(talk.gap(Gap::Refused(Part::Artifacts), path, None));
    }
    if full {
        return Ok(talk.gap(Gap::OverLimit(Part::Artifacts), path, None));
    }
    fs::create_dirs(&gathering.artifacts)?;
    let name = format!("{}.zip", artifact.id.unwrap_or_default());
    let place = gathering.artifacts.join(name);
    let answer = talk.file(path, &place)?;
    if answer.status != 200 {
        return Ok(talk.missing(Part::Artifacts, path, &answer));
    }
    talk.told.bytes += artifact.size_in_bytes;
    let About { repo, commit, job } = about;
    let options = ImportOptions { repo: Some(repo), observed_at: answer.date, commit, job };
    gathering.fetched.push(Fetched { place, options });
    Ok(false)
}

/// Imports what was fetched; files that were read are removed by [`forget`].
pub(crate) fn import_all(
    fetched: &[Fetched],
    folder: &RecordFolder,
) -> Result<(Vec<StoredFile>, Vec<PathBuf>), CollectError> {
    let (mut files, mut read) = (Vec::new(), Vec::new());
    for Fetched { place, options } in fetched {
        let imported = import(std::slice::from_ref(place), folder, options)?;
        if imported.sources.iter().all(|source| source.dialect.is_some()) {
            read.push(place.clone());
        }
        files.extend(imported.files);
    }
    Ok((files, read))
}

/// Removes files that were read.
pub(crate) fn forget(read: &[PathBuf], folder: &Path) -> Result<(), CollectError> {
    for place in read {
        fs::remove_file(place)?;
    }
    if folder.exists() && fs::entries(folder)?.is_empty() {
        fs::remove_dirs(folder)?;
    }
    Ok(())
}
