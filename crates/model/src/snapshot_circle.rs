//! What is done about files of a snapshot that depend on each other in a circle?
//!
//! No order respects a circle. Some of its dependencies are cut, and [`SccPolicy`] says
//! what takes their place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, Delegation, FileMode, RepoPath, WritingAction, WritingStep};

/// A dependency on a file that is written later, because the two depend on each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CutEdge {
    /// The file that depends.
    pub from: RepoPath,
    /// The file it depends on, written later.
    pub to: RepoPath,
    /// What stands in its place; `None` where every circle is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Instead>,
}

/// What stands in the place of a dependency that the order could not respect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Instead {
    /// Nothing: loading the file that depends does not need the other.
    Soft,
    /// One agent writes both.
    Together,
    /// The signatures of the other file, which are there already.
    Stub,
    /// Nothing: the other file has no signatures that could stand without bodies.
    NoStub,
}

/// What is done about files that depend on each other in a circle.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SccPolicy {
    /// The file that needs the fewest others of the circle goes first, and so on.
    #[default]
    Cut,
    /// One agent writes all files of the circle, in the order of `cut`.
    Group,
    /// The signatures of later files of the circle are written first; the order is that
    /// of `cut`.
    Stub,
}

impl SccPolicy {
    /// Returns true for the policy of stories that do not say which they have.
    pub fn is_cut(&self) -> bool {
        *self == Self::Cut
    }

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Group => "group",
            Self::Stub => "stub",
        }
    }
}

impl Delegation {
    /// Returns the files it hands over, in the order in which they are written.
    pub fn files(&self) -> impl Iterator<Item = HandedFile<'_>> {
        let first = HandedFile { path: &self.path, mode: self.mode, blob: &self.blob };
        let others = self.with.iter();
        let others = others.map(|of| HandedFile { path: &of.path, mode: of.mode, blob: &of.blob });
        std::iter::once(first).chain(others)
    }

    /// Returns each step with the file it serves: the one it writes, for a read the one
    /// that is written next.
    pub fn served(&self) -> Vec<(HandedFile<'_>, &WritingStep)> {
        let files: Vec<HandedFile<'_>> = self.files().collect();
        let mut next = files[0];
        let mut served: Vec<(HandedFile<'_>, &WritingStep)> = Vec::new();
        for step in self.steps.iter().rev() {
            if let WritingAction::Write { path, .. } = &step.action {
                let named = path.as_ref();
                let of = named.and_then(|path| files.iter().find(|file| file.path == path));
                next = of.copied().unwrap_or(files[0]);
            }
            served.push((next, step));
        }
        served.reverse();
        served
    }
}

/// A file that the agent of a circle writes behind the first one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CircleFile {
    /// The file.
    pub path: RepoPath,
    /// What it is to git.
    pub mode: FileMode,
    /// What it holds at the end.
    pub blob: BlobId,
}

/// One of the files that a delegation hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandedFile<'a> {
    /// The file.
    pub path: &'a RepoPath,
    /// What it is to git.
    pub mode: FileMode,
    /// What it holds at the end.
    pub blob: &'a BlobId,
}
