//! What does the first process give up before it starts a command?
//!
//! Resource limits, Landlock and a system call filter. The command inherits them
//! all; the kernel has no way to get any of them back.

use std::collections::BTreeMap;
use std::io;

use backstory_model::Limits;
use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, LandlockStatus,
    PathBeneath, PathFd, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use nix::libc;
use nix::sys::resource::{Resource, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// The newest interface that was read before this was written.
const LANDLOCK: ABI = ABI::V7;

/// Open files of one process.
const OPEN_FILES: u64 = 4096;

/// Room above the limit of a private folder, so that the file system says first
/// that it is full.
const FILE_SIZE_SLACK: u64 = 1 << 20;

/// Added to the limit of processes: the first process, its thread, and the one
/// process too many by which the watch knows that the limit was met.
const BESIDE_THE_COMMAND: u64 = 3;

/// The system calls of the other 64-bit interface of `x86_64` have this bit.
#[cfg(target_arch = "x86_64")]
const X32_BIT: i64 = 0x4000_0000;

/// System calls that no test has a use for and that reach deep into the kernel.
const REFUSED: [libc::c_long; 38] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_vhangup,
];

/// Flags of `clone` that make a namespace.
const NAMESPACE_FLAGS: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Sets the limits of each process; `counted` says that control groups count
/// memory and processes, so that no limit of processes has to.
pub fn limit_processes(limits: &Limits, counted: bool) -> io::Result<()> {
    set_limit(Resource::RLIMIT_CORE, 0, 0)?;
    set_limit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)?;
    if limits.disk > 0 {
        let size = limits.disk.saturating_add(FILE_SIZE_SLACK);
        set_limit(Resource::RLIMIT_FSIZE, size, size)?;
    }
    if limits.cpu_seconds > 0 {
        let seconds = u64::from(limits.cpu_seconds);
        set_limit(Resource::RLIMIT_CPU, seconds, seconds + 1)?;
    }
    if !counted && limits.memory > 0 {
        set_limit(Resource::RLIMIT_AS, limits.memory, limits.memory)?;
    }
    if !counted && limits.processes > 0 {
        let tasks = u64::from(limits.processes) + BESIDE_THE_COMMAND;
        set_limit(Resource::RLIMIT_NPROC, tasks, tasks)?;
    }
    Ok(())
}

/// Sets a limit, or keeps a lower one that is in force already.
fn set_limit(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, ceiling) = nix::sys::resource::getrlimit(resource)?;
    Ok(setrlimit(resource, soft.min(ceiling), hard.min(ceiling))?)
}

/// Allows writing below `writable` alone; returns the interface in force, 0 for none.
pub fn restrict_files(writable: &[String]) -> io::Result<u32> {
    let all = AccessFs::from_all(LANDLOCK);
    let mut rules = vec![
        beneath("/", AccessFs::from_read(LANDLOCK))?,
        beneath("/dev", AccessFs::from_read(LANDLOCK) | AccessFs::WriteFile | AccessFs::IoctlDev)?,
    ];
    for folder in writable {
        rules.push(beneath(folder, all)?);
    }
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .and_then(|ruleset| ruleset.scope(Scope::from_all(LANDLOCK)))
        .and_then(landlock::Ruleset::create)
        .and_then(|ruleset| ruleset.add_rules(rules.into_iter().map(Ok)))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(io::Error::other)?;
    let enforced = status.ruleset != RulesetStatus::NotEnforced;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. } if enforced => effective_abi as u32,
        _ => 0,
    })
}

fn beneath(path: &str, access: BitFlags<AccessFs>) -> io::Result<PathBeneath<PathFd>> {
    let file = PathFd::new(path).map_err(io::Error::other)?;
    // A single file has none of the rights of a folder.
    let access = if std::path::Path::new(path).is_dir() {
        access
    } else {
        access & AccessFs::from_file(LANDLOCK)
    };
    Ok(PathBeneath::new(file, access))
}

/// Installs the system call filter.
pub fn filter_calls() -> io::Result<()> {
    // `clone3` has its flags in memory, where a filter cannot look. Programs
    // that are told it does not exist use `clone`.
    let unknown = filter([(libc::SYS_clone3, Vec::new())], libc::ENOSYS)?;
    let refused = REFUSED.iter().map(|call| (*call, Vec::new()));
    let special = [(libc::SYS_clone, new_namespaces()?), (libc::SYS_ioctl, typing_for_others()?)];
    let refused = filter(refused.chain(special), libc::EPERM)?;
    for program in [unknown, refused] {
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Compiles a filter that answers the calls it names with an error.
fn filter(
    calls: impl IntoIterator<Item = (libc::c_long, Vec<SeccompRule>)>,
    error: libc::c_int,
) -> io::Result<BpfProgram> {
    let mut rules = BTreeMap::new();
    for (call, conditions) in calls {
        #[cfg(target_arch = "x86_64")]
        rules.insert(call | X32_BIT, conditions.clone());
        rules.insert(call, conditions);
    }
    let architecture = std::env::consts::ARCH.try_into().map_err(io::Error::other)?;
    let answer = SeccompAction::Errno(error.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(io::Error::other)
}

/// Matches a `clone` that makes a namespace.
fn new_namespaces() -> io::Result<Vec<SeccompRule>> {
    NAMESPACE_FLAGS
        .iter()
        .map(|flag| {
            let flag = u64::from(flag.unsigned_abs());
            rule(0, SeccompCmpOp::MaskedEq(flag), flag)
        })
        .collect()
}

/// Matches the `ioctl` that types into a terminal.
fn typing_for_others() -> io::Result<Vec<SeccompRule>> {
    Ok(vec![rule(1, SeccompCmpOp::Eq, libc::TIOCSTI)?])
}

fn rule(argument: u8, operator: SeccompCmpOp, value: u64) -> io::Result<SeccompRule> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(io::Error::other)
}
