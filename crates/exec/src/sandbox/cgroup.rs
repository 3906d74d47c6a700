//! Where can control groups be made, and how is one emptied?
//!
//! Version 1 groups are made below the group this process is in; version 2
//! groups there too or, because a group with processes may not have children that
//! are limited, beside it. Whether it works is found out by making one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backstory_model::{Cgroup, Limits};
use backstory_store::fs::{entries, read_text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::sandbox::counters::Counters;
use crate::sandbox::outer::write_kernel_file;

/// Processes of the sandbox that count with those of the job: bubblewrap, its
/// child before it becomes the first process, the first process and its thread.
const OWN_PROCESSES: u64 = 4;

/// How long ended processes may take to be gone.
const EMPTY_WITHIN: Duration = Duration::from_secs(5);

/// Tells the groups of one launcher apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The folders below which groups can be made.
#[derive(Debug)]
pub struct Groups {
    version: Cgroup,
    memory: PathBuf,
    processes: PathBuf,
    cpu: PathBuf,
}

/// The group of one job; leaving it behind ends what is in it.
#[derive(Debug)]
pub struct Group {
    version: Cgroup,
    memory: PathBuf,
    processes: PathBuf,
    cpu: PathBuf,
}

impl Groups {
    /// Finds where groups can be made, by making one; else says why not.
    pub fn find() -> Result<Self, String> {
        let mut why = Vec::new();
        let mounts = read_text(Path::new("/proc/self/mountinfo")).unwrap_or_default();
        let own = read_text(Path::new("/proc/self/cgroup")).unwrap_or_default();
        for groups in candidates(&mounts, &own) {
            groups.remove_stale();
            match groups.create(&Limits::default()).and_then(|mut group| group.end()) {
                Ok(()) => return Ok(groups),
                Err(error) => why.push(error.to_string()),
            }
        }
        if why.is_empty() {
            why.push("the controllers for memory and processes are not mounted".to_owned());
        }
        Err(why.join("; "))
    }

    /// Returns the version in force.
    pub fn version(&self) -> Cgroup {
        self.version
    }

    /// Makes a group with the limits of a job.
    pub fn create(&self, limits: &Limits) -> io::Result<Group> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("backstory-{}-{number}", std::process::id());
        let group = Group {
            version: self.version,
            memory: self.memory.join(&name),
            processes: self.processes.join(&name),
            cpu: self.cpu.join(&name),
        };
        for folder in group.folders() {
            fs::create_dir(folder).map_err(|error| {
                io::Error::new(error.kind(), format!("make `{}`: {error}", folder.display()))
            })?;
        }
        group.limit(limits)?;
        Ok(group)
    }

    /// Removes empty groups of launchers that were killed.
    fn remove_stale(&self) {
        for parent in [&self.memory, &self.processes, &self.cpu] {
            for folder in entries(parent).unwrap_or_default() {
                let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let process =
                    name.strip_prefix("backstory-").and_then(|rest| rest.split('-').next());
                if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                    // One that is not empty is not ours to end.
                    let _ = fs::remove_dir(&folder);
                }
            }
        }
    }
}

impl Group {
    /// Returns the files a process writes `0` to in order to enter.
    pub fn doors(&self) -> Vec<PathBuf> {
        self.folders().iter().map(|folder| folder.join("cgroup.procs")).collect()
    }

    /// Returns what was counted so far.
    pub fn counters(&self) -> Counters {
        Counters::read(self.version, &self.memory, &self.processes, &self.cpu)
    }

    /// Ends whatever is in the group, waits until it is empty, and removes it.
    pub fn end(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + EMPTY_WITHIN;
        loop {
            let left: Vec<&Path> = self.folders().into_iter().filter(|it| it.exists()).collect();
            if left.is_empty() {
                return Ok(());
            }
            let mut trouble = None;
            for folder in left {
                end_all(self.version, folder);
                trouble = fs::remove_dir(folder).err().or(trouble);
            }
            match trouble {
                Some(error) if Instant::now() > deadline => return Err(error),
                Some(_) => thread::sleep(Duration::from_millis(2)),
                None => {}
            }
        }
    }

    /// Returns each folder once; controllers may share one.
    fn folders(&self) -> Vec<&Path> {
        let mut folders = vec![&*self.memory, &*self.processes, &*self.cpu];
        folders.sort_unstable();
        folders.dedup();
        folders
    }

    fn limit(&self, limits: &Limits) -> io::Result<()> {
        let (memory, swap) = match self.version {
            Cgroup::V1 => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
            Cgroup::V2 => ("memory.max", "memory.swap.max"),
        };
        if limits.memory > 0 {
            write_kernel_file(&self.memory.join(memory), &limits.memory.to_string())?;
            let with_swap = if self.version == Cgroup::V1 { limits.memory } else { 0 };
            // Where swap is not counted there is no such file.
            let _ = write_kernel_file(&self.memory.join(swap), &with_swap.to_string());
        }
        if limits.processes > 0 {
            let most = u64::from(limits.processes) + OWN_PROCESSES;
            write_kernel_file(&self.processes.join("pids.max"), &most.to_string())?;
        }
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Only after an error; `end` has said what there is to say.
        let _ = self.end();
    }
}

/// Ends every process of one folder.
fn end_all(version: Cgroup, folder: &Path) {
    if version == Cgroup::V2 {
        // Kernels before 5.14 do not have it; the loop below does the same.
        let _ = write_kernel_file(&folder.join("cgroup.kill"), "1");
    }
    let inside = read_text(&folder.join("cgroup.procs")).unwrap_or_default();
    for process in inside.lines().filter_map(|line| line.parse().ok()).filter(|it| *it > 0) {
        // It may be gone by now.
        let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
    }
}

/// Returns where groups may be made, the best place first.
fn candidates(mounts: &str, own: &str) -> Vec<Groups> {
    let mut found = Vec::new();
    let first = |name| own_folder(mounts, own, Some(name));
    if let (Some(memory), Some(processes)) = (first("memory"), first("pids")) {
        let cpu = first("cpuacct").unwrap_or_else(|| memory.clone());
        found.push(Groups { version: Cgroup::V1, memory, processes, cpu });
    }
    if let Some(folder) = own_folder(mounts, own, None) {
        for folder in folder.ancestors().take(2) {
            let (memory, processes, cpu) = (folder.into(), folder.into(), folder.into());
            found.push(Groups { version: Cgroup::V2, memory, processes, cpu });
        }
    }
    found
}

/// Returns the folder of the group this process is in: of one controller of
/// version 1, or of version 2.
fn own_folder(mounts: &str, own: &str, controller: Option<&str>) -> Option<PathBuf> {
    let path = own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (names, path) = (parts.next()?, parts.next()?);
        let same = match controller {
            Some(controller) => names.split(',').any(|name| name == controller),
            None => names.is_empty(),
        };
        same.then_some(path)
    })?;
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let (root, mounted) = {
            let mut fields = place.split(' ').skip(3);
            (fields.next()?, fields.next()?)
        };
        let mut kind = kind.split(' ');
        let (name, options) = (kind.next()?, kind.nth(1)?);
        let same = match controller {
            Some(controller) => {
                name == "cgroup" && options.split(',').any(|option| option == controller)
            }
            None => name == "cgroup2",
        };
        // A container may see only a part of the tree, with its own group as the root.
        let below = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
        same.then(|| Path::new(mounted).join(below.strip_prefix("/").unwrap_or(below)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 25 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
31 25 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 25 0:28 /pod/a /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
33 25 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
";

    #[test]
    fn groups_are_made_where_this_process_is() {
        let own = "4:memory:/pod/a\n3:cpu,cpuacct:/pod/a\n8:pids:/pod/a\n0::/user.slice/s.scope\n";
        let places: Vec<String> = candidates(MOUNTS, own)
            .iter()
            .map(|groups| format!("{} {}", groups.memory.display(), groups.processes.display()))
            .collect();
        insta::assert_debug_snapshot!(places, @r#"
        [
            "/sys/fs/cgroup/memory/pod/a /sys/fs/cgroup/pids/",
            "/sys/fs/cgroup/unified/user.slice/s.scope /sys/fs/cgroup/unified/user.slice/s.scope",
            "/sys/fs/cgroup/unified/user.slice /sys/fs/cgroup/unified/user.slice",
        ]
        "#);
    }

    #[test]
    fn no_controllers_are_no_place() {
        assert!(candidates("", "0::/\n").is_empty());
    }
}
