//! Is a difference more than chance, and could it have been seen at all?
//!
//! In: one number per issue, each with its repository: a metric, or the difference of
//! two arms on the same issue. Out: its mean with the wider of two bootstrap intervals
//! (over issues, over repositories), the effect that could have been detected, signs by
//! repository, and a [`Verdict`] that reads as the protocol says.

mod bootstrap;
mod comparison;
mod holm;
mod power;
mod sample;
mod signs;

pub use bootstrap::{Bootstrap, BootstrapOptions, Interval, Resampled, bootstrap};
pub use comparison::{Comparison, LEAST_ISSUES, Verdict, compare};
pub use holm::holm;
pub use power::{Detectable, detectable};
pub use sample::{RepositoryMean, Sample};
pub use signs::{Signs, sign_test};
