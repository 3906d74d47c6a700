//! Which commit does a name mean?
//!
//! In: branches, tags, ids long or short, and pull request numbers. Out: commit
//! ids. Reads loose and packed refs.

use std::collections::BTreeMap;
#[expect(clippy::disallowed_types, reason = "the object store asks for it")]
use std::collections::HashSet;

use backstory_model::CommitId;
use gix::ObjectId;
use gix::hash::Prefix;
use gix::objs::Kind;
use gix::odb::Header as _;
use gix::refs::Target;

use super::{GitRepository, decode};
use crate::MineError;

/// Symbolic refs that point at symbolic refs end somewhere.
const MAX_HOPS: usize = 8;

/// Where forges keep the heads of pull and merge requests.
const PULL_PREFIXES: [&str; 2] = ["refs/pull/", "refs/merge-requests/"];

/// Where tags are kept.
const TAG_PREFIX: &str = "refs/tags/";

impl GitRepository {
    /// Returns the commit a revision names: `HEAD` by default, a full id, a
    /// branch, a tag or other ref, or a short id, in this order.
    pub fn resolve(&self, revision: Option<&str>) -> Result<CommitId, MineError> {
        let name = revision.unwrap_or("HEAD");
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return self.peel(id, name);
        }
        if let Some(id) = self.follow(name)? {
            return self.peel(id, name).map_err(|error| match error {
                MineError::UnknownRevision { revision: name, path } => {
                    MineError::MissingTip { name, id: id.to_string(), path }
                }
                other => other,
            });
        }
        if revision.is_none() {
            return Err(MineError::NoCommits { path: self.layout.path.clone() });
        }
        self.short_id(name)
    }

    /// Returns the heads of pull requests (`refs/pull/N/head`) and merge
    /// requests (`refs/merge-requests/N/head`) whose commit is in the repository.
    pub fn refs_pull_heads(&self) -> Result<BTreeMap<u64, CommitId>, MineError> {
        let mut heads = BTreeMap::new();
        for prefix in PULL_PREFIXES {
            for (number, id) in self.numbered_heads(prefix)? {
                heads.entry(number).or_insert(id);
            }
        }
        Ok(heads)
    }

    /// Returns every tag whose commit is in the repository, by name.
    pub fn refs_tags(&self) -> Result<BTreeMap<String, CommitId>, MineError> {
        let mut tags = BTreeMap::new();
        for (name, id) in self.refs_below(TAG_PREFIX)? {
            // A tag may name a tree.
            if let Some(name) = name.strip_prefix(TAG_PREFIX)
                && let Ok(commit) = self.peel(id, name)
            {
                tags.insert(name.to_owned(), commit);
            }
        }
        Ok(tags)
    }

    fn numbered_heads(&self, prefix: &str) -> Result<Vec<(u64, CommitId)>, MineError> {
        let mut heads = Vec::new();
        for (name, id) in self.refs_below(prefix)? {
            if let Some(number) = pull_number(name.as_bytes(), prefix)
                && self.has_commit(&id)
            {
                heads.push((number, CommitId::from_digest(id.as_slice())));
            }
        }
        Ok(heads)
    }

    /// Returns the refs whose names begin with `prefix`, by name, with what they
    /// name; symbolic refs and names that are not UTF-8 are left out.
    pub(crate) fn refs_below(&self, prefix: &str) -> Result<Vec<(String, ObjectId)>, MineError> {
        let place = &self.layout.common_directory;
        let failed = |error: String| MineError::unreadable(place.join("refs"), error);
        let platform = self.refs.iter().map_err(|error| failed(error.to_string()))?;
        let path = prefix.try_into().map_err(|error| failed(format!("{error}")))?;
        let mut heads = Vec::new();
        for found in platform.prefixed(path).map_err(|error| failed(error.to_string()))? {
            let found = found.map_err(|error| failed(error.to_string()))?;
            if let Target::Object(id) = found.target
                && let Ok(name) = std::str::from_utf8(found.name.as_bstr())
            {
                heads.push((name.to_owned(), id));
            }
        }
        Ok(heads)
    }

    fn has_commit(&self, id: &ObjectId) -> bool {
        self.pool.with(|reader| {
            let header = reader.handle.try_header(id);
            matches!(header, Ok(Some(header)) if header.kind() == Kind::Commit)
        })
    }

    fn follow(&self, name: &str) -> Result<Option<ObjectId>, MineError> {
        let mut name = name.to_owned();
        for _ in 0..MAX_HOPS {
            let found = match self.refs.try_find(name.as_str()) {
                Ok(found) => found,
                // What cannot be the name of a ref is none.
                Err(_) if gix::validate::reference::name_partial(name.as_str().into()).is_err() => {
                    return Ok(None);
                }
                Err(error) => {
                    let place = self.layout.common_directory.join("refs");
                    return Err(MineError::unreadable(place, error.to_string()));
                }
            };
            match found.map(|found| found.target) {
                Some(Target::Object(id)) => return Ok(Some(id)),
                Some(Target::Symbolic(next)) => name = next.as_bstr().to_string(),
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Follows annotated tags to the commit they name.
    fn peel(&self, mut id: ObjectId, name: &str) -> Result<CommitId, MineError> {
        loop {
            match self.read_any(&id)? {
                Some((Kind::Commit, _)) => return Ok(CommitId::from_digest(id.as_slice())),
                Some((Kind::Tag, bytes)) => {
                    let target = decode::tag_target(&bytes);
                    id = target.map_err(|error| super::objects::corrupt(&id, error))?;
                }
                Some(_) => return Err(MineError::NotACommit { revision: name.to_owned() }),
                None => return Err(self.unknown(name)),
            }
        }
    }

    fn short_id(&self, name: &str) -> Result<CommitId, MineError> {
        let Ok(prefix) = Prefix::from_hex(name) else { return Err(self.unknown(name)) };
        #[expect(clippy::disallowed_types, reason = "the object store asks for it")]
        let mut candidates: HashSet<ObjectId> = HashSet::new();
        let looked_up =
            self.pool.with(|reader| reader.handle.lookup_prefix(prefix, Some(&mut candidates)));
        looked_up
            .map_err(|error| MineError::unreadable(self.layout.objects(), error.to_string()))?;
        // Trees and blobs are not what a revision is asked for.
        let mut commits: Vec<CommitId> =
            candidates.into_iter().filter_map(|id| self.peel(id, name).ok()).collect();
        commits.sort();
        commits.dedup();
        match <[CommitId; 1]>::try_from(commits) {
            Ok([commit]) => Ok(commit),
            Err(none) if none.is_empty() => Err(self.unknown(name)),
            Err(_) => Err(MineError::AmbiguousRevision {
                revision: name.to_owned(),
                path: self.layout.path.clone(),
            }),
        }
    }

    fn unknown(&self, name: &str) -> MineError {
        MineError::UnknownRevision { revision: name.to_owned(), path: self.layout.path.clone() }
    }
}

/// Reads `12` out of `refs/pull/12/head`.
fn pull_number(name: &[u8], prefix: &str) -> Option<u64> {
    let number = name.strip_prefix(prefix.as_bytes())?.strip_suffix(b"/head")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}
