//! Does a job without namespaces see the names of the sandbox, and is it gone afterwards?

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use backstory_exec::sandbox::RlimitSandbox;
use backstory_model::{
    Access, ContainmentLevel, Ending, LimitedBy, Limits, Mount, Network, Sandbox as _, SandboxJob,
    Upper, WorkTree,
};
use backstory_store::fs::{entries, read_file, read_text, write_file};

use crate::hostile_ground::{Level, limits, options};

/// A folder for jobs, and one for what they are shown.
struct Host {
    place: tempfile::TempDir,
    sandbox: RlimitSandbox,
}

impl Host {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        for folder in ["tree", "report", "env"] {
            fs::create_dir(place.path().join(folder)).unwrap();
        }
        let folder = place.path().join("jobs");
        let sandbox = RlimitSandbox::probe(options(Level::NoGroups), &folder, Vec::new()).unwrap();
        Self { place, sandbox }
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.place.path().join(path)
    }

    fn job(&self, command: &[&str], limits: Limits) -> SandboxJob {
        let mount = |name: &str, access| Mount {
            source: self.at(name),
            target: format!("/{name}"),
            access,
        };
        SandboxJob {
            name: "a job".to_owned(),
            work: WorkTree { layers: vec![self.at("tree")], upper: Upper::Discarded },
            mounts: vec![mount("report", Access::ReadWrite), mount("env", Access::ReadOnly)],
            variables: [("PATH", "/env/bin:/usr/bin:/bin"), ("HOME", "/tmp/home")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            command: command.iter().map(ToString::to_string).collect(),
            limits,
            network: Network::None,
        }
    }

    fn program(&self, text: &str, arguments: &[&str]) -> SandboxJob {
        write_file(&self.at("tree/program.py"), text.as_bytes()).unwrap();
        let token = self.token();
        let command = [&["python3", "program.py"], arguments, &[token.as_str()]].concat();
        self.job(&command, limits())
    }

    fn token(&self) -> String {
        format!("token-{}", self.place.path().file_name().unwrap().display())
    }

    /// Returns the processes that have the word of this test in their command line.
    fn left(&self) -> BTreeSet<std::path::PathBuf> {
        let token = self.token();
        let has = |folder: &std::path::PathBuf| {
            let line = read_file(&folder.join("cmdline")).unwrap_or_default();
            memchr::memmem::find(&line, token.as_bytes()).is_some()
        };
        entries(Path::new("/proc")).unwrap().into_iter().filter(has).collect()
    }
}

#[test]
fn a_job_speaks_in_paths_of_the_sandbox_and_keeps_nothing_but_its_report() {
    let host = Host::new();
    write_file(&host.at("tree/file"), b"as it was").unwrap();
    let line = "pwd; echo $HOME $TMPDIR $PATH; echo more >> file; readlink -f /env/x; cat file; \
        echo \"at $PWD/file\" >/report/said.ndjson";
    let job = host.job(&["sh", "-c", line], limits());
    let result = host.sandbox.run(&job).unwrap();
    insta::assert_snapshot!(String::from_utf8_lossy(&result.output), @"
    /work
    /tmp/home /tmp /env/bin:/usr/bin:/bin
    /env/x
    as it wasmore
    ");
    assert_eq!(result.ending, Ending::Exited { status: 0 });
    assert_eq!(result.containment, ContainmentLevel::Rlimit);
    assert_eq!(read_text(&host.at("report/said.ndjson")).unwrap(), "at /work/file\n");
    assert_eq!(read_text(&host.at("tree/file")).unwrap(), "as it was");
    let left = entries(&host.at("jobs")).unwrap();
    assert!(left.iter().all(|path| path.extension().is_some_and(|end| end == "lock")), "{left:?}");
}

#[test]
fn what_is_written_beside_the_tree_is_kept_where_it_is_asked_for() {
    let host = Host::new();
    write_file(&host.at("tree/file"), b"as it was").unwrap();
    let mut job = host.job(&["sh", "-c", "echo new > new; cat old || :"], limits());
    job.work.upper = Upper::Kept(host.at("upper"));
    host.sandbox.run(&job).unwrap();
    job.command[2] = "cat new; echo old > old".to_owned();
    let result = host.sandbox.run(&job).unwrap();
    assert_eq!(result.output, b"new\n");
    let kept: Vec<_> = entries(&host.at("upper")).unwrap();
    assert_eq!(kept, [host.at("upper/new"), host.at("upper/old")]);
}

#[test]
fn limits_hold_and_are_called_by_their_names() {
    let host = Host::new();
    let ending = |text: &str, arguments: &[&str], change: fn(&mut Limits)| {
        let mut job = host.program(text, arguments);
        change(&mut job.limits);
        let result = host.sandbox.run(&job).unwrap();
        assert!(host.left().is_empty());
        result.ending
    };
    let by = LimitedBy::Launcher;
    assert_eq!(
        ending(include_str!("../hostile/fork_bomb.py"), &[], |_| {}),
        Ending::ProcessLimit { by }
    );
    assert_eq!(
        ending(include_str!("../hostile/memory_bomb.py"), &[], |_| {}),
        Ending::MemoryLimit { by: LimitedBy::Rlimit }
    );
    assert_eq!(
        ending(include_str!("../hostile/output_bomb.py"), &["lines"], |_| {}),
        Ending::OutputLimit
    );
    assert_eq!(
        ending(include_str!("../hostile/spin.py"), &[], |limits| limits.cpu_seconds = 1),
        Ending::CpuLimit
    );
    assert_eq!(
        ending(include_str!("../hostile/disk_bomb.py"), &["/report/file"], |limits| {
            limits.disk = 64 << 20;
        }),
        Ending::DiskLimit { by }
    );
}

#[test]
fn a_daemon_with_a_session_of_its_own_is_ended_with_its_job() {
    let host = Host::new();
    let daemon = include_str!("../hostile/daemon.py");
    for (argument, ending) in [("leave", Ending::Exited { status: 0 }), ("stay", Ending::TimeLimit)]
    {
        let mut job = host.program(daemon, &[argument]);
        job.limits.wall_seconds = 3;
        let result = host.sandbox.run(&job).unwrap();
        assert_eq!(result.ending, ending, "{}", String::from_utf8_lossy(&result.output));
        assert!(host.left().is_empty(), "the daemon is left");
    }
}

/// The planted fault: nobody is there to adopt what the command leaves.
#[test]
fn what_is_left_when_the_host_stage_is_killed_is_found_and_ended() {
    let host = Host::new();
    let job = host.program(include_str!("../hostile/daemon.py"), &["stay"]);
    let broken = thread::scope(|scope| {
        let running = scope.spawn(|| host.sandbox.run(&job));
        let deadline = Instant::now() + Duration::from_secs(20);
        while host.left().len() < 2 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        let stage = host.left().iter().find_map(|folder| {
            let stat = read_text(&folder.join("stat")).ok()?;
            let parent: i32 =
                stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(1)?.parse().ok()?;
            let line =
                read_file(&Path::new("/proc").join(parent.to_string()).join("cmdline")).ok()?;
            line.ends_with(b"\0host\0").then_some(parent)
        });
        let stage = nix::unistd::Pid::from_raw(stage.unwrap());
        nix::sys::signal::kill(stage, nix::sys::signal::Signal::SIGKILL).unwrap();
        running.join().unwrap()
    });
    let what = broken.unwrap_err().to_string();
    assert!(what.contains("processes are left"), "{what}");
    assert!(host.left().is_empty(), "the daemon is left");
}
