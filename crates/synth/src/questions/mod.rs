//! What can be asked about the execution of a program, and what is the answer?
//!
//! In: a program, the call that was traced, and its trace. Out: items with one question
//! about the outcome and some about the way there, each with its answer read off the
//! trace. Whatever has more than one defensible answer is dropped, with a reason. The one
//! meaning of an execution is stated in `docs/execution-reasoning.md` and in every prompt.

mod balance;
mod builtins;
#[cfg(test)]
mod call_tests;
mod calls;
mod candidate;
mod closed;
mod expression;
mod fix;
mod listing;
mod of_call;
mod prompt;
mod reading;
mod seen;
mod stretch;
#[cfg(test)]
mod tests;
mod way;
mod write;

pub use balance::Balance;
pub use calls::{TracedCall, TracedCalls, calls};
pub use candidate::Dropped;
pub use fix::{DifferentValue, Parting, SameStatements, is_same_call, parting};
pub use of_call::{CallAsker, CallBefore, CallSubject, CalledFile};
pub use write::{AskOptions, Questions, Subject, ask};
