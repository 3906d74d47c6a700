//! In which order are the files of a repository written?
//!
//! In: the files with their rank, and which depends on which. Out: an order in
//! which a file stands behind what it depends on. Circles are cut: first where
//! a dependency is needed only inside something (a function, a condition), then
//! at the file that depends on the fewest others of the circle. Where circles are
//! grouped, the files of one follow each other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use backstory_model::{RepoPath, SccPolicy, strong_components};

/// One file to put in order.
pub(super) struct Ordered<'a> {
    pub(super) path: &'a RepoPath,
    /// Files of a lower rank come first where dependencies allow it.
    pub(super) rank: Rank,
    /// The positions of what it depends on; sorted.
    pub(super) needs: Vec<u32>,
    /// Of `needs`, those that loading the file does not need; sorted.
    pub(super) soft: Vec<u32>,
}

/// What is written before what, where no dependency decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Manifests and configuration of the whole repository.
    Configuration,
    /// Source code.
    Source,
    /// Samples, scripts, measurements, code of the documentation.
    Aside,
    /// Test code.
    Test,
    /// Settings and data of parts of it.
    Data,
    /// Prose.
    Docs,
}

/// What each file still waits for.
type Edges = BTreeMap<u32, Vec<u32>>;

/// The order of writing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The positions of the files.
    pub(super) files: Vec<u32>,
    /// What is left of each circle without what is needed late, in the order of writing.
    pub(super) circles: Vec<Vec<u32>>,
}

/// Puts the files in the order in which they are written.
pub(super) fn order(files: &[Ordered<'_>], scc: SccPolicy) -> Order {
    let mut edges: Edges = (0_u32..)
        .zip(files)
        .filter(|(_, file)| !file.needs.is_empty())
        .map(|(at, file)| (at, file.needs.clone()))
        .collect();
    for circle in circles(&edges) {
        cut_soft(&mut edges, &circle, files);
    }
    let mut circles = circles(&edges);
    let mut open = edges.clone();
    for circle in &circles {
        cut_hard(&mut open, circle.clone(), files);
    }
    let mut order = sorted(files, &open);
    let places: BTreeMap<u32, usize> = order.iter().copied().zip(0..).collect();
    for circle in &mut circles {
        circle.sort_by_key(|at| places[at]);
    }
    if scc == SccPolicy::Group {
        order = grouped(files, &edges, &circles);
    }
    Order { files: order, circles }
}

/// Sorts files so that those of a circle follow each other, where the first of them
/// would stand if it had the needs of all.
fn grouped(files: &[Ordered<'_>], edges: &Edges, circles: &[Vec<u32>]) -> Vec<u32> {
    let of_circle: BTreeMap<u32, &[u32]> = circles
        .iter()
        .flat_map(|circle| circle.iter().map(|at| (*at, circle.as_slice())))
        .collect();
    let first = |at: &u32| of_circle.get(at).map_or(*at, |circle| circle[0]);
    let mut joined = Edges::new();
    for (from, needs) in edges {
        let from = first(from);
        joined.entry(from).or_default().extend(needs.iter().map(first).filter(|to| *to != from));
    }
    let firsts = sorted(files, &joined).into_iter().filter(|at| first(at) == *at);
    firsts.flat_map(|at| of_circle.get(&at).map_or(vec![at], |circle| circle.to_vec())).collect()
}

/// Returns the components of more than one file.
fn circles(edges: &Edges) -> Vec<Vec<u32>> {
    let edges = edges.iter().map(|(from, to)| (*from, to.as_slice())).collect();
    strong_components(&edges).into_iter().filter(|component| component.len() > 1).collect()
}

/// Drops what the files of a circle do not need of each other when they are loaded.
fn cut_soft(edges: &mut Edges, circle: &[u32], files: &[Ordered<'_>]) {
    for from in circle {
        let soft = &files[*from as usize].soft;
        let is_cut = |to: &u32| circle.binary_search(to).is_ok() && soft.binary_search(to).is_ok();
        if let Some(needs) = edges.get_mut(from) {
            needs.retain(|to| !is_cut(to));
        }
    }
}

/// Lets the file of a circle go first that needs the fewest others of it, until
/// there is no circle.
fn cut_hard(edges: &mut Edges, circle: Vec<u32>, files: &[Ordered<'_>]) {
    let mut open = vec![circle];
    while let Some(circle) = open.pop() {
        let inside = |from: &u32| {
            let needs = edges.get(from).into_iter().flatten();
            needs.filter(|to| circle.binary_search(to).is_ok()).count()
        };
        let first = circle.iter().copied();
        let first = first.min_by_key(|at| (inside(at), files[*at as usize].path));
        let Some(first) = first else { continue };
        if let Some(needs) = edges.get_mut(&first) {
            needs.retain(|to| circle.binary_search(to).is_err());
        }
        let rest: BTreeMap<u32, Vec<u32>> = circle
            .iter()
            .filter(|at| **at != first)
            .map(|at| {
                let needs = edges.get(at).into_iter().flatten().copied();
                (*at, needs.filter(|to| *to != first && circle.binary_search(to).is_ok()).collect())
            })
            .collect();
        open.extend(circles(&rest));
    }
}

/// Sorts files so that each stands behind its needs; of those that may come next,
/// the one of the lowest rank does, then the one nearest to the root, then by path.
fn sorted(files: &[Ordered<'_>], edges: &Edges) -> Vec<u32> {
    let mut waiting = vec![0_u32; files.len()];
    let mut needed_by: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (from, needs) in edges {
        for to in needs {
            waiting[*from as usize] += 1;
            needed_by.entry(*to).or_default().push(*from);
        }
    }
    let place = |at: u32| {
        let file = &files[at as usize];
        Reverse((file.rank, depth(file.path), file.path, at))
    };
    let mut ready: BinaryHeap<_> = (0_u32..)
        .zip(&waiting)
        .filter(|(_, waits)| **waits == 0)
        .map(|(at, _)| place(at))
        .collect();
    let mut order = Vec::with_capacity(files.len());
    while let Some(Reverse((.., at))) = ready.pop() {
        order.push(at);
        for next in needed_by.get(&at).into_iter().flatten() {
            waiting[*next as usize] -= 1;
            if waiting[*next as usize] == 0 {
                ready.push(place(*next));
            }
        }
    }
    order
}

fn depth(path: &RepoPath) -> usize {
    memchr::memchr_iter(b'/', path.as_bytes()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Told<'a> = (&'a str, Rank, &'a [u32], &'a [u32]);

    fn in_order(files: &[Told<'_>]) -> Vec<String> {
        in_order_of(SccPolicy::Cut, files)
    }

    fn in_order_of(scc: SccPolicy, files: &[Told<'_>]) -> Vec<String> {
        let paths: Vec<RepoPath> = files.iter().map(|(path, ..)| RepoPath::from(*path)).collect();
        let ordered: Vec<Ordered<'_>> = files
            .iter()
            .zip(&paths)
            .map(|((_, rank, needs, soft), path)| Ordered {
                path,
                rank: *rank,
                needs: needs.to_vec(),
                soft: soft.to_vec(),
            })
            .collect();
        let order = order(&ordered, scc);
        order.files.into_iter().map(|at| paths[at as usize].to_string()).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_then_the_rank_decides() {
        let found = in_order(&[
            ("README.md", Rank::Docs, &[], &[]),
            ("lib/core.py", Rank::Source, &[3], &[]),
            ("setup.cfg", Rank::Configuration, &[], &[]),
            ("lib/deep/text.py", Rank::Source, &[], &[]),
            ("test_core.py", Rank::Test, &[1], &[]),
        ]);
        let expected =
            ["setup.cfg", "lib/deep/text.py", "lib/core.py", "test_core.py", "README.md"];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_circle_is_cut_where_a_file_is_needed_late() {
        let source = Rank::Source;
        let found = in_order(&[("a.py", source, &[1], &[]), ("b.py", source, &[0], &[0])]);
        assert_eq!(found, ["b.py", "a.py"]);
    }

    #[test]
    fn a_hard_circle_is_cut_at_the_file_that_needs_least() {
        let source = Rank::Source;
        let found = in_order(&[
            ("a.py", source, &[1, 2], &[]),
            ("b.py", source, &[0, 2], &[]),
            ("c.py", source, &[0], &[]),
        ]);
        assert_eq!(found, ["c.py", "a.py", "b.py"]);
    }

    #[test]
    fn files_of_a_circle_follow_each_other_where_circles_are_grouped() {
        let source = Rank::Source;
        let files: [Told<'_>; 5] = [
            ("a.py", source, &[1, 2], &[]),
            ("b.py", source, &[0, 2], &[]),
            ("c.py", source, &[0], &[]),
            ("below.py", source, &[2], &[]),
            ("above.py", source, &[], &[]),
        ];
        assert_eq!(in_order(&files), ["above.py", "c.py", "a.py", "b.py", "below.py"]);
        let mut files = files;
        files[1].2 = &[0, 2, 4];
        files[4].0 = "x/above.py";
        assert_eq!(in_order(&files), ["c.py", "a.py", "below.py", "x/above.py", "b.py"]);
        let grouped = in_order_of(SccPolicy::Group, &files);
        assert_eq!(grouped, ["x/above.py", "c.py", "a.py", "b.py", "below.py"]);
    }

    proptest! {
        #[test]
        fn every_file_stands_once_and_behind_what_no_circle_holds(
            pairs in proptest::collection::vec((0_u32..10, 0_u32..10, any::<bool>()), 0..40)
        ) {
            let paths: Vec<RepoPath> =
                (0..10).map(|at| RepoPath::from(format!("f{at}.py").as_str())).collect();
            let mut needs: BTreeMap<u32, BTreeMap<u32, bool>> = BTreeMap::new();
            for (from, to, soft) in pairs.into_iter().filter(|(from, to, _)| from != to) {
                *needs.entry(from).or_default().entry(to).or_insert(true) &= soft;
            }
            let files: Vec<Ordered<'_>> = (0_u32..).zip(&paths).map(|(at, path)| {
                let all = needs.get(&at).cloned().unwrap_or_default();
                let soft = all.iter().filter(|(_, soft)| **soft).map(|(to, _)| *to).collect();
                Ordered { path, rank: Rank::Source, needs: all.into_keys().collect(), soft }
            }).collect();
            let edges: Edges = (0_u32..).zip(&files).map(|(at, f)| (at, f.needs.clone())).collect();
            let circles = circles(&edges);
            for scc in [SccPolicy::Cut, SccPolicy::Group] {
                let found = order(&files, scc);
                let mut once = found.files.clone();
                once.sort_unstable();
                prop_assert_eq!(once, (0..10).collect::<Vec<u32>>());
                let place = |at: u32| found.files.iter().position(|found| *found == at);
                for (at, file) in (0_u32..).zip(&files) {
                    for to in &file.needs {
                        let together = circles.iter().any(|c| c.contains(&at) && c.contains(to));
                        prop_assert!(together || place(*to) < place(at));
                    }
                }
                for circle in &found.circles {
                    let stands = found.files.windows(circle.len()).any(|files| files == circle);
                    prop_assert!(stands || scc == SccPolicy::Cut);
                }
            }
        }
    }
}
