//! Which edits make one authored commit, in which order?
//!
//! In: what the commit does to each file. Out: a [`StatePlan`]: search/replace
//! edits with shortest unique anchors, whole files, removals and moves, ordered
//! definition before use; and the lines that must have been seen before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use backstory_model::{
    Action, BlobId, FileRole, FileStructure, RepoPath, RepoSnapshot, git_object_id,
};
use backstory_syntax::diff::{self, Hunk};

use crate::anchor;
use crate::change::{FileChange, Version};
use crate::order::{Piece, definition_before_use};
use crate::reconstruct::ParseFile;
use crate::seen::FileEnd;
use crate::share::{self, Share};
use crate::text::{Text, words};

/// A file with more changed places than this is written whole.
const MOST_HUNKS: usize = 200;
/// Added to the class of what must wait for the tests; above every class.
const BEHIND_TESTS: u8 = 8;

/// One step that changes the work tree.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    /// What is done.
    pub action: Action,
    /// The blob of the path before.
    pub before: Option<BlobId>,
    /// The blob of the path after.
    pub after: Option<BlobId>,
    /// The file is as the commit leaves it.
    pub settled: bool,
}

/// The lines of one file that must be seen before the state's changes.
#[derive(Clone, Debug)]
pub struct Need {
    /// The blob at the start of the state.
    pub blob: BlobId,
    /// Its text.
    pub text: Arc<Text>,
    /// The lines, 1-based; where there are none, any line will do.
    pub lines: BTreeSet<u32>,
}

/// Lines one file gains.
#[derive(Clone, Debug)]
pub struct Added {
    /// Where the file lay at the start of the state, if it was there.
    pub from: Option<RepoPath>,
    /// Where it lies afterwards.
    pub path: RepoPath,
    /// Its text afterwards.
    pub text: Arc<Text>,
    /// The blob of that text.
    pub blob: BlobId,
    /// The added lines, 0-based.
    pub ranges: Vec<Range<u32>>,
}

impl Added {
    /// Lists the words of the added lines.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines();
        let added = self.ranges.iter().flat_map(|range| lines[as_usize(range)].to_vec());
        let bytes: Vec<&[u8]> = added.collect();
        bytes.into_iter().flat_map(words).filter_map(|word| std::str::from_utf8(word).ok())
    }
}

/// Everything one authored commit asks for.
#[derive(Debug, Default)]
pub struct StatePlan {
    /// The changes, in order.
    pub steps: Vec<PlannedStep>,
    /// How many of them, from the first, are the tests; 0 unless these come first.
    pub tests: usize,
    /// What must be seen first, by the path at the start of the state.
    pub needs: BTreeMap<RepoPath, Need>,
    /// Where the marks of seen lines go.
    pub ends: Vec<FileEnd>,
    /// The added lines, file by file; files written whole are here even when empty.
    pub added: Vec<Added>,
    /// Files whose edits do not give what the commit holds; empty unless the
    /// line diff and the edits disagree.
    pub broken: Vec<RepoPath>,
}

/// One file's share of a commit.
struct FileWork<'a> {
    change: &'a FileChange,
    kind: WorkKind<'a>,
}

enum WorkKind<'a> {
    Hunks { new: &'a Version, hunks: Vec<Hunk>, edit: Box<OpenEdit<'a>> },
    Rename,
    Mode,
    Write,
    Delete,
}

/// A file in the middle of its edits.
struct OpenEdit<'a> {
    lines: Vec<(&'a [u8], Option<u32>)>,
    new_lines: Vec<&'a [u8]>,
    applied: Vec<bool>,
    blob: BlobId,
}

/// What one item of the order stands for.
#[derive(Clone, Copy)]
enum Item {
    Hunk(usize, usize),
    Move(usize),
    SetMode(usize),
    Whole(usize),
}

/// What comes first among the changes of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// What others use.
    Definitions,
    /// The test side of the commit.
    Tests,
}

impl Item {
    /// Returns the number of the file.
    fn file(&self) -> usize {
        match self {
            Self::Hunk(at, _) | Self::Move(at) | Self::SetMode(at) | Self::Whole(at) => *at,
        }
    }
}

/// Plans the edits of one commit.
///
/// Pure: what has been seen before does not change the plan. Where the tests
/// come first and cannot stand alone, [`StatePlan::tests`] is 0.
pub fn plan_state(
    changes: &[FileChange],
    snapshot: &RepoSnapshot,
    parse: ParseFile<'_>,
    first: First,
) -> StatePlan {
    let mut works: Vec<FileWork<'_>> = changes.iter().map(file_work).collect();
    let ranks = component_ranks(snapshot);
    works.sort_by_cached_key(|work| natural_key(work, &ranks));
    let mut items = items(&works);
    let tests = match first {
        First::Definitions => 0,
        First::Tests => tests_to_the_front(&works, &mut items, parse),
    };
    let mut pieces = pieces(&works, &items, parse);
    for piece in &mut pieces[tests..] {
        piece.class += if first == First::Tests { BEHIND_TESTS } else { 0 };
    }
    let order = definition_before_use(&pieces);
    let mut plan = StatePlan::default();
    for at in &order {
        apply_item(&mut works, items[*at], &mut plan);
    }
    if order[..tests].iter().all(|at| *at < tests) {
        plan.tests = tests;
    }
    for work in &works {
        plan.ends.push(file_end(work));
        plan.added.extend(added(work));
        if let WorkKind::Hunks { new, edit, .. } = &work.kind
            && edit.blob != new.blob
        {
            plan.broken.push(work.change.path().clone());
        }
    }
    plan
}

/// Puts the items of the test side before the others; returns how many there are.
fn tests_to_the_front(works: &[FileWork<'_>], items: &mut [Item], parse: ParseFile<'_>) -> usize {
    let shares: Vec<Share> = works.iter().map(|work| share_of(work, parse)).collect();
    let is_test = |item: &Item| match (item, &shares[item.file()]) {
        (Item::Hunk(_, at), Share::Both { hunks }) => hunks[*at].1,
        (_, share) => *share == Share::Test,
    };
    items.sort_by_cached_key(|item| !is_test(item));
    items.iter().filter(|item| is_test(item)).count()
}

fn share_of(work: &FileWork<'_>, parse: ParseFile<'_>) -> Share {
    match (&work.kind, &work.change.before, &work.change.after) {
        (WorkKind::Hunks { .. }, Some((from, old)), Some((to, new)))
            if from == to && old.mode == new.mode =>
        {
            let texts = old.as_text().zip(new.as_text());
            texts.map_or_else(
                || share::by_role(to),
                |(before, after)| {
                    share::of_edited(to, (&old.blob, before), (&new.blob, after), parse)
                },
            )
        }
        _ => share::by_role(work.change.path()),
    }
}

fn file_work(change: &FileChange) -> FileWork<'_> {
    let kind = match (&change.before, &change.after) {
        (Some((from, old)), Some((to, new))) if old.blob == new.blob => {
            if from == to && old.mode.is_file() == new.mode.is_file() && old.mode.is_file() {
                WorkKind::Mode
            } else if from == to {
                WorkKind::Write
            } else {
                WorkKind::Rename
            }
        }
        (Some((from, old)), Some((to, new))) => hunks_or_whole(old, new, from != to),
        (None, _) => WorkKind::Write,
        (Some(_), None) => WorkKind::Delete,
    };
    FileWork { change, kind }
}

fn hunks_or_whole<'a>(old: &'a Version, new: &'a Version, moved: bool) -> WorkKind<'a> {
    let files = old.mode.is_file() && new.mode.is_file();
    let (Some(before), Some(after)) = (old.as_text(), new.as_text()) else {
        return WorkKind::Write;
    };
    if !files || before.bytes().is_empty() {
        return WorkKind::Write;
    }
    let hunks = diff::hunks(before.bytes(), after.bytes());
    if hunks.len() > MOST_HUNKS && !moved {
        return WorkKind::Write;
    }
    let lines = before.lines().into_iter().zip((0..).map(Some)).collect();
    let edit = Box::new(OpenEdit {
        lines,
        new_lines: after.lines(),
        applied: vec![false; hunks.len()],
        blob: old.blob.clone(),
    });
    WorkKind::Hunks { new, hunks, edit }
}

fn component_ranks(snapshot: &RepoSnapshot) -> BTreeMap<&RepoPath, usize> {
    let components = snapshot.graph.components.iter().enumerate();
    components.flat_map(|(rank, paths)| paths.iter().map(move |path| (path, rank))).collect()
}

type NaturalKey = (u8, bool, usize, RepoPath);

fn natural_key(work: &FileWork<'_>, ranks: &BTreeMap<&RepoPath, usize>) -> NaturalKey {
    let path = work.change.path();
    let rank = ranks.get(path).copied().unwrap_or(usize::MAX);
    (class_of(path), matches!(work.kind, WorkKind::Delete), rank, path.clone())
}

fn class_of(path: &RepoPath) -> u8 {
    match backstory_syntax::role_of(path) {
        FileRole::Source => 0,
        FileRole::Test => 1,
        FileRole::Docs | FileRole::Other => 2,
    }
}

fn items(works: &[FileWork<'_>]) -> Vec<Item> {
    let mut items = Vec::new();
    for (at, work) in works.iter().enumerate() {
        let sides = work.change.before.as_ref().zip(work.change.after.as_ref());
        match &work.kind {
            WorkKind::Hunks { hunks, .. } => {
                if sides.is_some_and(|((from, _), (to, _))| from != to) {
                    items.push(Item::Move(at));
                }
                items.extend((0..hunks.len()).map(|hunk| Item::Hunk(at, hunk)));
            }
            WorkKind::Rename => items.push(Item::Move(at)),
            WorkKind::Mode => {}
            WorkKind::Write | WorkKind::Delete => items.push(Item::Whole(at)),
        }
        let kept = !matches!(work.kind, WorkKind::Write);
        if kept && sides.is_some_and(|((_, old), (_, new))| old.mode != new.mode) {
            items.push(Item::SetMode(at));
        }
    }
    items
}

fn pieces(works: &[FileWork<'_>], items: &[Item], parse: ParseFile<'_>) -> Vec<Piece> {
    let defined: Vec<Vec<(String, u32)>> =
        works.iter().map(|work| fresh_definitions(work, parse)).collect();
    let names: BTreeSet<&str> = defined.iter().flatten().map(|(name, _)| name.as_str()).collect();
    let mut pieces: Vec<Piece> = items
        .iter()
        .map(|item| {
            let (at, ranges) = match item {
                Item::Hunk(at, hunk) => (*at, added_ranges(&works[*at], Some(*hunk))),
                Item::Whole(at) => (*at, added_ranges(&works[*at], None)),
                Item::Move(at) | Item::SetMode(at) => {
                    let class = class_of(works[*at].change.path());
                    return Piece { class, ..Piece::default() };
                }
            };
            piece(&works[at], &ranges, &defined[at], &names)
        })
        .collect();
    hard_conditions(works, items, &mut pieces);
    pieces
}

fn piece(
    work: &FileWork<'_>,
    ranges: &[Range<u32>],
    defined: &[(String, u32)],
    names: &BTreeSet<&str>,
) -> Piece {
    let inside = |line: u32| ranges.iter().any(|range| range.contains(&(line - 1)));
    let mut piece = Piece { class: class_of(work.change.path()), ..Piece::default() };
    piece
        .defines
        .extend(defined.iter().filter(|(_, line)| inside(*line)).map(|(name, _)| name.clone()));
    if !names.is_empty()
        && let Some(text) = work.change.after.as_ref().and_then(|(_, new)| new.as_text())
    {
        let lines = text.lines();
        for line in ranges.iter().flat_map(|range| &lines[as_usize(range)]) {
            for word in words(line) {
                if let Some(name) = std::str::from_utf8(word).ok().and_then(|w| names.get(w)) {
                    piece.uses.insert((*name).to_owned());
                }
            }
        }
    }
    piece
}

fn as_usize(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// Lists the symbols a file defines after the commit and did not before.
fn fresh_definitions(work: &FileWork<'_>, parse: ParseFile<'_>) -> Vec<(String, u32)> {
    let structure = |side: &Option<(RepoPath, Version)>| -> Option<Arc<FileStructure>> {
        let (path, version) = side.as_ref()?;
        parse(path, &version.blob, version.as_text()?.bytes())
    };
    if matches!(work.kind, WorkKind::Delete | WorkKind::Rename | WorkKind::Mode) {
        return Vec::new();
    }
    let Some(after) = structure(&work.change.after) else { return Vec::new() };
    let before = structure(&work.change.before);
    let known: BTreeSet<&str> = before
        .iter()
        .flat_map(|structure| &structure.symbols)
        .map(|symbol| symbol.qualified.as_str())
        .collect();
    after
        .symbols
        .iter()
        .filter(|symbol| !known.contains(symbol.qualified.as_str()))
        .map(|symbol| (symbol.name.clone(), symbol.name_line))
        .collect()
}

fn added_ranges(work: &FileWork<'_>, hunk: Option<usize>) -> Vec<Range<u32>> {
    match (&work.kind, hunk) {
        (WorkKind::Hunks { hunks, .. }, Some(at)) => vec![hunks[at].after.clone()],
        (WorkKind::Hunks { hunks, .. }, None) => {
            hunks.iter().map(|hunk| hunk.after.clone()).collect()
        }
        (WorkKind::Write, _) => {
            let text = work.change.after.as_ref().and_then(|(_, new)| new.as_text());
            text.map(|text| 0..text.line_count()).into_iter().collect()
        }
        (WorkKind::Rename | WorkKind::Mode | WorkKind::Delete, _) => Vec::new(),
    }
}

/// Moves come before the edits of their file, modes after them; and a path is
/// vacated before a file below it, or the directory above it, takes its place.
fn hard_conditions(works: &[FileWork<'_>], items: &[Item], pieces: &mut [Piece]) {
    let mut vacated: Vec<(usize, &RepoPath)> = Vec::new();
    let mut moves: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        let change = works[item.file()].change;
        match item {
            Item::Move(file) => {
                moves.insert(*file, at);
            }
            Item::Hunk(file, _) => pieces[at].after.extend(moves.get(file)),
            Item::SetMode(file) => {
                let same = (0..at).filter(|other| items[*other].file() == *file);
                pieces[at].after.extend(same);
            }
            Item::Whole(_) => {}
        }
        let leaves = matches!(item, Item::Move(_)) || change.after.is_none();
        if let (true, Some((from, _))) = (leaves, &change.before) {
            vacated.push((at, from));
        }
    }
    if vacated.is_empty() {
        return;
    }
    for (at, item) in items.iter().enumerate() {
        let change = works[item.file()].change;
        if !matches!(item, Item::Move(_) | Item::Whole(_)) {
            continue;
        }
        let Some((to, _)) = &change.after else { continue };
        let blocks = |from: &RepoPath| to.is_below(from) || from.is_below(to);
        let before = vacated.iter().filter(|(other, from)| *other != at && blocks(from));
        pieces[at].after.extend(before.map(|(other, _)| *other));
    }
}

fn apply_item(works: &mut [FileWork<'_>], item: Item, plan: &mut StatePlan) {
    match item {
        Item::Hunk(at, hunk) => apply_hunk(&mut works[at], hunk, plan),
        Item::Move(at) => apply_move(&works[at], plan),
        Item::SetMode(at) => apply_mode(&works[at], plan),
        Item::Whole(at) => apply_whole(&works[at], plan),
    }
}

fn apply_hunk(work: &mut FileWork<'_>, at: usize, plan: &mut StatePlan) {
    let change = work.change;
    let (Some((from, old)), Some((path, _))) = (&change.before, &change.after) else { return };
    let WorkKind::Hunks { hunks, edit, new } = &mut work.kind else { return };
    let hunk = &hunks[at];
    let start = position(hunks, &edit.applied, at);
    let place = start..start + hunk.before.len();
    let current: Vec<&[u8]> = edit.lines.iter().map(|(line, _)| *line).collect();
    let range = anchor::unique(&current, place.clone());
    for (_, origin) in &edit.lines[range.clone()] {
        if let Some(line) = origin {
            require(plan, from, old).extend([line + 1]);
        }
    }
    let written = &edit.new_lines[as_usize(&hunk.after)];
    let old_text = current[range.clone()].concat();
    let new_text = [
        current[range.start..place.start].concat(),
        written.concat(),
        current[place.end..range.end].concat(),
    ]
    .concat();
    edit.lines.splice(place, written.iter().map(|line| (*line, None)));
    edit.applied[at] = true;
    let content: Vec<&[u8]> = edit.lines.iter().map(|(line, _)| *line).collect();
    let after = git_object_id("blob", &content.concat());
    let before = std::mem::replace(&mut edit.blob, after.clone());
    plan.steps.push(PlannedStep {
        action: Action::Edit { path: path.clone(), old: text_of(old_text), new: text_of(new_text) },
        before: Some(before),
        settled: after == new.blob,
        after: Some(after),
    });
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("whole lines of a UTF-8 text are UTF-8")
}

/// Returns where a hunk starts once the applied ones before it have shifted it.
fn position(hunks: &[Hunk], applied: &[bool], at: usize) -> usize {
    let mut start = hunks[at].before.start as usize;
    for (hunk, applied) in hunks[..at].iter().zip(applied) {
        if *applied {
            start = start + hunk.after.len() - hunk.before.len();
        }
    }
    start
}

fn require<'p>(
    plan: &'p mut StatePlan,
    path: &RepoPath,
    version: &Version,
) -> &'p mut BTreeSet<u32> {
    let text = version.as_text().expect("only text files are looked at");
    let need = plan.needs.entry(path.clone()).or_insert_with(|| Need {
        blob: version.blob.clone(),
        text: Arc::clone(text),
        lines: BTreeSet::new(),
    });
    &mut need.lines
}

/// A text file that is moved, removed or overwritten has been looked at before.
fn require_any(plan: &mut StatePlan, before: Option<&(RepoPath, Version)>) {
    let Some((path, version)) = before else { return };
    let has_lines = version.as_text().is_some_and(|text| text.line_count() > 0);
    if has_lines && version.mode.is_file() {
        require(plan, path, version);
    }
}

fn apply_move(work: &FileWork<'_>, plan: &mut StatePlan) {
    let (Some((from, old)), Some((to, new))) = (&work.change.before, &work.change.after) else {
        return;
    };
    require_any(plan, work.change.before.as_ref());
    plan.steps.push(PlannedStep {
        action: Action::Rename { from: from.clone(), to: to.clone() },
        before: Some(old.blob.clone()),
        after: Some(old.blob.clone()),
        settled: old.blob == new.blob,
    });
}

fn apply_mode(work: &FileWork<'_>, plan: &mut StatePlan) {
    let Some((path, new)) = &work.change.after else { return };
    plan.steps.push(PlannedStep {
        action: Action::SetMode { path: path.clone(), mode: new.mode },
        before: Some(new.blob.clone()),
        after: Some(new.blob.clone()),
        settled: true,
    });
}

fn apply_whole(work: &FileWork<'_>, plan: &mut StatePlan) {
    let before = work.change.before.as_ref().map(|(_, old)| old.blob.clone());
    require_any(plan, work.change.before.as_ref());
    let step = match &work.change.after {
        Some((path, new)) => PlannedStep {
            action: Action::Create { path: path.clone(), mode: new.mode, content: new.content() },
            before,
            after: Some(new.blob.clone()),
            settled: true,
        },
        None => PlannedStep {
            action: Action::Delete { path: work.change.path().clone() },
            before,
            after: None,
            settled: true,
        },
    };
    plan.steps.push(step);
}

fn file_end(work: &FileWork<'_>) -> FileEnd {
    let from = work.change.before.as_ref().map(|(path, _)| path.clone());
    let to = work.change.after.as_ref().map(|(path, new)| {
        let count = new.as_text().map_or(0, |text| text.line_count());
        let origins = match &work.kind {
            WorkKind::Hunks { edit, .. } => edit.lines.iter().map(|(_, origin)| *origin).collect(),
            WorkKind::Rename | WorkKind::Mode => (0..count).map(Some).collect(),
            WorkKind::Write | WorkKind::Delete => vec![None; count as usize],
        };
        (path.clone(), origins)
    });
    FileEnd { from, to }
}

fn added(work: &FileWork<'_>) -> Option<Added> {
    let (path, new) = work.change.after.as_ref()?;
    let ranges = added_ranges(work, None);
    let text = new.as_text()?;
    let written = matches!(work.kind, WorkKind::Write);
    (written || ranges.iter().any(|range| !range.is_empty())).then(|| Added {
        from: work.change.before.as_ref().map(|(path, _)| path.clone()),
        path: path.clone(),
        text: Arc::clone(text),
        blob: new.blob.clone(),
        ranges,
    })
}
