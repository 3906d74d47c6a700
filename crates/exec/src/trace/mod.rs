//! What do programs do, statement by statement?
//!
//! In: programs and calls, or a run of tests and functions. Out: an
//! [`ExecutionTrace`](backstory_model::ExecutionTrace) of each, or the
//! [`TraceFailure`](backstory_model::TraceFailure) that says why there is none. The tracer
//! (`assets/python/backstory_trace.py`) runs in the program's own interpreter, in the
//! sandbox; what it says is read as foreign bytes.

mod call;
mod events;
mod merge;
mod programs;
mod report;
mod tests_run;

pub use call::{FunctionCall, call_functions};
pub use events::EventFault;
pub(crate) use merge::merged;
pub use programs::{
    Interpreter, TraceError, TraceOptions, TracePoint, TraceProgram, trace_patiently,
    trace_programs,
};
pub use report::{ParsedTraces, Traced, parse};
pub use tests_run::{
    FollowedFunction, PLUGIN, ParsedTestTraces, REQUEST_VARIABLE, SIZE_LIMIT, TestTrace,
    TestTraceRequest, parse_tests,
};

/// The files of the tracer, by name; they belong into one folder.
pub const TRACER: [(&str, &str); 9] = [
    ("backstory_follow.py", include_str!("../../assets/python/backstory_follow.py")),
    ("backstory_lines.py", include_str!("../../assets/python/backstory_lines.py")),
    ("backstory_programs.py", include_str!("../../assets/python/backstory_programs.py")),
    ("backstory_rows.py", include_str!("../../assets/python/backstory_rows.py")),
    ("backstory_statements.py", include_str!("../../assets/python/backstory_statements.py")),
    ("backstory_trace.py", include_str!("../../assets/python/backstory_trace.py")),
    ("backstory_trace_tests.py", include_str!("../../assets/python/backstory_trace_tests.py")),
    ("backstory_values.py", include_str!("../../assets/python/backstory_values.py")),
    ("backstory_zygote.py", include_str!("../../assets/python/backstory_zygote.py")),
];
