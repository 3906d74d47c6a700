//! Which arms are compared, and what does each see of a query?
//!
//! In: what was measured of a query. Out: for an untrained arm its scores, for a
//! trained one which columns its model sees. The table of arms is that of `docs/experiment/protocol.md`.

use std::fmt;

use super::query::Query;
use crate::history;
use crate::seen::{Columns, Past, Sight};
use crate::text::View;

/// What ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arm {
    /// BM25 of the issue against the content.
    Bm25,
    /// The fusion of four views.
    Rrf,
    /// That fusion and three views of the past.
    RrfPast,
    /// Content and co-change.
    Bm25Cochange,
    /// A model of docstrings over the snapshot.
    A,
    /// A model of docstrings over snapshot and past.
    APast,
    /// A model of trajectories over the snapshot.
    B,
    /// A model of trajectories over snapshot and past.
    C,
    /// As C, gold permuted among the queries of one repository.
    CShuffled,
    /// As C, the past permuted across the files.
    CPermuted,
    /// As C, with the past of another repository.
    CForeign,
    /// The fusion with five views of the failing test.
    RrfTest,
    /// That fusion and the co-change of the test.
    RrfTestCochange,
    /// A model of trajectories over snapshot and failing test.
    D,
    /// A model of trajectories over snapshot, past and failing test.
    E,
    /// The largest Ochiai of the lines of a file.
    Ochiai,
    /// The fusion with failing test, co-change and Ochiai.
    RrfExecution,
    /// As E, and what the failing test executed.
    F,
}

/// What the labels of a trained arm are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Labels {
    /// The files of docstrings.
    Snapshot,
    /// The files of fixes.
    Trajectories,
    /// The files of fixes of other queries of the same repository.
    Shuffled,
}

impl Arm {
    /// Every arm, in the order of the tables.
    pub const ALL: [Self; 18] = [
        Self::Bm25,
        Self::Rrf,
        Self::RrfPast,
        Self::Bm25Cochange,
        Self::A,
        Self::APast,
        Self::B,
        Self::C,
        Self::CShuffled,
        Self::CPermuted,
        Self::CForeign,
        Self::RrfTest,
        Self::RrfTestCochange,
        Self::D,
        Self::E,
        Self::Ochiai,
        Self::RrfExecution,
        Self::F,
    ];

    /// Returns how a trained arm learns; `None` for one that does not.
    pub fn trained(self) -> Option<(Labels, Sight)> {
        let sees = |past| Sight { past, test: false, execution: false };
        let told = |past| Sight { past, test: true, execution: false };
        Some(match self {
            Self::Bm25
            | Self::Rrf
            | Self::RrfPast
            | Self::Bm25Cochange
            | Self::RrfTest
            | Self::RrfTestCochange
            | Self::Ochiai
            | Self::RrfExecution => return None,
            Self::A => (Labels::Snapshot, sees(Past::Unseen)),
            Self::APast => (Labels::Snapshot, sees(Past::Own)),
            Self::B => (Labels::Trajectories, sees(Past::Unseen)),
            Self::C => (Labels::Trajectories, sees(Past::Own)),
            Self::CShuffled => (Labels::Shuffled, sees(Past::Own)),
            Self::CPermuted => (Labels::Trajectories, sees(Past::Permuted)),
            Self::CForeign => (Labels::Trajectories, sees(Past::Foreign)),
            Self::D => (Labels::Trajectories, told(Past::Unseen)),
            Self::E => (Labels::Trajectories, told(Past::Own)),
            Self::F => {
                (Labels::Trajectories, Sight { past: Past::Own, test: true, execution: true })
            }
        })
    }

    /// Returns true when the arm reads the failing test.
    pub fn reads_test(self) -> bool {
        match self.trained() {
            Some((_, sight)) => sight.test,
            None => matches!(self, Self::RrfTest | Self::RrfTestCochange | Self::RrfExecution),
        }
    }

    /// Returns true when the arm reads what the failing test executed.
    pub fn reads_execution(self) -> bool {
        matches!(self, Self::Ochiai | Self::RrfExecution | Self::F)
    }

    /// Returns true when the query has all that the arm reads.
    pub fn answers(self, query: &Query) -> bool {
        (!self.reads_test() || query.columns.has_test())
            && (!self.reads_execution() || query.columns.has_execution())
    }

    /// Returns the scores of an untrained arm; `None` for a trained one.
    pub fn scores(self, columns: &Columns) -> Option<Vec<f32>> {
        let content = || columns.snapshot_column("content");
        Some(match self {
            Self::Bm25 => content().to_vec(),
            Self::Rrf => columns.snapshot_column("fusion").to_vec(),
            Self::RrfPast => {
                let views = columns.views().map(|scores| View { scores, sparse: false });
                history::fused_with_history(&views, &columns.process)
            }
            Self::Bm25Cochange => history::content_with_cochange(content(), &columns.process),
            Self::RrfTest => columns.fused_with_test(false),
            Self::RrfTestCochange => columns.fused_with_test(true),
            Self::Ochiai => columns.ochiai().to_vec(),
            Self::RrfExecution => columns.fused_with_execution(),
            _ => return None,
        })
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Bm25 => "BM25",
            Self::Rrf => "RRF",
            Self::RrfPast => "RRF+H",
            Self::Bm25Cochange => "BM25+co",
            Self::A => "A",
            Self::APast => "A+H",
            Self::B => "B",
            Self::C => "C",
            Self::CShuffled => "C-shuffled",
            Self::CPermuted => "C-permuted",
            Self::CForeign => "C-foreign",
            Self::RrfTest => "RRF+T",
            Self::RrfTestCochange => "RRF+T+co",
            Self::D => "D",
            Self::E => "E",
            Self::Ochiai => "Ochiai",
            Self::RrfExecution => "RRF+T+co+X",
            Self::F => "F",
        })
    }
}
