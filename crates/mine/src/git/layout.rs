//! Where do the parts of a git repository lie?
//!
//! In: the path of a work tree, a bare repository or a linked work tree. Out:
//! its git directory and the directory shared by its work trees. Reads the
//! `.git`, `commondir` and `shallow` files, and `config` as text that is looked at
//! for three facts and otherwise ignored.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use backstory_model::CommitId;
use backstory_store::fs;

use crate::MineError;

/// The directories of one repository.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What was given.
    pub(crate) path: PathBuf,
    /// Holds `HEAD`.
    pub(crate) git_directory: PathBuf,
    /// Holds `objects`, `refs`, `packed-refs` and `config`; mostly the same.
    pub(crate) common_directory: PathBuf,
}

impl Layout {
    /// Finds the directories; `path` itself must be the repository or its work tree.
    pub(crate) fn find(path: &Path) -> Result<Self, MineError> {
        if path.is_dir() {
            // A directory that may not be read is told from one without git.
            fs::entries(path)?;
        }
        let inner = path.join(".git");
        let git_directory = if inner.is_dir() {
            inner
        } else if inner.is_file() {
            pointed_at(&inner, "gitdir:")?
        } else {
            path.to_owned()
        };
        let pointer = git_directory.join("commondir");
        let common_directory =
            if pointer.is_file() { pointed_at(&pointer, "")? } else { git_directory.clone() };
        // A symbolic `HEAD` may point at nothing on disk, so it is not followed.
        let has_head = git_directory.join("HEAD").symlink_metadata().is_ok();
        if has_head && common_directory.join("objects").is_dir() {
            Ok(Self { path: path.to_owned(), git_directory, common_directory })
        } else {
            Err(MineError::NotARepository { path: path.to_owned() })
        }
    }

    /// Returns where objects lie.
    pub(crate) fn objects(&self) -> PathBuf {
        self.common_directory.join("objects")
    }

    /// Reads which commits a shallow clone cut off from their parents.
    pub(crate) fn shallow_boundary(&self) -> Result<BTreeSet<CommitId>, MineError> {
        let path = self.common_directory.join("shallow");
        if !path.is_file() {
            return Ok(BTreeSet::new());
        }
        let text = fs::read_file(&path)?;
        let lines = String::from_utf8_lossy(&text);
        Ok(lines.lines().filter_map(|line| CommitId::new(line.trim()).ok()).collect())
    }

    /// Lists the packs that a partial clone fetched: each has a `.promisor` file.
    pub(crate) fn promisor_packs(&self) -> Result<BTreeSet<String>, MineError> {
        let packs = self.objects().join("pack");
        if !packs.is_dir() {
            return Ok(BTreeSet::new());
        }
        let files = fs::entries(&packs)?;
        let marks = files.iter().filter(|file| file.extension().is_some_and(|e| e == "promisor"));
        let names = marks.filter_map(|file| file.file_stem());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// Reads the repository's configuration; empty when there is none.
    pub(crate) fn configuration(&self) -> Result<Configuration, MineError> {
        let path = self.common_directory.join("config");
        if !path.is_file() {
            return Ok(Configuration::default());
        }
        Ok(Configuration::read(&String::from_utf8_lossy(&fs::read_file(&path)?)))
    }
}

fn pointed_at(pointer: &Path, prefix: &str) -> Result<PathBuf, MineError> {
    let text = fs::read_file(pointer)?;
    let text = String::from_utf8_lossy(&text);
    let Some(target) = text.strip_prefix(prefix) else {
        return Err(MineError::unreadable(pointer, format!("it does not start with `{prefix}`")));
    };
    let from = pointer.parent().unwrap_or(Path::new(""));
    Ok(from.join(target.trim()))
}

/// What a repository's own configuration states, as data; nothing in it is obeyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// `remote.origin.url`.
    pub(crate) origin: Option<String>,
    /// `extensions.objectFormat`.
    pub(crate) object_format: Option<String>,
    /// `extensions.refStorage`.
    pub(crate) ref_storage: Option<String>,
}

impl Configuration {
    /// Reads the three facts; a text git could not read states none of them.
    fn read(text: &str) -> Self {
        let Ok(file) = gix::config::File::from_str(text) else { return Self::default() };
        let value = |key: &str| file.string(key).map(|value| value.to_string());
        Self {
            origin: value("remote.origin.url"),
            object_format: value("extensions.objectFormat"),
            ref_storage: value("extensions.refStorage"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Configuration;

    #[test]
    fn includes_are_not_followed_and_broken_text_states_nothing() {
        let text = "[include]\n\tpath = /etc/passwd\n[remote \"origin\"]\n\turl = git@h:a/b\n";
        assert_eq!(Configuration::read(text).origin.as_deref(), Some("git@h:a/b"));
        assert_eq!(Configuration::read("[remote \"origin\n"), Configuration::default());
    }
}
