//! What can be asked about the execution of a program, and what is the answer?
//!
//! In: a program, the call that was traced, and its trace. Out: items with one question
//! about the outcome and some about the way there, each with its answer read off the
//! trace. Whatever has more than one defensible answer is dropped, with a reason. The one
//! meaning of an execution is stated in `docs/execution-reasoning.md` and in every prompt.

mod balance;
mod candidate;
mod listing;
mod prompt;
#[cfg(test)]
mod tests;
mod way;
mod write;

pub use balance::Balance;
pub use candidate::Dropped;
pub use write::{AskOptions, Questions, Subject, ask};
