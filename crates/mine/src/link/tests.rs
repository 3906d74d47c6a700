//! Do links hold what a unit, its messages and its records say together?

use std::collections::BTreeSet;

use backstory_model::{CommitId, Link, LinkMethod, LinkTarget, RepoName, RepoPath};
use proptest::prelude::*;

use super::{AddedLine, LinkInput, Methods, links};
use crate::records::{Records, read_bytes};

fn repo() -> RepoName {
    RepoName::parse("acme/toy").expect("a name")
}

fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).expect("an id")
}

#[derive(Default)]
struct Unit<'a> {
    messages: &'a [&'a str],
    pull: Option<u64>,
    merged_at: i64,
    changelog: &'a str,
    paths: &'a [&'a str],
    known_pulls: &'a [u64],
    records: Option<&'a Records>,
    without: Option<LinkMethod>,
}

impl Unit<'_> {
    fn links(&self) -> Vec<Link> {
        let digits = "abcdef".chars();
        let messages: Vec<_> =
            digits.zip(self.messages).map(|(digit, text)| (commit(digit), *text)).collect();
        let added: Vec<_> = (1..)
            .zip(self.changelog.lines())
            .map(|(line, text)| AddedLine {
                path: RepoPath::from("CHANGES.md"),
                line,
                text: text.to_owned(),
            })
            .collect();
        let paths: Vec<_> = self.paths.iter().map(|path| RepoPath::from(*path)).collect();
        let known_pulls: BTreeSet<u64> = self.known_pulls.iter().copied().collect();
        let enabled = self.without.into_iter().fold(Methods::all(), Methods::without);
        links(&LinkInput {
            repo: &repo(),
            messages: &messages,
            pull: self.pull,
            merged_at: self.merged_at,
            known_pulls: &known_pulls,
            added_changelog_lines: &added,
            added_paths: &paths,
            records: self.records,
            enabled: &enabled,
        })
    }

    fn told(&self) -> String {
        let line = |link: &Link| {
            format!(
                "{:?} {} {:?} {} {} {}\n",
                link.target,
                link.number,
                link.method,
                link.confidence,
                link.evidence.as_str().chars().take(12).collect::<String>(),
                link.excerpt,
            )
        };
        self.links().iter().map(line).collect()
    }
}

#[test]
fn a_merged_pull_request_is_linked_by_every_method() {
    let records = read_bytes(
        br#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}
{"kind":"change","id":"change:15","number":15,"title":"Fix empty input","body":"Closes #12\n> fixes #99","closes":[11]}
"#,
        None,
    )
    .expect("records");
    let unit = Unit {
        messages: &[
            "Merge pull request #15 from ada/empty\n\nFix empty input",
            "Fix empty input\n\nFixes #12, see #15 and #8\n\nIssue: #13",
        ],
        pull: Some(15),
        changelog: "- Fix the parser. {issue}`12` {pr}`15`",
        paths: &["changes/12.bugfix.rst", "changes/15.bugfix.rst"],
        records: Some(&records),
        ..Unit::default()
    };
    insta::assert_snapshot!(unit.told(), @"
    Pull 15 MergeSubject 99 commit:aaaaa Merge pull request #15 from ada/empty
    Pull 15 Changelog 85 commit:aaaaa - Fix the parser. {issue}`12` {pr}`15`
    Pull 15 Record 99 record:chang Fix empty input
    Issue 11 Record 99 record:chang Fix empty input
    Issue 12 ClosingKeyword 90 commit:bbbbb Fixes #12, see #15 and #8
    Issue 12 Changelog 85 commit:aaaaa - Fix the parser. {issue}`12` {pr}`15`
    Issue 12 NewsFragment 60 commit:aaaaa changes/12.bugfix.rst
    Issue 12 Record 99 record:chang Closes #12
    Issue 13 Trailer 88 commit:bbbbb Issue: #13
    Mentioned 8 Mention 40 commit:bbbbb Fixes #12, see #15 and #8
    ");
}

fn closed_by_the_forge(seconds: &str) -> Records {
    let lines = [
        r#"{"kind":"header","format":"backstory-records","version":1}"#,
        r#"{"kind":"issue","id":"issue:3","number":3,"title":"Crash"}"#,
        &format!(
            r#"{{"kind":"event","id":"event:1","on":"issue:3","event":"closed","created_at":"1970-01-01T00:00:{seconds}Z"}}"#
        ),
    ];
    read_bytes(lines.join("\n").as_bytes(), None).expect("records")
}

#[test]
fn an_issue_that_closed_itself_when_the_pull_request_was_merged_is_linked() {
    let told = |seconds: &str, pull: Option<u64>| {
        let records = closed_by_the_forge(seconds);
        let unit = Unit {
            messages: &["Merge pull request #15 from ada/empty"],
            pull,
            merged_at: 10,
            records: Some(&records),
            ..Unit::default()
        };
        let issue = |link: &&Link| link.target == LinkTarget::Issue;
        unit.links().iter().filter(issue).map(|link| (link.number, link.method)).collect::<Vec<_>>()
    };
    let linked = [(3, LinkMethod::ClosedAtMerge)];
    assert_eq!((told("10", Some(15)), told("13", Some(15))), (linked.into(), linked.into()));
    for (seconds, pull) in [("09", Some(15)), ("14", Some(15)), ("10", None)] {
        assert_eq!(told(seconds, pull), [], "{seconds} {pull:?}");
    }
}

#[test]
fn a_closing_that_names_the_commit_is_what_the_record_says() {
    let commit = commit('a');
    let lines = format!(
        r#"{{"kind":"header","format":"backstory-records","version":1}}
{{"kind":"issue","id":"issue:3","number":3,"title":"Crash"}}
{{"kind":"event","id":"event:1","on":"issue:3","event":"closed","commit":"{commit}","created_at":"2024-05-01T12:00:00Z"}}"#
    );
    let records = read_bytes(lines.as_bytes(), None).expect("records");
    let unit = Unit { messages: &["Tidy"], records: Some(&records), ..Unit::default() };
    assert_eq!(unit.told(), "Issue 3 Record 99 record:event closed 2024-05-01T12:00:00Z\n");
}

#[test]
fn a_changelog_that_the_unit_brings_links_nothing() {
    let unit = Unit {
        messages: &["Vendor it"],
        changelog: "* Fixed #12: Arrays are not properly compared",
        paths: &["CHANGES.md"],
        ..Unit::default()
    };
    assert_eq!(unit.links(), []);
}

#[test]
fn a_unit_without_a_number_has_no_link() {
    assert_eq!(Unit { messages: &["Tidy up"], ..Unit::default() }.links(), []);
    assert_eq!(Unit::default().links(), []);
}

#[test]
fn the_own_number_of_a_squash_is_not_an_issue() {
    let unit = Unit { messages: &["Fix (#15)"], pull: Some(15), ..Unit::default() };
    insta::assert_snapshot!(unit.told(), @"Pull 15 SquashSubject 99 commit:aaaaa Fix (#15)");
}

#[test]
fn a_pull_request_known_by_its_head_is_linked_as_such() {
    let unit = Unit { messages: &["Fix it"], pull: Some(15), ..Unit::default() };
    insta::assert_snapshot!(unit.told(), @"Pull 15 PullHead 99 commit:aaaaa pull request head 15");
}

#[test]
fn earlier_pull_requests_are_not_issues() {
    let unit = Unit {
        messages: &["Fix it (#15)\n\nFixes #12 and #13, see #14 and #16"],
        pull: Some(15),
        known_pulls: &[12, 14, 16],
        ..Unit::default()
    };
    let numbers: Vec<_> = unit.links().iter().map(|link| link.number).collect();
    assert_eq!(numbers, [15, 13, 16]);
}

#[test]
fn a_branch_named_after_an_issue_mentions_it() {
    let unit = Unit {
        messages: &["Merge pull request #15 from ada/12-empty-input"],
        pull: Some(15),
        ..Unit::default()
    };
    insta::assert_snapshot!(unit.told(), @"
    Pull 15 MergeSubject 99 commit:aaaaa Merge pull request #15 from ada/12-empty-input
    Issue 12 BranchName 80 commit:aaaaa Merge pull request #15 from ada/12-empty-input
    ");
}

#[test]
fn an_issue_that_is_only_mentioned_is_not_linked() {
    let unit = Unit { messages: &["Parse it, see #12"], ..Unit::default() };
    insta::assert_snapshot!(unit.told(), @"Mentioned 12 Mention 40 commit:aaaaa Parse it, see #12");
}

#[test]
fn subjects_that_name_several_issues_name_none_of_the_whole() {
    let unit = |messages: &[&str]| {
        let unit = Unit { messages, pull: Some(15), known_pulls: &[3], ..Unit::default() };
        unit.told()
    };
    let merge = "Merge pull request #15 from ada/two";
    insta::assert_snapshot!(unit(&[merge, "#12: parse it", "Test it (#12)", "#16: later"]), @"
    Pull 15 MergeSubject 99 commit:aaaaa Merge pull request #15 from ada/two
    Issue 12 Subject 95 commit:bbbbb #12: parse it
    Mentioned 16 Mention 70 commit:ddddd #16: later
    ");
    insta::assert_snapshot!(unit(&[merge, "#12: parse it", "#13: a typo", "Fixes #14"]), @"
    Pull 15 MergeSubject 99 commit:aaaaa Merge pull request #15 from ada/two
    Issue 14 ClosingKeyword 95 commit:ddddd Fixes #14
    Mentioned 12 Mention 70 commit:bbbbb #12: parse it
    Mentioned 13 Mention 70 commit:ccccc #13: a typo
    ");
}

#[test]
fn a_dependency_update_links_nothing_but_itself() {
    let unit = Unit {
        messages: &[
            "Bump click from 8.0 to 8.1 (#15)\n\nBumps [click](https://github.com/pallets/click) \
             from 8.0 to 8.1.\n<details>\n<ul><li>Fixes #12</li></ul>\n</details>\n\
             * Fixes #13 by @ada in https://redirect.github.com/acme/toy/pull/14",
        ],
        pull: Some(15),
        ..Unit::default()
    };
    insta::assert_snapshot!(unit.told(), @"Pull 15 SquashSubject 99 commit:aaaaa Bump click from 8.0 to 8.1 (#15)");
}

#[test]
fn entries_and_units_that_sum_up_many_changes_are_ignored() {
    let crowded = "- Fix #1, #2, #3, #4, #5, #6, #7\n- Fix #8";
    let unit = Unit { messages: &["x"], changelog: crowded, ..Unit::default() };
    assert_eq!(unit.links().iter().map(|link| link.number).collect::<Vec<_>>(), [8]);
    let release = "- a #1\n- b #2\n- c #3\n- d #4\n- e #5\n- f #6\n- g #7";
    assert_eq!(Unit { messages: &["x"], changelog: release, ..Unit::default() }.links(), []);
}

#[test]
fn a_method_left_out_finds_nothing() {
    let unit = Unit {
        messages: &["Fixes #12"],
        without: Some(LinkMethod::ClosingKeyword),
        ..Unit::default()
    };
    assert_eq!(unit.links(), []);
}

#[test]
fn a_record_links_the_commit_that_merged_it() {
    let merge = commit('a');
    let text = format!(
        "{{\"kind\":\"header\",\"format\":\"backstory-records\",\"version\":1}}\n\
         {{\"kind\":\"change\",\"id\":\"c\",\"number\":15,\"title\":\"t\",\"merge_sha\":\"{merge}\",\"closes\":[3]}}\n"
    );
    let records = read_bytes(text.as_bytes(), None).expect("records");
    let unit = Unit { messages: &["Fix it"], records: Some(&records), ..Unit::default() };
    assert_eq!(unit.links().iter().map(|link| link.number).collect::<Vec<_>>(), [15, 3]);
}

proptest! {
    #[test]
    fn any_text_gives_sorted_links_with_short_excerpts(
        message in r"((fix(es|ed)?|closes|see|Issue:|\(|\)|,|#[0-9]{1,4}|GH-3|acme/toy#2|é|> |\n)[ ]?){0,30}",
        other in ".{0,80}",
        pull in proptest::option::of(1_u64..50),
    ) {
        let unit = Unit { messages: &[&message, &other], pull, changelog: &message, ..Unit::default() };
        let found = unit.links();
        let keys: Vec<_> = found.iter().map(|link| (link.target, link.number, link.method)).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        sorted.dedup();
        prop_assert_eq!(keys, sorted);
        prop_assert!(found.iter().all(|link| link.excerpt.chars().count() <= 120));
    }
}
