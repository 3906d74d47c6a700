//! Which lines of which files were shown so far?
//!
//! In: the views and edits in order. Out: whether a range was shown. Marks move
//! with their lines when an edit above adds or removes some.

use std::collections::BTreeMap;
use std::ops::Range;

use backstory_model::RepoPath;
use memchr::memchr_iter;

use super::text::Text;

/// The marks of every file that was shown or written.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<RepoPath, Vec<bool>>);

impl Shown {
    /// Marks lines as shown, 0-based.
    pub(super) fn view(&mut self, path: &RepoPath, lines: Range<usize>, total: usize) {
        let marks = self.0.entry(path.clone()).or_default();
        marks.resize(total, false);
        for mark in marks.get_mut(lines).into_iter().flatten() {
            *mark = true;
        }
    }

    /// Marks a whole file as written by this trajectory.
    pub(super) fn write(&mut self, path: &RepoPath, total: usize) {
        self.0.insert(path.clone(), vec![true; total]);
    }

    /// Forgets a file.
    pub(super) fn remove(&mut self, path: &RepoPath) {
        self.0.remove(path);
    }

    /// Moves the marks of a file to another path.
    pub(super) fn rename(&mut self, from: &RepoPath, to: &RepoPath) {
        match self.0.remove(from) {
            Some(marks) => self.0.insert(to.clone(), marks),
            None => self.0.remove(to),
        };
    }

    /// Returns true when any line of the file was shown.
    pub(super) fn any(&self, path: &RepoPath) -> bool {
        self.0.get(path).is_some_and(|marks| marks.contains(&true))
    }

    /// Returns the first line of the range that was not shown, 0-based.
    pub(super) fn first_unseen(&self, path: &RepoPath, mut lines: Range<usize>) -> Option<usize> {
        let marks = self.0.get(path);
        lines.find(|line| !marks.and_then(|marks| marks.get(*line)).copied().unwrap_or(false))
    }

    /// Moves the marks over an edit that put `after[at..at + wrote]` in the place
    /// of `before[at..at + removed]`.
    pub(super) fn edit(
        &mut self,
        path: &RepoPath,
        (before, after): (&Text, &Text),
        (at, removed, wrote): (usize, usize, usize),
    ) {
        let mut marks = self.0.remove(path).unwrap_or_default();
        marks.resize(before.lines(), false);
        let above = memchr_iter(b'\n', &before.bytes()[..at]).count();
        // Below stand the lines that begin at or after the end of the edit. Counted
        // from the end of the file they are the same lines in both versions; one
        // that only one version begins there was joined or split by the edit.
        let below = |text: &Text, end: usize| {
            let starts = text.starts();
            starts.len() - starts.partition_point(|start| *start < end)
        };
        let kept = below(before, at + removed).min(below(after, at + wrote));
        let mut moved = marks[..above].to_vec();
        moved.resize(after.lines() - kept, true);
        moved.extend_from_slice(&marks[marks.len() - kept..]);
        self.0.insert(path.clone(), moved);
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::{Reading, Text};
    use super::Shown;
    use backstory_model::RepoPath;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn text(content: &str) -> Arc<Text> {
        let reading = Reading::of(content.as_bytes().into(), 1 << 20);
        reading.text().expect("the sample is text").clone()
    }

    /// Views the lines, edits, and tells which lines are shown afterwards.
    fn after(content: &str, viewed: std::ops::Range<usize>, old: &str, new: &str) -> String {
        let (path, mut shown) = (RepoPath::from("a"), Shown::default());
        let at = content.find(old).expect("the sample holds the text");
        let changed = content.replacen(old, new, 1);
        let (before, after) = (text(content), text(&changed));
        shown.view(&path, viewed, before.lines());
        shown.edit(&path, (&before, &after), (at, old.len(), new.len()));
        let mark =
            |line| if shown.first_unseen(&path, line..line + 1).is_none() { 's' } else { '-' };
        (0..after.lines()).map(mark).collect()
    }

    #[test]
    fn marks_move_with_their_lines() {
        assert_eq!(after("a\nb\nc\nd\n", 1..2, "b\n", "x\ny\n"), "-ss--");
        assert_eq!(after("a\nb\nc\nd\n", 1..2, "b\n", ""), "---");
        assert_eq!(after("a\nb\nc\nd\n", 0..3, "b\n", ""), "ss-");
        assert_eq!(after("a\nb\nc", 2..3, "c", "c\nd\n"), "--ss");
        assert_eq!(after("a\nb\nc\n", 1..2, "b\n", "b"), "-s");
        assert_eq!(after("a\nbb\nc\n", 1..2, "b\n", "\n"), "-s-");
    }

    proptest! {
        #[test]
        fn every_line_has_a_mark(
            lines in proptest::collection::vec("[ab]{0,2}\n", 0..8),
            tail in "[ab]{0,2}",
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
            new in "[a\n]{0,5}",
        ) {
            let content = lines.concat() + &tail;
            let mut ends = [cut.0.index(content.len() + 1), cut.1.index(content.len() + 1)];
            ends.sort_unstable();
            let changed = format!("{}{new}{}", &content[..ends[0]], &content[ends[1]..]);
            let (before, after) = (text(&content), text(&changed));
            let (path, mut shown) = (RepoPath::from("a"), Shown::default());
            shown.view(&path, 0..before.lines(), before.lines());
            shown.edit(&path, (&before, &after), (ends[0], ends[1] - ends[0], new.len()));
            prop_assert_eq!(shown.first_unseen(&path, 0..after.lines()), None);
            prop_assert_eq!(shown.first_unseen(&path, 0..after.lines() + 1), Some(after.lines()));
        }
    }
}
