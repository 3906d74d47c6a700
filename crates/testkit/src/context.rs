//! What did the program say, in full?
//!
//! In: the path of a built binary and arguments. Out: exit code, stdout and
//! stderr in one text in which temporary paths and times are replaced, so that
//! it can be kept as a snapshot. Every context has a home of its own.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::disk;

/// A temporary home in which one test runs the program.
#[derive(Debug)]
pub struct TestContext {
    binary: PathBuf,
    directory: tempfile::TempDir,
}

impl TestContext {
    /// Makes a context for this binary; pass `env!("CARGO_BIN_EXE_backstory")`.
    ///
    /// # Panics
    ///
    /// When no temporary directory can be made.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        disk::make_directory(&directory.path().join("home"));
        Self { binary: binary.into(), directory }
    }

    /// Returns the temporary directory; commands run in it.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns a path inside the temporary directory.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.directory.path().join(inside)
    }

    /// Writes a file into the temporary directory and returns its path.
    pub fn write(&self, inside: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(inside);
        disk::write(&path, bytes.as_ref());
        path
    }

    /// Reads a file of the temporary directory as text.
    ///
    /// # Panics
    ///
    /// When it is missing or not UTF-8.
    pub fn read(&self, inside: &str) -> String {
        let bytes = disk::read(&self.path(inside))
            .unwrap_or_else(|error| panic!("cannot read `{inside}`: {error}"));
        String::from_utf8(bytes).expect("the file is UTF-8")
    }

    /// Prepares one run of the program.
    pub fn backstory<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Invocation<'_> {
        let arguments = arguments.into_iter().map(|text| text.as_ref().to_owned()).collect();
        Invocation { context: self, arguments, environment: BTreeMap::new(), directory: None }
    }
}

/// One run of the program, not yet started.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    context: &'a TestContext,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    directory: Option<PathBuf>,
}

impl Invocation<'_> {
    /// Sets one variable; nothing of the machine's environment is passed on.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Runs in another directory.
    #[must_use]
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Returns the command, for tests that kill it halfway.
    #[expect(
        clippy::disallowed_methods,
        reason = "end-to-end tests run the program they are about, from here only"
    )]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.context.binary);
        let home = self.context.path("home");
        command.args(&self.arguments).stdin(Stdio::null());
        command.env_clear().env("HOME", home).env("LC_ALL", "C").env("TZ", "UTC");
        command.envs(&self.environment);
        command.current_dir(self.directory.as_deref().unwrap_or(self.context.directory()));
        command
    }

    /// Runs the program to its end.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn run(&self) -> Transcript {
        let output = self.command().output().expect("the program can be started");
        Transcript {
            exit_code: output.status.code(),
            stdout: self.filter(&output.stdout),
            stderr: self.filter(&output.stderr),
        }
    }

    fn filter(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let directory = self.context.directory().display().to_string();
        let real = self.context.directory().canonicalize();
        let real = real.map_or_else(|_| directory.clone(), |path| path.display().to_string());
        let text = text.replace(&real, "[DIR]").replace(&directory, "[DIR]");
        let times = regex::Regex::new(r"\b\d+(\.\d+)? ?(ms|s|min|seconds?|CPU-seconds?)\b")
            .expect("the pattern is fixed");
        times.replace_all(&text, "[TIME]").into_owned()
    }
}

/// What one run of the program said, temporary paths and times replaced.
///
/// Displays as one text for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exit_code {
            Some(code) => writeln!(f, "exit_code: {code}")?,
            None => writeln!(f, "exit_code: none, ended by a signal")?,
        }
        write!(f, "----- stdout -----\n{}----- stderr -----\n{}", self.stdout, self.stderr)
    }
}
