//! Which commit did two lines of work last share?
//!
//! In: two commits and a way to read the parents and the time of any. Out: a
//! best common ancestor, the one `git merge-base` names first. Parents that are
//! missing (a shallow clone ends there) end their line. What was read stays, at
//! some 100 bytes a commit: the lines of neighboring units are mostly the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use gix::ObjectId;
use gix::hashtable::HashMap;
use gix::hashtable::hash_map::Entry;

/// The parents of a commit, first parent first, and when it was committed.
pub(crate) type Origin = (Vec<ObjectId>, i64);

const ONE: u8 = 1;
const OTHER: u8 = 2;
/// Reached from a common ancestor: an ancestor of a better answer.
const STALE: u8 = 4;
const FOUND: u8 = 8;
const QUEUED: u8 = 16;

/// The commits read so far, numbered.
#[derive(Default)]
pub(crate) struct Graph {
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    numbers: HashMap<ObjectId, u32>,
    nodes: Vec<Node>,
}

struct Node {
    id: ObjectId,
    /// `None` until the commit was read.
    read: Option<Read>,
}

struct Read {
    parents: Box<[u32]>,
    seconds: i64,
}

impl Known {
    fn number(&mut self, id: ObjectId) -> u32 {
        let next = u32::try_from(self.nodes.len()).expect("fewer than four billion commits");
        match self.numbers.entry(id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                new.insert(next);
                self.nodes.push(Node { id, read: None });
                next
            }
        }
    }

    fn fill(&mut self, at: u32, origin: Option<Origin>) {
        // A commit that is missing has no parents, and comes last.
        let (parents, seconds) = origin.unwrap_or((Vec::new(), i64::MIN));
        let parents = parents.into_iter().map(|parent| self.number(parent)).collect();
        self.nodes[at as usize].read = Some(Read { parents, seconds });
    }
}

impl Graph {
    /// Returns a best common ancestor: the newest of those that are no ancestor of another.
    pub(crate) fn merge_base<E>(
        &self,
        one: ObjectId,
        other: ObjectId,
        mut read: impl FnMut(&ObjectId) -> Result<Option<Origin>, E>,
    ) -> Result<Option<ObjectId>, E> {
        let (one, other) = {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            (known.number(one), known.number(other))
        };
        let found = self.common(one, other, &mut read)?;
        let mut best = Vec::new();
        for candidate in &found {
            let mut redundant = false;
            for rival in found.iter().filter(|rival| *rival != candidate) {
                // What is an ancestor of its rival is among what the two share.
                redundant |= self.common(*candidate, *rival, &mut read)?.contains(candidate);
            }
            if !redundant {
                best.push(*candidate);
            }
        }
        let known = self.lock();
        let key = |at: u32| {
            let node = &known.nodes[at as usize];
            (Reverse(node.read.as_ref().map_or(i64::MIN, |read| read.seconds)), node.id)
        };
        Ok(best.into_iter().map(key).min().map(|(_, id)| id))
    }

    /// Returns common ancestors, among them every best one.
    fn common<E>(
        &self,
        one: u32,
        other: u32,
        read: &mut impl FnMut(&ObjectId) -> Result<Option<Origin>, E>,
    ) -> Result<Vec<u32>, E> {
        let mut walk = Walk::default();
        for (at, flag) in [(one, ONE), (other, OTHER)] {
            let known = self.with_node(self.lock(), at, read)?;
            walk.mark(&known, at, flag);
        }
        let mut found = Vec::new();
        let mut known = self.lock();
        while walk.live > 0
            && let Some(at) = walk.pop()
        {
            let mut carried = walk.flags[at as usize] & (ONE | OTHER | STALE);
            if carried == (ONE | OTHER) {
                carried |= STALE;
                if walk.flags[at as usize] & FOUND == 0 {
                    walk.flags[at as usize] |= FOUND;
                    found.push(at);
                }
            }
            for nth in 0.. {
                let Some(parent) = known.parent(at, nth) else { break };
                known = self.with_node(known, parent, read)?;
                walk.mark(&known, parent, carried);
            }
        }
        found.retain(|at| walk.flags[*at as usize] & STALE == 0);
        Ok(found)
    }

    fn lock(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a commit was read.
    fn with_node<'a, E>(
        &'a self,
        known: RwLockReadGuard<'a, Known>,
        at: u32,
        read: &mut impl FnMut(&ObjectId) -> Result<Option<Origin>, E>,
    ) -> Result<RwLockReadGuard<'a, Known>, E> {
        let node = &known.nodes[at as usize];
        if node.read.is_some() {
            return Ok(known);
        }
        let id = node.id;
        // Others go on while this commit is read.
        drop(known);
        let origin = read(&id)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).fill(at, origin);
        Ok(self.lock())
    }
}

impl Known {
    fn parent(&self, at: u32, nth: usize) -> Option<u32> {
        self.nodes[at as usize].read.as_ref()?.parents.get(nth).copied()
    }
}

/// The commits still to visit, newest first, and what is known about all.
#[derive(Default)]
struct Walk {
    flags: Vec<u8>,
    queue: BinaryHeap<(i64, u32)>,
    /// How many queued commits could still change the answer.
    live: usize,
}

impl Walk {
    fn mark(&mut self, known: &Known, at: u32, carried: u8) {
        let slot = at as usize;
        if slot >= self.flags.len() {
            self.flags.resize(known.nodes.len(), 0);
        }
        let had = self.flags[slot];
        if had & carried == carried {
            return;
        }
        let has = had | carried | QUEUED;
        self.flags[slot] = has;
        let was_live = had & QUEUED != 0 && had & STALE == 0;
        let is_live = has & STALE == 0;
        self.live = self.live + usize::from(is_live) - usize::from(was_live);
        if had & QUEUED == 0 {
            let seconds = known.nodes[slot].read.as_ref().map_or(i64::MIN, |read| read.seconds);
            self.queue.push((seconds, at));
        }
    }

    fn pop(&mut self) -> Option<u32> {
        let (_, at) = self.queue.pop()?;
        let flags = &mut self.flags[at as usize];
        *flags &= !QUEUED;
        self.live -= usize::from(*flags & STALE == 0);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;

    use gix::ObjectId;
    use proptest::prelude::*;

    use super::{Graph, Origin};

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
            let nodes: BTreeMap<ObjectId, Origin> = graph.iter().enumerate().map(|(at, (parents, seconds))| {
                let parents = parents.iter().map(|p| id(*p)).collect();
                (id(at), (parents, *seconds))
            }).collect();
            let found = Graph::default()
                .merge_base(id(one), id(other), |id| Ok::<_, Infallible>(nodes.get(id).cloned()))
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
