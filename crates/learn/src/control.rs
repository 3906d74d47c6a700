//! What must not help, and is tried so that a leak shows?
//!
//! Pure functions over raw feature columns and gold, before normalization. Each takes
//! a seed, so that a control is the same in every run.

use std::collections::BTreeMap;

use backstory_model::{RepoName, RepoPath};

use crate::seed::Seed;

/// One query with what it may name and what it should.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its repository.
    pub repo: &'a RepoName,
    /// What may be named, sorted by bytes.
    pub candidates: &'a [RepoPath],
    /// The places of the gold files.
    pub gold: &'a [usize],
}

/// Gives each query the gold of another query of its repository: arm C-shuffled.
///
/// The queries of a repository are put in a random circle; each takes the gold of the
/// next one whose gold files are among its own candidates. What a query gets is
/// `None` where there is none, e.g., because it is alone.
pub fn permuted_gold(queries: &[Answered<'_>], seed: Seed) -> Vec<Option<Vec<usize>>> {
    let mut circles: BTreeMap<&RepoName, Vec<usize>> = BTreeMap::new();
    for (at, query) in queries.iter().enumerate() {
        circles.entry(query.repo).or_default().push(at);
    }
    let mut gold = vec![None; queries.len()];
    for (number, circle) in (0..).zip(circles.values_mut()) {
        circle.sort_by_key(|at| queries[*at].id);
        seed.part(number).generator().shuffle(circle);
        for (place, at) in circle.iter().enumerate() {
            let others = circle[place + 1..].iter().chain(&circle[..place]);
            gold[*at] = others
                .map(|other| borrowed(&queries[*at], &queries[*other]))
                .find(|borrowed| !borrowed.is_empty());
        }
    }
    gold
}

/// Returns the gold of another query as places among the candidates of this one.
fn borrowed(own: &Answered<'_>, other: &Answered<'_>) -> Vec<usize> {
    let paths = other.gold.iter().filter_map(|at| other.candidates.get(*at));
    let mut places: Vec<usize> =
        paths.filter_map(|path| own.candidates.binary_search(path).ok()).collect();
    places.sort_unstable();
    places
}

/// Gives each candidate the values of another one, the same in all columns: arm
/// C-permuted. What the columns say together stays true, but of another file.
pub fn permuted_rows(columns: &[Vec<f32>], seed: Seed) -> Vec<Vec<f32>> {
    let count = columns.first().map_or(0, Vec::len);
    let mut source: Vec<usize> = (0..count).collect();
    seed.generator().shuffle(&mut source);
    taken(columns, &source)
}

/// Gives each candidate the values of a candidate of another repository: arm
/// C-foreign. `foreign` are the columns of a query of that repository.
///
/// Which row a candidate gets is drawn from the seed and its path alone, so that a
/// path has the same foreign row in every query with that seed and that many rows.
/// Rows may be given several times or never. Without foreign rows all values are 0.
pub fn foreign_rows(foreign: &[Vec<f32>], candidates: &[RepoPath], seed: Seed) -> Vec<Vec<f32>> {
    let rows = foreign.first().map_or(0, Vec::len);
    if rows == 0 {
        return vec![vec![0.0; candidates.len()]; foreign.len()];
    }
    let draw = |path: &RepoPath| {
        let own = Seed::of(&[&path.to_string()]).generator().bits();
        seed.part(own).generator().below(rows)
    };
    taken(foreign, &candidates.iter().map(draw).collect::<Vec<_>>())
}

/// Draws, for each query, a query of another repository: first the repository, each
/// equally likely, then the query. `None` when all are of one repository.
pub fn foreign_queries(queries: &[Answered<'_>], seed: Seed) -> Vec<Option<usize>> {
    let mut by_repo: BTreeMap<&RepoName, Vec<usize>> = BTreeMap::new();
    for (at, query) in queries.iter().enumerate() {
        by_repo.entry(query.repo).or_default().push(at);
    }
    let draw = |query: &Answered<'_>| {
        let mut generator = seed.part(Seed::of(&[query.id]).generator().bits()).generator();
        let others: Vec<&Vec<usize>> =
            by_repo.iter().filter(|(repo, _)| **repo != query.repo).map(|(_, at)| at).collect();
        let repository = others.get(generator.below(others.len()))?;
        repository.get(generator.below(repository.len())).copied()
    };
    queries.iter().map(draw).collect()
}

/// Returns, in every column, the values of the rows that `source` names.
fn taken(columns: &[Vec<f32>], source: &[usize]) -> Vec<Vec<f32>> {
    columns.iter().map(|column| source.iter().map(|at| column[*at]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use backstory_model::{RepoName, RepoPath};
    use proptest::prelude::*;

    use super::{Answered, foreign_queries, foreign_rows, permuted_gold, permuted_rows};
    use crate::seed::Seed;

    fn paths(count: usize) -> Vec<RepoPath> {
        (0..count).map(|at| RepoPath::from(format!("f{at:03}.py").as_str())).collect()
    }

    /// A column that gives the gold away, beside one that is constant.
    fn planted(count: usize, gold: usize) -> Vec<Vec<f32>> {
        let told = (0..count).map(|at| f32::from(u8::from(at == gold))).collect();
        vec![told, vec![1.0; count]]
    }

    #[test]
    fn a_planted_leak_does_not_survive_the_permutation() {
        let hits = (0..200).filter(|seed| {
            let columns = permuted_rows(&planted(50, 7), Seed::new(*seed));
            columns[0][7] > 0.0
        });
        // One in fifty by chance: 4 of 200 are expected.
        assert!(hits.count() < 14);
    }

    #[test]
    fn a_planted_leak_does_not_survive_a_foreign_past() {
        let candidates = paths(50);
        let hits = (0..200).filter(|seed| {
            let columns = foreign_rows(&planted(30, 7), &candidates, Seed::new(*seed));
            columns[0][7] > 0.0
        });
        assert!(hits.count() < 20);
        assert_eq!(foreign_rows(&[Vec::new()], &candidates, Seed::new(1)), [vec![0.0; 50]]);
    }

    /// Six queries of two repositories, each with its own gold file.
    fn queries<'a>(
        repos: &'a [RepoName; 2],
        candidates: &'a [RepoPath],
        ids: &'a [String],
        gold: &'a [Vec<usize>],
    ) -> Vec<Answered<'a>> {
        let query = |at: usize| Answered {
            id: &ids[at],
            repo: &repos[at % 2],
            candidates,
            gold: &gold[at],
        };
        (0..ids.len()).map(query).collect()
    }

    fn two_repositories() -> [RepoName; 2] {
        ["ada/tally", "bo/marsh"].map(|name| RepoName::parse(name).unwrap())
    }

    proptest! {
        #[test]
        fn each_query_gets_the_gold_of_another_of_its_repository(seed in any::<u64>()) {
            let (repos, candidates) = (two_repositories(), paths(9));
            let ids: Vec<String> = (0..8).map(|at| format!("q{at}")).collect();
            let gold: Vec<Vec<usize>> = (0..8).map(|at| vec![at]).collect();
            let all = queries(&repos, &candidates, &ids, &gold);
            let shuffled = permuted_gold(&all, Seed::new(seed));
            let mut given = Vec::new();
            for (at, borrowed) in shuffled.iter().enumerate() {
                let other = borrowed.as_ref().unwrap()[0];
                prop_assert!(other != at && other % 2 == at % 2);
                given.push(other);
            }
            given.sort_unstable();
            prop_assert_eq!(given, (0..8).collect::<Vec<_>>());
            // The order in which the queries come does not matter.
            let backward: Vec<Answered<'_>> = all.iter().rev().copied().collect();
            let mut again = permuted_gold(&backward, Seed::new(seed));
            again.reverse();
            prop_assert_eq!(again, shuffled);
        }

        #[test]
        fn rows_are_moved_whole(values in proptest::collection::vec(any::<u16>(), 0..40), seed in any::<u64>()) {
            let column: Vec<f32> = values.iter().map(|value| f32::from(*value)).collect();
            let double: Vec<f32> = column.iter().map(|value| 2.0 * value).collect();
            let moved = permuted_rows(&[column.clone(), double], Seed::new(seed));
            prop_assert!(moved[0].iter().zip(&moved[1]).all(|(one, two)| (2.0 * one - two).abs() < 1e-3));
            let (mut before, mut after) = (column, moved[0].clone());
            before.sort_by(f32::total_cmp);
            after.sort_by(f32::total_cmp);
            prop_assert_eq!(before, after);
        }

        #[test]
        fn a_foreign_query_is_of_another_repository(seed in any::<u64>()) {
            let (repos, candidates) = (two_repositories(), paths(3));
            let ids: Vec<String> = (0..5).map(|at| format!("q{at}")).collect();
            let gold = vec![vec![0]; 5];
            let all = queries(&repos, &candidates, &ids, &gold);
            for (at, foreign) in foreign_queries(&all, Seed::new(seed)).into_iter().enumerate() {
                prop_assert!(foreign.is_some_and(|other| other % 2 != at % 2));
            }
            prop_assert_eq!(foreign_queries(&all[..1], Seed::new(seed)), [None]);
        }
    }

    #[test]
    fn gold_that_is_no_candidate_is_passed_over() {
        let repos = two_repositories();
        let (few, all) = (paths(2), paths(4));
        let one = Answered { id: "a", repo: &repos[0], candidates: &few, gold: &[0] };
        let other = Answered { id: "b", repo: &repos[0], candidates: &all, gold: &[3] };
        let found = permuted_gold(&[one, other], Seed::new(5));
        assert_eq!(found, [None, Some(vec![0])]);
    }
}
