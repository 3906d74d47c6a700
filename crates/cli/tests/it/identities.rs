//! Does an export name anybody?

use std::collections::BTreeSet;
use std::path::Path;

use backstory_identity::{Authors, IdentityKey};
use backstory_model::Record;
use backstory_store::fs;
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions, read_rows};
use backstory_testkit::{
    Layout, RepoBuilder, TestContext, example_directory, example_records, write_example,
};
use serde_json::Value;

use crate::sample::{context, history};

const FORMATS: &str = "atif,parquet,chat,swe-bench,harbor,nemo-gym";

/// Returns names, addresses and logins of everybody in the example.
fn people() -> BTreeSet<String> {
    let mut people = BTreeSet::new();
    for (path, _) in fs::files_below(&example_directory().join("history")).unwrap() {
        let text = fs::read_text(&path).unwrap();
        for line in text.lines().take_while(|line| !line.is_empty()) {
            let signed = line.strip_prefix("author: ").or_else(|| line.strip_prefix("committer: "));
            let signed = signed.and_then(|signed| signed.split_once(" <"));
            if let Some((name, rest)) = signed {
                people.insert(name.to_owned());
                people.insert(rest.split('>').next().unwrap().to_owned());
            }
        }
    }
    for record in example_records().unwrap() {
        people.extend(match record {
            Record::Issue(record) => record.author,
            Record::Change(record) => record.author,
            Record::Review(record) => record.author,
            Record::Comment(record) => record.author,
            _ => None,
        });
    }
    assert!(people.len() > 12, "{people:?}");
    people
}

/// Returns who is named where, in whatever way the file is packed.
fn named(folder: &Path, people: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, _) in fs::files_below(folder).unwrap() {
        let text = if path.extension().is_some_and(|ending| ending == "parquet") {
            let mut text = String::new();
            read_rows(&path, |row| text.extend(row.values().map(|cell| format!("{cell:?}\n"))))
                .unwrap();
            text
        } else {
            String::from_utf8_lossy(&fs::read_file(&path).unwrap()).into_owned()
        };
        let text = text.to_lowercase();
        let named = people.iter().filter(|who| text.contains(&who.to_lowercase()));
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        found.extend(named.map(|who| format!("{name}: {who}")));
    }
    found.sort();
    found
}

/// Builds the example and exports it in every format, and its records.
fn exported(context: &TestContext, options: &[&str], key: Option<&str>) -> String {
    if !context.path("run").exists() {
        write_example(context.directory()).unwrap();
        let build = ["build", "tidewater+daybook.git", "--records", "records", "-o", "run"];
        assert_eq!(context.backstory(build).run().exit_code, Some(0));
    }
    let mut talk = String::new();
    for arguments in [
        vec!["export", "run", "--to", FORMATS, "-o", "out"],
        vec!["records", "export", "records", "-o", "out/records.ndjson"],
    ] {
        let arguments = [&arguments[..], options].concat();
        let said =
            context.backstory(arguments).env("BACKSTORY_IDENTITY_KEY", key.unwrap_or("")).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
        talk.push_str(&said.stderr);
    }
    talk
}

fn receipt(context: &TestContext) -> (Value, Value) {
    let receipt: Value = serde_json::from_str(&context.read("out/export.json")).unwrap();
    let of = |name: &str| receipt.get(name).cloned().unwrap_or_default();
    (of("authors"), of("identity_key"))
}

#[test]
fn no_export_of_the_example_names_anybody() {
    let (context, people) = (context(), people());
    let talk = exported(&context, &[], None);
    assert_eq!(named(&context.path("out"), &people), Vec::<String>::new());
    assert_eq!(
        talk.matches("warning: people are hashed with a key that everybody knows").count(),
        2
    );
    assert_eq!(receipt(&context), ("hashed".into(), "default-insecure".into()));
    let header = context.read("out/records.ndjson").lines().next().unwrap().to_owned();
    assert!(
        header.ends_with(r#""authors":"hashed","identity_key":"default-insecure"}"#),
        "{header}"
    );
    assert!(context.read("out/parquet/README.md").contains("`identity_key: default-insecure`"));

    let first = context.read("out/chat/train-00000-of-00001.jsonl");
    let talk = exported(&context, &[], Some("harbor"));
    assert_eq!(named(&context.path("out"), &people), Vec::<String>::new());
    assert!(!talk.contains("warning"), "{talk}");
    assert_eq!(receipt(&context), ("hashed".into(), "own".into()));
    assert_ne!(context.read("out/chat/train-00000-of-00001.jsonl"), first);
    let teo = Authors::Hashed(IdentityKey::new(b"harbor")).name("teo-okafor");
    assert!(
        context.read("out/chat/train-00000-of-00001.jsonl").contains(&format!("from {teo}/units"))
    );
    assert!(context.read("out/records.ndjson").contains(&format!(r#""author":"{teo}""#)));

    for (path, target) in [("out/atif", "atif"), ("out/chat", "trl"), ("out/parquet", "trl")] {
        let said = context.backstory(["validate", path, "--target", target]).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
    }
    let audit = ["audit", "run", "--repo", "tidewater+daybook.git", "--records", "records"];
    let said = context.backstory(audit).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
}

#[test]
fn whoever_asks_for_it_keeps_the_people_and_the_search_finds_them() {
    let (context, people) = (context(), people());
    let talk = exported(&context, &["--keep-authors"], None);
    assert!(!talk.contains("warning"), "{talk}");
    assert_eq!(receipt(&context), ("plain".into(), Value::Null));
    let found = named(&context.path("out"), &people);
    for place in [
        "atif/tidewater__daybook-2.json: teo-okafor",
        "chat/train-00000-of-00001.jsonl: teo-okafor",
        "parquet/steps/train-00000-of-00001.parquet: teo-okafor",
        "parquet/trajectories/train-00000-of-00001.parquet: teo-okafor",
        "records.ndjson: hverge",
    ] {
        assert!(found.iter().any(|one| one == place), "{place} is not in {found:#?}");
    }
    let header = context.read("out/records.ndjson").lines().next().unwrap().to_owned();
    assert!(header.ends_with(r#""authors":"plain"}"#), "{header}");
}

#[test]
fn a_name_planted_in_any_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let people = BTreeSet::from(["Mara Lindqvist".to_owned()]);
    fs::write_file(&folder.path().join("a.json"), br#"{"who": "mara lindqvist"}"#).unwrap();
    let table = folder.path().join("b.parquet");
    let schema = Schema::new([("who", ColumnKind::Text)]);
    let mut rows = TableWriter::create(&table, schema, WriteOptions::default()).unwrap();
    rows.push(vec![Cell::Text("by Mara Lindqvist".to_owned())]).unwrap();
    rows.finish().unwrap();
    assert_eq!(
        named(folder.path(), &people),
        ["a.json: Mara Lindqvist", "b.parquet: Mara Lindqvist"]
    );
}

/// A history whose messages sign, credit and mention people.
fn signed() -> RepoBuilder {
    let mut repo = history();
    repo.commit(
        "Count words (#4)\n\nAsked for by @grace-h, mail ada@tide.example about `count_words`.\n\n\
         Co-authored-by: Ada Lovelace <ada@tide.example>\nReviewed-by: Grace Hopper",
        [("toy/count.py", "def count_words(text):\n    return len(text.split())\n")],
    );
    repo
}

#[test]
fn what_messages_say_of_people_is_hidden_and_pointed_at_all_the_same() {
    let context = context();
    signed().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    assert_eq!(context.backstory(["build", "acme+toy", "-o", "run"]).run().exit_code, Some(0));
    let said = context.backstory(["export", "run", "--to", FORMATS, "-o", "out"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    let people = ["Ada Lovelace", "ada@tide.example", "grace-h", "Grace Hopper", "from ann/"];
    let people = people.map(str::to_owned).into();
    assert_eq!(named(&context.path("out"), &people), Vec::<String>::new());

    let document: Value = serde_json::from_str(&context.read("out/atif/acme__toy-4.json")).unwrap();
    let requirement = document["steps"][0]["message"].as_str().unwrap();
    let ada = Authors::default().name("ada@tide.example");
    assert!(requirement.contains(&format!("Co-authored-by: {ada} <{ada}>")), "{requirement}");
    let mut terms = Vec::new();
    for step in document["steps"].as_array().unwrap() {
        let evidence = step["extra"]["backstory"]["choice"]["evidence"].as_array();
        for pointer in evidence.into_iter().flatten().filter_map(Value::as_str) {
            let Some(range) = pointer.strip_prefix("requirement:") else { continue };
            let (start, end) = range.split_once("..").unwrap();
            let range = start.parse::<usize>().unwrap()..end.parse().unwrap();
            terms.push(requirement.get(range).unwrap().to_owned());
        }
    }
    for term in &terms {
        let call = format!("{:?}", document["steps"]);
        assert!(call.contains(term), "`{term}` is searched for nowhere");
    }
    insta::assert_snapshot!(terms.join("\n"));
}

#[test]
fn one_folder_names_people_in_one_way() {
    let context = context();
    signed().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let export = |formats, option: &[&str]| {
        let arguments = [&["export", "run", "--to", formats, "-o", "out"], option].concat();
        context.backstory(arguments).run()
    };
    assert_eq!(export("atif,chat", &["--keep-authors"]).exit_code, Some(0));
    let said = export("chat", &[]);
    insta::assert_snapshot!(said);
    assert_eq!(receipt(&context), ("plain".into(), Value::Null));
    assert_eq!(export("atif,chat", &[]).exit_code, Some(0));
    assert_eq!(receipt(&context), ("hashed".into(), "default-insecure".into()));
}
