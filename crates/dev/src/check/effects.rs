//! Do effects stay behind their doors?
//!
//! Processes start in `exec` alone, the environment is read in the settings of
//! the command line alone. Clippy enforces both through its bans; this rule
//! makes sure that the bans exist in every `clippy.toml` and that no source
//! lifts one outside the allowed homes.

use super::{Finding, code_lines};
use crate::workspace::Workspace;

const RULE: &str = "effects";

/// What clippy has to forbid.
const BANS: [&str; 6] = [
    "std::time::SystemTime::now",
    "std::env::var",
    "std::process::Command::new",
    "std::fs::read_to_string",
    "std::fs::read",
    "std::fs::write",
];

/// A text that betrays an effect, and the path prefixes that may hold it.
struct Door {
    text: &'static str,
    homes: &'static [&'static str],
    sentence: &'static str,
}

const DOORS: [Door; 3] = [
    Door {
        text: "process::Command",
        homes: &["crates/exec/", "crates/testkit/", "crates/dev/"],
        sentence: "starts processes; only exec does, and testkit as an oracle",
    },
    Door {
        text: "env::var",
        homes: &[
            "crates/cli/src/settings.rs",
            "crates/exec/tests/",
            "crates/testkit/",
            "crates/dev/",
        ],
        sentence: "reads the environment; only crates/cli/src/settings.rs does",
    },
    Door {
        text: "SystemTime::now",
        homes: &["crates/dev/"],
        sentence: "reads the clock, which must not reach any file",
    },
];

/// Reports bans that are missing and effects outside their homes.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = missing_bans(workspace);
    for (path, text) in workspace.rust("crates/") {
        for door in DOORS.iter().filter(|door| !at_home(path, door)) {
            let hits = code_lines(text).filter(|(_, line)| line.contains(door.text));
            findings.extend(hits.map(|(number, _)| {
                Finding::broken(RULE, format!("{path}:{number}"), door.sentence)
            }));
        }
    }
    findings
}

fn at_home(path: &str, door: &Door) -> bool {
    door.homes.iter().any(|home| path.starts_with(home))
}

fn missing_bans(workspace: &Workspace) -> Vec<Finding> {
    let inner = workspace.files.keys().filter(|path| path.ends_with("/clippy.toml"));
    let mut findings = Vec::new();
    for path in inner.map(String::as_str).chain(["clippy.toml"]) {
        let text = workspace.text(path);
        for ban in BANS.iter().filter(|ban| !lifts(path, ban)) {
            if !text.contains(&format!("path = \"{ban}\"")) {
                let sentence = format!("does not ban `{ban}`");
                findings.push(Finding::broken(RULE, path, sentence));
            }
        }
    }
    findings
}

/// The file of a crate that may start processes repeats every ban but that one.
fn lifts(path: &str, ban: &str) -> bool {
    path == "crates/exec/clippy.toml" && ban == "std::process::Command::new"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    fn bans() -> String {
        BANS.map(|ban| format!("  {{ path = \"{ban}\" }},")).join("\n")
    }

    #[test]
    fn effects_outside_their_homes_are_found() {
        let bans = bans();
        let workspace = planted([
            ("clippy.toml", &bans),
            ("crates/cli/src/settings.rs", "std::env::var(name)\n"),
            ("crates/mine/src/git.rs", "//! q\nuse std::process::Command;\n"),
            ("crates/store/src/log.rs", "let who = std::env::var_os(\"USER\");\n"),
        ]);
        insta::assert_snapshot!(lines(&check(&workspace)), @"
        broken [effects] crates/mine/src/git.rs:2: starts processes; only exec does, and testkit as an oracle
        broken [effects] crates/store/src/log.rs:1: reads the environment; only crates/cli/src/settings.rs does
        ");
    }

    #[test]
    fn a_ban_that_went_missing_is_found() {
        let short = bans().replace("std::env::var", "std::env::temp_dir");
        let all = bans();
        let inner = all.replace("std::process::Command::new", "std::process::abort");
        let workspace = planted([("clippy.toml", &short), ("crates/exec/clippy.toml", &inner)]);
        insta::assert_snapshot!(
            lines(&check(&workspace)),
            @"broken [effects] clippy.toml: does not ban `std::env::var`"
        );
    }
}
