//! Which units are there to do?
//!
//! In: opened repositories and options. Out: the work manifest, whose lines
//! stand in collect order: by repository name, then along the mainline.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_mine::history;
use backstory_mine::link::quality::{Truths, truths};
use backstory_model::{CommitId, RepoName, RunOptions, SchemaVersion, Sha256, WorkUnit};
use backstory_store::fs;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::Failure;
use crate::build::Source;

const FORMAT: &str = "backstory-plan";

/// The tool and its version, as the manifest of a run names it.
pub(crate) fn tool() -> String {
    format!("backstory {}", env!("CARGO_PKG_VERSION"))
}

/// What a whole run is made of; the first line of a work manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHeader {
    /// Always `backstory-plan`.
    pub format: String,
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The tool and its version.
    pub tool: String,
    /// The digest of everything that determines the run.
    pub run_key: Sha256,
    /// The repositories, each with the commit the walk starts from.
    pub repositories: BTreeMap<RepoName, CommitId>,
    /// The digest of the records; `None` without records.
    pub records: Option<Sha256>,
    /// The choices.
    pub options: RunOptions,
    /// Which pull request closed which issue, as people wrote it down; the links of
    /// the run are judged by it, and nothing else depends on it. [`plan`] reads it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub truths: BTreeMap<RepoName, Truths>,
}

impl PlanHeader {
    /// Describes the run that these repositories and options give.
    pub fn new(sources: &[Source], options: &RunOptions) -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update(format!("{}\n{}\n", tool(), SchemaVersion::CURRENT));
        let limits =
            (options.since, options.limit, &options.units, options.file_limit, &options.execute);
        hasher.update(format!("{limits:?}\n"));
        for source in sources {
            hasher.update(format!("{}\n", source.digest()));
        }
        Self {
            format: FORMAT.to_owned(),
            schema: SchemaVersion::CURRENT,
            tool: tool(),
            run_key: Sha256::from_digest(&hasher.finalize()),
            repositories: sources.iter().map(|s| (s.name.clone(), s.head.clone())).collect(),
            records: records_digest(sources),
            options: options.clone(),
            truths: BTreeMap::new(),
        }
    }
}

/// The digest of the records: of the one repository, or over those of all.
fn records_digest(sources: &[Source]) -> Option<Sha256> {
    let digests: Vec<(&RepoName, &Sha256)> = sources
        .iter()
        .filter_map(|source| Some((&source.name, source.records.as_ref()?.digest())))
        .collect();
    match &digests[..] {
        [] => None,
        [(_, digest)] => Some((*digest).clone()),
        several => {
            let lines: Vec<String> =
                several.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect();
            Some(Sha256::from_digest(&sha2::Sha256::digest(lines.concat())))
        }
    }
}

/// The work manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What the run is made of.
    pub header: PlanHeader,
    /// The units, in collect order.
    pub work: Vec<WorkUnit>,
}

/// Lists every unit of every repository; `sources` are sorted by name.
pub fn plan(sources: &[Source], mut header: PlanHeader) -> Result<Plan, Failure> {
    let mut work = Vec::new();
    for source in sources {
        let told = truths(&source.repo, &source.head, &source.name, source.records.as_ref());
        if !told.is_empty() {
            header.truths.insert(source.name.clone(), told);
        }
        let mut salt = format!("{} {}", tool(), source.side_digest());
        if header.options.execute.as_ref().is_some_and(|execute| execute.candidates > 0) {
            // Candidates are made of what later changes did.
            salt += " ";
            salt += &source.head.to_string();
        }
        work.extend(history::plan(
            &source.repo,
            &source.head,
            &source.name,
            &header.options,
            salt.as_bytes(),
        )?);
    }
    all_named(&header.options, &work)?;
    Ok(Plan { header, work })
}

/// Refuses a unit that was named and is not there.
fn all_named(options: &RunOptions, work: &[WorkUnit]) -> Result<(), Failure> {
    let missing = options.units.iter().find(|named| work.iter().all(|unit| unit.unit != **named));
    match missing {
        None => Ok(()),
        Some(unit) => Err(Failure::new(format!("there is no unit `{unit}` in the selection"))
            .hint("units are named in `tables/units.parquet` of a run; `--since` and `--limit` also apply")),
    }
}

impl Plan {
    /// Writes the work manifest: the header, then one unit a line.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut text = json_line(&self.header)?;
        for unit in &self.work {
            text.push_str(&json_line(unit)?);
        }
        Ok(fs::write_file(path, text.as_bytes())?)
    }

    /// Reads a work manifest.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_text(path)?;
        let mut lines = text.lines().enumerate();
        let broken = |number: usize, error: serde_json::Error| {
            let line = number + 1;
            Failure::of(error, &format!("line {line} of the plan `{}` is broken", path.display()))
                .hint("write it again with `backstory plan`")
        };
        let Some((number, first)) = lines.next() else {
            return Err(Failure::new(format!("the plan `{}` is empty", path.display())));
        };
        let header: PlanHeader = serde_json::from_str(first).map_err(|e| broken(number, e))?;
        header.schema.check_readable().map_err(|error| {
            Failure::of(error, &format!("the plan `{}` cannot be used", path.display()))
        })?;
        if header.tool != tool() {
            return Err(Failure::new(format!(
                "the plan `{}` was written by `{}`, this is `{}`",
                path.display(),
                header.tool,
                tool()
            ))
            .hint("use one version for plan, run-unit and collect"));
        }
        let work = lines
            .map(|(number, line)| serde_json::from_str(line).map_err(|e| broken(number, e)))
            .collect::<Result<Vec<WorkUnit>, Failure>>()?;
        Ok(Self { header, work })
    }
}

fn json_line<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map(|line| line + "\n")
        .map_err(|error| Failure::of(error, "failed to write the plan"))
}
