//! Does any file break the ATIF validator?
//!
//! In: the bytes of one file, written to a temporary folder because the
//! validator reads paths. Out: nothing; panics on a broken promise.

#![no_main]

use std::sync::LazyLock;

use backstory_dataset::validate::atif;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("a temporary folder can be made"));

fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("input.json");
    std::fs::write(&path, bytes).expect("the input can be written");
    let findings = atif(&path);
    let is_json = serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    assert!(is_json || !findings.is_empty(), "a file that is not JSON passes");
});
