//! Which patches stand beside the gold patch for somebody who has to choose?
//!
//! In: the files of the gold patch, what other changes did to the files of the
//! base, and the lines that tests execute. Out: variants that do the same as the gold
//! patch, patches that do something besides, and hunks of other changes in its
//! place. Whether one of them is right is for the tests to say.

mod foreign;
mod rename;
mod statement;
mod stray;
mod variant;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{CandidateKind, FileMode, RepoPath};

use super::{GoldFile, Random, Source, Version, is_readable, patched, turns};

/// A patch that stands beside the gold patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidatePatch {
    /// How it was made.
    pub kind: CandidateKind,
    /// The files it changes, as they are with it.
    pub files: BTreeMap<RepoPath, Version>,
    /// Its unified diff against the base.
    pub patch: Vec<u8>,
}

/// What another change did to a file that the base has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherFile {
    /// The path.
    pub path: RepoPath,
    /// At the base of the unit.
    pub here: (FileMode, Arc<[u8]>),
    /// Before the other change.
    pub before: Arc<[u8]>,
    /// After it.
    pub after: Arc<[u8]>,
}

/// What candidates are made of.
#[derive(Clone, Copy, Debug)]
pub struct CandidateInput<'a> {
    /// The files of the gold patch.
    pub gold: &'a [GoldFile],
    /// What other changes did, nearest change first.
    pub others: &'a [OtherFile],
    /// The lines of the base that tests execute, counted from 1.
    pub executed: &'a BTreeMap<RepoPath, BTreeSet<u32>>,
}

/// A candidate as it is made, before it is known to be worth a run.
struct Draft {
    kind: CandidateKind,
    /// The text of every source file.
    texts: Vec<Vec<u8>>,
    /// A file that the gold patch leaves alone.
    besides: Option<GoldFile>,
}

/// Makes at most `most` candidates, the kinds taking turns.
pub fn candidates(input: &CandidateInput<'_>, most: usize, seed: u64) -> Vec<CandidatePatch> {
    let sources: Vec<Source<'_>> = input.gold.iter().filter_map(Source::of).collect();
    if most == 0 || sources.is_empty() {
        return Vec::new();
    }
    let mut random = Random(seed);
    let mut drafts = variant::variants(&sources, &mut random);
    drafts.extend(stray::strays(&sources, input.executed));
    drafts.extend(foreign::over_long(&sources, input.others));
    drafts.extend(foreign::in_place(&sources, input.others));
    let mut made: Vec<CandidatePatch> = Vec::new();
    for draft in turns(drafts, |draft| draft.kind, seed) {
        if made.len() == most {
            break;
        }
        if !is_readable(&sources, &draft.texts) {
            continue;
        }
        let kind = draft.kind;
        let mut gold = input.gold.to_vec();
        gold.extend(draft.besides);
        let (files, patch) = patched(&gold, &sources, draft.texts);
        let is_gold = || input.gold.iter().all(|file| files.get(&file.path) == Some(&file.after));
        let same = files.len() == input.gold.len() && is_gold();
        if !same && !files.is_empty() && made.iter().all(|known| known.files != files) {
            made.push(CandidatePatch { kind, files, patch });
        }
    }
    made
}
