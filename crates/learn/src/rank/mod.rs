//! Which candidate of a query comes first?
//!
//! In: [`Groups`], the candidates of each query as rows of numbers with their
//! relevance. Out: a trained ranker, which gives every row of an unseen query a score.
//! Touches nothing; the same groups, options and seed give the same bytes for any
//! number of threads.

mod groups;

pub use groups::{Group, GroupError, Groups};
