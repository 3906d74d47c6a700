//! Which candidate of a query comes first?
//!
//! In: [`Groups`], the candidates of each query as rows of numbers with their
//! relevance. Out: a trained [`Model`], which gives every candidate of an unseen query
//! a score and says which features lifted it. Touches nothing; the same groups,
//! options and seed give the same bytes for any number of threads.

mod forest;
mod groups;
pub mod lambda_mart;
pub mod linear;
mod model;
mod numbers;
mod ranker;
pub mod synthetic;
pub mod table;

pub use forest::{Forest, ForestError, Node, Tree};
pub use groups::{Group, GroupError, Groups, MOST_RELEVANT};
pub use linear::Linear;
pub use model::{Blend, Model};
pub use ranker::{Ranker, RankerError};
