//! What does git itself say?
//!
//! In: a repository and arguments. Out: what `git` printed. An oracle for
//! tests only: it runs with a fixed, empty environment, so that no setting of
//! the machine changes an answer.

use std::path::Path;
use std::process::{Command, Stdio};

#[expect(
    clippy::disallowed_methods,
    reason = "the oracle is the point: results are compared with git's own, in tests only"
)]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(clippy::disallowed_methods, reason = "git is found where the machine has it")]
fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// Returns the variables that say where the machine has its tools, for tests that
/// need a real installer or compiler.
#[expect(clippy::disallowed_methods, reason = "tools are found where the machine has them")]
pub fn tool_variables() -> Vec<(&'static str, String)> {
    ["PATH", "HOME"]
        .into_iter()
        .map(|name| (name, std::env::var(name).unwrap_or_default()))
        .collect()
}

fn git_command() -> Command {
    let mut git = command("git");
    git.env_clear().env("PATH", search_path()).env("HOME", "/nonexistent");
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
    git.stdin(Stdio::null());
    git
}

/// Returns true when the machine has git; a test that needs it says that it was skipped.
pub fn git_is_available() -> bool {
    git_command().arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Runs git on the repository at `directory` and returns its standard output.
///
/// Give a git directory or a work tree.
///
/// # Panics
///
/// When git cannot be started or fails; the message holds what it said.
pub fn git(directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let inner = directory.join(".git");
    let git_directory = if inner.exists() { inner } else { directory.to_owned() };
    let mut git = git_command();
    git.arg("--git-dir").arg(git_directory).args(arguments);
    let output = git.output().expect("git can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?} failed: {said}");
    output.stdout
}
