//! Which lines has the developer seen so far?
//!
//! A line is seen when a view covered it or a step of this story wrote it. The
//! marks move with their lines when edits above shift them.

use std::collections::BTreeMap;

use backstory_model::RepoPath;

/// What became of the lines of one file in one authored state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEnd {
    /// Where the file lay at the start of the state, if it was there.
    pub from: Option<RepoPath>,
    /// Where it lies at the end and, for each of its lines, which 0-based line
    /// of the start it is (`None`: written in this state); `None` when it is gone.
    pub to: Option<(RepoPath, Vec<Option<u32>>)>,
}

/// The marks of all files a view or an edit has met; others are unseen.
#[derive(Clone, Debug, Default)]
pub struct SeenLines {
    files: BTreeMap<RepoPath, Vec<bool>>,
}

impl SeenLines {
    /// Marks the 1-based lines `start..=end` of a file of `total` lines.
    pub fn view(&mut self, path: &RepoPath, start: u32, end: u32, total: u32) {
        let lines = self.files.entry(path.clone()).or_insert_with(|| vec![false; total as usize]);
        for line in start..=end.min(total) {
            lines[line as usize - 1] = true;
        }
    }

    /// Returns true when the 1-based line has been seen.
    pub fn holds(&self, path: &RepoPath, line: u32) -> bool {
        self.files
            .get(path)
            .and_then(|lines| lines.get(line as usize - 1))
            .copied()
            .unwrap_or(false)
    }

    /// Returns true when any line of the file has been seen.
    pub fn holds_any(&self, path: &RepoPath) -> bool {
        self.files.get(path).is_some_and(|lines| lines.contains(&true))
    }

    /// Moves the marks to the end of a state.
    pub fn settle(&mut self, ends: &[FileEnd]) {
        let mut settled = Vec::new();
        for end in ends {
            let Some((path, origins)) = &end.to else { continue };
            let was_seen =
                |line: u32| end.from.as_ref().is_some_and(|from| self.holds(from, line + 1));
            let lines = origins.iter().map(|origin| origin.is_none_or(was_seen)).collect();
            settled.push((path.clone(), lines));
        }
        for from in ends.iter().filter_map(|end| end.from.as_ref()) {
            self.files.remove(from);
        }
        self.files.extend(settled);
    }
}

#[cfg(test)]
mod tests {
    use super::{FileEnd, SeenLines};

    #[test]
    fn marks_follow_a_moved_file_and_its_shifted_lines() {
        let mut seen = SeenLines::default();
        seen.view(&"a.py".into(), 2, 2, 3);
        seen.settle(&[FileEnd {
            from: Some("a.py".into()),
            to: Some(("b.py".into(), vec![None, Some(0), Some(1), Some(2)])),
        }]);
        let marks: Vec<bool> = (1..=4).map(|line| seen.holds(&"b.py".into(), line)).collect();
        assert_eq!(marks, [true, false, true, false]);
        assert!(!seen.holds_any(&"a.py".into()));
    }
}
