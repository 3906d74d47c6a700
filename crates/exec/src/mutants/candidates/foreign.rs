//! What do hunks of other changes make of this one?
//!
//! A hunk is taken over where the lines around it stand in the file exactly once.

use std::ops::Range;
use std::sync::Arc;

use backstory_model::CandidateKind;
use backstory_syntax::diff::{Hunk, hunks, lines};

use super::super::{GoldFile, Source};
use super::{Draft, OtherFile};

/// Equal lines asked for on each side of a hunk.
const CONTEXT: usize = 2;

/// How many lines a hunk that comes besides may add; more is another change.
const LARGEST: usize = 30;

/// Lists the gold patch with one hunk of another change besides.
pub(super) fn over_long(sources: &[Source<'_>], others: &[OtherFile]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let gold = || -> Vec<Vec<u8>> { sources.iter().map(|one| one.after.to_vec()).collect() };
    for other in others {
        let place = sources.iter().position(|source| *source.path == other.path);
        let here = place.map_or(&*other.here.1, |at| sources[at].after);
        for hunk in hunks(&other.before, &other.after) {
            let Some(moved) = Moved::of(other, &hunk, here) else { continue };
            if moved.to.len() > LARGEST {
                continue;
            }
            let text = apply(here, &[moved]);
            let mut texts = gold();
            let besides = match place {
                Some(at) => {
                    texts[at] = text;
                    None
                }
                None => Some(GoldFile {
                    path: other.path.clone(),
                    before: Some(other.here.clone()),
                    after: Some((other.here.0, Arc::from(text))),
                }),
            };
            drafts.push(Draft { kind: CandidateKind::UnrelatedHunk, texts, besides });
        }
    }
    drafts
}

/// Lists the hunks of another change of a file in the place of the gold patch.
pub(super) fn in_place(sources: &[Source<'_>], others: &[OtherFile]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for other in others {
        let Some(at) = sources.iter().position(|source| *source.path == other.path) else {
            continue;
        };
        let here = sources[at].before;
        let found = hunks(&other.before, &other.after);
        let mut moved: Vec<Moved<'_>> =
            found.iter().filter_map(|hunk| Moved::of(other, hunk, here)).collect();
        moved.sort_by_key(|one| one.lines.start);
        moved.dedup_by(|next, one| next.lines.start <= one.lines.end);
        let text = apply(here, &moved);
        if moved.is_empty() || text == sources[at].after {
            continue;
        }
        let mut texts: Vec<Vec<u8>> = sources.iter().map(|one| one.before.to_vec()).collect();
        texts[at] = text;
        drafts.push(Draft { kind: CandidateKind::OtherHunks, texts, besides: None });
    }
    drafts
}

/// A hunk of another change at its place here.
struct Moved<'a> {
    lines: Range<usize>,
    to: Vec<&'a [u8]>,
}

impl<'a> Moved<'a> {
    /// Finds the one place of a hunk; `None` where there is none or more than one.
    fn of(other: &'a OtherFile, hunk: &Hunk, here: &[u8]) -> Option<Self> {
        let (old, new) = (lines(&other.before), lines(&other.after));
        let removed = hunk.before.start as usize..hunk.before.end as usize;
        let around = removed.start.saturating_sub(CONTEXT)
            ..removed.end.saturating_add(CONTEXT).min(old.len());
        let wanted = &old[around.clone()];
        let here = lines(here);
        let mut places = here.windows(wanted.len().max(1)).enumerate();
        let found = places.by_ref().find(|(_, window)| *window == wanted)?.0;
        if wanted.is_empty() || places.any(|(_, window)| window == wanted) {
            return None;
        }
        let start = found + (removed.start - around.start);
        let to = new.get(hunk.after.start as usize..hunk.after.end as usize)?.to_vec();
        Some(Self { lines: start..start + removed.len(), to })
    }
}

fn apply(here: &[u8], moved: &[Moved<'_>]) -> Vec<u8> {
    let old = lines(here);
    let mut text = Vec::new();
    let mut at = 0;
    for one in moved {
        text.extend(old[at..one.lines.start].concat());
        text.extend(one.to.concat());
        at = one.lines.end;
    }
    text.extend(old[at..].concat());
    text
}
