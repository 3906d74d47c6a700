//! Which functions does an issue speak of?
//!
//! In: the files that a ranking puts first, and the question. Out: their functions with
//! the declared features, one value per function, an untrained fusion of them, and
//! rankers that are trained on functions that fixes changed. Reads the blobs of these
//! files and nothing else.

mod changed;
mod crossed;
mod definitions;
mod features;
mod measured;
mod mention;
mod train;

pub use changed::{ChangedLines, changed_lines, patches};
pub use crossed::file_scores;
pub use definitions::{Function, MOST_FILES, RankedFile, definitions};
pub use features::{Asked, FEATURES, features, fused};
pub use measured::{Asker, Gold, Measured, measure};
pub use train::{FunctionSetting, Scored, scored, train};
