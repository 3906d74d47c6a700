//! How is everything made that bubblewrap does not make?
//!
//! In: an [`OuterPlan`]. Out: this process becomes bubblewrap, in namespaces of
//! its own, with the folders of the job mounted below [`STAGING`].
//!
//! Overlay paths go through `/proc/self/fd`, because an option string has no room
//! for long paths and gives `:` and `,` a meaning. bubblewrap's own `--size`
//! does not limit the number of files; the folders mounted here do.

use std::convert::Infallible;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use backstory_model::Network;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid};

use crate::sandbox::bound;
use crate::sandbox::flags::Flags;
use crate::sandbox::plan::{self, OuterPlan, PlannedAccess, Room, STAGE_INSIDE};
use crate::sandbox::stage::{INNER, while_doing};
use crate::sandbox::system;

/// Covered by a private file system, on which the folders of the job are made.
/// No job sees the host's `/sys`, and no job has files there.
pub const STAGING: &str = "/sys";

/// Makes everything the plan says, then becomes bubblewrap.
///
/// `bounded` says that this is the first process of a namespace whose processes
/// are to be bounded.
pub fn run(mut socket: File, bounded: bool) -> io::Result<Infallible> {
    set_pdeathsig(Signal::SIGKILL)?;
    let plan: OuterPlan = plan::receive(&mut socket)?;
    if bounded && plan.processes > 0 {
        bound::set(plan.processes).map_err(while_doing("bound the processes"))?;
    }
    for group in &plan.groups {
        write_kernel_file(group, "0").map_err(while_doing("enter the control group"))?;
    }
    close_inherited()?;
    make_namespaces(plan.network).map_err(while_doing("make namespaces"))?;
    let mut flags = base_flags(plan.network);
    system::add(&mut flags, Path::new(STAGING), plan.network)
        .map_err(while_doing("make up `/etc`"))?;
    add_folders(&mut flags, &plan).map_err(while_doing("make the folders"))?;
    flags.words(&["--chdir", "/work", "--remount-ro", "/", "--", STAGE_INSIDE]);
    let error = Command::new(&plan.bubblewrap)
        .args(flags.as_slice())
        .args(&plan.arguments)
        .arg(INNER)
        .env_clear()
        .exec();
    Err(while_doing("start bubblewrap")(error))
}

/// Closes every descriptor but the first three; nothing the host had open is
/// for the job.
fn close_inherited() -> io::Result<()> {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // The folder that was listed is among them, and closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Ok(())
}

/// Enters new user, mount and network namespaces, as their root.
fn make_namespaces(network: Network) -> io::Result<()> {
    let identity = (nix::unistd::geteuid(), nix::unistd::getegid());
    let mut flags = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS;
    if network == Network::None {
        // A fresh network has its loopback down. bubblewrap would bring it up.
        flags |= CloneFlags::CLONE_NEWNET;
    }
    unshare(flags)?;
    map_to_root(identity)?;
    mount_at(None, Path::new("/"), None, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None)?;
    mount_private(Path::new(STAGING), Room { bytes: 1 << 20, files: 200 }, 0o755)
}

/// Makes who this process was the root of the user namespace it is in now.
pub fn map_to_root((user, group): (Uid, Gid)) -> io::Result<()> {
    write_kernel_file(Path::new("/proc/self/setgroups"), "deny")?;
    write_kernel_file(Path::new("/proc/self/uid_map"), &format!("0 {user} 1"))?;
    write_kernel_file(Path::new("/proc/self/gid_map"), &format!("0 {group} 1"))
}

/// Returns the flags that every job has.
fn base_flags(network: Network) -> Flags {
    let mut flags = Flags::default();
    flags.words(&["--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"]);
    flags.words(&["--unshare-pid", "--as-pid-1", "--die-with-parent", "--new-session"]);
    flags.words(&["--unshare-ipc", "--unshare-uts", "--hostname", "backstory"]);
    flags.words(&["--unshare-cgroup-try", "--cap-drop", "ALL", "--clearenv"]);
    if network == Network::Loopback {
        flags.words(&["--unshare-net"]);
    }
    flags
}

/// Mounts the private folders, the work tree and the mounts of the job.
fn add_folders(flags: &mut Flags, plan: &OuterPlan) -> io::Result<()> {
    flags.bind(&private_folder("shm", plan.room)?, "/dev/shm");
    flags.words(&["--remount-ro", "/dev"]);
    let tmp = private_folder("tmp", plan.room)?;
    fs::create_dir(tmp.join("home"))?;
    flags.bind(&tmp, "/tmp");
    flags.bind(&work_tree(plan)?, "/work");
    for (number, planned) in plan.mounts.iter().enumerate() {
        match planned.access {
            PlannedAccess::ReadOnly => flags.show(&planned.source, &planned.target),
            PlannedAccess::ReadWrite => flags.bind(&planned.source, &planned.target),
            PlannedAccess::Scratch => {
                let layers = std::slice::from_ref(&planned.source);
                let merged = discarded_overlay(&format!("scratch{number}"), layers, plan.room)?;
                flags.bind(&merged, &planned.target);
            }
        }
    }
    flags.show(&plan.program, STAGE_INSIDE);
    Ok(())
}

/// Returns the folder that stands at `/work`.
fn work_tree(plan: &OuterPlan) -> io::Result<PathBuf> {
    match &plan.kept {
        None if plan.layers.is_empty() => private_folder("work", plan.room),
        None => discarded_overlay("work", &plan.layers, plan.room),
        Some(kept) if plan.layers.is_empty() => Ok(kept.upper.clone()),
        Some(kept) => overlay("work", &plan.layers, &kept.upper, &kept.work),
    }
}

/// Mounts an empty folder with a limit of its own.
fn private_folder(name: &str, room: Room) -> io::Result<PathBuf> {
    let place = Path::new(STAGING).join(name);
    fs::create_dir(&place)?;
    mount_private(&place, room, 0o1777)?;
    Ok(place)
}

/// Mounts layers with an upper directory that is gone with the namespace.
fn discarded_overlay(name: &str, layers: &[PathBuf], room: Room) -> io::Result<PathBuf> {
    let writes = Path::new(STAGING).join(format!("{name}.writes"));
    fs::create_dir(&writes)?;
    mount_private(&writes, room, 0o755)?;
    let (upper, work) = (writes.join("upper"), writes.join("work"));
    fs::create_dir(&upper)?;
    fs::create_dir(&work)?;
    if let Some(top) = layers.first() {
        fs::set_permissions(&upper, fs::metadata(top)?.permissions())?;
    }
    overlay(name, layers, &upper, &work)
}

/// Mounts an overlay and returns where.
fn overlay(name: &str, layers: &[PathBuf], upper: &Path, work: &Path) -> io::Result<PathBuf> {
    let place = Path::new(STAGING).join(name);
    fs::create_dir(&place)?;
    let mut open = Vec::new();
    let mut path = |folder: &Path| -> io::Result<String> {
        let file = open_folder(folder)?;
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        open.push(file);
        Ok(path)
    };
    let layers = layers.iter().map(|layer| path(layer)).collect::<io::Result<Vec<_>>>()?.join(":");
    let (upper, work) = (path(upper)?, path(work)?);
    let options = format!("lowerdir={layers},upperdir={upper},workdir={work},userxattr");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_at(Some("overlay"), &place, Some("overlay"), flags, Some(&options))?;
    Ok(place)
}

/// Opens a folder to name it in an option string.
fn open_folder(folder: &Path) -> io::Result<File> {
    let name = || format!("open `{}`", folder.display());
    OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_PATH | nix::libc::O_DIRECTORY)
        .open(folder)
        .map_err(|error| while_doing(&name())(error))
}

/// Mounts a memory file system of limited size.
fn mount_private(place: &Path, room: Room, mode: u32) -> io::Result<()> {
    let options = format!("size={},nr_inodes={},mode={mode:o}", room.bytes, room.files);
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount_at(Some("tmpfs"), place, Some("tmpfs"), flags, Some(&options))?;
    fs::set_permissions(place, fs::Permissions::from_mode(mode))
}

fn mount_at(
    source: Option<&str>,
    place: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    options: Option<&str>,
) -> io::Result<()> {
    mount(source, place, kind, flags, options).map_err(|error| {
        while_doing(&format!("mount {} on `{}`", kind.unwrap_or("nothing"), place.display()))(
            error.into(),
        )
    })
}

/// Writes a file whose content is an order to the kernel.
pub fn write_kernel_file(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| while_doing(&format!("write `{}`", path.display()))(error))
}
