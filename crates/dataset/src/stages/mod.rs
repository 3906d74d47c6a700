//! Which single decisions of a run become tasks that are checked without running anything?
//!
//! In: trajectories of changes and stories of snapshots. Out: a row for each task: the state
//! of the repository it is about, what is asked, and what the right answer is. The stages
//! follow Hybrid-Gym (arXiv 2602.16819): locate a function, tell what a file will need, make
//! the next edit. `backstory score` and [`backstory_verify::score_stage`] judge answers.

mod change;
mod described;
mod edits;
mod functions;
mod uses;

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::seed::Seed;
use backstory_model::{SnapshotStory, Trajectory};
use backstory_verify::Expected;
use serde::Serialize;
use serde_json::{Value, json};

use crate::export::ExportError;
use crate::rows::RowFile;
use crate::{Bodies, BodyError, Split, label};

/// Says what became of the tasks, beside the rows.
const REPORT: &str = "stages.json";

/// The most tasks of one stage that a story of a snapshot gives; more are drawn by its name.
const MOST: usize = 50;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Which functions have to change, or which one is described.
    LocateFunction,
    /// Which files a file will use that is about to be written.
    DependencySearch,
    /// Which edit comes next.
    NextEdit,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::LocateFunction => "locate_function",
            Self::DependencySearch => "dependency_search",
            Self::NextEdit => "next_edit",
        }
    }
}

/// How the repository looks when a task begins: its commit, and what differs from it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Prepared {
    /// Edits to make in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edits: Vec<Value>,
    /// Files to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    absent: Vec<String>,
}

/// One task before it has a row.
#[derive(Debug, PartialEq)]
pub(crate) struct StageTask {
    stage: Stage,
    prompt: String,
    prepared: Prepared,
    expected: Expected,
    /// The rule of `docs/rules.md` by which the answer is right.
    rule: &'static str,
}

/// Tasks of one source, and why others are none.
#[derive(Debug, Default)]
pub(crate) struct Found {
    tasks: Vec<StageTask>,
    skipped: BTreeMap<&'static str, u64>,
}

impl Found {
    fn skip(&mut self, why: &'static str) {
        *self.skipped.entry(why).or_default() += 1;
    }
}

/// The open file of the rows.
pub(crate) struct Stages {
    file: RowFile,
    counts: Counts,
}

/// What became of the tasks of all sources.
#[derive(Default, Serialize)]
struct Counts {
    rows: u64,
    by_stage: BTreeMap<&'static str, u64>,
    /// What is no task, by reason.
    skipped: BTreeMap<&'static str, u64>,
}

impl Stages {
    /// Begins the file of a split.
    pub(crate) fn create(folder: &Path, split: Split) -> Result<Self, ExportError> {
        let file = RowFile::create(folder, &split.file_stem())?;
        Ok(Self { file, counts: Counts::default() })
    }

    /// Writes the tasks of a change.
    pub(crate) fn add_change(
        &mut self,
        trajectory: &Trajectory,
        bodies: &dyn Bodies,
    ) -> Result<(), ExportError> {
        let unit = &trajectory.unit;
        let failed = |source: BodyError| ExportError::Body { unit: unit.id.clone(), source };
        let Some(base) = &unit.base else {
            *self.counts.skipped.entry("no_base").or_default() += 1;
            return Ok(());
        };
        let requirement = &trajectory.requirement;
        let flags = &requirement.flags;
        let given_away: Vec<String> = flags.iter().map(|flag| label::flag(*flag)).collect();
        let about = json!({
            "source": "change",
            "unit": unit.id,
            "repo": unit.repo,
            "commit": base,
            "license": label::license(trajectory),
            "requirement_source": label::requirement_source(requirement.source),
            "gives_away": given_away,
        });
        self.write(change::tasks(trajectory, bodies).map_err(failed)?, &about)
    }

    /// Writes the tasks of a snapshot.
    pub(crate) fn add_snapshot(
        &mut self,
        story: &SnapshotStory,
        bodies: &dyn Bodies,
    ) -> Result<(), ExportError> {
        let failed = |source: BodyError| ExportError::Body { unit: story.id.clone(), source };
        let about = json!({
            "source": "snapshot",
            "unit": story.id,
            "repo": story.repo,
            "commit": story.commit,
            "license": story.license.as_ref().map(|license| &license.spdx),
            "gives_away": [],
        });
        for (stage, mut found) in [
            (Stage::LocateFunction, described::tasks(story, bodies).map_err(failed)?),
            (Stage::DependencySearch, uses::tasks(story)),
        ] {
            draw(&mut found, &[story.id.as_str(), stage.as_str()]);
            self.write(found, &about)?;
        }
        Ok(())
    }

    fn write(&mut self, found: Found, about: &Value) -> Result<(), ExportError> {
        let mut numbers: BTreeMap<Stage, usize> = BTreeMap::new();
        for task in found.tasks {
            let number = numbers.entry(task.stage).or_default();
            *number += 1;
            self.file.write(&row(&task, *number, about))?;
            self.counts.rows += 1;
            *self.counts.by_stage.entry(task.stage.as_str()).or_default() += 1;
        }
        for (why, number) in found.skipped {
            *self.counts.skipped.entry(why).or_default() += number;
        }
        Ok(())
    }

    /// Puts the file in its place.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        self.file.finish_with(REPORT, &self.counts)
    }
}

/// Keeps so many tasks as one story may give, in their order.
fn draw(found: &mut Found, names: &[&str]) {
    let over = found.tasks.len().saturating_sub(MOST);
    if over == 0 {
        return;
    }
    let kept = Seed::of(names).generator().sample(found.tasks.len(), MOST);
    let mut at = 0;
    found.tasks.retain(|_| {
        at += 1;
        kept.binary_search(&(at - 1)).is_ok()
    });
    found.skipped.insert("over_limit", over as u64);
}

fn row(task: &StageTask, number: usize, about: &Value) -> Value {
    let StageTask { stage, prompt, prepared, expected, rule } = task;
    let mut row = about.clone();
    row["task_id"] =
        format!("{}/{}/{number}", about["unit"].as_str().unwrap_or_default(), stage.as_str())
            .into();
    row["stage"] = json!(stage);
    row["prompt"] = prompt.as_str().into();
    row["prepared"] = json!(prepared);
    row["expected"] = json!(expected);
    row["known"] = json!({"tier": "derived", "rule": rule});
    row
}

/// Says how an answer is written, e.g., with the keys `path` and `function`.
fn how(keys: &[&str], several: bool) -> String {
    let pairs: Vec<String> = keys.iter().map(|key| format!("\"{key}\": \"…\"")).collect();
    let rest = if several { ", …" } else { "" };
    format!("Answer with `<answer>[{{{}}}{rest}]</answer>`.", pairs.join(", "))
}
