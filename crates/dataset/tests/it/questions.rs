//! Do questions come out as the rows that trainers and their reward functions read?

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backstory_dataset::Split;
use backstory_dataset::questions::{
    LeftOut, QuestionExport, QuestionExportError, QuestionFormat, QuestionsExported, Shares,
    export_questions,
};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};
use backstory_verify::{CallOutcome, RewardOptions, Value as Known, score};
use serde_json::{Value, json};

/// Returns an item about the call of a function that doubles.
fn mixed(number: u32, family: &str) -> Value {
    json!({"item_id": format!("p{number}-io"), "type": "io_mixed",
        "program_id": format!("p{number}"), "family_id": family, "prompt": "What?",
        "questions": [
            {"q": 1, "question_id": "a", "kind": "final_output", "answer": "4",
                "answer_type": "int", "checker": "value"},
            {"q": 2, "question_id": "b", "kind": "next_statement", "answer": "{\"state\":\"end\"}",
                "checker": "statement", "k": 1, "statement_id": 2}],
        "trace_ref": format!("{number:064x}"), "python_version": "3.12.1", "source": "grammar"})
}

fn arguments(number: u32, family: &str) -> Value {
    json!({"item_id": format!("p{number}-oi"), "type": "oi",
        "program_id": format!("p{number}"), "family_id": family, "prompt": "Which?",
        "questions": [{"q": 1, "question_id": "c", "kind": "output_to_input", "answer": "4",
            "answer_type": "int", "checker": "call"}],
        "python_version": "3.12.1", "source": "grammar",
        "function": {"entry": "f", "source": "def f(a):\n    return a * 2\n", "arguments": "[2]"}})
}

fn write(folder: &Path, items: &[Value]) {
    let lines: Vec<String> = items.iter().map(Value::to_string).collect();
    let text = lines.join("\n");
    fs::write_file(&folder.join("items.jsonl"), text.as_bytes()).unwrap();
    fs::write_file(&folder.join("traces.jsonl"), b"").unwrap();
}

/// The formats whose rows a reward scores.
const REWARDED: [QuestionFormat; 4] =
    [QuestionFormat::Verl, QuestionFormat::Trl, QuestionFormat::NemoGym, QuestionFormat::Items];

fn all() -> QuestionExport {
    let shares = Shares::per_cent(20, 20).unwrap();
    QuestionExport { formats: REWARDED.into(), shares, ..QuestionExport::default() }
}

fn exported(folder: &Path, options: &QuestionExport) -> QuestionsExported {
    export_questions(folder, &folder.join("out"), options).unwrap()
}

/// Forty programs, two of each family.
fn forty() -> Vec<Value> {
    (0..40).map(|number| mixed(number, &format!("f{}", number / 2))).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_text(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, Cell>> {
    let mut rows = Vec::new();
    read_rows(path, |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn an_item_is_the_row_that_each_framework_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[mixed(1, "f")]);
    let options = QuestionExport { shares: Shares::per_cent(0, 0).unwrap(), ..all() };
    exported(folder.path(), &options);
    let out = |name: &str| folder.path().join("out").join(name);
    let item = mixed(1, "f").to_string();

    let [verl] = &rows(&out("verl/train-00000-of-00001.parquet"))[..] else { panic!("one row") };
    let Cell::Record(reward) = &verl["reward_model"] else { panic!("{verl:?}") };
    assert_eq!(reward["ground_truth"], Cell::Text(item.clone()));
    insta::assert_debug_snapshot!((&verl["data_source"], &verl["prompt"], &verl["extra_info"]));

    let [row] = &rows(&out("trl/train-00000-of-00001.parquet"))[..] else { panic!("one row") };
    assert_eq!(row["item"], Cell::Text(item.clone()));
    let [line] = &lines(&out("trl/train-00000-of-00001.jsonl"))[..] else { panic!("one line") };
    let names: BTreeSet<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(row.keys().collect::<BTreeSet<_>>(), names);
    assert_eq!(line["item"], Value::String(item.clone()));

    let [nemo] = &lines(&out("nemo-gym/train-00000-of-00001.jsonl"))[..] else {
        panic!("one line")
    };
    assert_eq!(nemo["item"], Value::String(item.clone()));
    insta::assert_snapshot!(nemo["responses_create_params"], @r#"{"input":[{"role":"user","content":"What?"}]}"#);
    assert_eq!(lines(&out("items/train-00000-of-00001.jsonl")), [mixed(1, "f")]);
    insta::assert_snapshot!("card", fs::read_text(&out("verl/README.md")).unwrap());
}

#[test]
fn a_program_and_its_mutants_are_on_one_side() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &forty());
    let told = exported(folder.path(), &all());
    assert_eq!(told.families.values().sum::<u64>(), 20);
    let mut sides: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for split in ["train", "validation", "test"] {
        let path = folder.path().join(format!("out/items/{split}-00000-of-00001.jsonl"));
        for item in lines(&path) {
            sides.entry(item["family_id"].to_string()).or_default().insert(split);
        }
    }
    assert_eq!(sides.len(), 20);
    assert!(sides.values().all(|splits| splits.len() == 1), "{sides:?}");
    for format in REWARDED {
        assert_eq!(told.rows[&format], told.rows[&QuestionFormat::Items], "{format}");
    }
}

#[test]
fn what_has_no_score_of_its_own_is_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = mixed(2, "f");
    broken["questions"][0]["answer"] = json!("five");
    let mut alone = mixed(3, "f");
    alone["questions"].as_array_mut().unwrap().pop();
    let items = [mixed(1, "f"), mixed(1, "f"), broken, alone, arguments(4, "g"), arguments(5, "h")];
    write(folder.path(), &items);
    let told = exported(folder.path(), &all());
    let count = |why| told.left_out.get(&why).copied().unwrap_or_default();
    let all_reasons = [LeftOut::BrokenGold, LeftOut::NotReproduced, LeftOut::Repeated];
    assert_eq!(all_reasons.map(count), [2, 0, 1]);
    assert_eq!(told.unwritten[&QuestionFormat::Trl], BTreeMap::from([("needs_call", 2)]));

    let returned = |text: &str| CallOutcome::Returned(Known::parse(text).unwrap());
    let called = [("p4-oi", returned("4")), ("p5-oi", returned("5"))]
        .map(|(name, outcome)| (name.to_owned(), outcome));
    let told = exported(folder.path(), &QuestionExport { called: Some(called.into()), ..all() });
    let count = |why| told.left_out.get(&why).copied().unwrap_or_default();
    assert_eq!(all_reasons.map(count), [2, 1, 1]);
    assert!(!told.unwritten.contains_key(&QuestionFormat::Trl));
    assert_eq!(told.rows[&QuestionFormat::Verl].values().sum::<u64>(), 2);
}

#[test]
fn rows_carry_what_the_verifier_scores() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[mixed(1, "f")]);
    exported(folder.path(), &QuestionExport { shares: Shares::per_cent(0, 0).unwrap(), ..all() });
    let path = folder.path().join("out/nemo-gym/train-00000-of-00001.jsonl");
    let row = lines(&path).remove(0);
    let options = RewardOptions::default();
    let right = "<answer>[{\"q\":1,\"value\":4},{\"q\":2,\"value\":\"end\"}]</answer>";
    assert_eq!(score(row["item"].as_str().unwrap(), right, &options).score, Some(2.0));
    let wrong = "<answer>[{\"q\":1,\"value\":true},{\"q\":2,\"value\":\"end\"}]</answer>";
    assert_eq!(score(row["item"].as_str().unwrap(), wrong, &options).score, Some(0.0));
}

#[test]
fn the_same_questions_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &forty());
    let read = |out: &str| {
        export_questions(folder.path(), &folder.path().join(out), &all()).unwrap();
        let files = fs::files_below(&folder.path().join(out)).unwrap();
        let read = |path: &Path| fs::read_file(&folder.path().join(out).join(path)).unwrap();
        files.iter().map(|(path, _)| (path.clone(), read(path))).collect::<Vec<_>>()
    };
    let relative = |out: &str| -> Vec<(String, Vec<u8>)> {
        let root = folder.path().join(out).display().to_string();
        let strip = |(path, bytes): (std::path::PathBuf, Vec<u8>)| {
            (path.display().to_string().replace(&root, ""), bytes)
        };
        read(out).into_iter().map(strip).collect()
    };
    assert!(relative("one") == relative("two"));
}

#[test]
fn formats_of_one_folder_share_their_splits() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &forty());
    let some = |formats: &[QuestionFormat], split_key: &str| {
        let formats = formats.iter().copied().collect();
        let options = QuestionExport { formats, split_key: split_key.to_owned(), ..all() };
        export_questions(folder.path(), &folder.path().join("out"), &options)
    };
    some(&[QuestionFormat::Verl, QuestionFormat::Trl], "").unwrap();
    some(&[QuestionFormat::Items], "").unwrap();
    let refused = some(&[QuestionFormat::Verl, QuestionFormat::Trl], "another").unwrap_err();
    assert!(matches!(refused, QuestionExportError::OtherSplit { .. }), "{refused}");
    let formats = [QuestionFormat::Verl, QuestionFormat::Trl, QuestionFormat::Items];
    some(&formats, "another").unwrap();
    let told =
        exported(folder.path(), &QuestionExport { split_key: "another".to_owned(), ..all() });
    assert!(told.rows[&QuestionFormat::Items].contains_key(&Split::Train));
}

#[test]
fn a_folder_that_no_export_of_questions_wrote_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &forty());
    let out = folder.path().join("out");
    for (name, text) in [("verl/notes.txt", "mine"), ("export.json", "{\"formats\": [\"atif\"]}")] {
        fs::remove_dirs(&out).unwrap();
        fs::create_dirs(&out.join("verl")).unwrap();
        fs::write_file(&out.join(name), text.as_bytes()).unwrap();
        let refused = export_questions(folder.path(), &out, &all()).unwrap_err();
        assert!(matches!(refused, QuestionExportError::Occupied { .. }), "{refused}");
        assert_eq!(fs::read_text(&out.join(name)).unwrap(), text);
    }
}

#[test]
fn a_damaged_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[mixed(1, "f"), json!({"item_id": "x"})]);
    let refused = export_questions(folder.path(), &folder.path().join("out"), &all()).unwrap_err();
    let text = refused.to_string();
    assert!(text.starts_with("line 2 of `") && text.ends_with("is no item"), "{text}");
}

#[test]
fn what_a_benchmark_asks_about_is_left_out_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    let shown = |name: &str| {
        let code = format!("   [1] def {name}(a):\n   [2]     return a.strip()\n");
        json!(format!("This is Python.\n\n```\n{code}```\n\nThe call is:\n"))
    };
    let mut items = forty();
    for (item, name) in items.iter_mut().zip(["look_up_all", "f", "g"]) {
        item["prompt"] = shown(name);
    }
    items[2]["prompt"] = json!(items[2]["prompt"].as_str().unwrap().replace("strip", "lower"));
    write(folder.path(), &items);
    let bench = folder.path().join("bench.jsonl");
    let tasks = "{\"task_id\": \"a/1\", \"entry_point\": \"look_up_all\"}\n\
                 {\"code\": \"def x(y):\\n    return y.strip()\\n\"}\n{\"text\": \"words\"}\n";
    fs::write_file(&bench, tasks.as_bytes()).unwrap();
    let told = exported(folder.path(), &QuestionExport { against: vec![bench], ..all() });
    assert_eq!(told.left_out, BTreeMap::from([(LeftOut::Contaminated, 2)]));
    insta::assert_debug_snapshot!(told.against, @r#"
    [
        Compared {
            list: "bench.jsonl",
            tasks: 2,
            unread: 1,
            matched: {
                "form": 1,
                "name": 1,
            },
        },
    ]
    "#);
    let listed = fs::read_text(&folder.path().join("out/contaminated.jsonl")).unwrap();
    insta::assert_snapshot!(listed, @r#"
    {"item_id":"p0-io","program_id":"p0","family_id":"f0","list":"bench.jsonl","task":"a/1","by":"name"}
    {"item_id":"p1-io","program_id":"p1","family_id":"f0","list":"bench.jsonl","task":"line 2","by":"form"}
    "#);
    // What stays beside it was not compared.
    let options = QuestionExport { formats: [QuestionFormat::Verl].into(), ..all() };
    let refused = export_questions(folder.path(), &folder.path().join("out"), &options);
    assert!(matches!(refused, Err(QuestionExportError::OtherSplit { .. })));
}
