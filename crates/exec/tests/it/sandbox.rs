//! Does a job see what it should, and is what it writes kept where it should be?

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use backstory_exec::sandbox::BubblewrapSandbox;
use backstory_model::{Access, Ending, Mount, Network, Sandbox as _, SandboxJob, Upper};
use backstory_store::fs::{read_text, write_file};

use crate::hostile_ground::{Ground, Host, Level, groups_of, limits, options};

/// Returns a job that runs a line of shell.
fn shell(ground: &Ground, line: &str) -> SandboxJob {
    ground.job(&["sh", "-c", line], "", limits())
}

/// Runs a job that has to succeed, and returns what it printed.
fn says(ground: &Ground, job: &SandboxJob) -> String {
    let result = ground.run(job);
    let said = String::from_utf8_lossy(&result.output).into_owned();
    assert_eq!(result.ending, Ending::Exited { status: 0 }, "{said}");
    said
}

#[test]
fn layers_show_the_topmost_file_and_a_kept_upper_directory_holds_the_edits() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let place = ground.place.path();
    let (top, bottom) = (place.join("top, with: signs"), place.join("bottom"));
    for (folder, name, text) in [
        (&top, "both", "from the top"),
        (&bottom, "both", "from the bottom"),
        (&bottom, "gone", "soon"),
        (&bottom, "folder/inside", "hidden by what comes"),
    ] {
        fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        write_file(&folder.join(name), text.as_bytes()).unwrap();
    }
    let kept = place.join("kept");
    let line = "cat both; rm gone; echo more >> both; rm -r folder; mkdir folder; ls folder";
    let mut job = shell(&ground, line);
    job.work.layers = vec![top, bottom.clone()];
    job.work.upper = Upper::Kept(kept.clone());
    assert_eq!(says(&ground, &job), "from the top");
    assert_eq!(read_text(&kept.join("both")).unwrap(), "from the topmore\n");
    let gone = fs::symlink_metadata(kept.join("gone")).unwrap().file_type();
    assert!(gone.is_char_device(), "a deleted file is a whiteout");
    assert!(kept.join("folder").is_dir() && bottom.join("folder/inside").is_file());
    assert!(!place.join("kept.overlay-work").exists());
}

#[test]
fn a_mount_is_read_only_written_or_scratch() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let place = ground.place.path().join("shared");
    fs::create_dir(&place).unwrap();
    write_file(&place.join("file"), b"as it was").unwrap();
    let line = "echo x > /shared/file && cat /shared/file || echo refused";
    let result = |access| {
        let mut job = shell(&ground, line);
        job.mounts.push(Mount { source: place.clone(), target: "/shared".into(), access });
        let said = says(&ground, &job);
        let last = said.lines().last().unwrap_or_default().to_owned();
        (last, read_text(&place.join("file")).unwrap())
    };
    let pair = |said: &str, left: &str| (said.to_owned(), left.to_owned());
    assert_eq!(result(Access::ReadOnly), pair("refused", "as it was"));
    assert_eq!(result(Access::Scratch), pair("x", "as it was"));
    assert_eq!(result(Access::ReadWrite), pair("x", "x\n"));
}

#[test]
fn loopback_answers_only_when_it_is_asked_for() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let text = "\
import socket
server = socket.socket()
try:
    server.bind(('127.0.0.1', 0)); server.listen()
    socket.create_connection(server.getsockname(), timeout=2)
    print('answers')
except OSError:
    print('is silent')
";
    let mut job = ground.job(&["python3", "program.py"], text, limits());
    assert_eq!(says(&ground, &job), "is silent\n");
    job.network = Network::Loopback;
    assert_eq!(says(&ground, &job), "answers\n");
}

#[test]
fn the_environment_is_the_one_of_the_job() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let mut job = shell(&ground, "env | grep -v ^PWD= | sort");
    job.variables = BTreeMap::from([("PATH", "/usr/bin"), ("ONE", "two = three\nfour")])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(says(&ground, &job), "ONE=two = three\nPATH=/usr/bin\nfour\n");
}

#[test]
fn a_canceled_job_ends_and_leaves_nothing() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let options = options(Level::NoGroups);
    let canceled = options.canceled.clone();
    let sandbox = BubblewrapSandbox::probe(options).unwrap();
    let job = ground.job(
        &["python3", "program.py", "stay"],
        include_str!("../hostile/daemon.py"),
        limits(),
    );
    let host = Host::look(ground.token());
    let ending = thread::scope(|scope| {
        let running = scope.spawn(|| sandbox.run(&job).unwrap().ending);
        wait_until(|| Host::look(ground.token()).processes != host.processes);
        canceled.store(true, Ordering::Relaxed);
        running.join().unwrap()
    });
    assert_eq!(ending, Ending::Canceled);
    assert_eq!(Host::look(ground.token()), host);
}

/// Is killed by the test below, which knows its job by its own process number.
#[test]
#[ignore = "runs until it is killed"]
fn a_launcher_that_is_killed() {
    let Some(ground) = Ground::at(Level::Groups) else { return };
    let token = format!("orphan-{}", std::os::unix::process::parent_id());
    let command = ["python3", "program.py", "stay", &token];
    ground.run(&ground.job(&command, include_str!("../hostile/daemon.py"), limits()));
}

#[test]
fn a_killed_launcher_leaves_no_process_and_the_next_one_clears_its_groups() {
    let Some(ground) = Ground::at(Level::Groups) else { return };
    let token = format!("orphan-{}", std::process::id());
    let mut launcher = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::a_launcher_that_is_killed", "--ignored"])
        .env("TMPDIR", ground.place.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let processes = || Host::look(&token).processes.len();
    // The command, the child that leaves, and the daemon: it is all up with two.
    wait_until(|| processes() >= 2);
    assert!(!groups_of(launcher.id()).is_empty());
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    wait_until(|| processes() == 0);
    // An ended process has no name any more, but its group is busy until it is buried.
    wait_until(|| {
        drop(BubblewrapSandbox::probe(options(Level::Groups)).unwrap());
        groups_of(launcher.id()).is_empty()
    });
}

fn wait_until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A work tree that cannot be written by its owner is still a work tree.
#[test]
fn a_file_without_rights_of_its_owner_does_not_stop_a_job() {
    let Some(ground) = Ground::at(Level::NoGroups) else { return };
    let tree = ground.place.path().join("tree");
    let job = shell(&ground, "ls");
    write_file(&tree.join("secret"), b"").unwrap();
    fs::set_permissions(tree.join("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(says(&ground, &job), "program.py\nsecret\n");
    assert!(Path::new(&tree).join("secret").exists());
}
