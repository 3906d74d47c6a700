//! Which programs are worth tracing when there is no repository?
//!
//! In: constraints and a seed. Out: small Python programs that a parser has checked
//! against their constraint, with arguments and mutants of these. A grammar writes them, or
//! a model that is asked through the port; the structure is that of `ExecVerify` (a method under test by six cumulative levels),
//! stated in `docs/execution-reasoning.md`.

mod check;
mod constraint;
mod drafts;
mod expression;
mod generate;
mod identity;
mod literal;
mod method;
mod model_drafts;
mod mutate;
mod names;
mod synthesize;

pub use check::{Shape, Unmet, check};
pub use constraint::{Constraint, Flow, Level, OtherMethods};
pub use drafts::{Draft, Drafts, Origin, Written, WrittenBy};
pub use identity::{family_id, program_id};
pub use literal::{Literal, LiteralError};
pub use method::{Method, methods};
pub use model_drafts::{ModelDraftOptions, ModelDrafts};
pub use mutate::mutants;
pub use synthesize::{
    Funnel, Parts, Program, RejectedDraft, SynthesizeOptions, Synthesized, synthesize,
    synthesize_with,
};
