//! Which pull request does a mainline commit say it is?
//!
//! In: the message of a first-parent commit. Out: the number its forge wrote
//! into it. Bodies are not read, except for the one line GitLab puts there:
//! release notes quoted by dependency updates name other people's numbers.

use std::ops::Range;
use std::sync::LazyLock;

use backstory_model::LinkMethod;
use regex::{Captures, Regex};

/// A pull request number and where the message states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedPull {
    /// The number.
    pub number: u64,
    /// [`LinkMethod::MergeSubject`] or [`LinkMethod::SquashSubject`].
    pub method: LinkMethod,
    /// The bytes of the message that state it, without line ends.
    pub range: Range<usize>,
}

static MERGE_SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:Merge (?:pull request|PR|pr) #(\d{1,9})\b|Merged? #(\d{1,9})(?:$|[\s:])|Auto merge of #(\d{1,9})\b)",
    )
    .expect("the pattern is valid")
});

static MERGE_BRANCH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^Merge (?:remote-tracking )?branch ").expect("the pattern is valid")
});

static MERGE_REQUEST_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^See merge request [A-Za-z0-9_./-]*!(\d{1,9})[ \t\r]*$")
        .expect("the pattern is valid")
});

static SQUASH_SUBJECT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(#(\d{1,9})\)\s*$").expect("the pattern is valid"));

static MERGED_BRANCH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^Merge pull request #\d+ from [^/\s]+/(\S+)|^Merge branch '([^'\s]+)' into ")
        .expect("the pattern is valid")
});

static BRANCH_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:^|/)(?:(?:issues?|fix(?:es)?|bug|gh|feat(?:ure)?)[-_/]?)?([1-9]\d{1,6})(?:$|[-_/])|(?:issues?|fix(?:es)?|bug|gh)[-_]?([1-9]\d{1,6})(?:$|[-_/])",
    )
    .expect("the pattern is valid")
});

/// Returns the numbers the merged branch is named after, e.g., 12 for `ada/12-fix` or `issue-12`.
pub(super) fn branch_numbers(message: &str) -> Vec<u64> {
    let subject = message.split('\n').next().unwrap_or("");
    let found = MERGED_BRANCH.captures(subject);
    let Some(branch) = found.as_ref().and_then(|found| found.get(1).or(found.get(2))) else {
        return Vec::new();
    };
    BRANCH_NUMBER
        .captures_iter(branch.as_str())
        .filter_map(|found| found.get(1).or(found.get(2))?.as_str().parse().ok())
        .collect()
}

/// Returns the pull request number the message of a mainline commit states.
///
/// `Revert "… (#12)" (#34)` states 34; `Revert "… (#12)"` states none.
pub fn pull_number(message: &str) -> Option<u64> {
    stated_pull(message).map(|stated| stated.number)
}

/// Returns the number with the place and the way it is stated.
pub fn stated_pull(message: &str) -> Option<StatedPull> {
    let subject = message.split('\n').next().unwrap_or("").trim_end();
    if let Some(found) = MERGE_SUBJECT.captures(subject) {
        return stated(&found, LinkMethod::MergeSubject, 0..subject.len());
    }
    if MERGE_BRANCH.is_match(subject)
        && let Some(found) = MERGE_REQUEST_LINE.captures_iter(message).last()
    {
        let line = found.get(0).map_or(0..0, |whole| whole.range());
        return stated(&found, LinkMethod::MergeSubject, line);
    }
    let found = SQUASH_SUBJECT.captures(subject)?;
    stated(&found, LinkMethod::SquashSubject, 0..subject.len())
}

fn stated(found: &Captures<'_>, method: LinkMethod, range: Range<usize>) -> Option<StatedPull> {
    let digits = found.iter().skip(1).flatten().next()?;
    let number = digits.as_str().parse().ok().filter(|number| *number > 0)?;
    Some(StatedPull { number, method, range })
}

#[cfg(test)]
mod tests {
    use super::{branch_numbers, pull_number, stated_pull};
    use backstory_model::LinkMethod;

    #[test]
    fn merge_subjects_state_the_number() {
        for (message, number) in [
            ("Merge pull request #12 from ada/fix\n\nFix #9", 12),
            ("Merge PR #7: tidy", 7),
            ("Merge #31\n\n31: tidy r=bob", 31),
            ("Auto merge of #4 - ada:fix, r=bob", 4),
            (
                "Merge branch 'fix' into 'main'\n\nFix it\n\nSee merge request group/sub/project!88",
                88,
            ),
            ("Merge branch 'fix' into 'main'\n\nSee merge request !5\n", 5),
        ] {
            let stated = stated_pull(message).expect(message);
            assert_eq!((stated.number, stated.method), (number, LinkMethod::MergeSubject));
        }
    }

    #[test]
    fn the_last_number_at_the_end_of_a_squash_subject_counts() {
        assert_eq!(pull_number("Fix #3 for good (#4) (#5)"), Some(5));
        assert_eq!(pull_number("Fix #3 (#4)\r\n\r\nBody (#6)"), Some(4));
        assert_eq!(pull_number("Revert \"Fix it (#12)\" (#34)"), Some(34));
    }

    #[test]
    fn numbers_that_are_not_the_commits_own_are_not_taken() {
        for message in [
            "Revert \"Fix it (#12)\"",
            "Fix it (fixes #12)",
            "Fix #12",
            "Bump x\n\nMerge pull request #12 from other/repo\nThing (#13)",
            "Update x\n\nSee merge request other/project!4",
            "Merge branch 'main' into fix (see #4)",
            "Color (#0)",
            "",
        ] {
            assert_eq!(pull_number(message), None, "{message}");
        }
    }

    #[test]
    fn branches_named_after_an_issue_give_its_number() {
        for (branch, numbers) in [
            ("ada/1359-uncalled", vec![1359]),
            ("ada/issue-1900", vec![1900]),
            ("ada/maaz/fix_395", vec![395]),
            ("ada/handle-issue395", vec![395]),
            ("ada/windows-aarch64", vec![]),
            ("ada/dependabot/pip/sphinx-7.1", vec![]),
            ("ada/prefix-12x", vec![]),
        ] {
            let message = format!("Merge pull request #2000 from {branch}");
            assert_eq!(branch_numbers(&message), numbers, "{branch}");
        }
        assert_eq!(branch_numbers("Merge branch '77-crash' into 'main'"), [77]);
        assert_eq!(branch_numbers("Tidy ada/77-crash"), [] as [u64; 0]);
    }

    #[test]
    fn the_range_covers_the_stating_line() {
        let message = "Merge branch 'a' into 'b'\n\nSee merge request g/p!8\n";
        let stated = stated_pull(message).expect("stated");
        assert_eq!(&message[stated.range], "See merge request g/p!8");
    }
}
