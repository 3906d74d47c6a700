//! Where does a run lie on disk, and what of it is done and undamaged?
//!
//! In: bytes, dispositions and trajectories as the pipeline makes them. Out:
//! a run directory that survives being killed at any moment: content-addressed
//! `blobs/`, one directory per finished unit under `units/`, a checksummed
//! `log/`, a `manifest.json` over all of it, and the ledger `state.sqlite`.
//! Touches files below the directories it is given, and nothing else.

mod blob;
mod collect;
mod disk;
mod error;
mod faults;
mod ledger;
mod log;
mod manifest;
mod reasoning;
mod run;
mod unit;

pub mod fs;
pub mod lines;

pub use collect::Collection;
pub use error::StoreError;
pub use faults::Faults;
pub use ledger::{Ledger, RunState};
pub use log::{LogReader, LogWriter};
pub use manifest::{Damage, digest_file};
pub use reasoning::{Reasoned, ReasonedUnit, ReasoningWriter};
pub use run::RunDirectory;
pub use unit::{StoredUnit, Told, UnitTexts};
