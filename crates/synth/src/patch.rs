//! What are the gold patch and the test patch of a unit?
//!
//! In: base tree and head tree. Out: two unified diffs without renames, split
//! by the role of each file; what is not text is named and not shown.

use backstory_model::{BlobId, FileMode, FileRole, Repository, RepositoryError, TreeId};
use backstory_syntax::diff::{self, FileChange, Side};

use crate::text::TextCache;

/// The two sides of a unit as unified diffs.
#[derive(Clone, Debug, Default)]
pub struct Patches {
    /// Everything but test files.
    pub gold: Vec<u8>,
    /// Test files.
    pub test: Vec<u8>,
}

/// Writes the patches from base to head.
pub fn patches(
    repo: &dyn Repository,
    texts: &TextCache,
    base: &TreeId,
    head: &TreeId,
) -> Result<Patches, RepositoryError> {
    let mut patches = Patches::default();
    for change in repo.changes(base, head)? {
        let (before, before_shown) = bytes(repo, texts, change.before.as_ref())?;
        let (after, after_shown) = bytes(repo, texts, change.after.as_ref())?;
        let file = FileChange {
            path: &change.path,
            before: side(change.before.as_ref(), &before),
            after: side(change.after.as_ref(), &after),
        };
        let patch = if before_shown && after_shown {
            diff::unified(&file)
        } else {
            diff::binary_stub(&file)
        };
        match backstory_syntax::role_of(&change.path) {
            FileRole::Test => patches.test.extend(patch),
            FileRole::Source | FileRole::Docs | FileRole::Other => patches.gold.extend(patch),
        }
    }
    Ok(patches)
}

type Entry = (FileMode, BlobId);

fn side<'a>(entry: Option<&'a Entry>, content: &'a [u8]) -> Option<Side<'a>> {
    entry.map(|(mode, id)| Side { mode: *mode, id, content })
}

/// Returns the bytes of one side and whether a diff shows them.
fn bytes(
    repo: &dyn Repository,
    texts: &TextCache,
    entry: Option<&Entry>,
) -> Result<(std::sync::Arc<[u8]>, bool), RepositoryError> {
    let nothing = || std::sync::Arc::from([]);
    let Some((mode, id)) = entry else { return Ok((nothing(), true)) };
    if *mode == FileMode::Submodule {
        return Ok((nothing(), true));
    }
    Ok(match texts.text(repo, *mode, id)? {
        Ok(text) => (std::sync::Arc::clone(text.bytes()), true),
        Err(_) => (nothing(), false),
    })
}
