//! Do any bytes break the reader of trained localizers?
//!
//! In: bytes, packed or plain. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_learn::localize::{Localizer, Task};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = Localizer::from_bytes(bytes) else { return };
    let again = Localizer::from_bytes(&read.to_bytes()).expect("what was written is read");
    assert_eq!(again, read);
    for task in Task::ALL {
        let ranker = read.files(task);
        let rows = vec![0.5; 2 * ranker.features.len()];
        assert_eq!(ranker.model.scores(&rows).len(), 2);
    }
});
