//! How does a git repository answer the `Repository` port?
//!
//! In: object ids. Out: commits, trees, blobs, differences and common
//! ancestors. What was read a moment ago comes from a cache, because each
//! version of a file is the "after" of one commit and the "before" of the next.

use std::sync::Arc;

use backstory_model::{
    BlobId, Commit, CommitId, FileEntry, Repository, RepositoryError, TreeChange, TreeEntry, TreeId,
};
use gix::ObjectId;
use gix::objs::{Find as _, Kind};
use gix::odb::Header as _;

use super::ancestry::Origin;
use super::cache::ObjectCache;
use super::{GitRepository, decode, trees};

type Bytes = Arc<[u8]>;

/// Reads the hexadecimal text of an identifier.
pub(super) fn object_id(text: &str) -> ObjectId {
    ObjectId::from_hex(text.as_bytes()).expect("identifiers hold 40 hexadecimal digits")
}

fn missing(id: &ObjectId) -> RepositoryError {
    RepositoryError::Missing { id: id.to_string() }
}

/// Says that an object is there and cannot be read.
pub(super) fn corrupt(
    id: &ObjectId,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> RepositoryError {
    RepositoryError::Corrupt { id: id.to_string(), source: source.into() }
}

impl GitRepository {
    /// Reads an object of any kind past all caches; `None` when it is absent.
    pub(super) fn read_any(&self, id: &ObjectId) -> Result<Option<(Kind, Bytes)>, RepositoryError> {
        self.pool.with(|reader| {
            let found = reader.handle.try_find(id, &mut reader.buffer);
            match found.map_err(|error| corrupt(id, error.to_string()))? {
                Some(object) => Ok(Some((object.kind, Bytes::from(object.data)))),
                None => Ok(None),
            }
        })
    }

    fn read(
        &self,
        id: &ObjectId,
        kind: Kind,
        cache: &ObjectCache,
    ) -> Result<Option<Bytes>, RepositoryError> {
        if let Some(bytes) = cache.get(id) {
            return Ok(Some(bytes));
        }
        match self.read_any(id)? {
            Some((found, bytes)) if found == kind => {
                cache.put(*id, &bytes);
                Ok(Some(bytes))
            }
            Some((found, _)) => Err(corrupt(id, format!("it is a {found}, not a {kind}"))),
            None => Ok(None),
        }
    }

    /// Reads the bytes of a tree.
    pub(super) fn tree_bytes(&self, id: &ObjectId) -> Result<Bytes, RepositoryError> {
        match self.read(id, Kind::Tree, &self.trees)? {
            Some(bytes) => Ok(bytes),
            // Git knows the empty tree without storing it.
            None if *id == ObjectId::empty_tree(id.kind()) => Ok(Bytes::from([])),
            None => Err(missing(id)),
        }
    }

    /// Reads where a commit comes from; `None` when it is absent.
    fn origin(&self, id: &ObjectId) -> Result<Option<Origin>, RepositoryError> {
        match self.commit(&CommitId::from_digest(id.as_slice())) {
            Ok(commit) => {
                let parents = commit.parents.iter().map(|parent| object_id(parent.as_str()));
                Ok(Some((parents.collect(), commit.committer.seconds)))
            }
            Err(RepositoryError::Missing { .. }) => Ok(None),
            Err(corrupt) => Err(corrupt),
        }
    }
}

impl Repository for GitRepository {
    fn commit(&self, id: &CommitId) -> Result<Commit, RepositoryError> {
        let object = object_id(id.as_str());
        let bytes = self.read(&object, Kind::Commit, &self.commits)?;
        let bytes = bytes.ok_or_else(|| missing(&object))?;
        decode::commit(id, &bytes).map_err(|error| corrupt(&object, error))
    }

    fn tree(&self, id: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
        let object = object_id(id.as_str());
        let bytes = self.tree_bytes(&object)?;
        let entries = decode::tree(&bytes).map_err(|error| corrupt(&object, error))?;
        Ok(entries.into_iter().map(decode::RawEntry::to_entry).collect())
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Bytes>, RepositoryError> {
        self.read(&object_id(id.as_str()), Kind::Blob, &self.blobs)
    }

    fn blob_size(&self, id: &BlobId) -> Result<Option<u64>, RepositoryError> {
        let object = object_id(id.as_str());
        if let Some(bytes) = self.blobs.get(&object) {
            return Ok(Some(bytes.len() as u64));
        }
        self.pool.with(|reader| match reader.handle.try_header(&object) {
            Ok(header) => Ok(header.map(|header| header.size())),
            Err(error) => Err(corrupt(&object, error.to_string())),
        })
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        let (one, other) = (object_id(one.as_str()), object_id(other.as_str()));
        for id in [&one, &other] {
            self.origin(id)?.ok_or_else(|| missing(id))?;
        }
        let found = self.graph.merge_base(one, other, |id| self.origin(id))?;
        Ok(found.map(|id| CommitId::from_digest(id.as_slice())))
    }

    fn files(&self, tree: &TreeId) -> Result<Vec<FileEntry>, RepositoryError> {
        trees::files(self, &object_id(tree.as_str()))
    }

    fn changes(&self, before: &TreeId, after: &TreeId) -> Result<Vec<TreeChange>, RepositoryError> {
        trees::changes(self, &object_id(before.as_str()), &object_id(after.as_str()))
    }
}
