//! What was asked?

use std::io::Read as _;
use std::path::{Path, PathBuf};

use backstory_learn::localize::test::{added, committed, test_of};
use backstory_model::{RepoPath, TestText};
use backstory_store::fs;

use crate::Failure;
use crate::build::Place;

/// Finds a file on disk: as typed, else below the work tree.
fn on_disk(place: &Place, typed: &str) -> Option<PathBuf> {
    let places = [PathBuf::from(typed), place.repository.path().join(typed)];
    places.into_iter().find(|place| place.is_file())
}

/// Returns what a file is called in the repository.
fn name_of(place: &Place, typed: &str, on_disk: Option<&Path>) -> RepoPath {
    let root = place.repository.path().canonicalize().ok();
    let real = on_disk.and_then(|file| file.canonicalize().ok());
    let inside = root.zip(real).and_then(|(root, real)| {
        real.strip_prefix(root).ok().map(|inside| inside.to_string_lossy().into_owned())
    });
    let typed = typed.trim_start_matches("./");
    let is_outside = typed.starts_with('/') || typed.starts_with("../");
    let name = if is_outside { typed.rsplit('/').next().unwrap_or(typed) } else { typed };
    RepoPath::from(inside.as_deref().unwrap_or(name))
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
    let disk = on_disk(place, file);
    let path = name_of(place, file, disk.as_deref());
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
