//! What do the records cover, what is missing, and why?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_mine::records::read_folder;
use backstory_model::exit;
use backstory_records::{Survey, survey};
use backstory_store::RunDirectory;
use serde::Serialize;

use super::coverage::{Coverage, Lookup};
use crate::arguments::{RecordsCheckArgs, ReportFormat};
use crate::build::log_folder;
use crate::talk::cell;
use crate::{Failure, Talk};

/// How many findings are told one by one.
const MOST_FINDINGS: usize = 50;

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
            let lookup = Lookup { run: &run, records: &records, logs: &log_folder(&args.records) };
            coverage.insert(repo.to_string(), lookup.cover(repo)?);
        }
    }
    match args.format {
        ReportFormat::Json => talk.json(&Report { survey: &told, coverage })?,
        ReportFormat::Table => {
            let tables = coverage.iter().map(|(repo, of)| of.table(repo));
            talk.data(&(survey_table(&told) + &tables.collect::<String>()))?;
        }
    }
    for finding in told.told.iter().take(MOST_FINDINGS) {
        let (at, detail) = (cell(&finding.at), cell(&finding.detail));
        talk.say(&format!("{}: `{at}`: {detail}", finding.finding));
    }
    Ok(if told.damaged { exit::FINDINGS } else { exit::OK })
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
