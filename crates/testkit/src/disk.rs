//! How do files of a test get on disk and back?
//!
//! In: paths and bytes. Out: files; a failure stops the test and names the path.

use std::path::Path;

/// Writes a file, making the directories above it.
#[expect(
    clippy::disallowed_methods,
    reason = "tests of the writing crates must not depend on what they test"
)]
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    if let Some(parent) = path.parent() {
        make_directory(parent);
    }
    std::fs::write(path, bytes)
        .unwrap_or_else(|error| panic!("cannot write `{}`: {error}", path.display()));
}

/// Makes a directory and those above it.
pub(crate) fn make_directory(path: &Path) {
    std::fs::create_dir_all(path)
        .unwrap_or_else(|error| panic!("cannot make `{}`: {error}", path.display()));
}

/// Reads a whole file.
#[expect(
    clippy::disallowed_methods,
    reason = "tests of the reading crates must not depend on what they test"
)]
pub(crate) fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// Lists the files directly inside a directory, sorted.
pub(crate) fn list(directory: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
