//! Does every check find the fault that was planted for it?

use std::path::Path;

use backstory_dataset::validate::{self, Finding, Severity};
use backstory_dataset::{ExportContext, ExportError, ExportOptions, export};
use backstory_store::fs;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sample::sample;

fn exported(folder: &Path) -> (Value, Value) {
    let (trajectory, stored) = sample();
    let stories = [Ok::<_, ExportError>(trajectory)];
    export(stories, &stored, folder, &ExportContext::default(), &ExportOptions::default()).unwrap();
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_text(&folder.join(name)).unwrap()).unwrap()
    };
    (read("atif/harbor__tidy-8.json"), read("chat/train-00000-of-00001.jsonl"))
}

/// Checks a JSON value as a file with this name.
fn findings(name: &str, value: &Value, check: fn(&Path) -> Vec<Finding>) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write_file(&path, value.to_string().as_bytes()).unwrap();
    check(&path)
}

/// Plants a fault at a JSON pointer; the value `null` under `key` removes the key.
fn plant(value: &Value, pointer: &str, key: &str, fault: Value) -> Value {
    let mut planted = value.clone();
    let place = planted.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there"));
    match place {
        Value::Object(object) if fault == json!("[removed]") => {
            object.remove(key);
        }
        Value::Object(object) => {
            object.insert(key.to_owned(), fault);
        }
        other => *other = fault,
    }
    planted
}

fn removed() -> Value {
    json!("[removed]")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one flat table of faults")]
fn every_fault_of_an_atif_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _) = exported(folder.path());
    let reference = |extra: Value| json!([{"source_call_id": "call_2", "content": "", "subagent_trajectory_ref": [extra]}]);
    let faults = [
        ("", "steps", json!([]), Severity::Rejected, "has no step"),
        ("", "author", json!("x"), Severity::Rejected, "has the key \"author\""),
        ("", "agent", removed(), Severity::Rejected, "lacks the key `agent`"),
        ("", "schema_version", removed(), Severity::Rejected, "lacks the key `schema_version`"),
        ("", "schema_version", json!("ATIF-v1.8"), Severity::Doubtful, "ATIF-v1.7 only"),
        ("", "schema_version", json!("ATIF-v2"), Severity::Rejected, "unknown version"),
        ("", "trajectory_id", removed(), Severity::Doubtful, "lacks `trajectory_id`"),
        ("", "subagent_trajectories", json!([{}]), Severity::Rejected, "lacks `trajectory_id`"),
        ("/final_metrics", "total_steps", json!(3), Severity::Doubtful, "another number of steps"),
        ("/agent", "version", json!(1), Severity::Rejected, "what is not a text"),
        ("/steps/1", "step_id", json!(3), Severity::Rejected, "should have the `step_id` 2"),
        ("/steps/0", "source", json!("environment"), Severity::Rejected, "unknown source"),
        ("/steps/0", "message", Value::Null, Severity::Rejected, "what is not a text"),
        ("/steps/0", "tool_calls", json!([]), Severity::Rejected, "only steps of the agent"),
        ("/steps/0", "timestamp", json!("yesterday"), Severity::Rejected, "not ISO 8601"),
        ("/agent", "tool_definitions", json!(["bash"]), Severity::Rejected, "is not an object"),
        ("/steps/0", "message", json!([1]), Severity::Rejected, "is not an object"),
        (
            "/steps/0",
            "message",
            json!([{"type": "text"}]),
            Severity::Rejected,
            "needs `text` alone",
        ),
        (
            "/steps/0",
            "message",
            json!([{"type": "image"}]),
            Severity::Rejected,
            "needs `source` alone",
        ),
        (
            "/steps/0",
            "message",
            json!([{"type": "sound", "text": "x"}]),
            Severity::Rejected,
            "unknown type",
        ),
        (
            "/steps/0",
            "message",
            json!([{"type": "image", "source": {"media_type": "image/tiff", "path": "x"}}]),
            Severity::Rejected,
            "unknown media type",
        ),
        ("/steps/1", "metrics", json!({"logprobs": ["x"]}), Severity::Rejected, "is not a number"),
        ("/steps/1", "reward", json!(1), Severity::Rejected, "has the key \"reward\""),
        ("/steps/1", "reasoning_content", json!("x"), Severity::Rejected, "no model was called"),
        ("/steps/1", "metrics", json!({"tokens": 1}), Severity::Rejected, "has the key \"tokens\""),
        ("/steps/1", "observation", removed(), Severity::Doubtful, "shows no result"),
        (
            "/steps/1/tool_calls/0",
            "type",
            json!("function"),
            Severity::Rejected,
            "has the key \"type\"",
        ),
        (
            "/steps/1/tool_calls/0",
            "arguments",
            json!("{}"),
            Severity::Rejected,
            "what is not an object",
        ),
        (
            "/steps/1/tool_calls/0",
            "tool_call_id",
            json!("other"),
            Severity::Rejected,
            "which no call of the step is",
        ),
        ("/steps/2/tool_calls/0", "tool_call_id", json!("call_2"), Severity::Doubtful, "again"),
        (
            "/steps/1/observation/results/0",
            "content",
            removed(),
            Severity::Rejected,
            "lacks the key `content`",
        ),
        (
            "/steps/1/observation/results/0",
            "exit_code",
            json!(0),
            Severity::Rejected,
            "has the key \"exit_code\"",
        ),
        (
            "/steps/1/observation",
            "results",
            json!([{"source_call_id": "call_2", "content": ""}, {"source_call_id": "call_2", "content": ""}]),
            Severity::Doubtful,
            "a second time",
        ),
        (
            "/steps/1/observation",
            "results",
            reference(json!({"trajectory_id": "gone"})),
            Severity::Doubtful,
            "not embedded",
        ),
        (
            "/steps/1/observation",
            "results",
            reference(json!({"session_id": "s"})),
            Severity::Rejected,
            "neither an id nor a path",
        ),
    ];
    for (pointer, key, fault, severity, what) in faults {
        let planted = plant(&good, pointer, key, fault);
        let found = findings("t.json", &planted, validate::atif);
        let hit = found.iter().any(|f| f.severity == severity && f.what.contains(what));
        assert!(hit, "{pointer}/{key}: wanted {what:?}, found {found:?}");
    }
    assert_eq!(findings("t.json", &good, validate::atif), []);
}

type Check = fn(&Path) -> Vec<Finding>;
/// A fault: where it is planted, under which key, what, and how it must be found.
type Fault = (&'static str, &'static str, Value, Severity, &'static str);

const CALL: &str = "/messages/1/tool_calls/0/function";

fn assert_found(check: Check, faults: Vec<Fault>) {
    let folder = tempfile::tempdir().unwrap();
    let (_, good) = exported(folder.path());
    for (pointer, key, fault, severity, what) in faults {
        let planted = plant(&good, pointer, key, fault);
        let found = findings("t.jsonl", &planted, check);
        let hit = found.iter().any(|f| f.severity == severity && f.what.contains(what));
        assert!(hit, "{pointer}/{key}: wanted {what:?}, found {found:?}");
    }
}

#[test]
fn every_fault_trl_stumbles_over_is_found() {
    let faults = vec![
        (
            "",
            "messages",
            json!([{"role": "user", "content": "hi", "train": false}]),
            Severity::Rejected,
            "aborts a run",
        ),
        ("", "messages", json!([]), Severity::Rejected, "is empty"),
        ("", "messages", json!({}), Severity::Rejected, "is not a list"),
        ("", "tools", json!("{"), Severity::Rejected, "not a JSON list"),
        ("", "tools", json!(3), Severity::Rejected, "neither a list"),
        ("/messages/1", "role", removed(), Severity::Rejected, "has no `role`"),
        ("/messages/1", "content", removed(), Severity::Doubtful, "print `None`"),
        ("/messages/0", "content", removed(), Severity::Rejected, "has no `content`"),
        ("/messages/1", "tool_calls", json!({}), Severity::Rejected, "is not a list"),
        (
            "/messages/1/tool_calls/0",
            "function",
            removed(),
            Severity::Rejected,
            "no `function` object",
        ),
        (CALL, "arguments", json!("{}"), Severity::Doubtful, "encode twice"),
        (CALL, "arguments", json!({"old": null}), Severity::Doubtful, "a trace of padding"),
        (CALL, "arguments", removed(), Severity::Rejected, "has no arguments"),
        (CALL, "name", removed(), Severity::Rejected, "without a name"),
    ];
    assert_found(validate::trl, faults);
}

#[test]
fn every_fault_axolotl_stumbles_over_is_found() {
    let faults = vec![
        (
            "",
            "messages",
            json!([{"role": "user", "content": "hi", "train": false}]),
            Severity::Dropped,
            "every label is masked",
        ),
        ("", "tools", json!({}), Severity::Rejected, "neither a list"),
        (
            "/tools/0/function",
            "parameters",
            json!("{"),
            Severity::Rejected,
            "parameters that are not JSON",
        ),
        ("/messages/1", "role", json!("critic"), Severity::Doubtful, "not mapped"),
        ("/messages/1", "role", removed(), Severity::Rejected, "has no `role`"),
        ("/messages/1", "content", removed(), Severity::Rejected, "has no `content`"),
        ("/messages/1", "train", json!("yes"), Severity::Doubtful, "not true or false"),
        ("/messages/1", "tool_calls", removed(), Severity::Dropped, "is empty"),
        ("/messages/25", "train", json!(false), Severity::Doubtful, "end of turn"),
        (CALL, "arguments", json!("{"), Severity::Rejected, "not JSON"),
        (CALL, "arguments", json!({"old": null}), Severity::Doubtful, "a trace of padding"),
    ];
    assert_found(validate::axolotl, faults);
}

#[test]
fn every_fault_llamafactory_stumbles_over_is_found() {
    let faults = vec![
        ("/messages/1", "role", json!("user"), Severity::Dropped, "alternation"),
        ("/messages/1", "role", json!("tool"), Severity::Dropped, "odd number"),
        ("/messages/1", "role", json!("developer"), Severity::Rejected, "not among the tags"),
        ("/messages/1", "content", removed(), Severity::Rejected, "aborts the run"),
        ("/messages/1", "content", json!("I look"), Severity::Dropped, "beside its calls"),
        ("/messages/1", "content", json!(3), Severity::Doubtful, "not a text"),
        ("/messages/1", "reasoning_content", json!("x"), Severity::Dropped, "not read"),
        ("/messages/1/tool_calls/0", "function", removed(), Severity::Rejected, "aborts the run"),
        ("/messages/1", "train", json!(false), Severity::Doubtful, "masks per message"),
        ("/messages/25", "role", json!("tool"), Severity::Dropped, "at the end"),
        ("/messages/3", "role", json!("system"), Severity::Dropped, "alternation"),
        ("", "messages", json!([]), Severity::Dropped, "no turn"),
        ("", "messages", json!([{"role": "system", "content": ""}]), Severity::Dropped, "no turn"),
        ("", "tools", json!(3), Severity::Rejected, "neither a list"),
    ];
    assert_found(validate::llamafactory, faults);
}

#[test]
fn a_finding_names_its_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    fs::write_file(&path, b"\n{\"messages\": [3]}\nnot json\n").unwrap();
    let found = validate::trl(&path);
    assert_eq!(found[0].place, "line 2, messages[0]");
    assert_eq!(found[1].place, "line 3, row");
    assert!(found[0].to_string().starts_with(&path.display().to_string()));
}

#[test]
fn nothing_to_check_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent");
    for check in [validate::atif as Check, validate::trl, validate::axolotl, validate::llamafactory]
    {
        assert_eq!(check(folder.path()).len(), 1);
        assert_eq!(check(&absent)[0].severity, Severity::Rejected);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{0,3}",
        proptest::sample::select(vec![
            "steps",
            "step_id",
            "source",
            "message",
            "tool_calls",
            "observation",
            "results",
            "messages",
            "role",
            "content",
            "function",
            "arguments",
            "tools",
            "train",
            "subagent_trajectories",
            "final_metrics",
            "agent",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,6}|user|assistant|tool|agent".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_json_makes_a_check_panic(value in any_json(), messages in any_json()) {
        let row = json!({"messages": [messages, value.clone()], "tools": value});
        let steps = json!({"steps": [row.clone()], "agent": row});
        for check in [validate::trl as Check, validate::axolotl, validate::llamafactory] {
            findings("t.jsonl", &row, check);
        }
        findings("t.json", &steps, validate::atif);
    }

    #[test]
    fn no_bytes_make_a_check_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.json", "t.jsonl", "t.parquet"] {
            let path = folder.path().join(name);
            fs::write_file(&path, &bytes).unwrap();
            for check in [validate::atif as Check, validate::trl, validate::axolotl, validate::llamafactory] {
                check(&path);
            }
        }
    }
}
