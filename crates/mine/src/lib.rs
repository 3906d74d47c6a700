//! What does the past of a repository hold?
//!
//! Reads the past: history, records, links, CI, and the grounding of a commit.

mod error;

pub mod ci;
pub mod git;
pub mod git_bug;
pub mod ground;
pub mod history;
pub mod link;
pub mod records;
pub mod test_text;
pub mod twin;
pub mod unit;

pub use error::MineError;
pub use git::{GitRepository, find_repository, repository_name};
