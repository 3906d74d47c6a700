//! What do the records cover, what is missing, and why?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use backstory_mine::records::{Records, read_folder};
use backstory_model::{Disposition, LinkTarget, RecordId, RepoName, exit};
use backstory_records::{Survey, survey};
use backstory_store::RunDirectory;
use serde::Serialize;

use crate::arguments::{RecordsCheckArgs, ReportFormat};
use crate::talk::cell;
use crate::{Failure, Talk};

/// How many findings are told one by one.
const MOST_FINDINGS: usize = 50;

/// Which units have what, and why others have not.
#[derive(Debug, Default, Serialize)]
struct Coverage {
    units: u32,
    with_issue: u32,
    with_change: u32,
    with_review: u32,
    with_ci_run: u32,
    with_log: u32,
    with_test_results: u32,
    missing: BTreeMap<&'static str, u32>,
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    survey: &'a Survey,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    coverage: BTreeMap<String, Coverage>,
}

/// Looks through a records folder, and says what units of a run find in it.
pub(super) fn check(args: &RecordsCheckArgs, talk: &Talk) -> Result<u8, Failure> {
    let told = survey(&args.records)?;
    let mut coverage = BTreeMap::new();
    if let Some(run) = &args.run {
        let run = RunDirectory::read_only(run)?;
        for repo in run.manifest()?.repositories.keys() {
            let records = read_folder(&args.records, Some(repo))?;
            coverage.insert(repo.to_string(), cover(&run, repo, &records)?);
        }
    }
    match args.format {
        ReportFormat::Json => talk.json(&Report { survey: &told, coverage })?,
        ReportFormat::Table => talk.data(&(survey_table(&told) + &coverage_table(&coverage)))?,
    }
    for finding in told.told.iter().take(MOST_FINDINGS) {
        let (at, detail) = (cell(&finding.at), cell(&finding.detail));
        talk.say(&format!("{}: `{at}`: {detail}", finding.finding));
    }
    Ok(if told.damaged { exit::FINDINGS } else { exit::OK })
}

fn cover(run: &RunDirectory, repo: &RepoName, records: &Records) -> Result<Coverage, Failure> {
    let mut coverage = Coverage::default();
    let logged: BTreeSet<&RecordId> = records.logs().filter_map(|log| log.job.as_ref()).collect();
    for unit in run.dispositions()? {
        let unit = unit?;
        if unit.work.repo == *repo {
            coverage.add(&unit, records, &logged);
        }
    }
    Ok(coverage)
}

impl Coverage {
    fn add(&mut self, unit: &Disposition, records: &Records, logged: &BTreeSet<&RecordId>) {
        self.units += 1;
        self.add_issue(unit, records);
        let work = &unit.work;
        let change = match work.pull {
            Some(number) => records.change(number),
            None => records.change_for_commit(&work.commit),
        };
        match (change, work.pull) {
            (Some(change), _) => {
                self.with_change += 1;
                self.with_review += u32::from(!records.reviews_on(&change.id).is_empty());
            }
            (None, Some(_)) => self.miss("change: its number is not in the records"),
            (None, None) => self.miss("change: no pull request number is known"),
        }
        let authored = change.into_iter().flat_map(|change| {
            change.head_sha.iter().chain(&change.merge_sha).chain(&change.commits)
        });
        let commits = authored.filter_map(|id| id.parse().ok()).chain([work.commit.clone()]);
        let runs: Vec<_> = commits.flat_map(|commit| records.runs_of(&commit)).collect();
        let jobs: Vec<_> = runs.iter().flat_map(|run| records.jobs_of(&run.id)).collect();
        if runs.is_empty() {
            self.miss("ci: no run on any of its commits");
            return;
        }
        self.with_ci_run += 1;
        if jobs.iter().any(|job| job.log.is_some() || logged.contains(&job.id)) {
            self.with_log += 1;
        } else {
            self.miss("log: expired, or never captured");
        }
        let tested = jobs.iter().any(|job| !records.tests_of(&job.id).is_empty());
        self.with_test_results += u32::from(tested);
    }

    fn add_issue(&mut self, unit: &Disposition, records: &Records) {
        let mut linked = unit.links.iter().filter(|link| link.target == LinkTarget::Issue);
        if linked.clone().next().is_none() {
            self.miss("issue: no link to one");
        } else if linked.any(|link| records.issue(link.number).is_some()) {
            self.with_issue += 1;
        } else {
            self.miss("issue: its number is not in the records");
        }
    }

    fn miss(&mut self, why: &'static str) {
        *self.missing.entry(why).or_default() += 1;
    }
}

fn survey_table(survey: &Survey) -> String {
    let mut text =
        format!("{:14}{:>10}{:>10}  {:22}{}\n", "kind", "records", "versions", "first", "last");
    for (kind, count) in &survey.kinds {
        let time = |time: &Option<String>| cell(time.as_deref().unwrap_or("-"));
        let (first, last) = (time(&count.first), time(&count.last));
        writeln!(text, "{kind:14}{:>10}{:>10}  {first:22}{last}", count.records, count.versions)
            .expect("writing to a string cannot fail");
    }
    for (finding, count) in &survey.findings {
        writeln!(text, "{finding:24}{count:>10}").expect("writing to a string cannot fail");
    }
    text
}

fn coverage_table(coverage: &BTreeMap<String, Coverage>) -> String {
    let mut text = String::new();
    for (repo, of) in coverage {
        writeln!(text, "\n{repo}: {} units", of.units).expect("writing to a string cannot fail");
        let rows = [
            ("with an issue", of.with_issue),
            ("with a change", of.with_change),
            ("with a review", of.with_review),
            ("with a CI run", of.with_ci_run),
            ("with a log", of.with_log),
            ("with test results", of.with_test_results),
        ];
        for (label, count) in rows {
            let share = f64::from(count) * 100.0 / f64::from(of.units.max(1));
            writeln!(text, "  {label:20}{count:>8}  {share:5.1} %")
                .expect("writing to a string cannot fail");
        }
        for (why, count) in &of.missing {
            writeln!(text, "  missing {why}: {count}").expect("writing to a string cannot fail");
        }
    }
    text
}
