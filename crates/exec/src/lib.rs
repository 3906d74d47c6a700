//! How is the past run?
//!
//! In: trees, recipes and commands. Out: reports, verdicts and the evidence for
//! them. The only crate that starts processes; foreign code runs in the
//! sandbox alone.
//!
//! - [`sandbox`]: how a command that nobody trusts runs, and how it ended.
//! - [`cache`]: how large what is kept between builds is, and what of it can go.
//! - [`checkout`]: how the files of a git tree come to lie on disk.
//! - [`environment`]: what a repository needs at a commit, and how it gets it.
//! - [`report`]: what the runners' reporters said.
//! - [`output`]: what a run printed, without what differs each time.
//! - [`judge`]: what reports are worth, and which tests tell the fix.
//! - [`mutants`]: which wrong versions of a patch the tests should reject.
//! - [`execute`]: everything that is run for one unit.
//! - [`trace`]: what programs do, statement by statement.

pub mod cache;
pub mod checkout;
pub mod environment;
pub mod execute;
pub mod judge;
pub mod mutants;
pub mod output;
pub mod report;
pub mod sandbox;
pub mod trace;
