//! Does any text break the links of a unit?
//!
//! In: texts apart by NUL bytes: messages; the last one is also a changelog and
//! a list of paths. Out: nothing; panics on a broken promise.

#![no_main]

use std::collections::BTreeSet;

use backstory_mine::link::{
    AddedLine, LONGEST_EXCERPT, LinkInput, Methods, is_changelog, links, news_fragment_number,
    stated_pull,
};
use backstory_model::{CommitId, LinkTarget, RepoName, RepoPath};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let repo = RepoName::parse("tidewater/daybook").expect("the name is well formed");
    let commit = CommitId::new("6603f5ead061e1a6289a1ce6171be4d1eff59c3b").expect("40 digits");
    let messages: Vec<_> = text.split('\0').map(|message| (commit.clone(), message)).collect();
    let (_, last) = messages.last().expect("a split text has a part");
    let changelog = RepoPath::from_bytes("CHANGES.md");
    let added_changelog_lines: Vec<_> = (1..)
        .zip(last.lines())
        .map(|(line, text)| AddedLine { path: changelog.clone(), line, text: text.to_owned() })
        .collect();
    let added_paths: Vec<_> = last.lines().map(|line| RepoPath::from_bytes(line)).collect();
    for path in &added_paths {
        _ = (is_changelog(path), news_fragment_number(path));
    }
    let pull = stated_pull(messages[0].1).map(|stated| stated.number);
    for known_pulls in [BTreeSet::new(), (1..20).collect()] {
        let input = LinkInput {
            repo: &repo,
            messages: &messages,
            pull,
            merged_at: 0,
            known_pulls: &known_pulls,
            added_changelog_lines: &added_changelog_lines,
            added_paths: &added_paths,
            records: None,
            enabled: &Methods::all(),
        };
        let found = links(&input);
        for link in &found {
            assert!(link.confidence <= 100);
            assert!(link.excerpt.chars().count() <= LONGEST_EXCERPT, "{link:?}");
            assert!(
                link.target != LinkTarget::Issue || Some(link.number) != pull,
                "the own pull request is an issue: {link:?}"
            );
        }
        let keys: Vec<_> = found.iter().map(|l| (l.target, l.number, l.method)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "not sorted, or one twice: {keys:?}");
    }
});
