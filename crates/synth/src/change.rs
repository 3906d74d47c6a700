//! What does one authored commit do to each file?
//!
//! In: two trees. Out: [`FileChange`]s: edits of text, whole files written,
//! removals, moves, mode changes. Renames are found by equal content first and
//! by equal lines second; git itself records none.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{BlobId, Content, FileMode, RepoPath, Repository, RepositoryError, TreeId};

use crate::text::{Text, TextCache};

/// Text pairs with fewer equal lines than this share of all are not a rename.
const RENAME_SIMILARITY: f64 = 0.6;
/// More candidate pairs than this are not compared line by line.
const RENAME_PAIRS: usize = 400;
/// Files with fewer lines than this are renamed only by equal content.
const RENAME_LINES: usize = 4;

/// A file before or after a commit.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its mode.
    pub mode: FileMode,
    /// Its blob.
    pub blob: BlobId,
    /// Its text, or why it is not shown.
    pub text: Result<Arc<Text>, backstory_model::OpaqueReason>,
}

impl Version {
    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&Arc<Text>> {
        self.text.as_ref().ok()
    }

    /// Returns the content as a step writes it.
    pub fn content(&self) -> Content {
        match &self.text {
            Ok(_) => Content::Text { blob: self.blob.clone() },
            Err(reason) => Content::Opaque { blob: self.blob.clone(), reason: *reason },
        }
    }
}

/// What one commit does to one file.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// Where the file lay and what it held; `None` when it is added.
    pub before: Option<(RepoPath, Version)>,
    /// Where it lies and what it holds; `None` when it is removed.
    pub after: Option<(RepoPath, Version)>,
}

impl FileChange {
    /// Returns the path after the commit, or the one before for removals.
    pub fn path(&self) -> &RepoPath {
        match (&self.after, &self.before) {
            (Some((path, _)), _) | (None, Some((path, _))) => path,
            (None, None) => unreachable!("a change has a side"),
        }
    }
}

/// Lists what lies between two trees, in path order, renames paired.
pub fn file_changes(
    repo: &dyn Repository,
    texts: &TextCache,
    before: &TreeId,
    after: &TreeId,
) -> Result<Vec<FileChange>, RepositoryError> {
    let mut changes = Vec::new();
    for change in &repo.changes(before, after)? {
        let read = |side: &Option<(FileMode, BlobId)>| match side {
            None => Ok(None),
            Some((mode, blob)) => texts.text(repo, *mode, blob).map(|text| {
                Some((change.path.clone(), Version { mode: *mode, blob: blob.clone(), text }))
            }),
        };
        changes.push(FileChange { before: read(&change.before)?, after: read(&change.after)? });
    }
    Ok(pair_renames(changes))
}

fn pair_renames(changes: Vec<FileChange>) -> Vec<FileChange> {
    let movable = |side: &Option<(RepoPath, Version)>| {
        side.as_ref().is_some_and(|(_, version)| version.mode.is_file())
    };
    let at = |wanted: fn(&FileChange) -> bool, side: fn(&FileChange) -> &Option<_>| {
        (0..changes.len())
            .filter(|i| wanted(&changes[*i]) && movable(side(&changes[*i])))
            .collect::<Vec<_>>()
    };
    let mut gone = at(|c| c.after.is_none(), |c| &c.before);
    let mut added = at(|c| c.before.is_none(), |c| &c.after);
    if gone.is_empty() || added.is_empty() {
        return changes;
    }
    let mut pairs = equal_content(&changes, &gone, &added);
    gone.retain(|i| !pairs.iter().any(|(from, _)| from == i));
    added.retain(|i| !pairs.iter().any(|(_, to)| to == i));
    pairs.extend(equal_lines(&changes, &gone, &added));
    join(changes, &pairs)
}

fn equal_content(changes: &[FileChange], gone: &[usize], added: &[usize]) -> Vec<(usize, usize)> {
    let mut by_blob: BTreeMap<&BlobId, Vec<usize>> = BTreeMap::new();
    for to in added {
        if let Some((_, version)) = &changes[*to].after {
            let empty = version.as_text().is_some_and(|text| text.bytes().is_empty());
            if !empty {
                by_blob.entry(&version.blob).or_default().push(*to);
            }
        }
    }
    let mut pairs = Vec::new();
    for from in gone {
        let Some((path, version)) = &changes[*from].before else { continue };
        let Some(candidates) = by_blob.get_mut(&version.blob) else { continue };
        let same_name = |to: &usize| changes[*to].path().file_name() == path.file_name();
        let best = candidates.iter().position(same_name).unwrap_or(0);
        if best < candidates.len() {
            pairs.push((*from, candidates.remove(best)));
        }
    }
    pairs
}

fn equal_lines(changes: &[FileChange], gone: &[usize], added: &[usize]) -> Vec<(usize, usize)> {
    if gone.len() * added.len() > RENAME_PAIRS {
        return Vec::new();
    }
    let mut scored = Vec::new();
    for from in gone {
        for to in added {
            let old = changes[*from].before.as_ref().and_then(|(_, v)| v.as_text());
            let new = changes[*to].after.as_ref().and_then(|(_, v)| v.as_text());
            if let (Some(old), Some(new)) = (old, new) {
                let score = similarity(old, new);
                if score >= RENAME_SIMILARITY {
                    scored.push((score, *from, *to));
                }
            }
        }
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, from, to) in scored {
        if pairs.iter().all(|(f, t)| *f != from && *t != to) {
            pairs.push((from, to));
        }
    }
    pairs
}

/// Returns the share of lines two texts have in common, counted with repeats.
fn similarity(old: &Text, new: &Text) -> f64 {
    let (old, new) = (old.lines(), new.lines());
    if old.len() < RENAME_LINES || new.len() < RENAME_LINES {
        return 0.0;
    }
    let mut counts: BTreeMap<&[u8], i64> = BTreeMap::new();
    for line in &old {
        *counts.entry(line).or_default() += 1;
    }
    let mut common = 0_u32;
    for line in &new {
        if let Some(count) = counts.get_mut(line).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    let total = u32::try_from(old.len() + new.len()).unwrap_or(u32::MAX);
    2.0 * f64::from(common) / f64::from(total)
}

fn join(changes: Vec<FileChange>, pairs: &[(usize, usize)]) -> Vec<FileChange> {
    let mut sides: Vec<Option<FileChange>> = changes.into_iter().map(Some).collect();
    for (from, to) in pairs {
        let before = sides[*from].take().and_then(|change| change.before);
        if let Some(change) = &mut sides[*to] {
            change.before = before;
        }
    }
    sides.into_iter().flatten().collect()
}
