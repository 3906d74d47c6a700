//! Which Parquet tables does a dataset have, and what stands in their rows?
//!
//! `trajectories` (one row per trajectory), `steps` (one row per step), `instances`
//! (one row per task instance, with the names of SWE-bench) and, only where there are
//! rows for them, `evidence` (one row per file that tests executed before the fix) and
//! `candidates` (one row per patch that was run for an instance).
//! Nested values are JSON columns. The columns are described in `docs/formats.md`.

use std::path::{Path, PathBuf};

use backstory_model::{Action, BlobId, CommitId, Phase, Provenance, RepoPath, Step, UnitId};
use backstory_store::fs;
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};
use serde::Serialize;
use serde_json::Value;

use crate::candidates;
use crate::evidence::{self, Evidence, FileEvidence, evidence};
use crate::export::{ExportError, Shown};
use crate::label;

use ColumnKind::{Boolean, Integer, Json, JsonList, Text, TextList};

/// The configurations of a dataset, in the order the card lists them.
pub(crate) const CONFIGS: [&str; 3] = ["trajectories", "steps", "instances"];

/// The configuration that is there only where tests were traced.
pub(crate) const EVIDENCE: &str = "evidence";

/// The configuration that is there only where patches were run.
pub(crate) const CANDIDATES: &str = "candidates";

const PHASES: [(Phase, &str); 6] = [
    (Phase::Requirements, "steps_requirements"),
    (Phase::Localization, "steps_localization"),
    (Phase::Reading, "steps_reading"),
    (Phase::Editing, "steps_editing"),
    (Phase::Debugging, "steps_debugging"),
    (Phase::Validation, "steps_validation"),
];

/// The open tables.
pub(crate) struct Tables {
    trajectories: TableWriter,
    steps: TableWriter,
    instances: TableWriter,
    evidence: Sometimes,
    candidates: Sometimes,
}

impl Tables {
    /// Starts the tables in the folder of each configuration.
    pub(crate) fn create(folder: &Path, stem: &str) -> Result<Self, ExportError> {
        let table = |name, columns| table(folder, name, stem, columns);
        Ok(Self {
            trajectories: table("trajectories", trajectory_columns())?,
            steps: table("steps", step_columns())?,
            instances: table("instances", instance_columns())?,
            evidence: Sometimes::new(folder, EVIDENCE, stem),
            candidates: Sometimes::new(folder, CANDIDATES, stem),
        })
    }

    /// Adds the rows of one trajectory.
    pub(crate) fn add(&mut self, story: &Shown<'_>) -> Result<(), ExportError> {
        let unit = &story.trajectory.unit.id;
        let patch = patch(story, unit, &story.trajectory.gold_patch)?;
        let test_patch = self::patch(story, unit, &story.trajectory.test_patch)?;
        if let Some(row) = instance_row(story, &patch, &test_patch) {
            self.instances.push(row)?;
        }
        for row in candidates::rows(story)? {
            self.candidates.push(row, candidates::columns)?;
        }
        self.trajectories.push(trajectory_row(story, patch, test_patch))?;
        for index in 0..story.trajectory.steps.len() {
            self.steps.push(step_row(story, index))?;
        }
        self.add_evidence(story)
    }

    fn add_evidence(&mut self, story: &Shown<'_>) -> Result<(), ExportError> {
        let unit = &story.trajectory.unit;
        let Some(execution) = story.execution else { return Ok(()) };
        let found = evidence(unit, execution, story.bodies)
            .map_err(|source| ExportError::Body { unit: unit.id.clone(), source })?;
        let Some(found) = found else { return Ok(()) };
        for (path, file) in &found.files {
            self.evidence.push(evidence_row(story, &found, path, file), evidence_columns)?;
        }
        Ok(())
    }

    /// Closes the tables and returns what those hold that are not always there.
    pub(crate) fn finish(self) -> Result<Found, ExportError> {
        self.trajectories.finish()?;
        self.steps.finish()?;
        self.instances.finish()?;
        Ok(Found { evidence: self.evidence.finish()?, candidates: self.candidates.finish()? })
    }
}

/// A table that is there only where there is a row for it.
struct Sometimes {
    folder: PathBuf,
    name: &'static str,
    stem: String,
    writer: Option<TableWriter>,
    rows: u64,
}

impl Sometimes {
    fn new(folder: &Path, name: &'static str, stem: &str) -> Self {
        let (folder, stem) = (folder.to_owned(), stem.to_owned());
        Self { folder, name, stem, writer: None, rows: 0 }
    }

    fn push(
        &mut self,
        row: Vec<Cell>,
        columns: fn() -> Vec<(&'static str, ColumnKind)>,
    ) -> Result<(), ExportError> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(table(&self.folder, self.name, &self.stem, columns())?),
        };
        writer.push(row)?;
        self.rows += 1;
        Ok(())
    }

    fn finish(self) -> Result<u64, ExportError> {
        if let Some(writer) = self.writer {
            writer.finish()?;
        }
        Ok(self.rows)
    }
}

/// How many rows the tables have that are not always there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) evidence: u64,
    pub(crate) candidates: u64,
}

fn table(
    folder: &Path,
    name: &str,
    stem: &str,
    columns: Vec<(&'static str, ColumnKind)>,
) -> Result<TableWriter, ExportError> {
    let folder = folder.join(name);
    fs::create_dirs(&folder)?;
    let path = folder.join(format!("{stem}.parquet"));
    Ok(TableWriter::create(&path, Schema::new(columns), WriteOptions::default())?)
}

fn patch(story: &Shown<'_>, unit: &UnitId, blob: &BlobId) -> Result<String, ExportError> {
    story.bodies.text(blob).map_err(|source| ExportError::Body { unit: unit.clone(), source })
}

fn trajectory_columns() -> Vec<(&'static str, ColumnKind)> {
    let mut columns = vec![
        ("unit_id", Text),
        ("repo", Text),
        ("commit", Text),
        ("position", Integer),
        ("pull", Integer),
        ("base_commit", Text),
        ("base_tree", Text),
        ("head_commit", Text),
        ("head_tree", Text),
        ("created_at", Text),
        ("sequence", Text),
        ("collapse_reason", Text),
        ("states", Integer),
        ("requirement_source", Text),
        ("requirement_as_it_stood", Text),
        ("requirement_flags", TextList),
        ("license", Text),
        ("license_path", Text),
        ("links", JsonList),
        ("files", Integer),
        ("source_files", Integer),
        ("test_files", Integer),
        ("inline_test_files", Integer),
        ("opaque_files", Integer),
        ("lines_added", Integer),
        ("lines_removed", Integer),
        ("small", Boolean),
        ("test_source", Boolean),
        ("docs_only", Boolean),
        ("bot", Boolean),
        ("revert", Boolean),
        ("languages", TextList),
        ("steps", Integer),
    ];
    columns.extend(PHASES.map(|(_, name)| (name, Integer)));
    columns.extend([
        ("choices_observed", Integer),
        ("choices_executed", Integer),
        ("choices_derived", Integer),
        ("choices_synthesized", Integer),
        ("hindsight_steps", Integer),
        ("patch", Text),
        ("test_patch", Text),
        ("dialect", Text),
        ("messages", JsonList),
        ("message_provenance", JsonList),
        ("tools", JsonList),
    ]);
    columns
}

fn trajectory_row(story: &Shown<'_>, patch: String, test_patch: String) -> Vec<Cell> {
    let mut row = identity_cells(story);
    row.extend(label_cells(story));
    row.extend(step_counts(&story.trajectory.steps));
    let bodies = story.messages.iter().map(|message| message.body.to_string());
    let known = story.messages.iter().map(|message| message.known.to_string());
    row.extend([
        Cell::Text(patch),
        Cell::Text(test_patch),
        text(story.rendered.dialect.as_str()),
        Cell::JsonList(bodies.collect()),
        Cell::JsonList(known.collect()),
        Cell::JsonList(story.rendered.tools.iter().map(Value::to_string).collect()),
    ]);
    row
}

fn identity_cells(story: &Shown<'_>) -> Vec<Cell> {
    let trajectory = story.trajectory;
    let unit = &trajectory.unit;
    let (sequence, collapsed) = label::sequence(&unit.sequence);
    let requirement = &trajectory.requirement;
    vec![
        text(unit.id.as_str()),
        text(unit.repo.to_string()),
        text(unit.commit.as_str()),
        Cell::Integer(unit.position.into()),
        Cell::integer(unit.pull.and_then(|number| i64::try_from(number).ok())),
        Cell::text(unit.base.as_ref().map(CommitId::as_str)),
        text(unit.base_tree.as_str()),
        text(unit.head.as_str()),
        text(unit.head_tree.as_str()),
        Cell::text(label::created_at(trajectory)),
        text(sequence),
        Cell::text(collapsed),
        count(unit.states.len()),
        text(label::requirement_source(requirement.source)),
        text(label::as_it_stood(requirement.as_it_stood)),
        Cell::TextList(requirement.flags.iter().map(|flag| label::flag(*flag)).collect()),
        Cell::text(label::license(trajectory)),
        Cell::text(trajectory.license.as_ref().map(|license| license.path.to_string())),
        Cell::JsonList(unit.links.iter().map(json_text).collect()),
    ]
}

fn label_cells(story: &Shown<'_>) -> Vec<Cell> {
    let labels = &story.trajectory.unit.labels;
    vec![
        Cell::Integer(labels.files.into()),
        Cell::Integer(labels.source_files.into()),
        Cell::Integer(labels.test_files.into()),
        Cell::Integer(labels.inline_test_files.into()),
        Cell::Integer(labels.opaque_files.into()),
        Cell::Integer(labels.lines_added.into()),
        Cell::Integer(labels.lines_removed.into()),
        Cell::Boolean(labels.small),
        Cell::Boolean(labels.test_source),
        Cell::Boolean(labels.docs_only),
        Cell::Boolean(labels.bot),
        Cell::Boolean(labels.revert),
        Cell::TextList(labels.languages.iter().map(|l| label::language(*l)).collect()),
    ]
}

fn step_counts(steps: &[Step]) -> Vec<Cell> {
    let mut row = vec![count(steps.len())];
    let phases = PHASES.iter().map(|(phase, _)| *phase);
    row.extend(phases.map(|phase| count(steps.iter().filter(|s| s.phase == phase).count())));
    let tiers = label::TIERS.iter();
    row.extend(tiers.map(|t| count(steps.iter().filter(|s| s.choice.tier() == *t).count())));
    row.push(count(steps.iter().filter(|step| step.hindsight).count()));
    row
}

fn step_columns() -> Vec<(&'static str, ColumnKind)> {
    vec![
        ("unit_id", Text),
        ("repo", Text),
        ("base_commit", Text),
        ("license", Text),
        ("step", Integer),
        ("phase", Text),
        ("action_kind", Text),
        ("path", Text),
        ("state", Integer),
        ("hindsight", Boolean),
        ("choice_tier", Text),
        ("choice_rule", Text),
        ("choice_evidence", TextList),
        ("observation_tier", Text),
        ("observation_rule", Text),
        ("observation_evidence", TextList),
        ("thought_tier", Text),
        ("thought", Text),
        ("message", Text),
        ("tool", Text),
        ("arguments", Json),
        ("observation", Text),
        ("placeholder", Boolean),
        ("action", Json),
    ]
}

fn step_row(story: &Shown<'_>, index: usize) -> Vec<Cell> {
    let unit = &story.trajectory.unit;
    let step = &story.trajectory.steps[index];
    let shown = &story.rendered.steps[index];
    let thought = step.thought.as_ref();
    let call = shown.call.as_ref();
    let mut row = vec![
        text(unit.id.as_str()),
        text(unit.repo.to_string()),
        Cell::text(unit.base.as_ref().map(CommitId::as_str)),
        Cell::text(label::license(story.trajectory)),
        count(index + 1),
        text(step.phase.as_str()),
        text(label::action(&step.action)),
        Cell::text(path(&step.action).map(ToString::to_string)),
        Cell::integer(step.state.map(i64::from)),
        Cell::Boolean(step.hindsight),
    ];
    row.extend(provenance_cells(Some(&step.choice)));
    row.extend(provenance_cells(step.observation.as_ref().map(|seen| &seen.provenance)));
    row.extend([
        Cell::text(thought.map(|thought| thought.provenance.tier().as_str())),
        Cell::text(thought.map(|thought| thought.text.as_str())),
        text(shown.text.as_str()),
        Cell::text(call.map(|call| call.name)),
        call.map_or(Cell::Missing, |call| Cell::Json(json_text(&call.arguments))),
        Cell::text(shown.output.as_deref()),
        Cell::Boolean(shown.placeholder),
        Cell::Json(json_text(&step.action)),
    ]);
    row
}

fn provenance_cells(known: Option<&Provenance>) -> [Cell; 3] {
    [
        Cell::text(known.map(|known| known.tier().as_str())),
        Cell::text(known.and_then(label::rule)),
        known.map_or(Cell::Missing, |known| Cell::TextList(label::evidence(known))),
    ]
}

fn path(action: &Action) -> Option<&RepoPath> {
    match action {
        Action::List { path, .. }
        | Action::View { path, .. }
        | Action::Edit { path, .. }
        | Action::Create { path, .. }
        | Action::Delete { path }
        | Action::SetMode { path, .. } => Some(path),
        Action::Rename { to, .. } => Some(to),
        Action::Message { .. }
        | Action::Search { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => None,
    }
}

fn instance_columns() -> Vec<(&'static str, ColumnKind)> {
    vec![
        ("instance_id", Text),
        ("repo", Text),
        ("base_commit", Text),
        ("patch", Text),
        ("test_patch", Text),
        ("problem_statement", Text),
        ("hints_text", Text),
        ("created_at", Text),
        ("version", Text),
        ("FAIL_TO_PASS", Text),
        ("PASS_TO_PASS", Text),
        ("environment_setup_commit", Text),
        ("license", Text),
        ("requirement_source", Text),
        ("executed", Boolean),
    ]
}

/// Returns the row of a task instance; `None` for a unit that starts from nothing.
fn instance_row(story: &Shown<'_>, patch: &str, test_patch: &str) -> Option<Vec<Cell>> {
    let trajectory = story.trajectory;
    let base = trajectory.unit.base.as_ref()?.as_str();
    let requirement = trajectory.steps.iter().find_map(|step| match &step.action {
        Action::Message { text, .. } => Some(text.as_str()),
        _ => None,
    });
    // Where no test ran, no test is known to fail or to pass.
    let fails = story.instance.map(|instance| instance.fail_to_pass.as_slice());
    let fail_to_pass: Vec<_> = fails.unwrap_or_default().iter().map(|test| &test.id).collect();
    let passes = story.instance.map(|instance| instance.pass_to_pass.as_slice());
    let pass_to_pass = passes.unwrap_or_default();
    Some(vec![
        text(trajectory.unit.id.as_str()),
        text(trajectory.unit.repo.to_string()),
        text(base),
        text(patch),
        text(test_patch),
        text(requirement.unwrap_or_default()),
        text(""),
        Cell::text(label::created_at(trajectory)),
        text(""),
        text(json_text(&fail_to_pass)),
        text(json_text(pass_to_pass)),
        text(base),
        Cell::text(label::license(trajectory)),
        text(label::requirement_source(trajectory.requirement.source)),
        Cell::Boolean(story.instance.is_some()),
    ])
}

fn evidence_columns() -> Vec<(&'static str, ColumnKind)> {
    vec![
        ("unit_id", Text),
        ("repo", Text),
        ("base_commit", Text),
        ("license", Text),
        ("state", Text),
        ("execution", Text),
        ("tests_failing", Integer),
        ("tests_passing", Integer),
        ("path", Text),
        ("lines_failing", Integer),
        ("lines_passing", Integer),
        ("lines_failing_only", Integer),
        ("best_line_failing", Integer),
        ("best_line_passing", Integer),
        ("first_touch", Integer),
        ("frame_depth", Integer),
    ]
}

fn evidence_row(story: &Shown<'_>, found: &Evidence, path: &str, file: &FileEvidence) -> Vec<Cell> {
    let unit = &story.trajectory.unit;
    let maybe = |number: Option<usize>| number.map_or(Cell::Missing, count);
    vec![
        text(unit.id.as_str()),
        text(unit.repo.to_string()),
        Cell::text(unit.base.as_ref().map(CommitId::as_str)),
        Cell::text(label::license(story.trajectory)),
        text(evidence::STATE),
        text(found.execution.as_str()),
        count(found.failing),
        count(found.passing),
        text(path),
        count(file.lines_failing),
        count(file.lines_passing),
        count(file.lines_failing_only),
        count(file.best.0),
        count(file.best.1),
        maybe(file.first_touch),
        maybe(file.frame_depth),
    ]
}

fn text(text: impl Into<String>) -> Cell {
    Cell::Text(text.into())
}

fn count(number: usize) -> Cell {
    Cell::integer(i64::try_from(number).ok())
}

fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("nouns with text keys always serialize")
}
