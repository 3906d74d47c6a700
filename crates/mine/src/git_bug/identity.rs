//! Who wrote an operation?
//!
//! In: the identities git-bug keeps under `refs/identities`. Out: a name by id:
//! the login on the forge if there is one. Deleted accounts have no name.

use std::collections::BTreeMap;

use backstory_model::{BlobId, CommitId, Repository as _};
use gix::ObjectId;
use serde::Deserialize;

use crate::{GitRepository, MineError};

const IDENTITIES: &str = "refs/identities/";

/// The account GitHub shows in place of deleted ones.
const DELETED: &str = "ghost";

/// The names of all identities.
pub(super) struct Identities(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

impl Identities {
    /// Reads the newest version of every identity; one that cannot be read has no name.
    pub(super) fn read(repo: &GitRepository) -> Result<Self, MineError> {
        let mut names = BTreeMap::new();
        for (path, head) in repo.refs_below(IDENTITIES)? {
            let id = path.strip_prefix(IDENTITIES).unwrap_or(&path);
            if let Some(name) = newest(repo, head).and_then(Version::shown) {
                names.insert(id.to_owned(), name);
            }
        }
        Ok(Self(names))
    }

    /// Returns the name of an identity.
    pub(super) fn author(&self, id: Option<&str>) -> Option<String> {
        self.0.get(id?).cloned()
    }
}

fn newest(repo: &GitRepository, head: ObjectId) -> Option<Version> {
    let commit = repo.commit(&CommitId::from_digest(head.as_slice())).ok()?;
    let tree = repo.tree(&commit.tree).ok()?;
    let entry = tree.iter().find(|entry| entry.name == b"version")?;
    let blob = repo.blob(&BlobId::clone(&entry.id)).ok()??;
    serde_json::from_slice(&blob).ok()
}

impl Version {
    fn shown(self) -> Option<String> {
        let github = self.metadata.and_then(|mut known| known.remove("github-login"));
        let shown = self.login.filter(|login| !login.is_empty()).or(self.name)?;
        let deleted = github.as_deref() == Some(DELETED);
        (!deleted && !shown.is_empty()).then_some(shown)
    }
}
