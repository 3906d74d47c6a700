//! How is one phase of a recipe run in the sandbox?
//!
//! A phase that runs foreign code sees the downloads of earlier ones and cannot
//! change them: what it writes there is gone afterwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use backstory_model::{
    Access, Ending, EnvironmentRecipe, InstallPhase, Limits, Mount, Network, Sandbox, SandboxError,
    SandboxJob, Upper, WorkTree,
};
use regex::Regex;

use super::IndexSettings;
use super::cached::Building;

/// What an installer may use.
const LIMITS: Limits = Limits {
    wall_seconds: 1_200,
    cpu_seconds: 2_400,
    memory: 6 << 30,
    processes: 1_024,
    output: 64 << 20,
    disk: 8 << 30,
    files: 1_000_000,
};

/// The settings of the installers themselves.
const VARIABLES: [(&str, &str); 13] = [
    ("CI", "true"),
    ("HOME", "/tmp/home"),
    ("LC_ALL", "C.UTF-8"),
    ("NO_COLOR", "1"),
    ("TZ", "UTC"),
    ("UV_CACHE_DIR", "/downloads/uv"),
    ("UV_LINK_MODE", "copy"),
    ("UV_NO_CONFIG", "1"),
    ("UV_NO_PROGRESS", "1"),
    ("UV_NO_SOURCES", "1"),
    ("UV_PYTHON_DOWNLOADS", "never"),
    ("npm_config_cache", "/downloads/npm"),
    ("npm_config_update_notifier", "false"),
];

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that every run compiles")]
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b([a-z][a-z0-9+.-]*)://[^/\s'\x22)>\]]+").unwrap());

/// How a phase ended.
pub(super) enum PhaseEnd {
    /// Well; what it printed.
    Done(String),
    /// Not well; the rest of a sentence that says how.
    Failed(String),
}

/// Runs phases one after another and keeps their log.
pub(super) struct Installer<'a> {
    pub(super) recipe: &'a EnvironmentRecipe,
    pub(super) sandbox: &'a dyn Sandbox,
    pub(super) index: &'a IndexSettings,
    pub(super) tools: Vec<Mount>,
    pub(super) base: &'a Path,
    pub(super) building: &'a Building,
    pub(super) downloads: PathBuf,
    pub(super) log: String,
}

impl Installer<'_> {
    /// Runs one phase; what it writes to `/env` and to the work tree stays.
    pub(super) fn run(&mut self, phase: &InstallPhase) -> Result<PhaseEnd, SandboxError> {
        let access = if phase.runs_foreign_code { Access::Scratch } else { Access::ReadWrite };
        let mut mounts = self.tools.clone();
        mounts.extend(self.index.mounts().iter().cloned());
        mounts.push(mount(self.downloads.clone(), "/downloads", access));
        mounts.push(mount(self.building.root(), "/env", Access::ReadWrite));
        let mut variables = self.variables();
        variables.extend(self.index.variables().clone());
        self.run_job(SandboxJob {
            name: format!("environment: {}", phase.name),
            work: WorkTree {
                layers: vec![self.base.to_owned()],
                upper: Upper::Kept(self.building.upper()),
            },
            mounts,
            variables,
            command: phase.command.clone(),
            limits: LIMITS,
            network: Network::Host,
        })
    }

    /// Runs a command in what is installed so far, as a test would be run:
    /// without a network, and what it writes is gone afterwards.
    pub(super) fn look(&mut self, command: &[&str]) -> Result<PhaseEnd, SandboxError> {
        let mut mounts = self.tools.clone();
        mounts.push(mount(self.building.root(), "/env", Access::ReadOnly));
        let mut variables = self.variables();
        variables.insert("UV_CACHE_DIR".to_owned(), "/tmp/uv".to_owned());
        self.run_job(SandboxJob {
            name: format!("environment: {}", command[0]),
            work: WorkTree {
                layers: vec![self.base.to_owned(), self.building.upper()],
                upper: Upper::Discarded,
            },
            mounts,
            variables,
            command: command.iter().map(|&argument| argument.to_owned()).collect(),
            limits: Limits { wall_seconds: 120, ..Limits::default() },
            network: Network::None,
        })
    }

    fn variables(&self) -> BTreeMap<String, String> {
        let mut variables = self.recipe.variables.clone();
        let path = variables.get("PATH").map_or("/usr/bin:/bin", String::as_str);
        let path = format!("/toolchain/bin:{path}");
        variables.insert("PATH".to_owned(), path);
        variables.extend(super::derive::variables(&VARIABLES));
        variables
    }

    fn run_job(&mut self, job: SandboxJob) -> Result<PhaseEnd, SandboxError> {
        let result = self.sandbox.run(&job)?;
        let output = String::from_utf8_lossy(&result.output);
        let output = ADDRESS.replace_all(&output, "$1://[ADDRESS]").into_owned();
        self.log.extend(["$ ", &job.command.join(" "), "\n", &output]);
        if !self.log.ends_with('\n') {
            self.log.push('\n');
        }
        Ok(match result.ending {
            Ending::Exited { status: 0 } => PhaseEnd::Done(output),
            Ending::Exited { status } => PhaseEnd::Failed(format!("ended with status {status}")),
            Ending::Signaled { signal } => {
                PhaseEnd::Failed(format!("was ended by signal {signal}"))
            }
            Ending::TimeLimit => PhaseEnd::Failed("met the time limit".to_owned()),
            Ending::CpuLimit => PhaseEnd::Failed("met the limit of CPU time".to_owned()),
            Ending::MemoryLimit { .. } => PhaseEnd::Failed("met the memory limit".to_owned()),
            Ending::ProcessLimit { .. } => {
                PhaseEnd::Failed("met the limit of processes".to_owned())
            }
            Ending::OutputLimit => PhaseEnd::Failed("met the limit of output".to_owned()),
            Ending::DiskLimit { .. } => PhaseEnd::Failed("met the limit of the disk".to_owned()),
            Ending::Broken { what } => return Err(SandboxError::Broken { job: job.name, what }),
            Ending::Canceled => {
                let what = "it was stopped".to_owned();
                return Err(SandboxError::Broken { job: job.name, what });
            }
        })
    }
}

fn mount(source: PathBuf, target: &str, access: Access) -> Mount {
    Mount { source, target: target.to_owned(), access }
}

/// Returns what is tried when a phase failed: with distributions that must be
/// built, which runs foreign code; or without a lock the manifest has outgrown.
pub(super) fn second_try(phase: &InstallPhase) -> Option<InstallPhase> {
    let mut second = phase.clone();
    if let Some(at) = phase.command.iter().position(|argument| argument == "--no-build") {
        second.command.remove(at);
        second.runs_foreign_code = true;
        return Some(second);
    }
    if phase.command.starts_with(&["npm".to_owned(), "ci".to_owned()]) {
        "install".clone_into(&mut second.command[1]);
        second.command.push("--no-package-lock".to_owned());
        return Some(second);
    }
    None
}
