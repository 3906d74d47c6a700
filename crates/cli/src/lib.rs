//! What was asked for, what does it mean, and how did it go?
//!
//! In: arguments, environment and `backstory.toml`. Out: calls of the library
//! crates with real ports, data on stdout, talk on stderr, an exit code. The
//! commands are thin; what they do lives in the other crates.

mod arguments;
mod commands;
pub mod cost;
mod execution;
mod failure;
mod language_model;
mod reason;
mod settings;
mod snapshot;
mod talk;

pub mod build;

pub use arguments::Arguments;
pub use failure::Failure;
pub use settings::{Config, ENVIRONMENT, Environment, Variable};
pub use talk::Talk;

use std::process::ExitCode;

use backstory_model::exit;
use clap::{CommandFactory as _, FromArgMatches as _};

/// Returns the description of the whole command line.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command this process was started with.
///
/// The sandbox starts this program again as the first process inside itself;
/// nothing else happens then.
pub fn main() -> ExitCode {
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|word| word == execution::STAGE) {
        return backstory_exec::sandbox::stage(&arguments[2..]);
    }
    let talk = Talk::to_terminal();
    let run = || run(std::env::args_os(), &Environment::of_process(), &talk);
    if let Ok(code) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        return ExitCode::from(code);
    }
    talk.say("error: internal error; the message above says where");
    talk.say("\nhint: please report it; nothing half-written was left behind");
    ExitCode::from(exit::ERROR)
}

/// Runs one command line and returns its exit code.
pub fn run<A>(arguments: impl IntoIterator<Item = A>, environment: &Environment, talk: &Talk) -> u8
where
    A: Into<std::ffi::OsString> + Clone,
{
    let parsed = command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Arguments::from_arg_matches(&matches));
    let outcome = match parsed {
        Ok(arguments) => commands::run(arguments, environment, talk),
        Err(error) => return say_usage(&error),
    };
    outcome.unwrap_or_else(|failure| {
        talk.say(&failure.to_string());
        failure.code()
    })
}

fn say_usage(error: &clap::Error) -> u8 {
    // A closed pipe is no reason to fail.
    let _ = error.print();
    if error.use_stderr() { exit::ERROR } else { exit::OK }
}
