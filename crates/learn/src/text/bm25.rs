//! How well does each document answer a query, by BM25?

use super::bag::{Bag, Term};

/// The constants of BM25.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bm25 {
    /// How soon more occurrences of a word stop to count.
    pub k1: f64,
    /// How much long documents are held back.
    pub b: f64,
    /// A word counts at most this often in the query.
    pub query_cap: u32,
}

impl Default for Bm25 {
    /// The constants of the protocol.
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75, query_cap: 3 }
    }
}

/// Returns the BM25 score of each document with the constants of the protocol.
pub fn bm25(query: &Bag, documents: &[&Bag]) -> Vec<f32> {
    Bm25::default().scores(query, documents)
}

impl Bm25 {
    /// Returns the score of each document; 0 for those that share no word with the query.
    pub fn scores(&self, query: &Bag, documents: &[&Bag]) -> Vec<f32> {
        let wanted = Wanted::of(query);
        let shared: Vec<Vec<(usize, u32)>> =
            documents.iter().map(|document| wanted.shared(document)).collect();
        let mut holders = vec![0_u64; query.counts().len()];
        for (at, _) in shared.iter().flatten() {
            holders[*at] += 1;
        }
        let weights: Vec<f64> = query
            .counts()
            .iter()
            .zip(&holders)
            .map(|((_, count), holders)| {
                f64::from((*count).min(self.query_cap)) * rarity(documents.len() as u64, *holders)
            })
            .collect();
        let total: u64 = documents.iter().map(|document| document.length()).sum();
        let mean = real(total) / real(documents.len().max(1) as u64);
        let score = |(document, shared): (&&Bag, &Vec<(usize, u32)>)| {
            let length = if mean > 0.0 { real(document.length()) / mean } else { 0.0 };
            let held_back = self.k1 * (1.0 - self.b + self.b * length);
            let part = |(at, count): &(usize, u32)| {
                let count = f64::from(*count);
                weights[*at] * count * (self.k1 + 1.0) / (count + held_back)
            };
            // A sum of nothing is -0 in Rust, which would order before 0.
            let sum = shared.iter().map(part).fold(0.0, |sum: f64, part| sum + part);
            single(sum)
        };
        documents.iter().zip(&shared).map(score).collect()
    }
}

/// The words of a query, so that a long document is read in one pass.
struct Wanted<'a> {
    query: &'a Bag,
    /// One bit for each value of the low bits of a term.
    bits: Vec<u64>,
}

/// How many low bits of a term tell most words apart from those of a query.
const LOW_BITS: u32 = 16;

impl<'a> Wanted<'a> {
    fn of(query: &'a Bag) -> Self {
        let mut bits = vec![0; 1 << (LOW_BITS - 6)];
        for (term, _) in query.counts() {
            let (word, bit) = place(*term);
            bits[word] |= bit;
        }
        Self { query, bits }
    }

    fn may_hold(&self, term: Term) -> bool {
        let (word, bit) = place(term);
        self.bits[word] & bit != 0
    }

    /// Returns the places in the query of the words that a document holds, and how
    /// often it does; by term.
    fn shared(&self, document: &Bag) -> Vec<(usize, u32)> {
        let words = self.query.counts();
        // A few words are sooner looked up than a long document is read.
        if words.len() * 16 < document.counts().len() {
            let find = |(at, (term, _)): (usize, &(Term, u32))| match document.count(*term) {
                0 => None,
                count => Some((at, count)),
            };
            return words.iter().enumerate().filter_map(find).collect();
        }
        let candidates = document.counts().iter().filter(|(term, _)| self.may_hold(*term));
        let found = |(term, count): &(Term, u32)| {
            let at = words.binary_search_by_key(term, |(word, _)| *word).ok()?;
            Some((at, *count))
        };
        candidates.filter_map(found).collect()
    }
}

/// Returns which word of the bits stands for a term, and which bit of it.
fn place(term: Term) -> (usize, u64) {
    let low = term.bits() % (1 << LOW_BITS);
    let word = usize::try_from(low / 64).expect("sixteen bits fit");
    (word, 1 << (low % 64))
}

/// Returns how much a word tells that so many of all documents hold; never below 0.
fn rarity(documents: u64, holders: u64) -> f64 {
    let (documents, holders) = (real(documents), real(holders));
    (1.0 + (documents - holders + 0.5) / (holders + 0.5)).ln()
}

#[expect(clippy::cast_precision_loss, reason = "counts of words stay far below 2^52")]
fn real(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "features are f32 by contract")]
fn single(sum: f64) -> f32 {
    sum as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bm25, Wanted, bm25};
    use crate::text::{Bag, Term};

    fn bags(texts: &[&str]) -> Vec<Bag> {
        texts.iter().map(|text| Bag::of(text)).collect()
    }

    fn scores(query: &str, texts: &[&str]) -> Vec<f32> {
        let bags = bags(texts);
        bm25(&Bag::of(query), &bags.iter().collect::<Vec<_>>())
    }

    #[test]
    fn the_score_is_the_formula_worked_by_hand() {
        // Three documents of 2, 2 and 4 words: mean length 8/3. `parser` is in two.
        let found = scores(
            "parser parser parser parser",
            &["parser reader", "writer reader", "parser parser parser writer"],
        );
        let rarity = (1.0_f64 + 1.5 / 2.5).ln();
        let part = |count: f64, length: f64| {
            3.0 * rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * length / (8.0 / 3.0)))
        };
        let wanted = [part(1.0, 2.0), 0.0, part(3.0, 4.0)];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((f64::from(*found) - wanted).abs() < 1e-6, "{found} is not {wanted}");
        }
    }

    #[test]
    fn no_documents_and_no_words_give_no_score() {
        assert!(scores("parser", &[]).is_empty());
        assert_eq!(scores("", &["parser"]), [0.0]);
        assert_eq!(scores("parser", &["", ""]), [0.0, 0.0]);
    }

    fn document() -> impl Strategy<Value = Bag> {
        proptest::collection::vec((0_u64..12, 1_u32..6), 1..8).prop_map(|counts| {
            Bag::from_counts(counts.into_iter().map(|(t, n)| (Term::from_bits(t), n)).collect())
        })
    }

    proptest! {
        #[test]
        fn a_query_of_one_word_ranks_alike_whatever_else_is_in_the_set(
            documents in proptest::collection::vec(document(), 2..8),
            word in 0_u64..12,
        ) {
            let query = Bag::from_terms(vec![Term::from_bits(word)]);
            let all: Vec<&Bag> = documents.iter().collect();
            let before = bm25(&query, &all);
            // The stranger is as long as the mean, so that only rarity moves.
            let total: u64 = documents.iter().map(Bag::length).sum();
            let count = u32::try_from(total / all.len() as u64).unwrap_or(1);
            prop_assume!(total.is_multiple_of(all.len() as u64));
            let stranger = Bag::from_counts(vec![(Term::from_bits(99), count)]);
            let mut more = all.clone();
            more.push(&stranger);
            let after = bm25(&query, &more);
            prop_assert_eq!(after[all.len()].to_bits(), 0.0_f32.to_bits());
            for one in 0..all.len() {
                for two in 0..all.len() {
                    prop_assert!(before[one] <= before[two] || after[one] >= after[two]);
                }
            }
        }

        #[test]
        fn more_of_a_word_never_lowers_the_score_where_length_does_not_count(
            documents in proptest::collection::vec(document(), 1..8),
            word in 0_u64..12,
        ) {
            let plain = Bm25 { b: 0.0, ..Bm25::default() };
            let query = Bag::from_terms(vec![Term::from_bits(word)]);
            let held = Bag::from_counts(vec![(Term::from_bits(word), 1)]);
            prop_assume!(documents[0].count(Term::from_bits(word)) > 0);
            let richer = documents[0].plus(&held);
            let before = plain.scores(&query, &documents.iter().collect::<Vec<_>>());
            let mut more: Vec<&Bag> = documents.iter().collect();
            more[0] = &richer;
            prop_assert!(plain.scores(&query, &more)[0] >= before[0]);
        }

        #[test]
        fn words_are_found_whichever_side_is_longer(
            query in document(), few in 0_usize..3, more in 0_u64..300,
        ) {
            let noise = (100..100 + more).map(|term| (Term::from_bits(term), 1)).collect();
            let held: Vec<(Term, u32)> = query.counts().iter().copied().take(few).collect();
            let document = Bag::from_counts(held.clone()).plus(&Bag::from_counts(noise));
            let found: Vec<(Term, u32)> = Wanted::of(&query)
                .shared(&document)
                .into_iter()
                .map(|(at, count)| (query.counts()[at].0, count))
                .collect();
            prop_assert_eq!(found, held);
        }

        #[test]
        fn scores_do_not_depend_on_the_order_of_documents(
            documents in proptest::collection::vec(document(), 1..8),
            query in document(),
        ) {
            let forward = bm25(&query, &documents.iter().collect::<Vec<_>>());
            let mut back = bm25(&query, &documents.iter().rev().collect::<Vec<_>>());
            back.reverse();
            prop_assert_eq!(forward, back);
        }
    }
}
