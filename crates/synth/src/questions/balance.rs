//! Which candidates are asked, so that no answer is right too often, or never?
//!
//! Of the candidates of a program the one is taken whose answer was right least often for
//! its kind so far; draws decide among equals. A state that is right for less than its
//! floor comes before all values, of which there are many. What was taken is remembered
//! over programs.

use std::collections::BTreeMap;

use backstory_model::seed::Generator;
use backstory_verify::{Kind, State};

use super::candidate::{Answer, Candidate};

/// For how many questions of a hundred of its kind a state should be right.
const FLOOR: usize = 6;

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
            let weight =
                |one: &Candidate| (of_kind(one.kind), !self.is_too_rare(one), self.often(one));
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

    fn often(&self, one: &Candidate) -> usize {
        self.counts.get(&(one.kind, one.class())).copied().unwrap_or_default()
    }

    fn total(&self, kind: Kind) -> usize {
        self.totals.get(&kind).copied().unwrap_or_default()
    }

    /// Says whether an answer is a state that was right too seldom so far.
    fn is_too_rare(&self, one: &Candidate) -> bool {
        let is_state = matches!(one.answer, Answer::State(_));
        is_state && self.often(one) * 100 < self.total(one.kind) * FLOOR
    }

    /// Says whether an answer would be right for more than its share of its kind.
    fn is_too_common(&self, one: &Candidate) -> bool {
        let (total, often) = (self.total(one.kind), self.often(one));
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

    /// Returns how often the rarest state that may be the answer to a kind is right.
    pub fn rarest_states(&self) -> BTreeMap<Kind, usize> {
        let states = [State::End, State::NotExecuted, State::Unbound, State::NotRaised];
        let often = |kind: Kind| {
            let of_kind = states.into_iter().filter(|state| kind.allows(*state));
            let counts = of_kind.map(|state| {
                let class = Answer::State(state).json();
                self.counts.get(&(kind, class)).copied().unwrap_or_default()
            });
            Some((kind, counts.min()?))
        };
        self.totals.keys().copied().filter_map(often).collect()
    }
}
