//! Is what was searched for the thoughts of a story true?
//!
//! In: a story, the steps that were searched, and how. Out: findings. The scores cannot be
//! asked for again here; everything that follows from them is: which candidate stands,
//! what the controls say, whether a thought gives its code away, what a model was asked.
//! What stands before a thought is taken from the document that is exported.

mod accepted;
mod kept;
mod leaks;
mod prompt;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{BlobId, SnapshotStory};

use super::Auditor;
use super::finding::{Checked, Findings, Place, TrajectoryAudit};
use super::sources::StoredBlobs;
use crate::snapshot::{Verdict, WritePlace, each_write, writes};
use crate::{Bodies, BodyError};

impl Auditor<'_> {
    /// Audits what was searched for one story; any number of threads may do so at once.
    pub fn reasoning(
        &self,
        story: &SnapshotStory,
        steps: &[ReasonedStep],
        search: &ReasoningSearch,
    ) -> TrajectoryAudit {
        let mut findings = Findings::new(story.id.clone());
        let mut checked = Checked::default();
        for step in steps {
            if let Some(thought) = step.thought() {
                *checked.thoughts.entry(thought.provenance.tier()).or_default() += 1;
            }
        }
        let by_step = by_step(story, steps, &mut findings);
        let wanted: BTreeSet<usize> = by_step.keys().copied().collect();
        let bodies = Stored(self.sources.blobs);
        let context = search.options.context;
        let walked = each_write(story, &bodies, (&wanted, context), |place| {
            let Some(step) = by_step.get(&place.step) else { return Ok(Verdict::Stays) };
            let (blobs, findings) = (self.sources.blobs, &mut findings);
            StepAudit { story, search, step, place, blobs, findings }.run();
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
        TrajectoryAudit { findings: findings.into_list(), checked }
    }
}

/// Sorts the steps by number; a step that is no write, or stands twice, is a finding.
fn by_step<'a>(
    story: &SnapshotStory,
    steps: &'a [ReasonedStep],
    findings: &mut Findings,
) -> BTreeMap<usize, &'a ReasonedStep> {
    let known: BTreeSet<usize> = writes(story).map(|(number, _)| number).collect();
    let ascending = steps.windows(2).all(|pair| pair[0].step < pair[1].step);
    let place = Place::whole("reason/step");
    findings.demand(ascending, place, "each step once, in order", || "another order".to_owned());
    for step in steps {
        let place = Place::step(step.step, "reason/step");
        let id = format!("{}/{}", story.id, step.step);
        findings.equal(place, "name", (&id, &step.searched.step_id));
        let is_write = known.contains(&step.step);
        findings.demand(is_write, place, "a write of the story", || "another step".to_owned());
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

/// One step and what stands around it.
struct StepAudit<'a> {
    story: &'a SnapshotStory,
    search: &'a ReasoningSearch,
    step: &'a ReasonedStep,
    place: &'a WritePlace<'a>,
    blobs: &'a dyn StoredBlobs,
    findings: &'a mut Findings,
}

impl StepAudit<'_> {
    fn run(mut self) {
        self.rows();
        self.accepted();
        self.kept();
        self.leaks();
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
