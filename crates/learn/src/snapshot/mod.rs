//! What does the tree at the base commit say about where an issue belongs?
//!
//! In: a repository through its port, a base commit, an issue text. Out: the
//! candidates, the snapshot features, and queries made of documentation. Never reads
//! a commit but the base. Writes nothing but the index folder it is given.

mod candidates;
mod documentation;
mod features;
mod file;
mod imports;
mod index;
mod lookup;
mod mention;
mod pseudo;
mod tree;

pub use candidates::{Candidates, is_candidate, is_package_index, is_test_path};
pub use features::{BEST_HITS, FEATURES, Query, Views, best_hits, features};
pub use file::FileTerms;
pub use imports::ImportGraph;
pub use index::{Index, IndexError};
pub use pseudo::{PseudoQuery, pseudo_queries, sampled};
pub use tree::Snapshot;
