//! Queries made up so that one column, and no other, knows the answer.

use backstory_model::{RepoName, RepoPath};

use crate::experiment::{Query, Role, Source};
use crate::rows::Strata;
use crate::seed::Seed;
use crate::seen::Columns;
use crate::{execution, history, snapshot, test_query};

/// Which columns of a query tell its gold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// None: all is noise.
    Nowhere,
    /// The content, of the snapshot.
    Content,
    /// The neighbors, of the past.
    Past,
    /// Ochiai, of the execution of units.
    Execution,
}

/// Returns a query of a repository.
pub(super) fn query(repo: &str, number: u32, role: Role, told: Told) -> Query {
    let id = format!("{repo}-{number}-{role:?}");
    let mut generator = Seed::of(&["made", &id]).generator();
    let count = 30;
    let gold = generator.below(count);
    let mut columns = |many: usize| -> Vec<Vec<f32>> {
        let mut column = || (0..count).map(|_| unit(generator.unit())).collect();
        (0..many).map(|_| column()).collect()
    };
    let mut snapshot = columns(snapshot::FEATURES.len());
    let mut process = columns(history::FEATURES.len());
    let test = columns(test_query::FEATURES.len() + test_query::HISTORY_FEATURES.len());
    let mut executed = columns(execution::FEATURES.len());
    match told {
        Told::Nowhere => {}
        Told::Content => snapshot[0][gold] = 4.0,
        Told::Past => process[4][gold] = 4.0,
        Told::Execution => executed[1][gold] = 4.0,
    }
    // Every query is worth learning from: its gold is among the best hits.
    snapshot[0][gold] = snapshot[0][gold].max(0.7);
    Query {
        repo: RepoName::parse(repo).unwrap(),
        date: format!("20{:02}-01-01T00:00:00Z", number % 100),
        parent: id.clone(),
        text: id.clone(),
        source: Source::Issue,
        role,
        strata: Strata { named: number.is_multiple_of(2), stem_absent: false, several: false },
        gold: vec![gold],
        columns: Columns {
            paths: (0..count).map(|at| RepoPath::from(format!("f{at:02}.py").as_str())).collect(),
            snapshot,
            process,
            test,
            // Of two units one was executed, of rows none.
            execution: if role == Role::Unit && number.is_multiple_of(2) {
                executed
            } else {
                Vec::new()
            },
        },
        id,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "columns are f32")]
fn unit(value: f64) -> f32 {
    value as f32
}

/// Returns rows for development, units and docstrings of some repositories, and rows
/// for tests of another.
pub(super) fn queries(told: Told) -> Vec<Query> {
    let mut queries = Vec::new();
    for repo in ["acme/one", "acme/two", "acme/three", "acme/four", "acme/five", "acme/six"] {
        for number in 0..12 {
            queries.push(query(repo, number, Role::Development, told));
            queries.push(query(repo, number, Role::Unit, told));
            let parent = format!("{repo}-{number}-{:?}", Role::Development);
            queries.push(Query { parent, ..query(repo, number, Role::Pseudo, Told::Nowhere) });
        }
    }
    queries.extend((0..10).map(|number| query("other/repo", number, Role::Test, told)));
    queries
}
