//! What may be asked of a sandbox, whoever answers?
//!
//! The `Sandbox` port: run a command on a work tree under limits, and say how
//! it ended. The real one lives in `backstory-exec`, the fake one in
//! `backstory-testkit`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a sandbox was in force, as shown by doing, not by asking.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ContainmentLevel {
    /// Nothing but a time limit.
    None,
    /// Resource limits of processes.
    Rlimit,
    /// User, process, mount, network, IPC and host name namespaces.
    Namespaces,
    /// Namespaces and control groups.
    Cgroup,
    /// Namespaces, control groups, Landlock and seccomp.
    Full,
    /// A virtual machine.
    Vm,
}

impl ContainmentLevel {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Rlimit => "rlimit",
            Self::Namespaces => "namespaces",
            Self::Cgroup => "cgroup",
            Self::Full => "full",
            Self::Vm => "vm",
        }
    }
}

/// Which control groups are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cgroup {
    /// The first interface: one tree for each controller.
    V1,
    /// The unified interface.
    V2,
}

/// What a sandbox has in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Containment {
    /// The level.
    pub level: ContainmentLevel,
    /// What starts the processes, with its version, e.g., `bubblewrap 0.8.0`.
    pub launcher: String,
    /// The control groups in force.
    pub cgroup: Option<Cgroup>,
    /// The Landlock interface in force; 0 where there is none.
    pub landlock: u32,
    /// Whether a system call filter is in force.
    pub seccomp: bool,
    /// What is missing and why, one sentence each.
    pub missing: Vec<String>,
}

/// What a job may use. A limit of 0 means that there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Seconds until it is ended.
    pub wall_seconds: u32,
    /// Seconds of CPU time.
    pub cpu_seconds: u32,
    /// Bytes of memory, all processes together where a control group counts
    /// them, else of address space, each.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u32,
    /// Bytes of output that are read before it is ended.
    pub output: u64,
    /// Bytes it may write: work tree and private folders, each.
    pub disk: u64,
    /// Files and folders it may create, in the work tree and in private folders, each.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_seconds: 300,
            cpu_seconds: 600,
            memory: 2 << 30,
            processes: 256,
            output: 16 << 20,
            disk: 512 << 20,
            files: 200_000,
        }
    }
}

/// Which network a job sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// None: not even loopback answers.
    None,
    /// Loopback alone.
    Loopback,
    /// The network of the host; for provisioning only.
    Host,
}

/// What a job may do with a mounted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it.
    ReadOnly,
    /// Read and write it; what is written stays.
    ReadWrite,
    /// Read and write it; what is written is gone afterwards.
    Scratch,
}

/// A file or folder of the host a job sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it lies on the host.
    pub source: PathBuf,
    /// Where the job sees it, absolute.
    pub target: String,
    /// What the job may do with it.
    pub access: Access,
}

/// Where the writes to a work tree go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upper {
    /// Away, when the job ends.
    Discarded,
    /// Into this folder of the host, in the form of an overlay's upper directory.
    Kept(PathBuf),
}

/// The folders a job sees as `/work`: the first layer that has a file shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTree {
    /// The folders, topmost first; never written.
    pub layers: Vec<PathBuf>,
    /// Where writes go.
    pub upper: Upper,
}

/// One command to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxJob {
    /// Names the job in messages, e.g., `pallets__click-2271 base/file/1`.
    pub name: String,
    /// What stands at `/work`, where the command starts.
    pub work: WorkTree,
    /// What else it sees, besides the system's programs and libraries.
    pub mounts: Vec<Mount>,
    /// The whole environment.
    pub variables: BTreeMap<String, String>,
    /// The command, one argument an element; the first is a path or found in `PATH`.
    pub command: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// Which network it sees.
    pub network: Network,
}

/// What held a resource when it was over.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// A counter of a control group.
    Cgroup,
    /// A resource limit of a process.
    Rlimit,
    /// The size of the private file system.
    Filesystem,
    /// The launcher, which watches.
    Launcher,
}

/// How a job ended, read from kernel counters, never guessed from a status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Ending {
    /// It ended by itself.
    Exited {
        /// Its exit status.
        status: i32,
    },
    /// A signal ended it that nobody of ours sent.
    Signaled {
        /// The signal.
        signal: i32,
    },
    /// The wall clock was over.
    TimeLimit,
    /// The CPU time was over.
    CpuLimit,
    /// Memory was over.
    MemoryLimit {
        /// Who says so.
        by: LimitedBy,
    },
    /// It was refused another process; `status` is what it ended with.
    ProcessLimit {
        /// Who says so.
        by: LimitedBy,
    },
    /// It printed more than it may.
    OutputLimit,
    /// It wrote more than it may.
    DiskLimit {
        /// Who says so.
        by: LimitedBy,
    },
    /// It made something of the sandbox itself fail, e.g., its first process.
    Broken {
        /// What, in one sentence.
        what: String,
    },
    /// The user stopped it.
    Canceled,
}

/// What a job used; never written to a covered file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds of CPU time of the job and everything it started.
    pub cpu_seconds: f64,
    /// Seconds of CPU time of the sandbox around it.
    pub overhead_seconds: f64,
    /// Seconds from start to end.
    pub wall_seconds: f64,
    /// Bytes of memory at the peak; 0 when nobody counted.
    pub peak_memory: u64,
}

/// What is missing between the beginning and the end of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputCut {
    /// Bytes kept from the beginning.
    pub head: u64,
    /// Bytes left out after them.
    pub left_out: u64,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct SandboxResult {
    /// How it ended.
    pub ending: Ending,
    /// The exit status of the command, also where a limit was met.
    pub status: Option<i32>,
    /// What it printed, both streams as they came, at most head and tail.
    pub output: Vec<u8>,
    /// What is missing in it.
    pub cut: Option<OutputCut>,
    /// The level that was in force.
    pub containment: ContainmentLevel,
    /// What it used.
    pub usage: Usage,
}

/// Says why a job could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The sandbox did not start.
    #[error("failed to start the sandbox for `{job}`")]
    Start {
        /// The job.
        job: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The machine does not reach the level that is asked for.
    #[error("this machine reaches containment level `{}`, and `{}` is the minimum", reached.as_str(), wanted.as_str())]
    TooWeak {
        /// What it reaches.
        reached: ContainmentLevel,
        /// What is asked for.
        wanted: ContainmentLevel,
    },
    /// Something on the host's side failed while the job ran.
    #[error("the sandbox broke while `{job}` ran: {what}")]
    Broken {
        /// The job.
        job: String,
        /// What failed.
        what: String,
    },
}

/// Runs commands that nobody trusts.
pub trait Sandbox: Send + Sync {
    /// Returns what is in force.
    fn containment(&self) -> &Containment;

    /// Runs one job to its end; nothing of it is left behind.
    fn run(&self, job: &SandboxJob) -> Result<SandboxResult, SandboxError>;
}
