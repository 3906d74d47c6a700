//! What is wrong with the labels of a SWE-bench-style file?

use std::path::Path;

use backstory_dataset::label_audit;
use backstory_model::exit;

use crate::{Failure, Talk};

/// How many rows with findings are printed; the counts are always complete.
const MOST: usize = 40;

/// Checks the labels of every row and prints what was found.
pub(super) fn audit_labels(path: &Path, json: bool, talk: &Talk) -> Result<u8, Failure> {
    let rows = label_audit::read(path).map_err(|error| {
        Failure::of(error, &format!("failed to read the data set `{}`", path.display())).hint(
            "give a Parquet, JSON or JSON lines file with `instance_id` and the two test lists",
        )
    })?;
    let report = label_audit::audit(&rows);
    if json {
        talk.json(&report)?;
    } else {
        talk.data(&report.to_markdown(MOST))?;
    }
    Ok(if report.is_clean() { exit::OK } else { exit::FINDINGS })
}
