//! How did this change come about, step by step?
//!
//! In: one [`ChangeUnit`](backstory_model::ChangeUnit), the grounded snapshot of
//! its base, the records that speak of it, and the objects of its repository.
//! Out: a [`Story`], or the [`Rejection`] that says which invariant broke.
//! Nothing is executed and no model is asked; every choice names its rule
//! (`docs/rules.md`).

mod anchor;
mod change;
mod ci;
mod ci_report;
mod definition;
mod evidence;
mod flags;
mod hindsight;
mod license;
mod localize;
mod order;
mod patch;
mod plan;
mod reading;
mod reconstruct;
mod requirement;
mod run;
mod search;
mod seen;
mod share;
mod short_id;
mod terms;
mod text;
mod tree;
mod writer;

pub mod grade;
pub mod lm;
pub mod programs;
pub mod questions;
pub mod reason;
pub mod snapshot;

pub use evidence::{ExecutionEvidence, UnitEvidence};
pub use patch::{ChangedFiles, Patches, Sides, UnitFiles, patches, sides};
pub use reconstruct::{ParseFile, ReconstructInput, Rejection, Story, reconstruct};
pub use text::{Text, TextCache};
