//! What does a unit touch, and who wrote it?
//!
//! In: the commit of the mainline against its first parent. Out: its
//! [`UnitLabels`]. Labels are columns, never reasons to drop a unit.

use backstory_model::{
    BlobId, FileMode, FileRole, Repository, RepositoryError, RunOptions, Signature, TreeChange,
    UnitLabels,
};
use backstory_syntax::{Touched, language_of, role_of, touched};

use super::Mainline;

/// Most source files of a small unit.
const SMALL_SOURCE_FILES: u32 = 5;
/// Most files of a small unit.
const SMALL_FILES: u32 = 25;

/// Accounts that are programs, by the whole name or the local part of the address.
const BOTS: [&str; 22] = [
    "allcontributors",
    "azure-pipelines",
    "codecov-io",
    "dependabot",
    "dependabot-preview",
    "depfu",
    "github-actions",
    "greenkeeper",
    "greenkeeperio-bot",
    "hosted weblate",
    "imgbot",
    "jsdelivrbot",
    "mergify",
    "nodejs-github-bot",
    "pre-commit-ci",
    "pyup-bot",
    "renovate",
    "renovate bot",
    "renovate-bot",
    "requires.io",
    "semantic-release-bot",
    "snyk-bot",
];

/// Counts what a unit touches.
pub(super) fn labels(
    repo: &dyn Repository,
    mainline: &Mainline,
    options: &RunOptions,
) -> Result<UnitLabels, RepositoryError> {
    let mut labels =
        UnitLabels { revert: is_revert(mainline.commit.subject()), ..Default::default() };
    let mut only_docs = !mainline.changes.is_empty();
    for change in &mainline.changes {
        let (file, opaque) = touched_file(repo, change, options.file_limit)?;
        let role = role_of(&change.path);
        labels.files += 1;
        labels.source_files += u32::from(role == FileRole::Source);
        labels.test_files += u32::from(role == FileRole::Test);
        labels.inline_test_files +=
            u32::from(role == FileRole::Source && file.test && !file.source);
        labels.lines_added += file.lines_added;
        labels.lines_removed += file.lines_removed;
        labels.opaque_files += u32::from(opaque);
        labels.languages.extend(language_of(&change.path));
        only_docs &= role == FileRole::Docs;
    }
    labels.small = labels.source_files <= SMALL_SOURCE_FILES && labels.files <= SMALL_FILES;
    // By path, as published tables count it; tests inside source files are a column of their own.
    labels.test_source = labels.source_files > 0 && labels.test_files > 0;
    labels.docs_only = only_docs;
    labels.bot = is_bot(&mainline.commit.author) || merges_work_of_bot(repo, mainline)?;
    Ok(labels)
}

/// Returns what the change of one file touches, and whether its content is
/// something other than text.
fn touched_file(
    repo: &dyn Repository,
    change: &TreeChange,
    limit: u64,
) -> Result<(Touched, bool), RepositoryError> {
    let before = text(repo, change.before.as_ref(), limit)?;
    let after = text(repo, change.after.as_ref(), limit)?;
    match (before, after) {
        (Content::Opaque, _) | (_, Content::Opaque) => {
            Ok((touched(&change.path, None, None), true))
        }
        (before, after) => Ok((touched(&change.path, before.bytes(), after.bytes()), false)),
    }
}

enum Content {
    Absent,
    Opaque,
    Text(std::sync::Arc<[u8]>),
}

impl Content {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(bytes) => Some(bytes),
            Self::Absent | Self::Opaque => None,
        }
    }
}

/// Reads one side of a change, if it is text as `docs/rules.md` defines it.
fn text(
    repo: &dyn Repository,
    side: Option<&(FileMode, BlobId)>,
    limit: u64,
) -> Result<Content, RepositoryError> {
    let Some((mode, id)) = side else { return Ok(Content::Absent) };
    if *mode == FileMode::Submodule || !matches!(repo.blob_size(id)?, Some(size) if size <= limit) {
        return Ok(Content::Opaque);
    }
    Ok(match repo.blob(id)? {
        Some(bytes)
            if memchr::memchr(0, &bytes).is_none() && std::str::from_utf8(&bytes).is_ok() =>
        {
            Content::Text(bytes)
        }
        _ => Content::Opaque,
    })
}

/// Returns true when the commit merges a branch whose last commit is a bot's.
fn merges_work_of_bot(repo: &dyn Repository, mainline: &Mainline) -> Result<bool, RepositoryError> {
    let [_, merged] = mainline.commit.parents.as_slice() else { return Ok(false) };
    match repo.commit(merged) {
        Ok(commit) => Ok(is_bot(&commit.author)),
        Err(RepositoryError::Missing { .. }) => Ok(false),
        Err(corrupt) => Err(corrupt),
    }
}

fn is_bot(who: &Signature) -> bool {
    let (name, email) = (who.name.to_lowercase(), who.email.to_lowercase());
    let account = email.split('@').next().unwrap_or("");
    // Forges give accounts without an address `12345+account@…`.
    let account = account.split_once('+').map_or(account, |(_, account)| account);
    [name.as_str(), account].iter().any(|text| text.ends_with("[bot]") || BOTS.contains(text))
}

fn is_revert(subject: &str) -> bool {
    let lower = subject.to_lowercase();
    lower.starts_with("revert ")
        || lower.starts_with("revert:")
        || lower.starts_with("revert(")
        // The branch a forge makes when its revert button is pressed.
        || lower.split_once("/revert-").is_some_and(|(merge, branch)| {
            merge.starts_with("merge ") && branch.starts_with(|c: char| c.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use backstory_model::Signature;

    use super::{is_bot, is_revert};

    fn who(name: &str, email: &str) -> Signature {
        Signature { name: name.to_owned(), email: email.to_owned(), seconds: 0, offset_minutes: 0 }
    }

    #[test]
    fn bots_are_known_by_name_or_address() {
        assert!(is_bot(&who("dependabot[bot]", "49699333+dependabot[bot]@users.example")));
        assert!(is_bot(&who("pre-commit-ci", "x@example.org")));
        assert!(is_bot(&who("Renovate", "29139614+renovate[bot]@users.example")));
        assert!(is_bot(&who("Someone", "snyk-bot@example.org")));
        assert!(!is_bot(&who("Robot Fan", "robot@example.org")));
        assert!(!is_bot(&who("Abbott", "abbott@example.org")));
    }

    #[test]
    fn reverts_are_known_by_their_subject() {
        assert!(is_revert("Revert \"Add x\" (#12)"));
        assert!(is_revert("revert: add x"));
        assert!(is_revert("Merge pull request #9 from ada/revert-8-add-x"));
        assert!(!is_revert("Reverting is now possible"));
        assert!(!is_revert("Merge pull request #9 from ada/revert-button"));
        assert!(!is_revert("Add /revert-9 endpoint"));
    }
}
