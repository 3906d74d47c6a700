//! How good is a ranking, and is one really better than another?
//!
//! In: where gold stands in each ranking, or scores with outcomes. Out: the published
//! metrics, calibrated probabilities, and comparisons that read as the protocol says:
//! the wider of two intervals, the effect that could have been found, a verdict.
//! Touches nothing; what is drawn at random starts from a seed.

mod calibration;
mod choice;
mod metrics;
pub mod statistics;

pub use calibration::{Platt, calibration_error};
pub use choice::{Choice, area_under_curve, choice};
pub use metrics::{Hits, Metric, order};
