//! Which commits do what a fix does, though they are other commits?
//!
//! In: a base, the head of the branch that fixes something, and commits to compare.
//! Out: the twins of the fix: picks onto another branch, backports, what was landed,
//! reverted and landed again. A twin among the ancestors of the base gives the fix
//! away, so it is taken out of the past before anything is learned from that.
//!
//! A commit is a twin of the whole branch, or of one of its commits, when it makes
//! the same edits to all code files that the part changes (line for line, wherever
//! they stand in the file), or when it changes the same paths under the same message.

use std::collections::BTreeSet;

use backstory_model::{
    Commit, CommitId, FileRole, RepoPath, Repository, RepositoryError, TreeChange, TreeId,
};
use backstory_syntax::role_of;

use crate::unit::edited_lines;

/// How many commits of a branch are compared on their own.
const MOST_COMMITS: usize = 100;
/// A commit of a branch that edits fewer lines (a typo, a mark for a tool) is no evidence
/// that another commit is the same; for the branch as a whole one line is.
const TELLING_LINES: usize = 3;
/// A message of fewer words (`Fix tests`) is no evidence that two commits are the same.
const TELLING_WORDS: usize = 4;

/// What a fix does, as a whole and commit by commit.
#[derive(Clone, Debug, Default)]
pub struct Fix {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    /// Everything it changes, sorted by path.
    changes: Vec<TreeChange>,
    /// The changes of code among them.
    code: Vec<TreeChange>,
    /// The message without what differs between picks; `None` for the branch as a
    /// whole, for messages that say little, and where no source file is changed.
    message: Option<String>,
    /// How many lines it must edit to have a twin.
    least_lines: usize,
}

impl Fix {
    /// Reads what the branch that ends at `head` does since it left `base`.
    ///
    /// Histories that share nothing give a fix without parts, which has no twins.
    pub fn read(
        repo: &dyn Repository,
        base: &CommitId,
        head: &CommitId,
    ) -> Result<Self, RepositoryError> {
        let Some(start) = repo.merge_base(base, head)? else { return Ok(Self::default()) };
        let (before, after) = (repo.commit(&start)?.tree, repo.commit(head)?.tree);
        let mut parts = vec![Part::of(repo.changes(&before, &after)?, None, 1)];
        let mut next = head.clone();
        // A branch that merged the mainline leads by first parents past the merge base
        // and into what both share, which is no part of the fix.
        while parts.len() <= MOST_COMMITS && repo.merge_base(base, &next)?.as_ref() != Some(&next) {
            let commit = repo.commit(&next)?;
            if commit.parents.len() < 2 {
                let message = telling(&commit.message);
                parts.push(Part::of(changes(repo, &commit)?, message, TELLING_LINES));
            }
            match commit.parents.into_iter().next() {
                Some(parent) => next = parent,
                None => break,
            }
        }
        parts.retain(|part| !part.code.is_empty());
        Ok(Self { parts })
    }

    /// Returns, for each part of the fix, the paths that a twin of it changes at least.
    pub fn paths(&self) -> impl Iterator<Item = Vec<RepoPath>> {
        self.parts.iter().map(|part| part.code.iter().map(|change| change.path.clone()).collect())
    }

    /// Returns the twins among some commits.
    pub fn twins(
        &self,
        repo: &dyn Repository,
        commits: impl IntoIterator<Item = CommitId>,
    ) -> Result<BTreeSet<CommitId>, RepositoryError> {
        let mut twins = BTreeSet::new();
        for commit in commits {
            if self.is_twin(repo, &commit)? {
                twins.insert(commit);
            }
        }
        Ok(twins)
    }

    /// Returns true when a commit does what some part of the fix does.
    ///
    /// A commit of which something is missing is no twin.
    pub fn is_twin(
        &self,
        repo: &dyn Repository,
        commit: &CommitId,
    ) -> Result<bool, RepositoryError> {
        match self.compare(repo, commit) {
            Err(RepositoryError::Missing { .. }) => Ok(false),
            other => other,
        }
    }

    fn compare(&self, repo: &dyn Repository, commit: &CommitId) -> Result<bool, RepositoryError> {
        let commit = repo.commit(commit)?;
        let changes = changes(repo, &commit)?;
        let message = telling(&commit.message);
        for part in &self.parts {
            let is_named = message.is_some() && message == part.message;
            if (is_named && part.has_paths_of(&changes)) || part.has_edits_of(repo, &changes)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Part {
    fn of(changes: Vec<TreeChange>, message: Option<String>, least_lines: usize) -> Self {
        let of_role = |role: FileRole| -> Vec<TreeChange> {
            changes.iter().filter(|change| role_of(&change.path) == role).cloned().collect()
        };
        // A backport may leave the tests behind, so they count only where they are all.
        let source = of_role(FileRole::Source);
        let message = message.filter(|_| !source.is_empty());
        let code = if source.is_empty() { of_role(FileRole::Test) } else { source };
        Self { changes, code, message, least_lines }
    }

    fn has_paths_of(&self, changes: &[TreeChange]) -> bool {
        self.changes.iter().map(|own| &own.path).eq(changes.iter().map(|other| &other.path))
    }

    /// Returns true when the changes do to every code file what this part does.
    fn has_edits_of(
        &self,
        repo: &dyn Repository,
        changes: &[TreeChange],
    ) -> Result<bool, RepositoryError> {
        let mut edited = 0;
        for own in &self.code {
            let Ok(at) = changes.binary_search_by(|other| other.path.cmp(&own.path)) else {
                return Ok(false);
            };
            let (own, other) = (edited_lines(repo, own)?, edited_lines(repo, &changes[at])?);
            match own {
                Some(lines) if other.as_ref() == Some(&lines) => {
                    edited += written_lines(&lines.0) + written_lines(&lines.1);
                }
                _ => return Ok(false),
            }
        }
        Ok(edited >= self.least_lines)
    }
}

fn written_lines(bytes: &[u8]) -> usize {
    let is_written = |line: &&[u8]| !line.iter().all(u8::is_ascii_whitespace);
    bytes.split(|byte| *byte == b'\n').filter(is_written).count()
}

fn changes(repo: &dyn Repository, commit: &Commit) -> Result<Vec<TreeChange>, RepositoryError> {
    let before = match commit.parents.first() {
        Some(parent) => repo.commit(parent)?.tree,
        None => TreeId::empty(),
    };
    repo.changes(&before, &commit.tree)
}

/// Returns a message without what a pick, a squash or a backport adds to it, if it is
/// long enough to tell commits apart.
fn telling(message: &str) -> Option<String> {
    let kept = message.lines().filter(|line| !is_trailer(line)).flat_map(str::split_whitespace);
    let words: Vec<String> = kept.filter(|word| !is_mark(word)).map(str::to_lowercase).collect();
    (words.len() >= TELLING_WORDS).then(|| words.join(" "))
}

fn is_trailer(line: &str) -> bool {
    let lower = line.trim_start().to_lowercase();
    ["(cherry picked from", "signed-off-by:", "co-authored-by:", "reviewed-by:"]
        .iter()
        .any(|start| lower.starts_with(start))
}

/// `(#12)` of a squash, `[2.x]` or `[backport` of a backport.
fn is_mark(word: &str) -> bool {
    (word.starts_with("(#") && word.ends_with(')'))
        || (word.starts_with('[') && word.contains(']'))
        || word.to_lowercase().starts_with("[backport")
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn what_a_pick_adds_to_a_message_does_not_count() {
        let plain = telling("Keep quoted commas in one field\n\nThey were cut.\n");
        let picked = telling(
            "[2.x] Keep quoted commas in one field (#12)\n\nThey were cut.\n\n\
             (cherry picked from commit 0123)\nSigned-off-by: Ada <ada@example.org>\n",
        );
        assert!(plain.is_some() && plain == picked);
        assert_eq!(telling("Fix tests"), None);
    }
}
