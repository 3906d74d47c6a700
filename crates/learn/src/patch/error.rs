//! Why are patches not described or compared?

use backstory_model::RepositoryError;
use backstory_store::StoreError;
use backstory_table::TableError;

use crate::history::HistoryError;
use crate::rank::GroupError;
use crate::snapshot::IndexError;

/// Says why patches are not described or compared.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The folder of a table cannot be listed.
    #[error("failed to list the tables of the dataset")]
    Folder(#[from] StoreError),
    /// A table cannot be read or written.
    #[error("failed to use a table of patches")]
    Table(#[from] TableError),
    /// The files of the base cannot be read.
    #[error("failed to read the files of the base commit")]
    Files(#[from] IndexError),
    /// The past of the base cannot be read.
    #[error("failed to read the past of the base commit")]
    Past(#[from] HistoryError),
    /// The repository did not answer.
    #[error("failed to read the repository")]
    Repository(#[from] RepositoryError),
    /// A model cannot be trained.
    #[error("failed to train on the patches")]
    Train(#[from] GroupError),
}
