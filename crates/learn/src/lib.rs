//! Do trajectories teach more than snapshots?
//!
//! In: exported files, issue rows and the repositories that they name. Out: feature
//! tables, trained rankers, and a report that compares arms under one protocol
//! (`docs/experiment/protocol.md`). Reads repositories through the port only.

pub mod control;
pub mod execution;
pub mod experiment;
pub mod extract;
pub mod feature;
pub mod functions;
pub mod history;
pub mod localize;
pub mod measure;
pub mod number;
pub mod patch;
mod percent;
pub mod rank;
pub mod rows;
pub mod score;
pub mod seen;
pub mod snapshot;
pub mod test_query;
pub mod text;

pub use backstory_model::seed;
