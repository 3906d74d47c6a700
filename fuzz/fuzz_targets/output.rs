//! Does what a run printed and reported stay text, whatever it is?
//!
//! In: any bytes. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_exec::output::{HEAD, TAIL, normalize};
use backstory_exec::report::python;
use backstory_model::OutputCut;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let once = normalize(bytes, None);
    assert!(once.text.len() <= HEAD + TAIL);
    assert!(
        once.text.chars().all(|character| !character.is_control() || "\n\t".contains(character))
    );
    if once.cut.is_none() {
        assert_eq!(normalize(once.text.as_bytes(), None), once);
    }
    let head = bytes.len() as u64 / 2;
    let cut = normalize(bytes, Some(OutputCut { head, left_out: 1 })).cut;
    assert!(cut.is_some_and(|cut| cut.left_out >= 1));
    python::parse(bytes);
    python::parse_touched(bytes);
});
