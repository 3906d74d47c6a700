//! Which processes descend from this one, and how are they ended?
//!
//! Without a process namespace the kernel ends nobody for us. The host stage adopts
//! orphans, so that whatever a command starts stays below it, also what has a
//! session of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use backstory_store::fs::{entries, read_text};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::sandbox::watch::{Load, parse_task};

/// How long ending all of them may take.
const WITHIN: Duration = Duration::from_secs(3);

/// Adds up what the descendants use.
pub fn load() -> Load {
    let mut all = Load::default();
    for process in descendants() {
        all.add(&load_of(process));
    }
    all
}

fn load_of(process: i32) -> Load {
    let folder = Path::new("/proc").join(process.to_string());
    let texts = (read_text(&folder.join("stat")), read_text(&folder.join("status")));
    match texts {
        (Ok(stat), Ok(status)) => parse_task(&stat, &status).unwrap_or_default(),
        // A process that is gone by now uses nothing.
        (Ok(_) | Err(_), _) => Load::default(),
    }
}

/// Ends every descendant; what forks while it is looked at is stopped first.
pub fn end_all() {
    let deadline = Instant::now() + WITHIN;
    let mut stopped = BTreeSet::new();
    while Instant::now() < deadline {
        let new: Vec<i32> =
            descendants().into_iter().filter(|process| stopped.insert(*process)).collect();
        if new.is_empty() {
            break;
        }
        signal(&new, Signal::SIGSTOP);
    }
    while Instant::now() < deadline {
        let left = descendants();
        signal(&left, Signal::SIGKILL);
        reap();
        if left.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn signal(processes: &[i32], signal: Signal) {
    for process in processes {
        // Fails for one that is gone.
        let _ = kill(Pid::from_raw(*process), signal);
    }
}

/// Takes those that have ended out of the process table.
fn reap() {
    while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}

fn descendants() -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for folder in entries(Path::new("/proc")).unwrap_or_default() {
        let number = folder.file_name().and_then(|name| name.to_str()?.parse::<i32>().ok());
        let parent = number.and_then(|_| parent_of(&read_text(&folder.join("stat")).ok()?));
        if let (Some(number), Some(parent)) = (number, parent) {
            children.entry(parent).or_default().push(number);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![Pid::this().as_raw()];
    while let Some(parent) = open.pop() {
        for child in children.remove(&parent).into_iter().flatten() {
            found.push(child);
            open.push(child);
        }
    }
    found
}

fn parent_of(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(1)?.parse().ok()
}
