//! Who writes the draft of a program that must obey a constraint?
//!
//! In: constraints, each with a stream of random numbers. Out: texts that a parser still
//! has to check. The grammar writes one at a time and never fails; a model writes several
//! and may fail, or have nothing left to spend.

use std::convert::Infallible;

use backstory_model::seed::Generator;
use serde::{Deserialize, Serialize};

use super::constraint::Constraint;
use super::generate::generate;

/// What wrote a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The grammar.
    #[default]
    Grammar,
    /// A model.
    Model,
    /// Somebody who gave it.
    Given,
}

impl Origin {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grammar => "grammar",
            Self::Model => "model",
            Self::Given => "given",
        }
    }
}

/// Which model wrote a program, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenBy {
    /// Its name.
    pub model: String,
    /// Which version of its weights, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// How freely it wrote.
    pub temperature: f64,
    /// Where its draws started.
    pub seed: u64,
}

/// A draft to write.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it must obey.
    pub constraint: Constraint,
    /// What is drawn for it.
    pub random: Generator,
}

/// A draft that was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text.
    pub source: String,
    /// The model, if one wrote it.
    pub by: Option<WrittenBy>,
}

/// Writes drafts.
pub trait Drafts {
    /// Why nothing was written.
    type Error;

    /// Returns how many drafts are asked for at a time.
    fn at_once(&self) -> usize;

    /// Writes every draft, or none where nothing may be spent any more.
    fn write(&mut self, drafts: &mut [Draft]) -> Result<Vec<Written>, Self::Error>;
}

/// Writes by a grammar.
pub(super) struct Grammar;

impl Drafts for Grammar {
    type Error = Infallible;

    fn at_once(&self) -> usize {
        1
    }

    fn write(&mut self, drafts: &mut [Draft]) -> Result<Vec<Written>, Infallible> {
        let written = drafts.iter_mut().map(|draft| Written {
            source: generate(&draft.constraint, &mut draft.random),
            by: None,
        });
        Ok(written.collect())
    }
}
