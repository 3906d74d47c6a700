//! Does executing the units of a run again say the same?
//!
//! In: a run and its repositories. Out: what `audit` prints of the comparison;
//! the runs are made by `backstory-exec` and compared by `backstory-dataset`.

use backstory_dataset::audit::rerun::{ExecutedSide, Rerun, compare};
use backstory_model::{BlobId, Disposition, RunManifest, exit};
use backstory_store::RunDirectory;

use crate::arguments::AuditArgs;
use crate::commands::execute::Again;
use crate::execution::Machine;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many findings of a unit are printed; the count is always complete.
const MOST: usize = 10;

/// Executes units again and prints every difference.
pub(super) fn rerun(
    run: &RunDirectory,
    manifest: &RunManifest,
    args: &AuditArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let Some(execute) = &manifest.options.execute else {
        return Err(Failure::new(format!("`{}` was not executed", run.path().display()))
            .hint("build it with `--execute`"));
    };
    let units = sample(run, args.sample)?;
    let records = settings.records(args.records.clone());
    let again = Again::open(run, manifest, &args.repositories, records.as_deref())?;
    let machine = Machine::open(settings, args.machine.clone(), execute.minimum, talk)?;
    let mut whole = Rerun::default();
    for unit in &units {
        let Some(stored) = run.execution(unit)? else { continue };
        let executed = again.execute(&machine, &manifest.options, unit, &Talk::silent())?;
        let one = compare(
            ExecutedSide { execution: &stored, blobs: &|id: &BlobId| run.blob(id).ok() },
            ExecutedSide {
                execution: &executed.execution,
                blobs: &|id: &BlobId| executed.blobs.get(id).map(|bytes| bytes.to_vec()),
            },
        );
        tell(unit, &one, talk);
        whole.compared += one.compared;
        whole.findings.extend(one.findings);
        whole.notes.extend(one.notes);
    }
    talk.say(&format!(
        "\n{} units executed again, {} verdicts compared, {} differ",
        units.len(),
        whole.compared,
        whole.findings.len()
    ));
    if args.json {
        talk.json(&whole)?;
    }
    Ok(if whole.findings.is_empty() { exit::OK } else { exit::FINDINGS })
}

fn tell(unit: &Disposition, one: &Rerun, talk: &Talk) {
    let differ = one.findings.len();
    talk.say(&format!("{}: {} compared, {differ} differ", unit.work.unit, one.compared));
    for finding in one.findings.iter().take(MOST) {
        talk.say(&format!("  {finding}"));
    }
    for note in &one.notes {
        talk.say(&format!("  note: {note}"));
    }
}

/// Returns the executed units, or the first `most` of them in the order of a hash
/// of their ids, so that a sample is the same every time and favors nobody.
fn sample(run: &RunDirectory, most: Option<usize>) -> Result<Vec<Disposition>, Failure> {
    let mut units = Vec::new();
    for unit in run.dispositions()? {
        units.extend(Some(unit?).filter(|unit| unit.execution.is_some()));
    }
    if let Some(most) = most {
        units.sort_by_cached_key(|unit| {
            RunDirectory::text_digest(unit.work.unit.as_str().as_bytes())
        });
        units.truncate(most);
    }
    Ok(units)
}
