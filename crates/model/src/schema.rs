//! Which version of the format is this, and can this build read it?

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of everything Backstory writes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct SchemaVersion {
    /// Changes when old readers would misread new data.
    pub major: u32,
    /// Changes when a field is added.
    pub minor: u32,
}

/// Says why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// The file was written by another major or a later minor version.
    #[error("schema version {found} is not readable; this build reads up to {supported}")]
    Unreadable {
        /// What the file says.
        found: SchemaVersion,
        /// What this build writes.
        supported: SchemaVersion,
    },
}

impl SchemaVersion {
    /// What this build writes.
    pub const CURRENT: Self = Self { major: 1, minor: 5 };

    /// Checks that this build can read data written at `self`.
    pub fn check_readable(self) -> Result<(), SchemaError> {
        if self.major == Self::CURRENT.major && self.minor <= Self::CURRENT.minor {
            Ok(())
        } else {
            Err(SchemaError::Unreadable { found: self, supported: Self::CURRENT })
        }
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
