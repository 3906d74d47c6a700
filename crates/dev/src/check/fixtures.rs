//! Is there a sample of every format version, kept forever?
//!
//! `fixtures/compat/vN/` holds one file of every kind as version N wrote it; a
//! test reads them, so a change that orphans old files cannot pass.

use backstory_model::SchemaVersion;

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "fixtures";
const KINDS: [&str; 4] =
    ["trajectories.ndjson", "dispositions.ndjson", "manifest.json", "records.ndjson"];

/// Reports every sample that is missing.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let versions = 1..=SchemaVersion::CURRENT.major;
    let paths = versions
        .flat_map(|major| KINDS.iter().map(move |kind| format!("fixtures/compat/v{major}/{kind}")));
    paths
        .filter(|path| !workspace.files.contains_key(path))
        .map(|path| Finding::broken(RULE, path, "is missing; old files must stay readable"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn a_missing_sample_is_found() {
        let workspace = planted([
            ("fixtures/compat/v1/trajectories.ndjson", "{}"),
            ("fixtures/compat/v1/dispositions.ndjson", "{}"),
            ("fixtures/compat/v1/manifest.json", "{}"),
        ]);
        insta::assert_snapshot!(
            lines(&check(&workspace)),
            @"broken [fixtures] fixtures/compat/v1/records.ndjson: is missing; old files must stay readable"
        );
    }
}
