//! In which order were the operations of a bug made?
//!
//! In: the head of a bug. Out: the packs of operations behind it, each a commit,
//! by their Lamport clock; packs made at the same tick on different machines are
//! ordered by the digest of their content, as git-bug orders them.

use std::collections::BTreeSet;

use backstory_model::{CommitId, Repository as _, TreeEntry};
use gix::ObjectId;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::BugError;
use crate::GitRepository;

/// The largest pack that is read.
const LARGEST_PACK: u64 = 64 << 20;

const VERSION: &str = "version-4";

/// The operations of one commit.
pub(super) struct Pack {
    /// The id of the identity that made them.
    pub(super) author: Option<String>,
    /// The operations, in order.
    pub(super) operations: Vec<Box<RawValue>>,
    clock: u64,
    digest: [u8; 32],
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    author: Option<Author>,
    #[serde(default)]
    ops: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Author {
    id: String,
}

/// Returns the packs of a bug, first to last.
pub(super) fn packs(repo: &GitRepository, head: ObjectId) -> Result<Vec<Pack>, BugError> {
    let mut packs = Vec::new();
    let mut open = vec![CommitId::from_digest(head.as_slice())];
    let mut seen: BTreeSet<CommitId> = open.iter().cloned().collect();
    while let Some(id) = open.pop() {
        let commit = repo.commit(&id)?;
        packs.push(pack(repo, &id, &repo.tree(&commit.tree)?)?);
        open.extend(commit.parents.into_iter().filter(|parent| seen.insert(parent.clone())));
    }
    packs.sort_by_key(|pack| (pack.clock, pack.digest));
    Ok(packs)
}

fn pack(repo: &GitRepository, id: &CommitId, tree: &[TreeEntry]) -> Result<Pack, BugError> {
    let named = |start: &str| {
        tree.iter().find_map(|entry| {
            let name = std::str::from_utf8(&entry.name).ok()?;
            name.starts_with(start).then(|| name.to_owned())
        })
    };
    let commit = id.to_string();
    let Some(entry) = tree.iter().find(|entry| entry.name == b"ops") else {
        return Err(BugError::NoOperations { commit });
    };
    let found = named("version-").unwrap_or_else(|| "no version".to_owned());
    if found != VERSION {
        return Err(BugError::Version { commit, found });
    }
    let broken = |why: String| BugError::Pack { commit: commit.clone(), why };
    let clock = named("edit-clock-")
        .and_then(|name| name.rsplit('-').next()?.parse().ok())
        .ok_or_else(|| broken("there is no edit clock".to_owned()))?;
    if repo.blob_size(&entry.id)?.is_some_and(|size| size > LARGEST_PACK) {
        return Err(broken(format!("it is larger than {} MiB", LARGEST_PACK >> 20)));
    }
    let blob = repo.blob(&entry.id)?.ok_or_else(|| broken("it is missing".to_owned()))?;
    let stored: Stored =
        serde_json::from_slice(&blob).map_err(|error| broken(error.to_string()))?;
    Ok(Pack {
        author: stored.author.map(|author| author.id),
        operations: stored.ops.unwrap_or_default(),
        clock,
        digest: Sha256::digest(&blob).into(),
    })
}
