//! What does a sandbox answer when nothing is run?
//!
//! In: a script that sees each job. Out: the `Sandbox` port over it, with the
//! jobs it was given. The report of an answer is laid into the job's `/report`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use backstory_model::{
    Access, Cgroup, Containment, ContainmentLevel, Ending, Sandbox, SandboxError, SandboxJob,
    SandboxResult, Usage,
};

/// What a scripted job comes to.
#[derive(Clone, Debug)]
pub struct FakeAnswer {
    /// How it ends.
    pub ending: Ending,
    /// Its exit status.
    pub status: Option<i32>,
    /// What it prints.
    pub output: String,
    /// What it leaves in `/report`, by file name.
    pub report: BTreeMap<String, Vec<u8>>,
}

impl FakeAnswer {
    /// Returns a job that ends by itself with this status.
    pub fn exited(status: i32) -> Self {
        Self {
            ending: Ending::Exited { status },
            status: Some(status),
            output: String::new(),
            report: BTreeMap::new(),
        }
    }
}

/// Decides what a job comes to.
pub type Script = dyn Fn(&SandboxJob) -> Result<FakeAnswer, SandboxError> + Send + Sync;

/// A sandbox that answers from a script.
pub struct FakeSandbox {
    containment: Containment,
    script: Box<Script>,
    jobs: Mutex<Vec<SandboxJob>>,
}

impl FakeSandbox {
    /// Answers every job from this script, as if fully contained.
    pub fn new(
        script: impl Fn(&SandboxJob) -> Result<FakeAnswer, SandboxError> + Send + Sync + 'static,
    ) -> Self {
        let containment = Containment {
            level: ContainmentLevel::Full,
            launcher: "script 1".to_owned(),
            cgroup: Some(Cgroup::V2),
            landlock: 7,
            seccomp: true,
            missing: Vec::new(),
        };
        Self { containment, script: Box::new(script), jobs: Mutex::default() }
    }

    /// Reaches this level and no more.
    #[must_use]
    pub fn at_level(mut self, level: ContainmentLevel) -> Self {
        self.containment.level = level;
        self
    }

    /// Returns the jobs it was given, in order.
    pub fn jobs(&self) -> Vec<SandboxJob> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns where a job's file of `/work` lies on the host.
pub fn work_file(job: &SandboxJob, path: &str) -> Option<PathBuf> {
    job.work.layers.iter().map(|layer| layer.join(path)).find(|file| file.is_file())
}

/// Returns the host's folder that a job sees at this place.
pub fn mounted<'a>(job: &'a SandboxJob, target: &str) -> Option<&'a Path> {
    job.mounts.iter().find(|mount| mount.target == target).map(|mount| mount.source.as_path())
}

impl Sandbox for FakeSandbox {
    fn containment(&self) -> &Containment {
        &self.containment
    }

    fn run(&self, job: &SandboxJob) -> Result<SandboxResult, SandboxError> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).push(job.clone());
        let answer = (self.script)(job)?;
        let writable = |target: &str| {
            job.mounts.iter().any(|m| m.target == target && m.access == Access::ReadWrite)
        };
        if let Some(folder) = mounted(job, "/report").filter(|_| writable("/report")) {
            for (name, bytes) in &answer.report {
                lay(&folder.join(name), bytes)
                    .map_err(|source| SandboxError::Start { job: job.name.clone(), source })?;
            }
        }
        Ok(SandboxResult {
            ending: answer.ending,
            status: answer.status,
            output: answer.output.into_bytes(),
            cut: None,
            containment: self.containment.level,
            usage: Usage { cpu_seconds: 1.0, ..Usage::default() },
        })
    }
}

fn lay(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    std::fs::File::create(path)?.write_all(bytes)
}
