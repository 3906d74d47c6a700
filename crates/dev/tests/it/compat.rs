//! Can this build read what earlier versions wrote?
//!
//! Every folder below `fixtures/compat` is read forever. A sample is never
//! rewritten: when a field is added, a sample that has it is added.

use std::fs;
use std::path::PathBuf;

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{
    Disposition, ExecutionTrace, Record, RecordHeader, RunManifest, SchemaVersion, SnapshotStory,
    Trajectory, UnitExecution,
};
use backstory_verify::Item;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn samples(kind: &str) -> Vec<(PathBuf, String)> {
    let folders = fs::read_dir(crate::root().join("fixtures/compat")).expect("samples exist");
    let paths = folders.map(|folder| folder.expect("a folder").path().join(kind));
    let mut samples: Vec<(PathBuf, String)> =
        paths.filter(|path| path.exists()).map(|path| (path.clone(), read(&path))).collect();
    samples.sort();
    assert!(!samples.is_empty(), "no sample of `{kind}`");
    samples
}

#[expect(clippy::disallowed_methods, reason = "a test reads its own fixtures")]
fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).expect("a sample is text")
}

/// Checks that nothing the sample says is lost on the way through the type.
fn keeps_everything<T: Serialize + DeserializeOwned>(text: &str) -> T {
    let value: T = serde_json::from_str(text).expect("the sample is readable");
    let written = serde_json::to_value(&value).expect("the value can be written");
    let sample: Value = serde_json::from_str(text).expect("the sample is JSON");
    assert_holds(&written, &sample, "");
    value
}

/// Checks that everything in `old` is in `new`; `new` may have more fields.
fn assert_holds(new: &Value, old: &Value, place: &str) {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, value) in old {
                let found = new.get(key).unwrap_or(&Value::Null);
                assert_holds(found, value, &format!("{place}/{key}"));
            }
        }
        (Value::Array(new), Value::Array(old)) => {
            assert_eq!(new.len(), old.len(), "{place} changed its length");
            for (at, value) in old.iter().enumerate() {
                assert_holds(&new[at], value, &format!("{place}/{at}"));
            }
        }
        _ => assert_eq!(new, old, "{place} changed"),
    }
}

fn assert_readable(schema: SchemaVersion) {
    schema.check_readable().expect("this build reads the version");
}

#[test]
fn old_trajectories_are_readable() {
    for line in samples("trajectories.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        assert_readable(keeps_everything::<Trajectory>(line).schema);
    }
}

#[test]
fn old_executions_are_readable() {
    for line in samples("executions.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        assert_readable(keeps_everything::<UnitExecution>(line).schema);
    }
}

#[test]
fn old_dispositions_are_readable() {
    for line in samples("dispositions.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        assert_readable(keeps_everything::<Disposition>(line).schema);
    }
}

#[test]
fn old_manifests_are_readable() {
    for (_, text) in samples("manifest.json") {
        assert_readable(keeps_everything::<RunManifest>(&text).schema);
    }
}

#[test]
fn old_traces_are_readable() {
    for line in samples("traces.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        let trace = keeps_everything::<ExecutionTrace>(line);
        assert_readable(trace.schema);
        trace.visit_activations(|_, _| {}).expect("its events follow one another");
    }
}

#[test]
fn old_stories_of_snapshots_are_readable() {
    for line in samples("snapshots.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        assert_readable(keeps_everything::<SnapshotStory>(line).schema);
    }
}

#[test]
fn old_searches_are_readable() {
    for line in samples("searches.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        assert_readable(keeps_everything::<ReasoningSearch>(line).schema);
    }
    for line in samples("reasoning.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        keeps_everything::<ReasonedStep>(line);
    }
}

#[test]
fn old_items_are_readable() {
    for line in samples("items.ndjson").iter().flat_map(|(_, text)| text.lines()) {
        let item = keeps_everything::<Item>(line);
        item.prepare().expect("it can be scored");
        assert!(item.difficulty.expect("a difficulty").is_sound());
    }
}

#[test]
fn old_records_are_readable() {
    for (_, text) in samples("records.ndjson") {
        let mut lines = text.lines();
        let header = keeps_everything::<RecordHeader>(lines.next().expect("a header"));
        assert_eq!((header.kind.as_str(), header.format.as_str()), ("header", "backstory-records"));
        for line in lines {
            keeps_everything::<Record>(line);
        }
    }
}

#[test]
#[should_panic(expected = "/unit/id changed")]
fn a_reader_that_drops_a_field_is_caught() {
    let old = serde_json::json!({"unit": {"id": "tidewater__daybook-3"}});
    assert_holds(&serde_json::json!({"unit": {"name": "x"}}), &old, "");
}
