//! What would a consumer of an export reject, drop or lose?
//!
//! In: a file or folder. Out: findings, each with the place it is about. The
//! rules are those of the consumers' own readers, checked without them, plus
//! what those readers let pass in silence. Reads files, never panics on what
//! they hold.

use std::path::PathBuf;

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
