//! Does any committed text name the place where it was written?
//!
//! A path of somebody's home folder or the host of a package mirror means
//! nothing to a reader and leaks. The patterns are put together from parts, so
//! that this file does not match itself.

use super::Finding;
use crate::workspace::Workspace;

const RULE: &str = "workplace";

/// Folder names that, right below `/`, belong to one machine. A job of the sandbox
/// sees its work tree at `/work`, so only what lies there on a machine is meant.
const FOLDERS: [&str; 5] = ["root/", "work/main", "work/shared", "work/.mirror", "Users/"];
/// Where options of installers are spelled out.
const INSTALLERS: &str = "crates/exec/";
/// Hosts, and option names that point at one.
const HOSTS: [[&str; 2]; 8] = [
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["index.crates", ".io"],
    ["static.crates", ".io"],
    ["registry.npmjs", ".org"],
    ["proxy.golang", ".org"],
    ["index", "-url"],
    ["find", "-links"],
];
/// Where invented people may have home folders.
const FICTION: [&str; 4] = ["examples/", "fixtures/", "crates/testkit/", "/tests/"];

/// Reports lines with machine paths or package hosts.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let patterns = patterns();
    let mut findings = Vec::new();
    for (path, text) in &workspace.files {
        for (at, line) in text.lines().enumerate() {
            let found = patterns.iter().find(|pattern| pattern.is_in(path, line));
            findings.extend(found.map(|pattern| {
                let sentence = format!("names `{}`, which is this machine's affair", pattern.text);
                Finding::broken(RULE, format!("{path}:{}", at + 1), sentence)
            }));
        }
    }
    findings
}

struct Pattern {
    text: String,
    is_path: bool,
    in_fiction: bool,
}

impl Pattern {
    fn is_in(&self, path: &str, line: &str) -> bool {
        if self.in_fiction && FICTION.iter().any(|folder| path.contains(folder)) {
            return false;
        }
        if path.starts_with(INSTALLERS) && self.text.ends_with("-url") {
            return false;
        }
        line.match_indices(&self.text).any(|(at, _)| !self.is_path || starts_path(&line[..at]))
    }
}

/// A path is absolute when nothing that could be its earlier part stands before it.
fn starts_path(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric() || "._-/}>)$".contains(last))
}

fn patterns() -> Vec<Pattern> {
    let folder =
        |name: &str, in_fiction| Pattern { text: format!("/{name}"), is_path: true, in_fiction };
    let mut patterns: Vec<Pattern> = FOLDERS.iter().map(|name| folder(name, false)).collect();
    patterns.push(folder("home/", true));
    patterns.extend(HOSTS.iter().map(|parts| Pattern {
        text: parts.concat(),
        is_path: false,
        in_fiction: false,
    }));
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{lines, planted};

    #[test]
    fn machine_paths_and_package_hosts_are_found() {
        let (home, host) = (["/ho", "me/ada/x"].concat(), ["https://py", "pi.org/simple"].concat());
        let work = ["cd /wo", "rk/main"].concat();
        let workspace = planted([
            ("Makefile", &work),
            ("README.md", "see docs/homework/notes and src/home/page\n"),
            ("examples/tide/records/issues.ndjson", &home),
            ("python/notes.txt", &home),
            ("python/requirements.txt", &host),
        ]);
        let found = lines(&check(&workspace));
        let places: Vec<&str> = found.lines().filter_map(|line| line.split(": ").next()).collect();
        assert_eq!(
            places,
            [
                "broken [workplace] Makefile:1",
                "broken [workplace] python/notes.txt:1",
                "broken [workplace] python/requirements.txt:1",
            ]
        );
    }
}
