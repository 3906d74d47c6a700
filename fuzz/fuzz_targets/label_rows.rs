//! Does any row of a task data set stop the audit of labels, or escape its report?
//!
//! In: JSON values, as a data set holds them. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_dataset::label_audit::{audit, parse_row};
use libfuzzer_sys::fuzz_target;
use serde_json::{Deserializer, Value};

fuzz_target!(|bytes: &[u8]| {
    let values = Deserializer::from_slice(bytes).into_iter::<Value>().map_while(Result::ok);
    let rows: Vec<_> = values.filter_map(|value| parse_row(&value).ok()).collect();
    let report = audit(&rows);
    for set in &report.sets {
        assert!(set.checks.iter().all(|count| count.found <= count.checked), "more than checked");
        assert!(set.checks.iter().all(|count| count.checked <= set.rows), "more than there are");
    }
    let text = report.to_markdown(usize::MAX);
    let control = |char: char| char.is_control() && char != '\n';
    assert!(!text.contains(control), "a control byte reaches the terminal");
});
