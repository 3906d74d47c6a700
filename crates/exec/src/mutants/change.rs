//! In which single way does a mutant differ from the gold patch?

use std::ops::Range;

use backstory_model::MutantKind;
use backstory_syntax::diff::lines;

use super::Source;
use super::flip::{Flip, flips};

/// One way to get the patch wrong.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Only the first so many hunks, over all files.
    Prefix(usize),
    /// Without one hunk: file, hunk.
    Without(usize, usize),
    /// With one removed line kept: file, hunk, line of the base.
    Keep(usize, usize, u32),
    /// Without one added line: file, line.
    Omit(usize, u32),
    /// With one token changed: file, what.
    Flip(usize, Flip),
}

impl Change {
    pub(super) fn kind(&self) -> MutantKind {
        match self {
            Self::Prefix(_) => MutantKind::EditPrefix,
            Self::Without(..) => MutantKind::DropHunk,
            Self::Keep(..) => MutantKind::KeepRemovedLine,
            Self::Omit(..) => MutantKind::DropAddedLine,
            Self::Flip(..) => MutantKind::FlipToken,
        }
    }

    /// Returns the text of every source file with this change.
    pub(super) fn apply(&self, sources: &[Source<'_>]) -> Vec<Vec<u8>> {
        let mut hunks_before = 0;
        let mut texts = Vec::new();
        for (at, source) in sources.iter().enumerate() {
            let first = hunks_before;
            hunks_before += source.hunks.len();
            texts.push(match self {
                Self::Prefix(kept) => source.with(|hunk| first + hunk < *kept, None),
                Self::Without(file, hunk) if *file == at => source.with(|h| h != *hunk, None),
                Self::Keep(file, hunk, line) if *file == at => {
                    source.with(|_| true, Some((*hunk, *line)))
                }
                Self::Omit(file, line) if *file == at => source.omitting(*line),
                Self::Flip(file, flip) if *file == at => flip.apply(source.after),
                Self::Without(..) | Self::Keep(..) | Self::Omit(..) | Self::Flip(..) => {
                    source.after.to_vec()
                }
            });
        }
        texts
    }
}

impl Source<'_> {
    /// Returns the base with the chosen hunks, and one removed line kept in
    /// front of what its hunk adds.
    fn with(&self, chosen: impl Fn(usize) -> bool, kept: Option<(usize, u32)>) -> Vec<u8> {
        let (old, new) = (lines(self.before), lines(self.after));
        let part =
            |of: &[&[u8]], range: Range<u32>| of[range.start as usize..range.end as usize].concat();
        let mut text = Vec::new();
        let mut at = 0;
        for (number, hunk) in self.hunks.iter().enumerate() {
            text.extend(part(&old, at..hunk.before.start));
            if chosen(number) {
                if let Some((_, line)) = kept.filter(|(of, _)| *of == number) {
                    text.extend(part(&old, line..line + 1));
                }
                text.extend(part(&new, hunk.after.clone()));
            } else {
                text.extend(part(&old, hunk.before.clone()));
            }
            at = hunk.before.end;
        }
        let end = u32::try_from(old.len()).unwrap_or(u32::MAX);
        text.extend(part(&old, at..end));
        text
    }

    fn omitting(&self, line: u32) -> Vec<u8> {
        let kept = lines(self.after).into_iter().enumerate();
        kept.filter(|(at, _)| *at != line as usize).flat_map(|(_, text)| text).copied().collect()
    }
}

/// Lists every single change.
pub(super) fn changes(sources: &[Source<'_>]) -> Vec<Change> {
    let total: usize = sources.iter().map(|source| source.hunks.len()).sum();
    let mut changes: Vec<Change> = (1..total).map(Change::Prefix).collect();
    for (file, source) in sources.iter().enumerate() {
        for (number, hunk) in source.hunks.iter().enumerate() {
            if total > 1 {
                changes.push(Change::Without(file, number));
            }
            changes.extend(hunk.before.clone().map(|line| Change::Keep(file, number, line)));
            changes.extend(hunk.after.clone().map(|line| Change::Omit(file, line)));
        }
        changes.extend(flips(source).into_iter().map(|flip| Change::Flip(file, flip)));
    }
    changes
}
