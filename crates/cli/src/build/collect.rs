//! How do finished units become a run?
//!
//! In: a plan whose units are done. Out: the log, the table of units, the report and
//! the manifest, in the order of the plan, whoever did the units and when.

use std::collections::BTreeMap;

use backstory_mine::link::quality::{LinkTally, Truths};
use backstory_model::{Counts, RepoName, RunManifest, SchemaVersion};
use backstory_store::RunDirectory;

use crate::build::funnel::count;
use crate::build::report::markdown;
use crate::build::table::UnitTable;
use crate::build::{Plan, PlanHeader};
use crate::{Failure, Talk};

/// Puts the units of a plan together; each of them must be done.
pub fn collect(run: &RunDirectory, plan: &Plan, talk: &Talk) -> Result<RunManifest, Failure> {
    let stage = talk.stage("collect", plan.work.len());
    let header = &plan.header;
    let mut counts = Counts::default();
    let mut links = tallies(header);
    let mut collection = run.collect()?;
    let mut table = UnitTable::create(&run.tables().join("units.parquet"))?;
    for work in &plan.work {
        let Some(unit) = run.unit(&work.key) else {
            return Err(Failure::new(format!("unit `{}` is not done", work.unit))
                .hint(format!("do it with `backstory run-unit --key {}`", work.key)));
        };
        count(&mut counts, &unit.disposition);
        if let Some(tally) = links.get_mut(&work.repo) {
            tally.add(&unit.disposition);
        }
        table.push(&unit.disposition)?;
        collection.append(&unit)?;
        stage.step();
    }
    table.finish()?;
    stage.finish();
    let manifest = RunManifest {
        schema: SchemaVersion::CURRENT,
        tool: header.tool.clone(),
        repositories: header.repositories.clone(),
        records: header.records.clone(),
        options: header.options.clone(),
        snapshots: None,
        counts,
        links: links.into_iter().map(|(repo, tally)| (repo.clone(), tally.finish())).collect(),
        files: BTreeMap::new(),
    };
    collection.report(&markdown(&manifest))?;
    Ok(collection.seal(manifest)?)
}

/// Begins to count the links of every repository.
fn tallies(header: &PlanHeader) -> BTreeMap<&RepoName, LinkTally<'_>> {
    static NOTHING: Truths = Truths::new();
    let tally = |repo| LinkTally::new(header.truths.get(repo).unwrap_or(&NOTHING));
    header.repositories.keys().map(|repo| (repo, tally(repo))).collect()
}
