//! Do the parts of any log lie in it, and are they whole lines?
//!
//! In: bytes. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_syntax::log::log_parts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|log: &[u8]| {
    let parts = log_parts(log);
    for part in &parts.failures {
        let range = &part.range;
        assert!(range.start < range.end && range.end <= log.len(), "{part:?}");
        assert!(range.start == 0 || log[range.start - 1] == b'\n', "{part:?}");
        assert!(part.step.is_none_or(|step| step < parts.steps.len()), "{part:?}");
    }
    for place in &parts.places {
        let part = &parts.failures[place.failure].range;
        assert!(part.start <= place.range.start && place.range.end <= part.end, "{place:?}");
    }
    for step in &parts.steps {
        assert!(step.range.start <= step.range.end && step.range.end <= log.len(), "{step:?}");
    }
    for group in &parts.groups {
        assert!(group.range.start <= group.title.start && group.title.end <= log.len());
    }
});
