//! Which part of a change is its test patch?

use std::collections::BTreeMap;

use backstory_model::TestOutcome::{Failed, Passed};
use backstory_model::{
    Action, CommitId, ExecutedState, FileMode, RepoPath, Repository, TreeId, git_object_id,
};
use backstory_synth::{Sides, TextCache, UnitFiles, patches, sides};
use backstory_testkit::{
    Edit, Layout, MemoryRepository, RepoBuilder, TestContext, git, git_is_available,
};
use insta::assert_snapshot;
use proptest::prelude::*;

use crate::ran::{Ran, Told};
use crate::replay::replay;
use crate::scene::{parse_file, story_of};

const LIB: &str = "/// Adds.\npub fn add(a: u32, b: u32) -> u32 {\n    a - b\n}\n\n\
    /// Halves.\npub fn half(a: u32) -> u32 {\n    a / 2\n}\n\n\
    #[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn halves() {\n        assert_eq!(half(4), 2);\n    }\n}\n";

fn fixed() -> String {
    LIB.replace("a - b", "a + b").replace(
        "assert_eq!(half(4), 2);\n    }\n",
        "assert_eq!(half(4), 2);\n    }\n\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 2), 3);\n    }\n",
    )
}

fn between(repo: &MemoryRepository, base: &TreeId, head: &TreeId) -> (String, String, Sides) {
    let texts = TextCache::new(1 << 20, 1 << 26);
    let files = UnitFiles { repo, texts: &texts, parse: &parse_file };
    let patches = patches(files, base, head).expect("the trees exist");
    let text = |bytes| String::from_utf8(bytes).expect("the files are text");
    (text(patches.gold), text(patches.test), sides(files, base, head).expect("the blobs exist"))
}

fn tree(repo: &MemoryRepository, commit: &CommitId) -> TreeId {
    repo.commit(commit).expect("the commit exists").tree
}

#[test]
fn tests_inside_a_source_file_are_in_the_test_patch() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("src/lib.rs", LIB)]);
    let head = builder.commit("fix", [("src/lib.rs", fixed())]);
    let repo = builder.memory();
    let (gold, test, _) = between(&repo, &tree(&repo, &base), &tree(&repo, &head));
    assert_snapshot!(gold, @"
    diff --git a/src/lib.rs b/src/lib.rs
    --- a/src/lib.rs
    +++ b/src/lib.rs
    @@ -1,6 +1,6 @@
     /// Adds.
     pub fn add(a: u32, b: u32) -> u32 {
    -    a - b
    +    a + b
     }
     
     /// Halves.
    ");
    assert_snapshot!(test, @"
    diff --git a/src/lib.rs b/src/lib.rs
    --- a/src/lib.rs
    +++ b/src/lib.rs
    @@ -16,4 +16,9 @@
         fn halves() {
             assert_eq!(half(4), 2);
         }
    +
    +    #[test]
    +    fn adds() {
    +        assert_eq!(add(1, 2), 3);
    +    }
     }
    ");
}

#[test]
fn a_hunk_of_the_tests_that_touches_the_change_goes_with_it() {
    let mut builder = RepoBuilder::new("acme/toy");
    let near = LIB.replace(
        "    a / 2\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n",
        "    a >> 1\n}\n\n#[cfg(test)]\nmod tests {\n    use super::half;\n",
    );
    let base = builder.commit("start", [("src/lib.rs", LIB)]);
    let closer = near.replace("}\n\n#[cfg(test)]", "}\n#[cfg(test)]");
    let head = builder.commit("fix", [("src/lib.rs", closer)]);
    let repo = builder.memory();
    let (gold, test, sides) = between(&repo, &tree(&repo, &base), &tree(&repo, &head));
    assert!(test.is_empty(), "{test}");
    assert!(gold.contains("+    use super::half;"), "{gold}");
    assert!(sides.test.is_empty());
}

#[test]
fn the_tests_of_a_source_file_are_written_before_the_rest_of_it() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("src/lib.rs", LIB)]);
    let head = builder.commit("fix", [("src/lib.rs", fixed())]);
    let repo = builder.memory();
    let (base_tree, head_tree) = (tree(&repo, &base), tree(&repo, &head));
    let (_, _, sides) = between(&repo, &base_tree, &head_tree);
    builder.branch_from("aside", &base);
    let aside = builder.commit("tests", edits(&sides.test));
    let with_tests = tree(&builder.memory(), &aside);
    let test = "toy tests::adds";
    let told = |id, state, tree, outcomes| Told {
        id,
        state,
        tree,
        command: "cargo nextest run",
        output: "src/lib.rs:3:5\n",
        outcomes,
    };
    let ran = Ran::new("acme__toy-1")
        .run(&told(
            "base_with_tests/file/1",
            ExecutedState::BaseWithTests,
            &with_tests,
            &[(test, Failed)],
        ))
        .run(&told("head/file/1", ExecutedState::Head, &head_tree, &[(test, Passed)]));
    let states = [head];
    let story = story_of(&repo, &builder, Some(&base), &states, &[], &ran.evidence()).unwrap();
    replay(&story, &repo, Some(&base), &states);
    let steps: Vec<String> = story
        .trajectory
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::View { start, end, .. } => Some(format!("view {start}-{end}")),
            Action::Edit { new, .. } => Some(format!("edit to {new:?}")),
            Action::RunTests { .. } => Some("run".to_owned()),
            _ => None,
        })
        .collect();
    assert_snapshot!(steps.join("\n"), @r#"
    view 2-4
    view 15-18
    edit to "    }\n\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 2), 3);\n    }\n"
    run
    edit to "    a + b\n"
    run
    "#);
}

#[test]
fn git_applies_both_patches_in_either_order() {
    if !git_is_available() {
        eprintln!("skipped: there is no git");
        return;
    }
    let mut split = Vec::new();
    for gap in 0..8 {
        let old = format!("fn f() {{\n    1\n}}\n{}", "//\n".repeat(gap));
        let tests = |value| format!("#[cfg(test)]\nfn t() {{\n    {value}\n}}\n");
        let old = [old.clone(), tests(1), "\n".to_owned(), old, tests(1)].concat();
        let new =
            old.replacen("    1\n}\n//", "    2\n}\n//", 2).replace("t() {\n    1", "t() {\n    2");
        let mut builder = RepoBuilder::new("acme/toy");
        let base = builder.commit("start", [("src/lib.rs", old.as_str())]);
        let head = builder.commit("next", [("src/lib.rs", new.as_str())]);
        let repo = builder.memory();
        let (base, head) = (tree(&repo, &base), tree(&repo, &head));
        let (gold, test, _) = between(&repo, &base, &head);
        if !gold.is_empty() && !test.is_empty() {
            split.push(gap);
        }
        let context = TestContext::new("git");
        let folder = builder.write(&context.path("toy"), Layout::Bare);
        let patch = |name, text: &str| context.write(name, text).display().to_string();
        let written = [patch("gold", &gold), patch("test", &test)];
        let given: Vec<&str> = written
            .iter()
            .zip([&gold, &test])
            .filter(|(_, text)| !text.is_empty())
            .map(|(path, _)| path.as_str())
            .collect();
        let backwards: Vec<&str> = given.iter().rev().copied().collect();
        for order in [given, backwards] {
            git(&folder, &["read-tree", base.as_str()]);
            for path in order {
                git(&folder, &["apply", "--cached", path]);
            }
            let made = git(&folder, &["write-tree"]);
            assert_eq!(String::from_utf8(made).unwrap().trim(), head.as_str(), "gap {gap}");
        }
    }
    assert_eq!(split, [3, 4, 5, 6, 7]);
}

fn edits(side: &backstory_synth::ChangedFiles) -> Vec<(RepoPath, Edit)> {
    side.iter()
        .map(|(path, file)| {
            let edit = match file {
                None => Edit::Delete,
                Some((FileMode::Executable, bytes)) => Edit::WriteExecutable(bytes.to_vec()),
                Some((FileMode::Symlink, bytes)) => Edit::Symlink(bytes.to_vec()),
                Some((_, bytes)) => Edit::Write(bytes.to_vec()),
            };
            (path.clone(), edit)
        })
        .collect()
}

/// A source file with tests in it, each part in one of a few versions.
fn library() -> impl Strategy<Value = String> {
    let part =
        || proptest::collection::vec(prop_oneof!["    [ab]\\(\\);\n", Just("\n".to_owned())], 0..5);
    let gap = || proptest::collection::vec("// [xy]\n", 0..5);
    (part(), gap(), part()).prop_map(|(source, gap, test)| {
        format!(
            "fn one() {{\n{}}}\n{}#[cfg(test)]\nmod tests {{\n    #[test]\n    fn it() {{\n{}    }}\n}}\n",
            source.concat(),
            gap.concat(),
            test.concat()
        )
    })
}

type Files = BTreeMap<RepoPath, (FileMode, Vec<u8>)>;

fn files(repo: &MemoryRepository, tree: &TreeId) -> Files {
    let read =
        |id: &backstory_model::BlobId| repo.blob(id).expect("readable").expect("present").to_vec();
    let listed = repo.files(tree).expect("the tree exists").into_iter();
    listed.map(|file| (file.path, (file.mode, read(&file.id)))).collect()
}

/// Puts one side on top of files, hunk-wise where the other side is there too.
fn put(files: &mut Files, base: &Files, side: &backstory_synth::ChangedFiles) {
    for (path, file) in side {
        let here = files.get(path);
        match file {
            None => {
                files.remove(path);
            }
            Some((mode, bytes)) => {
                let made = match (here, base.get(path)) {
                    (Some((_, current)), Some((_, old))) if current != old => {
                        merged(old, current, bytes)
                    }
                    _ => bytes.to_vec(),
                };
                files.insert(path.clone(), (*mode, made));
            }
        }
    }
}

/// Lists the lines of the base that the hunks of one file show, as a patch has them.
fn spans(patch: &str, path: &str) -> Vec<(u32, u32)> {
    let of_file = |part: &&str| part.starts_with(&format!("a/{path} "));
    let hunks = patch.split("diff --git ").filter(of_file).flat_map(str::lines);
    hunks
        .filter_map(|line| line.strip_prefix("@@ -")?.split(' ').next())
        .map(|span| {
            let (start, count) = span.split_once(',').unwrap_or((span, "1"));
            let number = |text: &str| text.parse::<u32>().expect("a span is made of numbers");
            let start = number(start) - u32::from(count != "0");
            (start, start + number(count))
        })
        .collect()
}

/// Makes the line differences of two versions of one base both.
fn merged(base: &[u8], one: &[u8], other: &[u8]) -> Vec<u8> {
    let lines = backstory_syntax::diff::lines;
    let mut hunks: Vec<(std::ops::Range<u32>, Vec<u8>)> = Vec::new();
    for version in [one, other] {
        for hunk in backstory_syntax::diff::hunks(base, version) {
            let range = hunk.after.start as usize..hunk.after.end as usize;
            hunks.push((hunk.before, lines(version)[range].concat()));
        }
    }
    hunks.sort_by_key(|(range, _)| range.start);
    let old = lines(base);
    let (mut made, mut at) = (Vec::new(), 0);
    for (range, text) in hunks {
        made.extend(old[at..range.start as usize].concat());
        made.extend(text);
        at = range.end as usize;
    }
    made.extend(old[at..].concat());
    made
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_base_with_both_sides_is_the_head(
        old in library(),
        new in library(),
        test in "[a-z]{0,3}\n",
    ) {
        let mut builder = RepoBuilder::new("acme/toy");
        let base = builder.commit("start", [("src/lib.rs", old.as_str()), ("tests/a.rs", "x\n")]);
        let head = builder.commit("next", [
            ("src/lib.rs", new.as_str()),
            ("tests/a.rs", test.as_str()),
            ("README.md", "hi\n"),
        ]);
        let repo = builder.memory();
        let (base_tree, head_tree) = (tree(&repo, &base), tree(&repo, &head));
        let (gold, test, sides) = between(&repo, &base_tree, &head_tree);
        let base_files = files(&repo, &base_tree);
        let mut made = base_files.clone();
        put(&mut made, &base_files, &sides.test);
        put(&mut made, &base_files, &sides.gold);
        prop_assert_eq!(&made, &files(&repo, &head_tree));
        let mut spans = [spans(&gold, "src/lib.rs"), spans(&test, "src/lib.rs")].concat();
        spans.sort_unstable();
        prop_assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{:?}", spans);
        prop_assert_eq!(gold.is_empty(), sides.gold.is_empty());
        prop_assert_eq!(test.is_empty(), sides.test.is_empty());

        builder.branch_from("aside", &base);
        let aside = builder.commit("tests", edits(&sides.test));
        let with_tests = tree(&builder.memory(), &aside);
        let told = |id, state, tree, outcomes| Told {
            id,
            state,
            tree,
            command: "cargo nextest run",
            output: "src/lib.rs:2\n",
            outcomes,
        };
        let ran = Ran::new("acme__toy-1")
            .run(&told("base_with_tests/file/1", ExecutedState::BaseWithTests, &with_tests, &[("t", Failed)]))
            .run(&told("head/file/1", ExecutedState::Head, &head_tree, &[("t", Passed)]));
        let states = [head];
        let story = story_of(&repo, &builder, Some(&base), &states, &[], &ran.evidence()).unwrap();
        replay(&story, &repo, Some(&base), &states);
        let steps = &story.trajectory.steps;
        let run = steps.iter().position(|step| matches!(step.action, Action::RunTests { .. }));
        let before = steps[..run.unwrap()].iter().filter(|step| step.state.is_some()).count();
        let debugged = steps.iter().any(|step| step.phase == backstory_model::Phase::Debugging);
        prop_assert_eq!(debugged, !sides.test.is_empty());
        prop_assert!(!debugged || before > 0);
        prop_assert_eq!(git_object_id("blob", gold.as_bytes()), story.trajectory.gold_patch);
    }
}
