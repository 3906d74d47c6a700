//! Which programs are worth tracing when there is no repository?
//!
//! In: constraints and a seed. Out: small Python programs that a parser has checked
//! against their constraint, with arguments and mutants of these. No model takes part;
//! the structure is that of `ExecVerify` (a method under test by six cumulative levels),
//! stated in `docs/execution-reasoning.md`.

mod check;
mod constraint;
mod expression;
mod generate;
mod identity;
mod literal;
mod method;
mod mutate;
mod names;
mod synthesize;

pub use check::{Shape, Unmet, check};
pub use constraint::{Constraint, Flow, Level, OtherMethods};
pub use identity::{family_id, program_id};
pub use literal::{Literal, LiteralError};
pub use method::{Method, methods};
pub use mutate::mutants;
pub use synthesize::{Funnel, Parts, Program, SynthesizeOptions, Synthesized, synthesize};
