//! Which commit did two lines of work last share?
//!
//! In: two commits and a way to ask for the parents and the time of any. Out: a
//! best common ancestor, the one `git merge-base` names first. Parents that are
//! missing (a shallow clone ends there) end their line.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use gix::ObjectId;

/// What the walk needs to know about a commit.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The parents, first parent first.
    pub(crate) parents: Arc<[ObjectId]>,
    /// When it was committed.
    pub(crate) seconds: i64,
}

const ONE: u8 = 1;
const OTHER: u8 = 2;
/// Reached from a common ancestor: an ancestor of a better answer.
const STALE: u8 = 4;
const FOUND: u8 = 8;

/// Returns a best common ancestor: the newest of those that are no ancestor of another.
pub(crate) fn merge_base<E>(
    one: ObjectId,
    other: ObjectId,
    mut node: impl FnMut(&ObjectId) -> Result<Option<Node>, E>,
) -> Result<Option<ObjectId>, E> {
    if one == other {
        return Ok(Some(one));
    }
    let found = common(one, other, &mut node)?;
    let mut best = Vec::new();
    for (at, candidate) in found.iter().enumerate() {
        let mut redundant = false;
        for (_, rival) in found.iter().enumerate().filter(|(rival, _)| *rival != at) {
            // An ancestor of its rival is found as the only thing they share.
            redundant |= common(candidate.1, rival.1, &mut node)? == [*candidate];
        }
        if !redundant {
            best.push(*candidate);
        }
    }
    best.sort_by_key(|(seconds, id)| (Reverse(*seconds), *id));
    Ok(best.first().map(|(_, id)| *id))
}

/// Returns common ancestors, with their times, among them every best one.
fn common<E>(
    one: ObjectId,
    other: ObjectId,
    node: &mut impl FnMut(&ObjectId) -> Result<Option<Node>, E>,
) -> Result<Vec<(i64, ObjectId)>, E> {
    let mut walk = Walk::default();
    walk.mark(one, ONE, node)?;
    walk.mark(other, OTHER, node)?;
    let mut found = Vec::new();
    while walk.live > 0
        && let Some((seconds, id)) = walk.pop()
    {
        let (flags, parents) = match walk.seen.get_mut(&id) {
            Some((flags, node)) => {
                let mut carried = *flags & (ONE | OTHER | STALE);
                if carried == (ONE | OTHER) {
                    carried |= STALE;
                    if *flags & FOUND == 0 {
                        *flags |= FOUND;
                        found.push((seconds, id));
                    }
                }
                (carried, Arc::clone(&node.parents))
            }
            None => continue,
        };
        for parent in parents.iter() {
            walk.mark(*parent, flags, node)?;
        }
    }
    found.retain(|(_, id)| walk.seen.get(id).is_some_and(|(flags, _)| flags & STALE == 0));
    Ok(found)
}

/// The commits seen so far and those still to visit, newest first.
#[derive(Default)]
struct Walk {
    seen: BTreeMap<ObjectId, (u8, Node)>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// The commits in `queue`, each with whether it could still change the answer.
    waiting: BTreeMap<ObjectId, bool>,
    /// How many of them could.
    live: usize,
}

impl Walk {
    fn mark<E>(
        &mut self,
        id: ObjectId,
        flags: u8,
        node: &mut impl FnMut(&ObjectId) -> Result<Option<Node>, E>,
    ) -> Result<(), E> {
        let (had, node) = match self.seen.entry(id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let Some(node) = node(&id)? else { return Ok(()) };
                new.insert((0, node))
            }
        };
        if *had & flags == flags {
            return Ok(());
        }
        *had |= flags;
        let (live, seconds) = (*had & STALE == 0, node.seconds);
        match self.waiting.insert(id, live) {
            None => {
                self.queue.push((seconds, id));
                self.live += usize::from(live);
            }
            Some(was_live) => self.live -= usize::from(was_live && !live),
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<(i64, ObjectId)> {
        let (seconds, id) = self.queue.pop()?;
        if self.waiting.remove(&id) == Some(true) {
            self.live -= 1;
        }
        Some((seconds, id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;
    use std::sync::Arc;

    use gix::ObjectId;
    use proptest::prelude::*;

    use super::{Node, merge_base};

    fn id(number: usize) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[u8::try_from(number).expect("small"); 20])
    }

    fn ancestors(graph: &[(Vec<usize>, i64)], from: usize) -> BTreeSet<usize> {
        let mut seen = BTreeSet::new();
        let mut stack = vec![from];
        while let Some(at) = stack.pop() {
            if seen.insert(at) {
                stack.extend(&graph[at].0);
            }
        }
        seen
    }

    proptest! {
        /// Times may lie: the answer must be a best common ancestor anyway.
        #[test]
        fn the_answer_is_a_common_ancestor_that_no_other_one_descends_from(
            graph in proptest::collection::vec((proptest::collection::vec(any::<prop::sample::Index>(), 0..3), 0..40_i64), 2..24),
            pick in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let graph: Vec<(Vec<usize>, i64)> = graph.into_iter().enumerate().map(|(at, (parents, skew))| {
                let parents = if at == 0 { vec![] } else { parents.iter().map(|p| p.index(at)).collect() };
                (parents, i64::try_from(at).expect("small") * 10 + skew)
            }).collect();
            let (one, other) = (pick.0.index(graph.len()), pick.1.index(graph.len()));
            let nodes: BTreeMap<ObjectId, Node> = graph.iter().enumerate().map(|(at, (parents, seconds))| {
                let parents: Arc<[ObjectId]> = parents.iter().map(|p| id(*p)).collect();
                (id(at), Node { parents, seconds: *seconds })
            }).collect();
            let found = merge_base(id(one), id(other), |id| Ok::<_, Infallible>(nodes.get(id).cloned()))
                .expect("infallible");
            let shared: BTreeSet<usize> =
                ancestors(&graph, one).intersection(&ancestors(&graph, other)).copied().collect();
            let best: Vec<ObjectId> = shared.iter().copied().filter(|at| {
                !shared.iter().any(|rival| rival != at && ancestors(&graph, *rival).contains(at))
            }).map(id).collect();
            match found {
                Some(found) => prop_assert!(best.contains(&found)),
                None => prop_assert!(shared.is_empty()),
            }
        }
    }
}
