//! How is one trajectory shown?

use std::path::Path;

use backstory_dataset::snapshot::narrate_snapshot;
use backstory_model::{Disposition, Outcome, exit};
use backstory_store::RunDirectory;

use crate::arguments::ShowArgs;
use crate::{Failure, Talk};

/// How wide the text is; the same everywhere, so that it can be compared.
const WIDTH: usize = 100;

/// Shows one trajectory, or why there is none.
pub(super) fn show(args: &ShowArgs, talk: &Talk) -> Result<u8, Failure> {
    let run = RunDirectory::read_only(&args.run)?;
    let unit = find(&run, &args.unit, &args.run)?;
    if let Outcome::Rejected { reason, detail } = &unit.outcome {
        return Err(Failure::new(format!("`{}` was rejected: {detail}", args.unit))
            .hint(format!("the reason `{reason}` is explained in `docs/rules.md`")));
    }
    if args.execution {
        return show_execution(&run, &unit, talk);
    }
    if args.json {
        let json = run.trajectory_json(&unit)?;
        talk.json_text(&String::from_utf8_lossy(&json))?;
    } else {
        talk.data(&told(&run, &unit)?)?;
    }
    Ok(exit::OK)
}

/// Tells a trajectory or a story, with the thoughts that were found for it.
fn told(run: &RunDirectory, unit: &Disposition) -> Result<String, Failure> {
    let manifest = run.manifest()?;
    let steps = run.reasoned(&manifest, &unit.work.key)?;
    if manifest.snapshots.is_none() {
        let trajectory = run.trajectory(unit)?.with_reasoning(&steps);
        return Ok(backstory_dataset::narrate(&trajectory, run, WIDTH));
    }
    let story = run.snapshot_story(unit)?.with_reasoning(&steps);
    Ok(narrate_snapshot(&story, run, WIDTH))
}

fn show_execution(run: &RunDirectory, unit: &Disposition, talk: &Talk) -> Result<u8, Failure> {
    let Some(execution) = run.execution(unit)? else {
        return Err(Failure::new(format!("`{}` was not executed", unit.work.unit))
            .hint("build the run with `--execute`"));
    };
    let json = serde_json::to_string_pretty(&execution)
        .map_err(|error| Failure::of(error, "failed to write the execution"))?;
    talk.json_text(&json)?;
    Ok(exit::OK)
}

/// Returns a unit by its id, or the nearest one as a hint.
pub(super) fn find(run: &RunDirectory, name: &str, path: &Path) -> Result<Disposition, Failure> {
    let mut nearest: Option<(usize, String)> = None;
    for unit in run.dispositions()? {
        let unit = unit?;
        let id = unit.work.unit.as_str();
        if id == name {
            return Ok(unit);
        }
        let distance = distance(id, name);
        if nearest.as_ref().is_none_or(|(least, _)| distance < *least) {
            nearest = Some((distance, id.to_owned()));
        }
    }
    let failure = Failure::new(format!("there is no unit `{name}` in `{}`", path.display()));
    Err(match nearest {
        Some((_, id)) => failure.hint(format!("did you mean `{id}`?")),
        None => failure.hint("the run holds no units"),
    })
}

/// Counts the characters to insert, remove or replace to get from one to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, left) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_single_changes() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
