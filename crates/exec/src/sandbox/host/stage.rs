//! What do the two processes between the launcher and a command without namespaces do?
//!
//! The host stage adopts, counts and ends what the command starts; it ends
//! everything when the launcher closes its side of the socket, by wish or because
//! it is gone. The confined stage is its child: it gives up what can be given up
//! and becomes the command, so that the command cannot reach the host stage where
//! the kernel has Landlock with scopes.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use backstory_model::Limits;
use nix::errno::Errno;
use nix::sys::prctl::{set_child_subreaper, set_dumpable, set_no_new_privs};
use nix::unistd::{Pid, setsid};

use super::family;
use super::plan::HostPlan;
use crate::sandbox::confine;
use crate::sandbox::inner::{tell, wait_for};
use crate::sandbox::plan::{self, Observed, Word};
use crate::sandbox::stage::{CONFINED, while_doing};
use crate::sandbox::watch::{Tasks, Watch, Watcher};

/// Runs the host stage.
pub fn run(mut socket: File) -> io::Result<()> {
    set_dumpable(false)?;
    set_child_subreaper(true)?;
    // Fails only for one that leads a session already.
    let _ = setsid();
    let plan: HostPlan = plan::receive(&mut socket)?;
    let watch = Watch::new(plan.limits.clone(), Vec::new(), Tasks::Descendants);
    let watch = Arc::new(Mutex::new(watch));
    let mut voice = socket.try_clone()?;
    Watcher::start(Arc::clone(&watch), move |watch| {
        family::end_all();
        tell(&mut voice, &watch.observed(), &Observed::default());
    })?;
    end_with_the_launcher(socket.try_clone()?, Arc::clone(&watch));
    let child = start(&plan, &mut socket)?;
    let ended = match wait_for(child) {
        // Another thread ends everything, took the child too, and says how it ended.
        Err(error) if error.raw_os_error() == Some(Errno::ECHILD as i32) => Observed::default(),
        other => other?,
    };
    // Held to the end: whoever comes first says how it ended.
    let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
    watch.look();
    family::end_all();
    tell(&mut socket, &watch.observed(), &ended);
    std::process::exit(0)
}

/// Ends everything when nobody is left at the other end of the socket.
fn end_with_the_launcher(mut socket: File, watch: Arc<Mutex<Watch>>) {
    thread::spawn(move || {
        while socket.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
        let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        family::end_all();
        tell(&mut socket, &watch.observed(), &Observed::default());
        std::process::exit(0)
    });
}

/// Starts the confined stage and passes on what it says until it is the command.
fn start(plan: &HostPlan, socket: &mut File) -> io::Result<Pid> {
    let called: Vec<_> = std::env::args_os().collect();
    let [program, before @ .., _] = called.as_slice() else {
        return Err(io::Error::other("a stage was called by nobody"));
    };
    let (mut ours, theirs) = UnixStream::pair()?;
    let child = Command::new(program)
        .args(before)
        .arg(CONFINED)
        .env_clear()
        .current_dir(&plan.work)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .process_group(0)
        .spawn()
        .map_err(while_doing("start the confined stage"))?;
    plan::send(&mut ours, plan)?;
    for line in BufReader::new(ours).lines() {
        let word: Word = serde_json::from_str(&line?)?;
        plan::say(socket, &word)?;
    }
    Ok(Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?))
}

/// Gives up what can be given up, then becomes the command.
pub fn confined(mut socket: File) -> io::Result<Infallible> {
    set_no_new_privs()?;
    let plan: HostPlan = plan::receive(&mut socket)?;
    let Some((program, arguments)) = plan.command.split_first() else {
        return Err(io::Error::other("the command is empty"));
    };
    // A kernel without either still has the limits; the containment says so.
    let landlock = confine::restrict_files(&plan.writable).unwrap_or(0);
    let seccomp = confine::filter_calls().is_ok();
    // The kernel would count everything else of this user too.
    let limits = Limits { processes: 0, ..plan.limits };
    confine::limit_processes(&limits, false).map_err(while_doing("set limits"))?;
    plan::say(&mut socket, &Word::Begun { landlock, seccomp })?;
    let error = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&plan.variables)
        .stdin(Stdio::null())
        .exec();
    Err(while_doing(&format!("start `{program}`"))(error))
}
