//! Which issues are asked about, and which files answer them?
//!
//! In: issue rows as JSON Lines (SWE-bench, Loc-Bench and alike). Out: for each row
//! what a localizer may see ([`Question`]) apart from what it may not ([`Answer`]);
//! lines that cannot be read, each with its reason; strata. Fields that no task uses,
//! hints above all, are never read.

mod dataset;
mod executed;
mod lines;
mod patch;
mod read;
mod row;
mod strata;

pub use dataset::{DatasetError, UnitRow, read_dataset};
pub use lines::{BrokenRow, read_lines};
pub use read::{Rows, read_rows};
pub use row::{Answer, IssueRow, Question, Usage};
pub use strata::{Strata, Stratum};
