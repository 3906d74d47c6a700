//! How does this program become a stage of the sandbox?
//!
//! In: the arguments after the word that calls a stage. Standard input is the
//! socket to the launcher.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use crate::sandbox::plan::{self, Word};
use crate::sandbox::{bound, host, inner, outer};

/// The argument that calls the outer stage.
pub const OUTER: &str = "outer";
/// The argument that calls the stage that bounds the processes of root.
pub const BOUND: &str = "bound";
/// The argument by which that stage calls the outer stage.
pub const BOUNDED: &str = "bounded";
/// The argument that calls the inner stage.
pub const INNER: &str = "inner";
/// The argument that calls the stage that stands for all of them on the host.
pub const HOST: &str = "host";
/// The argument by which that stage calls the one that becomes the command.
pub const CONFINED: &str = "confined";

/// What a stage ends with when it cannot do its work.
const STAGE_FAILED: u8 = 125;

/// Runs one stage of the sandbox; to be called before anything else in `main`.
///
/// Not for people: without the launcher's socket as standard input it fails.
pub fn stage(arguments: &[OsString]) -> ExitCode {
    let result = match arguments.first().and_then(|argument| argument.to_str()) {
        Some(OUTER) => become_bubblewrap(false),
        Some(BOUNDED) => become_bubblewrap(true),
        Some(BOUND) => socket().and_then(bound::run),
        Some(INNER) => socket().and_then(inner::run),
        Some(HOST) => socket().and_then(host::stage::run),
        Some(CONFINED) => socket().and_then(host::stage::confined).map(|never| match never {}),
        Some(_) | None => Err(io::Error::other("no such stage")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Ok(mut socket) = socket() {
                // The launcher may be gone, and then nobody is left to tell.
                let _ = plan::say(&mut socket, &Word::Failed { what: error.to_string() });
            }
            ExitCode::from(STAGE_FAILED)
        }
    }
}

fn become_bubblewrap(bounded: bool) -> io::Result<()> {
    socket().and_then(|socket| outer::run(socket, bounded)).map(|never| match never {})
}

/// Returns standard input, unbuffered.
fn socket() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Adds to an error what was being done.
pub fn while_doing(what: &str) -> impl FnOnce(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{what}: {error}"))
}
