//! Which of several patches of one instance passes its tests?
//!
//! In: exported candidates with verdicts, and the repositories that they belong to. Out:
//! numbers that describe each patch, rankers that choose among the patches of an
//! instance, and a report that compares them under the protocol. Features read the
//! patch, the statement, the failing tests, the tree at the base and its ancestors;
//! family, verdict, number and the other patches of the group are labels, and no
//! feature sees them.

mod arm;
mod describe;
mod diff;
mod error;
mod features;
mod fit;
mod past;
mod read;
mod report;
mod run;
mod surprisal;
mod table;

#[cfg(test)]
mod tests;

pub use arm::Arm;
pub use describe::{Caches, Described, describe};
pub use diff::{Run, SourceDiff, read_source};
pub use error::PatchError;
pub use features::{FEATURES, Group};
pub use past::PastCache;
pub use read::{Family, Instance, Tried, read_candidates};
pub use report::markdown;
pub use run::{Measured, Outcome, Results, Said, Split, run};
pub use table::{names as table_names, write_table};
