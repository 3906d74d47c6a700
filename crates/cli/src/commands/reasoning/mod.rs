//! How do programs and the questions about them come onto the disk?

mod calls;
mod export;
mod follow;
mod grade;
mod of_run;
mod programs;
mod questions;
mod rows;
mod score;
mod stages;
mod trace;

pub(super) use export::export_questions;
pub(super) use grade::grade;
pub(super) use programs::synthesize;
pub(super) use questions::questions;
pub(super) use score::score;
pub(super) use trace::trace;
