//! Which issues and pull requests belong to a change, and how do we know?
//!
//! In: the messages of a unit, the changelog lines and paths it adds, and what
//! the forge's records say. Out: its links, each with method, confidence and
//! evidence; a unit without a link stays a unit. Reads nothing but its arguments.

mod pull;

pub use pull::{StatedPull, pull_number, stated_pull};
