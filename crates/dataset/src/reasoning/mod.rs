//! What came of searching thoughts, in numbers?
//!
//! In: the steps that were searched, as they are stored. Out: counts, perplexities with
//! their controls, gains with intervals, and a page that shows them. Reads nothing but its
//! arguments.

mod course;
mod page;
mod paired;
mod tally;

pub use page::ReasoningStatistics;
pub use tally::{Measured, Round, Tally};
