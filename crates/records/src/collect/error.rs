//! Why can a forge not be asked, in one sentence?

use std::io;
use std::path::PathBuf;

use crate::RecordsError;

/// Says why a collection ended early. What was fetched is kept, and the same
/// command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The address is none that requests may go to.
    #[error("`{url}` is no address of a forge")]
    Address {
        /// What was given.
        url: String,
    },
    /// No answer came, several times.
    #[error("no answer from `{url}`")]
    Unreachable {
        /// The address.
        url: String,
        /// What the network said.
        #[source]
        source: io::Error,
    },
    /// The forge failed, several times.
    #[error("the forge answers `{url}` with status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The token is not known to the forge.
    #[error("the forge refuses the token, or wants one (status 401 at `{url}`)")]
    Token {
        /// The address.
        url: String,
    },
    /// The repository is not there, or the token may not see it.
    #[error("the forge shows no repository `{repo}` (status {status})")]
    NoRepository {
        /// Which one.
        repo: String,
        /// The status.
        status: u16,
    },
    /// The forge leads to another server where it must not.
    #[error("`{url}` leads to another server, where the token must not go")]
    Elsewhere {
        /// The address.
        url: String,
    },
    /// The forge asks for more patience than there is.
    #[error("the forge still refuses `{url}` after {waits} waits for its rate limit")]
    Limit {
        /// The address.
        url: String,
        /// How often was waited.
        waits: u32,
    },
    /// A body is no JSON, or not of the shape the endpoint has.
    #[error("the answer of `{url}` is not what the endpoint gives")]
    Shape {
        /// The address.
        url: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A body is larger than anything the endpoint gives.
    #[error("the answer of `{url}` is longer than {limit} bytes")]
    TooLong {
        /// The address.
        url: String,
        /// The limit.
        limit: usize,
    },
    /// Another collection works in the same place.
    #[error("another collection is at work in `{}`", path.display())]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The journal holds answers to other questions.
    #[error("the journal `{}` does not fit: it holds `{found}` where `{asked}` is asked", path.display())]
    Journal {
        /// Which one.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What was asked.
        asked: String,
    },
    /// Files could not be read or written.
    #[error(transparent)]
    Records(#[from] RecordsError),
}

impl From<backstory_store::StoreError> for CollectError {
    fn from(error: backstory_store::StoreError) -> Self {
        Self::Records(error.into())
    }
}
