//! Where is the bundled example, and how does it become a repository?
//!
//! In: the recipe in `examples/daybook`. Out: its repository, in memory or on
//! disk, with its records beside it.

use std::path::{Path, PathBuf};

use backstory_model::Record;

use crate::disk;
use crate::layout::Layout;
use crate::recipe::{Recipe, RecipeError};
use crate::recipe_build::BuiltRecipe;

/// The repository the example tells the history of.
pub const EXAMPLE_NAME: &str = "tidewater/daybook";

/// Returns the folder of the example in this checkout.
pub fn example_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/daybook")
}

/// Builds the example in memory.
pub fn example() -> Result<BuiltRecipe, RecipeError> {
    Recipe::read(EXAMPLE_NAME, &example_directory().join("history"))?.build()
}

/// Returns the example's issues, pull requests, reviews and comments, and its CI.
pub fn example_records() -> Result<Vec<Record>, RecipeError> {
    let mut records = Vec::new();
    for (name, bytes) in record_files()? {
        if !name.ends_with(".ndjson") {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for (at, line) in text.lines().enumerate().skip(1) {
            let record = serde_json::from_str(line).map_err(|error| RecipeError::Line {
                file: name.clone(),
                line: at + 1,
                problem: error.to_string(),
            })?;
            records.push(record);
        }
    }
    Ok(records)
}

/// The name and the bytes of every record file and log, by name.
fn record_files() -> Result<Vec<(String, Vec<u8>)>, RecipeError> {
    let mut files = Vec::new();
    gather(&example_directory().join("records"), "", &mut files)?;
    Ok(files)
}

fn gather(
    folder: &Path,
    before: &str,
    files: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), RecipeError> {
    let failed = |source| RecipeError::Read { path: folder.to_owned(), source };
    for path in disk::list(folder).map_err(failed)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            gather(&path, &format!("{before}{name}/"), files)?;
        } else {
            files.push((format!("{before}{name}"), disk::read(&path).map_err(failed)?));
        }
    }
    Ok(())
}

/// Where the parts of a written example lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenExample {
    /// The bare repository.
    pub repository: PathBuf,
    /// The folder of record files.
    pub records: PathBuf,
}

/// Writes the example below `directory`: `tidewater+daybook.git` and `records/`.
///
/// # Panics
///
/// When a file cannot be written.
pub fn write_example(directory: &Path) -> Result<WrittenExample, RecipeError> {
    let built = example()?;
    let repository = directory.join("tidewater+daybook.git");
    built.repository.write(&repository, Layout::Bare);
    let records = directory.join("records");
    for (name, bytes) in record_files()? {
        disk::write(&records.join(name), &bytes);
    }
    Ok(WrittenExample { repository, records })
}
