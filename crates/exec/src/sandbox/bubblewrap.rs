//! What can be enforced on this machine, and who runs jobs on it?
//!
//! [`BubblewrapSandbox::probe`] finds out by doing: it makes a control group and
//! runs a job. What the first process of that job says is in force is in force for
//! the others too; a job that has less is an error.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use backstory_model::{
    Containment, ContainmentLevel, Ending, Limits, Network, Sandbox, SandboxError, SandboxJob,
    SandboxResult, Upper, WorkTree,
};

use crate::sandbox::bound;
use crate::sandbox::cgroup::Groups;
use crate::sandbox::launch::Launcher;

/// Where bubblewrap is looked for when no path is given.
const PLACES: [&str; 3] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/// How jobs may run.
#[derive(Clone, Debug)]
pub struct SandboxOptions {
    /// The program that answers to [`stage`](crate::sandbox::stage).
    pub program: PathBuf,
    /// The arguments that make it do so, e.g., a hidden subcommand.
    pub arguments: Vec<String>,
    /// bubblewrap; `None` looks for it where systems have it.
    pub bubblewrap: Option<PathBuf>,
    /// The lowest level that will do.
    pub minimum: ContainmentLevel,
    /// Whether control groups are used where they can be.
    pub cgroups: bool,
    /// Set from another thread to end every job.
    pub canceled: Arc<AtomicBool>,
}

impl SandboxOptions {
    /// Everything this machine can enforce, at least namespaces.
    pub fn new(program: PathBuf, arguments: &[&str]) -> Self {
        Self {
            program,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            bubblewrap: None,
            minimum: ContainmentLevel::Namespaces,
            cgroups: true,
            canceled: Arc::default(),
        }
    }
}

/// Runs jobs in bubblewrap.
#[derive(Debug)]
pub struct BubblewrapSandbox {
    launcher: Launcher,
    containment: Containment,
}

impl BubblewrapSandbox {
    /// Finds out what is in force here; below the minimum it is an error.
    pub fn probe(options: SandboxOptions) -> Result<Self, SandboxError> {
        let minimum = options.minimum;
        Self::look(options).at_least(minimum)
    }

    /// Returns the sandbox if it reaches a level.
    pub fn at_least(self, minimum: ContainmentLevel) -> Result<Self, SandboxError> {
        let reached = self.containment.level;
        // Below namespaces this one runs nothing.
        let wanted = minimum.max(ContainmentLevel::Namespaces);
        if reached < wanted {
            return Err(SandboxError::TooWeak { reached, wanted });
        }
        Ok(self)
    }

    /// Finds out what is in force here, however little.
    pub fn look(options: SandboxOptions) -> Self {
        let mut missing = Vec::new();
        let bubblewrap = options.bubblewrap.or_else(find_bubblewrap);
        let launcher_name = bubblewrap.as_deref().and_then(version);
        let groups = if options.cgroups { Groups::find() } else { Err("switched off".to_owned()) };
        let groups =
            groups.map_err(|why| missing.push(format!("control groups are not used: {why}"))).ok();
        let mut sandbox = Self {
            launcher: Launcher {
                bubblewrap: bubblewrap.unwrap_or_default(),
                program: options.program,
                arguments: options.arguments,
                groups,
                canceled: options.canceled,
            },
            containment: Containment {
                level: ContainmentLevel::Rlimit,
                launcher: launcher_name.clone().unwrap_or_else(|| "none".to_owned()),
                cgroup: None,
                landlock: 0,
                seccomp: false,
                missing,
            },
        };
        match launcher_name {
            Some(_) if sandbox.launcher.needs_bound() && !bound::is_possible() => sandbox.miss(
                "processes of root are not limited without control groups before Linux 6.14"
                    .to_owned(),
            ),
            Some(_) => sandbox.try_out(),
            None => sandbox.containment.missing.push("bubblewrap is not installed".to_owned()),
        }
        sandbox
    }

    /// Runs a job and notes what was in force.
    fn try_out(&mut self) {
        let launched = match self.launcher.run(&trial()) {
            Ok(launched) if launched.result.ending == (Ending::Exited { status: 0 }) => launched,
            Ok(launched) => {
                let ending = launched.result.ending;
                return self
                    .miss(format!("a sandbox starts, but its first job ends with {ending:?}"));
            }
            Err(error) => return self.miss(format!("a sandbox does not start: {}", chain(&error))),
        };
        self.containment.landlock = launched.landlock;
        self.containment.seccomp = launched.seccomp;
        self.containment.cgroup = self.launcher.groups.as_ref().map(Groups::version);
        if launched.landlock == 0 {
            self.miss("the kernel has no Landlock".to_owned());
        }
        if !launched.seccomp {
            self.miss("the kernel has no system call filters".to_owned());
        }
        let both = launched.landlock > 0 && launched.seccomp;
        self.containment.level = match self.containment.cgroup {
            None => ContainmentLevel::Namespaces,
            Some(_) if both => ContainmentLevel::Full,
            Some(_) => ContainmentLevel::Cgroup,
        };
    }

    fn miss(&mut self, sentence: String) {
        self.containment.missing.push(sentence);
    }
}

impl Sandbox for BubblewrapSandbox {
    fn containment(&self) -> &Containment {
        &self.containment
    }

    fn run(&self, job: &SandboxJob) -> Result<SandboxResult, SandboxError> {
        let mut launched = self.launcher.run(job)?;
        let wanted = (self.containment.landlock, self.containment.seccomp);
        let begun = !matches!(launched.result.ending, Ending::TimeLimit | Ending::Canceled)
            || launched.seccomp;
        if begun && (launched.landlock, launched.seccomp) != wanted {
            let what = "less is in force than when the machine was looked at".to_owned();
            return Err(SandboxError::Broken { job: job.name.clone(), what });
        }
        launched.result.containment = self.containment.level;
        Ok(launched.result)
    }
}

fn find_bubblewrap() -> Option<PathBuf> {
    PLACES.iter().map(PathBuf::from).find(|place| place.is_file())
}

/// Returns what bubblewrap calls itself.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").env_clear().output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A job that needs everything jobs need, an overlay too.
fn trial() -> SandboxJob {
    SandboxJob {
        name: "trial".to_owned(),
        work: WorkTree { layers: vec![PathBuf::from("/usr/bin")], upper: Upper::Discarded },
        mounts: Vec::new(),
        variables: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
        command: vec!["true".to_owned()],
        limits: Limits { wall_seconds: 20, ..Limits::default() },
        network: Network::None,
    }
}

/// Returns an error with its cause, in one line.
fn chain(error: &SandboxError) -> String {
    let source = std::error::Error::source(error).map(|source| source.downcast_ref::<io::Error>());
    match source {
        Some(Some(cause)) => cause.to_string(),
        Some(None) | None => error.to_string(),
    }
}
