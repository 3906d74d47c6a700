//! Which units of a run do the records speak of, and why not of the others?
//!
//! In: a run, the records of one repository, and the folder of their logs. Out: counts,
//! and for every unit without a usable text of an issue and every job without a usable
//! log the reason. What is usable is decided by what a build asks.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use backstory_mine::ci;
use backstory_mine::records::{Records, TextGap};
use backstory_model::{
    ChangeUnit, CiJobRecord, Disposition, LogRefRecord, Outcome, RecordId, RepoName, UnitId,
};
use backstory_records::LogAbsence;
use backstory_store::RunDirectory;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::build::{began, linked_issues};
use crate::talk::cell;

/// How many reasons of one kind are listed one by one in the table.
const MOST_LISTED: usize = 50;

/// Which units have what, and why others have not.
#[derive(Debug, Default, Serialize)]
pub(super) struct Coverage {
    units: u32,
    with_issue: u32,
    with_text: u32,
    with_change: u32,
    with_review: u32,
    with_ci_run: u32,
    with_log: u32,
    with_test_results: u32,
    missing: BTreeMap<String, u32>,
    without_text: Vec<NoText>,
    without_log: Vec<NoLog>,
}

/// A unit without a usable text of an issue.
#[derive(Debug, Serialize)]
struct NoText {
    unit: UnitId,
    /// The issue that was the best hope.
    #[serde(skip_serializing_if = "Option::is_none")]
    issue: Option<u64>,
    why: String,
}

/// A job that judged a unit and has no usable log.
#[derive(Debug, Serialize)]
struct NoLog {
    unit: UnitId,
    job: RecordId,
    why: String,
}

/// The part of a trajectory that is needed here.
#[derive(Deserialize)]
struct Told {
    unit: ChangeUnit,
}

/// What the units of one repository are looked up in.
pub(super) struct Lookup<'a> {
    pub(super) run: &'a RunDirectory,
    pub(super) records: &'a Records,
    /// Where the logs lie.
    pub(super) logs: &'a Path,
}

impl Lookup<'_> {
    /// Looks every unit of a repository up.
    pub(super) fn cover(&self, repo: &RepoName) -> Result<Coverage, Failure> {
        let mut coverage = Coverage::default();
        for unit in self.run.dispositions()? {
            let unit = unit?;
            if unit.work.repo == *repo {
                self.unit(&unit, &mut coverage)?;
            }
        }
        Ok(coverage)
    }

    fn unit(&self, unit: &Disposition, coverage: &mut Coverage) -> Result<(), Failure> {
        coverage.units += 1;
        let issues = linked_issues(&unit.links);
        let told =
            if issues.is_empty() && !self.records.has_runs() { None } else { self.told(unit)? };
        let found = issues.iter().any(|number| self.records.issue(*number).is_some());
        coverage.with_issue += u32::from(found);
        match self.no_text(unit, &issues, told.as_ref()) {
            Some(no_text) => coverage.no_text(no_text),
            None => coverage.with_text += 1,
        }
        self.change(unit, coverage);
        self.ci(unit, told.as_ref(), coverage);
        Ok(())
    }

    /// Reads what the story of a unit is about; a rejected unit has none.
    fn told(&self, unit: &Disposition) -> Result<Option<ChangeUnit>, Failure> {
        if matches!(unit.outcome, Outcome::Rejected { .. }) {
            return Ok(None);
        }
        let json = self.run.trajectory_json(unit)?;
        let told: Told = serde_json::from_slice(&json).map_err(|error| {
            Failure::of(error, &format!("failed to read the story of `{}`", unit.work.unit))
        })?;
        Ok(Some(told.unit))
    }

    /// Says why a unit has no text of an issue that a build trusts.
    fn no_text(
        &self,
        unit: &Disposition,
        issues: &[u64],
        told: Option<&ChangeUnit>,
    ) -> Option<NoText> {
        let because =
            |issue, why: &str| NoText { unit: unit.work.unit.clone(), issue, why: why.to_owned() };
        let Some(first) = issues.first().copied() else {
            return Some(because(None, "no link to an issue"));
        };
        if let Outcome::Rejected { reason, .. } = &unit.outcome {
            return Some(because(Some(first), &format!("the unit was rejected as {reason}")));
        }
        let Some(began) = told.and_then(began) else {
            return Some(because(Some(first), "nothing says when the work began"));
        };
        let gap = |number: &u64| Some((*number, self.records.text_gap(*number, began)?));
        let gaps: Option<Vec<(u64, TextGap)>> = issues.iter().map(gap).collect();
        let gaps = gaps?;
        // A build falls back on a text that may have been edited.
        let shown = |(_, gap): &&(u64, TextGap)| {
            matches!(gap, TextGap::EditedLater | TextGap::EditsUnknown)
        };
        let (number, gap) = gaps.iter().find(shown).or_else(|| gaps.first())?;
        Some(because(Some(*number), gap.as_str()))
    }

    fn change(&self, unit: &Disposition, coverage: &mut Coverage) {
        let work = &unit.work;
        let change = match work.pull {
            Some(number) => self.records.change(number),
            None => self.records.change_for_commit(&work.commit),
        };
        match (change, work.pull) {
            (Some(change), _) => {
                let reviewed = !self.records.reviews_on(&change.id).is_empty();
                coverage.with_change += 1;
                coverage.with_review += u32::from(reviewed);
            }
            (None, Some(_)) => coverage.miss("change: its number is not in the records"),
            (None, None) => coverage.miss("change: no pull request number is known"),
        }
    }

    fn ci(&self, unit: &Disposition, told: Option<&ChangeUnit>, coverage: &mut Coverage) {
        let Some(told) = told else {
            let why = match unit.outcome {
                Outcome::Rejected { .. } => "ci: the unit was rejected",
                Outcome::Accepted { .. } => "ci: no run on any of its commits",
            };
            return coverage.miss(why);
        };
        if ci::counts(told, self.records).runs == 0 {
            return coverage.miss("ci: no run on any of its commits");
        }
        coverage.with_ci_run += 1;
        let (mut usable, mut tested) = (false, false);
        for (job, log) in ci::jobs(told, self.records) {
            tested |= !self.records.tests_of(&job.id).is_empty();
            match self.no_log(job, log) {
                None => usable = true,
                Some(why) => {
                    *coverage.missing.entry(format!("log of a job: {why}")).or_default() += 1;
                    let (unit, job) = (unit.work.unit.clone(), job.id.clone());
                    coverage.without_log.push(NoLog { unit, job, why });
                }
            }
        }
        coverage.with_log += u32::from(usable);
        coverage.with_test_results += u32::from(tested);
    }

    /// Says why a job has no log that a build can read.
    fn no_log(&self, job: &CiJobRecord, log: Option<&LogRefRecord>) -> Option<String> {
        match (log, &job.log) {
            (Some(log), _) => ci::read_log(self.logs, log).err().map(|gap| gap.as_str().to_owned()),
            (None, Some(_)) => Some("the record of its log is not there".to_owned()),
            (None, None) => Some(LogAbsence::of(job).to_string()),
        }
    }
}

impl Coverage {
    fn miss(&mut self, why: &str) {
        *self.missing.entry(why.to_owned()).or_default() += 1;
    }

    fn no_text(&mut self, no_text: NoText) {
        self.miss(&format!("text of an issue: {}", no_text.why));
        self.without_text.push(no_text);
    }

    /// Draws the counts and the reasons.
    pub(super) fn table(&self, repo: &str) -> String {
        let mut text = format!("\n{repo}: {} units\n", self.units);
        for (label, count) in [
            ("with an issue", self.with_issue),
            ("  as it stood", self.with_text),
            ("with a change", self.with_change),
            ("with a review", self.with_review),
            ("with a CI run", self.with_ci_run),
            ("with a log", self.with_log),
            ("with test results", self.with_test_results),
        ] {
            let share = f64::from(count) * 100.0 / f64::from(self.units.max(1));
            put(&mut text, format_args!("  {label:20}{count:>8}  {share:5.1} %"));
        }
        for (why, count) in &self.missing {
            put(&mut text, format_args!("  missing {why}: {count}"));
        }
        let told: Vec<(String, &str)> = self.without_text.iter().filter_map(NoText::line).collect();
        list(&mut text, "linked units without a usable text of their issue", &told);
        let told: Vec<(String, &str)> = self.without_log.iter().map(NoLog::line).collect();
        list(&mut text, "jobs without a usable log", &told);
        text
    }
}

impl NoText {
    /// What is listed; that a unit is linked to no issue is only counted.
    fn line(&self) -> Option<(String, &str)> {
        Some((format!("{} #{}", self.unit, self.issue?), self.why.as_str()))
    }
}

impl NoLog {
    fn line(&self) -> (String, &str) {
        (format!("{} {}", self.unit, self.job), self.why.as_str())
    }
}

/// Lists what is missing with its reasons.
fn list(text: &mut String, title: &str, told: &[(String, &str)]) {
    if told.is_empty() {
        return;
    }
    put(text, format_args!("  {title}: {}", told.len()));
    for (what, why) in told.iter().take(MOST_LISTED) {
        put(text, format_args!("    {}: {}", cell(what), cell(why)));
    }
    if let Some(more @ 1..) = told.len().checked_sub(MOST_LISTED) {
        put(text, format_args!("    and {more} more, which `--format json` lists"));
    }
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}
