//! Which ranker chooses the patch that passes, and by how much?
//!
//! Measures the patches of exported datasets against their repositories, runs every arm,
//! and writes the report with the table of features.

use std::collections::BTreeMap;

use backstory_learn::history::Cache;
use backstory_learn::patch::{
    Caches, Described, Instance, Measured, PastCache, describe, markdown, read_candidates, run,
    write_table,
};
use backstory_learn::snapshot::Index;
use backstory_mine::{GitRepository, find_repository};
use backstory_model::{RepoName, exit};
use backstory_store::fs;
use rayon::prelude::*;

use crate::arguments::LearnRankerArgs;
use crate::cost::Cost;
use crate::talk::cell;
use crate::{Failure, Talk};

/// The report.
const REPORT: &str = "ranker.md";
/// The features of every patch.
const FEATURES: &str = "patches.parquet";

/// Runs the comparison.
pub(super) fn ranker(args: &LearnRankerArgs, talk: &Talk) -> Result<u8, Failure> {
    let mut instances: BTreeMap<RepoName, Vec<Instance>> = BTreeMap::new();
    for dataset in &args.train {
        let read = read_candidates(dataset)
            .map_err(|error| Failure::of(error, "failed to read the dataset"))?;
        if read.is_empty() {
            let place = dataset.display();
            return Err(Failure::new(format!("`{place}` holds no patches that were run"))
                .hint("build with `--execute --candidates 6`, then export to `parquet`"));
        }
        for instance in read {
            let known = instances.entry(instance.repo.clone()).or_default();
            if known.iter().all(|one| one.id != instance.id) {
                known.push(instance);
            }
        }
    }
    let mut measured = measure(args, instances, talk)?;
    measured.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    let results = run(&measured).map_err(|error| Failure::of(error, "failed to train"))?;
    let text = markdown(&measured, &results);
    fs::create_dirs(&args.report)?;
    write_table(&args.report.join(FEATURES), &measured)
        .map_err(|error| Failure::of(error, "failed to write the features"))?;
    fs::write_file(&args.report.join(REPORT), text.as_bytes())?;
    talk.data(&text)?;
    let cost = Cost::so_far().rounded();
    talk.say(&format!("{:.1} CPU seconds, {:.0} MB", cost.cpu_seconds, cost.peak_rss_mb));
    Ok(exit::OK)
}

/// Describes the patches of all instances whose repository is there.
fn measure(
    args: &LearnRankerArgs,
    instances: BTreeMap<RepoName, Vec<Instance>>,
    talk: &Talk,
) -> Result<Vec<Measured>, Failure> {
    let stage = talk.stage("instances", instances.values().map(Vec::len).sum());
    let index = Index::new(args.cache.as_ref().map(|cache| cache.join("files")));
    let mut measured = Vec::new();
    for (repo, instances) in instances {
        let Some(place) = find_repository(&args.repos, &repo) else {
            talk.say(&format!(
                "dropped {}: its repository is not in the folder",
                cell(&repo.to_string())
            ));
            continue;
        };
        let repository = GitRepository::open(&place)?;
        let (commits, lines) = (Cache::in_memory(), PastCache::default());
        let caches = Caches { index: &index, commits: &commits, lines: &lines };
        let told: Vec<(Instance, Described)> = instances
            .into_par_iter()
            .map(|instance| {
                let told = describe(&repository, &instance, &caches)
                    .map_err(|error| Failure::of(error, "failed to measure an instance"))?;
                stage.step();
                Ok((instance, told))
            })
            .collect::<Result<_, Failure>>()?;
        for (instance, told) in told {
            match told {
                Described::Rows(rows) => measured.push((instance, rows)),
                Described::Dropped(why) => {
                    talk.say(&format!("dropped {}: {why}", cell(&instance.id)));
                }
            }
        }
    }
    stage.finish();
    Ok(measured)
}
