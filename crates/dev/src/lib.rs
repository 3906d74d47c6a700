//! Does this workspace keep its own rules, and are its generated pages current?
//!
//! In: the checkout. Out: findings, and the files below `docs/reference/`.
//! Not shipped, so it may start `cargo` and touch files directly.

pub mod check;
pub mod generate;
pub mod workspace;
