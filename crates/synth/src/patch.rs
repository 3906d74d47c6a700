//! What are the gold patch and the test patch of a unit, and what do they make
//! of the base?
//!
//! In: base tree and head tree. Out: two unified diffs without renames, split
//! file by file and, where tests stand inside source files, hunk by hunk; what
//! is not text is named and not shown. And both sides as files.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    BlobId, FileMode, RepoPath, Repository, RepositoryError, TreeChange, TreeId,
};
use backstory_syntax::diff::{self, FileChange, Hunk, Side};

use crate::reconstruct::ParseFile;
use crate::share::{self, Share};
use crate::text::{Text, TextCache};

/// The two sides of a unit as unified diffs against the base.
#[derive(Clone, Debug, Default)]
pub struct Patches {
    /// Everything but tests.
    pub gold: Vec<u8>,
    /// Tests.
    pub test: Vec<u8>,
}

/// Files as one side of a unit leaves them: mode and bytes, or `None` where the
/// file is gone. The bytes of a submodule are the id of its commit.
pub type ChangedFiles = BTreeMap<RepoPath, Option<(FileMode, Arc<[u8]>)>>;

/// The two sides of a unit as changed files of the base.
///
/// A file with hunks on both sides is in both, each time with the hunks of that
/// side alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// The base with the gold patch, where it differs from the base.
    pub gold: ChangedFiles,
    /// The base with the test patch, where it differs from the base.
    pub test: ChangedFiles,
}

/// The objects of a unit and how its files are read.
#[derive(Clone, Copy)]
pub struct UnitFiles<'a> {
    /// The objects.
    pub repo: &'a dyn Repository,
    /// The texts read so far.
    pub texts: &'a TextCache,
    /// Parses a file by path, blob id and bytes.
    pub parse: ParseFile<'a>,
}

/// Writes the patches from base to head.
pub fn patches(
    files: UnitFiles<'_>,
    base: &TreeId,
    head: &TreeId,
) -> Result<Patches, RepositoryError> {
    let mut patches = Patches::default();
    for change in files.repo.changes(base, head)? {
        let (before, before_shown) = files.shown(change.before.as_ref())?;
        let (after, after_shown) = files.shown(change.after.as_ref())?;
        let file = FileChange {
            path: &change.path,
            before: side(change.before.as_ref(), &before),
            after: side(change.after.as_ref(), &after),
        };
        let whole = || {
            if before_shown && after_shown {
                diff::unified(&file)
            } else {
                diff::binary_stub(&file)
            }
        };
        match files.share(&change)? {
            Share::Gold => patches.gold.extend(whole()),
            Share::Test => patches.test.extend(whole()),
            Share::Both { hunks } => {
                let part =
                    |test| diff::unified_part(&change.path, &before, &after, &chosen(&hunks, test));
                patches.gold.extend(part(false));
                patches.test.extend(part(true));
            }
        }
    }
    Ok(patches)
}

/// Returns what each patch alone makes of the base.
///
/// Fails where the repository does not hold a blob.
pub fn sides(files: UnitFiles<'_>, base: &TreeId, head: &TreeId) -> Result<Sides, RepositoryError> {
    let mut sides = Sides::default();
    for change in files.repo.changes(base, head)? {
        let after = change.after.as_ref().map(|entry| files.bytes(entry)).transpose()?;
        match files.share(&change)? {
            Share::Gold => {
                sides.gold.insert(change.path, after);
            }
            Share::Test => {
                sides.test.insert(change.path, after);
            }
            Share::Both { hunks } => {
                let before = change.before.as_ref().map(|entry| files.bytes(entry)).transpose()?;
                let (Some((_, old)), Some((mode, new))) = (before, after) else { continue };
                let part = |test| Arc::from(diff::apply_part(&old, &new, &chosen(&hunks, test)));
                sides.gold.insert(change.path.clone(), Some((mode, part(false))));
                sides.test.insert(change.path, Some((mode, part(true))));
            }
        }
    }
    Ok(sides)
}

fn chosen(hunks: &[(Hunk, bool)], test: bool) -> Vec<Hunk> {
    hunks.iter().filter(|(_, of_test)| *of_test == test).map(|(hunk, _)| hunk.clone()).collect()
}

type Entry = (FileMode, BlobId);

fn side<'a>(entry: Option<&'a Entry>, content: &'a [u8]) -> Option<Side<'a>> {
    entry.map(|(mode, id)| Side { mode: *mode, id, content })
}

impl UnitFiles<'_> {
    fn share(&self, change: &TreeChange) -> Result<Share, RepositoryError> {
        let (Some((old_mode, old)), Some((mode, new))) = (&change.before, &change.after) else {
            return Ok(share::by_role(&change.path));
        };
        if old_mode != mode || !mode.is_file() {
            return Ok(share::by_role(&change.path));
        }
        let before = self.texts.text(self.repo, *mode, old)?;
        let after = self.texts.text(self.repo, *mode, new)?;
        let (Ok(before), Ok(after)) = (before, after) else {
            return Ok(share::by_role(&change.path));
        };
        Ok(share::of_edited(&change.path, (old, &before), (new, &after), self.parse))
    }

    /// Returns the bytes of one side and whether a diff shows them.
    fn shown(&self, entry: Option<&Entry>) -> Result<(Arc<[u8]>, bool), RepositoryError> {
        let nothing = || Arc::from([]);
        let Some((mode, id)) = entry else { return Ok((nothing(), true)) };
        if *mode == FileMode::Submodule {
            return Ok((nothing(), true));
        }
        Ok(match self.texts.text(self.repo, *mode, id)? {
            Ok(text) => (Arc::clone(Text::bytes(&text)), true),
            Err(_) => (nothing(), false),
        })
    }

    /// Returns the bytes of one side, text or not.
    fn bytes(&self, (mode, id): &Entry) -> Result<(FileMode, Arc<[u8]>), RepositoryError> {
        if *mode == FileMode::Submodule {
            return Ok((*mode, Arc::from(id.as_str().as_bytes())));
        }
        let missing = || RepositoryError::Missing { id: id.to_string() };
        Ok((*mode, self.repo.blob(id)?.ok_or_else(missing)?))
    }
}
