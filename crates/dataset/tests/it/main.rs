//! Do exports, checks and the audit hold on trajectories written by hand?

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dialect;
mod evidence;
mod export;
mod graded;
mod people;
mod pivots;
mod questions;
mod run;
mod sample;
mod stages;
mod told;
mod validate;
