//! How are trajectories judged and shipped?
//!
//! In: the trajectories and stored bodies of a run. Out: exports other tools
//! read ([`export()`]), what those tools would reject or lose ([`validate`]), a
//! reading for the terminal ([`narrate()`]), and the audit by re-derivation.
//! Touches the files it is given; starts nothing and asks no network.

mod atif;
mod bodies;
mod candidates;
mod card;
mod chat;
mod dialect;
mod evidence;
mod export;
mod harbor;
mod label;
mod narrate;
mod people;
mod pivot;
mod rows;
mod stages;
mod swe_bench;
mod tables;
mod task;
mod time;

pub mod audit;
pub mod label_audit;
pub mod questions;
pub mod reasoning;
pub mod snapshot;
pub mod told;
pub mod validate;

pub use bodies::{Bodies, BodyError};
pub use dialect::{Dialect, Rendered, RenderedStep, ToolCall, UnknownDialect};
pub use export::{
    ExportContext, ExportError, ExportFormat, ExportOptions, Exported, Split, UnknownWord, export,
};
pub use narrate::narrate;
pub use task::{Reporter, Story};
