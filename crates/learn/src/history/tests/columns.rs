//! What do the columns hold for a past that can be worked by hand?

use std::fmt::Write as _;

use backstory_model::{CommitId, RepoPath};
use backstory_testkit::RepoBuilder;

use super::super::{Cache, FEATURES, History, column, content_with_cochange, fused_with_history};
use super::{asked, at, columns, paths, walk};
use crate::text::{View, order};

const CANDIDATES: [&str; 4] = ["reader.py", "parser.py", "writer.py", "never.py"];

fn file(name: &str) -> RepoPath {
    RepoPath::from(name)
}

/// Five commits over two years; `never.py` came with a commit of forty files.
fn past() -> (RepoBuilder, CommitId) {
    let mut builder = RepoBuilder::new("ada/tally");
    let many = (0..39).map(|n| (file(&format!("docs/{n}.txt")), "1\n"));
    builder.commit(
        at("Import everything", "2022-01-01T00:00:00Z"),
        many.chain([(file("never.py"), "1\n")]),
    );
    builder.commit(
        at("Fix the parser of quoted commas", "2022-03-01T00:00:00Z"),
        [("parser.py", "1\n"), ("reader.py", "1\n")],
    );
    builder.commit(
        at("Write commas", "2023-06-01T00:00:00Z"),
        [("writer.py", "1\n"), ("reader.py", "2\n")],
    );
    builder.commit(at("Parser of numbers", "2023-10-01T00:00:00Z"), [("parser.py", "2\n")]);
    let base = builder.commit(at("Release", "2024-01-01T00:00:00Z"), [("NEWS", "1\n")]);
    (builder, base)
}

#[test]
fn every_column_of_a_small_past() {
    let (builder, base) = past();
    let found = columns(&builder.memory(), &base, &CANDIDATES, "the parser loses quoted commas");
    let mut text = String::new();
    for feature in FEATURES {
        let values: Vec<String> = found[feature.name].iter().map(|v| format!("{v:.4}")).collect();
        writeln!(text, "{:<18} {}", feature.name, values.join("  ")).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn counts_are_those_of_the_calendar() {
    let (builder, base) = past();
    let found = columns(&builder.memory(), &base, &CANDIDATES, "");
    let log = |count: f32| count.ln_1p();
    assert_eq!(found["commits_last_year"], [log(1.0), log(1.0), log(1.0), 0.0]);
    assert_eq!(found["commits"], [log(2.0), log(2.0), log(1.0), 0.0]);
    assert_eq!(found["fix_commits"], [log(1.0), log(1.0), 0.0, 0.0]);
    // A file without a known change is as old as the past: 730 days.
    assert_eq!(found["days_since_change"], [log(214.0), log(92.0), log(214.0), log(730.0)]);
    assert_eq!(found["recent_share"], [0.02, 0.02, 0.01, 0.0]);
    assert_eq!(found["neighbors_sum"], [0.0; 4]);
}

#[test]
fn files_change_together_by_the_share_of_what_changes_the_hit() {
    let (builder, base) = past();
    let found = columns(&builder.memory(), &base, &CANDIDATES, "");
    // `reader.py`, the only hit, changed twice: once with each of the two.
    assert_eq!(found["cochange_hits"], [0.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);
    let (repo, cache) = (builder.memory(), Cache::in_memory());
    let history = walk(&repo, &base, &cache).unwrap();
    let of_parser = history.cochange(&paths(&CANDIDATES), &paths(&["parser.py"]), &cache);
    assert_eq!(of_parser, [1.0 / 3.0, 0.0, 0.0, 0.0]);
}

#[test]
fn nine_files_pair_nothing_and_thirty_one_say_nothing() {
    let mut builder = RepoBuilder::new("ada/tally");
    let files = |count: usize, text: &'static str| -> Vec<(RepoPath, &'static str)> {
        (0..count).map(|n| (file(&format!("f{n}.py")), text)).collect()
    };
    let candidates = ["f0.py", "f1.py"];
    let pair = |builder: &RepoBuilder, head: &CommitId| {
        let found = columns(&builder.memory(), head, &candidates, "");
        (found["cochange_hits"][1], found["commits"][1])
    };
    let eight = builder.commit("Eight", files(8, "8\n"));
    assert_eq!(pair(&builder, &eight), (0.5, 1.0_f32.ln_1p()));
    let nine = builder.commit("Nine", files(9, "9\n"));
    assert_eq!(pair(&builder, &nine), (0.5, 2.0_f32.ln_1p()));
    let thirty = builder.commit("Thirty", files(30, "30\n"));
    assert_eq!(pair(&builder, &thirty), (0.5, 3.0_f32.ln_1p()));
    let more = builder.commit("Thirty-one", files(31, "31\n"));
    assert_eq!(pair(&builder, &more), (0.5, 3.0_f32.ln_1p()));
}

#[test]
fn only_the_last_sixty_messages_of_a_file_are_read() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Quoted commas", [("parser.py", "start\n")]);
    for number in 0..59 {
        builder.commit("Tidy", [("parser.py", format!("{number}\n"))]);
    }
    let read = |builder: &RepoBuilder| {
        let candidates = ["parser.py", "other.py"];
        columns(&builder.memory(), &builder.head(), &candidates, "commas")["past_messages"].clone()
    };
    assert!(read(&builder)[0] > 0.0);
    builder.commit("Tidy", [("parser.py", "last\n")]);
    assert_eq!(read(&builder), [0.0; 2]);
}

#[test]
fn only_the_fifty_nearest_commits_carry_weight() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Commas and many other words of no use", [("far.py", "1\n")]);
    for number in 0..50 {
        builder.commit("Commas", [("near.py", format!("{number}\n"))]);
    }
    let candidates = ["far.py", "near.py"];
    let found = columns(&builder.memory(), &builder.head(), &candidates, "commas");
    assert_eq!(found["neighbors_max"][0..=0], [0.0]);
    assert!((found["neighbors_sum"][1] - 50.0).abs() < 1e-3);
}

#[test]
fn neighbors_among_fixes_are_fixes_only() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Commas", [("feature.py", "1\n")]);
    builder.commit("Fix commas", [("broken.py", "1\n")]);
    let candidates = ["feature.py", "broken.py"];
    let found = columns(&builder.memory(), &builder.head(), &candidates, "commas");
    assert!(found["neighbors_sum"][0] > found["neighbors_sum"][1]);
    assert_eq!(found["fix_neighbors_sum"][0..=0], [0.0]);
    assert_eq!(found["fix_neighbors_sum"][1..=1], [found["neighbors_sum"][1]]);
}

/// A past and its columns in the order of the table.
fn table() -> (History, Vec<Vec<f32>>) {
    let (builder, base) = past();
    let cache = Cache::in_memory();
    let history = walk(&builder.memory(), &base, &cache).unwrap();
    let mut found = asked(&history, &CANDIDATES, "quoted commas of the parser", &cache);
    let table = FEATURES.iter().filter_map(|feature| found.remove(feature.name)).collect();
    (history, table)
}

#[test]
fn the_untrained_arms_fuse_the_views_they_name() {
    let (_, table) = table();
    let content = [4.0, 3.0, 2.0, 1.0];
    let with_cochange = content_with_cochange(&content, &table);
    // `parser.py` and `writer.py` change with the best hit; nothing else is weighed.
    let weight = |rank: f32| 1.0 / (20.0 + rank);
    let wanted = [weight(0.0), weight(1.0) + weight(0.0), weight(2.0) + weight(1.0), weight(3.0)];
    assert!(with_cochange.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6));
    let snapshot = [View { scores: &content, sparse: false }; 4];
    let with_history = fused_with_history(&snapshot, &table);
    let views = [
        &content[..],
        &content,
        &content,
        &content,
        column(&table, "neighbors_sum"),
        column(&table, "past_messages"),
        column(&table, "commits_last_year"),
    ];
    let mut wanted = vec![0.0_f32; 4];
    for view in views {
        for (rank, at) in (0_u8..).zip(order(view)) {
            wanted[at] += weight(f32::from(rank));
        }
    }
    assert!(with_history.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6));
}
