//! Which commits lead to which?
//!
//! In: a way to ask for parents. Out: ancestors and a best common ancestor.

use std::collections::{BTreeSet, VecDeque};

use backstory_model::CommitId;

/// Returns the commit and everything reachable from it, nearest first.
pub(crate) fn ancestors(
    from: &CommitId,
    parents: &impl Fn(&CommitId) -> Vec<CommitId>,
) -> Vec<CommitId> {
    let (mut order, mut seen) = (Vec::new(), BTreeSet::from([from.clone()]));
    let mut queue = VecDeque::from([from.clone()]);
    while let Some(id) = queue.pop_front() {
        for parent in parents(&id) {
            if seen.insert(parent.clone()) {
                queue.push_back(parent);
            }
        }
        order.push(id);
    }
    order
}

/// Returns a common ancestor that no other common ancestor descends from.
pub(crate) fn merge_base(
    one: &CommitId,
    other: &CommitId,
    parents: &impl Fn(&CommitId) -> Vec<CommitId>,
) -> Option<CommitId> {
    let reachable: BTreeSet<CommitId> = ancestors(other, parents).into_iter().collect();
    let common: Vec<CommitId> =
        ancestors(one, parents).into_iter().filter(|id| reachable.contains(id)).collect();
    // A parent of a common ancestor is one too, so one step tells who is outranked.
    let outranked: BTreeSet<CommitId> = common.iter().flat_map(parents).collect();
    common.into_iter().find(|id| !outranked.contains(id))
}
