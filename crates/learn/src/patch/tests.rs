//! Does a ranker of patches choose by what patches do, and by nothing else?

use std::collections::BTreeMap;

use backstory_model::{CommitId, RepoName, RepoPath};
use backstory_testkit::RepoBuilder;

use super::describe::{Caches, Described, describe};
use super::diff::read_source;
use super::past::PastCache;
use super::read::{Family, Instance, Tried};
use super::run::{Measured, Results, Split, run};
use super::{Arm, FEATURES, markdown};
use crate::history::Cache;
use crate::seed::Seed;
use crate::snapshot::Index;

const BASE: &str =
    "def parse(text):\n    return int(text)\n\n\ndef show(value):\n    return str(value)\n";

fn patch(line: u32, removed: &str, added: &str) -> String {
    format!(
        "diff --git a/src/m.py b/src/m.py\n--- a/src/m.py\n+++ b/src/m.py\n@@ -{line} +{line} @@\n\
         -{removed}\n+{added}\n"
    )
}

fn tried(family: Family, patch: &str, passes: bool) -> Tried {
    let (files, executed) = (read_source(patch), Some((1.0, 1.0)));
    Tried { family, files, passes, fixes: passes, executed }
}

fn instance(id: &str, repo: &str, base: CommitId, tried: Vec<Tried>) -> Instance {
    Instance {
        id: id.to_owned(),
        repo: RepoName::parse(repo).unwrap(),
        base,
        statement: "parse fails on an empty text".to_owned(),
        tests: vec![RepoPath::from("tests/test_m.py")],
        tried,
        left_out: BTreeMap::new(),
    }
}

/// Describes patches against a small repository.
fn rows(tried: Vec<Tried>) -> Vec<Vec<f32>> {
    let mut repo = RepoBuilder::new("acme/toy");
    repo.commit("start", [("src/m.py", "def parse(text):\n    return text\n")]);
    let base = repo.commit("fix parse", [("src/m.py", BASE)]);
    let (index, commits, lines) = (Index::new(None), Cache::in_memory(), PastCache::default());
    let caches = Caches { index: &index, commits: &commits, lines: &lines };
    let one = instance("toy-1", "acme/toy", base, tried);
    match describe(&repo.memory(), &one, &caches).unwrap() {
        Described::Rows(rows) => rows,
        Described::Dropped(why) => panic!("{why}"),
    }
}

#[test]
fn what_a_patch_says_is_measured() {
    let good = patch(2, "    return int(text)", "    return int(text) if text else None");
    let strange = patch(2, "    return int(text)", "    return qux(zap)");
    let rows =
        rows(vec![tried(Family::Gold, &good, true), tried(Family::FlipToken, &strange, false)]);
    let value = |row: &[f32], name: &str| {
        row[FEATURES.iter().position(|(_, feature)| feature.name == name).unwrap()]
    };
    assert!(value(&rows[0], "surprisal") < value(&rows[1], "surprisal"));
    assert!(value(&rows[0], "statement_added") > value(&rows[1], "statement_added"));
    assert!(value(&rows[0], "known_words") > value(&rows[1], "known_words"));
    assert!(value(&rows[0], "fresh_lines") > 0.0, "a fix added the line that it changes");
}

/// The planted leaks: the family, the order, and what else stands in the group. A patch
/// has the same numbers whatever it is called and whoever stands beside it.
#[test]
fn no_feature_sees_the_family_the_order_or_the_gold_patch() {
    let gold =
        tried(Family::Gold, &patch(2, "    return int(text)", "    return int(text or 0)"), true);
    let wrong = tried(
        Family::FlipToken,
        &patch(2, "    return int(text)", "    return int(text or 1)"),
        false,
    );
    let long = tried(Family::StrayEdit, &patch(6, "    return str(value)", "    return 1"), false);
    let all = rows(vec![gold.clone(), wrong.clone(), long.clone()]);
    let turned = rows(vec![long.clone(), wrong.clone(), gold.clone()]);
    assert_eq!(all, turned.into_iter().rev().collect::<Vec<_>>(), "the order is seen");
    assert_eq!(rows(vec![wrong.clone()])[0], all[1], "the gold patch is seen");
    let renamed = Tried { family: Family::Gold, passes: true, fixes: true, ..wrong };
    assert_eq!(rows(vec![renamed, gold, long])[0], all[1], "family or verdict are seen");
}

/// Instances of four repositories whose only telling column is the last but one.
fn planted(tells: bool) -> Vec<Measured> {
    let mut stream = Seed::of(&["planted"]).generator();
    let base = CommitId::new("0".repeat(40)).unwrap();
    let families = [
        Family::Gold,
        Family::Reformatted,
        Family::EditPrefix,
        Family::DropAddedLine,
        Family::FlipToken,
        Family::OtherHunks,
        Family::StrayEdit,
    ];
    let mut all = Vec::new();
    for number in 0..24 {
        let repo = format!("acme/r{}", number % 4);
        let tried: Vec<Tried> =
            families.iter().map(|family| tried(*family, "", family.is_right())).collect();
        let told = FEATURES.len() - 2;
        let rows = families
            .iter()
            .map(|family| {
                let mut row: Vec<f32> =
                    FEATURES.iter().map(|_| crate::number::single(stream.unit())).collect();
                if tells {
                    row[told] += if family.is_right() { 2.0 } else { 0.0 };
                }
                row
            })
            .collect();
        all.push((instance(&format!("i-{number}"), &repo, base.clone(), tried), rows));
    }
    all
}

fn reached(results: &[Results], arm: Arm) -> f64 {
    assert_eq!(results[0].split, Split::FamiliesOut);
    let outcomes = &results[0].outcomes;
    let told = outcomes.iter().map(|one| (&one.said[&arm].scores[..], &one.passes[..]));
    crate::measure::choice(told).top_one
}

#[test]
fn an_arm_learns_from_its_own_columns_alone() {
    let told = run(&planted(true)).unwrap();
    assert!(reached(&told, Arm::Process) > 0.9);
    assert!(reached(&told, Arm::WithExecution) > 0.9);
    assert!(reached(&told, Arm::Snapshot) < 0.8, "it sees what it must not");
    assert!(reached(&told, Arm::OneRun) > 0.99);
    assert!(reached(&run(&planted(false)).unwrap(), Arm::Process) < 0.8, "noise tells");
}

/// The planted leak: families that are held out teach nothing, and their repository
/// neither.
#[test]
fn what_is_held_out_is_not_learned_from() {
    let mut measured = planted(false);
    let before = run(&measured).unwrap();
    for (instance, rows) in &mut measured {
        for (tried, row) in instance.tried.iter().zip(rows) {
            if !Split::FamiliesOut.learns(tried.family) {
                row.fill(9.0);
            }
        }
    }
    let after = run(&measured).unwrap();
    for (one, other) in before[0].outcomes.iter().zip(&after[0].outcomes) {
        let gaps = |scores: &[f64]| scores[0] - scores[1];
        let (one, other) = (&one.said[&Arm::Process].scores, &other.said[&Arm::Process].scores);
        assert!((gaps(one) - gaps(other)).abs() < 1e-9, "a held out family moved the model");
    }
}

#[test]
fn the_report_says_whether_the_criterion_is_met() {
    let measured = planted(true);
    let text = markdown(&measured, &run(&measured).unwrap());
    let criterion = text.lines().find(|line| line.contains("top-1 of the process")).unwrap();
    assert!(criterion.starts_with("Met: ") && criterion.contains("24 instances"), "{criterion}");
    assert!(text.contains("| stray_edit | wrong, learned from | 24 |"));
}
