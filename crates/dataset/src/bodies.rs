//! Where do the stored bytes behind a blob id come from?

use std::collections::BTreeMap;

use backstory_model::BlobId;

/// Says why stored bytes cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Nothing is stored under the id.
    #[error("blob `{blob}` is not stored in this run")]
    Missing {
        /// The id.
        blob: BlobId,
    },
    /// The store refused.
    #[error("failed to read blob `{blob}`")]
    Unreadable {
        /// The id.
        blob: BlobId,
        /// What it answered.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bytes should be text and are not.
    #[error("blob `{blob}` is not UTF-8")]
    NotText {
        /// The id.
        blob: BlobId,
    },
}

/// The stored bytes of a run, by blob id.
pub trait Bodies {
    /// Returns the bytes.
    fn bytes(&self, blob: &BlobId) -> Result<Vec<u8>, BodyError>;

    /// Returns the bytes as text.
    fn text(&self, blob: &BlobId) -> Result<String, BodyError> {
        String::from_utf8(self.bytes(blob)?).map_err(|_| BodyError::NotText { blob: blob.clone() })
    }
}

impl Bodies for BTreeMap<BlobId, Vec<u8>> {
    fn bytes(&self, blob: &BlobId) -> Result<Vec<u8>, BodyError> {
        self.get(blob).cloned().ok_or_else(|| BodyError::Missing { blob: blob.clone() })
    }
}

impl Bodies for backstory_store::RunDirectory {
    fn bytes(&self, blob: &BlobId) -> Result<Vec<u8>, BodyError> {
        self.blob(blob).map_err(|source| BodyError::Unreadable {
            blob: blob.clone(),
            source: Box::new(source),
        })
    }
}
