//! Is the bundled example the same everywhere, and do its records fit its history?

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{CommitId, Record, Repository as _};
use backstory_testkit::{
    BuiltRecipe, MemoryRepository, Recipe, example, example_records, git, git_is_available,
    write_example,
};

fn mainline(built: &BuiltRecipe, memory: &MemoryRepository) -> Vec<CommitId> {
    let mut line = vec![built.repository.head()];
    while let Some(parent) =
        line.last().and_then(|id| memory.commit(id).unwrap().parents.first().cloned())
    {
        line.push(parent);
    }
    line
}

#[test]
fn the_head_is_the_same_on_every_machine() {
    insta::assert_snapshot!(example().unwrap().repository.head(), @"4b2a8078c51beb821c4aff8085830a6ee152bdd8");
}

#[test]
fn git_accepts_the_written_example() {
    if !git_is_available() {
        eprintln!("skipped: this machine has no git");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let written = write_example(directory.path()).unwrap();
    git(&written.repository, &["fsck", "--strict", "--full"]);
    let refs = git(&written.repository, &["for-each-ref", "--format=%(refname)"]);
    insta::assert_snapshot!(String::from_utf8(refs).unwrap(), @r"
    refs/heads/main
    refs/pull/11/head
    refs/pull/13/head
    refs/pull/14/head
    refs/pull/15/head
    refs/pull/17/head
    refs/pull/18/head
    refs/pull/2/head
    refs/pull/20/head
    refs/pull/22/head
    refs/pull/24/head
    refs/pull/26/head
    refs/pull/4/head
    refs/pull/6/head
    refs/pull/8/head
    refs/pull/9/head
    refs/tags/v0.1.0
    refs/tags/v0.2.0
    refs/tags/v0.3.0
    ");
}

#[test]
fn the_mainline_reads_like_a_project() {
    let built = example().unwrap();
    let memory = built.repository.memory();
    let mut subjects: Vec<String> = mainline(&built, &memory)
        .iter()
        .map(|id| memory.commit(id).unwrap().subject().to_owned())
        .collect();
    subjects.reverse();
    insta::assert_snapshot!(subjects.join("\n"), @r#"
    Start daybook
    Merge pull request #2 from teo-okafor/units
    Sum by day and by week (#4)
    Say how to install daybook
    Merge pull request #6 from jwatari/midnight
    Release 0.1.0
    Bump pytest from 8.0.2 to 8.1.1 (#9)
    Merge pull request #8 from teo-okafor/config-file
    Keep what follows a hash sign (#13)
    Add rounding to multiples of some minutes
    sum: round every entry with --round
    Merge pull request #14 from jwatari/format-docs
    List the largest projects first (#15)
    Release 0.2.0
    Revert "List the largest projects first (#15)" (#17)
    Merge pull request #18 from teo-okafor/reader
    Merge pull request #20 from jwatari/script-mode
    Write the entries of a log as CSV (#22)
    Merge pull request #24 from teo-okafor/check
    Merge pull request #26 from jwatari/not-utf8
    Release 0.3.0
    "#);
}

#[test]
fn merge_base_and_first_parent_differ_where_the_mainline_moved() {
    let built = example().unwrap();
    let memory = built.repository.memory();
    let mut moved = Vec::new();
    for record in example_records().unwrap() {
        let Record::Change(change) = record else { continue };
        let merge = CommitId::new(change.merge_sha.unwrap()).unwrap();
        let parent = memory.commit(&merge).unwrap().parents[0].clone();
        let base = memory.merge_base(&parent, &built.pulls[&change.number]).unwrap();
        if base != Some(parent) {
            moved.push(change.number);
        }
    }
    assert_eq!(moved, [4, 6, 11]);
}

#[test]
fn changes_name_the_commits_of_the_history() {
    let built = example().unwrap();
    let memory = built.repository.memory();
    let line: BTreeSet<String> =
        mainline(&built, &memory).iter().map(ToString::to_string).collect();
    let mut numbers = BTreeSet::new();
    for record in example_records().unwrap() {
        let Record::Change(change) = record else { continue };
        let head = built.pulls[&change.number].to_string();
        assert_eq!(change.head_sha.as_deref(), Some(head.as_str()), "{}", change.number);
        assert_eq!(change.commits.last(), Some(&head), "{}", change.number);
        assert!(line.contains(&change.merge_sha.unwrap()), "{}", change.number);
        assert!(line.contains(&change.base_sha.unwrap()), "{}", change.number);
        numbers.insert(change.number);
    }
    assert_eq!(numbers, built.pulls.keys().copied().collect());
}

#[test]
fn issues_are_filed_before_the_work_on_them_begins() {
    let memory = example().unwrap().repository.memory();
    let all = example_records().unwrap();
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
    for record in &all {
        let Record::Change(change) = record else { continue };
        let first = CommitId::new(change.commits[0].clone()).unwrap();
        let begun = memory.commit(&first).unwrap().author.seconds;
        for number in &change.closes {
            let filed = all.iter().find_map(|record| match record {
                Record::Issue(issue) if issue.number == *number => issue.created_at.as_deref(),
                _ => None,
            });
            assert!(seconds(filed.unwrap()) < begun, "issue {number}");
        }
    }
}

#[test]
fn discussion_is_about_records_and_commits_that_exist() {
    let memory = example().unwrap().repository.memory();
    let all = example_records().unwrap();
    let ids: BTreeSet<&str> = all.iter().map(|record| record.id().as_str()).collect();
    for record in &all {
        let (on, commit) = match record {
            Record::Review(review) => (&review.on, &review.commit),
            Record::Comment(comment) => (&comment.on, &comment.commit),
            Record::Issue(_)
            | Record::Change(_)
            | Record::Event(_)
            | Record::CiRun(_)
            | Record::CiJob(_)
            | Record::Annotation(_)
            | Record::TestResult(_)
            | Record::LogRef(_) => continue,
        };
        assert!(ids.contains(on.as_str()), "{on}");
        if let Some(commit) = commit {
            memory.commit(&CommitId::new(commit.clone()).unwrap()).unwrap();
        }
    }
}

#[test]
fn ci_ran_on_commits_that_exist_and_its_logs_are_kept() {
    let memory = example().unwrap().repository.memory();
    let folder = backstory_testkit::example_directory().join("records/logs");
    let mut ended = BTreeMap::new();
    for record in example_records().unwrap() {
        match record {
            Record::CiRun(run) => {
                memory.commit(&CommitId::new(run.commit).unwrap()).unwrap();
                *ended.entry(run.conclusion.unwrap().as_str()).or_insert(0) += 1;
            }
            Record::LogRef(log) => {
                let digest = log.sha256.as_str();
                let place = folder.join(&digest[..2]).join(format!("{digest}.zst"));
                assert!(place.is_file(), "{digest}");
            }
            _ => {}
        }
    }
    assert_eq!(ended, BTreeMap::from([("failure", 2), ("success", 5)]));
}

#[test]
fn a_text_to_replace_that_is_not_there_is_named_with_file_and_line() {
    let mut recipe = Recipe::new("acme/toy");
    let author = "author: A <a@example.org> 2024-01-01T00:00:00Z";
    recipe.add("1.txt", &format!("commit on main\n{author}\n\nx\n@@ write a\none\n")).unwrap();
    let second = format!("commit on main\n{author}\n\ny\n@@ edit a\n@@ old\ntwo\n@@ new\n1\n");
    recipe.add("2.txt", &second).unwrap();
    let error = recipe.build().unwrap_err().to_string();
    assert_eq!(error, "2.txt:5: a text to replace occurs 0 times in `a` in `y`");
}

#[test]
fn a_broken_recipe_is_refused_with_its_line() {
    let author = "author: A <a@example.org> 2024-01-01T00:00:00Z";
    let broken = [
        ("throw main\n".to_owned(), "x.txt:1: `throw main` is no step"),
        ("commit on main\n\nx\n".to_owned(), "x.txt:1: `author:` is missing"),
        ("commit on main\nauthor: A\n".to_owned(), "x.txt:2: `A` is not `Name <address> time`"),
        (
            format!("commit on main\n{author}\n\nx\n@@ paint a\n"),
            "x.txt:5: `@@ paint a` is no section",
        ),
        (
            format!("commit on main\n{author}\n\nx\n@@ edit a\n@@ new\n"),
            "x.txt:6: `@@ new` does not follow `@@ old`",
        ),
        (
            format!("commit on main\n{author}\n\nx\n@@ edit a\n"),
            "x.txt:5: `@@ edit` replaces nothing",
        ),
        (
            format!("commit on main\n{author}\n\nx\n@@ edit a\n@@ old\none\n"),
            "x.txt:6: `@@ old` has no `@@ new`",
        ),
    ];
    for (text, problem) in broken {
        assert_eq!(Recipe::new("acme/toy").add("x.txt", &text).unwrap_err().to_string(), problem);
    }
}
