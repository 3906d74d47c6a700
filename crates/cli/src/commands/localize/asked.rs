//! What was asked, and of which commit?

use std::io::Read as _;
use std::path::{Path, PathBuf};

use backstory_learn::localize::test::{added, committed, test_of};
use backstory_mine::{GitRepository, MineError};
use backstory_model::{CommitId, RepoPath, TestText};
use backstory_store::fs;

use crate::Failure;
use crate::build::open_repository;

/// A repository and the commit that is asked about.
pub(super) struct Place {
    pub(super) repository: GitRepository,
    pub(super) commit: CommitId,
    /// The commit was named, so what lies in the work tree may be of another one.
    is_named: bool,
}

impl Place {
    /// Opens `PATH` or `PATH@REVISION`; a path that is there is never cut.
    pub(super) fn open(typed: &Path) -> Result<Self, Failure> {
        let text = typed.to_string_lossy();
        let (path, revision) = match text.rsplit_once('@') {
            Some((path, revision)) if !typed.exists() && !path.is_empty() => {
                (Path::new(path), Some(revision))
            }
            _ => (typed, None),
        };
        let repository = open_repository(path)?;
        let commit = repository.resolve(revision).map_err(|error| {
            let hint = "write the commit, branch or tag behind an `@`, e.g., `~/src/click@8.1.0`";
            match error {
                MineError::UnknownRevision { .. } => Failure::from(error).hint(hint),
                error => error.into(),
            }
        })?;
        Ok(Self { repository, commit, is_named: revision.is_some() })
    }

    /// Finds a file on disk: as typed, else below the work tree.
    fn on_disk(&self, typed: &str) -> Option<PathBuf> {
        let places = [PathBuf::from(typed), self.repository.path().join(typed)];
        places.into_iter().find(|place| place.is_file())
    }

    /// Returns what a file is called in the repository.
    fn name_of(&self, typed: &str, on_disk: Option<&Path>) -> RepoPath {
        let root = self.repository.path().canonicalize().ok();
        let real = on_disk.and_then(|file| file.canonicalize().ok());
        let inside = root.zip(real).and_then(|(root, real)| {
            real.strip_prefix(root).ok().map(|inside| inside.to_string_lossy().into_owned())
        });
        let typed = typed.trim_start_matches("./");
        let is_outside = typed.starts_with('/') || typed.starts_with("../");
        let name = if is_outside { typed.rsplit('/').next().unwrap_or(typed) } else { typed };
        RepoPath::from(inside.as_deref().unwrap_or(name))
    }
}

/// Reads the issue.
pub(super) fn issue(file: &Path) -> Result<String, Failure> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::of(error, "failed to read the issue from stdin"))?;
        bytes
    } else {
        fs::read_file(file)?
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if text.trim().is_empty() {
        return Err(Failure::new(format!("the issue `{}` is empty", file.display()))
            .hint("write the title in the first line and the rest below"));
    }
    Ok(text.trim_start().to_owned())
}

/// Reads a failing test, `FILE` or `FILE::TEST`.
pub(super) fn failing_test(place: &Place, typed: &str) -> Result<TestText, Failure> {
    let (file, test) = match typed.split_once("::") {
        Some((file, test)) => (file, Some(test)),
        None => (typed, None),
    };
    let disk = place.on_disk(file);
    let path = place.name_of(file, disk.as_deref());
    let new = match &disk {
        Some(disk) => Some(String::from_utf8_lossy(&fs::read_file(disk)?).into_owned()),
        None => None,
    };
    let old = committed(&place.repository, &place.commit, &path)
        .map_err(|error| Failure::of(error, &format!("failed to read the test `{path}`")))?;
    if old.is_none() && new.is_none() {
        let sentence =
            format!("there is no test file `{file}`, neither at `{}` nor on disk", place.commit);
        return Err(Failure::new(sentence)
            .hint("give a path inside the repository, or a file with the new test"));
    }
    let text = match test {
        Some(test) => {
            let versions = if place.is_named { [&old, &new] } else { [&new, &old] };
            let mut found = versions.into_iter().flatten().map(|text| test_of(&path, text, test));
            found.find_map(|text| text).ok_or_else(|| {
                Failure::new(format!("`{path}` holds no test `{test}`"))
                    .hint("leave `::` and the name out to take the whole file")
            })?
        }
        None => whole(place.is_named, old, new),
    };
    if text.trim().is_empty() {
        return Err(Failure::new(format!("the failing test `{typed}` is empty")));
    }
    Ok(TestText { added: text, paths: vec![path] })
}

/// Returns the text that counts of a file with a committed and a later version.
fn whole(is_named: bool, old: Option<String>, new: Option<String>) -> String {
    match (old, new) {
        (Some(old), Some(new)) if !is_named => {
            let added = added(&old, &new);
            if added.trim().is_empty() { old } else { added }
        }
        (Some(old), _) => old,
        (None, new) => new.unwrap_or_default(),
    }
}
