//! Which issues does a repository keep in itself, under `refs/bugs`?
//!
//! In: the refs and objects that git-bug writes. Out: the records of one bug
//! after another: a version of the issue for every change of its title or first
//! message, comments, and what else happened. Every record is dated by its own
//! operation, so that what stood there at any time is known exactly. A bug that
//! cannot be read as a whole is told, not guessed. Reads objects and nothing else.

mod identity;
mod operation;
mod pack;
mod story;

use std::collections::BTreeMap;

use backstory_model::{Record, RepoName};
use gix::ObjectId;
use serde_json::value::RawValue;

use self::identity::Identities;
use self::operation::Operation;
use crate::{GitRepository, MineError};

/// Where git-bug keeps its bugs.
const BUGS: &str = "refs/bugs/";

/// A record and the operation it was read from.
#[derive(Debug)]
pub struct BugRecord {
    /// The record.
    pub record: Record,
    /// The operation, as it is stored.
    pub raw: Box<RawValue>,
}

/// What one bug says.
#[derive(Debug)]
pub struct Bug {
    /// The name of the bug, from its ref.
    pub name: String,
    /// Its records; empty when it is broken.
    pub records: Vec<BugRecord>,
    /// How many operations there are of kinds that are not kept.
    pub other: BTreeMap<String, u64>,
    /// Why it cannot be read.
    pub broken: Option<String>,
}

/// Returns true when a repository keeps bugs.
pub fn has_bugs(repo: &GitRepository) -> Result<bool, MineError> {
    Ok(!repo.refs_below(BUGS)?.is_empty())
}

/// Reads the bugs of a repository, by name.
///
/// The number of an issue is the one a forge gave it, where the bug was bridged
/// from an issue of `repo_name`; else 0, which no text can name.
pub fn bugs<'r>(
    repo: &'r GitRepository,
    repo_name: &'r RepoName,
) -> Result<impl Iterator<Item = Bug> + use<'r>, MineError> {
    let heads = repo.refs_below(BUGS)?;
    let identities = Identities::read(repo)?;
    Ok(heads.into_iter().map(move |(path, head)| {
        let name = path.strip_prefix(BUGS).unwrap_or(&path).to_owned();
        bug(repo, repo_name, &identities, name, head)
    }))
}

fn bug(
    repo: &GitRepository,
    repo_name: &RepoName,
    identities: &Identities,
    name: String,
    head: ObjectId,
) -> Bug {
    let operations = pack::packs(repo, head).and_then(|packs| {
        let mut operations = Vec::new();
        for pack in packs {
            let author = identities.author(pack.author.as_deref());
            for raw in pack.operations {
                operations.push(Operation::read(raw, author.clone())?);
            }
        }
        Ok(operations)
    });
    match operations.and_then(|operations| story::story(operations, repo_name)) {
        Ok(story) => Bug { name, records: story.records, other: story.other, broken: None },
        Err(why) => {
            Bug { name, records: Vec::new(), other: BTreeMap::new(), broken: Some(why.to_string()) }
        }
    }
}

/// Says why a bug cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BugError {
    /// An object is missing or damaged.
    #[error(transparent)]
    Object(#[from] backstory_model::RepositoryError),
    /// A commit holds no operations.
    #[error("commit `{commit}` holds no `ops` file")]
    NoOperations { commit: String },
    /// A commit is written in another form.
    #[error("commit `{commit}` has `{found}`; this build reads `version-4`")]
    Version { commit: String, found: String },
    /// The operations of a commit cannot be read.
    #[error("the operations of commit `{commit}` cannot be read: {why}")]
    Pack { commit: String, why: String },
    /// One operation cannot be read.
    #[error("operation `{id}` cannot be read: {why}")]
    Operation { id: String, why: String },
    /// The bug has no beginning.
    #[error("its first operation does not open it")]
    NotOpened,
}
