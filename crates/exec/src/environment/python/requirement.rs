//! Is this line a requirement an installer may be asked for?
//!
//! Only names with versions and markers pass: addresses, options and paths of
//! foreign manifests never become an argument.

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that the tests compile")]
static REQUIREMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*   # name
           (?:\[([A-Za-z0-9._,\s-]*)\])?\s*                      # extras
           \(?((?:\s*(?:[<>]=?|[=!~]=|===)\s*[A-Za-z0-9.*+!_-]+\s*,?)*)\)?\s*
           (;[A-Za-z0-9\s._<>=!~'"()\[\],*+-]*)?$"#,
    )
    .unwrap()
});

/// A requirement, as far as it is looked at here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Requirement {
    /// The distribution, in the form names are compared in.
    pub(super) name: String,
    /// The extras asked for.
    pub(super) extras: Vec<String>,
    /// The whole line as the installer gets it.
    pub(super) line: String,
}

/// Reads one line of a manifest; `None` when it is something else.
pub(super) fn parse(line: &str) -> Option<Requirement> {
    let line = line.split(" #").next().unwrap_or(line).trim();
    let parts = REQUIREMENT.captures(line)?;
    let extras = parts.get(2).map_or("", |extras| extras.as_str());
    Some(Requirement {
        name: normalized(&parts[1]),
        extras: extras
            .split(',')
            .map(|extra| extra.trim().to_owned())
            .filter(|extra| !extra.is_empty())
            .collect(),
        line: line.to_owned(),
    })
}

/// Returns a distribution's name in the form names are compared in.
pub(super) fn normalized(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !text.is_empty() {
            text.push('-');
        }
        text.push_str(&part.to_ascii_lowercase());
    }
    text
}

/// Returns the versions poetry's notation allows, in the common one.
pub(super) fn from_poetry(constraint: &str) -> Option<String> {
    let parts: Option<Vec<String>> =
        constraint.split(',').map(|part| one_from_poetry(part.trim())).collect();
    parts.map(|parts| {
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
    })
}

fn one_from_poetry(part: &str) -> Option<String> {
    let bare = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    if part == "*" || part.is_empty() {
        return Some(String::new());
    }
    if let Some(version) =
        part.strip_prefix('^').or_else(|| part.strip_prefix('~').filter(|rest| bare(rest)))
    {
        let numbers: Vec<u64> =
            version.trim().split('.').map_while(|number| number.parse().ok()).collect();
        let caret = part.starts_with('^');
        let kept = match numbers.iter().position(|number| *number != 0) {
            Some(first) if caret => first,
            _ if caret => numbers.len().checked_sub(1)?,
            _ => usize::from(numbers.len() > 1),
        };
        let mut next: Vec<u64> = numbers.iter().copied().take(kept + 1).collect();
        *next.last_mut()? += 1;
        let next: Vec<String> = next.iter().map(u64::to_string).collect();
        return Some(format!(">={},<{}", version.trim(), next.join(".")));
    }
    Some(if bare(part) { format!("=={part}") } else { part.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{from_poetry, normalized, parse};

    #[test]
    fn names_versions_and_markers_are_requirements() {
        for line in [
            "pytest",
            "pytest>=3,<3.7",
            "coverage[toml] >= 7.2.0",
            "tomli; python_version<'3.11'",
            "enum34 (>=1.0)",
            "zope.interface == 4.*",
            "attrs>=17.4.0  # comment",
        ] {
            assert!(parse(line).is_some(), "{line}");
        }
    }

    #[test]
    fn addresses_options_and_paths_are_not() {
        for line in [
            "-e .",
            "--index-url=x",
            "git+https://example.org/x",
            "x @ https://example.org/x.whl",
            "./local",
            "a/b",
            "",
            "-rtests.txt",
            "x --hash=sha256:00",
            "py36: pytest",
            "{env:X}",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn names_are_compared_in_one_form() {
        assert_eq!(normalized("Zope.Interface__x"), "zope-interface-x");
        assert_eq!(parse("Marshmallow[reco, tests]").unwrap().extras, ["reco", "tests"]);
    }

    #[test]
    fn poetry_is_translated() {
        let forms = ["^1.2.3", "^0.2.3", "^0.0", "~1.2", "~1", "*", ">=1,<2", "1.5", "~=1.1"];
        let read: Vec<String> = forms.iter().map(|form| from_poetry(form).unwrap()).collect();
        insta::assert_compact_json_snapshot!(read, @r#"[">=1.2.3,<2", ">=0.2.3,<0.3", ">=0.0,<0.1", ">=1.2,<1.3", ">=1,<2", "", ">=1,<2", "==1.5", "~=1.1"]"#);
    }
}
