//! Which units does the mainline have, and which of them are to be done?
//!
//! In: a repository, the commit to start from, and the options. Out: one
//! [`WorkUnit`] per first-parent commit, oldest first. Only commits are read: no
//! tree is opened and nothing is compared.

use std::collections::BTreeMap;

use backstory_model::{
    CommitId, ExecuteOptions, RepoName, Repository as _, RepositoryError, RunOptions,
    SchemaVersion, UnitId, UnitKey, WorkUnit,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::link::pull_number;
use crate::{GitRepository, MineError};

/// What the key of a unit says about the tool; another version does the work again.
const TOOL: &str = concat!("backstory ", env!("CARGO_PKG_VERSION"));

/// Lists the units of the mainline that ends at `head`, oldest first.
///
/// Ids are given over the whole history before `since`, `units` and `limit` apply, so
/// that a unit is called the same in every run. `salt` goes into every key: it
/// stands for inputs that are not in git, e.g., the digest of the records.
pub fn plan(
    repo: &GitRepository,
    head: &CommitId,
    name: &RepoName,
    options: &RunOptions,
    salt: &[u8],
) -> Result<Vec<WorkUnit>, MineError> {
    let heads = repo.refs_pull_heads()?;
    let mainline = mainline(repo, head, &Pulls::of(&heads))?;
    let known = KnownPulls::of(&heads);
    let mut units = Vec::new();
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    for (position, step) in (0..).zip(&mainline) {
        let unit = unit_id(name, step, &mut seen);
        let early = options.since.is_some_and(|since| step.seconds < since);
        let unnamed = !options.units.is_empty() && !options.units.contains(&unit);
        if early || unnamed {
            continue;
        }
        let pull_head = step.pull.and_then(|number| heads.get(&number)).cloned();
        let mut work = WorkUnit {
            key: UnitKey::from_digest(&[0; 32]),
            repo: name.clone(),
            unit,
            commit: step.commit.clone(),
            position,
            pull: step.pull,
            pull_head,
        };
        work.key = key(&work, options, known.before(step.pull), salt);
        units.push(work);
    }
    if let Some(limit) = options.limit {
        let newest = usize::try_from(limit).unwrap_or(usize::MAX);
        units.drain(..units.len().saturating_sub(newest));
    }
    Ok(units)
}

/// One commit of the mainline.
struct Mainline {
    commit: CommitId,
    pull: Option<u64>,
    seconds: i64,
}

/// Walks the first parents of `head` and returns them oldest first.
///
/// A shallow clone ends at a commit whose parents are not there; that commit
/// comes first and is rejected later with `tree_missing`.
fn mainline(
    repo: &GitRepository,
    head: &CommitId,
    pulls: &Pulls,
) -> Result<Vec<Mainline>, MineError> {
    let mut mainline: Vec<Mainline> = Vec::new();
    let mut next = Some(head.clone());
    while let Some(id) = next {
        let commit = match repo.commit(&id) {
            Err(RepositoryError::Missing { .. }) if !mainline.is_empty() => {
                let last = mainline.pop().map_or_else(|| head.clone(), |last| last.commit);
                return Err(MineError::BrokenHistory { commit: last, parent: id });
            }
            other => other?,
        };
        let pull = pull_number(&commit.message).or_else(|| pulls.merged_by(&commit.parents));
        next = commit.parents.first().cloned();
        if next.is_some() && repo.is_shallow_boundary(&id) {
            next = None;
        }
        mainline.push(Mainline { commit: id, pull, seconds: commit.committer.seconds });
    }
    mainline.reverse();
    Ok(mainline)
}

/// Pull requests by their head, where only one has it.
struct Pulls(BTreeMap<CommitId, Option<u64>>);

impl Pulls {
    fn of(heads: &BTreeMap<u64, CommitId>) -> Self {
        let mut by_head = BTreeMap::new();
        for (number, head) in heads {
            by_head.entry(head.clone()).and_modify(|only| *only = None).or_insert(Some(*number));
        }
        Self(by_head)
    }

    /// Returns the pull request a merge commit merges, whatever its message says.
    fn merged_by(&self, parents: &[CommitId]) -> Option<u64> {
        match parents {
            [_, merged] => *self.0.get(merged)?,
            _ => None,
        }
    }
}

/// For every pull request number, a digest of the known numbers up to it.
///
/// Links of a unit depend on which smaller numbers are pull requests, so these
/// belong to its key, and larger ones must not.
struct KnownPulls(BTreeMap<u64, [u8; 32]>);

impl KnownPulls {
    fn of(heads: &BTreeMap<u64, CommitId>) -> Self {
        let mut so_far = [0; 32];
        let digests = heads.keys().map(|number| {
            let hasher = Sha256::new().chain_update(so_far).chain_update(number.to_be_bytes());
            so_far = hasher.finalize().into();
            (*number, so_far)
        });
        Self(digests.collect())
    }

    fn before(&self, pull: Option<u64>) -> [u8; 32] {
        let smaller = pull.and_then(|pull| self.0.range(..pull).next_back());
        smaller.map_or([0; 32], |(_, digest)| *digest)
    }
}

fn unit_id(name: &RepoName, step: &Mainline, seen: &mut BTreeMap<u64, u32>) -> UnitId {
    let Some(number) = step.pull else {
        return UnitId::new(format!("{}-{}", name.flat(), &step.commit.as_str()[..12]));
    };
    let times = seen.entry(number).or_default();
    *times += 1;
    match times {
        1 => UnitId::new(format!("{}-{number}", name.flat())),
        again => UnitId::new(format!("{}-{number}.{again}", name.flat())),
    }
}

/// Everything a unit's output depends on.
#[derive(Serialize)]
struct KeyInput<'a> {
    schema: SchemaVersion,
    tool: &'a str,
    file_limit: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    execute: Option<&'a ExecuteOptions>,
    repo: &'a RepoName,
    unit: &'a UnitId,
    commit: &'a CommitId,
    position: u32,
    pull: Option<u64>,
    pull_head: Option<&'a CommitId>,
    known_pulls: [u8; 32],
    salt: &'a [u8],
}

fn key(work: &WorkUnit, options: &RunOptions, known_pulls: [u8; 32], salt: &[u8]) -> UnitKey {
    let input = KeyInput {
        schema: SchemaVersion::CURRENT,
        tool: TOOL,
        file_limit: options.file_limit,
        execute: options.execute.as_ref(),
        repo: &work.repo,
        unit: &work.unit,
        commit: &work.commit,
        position: work.position,
        pull: work.pull,
        pull_head: work.pull_head.as_ref(),
        known_pulls,
        salt,
    };
    let text = serde_json::to_vec(&input).expect("plain fields serialize");
    UnitKey::from_digest(&Sha256::digest(text))
}
