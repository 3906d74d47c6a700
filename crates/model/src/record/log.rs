//! Where does the text that CI printed lie?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{RecordId, Sha256};

/// Names the stored log of a job, or of one of its steps.
///
/// The bytes lie beside the record files at `logs/AB/SHA256.zst`. They are what
/// the forge gave but for secrets, which are taken out before they are named, so
/// that every position counts in stored bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogRefRecord {
    /// The id of the record, `log:SHA256`.
    pub id: RecordId,
    /// The job that printed it; absent where the dump does not tell.
    #[serde(default)]
    pub job: Option<RecordId>,
    /// The number of the step, if it is the log of one step.
    #[serde(default)]
    pub step: Option<u64>,
    /// What the log is called in the dump it comes from.
    #[serde(default)]
    pub name: Option<String>,
    /// The digest of the stored bytes.
    pub sha256: Sha256,
    /// How many bytes are stored.
    pub bytes: u64,
    /// `utf-8`, or `binary` where the bytes are not UTF-8 throughout.
    pub encoding: String,
    /// Whether the end is there: false for a log that was cut.
    pub complete: bool,
    /// How many secrets were taken out.
    #[serde(default)]
    pub redactions: u64,
    /// When it was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}
