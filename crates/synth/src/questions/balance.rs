//! Which candidates are asked, so that no answer is right too often?
//!
//! Of the candidates of a program the one is taken whose answer was right least often for
//! its kind so far; draws decide among equals. What was taken is remembered over programs.

use std::collections::BTreeMap;

use backstory_model::seed::Generator;
use backstory_verify::Kind;

use super::candidate::Candidate;

/// How often which answer was right, kind by kind.
#[derive(Clone, Debug, Default)]
pub struct Balance {
    counts: BTreeMap<(Kind, String), usize>,
    totals: BTreeMap<Kind, usize>,
}

impl Balance {
    /// Takes some candidates, kinds in turn.
    pub(super) fn take(
        &mut self,
        mut from: Vec<Candidate>,
        most: usize,
        random: &mut Generator,
    ) -> Vec<Candidate> {
        random.shuffle(&mut from);
        let mut taken: Vec<Candidate> = Vec::new();
        while taken.len() < most && !from.is_empty() {
            let of_kind = |kind| taken.iter().filter(|one| one.kind == kind).count();
            let weight = |one: &Candidate| {
                let often = self.counts.get(&(one.kind, one.class())).copied().unwrap_or_default();
                (of_kind(one.kind), often)
            };
            let best = (0..from.len()).min_by_key(|at| weight(&from[*at])).unwrap_or_default();
            let one = from.swap_remove(best);
            if self.is_too_common(&one) {
                continue;
            }
            *self.counts.entry((one.kind, one.class())).or_default() += 1;
            *self.totals.entry(one.kind).or_default() += 1;
            // Two questions about one execution of a statement say each other's answer.
            from.retain(|other| {
                (other.statement, other.k, &other.variable) != (one.statement, one.k, &one.variable)
            });
            taken.push(one);
        }
        taken
    }

    /// Says whether an answer would be right for more than its share of its kind.
    fn is_too_common(&self, one: &Candidate) -> bool {
        let total = self.totals.get(&one.kind).copied().unwrap_or_default();
        let often = self.counts.get(&(one.kind, one.class())).copied().unwrap_or_default();
        let share = if one.kind == Kind::Coverage { 52 } else { 22 };
        // The first ones of a kind have no share yet.
        often * 100 > total * share + 200
    }

    /// Returns how often the most frequent answer of each kind is right, and how many
    /// questions there are.
    pub fn most_frequent(&self) -> BTreeMap<Kind, (usize, usize)> {
        let mut most: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
        for ((kind, _), count) in &self.counts {
            let entry = most.entry(*kind).or_default();
            entry.0 = entry.0.max(*count);
            entry.1 = self.totals[kind];
        }
        most
    }
}
