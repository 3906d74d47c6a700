//! How do programs and the questions about them come onto the disk?

mod programs;
mod questions;

use std::path::Path;

use backstory_store::fs;
use serde::Serialize;

use crate::Failure;

pub(super) use programs::synthesize;
pub(super) use questions::questions;

/// Writes rows as JSON, one a line.
fn write_lines<T: Serialize>(
    path: &Path,
    rows: impl IntoIterator<Item = T>,
) -> Result<(), Failure> {
    let mut text = String::new();
    for row in rows {
        let row = serde_json::to_string(&row)
            .map_err(|error| Failure::of(error, "failed to write a row"))?;
        text.push_str(&row);
        text.push('\n');
    }
    fs::write_file(path, text.as_bytes())?;
    Ok(())
}
