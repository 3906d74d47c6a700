//! How could a finished repository have been written, file by file?
//!
//! Nobody saw it being written. The story follows *Understanding by
//! Reconstruction* (arXiv 2603.11103): a main agent states requirements and a
//! plan and hands each file to an agent of its own, which reads files that are
//! already written and writes one. Every byte that is read or written is the
//! repository's, but for the marks in signatures that stand for a later file; order and
//! words are derived, and so hindsight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BlobId, CircleFile, CommitId, CutEdge, FileMode, HandedFile, LicenseEvidence, LineRange,
    Provenance, RepoName, RepoPath, SccPolicy, SchemaVersion, Thought, TreeId, UnitId,
};

/// The story of a repository at one commit.
///
/// The given files, and then what every delegation writes, in order, give the
/// tree of the commit, byte for byte and mode for mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotStory {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The unit: `owner__name@` and the first twelve digits of the commit.
    pub id: UnitId,
    /// The repository.
    pub repo: RepoName,
    /// The commit.
    pub commit: CommitId,
    /// Its tree.
    pub tree: TreeId,
    /// The license, as the repository's files say.
    pub license: Option<LicenseEvidence>,
    /// What is to be written.
    pub requirements: Statement,
    /// Which files are to be written.
    pub plan: Plan,
    /// The files that are there from the start, in path order.
    pub given: Vec<GivenFile>,
    /// The dependencies that no order could respect, in order of the plan.
    pub cut_edges: Vec<CutEdge>,
    /// One for each file to write, in order.
    pub delegations: Vec<Delegation>,
    /// What is said at the end.
    pub finish: Statement,
    /// What was done about files that depend on each other in a circle.
    #[serde(default, skip_serializing_if = "SccPolicy::is_cut")]
    pub scc: SccPolicy,
}

impl SnapshotStory {
    /// Counts the steps: the requirements, the plan, the delegations with all that
    /// happens in them, and the end.
    pub fn step_count(&self) -> usize {
        3 + self.delegations.iter().map(|delegation| 1 + delegation.steps.len()).sum::<usize>()
    }

    /// Returns the files that are written, in order.
    pub fn written(&self) -> impl Iterator<Item = HandedFile<'_>> {
        self.delegations.iter().flat_map(Delegation::files)
    }
}

/// A text and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// The text.
    pub text: String,
    /// How it came about.
    pub provenance: Provenance,
    /// It uses the finished repository.
    pub hindsight: bool,
}

/// The files to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The files, in the order in which they are written.
    pub files: Vec<PlannedFile>,
    /// How it came about.
    pub provenance: Provenance,
    /// It uses the finished repository.
    pub hindsight: bool,
}

/// One file of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedFile {
    /// Where it will lie.
    pub path: RepoPath,
    /// What it is for, in the words of its own documentation; `None` where it has none.
    pub purpose: Option<String>,
    /// The names it defines at its top level, in the order it defines them; where it
    /// defines none, the names it imports and so passes on.
    pub definitions: Vec<String>,
    /// The files it depends on that are there before it, by path.
    pub uses: Vec<RepoPath>,
}

/// A file that is there from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GivenFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it is to git.
    pub mode: FileMode,
    /// Its blob (for a submodule, the commit of the other repository).
    pub blob: BlobId,
    /// Why nobody writes it.
    pub reason: GivenReason,
}

/// Why a file is given and not written.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GivenReason {
    /// It is a submodule: a commit of another repository.
    Submodule,
    /// It is a symbolic link.
    Symlink,
    /// The repository lists the blob and does not hold it.
    Missing,
    /// It is larger than the stated limit.
    TooLarge,
    /// It holds a NUL byte.
    Binary,
    /// It is text in another encoding than UTF-8.
    NotUtf8,
    /// It lies in a folder of other people's code.
    Vendored,
    /// A program wrote it: a lock file, or it says so itself.
    Generated,
    /// It has a line that nobody types.
    Minified,
    /// It is neither prose nor configuration, and no grammar reads its language.
    NoGrammar,
}

impl GivenReason {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submodule => "submodule",
            Self::Symlink => "symlink",
            Self::Missing => "missing",
            Self::TooLarge => "too_large",
            Self::Binary => "binary",
            Self::NotUtf8 => "not_utf8",
            Self::Vendored => "vendored",
            Self::Generated => "generated",
            Self::Minified => "minified",
            Self::NoGrammar => "no_grammar",
        }
    }
}

/// One file handed to an agent of its own; or a circle of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delegation {
    /// The file, of a circle the one that is written first.
    pub path: RepoPath,
    /// What it is to git.
    pub mode: FileMode,
    /// What it holds at the end.
    pub blob: BlobId,
    /// What the main agent asks for, and how it is known that this file is next.
    pub task: Statement,
    /// What the agent of the file does.
    pub steps: Vec<WritingStep>,
    /// The other files of a circle that one agent writes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<CircleFile>,
}

/// What an agent that writes one file does in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WritingStep {
    /// What is thought before.
    pub thought: Option<Thought>,
    /// What is done.
    pub action: WritingAction,
    /// Why this action with these arguments.
    pub choice: Provenance,
    /// Where the bytes that it shows or writes come from.
    pub content: Provenance,
    /// The choice or the thought used the finished repository.
    pub hindsight: bool,
}

/// The two tools of an agent that writes one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WritingAction {
    /// Reads a file that is there already.
    Read {
        /// The file.
        path: RepoPath,
        /// What of it is asked for.
        part: ReadPart,
        /// Its content.
        blob: BlobId,
        /// The lines shown, in order and apart from each other.
        shown: Vec<LineRange>,
    },
    /// Writes the signatures of a file that is written later; what it holds in the end
    /// replaces them.
    Stub {
        /// The file.
        path: RepoPath,
        /// What it holds at the end.
        blob: BlobId,
        /// The lines that are taken from there, in order and apart from each other.
        kept: Vec<LineRange>,
    },
    /// Writes the next lines of the delegation's file.
    Write {
        /// Which lines of the finished file; the first write begins at line 1, and
        /// each goes on where the one before ended. An empty file is `1..=0`.
        lines: LineRange,
        /// The file, where it is one of those that the delegation hands over, too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<RepoPath>,
    },
}

/// What of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadPart {
    /// All lines.
    Whole,
    /// The lines that name its definitions.
    Outline,
    /// The lines of some definitions.
    Definitions,
    /// All lines of its stub: the file itself is written later.
    Stub,
}

/// The choices that change how a snapshot is told; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotOptions {
    /// Files larger than this are given.
    pub file_limit: u64,
    /// Files larger than this are read in parts: an outline, then definitions.
    pub read_limit: u64,
    /// Files larger than this are written in parts.
    pub write_limit: u64,
    /// What is done about files that depend on each other in a circle.
    #[serde(default, skip_serializing_if = "SccPolicy::is_cut")]
    pub scc: SccPolicy,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            file_limit: 1 << 20,
            read_limit: 16 << 10,
            write_limit: 16 << 10,
            scc: SccPolicy::Cut,
        }
    }
}
