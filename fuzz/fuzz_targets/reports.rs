//! Do any bytes break what reads the reports of test runners?
//!
//! In: bytes; up to the first NUL byte they are one file of a report, what
//! follows is the closing line. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_exec::report::nextest::{self, NextestFiles};
use backstory_exec::report::{MOST_FAULTS, go, junit, libtest, lines, python};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (file, closing) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let other = Some(file);
    let files = NextestFiles {
        list: other,
        junit: other,
        events: other,
        broken: other,
        finished: Some(closing),
    };
    _ = (junit::parse(file).is_ok(), libtest::parse(file), go::printed(file));
    let whole =
        [lines::parse(file), python::parse(file), nextest::parse(&files), go::parse(file, closing)];
    for parsed in whole {
        let ids: Vec<_> = parsed.report.results.iter().map(|result| &result.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "not sorted, or one twice: {ids:?}");
        for running in &parsed.running {
            assert!(!parsed.report.outcome(running).is_pass(), "{running} runs and has passed");
        }
        // The reporters for Python add one of their own.
        assert!(parsed.faults.len() <= MOST_FAULTS + 1);
    }
});
