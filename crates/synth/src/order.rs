//! In which order are the pieces of one commit written?
//!
//! In: the pieces with the names they define and use. Out: an order in which a
//! definition comes before its uses wherever that is possible; ties go by the
//! natural order (source, tests, the rest; dependencies first; then position).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// One piece of a commit, as far as its order matters.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// Source, tests or the rest; what is not ready of a class waits for no other.
    pub class: u8,
    /// The names it defines and nothing in the file defined before.
    pub defines: BTreeSet<String>,
    /// The names its added lines hold.
    pub uses: BTreeSet<String>,
    /// Pieces that must come first whatever they define.
    pub after: Vec<usize>,
}

/// Orders pieces that are given in their natural order.
pub fn definition_before_use(pieces: &[Piece]) -> Vec<usize> {
    let mut waiting: Vec<BTreeSet<usize>> =
        pieces.iter().map(|piece| piece.after.iter().copied().collect()).collect();
    for (name, definer) in sole_definers(pieces) {
        for (user, piece) in pieces.iter().enumerate() {
            if user != definer && piece.uses.contains(name) {
                waiting[user].insert(definer);
            }
        }
    }
    drain(pieces, &waiting)
}

fn sole_definers(pieces: &[Piece]) -> BTreeMap<&str, usize> {
    let mut definers: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        for name in &piece.defines {
            definers.entry(name).and_modify(|sole| *sole = None).or_insert(Some(at));
        }
    }
    definers.into_iter().filter_map(|(name, sole)| Some((name, sole?))).collect()
}

/// Takes pieces whose conditions are met, lowest first. Where a cycle blocks the
/// rest of a class, its lowest piece without an unmet hard condition goes, before
/// any piece of a later class does.
fn drain(pieces: &[Piece], waiting: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); pieces.len()];
    let mut missing: Vec<usize> = waiting.iter().map(BTreeSet::len).collect();
    for (at, conditions) in waiting.iter().enumerate() {
        for condition in conditions {
            followers[*condition].push(at);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..pieces.len()).filter(|at| missing[*at] == 0).map(Reverse).collect();
    let mut taken = vec![false; pieces.len()];
    let mut order = Vec::with_capacity(pieces.len());
    let mut lowest = 0;
    while order.len() < pieces.len() {
        while taken[lowest] {
            lowest += 1;
        }
        let class = pieces[lowest].class;
        let free = |at: &usize| {
            let piece = &pieces[*at];
            !taken[*at] && piece.class == class && piece.after.iter().all(|p| taken[*p])
        };
        let next = match ready.peek() {
            Some(Reverse(at)) if pieces[*at].class == class => *at,
            first => {
                (lowest..pieces.len()).find(free).or(first.map(|Reverse(at)| *at)).unwrap_or(lowest)
            }
        };
        if ready.peek() == Some(&Reverse(next)) {
            ready.pop();
        }
        if std::mem::replace(&mut taken[next], true) {
            continue;
        }
        order.push(next);
        for follower in &followers[next] {
            missing[*follower] -= 1;
            if missing[*follower] == 0 && !taken[*follower] {
                ready.push(Reverse(*follower));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::{Piece, definition_before_use};

    fn piece(defines: &[&str], uses: &[&str], after: &[usize]) -> Piece {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        Piece { class: 0, defines: names(defines), uses: names(uses), after: after.to_vec() }
    }

    #[test]
    fn a_definition_moves_before_its_use() {
        let pieces = [piece(&[], &["parse"], &[]), piece(&["parse"], &[], &[])];
        assert_eq!(definition_before_use(&pieces), [1, 0]);
    }

    #[test]
    fn a_cycle_falls_back_to_the_natural_order() {
        let pieces = [piece(&["a"], &["b"], &[]), piece(&["b"], &["a"], &[])];
        assert_eq!(definition_before_use(&pieces), [0, 1]);
    }

    #[test]
    fn a_cycle_in_the_source_does_not_let_the_tests_overtake() {
        let tests = Piece { class: 1, ..piece(&[], &[], &[]) };
        let pieces = [piece(&["a"], &["b"], &[]), piece(&["b"], &["a"], &[]), tests];
        assert_eq!(definition_before_use(&pieces), [0, 1, 2]);
    }

    #[test]
    fn a_hard_condition_holds_inside_a_cycle() {
        let pieces =
            [piece(&["a"], &["b"], &[1]), piece(&["b"], &["a"], &[]), piece(&[], &[], &[])];
        assert_eq!(definition_before_use(&pieces), [2, 1, 0]);
    }

    #[test]
    fn a_name_defined_twice_orders_nothing() {
        let pieces = [piece(&[], &["a"], &[]), piece(&["a"], &[], &[]), piece(&["a"], &[], &[])];
        assert_eq!(definition_before_use(&pieces), [0, 1, 2]);
    }
}
