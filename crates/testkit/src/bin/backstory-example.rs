//! How does the bundled example get onto a disk?
//!
//! Writes the bundled example below the folder named on the command line:
//! a bare git repository and its records. Prints where the two lie.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command for people to read")]

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("error: name the folder to write the example to");
        return ExitCode::from(backstory_model::exit::ERROR);
    };
    match backstory_testkit::write_example(&directory) {
        Ok(written) => {
            println!("{}\n{}", written.repository.display(), written.records.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(source) = error.source() {
                eprintln!("  Caused by: {source}");
            }
            ExitCode::from(backstory_model::exit::ERROR)
        }
    }
}
