//! Does the auditor share code with the author?
//!
//! The audit re-derives what `synth` wrote. If both ran the same code, both
//! would be wrong together, so nothing below `dataset/src/audit` may name the
//! crates that write the story or read history for it.

use super::{Finding, code_lines};
use crate::workspace::Workspace;

const RULE: &str = "auditor";
const AUDIT: &str = "crates/dataset/src/audit";
const AUTHORS: [&str; 3] = ["backstory_synth", "backstory_mine", "backstory_syntax"];

/// Reports every line of the audit that names a crate of the author.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in workspace.rust(AUDIT) {
        for (number, line) in code_lines(text) {
            for author in AUTHORS.iter().filter(|author| line.contains(**author)) {
                let sentence = format!("the audit uses `{author}`; it must have its own code");
                findings.push(Finding::broken(RULE, format!("{path}:{number}"), sentence));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn an_audit_that_calls_the_author_is_found() {
        let workspace = planted([
            ("crates/dataset/src/audit/mod.rs", "//! q\n// backstory_synth is not used\n"),
            ("crates/dataset/src/audit/search.rs", "//! q\nuse backstory_synth::search;\n"),
            ("crates/dataset/src/export.rs", "use backstory_table::Table;\n"),
        ]);
        insta::assert_snapshot!(
            lines(&check(&workspace)),
            @"broken [auditor] crates/dataset/src/audit/search.rs:2: the audit uses `backstory_synth`; it must have its own code"
        );
    }
}
