//! Is every row and every line accounted for, and do the tables say what happened?

use super::*;
use crate::measure::Metric;
use crate::measure::statistics::BootstrapOptions;
use crate::rows::read_rows;

/// Three repositories with two rows each; the fix of the last one only adds files.
fn gold() -> crate::rows::Rows {
    let row = |repo: &str, number: usize, text: &str, gold: &str, functions: &str| {
        format!(
            "{{\"instance_id\":\"{}-{number}\",\"repo\":\"{repo}\",\
             \"base_commit\":\"0123456789abcdef0123456789abcdef01234567\",\
             \"problem_statement\":\"{text}\",\"gold_files\":{gold},\
             \"gold_functions\":{functions}}}",
            repo.replace('/', "__")
        )
    };
    let lines = [
        row("acme/kit", 1, "parse.py fails", r#"["kit/parse.py"]"#, r#"["kit/parse.py:parse"]"#),
        row("acme/kit", 2, "a crash", r#"["kit/parse.py","kit/read.py"]"#, "[]"),
        row("acme/toy", 3, "toys roll away", r#"["toy/roll.py"]"#, r#"["toy/roll.py:Ball.roll"]"#),
        row("acme/toy", 4, "toys stop", r#"["toy/stop.py"]"#, "null"),
        row("zoo/ape", 5, "bananas", r#"["ape/eat.py"]"#, "null"),
        row("zoo/ape", 6, "more apes", "[]", "null"),
        "{}".to_owned(),
    ];
    read_rows(lines.join("\n").as_bytes())
}

const GOOD: &[u8] = br#"
{"instance_id":"acme__kit-1","ranking":["kit/parse.py","kit/read.py"],"functions":["kit/parse.py:f","kit/parse.py:parse"]}
{"instance_id":"acme__kit-2","ranking":["kit/parse.py","kit/x.py","./kit/read.py"]}
{"instance_id":"acme__toy-3","ranking":["toy/roll.py"]}
{"instance_id":"acme__toy-4","ranking":["toy/x.py","toy/stop.py"]}
{"instance_id":"zoo__ape-5","ranking":["ape/eat.py"]}
"#;

const POOR: &[u8] = br#"
{"instance_id":"acme__kit-1","found_files":["kit/parse.py"]}
{"instance_id":"acme__kit-2","found_files":["kit/x.py","kit/read.py"]}
{"instance_id":"acme__kit-2","found_files":["kit/parse.py"]}
{"instance_id":"acme__toy-3","found_files":["toy/x.py"]}
{"instance_id":"acme__toy-99","found_files":["toy/x.py"]}
{"instance_id":"zoo__ape-6","found_files":["ape/new.py"]}
{"instance_id":"zoo__ape-5"}
"#;

fn report() -> ScoreReport {
    let files = [("good.jsonl", GOOD), ("poor.jsonl", POOR)]
        .map(|(name, bytes)| (name.to_owned(), read_predictions(bytes)));
    ScoreReport::new(&gold(), &files, &BootstrapOptions::default())
}

#[test]
fn a_report_reads() {
    insta::assert_snapshot!(report().to_markdown());
}

#[test]
fn every_row_and_every_line_is_accounted_for() {
    let report = report();
    assert_eq!(report.gold.rows + report.gold.dropped.len() + report.gold.broken.len(), 7);
    for (file, lines) in report.files.iter().zip([5, 7]) {
        assert_eq!(file.answered + file.missing.len(), report.gold.rows);
        assert_eq!(file.answered + file.unknown.len() + file.broken.len(), lines);
    }
    assert!(!report.is_clean());
}

#[test]
fn a_row_without_an_answer_is_a_miss() {
    let rows = score(&gold().rows, &read_predictions(POOR));
    let toy = rows.iter().find(|row| row.id == "acme__toy-4").expect("a row with gold");
    assert!(!toy.answered && toy.files.metric(Metric::Recall(10)) < 1e-12);
    assert_eq!(toy.files.gold, 1);
}

/// The planted bug: a tool that leaves out what it finds hard must not gain by it.
#[test]
fn leaving_rows_out_gains_nothing() {
    let some: Vec<&[u8]> = GOOD.split(|byte| *byte == b'\n').skip(1).take(1).collect();
    let files = [("all", GOOD), ("some", some[0])]
        .map(|(name, bytes)| (name.to_owned(), read_predictions(bytes)));
    let report = ScoreReport::new(&gold(), &files, &BootstrapOptions::default());
    let mrr = |file: &FileReport| {
        let all = &file.strata[0].metrics;
        all.iter().find(|mean| mean.metric == "mrr").map_or(0.0, |mean| mean.mean)
    };
    assert!(mrr(&report.files[0]) > mrr(&report.files[1]) + 0.5);
    assert_eq!(report.files[1].missing.len(), 4);
}

#[test]
fn a_report_is_plain_json() {
    let value = serde_json::to_value(report()).expect("serializes");
    let row = &value["comparison"]["rows"][10];
    assert_eq!((&row["stratum"], &row["metric"]), (&"gold not named".into(), &"mrr".into()));
    assert_eq!(row["primary"], true);
    assert!(row["corrected_p"].is_number() && row["comparison"]["interval"]["low"].is_number());
}
