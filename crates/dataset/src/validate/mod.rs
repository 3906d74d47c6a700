//! What would a consumer of an export reject, drop or lose?
//!
//! In: a file or folder. Out: findings, each with the place it is about. The
//! rules are those of the consumers' own readers, checked without them, plus
//! what those readers let pass in silence. Reads files, never panics on what
//! they hold.

mod atif;
mod axolotl;
mod frames;
mod llamafactory;
mod part;
mod questions;
mod rows;
mod shape;
mod trl;

pub use atif::atif;
pub use axolotl::axolotl;
pub use llamafactory::llamafactory;
pub use questions::questions;
pub use trl::trl;

use std::fmt;
use std::path::{Path, PathBuf};

/// How much a consumer loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The consumer refuses the file, or aborts.
    Rejected,
    /// The consumer goes on and silently leaves something out.
    Dropped,
    /// The consumer accepts it; it is probably not what was meant.
    Doubtful,
}

impl Severity {
    /// Returns the word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::Doubtful => "doubtful",
        }
    }
}

/// One thing a consumer would stumble over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// Where in it, e.g., `steps[3].tool_calls[0]` or `line 2, messages[4]`.
    pub place: String,
    /// What is wrong, in one sentence.
    pub what: String,
    /// How bad it is.
    pub severity: Severity,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, severity) = (self.path.display(), self.severity.as_str());
        write!(f, "{path}: {}: {severity}: {}", self.place, self.what)
    }
}

/// Gathers the findings about one file.
struct Report {
    path: PathBuf,
    // What every place starts with, e.g., `line 3, `.
    within: String,
    findings: Vec<Finding>,
}

impl Report {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), within: String::new(), findings: Vec::new() }
    }

    fn say(&mut self, severity: Severity, place: &str, what: impl Into<String>) {
        self.findings.push(Finding {
            path: self.path.clone(),
            place: format!("{}{place}", self.within),
            what: what.into(),
            severity,
        });
    }

    fn rejected(&mut self, place: &str, what: impl Into<String>) {
        self.say(Severity::Rejected, place, what);
    }

    fn dropped(&mut self, place: &str, what: impl Into<String>) {
        self.say(Severity::Dropped, place, what);
    }

    fn doubtful(&mut self, place: &str, what: impl Into<String>) {
        self.say(Severity::Doubtful, place, what);
    }
}

/// Says in one sentence why something happened, with its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    text
}
