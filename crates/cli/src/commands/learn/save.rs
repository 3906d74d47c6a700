//! How does a trained localizer leave an experiment?

use std::path::Path;

use backstory_learn::experiment::{
    Arm, Query, Setting, Shipped, Split, SplitResult, ship, trained_on,
};
use backstory_learn::localize::Localizer;
use backstory_store::fs;

use crate::{Failure, Talk};

/// Trains the rankers of files on everything that may teach and writes them, with the
/// settings that were chosen for the rows for tests where there were any.
pub(super) fn save_model(
    file: &Path,
    queries: &[Query],
    results: &[SplitResult],
    talk: &Talk,
) -> Result<(), Failure> {
    let trained = |arm| {
        ship(queries, arm, chosen(results, arm))
            .map_err(|error| Failure::of(error, "failed to train the localizer"))
    };
    let (issue, with_test) = (trained(Arm::C)?, trained(Arm::E)?);
    for Shipped { setting, queries, .. } in [&issue, &with_test] {
        talk.say(&format!("learned from {queries} queries with {setting:?}"));
    }
    let localizer = Localizer {
        trained_on: trained_on(queries),
        files: [issue.ranker, with_test.ranker],
        functions: [None, None],
    };
    write(file, &localizer, talk)
}

/// Writes a localizer and says how large it is.
pub(super) fn write(file: &Path, localizer: &Localizer, talk: &Talk) -> Result<(), Failure> {
    let bytes = localizer.to_bytes();
    fs::write_file(file, &bytes)?;
    talk.say(&format!("{} bytes in `{}`", bytes.len(), file.display()));
    Ok(())
}

fn chosen(results: &[SplitResult], arm: Arm) -> Option<Setting> {
    let all = results.iter().find(|result| result.split == Split::Test)?;
    all.arms.get(&arm)?.settings.first().copied()
}
