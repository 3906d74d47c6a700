//! Does every source file open with its question?
//!
//! The first line of a file is a `//!` line and its first sentence asks what
//! the file answers, so that a reader knows where to look.

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "questions";

/// Reports sources without a module comment, and notes those that ask nothing.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.rust("crates/").filter_map(|(path, text)| file_finding(path, text)).collect()
}

fn file_finding(path: &str, text: &str) -> Option<Finding> {
    let opening: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    if opening.is_empty() {
        return Some(Finding::broken(RULE, path, "does not open with a `//!` question"));
    }
    let asks = opening.iter().take_while(|line| !line.trim().is_empty()).any(|l| l.contains('?'));
    (!asks).then(|| Finding::note(RULE, path, "its first paragraph asks no question"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn a_file_without_a_question_is_found() {
        let workspace = planted([
            ("crates/mine/src/bare.rs", "use std::fmt;\n"),
            ("crates/mine/src/good.rs", "//! What is here?\n//!\n//! In: nothing.\n"),
            ("crates/mine/src/tells.rs", "//! Things.\n//!\n//! Really?\n"),
        ]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [questions] crates/mine/src/bare.rs: does not open with a `//!` question
        note [questions] crates/mine/src/tells.rs: its first paragraph asks no question
        ");
    }
}
