//! What do the events say that cargo-nextest writes while tests run?
//!
//! In: lines in the form of libtest's JSON, with nextest's names. Out: what each
//! name did so far. A name is `PACKAGE::BINARY$TEST`, where a library and a program
//! of one name are told apart by nothing, so that these events only fill what
//! the `JUnit` file of a run that was ended does not say.

use std::collections::BTreeMap;

use backstory_model::TestOutcome;
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    event: String,
    name: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

/// Returns what each named test did; `None` for one that began and did not end.
pub fn parse(bytes: &[u8]) -> BTreeMap<String, Option<TestOutcome>> {
    let mut tests = BTreeMap::new();
    // The last line may be cut; what is no event is left to the other files.
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        let (true, Some(name)) = (line.kind == "test", line.name) else { continue };
        let outcome = match line.event.as_str() {
            "started" => None,
            "ok" => Some(TestOutcome::Passed),
            "ignored" => Some(TestOutcome::Skipped),
            "failed" if line.reason.as_deref() == Some("time limit exceeded") => {
                Some(TestOutcome::TimedOut)
            }
            "failed" => Some(TestOutcome::Failed),
            _ => continue,
        };
        let known = tests.entry(name).or_insert(outcome);
        *known = (*known).max(outcome);
    }
    tests
}
