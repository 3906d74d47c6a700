//! How do the tests of this crate call the stages of the sandbox?

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    backstory_exec::sandbox::stage(&arguments)
}
