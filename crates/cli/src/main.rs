//! What does the `backstory` command do with its arguments?

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(backstory_cli::main())
}
