//! How is one unit done?
//!
//! In: one work unit and the repository it belongs to. Out: its place in the
//! run, accepted with a trajectory or rejected with a reason. Doing it again
//! changes nothing; a unit that is done and undamaged is left alone.

use std::collections::BTreeSet;

use backstory_mine::ground::Grounder;
use backstory_mine::link::Methods;
use backstory_mine::unit::{UnitContext, UnitError, change_unit};
use backstory_model::{
    BlobId, ChangeUnit, Disposition, Link, Outcome, RunOptions, SchemaVersion, UnitLabels, WorkUnit,
};
use backstory_store::{RunDirectory, UnitTexts};
use backstory_synth::{ReconstructInput, Rejection, Story, TextCache, reconstruct};

use crate::Failure;
use crate::build::Source;
use crate::build::evidence::evidence;

/// How many bytes of texts are kept between units.
const TEXT_CACHE: usize = 96 << 20;

/// What became of one unit in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was done before.
    Before,
    /// It has a trajectory.
    Accepted,
    /// It was rejected.
    Rejected,
}

impl Done {
    /// Returns the word the ledger keeps; `None` when nothing was tried.
    pub fn status(self) -> Option<&'static str> {
        match self {
            Self::Before => None,
            Self::Accepted => Some("accepted"),
            Self::Rejected => Some("rejected"),
        }
    }

    /// Returns the word for people.
    pub fn describe(self) -> &'static str {
        self.status().unwrap_or("done before")
    }
}

/// Does the units of one repository and keeps what they share.
pub struct UnitRunner<'a> {
    source: &'a Source,
    run: &'a RunDirectory,
    options: &'a RunOptions,
    methods: Methods,
    known_pulls: BTreeSet<u64>,
    grounder: Grounder,
    texts: TextCache,
}

/// A unit that was given up, with what is known of it.
struct GivenUp {
    reason: &'static str,
    detail: String,
    labels: Option<Box<UnitLabels>>,
    links: Vec<Link>,
}

impl<'a> UnitRunner<'a> {
    /// Starts with nothing kept.
    pub fn new(source: &'a Source, run: &'a RunDirectory, options: &'a RunOptions) -> Self {
        Self {
            source,
            run,
            options,
            methods: Methods::all(),
            known_pulls: source.pull_heads.keys().copied().collect(),
            grounder: Grounder::new(),
            texts: TextCache::new(options.file_limit, TEXT_CACHE),
        }
    }

    /// Does one unit, unless it is done; any number of threads may do so at once.
    pub fn run(&self, work: &WorkUnit) -> Result<Done, Failure> {
        if self.run.unit(&work.key).is_some_and(|unit| !may_heal(&unit.disposition.outcome)) {
            return Ok(Done::Before);
        }
        match self.story(work) {
            Ok(story) => self.accept(work, &story).map(|()| Done::Accepted),
            Err(given_up) => self.reject(work, given_up).map(|()| Done::Rejected),
        }
    }

    fn story(&self, work: &WorkUnit) -> Result<Story, GivenUp> {
        let context = UnitContext {
            options: self.options,
            records: self.source.records.as_ref(),
            methods: &self.methods,
            known_pulls: &self.known_pulls,
        };
        let unit = change_unit(&self.source.repo, work, &context)?;
        self.reconstruct(&unit).map_err(|rejection| GivenUp {
            reason: rejection.reason,
            detail: rejection.detail,
            labels: Some(Box::new(unit.labels.clone())),
            links: unit.links.clone(),
        })
    }

    fn reconstruct(&self, unit: &ChangeUnit) -> Result<Story, Rejection> {
        let repo = &self.source.repo;
        let snapshot = self.grounder.ground(repo, &unit.base_tree)?;
        reconstruct(&ReconstructInput {
            repo,
            unit,
            snapshot: &snapshot,
            evidence: &evidence(unit, self.source.records.as_ref()),
            texts: &self.texts,
            parse: &|path, blob, bytes| self.grounder.structure(path, blob, bytes),
        })
    }

    fn accept(&self, work: &WorkUnit, story: &Story) -> Result<(), Failure> {
        let trajectory = &story.trajectory;
        let json = serde_json::to_vec(trajectory)
            .map_err(|error| Failure::of(error, &format!("failed to write `{}`", work.unit)))?;
        for (id, bytes) in &story.blobs {
            if !self.run.has_blob(id) {
                self.run.put_blob(bytes)?;
            }
        }
        let disposition = Disposition {
            schema: SchemaVersion::CURRENT,
            work: work.clone(),
            outcome: Outcome::Accepted {
                trajectory: RunDirectory::text_digest(&json),
                steps: u32::try_from(trajectory.steps.len()).unwrap_or(u32::MAX),
            },
            labels: Some(trajectory.unit.labels.clone()),
            links: trajectory.unit.links.clone(),
            execution: None,
        };
        let blobs: Vec<BlobId> = story.blobs.keys().cloned().collect();
        let texts = UnitTexts { trajectory: Some(&json), execution: None };
        Ok(self.run.commit_unit(&disposition, texts, &blobs)?)
    }

    fn reject(&self, work: &WorkUnit, given_up: GivenUp) -> Result<(), Failure> {
        let disposition = Disposition {
            schema: SchemaVersion::CURRENT,
            work: work.clone(),
            outcome: Outcome::Rejected {
                reason: given_up.reason.to_owned(),
                detail: given_up.detail,
            },
            labels: given_up.labels.map(|labels| *labels),
            links: given_up.links,
            execution: None,
        };
        Ok(self.run.commit_unit(&disposition, UnitTexts::default(), &[])?)
    }
}

/// Rejections that say something of this copy of the repository, not of its
/// history: whoever fetches it again gets another answer.
pub(super) const OF_THIS_COPY: [&str; 2] = ["object_corrupt", "tree_missing"];

fn may_heal(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected { reason, .. } if OF_THIS_COPY.contains(&reason.as_str()))
}

impl From<UnitError> for GivenUp {
    fn from(error: UnitError) -> Self {
        let UnitError::Rejected { reason, detail, labels, links } = error;
        Self { reason, detail, labels, links }
    }
}
