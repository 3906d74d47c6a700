//! How are the units of a run executed on this machine?
//!
//! The command line's part of execution: it opens the machine, hands real ports
//! to `backstory-exec` and puts what comes back where it is stored.

mod executor;
mod machine;
pub(crate) mod telling;

pub(crate) use executor::{BothSides, Executor};
pub(crate) use machine::{Machine, STAGE, look, toolchains};
