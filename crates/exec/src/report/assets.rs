//! Which files of ours does a run see at `/backstory`?
//!
//! In: nothing. Out: reporters and settings, as they lie in `assets/`.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::python;

/// The reporters for JavaScript and the settings for Rust: name and content.
const OTHERS: [(&str, &str); 8] = [
    ("backstory_jest.cjs", include_str!("../../assets/javascript/backstory_jest.cjs")),
    ("backstory_mocha.cjs", include_str!("../../assets/javascript/backstory_mocha.cjs")),
    ("backstory_node.mjs", include_str!("../../assets/javascript/backstory_node.mjs")),
    ("backstory_report.cjs", include_str!("../../assets/javascript/backstory_report.cjs")),
    ("backstory_vitest.mjs", include_str!("../../assets/javascript/backstory_vitest.mjs")),
    ("nextest.toml", include_str!("../../assets/rust/nextest.toml")),
    ("rustc_tests", include_str!("../../assets/rust/rustc_tests")),
    ("stub.rs", include_str!("../../assets/rust/stub.rs")),
];

/// Returns every file by its name.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    python::REPORTERS.into_iter().chain(OTHERS)
}

/// Writes every file into an empty folder of the host.
pub fn write(folder: &Path) -> io::Result<()> {
    for (name, content) in all() {
        let mut options = std::fs::OpenOptions::new();
        // Programs and texts alike, and readable for whoever runs the job.
        let mut file = options.write(true).create_new(true).mode(0o755).open(folder.join(name))?;
        file.write_all(content.as_bytes())?;
    }
    Ok(())
}
