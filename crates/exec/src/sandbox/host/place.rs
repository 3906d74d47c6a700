//! Where does one job of the host run, and what is left of it?
//!
//! A folder that stands for `/`: `work` and `tmp` are its own, every mount is a link
//! or, where writes must not stay, a copy. Jobs of one environment have the same
//! folder, one after another; it is empty between them.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use backstory_model::{Access, SandboxJob, Sha256, Upper};
use backstory_store::fs::{entries, read_file, remove_dirs, write_file};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sha2::Digest as _;

use super::lay::{How, Laid, gather};
use super::paths::GuestPaths;

/// Numbers the jobs that have no environment.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// How often what is left is ended before it is given up.
const TRIES: u32 = 50;

/// The folder of one job, its own until dropped.
pub struct Place {
    root: PathBuf,
    laid: Laid,
    _turn: Option<File>,
}

impl Place {
    /// Waits for the folder of a job and makes it empty.
    pub fn take(folder: &Path, job: &SandboxJob) -> io::Result<Self> {
        let environment = job.mounts.iter().find(|mount| mount.target == "/env");
        let (root, turn) = if let Some(mount) = environment {
            let path = mount.source.as_os_str().as_encoded_bytes();
            let digest = Sha256::from_digest(&sha2::Sha256::digest(path));
            let root = folder.join(&digest.as_str()[..16]);
            let turn = File::create(root.with_extension("lock"))?;
            turn.lock()?;
            (root, Some(turn))
        } else {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            (folder.join(format!("{}-{number}", std::process::id())), None)
        };
        remove_dirs(&root).map_err(io::Error::other)?;
        Ok(Self { root, laid: Laid::default(), _turn: turn })
    }

    /// Returns the folder that stands for `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the work tree.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Returns what was laid into the folder.
    pub fn laid(&self) -> Laid {
        self.laid
    }

    /// Lays the work tree and the mounts of a job.
    pub fn lay(&mut self, job: &SandboxJob) -> io::Result<()> {
        fs::create_dir_all(self.root.join("tmp/home"))?;
        let work = self.work();
        fs::create_dir_all(&work)?;
        for layer in job.work.layers.iter().rev() {
            self.laid.add(layer, &work, How::Copied)?;
        }
        if let Upper::Kept(upper) = &job.work.upper {
            fs::create_dir_all(upper)?;
            self.laid.add(upper, &work, How::Copied)?;
        }
        let mut mounts: Vec<_> = job.mounts.iter().collect();
        mounts.sort_by(|left, right| Path::new(&left.target).cmp(Path::new(&right.target)));
        for mount in mounts {
            let place = self.root.join(mount.target.trim_start_matches('/'));
            // A file over one of a mounted folder is for interpreters that were
            // moved, and here none is.
            if place.exists() {
                continue;
            }
            fs::create_dir_all(place.parent().unwrap_or(&self.root))?;
            match mount.access {
                Access::Scratch => self.laid.add(&mount.source, &place, How::Linked)?,
                Access::ReadOnly | Access::ReadWrite => symlink(&mount.source, &place)?,
            }
        }
        Ok(())
    }

    /// Returns the folders a job may write.
    pub fn written(&self, job: &SandboxJob) -> Vec<PathBuf> {
        let shared = job.mounts.iter().filter(|mount| mount.access == Access::ReadWrite);
        let shared = shared.map(|mount| mount.source.clone());
        [self.work(), self.root.join("tmp")].into_iter().chain(shared).collect()
    }

    /// Keeps what is to be kept, and calls paths in reports by their names inside.
    pub fn keep(&self, job: &SandboxJob, paths: &GuestPaths) -> io::Result<()> {
        if let Upper::Kept(upper) = &job.work.upper {
            remove_dirs(upper).map_err(io::Error::other)?;
            gather(&self.work(), &job.work.layers, upper)?;
        }
        for mount in job.mounts.iter().filter(|mount| mount.target == "/report") {
            for file in entries(&mount.source).map_err(io::Error::other)? {
                let is_file = fs::symlink_metadata(&file)?.is_file();
                let bytes =
                    if is_file { read_file(&file).map_err(io::Error::other)? } else { continue };
                let inside = paths.outward(&bytes);
                if inside != bytes {
                    write_file(&file, &inside).map_err(io::Error::other)?;
                }
            }
        }
        Ok(())
    }

    /// Ends processes that still have this folder in their environment or stand in
    /// it; returns how many are left. One that hides both is not found.
    pub fn end_left_over(&self) -> usize {
        for _ in 0..TRIES {
            let left = self.left_over();
            if left.is_empty() {
                return 0;
            }
            for process in left {
                // Fails for one that is gone, or is another user's.
                let _ = kill(process, Signal::SIGKILL);
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.left_over().len()
    }

    fn left_over(&self) -> Vec<Pid> {
        let named = self.root.as_os_str().as_encoded_bytes();
        let is_of_job = |folder: &PathBuf| {
            let variables = read_file(&folder.join("environ")).unwrap_or_default();
            memchr::memmem::find(&variables, named).is_some()
                || fs::read_link(folder.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.root))
        };
        let all = entries(Path::new("/proc")).unwrap_or_default();
        let number = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<i32>().ok();
        all.iter().filter(|f| is_of_job(f)).filter_map(number).map(Pid::from_raw).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The next job of this folder removes what is left.
        let _ = remove_dirs(&self.root);
    }
}
