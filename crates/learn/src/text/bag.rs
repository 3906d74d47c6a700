//! How often does each word stand in a text?
//!
//! Words are kept as 64-bit hashes: a bag of a large file fits in a few kilobytes and
//! two bags meet without comparing strings. Two words share a hash once in about
//! 10^19 pairs; a shared hash would count one word as the other, nothing worse.

use serde::{Deserialize, Serialize};

use super::tokens::for_each_token;

/// A word, as its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Term(u64);

impl Term {
    /// Returns the term of one word, as [`super::tokens`] gives it.
    pub fn of(word: &str) -> Self {
        // FNV-1a, then a finalizer so that all bits depend on all bytes.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in word.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        Self(hash ^ (hash >> 33))
    }

    /// Returns the hash.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Takes a hash that [`Term::bits`] gave.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// The words of a text with their counts, sorted by term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bag {
    counts: Vec<(Term, u32)>,
    length: u64,
}

impl Bag {
    /// Counts the words of a text.
    pub fn of(text: &str) -> Self {
        let mut terms = Vec::new();
        for_each_token(text, |token| terms.push(Term::of(token)));
        Self::from_terms(terms)
    }

    /// Counts terms.
    pub fn from_terms(mut terms: Vec<Term>) -> Self {
        let length = terms.len() as u64;
        terms.sort_unstable();
        let mut counts: Vec<(Term, u32)> = Vec::new();
        for term in terms {
            match counts.last_mut() {
                Some((last, count)) if *last == term => *count += 1,
                _ => counts.push((term, 1)),
            }
        }
        counts.shrink_to_fit();
        Self { counts, length }
    }

    /// Takes counts; terms that come twice are added up.
    pub fn from_counts(mut counts: Vec<(Term, u32)>) -> Self {
        counts.sort_unstable();
        counts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        counts.retain(|(_, count)| *count > 0);
        let length = counts.iter().map(|(_, count)| u64::from(*count)).sum();
        Self { counts, length }
    }

    /// Returns each term with its count, sorted by term.
    pub fn counts(&self) -> &[(Term, u32)] {
        &self.counts
    }

    /// Returns how many words the text has, repetitions counted.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns true for a text without words.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns how often a term stands in the text.
    pub fn count(&self, term: Term) -> u32 {
        match self.counts.binary_search_by_key(&term, |(term, _)| *term) {
            Ok(at) => self.counts[at].1,
            Err(_) => 0,
        }
    }

    /// Returns this bag with the words of another one added.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::from_counts([&self.counts[..], &other.counts[..]].concat())
    }

    /// Returns this bag without the words of another one; no count goes below 0.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let left = |(term, count): &(Term, u32)| (*term, count.saturating_sub(other.count(*term)));
        Self::from_counts(self.counts.iter().map(left).collect())
    }

    /// Gives every term that both bags hold, with its count here and there.
    pub fn for_each_shared(&self, other: &Self, mut each: impl FnMut(Term, u32, u32)) {
        // Halving pays where one side is much longer; else both are read along.
        if self.counts.len() * 16 < other.counts.len() {
            let mut rest = &other.counts[..];
            for (term, count) in &self.counts {
                let at = rest.partition_point(|(there, _)| there < term);
                rest = &rest[at..];
                if let Some((_, there)) = rest.first().filter(|(found, _)| found == term) {
                    each(*term, *count, *there);
                }
            }
            return;
        }
        let (mut one, mut two) = (self.counts.iter().peekable(), other.counts.iter().peekable());
        while let (Some((a, count)), Some((b, there))) = (one.peek(), two.peek()) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => drop(one.next()),
                std::cmp::Ordering::Greater => drop(two.next()),
                std::cmp::Ordering::Equal => {
                    each(*a, *count, *there);
                    one.next();
                    two.next();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Bag, Term};

    fn bag() -> impl Strategy<Value = Bag> {
        proptest::collection::vec((0_u64..40, 1_u32..5), 0..60).prop_map(|counts| {
            Bag::from_counts(counts.into_iter().map(|(t, n)| (Term::from_bits(t), n)).collect())
        })
    }

    proptest! {
        #[test]
        fn what_was_added_can_be_taken_away(one in bag(), two in bag()) {
            prop_assert_eq!(one.plus(&two).minus(&two), one);
        }

        #[test]
        fn shared_terms_are_found_whichever_side_is_longer(one in bag(), few in 0_usize..3) {
            let short = Bag::from_counts(one.counts().iter().copied().take(few).collect());
            let long = one.plus(&Bag::from_counts(
                (100..200).map(|term| (Term::from_bits(term), 1)).collect(),
            ));
            let mut shared = Vec::new();
            short.for_each_shared(&long, |term, here, _| shared.push((term, here)));
            prop_assert_eq!(&shared[..], short.counts());
            let mut back = Vec::new();
            long.for_each_shared(&short, |term, _, there| back.push((term, there)));
            prop_assert_eq!(back, shared);
        }
    }

    #[test]
    fn counts_add_up_to_the_length() {
        let bag = Bag::of("read the read_line");
        assert_eq!(bag.length(), 4);
        assert_eq!(bag.count(Term::of("read")), 2);
        assert_eq!(bag.count(Term::of("missing")), 0);
    }
}
