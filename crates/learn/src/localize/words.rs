//! Which words of a text lead to a file?
//!
//! In: a text and the bags of all files. Out: for one bag, the words of the text that
//! weigh most in it, as they are looked for: in lower case. Words that most files hold
//! say nothing and are left out.

use std::collections::BTreeMap;

use crate::number::real;
use crate::text::{Bag, Term, for_each_token};

/// A word that weighs less than this part of the heaviest one is not named.
const LEAST_PART: f64 = 0.3;

/// The words of a text with what each tells.
#[derive(Debug, Default)]
pub(super) struct Words {
    known: Vec<(Term, String, f64)>,
}

impl Words {
    /// Reads a text beside all bags that it is compared with.
    pub(super) fn of(text: &str, bags: &[&Bag]) -> Self {
        let mut counts: BTreeMap<Term, (String, f64)> = BTreeMap::new();
        for_each_token(text, |word| {
            let entry = counts.entry(Term::of(word)).or_insert_with(|| (word.to_owned(), 0.0));
            entry.1 = (entry.1 + 1.0).min(3.0);
        });
        let all = bags.len();
        let known = counts.into_iter().filter_map(|(term, (word, count))| {
            let holders = bags.iter().filter(|bag| bag.count(term) > 0).count();
            let tells = holders > 0 && (holders * 2 <= all || all < 4);
            let rarity = (1.0 + real(all) / real(holders.max(1))).ln();
            tells.then_some((term, word, count * rarity))
        });
        Self { known: known.collect() }
    }

    /// Returns the words that weigh most in one bag; a part of a word that is already
    /// there is left out.
    pub(super) fn heaviest(&self, bag: &Bag, most: usize) -> Vec<String> {
        let mut held: Vec<(f64, &str)> = self
            .known
            .iter()
            .filter_map(|(term, word, weight)| {
                let count = f64::from(bag.count(*term));
                (count > 0.0).then(|| (weight * count * 2.2 / (count + 1.2), word.as_str()))
            })
            .collect();
        held.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        let least = held.first().map_or(0.0, |(heaviest, _)| heaviest * LEAST_PART);
        let mut chosen: Vec<String> = Vec::new();
        for (weight, word) in held {
            if chosen.len() == most || weight < least {
                break;
            }
            if !chosen.iter().any(|known| known.contains(word)) {
                chosen.retain(|known| !word.contains(known.as_str()));
                chosen.push(word.to_owned());
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::Words;
    use crate::text::Bag;

    #[test]
    fn rare_words_come_first_and_parts_are_left_out() {
        let bags = [
            Bag::of("def read_line(): parser parser"),
            Bag::of("def write(): parser schema"),
            Bag::of("def other(): parser"),
            Bag::of("nothing"),
        ];
        let words = Words::of("read_line of the parser: schema", &bags.iter().collect::<Vec<_>>());
        assert_eq!(words.heaviest(&bags[0], 3), ["read_line"]);
        assert_eq!(words.heaviest(&bags[1], 3), ["schema"]);
        assert!(words.heaviest(&bags[3], 3).is_empty());
    }
}
