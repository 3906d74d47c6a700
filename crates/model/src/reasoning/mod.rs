//! What was searched for the thoughts of a story, and what came of it?
//!
//! A thought is searched before a write of a snapshot's story, or before an action of a
//! change: several texts are tried, and the one that makes what was really done likeliest
//! stands, if it beats no thought at all and a thought of another step. Everything that was
//! tried is kept. The story itself stays as it is; what was found stands beside it and names
//! the step it is for.

mod candidate;
mod guard;
mod scope;
mod search;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ModelIdentity, Provenance, SchemaVersion, SnapshotStory, Thought, Tier, Trajectory};

pub use candidate::{CandidateKind, CandidateRow, Generator, Reason};
pub use guard::{FILE_ENDINGS, GuardOptions, GuardReport, KEYWORDS, Leak};
pub use scope::{Scope, ScopeRow, ThoughtVersion};
pub use search::{Gate, GateScore, Percentiles, SearchOptions, Searched};

use search::is_zero;

/// How the thoughts of a run were searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReasoningSearch {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The program that searched.
    pub tool: String,
    /// Who says how likely code is.
    pub scorer: ModelIdentity,
    /// Who writes thoughts.
    pub writer: Generator,
    /// What thoughts of the writer are: derived by rules, or synthesized by a model.
    pub writes: Tier,
    /// The choices of the search.
    pub options: SearchOptions,
    /// Between which percentiles of the wanted steps the gate was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles>,
    /// What the gate was set by: every wanted step that fits into the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate_scores: Vec<GateScore>,
    /// How many steps were to be searched, drawn by the seed; all if absent.
    pub thoughts: Option<usize>,
    /// How many tokens might be spent; as many as it takes if absent.
    pub budget: Option<u64>,
    /// Steps that might have been searched: the writes of snapshots, or the actions of
    /// changes.
    pub writes_found: usize,
    /// Actions whose target is shorter than the choices want.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub target_too_short: usize,
    /// Steps that were.
    pub steps: usize,
    /// How likely more than the searched steps is, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<ScopeRow>,
}

/// What was found for one step of a story.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReasonedStep {
    /// The step, from 1.
    pub step: usize,
    /// How the thought that stands is known; `None` where none stands.
    pub provenance: Option<Provenance>,
    /// The search.
    pub searched: Searched,
}

impl ReasonedStep {
    /// Returns the thought that stands.
    pub fn thought(&self) -> Option<Thought> {
        let (text, provenance) = (self.searched.thought.as_ref()?, self.provenance.as_ref()?);
        Some(Thought { text: text.clone(), provenance: provenance.clone() })
    }

    /// Returns true where the search decides. A step that was not worth one, or did not
    /// fit into the model, keeps the thought it has.
    pub fn is_decided(&self) -> bool {
        match self.searched.dropped {
            Some(Reason::OverWindow | Reason::OutsideGate | Reason::NotInferable) => false,
            None
            | Some(
                Reason::Guard
                | Reason::Empty
                | Reason::SeenBefore
                | Reason::NotLower
                | Reason::NotBetterThanNone
                | Reason::NotBetterThanOther
                | Reason::NoCandidate,
            ) => true,
        }
    }
}

impl SnapshotStory {
    /// Returns the story with the thoughts that were found for its steps.
    #[must_use]
    pub fn with_reasoning(&self, steps: &[ReasonedStep]) -> Self {
        let mut story = self.clone();
        for step in steps.iter().filter(|step| step.is_decided()) {
            story.set_thought(step.step, step.thought());
        }
        story
    }

    /// Puts a thought in the place of the one a step has; a step that is none of an agent
    /// of a file stays as it is.
    pub fn set_thought(&mut self, number: usize, thought: Option<Thought>) {
        if let Some((file, at)) = self.place_of(number) {
            self.delegations[file].steps[at].thought = thought;
        }
    }

    /// Returns the delegation of a step, and its place in there.
    fn place_of(&self, number: usize) -> Option<(usize, usize)> {
        let mut first = 3;
        for (file, delegation) in self.delegations.iter().enumerate() {
            let inner = number.checked_sub(first + 1);
            if let Some(at) = inner.filter(|at| *at < delegation.steps.len()) {
                return Some((file, at));
            }
            first += 1 + delegation.steps.len();
        }
        None
    }
}

impl Trajectory {
    /// Returns the trajectory with the thoughts that were found for its steps.
    ///
    /// Such a thought was chosen by how likely it makes the action that follows, so its
    /// step is marked as hindsight, whatever the choice is.
    #[must_use]
    pub fn with_reasoning(mut self, steps: &[ReasonedStep]) -> Self {
        for found in steps.iter().filter(|step| step.is_decided()) {
            let step = found.step.checked_sub(1).and_then(|at| self.steps.get_mut(at));
            if let Some(step) = step {
                step.thought = found.thought();
                step.hindsight |= step.thought.is_some();
            }
        }
        self
    }
}
