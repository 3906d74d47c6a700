//! Why can the past of a commit not be read?

use backstory_model::RepositoryError;
use backstory_store::StoreError;

/// Says why a past cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The base is missing, or an object is there and cannot be read.
    #[error("the past of the base commit cannot be read")]
    Repository(#[from] RepositoryError),
    /// The folder of changed paths cannot be read or written.
    #[error("the folder of changed paths cannot be used")]
    Folder(#[from] StoreError),
}
