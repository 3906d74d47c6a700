//! What is one change of the mainline, and what belongs to it?

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CommitId, EvidenceId, Language, RepoName, TreeId, UnitId};

/// One first-parent commit of the mainline with what is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeUnit {
    /// Its id: `owner__name-<PR>`, or with the first 12 digits of the commit.
    pub id: UnitId,
    /// The repository.
    pub repo: RepoName,
    /// The commit on the mainline.
    pub commit: CommitId,
    /// Its position on the first-parent line; the root is 0.
    pub position: u32,
    /// The first parent; `None` for a root commit.
    pub parent: Option<CommitId>,
    /// The pull request number, if one is known.
    pub pull: Option<u64>,
    /// The commit the work started from; `None` for a root commit.
    pub base: Option<CommitId>,
    /// The tree the work started from; the empty tree for a root commit.
    pub base_tree: TreeId,
    /// The commit the work ended with.
    pub head: CommitId,
    /// The tree the work ended with.
    pub head_tree: TreeId,
    /// The authored states, oldest first, at least one; the last has `head_tree`.
    pub states: Vec<AuthoredState>,
    /// Whether `states` are the commits as authored.
    pub sequence: Sequence,
    /// The issues and pull requests it is linked to.
    pub links: Vec<Link>,
    /// What it touches, counted.
    pub labels: UnitLabels,
}

/// One authored commit of a unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthoredState {
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// Its message.
    pub message: String,
    /// When it was authored, seconds since 1970-01-01 UTC.
    pub authored_at: i64,
}

/// Whether the states of a unit are the commits as authored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sequence {
    /// Every authored commit is a state. Force-pushed states are gone from git
    /// and are not among them.
    Authored,
    /// The unit is one state.
    Collapsed {
        /// Why.
        reason: CollapseReason,
    },
}

/// Why a unit is one state.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CollapseReason {
    /// The commit has no branch behind it: a direct commit, or a squash whose
    /// pull request head is not in the repository.
    NoBranch,
    /// What was merged is not what the pull request head holds.
    AuthoredSequenceDiverges,
    /// The branch merges the mainline (or another branch) into itself.
    BranchHasMerges,
    /// The commit has more than two parents.
    Octopus,
    /// A commit or tree of the branch is missing from the repository.
    BranchIncomplete,
}

/// What a number found in a text refers to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkTarget {
    /// The pull request of the unit itself.
    Pull,
    /// An issue (or, where the text does not tell, an issue or pull request).
    Issue,
    /// An issue that the texts of the unit speak of, where nothing says that it is the
    /// task: not a link to an issue, and no source of a requirement.
    Mentioned,
}

/// How a link was found.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// `Merge pull request #N`, `Merge branch … (!N)`.
    MergeSubject,
    /// A trailing `(#N)` of a squash subject.
    SquashSubject,
    /// `fixes #N` and the like.
    ClosingKeyword,
    /// A line that names the issue and nothing else, e.g., `Issue: #N` or `Refs #N`.
    Trailer,
    /// Any other `#N` of the messages: the text speaks of the issue, but does not say
    /// that it is the task.
    Mention,
    /// A changelog line the unit adds.
    Changelog,
    /// A news fragment named after the number.
    NewsFragment,
    /// What the forge's record says.
    Record,
    /// A pull request head in the repository whose commit or patch is the unit's.
    PullHead,
    /// A comment on the issue, e.g., `Fixed by #N`, that names the pull request or a commit.
    IssueComment,
    /// The issue was closed within three seconds after its pull request was merged, as
    /// a forge does by itself.
    ClosedAtMerge,
    /// A subject that begins or ends with the number, e.g., `#N: …` or `… (#N)`.
    Subject,
    /// The name of the merged branch, e.g., `issue-N`.
    BranchName,
}

/// One link from a unit to a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Link {
    /// What the number refers to.
    pub target: LinkTarget,
    /// The number.
    pub number: u64,
    /// How it was found.
    pub method: LinkMethod,
    /// How sure the method is, 0 to 100, as measured or (unmeasured) assigned.
    pub confidence: u8,
    /// Where it was found.
    pub evidence: EvidenceId,
    /// The text it was read from, at most 120 characters.
    pub excerpt: String,
}

/// What a unit touches, counted over the change of the mainline commit against
/// its first parent, without rename detection.
#[expect(clippy::struct_excessive_bools, reason = "each is a column of its own")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitLabels {
    /// Files touched.
    pub files: u32,
    /// Source files touched.
    pub source_files: u32,
    /// Test files touched.
    pub test_files: u32,
    /// Source files in which only test code is touched (Rust `cfg(test)`, doctests).
    pub inline_test_files: u32,
    /// Lines added, over text files.
    pub lines_added: u32,
    /// Lines removed, over text files.
    pub lines_removed: u32,
    /// At most 5 source files and at most 25 files.
    pub small: bool,
    /// Touches test code and source code.
    pub test_source: bool,
    /// Touches documentation only.
    pub docs_only: bool,
    /// Written by a bot, as its name or address says.
    pub bot: bool,
    /// Undoes an earlier commit, as its subject says.
    pub revert: bool,
    /// Files whose content is not shown as text: binary, over the limit, missing.
    pub opaque_files: u32,
    /// The languages of the touched files.
    pub languages: BTreeSet<Language>,
}
