//! Do trajectories beat snapshots?
//!
//! In: queries with their feature columns. Out: what every arm of
//! `docs/experiment/protocol.md` reaches in every split, the criteria, and a report.

mod arm;
mod curve;
mod describe;
mod fit;
mod query;
mod report;
mod run;
mod ship;
mod split;
mod tables;
#[cfg(test)]
mod tests;
mod verdict;

pub use arm::{Arm, Labels};
pub use curve::learning_curve;
pub use describe::{Asked, DescribeError, Described, describe};
pub use fit::{Grid, Lesson, Setting, choose, fit, fit_one, lesson};
pub use query::{Query, Role, Source};
pub use report::{CurvePoint, SourceFile, Told, report};
pub use run::{ArmResult, Metrics, RunOptions, SplitResult, run};
pub use ship::{Shipped, ship, teaches, trained_on};
pub use split::{Fold, Split, UnknownSplit, grouped, time_cuts};
pub use tables::{QueryWriter, TablesError, read_queries, source_files};
pub use verdict::{Criterion, LOCAGENT, Versus, comparisons, criteria, primary};
