//! Do any bytes break the reader of `JUnit` reports?
//!
//! In: bytes. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_records::read_junit;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let report = read_junit(bytes);
    let ends = bytes.windows(10).filter(|part| *part == b"</testcase").count();
    let empty = bytes.windows(2).filter(|part| *part == b"/>").count();
    assert!(report.cases.len() <= ends + empty, "a case that never ended was kept");
    for (at, _) in &report.broken {
        assert!(usize::try_from(*at).is_ok_and(|at| at <= bytes.len()), "byte {at} does not exist");
    }
});
