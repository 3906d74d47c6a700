//! How do finished units become a run?
//!
//! In: a plan whose units are done. Out: the log, the table of units and the
//! manifest, in the order of the plan, whoever did the units and when.

use std::collections::BTreeMap;

use backstory_model::{Counts, RunManifest, SchemaVersion};
use backstory_store::RunDirectory;

use crate::build::Plan;
use crate::build::funnel::count;
use crate::build::table::UnitTable;
use crate::{Failure, Talk};

/// Puts the units of a plan together; each of them must be done.
pub fn collect(run: &RunDirectory, plan: &Plan, talk: &Talk) -> Result<RunManifest, Failure> {
    let stage = talk.stage("collect", plan.work.len());
    let mut counts = Counts::default();
    let mut collection = run.collect()?;
    let mut table = UnitTable::create(&run.tables().join("units.parquet"))?;
    for work in &plan.work {
        let Some(unit) = run.unit(&work.key) else {
            return Err(Failure::new(format!("unit `{}` is not done", work.unit))
                .hint(format!("do it with `backstory run-unit --key {}`", work.key)));
        };
        count(&mut counts, &unit.disposition);
        table.push(&unit.disposition)?;
        collection.append(&unit)?;
        stage.step();
    }
    table.finish()?;
    stage.finish();
    let header = &plan.header;
    Ok(collection.seal(RunManifest {
        schema: SchemaVersion::CURRENT,
        tool: header.tool.clone(),
        repositories: header.repositories.clone(),
        records: header.records.clone(),
        options: header.options.clone(),
        counts,
        files: BTreeMap::new(),
    })?)
}
