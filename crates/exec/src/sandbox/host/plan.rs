//! What is the host stage told?

use std::collections::BTreeMap;
use std::path::PathBuf;

use backstory_model::Limits;
use serde::{Deserialize, Serialize};

/// What runs, in paths of the host.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct HostPlan {
    /// Where it starts.
    pub work: PathBuf,
    /// The command.
    pub command: Vec<String>,
    /// Its whole environment.
    pub variables: BTreeMap<String, String>,
    /// What it may use.
    pub limits: Limits,
    /// The folders it may write, where the kernel can hold it to that.
    pub writable: Vec<String>,
}
