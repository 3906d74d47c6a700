//! What is run for one unit, and what does it show?
//!
//! In: the unit, both sides of its change, and the ports. Out: every run with
//! its verdict, the tests that tell the fix, the gates and, where all hold, the
//! instance. `docs/execution.md` says what is run.

mod bench;
mod blank;
mod finish;
mod future;
mod input;
mod job;
mod others;
mod plant;
mod report_folder;
mod selection;
mod statement;
mod story;
mod traced;
mod trees;
mod unit;

pub use input::{Environments, Event, ExecuteError, ExecuteInput, Executed, Provided, Tag};
pub use traced::{
    AskedTest, BothVersions, FollowedTest, FollowedUnit, NotFollowed, TraceAsk, TracedState,
    Untraced, follow_unit,
};
pub use unit::execute_unit;
