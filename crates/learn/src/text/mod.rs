//! How close is a text to each of many documents?
//!
//! In: texts. Out: bags of terms, BM25 scores, ranks and their fusion. Knows nothing
//! of repositories; every sum runs in the order of terms, so that the same texts give
//! the same bits.

mod bag;
mod bm25;
mod fusion;
mod tokens;

pub use bag::{Bag, Term};
pub use bm25::{Bm25, bm25};
pub use fusion::{View, fuse, fuse_views, mean_ranks, order};
pub use tokens::{for_each_token, tokens};
