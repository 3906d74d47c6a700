//! How is `snapshot` called?

use std::collections::BTreeMap;

use backstory_model::{SnapshotOptions, exit};
use backstory_store::RunDirectory;

use crate::arguments::SnapshotArgs;
use crate::build::{Place, name_of};
use crate::settings::Settings;
use crate::snapshot::{SnapshotSource, tell_all};
use crate::{Failure, Talk};

/// Tells how each repository could have been written.
pub(super) fn snapshot(
    args: &SnapshotArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let default = SnapshotOptions::default();
    let options = SnapshotOptions {
        file_limit: settings.file_limit(args.file_limit, default.file_limit),
        read_limit: args.read_limit.unwrap_or(default.read_limit),
        write_limit: args.write_limit.unwrap_or(default.write_limit),
        scc: args.scc.policy(),
    };
    let jobs = settings.jobs(args.jobs)?;
    let sources = sources(args)?;
    let run = RunDirectory::open(&args.out)?;
    let report = tell_all(&sources, &options, (&run, jobs), talk)?;
    talk.say(&format!("\n{}", report.table()));
    talk.say(&format!(
        "\n{:.2} CPU-seconds, {:.1} MiB at most",
        report.cpu_seconds, report.peak_rss_mb
    ));
    if args.json {
        talk.json(&report)?;
    }
    Ok(exit::OK)
}

/// Opens every repository, sorted by name.
fn sources(args: &SnapshotArgs) -> Result<Vec<SnapshotSource>, Failure> {
    if args.repositories.len() > 1 && args.repo_name.is_some() {
        return Err(Failure::new("`--repo-name` speaks of one repository")
            .hint("tell the repositories one by one, or leave the option out"));
    }
    let mut sources = BTreeMap::new();
    for typed in &args.repositories {
        let place = Place::open(typed)?;
        let name = name_of(&place.path, args.repo_name.as_deref())?;
        let source =
            SnapshotSource { name: name.clone(), repo: place.repository, commit: place.commit };
        if sources.insert(name.clone(), source).is_some() {
            return Err(Failure::new(format!("two repositories are called `{name}`"))
                .hint("leave one of them out, or tell them in runs of their own"));
        }
    }
    Ok(sources.into_values().collect())
}
