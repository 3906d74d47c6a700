//! How are processes limited where no control group counts and root asks?
//!
//! The kernel exempts root from the limit of processes, and looking at `/proc` is
//! too slow for a fork bomb: it makes ten thousand processes while it is looked at.
//! Since Linux 6.14 a process namespace has a bound of its own on process numbers.
//! This stage makes such a namespace and runs the outer stage in it, as its first
//! process.

use std::fs::File;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use backstory_store::fs::read_text;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use crate::sandbox::outer::{map_to_root, write_kernel_file};
use crate::sandbox::stage::{BOUNDED, while_doing};

/// The first kernel whose process namespaces have a bound.
const SINCE: (u32, u32) = (6, 14);

/// The bound on numbers in the namespace.
const NUMBERS: &str = "/proc/sys/kernel/pid_max";

/// Numbers below this are given out once only, so they are not enough for a bound.
const RESERVED: u32 = 300;

/// Returns whether this kernel can bound processes in this way. An older one
/// would take the bound for that of the whole machine.
pub fn is_possible() -> bool {
    let release = read_text(Path::new("/proc/sys/kernel/osrelease")).unwrap_or_default();
    parse_release(&release).is_some_and(|release| release >= SINCE)
}

fn parse_release(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|byte: char| !byte.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Runs the outer stage in a process namespace.
pub fn run(socket: File) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    let identity = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID)
        .map_err(|error| while_doing("make a process namespace")(error.into()))?;
    map_to_root(identity)?;
    let called: Vec<_> = std::env::args_os().collect();
    let [program, before @ .., _] = called.as_slice() else {
        return Err(io::Error::other("a stage was called by nobody"));
    };
    Command::new(program)
        .args(before)
        .arg(BOUNDED)
        .stdin(Stdio::from(socket))
        .status()
        .map_err(while_doing("start the outer stage"))?;
    Ok(())
}

/// Sets the bound in the namespace this process is the first of.
pub fn set(processes: u32) -> io::Result<()> {
    if std::process::id() != 1 || !is_possible() {
        return Err(io::Error::other("a bound on processes needs a process namespace"));
    }
    write_kernel_file(Path::new(NUMBERS), &(RESERVED + processes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_known_by_its_first_two_numbers() {
        assert_eq!(parse_release("6.18.44-fc-v445\n"), Some((6, 18)));
        assert_eq!(parse_release("5.4\n"), Some((5, 4)));
        assert_eq!(parse_release("linux"), None);
    }
}
