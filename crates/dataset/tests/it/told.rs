//! Are answers found step by step, and traces written, as the trace has them?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_dataset::questions::{QuestionExport, QuestionFormat, Shares, export_questions};
use backstory_model::{ActivationEnd, ExecutionTrace};
use backstory_store::fs;
use backstory_verify::{RewardOptions, Value as Known, score};
use serde_json::{Value, json};

const SOURCE: &str = "def total(n):\n    found = []\n    for i in range(n):\n        if i % 2:\n            \
                      found.append(twice(i))\n    return found\n\n\ndef twice(k):\n    return k * 2\n";

/// What `total(2)` does.
fn trace() -> Value {
    let statement = |line: u32, kind: &str, parent: u32| {
        json!({"line": line, "column": 0, "end_line": line, "end_column": 0, "kind": kind,
            "parent": parent})
    };
    let nothing = json!({"end": {}});
    json!({"schema": {"major": 1, "minor": 5}, "python": "3.12.1",
        "files": [{"path": "", "statements": [statement(1, "FunctionDef", 0),
            statement(2, "Assign", 1), statement(3, "For", 1), statement(4, "If", 3),
            statement(5, "Expr", 4), statement(6, "Return", 1), statement(9, "FunctionDef", 0),
            statement(10, "Return", 7)]}],
        "functions": [{"name": "total", "line": 1, "file": 0},
            {"name": "twice", "line": 9, "file": 0}],
        "events": [{"call": {"function": 0, "set": {"n": 2}}},
            {"begin": 2}, {"end": {"set": {"found": []}}},
            {"begin": 3}, {"end": {"set": {"i": 0}}},
            {"begin": 4}, nothing,
            {"begin": 3}, {"end": {"set": {"i": 1}}},
            {"begin": 4}, nothing,
            {"begin": 5}, {"call": {"function": 1, "set": {"k": 1}}},
            {"begin": 8}, nothing, {"return": {"value": 2}},
            {"end": {"set": {"found": [2]}}},
            {"begin": 3}, nothing,
            {"begin": 6}, nothing, {"return": {"value": [2]}}],
        "result": {"returned": [2]}, "library_frames": 0, "dropped_values": 0})
}

fn listing(source: &str) -> String {
    let numbers = BTreeMap::from([(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (9, 7), (10, 8)]);
    let line = |(line, code): (u32, &str)| {
        let number = numbers.get(&line).map_or(String::new(), |number| format!("[{number}]"));
        format!("{number:>6} {code}\n")
    };
    (1..).zip(source.lines()).map(line).collect()
}

fn prompt(source: &str, call: &str, questions: &str) -> String {
    format!(
        "This is Python 3.12.1. The number in brackets names the statement that starts on the \
         line.\n\n```\n{}```\n\nThe call is:\n\n```\n{call}\n```\n\nWhat an execution is.\n\n\
         Questions:\n{questions}\nHow answers are written.\n",
        listing(source)
    )
}

fn asked(q: u32, kind: &str, checker: &str, answer: &str, more: &Value) -> Value {
    let mut asked = json!({"q": q, "question_id": format!("q{q}"), "kind": kind,
        "answer": answer, "checker": checker});
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    asked
}

fn item(name: &str, kind: &str, prompt: &str, questions: &[Value]) -> Value {
    json!({"item_id": name, "type": kind, "program_id": "p", "family_id": "f", "prompt": prompt,
        "questions": questions, "trace_ref": "t", "python_version": "3.12.1",
        "source": "grammar"})
}

fn mixed(source: &str) -> Value {
    let at = |statement: u32, k: u32| json!({"statement_id": statement, "k": k});
    let value = json!({"statement_id": 5, "k": 1, "answer_type": "list"});
    let questions = [
        asked(1, "final_output", "value", "[2]", &json!({"answer_type": "list"})),
        asked(2, "execution_count", "count", "3", &json!({"statement_id": 3})),
        asked(3, "next_statement", "statement", "8", &at(5, 1)),
        asked(4, "variable_value", "value", "[2]", &value),
        asked(5, "variable_type", "type", "\"int\"", &at(3, 2)),
        asked(6, "variable_value", "value", "{\"state\":\"unbound\"}", &at(2, 1)),
        asked(7, "next_statement", "statement", "{\"state\":\"end\"}", &at(6, 1)),
        asked(8, "coverage", "boolean", "true", &json!({"statement_id": 5})),
        asked(9, "exception", "exception", "{\"state\":\"not_raised\"}", &json!({})),
        asked(10, "variable_value", "value", "{\"state\":\"not_executed\"}", &at(5, 2)),
    ];
    let said = "1. What does the call return?\n4. Which value has `found` right after execution 1 of \
                statement [5]?\n5. Which type has `i` right after execution 2 of statement [3]?\n6. Which \
                value has `i` right after execution 1 of statement [2]?\n";
    item("p-io", "io_mixed", &prompt(source, "total(2)", said), &questions)
}

fn arguments() -> Value {
    let question = asked(1, "output_to_input", "call", "[2]", &json!({"answer_type": "list"}));
    let mut item = item("p-oi", "oi", &prompt(SOURCE, "total(...)", "1. Which?\n"), &[question]);
    item["function"] = json!({"entry": "total", "source": SOURCE, "arguments": "[2]"});
    item
}

fn write(folder: &Path, items: &[Value], traces: &[Value]) {
    let lines = |rows: &[Value]| rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    fs::write_file(&folder.join("items.jsonl"), lines(items).as_bytes()).unwrap();
    fs::write_file(&folder.join("traces.jsonl"), lines(traces).as_bytes()).unwrap();
}

fn stored(trace: &Value) -> Value {
    json!({"trace_ref": "t", "program_id": "p", "trace": trace})
}

/// What a format has for these items and this trace, and what is left out of it.
fn told(format: QuestionFormat, items: &[Value], trace: &Value) -> (Vec<Value>, String) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), items, &[stored(trace)]);
    let shares = Shares::per_cent(0, 0).unwrap();
    let options = QuestionExport { formats: [format].into(), shares, ..QuestionExport::default() };
    let out = folder.path().join("out");
    let exported = export_questions(folder.path(), &out, &options).unwrap();
    let text = fs::read_text(&out.join(format!("{format}/train-00000-of-00001.jsonl")));
    let rows = text.unwrap_or_default();
    let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let left_out: Vec<String> =
        exported.left_out.keys().map(|why| why.as_str().to_owned()).collect();
    let unwritten = exported.unwritten.values().flatten().map(|(why, _)| (*why).to_owned());
    (rows, left_out.into_iter().chain(unwritten).collect::<Vec<_>>().join(" "))
}

fn sft(items: &[Value]) -> (Vec<Value>, String) {
    told(QuestionFormat::Sft, items, &trace())
}

fn answer(row: &Value) -> &str {
    assert_eq!(row["messages"][1]["role"], "assistant");
    row["messages"][1]["content"].as_str().unwrap()
}

#[test]
fn an_answer_follows_the_trace_and_is_worth_the_maximum() {
    let (rows, left_out) = sft(&[mixed(SOURCE), arguments()]);
    assert_eq!(left_out, "");
    let [first, second] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!(first["messages"][0]["content"], mixed(SOURCE)["prompt"]);
    let scored = score(&mixed(SOURCE).to_string(), answer(first), &RewardOptions::default());
    assert_eq!(scored.score, Some(2.0), "{scored:?}");
    insta::assert_snapshot!("steps", answer(first));
    insta::assert_snapshot!(answer(second).lines().last().unwrap(), @r#"<answer>[{"q":1,"value":[2]}]</answer>"#);
    insta::assert_debug_snapshot!(first["messages"].as_array().unwrap().iter().map(|one| &one["train"]).collect::<Vec<_>>(), @"
    [
        Bool(false),
        Bool(true),
    ]
    ");
}

#[test]
fn an_item_that_says_other_than_its_trace_is_no_row() {
    let mut wrong = mixed(SOURCE);
    wrong["questions"][1]["answer"] = json!("4");
    assert_eq!(sft(&[wrong]), (Vec::new(), "not_full".to_owned()));
    let mut wrong = arguments();
    wrong["questions"][0]["answer"] = json!("[3]");
    assert_eq!(sft(&[wrong]), (Vec::new(), "not_full".to_owned()));
    let mut lost = mixed(SOURCE);
    lost["trace_ref"] = json!("other");
    assert_eq!(sft(&[lost]), (Vec::new(), "no_trace".to_owned()));
    // The source would close the answer before it is given.
    let tagged = SOURCE.replace("found = []", "found = [] # </answer>");
    assert_eq!(sft(&[mixed(&tagged)]), (Vec::new(), "not_full".to_owned()));
}

#[test]
fn of_a_call_entered_in_the_middle_nothing_before_is_told() {
    let begin = "It was called, and now execution 2 of statement [3] begins. So far";
    let middle = prompt(SOURCE, "", "1. Which statement begins right after?\n")
        .replace("The call is:", begin);
    let question =
        asked(1, "next_statement", "statement", "4", &json!({"statement_id": 3, "k": 2}));
    let (rows, left_out) = sft(&[item("p-1", "single", &middle, &[question])]);
    assert_eq!(left_out, "");
    insta::assert_snapshot!(answer(&rows[0]), @r#"
    I follow the call from there, statement by statement.
    [3] execution 2 `for i in range(n):` → i = 1
    [4] execution 2 `if i % 2:`

    1. Right after execution 2 of statement [3], statement [4] begins.

    <answer>[{"q":1,"value":4}]</answer>
    "#);
}

fn cwm(items: &[Value], trace: &Value) -> (Vec<Value>, String) {
    told(QuestionFormat::Cwm, items, trace)
}

/// Reads a text of frames back: the mark, the variables or the value, and the line of each.
fn frames(text: &str) -> (String, Vec<(String, Value, String)>) {
    let text = text.strip_prefix("<|begin_of_text|><|trace_context_start|>").unwrap();
    let text = text.strip_suffix("<|frame_sep|><|end_of_text|>").unwrap();
    let (source, rest) = text.split_once("<|frame_sep|>").unwrap();
    let frame = |frame: &str| {
        let (mark, rest) = frame.strip_prefix("<|").unwrap().split_once("_sep|>").unwrap();
        let (locals, rest) = rest.split_once("<|action_sep|>").unwrap();
        let (line, value) = rest.split_once("<|arg_sep|>").unwrap_or((rest, locals));
        (mark.to_owned(), serde_json::from_str(value).unwrap(), line.to_owned())
    };
    (source.to_owned(), rest.split("<|frame_sep|>").map(frame).collect())
}

#[test]
fn a_trace_in_frames_reads_back_as_the_trace() {
    let (rows, left_out) = cwm(&[mixed(SOURCE), arguments()], &trace());
    assert_eq!((rows.len(), &left_out[..]), (1, ""));
    let text = rows[0]["text"].as_str().unwrap();
    insta::assert_snapshot!("frames", text.replace("<|frame_sep|>", "<|frame_sep|>\n"));
    let (source, frames) = frames(text);
    assert_eq!(source, SOURCE.replacen("(n):", "(n):  # << START_OF_TRACE", 1));

    let read: ExecutionTrace = serde_json::from_value(trace()).unwrap();
    let activations = read.activations().unwrap();
    let lines: Vec<_> = frames.iter().filter(|(mark, ..)| mark == "line").collect();
    assert_eq!(lines.len(), activations.len());
    // What is said in each of the two frames, and what was there before each execution.
    let mut said: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::new();
    let mut left: BTreeMap<u32, BTreeMap<String, String>> = BTreeMap::from([
        (1, BTreeMap::from([("n".to_owned(), "2".to_owned())])),
        (2, BTreeMap::from([("k".to_owned(), "1".to_owned())])),
    ]);
    said.clone_from(&left);
    for ((_, locals, line), one) in lines.into_iter().zip(&activations) {
        let scope = said.entry(one.frame).or_default();
        for (name, value) in locals.as_object().unwrap() {
            if value != ".." {
                scope.insert(name.clone(), value.as_str().unwrap().to_owned());
            }
        }
        assert_eq!(*scope, left[&one.frame], "before {line}");
        let statement = usize::try_from(one.statement).unwrap();
        let wanted = read.files[0].statements[statement - 1].line;
        assert_eq!(SOURCE.lines().nth(usize::try_from(wanted).unwrap() - 1), Some(line.trim_end()));
        let ActivationEnd::Normally { state } = &one.ended else { panic!("{one:?}") };
        let repr = |text: &str| Known::parse(text).unwrap().repr().unwrap();
        let state = state.iter().map(|(name, value)| (name.clone(), repr(value.as_str())));
        left.insert(one.frame, state.collect());
    }
}

#[test]
fn marks_in_source_and_values_are_no_marks() {
    let source = SOURCE.replace("found = []", "found = ['<|frame_sep|>']");
    let mut trace = trace();
    trace["events"][2]["end"]["set"]["found"] = json!(["<|frame_sep|>"]);
    let (rows, left_out) = cwm(&[mixed(&source)], &trace);
    assert_eq!(left_out, "");
    let (source, frames) = frames(rows[0]["text"].as_str().unwrap());
    assert!(source.contains("found = ['<\\|frame_sep|>']"), "{source}");
    assert_eq!(frames[2].1["found"], "['<|frame_sep|>']");
}

#[test]
fn what_the_format_cannot_say_is_left_out_and_counted() {
    let planted = |place: usize, event: Value| {
        let mut trace = trace();
        trace["events"][place] = event;
        cwm(&[mixed(SOURCE)], &trace).1
    };
    let value = |value: Value| json!({"end": {"set": {"found": value}}});
    assert_eq!(planted(15, json!({"yield": {"value": 2}})), "suspended");
    assert_eq!(planted(2, value(json!({"differs": {}}))), "unknown_value");
    let object = json!({"object": {"class": "a.B", "number": 1}});
    assert_eq!(planted(2, value(object)), "unknown_value");
    let object = json!({"object": {"class": "a.B", "fields": []}});
    assert_eq!(planted(2, value(object)), "no_repr");
    assert_eq!(planted(21, json!({"end": {}})), "contradiction");
}

/// A folder with an export of everything, and what its validation finds.
fn validated(change: impl Fn(&Path)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut second = mixed(SOURCE);
    for (key, value) in
        [("item_id", "r-io"), ("program_id", "r"), ("family_id", "e"), ("trace_ref", "u")]
    {
        second[key] = json!(value);
    }
    let other = json!({"trace_ref": "u", "program_id": "r", "trace": trace()});
    write(folder.path(), &[mixed(SOURCE), arguments(), second], &[stored(&trace()), other]);
    let out = folder.path().join("out");
    let shares = Shares::per_cent(10, 40).unwrap();
    // Some key keeps one family for tests and has the other one trained on.
    let is_parted = (0..20).any(|key| {
        let options = QuestionExport {
            formats: QuestionFormat::ALL.into(),
            shares,
            split_key: key.to_string(),
            ..QuestionExport::default()
        };
        export_questions(folder.path(), &out, &options).unwrap().families.len() == 2
    });
    assert!(is_parted);
    change(&out);
    let findings = backstory_dataset::validate::questions(&out);
    let root = format!("{}/", out.display());
    findings.iter().map(|finding| finding.to_string().replace(&root, "")).collect()
}

#[test]
fn an_export_of_questions_has_no_finding() {
    assert_eq!(validated(|_| ()), Vec::<String>::new());
}

/// The file of a format that is there, whichever split it is of.
fn file_of(out: &Path, format: &str) -> std::path::PathBuf {
    let files = fs::entries(&out.join(format)).unwrap();
    let rows = |path: &std::path::PathBuf| path.extension().is_some_and(|one| one == "jsonl");
    files.into_iter().find(rows).unwrap()
}

fn replaced(format: &str, from: &str, to: &str) -> Vec<String> {
    validated(|out| {
        let path = file_of(out, format);
        let text = fs::read_text(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write_file(&path, text.replacen(from, to, 1).as_bytes()).unwrap();
    })
}

#[test]
fn every_fault_of_rows_of_questions_is_found() {
    for (format, from, to, what) in [
        ("trl", "\"item\":\"{", "\"item\":\"", "failed to read the item"),
        ("trl", "\\\"answer\\\":\\\"3\\\"", "\\\"answer\\\":\\\"x\\\"", "is no value"),
        (
            "trl",
            "\"prompt\":[{\"role\":\"user\",\"content\":\"This",
            "\"prompt\":[{\"role\":\"user\",\"content\":\"That",
            "does not begin with the prompt",
        ),
        ("trl", "\"role\":\"user\"", "\"role\":\"system\"", "does not begin with the prompt"),
        ("trl", "\"prompt_bytes\"", "\"bytes\"", "lacks the key `prompt_bytes`"),
        ("trl", ",\"program_id\":\"", ",\"program_id\":\"x", "is not that of the item"),
        ("nemo-gym", "\"responses_create_params\"", "\"params\"", "is of no shape"),
        ("nemo-gym", "\"uuid\":\"", "\"uuid\":1,\"x\":\"", "what is not a text"),
        ("items", "\"io_mixed\"", "\"single\"", "are not those of its type"),
        ("items", "\"answer_type\":\"list\"", "\"answer_type\":\"dict\"", "does not fit its kind"),
        (
            "items",
            "\"python_version\"",
            "\"difficulty\":{\"measure\":\"pass_rate\",\"samples\":1,\"successes\":2,\
             \"model\":\"m\"},\"python_version\"",
            "contradict each other",
        ),
        (
            "sft",
            "<answer>[{\\\"q\\\":1,\\\"value\\\":[2]",
            "<answer>[{\\\"q\\\":1,\\\"value\\\":[3]",
            "is an answer that is not worth the maximum",
        ),
        ("sft", "{\"role\":\"assistant\"", "{\"role\":\"tool\"", "is not the assistant's"),
        ("cwm", "<|begin_of_text|>", "", "does not begin with the context"),
        ("cwm", "  # << START_OF_TRACE", "", "does not say once where the trace starts"),
        ("cwm", "\\\"n\\\":\\\"2\\\"", "\\\"n\\\":\\\"..\\\"", "which was not said before"),
        ("cwm", "\\\"n\\\":\\\"2\\\"", "\\\"n\\\":2", "what is no text"),
        ("cwm", "<|line_sep|>", "<|step_sep|>", "has the unknown mark"),
        ("cwm", "<|arg_sep|>\\\"2\\\"", "<|arg_sep|>2", "a value that is no JSON text"),
    ] {
        let found = replaced(format, from, to);
        assert!(found.iter().any(|one| one.contains(what)), "{format} {what}: {found:#?}");
    }
}

#[test]
fn what_is_on_two_sides_or_stands_twice_is_found() {
    let found = validated(|out| {
        for format in ["items", "cwm"] {
            let path = file_of(out, format);
            let name = path.file_name().unwrap().to_string_lossy().replace("train", "validation");
            let name = name.replace("test", "validation");
            let text = fs::read_text(&path).unwrap();
            fs::write_file(&path.with_file_name(name), text.as_bytes()).unwrap();
        }
    });
    for what in ["family \"", "program \"", "trace \"", "is in ", "stands in items/"] {
        assert!(found.iter().any(|one| one.contains(what)), "{what}: {found:#?}");
    }
    assert!(found.iter().any(|one| one.starts_with("cwm/")), "{found:#?}");
    let found = validated(|out| {
        fs::remove_dirs(out).unwrap();
        fs::create_dirs(out).unwrap();
    });
    assert!(found.iter().any(|one| one.contains("holds no row")), "{found:#?}");
}
