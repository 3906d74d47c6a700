//! What is one step of a trajectory?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, CiConclusion, CommitId, FileMode, Provenance, RecordId, RepoPath};

/// The six phases of a change.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What is asked for.
    Requirements,
    /// Where in the repository it belongs.
    Localization,
    /// What stands there.
    Reading,
    /// The change.
    Editing,
    /// What failed, and why.
    Debugging,
    /// What shows that it works.
    Validation,
}

impl Phase {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Localization => "localization",
            Self::Reading => "reading",
            Self::Editing => "editing",
            Self::Debugging => "debugging",
            Self::Validation => "validation",
        }
    }
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who asks for the change.
    User,
    /// Who makes it.
    Agent,
}

/// The content of a file a step writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// UTF-8 text, stored in the run under its blob id.
    Text {
        /// The blob.
        blob: BlobId,
    },
    /// Bytes that are not shown; the blob id still fixes every one of them.
    Opaque {
        /// The blob (for a submodule, the commit of the other repository).
        blob: BlobId,
        /// Why it is not shown.
        reason: OpaqueReason,
    },
}

impl Content {
    /// Returns the blob id, whatever the kind.
    pub fn blob(&self) -> &BlobId {
        match self {
            Self::Text { blob } | Self::Opaque { blob, .. } => blob,
        }
    }
}

/// Why the content of a file is not shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OpaqueReason {
    /// It holds a NUL byte.
    Binary,
    /// It is text in another encoding than UTF-8.
    NotUtf8,
    /// It is larger than the stated limit.
    TooLarge,
    /// The repository lists the blob and does not hold it.
    Missing,
    /// It is a submodule: a commit of another repository.
    Submodule,
}

/// What the developer does in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Says something; the requirement is a message of the user.
    Message {
        /// Who speaks.
        role: Role,
        /// The text.
        text: String,
    },
    /// Looks for a literal text in all text files of the current state.
    Search {
        /// The text; one line, case counts.
        pattern: String,
        /// Only hits that no word character touches on either side.
        whole_word: bool,
    },
    /// Lists a directory of the current state.
    List {
        /// The directory; empty for the root.
        path: RepoPath,
        /// How many levels down.
        depth: u32,
    },
    /// Reads lines of a file of the current state.
    View {
        /// The file.
        path: RepoPath,
        /// The first line, 1-based.
        start: u32,
        /// The last line, included.
        end: u32,
    },
    /// Replaces the only occurrence of a text in a file.
    Edit {
        /// The file.
        path: RepoPath,
        /// What stands there; it occurs exactly once.
        old: String,
        /// What stands there afterwards.
        new: String,
    },
    /// Writes a whole file, whether or not it exists.
    Create {
        /// The file.
        path: RepoPath,
        /// Its mode.
        mode: FileMode,
        /// Its content.
        content: Content,
    },
    /// Removes a file.
    Delete {
        /// The file.
        path: RepoPath,
    },
    /// Moves a file, content and mode unchanged.
    Rename {
        /// Where it lay.
        from: RepoPath,
        /// Where it lies afterwards.
        to: RepoPath,
    },
    /// Changes the mode of a file, content unchanged.
    SetMode {
        /// The file.
        path: RepoPath,
        /// The mode afterwards.
        mode: FileMode,
    },
    /// Runs tests.
    RunTests {
        /// The command, one argument an element.
        command: Vec<String>,
    },
    /// CI reports on a commit. Nobody asks for it: it ran because the commit was
    /// pushed, and its answer came later.
    CiReport {
        /// The commit.
        commit: CommitId,
        /// The workflow, as the record of the run says.
        workflow: Option<String>,
        /// The name of the job.
        job: String,
        /// The step that failed, where the record of the job says so.
        step: Option<String>,
        /// How the job ended.
        conclusion: CiConclusion,
    },
    /// Ends the work.
    Finish {
        /// What is said about it.
        message: String,
    },
}

impl Action {
    /// Returns the files that it changes: of a rename, both names.
    pub fn changed_paths(&self) -> Vec<&RepoPath> {
        match self {
            Self::Edit { path, .. }
            | Self::Create { path, .. }
            | Self::Delete { path }
            | Self::SetMode { path, .. } => vec![path],
            Self::Rename { from, to } => vec![from, to],
            Self::Message { .. }
            | Self::Search { .. }
            | Self::List { .. }
            | Self::View { .. }
            | Self::RunTests { .. }
            | Self::CiReport { .. }
            | Self::Finish { .. } => Vec::new(),
        }
    }
}

/// One line found by a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// The file.
    pub path: RepoPath,
    /// The line, 1-based.
    pub line: u32,
    /// The line's text, without its line end, cut by the stated rule.
    pub text: String,
}

/// What a listed name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListedKind {
    /// A directory.
    Directory,
    /// Anything else.
    File,
}

/// One name of a listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// The path from the root of the repository.
    pub path: RepoPath,
    /// What it is.
    pub kind: ListedKind,
}

/// What the developer sees after an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observation {
    /// The lines a search found: path order, then line order, cut by the rule
    /// `search/literal` of `docs/rules.md`.
    Hits {
        /// The hits shown.
        hits: Vec<Hit>,
        /// How many lines match in all.
        total: u32,
        /// In how many files.
        files: u32,
    },
    /// The names a listing shows, in path order, cut by the rule `list/tree`.
    Entries {
        /// The names shown.
        entries: Vec<Listed>,
        /// How many there are in all.
        total: u32,
    },
    /// The lines of a view; their text is in the blob.
    Lines {
        /// The content of the file at this step.
        blob: BlobId,
        /// How many lines it has.
        total: u32,
    },
    /// What an edit did to the file.
    Applied {
        /// The content before; `None` when there was no file.
        before: Option<BlobId>,
        /// The content after; `None` when there is no file.
        after: Option<BlobId>,
    },
    /// What a test run printed.
    TestOutput {
        /// The output as stored.
        output: BlobId,
        /// The exit status; `None` when the run was ended from outside.
        status: Option<i32>,
    },
    /// A part of what a job of CI printed.
    CiLog {
        /// The record of the log.
        log: RecordId,
        /// Where the part begins, in bytes of the stored log.
        start: u64,
        /// Where it ends.
        end: u64,
        /// The text that is shown of it, by the rule `show/ci-log`.
        output: BlobId,
    },
}

/// An observation and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// What is seen.
    pub content: Observation,
    /// Where the shown bytes come from.
    pub provenance: Provenance,
}

/// A thought and how it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thought {
    /// The text.
    pub text: String,
    /// How it came about.
    pub provenance: Provenance,
}

/// One step of a trajectory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The phase it belongs to.
    pub phase: Phase,
    /// What is done.
    pub action: Action,
    /// Why this action with these arguments.
    pub choice: Provenance,
    /// What is seen; `None` for messages and the finish.
    pub observation: Option<Seen>,
    /// What is thought before the action.
    pub thought: Option<Thought>,
    /// The choice or the thought used the final change.
    pub hindsight: bool,
    /// For edits and the messages of their commits: the index of the authored
    /// state they belong to.
    pub state: Option<u32>,
}
