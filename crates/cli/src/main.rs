//! What does the `backstory` command do with its arguments?

use std::process::ExitCode;

fn main() -> ExitCode {
    backstory_cli::main()
}
