//! Which wrong versions of a patch should the tests reject?
//!
//! In: the files of the gold patch, before and after. Out: at most so many
//! mutants, chosen by seed over the five kinds, none equal to another, to the
//! gold patch or to no patch, none that differs from the gold patch in
//! comments, blank lines, docstrings or annotations only, and none whose blocks or
//! brackets do not close.

mod candidates;
mod change;
mod compose;
mod flip;
mod shape;
mod skeleton;
mod tokens;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use backstory_model::{FileMode, FileRole, Language, MutantKind, RepoPath, git_object_id};
use backstory_syntax::diff::{self, FileChange, Hunk, Side};

pub use candidates::{CandidateInput, CandidatePatch, OtherFile, candidates};
use change::{Change, changes};
pub use compose::compose;

/// Content and mode of one file; `None` where there is none.
pub type Version = Option<(FileMode, Arc<[u8]>)>;

/// A file of the gold patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoldFile {
    /// The path.
    pub path: RepoPath,
    /// At the base.
    pub before: Version,
    /// With the gold patch.
    pub after: Version,
}

/// A wrong version of the gold patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongPatch {
    /// How it was made.
    pub kind: MutantKind,
    /// The files it changes, as they are with it.
    pub files: BTreeMap<RepoPath, Version>,
    /// Its unified diff against the base.
    pub patch: Vec<u8>,
}

/// Makes at most `most` mutants.
pub fn mutants(gold: &[GoldFile], most: usize, seed: u64) -> Vec<WrongPatch> {
    let sources: Vec<Source<'_>> = gold.iter().filter_map(Source::of).collect();
    let mut made: Vec<WrongPatch> = Vec::new();
    for change in turns(changes(&sources), Change::kind, seed) {
        if made.len() == most {
            break;
        }
        let texts = change.apply(&sources);
        if is_worth_running(&sources, &texts) {
            let (files, patch) = patched(gold, &sources, texts);
            if made.iter().all(|known| known.files != files) {
                made.push(WrongPatch { kind: change.kind(), files, patch });
            }
        }
    }
    made
}

/// A source file the gold patch changes.
pub(crate) struct Source<'a> {
    path: &'a RepoPath,
    language: Language,
    before: &'a [u8],
    after: &'a [u8],
    hunks: Vec<Hunk>,
    /// The bytes of the added lines, a range for each hunk.
    added: Vec<Range<usize>>,
}

impl<'a> Source<'a> {
    /// A deleted file is no place for a mutant, and neither is one that is not code.
    fn of(file: &'a GoldFile) -> Option<Self> {
        let language = backstory_syntax::language_of(&file.path)?;
        let (mode, after) = file.after.as_ref()?;
        let before = file.before.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let is_source = backstory_syntax::role_of(&file.path) == FileRole::Source;
        let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
        if !is_source || !mode.is_file() || !is_text(before) || !is_text(after) {
            return None;
        }
        let hunks = diff::hunks(before, after);
        let added = added(after, &hunks);
        Some(Self { path: &file.path, language, before, after, hunks, added })
    }

    /// Returns true when all of a range lies in added lines.
    fn adds(&self, range: &Range<usize>) -> bool {
        self.added.iter().any(|added| added.start <= range.start && range.end <= added.end)
    }
}

/// Returns the bytes of the added lines.
fn added(after: &[u8], hunks: &[Hunk]) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    for line in diff::lines(after) {
        starts.push(starts.last().copied().unwrap_or_default() + line.len());
    }
    let hunks = hunks.iter();
    hunks.map(|hunk| starts[hunk.after.start as usize]..starts[hunk.after.end as usize]).collect()
}

/// Returns true when the mutant can be read, and a program can tell it from the
/// gold patch and from no patch.
fn is_worth_running(sources: &[Source<'_>], texts: &[Vec<u8>]) -> bool {
    let differs = |pick: &dyn Fn(&Source<'_>) -> Vec<Vec<u8>>| {
        let mut files = sources.iter().zip(texts);
        files.any(|(source, text)| pick(source) != skeleton::skeleton(source.language, text))
    };
    is_readable(sources, texts)
        && differs(&|source| skeleton::skeleton(source.language, source.after))
        && differs(&|source| skeleton::skeleton(source.language, source.before))
}

/// Returns true when every file can be read, as far as its gold version can.
fn is_readable(sources: &[Source<'_>], texts: &[Vec<u8>]) -> bool {
    sources.iter().zip(texts).all(|(source, text)| {
        shape::stands(source.language, text) || !shape::stands(source.language, source.after)
    })
}

/// Returns the gold patch with these texts of its source files: files and diff.
fn patched(
    gold: &[GoldFile],
    sources: &[Source<'_>],
    texts: Vec<Vec<u8>>,
) -> (BTreeMap<RepoPath, Version>, Vec<u8>) {
    let mut changed: BTreeMap<&RepoPath, Vec<u8>> =
        sources.iter().map(|source| source.path).zip(texts).collect();
    let mut files = BTreeMap::new();
    let mut patch = Vec::new();
    for file in gold {
        let after = match changed.remove(&file.path) {
            // An added file without a line is not added.
            Some(text) if text.is_empty() && file.before.is_none() => None,
            Some(text) => file.after.as_ref().map(|(mode, _)| (*mode, Arc::from(text))),
            None => file.after.clone(),
        };
        if after != file.before {
            patch.extend(file_patch(&file.path, &file.before, &after));
            files.insert(file.path.clone(), after);
        }
    }
    (files, patch)
}

fn file_patch(path: &RepoPath, before: &Version, after: &Version) -> Vec<u8> {
    let id = |version: &Version| {
        let bytes = version.as_ref().map(|(_, bytes)| &**bytes);
        git_object_id("blob", bytes.unwrap_or_default())
    };
    let (before_id, after_id) = (id(before), id(after));
    let change =
        FileChange { path, before: side(before, &before_id), after: side(after, &after_id) };
    let binary = |version: &Version| version.as_ref().is_some_and(|(_, bytes)| bytes.contains(&0));
    if binary(before) || binary(after) {
        diff::binary_stub(&change)
    } else {
        diff::unified(&change)
    }
}

fn side<'a>(version: &'a Version, id: &'a backstory_model::BlobId) -> Option<Side<'a>> {
    version.as_ref().map(|(mode, content)| Side { mode: *mode, id, content })
}

/// Orders what was made so that every kind has its turn, each kind shuffled.
fn turns<T, K: Ord>(all: Vec<T>, kind: impl Fn(&T) -> K, seed: u64) -> Vec<T> {
    let mut by_kind: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for one in all {
        by_kind.entry(kind(&one)).or_default().push(one);
    }
    let mut random = Random(seed);
    for list in by_kind.values_mut() {
        random.shuffle(list);
    }
    let mut ordered = Vec::new();
    while by_kind.values().any(|list| !list.is_empty()) {
        ordered.extend(by_kind.values_mut().filter_map(Vec::pop));
    }
    ordered
}

/// Numbers that look random and depend on the seed alone (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let places = u64::try_from(last + 1).unwrap_or(u64::MAX);
            let other = usize::try_from(self.next() % places).unwrap_or_default();
            items.swap(last, other);
        }
    }
}
