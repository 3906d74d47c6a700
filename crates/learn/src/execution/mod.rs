//! What do executed tests say about where the fault lies?
//!
//! In: what tests executed at the base with the tests of the change, file by file. Out:
//! the execution features (X). Nothing of a run of the fix is read: evidence of any
//! other state is refused where it is read (`rows`).

use std::collections::BTreeMap;

use backstory_model::RepoPath;

use crate::feature::{Family, Feature, Kind};
use crate::number::{real, single};

/// The only state that evidence is taken from.
pub const STATE: &str = "base_with_tests";

/// The execution features (X), in the order of the columns.
pub const FEATURES: &[Feature] = &[
    declared("executed_lines", "log of 1 + its lines that failing tests executed"),
    declared("ochiai", "largest Ochiai of its lines, failing against passing tests"),
    declared("stack_nearness", "1/(1 + frames between it and the failure), 0 if in no stack"),
    declared("first_touch", "1/(1 + files that a failing test touched before it), 0 if untouched"),
];

const fn declared(name: &'static str, meaning: &'static str) -> Feature {
    Feature { name, family: Family::Execution, kind: Kind::Scalar, meaning }
}

/// What the tests of one change executed before the fix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// How many tests failed.
    pub failing: usize,
    /// The files that tests executed.
    pub files: BTreeMap<RepoPath, ExecutedFile>,
}

/// What is known of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutedFile {
    /// How many of its lines failing tests executed.
    pub lines: usize,
    /// By how many failing and passing tests the line was executed that tells most.
    pub best: (usize, usize),
    /// How many files a failing test touched before it.
    pub first_touch: Option<usize>,
    /// How many frames lie between it and the failure.
    pub frame_depth: Option<usize>,
}

impl Executed {
    /// Returns the Ochiai coefficient of the line of a file that tells most.
    fn ochiai(&self, file: &ExecutedFile) -> f64 {
        let (failed, passed) = file.best;
        let all = real(self.failing) * real(failed + passed);
        if all > 0.0 { real(failed) / all.sqrt() } else { 0.0 }
    }
}

/// Returns one column per entry of [`FEATURES`]; a file that no failing test executed
/// has 0 in all of them.
pub fn features(candidates: &[RepoPath], executed: &Executed) -> Vec<Vec<f32>> {
    let near = |count: Option<usize>| count.map_or(0.0, |count| 1.0 / (1.0 + real(count)));
    let row = |path: &RepoPath| {
        let file = executed.files.get(path).copied().unwrap_or_default();
        [
            real(file.lines).ln_1p(),
            executed.ochiai(&file),
            near(file.frame_depth),
            near(file.first_touch),
        ]
        .map(single)
    };
    let rows: Vec<[f32; 4]> = candidates.iter().map(row).collect();
    (0..FEATURES.len()).map(|at| rows.iter().map(|row| row[at]).collect()).collect()
}

/// Returns the column of the largest Ochiai of each file.
pub fn ochiai(columns: &[Vec<f32>]) -> &[f32] {
    columns.get(1).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_what_failing_tests_did_in_it() {
        let file =
            ExecutedFile { lines: 3, best: (2, 0), first_touch: Some(1), frame_depth: Some(0) };
        let passing = ExecutedFile { best: (0, 7), ..ExecutedFile::default() };
        let files = [(RepoPath::from("a.py"), file), (RepoPath::from("b.py"), passing)].into();
        let executed = Executed { failing: 2, files };
        let candidates = ["a.py", "b.py", "c.py"].map(RepoPath::from);
        let columns = features(&candidates, &executed);
        assert_eq!(columns.len(), FEATURES.len());
        assert_eq!(columns[0], [single(4.0_f64.ln()), 0.0, 0.0]);
        assert_eq!(ochiai(&columns), [1.0, 0.0, 0.0]);
        assert_eq!(FEATURES[1].name, "ochiai");
        assert_eq!(columns[2], [1.0, 0.0, 0.0]);
        assert_eq!(columns[3], [0.5, 0.0, 0.0]);
    }
}
