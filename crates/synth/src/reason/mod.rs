//! Which thought makes the real code likely, without giving it away?
//!
//! In: one step with its context, its code and perhaps a thought, and two models through
//! the port. Out: the thought that was found, or the reason why there is none, and one
//! row for every candidate. Pure over the port: the same answers give the same bytes.

mod code;
mod control;
mod definition;
mod known;
mod names;
mod prompt;
mod words;

pub mod clauses;
pub mod guard;
pub mod search;
pub mod seen;
pub mod writer;

pub use known::{Known, RestsOn, known};

/// Counts the words, numbers and marks of a text.
pub fn token_count(text: &str) -> usize {
    words::pieces(text).len()
}
