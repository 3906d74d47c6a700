//! What does the tree at the base commit say about where an issue belongs?
//!
//! In: a repository through its port, a base commit, an issue text. Out: the
//! candidates and the snapshot features. Never reads a commit but the base.

mod candidates;

pub use candidates::{Candidates, is_candidate, is_test_path};
