//! Which of the interpreters at hand suits a commit?

use jiff::civil::Date;

/// The day each minor version of Python 3 was released.
const RELEASES: [(u32, Date); 9] = [
    (6, jiff::civil::date(2016, 12, 23)),
    (7, jiff::civil::date(2018, 6, 27)),
    (8, jiff::civil::date(2019, 10, 14)),
    (9, jiff::civil::date(2020, 10, 5)),
    (10, jiff::civil::date(2021, 10, 4)),
    (11, jiff::civil::date(2022, 10, 24)),
    (12, jiff::civil::date(2023, 10, 2)),
    (13, jiff::civil::date(2024, 10, 7)),
    (14, jiff::civil::date(2025, 10, 7)),
];

/// Days a version must be out before a commit for the commit to know it.
const KNOWN_AFTER_DAYS: i32 = 180;

/// The oldest minor version that recent build tools install a work tree into.
const EDITABLE_SINCE: u32 = 7;

/// A version in numbers, e.g., 3, 11, 7.
pub(super) type Version = (u32, u32, u32);

/// Reads the numbers of a version; missing ones are 0.
pub(super) fn version(text: &str) -> Option<Version> {
    let mut parts = text.trim().split('.').map(|part| part.parse::<u32>().ok());
    let first = parts.next()??;
    Some((first, parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0)))
}

/// Chooses an interpreter.
///
/// Of those `requires` allows: the newest that the classifiers name and that
/// was out half a year before the commit; else the oldest after those, because
/// what ran on an older one most often runs on the next.
pub(super) fn choose(
    offered: &[Version],
    requires: Option<&str>,
    named: &[u32],
    commit_day: Date,
) -> Option<Version> {
    let mut allowed: Vec<Version> = offered
        .iter()
        .copied()
        .filter(|version| requires.is_none_or(|requires| allows(requires, *version)))
        .collect();
    allowed.sort_unstable();
    if allowed.iter().any(|version| version.1 >= EDITABLE_SINCE) {
        allowed.retain(|version| version.1 >= EDITABLE_SINCE);
    }
    let newest_named = named.iter().copied().max();
    let known = |version: &&Version| {
        newest_named.is_none_or(|newest| version.1 <= newest)
            && RELEASES.iter().any(|(minor, day)| {
                *minor == version.1 && (commit_day - *day).get_days() >= KNOWN_AFTER_DAYS
            })
    };
    allowed.iter().rfind(known).or_else(|| allowed.first()).copied()
}

/// Returns the minor versions of Python 3 that classifiers in a text name.
pub(super) fn classifiers(text: &str) -> Vec<u32> {
    const MARK: &str = "Programming Language :: Python :: 3.";
    text.match_indices(MARK)
        .filter_map(|(at, _)| {
            let rest = &text[at + MARK.len()..];
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..end].parse().ok()
        })
        .collect()
}

/// Returns true when a version specifier allows a version. A part that cannot
/// be read allows every version.
fn allows(specifier: &str, version: Version) -> bool {
    specifier.split(',').all(|part| {
        let part = part.trim();
        let operator_end = part.find(|c: char| !"<>=!~^".contains(c)).unwrap_or(part.len());
        let (operator, wanted) = part.split_at(operator_end);
        let any_patch = wanted.trim().strip_suffix(".*");
        let Some(bound) = self::version(any_patch.unwrap_or(wanted)) else { return true };
        let digits = wanted.split('.').count() - usize::from(any_patch.is_some());
        let same = match digits {
            1 => version.0 == bound.0,
            2 => (version.0, version.1) == (bound.0, bound.1),
            _ => version == bound,
        };
        match operator {
            ">=" => version >= bound,
            ">" => version > bound && !same,
            "<" => version < bound,
            "<=" => version <= bound || same,
            "==" | "===" => same,
            "!=" => !same,
            "~=" if digits < 3 => version.0 == bound.0 && version >= bound,
            "~=" => (version.0, version.1) == (bound.0, bound.1) && version >= bound,
            "^" => version.0 == bound.0 && version >= bound,
            _ => true,
        }
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};

    use super::{allows, choose, classifiers};

    const OFFERED: [(u32, u32, u32); 6] =
        [(3, 6, 15), (3, 7, 16), (3, 8, 18), (3, 11, 7), (3, 12, 1), (3, 13, 0)];

    fn chosen(requires: &str, named: &[u32], day: Date) -> u32 {
        choose(&OFFERED, Some(requires), named, day).unwrap().1
    }

    #[test]
    fn an_interpreter_of_the_time_is_chosen() {
        assert_eq!(chosen(">=2.7, !=3.0.*, !=3.1.*", &[4, 5, 6, 7], date(2019, 3, 1)), 7);
        assert_eq!(chosen(">=3.5", &[], date(2020, 8, 1)), 8);
        assert_eq!(chosen(">=3.10", &[10, 11, 12, 13, 14], date(2026, 8, 1)), 13);
        assert_eq!(chosen(">=3.7", &[7, 8, 9, 10, 11], date(2024, 8, 1)), 11);
    }

    #[test]
    fn the_oldest_allowed_stands_in_where_none_was_known() {
        assert_eq!(chosen(">=3.8", &[8, 9], date(2018, 1, 1)), 8);
        assert_eq!(chosen("<3.7", &[], date(2018, 1, 1)), 6);
        assert_eq!(choose(&OFFERED, Some(">=3.14"), &[], date(2026, 1, 1)), None);
    }

    #[test]
    fn specifiers_are_read_as_installers_do() {
        assert!(allows(">=3.7.1,<4", (3, 7, 16)));
        assert!(!allows("!=3.7.*", (3, 7, 16)));
        assert!(allows("~=3.7", (3, 12, 1)));
        assert!(allows("^3.8", (3, 12, 1)));
        assert!(!allows("~=3.7.2", (3, 8, 18)));
        assert!(!allows(">3.11", (3, 11, 7)));
        assert!(allows("<=3.11", (3, 11, 7)));
        assert!(allows("nonsense", (3, 11, 7)));
    }

    #[test]
    fn classifiers_name_minor_versions() {
        let text = "Programming Language :: Python :: 3.10\nProgramming Language :: Python :: 3";
        assert_eq!(classifiers(text), [10]);
    }
}
