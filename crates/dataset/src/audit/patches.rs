//! Do the two stored patches lead from the base tree to the head tree?
//!
//! In: a trajectory and the repository. Out: findings. Hunks of both patches
//! stand against the base, and one file may have hunks in both.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{BlobId, FileMode, RepoPath, RepositoryError, Trajectory, TreeChange};

use super::finding::{Findings, Place};
use super::patch::{self, FilePatch, Hunk};
use super::replay::stored;
use super::sources::Sources;
use super::text::{Reading, Text, Texts};
use super::worktree::Entry;

const PLACE: Place<'static> = Place { step: None, rule: "whole/patch", tier: None };

/// Checks both patches; returns how many were applied.
pub(super) fn check(
    trajectory: &Trajectory,
    sources: Sources<'_>,
    texts: &Texts,
    findings: &mut Findings,
) -> u64 {
    let place = Place::whole("whole/stored");
    let mut patched = BTreeMap::<RepoPath, Vec<FilePatch>>::new();
    for id in [&trajectory.gold_patch, &trajectory.test_patch] {
        let bytes = stored(sources, findings, place, id).unwrap_or_default();
        match patch::parse(&bytes) {
            Ok(files) => {
                for (path, file) in files {
                    patched.entry(path).or_default().extend(file);
                }
            }
            Err(wrong) => findings.note(PLACE, "a unified patch", wrong),
        }
    }
    let unit = &trajectory.unit;
    match sources.repo.changes(&unit.base_tree, &unit.head_tree) {
        Ok(changes) => compare(&changes, &patched, sources, texts, findings),
        Err(error) => findings.note(PLACE, "trees that can be read", error),
    }
    2
}

fn compare(
    changes: &[TreeChange],
    patched: &BTreeMap<RepoPath, Vec<FilePatch>>,
    sources: Sources<'_>,
    texts: &Texts,
    findings: &mut Findings,
) {
    let changed: Vec<&RepoPath> = changes.iter().map(|change| &change.path).collect();
    findings.equal(PLACE, "patched files", (&changed, &patched.keys().collect()));
    for change in changes {
        let Some(files) = patched.get(&change.path) else { continue };
        let wrong = match file(change, files, sources, texts) {
            Ok(Ok(())) => continue,
            Ok(Err(wrong)) => wrong,
            Err(error) => error.to_string(),
        };
        let expected = format!("the change of `{}`", change.path);
        findings.note(PLACE, expected, wrong);
    }
}

/// Checks what the patches say about one file.
fn file(
    change: &TreeChange,
    files: &[FilePatch],
    sources: Sources<'_>,
    texts: &Texts,
) -> Result<Result<(), String>, RepositoryError> {
    if let [deleted, new] = files
        && (deleted.is_deleted && new.is_new)
        && change.before.is_some()
        && change.after.is_some()
    {
        let gone = TreeChange { after: None, ..change.clone() };
        let come = TreeChange { before: None, ..change.clone() };
        let gone = file(&gone, &files[..1], sources, texts)?;
        return Ok(gone.and(file(&come, &files[1..], sources, texts)?));
    }
    let before = side(change.before.as_ref(), sources, texts)?;
    let after = side(change.after.as_ref(), sources, texts)?;
    for file in files {
        if let Err(wrong) = header(change, file) {
            return Ok(Err(wrong));
        }
    }
    let binary = files.iter().any(|file| file.is_binary);
    // A link is text to git and opaque to a reader; both forms say the same.
    let may_be_binary =
        [&change.before, &change.after].into_iter().flatten().any(|(mode, _)| !mode.is_file());
    Ok(match (before, after) {
        (Side::Opaque, _) | (_, Side::Opaque) => {
            let same =
                change.before.as_ref().map(|(_, id)| id) == change.after.as_ref().map(|(_, id)| id);
            let hunks = files.iter().any(|file| !file.hunks.is_empty());
            check_that(binary != same && !hunks, "said to differ", "a content that is not text")
        }
        _ if binary => check_that(may_be_binary, "shown as text", "said to differ"),
        (before, after) => content(before.text(), after.text(), files),
    })
}

fn check_that(holds: bool, expected: &str, found: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("{found}; it must be {expected}")) }
}

enum Side {
    Absent,
    Text(Arc<Text>),
    Opaque,
}

impl Side {
    fn text(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.bytes(),
            Self::Absent | Self::Opaque => &[],
        }
    }
}

fn side(
    entry: Option<&Entry>,
    sources: Sources<'_>,
    texts: &Texts,
) -> Result<Side, RepositoryError> {
    let Some((mode, id)) = entry else { return Ok(Side::Absent) };
    if *mode == FileMode::Submodule {
        return Ok(Side::Opaque);
    }
    Ok(match texts.read(sources.repo, id)? {
        Reading::Text(text) => Side::Text(text),
        Reading::Opaque => Side::Opaque,
    })
}

/// Checks modes and ids of the header.
fn header(change: &TreeChange, file: &FilePatch) -> Result<(), String> {
    let mode = |side: &Option<Entry>| side.as_ref().map(|(mode, _)| *mode);
    let (before, after) = (mode(&change.before), mode(&change.after));
    let said = match (before, after) {
        (None, after) => (file.is_new, file.is_deleted, None, after),
        (before, None) => (file.is_new, file.is_deleted, before, None),
        (before, after) if before == after => (false, false, None, None),
        (before, after) => (false, false, before, after),
    };
    let expected = (before.is_none(), after.is_none(), said.2, said.3);
    let found = (file.is_new, file.is_deleted, file.old_mode, file.new_mode);
    if expected != found {
        return Err(format!(
            "a header of new, deleted, old mode, new mode {found:?}, not {expected:?}"
        ));
    }
    if file.kept_mode.is_some() && (before != after || file.kept_mode != before) {
        return Err(format!("an index line with mode {:?}", file.kept_mode));
    }
    let Some((old, new)) = &file.index else { return Ok(()) };
    let fits = |short: &str, side: &Option<Entry>| match side {
        Some((_, id)) => short.len() >= 7 && id.as_str().starts_with(short),
        None => short.len() >= 7 && short.bytes().all(|digit| digit == b'0'),
    };
    let good = fits(old, &change.before) && fits(new, &change.after);
    check_that(good, "the ids of both sides", &format!("an index line {old}..{new}"))
}

/// Applies the hunks of all patches of one file to its old content.
fn content(before: &[u8], after: &[u8], files: &[FilePatch]) -> Result<(), String> {
    let mut hunks: Vec<&Hunk> = files.iter().flat_map(|file| &file.hunks).collect();
    hunks.sort_by_key(|hunk| hunk.old_start);
    let made = patch::apply(&patch::lines_of(before), &hunks, files.len() == 1)?;
    if made == after {
        return Ok(());
    }
    let name = |content: &[u8]| -> BlobId { backstory_model::git_object_id("blob", content) };
    Err(format!("a content of blob {}, not {}", name(&made), name(after)))
}
