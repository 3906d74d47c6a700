//! What was measured of one query over its candidates?
//!
//! In: feature columns as they were measured. Out: the columns by name, and the
//! untrained fusions; nothing here reads a repository.

use backstory_model::RepoPath;

use crate::{execution, snapshot, test_query};

/// The candidates of a query with what was measured of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// The candidates, in order.
    pub paths: Vec<RepoPath>,
    /// The snapshot features (S), one column each.
    pub snapshot: Vec<Vec<f32>>,
    /// The process features (H).
    pub process: Vec<Vec<f32>>,
    /// The test features (T, then TH); none where no failing test is known.
    pub test: Vec<Vec<f32>>,
    /// The execution features (X); none where no failing test was executed.
    pub execution: Vec<Vec<f32>>,
}

impl Columns {
    /// Returns how many candidates there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Returns true when nothing may be named.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns true when a failing test is known.
    pub fn has_test(&self) -> bool {
        !self.test.is_empty()
    }

    /// Returns true when it is known what failing tests executed.
    pub fn has_execution(&self) -> bool {
        !self.execution.is_empty()
    }

    /// Returns the largest Ochiai of each candidate; empty where nothing was executed.
    pub fn ochiai(&self) -> &[f32] {
        execution::ochiai(&self.execution)
    }

    /// Returns the untrained fusion with the failing test, its co-change and Ochiai.
    pub fn fused_with_execution(&self) -> Vec<f32> {
        let cochange = self.test.last().map_or(&[][..], Vec::as_slice);
        let (views, test) = (self.views(), self.test_now());
        test_query::fused_with_execution(&views, test, cochange, self.ochiai())
    }

    /// Returns the views that the untrained fusion is made of.
    pub fn views(&self) -> [&[f32]; 4] {
        ["content", "path_words", "definitions", "title_content"]
            .map(|name| self.snapshot_column(name))
    }

    /// Returns the test features that read no history; empty without a failing test.
    pub fn test_now(&self) -> &[Vec<f32>] {
        &self.test[..self.test.len().min(test_query::FEATURES.len())]
    }

    /// Returns the untrained fusion with the failing test, and with its co-change.
    pub fn fused_with_test(&self, cochange: bool) -> Vec<f32> {
        match self.test.last().filter(|_| cochange) {
            Some(cochange) => {
                test_query::fused_with_test_and_cochange(&self.views(), self.test_now(), cochange)
            }
            None => test_query::fused_with_test(&self.views(), self.test_now()),
        }
    }

    /// Returns a snapshot column by the name of its feature.
    ///
    /// # Panics
    ///
    /// When no snapshot feature has this name.
    pub fn snapshot_column(&self, name: &str) -> &[f32] {
        let at = snapshot::FEATURES.iter().position(|feature| feature.name == name);
        &self.snapshot[at.unwrap_or_else(|| panic!("`{name}` is no snapshot feature"))]
    }
}
