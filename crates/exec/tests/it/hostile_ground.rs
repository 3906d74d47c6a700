//! Where do hostile programs run, and is anything left of them?
//!
//! A [`Ground`] runs one program between two equal harmless jobs, and then looks
//! for what it may have left behind. Its checks are values, so that a test can
//! plant what they must find.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use backstory_exec::sandbox::{BubblewrapSandbox, SandboxOptions};
use backstory_model::{
    Access, Ending, Limits, Mount, Network, Sandbox as _, SandboxError, SandboxJob, SandboxResult,
    Upper, WorkTree,
};
use backstory_store::fs::{entries, read_file, write_file};

/// Which limits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Control groups; needs root on most machines.
    Groups,
    /// Limits of processes and the watch of the first process.
    NoGroups,
}

/// One of the programs in `tests/hostile`, and how its job must end.
pub struct Program {
    /// The file, and what it is run with.
    pub command: &'static [&'static str],
    /// Its text; empty for a program of the system.
    pub text: &'static str,
    /// What is changed in the limits of the suite.
    pub limits: fn(&mut Limits),
    /// How it must end.
    pub ending: fn(Level) -> Ending,
}

/// A place to run programs, with folders of its own.
pub struct Ground {
    sandbox: BubblewrapSandbox,
    /// Everything of this ground lies here.
    pub place: tempfile::TempDir,
    token: String,
    _alone: MutexGuard<'static, ()>,
}

/// The limits of the suite.
pub fn limits() -> Limits {
    Limits {
        wall_seconds: 20,
        cpu_seconds: 20,
        memory: 256 << 20,
        processes: 40,
        output: 4 << 20,
        disk: 16 << 20,
        files: 2000,
    }
}

/// Returns the program of the stages: beside a copied test binary, else where cargo built it.
fn stage_program() -> PathBuf {
    let beside = std::env::current_exe().unwrap().with_file_name("backstory-sandbox-stage");
    if beside.is_file() { beside } else { env!("CARGO_BIN_EXE_backstory-sandbox-stage").into() }
}

/// Returns what this machine can enforce, at a level.
pub fn options(level: Level) -> SandboxOptions {
    let options = SandboxOptions::new(stage_program(), &[]);
    SandboxOptions { cgroups: level == Level::Groups, ..options }
}

impl Ground {
    /// Prepares a ground, or says why this machine has none at the level.
    pub fn at(level: Level) -> Option<Self> {
        // One ground at a time, because the looks at the host are looks at all of it.
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let sandbox = match BubblewrapSandbox::probe(options(level)) {
            Ok(sandbox) => sandbox,
            Err(error) => return skip(&error.to_string()),
        };
        if level == Level::Groups && sandbox.containment().cgroup.is_none() {
            return skip(&sandbox.containment().missing.join("; "));
        }
        if !Path::new("/usr/bin/python3").is_file() {
            return skip("no python3 in `/usr/bin`");
        }
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("tree")).unwrap();
        fs::create_dir(place.path().join("report")).unwrap();
        let token = format!("token-{}", place.path().file_name().unwrap().display());
        Some(Self { sandbox, place, token, _alone: alone })
    }

    /// Returns a job that runs a program in a work tree that holds its text.
    pub fn job(&self, command: &[&str], text: &str, limits: Limits) -> SandboxJob {
        let tree = self.place.path().join("tree");
        write_file(&tree.join("program.py"), text.as_bytes()).unwrap();
        let report = self.place.path().join("report");
        let mut command: Vec<String> = command.iter().map(ToString::to_string).collect();
        if command.first().is_some_and(|program| program == "python3") {
            // By this word its processes are known, also those that hide.
            command.push(self.token.clone());
        }
        SandboxJob {
            name: self.token.clone(),
            work: WorkTree { layers: vec![tree], upper: Upper::Discarded },
            mounts: vec![Mount {
                source: report,
                target: "/report".to_owned(),
                access: Access::ReadWrite,
            }],
            variables: [("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("HOME", "/tmp/home")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            command,
            limits,
            network: Network::None,
        }
    }

    /// Runs a job that may not even start.
    pub fn try_run(&self, job: &SandboxJob) -> Result<SandboxResult, SandboxError> {
        self.sandbox.run(job)
    }

    /// Runs a job.
    pub fn run(&self, job: &SandboxJob) -> SandboxResult {
        self.sandbox.run(job).unwrap()
    }

    /// Runs a hostile program between two harmless jobs and checks everything.
    pub fn contains(&self, program: &Program, level: Level) -> SandboxResult {
        let before = self.harmless();
        let host = Host::look(&self.token);
        let mut limits = limits();
        (program.limits)(&mut limits);
        let job = self.job(program.command, program.text, limits);
        let result = self.run(&job);
        let said = String::from_utf8_lossy(&result.output);
        let said: String = said.chars().take(2000).collect();
        assert_eq!(result.ending, (program.ending)(level), "it said: {said}");
        assert_eq!(result.containment, self.sandbox.containment().level);
        assert_eq!(Host::look(&self.token), host, "something is left on the host");
        assert_eq!(entries(&self.place.path().join("tree")).unwrap().len(), 1);
        assert_eq!(self.harmless(), before, "the next job is another one");
        result
    }

    /// Runs a job that says what it sees.
    fn harmless(&self) -> (Ending, Vec<u8>) {
        let text = include_str!("../hostile/harmless.py");
        let job = self.job(&["python3", "program.py"], text, limits());
        let result = self.run(&job);
        assert_eq!(result.ending, Ending::Exited { status: 0 });
        (result.ending, result.output)
    }

    /// Returns the word by which this ground's processes are known.
    pub fn token(&self) -> &str {
        &self.token
    }
}

#[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
fn skip<T>(why: &str) -> Option<T> {
    eprintln!("skipped: {why}");
    None
}

/// What of a job could be left on the host.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    /// Processes that have a word in their command line.
    pub processes: BTreeSet<PathBuf>,
    /// Control groups this process made.
    pub groups: BTreeSet<PathBuf>,
    /// What is mounted where.
    pub mounts: Vec<u8>,
    /// Files where programs leave some.
    pub files: BTreeSet<PathBuf>,
}

impl Host {
    /// Looks at the host.
    pub fn look(token: &str) -> Self {
        let has_token = |folder: &PathBuf| {
            let line = read_file(&folder.join("cmdline")).unwrap_or_default();
            memchr::memmem::find(&line, token.as_bytes()).is_some()
        };
        let processes = entries(Path::new("/proc")).unwrap().into_iter().filter(has_token);
        let groups = groups_of(std::process::id());
        let files = ["/dev/shm", "/var/tmp"].map(Path::new).into_iter().flat_map(entries).flatten();
        // What the twin of this look plants belongs to its own test.
        let planted = |file: &PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("leftover-") && name != token
        };
        let files = files.filter(|file| !planted(file));
        Self {
            processes: processes.collect(),
            groups,
            mounts: read_file(Path::new("/proc/self/mountinfo")).unwrap(),
            files: files.collect(),
        }
    }
}

/// Returns the control groups a process made.
pub fn groups_of(process: u32) -> BTreeSet<PathBuf> {
    groups_named(Path::new("/sys/fs/cgroup"), &format!("backstory-{process}-"))
}

fn groups_named(folder: &Path, start: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in entries(folder).unwrap_or_default() {
        if entry.is_symlink() || !entry.is_dir() {
            continue;
        }
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(start) {
            found.insert(entry.clone());
        }
        found.extend(groups_named(&entry, start));
    }
    found
}
