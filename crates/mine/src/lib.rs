//! Reads the past: history, records, links, and the grounding of a commit.

pub mod link;
pub mod records;
