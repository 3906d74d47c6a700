//! What does the first process inside do?
//!
//! In: an [`InnerPlan`]. Out: [`Word`]s about the one command it starts. It reaps
//! every process, and when the command ends it ends all that are left, so that
//! their time is counted too. It cannot be traced, its memory cannot be
//! read, and the kernel drops every signal the command sends it.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::prctl::{set_dumpable, set_no_new_privs};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike as _;
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;

use crate::sandbox::confine;
use crate::sandbox::plan::{self, InnerPlan, Observed, Word};
use crate::sandbox::stage::while_doing;
use crate::sandbox::watch::{Tasks, Watch, Watcher};

/// Runs the command of the plan and says how it ended.
pub fn run(mut socket: File) -> io::Result<()> {
    set_dumpable(false)?;
    set_no_new_privs()?;
    let plan: InnerPlan = plan::receive(&mut socket)?;
    let own = ["/work", "/tmp", "/dev/shm"].map(str::to_owned);
    let writable: Vec<String> = plan.writable.iter().cloned().chain(own).collect();
    let landlock =
        confine::restrict_files(&writable).map_err(while_doing("restrict access to files"))?;
    // A kernel without filters still has everything above; the level says so.
    let seccomp = confine::filter_calls().is_ok();
    let tasks = if plan.watched { Tasks::All } else { Tasks::Uncounted };
    let watch = Watch::new(plan.limits.clone(), plan.private.clone(), tasks);
    let watch = Arc::new(Mutex::new(watch));
    let mut voice = socket.try_clone()?;
    Watcher::start(Arc::clone(&watch), move |watch| {
        tell(&mut voice, &watch.observed(), &Observed::default());
    })?;
    confine::limit_processes(&plan.limits, !plan.watched).map_err(while_doing("set limits"))?;
    plan::say(&mut socket, &Word::Begun { landlock, seccomp })?;
    let child = start(&plan)?;
    let ended = wait_for(child)?;
    // Held to the end: whoever comes first says how it ended.
    let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
    watch.look();
    end_all();
    tell(&mut socket, &watch.observed(), &ended);
    std::process::exit(0)
}

/// Starts the command; the environment decides where it is looked for.
fn start(plan: &InnerPlan) -> io::Result<Pid> {
    let Some((program, arguments)) = plan.command.split_first() else {
        return Err(io::Error::other("the command is empty"));
    };
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&plan.variables)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(while_doing(&format!("start `{program}`")))?;
    Ok(Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?))
}

/// Reaps whatever ends, until the command does.
pub fn wait_for(child: Pid) -> io::Result<Observed> {
    loop {
        match wait() {
            Ok(WaitStatus::Exited(pid, status)) if pid == child => {
                return Ok(Observed { status: Some(status), ..Observed::default() });
            }
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => {
                return Ok(Observed { signal: Some(signal as i32), ..Observed::default() });
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends and reaps every other process.
fn end_all() {
    // Fails only when nobody is left.
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
    while !matches!(wait(), Err(Errno::ECHILD)) {}
}

/// Says how the command ended. What cannot be said is not missed: without it
/// the launcher knows that something broke.
pub fn tell(socket: &mut File, watched: &Observed, ended: &Observed) {
    let of = |who| getrusage(who).ok();
    let (children, own) = (of(UsageWho::RUSAGE_CHILDREN), of(UsageWho::RUSAGE_SELF));
    let peak = children.as_ref().map_or(0, Usage::max_rss);
    let observed = Observed {
        status: ended.status,
        signal: ended.signal,
        cpu_seconds: seconds(children.as_ref()),
        own_seconds: seconds(own.as_ref()),
        peak_memory: u64::try_from(peak).unwrap_or(0) * 1024,
        ..watched.clone()
    };
    let _ = plan::say(socket, &Word::Ended(observed));
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a few hours are exact")]
fn seconds(usage: Option<&Usage>) -> f64 {
    usage.map_or(0.0, |usage| {
        (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6
    })
}
