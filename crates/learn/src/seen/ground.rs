//! How is a query measured?
//!
//! In: the snapshot of a base with its past, the text of a query and, where one is
//! known, the failing test. Out: every feature column.

use super::columns::Columns;
use crate::history::{self, Cache, History};
use crate::snapshot::{self, Snapshot};
use crate::test_query::{self, TestQuery};
use crate::text::Bag;

/// What a query is asked of.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The files of the base.
    pub snapshot: &'a Snapshot,
    /// The ancestors of the base.
    pub past: &'a History,
    /// The cache that the ancestors were read with.
    pub cache: &'a Cache,
}

impl Ground<'_> {
    /// Measures a query.
    pub fn columns(self, query: snapshot::Query<'_>, test: Option<&TestQuery>) -> Columns {
        let Self { snapshot, past, cache } = self;
        let paths = &snapshot.candidates.paths;
        let columns = snapshot::features(snapshot, query);
        let words = Bag::of(query.text);
        let asked = history::Query { words: &words, content: &columns[0] };
        let process = past.features(paths, asked, cache);
        let test = test.map(|test| self.test(test)).unwrap_or_default();
        let execution = Vec::new();
        Columns { paths: paths.clone(), snapshot: columns, process, test, execution }
    }

    fn test(self, test: &TestQuery) -> Vec<Vec<f32>> {
        let Self { snapshot, past, cache } = self;
        let mut columns = test_query::features(snapshot, test);
        let candidates = &snapshot.candidates;
        columns.extend(test_query::history_features(past, candidates, test, cache));
        columns
    }
}
