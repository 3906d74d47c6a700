//! Which ways of choosing are compared?

use std::fmt;

use super::features::Group;

/// One way to choose among the patches of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// Most hunks first; learns nothing.
    MostHunks,
    /// Size alone.
    Size,
    /// Style alone.
    Style,
    /// Everything that the snapshot says, size and style among it.
    Snapshot,
    /// The snapshot and the past.
    WithPast,
    /// The snapshot and what failing tests execute.
    WithExecution,
    /// The snapshot, the past and what failing tests execute.
    Process,
    /// The snapshot but for size.
    SnapshotUnsized,
    /// Everything but size.
    ProcessUnsized,
    /// The features of the process ranker in a small forest instead of a sum.
    ProcessTrees,
    /// One run of the failing tests, and nothing else.
    OneRun,
    /// One run of the failing tests, then the snapshot.
    SnapshotRun,
    /// One run of the failing tests, then the process ranker.
    Hybrid,
}

/// How the scores of an arm come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The number of hunks.
    Hunks,
    /// A weighted sum of these groups of features.
    Sum(&'static [Group]),
    /// A forest over these groups.
    Trees(&'static [Group]),
    /// Whether the failing tests pass, ties broken by another arm, if there is one.
    Run(Option<Arm>),
}

use Group::{Execution, Past, Size, Snapshot, Style};

impl Arm {
    /// Every arm, in the order of the tables; an arm comes after the one it builds on.
    pub const ALL: [Self; 13] = [
        Self::MostHunks,
        Self::Size,
        Self::Style,
        Self::Snapshot,
        Self::WithPast,
        Self::WithExecution,
        Self::Process,
        Self::SnapshotUnsized,
        Self::ProcessUnsized,
        Self::ProcessTrees,
        Self::OneRun,
        Self::SnapshotRun,
        Self::Hybrid,
    ];

    pub(super) fn way(self) -> Way {
        match self {
            Self::MostHunks => Way::Hunks,
            Self::Size => Way::Sum(&[Size]),
            Self::Style => Way::Sum(&[Style]),
            Self::Snapshot => Way::Sum(&[Size, Style, Snapshot]),
            Self::WithPast => Way::Sum(&[Size, Style, Snapshot, Past]),
            Self::WithExecution => Way::Sum(&[Size, Style, Snapshot, Execution]),
            Self::Process => Way::Sum(&[Size, Style, Snapshot, Past, Execution]),
            Self::SnapshotUnsized => Way::Sum(&[Style, Snapshot]),
            Self::ProcessUnsized => Way::Sum(&[Style, Snapshot, Past, Execution]),
            Self::ProcessTrees => Way::Trees(&[Size, Style, Snapshot, Past, Execution]),
            Self::OneRun => Way::Run(None),
            Self::SnapshotRun => Way::Run(Some(Self::Snapshot)),
            Self::Hybrid => Way::Run(Some(Self::Process)),
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MostHunks => "most hunks",
            Self::Size => "size",
            Self::Style => "style",
            Self::Snapshot => "snapshot",
            Self::WithPast => "snapshot + past",
            Self::WithExecution => "snapshot + execution",
            Self::Process => "process",
            Self::SnapshotUnsized => "snapshot without size",
            Self::ProcessUnsized => "process without size",
            Self::ProcessTrees => "process, forest",
            Self::OneRun => "one run",
            Self::SnapshotRun => "snapshot + one run",
            Self::Hybrid => "hybrid (process + one run)",
        })
    }
}
