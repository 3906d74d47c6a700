//! Who runs jobs where there are no namespaces?

use std::io;
use std::path::{Path, PathBuf};

use backstory_model::{
    Containment, ContainmentLevel, Ending, Limits, Network, Sandbox, SandboxError, SandboxJob,
    SandboxResult, Upper, WorkTree,
};

use super::paths::GuestPaths;
use super::place::Place;
use super::plan::HostPlan;
use crate::sandbox::SandboxOptions;
use crate::sandbox::launch::{Launched, Launcher, Start};
use crate::sandbox::plan::{self, Room};
use crate::sandbox::stage::HOST;

/// What is written in the place of a launcher's name.
const NAME: &str = "none";

/// Runs jobs with limits alone, at level `rlimit`.
///
/// What it runs reads what this user reads and has the host's network: for machines
/// that give no namespaces, and only for who says that this will do. What is
/// shown in paths of the sandbox is a folder of the host, and comes back as those.
#[derive(Debug)]
pub struct RlimitSandbox {
    launcher: Launcher,
    folder: PathBuf,
    containment: Containment,
}

impl RlimitSandbox {
    /// Finds out what holds here; `folder` is where jobs run, `missing` says why
    /// nothing better does.
    pub fn probe(
        options: SandboxOptions,
        folder: &Path,
        missing: Vec<String>,
    ) -> Result<Self, SandboxError> {
        let start = |source| SandboxError::Start { job: "trial".to_owned(), source };
        std::fs::create_dir_all(folder).map_err(start)?;
        let folder = folder.canonicalize().map_err(start)?;
        let launcher = Launcher {
            bubblewrap: PathBuf::new(),
            program: options.program,
            arguments: options.arguments,
            groups: None,
            canceled: options.canceled,
        };
        let containment = Containment {
            level: ContainmentLevel::Rlimit,
            launcher: NAME.to_owned(),
            cgroup: None,
            landlock: 0,
            seccomp: false,
            missing,
        };
        let mut sandbox = Self { launcher, folder, containment };
        let launched = sandbox.launch(&trial())?;
        if launched.result.ending != (Ending::Exited { status: 0 }) {
            let ending = launched.result.ending;
            return Err(start(io::Error::other(format!("its first job ends with {ending:?}"))));
        }
        sandbox.containment.landlock = launched.landlock;
        sandbox.containment.seccomp = launched.seccomp;
        Ok(sandbox)
    }

    fn launch(&self, job: &SandboxJob) -> Result<Launched, SandboxError> {
        let start_error = |source| SandboxError::Start { job: job.name.clone(), source };
        let broken = |what: String| SandboxError::Broken { job: job.name.clone(), what };
        let mut place = Place::take(&self.folder, job).map_err(start_error)?;
        place.lay(job).map_err(start_error)?;
        let paths = GuestPaths::new(place.root(), job);
        let start = start(&place, &paths, job).map_err(start_error)?;
        let launched = self.launcher.run_started(job, &start, None);
        let left = place.end_left_over();
        let mut launched = launched?;
        if left > 0 {
            return Err(broken(format!("{left} processes are left")));
        }
        launched.result.output = paths.outward(&launched.result.output);
        launched.result.containment = ContainmentLevel::Rlimit;
        place.keep(job, &paths).map_err(|error| broken(error.to_string()))?;
        Ok(launched)
    }
}

impl Sandbox for RlimitSandbox {
    fn containment(&self) -> &Containment {
        &self.containment
    }

    fn run(&self, job: &SandboxJob) -> Result<SandboxResult, SandboxError> {
        self.launch(job).map(|launched| launched.result)
    }
}

/// Puts together what the launcher starts.
fn start(place: &Place, paths: &GuestPaths, job: &SandboxJob) -> io::Result<Start> {
    let written = place.written(job);
    let mut variables = job.variables.clone();
    variables.entry("TMPDIR".to_owned()).or_insert_with(|| "/tmp".to_owned());
    for value in variables.values_mut() {
        *value = paths.inward(value);
    }
    let writable =
        [place.root().to_path_buf(), "/dev/shm".into()].into_iter().chain(written.clone());
    let plan = HostPlan {
        work: place.work(),
        command: job.command.iter().map(|argument| paths.inward(argument)).collect(),
        variables,
        limits: job.limits.clone(),
        writable: writable.map(|path| path.to_string_lossy().into_owned()).collect(),
    };
    let laid = place.laid();
    let above = |limit: u64, laid: u64| if limit == 0 { 0 } else { limit + laid };
    let room = Room {
        bytes: above(job.limits.disk, laid.bytes),
        files: above(job.limits.files, laid.files),
    };
    let mut frames = Vec::new();
    plan::send(&mut frames, &plan)?;
    Ok(Start { stage: HOST, frames, written, room })
}

fn trial() -> SandboxJob {
    SandboxJob {
        name: "trial".to_owned(),
        work: WorkTree { layers: Vec::new(), upper: Upper::Discarded },
        mounts: Vec::new(),
        variables: [("PATH".to_owned(), "/usr/bin:/bin".to_owned())].into(),
        command: vec!["true".to_owned()],
        limits: Limits { wall_seconds: 20, ..Limits::default() },
        network: Network::None,
    }
}
