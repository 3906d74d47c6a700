//! What does a change of one file look like as a patch `git apply` accepts?
//!
//! In: path, modes, ids and bytes. Out: the text of the patch, as bytes,
//! because files need not be text in any encoding.

use std::io::Write as _;
use std::ops::Range;

use backstory_model::{BlobId, FileMode, RepoPath};

use super::{Hunk, hunks, lines};

/// Equal lines shown around every change.
const CONTEXT: u32 = 3;

/// One version of a file.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What it is to git.
    pub mode: FileMode,
    /// Its blob.
    pub id: &'a BlobId,
    /// Its bytes; not looked at for submodules and by [`binary_stub`].
    pub content: &'a [u8],
}

/// How one path changes; a rename is a removal and an addition.
#[derive(Clone, Copy, Debug)]
pub struct FileChange<'a> {
    /// The path.
    pub path: &'a RepoPath,
    /// Before; `None` when added.
    pub before: Option<Side<'a>>,
    /// After; `None` when deleted.
    pub after: Option<Side<'a>>,
}

/// Returns the patch of one file with three lines of context.
///
/// Empty when both sides are the same. A change of type (a file that becomes a
/// link) is a deletion and a creation, as in git.
pub fn unified(change: &FileChange<'_>) -> Vec<u8> {
    by_type(change, |change, patch| {
        let submodule = |side: &Side<'_>| format!("Subproject commit {}\n", side.id).into_bytes();
        let content = |side: Option<Side<'_>>| match side {
            Some(side) if side.mode == FileMode::Submodule => submodule(&side),
            Some(side) => side.content.to_vec(),
            None => Vec::new(),
        };
        push_body(patch, change, &content(change.before), &content(change.after));
    })
}

/// Returns the patch of one file that says only that its content differs.
///
/// It names both versions by id and does not hold what `git apply` would need.
pub fn binary_stub(change: &FileChange<'_>) -> Vec<u8> {
    by_type(change, |change, patch| {
        let before = side_name(b"a/", change.path, change.before);
        let after = side_name(b"b/", change.path, change.after);
        push(patch, format_args!("Binary files {before} and {after} differ\n"));
    })
}

fn by_type(change: &FileChange<'_>, body: impl Fn(&FileChange<'_>, &mut Vec<u8>)) -> Vec<u8> {
    let mut patch = Vec::new();
    let mut one = |change: FileChange<'_>| {
        push_header(&mut patch, &change);
        if change.before.map(|s| s.id) != change.after.map(|s| s.id) {
            body(&change, &mut patch);
        }
    };
    match (change.before, change.after) {
        (None, None) => {}
        (Some(before), Some(after)) if before.mode == after.mode && before.id == after.id => {}
        (Some(before), Some(after)) if kind(before.mode) != kind(after.mode) => {
            one(FileChange { after: None, ..*change });
            one(FileChange { before: None, ..*change });
        }
        _ => one(*change),
    }
    patch
}

/// Returns the type bits of a mode: what must be equal for a change in place.
fn kind(mode: FileMode) -> u8 {
    match mode {
        FileMode::Plain | FileMode::Executable | FileMode::GroupWritable => 0,
        FileMode::Symlink => 1,
        FileMode::Submodule => 2,
        FileMode::Directory => 3,
    }
}

/// Returns the mode as git prints it: the historic `100664` reads as `100644`.
fn mode_text(mode: FileMode) -> &'static str {
    match mode {
        FileMode::Plain | FileMode::GroupWritable => "100644",
        FileMode::Directory => "040000",
        FileMode::Executable | FileMode::Symlink | FileMode::Submodule => mode.as_tree_text(),
    }
}

fn push_header(patch: &mut Vec<u8>, change: &FileChange<'_>) {
    let named = |prefix: &[u8]| written(prefix, change.path);
    push(patch, format_args!("diff --git {} {}\n", named(b"a/"), named(b"b/")));
    let zero = "0".repeat(40);
    let id = |side: Option<Side<'_>>| side.map_or(zero.clone(), |side| side.id.to_string());
    let (before, after) = (id(change.before), id(change.after));
    let modes = (change.before.map(|s| mode_text(s.mode)), change.after.map(|s| mode_text(s.mode)));
    match modes {
        (None, Some(mode)) => push(patch, format_args!("new file mode {mode}\n")),
        (Some(mode), None) => push(patch, format_args!("deleted file mode {mode}\n")),
        (Some(old), Some(new)) if old != new => {
            push(patch, format_args!("old mode {old}\nnew mode {new}\n"));
        }
        _ => {}
    }
    match modes {
        _ if before == after => {}
        (Some(old), Some(new)) if old == new => {
            push(patch, format_args!("index {before}..{after} {new}\n"));
        }
        _ => push(patch, format_args!("index {before}..{after}\n")),
    }
}

fn push_body(patch: &mut Vec<u8>, change: &FileChange<'_>, old: &[u8], new: &[u8]) {
    let before = side_name(b"a/", change.path, change.before);
    let after = side_name(b"b/", change.path, change.after);
    body(patch, (before, after), (old, new), &hunks(old, new));
}

/// Writes the names of both sides and the hunks; nothing where there is no hunk.
pub(super) fn body(
    patch: &mut Vec<u8>,
    (before, after): (String, String),
    (old, new): (&[u8], &[u8]),
    hunks: &[Hunk],
) {
    if hunks.is_empty() {
        return;
    }
    // A name with a space needs a mark where it ends.
    let ended = |name: String| {
        let tab = if name.contains(' ') && !name.starts_with('"') { "\t" } else { "" };
        format!("{name}{tab}")
    };
    push(patch, format_args!("--- {}\n+++ {}\n", ended(before), ended(after)));
    let (old, new) = (lines(old), lines(new));
    for group in groups(hunks) {
        push_group(patch, &group, &old, &new);
    }
}

/// Joins hunks whose context would touch.
fn groups(hunks: &[Hunk]) -> Vec<Vec<&Hunk>> {
    let mut groups: Vec<Vec<&Hunk>> = Vec::new();
    for hunk in hunks {
        match groups.last_mut() {
            Some(group)
                if group
                    .last()
                    .is_some_and(|last| hunk.before.start - last.before.end <= 2 * CONTEXT) =>
            {
                group.push(hunk);
            }
            _ => groups.push(vec![hunk]),
        }
    }
    groups
}

fn push_group(patch: &mut Vec<u8>, group: &[&Hunk], old: &[&[u8]], new: &[&[u8]]) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let lead = CONTEXT.min(first.before.start);
    let trail = CONTEXT.min(index(old.len()) - last.before.end);
    let before = first.before.start - lead..last.before.end + trail;
    let after = first.after.start - lead..last.after.end + trail;
    push(patch, format_args!("@@ -{} +{} @@\n", span(&before), span(&after)));
    let mut at = before.start;
    for hunk in group {
        push_lines(patch, b' ', old, at..hunk.before.start);
        push_lines(patch, b'-', old, hunk.before.clone());
        push_lines(patch, b'+', new, hunk.after.clone());
        at = hunk.before.end;
    }
    push_lines(patch, b' ', old, at..before.end);
}

fn push_lines(patch: &mut Vec<u8>, mark: u8, lines: &[&[u8]], range: Range<u32>) {
    for line in &lines[range.start as usize..range.end as usize] {
        patch.push(mark);
        patch.extend_from_slice(line);
        if !line.ends_with(b"\n") {
            patch.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}

/// Writes a range the way patches do: 1-based, without a length of one; an
/// empty range names the line before it.
fn span(range: &Range<u32>) -> String {
    match range.len() {
        0 => format!("{},0", range.start),
        1 => format!("{}", range.start + 1),
        length => format!("{},{length}", range.start + 1),
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn side_name(prefix: &[u8], path: &RepoPath, side: Option<Side<'_>>) -> String {
    side.map_or_else(|| "/dev/null".to_owned(), |_| written(prefix, path))
}

pub(super) fn written(prefix: &[u8], path: &RepoPath) -> String {
    RepoPath::from_bytes([prefix, path.as_bytes()].concat()).to_string()
}

pub(super) fn push(patch: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    patch.write_fmt(text).expect("writing to a vector cannot fail");
}
