//! May we ship everything that is built in, and does it build anywhere?
//!
//! Every resolved package states a license we can honor, none needs a C++
//! build system, and versions with known security holes stay out.

use super::Finding;
use crate::workspace::{Resolved, Workspace};

const RULE: &str = "licenses";
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0", // certificates, i.e., data
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
const BUILD_SYSTEMS: [&str; 2] = ["cmake", "bindgen"];

/// Reports packages we may not ship or cannot build everywhere.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    workspace.resolved.iter().filter_map(package_finding).collect()
}

fn package_finding(package: &Resolved) -> Option<Finding> {
    let place = format!("{} {}", package.name, package.version);
    if BUILD_SYSTEMS.contains(&package.name.as_str()) {
        return Some(Finding::broken(RULE, place, "needs a C++ build system; find another way"));
    }
    if package.name == "gix-fs" && version(&package.version) < [0, 21, 1] {
        let sentence = "follows links out of the work tree; 0.21.1 or later is needed";
        return Some(Finding::broken(RULE, place, sentence));
    }
    match &package.license {
        None => Some(Finding::broken(RULE, place, "states no license")),
        Some(license) if allows(license) => None,
        Some(license) => {
            Some(Finding::broken(RULE, place, format!("its license `{license}` is not allowed")))
        }
    }
}

fn version(text: &str) -> [u64; 3] {
    let mut parts = text.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

/// Evaluates a license expression: some choice has to be allowed as a whole.
///
/// `AND` binds tighter than `OR`, and old manifests write `/` for `OR`.
fn allows(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at) && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= both(words, at);
    }
    allowed
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = single(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= single(words, at);
    }
    allowed
}

fn single(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let allowed = either(words, at);
        *at += 1;
        return allowed && words.get(*at - 1) == Some(&")");
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return ALLOWED.contains(&format!("{word} WITH {exception}").as_str());
    }
    ALLOWED.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::lines;

    fn resolved(name: &str, version: &str, license: Option<&str>) -> Resolved {
        Resolved {
            name: name.to_owned(),
            version: version.to_owned(),
            license: license.map(str::to_owned),
        }
    }

    #[test]
    fn packages_we_may_not_ship_are_found() {
        let resolved = vec![
            resolved("good", "1.0.0", Some("MIT OR Apache-2.0")),
            resolved("copyleft", "1.0.0", Some("MPL-2.0")),
            resolved("silent", "0.1.0", None),
            resolved("cmake", "0.1.0", Some("MIT")),
            resolved("gix-fs", "0.21.0", Some("MIT")),
            resolved("gix-fs", "0.22.0", Some("MIT")),
        ];
        insta::assert_snapshot!(lines(&check(&Workspace { resolved, ..Workspace::default() })), @"
        broken [licenses] copyleft 1.0.0: its license `MPL-2.0` is not allowed
        broken [licenses] silent 0.1.0: states no license
        broken [licenses] cmake 0.1.0: needs a C++ build system; find another way
        broken [licenses] gix-fs 0.21.0: follows links out of the work tree; 0.21.1 or later is needed
        ");
    }

    #[test]
    fn a_choice_counts_when_all_its_parts_are_allowed() {
        assert!(allows("Unlicense/MIT"));
        assert!(allows("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(allows("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only"));
        assert!(!allows("MIT AND GPL-3.0-only"));
        assert!(!allows("(MIT OR GPL-3.0-only) AND LGPL-3.0-only"));
        assert!(!allows("MIT Apache-2.0"));
        assert!(!allows("(MIT"));
        assert!(!allows(""));
    }
}
