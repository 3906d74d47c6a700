//! Is every hostile program contained, called by its true cause, and gone afterwards?
//!
//! The suite runs with control groups, without them, and once more without them
//! as an ordinary user. Counters of version 2 are read in a unit test alone: no
//! host with them was at hand.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use backstory_exec::sandbox::BubblewrapSandbox;
use backstory_model::{
    Access, ContainmentLevel, Ending, LimitedBy, Limits, Mount, Network, Sandbox as _, SandboxError,
};
use backstory_store::fs::write_file;

use crate::hostile_ground::{Ground, Host, Level, Program, limits, options};

/// A string that is nowhere else.
const CANARY: &str = "canary-5a1d0f6e-nobody-else-writes-this";

/// The limits of programs that only an end from outside can stop.
fn two_seconds(limits: &mut Limits) {
    limits.wall_seconds = 2;
}

fn unchanged(_: &mut Limits) {}

macro_rules! suite {
    ($($name:ident: $command:expr, $file:literal, $limits:expr => $ending:expr;)*) => {
        /// The programs by their names.
        mod programs {
            use super::*;
            $(pub const $name: Program = Program {
                command: &$command,
                text: include_str!(concat!("../hostile/", $file)),
                limits: $limits,
                ending: $ending,
            };)*
        }
        mod with_groups {
            use super::*;
            $(#[test]
            #[expect(non_snake_case, reason = "named like the programs")]
            fn $name() {
                contains(&programs::$name, Level::Groups);
            })*
        }
        mod without_groups {
            use super::*;
            $(#[test]
            #[expect(non_snake_case, reason = "named like the programs")]
            fn $name() {
                contains(&programs::$name, Level::NoGroups);
            })*
        }
    };
}

suite! {
    FORK_BOMB: ["python3", "program.py"], "fork_bomb.py", two_seconds => |level| match level {
        Level::Groups => Ending::ProcessLimit { by: LimitedBy::Cgroup },
        Level::NoGroups => Ending::ProcessLimit { by: LimitedBy::Launcher },
    };
    MEMORY_BOMB: ["python3", "program.py"], "memory_bomb.py", unchanged => |level| match level {
        Level::Groups => Ending::MemoryLimit { by: LimitedBy::Cgroup },
        Level::NoGroups => Ending::MemoryLimit { by: LimitedBy::Rlimit },
    };
    MEMORY_BOMB_IN_CHILDREN: ["python3", "program.py"], "memory_bomb_in_children.py", two_seconds
        => |level| match level {
        Level::Groups => Ending::MemoryLimit { by: LimitedBy::Cgroup },
        Level::NoGroups => Ending::MemoryLimit { by: LimitedBy::Launcher },
    };
    DISK_BOMB_IN_THE_WORK_TREE: ["python3", "program.py", "/work/file"], "disk_bomb.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Filesystem };
    DISK_BOMB_IN_TMP: ["python3", "program.py", "/tmp/file"], "disk_bomb.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Filesystem };
    DISK_BOMB_IN_SHARED_MEMORY: ["python3", "program.py", "/dev/shm/file"], "disk_bomb.py",
        |limits| {
            limits.memory = 96 << 20;
            limits.disk = 128 << 20;
        }
        => |level| match level {
        // Memory ends before the folder is full, and files hold most of it.
        Level::Groups => Ending::DiskLimit { by: LimitedBy::Cgroup },
        Level::NoGroups => Ending::DiskLimit { by: LimitedBy::Filesystem },
    };
    DISK_BOMB_ON_THE_HOST: ["python3", "program.py", "/report/file"], "disk_bomb.py",
        |limits| limits.disk = 64 << 20
        => |_| Ending::DiskLimit { by: LimitedBy::Launcher };
    INODE_BOMB: ["python3", "program.py", "/tmp"], "inode_bomb.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Filesystem };
    INODE_BOMB_ON_THE_HOST: ["python3", "program.py", "/report"], "inode_bomb.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Launcher };
    ENDLESS_TREE: ["python3", "program.py"], "endless_tree.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Filesystem };
    SPARSE_FILE: ["truncate", "--size=1T", "/work/file"], "harmless.py", unchanged
        => |_| Ending::DiskLimit { by: LimitedBy::Rlimit };
    OUTPUT_BOMB: ["python3", "program.py", "lines"], "output_bomb.py", unchanged
        => |_| Ending::OutputLimit;
    ENDLESS_LINE: ["python3", "program.py", "line"], "output_bomb.py", unchanged
        => |_| Ending::OutputLimit;
    SPIN: ["python3", "program.py"], "spin.py", |limits| limits.cpu_seconds = 1
        => |_| Ending::CpuLimit;
    SPIN_WITHOUT_END: ["python3", "program.py"], "spin.py", |limits| limits.wall_seconds = 1
        => |_| Ending::TimeLimit;
    DAEMON: ["python3", "program.py", "leave"], "daemon.py", unchanged
        => |_| Ending::Exited { status: 0 };
    DAEMON_AND_PARENT: ["python3", "program.py", "stay"], "daemon.py", two_seconds
        => |_| Ending::TimeLimit;
    OPEN_FILES: ["python3", "program.py"], "open_files.py", unchanged
        => |_| Ending::Exited { status: 0 };
    KILL_ALL: ["python3", "program.py"], "kill_all.py", unchanged
        => |_| Ending::Signaled { signal: 9 };
    STATUS_OF_A_KILL: ["sh", "-c", "exit 137"], "harmless.py", unchanged
        => |_| Ending::Exited { status: 137 };
}

/// Runs one program, if this machine can, and measures what must not take long.
fn contains(program: &Program, level: Level) {
    let Some(ground) = Ground::at(level) else { return };
    let result = ground.contains(program, level);
    assert!(result.output.len() <= 2 << 20, "kept {} bytes", result.output.len());
    if result.ending == Ending::TimeLimit {
        let mut changed = limits();
        (program.limits)(&mut changed);
        let late = result.usage.wall_seconds - f64::from(changed.wall_seconds);
        assert!(late < 1.0, "{late} seconds late");
    }
}

/// What the host has that nobody inside may reach.
struct Treasure {
    _loopback: TcpListener,
    _socket: UnixListener,
    arguments: [String; 3],
}

impl Treasure {
    fn hide(ground: &Ground) -> Self {
        let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = loopback.local_addr().unwrap().port().to_string();
        let name = ground.token().to_owned();
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixListener::bind_addr(&address).unwrap();
        let canary = ground.place.path().join("canary");
        write_file(&canary, CANARY.as_bytes()).unwrap();
        let arguments = [port, name, canary.display().to_string()];
        Self { _loopback: loopback, _socket: socket, arguments }
    }

    /// Runs `reach.py` and returns what it could reach, and all it said.
    fn hunt(&self, ground: &Ground, network: Network, mounts: &[Mount]) -> (Vec<String>, String) {
        let [port, name, canary] = self.arguments.each_ref().map(String::as_str);
        let command = ["python3", "program.py", port, name, canary];
        let mut job = ground.job(&command, include_str!("../hostile/reach.py"), limits());
        job.network = network;
        job.mounts.extend_from_slice(mounts);
        let result = ground.run(&job);
        let said = String::from_utf8_lossy(&result.output).into_owned();
        assert_eq!(result.ending, Ending::Exited { status: 0 }, "{said}");
        let mut reached: Vec<String> = said
            .lines()
            .filter_map(|line| line.strip_prefix("ESCAPED: "))
            .map(|line| line.split(':').next().unwrap_or(line).to_owned())
            .collect();
        if said.contains(CANARY) {
            reached.push("the text of the canary".to_owned());
        }
        (reached, said)
    }
}

/// Nothing is reached, no capability and no descriptor of the host is held.
fn reaches_nothing(level: Level) {
    let Some(ground) = Ground::at(level) else { return };
    let host = Host::look(ground.token());
    let (reached, said) = Treasure::hide(&ground).hunt(&ground, Network::None, &[]);
    assert_eq!(reached, [""; 0], "{said}");
    let zero = "'0000000000000000'";
    let none = [zero; 5].join(", ");
    assert!(said.contains(&format!("capabilities: [{none}]")), "{said}");
    assert!(said.contains("descriptors: ['0', '1', '2']"), "{said}");
    assert!(said.contains("tried 52"), "{said}");
    assert_eq!(Host::look(ground.token()), host, "something is left on the host");
}

mod reach_with_groups {
    #[test]
    fn nothing_of_the_host_is_reached() {
        super::reaches_nothing(super::Level::Groups);
    }
}

mod reach_without_groups {
    #[test]
    fn nothing_of_the_host_is_reached() {
        super::reaches_nothing(super::Level::NoGroups);
    }
}

/// The twin of the test above: with a hole in the sandbox, it must fail.
#[test]
fn a_network_left_on_and_a_folder_too_many_are_found() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let treasure = Treasure::hide(&ground);
    let place = ground.place.path().to_path_buf();
    let hole =
        Mount { target: place.display().to_string(), source: place, access: Access::ReadOnly };
    let (reached, said) = treasure.hunt(&ground, Network::Host, &[hole]);
    for what in ["loopback", "canary", "the text of the canary"] {
        assert!(reached.iter().any(|reached| reached == what), "{what} was not found: {said}");
    }
    // Landlock keeps the host's abstract sockets out of reach even so.
    assert!(!reached.iter().any(|reached| reached == "abstract socket"), "{said}");
}

/// The twin of the look at the host: what is left there must be seen.
#[test]
fn leftovers_are_found() {
    let token = format!("leftover-{}", std::process::id());
    let before = Host::look(&token);
    let mut left =
        Command::new("sh").args(["-c", "read line", &token]).stdin(Stdio::piped()).spawn().unwrap();
    let file = Path::new("/dev/shm").join(&token);
    write_file(&file, b"").unwrap();
    // The command line is there once the shell is.
    let deadline = Instant::now() + Duration::from_secs(5);
    while Host::look(&token).processes.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let after = Host::look(&token);
    fs::remove_file(&file).unwrap();
    left.kill().unwrap();
    left.wait().unwrap();
    assert_eq!(after.processes.len(), before.processes.len() + 1);
    assert_eq!(after.files.difference(&before.files).count(), 1);
}

#[test]
fn a_level_that_is_not_reached_is_refused() {
    if Ground::at(Level::NoGroups).is_none() {
        return;
    }
    let mut wanting = options(Level::NoGroups);
    wanting.minimum = ContainmentLevel::Full;
    let error = BubblewrapSandbox::probe(wanting).unwrap_err();
    insta::assert_snapshot!(error, @"this machine reaches containment level `namespaces`, and `full` is the minimum");
    let mut without = options(Level::NoGroups);
    without.bubblewrap = Some("/nowhere/bwrap".into());
    let looked = BubblewrapSandbox::look(without);
    insta::assert_debug_snapshot!(looked.containment(), @r#"
    Containment {
        level: Rlimit,
        launcher: "none",
        cgroup: None,
        landlock: 0,
        seccomp: false,
        missing: [
            "control groups are not used: switched off",
            "bubblewrap is not installed",
        ],
    }
    "#);
}

#[test]
fn a_program_that_is_not_there_is_no_ending() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let job = ground.job(&["no-such-program"], "", limits());
    let error = ground.try_run(&job).unwrap_err();
    let SandboxError::Start { source, .. } = error else { panic!("{error}") };
    insta::assert_snapshot!(source, @"start `no-such-program`: No such file or directory (os error 2)");
}

/// Everything above without control groups, as somebody who is not root.
#[test]
fn an_ordinary_user_is_as_safe() {
    let place = tempfile::tempdir().unwrap();
    if !nix::unistd::geteuid().is_root() || !Path::new("/usr/bin/setpriv").is_file() {
        eprintln!("skipped: only root can become somebody else");
        return;
    }
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let tests = std::env::current_exe().unwrap();
    let copies = [(tests.as_path(), "tests"), (Path::new(STAGE), "backstory-sandbox-stage")];
    for (program, name) in copies {
        let copy = place.path().join(name);
        fs::copy(program, &copy).unwrap();
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut child = Command::new("/usr/bin/setpriv")
        .args(["--reuid=12345", "--regid=12345", "--clear-groups", "--"])
        .arg(place.path().join("tests"))
        .args(["without_groups", "--nocapture", "--test-threads=1"])
        .current_dir("/")
        .env_clear()
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("test result: ok. 21 passed"), "{said}");
}

/// The program of the stages.
const STAGE: &str = env!("CARGO_BIN_EXE_backstory-sandbox-stage");
