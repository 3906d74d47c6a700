//! Which lines of test code did a pull request add?
//!
//! In: the commit that an issue row is asked at, the head of the fixing pull request,
//! and which paths are tests. Out: the [`TestText`] of the row. This and `twin` are the
//! places that read a pull request head; features take the text as it is.

use backstory_model::{
    BlobId, CommitId, FileMode, RepoPath, Repository, RepositoryError, TestText, TreeChange,
};
use backstory_syntax::diff::{hunks, lines};

/// Reads the test lines that the branch ending at `head` added since it left `base`.
///
/// `base` need not be where the branch started; the merge base is. Content that is
/// missing or binary has no lines. Histories that share nothing give an empty text.
pub fn test_text(
    repo: &dyn Repository,
    base: &CommitId,
    head: &CommitId,
    is_test: impl Fn(&RepoPath) -> bool,
) -> Result<TestText, RepositoryError> {
    let mut text = TestText::default();
    let Some(start) = repo.merge_base(base, head)? else { return Ok(text) };
    let (before, after) = (repo.commit(&start)?.tree, repo.commit(head)?.tree);
    for change in repo.changes(&before, &after)? {
        if change.after.is_some() && is_test(&change.path) {
            add_lines(repo, &change, &mut text.added)?;
            text.paths.push(change.path);
        }
    }
    Ok(text)
}

fn add_lines(
    repo: &dyn Repository,
    change: &TreeChange,
    into: &mut String,
) -> Result<(), RepositoryError> {
    let (old, new) =
        (content(repo, change.before.as_ref())?, content(repo, change.after.as_ref())?);
    let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
    let of_new = lines(&new);
    for hunk in hunks(&old, &new) {
        for line in &of_new[hunk.after.start as usize..hunk.after.end as usize] {
            into.push_str(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']));
            into.push('\n');
        }
    }
    Ok(())
}

/// Returns the bytes of one side; `None` for what has no lines.
fn content(
    repo: &dyn Repository,
    side: Option<&(FileMode, BlobId)>,
) -> Result<Option<std::sync::Arc<[u8]>>, RepositoryError> {
    match side {
        None => Ok(Some(std::sync::Arc::from([]))),
        Some((mode, id)) if mode.is_file() => {
            Ok(repo.blob(id)?.filter(|bytes| memchr::memchr(0, bytes).is_none()))
        }
        Some(_) => Ok(None),
    }
}
