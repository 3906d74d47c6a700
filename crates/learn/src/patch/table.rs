//! How do others train on what was measured of patches?
//!
//! One row a patch: the instance and its number as a group, the labels, then every
//! feature as measured.

use std::path::Path;

use backstory_table::{ColumnWriter, Values};

use super::error::PatchError;
use super::features::FEATURES;
use super::run::Measured;

/// The columns that are no features.
const LABELS: [&str; 6] = ["instance", "group", "repo", "family", "passes", "fixes"];

/// Returns the names of the columns.
pub fn names() -> Vec<&'static str> {
    LABELS.into_iter().chain(FEATURES.iter().map(|(_, feature)| feature.name)).collect()
}

/// Writes the table.
pub fn write_table(path: &Path, measured: &[Measured]) -> Result<(), PatchError> {
    let names = names().into_iter().map(str::to_owned).collect();
    let mut table = ColumnWriter::create(path, names);
    for (group, (instance, rows)) in (0..).zip(measured) {
        let tried = &instance.tried;
        let mut columns = vec![
            Values::Text(vec![instance.id.clone(); tried.len()]),
            Values::Integer(vec![group; tried.len()]),
            Values::Text(vec![instance.repo.to_string(); tried.len()]),
            Values::Text(tried.iter().map(|one| one.family.as_str().to_owned()).collect()),
            Values::Boolean(tried.iter().map(|one| one.passes).collect()),
            Values::Boolean(tried.iter().map(|one| one.fixes).collect()),
        ];
        let of = |at: usize| rows.iter().map(|row| row[at]).collect();
        columns.extend((0..FEATURES.len()).map(|at| Values::Real(of(at))));
        table.push(&columns)?;
    }
    table.finish()?;
    Ok(())
}
