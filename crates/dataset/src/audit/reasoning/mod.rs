//! Is what was searched for the thoughts of a story or of a change true?
//!
//! In: a story or a trajectory, the steps that were searched, and how. Out: findings. The
//! scores cannot be asked for again here; everything that follows from them is: which
//! candidate stands, what the controls say, whether a thought gives its target away, what a
//! model was asked. What stands before a write of a snapshot is taken from the document that
//! is exported; what stands before an action of a change is put together here again.

mod accepted;
mod change;
mod first;
mod gate;
mod kept;
mod leaks;
mod named;
mod prompt;
mod rows;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{BlobId, SnapshotStory, Thought, UnitId};

use super::Auditor;
use super::finding::{Checked, Findings, Place, TrajectoryAudit};
use super::sources::StoredBlobs;
use crate::snapshot::{Verdict, each_write, writes};
use crate::{Bodies, BodyError};
use first::Before;
pub(super) use gate::gate;

impl Auditor<'_> {
    /// Audits what was searched for one story; any number of threads may do so at once.
    pub fn reasoning(
        &self,
        story: &SnapshotStory,
        steps: &[ReasonedStep],
        search: &ReasoningSearch,
    ) -> TrajectoryAudit {
        let mut findings = Findings::new(story.id.clone());
        let known = writes(story).map(|(number, _)| number).collect();
        let by_step = by_step((&story.id, &known), steps, &mut findings);
        let wanted: BTreeSet<usize> = by_step.keys().copied().collect();
        let bodies = Stored(self.sources.blobs);
        let context = search.options.context;
        let walked = each_write(story, &bodies, (&wanted, context), |place| {
            let Some(step) = by_step.get(&place.step) else { return Ok(Verdict::Stays) };
            let around = Around {
                context: place.context,
                target: place.target,
                had: place.thought,
                others: others(story, place.step),
                about: About::Write { story, blob: place.blob },
            };
            self.reasoned_step((step, search), &around, &mut findings);
            let decided = step.is_decided();
            Ok::<_, BodyError>(if decided {
                Verdict::Becomes(step.thought())
            } else {
                Verdict::Stays
            })
        });
        if let Err(error) = walked {
            findings.note(Place::whole("reason/step"), "the bytes of the story", error);
        }
        TrajectoryAudit { findings: findings.into_list(), checked: checked(steps) }
    }

    /// Audits what was searched for one step.
    fn reasoned_step(
        &self,
        (step, search): (&ReasonedStep, &ReasoningSearch),
        around: &Around<'_>,
        findings: &mut Findings,
    ) {
        StepAudit { search, step, around, blobs: self.sources.blobs, findings }.run();
    }
}

/// Returns the thoughts of the other writes.
fn others(story: &SnapshotStory, step: usize) -> Vec<&str> {
    let others = writes(story).filter(|(number, _)| *number != step);
    others.filter_map(|(_, step)| Some(step.thought.as_ref()?.text.as_str())).collect()
}

/// Counts the thoughts that stand, by tier.
fn checked(steps: &[ReasonedStep]) -> Checked {
    let mut checked = Checked::default();
    for thought in steps.iter().filter_map(ReasonedStep::thought) {
        *checked.thoughts.entry(thought.provenance.tier()).or_default() += 1;
    }
    checked
}

/// Sorts the steps by number; a step that may have no thought, or stands twice, is a
/// finding.
fn by_step<'a>(
    (story, known): (&UnitId, &BTreeSet<usize>),
    steps: &'a [ReasonedStep],
    findings: &mut Findings,
) -> BTreeMap<usize, &'a ReasonedStep> {
    let ascending = steps.windows(2).all(|pair| pair[0].step < pair[1].step);
    let place = Place::whole("reason/step");
    findings.demand(ascending, place, "each step once, in order", || "another order".to_owned());
    for step in steps {
        let place = Place::step(step.step, "reason/step");
        let id = format!("{story}/{}", step.step);
        findings.equal(place, "name", (&id, &step.searched.step_id));
        let is_known = known.contains(&step.step);
        findings
            .demand(is_known, place, "a step that may be searched", || "another step".to_owned());
    }
    steps.iter().map(|step| (step.step, step)).collect()
}

/// The stored blobs, as an export reads them.
struct Stored<'a>(&'a dyn StoredBlobs);

impl Bodies for Stored<'_> {
    fn bytes(&self, blob: &BlobId) -> Result<Vec<u8>, BodyError> {
        self.0.stored(blob).ok_or_else(|| BodyError::Missing { blob: blob.clone() })
    }
}

/// What stands around a step.
struct Around<'a> {
    /// The end of the text before the thought.
    context: &'a str,
    /// What is written or done.
    target: &'a str,
    /// The thought the search begins with.
    had: Option<&'a Thought>,
    /// The thoughts of the other steps.
    others: Vec<&'a str>,
    about: About<'a>,
}

/// What a thought may be about.
enum About<'a> {
    /// A write of a snapshot's story; the file that is written.
    Write { story: &'a SnapshotStory, blob: &'a BlobId },
    /// An action of a change; what earlier steps have shown, step by step and as one text.
    Action { before: Before<'a>, earlier: &'a str },
}

/// One step and what stands around it.
struct StepAudit<'a> {
    search: &'a ReasoningSearch,
    step: &'a ReasonedStep,
    around: &'a Around<'a>,
    blobs: &'a dyn StoredBlobs,
    findings: &'a mut Findings,
}

impl StepAudit<'_> {
    fn run(mut self) {
        self.rows();
        self.accepted();
        self.kept();
        self.leaks();
        self.named();
        self.prompts();
    }

    fn at<'r>(&self, rule: &'r str) -> Place<'r> {
        Place::step(self.step.step, rule)
    }

    /// Returns the text a row is about.
    fn text(&self, hash: Option<&backstory_model::Sha256>) -> Option<&str> {
        self.step.searched.texts.get(hash?).map(String::as_str)
    }
}

/// Returns true for numbers that are the same but for the way they were written down.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}
