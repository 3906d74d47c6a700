//! What does a model see of a query?
//!
//! In: the snapshot and the past of a base, a query, and which features a model sees.
//! Out: feature columns as measured, and normalized rows, candidate by candidate.

mod columns;
mod ground;
mod matrix;
mod sight;

pub use columns::Columns;
pub use ground::Ground;
pub use matrix::{Matrix, matrix, names};
pub use sight::{Past, Sight};
