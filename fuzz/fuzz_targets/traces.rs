//! Is the report of the tracer read, or refused, whatever it is?
//!
//! In: any bytes. Out: nothing; panics on a broken promise.

#![no_main]

use backstory_exec::trace::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = parse(bytes, "3.12.1");
    assert!(!(parsed.complete && parsed.fault.is_some()));
    for trace in parsed.programs.iter().flatten() {
        assert!(trace.activations().is_ok());
        let text = serde_json::to_string(trace).expect("a trace can be written");
        let again: backstory_model::ExecutionTrace =
            serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(&again, trace);
    }
});
