//! Which candidates go by a name?
//!
//! Names are kept as hashes, sorted: building one of these for every tree costs no
//! allocation per name.

use crate::text::Term;

/// Places of candidates by name.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    entries: Vec<(Term, usize)>,
}

impl Lookup {
    /// Adds a name of the candidate at a place.
    pub(super) fn add(&mut self, name: &str, at: usize) {
        self.entries.push((Term::of(name), at));
    }

    /// Puts the names in order; needed after the last [`Lookup::add`].
    pub(super) fn sort(&mut self) {
        self.entries.sort_unstable();
        self.entries.dedup();
    }

    /// Returns the candidates of a name, in candidate order.
    pub(super) fn get(&self, name: &str) -> impl Iterator<Item = usize> + use<'_> {
        let term = Term::of(name);
        let from = self.entries.partition_point(|(known, _)| *known < term);
        self.entries[from..].iter().take_while(move |(known, _)| *known == term).map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::Lookup;

    #[test]
    fn a_name_gives_its_candidates_in_order_and_once() {
        let mut lookup = Lookup::default();
        for (name, at) in [("b", 3), ("a", 2), ("b", 1), ("b", 3)] {
            lookup.add(name, at);
        }
        lookup.sort();
        assert_eq!(lookup.get("b").collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lookup.get("c").count(), 0);
    }
}
