//! Which files depend on each other in circles?
//!
//! In: edges between file positions. Out: the strongly connected components,
//! dependencies first, in an order that depends on the edges alone. Tarjan's
//! algorithm as a loop, so a long chain of imports costs no call stack.

use std::collections::BTreeMap;

#[derive(Clone, Copy)]
struct Mark {
    index: u32,
    low: u32,
    open: bool,
}

struct Search<'a> {
    edges: &'a BTreeMap<u32, &'a [u32]>,
    marks: BTreeMap<u32, Mark>,
    stack: Vec<u32>,
    found: Vec<Vec<u32>>,
}

/// Returns the strongly connected components of every file that depends or is
/// depended on; `edges` holds what each file depends on.
pub fn strong_components(edges: &BTreeMap<u32, &[u32]>) -> Vec<Vec<u32>> {
    let mut search = Search { edges, marks: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for from in edges.keys() {
        if !search.marks.contains_key(from) {
            search.visit(*from);
        }
    }
    search.found
}

impl Search<'_> {
    fn visit(&mut self, root: u32) {
        let mut path: Vec<(u32, usize)> = vec![(root, 0)];
        self.enter(root);
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let target = self.edges.get(&at).and_then(|targets| targets.get(*next)).copied();
            *next += 1;
            let Some(target) = target else {
                path.pop();
                self.leave(at, path.last().map(|(outer, _)| *outer));
                continue;
            };
            match self.marks.get(&target).copied() {
                None => {
                    self.enter(target);
                    path.push((target, 0));
                }
                Some(mark) if mark.open => self.lower(at, mark.index),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, at: u32) {
        let index = u32::try_from(self.marks.len()).unwrap_or(u32::MAX);
        self.marks.insert(at, Mark { index, low: index, open: true });
        self.stack.push(at);
    }

    fn lower(&mut self, at: u32, to: u32) {
        if let Some(mark) = self.marks.get_mut(&at) {
            mark.low = mark.low.min(to);
        }
    }

    fn leave(&mut self, at: u32, outer: Option<u32>) {
        let Some(mark) = self.marks.get(&at).copied() else { return };
        if let Some(outer) = outer {
            self.lower(outer, mark.low);
        }
        if mark.low < mark.index {
            return;
        }
        let mut component = Vec::new();
        while let Some(member) = self.stack.pop() {
            if let Some(mark) = self.marks.get_mut(&member) {
                mark.open = false;
            }
            component.push(member);
            if member == at {
                break;
            }
        }
        component.sort_unstable();
        self.found.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Edges = BTreeMap<u32, Vec<u32>>;

    fn edges(pairs: &[(u32, u32)]) -> Edges {
        let mut edges = Edges::new();
        for (from, to) in pairs.iter().filter(|(from, to)| from != to) {
            edges.entry(*from).or_default().push(*to);
        }
        for targets in edges.values_mut() {
            targets.sort_unstable();
            targets.dedup();
        }
        edges
    }

    fn components(edges: &Edges) -> Vec<Vec<u32>> {
        strong_components(&edges.iter().map(|(from, to)| (*from, to.as_slice())).collect())
    }

    fn reaches(edges: &Edges, from: u32, to: u32) -> bool {
        let mut seen = std::collections::BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for next in edges.get(&at).into_iter().flatten() {
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        seen.contains(&to)
    }

    #[test]
    fn a_circle_is_one_component_after_what_it_needs() {
        let found = components(&edges(&[(1, 2), (2, 3), (3, 1), (3, 7), (0, 1)]));
        assert_eq!(found, [vec![7], vec![1, 2, 3], vec![0]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_imports_is_fine() {
        let pairs: Vec<(u32, u32)> = (0..100_000).map(|at| (at, at + 1)).collect();
        assert_eq!(components(&edges(&pairs)).len(), 100_001);
    }

    proptest! {
        #[test]
        fn files_share_a_component_exactly_when_each_reaches_the_other(
            pairs in proptest::collection::vec((0_u32..12, 0_u32..12), 0..40)
        ) {
            let edges = edges(&pairs);
            let found = components(&edges);
            let place = |at: u32| found.iter().position(|c| c.contains(&at));
            for (from, to) in pairs.iter().filter(|(from, to)| from != to) {
                let (Some(here), Some(there)) = (place(*from), place(*to)) else {
                    return Err(TestCaseError::fail("a file is in no component"));
                };
                prop_assert!(there <= here, "dependencies first");
                prop_assert_eq!(here == there, reaches(&edges, *to, *from));
            }
        }
    }
}
