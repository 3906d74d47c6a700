//! Do the columns say what stands in the tree?

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use backstory_learn::execution;
use backstory_learn::extract::{describe, table_names, table_rows};
use backstory_learn::feature::Feature;
use backstory_learn::snapshot::{FEATURES, Index, Query, Snapshot, Views, features, sampled};
use backstory_learn::text::order;

use crate::toy::{row, toy};

const ISSUE: &str = "LineReader fails\n`read_line` of toy/reader.py should turn_page at the end";

#[test]
fn every_feature_of_a_small_tree() {
    let toy = toy();
    let index = Index::new(None);
    let snapshot = Snapshot::read(&toy.repository, &toy.base, &index).unwrap();
    let columns = features(&snapshot, Query::of(ISSUE));
    assert_eq!(columns.len(), FEATURES.len());
    let mut text = String::new();
    for path in &snapshot.candidates.paths {
        write!(text, "{path} ").unwrap();
    }
    for (feature, column) in FEATURES.iter().zip(&columns) {
        write!(text, "\n{:15}", feature.name).unwrap();
        for value in column {
            write!(text, " {value:6.3}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_table_has_a_column_for_every_name_and_a_row_for_every_candidate() {
    let toy = toy();
    let row = row(&toy.base, ISSUE, &["toy/reader.py"]);
    let described = describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap();
    let columns = table_rows(&row, 3, &described);
    assert_eq!(columns.len(), table_names().len());
    insta::assert_debug_snapshot!(&columns[..5]);
}

#[test]
fn rows_that_cannot_be_ranked_are_dropped_with_their_reason() {
    let toy = toy();
    let index = Index::new(None);
    let reason = |gold: &[&str], base| {
        describe(&toy.repository, &row(base, ISSUE, gold), &index).unwrap().unwrap_err()
    };
    let unknown = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    insta::assert_snapshot!(reason(&["toy/ends.py"], &toy.base), @"every gold file is missing from the base tree: the fix only adds files");
    insta::assert_snapshot!(reason(&["toy/reader.py"], &unknown), @"object `0123456789abcdef0123456789abcdef01234567` of its base is not in the repository");
}

#[test]
fn an_absent_blob_is_an_empty_file() {
    let mut toy = toy();
    let blob = backstory_model::git_object_id("blob", b"class ReadError(Exception):\n    pass\n");
    toy.repository.forget(blob.as_str());
    let row = row(&toy.base, ISSUE, &["toy/reader.py"]);
    let described = describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap();
    assert_eq!(described.absent, 1);
}

#[test]
fn documentation_asks_for_its_file_without_its_own_words() {
    let toy = toy();
    let index = Index::new(None);
    let snapshot = Snapshot::read(&toy.repository, &toy.base, &index).unwrap();
    let asked = sampled(&snapshot, "acme__toy-2", 2);
    assert_eq!(asked, sampled(&snapshot, "acme__toy-2", 2));
    let [pseudo] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(snapshot.candidates.paths[pseudo.gold].to_string(), "toy/reader.py");
    let copied = Views::of(&snapshot, Query::of(&pseudo.text));
    assert_eq!(order(&copied.content)[0], pseudo.gold, "it is found by its own copy");
    let query = Query { text: &pseudo.text, without: Some(pseudo.gold) };
    let views = Views::of(&snapshot, query);
    assert!(views.content[pseudo.gold] < copied.content[pseudo.gold] / 2.0, "{views:?}");
}

#[test]
fn columns_have_names_of_their_own() {
    let names = table_names();
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(different.len(), names.len(), "{names:?}");
}

#[test]
fn the_documentation_lists_every_feature() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/learn.md");
    let text = backstory_store::fs::read_text(&path).unwrap();
    for Feature { name, kind, meaning, .. } in FEATURES.iter().chain(execution::FEATURES) {
        let line = format!("| `{name}` | {} | {meaning} |", format!("{kind:?}").to_lowercase());
        assert!(text.contains(&line), "{line}");
    }
}
