//! What do the stages have to make of a job?
//!
//! In: a job as it was asked for. Out: a plan for each stage, and the host's
//! folders it may write.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use backstory_model::{Access, SandboxJob, Upper};
use backstory_store::fs::remove_dirs;

use crate::sandbox::cgroup::Group;
use crate::sandbox::launch::Launcher;
use crate::sandbox::plan::{InnerPlan, KeptUpper, OuterPlan, PlannedAccess, PlannedMount, Room};

/// The plans of one job. The folder an overlay needs beside a kept upper
/// directory exists as long as they do.
pub struct Planned {
    /// For the outer stage.
    pub outer: OuterPlan,
    /// For the inner stage.
    pub inner: InnerPlan,
    /// The folders of the host the job may write.
    pub written: Vec<PathBuf>,
}

impl Planned {
    /// Plans a job.
    pub fn new(launcher: &Launcher, job: &SandboxJob, group: Option<&Group>) -> io::Result<Self> {
        let room = Room { bytes: job.limits.disk, files: job.limits.files };
        let mut mounts: Vec<PlannedMount> = job
            .mounts
            .iter()
            .map(|mount| PlannedMount {
                source: mount.source.clone(),
                target: mount.target.clone(),
                access: planned_access(mount.access),
            })
            .collect();
        // A folder has to be there before something is mounted in it.
        mounts.sort_by(|left, right| Path::new(&left.target).cmp(Path::new(&right.target)));
        let kept = match &job.work.upper {
            Upper::Discarded => None,
            Upper::Kept(folder) => Some(keep(folder)?),
        };
        let written = written_folders(&mounts, kept.as_ref());
        let inner = inner_plan(job, &mounts, kept.is_some(), group.is_none());
        let outer = OuterPlan {
            groups: group.map(Group::doors).unwrap_or_default(),
            bubblewrap: launcher.bubblewrap.clone(),
            program: launcher.program.clone(),
            arguments: launcher.arguments.clone(),
            layers: job.work.layers.clone(),
            kept,
            mounts,
            room,
            processes: job.limits.processes,
            network: job.network,
        };
        Ok(Self { outer, inner, written })
    }
}

impl Drop for Planned {
    fn drop(&mut self) {
        if let Some(kept) = &self.outer.kept {
            // The kernel leaves a folder without rights in it, and in that a
            // whiteout it has made more than one of.
            let inside = fs::Permissions::from_mode(0o700);
            let _ = fs::set_permissions(kept.work.join("work"), inside);
            let _ = remove_dirs(&kept.work);
        }
    }
}

fn planned_access(access: Access) -> PlannedAccess {
    match access {
        Access::ReadOnly => PlannedAccess::ReadOnly,
        Access::ReadWrite => PlannedAccess::ReadWrite,
        Access::Scratch => PlannedAccess::Scratch,
    }
}

/// Makes the folders of a kept upper directory.
fn keep(folder: &Path) -> io::Result<KeptUpper> {
    let mut work = folder.as_os_str().to_owned();
    work.push(".overlay-work");
    let work = PathBuf::from(work);
    fs::create_dir_all(folder)?;
    fs::create_dir_all(&work)?;
    Ok(KeptUpper { upper: folder.to_path_buf(), work })
}

fn written_folders(mounts: &[PlannedMount], kept: Option<&KeptUpper>) -> Vec<PathBuf> {
    mounts
        .iter()
        .filter(|mount| mount.access == PlannedAccess::ReadWrite)
        .map(|mount| mount.source.clone())
        .chain(kept.map(|kept| kept.upper.clone()))
        .collect()
}

fn inner_plan(job: &SandboxJob, mounts: &[PlannedMount], kept: bool, watched: bool) -> InnerPlan {
    let targets = |access| {
        mounts.iter().filter(move |mount| mount.access == access).map(|mount| mount.target.clone())
    };
    let scratch = targets(PlannedAccess::Scratch);
    let mut private: Vec<String> = scratch.collect();
    private.extend(["/tmp", "/dev/shm"].map(str::to_owned));
    if !kept {
        private.push("/work".to_owned());
    }
    InnerPlan {
        command: job.command.clone(),
        variables: job.variables.clone(),
        limits: job.limits.clone(),
        writable: targets(PlannedAccess::ReadWrite)
            .chain(targets(PlannedAccess::Scratch))
            .collect(),
        private,
        watched,
    }
}
